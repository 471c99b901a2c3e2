// Code for statements, except definitions, `try` and `with`, and `match`.
import TaipanBytecode
import TaipanSyntax

/// The docstring of a body: a string constant as its first statement.
func docstring(of body: [Statement]) -> (bytes: [UInt8], expression: Expression)? {
    guard case .expr(let value)? = body.first?.kind, case .constant(.str(let bytes), _) = value.kind else { return nil }
    return (bytes, value)
}

extension Generator {
    func visit(_ statements: [Statement]) throws(Failure) {
        for statement in statements { try visit(statement) }
    }

    /// The body of a module or class.
    func visitBody(_ body: [Statement], _ location: SourceRange) throws(Failure) {
        var location = location
        if unit.kind == .module, let first = body.first { location = SourceRange(first.position) }
        if Self.hasAnnotations(body) { emit(.setupAnnotations, location) }
        guard !body.isEmpty else { return }
        var rest = body[...]
        if options.optimize < 2, let doc = docstring(of: body) {
            try visit(doc.expression)
            variable("__doc__", .store, .none)
            rest = rest.dropFirst()
        }
        for statement in rest { try visit(statement) }
    }

    static func hasAnnotations(_ body: [Statement]) -> Bool {
        body.contains { statement in
            switch statement.kind {
            case .annAssign: true
            case .for(let loop): hasAnnotations(loop.body) || hasAnnotations(loop.orelse)
            case .while(_, let body, let orelse), .if(_, let body, let orelse): hasAnnotations(body) || hasAnnotations(orelse)
            case .with(let with): hasAnnotations(with.body)
            case .match(_, let cases): cases.contains { hasAnnotations($0.body) }
            case .try(let item):
                hasAnnotations(item.body) || hasAnnotations(item.finalbody) || hasAnnotations(item.orelse)
                    || item.handlers.contains { hasAnnotations($0.body) }
            default: false
            }
        }
    }

    func visit(_ statement: Statement) throws(Failure) {
        try deeper()
        defer { depth -= 1 }
        let location = SourceRange(statement.position)
        switch statement.kind {
        case .expr(let value): try visitExpressionStatement(value, location)
        case .assign(let targets, let value, _):
            try visit(value)
            for (i, target) in targets.enumerated() {
                if i + 1 < targets.count { emit(.copy, 1, location) }
                try visit(target)
            }
        case .if(let test, let body, let orelse): try visitIf(location, test, body, orelse)
        case .return(let value): try visitReturn(statement.position, value)
        case .functionDef(let function): try visitFunction(function, statement)
        case .classDef(let definition): try visitClass(definition, statement)
        case .for(let loop):
            if loop.isAsync { try visitAsyncFor(loop, statement.position) } else { try visitFor(loop, location) }
        case .while(let test, let body, let orelse): try visitWhile(location, test, body, orelse)
        case .try(let item): try visitTry(item, location)
        case .with(let with):
            if with.isAsync && allowsTopLevelAwait {
                unit.scope.isCoroutine = true
            } else if with.isAsync && unit.kind != .asyncFunction {
                throw .syntax("'async with' outside async function", statement.position)
            }
            try visitWith(with, 0, location)
        case .import(let names): try visitImport(names, statement.position)
        case .importFrom(let module, let names, let level):
            try visitImportFrom(module, names, level, statement.position)
        case .augAssign(let target, let op, let value): try visitAugmented(target, op, value, location)
        case .annAssign(let target, let annotation, let value, let simple):
            try visitAnnotated(target, annotation, value, simple, location)
        case .raise(let exc, let cause):
            if let exc { try visit(exc) }
            if let cause { try visit(cause) }
            emit(.raiseVarargs, exc == nil ? 0 : cause == nil ? 1 : 2, location)
        case .assert(let test, let message): try visitAssert(statement.position, test, message)
        case .delete(let targets): for target in targets { try visit(target) }
        case .pass: emit(.nop, location)
        case .break:
            var place = location
            emit(.nop, location)
            guard let loop = try unwind(&place, preservingTop: false, toLoop: true) else {
                throw .syntax("'break' outside loop", statement.position)
            }
            try leave(loop, &place, preservingTop: false)
            jump(.jump, loop.exit, place)
        case .continue:
            var place = location
            emit(.nop, location)
            guard let loop = try unwind(&place, preservingTop: false, toLoop: true) else {
                throw .syntax("'continue' not properly in loop", statement.position)
            }
            jump(.jump, loop.start, place)
        case .match(let subject, let cases): try visitMatch(subject, cases)
        case .typeAlias(let name, let parameters, let value): try visitTypeAlias(statement, name, parameters, value)
        case .global, .nonlocal: break
        }
    }

    private func visitExpressionStatement(_ value: Expression, _ location: SourceRange) throws(Failure) {
        if isInteractive && outer.isEmpty {
            try visit(value)
            emit(.callIntrinsic1, Intrinsic.print, location)
            return emit(.popTop, .none)
        }
        if case .constant = value.kind { return emit(.nop, location) }
        try visit(value)
        emit(.popTop, .none)
    }

