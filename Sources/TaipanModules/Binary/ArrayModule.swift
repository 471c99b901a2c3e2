// `array`: the module, and the slots of its type. Methods are in ArrayModule+Methods.swift.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

enum ArrayModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        let t = m.t
        m.str("__doc__", "This module defines an object type which can efficiently represent\nan array of basic values: characters, integers, floating point\nnumbers.  Arrays are sequence types and behave very much like lists,\nexcept that the type of objects stored in them is constrained.\n")
        m.str("typecodes", "bBuhHiIlLqQfd")
        let array = try m.type("array", flags: TypeFlag.base | TypeFlag.sequence | TypeFlag.hasWeakReferences, ArrayObject.cells) { b in
            b.doc("array(typecode [, initializer]) -> array\n\nA sequence whose items are numbers (or characters) of one machine type, which\nthe typecode names: b, B, h, H, i, I, l, L, q, Q signed and unsigned integers of\n1, 2, 4, 8 and 8 bytes, f and d floats of 4 and 8 bytes, u characters.")
            defineSlots(b.slots)
            b.constant("__hash__", .none)
            defineMethods(b)
            defineConversions(b)
            m.t.addClassGetItem(b)
        }
        m.set("ArrayType", array.value)
        let iterator = try m.type("arrayiterator", flags: TypeFlag.noInstantiation, export: false, NativeLayout(valueWords: 1, bytes: 24), defineIterator)
        try t.keep("array", try t.row(2).adding(array.value).adding(iterator.value).tuple.value)
        defineReconstructor(m)
        let abstract = try t.importAbsolute("collections.abc")
        _ = try t.callMethod(try t.getattr(abstract, t.intern("MutableSequence")), t.intern("register"), array.value)
    }

    private static func defineSlots(_ s: UnsafeMutablePointer<TypeSlots>) {
        s.pointee.new = CallSlot(make)
        s.pointee.repr = UnarySlot(repr)
        s.pointee.compare = CompareSlot(compare)
        s.pointee.iter = UnarySlot { (t, v) in
            let made = t.allocate(t.kept("array", 1))
            made[1] = v
            return Value(made)
        }
        s.pointee.length = IntSlot { (_, v) in ArrayObject(v).count }
        s.pointee.getItem = BinarySlot(item)
        s.pointee.setItem = StoreSlot(assign)
        s.pointee.contains = ContainsSlot { (t, v, item) throws(Raised) in try find(t, ArrayObject(v), item, 0, Int.max) >= 0 }
        s.pointee.concatenate = BinarySlot(concatenate)
        s.pointee.repeat = BinarySlot { (t, v, n) throws(Raised) in
            let array = ArrayObject(v)
            let made = try t.arraySlice(array, 0, array.count)
            try repeatInPlace(t, made, try t.index(n))
            return made.value
        }
        s.pointee.inPlaceConcatenate = BinarySlot { (t, v, w) throws(Raised) in
            if !t.isArray(w) { throw t.raise(.typeError, "can only extend with array (not \"\(t.typeName(w))\")") }
            try t.extend(ArrayObject(v), w)
            return v
        }
        s.pointee.inPlaceRepeat = BinarySlot { (t, v, n) throws(Raised) in
            try repeatInPlace(t, ArrayObject(v), try t.index(n))
            return v
        }
        s.pointee.buffer = BufferSlot { (t, v, _, view) in
            let array = ArrayObject(v)
            array.exports += 1
            view.pointee = BufferView(base: array.data, count: array.byteCount, isReadOnly: false, owner: v, itemSize: array.itemSize,
                                      format: array.code == 0x75 ? 0x77 : array.code)
        }
        s.pointee.releaseBuffer = ActionSlot { (_, v) in ArrayObject(v).exports -= 1 }
    }

    // MARK: Making

    static func make(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        if a.keywords.isBound && TupleObject(a.keywords).count > 0 && TypeObject(type).slots.pointee.initialize.address == t.arrayType.slots.pointee.initialize.address {
            throw t.raise(.typeError, "array.array() takes no keyword arguments")
        }
        if a.count < 1 { throw t.raise(.typeError, "array() takes at least 1 argument (0 given)") }
        if a.count > 2 { throw t.raise(.typeError, "array() takes at most 2 arguments (\(a.count) given)") }
        if !a[0].isKind(.str) || StrObject(a[0]).count != 1 {
            throw t.raise(.typeError, "array() argument 1 must be a unicode character, not \(t.typeName(a[0]))")
        }
        let code: UInt8 = StrObject(a[0])[0] < 128 ? UInt8(StrObject(a[0])[0]) : 0
        let initial: Value = a.count > 1 ? a[1] : .unbound
        if initial.isBound && code != 0x75 { try refuseText(t, initial, a[0]) }
        if ArrayObject.itemSize(code) == 0 { throw t.raise(.valueError, "bad typecode (must be b, B, u, h, H, i, I, l, L, q, Q, f or d)") }
        let made = try t.newArray(TypeObject(type), code, count: 0)
        if initial.isBound { try fill(t, made, initial) }
        return made.value
    }

    private static func refuseText(_ t: Thread, _ initial: Value, _ code: Value) throws(Raised) {
        if initial.isKind(.str) {
            throw t.raise(.typeError, "cannot use a str to initialize an array with typecode '\(t.string(code))'")
        }
        if t.isArray(initial) && ArrayObject(initial).code == 0x75 {
            throw t.raise(.typeError, "cannot use a unicode array to initialize an array with typecode '\(t.string(code))'")
        }
    }

    private static func fill(_ t: Thread, _ array: ArrayObject, _ initial: Value) throws(Raised) {
        if initial.isKind(.list) || initial.isKind(.tuple) { return try fillFromItems(t, array, initial) }
        if initial.isKind(.bytes) || t.isByteArray(initial) { return try appendBytes(t, array, initial) }
        if initial.isKind(.str) { return try t.appendText(array, initial) }
        if t.isArray(initial) && ArrayObject(initial).code == array.code { return try t.extend(array, initial) }
        let iterator = try t.iter(initial)
        while true {
            let item = try t.next(iterator)
            if item.isUnbound { return }
            try t.append(array, item)
        }
    }

    /// Lists and tuples have their length at once; converting an item may change it.
    private static func fillFromItems(_ t: Thread, _ array: ArrayObject, _ items: Value) throws(Raised) {
        let isList = items.isKind(.list)
        let count = isList ? ListObject(items).count : TupleObject(items).count
        try t.resize(array, count)
        if count > 0 { memset(array.data, 0, array.byteCount) }
        var i = 0
        while i < count {
            if isList && i >= ListObject(items).count { throw t.raise(.indexError, "list index out of range") }
            let bits = try t.arrayBits(array.code, isList ? ListObject(items)[i] : TupleObject(items)[i])
            t.storeArrayBits(bits, array.itemSize, array.data + i &* array.itemSize)
            i = i &+ 1
        }
    }

    /// `frombytes`.
    static func appendBytes(_ t: Thread, _ array: ArrayObject, _ source: Value) throws(Raised) {
        let view = try t.buffer(of: source)
        defer { t.release(view) }
        if view.itemSize != 1 { throw t.raise(.typeError, "a bytes-like object is required") }
        if view.count % array.itemSize != 0 { throw t.raise(.valueError, "bytes length not a multiple of item size") }
        try t.appendBytes(array, view.bytes)
    }

    // MARK: Texts and comparison

    private static func repr(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        let array = ArrayObject(v)
        var text = StrBuilder()
        text.append(t.type(of: v).name)
        text.append("('\(array.codeText)'")
        if array.count > 0 {
            text.append(", ")
            text.append(try t.repr(array.code == 0x75 ? try t.arrayText(array) : try t.arrayList(array)))
        }
        text.append(")")
        return try text.finish(t)
    }

    private static func compare(_ t: Thread, _ v: Value, _ w: Value, _ op: CompareOperator) throws(Raised) -> Value {
        if !t.isArray(v) || !t.isArray(w) { return .notImplemented }
        let a = ArrayObject(v), b = ArrayObject(w)
        if a.count != b.count {
            if op == .equal { return .false }
            if op == .notEqual { return .true }
        }
        if a.code == b.code && (a.code == 0x42 || ((op == .equal || op == .notEqual) && a.isInteger)) {
            let order = a.count == 0 || b.count == 0 ? 0 : memcmp(a.data, b.data, min(a.count, b.count) &* a.itemSize)
            return Value(op.holds(order == 0 ? a.count &- b.count : Int(order)))
        }
        var i = 0
        while i < a.count && i < b.count {
            let x = try t.arrayItem(a, i), y = try t.arrayItem(b, i)
            if !(try t.holds(x, .equal, y)) {
                if op == .equal { return .false }
                if op == .notEqual { return .true }
                return try t.compare(x, y, op)
            }
            i = i &+ 1
        }
        return Value(op.holds(a.count &- b.count))
    }

    /// Position of the first item equal to `item`, or -1.
    static func find(_ t: Thread, _ array: ArrayObject, _ item: Value, _ from: Int, _ to: Int) throws(Raised) -> Int {
        var i = from
        while i < to && i < array.count {
            if try t.equals(try t.arrayItem(array, i), item) { return i }
            i = i &+ 1
        }
        return -1
    }

    // MARK: Concatenation and repetition

    private static func concatenate(_ t: Thread, _ v: Value, _ w: Value) throws(Raised) -> Value {
        if !t.isArray(w) { throw t.raise(.typeError, "can only append array (not \"\(t.typeName(w))\") to array") }
        let a = ArrayObject(v), b = ArrayObject(w)
        if a.code != b.code { throw t.raise(.typeError, "bad argument type for built-in operation") }
        let (total, overflow) = a.count.addingReportingOverflow(b.count)
        if overflow { throw t.memoryError() }
        let made = try t.newArray(a.code, count: total)
        if a.count > 0 { memcpy(made.data, a.data, a.byteCount) }
        if b.count > 0 { memcpy(made.data + a.byteCount, b.data, b.byteCount) }
        return made.value
    }

    private static func repeatInPlace(_ t: Thread, _ array: ArrayObject, _ times: Int) throws(Raised) {
        let count = array.count, bytes = array.byteCount
        if count == 0 || times == 1 { return }
        let (total, overflow) = count.multipliedReportingOverflow(by: max(times, 0))
        if overflow || total > Int.max / 2 / array.itemSize { throw t.memoryError() }
        try t.resize(array, total)
        if bytes == 1 && total > 0 {
            memset(array.data, Int32(array.data.load(as: UInt8.self)), total)
            return
        }
        var done = bytes
        while done < total &* array.itemSize {
            let step = min(done, total &* array.itemSize &- done)
            memcpy(array.data + done, array.data, step)
            done += step
        }
    }

    // MARK: Subscripts

    private static func position(_ t: Thread, _ array: ArrayObject, _ key: Value, _ complaint: StaticString) throws(Raised) -> Int {
        var i = key.isSmallInt ? key.smallInt : try t.index(key, overflow: .indexError)
        if i < 0 { i = i &+ array.count }
        if i < 0 || i >= array.count { throw t.raise(.indexError, complaint.description) }
        return i
    }

    private static func item(_ t: Thread, _ v: Value, _ key: Value) throws(Raised) -> Value {
        let array = ArrayObject(v)
        if key.isSmallInt || t.isInt(key) || t.type(of: key).slots.pointee.index.isSet {
            return try t.arrayItem(array, try position(t, array, key, "array index out of range"))
        }
        if !key.hasLayout(.slice) { throw t.raise(.typeError, "array indices must be integers") }
        var part = try t.unpackSlice(SliceObject(key))
        part.fit(array.count)
        if part.step == 1 { return try t.arraySlice(array, part.start, part.start &+ part.count).value }
        let made = try t.newArray(array.code, count: part.count)
        let size = array.itemSize
        for i in 0..<part.count { memcpy(made.data + i &* size, array.data + (part.start &+ i &* part.step) &* size, size) }
        return made.value
    }

    private static func assign(_ t: Thread, _ v: Value, _ key: Value, _ value: Value) throws(Raised) {
        let array = ArrayObject(v)
        if key.isSmallInt || t.isInt(key) || t.type(of: key).slots.pointee.index.isSet {
            let i = try position(t, array, key, "array assignment index out of range")
            if value.isUnbound { return try t.removeItems(array, i, i &+ 1) }
            let bits = try t.arrayBits(array.code, value)
            // The conversion may have shortened the array.
            if i >= array.count { throw t.raise(.indexError, "array assignment index out of range") }
            return t.storeArrayBits(bits, array.itemSize, array.data + i &* array.itemSize)
        }
        if !key.hasLayout(.slice) { throw t.raise(.typeError, "array indices must be integers") }
        var part = try t.unpackSlice(SliceObject(key))
        part.fit(array.count)
        if value.isUnbound { return try assign(t, array, part, nil) }
        if !t.isArray(value) { throw t.raise(.typeError, "can only assign array (not \"\(t.typeName(value))\") to array slice") }
        let other = value == v ? try t.arraySlice(array, 0, array.count) : ArrayObject(value)
        if other.code != array.code { throw t.raise(.typeError, "bad argument type for built-in operation") }
        try assign(t, array, part, other)
    }

    /// Assigns to a slice, or deletes it when there is no `source`.
    private static func assign(_ t: Thread, _ array: ArrayObject, _ given: SliceIndices, _ source: ArrayObject?) throws(Raised) {
        var part = given
        let size = array.itemSize, needed = source?.count ?? 0
        if (needed == 0 || part.count != needed) && array.exports > 0 { try t.checkResizable(array) }
        if (part.step > 0 && part.stop < part.start) || (part.step < 0 && part.stop > part.start) { part.stop = part.start }
        if part.step == 1 { return try replace(t, array, part.start, part.start &+ part.count, source) }
        if needed == 0 { return try deleteExtended(t, array, part) }
        if needed != part.count {
            throw t.raise(.valueError, "attempt to assign array of size \(needed) to extended slice of size \(part.count)")
        }
        if let source {
            for i in 0..<part.count { memcpy(array.data + (part.start &+ i &* part.step) &* size, source.data + i &* size, size) }
        }
    }

    private static func replace(_ t: Thread, _ array: ArrayObject, _ from: Int, _ to: Int, _ source: ArrayObject?) throws(Raised) {
        let size = array.itemSize, needed = source?.count ?? 0
        let old = array.count, growth = needed &- (to &- from)
        if growth < 0 {
            memmove(array.data + (from &+ needed) &* size, array.data + to &* size, (old &- to) &* size)
            try t.resize(array, old &+ growth)
        } else if growth > 0 {
            try t.resize(array, old &+ growth)
            memmove(array.data + (from &+ needed) &* size, array.data + to &* size, (old &- to) &* size)
        }
        if let source, needed > 0 { memcpy(array.data + from &* size, source.data, needed &* size) }
    }

    private static func deleteExtended(_ t: Thread, _ array: ArrayObject, _ given: SliceIndices) throws(Raised) {
        if given.count == 0 { return }
        let size = array.itemSize
        // From the left, whatever the direction.
        let step = abs(given.step)
        let first = given.step > 0 ? given.start : given.start &+ given.step &* (given.count &- 1)
        var target = first
        for i in first..<array.count {
            let (steps, rest) = (i &- first).quotientAndRemainder(dividingBy: step)
            if rest == 0 && steps < given.count { continue }
            memmove(array.data + target &* size, array.data + i &* size, size)
            target = target &+ 1
        }
        try t.resize(array, target)
    }

    // MARK: Iterator: word 1 the array (unbound when exhausted), raw word 2 the position

    private static func defineIterator(_ b: TypeBuilder) {
        b.slots.pointee.iter = UnarySlot { (_, v) in v }
        b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in
            if v.cell[1].isUnbound { return .unbound }
            let array = ArrayObject(v.cell[1]), i = v.cell.raw(2)
            if i < array.count {
                v.cell.setRaw(i &+ 1, at: 2)
                return try t.arrayItem(array, i)
            }
            v.cell[1] = .unbound
            return .unbound
        }
        b.method("__reduce__", "($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
            let iter = try t.builtinFunction("iter")
            if a[0].cell[1].isUnbound { return try t.tuple(iter, try t.tuple(try t.newTuple(0).value)) }
            return try t.tuple(iter, try t.tuple(a[0].cell[1]), t.int(a[0].cell.raw(2)))
        }
        b.method("__setstate__", "!($self, state, /)", "Set state information for unpickling.") { (t, a) throws(Raised) in
            let i = try t.index(a[1])
            if a[0].cell[1].isBound { a[0].cell.setRaw(min(max(i, 0), ArrayObject(a[0].cell[1]).count), at: 2) }
            return .none
        }
    }
}
