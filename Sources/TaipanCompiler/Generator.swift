// Code generation: walks the tree and writes instructions into the current code unit. This file has the state and
// the small tools; statements, expressions and the rest stand in `Generator+…` files.
import TaipanBytecode
import TaipanSyntax

extension SourceRange {
    @inline(__always)
    init(_ span: SourceSpan) { self.init(span.line, span.endLine, span.column, span.endColumn) }
}

/// What a compilation is asked for.
struct GeneratorOptions {
    var filename: String
    var futures: CodeFlags
    var optimize: Int
    var topLevelAwait: Bool
    var depthLimit: Int
    var warn: (SyntaxNote) throws(SyntaxFailure) -> Void
}

final class Generator {
    let table: ScopeTable
    let options: GeneratorOptions
    /// The unit being written.
    var unit: CodeUnit
    /// The units around it, outermost first.
    var outer: [CodeUnit] = []
    /// The last `from __future__` import that stands where it may.
    let lastFuture: (line: Int32, column: Int32)
    var isInteractive = false
    /// Code objects made so far: equal ones, as of a `finally` body that is compiled twice, are one object.
    private var codes: [CodeKey: CodeObject] = [:]
    var depth = 0
    /// Gets each code unit with its code object, inner ones first.
    var observe: ((CodeUnit, CodeObject) -> Void)?

    init(table: ScopeTable, options: GeneratorOptions, lastFuture: (line: Int32, column: Int32)) {
        self.table = table
        self.options = options
        self.lastFuture = lastFuture
        unit = CodeUnit(kind: .module, scope: table.top, name: "<module>", privateName: nil, firstLine: 1)
        emit(.resume, 0, SourceRange(0, 1, 0, 0))
    }

    /// Whether `await` may stand here outside of any function.
    var allowsTopLevelAwait: Bool { options.topLevelAwait && unit.scope.kind == .module }

    var futureAnnotations: Bool { options.futures.contains(.futureAnnotations) }

    /// Compiles a whole module.
    func run(_ module: Module) throws(Failure) -> CodeObject {
        let unit = try generate(module)
        return assemble(unit)
    }

    /// Writes the instructions of a whole module; what is nested in it is assembled on the way.
    func generate(_ module: Module) throws(Failure) -> CodeUnit {
        switch module.kind {
        case .module(let body, _): try visitBody(body, SourceRange(1, 1, 0, 0))
        case .interactive(let body):
            isInteractive = true
            if Self.hasAnnotations(body) { emit(.setupAnnotations, SourceRange(1, 1, 0, 0)) }
            try visit(body)
        case .expression(let body):
            try visit(body)
            complete(returningNone: false)
            return unit
        case .functionType: throw .syntax("this compiler does not handle FunctionTypes", SourceSpan(line: 1, column: 0, endLine: 1, endColumn: 0))
        }
        complete(returningNone: true)
        return unit
    }

    // MARK: Units

    func enter(_ kind: UnitKind, _ name: String, _ key: ScopeKey, line: Int32) throws(Failure) {
        guard let scope = table.scopes[key] else { throw .overflow("unknown scope in compiler") }
        let inner = CodeUnit(kind: kind, scope: scope, name: name, privateName: unit.privateName, firstLine: Int(line))
        outer.append(unit)
        inner.qualname = qualname(of: inner)
        unit = inner
        emit(.resume, 0, SourceRange(line, line, 0, 0))
    }

    private func qualname(of inner: CodeUnit) -> String {
        guard outer.count > 1 else { return inner.name }
        var parent = outer[outer.count - 1]
        if parent.kind == .typeParameters {
            if outer.count == 2 { return inner.name }
            parent = outer[outer.count - 2]
        }
        switch inner.kind {
        case .function, .asyncFunction, .classBody:
            if parent.scope.placement(of: parent.mangle(inner.name)) == .globalExplicit { return inner.name }
        default: break
        }
        switch parent.kind {
        case .function, .asyncFunction, .lambda: return parent.qualname + ".<locals>." + inner.name
        default: return parent.qualname + "." + inner.name
        }
    }

    /// Ends the current unit and returns to the one around it.
    func leave(returningNone: Bool) -> CodeObject {
        complete(returningNone: returningNone)
        let code = assemble(unit)
        unit = outer.removeLast()
        return code
    }

