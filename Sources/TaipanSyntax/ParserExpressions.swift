// Expressions, by precedence.

import TaipanNumbers

extension Parser {
    /// Whether the next token can begin an expression (a starred one included).
    @inline(__always)
    var startsExpression: Bool {
        switch kind {
        case .name, .number, .string, .fstringStart, .kwFalse, .kwNone, .kwTrue, .kwAwait, .kwLambda, .kwNot,
             .lpar, .lsqb, .lbrace, .ellipsis, .plus, .minus, .tilde, .star: return true
        default: return false
        }
    }

    // MARK: Lists of expressions

    mutating func yieldOrStarExpressions() throws(Reject) -> Expression {
        kind == .kwYield ? try yieldExpression() : try starExpressions()
    }

    mutating func yieldExpression() throws(Reject) -> Expression {
        let start = at
        try expect(.kwYield)
        if take(.kwFrom) {
            let value = try expression()
            return Expression(.yieldFrom(value: value), span(start))
        }
        let value: Expression? = startsExpression ? try starExpressions() : nil
        return Expression(.yield(value: value), span(start))
    }

    /// `a, *b, c`; without a comma just the one.
    mutating func starExpressions() throws(Reject) -> Expression {
        let start = at
        let first = try starExpression()
        guard kind == .comma else { return first }
        var elts = [first]
        while take(.comma) {
            if !startsExpression { break }
            elts.append(try starExpression())
        }
        return Expression(.tuple(elts: elts, ctx: .load), span(start))
    }

    private mutating func starExpression() throws(Reject) -> Expression {
        if kind == .star { return try starredOperand() }
        return try expression()
    }

    private mutating func starredOperand() throws(Reject) -> Expression {
        let start = at
        at += 1
        let value = try binary(1)
        return Expression(.starred(value: value, ctx: .load), span(start))
    }

    /// `a, b` without stars, as `eval` takes it.
    mutating func starlessExpressions() throws(Reject) -> Expression {
        let start = at
        let first = try expression()
        guard kind == .comma else { return first }
        var elts = [first]
        while take(.comma) {
            if !startsExpression { break }
            elts.append(try expression())
        }
        return Expression(.tuple(elts: elts, ctx: .load), span(start))
    }

    mutating func starNamedExpression() throws(Reject) -> Expression {
        if kind == .star { return try starredOperand() }
        return try namedExpression()
    }

    mutating func namedExpression() throws(Reject) -> Expression {
        if kind == .name && nextKind == .colonEqual { return try assignmentExpression() }
        let value = try expression()
        if kind == .colonEqual { throw Reject() }
        return value
    }

    private mutating func assignmentExpression() throws(Reject) -> Expression {
        try requireVersion(8)
        let start = at
        let target = Expression(.name(id: try name(), ctx: .store), span(start))
        at += 1
        let value = try expression()
        return Expression(.namedExpr(target: target, value: value), span(start))
    }

    // MARK: Operators

    mutating func expression() throws(Reject) -> Expression {
        if kind == .kwLambda { return try lambda() }
        let start = at
        let body = try disjunction()
        guard kind == .kwIf else { return body }
        at += 1
        let test = try disjunction()
        try expect(.kwElse)
        try enter(1)
        let orelse = try expression()
        leave(1)
        return Expression(.ifExp(test: test, body: body, orelse: orelse), span(start))
    }

    private mutating func lambda() throws(Reject) -> Expression {
        let start = at
        at += 1
        let arguments = try parameters(isLambda: true)
        try expect(.colon)
        try enter(2)
        let body = try expression()
        leave(2)
        return Expression(.lambda(arguments: arguments, body: body), span(start))
    }

    mutating func disjunction() throws(Reject) -> Expression {
        let start = at
        let first = try conjunction()
        guard kind == .kwOr else { return first }
        var values = [first]
        while take(.kwOr) { values.append(try conjunction()) }
        return Expression(.boolOp(op: .or, values: values), span(start))
    }

    private mutating func conjunction() throws(Reject) -> Expression {
        let start = at
        let first = try inversion()
        guard kind == .kwAnd else { return first }
        var values = [first]
        while take(.kwAnd) { values.append(try inversion()) }
        return Expression(.boolOp(op: .and, values: values), span(start))
    }

