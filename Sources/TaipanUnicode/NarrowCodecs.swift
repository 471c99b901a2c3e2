// Codecs of one byte a character: ASCII, Latin-1 and those given by a table of 256 characters ("charmap").

public enum ASCIICodec {
    /// Decodes from `start` to the end or the first byte past 0x7F.
    public static func decode(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, into sink: inout CodePointSink
    ) -> CodecProgress {
        let end = UTF8Codec.endOfASCII(bytes, from: start)
        if end > start { sink.append(contentsOf: CodePoints(UnsafeBufferPointer(rebasing: bytes[start..<end]))) }
        if end >= bytes.count { return CodecProgress(position: end) }
        return CodecProgress(end, end + 1, "ordinal not in range(128)")
    }

    /// Encodes from `start` to the end or the first run of characters past U+007F.
    public static func encode(_ text: CodePoints, from start: Int, into sink: inout ByteSink) -> CodecProgress {
        encodeNarrow(text, start, 0x80, "ordinal not in range(128)", &sink)
    }
}

public enum Latin1Codec {
    /// Decodes from `start` to the end; nothing can go wrong.
    public static func decode(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, into sink: inout CodePointSink
    ) -> CodecProgress {
        if start < bytes.count { sink.append(contentsOf: CodePoints(UnsafeBufferPointer(rebasing: bytes[start...]))) }
        return CodecProgress(position: max(start, bytes.count))
    }

    /// Encodes from `start` to the end or the first run of characters past U+00FF.
    public static func encode(_ text: CodePoints, from start: Int, into sink: inout ByteSink) -> CodecProgress {
        encodeNarrow(text, start, 0x100, "ordinal not in range(256)", &sink)
    }
}

private func encodeNarrow(
    _ text: CodePoints, _ start: Int, _ limit: UInt32, _ reason: StaticString, _ sink: inout ByteSink
) -> CodecProgress {
    var i = start
    sink.reserve(max(0, text.count - start))
    while i < text.count, text[i] < limit {
        sink.append(UInt8(truncatingIfNeeded: text[i]))
        i += 1
    }
    if i >= text.count { return CodecProgress(position: i) }
    var end = i + 1
    while end < text.count, text[end] >= limit { end += 1 }
    return CodecProgress(i, end, reason)
}

public enum CharmapCodec {
    /// Decodes with a table whose entry `b` is what byte `b` means; U+FFFE and missing entries mean nothing.
    public static func decode(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, table: CodePoints, into sink: inout CodePointSink
    ) -> CodecProgress {
        var i = start
        sink.reserve(max(0, bytes.count - start))
        while i < bytes.count {
            let index = Int(bytes[i])
            let c: UInt32 = index < table.count ? table[index] : 0xFFFE
            if c == 0xFFFE { return CodecProgress(i, i + 1, "character maps to <undefined>") }
            sink.append(c)
            i += 1
        }
        return CodecProgress(position: i)
    }

    /// Encodes from `start` to the end or the first run of characters that `map` does not have.
    public static func encode(
        _ text: CodePoints, from start: Int, map: EncodingMap, into sink: inout ByteSink
    ) -> CodecProgress {
        var i = start
        sink.reserve(max(0, text.count - start))
        while i < text.count, let byte = map[text[i]] {
            sink.append(byte)
            i += 1
        }
        if i >= text.count { return CodecProgress(position: i) }
        var end = i + 1
        while end < text.count, map[text[end]] == nil { end += 1 }
        return CodecProgress(i, end, "character maps to <undefined>")
    }
}

/// The inverse of a charmap decoding table: open addressing over at most 256 characters.
public struct EncodingMap: Sendable {
    private var keys: [UInt32]
    private var bytes: [UInt8]
    private static let empty: UInt32 = .max

    /// Inverts `table`, of at most 256 entries; of equal characters the last byte counts, U+FFFE is left out.
    public init(table: CodePoints) {
        keys = Array(repeating: Self.empty, count: 512)
        bytes = Array(repeating: 0, count: 512)
        for i in 0..<min(table.count, 256) where table[i] != 0xFFFE {
            let slot = self.slot(table[i])
            keys[slot] = table[i]
            bytes[slot] = UInt8(i)
        }
    }

    private func slot(_ c: UInt32) -> Int {
        var at = Int((c &* 0x9E37_79B1) >> 23)
        while keys[at] != Self.empty, keys[at] != c { at = (at + 1) & 511 }
        return at
    }

    /// The byte of a character, nil if the map does not have it.
    public subscript(c: UInt32) -> UInt8? {
        let at = slot(c)
        return keys[at] == Self.empty ? nil : bytes[at]
    }
}
