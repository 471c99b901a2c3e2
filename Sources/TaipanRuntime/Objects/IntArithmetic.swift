// Arithmetic on int values of any size. The operands are ints, bools or instances of subclasses of int; every
// result is a plain int, its limbs computed straight into the cell that becomes the result.

import TaipanNumbers

/// An int operand as sign and magnitude. The limbs are a cell's, or a word of the caller's for small ones.
@frozen public struct IntView: BitwiseCopyable {
    public let limbs: UnsafePointer<UInt64>
    /// Without zero limbs on top; 0 for zero.
    public let count: Int
    public let isNegative: Bool

    @inline(__always) init(_ value: Value, _ word: UnsafePointer<UInt64>) {
        if value.isCell {
            let n = IntObject(value)
            limbs = UnsafePointer(n.limbs)
            count = n.limbCount
            isNegative = n.isNegative
        } else {
            limbs = word
            count = word.pointee == 0 ? 0 : 1
            isNegative = value.isSmallInt && value.smallInt < 0
        }
    }

    /// The magnitude of an operand that is not a cell.
    @inline(__always) static func word(_ value: Value) -> UInt64 {
        value.isSmallInt ? UInt64(value.smallInt.magnitude) : value.isTrue ? 1 : 0
    }

    public var isZero: Bool { count == 0 }
    public var isOdd: Bool { count > 0 && limbs[0] & 1 != 0 }
    public var bitLength: Int { Limbs.bitLength(limbs, count) }

    /// The magnitude as `fraction · 2^exponent`, 0.5 <= fraction < 1.
    public var fractionAndExponent: (Double, Int) {
        let parts = Limbs.fractionAndExponent(limbs, count)
        return (parts.fraction, parts.exponent)
    }

    /// -1, 0 or 1 as self is below, equal to or above `other`.
    @inline(__always) func compare(_ other: IntView) -> Int {
        if isNegative != other.isNegative { return isNegative ? -1 : 1 }
        let order = Limbs.compare(limbs, count, other.limbs, other.count)
        return isNegative ? -order : order
    }

    /// A copy on the Swift heap, for the rare operations that are written on `BigInteger`.
    var big: BigInteger { BigInteger(isNegative: isNegative, magnitude: Array(UnsafeBufferPointer(start: limbs, count: count))) }
}

extension Thread {
    /// Calls `body` with the operand as limbs; the limbs may be read for the time of the call.
    @inline(__always) public func withInt<R>(_ value: Value, _ body: (IntView) throws(Raised) -> R) throws(Raised) -> R {
        var word = IntView.word(value)
        return try withUnsafeMutablePointer(to: &word) { (p) throws(Raised) -> R in try body(IntView(value, p)) }
    }

    @inline(__always) public func withInts<R>(_ left: Value, _ right: Value, _ body: (IntView, IntView) throws(Raised) -> R) throws(Raised) -> R {
        var words = (IntView.word(left), IntView.word(right))
        return try withUnsafeMutablePointer(to: &words) { (p) throws(Raised) -> R in
            let word = UnsafeMutableRawPointer(p).assumingMemoryBound(to: UInt64.self)
            return try body(IntView(left, word), IntView(right, word + 1))
        }
    }

    /// The plain int of an int, a bool or an instance of a subclass.
    public func plainInt(_ value: Value) throws(Raised) -> Value {
        if value.isSmallInt || value.hasLayout(.int) { return value }
        return try withInt(value) { (a) throws(Raised) in
            let made = try newInt(limbs: a.count)
            Limbs.copy(a.limbs, a.count, into: made.limbs)
            return normalize(made, isNegative: a.isNegative)
        }
    }

    /// The int as a `BigInteger`.
    public func bigInteger(_ value: Value) -> BigInteger {
        var word = IntView.word(value)
        return withUnsafeMutablePointer(to: &word) { IntView(value, $0).big }
    }

    // MARK: Sum and product

