// `math` on ints: gcd, lcm, factorial, comb, perm, isqrt.

import TaipanNumbers
import TaipanRuntime

extension MathModule {
    static func defineIntegerMath(_ m: ModuleBuilder) {
        m.function("gcd", "($module, *integers)", "The greatest common divisor.") { (t, a) throws(Raised) in
            let items = TupleObject(a[0])
            var result = Value(smallInt: 0)
            for i in 0..<items.count { result = try t.intGCD(result, try t.indexValue(items[i])) }
            return try t.intAbsolute(result)
        }
        m.function("lcm", "($module, *integers)", "The least common multiple.") { (t, a) throws(Raised) in
            let items = TupleObject(a[0])
            var result = Value(smallInt: 1)
            for i in 0..<items.count {
                let n = try t.indexValue(items[i])
                if t.intIsZero(result) { continue }
                if t.intIsZero(n) {
                    result = Value(smallInt: 0)
                    continue
                }
                result = try t.intAbsolute(try t.intMultiply(try t.intFloorDivide(result, try t.intGCD(result, n)), n))
            }
            return result
        }
        m.function("isqrt", "($module, n, /)", "The integer part of the square root.") { (t, a) throws(Raised) in
            let n = try t.indexValue(a[0])
            if t.intIsNegative(n) { throw t.raise(.valueError, "isqrt() argument must be nonnegative") }
            return try t.withInt(n) { (v) throws(Raised) in
                if v.count == 0 { return Value(smallInt: 0) }
                let made = try t.newInt(limbs: (v.count + 1) / 2)
                let count = Limbs.squareRoot(v.limbs, v.count, into: made.limbs)
                Limbs.clear(made.limbs + count, made.limbCount - count)
                return t.normalize(made, isNegative: false)
            }
        }
        m.function("factorial", "($module, n, /)", "n!") { (t, a) throws(Raised) in
            let n = try t.indexValue(a[0])
            if t.intIsNegative(n) { throw t.raise(.valueError, "factorial() not defined for negative values") }
            guard let count = t.machineInt(n) else { throw t.raise(.overflowError, "factorial() argument should not exceed \(Int.max)") }
            return try t.intFactorial(count)
        }
        m.function("perm", "($module, n, k=None, /)", "How many ways there are to take k of n things in order.") { (t, a) throws(Raised) in
            let n = try t.indexValue(a[0])
            if a[1].isNoneOrUnbound {
                if t.intIsNegative(n) { throw t.raise(.valueError, "factorial() not defined for negative values") }
                guard let count = t.machineInt(n) else { throw t.raise(.overflowError, "factorial() argument should not exceed \(Int.max)") }
                return try t.intFactorial(count)
            }
            let k = try t.indexValue(a[1])
            try t.checkChoice(n, k)
            if t.intCompare(n, k) < 0 { return Value(smallInt: 0) }
            guard let count = t.machineInt(k) else { throw t.raise(.overflowError, "k must not exceed \(Int.max)") }
            return try t.fallingProduct(try t.plainInt(n), count)
        }
        m.function("comb", "($module, n, k, /)", "How many ways there are to take k of n things.") { (t, a) throws(Raised) in
            let n = try t.indexValue(a[0])
            var k = try t.indexValue(a[1])
            try t.checkChoice(n, k)
            if t.intCompare(n, k) < 0 { return Value(smallInt: 0) }
            let other = try t.intSubtract(n, k)
            if t.intCompare(other, k) < 0 { k = other }
            guard let count = t.machineInt(k) else { throw t.raise(.overflowError, "min(n - k, k) must not exceed \(Int.max)") }
            return try t.intFloorDivide(try t.fallingProduct(n, count), try t.intFactorial(count))
        }
    }
}

extension Thread {
    fileprivate func checkChoice(_ n: Value, _ k: Value) throws(Raised) {
        if intIsNegative(n) { throw raise(.valueError, "n must be a non-negative integer") }
        if intIsNegative(k) { throw raise(.valueError, "k must be a non-negative integer") }
    }

    /// gcd of two ints, not negative.
    func intGCD(_ left: Value, _ right: Value) throws(Raised) -> Value {
        if left.isSmallInt && right.isSmallInt {
            var a = left.smallInt.magnitude, b = right.smallInt.magnitude
            while b != 0 { (a, b) = (b, a % b) }
            return int(a)
        }
        return try withInts(left, right) { (a, b) throws(Raised) in
            let made = try newInt(limbs: max(a.count, b.count))
            let count = Limbs.gcd(a.limbs, a.count, b.limbs, b.count, into: made.limbs)
            Limbs.clear(made.limbs + count, made.limbCount - count)
            return normalize(made, isNegative: false)
        }
    }

    /// n! as a product of halves.
    func intFactorial(_ n: Int) throws(Raised) -> Value {
        if n < 2 { return Value(smallInt: 1) }
        if n > 1 << 40 { throw memoryError() }
        return try rangeProduct(2, n)
    }

    /// low · (low + 1) · … · high
    private func rangeProduct(_ low: Int, _ high: Int) throws(Raised) -> Value {
        if high - low < 16 {
            var product = int(low)
            var i = low + 1
            while i <= high {
                product = try intMultiply(product, int(i))
                i += 1
            }
            return product
        }
        let middle = low + (high - low) / 2
        return try intMultiply(try rangeProduct(low, middle), try rangeProduct(middle + 1, high))
    }

    /// n · (n - 1) · … of `count` factors.
    func fallingProduct(_ n: Value, _ count: Int) throws(Raised) -> Value {
        if count == 0 { return Value(smallInt: 1) }
        if n.isSmallInt { return try rangeProduct(n.smallInt - count + 1, n.smallInt) }
        if count < 8 {
            var product = n
            var i = 1
            while i < count {
                product = try intMultiply(product, try intSubtract(n, int(i)))
                i += 1
            }
            return product
        }
        if count > 1 << 40 { throw memoryError() }
        let half = count / 2
        return try intMultiply(try fallingProduct(n, half), try fallingProduct(try intSubtract(n, int(half)), count - half))
    }
}
