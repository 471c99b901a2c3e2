// What `site` does at start-up, natively: site-packages, the user's own, `.pth` files, `sitecustomize`, and the builtins that are there
// for people at a prompt. The library's `site` is for whoever imports it.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime
import TaipanSyntax
import TaipanCompiler

extension Thread {
    /// Does site's work. What goes wrong in a `.pth` file or a customize module is printed and passed over.
    public func runSite() throws(Raised) {
        let sys = DictObject(objects.pointee.sysDict)
        try defineSiteBuiltins()
        guard sys.findString(self, intern("path")).isKind(.list) else { return }
        try makePathsAbsolute()
        let config = interp.pointee.config
        let usesUserSite = !config.noUserSite && getuid() == geteuid() && getgid() == getegid() && (config.venvPrefix.isEmpty || config.venvUsesSystemSite)
        if usesUserSite, let folder = userSite() { try addSiteFolder(folder) }
        for prefix in [config.venvPrefix, config.venvPrefix.isEmpty || config.venvUsesSystemSite ? config.libraryPrefix : ""] where !prefix.isEmpty {
            try addSiteFolder(prefix + "/lib/python3.12/site-packages")
        }
        // Files that are there, and lines that only matter to programs that import files.
        for name in ["sitecustomize", "usercustomize"] where usesUserSite || name == "sitecustomize" {
            if isOnPath(name) { runCustomization(name) }
        }
    }

    private var pathList: ListObject { ListObject(DictObject(objects.pointee.sysDict).findString(self, intern("path"))) }

    private func makePathsAbsolute() throws(Raised) {
        let old = pathList
        let made = try newList()
        for i in 0..<old.count {
            let entry = old[i].isKind(.str) ? str(SitePaths.absolute(string(old[i]))) : old[i]
            if !(try holds(made, entry)) { try append(made, entry) }
        }
        try DictObject(objects.pointee.sysDict).setString(self, intern("path"), made.value)
    }

    private func holds(_ list: ListObject, _ item: Value) throws(Raised) -> Bool {
        for i in 0..<list.count where try equals(list[i], item) { return true }
        return false
    }

    /// Of `PYTHONUSERBASE` or `~/.local`.
    private func userSite() -> String? {
        var base = ""
        if !interp.pointee.config.ignoresEnvironment, let text = getenv("PYTHONUSERBASE"), text[0] != 0 {
            base = String(cString: text)
        } else if let home = getenv("HOME"), home[0] != 0 {
            base = String(cString: home) + "/.local"
        } else if let entry = getpwuid(getuid()), let home = entry.pointee.pw_dir {
            base = String(cString: home) + "/.local"
        }
        return base.isEmpty ? nil : base + "/lib/python3.12/site-packages"
    }

    /// Adds a folder and what its `.pth` files name.
    private func addSiteFolder(_ folder: String) throws(Raised) {
        var info = stat()
        if stat(folder, &info) != 0 || info.st_mode & S_IFMT != S_IFDIR { return }
        if !(try holds(pathList, str(folder))) { try append(pathList, str(folder)) }
        for name in SitePaths.names(in: folder) where name.hasSuffix(".pth") && !name.hasPrefix(".") { try readPathFile(folder, name) }
    }

