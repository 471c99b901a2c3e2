// The tokens of Python 3.12.

/// What a token is. Keywords have their own kinds; soft keywords (`match`, `case`, `type`, `_`) are names.
public enum TokenKind: UInt8, Sendable {
    case endMarker, name, number, string, newline, indent, dedent
    case fstringStart, fstringMiddle, fstringEnd
    case typeIgnore, typeComment, error
    // Keywords, in the order in which `NameTable` numbers them.
    case kwFalse, kwNone, kwTrue, kwAnd, kwAs, kwAssert, kwAsync, kwAwait, kwBreak, kwClass, kwContinue
    case kwDef, kwDel, kwElif, kwElse, kwExcept, kwFinally, kwFor, kwFrom, kwGlobal, kwIf, kwImport, kwIn
    case kwIs, kwLambda, kwNonlocal, kwNot, kwOr, kwPass, kwRaise, kwReturn, kwTry, kwWhile, kwWith, kwYield
    // Punctuation.
    case lpar, rpar, lsqb, rsqb, lbrace, rbrace, colon, comma, semi, dot, equal, arrow, colonEqual, exclamation
    case ellipsis
    // Operators between operands; the order of the in-place ones follows it.
    case plus, minus, star, slash, doubleSlash, percent, at, leftShift, rightShift, amper, vbar, circumflex, doubleStar
    case plusEqual, minEqual, starEqual, slashEqual, doubleSlashEqual, percentEqual, atEqual, leftShiftEqual
    case rightShiftEqual, amperEqual, vbarEqual, circumflexEqual, doubleStarEqual
    case eqEqual, notEqual, less, greater, lessEqual, greaterEqual
    case tilde
    /// Any other character.
    case op
    // Only for the library's `tokenize`.
    case comment, blankLine
}

/// One token: kind, bytes and place. Columns are byte offsets; -1 where CPython's tokenizer gives none.
public struct Token: Sendable {
    /// What the token is.
    public var kind: TokenKind
    /// For names the number in the `NameTable`.
    public var value: UInt32 = 0
    /// First byte in the tokenizer's buffer.
    public var start: Int32 = 0
    /// Behind the last byte.
    public var end: Int32 = 0
    /// The line of the first byte, counted from 1.
    public var line: Int32 = 0
    /// Bytes before the first one on its line.
    public var column: Int32 = 0
    /// The line of the last byte.
    public var endLine: Int32 = 0
    /// Bytes before the place behind the last one, on `endLine`.
    public var endColumn: Int32 = 0

    @inline(__always)
    var span: SourceSpan { SourceSpan(line: line, column: column, endLine: endLine, endColumn: endColumn) }
}

/// The identifiers of one source, each once. Keywords come first, then the soft ones.
struct NameTable {
    static let keywords: [StaticString] = [
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
        "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in",
        "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
    ]
    static let keywordCount: UInt32 = 35
    static let match: UInt32 = 35
    static let `case`: UInt32 = 36
    static let type: UInt32 = 37
    static let underscore: UInt32 = 38
    static let print: UInt32 = 39
    static let exec: UInt32 = 40

    private(set) var texts: [String] = []
    private var hashes: [UInt32] = []
    private var slots: [UInt32]
    private var mask: Int

    init(expected: Int) {
        var size = 256
        while size < expected { size *= 2 }
        slots = Array(repeating: UInt32.max, count: size)
        mask = size - 1
        texts.reserveCapacity(size / 2)
        hashes.reserveCapacity(size / 2)
        for word in NameTable.keywords { add(word) }
        for word in ["match", "case", "type", "_", "print", "exec"] as [StaticString] { add(word) }
    }

    private mutating func add(_ word: StaticString) {
        let bytes = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        _ = intern(bytes)
    }

    @inline(__always)
    private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        var h: UInt32 = 2_166_136_261
        for b in bytes { h = (h ^ UInt32(b)) &* 16_777_619 }
        return h ^ (h >> 15)
    }

    /// The number of a name, given its bytes (UTF-8, normalised).
    mutating func intern(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        let h = NameTable.hash(bytes)
        var i = Int(h) & mask
        while true {
            let found = slots[i]
            if found == UInt32.max { break }
            if hashes[Int(found)] == h, NameTable.same(texts[Int(found)], bytes) { return found }
            i = (i + 1) & mask
        }
        let number = UInt32(texts.count)
        texts.append(String(decoding: bytes, as: UTF8.self))
        hashes.append(h)
        slots[i] = number
        if texts.count * 2 > slots.count { grow() }
        return number
    }

    @inline(__always)
    private static func same(_ text: String, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var text = text
        return text.withUTF8 { t in
            if t.count != bytes.count { return false }
            for i in 0..<t.count where t[i] != bytes[i] { return false }
            return true
        }
    }

    private mutating func grow() {
        slots = Array(repeating: UInt32.max, count: slots.count * 2)
        mask = slots.count - 1
        for (number, h) in hashes.enumerated() {
            var i = Int(h) & mask
            while slots[i] != UInt32.max { i = (i + 1) & mask }
            slots[i] = UInt32(number)
        }
    }
}
