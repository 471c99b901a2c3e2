// The code object as a cell: CPython's fields as Python values, so that attributes, marshal and comparison need no
// conversion, and a pointer to the lowered form once it has run.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanBytecode
import TaipanCompiler
import TaipanNumbers

@frozen public struct CodeCell: BitwiseCopyable {
    public let cell: Cell
    public init(_ value: Value) { cell = value.cell }
    public var value: Value { Value(cell) }
    public var code: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    public var consts: Value { get { cell[2] } nonmutating set { cell[2] = newValue } }
    public var names: Value { get { cell[3] } nonmutating set { cell[3] = newValue } }
    public var localsplusnames: Value { get { cell[4] } nonmutating set { cell[4] = newValue } }
    public var localspluskinds: Value { get { cell[5] } nonmutating set { cell[5] = newValue } }
    public var filename: Value { get { cell[6] } nonmutating set { cell[6] = newValue } }
    public var name: Value { get { cell[7] } nonmutating set { cell[7] = newValue } }
    public var qualname: Value { get { cell[8] } nonmutating set { cell[8] = newValue } }
    public var linetable: Value { get { cell[9] } nonmutating set { cell[9] = newValue } }
    public var exceptiontable: Value { get { cell[10] } nonmutating set { cell[10] = newValue } }
    static var valueWords: Int32 { 10 }
    public var argcount: Int { get { cell.raw(11) } nonmutating set { cell.setRaw(newValue, at: 11) } }
    public var posonlyargcount: Int { get { cell.raw(12) } nonmutating set { cell.setRaw(newValue, at: 12) } }
    public var kwonlyargcount: Int { get { cell.raw(13) } nonmutating set { cell.setRaw(newValue, at: 13) } }
    public var stacksize: Int { get { cell.raw(14) } nonmutating set { cell.setRaw(newValue, at: 14) } }
    public var flags: Int { get { cell.raw(15) } nonmutating set { cell.setRaw(newValue, at: 15) } }
    public var firstlineno: Int { get { cell.raw(16) } nonmutating set { cell.setRaw(newValue, at: 16) } }
    /// The running form, or nil before the first call.
    var lowered: UnsafeMutablePointer<LoweredCode>? {
        get { UnsafeMutablePointer(bitPattern: cell.raw(17)) }
        nonmutating set { cell.setRaw(Int(bitPattern: newValue), at: 17) }
    }
    static var bytes: Int { 144 }

    public var isGenerator: Bool { flags & (0x20 | 0x80 | 0x200) != 0 }
    public var hasVarArguments: Bool { flags & 4 != 0 }
    public var hasVarKeywords: Bool { flags & 8 != 0 }
    /// Parameters of every kind.
    public var parameterCount: Int { argcount + kwonlyargcount + (hasVarArguments ? 1 : 0) + (hasVarKeywords ? 1 : 0) }
}

/// The constants of one compilation so far: equal ones are one object in all its code objects.
private struct SharedConstants {
    var places: [ConstantIdentity: Int] = [:]
    var made: ListObject
    /// The strings in frozensets that were interned before any constant of this compilation.
    var internedBefore: Set<[UInt8]> = []
}

extension Thread {
    /// The cell of a compiled code object, with everything nested in it.
    public func newCode(_ source: CodeObject) throws(Raised) -> CodeCell { try newCode(source, intern(source.filename)) }

    /// The same with a file name that need not be what the compiler was told.
    func newCode(_ source: CodeObject, _ filename: Value) throws(Raised) -> CodeCell {
        var shared = SharedConstants(made: try newList())
        var texts: Set<[UInt8]> = []
        source.collectTexts(inFrozensets: &texts)
        if !texts.isEmpty {
            shared.internedBefore = texts.filter { isInterned($0) }
            source.collectNames(among: texts, &shared.internedBefore)
        }
        return try newCode(source, filename, &shared)
    }

    private func isInterned(_ text: [UInt8]) -> Bool {
        text.withUnsafeBufferPointer { interp.pointee.interned.find($0, hashBytes(UnsafeRawBufferPointer($0))) != nil }
    }

    private func newCode(_ source: CodeObject, _ filename: Value, _ shared: inout SharedConstants) throws(Raised) -> CodeCell {
        let made = blankCode()
        made.argcount = source.argcount
        made.posonlyargcount = source.posonlyargcount
        made.kwonlyargcount = source.kwonlyargcount
        made.stacksize = source.stacksize
        made.flags = source.flags.rawValue
        made.firstlineno = source.firstlineno
        made.code = try bytes(source.code)
        made.localspluskinds = try bytes(source.localspluskinds)
        made.linetable = try bytes(keepsColumns() ? source.linetable : withoutColumns(source.linetable, source.firstlineno))
        made.exceptiontable = try bytes(source.exceptiontable)
        made.filename = filename
        made.name = intern(source.name)
        made.qualname = intern(source.qualname)
        made.names = try internedTuple(source.names)
        made.localsplusnames = try internedTuple(source.localsplusnames)
        let consts = try newTuple(source.consts.count)
        for i in source.consts.indices { consts[i] = try constant(source.consts[i], filename, &shared) }
        made.consts = consts.value
        return made
    }

