// MT19937, the generator behind `random`. Its state is 625 words that the caller owns, laid out as
// `Random.getstate()` shows them: 624 words and the position of the next one.

/// The Mersenne Twister over memory that the caller owns.
public struct MersenneTwister {
    /// How many 32-bit words the state has.
    public static let words = 625
    private static let size = 624
    private static let middle = 397

    private let state: UnsafeMutablePointer<UInt32>

    /// A generator over `words` words at `state`, to be seeded or filled before use.
    @inline(__always)
    public init(_ state: UnsafeMutablePointer<UInt32>) { self.state = state }

    /// Seeds from one word (`init_genrand`).
    public func seed(_ value: UInt32) {
        state[0] = value
        for i in 1..<MersenneTwister.size {
            let previous = state[i &- 1]
            state[i] = 1_812_433_253 &* (previous ^ (previous &>> 30)) &+ UInt32(truncatingIfNeeded: i)
        }
        state[MersenneTwister.size] = UInt32(MersenneTwister.size)
    }

    /// Seeds from `count >= 1` words (`init_by_array`). For an int these are the 32-bit digits of its absolute
    /// value, least significant first, one word for zero.
    public func seed(_ key: UnsafePointer<UInt32>, _ count: Int) {
        let size = MersenneTwister.size
        seed(19_650_218)
        var i = 1, j = 0
        for _ in 0..<max(size, count) {
            let previous = state[i &- 1]
            state[i] = (state[i] ^ ((previous ^ (previous &>> 30)) &* 1_664_525)) &+ key[j] &+ UInt32(truncatingIfNeeded: j)
            step(&i)
            j &+= 1
            if j >= count { j = 0 }
        }
        for _ in 0..<(size &- 1) {
            let previous = state[i &- 1]
            state[i] = (state[i] ^ ((previous ^ (previous &>> 30)) &* 1_566_083_941)) &- UInt32(truncatingIfNeeded: i)
            step(&i)
        }
        state[0] = 0x8000_0000
    }

    @inline(__always)
    private func step(_ i: inout Int) {
        i &+= 1
        if i >= MersenneTwister.size {
            state[0] = state[MersenneTwister.size &- 1]
            i = 1
        }
    }

    /// The next 32 bits (`genrand_uint32`).
    public func next() -> UInt32 {
        var index = Int(state[MersenneTwister.size])
        if index >= MersenneTwister.size {
            refill()
            index = 0
        }
        var y = state[index]
        state[MersenneTwister.size] = UInt32(truncatingIfNeeded: index &+ 1)
        y ^= y &>> 11
        y ^= (y &<< 7) & 0x9D2C_5680
        y ^= (y &<< 15) & 0xEFC6_0000
        return y ^ (y &>> 18)
    }

    private func refill() {
        let size = MersenneTwister.size, middle = MersenneTwister.middle
        for k in 0..<size {
            let next = state[k &+ 1 < size ? k &+ 1 : 0]
            let y = (state[k] & 0x8000_0000) | (next & 0x7FFF_FFFF)
            let far = k &+ middle
            state[k] = state[far < size ? far : far &- size] ^ (y &>> 1) ^ (y & 1 == 0 ? 0 : 0x9908_B0DF)
        }
    }

    /// A double in [0, 1) with 53 random bits (`random()`).
    public func double() -> Double {
        let a = next() &>> 5, b = next() &>> 6
        return (Double(a) * 67_108_864.0 + Double(b)) * (1.0 / 9_007_199_254_740_992.0)
    }

    /// `bits > 0` random bits into `r`, which has `(bits + 63) / 64` limbs (`getrandbits`). Returns the normalized count.
    public func bits(_ bits: Int, into r: UnsafeMutablePointer<UInt64>) -> Int {
        let words = (bits &- 1) / 32 &+ 1
        for i in 0..<words {
            var word = next()
            let left = bits &- 32 &* i
            if left < 32 { word = word &>> UInt32(32 &- left) }
            if i & 1 == 0 { r[i >> 1] = UInt64(word) } else { r[i >> 1] |= UInt64(word) &<< 32 }
        }
        return Limbs.trimmed(r, (words &+ 1) / 2)
    }
}
