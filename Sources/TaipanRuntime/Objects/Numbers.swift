// The cells of int and float beyond the small forms.
//
//   int    word 1  sign (1 or -1) times the number of limbs, raw     words 2…  limbs, least significant first
//   float  word 1  the double's bits
//
// Invariant: an int that fits 63 bits is never a cell, except as an instance of a subclass of int; a cell of a subclass may
// have 0 limbs. A float that has a small form is never a plain float cell.

@frozen public struct IntObject: BitwiseCopyable {
    public let cell: Cell
    @inlinable @inline(__always) public init(_ cell: Cell) { self.cell = cell }
    @inlinable @inline(__always) public init(_ value: Value) { cell = value.cell }
    @inlinable public var value: Value { Value(cell) }
    @inlinable public var isNegative: Bool { cell.raw(1) < 0 }
    @inlinable public var limbCount: Int { abs(cell.raw(1)) }
    @inlinable public var limbs: UnsafeMutablePointer<UInt64> { (cell.address + 16).assumingMemoryBound(to: UInt64.self) }
}

extension Thread {
    /// The int `n`.
    @inline(__always) public func int(_ n: Int) -> Value {
        Value.fitsSmallInt(n) ? Value(smallInt: n) : wideInt(n)
    }

    @inline(never) func wideInt(_ n: Int) -> Value {
        let cell = heap.allocate(header: Thread.intHeader, bytes: 24)
        cell.setRaw(n < 0 ? -1 : 1, at: 1)
        cell.setRaw(Int(bitPattern: n.magnitude), at: 2)
        return Value(cell)
    }

    public func int(_ n: UInt) -> Value {
        if n <= UInt(Value.smallIntMax) { return Value(smallInt: Int(n)) }
        let cell = heap.allocate(header: Thread.intHeader, bytes: 24)
        cell.setRaw(1, at: 1)
        cell.setRaw(Int(bitPattern: n), at: 2)
        return Value(cell)
    }

    static var intHeader: UInt { UInt(LayoutID.int.rawValue) | UInt(CellKind.int.rawValue) << 32 }

    /// A fresh int cell for `limbs` limbs, sign positive, contents zero (with `isFilled`, anything: for those who write every limb);
    /// finish with `normalize`.
    public func newInt(limbs: Int, isFilled: Bool = false) throws(Raised) -> IntObject {
        guard limbs < Int.max / 16, let cell = heap.allocateAnySize(header: Thread.intHeader, bytes: 16 + max(limbs, 1) * 8, isFilled: isFilled) else {
            throw memoryError()
        }
        cell.setRaw(limbs, at: 1)
        return IntObject(cell)
    }

    /// Drops leading zero limbs, sets the sign, and gives the small form when the number fits it.
    public func normalize(_ made: IntObject, isNegative: Bool) -> Value {
        var count = made.limbCount
        while count > 0 && made.limbs[count - 1] == 0 { count -= 1 }
        if count == 0 { return Value(smallInt: 0) }
        if count == 1 {
            let limb = made.limbs[0]
            if limb <= UInt64(Value.smallIntMax) { return Value(smallInt: isNegative ? -Int(limb) : Int(limb)) }
            if isNegative && limb == UInt64(Value.smallIntMax) + 1 { return Value(smallInt: Value.smallIntMin) }
        }
        made.cell.setRaw(isNegative ? -count : count, at: 1)
        return made.value
    }

    /// The float `d`.
    @inline(__always) public func float(_ d: Double) -> Value {
        let small = Value(smallFloat: d)
        return small.isBound ? small : wideFloat(d)
    }

    @inline(never) func wideFloat(_ d: Double) -> Value {
        let cell = heap.allocate(header: UInt(LayoutID.float.rawValue), bytes: 16)
        cell.setRaw(Int(bitPattern: UInt(d.bitPattern)), at: 1)
        return Value(cell)
    }

    /// True for floats and instances of subclasses.
    public func isFloat(_ value: Value) -> Bool { value.isSmallFloat || (value.isCell && isInstance(value, of: types.pointee.float)) }

    /// The double of a float (or subclass) value.
    @inline(__always) public func double(_ value: Value) -> Double {
        value.isSmallFloat ? value.smallFloat : Double(bitPattern: UInt64(UInt(bitPattern: value.cell.raw(1))))
    }

    /// True for ints, bools and instances of subclasses.
    @inline(__always) public func isInt(_ value: Value) -> Bool { value.isSmallInt || value.isKind(.int) || value.isTrue || value.isFalse }
}
