// Message digests: MD5, SHA-1 and the SHA-2 family, as values that take bytes piece by piece. Copying the value
// copies the digest's state, which is hashlib's copy().

/// A message digest that is fed piece by piece.
public protocol MessageDigest: BitwiseCopyable, Sendable {
    /// Bytes of the result.
    static var digestSize: Int { get }
    /// Bytes that are worked on at a time (HMAC needs it).
    static var blockSize: Int { get }
    /// The digest of nothing yet.
    init()
    /// Takes in more bytes.
    mutating func update(_ bytes: UnsafeRawPointer, _ count: Int)
    /// The digest of what came so far, which may go on: `digestSize` bytes to `out`.
    func finish(into out: UnsafeMutablePointer<UInt8>)
}

extension MessageDigest {
    /// The digest of what came so far.
    public func digest() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.digestSize) { buffer, count in
            guard let start = buffer.baseAddress else { return }
            finish(into: start)
            count = Self.digestSize
        }
    }
}

/// The bytes that do not fill a block yet, and how many came in all.
private typealias Words8 = (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)

/// Gathers bytes into blocks of up to 128 bytes.
@usableFromInline
struct DigestBuffer: BitwiseCopyable, Sendable {
    private var low: Words8 = (0, 0, 0, 0, 0, 0, 0, 0)
    private var high: Words8 = (0, 0, 0, 0, 0, 0, 0, 0)
    /// Bytes taken in so far.
    private(set) var total: UInt64 = 0

    /// Hands whole blocks of `size` bytes to `compress`: a pointer and how many blocks.
    mutating func update(_ bytes: UnsafeRawPointer, _ count: Int, size: Int, _ compress: (UnsafeRawPointer, Int) -> Void) {
        var bytes = bytes, count = count
        let held = Int(total % UInt64(size))
        total = total &+ UInt64(count)
        if held > 0 {
            let take = min(size &- held, count)
            withUnsafeMutableBytes(of: &self) { $0.baseAddress?.advanced(by: held).copyMemory(from: bytes, byteCount: take) }
            bytes += take
            count &-= take
            if held &+ take < size { return }
            withUnsafeBytes(of: &self) { if let start = $0.baseAddress { compress(start, 1) } }
        }
        let blocks = count / size
        if blocks > 0 { compress(bytes, blocks) }
        let rest = count &- blocks &* size
        if rest > 0 {
            withUnsafeMutableBytes(of: &self) { $0.baseAddress?.copyMemory(from: bytes + blocks &* size, byteCount: rest) }
        }
    }

    /// Pads: a one bit, zeros, the length in bits in the last 8 bytes of a block (before them zeros), of either byte order.
    mutating func finish(size: Int, lengthBytes: Int, bigEndian: Bool, _ compress: (UnsafeRawPointer, Int) -> Void) {
        let held = Int(total % UInt64(size))
        let bits = bigEndian ? (total &* 8).bigEndian : (total &* 8).littleEndian
        withUnsafeMutableBytes(of: &self) { buffer in
            guard let start = buffer.baseAddress else { return }
            buffer[held] = 0x80
            var i = held &+ 1
            if i > size &- lengthBytes {
                while i < size {
                    buffer[i] = 0
                    i &+= 1
                }
                compress(start, 1)
                i = 0
            }
            while i < size &- 8 {
                buffer[i] = 0
                i &+= 1
            }
            start.storeBytes(of: bits, toByteOffset: size &- 8, as: UInt64.self)
            compress(start, 1)
        }
    }
}

@inline(__always)
private func left(_ x: UInt32, _ by: UInt32) -> UInt32 { (x &<< by) | (x &>> (32 &- by)) }
@inline(__always)
private func right(_ x: UInt32, _ by: UInt32) -> UInt32 { (x &>> by) | (x &<< (32 &- by)) }
@inline(__always)
private func right(_ x: UInt64, _ by: UInt64) -> UInt64 { (x &>> by) | (x &<< (64 &- by)) }

// MARK: MD5

