// `_testbuffer.ndarray`: making arrays, from lists of items or from what another object lends.

import TaipanRuntime

extension Thread {
    /// `ndarray(obj, shape, strides, offset, format, flags, getbuf)`; for `push`, without the last.
    func makeNDBuffer(_ array: Value, _ a: Arguments, isPush: Bool) throws(Raised) -> NDBuffer {
        let names: [StaticString] = ["obj", "shape", "strides", "offset", "format", "flags", "getbuf"]
        let words = try pushScratch(names.count)
        defer { popScratch(words) }
        try bindNames(a, isPush ? "push" : "ndarray", isPush ? Array(names.dropLast()) : names, required: 1, words)
        if words[4].isBound && !words[4].isKind(.str) { throw raise(.typeError, "argument 5 must be str, not \(typeName(words[4]))") }
        let flags = words[5].isUnbound ? 0 : try index(words[5])
        let request = words[6].isUnbound ? BufferFlags.full : BufferFlags(rawValue: try index(words[6]))
        if isPush && flags & NDFlag.varExport != 0 { throw raise(.valueError, "ND_VAREXPORT flag can only be set during object creation") }
        if !isPush && flags & NDFlag.varExport != 0 { array.cell.setRaw(NDFlag.varExport, at: 2) }
        let offset = words[3].isUnbound ? 0 : try index(words[3])
        if words[1].isUnbound && hasBuffer(words[0]) {
            if words[2].isBound || offset != 0 || words[4].isBound {
                throw raise(.typeError, "construction from exporter object only takes 'obj', 'getbuf' and 'flags' arguments")
            }
            return try newNDBuffer(try lend(words[0], request), flags: flags)
        }
        if words[6].isBound { throw raise(.typeError, "getbuf argument only valid for construction from exporter object") }
        if words[1].isUnbound { throw raise(.typeError, "shape is a required argument when constructing from list, tuple or scalar") }
        return try makeOwnBuffer(words[0], words[1], words[2], offset, words[4].isUnbound ? str("B") : words[4], flags)
    }

    private func makeOwnBuffer(_ given: Value, _ shape: Value, _ strides: Value, _ offset: Int, _ format: Value, _ flags: Int) throws(Raised) -> NDBuffer {
        let axes = try axisCount(shape, "shape")
        let given1 = strides.isNoneOrUnbound ? 0 : try axisCount(strides, "strides")
        if flags & NDFlag.fortran != 0 && given1 > 0 { throw raise(.typeError, "ND_FORTRAN cannot be used together with strides") }
        if flags & NDFlag.pil != 0 && axes == 0 { throw raise(.typeError, "ND_PIL flag can only be used with ndim > 0") }
        let items = axes == 0 ? try tuple(given) : given
        if !items.isKind(.list) && !items.isKind(.tuple) { throw raise(.typeError, "items must be a list or a tuple") }
        let made = try newNDBuffer(axes)
        made.format = format
        made.flags = flags & ~(NDFlag.varExport | NDFlag.fortran | NDFlag.pil)
        try fillMemory(made, try tupleFrom(items))
        try readAxes(shape, "shape", made.shape, axes)
        for i in 0..<axes where made.shape[i] < 0 { throw raise(.valueError, "elements of shape must be >= 0") }
        if given1 > 0 {
            if given1 != axes { throw raise(.valueError, "len(shape) != len(strides)") }
            try readAxes(strides, "strides", made.strides, axes)
        } else {
            try contiguousStrides(made, fortran: flags & NDFlag.fortran != 0)
        }
        made.offset = offset
        try checkStructure(made)
        made.base = UnsafeMutableRawPointer(BytesObject(made.memory).data) + offset
        if flags & NDFlag.pil != 0 { try addPointers(made) }
        made.describe()
        return made
    }

    private func axisCount(_ value: Value, _ name: StaticString) throws(Raised) -> Int {
        if !value.isKind(.list) && !value.isKind(.tuple) { throw raise(.typeError, "\(name) must be a list or a tuple") }
        let count = try length(value)
        if count > NDFlag.maximumAxes { throw raise(.valueError, "ndim must not exceed \(NDFlag.maximumAxes)") }
        return count
    }

