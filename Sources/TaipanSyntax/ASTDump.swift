// The tree as text: a line a node with its position, a line a field, indented by depth.

/// Writes trees in a form in which two of them can be compared:
///
///     Module
///       body: [1]
///         Expr @1:0:1:1
///           value:
///             Name @1:0:1:1
///               id: str:'a'
///               ctx:
///                 Load
///       type_ignores: [0]
public struct ASTDump {
    /// The text so far.
    public private(set) var out: [UInt8] = []
    private var indent = 0

    /// An empty text.
    public init() {}

    /// The dump of a whole tree.
    public static func text(_ module: Module) -> String {
        var dump = ASTDump()
        dump.module(module)
        return String(decoding: dump.out, as: UTF8.self)
    }

    // MARK: Lines

    private mutating func line(_ parts: StaticString, _ rest: String = "") {
        for _ in 0..<indent { out.append(32) }
        parts.withUTF8Buffer { out.append(contentsOf: $0) }
        out.append(contentsOf: rest.utf8)
        out.append(10)
    }

    private mutating func node(_ name: StaticString, _ position: SourceSpan?, _ fields: (inout ASTDump) -> Void = { _ in }) {
        if let p = position {
            line(name, " @\(p.line):\(p.column):\(p.endLine):\(p.endColumn)")
        } else {
            line(name)
        }
        indent += 2
        fields(&self)
        indent -= 2
    }

    private mutating func value(_ name: StaticString, _ text: String) { line(name, ": " + text) }

    private mutating func string(_ name: StaticString, _ text: String?) {
        value(name, text.map { "str:" + ConstantText.string(Array($0.utf8), asciiOnly: true) } ?? "NoneType:None")
    }

    private mutating func int(_ name: StaticString, _ n: Int) { value(name, "int:\(n)") }

    private mutating func bare(_ field: StaticString, _ name: StaticString) {
        line(field, ":")
        indent += 2
        line(name)
        indent -= 2
    }

    private mutating func list<T>(_ name: StaticString, _ items: [T], _ show: (inout ASTDump, T) -> Void) {
        line(name, ": [\(items.count)]")
        indent += 2
        for item in items { show(&self, item) }
        indent -= 2
    }

    private mutating func strings(_ name: StaticString, _ items: [String]) {
        list(name, items) { $0.line("str:", ConstantText.string(Array($1.utf8), asciiOnly: true)) }
    }

    private mutating func child(_ name: StaticString, _ e: Expression?) {
        guard let e else { return value(name, "NoneType:None") }
        line(name, ":")
        indent += 2
        expression(e)
        indent -= 2
    }

    private mutating func expressions(_ name: StaticString, _ items: [Expression]) {
        list(name, items) { $0.expression($1) }
    }

    private mutating func optionals(_ name: StaticString, _ items: [Expression?]) {
        list(name, items) { dump, item in
            if let item { dump.expression(item) } else { dump.line("NoneType:None") }
        }
    }

    private mutating func statements(_ name: StaticString, _ items: [Statement]) {
        list(name, items) { $0.statement($1) }
    }

    private mutating func context(_ ctx: ExpressionContext) {
        switch ctx {
        case .load: bare("ctx", "Load")
        case .store: bare("ctx", "Store")
        case .del: bare("ctx", "Del")
        }
    }

    // MARK: Modules and statements

    /// Appends a whole tree.
    public mutating func module(_ module: Module) {
        switch module.kind {
        case .module(let body, let ignores):
            node("Module", nil) {
                $0.statements("body", body)
                $0.list("type_ignores", ignores) { dump, ignore in
                    // Its line is a field, and its only attribute.
                    dump.line("TypeIgnore", " @\(ignore.line):None:None:None")
                    dump.indent += 2
                    dump.int("lineno", Int(ignore.line))
                    dump.string("tag", ignore.tag)
                    dump.indent -= 2
                }
            }
        case .interactive(let body): node("Interactive", nil) { $0.statements("body", body) }
        case .expression(let body): node("Expression", nil) { $0.child("body", body) }
        case .functionType(let arguments, let returns):
            node("FunctionType", nil) {
                $0.expressions("argtypes", arguments)
                $0.child("returns", returns)
            }
        }
    }

