// Iterators that walk a sequence by index, and the two-argument iter().
//
//   list, tuple, sequence, reversed:  word 1 the sequence, unbound when exhausted; word 2 the next index, raw
//   callable:                         word 1 the callable, unbound when exhausted; word 2 the sentinel

/// A list or tuple iterator, as loops use it directly.
@frozen public struct IndexIterator: BitwiseCopyable {
    public let cell: Cell
    @inlinable @inline(__always) public init(_ cell: Cell) { self.cell = cell }
    @inlinable @inline(__always) public init(_ value: Value) { cell = value.cell }
    @inlinable @inline(__always) public var owner: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    @inlinable @inline(__always) public var index: Int { get { cell.raw(2) } nonmutating set { cell.setRaw(newValue, at: 2) } }

    /// The next item of a list iterator, or unbound.
    @inlinable @inline(__always) public func nextInList() -> Value {
        let owner = self.owner
        if owner.isUnbound { return .unbound }
        let list = ListObject(owner), i = index
        if i < list.count {
            index = i &+ 1
            return list[i]
        }
        self.owner = .unbound
        return .unbound
    }

    /// The next item of a tuple iterator, or unbound.
    @inlinable @inline(__always) public func nextInTuple() -> Value {
        let owner = self.owner
        if owner.isUnbound { return .unbound }
        let items = TupleObject(owner), i = index
        if i < items.count {
            index = i &+ 1
            return items[i]
        }
        self.owner = .unbound
        return .unbound
    }
}

extension Thread {
    /// An iterator of `layout` over `owner`, at index 0.
    @inline(__always) public func newIndexIterator(_ layout: LayoutID, _ owner: Value) -> Value {
        let cell = heap.allocate(header: UInt(layout.rawValue), bytes: 24)
        cell[1] = owner
        return Value(cell)
    }

    /// An iterator that subscripts `sequence` with 0, 1, 2 … until IndexError.
    public func newSequenceIterator(_ sequence: Value) -> Value { newIndexIterator(.sequenceIterator, sequence) }

    /// `iter(callable, sentinel)`.
    public func newCallableIterator(_ callable: Value, _ sentinel: Value) -> Value {
        let cell = heap.allocate(header: UInt(LayoutID.callableIterator.rawValue), bytes: 24)
        cell[1] = callable
        cell[2] = sentinel
        return Value(cell)
    }

    func defineSequenceIteratorTypes() {
        let cells = NativeLayout(valueWords: 1, bytes: 24)
        defineType(.listIterator, "list_iterator", cells) { b in
            b.slots.pointee.next = UnarySlot { (_, v) in IndexIterator(v).nextInList() }
            defineIndexIteratorMethods(b)
        }
        defineType(.tupleIterator, "tuple_iterator", cells) { b in
            b.slots.pointee.next = UnarySlot { (_, v) in IndexIterator(v).nextInTuple() }
            defineIndexIteratorMethods(b)
        }
        defineType(.sequenceIterator, "iterator", cells) { b in
            b.slots.pointee.next = UnarySlot(Thread.sequenceIteratorNext)
            defineIndexIteratorMethods(b)
        }
        defineType(.listReverseIterator, "list_reverseiterator", cells) { b in
            b.slots.pointee.iter = UnarySlot { (_, v) in v }
            b.slots.pointee.next = UnarySlot { (_, v) in
                let owner = v.cell[1]
                if owner.isUnbound { return .unbound }
                let list = ListObject(owner), i = v.cell.raw(2)
                if i >= 0 && i < list.count {
                    v.cell.setRaw(i &- 1, at: 2)
                    return list[i]
                }
                v.cell[1] = .unbound
                v.cell.setRaw(-1, at: 2)
                return .unbound
            }
            defineListReverseIteratorMethods(b)
        }
        defineCallableIteratorType()
    }

