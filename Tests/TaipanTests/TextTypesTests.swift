import XCTest
@testable import TaipanRuntime
import TaipanUnicode

/// str, bytes, bytearray, memoryview and codecs, called without the interpreter loop.
final class TextTypesTests: XCTestCase {
    private func withThread(_ body: (TaipanRuntime.Thread) throws -> Void) throws {
        let t = try XCTUnwrap(TaipanRuntime.Thread.createInterpreter(InterpreterConfiguration(), stackBytes: 6 << 20))
        defer { t.destroyInterpreter() }
        try body(t)
    }

    /// The text of the pending exception's only argument.
    private func message(_ t: TaipanRuntime.Thread) -> String {
        let exception = t.takePending()
        guard exception.isBound, let text = try? t.strOf(exception) else { return "" }
        return t.string(text)
    }

    func testConcatenationKeepsTheNarrowestWidth() throws {
        try withThread { t in
            XCTAssertTrue(StrObject(try t.concat(t.str("ab"), t.str("c"))).isASCII)
            let wide = StrObject(try t.concat(t.str("aé"), t.str("\u{1F600}")))
            XCTAssertEqual(wide.width, 4)
            XCTAssertEqual(StrObject(try t.substring(wide.value, 0, 1)).width, 1)
            XCTAssertEqual(StrObject(try t.substring(wide.value, 0, 2)).width, 1)
        }
    }

    func testReprChoosesQuotesAndEscapes() throws {
        try withThread { t in
            for (text, shown) in [("a'b", "\"a'b\""), ("a'\"b", "'a\\'\"b'"), ("\n\u{7F}\u{AD}é\u{2028}", "'\\n\\x7f\\xadé\\u2028'")] {
                XCTAssertEqual(t.string(try t.strRepr(StrObject(t.str(text)))), shown)
            }
        }
    }

    func testFieldsOfFormatStrings() throws {
        try withThread { t in
            let arguments = try t.tuple(t.str("x"), t.str("yy"))
            func format(_ text: String) throws(Raised) -> String { t.string(try t.formatFields(t.str(text), arguments, t.newDict().value)) }
            XCTAssertEqual(try format("{{{}|{:>4}}}"), "{x|  yy}")
            XCTAssertEqual(try format("{1!r}{0:^3}"), "'yy' x ")
            for (bad, text) in [("{", "Single '{' encountered in format string"), ("{0", "expected '}' before end of string"),
                                ("{0!}", "unmatched '{' in format spec"), ("{} {0}", "cannot switch from automatic field numbering to manual field specification"),
                                ("{2}", "Replacement index 2 out of range for positional args tuple")] {
                XCTAssertThrowsError(try format(bad))
                XCTAssertEqual(message(t), text)
            }
        }
    }

    func testPercentFormats() throws {
        try withThread { t in
            let arguments = try t.tuple(t.str("ab"), Value(smallInt: -7), Value(smallInt: 255))
            XCTAssertEqual(t.string(try t.formatStr(t.str("%-4s|%05d|%#x%%"), arguments)), "ab  |-0007|0xff%")
            XCTAssertThrowsError(try t.formatStr(t.str("%s"), arguments))
            XCTAssertEqual(message(t), "not all arguments converted during string formatting")
        }
    }

    func testErrorHandlersOfCodecs() throws {
        try withThread { t in
            let text = t.str("aé\u{20AC}")
            func encoded(_ codec: NativeCodec, _ errors: String) throws(Raised) -> [UInt8] {
                Array(BytesObject(try t.encode(codec, text, t.str(errors))).buffer)
            }
            XCTAssertEqual(try encoded(.utf8, "strict"), Array("aé\u{20AC}".utf8))
            XCTAssertEqual(try encoded(.ascii, "replace"), Array("a??".utf8))
            XCTAssertEqual(try encoded(.ascii, "xmlcharrefreplace"), Array("a&#233;&#8364;".utf8))
            XCTAssertEqual(try encoded(.latin1, "backslashreplace"), [0x61, 0xE9] + Array("\\u20ac".utf8))
            XCTAssertEqual(try encoded(.utf16(.big), "strict"), [0, 0x61, 0, 0xE9, 0x20, 0xAC])
            let broken = try t.bytes([0x61, 0xFF, 0x62])
            let escaped = try t.decode(.utf8, broken, BytesObject(broken).buffer, t.str("surrogateescape"))
            XCTAssertEqual(StrObject(escaped.text)[1], 0xDCFF)
            XCTAssertEqual(Array(BytesObject(try t.encode(.utf8, escaped.text, t.str("surrogateescape"))).buffer), [0x61, 0xFF, 0x62])
            XCTAssertThrowsError(try t.decode(.utf8, broken, BytesObject(broken).buffer, .unbound))
            XCTAssertEqual(message(t), "'utf-8' codec can't decode byte 0xff in position 1: invalid start byte")
        }
    }

    func testByteArraysWithLentBuffersKeepTheirLength() throws {
        try withThread { t in
            let array = try t.newByteArray([1, 2, 3, 4, 5], 5)
            try t.splice(array, 0, 2, UnsafeBufferPointer(start: nil, count: 0))
            try [9, 9, 9].withUnsafeBufferPointer { (bytes: UnsafeBufferPointer<UInt8>) in try t.splice(array, 1, 2, bytes) }
            XCTAssertEqual((0..<array.count).map { array.data[$0] }, [3, 9, 9, 9, 5])
            let view = try t.buffer(of: array.value, writable: true)
            XCTAssertThrowsError(try t.resize(array, 9))
            XCTAssertEqual(message(t), "Existing exports of data: object cannot be re-sized")
            t.release(view)
            try t.resize(array, 9)
        }
    }
}