    /// Appends a statement and what is in it.
    public mutating func statement(_ s: Statement) {
        let p = s.position
        switch s.kind {
        case .functionDef(let f): functionDef(f, p)
        case .classDef(let c): classDef(c, p)
        case .return(let value): node("Return", p) { $0.child("value", value) }
        case .delete(let targets): node("Delete", p) { $0.expressions("targets", targets) }
        case .assign(let targets, let value, let comment):
            node("Assign", p) {
                $0.expressions("targets", targets)
                $0.child("value", value)
                $0.string("type_comment", comment)
            }
        case .typeAlias(let name, let params, let value):
            node("TypeAlias", p) {
                $0.child("name", name)
                $0.typeParams(params)
                $0.child("value", value)
            }
        case .augAssign(let target, let op, let value):
            node("AugAssign", p) {
                $0.child("target", target)
                $0.bare("op", ASTDump.name(op))
                $0.child("value", value)
            }
        case .annAssign(let target, let annotation, let value, let simple):
            node("AnnAssign", p) {
                $0.child("target", target)
                $0.child("annotation", annotation)
                $0.child("value", value)
                $0.int("simple", simple ? 1 : 0)
            }
        case .for(let f): forStatement(f, p)
        case .while(let test, let body, let orelse):
            node("While", p) {
                $0.child("test", test)
                $0.statements("body", body)
                $0.statements("orelse", orelse)
            }
        case .if(let test, let body, let orelse):
            node("If", p) {
                $0.child("test", test)
                $0.statements("body", body)
                $0.statements("orelse", orelse)
            }
        case .with(let w): withStatement(w, p)
        case .match(let subject, let cases): match(subject, cases, p)
        case .raise(let exc, let cause):
            node("Raise", p) {
                $0.child("exc", exc)
                $0.child("cause", cause)
            }
        case .try(let t): tryStatement(t, p)
        case .assert(let test, let msg):
            node("Assert", p) {
                $0.child("test", test)
                $0.child("msg", msg)
            }
        case .import(let names): node("Import", p) { $0.list("names", names) { $0.alias($1) } }
        case .importFrom(let module, let names, let level):
            node("ImportFrom", p) {
                $0.string("module", module)
                $0.list("names", names) { $0.alias($1) }
                $0.int("level", level)
            }
        case .global(let names): node("Global", p) { $0.strings("names", names) }
        case .nonlocal(let names): node("Nonlocal", p) { $0.strings("names", names) }
        case .expr(let value): node("Expr", p) { $0.child("value", value) }
        case .pass: node("Pass", p)
        case .break: node("Break", p)
        case .continue: node("Continue", p)
        }
    }

    private mutating func functionDef(_ f: FunctionDefinition, _ p: SourceSpan) {
        node(f.isAsync ? "AsyncFunctionDef" : "FunctionDef", p) {
            $0.string("name", f.name)
            $0.line("args", ":")
            $0.indent += 2
            $0.arguments(f.arguments)
            $0.indent -= 2
            $0.statements("body", f.body)
            $0.expressions("decorator_list", f.decorators)
            $0.child("returns", f.returns)
            $0.string("type_comment", f.typeComment)
            $0.typeParams(f.typeParams)
        }
    }

    private mutating func classDef(_ c: ClassDefinition, _ p: SourceSpan) {
        node("ClassDef", p) {
            $0.string("name", c.name)
            $0.expressions("bases", c.bases)
            $0.list("keywords", c.keywords) { $0.keyword($1) }
            $0.statements("body", c.body)
            $0.expressions("decorator_list", c.decorators)
            $0.typeParams(c.typeParams)
        }
    }

