// Passes that shrink the graph: peepholes, jump threading, copied exits, unreachable code, NOPs.
import TaipanBytecode

extension FlowGraph {
    /// Exit blocks up to this size are copied to where they are jumped to from.
    private static var copyLimit: Int { 4 }

    /// All passes over a graph fresh from the generator.
    mutating func optimizeWhole(_ constants: inout ConstantTable, localCount: Int, parameterCount: Int, firstLine: Int) {
        labelHandlers()
        optimize(&constants)
        removeUnusedConstants(&constants)
        checkUnboundLocals(count: localCount, parameters: parameterCount)
        moveColdBlocks()
        resolveLines(firstLine: firstLine)
    }

    /// Runs the shrinking passes. New constants go to the end of `constants`.
    mutating func optimize(_ constants: inout ConstantTable) {
        removeEmptyBlocks()
        for b in layout { copySmallExit(b) }
        for b in layout { optimize(block: b, &constants) }
        removeNopsAndPairs()
        for b in layout { copySmallExit(b) }
        removeUnreachable()
        for b in layout { removeNops(b) }
        removeEmptyBlocks()
        removeRedundantJumps()
    }

    /// Unlinks empty blocks; jumps to them go to what follows.
    mutating func removeEmptyBlocks() {
        while blocks[entry].code.isEmpty, blocks[entry].next >= 0 { entry = Int(blocks[entry].next) }
        var b = entry
        while b >= 0 {
            var next = Int(blocks[b].next)
            while next >= 0, blocks[next].code.isEmpty { next = Int(blocks[next].next) }
            blocks[b].next = Int32(next)
            b = next
        }
        var free = freeLabel()
        for b in layout {
            for i in blocks[b].code.indices where blocks[b].code[i].target >= 0 {
                let old = Int(blocks[b].code[i].target)
                if !blocks[old].code.isEmpty { continue }
                var target = old
                while blocks[target].code.isEmpty, blocks[target].next >= 0 { target = Int(blocks[target].next) }
                if blocks[target].label < 0 {
                    blocks[target].label = free
                    free += 1
                }
                blocks[b].code[i].target = Int32(target)
                blocks[b].code[i].argument = blocks[target].label
            }
        }
    }

    /// A jump to a small block that leaves the unit becomes a copy of that block.
    private mutating func copySmallExit(_ b: Int) {
        guard let last = blocks[b].code.last, last.opcode.isUnconditionalJump else { return }
        let target = Int(last.target)
        guard blocks[target].exitsScope, blocks[target].code.count <= Self.copyLimit else { return }
        blocks[b].code[blocks[b].code.count - 1].become(.nop)
        let copy = blocks[target].code
        blocks[b].code.append(contentsOf: copy)
    }

    /// Drops NOPs whose line is shown by a neighbour anyway.
    mutating func removeNops(_ b: Int) {
        guard blocks[b].code.contains(where: { $0.opcode == .nop }) else { return }
        var code = blocks[b].code
        var kept = 0
        var lastLine: Int32 = -1
        for i in code.indices {
            let line = code[i].location.line
            if code[i].opcode == .nop {
                if line < 0 || line == lastLine { continue }
                if i + 1 < code.count {
                    let nextLine = code[i + 1].location.line
                    if nextLine == line { continue }
                    if nextLine < 0 {
                        code[i + 1].location = code[i].location
                        continue
                    }
                } else if line == firstLine(after: b) {
                    continue
                }
            }
            if kept != i { code[kept] = code[i] }
            kept += 1
            lastLine = line
        }
        code.removeLast(code.count - kept)
        blocks[b].code = code
    }

    /// The line of the first instruction after block `b` that will stay; -1 if it has none.
    private func firstLine(after b: Int) -> Int32 {
        var next = Int(blocks[b].next)
        while next >= 0, blocks[next].code.isEmpty { next = Int(blocks[next].next) }
        guard next >= 0 else { return -2 }
        for instruction in blocks[next].code where instruction.opcode != .nop || instruction.location.line >= 0 {
            return instruction.location.line
        }
        return -1
    }

