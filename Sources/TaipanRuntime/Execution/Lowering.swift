// Lowering: from the exact stack code to register code. A walk over the code with an abstract
// stack: a load of a local or a constant is only noted, and becomes an operand of the instruction that uses it; what
// must be in memory goes to its home, the frame slot that belongs to its stack position.
//
// Homes: position n's home follows position n-1's. Behind the first of a call's two callable places there
// is a gap of a frame header, so that the arguments are where the callee's locals will be. Where control joins, all
// entries are in their homes, and homes are the same on every way in: a first pass over the control flow finds the
// stack at each leader.

import TaipanBytecode

/// One position of the abstract stack.
struct StackEntry {
    enum Kind { case temporary, local, constant, null }
    var kind: Kind
    var index: Int
    var home: Int
    /// A header's gap follows.
    var opensCall: Bool
    /// It is the constant None, wherever it is now.
    var isNone = false
}

struct Lowering {
    let t: Thread
    let code: CodeCell
    private(set) var instructions: [Instruction] = []
    /// Per code unit: index into `instructions`, or -1.
    private var instructionAt: [Int32] = []
    private var isLeader: [Bool] = []
    /// Where jumps and handlers go.
    private var isTarget: [Bool] = []
    /// The stack at each leader that can be reached: the gap flags by position.
    private var stackAt: [[Bool]?] = []
    /// By instruction: what it works on is not certain to be what it needs.
    private var needsCheck: [Bool] = []
    private(set) var stack: [StackEntry] = []
    private(set) var words: [UInt64] = []
    private(set) var offsets: [UInt32] = []
    private var limits: [UInt16] = []
    /// The temporaries that hold something while the current instruction runs: positions that are only noted leave old words in their homes.
    private var liveTemporaries: UInt64 = 0
    private var maps: [UInt64] = []
    private var mapAt: [UInt16] = []
    private var mapIndices: [UInt64: UInt16] = [:]
    /// Word index of each leader's first instruction, by code unit; in the exact form of every instruction's.
    private(set) var wordAt: [Int32] = []
    private var fixups: [(word: Int, inHigh: Bool, target: Int)] = []
    private var entries: [ExceptionEntry] = []
    private var pendingKeywords = 0
    /// By code unit of a FOR_ITER that was emitted: the word behind it, and the slot that gets the items.
    private var loopBodies: [Int: (word: Int, destination: Int)] = [:]
    var unit = 0
    var limit = 0
    private var deepest = 0
    private let localCount: Int
    private let isGenerator: Bool
    /// The exact form: everything in its home between two instructions, nothing fused, events reported (`Lowering+Exact.swift`).
    let isExact: Bool
    /// Where instructions start in the exact form: bit 0, events are reported there; bit 1, a line starts.
    var marks: [UInt8] = []
    /// Of the ordinary form, when asked for: where it can be left for the exact form.
    var crossings: Crossings?
    /// Of the exact form, when asked for: where the stack's entries are at each instruction.
    var stackNotes: StackNotes?
    /// When asked for: which words are instructions.
    var starts: [Int]?

    init(_ t: Thread, _ code: CodeCell, isExact: Bool = false) {
        self.t = t
        self.code = code
        self.isExact = isExact
        localCount = TupleObject(code.localsplusnames).count
        isGenerator = code.isGenerator
    }

    /// Lowers `code`; the result is kept in it.
    /// - Throws: SystemError for code that no compiler makes.
    static func lower(_ t: Thread, _ code: CodeCell) throws(Raised) -> UnsafeMutablePointer<LoweredCode> {
        if let known = code.lowered { return known }
        var lowering = Lowering(t, code)
        try lowering.walk()
        let made = lowering.finish()
        made.pointee.next = t.interp.pointee.firstLowered
        t.interp.pointee.firstLowered = made
        code.lowered = made
        return made
    }

    mutating func walk() throws(Raised) {
        guard decode(), hasValidOperands, verify() else { throw t.raise(.systemError, "malformed bytecode") }
        if isExact { markEvents() }
        emitAll()
        if max(deepest, localCount) >= 0xFFF0 { throw t.raise(.systemError, "code object with more than 65520 frame slots") }
    }

    // MARK: Decoding and control flow

    private mutating func decode() -> Bool {
        let bytes = Array(BytesObject(code.code).buffer)
        let units = bytes.count / 2
        instructionAt = Array(repeating: -1, count: units + 1)
        isLeader = Array(repeating: false, count: units + 1)
        isTarget = isLeader
        stackAt = Array(repeating: nil, count: units + 1)
        wordAt = Array(repeating: -1, count: units + 1)
        for instruction in InstructionSequence(bytes) {
            instructionAt[instruction.start / 2] = Int32(instructions.count)
            if instruction.offset / 2 <= units { instructionAt[instruction.offset / 2] = Int32(instructions.count) }
            instructions.append(instruction)
        }
        for entry in ExceptionTable(Array(BytesObject(code.exceptiontable).buffer)) {
            entries.append(entry)
            guard entry.start / 2 <= units, entry.end >= 0, entry.end / 2 <= units, entry.target / 2 < units else { return false }
            isLeader[entry.start / 2] = true
            isLeader[entry.end / 2] = true
            isLeader[entry.target / 2] = true
            isTarget[entry.target / 2] = true
        }
        for instruction in instructions {
            guard let target = Verification.target(instruction) else { continue }
            guard target >= 0, target / 2 < units else { return false }
            isLeader[target / 2] = true
            isTarget[target / 2] = true
        }
        return true
    }

