// Verification: what may lie in every local and on the stack, found for each leader before code is lowered. Code objects can be made by
// hand or read from damaged files; whatever they hold, running them raises at worst.
//
// A walk over the control flow carries one byte a position, locals first, and joins it where ways meet until nothing changes. The
// depth and the header gaps must be the same on all ways; the kinds are united. An instruction whose operand has the wrong kind on
// every way, or none, makes the code malformed. Where the kind is not known for certain, the lowering puts a check before the instruction.

import TaipanBytecode

/// What a position may hold: a set.
struct Kinds: OptionSet {
    let rawValue: UInt8
    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Nothing: an unbound local, or the first of a call's two places.
    static var unbound: Kinds { Kinds(rawValue: 1) }
    /// Any object.
    static var object: Kinds { Kinds(rawValue: 2) }
    static var cell: Kinds { Kinds(rawValue: 4) }
    /// Exactly a list, set or dict that the code itself has built.
    static var list: Kinds { Kinds(rawValue: 8) }
    static var set: Kinds { Kinds(rawValue: 16) }
    static var dict: Kinds { Kinds(rawValue: 32) }
    /// Not a kind: a gap for a frame header follows the stack position.
    static var gap: Kinds { Kinds(rawValue: 128) }
}

struct CodeVerifier {
    private let code: CodeCell
    private let instructions: [Instruction]
    private let instructionAt: [Int32]
    private let isLeader: [Bool]
    private let entries: [ExceptionEntry]
    private let localCount: Int
    private let freeCount: Int
    /// By code unit: the exception entry that guards the instruction, or -1.
    private var guardAt: [Int32]
    /// By code unit: what is known at a leader, nil where nothing arrives.
    private var states: [[Kinds]?]
    private var isWaiting: [Bool]
    private var work: [Int] = []
    private var now: [Kinds] = []
    /// By instruction: its operand is not certain to have the kind it needs.
    private(set) var needsCheck: [Bool]
    /// The instruction that makes the generator of such code, before anything that may run twice; -1 in other code.
    private var generatorStart = -1

    init(_ code: CodeCell, _ instructions: [Instruction], instructionAt: [Int32], isLeader: [Bool], entries: [ExceptionEntry]) {
        self.code = code
        self.instructions = instructions
        self.instructionAt = instructionAt
        self.isLeader = isLeader
        self.entries = entries
        localCount = TupleObject(code.localsplusnames).count
        let kinds = BytesObject(code.localspluskinds)
        freeCount = (0..<localCount).filter { kinds.data[$0] & 0x80 != 0 }.count
        guardAt = Array(repeating: -1, count: isLeader.count)
        states = Array(repeating: nil, count: isLeader.count)
        isWaiting = Array(repeating: false, count: isLeader.count)
        needsCheck = Array(repeating: false, count: instructions.count)
    }

    /// The gap flags of the stack at a leader, nil where nothing arrives.
    func gaps(at unit: Int) -> [Bool]? { states[unit].map { $0[localCount...].map { $0.contains(.gap) } } }

    /// Whether the code can be lowered.
    mutating func run() -> Bool {
        guard guardRanges(), checkGenerator() else { return false }
        now = initialState()
        guard !instructions.isEmpty, reach(0) else { return false }
        while let unit = work.popLast() {
            isWaiting[unit] = false
            guard let state = states[unit] else { continue }
            now = state
            guard walk(from: unit) else { return false }
        }
        return true
    }

    /// Parameters are bound; all else comes later.
    private func initialState() -> [Kinds] {
        let parameters = code.parameterCount
        return (0..<localCount).map { $0 < parameters ? .object : .unbound }
    }

    /// Entries begin and end between instructions, in order.
    private mutating func guardRanges() -> Bool {
        var last = 0
        for (n, entry) in entries.enumerated() {
            guard entry.start >= last, entry.end > entry.start, isBoundary(entry.start / 2), isBoundary(entry.end / 2) || entry.end / 2 == isLeader.count - 1 else { return false }
            last = entry.end
            for unit in entry.start / 2..<entry.end / 2 { guardAt[unit] = Int32(n) }
        }
        return true
    }

    private func isBoundary(_ unit: Int) -> Bool {
        unit < instructionAt.count && instructionAt[unit] >= 0 && instructions[Int(instructionAt[unit])].start / 2 == unit
    }

