// Where lines, words and margins are: the searching halves of splitlines, split() and strip, for str and for bytes.

/// What counts as white space and as a line end: Unicode's answer for `str`, ASCII's for `bytes`.
public enum TextKind: Sendable {
    case text, bytes

    /// `str.isspace` or `bytes.isspace` of one unit.
    @inlinable @inline(__always)
    func isSpace(_ c: UInt32) -> Bool {
        if c < 0x80 {
            // Tab to return and space for both; 0x1C to 0x1F are separators, which only str counts.
            if c == 0x20 || c &- 9 < 5 { return true }
            return self == .text && c &- 0x1C < 4
        }
        return self == .text && UnicodeProperties.isSpace(c)
    }

    /// Whether a line ends after `c`.
    @inlinable @inline(__always)
    func isLineBreak(_ c: UInt32) -> Bool {
        if c == 0x0A || c == 0x0D { return true }
        return self == .text && c >= 0x0B && (c < 0x80 ? c < 0x0D || c &- 0x1C < 3 : UnicodeProperties.isLineBreak(c))
    }
}

/// Boundaries in a run of text. Functions that look for something return nil at the end.
public enum TextBoundaries {
    /// The line that starts at `start`: its end without the line break and the start of the next. nil at the end.
    public static func line(_ text: CodePoints, from start: Int, _ kind: TextKind) -> (end: Int, next: Int)? {
        guard start < text.count else { return nil }
        switch text.width {
        case 1: return line(text.units(UInt8.self), start, kind)
        case 2: return line(text.units(UInt16.self), start, kind)
        default: return line(text.units(UInt32.self), start, kind)
        }
    }

    @inline(__always)
    private static func line<Unit: FixedWidthInteger & UnsignedInteger>(
        _ text: UnsafeBufferPointer<Unit>, _ start: Int, _ kind: TextKind
    ) -> (end: Int, next: Int) {
        var i = start
        while i < text.count, !kind.isLineBreak(UInt32(truncatingIfNeeded: text[i])) { i &+= 1 }
        if i == text.count { return (i, i) }
        let isPair = text[i] == 0x0D && i &+ 1 < text.count && text[i &+ 1] == 0x0A
        return (i, i &+ (isPair ? 2 : 1))
    }

    /// First index at or after `start` that is not white space, `text.count` if there is none.
    public static func skipSpace(_ text: CodePoints, from start: Int, _ kind: TextKind) -> Int {
        switch text.width {
        case 1: forward(text.units(UInt8.self), start, kind, whileSpace: true)
        case 2: forward(text.units(UInt16.self), start, kind, whileSpace: true)
        default: forward(text.units(UInt32.self), start, kind, whileSpace: true)
        }
    }

    /// First index at or after `start` that is white space, `text.count` if there is none.
    public static func skipWord(_ text: CodePoints, from start: Int, _ kind: TextKind) -> Int {
        switch text.width {
        case 1: forward(text.units(UInt8.self), start, kind, whileSpace: false)
        case 2: forward(text.units(UInt16.self), start, kind, whileSpace: false)
        default: forward(text.units(UInt32.self), start, kind, whileSpace: false)
        }
    }

    @inline(__always)
    private static func forward<Unit: FixedWidthInteger & UnsignedInteger>(
        _ text: UnsafeBufferPointer<Unit>, _ start: Int, _ kind: TextKind, whileSpace: Bool
    ) -> Int {
        var i = start
        while i < text.count, kind.isSpace(UInt32(truncatingIfNeeded: text[i])) == whileSpace { i &+= 1 }
        return i
    }

    /// End of the text before `end` without the white space at its end.
    public static func skipSpaceBackward(_ text: CodePoints, from end: Int, _ kind: TextKind) -> Int {
        var i = end
        while i > 0, kind.isSpace(text[i - 1]) { i -= 1 }
        return i
    }

    /// Start of the word that ends at `end`.
    public static func skipWordBackward(_ text: CodePoints, from end: Int, _ kind: TextKind) -> Int {
        var i = end
        while i > 0, !kind.isSpace(text[i - 1]) { i -= 1 }
        return i
    }

    /// The next word at or after `start`, as `split()` sees words; nil when only white space is left.
    public static func word(_ text: CodePoints, from start: Int, _ kind: TextKind) -> Range<Int>? {
        let begin = skipSpace(text, from: start, kind)
        return begin >= text.count ? nil : begin..<skipWord(text, from: begin, kind)
    }

    /// The last word that ends at or before `end`; nil when only white space is there.
    public static func wordBackward(_ text: CodePoints, from end: Int, _ kind: TextKind) -> Range<Int>? {
        let stop = skipSpaceBackward(text, from: end, kind)
        return stop == 0 ? nil : skipWordBackward(text, from: stop, kind)..<stop
    }

    /// What is left of `text` without white space at the chosen sides.
    public static func strip(_ text: CodePoints, left: Bool, right: Bool, _ kind: TextKind) -> Range<Int> {
        let start = left ? skipSpace(text, from: 0, kind) : 0
        var end = text.count
        while right, end > start, kind.isSpace(text[end - 1]) { end -= 1 }
        return start..<end
    }

    /// What is left of `text` without units of `set` at the chosen sides.
    public static func strip(_ text: CodePoints, of set: CodePoints, left: Bool, right: Bool) -> Range<Int> {
        // Most units are not in the set; six bits of each tell so without looking through it.
        var bloom: UInt64 = 0
        for i in 0..<set.count { bloom |= 1 << UInt64(set[i] & 63) }
        func isIn(_ c: UInt32) -> Bool {
            bloom & (1 << UInt64(c & 63)) != 0 && TextSearch.find(unit: c, in: set, from: 0, to: set.count) >= 0
        }
        var start = 0
        var end = text.count
        while left, start < end, isIn(text[start]) { start += 1 }
        while right, end > start, isIn(text[end - 1]) { end -= 1 }
        return start..<end
    }
}

/// ASCII's part of case and classes, for `bytes` and `bytearray`.
public enum ASCIIText {
    @inlinable public static func isUpper(_ byte: UInt8) -> Bool { byte &- 0x41 < 26 }
    @inlinable public static func isLower(_ byte: UInt8) -> Bool { byte &- 0x61 < 26 }
    @inlinable public static func isAlpha(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }
    @inlinable public static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
    @inlinable public static func isAlphanumeric(_ byte: UInt8) -> Bool { isAlpha(byte) || isDigit(byte) }
    /// Space, tab, line feed, vertical tab, form feed, return.
    @inlinable public static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte &- 9 < 5 }
    @inlinable public static func toUpper(_ byte: UInt8) -> UInt8 { isLower(byte) ? byte ^ 0x20 : byte }
    @inlinable public static func toLower(_ byte: UInt8) -> UInt8 { isUpper(byte) ? byte ^ 0x20 : byte }
    @inlinable public static func swapCase(_ byte: UInt8) -> UInt8 { isAlpha(byte) ? byte ^ 0x20 : byte }
    /// A hexadecimal digit's value, nil for other bytes.
    @inlinable public static func hexValue(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte & 15 }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter + 10 : nil
    }
}
