// Doubles as text, laid out as CPython lays them out: repr, the format codes e f g r, hexadecimal.
//
// Digits come from two sources that are exact: Swift's shortest round-trip description, and snprintf
// with a precision. Neither's layout is used, and no locale's decimal point gets through: only the digits
// and the decimal exponent are taken.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Text of floating-point numbers as CPython writes it.
public enum FloatText {
    /// The digits of a finite number: 0.d1d2d3… * 10^point, without sign. Zero is the one digit 0 with point 1.
    struct Digits {
        var bytes: [UInt8]
        var point: Int
    }

    /// What `PyOS_double_to_string` takes as flags, plus upper case.
    public struct Options: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }
        /// A plus sign before non-negative numbers (never before nan).
        public static let sign = Options(rawValue: 1)
        /// `.0` after a finite number that shows neither point nor exponent.
        public static let dotZero = Options(rawValue: 2)
        /// `#`: keep the point and trailing zeros.
        public static let alternate = Options(rawValue: 4)
        /// `INF`, `NAN`, `E`.
        public static let upperCase = Options(rawValue: 8)
    }

    // MARK: repr

    /// The bytes `repr` writes at most.
    public static let reprCapacity = 32

    /// Writes `repr(value)` (also `str(value)`) to `out`, which has `reprCapacity` bytes; returns the count.
    public static func repr(_ value: Double, into out: UnsafeMutablePointer<UInt8>) -> Int {
        if let small = Int32(exactly: value), small != 0 || value.sign == .plus { return integerRepr(Int(small), out) }
        var text = value.description
        return text.withUTF8 { source in
            relay(source, out)
        }
    }

    /// `repr(value)`.
    public static func repr(_ value: Double) -> String {
        String(unsafeUninitializedCapacity: reprCapacity) { buffer in
            guard let start = buffer.baseAddress else { return 0 }
            return repr(value, into: start)
        }
    }

    private static func integerRepr(_ value: Int, _ out: UnsafeMutablePointer<UInt8>) -> Int {
        var count = 0, rest = value.magnitude, width = 1
        if value < 0 {
            out[0] = 0x2D
            count = 1
        }
        var bound: UInt = 10
        while rest >= bound {
            bound &*= 10
            width &+= 1
        }
        var i = count &+ width
        while i > count {
            i &-= 1
            out[i] = UInt8(truncatingIfNeeded: rest % 10) &+ 48
            rest /= 10
        }
        out[count &+ width] = 0x2E
        out[count &+ width &+ 1] = 0x30
        return count &+ width &+ 2
    }

    /// Lays out Swift's description in CPython's way: an exponent from 1e16 on and below 1e-4, of two digits at least.
    private static func relay(_ source: UnsafeBufferPointer<UInt8>, _ out: UnsafeMutablePointer<UInt8>) -> Int {
        var digits: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        return withUnsafeMutableBytes(of: &digits) { d in
            var count = 0, i = 0
            if i < source.count && source[i] == 0x2D {
                out[0] = 0x2D
                count = 1
                i = 1
            }
            if i < source.count && source[i] > 0x39 { return count &+ copyWord(source[i] == 0x69 ? 0x69 : 0x6E, out + count) }
            let (n, point) = collect(source, from: i, into: d)
            return count &+ layOut(d, n, point, out + count)
        }
    }

    private static func copyWord(_ first: UInt8, _ out: UnsafeMutablePointer<UInt8>) -> Int {
        out[0] = first
        out[1] = first == 0x69 ? 0x6E : 0x61
        out[2] = first == 0x69 ? 0x66 : 0x6E
        return 3
    }

    /// Significant digits (no zeros on either side) and the decimal point's place among them.
    private static func collect(_ source: UnsafeBufferPointer<UInt8>, from start: Int, into d: UnsafeMutableRawBufferPointer) -> (Int, Int) {
        var n = 0, point = 0, exponent = 0, seenPoint = false
        var i = start
        while i < source.count {
            let c = source[i]
            i &+= 1
            if c == 0x2E {
                seenPoint = true
            } else if c == 0x65 {
                let negative = source[i] == 0x2D
                if negative || source[i] == 0x2B { i &+= 1 }
                while i < source.count {
                    exponent = exponent &* 10 &+ Int(source[i] &- 48)
                    i &+= 1
                }
                if negative { exponent = -exponent }
            } else {
                if n > 0 || c != 0x30 {
                    if n < d.count { d[n] = c }
                    n &+= 1
                    if !seenPoint { point &+= 1 }
                } else if seenPoint {
                    point &-= 1
                }
            }
        }
        while n > 1 && d[n &- 1] == 0x30 { n &-= 1 }
        if n == 0 {
            d[0] = 0x30
            return (1, 1)
        }
        return (n, point &+ exponent)
    }

    private static func layOut(_ d: UnsafeMutableRawBufferPointer, _ n: Int, _ point: Int, _ out: UnsafeMutablePointer<UInt8>) -> Int {
        var count = 0
        func put(_ byte: UInt8) {
            out[count] = byte
            count &+= 1
        }
        if point <= -4 || point > 16 {
            put(d[0])
            if n > 1 {
                put(0x2E)
                for i in 1..<n { put(d[i]) }
            }
            put(0x65)
            let e = point &- 1
            put(e < 0 ? 0x2D : 0x2B)
            let m = abs(e)
            if m >= 100 { put(UInt8(m / 100) &+ 48) }
            put(UInt8(m / 10 % 10) &+ 48)
            put(UInt8(m % 10) &+ 48)
        } else if point <= 0 {
            put(0x30)
            put(0x2E)
            for _ in 0..<(-point) { put(0x30) }
            for i in 0..<n { put(d[i]) }
        } else {
            for i in 0..<max(n, point) {
                if i == point { put(0x2E) }
                put(i < n ? d[i] : 0x30)
            }
            if n <= point {
                put(0x2E)
                put(0x30)
            }
        }
        return count
    }

    // MARK: Digits

    /// What snprintf writes for a format with a precision.
    private static func printed(_ value: Double, _ precision: Int, _ conversion: String) -> [UInt8] {
        let format = conversion
        return withVaList([Int32(truncatingIfNeeded: precision), value]) { arguments in
            let capacity = precision &+ 340
            return [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
                count = 0
                guard let start = buffer.baseAddress else { return }
                let written = start.withMemoryRebound(to: CChar.self, capacity: capacity) {
                    vsnprintf($0, capacity, format, arguments)
                }
                count = max(0, min(Int(written), capacity &- 1))
            }
        }
    }

    /// The finite |value| rounded half to even to `count >= 1` significant digits.
    static func significantDigits(_ value: Double, _ count: Int) -> Digits {
        let text = printed(value.magnitude, count &- 1, "%.*e")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        var exponent = 0
        for (i, c) in text.enumerated() {
            if c == 0x65 {
                for e in text[(i + 2)...] { exponent = exponent &* 10 &+ Int(e &- 48) }
                if text[i + 1] == 0x2D { exponent = -exponent }
                break
            }
            if c >= 0x30 && c <= 0x39 { bytes.append(c) }
        }
        return Digits(bytes: bytes, point: exponent &+ 1)
    }

    /// The finite |value| rounded half to even to `places >= 0` decimals. At least one digit comes before the point.
    static func fixedDigits(_ value: Double, _ places: Int) -> Digits {
        let text = printed(value.magnitude, places, "%.*f")
        let bytes = text.filter { $0 >= 0x30 && $0 <= 0x39 }
        return Digits(bytes: bytes, point: bytes.count &- places)
    }

    /// The shortest digits that read back as |value|.
    static func shortestDigits(_ value: Double) -> Digits {
        var text = value.magnitude.description
        var digits: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        return withUnsafeMutableBytes(of: &digits) { d in
            text.withUTF8 { source in
                let (n, point) = collect(source, from: 0, into: d)
                return Digits(bytes: Array(d[0..<n]), point: value == 0 ? 1 : point)
            }
        }
    }

    // MARK: Format codes

    /// A number with format code `e`, `f`, `g` or `r` (repr; its precision is ignored), as `PyOS_double_to_string`
    /// writes it. `precision >= 0`.
    public static func text(_ value: Double, code: Character, precision: Int, options: Options = []) -> [UInt8] {
        if code == "f", let quick = shortFixed(value, precision, options) { return quick }
        var out: [UInt8] = []
        if !value.isFinite {
            if value.isInfinite {
                if value < 0 { out.append(0x2D) } else if options.contains(.sign) { out.append(0x2B) }
            }
            let upper = options.contains(.upperCase)
            out += value.isNaN ? (upper ? "NAN" : "nan").utf8 : (upper ? "INF" : "inf").utf8
            return out
        }
        if value.sign == .minus { out.append(0x2D) } else if options.contains(.sign) { out.append(0x2B) }
        switch code {
        case "f":
            let digits = fixedDigits(value, precision)
            plain(digits, shown: digits.point &+ precision, options, &out)
        case "e":
            scientific(significantDigits(value, precision &+ 1), shown: precision &+ 1, options, &out)
        case "r":
            let digits = shortestDigits(value)
            if digits.point <= -4 || digits.point > 16 {
                scientific(digits, shown: digits.bytes.count, options, &out)
            } else {
                plain(digits, shown: digits.bytes.count, options, &out)
            }
        default:
            general(value, max(precision, 1), options, &out)
        }
        return out
    }

    /// `%.<places>f` in integers, for up to 15 places and results of up to 19 digits; nil for all else. The product with the power of
    /// ten is exact in 128 bits, so that rounding sees every bit.
    private static func shortFixed(_ value: Double, _ places: Int, _ options: Options) -> [UInt8]? {
        guard value.isFinite, places <= 15 else { return nil }
        let shift = 1075 &- max(Int(value.exponentBitPattern), 1)
        guard shift > 0 else { return nil }
        var power: UInt64 = 1
        for _ in 0..<places { power = power &* 10 }
        let mantissa = value.significandBitPattern | (value.exponentBitPattern == 0 ? 0 : 1 &<< 52)
        let product = mantissa.multipliedFullWidth(by: power)
        guard let scaled = roundedShift(product.high, product.low, shift), scaled < 1_000_000_000_000_000_000 else { return nil }
        // Digits from the right, at least one before the point.
        let signed = value.sign == .minus || options.contains(.sign)
        let hasPoint = places > 0 || options.contains(.alternate)
        var width = places &+ 1, bound = power &* 10
        while scaled >= bound {
            width &+= 1
            bound = bound &* 10
        }
        var i = (signed ? 1 : 0) &+ width &+ (hasPoint ? 1 : 0)
        var out = [UInt8](repeating: value.sign == .minus ? 0x2D : 0x2B, count: i)
        var rest = scaled, left = places
        let start = signed ? 1 : 0
        while i > start {
            i &-= 1
            if left == 0 && hasPoint {
                out[i] = 0x2E
            } else {
                let q = rest / 10
                out[i] = UInt8(truncatingIfNeeded: rest &- q &* 10) &+ 48
                rest = q
            }
            left &-= 1
        }
        return out
    }

    /// (high, low) >> shift, half to even, if that fits a word.
    private static func roundedShift(_ high: UInt64, _ low: UInt64, _ shift: Int) -> UInt64? {
        if shift >= 120 { return 0 }
        let part = UInt64(truncatingIfNeeded: shift & 63)
        let result: UInt64, half: Bool, sticky: Bool
        if shift < 64 {
            if high &>> part != 0 { return nil }
            result = (high &<< (64 &- part)) | (low &>> part)
            half = (low &>> (part &- 1)) & 1 != 0
            sticky = low & ((1 &<< (part &- 1)) &- 1) != 0
        } else if shift == 64 {
            result = high
            half = low &>> 63 != 0
            sticky = low &<< 1 != 0
        } else {
            result = high &>> part
            half = (high &>> (part &- 1)) & 1 != 0
            sticky = low != 0 || high & ((1 &<< (part &- 1)) &- 1) != 0
        }
        return result &+ (half && (sticky || result & 1 != 0) ? 1 : 0)
    }

    private static func general(_ value: Double, _ precision: Int, _ options: Options, _ out: inout [UInt8]) {
        // More digits than any double has are all zeros, and shown only with the alternate form.
        var digits = significantDigits(value, min(precision, 1100))
        while digits.bytes.count > 1 && digits.bytes.last == 0x30 { digits.bytes.removeLast() }
        if value == 0 { digits.point = 1 }
        let shown = options.contains(.alternate) ? precision : digits.bytes.count
        if digits.point <= -4 || digits.point > precision &- (options.contains(.dotZero) ? 1 : 0) {
            scientific(digits, shown: shown, options, &out)
        } else {
            plain(digits, shown: shown, options, &out)
        }
    }

    /// Digits around a point, `shown` of them (zeros beyond those there are).
    private static func plain(_ digits: Digits, shown: Int, _ options: Options, _ out: inout [UInt8]) {
        let n = digits.bytes.count
        if digits.point <= 0 {
            out.append(0x30)
        } else {
            for i in 0..<digits.point { out.append(i < n ? digits.bytes[i] : 0x30) }
        }
        let hasFraction = shown > digits.point
        if hasFraction {
            out.append(0x2E)
            for _ in 0..<max(-digits.point, 0) { out.append(0x30) }
            for i in max(digits.point, 0)..<max(shown, max(digits.point, 0)) { out.append(i < n ? digits.bytes[i] : 0x30) }
        } else if options.contains(.dotZero) {
            out.append(0x2E)
            out.append(0x30)
        } else if options.contains(.alternate) {
            out.append(0x2E)
        }
    }

    /// One digit, a point if more follow, and an exponent of two digits at least.
    private static func scientific(_ digits: Digits, shown: Int, _ options: Options, _ out: inout [UInt8]) {
        let n = digits.bytes.count
        out.append(digits.bytes.first ?? 0x30)
        if shown > 1 {
            out.append(0x2E)
            for i in 1..<shown { out.append(i < n ? digits.bytes[i] : 0x30) }
        } else if options.contains(.alternate) {
            out.append(0x2E)
        }
        out.append(options.contains(.upperCase) ? 0x45 : 0x65)
        let e = digits.point &- 1
        out.append(e < 0 ? 0x2D : 0x2B)
        if abs(e) < 10 { out.append(0x30) }
        out += String(abs(e)).utf8
    }

    // MARK: Rounding

    /// `round(value, places)` for a finite or other value; nil when the rounded value overflows
    /// ("rounded value too large to represent").
    public static func round(_ value: Double, places: Int) -> Double? {
        if !value.isFinite || value == 0 || places > 323 { return value }
        if places < -308 { return 0 * value }
        let digits: Digits
        if places >= 0 {
            digits = fixedDigits(value, places)
        } else {
            // The exponent is right because 18 digits tell a double from a power of ten.
            let exponent = significantDigits(value, 18).point &- 1
            let keep = exponent &+ 1 &+ places
            if keep < 0 { return 0 * value }
            if keep == 0 {
                let exact = significantDigits(value, 1100)
                let first = exact.bytes[0]
                let up = first > 0x35 || (first == 0x35 && exact.bytes.dropFirst().contains { $0 != 0x30 })
                if !up { return 0 * value }
                digits = Digits(bytes: [0x31], point: exponent &+ 2)
            } else {
                digits = significantDigits(value, keep)
            }
        }
        guard let magnitude = FloatParser.double(digits: digits.bytes, exponent: digits.point &- digits.bytes.count) else { return nil }
        if magnitude.isInfinite { return nil }
        return value.sign == .minus ? -magnitude : magnitude
    }

    // MARK: Hexadecimal and ratios

    /// `value.hex()`.
    public static func hex(_ value: Double) -> String {
        if !value.isFinite { return repr(value) }
        let sign = value.sign == .minus ? "-" : ""
        if value == 0 { return sign + "0x0.0p+0" }
        let subnormal = value.magnitude < Double.leastNormalMagnitude
        let exponent = subnormal ? -1022 : Int(value.exponent)
        let digits = String(value.significandBitPattern, radix: 16)
        let padding = String(repeating: "0", count: 13 &- digits.count)
        return sign + (subnormal ? "0x0." : "0x1.") + padding + digits + "p" + (exponent < 0 ? "-" : "+") + String(abs(exponent))
    }

    /// A finite |value| as an odd integer (or 0) times a power of two; with the sign this is `as_integer_ratio`.
    public static func oddMantissa(_ value: Double) -> (mantissa: UInt64, exponent: Int) {
        if value == 0 { return (0, 0) }
        var mantissa = value.significandBitPattern
        var exponent = Int(value.exponentBitPattern) &- 1075
        if value.exponentBitPattern == 0 { exponent &+= 1 } else { mantissa |= 1 &<< 52 }
        let zeros = mantissa.trailingZeroBitCount
        return (mantissa &>> UInt64(zeros), exponent &+ zeros)
    }

    // MARK: Complex

    /// `repr` (and `str`) of a complex number.
    public static func repr(real: Double, imaginary: Double) -> String {
        func bare(_ value: Double, _ options: Options = []) -> String {
            String(decoding: text(value, code: "r", precision: 0, options: options), as: UTF8.self)
        }
        if real == 0 && real.sign == .plus { return bare(imaginary) + "j" }
        // A nan has no sign of its own, but the imaginary part needs one.
        let second = imaginary.isNaN ? "+nan" : bare(imaginary, .sign)
        return "(" + bare(real) + second + "j)"
    }
}
