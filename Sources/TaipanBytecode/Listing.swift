// Listings of code objects: the text of CPython 3.12's `dis`, but for the addresses of code objects.
import TaipanNumbers
import TaipanUnicode

extension CodeObject {
    /// What `dis.dis` prints for the code object and, unless `nested` is false, for all in it.
    public func listing(nested: Bool = true) -> String {
        var lister = Lister(self)
        var out = lister.text()
        if !nested { return out }
        for case .code(let inner) in consts { out += "\nDisassembly of \(inner.summary):\n" + inner.listing() }
        return out
    }

    /// What `dis` shows in parentheses behind the argument of `instruction`, which is one of this code; empty where it shows nothing.
    public func meaning(of instruction: Instruction) -> String {
        let argument = instruction.argument
        func at(_ list: [String], _ i: Int) -> String { i < list.count ? list[i] : "" }
        switch instruction.opcode.info.operand {
        case .constant: return argument < consts.count ? consts[argument].repr : ""
        case .name: return instruction.opcode.meaning(ofName: argument) { at(names, $0) }
        case .local, .cell: return at(localsplusnames, argument)
        case .jump: return "to \(instruction.target ?? 0)"
        default: return instruction.opcode.meaning(ofNumber: argument)
        }
    }

    /// `repr(code)` without the address.
    public var summary: String { "<code object \(name), file \"\(filename)\", line \(firstlineno)>" }
}

private struct Lister {
    private let code: CodeObject
    /// By byte offset: the line that begins there.
    private var lines: [Int: Int] = [:]
    private var targets: Set<Int> = []
    private let lineWidth: Int
    private let offsetWidth: Int

    init(_ code: CodeObject) {
        self.code = code
        var last: Int?
        for run in LocationTable.lines(of: code) {
            guard let line = run.line, line != last else { continue }
            last = line
            lines[run.start] = line
        }
        for instruction in InstructionSequence(code) {
            if let target = instruction.target { targets.insert(target) }
        }
        for entry in ExceptionTable(code.exceptiontable) { targets.insert(entry.target) }
        let highest = lines.values.max() ?? 0
        lineWidth = lines.isEmpty ? 0 : highest >= 1000 ? String(highest).utf8.count : 3
        offsetWidth = code.code.count - 2 >= 10000 ? String(code.code.count - 2).utf8.count : 4
    }

    mutating func text() -> String {
        var out = ""
        for instruction in InstructionSequence(code) {
            // EXTENDED_ARG has a line of its own, with the argument so far.
            var prefix = 0
            for offset in stride(from: instruction.start, to: instruction.offset, by: 2) {
                prefix = prefix << 8 | Int(code.code[offset + 1])
                out += line(offset, "EXTENDED_ARG", prefix, "")
            }
            let name = instruction.opcode == .reserved ? "<\(code.code[instruction.offset])>" : instruction.opcode.name
            out += line(instruction.offset, name, instruction.opcode.hasArgument ? instruction.argument : nil, code.meaning(of: instruction))
        }
        let entries = Array(ExceptionTable(code.exceptiontable))
        if entries.isEmpty { return out }
        out += "ExceptionTable:\n"
        for entry in entries { out += "  \(entry.start) to \(entry.end - 2) -> \(entry.target) [\(entry.depth)]\(entry.lasti ? " lasti" : "")\n" }
        return out
    }

    private func line(_ offset: Int, _ name: String, _ argument: Int?, _ meaning: String) -> String {
        let start = lines[offset]
        var out = start != nil && offset > 0 ? "\n" : ""
        if lineWidth > 0 { out += Self.right(start.map { String($0) } ?? "", lineWidth) + " " }
        out += (targets.contains(offset) ? "    >> " : "       ") + Self.right(String(offset), offsetWidth) + " "
        guard let argument else { return out + name + "\n" }
        out += name + String(repeating: " ", count: max(0, 20 - name.utf8.count)) + " " + Self.right(String(argument), 5)
        return out + (meaning.isEmpty ? "" : " (\(meaning))") + "\n"
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.utf8.count)) + text
    }
}

