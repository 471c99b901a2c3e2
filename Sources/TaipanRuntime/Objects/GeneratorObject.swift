// Generators, coroutines and async generators: a cell that holds a frame, which runs where it lies.
//
//   word 1 name   2 qualname   3 code   4 origin, finalizer or gathered   5, 6 its link in the chain of handled exceptions (value, address)
//   word 7 state (raw)   8 flags (raw)   9 spare   10…16 the frame header   17… the frame's slots

@frozen public struct GeneratorObject: BitwiseCopyable {
    public let cell: Cell
    public init(_ value: Value) { cell = value.cell }
    public var value: Value { Value(cell) }
    public var name: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    public var qualname: Value { get { cell[2] } nonmutating set { cell[2] = newValue } }
    public var code: Value { get { cell[3] } nonmutating set { cell[3] = newValue } }
    /// Coroutines: where they were made, when that is tracked. Async generators: the finalizer hook.
    public var origin: Value { get { cell[4] } nonmutating set { cell[4] = newValue } }
    /// Generators that run for a consumer (see Gathering.swift): what they have yielded, as the consumer needs it.
    var gathered: Value { get { cell[4] } nonmutating set { cell[4] = newValue } }
    var handled: UnsafeMutablePointer<HandledException> { (cell.address + 40).assumingMemoryBound(to: HandledException.self) }
    public var state: Int { get { cell.raw(7) } nonmutating set { cell.setRaw(newValue, at: 7) } }
    public var flags: Int { get { cell.raw(8) } nonmutating set { cell.setRaw(newValue, at: 8) } }
    static var frameWord: Int { 10 + FrameHeader.size }
    var frame: UnsafeMutablePointer<Value> { cell.values(from: GeneratorObject.frameWord) }

    public static var created: Int { 0 }
    public static var suspended: Int { 1 }
    public static var running: Int { 2 }
    public static var finished: Int { 3 }

    /// Async generators: hooks were called; closed; someone is in it.
    public static var hooksDone: Int { 1 }
    public static var isClosed: Int { 2 }
    public static var isBusy: Int { 4 }

    /// The object that `yield from` or `await` waits for, or unbound.
    public var delegate: Value {
        guard state == GeneratorObject.suspended else { return .unbound }
        let word = frame.frameIP.pointee
        let slot = Int(truncatingIfNeeded: word >> 48)
        return UInt8(truncatingIfNeeded: word) == Op.yieldValue.rawValue && slot != 0xFFFF ? frame[slot] : .unbound
    }
}

extension Thread {
    static func traceGenerator(_ cell: Cell, _ marker: UnsafeMutablePointer<Marker>) {
        let generator = GeneratorObject(Value(cell))
        marker.pointee.mark(generator.handled.pointee.value)
        if generator.state == GeneratorObject.finished { return }
        let fp = generator.frame
        guard fp[FrameHeader.lowered].bits != 0 else { return }
        marker.pointee.mark(fp[FrameHeader.function])
        marker.pointee.mark(fp[FrameHeader.object])
        marker.pointee.mark(fp[FrameHeader.namespace])
        let lowered = fp.frameLowered
        marker.pointee.mark(lowered.pointee.code)
        marker.pointee.markRange(fp, lowered.pointee.localCount)
        if generator.state != GeneratorObject.created { marker.pointee.scanTemporaries(fp, UInt.max) }
    }

    /// The generator or coroutine whose frame it is, or None.
    public func frameGenerator(_ object: FrameObject) -> Value {
        guard let fp = object.frame, fp.frameFlags & FrameFlag.generator != 0 else { return .none }
        return Value(Cell(UnsafeMutableRawPointer(fp) - GeneratorObject.frameWord * 8))
    }

    /// RETURN_GENERATOR: the running frame moves into a new generator.
    @inline(never)
    func newGenerator(_ fp: UnsafeMutablePointer<Value>) throws(Raised) -> Value {
        let lowered = fp.frameLowered
        let code = CodeCell(lowered.pointee.code)
        let layout: LayoutID = code.flags & 0x200 != 0 ? .asyncGenerator : code.flags & 0x80 != 0 ? .coroutine : .generator
        guard let cell = heap.allocateAnySize(header: UInt(layout.rawValue), bytes: (GeneratorObject.frameWord + lowered.pointee.frameSize) * 8) else { throw memoryError() }
        let made = GeneratorObject(Value(cell))
        let function = fp.frameFunction
        made.name = function.name
        made.qualname = function.qualname
        made.code = code.value
        made.state = GeneratorObject.finished
        let frame = made.frame
        for i in -FrameHeader.size..<lowered.pointee.localCount { frame[i] = fp[i] }
        frame[FrameHeader.flags] = Value(bits: FrameFlag.generator)
        if fp[FrameHeader.object].isBound {
            moveFrameObject(fp[FrameHeader.object], frame)
            fp[FrameHeader.object] = .unbound
        }
        made.state = GeneratorObject.created
        // Those that may have something to do when they die: a `finally` or `with` to leave, or never awaited.
        if lowered.pointee.handlerCount > 1 || layout != .generator {
            registerFinalizable(cell)
            watchFrame(fp.frameCaller)
        }
        if layout == .coroutine { made.origin = try coroutineOrigin() }
        return made.value
    }

