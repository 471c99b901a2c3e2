// The format specs that nearly all programs use, without the general machinery: `[<>][0][width][.precision][type]` in ASCII, for
// small ints (d, x), finite floats (f) and strs (s). Everything else, errors included, is for FormatSpec.

import TaipanNumbers

/// A spec of the plain form.
private struct PlainSpec {
    var isLeft = false
    var isAligned = false
    var zero = false
    var width = 0
    var precision = -1
    /// The type's character; 0 when there is none.
    var type: UInt8 = 0

    /// Nil for a spec of any other form.
    init?(_ spec: StrObject) {
        guard spec.isASCII, spec.count <= 8 else { return nil }
        let text = spec.units8
        var i = 0
        if i < spec.count, text[i] == 0x3C || text[i] == 0x3E {
            isAligned = true
            isLeft = text[i] == 0x3C
            i &+= 1
        }
        if i < spec.count, text[i] == 0x30 {
            if isAligned { return nil }
            zero = true
            i &+= 1
        }
        width = PlainSpec.number(text, &i, spec.count) ?? 0
        if i < spec.count, text[i] == 0x2E {
            i &+= 1
            guard let digits = PlainSpec.number(text, &i, spec.count) else { return nil }
            precision = digits
        }
        if i < spec.count {
            type = text[i]
            i &+= 1
        }
        if i != spec.count { return nil }
    }

    /// Up to three digits.
    private static func number(_ text: UnsafeMutablePointer<UInt8>, _ i: inout Int, _ count: Int) -> Int? {
        let start = i
        var value = 0
        while i < count, text[i] &- 0x30 < 10, i &- start < 3 {
            value = value &* 10 &+ Int(text[i] &- 0x30)
            i &+= 1
        }
        return i == start ? nil : value
    }
}

extension Thread {
    /// `format(value, spec)` for plain specs; unbound when that is for the general way.
    func formatPlainly(_ value: Value, _ spec: StrObject) throws(Raised) -> Value {
        guard let plain = PlainSpec(spec) else { return .unbound }
        if value.isSmallInt {
            if plain.precision >= 0 { return .unbound }
            switch plain.type {
            case 0, 0x64: return try padDigits(value.smallInt, base: 10, plain)
            case 0x78: return try padDigits(value.smallInt, base: 16, plain)
            default: return .unbound
            }
        }
        if value.hasLayout(.str) {
            let text = StrObject(value)
            if plain.precision >= 0 || plain.zero || plain.type != 0 && plain.type != 0x73 || !text.isASCII { return .unbound }
            if plain.width <= text.count { return value }
            return try padASCII(UnsafeBufferPointer(start: text.units8, count: text.count), isNegative: false, plain, isLeft: plain.isLeft || !plain.isAligned)
        }
        if value.isSmallFloat, plain.type == 0x66 {
            let d = value.smallFloat
            let text = FloatText.text(d.magnitude, code: "f", precision: plain.precision < 0 ? 6 : plain.precision)
            return try text.withUnsafeBufferPointer { (bytes) throws(Raised) in try padASCII(bytes, isNegative: d < 0, plain, isLeft: plain.isLeft) }
        }
        return .unbound
    }

    private func padDigits(_ n: Int, base: UInt, _ plain: PlainSpec) throws(Raised) -> Value {
        var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
        return try withUnsafeMutableBytes(of: &words) { (buffer) throws(Raised) in
            var at = 24
            var rest = n.magnitude
            repeat {
                at &-= 1
                let digit = UInt8(truncatingIfNeeded: rest % base)
                buffer[at] = digit < 10 ? 0x30 &+ digit : 0x57 &+ digit
                rest /= base
            } while rest != 0
            return try padASCII(UnsafeBufferPointer(rebasing: buffer.bindMemory(to: UInt8.self)[at...]), isNegative: n < 0, plain, isLeft: plain.isLeft)
        }
    }

    /// The str of sign and ASCII text, padded to the width.
    private func padASCII(_ text: UnsafeBufferPointer<UInt8>, isNegative: Bool, _ plain: PlainSpec, isLeft: Bool) throws(Raised) -> Value {
        let lead = isNegative ? 1 : 0
        let length = text.count &+ lead
        let padding = max(0, plain.width &- length)
        let made = try newStr(count: length &+ padding, maximum: 0)
        var at = 0
        func fill(_ c: UInt8) {
            for _ in 0..<padding {
                made.units8[at] = c
                at &+= 1
            }
        }
        if !isLeft && !plain.zero { fill(0x20) }
        if isNegative {
            made.units8[at] = 0x2D
            at &+= 1
        }
        if plain.zero { fill(0x30) }
        for c in text {
            made.units8[at] = c
            at &+= 1
        }
        if isLeft && !plain.zero { fill(0x20) }
        return made.value
    }
}
