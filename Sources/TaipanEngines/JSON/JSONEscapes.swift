// Writing JSON strings: quotes around, escapes inside.

/// `json.encoder.encode_basestring_ascii` and `encode_basestring`, in two passes: measure, then write.
public enum JSONEscapes {
    /// Letter of a two-character escape, nil if there is none for `ch`.
    @inline(__always)
    private static func short(_ ch: UInt32) -> UInt8? {
        switch ch {
        case 34, 92: return UInt8(ch)
        case 8: return 98
        case 9: return 116
        case 10: return 110
        case 12: return 102
        case 13: return 114
        default: return nil
        }
    }

    /// Units of the quoted form. `ascii`: everything outside printable ASCII is escaped.
    @_specialize(where U == UInt8)
    @_specialize(where U == UInt16)
    @_specialize(where U == UInt32)
    public static func length<U: FixedWidthInteger & UnsignedInteger>(
        _ text: UnsafePointer<U>, count: Int, ascii: Bool
    ) -> Int {
        var total = 2
        for k in 0..<count {
            let ch = UInt32(text[k])
            if ch >= 32 && ch != 34 && ch != 92 && (ch < 127 || !ascii) {
                total &+= 1
            } else if short(ch) != nil {
                total &+= 2
            } else {
                total &+= ch > 0xFFFF ? 12 : 6
            }
        }
        return total
    }

    /// Writes the quoted form; `out` has room for `length` units.
    @_specialize(where U == UInt8, Out == UInt8)
    @_specialize(where U == UInt16, Out == UInt8)
    @_specialize(where U == UInt32, Out == UInt8)
    @_specialize(where U == UInt16, Out == UInt16)
    @_specialize(where U == UInt32, Out == UInt32)
    public static func write<U: FixedWidthInteger & UnsignedInteger, Out: FixedWidthInteger & UnsignedInteger>(
        _ text: UnsafePointer<U>, count: Int, ascii: Bool, into out: UnsafeMutablePointer<Out>
    ) {
        out[0] = 34
        var at = 1
        for k in 0..<count {
            let ch = UInt32(text[k])
            if ch >= 32 && ch != 34 && ch != 92 && (ch < 127 || !ascii) {
                out[at] = Out(truncatingIfNeeded: ch)
                at &+= 1
            } else if let letter = short(ch) {
                out[at] = 92
                out[at &+ 1] = Out(letter)
                at &+= 2
            } else if ch > 0xFFFF {
                let rest = ch &- 0x10000
                unicode(0xD800 | rest >> 10, out + at)
                unicode(0xDC00 | rest & 0x3FF, out + at + 6)
                at &+= 12
            } else {
                unicode(ch, out + at)
                at &+= 6
            }
        }
        out[at] = 34
    }

    private static func unicode<Out: FixedWidthInteger & UnsignedInteger>(_ unit: UInt32, _ out: UnsafeMutablePointer<Out>) {
        out[0] = 92
        out[1] = 117
        for k in 0..<4 {
            out[2 &+ k] = Out(BinaryText.hexDigit(UInt8(truncatingIfNeeded: unit >> UInt32(12 &- 4 &* k) & 15)))
        }
    }
}
