// Hashes that Python programs see: strings, floats, tuples, frozensets, as plain functions on machine
// integers. All end in a value that is not -1, which CPython keeps for errors.

/// SipHash-1-3 with CPython's conventions.
public struct SipHash: Sendable, BitwiseCopyable {
    /// The key's low and high half.
    public let k0: UInt64, k1: UInt64

    /// A key from random bytes.
    public init(k0: UInt64, k1: UInt64) {
        self.k0 = k0
        self.k1 = k1
    }

    /// The key that CPython derives from PYTHONHASHSEED: zeros for 0, else the first 16 of the bytes that a linear
    /// congruential generator makes from the seed.
    public init(seed: UInt32) {
        if seed == 0 {
            self.init(k0: 0, k1: 0)
            return
        }
        var x = seed, halves: (UInt64, UInt64) = (0, 0)
        for i: UInt64 in 0..<16 {
            x = x &* 214_013 &+ 2_531_011
            let byte = UInt64((x &>> 16) & 0xFF)
            if i < 8 { halves.0 |= byte &<< (8 &* i) } else { halves.1 |= byte &<< (8 &* (i &- 8)) }
        }
        self.init(k0: halves.0, k1: halves.1)
    }

    /// The hash of bytes or of a string's stored characters (1, 2 or 4 bytes each, little endian): 0 for none, -2 for -1.
    public func hash(_ bytes: UnsafeRawPointer, _ count: Int) -> Int {
        if count == 0 { return 0 }
        let h = Int(bitPattern: UInt(raw(bytes, count)))
        return h == -1 ? -2 : h
    }

    /// The plain SipHash-1-3 of `count` bytes.
    public func raw(_ bytes: UnsafeRawPointer, _ count: Int) -> UInt64 {
        var v0 = k0 ^ 0x736F_6D65_7073_6575, v1 = k1 ^ 0x646F_7261_6E64_6F6D
        var v2 = k0 ^ 0x6C79_6765_6E65_7261, v3 = k1 ^ 0x7465_6462_7974_6573
        let whole = count & ~7
        var i = 0
        while i < whole {
            let m = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self))
            v3 ^= m
            SipHash.round(&v0, &v1, &v2, &v3)
            v0 ^= m
            i &+= 8
        }
        var last = UInt64(truncatingIfNeeded: count) &<< 56
        var shift: UInt64 = 0
        while i < count {
            last |= UInt64(bytes.load(fromByteOffset: i, as: UInt8.self)) &<< shift
            shift = shift &+ 8
            i &+= 1
        }
        v3 ^= last
        SipHash.round(&v0, &v1, &v2, &v3)
        v0 ^= last
        v2 ^= 0xFF
        SipHash.round(&v0, &v1, &v2, &v3)
        SipHash.round(&v0, &v1, &v2, &v3)
        SipHash.round(&v0, &v1, &v2, &v3)
        return v0 ^ v1 ^ v2 ^ v3
    }

    @inline(__always)
    private static func rotate(_ x: UInt64, _ by: UInt64) -> UInt64 { (x &<< by) | (x &>> (64 &- by)) }

    @inline(__always)
    private static func round(_ v0: inout UInt64, _ v1: inout UInt64, _ v2: inout UInt64, _ v3: inout UInt64) {
        v0 = v0 &+ v1
        v2 = v2 &+ v3
        v1 = rotate(v1, 13) ^ v0
        v3 = rotate(v3, 16) ^ v2
        v0 = rotate(v0, 32)
        v2 = v2 &+ v1
        v0 = v0 &+ v3
        v1 = rotate(v1, 17) ^ v2
        v3 = rotate(v3, 21) ^ v0
        v2 = rotate(v2, 32)
    }
}

/// The hashes of numbers and containers.
public enum PythonHash {
    /// The hash of an int that fits a machine word.
    @inlinable
    public static func int(_ value: Int) -> Int {
        let p = (1 &<< 61) &- 1
        let h = value > -p && value < p ? value : value % p
        return h == -1 ? -2 : h
    }

    /// The hash of a float other than nan, whose hash is its object's identity: equal to that of an equal int.
    public static func float(_ value: Double) -> Int {
        if let whole = Int(exactly: value) { return int(whole) }
        if value.isInfinite { return value > 0 ? 314_159 : -314_159 }
        // An odd mantissa times a power of two, which is a rotation of 61 bits.
        let (mantissa, exponent) = FloatText.oddMantissa(value)
        let turn = UInt64(((exponent % 61) + 61) % 61)
        let rotated = ((mantissa &<< turn) & Limbs.hashModulus) | (mantissa &>> (61 &- turn))
        let h = value < 0 ? -Int(rotated) : Int(rotated)
        return h == -1 ? -2 : h
    }

    /// The hash of a complex number, from its parts' hashes.
    @inlinable
    public static func complex(real: Int, imaginary: Int) -> Int {
        let h = real &+ imaginary &* 1_000_003
        return h == -1 ? -2 : h
    }

    /// The hash of an address: its low bits, always zero, turned to the top.
    @inlinable
    public static func pointer(_ address: UInt) -> Int {
        let h = Int(bitPattern: (address &>> 4) | (address &<< 60))
        return h == -1 ? -2 : h
    }

    /// The hash of a tuple: xxHash's rounds over the items' hashes.
    public struct Tuple: Sendable, BitwiseCopyable {
        @usableFromInline var state: UInt64 = 2_870_177_450_012_600_261

        /// No item yet.
        @inlinable
        public init() {}

        /// Takes in one item's hash.
        @inlinable
        public mutating func add(_ hash: Int) {
            state = state &+ UInt64(bitPattern: Int64(hash)) &* 14_029_467_366_897_019_727
            state = (state &<< 31) | (state &>> 33)
            state = state &* 11_400_714_785_074_694_791
        }

        /// The hash of a tuple of `count` items.
        @inlinable
        public func finish(count: Int) -> Int {
            let h = state &+ (UInt64(bitPattern: Int64(count)) ^ (2_870_177_450_012_600_261 ^ 3_527_539))
            return h == ~0 ? 1_546_275_796 : Int(bitPattern: UInt(h))
        }

        /// The hash of a slice, from start, stop and step.
        @inlinable
        public func finishSlice() -> Int {
            state == ~0 ? 1_546_275_796 : Int(bitPattern: UInt(state))
        }
    }

    /// The hash of a frozenset: the same in any order.
    public struct FrozenSet: Sendable, BitwiseCopyable {
        @usableFromInline var state: UInt64 = 0

        /// No item yet.
        @inlinable
        public init() {}

        /// Takes in one item's hash.
        @inlinable
        public mutating func add(_ hash: Int) {
            let h = UInt64(bitPattern: Int64(hash))
            state ^= ((h ^ 89_869_747) ^ (h &<< 16)) &* 3_644_798_167
        }

        /// The hash of a set of `count` items.
        @inlinable
        public func finish(count: Int) -> Int {
            var h = state ^ (UInt64(bitPattern: Int64(count)) &+ 1) &* 1_927_868_237
            h ^= (h &>> 11) ^ (h &>> 25)
            h = h &* 69_069 &+ 907_133_923
            return h == ~0 ? 590_923_713 : Int(bitPattern: UInt(h))
        }
    }
}
