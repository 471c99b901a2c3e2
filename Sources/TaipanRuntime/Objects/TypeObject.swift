// The type object. Owns: the cell's fields, the method cache, and the rule that a type's version
// changes whenever a lookup through it might answer differently.

public enum TypeFlag {
    /// Made by `class` or `type()`: mutable, with its own instance layouts.
    public static var heap: Int { 1 }
    /// May be subclassed.
    public static var base: Int { 2 }
    /// `type.__setattr__` refuses.
    public static var immutable: Int { 4 }
    /// Cannot be called to make an instance.
    public static var noInstantiation: Int { 8 }
    public static var abstract: Int { 16 }
    /// `match` sequence and mapping patterns (PEP 634).
    public static var sequence: Int { 32 }
    public static var mapping: Int { 64 }
    /// Instances have a `__dict__` (slots or a dict), and may be weakly referenced.
    public static var hasDict: Int { 128 }
    public static var hasWeakReferences: Int { 256 }
    /// Descriptor get of functions: `obj.name(...)` may skip the bound method.
    public static var methodDescriptor: Int { 512 }
    /// `__class_getitem__`-style positional patterns: one positional pattern matches the subject itself.
    public static var matchSelf: Int { 1024 }
    /// Some class in the mro overrides `__getattribute__` / `__setattr__`: no attribute caches.
    public static var customGetattr: Int { 2048 }
    public static var customSetattr: Int { 4096 }
    /// Cells hold a varying number of items; attributes of subclass instances are in a dict behind them.
    public static var variableSize: Int { 8192 }
    public static var isReady: Int { 16384 }
    /// Instances are called through the native function in the slot (CPython: PEP 590). Shown in `__flags__`, see `declaresVectorcall`.
    public static var vectorcall: Int { 32768 }
    /// Built in here, made at run time in CPython: its `__flags__` has the bit of heap types.
    public static var madeAtRunTime: Int { 65536 }
}

/// A view of a type cell.
@frozen public struct TypeObject: BitwiseCopyable, Equatable {
    public let cell: Cell
    @inlinable @inline(__always) public init(_ cell: Cell) { self.cell = cell }
    /// `value` must be a type.
    @inlinable @inline(__always) public init(_ value: Value) { cell = value.cell }
    @inlinable @inline(__always) public var value: Value { Value(cell) }

    // Value words.
    @inlinable @inline(__always) public var name: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    @inlinable @inline(__always) public var qualname: Value { get { cell[2] } nonmutating set { cell[2] = newValue } }
    @inlinable @inline(__always) public var bases: Value { get { cell[3] } nonmutating set { cell[3] = newValue } }
    @inlinable @inline(__always) public var mro: Value { get { cell[4] } nonmutating set { cell[4] = newValue } }
    @inlinable @inline(__always) public var dict: Value { get { cell[5] } nonmutating set { cell[5] = newValue } }
    /// The base whose layout this type extends, or None for `object`.
    @inlinable @inline(__always) public var base: Value { get { cell[6] } nonmutating set { cell[6] = newValue } }
    /// List of weak references to the direct subclasses, or unbound.
    @inlinable @inline(__always) public var subclasses: Value { get { cell[7] } nonmutating set { cell[7] = newValue } }
    /// Tuple of the names in `__slots__` (mangled), or unbound.
    @inlinable @inline(__always) public var slotNames: Value { get { cell[8] } nonmutating set { cell[8] = newValue } }
    /// Module name of a builtin type (a str), or unbound: then `__module__` is in the dict.
    @inlinable @inline(__always) public var moduleName: Value { get { cell[9] } nonmutating set { cell[9] = newValue } }
    /// Cached `__init__` function for inlined instantiation, guarded by the version.
    @inlinable @inline(__always) public var cachedInit: Value { get { cell[10] } nonmutating set { cell[10] = newValue } }
    static var valueWords: Int32 { 11 }

