// Products: schoolbook, then Karatsuba, then Toom-3. The thresholds are measured, in limbs of the
// smaller factor.

extension Limbs {
    /// From here on Karatsuba beats schoolbook.
    static let karatsubaThreshold = 26
    /// From here on Karatsuba beats the squaring loop, which does half the work of a product.
    static let karatsubaSquareThreshold = 44
    /// From here on Toom-3 beats Karatsuba.
    static let toomThreshold = 120

    /// `r = a * b`; `r` has `an + bn` limbs and may not overlap the factors. Returns the normalized count.
    @discardableResult
    public static func multiply(_ a: Source, _ an: Int, _ b: Source, _ bn: Int, into r: Target) -> Int {
        if an == 0 || bn == 0 {
            clear(r, an &+ bn)
            return 0
        }
        product(a, an, b, bn, into: r)
        return trimmed(r, an &+ bn)
    }

    /// `r = a * a`; `r` has `2 * n` limbs and may not overlap `a`. Returns the normalized count.
    @discardableResult
    public static func square(_ a: Source, _ n: Int, into r: Target) -> Int {
        if n == 0 { return 0 }
        balancedSquare(a, n, into: r)
        return trimmed(r, 2 &* n)
    }

    /// `r = a * b`, all `an + bn` limbs written; the factors need not be normalized.
    static func product(_ a: Source, _ an: Int, _ b: Source, _ bn: Int, into r: Target) {
        if an < bn { return product(b, bn, a, an, into: r) }
        if bn == 0 { return clear(r, an) }
        if bn < karatsubaThreshold { return schoolbook(a, an, b, bn, into: r) }
        if an == bn {
            if a == b { return balancedSquare(a, an, into: r) }
            return balanced(a, b, an, into: r)
        }
        // Cut the long factor into pieces as long as the short one.
        let part = scratch(2 &* bn)
        defer { part.deallocate() }
        balanced(a, b, bn, into: r)
        var done = bn
        while done < an {
            let n = min(bn, an &- done)
            product(a + done, n, b, bn, into: part)
            // r has valid limbs up to done + bn.
            copy(part + bn, n, into: r + (done &+ bn))
            let carry = addSame(r + done, part, bn, into: r + done)
            propagate(r + (done &+ bn), n, carry: carry, into: r + (done &+ bn))
            done &+= n
        }
    }

    /// The product of two numbers of `n` limbs, by size.
    private static func balanced(_ a: Source, _ b: Source, _ n: Int, into r: Target) {
        if n < karatsubaThreshold { return schoolbook(a, n, b, n, into: r) }
        if n >= toomThreshold { return toom3(a, b, n, into: r) }
        let space = scratch(2 &* n &+ 128)
        karatsuba(a, b, n, into: r, space)
        space.deallocate()
    }

    private static func balancedSquare(_ a: Source, _ n: Int, into r: Target) {
        if n < karatsubaSquareThreshold { return schoolbookSquare(a, n, into: r) }
        if n >= toomThreshold { return toom3(a, a, n, into: r) }
        let space = scratch(2 &* n &+ 128)
        karatsubaSquare(a, n, into: r, space)
        space.deallocate()
    }

    // MARK: Schoolbook

    /// `an >= bn >= 1`; two rows a pass, which halves the loads and stores of the result.
    static func schoolbook(_ a: Source, _ an: Int, _ b: Source, _ bn: Int, into r: Target) {
        r[an] = multiplyByLimb(a, an, b[0], into: r)
        var j = 1
        while j < bn {
            r[an &+ j] = addProduct(a, an, b[j], into: r + j)
            j &+= 1
        }
    }

    private static func schoolbookSquare(_ a: Source, _ n: Int, into r: Target) {
        // Products of different limbs once, doubled, then the squares on the diagonal.
        r[0] = 0
        if n > 1 {
            r[n] = multiplyByLimb(a + 1, n &- 1, a[0], into: r + 1)
            var i = 1
            while i < n &- 1 {
                r[n &+ i] = addProduct(a + (i &+ 1), n &- 1 &- i, a[i], into: r + (2 &* i &+ 1))
                i &+= 1
            }
        }
        r[2 &* n &- 1] = 0
        var carry: UInt64 = 0, up: UInt64 = 0
        var i = 0
        while i < n {
            let (high, low) = a[i].multipliedFullWidth(by: a[i])
            let x = r[2 &* i], y = r[2 &* i &+ 1]
            let x2 = (x &<< 1) | up, y2 = (y &<< 1) | (x &>> 63)
            up = y &>> 63
            let (s, c1) = x2.addingReportingOverflow(low)
            let (s2, c2) = s.addingReportingOverflow(carry)
            let (t, c3) = y2.addingReportingOverflow(high)
            let (t2, c4) = t.addingReportingOverflow((c1 ? 1 : 0) &+ (c2 ? 1 : 0))
            r[2 &* i] = s2
            r[2 &* i &+ 1] = t2
            carry = (c3 ? 1 : 0) &+ (c4 ? 1 : 0)
            i &+= 1
        }
    }

