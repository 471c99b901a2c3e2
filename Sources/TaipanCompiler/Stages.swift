// The compiler's stages one by one: what the generator writes, what the flow graph makes of it, and the code object. For tests and for
// looking at; `compile` goes through all of them at once.
import TaipanBytecode
import TaipanSyntax

/// An instruction between two stages of the compiler. The argument of a jump or a handler set-up is the index of an instruction.
public struct StagedInstruction: Sendable {
    public var opcode: Opcode
    public var argument: Int
    public var location: SourceRange

    public init(_ opcode: Opcode, _ argument: Int, _ location: SourceRange) {
        self.opcode = opcode
        self.argument = argument
        self.location = location
    }

    /// Whether the argument is the index of an instruction.
    public var hasTarget: Bool { opcode.jumps || opcode.isBlockPush }
}

/// A code unit between two stages: its instructions and the tables that they index.
public struct StagedUnit: Sendable {
    public var instructions: [StagedInstruction] = []
    public var name = ""
    public var qualname = ""
    public var constants: [Constant] = []
    public var names: [String] = []
    public var localNames: [String] = []
    public var cellNames: [String] = []
    public var freeNames: [String] = []
    /// Locals that an inlined comprehension hides.
    public var hiddenNames: [String] = []
    public var argumentCount = 0
    public var positionalOnlyCount = 0
    public var keywordOnlyCount = 0
    public var firstLine = 1

    public init() {}
}

/// The stages of the compiler.
public enum CompilerStages {
    /// What the generator writes for the outermost code unit of `module`, before the flow graph.
    public static func generate(module: Module, filename: String, options: CompilerOptions) throws(SyntaxFailure) -> StagedUnit {
        do throws(Failure) {
            return StagedUnit(try generator(for: module, filename: filename, options: options).generate(module))
        } catch {
            throw error.reported(options.lineOfFile)
        }
    }

    /// Compiles a tree as `compile` does and keeps what the generator wrote, before the flow graph, for each code object: inner ones
    /// first. Equal code objects are one in the result and may be several in the list.
    public static func compile(module: Module, filename: String, options: CompilerOptions) throws(SyntaxFailure)
        -> (code: CodeObject, units: [(code: CodeObject, unit: StagedUnit)]) {
        do throws(Failure) {
            let generator = try generator(for: module, filename: filename, options: options)
            var units: [(code: CodeObject, unit: StagedUnit)] = []
            generator.observe = { unit, code in units.append((code, StagedUnit(unit))) }
            let code = try generator.run(module)
            return (code, units)
        } catch {
            throw error.reported(options.lineOfFile)
        }
    }

    /// Folds constants in a tree, in place, as `compile` does before anything else: nodes stay the same objects, what they are changes.
    public static func fold(module: Module, options: CompilerOptions) throws(SyntaxFailure) {
        do throws(Failure) {
            let futures = try futureFeatures(of: module).0.union(options.futures)
            try ConstantFolding.run(module, options: options, futureAnnotations: futures.contains(.futureAnnotations))
        } catch {
            throw error.reported(options.lineOfFile)
        }
    }

    /// What the flow graph makes of instructions: the new ones and the constants that are left. Nil when an argument indexes nothing.
    public static func optimize(_ instructions: [StagedInstruction], constants: [Constant], localCount: Int)
        -> (instructions: [StagedInstruction], constants: [Constant])? {
        // Up to 64 locals are kept apart by a bit each, whether there are that many or not.
        guard isSound(instructions, constantCount: constants.count, localCount: max(localCount, 64)) else { return nil }
        var table = ConstantTable(constants)
        var graph = graph(of: instructions)
        graph.optimizeWhole(&table, localCount: localCount, parameterCount: 0, firstLine: 1)
        return (listed(graph), table.items)
    }

    /// The code object of a unit whose instructions are optimized. Nil when an argument indexes nothing.
    public static func assemble(_ staged: StagedUnit, filename: String) -> CodeObject? {
        let slots = staged.localNames.count + staged.cellNames.count + staged.freeNames.count
        guard isSound(staged.instructions, constantCount: staged.constants.count, localCount: slots) else { return nil }
        let (code, labels) = compiled(staged.instructions)
        let unit = CodeUnit(staged, code: code, labels: labels)
        return Assembler.assembleOptimized(unit, flags: [], filename: filename)
    }

