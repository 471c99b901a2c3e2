// Methods and attributes of memoryview.

extension Thread {
    func defineMemoryViewMethods(_ b: TypeBuilder) {
        b.method("release", "($self, /)", "Release the underlying buffer exposed by the memoryview object.") { (t, a) throws(Raised) in
            try t.releaseChecked(MemoryViewObject(a[0]))
            return .none
        }
        b.method("__enter__", "!($self, /)") { (t, a) throws(Raised) in
            try t.checkReleased(MemoryViewObject(a[0]))
            return a[0]
        }
        b.rawMethod("__exit__") { (t, a) throws(Raised) in
            try t.releaseChecked(MemoryViewObject(a[0]))
            return .none
        }
        b.method("tobytes", "($self, /, order='C')", "Return the data in the buffer as a byte string.\n\nOrder can be {'C', 'F', 'A'}. When order is 'C' or 'F', the data of the\noriginal array is converted to C or Fortran order. For contiguous views,\n'A' returns an exact copy of the physical memory. In particular, in-memory\nFortran order is preserved. For non-contiguous views, the data is converted\nto C first. order=None is the same as order='C'.") { (t, a) throws(Raised) in
            let view = MemoryViewObject(a[0])
            try t.checkReleased(view)
            var order: UInt32 = 0x43
            if !a[1].isNoneOrUnbound {
                if !a[1].isKind(.str) { throw t.raise(.typeError, "tobytes() argument 'order' must be str or None, not \(t.typeName(a[1]))") }
                order = StrObject(a[1]).count == 1 ? StrObject(a[1])[0] : 0
                if order != 0x43 && order != 0x46 && order != 0x41 { throw t.raise(.valueError, "order must be 'C', 'F' or 'A'") }
            }
            return try t.viewBytes(view, fortran: order == 0x46 || (order == 0x41 && view.isFContiguous))
        }
        b.method("tolist", "($self, /)", "Return the data in the buffer as a list of elements.") { (t, a) throws(Raised) in
            let view = MemoryViewObject(a[0])
            try t.checkReleased(view)
            try t.checkItemFormat(view)
            return try t.viewList(view, view.base, 0)
        }
        b.method("hex", "($self, /, sep=<unrepresentable>, bytes_per_sep=1)", "Return the data in the buffer as a str of hexadecimal numbers.\n\n  sep\n    An optional single character or byte to separate hex bytes.\n  bytes_per_sep\n    How many bytes between separators.  Positive values count from the\n    right, negative values count from the left.\n\nExample:\n>>> value = memoryview(b'\\xb9\\x01\\xef')\n>>> value.hex()\n'b901ef'\n>>> value.hex(':')\n'b9:01:ef'\n>>> value.hex(':', 2)\n'b9:01ef'\n>>> value.hex(':', -2)\n'b901:ef'") { (t, a) throws(Raised) in
            try t.checkReleased(MemoryViewObject(a[0]))
            let group = a[2].isUnbound ? 1 : try t.cInt(a[2])
            let copy = try t.viewBytes(MemoryViewObject(a[0]), fortran: false)
            return try t.hexText(BytesObject(copy).buffer, a[1], group)
        }
        b.method("toreadonly", "($self, /)", "Return a readonly version of the memoryview.") { (t, a) throws(Raised) in
            let view = MemoryViewObject(a[0])
            try t.checkReleased(view)
            let made = try t.copyView(view, view.dimensions)
            made.isReadOnly = true
            return made.value
        }
        b.method("cast", "($self, /, format, shape=<unrepresentable>)", "Cast a memoryview to a new format or shape.") { (t, a) throws(Raised) in
            try t.castView(MemoryViewObject(a[0]), a[1], a[2])
        }
        b.method("__sizeof__", "($self, /)", "Size of the memoryview in memory, in bytes.") { (t, a) in t.int(144 + 24 * MemoryViewObject(a[0]).dimensions) }
        b.classMethod("_from_flags", "($type, /, object, flags)", "Create a new memoryview object which references the given object.") { (t, a) throws(Raised) in
            try t.newMemoryView(a[1], BufferFlags(rawValue: try t.cInt(a[2]))).value
        }
    }

    private func releaseChecked(_ view: MemoryViewObject) throws(Raised) {
        if view.exports > 0 { collectLentBuffers() }
        if view.exports > 0 { throw raise(.bufferError, "memoryview has \(view.exports) exported buffer\(view.exports == 1 ? "" : "s")") }
        releaseMemoryView(view)
    }

    // MARK: Casting

    private func castView(_ view: MemoryViewObject, _ format: Value, _ shape: Value) throws(Raised) -> Value {
        try checkReleased(view)
        if !format.isKind(.str) { throw raise(.typeError, "cast() argument 'format' must be str, not \(format.isNone ? "None" : typeName(format))") }
        if !view.isCContiguous { throw raise(.typeError, "memoryview: casts are restricted to C-contiguous views") }
        if shape.isBound || view.dimensions != 1 {
            for i in 0..<view.dimensions where view.shape(i) == 0 {
                throw raise(.typeError, "memoryview: cannot cast view with zeros in shape or strides")
            }
        }
        var dimensions = 1
        if shape.isBound {
            if !shape.isKind(.list) && !shape.isKind(.tuple) { throw raise(.typeError, "shape must be a list or a tuple") }
            dimensions = try length(shape)
            if dimensions > 64 { throw raise(.valueError, "memoryview: number of dimensions must not exceed 64") }
            if view.dimensions != 1 && dimensions != 1 { throw raise(.typeError, "memoryview: cast must be 1D -> ND or ND -> 1D") }
        }
        let size = try castSize(view, format)
        let made = try copyView(view, dimensions)
        made.format = try exactStr(format)
        made.itemSize = size
        if shape.isUnbound {
            made.setShape(view.byteCount / size, at: 0)
            made.setStride(size, at: 0)
            return made.value
        }
        try setShape(made, shape)
        return made.value
    }

