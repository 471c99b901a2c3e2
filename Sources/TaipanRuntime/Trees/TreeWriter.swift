// From the parser's tree to nodes of `_ast`, for compile(…, PyCF_ONLY_AST).

import TaipanSyntax

/// Makes the nodes of one tree.
struct TreeWriter {
    let t: Thread
    let nodes: TreeNodes
    /// Levels that may still be entered.
    private var levels: Int

    init(_ t: Thread) throws(Raised) {
        self.t = t
        nodes = try t.treeNodes()
        levels = 2996
    }

    /// A node whose fields are added in order.
    private struct Node {
        let value: Value
        let dict: DictObject
        let fields: TupleObject
        var count = 0
    }

    private func node(_ kind: NodeKind) throws(Raised) -> Node {
        let cell = t.allocate(TypeObject(nodes.type(kind)))
        return Node(value: Value(cell), dict: try t.attributeDict(cell), fields: nodes.fields(kind))
    }

    private func add(_ node: inout Node, _ value: Value) throws(Raised) {
        try node.dict.setString(t, node.fields[node.count], value)
        node.count += 1
    }

    private func finish(_ node: Node, _ span: SourceSpan) throws(Raised) -> Value {
        try node.dict.setString(t, nodes.positionName(0), t.int(Int(span.line)))
        try node.dict.setString(t, nodes.positionName(1), t.int(Int(span.column)))
        try node.dict.setString(t, nodes.positionName(2), t.int(Int(span.endLine)))
        try node.dict.setString(t, nodes.positionName(3), t.int(Int(span.endColumn)))
        return node.value
    }

    private mutating func enter() throws(Raised) {
        levels -= 1
        if levels < 0 { throw t.raise(.recursionError, "maximum recursion depth exceeded during ast construction") }
        try t.enterRecursion(" during ast construction")
        t.leaveRecursion()
    }

    // MARK: Pieces

    private func name(_ text: String?) -> Value { text.map { t.intern($0) } ?? .none }
    private func text(_ text: String?) -> Value { text.map { t.str($0) } ?? .none }

    private mutating func list<Item>(_ items: [Item], _ make: (inout TreeWriter, Item) throws(Raised) -> Value) throws(Raised) -> Value {
        let made = try t.newList(capacity: items.count)
        for item in items { try t.append(made, try make(&self, item)) }
        return made.value
    }

    private mutating func expressions(_ items: [Expression]) throws(Raised) -> Value { try list(items) { (w, e) throws(Raised) in try w.expression(e) } }
    private mutating func statements(_ items: [Statement]) throws(Raised) -> Value { try list(items) { (w, s) throws(Raised) in try w.statement(s) } }
    private mutating func patterns(_ items: [Pattern]) throws(Raised) -> Value { try list(items) { (w, p) throws(Raised) in try w.pattern(p) } }
    private mutating func names(_ items: [String]) throws(Raised) -> Value { try list(items) { (w, n) throws(Raised) in w.name(n) } }
    private mutating func optional(_ e: Expression?) throws(Raised) -> Value { try e.map { (e) throws(Raised) in try expression(e) } ?? .none }

    private func context(_ ctx: ExpressionContext) -> Value {
        switch ctx {
        case .load: nodes.shared(.Load)
        case .store: nodes.shared(.Store)
        case .del: nodes.shared(.Del)
        }
    }

    private func shared(_ first: NodeKind, _ offset: UInt8) -> Value { nodes.items[(first.rawValue + Int(offset)) * 3 + 2] }

    // MARK: Modules

    mutating func module(_ module: Module) throws(Raised) -> Value {
        switch module.kind {
        case .module(let body, let ignores):
            var n = try node(.Module)
            try add(&n, try statements(body))
            try add(&n, try list(ignores) { (w, ignore) throws(Raised) in
                var n = try w.node(.TypeIgnore)
                try w.add(&n, w.t.int(Int(ignore.line)))
                try w.add(&n, w.t.str(ignore.tag))
                return n.value
            })
            return n.value
        case .interactive(let body):
            var n = try node(.Interactive)
            try add(&n, try statements(body))
            return n.value
        case .expression(let body):
            var n = try node(.Expression)
            try add(&n, try expression(body))
            return n.value
        case .functionType(let arguments, let returns):
            var n = try node(.FunctionType)
            try add(&n, try expressions(arguments))
            try add(&n, try expression(returns))
            return n.value
        }
    }

