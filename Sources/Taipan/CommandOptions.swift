// The command line and the environment, read as CPython reads them.

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

    /// What ends the command before it starts: a text for one of the standard streams, and the exit status.
    struct Answer {
        var text: String
        var isError = false
    }

    var configuration = InterpreterConfiguration()
    /// What the command line alone asks for, before environment variables are looked at.
    private(set) var given = InterpreterConfiguration()
    var source = Source.standardInput
    /// `-x`: the first line of the source is not Python.
    var skipsFirstLine = false
    var program = "taipan"
    /// What `--explain` asks for, and the run that it explains.
    var explain: ExplainOptions?
    var explanation: Explanation?
    /// `-X importtime`, PYTHONPROFILEIMPORTTIME.
    var printsImportTimes = false
    private var explainOutput: String?
    private var explainLimit: Int?
    private var versionCount = 0
    private var help: String?
    private var warnings: [String] = []

    // MARK: The command line

    /// Reads the arguments. Gives an answer to print instead of running, such as the version or a complaint.
    mutating func parse(_ arguments: [String]) -> Answer? {
        program = arguments.first ?? "taipan"
        configuration.program = program
        configuration.executable = LibraryLocation.absoluteExecutable(program)
        configuration.originalArguments = arguments
        var i = 1
        if let complaint = parseOptions(arguments, &i) ?? settleExplain() { return Answer(text: complaint, isError: true) }
        given = configuration
        if let help { return Answer(text: help) }
        if versionCount > 0 {
            return Answer(text: "Python " + (versionCount > 1 ? InterpreterConfiguration.versionText : "3.12.1") + "\n")
        }
        return nil
    }

    /// Gives a complaint, or nil.
    private mutating func parseOptions(_ arguments: [String], _ i: inout Int) -> String? {
        configuration.arguments = [""]
        while i < arguments.count {
            let argument = arguments[i]
            if argument == "-" || !argument.hasPrefix("-") {
                source = argument == "-" ? .standardInput : .file(argument)
                configuration.arguments = Array(arguments[i...])
                return nil
            }
            i += 1
            if argument == "--" {
                if i < arguments.count {
                    source = arguments[i] == "-" ? .standardInput : .file(arguments[i])
                    configuration.arguments = Array(arguments[i...])
                }
                return nil
            }
            if argument.hasPrefix("--") {
                if let complaint = long(argument, arguments, &i) { return complaint }
                continue
            }
            let (isLast, complaint) = letters(Array(argument.dropFirst()), arguments, &i)
            if isLast || complaint != nil { return complaint }
        }
        return nil
    }

    /// One argument's combined letters. True when the options end with it.
    private mutating func letters(_ letters: [Character], _ arguments: [String], _ i: inout Int) -> (Bool, String?) {
        var j = 0
        while j < letters.count {
            let letter = letters[j]
            j += 1
            if !"cmWX".contains(letter) {
                if let complaint = flag(letter) { return (false, complaint) }
                continue
            }
            var value = String(letters[j...])
            if value.isEmpty {
                guard i < arguments.count else { return (false, "Argument expected for the -\(letter) option\n" + shortUsage) }
                value = arguments[i]
                i += 1
            }
            return (valued(letter, value, arguments, i), nil)
        }
        return (false, nil)
    }

    private var usageLine: String { "usage: \(program) [option] ... [-c cmd | -m mod | file | -] [arg] ...\n" }
    private var shortUsage: String { usageLine + "Try `python -h' for more information.\n" }

    private mutating func long(_ argument: String, _ arguments: [String], _ i: inout Int) -> String? {
        switch argument {
        case "--version": versionCount += 1
        case "--help": help = usageLine + CommandHelp.options
        case "--help-env": help = CommandHelp.environment
        case "--help-xoptions": help = CommandHelp.extensions
        case "--help-all": help = usageLine + CommandHelp.options + CommandHelp.environment + CommandHelp.extensions
        case "--check-hash-based-pycs":
            guard i < arguments.count else { return "Argument expected for the --check-hash-based-pycs options\n" + shortUsage }
            if !["default", "always", "never"].contains(arguments[i]) {
                return "--check-hash-based-pycs must be one of 'default', 'always', or 'never'\n" + shortUsage
            }
            configuration.checkHashBasedPycs = arguments[i]
            i += 1
        case "--explain": explain = explain ?? ExplainOptions()
        default: return longWithValue(argument)
        }
        return nil
    }

    /// Options of this implementation that carry a value.
    private mutating func longWithValue(_ argument: String) -> String? {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return "unknown option \(argument)\n" + shortUsage }
        switch parts[0] {
        case "--explain":
            var wanted = explain ?? ExplainOptions()
            if let complaint = wanted.read(parts[1]) { return complaint + shortUsage }
            explain = wanted
        case "--explain-output":
            if parts[1].isEmpty { return "Argument expected for the --explain-output option\n" + shortUsage }
            explainOutput = parts[1]
        case "--explain-limit":
            guard let limit = Int(parts[1]), limit >= 0 else { return "--explain-limit must be a number, not '\(parts[1])'\n" + shortUsage }
            explainLimit = limit
        default: return "unknown option \(argument)\n" + shortUsage
        }
        return nil
    }

    private mutating func settleExplain() -> String? {
        if explain == nil && (explainOutput != nil || explainLimit != nil) { return "--explain-output and --explain-limit go with --explain\n" + shortUsage }
        explain?.output = explainOutput
        if let explainLimit { explain?.limit = explainLimit }
        return nil
    }

    /// An option with a value. True when the command line's options end here.
    private mutating func valued(_ letter: Character, _ value: String, _ arguments: [String], _ i: Int) -> Bool {
        switch letter {
        case "c":
            source = .command(value)
            configuration.arguments = ["-c"] + arguments[min(i, arguments.count)...]
            return true
        case "m":
            source = .module(value)
            configuration.arguments = ["-m"] + arguments[min(i, arguments.count)...]
            return true
        case "W": warnings.append(value)
        default:
            let parts = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            configuration.xOptions.append((String(parts[0]), parts.count > 1 ? String(parts[1]) : nil))
        }
        return false
    }

    private mutating func flag(_ letter: Character) -> String? {
        switch letter {
        case "V": versionCount += 1
        case "h", "?": help = usageLine + CommandHelp.options
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
        case "d": configuration.parserDebug += 1
        case "x": skipsFirstLine = true
        case "i":
            configuration.inspects = true
            configuration.isInteractive = true
        case "R", "t": break
        case "J": return "-J is reserved for Jython\n" + shortUsage
        default: return "Unknown option: -\(letter)\n" + shortUsage
        }
        return nil
    }

    // MARK: The environment

    /// What the environment adds, unless `-E` or `-I`; then what `-X` asks for, and the library's place.
    /// - Returns: the message of a setting that cannot be, which ends the command.
    mutating func applyEnvironment() -> String? {
        if !configuration.ignoresEnvironment, let failure = readEnvironment() { return failure }
        if let failure = applyExtensions() { return failure }
        var all = configuration.devMode ? ["default"] : []
        if !configuration.ignoresEnvironment, let text = environment("PYTHONWARNINGS") { all += text.split(separator: ",").map(String.init) }
        all += warnings
        if configuration.bytesWarning > 0 { all.append(configuration.bytesWarning > 1 ? "error::BytesWarning" : "default::BytesWarning") }
        configuration.warnOptions = all
        LibraryLocation.locate(&configuration)
        return nil
    }

    private mutating func readEnvironment() -> String? {
        if let text = environment("PYTHONHASHSEED"), text != "random" {
            guard let seed = UInt32(text) else {
                return "config_init_hash_seed: PYTHONHASHSEED must be \"random\" or an integer in range [0; 4294967295]"
            }
            configuration.hashSeed = seed
        }
        if let text = environment("PYTHONPATH") {
            configuration.modulePaths = text.split(separator: ":", omittingEmptySubsequences: false).map { String($0) }
        }
        if level("PYTHONDONTWRITEBYTECODE") > 0 { configuration.dontWriteBytecode = true }
        if level("PYTHONUNBUFFERED") > 0 { configuration.isUnbuffered = true }
        if environment("PYTHONNOUSERSITE") != nil { configuration.noUserSite = true }
        if environment("PYTHONSAFEPATH") != nil { configuration.safePath = true }
        if environment("PYTHONINSPECT") != nil { configuration.inspects = true }
        if environment("PYTHONPROFILEIMPORTTIME") != nil { printsImportTimes = true }
        if environment("PYTHONDEVMODE") != nil { configuration.devMode = true }
        if environment("PYTHONWARNDEFAULTENCODING") != nil { configuration.warnDefaultEncoding = true }
        if let text = environment("PYTHONUTF8") {
            if text != "0" && text != "1" { return "preconfig_init_utf8_mode: invalid PYTHONUTF8 environment variable value" }
            configuration.utf8Mode = text == "1"
        }
        configuration.pycachePrefix = environment("PYTHONPYCACHEPREFIX")
        configuration.optimizationLevel = max(configuration.optimizationLevel, level("PYTHONOPTIMIZE"))
        configuration.verbosity = max(configuration.verbosity, level("PYTHONVERBOSE"))
        configuration.parserDebug = max(configuration.parserDebug, level("PYTHONDEBUG"))
        if let text = environment("PYTHONINTMAXSTRDIGITS") {
            guard let digits = Int(text), digits == 0 || digits >= 640 else {
                return "config_init_int_max_str_digits: PYTHONINTMAXSTRDIGITS: invalid limit; must be >= 640 or 0 for unlimited."
            }
            configuration.maxStrDigits = digits
        }
        return nil
    }

    private mutating func applyExtensions() -> String? {
        for (key, value) in configuration.xOptions {
            switch key {
            case "dev": configuration.devMode = true
            case "importtime": printsImportTimes = true
            case "utf8":
                if let value, value != "0" && value != "1" { return "preconfig_init_utf8_mode: invalid -X utf8 option value" }
                configuration.utf8Mode = value != "0"
            case "warn_default_encoding": configuration.warnDefaultEncoding = true
            case "pycache_prefix": configuration.pycachePrefix = value
            case "int_max_str_digits":
                guard let digits = Int(value ?? ""), digits == 0 || digits >= 640 else {
                    return "config_init_int_max_str_digits: -X int_max_str_digits: invalid limit; must be >= 640 or 0 for unlimited."
                }
                configuration.maxStrDigits = digits
            default: break
            }
        }
        return nil
    }

    private func environment(_ name: String) -> String? {
        guard let value = getenv(name), value[0] != 0 else { return nil }
        return String(cString: value)
    }

    /// A variable that stands for a counted option: its number, or 1 when it holds something else.
    private func level(_ name: String) -> Int {
        guard let text = environment(name) else { return 0 }
        guard let n = Int(text), n >= 0 else { return 1 }
        return n
    }
}

