// Code for functions, lambdas, classes, type parameters and type aliases.
import TaipanBytecode
import TaipanSyntax

extension Generator {
    // MARK: Functions

    func visitFunction(_ function: FunctionDefinition, _ statement: Statement) throws(Failure) {
        let arguments = function.arguments
        let location = SourceRange(statement.position)
        try checkParameters(arguments)
        try visit(function.decorators)
        let firstLine = function.decorators.first?.position.line ?? statement.position.line
        let isGeneric = !function.typeParams.isEmpty
        if isGeneric { emit(.pushNull, location) }
        var flags = try visitDefaults(arguments, location)
        let passed = flags.nonzeroBitCount
        if isGeneric {
            if passed == 2 { emit(.swap, 2, location) }
            try enter(
                .typeParameters, "<generic parameters of \(function.name)>", ScopeKey(function, .typeParameters), line: firstLine)
            try visit(function.typeParams)
            if passed > 0 { emit(.loadFast, 0, location) }
            if passed == 2 { emit(.loadFast, 1, location) }
        }
        if try visitAnnotations(function, location) { flags |= 4 }
        try visitFunctionBody(function, statement, flags, firstLine)
        if isGeneric {
            emit(.swap, 2, location)
            emit(.callIntrinsic2, Intrinsic.setFunctionTypeParams, location)
            unit.argumentCount = passed
            let code = leave(returningNone: false)
            makeClosure(code, 0, location)
            if passed > 0 { emit(.swap, passed + 1, location) }
            emit(.call, passed, location)
        }
        for decorator in function.decorators.reversed() { emit(.call, 0, SourceRange(decorator.position)) }
        try checkBinding(function.name, .store, statement.position)
        variable(function.name, .store, location)
    }

    private func visitFunctionBody(
        _ function: FunctionDefinition, _ statement: Statement, _ flags: Int, _ firstLine: Int32
    ) throws(Failure) {
        try enter(function.isAsync ? .asyncFunction : .function, function.name, ScopeKey(statement), line: firstLine)
        let doc = options.optimize < 2 ? docstring(of: function.body) : nil
        _ = unit.constants.add(doc.map { Constant(.str($0.bytes)) } ?? .none)
        setCounts(function.arguments)
        for item in function.body.dropFirst(doc == nil ? 0 : 1) { try visit(item) }
        if unit.scope.isCoroutine || unit.scope.isGenerator { guardStopIteration() }
        let code = leave(returningNone: true)
        makeClosure(code, flags, SourceRange(statement.position))
    }

    private func setCounts(_ arguments: Arguments) {
        unit.argumentCount = arguments.args.count
        unit.positionalOnlyCount = arguments.posonlyargs.count
        unit.keywordOnlyCount = arguments.kwonlyargs.count
    }

    func visitLambda(_ expression: Expression, _ arguments: Arguments, _ body: Expression) throws(Failure) {
        try checkParameters(arguments)
        let location = SourceRange(expression.position)
        let flags = try visitDefaults(arguments, location)
        try enter(.lambda, "<lambda>", ScopeKey(expression), line: expression.position.line)
        // The first constant would be taken for a docstring.
        _ = unit.constants.add(.none)
        setCounts(arguments)
        try visit(body)
        let code: CodeObject
        if unit.scope.isGenerator {
            code = leave(returningNone: false)
        } else {
            emit(.returnValue, SourceRange(expression.position.line, expression.position.line, 0, 0))
            code = leave(returningNone: true)
        }
        makeClosure(code, flags, location)
    }

    private func checkParameters(_ arguments: Arguments) throws(Failure) {
        for list in [arguments.posonlyargs, arguments.args] {
            for parameter in list { try checkBinding(parameter.name, .store, parameter.position) }
        }
        if let parameter = arguments.vararg { try checkBinding(parameter.name, .store, parameter.position) }
        for parameter in arguments.kwonlyargs { try checkBinding(parameter.name, .store, parameter.position) }
        if let parameter = arguments.kwarg { try checkBinding(parameter.name, .store, parameter.position) }
    }

