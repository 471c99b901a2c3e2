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
        var out = "  \(type): \(PlainText.visible(message))" + (span.map { " (line \($0.line))" } ?? "") + "\n"
        let line = text.split(separator: "\n", omittingEmptySubsequences: false).first.map { String($0) } ?? ""
        if let span, !line.isEmpty {
            out += "    \(PlainText.visible(line))\n"
            // Tabs are shown as two characters.
            let before = PlainText.visible(String(line.unicodeScalars.prefix(span.column))).unicodeScalars.count
            let width = span.endLine == span.line ? max(1, span.endColumn - span.column) : max(1, line.unicodeScalars.count - span.column)
            out += "    " + String(repeating: " ", count: before) + String(repeating: "^", count: min(width, 100)) + "\n"
        }
        return out
    }
}
