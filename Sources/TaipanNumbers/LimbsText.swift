// Numbers as text in bases 2 to 36, and as CPython's 15- and 30-bit digits (marshal, tracing of sizes).
// Power-of-two bases are bit picking; the others split at powers of the base, so that both directions cost
// about what a product costs.

extension Limbs {
    /// Up to this many limbs a number is printed limb by limb of its base.
    private static let textThreshold = 30
    /// Up to this many digits text is read by multiplying and adding.
    private static let readThreshold = 700

    /// The largest power of a base below 2^64, and its exponent.
    @inline(__always)
    private static func chunk(_ base: Int) -> (power: UInt64, digits: Int) {
        if base == 10 { return (10_000_000_000_000_000_000, 19) }
        var power = UInt64(base), digits = 1
        while true {
            let (next, overflow) = power.multipliedReportingOverflow(by: UInt64(base))
            if overflow { return (power, digits) }
            power = next
            digits &+= 1
        }
    }

    @inline(__always)
    private static func digit(_ value: UInt64) -> UInt8 {
        UInt8(truncatingIfNeeded: value < 10 ? value &+ 48 : value &+ 87)
    }

    /// How many bytes `text` may write for a number in this base: at least the digits there are.
    public static func textCapacity(_ a: Source, _ n: Int, base: Int) -> Int {
        if n == 0 { return 1 }
        let bits = bitLength(a, n)
        if base & (base &- 1) == 0 { return (bits &- 1) / base.trailingZeroBitCount &+ 1 }
        // 64-bit fixed point of 1 / log2(base), rounded up.
        let perMillion = base == 10 ? 301_030 : Int(1_000_000.0 / log2Floor(base)) &+ 1
        let (whole, part) = (bits / 1_000_000, bits % 1_000_000)
        return whole &* perMillion &+ part &* perMillion / 1_000_000 &+ 2
    }

    /// A lower bound of log2(base), good to some digits: the logarithm of base's largest power below 2^64.
    private static func log2Floor(_ base: Int) -> Double {
        let (power, digits) = chunk(base)
        let bits = 63 &- power.leadingZeroBitCount
        return Double(bits) / Double(digits)
    }

    /// Writes `a` in `base` (2...36, lower-case letters, no sign, no prefix) to `out`, which has
    /// `textCapacity` bytes; returns how many digits were written. Zero is "0".
    @discardableResult
    public static func text(_ a: Source, _ n: Int, base: Int, into out: UnsafeMutablePointer<UInt8>) -> Int {
        if n == 0 {
            out[0] = 48
            return 1
        }
        if base & (base &- 1) == 0 { return bitText(a, n, base.trailingZeroBitCount, out) }
        if n == 1 { return shortText(a[0], base, out) }
        let capacity = textCapacity(a, n, base: base)
        let copyOf = scratch(n &+ 1)
        defer { copyOf.deallocate() }
        copy(a, n, into: copyOf)
        let (power, digits) = chunk(base)
        if n <= textThreshold {
            chunkText(copyOf, n, base, power, digits, out, capacity)
        } else {
            let powers = PowerTable(base: power, digits: digits, upTo: n)
            defer { powers.free() }
            split(copyOf, n, base, powers, powers.count &- 1, out, capacity)
        }
        // Padded on the left with zeros to the capacity.
        var zeros = 0
        while zeros < capacity &- 1 && out[zeros] == 48 { zeros &+= 1 }
        if zeros > 0 { out.update(from: out + zeros, count: capacity &- zeros) }
        return capacity &- zeros
    }

    private static func shortText(_ value: UInt64, _ base: Int, _ out: UnsafeMutablePointer<UInt8>) -> Int {
        var value = value, count = 0
        let base = UInt64(base)
        repeat {
            out[count] = digit(value % base)
            value /= base
            count &+= 1
        } while value != 0
        var i = 0, j = count &- 1
        while i < j {
            (out[i], out[j]) = (out[j], out[i])
            i &+= 1
            j &-= 1
        }
        return count
    }

    private static func bitText(_ a: Source, _ n: Int, _ width: Int, _ out: UnsafeMutablePointer<UInt8>) -> Int {
        let count = (bitLength(a, n) &- 1) / width &+ 1
        let mask = (UInt64(1) &<< UInt64(width)) &- 1
        var position = 0, i = count
        while i > 0 {
            i &-= 1
            out[i] = digit(bits64(a, n, from: position) & mask)
            position &+= width
        }
        return count
    }

