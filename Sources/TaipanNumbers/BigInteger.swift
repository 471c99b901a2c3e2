// Integers of any size as a Swift value: what the compiler folds constants with and what code objects
// carry. The runtime's ints live in cells and use Limbs directly.

/// An integer of any size: a sign and a magnitude in little-endian 64-bit limbs.
///
/// Invariant: no zero limb on top, and zero is never negative.
public struct BigInteger: Equatable, Hashable, Sendable {
    /// Whether the number is below zero.
    public var isNegative: Bool
    /// The magnitude, least significant limb first; empty for zero.
    public var magnitude: [UInt64]

    /// Puts a number together; `magnitude` may have zero limbs on top.
    public init(isNegative: Bool = false, magnitude: [UInt64]) {
        var limbs = magnitude
        while limbs.last == 0 { limbs.removeLast() }
        self.magnitude = limbs
        self.isNegative = isNegative && !limbs.isEmpty
    }

    /// The number zero.
    public init() {
        isNegative = false
        magnitude = []
    }

    /// A machine integer.
    public init(_ value: Int) {
        self.init(isNegative: value < 0, magnitude: [UInt64(value.magnitude)])
    }

    /// An unsigned machine integer.
    public init(_ value: UInt64) {
        self.init(magnitude: [value])
    }

    /// The integral part of a finite double.
    public init(truncating value: Double) {
        self = BigInteger.filled(Limbs.doubleCapacity) { value.isFinite ? Limbs.limbs(of: value, into: $0) : 0 }
        isNegative = value < 0 && !magnitude.isEmpty
    }

    /// Reads digits of `base` (2...36), with an optional sign and underscores anywhere between digits; nil if
    /// something else is in the text or no digit at all. Prefixes such as `0x` are the caller's.
    public init?(digits: some Collection<UInt8>, base: Int) {
        var clean: [UInt8] = []
        clean.reserveCapacity(digits.count)
        var negative = false, atStart = true
        for byte in digits {
            if atStart && (byte == 0x2B || byte == 0x2D) {
                negative = byte == 0x2D
                atStart = false
                continue
            }
            atStart = false
            if byte == 0x5F { continue }
            guard let value = BigInteger.digitValue(byte), value < base else { return nil }
            clean.append(byte)
        }
        if clean.isEmpty { return nil }
        self = BigInteger.filled(Limbs.parseCapacity(clean.count, base: base)) {
            Limbs.parse(clean, clean.count, base: base, into: $0)
        }
        isNegative = negative && !magnitude.isEmpty
    }

    /// Reads digits of `base` from text; see `init(digits:base:)`.
    public init?(_ text: String, base: Int = 10) {
        self.init(digits: text.utf8, base: base)
    }

