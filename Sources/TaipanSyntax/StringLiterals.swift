// The values of string and number literals.

import TaipanNumbers
import TaipanUnicode

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Why a literal has no value.
enum LiteralProblem: Error {
    /// `(unicode error) …`
    case unicode(String)
    /// `(value error) …`
    case value(String)
    case nonASCIIBytes
    case tooManyDigits(String)
}

/// An escape sequence that means nothing: it stays in the value and is warned about.
struct InvalidEscape {
    /// The offset of the character behind the backslash.
    var offset: Int
    var isOctal: Bool
}

/// Prefix and contents of a string token.
struct StringToken {
    var isBytes = false
    var isRaw = false
    var isUnicodePrefixed = false
    var from = 0
    var to = 0

    init(_ bytes: UnsafePointer<UInt8>, _ token: Token) {
        var p = Int(token.start)
        isUnicodePrefixed = bytes[p] == 117
        while bytes[p] != 39 && bytes[p] != 34 {
            switch bytes[p] | 32 {
            case 98: isBytes = true
            case 114: isRaw = true
            default: break
            }
            p += 1
        }
        let end = Int(token.end)
        let q = bytes[p]
        let size = end - p >= 6 && bytes[p + 1] == q && bytes[p + 2] == q ? 3 : 1
        from = p + size
        to = end - size
    }
}

enum StringLiterals {
    /// The value of the contents `from..<to` of a string literal.
    static func decode(_ bytes: UnsafePointer<UInt8>, _ from: Int, _ to: Int, isRaw: Bool, isBytes: Bool,
                       options: ParserOptions, invalid: inout InvalidEscape?) throws(LiteralProblem) -> [UInt8] {
        let count = max(0, to - from)
        if isBytes {
            for i in from..<from + count where bytes[i] >= 128 { throw .nonASCIIBytes }
        }
        if options.hasInvalidBytes {
            let text = UnsafeBufferPointer(start: bytes + from, count: count)
            if let bad = SourceText.firstInvalid(text) {
                throw .unicode(problem(text, bad, isRaw || memchr(bytes + from, 92, count) == nil))
            }
        }
        if isRaw || count == 0 || memchr(bytes + from, 92, count) == nil {
            return Array(UnsafeBufferPointer(start: bytes + from, count: count))
        }
        var decoder = EscapeDecoder(bytes: bytes, from: from, to: to, isBytes: isBytes)
        try decoder.run(options)
        invalid = decoder.invalid
        return decoder.out
    }

    /// With escapes each run of characters outside ASCII is decoded on its own, and positions count from its start.
    private static func problem(_ text: UnsafeBufferPointer<UInt8>, _ bad: (position: Int, length: Int, reason: String),
                                _ isWhole: Bool) -> String {
        if isWhole { return SourceText.utf8Problem(text, bad) }
        var start = bad.position
        while start > 0 && text[start - 1] >= 128 { start -= 1 }
        var end = bad.position
        while end < text.count && text[end] >= 128 { end += 1 }
        let run = UnsafeBufferPointer(rebasing: text[start..<end])
        return SourceText.utf8Problem(run, SourceText.firstInvalid(run) ?? bad)
    }

    /// Whether a number is written as Python 3.5 could not read it.
    static func hasUnderscore(_ bytes: UnsafePointer<UInt8>, _ token: Token) -> Bool {
        for i in Int(token.start)..<Int(token.end) where bytes[i] == 95 { return true }
        return false
    }

    /// The value of an int, float or imaginary literal.
    static func number(_ bytes: UnsafePointer<UInt8>, _ token: Token,
                       maxDigits: Int) throws(LiteralProblem) -> ConstantValue {
        let from = Int(token.start), to = Int(token.end)
        // Short decimal ints first: most numbers are.
        if to - from < 19 {
            var value: UInt64 = 0
            var p = from
            while p < to, bytes[p] &- 48 < 10 {
                value = value &* 10 &+ UInt64(bytes[p] &- 48)
                p += 1
            }
            if p == to { return .int(BigInteger(isNegative: false, magnitude: value == 0 ? [] : [value])) }
        }
        var text: [UInt8] = []
        text.reserveCapacity(to - from + 1)
        for i in from..<to where bytes[i] != 95 { text.append(bytes[i]) }
        if text[0] == 48 && text.count > 2 {
            let radix = text[1] | 32 == 120 ? 16 : text[1] | 32 == 111 ? 8 : text[1] | 32 == 98 ? 2 : 0
            if radix != 0 { return .int(BigInteger(digits: text[2...], base: radix) ?? BigInteger()) }
        }
        let isImaginary = text[text.count - 1] | 32 == 106
        if isImaginary || text.contains(where: { $0 == 46 || $0 | 32 == 101 }) {
            if isImaginary { text.removeLast() }
            let value = double(text)
            return isImaginary ? .complex(imaginary: value) : .float(value)
        }
        if maxDigits > 0 && text.count > maxDigits {
            throw .tooManyDigits("Exceeds the limit (\(maxDigits) digits) for integer string conversion: value has \(text.count) digits; use sys.set_int_max_str_digits() to increase the limit - Consider hexadecimal for huge integer literals to avoid decimal conversion limits.")
        }
        return .int(BigInteger(digits: text, base: 10) ?? BigInteger())
    }

    private static func double(_ text: [UInt8]) -> Double {
        text.withUnsafeBufferPointer { FloatParser.parse($0) } ?? .infinity
    }
}

/// Replaces the escape sequences of one literal.
struct EscapeDecoder {
    let bytes: UnsafePointer<UInt8>
    let from: Int
    let to: Int
    let isBytes: Bool
    var out: [UInt8] = []
    var invalid: InvalidEscape?

