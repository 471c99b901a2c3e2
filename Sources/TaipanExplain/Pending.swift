// Stands in for the static stages and the writers until they are there.

import TaipanBytecode
import TaipanSyntax

public enum ExplainStages {
    public static func shell(arguments: [String], mode: String, script: String) -> ShellRecord { ShellRecord() }
    public static func source(bytes: [UInt8], file: String, ignoresCookie: Bool) -> SourceRecord {
        var made = SourceRecord()
        made.file = file
        made.byteCount = bytes.count
        return made
    }
    public static func tree(bytes: [UInt8], file: String, parser: ParserOptions, optimize: Int) -> TreeRecord { TreeRecord() }
    public static func codes(_ code: CodeObject, source: [UInt8], parser: ParserOptions, optimize: Int) -> [CodeRecord] {
        var made = [brief(code)]
        for constant in code.consts {
            if case .code(let inner) = constant { made += codes(inner, source: source, parser: parser, optimize: optimize) }
        }
        return made
    }
    public static func brief(_ code: CodeObject) -> CodeRecord {
        var made = CodeRecord()
        made.name = code.name
        made.qualifiedName = code.qualname
        made.file = code.filename
        made.firstLine = code.firstlineno
        for instruction in InstructionSequence(code) {
            var one = CodeRecord.Instruction()
            one.offset = instruction.offset
            one.opcode = instruction.opcode.name
            one.argument = instruction.argument
            let range = LocationTable.range(in: code, at: instruction.offset)
            one.line = range.line > 0 ? Int(range.line) : nil
            made.instructions.append(one)
        }
        return made
    }
}

extension ExplainRecord {
    public func json() -> [UInt8] { Array(ExplainRecord.text(self).utf8) + [10] }
    public func text(_ stages: Set<ExplainStage>) -> String { "" }
    public func page() -> [UInt8] { json() }

    private static func text(_ value: Any) -> String {
        let mirror = Mirror(reflecting: value)
        if mirror.displayStyle == .optional { return mirror.children.first.map { text($0.value) } ?? "null" }
        if let text = value as? String { return quoted(text) }
        if value is Int || value is Bool || value is Double { return "\(value)" }
        if let stage = value as? ExplainStage { return quoted(stage.rawValue) }
        if mirror.displayStyle == .collection { return "[" + mirror.children.map { text($0.value) }.joined(separator: ",") + "]" }
        return "{" + mirror.children.map { quoted(snake($0.label ?? "")) + ":" + text($0.value) }.joined(separator: ",") + "}"
    }

    private static func quoted(_ text: String) -> String {
        var out = "\""
        for c in text.unicodeScalars {
            if c == "\"" || c == "\\" { out += "\\" }
            if c.value < 32 { out += "\\u" + String(repeating: "0", count: 4 - String(c.value, radix: 16).count) + String(c.value, radix: 16) } else { out.unicodeScalars.append(c) }
        }
        return out + "\""
    }

    private static func snake(_ label: String) -> String {
        var out = ""
        for c in label { out += c.isUppercase ? "_" + c.lowercased() : String(c) }
        return out
    }
}
