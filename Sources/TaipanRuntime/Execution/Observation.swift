// Observing execution. One mechanism reports everything: `observe` words in the exact form (`Lowering+Exact.swift`), unwinding, and
// generators being thrown into. Who gets a report are tools in the sense of PEP 669, numbered 0 to 5 for programs; `sys.setprofile` and
// `sys.settrace` are two more. Nothing here costs anything while no tool wants an event: a flag that the breaker reflects sends calls
// and resumptions of generators through here.

import TaipanBytecode

/// The events of PEP 669; the raw value is the number of the event's bit.
enum ObservedEvent: Int, CaseIterable {
    case pyStart, pyResume, pyReturn, pyYield, call, line, instruction, jump, branch, stopIteration
    case raise, exceptionHandled, pyUnwind, pyThrow, reraise
    case cReturn, cRaise

    /// Events at a place in code, which can be wanted of one code object and turned off at one place.
    static var localCount: Int { 10 }
    /// Events that are asked for by themselves: C_RETURN and C_RAISE come with CALL.
    static var ungroupedCount: Int { 15 }
    var bit: Int { 1 << rawValue }
    var name: String {
        switch self {
        case .pyStart: "PY_START"
        case .pyResume: "PY_RESUME"
        case .pyReturn: "PY_RETURN"
        case .pyYield: "PY_YIELD"
        case .call: "CALL"
        case .line: "LINE"
        case .instruction: "INSTRUCTION"
        case .jump: "JUMP"
        case .branch: "BRANCH"
        case .stopIteration: "STOP_ITERATION"
        case .raise: "RAISE"
        case .exceptionHandled: "EXCEPTION_HANDLED"
        case .pyUnwind: "PY_UNWIND"
        case .pyThrow: "PY_THROW"
        case .reraise: "RERAISE"
        case .cReturn: "C_RETURN"
        case .cRaise: "C_RAISE"
        }
    }
}

/// Tool numbers.
enum ObservingTool {
    static var userCount: Int { 6 }
    static var profile: Int { 6 }
    static var trace: Int { 7 }
}

/// A thread's part.
struct ObservationState {
    /// Somebody wants events of this thread: tools, or the run observer.
    var isActive = false
    /// Tools do.
    var hasTools = false
    /// Calls of tools that are under way: there are no events meanwhile.
    var depth = 0
    /// The event being reported, or -1.
    var event = -1
    /// The frame that it happens in.
    var frame: UnsafeMutablePointer<Value>?
    /// The instruction executed before, where the frame does not tell; -1 where it does.
    var previousUnit: Int32 = -1
    /// Assignment to `f_lineno` moved the frame that is being reported on.
    var hasJumped = false
    /// Sets of events for `sys.settrace` and `sys.setprofile`.
    var traceEvents = 0
    var profileEvents = 0

    static var breakerBit: UInt32 { 2 }
}

/// What observers need of a code object.
struct ObservedCode {
    var exact: UnsafeMutablePointer<LoweredCode>
    var ordinary: UnsafeMutablePointer<LoweredCode>
    var crossings: Crossings
    /// The ordinary form has enterExact at its crossings.
    var isPatched = false
    /// The line of every code unit, -1 for none.
    var lines: [Int32]
    /// Word index in the exact form of the instruction that starts at a code unit, or -1.
    var unitWords: [Int32]
    /// Sets of tools that want an event of this code alone.
    var local: [UInt8]
    /// By the unit of a FOR_ITER: that of its END_FOR.
    var loopEnds: [Int: Int]
    /// Tools that turned an event off at a place (code unit << 8 | event), since `restart_events` number `restarts`.
    var disabled: [Int: UInt8] = [:]
    var restarts = 0
    /// For the run observer: its number of the code, and by code unit where `stackHomes` tells of the stack there (depth, then slots), or -1.
    var observerNumber: UnsafeMutablePointer<Int>
    var stackStarts: UnsafeMutablePointer<Int32>?
    var stackHomes: UnsafeMutablePointer<UInt16>?

    func free() {
        observerNumber.deallocate()
        stackStarts?.deallocate()
        stackHomes?.deallocate()
    }