    // MARK: Statements

    private mutating func statement(_ s: Statement) throws(Raised) -> Value {
        try enter()
        defer { levels += 1 }
        var n: Node
        switch s.kind {
        case .functionDef(let f):
            n = try node(f.isAsync ? .AsyncFunctionDef : .FunctionDef)
            try add(&n, name(f.name))
            try add(&n, try arguments(f.arguments))
            try add(&n, try statements(f.body))
            try add(&n, try expressions(f.decorators))
            try add(&n, try optional(f.returns))
            try add(&n, text(f.typeComment))
            try add(&n, try typeParameters(f.typeParams))
        case .classDef(let c):
            n = try node(.ClassDef)
            try add(&n, name(c.name))
            try add(&n, try expressions(c.bases))
            try add(&n, try keywords(c.keywords))
            try add(&n, try statements(c.body))
            try add(&n, try expressions(c.decorators))
            try add(&n, try typeParameters(c.typeParams))
        case .for(let f):
            n = try node(f.isAsync ? .AsyncFor : .For)
            try add(&n, try expression(f.target))
            try add(&n, try expression(f.iterable))
            try add(&n, try statements(f.body))
            try add(&n, try statements(f.orelse))
            try add(&n, text(f.typeComment))
        case .while(let test, let body, let orelse):
            n = try node(.While)
            try add(&n, try expression(test))
            try add(&n, try statements(body))
            try add(&n, try statements(orelse))
        case .if(let test, let body, let orelse):
            n = try node(.If)
            try add(&n, try expression(test))
            try add(&n, try statements(body))
            try add(&n, try statements(orelse))
        case .with(let w):
            n = try node(w.isAsync ? .AsyncWith : .With)
            try add(&n, try list(w.items) { (w, item) throws(Raised) in
                var n = try w.node(.withitem)
                try w.add(&n, try w.expression(item.contextExpr))
                try w.add(&n, try w.optional(item.optionalVars))
                return n.value
            })
            try add(&n, try statements(w.body))
            try add(&n, text(w.typeComment))
        case .match(let subject, let cases):
            n = try node(.Match)
            try add(&n, try expression(subject))
            try add(&n, try list(cases) { (w, c) throws(Raised) in
                var n = try w.node(.match_case)
                try w.add(&n, try w.pattern(c.pattern))
                try w.add(&n, try w.optional(c.guardExpr))
                try w.add(&n, try w.statements(c.body))
                return n.value
            })
        case .try(let s):
            n = try node(s.isStar ? .TryStar : .Try)
            try add(&n, try statements(s.body))
            try add(&n, try list(s.handlers) { (w, h) throws(Raised) in
                var n = try w.node(.ExceptHandler)
                try w.add(&n, try w.optional(h.type))
                try w.add(&n, w.name(h.name))
                try w.add(&n, try w.statements(h.body))
                return try w.finish(n, h.position)
            })
            try add(&n, try statements(s.orelse))
            try add(&n, try statements(s.finalbody))
        default: n = try simpleStatement(s)
        }
        return try finish(n, s.position)
    }

