// `_struct`: packing values into bytes. Formats are parsed by TaipanEngines.

import TaipanEngines
import TaipanRuntime

/// A Struct's cell: word 1 the format (bytes, or unbound before __init__), word 2 the items (in a bytes object), then raw: size, number of
/// values, number of items. The size is -1 before `__init__`.
struct StructObject: BitwiseCopyable {
    let cell: Cell
    init(_ cell: Cell) { self.cell = cell }
    init(_ value: Value) { cell = value.cell }
    var value: Value { Value(cell) }
    var format: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    var itemBytes: Value { get { cell[2] } nonmutating set { cell[2] = newValue } }
    var size: Int { get { cell.raw(3) } nonmutating set { cell.setRaw(newValue, at: 3) } }
    var valueCount: Int { get { cell.raw(4) } nonmutating set { cell.setRaw(newValue, at: 4) } }
    var itemCount: Int { get { cell.raw(5) } nonmutating set { cell.setRaw(newValue, at: 5) } }
    var items: UnsafeBufferPointer<StructItem> {
        if itemCount == 0 { return UnsafeBufferPointer(start: nil, count: 0) }
        return UnsafeBufferPointer(start: UnsafeRawPointer(BytesObject(itemBytes).data).assumingMemoryBound(to: StructItem.self), count: itemCount)
    }
}

enum StructModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        let t = m.t
        let namespace = t.newDict()
        try namespace.setString(t, t.name(.__module__), t.intern("struct"))
        let error = try t.call(t.types.pointee.type, t.intern("error"), try t.tuple(t.types.pointee.exception), namespace.value)
        m.set("error", error)
        let kept = try t.newTuple(4)
        kept[0] = try t.newStructType(m).value
        kept[1] = error
        kept[2] = t.newDict().value
        kept[3] = try t.newUnpackIteratorType(m.name).value
        try t.keepModuleObject("_struct", kept.value)
        defineFunctions(m)
    }

    private static func defineFunctions(_ m: ModuleBuilder) {
        m.function("calcsize", "($module, format, /)", "Bytes that a format takes.") { (t, a) throws(Raised) in t.int(try t.structFor(a[0]).size) }
        m.function("_clearcache", "($module, /)", "Forgets the formats that were kept.") { (t, a) in
            DictObject(TupleObject(t.moduleObject("_struct"))[2]).clear()
            return .none
        }
        m.rawFunction("pack", "", "pack(format, v1, v2, ...) -> bytes") { (t, a) throws(Raised) in
            try t.refuseKeywords(a, "_struct.pack")
            if a.count == 0 { throw t.raise(.typeError, "missing format argument") }
            return try t.pack(try t.structFor(a[0]), a.dropFirst)
        }
        m.rawFunction("pack_into", "", "pack_into(format, buffer, offset, v1, v2, ...)") { (t, a) throws(Raised) in
            try t.refuseKeywords(a, "_struct.pack_into")
            if a.count == 0 { throw t.raise(.typeError, "missing format argument") }
            return try t.packInto(try t.structFor(a[0]), a.dropFirst)
        }
        m.function("unpack", "($module, format, buffer, /)", "The values in a buffer, as a tuple.") { (t, a) throws(Raised) in
            try t.unpack(try t.structFor(a[0]), a[1])
        }
        m.function("unpack_from", "($module, format, /, buffer, offset=0)", "The values in a buffer from an offset on.") { (t, a) throws(Raised) in
            try t.unpackFrom(try t.structFor(a[0]), a[1], a[2].isUnbound ? 0 : try t.index(a[2]))
        }
        m.function("iter_unpack", "($module, format, buffer, /)", "An iterator over the structs in a buffer.") { (t, a) throws(Raised) in
            try t.newUnpackIterator(try t.structFor(a[0]), a[1])
        }
    }
}

extension Thread {
    func structError(_ message: String) -> Raised { raise(type: TupleObject(moduleObject("_struct"))[1], str(message)) }