    /// Enters a suspended generator from the interpreter: gives its frame, or nil when it cannot be entered this way.
    @inline(never)
    func enterGenerator(_ fp: UnsafeMutablePointer<Value>, _ value: Value, _ sent: Value, _ destination: Int, _ flag: UInt) throws(Raised)
        -> UnsafeMutablePointer<Value>? {
        let generator = GeneratorObject(value)
        if generator.state >= GeneratorObject.running { return nil }
        if generator.state == GeneratorObject.created && !sent.isNone { return nil }
        return try resumeFrame(generator, sent, caller: fp, destination: destination, flags: FrameFlag.generator | flag)
    }

    /// Makes the generator's frame the running one.
    func resumeFrame(_ generator: GeneratorObject, _ sent: Value, caller: UnsafeMutablePointer<Value>?, destination: Int, flags: UInt) throws(Raised)
        -> UnsafeMutablePointer<Value> {
        state.pointee.recursionRemaining &-= 1
        if state.pointee.recursionRemaining < 0 {
            state.pointee.recursionRemaining &+= 1
            throw recursionError()
        }
        let frame = link(generator, sent, caller, destination, flags)
        if state.pointee.breaker != 0 && state.pointee.observation.isActive { try observeResumption(frame) }
        return frame
    }

    /// What resuming does to the generator and the thread, but for the count of recursion.
    @inline(__always)
    func link(_ generator: GeneratorObject, _ sent: Value, _ caller: UnsafeMutablePointer<Value>?, _ destination: Int, _ flags: UInt) -> UnsafeMutablePointer<Value> {
        let frame = generator.frame
        frame[FrameHeader.caller] = Value(bits: UInt(bitPattern: caller))
        frame[FrameHeader.flags] = Value(bits: UInt(bitPattern: destination) << 16 | flags)
        frame[Int(truncatingIfNeeded: (frame.frameIP.pointee >> 32) & 0xFFFF)] = sent
        generator.handled.pointee.previous = state.pointee.handled
        state.pointee.handled = generator.handled
        generator.state = GeneratorObject.running
        state.pointee.frame = frame
        return frame
    }

    @inline(__always) func generator(of frame: UnsafeMutablePointer<Value>) -> GeneratorObject {
        GeneratorObject(Value(Cell(UnsafeMutableRawPointer(frame - GeneratorObject.frameWord))))
    }

    /// YIELD_VALUE: the generator rests; its caller's frame is the running one again.
    @inline(__always)
    func suspendGenerator(_ fp: UnsafeMutablePointer<Value>) {
        let generator = generator(of: fp)
        generator.state = GeneratorObject.suspended
        leave(generator, fp)
    }

    /// The generator returned or raised: its frame is gone.
    func finishGenerator(_ fp: UnsafeMutablePointer<Value>) {
        let generator = generator(of: fp)
        generator.state = GeneratorObject.finished
        generator.handled.pointee.value = .unbound
        if fp.gatheringKind != 0 { generator.gathered = .unbound }
        state.pointee.handled = generator.handled.pointee.previous ?? state.pointee.handled
        for i in 0..<fp.frameLowered.pointee.frameSize { fp[i] = .unbound }
    }

    @inline(__always)
    private func leave(_ generator: GeneratorObject, _ fp: UnsafeMutablePointer<Value>) {
        state.pointee.handled = generator.handled.pointee.previous ?? state.pointee.handled
        state.pointee.frame = fp.frameCaller
        state.pointee.recursionRemaining &+= 1
    }

    // MARK: From native code

    /// What resuming gave: a yielded value, or the value it returned with.
    struct Resumption {
        var value: Value
        var isReturn: Bool
    }

    /// `generator.send(sent)` without StopIteration. With `raising`, the pending exception is thrown in instead.
    func resume(_ generator: GeneratorObject, _ sent: Value, raising: Bool = false) throws(Raised) -> (value: Value, isReturn: Bool) {
        if generator.state == GeneratorObject.running { throw raise(.valueError, "\(generatorKind(generator)) already executing") }
        if generator.state == GeneratorObject.finished {
            if generator.cell.layout == .coroutine {
                state.pointee.pending = .unbound
                throw raise(.runtimeError, "cannot reuse already awaited coroutine")
            }
            if raising { throw Raised() }
            return (.none, true)
        }
        if generator.state == GeneratorObject.created && !raising && !sent.isNone {
            throw raise(.typeError, "can't send non-None value to a just-started \(generatorKind(generator))")
        }
        try enterRecursion("", units: 2)
        defer { leaveRecursion(units: 2) }
        let pending = state.pointee.pending
        let frame = try resumeFrame(generator, sent, caller: state.pointee.frame, destination: 0, flags: FrameFlag.generator | FrameFlag.entry)
        if raising {
            state.pointee.pending = pending
            // What the generator is handling is the context of what is thrown in.
            if generator.handled.pointee.value.isBound && !generator.handled.pointee.value.isNone { setContext(of: pending) }
            if state.pointee.observation.isActive { observeException(.pyThrow, frame) }
        }
        let value = try run(frame, raising: raising)
        return (value, generator.state == GeneratorObject.finished)
    }

