// Natural numbers as raw little-endian 64-bit limbs: the loops under every Python int above 63 bits.
//
// A number is a pointer and a count; the caller owns the memory and sizes the results as each function
// says. Unless a function says otherwise, inputs are normalized (no zero limb on top; zero is count 0),
// results are not, and `trimmed` finds their count.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Arithmetic on natural numbers held as little-endian 64-bit limbs in memory that the caller owns.
public enum Limbs {
    /// Limbs that are read.
    public typealias Source = UnsafePointer<UInt64>
    /// Limbs that are written.
    public typealias Target = UnsafeMutablePointer<UInt64>

    /// Scratch space of `count` limbs; `free` it before returning.
    @inline(__always)
    static func scratch(_ count: Int) -> Target {
        Target.allocate(capacity: max(count, 1))
    }

    /// The count of `a` without its zero limbs on top.
    @inlinable
    public static func trimmed(_ a: Source, _ count: Int) -> Int {
        var n = count
        while n > 0 && a[n &- 1] == 0 { n &-= 1 }
        return n
    }

    /// Sets `count` limbs to zero.
    @inline(__always)
    public static func clear(_ r: Target, _ count: Int) {
        r.update(repeating: 0, count: count)
    }

    /// Copies `count` limbs; the two may overlap.
    @inline(__always)
    public static func copy(_ a: Source, _ count: Int, into r: Target) {
        r.update(from: a, count: count)
    }

    // MARK: Comparing

    /// -1, 0 or 1 as `a` is below, equal to or above `b`; both normalized.
    public static func compare(_ a: Source, _ an: Int, _ b: Source, _ bn: Int) -> Int {
        if an != bn { return an < bn ? -1 : 1 }
        return compareEqualCounts(a, b, an)
    }

    /// -1, 0 or 1 for two numbers of the same count, normalized or not.
    static func compareEqualCounts(_ a: Source, _ b: Source, _ n: Int) -> Int {
        var i = n
        while i > 0 {
            i &-= 1
            let x = a[i], y = b[i]
            if x != y { return x < y ? -1 : 1 }
        }
        return 0
    }

    // MARK: Adding and subtracting

    /// `r = a + b` where `an >= bn`; writes `an` limbs and returns the carry. `r` may be `a` or `b`.
    @discardableResult
    public static func add(_ a: Source, _ an: Int, _ b: Source, _ bn: Int, into r: Target) -> UInt64 {
        let carry = addSame(a, b, bn, into: r)
        return propagate(a + bn, an &- bn, carry: carry, into: r + bn)
    }

    /// `r = a + b` over `n` limbs each; returns the carry.
    static func addSame(_ a: Source, _ b: Source, _ n: Int, into r: Target) -> UInt64 {
        var carry = false
        var i = 0
        // Four at a time, so that the carry stays in the processor's flag.
        while i &+ 4 <= n {
            r[i] = addStep(a[i], b[i], &carry)
            r[i &+ 1] = addStep(a[i &+ 1], b[i &+ 1], &carry)
            r[i &+ 2] = addStep(a[i &+ 2], b[i &+ 2], &carry)
            r[i &+ 3] = addStep(a[i &+ 3], b[i &+ 3], &carry)
            i &+= 4
        }
        while i < n {
            r[i] = addStep(a[i], b[i], &carry)
            i &+= 1
        }
        return carry ? 1 : 0
    }

    @inline(__always)
    private static func addStep(_ x: UInt64, _ y: UInt64, _ carry: inout Bool) -> UInt64 {
        let (s, c1) = x.addingReportingOverflow(y)
        let (t, c2) = s.addingReportingOverflow(carry ? 1 : 0)
        carry = c1 != c2
        return t
    }

