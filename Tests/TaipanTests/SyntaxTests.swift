import XCTest
@testable import TaipanSyntax

final class SyntaxTests: XCTestCase {
    private func dump(_ source: String) -> String {
        do {
            return ASTDump.text(try parseModule(source: Array(source.utf8)).module)
        } catch {
            return "\(error.kind.rawValue): \(error.message) at \(error.line ?? -1):\(error.offset ?? -1)"
        }
    }

    private func expression(_ source: String) throws -> String {
        var options = ParserOptions()
        options.mode = .expression
        let parsed = try parseModule(source: Array(source.utf8), options: options)
        guard case .expression(let body) = parsed.module.kind else { return "" }
        return try XCTUnwrap(Unparse.text(body))
    }

    func testPositionsAreBytes() {
        XCTAssertEqual(dump("é = b"), """
            Module
              body: [1]
                Assign @1:0:1:6
                  targets: [1]
                    Name @1:0:1:2
                      id: str:'\\xe9'
                      ctx:
                        Store
                  value:
                    Name @1:5:1:6
                      id: str:'b'
                      ctx:
                        Load
                  type_comment: NoneType:None
              type_ignores: [0]

            """)
    }

    func testExpressionsAsText() throws {
        for (source, text) in [
            ("(a+b)*c**-d", "(a + b) * c ** (-d)"), ("lambda x, /, *, y=1: (yield)", "lambda x, /, *, y=1: (yield)"),
            ("f(x for x in y if z)", "f(x for x in y if z)"), ("a[b:c, ::d]", "a[b:c, ::d]"),
            ("f'{a!r:>{w}}' 'b{{'", "f'{a!r:>{w}}b{{{{'"), ("not a in b or c", "not a in b or c"), ("1 .real", "1 .real"),
            ("{**a, 'b': 1e999}", "{**a, 'b': 1e309}"), ("(a := b, *c)", "((a := b), *c)"),
        ] {
            let got = try expression(source)
            XCTAssertEqual(got, text)
        }
    }

    func testErrors() {
        for (source, message) in [
            ("if x = 1: pass", "SyntaxError: invalid syntax. Maybe you meant '==' or ':=' instead of '='? at 1:4"),
            ("x = (1,\n y = 2\n", "SyntaxError: '(' was never closed at 1:5"),
            ("if a:\n\tb\n        c\n", "TabError: inconsistent use of tabs and spaces in indentation at 3:1"),
            ("def f():\npass", "IndentationError: expected an indented block after function definition on line 1 at 2:1"),
            ("f'{a!x}'", "SyntaxError: f-string: invalid conversion character 'x': expected 's', 'r', or 'a' at 1:6"),
            ("'\\N{no such}'", "SyntaxError: (unicode error) 'unicodeescape' codec can't decode bytes in position 0-10: unknown Unicode character name at 1:1"),
            ("0777", "SyntaxError: leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers at 1:1"),
            ("f(**a, b)", "SyntaxError: positional argument follows keyword argument unpacking at 1:9"),
            ("a\0", "SyntaxError: source code string cannot contain null bytes at -1:-1"),
        ] {
            XCTAssertEqual(dump(source), message, source)
        }
    }

    func testDeepNestingIsRefused() {
        XCTAssertEqual(dump(String(repeating: "(", count: 1000)), "SyntaxError: too many nested parentheses at 1:201")
        XCTAssertTrue(dump(String(repeating: "-", count: 7000) + "1").hasPrefix("MemoryError"))
    }

    func testLongChainsAreFreed() throws {
        let source = "x = 1" + String(repeating: "+1", count: 200_000)
        for _ in 0..<2 { _ = try parseModule(source: Array(source.utf8)) }
    }

    func testInvalidEscapesAreNoted() throws {
        let notes = try parseModule(source: Array("a = '\\d'\nb = 1if 2else 3\n".utf8)).notes
        XCTAssertEqual(notes.map(\.message), ["invalid escape sequence '\\d'", "invalid decimal literal", "invalid decimal literal"])
        XCTAssertEqual(notes.map(\.line), [1, 2, 2])
    }
}