    func generatorKind(_ generator: GeneratorObject) -> String {
        switch generator.cell.layout {
        case .coroutine: "coroutine"
        case .asyncGenerator: "async generator"
        default: "generator"
        }
    }

    /// SEND to anything but an enterable generator: gives the value and whether it was the return value.
    @inline(never)
    func sendSlowly(_ receiver: Value, _ value: Value) throws(Raised) -> (Value, Bool) {
        if receiver.hasLayout(.generator) || receiver.hasLayout(.coroutine) {
            let result = try resume(GeneratorObject(receiver), value)
            return (result.value, result.isReturn)
        }
        do throws(Raised) {
            let slots = type(of: receiver).slots
            state.pointee.returnValue = .unbound
            if value.isNone && slots.pointee.next.isSet {
                let item = try slots.pointee.next(self, receiver)
                if item.isBound { return (item, false) }
                // Exhausted: a native iterator may have left its return value with a StopIteration.
                return (takeReturnValue(), true)
            }
            return (try callMethod(receiver, name(.send), value), false)
        } catch {
            if !pendingIs(.stopIteration) { throw error }
            return (stopIterationValue(takePending()), true)
        }
    }

    /// The value that the last exhausted native iterator returned with; None if none.
    func takeReturnValue() -> Value {
        let value = state.pointee.returnValue
        state.pointee.returnValue = .unbound
        return value.isUnbound ? .none : value
    }

    /// GET_YIELD_FROM_ITER.
    @inline(never)
    func getYieldFromIter(_ fp: UnsafeMutablePointer<Value>, _ value: Value) throws(Raised) -> Value {
        if value.hasLayout(.coroutine) {
            let flags = CodeCell(fp.frameLowered.pointee.code).flags
            if flags & (0x80 | 0x100) == 0 { throw raise(.typeError, "cannot 'yield from' a coroutine object in a non-coroutine generator") }
            return value
        }
        return value.hasLayout(.generator) ? value : try iter(value)
    }

    /// GET_AWAITABLE; `where` 1 is `__aenter__`, 2 `__aexit__`.
    @inline(never)
    func getAwaitable(_ value: Value, _ place: Int) throws(Raised) -> Value {
        if value.hasLayout(.coroutine) {
            if GeneratorObject(value).delegate.isBound { throw raise(.runtimeError, "coroutine is being awaited already") }
            return value
        }
        if value.hasLayout(.generator) && CodeCell(GeneratorObject(value).code).flags & 0x100 != 0 { return value }
        let slot = type(of: value).slots.pointee.await
        if !slot.isSet {
            if place == 1 {
                throw raise(.typeError, "'async with' received an object from __aenter__ that does not implement __await__: \(typeName(value))")
            }
            if place == 2 {
                throw raise(.typeError, "'async with' received an object from __aexit__ that does not implement __await__: \(typeName(value))")
            }
            throw raise(.typeError, "object \(typeName(value)) can't be used in 'await' expression")
        }
        let iterator = try slot(self, value)
        if iterator.hasLayout(.coroutine) { throw raise(.typeError, "__await__() returned a coroutine") }
        if type(of: iterator).slots.pointee.next.isSet { return iterator }
        throw raise(.typeError, "__await__() returned non-iterator of type '\(typeName(iterator))'")
    }

    @inline(never)
    func getAsyncIter(_ value: Value) throws(Raised) -> Value {
        let slot = type(of: value).slots.pointee.asyncIter
        if !slot.isSet { throw raise(.typeError, "'async for' requires an object with __aiter__ method, got \(typeName(value))") }
        let iterator = try slot(self, value)
        if type(of: iterator).slots.pointee.asyncNext.isSet { return iterator }
        throw raise(.typeError, "'async for' received an object from __aiter__ that does not implement __anext__: \(typeName(iterator))")
    }

    @inline(never)
    func getAsyncNext(_ iterator: Value) throws(Raised) -> Value {
        let slot = type(of: iterator).slots.pointee.asyncNext
        if !slot.isSet { throw raise(.typeError, "'async for' requires an iterator with __anext__ method, got \(typeName(iterator))") }
        let awaitable = try slot(self, iterator)
        if iterator.hasLayout(.asyncGenerator) { return awaitable }
        do throws(Raised) {
            return try getAwaitable(awaitable, 0)
        } catch {
            let cause = takePending()
            let raised = raise(.typeError, "'async for' received an invalid object from __anext__: \(typeName(awaitable))")
            ExceptionObject(state.pointee.pending).cause = cause
            ExceptionObject(state.pointee.pending).context = cause
            ExceptionObject(state.pointee.pending).suppressContext = true
            throw raised
        }
    }
}
