// From nodes of `_ast`, made by the parser or by a program, to a tree that the compiler takes. What a node lacks or has of
// the wrong type is told as CPython tells it; what is of the right type and makes no sense is for `TaipanSyntax.validate`.

import TaipanNumbers
import TaipanSyntax

/// Reads one tree.
struct TreeReader {
    let t: Thread
    let nodes: TreeNodes
    /// Levels that may still be entered.
    private var levels: Int

    init(_ t: Thread) throws(Raised) {
        self.t = t
        nodes = try t.treeNodes()
        levels = 1490
    }

    // MARK: Fields

    private func isNode(_ object: Value, _ kind: NodeKind) throws(Raised) -> Bool { t.isInstance(object, of: nodes.type(kind)) }

    /// Which of `kinds` the node is.
    private func kind(_ object: Value, _ kinds: ClosedRange<Int>, _ category: StaticString) throws(Raised) -> NodeKind {
        let type = t.type(of: object).value
        for i in kinds where nodes.items[i * 3] == type { return NodeKind(rawValue: i) ?? .mod }
        for i in kinds where t.isInstance(object, of: nodes.items[i * 3]) { return NodeKind(rawValue: i) ?? .mod }
        throw t.raise(.typeError, "expected some sort of \(category), but got \(try t.reprText(object))")
    }

    private func range(_ first: NodeKind, _ last: NodeKind) -> ClosedRange<Int> { first.rawValue...last.rawValue }

    /// A field that must be there.
    private func field(_ o: Value, _ name: StaticString, _ owner: StaticString) throws(Raised) -> Value {
        let found = try t.getattrOrUnbound(o, t.intern(name))
        if found.isUnbound { throw t.raise(.typeError, "required field \"\(name)\" missing from \(owner)") }
        return found
    }

    /// A field that may be missing or None.
    private func optionalField(_ o: Value, _ name: StaticString) throws(Raised) -> Value {
        let found = try t.getattrOrUnbound(o, t.intern(name))
        return found.isUnbound ? .none : found
    }

    /// A field that must be there and not None.
    private func filled(_ o: Value, _ name: StaticString, _ owner: StaticString) throws(Raised) -> Value {
        let found = try field(o, name, owner)
        if found.isNone { throw t.raise(.valueError, "field '\(name)' is required for \(owner)") }
        return found
    }

    private mutating func list<Item>(_ o: Value, _ name: StaticString, _ owner: StaticString,
                                     _ read: (inout TreeReader, Value) throws(Raised) -> Item) throws(Raised) -> [Item] {
        let value = try t.getattrOrUnbound(o, t.intern(name))
        if value.isUnbound { return [] }
        if !value.isKind(.list) { throw t.raise(.typeError, "\(owner) field \"\(name)\" must be a list, not a \(t.typeName(value))") }
        let items = ListObject(value)
        let count = items.count
        var result: [Item] = []
        result.reserveCapacity(count)
        for i in 0..<count {
            result.append(try read(&self, items[i]))
            if items.count != count { throw t.raise(.runtimeError, "\(owner) field \"\(name)\" changed size during iteration") }
        }
        return result
    }

    private func int(_ value: Value) throws(Raised) -> Int {
        if !t.isInt(value) { throw t.raise(.valueError, "invalid integer value: \(try t.reprText(value))") }
        guard let n = t.machineInt(value), Int(Int32(truncatingIfNeeded: n)) == n else {
            throw t.raise(.overflowError, "Python int too large to convert to C int")
        }
        return n
    }

    private func identifier(_ value: Value) throws(Raised) -> String {
        if !value.hasLayout(.str) { throw t.raise(.typeError, "AST identifier must be of type str") }
        return t.string(value)
    }

    private func identifier(_ o: Value, _ name: StaticString, _ owner: StaticString) throws(Raised) -> String { try identifier(try filled(o, name, owner)) }

    private func optionalIdentifier(_ o: Value, _ name: StaticString) throws(Raised) -> String? {
        let value = try optionalField(o, name)
        return value.isNone ? nil : try identifier(value)
    }

