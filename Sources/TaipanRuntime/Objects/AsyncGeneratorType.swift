// Async generators (PEP 525): the type, and the awaitables that asend, athrow, aclose and anext() give.
//
// An awaitable cell: word 1 the generator (or the awaitable that `anext` wraps), 2 what to send or throw (or the default), 3 its state,
// 4 what it does. Within an async generator a yielded value is wrapped, so that it is told from what an `await` yields.

/// What an awaitable of an async generator does.
private enum AwaitableKind {
    static var send: Int { 0 }
    static var `throw`: Int { 1 }
    static var close: Int { 2 }
}

private enum AwaitableState {
    static var fresh: Int { 0 }
    static var running: Int { 1 }
    static var closed: Int { 2 }
}

extension Thread {
    func defineAsyncGeneratorTypes() {
        defineType(.asyncGenerator, "async_generator", flags: TypeFlag.hasWeakReferences,
                   NativeLayout(valueWords: 4, bytes: GeneratorObject.frameWord * 8, trace: Thread.traceGenerator)) { b in
            b.slots.pointee.asyncIter = UnarySlot { (_, v) throws(Raised) in v }
            b.slots.pointee.asyncNext = UnarySlot { (t, v) throws(Raised) in try t.newAsyncAwaitable(v, .none, AwaitableKind.send) }
            b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in
                t.str("<async_generator object \(t.string(GeneratorObject(v).qualname)) at 0x\(String(v.bits, radix: 16))>")
            }
            b.slots.pointee.finalize = ActionSlot(Thread.finalizeAsyncGenerator)
            b.method("asend", "!($self, value, /)", "asend(v) -> send 'v' in generator.") { (t, a) throws(Raised) in try t.newAsyncAwaitable(a[0], a[1], AwaitableKind.send) }
            b.rawMethod("athrow", "", "athrow(value)\nathrow(typ[,val[,tb]])\n\nraise exception in generator.") { (t, a) throws(Raised) in
                try t.warnThrowSignature(a.count - 1, "athrow")
                return try t.newAsyncAwaitable(a[0], try t.tuple(a.base + 1, a.count - 1), AwaitableKind.throw)
            }
            b.method("aclose", "!($self, /)", "aclose() -> raise GeneratorExit inside generator.") { (t, a) throws(Raised) in try t.newAsyncAwaitable(a[0], .none, AwaitableKind.close) }
            b.member("ag_running", get: { (_, v) throws(Raised) in Value(GeneratorObject(v).flags & GeneratorObject.isBusy != 0) })
            b.getset("ag_suspended", get: { (_, v) throws(Raised) in Value(GeneratorObject(v).state == GeneratorObject.suspended) })
            b.getset("ag_frame", get: { (t, v) throws(Raised) in try t.generatorFrame(GeneratorObject(v)) })
            b.getset("ag_await", get: { (_, v) throws(Raised) in GeneratorObject(v).delegate.isUnbound ? .none : GeneratorObject(v).delegate })
            b.getset("ag_code", get: { (t, v) throws(Raised) in
                try t.audit("object.__getattr__", v, t.intern("ag_code"))
                return v.cell[3]
            })
            b.classMethod("__class_getitem__", "!($type, object, /)") { (t, a) throws(Raised) in try t.newGenericAlias(a[0], a[1]) }
            addGeneratorNames(b)
        }
        defineType(.asyncGeneratorWrappedValue, "async_generator_wrapped_value", .values(1)) { _ in }
        defineAwaitable(.asyncGeneratorASend, "async_generator_asend")
        defineAwaitable(.asyncGeneratorAThrow, "async_generator_athrow")
        defineAnextAwaitable()
    }

    private func defineAwaitable(_ layout: LayoutID, _ typeName: StaticString) {
        defineType(layout, typeName, .values(4)) { b in
            b.slots.pointee.await = UnarySlot { (_, v) throws(Raised) in v }
            b.slots.pointee.iter = UnarySlot { (_, v) throws(Raised) in v }
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in try t.stepForIteration(v) }
            b.method("send", "!($self, arg, /)") { (t, a) throws(Raised) in try t.step(a[0], a[1]) }
            b.rawMethod("throw") { (t, a) throws(Raised) in try t.throwIntoAwaitable(a[0], a.dropFirst) }
            b.method("close", "!($self, /)") { (_, a) throws(Raised) in
                a[0].cell[3] = Value(smallInt: AwaitableState.closed)
                return .none
            }
        }
    }

    /// Marks a value that an async generator yields.
    func newAsyncGeneratorValue(_ value: Value) -> Value {
        let cell = heap.allocate(header: UInt(LayoutID.asyncGeneratorWrappedValue.rawValue), bytes: 16)
        cell[1] = value
        return Value(cell)
    }

    private func newAsyncAwaitable(_ generator: Value, _ payload: Value, _ kind: Int) throws(Raised) -> Value {
        try callAsyncHooks(GeneratorObject(generator))
        let layout: LayoutID = kind == AwaitableKind.send ? .asyncGeneratorASend : .asyncGeneratorAThrow
        let cell = heap.allocate(header: UInt(layout.rawValue), bytes: 40)
        cell[1] = generator
        cell[2] = payload
        cell[3] = Value(smallInt: AwaitableState.fresh)
        cell[4] = Value(smallInt: kind)
        return Value(cell)
    }

    /// The hooks of `sys.set_asyncgen_hooks`, at the generator's first use.
    private func callAsyncHooks(_ generator: GeneratorObject) throws(Raised) {
        if generator.flags & GeneratorObject.hooksDone != 0 { return }
        generator.flags |= GeneratorObject.hooksDone
        generator.origin = state.pointee.asyncGenFinalizer
        if state.pointee.asyncGenFirstIter.isBound { _ = try call(state.pointee.asyncGenFirstIter, generator.value) }
    }

    /// The `next` slot: StopIteration becomes exhaustion, its value kept.
    private func stepForIteration(_ awaitable: Value) throws(Raised) -> Value {
        do throws(Raised) {
            return try step(awaitable, .none)
        } catch {
            if !pendingIs(.stopIteration) { throw error }
            state.pointee.returnValue = stopIterationValue(takePending())
            return .unbound
        }
    }

    /// `awaitable.send(value)`.
    private func step(_ awaitable: Value, _ sent: Value) throws(Raised) -> Value {
        let cell = awaitable.cell
        let generator = GeneratorObject(cell[1])
        let kind = cell[4].smallInt
        if cell[3].smallInt == AwaitableState.closed {
            throw raise(.runtimeError, kind == AwaitableKind.send ? "cannot reuse already awaited __anext__()/asend()" : "cannot reuse already awaited aclose()/athrow()")
        }
        var value = sent
        if cell[3].smallInt == AwaitableState.fresh {
            if let done = try begin(cell, generator, kind, &value) { return done }
        }
        return try advance(cell, generator, kind) { () throws(Raised) in try self.resume(generator, value) }
    }

    /// The first step. Gives a value when it is also the last.
    private func begin(_ cell: Cell, _ generator: GeneratorObject, _ kind: Int, _ value: inout Value) throws(Raised) -> Value? {
        if generator.flags & GeneratorObject.isBusy != 0 {
            cell[3] = Value(smallInt: AwaitableState.closed)
            let what = kind == AwaitableKind.send ? "anext" : kind == AwaitableKind.throw ? "athrow" : "aclose"
            throw raise(.runtimeError, "\(what)(): asynchronous generator is already running")
        }
        if kind != AwaitableKind.send {
            if generator.state == GeneratorObject.finished || generator.flags & GeneratorObject.isClosed != 0 {
                cell[3] = Value(smallInt: AwaitableState.closed)
                throw kind == AwaitableKind.close || generator.flags & GeneratorObject.isClosed == 0 ? raise(.stopIteration) : raise(.stopAsyncIteration)
            }
            if !value.isNone { throw raise(.runtimeError, "can't send non-None value to a just-started coroutine") }
        } else if value.isNone {
            value = cell[2]
        }
        cell[3] = Value(smallInt: AwaitableState.running)
        generator.flags |= GeneratorObject.isBusy
        if kind == AwaitableKind.send { return nil }
        if kind == AwaitableKind.close { generator.flags |= GeneratorObject.isClosed }
        let arguments = kind == AwaitableKind.close ? try tuple(types.pointee.generatorExit) : cell[2]
        let items = TupleObject(arguments)
        let exception = try thrownException(items.count > 0 ? items[0] : .none, items.count > 1 ? items[1] : .none, items.count > 2 ? items[2] : .none)
        return try advance(cell, generator, kind) { () throws(Raised) in (try self.throwInto(generator, exception), false) }
    }

    /// Runs the generator and says what its result means to the awaitable.
    private func advance(_ cell: Cell, _ generator: GeneratorObject, _ kind: Int, _ body: () throws(Raised) -> (value: Value, isReturn: Bool)) throws(Raised) -> Value {
        let result: (value: Value, isReturn: Bool)
        do throws(Raised) {
            result = try body()
        } catch {
            finishAwaitable(cell, generator)
            if pendingIs(.stopAsyncIteration) || pendingIs(.generatorExit) || pendingIs(.stopIteration) {
                generator.flags |= GeneratorObject.isClosed
                if kind == AwaitableKind.close {
                    _ = takePending()
                    throw raise(.stopIteration)
                }
                if pendingIs(.stopIteration) {
                    _ = takePending()
                    throw raise(.stopAsyncIteration)
                }
            }
            throw error
        }
        if result.isReturn {
            finishAwaitable(cell, generator)
            generator.flags |= GeneratorObject.isClosed
            throw kind == AwaitableKind.close ? raise(.stopIteration) : raise(.stopAsyncIteration)
        }
        if !result.value.hasLayout(.asyncGeneratorWrappedValue) { return result.value }
        finishAwaitable(cell, generator)
        if kind == AwaitableKind.close { throw raise(.runtimeError, "async generator ignored GeneratorExit") }
        throw stopIterationExactly(result.value.cell[1])
    }

    private func finishAwaitable(_ cell: Cell, _ generator: GeneratorObject) {
        cell[3] = Value(smallInt: AwaitableState.closed)
        generator.flags &= ~GeneratorObject.isBusy
    }

    private func throwIntoAwaitable(_ awaitable: Value, _ a: Arguments) throws(Raised) -> Value {
        let cell = awaitable.cell
        let generator = GeneratorObject(cell[1])
        let kind = cell[4].smallInt
        if cell[3].smallInt == AwaitableState.closed {
            throw raise(.runtimeError, kind == AwaitableKind.send ? "cannot reuse already awaited __anext__()/asend()" : "cannot reuse already awaited aclose()/athrow()")
        }
        try warnThrowSignature(a.count, "throw")
        let exception = try exceptionToThrow(a)
        if cell[3].smallInt == AwaitableState.fresh {
            cell[3] = Value(smallInt: AwaitableState.running)
            generator.flags |= GeneratorObject.isBusy
        }
        return try advance(cell, generator, kind) { () throws(Raised) in (try self.throwInto(generator, exception), false) }
    }

    static func finalizeAsyncGenerator(_ t: Thread, _ value: Value) throws(Raised) {
        let generator = GeneratorObject(value)
        if generator.state == GeneratorObject.finished { return }
        if generator.origin.isBound && !generator.origin.isNone && generator.flags & GeneratorObject.isClosed == 0 {
            _ = try t.call(generator.origin, value)
            return
        }
        if generator.state == GeneratorObject.suspended { _ = try t.generatorClose(generator) }
    }

    // MARK: anext with a default

    private func defineAnextAwaitable() {
        defineType(.anextAwaitable, "anext_awaitable", .values(3)) { b in
            b.slots.pointee.await = UnarySlot { (_, v) throws(Raised) in v }
            b.slots.pointee.iter = UnarySlot { (_, v) throws(Raised) in v }
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in
                do throws(Raised) {
                    return try t.anextStep(v) { (inner) throws(Raised) in try t.sendSlowly(inner, .none) }
                } catch {
                    if !t.pendingIs(.stopIteration) { throw error }
                    t.state.pointee.returnValue = t.stopIterationValue(t.takePending())
                    return .unbound
                }
            }
            b.method("send", "!($self, arg, /)") { (t, a) throws(Raised) in
                let sent = a[1]
                return try t.anextStep(a[0]) { (inner) throws(Raised) in try t.sendSlowly(inner, sent) }
            }
            b.rawMethod("throw") { (t, a) throws(Raised) in
                let rest = try t.tuple(a.base + 1, a.count - 1)
                return try t.anextStep(a[0]) { (inner) throws(Raised) in (try t.call(try t.getattr(inner, .throw), tuple: rest), false) }
            }
            b.method("close", "!($self, /)") { (t, a) throws(Raised) in
                if a[0].cell[3].isBound { _ = try t.callMethod(a[0].cell[3], t.name(.close)) }
                return .none
            }
        }
    }

    /// `anext(iterator, default)`: awaits like `awaitable`; StopAsyncIteration gives the default.
    public func newAnextAwaitable(_ awaitable: Value, _ otherwise: Value) throws(Raised) -> Value {
        let cell = heap.allocate(header: UInt(LayoutID.anextAwaitable.rawValue), bytes: 32)
        cell[1] = awaitable
        cell[2] = otherwise
        return Value(cell)
    }

    private func anextStep(_ value: Value, _ body: (Value) throws(Raised) -> (Value, Bool)) throws(Raised) -> Value {
        let cell = value.cell
        if cell[3].isUnbound {
            let awaited = try getAwaitable(cell[1], 0)
            cell[3] = awaited.hasLayout(.coroutine) ? newCoroutineWrapper(awaited) : awaited
        }
        do throws(Raised) {
            let (result, isReturn) = try body(cell[3])
            if isReturn { throw stopIterationExactly(result) }
            return result
        } catch {
            if !pendingIs(.stopAsyncIteration) { throw error }
            _ = takePending()
            throw stopIterationExactly(cell[2])
        }
    }
}
