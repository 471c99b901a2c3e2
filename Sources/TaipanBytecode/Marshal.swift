// The marshal format, versions 0 to 4: the type codes, the errors, and reading. What is read is handed to a builder, so
// that the same reader makes constants here and objects in a runtime. `MarshalWriter` writes.
import TaipanNumbers

/// Why bytes are not marshal data. `kind` is the Python exception.
public struct MarshalFailure: Error, Equatable, Sendable {
    public enum Kind: String, Sendable {
        case eof = "EOFError"
        case value = "ValueError"
        case type = "TypeError"
    }

    public let kind: Kind
    public let message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

/// The type codes.
enum MarshalType {
    static var null: UInt8 { 0x30 }
    static var none: UInt8 { 0x4E }
    static var `false`: UInt8 { 0x46 }
    static var `true`: UInt8 { 0x54 }
    static var stopIteration: UInt8 { 0x53 }
    static var ellipsis: UInt8 { 0x2E }
    static var int: UInt8 { 0x69 }
    static var int64: UInt8 { 0x49 }
    static var textFloat: UInt8 { 0x66 }
    static var float: UInt8 { 0x67 }
    static var textComplex: UInt8 { 0x78 }
    static var complex: UInt8 { 0x79 }
    static var long: UInt8 { 0x6C }
    static var string: UInt8 { 0x73 }
    static var interned: UInt8 { 0x74 }
    static var reference: UInt8 { 0x72 }
    static var tuple: UInt8 { 0x28 }
    static var list: UInt8 { 0x5B }
    static var dict: UInt8 { 0x7B }
    static var code: UInt8 { 0x63 }
    static var unicode: UInt8 { 0x75 }
    static var set: UInt8 { 0x3C }
    static var frozenset: UInt8 { 0x3E }
    static var ascii: UInt8 { 0x61 }
    static var asciiInterned: UInt8 { 0x41 }
    static var smallTuple: UInt8 { 0x29 }
    static var shortAscii: UInt8 { 0x7A }
    static var shortAsciiInterned: UInt8 { 0x5A }
    /// Set on the type code of an object that is referred to later.
    static var flag: UInt8 { 0x80 }
    /// How deep objects may nest.
    static var depthLimit: Int { 2000 }
}

/// The fields of a code object as they stand in marshal data.
public struct MarshalledCode<Object> {
    public var argcount: Int
    public var posonlyargcount: Int
    public var kwonlyargcount: Int
    public var stacksize: Int
    public var flags: Int
    public var code: Object
    public var consts: Object
    public var names: Object
    public var localsplusnames: Object
    public var localspluskinds: Object
    public var filename: Object
    public var name: Object
    public var qualname: Object
    public var firstlineno: Int
    public var linetable: Object
    public var exceptiontable: Object
}

/// What the values of marshal data become. Containers that can refer to themselves are made first and filled later.
public protocol MarshalBuilder {
    associatedtype Object

    mutating func none() throws(MarshalFailure) -> Object
    mutating func bool(_ value: Bool) throws(MarshalFailure) -> Object
    mutating func ellipsis() throws(MarshalFailure) -> Object
    mutating func stopIteration() throws(MarshalFailure) -> Object
    mutating func int(_ value: BigInteger) throws(MarshalFailure) -> Object
    mutating func float(_ value: Double) throws(MarshalFailure) -> Object
    mutating func complex(_ real: Double, _ imaginary: Double) throws(MarshalFailure) -> Object
    /// Text in WTF-8.
    mutating func str(_ bytes: ArraySlice<UInt8>, interned: Bool) throws(MarshalFailure) -> Object
    mutating func bytes(_ bytes: ArraySlice<UInt8>) throws(MarshalFailure) -> Object
    mutating func tuple(_ items: [Object]) throws(MarshalFailure) -> Object
    mutating func frozenset(_ items: [Object]) throws(MarshalFailure) -> Object
    mutating func list() throws(MarshalFailure) -> Object
    mutating func append(_ item: Object, to list: Object) throws(MarshalFailure)
    mutating func dict() throws(MarshalFailure) -> Object
    mutating func set(_ key: Object, to value: Object, in dict: Object) throws(MarshalFailure)
    mutating func set() throws(MarshalFailure) -> Object
    mutating func add(_ item: Object, to set: Object) throws(MarshalFailure)
    mutating func code(_ code: MarshalledCode<Object>) throws(MarshalFailure) -> Object
}

/// Reads one object of marshal data.
public struct MarshalReader<Builder: MarshalBuilder> {
    private let data: ArraySlice<UInt8>
    /// Where the next byte is read; after `read`, the end of the object.
    public private(set) var at: Int
    /// What the values go to.
    public var builder: Builder
    /// Objects that can be referred to; nil while one is being read.
    private var references: [Builder.Object?] = []
    private var depth = 0

