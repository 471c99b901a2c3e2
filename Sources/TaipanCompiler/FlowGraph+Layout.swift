// Passes that fix the final shape: unused constants, checks of unbound locals, cold blocks, line numbers, jump
// directions.
import TaipanBytecode

extension FlowGraph {
    /// Drops constants that no instruction uses; the first one stays, it can be the docstring.
    mutating func removeUnusedConstants(_ constants: inout ConstantTable) {
        guard constants.items.count > 0 else { return }
        var used = [Bool](repeating: false, count: constants.items.count)
        used[0] = true
        let order = layout
        for b in order {
            for instruction in blocks[b].code where instruction.opcode.usesConstant { used[Int(instruction.argument)] = true }
        }
        if !used.contains(false) { return }
        var map = [Int32](repeating: 0, count: used.count)
        var kept: [Constant] = []
        for (i, item) in constants.items.enumerated() where used[i] {
            map[i] = Int32(kept.count)
            kept.append(item)
        }
        constants.items = kept
        for b in order {
            for i in blocks[b].code.indices where blocks[b].code[i].opcode.usesConstant {
                blocks[b].code[i].argument = map[Int(blocks[b].code[i].argument)]
            }
        }
    }

    // MARK: Unbound locals

    /// Loads of locals that can be unbound become checked loads.
    mutating func checkUnboundLocals(count: Int, parameters: Int) {
        if count == 0 { return }
        if count > 64 { checkLocalsBlockwise(count) }
        clearVisited()
        for b in blocks.indices { blocks[b].unsafeLocals = 0 }
        var mask: UInt64 = 0
        for i in parameters..<max(parameters, min(count, 64)) { mask |= 1 << UInt64(i) }
        var todo: [Int] = []
        spread(entry, mask, &todo)
        for b in layout { scan(b, &todo) }
        while let b = todo.popLast() {
            blocks[b].visited = false
            scan(b, &todo)
        }
    }

    private mutating func spread(_ b: Int, _ mask: UInt64, _ todo: inout [Int]) {
        let both = blocks[b].unsafeLocals | mask
        guard both != blocks[b].unsafeLocals else { return }
        blocks[b].unsafeLocals = both
        if !blocks[b].visited {
            blocks[b].visited = true
            todo.append(b)
        }
    }

    private mutating func scan(_ b: Int, _ todo: inout [Int]) {
        var mask = blocks[b].unsafeLocals
        for i in blocks[b].code.indices {
            let instruction = blocks[b].code[i]
            if instruction.handler >= 0 { spread(Int(instruction.handler), mask, &todo) }
            if instruction.argument >= 64 { continue }
            let bit: UInt64 = 1 << UInt64(instruction.argument)
            switch instruction.opcode {
            case .deleteFast, .loadFastAndClear, .storeFastMaybeNull: mask |= bit
            case .storeFast, .loadFastCheck: mask &= ~bit
            case .loadFast:
                if mask & bit != 0 { blocks[b].code[i].opcode = .loadFastCheck }
                mask &= ~bit
            default: break
            }
        }
        if blocks[b].next >= 0 && !blocks[b].endsHard { spread(Int(blocks[b].next), mask, &todo) }
        if let last = blocks[b].code.last, last.opcode.jumps { spread(Int(last.target), mask, &todo) }
    }

    /// Locals past the first 64 are followed within a block only.
    private mutating func checkLocalsBlockwise(_ count: Int) {
        var boundIn = [Int](repeating: -1, count: count)
        for b in layout {
            for i in blocks[b].code.indices {
                let argument = Int(blocks[b].code[i].argument)
                if argument < 64 || argument >= count { continue }
                switch blocks[b].code[i].opcode {
                case .deleteFast, .loadFastAndClear, .storeFastMaybeNull: boundIn[argument] = -1
                case .storeFast: boundIn[argument] = b
                case .loadFast:
                    if boundIn[argument] != b { blocks[b].code[i].opcode = .loadFastCheck }
                    boundIn[argument] = b
                default: break
                }
            }
        }
    }

