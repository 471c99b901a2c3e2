// UTF-7 (RFC 2152), with CPython's choices: when encoding, the optional direct characters and white space stand for
// themselves; when decoding, lone surrogates inside a base64 section pass.

public enum UTF7Codec {
    /// Value of a base64 digit, nil for other bytes.
    @inline(__always)
    private static func digit(_ byte: UInt32) -> UInt32? {
        switch byte {
        case 0x41...0x5A: byte - 0x41
        case 0x61...0x7A: byte - 0x61 + 26
        case 0x30...0x39: byte - 0x30 + 52
        case 0x2B: 62
        case 0x2F: 63
        default: nil
        }
    }

    private static func character(_ digit: UInt32) -> UInt8 {
        switch digit & 63 {
        case 0..<26: UInt8(0x41 + (digit & 63))
        case 26..<52: UInt8(0x61 + (digit & 63) - 26)
        case 52..<62: UInt8(0x30 + (digit & 63) - 52)
        case 62: 0x2B
        default: 0x2F
        }
    }

    /// One base64 section being read.
    private struct Section {
        var buffer: UInt32 = 0
        var bits = 0
        /// A high surrogate that waits for its other half, 0 if none.
        var surrogate: UInt32 = 0

        /// Takes six bits; appends what they complete.
        mutating func take(_ digit: UInt32, _ sink: inout CodePointSink) {
            buffer = buffer << 6 | digit
            bits += 6
            guard bits >= 16 else { return }
            bits -= 16
            let unit = buffer >> UInt32(bits)
            buffer &= 1 << UInt32(bits) - 1
            if surrogate != 0 {
                if unit & 0xFC00 == 0xDC00 {
                    sink.append(0x10000 + ((surrogate & 0x3FF) << 10 | unit & 0x3FF))
                    surrogate = 0
                    return
                }
                sink.append(surrogate)
                surrogate = 0
            }
            if unit & 0xFC00 == 0xD800 { surrogate = unit } else { sink.append(unit) }
        }
    }

    /// Decodes from `start` to the end or the first error. When more input is to come, an unfinished base64 section
    /// is left unread from its `+` on.
    public static func decode(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, isFinal: Bool, into sink: inout CodePointSink
    ) -> CodecProgress {
        var i = start
        while i < bytes.count {
            let c = UInt32(bytes[i])
            if c >= 0x80 { return CodecProgress(i, i + 1, "unexpected special character") }
            if c != 0x2B {
                sink.append(c)
                i += 1
                continue
            }
            if i + 1 < bytes.count, bytes[i + 1] == 0x2D {
                sink.append(0x2B)
                i += 2
                continue
            }
            if i + 1 < bytes.count, digit(UInt32(bytes[i + 1])) == nil {
                return CodecProgress(i, i + 2, "ill-formed sequence")
            }
            let progress = decodeSection(bytes, from: i, isFinal: isFinal, into: &sink)
            if progress.error != nil || progress.position == i { return progress }
            i = progress.position
        }
        return CodecProgress(position: i)
    }

    /// Reads the base64 section whose `+` is at `start`; a position of `start` means that it is unfinished.
    private static func decodeSection(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, isFinal: Bool, into sink: inout CodePointSink
    ) -> CodecProgress {
        var section = Section()
        let before = sink.count
        var i = start + 1
        while i < bytes.count, let value = digit(UInt32(bytes[i])) {
            section.take(value, &sink)
            i += 1
        }
        if i == bytes.count {
            if !isFinal {
                sink.truncate(to: before)
                return CodecProgress(position: start)
            }
            if section.surrogate != 0 || section.bits >= 6 || section.buffer != 0 {
                return CodecProgress(start, i, "unterminated shift sequence")
            }
            return CodecProgress(position: i)
        }
        if section.bits >= 6 { return CodecProgress(start, i + 1, "partial character in shift sequence") }
        if section.buffer != 0 { return CodecProgress(start, i + 1, "non-zero padding bits in shift sequence") }
        if section.surrogate != 0, bytes[i] < 0x80 { sink.append(section.surrogate) }
        return CodecProgress(position: bytes[i] == 0x2D ? i + 1 : i)
    }

    /// Characters that stand for themselves: all printable ASCII but `+`, `\` and `~`, and tab, line feed, return.
    private static func isDirect(_ c: UInt32) -> Bool {
        switch c {
        case 0x09, 0x0A, 0x0D: true
        case 0x2B, 0x5C, 0x7E: false
        default: c >= 0x20 && c < 0x7F
        }
    }

    /// Encodes the whole text; every code point has a form, surrogates too.
    public static func encode(_ text: CodePoints, into sink: inout ByteSink) {
        var buffer: UInt32 = 0
        var bits = 0
        var inside = false

        func put(_ unit: UInt32, _ sink: inout ByteSink) {
            buffer = buffer << 16 | unit
            bits += 16
            while bits >= 6 {
                bits -= 6
                sink.append(character(buffer >> UInt32(bits)))
            }
            buffer &= 1 << UInt32(bits) - 1
        }
        func flush(_ sink: inout ByteSink) {
            if bits > 0 { sink.append(character(buffer << UInt32(6 - bits))) }
            buffer = 0
            bits = 0
        }

        for i in 0..<text.count {
            let c = text[i]
            let direct = isDirect(c)
            if inside, direct {
                flush(&sink)
                inside = false
                if digit(c) != nil || c == 0x2D { sink.append(0x2D) }
            }
            if direct {
                sink.append(UInt8(c))
                continue
            }
            if !inside {
                sink.append(0x2B)
                if c == 0x2B {
                    sink.append(0x2D)
                    continue
                }
                inside = true
            }
            if c >= 0x10000 {
                put(0xD7C0 + (c >> 10), &sink)
                put(0xDC00 + (c & 0x3FF), &sink)
            } else {
                put(c, &sink)
            }
        }
        flush(&sink)
        if inside { sink.append(0x2D) }
    }
}
