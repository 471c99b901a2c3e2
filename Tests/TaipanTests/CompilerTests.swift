import Foundation
import TaipanBytecode
import TaipanCompiler
import TaipanSyntax
import XCTest

final class CompilerTests: XCTestCase {
    private func code(_ source: String, optimize: Int = 0, mode: ParserMode = .file) throws -> CodeObject {
        var parser = ParserOptions()
        parser.mode = mode
        var options = CompilerOptions()
        options.optimize = optimize
        return try compile(source: Array(source.utf8), filename: "<test>", parser: parser, options: options)
    }

    /// The names of the instructions, with arguments where they have one.
    private func listing(_ code: CodeObject) -> [String] {
        InstructionSequence(code).map { $0.opcode.hasArgument ? "\($0.opcode.name) \($0.argument)" : $0.opcode.name }
    }

    private func inner(_ code: CodeObject, _ name: String) throws -> CodeObject {
        for constant in code.consts {
            if case .code(let inner) = constant {
                if inner.name == name { return inner }
                if let found = try? self.inner(inner, name) { return found }
            }
        }
        throw XCTSkip("no code object \(name)")
    }

    private func error(_ source: String) -> String {
        do {
            _ = try code(source)
            return "valid"
        } catch {
            guard let failure = error as? SyntaxFailure else { return "\(error)" }
            return "\(failure.message) \(failure.line ?? -1):\(failure.offset ?? -1)"
        }
    }

    func testModule() throws {
        let module = try code("x = 1\n")
        XCTAssertEqual(listing(module), ["RESUME 0", "LOAD_CONST 0", "STORE_NAME 0", "RETURN_CONST 1"])
        XCTAssertEqual(module.linetable, [0xF0, 0x03, 0x01, 0x01, 0x01, 0xD8, 0x04, 0x05, 0x81, 0x01])
        XCTAssertEqual(module.stacksize, 1)
        XCTAssertEqual(try code("", optimize: 0).stacksize, 0)
    }

    func testLoop() throws {
        let function = try inner(code("def f(a):\n    for x in a:\n        if x: g(x)\n"), "f")
        XCTAssertEqual(
            listing(function),
            [
                "RESUME 0", "LOAD_FAST 0", "GET_ITER", "FOR_ITER 16", "STORE_FAST 1", "LOAD_FAST 1",
                "POP_JUMP_IF_TRUE 1", "JUMP_BACKWARD 6", "LOAD_GLOBAL 1", "LOAD_FAST 1", "CALL 1", "POP_TOP",
                "JUMP_BACKWARD 18", "END_FOR", "RETURN_CONST 0",
            ])
        XCTAssertEqual(function.varnames, ["a", "x"])
    }

    func testClosureCells() throws {
        let outer = try inner(code("def f(a, b):\n    c = 1\n    return lambda: (b, c)\n"), "f")
        XCTAssertEqual(outer.cellvars, ["b", "c"])
        XCTAssertEqual(outer.localspluskinds, [0x20, 0x60, 0x40])
        XCTAssertEqual(listing(outer).prefix(3), ["MAKE_CELL 1", "MAKE_CELL 2", "RESUME 0"])
        let lambda = try inner(outer, "<lambda>")
        XCTAssertEqual(lambda.freevars, ["b", "c"])
        XCTAssertEqual(lambda.qualname, "f.<locals>.<lambda>")
        XCTAssertEqual(listing(lambda).first, "COPY_FREE_VARS 2")
    }

    func testInlinedComprehensionSavesItsName() throws {
        let function = try inner(code("def f(x):\n    return [x for x in x]\n"), "f")
        XCTAssertTrue(listing(function).contains("LOAD_FAST_AND_CLEAR 0"))
        XCTAssertEqual(Array(ExceptionTable(function.exceptiontable)).count, 1)
    }

    func testUnboundLocalsAreChecked() throws {
        let function = try inner(code("def f(a):\n    if a: b = 1\n    return b\n"), "f")
        XCTAssertTrue(listing(function).contains("LOAD_FAST_CHECK 1"))
    }

    func testFolding() throws {
        func value(_ source: String) throws -> String { try code(source, mode: .expression).listing() }
        XCTAssertTrue(try value("2 ** 10 + 1").contains("(1025)"))
        XCTAssertTrue(try value("x in [1, 2]").contains("((1, 2))"))
        XCTAssertTrue(try value("'ab' * 3").contains("('ababab')"))
        XCTAssertTrue(try value("1 << 1000").contains("BINARY_OP"))
        XCTAssertTrue(try value("'%s-%r' % (a, b)").contains("BUILD_STRING             3\n"))
        XCTAssertTrue(try value("not a in b").contains("CONTAINS_OP              1\n"))
    }

    /// The example of the README: source, code object, listing, `.pyc` file and back, without a runtime.
    func testSourceToPyc() throws {
        let source = Array("x = 1 + 2\ndef f(a):\n    try: return f\"{a!r}\"\n    except E: pass\n".utf8)
        let code = try compile(source: source, filename: "example.py")
        XCTAssertEqual(code.listing(), Self.expectedListing)
        let pyc = try Marshal.pyc(code, .timestamp(time: 0, size: UInt32(source.count)))
        XCTAssertEqual(PycHeader(pyc)?.validation, .timestamp(time: 0, size: 64))
        XCTAssertEqual(try Marshal.code(ofPyc: pyc).listing(), Self.expectedListing)
    }

