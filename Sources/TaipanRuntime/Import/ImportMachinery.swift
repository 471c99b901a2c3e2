// The objects of importlib that programs see: finders on sys.meta_path, specs and loaders of modules. Start-up and imports are native and
// make stand-ins: classes of the same names whose instances hold the same attributes. Whoever asks a stand-in for more, or imports
// importlib, gets the real machinery: the library's `importlib/_bootstrap.py` and `_bootstrap_external.py` are run then, and every
// stand-in that a module holds becomes an instance of the real class.

/// Words of the tuple that keeps the machinery.
enum ImportObject: Int {
    case moduleSpec, sourceFileLoader, sourcelessFileLoader, namespaceLoader, builtinImporter, frozenImporter, pathFinder
    /// The seven stand-ins, kept when the real classes have come.
    case firstStandIn
    case zipHook = 14, fileHook, bootstrap, external
    /// None: stand-ins; False: on the way; True: real.
    case state
    static var count: Int { 19 }
    static var classCount: Int { 7 }
}

extension Thread {
    /// The machinery, as stand-ins at first.
    func importObjects() throws(Raised) -> TupleObject {
        if objects.pointee.spare0.isBound { return TupleObject(objects.pointee.spare0) }
        let made = try newTuple(ImportObject.count)
        for i in 0..<ImportObject.count { made[i] = .none }
        let inner = intern("_frozen_importlib"), outer = intern("_frozen_importlib_external")
        made[0] = try newStandIn("ModuleSpec", inner)
        made[1] = try newStandIn("SourceFileLoader", outer)
        made[2] = try newStandIn("SourcelessFileLoader", outer)
        made[3] = try newStandIn("NamespaceLoader", outer)
        let metaclass = try newFinderMetaclass()
        for (i, name) in (["BuiltinImporter", "FrozenImporter", "PathFinder"] as [StaticString]).enumerated() {
            let namespace = newDict()
            try namespace.setString(self, self.name(.__module__), i == 2 ? outer : inner)
            made[4 + i] = try call(metaclass, intern(name), objects.pointee.emptyTuple, namespace.value)
        }
        for i in 0..<ImportObject.classCount { made[ImportObject.firstStandIn.rawValue + i] = made[i] }
        objects.pointee.spare0 = made.value
        return made
    }

    /// The finders that sys.meta_path starts with.
    public func initialFinders() throws(Raised) -> Value {
        let machinery = try importObjects()
        let list = try newList(capacity: 3)
        for i in 4...6 { try append(list, machinery[i]) }
        return list.value
    }

    /// Adds a native special method to a class made of nothing.
    private func addSpecial(_ type: Value, _ name: StaticString, _ signature: StaticString, _ body: @escaping NativeBody) throws(Raised) {
        let function = newNative(.methodDescriptor, intern(name), signature, "", 0, body)
        function.owner = type
        try setattr(type, intern(name), function.value)
    }

    private func newStandIn(_ name: StaticString, _ module: Value) throws(Raised) -> Value {
        let namespace = newDict()
        try namespace.setString(self, self.name(.__module__), module)
        try namespace.setString(self, self.name(._initializing), .false)
        try namespace.setString(self, self.name(._uninitialized_submodules), objects.pointee.emptyTuple)
        let type = try call(types.pointee.type, intern(name), objects.pointee.emptyTuple, namespace.value)
        try addSpecial(type, "__getattr__", "($self, name, /)") { (t, a) throws(Raised) in
            if try !t.becomeReal(a[0]) { throw t.attributeError(a[0], a[1]) }
            return try t.getattr(a[0], a[1])
        }
        try addSpecial(type, "__repr__", "($self, /)") { (t, a) throws(Raised) in
            if try t.becomeReal(a[0]) { return try t.repr(a[0]) }
            return t.str("<\(t.typeName(a[0]))>")
        }
        return type
    }

