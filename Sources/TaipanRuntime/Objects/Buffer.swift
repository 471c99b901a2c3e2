// Lending bytes (PEP 3118): how native code reads and writes the memory of bytes-like objects. Whoever
// takes a view gives it back with `release`; while it is out, the owner does not move or resize its memory.

import TaipanUnicode

extension BufferView {
    /// The bytes, for reading.
    public var bytes: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: base.map { UnsafePointer($0.assumingMemoryBound(to: UInt8.self)) }, count: base == nil ? 0 : count)
    }
    /// The bytes, for writing: only when not read-only.
    public var mutableBytes: UnsafeMutableBufferPointer<UInt8> {
        UnsafeMutableBufferPointer(start: base?.assumingMemoryBound(to: UInt8.self), count: base == nil ? 0 : count)
    }
    var points: CodePoints { CodePoints(bytes) }
}

extension Thread {
    /// True for objects that lend their bytes.
    public func hasBuffer(_ value: Value) -> Bool { type(of: value).slots.pointee.buffer.isSet }

    /// The bytes of a bytes-like object, contiguous. Give the view back with `release`.
    /// - Throws: TypeError "a bytes-like object is required, not 'X'", BufferError.
    public func buffer(of value: Value, writable: Bool = false) throws(Raised) -> BufferView {
        if value.hasLayout(.bytes) && !writable {
            let bytes = BytesObject(value)
            return BufferView(base: UnsafeMutableRawPointer(bytes.data), count: bytes.count, isReadOnly: true, owner: value)
        }
        return try lend(value, writable ? .writable : .simple)
    }

    /// Gives a lent buffer back.
    public func release(_ view: BufferView) {
        if view.owner.isUnbound || view.owner.hasLayout(.bytes) { return }
        let slot = type(of: view.owner).slots.pointee.releaseBuffer
        if !slot.isSet { return }
        // Giving back must not disturb an error that is on its way.
        let pending = takePending()
        do throws(Raised) { try slot(self, view.owner) } catch { _ = takePending() }
        if pending.isBound { _ = restore(pending) }
    }

    /// The bytes object with the contents of a bytes-like object; the object itself when it is exactly a bytes.
    public func bytesFrom(_ value: Value) throws(Raised) -> Value {
        if value.hasLayout(.bytes) { return value }
        return try copiedBytes(value)
    }

    /// A fresh bytes object with the contents of a bytes-like object, contiguous or not.
    func copiedBytes(_ value: Value) throws(Raised) -> Value {
        let view = try lend(value, .full)
        defer { release(view) }
        return try bytesFrom(view, order: 0x43)
    }

    /// Frees what dead memoryviews still hold: called before an export count is believed, for objects here die later than CPython's.
    @inline(never) public func collectLentBuffers() {
        heap.collect()
        let pending = heap.pointee.pendingFinalizers
        for i in 0..<pending.count {
            guard let address = UnsafeMutableRawPointer(bitPattern: pending.base[i]) else { continue }
            let cell = Cell(address)
            returnLoan(cell)
        }
        // `del buffer[:n]` after `bytes(memoryview(buffer)[:n])` must not fail because the native stack remembers the view.
        heap.forEachUnreachable { returnLoan($0) }
    }

    /// A dead borrower gives back what it holds; runs no Python code.
    private func returnLoan(_ cell: Cell) {
        if cell.layout == .memoryview { return releaseDeadView(MemoryViewObject(Value(cell))) }
        let type = type(of: Value(cell))
        if type.has(TypeFlag.heap) || !type.slots.pointee.releaseBuffer.isSet || !type.slots.pointee.finalize.isSet || cell.has(CellFlag.finalized) { return }
        cell.set(CellFlag.finalized)
        do throws(Raised) { try type.slots.pointee.finalize(self, Value(cell)) } catch { _ = takePending() }
    }

    // MARK: Warnings that -b asks for

    /// BytesWarning: a warning with `-b`, an error with `-bb`.
    func bytesWarning(_ message: StaticString) throws(Raised) {
        if interp.pointee.config.bytesWarning == 0 { return }
        try warn(.bytesWarning, "\(message)")
    }
}