    private func optionalText(_ o: Value, _ name: StaticString) throws(Raised) -> String? {
        let value = try optionalField(o, name)
        if value.isNone { return nil }
        if value.hasLayout(.bytes) { return "" }
        if !value.hasLayout(.str) { throw t.raise(.typeError, "AST string must be of type str") }
        return t.string(value)
    }

    private func position(_ o: Value, _ owner: StaticString) throws(Raised) -> SourceSpan {
        let line = try int(try field(o, "lineno", owner)), column = try int(try field(o, "col_offset", owner))
        let endLine = try optionalField(o, "end_lineno"), endColumn = try optionalField(o, "end_col_offset")
        return SourceSpan(line: Int32(line), column: Int32(column), endLine: Int32(endLine.isNone ? line : try int(endLine)),
                          endColumn: Int32(endColumn.isNone ? column : try int(endColumn)))
    }

    private mutating func enter(_ category: StaticString) throws(Raised) {
        levels -= 1
        if levels < 0 { throw t.raise(.recursionError, "maximum recursion depth exceeded while traversing '\(category)' node") }
        try t.enterRecursion(" while traversing node")
        t.leaveRecursion()
    }

    // MARK: Lists of nodes

    private mutating func statements(_ o: Value, _ name: StaticString, _ owner: StaticString) throws(Raised) -> [Statement] {
        try list(o, name, owner) { (r, v) throws(Raised) in
            if v.isNone { throw r.t.raise(.valueError, "None disallowed in statement list") }
            return try r.statement(v)
        }
    }

    private mutating func expressions(_ o: Value, _ name: StaticString, _ owner: StaticString) throws(Raised) -> [Expression] {
        try list(o, name, owner) { (r, v) throws(Raised) in
            if v.isNone { throw r.t.raise(.valueError, "None disallowed in expression list") }
            return try r.expression(v)
        }
    }

    private mutating func optionalExpressions(_ o: Value, _ name: StaticString, _ owner: StaticString) throws(Raised) -> [Expression?] {
        try list(o, name, owner) { (r, v) throws(Raised) in v.isNone ? nil : try r.expression(v) }
    }

    private mutating func expression(_ o: Value, _ name: StaticString, _ owner: StaticString) throws(Raised) -> Expression {
        try expression(try filled(o, name, owner))
    }

    private mutating func optionalExpression(_ o: Value, _ name: StaticString) throws(Raised) -> Expression? {
        let value = try optionalField(o, name)
        return value.isNone ? nil : try expression(value)
    }

    private mutating func patterns(_ o: Value, _ name: StaticString, _ owner: StaticString) throws(Raised) -> [Pattern] {
        try list(o, name, owner) { (r, v) throws(Raised) in try r.pattern(v) }
    }

    private mutating func identifiers(_ o: Value, _ name: StaticString, _ owner: StaticString) throws(Raised) -> [String] {
        try list(o, name, owner) { (r, v) throws(Raised) in try r.identifier(v) }
    }

    private mutating func keywords(_ o: Value, _ name: StaticString, _ owner: StaticString) throws(Raised) -> [Keyword] {
        try list(o, name, owner) { (r, v) throws(Raised) in
            let position = try r.position(v, "keyword")
            return Keyword(name: try r.optionalIdentifier(v, "arg"), value: try r.expression(v, "value", "keyword"), position: position)
        }
    }

    private mutating func aliases(_ o: Value, _ owner: StaticString) throws(Raised) -> [Alias] {
        try list(o, "names", owner) { (r, v) throws(Raised) in
            let name = try r.identifier(v, "name", "alias"), asname = try r.optionalIdentifier(v, "asname")
            return Alias(name: name, asname: asname, position: try r.position(v, "alias"))
        }
    }

