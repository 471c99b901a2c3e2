// `class` statements (`__build_class__`), and the questions isinstance and issubclass.

extension Thread {
    /// `__build_class__(function, name, *bases, metaclass=…, **keywords)`.
    public func buildClass(_ a: Arguments) throws(Raised) -> Value {
        if a.count < 2 { throw raise(.typeError, "__build_class__: not enough arguments") }
        if !a[0].hasLayout(.function) { throw raise(.typeError, "__build_class__: func must be a function") }
        if !a[1].isKind(.str) { throw raise(.typeError, "__build_class__: name is not a string") }
        let original = try tuple(a.base + 2, a.count - 2)
        let bases = try resolveBases(original)
        let keywords = newDict()
        if a.keywords.isBound {
            let names = TupleObject(a.keywords)
            for i in 0..<names.count { try set(keywords, names[i], a.base[a.count + i]) }
        }
        let metaclass = try takeMetaclass(keywords, bases)
        let namespace = try prepareNamespace(metaclass, a[1], bases, keywords)
        let cell = try runClassBody(a[0], namespace)
        if bases != original { try setItem(namespace, name(.__orig_bases__), original) }
        let arguments = try tuple(a[1], bases, namespace)
        let made = try call(metaclass, tuple: arguments, keywords: keywords.count == 0 ? .unbound : keywords.value)
        try checkClassCell(cell, made, a[1])
        return made
    }

    /// Replaces bases that are no types by what their `__mro_entries__` say; the same tuple when nothing changes (PEP 560).
    public func resolveBases(_ bases: Value) throws(Raised) -> Value {
        let items = TupleObject(bases)
        var result: ListObject?
        for i in 0..<items.count {
            let base = items[i]
            let entries: Value = isType(base) ? .unbound : try getattrOrUnbound(base, name(.__mro_entries__))
            if entries.isUnbound {
                if let result { try append(result, base) }
                continue
            }
            let replacement = try call(entries, bases)
            if !replacement.isKind(.tuple) { throw raise(.typeError, "__mro_entries__ must return a tuple") }
            if result == nil {
                let made = try newList(capacity: items.count)
                for j in 0..<i { try append(made, items[j]) }
                result = made
            }
            if let result {
                for j in 0..<TupleObject(replacement).count { try append(result, TupleObject(replacement)[j]) }
            }
        }
        guard let result else { return bases }
        return try tupleFrom(result.value).value
    }

    /// The metaclass: the keyword, or the first base's type, then the most derived one.
    private func takeMetaclass(_ keywords: DictObject, _ bases: Value) throws(Raised) -> Value {
        var metaclass = try remove(keywords, name(.metaclass))
        if metaclass.isUnbound {
            metaclass = TupleObject(bases).count == 0 ? types.pointee.type : type(of: TupleObject(bases)[0]).value
        }
        if !isType(metaclass) { return metaclass }
        return try calculateMetaclass(TypeObject(metaclass), bases).value
    }

    private func prepareNamespace(_ metaclass: Value, _ className: Value, _ bases: Value, _ keywords: DictObject) throws(Raised) -> Value {
        if metaclass == types.pointee.type { return newDict().value }
        let prepare = try getattrOrUnbound(metaclass, name(.__prepare__))
        if prepare.isUnbound { return newDict().value }
        let made = try call(prepare, tuple: tuple(className, bases), keywords: keywords.count == 0 ? .unbound : keywords.value)
        if !made.isKind(.dict) && !isMapping(made) {
            let label = isType(metaclass) ? string(TypeObject(metaclass).name) : "<metaclass>"
            throw raise(.typeError, "\(label).__prepare__() must return a mapping, not \(typeName(made))")
        }
        return made
    }

    /// Has subscripting (`PyMapping_Check`).
    func isMapping(_ value: Value) -> Bool { type(of: value).slots.pointee.getItem.isSet }

    /// After the metaclass call, `__class__` of the methods must be the new class.
    private func checkClassCell(_ cell: Value, _ made: Value, _ className: Value) throws(Raised) {
        guard isType(made), cell.hasLayout(.cell) else { return }
        let content = cell.cell[1]
        if content == made { return }
        if content.isUnbound {
            throw raise(.runtimeError, "__class__ not set defining \(try reprText(className)) as \(try reprText(made)). Was __classcell__ propagated to type.__new__?")
        }
        throw raise(.typeError, "__class__ set to \(try reprText(content)) defining \(try reprText(className)) as \(try reprText(made))")
    }

