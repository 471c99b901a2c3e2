import XCTest
@testable import TaipanExplain

final class ExplainRecordTests: XCTestCase {
    // MARK: JSON

    /// Each field of each record is in the JSON, under its name in snake case and in its order.
    func testEveryFieldIsWritten() throws {
        check(CommandRecord())
        check(StageTime(stage: .ast, microseconds: 1))
        check(ShellRecord())
        check(ShellRecord.Look())
        check(ShellRecord.Link())
        check(ShellRecord.Python())
        check(ShellRecord.Shebang())
        check(ShellRecord.VirtualEnvironment())
        check(StartupRecord())
        check(StartupRecord.Step())
        check(StartupRecord.PathEntry())
        check(StartupRecord.Setting())
        check(SyntaxErrorRecord())
        check(SourceRecord())
        check(SourceRecord.Token())
        check(TreeRecord())
        check(TreeRecord.Node())
        check(TreeRecord.Fold())
        check(TreeRecord.Symbol())
        check(TreeRecord.Scope())
        check(CodeRecord())
        check(CodeRecord.Instruction())
        check(CodeRecord.RawInstruction())
        check(CodeRecord.Handler())
        check(CodeRecord.RegisterWord())
        check(ImportRecord())
        check(BytecodeRecord())
        check(ExecutionRecord())
        check(ExecutionRecord.Frame())
        check(ExecutionRecord.Change())
        check(ExecutionRecord.Event())
        check(ExecutionRecord.Step())
        check(ExecutionRecord.FunctionCount())
        check(ExecutionRecord.LineCount())
        check(ExecutionRecord.Specialization())
        check(ExecutionRecord.Collection())
        check(ExecutionRecord.Handover())
        check(OutputRecord())
        check(OutputRecord.Write())
        check(OutputRecord.Transfer())
        check(OutputRecord.ExitFunction())
        check(OutputRecord.Finalized())
        check(OutputRecord.Alive())
    }

    private func check(_ record: some JSONRecord, file: StaticString = #filePath, line: UInt = #line) {
        var out = JSONWriter()
        out.record(record)
        var names: [String] = []
        var depth = 0
        // Names stand at the first level, before a colon; the values of empty records hold no braces in texts.
        var word = "", isText = false
        for character in String(decoding: out.bytes, as: UTF8.self) {
            if character == "\"" {
                isText.toggle()
                if isText { word = "" }
            } else if isText {
                word.append(character)
            } else if "{[".contains(character) {
                depth += 1
            } else if "}]".contains(character) {
                depth -= 1
            } else if character == ":" && depth == 1 {
                names.append(word)
            }
        }
        let fields = Mirror(reflecting: record).children.compactMap(\.label)
        XCTAssertEqual(names, fields.map(snake), file: file, line: line)
    }

    private func snake(_ name: String) -> String {
        name.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
    }

    func testJSONTexts() {
        var out = JSONWriter()
        var time = StartupRecord.Step()
        time.name = "a\"\\\n\t\u{1}\u{7F}</script>é\u{1F40D}"
        time.microseconds = 1.23456
        out.record(time)
        XCTAssertEqual(
            String(decoding: out.bytes, as: UTF8.self),
            "{\"name\":\"a\\\"\\\\\\n\\t\\u0001\\u007f\\u003c/script>é\u{1F40D}\",\"detail\":\"\",\"microseconds\":1.235,\"bytes\":0}")
    }

    func testJSONNumbers() {
        for (value, text) in [(0.0, "0"), (-0.5, "-0.5"), (3.0, "3"), (.infinity, "null"), (.nan, "null"), (1e300, "1e+300"), (123456789.1234, "123456789.123")] {
            var out = JSONWriter()
            out.record(StageTime(stage: .shell, microseconds: value))
            XCTAssertEqual(String(decoding: out.bytes, as: UTF8.self), "{\"stage\":\"shell\",\"microseconds\":\(text)}")
        }
    }

    func testAnEmptyRecordIsValid() {
        let text = String(decoding: ExplainRecord().json(), as: UTF8.self)
        XCTAssertTrue(text.hasPrefix("{\"taipan_explain\":1,\"command\":{\"arguments\":[],"))
        XCTAssertTrue(text.hasSuffix("\"output\":null,\"times\":[],\"exit_status\":null,\"ending\":\"\",\"left_out\":[]}"))
    }

    // MARK: Text

    func testCut() {
        XCTAssertEqual(PlainText.cut("short", to: 5), "short")
        XCTAssertEqual(PlainText.cut("a\nb", to: 4), "a\\nb")
        for width in 10...30 {
            let text = PlainText.cut(String(repeating: "x\t", count: 70), to: width)
            XCTAssertLessThanOrEqual(text.unicodeScalars.count, width)
            // What is shown and what is said to be gone are the whole text.
            let parts = text.components(separatedBy: "…(+")
            let shown = parts[0].replacing("\\t", with: "\t").unicodeScalars.count
            XCTAssertEqual(shown + (Int(parts[1].dropLast()) ?? 0), 140)
        }
        XCTAssertEqual(PlainText.clip("abcdef", to: 4), "abc…")
        XCTAssertEqual(PlainText.visible("\u{1B}[31m\u{202E}"), "\\x1b[31m\\u{202e}")
    }

