// `bytes`: slots and constructor. The methods that bytearray shares are in BytesTypeMethods.swift.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanUnicode

extension Thread {
    func defineBytesType() {
        defineType(.bytes, "bytes", flags: TypeFlag.base | TypeFlag.matchSelf, NativeLayout(valueWords: 0, bytes: 25, kind: .bytes, isVariable: true)) { b in
            b.doc("bytes(iterable_of_ints) -> bytes\nbytes(string, encoding[, errors]) -> bytes\nbytes(bytes_or_buffer) -> immutable copy of bytes_or_buffer\nbytes(int) -> bytes object of size given by the parameter initialized with null bytes\nbytes() -> empty bytes object\n\nConstruct an immutable array of bytes from:\n  - an iterable yielding integers in range(256)\n  - a text string encoded using the specified encoding\n  - any object implementing the buffer API.\n  - an integer")
            defineBytesSlots(b.slots)
            defineBytesLikeMethods(b)
            b.method("__getnewargs__", "!($self, /)") { (t, a) throws(Raised) in
                try t.tuple(try t.bytes(BytesObject(a[0]).data, BytesObject(a[0]).count))
            }
            b.method("__bytes__", "($self, /)", "Convert this value to exact type bytes.") { (t, a) throws(Raised) in
                try t.whole(TextSource(t, a[0]))
            }
            b.method("__sizeof__", "($self, /)", "Return the size of the object in memory, in bytes.") { (t, a) in
                Value(smallInt: 33 + BytesObject(a[0]).count)
            }
        }
    }

    private func defineBytesSlots(_ s: UnsafeMutablePointer<TypeSlots>) {
        s.pointee.repr = UnarySlot { (t, v) throws(Raised) in try t.bytesRepr(BytesObject(v).points, "", "") }
        s.pointee.str = UnarySlot { (t, v) throws(Raised) in
            try t.bytesWarning("str() on a bytes instance")
            return try t.bytesRepr(BytesObject(v).points, "", "")
        }
        s.pointee.hash = IntSlot { (t, v) in
            let bytes = BytesObject(v)
            if bytes.cell.raw(1) == 0 {
                bytes.cell.setRaw(t.hashBytes(UnsafeRawBufferPointer(bytes.buffer)), at: 1)
            }
            return bytes.cell.raw(1)
        }
        s.pointee.compare = CompareSlot(Thread.bytesCompare)
        s.pointee.iter = UnarySlot { (t, v) in t.newTextIterator(.bytesIterator, v) }
        s.pointee.length = IntSlot { (_, v) in BytesObject(v).count }
        s.pointee.getItem = BinarySlot(Thread.bytesSubscript)
        s.pointee.contains = ContainsSlot(Thread.bytesContains)
        s.pointee.concatenate = BinarySlot { (t, v, w) throws(Raised) in
            if v.hasLayout(.bytes) && w.hasLayout(.bytes) {
                if BytesObject(v).count == 0 { return w }
                if BytesObject(w).count == 0 { return v }
            }
            return try t.concatBytes(BytesObject(v).points, w, v, .bytes)
        }
        s.pointee.repeat = BinarySlot { (t, v, n) throws(Raised) in try t.repeatText(TextSource(t, v), try t.index(n)) }
        s.pointee.remainder = BinarySlot { (t, v, w) throws(Raised) in
            v.isKind(.bytes) ? try t.formatBytes(TextSource(t, v), w) : .notImplemented
        }
        s.pointee.buffer = BufferSlot { (t, v, flags, view) throws(Raised) in
            if flags.contains(.writable) { throw t.raise(.bufferError, "Object is not writable.") }
            let bytes = BytesObject(v)
            view.pointee = BufferView(base: UnsafeMutableRawPointer(bytes.data), count: bytes.count, isReadOnly: true, owner: v)
        }
        s.pointee.new = CallSlot(Thread.bytesNew)
    }

    /// The bytes of a bytes or bytearray (or subclass).
    func bytePoints(_ value: Value) -> CodePoints {
        value.isKind(.bytes) ? BytesObject(value).points : ByteArrayObject(value).points
    }

    static func bytesCompare(_ t: Thread, _ v: Value, _ w: Value, _ op: CompareOperator) throws(Raised) -> Value {
        if v.isKind(.bytes) && w.isKind(.bytes) {
            let a = BytesObject(v).points, b = BytesObject(w).points
            if op == .equal { return Value(CodePoints.isEqual(a, b)) }
            if op == .notEqual { return Value(!CodePoints.isEqual(a, b)) }
            return Value(op.holds(CodePoints.compare(a, b)))
        }
        if v.isKind(.bytes), t.interp.pointee.config.bytesWarning > 0, op == .equal || op == .notEqual {
            if w.isKind(.str) { try t.bytesWarning("Comparison between bytes and string") }
            if t.isInt(w) { try t.bytesWarning("Comparison between bytes and int") }
        }
        return .notImplemented
    }

