// What the opcodes do: the loop, numbers, texts, bytes, containers and the memo. Objects that are called into being are in
// UnpicklingReduce.swift.

import TaipanNumbers
import TaipanRuntime
import TaipanUnicode

extension PickleReader {
    /// Executes opcodes up to STOP and gives the object on top.
    mutating func run() throws(Raised) -> Value {
        while true {
            let opcode = try self.opcode()
            switch opcode {
            case PickleOpcode.none: try push(.none)
            case PickleOpcode.binInt: try push(Value(smallInt: try signedNumber()))
            case PickleOpcode.binInt1: try push(Value(smallInt: Int(try take(1)[0])))
            case PickleOpcode.binInt2: try push(Value(smallInt: try number(bytes: 2)))
            case PickleOpcode.int: try loadInt()
            case PickleOpcode.long: try loadLong()
            case PickleOpcode.long1: try loadLong(bytes: Int(try take(1)[0]))
            case PickleOpcode.long4: try loadLong(bytes: try signedNumber())
            case PickleOpcode.float: try loadFloat()
            case PickleOpcode.binFloat:
                let p = try take(8)
                try push(t.float(Double(bitPattern: UInt64(bigEndian: UnsafeRawPointer(p).loadUnaligned(as: UInt64.self)))))
            case PickleOpcode.newTrue: try push(.true)
            case PickleOpcode.newFalse: try push(.false)
            case PickleOpcode.shortBinBytes: try push(try bytes(Int(try take(1)[0])))
            case PickleOpcode.binBytes: try push(try bytes(try number(bytes: 4)))
            case PickleOpcode.binBytes8: try push(try bytes(try size("BINBYTES8")))
            case PickleOpcode.byteArray8: try push(try byteArray(try size("BYTEARRAY8")))
            case PickleOpcode.nextBuffer: try loadNextBuffer()
            case PickleOpcode.readOnlyBuffer: try loadReadOnlyBuffer()
            case PickleOpcode.string: try loadString()
            case PickleOpcode.shortBinString: try loadBinString(Int(try take(1)[0]))
            case PickleOpcode.binString: try loadBinString(try signedNumber())
            case PickleOpcode.unicode: try loadUnicode()
            case PickleOpcode.shortBinUnicode: try loadText(Int(try take(1)[0]))
            case PickleOpcode.binUnicode: try loadText(try number(bytes: 4))
            case PickleOpcode.binUnicode8: try loadText(try size("BINUNICODE8"))
            case PickleOpcode.mark: setMark()
            case PickleOpcode.emptyTuple: try push(try t.newTuple(0).value)
            case PickleOpcode.tuple1: try loadTuple(1)
            case PickleOpcode.tuple2: try loadTuple(2)
            case PickleOpcode.tuple3: try loadTuple(3)
            case PickleOpcode.tuple:
                let mark = try popMark()
                try push(try popTuple(from: mark))
            case PickleOpcode.emptyList: try push(try t.newList().value)
            case PickleOpcode.list:
                let mark = try popMark()
                try push(try popList(from: mark))
            case PickleOpcode.emptyDict: try push(t.newDict().value)
            case PickleOpcode.dict: try loadDict()
            case PickleOpcode.emptySet: try push(try t.newSet())
            case PickleOpcode.frozenSet:
                let mark = try popMark()
                try push(try t.newFrozenset(from: try popTuple(from: mark)))
            case PickleOpcode.append:
                try require(2)
                try append(from: depth - 1)
            case PickleOpcode.appends: try append(from: try popMark())
            case PickleOpcode.setItem:
                try require(3)
                try setItems(from: depth - 2)
            case PickleOpcode.setItems: try setItems(from: try popMark())
            case PickleOpcode.addItems: try addItems(from: try popMark())
            case PickleOpcode.pop: try popAny()
            case PickleOpcode.popMark: drop(to: try popMark())
            case PickleOpcode.dup: try push(try top())
            case PickleOpcode.get: try loadGet(try lineNumber())
            case PickleOpcode.binGet: try loadGet(Int(try take(1)[0]))
            case PickleOpcode.longBinGet: try loadGet(try number(bytes: 4))
            case PickleOpcode.put: try loadPut(try lineNumber())
            case PickleOpcode.binPut: try loadPut(Int(try take(1)[0]))
            case PickleOpcode.longBinPut: try loadPut(try number(bytes: 4))
            case PickleOpcode.memoize: try unpickler.memoize(t, unpickler.memoCount, try top())
            case PickleOpcode.frame: try frame()
            case PickleOpcode.proto: try loadProtocol()
            case PickleOpcode.stop: return try pop()
            default: try runCalling(opcode)
            }
        }
    }

    private mutating func loadProtocol() throws(Raised) {
        let level = Int(try take(1)[0])
        if level > PickleOpcode.highestProtocol { throw t.raise(.valueError, "unsupported pickle protocol: \(level)") }
        unpickler.level = level
    }

    /// A size of eight bytes.
    private mutating func size(_ what: StaticString) throws(Raised) -> Int {
        let n = try number(bytes: 8)
        if n < 0 { throw t.raise(.overflowError, "\(what) exceeds system's maximum size of \(Int.max) bytes") }
        return n
    }

