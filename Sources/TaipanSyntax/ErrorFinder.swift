// Finding out what is wrong with a source that the parser rejected.
//
// The rejected statement is read again, twice, by following `ErrorRules`: once without and once with the
// rules for mistakes. Which error is reported depends on how many tokens had been asked for when it was
// found, on results remembered from earlier attempts, and on what the tokenizer finds in the rest of the
// source; all of that is kept as CPython keeps it.

/// The result of a rule.
private final class Node {
    let kind: NodeKind
    let position: SourceSpan
    let children: [Node]
    /// Index of the token for names, keywords and text.
    let token: Int

    init(_ kind: NodeKind, _ position: SourceSpan, _ children: [Node] = [], token: Int = -1) {
        self.kind = kind
        self.position = position
        self.children = children
        self.token = token
    }
}

/// An error has been found.
private struct Found: Error {}

func describeError(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ classes: UnsafeMutablePointer<UInt8>,
                   _ options: ParserOptions, skipping tokens: Int, leftOver: Bool = false) -> SyntaxFailure {
    let tokenizer = Tokenizer(bytes: bytes, count: count, classes: classes, options: options, collectNotes: false)
    var finder = ErrorFinder(tokenizer, bytes, count, options)
    if leftOver { return finder.findLeftOver() }
    return finder.find(skipping: tokens)
}

private struct ErrorFinder {
    var tokenizer: Tokenizer
    let bytes: UnsafePointer<UInt8>
    let count: Int
    let options: ParserOptions
    let grammar = ErrorGrammar.shared
    var tokens: [Token] = []
    var levels: [Int] = []
    var mark = 0
    var depth = 0
    var looksForMistakes = false
    var failure: SyntaxFailure?
    /// Results by position.
    var memo: [[(rule: Int, node: Node?, end: Int)]] = []
    let placeholder = Node(.other, SourceSpan(line: 0, column: 0, endLine: 0, endColumn: 0))

    init(_ tokenizer: Tokenizer, _ bytes: UnsafePointer<UInt8>, _ count: Int, _ options: ParserOptions) {
        self.tokenizer = tokenizer
        self.bytes = bytes
        self.count = count
        self.options = options
    }

    // MARK: The two readings

    mutating func find(skipping skipped: Int) -> SyntaxFailure {
        var n = skipped
        while n > 0 {
            _ = tokenizer.nextToken(options.mode, dontImplyDedent: options.dontImplyDedent)
            n -= 1
        }
        let start = startRule
        do {
            _ = try rule(start)
        } catch {
            if options.allowIncompleteInput && atEndOfSource { return incompleteInput() }
            if !atEndOfSource { scanRest() }
            return result
        }
        if options.allowIncompleteInput && atEndOfSource { return incompleteInput() }
        let last = tokens.count - 1
        memo = []
        mark = 0
        depth = 0
        looksForMistakes = true
        do {
            _ = try rule(start)
            genericError(last)
        } catch {
            if !atEndOfSource { scanRest() }
        }
        return result
    }

    /// For an interactive source whose first statement is valid: what follows it is too much.
    mutating func findLeftOver() -> SyntaxFailure {
        _ = try? rule(startRule)
        raiseAtLast("multiple statements found while compiling a single statement")
        return result
    }

    private var startRule: Int {
        let name: String
        switch options.mode {
        case .file: name = "file"
        case .expression: name = "eval"
        case .interactive: name = "interactive"
        case .functionType: name = "functionType"
        }
        return grammar.numbers[name] ?? 0
    }

    private var result: SyntaxFailure { failure ?? SyntaxFailure(.syntaxError, "invalid syntax") }

    private var atEndOfSource: Bool { tokenizer.hasMetEnd(tokens.last?.kind) }

    private mutating func incompleteInput() -> SyntaxFailure {
        failure = nil
        raiseAtLast("incomplete input")
        return result
    }

    /// What the first reading stopped at.
    private mutating func genericError(_ last: Int) {
        guard last >= 0 else { return raiseAtLast("error at start before reading any input") }
        let token = tokens[last]
        if token.kind == .indent { return raiseAtLast("unexpected indent", .indentationError) }
        if token.kind == .dedent { return raiseAtLast("unexpected unindent", .indentationError) }
        raise("invalid syntax", token.span, token.span)
        scanRest()
    }