/// MD5 (RFC 1321).
public struct MD5: MessageDigest {
    public static let digestSize = 16
    public static let blockSize = 64
    private var state: SIMD4<UInt32> = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476]
    private var buffer = DigestBuffer()

    public init() {}

    public mutating func update(_ bytes: UnsafeRawPointer, _ count: Int) {
        var s = state
        buffer.update(bytes, count, size: 64) { MD5.compress(&s, $0, $1) }
        state = s
    }

    public func finish(into out: UnsafeMutablePointer<UInt8>) {
        var s = state, rest = buffer
        rest.finish(size: 64, lengthBytes: 8, bigEndian: false) { MD5.compress(&s, $0, $1) }
        for i in 0..<16 { out[i] = UInt8(truncatingIfNeeded: s[i / 4] &>> UInt32(8 * (i % 4))) }
    }

    private static func compress(_ s: inout SIMD4<UInt32>, _ blocks: UnsafeRawPointer, _ count: Int) {
        table.withUnsafeBufferPointer { table in
            guard let k = table.baseAddress else { return }
            for n in 0..<count { block(&s, blocks + 64 &* n, k) }
        }
    }

    private static func block(_ s: inout SIMD4<UInt32>, _ p: UnsafeRawPointer, _ k: UnsafePointer<UInt32>) {
        var a = s[0], b = s[1], c = s[2], d = s[3]
        @inline(__always)
        func turn(_ f: UInt32, _ i: Int, _ g: Int, _ shift: UInt32) {
            let word = UInt32(littleEndian: p.loadUnaligned(fromByteOffset: 4 &* (g & 15), as: UInt32.self))
            let sum = a &+ f &+ k[i] &+ word
            (a, d, c) = (d, c, b)
            b = b &+ left(sum, shift)
        }
        var i = 0
        while i < 16 {
            turn((b & c) | (~b & d), i, i, 7)
            turn((b & c) | (~b & d), i &+ 1, i &+ 1, 12)
            turn((b & c) | (~b & d), i &+ 2, i &+ 2, 17)
            turn((b & c) | (~b & d), i &+ 3, i &+ 3, 22)
            i &+= 4
        }
        while i < 32 {
            turn((d & b) | (~d & c), i, 5 &* i &+ 1, 5)
            turn((d & b) | (~d & c), i &+ 1, 5 &* i &+ 6, 9)
            turn((d & b) | (~d & c), i &+ 2, 5 &* i &+ 11, 14)
            turn((d & b) | (~d & c), i &+ 3, 5 &* i &+ 16, 20)
            i &+= 4
        }
        while i < 48 {
            turn(b ^ c ^ d, i, 3 &* i &+ 5, 4)
            turn(b ^ c ^ d, i &+ 1, 3 &* i &+ 8, 11)
            turn(b ^ c ^ d, i &+ 2, 3 &* i &+ 11, 16)
            turn(b ^ c ^ d, i &+ 3, 3 &* i &+ 14, 23)
            i &+= 4
        }
        while i < 64 {
            turn(c ^ (b | ~d), i, 7 &* i, 6)
            turn(c ^ (b | ~d), i &+ 1, 7 &* i &+ 7, 10)
            turn(c ^ (b | ~d), i &+ 2, 7 &* i &+ 14, 15)
            turn(c ^ (b | ~d), i &+ 3, 7 &* i &+ 21, 21)
            i &+= 4
        }
        s = s &+ SIMD4(a, b, c, d)
    }

    /// floor(2^32 |sin(i + 1)|).
    private static let table: [UInt32] = [
        0xD76A_A478, 0xE8C7_B756, 0x2420_70DB, 0xC1BD_CEEE, 0xF57C_0FAF, 0x4787_C62A, 0xA830_4613, 0xFD46_9501,
        0x6980_98D8, 0x8B44_F7AF, 0xFFFF_5BB1, 0x895C_D7BE, 0x6B90_1122, 0xFD98_7193, 0xA679_438E, 0x49B4_0821,
        0xF61E_2562, 0xC040_B340, 0x265E_5A51, 0xE9B6_C7AA, 0xD62F_105D, 0x0244_1453, 0xD8A1_E681, 0xE7D3_FBC8,
        0x21E1_CDE6, 0xC337_07D6, 0xF4D5_0D87, 0x455A_14ED, 0xA9E3_E905, 0xFCEF_A3F8, 0x676F_02D9, 0x8D2A_4C8A,
        0xFFFA_3942, 0x8771_F681, 0x6D9D_6122, 0xFDE5_380C, 0xA4BE_EA44, 0x4BDE_CFA9, 0xF6BB_4B60, 0xBEBF_BC70,
        0x289B_7EC6, 0xEAA1_27FA, 0xD4EF_3085, 0x0488_1D05, 0xD9D4_D039, 0xE6DB_99E5, 0x1FA2_7CF8, 0xC4AC_5665,
        0xF429_2244, 0x432A_FF97, 0xAB94_23A7, 0xFC93_A039, 0x655B_59C3, 0x8F0C_CC92, 0xFFEF_F47D, 0x8584_5DD1,
        0x6FA8_7E4F, 0xFE2C_E6E0, 0xA301_4314, 0x4E08_11A1, 0xF753_7E82, 0xBD3A_F235, 0x2AD7_D2BB, 0xEB86_D391,
    ]
}

