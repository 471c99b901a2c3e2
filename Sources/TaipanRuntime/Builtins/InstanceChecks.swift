// `isinstance` and `issubclass`, with the hooks `__instancecheck__` and `__subclasscheck__`.

extension Thread {
    /// `isinstance(value, cls)`: a class, a union, or a nesting of tuples.
    public func objectIsInstance(_ value: Value, _ cls: Value) throws(Raised) -> Bool {
        if type(of: value).value == cls { return true }
        if isExactly(cls, types.pointee.type) { return try realIsInstance(value, cls) }
        var cls = cls
        if cls.hasLayout(.unionType) { cls = try getattr(cls, name(.__args__)) }
        if cls.isKind(.tuple) {
            try enterRecursion(" in __instancecheck__")
            defer { leaveRecursion() }
            let items = TupleObject(cls)
            for i in 0..<items.count where try objectIsInstance(value, items[i]) { return true }
            return false
        }
        let checker = try lookupSpecial(cls, name(.__instancecheck__))
        if checker.isBound {
            try enterRecursion(" in __instancecheck__")
            defer { leaveRecursion() }
            return try truth(try call(checker, value))
        }
        return try realIsInstance(value, cls)
    }

    /// What `type.__instancecheck__` answers: the type's mro, then `__class__`.
    public func realIsInstance(_ value: Value, _ cls: Value) throws(Raised) -> Bool {
        if cls.isKind(.type) {
            let type = self.type(of: value)
            if isSubtype(type, of: cls) { return true }
            let claimed = try getattrOrUnbound(value, name(.__class__))
            if claimed.isBound && claimed != type.value && claimed.isKind(.type) { return isSubtype(TypeObject(claimed), of: cls) }
            return false
        }
        try checkClass(cls, "isinstance() arg 2 must be a type, a tuple of types, or a union")
        let claimed = try getattrOrUnbound(value, name(.__class__))
        return claimed.isBound ? try abstractIsSubclass(claimed, cls) : false
    }

    /// `issubclass(derived, cls)`.
    public func objectIsSubclass(_ derived: Value, _ cls: Value) throws(Raised) -> Bool {
        if isExactly(cls, types.pointee.type) {
            if derived == cls { return true }
            return try realIsSubclass(derived, cls)
        }
        var cls = cls
        if cls.hasLayout(.unionType) { cls = try getattr(cls, name(.__args__)) }
        if cls.isKind(.tuple) {
            try enterRecursion(" in __subclasscheck__")
            defer { leaveRecursion() }
            let items = TupleObject(cls)
            for i in 0..<items.count where try objectIsSubclass(derived, items[i]) { return true }
            return false
        }
        let checker = try lookupSpecial(cls, name(.__subclasscheck__))
        if checker.isBound {
            try enterRecursion(" in __subclasscheck__")
            defer { leaveRecursion() }
            return try truth(try call(checker, derived))
        }
        return try realIsSubclass(derived, cls)
    }

    /// What `type.__subclasscheck__` answers.
    public func realIsSubclass(_ derived: Value, _ cls: Value) throws(Raised) -> Bool {
        if cls.isKind(.type) && derived.isKind(.type) { return isSubtype(TypeObject(derived), of: cls) }
        try checkClass(derived, "issubclass() arg 1 must be a class")
        if !cls.hasLayout(.unionType) { try checkClass(cls, "issubclass() arg 2 must be a class, a tuple of classes, or a union") }
        return try abstractIsSubclass(derived, cls)
    }

    /// Something with a tuple of `__bases__` passes for a class.
    private func checkClass(_ cls: Value, _ message: String) throws(Raised) {
        if try abstractBases(cls).isUnbound { throw raise(.typeError, message) }
    }

    private func abstractBases(_ cls: Value) throws(Raised) -> Value {
        let bases = try getattrOrUnbound(cls, name(.__bases__))
        return bases.isBound && bases.isKind(.tuple) ? bases : .unbound
    }

    private func abstractIsSubclass(_ derived: Value, _ cls: Value) throws(Raised) -> Bool {
        var derived = derived
        while true {
            if derived == cls { return true }
            let bases = try abstractBases(derived)
            if bases.isUnbound || TupleObject(bases).count == 0 { return false }
            if TupleObject(bases).count == 1 {
                derived = TupleObject(bases)[0]
                continue
            }
            try enterRecursion(" in __issubclass__")
            defer { leaveRecursion() }
            for i in 0..<TupleObject(bases).count where try abstractIsSubclass(TupleObject(bases)[i], cls) { return true }
            return false
        }
    }
}