    private mutating func inversion() throws(Reject) -> Expression {
        guard kind == .kwNot else { return try comparison() }
        let start = at
        at += 1
        try enter(1)
        let operand = try inversion()
        leave(1)
        return Expression(.unaryOp(op: .not, operand: operand), span(start))
    }

    private mutating func comparison() throws(Reject) -> Expression {
        let start = at
        let left = try binary(1)
        guard var op = try comparisonOperator() else { return left }
        var ops: [ComparisonOperator] = []
        var comparators: [Expression] = []
        while true {
            ops.append(op)
            comparators.append(try binary(1))
            guard let another = try comparisonOperator() else { break }
            op = another
        }
        return Expression(.compare(left: left, ops: ops, comparators: comparators), span(start))
    }

    /// Takes a comparison operator if there is one.
    @inline(__always)
    private mutating func comparisonOperator() throws(Reject) -> ComparisonOperator? {
        let op: ComparisonOperator
        switch kind {
        case .eqEqual: op = .eq
        case .less: op = .lt
        case .greater: op = .gt
        case .lessEqual: op = .ltE
        case .greaterEqual: op = .gtE
        case .kwIn: op = .in
        case .notEqual:
            if (bytes[Int(tokens[at].start)] == 60) != barryAsFLUFL { throw Reject() }
            op = .notEq
        case .kwIs:
            at += 1
            return take(.kwNot) ? .isNot : .is
        case .kwNot:
            guard nextKind == .kwIn else { return nil }
            at += 2
            return .notIn
        default: return nil
        }
        at += 1
        return op
    }

    /// Binding power and operator of a token between operands; 0 is none.
    @inline(__always)
    private func binding(_ kind: TokenKind) -> (power: UInt8, op: BinaryOperator) {
        switch kind {
        case .vbar: return (1, .bitOr)
        case .circumflex: return (2, .bitXor)
        case .amper: return (3, .bitAnd)
        case .leftShift: return (4, .lShift)
        case .rightShift: return (4, .rShift)
        case .plus: return (5, .add)
        case .minus: return (5, .sub)
        case .star: return (6, .mult)
        case .slash: return (6, .div)
        case .doubleSlash: return (6, .floorDiv)
        case .percent: return (6, .mod)
        case .at: return (6, .matMult)
        default: return (0, .add)
        }
    }

    /// Operands joined by operators that bind at least as tightly as `minimum`; 1 is `bitwise_or`.
    mutating func binary(_ minimum: UInt8) throws(Reject) -> Expression {
        let start = at
        var left = try factor()
        var length = 0
        while true {
            let (power, op) = binding(kind)
            if power < minimum || power == 0 { return left }
            if op == .matMult { try requireVersion(5) }
            at += 1
            let right = try binary(power + 1)
            left = Expression(.binOp(left: left, op: op, right: right), span(start))
            link(left, &length)
        }
    }

    private mutating func factor() throws(Reject) -> Expression {
        let op: UnaryOperator
        switch kind {
        case .minus: op = .uSub
        case .plus: op = .uAdd
        case .tilde: op = .invert
        default: return try power()
        }
        let start = at
        at += 1
        try enter(1)
        let operand = try factor()
        leave(1)
        return Expression(.unaryOp(op: op, operand: operand), span(start))
    }

    private mutating func power() throws(Reject) -> Expression {
        let start = at
        let base = try awaitPrimary()
        guard kind == .doubleStar else { return base }
        at += 1
        try enter(2)
        let exponent = try factor()
        leave(2)
        return Expression(.binOp(left: base, op: .pow, right: exponent), span(start))
    }

    private mutating func awaitPrimary() throws(Reject) -> Expression {
        guard kind == .kwAwait else { return try primary() }
        try requireVersion(5)
        let start = at
        at += 1
        let value = try primary()
        return Expression(.await(value: value), span(start))
    }

    // MARK: Primaries

    private mutating func primary() throws(Reject) -> Expression {
        let start = at
        var value = try atom()
        var length = 0
        while true {
            switch kind {
            case .dot:
                at += 1
                let attr = try name()
                value = Expression(.attribute(value: value, attr: attr, ctx: .load), span(start))
            case .lpar:
                let open = at
                at += 1
                var args: [Expression] = []
                var keywords: [Keyword] = []
                try arguments(open, &args, &keywords, allowGenerator: true)
                value = Expression(.call(function: value, args: args, keywords: keywords), span(start))
            case .lsqb:
                at += 1
                let slice = try slices()
                try expect(.rsqb)
                value = Expression(.subscript(value: value, slice: slice, ctx: .load), span(start))
            default: return value
            }
            link(value, &length)
        }
    }

