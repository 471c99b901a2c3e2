// `match` statements and their patterns (PEP 634).

import TaipanNumbers

extension Parser {
    /// A match statement; nil, with nothing taken, if `match` is a name here.
    mutating func matchStatement() throws(Reject) -> Statement? {
        switch nextKind {
        case .equal, .dot, .comma, .rpar, .colon, .newline, .semi, .endMarker, .rsqb, .rbrace, .kwIf, .kwIn, .kwIs,
             .kwAnd, .kwOr, .colonEqual: return nil
        default: break
        }
        let start = at, depth = self.depth, links = chainLinks.count, noted = notes.count
        do throws(Reject) {
            let subject = try matchSubject()
            try expect(.colon)
            try expect(.newline)
            try expect(.indent)
            if !isSoft(NameTable.case) { throw Reject() }
            try requireVersion(10)
            var cases: [MatchCase] = []
            try enter(4)
            repeat { cases.append(try matchCase()) } while isSoft(NameTable.case)
            leave(4)
            try expect(.dedent)
            return Statement(.match(subject: subject, cases: cases), blockSpan(start))
        } catch {
            if isTooDeep { throw error }
            at = start
            self.depth = depth
            chainLinks.removeLast(chainLinks.count - links)
            notes.removeLast(notes.count - noted)
            return nil
        }
    }

    private mutating func matchSubject() throws(Reject) -> Expression {
        at += 1
        let start = at
        let isStarred = kind == .star
        let first = try starNamedExpression()
        if kind != .comma {
            if isStarred { throw Reject() }
            return first
        }
        var elts = [first]
        while take(.comma) {
            if !startsExpression { break }
            elts.append(try starNamedExpression())
        }
        return Expression(.tuple(elts: elts, ctx: .load), span(start))
    }

    private mutating func matchCase() throws(Reject) -> MatchCase {
        at += 1
        let pattern = try openPattern()
        let guardExpr: Expression? = take(.kwIf) ? try namedExpression() : nil
        try expect(.colon)
        return MatchCase(pattern: pattern, guardExpr: guardExpr, body: try block())
    }

    /// A pattern, or several with commas and no brackets.
    private mutating func openPattern() throws(Reject) -> Pattern {
        let start = at
        let isStarred = kind == .star
        let first = try starPattern()
        if kind != .comma {
            if isStarred { throw Reject() }
            return first
        }
        var list = [first]
        while take(.comma) {
            if kind == .colon || kind == .kwIf { break }
            list.append(try starPattern())
        }
        return Pattern(.sequence(patterns: list), span(start))
    }

    private mutating func starPattern() throws(Reject) -> Pattern {
        guard kind == .star else { return try pattern() }
        let start = at
        at += 1
        if isSoft(NameTable.underscore) {
            at += 1
            return Pattern(.star(name: nil), span(start))
        }
        return Pattern(.star(name: try captureTarget()), span(start))
    }

    /// A name that may be bound: not `_`, and not the start of a dotted name, call or keyword.
    private mutating func captureTarget() throws(Reject) -> String {
        if isSoft(NameTable.underscore) { throw Reject() }
        let target = try name()
        if kind == .dot || kind == .lpar || kind == .equal { throw Reject() }
        return target
    }

    private mutating func pattern() throws(Reject) -> Pattern {
        try enter(8)
        defer { leave(8) }
        let start = at
        let first = try closedPattern()
        var result = first
        if kind == .vbar {
            var list = [first]
            while take(.vbar) { list.append(try closedPattern()) }
            result = Pattern(.or(patterns: list), span(start))
        }
        guard take(.kwAs) else { return result }
        let name = try captureTarget()
        return Pattern(.as(pattern: result, name: name), span(start))
    }

    private mutating func closedPattern() throws(Reject) -> Pattern {
        let start = at
        switch kind {
        case .number, .minus:
            let value = try patternNumber()
            return Pattern(.value(value), span(start))
        case .string, .fstringStart:
            let value = try strings()
            return Pattern(.value(value), span(start))
        case .kwNone:
            at += 1
            return Pattern(.singleton(.none), span(start))
        case .kwTrue:
            at += 1
            return Pattern(.singleton(.true), span(start))
        case .kwFalse:
            at += 1
            return Pattern(.singleton(.false), span(start))
        case .lpar, .lsqb: return try sequencePattern()
        case .lbrace: return try mappingPattern()
        case .name: return try namePattern()
        default: throw Reject()
        }
    }