    /// Finds what lies where at each leader, and what has to be checked when it runs.
    private mutating func verify() -> Bool {
        var verifier = CodeVerifier(code, instructions, instructionAt: instructionAt, isLeader: isLeader, entries: entries)
        guard verifier.run() else { return false }
        for unit in stackAt.indices { stackAt[unit] = verifier.gaps(at: unit) }
        // Who observes may go on at another line, with what verification knew of the way there left out.
        needsCheck = isExact ? Array(repeating: true, count: instructions.count) : verifier.needsCheck
        return true
    }

    /// Every operand is one that the instruction can have: code objects may be made by hand.
    private var hasValidOperands: Bool {
        let names = TupleObject(code.names).count, constants = TupleObject(code.consts)
        for instruction in instructions {
            let argument = instruction.argument
            switch instruction.opcode.info.operand {
            case .local, .cell: if argument >= localCount { return false }
            case .constant:
                if argument >= constants.count { return false }
                if instruction.opcode == .kwNames && !constants[argument].isKind(.tuple) { return false }
            case .name:
                let shift = instruction.opcode == .loadSuperAttr ? 2 : instruction.opcode == .loadGlobal || instruction.opcode == .loadAttr ? 1 : 0
                if argument >> shift >= names { return false }
            default: if !Lowering.isInRange(instruction) || instruction.opcode == .copyFreeVars && argument != freeCount { return false }
            }
        }
        return true
    }

    /// Free variables: functions of the code have a closure of that many cells.
    private var freeCount: Int {
        let kinds = BytesObject(code.localspluskinds)
        return (0..<localCount).filter { kinds.data[$0] & 0x80 != 0 }.count
    }

    private static func isInRange(_ instruction: Instruction) -> Bool {
        let argument = instruction.argument
        switch instruction.opcode {
        case .copy, .swap, .listAppend, .setAdd, .mapAdd, .listExtend, .setUpdate, .dictUpdate, .dictMerge: return argument >= 1 && argument <= 0xFFFF
        case .compareOp: return argument >> 4 <= 5
        case .binaryOp: return argument <= 25
        case .isOp, .containsOp: return argument <= 1
        case .matchClass: return argument <= 0xFFFF
        case .buildSlice: return argument == 2 || argument == 3
        case .raiseVarargs: return argument <= 2
        case .makeFunction: return argument <= 15
        case .unpackSequence: return argument <= 0xFFFF
        case .unpackEx: return (argument & 0xFF) + (argument >> 8) <= 0xFFFF
        default: return true
        }
    }

    // MARK: The abstract stack

    func nextHome() -> Int {
        guard let top = stack.last else { return localCount }
        return top.home + 1 + (top.opensCall ? FrameHeader.size : 0)
    }

    private mutating func push(_ kind: StackEntry.Kind, _ index: Int = 0, opensCall: Bool = false) {
        let home = nextHome()
        let isNone = kind == .constant && TupleObject(code.consts)[index].isNone
        stack.append(StackEntry(kind: kind, index: index, home: home, opensCall: opensCall, isNone: isNone))
        deepest = max(deepest, home + 1)
    }

    /// Pushes a result that the instruction being emitted writes: gives its slot.
    mutating func pushResult(opensCall: Bool = false) -> Int {
        push(.temporary, opensCall: opensCall)
        return stack[stack.count - 1].home
    }

    @discardableResult mutating func pop() -> StackEntry { stack.removeLast() }

    /// Puts entry `i` into its home.
    private mutating func settle(_ i: Int) {
        let entry = stack[i]
        switch entry.kind {
        case .temporary: return
        case .local: emit(.move, entry.home, entry.index)
        case .constant: emitConstant(entry.home, entry.index)
        case .null: emit(.clear, entry.home)
        }
        stack[i].kind = .temporary
        liveTemporaries |= mapBit(entry.home)
    }

    /// In the exact form everything is in its home, the constant None too.
    private func isNone(_ entry: StackEntry) -> Bool { entry.isNone && (isExact || entry.kind == .constant) }

    private func mapBit(_ home: Int) -> UInt64 { 1 << UInt64(min(home - localCount, 63)) }

    mutating func noteLiveTemporaries() {
        liveTemporaries = 0
        for entry in stack where entry.kind == .temporary { liveTemporaries |= mapBit(entry.home) }
    }

    private mutating func currentMap() -> UInt16 {
        if let last = mapAt.last, maps[Int(last)] == liveTemporaries { return last }
        if let known = mapIndices[liveTemporaries] { return known }
        // More maps than can be numbered: everything counts as alive.
        if maps.count == 0xFFFF { liveTemporaries = ~0 }
        maps.append(liveTemporaries)
        let index = UInt16(min(maps.count - 1, 0xFFFF))
        mapIndices[liveTemporaries] = index
        return index
    }

    mutating func settleAll() { for i in stack.indices { settle(i) } }

    /// Settles the top `count` entries.
    mutating func settleTop(_ count: Int) { for i in max(0, stack.count - count)..<stack.count { settle(i) } }

    /// Before local `index` changes: entries that still name it take its value now.
    private mutating func settleUses(of index: Int) {
        for i in stack.indices where stack[i].kind == .local && stack[i].index == index { settle(i) }
    }

