// The abstract syntax tree of Python 3.12: one class a syntactic category (`Module`, `Statement`,
// `Expression`, `Pattern`) whose payload enum has a case for each constructor of CPython's grammar
// description, and small types for the rest.
//
// Nodes are classes so that a later stage can rewrite one in place (`node.kind = …`), and their
// payloads are stored inline, so that a node is one allocation.
//
// Invariant: freeing a tree never recurses deeper than the parser's nesting limit. Chains that the
// grammar builds in a loop (`1+1+1+…`, `a.b.c.…`) have no such limit; the module keeps every so
// many links of them alive and lets go of the outermost first, see `Module.deinit`.

import TaipanNumbers

/// A range of source text. Lines count from 1; columns are offsets in bytes of UTF-8 and count from 0.
/// The end lies behind the last byte.
public struct SourceSpan: Equatable, Hashable, Sendable {
    /// The line of the first byte, counted from 1.
    public var line: Int32
    /// Bytes of UTF-8 before the first one on its line.
    public var column: Int32
    /// The line of the last byte.
    public var endLine: Int32
    /// Bytes of UTF-8 before the place behind the last one, on `endLine`.
    public var endColumn: Int32

    /// A span from its four numbers.
    @inlinable
    public init(line: Int32, column: Int32, endLine: Int32, endColumn: Int32) {
        self.line = line
        self.column = column
        self.endLine = endLine
        self.endColumn = endColumn
    }

    /// The span from the start of `first` to the end of `last`.
    @inlinable
    public init(from first: SourceSpan, to last: SourceSpan) {
        self.init(line: first.line, column: first.column, endLine: last.endLine, endColumn: last.endColumn)
    }
}

// MARK: - Module

/// What a whole source is, by parsing mode.
public enum ModuleKind {
    /// Mode `exec`: a file.
    case module(body: [Statement], typeIgnores: [TypeIgnore])
    /// Mode `single`: one interactive statement (or several small ones on a line).
    case interactive(body: [Statement])
    /// Mode `eval`: one expression.
    case expression(body: Expression)
    /// Mode `func_type`: a signature type comment, `(int, str) -> bool`.
    case functionType(argumentTypes: [Expression], returns: Expression)
}

/// The root of a tree.
public final class Module {
    /// What was parsed, with the nodes.
    public var kind: ModuleKind
    /// Links of long chains, innermost first, kept so that `deinit` can free them outermost first.
    private var chainLinks: [Expression]

    /// A tree. `chainLinks` is for the parser; a tree made by hand needs none unless its chains are tens of thousands of links long.
    public init(_ kind: ModuleKind, chainLinks: [Expression] = []) {
        self.kind = kind
        self.chainLinks = chainLinks
    }

    deinit {
        kind = .interactive(body: [])
        while !chainLinks.isEmpty { chainLinks.removeLast() }
    }
}

/// A `# type: ignore` comment: its line and the text after `ignore`.
public struct TypeIgnore: Equatable, Sendable {
    /// The comment's line, counted from 1.
    public var line: Int32
    /// The text after `ignore`, as written.
    public var tag: String

    /// A comment on a line.
    public init(line: Int32, tag: String) {
        self.line = line
        self.tag = tag
    }
}

// MARK: - Statements

/// A statement node.
public final class Statement {
    /// Which statement it is, with its parts.
    public var kind: StatementKind
    /// Where it stands. The decorators of a `def` or `class` stand before it.
    public var position: SourceSpan

    /// A statement at a place.
    @inlinable
    public init(_ kind: StatementKind, _ position: SourceSpan) {
        self.kind = kind
        self.position = position
    }
}

/// The payload of a statement. The asynchronous forms of `def`, `for` and `with` and the starred form
/// of `try` share their synchronous sibling's case and differ in a flag.
public enum StatementKind {
    case functionDef(FunctionDefinition)
    case classDef(ClassDefinition)
    case `return`(value: Expression?)
    case delete(targets: [Expression])
    case assign(targets: [Expression], value: Expression, typeComment: String?)
    case typeAlias(name: Expression, typeParams: [TypeParameter], value: Expression)
    case augAssign(target: Expression, op: BinaryOperator, value: Expression)
    /// `simple` is true for a bare name that is not in parentheses.
    case annAssign(target: Expression, annotation: Expression, value: Expression?, simple: Bool)
    case `for`(ForStatement)
    case `while`(test: Expression, body: [Statement], orelse: [Statement])
    case `if`(test: Expression, body: [Statement], orelse: [Statement])
    case with(WithStatement)
    case match(subject: Expression, cases: [MatchCase])
    case raise(exc: Expression?, cause: Expression?)
    case `try`(TryStatement)
    case assert(test: Expression, msg: Expression?)
    case `import`(names: [Alias])
    /// `level` is the number of leading dots.
    case importFrom(module: String?, names: [Alias], level: Int)
    case global(names: [String])
    case nonlocal(names: [String])
    case expr(value: Expression)
    case pass
    case `break`
    case `continue`
}

