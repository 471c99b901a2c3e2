// Reading JSON's tokens: strings with escapes, numbers, blanks. The tree is built elsewhere.

/// A syntax error: CPython's message and the index it is reported at.
public struct JSONScanError: Error, Equatable, Sendable {
    public let message: StaticString
    public let position: Int

    public static func == (a: JSONScanError, b: JSONScanError) -> Bool {
        a.position == b.position && a.message.description == b.message.description
    }
}

/// What a string token holds.
public enum JSONString: Sendable {
    /// It has no escapes: the text `start ..< end` as it stands; `next` is behind the closing quote.
    case slice(start: Int, end: Int, next: Int)
    /// With escapes resolved; lone surrogates stay lone.
    case text([UInt32], next: Int)
}

/// A number token.
public struct JSONNumber: Equatable, Sendable {
    /// Index behind the number.
    public let end: Int
    /// Has it a fraction or an exponent?
    public let isFloat: Bool
}

/// Reads tokens from text of units `U` (one code point a unit). Other modules call the three forms that are compiled here for
/// the widths of a str.
public struct JSONScanner<U: FixedWidthInteger & UnsignedInteger> {
    let text: UnsafePointer<U>
    let count: Int

    /// A scanner over `count` units of `text`.
    public init(_ text: UnsafePointer<U>, count: Int) {
        self.text = text
        self.count = count
    }

    /// First index at or behind `start` that holds none of JSON's four blanks.
    @_specialize(where U == UInt8)
    @_specialize(where U == UInt16)
    @_specialize(where U == UInt32)
    public func skipBlanks(_ start: Int) -> Int {
        var at = start
        while at < count, text[at] == 32 || text[at] == 10 || text[at] == 13 || text[at] == 9 { at &+= 1 }
        return at
    }

    /// Reads a string whose opening quote is just before `start` (`json.decoder.scanstring`).
    /// `strict`: control characters are errors.
    @_specialize(where U == UInt8)
    @_specialize(where U == UInt16)
    @_specialize(where U == UInt32)
    public func string(_ start: Int, strict: Bool) throws(JSONScanError) -> JSONString {
        let stop = try plainRun(start, start, strict)
        if text[stop] == 34 { return .slice(start: start, end: stop, next: stop &+ 1) }
        return try escaped(start, stop, strict)
    }

    /// The first quote or backslash at or behind `at`.
    @inline(__always)
    private func plainRun(_ start: Int, _ from: Int, _ strict: Bool) throws(JSONScanError) -> Int {
        var at = from
        while at < count {
            let ch = text[at]
            if ch == 34 || ch == 92 { return at }
            if ch < 32 && strict { throw JSONScanError(message: "Invalid control character at", position: at) }
            at &+= 1
        }
        throw JSONScanError(message: "Unterminated string starting at", position: start &- 1)
    }

    @inline(never)
    private func escaped(_ start: Int, _ first: Int, _ strict: Bool) throws(JSONScanError) -> JSONString {
        var out: [UInt32] = []
        out.reserveCapacity(first &- start &+ 32)
        var at = start, stop = first
        while true {
            while at < stop {
                out.append(UInt32(text[at]))
                at &+= 1
            }
            if text[at] == 34 { return .text(out, next: at &+ 1) }
            at &+= 1
            guard at < count else { throw JSONScanError(message: "Unterminated string starting at", position: start &- 1) }
            if text[at] == 117 {
                out.append(try unicodeEscape(&at))
            } else {
                guard let ch = simpleEscape(text[at]) else {
                    throw JSONScanError(message: "Invalid \\escape", position: at &- 1)
                }
                out.append(ch)
                at &+= 1
            }
            stop = try plainRun(start, at, strict)
        }
    }

    private func simpleEscape(_ ch: U) -> UInt32? {
        switch ch {
        case 34, 92, 47: return UInt32(ch)
        case 98: return 8
        case 102: return 12
        case 110: return 10
        case 114: return 13
        case 116: return 9
        default: return nil
        }
    }

    /// Four hexadecimal digits at `at`.
    private func fourDigits(_ at: Int) -> UInt32? {
        var value: UInt32 = 0
        for k in 0..<4 {
            let ch = UInt32(text[at &+ k])
            guard ch < 128, let digit = BinaryText.hexValue(UInt8(truncatingIfNeeded: ch)) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// Reads `uXXXX` at `at`, and a low surrogate's escape behind a high one's.
    private func unicodeEscape(_ at: inout Int) throws(JSONScanError) -> UInt32 {
        let digits = at &+ 1
        // The closing quote must fit behind the digits, else the escape counts as malformed.
        guard digits &+ 4 < count, let unit = fourDigits(digits) else {
            throw JSONScanError(message: "Invalid \\uXXXX escape", position: digits &- 1)
        }
        at = digits &+ 4
        guard unit & 0xFC00 == 0xD800, at &+ 6 < count, text[at] == 92, text[at &+ 1] == 117 else { return unit }
        guard let low = fourDigits(at &+ 2) else {
            throw JSONScanError(message: "Invalid \\uXXXX escape", position: at &+ 1)
        }
        guard low & 0xFC00 == 0xDC00 else { return unit }
        at &+= 6
        return 0x10000 &+ (unit & 0x3FF) << 10 &+ (low & 0x3FF)
    }

    /// The number that begins at `start`; nil if none does.
    @_specialize(where U == UInt8)
    @_specialize(where U == UInt16)
    @_specialize(where U == UInt32)
    public func number(_ start: Int) -> JSONNumber? {
        var at = start
        if at < count && text[at] == 45 { at &+= 1 }
        guard at < count, text[at] >= 48, text[at] <= 57 else { return nil }
        at = text[at] == 48 ? at &+ 1 : digits(at)
        var isFloat = false
        if at &+ 1 < count && text[at] == 46 && isDigit(at &+ 1) {
            isFloat = true
            at = digits(at &+ 1)
        }
        if at &+ 1 < count && (text[at] == 101 || text[at] == 69) {
            let sign = text[at &+ 1] == 43 || text[at &+ 1] == 45 ? 1 : 0
            if at &+ 1 &+ sign < count && isDigit(at &+ 1 &+ sign) {
                isFloat = true
                at = digits(at &+ 1 &+ sign)
            }
        }
        return JSONNumber(end: at, isFloat: isFloat)
    }

    private func isDigit(_ at: Int) -> Bool { text[at] >= 48 && text[at] <= 57 }

    private func digits(_ start: Int) -> Int {
        var at = start
        while at < count && isDigit(at) { at &+= 1 }
        return at
    }

    /// Does the word stand at `at`?
    public func matches(_ word: StaticString, at: Int) -> Bool {
        guard at >= 0, word.utf8CodeUnitCount <= count &- at else { return false }
        for k in 0..<word.utf8CodeUnitCount where UInt32(text[at &+ k]) != UInt32(word.utf8Start[k]) { return false }
        return true
    }
}
