// Walks a tree once and records, scope by scope, which names are bound, used and declared, and what kind of
// function each scope is. Reports the errors that need no more than this.
import TaipanSyntax

struct ScopeBuilder {
    private var stack: [Scope] = []
    private var current: Scope
    private let top: Scope
    private var scopes: [ScopeKey: Scope] = [:]
    /// The class whose private names are mangled here.
    private var privateName: String?
    private let futureAnnotations: Bool
    private let depthLimit: Int
    private let recordsSites: Bool
    private var depth = 0

    private init(futureAnnotations: Bool, depthLimit: Int, recordsSites: Bool) {
        top = Scope(kind: .module, name: "top", span: SourceSpan(line: 0, column: 0, endLine: 0, endColumn: 0), isNested: false)
        current = top
        stack = [top]
        self.futureAnnotations = futureAnnotations
        self.depthLimit = depthLimit
        self.recordsSites = recordsSites
    }

    /// The scopes of `module`, analyzed; with `recordsSites` they know where each name is met.
    static func build(_ module: Module, futureAnnotations: Bool, depthLimit: Int, recordsSites: Bool = false) throws(Failure) -> ScopeTable {
        var builder = ScopeBuilder(futureAnnotations: futureAnnotations, depthLimit: depthLimit, recordsSites: recordsSites)
        switch module.kind {
        case .module(let body, _), .interactive(let body): try builder.visit(body)
        case .expression(let body): try builder.visit(body)
        case .functionType: throw .syntax("this compiler does not handle FunctionTypes", builder.top.span)
        }
        try ScopeAnalysis.run(builder.top)
        return ScopeTable(top: builder.top, scopes: builder.scopes)
    }

    // MARK: Scopes and names

    private mutating func enter(_ kind: ScopeKind, _ name: String, _ key: ScopeKey, _ span: SourceSpan) {
        let scope = Scope(kind: kind, name: name, span: span, isNested: current.isNested || current.kind.isFunctionLike)
        scope.iterableDepth = current.iterableDepth
        scopes[key] = scope
        if kind != .annotation { current.children.append(scope) }
        stack.append(scope)
        current = scope
    }

    private mutating func leave() {
        stack.removeLast()
        current = stack[stack.count - 1]
    }

    private func define(_ name: String, _ flag: SymbolFlags, _ span: SourceSpan, as act: NameSite.Act? = nil) throws(Failure) {
        try define(name, flag, in: current, span, as: act)
    }

    private func define(_ name: String, _ flag: SymbolFlags, in scope: Scope, _ span: SourceSpan, as act: NameSite.Act? = nil) throws(Failure) {
        let name = mangled(name, in: privateName)
        if recordsSites { scope.sites.append(NameSite(name: name, act: act ?? Self.act(flag, in: scope), line: Int(span.line))) }
        var flags = flag
        let index = scope.symbols.index(of: name)
        if let index {
            let known = scope.symbols[index].flags
            if flag.contains(.parameter) && known.contains(.parameter) {
                throw .syntax("duplicate argument '\(name)' in function definition", span)
            }
            if flag.contains(.typeParameter) && known.contains(.typeParameter) {
                throw .syntax("duplicate type parameter '\(name)'", span)
            }
            flags.formUnion(known)
        }
        if scope.isInTarget {
            // A name bound as iteration variable and declared by an assignment expression at once.
            if !flags.isDisjoint(with: [.global, .nonlocal]) {
                throw .syntax("comprehension inner loop cannot rebind assignment expression target '\(name)'", span)
            }
            flags.insert(.comprehensionTarget)
        }
        if let index {
            scope.symbols[index].flags = flags
        } else {
            scope.symbols.set(name, Symbol(flags: flags))
        }
        if flag.contains(.parameter) {
            scope.parameters.append(name)
        } else if flag.contains(.global) {
            top.symbols.set(name, Symbol(flags: flag.union(top.symbols[name]?.flags ?? [])))
        }
    }

    /// What a flag says about the place that sets it.
    private static func act(_ flag: SymbolFlags, in scope: Scope) -> NameSite.Act {
        if flag.contains(.parameter) { return .parameter }
        if flag.contains(.typeParameter) { return .typeParameter }
        if flag.contains(.imported) { return .imported }
        if flag.contains(.annotated) { return .annotated }
        if flag.contains(.local) { return scope.isInTarget ? .iterated : .assigned }
        if flag.contains(.global) { return .declaredGlobal }
        return flag.contains(.nonlocal) ? .declaredNonlocal : .used
    }