// MARK: SHA-1

/// SHA-1 (FIPS 180-4).
public struct SHA1: MessageDigest {
    public static let digestSize = 20
    public static let blockSize = 64
    private var state: (UInt32, UInt32, UInt32, UInt32, UInt32) = (0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0)
    private var buffer = DigestBuffer()

    public init() {}

    public mutating func update(_ bytes: UnsafeRawPointer, _ count: Int) {
        var s = state
        buffer.update(bytes, count, size: 64) { SHA1.compress(&s, $0, $1) }
        state = s
    }

    public func finish(into out: UnsafeMutablePointer<UInt8>) {
        var s = state, rest = buffer
        rest.finish(size: 64, lengthBytes: 8, bigEndian: true) { SHA1.compress(&s, $0, $1) }
        for (i, word) in [s.0, s.1, s.2, s.3, s.4].enumerated() {
            for j in 0..<4 { out[4 * i + j] = UInt8(truncatingIfNeeded: word &>> UInt32(24 - 8 * j)) }
        }
    }

    private static func compress(_ s: inout (UInt32, UInt32, UInt32, UInt32, UInt32), _ blocks: UnsafeRawPointer, _ count: Int) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 80) { schedule in
            guard let w = schedule.baseAddress else { return }
            for n in 0..<count { block(&s, blocks + 64 &* n, w) }
        }
    }

    private static func block(_ s: inout (UInt32, UInt32, UInt32, UInt32, UInt32), _ p: UnsafeRawPointer, _ w: UnsafeMutablePointer<UInt32>) {
        for i in 0..<16 { w[i] = UInt32(bigEndian: p.loadUnaligned(fromByteOffset: 4 &* i, as: UInt32.self)) }
        for i in 16..<80 { w[i] = left(w[i &- 3] ^ w[i &- 8] ^ w[i &- 14] ^ w[i &- 16], 1) }
        var (a, b, c, d, e) = s
        @inline(__always)
        func turn(_ i: Int, _ f: UInt32, _ k: UInt32) {
            let sum = left(a, 5) &+ f &+ e &+ k &+ w[i]
            (e, d, c, b, a) = (d, c, left(b, 30), a, sum)
        }
        for i in 0..<20 { turn(i, (b & c) | (~b & d), 0x5A82_7999) }
        for i in 20..<40 { turn(i, b ^ c ^ d, 0x6ED9_EBA1) }
        for i in 40..<60 { turn(i, (b & c) | (b & d) | (c & d), 0x8F1B_BCDC) }
        for i in 60..<80 { turn(i, b ^ c ^ d, 0xCA62_C1D6) }
        s = (s.0 &+ a, s.1 &+ b, s.2 &+ c, s.3 &+ d, s.4 &+ e)
    }
}

// MARK: SHA-224 and SHA-256

/// The function that SHA-224 and SHA-256 share.
private enum SHA2Short {
    static func compress(_ s: inout SIMD8<UInt32>, _ blocks: UnsafeRawPointer, _ count: Int) {
        table.withUnsafeBufferPointer { table in
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { schedule in
                guard let k = table.baseAddress, let w = schedule.baseAddress else { return }
                for n in 0..<count { block(&s, blocks + 64 &* n, k, w) }
            }
        }
    }