    /// `r = a + carry` over `n` limbs; returns the carry out. A carry of any size is allowed.
    @discardableResult
    static func propagate(_ a: Source, _ n: Int, carry: UInt64, into r: Target) -> UInt64 {
        var carry = carry
        var i = 0
        while i < n && carry != 0 {
            let (s, c) = a[i].addingReportingOverflow(carry)
            r[i] = s
            carry = c ? 1 : 0
            i &+= 1
        }
        if i < n && UnsafePointer(r) != a { copy(a + i, n &- i, into: r + i) }
        return carry
    }

    /// `r = a - b` where `an >= bn`; writes `an` limbs and returns the borrow, 0 if `a >= b`.
    /// `r` may be `a` or `b`.
    @discardableResult
    public static func subtract(_ a: Source, _ an: Int, _ b: Source, _ bn: Int, into r: Target) -> UInt64 {
        let borrow = subtractSame(a, b, bn, into: r)
        return borrowing(a + bn, an &- bn, borrow: borrow, into: r + bn)
    }

    /// `r = a - b` over `n` limbs each; returns the borrow.
    static func subtractSame(_ a: Source, _ b: Source, _ n: Int, into r: Target) -> UInt64 {
        var borrow = false
        var i = 0
        // Four at a time, so that the borrow stays in the processor's flag.
        while i &+ 4 <= n {
            r[i] = subtractStep(a[i], b[i], &borrow)
            r[i &+ 1] = subtractStep(a[i &+ 1], b[i &+ 1], &borrow)
            r[i &+ 2] = subtractStep(a[i &+ 2], b[i &+ 2], &borrow)
            r[i &+ 3] = subtractStep(a[i &+ 3], b[i &+ 3], &borrow)
            i &+= 4
        }
        while i < n {
            r[i] = subtractStep(a[i], b[i], &borrow)
            i &+= 1
        }
        return borrow ? 1 : 0
    }

    @inline(__always)
    private static func subtractStep(_ x: UInt64, _ y: UInt64, _ borrow: inout Bool) -> UInt64 {
        let (s, c1) = x.subtractingReportingOverflow(y)
        let (t, c2) = s.subtractingReportingOverflow(borrow ? 1 : 0)
        borrow = c1 != c2
        return t
    }

    /// `r = a - borrow` over `n` limbs; returns the borrow out.
    @discardableResult
    static func borrowing(_ a: Source, _ n: Int, borrow: UInt64, into r: Target) -> UInt64 {
        var borrow = borrow
        var i = 0
        while i < n && borrow != 0 {
            let (s, c) = a[i].subtractingReportingOverflow(borrow)
            r[i] = s
            borrow = c ? 1 : 0
            i &+= 1
        }
        if i < n && UnsafePointer(r) != a { copy(a + i, n &- i, into: r + i) }
        return borrow
    }

    /// `r = |a - b|` over `n` limbs each; returns whether `a < b`.
    static func difference(_ a: Source, _ b: Source, _ n: Int, into r: Target) -> Bool {
        if compareEqualCounts(a, b, n) < 0 {
            _ = subtractSame(b, a, n, into: r)
            return true
        }
        _ = subtractSame(a, b, n, into: r)
        return false
    }

    // MARK: One limb times many

    /// `r = a * factor + carry`; writes `n` limbs and returns the limb above them. `r` may be `a`.
    @discardableResult
    public static func multiplyByLimb(_ a: Source, _ n: Int, _ factor: UInt64, carry: UInt64 = 0, into r: Target) -> UInt64 {
        var carry = carry
        var i = 0
        while i < n {
            let (high, low) = a[i].multipliedFullWidth(by: factor)
            let (s, c) = low.addingReportingOverflow(carry)
            r[i] = s
            carry = high &+ (c ? 1 : 0)
            i &+= 1
        }
        return carry
    }

    /// `r += a * factor` over `n` limbs; returns the limb above them.
    @inline(__always)
    static func addProduct(_ a: Source, _ n: Int, _ factor: UInt64, into r: Target) -> UInt64 {
        var carry: UInt64 = 0
        var i = 0
        while i < n {
            let (high, low) = a[i].multipliedFullWidth(by: factor)
            let (s, c1) = low.addingReportingOverflow(carry)
            let (t, c2) = s.addingReportingOverflow(r[i])
            r[i] = t
            carry = high &+ (c1 ? 1 : 0) &+ (c2 ? 1 : 0)
            i &+= 1
        }
        return carry
    }

