import XCTest
@testable import TaipanNumbers

/// Texts, formats, hashes and digests; expected values are what CPython 3.12.1 answers.
final class NumberTextTests: XCTestCase {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    private func units(_ text: String) -> [UInt32] { text.unicodeScalars.map(\.value) }

    func testReprOfFloats() {
        let cases: [(Double, String)] = [
            (0, "0.0"), (-0.0, "-0.0"), (1, "1.0"), (-12345, "-12345.0"), (1e16, "1e+16"), (9999999999999998, "9999999999999998.0"),
            (0.0001, "0.0001"), (0.00001, "1e-05"), (.leastNonzeroMagnitude, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
            (0.1 + 0.2, "0.30000000000000004"), (.infinity, "inf"), (-.infinity, "-inf"), (.nan, "nan"), (1e22, "1e+22"),
        ]
        for (value, text) in cases { XCTAssertEqual(FloatText.repr(value), text) }
        XCTAssertEqual(FloatText.repr(real: 0, imaginary: -0.0), "-0j")
        XCTAssertEqual(FloatText.repr(real: -0.0, imaginary: .nan), "(-0+nanj)")
    }

    func testParsing() {
        func parse(_ text: String) -> Double? { bytes(text).withUnsafeBufferPointer { FloatParser.parse($0) } }
        XCTAssertEqual(parse("1_000.5e-1"), 100.05)
        XCTAssertEqual(parse("-Infinity"), -.infinity)
        XCTAssertEqual(parse("9007199254740993"), 9007199254740992)
        XCTAssertEqual(parse("2.2250738585072011e-308"), Double.leastNormalMagnitude.nextDown)
        for bad in ["", "1__0", "_1", "1_", "1e", "0x1", "1.5.", "infinit", "nan(1)"] { XCTAssertNil(parse(bad), bad) }
        XCTAssertEqual(FloatText.hex(-0.1), "-0x1.999999999999ap-4")
        XCTAssertThrowsError(try bytes("0x1p1024").withUnsafeBufferPointer { b throws(FloatParser.HexError) in try FloatParser.hex(b) })
    }

    func testRounding() {
        XCTAssertEqual(FloatText.round(2.675, places: 2), 2.67)
        XCTAssertEqual(FloatText.round(0.5, places: 0), 0)
        XCTAssertEqual(FloatText.round(150, places: -2), 200)
        XCTAssertEqual(FloatText.round(50, places: -2), 0)
        XCTAssertEqual(FloatText.round(.leastNonzeroMagnitude, places: 323), 0)
        XCTAssertNil(FloatText.round(1.7976931348623157e308, places: -308))
    }

    func testFormatSpecs() throws {
        func float(_ value: Double, _ spec: String) throws -> String {
            FormatSpec.swiftString(try FormatSpec.float(units(spec)).format(value))
        }
        XCTAssertEqual(try float(1234567.891, "015,.2f"), "0,001,234,567.89")
        XCTAssertEqual(try float(-0.001, "z.1f"), "0.0")
        XCTAssertEqual(try float(.infinity, "010"), "0000000inf")
        XCTAssertEqual(try float(0.25, "*^12.1%"), "***25.0%****")
        XCTAssertEqual(try float(3, ""), "3.0")
        let spec = try FormatSpec.integer(units("#_x"))
        XCTAssertEqual(FormatSpec.swiftString(try spec.format(BigInteger(-0x12345678), base: 16)), "-0x1234_5678")
        func message(_ body: () throws -> Void) -> String {
            do { try body() } catch { return (error as? FormatError)?.message ?? "" }
            return ""
        }
        XCTAssertEqual(message { _ = try FormatSpec.string(units("xx")) }, "Invalid format specifier 'xx' for object of type 'str'")
        XCTAssertEqual(message { _ = try FormatSpec.integer(units(",x")) }, "Cannot specify ',' with 'x'.")
        XCTAssertEqual(message { _ = try FormatSpec.integer(units(".2d")).integerForm() }, "Precision not allowed in integer format specifier")
        XCTAssertEqual(message { _ = try FormatSpec.string(units("=5")).layOutString(length: 1) }, "'=' alignment not allowed in string format specifier")
        let percent = PercentFormat(flags: [.zero, .sign], width: 8, precision: 2, conversion: 0x66)
        XCTAssertEqual(String(decoding: try percent.format(3.14159), as: UTF8.self), "+0003.14")
    }

    func testHashes() {
        XCTAssertEqual(bytes("hello").withUnsafeBytes { SipHash(seed: 0).hash($0.baseAddress!, 5) }, -2_096_571_579_003_691_106)
        XCTAssertEqual(PythonHash.float(0.5), 1_152_921_504_606_846_976)
        XCTAssertEqual(PythonHash.float(-1), -2)
        XCTAssertEqual(PythonHash.int(1 << 61), 1)
        var tuple = PythonHash.Tuple()
        for i in 1...3 { tuple.add(i) }
        XCTAssertEqual(tuple.finish(count: 3), 529_344_067_295_497_451)
    }

    func testDigests() {
        func hex<D: MessageDigest>(_ type: D.Type) -> String {
            var digest = D()
            let data = bytes("abc")
            data.withUnsafeBytes { for i in 0..<3 { digest.update($0.baseAddress! + i, 1) } }
            return digest.digest().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        XCTAssertEqual(hex(MD5.self), "900150983cd24fb0d6963f7d28e17f72")
        XCTAssertEqual(hex(SHA1.self), "a9993e364706816aba3e25717850c26c9cd0d89d")
        XCTAssertEqual(hex(SHA256.self), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        XCTAssertEqual(hex(SHA512.self).prefix(32), "ddaf35a193617abacc417349ae204131")
    }

    func testMersenneTwister() {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: MersenneTwister.words) { state in
            let generator = MersenneTwister(state.baseAddress!)
            generator.seed([12345], 1)
            XCTAssertEqual(generator.double(), 0.41661987254534116)
        }
    }
}
