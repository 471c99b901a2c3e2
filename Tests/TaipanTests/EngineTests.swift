import XCTest
@testable import TaipanEngines

final class EngineTests: XCTestCase {
    private let many: UInt32 = 0xFFFF_FFFF

    /// Spans of all matches of `code` in `text`, groups included.
    private func matches(_ code: [UInt32], groups: Int, in text: String) -> [[[Int]]] {
        guard let program = RegexProgram(code: code, count: code.count, groups: groups) else { return [[[-9]]] }
        defer { program.deallocate() }
        return Array(text.utf8).withUnsafeBytes { bytes in
            var state = RegexState(program, text: bytes.baseAddress!, width: 1, length: bytes.count)
            defer { state.deallocate() }
            var found: [[[Int]]] = []
            while state.search() == .match {
                found.append((0...groups).map { state.span($0).map { [$0.lower, $0.upper] } ?? [] })
                state.advance()
            }
            return found
        }
    }

    func testRepeatOfAGroup() {
        // (a|b)*c
        let code: [UInt32] = [14, 4, 0, 1, many, 23, 13, 0, many, 17, 0, 13, 5, 22, 97, 98, 0, 17, 1, 18, 16, 99, 1]
        XCTAssertEqual(matches(code, groups: 1, in: "xabcc"), [[[1, 4], [2, 3]], [[4, 5], []]])
        XCTAssertEqual(matches(code, groups: 1, in: String(repeating: "ab", count: 300_000) + "c"), [[[0, 600_001], [599_999, 600_000]]])
    }

    func testMarksOfAPossessiveRepeat() {
        // (?:(a)|b)*+ : a failed turn leaves its opening mark, as in CPython 3.12.1
        let code: [UInt32] = [14, 4, 0, 0, many, 28, 19, 0, many, 7, 9, 17, 0, 16, 97, 17, 1, 15, 7, 5, 16, 98, 15, 2, 0, 1, 1]
        XCTAssertEqual(matches(code, groups: 1, in: "ab"), [[[0, 2], [1, 1]], [[2, 2], []]])
    }

    func testEmptyMatchesAndBackReference() {
        let stars: [UInt32] = [14, 4, 0, 0, many, 24, 6, 0, many, 16, 120, 1, 1] // x*
        XCTAssertEqual(matches(stars, groups: 0, in: "axxb"), [[[0, 0]], [[1, 3]], [[3, 3]], [[4, 4]]])
        // (\w+)\s\1
        let twice: [UInt32] = [
            14, 4, 0, 3, many, 17, 0, 24, 9, 1, many, 13, 4, 8, 14, 0, 1, 17, 1, 13, 4, 8, 12, 0, 11, 0, 1,
        ]
        XCTAssertEqual(matches(twice, groups: 1, in: "so it it is"), [[[3, 8], [3, 5]]])
    }

    func testInvalidCodeIsRefused() {
        for code: [UInt32] in [[], [16], [16, 97], [15, 900, 1], [13, 3, 0, 1], [11, 0, 1], [23, 4, 2, 1, 2, 18, 1], [99, 1]] {
            XCTAssertNil(RegexProgram(code: code, count: code.count, groups: 0), "\(code)")
        }
    }

    private func parsed(_ format: String) -> String {
        switch Array(format.utf8).withUnsafeBufferPointer(StructFormat.parse) {
        case .failure(let error): return "\(error.text)"
        case .success(let value):
            defer { value.deallocate() }
            return "\(value.size):\(value.valueCount)" + value.items.map { " \($0.offset)" }.joined()
        }
    }

    func testStructFormats() {
        XCTAssertEqual(parsed("@bq2h3s"), "23:5 0 8 16 20")
        XCTAssertEqual(parsed(">bq"), "9:2 0 1")
        XCTAssertEqual(parsed("bi0q"), "8:2 0 4")
        XCTAssertEqual(parsed("<n"), "bad char in struct format")
        XCTAssertEqual(parsed("3"), "repeat count given without format specifier")
        XCTAssertEqual(parsed("9223372036854775807i"), "total struct size too long")
        XCTAssertEqual(StructValue.half(65519.9), 0x7BFF)
        XCTAssertNil(StructValue.half(65520))
        XCTAssertEqual(StructValue.half(1.0 + 0x1p-11), 0x3C00)
        XCTAssertEqual(StructValue.double(half: 0x8001), -0x1p-24)
    }

