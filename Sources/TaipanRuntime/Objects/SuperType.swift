// `super`: word 1 the class to start after, word 2 the object (or class), word 3 the class whose mro is searched.

extension Thread {
    func defineSuperType() {
        defineType(.superType, "super", flags: TypeFlag.base, .values(3)) { b in
            b.doc("super() -> same as super(__class__, <first argument>)\nsuper(type) -> unbound super object\nsuper(type, obj) -> bound super object; requires isinstance(obj, type)\nsuper(type, type2) -> bound super object; requires issubclass(type2, type)\nTypical use to call a cooperative superclass method:\nclass C(B):\n    def meth(self, arg):\n        super().meth(arg)\nThis works for class methods too:\nclass C(B):\n    @classmethod\n    def cmeth(cls, arg):\n        super().cmeth(arg)\n")
            let s = b.slots
            s.pointee.new = CallSlot { (t, type, a) throws(Raised) in Value(t.allocate(TypeObject(type))) }
            s.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in
                if a.keywords.isBound && TupleObject(a.keywords).count > 0 { throw t.raise(.typeError, "super() takes no keyword arguments") }
                if a.count > 2 { throw t.raise(.typeError, "super() expected at most 2 arguments, got \(a.count)") }
                if a.count == 0 {
                    let (type, object) = try t.superFromFrame()
                    return try t.fillSuper(v, type, object)
                }
                if !t.isType(a[0]) { throw t.raise(.typeError, "super() argument 1 must be a type, not \(t.typeName(a[0]))") }
                try t.fillSuper(v, a[0], a.count == 1 || a[1].isNone ? .unbound : a[1])
            }
            s.pointee.getattr = BinarySlot(Thread.superGetattr)
            s.pointee.repr = UnarySlot { (t, v) throws(Raised) in
                let name = v.cell[1].isBound ? t.string(TypeObject(v.cell[1]).name) : "NULL"
                if v.cell[2].isUnbound { return t.str("<super: <class '\(name)'>, NULL>") }
                return t.str("<super: <class '\(name)'>, <\(t.string(TypeObject(v.cell[3]).name)) object>>")
            }
            s.pointee.descriptorGet = TernarySlot { (t, v, object, type) throws(Raised) in
                if object.isNoneOrUnbound || v.cell[2].isBound { return v }
                if !v.hasLayout(.superType) { return try t.call(t.type(of: v).value, v.cell[1], object) }
                let made = Value(t.allocate(TypeObject(t.types.pointee.superType)))
                try t.fillSuper(made, v.cell[1], object)
                return made
            }
            b.member("__thisclass__", word: 1, "the class invoking super()")
            b.member("__self__", word: 2, "the instance invoking super(); may be None")
            b.member("__self_class__", word: 3, "the type of the instance invoking super(); may be None")
        }
    }

    private func fillSuper(_ v: Value, _ type: Value, _ object: Value) throws(Raised) {
        v.cell[3] = object.isBound ? try superStart(type, object) : .unbound
        v.cell[1] = type
        v.cell[2] = object
    }

    /// The class whose mro `super(type, object)` searches.
    public func superStart(_ type: Value, _ object: Value) throws(Raised) -> Value {
        if isType(object) && isSubtype(TypeObject(object), of: type) { return object }
        let own = self.type(of: object)
        if isSubtype(own, of: type) { return own.value }
        let claimed = try getattrOrUnbound(object, name(.__class__))
        if claimed.isBound && isType(claimed) && claimed != own.value && isSubtype(TypeObject(claimed), of: type) { return claimed }
        throw raise(.typeError, "super(type, obj): obj must be an instance or subtype of type")
    }

    /// What `super(type, object).name` finds in the classes after `type` in the mro of `start`: unbound when there is none.
    /// The descriptor is not called; `superGet` does.
    public func superLookup(_ type: Value, _ start: Value, _ name: Value) -> Value {
        if TypeObject(start).mro.isUnbound { return .unbound }
        let mro = TupleObject(TypeObject(start).mro)
        var i = 0
        while i < mro.count && mro[i] != type { i += 1 }
        i += 1
        while i < mro.count {
            let found = DictObject(TypeObject(mro[i]).dict).findString(self, name)
            if found.isBound { return found }
            i += 1
        }
        return .unbound
    }

    /// `super(type, object).name` for an object that was checked; unbound when no class has it.
    public func superGet(_ type: Value, _ object: Value, _ start: Value, _ name: Value) throws(Raised) -> Value {
        if name == self.name(.__class__) { return .unbound }
        let found = superLookup(type, start, name)
        if found.isUnbound || !found.isCell { return found }
        let get = self.type(of: found).slots.pointee.descriptorGet
        return get.isSet ? try get(self, found, object == start ? .unbound : object, start) : found
    }

    static func superGetattr(_ t: Thread, _ v: Value, _ name: Value) throws(Raised) -> Value {
        if v.cell[2].isBound && v.cell[1].isBound {
            let found = try t.superGet(v.cell[1], v.cell[2], v.cell[3], name)
            if found.isBound { return found }
        }
        return try genericGetattr(t, v, name)
    }
}
