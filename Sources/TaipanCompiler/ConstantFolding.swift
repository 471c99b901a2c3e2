// Rewrites a tree before its scopes are built: operations on constants become constants, within CPython's limits of
// size; displays that are only looked through become tuples and frozen sets; `__debug__` gets its value.
import TaipanNumbers
import TaipanSyntax

struct ConstantFolding {
    private let optimize: Int
    private let futureAnnotations: Bool
    private let depthLimit: Int
    private let foldsBoolInversion: () -> Bool
    private var depth = 0

    /// Folds `module` in place.
    static func run(_ module: Module, options: CompilerOptions, futureAnnotations: Bool) throws(Failure) {
        var folding = ConstantFolding(options, futureAnnotations)
        switch module.kind {
        case .module(let body, _): try folding.foldBody(body)
        case .interactive(let body): try folding.fold(body)
        case .expression(let body): try folding.fold(body)
        case .functionType: return
        }
    }

    private init(_ options: CompilerOptions, _ futureAnnotations: Bool) {
        optimize = options.optimize
        depthLimit = options.depthLimit
        foldsBoolInversion = options.foldsBoolInversion
        self.futureAnnotations = futureAnnotations
    }

    private mutating func deeper() throws(Failure) {
        depth += 1
        if depth > depthLimit { throw .recursion }
    }

    // MARK: Statements

    /// A body whose first statement only becomes a string by folding must not get a docstring by that.
    private mutating func foldBody(_ body: [Statement]) throws(Failure) {
        let hadDocstring = docstring(of: body) != nil
        try fold(body)
        if !hadDocstring, let doc = docstring(of: body) {
            body[0].kind = .expr(value: Expression(.joinedStr(values: [doc.expression]), doc.expression.position))
        }
    }

    private mutating func fold(_ statements: [Statement]) throws(Failure) {
        for statement in statements { try fold(statement) }
    }

    private mutating func fold(_ statement: Statement) throws(Failure) {
        try deeper()
        defer { depth -= 1 }
        switch statement.kind {
        case .functionDef(let function):
            for parameter in function.typeParams { try fold(parameter) }
            try fold(function.arguments)
            try foldBody(function.body)
            try fold(function.decorators)
            if !futureAnnotations { try fold(function.returns) }
        case .classDef(let definition):
            for parameter in definition.typeParams { try fold(parameter) }
            try fold(definition.bases)
            for keyword in definition.keywords { try fold(keyword.value) }
            try foldBody(definition.body)
            try fold(definition.decorators)
        case .typeAlias(let name, let parameters, let value):
            try fold(name)
            for parameter in parameters { try fold(parameter) }
            try fold(value)
        case .return(let value): try fold(value)
        case .delete(let targets): try fold(targets)
        case .assign(let targets, let value, _):
            try fold(targets)
            try fold(value)
        case .augAssign(let target, _, let value):
            try fold(target)
            try fold(value)
        case .annAssign(let target, let annotation, let value, _):
            try fold(target)
            if !futureAnnotations { try fold(annotation) }
            try fold(value)
        case .for(let loop):
            try fold(loop.target)
            try fold(loop.iterable)
            try fold(loop.body)
            try fold(loop.orelse)
            if !loop.isAsync { foldIterable(loop.iterable) }
        case .while(let test, let body, let orelse), .if(let test, let body, let orelse):
            try fold(test)
            try fold(body)
            try fold(orelse)
        case .match(let subject, let cases):
            try fold(subject)
            for item in cases {
                try fold(item.pattern)
                try fold(item.guardExpr)
                try fold(item.body)
            }
        case .with(let with):
            for item in with.items {
                try fold(item.contextExpr)
                try fold(item.optionalVars)
            }
            try fold(with.body)
        case .raise(let exc, let cause):
            try fold(exc)
            try fold(cause)
        case .try(let item):
            try fold(item.body)
            for handler in item.handlers {
                try fold(handler.type)
                try fold(handler.body)
            }
            try fold(item.orelse)
            try fold(item.finalbody)
        case .assert(let test, let message):
            try fold(test)
            try fold(message)
        case .expr(let value): try fold(value)
        case .import, .importFrom, .global, .nonlocal, .pass, .break, .continue: break
        }
    }

    private mutating func fold(_ parameter: TypeParameter) throws(Failure) {
        if case .typeVar(let bound) = parameter.kind { try fold(bound) }
    }

    private mutating func fold(_ arguments: Arguments) throws(Failure) {
        if !futureAnnotations {
            for list in [arguments.posonlyargs, arguments.args, arguments.kwonlyargs] {
                for parameter in list { try fold(parameter.annotation) }
            }
            try fold(arguments.vararg?.annotation)
            try fold(arguments.kwarg?.annotation)
        }
        for value in arguments.kwDefaults { try fold(value) }
        try fold(arguments.defaults)
    }

    private mutating func fold(_ pattern: Pattern) throws(Failure) {
        try deeper()
        defer { depth -= 1 }
        switch pattern.kind {
        case .value(let value): try fold(value)
        case .singleton, .star: break
        case .sequence(let patterns), .or(let patterns): for inner in patterns { try fold(inner) }
        case .mapping(let keys, let patterns, _):
            try fold(keys)
            for inner in patterns { try fold(inner) }
        case .class(let cls, let patterns, _, let keywordPatterns):
            try fold(cls)
            for inner in patterns { try fold(inner) }
            for inner in keywordPatterns { try fold(inner) }
        case .as(let inner, _): if let inner { try fold(inner) }
        }
    }

