// `_testbuffer.ndarray`: its cells.
//
//   ndarray  word 1 the newest of its buffers     raw: 2 flags of the object
//   buffer   word 1 the older buffer   2 memory (bytes), unbound for a borrowed buffer   3 table of pointers (bytes)   4 format (str)
//            5 lender to release   6 whose memory it is   7 the ndarray
//            raw: 8 first byte   9 bytes in all   10 item size   11 flags   12 axes   13 times lent out   14 what was asked for   15 offset
//            16 … shape, strides, suboffsets
//
// A buffer is what a borrower of the array gives back.

import TaipanRuntime

/// Flags of an ndarray (CPython's numbers).
enum NDFlag {
    static let varExport = 0x1, writable = 0x2, fortran = 0x4, scalar = 0x8, pil = 0x10, redirect = 0x20, getbufFail = 0x40, getbufUndefined = 0x80, c = 0x100
    static let maximumAxes = 128
}

struct NDBuffer: BitwiseCopyable {
    let cell: Cell
    init(_ value: Value) { cell = value.cell }
    var value: Value { Value(cell) }
    var older: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    var memory: Value { get { cell[2] } nonmutating set { cell[2] = newValue } }
    var table: Value { get { cell[3] } nonmutating set { cell[3] = newValue } }
    var format: Value { get { cell[4] } nonmutating set { cell[4] = newValue } }
    var lender: Value { get { cell[5] } nonmutating set { cell[5] = newValue } }
    var object: Value { get { cell[6] } nonmutating set { cell[6] = newValue } }
    var array: Value { get { cell[7] } nonmutating set { cell[7] = newValue } }
    var base: UnsafeMutableRawPointer? {
        get { UnsafeMutableRawPointer(bitPattern: cell.raw(8)) }
        nonmutating set { cell.setRaw(Int(bitPattern: newValue), at: 8) }
    }
    var count: Int { get { cell.raw(9) } nonmutating set { cell.setRaw(newValue, at: 9) } }
    var itemSize: Int { get { cell.raw(10) } nonmutating set { cell.setRaw(newValue, at: 10) } }
    var flags: Int { get { cell.raw(11) } nonmutating set { cell.setRaw(newValue, at: 11) } }
    var axes: Int { get { cell.raw(12) } nonmutating set { cell.setRaw(newValue, at: 12) } }
    var exports: Int { get { cell.raw(13) } nonmutating set { cell.setRaw(newValue, at: 13) } }
    var request: BufferFlags {
        get { BufferFlags(rawValue: cell.raw(14)) }
        nonmutating set { cell.setRaw(newValue.rawValue, at: 14) }
    }
    var offset: Int { get { cell.raw(15) } nonmutating set { cell.setRaw(newValue, at: 15) } }
    var shape: UnsafeMutablePointer<Int> { (cell.address + 128).assumingMemoryBound(to: Int.self) }
    var strides: UnsafeMutablePointer<Int> { shape + axes }
    var suboffsets: UnsafeMutablePointer<Int> { shape + 2 * axes }
    static func bytes(_ axes: Int) -> Int { 128 + axes * 24 }

    func has(_ flag: Int) -> Bool { flags & flag != 0 }
    var isReadOnly: Bool { !has(NDFlag.writable) }
    /// The memory is somebody else's.
    var isBorrowed: Bool { memory.isUnbound }
    var hasSuboffsets: Bool { table.isBound }

    /// What the array shows of its memory.
    var view: BufferView {
        var view = BufferView(base: base, count: count, isReadOnly: isReadOnly, owner: value, itemSize: itemSize)
        view.object = array
        view.formatText = format
        view.dimensions = axes
        view.shape = request.contains(.shape) ? UnsafePointer(shape) : nil
        view.strides = request.contains(.strides) ? UnsafePointer(strides) : nil
        view.suboffsets = hasSuboffsets ? UnsafePointer(suboffsets) : nil
        view.flags = request
        return view
    }

