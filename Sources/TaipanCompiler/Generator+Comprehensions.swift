// Code for comprehensions: list, set and dict comprehensions go into the code around them (PEP 709), with the names
// they bind saved on the stack; generator expressions are functions.
import TaipanBytecode
import TaipanSyntax

/// What an inlined comprehension has to restore.
private struct InlinedState {
    var savedLocals: [String] = []
    var savedSymbols: [(name: String, symbol: Symbol)] = []
    var hidden: [String] = []
    var cleanup = Label.none
    var end = Label.none
}

/// The parts of a comprehension.
private struct ComprehensionParts {
    let kind: ComprehensionKind
    let generators: [Comprehension]
    let elt: Expression
    let value: Expression?
    let location: SourceRange
}

extension Generator {
    func visitComprehension(
        _ expression: Expression, _ kind: ComprehensionKind, _ name: String, _ generators: [Comprehension],
        _ elt: Expression, _ value: Expression?
    ) throws(Failure) {
        guard let first = generators.first, let scope = table.scopes[ScopeKey(expression)] else { return }
        let location = SourceRange(expression.position)
        let parts = ComprehensionParts(kind: kind, generators: generators, elt: elt, value: value, location: location)
        let isAsync = scope.isCoroutine && kind != .generator
        let isTopLevel = allowsTopLevelAwait
        let allowsAsync = isTopLevel || unit.kind == .asyncFunction || unit.kind == .comprehension
        var state = InlinedState()
        if scope.isInlined {
            try visit(first.iterable)
            emit(first.isAsync ? .getAiter : .getIter, location)
            state = enterInlined(scope, location)
        } else {
            try enter(.comprehension, name, ScopeKey(expression), line: expression.position.line)
        }
        if isAsync && !allowsAsync {
            throw .syntax("asynchronous comprehension outside of an asynchronous function", expression.position)
        }
        if kind != .generator {
            emit(kind == .list ? .buildList : kind == .set ? .buildSet : .buildMap, 0, location)
            if scope.isInlined { emit(.swap, 2, location) }
        }
        try visitGenerator(parts, 0, 0, onStack: scope.isInlined)
        if scope.isInlined { return leaveInlined(state, location) }
        if kind == .generator {
            guardStopIteration()
        } else {
            emit(.returnValue, SourceRange(elt.position))
        }
        let code = leave(returningNone: true)
        if isTopLevel && scope.isCoroutine { unit.scope.isCoroutine = true }
        makeClosure(code, 0, location)
        try visit(first.iterable)
        emit(first.isAsync ? .getAiter : .getIter, location)
        emit(.call, 0, location)
        if isAsync {
            emit(.getAwaitable, 0, location)
            load(.none, location)
            yieldFrom(location, await: true)
        }
    }

    private func visitGenerator(_ parts: ComprehensionParts, _ index: Int, _ depth: Int, onStack: Bool) throws(Failure) {
        try deeper()
        defer { self.depth -= 1 }
        if parts.generators[index].isAsync {
            try visitAsyncGenerator(parts, index, depth, onStack: onStack)
        } else {
            try visitPlainGenerator(parts, index, depth, onStack: onStack)
        }
    }

    private func visitPlainGenerator(_ parts: ComprehensionParts, _ index: Int, _ depth: Int, onStack: Bool) throws(Failure) {
        let location = parts.location
        let generator = parts.generators[index]
        let start = label(), skip = label(), anchor = label()
        var loops = true
        if !onStack {
            if index == 0 {
                unit.argumentCount = 1
                emit(.loadFast, 0, location)
            } else if let only = Self.onlyElement(generator.iterable) {
                // `for y in [f(x)]` is an assignment.
                try visit(only)
                loops = false
            } else {
                try visit(generator.iterable)
                emit(.getIter, location)
            }
        }
        var depth = depth
        if loops {
            depth += 1
            place(start)
            jump(.forIter, anchor, location)
        }
        try visit(generator.target)
        for condition in generator.ifs { try branch(condition, skip, when: false, location) }
        let last = try visitInner(parts, index, depth)
        place(skip)
        if loops {
            jump(.jump, start, last)
            place(anchor)
            emit(.endFor, .none)
        }
    }

