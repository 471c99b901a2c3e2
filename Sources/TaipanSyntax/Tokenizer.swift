// The tokenizer: bytes of UTF-8 to tokens, for the whole lexical grammar of 3.12.
//
// It walks line by line. `cursor == lineLimit` means that the line is used up; reading on takes the next
// one and moves `line`, `lineStart` and (outside a token) `textStart`. Error positions depend on exactly
// when that happens, so the state is CPython's, while the scanning inside a line goes over raw bytes.
//
// Invariant: `bytes[limit]` is NUL, and no other byte is; the text ends in a newline in file mode.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

struct Tokenizer {
    /// Why the last token was an error, or that the end was reached.
    enum Status {
        case ok, endOfText, raised, inconsistentTabs, badDedent, tooDeep, badContinuation, endInString, undecodable
    }

    /// One entry of the mode stack: the file itself or an f-string being read.
    struct Mode {
        var inMiddle = false
        var bracketDepth = 0
        var expressionDepth = -1
        var quote: UInt8 = 0
        var quoteSize = 0
        var isRaw = false
        var start = 0
        var lineStart = 0
        var line = 0
        var expressionEnded = false
        var isFString = false
    }

    static let maxIndents = 100
    static let maxLevel = 200
    static let maxFStringLevel = 150
    static let maxExpressionNesting = 3
    static let endOfText: Int32 = -1

    let bytes: UnsafePointer<UInt8>
    let limit: Int
    var names: NameTable

    var cursor = 0
    var lineLimit = 0
    var lineStart = 0
    var line = 0
    /// Where the text shown with an error starts: the first line of the current token's lines.
    var textStart = 0
    var multiLineStart = 0
    var firstLine = 0
    /// Start of the token being read; -1 between tokens.
    var start = -1
    var status = Status.ok
    var failure: SyntaxFailure?
    /// The line behind the text cannot be read: this is raised instead of the end.
    private var failureAtEnd: UnreadableLine?
    /// With the status `undecodable`: what is wrong with the bytes of a name.
    var decodeProblem = ""
    var notes: [SyntaxNote] = []
    let collectNotes: Bool
    let typeComments: Bool
    /// Comments and blank lines are tokens too, names and numbers are not checked, `\r` may end lines: what the library's
    /// `tokenize` asks for.
    let extraTokens: Bool
    /// `async` and `await` are names outside `async def`: the grammar of Python 3.6 and before.
    var asyncIsSoft = false
    /// Inside `async def`, then: the depth of its block, and whether its first line is over.
    private var asyncDefinition: (depth: Int, signatureIsOver: Bool)?
    private var lastKind = TokenKind.newline
    /// The comment just given stood alone on its line.
    private var commentEndsLine = false

    private(set) var typeIgnores: [TypeIgnore] = []
    private var hasStarted = false
    private var atLineStart = true
    private var pendingIndents = 0
    private var indents: [Int32] = [0]
    private var alternativeIndents: [Int32] = [0]
    private(set) var level = 0
    private(set) var parens: [(bracket: UInt8, line: Int, column: Int)] = []
    private var mode = Mode()
    private var outerModes: [Mode] = []
    /// Byte classes: 1 identifier start, 2 identifier part, 4 digit, 8 hexadecimal digit.
    private let classes: UnsafeMutablePointer<UInt8>

    /// - Parameter classes: 256 bytes, filled by `fillClasses`, that outlive the tokenizer.
    init(bytes: UnsafePointer<UInt8>, count: Int, classes: UnsafeMutablePointer<UInt8>, typeComments: Bool, collectNotes: Bool,
         extraTokens: Bool = false) {
        self.bytes = bytes
        self.extraTokens = extraTokens
        limit = count
        names = NameTable(expected: count / 64)
        self.classes = classes
        self.typeComments = typeComments
        self.collectNotes = collectNotes
    }

    /// The tokenizer that a parser with these options reads from.
    init(bytes: UnsafePointer<UInt8>, count: Int, classes: UnsafeMutablePointer<UInt8>, options: ParserOptions, collectNotes: Bool) {
        self.init(bytes: bytes, count: count, classes: classes, typeComments: options.typeComments, collectNotes: collectNotes)
        asyncIsSoft = options.featureVersion < 7
        failureAtEnd = options.failureAtEnd
    }

    static func fillClasses(_ classes: UnsafeMutablePointer<UInt8>) {
        for b in 0..<256 {
            let c = UInt8(b)
            var k: UInt8 = 0
            if (c | 32 >= 97 && c | 32 <= 122) || c == 95 || c >= 128 { k = 3 }
            if c >= 48 && c <= 57 { k = 2 | 4 | 8 }
            if c | 32 >= 97 && c | 32 <= 102 { k |= 8 }
            classes[b] = k
        }
    }