    private mutating func simpleStatement(_ s: Statement) throws(Raised) -> Node {
        var n: Node
        switch s.kind {
        case .return(let value):
            n = try node(.Return)
            try add(&n, try optional(value))
        case .delete(let targets):
            n = try node(.Delete)
            try add(&n, try expressions(targets))
        case .assign(let targets, let value, let typeComment):
            n = try node(.Assign)
            try add(&n, try expressions(targets))
            try add(&n, try expression(value))
            try add(&n, text(typeComment))
        case .typeAlias(let name, let parameters, let value):
            n = try node(.TypeAlias)
            try add(&n, try expression(name))
            try add(&n, try typeParameters(parameters))
            try add(&n, try expression(value))
        case .augAssign(let target, let op, let value):
            n = try node(.AugAssign)
            try add(&n, try expression(target))
            try add(&n, shared(.Add, op.rawValue))
            try add(&n, try expression(value))
        case .annAssign(let target, let annotation, let value, let simple):
            n = try node(.AnnAssign)
            try add(&n, try expression(target))
            try add(&n, try expression(annotation))
            try add(&n, try optional(value))
            try add(&n, t.int(simple ? 1 : 0))
        case .raise(let exc, let cause):
            n = try node(.Raise)
            try add(&n, try optional(exc))
            try add(&n, try optional(cause))
        case .assert(let test, let msg):
            n = try node(.Assert)
            try add(&n, try expression(test))
            try add(&n, try optional(msg))
        case .import(let names):
            n = try node(.Import)
            try add(&n, try aliases(names))
        case .importFrom(let module, let names, let level):
            n = try node(.ImportFrom)
            try add(&n, name(module))
            try add(&n, try aliases(names))
            try add(&n, t.int(level))
        case .global(let names):
            n = try node(.Global)
            try add(&n, try self.names(names))
        case .nonlocal(let names):
            n = try node(.Nonlocal)
            try add(&n, try self.names(names))
        case .expr(let value):
            n = try node(.Expr)
            try add(&n, try expression(value))
        case .break: n = try node(.Break)
        case .continue: n = try node(.Continue)
        default: n = try node(.Pass)
        }
        return n
    }

    private mutating func aliases(_ items: [Alias]) throws(Raised) -> Value {
        try list(items) { (w, alias) throws(Raised) in
            var n = try w.node(.alias)
            try w.add(&n, w.name(alias.name))
            try w.add(&n, w.name(alias.asname))
            return try w.finish(n, alias.position)
        }
    }

    private mutating func keywords(_ items: [Keyword]) throws(Raised) -> Value {
        try list(items) { (w, keyword) throws(Raised) in
            var n = try w.node(.keyword)
            try w.add(&n, w.name(keyword.name))
            try w.add(&n, try w.expression(keyword.value))
            return try w.finish(n, keyword.position)
        }
    }

    private mutating func typeParameters(_ items: [TypeParameter]) throws(Raised) -> Value {
        try list(items) { (w, parameter) throws(Raised) in
            var n: Node
            switch parameter.kind {
            case .typeVar(let bound):
                n = try w.node(.TypeVar)
                try w.add(&n, w.name(parameter.name))
                try w.add(&n, try w.optional(bound))
            case .paramSpec:
                n = try w.node(.ParamSpec)
                try w.add(&n, w.name(parameter.name))
            case .typeVarTuple:
                n = try w.node(.TypeVarTuple)
                try w.add(&n, w.name(parameter.name))
            }
            return try w.finish(n, parameter.position)
        }
    }

    private mutating func arguments(_ a: TaipanSyntax.Arguments) throws(Raised) -> Value {
        var n = try node(.arguments)
        try add(&n, try list(a.posonlyargs) { (w, p) throws(Raised) in try w.parameter(p) })
        try add(&n, try list(a.args) { (w, p) throws(Raised) in try w.parameter(p) })
        try add(&n, try a.vararg.map { (p) throws(Raised) in try parameter(p) } ?? .none)
        try add(&n, try list(a.kwonlyargs) { (w, p) throws(Raised) in try w.parameter(p) })
        try add(&n, try list(a.kwDefaults) { (w, e) throws(Raised) in try w.optional(e) })
        try add(&n, try a.kwarg.map { (p) throws(Raised) in try parameter(p) } ?? .none)
        try add(&n, try expressions(a.defaults))
        return n.value
    }

    private mutating func parameter(_ p: Parameter) throws(Raised) -> Value {
        var n = try node(.arg)
        try add(&n, name(p.name))
        try add(&n, try optional(p.annotation))
        try add(&n, text(p.typeComment))
        return try finish(n, p.position)
    }

