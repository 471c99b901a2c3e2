// Text as doubles: float(), complex(), float.fromhex(), correctly rounded.

/// Reads floating-point numbers in Python's notations.
public enum FloatParser {
    /// What `float.fromhex` may raise.
    public enum HexError: Error, Equatable, Sendable {
        /// ValueError: invalid hexadecimal floating-point string
        case invalid
        /// OverflowError: hexadecimal value too large to represent as a float
        case overflow
        /// ValueError: hexadecimal string too long to convert
        case tooLong

        /// CPython's text for the error.
        public var message: String {
            switch self {
            case .invalid: return "invalid hexadecimal floating-point string"
            case .overflow: return "hexadecimal value too large to represent as a float"
            case .tooLong: return "hexadecimal string too long to convert"
            }
        }
    }

    /// ASCII text as `float()` reads it after stripping white space: sign, digits, point, exponent, `inf`, `infinity`
    /// and `nan` in any case, underscores between digits. nil if it is anything else.
    public static func parse(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
        guard !text.contains(0x5F) else {
            guard let clean = withoutUnderscores(text) else { return nil }
            return clean.withUnsafeBufferPointer { parse($0) }
        }
        guard let (value, end) = prefix(text, from: 0), end == text.count else { return nil }
        return value
    }

    /// The text without underscores, nil if one of them is not between two digits.
    public static func withoutUnderscores(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var clean: [UInt8] = []
        clean.reserveCapacity(text.count)
        var previous: UInt8 = 0
        for c in text {
            if c == 0x5F {
                if !isDigit(previous) { return nil }
            } else {
                if previous == 0x5F && !isDigit(c) { return nil }
                clean.append(c)
            }
            previous = c
        }
        return previous == 0x5F ? nil : clean
    }

    @inline(__always)
    private static func isDigit(_ c: UInt8) -> Bool { c &- 48 < 10 }

