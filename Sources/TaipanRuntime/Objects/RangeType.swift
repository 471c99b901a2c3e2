// range: words 1–4 start, stop, step and length, ints of any size. A range whose numbers are machine integers also has them raw, in words
// 5–7 (start, step, length), and flag typeBit0 set; loops and subscripts use those.

import TaipanNumbers

@frozen public struct RangeObject: BitwiseCopyable {
    public let cell: Cell
    @inlinable @inline(__always) public init(_ cell: Cell) { self.cell = cell }
    @inlinable @inline(__always) public init(_ value: Value) { cell = value.cell }
    @inlinable @inline(__always) public var value: Value { Value(cell) }
    @inlinable @inline(__always) public var start: Value { cell[1] }
    @inlinable @inline(__always) public var stop: Value { cell[2] }
    @inlinable @inline(__always) public var step: Value { cell[3] }
    @inlinable @inline(__always) public var length: Value { cell[4] }
    /// All numbers of the range, and one step past its end, are small ints.
    @inlinable @inline(__always) public var isSmall: Bool { cell.has(CellFlag.typeBit0) }
    @inlinable @inline(__always) public var smallStart: Int { cell.raw(5) }
    @inlinable @inline(__always) public var smallStep: Int { cell.raw(6) }
    @inlinable @inline(__always) public var smallLength: Int { cell.raw(7) }
}

/// Iterator over a small range: raw words only. Word 1 the next number, word 2 how many are left, word 3 the step.
/// Every number it gives is a small int, so that a loop may do `left > 0 → Value(smallInt: next); next += step; left -= 1` by itself.
@frozen public struct RangeIterator: BitwiseCopyable {
    public let cell: Cell
    @inlinable @inline(__always) public init(_ cell: Cell) { self.cell = cell }
    @inlinable @inline(__always) public init(_ value: Value) { cell = value.cell }
    @inlinable @inline(__always) public var value: Value { Value(cell) }
    @inlinable @inline(__always) public var current: Int { get { cell.raw(1) } nonmutating set { cell.setRaw(newValue, at: 1) } }
    @inlinable @inline(__always) public var remaining: Int { get { cell.raw(2) } nonmutating set { cell.setRaw(newValue, at: 2) } }
    @inlinable @inline(__always) public var step: Int { cell.raw(3) }

    /// The next number, or unbound.
    @inlinable @inline(__always) public func next() -> Value {
        let left = remaining
        if left <= 0 { return .unbound }
        let n = current
        current = n &+ step
        remaining = left &- 1
        return Value(smallInt: n)
    }
}

extension Thread {
    /// `range(start, stop, step)` of ints; the step must not be 0.
    public func newRange(_ start: Value, _ stop: Value, _ step: Value) throws(Raised) -> Value {
        if start.isSmallInt && stop.isSmallInt && step.isSmallInt {
            let a = start.smallInt, b = stop.smallInt, by = step.smallInt
            let length = Thread.rangeLength(a, b, by)
            if Value.fitsSmallInt(length) && Value.fitsSmallInt(a &+ length &* by) || length == 0 {
                let made = allocateRange(start, stop, step, Value(smallInt: length))
                made.cell.set(CellFlag.typeBit0)
                made.cell.setRaw(a, at: 5)
                made.cell.setRaw(by, at: 6)
                made.cell.setRaw(length, at: 7)
                return made.value
            }
        }
        return allocateRange(start, stop, step, try wideRangeLength(start, stop, step)).value
    }

    private func allocateRange(_ start: Value, _ stop: Value, _ step: Value, _ length: Value) -> RangeObject {
        let cell = heap.allocate(header: UInt(LayoutID.range.rawValue), bytes: 64)
        cell[1] = start
        cell[2] = stop
        cell[3] = step
        cell[4] = length
        return RangeObject(cell)
    }

    /// How many numbers small ints `start`, `stop`, `step` make: the distance fits a machine word.
    @inline(__always) static func rangeLength(_ start: Int, _ stop: Int, _ step: Int) -> Int {
        if step > 0 { return start < stop ? (stop &- start &- 1) / step &+ 1 : 0 }
        return start > stop ? (start &- stop &- 1) / (0 &- step) &+ 1 : 0
    }

    private func wideRangeLength(_ start: Value, _ stop: Value, _ step: Value) throws(Raised) -> Value {
        let zero = Value(smallInt: 0), one = Value(smallInt: 1)
        let isUp = try holds(step, .greater, zero)
        let low = isUp ? start : stop, high = isUp ? stop : start
        if !(try holds(low, .less, high)) { return zero }
        let stride = isUp ? step : try negative(step)
        let distance = try binary(.subtract, try binary(.subtract, high, low), one)
        return try binary(.add, try binary(.floorDivide, distance, stride), one)
    }

