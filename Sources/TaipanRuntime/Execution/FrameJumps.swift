// Assignment to `frame.f_lineno` in a trace function: execution goes on at another line, if the stack there can be had by popping.
// What lies on the stack at every instruction is found by a walk over the exact code: iterators, exceptions being handled and
// other objects are different things, and a jump into a loop or a handler has nothing to put there.

import TaipanBytecode

/// What lies at one position of the stack.
private enum StackKind: UInt8 {
    case iterator, exception, object, null, lasti

    /// True when a value of kind `given` serves where `self` is expected.
    func accepts(_ given: StackKind) -> Bool {
        switch self {
        case .object: given != .null
        case .null: true
        default: given == self
        }
    }
}

/// The stacks at each instruction of a code object.
private struct StackWalk {
    let instructions: [Instruction]
    private var at: [Int: Int] = [:]
    /// By instruction; nil where the walk does not come.
    private(set) var stacks: [[StackKind]?]
    private var work: [Int] = []

    init(_ code: CodeCell) {
        instructions = Array(InstructionSequence(Array(BytesObject(code.code).buffer)))
        stacks = Array(repeating: nil, count: instructions.count)
        for (i, instruction) in instructions.enumerated() {
            at[instruction.start / 2] = i
            at[instruction.offset / 2] = i
        }
        let entries = Array(ExceptionTable(Array(BytesObject(code.exceptiontable).buffer)))
        if instructions.isEmpty { return }
        reach(0, [])
        follow()
        // Handlers, from the outermost ranges on: of a range that is reached, and so on inwards.
        var isChanging = true
        while isChanging {
            isChanging = false
            for entry in entries {
                guard let target = at[entry.target / 2], stacks[target] == nil, let start = at[entry.start / 2], let stack = stacks[start],
                      stack.count >= entry.depth else { continue }
                reach(target, Array(stack[..<entry.depth]) + (entry.lasti ? [.lasti] : []) + [.exception])
                follow()
                isChanging = true
            }
        }
    }

    func stack(atUnit unit: Int) -> [StackKind]? { at[unit].flatMap { stacks[$0] } }
    func isInstruction(_ unit: Int) -> Bool { at[unit] != nil }

    private mutating func reach(_ i: Int, _ stack: [StackKind]) {
        if i < stacks.count && stacks[i] == nil {
            stacks[i] = stack
            work.append(i)
        }
    }

    private mutating func follow() {
        while let i = work.popLast() {
            guard let stack = stacks[i] else { continue }
            let instruction = instructions[i]
            if let target = instruction.target.flatMap({ at[$0 / 2] }), let there = StackWalk.after(instruction, stack, jumping: true) { reach(target, there) }
            switch instruction.opcode {
            case .returnValue, .returnConst, .raiseVarargs, .reraise, .jumpForward, .jumpBackward, .jumpBackwardNoInterrupt, .interpreterExit: break
            default: if let next = StackWalk.after(instruction, stack, jumping: false) { reach(i + 1, next) }
            }
        }
    }

    /// The stack behind an instruction; nil where that goes wrong.
    private static func after(_ instruction: Instruction, _ stack: [StackKind], jumping: Bool) -> [StackKind]? {
        var stack = stack
        let argument = instruction.argument
        func pop(_ n: Int) -> Bool {
            if stack.count < n { return false }
            stack.removeLast(n)
            return true
        }
        switch instruction.opcode {
        case .getIter, .getAiter:
            guard pop(1) else { return nil }
            stack.append(.iterator)
        case .forIter:
            // Behind the loop END_FOR takes the iterator and what stands for an item.
            stack.append(.object)
        case .pushExcInfo:
            guard pop(1) else { return nil }
            stack += [.exception, .exception]
        case .returnGenerator: stack.append(.object)
        case .pushNull: stack.append(.null)
        case .loadGlobal:
            if argument & 1 != 0 { stack.append(.null) }
            stack.append(.object)
        case .loadAttr, .loadSuperAttr:
            guard pop(instruction.opcode == .loadAttr ? 1 : 3) else { return nil }
            if argument & 1 != 0 { stack.append(.null) }
            stack.append(.object)
        case .swap:
            guard argument >= 1, stack.count >= argument else { return nil }
            stack.swapAt(stack.count - 1, stack.count - argument)
        case .copy:
            guard argument >= 1, stack.count >= argument else { return nil }
            stack.append(stack[stack.count - argument])
        default:
            let effect = instruction.opcode.stackEffect(argument, jumping: jumping)
            if effect < 0 { return pop(-effect) ? stack : nil }
            stack += Array(repeating: StackKind.object, count: effect)
        }
        return stack
    }
}

