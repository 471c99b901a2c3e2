// What happens when an exception leaves an instruction: the traceback grows, a handler of the frame is looked
// for, and frames without one are left.

extension Thread {
    /// Finds where the pending exception is handled: gives the frame to go on in, its ip set, or nil when it leaves the native `run`.
    @inline(never)
    func unwind() -> UnsafeMutablePointer<Value>? {
        while let fp = state.pointee.frame {
            let isAgain = state.pointee.isReraising
            state.pointee.isReraising = false
            if !isAgain { recordTraceback(fp) }
            if state.pointee.observation.isActive { observeException(isAgain ? .reraise : .raise, fp) }
            if let handler = findHandler(fp) { return handler }
            if state.pointee.observation.isActive { observeException(.pyUnwind, fp) }
            if popFrame(fp) == nil { return nil }
        }
        return nil
    }

    /// Enters the handler for what is raised where the frame is; nil when there is none.
    private func findHandler(_ fp: UnsafeMutablePointer<Value>) -> UnsafeMutablePointer<Value>? {
        let lowered = fp.frameLowered
        while true {
            let word = Int32(fp.frameWordIndex)
            var found = false
            for i in 0..<lowered.pointee.handlerCount {
                let range = lowered.pointee.handlers[i]
                if word >= range.start && word < range.end {
                    let unit = fp.frameUnitOffset
                    enterHandler(fp, range)
                    // An observer may raise in its turn: that is at the handler's first instruction.
                    if !state.pointee.observation.isActive || observeHandler(fp, range, from: unit) { return fp }
                    found = true
                    break
                }
            }
            if !found { return nil }
        }
    }

    /// The instruction, in code units, that raised: a RERAISE may know an earlier one.
    func raisingUnit(_ fp: UnsafeMutablePointer<Value>) -> Int {
        let word = fp.frameLowered.pointee.words[fp.frameWordIndex]
        if UInt8(truncatingIfNeeded: word) == Op.reraise.rawValue && (word >> 32) & 0xFFFF != 0 {
            let place = fp[Int(truncatingIfNeeded: word >> 48)]
            if place.isSmallInt { return place.smallInt }
        }
        return fp.frameUnitOffset
    }