    /// Reads the remaining tokens: an error among them, or a bracket left open, is reported instead.
    private mutating func scanRest() {
        guard let found = failure, found.kind != .memoryError && found.kind != .unicodeDecodeError, tokenizer.status == .ok, let current = tokens.last else { return }
        while true {
            let token = tokenizer.nextToken()
            if token.kind == .typeIgnore { continue }
            if token.kind == .endMarker { return }
            if token.kind == .error { break }
        }
        // Inside an f-string the error that has been found stands.
        if tokenizer.isInFString { return }
        if let worse = tokenizer.failure {
            failure = worse
        } else if let open = tokenizer.parens.last, Int(current.line) > open.line {
            failure = nil
            raiseUnclosed()
        }
    }

    // MARK: Tokens

    private mutating func fill() throws(Found) {
        let token = tokenizer.nextToken(options.mode, dontImplyDedent: options.dontImplyDedent)
        tokens.append(token)
        levels.append(tokenizer.level)
        if token.kind == .error {
            raiseTokenizerError()
            throw Found()
        }
    }

    private mutating func current() throws(Found) -> Token {
        if mark == tokens.count { try fill() }
        return tokens[mark]
    }

    private mutating func raiseTokenizerError() {
        switch tokenizer.status {
        case .raised, .endInString: failure = tokenizer.failure
        case .endOfText:
            if tokenizer.parens.isEmpty { raiseAtLast("unexpected EOF while parsing") } else { raiseUnclosed() }
        case .badDedent: raiseAtLast("unindent does not match any outer indentation level", .indentationError)
        case .inconsistentTabs:
            raiseHere(.tabError, "inconsistent use of tabs and spaces in indentation", 1)
        case .tooDeep: raiseHere(.indentationError, "too many levels of indentation", 1)
        case .badContinuation:
            raiseHere(.syntaxError, "unexpected character after line continuation character",
                      tokenizer.cursor - tokenizer.textStart)
        case .undecodable: raiseAtLast("(unicode error) " + tokenizer.decodeProblem)
        case .ok: raiseAtLast("invalid syntax")
        }
    }

    // MARK: Raising

    private mutating func raiseHere(_ kind: SyntaxFailure.Kind, _ message: String, _ column: Int) {
        report(kind, message, tokenizer.line, column, tokenizer.line, 0)
    }

    private mutating func raiseUnclosed() {
        guard let open = tokenizer.parens.last else { return }
        let sign = Character(Unicode.Scalar(open.bracket))
        report(.syntaxError, "'\(sign)' was never closed", open.line, open.column + 1, open.line, 0)
    }

    /// At the last token asked for.
    private mutating func raiseAtLast(_ message: String, _ kind: SyntaxFailure.Kind = .syntaxError) {
        raiseAt(tokens.count - 1, message, kind)
    }

    private mutating func raiseAt(_ index: Int, _ message: String, _ kind: SyntaxFailure.Kind = .syntaxError) {
        guard index >= 0 else { return report(kind, message, 0, 0, 0, -1) }
        let token = tokens[index]
        var column = Int(token.column) + 1
        if token.column == -1 {
            // At its end, a file that is read line by line has nothing left of the line before, unless a token began there.
            let isPastFile = options.isFile && tokenizer.status == .endOfText && tokenizer.start < 0
            column = isPastFile || tokenizer.cursor == tokenizer.textStart ? 0 : tokenizer.cursor - tokenizer.lineStart
        }
        let end = token.endColumn == -1 ? -1 : Int(token.endColumn) + 1
        report(kind, message, Int(token.line), column, Int(token.endLine), end)
    }

    private mutating func raise(_ message: String, _ a: SourceSpan, _ b: SourceSpan) {
        report(.syntaxError, message, Int(a.line), Int(a.column) + 1, Int(b.endLine), Int(b.endColumn) + 1)
    }

