// The backslash codecs: unicode_escape and raw_unicode_escape (text), escape (bytes).

@inline(__always)
private func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case 0x30...0x39: UInt32(byte) - 0x30
    case 0x41...0x46: UInt32(byte) - 0x41 + 10
    case 0x61...0x66: UInt32(byte) - 0x61 + 10
    default: nil
    }
}

@inline(__always)
private func isOctal(_ byte: UInt8) -> Bool { byte & 0xF8 == 0x30 }

/// What `\a`, `\b` … stand for, nil for other letters.
private func controlEscape(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x5C, 0x27, 0x22: byte
    case 0x61: 0x07
    case 0x62: 0x08
    case 0x74: 0x09
    case 0x6E: 0x0A
    case 0x76: 0x0B
    case 0x66: 0x0C
    case 0x72: 0x0D
    default: nil
    }
}

/// Up to three octal digits from `i` on: their value, `i` past them.
private func octal(_ bytes: UnsafeBufferPointer<UInt8>, _ i: inout Int) -> UInt32 {
    var value: UInt32 = 0
    let limit = min(i + 3, bytes.count)
    while i < limit, isOctal(bytes[i]) {
        value = value << 3 | UInt32(bytes[i] & 7)
        i += 1
    }
    return value
}

/// Lower-case hexadecimal of exactly `digits` digits.
private func appendHex(_ value: UInt32, _ digits: Int, _ sink: inout ByteSink) {
    for k in (0..<digits).reversed() {
        let nibble = UInt8(truncatingIfNeeded: value >> UInt32(4 * k) & 15)
        sink.append(nibble < 10 ? 0x30 + nibble : 0x61 + nibble - 10)
    }
}

/// An escape that means nothing (`\q`, `\400`): it stands for itself, and CPython warns.
public struct InvalidEscape: Sendable {
    /// Offset of the character after the backslash.
    public let position: Int
    /// An octal number above `\377`; three digits stand at `position`.
    public let isOctal: Bool
}

public enum UnicodeEscapeCodec {
    private enum Hex {
        case value(UInt32)
        /// The input ended inside.
        case cut
        case bad
    }

    private static func hex(_ bytes: UnsafeBufferPointer<UInt8>, _ i: inout Int, _ digits: Int) -> Hex {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard i < bytes.count else { return .cut }
            guard let digit = hexDigit(bytes[i]) else { return .bad }
            value = value << 4 | digit
            i += 1
        }
        return .value(value)
    }

    /// Decodes from `start` to the end or the first error; `invalid` takes the first meaningless escape unless it
    /// has one already.
    public static func decode(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, isFinal: Bool, invalid: inout InvalidEscape?,
        into sink: inout CodePointSink
    ) -> CodecProgress {
        var i = start
        while i < bytes.count {
            if bytes[i] != 0x5C {
                sink.append(UInt32(bytes[i]))
                i += 1
                continue
            }
            let backslash = i
            i += 1
            guard i < bytes.count else { return cut(backslash, i, "\\ at end of string", isFinal) }
            let letter = bytes[i]
            if let control = controlEscape(letter) {
                sink.append(UInt32(control))
                i += 1
                continue
            }
            switch letter {
            case 0x0A: i += 1
            case 0x30...0x37:
                let value = octal(bytes, &i)
                if value > 0o377, invalid == nil { invalid = InvalidEscape(position: i - 3, isOctal: true) }
                sink.append(value)
            case 0x78, 0x75, 0x55:
                let digits = letter == 0x78 ? 2 : letter == 0x75 ? 4 : 8
                let truncated: StaticString =
                    digits == 2
                    ? "truncated \\xXX escape" : digits == 4 ? "truncated \\uXXXX escape" : "truncated \\UXXXXXXXX escape"
                i += 1
                switch hex(bytes, &i, digits) {
                case .cut: return cut(backslash, i, truncated, isFinal)
                case .bad: return CodecProgress(backslash, i, truncated)
                case .value(let value):
                    if value > 0x10FFFF { return CodecProgress(backslash, i, "illegal Unicode character") }
                    sink.append(value)
                }
            case 0x4E:
                i += 1
                if let stop = named(bytes, backslash, &i, isFinal, &sink) { return stop }
            default:
                if invalid == nil { invalid = InvalidEscape(position: i, isOctal: false) }
                sink.append(0x5C)
                sink.append(UInt32(letter))
                i += 1
            }
        }
        return CodecProgress(position: i)
    }

    /// An escape that the end of the input cuts off.
    private static func cut(_ start: Int, _ end: Int, _ reason: StaticString, _ isFinal: Bool) -> CodecProgress {
        isFinal ? CodecProgress(start, end, reason) : CodecProgress(position: start)
    }

    /// `\N{NAME}` with `i` past the `N`; nil when all went well.
    private static func named(
        _ bytes: UnsafeBufferPointer<UInt8>, _ backslash: Int, _ i: inout Int, _ isFinal: Bool,
        _ sink: inout CodePointSink
    ) -> CodecProgress? {
        let malformed: StaticString = "malformed \\N character escape"
        guard i < bytes.count else { return cut(backslash, i, malformed, isFinal) }
        guard bytes[i] == 0x7B else { return CodecProgress(backslash, i, malformed) }
        i += 1
        let nameStart = i
        while i < bytes.count, bytes[i] != 0x7D { i += 1 }
        guard i < bytes.count else { return cut(backslash, i, malformed, isFinal) }
        if i == nameStart { return CodecProgress(backslash, i, malformed) }
        let name = UnsafeBufferPointer(rebasing: bytes[nameStart..<i])
        i += 1
        guard let c = UnicodeNames.lookup(name) else {
            return CodecProgress(backslash, i, "unknown Unicode character name")
        }
        sink.append(c)
        return nil
    }

    /// Encodes the whole text as printable ASCII.
    public static func encode(_ text: CodePoints, into sink: inout ByteSink) {
        for i in 0..<text.count {
            let c = text[i]
            switch c {
            case 0x5C: sink.append("\\\\")
            case 0x09: sink.append("\\t")
            case 0x0A: sink.append("\\n")
            case 0x0D: sink.append("\\r")
            case 0x20..<0x7F: sink.append(UInt8(c))
            case 0..<0x100:
                sink.append("\\x")
                appendHex(c, 2, &sink)
            default: appendWide(c, &sink)
            }
        }
    }

    fileprivate static func appendWide(_ c: UInt32, _ sink: inout ByteSink) {
        sink.append(c < 0x10000 ? "\\u" : "\\U")
        appendHex(c, c < 0x10000 ? 4 : 8, &sink)
    }

    /// raw_unicode_escape: only `\u` and `\U` mean something.
    public static func decodeRaw(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, isFinal: Bool, into sink: inout CodePointSink
    ) -> CodecProgress {
        var i = start
        while i < bytes.count {
            let byte = bytes[i]
            guard byte == 0x5C else {
                sink.append(UInt32(byte))
                i += 1
                continue
            }
            guard i + 1 < bytes.count else {
                if !isFinal { return CodecProgress(position: i) }
                sink.append(0x5C)
                return CodecProgress(position: i + 1)
            }
            let backslash = i
            let letter = bytes[i + 1]
            i += 2
            guard letter == 0x75 || letter == 0x55 else {
                sink.append(0x5C)
                sink.append(UInt32(letter))
                continue
            }
            let truncated: StaticString = letter == 0x75 ? "truncated \\uXXXX escape" : "truncated \\UXXXXXXXX escape"
            switch hex(bytes, &i, letter == 0x75 ? 4 : 8) {
            case .cut: return cut(backslash, i, truncated, isFinal)
            case .bad: return CodecProgress(backslash, i, truncated)
            case .value(let value):
                if value > 0x10FFFF { return CodecProgress(backslash, i, "\\Uxxxxxxxx out of range") }
                sink.append(value)
            }
        }
        return CodecProgress(position: i)
    }

    /// raw_unicode_escape of the whole text.
    public static func encodeRaw(_ text: CodePoints, into sink: inout ByteSink) {
        for i in 0..<text.count {
            let c = text[i]
            if c < 0x100 { sink.append(UInt8(c)) } else { appendWide(c, &sink) }
        }
    }
}