    // MARK: Numbers

    /// INT: as C reads one (octal with a leading 0), `00` and `01` being the bools.
    private mutating func loadInt() throws(Raised) {
        let text = try line(least: 2)
        if text.count == 3 && text[0] == 0x30 && (text[1] == 0x30 || text[1] == 0x31) { return try push(Value(text[1] == 0x31)) }
        let body = UnsafeBufferPointer(rebasing: text.dropLast())
        if let n = PickleReader.octal(body) { return try push(t.int(n)) }
        do throws(Raised) { try push(try int(body, base: 0)) } catch {
            try t.swallow(.valueError, error)
            throw t.raise(.valueError, "could not convert string to int")
        }
    }

    /// The value of `0` and octal digits, as strtol reads them.
    private static func octal(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        guard let first = text.first, first == 0x30, text.count > 1, text.count < 20 else { return nil }
        var n = 0
        for digit in text {
            if digit < 0x30 || digit > 0x37 { return nil }
            n = n << 3 | Int(digit - 0x30)
        }
        return n
    }

    private func int(_ text: UnsafeBufferPointer<UInt8>, base: Int) throws(Raised) -> Value {
        if base == 10, let n = IntegerParser.small(text) { return t.int(n) }
        return try t.call(t.types.pointee.int, try t.newStr(CodePoints(text)), Value(smallInt: base))
    }

    private mutating func loadLong() throws(Raised) {
        let text = try line(least: 2)
        var body = UnsafeBufferPointer(rebasing: text.dropLast())
        if body.last == 0x4C { body = UnsafeBufferPointer(rebasing: body.dropLast()) }
        try push(try int(body, base: 0))
    }

    private mutating func loadLong(bytes n: Int) throws(Raised) {
        if n < 0 { throw t.unpicklingError("LONG pickle has negative byte count") }
        if n == 0 { return try push(Value(smallInt: 0)) }
        let p = try take(n)
        try push(try PickleReader.long(t, p, n))
    }

    /// An int in two's complement, least significant byte first.
    private static func long(_ t: Thread, _ p: UnsafePointer<UInt8>, _ n: Int) throws(Raised) -> Value {
        let isNegative = p[n - 1] >= 0x80
        let made = try t.newInt(limbs: n / 8 + 1)
        var carry = isNegative
        for i in 0...(n / 8) {
            var limb: UInt64 = 0
            for j in 0..<8 {
                let byte = i * 8 + j < n ? p[i * 8 + j] : isNegative ? 0xFF : 0
                limb |= UInt64(byte) << UInt64(j * 8)
            }
            if isNegative {
                limb = ~limb
                if carry { (limb, carry) = limb.addingReportingOverflow(1) }
            }
            made.limbs[i] = limb
        }
        return t.normalize(made, isNegative: isNegative)
    }

    private mutating func loadFloat() throws(Raised) {
        let text = try line(least: 2)
        guard let (d, end) = FloatParser.prefix(text, from: 0) else {
            throw t.raise(.valueError, "could not convert string to float: '\(String(decoding: text.prefix(200), as: UTF8.self))'")
        }
        if text[end] != 0x0A && text[end] != 0 { throw t.raise(.valueError, "could not convert string to float") }
        try push(t.float(d))
    }

    // MARK: Texts

    private mutating func loadText(_ n: Int) throws(Raised) {
        let p = try take(n)
        try push(try PickleReader.text(t, p, n))
    }

    /// UTF-8 in which surrogates stand for themselves.
    private static func text(_ t: Thread, _ p: UnsafePointer<UInt8>, _ n: Int) throws(Raised) -> Value {
        let bytes = UnsafeBufferPointer(start: p, count: n)
        if n == 0 { return t.objects.pointee.emptyStr }
        if n < 64 {
            var all: UInt8 = 0
            for i in 0..<n { all |= p[i] }
            if all < 128 {
                if n == 1 { return t.character(UInt32(p[0])) }
                let made = try t.newStr(count: n, maximum: 127)
                made.units8.update(from: p, count: n)
                return made.value
            }
        }
        if let text = try t.decodeWhole(bytes) { return text }
        let copy = try t.bytes(p, n)
        return try t.decodeText(copy, t.intern("utf-8"), t.intern("surrogatepass"))
    }

    private mutating func loadUnicode() throws(Raised) {
        let text = try line(least: 1)
        let copy = try t.bytes(text.baseAddress, text.count - 1)
        try push(try t.decode(.rawUnicodeEscape, copy, BytesObject(copy).buffer, .none).text)
    }

    /// STRING: a literal in quotes, as Python 2 shows it.
    private mutating func loadString() throws(Raised) {
        let text = try line(least: 2)
        let body = UnsafeBufferPointer(rebasing: text.dropLast())
        guard body.count >= 2, let quote = body.first, quote == body.last, quote == 0x22 || quote == 0x27 else {
            throw t.unpicklingError("the STRING opcode argument must be quoted")
        }
        var sink = ByteSink()
        var invalid: InvalidEscape?
        switch BytesEscapeCodec.decode(UnsafeBufferPointer(rebasing: body[1..<(body.count - 1)]), from: 0, invalid: &invalid, into: &sink) {
        case .trailingBackslash: throw t.raise(.valueError, "Trailing \\ in string")
        case .invalidHex(let position, _): throw t.raise(.valueError, "invalid \\x escape at position \(position)")
        case nil: break
        }
        try pushString(try t.finish(sink))
    }

