// Stage 5: code objects. The final instructions are read from the code object itself; what the generator wrote before the flow graph comes
// from compiling the source once more, and is shown only where that gives the very same code.
import TaipanBytecode
import TaipanCompiler
import TaipanSyntax

extension ExplainStages {
    /// A code object and all that are nested in it, in the order of `dis`, with what the generator wrote for them if `source` is what they
    /// were compiled from.
    public static func codes(_ code: CodeObject, source: [UInt8], parser: ParserOptions, optimize: Int) -> [CodeRecord] {
        let staged = units(of: code, source, parser, optimize)
        var records: [CodeRecord] = []
        add(code, staged, parent: -1, &records)
        return records
    }

    /// One code object of another file: no listing, nothing of its making.
    public static func brief(_ code: CodeObject) -> CodeRecord {
        record(of: code)
    }

    private static func add(_ code: CodeObject, _ staged: StagedCode?, parent: Int, _ records: inout [CodeRecord]) {
        var record = record(of: code)
        record.parent = parent
        record.listing = code.listing(nested: false)
        let same = staged.flatMap { $0.code.code == code.code ? $0 : nil }
        if let unit = same?.unit { record.raw = raw(unit) }
        let place = records.count
        records.append(record)
        let others = same.map { Array($0.inner) } ?? []
        for (i, inner) in code.innerCodes.enumerated() {
            add(inner, others.indices.contains(i) ? others[i] : nil, parent: place, &records)
        }
    }

    // MARK: As generated

    /// A code object made from the source, with what the generator wrote.
    private final class StagedCode {
        let code: CodeObject
        let unit: StagedUnit?
        let inner: [StagedCode]

        init(_ code: CodeObject, _ units: [ObjectIdentifier: StagedUnit]) {
            self.code = code
            unit = units[ObjectIdentifier(code)]
            inner = code.innerCodes.map { StagedCode($0, units) }
        }
    }

    private static func units(of code: CodeObject, _ source: [UInt8], _ parser: ParserOptions, _ optimize: Int) -> StagedCode? {
        var options = CompilerOptions()
        options.optimize = optimize
        options.futures = code.flags.intersection(.allFutures)
        options.topLevelAwait = code.flags.contains(.coroutine)
        do throws(SyntaxFailure) {
            let module = try parseModule(source: source, filename: code.filename, options: parser).module
            let made = try CompilerStages.compile(module: module, filename: code.filename, options: options)
            var units: [ObjectIdentifier: StagedUnit] = [:]
            for (code, unit) in made.units { units[ObjectIdentifier(code)] = unit }
            return StagedCode(made.code, units)
        } catch {
            // The code came from elsewhere: then there is nothing to show of how it was generated.
            return nil
        }
    }

    private static func raw(_ unit: StagedUnit) -> [CodeRecord.RawInstruction] {
        unit.instructions.map { instruction in
            var raw = CodeRecord.RawInstruction()
            raw.opcode = instruction.opcode.name
            raw.line = instruction.location.line >= 0 ? Int(instruction.location.line) : nil
            if instruction.hasTarget {
                raw.target = instruction.argument
                raw.meaning = "to \(instruction.argument)"
            } else if instruction.opcode.hasArgument {
                raw.argument = instruction.argument
                raw.meaning = meaning(of: instruction, in: unit)
            }
            return raw
        }
    }

    /// What the argument names; cells and free variables are numbered apart from locals until the code is assembled.
    private static func meaning(of instruction: StagedInstruction, in unit: StagedUnit) -> String {
        func at(_ list: [String], _ i: Int) -> String { list.indices.contains(i) ? list[i] : "" }
        let argument = instruction.argument
        switch instruction.opcode.info.operand {
        case .constant: return unit.constants.indices.contains(argument) ? unit.constants[argument].repr : ""
        case .name: return instruction.opcode.meaning(ofName: argument) { at(unit.names, $0) }
        case .local: return at(unit.localNames, argument)
        case .cell: return at(unit.cellNames + unit.freeNames, argument)
        default: return instruction.opcode.meaning(ofNumber: argument)
        }
    }

    // MARK: Final

