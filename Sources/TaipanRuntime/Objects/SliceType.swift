// slice: words 1–3 start, stop, step, any objects.

import TaipanNumbers

@frozen public struct SliceObject: BitwiseCopyable {
    public let cell: Cell
    @inlinable @inline(__always) public init(_ cell: Cell) { self.cell = cell }
    @inlinable @inline(__always) public init(_ value: Value) { cell = value.cell }
    @inlinable @inline(__always) public var value: Value { Value(cell) }
    @inlinable @inline(__always) public var start: Value { cell[1] }
    @inlinable @inline(__always) public var stop: Value { cell[2] }
    @inlinable @inline(__always) public var step: Value { cell[3] }
}

/// A slice brought into a sequence: `count` items from `start` in steps of `step`.
@frozen public struct SliceIndices: BitwiseCopyable {
    public var start: Int
    public var stop: Int
    public var step: Int
    public var count: Int
}

extension Thread {
    /// `slice(start, stop, step)`.
    @inline(__always) public func newSlice(_ start: Value, _ stop: Value, _ step: Value = .none) -> Value {
        let cell = heap.allocate(header: UInt(LayoutID.slice.rawValue), bytes: 32)
        cell[1] = start
        cell[2] = stop
        cell[3] = step
        return Value(cell)
    }

    /// One of a slice's numbers, clamped to a machine integer.
    @inline(__always) private func sliceNumber(_ value: Value) throws(Raised) -> Int {
        if value.isSmallInt { return value.smallInt }
        return try wideSliceNumber(value)
    }

    @inline(never) private func wideSliceNumber(_ value: Value) throws(Raised) -> Int {
        if !isInt(value) && !type(of: value).slots.pointee.index.isSet {
            throw raise(.typeError, "slice indices must be integers or None or have an __index__ method")
        }
        let number = try indexValue(value)
        if let n = machineInt(number) { return n }
        return IntObject(number).isNegative ? Int.min : Int.max
    }

    /// The numbers of a slice, not yet fitted to a length (`PySlice_Unpack`). May run `__index__`, so ask for the length after it.
    public func unpackSlice(_ slice: SliceObject) throws(Raised) -> SliceIndices {
        var step = 1
        if !slice.step.isNone {
            step = try sliceNumber(slice.step)
            if step == 0 { throw raise(.valueError, "slice step cannot be zero") }
            if step < -Int.max { step = -Int.max }
        }
        let start: Int = slice.start.isNone ? (step < 0 ? Int.max : 0) : try sliceNumber(slice.start)
        let stop: Int = slice.stop.isNone ? (step < 0 ? Int.min : Int.max) : try sliceNumber(slice.stop)
        return SliceIndices(start: start, stop: stop, step: step, count: 0)
    }

    /// Start, stop, step and count of `slice` in a sequence of `length` items.
    public func sliceIndices(_ slice: SliceObject, _ length: Int) throws(Raised) -> SliceIndices {
        var made = try unpackSlice(slice)
        made.fit(length)
        return made
    }
}

extension SliceIndices {
    /// Brings the bounds into `0...length` and counts the items (`PySlice_AdjustIndices`).
    @inlinable public mutating func fit(_ length: Int) {
        if start < 0 {
            start = start &+ length
            if start < 0 { start = step < 0 ? -1 : 0 }
        } else if start >= length {
            start = step < 0 ? length &- 1 : length
        }
        if stop < 0 {
            stop = stop &+ length
            if stop < 0 { stop = step < 0 ? -1 : 0 }
        } else if stop >= length {
            stop = step < 0 ? length &- 1 : length
        }
        // A division takes longer than the rest.
        if step == 1 {
            count = max(stop &- start, 0)
        } else if step == -1 {
            count = max(start &- stop, 0)
        } else if step < 0 {
            count = stop < start ? (start &- stop &- 1) / (0 &- step) &+ 1 : 0
        } else {
            count = start < stop ? (stop &- start &- 1) / step &+ 1 : 0
        }
    }
}

// MARK: - The type