    static func bytesSubscript(_ t: Thread, _ v: Value, _ key: Value) throws(Raised) -> Value {
        let bytes = BytesObject(v)
        if key.isSmallInt || t.isInt(key) || (key.isCell && t.type(of: key).slots.pointee.index.isSet) {
            var i = try t.index(key, overflow: .indexError)
            if i < 0 { i = i &+ bytes.count }
            if i < 0 || i >= bytes.count { throw t.raise(.indexError, "index out of range") }
            return Value(smallInt: Int(bytes.data[i]))
        }
        if !key.hasLayout(.slice) { throw t.raise(.typeError, "byte indices must be integers or slices, not \(t.typeName(key))") }
        let slice = try t.textSlice(key) { bytes.count }
        if slice.count == 0 { return t.objects.pointee.emptyBytes }
        if slice.step == 1 { return try t.part(TextSource(t, v), slice.start, slice.start + slice.count) }
        let made = try t.newBytes(slice.count)
        var at = slice.start
        for i in 0..<slice.count {
            made.data[i] = bytes.data[at]
            at = at &+ slice.step
        }
        return made.value
    }

    /// `item in bytes`: a byte or a run of bytes.
    static func bytesContains(_ t: Thread, _ v: Value, _ item: Value) throws(Raised) -> Bool {
        if t.isInt(item) || t.type(of: item).slots.pointee.index.isSet {
            let byte = try t.byte(item, "byte must be in range(0, 256)")
            let text = t.bytePoints(v)
            return TextSearch.find(unit: UInt32(byte), in: text, from: 0, to: text.count) >= 0
        }
        let view = try t.buffer(of: item)
        defer { t.release(view) }
        let text = t.bytePoints(v)
        return TextSearch.find(view.points, in: text, from: 0, to: text.count) >= 0
    }

    /// An int in range(256).
    func byte(_ value: Value, _ message: StaticString) throws(Raised) -> UInt8 {
        guard let n = machineInt(try indexValue(value)), n >= 0, n < 256 else { throw raise(.valueError, "\(message)") }
        return UInt8(n)
    }

    func concatBytes(_ left: CodePoints, _ other: Value, _ receiver: Value, _ flavor: TextFlavor) throws(Raised) -> Value {
        if !hasBuffer(other) { throw raise(.typeError, "can't concat \(typeName(other)) to \(typeName(receiver))") }
        let view = try buffer(of: other)
        defer { release(view) }
        let target: UnsafeMutablePointer<UInt8>, made: Value
        if flavor == .bytes {
            let fresh = try newBytes(left.count + view.count)
            (made, target) = (fresh.value, fresh.data)
        } else {
            let fresh = try newByteArray(count: left.count + view.count)
            (made, target) = (fresh.value, fresh.data)
        }
        if left.count > 0 { memcpy(target, left.base, left.count) }
        if let base = view.base, view.count > 0 { memcpy(target + left.count, base, view.count) }
        return made
    }

    /// `b'…'` with `prefix` and `suffix` around it.
    func bytesRepr(_ points: CodePoints, _ prefix: StaticString, _ suffix: StaticString) throws(Raised) -> Value {
        let single = TextSearch.find(unit: 0x27, in: points, from: 0, to: points.count) >= 0
        let double = single && TextSearch.find(unit: 0x22, in: points, from: 0, to: points.count) >= 0
        let quote: UInt32 = single && !double ? 0x22 : 0x27
        var builder = StrBuilder()
        // CPython's bytearray escapes the single quote even between double ones.
        let always: UInt32 = suffix.utf8CodeUnitCount > 0 ? 0x27 : 0x5C
        builder.append(prefix)
        builder.append(0x62)
        builder.append(quote)
        for i in 0..<points.count {
            let c = points[i]
            if c >= 0x20 && c < 0x7F && c != quote && c != 0x5C && c != always { builder.append(c) } else { appendEscape(c, &builder) }
        }
        builder.append(quote)
        builder.append(suffix)
        return try builder.finish(self)
    }

    // MARK: Construction

