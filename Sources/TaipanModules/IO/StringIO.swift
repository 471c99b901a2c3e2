// StringIO: a text file in memory. Its code points are in a bytes cell of its own, one, two or four bytes each: as wide as the
// widest ever written needed.
//
//   word 1 attribute dict   2 units (a bytes cell)   3 line ending looked for   4 line ending written
//   raw: 5 position   6 size   7 width   8 flags   9 newline state

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime
import TaipanUnicode

struct StringStream {
    let cell: Cell
    init(_ value: Value) { cell = value.cell }
    var block: Value { get { cell[2] } nonmutating set { cell[2] = newValue } }
    var readNewline: Value { get { cell[3] } nonmutating set { cell[3] = newValue } }
    var writeNewline: Value { get { cell[4] } nonmutating set { cell[4] = newValue } }
    var position: Int { get { cell.raw(5) } nonmutating set { cell.setRaw(newValue, at: 5) } }
    var size: Int { get { cell.raw(6) } nonmutating set { cell.setRaw(newValue, at: 6) } }
    var width: Int { get { cell.raw(7) } nonmutating set { cell.setRaw(newValue, at: 7) } }
    var flags: Int { get { cell.raw(8) } nonmutating set { cell.setRaw(newValue, at: 8) } }
    var newlines: NewlineState { get { NewlineState(bits: cell.raw(9)) } nonmutating set { cell.setRaw(newValue.bits, at: 9) } }
    func has(_ flag: Int) -> Bool { flags & flag != 0 }
    func set(_ flag: Int, _ on: Bool) { flags = on ? flags | flag : flags & ~flag }
    static let isReady = 1, isClosed = 2, readsUniversal = 4, translates = 8
    static var layout: NativeLayout { NativeLayout(valueWords: 4, bytes: 80, dictWord: 1) }

    var data: UnsafeMutableRawPointer { UnsafeMutableRawPointer(BytesObject(block).data) }
    func text(_ from: Int, _ count: Int) -> CodePoints { CodePoints(base: data + from * width, count: count, width: width) }
    var ahead: Int { max(size - position, 0) }
}

