// A cell is a block of heap words. Its header word is
//
//   bits 0–31   layout id: index into the interpreter's table of layouts
//   bits 32–39  basic kind: which builtin the object is, or derives from
//   bits 40–63  spare: flags of the collector and of the type
//
// The words after the header are laid out by the type.

/// The basic kinds, one bit each, so that "is a str or a subclass" is one test.
@frozen public struct CellKind: OptionSet, BitwiseCopyable, Sendable {
    public let rawValue: UInt8
    @inlinable @inline(__always) public init(rawValue: UInt8) { self.rawValue = rawValue }
    @inlinable @inline(__always) public static var int: CellKind { CellKind(rawValue: 1) }
    @inlinable @inline(__always) public static var str: CellKind { CellKind(rawValue: 2) }
    @inlinable @inline(__always) public static var list: CellKind { CellKind(rawValue: 4) }
    @inlinable @inline(__always) public static var tuple: CellKind { CellKind(rawValue: 8) }
    @inlinable @inline(__always) public static var dict: CellKind { CellKind(rawValue: 16) }
    @inlinable @inline(__always) public static var bytes: CellKind { CellKind(rawValue: 32) }
    @inlinable @inline(__always) public static var type: CellKind { CellKind(rawValue: 64) }
    @inlinable @inline(__always) public static var exception: CellKind { CellKind(rawValue: 128) }
}

/// Flags in the header's spare bits that every cell may carry. Bits from `typeBit0` on belong to the type.
public enum CellFlag {
    /// Some weak reference points at the cell.
    @inlinable @inline(__always) public static var weaklyReferenced: UInt { 1 << 40 }
    /// The finalizer has run (PEP 442: once).
    @inlinable @inline(__always) public static var finalized: UInt { 1 << 41 }
    @inlinable @inline(__always) public static var typeBit0: UInt { 1 << 44 }
    @inlinable @inline(__always) public static var typeBit1: UInt { 1 << 45 }
    @inlinable @inline(__always) public static var typeBit2: UInt { 1 << 46 }
    @inlinable @inline(__always) public static var typeBit3: UInt { 1 << 47 }
}

/// A pointer to a cell. Field `i` is the i-th 8-byte word; word 0 is the header.
@frozen public struct Cell: BitwiseCopyable, Equatable {
    public let address: UnsafeMutableRawPointer

    @inlinable @inline(__always) public init(_ address: UnsafeMutableRawPointer) { self.address = address }

    @inlinable @inline(__always) public var header: UInt {
        get { address.load(as: UInt.self) }
        nonmutating set { address.storeBytes(of: newValue, as: UInt.self) }
    }
    @inlinable @inline(__always) public var layout: LayoutID {
        get { LayoutID(rawValue: address.load(as: UInt32.self)) }
        nonmutating set { address.storeBytes(of: newValue.rawValue, as: UInt32.self) }
    }
    @inlinable @inline(__always) public var kind: CellKind {
        CellKind(rawValue: address.load(fromByteOffset: 4, as: UInt8.self))
    }

    @inlinable @inline(__always) public func has(_ flag: UInt) -> Bool { header & flag != 0 }
    @inlinable @inline(__always) public func set(_ flag: UInt) { header |= flag }
    @inlinable @inline(__always) public func clear(_ flag: UInt) { header &= ~flag }

    /// Reads word `i` as a value.
    @inlinable @inline(__always) public subscript(_ i: Int) -> Value {
        get { address.load(fromByteOffset: i &* 8, as: Value.self) }
        nonmutating set { store(newValue, at: i) }
    }

    /// The one way a reference is stored into a cell: a generational barrier would go here.
    @inlinable @inline(__always) public func store(_ value: Value, at i: Int) {
        address.storeBytes(of: value, toByteOffset: i &* 8, as: Value.self)
    }

    /// Word `i` as a raw integer: for words outside the layout's traced ones.
    @inlinable @inline(__always) public func raw(_ i: Int) -> Int { address.load(fromByteOffset: i &* 8, as: Int.self) }
    @inlinable @inline(__always) public func setRaw(_ value: Int, at i: Int) {
        address.storeBytes(of: value, toByteOffset: i &* 8, as: Int.self)
    }

    /// The words from `i` on, as values.
    @inlinable @inline(__always) public func values(from i: Int) -> UnsafeMutablePointer<Value> {
        (address + (i &* 8)).assumingMemoryBound(to: Value.self)
    }
    @inlinable @inline(__always) public func bytes(from i: Int) -> UnsafeMutablePointer<UInt8> {
        (address + (i &* 8)).assumingMemoryBound(to: UInt8.self)
    }
}
