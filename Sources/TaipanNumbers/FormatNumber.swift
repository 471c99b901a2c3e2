// Numbers under a format spec, and under printf-style conversions: sign, prefix, grouped digits, point,
// remainder, padding.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A number's text in the pieces that padding and grouping treat differently.
private struct NumberParts {
    /// The text after the sign: digits, then what follows them.
    var body: [UInt8]
    var negative = false
    /// `0x`, `0o`, `0b`, `0X`: its second character, or 0.
    var prefix: UInt8 = 0
    /// How many digits, counted from the body's start, are grouped and zero-padded.
    var digits: Int
    /// Whether a point follows the digits.
    var point = false

    /// An integer's digits.
    init(digits: [UInt8], negative: Bool, prefix: UInt8) {
        body = digits
        self.negative = negative
        self.prefix = prefix
        self.digits = digits.count
    }

    /// A float's text, sign included.
    init(float text: [UInt8]) {
        negative = text.first == 0x2D
        body = negative ? Array(text.dropFirst()) : text
        digits = body.firstIndex { $0 &- 48 >= 10 } ?? body.count
        point = digits < body.count && body[digits] == 0x2E
    }
}

/// Decimal point and grouping, from the C locale or from the process's.
private struct NumberLocale {
    var point: [UInt32] = [0x2E]
    var separator: [UInt32] = []
    /// Group sizes from the right as localeconv has them: 127 ends grouping, the last repeats.
    var sizes: [Int] = []

    init(_ grouping: FormatSpec.Grouping) {
        switch grouping {
        case .none: break
        case .comma: (separator, sizes) = ([0x2C], [3])
        case .underscore: (separator, sizes) = ([0x5F], [3])
        case .underscoreByFour: (separator, sizes) = ([0x5F], [4])
        }
    }

    /// The process's LC_NUMERIC.
    static func current() -> NumberLocale {
        var locale = NumberLocale(.none)
        guard let conventions = localeconv() else { return locale }
        func text(_ pointer: UnsafeMutablePointer<CChar>?) -> [UInt32] {
            guard let pointer else { return [] }
            return String(cString: pointer).unicodeScalars.map(\.value)
        }
        locale.point = text(conventions.pointee.decimal_point)
        locale.separator = text(conventions.pointee.thousands_sep)
        if var p = conventions.pointee.grouping {
            while p.pointee != 0 {
                locale.sizes.append(Int(p.pointee))
                p += 1
            }
        }
        return locale
    }

    /// Group sizes, right to left, for `digits` digits padded with zeros to `minimum` characters: each group's zeros and digits.
    func groups(_ digits: Int, minimum: Int) -> [(zeros: Int, digits: Int)] {
        var result: [(zeros: Int, digits: Int)] = []
        var remaining = digits, room = minimum, index = 0
        while index < sizes.count || !sizes.isEmpty {
            let size = sizes[min(index, sizes.count - 1)]
            if size >= 127 || size <= 0 { break }
            index += 1
            let length = min(size, max(remaining, room, 1))
            result.append((max(0, length - remaining), max(0, min(remaining, length))))
            remaining -= min(remaining, length)
            room -= length
            if remaining <= 0 && room <= 0 { return result }
            room -= separator.count
        }
        let length = max(remaining, room, 1)
        result.append((max(0, length - remaining), max(0, min(remaining, length))))
        return result
    }
}

extension FormatSpec {
    // MARK: Integers

    /// How a type code shows an int.
    public enum IntegerForm: Equatable, Sendable {
        /// Digits in a base: 2, 8, 10 or 16.
        case digits(base: Int)
        /// The character with that code point.
        case character
        /// As a float, converted by the caller ("int too large to convert to float").
        case float
    }

