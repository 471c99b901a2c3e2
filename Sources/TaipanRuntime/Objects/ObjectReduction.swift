// `object.__reduce__` and `__reduce_ex__`: how copy and pickle take objects apart (PEP 307).

extension Thread {
    func defineObjectReduction(_ b: TypeBuilder) {
        b.method("__reduce__", "($self, /)", "Helper for pickle.") { (t, a) throws(Raised) in try t.reduce(a[0], protocol: 0) }
        b.method("__reduce_ex__", "($self, protocol, /)", "Helper for pickle.") { (t, a) throws(Raised) in
            let level = try t.index(a[1], overflow: .overflowError)
            let method = try t.getattrOrUnbound(a[0], t.name(.__reduce__))
            if method.isBound {
                // A class that overrides `__reduce__` is asked, whatever the protocol.
                let own = t.lookup(t.type(of: a[0]), t.name(.__reduce__))
                let base = DictObject(TypeObject(t.types.pointee.object).dict).findString(t, t.name(.__reduce__))
                let onClass = try t.getattrOrUnbound(t.type(of: a[0]).value, t.name(.__reduce__))
                if own != base || onClass != base { return try t.call(method) }
            }
            return try t.reduce(a[0], protocol: level)
        }
        b.method("__getstate__", "($self, /)", "Helper for pickle.") { (t, a) throws(Raised) in try t.defaultState(a[0], required: false) }
    }

    private func reduce(_ v: Value, protocol level: Int) throws(Raised) -> Value {
        if level >= 2 { return try reduceNewStyle(v) }
        let copyreg = try importModule("copyreg")
        return try callMethod(copyreg, intern("_reduce_ex"), v, int(level))
    }

    /// Protocol 2 and above: `copyreg.__newobj__`, state, list items, dict items.
    private func reduceNewStyle(_ v: Value) throws(Raised) -> Value {
        let type = type(of: v)
        if !type.slots.pointee.new.isSet || type.has(TypeFlag.noInstantiation) {
            throw raise(.typeError, "cannot pickle '\(typeName(v))' object")
        }
        let arguments = try newArguments(v)
        let copyreg = try importModule("copyreg")
        let hasArguments = arguments.0.isBound
        let made = try newTuple(5)
        if arguments.1.isUnbound || DictObject(arguments.1).count == 0 {
            made[0] = try getattr(copyreg, .__newobj__)
            let count = hasArguments ? TupleObject(arguments.0).count : 0
            let whole = try newTuple(count + 1)
            whole[0] = type.value
            for i in 0..<count { whole[i + 1] = TupleObject(arguments.0)[i] }
            made[1] = whole.value
        } else {
            made[0] = try getattr(copyreg, .__newobj_ex__)
            made[1] = try tuple(type.value, arguments.0, arguments.1)
        }
        let needsEmptyState = !hasArguments && !v.isKind(.list) && !v.isKind(.dict)
        made[2] = try objectState(v, required: needsEmptyState)
        made[3] = v.isKind(.list) ? try iter(v) : .none
        made[4] = v.isKind(.dict) ? try iter(callMethod(v, name(.items))) : .none
        return made.value
    }

    /// `__getnewargs_ex__` or `__getnewargs__`: a tuple and a dict, both unbound when the class has neither.
    private func newArguments(_ v: Value) throws(Raised) -> (Value, Value) {
        let extended = try lookupSpecial(v, name(.__getnewargs_ex__))
        if extended.isBound {
            let pair = try call(extended)
            if !pair.isKind(.tuple) { throw raise(.typeError, "__getnewargs_ex__ should return a tuple, not '\(typeName(pair))'") }
            let items = TupleObject(pair)
            if items.count != 2 { throw raise(.valueError, "__getnewargs_ex__ should return a tuple of length 2, not \(items.count)") }
            if !items[0].isKind(.tuple) {
                throw raise(.typeError, "first item of the tuple returned by __getnewargs_ex__ must be a tuple, not '\(typeName(items[0]))'")
            }
            if !items[1].isKind(.dict) {
                throw raise(.typeError, "second item of the tuple returned by __getnewargs_ex__ must be a dict, not '\(typeName(items[1]))'")
            }
            return (items[0], items[1])
        }
        let plain = try lookupSpecial(v, name(.__getnewargs__))
        if plain.isUnbound { return (.unbound, .unbound) }
        let arguments = try call(plain)
        if !arguments.isKind(.tuple) { throw raise(.typeError, "__getnewargs__ should return a tuple, not '\(typeName(arguments))'") }
        return (arguments, .unbound)
    }

