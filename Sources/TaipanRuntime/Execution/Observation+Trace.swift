// `sys.settrace` and `sys.setprofile`: two tools that call one Python function each with frame, kind of event and argument.

extension Thread {
    // MARK: Switching on and off

    /// `sys.settrace`: unbound switches it off.
    public func setTrace(_ function: Value) throws(Raised) {
        state.pointee.traceFunction = function
        var events = 0
        if function.isBound {
            for event in [ObservedEvent.pyStart, .pyResume, .pyReturn, .pyYield, .line, .jump, .branch, .stopIteration, .raise, .exceptionHandled, .pyUnwind,
                          .pyThrow] { events |= event.bit }
            if interp.pointee.monitoring.tracesOpcodes { events |= ObservedEvent.instruction.bit }
        }
        state.pointee.observation.traceEvents = events
        try updateObservation()
    }

    /// `sys.setprofile`: unbound switches it off.
    public func setProfile(_ function: Value) throws(Raised) {
        state.pointee.profileFunction = function
        var events = 0
        if function.isBound {
            for event in [ObservedEvent.pyStart, .pyResume, .pyThrow, .pyReturn, .pyYield, .call, .pyUnwind] { events |= event.bit }
        }
        state.pointee.observation.profileEvents = events
        try updateObservation()
    }

    /// `sys.call_tracing`: calls with events on, from within a trace function.
    func callTracing(_ callee: Value, _ arguments: Value) throws(Raised) -> Value {
        let depth = state.pointee.observation.depth, event = state.pointee.observation.event
        state.pointee.observation.depth = 0
        state.pointee.observation.event = -1
        defer {
            state.pointee.observation.depth = depth
            state.pointee.observation.event = event
        }
        return try call(callee, tuple: arguments, keywords: .unbound)
    }

    // MARK: Trace

    func reportToTrace(_ event: ObservedEvent, _ fp: UnsafeMutablePointer<Value>, _ unit: Int, _ x: Value) throws(Raised) {
        if state.pointee.traceFunction.isUnbound { return }
        let frame = FrameObject(try frameObject(fp))
        switch event {
        case .pyStart, .pyResume, .pyThrow: try callTrace(state.pointee.traceFunction, fp, frame, "call", .none)
        case .pyReturn, .pyYield: try callTrace(frame.trace, fp, frame, "return", x)
        case .pyUnwind: try callTrace(frame.trace, fp, frame, "return", .none)
        case .raise, .stopIteration:
            let traceback = ExceptionObject(x).traceback
            try callTrace(frame.trace, fp, frame, "exception", try tuple(type(of: x).value, x, traceback.isUnbound ? .none : traceback))
        case .line:
            if !frame.hidesLines { try callTrace(frame.trace, fp, frame, "line", .none) }
        case .jump:
            // A jump back within a line: the line is executed again. Other jumps end where a line starts.
            guard let observed = fp.frameLowered.pointee.observed else { return }
            let target = fp.frameUnitOffset
            if target > unit || observed.pointee.lines[target] != observed.pointee.lines[unit] || frame.hidesLines { return }
            try callTrace(frame.trace, fp, frame, "line", .none)
        case .instruction:
            if frame.tracesOpcodes { try callTrace(frame.trace, fp, frame, "opcode", .none) }
        default: break
        }
    }

    private func callTrace(_ callback: Value, _ fp: UnsafeMutablePointer<Value>, _ frame: FrameObject, _ kind: StaticString, _ argument: Value) throws(Raised) {
        if callback.isUnbound { return }
        let result: Value
        do throws(Raised) {
            result = try callObserver(callback, fp, frame, kind, argument)
        } catch {
            let exception = takePending()
            try setTrace(.unbound)
            frame.trace = .unbound
            state.pointee.pending = exception
            throw error
        }
        if !result.isNone { frame.trace = result }
    }

    /// Calls a trace or profile function. Its changes of `f_locals` reach the frame's variables.
    private func callObserver(_ callback: Value, _ fp: UnsafeMutablePointer<Value>, _ frame: FrameObject, _ kind: StaticString, _ argument: Value) throws(Raised) -> Value {
        if frame.locals.isBound { _ = try frameLocals(frame) }
        let result: Value
        do throws(Raised) {
            result = try call(callback, frame.value, intern(kind), argument)
        } catch {
            storeLocals(fp, frame)
            throw error
        }
        storeLocals(fp, frame)
        return result
    }

    /// The frame's variables take the values in its `f_locals`, if that was asked for; what it lacks is unbound.
    func storeLocals(_ fp: UnsafeMutablePointer<Value>, _ frame: FrameObject) {
        let code = CodeCell(frame.code)
        guard frame.locals.isBound, code.flags & 1 != 0, frame.locals.isKind(.dict) else { return }
        let dict = DictObject(frame.locals)
        let names = TupleObject(code.localsplusnames), kinds = BytesObject(code.localspluskinds)
        for i in 0..<names.count where kinds.data[i] & 0x10 == 0 {
            let value = dict.findString(self, names[i])
            if kinds.data[i] & 0xC0 != 0 && fp[i].hasLayout(.cell) {
                if fp[i].cell[1] != value { fp[i].cell[1] = value }
            } else if value.isUnbound && fp[i].isBound {
                // The code may load it unchecked, since it was certain to be bound.
                fp[i] = .none
                warnOfUnbound(names[i])
            } else {
                fp[i] = value
            }
        }
    }

    private func warnOfUnbound(_ name: Value) {
        let pending = takePending()
        do throws(Raised) {
            try warn(.runtimeWarning, "assigning None to unbound local \(try reprText(name))", stackLevel: 0)
        } catch { reportUnraisable(.unbound) }
        state.pointee.pending = pending
    }

    // MARK: Profile

    func reportToProfile(_ event: ObservedEvent, _ fp: UnsafeMutablePointer<Value>, _ x: Value, _ y: Value) throws(Raised) {
        if state.pointee.profileFunction.isUnbound { return }
        switch event {
        case .pyStart, .pyResume, .pyThrow: try callProfile(fp, "call", .none)
        case .pyReturn, .pyYield: try callProfile(fp, "return", x)
        case .pyUnwind: try callProfile(fp, "return", .none)
        case .call: try profileNative(fp, "c_call", x, y)
        case .cReturn: try profileNative(fp, "c_return", x, y)
        case .cRaise: try profileNative(fp, "c_exception", x, y)
        default: break
        }
    }

    private func profileNative(_ fp: UnsafeMutablePointer<Value>, _ kind: StaticString, _ callee: Value, _ argument: Value) throws(Raised) {
        if callee.hasLayout(.builtinFunction) { return try callProfile(fp, kind, callee) }
        let missing = try missingArgument()
        if !callee.hasLayout(.methodDescriptor) || argument == missing { return }
        // A method counts as bound to its receiver; one that it does not fit is left to the call itself.
        guard isInstance(argument, of: NativeFunction(callee).owner) else { return }
        try callProfile(fp, kind, try type(of: callee).slots.pointee.descriptorGet(self, callee, argument, type(of: argument).value))
    }

    private func callProfile(_ fp: UnsafeMutablePointer<Value>, _ kind: StaticString, _ argument: Value) throws(Raised) {
        do throws(Raised) {
            _ = try callObserver(state.pointee.profileFunction, fp, FrameObject(try frameObject(fp)), kind, argument)
        } catch {
            let exception = takePending()
            try setProfile(.unbound)
            state.pointee.pending = exception
            throw error
        }
    }
}
