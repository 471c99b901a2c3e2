// The recorder in the embedding API.

import Taipan
import TaipanExplain
import XCTest

final class ExplainTests: XCTestCase {
    /// The example in the documentation of `ExplainRecorder`, and what it records.
    func testRecorder() throws {
        let recorder = ExplainRecorder(limit: 500)
        let python = try Interpreter(explain: recorder)
        try python.run("""
            def double(x):
                y = x + x
                return y
            z = double(4)
            """)
        let execution = try XCTUnwrap(recorder.record.execution), codes = try XCTUnwrap(recorder.record.bytecode).codes
        XCTAssertEqual(execution.total, execution.steps.count)
        let entered = execution.steps.flatMap(\.events).first { $0.kind == "call" }
        XCTAssertEqual(entered?.text, "double(4)")
        let frame = execution.frames[try XCTUnwrap(entered).frame]
        XCTAssertEqual(codes[frame.code].name, "double")
        XCTAssertEqual(execution.frames[frame.caller].depth, 0)
        let changes = execution.steps.flatMap(\.changes)
        XCTAssertEqual(changes.map(\.name), ["double", "y", "z"])
        XCTAssertEqual(changes.map(\.kind), ["global", "local", "global"])
        XCTAssertEqual(changes.map(\.value), ["<function double>", "8", "8"])
        XCTAssertEqual(execution.functions.first { $0.name == "double" }?.calls, 1)
        XCTAssertTrue(recorder.record.startup?.steps.contains { $0.name == "types" } ?? false)
    }

    /// What is beyond the limit is counted, the last instructions are kept, and a second run goes on where the first ended.
    func testLimits() throws {
        let recorder = ExplainRecorder(limit: 10)
        let python = try Interpreter(explain: recorder)
        try python.run("n = 0\nfor i in range(1000): n += i\n")
        let first = try XCTUnwrap(recorder.record.execution)
        XCTAssertEqual(first.steps.count, 10 + ExplainRecorder.lastLimit)
        XCTAssertEqual(first.steps.last?.number, first.total)
        XCTAssertGreaterThan(first.total, 5000)
        XCTAssertThrowsError(try python.run("1 / 0"))
        let second = try XCTUnwrap(recorder.record.execution)
        XCTAssertGreaterThan(second.total, first.total)
        XCTAssertTrue(second.steps.last?.events.contains { $0.kind == "raise" && $0.text == "ZeroDivisionError: division by zero" } ?? false)
        XCTAssertEqual(try python.evaluate("n"), .int(499500))
    }
}