    // MARK: Reading

    /// Makes the next line current; false at the end.
    @inline(never)
    private mutating func takeLine() -> Bool {
        if status != .ok { return false }
        if lineLimit >= limit {
            if let failureAtEnd, failure == nil { failure = failureAtEnd.failure }
            status = failure == nil ? .endOfText : .raised
            return false
        }
        if start < 0 { textStart = cursor }
        lineStart = cursor
        line += 1
        if let newline = memchr(bytes + cursor, 10, limit - cursor) {
            lineLimit = UnsafeRawPointer(newline) - UnsafeRawPointer(bytes) + 1
        } else {
            lineLimit = limit
        }
        return true
    }

    @inline(__always)
    private mutating func next() -> Int32 {
        if cursor == lineLimit && !takeLine() { return Tokenizer.endOfText }
        cursor += 1
        return Int32(bytes[cursor - 1])
    }

    @inline(__always)
    private mutating func back(_ c: Int32) {
        if c != Tokenizer.endOfText { cursor -= 1 }
    }

    @inline(__always)
    private func isClass(_ c: Int32, _ mask: UInt8) -> Bool {
        c >= 0 && classes[Int(c)] & mask != 0
    }

    // MARK: Results

    @inline(__always)
    private func token(_ kind: TokenKind, _ from: Int, _ to: Int, value: UInt32 = 0) -> Token {
        let multiline = kind == .string || kind == .fstringMiddle
        let begin = multiline ? multiLineStart : lineStart
        return Token(kind: kind, value: value, start: Int32(truncatingIfNeeded: from), end: Int32(truncatingIfNeeded: to),
                     line: Int32(truncatingIfNeeded: multiline ? firstLine : line),
                     column: from >= begin ? Int32(truncatingIfNeeded: from - begin) : -1,
                     endLine: Int32(truncatingIfNeeded: line),
                     endColumn: to >= lineStart ? Int32(truncatingIfNeeded: to - lineStart) : -1)
    }

    /// A token without text: indent, dedent, end.
    private func emptyToken(_ kind: TokenKind) -> Token {
        Token(kind: kind, value: 0, start: Int32(truncatingIfNeeded: cursor), end: Int32(truncatingIfNeeded: cursor),
              line: Int32(truncatingIfNeeded: line), column: -1, endLine: Int32(truncatingIfNeeded: line), endColumn: -1)
    }

    private func errorToken() -> Token { emptyToken(.error) }

    private mutating func fail(_ status: Status) -> Token {
        self.status = status
        return errorToken()
    }

    /// Raises at the cursor: the column is that of the last character read.
    mutating func raise(_ message: String, column: Int? = nil, endColumn: Int? = nil) -> Token {
        if failure == nil {
            let column = column ?? SourceText.characterCount(bytes, lineStart, max(cursor, lineStart))
            var end = lineStart
            while end < limit && bytes[end] != 10 { end += 1 }
            let text = SourceText.lossyString(bytes, lineStart, end)
            failure = SyntaxFailure(.syntaxError, message, line: line, offset: column, endLine: line,
                                    endOffset: endColumn ?? column, text: text)
        }
        return fail(.raised)
    }

    // MARK: Tokens

    /// The next token; of kind `error` when there is none, with the reason in `status` and `failure`.
    mutating func nextToken() -> Token {
        mode.inMiddle ? fstringToken() : regularToken()
    }

    /// The next token that a parser in a mode sees. Type ignores are left out and collected. In interactive mode
    /// the end gives a newline first, and then closes the open blocks.
    mutating func nextToken(_ parserMode: ParserMode, dontImplyDedent: Bool = false) -> Token {
        var token = nextToken()
        while token.kind == .typeIgnore {
            let tag = SourceText.lossyString(bytes, Int(token.start), Int(token.end))
            typeIgnores.append(TypeIgnore(line: token.line, tag: tag))
            token = nextToken()
        }
        if asyncIsSoft { softenAsync(&token) }
        guard parserMode == .interactive else { return token }
        if token.kind == .endMarker && hasStarted {
            token.kind = .newline
            hasStarted = false
            if indents.count > 1 && !dontImplyDedent {
                pendingIndents = -(indents.count - 1)
                indents = [0]
                alternativeIndents = [0]
            }
        } else {
            hasStarted = true
        }
        return token
    }