    // MARK: Karatsuba

    /// `space` has `2 * n + 128` limbs: every level takes twice its half and hands on the rest.
    private static func karatsuba(_ a: Source, _ b: Source, _ n: Int, into r: Target, _ space: Target) {
        if n < karatsubaThreshold { return schoolbook(a, n, b, n, into: r) }
        let k = (n &+ 1) >> 1, m = n &- k
        let aNegative = splitDifference(a, k, m, into: r)
        let bNegative = splitDifference(b, k, m, into: r + k)
        karatsuba(r, r + k, k, into: space, space + 2 &* k)
        karatsuba(a, b, k, into: r, space + 2 &* k)
        karatsuba(a + k, b + k, m, into: r + 2 &* k, space + 2 &* k)
        combine(k, m, negative: aNegative != bNegative, into: r, space)
    }

    private static func karatsubaSquare(_ a: Source, _ n: Int, into r: Target, _ space: Target) {
        if n < karatsubaSquareThreshold { return schoolbookSquare(a, n, into: r) }
        let k = (n &+ 1) >> 1, m = n &- k
        _ = splitDifference(a, k, m, into: r)
        karatsubaSquare(r, k, into: space, space + 2 &* k)
        karatsubaSquare(a, k, into: r, space + 2 &* k)
        karatsubaSquare(a + k, m, into: r + 2 &* k, space + 2 &* k)
        combine(k, m, negative: false, into: r, space)
    }

    /// `r = |low - high|` over `k` limbs, where low is `k` limbs and high the `m` (k or k - 1) above; whether low < high.
    private static func splitDifference(_ a: Source, _ k: Int, _ m: Int, into r: Target) -> Bool {
        if m == k { return difference(a, a + k, k, into: r) }
        if a[m] == 0 && compareEqualCounts(a, a + k, m) < 0 {
            _ = subtractSame(a + k, a, m, into: r)
            r[m] = 0
            return true
        }
        subtract(a, k, a + k, m, into: r)
        return false
    }

    /// Adds the middle product, low + high -+ `middle`, to `r` at limb `k`. `middle` is used up.
    private static func combine(_ k: Int, _ m: Int, negative: Bool, into r: Target, _ middle: Target) {
        let low = r, high = r + 2 &* k
        var carry: UInt64
        if negative {
            carry = addSame(middle, low, 2 &* k, into: middle)
            carry = carry &+ add(middle, 2 &* k, high, 2 &* m, into: middle)
        } else {
            let borrow = subtractSame(low, middle, 2 &* k, into: middle)
            carry = add(middle, 2 &* k, high, 2 &* m, into: middle) &- borrow
        }
        // low + high - middle is never negative, so a borrow is always paid back by the addition's carry.
        carry = carry &+ addSame(r + k, middle, 2 &* k, into: r + k)
        let rest = 2 &* (k &+ m) &- 3 &* k
        propagate(r + 3 &* k, rest, carry: carry, into: r + 3 &* k)
    }

    // MARK: Toom-3

    /// Evaluates both factors at 0, 1, -1, -2 and infinity and interpolates. Between evaluation and
    /// result everything is two's complement of fixed width, so that signs take care of themselves.
    private static func toom3(_ a: Source, _ b: Source, _ n: Int, into r: Target) {
        let k = (n &+ 2) / 3, top = n &- 2 &* k
        let w = k &+ 1, ww = 2 &* w
        let space = scratch(6 &* w &+ 4 &* ww)
        defer { space.deallocate() }
        let same = a == b
        let pa = space, pb = same ? pa : space + 3 &* w
        let aSigns = evaluate(a, k, top, into: pa)
        let bSigns = same ? aSigns : evaluate(b, k, top, into: pb)
        let v1 = space + 6 &* w, vm1 = v1 + ww, vm2 = vm1 + ww, vinf = vm2 + ww
        product(pa, w, pb, w, into: v1)
        product(pa + w, w, pb + w, w, into: vm1)
        product(pa + 2 &* w, w, pb + 2 &* w, w, into: vm2)
        if aSigns.0 != bSigns.0 { negate(vm1, ww) }
        if aSigns.1 != bSigns.1 { negate(vm2, ww) }
        // r takes the outer coefficients; vinf is padded to the common width.
        product(a, k, b, k, into: r)
        product(a + 2 &* k, top, b + 2 &* k, top, into: r + 4 &* k)
        copy(r + 4 &* k, 2 &* top, into: vinf)
        clear(vinf + 2 &* top, ww &- 2 &* top)
        interpolate(v0: r, 2 &* k, v1, vm1, vm2, vinf, ww)
        // r = v0 + c1 x + c2 x^2 + c3 x^3 + vinf x^4, with c1 in v1, c2 in vm1, c3 in vm2.
        let total = 2 &* n
        copy(vm1, 2 &* k, into: r + 2 &* k)
        propagate(r + 4 &* k, total &- 4 &* k, carry: vm1[2 &* k], into: r + 4 &* k)
        addAt(k, v1, ww, into: r, total)
        addAt(3 &* k, vm2, ww, into: r, total)
    }

