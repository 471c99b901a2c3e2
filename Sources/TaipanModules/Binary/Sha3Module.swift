// `_sha3`: SHA-3 and SHAKE (FIPS 202). A hash object's cell is raw words:
//
//   1…25  the state     26  bytes taken into the current block     27  the algorithm's number

import TaipanRuntime

private struct KeccakObject: BitwiseCopyable {
    let cell: Cell
    init(_ value: Value) { cell = value.cell }
    var lanes: UnsafeMutablePointer<UInt64> { (cell.address + 8).assumingMemoryBound(to: UInt64.self) }
    var bytes: UnsafeMutablePointer<UInt8> { cell.bytes(from: 1) }
    var position: Int { get { cell.raw(26) } nonmutating set { cell.setRaw(newValue, at: 26) } }
    var algorithm: Int { get { cell.raw(27) } nonmutating set { cell.setRaw(newValue, at: 27) } }
    static var size: Int { 8 + 27 * 8 }

    /// Bytes of the digest; 0 for SHAKE.
    var digestSize: Int {
        switch algorithm {
        case 0: 28
        case 1: 32
        case 2: 48
        case 3: 64
        default: 0
        }
    }
    var isShake: Bool { algorithm > 3 }
    var capacity: Int { algorithm == 4 ? 32 : algorithm == 5 ? 64 : digestSize * 2 }
    var rate: Int { 200 - capacity }
    var suffix: UInt8 { isShake ? 0x1F : 0x06 }

    func absorb(_ raw: UnsafeRawBufferPointer) {
        var at = position
        let rate = rate, bytes = bytes
        for byte in raw {
            bytes[at] ^= byte
            at += 1
            if at == rate {
                Keccak.permute(lanes)
                at = 0
            }
        }
        position = at
    }

    /// `count` bytes of output; the object stays as it is.
    func squeeze(_ count: Int, into out: UnsafeMutablePointer<UInt8>) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 25) { state in
            guard let copy = state.baseAddress else { return }
            copy.initialize(from: lanes, count: 25)
            let view = UnsafeMutableRawPointer(copy).assumingMemoryBound(to: UInt8.self)
            view[position] ^= suffix
            view[rate - 1] ^= 0x80
            var done = 0
            while done < count {
                Keccak.permute(copy)
                let step = min(rate, count - done)
                (out + done).update(from: view, count: step)
                done += step
            }
        }
    }
}

/// The permutation Keccak-f[1600].
private enum Keccak {
    @inline(__always) private static func left(_ x: UInt64, _ n: UInt64) -> UInt64 { n == 0 ? x : (x &<< n) | (x &>> (64 &- n)) }

    /// The round constant is made bit by bit by a shift register of the polynomial x^8+x^6+x^5+x^4+1.
    private static func nextConstant(_ register: inout UInt8) -> UInt64 {
        var constant: UInt64 = 0
        for j in 0..<7 {
            if register & 1 != 0 { constant ^= 1 &<< ((1 &<< UInt64(j)) &- 1) }
            register = (register &<< 1) ^ (register & 0x80 != 0 ? 0x71 : 0)
        }
        return constant
    }

    static func permute(_ a: UnsafeMutablePointer<UInt64>) {
        var register: UInt8 = 1
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 5) { c in
            for _ in 0..<24 {
                // theta
                for x in 0..<5 { c[x] = a[x] ^ a[x &+ 5] ^ a[x &+ 10] ^ a[x &+ 15] ^ a[x &+ 20] }
                for x in 0..<5 {
                    let d = c[(x &+ 4) % 5] ^ left(c[(x &+ 1) % 5], 1)
                    for y in stride(from: x, to: 25, by: 5) { a[y] ^= d }
                }
                // rho and pi
                var x = 1, y = 0
                var carried = a[1]
                for t in 0..<24 {
                    let amount = UInt64((t &+ 1) &* (t &+ 2) / 2 % 64)
                    (x, y) = (y, (2 &* x &+ 3 &* y) % 5)
                    let at = x &+ 5 &* y
                    let kept = a[at]
                    a[at] = left(carried, amount)
                    carried = kept
                }
                // chi
                for row in stride(from: 0, to: 25, by: 5) {
                    for x in 0..<5 { c[x] = a[row &+ x] }
                    for x in 0..<5 { a[row &+ x] = c[x] ^ (~c[(x &+ 1) % 5] & c[(x &+ 2) % 5]) }
                }
                a[0] ^= nextConstant(&register)
            }
        }
    }
}