    private mutating func typeParameters(_ o: Value, _ owner: StaticString) throws(Raised) -> [TypeParameter] {
        try list(o, "type_params", owner) { (r, v) throws(Raised) in
            let position = try r.position(v, "type_param")
            switch try r.kind(v, r.range(.TypeVar, .TypeVarTuple), "type_param") {
            case .TypeVar:
                return TypeParameter(name: try r.identifier(v, "name", "TypeVar"), kind: .typeVar(bound: try r.optionalExpression(v, "bound")), position: position)
            case .ParamSpec: return TypeParameter(name: try r.identifier(v, "name", "ParamSpec"), kind: .paramSpec, position: position)
            default: return TypeParameter(name: try r.identifier(v, "name", "TypeVarTuple"), kind: .typeVarTuple, position: position)
            }
        }
    }

    private mutating func generators(_ o: Value, _ owner: StaticString) throws(Raised) -> [Comprehension] {
        try list(o, "generators", owner) { (r, v) throws(Raised) in
            Comprehension(target: try r.expression(v, "target", "comprehension"), iterable: try r.expression(v, "iter", "comprehension"),
                          ifs: try r.expressions(v, "ifs", "comprehension"), isAsync: try r.int(try r.field(v, "is_async", "comprehension")) != 0)
        }
    }

    private func context(_ o: Value, _ owner: StaticString) throws(Raised) -> ExpressionContext {
        switch try kind(try filled(o, "ctx", owner), range(.Load, .Del), "expr_context") {
        case .Store: .store
        case .Del: .del
        default: .load
        }
    }

    private func op(_ value: Value, _ first: NodeKind, _ last: NodeKind, _ category: StaticString) throws(Raised) -> UInt8 {
        UInt8(try kind(value, range(first, last), category).rawValue - first.rawValue)
    }

    private mutating func arguments(_ o: Value, _ owner: StaticString) throws(Raised) -> TaipanSyntax.Arguments {
        let value = try filled(o, "args", owner)
        let made = TaipanSyntax.Arguments()
        made.posonlyargs = try list(value, "posonlyargs", "arguments") { (r, v) throws(Raised) in try r.parameter(v) }
        made.args = try list(value, "args", "arguments") { (r, v) throws(Raised) in try r.parameter(v) }
        let vararg = try optionalField(value, "vararg")
        made.vararg = vararg.isNone ? nil : try parameter(vararg)
        made.kwonlyargs = try list(value, "kwonlyargs", "arguments") { (r, v) throws(Raised) in try r.parameter(v) }
        made.kwDefaults = try optionalExpressions(value, "kw_defaults", "arguments")
        let kwarg = try optionalField(value, "kwarg")
        made.kwarg = kwarg.isNone ? nil : try parameter(kwarg)
        made.defaults = try expressions(value, "defaults", "arguments")
        return made
    }

    private mutating func parameter(_ o: Value) throws(Raised) -> Parameter {
        let name = try identifier(o, "arg", "arg"), annotation = try optionalExpression(o, "annotation"), comment = try optionalText(o, "type_comment")
        return Parameter(name: name, annotation: annotation, typeComment: comment, position: try position(o, "arg"))
    }

    // MARK: Modules

    /// The tree of a `mod` node.
    mutating func module(_ o: Value) throws(Raised) -> Module {
        switch try kind(o, range(.Module, .FunctionType), "mod") {
        case .Module:
            let body = try statements(o, "body", "Module")
            let ignores = try list(o, "type_ignores", "Module") { (r, v) throws(Raised) in
                TypeIgnore(line: Int32(try r.int(try r.field(v, "lineno", "TypeIgnore"))), tag: try r.optionalText(v, "tag") ?? "")
            }
            return Module(.module(body: body, typeIgnores: ignores))
        case .Interactive: return Module(.interactive(body: try statements(o, "body", "Interactive")))
        case .Expression: return Module(.expression(body: try expression(o, "body", "Expression")))
        default:
            return Module(.functionType(argumentTypes: try expressions(o, "argtypes", "FunctionType"), returns: try expression(o, "returns", "FunctionType")))
        }
    }

    // MARK: Statements

