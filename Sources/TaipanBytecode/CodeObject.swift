// The exact form of compiled code: field for field what CPython 3.12 keeps in a code object. Immutable, so that
// it can be shared between interpreters; what runs is derived from it elsewhere.
import TaipanNumbers

/// The bits of `co_flags`.
public struct CodeFlags: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Locals live in fast slots.
    public static var optimized: CodeFlags { CodeFlags(rawValue: 0x1) }
    /// A call makes a new namespace.
    public static var newLocals: CodeFlags { CodeFlags(rawValue: 0x2) }
    /// Has a `*args` parameter.
    public static var varArguments: CodeFlags { CodeFlags(rawValue: 0x4) }
    /// Has a `**kwargs` parameter.
    public static var varKeywords: CodeFlags { CodeFlags(rawValue: 0x8) }
    /// Made inside another function.
    public static var nested: CodeFlags { CodeFlags(rawValue: 0x10) }
    public static var generator: CodeFlags { CodeFlags(rawValue: 0x20) }
    public static var coroutine: CodeFlags { CodeFlags(rawValue: 0x80) }
    public static var iterableCoroutine: CodeFlags { CodeFlags(rawValue: 0x100) }
    public static var asyncGenerator: CodeFlags { CodeFlags(rawValue: 0x200) }
    public static var futureDivision: CodeFlags { CodeFlags(rawValue: 0x20000) }
    public static var futureAbsoluteImport: CodeFlags { CodeFlags(rawValue: 0x40000) }
    public static var futureWithStatement: CodeFlags { CodeFlags(rawValue: 0x80000) }
    public static var futurePrintFunction: CodeFlags { CodeFlags(rawValue: 0x100000) }
    public static var futureUnicodeLiterals: CodeFlags { CodeFlags(rawValue: 0x200000) }
    public static var futureBarryAsBDFL: CodeFlags { CodeFlags(rawValue: 0x400000) }
    public static var futureGeneratorStop: CodeFlags { CodeFlags(rawValue: 0x800000) }
    public static var futureAnnotations: CodeFlags { CodeFlags(rawValue: 0x1000000) }
    /// Every `__future__` bit.
    public static var allFutures: CodeFlags { CodeFlags(rawValue: 0x1FE0000) }
}

/// What a fast-local slot holds; the bits of `co_localspluskinds`.
public struct LocalKind: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Cleared and restored by an inlined comprehension; not visible in `locals()`.
    public static var hidden: LocalKind { LocalKind(rawValue: 0x10) }
    /// A parameter or local variable.
    public static var local: LocalKind { LocalKind(rawValue: 0x20) }
    /// Captured by an inner scope; a parameter can be both local and cell.
    public static var cell: LocalKind { LocalKind(rawValue: 0x40) }
    /// Captured from an outer scope.
    public static var free: LocalKind { LocalKind(rawValue: 0x80) }
}

/// A value in `co_consts`.
public indirect enum Constant: Sendable {
    case none
    case `true`
    case `false`
    case ellipsis
    case int(BigInteger)
    case float(Double)
    case complex(Double, Double)
    /// Text as WTF-8: UTF-8 in which lone surrogates are encoded like other code points.
    case str([UInt8], interned: Bool)
    case bytes([UInt8])
    case tuple([Constant])
    /// The elements in the order in which they were added.
    case frozenset([Constant])
    case code(CodeObject)
}

/// A code object of Python 3.12, with the fields of `types.CodeType`.
public final class CodeObject: Sendable {
    /// The number of positional parameters, positional-only ones included.
    public let argcount: Int
    public let posonlyargcount: Int
    public let kwonlyargcount: Int
    /// The deepest that the value stack gets.
    public let stacksize: Int
    public let flags: CodeFlags
    /// `co_code`: two bytes a unit, with zeroed `CACHE` units.
    public let code: [UInt8]
    public let consts: [Constant]
    public let names: [String]
    /// The names of all fast slots: parameters and locals, then cells, then free variables.
    public let localsplusnames: [String]
    /// What each slot holds, as long as `localsplusnames`.
    public let localspluskinds: [UInt8]
    public let filename: String
    public let name: String
    public let qualname: String
    public let firstlineno: Int
    /// The location table (PEP 626, PEP 657).
    public let linetable: [UInt8]
    public let exceptiontable: [UInt8]

    /// Takes every field as it is; nothing is checked (see `Marshal.read` for code from outside).
    public init(
        argcount: Int, posonlyargcount: Int, kwonlyargcount: Int, stacksize: Int, flags: CodeFlags,
        code: [UInt8], consts: [Constant], names: [String], localsplusnames: [String], localspluskinds: [UInt8],
        filename: String, name: String, qualname: String, firstlineno: Int, linetable: [UInt8], exceptiontable: [UInt8]
    ) {
        self.argcount = argcount
        self.posonlyargcount = posonlyargcount
        self.kwonlyargcount = kwonlyargcount
        self.stacksize = stacksize
        self.flags = flags
        self.code = code
        self.consts = consts
        self.names = names
        self.localsplusnames = localsplusnames
        self.localspluskinds = localspluskinds
        self.filename = filename
        self.name = name
        self.qualname = qualname
        self.firstlineno = firstlineno
        self.linetable = linetable
        self.exceptiontable = exceptiontable
    }

    /// `co_varnames`: parameters, then other locals.
    public var varnames: [String] { names(of: .local) }
    /// `co_cellvars`, parameters that are captured first.
    public var cellvars: [String] { names(of: .cell) }
    /// `co_freevars`.
    public var freevars: [String] { names(of: .free) }
    /// `co_nlocals`.
    public var nlocals: Int { count(of: .local) }
    /// How many slots are cells, captured parameters included.
    public var ncellvars: Int { count(of: .cell) }
    /// How many slots are free variables; they are the last ones.
    public var nfreevars: Int { count(of: .free) }

    private func names(of kind: LocalKind) -> [String] {
        var result: [String] = []
        for (i, bits) in localspluskinds.enumerated() where bits & kind.rawValue != 0 { result.append(localsplusnames[i]) }
        return result
    }

    private func count(of kind: LocalKind) -> Int {
        var n = 0
        for bits in localspluskinds where bits & kind.rawValue != 0 { n += 1 }
        return n
    }
}
