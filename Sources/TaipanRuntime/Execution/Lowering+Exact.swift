// The exact form: the register code that runs while somebody observes. Every stack entry is in its home between two
// instructions, nothing is fused, and `observe` words report what an instruction does. Homes, slots and the size of frames are those of
// the ordinary form, so a frame can change from one form to the other: at a crossing, an instruction of the exact code at which words of
// the ordinary form start, what the ordinary form only notes (a local, a constant) is put in its home.

import TaipanBytecode

/// What an `observe` word reports; a's low byte. b and c are slots unless said otherwise.
enum ObservedPoint: UInt8 {
    /// An instruction starts; b is 1 when a line starts with it.
    case instruction
    /// RESUME; b is its argument.
    case resume
    /// b is the value; of returnConst bc is the index of the constant.
    case returnValue, returnConst, yieldValue
    /// bc is the code unit that the jump goes to.
    case jump
    /// A FOR_ITER or a branch that was decided goes to code unit bc.
    case branch
    /// FOR_ITER's iterator in b is exhausted.
    case exhausted
    /// A call: b is the first of the callable's two places, c the second; bit 8 of a: there are arguments.
    case call
    /// CALL_FUNCTION_EX: the callable and the arguments.
    case callEx
    /// LOAD_SUPER_ATTR: b is the first of super, class, self; bit 8 of a: `super` has its two arguments.
    case superCall
    /// END_SEND: receiver and value.
    case endSend
    /// An instruction starts of which tools are not told; only there when a run observer is.
    case unmarked
}

/// Where the ordinary form of a code object can be left for the exact form, in ascending order of words.
struct Crossings {
    struct Note {
        var home: Int32
        /// Constant, or local; or neither: null.
        var isConstant: Bool
        var index: Int32
    }
    struct Crossing {
        var word: Int32
        var unit: Int32
        var firstNote: Int32
        var noteEnd: Int32
        /// The instruction that enterExact stands in for.
        var original: UInt8
    }
    var crossings: [Crossing] = []
    var notes: [Note] = []

    /// The crossing at `word`, reached from the instruction at `previous`: by going on to the next one, or by a jump.
    func index(ofWord word: Int, from previous: Int, _ isNext: (_ previous: Int, _ unit: Int) -> Bool) -> Int? {
        guard let first = index({ Int($0.word) < word }), Int(crossings[first].word) == word else { return nil }
        let hasTarget = first + 1 < crossings.count && Int(crossings[first + 1].word) == word
        return hasTarget && !isNext(previous, Int(crossings[first].unit)) ? first + 1 : first
    }

    func index(ofUnit unit: Int) -> Int? { index { Int($0.unit) < unit } .flatMap { Int(crossings[$0].unit) == unit ? $0 : nil } }

    private func index(_ isBefore: (Crossing) -> Bool) -> Int? {
        var low = 0, high = crossings.count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(crossings[middle]) { low = middle + 1 } else { high = middle }
        }
        return low < crossings.count ? low : nil
    }
}

/// Where the entries of the stack are at each instruction of the exact form: for a run observer.
struct StackNotes {
    private var places: [(unit: Int, start: Int)] = []
    private var homes: [UInt16] = []

    mutating func add(_ unit: Int, _ stack: [StackEntry]) {
        places.append((unit, homes.count))
        homes.append(UInt16(truncatingIfNeeded: stack.count))
        for entry in stack { homes.append(UInt16(truncatingIfNeeded: entry.home)) }
    }

    /// By code unit the place in the second piece of memory, or -1; there, depth and slots. Both are the caller's to free.
    func memory(units: Int) -> (UnsafeMutablePointer<Int32>, UnsafeMutablePointer<UInt16>) {
        let starts = UnsafeMutablePointer<Int32>.allocate(capacity: max(units, 1)), made = UnsafeMutablePointer<UInt16>.allocate(capacity: max(homes.count, 1))
        starts.initialize(repeating: -1, count: max(units, 1))
        for place in places where place.unit < units { starts[place.unit] = Int32(place.start) }
        made.initialize(from: homes, count: homes.count)
        return (starts, made)
    }
}

extension Lowering {
    // MARK: Crossings of the ordinary form

    /// Notes that the word emitted next starts the instruction at `unit`. Of instructions that start at one word the first counts; a jump's
    /// target gets an entry of its own behind it.
    mutating func noteCrossing(_ unit: Int) {
        guard crossings != nil else { return }
        if let last = crossings?.crossings.last, Int(last.word) == words.count {
            if !isJumpTarget(unit) || Int(last.unit) == unit { return }
        }
        let first = crossings?.notes.count ?? 0
        for entry in stack {
            switch entry.kind {
            case .temporary: break
            case .local: crossings?.notes.append(Crossings.Note(home: Int32(entry.home), isConstant: false, index: Int32(entry.index)))
            case .constant: crossings?.notes.append(Crossings.Note(home: Int32(entry.home), isConstant: true, index: Int32(entry.index)))
            case .null: crossings?.notes.append(Crossings.Note(home: Int32(entry.home), isConstant: false, index: -1))
            }
        }
        let end = crossings?.notes.count ?? 0
        crossings?.crossings.append(Crossings.Crossing(word: Int32(words.count), unit: Int32(unit), firstNote: Int32(first),
                                                       noteEnd: Int32(end), original: 0))
    }

