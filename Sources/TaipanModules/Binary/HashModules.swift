// `_md5`, `_sha1`, `_sha2`: message digests. A hash object's cell holds the algorithm's number (raw word 1) and the digest's state
// (from word 2 on, read and written unaligned).

import TaipanNumbers
import TaipanRuntime

/// The digests, in the order of the tuple of their types.
enum HashAlgorithm: Int {
    case md5, sha1, sha224, sha256, sha384, sha512

    var name: StaticString {
        switch self {
        case .md5: "md5"
        case .sha1: "sha1"
        case .sha224: "sha224"
        case .sha256: "sha256"
        case .sha384: "sha384"
        case .sha512: "sha512"
        }
    }
}

struct HashObject: BitwiseCopyable {
    let cell: Cell
    init(_ value: Value) { cell = value.cell }
    init(_ cell: Cell) { self.cell = cell }
    var algorithm: HashAlgorithm {
        get { HashAlgorithm(rawValue: cell.raw(1)) ?? .md5 }
        nonmutating set { cell.setRaw(newValue.rawValue, at: 1) }
    }
    var state: UnsafeMutableRawPointer { cell.address + 16 }
    static var bytes: Int {
        16 + max(MemoryLayout<MD5>.size, MemoryLayout<SHA1>.size, max(MemoryLayout<SHA256>.size, MemoryLayout<SHA512>.size, MemoryLayout<SHA384>.size))
    }

    func reset() {
        switch algorithm {
        case .md5: state.storeBytes(of: MD5(), as: MD5.self)
        case .sha1: state.storeBytes(of: SHA1(), as: SHA1.self)
        case .sha224: state.storeBytes(of: SHA224(), as: SHA224.self)
        case .sha256: state.storeBytes(of: SHA256(), as: SHA256.self)
        case .sha384: state.storeBytes(of: SHA384(), as: SHA384.self)
        case .sha512: state.storeBytes(of: SHA512(), as: SHA512.self)
        }
    }

    func update(_ raw: UnsafeRawBufferPointer) {
        guard let start = raw.baseAddress, raw.count > 0 else { return }
        switch algorithm {
        case .md5: feed(MD5.self, start, raw.count)
        case .sha1: feed(SHA1.self, start, raw.count)
        case .sha224: feed(SHA224.self, start, raw.count)
        case .sha256: feed(SHA256.self, start, raw.count)
        case .sha384: feed(SHA384.self, start, raw.count)
        case .sha512: feed(SHA512.self, start, raw.count)
        }
    }

    private func feed<D: MessageDigest>(_ type: D.Type, _ start: UnsafeRawPointer, _ count: Int) {
        var digest = state.loadUnaligned(as: D.self)
        digest.update(start, count)
        state.storeBytes(of: digest, as: D.self)
    }

    func digest() -> [UInt8] {
        switch algorithm {
        case .md5: state.loadUnaligned(as: MD5.self).digest()
        case .sha1: state.loadUnaligned(as: SHA1.self).digest()
        case .sha224: state.loadUnaligned(as: SHA224.self).digest()
        case .sha256: state.loadUnaligned(as: SHA256.self).digest()
        case .sha384: state.loadUnaligned(as: SHA384.self).digest()
        case .sha512: state.loadUnaligned(as: SHA512.self).digest()
        }
    }

    var sizes: (digest: Int, block: Int) {
        switch algorithm {
        case .md5: (MD5.digestSize, MD5.blockSize)
        case .sha1: (SHA1.digestSize, SHA1.blockSize)
        case .sha224: (SHA224.digestSize, SHA224.blockSize)
        case .sha256: (SHA256.digestSize, SHA256.blockSize)
        case .sha384: (SHA384.digestSize, SHA384.blockSize)
        case .sha512: (SHA512.digestSize, SHA512.blockSize)
        }
    }
}

enum HashModules {
    static func defineMD5(_ m: ModuleBuilder) throws(Raised) {
        let types = try m.t.newTuple(1)
        types[0] = try m.t.newHashType(m, "md5").value
        m.set("MD5Type", types[0])
        try m.t.keepModuleObject("_md5", types.value)
        m.function("md5", "($module, /, string=b'', *, usedforsecurity=True)", "A new MD5 hash object.") { (t, a) throws(Raised) in
            try t.newHash(.md5, TupleObject(t.moduleObject("_md5"))[0], a[0])
        }
    }