    private func readAxes(_ value: Value, _ name: StaticString, _ target: UnsafeMutablePointer<Int>, _ axes: Int) throws(Raised) {
        let items = try tupleFrom(value)
        for i in 0..<axes {
            if !isInt(items[i]) { throw raise(.valueError, "elements of \(name) must be integers") }
            target[i] = try index(items[i])
        }
    }

    private func fillMemory(_ made: NDBuffer, _ items: TupleObject) throws(Raised) {
        let format = try structFor(made.format)
        if format.size == 0 { throw raise(.valueError, "itemsize must not be zero") }
        if items.count == 0 { throw raise(.valueError, "initializer list or tuple must not be empty") }
        made.itemSize = format.size
        let memory = try newBytes(format.size * items.count)
        made.memory = memory.value
        for i in 0..<items.count { try storeNDItem(format, UnsafeMutableRawPointer(memory.data) + i * format.size, items[i]) }
    }

    private func contiguousStrides(_ made: NDBuffer, fortran: Bool) throws(Raised) {
        var bytes = made.itemSize
        for k in 0..<made.axes {
            let axis = fortran ? k : made.axes - 1 - k
            made.strides[axis] = bytes
            let (next, overflow) = bytes.multipliedReportingOverflow(by: made.shape[axis])
            if overflow { throw raise(.valueError, "invalid combination of buffer, shape and strides") }
            bytes = next
        }
    }

    /// Every item lies in the memory, on a multiple of the item size.
    private func checkStructure(_ made: NDBuffer) throws(Raised) {
        let size = made.itemSize, all = BytesObject(made.memory).count
        let invalid = "invalid combination of buffer, shape and strides"
        if made.offset % size != 0 { throw raise(.valueError, "offset not a multiple of itemsize") }
        if made.offset < 0 || made.offset > all - size { throw raise(.valueError, "offset must be in range(0, memlen)") }
        var low = made.offset, high = made.offset, count = size
        var isEmpty = false
        for i in 0..<made.axes {
            if made.strides[i] % size != 0 { throw raise(.valueError, "strides must be multiples of itemsize") }
            if made.shape[i] == 0 { isEmpty = true }
        }
        made.count = 0
        if isEmpty { return }
        for i in 0..<made.axes {
            let (span, overflow) = made.strides[i].multipliedReportingOverflow(by: made.shape[i] - 1)
            let (bytes, overflow2) = count.multipliedReportingOverflow(by: made.shape[i])
            let (moved, overflow3) = (span <= 0 ? low : high).addingReportingOverflow(span)
            if overflow || overflow2 || overflow3 { throw raise(.valueError, invalid) }
            count = bytes
            if span <= 0 { low = moved } else { high = moved }
        }
        if low < 0 || high > all - size { throw raise(.valueError, invalid) }
        made.count = count
    }

    /// The first axis becomes a table of pointers, as in the Python Imaging Library.
    private func addPointers(_ made: NDBuffer) throws(Raised) {
        let n = made.shape[0], word = MemoryLayout<Int>.size
        let isDown = made.strides[0] < 0
        var suboffset = 0
        for i in 1..<max(made.axes, 1) {
            if made.shape[i] == 0 { break }
            if made.strides[i] <= 0 { suboffset -= made.strides[i] * (made.shape[i] - 1) }
        }
        let table = try newBytes(max(n, 1) * word)
        let base = Int(bitPattern: made.base)
        for i in 0..<n {
            let place = isDown ? n - 1 - i : i
            UnsafeMutableRawPointer(table.data).storeBytes(of: base &+ i &* made.strides[0] &- suboffset, toByteOffset: place * word, as: Int.self)
        }
        made.table = table.value
        made.base = UnsafeMutableRawPointer(table.data) + (isDown ? max(n - 1, 0) * word : 0)
        made.strides[0] = isDown ? -word : word
        made.suboffsets[0] = suboffset
        for i in 1..<max(made.axes, 1) { made.suboffsets[i] = -1 }
    }
}
