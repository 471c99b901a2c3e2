// `types.UnionType`, what `int | str` makes (PEP 604): word 1 the tuple of members, word 2 the parameters once asked for.

extension Thread {
    func defineUnionType() {
        defineType(.unionType, "UnionType", module: "types", flags: TypeFlag.hasWeakReferences | TypeFlag.noInstantiation, .values(2)) { b in
            b.doc("Represent a PEP 604 union type\n\nE.g. for int | str")
            let s = b.slots
            s.pointee.repr = UnarySlot { (t, v) throws(Raised) in
                var parts: [String] = []
                let items = TupleObject(v.cell[1])
                for i in 0..<items.count {
                    parts.append(items[i] == t.types.pointee.NoneType ? "None" : try t.typingRepr(items[i]))
                }
                return t.str(parts.joined(separator: " | "))
            }
            s.pointee.hash = IntSlot { (t, v) throws(Raised) in try t.hash(t.call(t.types.pointee.frozenset, v.cell[1])) }
            s.pointee.compare = CompareSlot { (t, l, r, op) throws(Raised) in
                if op != .equal && op != .notEqual || !r.hasLayout(.unionType) { return .notImplemented }
                let frozenset = t.types.pointee.frozenset
                return try t.compare(t.call(frozenset, l.cell[1]), t.call(frozenset, r.cell[1]), op)
            }
            s.pointee.or = BinarySlot(Thread.unionOr)
            s.pointee.getItem = BinarySlot { (t, v, key) throws(Raised) in
                let parameters = try t.unionParameters(v)
                let made = TupleObject(try t.substitute(v, TupleObject(v.cell[1]), TupleObject(parameters), key))
                if made.count == 0 { return .none }
                var result = made[0]
                for i in 1..<max(made.count, 1) { result = try t.binary(7, result, made[i]) }
                return result
            }
            s.pointee.getattr = BinarySlot { (t, v, name) throws(Raised) in
                // `__module__` is the type's, not that of a member.
                try Thread.genericGetattr(t, v, name)
            }
            b.member("__args__", word: 1)
            b.getset("__parameters__", "Type variables in the types.UnionType.", get: { (t, v) throws(Raised) in try t.unionParameters(v) })
            b.method("__instancecheck__", "($self, instance, /)") { (t, a) throws(Raised) in Value(try t.objectIsInstance(a[1], a[0].cell[1])) }
            b.method("__subclasscheck__", "($self, subclass, /)") { (t, a) throws(Raised) in Value(try t.objectIsSubclass(a[1], a[0].cell[1])) }
        }
    }

    private func unionParameters(_ v: Value) throws(Raised) -> Value {
        if v.cell[2].isUnbound { v.cell[2] = try collectParameters(TupleObject(v.cell[1])) }
        return v.cell[2]
    }

    /// `left | right` of types, None, generic aliases, type aliases and unions; NotImplemented otherwise.
    static func unionOr(_ t: Thread, _ l: Value, _ r: Value) throws(Raised) -> Value {
        if !t.isUnionable(l) || !t.isUnionable(r) { return .notImplemented }
        let members = try t.newList(capacity: 2)
        try t.addMember(members, l)
        try t.addMember(members, r)
        if members.count == 1 { return members[0] }
        let cell = t.heap.allocate(header: UInt(LayoutID.unionType.rawValue), bytes: 24)
        cell[1] = try t.tuple(members.items, members.count)
        return Value(cell)
    }

    private func isUnionable(_ v: Value) -> Bool {
        v.isNone || v.isKind(.type) || isAlias(v) || v.hasLayout(.unionType) || v.hasLayout(.typeAlias)
    }

    private func isAlias(_ v: Value) -> Bool { v.isCell && isInstance(v, of: types.pointee.genericAlias) }

    /// Adds what is not there yet; a union's members one by one.
    private func addMember(_ members: ListObject, _ v: Value) throws(Raised) {
        if v.hasLayout(.unionType) {
            let items = TupleObject(v.cell[1])
            for i in 0..<items.count { try addMember(members, items[i]) }
            return
        }
        let member = v.isNone ? types.pointee.NoneType : v
        for i in 0..<members.count {
            if members[i] == member { return }
            if isAlias(members[i]) && isAlias(member), try equals(members[i], member) { return }
        }
        try append(members, member)
    }

    /// A type as it reads in the repr of a generic alias or union: `int`, `m.C`, `list[int]`, `...`.
    func typingRepr(_ v: Value) throws(Raised) -> String {
        if v == .ellipsis { return "..." }
        let isAlias = try getattrOrUnbound(v, name(.__origin__)).isBound
        if isAlias, try getattrOrUnbound(v, name(.__args__)).isBound { return try reprText(v) }
        let qualname = try getattrOrUnbound(v, name(.__qualname__))
        if qualname.isUnbound { return try reprText(v) }
        let module = try getattrOrUnbound(v, name(.__module__))
        if module.isNoneOrUnbound { return try reprText(v) }
        if string(try strOf(module)) == "builtins" { return string(try strOf(qualname)) }
        return string(try strOf(module)) + "." + string(try strOf(qualname))
    }
}
