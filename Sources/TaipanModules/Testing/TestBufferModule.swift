// `_testbuffer`: lenders of every kind of buffer, and functions that look at what is lent, for CPython's tests of PEP 3118.

import TaipanRuntime

enum TestBufferModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        // Items are read and written by the struct module.
        _ = try m.t.importAbsolute("_struct")
        try NDArray.define(m)
        try defineStaticArray(m)
        defineConstants(m)
        defineFunctions(m)
    }

    private static func defineConstants(_ m: ModuleBuilder) {
        let flags: [(StaticString, Int)] = [
            ("ND_MAX_NDIM", NDFlag.maximumAxes), ("ND_VAREXPORT", NDFlag.varExport), ("ND_WRITABLE", NDFlag.writable), ("ND_FORTRAN", NDFlag.fortran),
            ("ND_SCALAR", NDFlag.scalar), ("ND_PIL", NDFlag.pil), ("ND_REDIRECT", NDFlag.redirect), ("ND_GETBUF_FAIL", NDFlag.getbufFail),
            ("ND_GETBUF_UNDEFINED", NDFlag.getbufUndefined),
            ("PyBUF_SIMPLE", 0), ("PyBUF_WRITABLE", 1), ("PyBUF_FORMAT", 4), ("PyBUF_ND", 8), ("PyBUF_STRIDES", 0x18), ("PyBUF_INDIRECT", 0x118),
            ("PyBUF_C_CONTIGUOUS", 0x38), ("PyBUF_F_CONTIGUOUS", 0x58), ("PyBUF_ANY_CONTIGUOUS", 0x98), ("PyBUF_FULL", 0x11D), ("PyBUF_FULL_RO", 0x11C),
            ("PyBUF_RECORDS", 0x1D), ("PyBUF_RECORDS_RO", 0x1C), ("PyBUF_STRIDED", 0x19), ("PyBUF_STRIDED_RO", 0x18), ("PyBUF_CONTIG", 9),
            ("PyBUF_CONTIG_RO", 8), ("PyBUF_READ", 0x100), ("PyBUF_WRITE", 0x200),
        ]
        for (name, value) in flags { m.int(name, value) }
    }

    /// An object over memory of the module; with `legacy_mode` what it lends is nobody's.
    private static func defineStaticArray(_ m: ModuleBuilder) throws(Raised) {
        try m.type("staticarray", NativeLayout(valueWords: 1, bytes: 24)) { b in
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                let words = try t.pushScratch(1)
                defer { t.popScratch(words) }
                try t.bindNames(a, "staticarray", ["legacy_mode"], required: 0, words)
                let made = t.allocate(TypeObject(type))
                let bytes = try t.newBytes(12)
                for i in 0..<12 { bytes.data[i] = UInt8(i) }
                made[1] = bytes.value
                if words[0].isBound, try t.truth(words[0]) { made.setRaw(1, at: 2) }
                return Value(made)
            }
            b.slots.pointee.buffer = BufferSlot { (_, v, _, view) in
                let bytes = BytesObject(v.cell[1])
                view.pointee = BufferView(base: UnsafeMutableRawPointer(bytes.data), count: bytes.count, isReadOnly: true, owner: v)
                if v.cell.raw(2) != 0 { view.pointee.object = .unbound }
            }
        }
    }

    // MARK: Functions

    private static func defineFunctions(_ m: ModuleBuilder) {
        m.function("get_sizeof_void_p", "($module, /)") { (t, _) in t.int(MemoryLayout<Int>.size) }
        m.function("slice_indices", "($module, slice, length, /)") { (t, a) throws(Raised) in
            if !a[0].hasLayout(.slice) { throw t.raise(.typeError, "first argument must be a slice object") }
            let part = try t.sliceIndices(SliceObject(a[0]), try t.index(a[1]))
            return try t.row(4).adding(t.int(part.start)).adding(t.int(part.stop)).adding(t.int(part.step)).adding(t.int(part.count)).tuple.value
        }
        m.function("get_pointer", "($module, object, indices, /)") { (t, a) throws(Raised) in try item(t, a[0], a[1]) }
        m.function("is_contiguous", "($module, object, order, /)") { (t, a) throws(Raised) in
            let order = try order(t, a[1])
            if t.isNDArray(a[0]) { return Value(try t.ndHead(a[0]).view.isContiguous(order)) }
            let view = try t.lend(a[0], .full)
            defer { t.release(view) }
            return Value(view.isContiguous(order))
        }
        m.function("cmp_contig", "($module, a, b, /)") { (t, a) throws(Raised) in
            let left = try t.lend(a[0], .full)
            defer { t.release(left) }
            let right = try t.lend(a[1], .full)
            defer { t.release(right) }
            return Value(sameMemory(t, left, right))
        }
        m.function("py_buffer_to_contiguous", "($module, object, order, flags, /)") { (t, a) throws(Raised) in
            let order = try order(t, a[1])
            let view = try t.lend(a[0], BufferFlags(rawValue: try t.index(a[2])))
            defer { t.release(view) }
            return try t.bytesFrom(view, order: order)
        }
        m.function("get_contiguous", "($module, object, buffertype, order, /)") { (t, a) throws(Raised) in try contiguous(t, a[0], a[1], a[2]) }
    }

    private static func order(_ t: Thread, _ value: Value) throws(Raised) -> UInt8 {
        if !value.isKind(.str) { throw t.raise(.typeError, "order must be a string") }
        let text = BytesObject(try t.callMethod(value, t.intern("encode"), t.str("ascii")))
        let c: UInt8 = text.count == 1 ? text.data[0] : 0
        if c == 0x43 || c == 0x46 || c == 0x41 { return c }
        throw t.raise(.valueError, "invalid order, must be C, F or A")
    }

    /// The item at a list of indices.
    private static func item(_ t: Thread, _ object: Value, _ indices: Value) throws(Raised) -> Value {
        let view = try t.lend(object, .full)
        defer { t.release(view) }
        if !indices.isKind(.list) && !indices.isKind(.tuple) { throw t.raise(.typeError, "indices must be a list or a tuple") }
        let given = try t.tupleFrom(indices)
        if given.count != view.dimensions { throw t.raise(.valueError, "get_pointer(): len(indices) != ndim") }
        guard var p = view.base else { throw t.raise(.valueError, "get_pointer(): no memory") }
        for axis in 0..<given.count {
            let i = try t.index(given[axis])
            if i < 0 || i >= view.shape(axis) { throw t.raise(.valueError, "get_pointer(): invalid index \(i) at position \(axis)") }
            p = view.step(p, i, axis)
        }
        return try t.ndItem(view, p)
    }

    /// Both are contiguous in one order, and show the same memory in the same way.
    private static func sameMemory(_ t: Thread, _ left: BufferView, _ right: BufferView) -> Bool {
        if left.count != right.count || left.itemSize != right.itemSize || left.dimensions != right.dimensions { return false }
        if t.string(t.formatText(left)) != t.string(t.formatText(right)) { return false }
        for i in 0..<left.dimensions {
            if left.shape(i) != right.shape(i) { return false }
            if left.shape(i) == 0 { return true }
        }
        if !(left.isCContiguous && right.isCContiguous) && !(left.isFContiguous && right.isFContiguous) { return false }
        return left.bytes.elementsEqual(right.bytes)
    }

    /// `PyMemoryView_GetContiguous`.
    private static func contiguous(_ t: Thread, _ object: Value, _ kind: Value, _ given: Value) throws(Raised) -> Value {
        if !t.isInt(kind) { throw t.raise(.typeError, "buffertype must be PyBUF_READ or PyBUF_WRITE") }
        let type = try t.index(kind)
        if type != 0x100 && type != 0x200 { throw t.raise(.valueError, "invalid buffer type") }
        let order = try order(t, given)
        let whole = try t.newMemoryView(object)
        if type == 0x200 && whole.isReadOnly { throw t.raise(.bufferError, "underlying buffer is not writable") }
        let view = try t.lend(whole.value, .full)
        defer { t.release(view) }
        if view.isContiguous(order) { return whole.value }
        if type == 0x200 { throw t.raise(.bufferError, "writable contiguous buffer requested for a non-contiguous object.") }
        let copy = BytesObject(try t.bytesFrom(view, order: order == 0x46 ? 0x46 : 0x43))
        var shown = view
        shown.base = UnsafeMutableRawPointer(copy.data)
        shown.owner = copy.value
        shown.object = copy.value
        shown.isReadOnly = true
        shown.suboffsets = nil
        shown.strides = nil
        if order != 0x46 { return try t.newMemoryView(shown).value }
        // Fortran order: the first axis is the fastest.
        let axes = view.dimensions
        let strides = UnsafeMutablePointer<Int>.allocate(capacity: max(axes, 1))
        defer { strides.deallocate() }
        var bytes = view.itemSize
        for i in 0..<axes {
            strides[i] = bytes
            bytes = bytes &* view.shape(i)
        }
        shown.strides = UnsafePointer(strides)
        return try t.newMemoryView(shown).value
    }
}
