// The parser: recursive descent over the tokens of one source, precedence climbing for operators.
//
// It only accepts or rejects. What is wrong with a rejected source, and where, is found by a second,
// slower reading (`ErrorFinder`) that follows the order in which CPython tries things.
//
// Invariants: `at` never moves behind the last token (the end marker or an error token, which no rule
// accepts); the token before `at` is the last one consumed, so a node ends where it ends.

import TaipanNumbers

/// The source is not what the parser accepts.
struct Reject: Error {}

struct Parser {
    let tokens: UnsafePointer<Token>
    let bytes: UnsafePointer<UInt8>
    let names: [String]
    let options: ParserOptions
    /// Index of the next token.
    var at = 0
    var depth = 0
    var isTooDeep = false
    /// Index of the first token of the current statement at the top level.
    var statementStart = 0
    var barryAsFLUFL: Bool
    var notes: [SyntaxNote] = []
    /// See `Module`.
    var chainLinks: [Expression] = []
    let typeComments: Bool

    init(tokens: UnsafePointer<Token>, bytes: UnsafePointer<UInt8>, names: [String], options: ParserOptions) {
        self.tokens = tokens
        self.bytes = bytes
        self.names = names
        self.options = options
        barryAsFLUFL = options.barryAsFLUFL
        typeComments = options.typeComments
        depth = 32
    }

    // MARK: Tokens

    @inline(__always)
    var kind: TokenKind { tokens[at].kind }

    @inline(__always)
    var nextKind: TokenKind { kind == .endMarker || kind == .error ? kind : tokens[at + 1].kind }

    /// Takes the next token if it is of a kind.
    @inline(__always)
    mutating func take(_ wanted: TokenKind) -> Bool {
        if tokens[at].kind == wanted {
            at += 1
            return true
        }
        return false
    }

    @inline(__always)
    mutating func expect(_ wanted: TokenKind) throws(Reject) {
        if tokens[at].kind != wanted { throw Reject() }
        at += 1
    }

    /// The number of the name at `at`, which it takes.
    @inline(__always)
    mutating func name() throws(Reject) -> String {
        if tokens[at].kind != .name { throw Reject() }
        let text = names[Int(tokens[at].value)]
        at += 1
        return text
    }

    @inline(__always)
    func isSoft(_ word: UInt32) -> Bool {
        tokens[at].kind == .name && tokens[at].value == word
    }

    /// From token `start` to the last one taken.
    @inline(__always)
    func span(_ start: Int) -> SourceSpan {
        let first = tokens + start, last = tokens + (at - 1)
        return SourceSpan(line: first.pointee.line, column: first.pointee.column,
                          endLine: last.pointee.endLine, endColumn: last.pointee.endColumn)
    }

    /// The same for what may end in a block: newlines and dedents do not count.
    func blockSpan(_ start: Int) -> SourceSpan {
        let first = tokens[start]
        var i = at - 1
        while i > start, tokens[i].kind == .newline || tokens[i].kind == .indent || tokens[i].kind == .dedent { i -= 1 }
        return SourceSpan(line: first.line, column: first.column, endLine: tokens[i].endLine, endColumn: tokens[i].endColumn)
    }

    // MARK: Limits

    /// Counts levels of nesting in CPython's unit, the rules of its grammar.
    @inline(__always)
    mutating func enter(_ levels: Int) throws(Reject) {
        depth += levels
        if depth > options.depthLimit {
            isTooDeep = true
            throw Reject()
        }
    }

    @inline(__always)
    mutating func leave(_ levels: Int) {
        depth -= levels
    }

    /// Notes a link of a chain built in a loop; every 64th is kept.
    @inline(__always)
    mutating func link(_ node: Expression, _ length: inout Int) {
        length += 1
        if length & 63 == 0 { chainLinks.append(node) }
    }

    @inline(__always)
    func requireVersion(_ minor: Int) throws(Reject) {
        if options.featureVersion < minor { throw Reject() }
    }

    // MARK: Starting rules

