// Operations on constants, as Python would do them at run time. Nil where it would raise, or where CPython leaves the
// operation to run time because the result could be big.
#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif
import TaipanBytecode
import TaipanNumbers
import TaipanSyntax

/// Two constants with equal keys are equal for Python: 1, 1.0 and True are.
struct EqualityKey: Hashable {
    private enum Form: Hashable {
        case none, ellipsis
        case int(BigInteger)
        case float(Double)
        case complex(Double, Double)
        case str([UInt8])
        case bytes([UInt8])
        indirect case tuple([EqualityKey])
        indirect case frozenset(Set<EqualityKey>)
    }

    private let form: Form

    init(_ value: ConstantValue) {
        switch value {
        case .none: form = .none
        case .ellipsis: form = .ellipsis
        case .true: form = .int(1)
        case .false: form = .int(0)
        case .int(let n): form = .int(n)
        case .float(let x): form = Self.real(x)
        case .complex(let im): form = im == 0 ? .int(0) : .complex(0, im)
        case .complexPair(let re, let im): form = im == 0 ? Self.real(re) : .complex(re, im)
        case .str(let bytes): form = .str(bytes)
        case .bytes(let bytes): form = .bytes(bytes)
        case .tuple(let items): form = .tuple(items.map { EqualityKey($0) })
        case .frozenset(let items): form = .frozenset(Set(items.map { EqualityKey($0) }))
        }
    }

    private static func real(_ x: Double) -> Form {
        x.isFinite && x == x.rounded(.towardZero) ? .int(BigInteger(truncating: x)) : .float(x)
    }
}

/// A number on its way through the tower int → float → complex.
private enum Number {
    case int(BigInteger)
    case float(Double)
    case complex(Double, Double)

    init?(_ value: ConstantValue) {
        switch value {
        case .true: self = .int(1)
        case .false: self = .int(0)
        case .int(let n): self = .int(n)
        case .float(let x): self = .float(x)
        case .complex(let im): self = .complex(0, im)
        case .complexPair(let re, let im): self = .complex(re, im)
        default: return nil
        }
    }

    var double: Double? {
        switch self {
        case .int(let n): n.asDouble
        case .float(let x): x
        case .complex: nil
        }
    }

    var pair: (Double, Double)? {
        if case .complex(let re, let im) = self { return (re, im) }
        return double.map { ($0, 0) }
    }

    var isComplex: Bool {
        if case .complex = self { return true }
        return false
    }
}

enum ConstantArithmetic {
    private static var maxIntBits: Int { 128 }
    private static var maxItems: Int { 256 }
    private static var maxTotalItems: Int { 1024 }
    private static var maxLength: Int { 4096 }

    // MARK: Unary

    static func unary(_ op: UnaryOperator, _ value: ConstantValue) -> ConstantValue? {
        if op == .not { return Constant(value).isTrue ? .false : .true }
        switch (op, Number(value)) {
        case (.invert, .int(let n)?): return .int(~n)
        case (.uAdd, .int(let n)?): return .int(n)
        case (.uAdd, .float?), (.uAdd, .complex?): return value
        case (.uSub, .int(let n)?): return .int(-n)
        case (.uSub, .float(let x)?): return .float(-x)
        case (.uSub, .complex(let re, let im)?): return complex(-re, -im)
        default: return nil
        }
    }

    private static func complex(_ re: Double, _ im: Double) -> ConstantValue { .complexPair(real: re, imaginary: im) }

    // MARK: Binary

    static func binary(_ op: BinaryOperator, _ a: ConstantValue, _ b: ConstantValue) -> ConstantValue? {
        if let x = Number(a), let y = Number(b) {
            if case .int(let n) = x, case .int(let m) = y { return integer(op, n, m, bothBool: a.isBool && b.isBool) }
            if x.isComplex || y.isComplex {
                guard let p = x.pair, let q = y.pair else { return nil }
                return complexBinary(op, p, q)
            }
            guard let p = x.double, let q = y.double else { return nil }
            return floating(op, p, q)
        }
        switch (op, a, b) {
        case (.add, .str(let x), .str(let y)): return .str(x + y)
        case (.add, .bytes(let x), .bytes(let y)): return .bytes(x + y)
        case (.add, .tuple(let x), .tuple(let y)): return .tuple(x + y)
        case (.mult, _, _): return repeated(a, b) ?? repeated(b, a)
        default: return nil
        }
    }