    /// - Parameter data: the bytes, which are read from their start.
    public init(_ data: ArraySlice<UInt8>, builder: Builder) {
        self.data = data
        at = data.startIndex
        self.builder = builder
    }

    /// The next object.
    public mutating func read() throws(MarshalFailure) -> Builder.Object {
        guard let object = try object() else { throw MarshalFailure(.type, "NULL object in marshal data for object") }
        return object
    }

    // MARK: Pieces

    private mutating func byte() throws(MarshalFailure) -> UInt8 {
        guard at < data.endIndex else { throw MarshalFailure(.eof, "EOF read where not expected") }
        at += 1
        return data[at - 1]
    }

    private mutating func bytes(_ count: Int) throws(MarshalFailure) -> ArraySlice<UInt8> {
        guard count >= 0, count <= data.endIndex - at else { throw MarshalFailure(.eof, "marshal data too short") }
        at += count
        return data[at - count..<at]
    }

    private mutating func short() throws(MarshalFailure) -> Int {
        var value = UInt16(0)
        for (i, byte) in try bytes(2).enumerated() { value |= UInt16(byte) << UInt16(8 * i) }
        return Int(Int16(bitPattern: value))
    }

    private mutating func long() throws(MarshalFailure) -> Int {
        var value = UInt32(0)
        for (i, byte) in try bytes(4).enumerated() { value |= UInt32(byte) << UInt32(8 * i) }
        return Int(Int32(bitPattern: value))
    }

    private mutating func double() throws(MarshalFailure) -> Double {
        var bits = UInt64(0)
        for (i, byte) in try bytes(8).enumerated() { bits |= UInt64(byte) << UInt64(8 * i) }
        return Double(bitPattern: bits)
    }

    private mutating func textDouble() throws(MarshalFailure) -> Double {
        let text = try bytes(Int(byte()))
        guard let value = text.withUnsafeBufferPointer({ FloatParser.parse($0) }) else {
            throw MarshalFailure(.value, "could not convert string to float: '\(String(decoding: text, as: UTF8.self))'")
        }
        return value
    }

    private mutating func bigInteger() throws(MarshalFailure) -> BigInteger {
        let n = try long()
        if n == 0 { return BigInteger() }
        let count = n.magnitude
        guard count <= 0x7FFF_FFFF else { throw MarshalFailure(.value, "bad marshal data (long size out of range)") }
        guard Int(count) * 2 <= data.endIndex - at else { throw MarshalFailure(.eof, "marshal data too short") }
        var digits: [UInt32] = []
        digits.reserveCapacity(Int(count))
        for _ in 0..<count {
            let digit = try short()
            guard digit >= 0 else { throw MarshalFailure(.value, "bad marshal data (digit out of range in long)") }
            digits.append(UInt32(digit))
        }
        if digits.last == 0 { throw MarshalFailure(.value, "bad marshal data (unnormalized long data)") }
        return BigInteger(isNegative: n < 0, digits: digits, bits: 15)
    }

    private mutating func size(_ what: String) throws(MarshalFailure) -> Int {
        let n = try long()
        guard n >= 0 else { throw MarshalFailure(.value, "bad marshal data (\(what) size out of range)") }
        return n
    }

    // MARK: Objects

    private mutating func reserve(_ flagged: Bool) -> Int {
        if !flagged { return -1 }
        references.append(nil)
        return references.count - 1
    }

    private mutating func remember(_ object: Builder.Object, _ place: Int) -> Builder.Object {
        if place >= 0 { references[place] = object }
        return object
    }

    /// Nil for the NULL that ends a dict.
    private mutating func object() throws(MarshalFailure) -> Builder.Object? {
        guard at < data.endIndex else { throw MarshalFailure(.eof, "EOF read where object expected") }
        depth += 1
        defer { depth -= 1 }
        if depth > MarshalType.depthLimit { throw MarshalFailure(.value, "recursion limit exceeded") }
        let head = try byte()
        let flagged = head & MarshalType.flag != 0
        let type = head & ~MarshalType.flag
        switch type {
        case MarshalType.null: return nil
        case MarshalType.none: return try builder.none()
        case MarshalType.false: return try builder.bool(false)
        case MarshalType.true: return try builder.bool(true)
        case MarshalType.ellipsis: return try builder.ellipsis()
        case MarshalType.stopIteration: return try builder.stopIteration()
        case MarshalType.reference:
            let place = try long()
            guard references.indices.contains(place), let object = references[place] else {
                throw MarshalFailure(.value, "bad marshal data (invalid reference)")
            }
            return object
        case MarshalType.tuple, MarshalType.smallTuple, MarshalType.list, MarshalType.dict, MarshalType.set,
            MarshalType.frozenset, MarshalType.code:
            return try container(type, reserve(flagged))
        default:
            let object = try scalar(type)
            return remember(object, reserve(flagged))
        }
    }