    /// Drops NOPs, and pairs of which the second pops what the first pushed.
    private mutating func removeNopsAndPairs() {
        var changed = true
        while changed {
            changed = false
            var previous: (b: Int, i: Int)?
            for b in layout {
                removeNops(b)
                if blocks[b].label >= 0 { previous = nil }
                for i in blocks[b].code.indices {
                    if blocks[b].code[i].opcode == .popTop, let (pb, pi) = previous {
                        let before = blocks[pb].code[pi]
                        if before.opcode == .loadConst || (before.opcode == .copy && before.argument == 1) {
                            blocks[pb].code[pi].become(.nop)
                            blocks[b].code[i].become(.nop)
                            changed = true
                        }
                    }
                    previous = (b, i)
                }
                if let (pb, pi) = previous, blocks[pb].code[pi].opcode.jumps { previous = nil }
                if blocks[b].endsHard { previous = nil }
            }
        }
    }

    private mutating func removeUnreachable() {
        clearVisited()
        var todo = [entry]
        blocks[entry].predecessors = 1
        while let b = todo.popLast() {
            // A block whose jump goes to the very next block waits twice and then counts its successors twice. That
            // is CPython's count, and which exits get copied depends on it.
            blocks[b].visited = true
            if blocks[b].next >= 0 && !blocks[b].endsHard { reach(Int(blocks[b].next), &todo) }
            for i in blocks[b].code.indices where blocks[b].code[i].target >= 0 {
                reach(Int(blocks[b].code[i].target), &todo)
            }
        }
        for b in layout where blocks[b].predecessors == 0 { blocks[b].code = [] }
    }

    private mutating func reach(_ b: Int, _ todo: inout [Int]) {
        if !blocks[b].visited { todo.append(b) }
        blocks[b].predecessors += 1
    }

    /// Jumps to the block that follows anyway become NOPs.
    mutating func removeRedundantJumps() {
        for b in layout {
            guard let last = blocks[b].code.last, last.opcode.isUnconditionalJump, last.target == blocks[b].next else { continue }
            blocks[b].code[blocks[b].code.count - 1].become(.nop)
        }
    }

    // MARK: Peepholes

    private mutating func optimize(block b: Int, _ constants: inout ConstantTable) {
        var code = blocks[b].code
        blocks[b].code = []
        var opcode = Opcode.nop
        var argument: Int32 = 0
        var target = CompiledInstruction(.nop, at: .none)
        var i = 0
        while i < code.count {
            // A copy of a constant is looked at as that constant.
            if !(opcode == .loadConst && code[i].opcode == .copy && code[i].argument == 1) {
                opcode = code[i].opcode
                argument = code[i].argument
                if code[i].target >= 0 {
                    let there = Int(code[i].target)
                    target = there == b ? code[0] : blocks[there].code[0]
                } else {
                    target = CompiledInstruction(.nop, at: .none)
                }
            }
            switch opcode {
            case .loadConst: foldConstantUse(&code, &i, argument, constants)
            case .buildTuple: foldTuple(&code, i, argument, &constants)
            case .popJumpIfTrue, .popJumpIfFalse, .popJumpIfNone, .popJumpIfNotNone, .jump:
                if target.opcode == .jump, thread(&code[i], target) { continue }
            case .swap:
                if argument == 1 {
                    code[i].become(.nop)
                } else {
                    Self.shortenSwaps(&code, &i)
                    Self.applySwaps(&code, i)
                }
            case .pushNull:
                if i + 1 < code.count, code[i + 1].opcode == .loadGlobal, code[i + 1].argument & 1 == 0 {
                    code[i].become(.nop)
                    code[i + 1].argument |= 1
                }
            default: break
            }
            i += 1
        }
        blocks[b].code = code
    }

    /// Redirects a jump to a jump. False if nothing changes or a line event would get lost.
    private func thread(_ instruction: inout CompiledInstruction, _ target: CompiledInstruction) -> Bool {
        guard instruction.location.line == target.location.line || target.location.line == -1,
            instruction.target != target.target
        else { return false }
        instruction.target = target.target
        return true
    }

    /// A constant before a branch decides it; before `is` and a branch, None has its own branches; before a return it joins it.
    private func foldConstantUse(
        _ code: inout [CompiledInstruction], _ i: inout Int, _ constant: Int32, _ constants: ConstantTable
    ) {
        guard i + 1 < code.count else { return }
        switch code[i + 1].opcode {
        case .popJumpIfTrue, .popJumpIfFalse:
            let jumps = constants[constant].isTrue == (code[i + 1].opcode == .popJumpIfTrue)
            code[i].become(.nop)
            if jumps {
                code[i + 1].opcode = .jump
            } else {
                code[i + 1].become(.nop)
            }
        case .isOp:
            guard case .none = constants[constant], i + 2 < code.count else { return }
            let branch = code[i + 2].opcode
            guard branch == .popJumpIfTrue || branch == .popJumpIfFalse else { return }
            let negated = code[i + 1].argument != 0
            code[i].become(.nop)
            code[i + 1].become(.nop)
            code[i + 2].opcode = negated != (branch == .popJumpIfFalse) ? .popJumpIfNotNone : .popJumpIfNone
        case .returnValue:
            code[i].become(.nop)
            i += 1
            code[i].become(.returnConst, constant)
        default: return
        }
    }

