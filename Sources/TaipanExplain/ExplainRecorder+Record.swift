// Putting the record together: texts of what was taken down in words, frames and code by index, counts by function and line.

import TaipanBytecode
import TaipanRuntime

extension ExplainRecorder {
    /// Limits of the two lists of counts; the program's own come first, then those that ran most.
    static var functionLimit: Int { 1000 }
    static var lineLimit: Int { 5000 }

    /// Fills `record` with what has happened so far.
    func collectRecord(_ t: Thread) {
        var execution = ExecutionRecord()
        execution.total = total
        execution.firstLimit = limit
        execution.lastLimit = ExplainRecorder.lastLimit
        execution.steps = steps + lastSteps(t)
        var bytecode = record.bytecode ?? BytecodeRecord()
        numberFrames(t, &execution, &bytecode)
        countFunctions(&execution)
        countLines(&execution)
        execution.collections = events.collections
        execution.handovers = events.handovers
        execution.allocatedBytes = events.allocated + max(0, t.heap.pointee.bytesInUse - events.left)
        execution.uncaught = uncaught
        bytecode.imports = events.imports
        record.bytecode = bytecode
        record.execution = execution
        var startup = record.startup ?? StartupRecord()
        startup.steps = events.startSteps
        record.startup = startup
        var output = record.output ?? OutputRecord()
        events.output.fill(&output)
        output.exitFunctions = events.exitFunctions
        output.finalized = events.finalized
        record.output = output
    }

    // MARK: Steps

    /// What one instruction looks like, apart from what happened during it.
    func makeStep(_ t: Thread, number: Int, frame: FrameNumber, unit: Int, track: UnsafeMutablePointer<CodeTrack>, depth: Int, words: UnsafeMutablePointer<Value>,
                  microseconds: Double) -> ExecutionRecord.Step {
        let info = codes[track.pointee.index]
        var step = ExecutionRecord.Step()
        step.number = number
        step.frame = frame.number
        step.offset = info.offset(at: unit)
        step.microseconds = microseconds
        var reader = ValueText(t, words)
        let taken = min(depth, StepRing.wordCount / 2), skipped = depth - taken
        var places: [Int] = []
        step.before = Array(repeating: "…", count: skipped)
        for _ in 0..<taken {
            places.append(reader.at)
            step.before.append(reader.next())
        }
        let opcode = Opcode(rawValue: UInt16(track.pointee.opcodes[unit])) ?? .nop, argument = Int(track.pointee.arguments[unit])
        step.changes = changes(info, opcode, argument, step.before.last)
        if let event = ownEvent(t, info, unit, opcode, argument, step.before, skipped, places, words) { step.events.append(event) }
        return step
    }

    private func changes(_ info: CodeInfo, _ opcode: Opcode, _ argument: Int, _ top: String?) -> [ExecutionRecord.Change] {
        var change = ExecutionRecord.Change()
        switch opcode {
        case .storeFast, .deleteFast: change.kind = "local"
        case .storeDeref, .deleteDeref: change.kind = "cell"
        case .storeGlobal, .deleteGlobal: change.kind = "global"
        case .storeName, .deleteName: change.kind = info.isModule ? "global" : "name"
        default: return []
        }
        let isFast = opcode == .storeFast || opcode == .deleteFast || opcode == .storeDeref || opcode == .deleteDeref
        let names = isFast ? info.localNames : info.names
        change.name = argument < names.count ? names[argument] : "?"
        switch opcode {
        case .storeFast, .storeDeref, .storeGlobal, .storeName: change.value = top
        default: break
        }
        return [change]
    }