    private static func block(_ s: inout SIMD8<UInt32>, _ p: UnsafeRawPointer, _ k: UnsafePointer<UInt32>, _ w: UnsafeMutablePointer<UInt32>) {
        for i in 0..<16 { w[i] = UInt32(bigEndian: p.loadUnaligned(fromByteOffset: 4 &* i, as: UInt32.self)) }
        for i in 16..<64 {
            let x = w[i &- 15], y = w[i &- 2]
            let s0 = right(x, 7) ^ right(x, 18) ^ (x &>> 3), s1 = right(y, 17) ^ right(y, 19) ^ (y &>> 10)
            w[i] = w[i &- 16] &+ s0 &+ w[i &- 7] &+ s1
        }
        var a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7]
        var i = 0
        while i < 64 {
            let s1 = right(e, 6) ^ right(e, 11) ^ right(e, 25)
            let t1 = h &+ s1 &+ ((e & f) ^ (~e & g)) &+ k[i] &+ w[i]
            let s0 = right(a, 2) ^ right(a, 13) ^ right(a, 22)
            let t2 = s0 &+ ((a & b) ^ (a & c) ^ (b & c))
            (h, g, f, e) = (g, f, e, d &+ t1)
            (d, c, b, a) = (c, b, a, t1 &+ t2)
            i &+= 1
        }
        s = s &+ SIMD8(a, b, c, d, e, f, g, h)
    }

    static func finish(_ state: SIMD8<UInt32>, _ buffer: DigestBuffer, _ size: Int, into out: UnsafeMutablePointer<UInt8>) {
        var s = state, rest = buffer
        rest.finish(size: 64, lengthBytes: 8, bigEndian: true) { compress(&s, $0, $1) }
        for i in 0..<size { out[i] = UInt8(truncatingIfNeeded: s[i / 4] &>> UInt32(24 - 8 * (i % 4))) }
    }

    /// The fractions of the cube roots of the first 64 primes.
    private static let table: [UInt32] = [
        0x428A_2F98, 0x7137_4491, 0xB5C0_FBCF, 0xE9B5_DBA5, 0x3956_C25B, 0x59F1_11F1, 0x923F_82A4, 0xAB1C_5ED5,
        0xD807_AA98, 0x1283_5B01, 0x2431_85BE, 0x550C_7DC3, 0x72BE_5D74, 0x80DE_B1FE, 0x9BDC_06A7, 0xC19B_F174,
        0xE49B_69C1, 0xEFBE_4786, 0x0FC1_9DC6, 0x240C_A1CC, 0x2DE9_2C6F, 0x4A74_84AA, 0x5CB0_A9DC, 0x76F9_88DA,
        0x983E_5152, 0xA831_C66D, 0xB003_27C8, 0xBF59_7FC7, 0xC6E0_0BF3, 0xD5A7_9147, 0x06CA_6351, 0x1429_2967,
        0x27B7_0A85, 0x2E1B_2138, 0x4D2C_6DFC, 0x5338_0D13, 0x650A_7354, 0x766A_0ABB, 0x81C2_C92E, 0x9272_2C85,
        0xA2BF_E8A1, 0xA81A_664B, 0xC24B_8B70, 0xC76C_51A3, 0xD192_E819, 0xD699_0624, 0xF40E_3585, 0x106A_A070,
        0x19A4_C116, 0x1E37_6C08, 0x2748_774C, 0x34B0_BCB5, 0x391C_0CB3, 0x4ED8_AA4A, 0x5B9C_CA4F, 0x682E_6FF3,
        0x748F_82EE, 0x78A5_636F, 0x84C8_7814, 0x8CC7_0208, 0x90BE_FFFA, 0xA450_6CEB, 0xBEF9_A3F7, 0xC671_78F2,
    ]
}

/// SHA-256 (FIPS 180-4).
public struct SHA256: MessageDigest {
    public static let digestSize = 32
    public static let blockSize = 64
    private var state: SIMD8<UInt32> = [0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19]
    private var buffer = DigestBuffer()

    public init() {}

    public mutating func update(_ bytes: UnsafeRawPointer, _ count: Int) {
        var s = state
        buffer.update(bytes, count, size: 64) { SHA2Short.compress(&s, $0, $1) }
        state = s
    }

    public func finish(into out: UnsafeMutablePointer<UInt8>) { SHA2Short.finish(state, buffer, 32, into: out) }
}

/// SHA-224: SHA-256 from another start, cut short.
public struct SHA224: MessageDigest {
    public static let digestSize = 28
    public static let blockSize = 64
    private var state: SIMD8<UInt32> = [0xC105_9ED8, 0x367C_D507, 0x3070_DD17, 0xF70E_5939, 0xFFC0_0B31, 0x6858_1511, 0x64F9_8FA7, 0xBEFA_4FA4]
    private var buffer = DigestBuffer()

    public init() {}