    // MARK: isinstance and issubclass

    /// `isinstance(value, info)`: a class, a tuple, a union, or an object with `__instancecheck__`.
    public func isInstance(_ value: Value, ofClassInfo info: Value) throws(Raised) -> Bool {
        if type(of: value).value == info { return true }
        if info.isCell && type(of: info).value == types.pointee.type { return try isRealInstance(value, info) }
        let info = info.hasLayout(.unionType) ? info.cell[1] : info
        if info.isKind(.tuple) {
            try enterRecursion(" in __instancecheck__")
            defer { leaveRecursion() }
            let items = TupleObject(info)
            for i in 0..<items.count where try isInstance(value, ofClassInfo: items[i]) { return true }
            return false
        }
        let hook = lookup(type(of: info), name(.__instancecheck__))
        if hook.isBound {
            try enterRecursion(" in __instancecheck__")
            defer { leaveRecursion() }
            return try truth(callSpecial(info, name(.__instancecheck__), value))
        }
        return try isRealInstance(value, info)
    }

    /// `isinstance` without hooks: by type, by `__class__`, or by `__bases__` of objects that act as classes.
    func isRealInstance(_ value: Value, _ info: Value) throws(Raised) -> Bool {
        if isType(info) {
            if isInstance(value, of: info) { return true }
            // Only a class with an attribute of its own, or a proxy, says something else than the type.
            let claimed = try getattrOrUnbound(value, name(.__class__))
            return claimed.isBound && claimed != type(of: value).value && isType(claimed) && isSubtype(TypeObject(claimed), of: info)
        }
        try checkClass(info, "isinstance() arg 2 must be a type, a tuple of types, or a union")
        let claimed = try getattrOrUnbound(value, name(.__class__))
        return claimed.isBound ? try isAbstractSubclass(claimed, info) : false
    }

    /// `issubclass(type, info)`.
    public func isSubclass(_ type: Value, ofClassInfo info: Value) throws(Raised) -> Bool {
        if info.isCell && self.type(of: info).value == types.pointee.type {
            return type == info ? true : try isRealSubclass(type, info)
        }
        let info = info.hasLayout(.unionType) ? info.cell[1] : info
        if info.isKind(.tuple) {
            try enterRecursion(" in __subclasscheck__")
            defer { leaveRecursion() }
            let items = TupleObject(info)
            for i in 0..<items.count where try isSubclass(type, ofClassInfo: items[i]) { return true }
            return false
        }
        if lookup(self.type(of: info), name(.__subclasscheck__)).isBound {
            try enterRecursion(" in __subclasscheck__")
            defer { leaveRecursion() }
            return try truth(callSpecial(info, name(.__subclasscheck__), type))
        }
        return try isRealSubclass(type, info)
    }

    func isRealSubclass(_ type: Value, _ info: Value) throws(Raised) -> Bool {
        if isType(type) && isType(info) { return isSubtype(TypeObject(type), of: info) }
        try checkClass(type, "issubclass() arg 1 must be a class")
        if !info.hasLayout(.unionType) { try checkClass(info, "issubclass() arg 2 must be a class, a tuple of classes, or a union") }
        return try isAbstractSubclass(type, info)
    }

    /// An object is taken for a class when it has a tuple `__bases__`.
    private func checkClass(_ value: Value, _ message: String) throws(Raised) {
        if try abstractBases(value).isUnbound { throw raise(.typeError, message) }
    }

    private func abstractBases(_ value: Value) throws(Raised) -> Value {
        let bases = try getattrOrUnbound(value, name(.__bases__))
        return bases.isKind(.tuple) ? bases : .unbound
    }

    private func isAbstractSubclass(_ type: Value, _ info: Value) throws(Raised) -> Bool {
        if type == info { return true }
        let bases = try abstractBases(type)
        if bases.isUnbound { return false }
        try enterRecursion(" in __subclasscheck__")
        defer { leaveRecursion() }
        let items = TupleObject(bases)
        for i in 0..<items.count where try isAbstractSubclass(items[i], info) { return true }
        return false
    }
}