    private mutating func namePattern() throws(Reject) -> Pattern {
        let start = at
        if nextKind != .dot && nextKind != .lpar {
            if nextKind == .equal { throw Reject() }
            if isSoft(NameTable.underscore) {
                at += 1
                return Pattern(.as(pattern: nil, name: nil), span(start))
            }
            let name = try self.name()
            return Pattern(.as(pattern: nil, name: name), span(start))
        }
        let value = try nameOrAttribute()
        if kind == .lpar { return try classPattern(start, value) }
        if kind == .equal { throw Reject() }
        return Pattern(.value(value), span(start))
    }

    private mutating func nameOrAttribute() throws(Reject) -> Expression {
        let start = at
        var value = Expression(.name(id: try name(), ctx: .load), span(start))
        var length = 0
        while take(.dot) {
            let attr = try name()
            value = Expression(.attribute(value: value, attr: attr, ctx: .load), span(start))
            link(value, &length)
        }
        return value
    }

    private mutating func classPattern(_ start: Int, _ cls: Expression) throws(Reject) -> Pattern {
        at += 1
        var patterns: [Pattern] = [], keywords: [Pattern] = []
        var attributes: [String] = []
        while kind != .rpar {
            if kind == .name && nextKind == .equal {
                attributes.append(try name())
                at += 1
                keywords.append(try pattern())
            } else {
                if !attributes.isEmpty { throw Reject() }
                patterns.append(try pattern())
            }
            if !take(.comma) { break }
        }
        try expect(.rpar)
        if patterns.isEmpty && attributes.isEmpty && tokens[at - 2].kind == .comma { throw Reject() }
        return Pattern(.class(cls: cls, patterns: patterns, keywordAttrs: attributes, keywordPatterns: keywords), span(start))
    }

    /// A group or a sequence in brackets.
    private mutating func sequencePattern() throws(Reject) -> Pattern {
        let start = at
        let isList = kind == .lsqb
        let end: TokenKind = isList ? .rsqb : .rpar
        at += 1
        var list: [Pattern] = []
        var hasComma = false
        let isStarred = kind == .star
        while kind != end {
            list.append(try starPattern())
            if !take(.comma) { break }
            hasComma = true
        }
        try expect(end)
        if !isList && list.count == 1 && !hasComma {
            if isStarred { throw Reject() }
            return list[0]
        }
        return Pattern(.sequence(patterns: list), span(start))
    }

    private mutating func mappingPattern() throws(Reject) -> Pattern {
        let start = at
        at += 1
        var keys: [Expression] = []
        var patterns: [Pattern] = []
        var rest: String?
        while kind != .rbrace {
            if take(.doubleStar) {
                rest = try captureTarget()
                _ = take(.comma)
                break
            }
            keys.append(try mappingKey())
            try expect(.colon)
            patterns.append(try pattern())
            if !take(.comma) { break }
        }
        try expect(.rbrace)
        return Pattern(.mapping(keys: keys, patterns: patterns, rest: rest), span(start))
    }

    private mutating func mappingKey() throws(Reject) -> Expression {
        let start = at
        let constant: ConstantValue
        switch kind {
        case .number, .minus: return try patternNumber()
        case .string, .fstringStart: return try strings()
        case .kwNone: constant = .none
        case .kwTrue: constant = .true
        case .kwFalse: constant = .false
        default:
            if kind != .name || nextKind != .dot { throw Reject() }
            return try nameOrAttribute()
        }
        at += 1
        return Expression(.constant(constant, isUnicodePrefixed: false), span(start))
    }

    /// A number with an optional minus, or a complex one as a sum.
    private mutating func patternNumber() throws(Reject) -> Expression {
        let start = at
        let (left, isReal) = try signedNumber()
        guard kind == .plus || kind == .minus else { return left }
        let op: BinaryOperator = kind == .plus ? .add : .sub
        at += 1
        let place = at
        try expect(.number)
        let value = try number(tokens[place])
        guard isReal, case .complex = value else { throw Reject() }
        let right = Expression(.constant(value, isUnicodePrefixed: false), span(place))
        return Expression(.binOp(left: left, op: op, right: right), span(start))
    }

    private mutating func signedNumber() throws(Reject) -> (Expression, isReal: Bool) {
        let start = at
        let isNegative = take(.minus)
        let place = at
        try expect(.number)
        let value = try number(tokens[place])
        var isReal = true
        if case .complex = value { isReal = false }
        let literal = Expression(.constant(value, isUnicodePrefixed: false), span(place))
        if !isNegative { return (literal, isReal) }
        return (Expression(.unaryOp(op: .uSub, operand: literal), span(start)), isReal)
    }
}
