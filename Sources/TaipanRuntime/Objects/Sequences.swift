// The cells of tuple and list, and the value buffer that holds a list's items.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// tuple: word 1 the length (a small int), words 2… the items.
@frozen public struct TupleObject: BitwiseCopyable {
    public let cell: Cell
    @inlinable @inline(__always) public init(_ cell: Cell) { self.cell = cell }
    @inlinable @inline(__always) public init(_ value: Value) { cell = value.cell }
    @inlinable @inline(__always) public var value: Value { Value(cell) }
    @inlinable @inline(__always) public var count: Int { cell[1].smallInt }
    @inlinable @inline(__always) public var items: UnsafeMutablePointer<Value> { cell.values(from: 2) }
    @inlinable @inline(__always) public subscript(_ i: Int) -> Value {
        get { cell[i &+ 2] }
        nonmutating set { cell.store(newValue, at: i &+ 2) }
    }
}

/// A cell of nothing but values: word 1 its capacity (a small int), words 2… the values.
@frozen public struct ValueBuffer: BitwiseCopyable {
    public let cell: Cell
    @inlinable @inline(__always) public init(_ cell: Cell) { self.cell = cell }
    @inlinable @inline(__always) public init(_ value: Value) { cell = value.cell }
    @inlinable @inline(__always) public var value: Value { Value(cell) }
    @inlinable @inline(__always) public var capacity: Int { cell[1].smallInt }
    @inlinable @inline(__always) public var items: UnsafeMutablePointer<Value> { cell.values(from: 2) }
}

/// list: word 1 the buffer (or unbound), word 2 the length, raw. Items past the length are unbound.
@frozen public struct ListObject: BitwiseCopyable {
    public let cell: Cell
    @inlinable @inline(__always) public init(_ cell: Cell) { self.cell = cell }
    @inlinable @inline(__always) public init(_ value: Value) { cell = value.cell }
    @inlinable @inline(__always) public var value: Value { Value(cell) }
    @inlinable @inline(__always) public var buffer: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    @inlinable @inline(__always) public var count: Int { get { cell.raw(2) } nonmutating set { cell.setRaw(newValue, at: 2) } }
    /// Valid until the list next grows; meaningless when the list is empty.
    @inlinable @inline(__always) public var items: UnsafeMutablePointer<Value> { cell[1].cell.values(from: 2) }
    @inlinable @inline(__always) public var capacity: Int { buffer.isUnbound ? 0 : ValueBuffer(buffer).capacity }
    /// Item `i`, which must be in range.
    @inlinable @inline(__always) public subscript(_ i: Int) -> Value {
        get { items[i] }
        nonmutating set { cell[1].cell.store(newValue, at: i &+ 2) }
    }
}

extension Thread {
    // MARK: Tuples

    /// A tuple of `count` unbound items, the caller's to fill. `()` is shared.
    @inline(never) public func newTuple(_ count: Int) throws(Raised) -> TupleObject {
        if count == 0 && objects.pointee.emptyTuple.isBound { return TupleObject(objects.pointee.emptyTuple) }
        let header = UInt(LayoutID.tuple.rawValue) | UInt(CellKind.tuple.rawValue) << 32
        if count < 0 || count > Int.max / 16 { throw memoryError() }
        guard let cell = heap.allocateAnySize(header: header, bytes: 16 &+ count &* 8) else { throw memoryError() }
        cell[1] = Value(smallInt: count)
        return TupleObject(cell)
    }

    /// A tuple of the given values.
    @inline(never) public func tuple(_ values: UnsafePointer<Value>, _ count: Int) throws(Raised) -> Value {
        let made = try newTuple(count)
        for i in 0..<max(count, 0) { made[i] = values[i] }
        return made.value
    }

    @inline(never) public func tuple(_ a: Value) throws(Raised) -> Value {
        let made = try newTuple(1)
        made[0] = a
        return made.value
    }
    @inline(never) public func tuple(_ a: Value, _ b: Value) throws(Raised) -> Value {
        // Pairs are made by the million (items, enumerate, zip): straight from the size class.
        let header = UInt(LayoutID.tuple.rawValue) | UInt(CellKind.tuple.rawValue) << 32
        let cell = heap.allocate(header: header, bytes: 32)
        cell[1] = Value(smallInt: 2)
        cell[2] = a
        cell[3] = b
        return Value(cell)
    }
    @inline(never) public func tuple(_ a: Value, _ b: Value, _ c: Value) throws(Raised) -> Value {
        let made = try newTuple(3)
        made[0] = a
        made[1] = b
        made[2] = c
        return made.value
    }

    // MARK: Lists

    @inline(never) public func newValueBuffer(_ capacity: Int) throws(Raised) -> ValueBuffer {
        let header = UInt(LayoutID.valueBuffer.rawValue)
        if capacity < 0 || capacity > Int.max / 16 { throw memoryError() }
        guard let cell = heap.allocateAnySize(header: header, bytes: 16 &+ capacity &* 8) else { throw memoryError() }
        cell[1] = Value(smallInt: capacity)
        return ValueBuffer(cell)
    }

    /// An empty list with room for `capacity` items.
    @inline(never) public func newList(capacity: Int = 0) throws(Raised) -> ListObject {
        let buffer: Value = capacity > 0 ? try newValueBuffer(capacity).value : .unbound
        let cell = heap.allocate(header: UInt(LayoutID.list.rawValue) | UInt(CellKind.list.rawValue) << 32, bytes: 24)
        cell[1] = buffer
        return ListObject(cell)
    }

    /// A list of the given values.
    public func list(_ values: UnsafePointer<Value>, _ count: Int) throws(Raised) -> Value {
        let made = try newList(capacity: count)
        for i in 0..<max(count, 0) { made[i] = values[i] }
        made.count = count
        return made.value
    }

    @inline(__always) public func append(_ list: ListObject, _ value: Value) throws(Raised) {
        let count = list.count
        if count >= list.capacity { try growList(list, count &+ 1) }
        list[count] = value
        list.count = count &+ 1
    }

    /// Makes room for at least `needed` items, over-allocating by an eighth as CPython does; by half where a larger buffer
    /// means copying much (CPython's allocator can extend a large buffer in place).
    @inline(never) public func growList(_ list: ListObject, _ needed: Int) throws(Raised) {
        let capacity = (needed &+ (needed >> (needed < 1024 ? 3 : 1)) &+ 6) & ~3
        let buffer = try newValueBuffer(capacity)
        let count = list.count
        if count > 0 { memcpy(buffer.items, list.items, count &* 8) }
        list.buffer = buffer.value
    }
}