    /// Targets, constants and locals are there.
    private static func isSound(_ instructions: [StagedInstruction], constantCount: Int, localCount: Int) -> Bool {
        if instructions.isEmpty { return false }
        return instructions.allSatisfy { instruction in
            guard instruction.argument >= 0, instruction.argument <= Int(Int32.max) else { return false }
            if instruction.hasTarget { return instruction.argument < instructions.count }
            if instruction.opcode.usesConstant { return instruction.argument < constantCount }
            if case .local = instruction.opcode.info.operand { return instruction.argument < localCount }
            return true
        }
    }

    /// The generator's form: one label for each instruction that is a target.
    private static func compiled(_ instructions: [StagedInstruction]) -> ([CompiledInstruction], [Int32]) {
        var labels: [Int32] = []
        var labelAt = [Int32](repeating: -1, count: instructions.count)
        var code: [CompiledInstruction] = []
        for instruction in instructions {
            if !instruction.hasTarget {
                code.append(CompiledInstruction(instruction.opcode, instruction.argument, at: instruction.location))
                continue
            }
            if labelAt[instruction.argument] < 0 {
                labelAt[instruction.argument] = Int32(labels.count)
                labels.append(Int32(instruction.argument))
            }
            code.append(CompiledInstruction(instruction.opcode, target: labelAt[instruction.argument], at: instruction.location))
        }
        return (code, labels)
    }

    private static func graph(of instructions: [StagedInstruction]) -> FlowGraph {
        let (code, labels) = compiled(instructions)
        return FlowGraph(code, labels: labels)
    }

    private static func listed(_ graph: FlowGraph) -> [StagedInstruction] {
        var first: [Int: Int] = [:]
        var count = 0
        for b in graph.layout {
            first[b] = count
            count += graph.blocks[b].code.count
        }
        return graph.layout.flatMap { b in
            graph.blocks[b].code.map { StagedInstruction($0.opcode, $0.target < 0 ? Int($0.argument) : first[Int($0.target)] ?? 0, $0.location) }
        }
    }
}

extension StagedUnit {
    /// What the generator wrote.
    init(_ unit: CodeUnit) {
        instructions = unit.code.map { StagedInstruction($0.opcode, $0.target < 0 ? Int($0.argument) : Int(unit.labels[Int($0.target)]), $0.location) }
        name = unit.name
        qualname = unit.qualname
        constants = unit.constants.items
        names = unit.names.names
        localNames = unit.localNames.names
        cellNames = unit.cellNames.names
        freeNames = unit.freeNames.names
        argumentCount = unit.argumentCount
        positionalOnlyCount = unit.positionalOnlyCount
        keywordOnlyCount = unit.keywordOnlyCount
        firstLine = unit.firstLine
    }
}

extension CodeUnit {
    /// A unit of what a program says about it.
    convenience init(_ staged: StagedUnit, code: [CompiledInstruction], labels: [Int32]) {
        let span = SourceSpan(line: Int32(clamping: staged.firstLine), column: 0, endLine: Int32(clamping: staged.firstLine), endColumn: 0)
        let scope = Scope(kind: .function, name: staged.name, span: span, isNested: false)
        self.init(kind: .function, scope: scope, name: staged.name, firstLine: staged.firstLine, cells: staged.cellNames, frees: staged.freeNames)
        qualname = staged.qualname
        self.code = code
        self.labels = labels
        constants = ConstantTable(staged.constants)
        names = NameTable(staged.names)
        localNames = NameTable(staged.localNames)
        everHidden = Set(staged.hiddenNames)
        // The compiler counts positional-only parameters apart.
        argumentCount = staged.argumentCount - staged.positionalOnlyCount
        positionalOnlyCount = staged.positionalOnlyCount
        keywordOnlyCount = staged.keywordOnlyCount
    }
}
