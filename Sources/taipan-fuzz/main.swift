// The fuzzer's command.
//
//     taipan-fuzz TARGET SECONDS SEED FOLDER    run for a time; files below FOLDER are the corpus
//     taipan-fuzz TARGET replay FILE            run one saved input
//
// The same seed and folder give the same inputs. Exit status 1 when an input crashed or hung: its path is printed.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

func usage() -> Int32 {
    let names = fuzzTargets().keys.sorted().joined(separator: "|")
    print("usage: taipan-fuzz \(names) SECONDS SEED FOLDER")
    print("       taipan-fuzz \(names) replay FILE")
    return 2
}

func runCommand(_ arguments: [String]) -> Int32 {
    guard arguments.count >= 4, let target = fuzzTargets()[arguments[1]] else { return usage() }
    if arguments[2] == "replay" {
        guard let input = readFile(arguments[3]) else { return usage() }
        runOnLargeStack { target.init(corpus: Corpus(folder: "", suffix: "")).run(input) }
        return 0
    }
    guard arguments.count >= 5, let seconds = Double(arguments[2]), let seed = UInt64(arguments[3]) else { return usage() }
    if arguments.count == 7, let first = Int(arguments[5]), let shared = SharedInput(path: arguments[6]) {
        return work(target, seconds: seconds, seed: seed, folder: arguments[4], first: first, shared: shared)
    }
    return supervise(arguments[0], name: arguments[1], seconds: seconds, seed: seed, folder: arguments[4])
}

exit(runCommand(CommandLine.arguments))