    func testNumbers() {
        XCTAssertEqual(PlainText.grouped(-1_234_567), "-1,234,567")
        XCTAssertEqual(PlainText.grouped(123), "123")
        XCTAssertEqual(PlainText.time(3.25), "3.3 µs")
        XCTAssertEqual(PlainText.time(999), "999 µs")
        XCTAssertEqual(PlainText.time(1234.5), "1.2 ms")
        XCTAssertEqual(PlainText.time(1_050_000), "1.05 s")
        XCTAssertEqual(PlainText.time(.infinity), "?")
    }

    func testTable() {
        var table = TextTable([(.right, 6), (.left, 12)], indent: 1, wraps: true)
        table.add("1", "one")
        table.add("22", "a text that goes on")
        XCTAssertEqual(table.text(), "  1  one\n 22  a text that\n     goes on\n")
    }

    /// Stages that were not reached, and stages without anything in them, are told too.
    func testEmptyStages() {
        var record = ExplainRecord()
        XCTAssertEqual(record.text([.shell, .output]).split(separator: "\n").count, 4)
        record.shell = ShellRecord()
        record.startup = StartupRecord()
        record.source = SourceRecord()
        record.tree = TreeRecord()
        record.bytecode = BytecodeRecord()
        record.execution = ExecutionRecord()
        record.output = OutputRecord()
        let text = record.text(Set(ExplainStage.allCases))
        XCTAssertFalse(text.contains("Not reached"))
        XCTAssertEqual(text.components(separatedBy: "== ").count, 8)
    }

    func testTrace() {
        var record = ExplainRecord()
        let source = Array("def f(n):\n    return n + 1\nprint(f(4))\n".utf8)
        record.source = ExplainStages.source(bytes: source, file: "a.py", ignoresCookie: false)
        var code = CodeRecord()
        code.name = "f"
        code.qualifiedName = "f"
        code.file = "a.py"
        var add = CodeRecord.Instruction()
        add.offset = 6
        add.opcode = "BINARY_OP"
        add.argument = 0
        add.meaning = "+"
        add.line = 2
        code.instructions = [add]
        var bytecode = BytecodeRecord()
        bytecode.codes = [code]
        record.bytecode = bytecode
        var execution = ExecutionRecord()
        var frame = ExecutionRecord.Frame()
        frame.depth = 1
        execution.frames = [frame]
        var step = ExecutionRecord.Step()
        step.number = 7
        step.offset = 6
        step.before = ["4", "1"]
        step.after = ["5"]
        var change = ExecutionRecord.Change()
        change.name = "n"
        change.value = "5"
        step.changes = [change]
        var event = ExecutionRecord.Event()
        event.kind = "raise"
        event.text = "ValueError: no\nmore"
        step.events = [event]
        execution.steps = [step]
        execution.total = 9
        record.execution = execution
        XCTAssertEqual(
            record.text([.execution]),
            """
            == 6 Execution =====================================================================================
              9 instructions ran; the first 2,000 and the last 200 are told.
              number offset  instruction                         stack before -> after             what changed
              … 6 instructions only counted …
                f, line 2: return n + 1
                   7      6    BINARY_OP (+)                     [4, 1] -> [5]                     n = 5
                               * raise: ValueError: no\\nmore
              … 2 instructions only counted …
              Objects of 0 bytes were made; 0 collections.

            """)
    }

    // MARK: Stages

    func testFoldsAndReasons() throws {
        let source = Array("x = 1 + 2\ndef f(a):\n    global y\n    y = a\n    return [a * x for _ in len]\n".utf8)
        let tree = ExplainStages.tree(bytes: source, file: "a.py", parser: .init(), optimize: 0)
        XCTAssertEqual(tree.folds.map { "\($0.before) => \($0.after)" }, ["1 + 2 => 3"])
        let reasons = tree.scopes.flatMap { scope in scope.symbols.map { "\(scope.name).\($0.name): \($0.scope), \($0.reason)" } }
        XCTAssertEqual(reasons, [
            "top.x: local, assigned on line 1",
            "top.f: local, defined on line 2",
            "top.y: global explicit, declared global in function f",
            "f.a: local, parameter",
            "f.y: global explicit, declared global on line 3, assigned on line 4",
            "f.len: global implicit, used on line 5, not assigned here nor in the module: a builtin, or put there while the program runs",
            "f._: local, target of a comprehension on line 5",
            "f.x: global implicit, used on line 5, not assigned here: the module's, assigned on line 1",
        ])
    }

    /// A tree that is too large is cut and says by how much; it has no dump then.
    func testLimits() {
        let source = Array("a = [1, 2, 3, 4, 5]\n".utf8)
        let whole = ExplainStages.tree(bytes: source, file: "a.py", parser: .init(), optimize: 0)
        let cut = ExplainStages.tree(bytes: source, file: "a.py", parser: .init(), optimize: 0, limit: 4)
        XCTAssertEqual(cut.nodes.count, 4)
        XCTAssertEqual(cut.nodes.count + cut.omittedNodes, whole.nodes.count)
        XCTAssertEqual(cut.dump, "")
        let tokens = ExplainStages.source(bytes: source, file: "a.py", ignoresCookie: false, limit: 5)
        let all = ExplainStages.source(bytes: source, file: "a.py", ignoresCookie: false)
        XCTAssertEqual(tokens.tokens.count + tokens.omittedTokens, all.tokens.count)
    }
}
