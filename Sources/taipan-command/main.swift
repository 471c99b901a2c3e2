// The command `taipan`: reads its options, runs a script, a command, a module or the standard input, and exits as CPython does.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import Taipan


nonisolated(unsafe) var status: Int32 = 1
let commandLine = CommandLine.arguments
let stackBytes = Command.stackBytes
runOnLargeStack(bytes: stackBytes) { status = Command.run(commandLine, stackBytes: stackBytes) }
exit(status)
