// Small statements: what stands on a line between semicolons.

extension Parser {
    mutating func simpleStatements(_ body: inout [Statement]) throws(Reject) {
        while true {
            body.append(try simpleStatement())
            if take(.newline) { return }
            try expect(.semi)
            if take(.newline) { return }
        }
    }

    private mutating func simpleStatement() throws(Reject) -> Statement {
        let start = at
        let payload: StatementKind
        switch kind {
        case .kwReturn:
            at += 1
            payload = .return(value: startsExpression ? try starExpressions() : nil)
        case .kwImport:
            at += 1
            payload = .import(names: try dottedAsNames())
        case .kwFrom: payload = try importFrom()
        case .kwRaise: payload = try raiseStatement()
        case .kwPass:
            at += 1
            payload = .pass
        case .kwDel:
            at += 1
            payload = .delete(targets: try deleteTargets())
        case .kwYield:
            return try assignmentOrExpression(start, first: try yieldExpression())
        case .kwAssert:
            at += 1
            let test = try expression()
            payload = .assert(test: test, msg: take(.comma) ? try expression() : nil)
        case .kwBreak:
            at += 1
            payload = .break
        case .kwContinue:
            at += 1
            payload = .continue
        case .kwGlobal:
            at += 1
            payload = .global(names: try nameList())
        case .kwNonlocal:
            at += 1
            payload = .nonlocal(names: try nameList())
        case .name where tokens[at].value == NameTable.type && nextKind == .name:
            payload = try typeAlias()
        case .name where nextKind == .colon:
            return try annotatedName()
        default:
            return try assignmentOrExpression(start, first: try starExpressions())
        }
        return Statement(payload, span(start))
    }

    private mutating func nameList() throws(Reject) -> [String] {
        var list = [try name()]
        while take(.comma) { list.append(try name()) }
        return list
    }

    private mutating func raiseStatement() throws(Reject) -> StatementKind {
        at += 1
        guard startsExpression else { return .raise(exc: nil, cause: nil) }
        let exc = try expression()
        return .raise(exc: exc, cause: take(.kwFrom) ? try expression() : nil)
    }

    private mutating func typeAlias() throws(Reject) -> StatementKind {
        try requireVersion(12)
        at += 1
        let place = at
        let target = Expression(.name(id: try name(), ctx: .store), span(place))
        let parameters = try typeParameters()
        try expect(.equal)
        return .typeAlias(name: target, typeParams: parameters, value: try expression())
    }

    // MARK: Assignment

    private mutating func annotatedName() throws(Reject) -> Statement {
        try requireVersion(6)
        let start = at
        let target = Expression(.name(id: try name(), ctx: .store), span(start))
        return try annotation(start, target, simple: true)
    }

    /// From the colon of `target: annotation = value`.
    private mutating func annotation(_ start: Int, _ target: Expression, simple: Bool) throws(Reject) -> Statement {
        try expect(.colon)
        let annotation = try expression()
        var value: Expression?
        if take(.equal) { value = try yieldOrStarExpressions() }
        return Statement(.annAssign(target: target, annotation: annotation, value: value, simple: simple), span(start))
    }

    private mutating func assignmentOrExpression(_ start: Int, first: Expression) throws(Reject) -> Statement {
        switch kind {
        case .equal: return try assignment(start, first)
        case .colon:
            try requireVersion(6)
            guard isSingleTarget(first) else { throw Reject() }
            try setContext(first, .store)
            return try annotation(start, first, simple: false)
        default:
            if let op = inPlaceOperator(kind) {
                guard isSingleTarget(first) else { throw Reject() }
                if op == .matMult { try requireVersion(5) }
                try setContext(first, .store)
                at += 1
                let value = try yieldOrStarExpressions()
                return Statement(.augAssign(target: first, op: op, value: value), span(start))
            }
            return Statement(.expr(value: first), span(start))
        }
    }

    private mutating func assignment(_ start: Int, _ first: Expression) throws(Reject) -> Statement {
        var targets: [Expression] = []
        var value = first
        while take(.equal) {
            try setContext(value, .store)
            targets.append(value)
            value = try yieldOrStarExpressions()
        }
        var comment: String?
        if typeComments, kind == .typeComment { comment = takeTypeComment() }
        return Statement(.assign(targets: targets, value: value, typeComment: comment), span(start))
    }

    mutating func takeTypeComment() -> String {
        let token = tokens[at]
        at += 1
        return SourceText.lossyString(bytes, Int(token.start), Int(token.end))
    }

    private func isSingleTarget(_ e: Expression) -> Bool {
        switch e.kind {
        case .name, .attribute, .subscript: return true
        default: return false
        }
    }

