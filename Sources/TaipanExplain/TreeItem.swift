// The tree as module `ast` shows it: for each node its class, its place and its fields in order. The list of nodes and the dump are made
// of this one view.
import TaipanSyntax

/// A node of any category.
enum TreeItem {
    case module(Module)
    case statement(Statement)
    case expression(Expression)
    case pattern(Pattern)
    case arguments(Arguments)
    case parameter(Parameter)
    case keyword(Keyword)
    case alias(Alias)
    case handler(ExceptHandler)
    case withItem(WithItem)
    case matchCase(MatchCase)
    case comprehension(Comprehension)
    case typeParameter(TypeParameter)
    case typeIgnore(TypeIgnore)
}

/// What a node shows.
struct TreeView {
    enum Field {
        case node(TreeItem)
        /// A list; nil is None.
        case nodes([TreeItem?])
        /// The `repr` of what is no node, or an operator or context: those have neither place nor fields.
        case text(String)
        case texts([String])
        /// An optional field that is None.
        case absent
    }

    var type: StaticString
    var span: SourceSpan?
    var fields: [(name: StaticString, value: Field)]

    init(_ type: StaticString, _ span: SourceSpan?, _ fields: [(name: StaticString, value: Field)] = []) {
        self.type = type
        self.span = span
        self.fields = fields
    }
}

extension TreeView.Field {
    static func optional(_ expression: Expression?) -> Self { expression.map { .node(.expression($0)) } ?? .absent }
    static func one(_ expression: Expression) -> Self { .node(.expression(expression)) }
    static func list(_ expressions: [Expression]) -> Self { .nodes(expressions.map { .expression($0) }) }
    static func list(_ statements: [Statement]) -> Self { .nodes(statements.map { .statement($0) }) }
    static func list(_ patterns: [Pattern]) -> Self { .nodes(patterns.map { .pattern($0) }) }
    static func list(_ parameters: [TypeParameter]) -> Self { .nodes(parameters.map { .typeParameter($0) }) }
    static func list(_ parameters: [Parameter]) -> Self { .nodes(parameters.map { .parameter($0) }) }
    static func list(_ clauses: [Comprehension]) -> Self { .nodes(clauses.map { .comprehension($0) }) }
    static func list(_ keywords: [Keyword]) -> Self { .nodes(keywords.map { .keyword($0) }) }
    static func string(_ text: String) -> Self { .text(ConstantText.string(Array(text.utf8))) }
    static func string(_ text: String?) -> Self { text.map { .string($0) } ?? .absent }
    static func strings(_ texts: [String]) -> Self { .texts(texts.map { ConstantText.string(Array($0.utf8)) }) }
    static func int(_ number: Int) -> Self { .text(String(number)) }

    static func context(_ context: ExpressionContext) -> Self {
        switch context {
        case .load: .text("Load()")
        case .store: .text("Store()")
        case .del: .text("Del()")
        }
    }
}

extension TreeItem {
    var view: TreeView {
        switch self {
        case .module(let module): Self.view(module)
        case .statement(let statement): Self.view(statement)
        case .expression(let expression): Self.view(expression)
        case .pattern(let pattern): Self.view(pattern)
        case .arguments(let arguments): Self.view(arguments)
        case .parameter(let parameter):
            TreeView("arg", parameter.position, [
                ("arg", .string(parameter.name)), ("annotation", .optional(parameter.annotation)), ("type_comment", .string(parameter.typeComment)),
            ])
        case .keyword(let keyword): TreeView("keyword", keyword.position, [("arg", .string(keyword.name)), ("value", .one(keyword.value))])
        case .alias(let alias): TreeView("alias", alias.position, [("name", .string(alias.name)), ("asname", .string(alias.asname))])
        case .handler(let handler):
            TreeView("ExceptHandler", handler.position, [
                ("type", .optional(handler.type)), ("name", .string(handler.name)), ("body", .list(handler.body)),
            ])
        case .withItem(let item):
            TreeView("withitem", nil, [("context_expr", .one(item.contextExpr)), ("optional_vars", .optional(item.optionalVars))])
        case .matchCase(let item):
            TreeView("match_case", nil, [
                ("pattern", .node(.pattern(item.pattern))), ("guard", .optional(item.guardExpr)), ("body", .list(item.body)),
            ])
        case .comprehension(let clause):
            TreeView("comprehension", nil, [
                ("target", .one(clause.target)), ("iter", .one(clause.iterable)), ("ifs", .list(clause.ifs)), ("is_async", .int(clause.isAsync ? 1 : 0)),
            ])
        case .typeParameter(let parameter): Self.view(parameter)
        case .typeIgnore(let ignore): TreeView("TypeIgnore", nil, [("lineno", .int(Int(ignore.line))), ("tag", .string(ignore.tag))])
        }
    }