    /// `r -= a * factor` over `n` limbs; returns what is still to be taken from the limb above.
    @inline(__always)
    static func subtractProduct(_ a: Source, _ n: Int, _ factor: UInt64, from r: Target) -> UInt64 {
        var carry: UInt64 = 0
        var i = 0
        while i < n {
            let (high, low) = a[i].multipliedFullWidth(by: factor)
            let (s, c1) = low.addingReportingOverflow(carry)
            let (t, c2) = r[i].subtractingReportingOverflow(s)
            r[i] = t
            carry = high &+ (c1 ? 1 : 0) &+ (c2 ? 1 : 0)
            i &+= 1
        }
        return carry
    }

    // MARK: Shifting

    /// `r = a << bits`, 0 < bits < 64; writes `n` limbs and returns the limb above.
    /// `r` may be `a` or lie above it.
    @discardableResult
    static func shiftUp(_ a: Source, _ n: Int, _ bits: Int, into r: Target) -> UInt64 {
        let up = UInt64(truncatingIfNeeded: bits), down = 64 &- up
        guard n > 0 else { return 0 }
        var i = n &- 1
        var high = a[i]
        let out = high &>> down
        while i > 0 {
            let low = a[i &- 1]
            r[i] = (high &<< up) | (low &>> down)
            high = low
            i &-= 1
        }
        r[0] = high &<< up
        return out
    }

    /// `r = a >> bits`, 0 < bits < 64; writes `n` limbs and returns the bits that fell out, at the top of a limb.
    /// `r` may be `a` or lie below it.
    @discardableResult
    static func shiftDown(_ a: Source, _ n: Int, _ bits: Int, into r: Target) -> UInt64 {
        let down = UInt64(truncatingIfNeeded: bits), up = 64 &- down
        guard n > 0 else { return 0 }
        var low = a[0]
        let out = low &<< up
        var i = 1
        while i < n {
            let high = a[i]
            r[i &- 1] = (low &>> down) | (high &<< up)
            low = high
            i &+= 1
        }
        r[n &- 1] = low &>> down
        return out
    }

    /// `r = a << bits` for any `bits >= 0`; `r` has `an + bits / 64 + 1` limbs. Returns the count of the result.
    @discardableResult
    public static func shiftLeft(_ a: Source, _ an: Int, by bits: Int, into r: Target) -> Int {
        if an == 0 { return 0 }
        let whole = bits >> 6, part = bits & 63
        if part == 0 {
            copy(a, an, into: r + whole)
            clear(r, whole)
            return an &+ whole
        }
        let top = shiftUp(a, an, part, into: r + whole)
        clear(r, whole)
        r[an &+ whole] = top
        return top == 0 ? an &+ whole : an &+ whole &+ 1
    }

    /// `r = a >> bits` for any `bits >= 0`; `r` has `max(an - bits / 64, 0)` limbs and may be `a`.
    /// Returns the count of the result and whether a one bit fell out (a negative Python int then
    /// rounds its magnitude up).
    @discardableResult
    public static func shiftRight(_ a: Source, _ an: Int, by bits: Int, into r: Target) -> (count: Int, lost: Bool) {
        let whole = bits >> 6, part = bits & 63
        if whole >= an { return (0, an > 0) }
        var lost = false
        var i = 0
        while i < whole && !lost {
            lost = a[i] != 0
            i &+= 1
        }
        let n = an &- whole
        if part == 0 {
            copy(a + whole, n, into: r)
            return (n, lost)
        }
        if shiftDown(a + whole, n, part, into: r) != 0 { lost = true }
        return (trimmed(r, n), lost)
    }

    // MARK: Bits