    // MARK: Cold blocks

    /// Moves what only an exception reaches behind the rest.
    mutating func moveColdBlocks() {
        guard blocks[entry].next >= 0 else { return }
        markWarmAndCold()
        var free = freeLabel()
        for b in layout {
            let next = Int(blocks[b].next)
            guard blocks[b].isCold, !blocks[b].endsHard, next >= 0, blocks[next].isWarm else { continue }
            if blocks[next].label < 0 {
                blocks[next].label = free
                free += 1
            }
            var jump = BasicBlock()
            jump.code = [CompiledInstruction(.jump, Int(blocks[next].label), target: Int32(next), at: .none)]
            jump.isCold = true
            jump.next = Int32(next)
            blocks[b].next = Int32(blocks.count)
            blocks.append(jump)
        }
        let order = layout
        let cold = order.filter { blocks[$0].isCold }
        if cold.isEmpty { return }
        relink(order.filter { !blocks[$0].isCold } + cold)
        removeRedundantJumps()
    }

    private mutating func relink(_ order: [Int]) {
        for (i, b) in order.enumerated() { blocks[b].next = i + 1 < order.count ? Int32(order[i + 1]) : -1 }
    }

    private mutating func markWarmAndCold() {
        clearVisited()
        var todo = [entry]
        blocks[entry].visited = true
        while let b = todo.popLast() {
            blocks[b].isWarm = true
            for s in successors(b) where !blocks[s].visited {
                blocks[s].visited = true
                todo.append(s)
            }
        }
        clearVisited()
        for b in layout where blocks[b].isHandler {
            blocks[b].visited = true
            todo.append(b)
        }
        while let b = todo.popLast() {
            blocks[b].isCold = true
            for s in successors(b) where !blocks[s].visited && !blocks[s].isWarm {
                blocks[s].visited = true
                todo.append(s)
            }
        }
    }

    private func successors(_ b: Int) -> [Int] {
        var result: [Int] = []
        if blocks[b].next >= 0 && !blocks[b].endsHard { result.append(Int(blocks[b].next)) }
        if let last = blocks[b].code.last, last.opcode.jumps { result.append(Int(last.target)) }
        return result
    }

    // MARK: Line numbers

    /// Gives every exit, and what follows a lone predecessor, a line (PEP 626).
    mutating func resolveLines(firstLine: Int) {
        copyExitsWithoutLine()
        propagateLines()
        var line = Int32(clamping: firstLine)
        for b in layout {
            guard let last = blocks[b].code.last else { continue }
            if last.location.line >= 0 {
                line = last.location.line
            } else if last.opcode == .returnValue {
                for i in blocks[b].code.indices { blocks[b].code[i].location.line = line }
            }
        }
    }

    private func isExitWithoutLine(_ b: Int) -> Bool {
        blocks[b].exitsScope && !blocks[b].code.contains { $0.location.line >= 0 }
    }

    private mutating func copyExitsWithoutLine() {
        var free = freeLabel()
        var b = entry
        while b >= 0 {
            defer { b = Int(blocks[b].next) }
            guard let last = blocks[b].code.last, last.opcode.jumps else { continue }
            let target = Int(last.target)
            guard isExitWithoutLine(target), blocks[target].predecessors > 1 else { continue }
            var copy = BasicBlock()
            copy.code = blocks[target].code
            copy.code[0].location = last.location
            copy.predecessors = 1
            copy.next = blocks[target].next
            copy.label = free
            copy.isCold = blocks[target].isCold
            free += 1
            blocks[target].predecessors -= 1
            blocks[target].next = Int32(blocks.count)
            blocks[b].code[blocks[b].code.count - 1].target = Int32(blocks.count)
            blocks.append(copy)
        }
        for b in layout {
            let next = Int(blocks[b].next)
            guard next >= 0, !blocks[b].endsHard, let last = blocks[b].code.last, isExitWithoutLine(next) else { continue }
            blocks[next].code[0].location = last.location
        }
    }

