// Writing objects as marshal data. Code objects go through `TaipanBytecode`, which knows how CPython's compiler shares constants; all
// else is written here. From version 3 on an object that occurs again is a reference to its first occurrence.

import TaipanBytecode
import TaipanNumbers

struct MarshalOutput {
    private let t: Thread
    private let version: Int
    private(set) var data: [UInt8] = []
    /// How often each cell occurs, and where the ones that occur again stand among the references. Keys are addresses of cells that the
    /// object being written holds.
    private var counts: [UInt: Int] = [:]
    private var places: [UInt: Int] = [:]
    private var depth = 0

    init(_ t: Thread, version: Int) {
        self.t = t
        self.version = version
    }

    mutating func write(_ object: Value) throws(Raised) {
        if version >= 3 { try count(object) }
        try self.object(object)
    }

    private mutating func enter() throws(Raised) {
        depth += 1
        if depth > 2000 { throw t.raise(.valueError, "object too deeply nested to marshal") }
    }

    /// Counts the occurrences of cells.
    private mutating func count(_ v: Value) throws(Raised) {
        if !v.isCell && !v.isSmallInt && !v.isSmallFloat { return }
        try enter()
        defer { depth -= 1 }
        counts[v.bits, default: 0] += 1
        if !v.isCell { return }
        if counts[v.bits] != 1 { return }
        if v.hasLayout(.tuple) {
            for i in 0..<TupleObject(v).count { try count(TupleObject(v)[i]) }
        } else if v.hasLayout(.list) {
            for i in 0..<ListObject(v).count { try count(ListObject(v)[i]) }
        } else if v.hasLayout(.dict) {
            let dict = DictObject(v)
            for i in 0..<dict.entryCount where dict.entry(i).key.isBound {
                try count(dict.entry(i).key)
                try count(dict.entry(i).value)
            }
        } else if v.hasLayout(.set) || v.hasLayout(.frozenset) {
            let items = try t.listFrom(v)
            for i in 0..<items.count { try count(items[i]) }
        } else if v.hasLayout(.code) {
            for i in 1...10 { try count(v.cell[i]) }
        }
    }

    private func isShared(_ v: Value) -> Bool {
        if v.isSmallInt && (-5...256).contains(v.smallInt) { return true }
        if counts[v.bits] ?? 0 > 1 { return true }
        if !v.isCell { return false }
        if v.hasLayout(.str) { return StrObject(v).isInterned || StrObject(v).count <= 1 && StrObject(v).width == 1 }
        if v.hasLayout(.bytes) { return BytesObject(v).count <= 1 }
        return v.hasLayout(.tuple) && TupleObject(v).count == 0
    }

    // MARK: Objects

    private mutating func object(_ v: Value) throws(Raised) {
        if v.isNone { return data.append(0x4E) }
        if v.isTrue { return data.append(0x54) }
        if v.isFalse { return data.append(0x46) }
        if v == .ellipsis { return data.append(0x2E) }
        if v == t.types.pointee.stopIteration { return data.append(0x53) }
        try enter()
        defer { depth -= 1 }
        var flag: UInt8 = 0
        if version >= 3, isShared(v) {
            if let place = places[v.bits] {
                data.append(0x72)
                return long(place)
            }
            places[v.bits] = places.count
            flag = 0x80
        }
        if v.isSmallInt || v.hasLayout(.int) {
            number(v, flag)
        } else if v.isSmallFloat || v.hasLayout(.float) {
            data.append((version > 1 ? 0x67 : 0x66) | flag)
            double(t.double(v))
        } else if v.hasLayout(.complex) {
            data.append((version > 1 ? 0x79 : 0x78) | flag)
            double(ComplexObject(v).real)
            double(ComplexObject(v).imaginary)
        } else if v.hasLayout(.str) {
            try string(v, flag)
        } else if v.hasLayout(.bytes) {
            try sized(0x73 | flag, Array(BytesObject(v).buffer))
        } else {
            try container(v, flag)
        }
    }

