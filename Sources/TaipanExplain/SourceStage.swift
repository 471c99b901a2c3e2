// Stage 3: how the bytes of the source become text, and its tokens as the library's `tokenize` shows them.
import TaipanSyntax

/// The stages that need no run. Each gives what it can and says in `error` what stopped it.
public enum ExplainStages {
    /// Encoding, lines and tokens of a source.
    ///
    /// - Parameters:
    ///   - ignoresCookie: the bytes are text already (`-c`), whatever they declare.
    ///   - decode: decodes codecs that are not built in, as in `ParserOptions`.
    ///   - limit: how many tokens are kept.
    public static func source(
        bytes: [UInt8], file: String, ignoresCookie: Bool, decode: ((String, [UInt8]) throws(SyntaxFailure) -> [UInt8]?)? = nil, limit: Int = 20_000
    ) -> SourceRecord {
        var record = SourceRecord()
        record.file = file
        record.byteCount = bytes.count
        var options = ParserOptions()
        options.ignoreCookie = ignoresCookie
        options.decode = decode
        if !ignoresCookie { describeEncoding(of: bytes, &record) }
        do throws(SyntaxFailure) {
            let text = try SourceText.decoded(bytes, options: options)
            record.text = String(decoding: text, as: UTF8.self)
            describeLines(of: text, &record)
            try readTokens(of: Array(record.text.utf8), limit, &record)
        } catch {
            if record.text.isEmpty {
                record.text = String(decoding: bytes, as: UTF8.self)
                describeLines(of: bytes, &record)
            }
            record.error = SyntaxErrorRecord(error)
        }
        return record
    }

    private static func describeEncoding(of bytes: [UInt8], _ record: inout SourceRecord) {
        let found = SourceText.encoding(of: bytes)
        record.encoding = found.name
        if found.hasMark {
            record.encodingFrom = "byte order mark"
        } else if found.line > 0 {
            record.encodingFrom = "line \(found.line)"
        }
    }

    private static func describeLines(of text: [UInt8], _ record: inout SourceRecord) {
        var counts = (lineFeeds: 0, both: 0, returns: 0)
        for (i, byte) in text.enumerated() {
            if byte == 10 {
                if i > 0 && text[i - 1] == 13 { counts.both += 1 } else { counts.lineFeeds += 1 }
            } else if byte == 13 && (i + 1 == text.count || text[i + 1] != 10) {
                counts.returns += 1
            }
        }
        record.lineCount = counts.lineFeeds + counts.both + counts.returns
        if let last = text.last, last != 10 && last != 13 { record.lineCount += 1 }
        switch (counts.lineFeeds > 0, counts.both > 0, counts.returns > 0) {
        case (false, false, false): record.newlines = "none"
        case (true, false, false): record.newlines = "\\n"
        case (false, true, false): record.newlines = "\\r\\n"
        case (false, false, true): record.newlines = "\\r"
        default: record.newlines = "mixed"
        }
    }

    // MARK: Tokens

    private static func readTokens(of text: [UInt8], _ limit: Int, _ record: inout SourceRecord) throws(SyntaxFailure) {
        var first = SourceRecord.Token()
        first.kind = "ENCODING"
        first.exact = "ENCODING"
        first.text = record.encoding
        record.tokens.append(first)
        // A null byte ends what is read.
        let null = text.firstIndex(of: 0)
        var source = Array(text[..<(null ?? text.count)])
        if null != nil, let line = source.lastIndex(of: 10) { source.removeSubrange((line + 1)...) } else if null != nil { source = [] }
        var firstAdded = Int.max
        if let last = source.last, last != 10 {
            firstAdded = source.count
            source.append(10)
        }
        let reader = TokenReader(source, firstAddedNewline: firstAdded, extraTokens: true)
        var depth = 0
        while let read = try reader.next() {
            if null != nil && (read.type == 0 || read.sourceLine.isEmpty) { break }
            if read.type == 5 { depth += 1 }
            if record.tokens.count < limit { record.tokens.append(token(read, source, depth)) } else { record.omittedTokens += 1 }
            if read.type == 6 { depth -= 1 }
        }
        guard let null else { return }
        let line = text[..<null].count { $0 == 10 } + 1
        throw SyntaxFailure(
            .syntaxError, "source code cannot contain null bytes", line: line, offset: 0, endLine: line, endOffset: 0,
            text: String(decoding: text[source.count..<null], as: UTF8.self))
    }

