// `_pickle`: object serialization, protocols 0 to 5 (PEP 307, 3154, 574). Bytes are those that CPython's own `_pickle` writes.
//
// A pickler's state that outlives a call is in its cell (PicklerType.swift); what one `dump` needs is in a PickleWriter on the
// native stack (PickleWriter.swift for bytes, Pickling*.swift for objects). Reading is the same with UnpicklerType.swift,
// PickleInput.swift and Unpickling*.swift. No reference lies outside cells and the native stack.

import TaipanRuntime

/// What the functions of the module need again, in the order in which `PickleModule.define` keeps it.
enum PickleEntry: Int {
    case pickler, unpickler, picklerMemo, unpicklerMemo
    case pickleError, picklingError, unpicklingError
    case dispatchTable, extensionRegistry, invertedRegistry, extensionCache
    case names2to3, modules2to3, names3to2, modules3to2
    case codecsEncode, getattr, partial
    case picklerInit, unpicklerInit, pickleBuffer
    static var count: Int { 21 }
}

/// The module's objects, fetched once a call.
struct PickleState {
    let table: TupleObject
    init(_ t: Thread) { table = TupleObject(t.kept("_pickle")) }
    @inline(__always) subscript(_ entry: PickleEntry) -> Value { table[entry.rawValue] }
}

extension Thread {
    func pickleError(_ entry: PickleEntry, _ message: String) -> Raised { raise(type: PickleState(self)[entry], str(message)) }
    func picklingError(_ message: String) -> Raised { pickleError(.picklingError, message) }
    func unpicklingError(_ message: String) -> Raised { pickleError(.unpicklingError, message) }
}

enum PickleOpcode {
    static var mark: UInt8 { 0x28 }
    static var stop: UInt8 { 0x2E }
    static var pop: UInt8 { 0x30 }
    static var popMark: UInt8 { 0x31 }
    static var dup: UInt8 { 0x32 }
    static var float: UInt8 { 0x46 }
    static var int: UInt8 { 0x49 }
    static var binInt: UInt8 { 0x4A }
    static var binInt1: UInt8 { 0x4B }
    static var long: UInt8 { 0x4C }
    static var binInt2: UInt8 { 0x4D }
    static var none: UInt8 { 0x4E }
    static var persistentID: UInt8 { 0x50 }
    static var binPersistentID: UInt8 { 0x51 }
    static var reduce: UInt8 { 0x52 }
    static var string: UInt8 { 0x53 }
    static var binString: UInt8 { 0x54 }
    static var shortBinString: UInt8 { 0x55 }
    static var unicode: UInt8 { 0x56 }
    static var binUnicode: UInt8 { 0x58 }
    static var append: UInt8 { 0x61 }
    static var build: UInt8 { 0x62 }
    static var global: UInt8 { 0x63 }
    static var dict: UInt8 { 0x64 }
    static var emptyDict: UInt8 { 0x7D }
    static var appends: UInt8 { 0x65 }
    static var get: UInt8 { 0x67 }
    static var binGet: UInt8 { 0x68 }
    static var inst: UInt8 { 0x69 }
    static var longBinGet: UInt8 { 0x6A }
    static var list: UInt8 { 0x6C }
    static var emptyList: UInt8 { 0x5D }
    static var object: UInt8 { 0x6F }
    static var put: UInt8 { 0x70 }
    static var binPut: UInt8 { 0x71 }
    static var longBinPut: UInt8 { 0x72 }
    static var setItem: UInt8 { 0x73 }
    static var tuple: UInt8 { 0x74 }
    static var emptyTuple: UInt8 { 0x29 }
    static var setItems: UInt8 { 0x75 }
    static var binFloat: UInt8 { 0x47 }
    // Protocol 2.
    static var proto: UInt8 { 0x80 }
    static var newObject: UInt8 { 0x81 }
    static var ext1: UInt8 { 0x82 }
    static var ext2: UInt8 { 0x83 }
    static var ext4: UInt8 { 0x84 }
    static var tuple1: UInt8 { 0x85 }
    static var tuple2: UInt8 { 0x86 }
    static var tuple3: UInt8 { 0x87 }
    static var newTrue: UInt8 { 0x88 }
    static var newFalse: UInt8 { 0x89 }
    static var long1: UInt8 { 0x8A }
    static var long4: UInt8 { 0x8B }
    // Protocol 3.
    static var binBytes: UInt8 { 0x42 }
    static var shortBinBytes: UInt8 { 0x43 }
    // Protocol 4.
    static var shortBinUnicode: UInt8 { 0x8C }
    static var binUnicode8: UInt8 { 0x8D }
    static var binBytes8: UInt8 { 0x8E }
    static var emptySet: UInt8 { 0x8F }
    static var addItems: UInt8 { 0x90 }
    static var frozenSet: UInt8 { 0x91 }
    static var newObjectEx: UInt8 { 0x92 }
    static var stackGlobal: UInt8 { 0x93 }
    static var memoize: UInt8 { 0x94 }
    static var frame: UInt8 { 0x95 }
    // Protocol 5.
    static var byteArray8: UInt8 { 0x96 }
    static var nextBuffer: UInt8 { 0x97 }
    static var readOnlyBuffer: UInt8 { 0x98 }