    private func flags(of name: String, in scope: Scope) -> SymbolFlags {
        scope.symbols[mangled(name, in: privateName)]?.flags ?? []
    }

    private mutating func declare(_ name: String, _ span: SourceSpan) {
        current.directives.append((mangled(name, in: privateName), span))
    }

    private mutating func deeper() throws(Failure) {
        depth += 1
        if depth > depthLimit { throw .recursion }
    }

    // MARK: Statements

    private mutating func visit(_ statements: [Statement]) throws(Failure) {
        for statement in statements { try visit(statement) }
    }

    private mutating func visit(_ statement: Statement) throws(Failure) {
        try deeper()
        defer { depth -= 1 }
        let span = statement.position
        switch statement.kind {
        case .functionDef(let function): try visit(function, statement)
        case .classDef(let definition): try visit(definition, statement)
        case .typeAlias(let name, let parameters, let value): try visitAlias(statement, name, parameters, value)
        case .return(let value): try visit(value)
        case .delete(let targets): try visit(targets)
        case .assign(let targets, let value, _):
            try visit(targets)
            try visit(value)
        case .augAssign(let target, _, let value):
            try visit(target)
            try visit(value)
        case .annAssign(let target, let annotation, let value, let simple):
            try visitAnnotated(span, target, annotation, value, simple)
        case .for(let loop):
            try visit(loop.target)
            try visit(loop.iterable)
            try visit(loop.body)
            try visit(loop.orelse)
        case .while(let test, let body, let orelse), .if(let test, let body, let orelse):
            try visit(test)
            try visit(body)
            try visit(orelse)
        case .match(let subject, let cases):
            try visit(subject)
            for item in cases {
                try visit(item.pattern)
                try visit(item.guardExpr)
                try visit(item.body)
            }
        case .with(let with):
            for item in with.items {
                try visit(item.contextExpr)
                try visit(item.optionalVars)
            }
            try visit(with.body)
        case .raise(let exc, let cause):
            try visit(exc)
            try visit(cause)
        case .try(let statement):
            try visit(statement.body)
            try visit(statement.orelse)
            for handler in statement.handlers {
                try visit(handler.type)
                if let name = handler.name { try define(name, .local, handler.position, as: .caught) }
                try visit(handler.body)
            }
            try visit(statement.finalbody)
        case .assert(let test, let message):
            try visit(test)
            try visit(message)
        case .import(let names): try visitAliases(names)
        case .importFrom(_, let names, _): try visitAliases(names)
        case .global(let names): try visitDeclaration(names, .global, "global", span)
        case .nonlocal(let names): try visitDeclaration(names, .nonlocal, "nonlocal", span)
        case .expr(let value): try visit(value)
        case .pass, .break, .continue: break
        }
    }

    private mutating func visit(_ function: FunctionDefinition, _ statement: Statement) throws(Failure) {
        let arguments = function.arguments
        try define(function.name, .local, statement.position, as: .defined)
        try visit(arguments.defaults)
        for value in arguments.kwDefaults { try visit(value) }
        try visit(function.decorators)
        if !function.typeParams.isEmpty {
            try enterTypeParameters(
                function.name, ScopeKey(function, .typeParameters), statement.position, isClass: false,
                defaults: true, keywordDefaults: arguments.kwDefaults.contains { $0 != nil })
            try visit(function.typeParams)
        }
        try visitAnnotations(function)
        enter(.function, function.name, ScopeKey(statement), statement.position)
        if function.isAsync { current.isCoroutine = true }
        try visit(arguments)
        try visit(function.body)
        leave()
        if !function.typeParams.isEmpty { leave() }
    }

    private mutating func visitAnnotations(_ function: FunctionDefinition) throws(Failure) {
        let arguments = function.arguments
        if futureAnnotations { enter(.annotation, "_annotation", ScopeKey(arguments), current.span) }
        for list in [arguments.posonlyargs, arguments.args] {
            for parameter in list { try visit(parameter.annotation) }
        }
        try visit(arguments.vararg?.annotation)
        try visit(arguments.kwarg?.annotation)
        for parameter in arguments.kwonlyargs { try visit(parameter.annotation) }
        if futureAnnotations { leave() }
        if let returns = function.returns { try visitAnnotation(returns) }
    }

    private mutating func visitAnnotation(_ annotation: Expression) throws(Failure) {
        if futureAnnotations { enter(.annotation, "_annotation", ScopeKey(annotation, .bound), annotation.position) }
        try visit(annotation)
        if futureAnnotations { leave() }
    }

