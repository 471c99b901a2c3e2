// Reading marshal data into objects of this interpreter: `.pyc` files and `marshal.loads` from memory, `marshal.load` from a file
// object, which is asked for exactly the bytes that the object takes.
//
// Objects that later ones refer to are kept in a list cell: references never lie on the Swift heap.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanNumbers
import TaipanUnicode

struct MarshalInput {
    private let t: Thread
    private let base: UnsafePointer<UInt8>
    private let count: Int
    private var at = 0
    /// The file object that bytes come from, unbound when all are in memory.
    private let file: Value
    private let references: ListObject
    private var depth = 0

    /// Reads from memory that outlives the reader.
    init(_ t: Thread, _ bytes: UnsafeBufferPointer<UInt8>) throws(Raised) {
        self.t = t
        base = bytes.baseAddress ?? UnsafePointer(bitPattern: 8).unsafelyUnwrapped
        count = bytes.count
        file = .unbound
        references = try t.newList()
    }

    /// Reads from a file object.
    init(_ t: Thread, file: Value) throws(Raised) {
        self.t = t
        base = UnsafePointer(bitPattern: 8).unsafelyUnwrapped
        count = 0
        self.file = file
        references = try t.newList()
    }

    /// The next object.
    mutating func read() throws(Raised) -> Value {
        let object = try self.object()
        if object.isUnbound { throw t.raise(.typeError, "NULL object in marshal data for object") }
        return object
    }

    // MARK: Bytes

    /// The next `n` bytes. From a file they are in a bytearray that `holder` keeps.
    private mutating func take(_ n: Int, _ holder: inout Value) throws(Raised) -> UnsafePointer<UInt8> {
        if file.isUnbound {
            if n > count - at { throw t.raise(.eofError, "marshal data too short") }
            at += n
            return base + (at - n)
        }
        return try fetch(n, &holder)
    }

    private func fetch(_ n: Int, _ holder: inout Value) throws(Raised) -> UnsafePointer<UInt8> {
        holder = try t.call(t.types.pointee.bytearray, t.int(n))
        if n > 0 {
            let got = try t.index(try t.callMethod(file, t.intern("readinto"), try t.call(t.types.pointee.memoryview, holder)))
            if got > n { throw t.raise(.valueError, "read() returned too much data: \(n) bytes requested, \(got) returned") }
            if got < n { throw t.raise(.eofError, "EOF read where not expected") }
        }
        let view = try t.buffer(of: holder)
        defer { t.release(view) }
        return view.bytes.baseAddress ?? UnsafePointer(bitPattern: 8).unsafelyUnwrapped
    }

    private mutating func byte() throws(Raised) -> UInt8 {
        if file.isUnbound {
            if at >= count { throw t.raise(.eofError, "EOF read where not expected") }
            at += 1
            return base[at - 1]
        }
        var holder = Value.unbound
        return try fetch(1, &holder).pointee
    }

    private mutating func long() throws(Raised) -> Int {
        var holder = Value.unbound
        let p = try take(4, &holder)
        return Int(Int32(littleEndian: UnsafeRawPointer(p).loadUnaligned(as: Int32.self)))
    }

    private mutating func double() throws(Raised) -> Double {
        var holder = Value.unbound
        let p = try take(8, &holder)
        return Double(bitPattern: UInt64(littleEndian: UnsafeRawPointer(p).loadUnaligned(as: UInt64.self)))
    }

    private mutating func textDouble() throws(Raised) -> Double {
        let n = Int(try byte())
        var holder = Value.unbound
        let text = Array(UnsafeBufferPointer(start: try take(n, &holder), count: n))
        guard let value = text.withUnsafeBufferPointer({ FloatParser.parse($0) }) else {
            throw t.raise(.valueError, "could not convert string to float: '\(String(decoding: text, as: UTF8.self))'")
        }
        return value
    }

    private mutating func size(_ what: StaticString) throws(Raised) -> Int {
        let n = try long()
        if n < 0 { throw bad("\(what) size out of range") }
        return n
    }

