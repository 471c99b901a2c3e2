// Instructions, frames and exceptions. What happens at every instruction is kept short: a count, a look whether the frame is the same, and,
// for code of the program, the stack taken down in words. The clock is read where a line may start and where frames are entered and left.

import TaipanBytecode
import TaipanRuntime

extension ExplainRecorder {
    public func instructionStarts(_ t: Thread, _ point: RunPoint) {
        if hasEnded { return }
        var thread = self.thread
        if thread == nil || thread.unsafelyUnwrapped.pointee.state != t.state { thread = switchThread(t) }
        let one = thread.unsafelyUnwrapped
        let track = UnsafeMutablePointer<CodeTrack>(bitPattern: point.number.pointee) ?? newTrack(t, point)
        if !hasBegun {
            if !track.pointee.isDetailed { return }
            hasBegun = true
            now = Thread.clockMicroseconds()
            beginning = now
        }
        total &+= 1
        let unit = point.unit <= track.pointee.lastUnit ? point.unit : 0
        track.pointee.counts[unit] &+= 1
        if one.pointee.newborn != nil { adopt(one, point) }
        if point.unit == 0 || one.pointee.count == 0 || one.pointee.top.pointee.slots != UInt(bitPattern: point.slots) {
            changeFrame(t, one, point, track)
        }
        let frame = one.pointee.top
        if point.mayStartLine {
            tick()
            lineTrack = track
            lineUnit = unit
            frame.pointee.lineUnit = unit
        }
        let opcode = track.pointee.opcodes[unit]
        if frame.pointee.frame.number != 0 { capture(t, one, frame, point, track, unit, opcode) }
        // RETURN_VALUE, RETURN_CONST, YIELD_VALUE, RETURN_GENERATOR.
        if opcode == 83 || opcode == 121 || opcode == 150 || opcode == 75 { leave(one, opcode) }
    }

    /// Reads the clock: the time since the last reading belongs to the line that ran.
    @inline(__always) private func tick() {
        let time = Thread.clockMicroseconds()
        if let lineTrack { lineTrack.pointee.times[lineUnit] += time - now }
        now = time
    }

    // MARK: Threads

    private func switchThread(_ t: Thread) -> UnsafeMutablePointer<ThreadTrack> {
        let old = thread?.pointee.currentStep ?? 0
        var found = threads.first { $0.pointee.state == t.state }
        if found == nil {
            let made = UnsafeMutablePointer<ThreadTrack>.allocate(capacity: 1)
            made.initialize(to: ThreadTrack(t.state, threadCount + 1))
            threadCount += 1
            threads.append(made)
            found = made
        }
        let one = found.unsafelyUnwrapped
        thread = one
        let from = lastThread
        lastThread = one.pointee.number
        if from != 0 && from != lastThread && hasBegun {
            tick()
            let isOver = one.pointee.count == 0
            lineTrack = isOver ? nil : one.pointee.top.pointee.track
            lineUnit = isOver ? 0 : one.pointee.top.pointee.lineUnit
            if events.handovers.count < EventLog.handoverLimit {
                var handover = ExecutionRecord.Handover()
                handover.step = total + 1
                handover.from = from
                handover.to = one.pointee.number
                events.handovers.append(handover)
            }
            attach(event("thread", "from thread \(from) to thread \(one.pointee.number)"), to: old)
        }
        return one
    }

    // MARK: Frames

    /// The instruction is not in the frame that was the innermost: one is entered, goes on, or is come back to.
    private func changeFrame(_ t: Thread, _ thread: UnsafeMutablePointer<ThreadTrack>, _ point: RunPoint, _ track: UnsafeMutablePointer<CodeTrack>) {
        let slots = UInt(bitPattern: point.slots)
        tick()
        if point.unit != 0 {
            let known = thread.pointee.index(of: slots)
            if known >= 0 {
                while thread.pointee.count > known + 1 { close(thread.pointee.pop(), thread) }
                lineTrack = thread.pointee.top.pointee.track
                lineUnit = thread.pointee.top.pointee.lineUnit
                return
            }
            if let waiting = suspended.removeValue(forKey: slots), waiting.track == track { return goOn(waiting, slots, thread) }
        }
        enter(t, thread, point, track)
    }

