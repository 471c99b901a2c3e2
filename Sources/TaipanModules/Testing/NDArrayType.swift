// `_testbuffer.ndarray`: the type, which lends its memory in every way that PEP 3118 knows.

import TaipanRuntime

enum NDArray {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        let array = try m.type("ndarray", flags: TypeFlag.base, NativeLayout(valueWords: 1, bytes: 24)) { b in
            let s = b.slots
            s.pointee.new = CallSlot { (t, type, _) in Value(t.allocate(TypeObject(type))) }
            s.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in
                let buffer = try t.makeNDBuffer(v, a, isPush: false)
                buffer.array = v
                v.cell[1] = buffer.value
            }
            s.pointee.hash = IntSlot { (t, v) throws(Raised) in
                let head = try t.ndHead(v)
                if !head.isReadOnly { throw t.raise(.valueError, "cannot hash writable ndarray object") }
                if head.object.isBound { _ = try t.hash(head.object) }
                return try t.hash(try t.bytesFrom(head.view, order: 0x43))
            }
            s.pointee.getItem = BinarySlot { (t, v, key) throws(Raised) in try item(t, v, key) }
            s.pointee.setItem = StoreSlot { (t, v, key, value) throws(Raised) in try assign(t, v, key, value) }
            s.pointee.buffer = BufferSlot { (t, v, flags, view) throws(Raised) in try lend(t, v, flags, view) }
            defineMethods(b)
            defineAttributes(b)
        }
        let cells = NativeLayout(valueWords: 7, bytes: NDBuffer.bytes(0), isVariable: true)
        let buffer = try m.type("ndbuf", flags: TypeFlag.noInstantiation, export: false, cells) { b in
            b.slots.pointee.releaseBuffer = ActionSlot { (t, v) in giveBack(t, NDBuffer(v)) }
            // A borrowed buffer goes back when it dies.
            b.slots.pointee.finalize = ActionSlot { (t, v) in returnLoan(t, NDBuffer(v)) }
        }
        try m.t.keep("_testbuffer", try m.t.tuple(array.value, buffer.value))
    }

    // MARK: Lending

    private static func lend(_ t: Thread, _ v: Value, _ flags: BufferFlags, _ view: UnsafeMutablePointer<BufferView>) throws(Raised) {
        let head = try t.ndHead(v)
        if head.has(NDFlag.redirect) && head.object.isBound && t.hasBuffer(head.object) {
            view.pointee = try t.lend(head.object, flags)
            return
        }
        if head.has(NDFlag.getbufFail) { throw t.raise(.bufferError, "ND_GETBUF_FAIL: forced test exception") }
        if head.isReadOnly && flags.contains(.writable) { throw t.raise(.bufferError, "ndarray is not writable") }
        let shown = head.view
        if flags.contains(.shape) && !shown.hasShape || flags.contains(.strides) && !shown.hasStrides {
            throw t.raise(.bufferError, "re-exporter does not provide format, shape or strides")
        }
        let isC = shown.isCContiguous
        if flags.contains(.cContiguous) && !isC { throw t.raise(.bufferError, "ndarray is not C-contiguous") }
        if flags.contains(.fContiguous) && !shown.isFContiguous { throw t.raise(.bufferError, "ndarray is not Fortran contiguous") }
        if flags.contains(.anyContiguous) && !isC && !shown.isFContiguous { throw t.raise(.bufferError, "ndarray is not contiguous") }
        if !flags.contains(.indirect) && shown.suboffsets != nil { throw t.raise(.bufferError, "ndarray cannot be represented without suboffsets") }
        if !flags.contains(.strides) && !isC { throw t.raise(.bufferError, "ndarray is not C-contiguous") }
        if !flags.contains(.shape) && flags.contains(.format) {
            throw t.raise(.bufferError, "ndarray: cannot cast to unsigned bytes if the format flag is present")
        }
        head.exports += 1
        view.pointee = shown
        if !shown.hasFormat { view.pointee.formatText = .unbound }
    }

    /// A borrower is done with `buffer`: one that is not the newest goes with its last borrower.
    private static func giveBack(_ t: Thread, _ buffer: NDBuffer) {
        buffer.exports -= 1
        let array = buffer.array
        if buffer.exports > 0 || array.isUnbound || array.cell[1] == buffer.value { return }
        var at = array.cell[1]
        while at.isBound && NDBuffer(at).older != buffer.value { at = NDBuffer(at).older }
        if at.isBound { NDBuffer(at).older = buffer.older }
        returnLoan(t, buffer)
    }

    static func returnLoan(_ t: Thread, _ buffer: NDBuffer) {
        let lender = buffer.lender
        buffer.lender = .unbound
        if lender.isBound { t.release(BufferView(base: nil, count: 0, isReadOnly: true, owner: lender)) }
    }

    // MARK: Subscripts

    private static func item(_ t: Thread, _ v: Value, _ key: Value) throws(Raised) -> Value {
        let head = try t.ndHead(v)
        let view = head.view
        if view.dimensions == 0 {
            if key.isKind(.tuple) && TupleObject(key).count == 0, let base = view.base { return try t.ndItem(view, base) }
            if key == .ellipsis { return v }
            throw t.raise(.typeError, "invalid indexing of scalar")
        }
        if isIndex(t, key) {
            let i = try t.index(key)
            if view.dimensions == 1 { return try t.ndItem(view, try place(t, view, i)) }
            return t.newNDArray(try part(t, v, i))
        }
        let made = try t.newNDBuffer(try t.lend(v, .full), flags: 0)
        // The part shares the pointers and shows other places: its own axes may be changed.
        if key.hasLayout(.slice) {
            try cut(t, made, key, 0)
        } else if key.isKind(.tuple) {
            let keys = TupleObject(key)
            for i in 0..<keys.count {
                if !keys[i].hasLayout(.slice) || i >= made.axes { throw cannotIndex(t, key) }
                try cut(t, made, keys[i], i)
            }
        } else {
            throw cannotIndex(t, key)
        }
        recount(made)
        return t.newNDArray(made)
    }

    private static func cannotIndex(_ t: Thread, _ key: Value) -> Raised {
        var culprit = key
        if key.isKind(.tuple) {
            for i in 0..<TupleObject(key).count where !TupleObject(key)[i].hasLayout(.slice) {
                culprit = TupleObject(key)[i]
                break
            }
        }
        return t.raise(.typeError, "cannot index memory using \"\(t.typeName(culprit))\"")
    }

    private static func isIndex(_ t: Thread, _ key: Value) -> Bool { t.isInt(key) || t.type(of: key).slots.pointee.index.isSet }

    private static func place(_ t: Thread, _ view: BufferView, _ given: Int) throws(Raised) -> UnsafeMutableRawPointer {
        let count = view.hasShape ? view.shape(0) : view.count / max(view.itemSize, 1)
        let i = given < 0 ? given &+ count : given
        guard let base = view.base, i >= 0, i < count else { throw t.raise(.indexError, "index out of bounds") }
        return view.step(base, i, 0)
    }

    /// Item `i` of the first axis, an array of one axis less.
    private static func part(_ t: Thread, _ v: Value, _ i: Int) throws(Raised) -> NDBuffer {
        var lent = try t.lend(v, .full)
        let count = lent.count, axes = lent.dimensions, rows = lent.shape(0)
        do throws(Raised) { lent.base = try place(t, lent, i) } catch {
            t.release(lent)
            throw error
        }
        lent.dimensions = axes - 1
        lent.shape = lent.shape.map { $0 + 1 }
        lent.strides = lent.strides.map { $0 + 1 }
        lent.suboffsets = lent.suboffsets.map { $0 + 1 }
        lent.count = rows == 0 ? 0 : count / rows
        return try t.newNDBuffer(lent, flags: 0)
    }

    private static func cut(_ t: Thread, _ made: NDBuffer, _ slice: Value, _ axis: Int) throws(Raised) {
        let part = try t.sliceIndices(SliceObject(slice), made.shape[axis])
        let moved = made.strides[axis] &* part.start
        // Behind an axis of pointers it is where they are read from that moves.
        var x = axis - 1
        while x >= 0 && (!made.hasSuboffsets || made.suboffsets[x] < 0) { x -= 1 }
        if x < 0 { made.base = made.base.map { $0 + moved } } else { made.suboffsets[x] += moved }
        made.shape[axis] = part.count
        made.strides[axis] = made.strides[axis] &* part.step
    }

    private static func recount(_ made: NDBuffer) {
        made.count = made.itemSize
        for i in 0..<made.axes { made.count = made.count &* made.shape[i] }
        made.describe()
    }

    private static func assign(_ t: Thread, _ v: Value, _ key: Value, _ value: Value) throws(Raised) {
        let head = try t.ndHead(v)
        let view = head.view
        if head.isReadOnly { throw t.raise(.typeError, "ndarray is not writable") }
        if value.isUnbound { throw t.raise(.typeError, "ndarray data cannot be deleted") }
        if view.dimensions == 0 {
            if key == .ellipsis || key.isKind(.tuple) && TupleObject(key).count == 0, let base = view.base { return try t.setNDItem(view, base, value) }
            throw t.raise(.typeError, "invalid indexing of scalar")
        }
        if isIndex(t, key) && view.dimensions == 1 {
            let i = try t.index(key)
            return try t.setNDItem(view, try place(t, view, i), value)
        }
        let source = try t.lend(value, .full)
        defer { t.release(source) }
        let target = NDBuffer(try item(t, v, key).cell[1])
        defer { returnLoan(t, target) }
        try copy(t, target.view, source)
    }

    private static func copy(_ t: Thread, _ target: BufferView, _ source: BufferView) throws(Raised) {
        var same = target.dimensions == source.dimensions && target.itemSize == source.itemSize
            && t.string(t.formatText(target)) == t.string(t.formatText(source))
        if same {
            for i in 0..<target.dimensions {
                if target.shape(i) != source.shape(i) { same = false }
                if target.shape(i) == 0 || !same { break }
            }
        }
        if !same { throw t.raise(.valueError, "ndarray assignment: lvalue and rvalue have different structures") }
        guard let from = source.base, let to = target.base, !target.hasEmptyAxis else { return }
        let row = try t.newBytes(max(target.dimensions == 0 ? 1 : target.shape(target.dimensions - 1), 1) * target.itemSize)
        copyRows(target, source, to, from, 0, UnsafeMutableRawPointer(row.data))
    }

    /// Row by row; a row is read out before it is written, for the two may overlap.
    private static func copyRows(_ target: BufferView, _ source: BufferView, _ to: UnsafeMutableRawPointer, _ from: UnsafeMutableRawPointer, _ axis: Int,
                                 _ row: UnsafeMutableRawPointer) {
        let size = target.itemSize
        if target.dimensions == 0 { return to.copyMemory(from: from, byteCount: size) }
        let count = target.shape(axis)
        if axis < target.dimensions - 1 {
            for i in 0..<count { copyRows(target, source, target.step(to, i, axis), source.step(from, i, axis), axis + 1, row) }
            return
        }
        for i in 0..<count { (row + i * size).copyMemory(from: source.step(from, i, axis), byteCount: size) }
        for i in 0..<count { target.step(to, i, axis).copyMemory(from: row + i * size, byteCount: size) }
    }

    // MARK: Methods

    private static func defineMethods(_ b: TypeBuilder) {
        b.method("tolist", "($self, /)") { (t, a) throws(Raised) in
            let view = try t.ndHead(a[0]).view
            guard let base = view.base else { return try t.newList().value }
            if !view.hasFormat { throw t.raise(.valueError, "ndarray: tolist() does not support format=NULL, use tobytes()") }
            return try list(t, view, base, 0)
        }
        b.method("tobytes", "($self, /)") { (t, a) throws(Raised) in try t.bytesFrom(try t.ndHead(a[0]).view, order: 0x43) }
        b.rawMethod("push") { (t, a) throws(Raised) in
            let head = try t.ndHead(a[0])
            try checkMayChange(t, a[0], head)
            let made = try t.makeNDBuffer(a[0], a.dropFirst, isPush: true)
            made.array = a[0]
            made.older = head.value
            a[0].cell[1] = made.value
            return .none
        }
        b.method("pop", "($self, /)") { (t, a) throws(Raised) in
            let head = try t.ndHead(a[0])
            if head.isBorrowed { throw t.raise(.bufferError, "structure of re-exporting object is immutable") }
            if head.exports > 0 { t.collectLentBuffers() }
            if head.exports > 0 { throw t.raise(.bufferError, "cannot change structure: \(head.exports) exported buffer\(head.exports == 1 ? "" : "s")") }
            if head.older.isUnbound { throw t.raise(.bufferError, "list only has a single base") }
            a[0].cell[1] = head.older
            return .none
        }
        b.method("add_suboffsets", "($self, /)") { (t, a) throws(Raised) in
            let head = try t.ndHead(a[0])
            if head.hasSuboffsets { throw t.raise(.typeError, "cannot add suboffsets to PIL-style array") }
            if head.axes == 0 { throw t.raise(.typeError, "cannot add suboffsets to array with ndim == 0") }
            if !head.request.contains(.strides) { throw t.raise(.typeError, "cannot add suboffsets to array with no shape or strides") }
            for i in 0..<head.axes { head.suboffsets[i] = -1 }
            head.table = .none
            head.describe()
            return .none
        }
        b.method("memoryview_from_buffer", "($self, /)") { (t, a) throws(Raised) in
            let head = try t.ndHead(a[0])
            var keeper = head
            if head.isBorrowed {
                guard head.object.isBound, t.isNDArray(head.object), try !t.ndHead(head.object).isBorrowed else {
                    throw t.raise(.typeError, "memoryview_from_buffer(): the object must be an original ndarray, or borrow from one")
                }
                keeper = try t.ndHead(head.object)
            }
            if try t.length(head.format) > 127 { throw t.raise(.typeError, "memoryview_from_buffer: format is limited to 127 characters") }
            return try t.newMemoryView(unowned: head.view, keeper: keeper.value)
        }
    }

    private static func checkMayChange(_ t: Thread, _ array: Value, _ head: NDBuffer) throws(Raised) {
        if head.isBorrowed { throw t.raise(.bufferError, "structure of re-exporting object is immutable") }
        if array.cell.raw(2) & NDFlag.varExport != 0 || head.exports == 0 { return }
        t.collectLentBuffers()
        if head.exports > 0 { throw t.raise(.bufferError, "cannot change structure: \(head.exports) exported buffer\(head.exports == 1 ? "" : "s")") }
    }

    private static func list(_ t: Thread, _ view: BufferView, _ p: UnsafeMutableRawPointer, _ axis: Int) throws(Raised) -> Value {
        if axis == view.dimensions { return try t.ndItem(view, p) }
        let made = try t.newList()
        for i in 0..<view.shape(axis) { try t.append(made, try list(t, view, view.step(p, i, axis), axis + 1)) }
        return made.value
    }

    private static func defineAttributes(_ b: TypeBuilder) {
        b.getset("flags", get: { (t, v) throws(Raised) in t.int(try t.ndHead(v).flags) })
        b.getset("offset", get: { (t, v) throws(Raised) in t.int(try t.ndHead(v).offset) })
        b.getset("obj", get: { (t, v) throws(Raised) in
            let head = try t.ndHead(v)
            return head.object.isUnbound ? .none : head.object
        })
        b.getset("nbytes", get: { (t, v) throws(Raised) in t.int(try t.ndHead(v).count) })
        b.getset("readonly", get: { (t, v) throws(Raised) in Value(try t.ndHead(v).isReadOnly) })
        b.getset("itemsize", get: { (t, v) throws(Raised) in t.int(try t.ndHead(v).itemSize) })
        b.getset("format", get: { (t, v) throws(Raised) in
            let view = try t.ndHead(v).view
            return view.hasFormat ? t.formatText(view) : t.str("")
        })
        b.getset("ndim", get: { (t, v) throws(Raised) in t.int(try t.ndHead(v).axes) })
        b.getset("shape", get: { (t, v) throws(Raised) in
            let head = try t.ndHead(v)
            return try numbers(t, head.shape, head.view.hasShape ? head.axes : 0)
        })
        b.getset("strides", get: { (t, v) throws(Raised) in
            let head = try t.ndHead(v)
            return try numbers(t, head.strides, head.view.hasStrides ? head.axes : 0)
        })
        b.getset("suboffsets", get: { (t, v) throws(Raised) in
            let head = try t.ndHead(v)
            return try numbers(t, head.suboffsets, head.hasSuboffsets ? head.axes : 0)
        })
        b.getset("c_contiguous", get: { (t, v) throws(Raised) in Value(try t.ndHead(v).view.isCContiguous) })
        b.getset("f_contiguous", get: { (t, v) throws(Raised) in Value(try t.ndHead(v).view.isFContiguous) })
        b.getset("contiguous", get: { (t, v) throws(Raised) in
            let view = try t.ndHead(v).view
            return Value(view.isCContiguous || view.isFContiguous)
        })
    }

    private static func numbers(_ t: Thread, _ values: UnsafeMutablePointer<Int>, _ count: Int) throws(Raised) -> Value {
        let made = try t.newTuple(count)
        for i in 0..<count { made[i] = t.int(values[i]) }
        return made.value
    }
}