    /// What the instruction says by itself: a call of something native, a return, a yield.
    private func ownEvent(_ t: Thread, _ info: CodeInfo, _ unit: Int, _ opcode: Opcode, _ argument: Int, _ before: [String], _ skipped: Int, _ places: [Int],
                          _ words: UnsafeMutablePointer<Value>) -> ExecutionRecord.Event? {
        switch opcode {
        case .returnValue: return event("return", before.last ?? "")
        case .returnConst: return event("return", info.constants[unit] ?? "")
        case .returnGenerator: return event("return", "a generator of \(info.qualifiedName)")
        case .yieldValue: return event("yield", before.last ?? "")
        case .call:
            let first = before.count - argument - 2
            if first < skipped { return nil }
            let isMethod = before[first] != "NULL"
            let place = isMethod ? first : first + 1
            guard let name = nativeName(t, words, places[place - skipped]) else { return nil }
            var arguments = Array(before[(place + 1)...])
            nameKeywords(&arguments, info, unit)
            return event("native call", ValueText.cut(name + "(" + arguments.joined(separator: ", ") + ")"))
        case .callFunctionEx:
            let place = before.count - 2 - (argument & 1)
            if place < skipped { return nil }
            guard let name = nativeName(t, words, places[place - skipped]) else { return nil }
            return event("native call", ValueText.cut(name + "(*" + before[place + 1] + (argument & 1 != 0 ? ", **" + before[place + 2] : "") + ")"))
        default: return nil
        }
    }

    /// The name of what is called, or nil where that is Python code, which tells itself when its frame is entered.
    private func nativeName(_ t: Thread, _ words: UnsafeMutablePointer<Value>, _ place: Int) -> String? {
        var reader = ValueText(t, words + place)
        let (name, isPython) = reader.callee()
        return isPython ? nil : name
    }

    private func lastSteps(_ t: Thread) -> [ExecutionRecord.Step] {
        var made: [ExecutionRecord.Step] = []
        var places: [Int: Int] = [:]
        for i in ring.order {
            let kept = ring.step(at: i).pointee
            guard let track = kept.track else { continue }
            var step = makeStep(t, number: kept.number, frame: kept.frame, unit: kept.unit, track: track, depth: kept.stackDepth, words: ring.words(at: i),
                                microseconds: kept.microseconds)
            if kept.wasRaised { step.changes = [] }
            step.events += ring.events(at: i)
            tellArguments(&step, track, kept.unit)
            places[kept.number] = made.count
            made.append(step)
        }
        for i in ring.order {
            let kept = ring.step(at: i).pointee
            if kept.next != 0, let from = places[kept.number], let to = places[kept.next] { made[from].after = made[to].before }
        }
        return made
    }

    /// A Python function that a CALL entered gets the arguments that were on the stack.
    private func tellArguments(_ step: inout ExecutionRecord.Step, _ track: UnsafeMutablePointer<CodeTrack>, _ unit: Int) {
        if track.pointee.opcodes[unit] != UInt8(Opcode.call.rawValue) || step.events.contains(where: { $0.kind == "native call" }) { return }
        let first = step.before.count - Int(track.pointee.arguments[unit]) - 2
        guard first >= 0, let i = step.events.firstIndex(where: { $0.kind == "call" }), !step.events[i].text.hasSuffix(")") else { return }
        var arguments = Array(step.before[(step.before[first] == "NULL" ? first + 2 : first + 1)...])
        nameKeywords(&arguments, codes[track.pointee.index], unit)
        step.events[i].text = ValueText.cut(step.events[i].text + "(" + arguments.joined(separator: ", ") + ")")
    }

    private func nameKeywords(_ arguments: inout [String], _ info: CodeInfo, _ unit: Int) {
        for (i, keyword) in (info.keywords[unit] ?? []).reversed().enumerated() where i < arguments.count {
            arguments[arguments.count - 1 - i] = keyword + "=" + arguments[arguments.count - 1 - i]
        }
    }

    // MARK: Frames and code