    /// Sets the flags that say how the items lie.
    func describe() {
        flags &= ~(NDFlag.c | NDFlag.fortran | NDFlag.scalar | NDFlag.pil)
        let view = self.view
        if axes == 0 { flags |= NDFlag.scalar }
        if hasSuboffsets { flags |= NDFlag.pil }
        if view.isCContiguous { flags |= NDFlag.c }
        if view.isFContiguous { flags |= NDFlag.fortran }
    }
}

extension Thread {
    var ndArrayType: TypeObject { kept("_testbuffer", 0) }
    func isNDArray(_ value: Value) -> Bool { isInstance(value, of: ndArrayType.value) }

    /// The newest buffer of an array.
    func ndHead(_ array: Value) throws(Raised) -> NDBuffer {
        if array.cell[1].isUnbound { throw raise(.valueError, "ndarray is not initialized") }
        return NDBuffer(array.cell[1])
    }

    func newNDBuffer(_ axes: Int) throws(Raised) -> NDBuffer {
        let made = NDBuffer(Value(try allocate(kept("_testbuffer", 1), bytes: NDBuffer.bytes(axes))))
        made.axes = axes
        made.request = .full
        return made
    }

    /// A buffer that shows what `lent` shows, to be given back with it.
    func newNDBuffer(_ lent: BufferView, flags: Int) throws(Raised) -> NDBuffer {
        do throws(Raised) {
            if lent.dimensions > NDFlag.maximumAxes { throw raise(.valueError, "ndim must not exceed \(NDFlag.maximumAxes)") }
            let made = try newNDBuffer(lent.dimensions)
            made.lender = lent.owner
            made.object = lent.object
            made.base = lent.base
            made.count = lent.count
            made.itemSize = lent.itemSize
            made.format = formatText(lent)
            made.request = lent.flags
            made.offset = -1
            made.flags = flags & (NDFlag.redirect | NDFlag.getbufFail | NDFlag.getbufUndefined) | (lent.isReadOnly ? 0 : NDFlag.writable)
            for i in 0..<lent.dimensions {
                made.shape[i] = lent.shape(i)
                made.strides[i] = lent.stride(i)
                made.suboffsets[i] = lent.suboffsets?[i] ?? -1
            }
            // The pointers are the lender's.
            if lent.suboffsets != nil { made.table = lent.owner.isBound ? lent.owner : .none }
            made.describe()
            return made
        } catch {
            release(lent)
            throw error
        }
    }

    /// An array whose only buffer is `buffer`.
    func newNDArray(_ buffer: NDBuffer) -> Value {
        let made = allocate(ndArrayType)
        made[1] = buffer.value
        buffer.array = Value(made)
        return Value(made)
    }

    // MARK: Items

    /// The item at `p`: a value, or a tuple where the format has several.
    func ndItem(_ view: BufferView, _ p: UnsafeMutableRawPointer) throws(Raised) -> Value {
        let format = try structFor(view.hasFormat ? formatText(view) : str("B"))
        if format.size != view.itemSize { throw raise(.valueError, "item size and format do not fit") }
        let items = try unpack(format, at: p)
        return TupleObject(items).count == 1 ? TupleObject(items)[0] : items
    }

    /// Stores an item: a tuple where the format has several.
    func setNDItem(_ view: BufferView, _ p: UnsafeMutableRawPointer, _ item: Value) throws(Raised) {
        let format = try structFor(view.hasFormat ? formatText(view) : str("B"))
        try storeNDItem(format, p, item)
    }

    func storeNDItem(_ format: StructObject, _ p: UnsafeMutableRawPointer, _ item: Value) throws(Raised) {
        let isRow = item.isKind(.tuple) || item.isKind(.list)
        let isSingle = item.isKind(.bytes) || isInt(item) || isFloat(item)
        let given = isRow ? try length(item) : isSingle ? 1 : 0
        if given != format.valueCount || format.valueCount != 1 && !isRow {
            throw raise(.valueError, "mismatch between initializer element and format string")
        }
        let values = try isRow ? tupleFrom(item).value : tuple(item)
        // Packed aside: an error must leave the memory as it was.
        let packed = try newBytes(format.size)
        packed.data.initialize(repeating: 0, count: format.size)
        try store(format, TupleObject(values).items, UnsafeMutableRawPointer(packed.data))
        p.copyMemory(from: packed.data, byteCount: format.size)
    }
}