    private func defineIndexIteratorMethods(_ b: TypeBuilder) {
        b.slots.pointee.iter = UnarySlot { (_, v) in v }
        b.method("__length_hint__", "!($self, /)", "Private method returning an estimate of len(list(it)).") { (t, a) throws(Raised) in
            let owner = a[0].cell[1]
            if owner.isUnbound { return Value(smallInt: 0) }
            if a[0].hasLayout(.sequenceIterator) && !t.type(of: owner).slots.pointee.length.isSet { return .notImplemented }
            return t.int(max(0, try t.length(owner) &- a[0].cell.raw(2)))
        }
        b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
            // Looking up `iter` may run code that exhausts the iterator, so it comes first.
            let iter = try t.builtinFunction("iter")
            let owner = a[0].cell[1]
            if owner.isBound { return try t.tuple(iter, try t.tuple(owner), t.int(a[0].cell.raw(2))) }
            let empty: Value = a[0].hasLayout(.listIterator) ? try t.newList().value : t.objects.pointee.emptyTuple
            return try t.tuple(iter, try t.tuple(empty))
        }
        b.method("__setstate__", "!($self, object, /)", "Set state information for unpickling.") { (t, a) throws(Raised) in
            var index = try t.index(a[1])
            let owner = a[0].cell[1]
            if owner.isBound {
                index = max(0, index)
                if !a[0].hasLayout(.sequenceIterator) { index = min(index, try t.length(owner)) }
                a[0].cell.setRaw(index, at: 2)
            }
            return .none
        }
    }

    private func defineListReverseIteratorMethods(_ b: TypeBuilder) {
        b.method("__length_hint__", "!($self, /)", "Private method returning an estimate of len(list(it)).") { (t, a) in
            let owner = a[0].cell[1], left = a[0].cell.raw(2) &+ 1
            return Value(smallInt: owner.isUnbound || ListObject(owner).count < left ? 0 : left)
        }
        b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
            let reversed = try t.builtinFunction("reversed")
            let owner = a[0].cell[1]
            if owner.isBound { return try t.tuple(reversed, try t.tuple(owner), t.int(a[0].cell.raw(2))) }
            return try t.tuple(try t.builtinFunction("iter"), try t.tuple(try t.newList().value))
        }
        b.method("__setstate__", "!($self, object, /)", "Set state information for unpickling.") { (t, a) throws(Raised) in
            let index = try t.index(a[1])
            let owner = a[0].cell[1]
            if owner.isBound { a[0].cell.setRaw(max(-1, min(index, ListObject(owner).count - 1)), at: 2) }
            return .none
        }
    }

    static func sequenceIteratorNext(_ t: Thread, _ value: Value) throws(Raised) -> Value {
        let i = value.cell.raw(2), owner = value.cell[1]
        if owner.isUnbound { return .unbound }
        if i == Int.max { throw t.raise(.overflowError, "iter index too large") }
        do throws(Raised) {
            let item = try t.type(of: owner).slots.pointee.getItem(t, owner, t.int(i))
            value.cell.setRaw(i &+ 1, at: 2)
            return item
        } catch {
            if !t.pendingIs(.indexError) && !t.pendingIs(.stopIteration) { throw error }
            _ = t.takePending()
            value.cell[1] = .unbound
            return .unbound
        }
    }

    private func defineCallableIteratorType() {
        defineType(.callableIterator, "callable_iterator", .values(2)) { b in
            b.slots.pointee.iter = UnarySlot { (_, v) in v }
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in
                let callable = v.cell[1], sentinel = v.cell[2]
                if callable.isUnbound { return .unbound }
                do throws(Raised) {
                    let result = try t.call(callable)
                    // The call may have exhausted this very iterator.
                    let isEnd = try t.equals(sentinel, result)
                    if v.cell[1].isBound && !isEnd { return result }
                } catch {
                    try t.swallow(.stopIteration, error)
                }
                v.cell[1] = .unbound
                v.cell[2] = .unbound
                return .unbound
            }
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                let iter = try t.builtinFunction("iter")
                let callable = a[0].cell[1]
                if callable.isBound { return try t.tuple(iter, try t.tuple(callable, a[0].cell[2])) }
                return try t.tuple(iter, try t.tuple(t.objects.pointee.emptyTuple))
            }
        }
    }
}