    private func assemble(_ unit: CodeUnit) -> CodeObject {
        let code = Assembler.assemble(unit, flags: flags(of: unit.scope), filename: options.filename)
        observe?(unit, code)
        return code
    }

    private func complete(returningNone: Bool) {
        if returningNone { load(.none, .none) }
        emit(.returnValue, .none)
    }

    private func flags(of scope: Scope) -> CodeFlags {
        var flags = options.futures
        if scope.kind.isFunctionLike {
            flags.formUnion([.newLocals, .optimized])
            if scope.isNested { flags.insert(.nested) }
            switch (scope.isGenerator, scope.isCoroutine) {
            case (true, true): flags.insert(.asyncGenerator)
            case (true, false): flags.insert(.generator)
            case (false, true): flags.insert(.coroutine)
            default: break
            }
            if scope.hasVarArguments { flags.insert(.varArguments) }
            if scope.hasVarKeywords { flags.insert(.varKeywords) }
        } else if options.topLevelAwait && scope.isCoroutine && !scope.isGenerator {
            flags.insert(.coroutine)
        }
        return flags
    }

    // MARK: Instructions

    func emit(_ opcode: Opcode, _ location: SourceRange) {
        unit.code.append(CompiledInstruction(opcode, at: location))
    }

    func emit(_ opcode: Opcode, _ argument: Int, _ location: SourceRange) {
        unit.code.append(CompiledInstruction(opcode, argument, at: location))
    }

    func jump(_ opcode: Opcode, _ label: Label, _ location: SourceRange) {
        unit.code.append(CompiledInstruction(opcode, target: label.id, at: location))
    }

    func label() -> Label {
        unit.labels.append(-1)
        return Label(id: Int32(unit.labels.count - 1))
    }

    /// Puts `label` before the next instruction.
    func place(_ label: Label) { unit.labels[Int(label.id)] = Int32(unit.code.count) }

    func load(_ constant: Constant, _ location: SourceRange) {
        emit(.loadConst, unit.constants.add(constant), location)
    }

    /// An instruction whose argument is an attribute or module name.
    func emitName(_ opcode: Opcode, _ name: String, _ location: SourceRange) {
        let place = unit.names.add(unit.mangle(name))
        switch opcode {
        case .loadAttr: emit(.loadAttr, place << 1, location)
        case .loadMethod: emit(.loadAttr, place << 1 | 1, location)
        case .loadSuperAttr: emit(.loadSuperAttr, place << 2 | 2, location)
        case .loadSuperMethod: emit(.loadSuperAttr, place << 2 | 3, location)
        case .loadZeroSuperAttr: emit(.loadSuperAttr, place << 2, location)
        case .loadZeroSuperMethod: emit(.loadSuperAttr, place << 2 | 1, location)
        default: emit(opcode, place, location)
        }
    }

    /// The number of a free variable, behind the cells; nil if there is none of the name.
    func freePlace(_ name: String) -> Int? {
        unit.freeNames.place(of: name).map { $0 + unit.cellNames.count }
    }

    /// Loads, stores or deletes a variable.
    func variable(_ name: String, _ context: ExpressionContext, _ location: SourceRange) {
        let name = unit.mangle(name)
        let scope = unit.scope
        switch scope.placement(of: name) {
        case .free:
            if let place = freePlace(name) { return cell(place, context, location) }
        case .cell:
            if let place = unit.cellNames.place(of: name) { return cell(place, context, location) }
        case .local:
            if scope.kind.isFunctionLike || unit.hiddenLocals.contains(name) {
                return emit(Self.choose(context, .loadFast, .storeFast, .deleteFast), unit.localNames.add(name), location)
            }
        case .globalImplicit:
            if scope.kind.isFunctionLike { return global(name, context, location, implicit: true) }
        case .globalExplicit: return global(name, context, location, implicit: false)
        case .unknown: break
        }
        let opcode = Self.choose(context, .loadName, .storeName, .deleteName)
        if opcode == .loadName && scope.kind == .classBody && unit.inlinedComprehensions > 0 {
            emit(.loadGlobal, unit.names.add(name) << 1, location)
        } else {
            emit(opcode, unit.names.add(name), location)
        }
    }

    private static func choose(_ context: ExpressionContext, _ load: Opcode, _ store: Opcode, _ del: Opcode) -> Opcode {
        switch context {
        case .load: load
        case .store: store
        case .del: del
        }
    }

