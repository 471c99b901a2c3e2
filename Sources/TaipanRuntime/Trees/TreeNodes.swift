// The node classes of `_ast`: one row a class says its base, whether it carries a source range, and its fields. The classes, their
// documentation, the conversion of trees to nodes and back all read this table.

/// The node classes, in the order of `TreeNodes.rows`.
enum NodeKind: Int {
    case mod, Module, Interactive, Expression, FunctionType, stmt, FunctionDef, AsyncFunctionDef, ClassDef, Return, Delete
    case Assign, TypeAlias, AugAssign, AnnAssign, For, AsyncFor, While, If, With, AsyncWith, Match, Raise, Try, TryStar, Assert
    case Import, ImportFrom, Global, Nonlocal, Expr, Pass, Break, Continue, expr, BoolOp, NamedExpr, BinOp, UnaryOp, Lambda
    case IfExp, Dict, Set, ListComp, SetComp, DictComp, GeneratorExp, Await, Yield, YieldFrom, Compare, Call, FormattedValue
    case JoinedStr, Constant, Attribute, Subscript, Starred, Name, List, Tuple, Slice, expr_context, Load, Store, Del, boolop
    case And, Or, `operator`, Add, Sub, Mult, MatMult, Div, Mod, Pow, LShift, RShift, BitOr, BitXor, BitAnd, FloorDiv, unaryop
    case Invert, Not, UAdd, USub, cmpop, Eq, NotEq, Lt, LtE, Gt, GtE, Is, IsNot, In, NotIn, comprehension, excepthandler
    case ExceptHandler, arguments, arg, keyword, alias, withitem, match_case, pattern, MatchValue, MatchSingleton, MatchSequence
    case MatchMapping, MatchClass, MatchStar, MatchAs, MatchOr, type_ignore, TypeIgnore, type_param, TypeVar, ParamSpec
    case TypeVarTuple
}

/// The classes of an interpreter, made on first use and kept in one tuple: for each kind its class, the tuple of its field
/// names, and the one instance of a class without fields; then the names of the four position attributes.
struct TreeNodes: BitwiseCopyable {
    let items: TupleObject