    // MARK: Expressions

    private mutating func fold(_ expressions: [Expression]) throws(Failure) {
        for expression in expressions { try fold(expression) }
    }

    private mutating func fold(_ expression: Expression?) throws(Failure) {
        if let expression { try fold(expression) }
    }

    private mutating func fold(_ expression: Expression) throws(Failure) {
        try deeper()
        defer { depth -= 1 }
        switch expression.kind {
        case .name(let id, let context):
            if context == .load && id == "__debug__" {
                expression.kind = .constant(optimize == 0 ? .true : .false, isUnicodePrefixed: false)
            }
        case .constant: break
        case .attribute(let value, _, _), .starred(let value, _), .await(let value), .yieldFrom(let value),
            .namedExpr(_, let value):
            try fold(value)
        case .call(let function, let args, let keywords):
            try fold(function)
            try fold(args)
            for keyword in keywords { try fold(keyword.value) }
        case .subscript(let value, let slice, let context):
            try fold(value)
            try fold(slice)
            if context == .load, let value = value.constant, let index = slice.constant {
                replace(expression, value.item(at: index))
            }
        case .binOp(let left, let op, let right):
            try fold(left)
            try fold(right)
            foldBinary(expression, left, op, right)
        case .unaryOp(let op, let operand):
            try fold(operand)
            foldUnary(expression, op, operand)
        case .compare(let left, let ops, let comparators):
            try fold(left)
            try fold(comparators)
            if let last = comparators.last, ops.last == .in || ops.last == .notIn { foldIterable(last) }
        case .tuple(let elts, let context):
            try fold(elts)
            if context == .load { replace(expression, Self.tuple(elts)) }
        case .boolOp(_, let values), .joinedStr(let values), .list(let values, _), .set(let values): try fold(values)
        case .dict(let keys, let values):
            for key in keys { try fold(key) }
            try fold(values)
        case .ifExp(let test, let body, let orelse):
            try fold(test)
            try fold(body)
            try fold(orelse)
        case .lambda(let arguments, let body):
            try fold(arguments)
            try fold(body)
        case .listComp(let elt, let generators), .setComp(let elt, let generators), .generatorExp(let elt, let generators):
            try fold(elt)
            try fold(generators)
        case .dictComp(let key, let value, let generators):
            try fold(key)
            try fold(value)
            try fold(generators)
        case .yield(let value): try fold(value)
        case .formattedValue(let value, _, let spec):
            try fold(value)
            try fold(spec)
        case .slice(let lower, let upper, let step):
            try fold(lower)
            try fold(upper)
            try fold(step)
        }
    }

    private mutating func fold(_ generators: [Comprehension]) throws(Failure) {
        for generator in generators {
            try fold(generator.target)
            try fold(generator.iterable)
            try fold(generator.ifs)
            foldIterable(generator.iterable)
        }
    }

    // MARK: Folding

    private func replace(_ expression: Expression, _ value: ConstantValue?) {
        if let value { expression.kind = .constant(value, isUnicodePrefixed: false) }
    }

    private static func tuple(_ elts: [Expression]) -> ConstantValue? {
        var items: [ConstantValue] = []
        items.reserveCapacity(elts.count)
        for element in elts {
            guard let value = element.constant else { return nil }
            items.append(value)
        }
        return .tuple(items)
    }

    /// A list that is only iterated or searched can be a tuple, a set a frozen one.
    private func foldIterable(_ expression: Expression) {
        switch expression.kind {
        case .list(let elts, let context):
            for element in elts {
                if case .starred = element.kind { return }
            }
            expression.kind = .tuple(elts: elts, ctx: context)
            if context == .load { replace(expression, Self.tuple(elts)) }
        case .set(let elts):
            guard case .tuple(let items)? = Self.tuple(elts) else { return }
            var seen: Set<EqualityKey> = []
            replace(expression, .frozenset(items.filter { seen.insert(EqualityKey($0)).inserted }))
        default: return
        }
    }

    private func foldUnary(_ expression: Expression, _ op: UnaryOperator, _ operand: Expression) {
        if let value = operand.constant {
            if op == .invert, value.isBool, !foldsBoolInversion() { return }
            return replace(expression, ConstantArithmetic.unary(op, value))
        }
        // `not (a in b)` is `a not in b`; the ordering operators need not be opposites of each other.
        guard op == .not, case .compare(let left, let ops, let comparators) = operand.kind, ops.count == 1 else { return }
        let opposite: ComparisonOperator
        switch ops[0] {
        case .is: opposite = .isNot
        case .isNot: opposite = .is
        case .in: opposite = .notIn
        case .notIn: opposite = .in
        default: return
        }
        expression.kind = .compare(left: left, ops: [opposite], comparators: comparators)
        expression.position = operand.position
    }

    private func foldBinary(_ expression: Expression, _ left: Expression, _ op: BinaryOperator, _ right: Expression) {
        guard let a = left.constant else { return }
        if op == .mod, case .str(let format) = a, case .tuple(let elts, _) = right.kind {
            if elts.contains(where: { if case .starred = $0.kind { true } else { false } }) { return }
            if let parts = FormatFolding.parts(of: format, elts) {
                expression.kind = .joinedStr(values: parts)
            }
            return
        }
        guard let b = right.constant else { return }
        replace(expression, ConstantArithmetic.binary(op, a, b))
    }
}

extension Expression {
    /// The value of a constant.
    var constant: ConstantValue? {
        if case .constant(let value, _) = kind { return value }
        return nil
    }
}