    /// Writes exactly `width` digits of `a`, padded with zeros on the left; destroys `a`.
    private static func chunkText(_ a: Target, _ n: Int, _ base: Int, _ power: UInt64, _ digits: Int,
                                  _ out: UnsafeMutablePointer<UInt8>, _ width: Int) {
        var n = trimmed(a, n), end = width
        while end > 0 {
            var value: UInt64 = 0
            if n > 0 {
                value = divideByLimb(a, n, power, into: a)
                n = trimmed(a, n)
            }
            let stop = max(end &- digits, 0)
            if base == 10 {
                while end > stop {
                    end &-= 1
                    let q = value / 10
                    out[end] = UInt8(truncatingIfNeeded: value &- q &* 10 &+ 48)
                    value = q
                }
            } else {
                let b = UInt64(base)
                while end > stop {
                    end &-= 1
                    out[end] = digit(value % b)
                    value /= b
                }
            }
        }
    }

    /// Splits `a` at the largest power of the table that is worth it; writes exactly `width` digits; destroys `a`.
    private static func split(_ a: Target, _ n: Int, _ base: Int, _ powers: PowerTable, _ level: Int,
                              _ out: UnsafeMutablePointer<UInt8>, _ width: Int) {
        let n = trimmed(a, n)
        var level = level
        while level >= 0 && compare(a, n, powers.limbs(level), powers.size(level)) < 0 { level &-= 1 }
        if n <= textThreshold || level < 0 {
            return chunkText(a, n, base, powers.power, powers.chunkDigits, out, width)
        }
        let pn = powers.size(level), low = powers.digits(level)
        let q = scratch(n &- pn &+ 1)
        let (qn, rn) = divide(a, n, by: powers.limbs(level), pn, quotient: q, remainder: a)
        split(q, qn, base, powers, level &- 1, out, width &- low)
        q.deallocate()
        split(a, rn, base, powers, level &- 1, out + (width &- low), low)
    }

    // MARK: From text

    /// How many limbs `parse` may write for `count` digits.
    public static func parseCapacity(_ count: Int, base: Int) -> Int {
        if base & (base &- 1) == 0 { return (count &* base.trailingZeroBitCount) / 64 &+ 2 }
        return count / chunk(base).digits &+ 2
    }

    /// Reads `count` ASCII digits of `base` (both cases of letters; the caller has checked them, and has taken out
    /// signs, prefixes and underscores) into `r`, which has `parseCapacity` limbs. Returns the normalized count.
    @discardableResult
    public static func parse(_ text: UnsafePointer<UInt8>, _ count: Int, base: Int, into r: Target) -> Int {
        if base & (base &- 1) == 0 { return parseBits(text, count, base.trailingZeroBitCount, r) }
        let (power, digits) = chunk(base)
        if count <= readThreshold { return parseChunks(text, count, base, power, digits, r) }
        let powers = PowerTable(base: power, digits: digits, upTo: count / digits &+ 1)
        defer { powers.free() }
        return join(text, count, base, powers, powers.count &- 1, r)
    }

    @inline(__always)
    private static func value(_ byte: UInt8) -> UInt64 {
        UInt64(byte < 58 ? byte &- 48 : (byte | 32) &- 87)
    }

    private static func parseBits(_ text: UnsafePointer<UInt8>, _ count: Int, _ width: Int, _ r: Target) -> Int {
        var n = 0, filled: UInt64 = 0, limb: UInt64 = 0
        let width = UInt64(width)
        var i = count
        while i > 0 {
            i &-= 1
            let v = value(text[i])
            limb |= v &<< filled
            filled = filled &+ width
            if filled >= 64 {
                r[n] = limb
                n &+= 1
                filled = filled &- 64
                limb = filled == 0 ? 0 : v &>> (width &- filled)
            }
        }
        r[n] = limb
        return trimmed(r, n &+ 1)
    }