    /// Which form this spec gives an int, after checking the spec.
    public func integerForm(typeName: String = "int") throws(FormatError) -> IntegerForm {
        let form: IntegerForm
        switch type {
        case 0x64, 0x6E: form = .digits(base: 10)
        case 0x62: form = .digits(base: 2)
        case 0x6F: form = .digits(base: 8)
        case 0x78, 0x58: form = .digits(base: 16)
        case 0x63: form = .character
        case 0x65, 0x66, 0x67, 0x45, 0x46, 0x47, 0x25: return .float
        default: throw unknownType(typeName)
        }
        if precision != -1 { throw FormatError("Precision not allowed in integer format specifier") }
        if positiveZero { throw FormatError("Negative zero coercion (z) not allowed in integer format specifier") }
        if form == .character {
            if sign != 0 { throw FormatError("Sign not allowed with integer format specifier 'c'") }
            if alternate { throw FormatError("Alternate form (#) not allowed with integer format specifier 'c'") }
        }
        return form
    }

    /// Formats an int whose digits, in the base that `integerForm` gave and in lower case, the caller has made.
    public func format(digits: [UInt8], negative: Bool) throws(FormatError) -> [UInt32] {
        try checkWidth()
        var prefix: UInt8 = 0
        var digits = digits
        if alternate, type == 0x62 || type == 0x6F || type == 0x78 || type == 0x58 { prefix = UInt8(truncatingIfNeeded: type) }
        if type == 0x58 { for i in digits.indices where digits[i] >= 0x61 { digits[i] &-= 32 } }
        return lay(NumberParts(digits: digits, negative: negative, prefix: prefix))
    }

    /// Formats an int in the base that `integerForm` gave.
    public func format(_ value: BigInteger, base: Int) throws(FormatError) -> [UInt32] {
        let n = value.magnitude.count
        let digits = [UInt8](unsafeUninitializedCapacity: Limbs.textCapacity(value.magnitude, n, base: base)) { buffer, count in
            count = 0
            if let start = buffer.baseAddress { count = Limbs.text(value.magnitude, n, base: base, into: start) }
        }
        return try format(digits: digits, negative: value.isNegative)
    }

    /// Formats an int of type `c`; nil stands for one beyond a machine integer.
    public func formatCharacter(_ codePoint: Int?) throws(FormatError) -> [UInt32] {
        guard let codePoint else { throw FormatError(.overflowError, "Python int too large to convert to C long") }
        guard codePoint >= 0 && codePoint < 0x110000 else { throw FormatError(.overflowError, "%c arg not in range(0x110000)") }
        try checkWidth()
        let (left, right) = padding(1)
        return [UInt32](repeating: fill, count: left) + [UInt32(codePoint)] + [UInt32](repeating: fill, count: right)
    }

    // MARK: Floats

    /// Formats a float, or an int that the caller has converted.
    public func format(_ value: Double, typeName: String = "float") throws(FormatError) -> [UInt32] {
        switch type {
        case 0, 0x65, 0x66, 0x67, 0x45, 0x46, 0x47, 0x6E, 0x25: break
        default: throw unknownType(typeName)
        }
        if precision > Int(Int32.max) { throw FormatError("precision too big") }
        try checkWidth()
        let percent = type == 0x25
        var text = floatText(percent ? value * 100 : value, dotZero: type == 0)
        if percent { text.append(0x25) }
        return lay(NumberParts(float: text))
    }

    /// The unpadded text with the spec's code, precision and options.
    private func floatText(_ value: Double, dotZero: Bool) -> [UInt8] {
        var options: FloatText.Options = []
        if alternate { options.insert(.alternate) }
        if dotZero { options.insert(.dotZero) }
        var code: Character
        switch type {
        case 0x66, 0x46, 0x25: code = "f"
        case 0x65, 0x45: code = "e"
        case 0: code = precision < 0 ? "r" : "g"
        default: code = "g"
        }
        if type == 0x45 || type == 0x46 || type == 0x47 { options.insert(.upperCase) }
        let text = FloatText.text(value, code: code, precision: precision < 0 ? 6 : precision, options: options)
        if positiveZero && text.first == 0x2D && !text.contains(where: { $0 >= 0x31 && $0 <= 0x39 }) && value.isFinite {
            return FloatText.text(value.magnitude, code: code, precision: precision < 0 ? 6 : precision, options: options)
        }
        return text
    }

