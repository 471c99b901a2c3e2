// Code for `try` in all its forms and for `with`.
import TaipanBytecode
import TaipanSyntax

extension Generator {
    func visitTry(_ statement: TryStatement, _ location: SourceRange) throws(Failure) {
        if statement.finalbody.isEmpty { return try visitExcept(statement, location) }
        let body = label(), end = label(), exit = label(), cleanup = label()
        jump(.setupFinally, end, location)
        place(body)
        try push(OpenBlock(kind: .finallyTry, start: body, exit: end, finalBody: statement.finalbody), location)
        if statement.handlers.isEmpty {
            try visit(statement.body)
        } else {
            try visitExcept(statement, location)
        }
        emit(.popBlock, .none)
        pop()
        try visit(statement.finalbody)
        jump(.jump, exit, .none)
        place(end)
        try push(OpenBlock(kind: .finallyEnd, start: end), location)
        jump(.setupCleanup, cleanup, .none)
        emit(.pushExcInfo, .none)
        try visit(statement.finalbody)
        pop()
        emit(.reraise, 0, .none)
        place(cleanup)
        reraise(.none)
        place(exit)
    }

    private func visitExcept(_ statement: TryStatement, _ location: SourceRange) throws(Failure) {
        if statement.isStar { return try visitExceptStar(statement, location) }
        let body = label(), except = label(), end = label(), cleanup = label()
        jump(.setupFinally, except, location)
        place(body)
        try push(OpenBlock(kind: .tryExcept, start: body), location)
        try visit(statement.body)
        pop()
        emit(.popBlock, .none)
        try visit(statement.orelse)
        jump(.jump, end, .none)
        place(except)
        jump(.setupCleanup, cleanup, .none)
        emit(.pushExcInfo, .none)
        try push(OpenBlock(kind: .exceptionHandler), location)
        for (i, handler) in statement.handlers.enumerated() {
            if handler.type == nil && i < statement.handlers.count - 1 {
                throw .syntax("default 'except:' must be last", handler.position)
            }
            try visitHandler(handler, end)
        }
        pop()
        emit(.reraise, 0, .none)
        place(cleanup)
        reraise(.none)
        place(end)
    }

    private func visitHandler(_ handler: ExceptHandler, _ end: Label) throws(Failure) {
        let location = SourceRange(handler.position)
        let next = label(), body = label()
        if let type = handler.type {
            try visit(type)
            emit(.checkExcMatch, location)
            jump(.popJumpIfFalse, next, location)
        }
        guard let name = handler.name else {
            emit(.popTop, location)
            place(body)
            try push(OpenBlock(kind: .handlerCleanup, start: body), location)
            try visit(handler.body)
            pop()
            emit(.popBlock, .none)
            emit(.popExcept, .none)
            jump(.jump, end, .none)
            return place(next)
        }
        let cleanup = label()
        try checkBinding(name, .store, handler.position)
        variable(name, .store, location)
        jump(.setupCleanup, cleanup, location)
        place(body)
        try push(OpenBlock(kind: .handlerCleanup, start: body, name: name), location)
        try visit(handler.body)
        pop()
        emit(.popBlock, .none)
        emit(.popBlock, .none)
        emit(.popExcept, .none)
        unbind(name, .none)
        jump(.jump, end, .none)
        place(cleanup)
        unbind(name, .none)
        emit(.reraise, 1, .none)
        place(next)
    }

    // MARK: except*

