// The module object: word 1 its dict, which is never absent after creation.

extension Thread {
    /// A module with `__name__` set and the other standard names None.
    public func newModule(_ moduleName: Value) throws(Raised) -> Value {
        let cell = allocate(TypeObject(types.pointee.module))
        cell[1] = newDict().value
        try initializeModule(Value(cell), moduleName, .none)
        return Value(cell)
    }

    private func initializeModule(_ module: Value, _ moduleName: Value, _ doc: Value) throws(Raised) {
        let dict = try attributeDict(module.cell)
        try dict.setString(self, name(.__name__), moduleName)
        try dict.setString(self, name(.__doc__), doc)
        for empty in [WellKnownName.__package__, .__loader__, .__spec__] { try dict.setString(self, name(empty), .none) }
    }

    func defineModuleType() {
        defineType(.module, "module", flags: TypeFlag.base | TypeFlag.hasWeakReferences, .values(1, dictWord: 1)) { b in
            b.doc("module(name, doc=None)\n--\n\nCreate a module object.\n\nThe name must be a string; the optional docstring can have any type.")
            let s = b.slots
            s.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                let cell = t.allocate(TypeObject(type))
                cell[1] = t.newDict().value
                return Value(cell)
            }
            s.pointee.initialize = InitSlot(Thread.moduleInit)
            s.pointee.getattr = BinarySlot(Thread.moduleGetattr)
            s.pointee.setattr = StoreSlot(Thread.genericSetattr)
            s.pointee.repr = UnarySlot(Thread.moduleRepr)
            b.member("__dict__", word: 1)
            b.getset("__annotations__", get: { (t, v) throws(Raised) in
                let dict = try t.attributeDict(v.cell)
                let found = dict.findString(t, t.name(.__annotations__))
                if found.isBound { return found }
                let made = t.newDict().value
                try dict.setString(t, t.name(.__annotations__), made)
                return made
            }, set: { (t, v, new) throws(Raised) in
                let dict = try t.attributeDict(v.cell)
                if new.isBound { return try dict.setString(t, t.name(.__annotations__), new) }
                let i = dict.findStringEntry(t, t.name(.__annotations__))
                if i < 0 { throw t.raise(.attributeError, t.name(.__annotations__)) }
                dict.removeEntry(i)
            })
            b.method("__dir__", "!($self, /)", "__dir__() -> list\nspecialized dir() implementation") { (t, a) throws(Raised) in
                let dict = try t.getattr(a[0], .__dict__)
                if !dict.isKind(.dict) { throw t.raise(.typeError, "<module>.__dict__ is not a dictionary") }
                let hook = DictObject(dict).findString(t, t.name(.__dir__))
                return hook.isBound ? try t.call(hook) : try t.keyList(DictObject(dict))
            }
        }
    }

    static func moduleInit(_ t: Thread, _ v: Value, _ a: Arguments) throws(Raised) {
        var moduleName = a.count > 0 ? a[0] : .unbound
        var doc = a.count > 1 ? a[1] : .unbound
        if a.count > 2 { throw t.raise(.typeError, "module() takes at most 2 arguments (\(a.count) given)") }
        if a.keywords.isBound {
            let names = TupleObject(a.keywords)
            for i in 0..<names.count {
                switch t.string(names[i]) {
                case "name": moduleName = a.base[a.count + i]
                case "doc": doc = a.base[a.count + i]
                default: throw t.raise(.typeError, "module() got an unexpected keyword argument '\(t.string(names[i]))'")
                }
            }
        }
        if moduleName.isUnbound { throw t.raise(.typeError, "module() missing required argument 'name' (pos 1)") }
        if !moduleName.isKind(.str) { throw t.raise(.typeError, "module() argument 'name' must be str, not \(t.typeName(moduleName))") }
        try t.initializeModule(v, moduleName, doc.isUnbound ? .none : doc)
    }

    /// Attributes of a module: its dict, then its `__getattr__` (PEP 562).
    static func moduleGetattr(_ t: Thread, _ v: Value, _ name: Value) throws(Raised) -> Value {
        let found = try genericGetattr(t, v, name)
        if found.isBound { return found }
        let hook = v.cell[1].isUnbound ? .unbound : DictObject(v.cell[1]).findString(t, t.name(.__getattr__))
        return hook.isBound ? try t.call(hook, name) : .unbound
    }

    /// "module 'm' has no attribute 'x'", or what else explains it while the module is being imported.
    func moduleAttributeError(_ module: Value, _ attribute: Value) -> Raised {
        let dict = module.cell[1]
        let moduleName = dict.isUnbound ? .unbound : DictObject(dict).findString(self, name(.__name__))
        if moduleName.isUnbound || !moduleName.isKind(.str) { return attributeError("module has no attribute '\(string(attribute))'", module, attribute) }
        let label = string(moduleName)
        do throws(Raised) {
            let spec = DictObject(dict).findString(self, name(.__spec__))
            if !spec.isNoneOrUnbound {
                let initializing = try getattrOrUnbound(spec, name(._initializing))
                if initializing.isBound, try truth(initializing) {
                    return attributeError("partially initialized module '\(label)' has no attribute '\(string(attribute))' (most likely due to a circular import)", module, attribute)
                }
                let pending = try getattrOrUnbound(spec, name(._uninitialized_submodules))
                if pending.isBound, try contains(pending, attribute) {
                    return attributeError("cannot access submodule '\(string(attribute))' of module '\(label)' (most likely due to a circular import)", module, attribute)
                }
            }
        } catch { return error }
        return attributeError("module '\(label)' has no attribute '\(string(attribute))'", module, attribute)
    }

    // MARK: repr

    static func moduleRepr(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        let spec = try t.getattrOrUnbound(v, t.name(.__spec__))
        if !spec.isNoneOrUnbound, try t.truth(spec) { return try t.specRepr(spec) }
        let moduleName = try t.getattrOrUnbound(v, t.name(.__name__))
        let label = moduleName.isUnbound ? "'?'" : try t.reprText(moduleName)
        let file = try t.getattrOrUnbound(v, t.name(.__file__))
        if file.isBound { return t.str("<module \(label) from \(try t.reprText(file))>") }
        let loader = try t.getattrOrUnbound(v, t.name(.__loader__))
        if loader.isNoneOrUnbound { return t.str("<module \(label)>") }
        return t.str("<module \(label) (\(try t.reprText(loader)))>")
    }

    private func specRepr(_ spec: Value) throws(Raised) -> Value {
        let specName = try getattr(spec, .name)
        let label = specName.isNone ? "'?'" : try reprText(specName)
        let origin = try getattr(spec, .origin)
        if origin.isNone {
            let loader = try getattr(spec, .loader)
            if loader.isNone { return str("<module \(label)>") }
            let path = try getattrOrUnbound(loader, intern("_path"))
            if path.isBound && typeName(loader) == "NamespaceLoader" {
                return str("<module \(label) (namespace) from \(try reprText(listFrom(path).value))>")
            }
            return str("<module \(label) (\(try reprText(loader)))>")
        }
        if try truth(getattr(spec, .has_location)) { return str("<module \(label) from \(try reprText(origin))>") }
        return str("<module \(label) (\(string(try strOf(origin))))>")
    }
}
