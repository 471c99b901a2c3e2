// `types.SimpleNamespace`: word 1 the attribute dict.

extension Thread {
    /// A namespace around `dict`.
    public func newSimpleNamespace(_ dict: DictObject) -> Value {
        let cell = allocate(TypeObject(types.pointee.simpleNamespace))
        cell[1] = dict.value
        return Value(cell)
    }

    func defineSimpleNamespaceType() {
        defineType(.simpleNamespace, "SimpleNamespace", module: "types", flags: TypeFlag.base, .values(1, dictWord: 1)) { b in
            b.doc("A simple attribute-based namespace.\n\nSimpleNamespace(**kwargs)")
            let s = b.slots
            s.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                let cell = t.allocate(TypeObject(type))
                cell[1] = t.newDict().value
                return Value(cell)
            }
            s.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in
                if a.count > 0 { throw t.raise(.typeError, "no positional arguments expected") }
                if a.keywords.isUnbound { return }
                let names = TupleObject(a.keywords), dict = try t.attributeDict(v.cell)
                for i in 0..<names.count { try t.set(dict, names[i], a.base[i]) }
            }
            s.pointee.repr = UnarySlot(Thread.namespaceRepr)
            s.pointee.compare = CompareSlot { (t, l, r, op) throws(Raised) in
                let type = t.types.pointee.simpleNamespace
                if !l.isCell || !r.isCell || !t.isInstance(l, of: type) || !t.isInstance(r, of: type) { return .notImplemented }
                return try t.compare(t.attributeDict(l.cell).value, t.attributeDict(r.cell).value, op)
            }
            s.pointee.getattr = BinarySlot(Thread.genericGetattr)
            s.pointee.setattr = StoreSlot(Thread.genericSetattr)
            b.member("__dict__", word: 1)
            b.method("__reduce__", "!($self, /)", "Return state information for pickling") { (t, a) throws(Raised) in
                try t.tuple(t.type(of: a[0]).value, t.objects.pointee.emptyTuple, try t.attributeDict(a[0].cell).value)
            }
        }
    }

    static func namespaceRepr(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        let label = v.hasLayout(.simpleNamespace) ? "namespace" : t.string(t.type(of: v).name)
        if !(try t.enterRepr(v)) { return t.str("\(label)(...)") }
        defer { t.leaveRepr(v) }
        var parts: [String] = []
        let dict = try t.attributeDict(v.cell)
        var i = 0
        while i < dict.entryCount {
            let entry = dict.entry(i)
            if entry.key.isBound && entry.key.isKind(.str) && StrObject(entry.key).count > 0 {
                parts.append("\(t.string(entry.key))=\(try t.reprText(entry.value))")
            }
            i += 1
        }
        return t.str("\(label)(\(parts.joined(separator: ", ")))")
    }
}