    /// Evaluates defaults; the flags say which tuple and dict lie on the stack.
    private func visitDefaults(_ arguments: Arguments, _ location: SourceRange) throws(Failure) -> Int {
        var flags = 0
        if !arguments.defaults.isEmpty {
            flags |= 1
            try visit(arguments.defaults)
            emit(.buildTuple, arguments.defaults.count, location)
        }
        var names: [Constant] = []
        for (parameter, value) in zip(arguments.kwonlyargs, arguments.kwDefaults) {
            guard let value else { continue }
            names.append(.name(unit.mangle(parameter.name)))
            try visit(value)
        }
        if !names.isEmpty {
            flags |= 2
            load(.tuple(names), location)
            emit(.buildConstKeyMap, names.count, location)
        }
        return flags
    }

    /// Evaluates annotations into a tuple of names and values, if there are any.
    private func visitAnnotations(_ function: FunctionDefinition, _ location: SourceRange) throws(Failure) -> Bool {
        let arguments = function.arguments
        var count = 0
        for list in [arguments.args, arguments.posonlyargs] {
            for parameter in list { try visitAnnotation(of: parameter.name, parameter.annotation, location, &count) }
        }
        if let parameter = arguments.vararg {
            try visitAnnotation(of: parameter.name, parameter.annotation, location, &count)
        }
        for parameter in arguments.kwonlyargs { try visitAnnotation(of: parameter.name, parameter.annotation, location, &count) }
        if let parameter = arguments.kwarg {
            try visitAnnotation(of: parameter.name, parameter.annotation, location, &count)
        }
        try visitAnnotation(of: "return", function.returns, location, &count)
        if count > 0 { emit(.buildTuple, count, location) }
        return count > 0
    }

    private func visitAnnotation(
        of name: String, _ annotation: Expression?, _ location: SourceRange, _ count: inout Int
    ) throws(Failure) {
        guard let annotation else { return }
        load(.name(unit.mangle(name)), location)
        count += 2
        if !futureAnnotations, case .starred(let value, _) = annotation.kind {
            // *args: *Ts
            try visit(value)
            return emit(.unpackSequence, 1, location)
        }
        try visitAnnotation(annotation)
    }

    // MARK: Classes

    func visitClass(_ definition: ClassDefinition, _ statement: Statement) throws(Failure) {
        try visit(definition.decorators)
        let firstLine = definition.decorators.first?.position.line ?? statement.position.line
        let location = SourceRange(statement.position)
        let isGeneric = !definition.typeParams.isEmpty
        if isGeneric {
            emit(.pushNull, location)
            try enter(
                .typeParameters, "<generic parameters of \(definition.name)>", ScopeKey(definition, .typeParameters),
                line: firstLine)
            unit.privateName = definition.name
            try visit(definition.typeParams)
            variable(".type_params", .store, location)
        }
        try visitClassBody(definition, statement, firstLine)
        try checkKeywords(definition.keywords)
        if isGeneric {
            variable(".type_params", .load, location)
            emit(.callIntrinsic1, Intrinsic.subscriptGeneric, location)
            variable(".generic_base", .store, location)
            let base = Expression(.name(id: ".generic_base", ctx: .load), statement.position)
            try finishCall(location, 2, definition.bases + [base], definition.keywords)
            let code = leave(returningNone: false)
            makeClosure(code, 0, location)
            emit(.call, 0, location)
        } else {
            try finishCall(location, 2, definition.bases, definition.keywords)
        }
        for decorator in definition.decorators.reversed() { emit(.call, 0, SourceRange(decorator.position)) }
        try checkBinding(definition.name, .store, statement.position)
        variable(definition.name, .store, location)
    }