    /// Makes `async` and `await` names where they were, before 3.7.
    private mutating func softenAsync(_ token: inout Token) {
        if token.kind == .typeComment { return }
        let startsStatement = lastKind == .newline || lastKind == .indent || lastKind == .dedent
        lastKind = token.kind
        if let definition = asyncDefinition {
            if token.kind == .newline { asyncDefinition?.signatureIsOver = true }
            let isInside = !definition.signatureIsOver || indents.count > definition.depth
            if !startsStatement || isInside || token.kind == .newline || token.kind == .indent || token.kind == .dedent { return }
            asyncDefinition = nil
        }
        if token.kind == .kwAsync && isFollowedByDef(Int(token.end)) {
            asyncDefinition = (indents.count, false)
        } else if token.kind == .kwAsync || token.kind == .kwAwait {
            token.kind = .name
        }
    }

    private func isFollowedByDef(_ end: Int) -> Bool {
        var p = end
        while true {
            if bytes[p] == 32 || bytes[p] == 9 || bytes[p] == 12 { p += 1 }
            else if bytes[p] == 92 && bytes[p + 1] == 10 { p += 2 }
            else { break }
        }
        return p + 3 < limit && bytes[p] == 100 && bytes[p + 1] == 101 && bytes[p + 2] == 102 && classes[Int(bytes[p + 3])] & 2 == 0
    }

    /// Whether reading has met the end of the text: most tokens look one character ahead.
    func hasMetEnd(_ last: TokenKind?) -> Bool {
        if status == .endOfText || status == .endInString { return true }
        guard status == .ok, cursor == limit, let last else { return false }
        return last != .string && last != .fstringEnd && last != .newline && last != .fstringMiddle
    }

    /// Whether only white space and comments follow the cursor.
    var isAtEnd: Bool {
        var p = cursor
        while p < limit {
            switch bytes[p] {
            case 32, 9, 10, 12: p += 1
            case 35:
                while p < limit && bytes[p] != 10 { p += 1 }
            default: return false
            }
        }
        return true
    }

    /// Whether the tokenizer reads an expression inside an f-string.
    @inline(__always)
    private var insideFString: Bool { mode.isFString }

    var isInFString: Bool { !outerModes.isEmpty }

    private mutating func regularToken() -> Token {
        while true {
            start = -1
            var isBlank = false
            if atLineStart {
                atLineStart = false
                switch measureIndent() {
                case .none: break
                case .some(true): isBlank = true
                case .some(false): return errorToken()
                }
            }
            start = cursor
            if pendingIndents != 0 {
                let kind: TokenKind = pendingIndents < 0 ? .dedent : .indent
                pendingIndents += pendingIndents < 0 ? 1 : -1
                if extraTokens { return token(kind, kind == .indent ? lineStart : cursor, cursor) }
                return emptyToken(kind)
            }
            if let found = tokenInLine(isBlank) { return found }
        }
    }

    /// Reads the white space at the start of a line. Nil for a line with tokens, true for a blank one, false
    /// after an error.
    private mutating func measureIndent() -> Bool? {
        var column: Int32 = 0, alternative: Int32 = 0, continued: Int32 = 0
        var c: Int32
        while true {
            c = next()
            if c == 32 {
                column &+= 1
                alternative &+= 1
            } else if c == 9 {
                column = (column / 8 &+ 1) &* 8
                alternative &+= 1
            } else if c == 12 {
                column = 0
                alternative = 0
            } else if c == 92 {
                continued = continued != 0 ? continued : column
                if readContinuation() == nil { return false }
            } else {
                break
            }
        }
        back(c)
        if c == 35 || c == 10 || (c == 13 && extraTokens) { return true }
        if level > 0 { return nil }
        if continued != 0 {
            column = continued
            alternative = continued
        }
        return setIndent(column, alternative) ? nil : false
    }

    private mutating func setIndent(_ column: Int32, _ alternative: Int32) -> Bool {
        let current = indents[indents.count - 1]
        if column == current {
            if alternative != alternativeIndents[indents.count - 1] { return badTabs() }
        } else if column > current {
            if indents.count >= Tokenizer.maxIndents {
                status = .tooDeep
                cursor = lineLimit
                return false
            }
            if alternative <= alternativeIndents[indents.count - 1] { return badTabs() }
            pendingIndents += 1
            indents.append(column)
            alternativeIndents.append(alternative)
        } else {
            while indents.count > 1 && column < indents[indents.count - 1] {
                pendingIndents -= 1
                indents.removeLast()
                alternativeIndents.removeLast()
            }
            if column != indents[indents.count - 1] {
                status = .badDedent
                cursor = lineLimit
                return false
            }
            if alternative != alternativeIndents[indents.count - 1] { return badTabs() }
        }
        return true
    }

    private mutating func badTabs() -> Bool {
        status = .inconsistentTabs
        cursor = lineLimit
        return false
    }