    private mutating func container(_ v: Value, _ flag: UInt8) throws(Raised) {
        if v.hasLayout(.tuple) {
            let items = TupleObject(v)
            if version >= 4 && items.count < 256 {
                data.append(0x29 | flag)
                data.append(UInt8(items.count))
            } else {
                data.append(0x28 | flag)
                long(items.count)
            }
            for i in 0..<items.count { try object(items[i]) }
        } else if v.hasLayout(.list) {
            data.append(0x5B | flag)
            let items = ListObject(v)
            long(items.count)
            for i in 0..<items.count { try object(items[i]) }
        } else if v.hasLayout(.dict) {
            data.append(0x7B | flag)
            let dict = DictObject(v)
            for i in 0..<dict.entryCount where dict.entry(i).key.isBound {
                try object(dict.entry(i).key)
                try object(dict.entry(i).value)
            }
            data.append(0x30)
        } else if v.hasLayout(.set) || v.hasLayout(.frozenset) {
            try set(v, flag)
        } else if v.hasLayout(.code) {
            try code(CodeCell(v), flag)
        } else if v.isCell && t.type(of: v).slots.pointee.buffer.isSet {
            let view = try t.buffer(of: v)
            defer { t.release(view) }
            try sized(0x73 | flag, Array(view.bytes))
        } else {
            throw t.raise(.valueError, "unmarshallable object")
        }
    }

    /// The items in the order of their own marshal data, so that the result does not depend on hashes.
    private mutating func set(_ v: Value, _ flag: UInt8) throws(Raised) {
        let items = try t.listFrom(v)
        data.append((v.hasLayout(.set) ? 0x3C : 0x3E) | flag)
        long(items.count)
        var keyed: [(bytes: [UInt8], index: Int)] = []
        for i in 0..<items.count {
            var one = MarshalOutput(t, version: version)
            one.counts = counts
            try one.object(items[i])
            keyed.append((one.data, i))
        }
        keyed.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        for item in keyed { try object(items[item.index]) }
    }

    private mutating func code(_ code: CodeCell, _ flag: UInt8) throws(Raised) {
        data.append(0x63 | flag)
        for n in [code.argcount, code.posonlyargcount, code.kwonlyargcount, code.stacksize, code.flags] { long(n) }
        for i in 1...8 { try object(code.cell[i]) }
        long(code.firstlineno)
        try object(code.linetable)
        try object(code.exceptiontable)
    }

    // MARK: Pieces

    private mutating func long(_ n: Int) {
        let bits = UInt32(truncatingIfNeeded: n)
        for shift in stride(from: UInt32(0), to: 32, by: 8) { data.append(UInt8(truncatingIfNeeded: bits >> shift)) }
    }

    private mutating func double(_ d: Double) {
        if version > 1 {
            for shift in stride(from: UInt64(0), to: 64, by: 8) { data.append(UInt8(truncatingIfNeeded: d.bitPattern >> shift)) }
        } else {
            let text = FloatText.text(d, code: "g", precision: 17)
            data.append(UInt8(truncatingIfNeeded: text.count))
            data.append(contentsOf: text)
        }
    }

    private mutating func number(_ v: Value, _ flag: UInt8) {
        if let small = t.machineInt(v), Int(Int32(truncatingIfNeeded: small)) == small {
            data.append(0x69 | flag)
            return long(small)
        }
        data.append(0x6C | flag)
        let value = t.bigInteger(v)
        let digits = value.digits(bits: 15)
        long(value.isNegative ? -digits.count : digits.count)
        for digit in digits {
            data.append(UInt8(truncatingIfNeeded: digit))
            data.append(UInt8(truncatingIfNeeded: digit >> 8))
        }
    }

    private mutating func sized(_ type: UInt8, _ bytes: [UInt8]) throws(Raised) {
        if bytes.count > Int(Int32.max) { throw t.raise(.valueError, "unmarshallable object") }
        data.append(type)
        long(bytes.count)
        data.append(contentsOf: bytes)
    }