    /// Gives frames and code objects their places in the record, and the steps theirs.
    private func numberFrames(_ t: Thread, _ execution: inout ExecutionRecord, _ bytecode: inout BytecodeRecord) {
        var known = firstFrames
        for frame in recentFrames { known[frame.number] = frame }
        for i in ring.order { known[ring.step(at: i).pointee.frame.number] = ring.step(at: i).pointee.frame }
        for thread in threads {
            for i in 0..<thread.pointee.count where thread.pointee.frames[i].frame.number != 0 {
                known[thread.pointee.frames[i].frame.number] = thread.pointee.frames[i].frame
            }
        }
        var places: [Int: Int] = [:]
        let scriptCount = bytecode.scriptCodeCount
        bytecode.codes = Array(bytecode.codes.prefix(scriptCount))
        var codePlaces: [Int: Int] = [:]
        func place(code index: Int) -> Int {
            if let known = codePlaces[index] { return known }
            let made = codePlace(t, codes[index], scriptCount, &bytecode)
            codePlaces[index] = made
            return made
        }
        func place(frame number: Int) -> Int {
            if number == 0 { return -1 }
            if let place = places[number] { return place }
            guard let frame = known[number] else { return -1 }
            var chain = [frame]
            while let caller = known[chain[chain.count - 1].caller], places[caller.number] == nil { chain.append(caller) }
            for one in chain.reversed() {
                var made = ExecutionRecord.Frame()
                made.code = place(code: one.code)
                made.caller = places[one.caller] ?? -1
                made.depth = one.depth
                made.thread = one.thread
                places[one.number] = execution.frames.count
                execution.frames.append(made)
            }
            return places[number] ?? -1
        }
        for i in execution.steps.indices { execution.steps[i].frame = place(frame: execution.steps[i].frame) }
        // A frame of which no instruction was kept is named only.
        for i in execution.steps.indices {
            for j in execution.steps[i].events.indices where execution.steps[i].events[j].frame > 0 {
                execution.steps[i].events[j].frame = places[execution.steps[i].events[j].frame] ?? -1
            }
        }
        fillSpecializations(t, &execution, codePlaces)
    }

    private func codePlace(_ t: Thread, _ info: CodeInfo, _ scriptCount: Int, _ bytecode: inout BytecodeRecord) -> Int {
        if info.scriptIndex >= 0 && info.scriptIndex < scriptCount { return info.scriptIndex }
        var made = CodeRecord()
        if let cell = codeCell(info) {
            do throws(Raised) { made = ExplainStages.brief(try t.exactCode(cell)) } catch { _ = t.takePending() }
        }
        if made.name.isEmpty {
            made.name = info.name
            made.qualifiedName = info.qualifiedName
            made.file = info.file
            made.firstLine = info.firstLine
        }
        bytecode.codes.append(made)
        return bytecode.codes.count - 1
    }

    /// The code object, if it was kept.
    func codeCell(_ info: CodeInfo) -> CodeCell? {
        if info.root >= 0 { return CodeCell(roots[info.root]) }
        guard info.scriptIndex >= 0, scriptRoot >= 0 else { return nil }
        return nested(CodeCell(roots[scriptRoot]), info.scriptIndex)
    }

    private func nested(_ code: CodeCell, _ index: Int) -> CodeCell? {
        var left = index
        func walk(_ code: CodeCell) -> CodeCell? {
            if left == 0 { return code }
            left -= 1
            let constants = TupleObject(code.consts)
            for i in 0..<constants.count where constants[i].hasLayout(.code) {
                if let found = walk(CodeCell(constants[i])) { return found }
            }
            return nil
        }
        return walk(code)
    }