/// The texts of `-h` and its kin.
enum CommandHelp {
    static var options: String {
        """
        Options, with the environment variables that do the same:
        -b     : warn when bytes meet str in str() or a comparison; -bb makes it an error
        -B     : write no .pyc files (PYTHONDONTWRITEBYTECODE)
        -c cmd : run the text cmd; ends the options
        -d     : parser debugging, which changes nothing here (PYTHONDEBUG)
        -E     : ignore all PYTHON* environment variables
        -h     : show this text (also -? and --help)
        -i     : go on interactively after the script, with prompts even without a terminal (PYTHONINSPECT)
        -I     : isolated: -E, -P and -s together
        -m mod : run a library module as a script; ends the options
        -O     : leave out assert statements, __debug__ is false (PYTHONOPTIMIZE)
        -OO    : -O, and no docstrings
        -P     : put no folder of the script's on sys.path (PYTHONSAFEPATH)
        -q     : no version text before interactive work
        -s     : leave the user's own site-packages out (PYTHONNOUSERSITE)
        -S     : do none of site's work at start
        -u     : standard output and error without buffers (PYTHONUNBUFFERED)
        -v     : tell of every import; more with -vv (PYTHONVERBOSE)
        -V     : show the version (also --version); -VV shows more
        -W arg : a warning filter, action:message:category:module:lineno (PYTHONWARNINGS)
        -x     : skip the first line of the source
        -X opt : an option of this implementation
        --check-hash-based-pycs always|default|never:
                 how .pyc files that carry a hash are checked
        --explain[=word,...]:
                 tell everything that happens, stage by stage: as text, json or html; of all stages, or of shell,
                 startup, tokens, ast, bytecode, execution, output; with attributes, every look-up of one
        --explain-output=file:
                 where to (standard error; explain.html)
        --explain-limit=number:
                 how many of the first instructions are told one by one (2000); of the last it is 200
        --help-env, --help-xoptions, --help-all: more help
        Arguments:
        file   : a script to run
        -      : run what standard input holds (as without arguments; interactive at a terminal)
        arg ...: in sys.argv[1:]

        """
    }