    private func newFinderMetaclass() throws(Raised) -> Value {
        let namespace = newDict()
        try namespace.setString(self, name(.__module__), intern("_frozen_importlib"))
        let type = try call(types.pointee.type, intern("type"), try tuple(types.pointee.type), namespace.value)
        try addSpecial(type, "__getattr__", "($self, name, /)") { (t, a) throws(Raised) in
            let machinery = try t.importObjects()
            let first = ImportObject.firstStandIn.rawValue
            for i in 0..<ImportObject.classCount where machinery[first + i] == a[0] {
                if try t.materializeImportlib() { return try t.getattr(machinery[i], a[1]) }
            }
            throw t.attributeError(a[0], a[1])
        }
        return type
    }

    /// Makes a stand-in an instance of the real class; false when there is no library to take it from.
    private func becomeReal(_ object: Value) throws(Raised) -> Bool {
        if try !materializeImportlib() { return false }
        try switchClass(object)
        let machinery = try importObjects()
        let type = self.type(of: object).value
        for i in 0..<ImportObject.classCount where machinery[ImportObject.firstStandIn.rawValue + i] == type { return false }
        return true
    }

    // MARK: The real machinery

    /// Whether the real classes are there.
    func importlibIsReal() -> Bool { objects.pointee.spare0.isBound && TupleObject(objects.pointee.spare0)[ImportObject.state.rawValue].isTrue }

    /// Runs the library's import machinery unless that was done; false without a library, or while it is being done.
    func materializeImportlib() throws(Raised) -> Bool {
        let machinery = try importObjects()
        let state = ImportObject.state.rawValue
        if machinery[state].isTrue { return true }
        let folder = interp.pointee.config.libraryPath + "/importlib/"
        if !machinery[state].isNone || !SourceFile.isFile(folder + "_bootstrap.py") || !SourceFile.isFile(folder + "_bootstrap_external.py") { return false }
        machinery[state] = .false
        do throws(Raised) {
            let bootstrap = try timingImport("_frozen_importlib") { (t) throws(Raised) in
                try t.runFrozen("_frozen_importlib", folder + "_bootstrap.py", "<frozen importlib._bootstrap>")
            }
            machinery[ImportObject.bootstrap.rawValue] = bootstrap
            try adoptClasses(machinery, bootstrap, [(.moduleSpec, "ModuleSpec"), (.builtinImporter, "BuiltinImporter"), (.frozenImporter, "FrozenImporter")])
            try switchModules()
            _ = try callMethod(bootstrap, intern("_setup"), objects.pointee.sysModule, try importAbsolute("_imp"))
            let external = try timingImport("_frozen_importlib_external") { (t) throws(Raised) in
                try t.runFrozen("_frozen_importlib_external", folder + "_bootstrap_external.py", "<frozen importlib._bootstrap_external>")
            }
            machinery[ImportObject.external.rawValue] = external
            _ = try callMethod(external, intern("_set_bootstrap_module"), bootstrap)
            try setattr(bootstrap, intern("_bootstrap_external"), external)
            try adoptClasses(machinery, external, [
                (.sourceFileLoader, "SourceFileLoader"), (.sourcelessFileLoader, "SourcelessFileLoader"), (.namespaceLoader, "NamespaceLoader"),
                (.pathFinder, "PathFinder"),
            ])
            try addPathHooks(machinery, external)
            machinery[state] = .true
            try switchModules()
        } catch {
            let failure = takePending()
            machinery[state] = .none
            throw restore(failure)
        }
        return true
    }

    private func runFrozen(_ moduleName: StaticString, _ file: String, _ shown: StaticString) throws(Raised) -> Value {
        let key = intern(moduleName)
        let module = try newModule(key)
        let dict = DictObject(module.cell[1])
        try dict.setString(self, name(.__builtins__), objects.pointee.builtins)
        try dict.setString(self, name(.__package__), objects.pointee.emptyStr)
        let code = try loadCode(file, str(file), cached: cachePath(file))
        try setFilename(code, str(shown))
        try set(DictObject(objects.pointee.modules), key, module)
        do throws(Raised) {
            _ = try runCode(code.value, globals: dict.value, locals: dict.value, closure: .none)
        } catch {
            let failure = takePending()
            _ = try remove(DictObject(objects.pointee.modules), key)
            throw restore(failure)
        }
        return module
    }