    mutating func parse() throws(Reject) -> Module {
        switch options.mode {
        case .file:
            let body = try statements(until: .endMarker)
            return Module(.module(body: body, typeIgnores: []), chainLinks: chainLinks)
        case .expression:
            let body = try starlessExpressions()
            while take(.newline) {}
            try expect(.endMarker)
            return Module(.expression(body: body), chainLinks: chainLinks)
        case .interactive:
            let body = try interactiveStatement()
            return Module(.interactive(body: body), chainLinks: chainLinks)
        case .functionType:
            return try functionType()
        }
    }

    private mutating func interactiveStatement() throws(Reject) -> [Statement] {
        if kind == .newline {
            let start = at
            at += 1
            return [Statement(.pass, blockSpan(start))]
        }
        var body: [Statement] = []
        let isCompound = try statement(&body)
        if isCompound { try expect(.newline) }
        return body
    }

    private mutating func functionType() throws(Reject) -> Module {
        try expect(.lpar)
        var arguments: [Expression] = []
        var stars = 0
        while kind != .rpar {
            if take(.star) {
                if stars > 0 { throw Reject() }
                stars = 1
            } else if take(.doubleStar) {
                if stars > 1 { throw Reject() }
                stars = 2
            } else if stars > 0 {
                throw Reject()
            }
            arguments.append(try expression())
            if kind == .rpar { break }
            try expect(.comma)
            if kind == .rpar { throw Reject() }
        }
        try expect(.rpar)
        try expect(.arrow)
        let returns = try expression()
        while take(.newline) {}
        try expect(.endMarker)
        return Module(.functionType(argumentTypes: arguments, returns: returns), chainLinks: chainLinks)
    }

    /// Statements up to a token of a kind, which is taken.
    mutating func statements(until end: TokenKind) throws(Reject) -> [Statement] {
        var body: [Statement] = []
        while !take(end) {
            statementStart = at
            _ = try statement(&body)
        }
        return body
    }

    /// The block behind a colon.
    mutating func block() throws(Reject) -> [Statement] {
        var body: [Statement] = []
        if take(.newline) {
            try expect(.indent)
            try enter(4)
            repeat { _ = try statement(&body) } while !take(.dedent)
            leave(4)
            return body
        }
        try simpleStatements(&body)
        return body
    }

    /// One statement, or several small ones on a line; true if it was a compound one.
    mutating func statement(_ body: inout [Statement]) throws(Reject) -> Bool {
        switch kind {
        case .kwIf: body.append(try ifStatement())
        case .kwDef: body.append(try functionDefinition([]))
        case .kwClass: body.append(try classDefinition([]))
        case .kwFor: body.append(try forStatement(at, isAsync: false))
        case .kwWhile: body.append(try whileStatement())
        case .kwTry: body.append(try tryStatement())
        case .kwWith: body.append(try withStatement(at, isAsync: false))
        case .at: body.append(try decorated())
        case .kwAsync:
            let start = at
            try requireVersion(5)
            switch nextKind {
            case .kwDef: body.append(try functionDefinition([]))
            case .kwFor:
                at += 1
                body.append(try forStatement(start, isAsync: true))
            case .kwWith:
                at += 1
                body.append(try withStatement(start, isAsync: true))
            default: throw Reject()
            }
        case .name where tokens[at].value == NameTable.match:
            if let found = try matchStatement() {
                body.append(found)
                return true
            }
            try simpleStatements(&body)
            return false
        default:
            try simpleStatements(&body)
            return false
        }
        return true
    }
}

// MARK: - Entry points

/// A parsed source.
public struct ParsedSource {
    /// The tree.
    public var module: Module
    /// Warnings in the order of the source.
    public var notes: [SyntaxNote]
}

/// Parses a source given as bytes: decodes it (PEP 263), reads tokens, builds the tree.
///
/// Throws what CPython's `compile` raises for the source, with the same message and position. Needs a
/// few hundred bytes of stack for each level of nesting up to `options.depthLimit`.
public func parseModule(source: UnsafeBufferPointer<UInt8>, filename: String = "<string>",
                        options: ParserOptions = ParserOptions()) throws(SyntaxFailure) -> ParsedSource {
    var options = options
    let text = try SourceText.prepare(source, filename: filename, options: &options)
    return try parsePrepared(text, options)
}