    private static func record(of code: CodeObject) -> CodeRecord {
        var record = CodeRecord()
        record.name = code.name
        record.qualifiedName = code.qualname
        record.file = code.filename
        record.firstLine = code.firstlineno
        record.flags = names(of: code.flags)
        record.stackSize = code.stacksize
        record.constants = code.consts.map(\.repr)
        record.names = code.names
        record.localNames = code.varnames
        record.cellNames = code.cellvars
        record.freeNames = code.freevars
        record.instructions = instructions(of: code)
        record.handlers = handlers(of: code, record.instructions)
        return record
    }

    private static func names(of flags: CodeFlags) -> [String] {
        let known: [(CodeFlags, String)] = [
            (.optimized, "OPTIMIZED"), (.newLocals, "NEWLOCALS"), (.varArguments, "VARARGS"), (.varKeywords, "VARKEYWORDS"), (.nested, "NESTED"),
            (.generator, "GENERATOR"), (CodeFlags(rawValue: 0x40), "NOFREE"), (.coroutine, "COROUTINE"),
            (.iterableCoroutine, "ITERABLE_COROUTINE"), (.asyncGenerator, "ASYNC_GENERATOR"), (.futureDivision, "FUTURE_DIVISION"),
            (.futureAbsoluteImport, "FUTURE_ABSOLUTE_IMPORT"), (.futureWithStatement, "FUTURE_WITH_STATEMENT"),
            (.futurePrintFunction, "FUTURE_PRINT_FUNCTION"), (.futureUnicodeLiterals, "FUTURE_UNICODE_LITERALS"),
            (.futureBarryAsBDFL, "FUTURE_BARRY_AS_BDFL"), (.futureGeneratorStop, "FUTURE_GENERATOR_STOP"),
            (.futureAnnotations, "FUTURE_ANNOTATIONS"),
        ]
        return known.compactMap { flags.contains($0.0) ? $0.1 : nil }
    }

    private static func instructions(of code: CodeObject) -> [CodeRecord.Instruction] {
        let depths = StackDepths(code)
        var isTarget = Array(repeating: false, count: depths.before.count)
        func mark(_ offset: Int) { if isTarget.indices.contains(offset / 2) { isTarget[offset / 2] = true } }
        for entry in ExceptionTable(code.exceptiontable) { mark(entry.target) }
        for instruction in InstructionSequence(code) { if let target = instruction.target { mark(target) } }
        var places = LocationTable(code)
        var place = places.next()
        return InstructionSequence(code).map { instruction in
            while let now = place, now.end <= instruction.offset { place = places.next() }
            var record = CodeRecord.Instruction()
            record.offset = instruction.offset
            record.start = instruction.start
            record.opcode = instruction.opcode == .reserved ? "<\(instruction.argument)>" : instruction.opcode.name
            record.argument = instruction.opcode.hasArgument ? instruction.argument : nil
            if instruction.opcode.hasArgument { record.meaning = code.meaning(of: instruction) }
            record.target = instruction.target
            record.isJumpTarget = isTarget[instruction.start / 2]
            record.depth = depths.before[instruction.offset / 2]
            if let range = place?.range, range.line >= 0 {
                record.line = Int(range.line)
                if range.column >= 0 && range.endColumn >= 0 {
                    record.span = SpanRecord(Int(range.line), Int(range.column), Int(range.endLine), Int(range.endColumn))
                }
            }
            return record
        }
    }

    private static func handlers(of code: CodeObject, _ instructions: [CodeRecord.Instruction]) -> [CodeRecord.Handler] {
        ExceptionTable(code.exceptiontable).map { entry in
            var handler = CodeRecord.Handler()
            handler.start = entry.start
            handler.end = entry.end
            handler.target = entry.target
            handler.depth = entry.depth
            handler.keepsInstruction = entry.lasti
            handler.words = words(of: entry, instructions)
            return handler
        }
    }

    /// "an exception on lines 3 to 5 goes to the handler on line 6, with nothing left on the stack".
    private static func words(of entry: ExceptionEntry, _ instructions: [CodeRecord.Instruction]) -> String {
        let lines = instructions[place(of: entry.start, instructions)..<place(of: entry.end, instructions)].compactMap(\.line)
        var text = "an exception"
        if let first = lines.min(), let last = lines.max() { text += first == last ? " on line \(first)" : " on lines \(first) to \(last)" }
        text += " goes to " + destination(of: entry, instructions)
        text += entry.depth == 0 ? ", with nothing left on the stack" : ", with \(entry.depth == 1 ? "1 entry" : "\(entry.depth) entries") left on the stack"
        return text + (entry.lasti ? " and the place of the instruction" : "")
    }

