// `typing.TypeAliasType`, what `type X = …` makes (PEP 695): word 1 name, 2 type parameters, 3 the function that computes the
// value, 4 the value once asked for, 5 the module.

extension Thread {
    /// A type alias from (name, type parameters or None, function).
    func newTypeAlias(_ parts: Value) throws(Raised) -> Value {
        let items = TupleObject(parts)
        let cell = allocate(TypeObject(types.pointee.typeAlias))
        cell[1] = items[0]
        cell[2] = items[1].isNone ? objects.pointee.emptyTuple : items[1]
        cell[3] = items[2]
        return Value(cell)
    }

    func defineTypeAliasType() {
        let maker = newNative(.builtinFunction, intern("typealias"), "(name, value, *, type_params=())", "", 0) { (t, a) throws(Raised) in
            if !a[0].isKind(.str) { throw t.raise(.typeError, "typealias() argument 'name' must be str, not \(t.typeName(a[0]))") }
            if a[2].isBound && !a[2].isKind(.tuple) { throw t.raise(.typeError, "type_params must be a tuple") }
            let cell = t.allocate(TypeObject(t.types.pointee.typeAlias))
            cell[1] = a[0]
            cell[2] = a[2].isUnbound ? t.objects.pointee.emptyTuple : a[2]
            cell[4] = a[1]
            cell[5] = try t.callerModule()
            return Value(cell)
        }
        defineType(.typeAlias, "TypeAliasType", module: "typing", flags: TypeFlag.madeAtRunTime, .values(5)) { b in
            b.doc("Type alias.\n\nType aliases are created through the type statement::\n\n    type Alias = int\n")
            let s = b.slots
            s.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                let function = DictObject(TypeObject(t.types.pointee.typeAlias).dict).findString(t, t.intern(" new"))
                return try t.callNative(NativeFunction(function), a, receiver: false)
            }
            b.constant(" new", maker.value)
            s.pointee.repr = UnarySlot { (t, v) in v.cell[1] }
            s.pointee.or = BinarySlot(Thread.unionOr)
            s.pointee.getattr = BinarySlot(Thread.genericGetattr)
            s.pointee.getItem = BinarySlot { (t, v, key) throws(Raised) in
                if TupleObject(v.cell[2]).count == 0 { throw t.raise(.typeError, "Only generic type aliases are subscriptable") }
                return try t.newGenericAlias(v, key)
            }
            b.member("__name__", word: 1)
            b.getset("__type_params__", get: { (t, v) in v.cell[2] })
            b.getset("__parameters__", get: { (t, v) throws(Raised) in
                let items = TupleObject(v.cell[2])
                let made = try t.newTuple(items.count)
                for i in 0..<items.count { made[i] = items[i].hasLayout(.typeVarTuple) ? try t.unpackTypeVarTuple(items[i]) : items[i] }
                return made.value
            })
            b.getset("__value__", get: { (t, v) throws(Raised) in
                if v.cell[4].isUnbound { v.cell[4] = try t.call(v.cell[3]) }
                return v.cell[4]
            })
            b.getset("__module__", get: { (t, v) throws(Raised) in
                if v.cell[5].isBound { return v.cell[5] }
                return v.cell[3].isBound ? try t.getattr(v.cell[3], .__module__) : .none
            })
            b.method("__reduce__", "($self, /)") { (t, a) in a[0].cell[1] }
        }
    }
}