    private static func view(_ module: Module) -> TreeView {
        switch module.kind {
        case .module(let body, let ignores):
            TreeView("Module", nil, [("body", .list(body)), ("type_ignores", .nodes(ignores.map { .typeIgnore($0) }))])
        case .interactive(let body): TreeView("Interactive", nil, [("body", .list(body))])
        case .expression(let body): TreeView("Expression", nil, [("body", .one(body))])
        case .functionType(let types, let returns): TreeView("FunctionType", nil, [("argtypes", .list(types)), ("returns", .one(returns))])
        }
    }

    private static func view(_ parameter: TypeParameter) -> TreeView {
        switch parameter.kind {
        case .typeVar(let bound): TreeView("TypeVar", parameter.position, [("name", .string(parameter.name)), ("bound", .optional(bound))])
        case .paramSpec: TreeView("ParamSpec", parameter.position, [("name", .string(parameter.name))])
        case .typeVarTuple: TreeView("TypeVarTuple", parameter.position, [("name", .string(parameter.name))])
        }
    }

    private static func view(_ arguments: Arguments) -> TreeView {
        TreeView("arguments", nil, [
            ("posonlyargs", .list(arguments.posonlyargs)),
            ("args", .list(arguments.args)),
            ("vararg", arguments.vararg.map { .node(.parameter($0)) } ?? .absent),
            ("kwonlyargs", .list(arguments.kwonlyargs)),
            ("kw_defaults", .nodes(arguments.kwDefaults.map { $0.map { .expression($0) } })),
            ("kwarg", arguments.kwarg.map { .node(.parameter($0)) } ?? .absent),
            ("defaults", .list(arguments.defaults)),
        ])
    }

    // MARK: Statements

    private static func view(_ statement: Statement) -> TreeView {
        let span = statement.position
        switch statement.kind {
        case .functionDef, .classDef, .for, .while, .if, .with, .match, .try: return compound(statement)
        case .return(let value): return TreeView("Return", span, [("value", .optional(value))])
        case .delete(let targets): return TreeView("Delete", span, [("targets", .list(targets))])
        case .assign(let targets, let value, let comment):
            return TreeView("Assign", span, [("targets", .list(targets)), ("value", .one(value)), ("type_comment", .string(comment))])
        case .typeAlias(let name, let parameters, let value):
            return TreeView("TypeAlias", span, [("name", .one(name)), ("type_params", .list(parameters)), ("value", .one(value))])
        case .augAssign(let target, let op, let value):
            return TreeView("AugAssign", span, [("target", .one(target)), ("op", .text(name(op))), ("value", .one(value))])
        case .annAssign(let target, let annotation, let value, let simple):
            return TreeView("AnnAssign", span, [
                ("target", .one(target)), ("annotation", .one(annotation)), ("value", .optional(value)), ("simple", .int(simple ? 1 : 0)),
            ])
        case .raise(let exc, let cause): return TreeView("Raise", span, [("exc", .optional(exc)), ("cause", .optional(cause))])
        case .assert(let test, let message): return TreeView("Assert", span, [("test", .one(test)), ("msg", .optional(message))])
        case .import(let names): return TreeView("Import", span, [("names", .nodes(names.map { .alias($0) }))])
        case .importFrom(let module, let names, let level):
            return TreeView("ImportFrom", span, [("module", .string(module)), ("names", .nodes(names.map { .alias($0) })), ("level", .int(level))])
        case .global(let names): return TreeView("Global", span, [("names", .strings(names))])
        case .nonlocal(let names): return TreeView("Nonlocal", span, [("names", .strings(names))])
        case .expr(let value): return TreeView("Expr", span, [("value", .one(value))])
        case .pass: return TreeView("Pass", span)
        case .break: return TreeView("Break", span)
        case .continue: return TreeView("Continue", span)
        }
    }