    /// A range iterator over small ints: `count` numbers from `start`.
    @inline(__always) public func newRangeIterator(_ start: Int, _ step: Int, _ count: Int) -> Value {
        let cell = heap.allocate(header: UInt(LayoutID.rangeIterator.rawValue), bytes: 32)
        cell.setRaw(start, at: 1)
        cell.setRaw(count, at: 2)
        cell.setRaw(step, at: 3)
        return Value(cell)
    }

    /// `iter(range)`.
    public func iter(range: RangeObject) -> Value {
        if range.isSmall { return newRangeIterator(range.smallStart, range.smallStep, range.smallLength) }
        return newLongRangeIterator(range.start, range.step, range.length)
    }

    /// Words 1–3: next number, step, numbers left.
    func newLongRangeIterator(_ start: Value, _ step: Value, _ count: Value) -> Value {
        let cell = heap.allocate(header: UInt(LayoutID.longRangeIterator.rawValue), bytes: 32)
        cell[1] = start
        cell[2] = step
        cell[3] = count
        return Value(cell)
    }

    // MARK: The type

    func defineRangeType() {
        let cells = NativeLayout(valueWords: 4, bytes: 64)
        defineType(.range, "range", flags: TypeFlag.sequence, cells) { b in
            b.doc("range(stop) -> range object\nrange(start, stop[, step]) -> range object\n\nReturn an object that produces a sequence of integers from start (inclusive)\nto stop (exclusive) by step.  range(i, j) produces i, i+1, i+2, ..., j-1.\nstart defaults to 0, and stop is omitted!  range(4) produces 0, 1, 2, 3.\nThese are exactly the valid indices for a list of 4 elements.\nWhen step is given, it specifies the increment (or decrement).")
            let s = b.slots
            s.pointee.new = CallSlot(Thread.rangeNew)
            s.pointee.repr = UnarySlot(Thread.rangeRepr)
            s.pointee.hash = IntSlot(Thread.rangeHash)
            s.pointee.compare = CompareSlot(Thread.rangeCompare)
            s.pointee.iter = UnarySlot { (t, v) in t.iter(range: RangeObject(v)) }
            s.pointee.truth = BoolSlot { (_, v) in RangeObject(v).length != Value(smallInt: 0) }
            s.pointee.length = IntSlot { (t, v) throws(Raised) in
                if let n = t.machineInt(RangeObject(v).length) { return n }
                throw t.raise(.overflowError, "Python int too large to convert to C ssize_t")
            }
            s.pointee.getItem = BinarySlot { (t, v, k) throws(Raised) in try t.rangeGet(RangeObject(v), k) }
            s.pointee.contains = ContainsSlot { (t, v, item) throws(Raised) in try t.rangeContains(RangeObject(v), item) }
            defineRangeMethods(b)
        }
    }

    private func defineRangeMethods(_ b: TypeBuilder) {
        b.member("start", word: 1)
        b.member("stop", word: 2)
        b.member("step", word: 3)
        b.method("__reversed__", "!($self, /)", "Return a reverse iterator.") { (t, a) throws(Raised) in
            let r = RangeObject(a[0])
            if r.isSmall { return t.newRangeIterator(r.smallStart &+ (r.smallLength &- 1) &* r.smallStep, 0 &- r.smallStep, r.smallLength) }
            let last = try t.rangeItem(r, try t.binary(.subtract, r.length, Value(smallInt: 1)))
            return t.newLongRangeIterator(last, try t.negative(r.step), r.length)
        }
        b.method("__reduce__", "!($self, /)", "") { (t, a) throws(Raised) in
            let r = RangeObject(a[0])
            return try t.tuple(t.types.pointee.range, try t.tuple(r.start, r.stop, r.step))
        }
        b.method("count", "!($self, object, /)", "rangeobject.count(value) -> integer -- return number of occurrences of value") { (t, a) throws(Raised) in
            let r = RangeObject(a[0])
            if t.isExactInt(a[1]) { return Value(smallInt: try t.rangeContains(r, a[1]) ? 1 : 0) }
            var n = 0
            try t.forEach(a[0]) { (item) throws(Raised) in if try t.equals(item, a[1]) { n += 1 } }
            return Value(smallInt: n)
        }
        b.method("index", "!($self, object, /)", "rangeobject.index(value) -> integer -- return index of value.\nRaise ValueError if the value is not present.") { (t, a) throws(Raised) in
            let r = RangeObject(a[0])
            if !t.isExactInt(a[1]) {
                let iterator = t.iter(range: r)
                var n = 0
                while true {
                    let item = try t.next(iterator)
                    if item.isUnbound { throw t.raise(.valueError, "sequence.index(x): x not in sequence") }
                    if try t.equals(item, a[1]) { return Value(smallInt: n) }
                    n += 1
                }
            }
            if !(try t.rangeContains(r, a[1])) { throw t.raise(.valueError, "\(try t.reprText(a[1])) is not in range") }
            return try t.binary(.floorDivide, try t.binary(.subtract, a[1], r.start), r.step)
        }
    }