extension Thread {
    func defineStringIO() throws(Raised) {
        defineIOInit(.stringIOInit, "StringIO", "($self, initial_value='', newline='\\n')") { (t, a) throws(Raised) in
            try t.initStringIO(a[0], a[1], a[2].isUnbound ? t.str("\n") : a[2])
            return .none
        }
        try defineIOType(.stringIO, "StringIO", base: .textIOBase, StringStream.layout) { b in
            b.doc("StringIO(initial_value='', newline='\\n')\n--\n\nText I/O implementation using an in-memory buffer.\n\nThe initial_value argument sets the value of object.  The newline\nargument is like the one of TextIOWrapper's constructor.")
            b.slots.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in try t.callIOInit(.stringIOInit, v, a) }
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in
                let s = try t.openStringIO(v)
                let line: Value
                if t.isExactly(v, .stringIO) {
                    line = try t.readLine(s, -1)
                } else {
                    line = try t.callMethod(v, t.name(.readline))
                    if !line.isKind(.str) { throw t.raise(.osError, "readline() should have returned a str object, not '\(t.typeName(line))'") }
                }
                return StrObject(line).count == 0 ? .unbound : line
            }
            defineStringIOText(b)
            defineStringIOPosition(b)
            defineStringIOState(b)
        }
    }

    private func initStringIO(_ v: Value, _ initial: Value, _ newline: Value) throws(Raised) {
        let s = StringStream(v)
        s.flags = 0
        if !newline.isNone && !newline.isKind(.str) {
            throw raise(.typeError, "StringIO() argument 2 must be str or None, not \(argumentTypeName(newline))")
        }
        let isText = newline.isKind(.str)
        let n = isText ? StrObject(newline) : StrObject(objects.pointee.emptyStr)
        if isText && !(n.count == 0 || n.equals("\n") || n.equals("\r") || n.equals("\r\n")) {
            throw raise(.valueError, "illegal newline value: \(try reprText(newline))")
        }
        if !initial.isNoneOrUnbound && !initial.isKind(.str) {
            throw raise(.typeError, "initial_value must be str or None, not \(typeName(initial))")
        }
        s.readNewline = isText ? newline : .none
        s.set(StringStream.readsUniversal, !isText || n.count == 0)
        s.set(StringStream.translates, !isText)
        s.writeNewline = isText && n.count > 0 && n[0] == 13 ? newline : .unbound
        s.newlines = NewlineState()
        s.block = try newBytes(64).value
        s.width = 1
        s.size = 0
        s.position = 0
        if !initial.isNoneOrUnbound, StrObject(initial).count > 0 { try put(s, initial) }
        s.position = 0
        s.set(StringStream.isReady, true)
    }

    func openStringIO(_ v: Value) throws(Raised) -> StringStream {
        let s = StringStream(v)
        if !s.has(StringStream.isReady) { throw raise(.valueError, "I/O operation on uninitialized object") }
        if s.has(StringStream.isClosed) { throw raise(.valueError, "I/O operation on closed file") }
        return s
    }

    /// Room for `count` code points of `width` bytes.
    private func reserve(_ s: StringStream, _ count: Int, _ width: Int) throws(Raised) {
        let width = max(width, s.width)
        if count > (Int.max - 64) / 8 { throw raise(.overflowError, "new position too large") }
        let needed = count * width
        if width == s.width && BytesObject(s.block).count >= needed { return }
        let room = BytesObject(s.block).count
        let bigger = try newBytes(max(needed, width == s.width ? room + room >> 1 : needed))
        s.text(0, s.size).copy(to: UnsafeMutableRawPointer(bigger.data), width: width)
        s.block = bigger.value
        s.width = width
    }

    private func put(_ s: StringStream, _ value: Value) throws(Raised) {
        var text = value
        if s.has(StringStream.readsUniversal) {
            var state = s.newlines
            text = try decodeNewlines(text, &state, translate: s.has(StringStream.translates), isFinal: true)
            s.newlines = state
        }
        if s.writeNewline.isBound {
            text = try callMethod(text, intern("replace"), str("\n"), s.writeNewline)
        }
        let t = StrObject(text)
        if t.count == 0 { return }
        if s.position > Int.max - t.count { throw raise(.overflowError, "new position too large") }
        let end = s.position + t.count
        try reserve(s, end, t.width)
        if s.position > s.size { memset(s.data + s.size * s.width, 0, (s.position - s.size) * s.width) }
        CodePoints(base: t.data, count: t.count, width: t.width).copy(to: s.data + s.position * s.width, width: s.width)
        s.position = end
        if end > s.size { s.size = end }
    }

    private func substring(_ s: StringStream, _ from: Int, _ count: Int) throws(Raised) -> Value {
        if count <= 0 { return objects.pointee.emptyStr }
        let part = s.text(from, count)
        if count == 1 { return character(part[0]) }
        var mask: UInt32 = 0
        if s.width == 1 {
            mask = UTF8Codec.endOfASCII(part.units(UInt8.self), from: 0) == count ? 0x7F : 0xFF
        } else {
            mask = part.mask()
        }
        let made = try newStr(count: count, maximum: mask)
        part.copy(to: made.data, width: made.width)
        return made.value
    }

    /// `readline(limit)`.
    func readLine(_ s: StringStream, _ limit: Int) throws(Raised) -> Value {
        var n = s.ahead
        if n == 0 { return objects.pointee.emptyStr }
        let isCut = limit >= 0 && limit < n
        if isCut { n = limit }
        let line = s.text(s.position, n)
        var length = n
        if s.has(StringStream.readsUniversal) && !s.has(StringStream.translates) {
            var i = 0
            while i < n {
                let c = line[i]
                i += 1
                if c == 10 || c == 13 {
                    if c == 13 && i < n && line[i] == 10 { i += 1 }
                    length = i
                    break
                }
            }
        } else if s.has(StringStream.translates) || s.readNewline.isNone || StrObject(s.readNewline).count == 1 {
            let wanted: UInt32 = s.has(StringStream.translates) ? 10 : StrObject(s.readNewline)[0]
            let i = TextSearch.find(unit: wanted, in: line, from: 0, to: n)
            if i >= 0 { length = i + 1 }
        } else {
            for i in 0..<max(n - 1, 0) where line[i] == 13 && line[i + 1] == 10 {
                length = i + 2
                break
            }
        }
        let text = try substring(s, s.position, length)
        s.position += length
        return text
    }

    private func defineStringIOText(_ b: TypeBuilder) {
        b.method("getvalue", "($self, /)", "Retrieve the entire contents of the object.") { (t, a) throws(Raised) in
            let s = try t.openStringIO(a[0])
            return try t.substring(s, 0, s.size)
        }
        b.method("read", "($self, size=-1, /)") { (t, a) throws(Raised) in
            let size = try t.optionalSize(a[1])
            let s = try t.openStringIO(a[0])
            let n = size < 0 ? s.ahead : min(size, s.ahead)
            let text = try t.substring(s, s.position, n)
            s.position += n
            return text
        }
        b.method("readline", "($self, size=-1, /)") { (t, a) throws(Raised) in
            let size = try t.optionalSize(a[1])
            return try t.readLine(try t.openStringIO(a[0]), size)
        }
        b.method("write", "($self, s, /)") { (t, a) throws(Raised) in
            if !a[1].isKind(.str) { throw t.raise(.typeError, "string argument expected, got '\(t.typeName(a[1]))'") }
            let s = try t.openStringIO(a[0])
            let count = StrObject(a[1]).count
            if count > 0 { try t.put(s, a[1]) }
            return t.int(count)
        }
    }

    private func defineStringIOPosition(_ b: TypeBuilder) {
        b.method("tell", "($self, /)") { (t, a) throws(Raised) in t.int(try t.openStringIO(a[0]).position) }
        b.method("seek", "($self, pos, whence=0, /)") { (t, a) throws(Raised) in
            let offset = try t.index(a[1])
            let whence = a[2].isUnbound ? 0 : try t.index(a[2])
            let s = try t.openStringIO(a[0])
            if whence < 0 || whence > 2 { throw t.raise(.valueError, "Invalid whence (\(whence), should be 0, 1 or 2)") }
            if offset < 0 && whence == 0 { throw t.raise(.valueError, "Negative seek position \(offset)") }
            if whence != 0 && offset != 0 { throw t.raise(.osError, "Can't do nonzero cur-relative seeks") }
            s.position = whence == 0 ? offset : whence == 1 ? s.position : s.size
            return t.int(s.position)
        }
        b.method("truncate", "($self, pos=None, /)") { (t, a) throws(Raised) in
            let s = try t.openStringIO(a[0])
            let size = a[1].isNoneOrUnbound ? s.position : try t.optionalSize(a[1])
            if size < 0 { throw t.raise(.valueError, "Negative size value \(size)") }
            if size < s.size { s.size = size }
            return t.int(size)
        }
        b.method("close", "($self, /)") { (t, a) throws(Raised) in
            let s = StringStream(a[0])
            s.set(StringStream.isClosed, true)
            s.block = .unbound
            s.size = 0
            return .none
        }
        b.method("readable", "($self, /)") { (t, a) throws(Raised) in
            _ = try t.openStringIO(a[0])
            return .true
        }
        b.method("writable", "($self, /)") { (t, a) throws(Raised) in
            _ = try t.openStringIO(a[0])
            return .true
        }
        b.method("seekable", "($self, /)") { (t, a) throws(Raised) in
            _ = try t.openStringIO(a[0])
            return .true
        }
        b.getset("closed", get: { (t, v) throws(Raised) in
            if !StringStream(v).has(StringStream.isReady) { throw t.raise(.valueError, "I/O operation on uninitialized object") }
            return Value(StringStream(v).has(StringStream.isClosed))
        })
        b.getset("line_buffering", get: { (t, v) throws(Raised) in
            _ = try t.openStringIO(v)
            return .false
        })
        b.getset("newlines", get: { (t, v) throws(Raised) in
            let s = try t.openStringIO(v)
            return s.has(StringStream.readsUniversal) ? try t.newlineKinds(s.newlines) : .none
        })
    }

    private func defineStringIOState(_ b: TypeBuilder) {
        b.method("__getstate__", "!($self, /)") { (t, a) throws(Raised) in
            let s = try t.openStringIO(a[0])
            let made = try t.newTuple(4)
            made[0] = try t.substring(s, 0, s.size)
            made[1] = s.readNewline
            made[2] = t.int(s.position)
            let dict = try t.attributeDict(a[0].cell)
            made[3] = dict.count == 0 ? .none : try t.copy(dict).value
            return made.value
        }
        b.method("__setstate__", "!($self, state, /)") { (t, a) throws(Raised) in
            if StringStream(a[0]).has(StringStream.isClosed) { throw t.raise(.valueError, "__setstate__ on closed file") }
            if !a[1].isKind(.tuple) || TupleObject(a[1]).count < 4 {
                throw t.raise(.typeError, "\(t.typeName(a[0])).__setstate__ argument should be 4-tuple, got \(t.typeName(a[1]))")
            }
            let state = TupleObject(a[1])
            try t.initStringIO(a[0], t.objects.pointee.emptyStr, state[1])
            // The text is put in as it is, without translation.
            if !state[0].isKind(.str) && !state[0].isNone { throw t.raise(.typeError, "initial_value must be str or None, not \(t.typeName(state[0]))") }
            let s = StringStream(a[0])
            if state[0].isKind(.str) {
                let text = StrObject(state[0])
                try t.reserve(s, text.count, text.width)
                CodePoints(base: text.data, count: text.count, width: text.width).copy(to: s.data, width: s.width)
                s.size = text.count
            }
            if !t.isInt(state[2]) { throw t.raise(.typeError, "third item of state must be an integer, got \(t.typeName(state[2]))") }
            let position = try t.index(state[2])
            if position < 0 { throw t.raise(.valueError, "position value cannot be negative") }
            s.position = position
            if state[3].isNone { return .none }
            if !state[3].isKind(.dict) { throw t.raise(.typeError, "fourth item of state should be a dict, got a \(t.typeName(state[3]))") }
            _ = try t.callMethod(try t.attributeDict(a[0].cell).value, t.name(.update), state[3])
            return .none
        }
    }
}
