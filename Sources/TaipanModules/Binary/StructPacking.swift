// `_struct`: values into bytes.

import TaipanEngines
import TaipanRuntime

extension Thread {
    /// `pack(values…)`.
    func pack(_ s: StructObject, _ a: Arguments) throws(Raised) -> Value {
        try refuseKeywords(a, "Struct.pack")
        if a.count != s.valueCount { throw structError("pack expected \(s.valueCount) items for packing (got \(a.count))") }
        let made = try newBytes(max(s.size, 0))
        try store(s, a.base, UnsafeMutableRawPointer(made.data))
        return made.value
    }

    /// `pack_into(buffer, offset, values…)`.
    func packInto(_ s: StructObject, _ a: Arguments) throws(Raised) -> Value {
        try refuseKeywords(a, "Struct.pack_into")
        if a.count != s.valueCount + 2 {
            if a.count == 0 { throw structError("pack_into expected buffer argument") }
            if a.count == 1 { throw structError("pack_into expected offset argument") }
            throw structError("pack_into expected \(s.valueCount) items for packing (got \(a.count - 2))")
        }
        let view = try writableBuffer(a[0])
        defer { release(view) }
        let given = try index(a[1])
        var offset = given
        if offset < 0 {
            if offset &+ s.size > 0 { throw structError("no space to pack \(s.size) bytes at offset \(given)") }
            if offset &+ view.count < 0 { throw structError("offset \(given) out of range for \(view.count)-byte buffer") }
            offset += view.count
        }
        if offset > view.count || view.count - offset < s.size {
            throw structError("pack_into requires a buffer of at least \(UInt(bitPattern: s.size &+ offset)) bytes for packing \(s.size) bytes at offset \(offset) (actual buffer size is \(view.count))")
        }
        guard let base = view.base else { return .none }
        (base + offset).initializeMemory(as: UInt8.self, repeating: 0, count: s.size)
        try store(s, a.base + 2, base + offset)
        return .none
    }

    /// A writable view, as the argument code `w*` takes it.
    private func writableBuffer(_ value: Value) throws(Raised) -> BufferView {
        if hasBuffer(value) {
            do throws(Raised) {
                let view = try buffer(of: value, writable: true)
                if !view.isReadOnly { return view }
                release(view)
            } catch {
                if !pendingIs(.bufferError) && !pendingIs(.typeError) { throw error }
                _ = takePending()
            }
        }
        throw raise(.typeError, "argument must be read-write bytes-like object, not \(typeName(value))")
    }

    func store(_ s: StructObject, _ values: UnsafeMutablePointer<Value>, _ target: UnsafeMutableRawPointer) throws(Raised) {
        var n = 0
        for item in s.items {
            for k in 0..<item.count {
                try store(item, values[n], target + item.offset + k * item.size)
                n += 1
            }
        }
    }

    private func store(_ item: StructItem, _ value: Value, _ at: UnsafeMutableRawPointer) throws(Raised) {
        switch item.kind {
        case .char:
            if !value.isKind(.bytes) || BytesObject(value).count != 1 { throw structError("char format requires a bytes object of length 1") }
            at.storeBytes(of: BytesObject(value).data[0], as: UInt8.self)
        case .bool: item.storeInteger(try truth(value) ? 1 : 0, at: at)
        case .signed, .unsigned, .pointer: try storeInteger(item, value, at)
        case .half, .float, .double:
            let d: Double
            do throws(Raised) { d = try toDouble(value) } catch {
                _ = takePending()
                throw structError("required argument is not a float")
            }
            if !item.storeFloat(d, at: at) {
                throw raise(.overflowError, "float too large to pack with \(Character(UnicodeScalar(item.letter))) format")
            }
        case .bytes, .pascal: try storeText(item, value, at)
        }
    }

    private func storeInteger(_ item: StructItem, _ given: Value, _ at: UnsafeMutableRawPointer) throws(Raised) {
        var value = given
        if !isInt(value) {
            if !type(of: value).slots.pointee.index.isSet { throw structError("required argument is not an integer") }
            value = try indexValue(value)
        }
        if let n = machineInt(value) {
            if !item.accepts(Int64(n)) { throw structError(item.rangeText) }
            return item.storeInteger(UInt64(bitPattern: Int64(n)), at: at)
        }
        // Beyond Int only the upper half of UInt64 is left.
        let limb = try withInt(value) { (n) throws(Raised) in n.count == 1 && !n.isNegative ? n.limbs[0] : 0 }
        if limb == 0 || limb > item.integerRange.upper { throw structError(item.rangeText) }
        item.storeInteger(limb, at: at)
    }

    private func storeText(_ item: StructItem, _ value: Value, _ at: UnsafeMutableRawPointer) throws(Raised) {
        let isBytearray = isInstance(value, of: types.pointee.bytearray)
        if !value.isKind(.bytes) && !isBytearray {
            throw structError("argument for '\(Character(UnicodeScalar(item.letter)))' must be a bytes object")
        }
        try withBytes(of: value) { (raw) throws(Raised) in
            let isPascal = item.kind == .pascal
            let count = isPascal ? max(min(raw.count, item.size - 1), 0) : min(raw.count, item.size)
            if isPascal && item.size > 0 { at.storeBytes(of: UInt8(min(count, 255)), as: UInt8.self) }
            if count > 0, let start = raw.baseAddress { (isPascal ? at + 1 : at).copyMemory(from: start, byteCount: count) }
        }
    }
}
