// Greatest common divisors, integer square roots, modular powers.

extension Limbs {
    // MARK: gcd

    /// `r = gcd(a, b)`; `r` has `max(an, bn)` limbs. Returns the normalized count.
    public static func gcd(_ a: Source, _ an: Int, _ b: Source, _ bn: Int, into r: Target) -> Int {
        let size = max(an, bn)
        let space = scratch(4 &* size)
        defer { space.deallocate() }
        var x = space, y = x + size, s = y + size, t = s + size
        var xn = an, yn = bn
        copy(a, an, into: x)
        copy(b, bn, into: y)
        if compare(x, xn, y, yn) < 0 {
            swap(&x, &y)
            swap(&xn, &yn)
        }
        // x >= y throughout. Lehmer: 62 leading bits stand for the numbers as long as they decide the quotients.
        while yn > 1 {
            let step = lehmerStep(x, xn, y, yn)
            if step.b == 0 {
                let rest = divide(x, xn, by: y, yn, quotient: nil, remainder: x).remainder
                swap(&x, &y)
                xn = yn
                yn = rest
                continue
            }
            let n = xn
            clear(y + yn, n &- yn)
            combine(step.a, x, step.b, y, n, into: s)
            combine(step.c, x, step.d, y, n, into: t)
            swap(&x, &s)
            swap(&y, &t)
            xn = trimmed(x, n)
            yn = trimmed(y, n)
        }
        if yn == 0 {
            copy(x, xn, into: r)
            return xn
        }
        var u = y[0]
        var v = remainderByLimb(x, xn, u)
        while v != 0 { (u, v) = (v, u % v) }
        r[0] = u
        return 1
    }

    /// Cofactors of the Euclidean steps that the leading bits determine (Knuth's algorithm L): the next
    /// pair is (a x + b y, c x + d y). `b == 0` says that not even one step is sure.
    private static func lehmerStep(_ x: Source, _ xn: Int, _ y: Source, _ yn: Int) -> (a: Int64, b: Int64, c: Int64, d: Int64) {
        let from = max(bitLength(x, xn) &- 62, 0)
        var u = Int64(bitPattern: bits64(x, xn, from: from))
        var v = Int64(bitPattern: bits64(y, yn, from: from))
        var a: Int64 = 1, b: Int64 = 0, c: Int64 = 0, d: Int64 = 1
        while v &+ c > 0 && v &+ d > 0 {
            let q = (u &+ a) / (v &+ c)
            if q != (u &+ b) / (v &+ d) { break }
            (a, c) = (c, a &- q &* c)
            (b, d) = (d, b &- q &* d)
            (u, v) = (v, u &- q &* v)
        }
        return (a, b, c, d)
    }

    /// `r = p x + q y` over `n` limbs, where p and q have different signs and the sum is a natural number of n limbs.
    private static func combine(_ p: Int64, _ x: Source, _ q: Int64, _ y: Source, _ n: Int, into r: Target) {
        if p > 0 || q < 0 {
            multiplyByLimb(x, n, p.magnitude, into: r)
            _ = subtractProduct(y, n, q.magnitude, from: r)
        } else {
            multiplyByLimb(y, n, q.magnitude, into: r)
            _ = subtractProduct(x, n, p.magnitude, from: r)
        }
    }

    // MARK: Square root

    /// `r = floor(sqrt(a))`; `r` has `(an + 1) / 2` limbs. Returns the normalized count.
    public static func squareRoot(_ a: Source, _ an: Int, into r: Target) -> Int {
        if an == 0 { return 0 }
        if an == 1 {
            r[0] = squareRoot(a[0])
            return 1
        }
        // Newton from above, doubling the precision: first the root of the upper half of the bits, then one step
        // s = (s + a / s) / 2 with a start that is too large, until it no longer falls.
        let size = (an &+ 1) / 2 &+ 2
        let space = scratch(2 &* size &+ an &+ 2)
        defer { space.deallocate() }
        var s = space, t = s + size
        let q = t + size
        let bits = bitLength(a, an)
        let drop = (bits >> 2) & ~1
        let top = scratch(an)
        let topCount = shiftRight(a, an, by: drop &* 2, into: top).count
        var sn = squareRoot(top, topCount, into: s)
        top.deallocate()
        // floor root of the upper part, plus one, scaled back: an upper bound.
        let carry = propagate(s, sn, carry: 1, into: s)
        if carry != 0 {
            s[sn] = carry
            sn &+= 1
        }
        sn = shiftLeft(s, sn, by: drop, into: t)
        swap(&s, &t)
        while true {
            let qn = divide(a, an, by: s, sn, quotient: q, remainder: nil).quotient
            if compare(q, qn, s, sn) >= 0 { break }
            // The mean of the two is below s.
            clear(q + qn, sn &- qn)
            let over = addSame(s, q, sn, into: t)
            shiftDown(t, sn, 1, into: t)
            t[sn &- 1] |= over &<< 63
            swap(&s, &t)
            sn = trimmed(s, sn)
        }
        copy(s, sn, into: r)
        return sn
    }

    /// floor(sqrt(value)).
    public static func squareRoot(_ value: UInt64) -> UInt64 {
        var root = UInt64(Double(value).squareRoot())
        if root > 0xFFFF_FFFF { root = 0xFFFF_FFFF }
        while root &* root > value { root = root &- 1 }
        while root < 0xFFFF_FFFF && (root &+ 1) &* (root &+ 1) <= value { root = root &+ 1 }
        return root
    }

    // MARK: Modular power