    private mutating func forStatement(_ f: ForStatement, _ p: SourceSpan) {
        node(f.isAsync ? "AsyncFor" : "For", p) {
            $0.child("target", f.target)
            $0.child("iter", f.iterable)
            $0.statements("body", f.body)
            $0.statements("orelse", f.orelse)
            $0.string("type_comment", f.typeComment)
        }
    }

    private mutating func withStatement(_ w: WithStatement, _ p: SourceSpan) {
        node(w.isAsync ? "AsyncWith" : "With", p) {
            $0.list("items", w.items) { dump, item in
                dump.node("withitem", nil) {
                    $0.child("context_expr", item.contextExpr)
                    $0.child("optional_vars", item.optionalVars)
                }
            }
            $0.statements("body", w.body)
            $0.string("type_comment", w.typeComment)
        }
    }

    private mutating func match(_ subject: Expression, _ cases: [MatchCase], _ p: SourceSpan) {
        node("Match", p) {
            $0.child("subject", subject)
            $0.list("cases", cases) { dump, item in
                dump.node("match_case", nil) {
                    $0.patternField("pattern", item.pattern)
                    $0.child("guard", item.guardExpr)
                    $0.statements("body", item.body)
                }
            }
        }
    }

    private mutating func tryStatement(_ t: TryStatement, _ p: SourceSpan) {
        node(t.isStar ? "TryStar" : "Try", p) {
            $0.statements("body", t.body)
            $0.list("handlers", t.handlers) { dump, handler in
                dump.node("ExceptHandler", handler.position) {
                    $0.child("type", handler.type)
                    $0.string("name", handler.name)
                    $0.statements("body", handler.body)
                }
            }
            $0.statements("orelse", t.orelse)
            $0.statements("finalbody", t.finalbody)
        }
    }

    private mutating func alias(_ a: Alias) {
        node("alias", a.position) {
            $0.string("name", a.name)
            $0.string("asname", a.asname)
        }
    }

    private mutating func typeParams(_ params: [TypeParameter]) {
        list("type_params", params) { dump, param in
            switch param.kind {
            case .typeVar(let bound):
                dump.node("TypeVar", param.position) {
                    $0.string("name", param.name)
                    $0.child("bound", bound)
                }
            case .paramSpec: dump.node("ParamSpec", param.position) { $0.string("name", param.name) }
            case .typeVarTuple: dump.node("TypeVarTuple", param.position) { $0.string("name", param.name) }
            }
        }
    }

    // MARK: Expressions

    static func name(_ op: BinaryOperator) -> StaticString {
        switch op {
        case .add: return "Add"
        case .sub: return "Sub"
        case .mult: return "Mult"
        case .matMult: return "MatMult"
        case .div: return "Div"
        case .mod: return "Mod"
        case .pow: return "Pow"
        case .lShift: return "LShift"
        case .rShift: return "RShift"
        case .bitOr: return "BitOr"
        case .bitXor: return "BitXor"
        case .bitAnd: return "BitAnd"
        case .floorDiv: return "FloorDiv"
        }
    }

    static func name(_ op: ComparisonOperator) -> StaticString {
        switch op {
        case .eq: return "Eq"
        case .notEq: return "NotEq"
        case .lt: return "Lt"
        case .ltE: return "LtE"
        case .gt: return "Gt"
        case .gtE: return "GtE"
        case .is: return "Is"
        case .isNot: return "IsNot"
        case .in: return "In"
        case .notIn: return "NotIn"
        }
    }

    static func name(_ op: UnaryOperator) -> StaticString {
        switch op {
        case .invert: return "Invert"
        case .not: return "Not"
        case .uAdd: return "UAdd"
        case .uSub: return "USub"
        }
    }

