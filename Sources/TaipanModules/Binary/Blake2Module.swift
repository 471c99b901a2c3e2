// `_blake2`: BLAKE2b and BLAKE2s (RFC 7693) with their tree parameters. A hash object's cell is raw words:
//
//   1  0 for blake2b, 1 for blake2s     2  digest size     3  1 for the last node of a tree     4  bytes compressed so far
//   5  bytes in the buffer     6…13  the chain value     14…29  the buffer

import TaipanRuntime

/// What differs between the two.
private protocol Blake2Word: FixedWidthInteger, UnsignedInteger {
    static var rounds: Int { get }
    static var turns: (Self, Self, Self, Self) { get }
    static func start(_ i: Int) -> Self
}

extension UInt64: Blake2Word {
    static var rounds: Int { 12 }
    static var turns: (UInt64, UInt64, UInt64, UInt64) { (32, 24, 16, 63) }
    /// The square roots of the first eight primes, their fractions' first bits.
    static func start(_ i: Int) -> UInt64 {
        switch i {
        case 0: 0x6A09_E667_F3BC_C908
        case 1: 0xBB67_AE85_84CA_A73B
        case 2: 0x3C6E_F372_FE94_F82B
        case 3: 0xA54F_F53A_5F1D_36F1
        case 4: 0x510E_527F_ADE6_82D1
        case 5: 0x9B05_688C_2B3E_6C1F
        case 6: 0x1F83_D9AB_FB41_BD6B
        default: 0x5BE0_CD19_137E_2179
        }
    }
}

extension UInt32: Blake2Word {
    static var rounds: Int { 10 }
    static var turns: (UInt32, UInt32, UInt32, UInt32) { (16, 12, 8, 7) }
    static func start(_ i: Int) -> UInt32 { UInt32(truncatingIfNeeded: UInt64.start(i) >> 32) }
}

private struct Blake2Object: BitwiseCopyable {
    let cell: Cell
    init(_ value: Value) { cell = value.cell }
    var isShort: Bool { cell.raw(1) == 1 }
    var digestSize: Int { get { cell.raw(2) } nonmutating set { cell.setRaw(newValue, at: 2) } }
    var isLastNode: Bool { cell.raw(3) == 1 }
    var total: UInt64 { get { UInt64(bitPattern: Int64(cell.raw(4))) } nonmutating set { cell.setRaw(Int(Int64(bitPattern: newValue)), at: 4) } }
    var held: Int { get { cell.raw(5) } nonmutating set { cell.setRaw(newValue, at: 5) } }
    var chain: UnsafeMutablePointer<UInt64> { (cell.address + 48).assumingMemoryBound(to: UInt64.self) }
    var buffer: UnsafeMutablePointer<UInt8> { cell.bytes(from: 14) }
    var blockSize: Int { isShort ? 64 : 128 }
    static var size: Int { 240 }

    func update(_ raw: UnsafeRawBufferPointer) {
        for byte in raw {
            // A full block waits until more comes: the last one is compressed differently.
            if held == blockSize {
                total = total &+ UInt64(blockSize)
                compress(chain, buffer, total, isLast: false)
                held = 0
            }
            buffer[held] = byte
            held += 1
        }
    }