    func testChecksumsAndCodings() throws {
        let text = Array("123456789".utf8)
        XCTAssertEqual(text.withUnsafeBytes { Checksum.crc32($0) }, 0xCBF4_3926)
        XCTAssertEqual(text.withUnsafeBytes { Checksum.adler32($0) }, 0x091E_01DE)
        XCTAssertEqual(text.withUnsafeBytes { Checksum.crcHqx($0, from: 0) }, 0x31C3)
        let coded = text.withUnsafeBufferPointer { BinaryText.base64($0, newline: false) }
        XCTAssertEqual(String(decoding: coded, as: UTF8.self), "MTIzNDU2Nzg5")
        XCTAssertEqual(try coded.withUnsafeBufferPointer { try BinaryText.unbase64($0, strict: true) }, text)
        XCTAssertThrowsError(try Array("MTI".utf8).withUnsafeBufferPointer { try BinaryText.unbase64($0, strict: false) })
    }

    func testInflateByteByByte() {
        // zlib.compress(b"taipan" * 5, 9)
        let data: [UInt8] = [0x78, 0xDA, 0x2B, 0x49, 0xCC, 0x2C, 0x48, 0xCC, 0x2B, 0xC1, 0x41, 0x02, 0x00, 0xC1, 0x2F, 0x0C, 0x72]
        var inflater = Inflater(.zlib)
        defer { inflater.deallocate() }
        var status = InflateStatus.needsInput
        for byte in data { status = [byte].withUnsafeBytes { inflater.inflate($0) }.status }
        XCTAssertEqual(status, .finished)
        XCTAssertEqual(String(decoding: inflater.output, as: UTF8.self), "taipantaipantaipantaipantaipan")
        var damaged = Inflater(.raw)
        defer { damaged.deallocate() }
        XCTAssertEqual([UInt8(7)].withUnsafeBytes { damaged.inflate($0) }.status, .failed("invalid block type"))
    }

    func testJSONTokens() throws {
        let text = Array(#"ab\u00e9\ud83d\ude00\ud800"x"#.utf8)
        try text.withUnsafeBufferPointer { bytes in
            let scanner = JSONScanner(bytes.baseAddress!, count: bytes.count)
            guard case .text(let units, let next) = try scanner.string(0, strict: true) else { return XCTFail("no escapes seen") }
            XCTAssertEqual(units, [97, 98, 0xE9, 0x1F600, 0xD800])
            XCTAssertEqual(next, text.count - 1)
        }
        for (number, expected) in [("-0", JSONNumber(end: 2, isFloat: false)), ("1.e5", JSONNumber(end: 1, isFloat: false)),
                                   ("10e+5x", JSONNumber(end: 5, isFloat: true)), ("-", nil), (".5", nil)] as [(String, JSONNumber?)] {
            let found = Array(number.utf8).withUnsafeBufferPointer { JSONScanner($0.baseAddress!, count: $0.count).number(0) }
            XCTAssertEqual(found, expected, number)
        }
    }

    func testCalendar() throws {
        for ordinal in [1, 365, 366, 1461, 146_097, 146_098, 730_179, CalendarDate.maxOrdinal] {
            XCTAssertEqual(CalendarDate(ordinal: ordinal).ordinal, ordinal)
        }
        let day = CalendarDate(year: 2021, month: 1, day: 3)
        XCTAssertEqual([day.isoCalendar.year, day.isoCalendar.week, day.isoCalendar.weekday], [2020, 53, 7])
        XCTAssertEqual(try CalendarDate(isoYear: 2020, week: 53, weekday: 7), day)
        XCTAssertThrowsError(try CalendarDate(isoYear: 2021, week: 53, weekday: 1))
        XCTAssertEqual(TimeSpan(microseconds: -1)?.text, "-1 day, 23:59:59.999999")
        XCTAssertEqual(TimeSpan(microseconds: 5)?.multiplied(by: 0.5), 2)
        XCTAssertNil(TimeSpan(days: 1_000_000_000, seconds: 0, microseconds: 0))
    }

    func testISOTexts() {
        func parse(_ text: String) -> String? {
            Array(text.utf8).withUnsafeBufferPointer { bytes in
                DateParser(bytes).dateTime().map { found in
                    DateText.iso(found.date) + " " + DateText.iso(found.time) + (found.offset.map { DateText.offset($0) } ?? "")
                }
            }
        }
        XCTAssertEqual(parse("2020-W10-3T12:30:45,1234567-05:30"), "2020-03-04 12:30:45.123456-05:30")
        XCTAssertEqual(parse("20200304é1230Z"), "2020-03-04 12:30:00+00:00")
        XCTAssertNil(parse("2020-03-04T12:3"))
        XCTAssertNil(parse("2020-03-04T12:30Zx"))
    }
}