    private mutating func loadBinString(_ n: Int) throws(Raised) {
        if n < 0 { throw t.unpicklingError("BINSTRING pickle has negative byte count") }
        let p = try take(n)
        try pushString(try t.bytes(p, n))
    }

    /// A string of Python 2, decoded as the unpickler was told.
    private mutating func pushString(_ data: Value) throws(Raised) {
        if StrObject(unpickler.encoding).equals("bytes") { return try push(data) }
        try push(try t.decodeText(data, unpickler.encoding, unpickler.errors))
    }

    // MARK: Buffers

    private mutating func loadNextBuffer() throws(Raised) {
        if unpickler.buffers.isUnbound {
            throw t.unpicklingError("pickle stream refers to out-of-band data but no *buffers* argument was given")
        }
        let next = try t.next(unpickler.buffers)
        if next.isUnbound { throw t.unpicklingError("not enough out-of-band buffers") }
        try push(next)
    }

    private mutating func loadReadOnlyBuffer() throws(Raised) {
        let view = try t.newMemoryView(try top())
        if view.isReadOnly { return }
        let readOnly = try t.callMethod(view.value, t.intern("toreadonly"))
        drop(to: depth - 1)
        try push(readOnly)
    }

    // MARK: Containers

    private mutating func loadTuple(_ n: Int) throws(Raised) {
        try require(n)
        try push(try popTuple(from: depth - n))
    }

    private mutating func loadDict() throws(Raised) {
        let mark = try popMark()
        if (depth - mark) % 2 != 0 { throw t.unpicklingError("odd number of items for DICT") }
        let made = t.newDict()
        var i = mark
        while i < depth {
            try t.set(made, values(from: i)[0], values(from: i)[1])
            i += 2
        }
        drop(to: mark)
        try push(made.value)
    }

    /// Appends the values from `mark` on to what lies below them.
    private mutating func append(from mark: Int) throws(Raised) {
        if mark > depth || mark <= fence { throw underflow() }
        if mark == depth { return }
        let target = values(from: mark - 1)[0]
        if target.hasLayout(.list) {
            let list = ListObject(target), n = depth - mark
            if n > 1 && list.capacity - list.count < n { try t.growList(list, list.count + n) }
            for i in mark..<depth { try t.append(list, values(from: i)[0]) }
            return drop(to: mark)
        }
        let extend = try t.getattrOrUnbound(target, t.intern("extend"))
        if extend.isBound {
            _ = try t.call(extend, try popList(from: mark))
            return
        }
        let append = try t.getattr(target, t.intern("append"))
        for i in mark..<depth { _ = try t.call(append, values(from: i)[0]) }
        drop(to: mark)
    }

    private mutating func setItems(from mark: Int) throws(Raised) {
        if mark > depth || mark <= fence { throw underflow() }
        if mark == depth { return }
        if (depth - mark) % 2 != 0 { throw t.unpicklingError("odd number of items for SETITEMS") }
        let target = values(from: mark - 1)[0]
        if target.hasLayout(.dict) && DictObject(target).count == 0 && depth - mark > 10 {
            try DictObject(target).resize(t, forAdditional: (depth - mark) / 2)
        }
        var i = mark
        while i < depth {
            let key = values(from: i)[0], value = values(from: i)[1]
            if target.hasLayout(.dict) { try t.set(DictObject(target), key, value) } else { try t.setItem(target, key, value) }
            i += 2
        }
        drop(to: mark)
    }

    private mutating func addItems(from mark: Int) throws(Raised) {
        if mark > depth || mark <= fence { throw underflow() }
        if mark == depth { return }
        let target = values(from: mark - 1)[0]
        if t.isInstance(target, of: t.types.pointee.set) {
            for i in mark..<depth { try t.setAdd(target, values(from: i)[0]) }
        } else {
            let add = try t.getattr(target, t.intern("add"))
            for i in mark..<depth { _ = try t.call(add, values(from: i)[0]) }
        }
        drop(to: mark)
    }

    // MARK: Memo

    /// The decimal number on the next line.
    private mutating func lineNumber() throws(Raised) -> Int {
        let text = try line(least: 2)
        return try t.index(try int(UnsafeBufferPointer(rebasing: text.dropLast()), base: 10))
    }

    private mutating func loadGet(_ number: Int) throws(Raised) {
        let object = unpickler.memoized(t, number)
        if object.isUnbound { throw t.unpicklingError("Memo value not found at index \(number)") }
        try push(object)
    }

    private mutating func loadPut(_ number: Int) throws(Raised) {
        let object = try top()
        if number < 0 { throw t.raise(.valueError, "negative PUT argument") }
        try unpickler.memoize(t, number, object)
    }
}
