// Frame objects: made when somebody asks (a traceback, `sys._getframe`, `locals()` of a class body), once a frame.
//
//   word 1 function   2 code   3 locals: a dict, or unbound before it is asked for   4 back, once the frame has ended
//   word 5 saved fast locals (value buffer), once the frame has ended   6 trace function   7 attribute spare
//   raw: word 8 address of slot 0 while the frame lives, 0 afterwards   9 last instruction's unit, once it has ended   10 bits of tracing

import TaipanBytecode

@frozen public struct FrameObject: BitwiseCopyable {
    public let cell: Cell
    public init(_ value: Value) { cell = value.cell }
    public var value: Value { Value(cell) }
    public var function: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    public var code: Value { get { cell[2] } nonmutating set { cell[2] = newValue } }
    public var locals: Value { get { cell[3] } nonmutating set { cell[3] = newValue } }
    public var savedBack: Value { get { cell[4] } nonmutating set { cell[4] = newValue } }
    public var savedLocals: Value { get { cell[5] } nonmutating set { cell[5] = newValue } }
    public var trace: Value { get { cell[6] } nonmutating set { cell[6] = newValue } }
    static var valueWords: Int32 { 7 }
    var frame: UnsafeMutablePointer<Value>? {
        get { UnsafeMutablePointer(bitPattern: cell.raw(8)) }
        nonmutating set { cell.setRaw(Int(bitPattern: newValue), at: 8) }
    }
    var savedUnit: Int { get { cell.raw(9) } nonmutating set { cell.setRaw(newValue, at: 9) } }
    /// `f_trace_lines`, kept the other way round, and `f_trace_opcodes`.
    var hidesLines: Bool {
        get { cell.raw(10) & 1 != 0 }
        nonmutating set { cell.setRaw(newValue ? cell.raw(10) | 1 : cell.raw(10) & ~1, at: 10) }
    }
    var tracesOpcodes: Bool {
        get { cell.raw(10) & 2 != 0 }
        nonmutating set { cell.setRaw(newValue ? cell.raw(10) | 2 : cell.raw(10) & ~2, at: 10) }
    }
    static var bytes: Int { 88 }
}

extension Thread {
    /// The frame object of the live frame at `fp`.
    public func frameObject(_ fp: UnsafeMutablePointer<Value>) throws(Raised) -> Value {
        let known = fp[FrameHeader.object]
        if known.isBound { return known }
        let made = FrameObject(Value(heap.allocate(header: UInt(LayoutID.frame.rawValue), bytes: FrameObject.bytes)))
        made.function = fp[FrameHeader.function]
        made.code = fp.frameLowered.pointee.code
        made.frame = fp
        fp[FrameHeader.object] = made.value
        fp[FrameHeader.flags] = Value(bits: fp.frameFlags | FrameFlag.hasObject)
        return made.value
    }

    /// The frame's object, or unbound where there is no memory for it. What is being raised stays so.
    func frameObjectIfPossible(_ fp: UnsafeMutablePointer<Value>) -> Value {
        let pending = state.pointee.pending
        do throws(Raised) {
            return try frameObject(fp)
        } catch {
            state.pointee.pending = pending
            return .unbound
        }
    }

    /// The frame ends: its object keeps the locals, where it was, and who called it.
    func detachFrameObject(_ fp: UnsafeMutablePointer<Value>) {
        let object = FrameObject(fp[FrameHeader.object])
        // Left by RERAISE: the frame was where the exception was raised first.
        object.savedUnit = raisingUnit(fp)
        let count = fp.frameLowered.pointee.localCount
        let pending = state.pointee.pending
        if let buffer = try? newValueBuffer(max(count, 1)) {
            for i in 0..<count { buffer.items[i] = fp[i] }
            object.savedLocals = buffer.value
        } else {
            state.pointee.pending = pending
        }
        let namespace = fp[FrameHeader.namespace]
        if namespace.isBound && fp.frameFlags & FrameFlag.initialize == 0 { object.locals = namespace }
        if fp.frameFlags & FrameFlag.generator == 0, let caller = fp.frameCaller {
            let back = frameObjectIfPossible(caller)
            if back.isBound { object.savedBack = back }
        }
        object.frame = nil
        fp[FrameHeader.object] = .unbound
    }