    private func adoptClasses(_ machinery: TupleObject, _ module: Value, _ names: [(ImportObject, StaticString)]) throws(Raised) {
        for (place, name) in names { machinery[place.rawValue] = try getattr(module, intern(name)) }
        let finders = DictObject(objects.pointee.sysDict).findString(self, name(.meta_path))
        guard finders.isKind(.list) else { return }
        for i in 0..<ListObject(finders).count { ListObject(finders)[i] = realClass(ListObject(finders)[i]) }
    }

    private func addPathHooks(_ machinery: TupleObject, _ external: Value) throws(Raised) {
        let loaders = try callMethod(external, intern("_get_supported_file_loaders"))
        let hook = try call(try getattr(try getattr(external, intern("FileFinder")), intern("path_hook")), tuple: try tupleFrom(loaders).value)
        machinery[ImportObject.fileHook.rawValue] = hook
        machinery[ImportObject.zipHook.rawValue] = try getattr(try importAbsolute("zipimport"), intern("zipimporter"))
        let hooks = DictObject(objects.pointee.sysDict).findString(self, name(.path_hooks))
        guard hooks.isKind(.list) else { return }
        try append(ListObject(hooks), machinery[ImportObject.zipHook.rawValue])
        try append(ListObject(hooks), hook)
    }

    /// The real class in place of its stand-in.
    private func realClass(_ value: Value) -> Value {
        let machinery = TupleObject(objects.pointee.spare0)
        for i in 0..<ImportObject.classCount where machinery[ImportObject.firstStandIn.rawValue + i] == value { return machinery[i] }
        return value
    }

    /// Makes the specs and loaders of all modules real.
    private func switchModules() throws(Raised) {
        let modules = try listFrom(try callMethod(objects.pointee.modules, intern("values")))
        for i in 0..<modules.count where modules[i].isCell && modules[i].hasLayout(.module) && modules[i].cell[1].isBound {
            let dict = DictObject(modules[i].cell[1])
            let spec = dict.findString(self, name(.__spec__))
            if spec.isBound { try switchClass(spec) }
            let loader = dict.findString(self, name(.__loader__))
            if loader.isUnbound { continue }
            let real = realClass(loader)
            if real != loader { try dict.setString(self, name(.__loader__), real) } else { try switchClass(loader) }
        }
    }

    /// Gives an instance of a stand-in the real class, and what instances of that have besides.
    private func switchClass(_ object: Value) throws(Raised) {
        let type = self.type(of: object).value
        let machinery = TupleObject(objects.pointee.spare0)
        for i in 0..<4 where machinery[ImportObject.firstStandIn.rawValue + i] == type && machinery[i] != type {
            if i == 0 {
                try setattr(object, name(._uninitialized_submodules), try newList().value)
                let loader = try getattr(object, intern("loader"))
                let real = realClass(loader)
                if real != loader { try setattr(object, intern("loader"), real) }
            }
            try setattr(object, name(.__class__), machinery[i])
            if i == 0 {
                let loader = try getattr(object, intern("loader"))
                if !loader.isNone { try switchClass(loader) }
            }
        }
    }

    // MARK: Specs

    /// Puts `__spec__` and `__loader__` in a module's dict.
    func setSpec(_ dict: DictObject, _ key: Value, loader kind: ImportObject, origin: Value, locations: Value, hasLocation: Bool, cached: Value) throws(Raised) {
        let machinery = try importObjects()
        let loader: Value
        if kind == .builtinImporter || kind == .frozenImporter {
            loader = machinery[kind.rawValue]
        } else {
            loader = Value(allocate(TypeObject(machinery[kind.rawValue])))
            try setInstanceAttribute(loader.cell, intern("name"), key)
            try setInstanceAttribute(loader.cell, name(.path), origin)
        }
        let spec = Value(allocate(TypeObject(machinery[ImportObject.moduleSpec.rawValue])))
        try setInstanceAttribute(spec.cell, intern("name"), key)
        try setInstanceAttribute(spec.cell, name(.loader), loader)
        try setInstanceAttribute(spec.cell, intern("origin"), origin)
        try setInstanceAttribute(spec.cell, intern("loader_state"), .none)
        try setInstanceAttribute(spec.cell, intern("submodule_search_locations"), locations)
        if importlibIsReal() { try setInstanceAttribute(spec.cell, name(._uninitialized_submodules), try newList().value) }
        try setInstanceAttribute(spec.cell, intern("_set_fileattr"), Value(hasLocation))
        try setInstanceAttribute(spec.cell, intern("_cached"), cached)
        try dict.setString(self, name(.__spec__), spec)
        try dict.setString(self, name(.__loader__), loader)
    }

