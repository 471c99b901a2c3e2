// UTF-8. Decoding goes over the input twice: `scan` checks a stretch and finds how wide its text must be, `write`
// then transcodes it without checks. ASCII is taken eight bytes at a time in both.

public enum UTF8Codec {
    /// A checked stretch of UTF-8.
    public struct Scan: Sendable {
        /// First byte past the stretch.
        public let end: Int
        /// Code points in it.
        public let count: Int
        /// Those or-ed together; below 0x80 all is ASCII.
        public let mask: UInt32
        /// Why it ends before the input does; nil also for an unfinished sequence when more input is to come.
        public let error: CodecError?
    }

    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// Index of the first byte at or after `start` that is not ASCII.
    @inlinable
    public static func endOfASCII(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var i = start
        guard let base = UnsafeRawPointer(bytes.baseAddress) else { return i }
        while i &+ 8 <= bytes.count {
            let high = base.loadUnaligned(fromByteOffset: i, as: UInt64.self) & 0x8080_8080_8080_8080
            if high != 0 { return i &+ high.littleEndian.trailingZeroBitCount >> 3 }
            i &+= 8
        }
        while i < bytes.count, bytes[i] < 0x80 { i &+= 1 }
        return i
    }

    /// Checks `bytes` from `start` on, up to the first error or the end.
    public static func scan(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, isFinal: Bool) -> Scan {
        var i = start
        var count = 0
        var mask: UInt32 = 0
        while i < bytes.count {
            let lead = UInt32(bytes[i])
            if lead < 0x80 {
                let end = endOfASCII(bytes, from: i)
                count &+= end &- i
                // Any ASCII character will do: widths start at 0x80.
                mask |= 1
                i = end
                continue
            }
            let length = sequence(bytes, i)
            guard length > 0 else {
                return Scan(end: i, count: count, mask: mask, error: error(bytes, i, isFinal: isFinal))
            }
            switch length {
            case 2: mask |= (lead & 0x1F) << 6 | UInt32(bytes[i &+ 1] & 0x3F)
            case 3: mask |= 0x800 | (lead & 0xF) << 12
            default: mask |= 0x10000
            }
            i &+= length
            count &+= 1
        }
        return Scan(end: i, count: count, mask: mask, error: nil)
    }

    /// Length of the well-formed sequence of two to four bytes at `i`, 0 if there is none.
    @inline(__always)
    private static func sequence(_ bytes: UnsafeBufferPointer<UInt8>, _ i: Int) -> Int {
        let lead = bytes[i]
        let left = bytes.count &- i
        if lead < 0xE0 {
            return lead >= 0xC2 && left >= 2 && bytes[i &+ 1] & 0xC0 == 0x80 ? 2 : 0
        }
        if lead < 0xF0 {
            guard left >= 3, isSecond(bytes[i &+ 1], after: lead) else { return 0 }
            return bytes[i &+ 2] & 0xC0 == 0x80 ? 3 : 0
        }
        guard lead < 0xF5, left >= 4, isSecond(bytes[i &+ 1], after: lead) else { return 0 }
        return bytes[i &+ 2] & 0xC0 == 0x80 && bytes[i &+ 3] & 0xC0 == 0x80 ? 4 : 0
    }

    /// Second bytes that are neither overlong nor a surrogate nor past U+10FFFF.
    @inline(__always)
    private static func isSecond(_ byte: UInt8, after lead: UInt8) -> Bool {
        switch lead {
        case 0xE0: byte >= 0xA0 && byte < 0xC0
        case 0xED: byte >= 0x80 && byte < 0xA0
        case 0xF0: byte >= 0x90 && byte < 0xC0
        case 0xF4: byte >= 0x80 && byte < 0x90
        default: byte & 0xC0 == 0x80
        }
    }

    /// The error of the ill-formed sequence at `i`: it covers the longest prefix of a well-formed one.
    private static func error(_ bytes: UnsafeBufferPointer<UInt8>, _ i: Int, isFinal: Bool) -> CodecError? {
        let lead = bytes[i]
        if lead < 0xC2 || lead > 0xF4 { return CodecError(start: i, end: i + 1, reason: "invalid start byte") }
        let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        // Two thirds of a surrogate wait for the rest, which `surrogatepass` may want.
        if lead == 0xED, !isFinal, i + 2 == bytes.count, bytes[i + 1] & 0xC0 == 0x80 { return nil }
        for k in 1..<length {
            if i + k == bytes.count { break }
            let good = k == 1 ? isSecond(bytes[i + 1], after: lead) : bytes[i + k] & 0xC0 == 0x80
            if !good { return CodecError(start: i, end: i + k, reason: "invalid continuation byte") }
        }
        return isFinal ? CodecError(start: i, end: bytes.count, reason: "unexpected end of data") : nil
    }