    /// `v.__getstate__()`, natively when the class does not override it.
    func objectState(_ v: Value, required: Bool) throws(Raised) -> Value {
        let own = lookup(type(of: v), name(.__getstate__))
        let base = DictObject(TypeObject(types.pointee.object).dict).findString(self, name(.__getstate__))
        if own == base && instanceAttributeOrUnbound(v, name(.__getstate__)).isUnbound { return try defaultState(v, required: required) }
        return try callMethod(v, name(.__getstate__))
    }

    private func instanceAttributeOrUnbound(_ v: Value, _ name: Value) -> Value { v.isCell ? instanceAttribute(v.cell, name) : .unbound }

    /// The `__dict__` (None when empty of attributes), with the values of `__slots__` where the class has them.
    private func defaultState(_ v: Value, required: Bool) throws(Raised) -> Value {
        let type = type(of: v)
        if required && type.has(TypeFlag.variableSize) && !type.has(TypeFlag.heap) { throw raise(.typeError, "cannot pickle \(typeName(v)) objects") }
        let dict = try getattrOrUnbound(v, name(.__dict__))
        let isEmpty = dict.isUnbound || (dict.isKind(.dict) && DictObject(dict).count == 0)
        let state: Value = isEmpty ? .none : dict.isKind(.dict) ? try copy(DictObject(dict)).value : dict
        let names = try slotNames(type)
        if required && isOpaque(type, names) { throw raise(.typeError, "cannot pickle '\(string(type.name))' object") }
        if names.isNoneOrUnbound { return state }
        let slots = newDict()
        let list = ListObject(names)
        for i in 0..<list.count {
            let key = try attributeName(list[i])
            let value = try getattrOrUnbound(v, key)
            if value.isBound { try set(slots, list[i], value) }
        }
        return slots.count == 0 ? state : try tuple(state, slots.value)
    }

    /// Native fields that no state would restore.
    private func isOpaque(_ type: TypeObject, _ names: Value) -> Bool {
        var words = 8
        if type.has(TypeFlag.hasDict) { words += 8 }
        if names.hasLayout(.list) { words += 8 * ListObject(names).count }
        if type.nativeBase == .module { return true }
        return type.basicSize > words && type.nativeBase != .type || type.has(TypeFlag.variableSize)
    }

    /// `copyreg._slotnames(type)`, cached by it in `__slotnames__`.
    private func slotNames(_ type: TypeObject) throws(Raised) -> Value {
        let cached = DictObject(type.dict).findString(self, name(.__slotnames__))
        if cached.isBound { return cached.hasLayout(.list) && ListObject(cached).count > 0 ? cached : .none }
        if !type.has(TypeFlag.heap) { return .none }
        var at = type
        var any = false
        while at.has(TypeFlag.heap) {
            if at.slotNames.isBound && TupleObject(at.slotNames).count > 0 { any = true }
            at = TypeObject(at.base)
        }
        if !any {
            // What copyreg would find and keep.
            try DictObject(type.dict).setString(self, name(.__slotnames__), newList().value)
            typeChanged(type)
            return .none
        }
        let names = try callMethod(importModule("copyreg"), name(._slotnames), type.value)
        if !names.hasLayout(.list) && !names.isNone { throw raise(.typeError, "copyreg._slotnames didn't return a list or None") }
        return names
    }

    /// `import name`, from native code.
    func importModule(_ moduleName: StaticString) throws(Raised) -> Value {
        if objects.pointee.modules.isBound {
            let found = DictObject(objects.pointee.modules).findString(self, intern(moduleName))
            if found.isBound { return found }
        }
        return try call(builtin("__import__"), intern(moduleName))
    }
}