    /// The frame moved into a generator.
    func moveFrameObject(_ object: Value, _ frame: UnsafeMutablePointer<Value>) {
        FrameObject(object).frame = frame
        frame[FrameHeader.object] = object
    }

    /// The instruction, in code units, that the frame is or was at.
    public func frameUnit(_ object: FrameObject) -> Int { object.frame?.frameUnitOffset ?? object.savedUnit }

    /// The line that the frame is or was at.
    public func frameLine(_ object: FrameObject) -> Int { codePosition(code: object.code, lasti: frameUnit(object) * 2).line }

    /// The caller's frame object, or None.
    public func frameBack(_ object: FrameObject) throws(Raised) -> Value {
        guard let fp = object.frame else { return object.savedBack.isUnbound ? .none : object.savedBack }
        if fp.frameFlags & FrameFlag.generator != 0 && !isRunning(fp) { return .none }
        guard let caller = fp.frameCaller else { return .none }
        return try frameObject(caller)
    }

    private func isRunning(_ fp: UnsafeMutablePointer<Value>) -> Bool {
        var at = state.pointee.frame
        while let one = at {
            if one == fp { return true }
            at = one.frameCaller
        }
        return false
    }

    /// A frame object of a frame that does not run: nobody called it.
    public func newFrameObject(function: Value, code: Value, locals: Value) -> Value {
        let made = FrameObject(Value(heap.allocate(header: UInt(LayoutID.frame.rawValue), bytes: FrameObject.bytes)))
        made.function = function
        made.code = code
        made.locals = locals
        return made.value
    }

    // MARK: Locals

    /// `frame.f_locals`: the namespace itself, or a dict refreshed from the fast locals.
    public func frameLocals(_ object: FrameObject) throws(Raised) -> Value {
        if let fp = object.frame, fp[FrameHeader.namespace].isBound, fp.frameFlags & FrameFlag.initialize == 0 {
            return try withHiddenLocals(fp, fp[FrameHeader.namespace])
        }
        let code = CodeCell(object.code)
        if object.frame == nil && object.locals.isBound && code.flags & 1 == 0 { return object.locals }
        let dict = object.locals.isBound ? DictObject(object.locals) : newDict()
        object.locals = dict.value
        let names = TupleObject(code.localsplusnames)
        let kinds = BytesObject(code.localspluskinds)
        for i in 0..<names.count {
            let kind = kinds.data[i]
            if kind & 0x10 != 0 { continue }
            var value: Value
            if let fp = object.frame {
                value = fp[i]
            } else if object.savedLocals.isBound {
                value = ValueBuffer(object.savedLocals).items[i]
            } else {
                value = .unbound
            }
            if kind & 0xC0 != 0 && value.hasLayout(.cell) { value = value.cell[1] }
            if value.isBound {
                try dict.setString(self, names[i], value)
            } else {
                let at = dict.findStringEntry(self, names[i])
                if at >= 0 { dict.removeEntry(at) }
            }
        }
        return dict.value
    }

    /// A module's or class's namespace as a comprehension inlined into it sees it (PEP 709): with the comprehension's variables, in a copy.
    private func withHiddenLocals(_ fp: UnsafeMutablePointer<Value>, _ namespace: Value) throws(Raised) -> Value {
        let code = CodeCell(fp.frameLowered.pointee.code)
        let kinds = BytesObject(code.localspluskinds), names = TupleObject(code.localsplusnames)
        var merged = Value.unbound
        for i in 0..<names.count where kinds.data[i] & 0x10 != 0 {
            var value = fp[i]
            if kinds.data[i] & 0xC0 != 0 && value.hasLayout(.cell) { value = value.cell[1] }
            if value.isUnbound { continue }
            if merged.isUnbound {
                merged = newDict().value
                _ = try callMethod(merged, intern("update"), namespace)
            }
            try DictObject(merged).setString(self, names[i], value)
        }
        return merged.isBound ? merged : namespace
    }

