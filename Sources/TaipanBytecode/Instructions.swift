// Reading co_code: a sequence of instructions with EXTENDED_ARG folded in, and a listing in the manner of `dis`.

/// One instruction of a code object.
public struct Instruction: Sendable, Equatable {
    /// The byte offset of the instruction itself, after its `EXTENDED_ARG` prefixes.
    public let offset: Int
    /// The byte offset of its first `EXTENDED_ARG`, or `offset`: where a jump to it goes.
    public let start: Int
    public let opcode: Opcode
    /// The full argument; 0 for instructions that have none.
    public let argument: Int

    /// The byte offset of what follows in execution, past the caches.
    public var next: Int { offset + 2 + 2 * opcode.cacheUnits }

    /// The byte offset that a jump instruction goes to; nil for others.
    public var target: Int? {
        switch opcode {
        case .jumpBackward, .jumpBackwardNoInterrupt: next - 2 * argument
        case .jumpForward, .forIter, .send, .popJumpIfTrue, .popJumpIfFalse, .popJumpIfNone, .popJumpIfNotNone:
            next + 2 * argument
        default: nil
        }
    }
}

/// The instructions of some `co_code`, without caches and `EXTENDED_ARG`. Numbers that are no instruction read as `NOP`.
public struct InstructionSequence: Sequence, IteratorProtocol, Sendable {
    private let code: [UInt8]
    private var at = 0

    /// - Parameter code: `co_code`.
    public init(_ code: [UInt8]) { self.code = code }

    /// The instructions of a code object.
    public init(_ code: CodeObject) { self.init(code.code) }

    public mutating func next() -> Instruction? {
        let start = at
        var argument = 0
        while at + 1 < code.count {
            let opcode = Opcode(rawValue: UInt16(code[at])) ?? .reserved
            argument |= Int(code[at + 1])
            if opcode == .extendedArg {
                argument = (argument & 0xFF_FFFF) << 8
                at += 2
                continue
            }
            let result = Instruction(offset: at, start: start, opcode: opcode, argument: opcode.hasArgument ? argument : opcode == .reserved ? Int(code[at]) : 0)
            at += 2 + 2 * opcode.cacheUnits
            return result
        }
        return nil
    }
}

extension CodeObject {
    /// A listing of the instructions, one a line: line number where it changes, offset, name, argument and its
    /// meaning; then the exception table. For tests and for reading, not the exact text of `dis`.
    public func listing() -> String {
        var out = ""
        var line: Int32 = -2
        var locations = LocationTable(self)
        var location = locations.next()
        for instruction in InstructionSequence(self) {
            while let l = location, l.end <= instruction.offset { location = locations.next() }
            let here = location?.range.line ?? -1
            out += here == line ? "     " : Self.padded(here < 0 ? "-" : String(here), 5)
            line = here
            out += Self.padded(String(instruction.offset), 5) + " " + instruction.opcode.name
            if instruction.opcode.hasArgument {
                out += " \(instruction.argument)"
                let meaning = meaning(of: instruction)
                if !meaning.isEmpty { out += " (\(meaning))" }
            }
            out += "\n"
        }
        for entry in ExceptionTable(exceptiontable) {
            out += "  \(entry.start) to \(entry.end) -> \(entry.target) [\(entry.depth)]\(entry.lasti ? " lasti" : "")\n"
        }
        return out
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.utf8.count)) + text
    }

    private func meaning(of instruction: Instruction) -> String {
        let argument = instruction.argument
        func at<T>(_ list: [T], _ i: Int) -> String { i < list.count ? "\(list[i])" : "?" }
        switch instruction.opcode.info.operand {
        case .constant: return argument < consts.count ? consts[argument].summary : "?"
        case .name:
            switch instruction.opcode {
            case .loadGlobal: return (argument & 1 != 0 ? "NULL + " : "") + at(names, argument >> 1)
            case .loadAttr: return (argument & 1 != 0 ? "NULL|self + " : "") + at(names, argument >> 1)
            case .loadSuperAttr: return (argument & 1 != 0 ? "NULL|self + " : "") + at(names, argument >> 2)
            default: return at(names, argument)
            }
        case .local, .cell: return at(localsplusnames, argument)
        case .jump: return "to \(instruction.target ?? 0)"
        case .compare: return "\(Opcode.comparison(argument >> 4))"
        default: return instruction.opcode == .binaryOp ? "\(Opcode.binaryOperator(argument))" : ""
        }
    }
}

extension Constant {
    /// A short text of the value, for listings.
    var summary: String {
        switch self {
        case .none: return "None"
        case .true: return "True"
        case .false: return "False"
        case .ellipsis: return "Ellipsis"
        case .int(let value):
            let text = value.magnitude.count == 0 ? "0" : value.magnitude.count == 1 ? String(value.magnitude[0]) : "<int>"
            return value.isNegative ? "-" + text : text
        case .float(let value): return "\(value)"
        case .complex(let re, let im): return "(\(re)+\(im)j)"
        case .str(let bytes, _): return "'" + String(decoding: bytes, as: UTF8.self) + "'"
        case .bytes(let bytes): return "b'" + String(decoding: bytes, as: UTF8.self) + "'"
        case .tuple(let items): return "(" + items.map(\.summary).joined(separator: ", ") + ")"
        case .frozenset(let items): return "frozenset({" + items.map(\.summary).joined(separator: ", ") + "})"
        case .code(let code): return "<code object \(code.name)>"
        }
    }
}