    static func defineSHA1(_ m: ModuleBuilder) throws(Raised) {
        let types = try m.t.newTuple(1)
        types[0] = try m.t.newHashType(m, "sha1").value
        m.set("SHA1Type", types[0])
        try m.t.keepModuleObject("_sha1", types.value)
        m.function("sha1", "($module, /, string=b'', *, usedforsecurity=True)", "A new SHA1 hash object.") { (t, a) throws(Raised) in
            try t.newHash(.sha1, TupleObject(t.moduleObject("_sha1"))[0], a[0])
        }
    }

    static func defineSHA2(_ m: ModuleBuilder) throws(Raised) {
        let types = try m.t.newTuple(4)
        types[0] = try m.t.newHashType(m, "SHA224Type").value
        types[1] = try m.t.newHashType(m, "SHA256Type").value
        types[2] = try m.t.newHashType(m, "SHA384Type").value
        types[3] = try m.t.newHashType(m, "SHA512Type").value
        m.set("SHA224Type", types[0])
        m.set("SHA256Type", types[1])
        m.set("SHA384Type", types[2])
        m.set("SHA512Type", types[3])
        try m.t.keepModuleObject("_sha2", types.value)
        m.function("sha224", "($module, /, string=b'', *, usedforsecurity=True)", "A new SHA-224 hash object.") { (t, a) throws(Raised) in
            try t.newHash(.sha224, TupleObject(t.moduleObject("_sha2"))[0], a[0])
        }
        m.function("sha256", "($module, /, string=b'', *, usedforsecurity=True)", "A new SHA-256 hash object.") { (t, a) throws(Raised) in
            try t.newHash(.sha256, TupleObject(t.moduleObject("_sha2"))[1], a[0])
        }
        m.function("sha384", "($module, /, string=b'', *, usedforsecurity=True)", "A new SHA-384 hash object.") { (t, a) throws(Raised) in
            try t.newHash(.sha384, TupleObject(t.moduleObject("_sha2"))[2], a[0])
        }
        m.function("sha512", "($module, /, string=b'', *, usedforsecurity=True)", "A new SHA-512 hash object.") { (t, a) throws(Raised) in
            try t.newHash(.sha512, TupleObject(t.moduleObject("_sha2"))[3], a[0])
        }
    }
}

extension Thread {
    fileprivate func newHash(_ algorithm: HashAlgorithm, _ type: Value, _ data: Value) throws(Raised) -> Value {
        let made = HashObject(allocate(TypeObject(type)))
        made.algorithm = algorithm
        made.reset()
        if data.isBound { try feed(made, data) }
        return Value(made.cell)
    }

    private func feed(_ hash: HashObject, _ data: Value) throws(Raised) {
        if data.isKind(.str) { throw raise(.typeError, "Strings must be encoded before hashing") }
        if !hasBuffer(data) { throw raise(.typeError, "object supporting the buffer API required") }
        try withBytes(of: data) { (raw) throws(Raised) in hash.update(raw) }
    }

    fileprivate func newHashType(_ m: ModuleBuilder, _ name: StaticString) throws(Raised) -> TypeObject {
        try newNativeType(name, moduleName: m.name, flags: TypeFlag.noInstantiation, .leaf(bytes: HashObject.bytes)) { b in
            b.method("update", "($self, obj, /)", "Takes in more bytes.") { (t, a) throws(Raised) in
                try t.feed(HashObject(a[0]), a[1])
                return .none
            }
            b.method("digest", "($self, /)", "The digest of what came so far, as bytes.") { (t, a) throws(Raised) in try t.bytes(HashObject(a[0]).digest()) }
            b.method("hexdigest", "($self, /)", "The digest of what came so far, in hexadecimal.") { (t, a) in
                var text = ""
                for byte in HashObject(a[0]).digest() {
                    text.append(byte < 16 ? "0" : "")
                    text.append(String(byte, radix: 16))
                }
                return t.str(text)
            }
            b.method("copy", "($self, /)", "Another hash object in the same state.") { (t, a) in
                let made = t.allocate(t.type(of: a[0]))
                (made.address + 8).copyMemory(from: a[0].cell.address + 8, byteCount: HashObject.bytes - 8)
                return Value(made)
            }
            b.getset("name", get: { (t, v) in t.str(HashObject(v).algorithm.name) })
            b.getset("digest_size", get: { (t, v) in t.int(HashObject(v).sizes.digest) })
            b.getset("block_size", get: { (t, v) in t.int(HashObject(v).sizes.block) })
        }
    }
}