    /// The slot to read a popped entry from.
    mutating func slot(_ entry: StackEntry) -> Int {
        switch entry.kind {
        case .temporary: return entry.home
        case .local: return entry.index
        case .constant:
            emitConstant(entry.home, entry.index)
            return entry.home
        case .null:
            emit(.clear, entry.home)
            return entry.home
        }
    }

    // MARK: Emission

    mutating func emit(_ op: Op, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0) {
        starts?.append(words.count)
        let high = UInt64(UInt16(truncatingIfNeeded: c)) << 48 | UInt64(UInt16(truncatingIfNeeded: b)) << 32
        word(high | UInt64(UInt16(truncatingIfNeeded: a)) << 16 | UInt64(op.rawValue))
    }

    /// An instruction whose b and c are one 32-bit number.
    mutating func emitWide(_ op: Op, _ a: Int, _ bc: Int) {
        starts?.append(words.count)
        word(UInt64(UInt32(truncatingIfNeeded: bc)) << 32 | UInt64(UInt16(truncatingIfNeeded: a)) << 16 | UInt64(op.rawValue))
    }

    private mutating func emitConstant(_ slot: Int, _ index: Int) { emitWide(.loadConst, slot, index) }

    mutating func word(_ w: UInt64) {
        words.append(w)
        offsets.append(UInt32(unit))
        limits.append(UInt16(truncatingIfNeeded: min(limit, 0xFFFF)))
        mapAt.append(currentMap())
    }

    mutating func emitJump(_ op: Op, _ a: Int, _ target: Int) {
        fixups.append((words.count, true, target / 2))
        emitWide(op, a, 0)
    }

    mutating func jumpWord(_ target: Int) {
        fixups.append((words.count, false, target / 2))
        word(0)
    }

    private mutating func emitAll() {
        var isReachable = true
        var i = 0
        while i < instructions.count {
            let instruction = instructions[i]
            let at = instruction.start / 2
            unit = instruction.offset / 2
            if isLeader[at] || at == 0 {
                if isReachable {
                    noteCrossing(at)
                    settleAll()
                }
                if let flags = stackAt[at] {
                    stack.removeAll(keepingCapacity: true)
                    for flag in flags { push(.temporary, opensCall: flag) }
                    isReachable = true
                } else {
                    isReachable = false
                }
                wordAt[at] = Int32(words.count)
            }
            if !isReachable {
                i += 1
                continue
            }
            limit = nextHome()
            noteLiveTemporaries()
            if isExact { beginExactly(i) } else { noteCrossing(at) }
            let used = emitOne(i)
            if Verification.endsBlock(instruction.opcode) {
                isReachable = false
            } else if isExact {
                noteLiveTemporaries()
                endExactly(i)
            }
            i += used
        }
    }

    func isJumpTarget(_ unit: Int) -> Bool { isTarget[unit] }

    /// The exact form of an instruction starts here.
    mutating func setWord(at unit: Int) { wordAt[unit] = Int32(words.count) }

    /// True when instruction `i` exists, is no leader, and is `opcode`.
    private func follows(_ i: Int, _ opcode: Opcode) -> Bool {
        !isExact && i < instructions.count && instructions[i].opcode == opcode && !isLeader[instructions[i].start / 2]
    }

    /// Emits instruction `i`; gives how many were consumed.
    private mutating func emitOne(_ i: Int) -> Int {
        let instruction = instructions[i]
        let argument = instruction.argument
        switch instruction.opcode {
        case .nop, .extendedArg: break
        case .endFor:
            pop()
            pop()
        case .reserved: emit(.unknown, argument)
        case .cache, .interpreterExit: emit(.unknown, Int(instruction.opcode.rawValue))
        case .loadFast, .loadClosure:
            if needsCheck[i] { emit(.loadLocalCheck, pushResult(), argument) } else { push(.local, argument) }
        case .loadConst: push(.constant, argument)
        case .loadFastCheck:
            let dst = pushResult()
            emit(.loadLocalCheck, dst, argument)
        case .loadFastAndClear:
            let dst = pushResult()
            settleUses(of: argument)
            emit(.move, dst, argument)
            emit(.clear, argument)
        case .storeFast:
            let value = pop()
            settleUses(of: argument)
            if isNone(value) {
                emitWide(.storeNone, argument, value.index)
            } else if value.kind == .constant {
                emitConstant(argument, value.index)
            } else { 
                emit(.move, argument, slot(value))
            }
        case .deleteFast:
            settleUses(of: argument)
            emit(.deleteLocal, argument)
        case .popTop: pop()
        case .pushNull: push(.null, opensCall: true)
        case .copy:
            let source = stack[stack.count - argument]
            switch source.kind {
            case .temporary:
                let dst = pushResult()
                emit(.move, dst, source.home)
                stack[stack.count - 1].index = source.index
                stack[stack.count - 1].isNone = source.isNone
            default: push(source.kind, source.index)
            }
        case .swap: emitSwap(argument)
        case .binaryOp: return 1 + emitBinary(argument, i)
        case .compareOp: return 1 + emitCompare(argument >> 4, i)
        case .isOp: return 1 + emitIs(argument, i)
        case .containsOp:
            let container = slot(pop()), item = slot(pop())
            let (dst, used) = destination(i)
            emit(.contains, dst, item, container)
            word(UInt64(argument))
            return 1 + used
        case .unaryNegative: return 1 + emitUnary(.negative, i)
        case .unaryNot: return 1 + emitUnary(.not, i)
        case .unaryInvert: return 1 + emitUnary(.invert, i)
        case .jumpForward:
            settleAll()
            emitJump(.jump, 0, instruction.target ?? 0)
        case .jumpBackward, .jumpBackwardNoInterrupt:
            settleAll()
            emitLoopEnd(instruction)
        case .popJumpIfTrue: return 1 + emitBranch(.jumpIfTrue, .jumpIfFalse, i)
        case .popJumpIfFalse: return 1 + emitBranch(.jumpIfFalse, .jumpIfTrue, i)
        case .popJumpIfNone: emitNoneBranch(.jumpIfNone, instruction)
        case .popJumpIfNotNone: emitNoneBranch(.jumpIfNotNone, instruction)
        default: return emitRest(i)
        }
        return 1
    }