    /// Name, base, `@` where the nodes carry positions, fields as `type name`; `?` marks what may be None, `*` a list.
    static var rows: [StaticString] { [
        "mod|AST||",
        "Module|mod||stmt* body, type_ignore* type_ignores",
        "Interactive|mod||stmt* body",
        "Expression|mod||expr body",
        "FunctionType|mod||expr* argtypes, expr returns",
        "stmt|AST|@|",
        "FunctionDef|stmt||identifier name, arguments args, stmt* body, expr* decorator_list, expr? returns, string? type_comment, type_param* type_params",
        "AsyncFunctionDef|stmt||identifier name, arguments args, stmt* body, expr* decorator_list, expr? returns, string? type_comment, type_param* type_params",
        "ClassDef|stmt||identifier name, expr* bases, keyword* keywords, stmt* body, expr* decorator_list, type_param* type_params",
        "Return|stmt||expr? value",
        "Delete|stmt||expr* targets",
        "Assign|stmt||expr* targets, expr value, string? type_comment",
        "TypeAlias|stmt||expr name, type_param* type_params, expr value",
        "AugAssign|stmt||expr target, operator op, expr value",
        "AnnAssign|stmt||expr target, expr annotation, expr? value, int simple",
        "For|stmt||expr target, expr iter, stmt* body, stmt* orelse, string? type_comment",
        "AsyncFor|stmt||expr target, expr iter, stmt* body, stmt* orelse, string? type_comment",
        "While|stmt||expr test, stmt* body, stmt* orelse",
        "If|stmt||expr test, stmt* body, stmt* orelse",
        "With|stmt||withitem* items, stmt* body, string? type_comment",
        "AsyncWith|stmt||withitem* items, stmt* body, string? type_comment",
        "Match|stmt||expr subject, match_case* cases",
        "Raise|stmt||expr? exc, expr? cause",
        "Try|stmt||stmt* body, excepthandler* handlers, stmt* orelse, stmt* finalbody",
        "TryStar|stmt||stmt* body, excepthandler* handlers, stmt* orelse, stmt* finalbody",
        "Assert|stmt||expr test, expr? msg",
        "Import|stmt||alias* names",
        "ImportFrom|stmt||identifier? module, alias* names, int? level",
        "Global|stmt||identifier* names",
        "Nonlocal|stmt||identifier* names",
        "Expr|stmt||expr value",
        "Pass|stmt||",
        "Break|stmt||",
        "Continue|stmt||",
        "expr|AST|@|",
        "BoolOp|expr||boolop op, expr* values",
        "NamedExpr|expr||expr target, expr value",
        "BinOp|expr||expr left, operator op, expr right",
        "UnaryOp|expr||unaryop op, expr operand",
        "Lambda|expr||arguments args, expr body",
        "IfExp|expr||expr test, expr body, expr orelse",
        "Dict|expr||expr* keys, expr* values",
        "Set|expr||expr* elts",
        "ListComp|expr||expr elt, comprehension* generators",
        "SetComp|expr||expr elt, comprehension* generators",
        "DictComp|expr||expr key, expr value, comprehension* generators",
        "GeneratorExp|expr||expr elt, comprehension* generators",
        "Await|expr||expr value",
        "Yield|expr||expr? value",
        "YieldFrom|expr||expr value",
        "Compare|expr||expr left, cmpop* ops, expr* comparators",
        "Call|expr||expr func, expr* args, keyword* keywords",
        "FormattedValue|expr||expr value, int conversion, expr? format_spec",
        "JoinedStr|expr||expr* values",
        "Constant|expr||constant value, string? kind",
        "Attribute|expr||expr value, identifier attr, expr_context ctx",
        "Subscript|expr||expr value, expr slice, expr_context ctx",
        "Starred|expr||expr value, expr_context ctx",
        "Name|expr||identifier id, expr_context ctx",
        "List|expr||expr* elts, expr_context ctx",
        "Tuple|expr||expr* elts, expr_context ctx",
        "Slice|expr||expr? lower, expr? upper, expr? step",
        "expr_context|AST||",
        "Load|expr_context||",
        "Store|expr_context||",
        "Del|expr_context||",
        "boolop|AST||",
        "And|boolop||",
        "Or|boolop||",
        "operator|AST||",
        "Add|operator||",
        "Sub|operator||",
        "Mult|operator||",
        "MatMult|operator||",
        "Div|operator||",
        "Mod|operator||",
        "Pow|operator||",
        "LShift|operator||",
        "RShift|operator||",
        "BitOr|operator||",
        "BitXor|operator||",
        "BitAnd|operator||",
        "FloorDiv|operator||",
        "unaryop|AST||",
        "Invert|unaryop||",
        "Not|unaryop||",
        "UAdd|unaryop||",
        "USub|unaryop||",
        "cmpop|AST||",
        "Eq|cmpop||",
        "NotEq|cmpop||",
        "Lt|cmpop||",
        "LtE|cmpop||",
        "Gt|cmpop||",
        "GtE|cmpop||",
        "Is|cmpop||",
        "IsNot|cmpop||",
        "In|cmpop||",
        "NotIn|cmpop||",
        "comprehension|AST||expr target, expr iter, expr* ifs, int is_async",
        "excepthandler|AST|@|",
        "ExceptHandler|excepthandler||expr? type, identifier? name, stmt* body",
        "arguments|AST||arg* posonlyargs, arg* args, arg? vararg, arg* kwonlyargs, expr* kw_defaults, arg? kwarg, expr* defaults",
        "arg|AST|@|identifier arg, expr? annotation, string? type_comment",
        "keyword|AST|@|identifier? arg, expr value",
        "alias|AST|@|identifier name, identifier? asname",
        "withitem|AST||expr context_expr, expr? optional_vars",
        "match_case|AST||pattern pattern, expr? guard, stmt* body",
        "pattern|AST|@|",
        "MatchValue|pattern||expr value",
        "MatchSingleton|pattern||constant value",
        "MatchSequence|pattern||pattern* patterns",
        "MatchMapping|pattern||expr* keys, pattern* patterns, identifier? rest",
        "MatchClass|pattern||expr cls, pattern* patterns, identifier* kwd_attrs, pattern* kwd_patterns",
        "MatchStar|pattern||identifier? name",
        "MatchAs|pattern||pattern? pattern, identifier? name",
        "MatchOr|pattern||pattern* patterns",
        "type_ignore|AST||",
        "TypeIgnore|type_ignore||int lineno, string tag",
        "type_param|AST|@|",
        "TypeVar|type_param||identifier name, expr? bound",
        "ParamSpec|type_param||identifier name",
        "TypeVarTuple|type_param||identifier name",
    ] }

