// Quotients: by one limb, Knuth's algorithm D, and Burnikel-Ziegler's recursion above a measured size.
// No hardware division in the loops: Möller and Granlund's reciprocals (2011) take two products instead.

extension Limbs {
    /// From this many limbs of divisor and quotient on, recursion beats algorithm D.
    static let recursiveDivisionThreshold = 50

    // MARK: Reciprocals

    /// floor((2^128 - 1) / d) - 2^64 for a `d` whose top bit is set.
    @inline(__always)
    static func reciprocal(_ d: UInt64) -> UInt64 {
        d.dividingFullWidth((~d, ~0)).quotient
    }

    /// floor((2^192 - 1) / (d1, d0)) - 2^64 for a `d1` whose top bit is set.
    static func reciprocal(_ d1: UInt64, _ d0: UInt64) -> UInt64 {
        var v = reciprocal(d1)
        var p = d1 &* v &+ d0
        if p < d0 {
            v = v &- 1
            if p >= d1 {
                v = v &- 1
                p = p &- d1
            }
            p = p &- d1
        }
        let (t1, t0) = v.multipliedFullWidth(by: d0)
        p = p &+ t1
        if p < t1 {
            v = v &- 1
            if p > d1 || (p == d1 && t0 >= d0) { v = v &- 1 }
        }
        return v
    }

    /// Quotient and remainder of (u1, u0) by the normalized `d`, where u1 < d.
    @inline(__always)
    static func divide2by1(_ u1: UInt64, _ u0: UInt64, _ d: UInt64, _ v: UInt64) -> (UInt64, UInt64) {
        let (p1, p0) = v.multipliedFullWidth(by: u1)
        let (q0, c) = p0.addingReportingOverflow(u0)
        var q1 = p1 &+ u1 &+ (c ? 1 : 0) &+ 1
        var r = u0 &- q1 &* d
        if r > q0 {
            q1 = q1 &- 1
            r = r &+ d
        }
        if r >= d {
            q1 = q1 &+ 1
            r = r &- d
        }
        return (q1, r)
    }

    /// Quotient and two-limb remainder of (u2, u1, u0) by the normalized (d1, d0), where (u2, u1) < (d1, d0).
    @inline(__always)
    static func divide3by2(_ u2: UInt64, _ u1: UInt64, _ u0: UInt64,
                           _ d1: UInt64, _ d0: UInt64, _ v: UInt64) -> (q: UInt64, r1: UInt64, r0: UInt64) {
        let (p1, p0) = v.multipliedFullWidth(by: u2)
        let (q0, c) = p0.addingReportingOverflow(u1)
        var q = p1 &+ u2 &+ (c ? 1 : 0)
        var r1 = u1 &- q &* d1
        let (t1, t0) = d0.multipliedFullWidth(by: q)
        var b1 = u0 < t0
        var r0 = u0 &- t0
        r1 = r1 &- t1 &- (b1 ? 1 : 0)
        b1 = r0 < d0
        r0 = r0 &- d0
        r1 = r1 &- d1 &- (b1 ? 1 : 0)
        q = q &+ 1
        if r1 >= q0 {
            q = q &- 1
            let (s, o) = r0.addingReportingOverflow(d0)
            r0 = s
            r1 = r1 &+ d1 &+ (o ? 1 : 0)
        }
        if r1 > d1 || (r1 == d1 && r0 >= d0) {
            q = q &+ 1
            let (s, o) = r0.subtractingReportingOverflow(d0)
            r0 = s
            r1 = r1 &- d1 &- (o ? 1 : 0)
        }
        return (q, r1, r0)
    }

    // MARK: By one limb

    /// `q = a / d` for any `d != 0`; `q` has `n` limbs and may be `a`. Returns the remainder.
    @discardableResult
    public static func divideByLimb(_ a: Source, _ n: Int, _ d: UInt64, into q: Target) -> UInt64 {
        if n == 0 { return 0 }
        if n == 1 {
            let x = a[0]
            q[0] = x / d
            return x % d
        }
        let shift = UInt64(truncatingIfNeeded: d.leadingZeroBitCount)
        let dn = d &<< shift, v = reciprocal(dn)
        if shift == 0 {
            var r: UInt64 = 0
            var i = n
            while i > 0 {
                i &-= 1
                (q[i], r) = divide2by1(r, a[i], dn, v)
            }
            return r
        }
        let down = 64 &- shift
        var above = a[n &- 1]
        var r = above &>> down
        var i = n &- 1
        while i > 0 {
            let below = a[i &- 1]
            (q[i], r) = divide2by1(r, (above &<< shift) | (below &>> down), dn, v)
            above = below
            i &-= 1
        }
        (q[0], r) = divide2by1(r, above &<< shift, dn, v)
        return r &>> shift
    }