    /// An int or a bool, not an instance of a subclass.
    @inline(__always) func isExactInt(_ value: Value) -> Bool { value.isSmallInt || value.hasLayout(.int) || value.isTrue || value.isFalse }

    static func rangeNew(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        try t.positionalOnly(a, "range", 1, 3)
        if a.count == 1 { return try t.newRange(Value(smallInt: 0), try t.indexValue(a[0]), Value(smallInt: 1)) }
        let start = try t.indexValue(a[0]), stop = try t.indexValue(a[1])
        if a.count == 2 { return try t.newRange(start, stop, Value(smallInt: 1)) }
        let step = try t.indexValue(a[2])
        if step == Value(smallInt: 0) { throw t.raise(.valueError, "range() arg 3 must not be zero") }
        return try t.newRange(start, stop, step)
    }

    static func rangeRepr(_ t: Thread, _ value: Value) throws(Raised) -> Value {
        let r = RangeObject(value)
        let bounds = "range(\(try t.reprText(r.start)), \(try t.reprText(r.stop))"
        return t.str(r.step == Value(smallInt: 1) ? bounds + ")" : bounds + ", \(try t.reprText(r.step)))")
    }

    static func rangeHash(_ t: Thread, _ value: Value) throws(Raised) -> Int {
        let r = RangeObject(value)
        let isEmpty = r.length == Value(smallInt: 0), isSingle = r.length == Value(smallInt: 1)
        return try t.hash(try t.tuple(r.length, isEmpty ? .none : r.start, isEmpty || isSingle ? .none : r.step))
    }

    static func rangeCompare(_ t: Thread, _ left: Value, _ right: Value, _ op: CompareOperator) throws(Raised) -> Value {
        if !left.hasLayout(.range) || !right.hasLayout(.range) || (op != .equal && op != .notEqual) { return .notImplemented }
        let same = try t.rangesAreEqual(RangeObject(left), RangeObject(right))
        return Value(same == (op == .equal))
    }

    private func rangesAreEqual(_ a: RangeObject, _ b: RangeObject) throws(Raised) -> Bool {
        if a.cell == b.cell { return true }
        if !(try equals(a.length, b.length)) { return false }
        if a.length == Value(smallInt: 0) { return true }
        if !(try equals(a.start, b.start)) { return false }
        return a.length == Value(smallInt: 1) ? true : try equals(a.step, b.step)
    }

    /// Number `i` of the range, not checked.
    private func rangeItem(_ r: RangeObject, _ i: Value) throws(Raised) -> Value {
        if r.isSmall && i.isSmallInt { return Value(smallInt: r.smallStart &+ i.smallInt &* r.smallStep) }
        return try binary(.add, r.start, try binary(.multiply, i, r.step))
    }

    /// `range[key]`: an int or a slice.
    public func rangeGet(_ r: RangeObject, _ key: Value) throws(Raised) -> Value {
        if key.hasLayout(.slice) {
            let bounds = TupleObject(try sliceIndicesOfAnySize(SliceObject(key), r.length))
            let step = try binary(.multiply, r.step, bounds[2])
            return try newRange(try rangeItem(r, bounds[0]), try rangeItem(r, bounds[1]), step)
        }
        if !isInt(key) && !type(of: key).slots.pointee.index.isSet {
            throw raise(.typeError, "range indices must be integers or slices, not \(typeName(key))")
        }
        var i = try indexValue(key)
        let zero = Value(smallInt: 0)
        if i.isSmallInt && r.isSmall {
            if i.smallInt < 0 { i = Value(smallInt: i.smallInt &+ r.smallLength) }
            if i.smallInt >= 0 && i.smallInt < r.smallLength { return Value(smallInt: r.smallStart &+ i.smallInt &* r.smallStep) }
        } else {
            if try holds(i, .less, zero) { i = try binary(.add, i, r.length) }
            let isBelow = try holds(i, .less, zero)
            let isInside: Bool = isBelow ? false : try holds(i, .less, r.length)
            if isInside { return try rangeItem(r, i) }
        }
        throw raise(.indexError, "range object index out of range")
    }