    private func visitAsyncGenerator(_ parts: ComprehensionParts, _ index: Int, _ depth: Int, onStack: Bool) throws(Failure) {
        let location = parts.location
        let generator = parts.generators[index]
        let start = label(), skip = label(), except = label()
        if !onStack {
            if index == 0 {
                unit.argumentCount = 1
                emit(.loadFast, 0, location)
            } else {
                try visit(generator.iterable)
                emit(.getAiter, location)
            }
        }
        place(start)
        try push(OpenBlock(kind: .asyncComprehension, start: start), location)
        jump(.setupFinally, except, location)
        emit(.getAnext, location)
        load(.none, location)
        yieldFrom(location, await: true)
        emit(.popBlock, location)
        try visit(generator.target)
        for condition in generator.ifs { try branch(condition, skip, when: false, location) }
        let last = try visitInner(parts, index, depth + 1)
        place(skip)
        jump(.jump, start, last)
        pop()
        place(except)
        emit(.endAsyncFor, location)
    }

    /// The next `for`, or the element; answers the place of the jump back.
    private func visitInner(_ parts: ComprehensionParts, _ index: Int, _ depth: Int) throws(Failure) -> SourceRange {
        var location = SourceRange(parts.elt.position)
        if index + 1 < parts.generators.count {
            try visitGenerator(parts, index + 1, depth, onStack: false)
            return location
        }
        try visit(parts.elt)
        switch parts.kind {
        case .list: emit(.listAppend, depth + 1, location)
        case .set: emit(.setAdd, depth + 1, location)
        case .dict:
            if let value = parts.value {
                try visit(value)
                location.endLine = value.position.endLine
                location.endColumn = value.position.endColumn
            }
            emit(.mapAdd, depth + 1, location)
        case .generator, .none:
            yieldValue(location)
            emit(.popTop, location)
        }
        return location
    }

    private static func onlyElement(_ iterable: Expression) -> Expression? {
        let elts: [Expression]
        switch iterable.kind {
        case .list(let items, _), .tuple(let items, _): elts = items
        default: return nil
        }
        guard elts.count == 1 else { return nil }
        if case .starred = elts[0].kind { return nil }
        return elts[0]
    }

    // MARK: Inlining

    /// Saves what the comprehension's own names mean outside; its iterator lies on the stack. In a class body that is
    /// every name the comprehension mentions, as it does not see the class's own.
    private func enterInlined(_ inner: Scope, _ location: SourceRange) -> InlinedState {
        var state = InlinedState()
        let scope = unit.scope
        let inClassBody = scope.kind == .classBody && unit.inlinedComprehensions == 0
        unit.inlinedComprehensions += 1
        for i in 0..<inner.symbols.count {
            let name = inner.symbols.names[i]
            let symbol = inner.symbols[i]
            let isBound = symbol.flags.contains(.local) && !symbol.flags.contains(.nonlocal)
            guard isBound || inClassBody else { continue }
            let outside = scope.symbols[name] ?? Symbol(flags: [])
            if symbol.placement != outside.placement && !(symbol.placement == .cell && outside.placement == .free) {
                state.savedSymbols.append((name, outside))
                scope.symbols.set(name, symbol)
            }
            if !scope.kind.isFunctionLike {
                // Outside of functions the name gets a fast slot for a while.
                if unit.hiddenLocals.insert(name).inserted {
                    unit.everHidden.insert(name)
                    state.hidden.append(name)
                }
            }
            state.savedLocals.append(name)
            emit(.loadFastAndClear, unit.localNames.add(name), location)
            if symbol.placement == .cell {
                if outside.placement == .free {
                    emit(.makeCell, freePlace(name) ?? 0, location)
                } else {
                    emit(.makeCell, unit.cellNames.place(of: name) ?? 0, location)
                }
            }
        }
        if !state.savedLocals.isEmpty {
            emit(.swap, state.savedLocals.count + 1, location)
            state.cleanup = label()
            state.end = label()
            jump(.setupFinally, state.cleanup, location)
        }
        return state
    }

    private func leaveInlined(_ state: InlinedState, _ location: SourceRange) {
        unit.inlinedComprehensions -= 1
        if !state.savedLocals.isEmpty {
            emit(.popBlock, .none)
            jump(.jump, state.end, .none)
            place(state.cleanup)
            // The unfinished result lies under the exception.
            emit(.swap, 2, .none)
            emit(.popTop, .none)
            restore(state, location)
            emit(.reraise, 0, .none)
            place(state.end)
            restore(state, location)
        }
        for (name, symbol) in state.savedSymbols { unit.scope.symbols.set(name, symbol) }
        for name in state.hidden { unit.hiddenLocals.remove(name) }
    }

    private func restore(_ state: InlinedState, _ location: SourceRange) {
        emit(.swap, state.savedLocals.count + 1, location)
        for name in state.savedLocals.reversed() {
            emit(.storeFastMaybeNull, unit.localNames.add(name), location)
        }
    }
}