    /// The slot for the one result of the instruction emitted next: the local of a following STORE_FAST, or a fresh temporary.
    private mutating func destination(_ i: Int) -> (slot: Int, used: Int) {
        if follows(i + 1, .storeFast) {
            let local = instructions[i + 1].argument
            settleUses(of: local)
            // The exact form has it in its home first: frames are of one size in both.
            deepest = max(deepest, nextHome() + 1)
            return (local, 1)
        }
        return (pushResult(), 0)
    }

    private mutating func emitUnary(_ op: Op, _ i: Int) -> Int {
        let value = slot(pop())
        let (dst, used) = destination(i)
        emit(op, dst, value)
        return used
    }

    /// A jump back: one to a FOR_ITER takes the next item of a plain iterator on the spot.
    private mutating func emitLoopEnd(_ instruction: Instruction) {
        let head = (instruction.target ?? 0) / 2
        guard !isExact, let body = loopBodies[head], let iterator = stack.last else { return emitJump(.jumpBack, 0, instruction.target ?? 0) }
        emit(.forLoop, iterator.home, body.destination)
        let behind = words.count + 1
        let toHead = UInt64(UInt32(truncatingIfNeeded: Int(wordAt[head]) - behind)), toBody = UInt64(UInt32(truncatingIfNeeded: body.word - behind))
        word(toHead << 32 | toBody)
    }

    /// When the branch at `i` only jumps over a jump back to the head of a `while`: that head, so that the opposite branch can go there itself.
    private func loopHead(behind i: Int) -> Int? {
        guard follows(i + 1, .jumpBackward), let target = instructions[i].target, i + 2 < instructions.count, instructions[i + 2].start == target,
              let head = instructions[i + 1].target, loopBodies[head / 2] == nil, wordAt[head / 2] >= 0 else { return nil }
        return head
    }

    /// Emits a branch on the truth of the top entry; gives how many instructions behind it were consumed.
    private mutating func emitBranch(_ op: Op, _ opposite: Op, _ i: Int) -> Int {
        let condition = slot(pop())
        settleAll()
        if isExact { return emitExactBranch(op, condition, instructions[i]) }
        if let head = loopHead(behind: i) {
            emitJump(opposite, condition, head)
            return 1
        }
        emitJump(op, condition, instructions[i].target ?? 0)
        return 0
    }

    private mutating func emitNoneBranch(_ op: Op, _ instruction: Instruction) {
        let condition = slot(pop())
        settleAll()
        if isExact {
            _ = emitExactBranch(op, condition, instruction)
        } else {
            emitJump(op, condition, instruction.target ?? 0)
        }
    }

    private mutating func emitSwap(_ n: Int) {
        let a = stack.count - 1, b = stack.count - n
        if a == b { return }
        let top = stack[a], other = stack[b]
        switch (top.kind, other.kind) {
        case (.temporary, .temporary): emit(.swap, top.home, other.home)
        case (.temporary, _): emit(.move, other.home, top.home)
        case (_, .temporary): emit(.move, top.home, other.home)
        default: break
        }
        stack[a].kind = other.kind
        stack[a].index = other.index
        stack[a].isNone = other.isNone
        stack[b].kind = top.kind
        stack[b].index = top.index
        stack[b].isNone = top.isNone
    }

    private mutating func emitBinary(_ number: Int, _ i: Int) -> Int {
        let right = pop(), left = pop()
        let op: (Op, Op) = switch number {
        case 0, 13: (.add, .addK)
        case 10, 23: (.subtract, .subtractK)
        case 5, 18: (.multiply, .multiplyK)
        case 2, 15: (.floorDivide, .floorDivideK)
        case 6, 19: (.remainder, .remainderK)
        case 1, 14: (.and, .andK)
        case 7, 20: (.or, .binaryK)
        case 11, 24: (.trueDivide, .trueDivideK)
        default: (.binary, .binaryK)
        }
        // In-place forms differ only for operands that the slow path sees: the number goes along.
        let lhs = slot(left)
        let isConstant = right.kind == .constant && right.index < 0xFFFF
        let rhs = isConstant ? right.index : slot(right)
        let (dst, used) = destination(i)
        emit(isConstant ? op.1 : op.0, dst, lhs, rhs)
        word(UInt64(number))
        return used
    }

