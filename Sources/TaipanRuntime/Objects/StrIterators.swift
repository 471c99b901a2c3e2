// Iterators over str and bytes-like objects.
//
//   word 1  what is iterated, unbound when exhausted     word 2  next index, raw

extension Thread {
    func newTextIterator(_ layout: LayoutID, _ text: Value) -> Value {
        let cell = heap.allocate(header: UInt(layout.rawValue), bytes: 24)
        cell[1] = text
        return Value(cell)
    }

    func defineStrIteratorType() {
        defineType(.strIterator, "str_iterator", NativeLayout(valueWords: 1, bytes: 24)) { b in
            b.slots.pointee.iter = UnarySlot { (_, v) in v }
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in
                let text = v.cell[1]
                if text.isUnbound { return .unbound }
                let s = StrObject(text), i = v.cell.raw(2)
                if i < s.count {
                    v.cell.setRaw(i &+ 1, at: 2)
                    return t.character(s[i])
                }
                v.cell[1] = .unbound
                return .unbound
            }
            defineTextIteratorMethods(b)
        }
    }

    /// Pickling and the length hint, the same for all of them.
    func defineTextIteratorMethods(_ b: TypeBuilder) {
        b.method("__length_hint__", "!($self, /)", "Private method returning an estimate of len(list(it)).") { (t, a) throws(Raised) in
            let owner = a[0].cell[1]
            return t.int(owner.isUnbound ? 0 : max(0, try t.length(owner) - a[0].cell.raw(2)))
        }
        b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
            let iterFunction = try t.builtinFunction("iter")
            let owner = a[0].cell[1]
            if owner.isUnbound { return try t.tuple(iterFunction, try t.tuple(a[0].hasLayout(.strIterator) ? t.objects.pointee.emptyStr : t.objects.pointee.emptyTuple)) }
            return try t.tuple(iterFunction, try t.tuple(owner), t.int(a[0].cell.raw(2)))
        }
        b.method("__setstate__", "!($self, state, /)", "Set state information for unpickling.") { (t, a) throws(Raised) in
            let index = try t.index(a[1])
            let owner = a[0].cell[1]
            if owner.isBound { a[0].cell.setRaw(max(0, min(index, try t.length(owner))), at: 2) }
            return .none
        }
    }
}
