// Text as int() reads it: sign, prefix, underscores. The digits that remain go to Limbs.parse.

/// Reads integers in Python's notations.
public enum IntegerParser {
    /// What `int(text, base)` found: the sign, the base that the prefix decided, and bare digits.
    public struct Digits: Equatable, Sendable {
        public var negative: Bool
        public var base: Int
        /// Digits and letters without prefix and underscores; at least one.
        public var digits: [UInt8]
    }

    /// ASCII text under `base` (0, 2...36), white space around it allowed; nil if it is no integer ("invalid literal
    /// for int() with base …"). Other scripts' digits and spaces are turned into ASCII by the caller.
    public static func scan(_ text: UnsafeBufferPointer<UInt8>, base: Int) -> Digits? {
        var i = 0, end = text.count
        func isSpace(_ c: UInt8) -> Bool { c == 0x20 || c &- 9 < 5 }
        while i < end && isSpace(text[i]) { i &+= 1 }
        while end > i && isSpace(text[end &- 1]) { end &-= 1 }
        var negative = false
        if i < end && (text[i] == 0x2B || text[i] == 0x2D) {
            negative = text[i] == 0x2D
            i &+= 1
        }
        var radix = base, zeroOnly = false, separator = false
        if i &+ 1 < end && text[i] == 0x30, let prefixed = prefixBase(text[i &+ 1]), base == 0 || base == prefixed {
            radix = prefixed
            i &+= 2
            // One underscore may stand between prefix and digits.
            separator = true
        } else if base == 0 {
            radix = 10
            zeroOnly = i < end && text[i] == 0x30
        }
        guard let digits = bare(text, i, end, radix, separatorFirst: separator) else { return nil }
        // Without a prefix, base 0 takes no leading zeros (010), except for zero itself.
        if zeroOnly && digits.contains(where: { $0 != 0x30 }) { return nil }
        return Digits(negative: negative, base: radix, digits: digits)
    }

    private static func prefixBase(_ c: UInt8) -> Int? {
        switch c | 32 {
        case 0x78: return 16
        case 0x6F: return 8
        case 0x62: return 2
        default: return nil
        }
    }

    private static func bare(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, _ base: Int, separatorFirst: Bool) -> [UInt8]? {
        var digits: [UInt8] = []
        digits.reserveCapacity(end &- start)
        var mayBreak = separatorFirst, afterBreak = false
        for i in start..<max(start, end) {
            let c = text[i]
            if c == 0x5F {
                if !mayBreak { return nil }
                mayBreak = false
                afterBreak = true
                continue
            }
            guard let value = BigInteger.digitValue(c), value < base else { return nil }
            digits.append(c)
            mayBreak = true
            afterBreak = false
        }
        return digits.isEmpty || afterBreak ? nil : digits
    }

    /// A number of at most 18 decimal digits and an optional sign, the common case of `int(text)`; nil when it is anything else.
    public static func small(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        var i = 0, value = 0
        let n = text.count
        let negative = n > 0 && text[0] == 0x2D
        if negative { i = 1 }
        if i == n || n &- i > 18 { return nil }
        while i < n {
            let digit = text[i] &- 48
            if digit >= 10 { return nil }
            value = value &* 10 &+ Int(digit)
            i &+= 1
        }
        return negative ? -value : value
    }
}