    public mutating func update(_ bytes: UnsafeRawPointer, _ count: Int) {
        var s = state
        buffer.update(bytes, count, size: 64) { SHA2Short.compress(&s, $0, $1) }
        state = s
    }

    public func finish(into out: UnsafeMutablePointer<UInt8>) { SHA2Short.finish(state, buffer, 28, into: out) }
}

// MARK: SHA-384 and SHA-512

/// The function that SHA-384 and SHA-512 share.
private enum SHA2Long {
    static func compress(_ s: inout SIMD8<UInt64>, _ blocks: UnsafeRawPointer, _ count: Int) {
        table.withUnsafeBufferPointer { table in
            withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 80) { schedule in
                guard let k = table.baseAddress, let w = schedule.baseAddress else { return }
                for n in 0..<count { block(&s, blocks + 128 &* n, k, w) }
            }
        }
    }

    private static func block(_ s: inout SIMD8<UInt64>, _ p: UnsafeRawPointer, _ k: UnsafePointer<UInt64>, _ w: UnsafeMutablePointer<UInt64>) {
        for i in 0..<16 { w[i] = UInt64(bigEndian: p.loadUnaligned(fromByteOffset: 8 &* i, as: UInt64.self)) }
        for i in 16..<80 {
            let x = w[i &- 15], y = w[i &- 2]
            let s0 = right(x, 1) ^ right(x, 8) ^ (x &>> 7), s1 = right(y, 19) ^ right(y, 61) ^ (y &>> 6)
            w[i] = w[i &- 16] &+ s0 &+ w[i &- 7] &+ s1
        }
        var a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7]
        var i = 0
        while i < 80 {
            let s1 = right(e, 14) ^ right(e, 18) ^ right(e, 41)
            let t1 = h &+ s1 &+ ((e & f) ^ (~e & g)) &+ k[i] &+ w[i]
            let s0 = right(a, 28) ^ right(a, 34) ^ right(a, 39)
            let t2 = s0 &+ ((a & b) ^ (a & c) ^ (b & c))
            (h, g, f, e) = (g, f, e, d &+ t1)
            (d, c, b, a) = (c, b, a, t1 &+ t2)
            i &+= 1
        }
        s = s &+ SIMD8(a, b, c, d, e, f, g, h)
    }

    static func finish(_ state: SIMD8<UInt64>, _ buffer: DigestBuffer, _ size: Int, into out: UnsafeMutablePointer<UInt8>) {
        var s = state, rest = buffer
        rest.finish(size: 128, lengthBytes: 16, bigEndian: true) { compress(&s, $0, $1) }
        for i in 0..<size { out[i] = UInt8(truncatingIfNeeded: s[i / 8] &>> UInt64(56 - 8 * (i % 8))) }
    }

    /// The fractions of the cube roots of the first 80 primes.
    private static let table: [UInt64] = [
        0x428A_2F98_D728_AE22, 0x7137_4491_23EF_65CD, 0xB5C0_FBCF_EC4D_3B2F, 0xE9B5_DBA5_8189_DBBC,
        0x3956_C25B_F348_B538, 0x59F1_11F1_B605_D019, 0x923F_82A4_AF19_4F9B, 0xAB1C_5ED5_DA6D_8118,
        0xD807_AA98_A303_0242, 0x1283_5B01_4570_6FBE, 0x2431_85BE_4EE4_B28C, 0x550C_7DC3_D5FF_B4E2,
        0x72BE_5D74_F27B_896F, 0x80DE_B1FE_3B16_96B1, 0x9BDC_06A7_25C7_1235, 0xC19B_F174_CF69_2694,
        0xE49B_69C1_9EF1_4AD2, 0xEFBE_4786_384F_25E3, 0x0FC1_9DC6_8B8C_D5B5, 0x240C_A1CC_77AC_9C65,
        0x2DE9_2C6F_592B_0275, 0x4A74_84AA_6EA6_E483, 0x5CB0_A9DC_BD41_FBD4, 0x76F9_88DA_8311_53B5,
        0x983E_5152_EE66_DFAB, 0xA831_C66D_2DB4_3210, 0xB003_27C8_98FB_213F, 0xBF59_7FC7_BEEF_0EE4,
        0xC6E0_0BF3_3DA8_8FC2, 0xD5A7_9147_930A_A725, 0x06CA_6351_E003_826F, 0x1429_2967_0A0E_6E70,
        0x27B7_0A85_46D2_2FFC, 0x2E1B_2138_5C26_C926, 0x4D2C_6DFC_5AC4_2AED, 0x5338_0D13_9D95_B3DF,
        0x650A_7354_8BAF_63DE, 0x766A_0ABB_3C77_B2A8, 0x81C2_C92E_47ED_AEE6, 0x9272_2C85_1482_353B,
        0xA2BF_E8A1_4CF1_0364, 0xA81A_664B_BC42_3001, 0xC24B_8B70_D0F8_9791, 0xC76C_51A3_0654_BE30,
        0xD192_E819_D6EF_5218, 0xD699_0624_5565_A910, 0xF40E_3585_5771_202A, 0x106A_A070_32BB_D1B8,
        0x19A4_C116_B8D2_D0C8, 0x1E37_6C08_5141_AB53, 0x2748_774C_DF8E_EB99, 0x34B0_BCB5_E19B_48A8,
        0x391C_0CB3_C5C9_5A63, 0x4ED8_AA4A_E341_8ACB, 0x5B9C_CA4F_7763_E373, 0x682E_6FF3_D6B2_B8A3,
        0x748F_82EE_5DEF_B2FC, 0x78A5_636F_4317_2F60, 0x84C8_7814_A1F0_AB72, 0x8CC7_0208_1A64_39EC,
        0x90BE_FFFA_2363_1E28, 0xA450_6CEB_DE82_BDE9, 0xBEF9_A3F7_B2C6_7915, 0xC671_78F2_E372_532B,
        0xCA27_3ECE_EA26_619C, 0xD186_B8C7_21C0_C207, 0xEADA_7DD6_CDE0_EB1E, 0xF57D_4F7F_EE6E_D178,
        0x06F0_67AA_7217_6FBA, 0x0A63_7DC5_A2C8_98A6, 0x113F_9804_BEF9_0DAE, 0x1B71_0B35_131C_471B,
        0x28DB_77F5_2304_7D84, 0x32CA_AB7B_40C7_2493, 0x3C9E_BE0A_15C9_BEBC, 0x431D_67C4_9C10_0D4C,
        0x4CC5_D4BE_CB3E_42B6, 0x597F_299C_FC65_7E2A, 0x5FCB_6FAB_3AD6_FAEC, 0x6C44_198C_4A47_5817,
    ]
}