    /// `left + right`.
    public func intAdd(_ left: Value, _ right: Value) throws(Raised) -> Value {
        if left.isSmallInt && right.isSmallInt { return int(left.smallInt &+ right.smallInt) }
        return try withInts(left, right) { (a, b) throws(Raised) in
            a.isNegative == b.isNegative ? try addMagnitudes(a, b, a.isNegative) : try subtractMagnitudes(a, b, a.isNegative)
        }
    }

    /// `left - right`.
    public func intSubtract(_ left: Value, _ right: Value) throws(Raised) -> Value {
        if left.isSmallInt && right.isSmallInt { return int(left.smallInt &- right.smallInt) }
        return try withInts(left, right) { (a, b) throws(Raised) in
            a.isNegative == b.isNegative ? try subtractMagnitudes(a, b, a.isNegative) : try addMagnitudes(a, b, a.isNegative)
        }
    }

    private func addMagnitudes(_ a: IntView, _ b: IntView, _ isNegative: Bool) throws(Raised) -> Value {
        let long = a.count >= b.count ? a : b, short = a.count >= b.count ? b : a
        let made = try newInt(limbs: long.count &+ 1, isFilled: true)
        made.limbs[long.count] = Limbs.add(long.limbs, long.count, short.limbs, short.count, into: made.limbs)
        return normalize(made, isNegative: isNegative)
    }

    /// `(|a| - |b|)`, negated when `isNegative`.
    private func subtractMagnitudes(_ a: IntView, _ b: IntView, _ isNegative: Bool) throws(Raised) -> Value {
        let order = Limbs.compare(a.limbs, a.count, b.limbs, b.count)
        if order == 0 { return Value(smallInt: 0) }
        let long = order > 0 ? a : b, short = order > 0 ? b : a
        let made = try newInt(limbs: long.count, isFilled: true)
        _ = Limbs.subtract(long.limbs, long.count, short.limbs, short.count, into: made.limbs)
        return normalize(made, isNegative: isNegative != (order < 0))
    }

    /// `left * right`.
    public func intMultiply(_ left: Value, _ right: Value) throws(Raised) -> Value {
        if left.isSmallInt && right.isSmallInt {
            let (product, overflow) = left.smallInt.multipliedReportingOverflow(by: right.smallInt)
            if !overflow { return int(product) }
        }
        return try withInts(left, right) { (a, b) throws(Raised) in
            if a.count == 0 || b.count == 0 { return Value(smallInt: 0) }
            let made = try newInt(limbs: a.count &+ b.count, isFilled: true)
            let isNegative = a.isNegative != b.isNegative
            if b.count == 1 {
                made.limbs[a.count] = Limbs.multiplyByLimb(a.limbs, a.count, b.limbs[0], into: made.limbs)
            } else if a.count == 1 {
                made.limbs[b.count] = Limbs.multiplyByLimb(b.limbs, b.count, a.limbs[0], into: made.limbs)
            } else if a.limbs == b.limbs && a.count == b.count {
                Limbs.square(a.limbs, a.count, into: made.limbs)
            } else if a.count >= b.count {
                Limbs.multiply(a.limbs, a.count, b.limbs, b.count, into: made.limbs)
            } else {
                Limbs.multiply(b.limbs, b.count, a.limbs, a.count, into: made.limbs)
            }
            return normalize(made, isNegative: isNegative)
        }
    }

    // MARK: Quotients

    /// `left // right`. Raises ZeroDivisionError.
    public func intFloorDivide(_ left: Value, _ right: Value) throws(Raised) -> Value {
        if left.isSmallInt && right.isSmallInt && right.smallInt != 0 { return int(Thread.floorDivide(left.smallInt, right.smallInt)) }
        return try withInts(left, right) { (a, b) throws(Raised) in
            if b.count == 0 { throw raise(.zeroDivisionError, "integer division or modulo by zero") }
            return try quotient(a, b)
        }
    }

