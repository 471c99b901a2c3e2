// The constants of one code unit: each value once, told apart by type and sign of zero as well.
import TaipanBytecode
import TaipanNumbers
import TaipanSyntax

/// What makes two constants the same entry of `co_consts`.
enum ConstantKey: Hashable {
    case none, `true`, `false`, ellipsis
    case int(Bool, [UInt64])
    case float(UInt64)
    case complex(UInt64, UInt64)
    case str(ByteKey)
    case bytes(ByteKey)
    indirect case tuple([ConstantKey])
    indirect case frozenset(Set<ConstantKey>)
    case code(CodeKey)

    init(_ constant: Constant) {
        switch constant {
        case .none: self = .none
        case .true: self = .true
        case .false: self = .false
        case .ellipsis: self = .ellipsis
        case .int(let value): self = .int(value.isNegative, value.magnitude)
        case .float(let value): self = .float(value.bitPattern)
        case .complex(let re, let im): self = .complex(re.bitPattern, im.bitPattern)
        case .str(let bytes, _): self = .str(ByteKey(bytes: bytes))
        case .bytes(let bytes): self = .bytes(ByteKey(bytes: bytes))
        case .tuple(let items): self = .tuple(items.map { ConstantKey($0) })
        case .frozenset(let items): self = .frozenset(Set(items.map { ConstantKey($0) }))
        case .code(let code): self = .code(CodeKey(code: code))
        }
    }
}

/// What makes constants of one compilation the same object, in whatever code objects of it they are.
public struct ConstantIdentity: Hashable {
    private let key: ConstantKey

    public init(_ constant: Constant) { key = ConstantKey(constant) }
}

/// Bytes that hash in one go.
struct ByteKey: Hashable {
    let bytes: [UInt8]

    func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

/// Code objects are equal when all that they are made of is: the two compilations of a `finally` body share theirs.
struct CodeKey: Hashable {
    let code: CodeObject

    static func == (a: CodeKey, b: CodeKey) -> Bool {
        let x = a.code, y = b.code
        if x === y { return true }
        // Qualified names are not compared: the first of two equal lambdas gives its own.
        return x.name == y.name && x.argcount == y.argcount && x.posonlyargcount == y.posonlyargcount
            && x.kwonlyargcount == y.kwonlyargcount && x.flags == y.flags && x.firstlineno == y.firstlineno
            && x.code == y.code && x.linetable == y.linetable && x.exceptiontable == y.exceptiontable
            && x.names == y.names && x.localsplusnames == y.localsplusnames
            && x.consts.map { ConstantKey($0) } == y.consts.map { ConstantKey($0) }
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(code.name)
        hasher.combine(code.firstlineno)
        hasher.combine(code.code.count)
    }
}

/// The constants of a code unit while it is compiled.
struct ConstantTable {
    var items: [Constant] = []
    private var places: [ConstantKey: Int] = [:]

    init() {}

    /// A table that begins with `items`, equal ones included.
    init(_ items: [Constant]) {
        self.items = items
        for (i, item) in items.enumerated() where !item.hasNaN && places[ConstantKey(item)] == nil { places[ConstantKey(item)] = i }
    }

    /// The index of `constant`, which is added if it is new.
    ///
    /// A NaN equals nothing, so it is always new.
    mutating func add(_ constant: Constant) -> Int {
        if constant.hasNaN {
            items.append(constant)
            return items.count - 1
        }
        let key = ConstantKey(constant)
        if let place = places[key] { return place }
        places[key] = items.count
        items.append(constant)
        return items.count - 1
    }

    subscript(index: Int32) -> Constant { items[Int(index)] }
}

extension Constant {
    fileprivate var hasNaN: Bool {
        switch self {
        case .float(let value): value.isNaN
        case .complex(let re, let im): re.isNaN || im.isNaN
        case .tuple(let items), .frozenset(let items): items.contains(where: \.hasNaN)
        default: false
        }
    }

    /// The truth of the value.
    var isTrue: Bool {
        switch self {
        case .none, .false: false
        case .true, .ellipsis, .code: true
        case .int(let value): !value.magnitude.isEmpty
        case .float(let value): value != 0
        case .complex(let re, let im): re != 0 || im != 0
        case .str(let bytes, _), .bytes(let bytes): !bytes.isEmpty
        case .tuple(let items), .frozenset(let items): !items.isEmpty
        }
    }

    /// An interned string.
    static func name(_ text: String) -> Constant { .str(Array(text.utf8), interned: true) }

    static func small(_ value: Int) -> Constant {
        .int(BigInteger(isNegative: value < 0, magnitude: value == 0 ? [] : [UInt64(value.magnitude)]))
    }

    init(_ value: ConstantValue) {
        switch value {
        case .none: self = .none
        case .true: self = .true
        case .false: self = .false
        case .ellipsis: self = .ellipsis
        case .int(let value): self = .int(value)
        case .float(let value): self = .float(value)
        case .complex(let imaginary): self = .complex(0, imaginary)
        case .complexPair(let re, let im): self = .complex(re, im)
        case .str(let bytes): self = .str(bytes, interned: Constant.looksLikeName(bytes))
        case .bytes(let bytes): self = .bytes(bytes)
        case .tuple(let items): self = .tuple(items.map { Constant($0) })
        case .frozenset(let items): self = .frozenset(items.map { Constant($0) })
        }
    }

    /// Strings of ASCII letters, digits and underscores are interned.
    private static func looksLikeName(_ bytes: [UInt8]) -> Bool {
        bytes.allSatisfy { $0 == 0x5F || ($0 &- 48 < 10) || (($0 | 32) &- 97 < 26) }
    }
}