    /// The Struct of a format, from the cache or made.
    func structFor(_ format: Value) throws(Raised) -> StructObject {
        let kept = TupleObject(moduleObject("_struct")), cache = DictObject(kept[2])
        let isText = format.hasLayout(.str) || format.hasLayout(.bytes)
        if isText {
            let found = try get(cache, format)
            if found.isBound { return StructObject(found) }
        }
        let made = StructObject(allocate(TypeObject(kept[0])))
        made.size = -1
        try prepare(made, format)
        if isText {
            if cache.count >= 100 { cache.clear() }
            try set(cache, format, made.value)
        }
        return made
    }

    /// `Struct.__init__`.
    func prepare(_ made: StructObject, _ format: Value) throws(Raised) {
        var bytes = format
        if format.isKind(.str) {
            bytes = try callMethod(format, intern("encode"), str("ascii"))
        } else if !format.isKind(.bytes) {
            throw raise(.typeError, "Struct() argument 1 must be a str or bytes object, not \(typeName(format))")
        }
        switch StructFormat.parse(BytesObject(bytes).buffer) {
        case .failure(let error):
            if error == .noMemory { throw memoryError() }
            throw structError("\(error.text)")
        case .success(let parsed):
            defer { parsed.deallocate() }
            let kept = try newBytes(parsed.items.count * MemoryLayout<StructItem>.stride)
            if let start = parsed.items.baseAddress {
                UnsafeMutableRawPointer(kept.data).copyMemory(from: start, byteCount: kept.count)
            }
            made.format = bytes
            made.itemBytes = kept.value
            made.size = parsed.size
            made.valueCount = parsed.valueCount
            made.itemCount = parsed.items.count
        }
    }