    private mutating func emitCompare(_ number: Int, _ i: Int) -> Int {
        var right = pop(), left = pop()
        let isTrue = follows(i + 1, .popJumpIfTrue)
        guard isTrue || follows(i + 1, .popJumpIfFalse) else {
            let lhs = slot(left), rhs = slot(right)
            let (dst, used) = destination(i)
            emit(Op(rawValue: Op.less.rawValue + UInt8(number)) ?? .less, dst, lhs, rhs)
            return used
        }
        var number = number
        let isSwapped = left.kind == .constant && right.kind != .constant
        if isSwapped {
            swap(&left, &right)
            number = [4, 5, 2, 3, 0, 1][number]
        }
        let lhs = slot(left)
        let isConstant = right.kind == .constant && right.index < 0xFFFF
        let rhs = isConstant ? right.index : slot(right)
        settleAll()
        let base: Op = isConstant ? .jumpLessK : .jumpLess
        let head = loopHead(behind: i + 1)
        let sense = isTrue == (head == nil) ? 1 : 0
        emit(Op(rawValue: base.rawValue + UInt8(number)) ?? base, lhs, rhs, sense | (isSwapped ? 2 : 0))
        jumpWord(head ?? instructions[i + 1].target ?? 0)
        return head == nil ? 1 : 2
    }

    private mutating func emitIs(_ invert: Int, _ i: Int) -> Int {
        let rhs = slot(pop()), lhs = slot(pop())
        let isTrue = follows(i + 1, .popJumpIfTrue)
        if isTrue || follows(i + 1, .popJumpIfFalse) {
            let target = instructions[i + 1].target ?? 0
            settleAll()
            emit(.jumpIdentical, lhs, rhs, (isTrue ? 1 : 0) ^ invert)
            jumpWord(target)
            return 1
        }
        let (dst, used) = destination(i)
        emit(.identical, dst, lhs, rhs)
        word(UInt64(invert))
        return used
    }

    // MARK: The less common instructions

    private mutating func emitRest(_ i: Int) -> Int {
        let instruction = instructions[i]
        let argument = instruction.argument
        switch instruction.opcode {
        case .loadGlobal:
            if argument & 1 != 0 { push(.null, opensCall: true) }
            let (dst, used) = argument & 1 != 0 ? (pushResult(), 0) : destination(i)
            emitWide(.loadGlobal, dst, argument >> 1)
            for _ in 0..<3 { word(0) }
            return 1 + used
        case .loadAttr: return 1 + emitLoadAttr(argument, i)
        case .storeAttr:
            let object = slot(pop()), entry = pop()
            let value = slot(entry)
            emit(.storeAttr, object, value, isNone(entry) ? 1 : 0)
            cacheWords(argument)
        case .deleteAttr:
            emit(.deleteAttr, slot(pop()))
            word(UInt64(argument))
        case .loadSuperAttr:
            settleTop(3)
            let first = stack[stack.count - 3].home
            for _ in 0..<3 { pop() }
            let dst = pushResult(opensCall: argument & 1 != 0)
            let second = argument & 1 != 0 ? pushResult() : 0xFFFF
            // The three operands are read before the destinations are written.
            emit(.loadSuperAttr, dst, first, second)
            word(UInt64(argument >> 1))
        case .loadName: emitWide(.loadName, pushResult(), argument)
        case .storeName: emitWide(.storeName, slot(pop()), argument)
        case .deleteName: emitWide(.deleteName, 0, argument)
        case .storeGlobal: emitWide(.storeGlobal, slot(pop()), argument)
        case .deleteGlobal: emitWide(.deleteGlobal, 0, argument)
        case .loadLocals: emit(.loadLocals, pushResult())
        case .loadFromDictOrGlobals:
            settleTop(1)
            emitWide(.loadFromDictOrGlobals, stack[stack.count - 1].home, argument)
        case .loadFromDictOrDeref:
            settleTop(1)
            check(i, argument, .cell)
            emitWide(.loadFromDictOrDeref, stack[stack.count - 1].home, argument)
        case .setupAnnotations: emit(.setupAnnotations)
        case .makeCell:
            settleUses(of: argument)
            emit(.makeCell, argument)
        case .copyFreeVars:
            settleAll()
            emit(.copyFreeVars, argument)
        case .loadDeref:
            check(i, argument, .cell)
            let (dst, used) = destination(i)
            emit(.loadCell, dst, argument)
            return 1 + used
        case .storeDeref:
            check(i, argument, .cell)
            let value = pop()
            emit(isNone(value) ? .storeCellNone : .storeCell, argument, slot(value))
        case .deleteDeref:
            check(i, argument, .cell)
            emit(.deleteCell, argument)
        case .binarySubscr:
            let key = pop(), container = slot(pop())
            let isConstant = key.kind == .constant && key.index < 0xFFFF
            let index = isConstant ? key.index : slot(key)
            let (dst, used) = destination(i)
            emit(isConstant ? .subscriptK : .subscript_, dst, container, index)
            return 1 + used
        case .storeSubscr:
            let key = slot(pop()), container = slot(pop()), value = slot(pop())
            emit(.storeSubscript, container, key, value)
        case .deleteSubscr:
            let key = slot(pop()), container = slot(pop())
            emit(.deleteSubscript, container, key)
        case .binarySlice:
            settleTop(3)
            let first = stack[stack.count - 3].home
            for _ in 0..<3 { pop() }
            let (dst, used) = destination(i)
            emit(.slice, dst, first)
            return 1 + used
        case .storeSlice:
            settleTop(4)
            emit(.storeSlice, stack[stack.count - 4].home)
            for _ in 0..<4 { pop() }
        case .buildSlice:
            settleTop(argument)
            let first = stack[stack.count - argument].home
            for _ in 0..<argument { pop() }
            emit(.buildSlice, pushResult(), argument, first)
        case .kwNames: pendingKeywords = argument + 1
        case .call: return 1 + emitCall(argument, i)
        case .callFunctionEx:
            let count = argument & 1 != 0 ? 4 : 3
            settleTop(count)
            let first = stack.count - count
            let callable = stack[first + 1].home, arguments = stack[first + 2].home
            for _ in 0..<count { pop() }
            emit(.callFunctionEx, pushResult(), callable, arguments)
            word(UInt64(argument & 1))
        case .makeFunction: emitMakeFunction(argument)
        default: return emitOthers(i)
        }
        return 1
    }