    // MARK: Expressions

    private mutating func expression(_ e: Expression) throws(Raised) -> Value {
        try enter()
        defer { levels += 1 }
        var n: Node
        switch e.kind {
        case .boolOp(let op, let values):
            n = try node(.BoolOp)
            try add(&n, shared(.And, op.rawValue))
            try add(&n, try expressions(values))
        case .namedExpr(let target, let value):
            n = try node(.NamedExpr)
            try add(&n, try expression(target))
            try add(&n, try expression(value))
        case .binOp(let left, let op, let right):
            n = try node(.BinOp)
            try add(&n, try expression(left))
            try add(&n, shared(.Add, op.rawValue))
            try add(&n, try expression(right))
        case .unaryOp(let op, let operand):
            n = try node(.UnaryOp)
            try add(&n, shared(.Invert, op.rawValue))
            try add(&n, try expression(operand))
        case .compare(let left, let ops, let comparators):
            n = try node(.Compare)
            try add(&n, try expression(left))
            try add(&n, try list(ops) { (w, op) throws(Raised) in w.shared(.Eq, op.rawValue) })
            try add(&n, try expressions(comparators))
        case .call(let function, let args, let keywords):
            n = try node(.Call)
            try add(&n, try expression(function))
            try add(&n, try expressions(args))
            try add(&n, try self.keywords(keywords))
        case .constant(let value, let isUnicodePrefixed):
            n = try node(.Constant)
            try add(&n, try t.treeConstant(value))
            try add(&n, isUnicodePrefixed ? t.intern("u") : .none)
        case .attribute(let value, let attr, let ctx):
            n = try node(.Attribute)
            try add(&n, try expression(value))
            try add(&n, name(attr))
            try add(&n, context(ctx))
        case .subscript(let value, let slice, let ctx):
            n = try node(.Subscript)
            try add(&n, try expression(value))
            try add(&n, try expression(slice))
            try add(&n, context(ctx))
        case .starred(let value, let ctx):
            n = try node(.Starred)
            try add(&n, try expression(value))
            try add(&n, context(ctx))
        case .name(let id, let ctx):
            n = try node(.Name)
            try add(&n, name(id))
            try add(&n, context(ctx))
        case .list(let elts, let ctx):
            n = try node(.List)
            try add(&n, try expressions(elts))
            try add(&n, context(ctx))
        case .tuple(let elts, let ctx):
            n = try node(.Tuple)
            try add(&n, try expressions(elts))
            try add(&n, context(ctx))
        case .slice(let lower, let upper, let step):
            n = try node(.Slice)
            try add(&n, try optional(lower))
            try add(&n, try optional(upper))
            try add(&n, try optional(step))
        default: n = try otherExpression(e)
        }
        return try finish(n, e.position)
    }

    private mutating func otherExpression(_ e: Expression) throws(Raised) -> Node {
        var n: Node
        switch e.kind {
        case .lambda(let arguments, let body):
            n = try node(.Lambda)
            try add(&n, try self.arguments(arguments))
            try add(&n, try expression(body))
        case .ifExp(let test, let body, let orelse):
            n = try node(.IfExp)
            try add(&n, try expression(test))
            try add(&n, try expression(body))
            try add(&n, try expression(orelse))
        case .dict(let keys, let values):
            n = try node(.Dict)
            try add(&n, try list(keys) { (w, e) throws(Raised) in try w.optional(e) })
            try add(&n, try expressions(values))
        case .set(let elts):
            n = try node(.Set)
            try add(&n, try expressions(elts))
        case .listComp(let elt, let generators): n = try comprehension(.ListComp, elt, generators)
        case .setComp(let elt, let generators): n = try comprehension(.SetComp, elt, generators)
        case .generatorExp(let elt, let generators): n = try comprehension(.GeneratorExp, elt, generators)
        case .dictComp(let key, let value, let generators):
            n = try node(.DictComp)
            try add(&n, try expression(key))
            try add(&n, try expression(value))
            try add(&n, try self.generators(generators))
        case .await(let value):
            n = try node(.Await)
            try add(&n, try expression(value))
        case .yield(let value):
            n = try node(.Yield)
            try add(&n, try optional(value))
        case .yieldFrom(let value):
            n = try node(.YieldFrom)
            try add(&n, try expression(value))
        case .formattedValue(let value, let conversion, let spec):
            n = try node(.FormattedValue)
            try add(&n, try expression(value))
            try add(&n, t.int(conversion))
            try add(&n, try optional(spec))
        case .joinedStr(let values):
            n = try node(.JoinedStr)
            try add(&n, try expressions(values))
        default: throw t.raise(.systemError, "unexpected expression")
        }
        return n
    }

