// The views of a dict and its iterators.
//
//   views      word 1  the dict
//   iterators  word 1  the dict, unbound when exhausted     word 2  next entry, raw     word 3  the dict's length at the start, raw
//              word 4  how many items are left, raw

/// What an iterator or a view gives of each entry.
enum DictPart { case key, value, item }

@frozen public struct DictIterator: BitwiseCopyable {
    public let cell: Cell
    @inlinable @inline(__always) public init(_ value: Value) { cell = value.cell }
    @inlinable @inline(__always) public var owner: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    @inlinable @inline(__always) public var position: Int { get { cell.raw(2) } nonmutating set { cell.setRaw(newValue, at: 2) } }
    @inlinable @inline(__always) public var expected: Int { get { cell.raw(3) } nonmutating set { cell.setRaw(newValue, at: 3) } }
    @inlinable @inline(__always) public var remaining: Int { get { cell.raw(4) } nonmutating set { cell.setRaw(newValue, at: 4) } }
}

extension Thread {
    func newDictView(_ layout: LayoutID, _ dict: Value) -> Value {
        let cell = heap.allocate(header: UInt(layout.rawValue), bytes: 16)
        cell[1] = dict
        return Value(cell)
    }

    func newDictIterator(_ layout: LayoutID, _ dict: Value, reversed: Bool = false) -> Value {
        let cell = heap.allocate(header: UInt(layout.rawValue), bytes: 40)
        let source = DictObject(dict)
        cell[1] = dict
        cell.setRaw(reversed ? source.entryCount &- 1 : 0, at: 2)
        cell.setRaw(source.count, at: 3)
        cell.setRaw(source.count, at: 4)
        return Value(cell)
    }

    /// Index of the next entry of a dict iterator, or -1 when it is exhausted.
    /// - Throws: RuntimeError when the dict has changed.
    @inline(__always) func nextEntry(_ iterator: DictIterator) throws(Raised) -> Int {
        let owner = iterator.owner
        if owner.isUnbound { return -1 }
        let dict = DictObject(owner)
        if dict.count != iterator.expected {
            iterator.expected = -1
            throw raise(.runtimeError, "dictionary changed size during iteration")
        }
        var i = iterator.position
        let used = dict.entryCount
        while i < used {
            if dict.entry(i).key.isBound {
                if iterator.remaining == 0 {
                    iterator.owner = .unbound
                    throw raise(.runtimeError, "dictionary keys changed during iteration")
                }
                iterator.position = i &+ 1
                iterator.remaining = iterator.remaining &- 1
                return i
            }
            i = i &+ 1
        }
        iterator.owner = .unbound
        return -1
    }

    /// The same from the end.
    func nextEntryBackwards(_ iterator: DictIterator) throws(Raised) -> Int {
        let owner = iterator.owner
        if owner.isUnbound { return -1 }
        let dict = DictObject(owner)
        if dict.count != iterator.expected {
            iterator.expected = -1
            throw raise(.runtimeError, "dictionary changed size during iteration")
        }
        var i = min(iterator.position, dict.entryCount &- 1)
        while i >= 0 {
            if dict.entry(i).key.isBound {
                iterator.position = i &- 1
                iterator.remaining = iterator.remaining &- 1
                return i
            }
            i = i &- 1
        }
        iterator.owner = .unbound
        return -1
    }

    func dictPart(_ dict: DictObject, _ i: Int, _ part: DictPart) throws(Raised) -> Value {
        let entry = dict.entry(i)
        switch part {
        case .key: return entry.key
        case .value: return entry.value
        case .item: return try tuple(entry.key, entry.value)
        }
    }

    // MARK: Iterator types