    func digest(into out: UnsafeMutablePointer<UInt8>) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 24) { room in
            guard let copy = room.baseAddress else { return }
            copy.initialize(from: chain, count: 8)
            let block = UnsafeMutableRawPointer(copy + 8).assumingMemoryBound(to: UInt8.self)
            for i in 0..<128 { block[i] = i < held ? buffer[i] : 0 }
            compress(copy, block, total &+ UInt64(held), isLast: true)
            let word = isShort ? 4 : 8
            for i in 0..<digestSize { out[i] = UInt8(truncatingIfNeeded: copy[i / word] &>> UInt64(8 &* (i % word))) }
        }
    }

    private func compress(_ h: UnsafeMutablePointer<UInt64>, _ block: UnsafePointer<UInt8>, _ count: UInt64, isLast: Bool) {
        if isShort {
            Blake2Object.compress(UInt32.self, h, block, count, isLast, isLastNode)
        } else {
            Blake2Object.compress(UInt64.self, h, block, count, isLast, isLastNode)
        }
    }

    @inline(__always)
    private static func compress<W: Blake2Word>(_ kind: W.Type, _ h: UnsafeMutablePointer<UInt64>, _ block: UnsafePointer<UInt8>, _ count: UInt64, _ isLast: Bool, _ isLastNode: Bool) {
        let bits = W.bitWidth
        withUnsafeTemporaryAllocation(of: W.self, capacity: 32) { v in
            let m = 16
            for i in 0..<16 {
                var word: W = 0
                for k in (0..<(bits / 8)).reversed() { word = (word << 8) | W(truncatingIfNeeded: block[i &* (bits / 8) &+ k]) }
                v[m &+ i] = word
            }
            for i in 0..<8 {
                v[i] = W(truncatingIfNeeded: h[i])
                v[8 &+ i] = W.start(i)
            }
            v[12] ^= W(truncatingIfNeeded: count)
            if bits == 32 { v[13] ^= W(truncatingIfNeeded: count >> 32) }
            if isLast { v[14] = ~v[14] }
            if isLast && isLastNode { v[15] = ~v[15] }
            let turns = W.turns
            @inline(__always) func right(_ x: W, _ n: W) -> W { (x &>> n) | (x &<< (W(bits) &- n)) }
            @inline(__always) func mix(_ a: Int, _ b: Int, _ c: Int, _ d: Int, _ x: W, _ y: W) {
                v[a] = v[a] &+ v[b] &+ x
                v[d] = right(v[d] ^ v[a], turns.0)
                v[c] = v[c] &+ v[d]
                v[b] = right(v[b] ^ v[c], turns.1)
                v[a] = v[a] &+ v[b] &+ y
                v[d] = right(v[d] ^ v[a], turns.2)
                v[c] = v[c] &+ v[d]
                v[b] = right(v[b] ^ v[c], turns.3)
            }
            for round in 0..<W.rounds {
                let row = Blake2Order.digits.utf8Start + (round % 10) &* 16
                @inline(__always) func word(_ i: Int) -> W {
                    let c = row[i]
                    return v[m &+ Int(c > 0x39 ? c &- 0x57 : c &- 0x30)]
                }
                mix(0, 4, 8, 12, word(0), word(1))
                mix(1, 5, 9, 13, word(2), word(3))
                mix(2, 6, 10, 14, word(4), word(5))
                mix(3, 7, 11, 15, word(6), word(7))
                mix(0, 5, 10, 15, word(8), word(9))
                mix(1, 6, 11, 12, word(10), word(11))
                mix(2, 7, 8, 13, word(12), word(13))
                mix(3, 4, 9, 14, word(14), word(15))
            }
            for i in 0..<8 { h[i] = UInt64(truncatingIfNeeded: W(truncatingIfNeeded: h[i]) ^ v[i] ^ v[8 &+ i]) }
        }
    }
}

private enum Blake2Order {
    /// The message words' order in the ten rounds, a hexadecimal digit each.
    static var digits: StaticString {
        """
        0123456789abcdefea489fd61c02b753b8c052fdae3671947931dcbe265a40f8905724afe1bc683d2c6a0b834d75fe19\
        c51fed4a0763928bdb7ec13950f4862a6fe9b308c2d714a5a2847615fb9e3cd0
        """
    }
}