    private mutating func cacheWords(_ name: Int) {
        word(UInt64(name))
        for _ in 0..<3 { word(0) }
    }

    private mutating func emitLoadAttr(_ argument: Int, _ i: Int) -> Int {
        let object = slot(pop())
        if argument & 1 == 0 {
            let (dst, used) = destination(i)
            emit(.loadAttr, dst, object)
            cacheWords(argument >> 1)
            return used
        }
        let first = pushResult(opensCall: true)
        let second = pushResult()
        emit(.loadMethod, first, object, second)
        cacheWords(argument >> 1)
        return 0
    }

    private mutating func emitCall(_ count: Int, _ i: Int) -> Int {
        let base = stack.count - count - 2
        let inPlace = stack[base].opensCall && !isGenerator
        let isPlain = inPlace && stack[base].kind == .null && pendingKeywords == 0
        settleTop(isPlain ? count + 1 : count + 2)
        // Without the gap the two places are neighbours; with it, the copying form finds the second behind the gap.
        let first = stack[base].home
        let hasGap = stack[base].opensCall
        for _ in 0..<(count + 2) { pop() }
        let (dst, used) = destination(i)
        // The instruction counts positional arguments only; the keywords' values follow them.
        let keywordCount = pendingKeywords == 0 ? 0 : TupleObject(TupleObject(code.consts)[pendingKeywords - 1]).count
        emit(isPlain ? .callPlain : inPlace ? .call : .callCopy, first, count - keywordCount, dst)
        word(UInt64(pendingKeywords) | (hasGap ? 1 << 32 : 0))
        pendingKeywords = 0
        return used
    }

    private mutating func emitMakeFunction(_ flags: Int) {
        let count = 1 + flags.nonzeroBitCount
        settleTop(count)
        let first = stack[stack.count - count].home
        for _ in 0..<count { pop() }
        emit(.makeFunction, pushResult(), flags, first)
    }

    private mutating func emitBuild(_ op: Op, _ count: Int, _ i: Int, extra: Int = 0) -> Int {
        let total = count + extra
        settleTop(total)
        let first = total > 0 ? stack[stack.count - total].home : nextHome()
        for _ in 0..<total { pop() }
        let (dst, used) = destination(i)
        emit(op, dst, count, first)
        return 1 + used
    }

    private mutating func emitOthers(_ i: Int) -> Int {
        let instruction = instructions[i]
        let argument = instruction.argument
        switch instruction.opcode {
        case .returnValue: emit(.returnValue, slot(pop()))
        case .returnConst: emitWide(.returnConst, 0, argument)
        case .returnGenerator: emit(.returnGenerator, 0, pushResult())
        case .yieldValue:
            let value = slot(pop())
            settleAll()
            limit = nextHome()
            noteLiveTemporaries()
            // Within `yield from` and `await` the receiver lies below.
            let isDelegating = i > 0 && instructions[i - 1].opcode == .send && !isTarget[instruction.start / 2] && !stack.isEmpty
            let receiver = isDelegating ? stack[stack.count - 1].home : 0xFFFF
            emit(.yieldValue, value, pushResult(), receiver)
        // Safe points are polled at calls and backward jumps.
        case .resume: break
        case .getIter:
            let value = slot(pop())
            emit(.getIter, pushResult(), value)
        case .forIter: return 1 + emitForIter(i)
        case .send:
            let value = slot(pop())
            settleAll()
            let receiver = stack[stack.count - 1].home
            emit(.send, receiver, value, pushResult())
            jumpWord(instruction.target ?? 0)
        case .endSend:
            settleTop(1)
            let value = pop(), receiver = pop()
            _ = receiver
            let dst = pushResult()
            emit(.move, dst, value.home)
        case .getYieldFromIter: emitInPlace(.getYieldFromIter, argument)
        case .getAwaitable: emitInPlace(.getAwaitable, argument)
        case .getAiter: emitInPlace(.getAsyncIter, 0)
        case .getAnext:
            settleTop(1)
            let iterator = stack[stack.count - 1].home
            emit(.getAsyncNext, pushResult(), iterator)
        case .endAsyncFor:
            settleTop(2)
            emit(.endAsyncFor, stack[stack.count - 1].home)
            pop()
            pop()
        case .cleanupThrow:
            settleTop(3)
            let exception = pop().home
            pop()
            pop()
            let none = pushResult(), value = pushResult()
            emit(.cleanupThrow, none, value, exception)
        case .buildTuple: return emitBuild(.buildTuple, argument, i)
        case .buildList: return emitBuild(.buildList, argument, i)
        case .buildSet: return emitBuild(.buildSet, argument, i)
        case .buildString: return emitBuild(.buildString, argument, i)
        case .buildMap: return emitBuild(.buildMap, argument * 2, i)
        case .buildConstKeyMap: return emitBuild(.buildConstKeyMap, argument, i, extra: 1)
        case .listAppend, .setAdd, .listExtend, .setUpdate, .dictUpdate, .dictMerge: emitInto(instruction, i)
        case .mapAdd:
            let value = slot(pop()), key = slot(pop())
            emit(.mapAdd, container(.dict, argument, i), key, value)
        default: return emitLast(i)
        }
        return 1
    }