    private func bad(_ what: String) -> Raised { t.raise(.valueError, "bad marshal data (\(what))") }

    // MARK: Objects

    private func reserve(_ flagged: Bool) throws(Raised) -> Int {
        if !flagged { return -1 }
        try t.append(references, .unbound)
        return references.count - 1
    }

    private func remember(_ object: Value, _ place: Int) -> Value {
        if place >= 0 { references[place] = object }
        return object
    }

    /// The next object; unbound for the NULL that ends a dict.
    private mutating func object() throws(Raised) -> Value {
        let head: UInt8
        do throws(Raised) { head = try byte() } catch {
            if t.pendingIs(.eofError) {
                _ = t.takePending()
                throw t.raise(.eofError, "EOF read where object expected")
            }
            throw error
        }
        depth += 1
        defer { depth -= 1 }
        if depth > 2000 { throw t.raise(.valueError, "recursion limit exceeded") }
        let flagged = head & 0x80 != 0
        switch head & 0x7F {
        case 0x30: return .unbound
        case 0x4E: return .none
        case 0x46: return .false
        case 0x54: return .true
        case 0x2E: return .ellipsis
        case 0x53: return t.types.pointee.stopIteration
        case 0x72:
            let place = try long()
            if place < 0 || place >= references.count || references[place].isUnbound { throw bad("invalid reference") }
            return references[place]
        case 0x28, 0x29, 0x5B, 0x7B, 0x3C, 0x3E, 0x63: return try container(head & 0x7F, flagged)
        default:
            let object = try scalar(head & 0x7F)
            if flagged { try t.append(references, object) }
            return object
        }
    }

    private mutating func scalar(_ type: UInt8) throws(Raised) -> Value {
        switch type {
        case 0x69: return t.int(try long())
        case 0x49:
            var holder = Value.unbound
            return t.int(Int(Int64(littleEndian: UnsafeRawPointer(try take(8, &holder)).loadUnaligned(as: Int64.self))))
        case 0x6C: return try bigInteger()
        case 0x66: return t.float(try textDouble())
        case 0x67: return t.float(try double())
        case 0x78:
            let real = try textDouble()
            return t.newComplex(real, try textDouble())
        case 0x79:
            let real = try double()
            return t.newComplex(real, try double())
        case 0x73:
            let n = try size("bytes object")
            var holder = Value.unbound
            return try t.bytes(try take(n, &holder), n)
        case 0x41: return try ascii(try size("string"), interned: true)
        case 0x61: return try ascii(try size("string"), interned: false)
        case 0x5A: return try ascii(Int(try byte()), interned: true)
        case 0x7A: return try ascii(Int(try byte()), interned: false)
        case 0x74: return t.intern(try text(try size("string")))
        case 0x75: return try text(try size("string"))
        default: throw bad("unknown type code")
        }
    }

    private mutating func bigInteger() throws(Raised) -> Value {
        let n = try long()
        let digitCount = Int(n.magnitude)
        if digitCount == 0 { return t.int(0) }
        var digits: [UInt32] = []
        for i in 0..<digitCount {
            var holder = Value.unbound
            let p = try take(2, &holder)
            let digit = UInt32(p[0]) | UInt32(p[1]) << 8
            if digit > 0x7FFF { throw bad("digit out of range in long") }
            if i == digitCount - 1 && digit == 0 { throw bad("unnormalized long data") }
            digits.append(digit)
        }
        return try t.int(BigInteger(isNegative: n < 0, digits: digits, bits: 15))
    }

    /// Code points below 256, one a byte.
    private mutating func ascii(_ n: Int, interned: Bool) throws(Raised) -> Value {
        var holder = Value.unbound
        let p = try take(n, &holder)
        var all: UInt8 = 0
        for i in 0..<n { all |= p[i] }
        let made: Value
        if n == 0 {
            made = t.objects.pointee.emptyStr
        } else if n == 1 {
            made = t.character(UInt32(p[0]))
        } else {
            let s = try t.newStr(count: n, maximum: all < 128 ? 127 : 255)
            memcpy(s.data, p, n)
            made = s.value
        }
        return interned ? t.intern(made) : made
    }