enum Blake2Module {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        var kinds = try m.t.row(2)
        for (i, name) in (["blake2b", "blake2s"] as [StaticString]).enumerated() {
            kinds = kinds.adding(try m.type(name, flags: TypeFlag.base, NativeLayout.leaf(bytes: Blake2Object.size)) { b in define(b, isShort: i == 1) }.value)
        }
        try m.t.keep("_blake2", kinds.tuple.value)
        m.int("BLAKE2B_MAX_DIGEST_SIZE", 64)
        m.int("BLAKE2B_MAX_KEY_SIZE", 64)
        m.int("BLAKE2B_PERSON_SIZE", 16)
        m.int("BLAKE2B_SALT_SIZE", 16)
        m.int("BLAKE2S_MAX_DIGEST_SIZE", 32)
        m.int("BLAKE2S_MAX_KEY_SIZE", 32)
        m.int("BLAKE2S_PERSON_SIZE", 8)
        m.int("BLAKE2S_SALT_SIZE", 8)
    }

    private static func define(_ b: TypeBuilder, isShort: Bool) {
        b.slots.pointee.new = CallSlot(make)
        b.constant("MAX_DIGEST_SIZE", Value(smallInt: isShort ? 32 : 64))
        b.constant("MAX_KEY_SIZE", Value(smallInt: isShort ? 32 : 64))
        b.constant("PERSON_SIZE", Value(smallInt: isShort ? 8 : 16))
        b.constant("SALT_SIZE", Value(smallInt: isShort ? 8 : 16))
        b.method("update", "($self, data, /)", "Update this hash object's state with the provided bytes-like object.") { (t, a) throws(Raised) in
            try update(t, Blake2Object(a[0]), a[1])
            return .none
        }
        b.method("copy", "($self, /)", "Return a copy of the hash object.") { (t, a) in
            let made = t.allocate(t.type(of: a[0]))
            (made.address + 8).copyMemory(from: a[0].cell.address + 8, byteCount: Blake2Object.size - 8)
            return Value(made)
        }
        b.method("digest", "($self, /)", "Return the digest value as a bytes object.") { (t, a) throws(Raised) in try digest(t, a[0]) }
        b.method("hexdigest", "($self, /)", "Return the digest value as a string of hexadecimal digits.") { (t, a) throws(Raised) in
            try t.callMethod(try digest(t, a[0]), t.intern("hex"))
        }
        b.getset("name", get: { (t, v) in t.str(Blake2Object(v).isShort ? "blake2s" : "blake2b") })
        b.getset("digest_size", get: { (t, v) in t.int(Blake2Object(v).digestSize) })
        b.getset("block_size", get: { (t, v) in t.int(Blake2Object(v).blockSize) })
    }

    private static func digest(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        let made = try t.newBytes(Blake2Object(v).digestSize)
        Blake2Object(v).digest(into: made.data)
        return made.value
    }

    private static func update(_ t: Thread, _ hash: Blake2Object, _ data: Value) throws(Raised) {
        if data.isKind(.str) { throw t.raise(.typeError, "Strings must be encoded before hashing") }
        if !t.hasBuffer(data) { throw t.raise(.typeError, "object supporting the buffer API required") }
        try t.withBytes(of: data) { (raw) throws(Raised) in hash.update(raw) }
    }

    /// An unsigned number that fits 64 bits.
    private static func number(_ t: Thread, _ value: Value, _ whenLeftOut: UInt64) throws(Raised) -> UInt64 {
        if value.isUnbound { return whenLeftOut }
        let n = try t.indexValue(value)
        if t.intIsNegative(n) { throw t.raise(.valueError, "value must be positive") }
        if let small = t.machineInt(n) { return UInt64(small) }
        let limb = try t.withInt(n) { (n) throws(Raised) in n.count == 1 ? n.limbs[0] : 0 }
        if limb == 0 { throw t.raise(.overflowError, "int too big to convert") }
        return limb
    }

    private static func small(_ t: Thread, _ value: Value, _ whenLeftOut: Int, _ least: Int, _ most: Int, _ complaint: StaticString) throws(Raised) -> UInt8 {
        let n = value.isUnbound ? whenLeftOut : Int(try t.cInt(value))
        if n < least || n > most { throw t.raise(.valueError, complaint.description) }
        return UInt8(n)
    }

    private static func bytes(_ t: Thread, _ value: Value, _ most: Int, _ complaint: String) throws(Raised) -> [UInt8] {
        if value.isUnbound { return [] }
        let view = try t.buffer(of: value)
        defer { t.release(view) }
        if view.count > most { throw t.raise(.valueError, complaint) }
        return Array(view.bytes)
    }

    private static func make(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        let isShort = t.isSubtype(TypeObject(type), of: t.kept("_blake2", 1).value)
        let limit = isShort ? 32 : 64, wide = isShort ? 8 : 16
        let bound = try t.pushScratch(13)
        defer { t.popScratch(bound) }
        if a.count > 1 { throw t.raise(.typeError, "\(isShort ? "blake2s" : "blake2b")() takes at most 1 positional argument (\(a.count) given)") }
        try t.bindNames(a, isShort ? "blake2s" : "blake2b", ["", "digest_size", "key", "salt", "person", "fanout", "depth", "leaf_size", "node_offset", "node_depth", "inner_size", "last_node", "usedforsecurity"], required: 0, bound)
        var block = [UInt8](repeating: 0, count: isShort ? 32 : 64)
        let size = bound[1].isUnbound ? limit : Int(try t.cInt(bound[1]))
        if size < 1 || size > limit { throw t.raise(.valueError, "digest_size must be between 1 and \(limit) bytes") }
        block[0] = UInt8(size)
        let salt = try bytes(t, bound[3], wide, "maximum salt length is \(wide) bytes")
        let person = try bytes(t, bound[4], wide, "maximum person length is \(wide) bytes")
        block[2] = try small(t, bound[5], 1, 0, 255, "fanout must be between 0 and 255")
        block[3] = try small(t, bound[6], 1, 1, 255, "depth must be between 1 and 255")
        let leaf = try number(t, bound[7], 0)
        if leaf > 0xFFFF_FFFF { throw t.raise(.overflowError, "leaf_size is too large") }
        let offset = try number(t, bound[8], 0)
        if isShort && offset > 0xFFFF_FFFF_FFFF { throw t.raise(.overflowError, "node_offset is too large") }
        for i in 0..<4 { block[4 + i] = UInt8(truncatingIfNeeded: leaf >> UInt64(8 * i)) }
        for i in 0..<(isShort ? 6 : 8) { block[8 + i] = UInt8(truncatingIfNeeded: offset >> UInt64(8 * i)) }
        block[isShort ? 14 : 16] = try small(t, bound[9], 0, 0, 255, "node_depth must be between 0 and 255")
        block[isShort ? 15 : 17] = try small(t, bound[10], 0, 0, limit, isShort ? "inner_size must be between 0 and is 32" : "inner_size must be between 0 and is 64")
        let lastNode = bound[11].isUnbound ? false : try t.truth(bound[11])
        let key = try bytes(t, bound[2], limit, "maximum key length is \(limit) bytes")
        block[1] = UInt8(key.count)
        for i in salt.indices { block[(isShort ? 16 : 32) + i] = salt[i] }
        for i in person.indices { block[(isShort ? 24 : 48) + i] = person[i] }
        let made = Blake2Object(Value(t.allocate(TypeObject(type))))
        made.cell.setRaw(isShort ? 1 : 0, at: 1)
        made.digestSize = size
        made.cell.setRaw(lastNode ? 1 : 0, at: 3)
        let word = isShort ? 4 : 8
        for i in 0..<8 {
            var parameter: UInt64 = 0
            for k in (0..<word).reversed() { parameter = parameter << 8 | UInt64(block[i * word + k]) }
            made.chain[i] = parameter ^ (isShort ? UInt64(UInt32.start(i)) : UInt64.start(i))
        }
        if !key.isEmpty {
            for i in 0..<made.blockSize { made.buffer[i] = i < key.count ? key[i] : 0 }
            made.held = made.blockSize
        }
        if bound[0].isBound { try update(t, made, bound[0]) }
        return Value(made.cell)
    }
}