    private mutating func scalar(_ type: UInt8) throws(MarshalFailure) -> Builder.Object {
        switch type {
        case MarshalType.int: return try builder.int(BigInteger(long()))
        case MarshalType.int64:
            var bits = UInt64(0)
            for (i, byte) in try bytes(8).enumerated() { bits |= UInt64(byte) << UInt64(8 * i) }
            return try builder.int(BigInteger(Int(Int64(bitPattern: bits))))
        case MarshalType.long: return try builder.int(bigInteger())
        case MarshalType.textFloat: return try builder.float(textDouble())
        case MarshalType.float: return try builder.float(double())
        case MarshalType.textComplex: return try builder.complex(textDouble(), textDouble())
        case MarshalType.complex: return try builder.complex(double(), double())
        case MarshalType.string: return try builder.bytes(bytes(size("bytes object")))
        case MarshalType.asciiInterned: return try ascii(size("string"), interned: true)
        case MarshalType.ascii: return try ascii(size("string"), interned: false)
        case MarshalType.shortAsciiInterned: return try ascii(Int(byte()), interned: true)
        case MarshalType.shortAscii: return try ascii(Int(byte()), interned: false)
        case MarshalType.interned: return try builder.str(bytes(size("string")), interned: true)
        case MarshalType.unicode: return try builder.str(bytes(size("string")), interned: false)
        default: throw MarshalFailure(.value, "bad marshal data (unknown type code)")
        }
    }

    /// The bytes of an ASCII string are code points; above 127, which CPython does not refuse, they are Latin-1.
    private mutating func ascii(_ count: Int, interned: Bool) throws(MarshalFailure) -> Builder.Object {
        let raw = try bytes(count)
        if !raw.contains(where: { $0 >= 0x80 }) { return try builder.str(raw, interned: interned) }
        var text: [UInt8] = []
        for byte in raw {
            if byte < 0x80 {
                text.append(byte)
            } else {
                text.append(0xC0 | byte >> 6)
                text.append(0x80 | byte & 0x3F)
            }
        }
        return try builder.str(text[...], interned: interned)
    }

    private mutating func container(_ type: UInt8, _ place: Int) throws(MarshalFailure) -> Builder.Object {
        switch type {
        case MarshalType.smallTuple: return remember(try builder.tuple(items(Int(byte()), "tuple")), place)
        case MarshalType.tuple: return remember(try builder.tuple(items(size("tuple"), "tuple")), place)
        case MarshalType.frozenset:
            return remember(try builder.frozenset(items(size("set"), "set")), place)
        case MarshalType.list:
            let count = try size("list")
            let list = remember(try builder.list(), place)
            for _ in 0..<count { try builder.append(item("list"), to: list) }
            return list
        case MarshalType.set:
            let count = try size("set")
            let set = remember(try builder.set(), place)
            for _ in 0..<count { try builder.add(item("set"), to: set) }
            return set
        case MarshalType.dict:
            let dict = remember(try builder.dict(), place)
            while let key = try object() {
                guard let value = try object() else { break }
                try builder.set(key, to: value, in: dict)
            }
            return dict
        default: return remember(try code(), place)
        }
    }

    private mutating func item(_ container: String) throws(MarshalFailure) -> Builder.Object {
        guard let item = try object() else { throw MarshalFailure(.type, "NULL object in marshal data for \(container)") }
        return item
    }

    private mutating func items(_ count: Int, _ container: String) throws(MarshalFailure) -> [Builder.Object] {
        var result: [Builder.Object] = []
        result.reserveCapacity(min(count, data.endIndex - at))
        for _ in 0..<count { result.append(try item(container)) }
        return result
    }

    private mutating func code() throws(MarshalFailure) -> Builder.Object {
        let argcount = try long(), posonly = try long(), kwonly = try long(), stacksize = try long(), flags = try long()
        let code = try read(), consts = try read(), names = try read(), slots = try read(), kinds = try read()
        let filename = try read(), name = try read(), qualname = try read()
        let firstlineno = try long()
        let linetable = try read(), exceptiontable = try read()
        return try builder.code(
            MarshalledCode(
                argcount: argcount, posonlyargcount: posonly, kwonlyargcount: kwonly, stacksize: stacksize, flags: flags,
                code: code, consts: consts, names: names, localsplusnames: slots, localspluskinds: kinds,
                filename: filename, name: name, qualname: qualname, firstlineno: firstlineno, linetable: linetable,
                exceptiontable: exceptiontable))
    }
}

/// Builds constants; lists, dicts and sets are refused.
public struct ConstantBuilder: MarshalBuilder {
    public init() {}

