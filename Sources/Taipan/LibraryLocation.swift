// Where the installed standard library of CPython 3.12 is: a dependency that is found, never copied.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

/// The search for the library's folder, the one that holds `os.py`.
public enum LibraryLocation {
    /// The first that is there: PYTHONHOME, beside the executable, the usual places, `python3.12` on PATH.
    /// - Parameter ignoresEnvironment: PYTHONHOME is not looked at (`-E`, `-I`).
    public static func find(ignoresEnvironment: Bool = false) -> String? {
        var prefixes: [String] = []
        if !ignoresEnvironment, let home = getenv("PYTHONHOME") { prefixes.append(String(cString: home)) }
        if let here = executablePath(), let folder = parent(here), let prefix = parent(folder) { prefixes.append(prefix) }
        prefixes += ["/usr/local", "/usr", "/opt/homebrew/opt/python@3.12/Frameworks/Python.framework/Versions/3.12"]
        for prefix in prefixes where holdsLibrary(prefix + "/lib/python3.12") { return prefix + "/lib/python3.12" }
        return besideInterpreters()
    }

    /// The library that belongs to a `python3.12` on PATH, or to one that a version manager keeps for it.
    private static func besideInterpreters() -> String? {
        for folder in (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":") {
            let candidate = String(folder) + "/python3.12"
            guard access(candidate, X_OK) == 0, let real = realPath(candidate), let bin = parent(real) else { continue }
            if let prefix = parent(bin), holdsLibrary(prefix + "/lib/python3.12") { return prefix + "/lib/python3.12" }
            if bin.hasSuffix("/shims"), let root = parent(bin), let found = newestVersion(root + "/versions") { return found }
        }
        return nil
    }

    /// Among `versions/3.12.x`, the highest.
    private static func newestVersion(_ folder: String) -> String? {
        guard let directory = opendir(folder) else { return nil }
        defer { closedir(directory) }
        var best: (Int, String)?
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            guard name.hasPrefix("3.12."), let micro = Int(name.dropFirst(5)), micro > best?.0 ?? -1 else { continue }
            let library = folder + "/" + name + "/lib/python3.12"
            if holdsLibrary(library) { best = (micro, library) }
        }
        return best?.1
    }

    /// `sys.executable`: the program's name as an absolute path, found on PATH when it has no folder; empty when it is not there. Links stay.
    static func absoluteExecutable(_ program: String) -> String {
        if program.contains("/") { return SitePaths.absolute(program) }
        for folder in (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":") {
            let candidate = String(folder) + "/" + program
            if access(candidate, X_OK) == 0 { return SitePaths.absolute(candidate) }
        }
        return ""
    }

    /// Fills in the library's folder, and the virtual environment that the executable belongs to.
    static func locate(_ configuration: inout InterpreterConfiguration) {
        if configuration.libraryPath.isEmpty, let folder = parent(configuration.executable) {
            for place in [folder, parent(folder) ?? ""] where !place.isEmpty && access(place + "/pyvenv.cfg", R_OK) == 0 {
                readEnvironment(place, &configuration)
                break
            }
        }
        if configuration.libraryPath.isEmpty { configuration.libraryPath = find(ignoresEnvironment: configuration.ignoresEnvironment) ?? "" }
    }

    /// `pyvenv.cfg`: the base's folder of programs, and whether its site-packages are seen.
    private static func readEnvironment(_ place: String, _ configuration: inout InterpreterConfiguration) {
        let fd = open(place + "/pyvenv.cfg", O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { return }
        defer { close(fd) }
        guard let bytes = SourceText.readAll(fd) else { return }
        configuration.venvPrefix = place
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let value = SitePaths.trimmed(String(parts[1]))
            switch SitePaths.trimmed(String(parts[0])).lowercased() {
            case "home":
                if let prefix = parent(value), holdsLibrary(prefix + "/lib/python3.12") { configuration.libraryPath = prefix + "/lib/python3.12" }
            case "include-system-site-packages": configuration.venvUsesSystemSite = value.lowercased() == "true"
            default: break
            }
        }
    }

    private static func holdsLibrary(_ folder: String) -> Bool { access(folder + "/os.py", R_OK) == 0 }

    /// The running program's own path, links resolved.
    public static func executablePath() -> String? { realPath("/proc/self/exe") }

    static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// The path with links resolved, or itself when it does not exist.
    static func resolve(_ path: String) -> String { realPath(path) ?? path }

    static func parent(_ path: String) -> String? {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return nil }
        return String(path[..<slash])
    }
}
