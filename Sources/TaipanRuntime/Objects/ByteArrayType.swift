// `bytearray`: bytes that change.
//
//   word 1  storage: a bytes cell with room for more, or unbound     word 2  length, raw
//   word 3  buffers lent out, raw                                     word 4  offset of the first byte in the storage, raw
//
// While buffers are lent out the length does not change (BufferError).

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanUnicode

@frozen public struct ByteArrayObject: BitwiseCopyable {
    public let cell: Cell
    public init(_ value: Value) { cell = value.cell }
    public var value: Value { Value(cell) }
    public var storage: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    public var count: Int { get { cell.raw(2) } nonmutating set { cell.setRaw(newValue, at: 2) } }
    public var exports: Int { get { cell.raw(3) } nonmutating set { cell.setRaw(newValue, at: 3) } }
    var offset: Int { get { cell.raw(4) } nonmutating set { cell.setRaw(newValue, at: 4) } }
    /// The bytes; valid until the length changes.
    public var data: UnsafeMutablePointer<UInt8> {
        storage.isUnbound ? cell.bytes(from: 4) : BytesObject(storage).data + offset
    }
    /// Bytes that fit without moving.
    var capacity: Int { storage.isUnbound ? 0 : BytesObject(storage).count - offset }
    public var points: CodePoints { CodePoints(base: data, count: count, width: 1) }
    static var bytes: Int { 40 }
}

extension Thread {
    /// True for bytearrays and instances of subclasses.
    public func isByteArray(_ value: Value) -> Bool { value.hasLayout(.bytearray) || (value.isCell && isInstance(value, of: types.pointee.bytearray)) }

    /// A bytearray of `count` zero bytes.
    public func newByteArray(count: Int) throws(Raised) -> ByteArrayObject {
        let storage: Value = count > 0 ? try newBytes(count).value : .unbound
        let made = ByteArrayObject(Value(heap.allocate(header: UInt(LayoutID.bytearray.rawValue), bytes: ByteArrayObject.bytes)))
        made.storage = storage
        made.count = count
        return made
    }

    public func newByteArray(_ start: UnsafePointer<UInt8>?, _ count: Int) throws(Raised) -> ByteArrayObject {
        let made = try newByteArray(count: count)
        if let start, count > 0 { memcpy(made.data, start, count) }
        return made
    }

    /// Changes the length; new bytes at the end are undefined.
    /// - Throws: BufferError while buffers are lent out.
    public func resize(_ array: ByteArrayObject, _ count: Int) throws(Raised) {
        if count == array.count { return }
        try checkResizable(array)
        if count > array.capacity || (count < array.capacity / 2 && array.capacity > 64) {
            let room = count > array.count && array.count > 0 ? count + count >> 3 + (count < 9 ? 3 : 6) : count
            let storage: Value = room > 0 ? try newBytes(room).value : .unbound
            let kept = min(count, array.count)
            if storage.isBound && kept > 0 { memcpy(BytesObject(storage).data, array.data, kept) }
            array.storage = storage
            array.offset = 0
        }
        array.count = count
    }

    func checkResizable(_ array: ByteArrayObject) throws(Raised) {
        if array.exports > 0 { collectLentBuffers() }
        if array.exports > 0 { throw raise(.bufferError, "Existing exports of data: object cannot be re-sized") }
    }

    /// Appends bytes that do not lie in the array itself.
    public func append(_ array: ByteArrayObject, _ bytes: UnsafeBufferPointer<UInt8>) throws(Raised) {
        let count = array.count
        try resize(array, count + bytes.count)
        if let base = bytes.baseAddress, bytes.count > 0 { memcpy(array.data + count, base, bytes.count) }
    }

    /// Replaces `from..<to` by `bytes` (not in the array itself).
    func splice(_ array: ByteArrayObject, _ from: Int, _ to: Int, _ bytes: UnsafeBufferPointer<UInt8>) throws(Raised) {
        let growth = bytes.count - (to - from)
        let tail = array.count - to
        if growth != 0 {
            try checkResizable(array)
            if from == 0 && growth < 0 && array.count + growth > 0 {
                // Bytes taken from the front only move the start.
                array.offset = array.offset - growth
                array.count = array.count + growth
            } else if growth < 0 {
                memmove(array.data + from + bytes.count, array.data + to, tail)
                try resize(array, array.count + growth)
            } else {
                try resize(array, array.count + growth)
                memmove(array.data + from + bytes.count, array.data + to, tail)
            }
        }
        if let base = bytes.baseAddress, bytes.count > 0 { memcpy(array.data + from, base, bytes.count) }
    }