enum Sha3Module {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        m.str("implementation", "Swift")
        var kinds = try m.t.row(6)
        for (i, name) in (["sha3_224", "sha3_256", "sha3_384", "sha3_512", "shake_128", "shake_256"] as [StaticString]).enumerated() {
            kinds = kinds.adding(try m.type(name, NativeLayout.leaf(bytes: KeccakObject.size)) { b in define(b, isShake: i > 3) }.value)
        }
        try m.t.keep("_sha3", kinds.tuple.value)
    }

    private static func number(_ t: Thread, _ type: Value) -> Int {
        for i in 0..<6 where t.kept("_sha3", i).value == type { return i }
        return 0
    }

    private static func make(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        let algorithm = number(t, type)
        let name = t.string(TypeObject(type).name)
        if a.count > 1 { throw t.raise(.typeError, "\(name)() takes at most 1 positional argument (\(a.count) given)") }
        if a.keywords.isBound {
            let names = TupleObject(a.keywords)
            for i in 0..<names.count where !StrObject(names[i]).equals("usedforsecurity") {
                throw t.raise(.typeError, "'\(t.string(names[i]))' is an invalid keyword argument for \(name)()")
            }
        }
        let made = KeccakObject(Value(t.allocate(TypeObject(type))))
        made.algorithm = algorithm
        if a.count == 1 { try absorb(t, made, a[0]) }
        return Value(made.cell)
    }

    private static func absorb(_ t: Thread, _ hash: KeccakObject, _ data: Value) throws(Raised) {
        if data.isKind(.str) { throw t.raise(.typeError, "Strings must be encoded before hashing") }
        if !t.hasBuffer(data) { throw t.raise(.typeError, "object supporting the buffer API required") }
        try t.withBytes(of: data) { (raw) throws(Raised) in hash.absorb(raw) }
    }

    private static func output(_ t: Thread, _ v: Value, _ length: Value) throws(Raised) -> BytesObject {
        let hash = KeccakObject(v)
        var count = hash.digestSize
        if hash.isShake {
            count = try t.index(length)
            if count < 0 { throw t.raise(.valueError, "value must be positive") }
            if count >= 1 << 29 { throw t.raise(.valueError, "length is too large") }
        }
        let made = try t.newBytes(count)
        hash.squeeze(count, into: made.data)
        return made
    }

    private static func define(_ b: TypeBuilder, isShake: Bool) {
        b.slots.pointee.new = CallSlot(make)
        b.method("update", "($self, data, /)", "Update this hash object's state with the provided bytes-like object.") { (t, a) throws(Raised) in
            try absorb(t, KeccakObject(a[0]), a[1])
            return .none
        }
        b.method("copy", "($self, /)", "Return a copy of the hash object.") { (t, a) in
            let made = t.allocate(t.type(of: a[0]))
            (made.address + 8).copyMemory(from: a[0].cell.address + 8, byteCount: KeccakObject.size - 8)
            return Value(made)
        }
        let signature: StaticString = isShake ? "($self, length, /)" : "($self, /)"
        b.method("digest", signature, "Return the digest value as a bytes object.") { (t, a) throws(Raised) in
            try output(t, a[0], KeccakObject(a[0]).isShake ? a[1] : .unbound).value
        }
        b.method("hexdigest", signature, "Return the digest value as a string of hexadecimal digits.") { (t, a) throws(Raised) in
            try t.callMethod(try output(t, a[0], KeccakObject(a[0]).isShake ? a[1] : .unbound).value, t.intern("hex"))
        }
        b.getset("name", get: { (t, v) in t.type(of: v).name })
        b.getset("digest_size", get: { (t, v) in t.int(KeccakObject(v).digestSize) })
        b.getset("block_size", get: { (t, v) in t.int(KeccakObject(v).rate) })
        b.getset("_capacity_bits", get: { (t, v) in t.int(KeccakObject(v).capacity * 8) })
        b.getset("_rate_bits", get: { (t, v) in t.int(KeccakObject(v).rate * 8) })
        b.getset("_suffix", get: { (t, v) throws(Raised) in try t.bytes([KeccakObject(v).suffix]) })
    }
}