    private func visitExceptStar(_ statement: TryStatement, _ location: SourceRange) throws(Failure) {
        let body = label(), except = label(), orelse = label(), end = label(), cleanup = label(), reraiseStar = label()
        jump(.setupFinally, except, location)
        place(body)
        try push(OpenBlock(kind: .tryExcept, start: body), location)
        try visit(statement.body)
        pop()
        emit(.popBlock, .none)
        jump(.jump, orelse, .none)
        place(except)
        jump(.setupCleanup, cleanup, .none)
        emit(.pushExcInfo, .none)
        try push(OpenBlock(kind: .exceptionGroupHandler), location)
        for (i, handler) in statement.handlers.enumerated() {
            if i == 0 {
                // The list of what handlers raise, and a copy of the group.
                emit(.buildList, 0, SourceRange(handler.position))
                emit(.copy, 2, SourceRange(handler.position))
            }
            try visitStarHandler(handler)
            if i == statement.handlers.count - 1 {
                emit(.listAppend, 1, .none)
                jump(.jump, reraiseStar, .none)
            }
        }
        pop()
        let raise = label()
        place(reraiseStar)
        emit(.callIntrinsic2, Intrinsic.prepReraiseStar, .none)
        emit(.copy, 1, .none)
        jump(.popJumpIfNotNone, raise, .none)
        emit(.popTop, .none)
        emit(.popBlock, .none)
        emit(.popExcept, .none)
        jump(.jump, end, .none)
        place(raise)
        emit(.popBlock, .none)
        emit(.swap, 2, .none)
        emit(.popExcept, .none)
        emit(.reraise, 0, .none)
        place(cleanup)
        reraise(.none)
        place(orelse)
        try visit(statement.orelse)
        place(end)
    }

    private func visitStarHandler(_ handler: ExceptHandler) throws(Failure) {
        let location = SourceRange(handler.position)
        let next = label(), failed = label(), noMatch = label(), cleanup = label(), body = label()
        if let type = handler.type {
            try visit(type)
            emit(.checkEgMatch, location)
            emit(.copy, 1, location)
            jump(.popJumpIfNone, noMatch, location)
        }
        if let name = handler.name {
            try checkBinding(name, .store, handler.position)
            variable(name, .store, location)
        } else {
            emit(.popTop, location)
        }
        jump(.setupCleanup, cleanup, location)
        place(body)
        try push(OpenBlock(kind: .handlerCleanup, start: body, name: handler.name), location)
        try visit(handler.body)
        pop()
        emit(.popBlock, .none)
        if let name = handler.name { unbind(name, .none) }
        jump(.jump, next, .none)
        place(cleanup)
        if let name = handler.name { unbind(name, .none) }
        emit(.listAppend, 3, .none)
        emit(.popTop, .none)
        jump(.jump, failed, .none)
        place(next)
        // Holds the line that is handed on.
        emit(.nop, .none)
        jump(.jump, failed, .none)
        place(noMatch)
        emit(.popTop, location)
        place(failed)
    }

    // MARK: with

    func visitWith(_ with: WithStatement, _ index: Int, _ location: SourceRange) throws(Failure) {
        let item = with.items[index]
        let block = label(), final = label(), exit = label(), cleanup = label()
        try visit(item.contextExpr)
        emit(with.isAsync ? .beforeAsyncWith : .beforeWith, location)
        if with.isAsync { awaitResult(1, location) }
        jump(.setupWith, final, location)
        place(block)
        try push(
            OpenBlock(kind: with.isAsync ? .asyncWith : .with, start: block, exit: final, location: location), location)
        if let target = item.optionalVars {
            try visit(target)
        } else {
            emit(.popTop, location)
        }
        if index + 1 == with.items.count {
            try visit(with.body)
        } else {
            try visitWith(with, index + 1, location)
        }
        pop()
        emit(.popBlock, with.isAsync ? location : .none)
        callExitWithNones(location)
        if with.isAsync { awaitResult(2, location) }
        emit(.popTop, location)
        jump(.jump, exit, location)
        place(final)
        jump(.setupCleanup, cleanup, location)
        emit(.pushExcInfo, location)
        emit(.withExceptStart, location)
        if with.isAsync { awaitResult(2, location) }
        finishWithHandler(cleanup)
        place(exit)
    }

    private func awaitResult(_ argument: Int, _ location: SourceRange) {
        emit(.getAwaitable, argument, location)
        load(.none, location)
        yieldFrom(location, await: true)
    }

    private func finishWithHandler(_ cleanup: Label) {
        let suppress = label(), exit = label()
        jump(.popJumpIfTrue, suppress, .none)
        emit(.reraise, 2, .none)
        place(suppress)
        emit(.popTop, .none)
        emit(.popBlock, .none)
        emit(.popExcept, .none)
        emit(.popTop, .none)
        emit(.popTop, .none)
        jump(.jump, exit, .none)
        place(cleanup)
        reraise(.none)
        place(exit)
    }
}