    private mutating func visit(_ arguments: Arguments) throws(Failure) {
        for list in [arguments.posonlyargs, arguments.args, arguments.kwonlyargs] {
            for parameter in list { try define(parameter.name, .parameter, parameter.position) }
        }
        if let parameter = arguments.vararg {
            try define(parameter.name, .parameter, parameter.position)
            current.hasVarArguments = true
        }
        if let parameter = arguments.kwarg {
            try define(parameter.name, .parameter, parameter.position)
            current.hasVarKeywords = true
        }
    }

    private mutating func visit(_ definition: ClassDefinition, _ statement: Statement) throws(Failure) {
        try define(definition.name, .local, statement.position, as: .defined)
        try visit(definition.decorators)
        let outerPrivate = privateName
        if !definition.typeParams.isEmpty {
            try enterTypeParameters(
                definition.name, ScopeKey(definition, .typeParameters), statement.position, isClass: true,
                defaults: false, keywordDefaults: false)
            privateName = definition.name
            try visit(definition.typeParams)
        }
        try visit(definition.bases)
        for keyword in definition.keywords { try visit(keyword.value) }
        enter(.classBody, definition.name, ScopeKey(statement), statement.position)
        privateName = definition.name
        if !definition.typeParams.isEmpty {
            try define("__type_params__", .local, statement.position)
            try define(".type_params", .used, statement.position)
        }
        try visit(definition.body)
        leave()
        if !definition.typeParams.isEmpty { leave() }
        privateName = outerPrivate
    }

    private mutating func enterTypeParameters(
        _ name: String, _ key: ScopeKey, _ span: SourceSpan, isClass: Bool, defaults: Bool, keywordDefaults: Bool
    ) throws(Failure) {
        let inClass = current.kind == .classBody
        enter(.typeParameters, name, key, span)
        if inClass {
            current.seesClassScope = true
            try define("__classdict__", .used, span)
        }
        if isClass {
            try define(".type_params", [.local, .used], span)
            try define(".generic_base", [.local, .used], span)
        }
        if defaults { try define(".defaults", .parameter, span) }
        if keywordDefaults { try define(".kwdefaults", .parameter, span) }
    }

    private mutating func visit(_ parameters: [TypeParameter]) throws(Failure) {
        for parameter in parameters {
            try define(parameter.name, [.typeParameter, .local], parameter.position)
            guard case .typeVar(let bound) = parameter.kind, let bound else { continue }
            let inClass = current.seesClassScope
            enter(.typeVarBound, parameter.name, ScopeKey(bound, .bound), parameter.position)
            current.seesClassScope = inClass
            if inClass { try define("__classdict__", .used, bound.position) }
            try visit(bound)
            leave()
        }
    }

    private mutating func visitAlias(
        _ statement: Statement, _ name: Expression, _ parameters: [TypeParameter], _ value: Expression
    ) throws(Failure) {
        try visit(name)
        guard case .name(let id, _) = name.kind else { return }
        let inClass = current.kind == .classBody
        if !parameters.isEmpty {
            try enterTypeParameters(
                id, ScopeKey(statement, .typeParameters), statement.position, isClass: false, defaults: false,
                keywordDefaults: false)
            try visit(parameters)
        }
        enter(.typeAlias, id, ScopeKey(statement), statement.position)
        current.seesClassScope = inClass
        if inClass { try define("__classdict__", .used, value.position) }
        try visit(value)
        leave()
        if !parameters.isEmpty { leave() }
    }

    private mutating func visitAnnotated(
        _ span: SourceSpan, _ target: Expression, _ annotation: Expression, _ value: Expression?, _ simple: Bool
    ) throws(Failure) {
        if case .name(let id, _) = target.kind {
            let known = flags(of: id, in: current)
            if !known.isDisjoint(with: [.global, .nonlocal]) && current !== top && simple {
                throw .syntax("annotated name '\(id)' can't be \(known.contains(.global) ? "global" : "nonlocal")", span)
            }
            if simple {
                try define(id, [.annotated, .local], target.position)
            } else if value != nil {
                try define(id, .local, target.position)
            }
        } else {
            try visit(target)
        }
        try visitAnnotation(annotation)
        try visit(value)
    }

    private mutating func visitAliases(_ aliases: [Alias]) throws(Failure) {
        for alias in aliases {
            let name = alias.asname ?? alias.name
            if name == "*" {
                if current.kind != .module { throw .syntax("import * only allowed at module level", alias.position) }
                continue
            }
            try define(firstComponent(of: name), .imported, alias.position)
        }
    }

