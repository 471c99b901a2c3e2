import Taipan
import XCTest

#if canImport(Glibc)
import Glibc
#endif

final class InterpreterTests: XCTestCase {
    private func error(_ body: () throws -> Void) -> PythonError? {
        do { try body() } catch { return error as? PythonError }
        return nil
    }

    func testValuesInBothDirections() throws {
        let python = try Interpreter()
        let values: [PythonValue] = [
            nil, true, false, 0, -5, .int(.max), .int(.min), 1.5, .float(.infinity), "", "h\u{e9}\u{20ac}\u{1f600}", .bytes([0, 255]), [],
            [1, "a", [nil]], .tuple([1, .tuple([])]), ["a": 1, 2: ["b": nil]], .bigInt("123456789012345678901234567890"),
        ]
        for value in values {
            try python.set("x", value)
            XCTAssertEqual(try python.evaluate("x"), value)
            XCTAssertEqual(try python.get("x"), value)
        }
        XCTAssertNil(try python.get("missing"))
        XCTAssertEqual(try python.evaluate("{'k': [1, (2.5, b'x')]}")["k"]?.items?.last, .tuple([2.5, .bytes([0x78])]))
        XCTAssertEqual(try python.evaluate("2 ** 64"), .bigInt("18446744073709551616"))
    }

    func testErrors() throws {
        let python = try Interpreter()
        let division = error { try python.run("def f():\n    1 / 0\nf()", filename: "<here>") }
        XCTAssertEqual(division?.type, "ZeroDivisionError")
        XCTAssertEqual(division?.message, "division by zero")
        XCTAssertEqual(division?.traceback, """
            Traceback (most recent call last):
              File "<here>", line 3, in <module>
              File "<here>", line 2, in f
            ZeroDivisionError: division by zero

            """)
        XCTAssertEqual(error { try python.run("x = = 1") }?.type, "SyntaxError")
        XCTAssertEqual(error { _ = try python.evaluate("nosuch") }?.message, "name 'nosuch' is not defined")
        XCTAssertEqual(error { try python.run("raise SystemExit(3)") }?.type, "SystemExit")
        XCTAssertEqual(error { try python.run("def f(): f()\nf()") }?.type, "RecursionError")
        XCTAssertEqual(try python.evaluate("1 + 1"), 2)
    }

    func testObjects() throws {
        let python = try Interpreter()
        try python.run("class Point:\n    def __init__(self, x): self.x = x\n    def __repr__(self): return f'Point({self.x})'\np = Point(7)")
        guard case .object(let point)? = try python.get("p"), case .object(let type)? = try python.get("Point") else { return XCTFail("no objects") }
        XCTAssertEqual(point.description, "Point(7)")
        XCTAssertEqual(try point.attribute("x"), 7)
        guard case .object(let other) = try type.call("new") else { return XCTFail("no instance") }
        XCTAssertEqual(other.description, "Point(new)")
        try python.run("del p\nimport gc\ngc.collect()")
        XCTAssertEqual(try point.attribute("x"), 7)
        try python.set("again", .object(point))
        XCTAssertEqual(try python.evaluate("again.x"), 7)
        XCTAssertEqual(try python.get("again"), .object(point))
        XCTAssertNotEqual(PythonValue.object(point), .object(other))
        XCTAssertEqual(error { _ = try point.attribute("y") }?.type, "AttributeError")
    }

    func testSwiftFunctions() throws {
        let python = try Interpreter()
        try python.define("join") { arguments in .string(arguments.map { "\($0)" }.joined(separator: "|")) }
        XCTAssertEqual(try python.evaluate("join(1, 'a')"), "int(1)|string(\"a\")")
        try python.define("fail") { _ in throw PythonError(type: "KeyError", message: "k") }
        XCTAssertEqual(try python.evaluate("[type(e).__name__ for e in [None]]"), ["NoneType"])
        try python.run("try: fail()\nexcept KeyError as e: caught = e.args[0]")
        XCTAssertEqual(try python.get("caught"), "k")
        // A Swift function may use the interpreter that calls it.
        try python.define("nested") { [unowned python] arguments in
            try python.set("inner", arguments[0])
            return try python.evaluate("inner * 2")
        }
        XCTAssertEqual(try python.evaluate("nested(21) + nested(0)"), 42)
        try python.define("callback") { arguments in
            guard case .object(let function) = arguments[0] else { return nil }
            return try function.call(5)
        }
        XCTAssertEqual(try python.evaluate("callback(lambda n: n + 1)"), 6)
    }

