// enumerate and reversed.
//
//   enumerate  word 1 the iterator, word 2 the next number (an int of any size)
//   reversed   word 1 the sequence, unbound when exhausted; word 2 the next index, raw

extension Thread {
    func defineEnumerateTypes() {
        defineType(.enumerate, "enumerate", flags: TypeFlag.base, .values(2)) { b in
            b.doc("enumerate(iterable, start=0)\n--\n\nReturn an enumerate object.\n\n  iterable\n    an object supporting iteration\n\nThe enumerate object yields pairs containing a count (from start, which\ndefaults to zero) and a value yielded by the iterable argument.\n\nenumerate is useful for obtaining an indexed list:\n    (0, seq[0]), (1, seq[1]), (2, seq[2]), ...")
            b.slots.pointee.new = CallSlot(Thread.enumerateNew)
            b.slots.pointee.iter = UnarySlot { (_, v) in v }
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in
                let item = try t.next(v.cell[1])
                if item.isUnbound { return .unbound }
                let n = v.cell[2]
                if n.isSmallInt && n.smallInt < Value.smallIntMax {
                    v.cell[2] = Value(smallInt: n.smallInt &+ 1)
                } else {
                    v.cell[2] = try t.binary(.add, n, Value(smallInt: 1))
                }
                return try t.tuple(n, item)
            }
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                try t.tuple(t.type(of: a[0]).value, try t.tuple(a[0].cell[1], a[0].cell[2]))
            }
            b.classMethod("__class_getitem__", "!($type, object, /)", "See PEP 585") { (t, a) throws(Raised) in try t.newGenericAlias(a[0], a[1]) }
        }
        defineReversedType()
    }

    static func enumerateNew(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        let bound = try t.pushScratch(2)
        defer { t.popScratch(bound) }
        let keywords = a.keywords.isUnbound ? 0 : TupleObject(a.keywords).count
        if a.count + keywords > 2 { throw t.raise(.typeError, "enumerate() takes at most 2 arguments (\(a.count + keywords) given)") }
        if a.count + keywords == 0 { throw t.raise(.typeError, "enumerate() missing required argument 'iterable'") }
        for i in 0..<a.count { bound[i] = a[i] }
        for k in 0..<keywords {
            let key = StrObject(TupleObject(a.keywords)[k])
            let i = key.equals("iterable") ? 0 : key.equals("start") ? 1 : -1
            if i < 0 || bound[i].isBound || (keywords == 1 && a.count == 0 && i == 1) {
                throw t.raise(.typeError, "'\(t.string(key.value))' is an invalid keyword argument for enumerate()")
            }
            bound[i] = a[a.count + k]
        }
        let start: Value = bound[1].isUnbound ? Value(smallInt: 0) : try t.indexValue(bound[1])
        let iterator = try t.iter(bound[0])
        let made = t.allocate(TypeObject(type))
        made[1] = iterator
        made[2] = start
        return Value(made)
    }

    private func defineReversedType() {
        defineType(.reversed, "reversed", flags: TypeFlag.base, NativeLayout(valueWords: 1, bytes: 24)) { b in
            b.doc("reversed(sequence, /)\n--\n\nReturn a reverse iterator over the values of the given sequence.")
            b.slots.pointee.new = CallSlot(Thread.reversedNew)
            b.slots.pointee.iter = UnarySlot { (_, v) in v }
            b.slots.pointee.next = UnarySlot(Thread.reversedNext)
            b.method("__length_hint__", "!($self, /)", "Private method returning an estimate of len(list(it)).") { (t, a) throws(Raised) in
                let owner = a[0].cell[1], left = a[0].cell.raw(2) &+ 1
                if owner.isUnbound { return Value(smallInt: 0) }
                return t.int(try t.length(owner) < left ? 0 : left)
            }
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                let owner = a[0].cell[1]
                if owner.isUnbound { return try t.tuple(t.type(of: a[0]).value, try t.tuple(t.objects.pointee.emptyTuple)) }
                return try t.tuple(t.type(of: a[0]).value, try t.tuple(owner), t.int(a[0].cell.raw(2)))
            }
            b.method("__setstate__", "!($self, object, /)", "Set state information for unpickling.") { (t, a) throws(Raised) in
                let index = try t.index(a[1])
                let owner = a[0].cell[1]
                if owner.isBound { a[0].cell.setRaw(max(-1, min(index, try t.length(owner) - 1)), at: 2) }
                return .none
            }
        }
    }

    static func reversedNew(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        if type == t.types.pointee.reversed { try t.refuseKeywords(a, "reversed") }
        try t.checkPositionalCount(a, "reversed", 1, 1)
        let sequence = a[0]
        let method = try t.lookupSpecial(sequence, t.name(.__reversed__))
        if method.isBound && !method.isNone { return try t.call(method) }
        if method.isNone || !t.isSequence(sequence) { throw t.raise(.typeError, "'\(t.typeName(sequence))' object is not reversible") }
        let count = try t.length(sequence)
        let made = t.allocate(TypeObject(type))
        made[1] = sequence
        made.setRaw(count &- 1, at: 2)
        return Value(made)
    }

    static func reversedNext(_ t: Thread, _ value: Value) throws(Raised) -> Value {
        let i = value.cell.raw(2), owner = value.cell[1]
        if i >= 0 && owner.isBound {
            do throws(Raised) {
                let item = try t.getItem(owner, t.int(i))
                value.cell.setRaw(i &- 1, at: 2)
                return item
            } catch {
                if !t.pendingIs(.indexError) && !t.pendingIs(.stopIteration) { throw error }
                _ = t.takePending()
            }
        }
        value.cell.setRaw(-1, at: 2)
        value.cell[1] = .unbound
        return .unbound
    }
}