    /// False under `-X no_debug_ranges` and PYTHONNODEBUGRANGES.
    public func keepsColumns() -> Bool {
        if !interp.pointee.config.xOptions.isEmpty && interp.pointee.config.xOptions.contains(where: { $0.0 == "no_debug_ranges" }) { return false }
        guard !interp.pointee.config.ignoresEnvironment, let value = getenv("PYTHONNODEBUGRANGES") else { return true }
        return value.pointee == 0
    }

    /// A location table with line numbers only.
    func withoutColumns(_ table: [UInt8], _ firstLine: Int) -> [UInt8] {
        var writer = LocationTableWriter(firstLine: firstLine)
        for entry in LocationTable(table, firstLine: firstLine) {
            let line = entry.range.line
            writer.append(line < 0 ? .none : SourceRange(line, line, -1, -1), units: (entry.end - entry.start) / 2)
        }
        return writer.bytes
    }

    /// A code object whose fields are the caller's to fill.
    func blankCode() -> CodeCell { CodeCell(Value(heap.allocate(header: UInt(LayoutID.code.rawValue), bytes: CodeCell.bytes))) }

    private func internedTuple(_ names: [String]) throws(Raised) -> Value {
        let made = try newTuple(names.count)
        for i in names.indices { made[i] = intern(names[i]) }
        return made.value
    }

    /// The value of a compile-time constant.
    public func constant(_ constant: Constant) throws(Raised) -> Value {
        var shared = SharedConstants(made: try newList())
        return try self.constant(constant, .unbound, &shared)
    }

    private func constant(_ constant: Constant, _ filename: Value, _ shared: inout SharedConstants) throws(Raised) -> Value {
        switch constant {
        case .none: return .none
        case .true: return .true
        case .false: return .false
        case .ellipsis: return .ellipsis
        case .str(let bytes, true): return intern(bytes.withUnsafeBufferPointer { str(utf8: $0) })
        case .code(let code): return try newCode(code, filename.isUnbound ? intern(code.filename) : filename, &shared).value
        default:
            let identity = ConstantIdentity(constant)
            if let place = shared.places[identity] { return shared.made[place] }
            let value = try newConstant(constant, filename, &shared)
            shared.places[identity] = shared.made.count
            try append(shared.made, value)
            return value
        }
    }

    /// A constant that is met for the first time.
    private func newConstant(_ constant: Constant, _ filename: Value, _ shared: inout SharedConstants) throws(Raised) -> Value {
        switch constant {
        case .int(let n): return try int(n)
        case .float(let d): return float(d)
        case .complex(let real, let imaginary): return newComplex(real, imaginary)
        case .str(let bytes, _): return bytes.withUnsafeBufferPointer { str(utf8: $0) }
        case .bytes(let b): return b.isEmpty ? objects.pointee.emptyBytes : try self.bytes(b)
        case .tuple(let items):
            let made = try newTuple(items.count)
            for i in items.indices { made[i] = try self.constant(items[i], filename, &shared) }
            return made.value
        case .frozenset(let items):
            if items.isEmpty { return emptyFrozenset() }
            let made = try newList(capacity: items.count)
            for item in items { try append(made, try self.constant(item, filename, &shared)) }
            return try frozensetConstant(made.value, remadeOnceMore: items.contains { $0.text.map(shared.internedBefore.contains) ?? false })
        default: return try self.constant(constant, filename, &shared)
        }
    }

    /// The set of `items` in the order of CPython's: there, merging equal constants makes a set again out of itself, and so does
    /// interning when a string in it gives way to one that was interned before.
    private func frozensetConstant(_ items: Value, remadeOnceMore: Bool) throws(Raised) -> Value {
        var set = try call(types.pointee.frozenset, items)
        for _ in 0..<(remadeOnceMore ? 2 : 1) { set = try call(types.pointee.frozenset, try listFrom(set).value) }
        return set
    }

    /// The int of a compile-time big integer.
    public func int(_ n: BigInteger) throws(Raised) -> Value {
        if n.magnitude.isEmpty { return Value(smallInt: 0) }
        let made = try newInt(limbs: n.magnitude.count)
        for i in n.magnitude.indices { made.limbs[i] = n.magnitude[i] }
        return normalize(made, isNegative: n.isNegative)
    }
}

extension Constant {
    /// The text of a string that would be interned; nil for those of one character, of which there is just one each.
    fileprivate var text: [UInt8]? {
        if case .str(let text, true) = self, text.count > 1 { return text }
        return nil
    }
}

extension CodeObject {
    /// Adds the strings that stand in frozensets among the constants, nested code included.
    fileprivate func collectTexts(inFrozensets texts: inout Set<[UInt8]>) {
        for constant in consts {
            switch constant {
            case .code(let code): code.collectTexts(inFrozensets: &texts)
            case .frozenset(let items): texts.formUnion(items.compactMap { $0.text })
            default: break
            }
        }
    }

    /// Adds those of `texts` that are names in the source: the parser interns names before there are constants.
    fileprivate func collectNames(among texts: Set<[UInt8]>, _ found: inout Set<[UInt8]>) {
        for name in [self.name] + names + localsplusnames {
            let text = Array(name.utf8)
            if texts.contains(text) { found.insert(text) }
        }
        for constant in consts { if case .code(let code) = constant { code.collectNames(among: texts, &found) } }
    }
}