    /// The running Python frame, or nil.
    var currentFrame: UnsafeMutablePointer<Value>? { state.pointee.frame }

    /// `globals()`.
    public func currentGlobals() throws(Raised) -> Value {
        guard let fp = state.pointee.frame else { throw raise(.systemError, "frame does not exist") }
        return fp.frameFunction.globals
    }

    /// The globals of the running frame, or unbound outside Python code.
    public func currentGlobalsOrUnbound() -> Value { state.pointee.frame.map { $0.frameFunction.globals } ?? .unbound }

    /// `locals()`.
    public func currentLocals() throws(Raised) -> Value {
        guard let fp = state.pointee.frame else { throw raise(.systemError, "frame does not exist") }
        return try frameLocals(FrameObject(try frameObject(fp)))
    }

    // MARK: Source positions

    /// Source position of the instruction at byte offset `lasti` of a code object. Lines count from 1, 0 is none;
    /// columns are UTF-8 byte offsets, -1 for none.
    public func codePosition(code: Value, lasti: Int) -> (line: Int, endLine: Int, column: Int, endColumn: Int) {
        let code = CodeCell(code)
        for entry in LocationTable(Array(BytesObject(code.linetable).buffer), firstLine: code.firstlineno) where lasti >= entry.start && lasti < entry.end {
            return (max(0, Int(entry.range.line)), max(0, Int(entry.range.endLine)), Int(entry.range.column), Int(entry.range.endColumn))
        }
        return (0, 0, -1, -1)
    }

    // MARK: Running code objects

    /// Runs a code object with the given namespaces, as `exec` and module import do. `closure` is a tuple of cells, or None.
    public func runCode(_ code: Value, globals: Value, locals: Value, closure: Value) throws(Raised) -> Value {
        let function = try newFunction(CodeCell(code), globals: globals)
        if closure.isKind(.tuple) { function.closure = closure }
        var none = Value.unbound
        return try withUnsafeMutablePointer(to: &none) { (base) throws(Raised) in
            try callFunction(function, Arguments(base, 0), namespace: CodeCell(code).flags & 1 == 0 ? locals : .unbound)
        }
    }

    /// Runs the function of a class body over `namespace`: gives what it returns (the `__class__` cell or None).
    public func runClassBody(_ function: Value, _ namespace: Value) throws(Raised) -> Value {
        var none = Value.unbound
        return try withUnsafeMutablePointer(to: &none) { (base) throws(Raised) in
            try callFunction(FunctionObject(function), Arguments(base, 0), namespace: namespace)
        }
    }

    /// `super()` without arguments: the class in the running function's `__class__` cell and the function's first argument.
    public func superFromFrame() throws(Raised) -> (Value, Value) {
        guard let fp = state.pointee.frame else { throw raise(.runtimeError, "super(): no current frame") }
        let code = CodeCell(fp.frameLowered.pointee.code)
        if code.argcount == 0 { throw raise(.runtimeError, "super(): no arguments") }
        var object = fp[0]
        if object.hasLayout(.cell) && BytesObject(code.localspluskinds).data[0] & 0x40 != 0 { object = object.cell[1] }
        if object.isUnbound { throw raise(.runtimeError, "super(): arg[0] deleted") }
        let names = TupleObject(code.localsplusnames)
        let kinds = BytesObject(code.localspluskinds)
        for i in 0..<names.count where kinds.data[i] & 0x80 != 0 && names[i] == name(.__class__) {
            let cell = fp[i]
            if !cell.hasLayout(.cell) { throw raise(.runtimeError, "super(): bad __class__ cell") }
            if cell.cell[1].isUnbound { throw raise(.runtimeError, "super(): empty __class__ cell") }
            if !cell.cell[1].isKind(.type) { throw raise(.runtimeError, "super(): __class__ is not a type (\(typeName(cell.cell[1])))") }
            return (cell.cell[1], object)
        }
        throw raise(.runtimeError, "super(): __class__ cell not found")
    }

