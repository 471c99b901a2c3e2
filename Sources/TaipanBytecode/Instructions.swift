// Reading co_code: a sequence of instructions with EXTENDED_ARG folded in.

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