    private func castSize(_ view: MemoryViewObject, _ format: Value) throws(Raised) -> Int {
        let s = StrObject(format)
        if !s.isASCII { throw raise(.valueError, "memoryview: format argument must be a string") }
        let at = s.count > 1 && s[0] == 0x40 ? 1 : 0
        let code = s.count == at + 1 ? UInt8(s[at]) : 0
        let size = nativeSize(code)
        if size == 0 { throw raise(.valueError, "memoryview: destination format must be a native single character format prefixed with an optional '@'") }
        func isByte(_ code: UInt8) -> Bool { code == 0x62 || code == 0x42 || code == 0x63 }
        if !isByte(code) && !isByte(view.code) { throw raise(.typeError, "memoryview: cannot cast between two non-byte formats") }
        if view.byteCount % size != 0 { throw raise(.typeError, "memoryview: length is not a multiple of itemsize") }
        return size
    }

    private func setShape(_ view: MemoryViewObject, _ shape: Value) throws(Raised) {
        var product = 1
        for i in 0..<view.dimensions {
            let item = shape.isKind(.list) ? ListObject(shape)[i] : TupleObject(shape)[i]
            if !isInt(item) { throw raise(.typeError, "memoryview.cast(): elements of shape must be integers") }
            let n = try index(item)
            if n <= 0 { throw raise(.valueError, "memoryview.cast(): elements of shape must be integers > 0") }
            let (p, overflow) = product.multipliedReportingOverflow(by: n)
            if overflow || p.multipliedReportingOverflow(by: view.itemSize).overflow { throw raise(.valueError, "memoryview.cast(): product(shape) > SSIZE_MAX") }
            product = p
            view.setShape(n, at: i)
        }
        if product * view.itemSize != view.byteCount {
            throw raise(.typeError, "memoryview: product(shape) * itemsize != buffer size")
        }
        var stride = view.itemSize
        for i in (0..<view.dimensions).reversed() {
            view.setStride(stride, at: i)
            stride *= view.shape(i)
        }
    }

    // MARK: Attributes

    func defineMemoryViewAttributes(_ b: TypeBuilder) {
        b.getset("obj", "The underlying object of the memoryview.", get: { (t, v) throws(Raised) in
            try t.checkReleased(MemoryViewObject(v))
            return MemoryViewObject(v).object.isUnbound ? .none : MemoryViewObject(v).object
        })
        b.getset("nbytes", "The amount of space in bytes that the array would use in\n a contiguous representation.", get: { (t, v) throws(Raised) in
            try t.checkReleased(MemoryViewObject(v))
            return t.int(MemoryViewObject(v).byteCount)
        })
        b.getset("readonly", "A bool indicating whether the memory is read only.", get: { (t, v) throws(Raised) in
            try t.checkReleased(MemoryViewObject(v))
            return Value(MemoryViewObject(v).isReadOnly)
        })
        b.getset("itemsize", "The size in bytes of each element of the memoryview.", get: { (t, v) throws(Raised) in
            try t.checkReleased(MemoryViewObject(v))
            return t.int(MemoryViewObject(v).itemSize)
        })
        b.getset("format", "A string containing the format (in struct module style)\n for each element in the view.", get: { (t, v) throws(Raised) in
            try t.checkReleased(MemoryViewObject(v))
            return MemoryViewObject(v).format
        })
        b.getset("ndim", "An integer indicating how many dimensions of a multi-dimensional\n array the memory represents.", get: { (t, v) throws(Raised) in
            try t.checkReleased(MemoryViewObject(v))
            return t.int(MemoryViewObject(v).dimensions)
        })
        b.getset("shape", "A tuple of ndim integers giving the shape of the memory\n as an N-dimensional array.", get: { (t, v) throws(Raised) in
            let view = MemoryViewObject(v)
            try t.checkReleased(view)
            let made = try t.newTuple(view.dimensions)
            for i in 0..<view.dimensions { made[i] = t.int(view.shape(i)) }
            return made.value
        })
        b.getset("strides", "A tuple of ndim integers giving the size in bytes to access\n each element for each dimension of the array.", get: { (t, v) throws(Raised) in
            let view = MemoryViewObject(v)
            try t.checkReleased(view)
            let made = try t.newTuple(view.dimensions)
            for i in 0..<view.dimensions { made[i] = t.int(view.stride(i)) }
            return made.value
        })
        b.getset("suboffsets", "A tuple of integers used internally for PIL-style arrays.", get: { (t, v) throws(Raised) in
            let view = MemoryViewObject(v)
            try t.checkReleased(view)
            let made = try t.newTuple(view.hasSuboffsets ? view.dimensions : 0)
            for i in 0..<made.count { made[i] = t.int(view.suboffset(i)) }
            return made.value
        })
        b.getset("c_contiguous", "A bool indicating whether the memory is C contiguous.", get: { (t, v) throws(Raised) in
            try t.checkReleased(MemoryViewObject(v))
            return Value(MemoryViewObject(v).isCContiguous)
        })
        b.getset("f_contiguous", "A bool indicating whether the memory is Fortran contiguous.", get: { (t, v) throws(Raised) in
            try t.checkReleased(MemoryViewObject(v))
            return Value(MemoryViewObject(v).isFContiguous)
        })
        b.getset("contiguous", "A bool indicating whether the memory is contiguous.", get: { (t, v) throws(Raised) in
            try t.checkReleased(MemoryViewObject(v))
            return Value(MemoryViewObject(v).isCContiguous || MemoryViewObject(v).isFContiguous)
        })
    }
}