    private func visitReturn(_ span: SourceSpan, _ value: Expression?) throws(Failure) {
        var location = SourceRange(span)
        var constant: Constant? = Constant.none
        if let value {
            constant = nil
            if case .constant(let literal, _) = value.kind { constant = Constant(literal) }
        }
        guard unit.scope.kind.isFunctionLike else { throw .syntax("'return' outside function", span) }
        if value != nil && unit.scope.isCoroutine && unit.scope.isGenerator {
            throw .syntax("'return' with value in async generator", span)
        }
        if let value {
            if constant == nil {
                try visit(value)
            } else {
                // The line of the value needs an instruction of its own.
                location = SourceRange(value.position)
                emit(.nop, location)
            }
        }
        if value == nil || value?.position.line != span.line {
            location = SourceRange(span)
            emit(.nop, location)
        }
        _ = try unwind(&location, preservingTop: constant == nil, toLoop: false)
        if let constant { load(constant, location) }
        emit(.returnValue, location)
    }

    private func visitIf(
        _ location: SourceRange, _ test: Expression, _ body: [Statement], _ orelse: [Statement]
    ) throws(Failure) {
        let end = label()
        let next = orelse.isEmpty ? end : label()
        try branch(test, next, when: false, location)
        try visit(body)
        if !orelse.isEmpty {
            jump(.jump, end, .none)
            place(next)
            try visit(orelse)
        }
        place(end)
    }

    private func visitWhile(
        _ location: SourceRange, _ test: Expression, _ body: [Statement], _ orelse: [Statement]
    ) throws(Failure) {
        let loop = label(), top = label(), anchor = label(), end = label()
        place(loop)
        try push(OpenBlock(kind: .whileLoop, start: loop, exit: end), location)
        try branch(test, anchor, when: false, location)
        place(top)
        try visit(body)
        try branch(test, top, when: true, location)
        pop()
        place(anchor)
        try visit(orelse)
        place(end)
    }

    private func visitFor(_ loop: ForStatement, _ location: SourceRange) throws(Failure) {
        let start = label(), cleanup = label(), end = label()
        try push(OpenBlock(kind: .forLoop, start: start, exit: end), location)
        try visit(loop.iterable)
        emit(.getIter, location)
        place(start)
        jump(.forIter, cleanup, location)
        try visit(loop.target)
        try visit(loop.body)
        jump(.jump, start, .none)
        place(cleanup)
        emit(.endFor, .none)
        pop()
        try visit(loop.orelse)
        place(end)
    }

    private func visitAsyncFor(_ loop: ForStatement, _ span: SourceSpan) throws(Failure) {
        if allowsTopLevelAwait {
            unit.scope.isCoroutine = true
        } else if unit.kind != .asyncFunction {
            throw .syntax("'async for' outside async function", span)
        }
        let location = SourceRange(span)
        let start = label(), except = label(), end = label()
        try visit(loop.iterable)
        emit(.getAiter, location)
        place(start)
        try push(OpenBlock(kind: .forLoop, start: start, exit: end), location)
        jump(.setupFinally, except, location)
        emit(.getAnext, location)
        load(.none, location)
        yieldFrom(location, await: true)
        emit(.popBlock, location)
        try visit(loop.target)
        try visit(loop.body)
        jump(.jump, start, .none)
        pop()
        place(except)
        emit(.endAsyncFor, SourceRange(loop.iterable.position))
        try visit(loop.orelse)
        place(end)
    }

    private func visitAssert(_ span: SourceSpan, _ test: Expression, _ message: Expression?) throws(Failure) {
        let location = SourceRange(span)
        switch test.kind {
        case .tuple(let elts, _) where !elts.isEmpty:
            try warn("assertion is always true, perhaps remove parentheses?", span)
        case .constant(.tuple(let items), _) where !items.isEmpty:
            try warn("assertion is always true, perhaps remove parentheses?", span)
        default: break
        }
        if options.optimize > 0 { return }
        let end = label()
        try branch(test, end, when: true, location)
        emit(.loadAssertionError, location)
        if let message {
            try visit(message)
            emit(.call, 0, location)
        }
        emit(.raiseVarargs, 1, location)
        place(end)
    }

    // MARK: Assignments

    private func visitAugmented(
        _ target: Expression, _ op: BinaryOperator, _ value: Expression, _ location: SourceRange
    ) throws(Failure) {
        let place = SourceRange(target.position)
        switch target.kind {
        case .attribute(let object, let attr, _):
            try visit(object)
            emit(.copy, 1, place)
            let member = memberLocation(place, target, attr)
            emitName(.loadAttr, attr, member)
            try visit(value)
            emit(.binaryOp, op.number + 13, location)
            emit(.swap, 2, member)
            emitName(.storeAttr, attr, member)
        case .subscript(let object, let slice, _):
            try visit(object)
            if case .slice(let lower, let upper, nil) = slice.kind {
                try visitBounds(lower, upper, slice.position)
                for _ in 0..<3 { emit(.copy, 3, place) }
                emit(.binarySlice, place)
                try visit(value)
                emit(.binaryOp, op.number + 13, location)
                emit(.swap, 4, place)
                emit(.swap, 3, place)
                emit(.swap, 2, place)
                return emit(.storeSlice, place)
            }
            try visit(slice)
            emit(.copy, 2, place)
            emit(.copy, 2, place)
            emit(.binarySubscr, place)
            try visit(value)
            emit(.binaryOp, op.number + 13, location)
            emit(.swap, 3, place)
            emit(.swap, 2, place)
            emit(.storeSubscr, place)
        case .name(let id, _):
            variable(id, .load, place)
            try visit(value)
            emit(.binaryOp, op.number + 13, location)
            try checkBinding(id, .store, target.position)
            variable(id, .store, place)
        default: throw .overflow("invalid node type for augmented assignment")
        }
    }