    private mutating func emitInPlace(_ op: Op, _ argument: Int) {
        settleTop(1)
        emit(op, stack[stack.count - 1].home, argument)
    }

    private mutating func emitInto(_ instruction: Instruction, _ i: Int) {
        let value = slot(pop())
        let (op, kind): (Op, LayoutID) = switch instruction.opcode {
        case .listAppend: (.listAppend, .list)
        case .setAdd: (.setAdd, .set)
        case .listExtend: (.listExtend, .list)
        case .setUpdate: (.setUpdate, .set)
        case .dictMerge: (.dictMerge, .dict)
        default: (.dictUpdate, .dict)
        }
        let target = container(kind, instruction.argument, i)
        // DICT_MERGE names the function for its message: it lies below the arguments tuple and the dict.
        var callable = target
        let place = stack.count - instruction.argument - 2
        if instruction.opcode == .dictMerge && place >= 0 {
            settle(place)
            callable = stack[place].home
        }
        emit(op, target, value, callable)
    }

    /// The slot of the container `place` below the top, which is of layout `kind`.
    private mutating func container(_ kind: LayoutID, _ place: Int, _ i: Int) -> Int {
        settle(stack.count - place)
        let slot = stack[stack.count - place].home
        check(i, slot, kind)
        return slot
    }

    /// Where verification could not tell that `slot` holds a cell of layout `kind`, that is found out when the code runs.
    private mutating func check(_ i: Int, _ slot: Int, _ kind: LayoutID) {
        if needsCheck[i] { emitWide(.checkLayout, slot, Int(kind.rawValue)) }
    }

    private mutating func emitForIter(_ i: Int) -> Int {
        settleAll()
        let iterator = stack[stack.count - 1].home
        let target = Verification.target(instructions[i]) ?? 0
        let (dst, used) = destination(i)
        if isExact {
            emitExactForIter(iterator, dst, instructions[i], target)
            return used
        }
        emit(.forIter, iterator, dst)
        jumpWord(target)
        loopBodies[instructions[i].start / 2] = (words.count, dst)
        return used
    }

    private mutating func emitLast(_ i: Int) -> Int {
        let instruction = instructions[i]
        let argument = instruction.argument
        switch instruction.opcode {
        case .unpackSequence:
            let value = slot(pop())
            // Items are pushed last first: item k's home counts down from the top.
            let first = nextHome()
            // The items are alive while more are fetched.
            limit = max(limit, first + argument)
            for home in first..<first + argument { liveTemporaries |= mapBit(home) }
            deepest = max(deepest, limit)
            if let places = localPlaces(i, argument) {
                emit(.unpackLocals, value, argument, first)
                word(places)
                return 1 + argument
            }
            for _ in 0..<argument { _ = pushResult() }
            emit(.unpackSequence, value, argument, first)
        case .unpackEx:
            let value = slot(pop())
            let before = argument & 0xFF, after = argument >> 8
            for _ in 0..<(before + after + 1) { liveTemporaries |= mapBit(pushResult()) }
            limit = max(limit, nextHome())
            emit(.unpackEx, value, before, after)
            word(UInt64(stack[stack.count - before - after - 1].home))
        case .formatValue:
            let spec = argument & 4 != 0 ? slot(pop()) : 0xFFFF
            let value = slot(pop())
            emit(.formatValue, pushResult(), value, spec)
            word(UInt64(argument & 3))
        case .raiseVarargs:
            settleTop(argument)
            let first = argument > 0 ? stack[stack.count - argument].home : 0
            for _ in 0..<argument { pop() }
            emit(.raise, argument, first)
        case .reraise:
            settleAll()
            let exception = stack[stack.count - 1].home
            let lasti = argument > 0 ? stack[stack.count - 1 - argument].home : 0
            emit(.reraise, exception, argument, lasti)
            pop()
        case .pushExcInfo:
            settleTop(1)
            let exception = stack[stack.count - 1].home
            emit(.pushExceptionInfo, exception, pushResult())
        case .popExcept: emit(.popExcept, slot(pop()))
        case .checkExcMatch:
            let pattern = slot(pop())
            settleTop(1)
            let exception = stack[stack.count - 1].home
            emit(.checkExceptionMatch, pushResult(), exception, pattern)
        case .checkEgMatch:
            let pattern = slot(pop())
            settleTop(1)
            let group = stack[stack.count - 1].home
            emit(.checkGroupMatch, group, pushResult(), pattern)
        case .withExceptStart:
            settleTop(4)
            let exit = stack[stack.count - 4].home, exception = stack[stack.count - 1].home
            emit(.withExceptStart, pushResult(), exit, exception)
        case .beforeWith, .beforeAsyncWith:
            let manager = slot(pop())
            let exit = pushResult(), entered = pushResult()
            emit(instruction.opcode == .beforeWith ? .beforeWith : .beforeAsyncWith, exit, manager, entered)
        case .loadAssertionError: emit(.loadAssertionError, pushResult())
        case .loadBuildClass: emit(.loadBuildClass, pushResult())
        case .importName:
            let fromlist = slot(pop()), level = slot(pop())
            emit(.importName, pushResult(), level, fromlist)
            word(UInt64(argument))
        case .importFrom:
            settleTop(1)
            let module = stack[stack.count - 1].home
            emit(.importFrom, pushResult(), module)
            word(UInt64(argument))
        default: emitPatterns(instruction)
        }
        return 1
    }

