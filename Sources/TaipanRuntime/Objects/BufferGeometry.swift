// How the items of a lent buffer lie in memory: axes, strides, pointers to follow, contiguity, copying (PEP 3118).

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension BufferView {
    public var hasFormat: Bool { flags.contains(.format) }
    public var hasShape: Bool { flags.contains(.shape) }
    public var hasStrides: Bool { flags.contains(.strides) }
    public var hasSuboffsets: Bool { suboffsets != nil && flags.contains(.indirect) }

    /// Items along `axis`.
    public func shape(_ axis: Int) -> Int { shape?[axis] ?? count / max(itemSize, 1) }

    /// Bytes from one item to the next along `axis`.
    public func stride(_ axis: Int) -> Int {
        if let strides { return strides[axis] }
        var bytes = itemSize
        var i = dimensions - 1
        while i > axis {
            bytes = bytes &* shape(i)
            i -= 1
        }
        return bytes
    }

    /// Number of items.
    public var itemCount: Int {
        var n = 1
        for i in 0..<dimensions { n = n &* shape(i) }
        return n
    }

    /// From the place of axis `axis` to item `i` along it.
    @inline(__always) public func step(_ p: UnsafeMutableRawPointer, _ i: Int, _ axis: Int) -> UnsafeMutableRawPointer {
        let place = p + i &* stride(axis)
        guard let suboffsets, suboffsets[axis] >= 0 else { return place }
        return place.loadUnaligned(as: UnsafeMutableRawPointer.self) + suboffsets[axis]
    }

    /// Items follow each other without gaps, the last axis fastest ("C").
    public var isCContiguous: Bool { follows(axes: (0..<dimensions).reversed()) }

    /// Items follow each other without gaps, the first axis fastest ("F").
    public var isFContiguous: Bool { follows(axes: Array(0..<dimensions)) }

    private func follows(axes: some Sequence<Int>) -> Bool {
        if suboffsets != nil { return false }
        if count == 0 { return true }
        var expected = itemSize
        for i in axes {
            let n = shape(i)
            if n > 1 && stride(i) != expected { return false }
            expected = expected &* n
        }
        return true
    }

    /// `order` is "C", "F" or "A" (any of the two).
    public func isContiguous(_ order: UInt8) -> Bool {
        switch order {
        case 0x43: isCContiguous
        case 0x46: isFContiguous
        default: isCContiguous || isFContiguous
        }
    }

    /// Calls `body` with the address of each item, in C order, or with the first axis fastest.
    public func forEachItem(fortran: Bool = false, _ body: (UnsafeMutableRawPointer) throws(Raised) -> Void) throws(Raised) {
        guard let base, !hasEmptyAxis else { return }
        // With pointers to follow the axes are gone through in order; an index vector serves both orders.
        var indices = [Int](repeating: 0, count: dimensions)
        while true {
            var p = base
            for axis in 0..<dimensions { p = step(p, indices[axis], axis) }
            try body(p)
            var k = 0
            while k < dimensions {
                let axis = fortran ? k : dimensions - 1 - k
                indices[axis] += 1
                if indices[axis] < shape(axis) { break }
                indices[axis] = 0
                k += 1
            }
            if k == dimensions { return }
        }
    }

    public var hasEmptyAxis: Bool {
        for i in 0..<dimensions where shape(i) == 0 { return true }
        return false
    }

    /// The items one after the other into `target`: `order` "C", "F", or "A", which keeps memory that is in Fortran order as it is.
    public func copyItems(to target: UnsafeMutableRawPointer, order: UInt8) {
        guard let base, count > 0 else { return }
        let fortran = order == 0x46 || order == 0x41 && isFContiguous
        if fortran ? isFContiguous : isCContiguous {
            memcpy(target, base, count)
            return
        }
        var at = target
        let size = itemSize
        do throws(Raised) {
            try forEachItem(fortran: fortran) { (p) in
                memcpy(at, p, size)
                at += size
            }
        } catch {}
    }
}

extension Thread {
    /// The format as a str.
    public func formatText(_ view: BufferView) -> Value { view.formatText.isBound ? view.formatText : character(UInt32(view.format)) }

    /// The items as a bytes object.
    public func bytesFrom(_ view: BufferView, order: UInt8) throws(Raised) -> Value {
        let made = try newBytes(view.count)
        view.copyItems(to: UnsafeMutableRawPointer(made.data), order: order)
        return made.value
    }

    /// What an object lends, as `flags` ask for it. Give the view back with `release`.
    /// - Throws: TypeError "a bytes-like object is required, not 'X'", BufferError.
    public func lend(_ value: Value, _ flags: BufferFlags) throws(Raised) -> BufferView {
        let slot = type(of: value).slots.pointee.buffer
        if !slot.isSet { throw raise(.typeError, "a bytes-like object is required, not '\(typeName(value))'") }
        return try lend(value, flags, slot)
    }

    /// What `slot` lends of an object, cut to what the flags ask for.
    func lend(_ value: Value, _ flags: BufferFlags, _ slot: BufferSlot) throws(Raised) -> BufferView {
        var view = try slot(self, value, flags)
        view.flags = flags
        if !view.hasFormat {
            view.format = 0x42
            view.formatText = .unbound
        }
        if !view.hasShape {
            view.dimensions = 1
            view.shape = nil
        }
        if !view.hasStrides { view.strides = nil }
        if !view.hasSuboffsets { view.suboffsets = nil }
        return view
    }
}
