// String literals: implicit concatenation and f-strings (PEP 701).

extension Parser {
    /// One or more string and f-string literals in a row.
    mutating func strings() throws(Reject) -> Expression {
        let start = at
        if kind == .string, nextKind != .string, nextKind != .fstringStart { return try stringConstant().node }
        var pieces: [Expression] = []
        var hasBytes = false, hasText = false, hasFString = false
        while true {
            if kind == .string {
                let (node, isBytes) = try stringConstant()
                if isBytes { hasBytes = true } else { hasText = true }
                pieces.append(node)
            } else if kind == .fstringStart {
                hasFString = true
                hasText = true
                try fstring(&pieces)
            } else {
                break
            }
        }
        if hasBytes && hasText { throw Reject() }
        if hasBytes { return bytesConstant(pieces, span(start)) }
        return joined(pieces, hasFString, span(start))
    }

    private mutating func stringConstant() throws(Reject) -> (node: Expression, isBytes: Bool) {
        let token = tokens[at]
        let shape = StringToken(bytes, token)
        at += 1
        let value = try decode(shape.from, shape.to, isRaw: shape.isRaw, isBytes: shape.isBytes, token)
        let constant: ConstantValue = shape.isBytes ? .bytes(value) : .str(value)
        let node = Expression(.constant(constant, isUnicodePrefixed: shape.isUnicodePrefixed), token.span)
        return (node, shape.isBytes)
    }

    private mutating func decode(_ from: Int, _ to: Int, isRaw: Bool, isBytes: Bool, _ token: Token) throws(Reject) -> [UInt8] {
        var invalid: InvalidEscape?
        let value = try decode(from, to, isRaw: isRaw, isBytes: isBytes, &invalid)
        if let invalid { notes.append(EscapeNote.make(invalid, bytes, token)) }
        return value
    }

    private func decode(_ from: Int, _ to: Int, isRaw: Bool, isBytes: Bool, _ invalid: inout InvalidEscape?) throws(Reject) -> [UInt8] {
        do {
            return try StringLiterals.decode(bytes, from, to, isRaw: isRaw, isBytes: isBytes, options: options,
                                             invalid: &invalid)
        } catch {
            throw Reject()
        }
    }

    private func bytesConstant(_ pieces: [Expression], _ place: SourceSpan) -> Expression {
        var all: [UInt8] = []
        for piece in pieces {
            if case .constant(.bytes(let value), _) = piece.kind { all += value }
        }
        return Expression(.constant(.bytes(all), isUnicodePrefixed: false), place)
    }

    /// Merges neighbouring constants and drops empty ones.
    private func joined(_ pieces: [Expression], _ hasFString: Bool, _ place: SourceSpan) -> Expression {
        var values: [Expression] = []
        var i = 0
        while i < pieces.count {
            let piece = pieces[i]
            i += 1
            guard case .constant(.str(let first), let kind) = piece.kind else {
                values.append(piece)
                continue
            }
            if hasFString && first.isEmpty { continue }
            var text = first
            var last = piece
            while i < pieces.count, case .constant(.str(let more), _) = pieces[i].kind {
                text += more
                last = pieces[i]
                i += 1
            }
            if last === piece {
                values.append(piece)
            } else {
                values.append(Expression(.constant(.str(text), isUnicodePrefixed: kind),
                                         SourceSpan(from: piece.position, to: last.position)))
            }
        }
        if !hasFString, let only = values.first { return only }
        return Expression(.joinedStr(values: values), place)
    }

    // MARK: f-strings

    private mutating func fstring(_ pieces: inout [Expression]) throws(Reject) {
        try enter(12)
        defer { leave(12) }
        let open = tokens[at]
        let isRaw = bytes[Int(open.start)] | 32 == 114 || bytes[Int(open.start) + 1] | 32 == 114
        at += 1
        var escapes: [InvalidEscape] = []
        while kind != .fstringEnd {
            if kind == .fstringMiddle {
                let token = tokens[at]
                at += 1
                var invalid: InvalidEscape?
                let value = try decode(Int(token.start), Int(token.end), isRaw: isRaw, isBytes: false, &invalid)
                // The tokenizer has noted `\{` and `\}`.
                if let invalid, bytes[invalid.offset] != 123 && bytes[invalid.offset] != 125 { escapes.append(invalid) }
                if !value.isEmpty {
                    pieces.append(Expression(.constant(.str(value), isUnicodePrefixed: false), token.span))
                }
            } else {
                try replacementField(isRaw, &pieces)
            }
        }
        // The text is looked at when the string ends, and that is where warnings are placed.
        if !escapes.isEmpty {
            // While nothing behind the last line has been read, the text shown is all that the string's lines hold.
            let first = tokens[at + 1].line == tokens[at].line ? open : tokens[at]
            for escape in escapes { notes.append(EscapeNote.make(escape, bytes, tokens[at], textFrom: first)) }
        }
        at += 1
    }

    /// The text of a format specification.
    private mutating func specText() throws(Reject) -> Expression {
        let token = tokens[at]
        at += 1
        let value = try decode(Int(token.start), Int(token.end), isRaw: false, isBytes: false, token)
        return Expression(.constant(.str(value), isUnicodePrefixed: false), token.span)
    }