    static var defaultProtocol: Int { 4 }
    static var highestProtocol: Int { 5 }
}

enum PickleModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        let t = m.t
        m.str("__doc__", "Native pickling and unpickling.")
        let state = try t.newTuple(PickleEntry.count)
        func set(_ entry: PickleEntry, _ value: Value) { state[entry.rawValue] = value }
        try importNeeds(t, set)
        try t.keep("_pickle", state.value)
        set(.pickler, try m.type("Pickler", flags: TypeFlag.base, PicklerObject.layout, t.definePickler).value)
        set(.unpickler, try m.type("Unpickler", flags: TypeFlag.base, UnpicklerObject.layout, t.defineUnpickler).value)
        set(.picklerMemo, try m.type("PicklerMemoProxy", export: false, .values(1), t.definePicklerMemo).value)
        set(.unpicklerMemo, try m.type("UnpicklerMemoProxy", export: false, .values(1), t.defineUnpicklerMemo).value)
        set(.picklerInit, t.newNative(.methodDescriptor, t.intern("Pickler"), "($self, file, protocol=None, fix_imports=True, buffer_callback=None)", "", 0, Thread.initPickler).value)
        set(.unpicklerInit, t.newNative(.methodDescriptor, t.intern("Unpickler"), "($self, file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())", "", 0, Thread.initUnpickler).value)
        let buffer = try t.newNativeType("PickleBuffer", moduleName: t.intern("pickle"), flags: TypeFlag.base | TypeFlag.hasWeakReferences, PickleBufferObject.layout, t.definePickleBuffer)
        m.set("PickleBuffer", buffer.value)
        set(.pickleBuffer, buffer.value)
        let base = try m.exception("PickleError", base: t.types.pointee.exception)
        set(.pickleError, base)
        set(.picklingError, try m.exception("PicklingError", base: base))
        set(.unpicklingError, try m.exception("UnpicklingError", base: base))
        defineFunctions(m)
    }

    /// Tables of other modules that pickling consults.
    private static func importNeeds(_ t: Thread, _ set: (PickleEntry, Value) -> Void) throws(Raised) {
        func take(_ module: String, _ name: StaticString, _ entry: PickleEntry) throws(Raised) {
            set(entry, try t.getattr(try t.importAbsolute(module), t.intern(name)))
        }
        try take("copyreg", "dispatch_table", .dispatchTable)
        try take("copyreg", "_extension_registry", .extensionRegistry)
        try take("copyreg", "_inverted_registry", .invertedRegistry)
        try take("copyreg", "_extension_cache", .extensionCache)
        try take("_compat_pickle", "NAME_MAPPING", .names2to3)
        try take("_compat_pickle", "IMPORT_MAPPING", .modules2to3)
        try take("_compat_pickle", "REVERSE_NAME_MAPPING", .names3to2)
        try take("_compat_pickle", "REVERSE_IMPORT_MAPPING", .modules3to2)
        try take("codecs", "encode", .codecsEncode)
        try take("functools", "partial", .partial)
        try take("builtins", "getattr", .getattr)
    }

    private static func defineFunctions(_ m: ModuleBuilder) {
        m.function("dump", "($module, /, obj, file, protocol=None, *, fix_imports=True,\n     buffer_callback=None)", "Writes obj to the open binary file as a pickle.") { (t, a) throws(Raised) in
            let pickler = PicklerObject(t.allocate(TypeObject(PickleState(t)[.pickler])))
            try pickler.setUp(t, protocol: a[2], fixImports: a[3], bufferCallback: a[4])
            try pickler.setFile(t, a[1])
            try PickleWriter.dump(t, pickler, a[0])
            return .none
        }
        m.function("dumps", "($module, /, obj, protocol=None, *, fix_imports=True,\n      buffer_callback=None)", "The pickle of obj, as bytes.") { (t, a) throws(Raised) in
            let pickler = PicklerObject(t.allocate(TypeObject(PickleState(t)[.pickler])))
            try pickler.setUp(t, protocol: a[1], fixImports: a[2], bufferCallback: a[3])
            return try PickleWriter.dumps(t, pickler, a[0])
        }
        m.function("load", "($module, /, file, *, fix_imports=True, encoding='ASCII',\n     errors='strict', buffers=())", "Reads one object from the open binary file, which gives the bytes of a pickle.") { (t, a) throws(Raised) in
            let unpickler = UnpicklerObject(t.allocate(TypeObject(PickleState(t)[.unpickler])))
            try unpickler.setFile(t, a[0])
            try unpickler.setUp(t, fixImports: a[1], encoding: a[2], errors: a[3], buffers: a[4])
            return try PickleReader.load(t, unpickler)
        }
        m.function("loads", "($module, data, /, *, fix_imports=True, encoding='ASCII',\n      errors='strict', buffers=())", "The object whose pickle the bytes-like object data holds.") { (t, a) throws(Raised) in
            let unpickler = UnpicklerObject(t.allocate(TypeObject(PickleState(t)[.unpickler])))
            let view = try t.buffer(of: a[0])
            defer { t.release(view) }
            try unpickler.setUp(t, fixImports: a[1], encoding: a[2], errors: a[3], buffers: a[4])
            return try PickleReader.load(t, unpickler, view.bytes)
        }
    }
}
