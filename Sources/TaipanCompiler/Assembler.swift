// From a finished code unit to its code object: flow-graph passes, the slots of locals and cells, bytes and tables.
import TaipanBytecode

struct Assembler {
    private let unit: CodeUnit
    private let flags: CodeFlags
    private var graph: FlowGraph
    private var constants: ConstantTable
    /// The slot of each cell and free variable.
    private var cellSlots: [Int] = []

    private init(_ unit: CodeUnit, flags: CodeFlags) {
        self.unit = unit
        self.flags = flags
        constants = unit.constants
        graph = FlowGraph(unit.code, labels: unit.labels)
    }

    /// The code object of `unit`, whose instructions are complete.
    static func assemble(_ unit: CodeUnit, flags: CodeFlags, filename: String) -> CodeObject {
        var assembler = Assembler(unit, flags: flags)
        return assembler.run(filename)
    }

    /// The code object of `unit`, whose instructions have been through the flow graph.
    static func assembleOptimized(_ unit: CodeUnit, flags: CodeFlags, filename: String) -> CodeObject {
        var assembler = Assembler(unit, flags: flags)
        assembler.graph.labelHandlers()
        return assembler.finish(filename)
    }

    private mutating func run(_ filename: String) -> CodeObject {
        graph.optimizeWhole(
            &constants, localCount: unit.localNames.count, parameterCount: unit.scope.parameters.count, firstLine: unit.firstLine)
        return finish(filename)
    }

    private mutating func finish(_ filename: String) -> CodeObject {
        placeCells()
        insertPrologue()
        let isGenerator = !flags.isDisjoint(with: [.generator, .coroutine, .asyncGenerator])
        let depth = graph.stackDepth(atEntry: isGenerator ? 1 : 0)
        graph.replacePseudoInstructions()
        graph.directJumps()
        graph.resolveOffsets()
        return write(depth: depth, filename: filename)
    }

    // MARK: Slots

    /// A captured parameter or local keeps its slot; other cells and the free variables follow the locals.
    private mutating func placeCells() {
        let locals = unit.localNames
        var slot = locals.count
        for name in unit.cellNames.names {
            if let place = locals.place(of: name) {
                cellSlots.append(place)
            } else {
                cellSlots.append(slot)
                slot += 1
            }
        }
        for _ in unit.freeNames.names {
            cellSlots.append(slot)
            slot += 1
        }
        if cellSlots.isEmpty { return }
        for b in graph.layout {
            for i in graph.blocks[b].code.indices {
                switch graph.blocks[b].code[i].opcode {
                case .makeCell, .loadClosure, .loadDeref, .storeDeref, .deleteDeref, .loadFromDictOrDeref:
                    let cell = Int(graph.blocks[b].code[i].argument)
                    if cell < cellSlots.count { graph.blocks[b].code[i].argument = Int32(cellSlots[cell]) }
                default: break
                }
            }
        }
    }

    /// Makes cells, fetches the closure and turns a call of a generator into its object, before anything else.
    private mutating func insertPrologue() {
        var prologue: [CompiledInstruction] = []
        if unit.freeNames.count > 0 {
            prologue.append(CompiledInstruction(.copyFreeVars, unit.freeNames.count, at: .none))
        }
        for slot in cellSlots[..<unit.cellNames.count].sorted() {
            prologue.append(CompiledInstruction(.makeCell, slot, at: .none))
        }
        if !flags.isDisjoint(with: [.generator, .coroutine, .asyncGenerator]) {
            let location = SourceRange(line: unit.firstLine, endLine: unit.firstLine, column: -1, endColumn: -1)
            prologue.append(CompiledInstruction(.returnGenerator, at: location))
            prologue.append(CompiledInstruction(.popTop, at: .none))
        }
        graph.blocks[graph.entry].code.insert(contentsOf: prologue, at: 0)
    }

    private func slots() -> (names: [String], kinds: [UInt8]) {
        var names = unit.localNames.names
        var kinds = names.map { name in
            var kind: LocalKind = .local
            if unit.cellNames.place(of: name) != nil { kind.insert(.cell) }
            if unit.everHidden.contains(name) { kind.insert(.hidden) }
            return kind.rawValue
        }
        for name in unit.cellNames.names where unit.localNames.place(of: name) == nil {
            names.append(name)
            kinds.append(LocalKind.cell.rawValue)
        }
        for name in unit.freeNames.names {
            names.append(name)
            kinds.append(LocalKind.free.rawValue)
        }
        return (names, kinds)
    }

    // MARK: Bytes

    private func write(depth: Int, filename: String) -> CodeObject {
        var bytes: [UInt8] = []
        var lines = LocationTableWriter(firstLine: unit.firstLine)
        var exceptions: [UInt8] = []
        var run = (location: SourceRange.none, units: 0)
        var guarded = (handler: Int32(-1), start: 0)
        for b in graph.layout {
            for instruction in graph.blocks[b].code {
                if instruction.handler != guarded.handler {
                    close(guarded, end: bytes.count, &exceptions)
                    guarded = (instruction.handler, bytes.count)
                }
                if instruction.location != run.location {
                    lines.append(run.location, units: run.units)
                    run = (instruction.location, 0)
                }
                run.units += Self.append(instruction, to: &bytes)
            }
        }
        close(guarded, end: bytes.count, &exceptions)
        lines.append(run.location, units: run.units)
        let slots = slots()
        return CodeObject(
            argcount: unit.argumentCount + unit.positionalOnlyCount, posonlyargcount: unit.positionalOnlyCount,
            kwonlyargcount: unit.keywordOnlyCount, stacksize: depth, flags: flags, code: bytes,
            consts: constants.items, names: unit.names.names, localsplusnames: slots.names, localspluskinds: slots.kinds,
            filename: filename, name: unit.name, qualname: unit.qualname, firstlineno: unit.firstLine,
            linetable: lines.bytes, exceptiontable: exceptions)
    }

    private func close(_ guarded: (handler: Int32, start: Int), end: Int, _ table: inout [UInt8]) {
        guard guarded.handler >= 0, guarded.start < end else { return }
        let handler = graph.blocks[Int(guarded.handler)]
        let depth = handler.startDepth - (handler.keepsLasti ? 2 : 1)
        ExceptionTable.append(
            ExceptionEntry(
                start: guarded.start, end: end, target: handler.offset * 2, depth: depth, lasti: handler.keepsLasti),
            to: &table)
    }

    /// Appends the units of one instruction and says how many they are.
    private static func append(_ instruction: CompiledInstruction, to bytes: inout [UInt8]) -> Int {
        let units = instruction.units
        let caches = instruction.opcode.cacheUnits
        let argument = UInt32(bitPattern: instruction.argument)
        var prefixes = units - caches - 1
        while prefixes > 0 {
            bytes.append(UInt8(Opcode.extendedArg.rawValue))
            bytes.append(UInt8(truncatingIfNeeded: argument >> UInt32(prefixes * 8)))
            prefixes -= 1
        }
        bytes.append(UInt8(truncatingIfNeeded: instruction.opcode.rawValue))
        bytes.append(UInt8(truncatingIfNeeded: argument))
        for _ in 0..<caches * 2 { bytes.append(0) }
        return units
    }
}