    // Raw words.
    @inlinable @inline(__always) public var flags: Int { get { cell.raw(12) } nonmutating set { cell.setRaw(newValue, at: 12) } }
    /// Unique number of the state of the type's lookups; 0 is "not assigned since the last change".
    @inlinable @inline(__always) public var version: Int { get { cell.raw(13) } nonmutating set { cell.setRaw(newValue, at: 13) } }
    /// Layout of a fresh instance.
    @inlinable @inline(__always) public var instanceLayout: LayoutID {
        get { LayoutID(rawValue: UInt32(truncatingIfNeeded: cell.raw(14))) }
        nonmutating set { cell.setRaw(Int(newValue.rawValue), at: 14) }
    }
    /// Layout of instances whose attributes are in a dict; free until made.
    @inlinable @inline(__always) public var dictLayout: LayoutID {
        get { LayoutID(rawValue: UInt32(truncatingIfNeeded: cell.raw(15))) }
        nonmutating set { cell.setRaw(Int(newValue.rawValue), at: 15) }
    }
    /// Bytes of the fixed fields of an instance (header included), without inline attribute slots.
    @inlinable @inline(__always) public var basicSize: Int { get { cell.raw(16) } nonmutating set { cell.setRaw(newValue, at: 16) } }
    /// The builtin type whose native fields the instances have: its layout id.
    @inlinable @inline(__always) public var nativeBase: LayoutID {
        get { LayoutID(rawValue: UInt32(truncatingIfNeeded: cell.raw(17))) }
        nonmutating set { cell.setRaw(Int(newValue.rawValue), at: 17) }
    }
    /// The `__doc__` of a builtin type, as bytes and length.
    @inlinable @inline(__always) public var docAddress: Int { get { cell.raw(18) } nonmutating set { cell.setRaw(newValue, at: 18) } }
    @inlinable @inline(__always) public var docLength: Int { get { cell.raw(19) } nonmutating set { cell.setRaw(newValue, at: 19) } }
    static var slotsWord: Int { 20 }
    static var byteSize: Int { (20 + TypeSlots.wordCount) * 8 }

    @inline(__always) public var slots: UnsafeMutablePointer<TypeSlots> {
        (cell.address + TypeObject.slotsWord * 8).assumingMemoryBound(to: TypeSlots.self)
    }
    var slotWords: UnsafeMutablePointer<UInt> { (cell.address + TypeObject.slotsWord * 8).assumingMemoryBound(to: UInt.self) }

    @inlinable @inline(__always) public func has(_ flag: Int) -> Bool { flags & flag != 0 }

    /// CPython's HAVE_GC: its collector tracks the instances, for they may refer to others. (Taipan's traces whatever there is.)
    public var hasCollectorHeader: Bool {
        if has(TypeFlag.heap) { return true }
        switch nativeBase {
        case .object, .int, .bool, .float, .complex, .str, .bytes, .bytearray, .range, .rangeIterator, .NoneType, .ellipsis, .NotImplementedType, .code: return false
        default: return true
        }
    }
}

/// One entry of the cache of lookups through the mro. Not traced: `version` is unique, so a stale entry never matches.
public struct MethodCacheEntry {
    var version: Int
    var name: UInt
    var result: Value
    static var count: Int { 4096 }
}

extension Thread {
    /// The type of any value (which must be bound).
    @inline(__always) public func type(of value: Value) -> TypeObject {
        if value.isCell { return TypeObject(interp.pointee.layouts.base[Int(value.cell.layout.rawValue)].type) }
        return immediateType(value)
    }

    @inline(never) func immediateType(_ value: Value) -> TypeObject {
        if value.isSmallInt { return TypeObject(types.pointee.int) }
        if value.isSmallFloat { return TypeObject(types.pointee.float) }
        switch value.immediateIndex {
        case 0: return TypeObject(types.pointee.NoneType)
        case 1, 2: return TypeObject(types.pointee.bool)
        case 3: return TypeObject(types.pointee.ellipsis)
        default: return TypeObject(types.pointee.NotImplementedType)
        }
    }

