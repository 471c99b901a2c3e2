// The methods of `object`.

extension Thread {
    func defineObjectMethods(_ b: TypeBuilder) {
        b.classMethod("__init_subclass__", "!($cls, /)", "This method is called when a class is subclassed.\n\nThe default implementation does nothing. It may be\noverridden to extend subclasses.\n") { (t, a) throws(Raised) in .none }
        b.classMethod("__subclasshook__", "!($cls, object, /)", "Abstract classes can override this to customize issubclass().\n\nThis is invoked early on by abc.ABCMeta.__subclasscheck__().\nIt should return True, False or NotImplemented.  If it returns\nNotImplemented, the normal algorithm is used.  Otherwise, it\noverrides the normal algorithm (and the outcome is cached).\n") { (t, a) throws(Raised) in .notImplemented }
        let hook = DictObject(b.type.dict).findString(self, name(.__subclasshook__))
        if hook.isBound { NativeFunction(hook).cell.set(NativeFunction.isRawBit) }
        b.method("__format__", "($self, format_spec, /)", "Default object formatter.\n\nReturn str(self) if format_spec is empty. Raise TypeError otherwise.") { (t, a) throws(Raised) in
            if !a[1].isKind(.str) { throw t.raise(.typeError, "__format__() argument must be str, not \(t.typeName(a[1]))") }
            if StrObject(a[1]).count > 0 { throw t.raise(.typeError, "unsupported format string passed to \(t.typeName(a[0])).__format__") }
            return try t.strOf(a[0])
        }
        b.method("__sizeof__", "($self, /)", "Size of object in memory, in bytes.") { (t, a) throws(Raised) in
            t.int(a[0].isCell ? t.heap.size(of: a[0].cell) : 16)
        }
        b.method("__dir__", "($self, /)", "Default dir() implementation.") { (t, a) throws(Raised) in try t.objectDir(a[0]) }
        b.getset("__class__", "the object's class", get: { (t, v) in t.type(of: v).value }, set: { (t, v, new) throws(Raised) in try t.setClass(v, new) })
        defineObjectReduction(b)
    }

    /// The default `dir`: the instance's names, then the class's.
    private func objectDir(_ v: Value) throws(Raised) -> Value {
        let names = newDict()
        let dict = try getattrOrUnbound(v, name(.__dict__))
        if dict.isKind(.dict) { try forEach(dict) { (key) throws(Raised) in try set(names, key, .none) } }
        let type = try getattrOrUnbound(v, name(.__class__))
        if type.isBound { try mergeClassNames(names, type) }
        return try keyList(names)
    }

    // MARK: __class__ assignment

    private func setClass(_ v: Value, _ new: Value) throws(Raised) {
        if new.isUnbound { throw raise(.typeError, "can't delete __class__ attribute") }
        if !isType(new) { throw raise(.typeError, "__class__ must be set to a class, not '\(typeName(new))' object") }
        try audit("object.__setattr__", v, name(.__class__), new)
        let old = type(of: v), type = TypeObject(new)
        let isModule = isSubtype(old, of: types.pointee.module) && isSubtype(type, of: types.pointee.module)
        if !isModule && (old.has(TypeFlag.immutable) || type.has(TypeFlag.immutable)) {
            throw raise(.typeError, "__class__ assignment only supported for mutable types or ModuleType subclasses")
        }
        if !isModule || (old.has(TypeFlag.heap) && type.has(TypeFlag.heap)) { try checkSameLayout(old, type, "__class__") }
        if old == type { return }
        let cell = v.cell
        let info = self.info(cell)
        if info.pointee.hasAttributes && !info.pointee.isDictMode {
            // The instance's place among the old class's hidden classes means nothing to the new one.
            _ = try attributeDict(cell)
            cell.layout = try dictLayout(type, interp.pointee.layouts.base + Int(type.instanceLayout.rawValue))
        } else if info.pointee.hasAttributes {
            cell.layout = try dictLayout(type, interp.pointee.layouts.base + Int(type.instanceLayout.rawValue))
        } else {
            cell.layout = type.instanceLayout
        }
        if type.slots.pointee.finalize.isSet && !old.slots.pointee.finalize.isSet { registerFinalizable(cell) }
    }
}