    /// Index of the first instruction at `offset` or behind it.
    private static func place(of offset: Int, _ instructions: [CodeRecord.Instruction]) -> Int {
        var low = 0, high = instructions.count
        while low < high {
            let middle = (low + high) / 2
            if instructions[middle].offset < offset { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// What a handler is: the code of a line, or what the compiler put there to clean up and raise again.
    private static func destination(of entry: ExceptionEntry, _ instructions: [CodeRecord.Instruction]) -> String {
        for instruction in instructions[place(of: entry.target, instructions)...] {
            if instruction.opcode == "CALL_INTRINSIC_1" && instruction.meaning == "INTRINSIC_STOPITERATION_ERROR" {
                return "offset \(entry.target), where StopIteration becomes RuntimeError"
            }
            if instruction.opcode == "RERAISE" { return "offset \(entry.target), where it is cleaned up and raised again" }
            if let line = instruction.line { return "offset \(entry.target), the handler on line \(line)" }
        }
        return "offset \(entry.target)"
    }
}

extension CodeObject {
    /// The code objects among the constants, in order.
    var innerCodes: [CodeObject] {
        consts.compactMap { if case .code(let inner) = $0 { inner } else { nil } }
    }
}

/// The depth of the stack before each instruction that can be reached, followed along jumps and the exception table.
struct StackDepths {
    /// By code unit, behind its EXTENDED_ARGs; -1 where there is none.
    private(set) var before: [Int]

    init(_ code: CodeObject) {
        let instructions = Array(InstructionSequence(code))
        let units = (instructions.last?.offset ?? 0) / 2 + 1
        var places = Array(repeating: -1, count: units)
        for (i, instruction) in instructions.enumerated() {
            places[instruction.start / 2] = i
            places[instruction.offset / 2] = i
        }
        func place(_ offset: Int) -> Int? { places.indices.contains(offset / 2) && offset >= 0 ? places[offset / 2] : nil }
        before = Array(repeating: -1, count: units)
        let handlers = HandlersByUnit(code, units)
        var work: [(index: Int, depth: Int)] = [(0, 0)]
        while let (index, depth) = work.popLast() {
            guard instructions.indices.contains(index), depth >= 0 else { continue }
            let instruction = instructions[index]
            if before[instruction.offset / 2] >= 0 { continue }
            before[instruction.offset / 2] = depth
            // A generator's caller gets the object here; the body goes on with what the first send() put in.
            let effect = instruction.opcode == .returnGenerator ? 1 : instruction.opcode.stackEffect(instruction.argument, jumping: false)
            if !instruction.opcode.neverFallsThrough { work.append((index + 1, depth + effect)) }
            if let target = instruction.target, let at = place(target) {
                work.append((at, depth + instruction.opcode.stackEffect(instruction.argument, jumping: true)))
            }
            if let entry = handlers[instruction.offset / 2], let at = place(entry.target) { work.append((at, entry.depth + (entry.lasti ? 2 : 1))) }
        }
    }
}

/// Which entry of the exception table an instruction belongs to: the first that has it, as at run time.
private struct HandlersByUnit {
    private let entries: [ExceptionEntry]
    private var index: [Int32]

    init(_ code: CodeObject, _ units: Int) {
        entries = Array(ExceptionTable(code.exceptiontable))
        index = Array(repeating: -1, count: units)
        for (i, entry) in entries.enumerated() {
            let first = max(0, entry.start / 2), last = min(units, entry.end / 2)
            if first < last { for unit in first..<last where index[unit] < 0 { index[unit] = Int32(truncatingIfNeeded: i) } }
        }
    }

    subscript(_ unit: Int) -> ExceptionEntry? { index[unit] >= 0 ? entries[Int(index[unit])] : nil }
}

extension Opcode {
    fileprivate var neverFallsThrough: Bool {
        switch self {
        case .returnValue, .returnConst, .raiseVarargs, .reraise, .jumpForward, .jumpBackward, .jumpBackwardNoInterrupt, .interpreterExit: true
        default: false
        }
    }
}