    /// The locals that 2 to 4 unpacked items are stored in next, 16 bits each, the first item's lowest; nil when they go elsewhere.
    private mutating func localPlaces(_ i: Int, _ count: Int) -> UInt64? {
        guard count >= 2, count <= 4 else { return nil }
        var places: UInt64 = 0
        for n in 1...count {
            guard follows(i + n, .storeFast) else { return nil }
            places |= UInt64(UInt16(truncatingIfNeeded: instructions[i + n].argument)) << UInt64(16 * (n - 1))
        }
        for n in 1...count { settleUses(of: instructions[i + n].argument) }
        return places
    }

    private mutating func emitPatterns(_ instruction: Instruction) {
        let argument = instruction.argument
        switch instruction.opcode {
        case .matchClass:
            settleTop(3)
            let names = pop().home, type = pop().home, subject = pop().home
            emit(.matchClass, subject, type, names)
            word(UInt64(argument))
            _ = pushResult()
        case .matchMapping, .matchSequence:
            settleTop(1)
            let subject = stack[stack.count - 1].home
            emit(instruction.opcode == .matchMapping ? .matchMapping : .matchSequence, pushResult(), subject)
        case .matchKeys:
            settleTop(2)
            let keys = stack[stack.count - 1].home, subject = stack[stack.count - 2].home
            emit(.matchKeys, pushResult(), subject, keys)
        case .getLen:
            settleTop(1)
            let subject = stack[stack.count - 1].home
            emit(.getLen, pushResult(), subject)
        case .callIntrinsic1:
            let value = slot(pop())
            emit(.intrinsic1, pushResult(), value, argument)
        case .callIntrinsic2:
            let second = slot(pop()), first = slot(pop())
            emit(.intrinsic2, pushResult(), first, second)
            word(UInt64(argument))
        default: break
        }
    }

    // MARK: Finishing

    func finish() -> UnsafeMutablePointer<LoweredCode> {
        var words = words
        for fixup in fixups {
            let target = Int(wordAt[fixup.target])
            let distance = target - fixup.word - 1
            if fixup.inHigh {
                words[fixup.word] |= UInt64(UInt32(truncatingIfNeeded: distance)) << 32
            } else {
                words[fixup.word] = UInt64(bitPattern: Int64(distance))
            }
        }
        let ranges = handlerRanges()
        let made = UnsafeMutablePointer<LoweredCode>.allocate(capacity: 1)
        let flags = code.flags
        let isSimple = flags & (4 | 8) == 0 && code.kwonlyargcount == 0
        made.initialize(to: LoweredCode(
            next: nil, code: code.value, words: copy(words), wordCount: words.count,
            constants: TupleObject(code.consts).items, names: TupleObject(code.names).items, offsets: copy(offsets), liveLimits: copy(limits),
            temporaryMapAt: copy(mapAt), temporaryMaps: copy(maps),
            handlers: copy(ranges), handlerCount: ranges.count, frameSize: max(deepest, localCount) + 1, localCount: localCount,
            simpleArgumentCount: isSimple ? code.argcount : -1,
            parameterCount: flags & (4 | 8) == 0 ? code.argcount + code.kwonlyargcount : -1, positionalCount: code.argcount,
            positionalOnlyCount: code.posonlyargcount, isGenerator: isGenerator, observed: nil))
        return made
    }

    private func copy<T>(_ items: [T]) -> UnsafeMutablePointer<T> {
        let memory = UnsafeMutablePointer<T>.allocate(capacity: max(items.count, 1))
        memory.initialize(from: items, count: items.count)
        return memory
    }

    /// The exception table in words of the running code. Innermost ranges come first, as in the exact table.
    private func handlerRanges() -> [HandlerRange] {
        var ranges: [HandlerRange] = []
        for entry in entries {
            guard let flags = stackAt[entry.target / 2], wordAt[entry.target / 2] >= 0 else { continue }
            var homes: [Int] = []
            var home = localCount
            for flag in flags {
                homes.append(home)
                home += 1 + (flag ? FrameHeader.size : 0)
            }
            let start = wordIndex(atOrAfter: entry.start / 2), end = wordIndex(atOrAfter: entry.end / 2)
            if start >= end { continue }
            ranges.append(HandlerRange(start: Int32(start), end: Int32(end), target: wordAt[entry.target / 2],
                                       lastiSlot: entry.lasti ? Int32(homes[homes.count - 2]) : -1, exceptionSlot: Int32(homes[homes.count - 1])))
        }
        return ranges
    }

    private func wordIndex(atOrAfter unit: Int) -> Int {
        var at = unit
        while at < wordAt.count {
            if wordAt[at] >= 0 { return Int(wordAt[at]) }
            at += 1
        }
        return words.count
    }
}
