// `import`, natively: modules come from sys.modules, from finders that a program put on sys.meta_path, from the native
// modules, and from .py files in the folders of sys.path (or of the package's __path__). None of this runs Python code of
// the library; `importlib` is there for whoever imports it.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension Thread {
    /// A module object over an existing dict.
    func moduleOver(_ dict: DictObject) -> Value {
        let cell = allocate(TypeObject(types.pointee.module))
        cell[1] = dict.value
        return Value(cell)
    }

    /// `__import__(name, globals, None, fromlist, level)`.
    public func importModule(_ moduleName: Value, _ globals: Value, _ fromlist: Value, _ level: Int) throws(Raised) -> Value {
        if !moduleName.isKind(.str) { throw raise(.typeError, "module name must be a string") }
        if level < 0 { throw raise(.valueError, "level must be >= 0") }
        if level == 0 && StrObject(moduleName).count == 0 { throw raise(.valueError, "Empty module name") }
        let absolute = level == 0 ? string(moduleName) : try resolveRelative(string(moduleName), globals, level)
        let module: Value
        do throws(Raised) { module = try importAbsolute(absolute) } catch {
            if importlibIsReal() { trimImportFrames() }
            throw error
        }
        let hasFromlist = fromlist.isBound && !fromlist.isNone ? try truth(fromlist) : false
        if hasFromlist {
            try importSubmodules(module, absolute, fromlist)
            return module
        }
        if level == 0 {
            guard let dot = absolute.firstIndex(of: ".") else { return module }
            return try loadedModule(String(absolute[..<dot]))
        }
        if StrObject(moduleName).count == 0 { return module }
        // A relative import without names gives the first part of what was asked for.
        let asked = string(moduleName)
        let tail = asked.firstIndex(of: ".").map { asked.distance(from: $0, to: asked.endIndex) } ?? 0
        return try loadedModule(String(absolute.dropLast(tail)))
    }

    private func loadedModule(_ fullName: String) throws(Raised) -> Value {
        let found = DictObject(objects.pointee.modules).findString(self, intern(fullName))
        if found.isBound { return found }
        throw raise(.keyError, str("'\(fullName)' not in sys.modules as expected"))
    }

    /// The package that a module with these globals is in, or is: from its `__package__`, its spec, or its name.
    private func packageName(_ globals: Value) throws(Raised) -> String {
        if globals.isNoneOrUnbound { throw raise(.keyError, "'__name__' not in globals") }
        if !globals.isKind(.dict) { throw raise(.typeError, "globals must be a dict") }
        let dict = DictObject(globals)
        let package = dict.findString(self, name(.__package__)), spec = dict.findString(self, name(.__spec__))
        if !package.isNoneOrUnbound {
            if !package.isKind(.str) { throw raise(.typeError, "package must be a string") }
            if !spec.isNoneOrUnbound, !(try equals(package, try getattr(spec, .parent))) {
                try warn(.deprecationWarning, "__package__ != __spec__.parent")
            }
            return string(package)
        }
        if !spec.isNoneOrUnbound {
            let parent = try getattr(spec, .parent)
            if !parent.isKind(.str) { throw raise(.typeError, "__spec__.parent must be a string") }
            return string(parent)
        }
        try warn(.importWarning, "can't resolve package from __spec__ or __package__, falling back on __name__ and __path__")
        let module = dict.findString(self, name(.__name__))
        if module.isUnbound { throw raise(.keyError, "'__name__' not in globals") }
        if !module.isKind(.str) { throw raise(.typeError, "__name__ must be a string") }
        let text = string(module)
        if dict.findString(self, name(.__path__)).isBound { return text }
        return text.lastIndex(of: ".").map { String(text[..<$0]) } ?? ""
    }

    /// The absolute name that a relative one means in a module with these globals (PEP 328, PEP 366).
    private func resolveRelative(_ relative: String, _ globals: Value, _ level: Int) throws(Raised) -> String {
        var base = try packageName(globals)
        if base.isEmpty { throw raise(.importError, "attempted relative import with no known parent package") }
        for _ in 1..<max(level, 1) {
            guard let dot = base.lastIndex(of: ".") else { throw raise(.importError, "attempted relative import beyond top-level package") }
            base = String(base[..<dot])
        }
        return relative.isEmpty ? base : base + "." + relative
    }

    /// The module of that full name, imported with its parents.
    public func importAbsolute(_ fullName: String) throws(Raised) -> Value {
        let key = intern(fullName)
        let modules = DictObject(objects.pointee.modules)
        let known = try get(modules, key)
        if known.isBound {
            if known.isNone { throw importFailure(.moduleNotFoundError, "import of \(fullName) halted; None in sys.modules", key) }
            if interp.pointee.hasThreads { try awaitImport(fullName) }
            return known
        }
        return try timingImport(fullName) { (t) throws(Raised) in try t.importMissing(fullName, key) }
    }

    /// The same for a module that is not there yet.
    private func importMissing(_ fullName: String, _ key: Value) throws(Raised) -> Value {
        let modules = DictObject(objects.pointee.modules)
        var path = Value.unbound
        var parent = Value.unbound
        if let dot = fullName.lastIndex(of: ".") {
            let parentName = String(fullName[..<dot])
            parent = try importAbsolute(parentName)
            // The parent may have imported it, or another thread may be at it.
            let now = try get(modules, key)
            if now.isBound {
                if interp.pointee.hasThreads { try awaitImport(fullName) }
                return now
            }
            path = try getattrOrUnbound(parent, name(.__path__))
            if path.isUnbound {
                throw importFailure(.moduleNotFoundError, "No module named \(try reprText(key)); \(try reprText(intern(parentName))) is not a package", key)
            }
        }
        try enterRecursion(" while importing")
        defer { leaveRecursion() }
        if interp.pointee.hasThreads && interp.pointee.importing[fullName] != nil {
            // Another thread is at it: afterwards there is a module, or this one tries.
            try awaitImport(fullName)
            let now = try get(modules, key)
            if now.isBound && !now.isNone { return now }
        }
        let isFirst = interp.pointee.importing[fullName] == nil
        if isFirst { interp.pointee.importing[fullName] = state.pointee.identifier }
        defer { if isFirst { endImport(fullName) } }
        guard parent.isBound, let dot = fullName.lastIndex(of: ".") else { return try findAndLoad(fullName, key, path) }
        let child = intern(String(fullName[fullName.index(after: dot)...]))
        let pending = try beginSubmodule(parent, child)
        let module: Value
        do throws(Raised) { module = try findAndLoad(fullName, key, path) } catch {
            endSubmodule(pending)
            throw error
        }
        endSubmodule(pending)
        // The import may have put another module in the parent's place.
        let now = try get(modules, intern(String(fullName[..<dot])))
        try bindSubmodule(now.isBound ? now : parent, child, module)
        return module
    }

    /// While another thread imports the module: waits for it, unless that thread waits, directly or not, for a module that this one imports.
    private func awaitImport(_ fullName: String) throws(Raised) {
        let me = state.pointee.identifier
        while let owner = interp.pointee.importing[fullName], owner != me, !waitsForMe(owner) {
            state.pointee.awaitedImport = fullName
            defer { state.pointee.awaitedImport = nil }
            if park(on: Thread.importPlace) == .interrupted { try checkSignals() }
        }
    }

    /// Where threads wait for imports of others.
    private static var importPlace: UInt { 1 }

    private func waitsForMe(_ thread: Int) -> Bool {
        var thread = thread
        // Each step follows one thread; a chain longer than their number would be a circle without this thread.
        for _ in 0...interp.pointee.startedThreads {
            var awaited: String?
            var one = interp.pointee.threads
            while let state = one {
                if state.pointee.identifier == thread { awaited = state.pointee.awaitedImport }
                one = state.pointee.nextThread
            }
            guard let awaited, let owner = interp.pointee.importing[awaited] else { return false }
            if owner == state.pointee.identifier { return true }
            thread = owner
        }
        return true
    }

    private func endImport(_ fullName: String) {
        interp.pointee.importing[fullName] = nil
        if interp.pointee.hasThreads { unparkAll(Thread.importPlace) }
    }

    /// Notes in the parent's spec that a submodule is on its way; gives the list of those.
    private func beginSubmodule(_ parent: Value, _ child: Value) throws(Raised) -> Value {
        let spec = try getattrOrUnbound(parent, name(.__spec__))
        if spec.isNoneOrUnbound { return .unbound }
        var pending = try getattrOrUnbound(spec, name(._uninitialized_submodules))
        if pending.isUnbound { return .unbound }
        if !pending.isKind(.list) {
            pending = try newList().value
            try setattr(spec, name(._uninitialized_submodules), pending)
        }
        try append(ListObject(pending), child)
        return pending
    }

    private func endSubmodule(_ pending: Value) {
        if pending.isUnbound || !pending.isKind(.list) { return }
        let list = ListObject(pending)
        if list.count > 0 {
            list[list.count - 1] = .unbound
            list.count -= 1
        }
    }

    private func bindSubmodule(_ parent: Value, _ child: Value, _ module: Value) throws(Raised) {
        do throws(Raised) { try setattr(parent, child, module) } catch {
            try swallow(.attributeError, error)
            try warn(.importWarning, "Cannot set an attribute on \(try reprText(try getattr(parent, .__name__))) for child module \(try reprText(child))")
        }
    }

    func importFailure(_ kind: ExceptionKind, _ text: String, _ moduleName: Value) -> Raised { importError(kind, text, name: moduleName) }

    /// Asks the finders on sys.meta_path, in order. The machinery's own are not called: what they would do is done here.
    private func findAndLoad(_ fullName: String, _ key: Value, _ path: Value) throws(Raised) -> Value {
        if isAudited {
            try audit("import", key, .none, sysAttribute(name(.path)).orNone, sysAttribute(name(.meta_path)).orNone, sysAttribute(intern("path_hooks")).orNone)
        }
        let metaPath = DictObject(objects.pointee.sysDict).findString(self, name(.meta_path))
        if metaPath.isNoneOrUnbound { throw raise(.importError, "sys.meta_path is None, Python is likely shutting down") }
        let finders = try listFrom(metaPath)
        if finders.count == 0 { try warn(.importWarning, "sys.meta_path is empty") }
        if try isMachineryName(fullName), let found = try get(DictObject(objects.pointee.modules), key).boundOrNil { return found }
        for i in 0..<finders.count {
            switch try knownFinder(finders[i]) {
            case .builtinImporter?:
                if path.isUnbound, let definition = interp.pointee.nativeModules[fullName] {
                    tell(.importFound(ImportFinding(result: "built-in", reason: "a native module", source: "", cache: "")))
                    return try createNative(fullName, key, definition)
                }
            case .frozenImporter?: continue
            case .pathFinder?:
                if let module = try findOnPath(fullName, key, path) { return module }
            default:
                let find = try getattrOrUnbound(finders[i], intern("find_spec"))
                if find.isUnbound { continue }
                let spec = try call(find, key, path.isUnbound ? .none : path, .none)
                if spec.isNone { continue }
                tell(.importFound(ImportFinding(result: "by a finder of the program", reason: typeName(finders[i]), source: "", cache: "")))
                return try loadFromSpec(spec)
            }
        }
        throw importFailure(.moduleNotFoundError, "No module named \(try reprText(key))", key)
    }

    /// The two modules that are the import machinery itself.
    private func isMachineryName(_ fullName: String) throws(Raised) -> Bool {
        guard fullName == "_frozen_importlib" || fullName == "_frozen_importlib_external" else { return false }
        return try materializeImportlib()
    }

    private func findOnPath(_ fullName: String, _ key: Value, _ path: Value) throws(Raised) -> Value? {
        if let start = interp.pointee.deferredStart {
            interp.pointee.deferredStart = nil
            start(self)
            let now = try get(DictObject(objects.pointee.modules), key)
            if now.isBound { return now }
        }
        let places = path.isBound ? path : DictObject(objects.pointee.sysDict).findString(self, name(.path))
        if places.isNoneOrUnbound { return nil }
        let tail = fullName.lastIndex(of: ".").map { String(fullName[fullName.index(after: $0)...]) } ?? fullName
        let namespace = try newList()
        let list = try listFrom(places)
        for i in 0..<list.count where list[i].isKind(.str) {
            let place = string(list[i])
            let found = try loadFrom(place, tail, fullName, key, namespace)
            if found.isBound { return found }
            if try needsPathHooks(place) {
                let spec = try findSpecOnPath(key, try list1(list[i]))
                if spec.isNone { continue }
                let loader = try getattr(spec, name(.loader))
                if loader.isNone {
                    try append(namespace, list[i])
                } else {
                    tell(.importFound(ImportFinding(result: "by a finder of the program", reason: "a path hook: \(typeName(loader))", source: "", cache: "")))
                    return try loadFromSpec(spec)
                }
            }
        }
        if namespace.count == 0 { return nil }
        let spec = try findSpecOnPath(key, path.isBound ? path : .none)
        tell(.importFound(ImportFinding(result: "namespace", reason: "folders without __init__.py", source: "", cache: "")))
        return try spec.isNone ? createNamespacePackage(fullName, key, namespace) : loadFromSpec(spec)
    }

    func createNative(_ fullName: String, _ key: Value, _ definition: NativeModuleDefinition) throws(Raised) -> Value {
        let module = try newModule(key)
        try set(DictObject(objects.pointee.modules), key, module)
        let dict = DictObject(module.cell[1])
        try dict.setString(self, name(.__package__), objects.pointee.emptyStr)
        try setSpec(dict, key, loader: .builtinImporter, origin: str("built-in"), locations: .none, hasLocation: false, cached: .none)
        do throws(Raised) {
            try definition.create(ModuleBuilder(t: self, module: module, dict: dict, name: key))
        } catch {
            let pending = takePending()
            _ = try remove(DictObject(objects.pointee.modules), key)
            throw restore(pending)
        }
        return module
    }

    // MARK: Files

    /// Loads `tail` from a folder: a package, else a file. A folder without `__init__.py` is a portion of a namespace package.
    private func loadFrom(_ folder: String, _ tail: String, _ fullName: String, _ key: Value, _ namespace: ListObject) throws(Raised) -> Value {
        var folder = folder
        if folder.utf8.first != 0x2F {
            // Relative places are those of now, whatever the folder will be later.
            let current = SourceFile.currentFolder()
            folder = folder.isEmpty || folder == "." ? current : current + "/" + folder
        }
        let base = (folder.hasSuffix("/") ? folder : folder + "/") + tail
        let packageFile = base + "/__init__.py"
        if SourceFile.isFile(packageFile) { return try loadSource(packageFile, fullName, key, package: base) }
        if SourceFile.isFile(packageFile + "c") { return try loadSource(packageFile + "c", fullName, key, package: base, isSourceless: true) }
        if SourceFile.isFile(base + ".py") { return try loadSource(base + ".py", fullName, key, package: nil) }
        if SourceFile.isFile(base + ".pyc") { return try loadSource(base + ".pyc", fullName, key, package: nil, isSourceless: true) }
        if SourceFile.isFolder(base) { try append(namespace, str(base)) }
        return .unbound
    }

    private func createNamespacePackage(_ fullName: String, _ key: Value, _ portions: ListObject) throws(Raised) -> Value {
        let module = try newModule(key)
        let dict = DictObject(module.cell[1])
        try dict.setString(self, name(.__path__), portions.value)
        try dict.setString(self, name(.__package__), key)
        try setSpec(dict, key, loader: .namespaceLoader, origin: .none, locations: portions.value, hasLocation: false, cached: .none)
        try set(DictObject(objects.pointee.modules), key, module)
        return module
    }

    /// Makes the module of a source file and runs it.
    private func loadSource(_ file: String, _ fullName: String, _ key: Value, package: String?, isSourceless: Bool = false) throws(Raised) -> Value {
        let module = try newModule(key)
        let dict = DictObject(module.cell[1])
        let fileValue = str(file)
        let cachePath = isSourceless ? nil : cachePath(file)
        let cached = isSourceless ? fileValue : cachePath.map { str($0) } ?? .none
        let locations: Value = package == nil ? .none : try list1(str(package ?? ""))
        try dict.setString(self, name(.__file__), fileValue)
        if !cached.isNone { try dict.setString(self, name(.__cached__), cached) }
        if package != nil {
            try dict.setString(self, name(.__path__), locations)
            try dict.setString(self, name(.__package__), key)
        } else {
            try dict.setString(self, name(.__package__), str(fullName.lastIndex(of: ".").map { String(fullName[..<$0]) } ?? ""))
        }
        try dict.setString(self, name(.__builtins__), objects.pointee.builtins)
        try setSpec(dict, key, loader: isSourceless ? .sourcelessFileLoader : .sourceFileLoader, origin: fileValue, locations: locations, hasLocation: true, cached: cached)
        try set(DictObject(objects.pointee.modules), key, module)
        let spec = dict.findString(self, name(.__spec__))
        do throws(Raised) {
            try setattr(spec, name(._initializing), .true)
            let code = isSourceless ? try loadSourceless(file, fileValue, key) : try loadCode(file, fileValue, cached: cachePath)
            try audit("exec", code.value)
            _ = try runCode(code.value, globals: dict.value, locals: dict.value, closure: .none)
            try setattr(spec, name(._initializing), .false)
        } catch {
            let pending = takePending()
            do throws(Raised) { try setattr(spec, name(._initializing), .false) } catch { _ = takePending() }
            _ = try remove(DictObject(objects.pointee.modules), key)
            throw restore(pending)
        }
        // The module may have put something else in its place.
        let found = try get(DictObject(objects.pointee.modules), key)
        if found.isBound { return found }
        throw raise(.keyError, key)
    }

    public func list1(_ item: Value) throws(Raised) -> Value {
        let made = try newList(capacity: 1)
        try append(made, item)
        return made.value
    }

    // MARK: from … import

    /// Imports the submodules that a `from` list names and the package does not have yet.
    private func importSubmodules(_ module: Value, _ fullName: String, _ fromlist: Value, isAll: Bool = false) throws(Raised) {
        if (try getattrOrUnbound(module, name(.__path__))).isUnbound { return }
        try forEach(fromlist) { (item) throws(Raised) in
            if !item.isKind(.str) {
                let place = isAll ? string(try getattr(module, .__name__)) + ".__all__" : "``from list''"
                throw raise(.typeError, "Item in \(place) must be str, not \(typeName(item))")
            }
            if StrObject(item).equals("*") {
                // A star in `__all__` itself means nothing.
                let all: Value = isAll ? .unbound : try getattrOrUnbound(module, name(.__all__))
                if all.isBound { try importSubmodules(module, fullName, all, isAll: true) }
                return
            }
            let attribute = item.hasLayout(.str) ? intern(item) : item
            if (try getattrOrUnbound(module, attribute)).isBound { return }
            do throws(Raised) {
                _ = try importAbsolute(fullName + "." + string(item))
            } catch {
                // Not there: the IMPORT_FROM that follows says so. An error inside it goes on.
                guard pendingIs(.moduleNotFoundError) else { throw error }
                let exception = takePending()
                let missing = try getattrOrUnbound(exception, intern("name"))
                guard missing.isBound, missing.isKind(.str), string(missing) == fullName + "." + string(item) else { throw restore(exception) }
            }
        }
    }

    /// IMPORT_NAME.
    func importName(_ fp: UnsafeMutablePointer<Value>, _ index: Int, _ level: Value, _ fromlist: Value) throws(Raised) -> Value {
        let moduleName = fp.frameLowered.pointee.names[index]
        let builtins = fp.frameFunction.builtins
        let function = builtins.isKind(.dict) ? DictObject(builtins).findString(self, name(.__import__)) : .unbound
        if function.isUnbound { throw raise(.importError, "__import__ not found") }
        let globals = fp.frameFunction.globals
        if function == objects.pointee.importFunction { return try importModule(moduleName, globals, fromlist, try self.index(level)) }
        let locals = fp[FrameHeader.namespace]
        return try call(function, moduleName, globals, locals.isUnbound ? .none : locals, fromlist, level)
    }

    /// IMPORT_FROM.
    func importFrom(_ module: Value, _ attribute: Value) throws(Raised) -> Value {
        let found = try getattrOrUnbound(module, attribute)
        if found.isBound { return found }
        // A circular import may have the submodule in sys.modules only.
        let moduleName = try getattrOrUnbound(module, name(.__name__))
        if moduleName.isKind(.str) {
            let submodule = try get(DictObject(objects.pointee.modules), intern(string(moduleName) + "." + string(attribute)))
            if submodule.isBound { return submodule }
        }
        let label = moduleName.isKind(.str) ? string(moduleName) : "<unknown module name>"
        let file = try getattrOrUnbound(module, name(.__file__))
        let place = file.isKind(.str) ? string(file) : "unknown location"
        let text: String
        if file.isKind(.str), try isInitializing(module) {
            text = "cannot import name \(try reprText(attribute)) from partially initialized module \(try reprText(str(label))) (most likely due to a circular import) (\(place))"
        } else {
            text = "cannot import name \(try reprText(attribute)) from \(try reprText(str(label))) (\(place))"
        }
        throw importError(.importError, text, name: str(label), path: file.isUnbound ? .none : file, nameFrom: attribute)
    }

    private func isInitializing(_ module: Value) throws(Raised) -> Bool {
        let spec = try getattrOrUnbound(module, name(.__spec__))
        if spec.isNoneOrUnbound { return false }
        let flag = try getattrOrUnbound(spec, name(._initializing))
        return flag.isUnbound ? false : try truth(flag)
    }

    /// `from module import *`: into the namespace of the running frame.
    func importStar(_ fp: UnsafeMutablePointer<Value>, _ module: Value) throws(Raised) {
        let namespace = fp[FrameHeader.namespace]
        if namespace.isUnbound { throw raise(.systemError, "no locals found during 'import *'") }
        var names = try getattrOrUnbound(module, name(.__all__))
        let skipsPrivate = names.isUnbound
        if names.isUnbound {
            let dict = try getattrOrUnbound(module, name(.__dict__))
            if dict.isUnbound { throw raise(.importError, "from-import-* object has no __dict__ and no __all__") }
            names = try callMethod(dict, name(.keys))
        }
        let list = try listFrom(names)
        for i in 0..<list.count {
            let item = list[i]
            if !item.isKind(.str) {
                let where_ = skipsPrivate ? "Key in \(string(try getattr(module, .__name__))).__dict__ must be str, not \(typeName(item))"
                    : "Item in \(string(try getattr(module, .__name__))).__all__ must be str, not \(typeName(item))"
                throw raise(.typeError, where_)
            }
            if skipsPrivate && StrObject(item).count > 0 && StrObject(item)[0] == 0x5F { continue }
            let attribute = item.hasLayout(.str) ? intern(item) : item
            let value = try getattr(module, attribute)
            if namespace.hasLayout(.dict) { try DictObject(namespace).setString(self, attribute, value) } else { try setItem(namespace, attribute, value) }
        }
    }
}