    /// `bytes(source, encoding, errors)`.
    static func bytesNew(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        let words = try t.pushScratch(3)
        defer { t.popScratch(words) }
        try t.bind(a, ["source", "encoding", "errors"], "bytes", words)
        let made = try t.makeBytes(words, "bytes")
        return type == t.types.pointee.bytes ? made : try t.bytesInstance(of: type, made)
    }

    func bytesInstance(of type: Value, _ contents: Value) throws(Raised) -> Value {
        let bytes = BytesObject(contents)
        let cell = try allocate(TypeObject(type), bytes: 25 + bytes.count)
        cell.setRaw(bytes.count, at: 2)
        memcpy(BytesObject(cell).data, bytes.data, bytes.count)
        return Value(cell)
    }

    /// Checks the encoding and errors of a constructor call; the encoded text when there is one.
    func encodedSource(_ words: UnsafeMutablePointer<Value>, _ name: StaticString) throws(Raised) -> Value {
        for i in 1...2 where words[i].isBound { try requireStr(words[i], name, i == 1 ? "'encoding'" : "'errors'") }
        if words[1].isBound || words[2].isBound {
            if words[0].isUnbound || !words[0].isKind(.str) {
                throw raise(.typeError, words[1].isBound ? "encoding without a string argument" : "errors without a string argument")
            }
            if words[1].isUnbound { throw raise(.typeError, "string argument without an encoding") }
            return try encodeText(words[0], words[1], words[2])
        }
        return .unbound
    }

    private func makeBytes(_ words: UnsafeMutablePointer<Value>, _ name: StaticString) throws(Raised) -> Value {
        let encoded = try encodedSource(words, name)
        if encoded.isBound { return encoded }
        let source = words[0]
        if source.isUnbound { return objects.pointee.emptyBytes }
        if source.hasLayout(.bytes) { return source }
        let special = try callSpecial(source, self.name(.__bytes__))
        if special.isBound {
            if !special.isKind(.bytes) { throw raise(.typeError, "__bytes__ returned non-bytes (type \(typeName(special)))") }
            return special
        }
        if source.isKind(.str) { throw raise(.typeError, "string argument without an encoding") }
        if let count = try byteCount(source) { return try newBytes(count).value }
        return try bytesFromObject(source)
    }

    /// The number of zero bytes that an int source asks for; nil when it is not an int.
    func byteCount(_ source: Value) throws(Raised) -> Int? {
        if !isInt(source) && !type(of: source).slots.pointee.index.isSet { return nil }
        let count: Int
        do throws(Raised) { count = try index(source) } catch {
            try swallow(.typeError, error)
            return nil
        }
        if count < 0 { throw raise(.valueError, "negative count") }
        return count
    }

    /// `PyBytes_FromObject`: from a buffer or an iterable of ints.
    public func bytesFromObject(_ source: Value) throws(Raised) -> Value {
        if hasBuffer(source) { return try bytesFrom(source) }
        if source.isKind(.str) { throw raise(.typeError, "cannot convert '\(typeName(source))' object to bytes") }
        let items = try byteItems(source, "bytes", "bytes must be in range(0, 256)")
        return items
    }

    /// The bytes of an iterable of ints.
    func byteItems(_ source: Value, _ what: StaticString, _ message: StaticString) throws(Raised) -> Value {
        var sink = ByteSink()
        if source.isKind(.list) || source.isKind(.tuple) {
            try forEachByte(source, message, &sink)
        } else {
            let iterator: Value
            do throws(Raised) { iterator = try iter(source) } catch {
                try swallow(.typeError, error)
                throw raise(.typeError, "cannot convert '\(typeName(source))' object to \(what)")
            }
            while true {
                let item = try next(iterator)
                if item.isUnbound { break }
                sink.append(try byte(item, message))
            }
        }
        return try finish(sink)
    }

    private func forEachByte(_ source: Value, _ message: StaticString, _ sink: inout ByteSink) throws(Raised) {
        var i = 0
        while true {
            let item: Value
            if source.isKind(.list) {
                if i >= ListObject(source).count { return }
                item = ListObject(source)[i]
            } else {
                if i >= TupleObject(source).count { return }
                item = TupleObject(source)[i]
            }
            sink.append(try byte(item, message))
            i += 1
        }
    }

    /// The bytes object of what was collected.
    public func finish(_ sink: borrowing ByteSink) throws(Raised) -> Value {
        if sink.isOutOfMemory { throw memoryError() }
        let collected = sink.withBytes { $0 }
        if collected.count == 0 { return objects.pointee.emptyBytes }
        return try bytes(collected.baseAddress, collected.count)
    }
}