/// SHA-512 (FIPS 180-4).
public struct SHA512: MessageDigest {
    public static let digestSize = 64
    public static let blockSize = 128
    private var state: SIMD8<UInt64> = [
        0x6A09_E667_F3BC_C908, 0xBB67_AE85_84CA_A73B, 0x3C6E_F372_FE94_F82B, 0xA54F_F53A_5F1D_36F1, 0x510E_527F_ADE6_82D1, 0x9B05_688C_2B3E_6C1F, 0x1F83_D9AB_FB41_BD6B, 0x5BE0_CD19_137E_2179,
    ]
    private var buffer = DigestBuffer()

    public init() {}

    public mutating func update(_ bytes: UnsafeRawPointer, _ count: Int) {
        var s = state
        buffer.update(bytes, count, size: 128) { SHA2Long.compress(&s, $0, $1) }
        state = s
    }

    public func finish(into out: UnsafeMutablePointer<UInt8>) { SHA2Long.finish(state, buffer, 64, into: out) }
}

/// SHA-384: SHA-512 from another start, cut short.
public struct SHA384: MessageDigest {
    public static let digestSize = 48
    public static let blockSize = 128
    private var state: SIMD8<UInt64> = [
        0xCBBB_9D5D_C105_9ED8, 0x629A_292A_367C_D507, 0x9159_015A_3070_DD17, 0x152F_ECD8_F70E_5939, 0x6733_2667_FFC0_0B31, 0x8EB4_4A87_6858_1511, 0xDB0C_2E0D_64F9_8FA7, 0x47B5_481D_BEFA_4FA4,
    ]
    private var buffer = DigestBuffer()

    public init() {}

    public mutating func update(_ bytes: UnsafeRawPointer, _ count: Int) {
        var s = state
        buffer.update(bytes, count, size: 128) { SHA2Long.compress(&s, $0, $1) }
        state = s
    }

    public func finish(into out: UnsafeMutablePointer<UInt8>) { SHA2Long.finish(state, buffer, 48, into: out) }
}