    func rangeContains(_ r: RangeObject, _ item: Value) throws(Raised) -> Bool {
        if r.isSmall && item.isSmallInt {
            let n = item.smallInt, offset = n &- r.smallStart
            if r.smallLength == 0 || (r.smallStep > 0 ? offset < 0 : offset > 0) { return false }
            let last = r.smallStart &+ (r.smallLength &- 1) &* r.smallStep
            return (r.smallStep > 0 ? n <= last : n >= last) && offset % r.smallStep == 0
        }
        if !isExactInt(item) {
            let iterator = iter(range: r)
            while true {
                let one = try next(iterator)
                if one.isUnbound { return false }
                if try equals(one, item) { return true }
            }
        }
        let zero = Value(smallInt: 0)
        let isUp = try holds(r.step, .greater, zero)
        let notBefore = isUp ? try holds(r.start, .lessEqual, item) : try holds(r.start, .greaterEqual, item)
        if !notBefore { return false }
        let isInside = isUp ? try holds(item, .less, r.stop) : try holds(item, .greater, r.stop)
        if !isInside { return false }
        return try binary(.remainder, try binary(.subtract, item, r.start), r.step) == zero
    }
}

// MARK: - Iterators

extension Thread {
    func defineRangeIteratorTypes() {
        defineType(.rangeIterator, "range_iterator", NativeLayout(valueWords: 0, bytes: 32)) { b in
            b.slots.pointee.iter = UnarySlot { (_, v) in v }
            b.slots.pointee.next = UnarySlot { (_, v) in RangeIterator(v).next() }
            b.method("__length_hint__", "!($self, /)", "Private method returning an estimate of len(list(it)).") { (t, a) in
                t.int(RangeIterator(a[0]).remaining)
            }
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                let i = RangeIterator(a[0])
                let stop = i.current &+ i.remaining &* i.step
                let range = try t.newRange(t.int(i.current), t.int(stop), t.int(i.step))
                return try t.tuple(try t.builtinFunction("iter"), try t.tuple(range), .none)
            }
            b.method("__setstate__", "!($self, object, /)", "Set state information for unpickling.") { (t, a) throws(Raised) in
                let i = RangeIterator(a[0])
                let index = max(0, min(try t.index(a[1]), i.remaining))
                i.current = i.current &+ index &* i.step
                i.remaining = i.remaining &- index
                return .none
            }
        }
        defineType(.longRangeIterator, "longrange_iterator", .values(3)) { b in
            b.slots.pointee.iter = UnarySlot { (_, v) in v }
            b.slots.pointee.next = UnarySlot(Thread.longRangeNext)
            b.method("__length_hint__", "!($self, /)", "Private method returning an estimate of len(list(it)).") { (t, a) in a[0].cell[3] }
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                let i = a[0].cell
                let stop = try t.binary(.add, i[1], try t.binary(.multiply, i[3], i[2]))
                return try t.tuple(try t.builtinFunction("iter"), try t.tuple(try t.newRange(i[1], stop, i[2])), .none)
            }
            b.method("__setstate__", "!($self, object, /)", "Set state information for unpickling.") { (t, a) throws(Raised) in
                let i = a[0].cell, zero = Value(smallInt: 0)
                if !t.isInt(a[1]) { throw t.raise(.typeError, "state must be an int, not \(t.typeName(a[1]))") }
                var index = try t.indexValue(a[1])
                if try t.holds(index, .less, zero) { index = zero }
                if try t.holds(index, .greater, i[3]) { index = i[3] }
                i[1] = try t.binary(.add, i[1], try t.binary(.multiply, index, i[2]))
                i[3] = try t.binary(.subtract, i[3], index)
                return .none
            }
        }
    }

    static func longRangeNext(_ t: Thread, _ value: Value) throws(Raised) -> Value {
        let i = value.cell
        if i[3] == Value(smallInt: 0) { return .unbound }
        let n = i[1]
        i[1] = try t.binary(.add, n, i[2])
        i[3] = try t.binary(.subtract, i[3], Value(smallInt: 1))
        return n
    }
}

/// Words of a range iterator, for loops that step it inline.
enum RangeIteratorLayout {
    @inline(__always) static var current: Int { 1 }
    @inline(__always) static var remaining: Int { 2 }
    @inline(__always) static var step: Int { 3 }
}