    private mutating func statement(_ o: Value) throws(Raised) -> Statement {
        try enter("stmt")
        defer { levels += 1 }
        let position = try self.position(o, "stmt")
        let kind = try self.kind(o, range(.FunctionDef, .Continue), "stmt")
        let payload = try isCompound(kind) ? compound(o, kind) : simple(o, kind)
        return Statement(payload, position)
    }

    private func isCompound(_ kind: NodeKind) -> Bool {
        switch kind {
        case .FunctionDef, .AsyncFunctionDef, .ClassDef, .For, .AsyncFor, .While, .If, .With, .AsyncWith, .Match, .Try, .TryStar: true
        default: false
        }
    }

    private mutating func compound(_ o: Value, _ kind: NodeKind) throws(Raised) -> StatementKind {
        switch kind {
        case .FunctionDef: return .functionDef(try function(o, isAsync: false, "FunctionDef"))
        case .AsyncFunctionDef: return .functionDef(try function(o, isAsync: true, "AsyncFunctionDef"))
        case .ClassDef:
            return .classDef(ClassDefinition(
                name: try identifier(o, "name", "ClassDef"), bases: try expressions(o, "bases", "ClassDef"), keywords: try keywords(o, "keywords", "ClassDef"),
                body: try statements(o, "body", "ClassDef"), decorators: try expressions(o, "decorator_list", "ClassDef"),
                typeParams: try typeParameters(o, "ClassDef")))
        case .For: return .for(try forLoop(o, isAsync: false, "For"))
        case .AsyncFor: return .for(try forLoop(o, isAsync: true, "AsyncFor"))
        case .While: return .while(test: try expression(o, "test", "While"), body: try statements(o, "body", "While"), orelse: try statements(o, "orelse", "While"))
        case .If: return .if(test: try expression(o, "test", "If"), body: try statements(o, "body", "If"), orelse: try statements(o, "orelse", "If"))
        case .With: return .with(try with(o, isAsync: false, "With"))
        case .AsyncWith: return .with(try with(o, isAsync: true, "AsyncWith"))
        case .Match:
            let subject = try expression(o, "subject", "Match")
            let cases = try list(o, "cases", "Match") { (r, v) throws(Raised) in
                MatchCase(pattern: try r.pattern(try r.filled(v, "pattern", "match_case")), guardExpr: try r.optionalExpression(v, "guard"),
                          body: try r.statements(v, "body", "match_case"))
            }
            return .match(subject: subject, cases: cases)
        case .Try: return .try(try tryStatement(o, isStar: false, "Try"))
        default: return .try(try tryStatement(o, isStar: true, "TryStar"))
        }
    }

    private mutating func function(_ o: Value, isAsync: Bool, _ owner: StaticString) throws(Raised) -> FunctionDefinition {
        FunctionDefinition(
            name: try identifier(o, "name", owner), isAsync: isAsync, arguments: try arguments(o, owner), body: try statements(o, "body", owner),
            decorators: try expressions(o, "decorator_list", owner), returns: try optionalExpression(o, "returns"),
            typeComment: try optionalText(o, "type_comment"), typeParams: try typeParameters(o, owner))
    }

    private mutating func forLoop(_ o: Value, isAsync: Bool, _ owner: StaticString) throws(Raised) -> ForStatement {
        ForStatement(
            isAsync: isAsync, target: try expression(o, "target", owner), iterable: try expression(o, "iter", owner), body: try statements(o, "body", owner),
            orelse: try statements(o, "orelse", owner), typeComment: try optionalText(o, "type_comment"))
    }

    private mutating func with(_ o: Value, isAsync: Bool, _ owner: StaticString) throws(Raised) -> WithStatement {
        let items = try list(o, "items", owner) { (r, v) throws(Raised) in
            WithItem(contextExpr: try r.expression(v, "context_expr", "withitem"), optionalVars: try r.optionalExpression(v, "optional_vars"))
        }
        return WithStatement(isAsync: isAsync, items: items, body: try statements(o, "body", owner), typeComment: try optionalText(o, "type_comment"))
    }

