// Checks of trees that a program put together: what the parser never makes and the compiler relies on. Messages and order are those
// of CPython's own check.

/// Checks a tree that did not come from the parser.
/// - Throws: a ValueError, TypeError or RecursionError as `SyntaxFailure`.
public func validate(_ module: Module) throws(SyntaxFailure) {
    var check = TreeValidation()
    switch module.kind {
    case .module(let body, _), .interactive(let body): try check.statements(body)
    case .expression(let body): try check.expression(body, .load)
    case .functionType(let arguments, let returns):
        try check.expressions(arguments, .load)
        try check.expression(returns, .load)
    }
}

private struct TreeValidation {
    private var levels = 2990

    private func bad(_ message: String) -> SyntaxFailure { SyntaxFailure(.valueError, message) }

    private mutating func enter() throws(SyntaxFailure) {
        levels -= 1
        if levels < 0 { throw SyntaxFailure(.recursionError, "maximum recursion depth exceeded during compilation") }
    }

    private func position(_ p: SourceSpan) throws(SyntaxFailure) {
        if p.line > p.endLine { throw bad("AST node line range (\(p.line), \(p.endLine)) is not valid") }
        if (p.line < 0 && p.endLine != p.line) || (p.column < 0 && p.column != p.endColumn) {
            throw bad("AST node column range (\(p.column), \(p.endColumn)) for line range (\(p.line), \(p.endLine)) is not valid")
        }
        if p.line == p.endLine && p.column > p.endColumn { throw bad("line \(p.line), column \(p.column)-\(p.endColumn) is not a valid range") }
    }

    private func nonEmpty<Item>(_ items: [Item], _ what: String, _ owner: String) throws(SyntaxFailure) {
        if items.isEmpty { throw bad("empty \(what) on \(owner)") }
    }

    private func name(_ id: String) throws(SyntaxFailure) {
        if id == "None" || id == "True" || id == "False" { throw bad("identifier field can't represent '\(id)' constant") }
    }

    // MARK: Statements

    mutating func statements(_ items: [Statement]) throws(SyntaxFailure) {
        for item in items { try statement(item) }
    }

    private mutating func body(_ items: [Statement], _ owner: String) throws(SyntaxFailure) {
        try nonEmpty(items, "body", owner)
        try statements(items)
    }

    private mutating func statement(_ s: Statement) throws(SyntaxFailure) {
        try position(s.position)
        try enter()
        defer { levels += 1 }
        switch s.kind {
        case .functionDef(let f):
            try body(f.body, f.isAsync ? "AsyncFunctionDef" : "FunctionDef")
            try typeParameters(f.typeParams)
            try arguments(f.arguments)
            try expressions(f.decorators, .load)
            try optional(f.returns)
        case .classDef(let c):
            try body(c.body, "ClassDef")
            try typeParameters(c.typeParams)
            try expressions(c.bases, .load)
            try keywords(c.keywords)
            try expressions(c.decorators, .load)
        case .for(let f):
            try expression(f.target, .store)
            try expression(f.iterable, .load)
            try body(f.body, f.isAsync ? "AsyncFor" : "For")
            try statements(f.orelse)
        case .while(let test, let body, let orelse):
            try expression(test, .load)
            try self.body(body, "While")
            try statements(orelse)
        case .if(let test, let body, let orelse):
            try expression(test, .load)
            try self.body(body, "If")
            try statements(orelse)
        case .with(let w):
            let owner = w.isAsync ? "AsyncWith" : "With"
            try nonEmpty(w.items, "items", owner)
            for item in w.items {
                try expression(item.contextExpr, .load)
                if let vars = item.optionalVars { try expression(vars, .store) }
            }
            try body(w.body, owner)
        case .match(let subject, let cases):
            try expression(subject, .load)
            try nonEmpty(cases, "cases", "Match")
            for one in cases {
                try pattern(one.pattern, starAllowed: false)
                try optional(one.guardExpr)
                try body(one.body, "match_case")
            }
        case .try(let s): try tryStatement(s, s.isStar ? "TryStar" : "Try")
        default: try simple(s)
        }
    }