extension Value {
    fileprivate var boundOrNil: Value? { isBound ? self : nil }
}

/// Files of source code, as the import system sees them.
enum SourceFile {
    static func isFile(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFREG
    }

    static func isFolder(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    /// The errno of the last failed `read`.
    static var lastError: Int32 { errno }

    /// The whole file, or nil (errno says why).
    static func read(_ path: String) -> [UInt8]? {
        let fd = open(path, O_RDONLY | O_CLOEXEC)
        if fd < 0 { return nil }
        defer { close(fd) }
        var info = stat()
        var bytes: [UInt8] = []
        if fstat(fd, &info) == 0 {
            if info.st_mode & S_IFMT == S_IFDIR {
                errno = EISDIR
                return nil
            }
            bytes.reserveCapacity(Int(info.st_size) + 1)
        }
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let n = Glibc.read(fd, &buffer, buffer.count)
            if n < 0 {
                if errno == EINTR { continue }
                return nil
            }
            if n == 0 { return bytes }
            bytes.append(contentsOf: buffer[0..<n])
        }
    }

    /// Where the compiled form of a source file is cached (PEP 3147).
    static func cachePath(_ file: String, _ optimization: Int) -> String {
        let slash = file.lastIndex(of: "/")
        let folder = slash.map { String(file[...$0]) } ?? ""
        var base = slash.map { String(file[file.index(after: $0)...]) } ?? file
        if base.hasSuffix(".py") { base.removeLast(3) }
        return folder + "__pycache__/" + base + ".cpython-312" + (optimization > 0 ? ".opt-\(optimization)" : "") + ".pyc"
    }
}