    /// `a % d` for any `d != 0`.
    public static func remainderByLimb(_ a: Source, _ n: Int, _ d: UInt64) -> UInt64 {
        if n == 0 { return 0 }
        if n == 1 { return a[0] % d }
        let shift = UInt64(truncatingIfNeeded: d.leadingZeroBitCount)
        let dn = d &<< shift, v = reciprocal(dn)
        // The remainder of a << shift, limb by limb, without writing the shifted number.
        var above = a[n &- 1]
        var r: UInt64 = shift == 0 ? 0 : above &>> (64 &- shift)
        var i = n &- 1
        while i > 0 {
            let below = a[i &- 1]
            let u = shift == 0 ? above : (above &<< shift) | (below &>> (64 &- shift))
            (_, r) = divide2by1(r, u, dn, v)
            above = below
            i &-= 1
        }
        (_, r) = divide2by1(r, above &<< shift, dn, v)
        return r &>> shift
    }

    // MARK: By many limbs

    /// `q = a / d`, `r = a % d` for normalized numbers, `d != 0`. `q` has `max(an - dn + 1, 0)` limbs, `r` has
    /// `dn`; neither may overlap the operands, except that `r` may be `a` or `d`. Either may be nil. Returns normalized counts.
    @discardableResult
    public static func divide(_ a: Source, _ an: Int, by d: Source, _ dn: Int,
                              quotient q: Target?, remainder r: Target?) -> (quotient: Int, remainder: Int) {
        if compare(a, an, d, dn) < 0 {
            if let r { copy(a, an, into: r) }
            if let q, an >= dn { q[0] = 0 }
            return (0, an)
        }
        if dn == 1 { return divideShort(a, an, d[0], q, r) }
        let qn = an &- dn &+ 1
        if qn <= 2 && r == nil, let q, let high = quotientByHighLimbs(a, an, d, dn) {
            q[0] = high
            if qn == 2 { q[1] = 0 }
            return (1, 0)
        }
        let space = scratch(an &+ 1 &+ dn &+ (q == nil ? qn : 0))
        defer { space.deallocate() }
        let u = space, v = space + (an &+ 1)
        let quotient = q ?? v + dn
        let shift = d[dn &- 1].leadingZeroBitCount
        if shift == 0 {
            copy(a, an, into: u)
            u[an] = 0
            copy(d, dn, into: v)
        } else {
            u[an] = shiftUp(a, an, shift, into: u)
            shiftUp(d, dn, shift, into: v)
        }
        divideNormalized(u, an &+ 1, v, dn, into: quotient)
        var rn = trimmed(u, dn)
        if let r {
            if shift == 0 { copy(u, rn, into: r) } else {
                shiftDown(u, rn, shift, into: r)
                rn = trimmed(r, rn)
            }
        }
        return (trimmed(quotient, qn), rn)
    }

    /// `a / d` when it fits a limb and the highest limbs decide it, as they nearly always do; nil otherwise. `an - dn` is 0 or 1, `dn` at least 2.
    ///
    /// With A and D the three and two limbs at the top of `a` and `d` (shifted so that D's highest bit is set), A = Q * D + R: the quotient is
    /// at most Q, and it is Q if what the lower limbs of `d` add, less than Q, does not exceed R.
    private static func quotientByHighLimbs(_ a: Source, _ an: Int, _ d: Source, _ dn: Int) -> UInt64? {
        let shift = UInt64(truncatingIfNeeded: d[dn &- 1].leadingZeroBitCount)
        func limb(_ x: Source, _ n: Int, _ i: Int) -> UInt64 {
            (i < n ? x[i] &<< shift : 0) | (shift != 0 && i > 0 && i <= n ? x[i &- 1] &>> (64 &- shift) : 0)
        }
        if an > dn && shift != 0 && a[dn] &>> (64 &- shift) != 0 { return nil }
        let d1 = limb(d, dn, dn &- 1), d0 = limb(d, dn, dn &- 2)
        let a2 = limb(a, an, dn), a1 = limb(a, an, dn &- 1), a0 = limb(a, an, dn &- 2)
        if a2 >= d1 { return nil }
        var (q, high) = d1.dividingFullWidth((a2, a1))
        var product = q.multipliedFullWidth(by: d0)
        // The estimate by one limb of the divisor is at most 2 too large.
        while product.high > high || product.high == high && product.low > a0 {
            q &-= 1
            let borrow: UInt64 = product.low < d0 ? 1 : 0
            product = (product.high &- borrow, product.low &- d0)
            let (sum, overflow) = high.addingReportingOverflow(d1)
            high = sum
            if overflow { break }
        }
        let borrow: UInt64 = a0 < product.low ? 1 : 0
        let restHigh = high &- product.high &- borrow, restLow = a0 &- product.low
        return restHigh > 0 || restLow >= q ? q : nil
    }

    private static func divideShort(_ a: Source, _ an: Int, _ d: UInt64, _ q: Target?, _ r: Target?) -> (quotient: Int, remainder: Int) {
        let rest: UInt64
        var qn = 0
        if let q {
            rest = divideByLimb(a, an, d, into: q)
            qn = trimmed(q, an)
        } else {
            rest = remainderByLimb(a, an, d)
        }
        if let r { r[0] = rest }
        return (qn, rest == 0 ? 0 : 1)
    }

