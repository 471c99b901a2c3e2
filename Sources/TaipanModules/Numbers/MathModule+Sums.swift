// `math` over iterables: exact and extended-precision sums, products, distances.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

/// An unevaluated sum of two doubles.
private struct DoubleLength {
    var high: Double, low: Double

    /// a + b exactly.
    static func sum(_ a: Double, _ b: Double) -> DoubleLength {
        let x = a + b
        let z = x - a
        return DoubleLength(high: x, low: (a - (x - z)) + (b - z))
    }

    /// a + b exactly, when |a| >= |b|.
    static func fastSum(_ a: Double, _ b: Double) -> DoubleLength {
        let x = a + b
        return DoubleLength(high: x, low: (a - x) + b)
    }

    /// a · b exactly.
    static func product(_ a: Double, _ b: Double) -> DoubleLength {
        let z = a * b
        return DoubleLength(high: z, low: (-z).addingProduct(a, b))
    }
}

/// An unevaluated sum of three doubles, for sums of products.
private struct TripleLength {
    var high = 0.0, low = 0.0, tiny = 0.0

    func addingProduct(_ a: Double, _ b: Double) -> TripleLength {
        let product = DoubleLength.product(a, b)
        let sum = DoubleLength.sum(high, product.high)
        let first = DoubleLength.sum(low, product.low)
        let second = DoubleLength.sum(first.high, sum.low)
        return TripleLength(high: sum.high, low: second.high, tiny: tiny + first.low + second.low)
    }

    var value: Double {
        let last = DoubleLength.sum(low, high)
        return tiny + last.low + last.high
    }
}

extension MathModule {
    static func defineSums(_ m: ModuleBuilder) {
        m.function("fsum", "($module, seq, /)", "The sum of floats, rounded once.") { (t, a) throws(Raised) in t.float(try t.exactSum(a[0])) }
        m.function("prod", "($module, iterable, /, *, start=1)", "The product of the items, times start.") { (t, a) throws(Raised) in
            var product = a[1].isUnbound ? Value(smallInt: 1) : a[1]
            try t.forEach(a[0]) { (item) throws(Raised) in
                product = t.isPlainInt(product) && t.isPlainInt(item) ? try t.intMultiply(product, item) : try t.binary(5, product, item)
            }
            return product
        }
        m.function("sumprod", "($module, p, q, /)", "The sum of the products of items in the same places.") { (t, a) throws(Raised) in try t.sumOfProducts(a[0], a[1]) }
        m.rawFunction("hypot", "", "hypot(*coordinates) -> value\n\nThe Euclidean distance of a point from the origin.") { (t, a) throws(Raised) in
            if a.keywords.isBound && TupleObject(a.keywords).count > 0 { throw t.raise(.typeError, "math.hypot() takes no keyword arguments") }
            var parts: [Double] = []
            for i in 0..<a.count { parts.append(try t.toDouble(a[i]).magnitude) }
            return t.float(MathModule.norm(parts))
        }
        m.function("dist", "($module, p, q, /)", "The Euclidean distance between two points.") { (t, a) throws(Raised) in
            let p = try t.tupleFrom(a[0]), q = try t.tupleFrom(a[1])
            if p.count != q.count { throw t.raise(.valueError, "both points must have the same number of dimensions") }
            var parts: [Double] = []
            for i in 0..<p.count {
                let x = try t.toDouble(p[i])
                parts.append((x - (try t.toDouble(q[i]))).magnitude)
            }
            return t.float(MathModule.norm(parts))
        }
    }