    private mutating func tryStatement(_ o: Value, isStar: Bool, _ owner: StaticString) throws(Raised) -> TryStatement {
        let body = try statements(o, "body", owner)
        let handlers = try list(o, "handlers", owner) { (r, v) throws(Raised) in
            let position = try r.position(v, "excepthandler")
            _ = try r.kind(v, r.range(.ExceptHandler, .ExceptHandler), "excepthandler")
            return ExceptHandler(type: try r.optionalExpression(v, "type"), name: try r.optionalIdentifier(v, "name"),
                                 body: try r.statements(v, "body", "ExceptHandler"), position: position)
        }
        return TryStatement(isStar: isStar, body: body, handlers: handlers, orelse: try statements(o, "orelse", owner),
                            finalbody: try statements(o, "finalbody", owner))
    }

    private mutating func simple(_ o: Value, _ kind: NodeKind) throws(Raised) -> StatementKind {
        switch kind {
        case .Return: return .return(value: try optionalExpression(o, "value"))
        case .Delete: return .delete(targets: try expressions(o, "targets", "Delete"))
        case .Assign:
            return .assign(targets: try expressions(o, "targets", "Assign"), value: try expression(o, "value", "Assign"), typeComment: try optionalText(o, "type_comment"))
        case .TypeAlias:
            return .typeAlias(name: try expression(o, "name", "TypeAlias"), typeParams: try typeParameters(o, "TypeAlias"), value: try expression(o, "value", "TypeAlias"))
        case .AugAssign:
            let target = try expression(o, "target", "AugAssign"), op = try binaryOperator(o, "AugAssign")
            return .augAssign(target: target, op: op, value: try expression(o, "value", "AugAssign"))
        case .AnnAssign:
            return .annAssign(target: try expression(o, "target", "AnnAssign"), annotation: try expression(o, "annotation", "AnnAssign"),
                              value: try optionalExpression(o, "value"), simple: try int(try field(o, "simple", "AnnAssign")) != 0)
        case .Raise: return .raise(exc: try optionalExpression(o, "exc"), cause: try optionalExpression(o, "cause"))
        case .Assert: return .assert(test: try expression(o, "test", "Assert"), msg: try optionalExpression(o, "msg"))
        case .Import: return .import(names: try aliases(o, "Import"))
        case .ImportFrom:
            let module = try optionalIdentifier(o, "module"), names = try aliases(o, "ImportFrom"), level = try optionalField(o, "level")
            return .importFrom(module: module, names: names, level: level.isNone ? 0 : try int(level))
        case .Global: return .global(names: try identifiers(o, "names", "Global"))
        case .Nonlocal: return .nonlocal(names: try identifiers(o, "names", "Nonlocal"))
        case .Expr: return .expr(value: try expression(o, "value", "Expr"))
        case .Break: return .break
        case .Continue: return .continue
        default: return .pass
        }
    }

    private func binaryOperator(_ o: Value, _ owner: StaticString) throws(Raised) -> BinaryOperator {
        BinaryOperator(rawValue: try op(try filled(o, "op", owner), .Add, .FloorDiv, "operator")) ?? .add
    }

    // MARK: Expressions

    private mutating func expression(_ o: Value) throws(Raised) -> Expression {
        try enter("expr")
        defer { levels += 1 }
        let position = try self.position(o, "expr")
        let kind = try self.kind(o, range(.BoolOp, .Slice), "expr")
        return Expression(try kind.rawValue >= NodeKind.Compare.rawValue ? primary(o, kind) : compoundExpression(o, kind), position)
    }