    /// The value of a digit or letter of either case, 0...35.
    static func digitValue(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: return Int(byte) &- 0x30
        case 0x41...0x5A: return Int(byte) &- 0x41 &+ 10
        case 0x61...0x7A: return Int(byte) &- 0x61 &+ 10
        default: return nil
        }
    }

    /// A number whose limbs `body` writes; it returns their count.
    private static func filled(_ capacity: Int, _ body: (UnsafeMutablePointer<UInt64>) -> Int) -> BigInteger {
        let limbs = [UInt64](unsafeUninitializedCapacity: max(capacity, 1)) { buffer, count in
            if let start = buffer.baseAddress { count = body(start) }
        }
        return BigInteger(magnitude: limbs)
    }

    // MARK: Facts

    /// Whether the number is zero.
    public var isZero: Bool { magnitude.isEmpty }

    /// -1, 0 or 1.
    public var signum: Int { magnitude.isEmpty ? 0 : isNegative ? -1 : 1 }

    /// The number of bits of the magnitude.
    public var bitLength: Int { Limbs.bitLength(magnitude, magnitude.count) }

    /// The number as a machine integer, if it fits.
    public var asInt: Int? {
        if magnitude.isEmpty { return 0 }
        if magnitude.count > 1 { return nil }
        let limb = magnitude[0]
        if limb < 1 &<< 63 { return isNegative ? -Int(limb) : Int(limb) }
        return isNegative && limb == 1 &<< 63 ? Int.min : nil
    }

    /// The nearest double, ties to even; nil if it is too large.
    public var asDouble: Double? {
        guard let value = Limbs.double(magnitude, magnitude.count) else { return nil }
        return isNegative ? -value : value
    }

    /// Python's hash of the number.
    public var pythonHash: Int {
        let h = Int(Limbs.hash(magnitude, magnitude.count))
        if !isNegative { return h }
        return h == 1 ? -2 : -h
    }

    /// The digits of `bits` bits (15 or 30), least significant first.
    public func digits(bits: Int) -> [UInt32] {
        let n = magnitude.count
        return (0..<Limbs.digitCount(magnitude, n, bits: bits)).map { Limbs.digit(magnitude, n, bits: bits, at: $0) }
    }

    /// Puts a number together from digits of `bits` bits (15 or 30), least significant first.
    public init(isNegative: Bool, digits: some Collection<UInt32>, bits: Int) {
        var limbs = [UInt64](repeating: 0, count: digits.count * bits / 64 + 2)
        var index = 0
        for digit in digits {
            Limbs.setDigit(&limbs, bits: bits, at: index, to: digit)
            index += 1
        }
        self.init(isNegative: isNegative, magnitude: limbs)
    }

    // MARK: Arithmetic

    public static prefix func - (value: BigInteger) -> BigInteger {
        BigInteger(isNegative: !value.isNegative, magnitude: value.magnitude)
    }

    /// Python's `~`.
    public static prefix func ~ (value: BigInteger) -> BigInteger { -value - BigInteger(1) }

    public static func + (a: BigInteger, b: BigInteger) -> BigInteger {
        if a.isNegative == b.isNegative {
            let (long, short) = a.magnitude.count >= b.magnitude.count ? (a, b) : (b, a)
            let n = long.magnitude.count
            var sum = filled(n &+ 1) {
                $0[n] = Limbs.add(long.magnitude, n, short.magnitude, short.magnitude.count, into: $0)
                return n &+ 1
            }
            sum.isNegative = a.isNegative && !sum.isZero
            return sum
        }
        let order = compareMagnitudes(a, b)
        if order == 0 { return BigInteger() }
        let (long, short) = order > 0 ? (a, b) : (b, a)
        var rest = filled(long.magnitude.count) {
            Limbs.subtract(long.magnitude, long.magnitude.count, short.magnitude, short.magnitude.count, into: $0)
            return long.magnitude.count
        }
        rest.isNegative = long.isNegative
        return rest
    }

    public static func - (a: BigInteger, b: BigInteger) -> BigInteger { a + -b }

    public static func * (a: BigInteger, b: BigInteger) -> BigInteger {
        if a.isZero || b.isZero { return BigInteger() }
        var r = filled(a.magnitude.count &+ b.magnitude.count) {
            Limbs.multiply(a.magnitude, a.magnitude.count, b.magnitude, b.magnitude.count, into: $0)
        }
        r.isNegative = a.isNegative != b.isNegative
        return r
    }

    /// Python's divmod: the quotient rounded down, the remainder with the divisor's sign. nil for division by zero.
    public func dividedFlooring(by d: BigInteger) -> (quotient: BigInteger, remainder: BigInteger)? {
        if d.isZero { return nil }
        var remainder = BigInteger()
        var quotient = BigInteger.filled(max(magnitude.count &- d.magnitude.count &+ 1, 1)) { q in
            var qn = 0
            remainder = BigInteger.filled(max(d.magnitude.count, magnitude.count)) { r in
                let counts = Limbs.divide(magnitude, magnitude.count, by: d.magnitude, d.magnitude.count, quotient: q, remainder: r)
                qn = counts.quotient
                return counts.remainder
            }
            return qn
        }
        remainder.isNegative = isNegative && !remainder.isZero
        quotient.isNegative = isNegative != d.isNegative && !quotient.isZero
        if !remainder.isZero && isNegative != d.isNegative {
            remainder = remainder + d
            quotient = quotient - BigInteger(1)
        }
        return (quotient, remainder)
    }

    /// The number to the power of `exponent >= 0`.
    public func power(_ exponent: Int) -> BigInteger {
        var result = BigInteger(1), base = self, e = exponent
        while e > 0 {
            if e & 1 != 0 { result = result * base }
            e >>= 1
            if e > 0 { base = base * base }
        }
        return result
    }

    /// The number to the power of `exponent >= 0` modulo a non-zero `modulus`, with the modulus' sign.
    public func power(_ exponent: BigInteger, modulo modulus: BigInteger) -> BigInteger {
        let m = modulus.magnitude
        let base = dividedFlooring(by: BigInteger(magnitude: m))?.remainder ?? BigInteger()
        let e = exponent.magnitude
        let r = BigInteger.filled(m.count) {
            Limbs.powerModulo(base.magnitude, base.magnitude.count, e, e.count, m, m.count, into: $0)
        }
        return modulus.isNegative && !r.isZero ? r + modulus : r
    }

    public static func << (a: BigInteger, bits: Int) -> BigInteger {
        if bits <= 0 { return bits == 0 ? a : a >> -bits }
        var r = filled(a.magnitude.count &+ bits / 64 &+ 1) {
            Limbs.shiftLeft(a.magnitude, a.magnitude.count, by: bits, into: $0)
        }
        r.isNegative = a.isNegative
        return r
    }

    /// Shifts right, rounding down as Python does.
    public static func >> (a: BigInteger, bits: Int) -> BigInteger {
        if bits <= 0 { return bits == 0 ? a : a << -bits }
        var lost = false
        var r = filled(a.magnitude.count) {
            let result = Limbs.shiftRight(a.magnitude, a.magnitude.count, by: bits, into: $0)
            lost = result.lost
            return result.count
        }
        r.isNegative = a.isNegative && !r.isZero
        return lost && a.isNegative ? r - BigInteger(1) : r
    }

    private static func bitwise(_ operation: Limbs.BitOperation, _ a: BigInteger, _ b: BigInteger) -> BigInteger {
        var negative = false
        var r = filled(max(a.magnitude.count, b.magnitude.count) &+ 1) {
            let result = Limbs.bitwise(operation, a.magnitude, a.magnitude.count, negative: a.isNegative,
                                       b.magnitude, b.magnitude.count, negative: b.isNegative, into: $0)
            negative = result.negative
            return result.count
        }
        r.isNegative = negative && !r.isZero
        return r
    }

    public static func & (a: BigInteger, b: BigInteger) -> BigInteger { bitwise(.and, a, b) }
    public static func | (a: BigInteger, b: BigInteger) -> BigInteger { bitwise(.or, a, b) }
    public static func ^ (a: BigInteger, b: BigInteger) -> BigInteger { bitwise(.xor, a, b) }

    /// Python's `/`: the nearest double, nil if that is too large. `b` is not zero.
    public static func trueDivide(_ a: BigInteger, _ b: BigInteger) -> Double? {
        guard let q = Limbs.trueDivide(a.magnitude, a.magnitude.count, b.magnitude, b.magnitude.count) else { return nil }
        return a.isNegative != b.isNegative ? -q : q
    }
}

extension BigInteger: Comparable {
    fileprivate static func compareMagnitudes(_ a: BigInteger, _ b: BigInteger) -> Int {
        Limbs.compare(a.magnitude, a.magnitude.count, b.magnitude, b.magnitude.count)
    }

    public static func < (a: BigInteger, b: BigInteger) -> Bool {
        if a.isNegative != b.isNegative { return a.isNegative }
        let order = compareMagnitudes(a, b)
        return a.isNegative ? order > 0 : order < 0
    }
}

extension BigInteger: ExpressibleByIntegerLiteral {
    public init(integerLiteral value: Int) { self.init(value) }
}

extension BigInteger: CustomStringConvertible {
    /// The digits in `base` (2...36), lower case, with a minus sign if negative and no prefix.
    public func description(base: Int) -> String {
        let capacity = Limbs.textCapacity(magnitude, magnitude.count, base: base)
        let digits = String(unsafeUninitializedCapacity: capacity) { buffer in
            guard let start = buffer.baseAddress else { return 0 }
            return Limbs.text(magnitude, magnitude.count, base: base, into: start)
        }
        return isNegative ? "-" + digits : digits
    }

    public var description: String { description(base: 10) }
}