    /// The register code of the script's code objects, as far as the record has them.
    func fillRegisterWords(_ t: Thread) {
        guard scriptRoot >= 0, var bytecode = record.bytecode else { return }
        var index = 0
        func walk(_ code: CodeCell) {
            if index >= bytecode.scriptCodeCount { return }
            do throws(Raised) {
                bytecode.codes[index].register = try t.loweredListing(code).map {
                    var made = CodeRecord.RegisterWord()
                    made.offset = $0.offset
                    // A counter or a guard of the cache, as it is before anything ran.
                    made.text = $0.offset == nil && $0.text.utf8.allSatisfy { $0 >= 48 && $0 <= 57 } ? "cache" : $0.text
                    return made
                }
            } catch { _ = t.takePending() }
            index += 1
            let constants = TupleObject(code.consts)
            for i in 0..<constants.count where constants[i].hasLayout(.code) { walk(CodeCell(constants[i])) }
        }
        walk(CodeCell(roots[scriptRoot]))
        record.bytecode = bytecode
    }

    // MARK: Counts

    private func countFunctions(_ execution: inout ExecutionRecord) {
        let sorted = codes.map { ($0, instructions($0)) }.filter { $0.1 > 0 }.sorted {
            if $0.0.track.pointee.isDetailed != $1.0.track.pointee.isDetailed { return $0.0.track.pointee.isDetailed }
            return $0.1 > $1.1
        }
        for (info, count) in sorted.prefix(ExplainRecorder.functionLimit) {
            var made = ExecutionRecord.FunctionCount()
            made.name = info.qualifiedName
            made.file = info.file
            made.line = info.firstLine
            made.calls = info.track.pointee.calls
            made.instructions = count
            made.microseconds = max(info.track.pointee.microseconds, info.track.pointee.ownMicroseconds)
            made.ownMicroseconds = info.track.pointee.ownMicroseconds
            execution.functions.append(made)
        }
    }

    private func instructions(_ info: CodeInfo) -> Int {
        var sum = 0
        for unit in 0...info.track.pointee.lastUnit { sum += info.track.pointee.counts[unit] }
        return sum
    }

    private func countLines(_ execution: inout ExecutionRecord) {
        struct Place: Hashable {
            var file: String
            var line: Int
        }
        var counts: [Place: (count: Int, microseconds: Double, isDetailed: Bool)] = [:]
        for info in codes {
            let track = info.track.pointee
            for unit in 0...track.lastUnit where track.counts[unit] > 0 || track.times[unit] > 0 {
                let line = info.line(at: unit)
                if line == 0 { continue }
                let old = counts[Place(file: info.file, line: line)] ?? (0, 0, track.isDetailed)
                counts[Place(file: info.file, line: line)] = (old.count + track.counts[unit], old.microseconds + track.times[unit], old.isDetailed)
            }
        }
        let sorted = counts.sorted {
            if $0.value.isDetailed != $1.value.isDetailed { return $0.value.isDetailed }
            if $0.value.count != $1.value.count { return $0.value.count > $1.value.count }
            return ($0.key.file, $0.key.line) < ($1.key.file, $1.key.line)
        }
        for (place, value) in sorted.prefix(ExplainRecorder.lineLimit) {
            var made = ExecutionRecord.LineCount()
            made.file = place.file
            made.line = place.line
            made.instructions = value.count
            made.microseconds = value.microseconds
            execution.lines.append(made)
        }
        execution.lines.sort { ($0.file, $0.line) < ($1.file, $1.line) }
    }

    /// What the inline caches hold at the end.
    private func fillSpecializations(_ t: Thread, _ execution: inout ExecutionRecord, _ codePlaces: [Int: Int]) {
        for (index, place) in codePlaces.sorted(by: { $0.value < $1.value }) {
            guard let cell = codeCell(codes[index]) else { continue }
            for filled in t.filledCaches(cell) {
                var made = ExecutionRecord.Specialization()
                made.code = place
                made.offset = codes[index].offset(at: filled.unit)
                made.opcode = filled.unit <= codes[index].track.pointee.lastUnit ? Opcode(rawValue: UInt16(codes[index].track.pointee.opcodes[filled.unit])).map { $0.name } ?? "" : ""
                made.became = filled.text
                execution.specializations.append(made)
            }
        }
    }
}
