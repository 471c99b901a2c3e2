// Compound statements: those with blocks.

extension Parser {
    mutating func ifStatement() throws(Reject) -> Statement {
        let start = at
        at += 1
        let test = try namedExpression()
        try expect(.colon)
        let body = try block()
        var orelse: [Statement] = []
        if kind == .kwElif {
            try enter(1)
            orelse = [try ifStatement()]
            leave(1)
        } else {
            orelse = try elseBlock()
        }
        return Statement(.if(test: test, body: body, orelse: orelse), blockSpan(start))
    }

    private mutating func elseBlock() throws(Reject) -> [Statement] {
        guard take(.kwElse) else { return [] }
        try expect(.colon)
        return try block()
    }

    mutating func whileStatement() throws(Reject) -> Statement {
        let start = at
        at += 1
        let test = try namedExpression()
        try expect(.colon)
        let body = try block()
        let orelse = try elseBlock()
        return Statement(.while(test: test, body: body, orelse: orelse), blockSpan(start))
    }

    /// At `for`; `start` is its `async` if it has one.
    mutating func forStatement(_ start: Int, isAsync: Bool) throws(Reject) -> Statement {
        at += 1
        let target = try starTargets()
        try expect(.kwIn)
        let iterable = try starExpressions()
        try expect(.colon)
        let comment: String? = kind == .typeComment ? takeTypeComment() : nil
        let body = try block()
        let orelse = try elseBlock()
        let node = ForStatement(isAsync: isAsync, target: target, iterable: iterable, body: body, orelse: orelse,
                                typeComment: comment)
        return Statement(.for(node), blockSpan(start))
    }

    // MARK: with

    mutating func withStatement(_ start: Int, isAsync: Bool) throws(Reject) -> Statement {
        at += 1
        let items = try withItems()
        try expect(.colon)
        let comment: String? = kind == .typeComment ? takeTypeComment() : nil
        let body = try block()
        let node = WithStatement(isAsync: isAsync, items: items, body: body, typeComment: comment)
        return Statement(.with(node), blockSpan(start))
    }

    /// The items, in parentheses as a whole if that is what the colon stands behind.
    private mutating func withItems() throws(Reject) -> [WithItem] {
        if kind == .lpar {
            let start = at, depth = self.depth, links = chainLinks.count, noted = notes.count
            var items: [WithItem]?
            do {
                items = try parenthesisedWithItems()
            } catch {
                if isTooDeep { throw error }
                at = start
                self.depth = depth
                chainLinks.removeLast(chainLinks.count - links)
                notes.removeLast(notes.count - noted)
            }
            if let items {
                try requireVersion(9)
                return items
            }
        }
        var items = [try withItem()]
        while take(.comma) { items.append(try withItem()) }
        return items
    }

    private mutating func parenthesisedWithItems() throws(Reject) -> [WithItem] {
        at += 1
        var items: [WithItem] = []
        repeat {
            if !items.isEmpty && kind == .rpar { break }
            items.append(try withItem())
        } while take(.comma)
        try expect(.rpar)
        if kind != .colon || tokens[at + 1].kind == .typeComment { throw Reject() }
        return items
    }

    private mutating func withItem() throws(Reject) -> WithItem {
        let context = try expression()
        guard take(.kwAs) else { return WithItem(contextExpr: context, optionalVars: nil) }
        return WithItem(contextExpr: context, optionalVars: try starTarget())
    }

    // MARK: try

    mutating func tryStatement() throws(Reject) -> Statement {
        let start = at
        at += 1
        try expect(.colon)
        let body = try block()
        var handlers: [ExceptHandler] = []
        var isStar = false
        while kind == .kwExcept {
            let star = nextKind == .star
            if !handlers.isEmpty && star != isStar { throw Reject() }
            isStar = star
            handlers.append(try exceptHandler(isStar))
        }
        if isStar { try requireVersion(11) }
        let orelse = handlers.isEmpty ? [] : try elseBlock()
        var finalbody: [Statement] = []
        if take(.kwFinally) {
            try expect(.colon)
            finalbody = try block()
        } else if handlers.isEmpty {
            throw Reject()
        }
        let node = TryStatement(isStar: isStar, body: body, handlers: handlers, orelse: orelse, finalbody: finalbody)
        return Statement(.try(node), blockSpan(start))
    }

    private mutating func exceptHandler(_ isStar: Bool) throws(Reject) -> ExceptHandler {
        let start = at
        at += isStar ? 2 : 1
        var type: Expression?
        var name: String?
        if isStar || kind != .colon {
            type = try expression()
            if take(.kwAs) { name = try self.name() }
        }
        try expect(.colon)
        let body = try block()
        return ExceptHandler(type: type, name: name, body: body, position: blockSpan(start))
    }

    // MARK: Definitions

    mutating func decorated() throws(Reject) -> Statement {
        var decorators: [Expression] = []
        while take(.at) {
            decorators.append(try namedExpression())
            try expect(.newline)
        }
        if kind == .kwClass { return try classDefinition(decorators) }
        return try functionDefinition(decorators)
    }

    mutating func classDefinition(_ decorators: [Expression]) throws(Reject) -> Statement {
        let start = at
        at += 1
        let name = try self.name()
        let typeParams = try typeParameters()
        var bases: [Expression] = []
        var keywords: [Keyword] = []
        if take(.lpar) {
            try arguments(at - 1, &bases, &keywords, allowGenerator: false)
            try expect(.rpar)
        }
        try expect(.colon)
        let body = try block()
        let node = ClassDefinition(name: name, bases: bases, keywords: keywords, body: body, decorators: decorators,
                                   typeParams: typeParams)
        return Statement(.classDef(node), blockSpan(start))
    }