    /// The longest number that the text has at `start`, and where it ends; nil if there is none.
    public static func prefix(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> (value: Double, end: Int)? {
        var i = start
        let n = text.count
        var negative = false
        if i < n && (text[i] == 0x2D || text[i] == 0x2B) {
            negative = text[i] == 0x2D
            i &+= 1
        }
        let first = i
        // Up to 19 digits gather in a word; what is longer is read again from the text.
        var mantissa: UInt64 = 0, digits = 0, exponent = 0, seen = false
        while i < n && isDigit(text[i]) {
            seen = true
            if mantissa != 0 || text[i] != 0x30 { digits &+= 1 }
            if digits <= 19 { mantissa = mantissa &* 10 &+ UInt64(text[i] &- 48) }
            i &+= 1
        }
        if i < n && text[i] == 0x2E {
            i &+= 1
            while i < n && isDigit(text[i]) {
                seen = true
                if mantissa != 0 || text[i] != 0x30 { digits &+= 1 }
                if digits <= 19 { mantissa = mantissa &* 10 &+ UInt64(text[i] &- 48) }
                exponent &-= 1
                i &+= 1
            }
        }
        if !seen {
            guard let (value, end) = word(text, from: first) else { return nil }
            return (negative ? -value : value, end)
        }
        if i < n && (text[i] | 32) == 0x65, let (e, end) = exponentPart(text, from: i &+ 1) {
            exponent &+= e
            i = end
        }
        let value = digits <= 19 ? simple(mantissa, exponent) : nil
        let result = value ?? library(text, first, i)
        return (negative ? -result : result, i)
    }

    /// `[sign] digits` of an exponent, held within bounds that decide the result all the same.
    private static func exponentPart(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> (Int, Int)? {
        var i = start, e = 0
        let negative = i < text.count && text[i] == 0x2D
        if i < text.count && (text[i] == 0x2D || text[i] == 0x2B) { i &+= 1 }
        let first = i
        while i < text.count && isDigit(text[i]) {
            if e < 1 &<< 50 { e = e &* 10 &+ Int(text[i] &- 48) }
            i &+= 1
        }
        return i == first ? nil : (negative ? -e : e, i)
    }

    private static func word(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> (Double, Int)? {
        func matches(_ word: StaticString) -> Bool {
            guard start &+ word.utf8CodeUnitCount <= text.count else { return false }
            for i in 0..<word.utf8CodeUnitCount where text[start &+ i] | 32 != word.utf8Start[i] { return false }
            return true
        }
        if matches("infinity") { return (.infinity, start &+ 8) }
        if matches("inf") { return (.infinity, start &+ 3) }
        if matches("nan") { return (.nan, start &+ 3) }
        return nil
    }

    /// Where one exact operation on exact operands gives the answer (Clinger's fast path).
    private static func simple(_ mantissa: UInt64, _ exponent: Int) -> Double? {
        if mantissa == 0 { return 0 }
        if mantissa > 1 &<< 53 || exponent < -22 || exponent > 22 { return nil }
        let power = powerOfTen(exponent < 0 ? -exponent : exponent)
        return exponent < 0 ? Double(mantissa) / power : Double(mantissa) * power
    }

    /// 10^n for n <= 22, exactly.
    private static func powerOfTen(_ n: Int) -> Double {
        var result = 1.0, base = 10.0, n = n
        while n > 0 {
            if n & 1 != 0 { result *= base }
            base *= base
            n >>= 1
        }
        return result
    }

    /// The standard library's conversion, which rounds correctly and knows no locale.
    private static func library(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Double {
        Double(String(decoding: text[start..<end], as: UTF8.self)) ?? 0
    }

    /// Decimal digits times a power of ten.
    static func double(digits: [UInt8], exponent: Int) -> Double? {
        let text = digits + "e\(exponent)".utf8
        return text.withUnsafeBufferPointer { parse($0) }
    }

    // MARK: Complex

    /// ASCII text as `complex()` reads it: real and imaginary part, perhaps in parentheses, white space outside of
    /// the number. nil: "complex() arg is a malformed string".
    public static func complex(_ text: UnsafeBufferPointer<UInt8>) -> (real: Double, imaginary: Double)? {
        guard !text.contains(0x5F) else {
            guard let clean = withoutUnderscores(text) else { return nil }
            return clean.withUnsafeBufferPointer { complex($0) }
        }
        let n = text.count
        var i = skipSpace(text, 0)
        let bracket = i < n && text[i] == 0x28
        if bracket { i = skipSpace(text, i &+ 1) }
        guard let (real, imaginary, end) = complexParts(text, i) else { return nil }
        i = skipSpace(text, end)
        if bracket {
            guard i < n && text[i] == 0x29 else { return nil }
            i = skipSpace(text, i &+ 1)
        }
        return i == n ? (real, imaginary) : nil
    }

    private static func complexParts(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> (Double, Double, Int)? {
        func at(_ i: Int) -> UInt8 { i < text.count ? text[i] : 0 }
        func isSign(_ c: UInt8) -> Bool { c == 0x2B || c == 0x2D }
        func isJ(_ c: UInt8) -> Bool { c | 32 == 0x6A }
        guard let (first, end) = prefix(text, from: start) else {
            // A lone j, perhaps signed.
            let sign = at(start)
            let i = isSign(sign) ? start &+ 1 : start
            return isJ(at(i)) ? (0, sign == 0x2D ? -1 : 1, i &+ 1) : nil
        }
        if isJ(at(end)) { return (0, first, end &+ 1) }
        if !isSign(at(end)) { return (first, 0, end) }
        var imaginary: Double = at(end) == 0x2D ? -1 : 1, i = end &+ 1
        if let (second, stop) = prefix(text, from: end) {
            imaginary = second
            i = stop
        }
        return isJ(at(i)) ? (first, imaginary, i &+ 1) : nil
    }

    private static func skipSpace(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        var i = start
        while i < text.count && (text[i] == 0x20 || text[i] &- 9 < 5) { i &+= 1 }
        return i
    }

    // MARK: Hexadecimal

    private static func hexValue(_ c: UInt8) -> UInt64? {
        switch c {
        case 0x30...0x39: return UInt64(c &- 0x30)
        case 0x41...0x46: return UInt64(c &- 0x41 &+ 10)
        case 0x61...0x66: return UInt64(c &- 0x61 &+ 10)
        default: return nil
        }
    }

    /// ASCII text as `float.fromhex` reads it, white space around it included.
    public static func hex(_ text: UnsafeBufferPointer<UInt8>) throws(HexError) -> Double {
        var i = skipSpace(text, 0), n = text.count
        while n > i && (text[n &- 1] == 0x20 || text[n &- 1] &- 9 < 5) { n &-= 1 }
        var negative = false
        if i < n && (text[i] == 0x2B || text[i] == 0x2D) {
            negative = text[i] == 0x2D
            i &+= 1
        }
        if let (value, end) = word(text, from: i) {
            if end != n { throw .invalid }
            return negative ? -value : value
        }
        if i &+ 1 < n && text[i] == 0x30 && text[i &+ 1] | 32 == 0x78 { i &+= 2 }
        let value = try hexMagnitude(text, i, n)
        return negative ? -value : value
    }

    /// digits [. digits] [p exponent]
    private static func hexMagnitude(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) throws(HexError) -> Double {
        // 60 bits of the mantissa and one that stands for all below; the exponent is of the last digit taken.
        var i = start, mantissa: UInt64 = 0, exponent = 0, any = false, sticky = false, point = false
        while i < end {
            if text[i] == 0x2E && !point {
                point = true
            } else if let v = hexValue(text[i]) {
                any = true
                if mantissa < 1 &<< 56 {
                    mantissa = mantissa &<< 4 | v
                    if point { exponent &-= 4 }
                } else {
                    if v != 0 { sticky = true }
                    if !point { exponent &+= 4 }
                }
            } else {
                break
            }
            i &+= 1
        }
        if !any { throw .invalid }
        if i < end && text[i] | 32 == 0x70 {
            guard let (e, stop) = exponentPart(text, from: i &+ 1), stop <= end else { throw .invalid }
            exponent &+= e
            i = stop
        }
        if i != end { throw .invalid }
        if mantissa == 0 { return 0 }
        if sticky { mantissa |= 1 }
        let top = exponent &+ (64 &- mantissa.leadingZeroBitCount)
        if top > 1024 { throw .overflow }
        if top < -1075 { return 0 }
        let value = withUnsafePointer(to: &mantissa) { Limbs.roundedDouble($0, 1, exponent: exponent) }
        guard let value else { throw .overflow }
        return value
    }
}