    /// `left % right`. Raises ZeroDivisionError.
    public func intRemainder(_ left: Value, _ right: Value) throws(Raised) -> Value {
        if left.isSmallInt && right.isSmallInt && right.smallInt != 0 { return Value(smallInt: Thread.floorRemainder(left.smallInt, right.smallInt)) }
        return try withInts(left, right) { (a, b) throws(Raised) in
            if b.count == 0 { throw raise(.zeroDivisionError, "integer modulo by zero") }
            return try remainder(a, b)
        }
    }

    /// `divmod(left, right)`: a tuple.
    public func intDivmod(_ left: Value, _ right: Value) throws(Raised) -> Value {
        if left.isSmallInt && right.isSmallInt && right.smallInt != 0 {
            return try tuple(int(Thread.floorDivide(left.smallInt, right.smallInt)), Value(smallInt: Thread.floorRemainder(left.smallInt, right.smallInt)))
        }
        return try withInts(left, right) { (a, b) throws(Raised) in
            if b.count == 0 { throw raise(.zeroDivisionError, "integer division or modulo by zero") }
            return try quotientAndRemainder(a, b)
        }
    }

    /// Rounds down; neither is the most negative machine integer, and `b` is not 0.
    @inline(__always) static func floorDivide(_ a: Int, _ b: Int) -> Int {
        let q = a / b
        return (a % b != 0) && ((a < 0) != (b < 0)) ? q &- 1 : q
    }

    /// With the sign of `b`.
    @inline(__always) static func floorRemainder(_ a: Int, _ b: Int) -> Int {
        let r = a % b
        return r != 0 && ((r < 0) != (b < 0)) ? r &+ b : r
    }

    private func quotient(_ a: IntView, _ b: IntView) throws(Raised) -> Value {
        let differ = a.isNegative != b.isNegative
        if a.count < b.count { return Value(smallInt: differ && a.count > 0 ? -1 : 0) }
        let made = try newInt(limbs: a.count &- b.count &+ 2)
        var exact: Bool
        if b.count == 1 {
            exact = Limbs.divideByLimb(a.limbs, a.count, b.limbs[0], into: made.limbs) == 0
        } else if differ {
            let rest = try newInt(limbs: b.count)
            exact = Limbs.divide(a.limbs, a.count, by: b.limbs, b.count, quotient: made.limbs, remainder: rest.limbs).remainder == 0
        } else {
            _ = Limbs.divide(a.limbs, a.count, by: b.limbs, b.count, quotient: made.limbs, remainder: nil)
            exact = true
        }
        if differ && !exact { addOne(made) }
        return normalize(made, isNegative: differ)
    }

    /// Adds 1 to a magnitude that has room for the carry.
    private func addOne(_ made: IntObject) {
        var i = 0
        while i < made.limbCount {
            made.limbs[i] = made.limbs[i] &+ 1
            if made.limbs[i] != 0 { return }
            i &+= 1
        }
    }

    private func remainder(_ a: IntView, _ b: IntView) throws(Raised) -> Value {
        let differ = a.isNegative != b.isNegative
        if b.count == 1 {
            let rest = a.count == 0 ? 0 : Limbs.remainderByLimb(a.limbs, a.count, b.limbs[0])
            let magnitude = differ && rest != 0 ? b.limbs[0] &- rest : rest
            let made = int(UInt(magnitude))
            return b.isNegative ? try intNegative(made) : made
        }
        let made = try newInt(limbs: b.count)
        if a.count < b.count {
            Limbs.copy(a.limbs, a.count, into: made.limbs)
        } else {
            _ = Limbs.divide(a.limbs, a.count, by: b.limbs, b.count, quotient: nil, remainder: made.limbs)
        }
        return turned(made, b, differ)
    }

    /// The remainder of magnitudes with the divisor's sign.
    private func turned(_ made: IntObject, _ b: IntView, _ differ: Bool) -> Value {
        let count = Limbs.trimmed(made.limbs, b.count)
        Limbs.clear(made.limbs + count, b.count &- count)
        if differ && count > 0 { _ = Limbs.subtract(b.limbs, b.count, made.limbs, count, into: made.limbs) }
        return normalize(made, isNegative: b.isNegative)
    }

