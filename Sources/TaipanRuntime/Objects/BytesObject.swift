// The bytes cell: word 1 the hash (0 while unknown), word 2 the length, words 3… the bytes and a zero byte.

@frozen public struct BytesObject: BitwiseCopyable {
    public let cell: Cell
    @inlinable @inline(__always) public init(_ cell: Cell) { self.cell = cell }
    @inlinable @inline(__always) public init(_ value: Value) { cell = value.cell }
    @inlinable @inline(__always) public var value: Value { Value(cell) }
    @inlinable @inline(__always) public var count: Int { cell.raw(2) }
    @inlinable @inline(__always) public var data: UnsafeMutablePointer<UInt8> { cell.bytes(from: 3) }
    @inlinable @inline(__always) public var buffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: data, count: count) }
}

extension Thread {
    /// A fresh bytes object of `count` zero bytes, the caller's to fill.
    public func newBytes(_ count: Int) throws(Raised) -> BytesObject {
        let header = UInt(LayoutID.bytes.rawValue) | UInt(CellKind.bytes.rawValue) << 32
        guard count >= 0, count < Int.max - 64, let cell = heap.allocateAnySize(header: header, bytes: 25 + count) else { throw memoryError() }
        cell.setRaw(count, at: 2)
        return BytesObject(cell)
    }

    public func bytes(_ bytes: [UInt8]) throws(Raised) -> Value {
        if bytes.isEmpty && objects.pointee.emptyBytes.isBound { return objects.pointee.emptyBytes }
        let made = try newBytes(bytes.count)
        for i in 0..<bytes.count { made.data[i] = bytes[i] }
        return made.value
    }

    public func bytes(_ start: UnsafePointer<UInt8>?, _ count: Int) throws(Raised) -> Value {
        if count == 0 && objects.pointee.emptyBytes.isBound { return objects.pointee.emptyBytes }
        let made = try newBytes(count)
        if let start { made.data.update(from: start, count: count) }
        return made.value
    }
}