    /// The number of bits of a normalized number: 0 for 0, 1 for 1, 2 for 2 and 3.
    @inlinable
    public static func bitLength(_ a: Source, _ n: Int) -> Int {
        n == 0 ? 0 : (n &<< 6) &- a[n &- 1].leadingZeroBitCount
    }

    /// The number of one bits.
    public static func popcount(_ a: Source, _ n: Int) -> Int {
        var sum = 0
        var i = 0
        while i < n {
            sum &+= a[i].nonzeroBitCount
            i &+= 1
        }
        return sum
    }

    /// The number of zero bits below the lowest one bit; 0 for 0.
    public static func trailingZeros(_ a: Source, _ n: Int) -> Int {
        var i = 0
        while i < n {
            if a[i] != 0 { return (i &<< 6) &+ a[i].trailingZeroBitCount }
            i &+= 1
        }
        return 0
    }

    /// Whether bit `index` is set; bits above the number are zero.
    @inline(__always)
    static func bit(_ a: Source, _ n: Int, _ index: Int) -> Bool {
        let limb = index >> 6
        return limb < n && (a[limb] &>> UInt64(truncatingIfNeeded: index & 63)) & 1 != 0
    }

    /// Whether any of the bits below `index` is set.
    static func anyBit(_ a: Source, _ n: Int, below index: Int) -> Bool {
        let whole = min(index >> 6, n)
        var i = 0
        while i < whole {
            if a[i] != 0 { return true }
            i &+= 1
        }
        let part = index & 63
        return part != 0 && (index >> 6) < n && a[index >> 6] & ((1 &<< UInt64(truncatingIfNeeded: part)) &- 1) != 0
    }

    /// The 64 bits of `a` from bit `index` up.
    static func bits64(_ a: Source, _ n: Int, from index: Int) -> UInt64 {
        let limb = index >> 6, part = UInt64(truncatingIfNeeded: index & 63)
        let low = limb < n ? a[limb] : 0
        if part == 0 { return low }
        let high = limb &+ 1 < n ? a[limb &+ 1] : 0
        return (low &>> part) | (high &<< (64 &- part))
    }

    /// A bitwise operation on two's complement numbers.
    public enum BitOperation: Sendable { case and, or, xor }

    /// `a op b` on sign and magnitude as Python's `&`, `|` and `^` see them (infinite two's complement).
    /// `r` has `max(an, bn) + 1` limbs and may not overlap the operands. Returns the normalized count and the sign.
    public static func bitwise(_ operation: BitOperation, _ a: Source, _ an: Int, negative aNegative: Bool,
                               _ b: Source, _ bn: Int, negative bNegative: Bool,
                               into r: Target) -> (count: Int, negative: Bool) {
        let n = max(an, bn) &+ 1
        // A negative number reads as the complement of magnitude - 1, limb by limb.
        let aMask: UInt64 = aNegative ? ~0 : 0, bMask: UInt64 = bNegative ? ~0 : 0
        let negative: Bool
        switch operation {
        case .and: negative = aNegative && bNegative
        case .or: negative = aNegative || bNegative
        case .xor: negative = aNegative != bNegative
        }
        var aCarry: UInt64 = aNegative ? 1 : 0, bCarry: UInt64 = bNegative ? 1 : 0
        var rCarry: UInt64 = negative ? 1 : 0
        let rMask: UInt64 = negative ? ~0 : 0
        var i = 0
        while i < n {
            var x: UInt64 = (i < an ? a[i] : 0) ^ aMask
            var y: UInt64 = (i < bn ? b[i] : 0) ^ bMask
            x = x &+ aCarry
            if x != 0 { aCarry = 0 }
            y = y &+ bCarry
            if y != 0 { bCarry = 0 }
            var z: UInt64
            switch operation {
            case .and: z = x & y
            case .or: z = x | y
            case .xor: z = x ^ y
            }
            z = (z ^ rMask) &+ rCarry
            if z != 0 { rCarry = 0 }
            r[i] = z
            i &+= 1
        }
        return (trimmed(r, n), negative)
    }
}