    private func cell(_ place: Int, _ context: ExpressionContext, _ location: SourceRange) {
        if context == .load {
            if unit.scope.kind == .classBody && unit.inlinedComprehensions == 0 {
                emit(.loadLocals, location)
                return emit(.loadFromDictOrDeref, place, location)
            }
            if unit.scope.seesClassScope, let dict = freePlace("__classdict__") {
                emit(.loadDeref, dict, location)
                return emit(.loadFromDictOrDeref, place, location)
            }
        }
        emit(Self.choose(context, .loadDeref, .storeDeref, .deleteDeref), place, location)
    }

    private func global(_ name: String, _ context: ExpressionContext, _ location: SourceRange, implicit: Bool) {
        let place = unit.names.add(name)
        if context == .load {
            if implicit && unit.scope.seesClassScope, let dict = freePlace("__classdict__") {
                emit(.loadDeref, dict, location)
                return emit(.loadFromDictOrGlobals, place, location)
            }
            return emit(.loadGlobal, place << 1, location)
        }
        emit(context == .store ? .storeGlobal : .deleteGlobal, place, location)
    }

    /// Refuses to bind `__debug__`.
    func checkBinding(_ name: String, _ context: ExpressionContext, _ span: SourceSpan) throws(Failure) {
        guard name == "__debug__" else { return }
        if context == .store { throw .syntax("cannot assign to __debug__", span) }
        if context == .del { throw .syntax("cannot delete __debug__", span) }
    }

    /// Makes a function of `code`, with a closure if it has free variables.
    func makeClosure(_ code: CodeObject, _ flags: Int, _ location: SourceRange) {
        var flags = flags
        let free = code.freevars
        if !free.isEmpty {
            for name in free {
                let isClassCell = unit.kind == .classBody && (name == "__class__" || name == "__classdict__")
                if isClassCell || unit.scope.placement(of: name) == .cell, let place = unit.cellNames.place(of: name) {
                    emit(.loadClosure, place, location)
                } else {
                    emit(.loadClosure, freePlace(name) ?? 0, location)
                }
            }
            emit(.buildTuple, free.count, location)
            flags |= 8
        }
        let key = CodeKey(code: code)
        let shared = codes[key] ?? code
        codes[key] = shared
        load(.code(shared), location)
        emit(.makeFunction, flags, location)
    }

    func deeper() throws(Failure) {
        // Conditions and comprehensions count twice here; the scopes' own pass has the exact limit.
        depth += 1
        if depth > options.depthLimit &* 2 &+ 100 { throw .recursion }
    }

    /// Hands a SyntaxWarning to the caller.
    func warn(_ message: String, _ span: SourceSpan) throws(Failure) {
        let failure = SyntaxFailure(
            .syntaxError, message, line: Int(span.line), offset: Int(span.column) + 1, endLine: Int(span.endLine),
            endOffset: Int(span.endColumn) + 1)
        do throws(SyntaxFailure) {
            try options.warn(SyntaxNote(category: .syntaxWarning, message: message, line: Int(span.line), failure: failure))
        } catch {
            throw .warning(error)
        }
    }

    // MARK: Open blocks

    func push(_ block: OpenBlock, _ location: SourceRange) throws(Failure) {
        if unit.open.count >= 20 {
            throw .syntax(
                "too many statically nested blocks",
                SourceSpan(line: location.line, column: location.column, endLine: location.endLine, endColumn: location.endColumn))
        }
        unit.open.append(block)
    }

    func pop() { unit.open.removeLast() }

    /// Leaves every open block, innermost first, up to the nearest loop if `toLoop`, which is then returned.
    func unwind(_ location: inout SourceRange, preservingTop: Bool, toLoop: Bool) throws(Failure) -> OpenBlock? {
        guard let top = unit.open.last else { return nil }
        if top.kind == .exceptionGroupHandler {
            throw .syntax(
                "'break', 'continue' and 'return' cannot appear in an except* block",
                SourceSpan(line: location.line, column: location.column, endLine: location.endLine, endColumn: location.endColumn))
        }
        if toLoop && (top.kind == .whileLoop || top.kind == .forLoop) { return top }
        unit.open.removeLast()
        try leave(top, &location, preservingTop: preservingTop)
        let loop = try unwind(&location, preservingTop: preservingTop, toLoop: toLoop)
        unit.open.append(top)
        return loop
    }

