// The tokens of a source as the library's module `tokenize` shows them: comments and blank lines included, with CPython's token
// numbers and columns in characters.

/// One token, with positions in characters; the texts are ranges of the source's bytes.
public struct TokenRecord: Sendable {
    /// CPython's token number.
    public var type: Int
    /// The token's bytes in the source.
    public var text: Range<Int>
    /// Replaces `text` where the source does not say it: a newline.
    public var fixedText: StaticString?
    /// The line of the first character, counted from 1.
    public var line: Int
    /// Characters before the first one on its line; -1 where CPython gives none.
    public var column: Int
    /// The line of the last character.
    public var endLine: Int
    /// Characters before the place behind the last one; -1 where CPython gives none.
    public var endColumn: Int
    /// The physical lines that the token is on; empty at the end.
    public var sourceLine: Range<Int>
}

/// Reads the tokens of lines that were given one by one, each ending in a newline.
public final class TokenReader {
    private let buffer: UnsafeMutableBufferPointer<UInt8>
    private let classes: UnsafeMutablePointer<UInt8>
    private var tokenizer: Tokenizer
    private let bytes: UnsafePointer<UInt8>
    private let count: Int
    /// Where a newline begins that the source did not have.
    private let firstAddedNewline: Int
    private let extraTokens: Bool
    private var isDone = false
    /// A place whose distance from the start of its line is known, so that a long line is counted once and not for each of its tokens.
    private var known = (lineStart: 0, place: 0, characters: 0)

    /// - Parameters:
    ///   - source: UTF-8, every line ending in a newline.
    ///   - firstAddedNewline: index of the first line end that was added; behind the end when there is none.
    public init(_ source: [UInt8], firstAddedNewline: Int, extraTokens: Bool) {
        buffer = .allocate(capacity: source.count + 1)
        _ = buffer.initialize(from: source + [0])
        classes = .allocate(capacity: 256)
        Tokenizer.fillClasses(classes)
        bytes = UnsafePointer(buffer.baseAddress.unsafelyUnwrapped)
        count = source.count
        self.firstAddedNewline = firstAddedNewline
        self.extraTokens = extraTokens
        tokenizer = Tokenizer(bytes: bytes, count: count, classes: classes, typeComments: false, collectNotes: false, extraTokens: extraTokens)
    }

    deinit {
        buffer.deallocate()
        classes.deallocate()
    }

    /// The next token, nil behind the end marker.
    /// - Throws: the SyntaxError of CPython's tokenizer.
    public func next() throws(SyntaxFailure) -> TokenRecord? {
        if isDone { return nil }
        let token = tokenizer.nextToken()
        if token.kind == .error {
            isDone = true
            throw describe()
        }
        if token.kind == .endMarker { isDone = true }
        return record(token)
    }

    /// Characters between the start of a line and a place behind it.
    private func characters(_ lineStart: Int, _ place: Int) -> Int {
        if known.lineStart != lineStart || place < known.place { known = (lineStart, lineStart, 0) }
        known.characters += SourceText.characterCount(bytes, known.place, place)
        known.place = max(known.place, place)
        return known.characters
    }