    // MARK: Safe points

    /// What waits for a moment between instructions: other threads, signals, finalizers, weak-reference callbacks, memory trouble.
    @inline(never)
    public func safePoint() throws(Raised) {
        state.pointee.breaker = state.pointee.observation.isActive ? ObservationState.breakerBit : 0
        if heap.pointee.isExhausted {
            heap.pointee.isExhausted = false
            // What else waits comes next.
            state.pointee.breaker |= 1
            throw memoryError()
        }
        if interp.pointee.hasThreads { yieldIfAsked() }
        runPendingFinalizers()
        if let handler = interp.pointee.signalHandler { try handler(self) }
    }

    /// Runs weak-reference callbacks and finalizers whose turn has come. Their errors are reported, not raised.
    public func runPendingFinalizers() {
        // What becomes due while they run gets its turn in the same run.
        if heap.pointee.isFinalizing || heap.pointee.pendingCallbacks.count + heap.pointee.pendingFinalizers.count == 0 { return }
        heap.pointee.isFinalizing = true
        defer { heap.pointee.isFinalizing = false }
        let pending = takePending()
        while heap.pointee.pendingCallbacks.count > 0 {
            heap.pointee.pendingCallbacks.count -= 1
            let reference = Value(bits: heap.pointee.pendingCallbacks.base[heap.pointee.pendingCallbacks.count])
            let callback = reference.cell[WeakReference.callbackWord]
            tell(.finalizes(reference, isCallback: true))
            do throws(Raised) {
                _ = try call(callback, reference)
            } catch { reportUnraisable(callback) }
        }
        // Objects of Python classes go in the order they were made, as CPython's collector has it; native ones after them, the last made
        // first: a text file flushes into its buffer before the buffer writes to its descriptor. Those that are done stay on the list
        // until the end.
        var first = 0
        while first < heap.pointee.pendingFinalizers.count {
            let end = heap.pointee.pendingFinalizers.count
            var i = first
            while i < min(end, heap.pointee.pendingFinalizers.count) {
                let object = Value(bits: heap.pointee.pendingFinalizers.base[i])
                if !isNativeFinalizable(object) { finalize(object) }
                i += 1
            }
            i = min(end, heap.pointee.pendingFinalizers.count)
            while i > first {
                i -= 1
                finalize(Value(bits: heap.pointee.pendingFinalizers.base[i]))
            }
            first = end
        }
        heap.pointee.pendingFinalizers.count = 0
        state.pointee.pending = pending
    }

    private func isNativeFinalizable(_ object: Value) -> Bool {
        let layout = object.cell.layout
        if layout == .generator || layout == .coroutine || layout == .asyncGenerator { return false }
        return !type(of: object).has(TypeFlag.heap)
    }

    private func finalize(_ object: Value) {
        if object.cell.has(CellFlag.finalized) { return }
        object.cell.set(CellFlag.finalized)
        object.cell.clear(CellFlag.watched)
        do throws(Raised) {
            let slot = type(of: object).slots.pointee.finalize
            if slot.isSet {
                tell(.finalizes(object, isCallback: false))
                try slot(self, object)
            }
        } catch {
            let method = type(of: object).has(TypeFlag.heap) ? lookup(type(of: object), name(.__del__)) : .unbound
            reportUnraisable(method.isBound ? method : object)
        }
    }
}

extension Thread {
    /// At exit: everything that is left and has a finalizer gets its turn, once.
    public func runFinalizersAtExit() {
        runPendingFinalizers()
        let list = heap.pointee.finalizable
        for i in 0..<list.count { heap.pointee.pendingFinalizers.append(list.base[i]) }
        heap.pointee.finalizable.count = 0
        runPendingFinalizers()
    }
}