extension Thread {
    func defineSliceType() {
        defineType(.slice, "slice", .values(3)) { b in
            b.doc("slice(stop)\nslice(start, stop[, step])\n\nCreate a slice object.  This is used for extended slicing (e.g. a[0:10:2]).")
            b.slots.pointee.new = CallSlot(Thread.sliceNew)
            b.slots.pointee.repr = UnarySlot(Thread.sliceRepr)
            b.slots.pointee.compare = CompareSlot(Thread.sliceCompare)
            b.slots.pointee.hash = IntSlot(Thread.sliceHash)
            b.member("start", word: 1)
            b.member("stop", word: 2)
            b.member("step", word: 3)
            b.method("indices", "!($self, object, /)", "S.indices(len) -> (start, stop, stride)\n\nAssuming a sequence of length len, calculate the start and stop\nindices, and the stride length of the extended slice described by\nS. Out of bounds indices are clipped in a manner consistent with the\nhandling of normal slices.") { (t, a) throws(Raised) in
                try t.sliceIndicesOfAnySize(SliceObject(a[0]), a[1])
            }
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                let s = SliceObject(a[0])
                return try t.tuple(t.types.pointee.slice, try t.tuple(s.start, s.stop, s.step))
            }
        }
    }

    static func sliceNew(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        try t.positionalOnly(a, "slice", 1, 3)
        if a.count == 1 { return t.newSlice(.none, a[0]) }
        return t.newSlice(a[0], a[1], a.count > 2 ? a[2] : .none)
    }

    static func sliceRepr(_ t: Thread, _ value: Value) throws(Raised) -> Value {
        let s = SliceObject(value)
        var text = StrBuilder()
        text.append("slice(")
        text.append(try t.repr(s.start))
        text.append(", ")
        text.append(try t.repr(s.stop))
        text.append(", ")
        text.append(try t.repr(s.step))
        text.append(")")
        return try text.finish(t)
    }

    static func sliceCompare(_ t: Thread, _ left: Value, _ right: Value, _ op: CompareOperator) throws(Raised) -> Value {
        if !left.hasLayout(.slice) || !right.hasLayout(.slice) { return .notImplemented }
        if left == right { return Value(op == .equal || op == .lessEqual || op == .greaterEqual) }
        let a = SliceObject(left), b = SliceObject(right)
        return try t.compare(try t.tuple(a.start, a.stop, a.step), try t.tuple(b.start, b.stop, b.step), op)
    }

    static func sliceHash(_ t: Thread, _ value: Value) throws(Raised) -> Int {
        let s = SliceObject(value)
        var hash = PythonHash.Tuple()
        hash.add(try t.hash(s.start))
        hash.add(try t.hash(s.stop))
        hash.add(try t.hash(s.step))
        return hash.finishSlice()
    }

    /// `slice.indices(length)`: ints of any size.
    func sliceIndicesOfAnySize(_ slice: SliceObject, _ length: Value) throws(Raised) -> Value {
        let length = try indexValue(length)
        let zero = Value(smallInt: 0)
        if try holds(length, .less, zero) { throw raise(.valueError, "length should not be negative") }
        var step = Value(smallInt: 1)
        if !slice.step.isNone {
            step = try sliceIndexObject(slice.step)
            if step == zero { throw raise(.valueError, "slice step cannot be zero") }
        }
        let isBackwards = try holds(step, .less, zero)
        let lower: Value = isBackwards ? Value(smallInt: -1) : zero
        let upper: Value = isBackwards ? try binary(.add, length, Value(smallInt: -1)) : length
        let start = try sliceBoundObject(slice.start, length, lower, upper, isBackwards ? upper : lower)
        let stop = try sliceBoundObject(slice.stop, length, lower, upper, isBackwards ? lower : upper)
        return try tuple(start, stop, step)
    }

    private func sliceIndexObject(_ value: Value) throws(Raised) -> Value {
        if !isInt(value) && !type(of: value).slots.pointee.index.isSet {
            throw raise(.typeError, "slice indices must be integers or None or have an __index__ method")
        }
        return try indexValue(value)
    }

    private func sliceBoundObject(_ value: Value, _ length: Value, _ lower: Value, _ upper: Value, _ none: Value) throws(Raised) -> Value {
        if value.isNone { return none }
        let bound = try sliceIndexObject(value)
        if try holds(bound, .less, Value(smallInt: 0)) {
            let moved = try binary(.add, bound, length)
            return try holds(moved, .less, lower) ? lower : moved
        }
        return try holds(upper, .less, bound) ? upper : bound
    }
}