    private mutating func compoundExpression(_ o: Value, _ kind: NodeKind) throws(Raised) -> ExpressionKind {
        switch kind {
        case .BoolOp:
            let op = try self.op(try filled(o, "op", "BoolOp"), .And, .Or, "boolop")
            return .boolOp(op: op == 0 ? .and : .or, values: try expressions(o, "values", "BoolOp"))
        case .NamedExpr: return .namedExpr(target: try expression(o, "target", "NamedExpr"), value: try expression(o, "value", "NamedExpr"))
        case .BinOp:
            let left = try expression(o, "left", "BinOp"), op = try binaryOperator(o, "BinOp")
            return .binOp(left: left, op: op, right: try expression(o, "right", "BinOp"))
        case .UnaryOp:
            let op = UnaryOperator(rawValue: try self.op(try filled(o, "op", "UnaryOp"), .Invert, .USub, "unaryop")) ?? .not
            return .unaryOp(op: op, operand: try expression(o, "operand", "UnaryOp"))
        case .Lambda: return .lambda(arguments: try arguments(o, "Lambda"), body: try expression(o, "body", "Lambda"))
        case .IfExp:
            return .ifExp(test: try expression(o, "test", "IfExp"), body: try expression(o, "body", "IfExp"), orelse: try expression(o, "orelse", "IfExp"))
        case .Dict: return .dict(keys: try optionalExpressions(o, "keys", "Dict"), values: try expressions(o, "values", "Dict"))
        case .Set: return .set(elts: try expressions(o, "elts", "Set"))
        case .ListComp: return .listComp(elt: try expression(o, "elt", "ListComp"), generators: try generators(o, "ListComp"))
        case .SetComp: return .setComp(elt: try expression(o, "elt", "SetComp"), generators: try generators(o, "SetComp"))
        case .DictComp:
            return .dictComp(key: try expression(o, "key", "DictComp"), value: try expression(o, "value", "DictComp"), generators: try generators(o, "DictComp"))
        case .GeneratorExp: return .generatorExp(elt: try expression(o, "elt", "GeneratorExp"), generators: try generators(o, "GeneratorExp"))
        case .Await: return .await(value: try expression(o, "value", "Await"))
        case .Yield: return .yield(value: try optionalExpression(o, "value"))
        default: return .yieldFrom(value: try expression(o, "value", "YieldFrom"))
        }
    }

    private mutating func primary(_ o: Value, _ kind: NodeKind) throws(Raised) -> ExpressionKind {
        switch kind {
        case .Compare:
            let left = try expression(o, "left", "Compare")
            let ops = try list(o, "ops", "Compare") { (r, v) throws(Raised) in
                ComparisonOperator(rawValue: try r.op(v, .Eq, .NotIn, "cmpop")) ?? .eq
            }
            return .compare(left: left, ops: ops, comparators: try expressions(o, "comparators", "Compare"))
        case .Call:
            return .call(function: try expression(o, "func", "Call"), args: try expressions(o, "args", "Call"), keywords: try keywords(o, "keywords", "Call"))
        case .FormattedValue:
            return .formattedValue(value: try expression(o, "value", "FormattedValue"), conversion: try int(try field(o, "conversion", "FormattedValue")),
                                   formatSpec: try optionalExpression(o, "format_spec"))
        case .JoinedStr: return .joinedStr(values: try expressions(o, "values", "JoinedStr"))
        case .Constant:
            let value = try constant(try field(o, "value", "Constant"))
            return .constant(value, isUnicodePrefixed: try optionalText(o, "kind") == "u")
        case .Attribute:
            let value = try expression(o, "value", "Attribute"), attr = try identifier(o, "attr", "Attribute")
            return .attribute(value: value, attr: attr, ctx: try context(o, "Attribute"))
        case .Subscript:
            let value = try expression(o, "value", "Subscript"), slice = try expression(o, "slice", "Subscript")
            return .subscript(value: value, slice: slice, ctx: try context(o, "Subscript"))
        case .Starred: return .starred(value: try expression(o, "value", "Starred"), ctx: try context(o, "Starred"))
        case .Name: return .name(id: try identifier(o, "id", "Name"), ctx: try context(o, "Name"))
        case .List: return .list(elts: try expressions(o, "elts", "List"), ctx: try context(o, "List"))
        case .Tuple: return .tuple(elts: try expressions(o, "elts", "Tuple"), ctx: try context(o, "Tuple"))
        default:
            return .slice(lower: try optionalExpression(o, "lower"), upper: try optionalExpression(o, "upper"), step: try optionalExpression(o, "step"))
        }
    }