    static var positionNames: [StaticString] { ["lineno", "col_offset", "end_lineno", "end_col_offset"] }

    func type(_ kind: NodeKind) -> Value { items[kind.rawValue &* 3] }
    func fields(_ kind: NodeKind) -> TupleObject { TupleObject(items[kind.rawValue &* 3 &+ 1]) }
    /// The shared instance of an operator or context.
    func shared(_ kind: NodeKind) -> Value { items[kind.rawValue &* 3 &+ 2] }
    func positionName(_ i: Int) -> Value { items[items.count &- 4 &+ i] }
    static var count: Int { NodeKind.TypeVarTuple.rawValue + 1 }
}

extension Thread {
    /// The node classes, made now if nobody asked before.
    func treeNodes() throws(Raised) -> TreeNodes {
        let known = kept("_ast nodes")
        if known.isBound { return TreeNodes(items: TupleObject(known)) }
        let items = try newTuple(TreeNodes.count * 3 + 4)
        for i in 0..<items.count { items[i] = .none }
        for (i, name) in TreeNodes.positionNames.enumerated() { items[items.count - 4 + i] = intern(name) }
        let namesToTypes = newDict()
        try namesToTypes.setString(self, intern("AST"), try newNodeBase())
        let rows = TreeNodes.rows.map { "\($0)".split(separator: "|", omittingEmptySubsequences: false) }
        for i in rows.indices {
            let made = try newNodeType(rows, i, namesToTypes)
            items[i * 3] = made
            items[i * 3 + 1] = try getattr(made, intern("_fields"))
            try namesToTypes.setString(self, intern(String(rows[i][0])), made)
        }
        for i in rows.indices where NodeKind(rawValue: i).map(isShared) ?? false { items[i * 3 + 2] = try call(items[i * 3]) }
        try keep("_ast nodes", items.value)
        try keep("_ast types", namesToTypes.value)
        return TreeNodes(items: items)
    }

    /// The classes by name, `AST` first: what the module `_ast` shows.
    public func treeNodeTypes() throws(Raised) -> DictObject {
        _ = try treeNodes()
        return DictObject(kept("_ast types"))
    }

    private func isShared(_ kind: NodeKind) -> Bool {
        (NodeKind.Load.rawValue...NodeKind.NotIn.rawValue).contains(kind.rawValue)
            && ![.boolop, .operator, .unaryop, .cmpop].contains(kind)
    }