    // MARK: Marks

    /// Finds where instruction and line events are due: nowhere before the first RESUME; a line starts where the line changes from one
    /// instruction to the next, where a jump goes to, and at handlers.
    mutating func markEvents() {
        marks = Array(repeating: 0, count: wordAt.count)
        let lines = t.unitLines(code)
        guard let first = instructions.firstIndex(where: { $0.opcode == .resume }) else { return }
        var line: Int32 = -1
        for instruction in instructions[first...] {
            let at = instruction.start / 2
            let here = lines[at]
            switch instruction.opcode {
            // RESUME reports itself, and what END_FOR and the like would start is skipped.
            case .resume, .cache, .extendedArg: break
            case .endFor, .endSend, .endAsyncFor: marks[at] |= 1
            default:
                marks[at] |= here != line && here >= 0 ? 3 : 1
                line = here
            }
        }
        for instruction in instructions[first...] {
            guard let target = instruction.target else { continue }
            markTarget(instruction.opcode == .forIter || instruction.opcode == .send ? target + 2 : target, lines)
        }
        for entry in ExceptionTable(Array(BytesObject(code.exceptiontable).buffer)) { markTarget(entry.target, lines) }
    }

    private mutating func markTarget(_ offset: Int, _ lines: [Int32]) {
        let at = offset / 2
        if at < marks.count && marks[at] & 1 != 0 && lines[at] >= 0 { marks[at] |= 2 }
    }

    /// By the unit of a FOR_ITER: that of its END_FOR.
    var loopEnds: [Int: Int] {
        Dictionary(instructions.compactMap { i in i.opcode == .forIter ? i.target.map { (i.offset / 2, $0 / 2) } : nil }, uniquingKeysWith: { first, _ in first })
    }

    // MARK: Emission

    private mutating func observe(_ point: ObservedPoint, _ b: Int = 0, _ c: Int = 0, flag: Bool = false) {
        emit(.observe, Int(point.rawValue) | (flag ? 256 : 0), b, c)
    }

    private mutating func observeWide(_ point: ObservedPoint, _ bc: Int) { emitWide(.observe, Int(point.rawValue), bc) }

    /// What comes before the words of instruction `i`.
    mutating func beginExactly(_ i: Int) {
        let instruction = instructions[i]
        let at = instruction.start / 2
        setWord(at: at)
        if marks[at] & 1 != 0 {
            unit = at
            observe(.instruction, marks[at] & 2 != 0 ? 1 : 0)
            unit = instruction.offset / 2
        } else if stackNotes != nil {
            unit = at
            observe(.unmarked)
            unit = instruction.offset / 2
        }
        stackNotes?.add(at, stack)
        let top = stack.count - 1, argument = instruction.argument
        switch instruction.opcode {
        case .resume: observe(.resume, argument)
        case .returnValue: observe(.returnValue, stack[top].home)
        case .returnConst: observeWide(.returnConst, argument)
        case .yieldValue: observe(.yieldValue, stack[top].home)
        case .jumpForward, .jumpBackward: observeWide(.jump, (instruction.target ?? 0) / 2)
        case .call: observe(.call, stack[top - argument - 1].home, stack[top - argument].home, flag: argument > 0)
        case .callFunctionEx:
            let arguments = argument & 1 != 0 ? top - 1 : top
            observe(.callEx, stack[arguments - 1].home, stack[arguments].home)
        case .loadSuperAttr: observe(.superCall, stack[top - 2].home, 0, flag: argument & 2 != 0)
        case .endSend: observe(.endSend, stack[top - 1].home, stack[top].home)
        default: break
        }
    }

    /// What comes behind them: everything is in its home.
    mutating func endExactly(_ i: Int) { settleAll() }

    /// A branch whose two ways are reported. The value's truth is found once.
    mutating func emitExactBranch(_ op: Op, _ condition: Int, _ instruction: Instruction) -> Int {
        let target = instruction.target ?? 0
        var op = op
        if op == .jumpIfTrue || op == .jumpIfFalse {
            emit(.not, condition, condition)
            op = op == .jumpIfTrue ? .jumpIfFalse : .jumpIfTrue
        }
        emitWide(op, condition, 2)
        observeWide(.branch, instruction.next / 2)
        emitWide(.jump, 0, 2)
        observeWide(.branch, target / 2)
        emitJump(.jump, 0, target)
        return 0
    }

    mutating func emitExactForIter(_ iterator: Int, _ destination: Int, _ instruction: Instruction, _ target: Int) {
        limit = max(limit, nextHome())
        emit(.forIter, iterator, destination)
        word(2)
        observeWide(.branch, instruction.next / 2)
        emitWide(.jump, 0, 3)
        observe(.exhausted, iterator)
        observeWide(.branch, target / 2)
        emitJump(.jump, 0, target)
    }
}
