// The trace as text: a line for each instruction, under a line for each place of the source it comes to, events on lines of their own.
// Calls are indented.
import TaipanSyntax

struct TraceText {
    private let execution: ExecutionRecord
    private let codes: [CodeRecord]
    private let scriptFile: String
    private let hasSource: Bool
    private let lines: SourceLines
    /// By code, then offset: the instruction's index.
    private let places: [[Int: Int]]
    private let numberWidth: Int
    private var out = ""
    private var shown = (frame: -1, line: -1)

    static func text(_ execution: ExecutionRecord, _ codes: [CodeRecord], _ source: SourceRecord?) -> String {
        var trace = TraceText(execution, codes, source)
        trace.run()
        return trace.out
    }

    private init(_ execution: ExecutionRecord, _ codes: [CodeRecord], _ source: SourceRecord?) {
        self.execution = execution
        self.codes = codes
        hasSource = source.map { !$0.text.isEmpty } ?? false
        scriptFile = source?.file ?? codes.first?.file ?? ""
        lines = SourceLines(SourceText.normalised(Array((source?.text ?? "").utf8), addNewline: true))
        places = codes.map { code in
            Dictionary(code.instructions.enumerated().map { ($0.element.offset, $0.offset) }, uniquingKeysWith: { first, _ in first })
        }
        numberWidth = max(6, String(execution.steps.last?.number ?? 0).utf8.count)
    }

    private mutating func run() {
        out += "  " + PlainText.pad("number", to: numberWidth, .right) + " offset  " + PlainText.pad("instruction", to: 34)
            + "  " + PlainText.pad("stack before -> after", to: 32) + "  what changed\n"
        var last = 0
        for step in execution.steps {
            if step.number > last + 1 {
                out += "  … \(PlainText.count(step.number - last - 1, "instruction")) only counted …\n"
                shown = (-1, -1)
            }
            last = step.number
            tell(step)
        }
        if execution.total > last { out += "  … \(PlainText.count(execution.total - last, "instruction")) only counted …\n" }
    }

    private mutating func tell(_ step: ExecutionRecord.Step) {
        let frame = execution.frames.indices.contains(step.frame) ? execution.frames[step.frame] : ExecutionRecord.Frame()
        let code = codes.indices.contains(frame.code) ? codes[frame.code] : CodeRecord()
        let instruction = places.indices.contains(frame.code) ? places[frame.code][step.offset].map { code.instructions[$0] } : nil
        let indent = String(repeating: "  ", count: min(max(0, frame.depth), 8))
        head(step.frame, frame, code, instruction?.line, indent)
        var text = indent + (instruction?.opcode ?? "?")
        if let instruction {
            if !instruction.meaning.isEmpty { text += " (\(instruction.meaning))" } else if let argument = instruction.argument { text += " \(argument)" }
        }
        let changes = step.changes.map { "\($0.name) \($0.value.map { "= \($0)" } ?? "is gone")" }.joined(separator: ", ")
        var line = "  " + PlainText.pad(String(step.number), to: numberWidth, .right) + PlainText.pad(String(step.offset), to: 7, .right) + "  "
        line += PlainText.pad(PlainText.cut(text, to: 34), to: 34) + "  " + PlainText.pad(Self.stacks(step), to: 32)
        let room = 100 - PlainText.width(line) - 2
        if PlainText.width(changes) <= room { line += "  " + PlainText.visible(changes) }
        while line.utf8.last == UInt8(ascii: " ") { line.removeLast() }
        out += line + "\n"
        let margin = String(repeating: " ", count: numberWidth + 11) + indent
        if PlainText.width(changes) > room { out += margin + PlainText.cut(changes, to: 96 - margin.utf8.count) + "\n" }
        for event in step.events { tell(event, margin) }
    }

    /// Where the instruction comes from, when that is another place than the last one's.
    private mutating func head(_ number: Int, _ frame: ExecutionRecord.Frame, _ code: CodeRecord, _ line: Int?, _ indent: String) {
        let line = line ?? (shown.frame == number ? shown.line : 0)
        if shown == (number, line) { return }
        let isNew = shown.frame != number
        shown = (number, line)
        var text = isNew ? "\(code.qualifiedName)" + (frame.thread > 1 ? ", thread \(frame.thread)" : "") + ", " : ""
        if isNew && code.file != scriptFile { text += code.file + " " }
        text += line > 0 ? "line \(line)" : "before the first line"
        if code.file == scriptFile, line > 0, hasSource { text += ": " + lines.line(line).drop { $0 == " " || $0 == "\t" } }
        out += "  " + indent + PlainText.cut(text, to: 98 - indent.utf8.count) + "\n"
    }

    private mutating func tell(_ event: ExecutionRecord.Event, _ margin: String) {
        let room = max(20, 96 - margin.utf8.count - event.kind.utf8.count)
        out += margin + "* \(event.kind)\(event.text.isEmpty ? "" : ": " + PlainText.cut(event.text, to: room))\n"
        for step in event.steps { out += margin + "    " + PlainText.cut(step, to: max(20, 94 - margin.utf8.count)) + "\n" }
    }

    private static func stacks(_ step: ExecutionRecord.Step) -> String {
        stack(step.before) + " -> " + (step.after.map { stack($0) } ?? "left")
    }

    /// The upper end of a stack in 14 characters; what lies below is counted.
    private static func stack(_ entries: [String]) -> String {
        var shown: [String] = []
        var width = 2
        for entry in entries.reversed() {
            let text = PlainText.clip(entry, to: 12)
            if !shown.isEmpty && width + text.unicodeScalars.count + 2 > 12 { break }
            shown.insert(text, at: 0)
            width += text.unicodeScalars.count + 2
        }
        let below = entries.count - shown.count
        return "[" + (below > 0 ? "\(below)…" + (shown.isEmpty ? "" : ", ") : "") + shown.joined(separator: ", ") + "]"
    }
}