    init(bytes: UnsafePointer<UInt8>, from: Int, to: Int, isBytes: Bool) {
        self.bytes = bytes
        self.from = from
        self.to = to
        self.isBytes = isBytes
        out.reserveCapacity(to - from)
    }

    mutating func run(_ options: ParserOptions) throws(LiteralProblem) {
        var i = from
        while i < to {
            let c = bytes[i]
            if c != 92 {
                out.append(c)
                i += 1
                continue
            }
            let escape = i
            i += 1
            guard i < to else {
                if isBytes { throw .value("Trailing \\ in string") }
                out.append(92)
                break
            }
            let e = bytes[i]
            i += 1
            switch e {
            case 10: break
            case 92, 39, 34: out.append(e)
            case 97: out.append(7)
            case 98: out.append(8)
            case 102: out.append(12)
            case 110: out.append(10)
            case 114: out.append(13)
            case 116: out.append(9)
            case 118: out.append(11)
            case 48...55: octal(e, &i)
            case 120: try hexadecimal(2, escape, &i)
            case 117 where !isBytes: try hexadecimal(4, escape, &i)
            case 85 where !isBytes: try hexadecimal(8, escape, &i)
            case 78 where !isBytes: try named(escape, &i, options)
            default:
                if invalid == nil && e < 128 { invalid = InvalidEscape(offset: i - 1, isOctal: false) }
                out.append(92)
                i -= 1
            }
        }
    }

    private mutating func octal(_ first: UInt8, _ i: inout Int) {
        let start = i - 1
        var value = UInt32(first - 48)
        var n = 1
        while n < 3 && i < to && bytes[i] >= 48 && bytes[i] <= 55 {
            value = value << 3 | UInt32(bytes[i] - 48)
            i += 1
            n += 1
        }
        if value > 0o377 && invalid == nil { invalid = InvalidEscape(offset: start, isOctal: true) }
        if isBytes { out.append(UInt8(truncatingIfNeeded: value)) } else { append(value) }
    }

    private mutating func hexadecimal(_ digits: Int, _ escape: Int, _ i: inout Int) throws(LiteralProblem) {
        var value: UInt32 = 0
        var n = 0
        while n < digits && i < to, let d = EscapeDecoder.hexValue(bytes[i]) {
            value = value << 4 | d
            i += 1
            n += 1
        }
        if n < digits {
            if isBytes { throw .value("invalid \\x escape at position \(escape - from)") }
            let shape = digits == 2 ? "\\xXX" : digits == 4 ? "\\uXXXX" : "\\UXXXXXXXX"
            throw problem(escape, i, "truncated \(shape) escape")
        }
        if isBytes {
            out.append(UInt8(truncatingIfNeeded: value))
        } else if value > 0x10FFFF {
            throw problem(escape, i, "illegal Unicode character")
        } else {
            append(value)
        }
    }

    private mutating func named(_ escape: Int, _ i: inout Int, _ options: ParserOptions) throws(LiteralProblem) {
        guard i < to, bytes[i] == 123 else { throw problem(escape, i, "malformed \\N character escape") }
        let start = i + 1
        var end = start
        while end < to && bytes[end] != 125 { end += 1 }
        guard end < to, end > start else {
            throw problem(escape, end < to ? end + 1 : end, "malformed \\N character escape")
        }
        let name = String(decoding: UnsafeBufferPointer(start: bytes + start, count: end - start), as: UTF8.self)
        i = end + 1
        guard let found = options.characterNamed?(name) ?? IdentifierText.character(named: name) else {
            throw problem(escape, i, "unknown Unicode character name")
        }
        for c in found { append(c) }
    }

    static func hexValue(_ c: UInt8) -> UInt32? {
        switch c {
        case 48...57: return UInt32(c - 48)
        case 65...70: return UInt32(c - 55)
        case 97...102: return UInt32(c - 87)
        default: return nil
        }
    }

    private mutating func append(_ c: UInt32) {
        if c < 0x80 {
            out.append(UInt8(truncatingIfNeeded: c))
        } else if c < 0x800 {
            out.append(UInt8(truncatingIfNeeded: 0xC0 | c >> 6))
            out.append(UInt8(truncatingIfNeeded: 0x80 | c & 0x3F))
        } else {
            if c < 0x10000 {
                out.append(UInt8(truncatingIfNeeded: 0xE0 | c >> 12))
            } else {
                out.append(UInt8(truncatingIfNeeded: 0xF0 | c >> 18))
                out.append(UInt8(truncatingIfNeeded: 0x80 | c >> 12 & 0x3F))
            }
            out.append(UInt8(truncatingIfNeeded: 0x80 | c >> 6 & 0x3F))
            out.append(UInt8(truncatingIfNeeded: 0x80 | c & 0x3F))
        }
    }

    /// The codec's complaint. It counts positions in a text in which every character outside ASCII has become
    /// an escape of ten characters, and a backslash before one an escape of six.
    private func problem(_ escape: Int, _ end: Int, _ reason: String) -> LiteralProblem {
        func position(_ limit: Int) -> Int {
            var n = 0, p = from
            while p < limit {
                let c = bytes[p]
                if c == 92 {
                    n += 1
                    p += 1
                    if p >= to || bytes[p] & 0x80 != 0 {
                        n += 5
                    } else if p < limit {
                        n += 1
                        p += 1
                    }
                } else if c < 0x80 {
                    n += 1
                    p += 1
                } else {
                    n += 10
                    p += c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2
                }
            }
            return n
        }
        let first = position(escape)
        let last = position(escape) + (end - escape) - 1
        let place = last > first ? "bytes in position \(first)-\(last)" : "byte 0x5c in position \(first)"
        return .unicode("'unicodeescape' codec can't decode \(place): \(reason)")
    }
}