    private func quotientAndRemainder(_ a: IntView, _ b: IntView) throws(Raised) -> Value {
        let differ = a.isNegative != b.isNegative
        if a.count < b.count {
            let q = Value(smallInt: differ && a.count > 0 ? -1 : 0)
            return try tuple(q, try remainder(a, b))
        }
        let made = try newInt(limbs: a.count &- b.count &+ 2), rest = try newInt(limbs: b.count)
        let restCount = Limbs.divide(a.limbs, a.count, by: b.limbs, b.count, quotient: made.limbs, remainder: rest.limbs).remainder
        Limbs.clear(rest.limbs + restCount, b.count &- restCount)
        if differ && restCount > 0 { addOne(made) }
        let r = turned(rest, b, differ)
        return try tuple(normalize(made, isNegative: differ), r)
    }

    /// `left / right`: the nearest float to the exact quotient.
    public func intTrueDivide(_ left: Value, _ right: Value) throws(Raised) -> Value {
        if left.isSmallInt && right.isSmallInt {
            let limit = 1 << 53
            let a = left.smallInt, b = right.smallInt
            if b != 0 && a <= limit && a >= -limit && b <= limit && b >= -limit { return float(Double(a) / Double(b)) }
        }
        return try withInts(left, right) { (a, b) throws(Raised) in
            if b.count == 0 { throw raise(.zeroDivisionError, "division by zero") }
            let negative = a.isNegative != b.isNegative
            if a.count == 0 { return float(negative ? -0.0 : 0.0) }
            guard let d = Limbs.trueDivide(a.limbs, a.count, b.limbs, b.count) else {
                throw raise(.overflowError, "integer division result too large for a float")
            }
            return float(negative ? -d : d)
        }
    }

    // MARK: Signs and bits

    /// `-value`.
    public func intNegative(_ value: Value) throws(Raised) -> Value {
        if value.isSmallInt { return int(0 &- value.smallInt) }
        return try withInt(value) { (a) throws(Raised) in
            let made = try newInt(limbs: a.count)
            Limbs.copy(a.limbs, a.count, into: made.limbs)
            return normalize(made, isNegative: !a.isNegative)
        }
    }

    /// `abs(value)`.
    public func intAbsolute(_ value: Value) throws(Raised) -> Value {
        intIsNegative(value) ? try intNegative(value) : try plainInt(value)
    }

    /// `~value`.
    public func intInvert(_ value: Value) throws(Raised) -> Value {
        if value.isSmallInt { return Value(smallInt: ~value.smallInt) }
        return try intSubtract(Value(smallInt: -1), value)
    }

    public func intIsNegative(_ value: Value) -> Bool {
        value.isSmallInt ? value.smallInt < 0 : value.isCell && IntObject(value).isNegative
    }

    public func intIsZero(_ value: Value) -> Bool {
        if value.isSmallInt { return value.smallInt == 0 }
        return value.isCell ? IntObject(value).limbCount == 0 : !value.isTrue
    }

    /// `left & right`, `|`, `^`.
    public func intBitwise(_ operation: Limbs.BitOperation, _ left: Value, _ right: Value) throws(Raised) -> Value {
        if left.isSmallInt && right.isSmallInt {
            switch operation {
            case .and: return Value(smallInt: left.smallInt & right.smallInt)
            case .or: return Value(smallInt: left.smallInt | right.smallInt)
            case .xor: return Value(smallInt: left.smallInt ^ right.smallInt)
            }
        }
        return try withInts(left, right) { (a, b) throws(Raised) in
            if a.count <= 1 && b.count <= 1 && !a.isNegative && !b.isNegative {
                let x = a.count == 0 ? 0 : a.limbs[0], y = b.count == 0 ? 0 : b.limbs[0]
                switch operation {
                case .and: return int(UInt(x & y))
                case .or: return int(UInt(x | y))
                case .xor: return int(UInt(x ^ y))
                }
            }
            let made = try newInt(limbs: max(a.count, b.count) &+ 1)
            let result = Limbs.bitwise(operation, a.limbs, a.count, negative: a.isNegative, b.limbs, b.count, negative: b.isNegative, into: made.limbs)
            return normalize(made, isNegative: result.negative)
        }
    }