    /// Transcodes the well-formed bytes `range` (found by `scan`) to units of the target's type.
    public static func write<Unit: FixedWidthInteger & UnsignedInteger>(
        _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, into target: UnsafeMutablePointer<Unit>
    ) {
        var i = range.lowerBound
        var out = target
        while i < range.upperBound {
            let lead = UInt32(bytes[i])
            if lead < 0x80 {
                let end = min(endOfASCII(bytes, from: i), range.upperBound)
                for k in 0..<(end &- i) { out[k] = Unit(truncatingIfNeeded: bytes[i &+ k]) }
                out += end &- i
                i = end
                continue
            }
            var c: UInt32
            if lead < 0xE0 {
                c = (lead & 0x1F) << 6 | UInt32(bytes[i &+ 1] & 0x3F)
                i &+= 2
            } else if lead < 0xF0 {
                c = (lead & 0xF) << 12 | UInt32(bytes[i &+ 1] & 0x3F) << 6 | UInt32(bytes[i &+ 2] & 0x3F)
                i &+= 3
            } else {
                c = (lead & 7) << 18 | UInt32(bytes[i &+ 1] & 0x3F) << 12
                c |= UInt32(bytes[i &+ 2] & 0x3F) << 6 | UInt32(bytes[i &+ 3] & 0x3F)
                i &+= 4
            }
            out.pointee = Unit(truncatingIfNeeded: c)
            out += 1
        }
    }

    /// `write` with the unit's width as a number.
    public static func write(
        _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, into target: UnsafeMutableRawPointer, width: Int
    ) {
        switch width {
        case 1: write(bytes, range, into: target.assumingMemoryBound(to: UInt8.self))
        case 2: write(bytes, range, into: target.assumingMemoryBound(to: UInt16.self))
        default: write(bytes, range, into: target.assumingMemoryBound(to: UInt32.self))
        }
    }

    /// Decodes from `start` to the end or the first error.
    public static func decode(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, isFinal: Bool, into sink: inout CodePointSink
    ) -> CodecProgress {
        let found = scan(bytes, from: start, isFinal: isFinal)
        if found.count > 0, sink.reserve(found.count, mask: found.mask) {
            write(bytes, start..<found.end, into: sink.end(), width: sink.width)
            sink.advance(found.count)
        }
        return CodecProgress(position: found.end, error: found.error)
    }

    // MARK: Encoding

    /// Bytes that `text` from `start` on takes as UTF-8, and where that ends: at the first surrogate or the end.
    public static func measure(_ text: CodePoints, from start: Int) -> (byteCount: Int, end: Int) {
        switch text.width {
        case 1: measure(text.units(UInt8.self), start)
        case 2: measure(text.units(UInt16.self), start)
        default: measure(text.units(UInt32.self), start)
        }
    }

    @inline(__always)
    private static func measure<Unit: FixedWidthInteger & UnsignedInteger>(
        _ text: UnsafeBufferPointer<Unit>, _ start: Int
    ) -> (byteCount: Int, end: Int) {
        var total = 0
        var i = start
        while i < text.count {
            let c = UInt32(truncatingIfNeeded: text[i])
            if Unit.bitWidth > 8, c & 0xFFFF_F800 == 0xD800 { break }
            total &+= 1
            if c >= 0x80 { total &+= 1 }
            if c >= 0x800 { total &+= 1 }
            if c >= 0x10000 { total &+= 1 }
            i &+= 1
        }
        return (total, i)
    }

    /// Writes `range` of `text`, free of surrogates, as UTF-8; returns the end of what it wrote.
    @discardableResult
    public static func write(
        _ text: CodePoints, _ range: Range<Int>, into target: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        switch text.width {
        case 1: write(text.units(UInt8.self), range, target)
        case 2: write(text.units(UInt16.self), range, target)
        default: write(text.units(UInt32.self), range, target)
        }
    }

    @inline(__always)
    private static func write<Unit: FixedWidthInteger & UnsignedInteger>(
        _ text: UnsafeBufferPointer<Unit>, _ range: Range<Int>, _ target: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        var out = target
        for i in range { out += write(UInt32(truncatingIfNeeded: text[i]), into: out) }
        return out
    }

    /// Writes one code point as UTF-8 (surrogates in the generalised form that `surrogatepass` uses); returns its length.
    @inlinable @inline(__always)
    public static func write(_ c: UInt32, into out: UnsafeMutablePointer<UInt8>) -> Int {
        if c < 0x80 {
            out[0] = UInt8(truncatingIfNeeded: c)
            return 1
        }
        let last = UInt8(truncatingIfNeeded: c & 0x3F) | 0x80
        if c < 0x800 {
            out[0] = UInt8(truncatingIfNeeded: c >> 6) | 0xC0
            out[1] = last
            return 2
        }
        let middle = UInt8(truncatingIfNeeded: c >> 6 & 0x3F) | 0x80
        if c < 0x10000 {
            out[0] = UInt8(truncatingIfNeeded: c >> 12) | 0xE0
            out[1] = middle
            out[2] = last
            return 3
        }
        out[0] = UInt8(truncatingIfNeeded: c >> 18) | 0xF0
        out[1] = UInt8(truncatingIfNeeded: c >> 12 & 0x3F) | 0x80
        out[2] = middle
        out[3] = last
        return 4
    }

    /// Encodes from `start` to the end or the first run of surrogates.
    public static func encode(_ text: CodePoints, from start: Int, into sink: inout ByteSink) -> CodecProgress {
        let (byteCount, end) = measure(text, from: start)
        if byteCount > 0, sink.reserve(byteCount) {
            write(text, start..<end, into: sink.end())
            sink.advance(byteCount)
        }
        if end == text.count { return CodecProgress(position: end) }
        var stop = end + 1
        while stop < text.count, text[stop] & 0xFFFF_F800 == 0xD800 { stop += 1 }
        return CodecProgress(end, stop, "surrogates not allowed")
    }
}