    /// The literal that an object stands for.
    private mutating func constant(_ value: Value) throws(Raised) -> ConstantValue {
        if value.isNone { return .none }
        if value.isTrue { return .true }
        if value.isFalse { return .false }
        if value == .ellipsis { return .ellipsis }
        if value.isSmallInt || value.hasLayout(.int) { return .int(t.bigInteger(value)) }
        if value.isSmallFloat || value.hasLayout(.float) { return .float(t.double(value)) }
        if value.hasLayout(.complex) {
            let (real, imaginary) = ComplexObject(value).parts
            return real == 0 && real.sign == .plus ? .complex(imaginary: imaginary) : .complexPair(real: real, imaginary: imaginary)
        }
        if value.hasLayout(.str) { return .str(t.wtf8(value)) }
        if value.hasLayout(.bytes) { return .bytes(Array(BytesObject(value).buffer)) }
        if value.hasLayout(.tuple) || value.hasLayout(.frozenset) {
            try enter("expr")
            defer { levels += 1 }
            let items = try t.listFrom(value)
            var made: [ConstantValue] = []
            for i in 0..<items.count { made.append(try constant(items[i])) }
            return value.hasLayout(.tuple) ? .tuple(made) : .frozenset(made)
        }
        throw t.raise(.typeError, "got an invalid type in Constant: \(t.typeName(value))")
    }

    // MARK: Patterns

    private mutating func pattern(_ o: Value) throws(Raised) -> Pattern {
        try enter("pattern")
        defer { levels += 1 }
        let position = try self.position(o, "pattern")
        let payload: PatternKind
        switch try kind(o, range(.MatchValue, .MatchOr), "pattern") {
        case .MatchValue: payload = .value(try expression(o, "value", "MatchValue"))
        case .MatchSingleton: payload = .singleton(try constant(try field(o, "value", "MatchSingleton")))
        case .MatchSequence: payload = .sequence(patterns: try patterns(o, "patterns", "MatchSequence"))
        case .MatchMapping:
            payload = .mapping(keys: try expressions(o, "keys", "MatchMapping"), patterns: try patterns(o, "patterns", "MatchMapping"),
                               rest: try optionalIdentifier(o, "rest"))
        case .MatchClass:
            payload = .class(cls: try expression(o, "cls", "MatchClass"), patterns: try patterns(o, "patterns", "MatchClass"),
                             keywordAttrs: try identifiers(o, "kwd_attrs", "MatchClass"), keywordPatterns: try patterns(o, "kwd_patterns", "MatchClass"))
        case .MatchStar: payload = .star(name: try optionalIdentifier(o, "name"))
        case .MatchAs:
            let inner = try optionalField(o, "pattern")
            payload = .as(pattern: inner.isNone ? nil : try pattern(inner), name: try optionalIdentifier(o, "name"))
        default: payload = .or(patterns: try patterns(o, "patterns", "MatchOr"))
        }
        return Pattern(payload, position)
    }
}

extension Thread {
    /// The tree of the `mod` node `value`, checked, or nil when it is no node at all.
    func readTree(_ value: Value, mode: CompileMode) throws(Raised) -> Module {
        let nodes = try treeNodes()
        let wanted: NodeKind = switch mode {
        case .exec: .Module
        case .eval: .Expression
        case .single: .Interactive
        case .funcType: .FunctionType
        }
        if !isInstance(value, of: nodes.type(wanted)) { throw raise(.typeError, "expected \(wanted) node, got \(typeName(value))") }
        var reader = try TreeReader(self)
        let module = try reader.module(value)
        do throws(SyntaxFailure) { try validate(module) } catch { throw raise(error, .none) }
        return module
    }
}
