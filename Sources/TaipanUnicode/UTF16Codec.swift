// UTF-16 and UTF-32 in either byte order.

/// Byte order of UTF-16 and UTF-32.
public enum ByteOrder: Sendable {
    case little, big

    /// The order of this machine.
    public static var native: ByteOrder { 1.littleEndian == 1 ? .little : .big }
}

public enum UTF16Codec {
    /// The byte order mark at the start of `bytes`: the order and how many bytes to skip; (native, 0, false) without one.
    public static func detectOrder(_ bytes: UnsafeBufferPointer<UInt8>) -> (order: ByteOrder, skip: Int, marked: Bool) {
        if bytes.count >= 2 {
            if bytes[0] == 0xFF, bytes[1] == 0xFE { return (.little, 2, true) }
            if bytes[0] == 0xFE, bytes[1] == 0xFF { return (.big, 2, true) }
        }
        return (.native, 0, false)
    }

    @inline(__always)
    private static func unit(_ bytes: UnsafeBufferPointer<UInt8>, _ i: Int, _ order: ByteOrder) -> UInt32 {
        let first = UInt32(bytes[i]), second = UInt32(bytes[i &+ 1])
        return order == .little ? first | second << 8 : first << 8 | second
    }

    /// Decodes from `start` to the end or the first error.
    public static func decode(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, order: ByteOrder, isFinal: Bool,
        into sink: inout CodePointSink
    ) -> CodecProgress {
        var i = start
        sink.reserve(max(0, bytes.count - start) / 2)
        while i &+ 2 <= bytes.count {
            let c = unit(bytes, i, order)
            if c & 0xF800 != 0xD800 {
                sink.append(c)
                i &+= 2
                continue
            }
            if c >= 0xDC00 { return CodecProgress(i, i + 2, "illegal encoding") }
            if i &+ 4 > bytes.count {
                return isFinal ? CodecProgress(i, bytes.count, "unexpected end of data") : CodecProgress(position: i)
            }
            let low = unit(bytes, i &+ 2, order)
            if low & 0xFC00 != 0xDC00 { return CodecProgress(i, i + 2, "illegal UTF-16 surrogate") }
            sink.append(0x10000 + ((c & 0x3FF) << 10 | low & 0x3FF))
            i &+= 4
        }
        if i < bytes.count, isFinal { return CodecProgress(i, bytes.count, "truncated data") }
        return CodecProgress(position: i)
    }

    /// Encodes from `start` to the end or the first surrogate; the byte order mark is the caller's.
    public static func encode(
        _ text: CodePoints, from start: Int, order: ByteOrder, into sink: inout ByteSink
    ) -> CodecProgress {
        sink.reserve(2 * max(0, text.count - start))
        for i in start..<max(start, text.count) {
            let c = text[i]
            if c & 0xFFFF_F800 == 0xD800 { return CodecProgress(i, i + 1, "surrogates not allowed") }
            if c < 0x10000 {
                append(c, order, &sink)
            } else {
                append(0xD7C0 + (c >> 10), order, &sink)
                append(0xDC00 + (c & 0x3FF), order, &sink)
            }
        }
        return CodecProgress(position: max(start, text.count))
    }

    /// Appends one 16-bit unit (a byte order mark, a surrogate passed through).
    public static func append(_ unit: UInt32, _ order: ByteOrder, _ sink: inout ByteSink) {
        let low = UInt8(truncatingIfNeeded: unit), high = UInt8(truncatingIfNeeded: unit >> 8)
        sink.append(order == .little ? low : high)
        sink.append(order == .little ? high : low)
    }
}

public enum UTF32Codec {
    /// As `UTF16Codec.detectOrder`, for the four-byte mark.
    public static func detectOrder(_ bytes: UnsafeBufferPointer<UInt8>) -> (order: ByteOrder, skip: Int, marked: Bool) {
        if bytes.count >= 4 {
            if unit(bytes, 0, .little) == 0xFEFF { return (.little, 4, true) }
            if unit(bytes, 0, .big) == 0xFEFF { return (.big, 4, true) }
        }
        return (.native, 0, false)
    }

    @inline(__always)
    private static func unit(_ bytes: UnsafeBufferPointer<UInt8>, _ i: Int, _ order: ByteOrder) -> UInt32 {
        let value = UnsafeRawPointer(bytes.baseAddress!).loadUnaligned(fromByteOffset: i, as: UInt32.self)
        return order == .little ? value.littleEndian : value.bigEndian
    }

    /// Decodes from `start` to the end or the first error.
    public static func decode(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, order: ByteOrder, isFinal: Bool,
        into sink: inout CodePointSink
    ) -> CodecProgress {
        var i = start
        while i &+ 4 <= bytes.count {
            let c = unit(bytes, i, order)
            if c & 0xFFFF_F800 == 0xD800 {
                return CodecProgress(i, i + 4, "code point in surrogate code point range(0xd800, 0xe000)")
            }
            if c >= 0x110000 { return CodecProgress(i, i + 4, "code point not in range(0x110000)") }
            sink.append(c)
            i &+= 4
        }
        if i < bytes.count, isFinal { return CodecProgress(i, bytes.count, "truncated data") }
        return CodecProgress(position: i)
    }

    /// Encodes from `start` to the end or the first surrogate; the byte order mark is the caller's.
    public static func encode(
        _ text: CodePoints, from start: Int, order: ByteOrder, into sink: inout ByteSink
    ) -> CodecProgress {
        sink.reserve(4 * max(0, text.count - start))
        for i in start..<max(start, text.count) {
            let c = text[i]
            if c & 0xFFFF_F800 == 0xD800 { return CodecProgress(i, i + 1, "surrogates not allowed") }
            append(c, order, &sink)
        }
        return CodecProgress(position: max(start, text.count))
    }

    /// Appends one 32-bit unit (a byte order mark, a surrogate passed through).
    public static func append(_ unit: UInt32, _ order: ByteOrder, _ sink: inout ByteSink) {
        for k in 0..<4 {
            let shift = order == .little ? 8 * k : 24 - 8 * k
            sink.append(UInt8(truncatingIfNeeded: unit >> UInt32(shift)))
        }
    }
}