    /// Appends an expression and what is in it.
    public mutating func expression(_ e: Expression) {
        let p = e.position
        switch e.kind {
        case .boolOp(let op, let values):
            node("BoolOp", p) {
                $0.bare("op", op == .and ? "And" : "Or")
                $0.expressions("values", values)
            }
        case .namedExpr(let target, let value): pair("NamedExpr", p, "target", target, "value", value)
        case .binOp(let left, let op, let right):
            node("BinOp", p) {
                $0.child("left", left)
                $0.bare("op", ASTDump.name(op))
                $0.child("right", right)
            }
        case .unaryOp(let op, let operand):
            node("UnaryOp", p) {
                $0.bare("op", ASTDump.name(op))
                $0.child("operand", operand)
            }
        case .lambda(let arguments, let body):
            node("Lambda", p) {
                $0.line("args", ":")
                $0.indent += 2
                $0.arguments(arguments)
                $0.indent -= 2
                $0.child("body", body)
            }
        case .ifExp(let test, let body, let orelse):
            node("IfExp", p) {
                $0.child("test", test)
                $0.child("body", body)
                $0.child("orelse", orelse)
            }
        case .dict(let keys, let values):
            node("Dict", p) {
                $0.optionals("keys", keys)
                $0.expressions("values", values)
            }
        case .set(let elts): node("Set", p) { $0.expressions("elts", elts) }
        case .listComp(let elt, let generators): comprehension("ListComp", p, elt, generators)
        case .setComp(let elt, let generators): comprehension("SetComp", p, elt, generators)
        case .generatorExp(let elt, let generators): comprehension("GeneratorExp", p, elt, generators)
        case .dictComp(let key, let value, let generators):
            node("DictComp", p) {
                $0.child("key", key)
                $0.child("value", value)
                $0.generators(generators)
            }
        case .await(let value): node("Await", p) { $0.child("value", value) }
        case .yield(let value): node("Yield", p) { $0.child("value", value) }
        case .yieldFrom(let value): node("YieldFrom", p) { $0.child("value", value) }
        default: otherExpression(e, p)
        }
    }

    private mutating func otherExpression(_ e: Expression, _ p: SourceSpan) {
        switch e.kind {
        case .compare(let left, let ops, let comparators):
            node("Compare", p) {
                $0.child("left", left)
                $0.list("ops", ops) { $0.line(ASTDump.name($1)) }
                $0.expressions("comparators", comparators)
            }
        case .call(let function, let args, let keywords):
            node("Call", p) {
                $0.child("func", function)
                $0.expressions("args", args)
                $0.list("keywords", keywords) { $0.keyword($1) }
            }
        case .formattedValue(let value, let conversion, let spec):
            node("FormattedValue", p) {
                $0.child("value", value)
                $0.int("conversion", conversion)
                $0.child("format_spec", spec)
            }
        case .joinedStr(let values): node("JoinedStr", p) { $0.expressions("values", values) }
        case .constant(let value, let isUnicodePrefixed):
            node("Constant", p) {
                $0.value("value", ASTDump.shown(value))
                $0.string("kind", isUnicodePrefixed ? "u" : nil)
            }
        case .attribute(let value, let attr, let ctx):
            node("Attribute", p) {
                $0.child("value", value)
                $0.string("attr", attr)
                $0.context(ctx)
            }
        case .subscript(let value, let slice, let ctx):
            node("Subscript", p) {
                $0.child("value", value)
                $0.child("slice", slice)
                $0.context(ctx)
            }
        case .starred(let value, let ctx):
            node("Starred", p) {
                $0.child("value", value)
                $0.context(ctx)
            }
        case .name(let id, let ctx):
            node("Name", p) {
                $0.string("id", id)
                $0.context(ctx)
            }
        case .list(let elts, let ctx):
            node("List", p) {
                $0.expressions("elts", elts)
                $0.context(ctx)
            }
        case .tuple(let elts, let ctx):
            node("Tuple", p) {
                $0.expressions("elts", elts)
                $0.context(ctx)
            }
        case .slice(let lower, let upper, let step):
            node("Slice", p) {
                $0.child("lower", lower)
                $0.child("upper", upper)
                $0.child("step", step)
            }
        default: break
        }
    }