    // MARK: Complex

    /// Formats a complex number.
    public func format(real: Double, imaginary: Double, typeName: String = "complex") throws(FormatError) -> [UInt32] {
        switch type {
        case 0, 0x65, 0x66, 0x67, 0x45, 0x46, 0x47, 0x6E: break
        default: throw unknownType(typeName)
        }
        if precision > Int(Int32.max) { throw FormatError("precision too big") }
        try checkWidth()
        if fill == 0x30 { throw FormatError("Zero padding is not allowed in complex format specifier") }
        if align == 0x3D { throw FormatError("'=' alignment flag is not allowed in complex format specifier") }
        // Without a type it looks like str(): parentheses, and no real part that is a positive zero.
        let skipReal = type == 0 && real == 0 && real.sign == .plus
        var inner = self
        inner.width = -1
        var out: [UInt32] = []
        if !skipReal {
            out += inner.lay(NumberParts(float: floatText(real, dotZero: false)))
            inner.sign = 0x2B
        }
        out += inner.lay(NumberParts(float: floatText(imaginary, dotZero: false)))
        out.append(0x6A)
        if type == 0 && !skipReal { out = [0x28] + out + [0x29] }
        let (left, right) = padding(out.count)
        if left == 0 && right == 0 { return out }
        return [UInt32](repeating: fill, count: left) + out + [UInt32](repeating: fill, count: right)
    }

    // MARK: Layout

    /// padding, sign, prefix, padding, grouped digits, point, remainder, padding.
    private func lay(_ parts: NumberParts) -> [UInt32] {
        if grouping == .none && type != 0x6E && align != 0x3D { return layPlain(parts) }
        let locale = type == 0x6E ? NumberLocale.current() : NumberLocale(grouping)
        let signCharacter: UInt32 = parts.negative ? 0x2D : sign == 0x2B || sign == 0x20 ? sign : 0
        let remainder = parts.body[(parts.digits + (parts.point ? 1 : 0))...]
        let fixed = (signCharacter == 0 ? 0 : 1) + (parts.prefix == 0 ? 0 : 2) + (parts.point ? locale.point.count : 0) + remainder.count
        let zeroPadded = fill == 0x30 && align == 0x3D
        let groups = parts.digits == 0 ? [] : locale.groups(parts.digits, minimum: zeroPadded ? width - fixed : 0)
        var digitsWidth = max(groups.count - 1, 0) * locale.separator.count
        for group in groups { digitsWidth += group.zeros + group.digits }
        let (left, right) = padding(fixed + digitsWidth)
        var out: [UInt32] = []
        out.reserveCapacity(fixed + digitsWidth + left + right)
        func pad(_ count: Int) { if count > 0 { out.append(contentsOf: repeatElement(fill, count: count)) } }
        if align != 0x3D { pad(left) }
        if signCharacter != 0 { out.append(signCharacter) }
        if parts.prefix != 0 { out += [0x30, UInt32(parts.prefix)] }
        if align == 0x3D { pad(left) }
        var next = 0
        for (i, group) in groups.reversed().enumerated() {
            if i > 0 { out += locale.separator }
            for _ in 0..<group.zeros { out.append(0x30) }
            for c in parts.body[next..<(next + group.digits)] { out.append(UInt32(c)) }
            next += group.digits
        }
        if parts.point { out += locale.point }
        for c in remainder { out.append(UInt32(c)) }
        pad(right)
        return out
    }
}

