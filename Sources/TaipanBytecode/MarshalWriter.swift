// Writing marshal data. From version 3 on an object that occurs again is a reference to its first occurrence. CPython goes
// by identity and marks what has more than one owner; here equal constants are one object, as its compiler makes them.
import TaipanNumbers

/// Writes constants as marshal data.
public struct MarshalWriter {
    /// What has been written.
    public private(set) var data: [UInt8] = []
    private let version: Int
    private var places: [Key: Int] = [:]
    private var counts: [Key: Int] = [:]
    private var depth = 0

    /// What makes two occurrences the same object.
    private enum Key: Hashable {
        case int(BigInteger)
        case float(UInt64)
        case complex(UInt64, UInt64)
        case str([UInt8], Bool)
        case bytes([UInt8])
        indirect case tuple([Key?])
        indirect case frozenset(Set<Key?>)
        case code(ObjectIdentifier)
        case singleton(UInt8)
        case unique(Int)

        init?(_ constant: Constant) {
            switch constant {
            case .none: self = .singleton(0)
            case .true: self = .singleton(1)
            case .false: self = .singleton(2)
            case .ellipsis: self = .singleton(3)
            case .int(let value): self = .int(value)
            case .float(let value): self = .float(value.bitPattern)
            case .complex(let re, let im): self = .complex(re.bitPattern, im.bitPattern)
            case .str(let bytes, let interned): self = .str(bytes, interned)
            case .bytes(let bytes): self = .bytes(bytes)
            case .tuple(let items): self = .tuple(items.map { Key($0) })
            case .frozenset(let items): self = .frozenset(Set(items.map { Key($0) }))
            case .code(let code): self = .code(ObjectIdentifier(code))
            }
        }
    }

    /// - Parameter version: the format, 0 to 4.
    public init(version: Int = Marshal.version) { self.version = version }

    /// Appends `constant`.
    public mutating func write(_ constant: Constant) throws(MarshalFailure) {
        if version >= 3 { try count(constant) }
        try object(constant, isRoot: true)
    }

    private static func name(_ text: String) -> Constant { .str(Array(text.utf8), interned: true) }

    /// The name of a code object, which is interned unless made up by the compiler, as `<lambda>`.
    private static func title(_ text: String, of code: CodeObject) -> Constant {
        .str(Array(text.utf8), interned: text == code.name && text.utf8.first != 0x3C)
    }

    /// The objects inside a code object, in the order of the format, without its numbers.
    private static func parts(of code: CodeObject) -> [Constant] {
        [
            .bytes(code.code), .tuple(code.consts), .tuple(code.names.map(name)), .tuple(code.localsplusnames.map(name)),
            .bytes(code.localspluskinds), .str(Array(code.filename.utf8), interned: false), title(code.name, of: code),
            title(code.qualname, of: code), .bytes(code.linetable), .bytes(code.exceptiontable),
        ]
    }

    /// Counts how often each object occurs.
    private mutating func count(_ constant: Constant) throws(MarshalFailure) {
        depth += 1
        defer { depth -= 1 }
        if depth > MarshalType.depthLimit { throw MarshalFailure(.value, "object too deeply nested to marshal") }
        guard let key = Key(constant) else { return }
        counts[key, default: 0] += 1
        if counts[key] != 1 { return }
        switch constant {
        case .tuple(let items), .frozenset(let items): for item in items { try count(item) }
        case .code(let code):
            for (i, part) in Self.parts(of: code).enumerated() where i != 0 && i != 4 {
                if i == 7 && Self.ownsQualname(code) { continue }
                try count(part)
                // The file name belongs to whoever asked for the compilation too.
                if i == 5, let key = Key(part) { counts[key, default: 0] += 1 }
            }
        default: return
        }
    }

    /// Whether CPython has an owner of the object besides the one that is written.
    private func isShared(_ constant: Constant, _ key: Key) -> Bool {
        if counts[key] ?? 0 > 1 { return true }
        switch constant {
        // Names that the compiler makes up are part of CPython itself.
        case .str(let bytes, let interned): return interned || Self.isSingleton(bytes) || Self.isBuiltIn(bytes)
        case .int(let value): return value.asInt.map { (-5...256).contains($0) } ?? false
        case .bytes(let bytes): return bytes.count <= 1
        case .tuple(let items): return items.isEmpty
        default: return false
        }
    }

    private var flagIfShared: UInt8 { version >= 3 ? MarshalType.flag : 0 }

    /// A qualified name is an object of its own, unless it is the plain name or the class body stores it.
    private static func ownsQualname(_ code: CodeObject) -> Bool {
        if code.qualname == code.name { return false }
        let bytes = Array(code.qualname.utf8)
        return !code.consts.contains { if case .str(bytes, _) = $0 { true } else { false } }
    }

    /// Empty and one-character strings up to U+00FF exist once in CPython.
    private static func isSingleton(_ text: [UInt8]) -> Bool {
        text.count <= 1 || text.count == 2 && (text[0] == 0xC2 || text[0] == 0xC3)
    }

    private static func isBuiltIn(_ text: [UInt8]) -> Bool {
        guard text.first == 0x3C else { return false }
        switch String(decoding: text, as: UTF8.self) {
        case "<module>", "<lambda>", "<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>": return true
        default: return false
        }
    }

    // MARK: Pieces

    private mutating func long(_ value: Int) {
        let bits = UInt32(truncatingIfNeeded: value)
        for shift in stride(from: 0, to: 32, by: 8) { data.append(UInt8(truncatingIfNeeded: bits >> UInt32(shift))) }
    }