public enum BytesEscapeCodec {
    /// Why decoding stopped; both are ValueErrors in CPython.
    public enum Failure: Sendable, Equatable {
        /// "Trailing \ in string"
        case trailingBackslash
        /// "invalid \x escape at position N", N being the backslash's; `resume` is where `ignore` and `replace` go on.
        case invalidHex(position: Int, resume: Int)
    }

    /// Decodes the escapes of a bytes literal from `start` on. `invalid` takes the first meaningless escape.
    public static func decode(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, invalid: inout InvalidEscape?, into sink: inout ByteSink
    ) -> Failure? {
        var i = start
        while i < bytes.count {
            guard bytes[i] == 0x5C else {
                sink.append(bytes[i])
                i += 1
                continue
            }
            i += 1
            guard i < bytes.count else { return .trailingBackslash }
            let letter = bytes[i]
            if let control = controlEscape(letter) {
                sink.append(control)
                i += 1
                continue
            }
            switch letter {
            case 0x0A: i += 1
            case 0x30...0x37:
                let value = octal(bytes, &i)
                if value > 0o377, invalid == nil { invalid = InvalidEscape(position: i - 3, isOctal: true) }
                sink.append(UInt8(truncatingIfNeeded: value))
            case 0x78:
                if i + 2 < bytes.count, let high = hexDigit(bytes[i + 1]), let low = hexDigit(bytes[i + 2]) {
                    sink.append(UInt8(high << 4 | low))
                    i += 3
                } else {
                    let oneDigit = i + 1 < bytes.count && hexDigit(bytes[i + 1]) != nil
                    return .invalidHex(position: i - 1, resume: oneDigit ? i + 2 : i + 1)
                }
            default:
                if invalid == nil { invalid = InvalidEscape(position: i, isOctal: false) }
                sink.append(0x5C)
            }
        }
        return nil
    }

    /// `codecs.escape_encode`: the body of a bytes repr in single quotes, quotes escaped.
    public static func encode(_ bytes: UnsafeBufferPointer<UInt8>, into sink: inout ByteSink) {
        for byte in bytes {
            switch byte {
            case 0x27, 0x5C:
                sink.append(0x5C)
                sink.append(byte)
            case 0x09: sink.append("\\t")
            case 0x0A: sink.append("\\n")
            case 0x0D: sink.append("\\r")
            case 0x20..<0x7F: sink.append(byte)
            default:
                sink.append("\\x")
                appendHex(UInt32(byte), 2, &sink)
            }
        }
    }
}
