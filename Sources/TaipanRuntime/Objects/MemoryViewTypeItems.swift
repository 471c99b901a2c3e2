// Items of a memoryview: reading and writing them by format, subscripts, slices, assignment.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension Thread {
    /// Size of a native struct code, 0 for others.
    func nativeSize(_ code: UInt8) -> Int {
        switch code {
        case 0x63, 0x62, 0x42, 0x3F: 1
        case 0x68, 0x48, 0x65: 2
        case 0x69, 0x49, 0x66: 4
        case 0x6C, 0x4C, 0x71, 0x51, 0x6E, 0x4E, 0x64, 0x50: 8
        default: 0
        }
    }

    func checkItemFormat(_ view: MemoryViewObject) throws(Raised) {
        if nativeSize(view.code) == 0 { throw raise(.notImplementedError, "memoryview: unsupported format \(string(view.format))") }
    }

    /// The item at `p` as a value.
    func unpackItem(_ view: MemoryViewObject, _ p: UnsafeMutableRawPointer) throws(Raised) -> Value {
        switch view.code {
        case 0x42: return Value(smallInt: Int(p.load(as: UInt8.self)))
        case 0x62: return Value(smallInt: Int(p.load(as: Int8.self)))
        case 0x63: return try bytes(p.assumingMemoryBound(to: UInt8.self), 1)
        case 0x3F: return Value(p.load(as: UInt8.self) != 0)
        case 0x68: return Value(smallInt: Int(p.loadUnaligned(as: Int16.self)))
        case 0x48: return Value(smallInt: Int(p.loadUnaligned(as: UInt16.self)))
        case 0x69: return Value(smallInt: Int(p.loadUnaligned(as: Int32.self)))
        case 0x49: return Value(smallInt: Int(p.loadUnaligned(as: UInt32.self)))
        case 0x6C, 0x71, 0x6E: return int(p.loadUnaligned(as: Int.self))
        case 0x4C, 0x51, 0x4E, 0x50: return int(p.loadUnaligned(as: UInt.self))
        case 0x66: return float(Double(p.loadUnaligned(as: Float.self)))
        case 0x64: return float(p.loadUnaligned(as: Double.self))
        case 0x65: return float(Thread.double(half: p.loadUnaligned(as: UInt16.self)))
        default: throw raise(.notImplementedError, "memoryview: unsupported format \(string(view.format))")
        }
    }

    /// A half-precision number.
    static func double(half bits: UInt16) -> Double {
        let sign: Double = bits & 0x8000 != 0 ? -1 : 1
        let exponent = Int((bits >> 10) & 31), fraction = Double(bits & 1023)
        if exponent == 31 { return fraction == 0 ? sign * .infinity : .nan }
        if exponent == 0 { return sign * scalbn(fraction, -24) }
        return sign * scalbn(fraction + 1024, Int32(exponent) - 25)
    }

    /// The nearest half-precision number, ties to even; nil when it overflows.
    static func half(_ d: Double) -> UInt16? {
        let sign: UInt16 = d.sign == .minus ? 0x8000 : 0
        if d.isNaN { return sign | 0x7E00 }
        if d.isInfinite { return sign | 0x7C00 }
        if d == 0 { return sign }
        let exponent = max(Int(d.exponent), -14)
        let scaled = scalbn(d.magnitude, Int32(10 - exponent)).rounded(.toNearestOrEven)
        let bits = Int(scaled) + (exponent + 14) << 10
        return bits >= 0x7C00 ? nil : sign | UInt16(bits)
    }

    private func wrongType(_ view: MemoryViewObject) -> Raised { raise(.typeError, "memoryview: invalid type for format '\(string(view.format))'") }
    private func wrongValue(_ view: MemoryViewObject) -> Raised { raise(.valueError, "memoryview: invalid value for format '\(string(view.format))'") }

    /// Stores `value` at `p`; `p` is looked at only after Python code has run.
    func packItem(_ view: MemoryViewObject, _ p: UnsafeMutableRawPointer, _ value: Value) throws(Raised) {
        let code = view.code
        switch code {
        case 0x63:
            if !value.isKind(.bytes) { throw wrongType(view) }
            if BytesObject(value).count != 1 { throw wrongValue(view) }
            p.storeBytes(of: BytesObject(value).data[0], as: UInt8.self)
        case 0x3F:
            let flag = try truth(value)
            try checkReleased(view)
            p.storeBytes(of: flag ? 1 : 0, as: UInt8.self)
        case 0x66, 0x64, 0x65:
            let d: Double
            do throws(Raised) { d = try realNumber(value) } catch {
                if pendingIs(.typeError) {
                    _ = takePending()
                    throw wrongType(view)
                }
                if pendingIs(.overflowError) {
                    _ = takePending()
                    throw wrongValue(view)
                }
                throw error
            }
            try checkReleased(view)
            if code == 0x64 { return p.storeBytes(of: d, as: Double.self) }
            if code == 0x65 {
                guard let half = Thread.half(d) else { throw wrongValue(view) }
                return p.storeBytes(of: half, as: UInt16.self)
            }
            p.storeBytes(of: Float(d), as: Float.self)
        default: try packInteger(view, p, value, code)
        }
    }

    private func packInteger(_ view: MemoryViewObject, _ p: UnsafeMutableRawPointer, _ value: Value, _ code: UInt8) throws(Raised) {
        try checkItemFormat(view)
        if !isInt(value) && !type(of: value).slots.pointee.index.isSet { throw wrongType(view) }
        let number: Value
        do throws(Raised) { number = try indexValue(value) } catch {
            if pendingIs(.typeError) {
                _ = takePending()
                throw wrongType(view)
            }
            throw error
        }
        try checkReleased(view)
        if code == 0x4C || code == 0x51 || code == 0x4E || code == 0x50 {
            if let n = machineInt(number) {
                // A pointer may be given as the negative number with its bits.
                if n < 0 && code != 0x50 { throw wrongValue(view) }
                return p.storeBytes(of: UInt(bitPattern: n), as: UInt.self)
            }
            let big = IntObject(number)
            if big.isNegative || big.limbCount != 1 { throw wrongValue(view) }
            return p.storeBytes(of: UInt(big.limbs[0]), as: UInt.self)
        }
        guard let n = machineInt(number) else { throw wrongValue(view) }
        switch code {
        case 0x62: p.storeBytes(of: try fit(n, view), as: Int8.self)
        case 0x42: p.storeBytes(of: try fit(n, view), as: UInt8.self)
        case 0x68: p.storeBytes(of: try fit(n, view), as: Int16.self)
        case 0x48: p.storeBytes(of: try fit(n, view), as: UInt16.self)
        case 0x69: p.storeBytes(of: try fit(n, view), as: Int32.self)
        case 0x49: p.storeBytes(of: try fit(n, view), as: UInt32.self)
        default: p.storeBytes(of: n, as: Int.self)
        }
    }

    private func fit<N: FixedWidthInteger>(_ n: Int, _ view: MemoryViewObject) throws(Raised) -> N {
        guard let fits = N(exactly: n) else { throw wrongValue(view) }
        return fits
    }

    // MARK: Subscripts

    /// Address of item `i` along `axis`.
    private func address(_ view: MemoryViewObject, _ p: UnsafeMutableRawPointer, _ key: Value, _ axis: Int) throws(Raised) -> UnsafeMutableRawPointer {
        var i = try index(key, overflow: .indexError)
        try checkReleased(view)
        if i < 0 { i = i &+ view.shape(axis) }
        if i < 0 || i >= view.shape(axis) { throw raise(.indexError, "index out of bounds on dimension \(axis + 1)") }
        return view.step(p, i, axis)
    }

    private func isIndex(_ key: Value) -> Bool { isInt(key) || type(of: key).slots.pointee.index.isSet }

    /// Address of the item that `key` selects; nil when the key is no index or tuple of indices.
    private func itemAddress(_ view: MemoryViewObject, _ key: Value) throws(Raised) -> UnsafeMutableRawPointer? {
        if isIndex(key) {
            if view.dimensions == 0 { throw raise(.typeError, "invalid indexing of 0-dim memory") }
            if view.dimensions > 1 { throw raise(.notImplementedError, "multi-dimensional sub-views are not implemented") }
            return try address(view, view.base, key, 0)
        }
        guard key.isKind(.tuple) else { return nil }
        let keys = TupleObject(key)
        for i in 0..<keys.count where !isIndex(keys[i]) { return nil }
        if keys.count < view.dimensions { throw raise(.notImplementedError, "sub-views are not implemented") }
        if keys.count > view.dimensions {
            throw raise(.typeError, "cannot index \(view.dimensions)-dimension view with \(keys.count)-element tuple")
        }
        var p = view.base
        for i in 0..<keys.count { p = try address(view, p, keys[i], i) }
        return p
    }

    private func invalidKey(_ view: MemoryViewObject, _ key: Value) -> Raised {
        if view.dimensions == 0 { return raise(.typeError, "invalid indexing of 0-dim memory") }
        if key.isKind(.tuple), TupleObject(key).count > 0 {
            for i in 0..<TupleObject(key).count where !TupleObject(key)[i].hasLayout(.slice) { return raise(.typeError, "memoryview: invalid slice key") }
            return raise(.notImplementedError, "multi-dimensional slicing is not implemented")
        }
        return raise(.typeError, "memoryview: invalid slice key")
    }

    static func memoryViewSubscript(_ t: Thread, _ v: Value, _ key: Value) throws(Raised) -> Value {
        let view = MemoryViewObject(v)
        try t.checkReleased(view)
        if view.dimensions == 0 {
            if key == .ellipsis { return v }
            if key.isKind(.tuple), TupleObject(key).count == 0 { return try t.unpackItem(view, view.base) }
            throw t.raise(.typeError, "invalid indexing of 0-dim memory")
        }
        if key.isSmallInt && view.dimensions == 1 || !key.hasLayout(.slice) {
            try t.checkItemFormat(view)
            guard let p = try t.itemAddress(view, key) else { throw t.invalidKey(view, key) }
            return try t.unpackItem(view, p)
        }
        return try t.sliceView(view, key).value
    }

    private func sliceView(_ view: MemoryViewObject, _ key: Value) throws(Raised) -> MemoryViewObject {
        // The new view holds the memory before an `__index__` can release the old one.
        let made = try copyView(view, view.dimensions)
        let slice = try textSlice(key) { made.shape(0) }
        let stride = made.stride(0)
        made.setBase(made.base + slice.start &* stride)
        made.setShape(slice.count, at: 0)
        made.setStride(stride &* slice.step, at: 0)
        made.byteCount = made.itemCount * made.itemSize
        return made
    }

    static func memoryViewAssign(_ t: Thread, _ v: Value, _ key: Value, _ value: Value) throws(Raised) {
        let view = MemoryViewObject(v)
        try t.checkReleased(view)
        try t.checkItemFormat(view)
        if view.isReadOnly { throw t.raise(.typeError, "cannot modify read-only memory") }
        if value.isUnbound { throw t.raise(.typeError, "cannot delete memory") }
        if view.dimensions == 0 {
            if key == .ellipsis || (key.isKind(.tuple) && TupleObject(key).count == 0) { return try t.packItem(view, view.base, value) }
            throw t.raise(.typeError, "invalid indexing of 0-dim memory")
        }
        if !key.hasLayout(.slice) {
            guard let p = try t.itemAddress(view, key) else { throw t.invalidKey(view, key) }
            return try t.packItem(view, p, value)
        }
        if view.dimensions > 1 { throw t.raise(.notImplementedError, "memoryview slice assignments are currently restricted to ndim = 1") }
        let source = value.hasLayout(.memoryview) ? MemoryViewObject(value) : try t.newMemoryViewForAssignment(value)
        defer { if !value.hasLayout(.memoryview) { t.releaseMemoryView(source) } }
        try t.checkReleased(source)
        let target = try t.sliceView(view, key)
        defer { t.releaseMemoryView(target) }
        // An `__index__` of the slice may have released the view.
        try t.checkReleased(view)
        try t.copyItems(target, source)
    }

    private func newMemoryViewForAssignment(_ value: Value) throws(Raised) -> MemoryViewObject {
        if !hasBuffer(value) { throw raise(.typeError, "a bytes-like object is required, not '\(typeName(value))'") }
        return try newMemoryView(value)
    }

    private func copyItems(_ target: MemoryViewObject, _ source: MemoryViewObject) throws(Raised) {
        let sameFormat = target.code != 0 ? target.code == source.code : StrObject(target.format).equals(StrObject(source.format))
        if source.dimensions != 1 || !sameFormat || target.itemSize != source.itemSize || target.shape(0) != source.shape(0) {
            throw raise(.valueError, "memoryview assignment: lvalue and rvalue have different structures")
        }
        let size = target.itemSize, count = target.shape(0)
        if target.stride(0) == size && source.stride(0) == size && !target.hasSuboffsets && !source.hasSuboffsets {
            memmove(target.base, source.base, size * count)
            return
        }
        // The two may overlap: the source is read out first.
        let copy = try newBytes(size * count)
        for i in 0..<count { memcpy(copy.data + i * size, source.step(source.base, i, 0), size) }
        for i in 0..<count { memcpy(target.step(target.base, i, 0), copy.data + i * size, size) }
    }

    // MARK: Whole contents

    /// The contents as a bytes object, in C or Fortran order.
    func viewBytes(_ view: MemoryViewObject, fortran: Bool) throws(Raised) -> Value {
        if view.isCContiguous && !(fortran && view.dimensions > 1) {
            return view.byteCount == 0 ? objects.pointee.emptyBytes : try bytes(view.base.assumingMemoryBound(to: UInt8.self), view.byteCount)
        }
        return try bytesFrom(view.geometry, order: fortran ? 0x46 : 0x43)
    }

    /// The items as (nested) lists.
    func viewList(_ view: MemoryViewObject, _ p: UnsafeMutableRawPointer, _ axis: Int) throws(Raised) -> Value {
        if axis == view.dimensions { return try unpackItem(view, p) }
        let list = try newList(capacity: view.shape(axis))
        for i in 0..<view.shape(axis) { try append(list, try viewList(view, view.step(p, i, axis), axis + 1)) }
        return list.value
    }
}