    private func visitAnnotated(
        _ target: Expression, _ annotation: Expression, _ value: Expression?, _ simple: Bool, _ location: SourceRange
    ) throws(Failure) {
        let inNamespace = unit.kind == .module || unit.kind == .classBody
        if let value {
            try visit(value)
            try visit(target)
        }
        switch target.kind {
        case .name(let id, _):
            try checkBinding(id, .store, target.position)
            if simple && inNamespace {
                try visitAnnotation(annotation)
                emit(.loadName, unit.names.add("__annotations__"), location)
                load(.name(unit.mangle(id)), location)
                emit(.storeSubscr, location)
            }
        case .attribute(let object, let attr, _):
            try checkBinding(attr, .store, target.position)
            if value == nil { try evaluateOnly(object) }
        case .subscript(let object, let slice, _):
            if value == nil {
                try evaluateOnly(object)
                try evaluateOnly(slice: slice)
            }
        default: throw .overflow("invalid node type for annotated assignment")
        }
        if !simple && inNamespace && !futureAnnotations { try evaluateOnly(annotation) }
    }

    private func evaluateOnly(_ expression: Expression) throws(Failure) {
        try visit(expression)
        emit(.popTop, SourceRange(expression.position))
    }

    private func evaluateOnly(slice: Expression) throws(Failure) {
        switch slice.kind {
        case .slice(let lower, let upper, let step):
            for part in [lower, upper, step] {
                if let part { try evaluateOnly(part) }
            }
        case .tuple(let elts, _): for element in elts { try evaluateOnly(slice: element) }
        default: try evaluateOnly(slice)
        }
    }

    /// An annotation as a value: its text under `from __future__ import annotations`.
    func visitAnnotation(_ annotation: Expression) throws(Failure) {
        if futureAnnotations {
            guard let text = Unparse.bytes(annotation) else { throw .memory }
            load(Constant(.str(text)), SourceRange(annotation.position))
        } else {
            try visit(annotation)
        }
    }

    // MARK: Imports

    private func visitImport(_ names: [Alias], _ span: SourceSpan) throws(Failure) {
        let location = SourceRange(span)
        for alias in names {
            try checkBinding(alias.asname ?? firstComponent(of: alias.name), .store, span)
            load(.small(0), location)
            load(.none, location)
            emitName(.importName, alias.name, location)
            guard let asname = alias.asname else {
                variable(firstComponent(of: alias.name), .store, location)
                continue
            }
            // Of a.b.c, the last module is bound.
            let attributes = alias.name.split(separator: ".", omittingEmptySubsequences: false).dropFirst()
            if attributes.isEmpty {
                variable(asname, .store, location)
                continue
            }
            for (i, attribute) in attributes.enumerated() {
                if i > 0 {
                    emit(.swap, 2, location)
                    emit(.popTop, location)
                }
                emit(.importFrom, unit.names.add(String(attribute)), location)
            }
            variable(asname, .store, location)
            emit(.popTop, location)
        }
    }

    private func visitImportFrom(_ module: String?, _ names: [Alias], _ level: Int, _ span: SourceSpan) throws(Failure) {
        let location = SourceRange(span)
        load(.small(level), location)
        if module == "__future__" && (span.line, span.column) > lastFuture {
            throw .syntax("from __future__ imports must occur at the beginning of the file", span)
        }
        load(.tuple(names.map { .name($0.name) }), location)
        emitName(.importName, module ?? "", location)
        for (i, alias) in names.enumerated() {
            if i == 0 && alias.name == "*" {
                emit(.callIntrinsic1, Intrinsic.importStar, location)
                return emit(.popTop, .none)
            }
            emitName(.importFrom, alias.name, location)
            try checkBinding(alias.asname ?? alias.name, .store, span)
            variable(alias.asname ?? alias.name, .store, location)
        }
        emit(.popTop, location)
    }
}

extension BinaryOperator {
    /// The argument of `BINARY_OP`; thirteen more is the form in place.
    var number: Int {
        switch self {
        case .add: 0
        case .bitAnd: 1
        case .floorDiv: 2
        case .lShift: 3
        case .matMult: 4
        case .mult: 5
        case .mod: 6
        case .bitOr: 7
        case .pow: 8
        case .rShift: 9
        case .sub: 10
        case .div: 11
        case .bitXor: 12
        }
    }
}