extension Thread {
    /// Assignment to `f_lineno`.
    func setFrameLine(_ frame: FrameObject, _ value: Value) throws(Raised) {
        if value.isUnbound { throw raise(.attributeError, "cannot delete attribute") }
        if !isInt(value) { throw raise(.valueError, "lineno must be an integer") }
        try checkJumpEvent(frame)
        guard let line = machineInt(value), line >= Int(Int32.min), line <= Int(Int32.max) else { throw raise(.valueError, "lineno out of range") }
        let code = CodeCell(frame.code)
        if line < code.firstlineno { throw raise(.valueError, "line \(line) comes before the current code block") }
        guard let fp = frame.frame, let observed = fp.frameLowered.pointee.observed, observed.pointee.exact == fp.frameLowered else {
            throw raise(.valueError, "f_lineno can only be set in a trace function")
        }
        let starts = lineStarts(code)
        guard let reachable = starts.map(\.line).filter({ $0 >= line }).min() else { throw raise(.valueError, "line \(line) comes after the current code block") }
        let walk = StackWalk(code)
        let here = walk.stack(atUnit: fp.frameUnitOffset)
        let target = try jumpTarget(walk, here, starts.filter { $0.line == reachable }.map(\.unit))
        let names = TupleObject(code.localsplusnames), kinds = BytesObject(code.localspluskinds)
        let missing = (0..<names.count).filter { fp[$0].isUnbound && kinds.data[$0] & 0x10 == 0 }
        if !missing.isEmpty {
            try warn(.runtimeWarning, "assigning None to \(missing.count) unbound local\(missing.count == 1 ? "" : "s")")
            for i in missing { fp[i] = .none }
        }
        // A generator that yields yields all the same, as in CPython, where what it resumes with is left to chance: here it goes on behind the yield.
        if state.pointee.observation.event == ObservedEvent.pyYield.rawValue { return }
        popForJump(fp, code, here ?? [], (walk.stack(atUnit: target) ?? []).count)
        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: fp.frameLowered.pointee.words + Int(observed.pointee.unitWords[target])))
        state.pointee.observation.hasJumped = true
    }

    private func checkJumpEvent(_ frame: FrameObject) throws(Raised) {
        guard let event = ObservedEvent(rawValue: state.pointee.observation.event) else {
            throw raise(.valueError, "f_lineno can only be set in a trace function")
        }
        switch event {
        case .pyStart, .pyResume, .pyThrow: throw raise(.valueError, "can't jump from the 'call' trace event of a new frame")
        case .line, .instruction, .jump, .branch, .pyYield: if frame.frame != nil && frame.frame == state.pointee.observation.frame { return }
        default: break
        }
        throw raise(.valueError, "can only jump from a 'line' trace event")
    }

    /// The instruction of those at `units` that is reached with the deepest stack.
    private func jumpTarget(_ walk: StackWalk, _ here: [StackKind]?, _ units: [Int]) throws(Raised) -> Int {
        var best: (unit: Int, depth: Int)?
        var complaint: String?
        for unit in units {
            let there = walk.stack(atUnit: unit)
            if let here, let there, isReachable(there, from: here) {
                if there.count > best?.depth ?? -1 { best = (unit, there.count) }
            } else if complaint == nil {
                complaint = here == nil ? "can't jump from unreachable code" : refusal(there)
            }
        }
        if let best { return best.unit }
        throw raise(.valueError, complaint ?? "cannot find bytecode for specified line")
    }

    private func isReachable(_ there: [StackKind], from here: [StackKind]) -> Bool {
        there.count <= here.count && zip(there, here).allSatisfy { $0.accepts($1) }
    }

    private func refusal(_ there: [StackKind]?) -> String {
        guard let there else { return "can't jump into an exception handler, or code may be unreachable" }
        switch there.last {
        case .exception: return "can't jump into an 'except' block as there's no exception"
        case .lasti: return "can't jump into a re-raising block as there's no location"
        case .iterator: return "can't jump into the body of a for loop"
        default: return "incompatible stacks"
        }
    }

    /// The code units at which a line begins, as `co_lines` has them.
    private func lineStarts(_ code: CodeCell) -> [(unit: Int, line: Int)] {
        var starts: [(unit: Int, line: Int)] = []
        var last = Int32.min
        for entry in LocationTable(Array(BytesObject(code.linetable).buffer), firstLine: code.firstlineno) where entry.range.line != last {
            last = entry.range.line
            if last >= 0 { starts.append((entry.start / 2, Int(last))) }
        }
        return starts
    }

    /// Drops the stack down to `depth`; exceptions that are left behind are no longer being handled.
    private func popForJump(_ fp: UnsafeMutablePointer<Value>, _ code: CodeCell, _ stack: [StackKind], _ depth: Int) {
        var homes: [Int] = []
        var home = TupleObject(code.localsplusnames).count
        for kind in stack {
            homes.append(home)
            home += 1 + (kind == .null ? FrameHeader.size : 0)
        }
        for i in stride(from: stack.count - 1, through: depth, by: -1) where stack[i] == .exception {
            let exception = fp[homes[i]]
            state.pointee.handled.pointee.value = exception.isNone ? .unbound : exception
        }
    }
}
