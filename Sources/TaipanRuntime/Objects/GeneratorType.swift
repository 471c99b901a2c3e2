// The types generator and coroutine: send, throw, close and what iteration needs. Async generators are in AsyncGeneratorType.

extension Thread {
    func generatorLayout() -> NativeLayout {
        NativeLayout(valueWords: 4, bytes: GeneratorObject.frameWord * 8, isVariable: false, trace: Thread.traceGenerator)
    }

    func defineGeneratorTypes() {
        defineType(.generator, "generator", flags: TypeFlag.hasWeakReferences, generatorLayout()) { b in
            b.slots.pointee.iter = UnarySlot { (_, v) throws(Raised) in v }
            b.slots.pointee.next = UnarySlot(Thread.generatorNext)
            addGeneratorParts(b)
            b.getset("gi_running", get: { (_, v) throws(Raised) in Value(GeneratorObject(v).state == GeneratorObject.running) })
            b.getset("gi_suspended", get: { (_, v) throws(Raised) in Value(GeneratorObject(v).state == GeneratorObject.suspended) })
            b.getset("gi_frame", get: { (t, v) throws(Raised) in try t.generatorFrame(GeneratorObject(v)) })
            b.getset("gi_code", get: { (t, v) throws(Raised) in
                try t.audit("object.__getattr__", v, t.intern("gi_code"))
                return v.cell[3]
            })
            b.getset("gi_yieldfrom", get: { (_, v) throws(Raised) in GeneratorObject(v).delegate.isUnbound ? .none : GeneratorObject(v).delegate })
        }
        defineType(.coroutine, "coroutine", flags: TypeFlag.hasWeakReferences, generatorLayout()) { b in
            b.slots.pointee.await = UnarySlot { (t, v) throws(Raised) in t.newCoroutineWrapper(v) }
            addGeneratorParts(b)
            b.getset("cr_running", get: { (_, v) throws(Raised) in Value(GeneratorObject(v).state == GeneratorObject.running) })
            b.getset("cr_suspended", get: { (_, v) throws(Raised) in Value(GeneratorObject(v).state == GeneratorObject.suspended) })
            b.getset("cr_frame", get: { (t, v) throws(Raised) in try t.generatorFrame(GeneratorObject(v)) })
            b.getset("cr_code", get: { (t, v) throws(Raised) in
                try t.audit("object.__getattr__", v, t.intern("cr_code"))
                return v.cell[3]
            })
            b.member("cr_origin", word: 4)
            b.getset("cr_await", get: { (_, v) throws(Raised) in GeneratorObject(v).delegate.isUnbound ? .none : GeneratorObject(v).delegate })
        }
        defineType(.coroutineWrapper, "coroutine_wrapper", .values(1)) { b in
            b.slots.pointee.iter = UnarySlot { (_, v) throws(Raised) in v }
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in try Thread.generatorNext(t, v.cell[1]) }
            b.method("send", "!($self, arg, /)") { (t, a) throws(Raised) in try t.generatorSend(GeneratorObject(a[0].cell[1]), a[1]) }
            b.rawMethod("throw") { (t, a) throws(Raised) in try t.generatorThrow(GeneratorObject(a[0].cell[1]), a.dropFirst) }
            b.method("close", "!($self, /)") { (t, a) throws(Raised) in try t.generatorClose(GeneratorObject(a[0].cell[1])) }
        }
    }

    func newCoroutineWrapper(_ coroutine: Value) -> Value {
        let cell = heap.allocate(header: UInt(LayoutID.coroutineWrapper.rawValue), bytes: 16)
        cell[1] = coroutine
        return Value(cell)
    }

    private func addGeneratorParts(_ b: TypeBuilder) {
        b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in
            t.str("<\(t.typeName(v)) object \(t.string(GeneratorObject(v).qualname)) at 0x\(String(v.bits, radix: 16))>")
        }
        b.slots.pointee.finalize = ActionSlot(Thread.finalizeGenerator)
        let isCoroutine = b.type.value == types.pointee.coroutine
        let send: StaticString = isCoroutine ? "send(arg) -> send 'arg' into coroutine,\nreturn next iterated value or raise StopIteration."
            : "send(arg) -> send 'arg' into generator,\nreturn next yielded value or raise StopIteration."
        b.method("send", "!($self, arg, /)", send) { (t, a) throws(Raised) in try t.generatorSend(GeneratorObject(a[0]), a[1]) }
        let thrown: StaticString = isCoroutine
            ? "throw(value)\nthrow(type[,value[,traceback]])\n\nRaise exception in coroutine, return next iterated value or raise\nStopIteration.\nthe (type, val, tb) signature is deprecated, \nand may be removed in a future version of Python."
            : "throw(value)\nthrow(type[,value[,tb]])\n\nRaise exception in generator, return next yielded value or raise\nStopIteration.\nthe (type, val, tb) signature is deprecated, \nand may be removed in a future version of Python."
        b.rawMethod("throw", "", thrown) { (t, a) throws(Raised) in try t.generatorThrow(GeneratorObject(a[0]), a.dropFirst) }
        let close: StaticString = isCoroutine ? "close() -> raise GeneratorExit inside coroutine." : "close() -> raise GeneratorExit inside generator."
        b.method("close", "!($self, /)", close) { (t, a) throws(Raised) in try t.generatorClose(GeneratorObject(a[0])) }
        addGeneratorNames(b)
    }

    /// `__name__` and `__qualname__`, which must stay strings.
    func addGeneratorNames(_ b: TypeBuilder) {
        let isCoroutine = b.type.value == types.pointee.coroutine
        b.getset("__name__", isCoroutine ? "name of the coroutine" : "name of the generator", get: { (_, v) throws(Raised) in GeneratorObject(v).name }, set: { (t, v, new) throws(Raised) in
            if !new.isKind(.str) { throw t.raise(.typeError, "__name__ must be set to a string object") }
            GeneratorObject(v).name = new
        })
        b.getset("__qualname__", isCoroutine ? "qualified name of the coroutine" : "qualified name of the generator", get: { (_, v) throws(Raised) in GeneratorObject(v).qualname }, set: { (t, v, new) throws(Raised) in
            if !new.isKind(.str) { throw t.raise(.typeError, "__qualname__ must be set to a string object") }
            GeneratorObject(v).qualname = new
        })
    }

    /// `cr_origin`: file, line and function of the callers, innermost first, as many as `sys.set_coroutine_origin_tracking_depth` asks for.
    func coroutineOrigin() throws(Raised) -> Value {
        let depth = state.pointee.coroutineOriginDepth
        if depth <= 0 { return .unbound }
        let list = try newList()
        var at = state.pointee.frame?.frameCaller
        while let fp = at, list.count < depth {
            let code = CodeCell(fp.frameLowered.pointee.code)
            try append(list, try tuple(code.filename, int(codePosition(code: code.value, lasti: fp.frameUnitOffset * 2).line), code.name))
            at = fp.frameCaller
        }
        return try tupleFrom(list.value).value
    }

    func generatorFrame(_ generator: GeneratorObject) throws(Raised) -> Value {
        generator.state == GeneratorObject.finished ? .none : try frameObject(generator.frame)
    }

    /// The `next` slot: unbound when it returned, its value kept for whoever asks.
    static func generatorNext(_ t: Thread, _ value: Value) throws(Raised) -> Value {
        let result = try t.resume(GeneratorObject(value), .none)
        if !result.isReturn { return result.value }
        t.state.pointee.returnValue = result.value
        return .unbound
    }

    /// `send(value)`: the yielded value; StopIteration when it returned.
    func generatorSend(_ generator: GeneratorObject, _ sent: Value) throws(Raised) -> Value {
        let result = try resume(generator, sent)
        if !result.isReturn { return result.value }
        throw stopIterationExactly(result.value)
    }

    /// StopIteration carrying `value`, even a tuple or an exception.
    func stopIterationExactly(_ value: Value) -> Raised { stopIteration(value) }

    // MARK: throw and close

    func generatorThrow(_ generator: GeneratorObject, _ a: Arguments) throws(Raised) -> Value {
        if a.count < 1 || a.count > 3 { throw raise(.typeError, "throw expected at \(a.count < 1 ? "least 1 argument" : "most 3 arguments"), got \(a.count)") }
        try warnThrowSignature(a.count, "throw")
        return try throwInto(generator, try exceptionToThrow(a))
    }

    func warnThrowSignature(_ count: Int, _ method: String) throws(Raised) {
        if count > 1 { try warn(.deprecationWarning, "the (type, exc, tb) signature of \(method)() is deprecated, use the single-arg signature instead.") }
    }

    /// What `throw` throws: the exception its arguments mean, or the one that making it raised.
    func exceptionToThrow(_ a: Arguments) throws(Raised) -> Value {
        do throws(Raised) {
            return try thrownException(a[0], a.count > 1 ? a[1] : .none, a.count > 2 ? a[2] : .none)
        } catch {
            if !isExceptionClass(a[0]) || (a.count > 2 && !a[2].isNone && !a[2].hasLayout(.traceback)) { throw error }
            return takePending()
        }
    }

    /// The exception that `throw(type, value, traceback)` means.
    func thrownException(_ type: Value, _ value: Value, _ traceback: Value) throws(Raised) -> Value {
        if !traceback.isNone && !traceback.hasLayout(.traceback) { throw raise(.typeError, "throw() third argument must be a traceback object") }
        var exception = type
        if isExceptionClass(type) {
            if value.isNone {
                exception = try call(type)
            } else if isInstance(value, of: type) {
                exception = value
            } else if value.isKind(.tuple) {
                exception = try call(type, tuple: value)
            } else {
                exception = try call(type, value)
            }
        } else if type.isKind(.exception) {
            if !value.isNone { throw raise(.typeError, "instance exception may not have a separate value") }
        } else {
            throw raise(.typeError, "exceptions must be classes or instances deriving from BaseException, not \(typeName(type))")
        }
        if !exception.isKind(.exception) { throw raise(.typeError, "calling \(try reprText(type)) should have returned an instance of BaseException, not \(typeName(exception))") }
        if traceback.hasLayout(.traceback) { ExceptionObject(exception).traceback = traceback }
        return exception
    }

    /// Throws into the generator, or into what it delegates to.
    func throwInto(_ generator: GeneratorObject, _ exception: Value) throws(Raised) -> Value {
        let delegate = generator.delegate
        if delegate.isBound {
            do throws(Raised) {
                generator.state = GeneratorObject.running
                defer { generator.state = GeneratorObject.suspended }
                if isInstance(exception, of: types.pointee.generatorExit) {
                    try closeDelegate(delegate)
                } else if let value = try throwIntoDelegate(generator, delegate, exception) {
                    return value
                }
            } catch {
                // What the delegate raised goes into the generator.
                return try finishThrow(generator)
            }
        }
        _ = restore(exception)
        return try finishThrow(generator)
    }

    /// Resumes the generator with the pending exception.
    private func finishThrow(_ generator: GeneratorObject) throws(Raised) -> Value {
        let result = try resume(generator, .none, raising: true)
        if !result.isReturn { return result.value }
        throw stopIterationExactly(result.value)
    }

    /// `delegate.throw(exception)`: nil when it has no such method.
    private func throwIntoDelegate(_ generator: GeneratorObject, _ delegate: Value, _ exception: Value) throws(Raised) -> Value? {
        if delegate.hasLayout(.generator) || delegate.hasLayout(.coroutine) {
            // The delegating generator stands in the call stack meanwhile.
            let frame = generator.frame, caller = state.pointee.frame
            frame[FrameHeader.caller] = Value(bits: UInt(bitPattern: caller))
            state.pointee.frame = frame
            defer { state.pointee.frame = caller }
            return try throwInto(GeneratorObject(delegate), exception)
        }
        let method = try getattrOrUnbound(delegate, name(.throw))
        return method.isUnbound ? nil : try call(method, exception)
    }

    private func closeDelegate(_ delegate: Value) throws(Raised) {
        if delegate.hasLayout(.generator) || delegate.hasLayout(.coroutine) {
            _ = try generatorClose(GeneratorObject(delegate))
            return
        }
        var method = Value.unbound
        do throws(Raised) { method = try getattrOrUnbound(delegate, name(.close)) } catch { reportUnraisable(delegate) }
        if method.isBound { _ = try call(method) }
    }

    func generatorClose(_ generator: GeneratorObject) throws(Raised) -> Value {
        if generator.state == GeneratorObject.finished { return .none }
        if generator.state == GeneratorObject.created {
            generator.state = GeneratorObject.finished
            return .none
        }
        if generator.state == GeneratorObject.running { throw raise(.valueError, "\(generatorKind(generator)) already executing") }
        do throws(Raised) {
            let delegate = generator.delegate
            if delegate.isBound {
                generator.state = GeneratorObject.running
                defer { generator.state = GeneratorObject.suspended }
                try closeDelegate(delegate)
            }
            _ = raise(.generatorExit)
        } catch {
            // What closing the delegate raised goes into the generator instead.
        }
        do throws(Raised) {
            let result = try resume(generator, .none, raising: true)
            if result.isReturn { return .none }
        } catch {
            if pendingIs(.generatorExit) || pendingIs(.stopIteration) {
                _ = takePending()
                return .none
            }
            throw error
        }
        throw raise(.runtimeError, "\(generatorKind(generator)) ignored GeneratorExit")
    }

    static func finalizeGenerator(_ t: Thread, _ value: Value) throws(Raised) {
        let generator = GeneratorObject(value)
        if generator.state == GeneratorObject.finished { return }
        if value.hasLayout(.coroutine) && generator.state == GeneratorObject.created {
            return t.warnNeverAwaited(generator)
        }
        if generator.state == GeneratorObject.suspended { _ = try t.generatorClose(generator) }
    }
}