    func defineDictIteratorTypes() {
        let cells = NativeLayout(valueWords: 1, bytes: 40)
        defineType(.dictKeyIterator, "dict_keyiterator", cells) { b in
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in
                let owner = v.cell[1], i = try t.nextEntry(DictIterator(v))
                return i < 0 ? .unbound : DictObject(owner).entry(i).key
            }
            defineDictIteratorMethods(b)
        }
        defineType(.dictValueIterator, "dict_valueiterator", cells) { b in
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in
                let owner = v.cell[1], i = try t.nextEntry(DictIterator(v))
                return i < 0 ? .unbound : DictObject(owner).entry(i).value
            }
            defineDictIteratorMethods(b)
        }
        defineType(.dictItemIterator, "dict_itemiterator", cells) { b in
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in
                let owner = v.cell[1], i = try t.nextEntry(DictIterator(v))
                if i < 0 { return .unbound }
                let entry = DictObject(owner).entry(i)
                return try t.tuple(entry.key, entry.value)
            }
            defineDictIteratorMethods(b)
        }
        defineDictReverseIteratorTypes(cells)
    }

    private func defineDictReverseIteratorTypes(_ cells: NativeLayout) {
        defineType(.dictReverseKeyIterator, "dict_reversekeyiterator", cells) { b in
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in
                let owner = v.cell[1], i = try t.nextEntryBackwards(DictIterator(v))
                return i < 0 ? .unbound : DictObject(owner).entry(i).key
            }
            defineDictIteratorMethods(b)
        }
        defineType(.dictReverseValueIterator, "dict_reversevalueiterator", cells) { b in
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in
                let owner = v.cell[1], i = try t.nextEntryBackwards(DictIterator(v))
                return i < 0 ? .unbound : DictObject(owner).entry(i).value
            }
            defineDictIteratorMethods(b)
        }
        defineType(.dictReverseItemIterator, "dict_reverseitemiterator", cells) { b in
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in
                let owner = v.cell[1], i = try t.nextEntryBackwards(DictIterator(v))
                return i < 0 ? .unbound : try t.dictPart(DictObject(owner), i, .item)
            }
            defineDictIteratorMethods(b)
        }
    }

    private func defineDictIteratorMethods(_ b: TypeBuilder) {
        b.slots.pointee.iter = UnarySlot { (_, v) in v }
        b.method("__length_hint__", "!($self, /)", "Private method returning an estimate of len(list(it)).") { (t, a) in
            let i = DictIterator(a[0])
            let isLive: Bool = i.owner.isBound && DictObject(i.owner).count == i.expected
            return Value(smallInt: isLive ? i.remaining : 0)
        }
        b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
            // A copy goes on from here, so that the iterator itself does not move.
            let copy = a[0].cell, twin = t.heap.allocate(header: UInt(copy.layout.rawValue), bytes: 40)
            twin[1] = copy[1]
            for i in 2...4 { twin.setRaw(copy.raw(i), at: i) }
            let rest = try t.newList()
            try t.extend(rest, Value(twin))
            return try t.tuple(try t.builtinFunction("iter"), try t.tuple(rest.value))
        }
    }

    // MARK: View types

    func defineDictViewTypes() {
        defineType(.dictKeys, "dict_keys", .values(1)) { b in
            defineDictView(b)
            let s = b.slots
            s.pointee.iter = UnarySlot { (t, v) in t.newDictIterator(.dictKeyIterator, v.cell[1]) }
            s.pointee.contains = ContainsSlot { (t, v, key) throws(Raised) in try t.get(DictObject(v.cell[1]), key).isBound }
            defineSetView(b)
            b.method("__reversed__", "!($self, /)", "Return a reverse iterator over the dict keys.") { (t, a) in
                t.newDictIterator(.dictReverseKeyIterator, a[0].cell[1], reversed: true)
            }
        }
        defineType(.dictItems, "dict_items", .values(1)) { b in
            defineDictView(b)
            let s = b.slots
            s.pointee.iter = UnarySlot { (t, v) in t.newDictIterator(.dictItemIterator, v.cell[1]) }
            s.pointee.contains = ContainsSlot { (t, v, item) throws(Raised) in try t.itemsContain(DictObject(v.cell[1]), item) }
            defineSetView(b)
            b.method("__reversed__", "!($self, /)", "Return a reverse iterator over the dict items.") { (t, a) in
                t.newDictIterator(.dictReverseItemIterator, a[0].cell[1], reversed: true)
            }
        }
        defineType(.dictValues, "dict_values", .values(1)) { b in
            defineDictView(b)
            b.slots.pointee.iter = UnarySlot { (t, v) in t.newDictIterator(.dictValueIterator, v.cell[1]) }
            b.method("__reversed__", "!($self, /)", "Return a reverse iterator over the dict values.") { (t, a) in
                t.newDictIterator(.dictReverseValueIterator, a[0].cell[1], reversed: true)
            }
        }
    }

    private func itemsContain(_ dict: DictObject, _ item: Value) throws(Raised) -> Bool {
        if !item.isKind(.tuple) || TupleObject(item).count != 2 { return false }
        let found = try get(dict, TupleObject(item)[0])
        return found.isBound ? try equals(found, TupleObject(item)[1]) : false
    }

    /// What all three views have.
    private func defineDictView(_ b: TypeBuilder) {
        b.slots.pointee.length = IntSlot { (_, v) in DictObject(v.cell[1]).count }
        b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in
            if !(try t.enterRepr(v)) { return t.str("...") }
            defer { t.leaveRepr(v) }
            let items = try t.newList()
            try t.extend(items, v)
            var text = StrBuilder()
            text.append(t.type(of: v).name)
            text.append("(")
            text.append(try t.repr(items.value))
            text.append(")")
            return try text.finish(t)
        }
        b.getset("mapping", "dictionary that this view refers to", get: { (t, v) throws(Raised) in
            try t.call(t.types.pointee.mappingProxy, v.cell[1])
        })
    }

    /// What keys and items have as sets.
    private func defineSetView(_ b: TypeBuilder) {
        let s = b.slots
        s.pointee.compare = CompareSlot(Thread.dictViewCompare)
        s.pointee.subtract = BinarySlot { (t, l, r) throws(Raised) in
            let made = try t.newSet(from: l)
            try t.setDifferenceUpdate(SetObject(made), r)
            return made
        }
        s.pointee.and = BinarySlot { (t, l, r) throws(Raised) in try t.dictViewIntersection(l, r) }
        s.pointee.or = BinarySlot { (t, l, r) throws(Raised) in
            let made = try t.newSet(from: l)
            try t.setUpdate(SetObject(made), from: r)
            return made
        }
        s.pointee.xor = BinarySlot { (t, l, r) throws(Raised) in try t.dictViewSymmetricDifference(l, r) }
        b.method("isdisjoint", "!($self, other, /)", "Return True if the view and the given iterable have a null intersection.") { (t, a) throws(Raised) in
            if a[0] == a[1] { return Value(try t.length(a[0]) == 0) }
            // Walk the smaller, ask the larger.
            var walkOther = true
            if t.isAnySet(a[1]) || t.isDictSetView(a[1]) { walkOther = try t.length(a[1]) <= t.length(a[0]) }
            let large = walkOther ? a[0] : a[1]
            let iterator = try t.iter(walkOther ? a[1] : a[0])
            while true {
                let item = try t.next(iterator)
                if item.isUnbound { return .true }
                if try t.contains(large, item) { return .false }
            }
        }
    }

    /// keys or items, of a dict or an ordered dict.
    func isDictSetView(_ value: Value) -> Bool {
        if value.hasLayout(.dictKeys) || value.hasLayout(.dictItems) { return true }
        if !value.isCell { return false }
        let base = type(of: value).base
        return base == types.pointee.dictKeys || base == types.pointee.dictItems
    }

    static func dictViewCompare(_ t: Thread, _ left: Value, _ right: Value, _ op: CompareOperator) throws(Raised) -> Value {
        if !t.isDictSetView(left) || !(t.isAnySet(right) || t.isDictSetView(right)) { return .notImplemented }
        let mine = try t.length(left), theirs = try t.length(right)
        switch op {
        case .equal: return Value(mine == theirs ? try t.allContained(left, right) : false)
        case .notEqual: return Value(mine == theirs ? !(try t.allContained(left, right)) : true)
        case .less: return Value(mine < theirs ? try t.allContained(left, right) : false)
        case .lessEqual: return Value(mine <= theirs ? try t.allContained(left, right) : false)
        case .greater: return Value(mine > theirs ? try t.allContained(right, left) : false)
        case .greaterEqual: return Value(mine >= theirs ? try t.allContained(right, left) : false)
        }
    }

    private func allContained(_ small: Value, _ large: Value) throws(Raised) -> Bool {
        let iterator = try iter(small)
        while true {
            let item = try next(iterator)
            if item.isUnbound { return true }
            if !(try contains(large, item)) { return false }
        }
    }

    private func dictViewIntersection(_ left: Value, _ right: Value) throws(Raised) -> Value {
        var view = left, other = right
        // The operator may have been found through the right operand; and a smaller view on the right is the one to walk.
        if !isDictSetView(view) { swap(&view, &other) }
        if isDictSetView(other) && DictObject(other.cell[1]).count > DictObject(view.cell[1]).count { swap(&view, &other) }
        if other.hasLayout(.set) && isDictSetView(left) && SetObject(other).count > DictObject(view.cell[1]).count { swap(&view, &other) }
        let made = try newSet()
        let iterator = try iter(other)
        while true {
            let item = try next(iterator)
            if item.isUnbound { return made }
            if try contains(view, item) { try setAdd(made, item) }
        }
    }

    private func dictViewSymmetricDifference(_ left: Value, _ right: Value) throws(Raised) -> Value {
        if left.hasLayout(.dictItems) && right.hasLayout(.dictItems) { return try itemsSymmetricDifference(DictObject(left.cell[1]), DictObject(right.cell[1])) }
        let made = try newSet(from: left)
        try setSymmetricDifferenceUpdate(SetObject(made), right)
        return made
    }

    private func itemsSymmetricDifference(_ left: DictObject, _ right: DictObject) throws(Raised) -> Value {
        let rest = try copy(left)
        let made = try newSet()
        for i in 0..<right.entryCount {
            let entry = right.entry(i)
            if entry.key.isUnbound { continue }
            let mine = try rest.findEntry(self, entry.key, entry.hash)
            if mine >= 0 {
                if try equals(rest.entry(mine).value, entry.value) {
                    _ = try remove(rest, entry.key)
                    continue
                }
            }
            try setAdd(made, try tuple(entry.key, entry.value))
        }
        for i in 0..<rest.entryCount where rest.entry(i).key.isBound {
            try setAdd(made, try tuple(rest.entry(i).key, rest.entry(i).value))
        }
        return made
    }
}