    /// The arguments of a call. With `allowGenerator` the closing parenthesis is taken too, and a lone
    /// generator expression may share the parentheses of the call, which open at token `open`.
    mutating func arguments(_ open: Int, _ args: inout [Expression], _ keywords: inout [Keyword],
                            allowGenerator: Bool) throws(Reject) {
        try enter(24)
        defer { leave(24) }
        var sawDoubleStar = false
        while kind != .rpar {
            let start = at
            switch kind {
            case .star:
                if sawDoubleStar { throw Reject() }
                at += 1
                let value = try expression()
                args.append(Expression(.starred(value: value, ctx: .load), span(start)))
            case .doubleStar:
                at += 1
                let value = try expression()
                keywords.append(Keyword(name: nil, value: value, position: span(start)))
                sawDoubleStar = true
            case .name where nextKind == .equal:
                let name = try self.name()
                at += 1
                let value = try expression()
                keywords.append(Keyword(name: name, value: value, position: span(start)))
            default:
                if !keywords.isEmpty { throw Reject() }
                let value = try namedExpression()
                if kind == .kwFor || kind == .kwAsync {
                    guard allowGenerator, args.isEmpty else { throw Reject() }
                    let generators = try forClauses()
                    try expect(.rpar)
                    args.append(Expression(.generatorExp(elt: value, generators: generators), span(open)))
                    return
                }
                args.append(value)
            }
            if !take(.comma) { break }
        }
        if allowGenerator {
            try expect(.rpar)
        } else if kind != .rpar {
            throw Reject()
        }
        if args.isEmpty && keywords.isEmpty && tokens[at - 1].kind == .comma { throw Reject() }
    }

    private mutating func slices() throws(Reject) -> Expression {
        try enter(24)
        defer { leave(24) }
        let start = at
        let first = try sliceOrStarred()
        if kind != .comma {
            if case .starred = first.kind { return Expression(.tuple(elts: [first], ctx: .load), span(start)) }
            return first
        }
        var elts = [first]
        while take(.comma) {
            if kind == .rsqb { break }
            elts.append(try sliceOrStarred())
        }
        return Expression(.tuple(elts: elts, ctx: .load), span(start))
    }

    private mutating func sliceOrStarred() throws(Reject) -> Expression {
        let start = at
        if take(.star) {
            let value = try expression()
            return Expression(.starred(value: value, ctx: .load), span(start))
        }
        var lower: Expression?
        if kind != .colon {
            let value = try namedExpression()
            if kind != .colon { return value }
            if case .namedExpr = value.kind, tokens[start].kind == .name, tokens[start + 1].kind == .colonEqual { throw Reject() }
            lower = value
        }
        at += 1
        var upper: Expression?, step: Expression?
        if kind != .colon && kind != .rsqb && kind != .comma { upper = try expression() }
        if take(.colon), kind != .rsqb && kind != .comma { step = try expression() }
        return Expression(.slice(lower: lower, upper: upper, step: step), span(start))
    }

    // MARK: Atoms

    private mutating func atom() throws(Reject) -> Expression {
        let start = at
        switch kind {
        case .name:
            let id = names[Int(tokens[at].value)]
            at += 1
            return Expression(.name(id: id, ctx: .load), tokens[start].span)
        case .string, .fstringStart: return try strings()
        case .number:
            at += 1
            return Expression(.constant(try number(tokens[start]), isUnicodePrefixed: false), tokens[start].span)
        case .lpar: return try parenthesised()
        case .lsqb: return try listDisplay()
        case .lbrace: return try braceDisplay()
        case .kwNone: return constant(.none)
        case .kwTrue: return constant(.true)
        case .kwFalse: return constant(.false)
        case .ellipsis: return constant(.ellipsis)
        default: throw Reject()
        }
    }

    private mutating func constant(_ value: ConstantValue) -> Expression {
        at += 1
        return Expression(.constant(value, isUnicodePrefixed: false), tokens[at - 1].span)
    }

    func number(_ token: Token) throws(Reject) -> ConstantValue {
        if options.featureVersion < 6 && StringLiterals.hasUnderscore(bytes, token) { throw Reject() }
        do {
            return try StringLiterals.number(bytes, token, maxDigits: options.maxIntDigits)
        } catch {
            throw Reject()
        }
    }