    /// UTF-8 with surrogates passed.
    private mutating func text(_ n: Int) throws(Raised) -> Value {
        var holder = Value.unbound
        let p = try take(n, &holder)
        if n == 0 { return t.objects.pointee.emptyStr }
        return try t.decodeText(try t.bytes(p, n), t.intern("utf-8"), t.intern("surrogatepass"))
    }

    private mutating func container(_ type: UInt8, _ flagged: Bool) throws(Raised) -> Value {
        switch type {
        case 0x29: return try tuple(Int(try byte()), flagged)
        case 0x28: return try tuple(try size("tuple"), flagged)
        case 0x5B:
            let n = try size("list")
            let list = try t.newList()
            if flagged { try t.append(references, list.value) }
            for _ in 0..<n { try t.append(list, try item("list")) }
            return list.value
        case 0x3E:
            let n = try size("set")
            let place = try reserve(flagged)
            let items = try t.newList()
            for _ in 0..<n { try t.append(items, try item("set")) }
            return remember(try t.newFrozenset(from: items.value), place)
        case 0x3C:
            let n = try size("set")
            let set = try t.newSet()
            if flagged { try t.append(references, set) }
            for _ in 0..<n { try t.setAdd(set, try item("set")) }
            return set
        case 0x7B:
            let dict = t.newDict()
            if flagged { try t.append(references, dict.value) }
            while true {
                let key = try object()
                if key.isUnbound { break }
                let value = try object()
                if value.isUnbound { break }
                try t.set(dict, key, value)
            }
            return dict.value
        default:
            let place = try reserve(flagged)
            return remember(try code(), place)
        }
    }

    private mutating func tuple(_ n: Int, _ flagged: Bool) throws(Raised) -> Value {
        if n > (file.isUnbound ? count - at : 256) {
            // The size is a lie, or may be one: room is made as the items come.
            let items = try t.newList()
            let place = try reserve(flagged)
            for _ in 0..<n { try t.append(items, try item("tuple")) }
            return remember(try t.tupleFrom(items.value).value, place)
        }
        if n == 0 { return flagged ? remember(t.objects.pointee.emptyTuple, try reserve(true)) : t.objects.pointee.emptyTuple }
        let made = try t.newTuple(n)
        // Set at once: a tuple may (in data made to confuse) hold itself.
        if flagged { try t.append(references, made.value) }
        for i in 0..<n { made[i] = .none }
        for i in 0..<n { made[i] = try item("tuple") }
        return made.value
    }

    private mutating func item(_ container: StaticString) throws(Raised) -> Value {
        let item = try object()
        if item.isUnbound { throw t.raise(.typeError, "NULL object in marshal data for \(container)") }
        return item
    }

    private mutating func code() throws(Raised) -> Value {
        let made = t.blankCode()
        made.argcount = try long()
        made.posonlyargcount = try long()
        made.kwonlyargcount = try long()
        made.stacksize = try long()
        made.flags = try long()
        made.code = try read()
        made.consts = try read()
        made.names = try read()
        made.localsplusnames = try read()
        made.localspluskinds = try read()
        made.filename = try read()
        made.name = try read()
        made.qualname = try read()
        made.firstlineno = try long()
        made.linetable = try read()
        made.exceptiontable = try read()
        try t.validateCode(made)
        return made.value
    }
}

extension Thread {
    /// The object that marshal data in memory begins with.
    public func unmarshal(_ bytes: UnsafeBufferPointer<UInt8>) throws(Raised) -> Value {
        var input = try MarshalInput(self, bytes)
        return try input.read()
    }

    /// The next object of a file object.
    public func unmarshal(file: Value) throws(Raised) -> Value {
        // A file that gives text is told apart before anything is read.
        let probe = try callMethod(file, intern("read"), int(0))
        if !probe.isKind(.bytes) { throw raise(.typeError, "file.read() returned not bytes but \(typeName(probe))") }
        var input = try MarshalInput(self, file: file)
        return try input.read()
    }
}