    public func intAnd(_ left: Value, _ right: Value) throws(Raised) -> Value { try intBitwise(.and, left, right) }
    public func intOr(_ left: Value, _ right: Value) throws(Raised) -> Value { try intBitwise(.or, left, right) }
    public func intXor(_ left: Value, _ right: Value) throws(Raised) -> Value { try intBitwise(.xor, left, right) }

    /// `left << right`.
    public func intShiftLeft(_ left: Value, _ right: Value) throws(Raised) -> Value {
        if intIsNegative(right) { throw raise(.valueError, "negative shift count") }
        if intIsZero(left) { return Value(smallInt: 0) }
        guard let bits = machineInt(right) else { throw raise(.overflowError, "too many digits in integer") }
        if left.isSmallInt && bits < 62 {
            let n = left.smallInt
            let shifted = n &<< bits
            if shifted &>> bits == n { return int(shifted) }
        }
        return try withInt(left) { (a) throws(Raised) in
            let made = try newInt(limbs: a.count &+ bits / 64 &+ 1)
            _ = Limbs.shiftLeft(a.limbs, a.count, by: bits, into: made.limbs)
            return normalize(made, isNegative: a.isNegative)
        }
    }

    /// `left >> right`.
    public func intShiftRight(_ left: Value, _ right: Value) throws(Raised) -> Value {
        if intIsNegative(right) { throw raise(.valueError, "negative shift count") }
        guard let bits = machineInt(right) else { return Value(smallInt: intIsNegative(left) ? -1 : 0) }
        if left.isSmallInt { return Value(smallInt: left.smallInt >> min(bits, 63)) }
        return try withInt(left) { (a) throws(Raised) in
            let made = try newInt(limbs: max(a.count &- bits / 64, 0) &+ 1)
            let (count, lost) = Limbs.shiftRight(a.limbs, a.count, by: bits, into: made.limbs)
            if count < made.limbCount { Limbs.clear(made.limbs + count, made.limbCount &- count) }
            if lost && a.isNegative { addOne(made) }
            return normalize(made, isNegative: a.isNegative)
        }
    }

    // MARK: Comparison, conversion

    /// -1, 0 or 1 as `left` is below, equal to or above `right`.
    public func intCompare(_ left: Value, _ right: Value) -> Int {
        if left.isSmallInt && right.isSmallInt { return left.smallInt < right.smallInt ? -1 : left.smallInt > right.smallInt ? 1 : 0 }
        var words = (IntView.word(left), IntView.word(right))
        return withUnsafeMutablePointer(to: &words) { p in
            let word = UnsafeMutableRawPointer(p).assumingMemoryBound(to: UInt64.self)
            return IntView(left, word).compare(IntView(right, word + 1))
        }
    }

    /// `hash(value)`.
    public func intHash(_ value: Value) -> Int {
        if value.isSmallInt { return PythonHash.int(value.smallInt) }
        if !value.isCell { return value.isTrue ? 1 : 0 }
        let n = IntObject(value)
        let magnitude = Int(Limbs.hash(n.limbs, n.limbCount))
        if !n.isNegative { return magnitude }
        return magnitude == 1 ? -2 : -magnitude
    }

    /// The nearest double; nil when the number is too large.
    public func intDouble(_ value: Value) -> Double? {
        if value.isSmallInt { return Double(value.smallInt) }
        if !value.isCell { return value.isTrue ? 1 : 0 }
        let n = IntObject(value)
        guard let d = Limbs.double(n.limbs, n.limbCount) else { return nil }
        return n.isNegative ? -d : d
    }