    private static func repeated(_ value: ConstantValue, _ times: ConstantValue) -> ConstantValue? {
        guard case .int(let n)? = Number(times) else { return nil }
        let count: Int
        switch value {
        case .str(let bytes): count = codePoints(bytes)
        case .bytes(let bytes): count = bytes.count
        case .tuple(let items): count = items.count
        default: return nil
        }
        if count == 0 { return value }
        guard let n = n.asInt, n >= 0 else { return nil }
        switch value {
        case .str(let bytes):
            return n > maxLength / count ? nil : .str(Array(repeatElement(bytes, count: n).joined()))
        case .bytes(let bytes):
            return n > maxLength / count ? nil : .bytes(Array(repeatElement(bytes, count: n).joined()))
        case .tuple(let items):
            if n > maxItems / count { return nil }
            if n > 0 && !isSimple(items, maxTotalItems / n) { return nil }
            return .tuple(Array(repeatElement(items, count: n).joined()))
        default: return nil
        }
    }

    /// Whether a tuple has at most `limit` items in all.
    private static func isSimple(_ items: [ConstantValue], _ limit: Int) -> Bool {
        func left(_ items: [ConstantValue], _ limit: Int) -> Int {
            var rest = limit - items.count
            for item in items {
                if rest < 0 { return rest }
                if case .tuple(let inner) = item { rest = left(inner, rest) }
            }
            return rest
        }
        return left(items, limit) >= 0
    }

    private static func integer(_ op: BinaryOperator, _ a: BigInteger, _ b: BigInteger, bothBool: Bool) -> ConstantValue? {
        switch op {
        case .add: return .int(a + b)
        case .sub: return .int(a - b)
        case .mult:
            if !a.isZero && !b.isZero && a.bitLength + b.bitLength > maxIntBits { return nil }
            return .int(a * b)
        case .div:
            if b.isZero { return nil }
            if a.bitLength <= 53 && b.bitLength <= 53, let x = a.asDouble, let y = b.asDouble { return .float(x / y) }
            return BigInteger.trueDivide(a, b).map { .float($0) }
        case .floorDiv: return a.dividedFlooring(by: b).map { .int($0.quotient) }
        case .mod: return a.dividedFlooring(by: b).map { .int($0.remainder) }
        case .pow: return power(a, b)
        case .lShift:
            guard b.signum >= 0 else { return nil }
            if a.isZero || b.isZero { return .int(a) }
            guard let n = b.asInt, n <= maxIntBits, a.bitLength <= maxIntBits - n else { return nil }
            return .int(a << n)
        case .rShift:
            guard b.signum >= 0 else { return nil }
            guard let n = b.asInt else { return .int(a.isNegative ? -1 : 0) }
            return .int(a >> n)
        case .bitOr: return bothBool ? ((a | b).isZero ? .false : .true) : .int(a | b)
        case .bitXor: return bothBool ? ((a ^ b).isZero ? .false : .true) : .int(a ^ b)
        case .bitAnd: return bothBool ? ((a & b).isZero ? .false : .true) : .int(a & b)
        case .matMult: return nil
        }
    }

    private static func power(_ a: BigInteger, _ b: BigInteger) -> ConstantValue? {
        if b.isNegative {
            guard let x = a.asDouble, let y = b.asDouble else { return nil }
            return floating(.pow, x, y)
        }
        if !a.isZero && !b.isZero {
            guard let n = b.asInt, a.bitLength <= maxIntBits / n else { return nil }
        }
        guard let n = b.asInt else { return a.isZero ? .int(0) : nil }
        return .int(a.power(n))
    }

    private static func floating(_ op: BinaryOperator, _ a: Double, _ b: Double) -> ConstantValue? {
        switch op {
        case .add: return .float(a + b)
        case .sub: return .float(a - b)
        case .mult: return .float(a * b)
        case .div: return b == 0 ? nil : .float(a / b)
        case .floorDiv, .mod:
            if b == 0 { return nil }
            let (quotient, remainder) = divided(a, b)
            return .float(op == .mod ? remainder : quotient)
        case .pow: return realPower(a, b)
        default: return nil
        }
    }

    /// Quotient rounded down and remainder with the divisor's sign.
    private static func divided(_ a: Double, _ b: Double) -> (Double, Double) {
        var remainder = fmod(a, b)
        var quotient = (a - remainder) / b
        if remainder != 0 {
            if (b < 0) != (remainder < 0) {
                remainder += b
                quotient -= 1
            }
        } else {
            remainder = copysign(0, b)
        }
        if quotient != 0 {
            let floored = quotient.rounded(.down)
            quotient = quotient - floored > 0.5 ? floored + 1 : floored
        } else {
            quotient = copysign(0, a / b)
        }
        return (quotient, remainder)
    }