    /// A constant with its type; folded tuples and sets show their members so.
    static func shown(_ value: ConstantValue) -> String {
        switch value {
        case .tuple(let items): return "(" + items.map(shown).joined(separator: ", ") + ")"
        case .frozenset(let items): return "frozenset({" + items.map(shown).sorted().joined(separator: ", ") + "})"
        default: return ConstantText.typeName(value) + ":" + ConstantText.repr(value, asciiOnly: true)
        }
    }

    private mutating func pair(_ name: StaticString, _ p: SourceSpan, _ first: StaticString, _ a: Expression,
                               _ second: StaticString, _ b: Expression) {
        node(name, p) {
            $0.child(first, a)
            $0.child(second, b)
        }
    }

    private mutating func comprehension(_ name: StaticString, _ p: SourceSpan, _ elt: Expression, _ list: [Comprehension]) {
        node(name, p) {
            $0.child("elt", elt)
            $0.generators(list)
        }
    }

    private mutating func generators(_ generators: [Comprehension]) {
        list("generators", generators) { dump, item in
            dump.node("comprehension", nil) {
                $0.child("target", item.target)
                $0.child("iter", item.iterable)
                $0.expressions("ifs", item.ifs)
                $0.int("is_async", item.isAsync ? 1 : 0)
            }
        }
    }

    private mutating func keyword(_ k: Keyword) {
        node("keyword", k.position) {
            $0.string("arg", k.name)
            $0.child("value", k.value)
        }
    }

    private mutating func parameter(_ a: Parameter) {
        node("arg", a.position) {
            $0.string("arg", a.name)
            $0.child("annotation", a.annotation)
            $0.string("type_comment", a.typeComment)
        }
    }

    private mutating func optionalParameter(_ name: StaticString, _ a: Parameter?) {
        guard let a else { return value(name, "NoneType:None") }
        line(name, ":")
        indent += 2
        parameter(a)
        indent -= 2
    }

    private mutating func arguments(_ a: Arguments) {
        node("arguments", nil) {
            $0.list("posonlyargs", a.posonlyargs) { $0.parameter($1) }
            $0.list("args", a.args) { $0.parameter($1) }
            $0.optionalParameter("vararg", a.vararg)
            $0.list("kwonlyargs", a.kwonlyargs) { $0.parameter($1) }
            $0.optionals("kw_defaults", a.kwDefaults)
            $0.optionalParameter("kwarg", a.kwarg)
            $0.expressions("defaults", a.defaults)
        }
    }

    // MARK: Patterns

    private mutating func patternField(_ name: StaticString, _ pattern: Pattern?) {
        guard let pattern else { return value(name, "NoneType:None") }
        line(name, ":")
        indent += 2
        self.pattern(pattern)
        indent -= 2
    }

    private mutating func patterns(_ name: StaticString, _ items: [Pattern]) {
        list(name, items) { $0.pattern($1) }
    }

    /// Appends a pattern and what is in it.
    public mutating func pattern(_ pattern: Pattern) {
        let p = pattern.position
        switch pattern.kind {
        case .value(let value): node("MatchValue", p) { $0.child("value", value) }
        case .singleton(let value): node("MatchSingleton", p) { $0.value("value", ASTDump.shown(value)) }
        case .sequence(let list): node("MatchSequence", p) { $0.patterns("patterns", list) }
        case .mapping(let keys, let list, let rest):
            node("MatchMapping", p) {
                $0.expressions("keys", keys)
                $0.patterns("patterns", list)
                $0.string("rest", rest)
            }
        case .class(let cls, let list, let attrs, let keywords):
            node("MatchClass", p) {
                $0.child("cls", cls)
                $0.patterns("patterns", list)
                $0.strings("kwd_attrs", attrs)
                $0.patterns("kwd_patterns", keywords)
            }
        case .star(let name): node("MatchStar", p) { $0.string("name", name) }
        case .as(let inner, let name):
            node("MatchAs", p) {
                $0.patternField("pattern", inner)
                $0.string("name", name)
            }
        case .or(let list): node("MatchOr", p) { $0.patterns("patterns", list) }
        }
    }
}