    private static let expectedListing = """
  0           0 RESUME                   0

  1           2 LOAD_CONST               0 (3)
              4 STORE_NAME               0 (x)

  2           6 LOAD_CONST               1 (<code object f, file "example.py", line 2>)
              8 MAKE_FUNCTION            0
             10 STORE_NAME               1 (f)
             12 RETURN_CONST             2 (None)

Disassembly of <code object f, file "example.py", line 2>:
  2           0 RESUME                   0

  3           2 LOAD_FAST                0 (a)
              4 FORMAT_VALUE             2 (repr)
              6 RETURN_VALUE
        >>    8 PUSH_EXC_INFO

  4          10 LOAD_GLOBAL              0 (E)
             20 CHECK_EXC_MATCH
             22 POP_JUMP_IF_FALSE        3 (to 30)
             24 POP_TOP
             26 POP_EXCEPT
             28 RETURN_CONST             0 (None)
        >>   30 RERAISE                  0
        >>   32 COPY                     3
             34 POP_EXCEPT
             36 RERAISE                  1
ExceptionTable:
  2 to 4 -> 8 [0]
  8 to 24 -> 32 [1] lasti
  30 to 30 -> 32 [1] lasti

"""

    /// The stages one by one lead to the same code object.
    func testStages() throws {
        let parsed = try parseModule(source: Array("while x:\n    y = [1, 2, z]\n".utf8), filename: "a.py")
        var unit = try CompilerStages.generate(module: parsed.module, filename: "a.py", options: CompilerOptions())
        XCTAssertEqual(unit.names, ["x", "z", "y"])
        let optimized = try XCTUnwrap(CompilerStages.optimize(unit.instructions, constants: unit.constants, localCount: 0))
        unit.instructions = optimized.instructions
        unit.constants = optimized.constants
        let whole = try code("while x:\n    y = [1, 2, z]\n")
        XCTAssertEqual(try XCTUnwrap(CompilerStages.assemble(unit, filename: "a.py")).code, whole.code)
        XCTAssertNil(CompilerStages.optimize([StagedInstruction(.loadConst, 3, .none)], constants: [], localCount: 0))
    }

    func testOptimizationLevels() throws {
        let source = "'doc'\nassert x\nif __debug__: y\n"
        XCTAssertTrue(try code(source).listing().contains("LOAD_ASSERTION_ERROR"))
        XCTAssertFalse(try code(source, optimize: 1).listing().contains("LOAD_ASSERTION_ERROR"))
        XCTAssertTrue(try code(source, optimize: 1).names.contains("__doc__"))
        XCTAssertFalse(try code(source, optimize: 2).names.contains("__doc__"))
    }

    func testErrors() {
        XCTAssertEqual(error("return"), "'return' outside function 1:1")
        XCTAssertEqual(error("def f(a, a): pass"), "duplicate argument 'a' in function definition 1:10")
        XCTAssertEqual(error("def f():\n  x = 1\n  global x"), "name 'x' is assigned to before global declaration 3:3")
        XCTAssertEqual(error("def f():\n  nonlocal x"), "no binding for nonlocal 'x' found 2:3")
        XCTAssertEqual(error("continue"), "'continue' not properly in loop 1:1")
        XCTAssertEqual(error("match x:\n  case a: pass\n  case b: pass"), "name capture 'a' makes remaining patterns unreachable 2:8")
        XCTAssertEqual(error("from __future__ import braces"), "not a chance 1:1")
        XCTAssertEqual(error("class A:\n  [(x := 1) for y in z]"), "assignment expression within a comprehension cannot be used in a class body 2:5")
    }

    func testDeepTreesAreRefused() throws {
        final class Box: @unchecked Sendable { var results: [String] = [] }
        let box = Box()
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            for count in [50_000, 2990] {
                do {
                    _ = try compile(source: Array(("a" + String(repeating: "+a", count: count)).utf8), filename: "<test>")
                    box.results.append("valid")
                } catch { box.results.append((error as? SyntaxFailure)?.message ?? "") }
            }
            done.signal()
        }
        thread.stackSize = 64 << 20
        thread.start()
        done.wait()
        XCTAssertEqual(box.results, ["maximum recursion depth exceeded during compilation", "valid"])
    }

    func testWarnings() throws {
        final class Box { var messages: [String] = [] }
        let box = Box()
        var options = CompilerOptions()
        options.warn = { note throws(SyntaxFailure) in box.messages.append("\(note.line) \(note.message)") }
        _ = try compile(source: Array("x is 1\n\n()()\nassert (1, 2)\n".utf8), filename: "<test>", options: options)
        XCTAssertEqual(
            box.messages,
            [
                "1 \"is\" with 'int' literal. Did you mean \"==\"?", "3 'tuple' object is not callable; perhaps you missed a comma?",
                "4 assertion is always true, perhaps remove parentheses?",
            ])
    }
}