    /// Behind a backslash: takes the newline. Nil after an error.
    private mutating func readContinuation() -> Int32? {
        var c = next()
        if c == 13 { c = next() }
        if c != 10 {
            status = .badContinuation
            return nil
        }
        c = next()
        if c == Tokenizer.endOfText {
            cursor = lineLimit
            return nil
        }
        back(c)
        return c
    }

    /// A token of the current line; nil when the line had none (any more) and the next is to be read.
    private mutating func tokenInLine(_ isBlank: Bool) -> Token? {
        while true {
            start = -1
            var c = next()
            while c == 32 || c == 9 || c == 12 { c = next() }
            start = cursor - 1
            if c == 35 {
                if extraTokens { return extraComment(isBlank) }
                if let comment = readComment(isBlank) { return comment }
                c = next()
            }
            if c == Tokenizer.endOfText {
                if level > 0 { return errorToken() }
                return emptyToken(status == .endOfText ? .endMarker : .error)
            }
            let kinds = classes[Int(c)]
            if kinds & 1 != 0 { return nameOrString(UInt8(truncatingIfNeeded: c)) }
            if extraTokens && c == 13 { c = next() }
            if c == 10 {
                atLineStart = true
                if extraTokens && (isBlank || level > 0 || commentEndsLine) {
                    commentEndsLine = false
                    return token(.blankLine, start, cursor)
                }
                if isBlank || level > 0 { return nil }
                var newline = token(.newline, start, cursor - 1)
                newline.endColumn += 1
                return newline
            }
            if kinds & 4 != 0 { return number(c) }
            if c == 46 {
                c = next()
                if isClass(c, 4) { return fraction(c) }
                if c == 46 {
                    c = next()
                    if c == 46 { return token(.ellipsis, start, cursor) }
                    back(c)
                    back(46)
                } else {
                    back(c)
                }
                return token(.dot, start, cursor)
            }
            if c == 39 || c == 34 { return string(UInt8(truncatingIfNeeded: c)) }
            if c == 92 {
                if readContinuation() == nil { return errorToken() }
                continue
            }
            return punctuation(UInt8(truncatingIfNeeded: c))
        }
    }

    private mutating func extraComment(_ isBlank: Bool) -> Token {
        while cursor < lineLimit && bytes[cursor] != 10 && bytes[cursor] != 13 { cursor += 1 }
        commentEndsLine = isBlank
        return token(.comment, start, cursor)
    }

    /// Skips a comment up to its newline; gives a token if it is a type comment that is wanted.
    private mutating func readComment(_ isBlank: Bool) -> Token? {
        let comment = cursor - 1
        var end = lineLimit
        if end > comment && bytes[end - 1] == 10 { end -= 1 }
        cursor = end
        guard typeComments else { return nil }
        var p = afterBlanks(comment + 1, end)
        let prefix: StaticString = "type:"
        guard end - p >= 5, memcmp(bytes + p, prefix.utf8Start, 5) == 0 else { return nil }
        p = afterBlanks(p + 5, end)
        let ignore: StaticString = "ignore"
        guard end - p >= 6, memcmp(bytes + p, ignore.utf8Start, 6) == 0,
              end == p + 6 || (bytes[p + 6] < 128 && (bytes[p + 6] == 95 || classes[Int(bytes[p + 6])] & 2 == 0)) else {
            return token(.typeComment, p, end)
        }
        // Alone on its line it takes the newline with it.
        if isBlank && next() == 10 {
            end += 1
            atLineStart = true
        }
        return token(.typeIgnore, p + 6, end)
    }

    private func afterBlanks(_ from: Int, _ end: Int) -> Int {
        var p = from
        while p < end && (bytes[p] == 32 || bytes[p] == 9) { p += 1 }
        return p
    }

    // MARK: Names

    private mutating func nameOrString(_ first: UInt8) -> Token {
        var isBytes = false, isUnicode = false, isRaw = false, isFormatted = false
        var c = Int32(first)
        // String prefixes, while they are possible ones.
        while true {
            let lower = c | 32
            if !(isBytes || isUnicode || isFormatted) && lower == 98 {
                isBytes = true
            } else if !(isBytes || isUnicode || isRaw || isFormatted) && lower == 117 {
                isUnicode = true
            } else if !(isRaw || isUnicode) && lower == 114 {
                isRaw = true
            } else if !(isFormatted || isBytes || isUnicode) && lower == 102 {
                isFormatted = true
            } else {
                break
            }
            c = next()
            if c == 34 || c == 39 {
                return isFormatted ? fstringStart(UInt8(truncatingIfNeeded: c)) : string(UInt8(truncatingIfNeeded: c))
            }
        }
        var nonASCII = false
        if isClass(c, 2) {
            var p = cursor - 1
            while classes[Int(bytes[p])] & 2 != 0 {
                if bytes[p] >= 128 { nonASCII = true }
                p += 1
            }
            cursor = p
        } else {
            back(c)
        }
        if nonASCII && !extraTokens { return unicodeName() }
        let text = UnsafeBufferPointer(start: bytes + start, count: cursor - start)
        // Not as an argument of the call: the compiler would copy the tokenizer for it, and with it all names.
        let number = names.intern(text)
        return nameToken(number)
    }

