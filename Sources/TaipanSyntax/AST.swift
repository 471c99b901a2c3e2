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
    public var line: Int32
    public var column: Int32
    public var endLine: Int32
    public var endColumn: Int32

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
    public var kind: ModuleKind
    /// Links of long chains, innermost first, kept so that `deinit` can free them outermost first.
    private var chainLinks: [Expression]

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
    public var line: Int32
    public var tag: String

    public init(line: Int32, tag: String) {
        self.line = line
        self.tag = tag
    }
}

// MARK: - Statements

/// A statement node.
public final class Statement {
    public var kind: StatementKind
    public var position: SourceSpan

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
    public var name: String
    public var isAsync: Bool
    public var arguments: Arguments
    public var body: [Statement]
    public var decorators: [Expression]
    public var returns: Expression?
    public var typeComment: String?
    public var typeParams: [TypeParameter]

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
    public var name: String
    public var bases: [Expression]
    public var keywords: [Keyword]
    public var body: [Statement]
    public var decorators: [Expression]
    public var typeParams: [TypeParameter]

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
    public var isAsync: Bool
    public var target: Expression
    public var iterable: Expression
    public var body: [Statement]
    public var orelse: [Statement]
    public var typeComment: String?

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
    public var isAsync: Bool
    public var items: [WithItem]
    public var body: [Statement]
    public var typeComment: String?

    public init(isAsync: Bool, items: [WithItem], body: [Statement], typeComment: String?) {
        self.isAsync = isAsync
        self.items = items
        self.body = body
        self.typeComment = typeComment
    }
}

/// `try`, with `except` or (`isStar`) `except*` handlers.
public final class TryStatement {
    public var isStar: Bool
    public var body: [Statement]
    public var handlers: [ExceptHandler]
    public var orelse: [Statement]
    public var finalbody: [Statement]

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
    public var type: Expression?
    public var name: String?
    public var body: [Statement]
    public var position: SourceSpan

    public init(type: Expression?, name: String?, body: [Statement], position: SourceSpan) {
        self.type = type
        self.name = name
        self.body = body
        self.position = position
    }
}

/// One item of a `with` statement.
public struct WithItem {
    public var contextExpr: Expression
    public var optionalVars: Expression?

    public init(contextExpr: Expression, optionalVars: Expression?) {
        self.contextExpr = contextExpr
        self.optionalVars = optionalVars
    }
}

/// `name as asname` of an import.
public struct Alias: Equatable, Sendable {
    public var name: String
    public var asname: String?
    public var position: SourceSpan

    public init(name: String, asname: String?, position: SourceSpan) {
        self.name = name
        self.asname = asname
        self.position = position
    }
}

/// One `case` of a `match` statement.
public struct MatchCase {
    public var pattern: Pattern
    public var guardExpr: Expression?
    public var body: [Statement]

    public init(pattern: Pattern, guardExpr: Expression?, body: [Statement]) {
        self.pattern = pattern
        self.guardExpr = guardExpr
        self.body = body
    }
}

/// A type parameter of PEP 695.
public struct TypeParameter {
    public enum Kind {
        case typeVar(bound: Expression?)
        case paramSpec
        case typeVarTuple
    }

    public var name: String
    public var kind: Kind
    public var position: SourceSpan

    public init(name: String, kind: Kind, position: SourceSpan) {
        self.name = name
        self.kind = kind
        self.position = position
    }
}

// MARK: - Expressions

/// An expression node.
public final class Expression {
    public var kind: ExpressionKind
    public var position: SourceSpan

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

public enum BooleanOperator: UInt8, Sendable {
    case and, or
}

public enum BinaryOperator: UInt8, Sendable {
    case add, sub, mult, matMult, div, mod, pow, lShift, rShift, bitOr, bitXor, bitAnd, floorDiv
}

public enum UnaryOperator: UInt8, Sendable {
    case invert, not, uAdd, uSub
}

public enum ComparisonOperator: UInt8, Sendable {
    case eq, notEq, lt, ltE, gt, gtE, `is`, isNot, `in`, notIn
}

/// One `for … in … if …` of a comprehension.
public struct Comprehension {
    public var target: Expression
    public var iterable: Expression
    public var ifs: [Expression]
    public var isAsync: Bool

    public init(target: Expression, iterable: Expression, ifs: [Expression], isAsync: Bool) {
        self.target = target
        self.iterable = iterable
        self.ifs = ifs
        self.isAsync = isAsync
    }
}

/// The parameters of a function or lambda.
public final class Arguments {
    public var posonlyargs: [Parameter]
    public var args: [Parameter]
    public var vararg: Parameter?
    public var kwonlyargs: [Parameter]
    /// One entry for each of `kwonlyargs`; nil where there is no default.
    public var kwDefaults: [Expression?]
    public var kwarg: Parameter?
    /// Defaults of the last `defaults.count` of `posonlyargs + args`.
    public var defaults: [Expression]

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
    public var name: String
    public var annotation: Expression?
    public var typeComment: String?
    public var position: SourceSpan

    public init(name: String, annotation: Expression?, typeComment: String?, position: SourceSpan) {
        self.name = name
        self.annotation = annotation
        self.typeComment = typeComment
        self.position = position
    }
}

/// A keyword argument; a nil name is `**value`.
public struct Keyword {
    public var name: String?
    public var value: Expression
    public var position: SourceSpan

    public init(name: String?, value: Expression, position: SourceSpan) {
        self.name = name
        self.value = value
        self.position = position
    }
}

// MARK: - Patterns

/// A pattern of a `case` clause.
public final class Pattern {
    public var kind: PatternKind
    public var position: SourceSpan

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
