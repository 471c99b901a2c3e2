// The terminal's telling of a run: the seven stages under headings, in lines of about a hundred characters, without colours.

extension ExplainRecord {
    /// The stages that were picked, as plain text. Stages that the record does not have are told as not reached.
    public func text(_ stages: Set<ExplainStage>) -> String {
        var out = ""
        for stage in ExplainStage.allCases where stages.contains(stage) {
            out += (out.isEmpty ? "" : "\n") + Self.heading(stage)
            out += body(of: stage) ?? "  Not reached.\n"
        }
        return out + closing(stages)
    }

    private static func heading(_ stage: ExplainStage) -> String {
        let title = switch stage {
        case .shell: "1 The shell finds Python"
        case .startup: "2 Start-up"
        case .tokens: "3 Source and tokens"
        case .ast: "4 Tree"
        case .bytecode: "5 Bytecode and cache"
        case .execution: "6 Execution"
        case .output: "7 Output and clean-up"
        }
        return PlainText.pad("== \(title) ", to: 100).replacingTrailingSpaces(with: "=") + "\n"
    }

    private func body(of stage: ExplainStage) -> String? {
        switch stage {
        case .shell: shell.map { $0.text() }
        case .startup: startup.map { $0.text() }
        case .tokens: source.map { $0.tell() }
        case .ast: tree.map { $0.text() }
        case .bytecode: bytecode.map { $0.text(source: source) }
        case .execution: execution.map { $0.text(bytecode: bytecode, source: source) }
        case .output: output.map { $0.text() }
        }
    }

    /// How the run ended and where the time went.
    private func closing(_ stages: Set<ExplainStage>) -> String {
        if ending.isEmpty && times.isEmpty { return "" }
        var out = ""
        if !ending.isEmpty {
            out += "\nThe run ended: \(ending)" + (exitStatus.map { ", exit status \($0)" } ?? "") + ".\n"
        }
        var table = TextTable([(.left, 12), (.right, 12)])
        for time in times { table.add(time.stage.rawValue, PlainText.time(time.microseconds)) }
        if !table.isEmpty {
            table.add("together", PlainText.time(times.reduce(0) { $0 + $1.microseconds }))
            out += "Time by stage:\n" + table.text()
        }
        return out
    }
}

extension String {
    /// For a rule: the spaces at the end become `mark`s, but for the first.
    fileprivate func replacingTrailingSpaces(with mark: Character) -> String {
        var text = self
        var count = 0
        while text.last == " " {
            text.removeLast()
            count += 1
        }
        return count == 0 ? text : text + " " + String(repeating: mark, count: count - 1)
    }
}

extension SpanRecord {
    /// "3:4-3:9".
    var text: String { "\(line):\(column)-\(endLine):\(endColumn)" }
}

extension SyntaxErrorRecord {
    /// The error as a traceback ends, with a mark below the place.
    func tell() -> String {
        let title = "\(type): \(message)" + (span.map { " (line \($0.line))" } ?? "")
        var out = PlainText.wrapped(title, to: 96).map { "  \($0)\n" }.joined()
        let line = text.split(separator: "\n", omittingEmptySubsequences: false).first.map { Array($0.unicodeScalars) } ?? []
        guard let span, !line.isEmpty else { return out }
        // What is left of a place far to the right goes; tabs and the like are shown as several characters.
        let start = max(0, min(span.column, line.count) - 60)
        func shown(_ range: Range<Int>) -> String {
            PlainText.visible(range.clamped(to: 0..<line.count).reduce(into: "") { $0.unicodeScalars.append(line[$1]) })
        }
        let end = span.endLine == span.line ? max(span.column + 1, span.endColumn) : line.count
        let before = shown(start..<max(start, span.column)).unicodeScalars.count
        let width = max(1, shown(span.column..<max(span.column, end)).unicodeScalars.count)
        out += "    " + String(shown(start..<line.count).unicodeScalars.prefix(94)) + "\n"
        out += "    " + String(repeating: " ", count: before) + String(repeating: "^", count: max(1, min(width, 94 - before))) + "\n"
        return out
    }
}