    func newStructType(_ m: ModuleBuilder) throws(Raised) -> TypeObject {
        try m.type("Struct", flags: TypeFlag.base, NativeLayout(valueWords: 2, bytes: 48)) { b in
            b.doc("Struct(fmt) --> compiled struct object")
            b.slots.pointee.new = CallSlot { (t, type, a) in
                let made = StructObject(t.allocate(TypeObject(type)))
                made.size = -1
                made.valueCount = -1
                return made.value
            }
            b.slots.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in
                let keywords = a.keywords.isBound ? TupleObject(a.keywords).count : 0
                if a.count + keywords > 1 { throw t.raise(.typeError, "Struct() takes at most 1 argument (\(a.count + keywords) given)") }
                if a.count + keywords == 0 { throw t.raise(.typeError, "Struct() missing required argument 'format' (pos 1)") }
                if keywords == 1 && !StrObject(TupleObject(a.keywords)[0]).equals("format") {
                    throw t.raise(.typeError, "Struct() missing required argument 'format' (pos 1)")
                }
                try t.prepare(StructObject(v), a[0])
            }
            b.getset("format", "struct format string", get: { (t, v) throws(Raised) in
                let format = StructObject(v).format
                if format.isUnbound { return .none }
                return t.str(utf8: BytesObject(format).buffer)
            })
            b.getset("size", "struct size in bytes", get: { (t, v) in t.int(StructObject(v).size) })
            b.rawMethod("pack", "", "S.pack(v1, v2, ...) -> bytes") { (t, a) throws(Raised) in try t.pack(StructObject(a[0]), a.dropFirst) }
            b.rawMethod("pack_into", "", "S.pack_into(buffer, offset, v1, v2, ...)") { (t, a) throws(Raised) in try t.packInto(StructObject(a[0]), a.dropFirst) }
            b.method("unpack", "($self, buffer, /)", "The values in a buffer, as a tuple.") { (t, a) throws(Raised) in try t.unpack(StructObject(a[0]), a[1]) }
            b.method("unpack_from", "($self, /, buffer, offset=0)", "The values in a buffer from an offset on.") { (t, a) throws(Raised) in
                try t.unpackFrom(StructObject(a[0]), a[1], a[2].isUnbound ? 0 : try t.index(a[2]))
            }
            b.method("iter_unpack", "($self, buffer, /)", "An iterator over the structs in a buffer.") { (t, a) throws(Raised) in
                try t.newUnpackIterator(StructObject(a[0]), a[1])
            }
            b.method("__sizeof__", "!($self, /)", "Bytes of the object in memory.") { (t, a) in t.int(56 + StructObject(a[0]).itemCount * 32) }
        }
    }

    // MARK: Unpacking

    func unpack(_ s: StructObject, _ source: Value) throws(Raised) -> Value {
        let view = try buffer(of: source)
        defer { release(view) }
        if s.size < 0 || view.count != s.size { throw structError("unpack requires a buffer of \(s.size) bytes") }
        return try unpack(s, at: view.base)
    }

    func unpackFrom(_ s: StructObject, _ source: Value, _ given: Int) throws(Raised) -> Value {
        let view = try buffer(of: source)
        defer { release(view) }
        var offset = given
        if offset < 0 {
            if offset &+ s.size > 0 { throw structError("not enough data to unpack \(s.size) bytes at offset \(given)") }
            if offset &+ view.count < 0 { throw structError("offset \(given) out of range for \(view.count)-byte buffer") }
            offset += view.count
        }
        if offset > view.count || view.count - offset < s.size {
            throw structError("unpack_from requires a buffer of at least \(UInt(bitPattern: s.size &+ offset)) bytes for unpacking \(s.size) bytes at offset \(offset) (actual buffer size is \(view.count))")
        }
        return try unpack(s, at: view.base.map { $0 + offset })
    }

    func unpack(_ s: StructObject, at base: UnsafeMutableRawPointer?) throws(Raised) -> Value {
        let made = try newTuple(max(s.valueCount, 0))
        guard let base else { return made.value }
        var n = 0
        for item in s.items {
            for k in 0..<item.count {
                made[n] = try load(item, UnsafeRawPointer(base) + item.offset + k * item.size)
                n += 1
            }
        }
        return made.value
    }

    private func load(_ item: StructItem, _ at: UnsafeRawPointer) throws(Raised) -> Value {
        switch item.kind {
        case .char: return try bytes(at.assumingMemoryBound(to: UInt8.self), 1)
        case .bool: return Value(at.load(as: UInt8.self) != 0)
        case .signed: return int(Int(truncatingIfNeeded: item.loadInteger(from: at)))
        case .unsigned, .pointer: return int(UInt(item.loadInteger(from: at)))
        case .half, .float, .double: return float(item.loadFloat(from: at))
        case .bytes: return try bytes(at.assumingMemoryBound(to: UInt8.self), item.size)
        case .pascal:
            if item.size == 0 { return try bytes(nil, 0) }
            return try bytes(at.assumingMemoryBound(to: UInt8.self) + 1, min(Int(at.load(as: UInt8.self)), item.size - 1))
        }
    }

    // MARK: Iterator: word 1 the struct, word 2 the buffer's object; raw word 3 the offset

    func newUnpackIteratorType(_ module: Value) throws(Raised) -> TypeObject {
        try newNativeType("unpack_iterator", moduleName: module, flags: TypeFlag.noInstantiation, NativeLayout(valueWords: 2, bytes: 32)) { b in
            b.slots.pointee.iter = UnarySlot { (t, v) in v }
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in
                if v.cell[1].isUnbound { return .unbound }
                let s = StructObject(v.cell[1])
                let view = try t.buffer(of: v.cell[2])
                defer { t.release(view) }
                let offset = v.cell.raw(3)
                if offset + s.size > view.count {
                    v.cell[1] = .unbound
                    v.cell[2] = .unbound
                    return .unbound
                }
                v.cell.setRaw(offset + s.size, at: 3)
                return try t.unpack(s, at: view.base.map { $0 + offset })
            }
            b.method("__length_hint__", "!($self, /)") { (t, a) throws(Raised) in
                if a[0].cell[1].isUnbound { return t.int(0) }
                let view = try t.buffer(of: a[0].cell[2])
                defer { t.release(view) }
                return t.int((view.count - a[0].cell.raw(3)) / max(StructObject(a[0].cell[1]).size, 1))
            }
        }
    }

    func newUnpackIterator(_ s: StructObject, _ source: Value) throws(Raised) -> Value {
        if s.size == 0 { throw structError("cannot iteratively unpack with a struct of length 0") }
        let view = try buffer(of: source)
        defer { release(view) }
        if s.size < 0 || view.count % s.size != 0 {
            throw structError("iterative unpacking requires a buffer of a multiple of \(s.size) bytes")
        }
        let cell = allocate(TypeObject(TupleObject(moduleObject("_struct"))[3]))
        cell[1] = s.value
        cell[2] = source
        return Value(cell)
    }
}