/// `def` or `async def`.
public final class FunctionDefinition {
    /// The name it binds.
    public var name: String
    /// True for `async def`.
    public var isAsync: Bool
    /// The parameters.
    public var arguments: Arguments
    /// The statements, at least one; a docstring is the first.
    public var body: [Statement]
    /// The decorators' expressions, the outermost first.
    public var decorators: [Expression]
    /// The annotation behind `->`.
    public var returns: Expression?
    /// The type comment of the signature, if those are kept.
    public var typeComment: String?
    /// The parameters in brackets behind the name (PEP 695).
    public var typeParams: [TypeParameter]

    /// A definition from its parts.
    public init(name: String, isAsync: Bool, arguments: Arguments, body: [Statement], decorators: [Expression],
                returns: Expression?, typeComment: String?, typeParams: [TypeParameter]) {
        self.name = name
        self.isAsync = isAsync
        self.arguments = arguments
        self.body = body
        self.decorators = decorators
        self.returns = returns
        self.typeComment = typeComment
        self.typeParams = typeParams
    }
}

/// `class`.
public final class ClassDefinition {
    /// The name it binds.
    public var name: String
    /// The positional arguments: bases, some perhaps starred.
    public var bases: [Expression]
    /// The keyword arguments, such as `metaclass=`.
    public var keywords: [Keyword]
    /// The statements, at least one; a docstring is the first.
    public var body: [Statement]
    /// The decorators' expressions, the outermost first.
    public var decorators: [Expression]
    /// The parameters in brackets behind the name (PEP 695).
    public var typeParams: [TypeParameter]

    /// A definition from its parts.
    public init(name: String, bases: [Expression], keywords: [Keyword], body: [Statement],
                decorators: [Expression], typeParams: [TypeParameter]) {
        self.name = name
        self.bases = bases
        self.keywords = keywords
        self.body = body
        self.decorators = decorators
        self.typeParams = typeParams
    }
}

/// `for` or `async for`.
public final class ForStatement {
    /// True for `async for`.
    public var isAsync: Bool
    /// What is bound in each turn.
    public var target: Expression
    /// What is iterated over (`iter` in CPython's `ast`).
    public var iterable: Expression
    /// The statements of the loop.
    public var body: [Statement]
    /// The `else` block; empty if there is none.
    public var orelse: [Statement]
    /// The type comment behind the colon, if those are kept.
    public var typeComment: String?

    /// A loop from its parts.
    public init(isAsync: Bool, target: Expression, iterable: Expression, body: [Statement],
                orelse: [Statement], typeComment: String?) {
        self.isAsync = isAsync
        self.target = target
        self.iterable = iterable
        self.body = body
        self.orelse = orelse
        self.typeComment = typeComment
    }
}

/// `with` or `async with`.
public final class WithStatement {
    /// True for `async with`.
    public var isAsync: Bool
    /// The context managers, at least one.
    public var items: [WithItem]
    /// The statements.
    public var body: [Statement]
    /// The type comment behind the colon, if those are kept.
    public var typeComment: String?

    /// A statement from its parts.
    public init(isAsync: Bool, items: [WithItem], body: [Statement], typeComment: String?) {
        self.isAsync = isAsync
        self.items = items
        self.body = body
        self.typeComment = typeComment
    }
}

/// `try`, with `except` or (`isStar`) `except*` handlers.
public final class TryStatement {
    /// True when the handlers are `except*`.
    public var isStar: Bool
    /// The statements that are tried.
    public var body: [Statement]
    /// The handlers in order; empty only with a `finally`.
    public var handlers: [ExceptHandler]
    /// The `else` block; empty if there is none.
    public var orelse: [Statement]
    /// The `finally` block; empty if there is none.
    public var finalbody: [Statement]

    /// A statement from its parts.
    public init(isStar: Bool, body: [Statement], handlers: [ExceptHandler], orelse: [Statement],
                finalbody: [Statement]) {
        self.isStar = isStar
        self.body = body
        self.handlers = handlers
        self.orelse = orelse
        self.finalbody = finalbody
    }
}

/// One `except` clause.
public struct ExceptHandler {
    /// The class or tuple of classes; nil for a bare `except:`.
    public var type: Expression?
    /// The name behind `as`.
    public var name: String?
    /// The statements.
    public var body: [Statement]
    /// From `except` to the end of the body.
    public var position: SourceSpan