    private func record(_ token: Token) -> TokenRecord {
        let isEnd = token.kind == .endMarker || (token.kind == .dedent && tokenizer.status == .endOfText)
        let isString = token.kind == .string || token.kind == .fstringMiddle
        let hasImplicitNewline = tokenizer.lineLimit > firstAddedNewline
        let lineStart = isString ? tokenizer.multiLineStart : tokenizer.lineStart
        var lineEnd = tokenizer.lineLimit
        if hasImplicitNewline && lineEnd > lineStart { lineEnd -= 1 }
        var record = TokenRecord(
            type: TokenReader.number(token.kind), text: Int(token.start)..<max(Int(token.end), Int(token.start)), fixedText: nil, line: Int(token.line), column: -1,
            endLine: Int(token.endLine), endColumn: -1, sourceLine: lineStart..<max(lineStart, lineEnd))
        if token.column >= 0 { record.column = characters(lineStart, lineStart + Int(token.column)) }
        let end = Int(token.end)
        if token.endColumn >= 0 && end >= tokenizer.lineStart {
            // CPython converts the byte column with the text of the first line, also where the token ends on a later one.
            record.endColumn = characters(lineStart, min(lineStart + Int(token.endColumn), record.sourceLine.upperBound + 1))
        }
        if !extraTokens {
            if token.kind == .newline { record.endColumn -= 1 }
            if record.type == 55 { record.type = TokenReader.operatorNumber(token.kind) }
            return record
        }
        if isEnd {
            record.sourceLine = 0..<0
            record.line += 1
            record.endLine = record.line
            record.column = 0
            record.endColumn = 0
            record.text = 0..<0
        } else if record.type == 56 || record.type == 57 {
            record.type = 1
        } else if token.kind == .newline {
            record.endColumn = characters(tokenizer.lineStart, end) + 1
            if !hasImplicitNewline { record.fixedText = bytes[Int(token.start)] == 13 ? "\r\n" : "\n" }
        } else if token.kind == .blankLine && hasImplicitNewline {
            record.fixedText = ""
        }
        return record
    }

    /// What stopped the tokenizer.
    private func describe() -> SyntaxFailure {
        if let failure = tokenizer.failure { return failure }
        let from = tokenizer.textStart
        var to = tokenizer.lineLimit
        if to > from && bytes[to - 1] == 10 { to -= 1 }
        let text = SourceText.lossyString(bytes, from, to)
        let offset = SourceText.characterCount(bytes, from, to) + 1
        func failure(_ kind: SyntaxFailure.Kind, _ message: String) -> SyntaxFailure {
            SyntaxFailure(kind, message, line: tokenizer.line, offset: offset, text: text)
        }
        switch tokenizer.status {
        case .inconsistentTabs: return failure(.tabError, "inconsistent use of tabs and spaces in indentation")
        case .badDedent: return failure(.indentationError, "unindent does not match any outer indentation level")
        case .tooDeep: return failure(.indentationError, "too many levels of indentation")
        case .badContinuation: return failure(.syntaxError, "unexpected character after line continuation character")
        default:
            // At the end between tokens nothing is buffered any more.
            let isBetween = tokenizer.start < 0 || tokenizer.start == tokenizer.cursor - 1
            let offset = isBetween && !tokenizer.isInFString ? 0 : count - from
            return SyntaxFailure(.incompleteInputError, "unexpected EOF in multi-line statement", line: tokenizer.line, offset: offset)
        }
    }

    /// CPython's number of a kind of token.
    private static func number(_ kind: TokenKind) -> Int {
        switch kind {
        case .endMarker: 0
        case .number: 2
        case .string: 3
        case .newline: 4
        case .indent: 5
        case .dedent: 6
        case .fstringStart: 61
        case .fstringMiddle: 62
        case .fstringEnd: 63
        case .comment: 64
        case .blankLine: 65
        case .typeIgnore: 58
        case .typeComment: 59
        case .kwAsync: 57
        case .kwAwait: 56
        default: kind.rawValue >= TokenKind.lpar.rawValue && kind.rawValue <= TokenKind.op.rawValue ? 55 : 1
        }
    }

    private static func operatorNumber(_ kind: TokenKind) -> Int {
        let order: [TokenKind] = [
            .lpar, .rpar, .lsqb, .rsqb, .colon, .comma, .semi, .plus, .minus, .star, .slash, .vbar, .amper, .less, .greater, .equal, .dot, .percent,
            .lbrace, .rbrace, .eqEqual, .notEqual, .lessEqual, .greaterEqual, .tilde, .circumflex, .leftShift, .rightShift, .doubleStar, .plusEqual,
            .minEqual, .starEqual, .slashEqual, .percentEqual, .amperEqual, .vbarEqual, .circumflexEqual, .leftShiftEqual, .rightShiftEqual,
            .doubleStarEqual, .doubleSlash, .doubleSlashEqual, .at, .atEqual, .arrow, .ellipsis, .colonEqual, .exclamation, .op,
        ]
        return 7 + (order.firstIndex(of: kind) ?? 48)
    }
}