    @inline(__always)
    private func nameToken(_ number: UInt32) -> Token {
        var kind = TokenKind.name
        if number < NameTable.keywordCount {
            kind = TokenKind(rawValue: TokenKind.kwFalse.rawValue &+ UInt8(truncatingIfNeeded: number)) ?? .name
        }
        return token(kind, start, cursor, value: number)
    }

    private mutating func unicodeName() -> Token {
        let text = UnsafeBufferPointer(start: bytes + start, count: cursor - start)
        if let bad = SourceText.firstInvalid(text) {
            decodeProblem = SourceText.utf8Problem(text, bad)
            return fail(.undecodable)
        }
        if let bad = IdentifierText.firstInvalid(text) {
            cursor = start + bad.end
            let hex = IdentifierText.hex(bad.character)
            if IdentifierText.isPrintable(bad.character) {
                return raise("invalid character '\(IdentifierText.string(bad.character))' (U+\(hex))")
            }
            return raise("invalid non-printable character U+\(hex)")
        }
        let normalised = IdentifierText.normalise(text)
        let number = normalised.withUnsafeBufferPointer { names.intern($0) }
        // A keyword written in compatibility characters is a name.
        return number < NameTable.keywordCount ? token(.name, start, cursor, value: number) : nameToken(number)
    }

    // MARK: Strings

    private mutating func string(_ quote: UInt8) -> Token {
        firstLine = line
        multiLineStart = lineStart
        let q = Int32(quote)
        var size = 1, closing = 0
        var c = next()
        if c == q {
            c = next()
            if c == q { size = 3 } else { closing = 1 }
        }
        if c != q { back(c) }
        while closing != size {
            // Most of a string is neither quote nor backslash nor newline.
            while cursor < lineLimit {
                let b = bytes[cursor]
                if b == quote || b == 92 || b == 10 { break }
                cursor += 1
                closing = 0
            }
            c = next()
            if c == Tokenizer.endOfText || (size == 1 && c == 10) { return unterminatedString(quote, size, atEnd: c != 10) }
            if c == q {
                closing += 1
            } else {
                closing = 0
                if c == 92 { _ = next() }
            }
        }
        return token(.string, start, cursor)
    }

    private mutating func unterminatedString(_ quote: UInt8, _ size: Int, atEnd: Bool) -> Token {
        let detected = line
        cursor = start + 1
        lineStart = multiLineStart
        line = firstLine
        if insideFString, mode.quote == quote, mode.quoteSize == size { return raise("f-string: expecting '}'") }
        let what = size == 3 ? "triple-quoted string" : "string"
        let token = raise("unterminated \(what) literal (detected at line \(detected))")
        if atEnd { status = .endInString }
        return token
    }

    // MARK: f-strings

    private mutating func fstringStart(_ quote: UInt8) -> Token {
        firstLine = line
        multiLineStart = lineStart
        let q = Int32(quote)
        var size = 1
        let second = next()
        if second == q {
            let third = next()
            if third == q {
                size = 3
            } else {
                back(third)
                back(second)
            }
        } else {
            back(second)
        }
        if outerModes.count + 1 >= Tokenizer.maxFStringLevel { return raise("too many nested f-strings") }
        outerModes.append(mode)
        var inner = Mode()
        inner.isFString = true
        inner.inMiddle = true
        inner.quote = quote
        inner.quoteSize = size
        inner.start = start
        inner.lineStart = lineStart
        inner.line = line
        let first = bytes[start] | 32
        inner.isRaw = first == 114 || bytes[start + 1] | 32 == 114
        mode = inner
        return token(.fstringStart, start, cursor)
    }

    private mutating func fstringToken() -> Token {
        start = cursor
        firstLine = line
        let c = next()
        if c == 123 {
            let peek = next()
            back(peek)
            back(c)
            if peek != 123 {
                mode.expressionDepth += 1
                if mode.expressionDepth >= Tokenizer.maxExpressionNesting {
                    return raise("f-string: expressions nested too deeply")
                }
                mode.inMiddle = false
                return regularToken()
            }
        } else {
            back(c)
        }
        if cursor + mode.quoteSize <= limit {
            var isEnd = true
            for i in 0..<mode.quoteSize where bytes[cursor + i] != mode.quote { isEnd = false }
            if isEnd {
                cursor += mode.quoteSize
                let end = token(.fstringEnd, start, cursor)
                mode = outerModes.removeLast()
                return end
            }
        }
        return fstringMiddle()
    }

