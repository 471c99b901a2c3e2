// Start-up of an interpreter that can run programs: modules, streams, path.

extension Thread {
    /// Brings up `builtins` and `sys`. `registerModules` fills the table of native modules; `createStreams` makes the standard streams.
    public func start(registerModules: (Thread) -> Void, createStreams: (Thread) throws(Raised) -> Void) throws(Raised) {
        objects.pointee.modules = newDict().value
        registerModules(self)
        tell(.startedUp(step: "native modules", detail: "\(interp.pointee.nativeModules.count) registered"))
        defineBuiltinsModule()
        tell(.startedUp(step: "builtins", detail: ""))
        try defineSysModule()
        tell(.startedUp(step: "sys", detail: ""))
        let modules = DictObject(objects.pointee.modules)
        try modules.setString(self, intern("builtins"), objects.pointee.builtinsModule)
        try modules.setString(self, intern("sys"), objects.pointee.sysModule)
        let builtIn = str("built-in")
        try setSpec(DictObject(objects.pointee.sysDict), intern("sys"), loader: .builtinImporter, origin: builtIn, locations: .none, hasLocation: false, cached: .none)
        try setSpec(DictObject(objects.pointee.builtins), intern("builtins"), loader: .builtinImporter, origin: builtIn, locations: .none, hasLocation: false, cached: .none)
        try createMain()
        try setInitialPath()
        tell(.startedUp(step: "import system", detail: "__main__, sys.path, sys.modules"))
        try createStreams(self)
        tell(.startedUp(step: "streams", detail: "sys.stdin, sys.stdout, sys.stderr"))
    }

    private func createMain() throws(Raised) {
        let module = try newModule(intern("__main__"))
        objects.pointee.mainModule = module
        let dict = DictObject(module.cell[1])
        try dict.setString(self, name(.__annotations__), newDict().value)
        try dict.setString(self, name(.__builtins__), objects.pointee.builtinsModule)
        try DictObject(objects.pointee.modules).setString(self, intern("__main__"), module)
    }

    /// `sys.path` without the script's folder: PYTHONPATH, the library as a zip, the library, its extension modules.
    private func setInitialPath() throws(Raised) {
        let path = try newList()
        for entry in interp.pointee.config.modulePaths { try append(path, str(entry)) }
        let library = interp.pointee.config.libraryPath
        if !library.isEmpty {
            try append(path, str((library.hasSuffix("/python3.12") ? String(library.dropLast(11)) : library) + "/python312.zip"))
            try append(path, str(library))
            try append(path, str(library + "/lib-dynload"))
        }
        try DictObject(objects.pointee.sysDict).setString(self, name(.path), path.value)
    }
}
