import XCTest
@testable import TaipanNumbers

/// Expected values come from CPython 3.12.1, or from an identity that must hold.
final class NumbersTests: XCTestCase {
    /// A reproducible number of `bits` bits, with runs of ones and zeros now and then.
    private func number(_ bits: Int, _ seed: inout UInt64) -> BigInteger {
        var limbs: [UInt64] = []
        for _ in 0...(bits / 64) {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let kind = seed >> 60
            limbs.append(kind == 0 ? 0 : kind == 1 ? ~0 : seed ^ (seed >> 29))
        }
        return BigInteger(magnitude: limbs) >> (63 - bits % 64)
    }

    func testDivisionUndoesMultiplication() throws {
        var seed: UInt64 = 1
        for bits in [1, 63, 64, 65, 500, 2300, 3000, 7000, 12_000, 40_000] {
            for other in [1, 64, 130, 2400, 6500, 21_000] {
                let a = number(bits, &seed), b = number(other, &seed) + 1, c = b >> 1
                let (q, r) = try XCTUnwrap((a * b + c).dividedFlooring(by: b))
                XCTAssertEqual(q, a)
                XCTAssertEqual(r, c)
                XCTAssertEqual(a * a - b * b, (a + b) * (a - b))
            }
        }
    }

    func testTextRoundTrips() {
        var seed: UInt64 = 7
        for bits in [1, 64, 100, 2500, 30_000] {
            for base in [2, 3, 8, 10, 16, 36] {
                let a = -number(bits, &seed)
                XCTAssertEqual(BigInteger(a.description(base: base), base: base), a)
            }
        }
        XCTAssertEqual(BigInteger(10).power(40).description, "1" + String(repeating: "0", count: 40))
        XCTAssertEqual(BigInteger(-255).description(base: 16), "-ff")
        XCTAssertNil(BigInteger("12a"))
    }

    func testFloorDivisionAndBits() throws {
        let cases: [(Int, Int)] = [(7, 2), (-7, 2), (7, -2), (-7, -2), (0, 5), (-1, 1 << 40), (6, -3)]
        for (x, y) in cases {
            let (q, r) = try XCTUnwrap(BigInteger(x).dividedFlooring(by: BigInteger(y)))
            XCTAssertEqual(q * BigInteger(y) + r, BigInteger(x))
            XCTAssertTrue(r.isZero || r.isNegative == (y < 0))
            XCTAssertEqual((BigInteger(x) & BigInteger(y)).asInt, x & y)
            XCTAssertEqual((BigInteger(x) | BigInteger(y)).asInt, x | y)
            XCTAssertEqual((BigInteger(x) ^ BigInteger(y)).asInt, x ^ y)
            XCTAssertEqual((~BigInteger(x)).asInt, ~x)
            XCTAssertEqual((BigInteger(x) >> 1).asInt, x >> 1)
        }
        XCTAssertNil(BigInteger(1).dividedFlooring(by: 0))
    }

    func testDoubles() {
        XCTAssertEqual(BigInteger("9007199254740993")?.asDouble, 9007199254740992)
        XCTAssertEqual((BigInteger(1) << 1023).asDouble, 0x1p1023)
        XCTAssertNil((BigInteger(1) << 1024).asDouble)
        XCTAssertEqual(BigInteger.trueDivide(1, 3), 1.0 / 3.0)
        XCTAssertEqual(BigInteger.trueDivide(BigInteger(1), BigInteger(1) << 1074), Double.leastNonzeroMagnitude)
        XCTAssertEqual(BigInteger(truncating: -1e22).description, "-10000000000000000000000")
        XCTAssertEqual((BigInteger(10).power(30)).pythonHash, 465_258_685_558_744_706)
    }
}