    private mutating func fstringMiddle() -> Token {
        multiLineStart = lineStart
        var closing = 0
        var inNamedEscape = false
        while closing != mode.quoteSize {
            let c = next()
            let inSpec = mode.expressionEnded && mode.expressionDepth >= 0
            if c == Tokenizer.endOfText || (mode.quoteSize == 1 && c == 10) {
                if inSpec && c == 10 {
                    back(c)
                    mode.inMiddle = false
                    return token(.fstringMiddle, start, cursor)
                }
                return unterminatedFString()
            }
            if c == Int32(mode.quote) {
                closing += 1
                continue
            }
            closing = 0
            if c == 123 {
                return fstringBrace(inSpec)
            } else if c == 125 {
                if inNamedEscape { return token(.fstringMiddle, start, cursor) }
                let peek = next()
                if peek == 125 && !inSpec && mode.bracketDepth == 0 {
                    return doubledBrace()
                }
                back(peek)
                back(c)
                mode.inMiddle = false
                return token(.fstringMiddle, start, cursor)
            } else if c == 92 {
                var peek = next()
                if peek == 13 { peek = next() }
                if peek == 123 || peek == 125 {
                    if !mode.isRaw && !warnEscape(UInt8(truncatingIfNeeded: peek)) { return errorToken() }
                    back(peek)
                    continue
                }
                if !mode.isRaw && peek == 78 {
                    peek = next()
                    if peek == 123 { inNamedEscape = true } else { back(peek) }
                }
            }
        }
        cursor -= mode.quoteSize
        return token(.fstringMiddle, start, cursor)
    }

    /// At `{` in the text of an f-string: doubled it is text, alone it starts an expression.
    private mutating func fstringBrace(_ inSpec: Bool) -> Token {
        let peek = next()
        if peek == 123 && !inSpec { return doubledBrace() }
        back(peek)
        back(123)
        mode.expressionDepth += 1
        if mode.expressionDepth >= Tokenizer.maxExpressionNesting { return raise("f-string: expressions nested too deeply") }
        mode.inMiddle = false
        return token(.fstringMiddle, start, cursor)
    }

    /// Text that ends in the first of two braces; its place includes the second.
    private func doubledBrace() -> Token {
        var text = token(.fstringMiddle, start, cursor - 1)
        if !extraTokens { text.endColumn += 1 }
        return text
    }

    private mutating func unterminatedFString() -> Token {
        let detected = line
        cursor = mode.start + 1
        lineStart = mode.lineStart
        line = mode.line
        let what = mode.quoteSize == 3 ? "triple-quoted f-string" : "f-string"
        return raise("unterminated \(what) literal (detected at line \(detected))")
    }

    /// Notes `\{` and `\}`; false if that has become an error.
    private mutating func warnEscape(_ c: UInt8) -> Bool {
        guard collectNotes else { return true }
        let message = "invalid escape sequence '\\\(Character(Unicode.Scalar(c)))'"
        note(.syntaxWarning, message)
        return true
    }

    private mutating func note(_ category: SyntaxNote.Category, _ message: String) {
        let column = SourceText.characterCount(bytes, lineStart, cursor)
        var end = lineStart
        while end < limit && bytes[end] != 10 { end += 1 }
        let failure = SyntaxFailure(.syntaxError, message, line: line, offset: column, endLine: line, endOffset: column,
                                    text: SourceText.lossyString(bytes, lineStart, end))
        notes.append(SyntaxNote(category: category, message: message, line: line, failure: failure))
    }

    // MARK: Numbers

    private mutating func number(_ first: Int32) -> Token {
        var c = first
        guard c == 48 else { return decimal() }
        c = next()
        switch c | 32 {
        case 120 where c >= 0: return radixNumber("hexadecimal", 16)
        case 111 where c >= 0: return radixNumber("octal", 8)
        case 98 where c >= 0: return radixNumber("binary", 2)
        default: return zeros(c)
        }
    }

    private mutating func radixNumber(_ name: String, _ radix: Int32) -> Token {
        var c = next()
        repeat {
            if c == 95 { c = next() }
            if !isDigit(c, radix) {
                if radix < 16 && isClass(c, 4) {
                    return raise("invalid digit '\(Character(Unicode.Scalar(UInt8(truncatingIfNeeded: c))))' in \(name) literal")
                }
                back(c)
                return raise("invalid \(name) literal")
            }
            repeat { c = next() } while isDigit(c, radix)
        } while c == 95
        if radix < 16 && isClass(c, 4) {
            return raise("invalid digit '\(Character(Unicode.Scalar(UInt8(truncatingIfNeeded: c))))' in \(name) literal")
        }
        return endNumber(c, name)
    }