    private static func token(_ read: TokenRecord, _ source: [UInt8], _ depth: Int) -> SourceRecord.Token {
        var token = SourceRecord.Token()
        token.text = read.fixedText.map { "\($0)" } ?? String(decoding: source[read.text.clamped(to: 0..<source.count)], as: UTF8.self)
        token.kind = kind(read.type)
        token.exact = read.type == 55 ? exact(token.text) : token.kind
        token.span = SpanRecord(read.line, read.column, read.endLine, read.endColumn)
        token.depth = depth
        return token
    }

    /// The name of a token's number in module `token`.
    private static func kind(_ number: Int) -> String {
        switch number {
        case 0: "ENDMARKER"
        case 1: "NAME"
        case 2: "NUMBER"
        case 3: "STRING"
        case 4: "NEWLINE"
        case 5: "INDENT"
        case 6: "DEDENT"
        case 55: "OP"
        case 56: "AWAIT"
        case 57: "ASYNC"
        case 58: "TYPE_IGNORE"
        case 59: "TYPE_COMMENT"
        case 61: "FSTRING_START"
        case 62: "FSTRING_MIDDLE"
        case 63: "FSTRING_END"
        case 64: "COMMENT"
        case 65: "NL"
        default: "ERRORTOKEN"
        }
    }

    /// The exact type of an operator; texts that are none keep `OP`.
    private static func exact(_ text: String) -> String {
        switch text {
        case "!": "EXCLAMATION"
        case "!=": "NOTEQUAL"
        case "%": "PERCENT"
        case "%=": "PERCENTEQUAL"
        case "&": "AMPER"
        case "&=": "AMPEREQUAL"
        case "(": "LPAR"
        case ")": "RPAR"
        case "*": "STAR"
        case "**": "DOUBLESTAR"
        case "**=": "DOUBLESTAREQUAL"
        case "*=": "STAREQUAL"
        case "+": "PLUS"
        case "+=": "PLUSEQUAL"
        case ",": "COMMA"
        case "-": "MINUS"
        case "-=": "MINEQUAL"
        case "->": "RARROW"
        case ".": "DOT"
        case "...": "ELLIPSIS"
        case "/": "SLASH"
        case "//": "DOUBLESLASH"
        case "//=": "DOUBLESLASHEQUAL"
        case "/=": "SLASHEQUAL"
        case ":": "COLON"
        case ":=": "COLONEQUAL"
        default: exactOfOthers(text)
        }
    }

    private static func exactOfOthers(_ text: String) -> String {
        switch text {
        case ";": "SEMI"
        case "<": "LESS"
        case "<<": "LEFTSHIFT"
        case "<<=": "LEFTSHIFTEQUAL"
        case "<=": "LESSEQUAL"
        case "=": "EQUAL"
        case "==": "EQEQUAL"
        case ">": "GREATER"
        case ">=": "GREATEREQUAL"
        case ">>": "RIGHTSHIFT"
        case ">>=": "RIGHTSHIFTEQUAL"
        case "@": "AT"
        case "@=": "ATEQUAL"
        case "[": "LSQB"
        case "]": "RSQB"
        case "^": "CIRCUMFLEX"
        case "^=": "CIRCUMFLEXEQUAL"
        case "{": "LBRACE"
        case "|": "VBAR"
        case "|=": "VBAREQUAL"
        case "}": "RBRACE"
        case "~": "TILDE"
        default: "OP"
        }
    }
}