    private func newNodeType(_ rows: [[Substring]], _ i: Int, _ types: DictObject) throws(Raised) -> Value {
        let row = rows[i]
        let namespace = newDict()
        let fields = row[3].isEmpty ? [] : row[3].split(separator: ",").map { $0.drop { $0 == " " }.split(separator: " ") }
        let names = try nameTuple(fields.map { String($0[1]) })
        try namespace.setString(self, intern("_fields"), names)
        try namespace.setString(self, name(.__match_args__), names)
        for field in fields where field[0].hasSuffix("?") { try namespace.setString(self, intern(String(field[1])), .none) }
        if row[2] == "@" {
            let positions = try nameTuple(TreeNodes.positionNames.map { "\($0)" })
            try namespace.setString(self, intern("_attributes"), positions)
            for optional in ["end_lineno", "end_col_offset"] as [StaticString] { try namespace.setString(self, intern(optional), .none) }
        } else if row[1] == "AST" {
            try namespace.setString(self, intern("_attributes"), objects.pointee.emptyTuple)
        }
        try namespace.setString(self, name(.__module__), intern("ast"))
        try namespace.setString(self, name(.__doc__), str(nodeText(rows, i)))
        let base = types.findString(self, intern(String(row[1])))
        return try call(self.types.pointee.type, intern(String(row[0])), try tuple(base), namespace.value)
    }

    /// The documentation: the node with its fields, or what a category consists of.
    private func nodeText(_ rows: [[Substring]], _ i: Int) -> String {
        let name = String(rows[i][0])
        let members = rows.indices.filter { rows[$0][1] == rows[i][0] }
        if members.isEmpty { return rows[i][3].isEmpty ? name : "\(name)(\(rows[i][3]))" }
        let onOneLine = members.allSatisfy { rows[$0][3].isEmpty }
        let separator = onOneLine ? " | " : "\n" + String(repeating: " ", count: name.utf8.count + 1) + "| "
        return name + " = " + members.map { nodeText(rows, $0) }.joined(separator: separator)
    }

    private func nameTuple(_ names: [String]) throws(Raised) -> Value {
        let made = try newTuple(names.count)
        for i in names.indices { made[i] = intern(names[i]) }
        return made.value
    }

    private func newNodeBase() throws(Raised) -> Value {
        try newNativeType("AST", moduleName: intern("ast"), flags: TypeFlag.base | TypeFlag.hasWeakReferences | TypeFlag.heap, .values(1, dictWord: 1)) { b in
            b.slots.pointee.new = CallSlot { (t, type, _) throws(Raised) in Value(t.allocate(TypeObject(type))) }
            b.slots.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in try t.initializeNode(v, a) }
            b.constant("_fields", b.t.objects.pointee.emptyTuple)
            b.constant("_attributes", b.t.objects.pointee.emptyTuple)
            b.constant("__match_args__", b.t.objects.pointee.emptyTuple)
            b.method("__reduce__", "!($self, /)") { (t, a) throws(Raised) in
                let state = try t.getattrOrUnbound(a[0], t.name(.__dict__))
                if state.isUnbound { return try t.tuple(t.type(of: a[0]).value, t.objects.pointee.emptyTuple) }
                return try t.tuple(t.type(of: a[0]).value, t.objects.pointee.emptyTuple, state)
            }
        }.value
    }

    /// `Node(field, …, name=value, …)`.
    private func initializeNode(_ node: Value, _ a: Arguments) throws(Raised) {
        let given = try getattrOrUnbound(node, intern("_fields"))
        let fields = given.isUnbound ? TupleObject(objects.pointee.emptyTuple) : try tupleFrom(given)
        if a.count > fields.count {
            throw raise(.typeError, "\(typeName(node)) constructor takes at most \(fields.count) positional argument\(fields.count == 1 ? "" : "s")")
        }
        for i in 0..<a.count { try setattr(node, fields[i], a[i]) }
        if a.keywords.isUnbound { return }
        let keys = TupleObject(a.keywords)
        for k in 0..<keys.count {
            for i in 0..<a.count where try equals(fields[i], keys[k]) {
                throw raise(.typeError, "\(typeName(node)) got multiple values for argument \(try reprText(keys[k]))")
            }
            try setattr(node, intern(keys[k]), a[a.count + k])
        }
    }
}