    // MARK: Finding

    /// Which of the machinery's finders an entry of sys.meta_path is.
    func knownFinder(_ finder: Value) throws(Raised) -> ImportObject? {
        let machinery = try importObjects()
        for i in 4...6 where machinery[i] == finder || machinery[ImportObject.firstStandIn.rawValue + i] == finder { return ImportObject(rawValue: i) }
        return nil
    }

    /// Whether a place is to be searched by the library's PathFinder: an archive, or one that a hook of the program takes care of.
    func needsPathHooks(_ place: String) throws(Raised) -> Bool {
        let sys = DictObject(objects.pointee.sysDict)
        let hooks = sys.findString(self, name(.path_hooks))
        if hooks.isKind(.list) {
            let list = ListObject(hooks), machinery = try importObjects()
            let isOwn = importlibIsReal() ? list.count == 2 && list[0] == machinery[ImportObject.zipHook.rawValue] && list[1] == machinery[ImportObject.fileHook.rawValue]
                : list.count == 0
            if !isOwn { return true }
        }
        let known = sys.findString(self, name(.path_importer_cache))
        if known.isKind(.dict) && DictObject(known).count > 0 {
            let finder = try get(DictObject(known), str(place))
            if !finder.isNoneOrUnbound {
                let type = string(self.type(of: finder).name)
                if type != "FileFinder" { return true }
            }
        }
        return SourceFile.isInsideFile(place)
    }

    /// What the library's PathFinder finds in some places; None when it finds nothing.
    func findSpecOnPath(_ key: Value, _ places: Value) throws(Raised) -> Value {
        if try !materializeImportlib() { return .none }
        return try call(try getattr(try importObjects()[ImportObject.pathFinder.rawValue], intern("find_spec")), key, places)
    }

    /// Makes and runs the module of a spec that Python code found.
    func loadFromSpec(_ spec: Value) throws(Raised) -> Value {
        if try !materializeImportlib() { throw raise(.importError, "importlib is not there to load from a spec") }
        return try callMethod(try importObjects()[ImportObject.bootstrap.rawValue], intern("_load"), spec)
    }

    /// A native module, made now or already there: what `_imp.create_builtin` gives.
    public func importBuiltin(_ fullName: String) throws(Raised) -> Value {
        let key = intern(fullName)
        let known = try get(DictObject(objects.pointee.modules), key)
        if known.isBound { return known }
        if let definition = interp.pointee.nativeModules[fullName] { return try createNative(fullName, key, definition) }
        throw importFailure(.importError, "no built-in module named \(fullName)", key)
    }

    /// Takes the frames of the import machinery out of the pending exception's traceback, as CPython does: all of them for an
    /// ImportError, else those up to where the module's own code is called.
    func trimImportFrames() {
        let exception = state.pointee.pending
        guard exception.isBound, exception.isKind(.exception) else { return }
        let object = ExceptionObject(exception)
        let always = isInstance(exception, of: types.pointee.importError)
        var inside = false
        // The link before the current chunk of machinery frames, and the one before the current frame; unbound is the exception itself.
        var outer = Value.unbound, previous = Value.unbound
        var at = object.traceback
        while at.isBound && !at.isNone {
            let link = TracebackObject(at)
            let code = frameCode(link.frame)
            let now = code.isBound && isMachinery(code)
            if now && !inside { outer = previous }
            inside = now
            if inside && (always || StrObject(CodeCell(code).name).equals("_call_with_frames_removed")) {
                if outer.isUnbound { object.traceback = link.next } else { TracebackObject(outer).next = link.next }
                previous = outer
            } else {
                previous = at
            }
            at = link.next
        }
    }

    private func isMachinery(_ code: Value) -> Bool {
        let file = StrObject(CodeCell(code).filename)
        return file.equals("<frozen importlib._bootstrap>") || file.equals("<frozen importlib._bootstrap_external>")
    }
}