    func defineByteArrayType() {
        defineType(.bytearray, "bytearray", flags: TypeFlag.base | TypeFlag.matchSelf, NativeLayout(valueWords: 1, bytes: ByteArrayObject.bytes)) { b in
            b.doc("bytearray(iterable_of_ints) -> bytearray\nbytearray(string, encoding[, errors]) -> bytearray\nbytearray(bytes_or_buffer) -> mutable copy of bytes_or_buffer\nbytearray(int) -> bytes array of size given by the parameter initialized with null bytes\nbytearray() -> empty bytes array\n\nConstruct a mutable bytearray object from:\n  - an iterable yielding integers in range(256)\n  - a text string encoded using the specified encoding\n  - a bytes or a buffer object\n  - any object implementing the buffer API.\n  - an integer")
            defineByteArraySlots(b.slots)
            b.constant("__hash__", .none)
            defineBytesLikeMethods(b)
            defineByteArrayMethods(b)
            defineByteArrayPickling(b)
        }
    }

    // MARK: Slots

    private func defineByteArraySlots(_ s: UnsafeMutablePointer<TypeSlots>) {
        s.pointee.repr = UnarySlot(Thread.byteArrayRepr)
        s.pointee.str = UnarySlot { (t, v) throws(Raised) in
            try t.bytesWarning("str() on a bytearray instance")
            return try Thread.byteArrayRepr(t, v)
        }
        s.pointee.compare = CompareSlot(Thread.byteArrayCompare)
        s.pointee.iter = UnarySlot { (t, v) in t.newTextIterator(.bytearrayIterator, v) }
        s.pointee.length = IntSlot { (_, v) in ByteArrayObject(v).count }
        s.pointee.getItem = BinarySlot(Thread.byteArraySubscript)
        s.pointee.setItem = StoreSlot(Thread.byteArrayAssign)
        s.pointee.contains = ContainsSlot(Thread.bytesContains)
        s.pointee.concatenate = BinarySlot { (t, v, w) throws(Raised) in
            try t.concatBytes(ByteArrayObject(v).points, w, v, .bytearray)
        }
        s.pointee.repeat = BinarySlot { (t, v, n) throws(Raised) in try t.repeatText(TextSource(t, v), try t.index(n)) }
        s.pointee.inPlaceConcatenate = BinarySlot { (t, v, w) throws(Raised) in
            if !t.hasBuffer(w) { throw t.raise(.typeError, "can't concat \(t.typeName(w)) to \(t.typeName(v))") }
            try t.extend(ByteArrayObject(v), w)
            return v
        }
        s.pointee.inPlaceRepeat = BinarySlot { (t, v, n) throws(Raised) in
            let array = ByteArrayObject(v)
            let made = ByteArrayObject(try t.repeatText(TextSource(t, v), try t.index(n)))
            if made.count != array.count { try t.checkResizable(array) }
            array.storage = made.storage
            array.offset = 0
            array.count = made.count
            return v
        }
        s.pointee.remainder = BinarySlot { (t, v, w) throws(Raised) in
            t.isByteArray(v) ? try t.formatBytes(TextSource(t, v), w) : .notImplemented
        }
        s.pointee.buffer = BufferSlot { (t, v, _, view) in
            let array = ByteArrayObject(v)
            array.exports += 1
            view.pointee = BufferView(base: UnsafeMutableRawPointer(array.data), count: array.count, isReadOnly: false, owner: v)
        }
        s.pointee.releaseBuffer = ActionSlot { (_, v) in ByteArrayObject(v).exports -= 1 }
        s.pointee.new = CallSlot { (t, type, _) in Value(t.allocate(TypeObject(type))) }
        s.pointee.initialize = InitSlot(Thread.byteArrayInit)
    }

