// `types.GenericAlias`, what `list[int]` makes (PEP 585): word 1 the origin, word 2 the tuple of arguments,
// word 3 the parameters once asked for, word 4 whether it is unpacked with `*` (a bool).

extension Thread {
    /// `origin[arguments]`.
    public func newGenericAlias(_ origin: Value, _ arguments: Value) throws(Raised) -> Value {
        let items = arguments.isKind(.tuple) ? arguments : try tuple(arguments)
        let cell = heap.allocate(header: UInt(LayoutID.genericAlias.rawValue), bytes: 40)
        cell[1] = origin
        cell[2] = items
        cell[4] = .false
        return Value(cell)
    }

    func defineGenericAliasTypes() {
        defineType(.genericAlias, "GenericAlias", module: "types", flags: TypeFlag.base | TypeFlag.hasWeakReferences, .values(4)) { b in
            b.doc("Represent a PEP 585 generic type\n\nE.g. for t = list[int], t.__origin__ is list and t.__args__ is (int,).")
            addAliasSlots(b)
            addAliasAttributes(b)
        }
        defineType(.genericAliasIterator, "generic_alias_iterator", .values(1)) { b in
            b.slots.pointee.iter = UnarySlot { (t, v) in v }
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in
                let alias = v.cell[1]
                if alias.isUnbound { return .unbound }
                let made = try t.newGenericAlias(alias.cell[1], alias.cell[2])
                made.cell[4] = .true
                v.cell[1] = .unbound
                return made
            }
            b.method("__reduce__", "!($self, /)") { (t, a) throws(Raised) in
                let iter = try t.builtinFunction("iter")
                let alias = a[0].cell[1]
                return try t.tuple(iter, try t.tuple(alias.isUnbound ? t.objects.pointee.emptyTuple : alias))
            }
        }
    }

    private func addAliasSlots(_ b: TypeBuilder) {
        let s = b.slots
        s.pointee.new = CallSlot { (t, type, a) throws(Raised) in
            if a.keywords.isBound && TupleObject(a.keywords).count > 0 { throw t.raise(.typeError, "GenericAlias() takes no keyword arguments") }
            if a.count != 2 { throw t.raise(.typeError, "GenericAlias expected 2 arguments, got \(a.count)") }
            let cell = t.allocate(TypeObject(type))
            cell[1] = a[0]
            cell[2] = a[1].isKind(.tuple) ? a[1] : try t.tuple(a[1])
            cell[4] = .false
            return Value(cell)
        }
        s.pointee.repr = UnarySlot(Thread.aliasRepr)
        s.pointee.hash = IntSlot { (t, v) throws(Raised) in
            let hash = try t.hash(v.cell[1]) ^ t.hash(v.cell[2])
            return hash == -1 ? -2 : hash
        }
        s.pointee.compare = CompareSlot { (t, l, r, op) throws(Raised) in
            if op != .equal && op != .notEqual { return .notImplemented }
            let type = t.types.pointee.genericAlias
            if !l.isCell || !r.isCell || !t.isInstance(l, of: type) || !t.isInstance(r, of: type) { return .notImplemented }
            var same = l.cell[4].isTrue == r.cell[4].isTrue
            if same { same = try t.equals(l.cell[1], r.cell[1]) }
            if same { same = try t.equals(l.cell[2], r.cell[2]) }
            return Value(same == (op == .equal))
        }
        s.pointee.call = CallSlot { (t, v, a) throws(Raised) in
            let made = try t.call(v.cell[1], a)
            // An instance that takes no attributes goes without `__orig_class__`.
            do throws(Raised) { try t.setattr(made, t.name(.__orig_class__), v) } catch {
                if !t.pendingIs(.attributeError) && !t.pendingIs(.typeError) { throw error }
                _ = t.takePending()
            }
            return made
        }
        s.pointee.getattr = BinarySlot { (t, v, name) throws(Raised) in
            if Thread.isForwarded(t.string(name)) { return try t.getattr(v.cell[1], name) }
            return try Thread.genericGetattr(t, v, name)
        }
        s.pointee.getItem = BinarySlot { (t, v, key) throws(Raised) in
            let made = try t.substitute(v, TupleObject(v.cell[2]), TupleObject(t.aliasParameters(v)), key)
            let alias = try t.newGenericAlias(v.cell[1], made)
            alias.cell[4] = v.cell[4]
            return alias
        }
        s.pointee.iter = UnarySlot { (t, v) in
            let cell = t.heap.allocate(header: UInt(LayoutID.genericAliasIterator.rawValue), bytes: 16)
            cell[1] = v
            return Value(cell)
        }
        s.pointee.or = BinarySlot(Thread.unionOr)
    }

    /// Names that an alias answers itself; all others, but for most dunders, are the origin's.
    private static func isForwarded(_ name: String) -> Bool {
        switch name {
        case "__class__", "__bases__", "__origin__", "__args__", "__unpacked__", "__parameters__", "__typing_unpacked_tuple_args__",
             "__mro_entries__", "__reduce_ex__", "__reduce__", "__copy__", "__deepcopy__":
            return false
        default: return true
        }
    }

    private func addAliasAttributes(_ b: TypeBuilder) {
        b.member("__origin__", word: 1)
        b.member("__args__", word: 2)
        b.member("__unpacked__", get: { (t, v) in Value(v.cell[4].isTrue) })
        b.getset("__parameters__", "Type variables in the GenericAlias.", get: { (t, v) throws(Raised) in try t.aliasParameters(v) })
        b.getset("__typing_unpacked_tuple_args__", get: { (t, v) in
            v.cell[4].isTrue && v.cell[1] == t.types.pointee.tuple ? v.cell[2] : .none
        })
        b.method("__mro_entries__", "!($self, object, /)") { (t, a) throws(Raised) in try t.tuple(a[0].cell[1]) }
        b.method("__instancecheck__", "!($self, object, /)") { (t, a) throws(Raised) in
            throw t.raise(.typeError, "isinstance() argument 2 cannot be a parameterized generic")
        }
        b.method("__subclasscheck__", "!($self, object, /)") { (t, a) throws(Raised) in
            throw t.raise(.typeError, "issubclass() argument 2 cannot be a parameterized generic")
        }
        b.method("__reduce__", "!($self, /)") { (t, a) throws(Raised) in
            if a[0].cell[4].isTrue {
                let plain = try t.newGenericAlias(a[0].cell[1], a[0].cell[2])
                return try t.tuple(t.builtin("next"), try t.tuple(t.iter(plain)))
            }
            return try t.tuple(t.types.pointee.genericAlias, try t.tuple(a[0].cell[1], a[0].cell[2]))
        }
        b.method("__dir__", "!($self, /)") { (t, a) throws(Raised) in
            let names = try t.listFrom(t.call(t.builtin("dir"), a[0].cell[1]))
            let own: [StaticString] = ["__args__", "__mro_entries__", "__origin__", "__parameters__", "__reduce__", "__reduce_ex__", "__copy__", "__deepcopy__", "__unpacked__",
                                       "__typing_unpacked_tuple_args__", "__class__"]
            for one in own where !(try t.contains(names.value, t.intern(one))) { try t.append(names, t.intern(one)) }
            return names.value
        }
    }

    static func aliasRepr(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        var parts: [String] = []
        let items = TupleObject(v.cell[2])
        for i in 0..<items.count {
            if items[i].hasLayout(.list) {
                var inner: [String] = []
                let list = ListObject(items[i])
                var j = 0
                while j < list.count {
                    inner.append(try t.typingRepr(list[j]))
                    j += 1
                }
                parts.append("[" + inner.joined(separator: ", ") + "]")
            } else {
                parts.append(try t.typingRepr(items[i]))
            }
        }
        let inside = parts.isEmpty ? "()" : parts.joined(separator: ", ")
        return t.str("\(v.cell[4].isTrue ? "*" : "")\(try t.typingRepr(v.cell[1]))[\(inside)]")
    }

    private func aliasParameters(_ v: Value) throws(Raised) -> Value {
        if v.cell[3].isUnbound { v.cell[3] = try collectParameters(TupleObject(v.cell[2])) }
        return v.cell[3]
    }

    // MARK: Type parameters

    /// The type variables in `arguments`, each once, in order.
    func collectParameters(_ arguments: TupleObject) throws(Raised) -> Value {
        let found = try newList()
        for i in 0..<arguments.count {
            let argument = arguments[i]
            // A class's own `__parameters__` says nothing about the class as an argument.
            if argument.isKind(.type) { continue }
            if try getattrOrUnbound(argument, name(.__typing_subst__)).isBound {
                try addOnce(found, argument)
                continue
            }
            let inner = try getattrOrUnbound(argument, name(.__parameters__))
            if !inner.isKind(.tuple) { continue }
            for j in 0..<TupleObject(inner).count { try addOnce(found, TupleObject(inner)[j]) }
        }
        return try tupleFrom(found.value).value
    }

    private func addOnce(_ list: ListObject, _ v: Value) throws(Raised) {
        for i in 0..<list.count where list[i] == v { return }
        try append(list, v)
    }

    private func position(_ parameters: TupleObject, _ v: Value) -> Int? {
        for i in 0..<parameters.count where parameters[i] == v { return i }
        return nil
    }

    /// `owner[item]`: the arguments with the parameters replaced.
    func substitute(_ owner: Value, _ arguments: TupleObject, _ parameters: TupleObject, _ item: Value) throws(Raised) -> Value {
        if parameters.count == 0 { throw raise(.typeError, "\(try reprText(owner)) is not a generic class") }
        var given = try unpackedArguments(item)
        for i in 0..<parameters.count {
            let prepare = try getattrOrUnbound(parameters[i], name(.__typing_prepare_subst__))
            if prepare.isNoneOrUnbound { continue }
            let prepared = try call(prepare, owner, given)
            given = prepared.isKind(.tuple) ? prepared : try tuple(prepared)
        }
        let items = TupleObject(given)
        if items.count != parameters.count {
            let word = items.count > parameters.count ? "many" : "few"
            throw raise(.typeError, "Too \(word) arguments for \(try reprText(owner)); actual \(items.count), expected \(parameters.count)")
        }
        let made = try newList(capacity: arguments.count)
        for i in 0..<arguments.count { try substituteOne(made, arguments[i], parameters, items) }
        return try tupleFrom(made.value).value
    }

    private func substituteOne(_ made: ListObject, _ argument: Value, _ parameters: TupleObject, _ items: TupleObject) throws(Raised) {
        if argument.isKind(.type) { return try append(made, argument) }
        let flag = try getattrOrUnbound(argument, name(.__typing_is_unpacked_typevartuple__))
        let unpacks = flag.isUnbound ? false : try truth(flag)
        let subst = try getattrOrUnbound(argument, name(.__typing_subst__))
        let result: Value
        if subst.isBound, let place = position(parameters, argument) {
            result = try call(subst, items[place])
        } else {
            result = try substituteInside(argument, parameters, items)
        }
        if !unpacks { return try append(made, result) }
        if !result.isKind(.tuple) { throw raise(.typeError, "expected a tuple, not '\(typeName(result))'") }
        for i in 0..<TupleObject(result).count { try append(made, TupleObject(result)[i]) }
    }

    /// `argument[…]` for an argument that is itself generic over some of the parameters.
    private func substituteInside(_ argument: Value, _ parameters: TupleObject, _ items: TupleObject) throws(Raised) -> Value {
        let own = try getattrOrUnbound(argument, name(.__parameters__))
        if !own.isKind(.tuple) || TupleObject(own).count == 0 { return argument }
        let inner = try newList()
        for i in 0..<TupleObject(own).count {
            let parameter = TupleObject(own)[i]
            guard let place = position(parameters, parameter) else {
                try append(inner, parameter)
                continue
            }
            let value = items[place]
            if value.isKind(.tuple) && type(of: parameter).slots.pointee.iter.isSet {
                for j in 0..<TupleObject(value).count { try append(inner, TupleObject(value)[j]) }
            } else {
                try append(inner, value)
            }
        }
        return try getItem(argument, tupleFrom(inner.value).value)
    }

    /// The subscript as a tuple, with `*tuple[int, str]` spread out.
    private func unpackedArguments(_ item: Value) throws(Raised) -> Value {
        let items = TupleObject(item.isKind(.tuple) ? item : try tuple(item))
        let made = try newList(capacity: items.count)
        for i in 0..<items.count {
            let inner: Value = items[i].isKind(.type) ? .unbound : try getattrOrUnbound(items[i], name(.__typing_unpacked_tuple_args__))
            if inner.isKind(.tuple) {
                let parts = TupleObject(inner)
                if parts.count == 0 || parts[parts.count - 1] != .ellipsis {
                    for j in 0..<parts.count { try append(made, parts[j]) }
                    continue
                }
            }
            try append(made, items[i])
        }
        return try tupleFrom(made.value).value
    }
}