    /// `u` (un limbs, top limb below d's) divided by the normalized `d` (dn >= 2): `q` gets `un - dn` limbs, the remainder
    /// stays in `u`'s low `dn` limbs.
    static func divideNormalized(_ u: Target, _ un: Int, _ d: Source, _ dn: Int, into q: Target) {
        let qn = un &- dn
        let v = reciprocal(d[dn &- 1], d[dn &- 2])
        if dn < recursiveDivisionThreshold || qn < recursiveDivisionThreshold {
            _ = algorithmD(u, un, d, dn, v, into: q)
            return
        }
        let space = scratch(dn)
        defer { space.deallocate() }
        // From the top: first what exceeds a multiple of dn quotient limbs, then blocks of dn.
        var position = qn
        let first = qn % dn
        if first > 0 {
            position &-= first
            partialBlock(u + position, first, d, dn, v, into: q + position, space)
        }
        while position > 0 {
            position &-= dn
            _ = recursive(u + position, d, dn, v, into: q + position, space)
        }
    }

    /// k <= dn quotient limbs from the dn + k limbs at `u`, whose top dn limbs are below `d`.
    private static func partialBlock(_ u: Target, _ k: Int, _ d: Source, _ dn: Int, _ v: UInt64, into q: Target, _ space: Target) {
        if k < recursiveDivisionThreshold || k == dn {
            if k == dn { _ = recursive(u, d, dn, v, into: q, space) } else { _ = algorithmD(u, dn &+ k, d, dn, v, into: q) }
            return
        }
        // Divide by the top k limbs of d, then take the rest of d into account.
        let rest = dn &- k
        var high = recursive(u + rest, d + rest, k, v, into: q, space)
        high = correct(u, dn, d, rest, q, k, high, space)
        _ = high
    }

    /// Takes `(high, q) * d[0..<rest]` from the number at `u` (n limbs: the remainder of the division by d's
    /// upper limbs, `n - rest == k`), and steps the quotient back while that is negative. Returns the quotient's top bit.
    @inline(__always)
    private static func correct(_ u: Target, _ n: Int, _ d: Source, _ rest: Int, _ q: Target, _ k: Int, _ high: UInt64, _ space: Target) -> UInt64 {
        var high = high
        product(q, k, d, rest, into: space)
        var borrow = subtractSame(u, space, n, into: u)
        if high != 0 {
            borrow = borrow &+ subtract(u + k, n &- k, d, rest, into: u + k)
        }
        while borrow != 0 {
            high = high &- borrowing(q, k, borrow: 1, into: q)
            borrow = borrow &- addSame(u, d, n, into: u)
        }
        return high
    }

    /// n quotient limbs from the 2n limbs at `u`; the remainder stays in the low n. Returns the quotient's
    /// carry limb (0 or 1; 0 if the upper half was below `d`). `space` has n limbs.
    private static func recursive(_ u: Target, _ d: Source, _ n: Int, _ v: UInt64, into q: Target, _ space: Target) -> UInt64 {
        if n < recursiveDivisionThreshold { return algorithmD(u, 2 &* n, d, n, v, into: q) }
        let low = n >> 1, up = n &- low
        // The upper quotient half from d's top limbs, corrected by the others; then the lower likewise.
        var high = recursive(u + 2 &* low, d + low, up, v, into: q + low, space)
        high = correct(u + low, n, d, low, q + low, up, high, space)
        let carry = recursive(u + up, d + up, low, v, into: q, space)
        _ = correct(u, n, d, up, q, low, carry, space)
        return high
    }

    /// Knuth's algorithm D with a two-limb estimate that is wrong about once in 2^64. un >= dn >= 2. `q` gets
    /// un - dn limbs; returns the limb above them, 0 or 1.
    private static func algorithmD(_ u: Target, _ un: Int, _ d: Source, _ dn: Int, _ v: UInt64, into q: Target) -> UInt64 {
        let d1 = d[dn &- 1], d0 = d[dn &- 2]
        var j = un &- dn
        var high: UInt64 = 0
        if compareEqualCounts(u + j, d, dn) >= 0 {
            _ = subtractSame(u + j, d, dn, into: u + j)
            high = 1
        }
        while j > 0 {
            j &-= 1
            let p = u + j
            let u2 = p[dn], u1 = p[dn &- 1], u0 = p[dn &- 2]
            if u2 == d1 && u1 == d0 {
                // The estimate would overflow; the quotient limb is the largest there is.
                let taken = subtractProduct(d, dn, ~0, from: p)
                p[dn] = u2 &- taken
                q[j] = ~0
                continue
            }
            var (digit, r1, r0) = divide3by2(u2, u1, u0, d1, d0, v)
            let taken = subtractProduct(d, dn &- 2, digit, from: p)
            let b0 = r0 < taken
            r0 = r0 &- taken
            let b1 = r1 < (b0 ? 1 : 0)
            r1 = r1 &- (b0 ? 1 : 0)
            if b1 {
                p[dn &- 2] = r0
                p[dn &- 1] = r1
                _ = addSame(p, d, dn, into: p)
                digit = digit &- 1
            } else {
                p[dn &- 2] = r0
                p[dn &- 1] = r1
            }
            p[dn] = 0
            q[j] = digit
        }
        return high
    }
}