    private func enter(_ t: Thread, _ thread: UnsafeMutablePointer<ThreadTrack>, _ point: RunPoint, _ track: UnsafeMutablePointer<CodeTrack>) {
        if point.unit == 0 { track.pointee.calls += 1 }
        var number = FrameNumber()
        if track.pointee.isDetailed {
            frameCount += 1
            let caller = thread.pointee.innermostDetailed?.pointee.frame
            number = FrameNumber(number: frameCount, code: track.pointee.index, caller: caller?.number ?? 0, depth: caller.map { $0.depth + 1 } ?? 0,
                                 thread: thread.pointee.number)
            noteRecent(number)
        }
        tellCall(t, thread, point, track, number)
        thread.pointee.push(ShadowFrame(slots: UInt(bitPattern: point.slots), track: track, frame: number, start: now, lineUnit: min(point.unit, track.pointee.lastUnit),
                                        isNested: track.pointee.active > 0))
        track.pointee.active += 1
        lineTrack = track
        lineUnit = thread.pointee.top.pointee.lineUnit
    }

    private func noteRecent(_ number: FrameNumber) {
        if recentFrames.count < 4096 { return recentFrames.append(number) }
        recentFrames[recentPlace] = number
        recentPlace = (recentPlace + 1) % 4096
    }

    /// A generator's frame is the innermost again.
    private func goOn(_ frame: ShadowFrame, _ slots: UInt, _ thread: UnsafeMutablePointer<ThreadTrack>) {
        var frame = frame
        frame.slots = slots
        frame.start = now
        frame.inside = 0
        frame.isNested = frame.track.pointee.active > 0
        frame.track.pointee.active += 1
        if frame.frame.number != 0, thread.pointee.count > 0, thread.pointee.top.pointee.frame.number != 0 {
            var call = event("call", codes[frame.frame.code].qualifiedName + " goes on")
            call.frame = frame.frame.number
            attach(call, to: thread.pointee.currentStep)
        }
        thread.pointee.push(frame)
        lineTrack = frame.track
        lineUnit = frame.lineUnit
    }

    /// The innermost frame returns or yields.
    private func leave(_ thread: UnsafeMutablePointer<ThreadTrack>, _ opcode: UInt8) {
        tick()
        let frame = thread.pointee.pop()
        close(frame, thread)
        if opcode == 75 {
            thread.pointee.newborn = frame
        } else if opcode == 150, frame.frame.number != 0 {
            if suspended.count >= 1 << 16 { suspended.removeAll() }
            suspended[frame.slots] = frame
        }
    }

    /// The times of an activation that ends, or pauses.
    private func close(_ frame: ShadowFrame, _ thread: UnsafeMutablePointer<ThreadTrack>) {
        let all = now - frame.start
        let track = frame.track
        track.pointee.active -= 1
        track.pointee.ownMicroseconds += all - frame.inside
        if !frame.isNested { track.pointee.microseconds += all }
        // What happens from here on happens in the instruction that called.
        thread.pointee.currentStep = thread.pointee.innermostDetailed?.pointee.lastStep ?? 0
        if thread.pointee.count > 0 {
            thread.pointee.top.pointee.inside += all
            lineTrack = thread.pointee.top.pointee.track
            lineUnit = thread.pointee.top.pointee.lineUnit
        } else {
            lineTrack = nil
        }
    }

    /// A generator was made by the instruction before: its frame moved into it.
    private func adopt(_ thread: UnsafeMutablePointer<ThreadTrack>, _ point: RunPoint) {
        guard let frame = thread.pointee.newborn else { return }
        thread.pointee.newborn = nil
        if frame.frame.number == 0 || point.stackDepth == 0 { return }
        let value = point.entry(point.stackDepth - 1)
        if !value.hasLayout(.generator) && !value.hasLayout(.coroutine) && !value.hasLayout(.asyncGenerator) { return }
        if suspended.count >= 1 << 16 { suspended.removeAll() }
        suspended[UInt(bitPattern: GeneratorObject(value).runFrame.slots)] = frame
    }