    private mutating func comprehension(_ kind: NodeKind, _ elt: Expression, _ generators: [Comprehension]) throws(Raised) -> Node {
        var n = try node(kind)
        try add(&n, try expression(elt))
        try add(&n, try self.generators(generators))
        return n
    }

    private mutating func generators(_ items: [Comprehension]) throws(Raised) -> Value {
        try list(items) { (w, g) throws(Raised) in
            var n = try w.node(.comprehension)
            try w.add(&n, try w.expression(g.target))
            try w.add(&n, try w.expression(g.iterable))
            try w.add(&n, try w.expressions(g.ifs))
            try w.add(&n, w.t.int(g.isAsync ? 1 : 0))
            return n.value
        }
    }

    // MARK: Patterns

    private mutating func pattern(_ p: Pattern) throws(Raised) -> Value {
        try enter()
        defer { levels += 1 }
        var n: Node
        switch p.kind {
        case .value(let value):
            n = try node(.MatchValue)
            try add(&n, try expression(value))
        case .singleton(let value):
            n = try node(.MatchSingleton)
            try add(&n, try t.treeConstant(value))
        case .sequence(let patterns):
            n = try node(.MatchSequence)
            try add(&n, try self.patterns(patterns))
        case .mapping(let keys, let patterns, let rest):
            n = try node(.MatchMapping)
            try add(&n, try expressions(keys))
            try add(&n, try self.patterns(patterns))
            try add(&n, name(rest))
        case .class(let cls, let patterns, let attributes, let keywordPatterns):
            n = try node(.MatchClass)
            try add(&n, try expression(cls))
            try add(&n, try self.patterns(patterns))
            try add(&n, try names(attributes))
            try add(&n, try self.patterns(keywordPatterns))
        case .star(let name):
            n = try node(.MatchStar)
            try add(&n, self.name(name))
        case .as(let pattern, let name):
            n = try node(.MatchAs)
            try add(&n, try pattern.map { (p) throws(Raised) in try self.pattern(p) } ?? .none)
            try add(&n, self.name(name))
        case .or(let patterns):
            n = try node(.MatchOr)
            try add(&n, try self.patterns(patterns))
        }
        return try finish(n, p.position)
    }
}

extension Thread {
    /// The object of a literal.
    func treeConstant(_ constant: ConstantValue) throws(Raised) -> Value {
        switch constant {
        case .none: return .none
        case .true: return .true
        case .false: return .false
        case .ellipsis: return .ellipsis
        case .int(let n): return try int(n)
        case .float(let d): return float(d)
        case .complex(let imaginary): return newComplex(0, imaginary)
        case .complexPair(let real, let imaginary): return newComplex(real, imaginary)
        case .str(let text): return text.withUnsafeBufferPointer { str(utf8: $0) }
        case .bytes(let b): return b.isEmpty ? objects.pointee.emptyBytes : try bytes(b)
        case .tuple(let items):
            if items.isEmpty { return objects.pointee.emptyTuple }
            let made = try newTuple(items.count)
            for i in items.indices { made[i] = try treeConstant(items[i]) }
            return made.value
        case .frozenset(let items):
            let made = try newList(capacity: items.count)
            for item in items { try append(made, try treeConstant(item)) }
            return try call(types.pointee.frozenset, made.value)
        }
    }
}