    private static func byteArrayRepr(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        let text = try t.bytesRepr(ByteArrayObject(v).points, "(", ")")
        return try t.concat(t.type(of: v).name, text)
    }

    private static func byteArrayCompare(_ t: Thread, _ v: Value, _ w: Value, _ op: CompareOperator) throws(Raised) -> Value {
        if w.isKind(.str) || v.isKind(.str) {
            if op == .equal || op == .notEqual { try t.bytesWarning("Comparison between bytearray and string") }
            return .notImplemented
        }
        if !t.hasBuffer(v) || !t.hasBuffer(w) { return .notImplemented }
        let left = try t.buffer(of: v)
        defer { t.release(left) }
        let right = try t.buffer(of: w)
        defer { t.release(right) }
        if op == .equal { return Value(CodePoints.isEqual(left.points, right.points)) }
        if op == .notEqual { return Value(!CodePoints.isEqual(left.points, right.points)) }
        return Value(op.holds(CodePoints.compare(left.points, right.points)))
    }

    private static func byteArraySubscript(_ t: Thread, _ v: Value, _ key: Value) throws(Raised) -> Value {
        let array = ByteArrayObject(v)
        if key.isSmallInt || t.isInt(key) || (key.isCell && t.type(of: key).slots.pointee.index.isSet) {
            let i = try t.byteArrayIndex(array, key)
            return Value(smallInt: Int(array.data[i]))
        }
        if !key.hasLayout(.slice) { throw t.raise(.typeError, "bytearray indices must be integers or slices, not \(t.typeName(key))") }
        let slice = try t.textSlice(key) { array.count }
        let made = try t.newByteArray(count: slice.count)
        if slice.step == 1 {
            if slice.count > 0 { memcpy(made.data, array.data + slice.start, slice.count) }
            return made.value
        }
        var at = slice.start
        for i in 0..<slice.count {
            made.data[i] = array.data[at]
            at = at &+ slice.step
        }
        return made.value
    }

    private func byteArrayIndex(_ array: ByteArrayObject, _ key: Value) throws(Raised) -> Int {
        var i = try index(key, overflow: .indexError)
        if i < 0 { i = i &+ array.count }
        if i < 0 || i >= array.count { throw raise(.indexError, "bytearray index out of range") }
        return i
    }

    /// `array[key] = value` and `del array[key]`.
    private static func byteArrayAssign(_ t: Thread, _ v: Value, _ key: Value, _ value: Value) throws(Raised) {
        let array = ByteArrayObject(v)
        if key.isSmallInt || t.isInt(key) || (key.isCell && t.type(of: key).slots.pointee.index.isSet) {
            let i = try t.byteArrayIndex(array, key)
            if value.isUnbound { return try t.splice(array, i, i + 1, UnsafeBufferPointer(start: nil, count: 0)) }
            let byte = try t.byte(value, "byte must be in range(0, 256)")
            // Converting the value may have run code that shortened the array.
            let j = try t.byteArrayIndex(array, key)
            array.data[j] = byte
            return
        }
        if !key.hasLayout(.slice) { throw t.raise(.typeError, "bytearray indices must be integers or slices, not \(t.typeName(key))") }
        if value.isUnbound { return try t.assign(array, key, UnsafeBufferPointer(start: nil, count: 0), isDelete: true) }
        if value == v || !t.isByteArray(value) && !value.isKind(.bytes) {
            if t.isInt(value) || value.isKind(.str) {
                throw t.raise(.typeError, "can assign only bytes, buffers, or iterables of ints in range(0, 256)")
            }
            let copy = value == v || t.hasBuffer(value) ? try t.copiedBytes(value) : try t.byteItems(value, "bytearray", "byte must be in range(0, 256)")
            return try t.assign(array, key, BytesObject(copy).buffer, isDelete: false)
        }
        let view = try t.buffer(of: value)
        defer { t.release(view) }
        try t.assign(array, key, view.bytes, isDelete: false)
    }