    private func visitClassBody(
        _ definition: ClassDefinition, _ statement: Statement, _ firstLine: Int32
    ) throws(Failure) {
        try enter(.classBody, definition.name, ScopeKey(statement), line: firstLine)
        let start = SourceRange(firstLine, firstLine, 0, 0)
        unit.privateName = definition.name
        variable("__name__", .load, start)
        variable("__module__", .store, start)
        load(unit.qualname == unit.name ? .name(unit.name) : Constant(.str(Array(unit.qualname.utf8))), start)
        variable("__qualname__", .store, start)
        if !definition.typeParams.isEmpty {
            variable(".type_params", .load, start)
            variable("__type_params__", .store, start)
        }
        if unit.scope.needsClassDict, let place = unit.cellNames.place(of: "__classdict__") {
            emit(.loadLocals, start)
            emit(.storeDeref, place, start)
        }
        try visitBody(definition.body, start)
        if unit.scope.needsClassDict, let place = unit.cellNames.place(of: "__classdict__") {
            emit(.loadClosure, place, .none)
            variable("__classdictcell__", .store, .none)
        }
        if unit.scope.needsClassCell, let place = unit.cellNames.place(of: "__class__") {
            emit(.loadClosure, place, .none)
            emit(.copy, 1, .none)
            variable("__classcell__", .store, .none)
        } else {
            load(.none, .none)
        }
        emit(.returnValue, .none)
        let code = leave(returningNone: true)
        let location = SourceRange(statement.position)
        emit(.pushNull, location)
        emit(.loadBuildClass, location)
        makeClosure(code, 0, location)
        load(.name(definition.name), location)
    }

    // MARK: Type parameters

    private func visit(_ parameters: [TypeParameter]) throws(Failure) {
        for parameter in parameters {
            let location = SourceRange(parameter.position)
            load(.name(parameter.name), location)
            switch parameter.kind {
            case .typeVar(let bound?):
                try enter(.typeParameters, parameter.name, ScopeKey(bound, .bound), line: bound.position.line)
                try visit(bound)
                emit(.returnValue, location)
                let code = leave(returningNone: true)
                makeClosure(code, 0, location)
                if case .tuple = bound.kind {
                    emit(.callIntrinsic2, Intrinsic.typeVarWithConstraints, location)
                } else if case .constant(.tuple, _) = bound.kind {
                    emit(.callIntrinsic2, Intrinsic.typeVarWithBound, location)
                } else {
                    emit(.callIntrinsic2, Intrinsic.typeVarWithBound, location)
                }
            case .typeVar: emit(.callIntrinsic1, Intrinsic.typeVar, location)
            case .paramSpec: emit(.callIntrinsic1, Intrinsic.paramSpec, location)
            case .typeVarTuple: emit(.callIntrinsic1, Intrinsic.typeVarTuple, location)
            }
            emit(.copy, 1, location)
            try checkBinding(parameter.name, .store, parameter.position)
            variable(parameter.name, .store, location)
        }
        if let first = parameters.first { emit(.buildTuple, parameters.count, SourceRange(first.position)) }
    }

    func visitTypeAlias(
        _ statement: Statement, _ name: Expression, _ parameters: [TypeParameter], _ value: Expression
    ) throws(Failure) {
        guard case .name(let id, _) = name.kind else { return }
        let location = SourceRange(statement.position)
        if !parameters.isEmpty {
            emit(.pushNull, location)
            try enter(
                .typeParameters, "<generic parameters of \(id)>", ScopeKey(statement, .typeParameters),
                line: statement.position.line)
            load(.name(id), location)
            try visit(parameters)
        } else {
            load(.name(id), location)
            load(.none, location)
        }
        try enter(.function, id, ScopeKey(statement), line: statement.position.line)
        _ = unit.constants.add(.none)
        try visit(value)
        emit(.returnValue, location)
        let code = leave(returningNone: false)
        makeClosure(code, 0, location)
        emit(.buildTuple, 3, location)
        emit(.callIntrinsic1, Intrinsic.typeAlias, location)
        if !parameters.isEmpty {
            let code = leave(returningNone: false)
            makeClosure(code, 0, location)
            emit(.call, 0, location)
        }
        try checkBinding(id, .store, statement.position)
        variable(id, .store, location)
    }
}