extension FormatSpec {
    /// `lay` without grouping, locale and padding inside of the number.
    private func layPlain(_ parts: NumberParts) -> [UInt32] {
        let signCharacter: UInt32 = parts.negative ? 0x2D : sign == 0x2B || sign == 0x20 ? sign : 0
        let count = (signCharacter == 0 ? 0 : 1) + (parts.prefix == 0 ? 0 : 2) + parts.body.count
        let (left, right) = padding(count)
        let total = count + left + right
        var out = [UInt32](repeating: fill, count: total)
        var i = left
        if signCharacter != 0 {
            out[i] = signCharacter
            i += 1
        }
        if parts.prefix != 0 {
            out[i] = 0x30
            out[i + 1] = UInt32(parts.prefix)
            i += 2
        }
        for c in parts.body {
            out[i] = UInt32(c)
            i &+= 1
        }
        return out
    }
}

/// Numbers as `%` on str and bytes formats them.
public struct PercentFormat: Equatable, Sendable {
    /// The flags between `%` and the width.
    public struct Flags: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }
        public static let left = Flags(rawValue: 1)
        public static let sign = Flags(rawValue: 2)
        public static let blank = Flags(rawValue: 4)
        public static let alternate = Flags(rawValue: 8)
        public static let zero = Flags(rawValue: 16)
    }

    public var flags: Flags
    /// The minimum width; -1 when not given.
    public var width: Int
    /// The precision; -1 when not given.
    public var precision: Int
    /// The conversion character.
    public var conversion: UInt8

    /// Puts a conversion together.
    public init(flags: Flags = [], width: Int = -1, precision: Int = -1, conversion: UInt8) {
        self.flags = flags
        self.width = width
        self.precision = precision
        self.conversion = conversion
    }

    /// The base of an integer conversion (`d i u o x X`).
    public var base: Int {
        switch conversion {
        case 0x6F: return 8
        case 0x78, 0x58: return 16
        default: return 10
        }
    }

    private func checkSize() throws(FormatError) {
        if precision > Int(Int32.max) { throw FormatError("precision too big") }
        if width > FormatSpec.longest || precision > FormatSpec.longest { throw FormatError(.memoryError, "") }
    }

    /// An int under `d i u o x X`; `digits` in `base`, lower case, without sign.
    public func format(digits: [UInt8], negative: Bool) throws(FormatError) -> [UInt8] {
        if precision > Int(Int32.max) - 3 { throw FormatError(.overflowError, "precision too large") }
        try checkSize()
        var body = [UInt8](repeating: 0x30, count: max(precision - digits.count, 0)) + digits
        if conversion == 0x58 { for i in body.indices where body[i] >= 0x61 { body[i] &-= 32 } }
        let prefixed = flags.contains(.alternate) && base != 10
        return lay(body, negative: negative, prefix: prefixed ? conversion : 0)
    }

    /// A float under `e E f F g G`.
    public func format(_ value: Double) throws(FormatError) -> [UInt8] {
        try checkSize()
        var options: FloatText.Options = flags.contains(.alternate) ? .alternate : []
        if conversion < 0x61 { options.insert(.upperCase) }
        let code = Character(Unicode.Scalar(conversion | 32))
        var text = FloatText.text(value, code: code, precision: precision < 0 ? 6 : precision, options: options)
        let negative = text.first == 0x2D
        if width <= text.count && (negative || flags.isDisjoint(with: [.sign, .blank])) { return text }
        if negative { text.removeFirst() }
        return lay(text, negative: negative, prefix: 0)
    }

    private func lay(_ body: [UInt8], negative: Bool, prefix: UInt8) -> [UInt8] {
        var head: [UInt8] = []
        if negative { head.append(0x2D) } else if flags.contains(.sign) { head.append(0x2B) } else if flags.contains(.blank) { head.append(0x20) }
        if prefix != 0 { head += [0x30, prefix] }
        let count = max(width - head.count - body.count, 0)
        if count == 0 { return head + body }
        if flags.contains(.left) { return head + body + [UInt8](repeating: 0x20, count: count) }
        if flags.contains(.zero) { return head + [UInt8](repeating: 0x30, count: count) + body }
        return [UInt8](repeating: 0x20, count: count) + head + body
    }
}
