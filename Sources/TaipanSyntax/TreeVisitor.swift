// Walking a tree: what is below each node.

/// Something that looks at the nodes of a tree, as `ast.NodeVisitor` does in Python.
///
/// Implement `visit` for the nodes that matter, and call `visitChildren(of:)` there to go on below them; the others are walked
/// through. Children come in the order of the fields of CPython's `ast`, parents first. A walk recurses, so it needs stack for
/// each level; chains such as `1+1+1+…` are one level a link.
public protocol TreeVisitor {
    /// Called for each statement.
    mutating func visit(_ statement: Statement)
    /// Called for each expression.
    mutating func visit(_ expression: Expression)
    /// Called for each pattern.
    mutating func visit(_ pattern: Pattern)
}

extension TreeVisitor {
    /// Walks through the statement.
    public mutating func visit(_ statement: Statement) { visitChildren(of: statement) }
    /// Walks through the expression.
    public mutating func visit(_ expression: Expression) { visitChildren(of: expression) }
    /// Walks through the pattern.
    public mutating func visit(_ pattern: Pattern) { visitChildren(of: pattern) }

    /// Visits what a tree consists of.
    public mutating func visit(_ module: Module) {
        switch module.kind {
        case .module(let body, _), .interactive(let body): visit(body)
        case .expression(let body): visit(body)
        case .functionType(let argumentTypes, let returns):
            visit(argumentTypes)
            visit(returns)
        }
    }

    /// Visits what stands directly in a statement.
    public mutating func visitChildren(of statement: Statement) {
        switch statement.kind {
        case .functionDef(let definition):
            visitParts(definition.arguments)
            visit(definition.body)
            visit(definition.decorators)
            visit(definition.returns)
            visitParts(definition.typeParams)
        case .classDef(let definition):
            visit(definition.bases)
            for keyword in definition.keywords { visit(keyword.value) }
            visit(definition.body)
            visit(definition.decorators)
            visitParts(definition.typeParams)
        case .for(let loop):
            visit(loop.target)
            visit(loop.iterable)
            visit(loop.body)
            visit(loop.orelse)
        case .while(let test, let body, let orelse), .if(let test, let body, let orelse):
            visit(test)
            visit(body)
            visit(orelse)
        case .with(let with):
            for item in with.items {
                visit(item.contextExpr)
                visit(item.optionalVars)
            }
            visit(with.body)
        case .match(let subject, let cases):
            visit(subject)
            for matchCase in cases {
                visit(matchCase.pattern)
                visit(matchCase.guardExpr)
                visit(matchCase.body)
            }
        case .try(let statement):
            visit(statement.body)
            for handler in statement.handlers {
                visit(handler.type)
                visit(handler.body)
            }
            visit(statement.orelse)
            visit(statement.finalbody)
        default: visitExpressions(of: statement)
        }
    }

    /// Visits the expressions of a statement without blocks.
    private mutating func visitExpressions(of statement: Statement) {
        switch statement.kind {
        case .return(let value): visit(value)
        case .delete(let targets): visit(targets)
        case .assign(let targets, let value, _):
            visit(targets)
            visit(value)
        case .typeAlias(let name, let typeParams, let value):
            visit(name)
            visitParts(typeParams)
            visit(value)
        case .augAssign(let target, _, let value):
            visit(target)
            visit(value)
        case .annAssign(let target, let annotation, let value, _):
            visit(target)
            visit(annotation)
            visit(value)
        case .raise(let exc, let cause):
            visit(exc)
            visit(cause)
        case .assert(let test, let msg):
            visit(test)
            visit(msg)
        case .expr(let value): visit(value)
        default: break
        }
    }

    /// Visits what stands directly in an expression.
    public mutating func visitChildren(of expression: Expression) {
        switch expression.kind {
        case .boolOp(_, let values), .joinedStr(let values): visit(values)
        case .set(let elts), .list(let elts, _), .tuple(let elts, _): visit(elts)
        case .namedExpr(let first, let second), .binOp(let first, _, let second), .subscript(let first, let second, _):
            visit(first)
            visit(second)
        case .unaryOp(_, let value), .await(let value), .yieldFrom(let value), .attribute(let value, _, _), .starred(let value, _):
            visit(value)
        case .yield(let value): visit(value)
        case .lambda(let arguments, let body):
            visitParts(arguments)
            visit(body)
        case .ifExp(let test, let body, let orelse):
            visit(test)
            visit(body)
            visit(orelse)
        case .dict(let keys, let values):
            for key in keys { visit(key) }
            visit(values)
        case .listComp(let elt, let generators), .setComp(let elt, let generators), .generatorExp(let elt, let generators):
            visit(elt)
            visitParts(generators)
        case .dictComp(let key, let value, let generators):
            visit(key)
            visit(value)
            visitParts(generators)
        case .compare(let left, _, let comparators):
            visit(left)
            visit(comparators)
        case .call(let function, let args, let keywords):
            visit(function)
            visit(args)
            for keyword in keywords { visit(keyword.value) }
        case .formattedValue(let value, _, let formatSpec):
            visit(value)
            visit(formatSpec)
        case .slice(let lower, let upper, let step):
            visit(lower)
            visit(upper)
            visit(step)
        case .constant, .name: break
        }
    }

    /// Visits what stands directly in a pattern.
    public mutating func visitChildren(of pattern: Pattern) {
        switch pattern.kind {
        case .value(let value): visit(value)
        case .singleton, .star: break
        case .sequence(let patterns), .or(let patterns): visit(patterns)
        case .mapping(let keys, let patterns, _):
            visit(keys)
            visit(patterns)
        case .class(let cls, let patterns, _, let keywordPatterns):
            visit(cls)
            visit(patterns)
            visit(keywordPatterns)
        case .as(let pattern, _):
            if let pattern { visit(pattern) }
        }
    }

    private mutating func visit(_ body: [Statement]) {
        for statement in body { visit(statement) }
    }

    private mutating func visit(_ expressions: [Expression]) {
        for expression in expressions { visit(expression) }
    }

    private mutating func visit(_ patterns: [Pattern]) {
        for pattern in patterns { visit(pattern) }
    }

    private mutating func visit(_ expression: Expression?) {
        if let expression { visit(expression) }
    }

    private mutating func visitParts(_ arguments: Arguments) {
        for parameter in arguments.posonlyargs + arguments.args { visit(parameter.annotation) }
        visit(arguments.vararg?.annotation)
        for parameter in arguments.kwonlyargs { visit(parameter.annotation) }
        for value in arguments.kwDefaults { visit(value) }
        visit(arguments.kwarg?.annotation)
        visit(arguments.defaults)
    }

    private mutating func visitParts(_ generators: [Comprehension]) {
        for generator in generators {
            visit(generator.target)
            visit(generator.iterable)
            visit(generator.ifs)
        }
    }

    private mutating func visitParts(_ parameters: [TypeParameter]) {
        for parameter in parameters {
            if case .typeVar(let bound) = parameter.kind { visit(bound) }
        }
    }
}