    @inline(__always)
    private func isDigit(_ c: Int32, _ radix: Int32) -> Bool {
        radix == 16 ? isClass(c, 8) : c >= 48 && c < 48 + radix
    }

    /// A number that starts with 0 and a character other than x, o and b.
    private mutating func zeros(_ second: Int32) -> Token {
        var c = second
        while true {
            if c == 95 {
                c = next()
                if !isClass(c, 4) {
                    back(c)
                    return raise("invalid decimal literal")
                }
            }
            if c != 48 { break }
            c = next()
        }
        let zerosEnd = cursor
        var isNonzero = false
        if isClass(c, 4) {
            isNonzero = true
            guard let after = decimalTail() else { return errorToken() }
            c = after
        }
        if c == 46 { return fraction(next()) }
        if c == 101 || c == 69 { return exponent(c) }
        if c == 106 || c == 74 { return endNumber(next(), "imaginary") }
        if isNonzero && !extraTokens {
            back(c)
            return raise("leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers",
                         column: start + 1 - lineStart, endColumn: zerosEnd - lineStart)
        }
        return endNumber(c, "decimal")
    }

    private mutating func decimal() -> Token {
        guard let c = decimalTail() else { return errorToken() }
        if c == 46 { return fraction(next()) }
        return afterDigits(c)
    }

    /// Behind the point, at `c`.
    private mutating func fraction(_ first: Int32) -> Token {
        var c = first
        if isClass(c, 4) {
            guard let after = decimalTail() else { return errorToken() }
            c = after
        }
        return afterDigits(c)
    }

    private mutating func afterDigits(_ c: Int32) -> Token {
        if c == 101 || c == 69 { return exponent(c) }
        if c == 106 || c == 74 { return endNumber(next(), "imaginary") }
        return endNumber(c, "decimal")
    }

    private mutating func exponent(_ e: Int32) -> Token {
        var c = next()
        if c == 43 || c == 45 {
            c = next()
            if !isClass(c, 4) {
                back(c)
                return raise("invalid decimal literal")
            }
        } else if !isClass(c, 4) {
            back(c)
            if !checkNumberEnd(e, "decimal") { return errorToken() }
            back(e)
            return token(.number, start, cursor)
        }
        guard let after = decimalTail() else { return errorToken() }
        if after == 106 || after == 74 { return endNumber(next(), "imaginary") }
        return endNumber(after, "decimal")
    }

    /// Digits with single underscores between them; the character behind them, nil after an error.
    private mutating func decimalTail() -> Int32? {
        while true {
            var c: Int32
            repeat { c = next() } while isClass(c, 4)
            if c != 95 { return c }
            c = next()
            if !isClass(c, 4) {
                back(c)
                _ = raise("invalid decimal literal")
                return nil
            }
        }
    }

    private mutating func endNumber(_ c: Int32, _ kind: String) -> Token {
        if isClass(c, 2) && !checkNumberEnd(c, kind) { return errorToken() }
        back(c)
        return token(.number, start, cursor)
    }

    /// A number may run into a keyword (with a warning) but not into a name.
    private mutating func checkNumberEnd(_ c: Int32, _ kind: String) -> Bool {
        if extraTokens { return true }
        func follows(_ text: StaticString) -> Bool {
            let n = text.utf8CodeUnitCount
            return cursor + n <= limit && memcmp(bytes + cursor, text.utf8Start, n) == 0
        }
        let isKeyword: Bool
        switch c {
        case 97: isKeyword = follows("nd")
        case 101: isKeyword = follows("lse")
        case 102: isKeyword = follows("or")
        case 105: isKeyword = follows("f") || follows("n") || follows("s")
        case 111: isKeyword = follows("r")
        case 110: isKeyword = follows("ot")
        default: isKeyword = false
        }
        if isKeyword {
            if collectNotes {
                back(c)
                note(.syntaxWarning, "invalid \(kind) literal")
                _ = next()
            }
        } else if isClass(c, 2) && c < 128 {
            back(c)
            _ = raise("invalid \(kind) literal")
            return false
        }
        return true
    }

    // MARK: Punctuation