    /// `r = base ^ exponent mod modulus`; `modulus != 0`, `r` has `mn` limbs. Returns the normalized count.
    public static func powerModulo(_ base: Source, _ bn: Int, _ exponent: Source, _ en: Int,
                                   _ modulus: Source, _ mn: Int, into r: Target) -> Int {
        if mn == 1 && modulus[0] == 1 { return 0 }
        if en == 0 {
            r[0] = 1
            return 1
        }
        let start = scratch(max(mn, bn))
        defer { start.deallocate() }
        let sn = divide(base, bn, by: modulus, mn, quotient: nil, remainder: start).remainder
        if sn == 0 { return 0 }
        clear(start + sn, mn &- min(sn, mn))
        if modulus[0] & 1 == 1 && mn < karatsubaThreshold &* 3 {
            return montgomeryPower(start, exponent, en, modulus, mn, into: r)
        }
        return plainPower(start, sn, exponent, en, modulus, mn, into: r)
    }

    /// Square and multiply from the top bit with a division at each step: even or very long moduli.
    private static func plainPower(_ base: Source, _ bn: Int, _ exponent: Source, _ en: Int,
                                   _ modulus: Source, _ mn: Int, into r: Target) -> Int {
        let wide = scratch(2 &* mn)
        defer { wide.deallocate() }
        copy(base, bn, into: r)
        var n = bn
        var i = bitLength(exponent, en) &- 1
        while i > 0 {
            i &-= 1
            var count = square(r, n, into: wide)
            n = divide(wide, count, by: modulus, mn, quotient: nil, remainder: r).remainder
            if bit(exponent, en, i) {
                count = multiply(r, n, base, bn, into: wide)
                n = divide(wide, count, by: modulus, mn, quotient: nil, remainder: r).remainder
            }
        }
        return n
    }

    /// Odd moduli: residues times 2^(64 mn), so that each step's reduction is a product with -1/modulus modulo 2^64.
    /// Exponent bits go four at a time.
    private static func montgomeryPower(_ base: Source, _ exponent: Source, _ en: Int,
                                        _ modulus: Source, _ mn: Int, into r: Target) -> Int {
        let space = scratch(16 &* mn &+ 2 &* mn &+ 1 &+ mn)
        defer { space.deallocate() }
        let table = space, wide = table + 16 &* mn, x = wide + (2 &* mn &+ 1)
        // Newton's iteration for the inverse doubles the good bits: 5, 10, 20, 40, 80.
        var inverse = (3 &* modulus[0]) ^ 2
        for _ in 0..<4 { inverse = inverse &* (2 &- modulus[0] &* inverse) }
        let factor = 0 &- inverse
        // table[i] = base^i in Montgomery form, from R mod m and base R mod m.
        clear(wide, mn)
        wide[mn] = 1
        montgomeryResidue(wide, mn &+ 1, modulus, mn, into: table)
        clear(wide, mn)
        copy(base, mn, into: wide + mn)
        montgomeryResidue(wide, 2 &* mn, modulus, mn, into: table + mn)
        let bits = bitLength(exponent, en)
        let last = bits < 24 ? 1 : 15
        var i = 2
        while i <= last {
            product(table + (i &- 1) &* mn, mn, table + mn, mn, into: wide)
            montgomeryReduce(wide, modulus, mn, factor, into: table + i &* mn)
            i &+= 1
        }
        let step = last == 1 ? 1 : 4
        var position = (bits &+ step &- 1) / step &* step
        copy(table, mn, into: x)
        while position > 0 {
            position &-= step
            var k = 0
            while k < step {
                product(x, mn, x, mn, into: wide)
                montgomeryReduce(wide, modulus, mn, factor, into: x)
                k &+= 1
            }
            let window = Int(bits64(exponent, en, from: position) & ((1 &<< UInt64(step)) &- 1))
            if window != 0 {
                product(x, mn, table + window &* mn, mn, into: wide)
                montgomeryReduce(wide, modulus, mn, factor, into: x)
            }
        }
        copy(x, mn, into: wide)
        clear(wide + mn, mn)
        montgomeryReduce(wide, modulus, mn, factor, into: r)
        return trimmed(r, mn)
    }

    /// `r = a mod m` padded to `mn` limbs; `a` need not be normalized.
    private static func montgomeryResidue(_ a: Source, _ an: Int, _ m: Source, _ mn: Int, into r: Target) {
        let space = scratch(max(an, mn))
        defer { space.deallocate() }
        let n = divide(a, trimmed(a, an), by: m, mn, quotient: nil, remainder: space).remainder
        copy(space, n, into: r)
        clear(r + n, mn &- n)
    }

    /// `r = a / 2^(64 mn) mod m` for the 2 mn limbs of `a` (one more is there for the carry), which are used up.
    private static func montgomeryReduce(_ a: Target, _ m: Source, _ mn: Int, _ factor: UInt64, into r: Target) {
        var above: UInt64 = 0
        var i = 0
        while i < mn {
            let carry = addProduct(m, mn, a[i] &* factor, into: a + i)
            let (s, c1) = a[i &+ mn].addingReportingOverflow(carry)
            let (t, c2) = s.addingReportingOverflow(above)
            a[i &+ mn] = t
            above = (c1 ? 1 : 0) &+ (c2 ? 1 : 0)
            i &+= 1
        }
        if above != 0 || compareEqualCounts(a + mn, m, mn) >= 0 {
            _ = subtractSame(a + mn, m, mn, into: r)
        } else {
            copy(a + mn, mn, into: r)
        }
    }
}