    /// The innermost recorded frame has called: an event of the instruction it is at.
    private func tellCall(_ t: Thread, _ thread: UnsafeMutablePointer<ThreadTrack>, _ point: RunPoint, _ track: UnsafeMutablePointer<CodeTrack>, _ number: FrameNumber) {
        if thread.pointee.count == 0 || (number.number == 0 && thread.pointee.top.pointee.frame.number == 0) || thread.pointee.currentStep == 0 { return }
        let info = codes[track.pointee.index]
        // Without arguments until the record is put together; making texts takes time.
        var call = event("call", info.qualifiedName)
        call.frame = number.number == 0 ? -1 : number.number
        if point.unit != 0 {
            // A generator of the library, whose activations are not followed one by one.
            call.text += " goes on"
        } else if thread.pointee.currentStep <= steps.last?.number ?? 0 {
            var texts: [String] = []
            if info.argumentCount > 0 {
                var words = ValueCapture(t, scratch, ExplainRecorder.scratchWords)
                let shown = min(info.argumentCount, 8)
                for i in 0..<shown { words.add(point.slots[i]) }
                var reader = ValueText(t, scratch)
                texts = reader.next(shown) + (shown < info.argumentCount ? ["…"] : [])
            }
            call.text = info.qualifiedName + "(" + texts.joined(separator: ", ") + ")"
        }
        attach(call, to: thread.pointee.currentStep)
    }

    // MARK: Exceptions

    public func exceptionPasses(_ t: Thread, _ frame: RunFrame, _ exception: Value, isAgain: Bool) {
        if hasEnded || !hasBegun { return }
        let one = current(t)
        let i = one.pointee.index(of: UInt(bitPattern: frame.slots))
        // A frame that a failing return has just left.
        if i >= 0 {
            tickAndTruncate(one, i)
            if one.pointee.top.pointee.frame.number == 0 { return }
        }
        let step = i >= 0 ? one.pointee.top.pointee.lastStep : one.pointee.currentStep
        dropChanges(step)
        var words = ValueCapture(t, scratch, ExplainRecorder.scratchWords)
        words.add(exception)
        var reader = ValueText(t, scratch)
        attach(event("raise", (isAgain ? "again: " : "") + reader.message()), to: step)
    }

    public func handlerEntered(_ t: Thread, _ frame: RunFrame, unit: Int) {
        if hasEnded || !hasBegun { return }
        let one = current(t)
        if one.pointee.count == 0 || one.pointee.top.pointee.slots != UInt(bitPattern: frame.slots) || one.pointee.top.pointee.frame.number == 0 { return }
        let info = codes[one.pointee.top.pointee.track.pointee.index]
        let line = info.line(at: unit)
        attach(event("handler", "to offset \(info.offset(at: unit))" + (line > 0 ? ", line \(line)" : "")), to: one.pointee.top.pointee.lastStep)
    }

    public func frameUnwound(_ t: Thread, _ frame: RunFrame) {
        if hasEnded || !hasBegun { return }
        let one = current(t)
        let i = one.pointee.index(of: UInt(bitPattern: frame.slots))
        if i < 0 { return }
        tickAndTruncate(one, i)
        let left = one.pointee.pop()
        if left.frame.number != 0 { attach(event("unwind", "leaves " + codes[left.frame.code].qualifiedName), to: left.lastStep) }
        close(left, one)
    }

    public func frameThrownInto(_ t: Thread, _ frame: RunFrame, _ exception: Value) {
        if hasEnded || !hasBegun { return }
        let one = current(t)
        adoptByFrame(one, frame)
        guard let waiting = suspended.removeValue(forKey: UInt(bitPattern: frame.slots)) else { return }
        tick()
        goOn(waiting, UInt(bitPattern: frame.slots), one)
    }

    /// A generator that was made and is thrown into before any instruction ran in between.
    private func adoptByFrame(_ thread: UnsafeMutablePointer<ThreadTrack>, _ frame: RunFrame) {
        guard let newborn = thread.pointee.newborn, newborn.frame.number != 0 else { return }
        thread.pointee.newborn = nil
        suspended[UInt(bitPattern: frame.slots)] = newborn
    }

    /// The track of the thread that `t` is on; a hand-over of the lock where that is not the one before.
    func current(_ t: Thread) -> UnsafeMutablePointer<ThreadTrack> {
        if let thread, thread.pointee.state == t.state { return thread }
        return switchThread(t)
    }

    private func tickAndTruncate(_ thread: UnsafeMutablePointer<ThreadTrack>, _ i: Int) {
        tick()
        while thread.pointee.count > i + 1 { close(thread.pointee.pop(), thread) }
    }

    // MARK: Steps