    /// `{value=!r:spec}`.
    private mutating func replacementField(_ isRaw: Bool, _ pieces: inout [Expression]) throws(Reject) {
        let start = at
        try expect(.lbrace)
        let value = try yieldOrStarExpressions()
        let isDebug = take(.equal)
        let textEnd = at
        var conversion = -1
        var debugEnd: (line: Int32, column: Int32)?
        if kind == .exclamation {
            let mark = tokens[at]
            at += 1
            let letter = tokens[at]
            guard kind == .name, mark.line == letter.line, mark.endColumn == letter.column else { throw Reject() }
            let text = names[Int(letter.value)]
            guard text == "s" || text == "r" || text == "a", let c = text.utf8.first else { throw Reject() }
            conversion = Int(c)
            debugEnd = (letter.line, letter.column)
            at += 1
        }
        var spec: Expression?
        if kind == .colon {
            spec = try formatSpec()
            if debugEnd == nil, let place = spec?.position { debugEnd = (place.line, place.column + 1) }
        }
        try expect(.rbrace)
        if isDebug && conversion < 0 && spec == nil { conversion = 114 }
        let place = span(start)
        let field = Expression(.formattedValue(value: value, conversion: conversion, formatSpec: spec), place)
        if isDebug {
            let end = debugEnd ?? (place.endLine, place.endColumn)
            let textPlace = SourceSpan(line: place.line, column: place.column + 1, endLine: end.line, endColumn: end.column - 1)
            let text = debugText(Int(tokens[start].end), Int(tokens[textEnd].start))
            // The text goes through the escapes of the string, like any other part of it.
            let token = tokens[start]
            let decoded = try decodeDetached(text, isRaw, token)
            if !decoded.isEmpty { pieces.append(Expression(.constant(.str(decoded), isUnicodePrefixed: false), textPlace)) }
        }
        pieces.append(field)
    }

    /// The source of `{value =`, without comments.
    private func debugText(_ from: Int, _ to: Int) -> [UInt8] {
        var text: [UInt8] = []
        var i = from
        while i < to {
            if bytes[i] == 35 {
                while i < to && bytes[i] != 10 { i += 1 }
                continue
            }
            text.append(bytes[i])
            i += 1
        }
        return text
    }

    private mutating func decodeDetached(_ text: [UInt8], _ isRaw: Bool, _ token: Token) throws(Reject) -> [UInt8] {
        if isRaw || !text.contains(92) { return text }
        var invalid: InvalidEscape?
        let options = self.options
        do {
            return try text.withUnsafeBufferPointer { buffer -> [UInt8] in
                guard let base = buffer.baseAddress else { return [] }
                return try StringLiterals.decode(base, 0, buffer.count, isRaw: false, isBytes: false, options: options,
                                                 invalid: &invalid)
            }
        } catch {
            throw Reject()
        }
    }

    /// A format specification: its parts stay as the tokenizer cuts them, and escapes work even in raw strings.
    private mutating func formatSpec() throws(Reject) -> Expression {
        let start = at
        at += 1
        var pieces: [Expression] = []
        while kind != .rbrace {
            if kind == .fstringMiddle {
                pieces.append(try specText())
            } else {
                try replacementField(false, &pieces)
            }
        }
        if pieces.count == 1, case .constant(.str(let value), _) = pieces[0].kind, value.isEmpty { pieces = [] }
        return Expression(.joinedStr(values: pieces), span(start))
    }
}

/// The warning about an invalid escape sequence.
enum EscapeNote {
    static func make(_ invalid: InvalidEscape, _ bytes: UnsafePointer<UInt8>, _ token: Token, textFrom: Token? = nil) -> SyntaxNote {
        let message: String
        if invalid.isOctal {
            let digits = String(decoding: UnsafeBufferPointer(start: bytes + invalid.offset, count: 3), as: UTF8.self)
            message = "invalid octal escape sequence '\\\(digits)'"
        } else {
            let slice = UnsafeBufferPointer(start: bytes + invalid.offset, count: 4)
            let (c, _) = IdentifierText.scalar(slice, 0)
            message = "invalid escape sequence '\\\(IdentifierText.string(c))'"
        }
        var lineStart = Int(token.start)
        while lineStart > 0 && bytes[lineStart - 1] != 10 { lineStart -= 1 }
        var lineEnd = Int(token.start)
        while bytes[lineEnd] != 10 && bytes[lineEnd] != 0 { lineEnd += 1 }
        if token.line == token.endLine && bytes[lineEnd] == 10 { lineEnd += 1 }
        let offset = SourceText.characterCount(bytes, lineStart, Int(token.start)) + 1
        // The end's column is taken in the first line's text also where the string ends on a later one.
        let end = token.endLine == token.line ? SourceText.characterCount(bytes, lineStart, Int(token.end)) + 1
            : min(SourceText.characterCount(bytes, lineStart, lineStart + Int(token.endColumn)), SourceText.characterCount(bytes, lineStart, lineEnd)) + 1
        if let textFrom {
            lineStart = Int(textFrom.start)
            while lineStart > 0 && bytes[lineStart - 1] != 10 { lineStart -= 1 }
        }
        let failure = SyntaxFailure(.syntaxError, message, line: Int(token.line), offset: offset, endLine: Int(token.endLine),
                                    endOffset: end, text: SourceText.lossyString(bytes, lineStart, lineEnd))
        return SyntaxNote(category: .syntaxWarning, message: message, line: Int(token.line), failure: failure)
    }
}