    private static func parseChunks(_ text: UnsafePointer<UInt8>, _ count: Int, _ base: Int, _ power: UInt64, _ digits: Int, _ r: Target) -> Int {
        var n = 0, i = 0
        let b = UInt64(base)
        while i < count {
            // The first chunk takes what does not fill a whole one.
            let take = i == 0 && count % digits != 0 ? count % digits : digits
            var v: UInt64 = 0
            let end = i &+ take
            while i < end {
                v = v &* b &+ value(text[i])
                i &+= 1
            }
            let top = multiplyByLimb(r, n, power, carry: v, into: r)
            if top != 0 {
                r[n] = top
                n &+= 1
            }
        }
        return n
    }

    private static func join(_ text: UnsafePointer<UInt8>, _ count: Int, _ base: Int, _ powers: PowerTable, _ level: Int, _ r: Target) -> Int {
        var level = level
        while level >= 0 && powers.digits(level) >= count { level &-= 1 }
        if count <= readThreshold || level < 0 {
            return parseChunks(text, count, base, powers.power, powers.chunkDigits, r)
        }
        let lowDigits = powers.digits(level), highDigits = count &- lowDigits
        let high = scratch(parseCapacity(highDigits, base: base))
        let low = scratch(parseCapacity(lowDigits, base: base))
        defer {
            high.deallocate()
            low.deallocate()
        }
        let hn = join(text, highDigits, base, powers, level &- 1, high)
        let ln = join(text + highDigits, lowDigits, base, powers, level &- 1, low)
        if hn == 0 {
            copy(low, ln, into: r)
            return ln
        }
        // The product can have a zero limb on top that r has no room for, so it is made aside.
        let pn = powers.size(level)
        let whole = scratch(hn &+ pn)
        defer { whole.deallocate() }
        product(high, hn, powers.limbs(level), pn, into: whole)
        add(whole, hn &+ pn, low, ln, into: whole)
        let n = trimmed(whole, hn &+ pn)
        copy(whole, n, into: r)
        return n
    }

    // MARK: 15- and 30-bit digits

    /// How many digits of `bits` bits a normalized number has.
    public static func digitCount(_ a: Source, _ n: Int, bits: Int) -> Int {
        (bitLength(a, n) &+ bits &- 1) / bits
    }

    /// The digit of `bits` bits (15 or 30) at `index`, least significant first.
    public static func digit(_ a: Source, _ n: Int, bits: Int, at index: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: bits64(a, n, from: index &* bits) & ((1 &<< UInt64(bits)) &- 1))
    }

    /// Puts a digit of `bits` bits at `index` into `r`, whose limbs are zero there.
    public static func setDigit(_ r: Target, bits: Int, at index: Int, to digit: UInt32) {
        let position = index &* bits, part = UInt64(position & 63)
        r[position >> 6] |= UInt64(digit) &<< part
        if Int(part) &+ bits > 64 { r[(position >> 6) &+ 1] |= UInt64(digit) &>> (64 &- part) }
    }
}

/// base^(digits * 2^i) for i = 0, 1, …: the powers that a number of some limbs splits at. Its memory is one
/// block, to be freed by the owner.
private struct PowerTable {
    let power: UInt64
    let chunkDigits: Int
    private(set) var count: Int
    private let memory: UnsafeMutablePointer<UInt64>
    private let sizes: UnsafeMutablePointer<Int>

    /// Powers of `power` up to about half of a number of `limbs` limbs.
    init(base power: UInt64, digits: Int, upTo limbs: Int) {
        self.power = power
        chunkDigits = digits
        var levels = 1, size = 1
        while size &* 2 < limbs {
            size &*= 2
            levels &+= 1
        }
        // Level i has at most 2^i limbs, at offset 2^i - 1.
        memory = UnsafeMutablePointer<UInt64>.allocate(capacity: 2 &* size)
        sizes = UnsafeMutablePointer<Int>.allocate(capacity: levels)
        memory[0] = power
        sizes[0] = 1
        count = levels
        var i = 1
        while i < levels {
            sizes[i] = Limbs.square(memory + ((1 &<< (i &- 1)) &- 1), sizes[i &- 1], into: memory + ((1 &<< i) &- 1))
            i &+= 1
        }
    }

    func limbs(_ level: Int) -> UnsafePointer<UInt64> { UnsafePointer(memory + ((1 &<< level) &- 1)) }
    func size(_ level: Int) -> Int { sizes[level] }
    func digits(_ level: Int) -> Int { chunkDigits &<< level }
    func free() {
        memory.deallocate()
        sizes.deallocate()
    }
}
