// Between limbs and doubles, correctly rounded (half to even), and the number hash that floats and ints share.

extension Limbs {
    /// The double nearest to `a * 2^exponent`, where `sticky` says that a non-zero rest lies below `a`'s last
    /// bit; nil when it overflows. `a` must have more than 54 bits if `sticky`.
    static func roundedDouble(_ a: Source, _ n: Int, exponent: Int = 0, sticky: Bool = false) -> Double? {
        let bits = bitLength(a, n)
        if bits == 0 { return 0 }
        // Bits that stay: 53, or fewer below the normal range.
        let top = bits &+ exponent
        if top > 1024 { return nil }
        let keep = top < -1021 ? 53 &- (-1021 &- top) : 53
        if keep < 0 { return 0 }
        let cut = bits &- keep
        var mantissa: UInt64
        if cut <= 0 {
            mantissa = a[0]
            return scaled(mantissa, exponent)
        }
        mantissa = keep == 0 ? 0 : bits64(a, n, from: cut)
        let half = bit(a, n, cut &- 1)
        if half && (mantissa & 1 != 0 || sticky || anyBit(a, n, below: cut &- 1)) { mantissa = mantissa &+ 1 }
        let result = scaled(mantissa, exponent &+ cut)
        return result.isInfinite ? nil : result
    }

    /// `mantissa * 2^exponent` where that is exact (or infinite).
    private static func scaled(_ mantissa: UInt64, _ exponent: Int) -> Double {
        Double(sign: .plus, exponent: exponent, significand: Double(mantissa))
    }

    /// The nearest double, ties to even; nil when the number is too large ("int too large to convert to float").
    public static func double(_ a: Source, _ n: Int) -> Double? {
        if n == 0 { return 0 }
        if n == 1 { return Double(a[0]) }
        return roundedDouble(a, n)
    }

    /// `fraction * 2^exponent` with 0.5 <= fraction < 1, the fraction rounded to a double (math.log of large ints); (0, 0) for 0.
    public static func fractionAndExponent(_ a: Source, _ n: Int) -> (fraction: Double, exponent: Int) {
        let bits = bitLength(a, n)
        if bits == 0 { return (0, 0) }
        let fraction = roundedDouble(a, n, exponent: -bits) ?? 0
        return fraction == 1 ? (0.5, bits &+ 1) : (fraction, bits)
    }

    /// How many limbs the integral part of a finite double takes at most.
    public static let doubleCapacity = 17

    /// The integral part of |value|, finite; `r` has `doubleCapacity` limbs. Returns the normalized count.
    public static func limbs(of value: Double, into r: Target) -> Int {
        let magnitude = value.magnitude
        if magnitude < 1 { return 0 }
        if magnitude < 18_446_744_073_709_551_616 {
            r[0] = UInt64(magnitude)
            return 1
        }
        let exponent = Int(magnitude.exponent) &- 52
        var mantissa = magnitude.significandBitPattern | (1 &<< 52)
        return withUnsafePointer(to: &mantissa) { shiftLeft($0, 1, by: exponent, into: r) }
    }

    /// Compares a natural number with a non-negative finite double: -1, 0 or 1, exactly.
    public static func compare(_ a: Source, _ n: Int, withDouble value: Double) -> Int {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: doubleCapacity) { buffer in
            guard let r = buffer.baseAddress else { return 0 }
            let order = compare(a, n, r, limbs(of: value, into: r))
            return order == 0 && value.rounded(.towardZero) != value ? -1 : order
        }
    }

    /// `a / b` as the nearest double, as int.__truediv__ has it; `b != 0`. nil when the quotient overflows
    /// ("integer division result too large for a float").
    public static func trueDivide(_ a: Source, _ an: Int, _ b: Source, _ bn: Int) -> Double? {
        if an == 0 { return 0 }
        if an == 1 && bn == 1 && a[0] <= 1 &<< 53 && b[0] <= 1 &<< 53 { return Double(a[0]) / Double(b[0]) }
        // Scale so that the integral quotient has 65 or 66 bits: more than a double, and the remainder is the sticky bit.
        let shift = 65 &- (bitLength(a, an) &- bitLength(b, bn))
        if shift < -2000 { return nil }
        if shift > 3000 { return 0 }
        let un = shift > 0 ? an &+ shift / 64 &+ 1 : an
        let dn = shift < 0 ? bn &+ (-shift) / 64 &+ 1 : bn
        let space = scratch(un &+ dn &+ 4 &+ dn)
        defer { space.deallocate() }
        let u = space, d = u + un, q = d + dn, r = q + 4
        var uCount = an, dCount = bn
        if shift > 0 { uCount = shiftLeft(a, an, by: shift, into: u) } else { copy(a, an, into: u) }
        if shift < 0 { dCount = shiftLeft(b, bn, by: -shift, into: d) } else { copy(b, bn, into: d) }
        let (qn, rn) = divide(u, uCount, by: d, dCount, quotient: q, remainder: r)
        return roundedDouble(q, qn, exponent: -shift, sticky: rn > 0)
    }

    // MARK: Hash

    /// The modulus of numeric hashes, 2^61 - 1 (sys.hash_info.modulus).
    public static let hashModulus: UInt64 = (1 &<< 61) &- 1

    /// The number modulo 2^61 - 1: the hash of a non-negative int. (A negative one negates it, and -1 becomes -2.)
    public static func hash(_ a: Source, _ n: Int) -> UInt64 {
        let p = hashModulus
        var h: UInt64 = 0
        var i = n
        while i > 0 {
            i &-= 1
            // 2^64 is 2^3 modulo p, a rotation of 61 bits.
            h = ((h &<< 3) & p) | (h &>> 58)
            let limb = (a[i] & p) &+ (a[i] &>> 61)
            h = h &+ limb
            h = (h & p) &+ (h &>> 61)
            if h >= p { h = h &- p }
        }
        return h
    }
}