    /// Columns are bytes, counted from 1. They become characters of the text shown when the encoding is known;
    /// for bytes without a declared encoding CPython leaves them as they are.
    private mutating func report(_ kind: SyntaxFailure.Kind, _ message: String, _ line: Int, _ column: Int,
                                 _ endLine: Int, _ endColumn: Int) {
        if failure != nil { return }
        let text = lineText(line)
        var utf8 = Array(text.utf8)
        let size = utf8.count
        utf8.append(0)
        func characters(_ column: Int) -> Int {
            utf8.withUnsafeBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return column }
                return SourceText.characterCount(base, 0, min(column, size + 1))
            }
        }
        let offset = options.knowsEncoding && column > 0 ? characters(column) : column
        let endOffset = options.knowsEncoding && endColumn > 0 ? characters(endColumn) : endColumn
        failure = SyntaxFailure(kind, message, line: line, offset: offset, endLine: endLine, endOffset: endOffset, text: text)
    }

    private func lineText(_ line: Int) -> String {
        if options.mode == .file, let found = options.lineOfFile?(line) { return String(decoding: found, as: UTF8.self) }
        if tokenizer.line <= line && tokenizer.lineLimit > 0 {
            // A file is read line by line, of other sources the lines of the token are at hand.
            return SourceText.lossyString(bytes, options.isFile ? tokenizer.lineStart : tokenizer.textStart, tokenizer.lineLimit)
        }
        var start = 0
        for _ in 1..<max(line, 1) {
            var end = start
            while end < count && bytes[end] != 10 { end += 1 }
            if end + 1 > tokenizer.lineLimit { break }
            start = end + 1
        }
        var end = start
        while end < count && bytes[end] != 10 { end += 1 }
        return SourceText.lossyString(bytes, start, end)
    }

    // MARK: Rules

    private mutating func rule(_ number: Int) throws(Found) -> Node? {
        depth += 1
        if depth > options.depthLimit {
            if failure == nil {
                failure = SyntaxFailure(.memoryError, "Parser stack overflowed - Python source too complex to parse")
            }
            throw Found()
        }
        defer { depth -= 1 }
        let first = grammar.rules[number].first
        if !first.isAll, try !first.contains(current().kind) { return nil }
        if grammar.rules[number].isLeftRecursive { return try leftRecursive(number) }
        guard grammar.rules[number].isMemoised else { return try alternatives(grammar.rules[number].alternatives) }
        let start = mark
        if let known = remembered(start, number) {
            mark = known.end
            return known.node
        }
        let node = try alternatives(grammar.rules[number].alternatives)
        remember(start, number, node, mark)
        return node
    }

    private func remembered(_ start: Int, _ number: Int) -> (rule: Int, node: Node?, end: Int)? {
        guard start < memo.count else { return nil }
        for entry in memo[start] where entry.rule == number { return entry }
        return nil
    }

    private mutating func remember(_ start: Int, _ number: Int, _ node: Node?, _ end: Int) {
        while memo.count <= start { memo.append([]) }
        for i in memo[start].indices where memo[start][i].rule == number {
            memo[start][i] = (number, node, end)
            return
        }
        memo[start].append((number, node, end))
    }

    private mutating func leftRecursive(_ number: Int) throws(Found) -> Node? {
        let start = mark
        if let known = remembered(start, number) {
            mark = known.end
            return known.node
        }
        var best: Node?
        var end = start
        while true {
            remember(start, number, best, end)
            mark = start
            guard let found = try alternatives(grammar.rules[number].alternatives), mark > end else { break }
            best = found
            end = mark
        }
        mark = end
        return best
    }

    private mutating func alternatives(_ list: [ErrorAlternative]) throws(Found) -> Node? {
        let start = mark
        for alternative in list {
            if !alternative.first.isAll, try !alternative.first.contains(current().kind) { continue }
            var captures: [(name: UInt8, node: Node?)] = []
            var last: Node?
            var isCut = false, matched = true
            for (item, capture) in alternative.items {
                if case .cut = item {
                    isCut = true
                    continue
                }
                var node: Node?
                if try !match(item, &node) {
                    matched = false
                    break
                }
                switch item {
                case .ahead, .version: break
                default: last = node
                }
                if capture != 0 { captures.append((capture, node)) }
            }
            if matched {
                let node = try finish(alternative, start, captures, last)
                if node == nil { mark = start }
                return node
            }
            mark = start
            if isCut { return nil }
        }
        return nil
    }

    private mutating func match(_ item: ErrorItem, _ node: inout Node?) throws(Found) -> Bool {
        switch item {
        case .token(let kind): node = try token(kind)
        case .rule(let number): node = try rule(number)
        case .badRule(let number):
            if !looksForMistakes { return false }
            node = try rule(number)
        case .soft(let word):
            let token = try current()
            if token.kind != .name || token.value != word { return false }
            node = Node(.name, token.span, token: mark)
            mark += 1
        case .anySoft:
            let token = try current()
            if token.kind != .name || token.value < NameTable.match || token.value > NameTable.underscore { return false }
            node = Node(.name, token.span, token: mark)
            mark += 1
        case .notEqual:
            let token = try current()
            if token.kind != .notEqual { return false }
            let isDiamond = bytes[Int(token.start)] == 60
            if options.barryAsFLUFL && !isDiamond {
                raise("with Barry as BDFL, use '<>' instead of '!='", token.span, token.span)
                throw Found()
            }
            if isDiamond != options.barryAsFLUFL { return false }
            node = placeholder
            mark += 1
        case .plain:
            let before = looksForMistakes
            looksForMistakes = false
            defer { looksForMistakes = before }
            node = try rule(grammar.plain)
        case .group(let list): node = try alternatives(list)
        case .optional(let inner):
            let start = mark
            if try !match(inner, &node) { mark = start }
            return true
        case .many(let inner): return try loop(inner, 0, &node)
        case .some(let inner): return try loop(inner, 1, &node)
        case .separated(let separator, let inner): return try separated(separator, inner, &node)
        case .ahead(let inner, let wanted):
            let start = mark
            let found = try match(inner, &node)
            mark = start
            node = placeholder
            return found == wanted
        case .forced(let kind, let sign):
            let token = try current()
            if token.kind != kind {
                raise("expected '\(sign)'", token.span, token.span)
                throw Found()
            }
            mark += 1
            node = placeholder
        case .version(let minor, let what):
            if options.featureVersion < minor {
                raiseAtLast("\(what) only supported in Python 3.\(minor) and greater")
                throw Found()
            }
            return true
        case .cut: return true
        }
        return node != nil
    }

    private mutating func loop(_ inner: ErrorItem, _ least: Int, _ node: inout Node?) throws(Found) -> Bool {
        var list: [Node] = []
        while true {
            let start = mark
            var one: Node?
            if try !match(inner, &one) {
                mark = start
                break
            }
            if let one { list.append(one) }
            if mark == start { break }
        }
        if list.count < least { return false }
        node = sequence(list)
        return true
    }

    private mutating func separated(_ separator: TokenKind, _ inner: ErrorItem, _ node: inout Node?) throws(Found) -> Bool {
        var one: Node?
        if try !match(inner, &one) { return false }
        var list: [Node] = []
        if let one { list.append(one) }
        while true {
            let start = mark
            var more: Node?
            guard try token(separator) != nil, try match(inner, &more) else {
                mark = start
                break
            }
            if let more { list.append(more) }
        }
        node = sequence(list)
        return true
    }

    private func sequence(_ list: [Node]) -> Node {
        guard let first = list.first, let last = list.last else { return Node(.sequence, placeholder.position) }
        return Node(.sequence, SourceSpan(from: first.position, to: last.position), list)
    }

    private mutating func token(_ kind: TokenKind) throws(Found) -> Node? {
        let token = try current()
        if token.kind != kind { return nil }
        let index = mark
        mark += 1
        switch kind {
        case .name: return Node(.name, token.span, token: index)
        case .number: return try number(token)
        case .string: return try string(token)
        case .fstringMiddle:
            let text = UnsafeBufferPointer(start: bytes + Int(token.start), count: Int(token.end - token.start))
            if options.hasInvalidBytes, let bad = SourceText.firstInvalid(text) {
                failure = SyntaxFailure(.unicodeDecodeError, SourceText.utf8Problem(text, bad))
                throw Found()
            }
            return Node(.middle, token.span, token: index)
        default: return Node(.token, token.span, token: index)
        }
    }

    // MARK: Literals

    private mutating func number(_ token: Token) throws(Found) -> Node {
        if options.featureVersion < 6 && StringLiterals.hasUnderscore(bytes, token) {
            raiseAtLast("Underscores in numeric literals are only supported in Python 3.6 and greater")
            throw Found()
        }
        do {
            let value = try StringLiterals.number(bytes, token, maxDigits: options.maxIntDigits)
            if case .complex = value { return Node(.literal, token.span, [placeholder]) }
            return Node(.literal, token.span)
        } catch {
            if case .tooManyDigits(let message) = error {
                report(.syntaxError, message, Int(token.line), 0, Int(token.endLine), 0)
            }
            throw Found()
        }
    }

    private mutating func string(_ token: Token) throws(Found) -> Node {
        let shape = StringToken(bytes, token)
        try decode(shape.from, shape.to, isRaw: shape.isRaw, isBytes: shape.isBytes, token)
        return Node(shape.isBytes ? .bytes : .literal, token.span)
    }

    private mutating func decode(_ from: Int, _ to: Int, isRaw: Bool, isBytes: Bool, _ token: Token) throws(Found) {
        var invalid: InvalidEscape?
        do {
            _ = try StringLiterals.decode(bytes, from, to, isRaw: isRaw, isBytes: isBytes, options: options, invalid: &invalid)
        } catch {
            switch error {
            case .unicode(let message): raiseAtLast("(unicode error) " + message)
            case .value(let message): raiseAtLast("(value error) " + message)
            case .nonASCIIBytes: raise("bytes can only contain ASCII literal characters", token.span, token.span)
            case .tooManyDigits(let message): raiseAtLast(message)
            }
            throw Found()
        }
    }

    // MARK: Actions

    /// From the first token of an alternative to the last one taken, newlines and dedents aside.
    private func span(_ start: Int) -> SourceSpan {
        let first = tokens[start]
        var i = mark - 1
        while i > start, tokens[i].kind == .newline || tokens[i].kind == .indent || tokens[i].kind == .dedent { i -= 1 }
        let last = tokens[max(i, 0)]
        return SourceSpan(line: first.line, column: first.column, endLine: last.endLine, endColumn: last.endColumn)
    }

    private mutating func finish(_ alternative: ErrorAlternative, _ start: Int, _ captures: [(name: UInt8, node: Node?)],
                                 _ last: Node?) throws(Found) -> Node? {
        switch alternative.action {
        case .pass:
            if captures.count == 1 { return captures[0].node ?? placeholder }
            return alternative.hasOneValue ? last ?? placeholder : placeholder
        case .build(let kind):
            var children: [Node] = []
            for (_, node) in captures {
                guard let node else { continue }
                if node.kind == .sequence { children += node.children } else { children.append(node) }
            }
            return Node(kind, span(start), children)
        case .raise(let place, let names, let message):
            let nodes = names.map { name in captures.first { $0.name == name }?.node ?? placeholder }
            return try raise(place, nodes, message)
        case .act(let name, let argument): return try act(name, argument, captures, start)
        }
    }

    private mutating func raise(_ place: String, _ nodes: [Node], _ message: String) throws(Found) -> Node? {
        var text = message
        if let first = nodes.first {
            text = ErrorFinder.fill(text, "%s", first.kind.described)
            text = ErrorFinder.fill(text, "%d", String(first.position.line))
        }
        switch place {
        case "at": raise(text, nodes[0].position, nodes[0].position)
        case "range": raise(text, nodes[0].position, nodes[1].position)
        case "from":
            let p = nodes[0].position
            report(.syntaxError, text, Int(p.line), Int(p.column) + 1, tokenizer.line, tokenizer.cursor - tokenizer.lineStart)
        case "last": raiseAtLast(text)
        case "next":
            _ = try current()
            raiseAt(mark, text)
        case "indent": raiseAtLast(text, .indentationError)
        default: return try raiseTarget(nodes[0], message)
        }
        throw Found()
    }

    private static func fill(_ text: String, _ mark: String, _ value: String) -> String {
        let bytes = Array(text.utf8), wanted = Array(mark.utf8)
        guard let i = bytes.indices.first(where: { bytes[$0...].starts(with: wanted) }) else { return text }
        return String(decoding: bytes[..<i], as: UTF8.self) + value + String(decoding: bytes[(i + 2)...], as: UTF8.self)
    }

    /// Reports the part of an expression that cannot be a target; no error if there is none.
    private mutating func raiseTarget(_ node: Node, _ purpose: String) throws(Found) -> Node? {
        guard let bad = ErrorFinder.invalidTarget(node, purpose) else { return nil }
        raise(purpose == "del" ? "cannot delete \(bad.kind.described)" : "cannot assign to \(bad.kind.described)",
              bad.position, bad.position)
        throw Found()
    }

    private static func invalidTarget(_ node: Node, _ purpose: String) -> Node? {
        switch node.kind {
        case .list, .tuple:
            for child in node.children {
                if let bad = invalidTarget(child, purpose) { return bad }
            }
            return nil
        case .starred:
            if purpose == "del" { return node }
            return node.children.first.flatMap { invalidTarget($0, purpose) }
        case .compare:
            // `a in b` of `for a in b` has been read as a comparison.
            guard purpose == "for" else { return node }
            guard node.children.count > 1, node.children[1].kind == .inPair else { return nil }
            return invalidTarget(node.children[0], purpose)
        case .name, .subscript, .attribute: return nil
        default: return node
        }
    }

    private mutating func act(_ name: String, _ argument: String, _ captures: [(name: UInt8, node: Node?)],
                              _ start: Int) throws(Found) -> Node? {
        let a = captures.first?.node ?? placeholder
        let b = captures.count > 1 ? captures[1].node ?? placeholder : placeholder
        switch name {
        case "bound":
            let what = b.kind == .tuple ? "constraints" : "bound"
            return try raise("from", [a], "cannot use \(what) with \(argument)")
        case "real":
            if !a.children.isEmpty { return try raise("at", [a], "real number required in complex literal") }
            return a
        case "imaginary":
            if a.children.isEmpty { return try raise("at", [a], "imaginary number required in complex literal") }
            return a
        case "conversion": return try conversion(a, b)
        case "field": return try field(a)
        case "specText":
            let token = tokens[a.token]
            try decode(Int(token.start), Int(token.end), isRaw: false, isBytes: false, token)
            return a
        case "fstring": return try fstring(a, b, start)
        case "concatenate": return try concatenate(a.children, start)
        case "legacy":
            guard let word = legacyName(a) else { return nil }
            return try raise("range", [a, b], "Missing parentheses in call to '\(word)'. Did you mean \(word)(...)?")
        case "comma":
            if legacyName(a) != nil || levels[mark - 1] == 0 { return nil }
            return try raise("range", [a, b], "invalid syntax. Perhaps you forgot a comma?")
        case "genexp": return try raise("range", [a, lastItem(b)], "Generator expression must be parenthesized")
        case "lastgenexp":
            let positional = a.children.filter { $0.kind != .keyword && $0.kind != .unpacking }
            guard positional.count > 1, let last = positional.last else { return nil }
            return try raise("range", [last, lastItem(b)], "Generator expression must be parenthesized")
        case "positional":
            let unpacks = a.children.contains { $0.kind == .unpacking }
            return try raise("last", [], "positional argument follows keyword argument" + (unpacks ? " unpacking" : ""))
        case "pair":
            let p = a.position
            report(.syntaxError, "':' expected after dictionary key", Int(p.line), Int(p.endColumn), Int(p.endLine), 0)
            throw Found()
        default: return placeholder
        }
    }

    /// The last operand of the last `for` clause.
    private func lastItem(_ clauses: Node) -> Node {
        clauses.children.last?.children.last ?? clauses
    }

    /// `print` or `exec`, if the node is that name.
    private func legacyName(_ node: Node) -> String? {
        guard node.kind == .name, node.token >= 0 else { return nil }
        switch tokens[node.token].value {
        case NameTable.print: return "print"
        case NameTable.exec: return "exec"
        default: return nil
        }
    }

    private mutating func conversion(_ mark: Node, _ letter: Node) throws(Found) -> Node? {
        if mark.position.line != letter.position.line || mark.position.endColumn != letter.position.column {
            return try raise("range", [mark, letter], "f-string: conversion type must come right after the exclamanation mark")
        }
        return letter
    }

    /// The letter of a conversion is looked at when the field has been read to its end.
    private mutating func field(_ conversion: Node) throws(Found) -> Node? {
        guard conversion.kind == .name, conversion.token >= 0 else { return Node(.joinedStr, conversion.position) }
        let text = tokenizer.names.texts[Int(tokens[conversion.token].value)]
        if text != "s" && text != "r" && text != "a" {
            return try raise("at", [conversion], "f-string: invalid conversion character '\(text)': expected 's', 'r', or 'a'")
        }
        return Node(.joinedStr, conversion.position)
    }

    private mutating func fstring(_ open: Node, _ parts: Node, _ start: Int) throws(Found) -> Node? {
        let begin = Int(tokens[open.token].start)
        let isRaw = bytes[begin] | 32 == 114 || bytes[begin + 1] | 32 == 114
        for part in parts.children where part.kind == .middle {
            let token = tokens[part.token]
            try decode(Int(token.start), Int(token.end), isRaw: isRaw, isBytes: false, token)
        }
        return Node(.joinedStr, span(start))
    }

    private mutating func concatenate(_ parts: [Node], _ start: Int) throws(Found) -> Node? {
        let hasBytes = parts.contains { $0.kind == .bytes }
        if hasBytes && parts.contains(where: { $0.kind != .bytes }) {
            return try raise("last", [], "cannot mix bytes and nonbytes literals")
        }
        if parts.count == 1 { return parts[0] }
        let isFString = parts.contains { $0.kind == .joinedStr }
        return Node(isFString ? .joinedStr : hasBytes ? .bytes : .literal, span(start))
    }
}