    static var environment: String {
        """
        Environment variables:
        PYTHONSTARTUP: a file to run before interactive work
        PYTHONPATH   : folders in front of the library on sys.path, separated by ':'
        PYTHONHOME   : the prefix under which lib/python3.12 lies
        PYTHONHASHSEED: "random", or a number that fixes the hashes of str and bytes
        PYTHONINTMAXSTRDIGITS: most digits of an int converted from or to str; 0 is no limit
        PYTHONIOENCODING: encoding[:errors] of the standard streams
        PYTHONUTF8, PYTHONDEVMODE, PYTHONPYCACHEPREFIX, PYTHONWARNDEFAULTENCODING: as the -X options
        PYTHONPROFILEIMPORTTIME: as -X importtime
        PYTHONDEBUG, PYTHONDONTWRITEBYTECODE, PYTHONINSPECT, PYTHONNOUSERSITE, PYTHONOPTIMIZE, PYTHONSAFEPATH,
        PYTHONUNBUFFERED, PYTHONVERBOSE, PYTHONWARNINGS: as the one-letter options

        """
    }

    static var extensions: String {
        """
        Options of this implementation:
        -X dev                      : checks for developers, all warnings shown
        -X importtime               : print how long each import took
        -X int_max_str_digits=number: most digits of an int converted from or to str; 0 is no limit
        -X pycache_prefix=path      : where .pyc files go
        -X utf8[=0|1]               : UTF-8 mode
        -X warn_default_encoding    : EncodingWarning where an encoding was left out

        """
    }
}
