// Replacement fields of `str.format`: cutting the format string into literals and fields, and field names into steps.
// `_string.formatter_parser` and `formatter_field_name_split` show the same steps to Python.

import TaipanUnicode

/// One piece of a format string: literal text, then perhaps a field.
public struct FormatPiece {
    public var literal = 0..<0
    public var hasField = false
    public var name = 0..<0
    public var spec = 0..<0
    /// The character after `!`, 0 for none.
    public var conversion: UInt32 = 0
    /// The spec has fields of its own.
    public var specIsNested = false
    public init() {}
}

/// Walks over the pieces of a format string's range.
public struct FormatPieces {
    let text: CodePoints
    var at: Int
    let end: Int

    public init(_ text: CodePoints, _ range: Range<Int>) {
        self.text = text
        at = range.lowerBound
        end = range.upperBound
    }

    /// Where the next piece starts.
    public var position: Int { at }

    /// The next piece, nil at the end.
    /// - Throws: ValueError for malformed fields.
    public mutating func next(_ t: Thread) throws(Raised) -> FormatPiece? {
        if at >= end { return nil }
        var piece = FormatPiece()
        let start = at
        var c: UInt32 = 0
        var isBrace = false
        while at < end && !isBrace {
            c = text[at]
            at += 1
            isBrace = c == 0x7B || c == 0x7D
        }
        var length = at - start
        if isBrace {
            let atEnd = at >= end
            if c == 0x7D && (atEnd || text[at] != 0x7D) { throw t.raise(.valueError, "Single '}' encountered in format string") }
            if c == 0x7B && atEnd { throw t.raise(.valueError, "Single '{' encountered in format string") }
            if text[at] == c {
                at += 1
                isBrace = false
            } else {
                length -= 1
            }
        }
        piece.literal = start..<start + length
        if isBrace { try field(t, &piece) }
        return piece
    }

    private mutating func field(_ t: Thread, _ piece: inout FormatPiece) throws(Raised) {
        piece.hasField = true
        let start = at
        var c: UInt32 = 0
        scan: while at < end {
            c = text[at]
            at += 1
            switch c {
            case 0x7B: throw t.raise(.valueError, "unexpected '{' in field name")
            case 0x5B: while at < end && text[at] != 0x5D { at += 1 }
            case 0x7D, 0x3A, 0x21: break scan
            default: break
            }
        }
        piece.name = start..<max(at - 1, start)
        if c == 0x7D { return }
        if c != 0x21 && c != 0x3A { throw t.raise(.valueError, "expected '}' before end of string") }
        if c == 0x21 {
            if at >= end { throw t.raise(.valueError, "end of string while looking for conversion specifier") }
            piece.conversion = text[at]
            at += 1
            if at < end {
                c = text[at]
                at += 1
                if c == 0x7D { return }
                if c != 0x3A { throw t.raise(.valueError, "expected ':' after conversion specifier") }
            }
        }
        try spec(t, &piece)
    }

    private mutating func spec(_ t: Thread, _ piece: inout FormatPiece) throws(Raised) {
        let start = at
        var depth = 1
        while at < end {
            let c = text[at]
            at += 1
            if c == 0x7B {
                piece.specIsNested = true
                depth += 1
            } else if c == 0x7D {
                depth -= 1
                if depth == 0 {
                    piece.spec = start..<at - 1
                    return
                }
            }
        }
        throw t.raise(.valueError, "unmatched '{' in format spec")
    }
}

/// Walks over the `.name` and `[key]` steps of a field name, after its first part.
public struct FieldSteps {
    let text: CodePoints
    var at: Int
    let end: Int

    public struct Step {
        public let isAttribute: Bool
        public let name: Range<Int>
        /// The key as an index, -1 when it is not a number.
        public let index: Int
    }

    public init(_ text: CodePoints, _ range: Range<Int>) {
        self.text = text
        at = range.lowerBound
        end = range.upperBound
    }

    /// Where the next step starts.
    public var position: Int { at }

    /// The next step, nil at the end.
    public mutating func next(_ t: Thread) throws(Raised) -> Step? {
        if at >= end { return nil }
        let c = text[at]
        at += 1
        let start = at
        if c == 0x2E {
            while at < end && text[at] != 0x2E && text[at] != 0x5B { at += 1 }
            if at == start { throw t.raise(.valueError, "Empty attribute in format string") }
            return Step(isAttribute: true, name: start..<at, index: -1)
        }
        if c != 0x5B { throw t.raise(.valueError, "Only '.' or '[' may follow ']' in format field specifier") }
        while at < end && text[at] != 0x5D { at += 1 }
        if at >= end { throw t.raise(.valueError, "Missing ']' in format string") }
        let name = start..<at
        at += 1
        let index = try t.fieldIndex(text, name)
        if name.isEmpty { throw t.raise(.valueError, "Empty attribute in format string") }
        return Step(isAttribute: false, name: name, index: index)
    }
}

extension Thread {
    /// A number in a field name; -1 when the text is not one.
    public func fieldIndex(_ text: CodePoints, _ range: Range<Int>) throws(Raised) -> Int {
        if range.isEmpty { return -1 }
        var value = 0
        for i in range {
            let digit = UnicodeProperties.decimalValue(text[i])
            if digit < 0 { return -1 }
            if value > (Int.max - digit) / 10 { throw raise(.valueError, "Too many decimal digits in format string") }
            value = value * 10 + digit
        }
        return value
    }

    /// Splits a field name: its first part, that as an index (or -1), and the steps after it.
    public func splitFieldName(_ text: CodePoints, _ range: Range<Int>) throws(Raised) -> (first: Range<Int>, index: Int, rest: FieldSteps) {
        var i = range.lowerBound
        while i < range.upperBound && text[i] != 0x2E && text[i] != 0x5B { i += 1 }
        let first = range.lowerBound..<i
        return (first, try fieldIndex(text, first), FieldSteps(text, i..<range.upperBound))
    }
}