    private mutating func visitDeclaration(
        _ names: [String], _ flag: SymbolFlags, _ word: String, _ span: SourceSpan
    ) throws(Failure) {
        for name in names {
            let known = flags(of: name, in: current)
            if known.contains(.parameter) { throw .syntax("name '\(name)' is parameter and \(word)", span) }
            if known.contains(.used) { throw .syntax("name '\(name)' is used prior to \(word) declaration", span) }
            if known.contains(.annotated) { throw .syntax("annotated name '\(name)' can't be \(word)", span) }
            if known.contains(.local) { throw .syntax("name '\(name)' is assigned to before \(word) declaration", span) }
            try define(name, flag, span)
            declare(name, span)
        }
    }

    // MARK: Expressions

    private mutating func visit(_ expressions: [Expression]) throws(Failure) {
        for expression in expressions { try visit(expression) }
    }

    private mutating func visit(_ expression: Expression?) throws(Failure) {
        if let expression { try visit(expression) }
    }

    private mutating func visit(_ expression: Expression) throws(Failure) {
        try deeper()
        defer { depth -= 1 }
        switch expression.kind {
        case .name(let id, let context):
            try define(id, context == .load ? .used : .local, expression.position, as: context == .del ? .deleted : nil)
            // A mention of super counts as a use of __class__.
            if context == .load && id == "super" && current.kind.isFunctionLike {
                try define("__class__", .used, expression.position)
            }
        case .constant: break
        case .attribute(let value, _, _), .starred(let value, _): try visit(value)
        case .call(let function, let args, let keywords):
            try visit(function)
            try visit(args)
            for keyword in keywords { try visit(keyword.value) }
        case .subscript(let value, let slice, _):
            try visit(value)
            try visit(slice)
        case .binOp(let left, _, let right):
            try visit(left)
            try visit(right)
        case .boolOp(_, let values), .joinedStr(let values): try visit(values)
        case .unaryOp(_, let operand): try visit(operand)
        case .compare(let left, _, let comparators):
            try visit(left)
            try visit(comparators)
        case .list(let elts, _), .tuple(let elts, _), .set(let elts): try visit(elts)
        case .dict(let keys, let values):
            for key in keys { try visit(key) }
            try visit(values)
        case .ifExp(let test, let body, let orelse):
            try visit(test)
            try visit(body)
            try visit(orelse)
        case .slice(let lower, let upper, let step):
            try visit(lower)
            try visit(upper)
            try visit(step)
        case .formattedValue(let value, _, let spec):
            try visit(value)
            try visit(spec)
        default: try visitScoped(expression)
        }
    }

    /// Expressions that open a scope or depend on the kind of scope they stand in.
    private mutating func visitScoped(_ expression: Expression) throws(Failure) {
        let span = expression.position
        switch expression.kind {
        case .namedExpr(let target, let value):
            try refuse("named expression", span)
            if current.iterableDepth > 0 {
                throw .syntax("assignment expression cannot be used in a comprehension iterable expression", span)
            }
            if current.comprehension != .none { try bindOutside(target) }
            try visit(value)
            try visit(target)
        case .lambda(let arguments, let body):
            try visit(arguments.defaults)
            for value in arguments.kwDefaults { try visit(value) }
            try refuseInClassAnnotation("lambda")
            enter(.function, "lambda", ScopeKey(expression), span)
            try visit(arguments)
            try visit(body)
            leave()
        case .listComp(let elt, let generators): try visit(expression, "listcomp", .list, generators, elt, nil)
        case .setComp(let elt, let generators): try visit(expression, "setcomp", .set, generators, elt, nil)
        case .generatorExp(let elt, let generators): try visit(expression, "genexpr", .generator, generators, elt, nil)
        case .dictComp(let key, let value, let generators):
            try visit(expression, "dictcomp", .dict, generators, key, value)
        case .yield(let value):
            try refuse("yield expression", span)
            try visit(value)
            try markGenerator(span)
        case .yieldFrom(let value):
            try refuse("yield expression", span)
            try visit(value)
            try markGenerator(span)
        case .await(let value):
            try refuse("await expression", span)
            try visit(value)
            current.isCoroutine = true
        default: break
        }
    }

    private mutating func markGenerator(_ span: SourceSpan) throws(Failure) {
        current.isGenerator = true
        let place: String
        switch current.comprehension {
        case .none: return
        case .list: place = "list comprehension"
        case .set: place = "set comprehension"
        case .dict: place = "dict comprehension"
        case .generator: place = "generator expression"
        }
        throw .syntax("'yield' inside \(place)", span)
    }

