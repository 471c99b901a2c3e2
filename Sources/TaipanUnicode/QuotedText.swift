// Texts and bytes in quotes, as Python's `repr` and `ascii` show them.

public enum QuotedText {
    /// The code point at byte `i` of UTF-8 that is well formed but for lone surrogates, and how many bytes it takes.
    public static func scalar(_ text: UnsafeBufferPointer<UInt8>, _ i: Int) -> (UInt32, Int) {
        let c = text[i]
        func tail(_ k: Int) -> UInt32 { i + k < text.count ? UInt32(text[i + k] & 0x3F) : 0 }
        if c < 0x80 { return (UInt32(c), 1) }
        if c < 0xE0 { return (UInt32(c & 0x1F) << 6 | tail(1), 2) }
        if c < 0xF0 { return (UInt32(c & 0x0F) << 12 | tail(1) << 6 | tail(2), 3) }
        return (UInt32(c & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4)
    }

    /// The quote that `repr` takes for a text.
    private static func quote(_ text: [UInt8]) -> UInt8 {
        text.contains(39) && !text.contains(34) ? 34 : 39
    }

    /// `repr` of bytes, without the b.
    public static func bytes(_ text: [UInt8]) -> String {
        let q = quote(text)
        var out: [UInt8] = [q]
        for c in text { appendASCII(c, q, &out) }
        out.append(q)
        return String(decoding: out, as: UTF8.self)
    }

    private static func appendASCII(_ c: UInt8, _ q: UInt8, _ out: inout [UInt8]) {
        let letter: UInt8
        switch c {
        case 9: letter = 116
        case 10: letter = 110
        case 13: letter = 114
        case 92, q: letter = c
        case 32..<127: return out.append(c)
        default: return appendHex(UInt32(c), 120, 2, &out)
        }
        out.append(92)
        out.append(letter)
    }

    private static func appendHex(_ c: UInt32, _ letter: UInt8, _ digits: Int, _ out: inout [UInt8]) {
        out.append(92)
        out.append(letter)
        var shift = digits * 4
        while shift > 0 {
            shift -= 4
            let d = UInt8(truncatingIfNeeded: c >> UInt32(shift) & 15)
            out.append(d < 10 ? 48 + d : 87 + d)
        }
    }

    /// `repr` of a text in UTF-8 that may hold lone surrogates.
    public static func string(_ text: [UInt8], asciiOnly: Bool = false) -> String {
        let q = quote(text)
        var out: [UInt8] = [q]
        out.reserveCapacity(text.count + 2)
        text.withUnsafeBufferPointer { bytes in
            var i = 0
            while i < bytes.count {
                let (c, length) = QuotedText.scalar(bytes, i)
                if c < 128 {
                    appendASCII(UInt8(c), q, &out)
                } else if !asciiOnly && UnicodeProperties.isPrintable(c) && !(c >= 0xD800 && c < 0xE000) {
                    out.append(contentsOf: bytes[i..<min(bytes.count, i + length)])
                } else if c < 0x100 {
                    appendHex(c, 120, 2, &out)
                } else if c < 0x10000 {
                    appendHex(c, 117, 4, &out)
                } else {
                    appendHex(c, 85, 8, &out)
                }
                i += length
            }
        }
        out.append(q)
        return String(decoding: out, as: UTF8.self)
    }
}