    private mutating func tryStatement(_ s: TryStatement, _ owner: String) throws(SyntaxFailure) {
        try body(s.body, owner)
        if s.handlers.isEmpty && s.finalbody.isEmpty { throw bad("\(owner) has neither except handlers nor finalbody") }
        if s.handlers.isEmpty && !s.orelse.isEmpty { throw bad("\(owner) has orelse but no except handlers") }
        for handler in s.handlers {
            try position(handler.position)
            try optional(handler.type)
            try body(handler.body, "ExceptHandler")
        }
        try statements(s.finalbody)
        try statements(s.orelse)
    }

    private mutating func simple(_ s: Statement) throws(SyntaxFailure) {
        switch s.kind {
        case .return(let value): try optional(value)
        case .delete(let targets):
            try nonEmpty(targets, "targets", "Delete")
            try expressions(targets, .del)
        case .assign(let targets, let value, _):
            try nonEmpty(targets, "targets", "Assign")
            try expressions(targets, .store)
            try expression(value, .load)
        case .typeAlias(let name, let parameters, let value):
            guard case .name = name.kind else { throw SyntaxFailure(.typeError, "TypeAlias with non-Name name") }
            try expression(name, .store)
            try typeParameters(parameters)
            try expression(value, .load)
        case .augAssign(let target, _, let value):
            try expression(target, .store)
            try expression(value, .load)
        case .annAssign(let target, let annotation, let value, let simple):
            if simple {
                guard case .name = target.kind else { throw SyntaxFailure(.typeError, "AnnAssign with simple non-Name target") }
            }
            try expression(target, .store)
            try optional(value)
            try expression(annotation, .load)
        case .raise(let exc, let cause):
            if let exc {
                try expression(exc, .load)
                try optional(cause)
            } else if cause != nil {
                throw bad("Raise with cause but no exception")
            }
        case .assert(let test, let msg):
            try expression(test, .load)
            try optional(msg)
        case .import(let names): try nonEmpty(names, "names", "Import")
        case .importFrom(_, let names, let level):
            if level < 0 { throw bad("Negative ImportFrom level") }
            try nonEmpty(names, "names", "ImportFrom")
        case .global(let names): try nonEmpty(names, "names", "Global")
        case .nonlocal(let names): try nonEmpty(names, "names", "Nonlocal")
        case .expr(let value): try expression(value, .load)
        default: return
        }
    }

    private mutating func typeParameters(_ items: [TypeParameter]) throws(SyntaxFailure) {
        for item in items {
            try position(item.position)
            try name(item.name)
            if case .typeVar(let bound) = item.kind { try optional(bound) }
        }
    }

    private mutating func parameters(_ items: [Parameter]) throws(SyntaxFailure) {
        for item in items {
            try position(item.position)
            try optional(item.annotation)
        }
    }

    private mutating func arguments(_ a: Arguments) throws(SyntaxFailure) {
        try parameters(a.posonlyargs)
        try parameters(a.args)
        if let vararg = a.vararg { try optional(vararg.annotation) }
        try parameters(a.kwonlyargs)
        if let kwarg = a.kwarg { try optional(kwarg.annotation) }
        if a.defaults.count > a.posonlyargs.count + a.args.count { throw bad("more positional defaults than args on arguments") }
        if a.kwDefaults.count != a.kwonlyargs.count { throw bad("length of kwonlyargs is not the same as kw_defaults on arguments") }
        try expressions(a.defaults, .load)
        for value in a.kwDefaults { try optional(value) }
    }

    private mutating func keywords(_ items: [Keyword]) throws(SyntaxFailure) {
        for item in items { try expression(item.value, .load) }
    }

    // MARK: Expressions