    /// True when the instruction at `unit` comes right behind the one at `previous`.
    func isNext(_ previous: Int, _ unit: Int) -> Bool {
        guard previous < unit, previous + 1 < unitWords.count else { return false }
        return unitWords[(previous + 1)..<unit].allSatisfy { $0 < 0 }
    }

    func endOfLoop(_ unit: Int) -> Int { loopEnds[unit] ?? -1 }
}

extension Thread {
    // MARK: Forms of code

    /// The line of every code unit of `code`, -1 for none.
    public func unitLines(_ code: CodeCell) -> [Int32] {
        var lines = Array(repeating: Int32(-1), count: BytesObject(code.code).count / 2 + 1)
        for entry in LocationTable(Array(BytesObject(code.linetable).buffer), firstLine: code.firstlineno) {
            for unit in max(0, entry.start / 2)..<max(0, entry.start / 2, min(entry.end / 2, lines.count)) { lines[unit] = Int32(truncatingIfNeeded: entry.range.line) }
        }
        return lines
    }

    /// What observers need of the code that `lowered`, of either form, came from: made now if need be.
    func observedCode(_ lowered: UnsafeMutablePointer<LoweredCode>) throws(Raised) -> UnsafeMutablePointer<ObservedCode> {
        if let known = lowered.pointee.observed { return known }
        let code = CodeCell(lowered.pointee.code)
        // The ordinary form once more, to learn where it can be left.
        var ordinary = Lowering(self, code)
        ordinary.crossings = Crossings()
        try ordinary.walk()
        var exactly = Lowering(self, code, isExact: true)
        if interp.pointee.monitoring.tellsObserver { exactly.stackNotes = StackNotes() }
        try exactly.walk()
        let exact = exactly.finish()
        if exact.pointee.frameSize > lowered.pointee.frameSize {
            exact.pointee.free()
            exact.deallocate()
            throw raise(.systemError, "frames of the exact form are too large")
        }
        exact.pointee.frameSize = lowered.pointee.frameSize
        var crossings = ordinary.crossings ?? Crossings()
        while let last = crossings.crossings.last, Int(last.word) >= lowered.pointee.wordCount { crossings.crossings.removeLast() }
        let made = UnsafeMutablePointer<ObservedCode>.allocate(capacity: 1)
        made.initialize(to: ObservedCode(exact: exact, ordinary: lowered, crossings: crossings, lines: unitLines(code), unitWords: exactly.wordAt,
                                         local: Array(repeating: 0, count: ObservedEvent.localCount), loopEnds: exactly.loopEnds, observerNumber: .allocate(capacity: 1)))
        made.pointee.observerNumber.initialize(to: 0)
        if let notes = exactly.stackNotes { (made.pointee.stackStarts, made.pointee.stackHomes) = notes.memory(units: exactly.wordAt.count) }
        exact.pointee.observed = made
        lowered.pointee.observed = made
        return made
    }

    /// The same for a code object, which need not have run.
    func observedCode(of code: CodeCell) throws(Raised) -> UnsafeMutablePointer<ObservedCode> { try observedCode(try Lowering.lower(self, code)) }

    /// A new frame goes on in the exact form.
    func observeFrame(_ fp: UnsafeMutablePointer<Value>) throws(Raised) {
        if state.pointee.observation.depth > 0 && !interp.pointee.monitoring.tellsObserver { return }
        let observed = try observedCode(fp.frameLowered)
        place(fp, observed.pointee.exact, -1)
    }

    /// A generator's frame that goes on: in the exact form, if it is at a crossing.
    func observeResumption(_ fp: UnsafeMutablePointer<Value>) throws(Raised) {
        let lowered = fp.frameLowered
        if state.pointee.observation.depth > 0 && !interp.pointee.monitoring.tellsObserver { return }
        let observed = try observedCode(lowered)
        if observed.pointee.exact == lowered { return }
        guard let index = observed.pointee.crossings.index(ofWord: fp.frameWordIndex + 1, from: 0, { _, _ in true }) else { return }
        cross(fp, observed, index)
    }

