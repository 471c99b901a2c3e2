// BytesIO: a file in memory. Its bytes are in a bytes cell, which is shared with whoever asks for the whole value until
// the next change.
//
//   word 1 attribute dict   2 bytes (unbound: closed)   raw: 3 position   4 size   5 buffers lent   6 shared

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

struct BytesStream {
    let cell: Cell
    init(_ value: Value) { cell = value.cell }
    var block: Value { get { cell[2] } nonmutating set { cell[2] = newValue } }
    var position: Int { get { cell.raw(3) } nonmutating set { cell.setRaw(newValue, at: 3) } }
    var size: Int { get { cell.raw(4) } nonmutating set { cell.setRaw(newValue, at: 4) } }
    var exports: Int { get { cell.raw(5) } nonmutating set { cell.setRaw(newValue, at: 5) } }
    var isShared: Bool { get { cell.raw(6) != 0 } nonmutating set { cell.setRaw(newValue ? 1 : 0, at: 6) } }
    var data: UnsafeMutablePointer<UInt8> { BytesObject(block).data }
    var ahead: Int { max(size - position, 0) }
    static var layout: NativeLayout { NativeLayout(valueWords: 2, bytes: 56, dictWord: 1) }
}

extension Thread {
    func defineBytesIO() throws(Raised) {
        defineIOInit(.bytesIOInit, "BytesIO", "($self, initial_bytes=b'')") { (t, a) throws(Raised) in
            try t.initBytesIO(a[0], a[1])
            return .none
        }
        try defineIOType(.bytesIO, "BytesIO", base: .bufferedIOBase, BytesStream.layout) { b in
            b.doc("BytesIO(initial_bytes=b'')\n--\n\nBuffered I/O implementation using an in-memory bytes buffer.")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                let cell = t.allocate(TypeObject(type))
                t.hasIdleFinalizer(Value(cell))
                cell[2] = t.objects.pointee.emptyBytes
                BytesStream(Value(cell)).isShared = true
                return Value(cell)
            }
            b.slots.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in try t.callIOInit(.bytesIOInit, v, a) }
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in
                let s = try t.openBytesIO(v)
                let n = t.lineLength(s, -1)
                return n == 0 ? .unbound : try t.take(s, n)
            }
            defineBytesIOReading(b)
            defineBytesIOWriting(b)
            defineBytesIOState(b)
        }
        // The object whose bytes a memoryview from `getbuffer` shows: word 1 is the BytesIO.
        try defineIOType(.bytesIOBuffer, "_BytesIOBuffer", base: nil, .values(1), flags: 0) { b in
            b.slots.pointee.buffer = BufferSlot { (t, v, writable, view) throws(Raised) in
                let s = BytesStream(v.cell[1])
                try t.unshare(s, s.size)
                s.exports += 1
                view.pointee = BufferView(base: UnsafeMutableRawPointer(s.data), count: s.size, isReadOnly: false, owner: v)
            }
            b.slots.pointee.releaseBuffer = ActionSlot { (t, v) throws(Raised) in
                let s = BytesStream(v.cell[1])
                s.exports -= 1
            }
        }
    }

    private func initBytesIO(_ v: Value, _ initial: Value) throws(Raised) {
        let s = BytesStream(v)
        try checkExports(s)
        s.position = 0
        s.size = 0
        s.block = objects.pointee.emptyBytes
        s.isShared = true
        if initial.isNoneOrUnbound { return }
        if initial.hasLayout(.bytes) {
            s.block = initial
            s.size = BytesObject(initial).count
            return
        }
        let view = try lend(initial)
        defer { giveBack(view) }
        s.block = try bytes(view.base?.assumingMemoryBound(to: UInt8.self), view.count)
        s.size = view.count
        s.isShared = false
    }

    func openBytesIO(_ v: Value) throws(Raised) -> BytesStream {
        let s = BytesStream(v)
        if s.block.isUnbound { throw raise(.valueError, "I/O operation on closed file.") }
        return s
    }

    private func checkExports(_ s: BytesStream) throws(Raised) {
        if s.exports > 0 { throw raise(.bufferError, "Existing exports of data: object cannot be re-sized") }
    }

    /// Makes the block the stream's own, with room for `capacity` bytes.
    func unshare(_ s: BytesStream, _ capacity: Int) throws(Raised) {
        let room = BytesObject(s.block).count
        if !s.isShared && room >= capacity { return }
        let larger = capacity > room ? max(capacity, room + room >> 3 + 64) : max(capacity, s.size)
        let block = try newBytes(larger)
        memcpy(block.data, s.data, s.size)
        s.block = block.value
        s.isShared = false
    }

    /// Takes `count` bytes at the position.
    func take(_ s: BytesStream, _ count: Int) throws(Raised) -> Value {
        if count == s.size && s.position == 0 && count > 1 && s.exports == 0 {
            let whole = try wholeValue(s)
            s.position = count
            return whole
        }
        let taken: Value = count == 0 ? objects.pointee.emptyBytes : try bytes(s.data + s.position, count)
        s.position += count
        return taken
    }

    private func wholeValue(_ s: BytesStream) throws(Raised) -> Value {
        if BytesObject(s.block).count == s.size && s.exports == 0 {
            s.isShared = true
            return s.block
        }
        let copy = try bytes(s.data, s.size)
        if s.exports == 0 {
            s.block = copy
            s.isShared = true
        }
        return copy
    }

    /// Length of the line at the position, at most `limit`.
    func lineLength(_ s: BytesStream, _ limit: Int) -> Int {
        var n = s.ahead
        if limit >= 0 && limit < n { n = limit }
        if n > 0, let found = memchr(s.data + s.position, 10, n) {
            n = found.assumingMemoryBound(to: UInt8.self) - (s.data + s.position) + 1
        }
        return n
    }

    private func put(_ s: BytesStream, _ value: Value) throws(Raised) -> Int {
        try checkExports(s)
        let view = try lend(value)
        defer { giveBack(view) }
        guard view.count > 0, let base = view.base else { return 0 }
        if s.position > Int.max - view.count { throw raise(.overflowError, "new position too large") }
        let end = s.position + view.count
        try unshare(s, end)
        if s.position > s.size { memset(s.data + s.size, 0, s.position - s.size) }
        memcpy(s.data + s.position, base, view.count)
        s.position = end
        if end > s.size { s.size = end }
        return view.count
    }

    private func defineBytesIOReading(_ b: TypeBuilder) {
        b.method("readable", "($self, /)") { (t, a) throws(Raised) in
            _ = try t.openBytesIO(a[0])
            return .true
        }
        b.method("read", "($self, size=-1, /)") { (t, a) throws(Raised) in
            let size = try t.optionalSize(a[1])
            let s = try t.openBytesIO(a[0])
            return try t.take(s, size < 0 ? s.ahead : min(size, s.ahead))
        }
        b.method("read1", "($self, size=-1, /)") { (t, a) throws(Raised) in
            let size = try t.optionalSize(a[1])
            let s = try t.openBytesIO(a[0])
            return try t.take(s, size < 0 ? s.ahead : min(size, s.ahead))
        }
        b.method("readline", "($self, size=-1, /)") { (t, a) throws(Raised) in
            let size = try t.optionalSize(a[1])
            let s = try t.openBytesIO(a[0])
            return try t.take(s, t.lineLength(s, size))
        }
        b.method("readlines", "($self, size=None, /)") { (t, a) throws(Raised) in
            let most = try t.optionalSize(a[1])
            let s = try t.openBytesIO(a[0])
            let lines = try t.newList()
            var total = 0
            while true {
                let n = t.lineLength(s, -1)
                if n == 0 { break }
                try t.append(lines, try t.take(s, n))
                total += n
                if most > 0 && total >= most { break }
            }
            return lines.value
        }
        b.method("readinto", "($self, buffer, /)") { (t, a) throws(Raised) in
            let view = try t.lendWritable(a[1], "readinto() argument")
            defer { t.giveBack(view) }
            let s = try t.openBytesIO(a[0])
            let n = min(view.count, s.ahead)
            if n > 0 { view.base?.copyMemory(from: s.data + s.position, byteCount: n) }
            s.position += n
            return t.int(n)
        }
        b.method("getvalue", "($self, /)", "Retrieve the entire contents of the BytesIO object.") { (t, a) throws(Raised) in
            try t.wholeValue(try t.openBytesIO(a[0]))
        }
        b.method("getbuffer", "($self, /)", "Get a read-write view over the contents of the BytesIO object.") { (t, a) throws(Raised) in
            _ = try t.openBytesIO(a[0])
            let window = t.allocate(TypeObject(t.io(.bytesIOBuffer)))
            window[1] = a[0]
            return try t.call(t.types.pointee.memoryview, Value(window))
        }
    }

    private func defineBytesIOWriting(_ b: TypeBuilder) {
        b.method("writable", "($self, /)") { (t, a) throws(Raised) in
            _ = try t.openBytesIO(a[0])
            return .true
        }
        b.method("seekable", "($self, /)") { (t, a) throws(Raised) in
            _ = try t.openBytesIO(a[0])
            return .true
        }
        b.method("isatty", "($self, /)") { (t, a) throws(Raised) in
            _ = try t.openBytesIO(a[0])
            return .false
        }
        b.method("flush", "($self, /)") { (t, a) throws(Raised) in
            _ = try t.openBytesIO(a[0])
            return .none
        }
        b.method("write", "($self, b, /)") { (t, a) throws(Raised) in t.int(try t.put(try t.openBytesIO(a[0]), a[1])) }
        b.method("writelines", "($self, lines, /)") { (t, a) throws(Raised) in
            let s = try t.openBytesIO(a[0])
            try t.forEach(a[1]) { (line) throws(Raised) in
                if s.block.isUnbound { throw t.raise(.valueError, "I/O operation on closed file.") }
                _ = try t.put(s, line)
            }
            return .none
        }
        b.method("tell", "($self, /)") { (t, a) throws(Raised) in t.int(try t.openBytesIO(a[0]).position) }
        b.method("seek", "($self, pos, whence=0, /)") { (t, a) throws(Raised) in
            let offset = try t.index(a[1])
            let whence = a[2].isUnbound ? 0 : try t.index(a[2])
            let s = try t.openBytesIO(a[0])
            if whence == 0 && offset < 0 { throw t.raise(.valueError, "negative seek value \(offset)") }
            if whence < 0 || whence > 2 { throw t.raise(.valueError, "invalid whence (\(whence), should be 0, 1 or 2)") }
            let base: Int = whence == 0 ? 0 : whence == 1 ? s.position : s.size
            if offset > Int.max - base { throw t.raise(.overflowError, "new position too large") }
            s.position = max(base + offset, 0)
            return t.int(s.position)
        }
        b.method("truncate", "($self, size=None, /)") { (t, a) throws(Raised) in
            let s = try t.openBytesIO(a[0])
            try t.checkExports(s)
            let size = a[1].isNoneOrUnbound ? s.position : try t.optionalSize(a[1])
            if size < 0 { throw t.raise(.valueError, "negative size value \(size)") }
            if size < s.size {
                try t.unshare(s, size)
                s.size = size
            }
            return t.int(size)
        }
        b.method("close", "($self, /)") { (t, a) throws(Raised) in
            let s = BytesStream(a[0])
            try t.checkExports(s)
            s.block = .unbound
            return .none
        }
        b.getset("closed", "True if the file is closed.", get: { (t, v) throws(Raised) in Value(BytesStream(v).block.isUnbound) })
    }

    private func defineBytesIOState(_ b: TypeBuilder) {
        b.method("__getstate__", "!($self, /)") { (t, a) throws(Raised) in
            let s = try t.openBytesIO(a[0])
            let dict = try t.attributeDict(a[0].cell)
            let attributes: Value = dict.count == 0 ? .none : try t.copy(dict).value
            return try t.tuple(try t.wholeValue(s), t.int(s.position), attributes)
        }
        b.method("__setstate__", "!($self, state, /)") { (t, a) throws(Raised) in
            if !a[1].isKind(.tuple) || TupleObject(a[1]).count < 3 {
                throw t.raise(.typeError, "\(t.typeName(a[0])).__setstate__ argument should be 3-tuple, got \(t.typeName(a[1]))")
            }
            let state = TupleObject(a[1])
            let s = try t.openBytesIO(a[0])
            try t.checkExports(s)
            s.block = t.objects.pointee.emptyBytes
            s.isShared = true
            s.size = 0
            s.position = 0
            _ = try t.put(s, state[0])
            if !t.isInt(state[1]) {
                throw t.raise(.typeError, "second item of state must be an integer, not \(t.typeName(state[1]))")
            }
            let position = try t.index(state[1])
            if position < 0 { throw t.raise(.valueError, "position value cannot be negative") }
            s.position = position
            if state[2].isNone { return .none }
            if !state[2].isKind(.dict) {
                throw t.raise(.typeError, "third item of state should be a dict, got a \(t.typeName(state[2]))")
            }
            _ = try t.callMethod(try t.attributeDict(a[0].cell).value, t.name(.update), state[2])
            return .none
        }
        b.method("__sizeof__", "!($self, /)") { (t, a) throws(Raised) in
            t.int(80 + (BytesStream(a[0]).block.isUnbound ? 0 : BytesObject(BytesStream(a[0]).block).count))
        }
    }
}