    private mutating func string(_ v: Value, _ flag: UInt8) throws(Raised) {
        let s = StrObject(v)
        // One-character strings are shared here; CPython interns only the ASCII ones.
        let isInterned = s.isInterned && (s.isASCII || s.count > 1)
        if version >= 4 && s.isASCII {
            if s.count < 256 {
                data.append((isInterned ? 0x5A : 0x7A) | flag)
                data.append(UInt8(s.count))
                data.append(contentsOf: t.wtf8(v))
            } else {
                try sized((isInterned ? 0x41 : 0x61) | flag, t.wtf8(v))
            }
        } else {
            try sized((version >= 3 && isInterned ? 0x74 : 0x75) | flag, t.wtf8(v))
        }
    }
}

extension Thread {
    /// Marshal data of an object, versions 0 to 4.
    public func marshal(_ object: Value, version: Int) throws(Raised) -> [UInt8] {
        if object.hasLayout(.code) {
            let code = try exactCode(CodeCell(object))
            do throws(MarshalFailure) { return try Marshal.write(.code(code), version: version) } catch {
                throw raise(.valueError, error.message)
            }
        }
        var output = MarshalOutput(self, version: version)
        try output.write(object)
        return output.data
    }

    /// The compiler's form of a code object.
    public func exactCode(_ code: CodeCell) throws(Raised) -> CodeObject {
        try checkStack()
        let items = TupleObject(code.consts)
        var consts: [Constant] = []
        for i in 0..<items.count { consts.append(try exactConstant(items[i])) }
        return CodeObject(
            argcount: code.argcount, posonlyargcount: code.posonlyargcount, kwonlyargcount: code.kwonlyargcount, stacksize: code.stacksize,
            flags: CodeFlags(rawValue: code.flags), code: Array(BytesObject(code.code).buffer), consts: consts, names: texts(code.names),
            localsplusnames: texts(code.localsplusnames), localspluskinds: Array(BytesObject(code.localspluskinds).buffer),
            filename: string(code.filename), name: string(code.name), qualname: string(code.qualname), firstlineno: code.firstlineno,
            linetable: Array(BytesObject(code.linetable).buffer), exceptiontable: Array(BytesObject(code.exceptiontable).buffer))
    }

    private func texts(_ tuple: Value) -> [String] {
        let items = TupleObject(tuple)
        return (0..<items.count).map { string(items[$0]) }
    }

    /// Whether CPython would have interned a constant: one-character strings are all interned here, there only those of names.
    private func isInternedConstant(_ s: StrObject) -> Bool {
        if !s.isInterned || s.count != 1 { return s.isInterned }
        let c = s[0]
        // A star is one too: `import *` interns it.
        return c < 128 && (c == 0x5F || c == 0x2A || (c >= 0x30 && c <= 0x39) || (c | 32 >= 0x61 && c | 32 <= 0x7A))
    }

    /// The compiler's form of a constant.
    /// - Throws: ValueError for what no constant can be.
    public func exactConstant(_ v: Value) throws(Raised) -> Constant {
        if v.isNone { return .none }
        if v.isTrue { return .true }
        if v.isFalse { return .false }
        if v == .ellipsis { return .ellipsis }
        if v.isSmallInt || v.hasLayout(.int) { return .int(bigInteger(v)) }
        if v.isSmallFloat || v.hasLayout(.float) { return .float(double(v)) }
        if v.hasLayout(.complex) { return .complex(ComplexObject(v).real, ComplexObject(v).imaginary) }
        if v.hasLayout(.str) { return .str(wtf8(v), interned: isInternedConstant(StrObject(v))) }
        if v.hasLayout(.bytes) { return .bytes(Array(BytesObject(v).buffer)) }
        if v.hasLayout(.code) { return .code(try exactCode(CodeCell(v))) }
        if v.hasLayout(.tuple) || v.hasLayout(.frozenset) {
            try checkStack()
            let items = try listFrom(v)
            var made: [Constant] = []
            for i in 0..<items.count { made.append(try exactConstant(items[i])) }
            return v.hasLayout(.tuple) ? .tuple(made) : .frozenset(made)
        }
        throw raise(.valueError, "unmarshallable object")
    }
}
