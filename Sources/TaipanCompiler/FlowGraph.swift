// The flow graph of one code unit: basic blocks linked in layout order, made from the generator's flat list. The
// passes over it stand in `FlowGraph+…` files; `Assembler` turns the result into a code object.
import TaipanBytecode

/// One instruction while compiling. Before the graph is built, `target` is a label, afterwards a block.
struct CompiledInstruction {
    var opcode: Opcode
    var argument: Int32
    /// The label or block that a jump or handler set-up names; -1 for none.
    var target: Int32 = -1
    /// The block that handles an exception raised here; -1 for none.
    var handler: Int32 = -1
    var location: SourceRange

    init(_ opcode: Opcode, _ argument: Int = 0, target: Int32 = -1, at location: SourceRange) {
        self.opcode = opcode
        self.argument = Int32(truncatingIfNeeded: argument)
        self.target = target
        self.location = location
    }

    /// Becomes `opcode` without argument, in the same place.
    mutating func become(_ opcode: Opcode, _ argument: Int32 = 0) {
        self.opcode = opcode
        self.argument = argument
        target = -1
    }

    /// Code units taken, with prefixes and caches.
    var units: Int {
        let argument = UInt32(bitPattern: argument)
        let prefixes = argument > 0xFF_FFFF ? 3 : argument > 0xFFFF ? 2 : argument > 0xFF ? 1 : 0
        return prefixes + 1 + opcode.cacheUnits
    }
}

extension Opcode {
    /// Starts guarding with the handler named.
    var isBlockPush: Bool { self == .setupFinally || self == .setupCleanup || self == .setupWith }

    /// Leaves the code unit.
    var isScopeExit: Bool { self == .returnValue || self == .returnConst || self == .raiseVarargs || self == .reraise }

    var isUnconditionalJump: Bool {
        switch self {
        case .jump, .jumpNoInterrupt, .jumpForward, .jumpBackward, .jumpBackwardNoInterrupt: true
        default: false
        }
    }

    /// Must be the last one of its block.
    var endsBlock: Bool { jumps || isScopeExit }

    /// Jumps, always or sometimes.
    var jumps: Bool {
        switch self {
        case .jump, .jumpNoInterrupt, .jumpForward, .jumpBackward, .jumpBackwardNoInterrupt, .forIter, .send,
            .popJumpIfTrue, .popJumpIfFalse, .popJumpIfNone, .popJumpIfNotNone: true
        default: false
        }
    }
}

/// A run of instructions that is entered at its top and left at its bottom.
struct BasicBlock {
    var code: [CompiledInstruction] = []
    /// The block that follows in layout; -1 at the end.
    var next: Int32 = -1
    /// The number that stands in for the block's offset until it is known; -1 if nothing jumps here.
    var label: Int32 = -1
    var predecessors = 0
    var startDepth = Int.min
    var offset = 0
    var unsafeLocals: UInt64 = 0
    var visited = false
    var isHandler = false
    var keepsLasti = false
    var isCold = false
    var isWarm = false

    /// Control never reaches the next block by running on.
    var endsHard: Bool {
        guard let last = code.last else { return false }
        return last.opcode.isScopeExit || last.opcode.isUnconditionalJump
    }

    var exitsScope: Bool { code.last?.opcode.isScopeExit ?? false }
}

/// The blocks of a code unit.
struct FlowGraph {
    var blocks: [BasicBlock] = [BasicBlock()]
    var entry = 0

    /// - Parameters:
    ///   - code: the generator's instructions, whose targets are labels.
    ///   - labels: the index of the instruction that each label stands before.
    init(_ code: [CompiledInstruction], labels: [Int32]) {
        // Every label starts a block, whether something jumps there or not: where NOPs can go depends on it.
        var labelAt = [Int32](repeating: -1, count: code.count + 1)
        for (label, place) in labels.enumerated() where place >= 0 { labelAt[Int(place)] = Int32(label) }
        var blockAt = [Int32](repeating: -1, count: code.count + 1)
        var current = 0
        for (i, instruction) in code.enumerated() {
            let last = blocks[current].code.last
            let isEnded = last?.opcode.endsBlock ?? false
            let label = labelAt[i]
            if isEnded || (label >= 0 && (last != nil || blocks[current].label >= 0)) {
                blocks.append(BasicBlock())
                blocks[current].next = Int32(blocks.count - 1)
                current = blocks.count - 1
            }
            if label >= 0 {
                blocks[current].label = label
                blockAt[i] = Int32(current)
            }
            blocks[current].code.append(instruction)
        }
        for b in blocks.indices {
            for i in blocks[b].code.indices where blocks[b].code[i].target >= 0 {
                let place = Int(labels[Int(blocks[b].code[i].target)])
                blocks[b].code[i].argument = labelAt[place]
                blocks[b].code[i].target = blockAt[place]
            }
        }
    }