    /// Code of generators makes its object first of all, once; other code never does.
    private mutating func checkGenerator() -> Bool {
        if !code.isGenerator { return true }
        for (i, instruction) in instructions.enumerated() {
            if isLeader[instruction.start / 2] { return false }
            switch instruction.opcode {
            case .copyFreeVars, .makeCell, .nop: continue
            case .returnGenerator:
                generatorStart = i
                return true
            default: return false
            }
        }
        return false
    }

    // MARK: The walk

    /// From the leader at `unit` to the end of its block.
    private mutating func walk(from unit: Int) -> Bool {
        guard isBoundary(unit) else { return false }
        var i = Int(instructionAt[unit])
        var isDirty = true
        while i < instructions.count {
            let instruction = instructions[i]
            let at = instruction.start / 2
            if at != unit && isLeader[at] { return reach(at) }
            var depth = 0
            if guardAt[at] >= 0 {
                let entry = entries[Int(guardAt[at])]
                depth = entry.depth
                // What a handler finds below its depth and in the locals is what any instruction of its range found there.
                if now.count - localCount < depth { return false }
                if isDirty { guard reachHandler(entry) else { return false } }
            }
            let above = now.count - Verification.pops(instruction) - localCount
            guard step(instruction, i) else { return false }
            isDirty = above < depth || Verification.changesLocals(instruction.opcode)
            if Verification.endsBlock(instruction.opcode) { return true }
            i += 1
        }
        // The code must not end without an end.
        return false
    }

    private mutating func reachHandler(_ entry: ExceptionEntry) -> Bool {
        let kept = now
        now.removeLast(now.count - localCount - entry.depth)
        if entry.lasti { push(.object) }
        push(.object)
        defer { now = kept }
        return reach(entry.target / 2)
    }

    /// Joins the state into that of the leader at `unit`.
    private mutating func reach(_ unit: Int) -> Bool {
        guard isBoundary(unit) else { return false }
        guard let known = states[unit] else {
            states[unit] = now
            isWaiting[unit] = true
            work.append(unit)
            return true
        }
        if known.count != now.count { return false }
        var isChanged = false
        for i in known.indices where known[i] != now[i] {
            if i >= localCount && known[i].contains(.gap) != now[i].contains(.gap) { return false }
            let union = known[i].union(now[i])
            if union != known[i] {
                states[unit]?[i] = union
                isChanged = true
            }
        }
        if isChanged && !isWaiting[unit] {
            isWaiting[unit] = true
            work.append(unit)
        }
        return true
    }

    // MARK: The stack

    private var depth: Int { now.count - localCount }

    private mutating func push(_ kinds: Kinds) { now.append(kinds) }

    /// Takes `count` objects off: none of them may be missing, and they lie side by side.
    private mutating func pop(_ count: Int) -> Bool {
        guard count >= 0, depth >= count else { return false }
        for kinds in now[(now.count - count)...] where !isObject(kinds) { return false }
        now.removeLast(count)
        return true
    }

    private func isObject(_ kinds: Kinds) -> Bool { kinds.isDisjoint(with: [.unbound, .gap]) }

    /// Whether the entry `n` from the top (1 is the top) is an object, gap or not.
    private func hasObject(_ n: Int) -> Bool { n >= 1 && depth >= n && !now[now.count - n].contains(.unbound) }

    /// Notes that instruction `i` needs a check unless `kinds` is `wanted` for certain.
    private mutating func want(_ wanted: Kinds, _ kinds: Kinds, _ i: Int) {
        needsCheck[i] = needsCheck[i] || kinds.subtracting(.gap) != wanted
    }

    // MARK: Instructions