    private func assign(_ array: ByteArrayObject, _ key: Value, _ bytes: UnsafeBufferPointer<UInt8>, isDelete: Bool) throws(Raised) {
        var slice = try textSlice(key) { array.count }
        if slice.step == 1 {
            return try splice(array, slice.start, slice.start + slice.count, bytes)
        }
        if !isDelete && bytes.count == 0 && slice.count == 0 { return }
        if isDelete {
            if slice.count == 0 { return }
            try checkResizable(array)
            if slice.step < 0 { slice = (slice.start + slice.step * (slice.count - 1), -slice.step, slice.count) }
            var out = slice.start, next = slice.start, left = slice.count
            for i in slice.start..<array.count {
                if left > 0 && i == next {
                    next = next &+ slice.step
                    left -= 1
                } else {
                    array.data[out] = array.data[i]
                    out += 1
                }
            }
            return try resize(array, out)
        }
        if bytes.count != slice.count {
            if bytes.count == 0 { return try assign(array, key, bytes, isDelete: true) }
            throw raise(.valueError, "attempt to assign bytes of size \(bytes.count) to extended slice of size \(slice.count)")
        }
        var at = slice.start
        for i in 0..<slice.count {
            array.data[at] = bytes[i]
            at = at &+ slice.step
        }
    }

    /// `bytearray(source, encoding, errors)`: `__init__`, which starts by emptying the array.
    private static func byteArrayInit(_ t: Thread, _ v: Value, _ a: Arguments) throws(Raised) {
        let array = ByteArrayObject(v)
        let words = try t.pushScratch(3)
        defer { t.popScratch(words) }
        try t.bind(a, ["source", "encoding", "errors"], "bytearray", words)
        try t.resize(array, 0)
        let encoded = try t.encodedSource(words, "bytearray")
        if encoded.isBound { return try t.append(array, BytesObject(encoded).buffer) }
        let source = words[0]
        if source.isUnbound { return }
        if source.isKind(.str) { throw t.raise(.typeError, "string argument without an encoding") }
        if let count = try t.byteCount(source) {
            try t.resize(array, count)
            memset(array.data, 0, count)
            return
        }
        if t.hasBuffer(source) {
            let copy = try t.copiedBytes(source)
            return try t.append(array, BytesObject(copy).buffer)
        }
        let iterator: Value
        do throws(Raised) { iterator = try t.iter(source) } catch {
            try t.swallow(.typeError, error)
            throw t.raise(.typeError, "cannot convert '\(t.typeName(source))' object to bytearray")
        }
        // One at a time: the iterator may look at the array.
        while true {
            let item = try t.next(iterator)
            if item.isUnbound { return }
            let byte = try t.byte(item, "byte must be in range(0, 256)")
            try t.resize(array, array.count + 1)
            array.data[array.count - 1] = byte
        }
    }

    /// Appends a buffer or the ints of an iterable.
    func extend(_ array: ByteArrayObject, _ source: Value) throws(Raised) {
        if hasBuffer(source) {
            let copy = source.hasLayout(.bytes) ? source : try copiedBytes(source)
            return try append(array, BytesObject(copy).buffer)
        }
        let iterator: Value
        do throws(Raised) { iterator = try iter(source) } catch {
            try swallow(.typeError, error)
            throw raise(.typeError, "can't extend bytearray with \(typeName(source))")
        }
        _ = try lengthHint(source, 32)
        let items = try byteItems(iterator, "bytearray", "byte must be in range(0, 256)")
        try append(array, BytesObject(items).buffer)
    }

    // MARK: Methods