/// Parses a source given as an array of bytes; see `parseModule(source:filename:options:)`.
public func parseModule(source: [UInt8], filename: String = "<string>",
                        options: ParserOptions = ParserOptions()) throws(SyntaxFailure) -> ParsedSource {
    var options = options
    let prepared: Result<[UInt8], SyntaxFailure> = source.withUnsafeBufferPointer { buffer in
        do throws(SyntaxFailure) {
            return .success(try SourceText.prepare(buffer, filename: filename, options: &options))
        } catch {
            return .failure(error)
        }
    }
    let text = try prepared.get()
    return try parsePrepared(text, options)
}

private func parsePrepared(_ text: [UInt8], _ options: ParserOptions) throws(SyntaxFailure) -> ParsedSource {
    var text = text
    let count = text.count
    text.append(0)
    let result: Result<ParsedSource, SyntaxFailure> = text.withUnsafeBufferPointer { buffer in
        guard let bytes = buffer.baseAddress else { return .failure(SyntaxFailure(.syntaxError, "invalid syntax")) }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { classes in
            guard let table = classes.baseAddress else { return .failure(SyntaxFailure(.memoryError, "")) }
            Tokenizer.fillClasses(table)
            return parseTokens(bytes, count, table, options)
        }
    }
    switch result {
    case .success(let parsed): return parsed
    case .failure(let failure): throw failure
    }
}

private func parseTokens(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ classes: UnsafeMutablePointer<UInt8>,
                         _ options: ParserOptions) -> Result<ParsedSource, SyntaxFailure> {
    var tokenizer = Tokenizer(bytes: bytes, count: count, classes: classes, options: options, collectNotes: true)
    var tokens: [Token] = []
    tokens.reserveCapacity(count / 4 + 16)
    while true {
        let token = tokenizer.nextToken(options.mode, dontImplyDedent: options.dontImplyDedent)
        tokens.append(token)
        if token.kind == .endMarker || token.kind == .error { break }
    }
    let ignores = tokenizer.typeIgnores
    return tokens.withUnsafeBufferPointer { list in
        guard let first = list.baseAddress else { return .failure(SyntaxFailure(.memoryError, "")) }
        var parser = Parser(tokens: first, bytes: bytes, names: tokenizer.names.texts, options: options)
        do {
            let module = try parser.parse()
            if options.mode == .interactive, var failure = checkSingle(bytes, count, classes, options, tokens: parser.at) {
                failure.notes = mergeNotes(tokenizer.notes, parser.notes)
                return .failure(failure)
            }
            if case .module(let body, _) = module.kind, !ignores.isEmpty {
                module.kind = .module(body: body, typeIgnores: ignores)
            }
            return .success(ParsedSource(module: module, notes: mergeNotes(tokenizer.notes, parser.notes)))
        } catch {
            if parser.isTooDeep {
                return .failure(SyntaxFailure(.memoryError, "Parser stack overflowed - Python source too complex to parse"))
            }
            var failure = describeError(bytes, count, classes, options, skipping: parser.statementStart)
            failure.notes = mergeNotes(tokenizer.notes, parser.notes)
            failure.isInTokens = tokenizer.failure != nil && !tokenizer.isInFString
            return .failure(failure)
        }
    }
}

/// In interactive mode nothing may follow the statement.
private func checkSingle(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ classes: UnsafeMutablePointer<UInt8>,
                         _ options: ParserOptions, tokens: Int) -> SyntaxFailure? {
    var tokenizer = Tokenizer(bytes: bytes, count: count, classes: classes, options: options, collectNotes: false)
    for _ in 0..<tokens { _ = tokenizer.nextToken(options.mode, dontImplyDedent: options.dontImplyDedent) }
    if tokenizer.isAtEnd { return nil }
    return describeError(bytes, count, classes, options, skipping: 0, leftOver: true)
}

private func mergeNotes(_ a: [SyntaxNote], _ b: [SyntaxNote]) -> [SyntaxNote] {
    if a.isEmpty { return b }
    if b.isEmpty { return a }
    var all = a
    for note in b {
        var i = all.count
        while i > 0 && all[i - 1].line > note.line { i -= 1 }
        all.insert(note, at: i)
    }
    return all
}