    /// Tuples of constants become constants; a tuple that is taken apart at once becomes a swap.
    private func foldTuple(_ code: inout [CompiledInstruction], _ i: Int, _ count: Int32, _ constants: inout ConstantTable) {
        if i + 1 < code.count, code[i + 1].opcode == .unpackSequence, code[i + 1].argument == count, (1...3).contains(count) {
            code[i].become(.nop)
            if count == 1 {
                code[i + 1].become(.nop)
            } else {
                code[i + 1].opcode = .swap
            }
            return
        }
        let n = Int(count)
        guard i >= n else { return }
        for k in i - n..<i where code[k].opcode != .loadConst { return }
        var items: [Constant] = []
        for k in i - n..<i {
            items.append(constants[code[k].argument])
            code[k].become(.nop)
        }
        code[i].become(.loadConst, Int32(constants.add(.tuple(items))))
    }

    // MARK: Swaps

    /// Replaces a run of SWAPs by the shortest one with the same effect: each cycle of the permutation is undone from
    /// the top of the stack, written from the end of the run backwards.
    private static func shortenSwaps(_ code: inout [CompiledInstruction], _ i: inout Int) {
        var depth = Int(code[i].argument)
        var end = i + 1
        var several = false
        while end < code.count {
            if code[end].opcode == .swap {
                depth = max(depth, Int(code[end].argument))
                several = true
            } else if code[end].opcode != .nop {
                break
            }
            end += 1
        }
        guard several else { return }
        var stack = Array(0..<depth)
        for k in i..<end where code[k].opcode == .swap { stack.swapAt(0, Int(code[k].argument) - 1) }
        var write = end - 1
        let visited = -1
        for start in 0..<depth where stack[start] != visited && stack[start] != start {
            var j = start
            while true {
                if j != 0 {
                    code[write].opcode = .swap
                    code[write].argument = Int32(j + 1)
                    write -= 1
                }
                if stack[j] == visited { break }
                let next = stack[j]
                stack[j] = visited
                j = next
            }
        }
        while write >= i {
            code[write].become(.nop)
            write -= 1
        }
        i = end - 1
    }

    private static func isSwappable(_ opcode: Opcode) -> Bool {
        opcode == .storeFast || opcode == .storeFastMaybeNull || opcode == .popTop
    }

    private static func stored(_ instruction: CompiledInstruction) -> Int32 {
        instruction.opcode == .storeFast || instruction.opcode == .storeFastMaybeNull ? instruction.argument : -1
    }

    /// The next instruction after `i` that only pops; nil if something else, or another line, comes first.
    private static func nextSwappable(_ code: [CompiledInstruction], _ i: Int, line: Int32?) -> Int? {
        var k = i + 1
        while k < code.count {
            if let line, line >= 0, code[k].location.line != line { return nil }
            if code[k].opcode == .nop {
                k += 1
                continue
            }
            return isSwappable(code[k].opcode) ? k : nil
        }
        return nil
    }

    /// Swaps the instructions that consume two values instead of the values.
    private static func applySwaps(_ code: inout [CompiledInstruction], _ last: Int) {
        var i = last
        while i >= 0 {
            let swap = code[i]
            if swap.opcode != .swap {
                guard swap.opcode == .nop || isSwappable(swap.opcode) else { return }
                i -= 1
                continue
            }
            guard let first = nextSwappable(code, i, line: nil) else { return }
            let line = code[first].location.line
            var second = first
            for _ in 1..<max(1, Int(swap.argument)) {
                guard let next = nextSwappable(code, second, line: line) else { return }
                second = next
            }
            // Stores to one slot, or to a slot stored to in between, must keep their order.
            let a = stored(code[first]), b = stored(code[second])
            if a >= 0 || b >= 0 {
                if a == b { return }
                for k in first + 1..<max(first + 1, second) {
                    let other = stored(code[k])
                    if other >= 0 && (other == a || other == b) { return }
                }
            }
            code[i].become(.nop)
            code.swapAt(first, second)
            i -= 1
        }
    }
}