    private func defineByteArrayMethods(_ b: TypeBuilder) {
        b.method("append", "($self, item, /)", "Append a single item to the end of the bytearray.\n\n  item\n    The item to be appended.") { (t, a) throws(Raised) in
            var byte = try t.byte(a[1], "byte must be in range(0, 256)")
            try withUnsafePointer(to: &byte) { (base) throws(Raised) in
                try t.append(ByteArrayObject(a[0]), UnsafeBufferPointer(start: base, count: 1))
            }
            return .none
        }
        b.method("extend", "($self, iterable_of_ints, /)", "Append all the items from the iterator or sequence to the end of the bytearray.\n\n  iterable_of_ints\n    The iterable of items to append.") { (t, a) throws(Raised) in
            try t.extend(ByteArrayObject(a[0]), a[1])
            return .none
        }
        b.method("insert", "($self, index, item, /)", "Insert a single item into the bytearray before the given index.\n\n  index\n    The index where the value is to be inserted.\n  item\n    The item to be inserted.") { (t, a) throws(Raised) in
            let array = ByteArrayObject(a[0])
            var i = try t.index(a[1])
            var byte = try t.byte(a[2], "byte must be in range(0, 256)")
            if i < 0 { i = max(0, i &+ array.count) }
            i = min(i, array.count)
            try withUnsafePointer(to: &byte) { (base) throws(Raised) in
                try t.splice(array, i, i, UnsafeBufferPointer(start: base, count: 1))
            }
            return .none
        }
        b.method("pop", "($self, index=-1, /)", "Remove and return a single item from B.\n\n  index\n    The index from where to remove the item.\n    -1 (the default value) means remove the last item.\n\nIf no index argument is given, will pop the last item.") { (t, a) throws(Raised) in
            let array = ByteArrayObject(a[0])
            var i = a[1].isUnbound ? -1 : try t.index(a[1])
            if array.count == 0 { throw t.raise(.indexError, "pop from empty bytearray") }
            if i < 0 { i = i &+ array.count }
            if i < 0 || i >= array.count { throw t.raise(.indexError, "pop index out of range") }
            let byte = array.data[i]
            try t.splice(array, i, i + 1, UnsafeBufferPointer(start: nil, count: 0))
            return Value(smallInt: Int(byte))
        }
        b.method("remove", "($self, value, /)", "Remove the first occurrence of a value in the bytearray.\n\n  value\n    The value to remove.") { (t, a) throws(Raised) in
            let byte = try t.byte(a[1], "byte must be in range(0, 256)")
            let array = ByteArrayObject(a[0])
            let found = TextSearch.find(unit: UInt32(byte), in: array.points, from: 0, to: array.count)
            if found < 0 { throw t.raise(.valueError, "value not found in bytearray") }
            try t.splice(array, found, found + 1, UnsafeBufferPointer(start: nil, count: 0))
            return .none
        }
        b.method("clear", "($self, /)", "Remove all items from the bytearray.") { (t, a) throws(Raised) in
            try t.resize(ByteArrayObject(a[0]), 0)
            return .none
        }
        b.method("copy", "($self, /)", "Return a copy of B.") { (t, a) throws(Raised) in
            try t.newByteArray(ByteArrayObject(a[0]).data, ByteArrayObject(a[0]).count).value
        }
        b.method("reverse", "($self, /)", "Reverse the order of the values in B in place.") { (_, a) in
            let array = ByteArrayObject(a[0])
            var bytes = UnsafeMutableBufferPointer(start: array.data, count: array.count)
            bytes.reverse()
            return .none
        }
    }

    private func defineByteArrayPickling(_ b: TypeBuilder) {
        b.method("__alloc__", "!($self, /)", "B.__alloc__() -> int\n\nReturn the number of bytes actually allocated.") { (t, a) in
            let array = ByteArrayObject(a[0])
            return t.int(array.storage.isUnbound ? 0 : BytesObject(array.storage).count + 1)
        }
        b.method("__sizeof__", "($self, /)", "Returns the size of the bytearray object in memory, in bytes.") { (t, a) in
            let array = ByteArrayObject(a[0])
            return t.int(56 + (array.storage.isUnbound ? 0 : BytesObject(array.storage).count + 1))
        }
        b.method("__reduce__", "($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
            try t.reduceByteArray(a[0], 2)
        }
        b.method("__reduce_ex__", "($self, proto=0, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
            try t.reduceByteArray(a[0], a[1].isUnbound ? 0 : try t.index(a[1]))
        }
    }

    private func reduceByteArray(_ value: Value, _ proto: Int) throws(Raised) -> Value {
        let array = ByteArrayObject(value)
        let state = try objectState(value, required: false)
        let arguments: Value
        if proto < 3 {
            arguments = array.count > 0 ? try tuple(try newStr(array.points), str("latin-1")) : try newTuple(0).value
        } else {
            arguments = array.count > 0 ? try tuple(try bytes(array.data, array.count)) : try newTuple(0).value
        }
        return try tuple(type(of: value).value, arguments, state)
    }
}