    public func none() throws(MarshalFailure) -> Constant { .none }
    public func bool(_ value: Bool) throws(MarshalFailure) -> Constant { value ? .true : .false }
    public func ellipsis() throws(MarshalFailure) -> Constant { .ellipsis }
    public func stopIteration() throws(MarshalFailure) -> Constant { throw Self.unsupported() }
    public func int(_ value: BigInteger) throws(MarshalFailure) -> Constant { .int(value) }
    public func float(_ value: Double) throws(MarshalFailure) -> Constant { .float(value) }
    public func complex(_ real: Double, _ imaginary: Double) throws(MarshalFailure) -> Constant { .complex(real, imaginary) }
    public func str(_ bytes: ArraySlice<UInt8>, interned: Bool) throws(MarshalFailure) -> Constant {
        .str(Array(bytes), interned: interned)
    }
    public func bytes(_ bytes: ArraySlice<UInt8>) throws(MarshalFailure) -> Constant { .bytes(Array(bytes)) }
    public func tuple(_ items: [Constant]) throws(MarshalFailure) -> Constant { .tuple(items) }
    public func frozenset(_ items: [Constant]) throws(MarshalFailure) -> Constant { .frozenset(items) }
    public func list() throws(MarshalFailure) -> Constant { throw Self.unsupported() }
    public func append(_ item: Constant, to list: Constant) throws(MarshalFailure) { throw Self.unsupported() }
    public func dict() throws(MarshalFailure) -> Constant { throw Self.unsupported() }
    public func set(_ key: Constant, to value: Constant, in dict: Constant) throws(MarshalFailure) { throw Self.unsupported() }
    public func set() throws(MarshalFailure) -> Constant { throw Self.unsupported() }
    public func add(_ item: Constant, to set: Constant) throws(MarshalFailure) { throw Self.unsupported() }

    public func code(_ fields: MarshalledCode<Constant>) throws(MarshalFailure) -> Constant {
        guard let code = Self.code(fields) else { throw MarshalFailure(.value, "bad marshal data (invalid code object)") }
        return .code(code)
    }

    private static func unsupported() -> MarshalFailure { MarshalFailure(.value, "bad marshal data (not a constant)") }

    /// A code object of fields that have the right types and agree with each other.
    private static func code(_ fields: MarshalledCode<Constant>) -> CodeObject? {
        guard case .bytes(let code) = fields.code, case .tuple(let consts) = fields.consts,
            let names = texts(fields.names), let slots = texts(fields.localsplusnames),
            case .bytes(let kinds) = fields.localspluskinds, let filename = text(fields.filename),
            let name = text(fields.name), let qualname = text(fields.qualname),
            case .bytes(let linetable) = fields.linetable, case .bytes(let exceptiontable) = fields.exceptiontable,
            kinds.count == slots.count, code.count % 2 == 0, fields.argcount >= fields.posonlyargcount,
            fields.posonlyargcount >= 0, fields.kwonlyargcount >= 0, fields.stacksize >= 0
        else { return nil }
        return CodeObject(
            argcount: fields.argcount, posonlyargcount: fields.posonlyargcount, kwonlyargcount: fields.kwonlyargcount,
            stacksize: fields.stacksize, flags: CodeFlags(rawValue: fields.flags), code: code, consts: consts, names: names,
            localsplusnames: slots, localspluskinds: kinds, filename: filename, name: name, qualname: qualname,
            firstlineno: fields.firstlineno, linetable: linetable, exceptiontable: exceptiontable)
    }

    private static func text(_ constant: Constant) -> String? {
        guard case .str(let bytes, _) = constant else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func texts(_ constant: Constant) -> [String]? {
        guard case .tuple(let items) = constant else { return nil }
        var result: [String] = []
        for item in items {
            guard let text = text(item) else { return nil }
            result.append(text)
        }
        return result
    }
}

/// Marshal data and `.pyc` files of constants and code objects.
public enum Marshal {
    /// The newest format, which CPython 3.12 writes.
    public static var version: Int { 4 }

    /// The object at the start of `data`.
    public static func read(_ data: ArraySlice<UInt8>) throws(MarshalFailure) -> Constant {
        var reader = MarshalReader(data, builder: ConstantBuilder())
        return try reader.read()
    }

    /// Marshal data of `constant`, in the format of `version`.
    public static func write(_ constant: Constant, version: Int = Marshal.version) throws(MarshalFailure) -> [UInt8] {
        var writer = MarshalWriter(version: version)
        try writer.write(constant)
        return writer.data
    }
}