    private static func realPower(_ a: Double, _ b: Double) -> ConstantValue? {
        if a == 0 && b < 0 { return nil }
        if a < 0 && a.isFinite && b.isFinite && b != b.rounded(.down) { return complexBinary(.pow, (a, 0), (b, 0)) }
        let result = pow(a, b)
        if result.isInfinite && a.isFinite && b.isFinite { return nil }
        return .float(result)
    }

    private static func complexBinary(_ op: BinaryOperator, _ a: (Double, Double), _ b: (Double, Double)) -> ConstantValue? {
        switch op {
        case .add: return complex(a.0 + b.0, a.1 + b.1)
        case .sub: return complex(a.0 - b.0, a.1 - b.1)
        case .mult: return complex(a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
        case .div: return quotient(a, b).map { complex($0.0, $0.1) }
        case .pow: return complexPower(a, b).map { complex($0.0, $0.1) }
        default: return nil
        }
    }

    /// Scales by the larger part of the divisor, so that nothing overflows on the way.
    private static func quotient(_ a: (Double, Double), _ b: (Double, Double)) -> (Double, Double)? {
        let re = abs(b.0), im = abs(b.1)
        if re >= im {
            if re == 0 { return nil }
            let ratio = b.1 / b.0
            let scale = b.0 + b.1 * ratio
            return ((a.0 + a.1 * ratio) / scale, (a.1 - a.0 * ratio) / scale)
        }
        if im >= re {
            let ratio = b.0 / b.1
            let scale = b.0 * ratio + b.1
            return ((a.0 * ratio + a.1) / scale, (a.1 * ratio - a.0) / scale)
        }
        return (.nan, .nan)
    }

    private static func complexPower(_ a: (Double, Double), _ b: (Double, Double)) -> (Double, Double)? {
        if b.1 == 0 && b.0 == b.0.rounded(.down) && abs(b.0) <= 100 { return integerPower(a, Int(b.0)) }
        if b.0 == 0 && b.1 == 0 { return (1, 0) }
        if a.0 == 0 && a.1 == 0 { return b.1 != 0 || b.0 < 0 ? nil : (0, 0) }
        let modulus = hypot(a.0, a.1)
        var length = pow(modulus, b.0)
        let angle = atan2(a.1, a.0)
        var phase = angle * b.0
        if b.1 != 0 {
            length *= exp(-angle * b.1)
            phase += b.1 * log(modulus)
        }
        let result = (length * cos(phase), length * sin(phase))
        return result.0.isFinite && result.1.isFinite ? result : nil
    }

    private static func integerPower(_ a: (Double, Double), _ n: Int) -> (Double, Double)? {
        func times(_ x: (Double, Double), _ y: (Double, Double)) -> (Double, Double) {
            (x.0 * y.0 - x.1 * y.1, x.0 * y.1 + x.1 * y.0)
        }
        var result = (1.0, 0.0)
        var square = a
        var mask = 1
        while mask > 0 && abs(n) >= mask {
            if abs(n) & mask != 0 { result = times(result, square) }
            mask <<= 1
            square = times(square, square)
        }
        if n > 0 { return result }
        return quotient((1, 0), result)
    }

    static func codePoints(_ bytes: [UInt8]) -> Int {
        var n = 0
        for byte in bytes where byte & 0xC0 != 0x80 { n += 1 }
        return n
    }
}

extension ConstantValue {
    var isBool: Bool {
        switch self {
        case .true, .false: true
        default: false
        }
    }

    /// `self[index]` for a string, bytes or tuple; nil where Python would raise.
    func item(at index: ConstantValue) -> ConstantValue? {
        let wanted: BigInteger
        switch index {
        case .int(let n): wanted = n
        case .true: wanted = 1
        case .false: wanted = 0
        default: return nil
        }
        guard var i = wanted.asInt else { return nil }
        switch self {
        case .tuple(let items):
            if i < 0 { i += items.count }
            return items.indices.contains(i) ? items[i] : nil
        case .bytes(let bytes):
            if i < 0 { i += bytes.count }
            return bytes.indices.contains(i) ? .int(BigInteger(Int(bytes[i]))) : nil
        case .str(let bytes):
            let starts = bytes.indices.filter { bytes[$0] & 0xC0 != 0x80 }
            if i < 0 { i += starts.count }
            guard starts.indices.contains(i) else { return nil }
            let end = i + 1 < starts.count ? starts[i + 1] : bytes.count
            return .str(Array(bytes[starts[i]..<end]))
        default: return nil
        }
    }
}