    /// Takes the instruction down.
    private func capture(_ t: Thread, _ thread: UnsafeMutablePointer<ThreadTrack>, _ frame: UnsafeMutablePointer<ShadowFrame>, _ point: RunPoint,
                         _ track: UnsafeMutablePointer<CodeTrack>, _ unit: Int, _ opcode: UInt8) {
        let previous = frame.pointee.lastStep
        frame.pointee.lastStep = total
        thread.pointee.currentStep = total
        if steps.count < limit { return captureText(t, frame, point, track, unit, previous) }
        let (place, words) = ring.take()
        place.pointee = RingStep(number: total, frame: frame.pointee.frame, unit: unit, track: track, microseconds: now - beginning, stackDepth: point.stackDepth)
        takeStack(t, point, words)
        if previous != 0 { connect(t, previous, place.pointee.stackDepth, words) }
        if tellsAttributes && (opcode == 106 || opcode == 95 || opcode == 96) { tellAttribute(t, point, track, unit) }
    }

    /// The stack, bottom first, of which the uppermost entries matter most: when there are too many, those at the bottom are left out.
    private func takeStack(_ t: Thread, _ point: RunPoint, _ words: UnsafeMutablePointer<Value>) {
        let depth = min(point.stackDepth, StepRing.wordCount / 2)
        var capture = ValueCapture(t, words, StepRing.wordCount - 4)
        var i = 0
        while i < depth {
            // A word for each entry above must remain.
            if depth - i > 24 || capture.count + (depth - i) + 80 > capture.capacity && depth - i > 6 {
                capture.addElided()
            } else {
                capture.addWithin(point.entry(i + point.stackDepth - depth), reserving: depth - i - 1)
            }
            i += 1
        }
    }

    /// The first instructions are made texts of at once.
    private func captureText(_ t: Thread, _ frame: UnsafeMutablePointer<ShadowFrame>, _ point: RunPoint, _ track: UnsafeMutablePointer<CodeTrack>, _ unit: Int, _ previous: Int) {
        tickForStep()
        takeStack(t, point, scratch)
        firstFrames[frame.pointee.frame.number] = frame.pointee.frame
        let step = makeStep(t, number: total, frame: frame.pointee.frame, unit: unit, track: track, depth: point.stackDepth, words: scratch, microseconds: now - beginning)
        if previous != 0, let i = stepIndex(previous) { steps[i].after = step.before }
        steps.append(step)
        let opcode = track.pointee.opcodes[unit]
        if tellsAttributes && (opcode == 106 || opcode == 95 || opcode == 96) { tellAttribute(t, point, track, unit) }
    }

    private func tickForStep() {
        let time = Thread.clockMicroseconds()
        if let lineTrack { lineTrack.pointee.times[lineUnit] += time - now }
        now = time
    }

    /// Tells an earlier instruction of the frame what it left on the stack.
    private func connect(_ t: Thread, _ previous: Int, _ depth: Int, _ words: UnsafeMutablePointer<Value>) {
        if let i = ring.index(of: previous) {
            ring.step(at: i).pointee.next = total
        } else if let last = steps.last, previous <= last.number, let i = stepIndex(previous), steps[i].after == nil {
            var reader = ValueText(t, words)
            steps[i].after = texts(&reader, depth)
        }
    }

    /// Place of instruction `number` among the first ones.
    func stepIndex(_ number: Int) -> Int? {
        var low = 0, high = steps.count
        while low < high {
            let middle = (low + high) / 2
            if steps[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low < steps.count && steps[low].number == number ? low : nil
    }

    func texts(_ reader: inout ValueText, _ depth: Int) -> [String] {
        let taken = min(depth, StepRing.wordCount / 2)
        return Array(repeating: "…", count: depth - taken) + reader.next(taken)
    }

    // MARK: Events

    func event(_ kind: String, _ text: String) -> ExecutionRecord.Event {
        var made = ExecutionRecord.Event()
        made.kind = kind
        made.text = text
        return made
    }

    /// Adds an event to the recorded instruction `number`, if it is still there.
    func attach(_ event: ExecutionRecord.Event, to number: Int) {
        if number == 0 { return }
        if let i = ring.index(of: number) { return ring.add(event, at: i) }
        if let last = steps.last, number <= last.number, let i = stepIndex(number), steps[i].events.count < ExplainRecorder.eventLimit { steps[i].events.append(event) }
    }

    /// The instruction raised: what it would have stored it did not.
    private func dropChanges(_ number: Int) {
        if let i = ring.index(of: number) { ring.step(at: i).pointee.wasRaised = true } else if let i = stepIndex(number) { steps[i].changes = [] }
    }
}
