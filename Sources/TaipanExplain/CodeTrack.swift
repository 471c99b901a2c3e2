// What the recorder keeps of a code object that ran: counts and times by instruction, and what it needs to read the instructions.

import TaipanBytecode
import TaipanRuntime

/// The part that every instruction touches: trivial memory, found through the number in the run point.
struct CodeTrack {
    /// Index among the recorder's `CodeInfo`s.
    var index: Int
    /// The highest code unit that is counted by itself.
    var lastUnit: Int
    /// By code unit: how often it ran, and the microseconds of the lines that start there.
    var counts: UnsafeMutablePointer<Int>
    var times: UnsafeMutablePointer<Double>
    /// By the unit where an instruction starts: what it is.
    var opcodes: UnsafeMutablePointer<UInt8>
    var arguments: UnsafeMutablePointer<Int32>
    /// Its instructions are recorded one by one.
    var isDetailed: Bool
    var calls = 0
    /// Activations that are under way.
    var active = 0
    var microseconds = 0.0
    var ownMicroseconds = 0.0
}

/// The part that outlives the code object.
final class CodeInfo {
    let name: String
    let qualifiedName: String
    let file: String
    let firstLine: Int
    let lines: [Int32]
    let localNames: [String]
    let names: [String]
    /// By the unit of a CALL: names of its last arguments.
    let keywords: [Int: [String]]
    /// By unit: EXTENDED_ARG words in front of the instruction.
    let prefixes: [Int: Int]
    /// By the unit of a RETURN_CONST: its value.
    let constants: [Int: String]
    let argumentCount: Int
    let isModule: Bool
    let track: UnsafeMutablePointer<CodeTrack>
    /// Where the code object is among the recorder's roots, -1 for code that is not recorded one by one.
    var root = -1
    /// Index among the script's code objects, or -1.
    var scriptIndex = -1

    init(_ t: Thread, _ code: CodeCell, index: Int, isDetailed: Bool, scratch: UnsafeMutablePointer<Value>) {
        name = t.string(code.name)
        qualifiedName = t.string(code.qualname)
        file = t.string(code.filename)
        firstLine = code.firstlineno
        argumentCount = code.parameterCount
        isModule = name == "<module>"
        lines = t.unitLines(code)
        let bytes = Array(BytesObject(code.code).buffer)
        let units = max(bytes.count / 2, 1)
        track = .allocate(capacity: 1)
        track.initialize(to: CodeTrack(index: index, lastUnit: units - 1, counts: .allocate(capacity: units), times: .allocate(capacity: units),
                                       opcodes: .allocate(capacity: units), arguments: .allocate(capacity: units), isDetailed: isDetailed))
        track.pointee.counts.initialize(repeating: 0, count: units)
        track.pointee.times.initialize(repeating: 0, count: units)
        track.pointee.opcodes.initialize(repeating: 0, count: units)
        track.pointee.arguments.initialize(repeating: 0, count: units)
        var keywords: [Int: [String]] = [:], prefixes: [Int: Int] = [:], constants: [Int: String] = [:]
        var pending: [String] = []
        for instruction in InstructionSequence(bytes) {
            let unit = instruction.start / 2
            track.pointee.opcodes[unit] = UInt8(truncatingIfNeeded: instruction.opcode.rawValue)
            track.pointee.arguments[unit] = Int32(truncatingIfNeeded: instruction.argument)
            if instruction.start != instruction.offset { prefixes[unit] = (instruction.offset - instruction.start) / 2 }
            if isDetailed, instruction.opcode == .kwNames { pending = CodeInfo.texts(t, code.consts, instruction.argument) }
            if isDetailed, instruction.opcode == .returnConst { constants[unit] = CodeInfo.text(t, code.consts, instruction.argument, scratch) }
            if instruction.opcode == .call, !pending.isEmpty {
                keywords[unit] = pending
                pending = []
            }
        }
        self.keywords = keywords
        self.constants = constants
        self.prefixes = prefixes
        localNames = isDetailed ? CodeInfo.texts(t, code.localsplusnames) : []
        names = isDetailed ? CodeInfo.texts(t, code.names) : []
    }

    /// Stands for all code objects of a run that makes too many.
    init(overflowAt index: Int) {
        name = "(other code)"
        qualifiedName = name
        file = ""
        firstLine = 0
        lines = [-1]
        localNames = []
        names = []
        keywords = [:]
        constants = [:]
        prefixes = [:]
        argumentCount = 0
        isModule = false
        track = .allocate(capacity: 1)
        track.initialize(to: CodeTrack(index: index, lastUnit: 0, counts: .allocate(capacity: 1), times: .allocate(capacity: 1),
                                       opcodes: .allocate(capacity: 1), arguments: .allocate(capacity: 1), isDetailed: false))
        track.pointee.counts.initialize(to: 0)
        track.pointee.times.initialize(to: 0)
        track.pointee.opcodes.initialize(to: UInt8(Opcode.nop.rawValue))
        track.pointee.arguments.initialize(to: 0)
    }

    deinit {
        track.pointee.counts.deallocate()
        track.pointee.times.deallocate()
        track.pointee.opcodes.deallocate()
        track.pointee.arguments.deallocate()
        track.deallocate()
    }

    func line(at unit: Int) -> Int { unit >= 0 && unit < lines.count ? Int(max(lines[unit], 0)) : 0 }

    /// Byte offset of the instruction that starts at `unit`, behind its EXTENDED_ARGs.
    func offset(at unit: Int) -> Int { (unit + (prefixes[unit] ?? 0)) * 2 }

    private static func texts(_ t: Thread, _ tuple: Value) -> [String] {
        let items = TupleObject(tuple)
        return (0..<items.count).map { items[$0].isKind(.str) ? t.string(items[$0]) : "?" }
    }

    private static func text(_ t: Thread, _ constants: Value, _ index: Int, _ scratch: UnsafeMutablePointer<Value>) -> String {
        let items = TupleObject(constants)
        if index >= items.count { return "?" }
        var words = ValueCapture(t, scratch, ExplainRecorder.scratchWords)
        words.add(items[index])
        var reader = ValueText(t, scratch)
        return reader.next()
    }

    private static func texts(_ t: Thread, _ constants: Value, _ index: Int) -> [String] {
        let items = TupleObject(constants)
        return index < items.count && items[index].isKind(.tuple) ? texts(t, items[index]) : []
    }
}