    mutating func expressions(_ items: [Expression], _ ctx: ExpressionContext) throws(SyntaxFailure) {
        for item in items { try expression(item, ctx) }
    }

    private mutating func optional(_ e: Expression?) throws(SyntaxFailure) {
        if let e { try expression(e, .load) }
    }

    private func contextName(_ ctx: ExpressionContext) -> String {
        switch ctx {
        case .load: "Load"
        case .store: "Store"
        case .del: "Del"
        }
    }

    private func expect(_ ctx: ExpressionContext, _ actual: ExpressionContext) throws(SyntaxFailure) {
        if ctx != actual { throw bad("expression must have \(contextName(ctx)) context but has \(contextName(actual)) instead") }
    }

    mutating func expression(_ e: Expression, _ ctx: ExpressionContext) throws(SyntaxFailure) {
        try position(e.position)
        try enter()
        defer { levels += 1 }
        switch e.kind {
        case .attribute(let value, _, let actual):
            try expect(ctx, actual)
            try expression(value, .load)
        case .subscript(let value, let slice, let actual):
            try expect(ctx, actual)
            try expression(slice, .load)
            try expression(value, .load)
        case .starred(let value, let actual):
            try expect(ctx, actual)
            try expression(value, ctx)
        case .name(let id, let actual):
            try name(id)
            try expect(ctx, actual)
        case .list(let elts, let actual), .tuple(let elts, let actual):
            try expect(ctx, actual)
            try expressions(elts, ctx)
        default:
            if ctx != .load { throw bad("expression which can't be assigned to in \(contextName(ctx)) context") }
            try value(e)
        }
    }

    private mutating func value(_ e: Expression) throws(SyntaxFailure) {
        switch e.kind {
        case .boolOp(_, let values):
            if values.count < 2 { throw bad("BoolOp with less than 2 values") }
            try expressions(values, .load)
        case .namedExpr(let target, let value):
            guard case .name = target.kind else { throw SyntaxFailure(.typeError, "NamedExpr target must be a Name") }
            try expression(value, .load)
        case .binOp(let left, _, let right):
            try expression(left, .load)
            try expression(right, .load)
        case .unaryOp(_, let operand): try expression(operand, .load)
        case .lambda(let arguments, let body):
            try self.arguments(arguments)
            try expression(body, .load)
        case .ifExp(let test, let body, let orelse):
            try expression(test, .load)
            try expression(body, .load)
            try expression(orelse, .load)
        case .dict(let keys, let values):
            if keys.count != values.count { throw bad("Dict doesn't have the same number of keys as values") }
            for key in keys { try optional(key) }
            try expressions(values, .load)
        case .set(let elts): try expressions(elts, .load)
        case .listComp(let elt, let generators), .setComp(let elt, let generators), .generatorExp(let elt, let generators):
            try comprehensions(generators)
            try expression(elt, .load)
        case .dictComp(let key, let value, let generators):
            try comprehensions(generators)
            try expression(key, .load)
            try expression(value, .load)
        case .await(let value), .yieldFrom(let value): try expression(value, .load)
        case .yield(let value): try optional(value)
        case .compare(let left, let ops, let comparators):
            if comparators.isEmpty { throw bad("Compare with no comparators") }
            if comparators.count != ops.count { throw bad("Compare has a different number of comparators and operands") }
            try expressions(comparators, .load)
            try expression(left, .load)
        case .call(let function, let args, let keywords):
            try expression(function, .load)
            try expressions(args, .load)
            try self.keywords(keywords)
        case .joinedStr(let values): try expressions(values, .load)
        case .formattedValue(let value, _, let spec):
            try expression(value, .load)
            try optional(spec)
        case .slice(let lower, let upper, let step):
            try optional(lower)
            try optional(upper)
            try optional(step)
        default: return
        }
    }

    private mutating func comprehensions(_ items: [Comprehension]) throws(SyntaxFailure) {
        if items.isEmpty { throw bad("comprehension with no generators") }
        for item in items {
            try expression(item.target, .store)
            try expression(item.iterable, .load)
            try expressions(item.ifs, .load)
        }
    }