extension Opcode {
    /// What the argument means to an instruction whose argument is, perhaps with bits beside it, the number of a name.
    public func meaning(ofName argument: Int, name: (Int) -> String) -> String {
        switch self {
        case .loadGlobal: (argument & 1 != 0 ? "NULL + " : "") + name(argument >> 1)
        case .loadAttr: (argument & 1 != 0 ? "NULL|self + " : "") + name(argument >> 1)
        case .loadSuperAttr: (argument & 1 != 0 ? "NULL|self + " : "") + name(argument >> 2)
        default: name(argument)
        }
    }

    /// What a plain number means to the instructions that have names for it; empty for the others.
    public func meaning(ofNumber argument: Int) -> String {
        switch self {
        case .compareOp: return "\(Opcode.comparison(argument >> 4))"
        case .binaryOp: return "\(Opcode.binaryOperator(argument))"
        case .formatValue:
            let conversion = ["", "str", "repr", "ascii"][argument & 3]
            if argument & 4 == 0 { return conversion }
            return conversion.isEmpty ? "with format" : conversion + ", with format"
        case .makeFunction:
            let parts = ["defaults", "kwdefaults", "annotations", "closure"].enumerated().filter { argument & 1 << $0.offset != 0 }
            return parts.map(\.element).joined(separator: ", ")
        case .callIntrinsic1: return Self.intrinsics1.indices.contains(argument) ? Self.intrinsics1[argument] : ""
        case .callIntrinsic2: return Self.intrinsics2.indices.contains(argument) ? Self.intrinsics2[argument] : ""
        default: return ""
        }
    }

    private static var intrinsics1: [String] {
        [
            "INTRINSIC_1_INVALID", "INTRINSIC_PRINT", "INTRINSIC_IMPORT_STAR", "INTRINSIC_STOPITERATION_ERROR", "INTRINSIC_ASYNC_GEN_WRAP",
            "INTRINSIC_UNARY_POSITIVE", "INTRINSIC_LIST_TO_TUPLE", "INTRINSIC_TYPEVAR", "INTRINSIC_PARAMSPEC", "INTRINSIC_TYPEVARTUPLE",
            "INTRINSIC_SUBSCRIPT_GENERIC", "INTRINSIC_TYPEALIAS",
        ]
    }

    private static var intrinsics2: [String] {
        [
            "INTRINSIC_2_INVALID", "INTRINSIC_PREP_RERAISE_STAR", "INTRINSIC_TYPEVAR_WITH_BOUND", "INTRINSIC_TYPEVAR_WITH_CONSTRAINTS",
            "INTRINSIC_SET_FUNCTION_TYPE_PARAMS",
        ]
    }
}

extension Constant {
    /// `repr` of the value, without the address of a code object. Items of a frozenset come in the order of the code object, which is
    /// not the one that hashes give.
    public var repr: String {
        switch self {
        case .none: return "None"
        case .true: return "True"
        case .false: return "False"
        case .ellipsis: return "Ellipsis"
        case .int(let value): return value.description
        case .float(let value): return FloatText.repr(value)
        case .complex(let real, let imaginary):
            let end = Constant.part(imaginary) + "j"
            if real == 0 && real.sign == .plus { return end }
            return "(" + Constant.part(real) + (end.utf8.first == 0x2D ? "" : "+") + end + ")"
        case .str(let bytes, _): return QuotedText.string(bytes)
        case .bytes(let bytes): return "b" + QuotedText.bytes(bytes)
        case .tuple(let items): return "(" + items.map(\.repr).joined(separator: ", ") + (items.count == 1 ? ",)" : ")")
        case .frozenset(let items): return items.isEmpty ? "frozenset()" : "frozenset({" + items.map(\.repr).joined(separator: ", ") + "})"
        case .code(let code): return code.summary
        }
    }

    /// A part of a complex number: a float without the `.0` of whole ones.
    private static func part(_ value: Double) -> String {
        let text = FloatText.repr(value)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
