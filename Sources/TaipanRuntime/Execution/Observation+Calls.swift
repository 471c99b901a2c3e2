// Reports of calls: CALL before; C_RETURN or C_RAISE behind everything but a Python function, which reports itself. A call that is reported
// both ways is made here, and the words that would make it are passed over.

extension Thread {
    /// CALL: `first` and `second` are the callable's two places; `next` is the call instruction.
    func observeCall(_ fp: UnsafeMutablePointer<Value>, _ observed: UnsafeMutablePointer<ObservedCode>, _ unit: Int, _ first: Int, _ second: Int, _ hasArguments: Bool,
                     _ next: UnsafeMutablePointer<UInt64>) throws(Raised) {
        if tools(.call, observed, unit) == 0 { return }
        var callee = fp[first], place = fp + second
        if callee.isUnbound {
            callee = place.pointee
            place += 1
        }
        var count = Int(truncatingIfNeeded: (next.pointee >> 32) & 0xFFFF)
        if fp[first].isBound { count += 1 }
        let argument = fp[first].isBound || hasArguments ? place.pointee : try missingArgument()
        try report(.call, fp, observed, unit, callee, argument)
        if callee.hasLayout(.function) || callee.hasLayout(.method) && callee.cell[1].hasLayout(.function) { return }
        let keywords = Int(UInt32(truncatingIfNeeded: next[1]))
        let names: Value = keywords == 0 ? .unbound : fp.frameLowered.pointee.constants[keywords - 1]
        let destination = Int(truncatingIfNeeded: next.pointee >> 48)
        fp[destination] = try observeNative(fp, observed, unit, callee, argument) { (t) throws(Raised) in try t.call(callee, Arguments(place, count, names)) }
        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: next + 1))
    }

    /// CALL_FUNCTION_EX, of which calls of Python functions are not reported.
    func observeCallEx(_ fp: UnsafeMutablePointer<Value>, _ observed: UnsafeMutablePointer<ObservedCode>, _ unit: Int, _ callable: Int, _ arguments: Int,
                       _ next: UnsafeMutablePointer<UInt64>) throws(Raised) {
        let callee = fp[callable]
        if callee.hasLayout(.function) || callee.hasLayout(.method) || tools(.call, observed, unit) == 0 { return }
        let positional = fp[arguments].isKind(.tuple) ? fp[arguments] : try starArguments(callee, fp[arguments])
        fp[arguments] = positional
        let given = next[1] != 0 ? fp[arguments + 1] : .unbound
        let keywords = given.isBound && DictObject(given).count > 0 ? given : .unbound
        let argument = TupleObject(positional).count > 0 ? TupleObject(positional)[0] : try missingArgument()
        try report(.call, fp, observed, unit, callee, argument)
        let destination = Int(truncatingIfNeeded: (next.pointee >> 16) & 0xFFFF)
        fp[destination] = try observeNative(fp, observed, unit, callee, argument) { (t) throws(Raised) in try t.call(callee, tuple: positional, keywords: keywords) }
        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: next + 1))
    }

    /// LOAD_SUPER_ATTR: the call of `super` in it.
    func observeSuperCall(_ fp: UnsafeMutablePointer<Value>, _ observed: UnsafeMutablePointer<ObservedCode>, _ unit: Int, _ first: Int, _ hasArguments: Bool,
                          _ next: UnsafeMutablePointer<UInt64>) throws(Raised) {
        if tools(.call, observed, unit) == 0 { return }
        let callee = fp[first]
        let argument = hasArguments ? fp[first + 1] : try missingArgument()
        try report(.call, fp, observed, unit, callee, argument)
        let word = next.pointee
        let proxy: Value
        do throws(Raised) {
            proxy = try callSuper(callee, fp[first + 1], fp[first + 2], isExplicit: next[1] & 1 != 0)
        } catch {
            try observeRaise(fp, observed, unit, callee, argument)
            throw error
        }
        try report(.cReturn, fp, observed, unit, callee, argument)
        let found = try getattr(proxy, fp.frameLowered.pointee.names[Int(truncatingIfNeeded: next[1] >> 1)])
        storeSuperResult(fp, Int(truncatingIfNeeded: (word >> 16) & 0xFFFF), Int(truncatingIfNeeded: word >> 48), found)
        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: next + 1))
    }

    private func observeNative(_ fp: UnsafeMutablePointer<Value>, _ observed: UnsafeMutablePointer<ObservedCode>, _ unit: Int, _ callee: Value, _ argument: Value,
                               _ call: (Thread) throws(Raised) -> Value) throws(Raised) -> Value {
        let result: Value
        do throws(Raised) {
            result = try call(self)
        } catch {
            try observeRaise(fp, observed, unit, callee, argument)
            throw error
        }
        try report(.cReturn, fp, observed, unit, callee, argument)
        return result
    }

    private func observeRaise(_ fp: UnsafeMutablePointer<Value>, _ observed: UnsafeMutablePointer<ObservedCode>, _ unit: Int, _ callee: Value, _ argument: Value) throws(Raised) {
        let exception = takePending()
        try report(.cRaise, fp, observed, unit, callee, argument)
        state.pointee.pending = exception
    }
}