    // MARK: Patterns

    private mutating func patterns(_ items: [Pattern], starAllowed: Bool) throws(SyntaxFailure) {
        for item in items { try pattern(item, starAllowed: starAllowed) }
    }

    private func capture(_ id: String?) throws(SyntaxFailure) {
        guard let id else { return }
        if id == "_" { throw bad("can't capture name '_' in patterns") }
        try name(id)
    }

    private mutating func pattern(_ p: Pattern, starAllowed: Bool) throws(SyntaxFailure) {
        try position(p.position)
        try enter()
        defer { levels += 1 }
        switch p.kind {
        case .value(let value): try literal(value)
        case .singleton(let constant):
            switch constant {
            case .none, .true, .false: return
            default: throw bad("MatchSingleton can only contain True, False and None")
            }
        case .sequence(let patterns): try self.patterns(patterns, starAllowed: true)
        case .mapping(let keys, let patterns, let rest):
            if keys.count != patterns.count { throw bad("MatchMapping doesn't have the same number of keys as patterns") }
            try capture(rest)
            for key in keys where !isSingleton(key) { try literal(key) }
            try self.patterns(patterns, starAllowed: false)
        case .class(let cls, let patterns, let attributes, let keywordPatterns):
            if attributes.count != keywordPatterns.count { throw bad("MatchClass doesn't have the same number of keyword attributes as patterns") }
            try expression(cls, .load)
            if !isDottedName(cls) { throw bad("MatchClass cls field can only contain Name or Attribute nodes.") }
            for attribute in attributes { try name(attribute) }
            try self.patterns(patterns, starAllowed: false)
            try self.patterns(keywordPatterns, starAllowed: false)
        case .star(let name):
            if !starAllowed { throw bad("can't use MatchStar here") }
            try capture(name)
        case .as(let pattern, let name):
            try capture(name)
            guard let pattern else { return }
            if name == nil { throw bad("MatchAs must specify a target name if a pattern is given") }
            try self.pattern(pattern, starAllowed: false)
        case .or(let patterns):
            if patterns.count < 2 { throw bad("MatchOr requires at least 2 patterns") }
            try self.patterns(patterns, starAllowed: false)
        }
    }

    private func isSingleton(_ e: Expression) -> Bool {
        guard case .constant(let value, _) = e.kind else { return false }
        switch value {
        case .none, .true, .false: return true
        default: return false
        }
    }

    private func isDottedName(_ e: Expression) -> Bool {
        var e = e
        while true {
            switch e.kind {
            case .name: return true
            case .attribute(let value, _, _): e = value
            default: return false
            }
        }
    }

    private mutating func literal(_ e: Expression) throws(SyntaxFailure) {
        try expression(e, .load)
        switch e.kind {
        case .constant(let value, _):
            switch value {
            case .int, .float, .bytes, .complex, .complexPair, .str: return
            default: throw bad("unexpected constant inside of a literal pattern")
            }
        case .attribute, .joinedStr: return
        case .unaryOp(.uSub, let operand): if isNumber(operand, real: true, imaginary: true) { return }
        case .binOp(let left, let op, let right):
            if op == .add || op == .sub, isRealPart(left), isNumber(right, real: false, imaginary: true) { return }
        default: break
        }
        throw bad("patterns may only match literals and attribute lookups")
    }

    private func isRealPart(_ e: Expression) -> Bool {
        if case .unaryOp(.uSub, let operand) = e.kind { return isNumber(operand, real: true, imaginary: false) }
        return isNumber(e, real: true, imaginary: false)
    }

    private func isNumber(_ e: Expression, real: Bool, imaginary: Bool) -> Bool {
        guard case .constant(let value, _) = e.kind else { return false }
        switch value {
        case .int, .float: return real
        case .complex, .complexPair: return imaginary
        default: return false
        }
    }
}