    private func readPathFile(_ folder: String, _ fileName: String) throws(Raised) {
        let file = folder + "/" + fileName
        let fd = open(file, O_RDONLY | O_CLOEXEC)
        if fd < 0 { return }
        defer { close(fd) }
        guard var bytes = SourceText.readAll(fd) else { return }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        var number = 0
        for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            number += 1
            let text = String(decoding: line, as: UTF8.self)
            let trimmed = SitePaths.trimmed(text)
            if text.hasPrefix("#") || trimmed.isEmpty { continue }
            if text.hasPrefix("import ") || text.hasPrefix("import\t") {
                deferPathLine(text, number, file)
                continue
            }
            let place = trimmed.hasPrefix("/") ? trimmed : SitePaths.absolute(folder + "/" + trimmed)
            if access(place, F_OK) == 0, !(try holds(pathList, str(place))) { try append(pathList, str(place)) }
        }
    }

    private func isOnPath(_ moduleName: String) -> Bool {
        let list = pathList
        for i in 0..<list.count where list[i].isKind(.str) {
            let base = string(list[i]) + "/" + moduleName
            if access(base + ".py", F_OK) == 0 || access(base, F_OK) == 0 { return true }
        }
        return false
    }

    /// Import lines of `.pth` files set import hooks up and the like: they run before a module is first looked for in a file,
    /// so that a program that imports none does not pay for them.
    private func deferPathLine(_ line: String, _ number: Int, _ file: String) {
        let earlier = interp.pointee.deferredStart
        interp.pointee.deferredStart = { (t) in
            earlier?(t)
            _ = t.runPathLine(line, number, file)
        }
    }

    /// Runs an import line; false after an error, which is printed and ends the file.
    private func runPathLine(_ line: String, _ number: Int, _ file: String) -> Bool {
        tell(.startupCode(begins: true))
        defer { tell(.startupCode(begins: false)) }
        do throws(Raised) {
            let code = try compile(Array(line.utf8) + [0x0A], str("<string>"), ParserOptions(), CompilerOptions())
            let namespace = newDict()
            try namespace.setString(self, intern("__builtins__"), objects.pointee.builtinsModule)
            try namespace.setString(self, intern("sys"), objects.pointee.sysModule)
            try namespace.setString(self, intern("os"), try importAbsolute("os"))
            _ = try runCode(code.value, globals: namespace.value, locals: namespace.value, closure: .none)
            return true
        } catch {
            let exception = takePending()
            let text = String(decoding: (try? exceptionText(exception)) ?? [], as: UTF8.self)
            var out = "Error processing line \(number) of \(file):\n\n"
            for part in text.split(separator: "\n") { out += "  " + part + "\n" }
            writeStandardError(Array((out + "\nRemainder of file ignored\n").utf8))
            return false
        }
    }

    private func runCustomization(_ moduleName: String) {
        do throws(Raised) {
            _ = try importAbsolute(moduleName)
        } catch {
            let exception = takePending()
            if isInstance(exception, of: types.pointee.importError), let missing = try? getattr(exception, intern("name")), missing == intern(moduleName) { return }
            let text = (try? strOf(exception)).map { string($0) } ?? ""
            writeStandardError(Array("Error in \(moduleName); set PYTHONVERBOSE for traceback:\n\(typeName(exception)): \(text)\n".utf8))
        }
    }

    // MARK: Builtins

    private func defineSiteBuiltins() throws(Raised) {
        let builtins = DictObject(objects.pointee.builtins)
        let module = intern("_sitebuiltins")
        let quitter = try newNativeType("Quitter", moduleName: module, .values(2)) { b in
            b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in t.str("Use \(t.string(v.cell[1]))() or \(t.string(v.cell[2])) to exit") }
            b.slots.pointee.call = CallSlot { (t, _, a) throws(Raised) in try t.quit(a) }
            b.rawMethod("__call__", "($self, /, code=None)") { (t, a) throws(Raised) in try t.quit(a.dropFirst) }
            b.member("name", word: 1)
            b.member("eof", word: 2)
        }
        for word: StaticString in ["quit", "exit"] {
            let made = allocate(quitter)
            made[1] = intern(word)
            made[2] = intern("Ctrl-D (i.e. EOF)")
            try builtins.setString(self, intern(word), Value(made))
        }
        let printer = try newNativeType("_Printer", moduleName: module, .values(1)) { b in
            b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in try t.repr(try t.libraryPrinter(v.cell[1])) }
            b.slots.pointee.call = CallSlot { (t, v, a) throws(Raised) in try t.call(try t.libraryPrinter(v.cell[1]), a) }
            b.rawMethod("__call__", "($self, /)") { (t, a) throws(Raised) in try t.call(try t.libraryPrinter(a[0].cell[1]), a.dropFirst) }
        }
        for word: StaticString in ["copyright", "credits", "license"] {
            let made = allocate(printer)
            made[1] = intern(word)
            try builtins.setString(self, intern(word), Value(made))
        }
        let helper = try newNativeType("_Helper", moduleName: module, .values(0)) { b in
            b.slots.pointee.repr = UnarySlot { (t, _) throws(Raised) in t.str("Type help() for interactive help, or help(object) for help about object.") }
            b.slots.pointee.call = CallSlot { (t, _, a) throws(Raised) in try t.call(try t.libraryHelp(), a) }
            b.rawMethod("__call__", "($self, /, *args, **kwds)") { (t, a) throws(Raised) in try t.call(try t.libraryHelp(), a.dropFirst) }
        }
        try builtins.setString(self, intern("help"), Value(allocate(helper)))
    }

    /// `exit(code)`: closes stdin, so that an interactive caller ends too, and raises SystemExit.
    fileprivate func quit(_ a: TaipanRuntime.Arguments) throws(Raised) -> Value {
        if a.count > 1 { throw raise(.typeError, "Quitter.__call__() takes from 1 to 2 positional arguments but \(a.count + 1) were given") }
        var code: Value = a.count == 1 ? a[0] : .none
        if a.keywords.isBound && TupleObject(a.keywords).count == 1 { code = a.base[a.count] }
        let input = DictObject(objects.pointee.sysDict).findString(self, intern("stdin"))
        if !input.isNoneOrUnbound {
            do throws(Raised) { _ = try callMethod(input, intern("close")) } catch { _ = takePending() }
        }
        throw raise(type: types.pointee.systemExit, code)
    }

    fileprivate func libraryHelp() throws(Raised) -> Value { try getattr(try importAbsolute("pydoc"), intern("help")) }

    /// The library's object for `copyright`, `credits` or `license`, made when somebody looks.
    fileprivate func libraryPrinter(_ which: Value) throws(Raised) -> Value {
        let make = try getattr(try importAbsolute("_sitebuiltins"), intern("_Printer"))
        switch string(which) {
        case "copyright": return try call(make, which, DictObject(objects.pointee.sysDict).findString(self, intern("copyright")))
        case "credits":
            return try call(make, which, str("    Taipan is Python 3.12 in Swift, by its authors. Its standard library is CPython's, by the Python community.\n    See www.python.org for more information."))
        default:
            let files = try listFrom(try tuple(str("LICENSE.txt"), str("LICENSE")))
            let library = interp.pointee.config.libraryPath
            let folders = try listFrom(try tuple(str(library + "/.."), str(library), str(".")))
            return try call(make, which, str("See https://www.python.org/psf/license/"), files.value, folders.value)
        }
    }
}

/// Paths, as `os.path` has them.
enum SitePaths {
    static func absolute(_ path: String) -> String {
        var full = path
        if !path.hasPrefix("/"), let folder = getcwd(nil, 0) {
            full = String(cString: folder) + "/" + path
            free(folder)
        }
        var parts: [Substring] = []
        for part in full.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } })
        }
        return names.sorted()
    }

    static func trimmed(_ text: String) -> String {
        var part = Substring(text)
        while let last = part.last, last.isWhitespace { part.removeLast() }
        while let first = part.first, first.isWhitespace { part.removeFirst() }
        return String(part)
    }
}