    @inlinable public func isType(_ value: Value) -> Bool { value.isKind(.type) }

    /// `type(value) is type`.
    @inline(__always) public func isExactly(_ value: Value, _ type: Value) -> Bool { self.type(of: value).value == type }

    /// The type's name as messages show it: with the module for native types outside `builtins`, without for Python classes.
    @inline(never) public func typeName(_ value: Value) -> String { qualifiedTypeName(type(of: value)) }

    /// `type` or one of its bases is `base`: the mro decides, `__subclasscheck__` is not asked.
    @inline(never) public func isSubtype(_ type: TypeObject, of base: Value) -> Bool {
        if type.value == base { return true }
        let mro = type.mro
        if mro.isUnbound {
            // A class in the making: its first bases are all there is.
            var at = type.base
            while at.isBound && !at.isNone {
                if at == base { return true }
                at = TypeObject(at).base
            }
            return base == types.pointee.object
        }
        let items = TupleObject(mro)
        for i in 0..<items.count where items[i] == base { return true }
        return false
    }

    /// `isinstance` without hooks.
    public func isInstance(_ value: Value, of base: Value) -> Bool { isSubtype(type(of: value), of: base) }

    // MARK: Lookup through the mro

    /// What the first class in the mro that has `name` (an interned str) holds, or unbound. No descriptor is called.
    @inline(__always) public func lookup(_ type: TypeObject, _ name: Value) -> Value {
        let version = type.version
        if version != 0 {
            let entry = interp.pointee.methodCache + Thread.cacheIndex(version, name)
            if entry.pointee.version == version && entry.pointee.name == name.bits { return entry.pointee.result }
        }
        return lookupSlowly(type, name)
    }

    @inline(__always) static func cacheIndex(_ version: Int, _ name: Value) -> Int {
        Int((UInt(bitPattern: version) &* 0x9E37_79B1 ^ (name.bits >> 4)) & UInt(MethodCacheEntry.count - 1))
    }

    @inline(never) func lookupSlowly(_ type: TypeObject, _ name: Value) -> Value {
        let result = lookupInMRO(type, name)
        let version = assignVersion(type)
        interp.pointee.methodCache[Thread.cacheIndex(version, name)] = MethodCacheEntry(version: version, name: name.bits, result: result)
        return result
    }

    func lookupInMRO(_ type: TypeObject, _ name: Value) -> Value {
        guard type.mro.isBound else { return .unbound }
        let mro = TupleObject(type.mro)
        for i in 0..<mro.count {
            let found = DictObject(TypeObject(mro[i]).dict).findString(self, name)
            if found.isBound { return found }
        }
        return .unbound
    }

    /// The type's version, given one if it has none; its bases get one too, so that a change in them reaches it.
    @discardableResult public func assignVersion(_ type: TypeObject) -> Int {
        if type.version != 0 { return type.version }
        interp.pointee.nextTypeVersion += 1
        type.version = interp.pointee.nextTypeVersion
        if type.bases.isBound {
            let bases = TupleObject(type.bases)
            for i in 0..<bases.count { assignVersion(TypeObject(bases[i])) }
        }
        return type.version
    }

    /// Call after any change of the type's dict or mro: cached lookups through it and its subclasses no longer match.
    public func typeChanged(_ type: TypeObject) {
        if type.version == 0 { return }
        type.version = 0
        type.cachedInit = .unbound
        forEachSubclass(type) { self.typeChanged($0) }
    }

    /// The live direct subclasses, in order of creation.
    public func forEachSubclass(_ type: TypeObject, _ body: (TypeObject) -> Void) {
        guard type.subclasses.isBound else { return }
        let list = ListObject(type.subclasses)
        for i in 0..<list.count {
            let referent = WeakReference(list[i].cell).referent
            if referent.isBound { body(TypeObject(referent)) }
        }
    }
}