    private mutating func propagateLines() {
        for b in layout {
            guard let last = blocks[b].code.last else { continue }
            var previous = SourceRange.none
            for i in blocks[b].code.indices {
                if blocks[b].code[i].location.line < 0 {
                    blocks[b].code[i].location = previous
                } else {
                    previous = blocks[b].code[i].location
                }
            }
            let next = Int(blocks[b].next)
            if next >= 0, !blocks[b].endsHard { inherit(next, previous) }
            if last.opcode.jumps { inherit(Int(last.target), previous) }
        }
    }

    private mutating func inherit(_ b: Int, _ location: SourceRange) {
        guard blocks[b].predecessors == 1, !blocks[b].code.isEmpty, blocks[b].code[0].location.line < 0 else { return }
        blocks[b].code[0].location = location
    }

    // MARK: After the stack depth is known

    /// The compiler's own instructions become NOPs or real ones.
    mutating func replacePseudoInstructions() {
        let order = layout
        for b in order {
            for i in blocks[b].code.indices {
                let opcode = blocks[b].code[i].opcode
                if opcode.isBlockPush || opcode == .popBlock {
                    blocks[b].code[i].become(.nop)
                } else if opcode == .storeFastMaybeNull {
                    blocks[b].code[i].opcode = .storeFast
                }
            }
        }
        for b in order { removeNops(b) }
    }

    /// Jumps get a direction; a conditional jump backwards becomes the opposite branch over an unconditional one.
    mutating func directJumps() {
        clearVisited()
        var b = entry
        while b >= 0 {
            defer { b = Int(blocks[b].next) }
            blocks[b].visited = true
            let end = blocks[b].code.count - 1
            guard end >= 0, blocks[b].code[end].opcode.jumps else { continue }
            let target = Int(blocks[b].code[end].target)
            let isForward = !blocks[target].visited
            let opposite: Opcode
            switch blocks[b].code[end].opcode {
            case .jump:
                blocks[b].code[end].opcode = isForward ? .jumpForward : .jumpBackward
                continue
            case .jumpNoInterrupt:
                blocks[b].code[end].opcode = isForward ? .jumpForward : .jumpBackwardNoInterrupt
                continue
            case .popJumpIfTrue: opposite = .popJumpIfFalse
            case .popJumpIfFalse: opposite = .popJumpIfTrue
            case .popJumpIfNone: opposite = .popJumpIfNotNone
            case .popJumpIfNotNone: opposite = .popJumpIfNone
            default: continue
            }
            if isForward { continue }
            var jump = BasicBlock()
            jump.code = [CompiledInstruction(
                .jump, Int(blocks[target].label), target: Int32(target), at: blocks[b].code[end].location)]
            // The branch's own handler: the jump cannot raise, but it is polled there.
            jump.isCold = blocks[b].isCold
            jump.next = blocks[b].next
            blocks[b].code[end].opcode = opposite
            blocks[b].code[end].target = blocks[b].next
            blocks[b].next = Int32(blocks.count)
            blocks.append(jump)
        }
    }

    /// Turns jump targets into distances. Repeats while an argument changes its size.
    mutating func resolveOffsets() {
        let order = layout
        var changed = true
        while changed {
            changed = false
            var total = 0
            for b in order {
                blocks[b].offset = total
                for instruction in blocks[b].code { total += instruction.units }
            }
            for b in order {
                var offset = blocks[b].offset
                for i in blocks[b].code.indices {
                    let units = blocks[b].code[i].units
                    offset += units
                    guard blocks[b].code[i].opcode.jumps else { continue }
                    let target = blocks[Int(blocks[b].code[i].target)].offset
                    blocks[b].code[i].argument = Int32(target < offset ? offset - target : target - offset)
                    if blocks[b].code[i].units != units { changed = true }
                }
            }
        }
    }
}

extension Opcode {
    var usesConstant: Bool { self == .loadConst || self == .returnConst || self == .kwNames }
}