    /// Changes the state as the instruction does; also reaches where it jumps.
    private mutating func step(_ instruction: Instruction, _ i: Int) -> Bool {
        let argument = instruction.argument
        switch instruction.opcode {
        case .loadFast, .loadClosure:
            needsCheck[i] = needsCheck[i] || now[argument].contains(.unbound)
            push(known(now[argument]))
        case .loadFastCheck: push(known(now[argument]))
        case .loadFastAndClear:
            push(now[argument])
            now[argument] = .unbound
        case .storeFast:
            guard depth > 0, let value = now.popLast() else { return false }
            now[argument] = value.subtracting(.gap)
        case .deleteFast: now[argument] = .unbound
        case .makeCell: now[argument] = .cell
        case .copyFreeVars: for slot in (localCount - freeCount)..<localCount { now[slot] = .cell }
        case .loadDeref, .storeDeref, .deleteDeref, .loadFromDictOrDeref: return stepCell(instruction, i)
        case .popTop:
            guard depth > 0 else { return false }
            now.removeLast()
        case .endFor:
            guard depth > 1 else { return false }
            now.removeLast(2)
        case .pushNull: push([.unbound, .gap])
        case .copy:
            guard depth >= argument else { return false }
            push(now[now.count - argument].subtracting(.gap))
        case .swap:
            guard depth >= argument else { return false }
            swapTop(argument)
        case .listAppend, .listExtend: return stepInto(.list, 1, argument, i)
        case .setAdd, .setUpdate: return stepInto(.set, 1, argument, i)
        case .mapAdd: return stepInto(.dict, 2, argument, i)
        case .dictUpdate, .dictMerge: return stepInto(.dict, 1, argument, i)
        case .jumpForward, .jumpBackward, .jumpBackwardNoInterrupt: return jump(instruction)
        case .popJumpIfTrue, .popJumpIfFalse, .popJumpIfNone, .popJumpIfNotNone: return pop(1) && jump(instruction)
        default: return stepCall(instruction, i)
        }
        return true
    }

    private func known(_ kinds: Kinds) -> Kinds {
        let bound = kinds.subtracting([.unbound, .gap])
        return bound.isEmpty ? .object : bound
    }

    /// Values change places, gaps stay.
    private mutating func swapTop(_ n: Int) {
        let top = now.count - 1, other = now.count - n
        let a = now[top], b = now[other]
        now[top] = b.subtracting(.gap).union(a.intersection(.gap))
        now[other] = a.subtracting(.gap).union(b.intersection(.gap))
    }

    private mutating func stepCell(_ instruction: Instruction, _ i: Int) -> Bool {
        want(.cell, now[instruction.argument], i)
        switch instruction.opcode {
        case .loadDeref: push(.object)
        case .storeDeref: return pop(1)
        case .loadFromDictOrDeref:
            guard pop(1) else { return false }
            push(.object)
        default: break
        }
        return true
    }

    /// Operands go into the container that lies `place` below them.
    private mutating func stepInto(_ container: Kinds, _ operands: Int, _ place: Int, _ i: Int) -> Bool {
        guard pop(operands), hasObject(place) else { return false }
        want(container, now[now.count - place], i)
        return true
    }

    /// Reaches the target of a jump with the state as it is.
    private mutating func jump(_ instruction: Instruction) -> Bool {
        guard let target = Verification.target(instruction) else { return false }
        return reach(target / 2)
    }

    private mutating func stepCall(_ instruction: Instruction, _ i: Int) -> Bool {
        let argument = instruction.argument
        switch instruction.opcode {
        case .loadGlobal: pushCallable(argument, first: .unbound)
        case .loadAttr:
            guard pop(1) else { return false }
            pushCallable(argument, first: [.unbound, .object])
        case .loadSuperAttr:
            guard pop(3) else { return false }
            pushCallable(argument, first: [.unbound, .object])
        case .kwNames: return areKeywords(argument, for: i + 1)
        case .call, .callFunctionEx:
            // The first of the two places may be empty, and a gap may follow it.
            let operands = instruction.opcode == .call ? argument + 1 : 2 + (argument & 1)
            guard pop(operands), depth > 0 else { return false }
            now.removeLast()
            push(.object)
        case .forIter:
            guard hasObject(1), isEndFor(instruction) else { return false }
            guard let iterator = now.popLast(), jump(instruction) else { return false }
            push(iterator)
            push(.object)
        case .send:
            // A jump when the receiver is done, with its result in place of what was sent.
            guard pop(1), hasObject(1) else { return false }
            push(.object)
            return jump(instruction)
        case .returnGenerator:
            if i != generatorStart { return false }
            push(.object)
        case .yieldValue:
            guard generatorStart >= 0, pop(1) else { return false }
            push(.object)
        default: return stepRest(instruction)
        }
        return true
    }

    private mutating func pushCallable(_ argument: Int, first: Kinds) {
        if argument & 1 != 0 { push(first.union(.gap)) }
        push(.object)
    }