    mutating func functionDefinition(_ decorators: [Expression]) throws(Reject) -> Statement {
        let start = at
        let isAsync = take(.kwAsync)
        try expect(.kwDef)
        let name = try self.name()
        let typeParams = try typeParameters()
        try expect(.lpar)
        let arguments = try parameters(isLambda: false)
        try expect(.rpar)
        let returns: Expression? = take(.arrow) ? try expression() : nil
        try expect(.colon)
        let comment = try functionTypeComment()
        let body = try block()
        let node = FunctionDefinition(name: name, isAsync: isAsync, arguments: arguments, body: body,
                                      decorators: decorators, returns: returns, typeComment: comment,
                                      typeParams: typeParams)
        return Statement(.functionDef(node), blockSpan(start))
    }

    private mutating func functionTypeComment() throws(Reject) -> String? {
        guard typeComments else { return nil }
        if kind == .newline, tokens[at + 1].kind == .typeComment {
            at += 1
            let comment = takeTypeComment()
            if kind != .newline || tokens[at + 1].kind != .indent { throw Reject() }
            return comment
        }
        guard kind == .typeComment else { return nil }
        let comment = takeTypeComment()
        if kind == .newline, tokens[at + 1].kind == .typeComment { throw Reject() }
        return comment
    }

    mutating func typeParameters() throws(Reject) -> [TypeParameter] {
        guard take(.lsqb) else { return [] }
        try requireVersion(12)
        var list: [TypeParameter] = []
        repeat {
            if !list.isEmpty && kind == .rsqb { break }
            list.append(try typeParameter())
        } while take(.comma)
        try expect(.rsqb)
        return list
    }

    private mutating func typeParameter() throws(Reject) -> TypeParameter {
        let start = at
        if take(.star) {
            let name = try self.name()
            return TypeParameter(name: name, kind: .typeVarTuple, position: span(start))
        }
        if take(.doubleStar) {
            let name = try self.name()
            return TypeParameter(name: name, kind: .paramSpec, position: span(start))
        }
        let name = try self.name()
        let bound: Expression? = take(.colon) ? try expression() : nil
        return TypeParameter(name: name, kind: .typeVar(bound: bound), position: span(start))
    }

    // MARK: Parameters

    /// The parameters of a `def` up to `)` or of a lambda up to `:`.
    mutating func parameters(isLambda: Bool) throws(Reject) -> Arguments {
        let end: TokenKind = isLambda ? .colon : .rpar
        let result = Arguments()
        var hasSlash = false, hasStar = false
        while kind != end {
            if take(.slash) {
                if hasSlash || hasStar || result.args.isEmpty { throw Reject() }
                try requireVersion(8)
                hasSlash = true
                result.posonlyargs = result.args
                result.args = []
                if !take(.comma) && kind != end { throw Reject() }
                continue
            } else if take(.star) {
                if hasStar { throw Reject() }
                hasStar = true
                if take(.comma) {
                    if kind != .name { throw Reject() }
                    if typeComments, kind == .typeComment { throw Reject() }
                    continue
                }
                result.vararg = try parameter(isLambda, allowStar: true)
            } else if take(.doubleStar) {
                result.kwarg = try parameter(isLambda, allowStar: false)
                if take(.comma) { result.kwarg?.typeComment = parameterComment(isLambda) }
                if result.kwarg?.typeComment == nil { result.kwarg?.typeComment = parameterComment(isLambda) }
                if kind != end { throw Reject() }
                return result
            } else {
                try namedParameter(isLambda, hasStar, result)
            }
            try separator(isLambda, end, result, hasStar)
        }
        return result
    }

    private mutating func namedParameter(_ isLambda: Bool, _ hasStar: Bool, _ result: Arguments) throws(Reject) {
        let parameter = try self.parameter(isLambda, allowStar: false)
        var value: Expression?
        if take(.equal) {
            try enter(12)
            value = try expression()
            leave(12)
        }
        if hasStar {
            result.kwonlyargs.append(parameter)
            result.kwDefaults.append(value)
            return
        }
        if let value {
            result.defaults.append(value)
        } else if !result.defaults.isEmpty {
            throw Reject()
        }
        result.args.append(parameter)
    }

    /// The comma behind a parameter and the type comment of that parameter.
    private mutating func separator(_ isLambda: Bool, _ end: TokenKind, _ result: Arguments,
                                    _ hasStar: Bool) throws(Reject) {
        let early = parameterComment(isLambda)
        if early != nil && kind != end { throw Reject() }
        var comment = early
        if kind != end {
            try expect(.comma)
            comment = parameterComment(isLambda)
        }
        guard let comment else { return }
        if !result.kwonlyargs.isEmpty {
            result.kwonlyargs[result.kwonlyargs.count - 1].typeComment = comment
        } else if hasStar {
            result.vararg?.typeComment = comment
        } else if !result.args.isEmpty {
            result.args[result.args.count - 1].typeComment = comment
        }
    }

    private mutating func parameterComment(_ isLambda: Bool) -> String? {
        guard typeComments, !isLambda, kind == .typeComment else { return nil }
        return takeTypeComment()
    }

    private mutating func parameter(_ isLambda: Bool, allowStar: Bool) throws(Reject) -> Parameter {
        let start = at
        let name = try self.name()
        var annotation: Expression?
        if !isLambda && take(.colon) {
            let place = at
            if allowStar && take(.star) {
                let value = try binary(1)
                annotation = Expression(.starred(value: value, ctx: .load), span(place))
            } else {
                annotation = try expression()
            }
        }
        return Parameter(name: name, annotation: annotation, typeComment: nil, position: span(start))
    }
}