    private static func compound(_ statement: Statement) -> TreeView {
        let span = statement.position
        switch statement.kind {
        case .functionDef(let f):
            return TreeView(f.isAsync ? "AsyncFunctionDef" : "FunctionDef", span, [
                ("name", .string(f.name)), ("args", .node(.arguments(f.arguments))), ("body", .list(f.body)), ("decorator_list", .list(f.decorators)),
                ("returns", .optional(f.returns)), ("type_comment", .string(f.typeComment)), ("type_params", .list(f.typeParams)),
            ])
        case .classDef(let c):
            return TreeView("ClassDef", span, [
                ("name", .string(c.name)), ("bases", .list(c.bases)), ("keywords", .list(c.keywords)), ("body", .list(c.body)),
                ("decorator_list", .list(c.decorators)), ("type_params", .list(c.typeParams)),
            ])
        case .for(let f):
            return TreeView(f.isAsync ? "AsyncFor" : "For", span, [
                ("target", .one(f.target)), ("iter", .one(f.iterable)), ("body", .list(f.body)), ("orelse", .list(f.orelse)),
                ("type_comment", .string(f.typeComment)),
            ])
        case .while(let test, let body, let orelse):
            return TreeView("While", span, [("test", .one(test)), ("body", .list(body)), ("orelse", .list(orelse))])
        case .if(let test, let body, let orelse):
            return TreeView("If", span, [("test", .one(test)), ("body", .list(body)), ("orelse", .list(orelse))])
        case .with(let w):
            return TreeView(w.isAsync ? "AsyncWith" : "With", span, [
                ("items", .nodes(w.items.map { .withItem($0) })), ("body", .list(w.body)), ("type_comment", .string(w.typeComment)),
            ])
        case .match(let subject, let cases):
            return TreeView("Match", span, [("subject", .one(subject)), ("cases", .nodes(cases.map { .matchCase($0) }))])
        case .try(let t):
            return TreeView(t.isStar ? "TryStar" : "Try", span, [
                ("body", .list(t.body)), ("handlers", .nodes(t.handlers.map { .handler($0) })), ("orelse", .list(t.orelse)), ("finalbody", .list(t.finalbody)),
            ])
        default: return TreeView("Pass", span)
        }
    }

    // MARK: Expressions

    private static func view(_ expression: Expression) -> TreeView {
        let span = expression.position
        switch expression.kind {
        case .boolOp(let op, let values):
            return TreeView("BoolOp", span, [("op", .text(op == .and ? "And()" : "Or()")), ("values", .list(values))])
        case .namedExpr(let target, let value): return TreeView("NamedExpr", span, [("target", .one(target)), ("value", .one(value))])
        case .binOp(let left, let op, let right):
            return TreeView("BinOp", span, [("left", .one(left)), ("op", .text(name(op))), ("right", .one(right))])
        case .unaryOp(let op, let operand): return TreeView("UnaryOp", span, [("op", .text(name(op))), ("operand", .one(operand))])
        case .lambda(let arguments, let body): return TreeView("Lambda", span, [("args", .node(.arguments(arguments))), ("body", .one(body))])
        case .ifExp(let test, let body, let orelse):
            return TreeView("IfExp", span, [("test", .one(test)), ("body", .one(body)), ("orelse", .one(orelse))])
        case .compare(let left, let ops, let comparators):
            return TreeView("Compare", span, [("left", .one(left)), ("ops", .texts(ops.map { name($0) })), ("comparators", .list(comparators))])
        case .call(let function, let args, let keywords):
            return TreeView("Call", span, [("func", .one(function)), ("args", .list(args)), ("keywords", .list(keywords))])
        case .await(let value): return TreeView("Await", span, [("value", .one(value))])
        case .yield(let value): return TreeView("Yield", span, [("value", .optional(value))])
        case .yieldFrom(let value): return TreeView("YieldFrom", span, [("value", .one(value))])
        case .listComp, .setComp, .dictComp, .generatorExp: return comprehension(expression)
        default: return atom(expression)
        }
    }

    private static func comprehension(_ expression: Expression) -> TreeView {
        let span = expression.position
        switch expression.kind {
        case .listComp(let elt, let generators): return TreeView("ListComp", span, [("elt", .one(elt)), ("generators", .list(generators))])
        case .setComp(let elt, let generators): return TreeView("SetComp", span, [("elt", .one(elt)), ("generators", .list(generators))])
        case .dictComp(let key, let value, let generators):
            return TreeView("DictComp", span, [("key", .one(key)), ("value", .one(value)), ("generators", .list(generators))])
        case .generatorExp(let elt, let generators): return TreeView("GeneratorExp", span, [("elt", .one(elt)), ("generators", .list(generators))])
        default: return atom(expression)
        }
    }