    /// The keyword names are strings, and the call that follows has that many values for them.
    private func areKeywords(_ constant: Int, for next: Int) -> Bool {
        guard next < instructions.count, instructions[next].opcode == .call, !isLeader[instructions[next].start / 2] else { return false }
        let names = TupleObject(TupleObject(code.consts)[constant])
        return names.count <= instructions[next].argument && (0..<names.count).allSatisfy { names[$0].isKind(.str) }
    }

    /// FOR_ITER's exhaustion skips the END_FOR at its target.
    private func isEndFor(_ instruction: Instruction) -> Bool {
        guard let target = instruction.target, isBoundary(target / 2) else { return false }
        return instructions[Int(instructionAt[target / 2])].opcode == .endFor
    }

    private mutating func stepRest(_ instruction: Instruction) -> Bool {
        let argument = instruction.argument
        switch instruction.opcode {
        case .buildList: return pop(argument) && pushed(.list)
        case .buildSet: return pop(argument) && pushed(.set)
        case .buildMap: return pop(argument * 2) && pushed(.dict)
        case .buildConstKeyMap: return pop(argument + 1) && pushed(.dict)
        case .withExceptStart: return hasObject(4) && hasObject(1) && pushed(.object)
        case .reraise: return hasObject(1) && hasObject(argument + 1)
        // What is no instruction raises when it is reached.
        case .reserved, .cache, .interpreterExit: return true
        default:
            let pushes = Verification.pushes(instruction)
            guard pop(Verification.pops(instruction)) else { return false }
            for _ in 0..<pushes { push(.object) }
            return true
        }
    }

    private mutating func pushed(_ kinds: Kinds) -> Bool {
        push(kinds)
        return true
    }
}

/// What instructions do to the stack and to control, for verification and lowering.
enum Verification {
    /// Where a jump goes; FOR_ITER's exhaustion goes behind its END_FOR.
    static func target(_ instruction: Instruction) -> Int? {
        guard let target = instruction.target else { return nil }
        return instruction.opcode == .forIter ? target + 2 : target
    }

    static func endsBlock(_ opcode: Opcode) -> Bool {
        switch opcode {
        case .returnValue, .returnConst, .reraise, .raiseVarargs, .jumpForward, .jumpBackward, .jumpBackwardNoInterrupt, .interpreterExit, .reserved, .cache: true
        default: false
        }
    }

    static func changesLocals(_ opcode: Opcode) -> Bool {
        switch opcode {
        case .storeFast, .deleteFast, .loadFastAndClear, .makeCell, .copyFreeVars: true
        default: false
        }
    }

    /// How many entries the instruction may change or take, at most.
    static func pops(_ instruction: Instruction) -> Int {
        switch instruction.opcode {
        case .swap: instruction.argument
        case .loadAttr: 1
        case .loadSuperAttr: 3
        default: max(0, pushes(instruction) - instruction.opcode.stackEffect(instruction.argument, jumping: false))
        }
    }

    /// How many entries the instruction leaves on top that it made; the rest of its effect is pops.
    static func pushes(_ instruction: Instruction) -> Int {
        switch instruction.opcode {
        case .popTop, .storeFast, .storeName, .storeGlobal, .storeDeref, .storeAttr, .storeSubscr, .storeSlice, .deleteAttr, .deleteSubscr, .returnValue,
             .popJumpIfTrue, .popJumpIfFalse, .popJumpIfNone, .popJumpIfNotNone, .raiseVarargs, .reraise, .popExcept, .listAppend, .setAdd, .mapAdd,
             .listExtend, .setUpdate, .dictMerge, .dictUpdate, .endFor, .endAsyncFor, .nop, .resume, .makeCell, .copyFreeVars, .deleteFast, .deleteName,
             .deleteGlobal, .deleteDeref, .setupAnnotations, .kwNames, .jumpForward, .jumpBackward, .jumpBackwardNoInterrupt, .returnConst, .interpreterExit, .cache,
             .extendedArg, .reserved, .returnGenerator: 0
        case .unpackSequence: instruction.argument
        case .unpackEx: (instruction.argument & 0xFF) + (instruction.argument >> 8) + 1
        case .beforeWith, .beforeAsyncWith, .pushExcInfo, .checkEgMatch, .checkExcMatch, .cleanupThrow, .getLen, .matchMapping, .matchSequence, .importFrom,
             .getAnext, .send: 2
        case .matchKeys: 3
        default: 1
        }
    }
}
