// The command line, read as CPython reads it.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

/// Options of the command.
public struct CommandOptions {
    enum Source {
        case command(String), module(String), file(String), standardInput
    }

    var configuration = InterpreterConfiguration()
    var source = Source.standardInput
    var hasError = false
    private var program = "taipan"

    static var usage: String { "usage: %@ [option] ... [-c cmd | -m mod | file | -] [arg] ...\nTry `python -h' for more information.\n" }

    /// Reads the arguments. Gives a text to print instead of running, such as the version or a complaint.
    mutating func parse(_ arguments: [String]) -> String? {
        program = arguments.first ?? "taipan"
        configuration.program = program
        configuration.executable = LibraryLocation.executablePath() ?? program
        var i = 1
        while i < arguments.count {
            let argument = arguments[i]
            if argument == "-" || !argument.hasPrefix("-") {
                source = argument == "-" ? .standardInput : .file(argument)
                configuration.arguments = Array(arguments[i...])
                return nil
            }
            i += 1
            if argument == "--" { break }
            if argument.hasPrefix("--") {
                if let text = long(argument, arguments, &i) { return text }
                continue
            }
            let letters = Array(argument.dropFirst())
            var j = 0
            while j < letters.count {
                let letter = letters[j]
                j += 1
                if "cmWX".contains(letter) {
                    var value = String(letters[j...])
                    if value.isEmpty {
                        guard i < arguments.count else {
                            hasError = true
                            return "Argument expected for the -\(letter) option\n" + usageText()
                        }
                        value = arguments[i]
                        i += 1
                    }
                    if let done = valued(letter, value, arguments, i) { return done ? nil : usageText() }
                    break
                }
                if let text = flag(letter) { return text }
            }
        }
        if i < arguments.count {
            source = .file(arguments[i])
            configuration.arguments = Array(arguments[i...])
        } else {
            configuration.arguments = [""]
        }
        return nil
    }

    private func usageText() -> String {
        let parts = CommandOptions.usage.split(separator: "%@", maxSplits: 1, omittingEmptySubsequences: false)
        return String(parts[0]) + program + String(parts.count > 1 ? parts[1].dropFirst(0) : "")
    }

    private mutating func long(_ argument: String, _ arguments: [String], _ i: inout Int) -> String? {
        switch argument {
        case "--version": return "Python 3.12.1\n"
        case "--help": return usageText()
        case "--check-hash-based-pycs":
            i += 1
            return nil
        default:
            hasError = true
            return "unknown option \(argument)\n" + usageText()
        }
    }

    /// An option with a value. Nil to go on, true when the command line ends here.
    private mutating func valued(_ letter: Character, _ value: String, _ arguments: [String], _ i: Int) -> Bool? {
        switch letter {
        case "c":
            source = .command(value)
            configuration.arguments = ["-c"] + arguments[min(i, arguments.count)...]
            return true
        case "m":
            source = .module(value)
            configuration.arguments = ["-m"] + arguments[min(i, arguments.count)...]
            return true
        case "W": configuration.warnOptions.append(value)
        default:
            let parts = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            configuration.xOptions.append((String(parts[0]), parts.count > 1 ? String(parts[1]) : nil))
            if parts[0] == "dev" { configuration.devMode = true }
            if parts[0] == "utf8" { configuration.utf8Mode = parts.count < 2 || parts[1] != "0" }
        }
        return nil
    }

    private mutating func flag(_ letter: Character) -> String? {
        switch letter {
        case "V": return "Python 3.12.1\n"
        case "h", "?": return usageText()
        case "S": configuration.noSite = true
        case "E": configuration.ignoresEnvironment = true
        case "I":
            configuration.isIsolated = true
            configuration.ignoresEnvironment = true
            configuration.noUserSite = true
            configuration.safePath = true
        case "s": configuration.noUserSite = true
        case "P": configuration.safePath = true
        case "B": configuration.dontWriteBytecode = true
        case "O": configuration.optimizationLevel += 1
        case "u": configuration.isUnbuffered = true
        case "q": configuration.isQuiet = true
        case "b": configuration.bytesWarning += 1
        case "v": configuration.verbosity += 1
        case "i":
            configuration.inspects = true
            configuration.isInteractive = true
        case "d", "x", "R": break
        default:
            hasError = true
            return "Unknown option: -\(letter)\n" + usageText()
        }
        return nil
    }

    /// What the environment adds, unless `-E` or `-I`; then the library's place.
    mutating func applyEnvironment() {
        configuration.optimizationLevel = min(configuration.optimizationLevel, 2)
        if !configuration.ignoresEnvironment {
            if let text = environment("PYTHONHASHSEED"), text != "random", let seed = UInt32(text) { configuration.hashSeed = seed }
            if let text = environment("PYTHONPATH") {
                configuration.modulePaths = text.split(separator: ":", omittingEmptySubsequences: false).map { String($0) }
            }
            if environment("PYTHONDONTWRITEBYTECODE") != nil { configuration.dontWriteBytecode = true }
            if environment("PYTHONUNBUFFERED") != nil { configuration.isUnbuffered = true }
            if environment("PYTHONNOUSERSITE") != nil { configuration.noUserSite = true }
            if environment("PYTHONSAFEPATH") != nil { configuration.safePath = true }
            if let text = environment("PYTHONOPTIMIZE") { configuration.optimizationLevel = max(configuration.optimizationLevel, Int(text) ?? 1) }
            if let text = environment("PYTHONWARNINGS") { configuration.warnOptions = text.split(separator: ",").map(String.init) + configuration.warnOptions }
        }
        configuration.libraryPath = LibraryLocation.find(ignoresEnvironment: configuration.ignoresEnvironment) ?? ""
    }

    private func environment(_ name: String) -> String? {
        guard let value = getenv(name), value[0] != 0 else { return nil }
        return String(cString: value)
    }
}