    /// The square root of the sum of squares of numbers that are not negative, without overflow and nearly always rounded right:
    /// scaled by a power of two, summed with the errors of each step, corrected once.
    private static func norm(_ given: [Double]) -> Double {
        var parts = given
        var largest = 0.0, hasNaN = false
        for x in parts {
            hasNaN = hasNaN || x.isNaN
            if x > largest { largest = x }
        }
        if largest.isInfinite { return largest }
        if hasNaN { return .nan }
        if largest == 0 || parts.count <= 1 { return largest }
        let exponent = frexp(largest).1
        if exponent < -1023 {
            // Subnormal: the scale itself would overflow.
            for i in parts.indices { parts[i] /= Double.leastNormalMagnitude }
            return Double.leastNormalMagnitude * norm(parts)
        }
        let scale = scalbn(1.0, -exponent)
        var sum = 1.0, first = 0.0, second = 0.0
        func add(_ a: Double, _ b: Double) {
            let product = DoubleLength.product(a, b)
            let step = DoubleLength.fastSum(sum, product.high)
            sum = step.high
            first += product.low
            second += step.low
        }
        for part in parts { add(part * scale, part * scale) }
        var root = (sum - 1 + (first + second)).squareRoot()
        add(-root, root)
        let rest = sum - 1 + (first + second)
        root += rest / (2 * root)
        return root / scale
    }
}

extension Thread {
    func isPlainInt(_ value: Value) -> Bool { value.isSmallInt || value.hasLayout(.int) }
    func isPlainFloat(_ value: Value) -> Bool { value.isSmallFloat || value.hasLayout(.float) }

    /// Shewchuk's sum: partial sums that do not overlap, rounded to one double at the end.
    fileprivate func exactSum(_ items: Value) throws(Raised) -> Double {
        var partials: [Double] = []
        var special = 0.0, infinities = 0.0
        try forEach(items) { (item) throws(Raised) in
            var x = try toDouble(item)
            let given = x
            var kept = 0
            for k in partials.indices {
                var y = partials[k]
                if x.magnitude < y.magnitude { swap(&x, &y) }
                let high = x + y
                let low = y - (high - x)
                if low != 0 {
                    partials[kept] = low
                    kept += 1
                }
                x = high
            }
            partials.removeSubrange(kept...)
            if x == 0 { return }
            if x.isFinite {
                partials.append(x)
                return
            }
            if given.isFinite { throw raise(.overflowError, "intermediate overflow in fsum") }
            if given.isInfinite { infinities += given }
            special += given
            partials.removeAll()
        }
        if special != 0 || special.isNaN {
            if infinities.isNaN { throw raise(.valueError, "-inf + inf in fsum") }
            return special
        }
        return Thread.rounded(partials)
    }

    /// The sum of partials, smallest first, rounded half to even over all of them.
    private static func rounded(_ partials: [Double]) -> Double {
        var n = partials.count
        if n == 0 { return 0 }
        n -= 1
        var high = partials[n], low = 0.0
        while n > 0 {
            let x = high
            n -= 1
            let y = partials[n]
            high = x + y
            low = y - (high - x)
            if low != 0 { break }
        }
        if n > 0 && ((low < 0 && partials[n - 1] < 0) || (low > 0 && partials[n - 1] > 0)) {
            let y = low * 2
            let x = high + y
            if y == x - high { high = x }
        }
        return high
    }

    fileprivate func sumOfProducts(_ left: Value, _ right: Value) throws(Raised) -> Value {
        let p = try iter(left), q = try iter(right)
        var total = Value(smallInt: 0)
        var floats = TripleLength(), floatsInUse = false, floatsAllowed = true
        func settle() throws(Raised) {
            if floatsInUse { total = try binary(0, total, float(floats.value)) }
            floats = TripleLength()
            floatsInUse = false
        }
        while true {
            let a = try next(p), b = try next(q)
            if a.isUnbound != b.isUnbound { throw raise(.valueError, "Inputs are not the same length") }
            if a.isUnbound {
                try settle()
                return total
            }
            if isPlainInt(a) && isPlainInt(b) && isPlainInt(total) && !floatsInUse {
                total = try intAdd(total, try intMultiply(a, b))
                continue
            }
            if floatsAllowed, let x = factor(a), let y = factor(b), isPlainFloat(a) || isPlainFloat(b) {
                let more = floats.addingProduct(x, y)
                if more.high.isFinite {
                    floats = more
                    floatsInUse = true
                    continue
                }
            }
            if floatsAllowed {
                floatsAllowed = false
                try settle()
            }
            total = try binary(0, total, try binary(5, a, b))
        }
    }

    /// The double of an exact float, or of an int or bool that has one.
    private func factor(_ value: Value) -> Double? {
        if isPlainFloat(value) { return double(value) }
        return isPlainInt(value) || value.isBool ? intDouble(value) : nil
    }
}