    /// enterExact: `ip` is at a crossing of the ordinary form.
    @inline(never)
    func enterExact(_ fp: UnsafeMutablePointer<Value>, _ ip: UnsafeMutablePointer<UInt64>) throws(Raised) {
        let lowered = fp.frameLowered
        guard let observed = lowered.pointee.observed else { throw raise(.systemError, "a crossing without a form to go to") }
        let word = ip - lowered.pointee.words
        if !state.pointee.observation.isActive {
            removeCrossings(observed)
            return place(fp, lowered, word - 1)
        }
        if state.pointee.observation.previousUnit < 0 { state.pointee.observation.previousUnit = Int32(fp.frameUnitOffset) }
        let previous = Int(state.pointee.observation.previousUnit)
        guard let index = observed.pointee.crossings.index(ofWord: word, from: previous, observed.pointee.isNext) else { throw raise(.systemError, "a crossing that leads nowhere") }
        cross(fp, observed, index)
    }

    /// Makes word `word + 1` of `lowered` the next to be executed.
    private func place(_ fp: UnsafeMutablePointer<Value>, _ lowered: UnsafeMutablePointer<LoweredCode>, _ word: Int) {
        fp[FrameHeader.lowered] = Value(bits: UInt(bitPattern: lowered))
        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: lowered.pointee.words + word))
    }

    private func cross(_ fp: UnsafeMutablePointer<Value>, _ observed: UnsafeMutablePointer<ObservedCode>, _ index: Int) {
        let crossing = observed.pointee.crossings.crossings[index]
        for i in Int(crossing.firstNote)..<Int(crossing.noteEnd) {
            let note = observed.pointee.crossings.notes[i]
            fp[Int(note.home)] = note.isConstant ? observed.pointee.exact.pointee.constants[Int(note.index)] : note.index < 0 ? .unbound : fp[Int(note.index)]
        }
        place(fp, observed.pointee.exact, Int(observed.pointee.unitWords[Int(crossing.unit)]) - 1)
    }

    /// Nobody observes any more: back to the ordinary form, where it has an instruction for the one that the frame is at.
    private func leaveExact(_ fp: UnsafeMutablePointer<Value>, _ observed: UnsafeMutablePointer<ObservedCode>, _ unit: Int) {
        guard let index = observed.pointee.crossings.index(ofUnit: unit) else { return }
        removeCrossings(observed)
        place(fp, observed.pointee.ordinary, Int(observed.pointee.crossings.crossings[index].word) - 1)
    }

    func removeCrossings(_ observed: UnsafeMutablePointer<ObservedCode>) {
        if !observed.pointee.isPatched { return }
        observed.pointee.isPatched = false
        let words = observed.pointee.ordinary.pointee.words
        for crossing in observed.pointee.crossings.crossings where UInt8(truncatingIfNeeded: words[Int(crossing.word)]) == Op.enterExact.rawValue {
            words[Int(crossing.word)] = words[Int(crossing.word)] & ~0xFF | UInt64(crossing.original)
        }
    }

    private func placeCrossings(_ observed: UnsafeMutablePointer<ObservedCode>) {
        if observed.pointee.isPatched { return }
        observed.pointee.isPatched = true
        let words = observed.pointee.ordinary.pointee.words
        for i in observed.pointee.crossings.crossings.indices {
            let word = Int(observed.pointee.crossings.crossings[i].word)
            let isSame = i > 0 && Int(observed.pointee.crossings.crossings[i - 1].word) == word
            observed.pointee.crossings.crossings[i].original = isSame ? observed.pointee.crossings.crossings[i - 1].original : UInt8(truncatingIfNeeded: words[word])
            words[word] = words[word] & ~0xFF | UInt64(Op.enterExact.rawValue)
        }
    }

    /// Who observes has changed: sets the thread's flags, and makes the frames that run change to the exact form at their next crossing.
    func updateObservation() throws(Raised) {
        var thread = interp.pointee.threads
        while let one = thread {
            thread = one.pointee.nextThread
            let wants = one.pointee.observation.traceEvents | one.pointee.observation.profileEvents
            one.pointee.observation.hasTools = wants != 0 || interp.pointee.monitoring.hasTools
            one.pointee.observation.isActive = one.pointee.observation.hasTools || interp.pointee.monitoring.tellsObserver
            if !one.pointee.observation.isActive { continue }
            one.pointee.breaker |= ObservationState.breakerBit
            var frame = one.pointee.frame
            while let fp = frame {
                let observed = try observedCode(fp.frameLowered)
                if observed.pointee.exact != fp.frameLowered { placeCrossings(observed) }
                frame = fp.frameCaller
            }
        }
    }

    // MARK: Reports

    /// The tools that want `event` at code unit `unit`.
    func tools(_ event: ObservedEvent, _ observed: UnsafeMutablePointer<ObservedCode>, _ unit: Int) -> UInt8 {
        let wanted = event.rawValue >= ObservedEvent.ungroupedCount ? ObservedEvent.call : event
        var tools = interp.pointee.monitoring.wanted[wanted.rawValue]
        if state.pointee.observation.profileEvents & wanted.bit != 0 { tools |= 1 << ObservingTool.profile }
        if state.pointee.observation.traceEvents & wanted.bit != 0 { tools |= 1 << ObservingTool.trace }
        if wanted.rawValue >= ObservedEvent.localCount { return tools }
        tools |= observed.pointee.local[wanted.rawValue]
        if !observed.pointee.disabled.isEmpty {
            if observed.pointee.restarts != interp.pointee.monitoring.restarts {
                observed.pointee.disabled = [:]
            } else if let off = observed.pointee.disabled[unit << 8 | wanted.rawValue] {
                tools &= ~off
            }
        }
        return tools
    }

    /// Reports an event to the tools that want it: `x` and `y` are the arguments behind code and offset.
    func report(_ event: ObservedEvent, _ fp: UnsafeMutablePointer<Value>, _ observed: UnsafeMutablePointer<ObservedCode>, _ unit: Int, _ x: Value = .unbound,
                _ y: Value = .unbound) throws(Raised) {
        let tools = self.tools(event, observed, unit)
        if tools == 0 || state.pointee.observation.depth > 0 { return }
        let outer = state.pointee.observation.event, outerFrame = state.pointee.observation.frame
        state.pointee.observation.depth += 1
        state.pointee.observation.event = event.rawValue
        state.pointee.observation.frame = fp
        var isDone = false
        defer {
            state.pointee.observation.depth -= 1
            state.pointee.observation.event = outer
            state.pointee.observation.frame = outerFrame
            if !isDone { state.pointee.observation.hasJumped = false }
        }
        var rest = tools
        while rest != 0 {
            let tool = rest.trailingZeroBitCount
            rest &= rest - 1
            switch tool {
            case ObservingTool.trace: try reportToTrace(event, fp, unit, x)
            case ObservingTool.profile: try reportToProfile(event, fp, x, y)
            default: try reportToTool(tool, event, observed, unit, x, y)
            }
        }
        isDone = true
    }

    /// An `observe` word of the exact form. The next word is the one behind it, unless the frame is made to jump.
    @inline(never)
    func observe(_ fp: UnsafeMutablePointer<Value>, _ ip: UnsafeMutablePointer<UInt64>) throws(Raised) {
        let kind = UInt8(truncatingIfNeeded: ip.pointee >> 16)
        if let observer = interp.pointee.runObserver, interp.pointee.monitoring.tellsObserver {
            if kind == ObservedPoint.instruction.rawValue || kind == ObservedPoint.unmarked.rawValue, let observed = fp.frameLowered.pointee.observed {
                tellInstruction(observer, fp, observed, ip, (ip.pointee >> 32) & 0xFFFF != 0)
            }
            // What is only told ends here; so does what a tool runs.
            if kind == ObservedPoint.unmarked.rawValue || !state.pointee.observation.hasTools || state.pointee.observation.depth > 0 {
                if !state.pointee.observation.hasTools { state.pointee.observation.previousUnit = -1 }
                fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                return
            }
        }
        let previous = state.pointee.observation.previousUnit >= 0 ? Int(state.pointee.observation.previousUnit) : fp.frameUnitOffset
        state.pointee.observation.previousUnit = -1
        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
        guard let observed = fp.frameLowered.pointee.observed else { return }
        let word = ip.pointee
        guard let point = ObservedPoint(rawValue: kind) else { return }
        let unit = fp.frameUnitOffset
        if !state.pointee.observation.isActive {
            if point == .instruction { leaveExact(fp, observed, unit) }
            return
        }
        if state.pointee.observation.depth > 0 { return }
        let b = Int(truncatingIfNeeded: (word >> 32) & 0xFFFF), c = Int(truncatingIfNeeded: word >> 48)
        let flag = word & 0x100_0000 != 0
        switch point {
        case .instruction:
            if b != 0 { try observeLine(fp, observed, unit, previous) }
            if !state.pointee.observation.hasJumped { try report(.instruction, fp, observed, unit) }
        case .resume: try report(b & 3 == 0 ? .pyStart : .pyResume, fp, observed, unit)
        case .returnValue: try report(.pyReturn, fp, observed, unit, fp[b])
        case .returnConst: try report(.pyReturn, fp, observed, unit, fp.frameLowered.pointee.constants[Int(word >> 32)])
        case .yieldValue: try report(.pyYield, fp, observed, unit, fp[b])
        case .jump: try observeJump(.jump, fp, observed, unit, Int(word >> 32))
        case .branch: try observeJump(.branch, fp, observed, unit, Int(word >> 32))
        case .exhausted: try observeExhaustion(fp, observed, unit, fp[b])
        case .call: try observeCall(fp, observed, unit, b, c, flag, ip + 1)
        case .callEx: try observeCallEx(fp, observed, unit, b, c, ip + 1)
        case .superCall: try observeSuperCall(fp, observed, unit, b, flag, ip + 1)
        case .endSend: try observeSent(fp, observed, unit, fp[b], fp[c])
        case .unmarked: return
        }
        if state.pointee.observation.hasJumped {
            // The target's line is not reported.
            state.pointee.observation.hasJumped = false
            state.pointee.observation.previousUnit = Int32(fp.frameUnitOffset)
            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: fp.frameIP - 1))
        }
    }

    /// LINE, unless the instruction before was of the same line; RESUME, which reports none, does not count.
    private func observeLine(_ fp: UnsafeMutablePointer<Value>, _ observed: UnsafeMutablePointer<ObservedCode>, _ unit: Int, _ previous: Int) throws(Raised) {
        if tools(.line, observed, unit) == 0 { return }
        let line = observed.pointee.lines[unit]
        if previous < observed.pointee.lines.count && observed.pointee.lines[previous] == line {
            let bytes = BytesObject(CodeCell(fp.frameLowered.pointee.code).code)
            if bytes.data[previous * 2] != Opcode.resume.rawValue { return }
        }
        try report(.line, fp, observed, unit, int(Int(line)))
    }

    /// While it is reported, the frame is where the jump goes.
    private func observeJump(_ event: ObservedEvent, _ fp: UnsafeMutablePointer<Value>, _ observed: UnsafeMutablePointer<ObservedCode>, _ unit: Int, _ target: Int) throws(Raised) {
        if tools(event, observed, unit) == 0 { return }
        let ip = fp[FrameHeader.ip]
        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: fp.frameLowered.pointee.words + Int(observed.pointee.unitWords[target])))
        do throws(Raised) {
            try report(event, fp, observed, unit, int(target * 2))
        } catch {
            fp[FrameHeader.ip] = ip
            throw error
        }
        if !state.pointee.observation.hasJumped { fp[FrameHeader.ip] = ip }
    }

    // MARK: Exceptions

    /// Reports what happens with the pending exception in `fp`. What a tool raises takes its place.
    func observeException(_ event: ObservedEvent, _ fp: UnsafeMutablePointer<Value>) {
        if let observer = interp.pointee.runObserver { tellException(observer, event, RunFrame(slots: fp)) }
        if state.pointee.observation.depth > 0 || !state.pointee.observation.hasTools { return }
        let exception = takePending()
        do throws(Raised) {
            let observed = try observedCode(fp.frameLowered)
            let unit = event == .pyThrow ? fp.frameUnitOffset : raisingUnit(fp)
            if unit != fp.frameUnitOffset && unit < observed.pointee.unitWords.count {
                try report(event, at: unit, fp, observed, exception)
            } else {
                try report(event, fp, observed, unit, exception)
            }
            state.pointee.pending = exception
        } catch {}
        // A jump in an exception event is refused.
        state.pointee.observation.hasJumped = false
    }

    /// A handler has been entered. False when a tool raised.
    func observeHandler(_ fp: UnsafeMutablePointer<Value>, _ range: HandlerRange, from unit: Int) -> Bool {
        if let observer = interp.pointee.runObserver, interp.pointee.monitoring.tellsObserver {
            observer.handlerEntered(self, RunFrame(slots: fp), unit: Int(fp.frameLowered.pointee.offsets[Int(range.target)]))
        }
        if state.pointee.observation.depth > 0 || !state.pointee.observation.hasTools { return true }
        let ip = fp[FrameHeader.ip]
        do throws(Raised) {
            let observed = try observedCode(fp.frameLowered)
            let target = fp.frameLowered.pointee.words + Int(range.target)
            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: target))
            try report(.exceptionHandled, fp, observed, fp.frameUnitOffset, fp[Int(range.exceptionSlot)])
            fp[FrameHeader.ip] = ip
            state.pointee.observation.previousUnit = Int32(unit)
            return true
        } catch {
            return false
        }
    }

    /// FOR_ITER's iterator has ended: where that was by an exception, it shows.
    private func observeExhaustion(_ fp: UnsafeMutablePointer<Value>, _ observed: UnsafeMutablePointer<ObservedCode>, _ unit: Int, _ iterator: Value) throws(Raised) {
        var value = Value.none
        if iterator.hasLayout(.generator) {
            value = takeReturnValue()
            if tools(.branch, observed, unit) == 0 {
                // With the branch not watched, CPython runs the generator in place and comes to END_FOR.
                let target = observed.pointee.endOfLoop(unit)
                if target < 0 || tools(.stopIteration, observed, target) == 0 { return }
                return try report(.stopIteration, at: target, fp, observed, try stopIterationInstance(value))
            }
            if value.isNone { return }
        } else if !endsByRaising(iterator) {
            return
        }
        try report(.raise, fp, observed, unit, try stopIterationInstance(value))
    }

    /// END_SEND: the value that the receiver returned is a StopIteration to those who watch.
    private func observeSent(_ fp: UnsafeMutablePointer<Value>, _ observed: UnsafeMutablePointer<ObservedCode>, _ unit: Int, _ receiver: Value, _ value: Value) throws(Raised) {
        if receiver.hasLayout(.generator) || receiver.hasLayout(.coroutine) {
            if tools(.stopIteration, observed, unit) != 0 { try report(.stopIteration, fp, observed, unit, try stopIterationInstance(value)) }
            return
        }
        if !endsByRaising(receiver) || tools(.raise, observed, unit) == 0 { return }
        // It was raised where the value was sent.
        let code = InstructionSequence(Array(BytesObject(CodeCell(observed.pointee.ordinary.pointee.code).code).buffer))
        guard let send = code.first(where: { $0.opcode == .send && $0.target == unit * 2 }) else { return }
        try report(.raise, at: send.start / 2, fp, observed, try stopIterationInstance(value))
    }

    /// Reports an event of another instruction than the one that the frame is at.
    private func report(_ event: ObservedEvent, at unit: Int, _ fp: UnsafeMutablePointer<Value>, _ observed: UnsafeMutablePointer<ObservedCode>, _ x: Value) throws(Raised) {
        let ip = fp[FrameHeader.ip]
        if observed.pointee.exact == fp.frameLowered && observed.pointee.unitWords[unit] >= 0 {
            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: fp.frameLowered.pointee.words + Int(observed.pointee.unitWords[unit])))
        }
        defer { fp[FrameHeader.ip] = ip }
        try report(event, fp, observed, unit, x)
    }

    /// An iterator of a Python class, or a step of an asynchronous generator, ends by raising StopIteration; native ones just end.
    private func endsByRaising(_ iterator: Value) -> Bool {
        let type = type(of: iterator)
        return type.has(TypeFlag.heap) || type.value == types.pointee.asyncGeneratorASend
    }

    private func stopIterationInstance(_ value: Value) throws(Raised) -> Value {
        _ = stopIteration(value)
        return takePending()
    }
}