    /// A handler from its parts.
    public init(type: Expression?, name: String?, body: [Statement], position: SourceSpan) {
        self.type = type
        self.name = name
        self.body = body
        self.position = position
    }
}

/// One item of a `with` statement.
public struct WithItem {
    /// The context manager.
    public var contextExpr: Expression
    /// The target behind `as`.
    public var optionalVars: Expression?

    /// An item from its parts.
    public init(contextExpr: Expression, optionalVars: Expression?) {
        self.contextExpr = contextExpr
        self.optionalVars = optionalVars
    }
}

/// `name as asname` of an import.
public struct Alias: Equatable, Sendable {
    /// The name that is imported, dots included; `*` for all.
    public var name: String
    /// The name behind `as`.
    public var asname: String?
    /// Where it stands.
    public var position: SourceSpan

    /// An alias from its parts.
    public init(name: String, asname: String?, position: SourceSpan) {
        self.name = name
        self.asname = asname
        self.position = position
    }
}

/// One `case` of a `match` statement.
public struct MatchCase {
    /// What the subject has to look like.
    public var pattern: Pattern
    /// The condition behind `if`.
    public var guardExpr: Expression?
    /// The statements.
    public var body: [Statement]

    /// A case from its parts.
    public init(pattern: Pattern, guardExpr: Expression?, body: [Statement]) {
        self.pattern = pattern
        self.guardExpr = guardExpr
        self.body = body
    }
}

/// A type parameter of PEP 695.
public struct TypeParameter {
    /// Which of the three kinds a parameter is of.
    public enum Kind {
        case typeVar(bound: Expression?)
        case paramSpec
        case typeVarTuple
    }

    /// The name, without stars.
    public var name: String
    /// What the parameter stands for.
    public var kind: Kind
    /// Where it stands.
    public var position: SourceSpan

    /// A parameter from its parts.
    public init(name: String, kind: Kind, position: SourceSpan) {
        self.name = name
        self.kind = kind
        self.position = position
    }
}

// MARK: - Expressions

/// An expression node.
public final class Expression {
    /// Which expression it is, with its parts.
    public var kind: ExpressionKind
    /// Where it stands; parentheses around it do not count, but those of a tuple do.
    public var position: SourceSpan

    /// An expression at a place.
    @inlinable
    public init(_ kind: ExpressionKind, _ position: SourceSpan) {
        self.kind = kind
        self.position = position
    }
}

/// Whether a name, attribute, item or display is read, bound or unbound.
public enum ExpressionContext: UInt8, Sendable {
    case load, store, del
}

/// The payload of an expression.
public enum ExpressionKind {
    case boolOp(op: BooleanOperator, values: [Expression])
    case namedExpr(target: Expression, value: Expression)
    case binOp(left: Expression, op: BinaryOperator, right: Expression)
    case unaryOp(op: UnaryOperator, operand: Expression)
    case lambda(arguments: Arguments, body: Expression)
    case ifExp(test: Expression, body: Expression, orelse: Expression)
    /// A key of nil is `**value`.
    case dict(keys: [Expression?], values: [Expression])
    case set(elts: [Expression])
    case listComp(elt: Expression, generators: [Comprehension])
    case setComp(elt: Expression, generators: [Comprehension])
    case dictComp(key: Expression, value: Expression, generators: [Comprehension])
    case generatorExp(elt: Expression, generators: [Comprehension])
    case await(value: Expression)
    case yield(value: Expression?)
    case yieldFrom(value: Expression)
    case compare(left: Expression, ops: [ComparisonOperator], comparators: [Expression])
    case call(function: Expression, args: [Expression], keywords: [Keyword])
    /// `conversion` is -1 or the character code of `s`, `r` or `a`.
    case formattedValue(value: Expression, conversion: Int, formatSpec: Expression?)
    case joinedStr(values: [Expression])
    /// `isUnicodePrefixed` is true for `u'…'` (kind `'u'` in `ast`).
    case constant(ConstantValue, isUnicodePrefixed: Bool)
    case attribute(value: Expression, attr: String, ctx: ExpressionContext)
    case `subscript`(value: Expression, slice: Expression, ctx: ExpressionContext)
    case starred(value: Expression, ctx: ExpressionContext)
    case name(id: String, ctx: ExpressionContext)
    case list(elts: [Expression], ctx: ExpressionContext)
    case tuple(elts: [Expression], ctx: ExpressionContext)
    case slice(lower: Expression?, upper: Expression?, step: Expression?)
}

