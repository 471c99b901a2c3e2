// What an explained run says of its start: where the entries of `sys.path` came from, and which variables and options took effect.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanExplain
import TaipanRuntime

struct StartupDescription {
    let t: Thread
    let command: CommandOptions

    init(_ t: Thread, _ command: CommandOptions) {
        self.t = t
        self.command = command
    }

    func fill(_ record: inout StartupRecord) {
        record.path = path()
        record.variables = variables()
        record.options = options()
    }

    // MARK: sys.path

    private func path() -> [StartupRecord.PathEntry] {
        let list = DictObject(t.objects.pointee.sysDict).findString(t, t.intern("path"))
        var entries: [StartupRecord.PathEntry] = []
        if !command.configuration.safePath { entries.append(scriptFolder()) }
        if list.isKind(.list) {
            for i in 0..<ListObject(list).count where ListObject(list)[i].isKind(.str) {
                let text = t.string(ListObject(list)[i])
                entries.append(entry(text, origin(text)))
            }
        }
        return entries
    }

    private func entry(_ text: String, _ origin: String) -> StartupRecord.PathEntry {
        var made = StartupRecord.PathEntry()
        made.entry = text
        made.origin = origin
        made.exists = access(text.isEmpty ? "." : text, F_OK) == 0
        return made
    }

    /// What is put in front when the program starts.
    private func scriptFolder() -> StartupRecord.PathEntry {
        switch command.source {
        case .file(let path):
            let resolved = LibraryLocation.resolve(path)
            return entry(resolved.lastIndex(of: "/").map { String(resolved[..<$0]) } ?? "", "the script's folder")
        case .module: return entry(SitePaths.absolute("."), "the current folder, because of -m")
        case .command: return entry("", "the current folder, because of -c")
        case .standardInput: return entry("", "the current folder, because the program comes from standard input")
        }
    }

    private func origin(_ text: String) -> String {
        let configuration = command.configuration
        if configuration.modulePaths.contains(where: { SitePaths.absolute($0) == text || $0 == text }) { return "PYTHONPATH" }
        let library = configuration.libraryPath
        if text == library { return "the library" }
        if text == library + "/lib-dynload" { return "the library's extension modules" }
        if text.hasSuffix("/python312.zip") { return "the library as an archive" }
        if text.hasSuffix("/site-packages") || text.hasSuffix("/dist-packages") {
            if let home = getenv("HOME"), text.hasPrefix(String(cString: home) + "/.local/") { return "the user's site-packages" }
            return configuration.venvPrefix.isEmpty || !text.hasPrefix(configuration.venvPrefix) ? "site-packages" : "site-packages of the virtual environment"
        }
        return "a .pth file"
    }

    // MARK: Variables and options

    private func setting(_ name: String, _ value: String, _ effect: String) -> StartupRecord.Setting {
        var made = StartupRecord.Setting()
        made.name = name
        made.value = value
        made.effect = effect
        return made
    }

    private static var known: [(String, String)] {
        [("PYTHONPATH", "folders in front of the library on sys.path"), ("PYTHONHOME", "where the library is looked for"),
         ("PYTHONHASHSEED", "the hashes of str and bytes"), ("PYTHONINTMAXSTRDIGITS", "most digits of an int from or to str"),
         ("PYTHONIOENCODING", "encoding of the standard streams"), ("PYTHONUTF8", "UTF-8 mode"), ("PYTHONDEVMODE", "development mode"),
         ("PYTHONPYCACHEPREFIX", "where .pyc files go"), ("PYTHONWARNDEFAULTENCODING", "EncodingWarning"), ("PYTHONDONTWRITEBYTECODE", "no .pyc files are written"),
         ("PYTHONINSPECT", "a prompt after the program"), ("PYTHONNOUSERSITE", "the user's site-packages are left out"),
         ("PYTHONOPTIMIZE", "assert statements and docstrings go"), ("PYTHONSAFEPATH", "no script's folder on sys.path"),
         ("PYTHONUNBUFFERED", "standard output and error have no buffer"), ("PYTHONVERBOSE", "imports are told"),
         ("PYTHONWARNINGS", "warning filters"), ("PYTHONPROFILEIMPORTTIME", "the times of imports are printed"),
         ("PYTHONBREAKPOINT", "what breakpoint() calls"), ("PYTHONASYNCIODEBUG", "asyncio's debug mode"),
         ("PYTHONUSERBASE", "where the user's site-packages are"), ("PYTHONNODEBUGRANGES", "code objects have no columns")]
    }

    private func variables() -> [StartupRecord.Setting] {
        var made: [StartupRecord.Setting] = []
        for (name, effect) in StartupDescription.known {
            guard let value = getenv(name), value[0] != 0 else { continue }
            made.append(setting(name, String(cString: value), command.configuration.ignoresEnvironment ? "ignored, because of -E or -I" : effect))
        }
        for name in ["LC_ALL", "LC_CTYPE", "LANG"] {
            guard let value = getenv(name), value[0] != 0 else { continue }
            made.append(setting(name, String(cString: value), "the locale, and with it the encoding of the streams: \(t.localeEncoding)"))
            break
        }
        return made
    }

    private static func effect(ofExtension name: String) -> String {
        switch name {
        case "importtime": "the times of imports are printed"
        case "int_max_str_digits": "most digits of an int from or to str"
        case "no_debug_ranges": "code objects have no columns"
        case "pycache_prefix": "where .pyc files go"
        case "warn_default_encoding": "EncodingWarning"
        case "faulthandler": "tracebacks at fatal signals"
        case "tracemalloc": "tracemalloc starts at once"
        default: "for whoever looks into sys._xoptions"
        }
    }

    private func options() -> [StartupRecord.Setting] {
        let configuration = command.given
        var made: [StartupRecord.Setting] = []
        let flags: [(Bool, String, String)] = [
            (configuration.isIsolated, "-I", "isolated: -E, -P and -s"), (configuration.ignoresEnvironment && !configuration.isIsolated, "-E", "PYTHON* variables are ignored"),
            (configuration.safePath, "-P", "no script's folder on sys.path"), (configuration.noUserSite, "-s", "the user's site-packages are left out"),
            (configuration.noSite, "-S", "site's work is left out"), (configuration.dontWriteBytecode, "-B", "no .pyc files are written"),
            (configuration.optimizationLevel > 0, configuration.optimizationLevel > 1 ? "-OO" : "-O", "assert statements go" + (configuration.optimizationLevel > 1 ? ", and docstrings" : "")),
            (configuration.isUnbuffered, "-u", "standard output and error have no buffer"), (configuration.inspects, "-i", "a prompt after the program"),
            (configuration.devMode, "-X dev", "development mode"), (configuration.utf8Mode, "-X utf8", "UTF-8 mode"),
            (configuration.verbosity > 0, "-v", "imports are told"), (configuration.bytesWarning == 1, "-b", "warnings where bytes meet str"),
            (configuration.bytesWarning > 1, "-bb", "errors where bytes meet str"), (command.skipsFirstLine, "-x", "the first line of the source is skipped"),
            (configuration.checkHashBasedPycs != "default", "--check-hash-based-pycs", "\(configuration.checkHashBasedPycs) for .pyc files that go by hash"),
        ]
        for (isSet, name, effect) in flags where isSet { made.append(setting(name, "", effect)) }
        for (name, value) in configuration.xOptions where name != "dev" && name != "utf8" { made.append(setting("-X " + name, value ?? "", StartupDescription.effect(ofExtension: name))) }
        for filter in configuration.warnOptions { made.append(setting("-W", filter, "a warning filter")) }
        return made
    }
}