    private mutating func double(_ value: Double) {
        for shift in stride(from: 0, to: 64, by: 8) { data.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(shift))) }
    }

    private mutating func text(_ value: Double) {
        let text = FloatText.text(value, code: "g", precision: 17)
        data.append(UInt8(truncatingIfNeeded: text.count))
        data.append(contentsOf: text)
    }

    private mutating func sized(_ type: UInt8, _ bytes: [UInt8]) throws(MarshalFailure) {
        guard bytes.count <= Int(Int32.max) else { throw MarshalFailure(.value, "unmarshallable object") }
        data.append(type)
        long(bytes.count)
        data.append(contentsOf: bytes)
    }

    /// The items of a set in the order of their own marshal data, so that the result does not depend on hashes. The flag of what has
    /// several owners is part of those data.
    private func ordered(_ items: [Constant]) throws(MarshalFailure) -> [Constant] {
        var keyed: [(bytes: [UInt8], index: Int)] = []
        for (i, item) in items.enumerated() {
            var one = MarshalWriter(version: version)
            one.counts = counts
            try one.object(item)
            keyed.append((one.data, i))
        }
        keyed.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        return keyed.map { items[$0.index] }
    }

    // MARK: Objects

    /// A text that exists once in CPython is interned everywhere when it is a name somewhere.
    private func unified(_ constant: Constant) -> Constant {
        guard case .str(let bytes, false) = constant, Self.isSingleton(bytes), counts[.str(bytes, true)] != nil else { return constant }
        return .str(bytes, interned: true)
    }

    private mutating func object(_ given: Constant, isRoot: Bool = false) throws(MarshalFailure) {
        let constant = unified(given)
        depth += 1
        defer { depth -= 1 }
        if depth > MarshalType.depthLimit { throw MarshalFailure(.value, "object too deeply nested to marshal") }
        switch constant {
        case .none: return data.append(MarshalType.none)
        case .true: return data.append(MarshalType.true)
        case .false: return data.append(MarshalType.false)
        case .ellipsis: return data.append(MarshalType.ellipsis)
        default: break
        }
        var flag: UInt8 = 0
        if version >= 3, let key = Key(constant) {
            if let place = places[key] {
                data.append(MarshalType.reference)
                return long(place)
            }
            if isRoot || isShared(constant, key) {
                places[key] = places.count
                flag = MarshalType.flag
            }
        }
        switch constant {
        case .str(let bytes, let interned): try string(bytes, interned, flag)
        case .bytes(let bytes): try sized(MarshalType.string | flag, bytes)
        case .tuple(let items):
            if version >= 4 && items.count < 256 {
                data.append(MarshalType.smallTuple | flag)
                data.append(UInt8(items.count))
            } else {
                data.append(MarshalType.tuple | flag)
                long(items.count)
            }
            for item in items { try object(item) }
        case .frozenset(let items):
            data.append(MarshalType.frozenset | flag)
            long(items.count)
            for item in try ordered(items) { try object(item) }
        case .code(let code): try write(code, flag)
        default: number(constant, flag)
        }
    }

    private mutating func number(_ constant: Constant, _ flag: UInt8) {
        switch constant {
        case .int(let value):
            if let small = value.asInt, Int(Int32(truncatingIfNeeded: small)) == small {
                data.append(MarshalType.int | flag)
                return long(small)
            }
            data.append(MarshalType.long | flag)
            let digits = value.digits(bits: 15)
            long(value.isNegative ? -digits.count : digits.count)
            for digit in digits {
                data.append(UInt8(truncatingIfNeeded: digit))
                data.append(UInt8(truncatingIfNeeded: digit >> 8))
            }
        case .float(let value):
            data.append((version > 1 ? MarshalType.float : MarshalType.textFloat) | flag)
            if version > 1 { double(value) } else { text(value) }
        case .complex(let re, let im):
            data.append((version > 1 ? MarshalType.complex : MarshalType.textComplex) | flag)
            if version > 1 {
                double(re)
                double(im)
            } else {
                text(re)
                text(im)
            }
        default: return
        }
    }

    private mutating func string(_ bytes: [UInt8], _ interned: Bool, _ flag: UInt8) throws(MarshalFailure) {
        if version >= 4 && !bytes.contains(where: { $0 >= 0x80 }) {
            if bytes.count < 256 {
                data.append((interned ? MarshalType.shortAsciiInterned : MarshalType.shortAscii) | flag)
                data.append(UInt8(bytes.count))
                data.append(contentsOf: bytes)
            } else {
                try sized((interned ? MarshalType.asciiInterned : MarshalType.ascii) | flag, bytes)
            }
        } else {
            try sized((version >= 3 && interned ? MarshalType.interned : MarshalType.unicode) | flag, bytes)
        }
    }

    private mutating func write(_ code: CodeObject, _ flag: UInt8) throws(MarshalFailure) {
        data.append(MarshalType.code | flag)
        for n in [code.argcount, code.posonlyargcount, code.kwonlyargcount, code.stacksize, code.flags.rawValue] { long(n) }
        for (i, part) in Self.parts(of: code).enumerated() {
            // The first line stands before the two tables.
            if i == 8 { long(code.firstlineno) }
            if i == 4, !code.localspluskinds.isEmpty {
                try sized(MarshalType.string, code.localspluskinds)
            } else if i == 0 {
                // CPython's code objects keep what co_code made, so it always has two owners, and is no one else's.
                places[.unique(places.count)] = places.count
                try sized(MarshalType.string | flagIfShared, code.code)
            } else if i == 7, Self.ownsQualname(code) {
                try string(Array(code.qualname.utf8), false, 0)
            } else {
                try object(part)
            }
        }
    }
}