    /// Writes what leaving `block` early takes.
    func leave(_ block: OpenBlock, _ location: inout SourceRange, preservingTop: Bool) throws(Failure) {
        switch block.kind {
        case .whileLoop, .exceptionHandler, .exceptionGroupHandler, .asyncComprehension: return
        case .forLoop, .popValue:
            if preservingTop { emit(.swap, 2, location) }
            emit(.popTop, location)
        case .tryExcept: emit(.popBlock, location)
        case .finallyTry:
            emit(.popBlock, location)
            if preservingTop { try push(OpenBlock(kind: .popValue), location) }
            try visit(block.finalBody)
            if preservingTop { pop() }
            // The finally body runs after the statement that leaves: what follows has no line of its own.
            location = .none
        case .finallyEnd:
            if preservingTop { emit(.swap, 2, location) }
            emit(.popTop, location)
            if preservingTop { emit(.swap, 2, location) }
            emit(.popBlock, location)
            emit(.popExcept, location)
        case .with, .asyncWith:
            location = block.location
            emit(.popBlock, location)
            if preservingTop { emit(.swap, 2, location) }
            callExitWithNones(location)
            if block.kind == .asyncWith {
                emit(.getAwaitable, 2, location)
                load(.none, location)
                yieldFrom(location, await: true)
            }
            emit(.popTop, location)
            location = .none
        case .handlerCleanup:
            if block.name != nil { emit(.popBlock, location) }
            if preservingTop { emit(.swap, 2, location) }
            emit(.popBlock, location)
            emit(.popExcept, location)
            if let name = block.name { unbind(name, location) }
        }
    }

    /// `name = None; del name`
    func unbind(_ name: String, _ location: SourceRange) {
        load(.none, location)
        variable(name, .store, location)
        variable(name, .del, location)
    }

    func callExitWithNones(_ location: SourceRange) {
        load(.none, location)
        load(.none, location)
        load(.none, location)
        emit(.call, 2, location)
    }

    /// The loop that passes values between a caller and an inner generator or awaitable.
    func yieldFrom(_ location: SourceRange, await isAwait: Bool) {
        let send = label(), fail = label(), exit = label()
        place(send)
        jump(.send, exit, location)
        // A StopIteration raised by close() or throw() ends the loop like a return.
        jump(.setupFinally, fail, location)
        emit(.yieldValue, 0, location)
        emit(.popBlock, .none)
        emit(.resume, isAwait ? 3 : 2, location)
        jump(.jumpNoInterrupt, send, location)
        place(fail)
        emit(.cleanupThrow, location)
        place(exit)
        emit(.endSend, location)
    }

    /// Restores the outer exception state and raises again.
    func reraise(_ location: SourceRange) {
        emit(.copy, 3, location)
        emit(.popExcept, location)
        emit(.reraise, 1, location)
    }

    /// In a generator, a StopIteration that escapes becomes a RuntimeError (PEP 479).
    func guardStopIteration() {
        let handler = label()
        for i in unit.labels.indices where unit.labels[i] >= 0 { unit.labels[i] += 1 }
        unit.code.insert(CompiledInstruction(.setupCleanup, target: handler.id, at: .none), at: 0)
        load(.none, .none)
        emit(.returnValue, .none)
        place(handler)
        emit(.callIntrinsic1, Intrinsic.stopIterationError, .none)
        emit(.reraise, 1, .none)
    }
}

/// Arguments of `CALL_INTRINSIC_1` and `CALL_INTRINSIC_2`.
enum Intrinsic {
    static var print: Int { 1 }
    static var importStar: Int { 2 }
    static var stopIterationError: Int { 3 }
    static var asyncGenWrap: Int { 4 }
    static var unaryPositive: Int { 5 }
    static var listToTuple: Int { 6 }
    static var typeVar: Int { 7 }
    static var paramSpec: Int { 8 }
    static var typeVarTuple: Int { 9 }
    static var subscriptGeneric: Int { 10 }
    static var typeAlias: Int { 11 }
    static var prepReraiseStar: Int { 1 }
    static var typeVarWithBound: Int { 2 }
    static var typeVarWithConstraints: Int { 3 }
    static var setFunctionTypeParams: Int { 4 }
}