    private func enterHandler(_ fp: UnsafeMutablePointer<Value>, _ range: HandlerRange) {
        if range.lastiSlot >= 0 { fp[Int(range.lastiSlot)] = Value(smallInt: raisingUnit(fp)) }
        fp[Int(range.exceptionSlot)] = takePending()
        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: fp.frameLowered.pointee.words + Int(range.target) - 1))
    }

    /// Adds the frame to the pending exception's traceback.
    private func recordTraceback(_ fp: UnsafeMutablePointer<Value>) {
        let exception = state.pointee.pending
        guard exception.isKind(.exception) else { return }
        do throws(Raised) {
            let frame = try frameObject(fp)
            let lasti = fp.frameUnitOffset * 2
            ExceptionObject(exception).traceback = newTraceback(next: ExceptionObject(exception).traceback, frame: frame, lasti: lasti, line: -1)
        } catch {
            // No memory for the entry: the exception goes on without it.
        }
        state.pointee.pending = exception
    }

    // MARK: The statements and their helpers

    /// `raise`, `raise exception`, `raise exception from cause`.
    @inline(never)
    func raiseStatement(_ what: Value, _ cause: Value) throws(Raised) {
        if what.isUnbound {
            let handled = handledException
            if handled.isUnbound { throw raise(.runtimeError, "No active exception to reraise") }
            // As in CPython, the frame gets no new traceback entry.
            state.pointee.isReraising = true
            throw restore(handled)
        }
        let exception = try instantiate(what, "exceptions must derive from BaseException")
        if cause.isBound {
            let object = ExceptionObject(exception)
            if cause.isNone {
                object.cause = .unbound
            } else {
                object.cause = try instantiate(cause, "exception causes must derive from BaseException")
            }
            object.suppressContext = true
        }
        throw raise(exception: exception)
    }

    private func instantiate(_ what: Value, _ complaint: String) throws(Raised) -> Value {
        if what.isKind(.exception) { return what }
        if what.isKind(.type) && isSubtype(TypeObject(what), of: types.pointee.baseException) {
            let made = try call(what)
            if made.isKind(.exception) { return made }
            throw raise(.typeError, "calling \(try reprText(what)) should have returned an instance of BaseException, not \(typeName(made))")
        }
        throw raise(.typeError, complaint)
    }

    /// RERAISE: the exception goes on without a new traceback entry; with `lasti`, from the instruction it was first raised at.
    @inline(never)
    func reraise(_ fp: UnsafeMutablePointer<Value>, _ exception: Value, _ lasti: Value) throws(Raised) {
        try goOn(exception)
    }

    /// The exception goes on from where it was.
    private func goOn(_ exception: Value) throws(Raised) {
        if !exception.isKind(.exception) { throw malformedCode() }
        state.pointee.isReraising = true
        throw restore(exception)
    }

    /// What running bytecode that no compiler makes leads to, where it was not seen before it ran.
    @inline(never)
    func malformedCode() -> Raised { raise(.systemError, "malformed bytecode") }

    /// CHECK_EXC_MATCH.
    @inline(never)
    func handlerMatches(_ exception: Value, _ pattern: Value) throws(Raised) -> Bool {
        if !exception.isKind(.exception) { throw malformedCode() }
        try checkHandlerType(pattern)
        return givenExceptionMatches(exception, pattern)
    }

    /// CHECK_EG_MATCH: slot `a` holds the exception and gets the rest, slot `b` gets the match.
    @inline(never)
    func checkGroupMatch(_ fp: UnsafeMutablePointer<Value>, _ a: Int, _ b: Int, _ pattern: Value) throws(Raised) {
        let exception = fp[a]
        if !exception.isKind(.exception) && !exception.isNone { throw malformedCode() }
        try checkHandlerType(pattern, isStar: true)
        let (match, rest) = try exceptionGroupMatch(exception, pattern)
        fp[a] = rest
        fp[b] = match
        if !match.isNone { state.pointee.handled.pointee.value = match }
    }

    /// WITH_EXCEPT_START: `exit(type, value, traceback)`.
    @inline(never)
    func withExceptStart(_ exit: Value, _ exception: Value) throws(Raised) -> Value {
        if !exception.isKind(.exception) { throw malformedCode() }
        let traceback = ExceptionObject(exception).traceback
        return try call(exit, type(of: exception).value, exception, traceback.isUnbound ? .none : traceback)
    }

    /// BEFORE_WITH: slot `exit` gets the bound `__exit__`, slot `entered` the result of `__enter__`.
    @inline(never)
    func beforeWith(_ fp: UnsafeMutablePointer<Value>, _ manager: Value, _ exit: Int, _ entered: Int) throws(Raised) {
        let enter = try lookupSpecial(manager, name(.__enter__))
        if enter.isUnbound { throw raise(.typeError, "'\(typeName(manager))' object does not support the context manager protocol") }
        let leave = try lookupSpecial(manager, name(.__exit__))
        if leave.isUnbound { throw raise(.typeError, "'\(typeName(manager))' object does not support the context manager protocol (missed __exit__ method)") }
        let result = try call(enter)
        fp[exit] = leave
        fp[entered] = result
    }

    @inline(never)
    func beforeAsyncWith(_ fp: UnsafeMutablePointer<Value>, _ manager: Value, _ exit: Int, _ entered: Int) throws(Raised) {
        let enter = try lookupSpecial(manager, name(.__aenter__))
        if enter.isUnbound { throw raise(.typeError, "'\(typeName(manager))' object does not support the asynchronous context manager protocol") }
        let leave = try lookupSpecial(manager, name(.__aexit__))
        if leave.isUnbound {
            throw raise(.typeError, "'\(typeName(manager))' object does not support the asynchronous context manager protocol (missed __aexit__ method)")
        }
        let result = try call(enter)
        fp[exit] = leave
        fp[entered] = result
    }

    /// CLEANUP_THROW: the value of a StopIteration; any other exception goes on.
    @inline(never)
    func cleanupThrow(_ exception: Value) throws(Raised) -> Value {
        if isInstance(exception, of: types.pointee.stopIteration) { return stopIterationValue(exception) }
        try goOn(exception)
        return .none
    }

    /// `StopIteration.value`.
    func stopIterationValue(_ exception: Value) -> Value {
        let value = exception.cell[ExceptionObject.firstField]
        return value.isUnbound ? .none : value
    }

    @inline(never)
    func endAsyncFor(_ exception: Value) throws(Raised) {
        if isInstance(exception, of: types.pointee.stopAsyncIteration) { return }
        try goOn(exception)
    }

    /// An instruction that CPython 3.12 does not have.
    @inline(never)
    func unknownInstruction(_ number: Int) throws(Raised) { throw raise(.systemError, "unknown opcode \(number)") }

    // MARK: Unbound names

    @inline(never)
    func unboundLocal(_ fp: UnsafeMutablePointer<Value>, _ slot: Int) throws(Raised) {
        let text = string(TupleObject(CodeCell(fp.frameLowered.pointee.code).localsplusnames)[slot])
        throw nameError(.unboundLocalError, "cannot access local variable '\(text)' where it is not associated with a value", text)
    }

    @inline(never)
    func unboundCell(_ fp: UnsafeMutablePointer<Value>, _ slot: Int) throws(Raised) {
        let code = CodeCell(fp.frameLowered.pointee.code)
        let text = string(TupleObject(code.localsplusnames)[slot])
        if BytesObject(code.localspluskinds).data[slot] & 0x80 != 0 {
            throw nameError(.nameError, "cannot access free variable '\(text)' where it is not associated with a value in enclosing scope", text)
        }
        throw nameError(.unboundLocalError, "cannot access local variable '\(text)' where it is not associated with a value", text)
    }

    /// A NameError (or subclass) whose `name` is set, for suggestions.
    func nameError(_ kind: ExceptionKind, _ text: String, _ missing: String) -> Raised {
        let raised = raise(kind, text)
        // A local that is not set yet is no misspelling.
        if kind == .unboundLocalError { return raised }
        if state.pointee.pending.isKind(.exception) && pendingIs(.nameError) { state.pointee.pending.cell[ExceptionObject.firstField] = str(missing) }
        return raised
    }
}