    /// The blocks in layout order.
    var layout: [Int] {
        var result: [Int] = []
        var b = entry
        while b >= 0 {
            result.append(b)
            b = Int(blocks[b].next)
        }
        return result
    }

    /// A number for a new label, larger than all in use.
    func freeLabel() -> Int32 {
        var highest: Int32 = -1
        for b in layout where blocks[b].label > highest { highest = blocks[b].label }
        return highest + 1
    }

    mutating func clearVisited() {
        for b in blocks.indices { blocks[b].visited = false }
    }

    // MARK: Handlers

    /// Notes at each instruction which handler guards it, and on each block whether it is a handler.
    mutating func labelHandlers() {
        for b in layout {
            for instruction in blocks[b].code where instruction.opcode.isBlockPush {
                blocks[Int(instruction.target)].isHandler = true
            }
        }
        clearVisited()
        var todo: [(block: Int, stack: [Int32])] = [(entry, [])]
        blocks[entry].visited = true
        while let (b, start) = todo.popLast() {
            var stack = start
            for i in blocks[b].code.indices {
                let instruction = blocks[b].code[i]
                if instruction.opcode.isBlockPush {
                    visit(Int(instruction.target), stack, &todo)
                    if instruction.opcode != .setupFinally { blocks[Int(instruction.target)].keepsLasti = true }
                    stack.append(instruction.target)
                } else if instruction.opcode == .popBlock {
                    if !stack.isEmpty { stack.removeLast() }
                } else {
                    blocks[b].code[i].handler = stack.last ?? -1
                    if instruction.opcode == .yieldValue { blocks[b].code[i].argument = Int32(stack.count) }
                    if instruction.opcode.jumps { visit(Int(instruction.target), stack, &todo) }
                }
            }
            if !blocks[b].endsHard && blocks[b].next >= 0 { visit(Int(blocks[b].next), stack, &todo) }
        }
    }

    private mutating func visit(_ b: Int, _ stack: [Int32], _ todo: inout [(block: Int, stack: [Int32])]) {
        if blocks[b].visited { return }
        blocks[b].visited = true
        todo.append((b, stack))
    }

    // MARK: Stack depth

    /// The deepest that the stack gets; also notes each block's depth at entry.
    mutating func stackDepth(atEntry depth: Int) -> Int {
        for b in blocks.indices { blocks[b].startDepth = Int.min }
        var deepest = 0
        var todo: [Int] = []
        push(entry, depth, &todo)
        while let b = todo.popLast() {
            var depth = blocks[b].startDepth
            var fallsThrough = true
            for instruction in blocks[b].code {
                let argument = Int(instruction.argument)
                let after = depth + instruction.opcode.stackEffect(argument, jumping: false)
                deepest = max(deepest, after)
                if instruction.target >= 0 {
                    let there = depth + instruction.opcode.stackEffect(argument, jumping: true)
                    deepest = max(deepest, there)
                    push(Int(instruction.target), there, &todo)
                }
                depth = after
                if instruction.opcode.isUnconditionalJump || instruction.opcode.isScopeExit {
                    fallsThrough = false
                    break
                }
            }
            if fallsThrough && blocks[b].next >= 0 { push(Int(blocks[b].next), depth, &todo) }
        }
        return deepest
    }

    private mutating func push(_ b: Int, _ depth: Int, _ todo: inout [Int]) {
        guard blocks[b].startDepth < depth && blocks[b].startDepth < 100 else { return }
        blocks[b].startDepth = depth
        todo.append(b)
    }
}