    private mutating func punctuation(_ c: UInt8) -> Token {
        if insideFString && mode.expressionDepth >= 0 && (c == 58 || c == 125 || c == 33 || c == 123) {
            let depth = mode.bracketDepth - (c != 123 ? 1 : 0)
            if depth == 0 { mode.expressionEnded = c != 123 }
            if c == 58 && depth == mode.expressionDepth {
                mode.inMiddle = true
                return token(.colon, start, cursor)
            }
        }
        let kind = operatorKind(c)
        switch kind {
        case .lpar, .lsqb, .lbrace:
            if level >= Tokenizer.maxLevel { return raise("too many nested parentheses") }
            parens.append((c, line, start - lineStart))
            level += 1
            if insideFString { mode.bracketDepth += 1 }
        case .rpar, .rsqb, .rbrace:
            if !closeBracket(c) { return errorToken() }
        case .op:
            if c < 32 || c == 127 { return raise("invalid non-printable character U+\(IdentifierText.hex(UInt32(c)))") }
        default: break
        }
        return token(kind, start, cursor)
    }

    private mutating func closeBracket(_ c: UInt8) -> Bool {
        let shown = Character(Unicode.Scalar(c))
        if insideFString && mode.bracketDepth == 0 && c == 125 {
            _ = raise("f-string: single '}' is not allowed")
            return false
        }
        if level == 0 {
            if extraTokens { return true }
            _ = raise("unmatched '\(shown)'")
            return false
        }
        level -= 1
        let opening = parens.removeLast()
        let matches = extraTokens || (opening.bracket == 40 && c == 41) || (opening.bracket == 91 && c == 93) || (opening.bracket == 123 && c == 125)
        if !matches {
            // The bracket stack still counts the closed one for error messages about it.
            if insideFString && opening.bracket == 123 && mode.bracketDepth - 1 == mode.expressionDepth {
                _ = raise("f-string: unmatched '\(shown)'")
                return false
            }
            let what = "closing parenthesis '\(shown)' does not match opening parenthesis '\(Character(Unicode.Scalar(opening.bracket)))'"
            _ = raise(opening.line != line ? what + " on line \(opening.line)" : what)
            return false
        }
        if insideFString {
            mode.bracketDepth -= 1
            if c == 125 && mode.bracketDepth == mode.expressionDepth {
                mode.expressionDepth -= 1
                mode.inMiddle = true
            }
        }
        return true
    }

    /// The operator that starts with `c`, taking its further characters.
    @inline(__always)
    private mutating func operatorKind(_ c: UInt8) -> TokenKind {
        // The byte behind the text is NUL, so looking two ahead is safe where one ahead is not the end.
        let c2 = cursor < lineLimit ? bytes[cursor] : 0
        switch c {
        case 40: return .lpar
        case 41: return .rpar
        case 91: return .lsqb
        case 93: return .rsqb
        case 123: return .lbrace
        case 125: return .rbrace
        case 44: return .comma
        case 59: return .semi
        case 126: return .tilde
        case 58: return oneMore(c2 == 61, .colonEqual, .colon)
        case 61: return oneMore(c2 == 61, .eqEqual, .equal)
        case 33: return oneMore(c2 == 61, .notEqual, .exclamation)
        case 43: return oneMore(c2 == 61, .plusEqual, .plus)
        case 45: return c2 == 62 ? oneMore(true, .arrow, .minus) : oneMore(c2 == 61, .minEqual, .minus)
        case 37: return oneMore(c2 == 61, .percentEqual, .percent)
        case 64: return oneMore(c2 == 61, .atEqual, .at)
        case 38: return oneMore(c2 == 61, .amperEqual, .amper)
        case 124: return oneMore(c2 == 61, .vbarEqual, .vbar)
        case 94: return oneMore(c2 == 61, .circumflexEqual, .circumflex)
        case 42: return doubled(c2 == 42, c2 == 61, .star, .starEqual, .doubleStar, .doubleStarEqual)
        case 47: return doubled(c2 == 47, c2 == 61, .slash, .slashEqual, .doubleSlash, .doubleSlashEqual)
        case 60:
            if c2 == 62 { return oneMore(true, .notEqual, .less) }
            return doubled(c2 == 60, c2 == 61, .less, .lessEqual, .leftShift, .leftShiftEqual)
        case 62: return doubled(c2 == 62, c2 == 61, .greater, .greaterEqual, .rightShift, .rightShiftEqual)
        default: return .op
        }
    }

    @inline(__always)
    private mutating func oneMore(_ longer: Bool, _ long: TokenKind, _ short: TokenKind) -> TokenKind {
        if longer {
            cursor += 1
            return long
        }
        return short
    }

    @inline(__always)
    private mutating func doubled(_ twice: Bool, _ equal: Bool, _ one: TokenKind, _ oneEqual: TokenKind,
                                  _ two: TokenKind, _ twoEqual: TokenKind) -> TokenKind {
        if equal {
            cursor += 1
            return oneEqual
        }
        guard twice else { return one }
        cursor += 1
        if cursor < lineLimit && bytes[cursor] == 61 {
            cursor += 1
            return twoEqual
        }
        return two
    }
}