    private func refuse(_ what: String, _ span: SourceSpan) throws(Failure) {
        switch current.kind {
        case .annotation: throw .syntax("\(what) cannot be used within an annotation", span)
        case .typeVarBound: throw .syntax("\(what) cannot be used within a TypeVar bound", span)
        case .typeAlias: throw .syntax("\(what) cannot be used within a type alias", span)
        case .typeParameters: throw .syntax("\(what) cannot be used within the definition of a generic", span)
        default: return
        }
    }

    /// An assignment expression in a comprehension binds in the function or module around it.
    private mutating func bindOutside(_ target: Expression) throws(Failure) {
        guard case .name(let id, _) = target.kind else { return }
        let span = target.position
        for scope in stack.reversed() {
            if scope.comprehension != .none {
                let known = flags(of: id, in: scope)
                if known.contains(.comprehensionTarget) && !known.isDisjoint(with: [.local, .global]) {
                    throw .syntax("assignment expression cannot rebind comprehension iteration variable '\(id)'", span)
                }
                continue
            }
            switch scope.kind {
            case .function:
                try define(id, flags(of: id, in: scope).contains(.global) ? .global : .nonlocal, span, as: .assigned)
                declare(id, span)
                return try define(id, .local, in: scope, span)
            case .module:
                try define(id, .global, span, as: .assigned)
                declare(id, span)
                return try define(id, .global, in: scope, span, as: .assigned)
            case .classBody: throw namedOutside("in a class body", span)
            case .typeParameters: throw namedOutside("within the definition of a generic", span)
            case .typeAlias: throw namedOutside("in a type alias", span)
            case .typeVarBound: throw namedOutside("in a TypeVar bound", span)
            case .annotation: continue
            }
        }
    }

    private func namedOutside(_ place: String, _ span: SourceSpan) -> Failure {
        .syntax("assignment expression within a comprehension cannot be used \(place)", span)
    }

    /// A scope of its own could not see the class's names, which the annotation scope around it sees.
    private func refuseInClassAnnotation(_ what: String) throws(Failure) {
        if current.seesClassScope { throw .syntaxAnywhere("Cannot use \(what) in annotation scope within class scope") }
    }

    private mutating func visit(
        _ expression: Expression, _ name: String, _ kind: ComprehensionKind, _ generators: [Comprehension],
        _ elt: Expression, _ value: Expression?
    ) throws(Failure) {
        guard let first = generators.first else { return }
        // The first iterable is evaluated outside and handed in.
        current.iterableDepth += 1
        try visit(first.iterable)
        current.iterableDepth -= 1
        try refuseInClassAnnotation("comprehension")
        enter(.function, name, ScopeKey(expression), expression.position)
        current.comprehension = kind
        if first.isAsync { current.isCoroutine = true }
        try define(".0", .parameter, expression.position)
        for (i, generator) in generators.enumerated() {
            current.isInTarget = true
            try visit(generator.target)
            current.isInTarget = false
            if i > 0 {
                current.iterableDepth += 1
                try visit(generator.iterable)
                current.iterableDepth -= 1
            }
            try visit(generator.ifs)
            if i > 0 && generator.isAsync { current.isCoroutine = true }
        }
        try visit(value)
        try visit(elt)
        current.isGenerator = kind == .generator
        let isAsync = current.isCoroutine && kind != .generator
        leave()
        if isAsync { current.isCoroutine = true }
    }

    // MARK: Patterns

    private mutating func visit(_ patterns: [Pattern]) throws(Failure) {
        for pattern in patterns { try visit(pattern) }
    }

    private mutating func visit(_ pattern: Pattern) throws(Failure) {
        try deeper()
        defer { depth -= 1 }
        switch pattern.kind {
        case .value(let value): try visit(value)
        case .singleton: break
        case .sequence(let patterns), .or(let patterns): try visit(patterns)
        case .mapping(let keys, let patterns, let rest):
            try visit(keys)
            try visit(patterns)
            if let rest { try define(rest, .local, pattern.position) }
        case .class(let cls, let patterns, _, let keywordPatterns):
            try visit(cls)
            try visit(patterns)
            try visit(keywordPatterns)
        case .star(let name):
            if let name { try define(name, .local, pattern.position) }
        case .as(let inner, let name):
            if let inner { try visit(inner) }
            if let name { try define(name, .local, pattern.position) }
        }
    }
}

/// `a` of `a.b.c`.
func firstComponent(of name: String) -> String {
    guard let dot = name.utf8.firstIndex(of: 0x2E) else { return name }
    return String(name[..<dot])
}
