// `timedelta`: days, seconds, microseconds, normalised; its arithmetic in 128-bit microseconds, which hold every
// intermediate result (the largest span is below 2^67 microseconds, a float's mantissa adds 53 bits).

/// A duration. Normalised: 0 ≤ seconds < 86400, 0 ≤ microseconds < 1000000; the sign is that of the days.
public struct TimeSpan: Equatable, Comparable, Sendable {
    public let days: Int
    public let seconds: Int
    public let microseconds: Int

    /// Largest magnitude of the days.
    public static let maxDays = 999_999_999
    private static let perDay: Int128 = 86_400_000_000

    /// Normalised fields.
    public init(normalizedDays days: Int, seconds: Int, microseconds: Int) {
        self.days = days
        self.seconds = seconds
        self.microseconds = microseconds
    }

    /// From any number of microseconds; nil if the days do not fit (see `dayCount`).
    public init?(microseconds total: Int128) {
        let days = TimeSpan.dayCount(total)
        guard days >= Int128(-TimeSpan.maxDays), days <= Int128(TimeSpan.maxDays) else { return nil }
        let rest = Int(truncatingIfNeeded: total &- days &* TimeSpan.perDay)
        self.init(normalizedDays: Int(truncatingIfNeeded: days), seconds: rest / 1_000_000, microseconds: rest % 1_000_000)
    }

    /// From fields of any size; nil if the days do not fit.
    public init?(days: Int, seconds: Int, microseconds: Int) {
        self.init(microseconds: Int128(days) * TimeSpan.perDay + Int128(seconds) * 1_000_000 + Int128(microseconds))
    }

    /// Whole days (rounded down) in a number of microseconds: what an overflow message names.
    /// CPython: OverflowError "days=%d; must have magnitude <= 999999999" if this fits 32 bits,
    /// else "Python int too large to convert to C int".
    public static func dayCount(_ total: Int128) -> Int128 { floorDivide(total, perDay) }

    /// All of it in microseconds.
    public var total: Int128 {
        Int128(days) &* TimeSpan.perDay &+ Int128(seconds) &* 1_000_000 &+ Int128(microseconds)
    }

    public static func < (a: TimeSpan, b: TimeSpan) -> Bool {
        (a.days, a.seconds, a.microseconds) < (b.days, b.seconds, b.microseconds)
    }

    /// Is it zero?
    public var isZero: Bool { days == 0 && seconds == 0 && microseconds == 0 }

    // MARK: Division and scaling, in microseconds

    /// Division rounding down; `b` is not 0.
    public static func floorDivide(_ a: Int128, _ b: Int128) -> Int128 {
        let (q, r) = a.quotientAndRemainder(dividingBy: b)
        return r != 0 && (r < 0) != (b < 0) ? q &- 1 : q
    }

    /// Remainder with the sign of `b`; `b` is not 0.
    public static func modulo(_ a: Int128, _ b: Int128) -> Int128 {
        let r = a % b
        return r != 0 && (r < 0) != (b < 0) ? r &+ b : r
    }

    /// Division to the nearest, half to even; `b` is not 0.
    public static func divideNearest(_ a: Int128, _ b: Int128) -> Int128 {
        let q = floorDivide(a, b), r = modulo(a, b)
        let twice = r.magnitude &* 2, whole = b.magnitude
        let isUp = twice > whole || twice == whole && q & 1 != 0
        return isUp ? q &+ 1 : q
    }

    /// `a / b` as the nearest float; `b` is not 0, both below 2^70.
    public static func trueDivide(_ a: Int128, _ b: Int128) -> Double {
        if a == 0 { return b < 0 ? -0.0 : 0 } // int division in Python keeps that sign
        let isNegative = (a < 0) != (b < 0)
        // Scaled so that the quotient has 56 bits or more; the remainder decides ties as a sticky bit.
        let bottom = b.magnitude
        let up = max(57 &+ bits(bottom) &- bits(a.magnitude), 0)
        let (q, r) = (a.magnitude << UInt128(up)).quotientAndRemainder(dividingBy: bottom)
        let value = scaled(r == 0 ? q : q | 1, -up)
        return isNegative ? -value : value
    }

    private static func bits(_ x: UInt128) -> Int { 128 &- x.leadingZeroBitCount }

    /// `x · 2^exponent` as the nearest float; the lowest bit of `x` counts as sticky when more than 55 bits are there.
    private static func scaled(_ x: UInt128, _ exponent: Int) -> Double {
        let extra = max(bits(x) &- 64, 0)
        var high = UInt64(truncatingIfNeeded: x >> UInt128(extra))
        if extra > 0 && x & (1 << UInt128(extra) &- 1) != 0 { high |= 1 }
        return Double(high) * Double(sign: .plus, exponent: exponent &+ extra, significand: 1)
    }

    /// The span times a finite float, to the nearest microsecond, half to even; nil if too large for any span.
    public func multiplied(by factor: Double) -> Int128? {
        guard let (mantissa, exponent) = TimeSpan.parts(factor) else { return 0 }
        return TimeSpan.shifted(total &* mantissa, exponent)
    }

    /// The span divided by a finite float other than 0, rounded the same way; nil if too large for any span.
    public func divided(by divisor: Double) -> Int128? {
        guard let (mantissa, exponent) = TimeSpan.parts(divisor) else { return nil }
        let us = total
        if us == 0 { return 0 }
        if exponent > 0 {
            if exponent > 70 { return 0 }
            return TimeSpan.divideNearest(us, mantissa << Int128(exponent))
        }
        let up = -exponent
        guard up <= us.magnitude.leadingZeroBitCount &- 2 else { return nil }
        return TimeSpan.divideNearest(us << Int128(up), mantissa)
    }

    /// A float as an odd integer times a power of two; nil for 0.
    private static func parts(_ value: Double) -> (Int128, Int)? {
        guard value != 0, value.isFinite else { return nil }
        let zeros = value.significandBitPattern == 0 ? 52 : min(value.significandBitPattern.trailingZeroBitCount, 52)
        var mantissa = UInt64(value.significandBitPattern)
        var exponent = -1074
        if value.exponentBitPattern != 0 {
            mantissa |= 1 << 52
            exponent = Int(value.exponentBitPattern) &- 1075
        }
        mantissa >>= UInt64(zeros)
        return (value < 0 ? -Int128(mantissa) : Int128(mantissa), exponent &+ zeros)
    }

    private static func shifted(_ value: Int128, _ exponent: Int) -> Int128? {
        if value == 0 { return 0 }
        if exponent >= 0 {
            guard exponent <= value.magnitude.leadingZeroBitCount &- 2 else { return nil }
            return value << Int128(exponent)
        }
        if exponent < -125 { return 0 }
        return divideNearest(value, 1 << Int128(-exponent))
    }

    // MARK: Text

    /// `str(timedelta)`.
    public var text: String {
        let hours = seconds / 3600, minutes = seconds / 60 % 60, rest = seconds % 60
        var out = ""
        if days != 0 { out = String(days) + (abs(days) == 1 ? " day, " : " days, ") }
        out += String(hours) + ":" + DateText.padded(minutes, 2) + ":" + DateText.padded(rest, 2)
        if microseconds != 0 { out += "." + DateText.padded(microseconds, 6) }
        return out
    }
}