/// The value of a literal. Tuples, frozen sets and complex numbers with a real part come only from
/// constant folding.
public enum ConstantValue {
    case none
    case `true`
    case `false`
    case ellipsis
    case int(BigInteger)
    case float(Double)
    /// A complex number without real part.
    case complex(imaginary: Double)
    case complexPair(real: Double, imaginary: Double)
    /// UTF-8 that may hold lone surrogates, each encoded as three bytes.
    case str([UInt8])
    case bytes([UInt8])
    case tuple([ConstantValue])
    case frozenset([ConstantValue])
}

/// `and` and `or`.
public enum BooleanOperator: UInt8, Sendable {
    case and, or
}

/// The operators between two operands, except comparisons; `pow` is `**`, `matMult` is `@`.
public enum BinaryOperator: UInt8, Sendable {
    case add, sub, mult, matMult, div, mod, pow, lShift, rShift, bitOr, bitXor, bitAnd, floorDiv
}

/// The operators before one operand.
public enum UnaryOperator: UInt8, Sendable {
    case invert, not, uAdd, uSub
}

/// The comparisons, which chain.
public enum ComparisonOperator: UInt8, Sendable {
    case eq, notEq, lt, ltE, gt, gtE, `is`, isNot, `in`, notIn
}

/// One `for … in … if …` of a comprehension.
public struct Comprehension {
    /// What is bound in each turn.
    public var target: Expression
    /// What is iterated over (`iter` in CPython's `ast`).
    public var iterable: Expression
    /// The conditions, in order.
    public var ifs: [Expression]
    /// True for `async for`.
    public var isAsync: Bool

    /// A clause from its parts.
    public init(target: Expression, iterable: Expression, ifs: [Expression], isAsync: Bool) {
        self.target = target
        self.iterable = iterable
        self.ifs = ifs
        self.isAsync = isAsync
    }
}

/// The parameters of a function or lambda.
public final class Arguments {
    /// The parameters before `/`.
    public var posonlyargs: [Parameter]
    /// The parameters that take positional and keyword arguments.
    public var args: [Parameter]
    /// `*name`.
    public var vararg: Parameter?
    /// The parameters behind `*`.
    public var kwonlyargs: [Parameter]
    /// One entry for each of `kwonlyargs`; nil where there is no default.
    public var kwDefaults: [Expression?]
    /// `**name`.
    public var kwarg: Parameter?
    /// Defaults of the last `defaults.count` of `posonlyargs + args`.
    public var defaults: [Expression]

    /// A list of parameters from its parts.
    public init(posonlyargs: [Parameter] = [], args: [Parameter] = [], vararg: Parameter? = nil,
                kwonlyargs: [Parameter] = [], kwDefaults: [Expression?] = [], kwarg: Parameter? = nil,
                defaults: [Expression] = []) {
        self.posonlyargs = posonlyargs
        self.args = args
        self.vararg = vararg
        self.kwonlyargs = kwonlyargs
        self.kwDefaults = kwDefaults
        self.kwarg = kwarg
        self.defaults = defaults
    }
}

/// One parameter (`arg` in CPython's `ast`).
public struct Parameter {
    /// The name.
    public var name: String
    /// The annotation behind the colon.
    public var annotation: Expression?
    /// The type comment behind it, if those are kept.
    public var typeComment: String?
    /// Name and annotation.
    public var position: SourceSpan

    /// A parameter from its parts.
    public init(name: String, annotation: Expression?, typeComment: String?, position: SourceSpan) {
        self.name = name
        self.annotation = annotation
        self.typeComment = typeComment
        self.position = position
    }
}

/// A keyword argument; a nil name is `**value`.
public struct Keyword {
    /// The name before `=`; nil for `**value`.
    public var name: String?
    /// The argument.
    public var value: Expression
    /// Where it stands.
    public var position: SourceSpan

    /// An argument from its parts.
    public init(name: String?, value: Expression, position: SourceSpan) {
        self.name = name
        self.value = value
        self.position = position
    }
}

// MARK: - Patterns

/// A pattern of a `case` clause.
public final class Pattern {
    /// Which pattern it is, with its parts.
    public var kind: PatternKind
    /// Where it stands.
    public var position: SourceSpan

    /// A pattern at a place.
    @inlinable
    public init(_ kind: PatternKind, _ position: SourceSpan) {
        self.kind = kind
        self.position = position
    }
}

/// The payload of a pattern.
public enum PatternKind {
    case value(Expression)
    /// `None`, `True` or `False`.
    case singleton(ConstantValue)
    case sequence(patterns: [Pattern])
    case mapping(keys: [Expression], patterns: [Pattern], rest: String?)
    case `class`(cls: Expression, patterns: [Pattern], keywordAttrs: [String], keywordPatterns: [Pattern])
    /// A nil name is `*_`.
    case star(name: String?)
    /// Without pattern and name: the wildcard `_`.
    case `as`(pattern: Pattern?, name: String?)
    case or(patterns: [Pattern])
}