    /// A group, a tuple or a generator expression.
    private mutating func parenthesised() throws(Reject) -> Expression {
        try enter(24)
        defer { leave(24) }
        let start = at
        at += 1
        if take(.rpar) { return Expression(.tuple(elts: [], ctx: .load), span(start)) }
        if kind == .kwYield {
            let value = try yieldExpression()
            try expect(.rpar)
            return value
        }
        let isStarred = kind == .star
        let first = try starNamedExpression()
        switch kind {
        case .rpar:
            if isStarred { throw Reject() }
            at += 1
            return first
        case .comma:
            var elts = [first]
            while take(.comma) {
                if kind == .rpar { break }
                elts.append(try starNamedExpression())
            }
            try expect(.rpar)
            return Expression(.tuple(elts: elts, ctx: .load), span(start))
        case .kwFor, .kwAsync:
            if isStarred { throw Reject() }
            let generators = try forClauses()
            try expect(.rpar)
            return Expression(.generatorExp(elt: first, generators: generators), span(start))
        default: throw Reject()
        }
    }

    private mutating func listDisplay() throws(Reject) -> Expression {
        try enter(24)
        defer { leave(24) }
        let start = at
        at += 1
        if take(.rsqb) { return Expression(.list(elts: [], ctx: .load), span(start)) }
        let isStarred = kind == .star
        let first = try starNamedExpression()
        if kind == .kwFor || kind == .kwAsync {
            if isStarred { throw Reject() }
            let generators = try forClauses()
            try expect(.rsqb)
            return Expression(.listComp(elt: first, generators: generators), span(start))
        }
        var elts = [first]
        while take(.comma) {
            if kind == .rsqb { break }
            elts.append(try starNamedExpression())
        }
        try expect(.rsqb)
        return Expression(.list(elts: elts, ctx: .load), span(start))
    }

    /// A dict or set, displayed or from a comprehension.
    private mutating func braceDisplay() throws(Reject) -> Expression {
        try enter(24)
        defer { leave(24) }
        let start = at
        at += 1
        if kind == .rbrace || kind == .doubleStar { return try dictDisplay(start) }
        let isStarred = kind == .star
        let isNamed = kind == .name && nextKind == .colonEqual
        let first = try starNamedExpression()
        switch kind {
        case .colon:
            if isStarred || isNamed { throw Reject() }
            at += 1
            let value = try expression()
            if kind == .kwFor || kind == .kwAsync {
                let generators = try forClauses()
                try expect(.rbrace)
                return Expression(.dictComp(key: first, value: value, generators: generators), span(start))
            }
            return try dictDisplay(start, key: first, value: value)
        case .kwFor, .kwAsync:
            if isStarred { throw Reject() }
            let generators = try forClauses()
            try expect(.rbrace)
            return Expression(.setComp(elt: first, generators: generators), span(start))
        default:
            var elts = [first]
            while take(.comma) {
                if kind == .rbrace { break }
                elts.append(try starNamedExpression())
            }
            try expect(.rbrace)
            return Expression(.set(elts: elts), span(start))
        }
    }

    private mutating func dictDisplay(_ start: Int, key: Expression? = nil, value: Expression? = nil) throws(Reject) -> Expression {
        var keys: [Expression?] = []
        var values: [Expression] = []
        if let key, let value {
            keys.append(key)
            values.append(value)
            if kind != .rbrace { try expect(.comma) }
        }
        while kind != .rbrace {
            if take(.doubleStar) {
                keys.append(nil)
                values.append(try binary(1))
            } else {
                keys.append(try expression())
                try expect(.colon)
                values.append(try expression())
            }
            if !take(.comma) { break }
        }
        try expect(.rbrace)
        return Expression(.dict(keys: keys, values: values), span(start))
    }

    mutating func forClauses() throws(Reject) -> [Comprehension] {
        var list: [Comprehension] = []
        while kind == .kwFor || kind == .kwAsync {
            let isAsync = take(.kwAsync)
            if isAsync { try requireVersion(6) }
            try expect(.kwFor)
            let target = try starTargets()
            try expect(.kwIn)
            let iterable = try disjunction()
            var ifs: [Expression] = []
            while take(.kwIf) { ifs.append(try disjunction()) }
            list.append(Comprehension(target: target, iterable: iterable, ifs: ifs, isAsync: isAsync))
        }
        return list
    }
}