    private func inPlaceOperator(_ kind: TokenKind) -> BinaryOperator? {
        switch kind {
        case .plusEqual: return .add
        case .minEqual: return .sub
        case .starEqual: return .mult
        case .slashEqual: return .div
        case .doubleSlashEqual: return .floorDiv
        case .percentEqual: return .mod
        case .atEqual: return .matMult
        case .leftShiftEqual: return .lShift
        case .rightShiftEqual: return .rShift
        case .amperEqual: return .bitAnd
        case .vbarEqual: return .bitOr
        case .circumflexEqual: return .bitXor
        case .doubleStarEqual: return .pow
        default: return nil
        }
    }

    /// Makes an expression a target, or rejects it.
    mutating func setContext(_ e: Expression, _ ctx: ExpressionContext) throws(Reject) {
        switch e.kind {
        case .name(let id, _): e.kind = .name(id: id, ctx: ctx)
        case .attribute(let value, let attr, _): e.kind = .attribute(value: value, attr: attr, ctx: ctx)
        case .subscript(let value, let slice, _): e.kind = .subscript(value: value, slice: slice, ctx: ctx)
        case .starred(let value, _):
            guard ctx == .store else { throw Reject() }
            if case .starred = value.kind { throw Reject() }
            try setContext(value, ctx)
            e.kind = .starred(value: value, ctx: ctx)
        case .list(let elts, _):
            for elt in elts { try setContext(elt, ctx) }
            e.kind = .list(elts: elts, ctx: ctx)
        case .tuple(let elts, _):
            for elt in elts { try setContext(elt, ctx) }
            e.kind = .tuple(elts: elts, ctx: ctx)
        default: throw Reject()
        }
    }

    /// `a, *b, c` as the target of `for`; a single target stays itself.
    mutating func starTargets() throws(Reject) -> Expression {
        let start = at
        let first = try starTarget()
        guard kind == .comma else { return first }
        var elts = [first]
        while take(.comma) {
            if !startsExpression && kind != .star { break }
            elts.append(try starTarget())
        }
        return Expression(.tuple(elts: elts, ctx: .store), span(start))
    }

    mutating func starTarget() throws(Reject) -> Expression {
        let start = at
        if take(.star) {
            if kind == .star { throw Reject() }
            let value = try binary(1)
            try setContext(value, .store)
            return Expression(.starred(value: value, ctx: .store), span(start))
        }
        let target = try binary(1)
        try setContext(target, .store)
        return target
    }

    private mutating func deleteTargets() throws(Reject) -> [Expression] {
        var targets: [Expression] = []
        repeat {
            if !targets.isEmpty && (kind == .newline || kind == .semi) { break }
            let target = try binary(1)
            try setContext(target, .del)
            targets.append(target)
        } while take(.comma)
        if kind != .newline && kind != .semi { throw Reject() }
        return targets
    }

    // MARK: Import

    private mutating func dottedName() throws(Reject) -> String {
        var text = try name()
        while kind == .dot {
            at += 1
            text += "."
            text += try name()
        }
        return text
    }

    private mutating func dottedAsNames() throws(Reject) -> [Alias] {
        var list: [Alias] = []
        repeat {
            let start = at
            let name = try dottedName()
            let asname: String? = take(.kwAs) ? try self.name() : nil
            list.append(Alias(name: name, asname: asname, position: span(start)))
        } while take(.comma)
        return list
    }

    private mutating func importFrom() throws(Reject) -> StatementKind {
        at += 1
        var level = 0
        while true {
            if take(.dot) {
                level += 1
            } else if take(.ellipsis) {
                level += 3
            } else {
                break
            }
        }
        var module: String?
        if level == 0 || kind == .name { module = try dottedName() }
        try expect(.kwImport)
        let names = try importTargets()
        if level == 0, module == "__future__", names.contains(where: { $0.name == "barry_as_FLUFL" }) {
            barryAsFLUFL = true
        }
        return .importFrom(module: module, names: names, level: level)
    }

    private mutating func importTargets() throws(Reject) -> [Alias] {
        let start = at
        if take(.star) { return [Alias(name: "*", asname: nil, position: span(start))] }
        let hasParen = take(.lpar)
        var list: [Alias] = []
        repeat {
            if hasParen && !list.isEmpty && kind == .rpar { break }
            let start = at
            let name = try self.name()
            let asname: String? = take(.kwAs) ? try self.name() : nil
            list.append(Alias(name: name, asname: asname, position: span(start)))
        } while take(.comma)
        if hasParen { try expect(.rpar) }
        return list
    }
}