    func testLimits() throws {
        var configuration = Interpreter.Configuration()
        configuration.memoryLimit = 64 << 20
        let python = try Interpreter(configuration: configuration)
        XCTAssertEqual(error { try python.run("x = [0] * 10**8") }?.type, "MemoryError")
        XCTAssertEqual(error { try python.run("x = []\nwhile True: x.append([len(x)])") }?.type, "MemoryError")
        try python.run("x = None\nfor i in range(10**6): y = [i]")
        python.timeLimit = 0.2
        for loop in ["while True: pass", "while True:\n    try:\n        while True: pass\n    except BaseException: pass", "for i in iter(int, 1): pass"] {
            XCTAssertEqual(error { try python.run(loop) }?.type, "TimeoutError", loop)
        }
        XCTAssertEqual(try python.evaluate("6 * 7"), 42)
    }

    func testInterpretersShareNothing() throws {
        let first = try Interpreter(), second = try Interpreter()
        try first.run("import sys\nsys.shared = 1\nx = 1\nclass int: pass")
        XCTAssertNil(try second.get("x"))
        XCTAssertEqual(try second.evaluate("hasattr(__import__('sys'), 'shared')"), false)
        guard case .object(let object)? = try first.get("sys") else { return XCTFail("no module") }
        XCTAssertEqual(error { try second.set("y", .object(object)) }?.type, "ValueError")
    }

    func testEveryThingIsFreed() throws {
        func resident() -> Int {
            guard let file = fopen("/proc/self/statm", "r") else { return 0 }
            defer { fclose(file) }
            var buffer = [CChar](repeating: 0, count: 200)
            guard fgets(&buffer, 200, file) != nil else { return 0 }
            return Int(String(cString: buffer).split(separator: " ")[1]).map { $0 * 4096 } ?? 0
        }
        var kept: PythonObject?
        func use() throws {
            let python = try Interpreter()
            try python.run("x = [[i] for i in range(100000)]\ndef f(): pass")
            if case .object(let function)? = try python.get("f") { kept = function }
        }
        for _ in 0..<3 { try use() }
        let before = resident()
        for _ in 0..<20 { try use() }
        XCTAssertLessThan(resident() - before, 40 << 20)
        XCTAssertEqual(error { _ = try kept?.call() }?.message, "the interpreter has ended")
    }

    /// The example in the README is the one below, line for line, and runs.
    func testReadmeExample() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
        let example = readme.components(separatedBy: "## Embedding")[1].components(separatedBy: "```")[1].split(separator: "\n").dropFirst(2)
        let here = Set(try String(contentsOfFile: #filePath, encoding: .utf8).split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) })
        for line in example { XCTAssert(here.contains(line.trimmingCharacters(in: .whitespaces)), "\(line)") }
        var output = ""
        func print(_ items: Any...) { output += items.map { "\($0)" }.joined(separator: " ") + "\n" }
        // Begin of the example.
        let python = try Interpreter()
        try python.run("""
            def greet(name):
                return f"hello, {name}"
            """)
        try python.set("who", "world")
        print(try python.evaluate("greet(who)"))          // string("hello, world")

        // Python objects without a Swift form stay in the interpreter; functions can be called.
        if case .object(let greet)? = try python.get("greet") {
            print(try greet.call("Swift"))                // string("hello, Swift")
        }

        // Swift functions can be called from Python.
        try python.define("add") { arguments in
            guard case .int(let a) = arguments[0], case .int(let b) = arguments[1] else {
                throw PythonError(type: "TypeError", message: "two ints, please")
            }
            return .int(a + b)
        }
        print(try python.evaluate("[add(n, 1) for n in range(3)]"))

        do {
            try python.run("1 / 0")
        } catch let error as PythonError {
            print(error.type, error.message)              // ZeroDivisionError division by zero
            print(error.traceback)
        }

        // Limits: seconds for each call, bytes of objects for the interpreter.
        python.timeLimit = 0.1
        do { try python.run("while True: pass") } catch let error as PythonError { print(error.type) }
        var small = Interpreter.Configuration()
        small.memoryLimit = 64 << 20
        do { try Interpreter(configuration: small).run("x = [0] * 10**8") } catch let error as PythonError { print(error.type) }
        // End of the example.
        XCTAssert(output.hasPrefix("string(\"hello, world\")\nstring(\"hello, Swift\")\n"), output)
        XCTAssert(output.contains("ZeroDivisionError division by zero\nTraceback"), output)
        XCTAssert(output.hasSuffix("TimeoutError\nMemoryError\n"), output)
    }
}
