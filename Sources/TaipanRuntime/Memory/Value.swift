// A Value is one 64-bit word. This file owns its encoding; nothing else knows the bits.
//
//   …1      int, 63-bit two's complement
//   …10     float, rotated left by three so that binary exponents -255…256 fit; 0.0 has a pattern of its own
//   …100    immediate: None, False, True, Ellipsis, NotImplemented
//   …000    pointer to a cell; all zeros is "unbound"

/// One Python value, or "unbound". Trivial: copying it is copying a word, and no reference is counted.
///
/// The one memory rule: a `Value` is never stored where the collector does not look (Swift heap
/// memory, a class, an escaping closure, a global). Locals on the native stack are fine.
@frozen public struct Value: BitwiseCopyable, Equatable {
    public var bits: UInt

    @inlinable @inline(__always) public init(bits: UInt) { self.bits = bits }
}

extension Value {
    /// No value: a local that was deleted, an optional argument that was left out, "not found".
    @inlinable @inline(__always) public static var unbound: Value { Value(bits: 0) }
    @inlinable @inline(__always) public static var none: Value { Value(bits: 0x04) }
    @inlinable @inline(__always) public static var `false`: Value { Value(bits: 0x0C) }
    @inlinable @inline(__always) public static var `true`: Value { Value(bits: 0x14) }
    @inlinable @inline(__always) public static var ellipsis: Value { Value(bits: 0x1C) }
    @inlinable @inline(__always) public static var notImplemented: Value { Value(bits: 0x24) }

    @inlinable @inline(__always) public init(_ flag: Bool) { bits = flag ? 0x14 : 0x0C }

    @inlinable @inline(__always) public var isUnbound: Bool { bits == 0 }
    @inlinable @inline(__always) public var isBound: Bool { bits != 0 }
    @inlinable @inline(__always) public var isNone: Bool { bits == 0x04 }
    @inlinable @inline(__always) public var isTrue: Bool { bits == 0x14 }
    @inlinable @inline(__always) public var isFalse: Bool { bits == 0x0C }
    @inlinable @inline(__always) public var isBool: Bool { bits | 0x18 == 0x1C && bits != 0x04 && bits != 0x1C }
    @inlinable @inline(__always) public var isNotImplemented: Bool { bits == 0x24 }
    @inlinable @inline(__always) public var isImmediate: Bool { bits & 7 == 4 }
    /// Position of an immediate in the table of immediate types: None 0, False 1, True 2, Ellipsis 3, NotImplemented 4.
    @inlinable @inline(__always) public var immediateIndex: Int { Int(bits >> 3) }
    /// Unbound and None both count as "not given".
    @inlinable @inline(__always) public var isNoneOrUnbound: Bool { bits | 4 == 4 }
}

// MARK: - Small ints

extension Value {
    @inlinable @inline(__always) public static var smallIntMax: Int { Int.max >> 1 }
    @inlinable @inline(__always) public static var smallIntMin: Int { Int.min >> 1 }

    /// True for a 63-bit int held in the word itself. Bools are not; larger ints are cells.
    @inlinable @inline(__always) public var isSmallInt: Bool { bits & 1 != 0 }
    @inlinable @inline(__always) public var smallInt: Int { Int(bitPattern: bits) >> 1 }

    /// The int `n`, which must fit 63 bits; see `Thread.int(_:)` for any `Int`.
    @inlinable @inline(__always) public init(smallInt n: Int) { bits = UInt(bitPattern: n &<< 1) | 1 }

    @inlinable @inline(__always) public static func fitsSmallInt(_ n: Int) -> Bool { (n &<< 1) >> 1 == n }
}

// MARK: - Floats

extension Value {
    /// True for a float held in the word itself; the rest are heap cells.
    @inlinable @inline(__always) public var isSmallFloat: Bool { bits & 3 == 2 }

    @inlinable @inline(__always) public var smallFloat: Double {
        if bits == 0x8000_0000_0000_0002 { return 0.0 }
        let low: UInt = 2 &- (bits >> 63)
        let word = (bits & ~3) | low
        return Double(bitPattern: UInt64((word >> 3) | (word << 61)))
    }

    /// The word for `d`, or unbound when `d` needs a heap cell (huge, tiny, -0.0, inf, nan).
    @inlinable @inline(__always) public init(smallFloat d: Double) {
        let raw = UInt(d.bitPattern)
        let top = (raw >> 60) & 7
        if (top == 3 || top == 4) && raw != 0x3000_0000_0000_0000 {
            bits = (((raw << 3) | (raw >> 61)) & ~3) | 2
        } else {
            bits = raw == 0 ? 0x8000_0000_0000_0002 : 0
        }
    }
}

// MARK: - Cells

extension Value {
    @inlinable @inline(__always) public var isCell: Bool { bits & 7 == 0 && bits != 0 }
    /// The cell behind the value; only meaningful when `isCell`.
    @inlinable @inline(__always) public var cell: Cell { Cell(UnsafeMutableRawPointer(bitPattern: bits).unsafelyUnwrapped) }
    @inlinable @inline(__always) public init(_ cell: Cell) { bits = UInt(bitPattern: cell.address) }

    /// True for a cell whose layout is exactly `layout`.
    @inlinable @inline(__always) public func hasLayout(_ layout: LayoutID) -> Bool {
        isCell && cell.layout == layout
    }

    /// True for a cell that carries one of the basic kinds in `kind` (subclasses included).
    @inlinable @inline(__always) public func isKind(_ kind: CellKind) -> Bool {
        isCell && cell.kind.rawValue & kind.rawValue != 0
    }
}