    private static func atom(_ expression: Expression) -> TreeView {
        let span = expression.position
        switch expression.kind {
        case .dict(let keys, let values):
            return TreeView("Dict", span, [("keys", .nodes(keys.map { $0.map { .expression($0) } })), ("values", .list(values))])
        case .set(let elts): return TreeView("Set", span, [("elts", .list(elts))])
        case .formattedValue(let value, let conversion, let spec):
            return TreeView("FormattedValue", span, [("value", .one(value)), ("conversion", .int(conversion)), ("format_spec", .optional(spec))])
        case .joinedStr(let values): return TreeView("JoinedStr", span, [("values", .list(values))])
        case .constant(let value, let isUnicode):
            return TreeView("Constant", span, [("value", .text(ConstantText.repr(value))), ("kind", isUnicode ? .text("'u'") : .absent)])
        case .attribute(let value, let attribute, let ctx):
            return TreeView("Attribute", span, [("value", .one(value)), ("attr", .string(attribute)), ("ctx", .context(ctx))])
        case .subscript(let value, let slice, let ctx):
            return TreeView("Subscript", span, [("value", .one(value)), ("slice", .one(slice)), ("ctx", .context(ctx))])
        case .starred(let value, let ctx): return TreeView("Starred", span, [("value", .one(value)), ("ctx", .context(ctx))])
        case .name(let id, let ctx): return TreeView("Name", span, [("id", .string(id)), ("ctx", .context(ctx))])
        case .list(let elts, let ctx): return TreeView("List", span, [("elts", .list(elts)), ("ctx", .context(ctx))])
        case .tuple(let elts, let ctx): return TreeView("Tuple", span, [("elts", .list(elts)), ("ctx", .context(ctx))])
        case .slice(let lower, let upper, let step):
            return TreeView("Slice", span, [("lower", .optional(lower)), ("upper", .optional(upper)), ("step", .optional(step))])
        default: return TreeView("expr", span)
        }
    }

    // MARK: Patterns

    private static func view(_ pattern: Pattern) -> TreeView {
        let span = pattern.position
        switch pattern.kind {
        case .value(let value): return TreeView("MatchValue", span, [("value", .one(value))])
        case .singleton(let value): return TreeView("MatchSingleton", span, [("value", .text(ConstantText.repr(value)))])
        case .sequence(let patterns): return TreeView("MatchSequence", span, [("patterns", .list(patterns))])
        case .mapping(let keys, let patterns, let rest):
            return TreeView("MatchMapping", span, [("keys", .list(keys)), ("patterns", .list(patterns)), ("rest", .string(rest))])
        case .class(let cls, let patterns, let names, let keywordPatterns):
            return TreeView("MatchClass", span, [
                ("cls", .one(cls)), ("patterns", .list(patterns)), ("kwd_attrs", .strings(names)), ("kwd_patterns", .list(keywordPatterns)),
            ])
        case .star(let name): return TreeView("MatchStar", span, [("name", .string(name))])
        case .as(let inner, let name):
            return TreeView("MatchAs", span, [("pattern", inner.map { .node(.pattern($0)) } ?? .absent), ("name", .string(name))])
        case .or(let patterns): return TreeView("MatchOr", span, [("patterns", .list(patterns))])
        }
    }

    // MARK: Operators

    private static func name(_ op: BinaryOperator) -> String {
        switch op {
        case .add: "Add()"
        case .sub: "Sub()"
        case .mult: "Mult()"
        case .matMult: "MatMult()"
        case .div: "Div()"
        case .mod: "Mod()"
        case .pow: "Pow()"
        case .lShift: "LShift()"
        case .rShift: "RShift()"
        case .bitOr: "BitOr()"
        case .bitXor: "BitXor()"
        case .bitAnd: "BitAnd()"
        case .floorDiv: "FloorDiv()"
        }
    }

    private static func name(_ op: UnaryOperator) -> String {
        switch op {
        case .invert: "Invert()"
        case .not: "Not()"
        case .uAdd: "UAdd()"
        case .uSub: "USub()"
        }
    }

    private static func name(_ op: ComparisonOperator) -> String {
        switch op {
        case .eq: "Eq()"
        case .notEq: "NotEq()"
        case .lt: "Lt()"
        case .ltE: "LtE()"
        case .gt: "Gt()"
        case .gtE: "GtE()"
        case .is: "Is()"
        case .isNot: "IsNot()"
        case .in: "In()"
        case .notIn: "NotIn()"
        }
    }
}
