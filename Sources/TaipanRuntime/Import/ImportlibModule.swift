// importlib's own core. The interpreter imports natively and needs none of it; when a program first asks for `importlib`,
// `_frozen_importlib` and `_frozen_importlib_external` are made by running the library's two bootstrap files, their finders go on
// sys.meta_path, and the modules imported so far get specs and loaders of importlib's classes.

import TaipanCompiler
import TaipanSyntax

extension Thread {
    /// Fills `_frozen_importlib` and installs it.
    public func defineFrozenImportlib(_ b: ModuleBuilder) throws(Raised) {
        try runBootstrapFile(b, "_bootstrap")
        objects.pointee.importlib = b.module
        let imp = try importBuiltin("_imp")
        _ = try callMethod(b.module, intern("_install"), objects.pointee.sysModule, imp)
        _ = try importBuiltin("_frozen_importlib_external")
        _ = try callMethod(b.module, intern("_install_external_importers"))
        try replaceSpecs()
    }

    /// Fills `_frozen_importlib_external`; installing is `_frozen_importlib`'s.
    public func defineFrozenImportlibExternal(_ b: ModuleBuilder) throws(Raised) {
        try runBootstrapFile(b, "_bootstrap_external")
        let loader = try getattr(b.module, intern("SourceFileLoader"))
        let getCode = newNative(.methodDescriptor, intern("get_code"), "($self, fullname, /)", "The code object of a module.", 0) { (t, a) throws(Raised) in
            let file = try t.callMethod(a[0], t.intern("get_filename"), a[1])
            return try t.loadCode(t.string(file), file).value
        }
        getCode.owner = loader
        try setattr(loader, intern("get_code"), getCode.value)
        if objects.pointee.importlib.isUnbound { _ = try importBuiltin("_frozen_importlib") }
    }

    private func runBootstrapFile(_ b: ModuleBuilder, _ file: String) throws(Raised) {
        let path = interp.pointee.config.libraryPath + "/importlib/" + file + ".py"
        guard let bytes = SourceFile.read(path) else {
            throw importFailure(.moduleNotFoundError, "No module named \(try reprText(b.name))", b.name)
        }
        try b.dict.setString(self, name(.__builtins__), objects.pointee.builtins)
        let code = try compile(bytes, str("<frozen importlib.\(file)>"), ParserOptions(), CompilerOptions())
        _ = try runCode(code.value, globals: b.dict.value, locals: b.dict.value, closure: .none)
    }

    /// A native module, made now or already there: what `_imp.create_builtin` gives.
    public func importBuiltin(_ fullName: String) throws(Raised) -> Value {
        let key = intern(fullName)
        let known = try get(DictObject(objects.pointee.modules), key)
        if known.isBound { return known }
        let module = try findBuiltin(fullName, key, .unbound)
        if module.isBound { return module }
        throw importFailure(.importError, "no built-in module named \(fullName)", key)
    }

    /// A finder of importlib's own, by its name.
    func standardFinder(_ name: StaticString, external: Bool) -> Value {
        let bootstrap = objects.pointee.importlib
        if bootstrap.isUnbound { return .unbound }
        let dict = DictObject(bootstrap.cell[1])
        if !external { return dict.findString(self, intern(name)) }
        let module = dict.findString(self, intern("_bootstrap_external"))
        return module.hasLayout(.module) ? DictObject(module.cell[1]).findString(self, intern(name)) : .unbound
    }

    /// Puts a spec and a loader of importlib's classes in a module's dict.
    func setImportlibSpec(_ dict: DictObject, _ key: Value, loader kind: String, origin: Value, locations: Value) throws(Raised) {
        let bootstrap = objects.pointee.importlib
        let external: Value = kind == "BuiltinImporter" ? .unbound : try getattr(bootstrap, intern("_bootstrap_external"))
        var loader = try getattr(bootstrap, intern("BuiltinImporter"))
        var locations = locations
        if kind == "SourceFileLoader" { loader = try call(try getattr(external, intern("SourceFileLoader")), key, origin) }
        if kind == "NamespaceLoader" {
            let finder = try getattr(try getattr(external, intern("PathFinder")), intern("_get_spec"))
            loader = try call(try getattr(external, intern("NamespaceLoader")), key, locations, finder)
            locations = try getattr(loader, intern("_path"))
            try dict.setString(self, name(.__path__), locations)
        }
        let keywords = newDict()
        try keywords.setString(self, intern("origin"), origin)
        try keywords.setString(self, intern("is_package"), Value(!locations.isNone))
        let spec = try call(try getattr(bootstrap, intern("ModuleSpec")), tuple: try tuple(key, loader), keywords: keywords.value)
        if kind == "SourceFileLoader" { try setattr(spec, intern("_set_fileattr"), .true) }
        if !locations.isNone { try setattr(spec, intern("submodule_search_locations"), locations) }
        try dict.setString(self, name(.__spec__), spec)
        try dict.setString(self, name(.__loader__), loader)
    }

    /// The modules that were imported before importlib get its specs in place of the native ones.
    private func replaceSpecs() throws(Raised) {
        let modules = try listFrom(try callMethod(objects.pointee.modules, intern("values")))
        for i in 0..<modules.count where modules[i].hasLayout(.module) {
            let dict = DictObject(modules[i].cell[1])
            let spec = dict.findString(self, name(.__spec__))
            if spec.isNoneOrUnbound || objects.pointee.spare0.isUnbound || !isInstance(spec, of: objects.pointee.spare0) { continue }
            let kind = try getattr(try getattr(spec, intern("loader")), intern("kind"))
            try setImportlibSpec(dict, try getattr(spec, intern("name")), loader: string(kind), origin: try getattr(spec, intern("origin")),
                                 locations: try getattr(spec, intern("submodule_search_locations")))
        }
    }
}