    /// Adds `a`, of at most `n` limbs, at limb `offset` of `r`, which has `total` limbs and room for the sum.
    private static func addAt(_ offset: Int, _ a: Source, _ n: Int, into r: Target, _ total: Int) {
        let count = min(trimmed(a, n), total &- offset)
        add(r + offset, total &- offset, a, count, into: r + offset)
    }

    /// Writes |p(1)|, |p(-1)|, |p(-2)|, each of k + 1 limbs; returns the signs of the last two.
    private static func evaluate(_ a: Source, _ k: Int, _ top: Int, into p: Target) -> (Bool, Bool) {
        let w = k &+ 1
        let one = p, minusOne = p + w, minusTwo = p + 2 &* w
        one[k] = add(a, k, a + 2 &* k, top, into: one)
        minusOne[k] = one[k] &- subtractSame(one, a + k, k, into: minusOne)
        one[k] = one[k] &+ addSame(one, a + k, k, into: one)
        // p(-2) = 2 (p(-1) + a2) - a0
        copy(minusOne, w, into: minusTwo)
        add(minusTwo, w, a + 2 &* k, top, into: minusTwo)
        shiftUp(minusTwo, w, 1, into: minusTwo)
        subtract(minusTwo, w, a, k, into: minusTwo)
        let s1 = minusOne[k] &>> 63 != 0, s2 = minusTwo[k] &>> 63 != 0
        if s1 { negate(minusOne, w) }
        if s2 { negate(minusTwo, w) }
        return (s1, s2)
    }

    /// Bodrato's sequence; afterwards v1, vm1 and vm2 hold the coefficients 1, 2 and 3.
    private static func interpolate(v0: Source, _ n0: Int, _ v1: Target, _ vm1: Target, _ vm2: Target, _ vinf: Target, _ ww: Int) {
        _ = subtractSame(vm2, v1, ww, into: vm2)
        divideByThree(vm2, ww)
        _ = subtractSame(v1, vm1, ww, into: v1)
        halve(v1, ww)
        subtract(vm1, ww, v0, n0, into: vm1)
        _ = subtractSame(vm1, vm2, ww, into: vm2)
        halve(vm2, ww)
        _ = addSame(vm2, vinf, ww, into: vm2)
        _ = addSame(vm2, vinf, ww, into: vm2)
        _ = addSame(vm1, v1, ww, into: vm1)
        _ = subtractSame(vm1, vinf, ww, into: vm1)
        _ = subtractSame(v1, vm2, ww, into: v1)
    }

    /// Two's complement negation.
    static func negate(_ r: Target, _ n: Int) {
        var carry: UInt64 = 1
        var i = 0
        while i < n {
            let (s, c) = (~r[i]).addingReportingOverflow(carry)
            r[i] = s
            carry = c ? 1 : 0
            i &+= 1
        }
    }

    /// Arithmetic shift right by one.
    private static func halve(_ r: Target, _ n: Int) {
        let sign = r[n &- 1] & (1 &<< 63)
        shiftDown(r, n, 1, into: r)
        r[n &- 1] |= sign
    }

    /// Exact division of a two's complement number: multiplication by 3's inverse modulo 2^64, limb by limb.
    private static func divideByThree(_ r: Target, _ n: Int) {
        let inverse: UInt64 = 0xAAAA_AAAA_AAAA_AAAB
        var borrow: UInt64 = 0
        var i = 0
        while i < n {
            let (s, c) = r[i].subtractingReportingOverflow(borrow)
            let q = s &* inverse
            r[i] = q
            borrow = (c ? 1 : 0) &+ (q > 0x5555_5555_5555_5555 ? 1 : 0) &+ (q > 0xAAAA_AAAA_AAAA_AAAA ? 1 : 0)
            i &+= 1
        }
    }
}
