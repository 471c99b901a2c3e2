// Single values of a struct in memory: integers of 1…8 bytes, the three float formats, `p` fields.

extension StructItem {
    /// Least and greatest integer the item takes ("'b' format requires -128 <= number <= 127").
    public var integerRange: (lower: Int64, upper: UInt64) {
        let bits = UInt64(size &* 8)
        if kind == .signed {
            return (Int64(-1) << Int64(bits &- 1), UInt64.max >> (65 &- bits))
        }
        return (kind == .pointer ? Int64.min : 0, UInt64.max >> (64 &- bits))
    }

    /// CPython's message for an integer outside the range.
    public var rangeText: String {
        if kind == .pointer { return "int too large to convert" }
        let range = integerRange
        return "'\(Character(UnicodeScalar(letter)))' format requires \(range.lower) <= number <= \(range.upper)"
    }

    /// Does the item take this integer?
    public func accepts(_ value: Int64) -> Bool {
        let range = integerRange
        return value >= range.lower && (value < 0 || UInt64(value) <= range.upper)
    }

    /// Writes the low `size` bytes of `bits`, for integers and truth values.
    public func storeInteger(_ bits: UInt64, at target: UnsafeMutableRawPointer) {
        StructValue.store(bits, size: size, isBigEndian: isBigEndian, at: target)
    }

    /// Reads an integer item: sign-extended if `kind` is signed.
    public func loadInteger(from source: UnsafeRawPointer) -> UInt64 {
        let bits = StructValue.load(size: size, isBigEndian: isBigEndian, from: source)
        guard kind == .signed, size < 8 else { return bits }
        let unused = UInt64(64 &- size &* 8)
        return UInt64(bitPattern: Int64(bitPattern: bits << unused) >> Int64(unused))
    }

    /// Writes a float item; false if it is too large (OverflowError "float too large to pack with e format").
    public func storeFloat(_ value: Double, at target: UnsafeMutableRawPointer) -> Bool {
        switch kind {
        case .half:
            guard let bits = StructValue.half(value) else { return false }
            StructValue.store(UInt64(bits), size: 2, isBigEndian: isBigEndian, at: target)
        case .float:
            let narrow = Float(value)
            if narrow.isInfinite && !value.isInfinite && !isNative { return false }
            StructValue.store(UInt64(narrow.bitPattern), size: 4, isBigEndian: isBigEndian, at: target)
        default:
            StructValue.store(value.bitPattern, size: 8, isBigEndian: isBigEndian, at: target)
        }
        return true
    }

    /// Reads a float item.
    public func loadFloat(from source: UnsafeRawPointer) -> Double {
        let bits = StructValue.load(size: size, isBigEndian: isBigEndian, from: source)
        switch kind {
        case .half: return StructValue.double(half: UInt16(truncatingIfNeeded: bits))
        case .float: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        default: return Double(bitPattern: bits)
        }
    }
}

/// Raw forms of numbers in memory.
public enum StructValue {
    /// Writes the low `size` bytes (1…8) of `bits` in the given order.
    public static func store(_ bits: UInt64, size: Int, isBigEndian: Bool, at target: UnsafeMutableRawPointer) {
        var rest = bits
        for k in 0..<size {
            target.storeBytes(
                of: UInt8(truncatingIfNeeded: rest), toByteOffset: isBigEndian ? size &- 1 &- k : k, as: UInt8.self)
            rest >>= 8
        }
    }

    /// Reads `size` bytes (1…8) in the given order.
    public static func load(size: Int, isBigEndian: Bool, from source: UnsafeRawPointer) -> UInt64 {
        var bits: UInt64 = 0
        for k in 0..<size {
            let byte = source.load(fromByteOffset: isBigEndian ? k : size &- 1 &- k, as: UInt8.self)
            bits = bits << 8 | UInt64(byte)
        }
        return bits
    }

    /// IEEE binary16 of `value`, rounded half to even; nil on overflow. A NaN keeps only its sign.
    public static func half(_ value: Double) -> UInt16? {
        let sign: UInt16 = value.sign == .minus ? 0x8000 : 0
        if value.isNaN { return sign | 0x7E00 }
        if value.isInfinite { return sign | 0x7C00 }
        let size = value.magnitude
        if size == 0 { return sign }
        // In units of the last place, so that one rounding gives the mantissa; a carry runs into the exponent.
        let exponent = max(Int(size.exponent), -14)
        guard exponent < 16 else { return nil }
        let units = (size * Double(sign: .plus, exponent: 10 &- exponent, significand: 1)).rounded(.toNearestOrEven)
        let bits = UInt32(units) &+ UInt32(truncatingIfNeeded: (exponent &+ 14) << 10)
        return bits < 0x7C00 ? sign | UInt16(truncatingIfNeeded: bits) : nil
    }

    /// The value of IEEE binary16 `bits`.
    public static func double(half bits: UInt16) -> Double {
        let exponent = Int(bits >> 10 & 0x1F), mantissa = Double(bits & 0x3FF)
        let sign: FloatingPointSign = bits >> 15 == 1 ? .minus : .plus
        if exponent == 31 {
            if mantissa == 0 { return sign == .minus ? -Double.infinity : Double.infinity }
            return sign == .minus ? -Double.nan : Double.nan
        }
        let significand = exponent == 0 ? mantissa / 1024 : 1 + mantissa / 1024
        let magnitude = significand * Double(sign: .plus, exponent: max(exponent, 1) &- 15, significand: 1)
        return sign == .minus ? -magnitude : magnitude
    }
}