    /// The nearest double. Raises OverflowError.
    public func intToDouble(_ value: Value) throws(Raised) -> Double {
        if let d = intDouble(value) { return d }
        throw raise(.overflowError, "int too large to convert to float")
    }

    /// The int of a finite double's integral part.
    public func int(truncating d: Double) throws(Raised) -> Value {
        if d.magnitude < 4e18 { return int(Int(d)) }
        let made = try newInt(limbs: Limbs.doubleCapacity)
        _ = Limbs.limbs(of: d, into: made.limbs)
        return normalize(made, isNegative: d < 0)
    }

    // MARK: Powers

    /// `left ** right` for ints: a float when the exponent is negative.
    public func intPower(_ left: Value, _ right: Value) throws(Raised) -> Value {
        if intIsNegative(right) {
            return try floatPower(try intToDouble(left), try intToDouble(right))
        }
        let base = try plainInt(left)
        if intIsZero(right) { return Value(smallInt: 1) }
        if base.isSmallInt && base.smallInt.magnitude <= 1 {
            if base.smallInt >= 0 { return base }
            return try withInt(right) { (e) throws(Raised) in Value(smallInt: e.isOdd ? -1 : 1) }
        }
        guard let exponent = machineInt(right) else { throw memoryError() }
        if base.isSmallInt && base.smallInt == 2 { return try intShiftLeft(Value(smallInt: 1), Value(smallInt: exponent)) }
        // A result of more bits than an address space holds is refused before the work begins.
        let bits = try withInt(base) { (b) throws(Raised) in b.bitLength }
        let (size, overflow) = (bits &- 1).multipliedReportingOverflow(by: exponent)
        if overflow || size > 1 << 40 { throw memoryError() }
        var result = base
        var bit = Int.bitWidth &- 2 &- exponent.leadingZeroBitCount
        while bit >= 0 {
            result = try intMultiply(result, result)
            if exponent &>> bit & 1 != 0 { result = try intMultiply(result, base) }
            bit &-= 1
        }
        return result
    }

    /// `pow(left, right, modulus)` for ints.
    public func intPower(_ left: Value, _ right: Value, modulo modulus: Value) throws(Raised) -> Value {
        if intIsZero(modulus) { throw raise(.valueError, "pow() 3rd argument cannot be 0") }
        let m = try intAbsolute(modulus)
        var base = left, exponent = right
        if intIsNegative(right) {
            base = try intInverse(left, modulo: m)
            exponent = try intNegative(right)
        }
        base = try intRemainder(base, m)
        let result = try withInts(base, exponent) { (b, e) throws(Raised) in
            try withInt(m) { (n) throws(Raised) in
                let made = try newInt(limbs: n.count)
                let count = Limbs.powerModulo(b.limbs, b.count, e.limbs, e.count, n.limbs, n.count, into: made.limbs)
                Limbs.clear(made.limbs + count, n.count &- count)
                return normalize(made, isNegative: false)
            }
        }
        return intIsNegative(modulus) && !intIsZero(result) ? try intAdd(result, modulus) : result
    }

    /// The x in 0..<m with `value * x ≡ 1 (mod m)`, by the extended Euclidean algorithm.
    private func intInverse(_ value: Value, modulo m: Value) throws(Raised) -> Value {
        var a = try intRemainder(value, m), n = m
        var x = Value(smallInt: 1), y = Value(smallInt: 0)
        while !intIsZero(n) {
            let q = try intFloorDivide(a, n)
            let r = try intSubtract(a, try intMultiply(q, n))
            let next = try intSubtract(x, try intMultiply(q, y))
            a = n
            n = r
            x = y
            y = next
        }
        if intCompare(a, Value(smallInt: 1)) != 0 { throw raise(.valueError, "base is not invertible for the given modulus") }
        return x
    }
}
