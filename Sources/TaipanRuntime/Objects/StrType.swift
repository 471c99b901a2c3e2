// `str`: slots and constructor. Methods are in StrTypeMethods.swift and StrTypeCase.swift, formatting in StrFormat*.swift.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanUnicode

extension Thread {
    func defineStrType() {
        let flags = TypeFlag.base | TypeFlag.matchSelf
        defineType(.str, "str", flags: flags, NativeLayout(valueWords: 0, bytes: 24, kind: .str, isVariable: true)) { b in
            b.doc("str(object='') -> str\nstr(bytes_or_buffer[, encoding[, errors]]) -> str\n\nCreate a new string object from the given object. If encoding or\nerrors is specified, then the object must expose a data buffer\nthat will be decoded using the given encoding and error handler.\nOtherwise, returns the result of object.__str__() (if defined)\nor repr(object).\nencoding defaults to sys.getdefaultencoding().\nerrors defaults to 'strict'.")
            defineStrSlots(b.slots)
            defineStrSearchMethods(b)
            defineStrSplitMethods(b)
            defineStrLayoutMethods(b)
            defineStrCaseMethods(b)
            defineStrFormatMethods(b)
        }
        defineStrIteratorType()
    }

    private func defineStrSlots(_ s: UnsafeMutablePointer<TypeSlots>) {
        s.pointee.repr = UnarySlot { (t, v) throws(Raised) in try t.strRepr(StrObject(v)) }
        s.pointee.str = UnarySlot { (t, v) throws(Raised) in try t.exactStr(v) }
        s.pointee.hash = IntSlot { (t, v) in t.hash(str: StrObject(v)) }
        s.pointee.compare = CompareSlot { (t, v, w, op) in
            if !v.isKind(.str) || !w.isKind(.str) { return .notImplemented }
            if op == .equal { return Value(StrObject(v).equals(StrObject(w))) }
            if op == .notEqual { return Value(!StrObject(v).equals(StrObject(w))) }
            return Value(op.holds(StrObject(v).compare(StrObject(w))))
        }
        s.pointee.iter = UnarySlot { (t, v) in t.newTextIterator(.strIterator, v) }
        s.pointee.length = IntSlot { (_, v) in StrObject(v).count }
        s.pointee.truth = BoolSlot()
        s.pointee.getItem = BinarySlot(Thread.strSubscript)
        s.pointee.contains = ContainsSlot { (t, v, item) throws(Raised) in
            if !item.isKind(.str) { throw t.raise(.typeError, "'in <string>' requires string as left operand, not \(t.typeName(item))") }
            let text = StrObject(v).points
            return TextSearch.find(StrObject(item).points, in: text, from: 0, to: text.count) >= 0
        }
        s.pointee.concatenate = BinarySlot { (t, v, w) throws(Raised) in
            if !w.isKind(.str) { throw t.raise(.typeError, "can only concatenate str (not \"\(t.typeName(w))\") to str") }
            return try t.concat(v, w)
        }
        s.pointee.repeat = BinarySlot { (t, v, n) throws(Raised) in try t.repeatText(TextSource(t, v), try t.index(n)) }
        s.pointee.remainder = BinarySlot { (t, v, w) throws(Raised) in
            v.isKind(.str) ? try t.formatStr(v, w) : .notImplemented
        }
        s.pointee.new = CallSlot(Thread.strNew)
    }

    static func strSubscript(_ t: Thread, _ v: Value, _ key: Value) throws(Raised) -> Value {
        let s = StrObject(v)
        if key.isSmallInt || t.isInt(key) || (key.isCell && t.type(of: key).slots.pointee.index.isSet) {
            var i = try t.index(key, overflow: .indexError)
            if i < 0 { i = i &+ s.count }
            if i < 0 || i >= s.count { throw t.raise(.indexError, "string index out of range") }
            return t.character(s[i])
        }
        if !key.hasLayout(.slice) { throw t.raise(.typeError, "string indices must be integers, not '\(t.typeName(key))'") }
        let slice = try t.textSlice(key) { s.count }
        if slice.count == 0 { return t.objects.pointee.emptyStr }
        if slice.step == 1 { return try t.substring(v, slice.start, slice.start + slice.count) }
        if slice.count == 1 { return t.character(s[slice.start]) }
        var mask: UInt32 = 0
        if !s.isASCII {
            var at = slice.start
            for _ in 0..<slice.count {
                mask |= s[at]
                at = at &+ slice.step
            }
        }
        let made = try t.newStr(count: slice.count, maximum: mask)
        var at = slice.start
        for i in 0..<slice.count {
            made.store(s[at], at: i)
            at = at &+ slice.step
        }
        return made.value
    }

    /// `str(object='', encoding, errors)`.
    static func strNew(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        let made: Value
        if a.keywords.isUnbound && a.count <= 1 {
            made = a.count == 0 ? t.objects.pointee.emptyStr : try t.strOf(a[0])
        } else {
            let words = try t.pushScratch(3)
            defer { t.popScratch(words) }
            try t.bind(a, ["object", "encoding", "errors"], "str", words)
            for i in 1...2 where words[i].isBound { try t.requireStr(words[i], "str", i == 1 ? "'encoding'" : "'errors'") }
            if words[1].isUnbound && words[2].isUnbound {
                made = words[0].isUnbound ? t.objects.pointee.emptyStr : try t.strOf(words[0])
            } else if words[0].isUnbound {
                made = t.objects.pointee.emptyStr
            } else {
                made = try t.decode(object: words[0], words[1], words[2])
            }
        }
        if type == t.types.pointee.str { return made }
        return try t.strInstance(of: type, made)
    }

    /// An instance of the subclass `type` with the text of `text`.
    func strInstance(of type: Value, _ text: Value) throws(Raised) -> Value {
        let s = StrObject(text)
        let cell = try allocate(TypeObject(type), bytes: 24 + s.count * s.width)
        cell.header |= s.cell.header & (3 << 44 | CellFlag.typeBit2)
        cell.setRaw(s.cell.raw(1), at: 1)
        cell.setRaw(s.count, at: 2)
        let made = StrObject(cell)
        memcpy(made.data, s.data, s.count * s.width)
        return made.value
    }

    /// `str(object, encoding, errors)`: the object lends bytes.
    func decode(object: Value, _ encoding: Value, _ errors: Value) throws(Raised) -> Value {
        if object.isKind(.str) { throw raise(.typeError, "decoding str is not supported") }
        if !type(of: object).slots.pointee.buffer.isSet {
            throw raise(.typeError, "decoding to str: need a bytes-like object, \(typeName(object)) found")
        }
        return try decodeText(object, encoding, errors)
    }

    // MARK: repr

    /// `repr` of a str: printable characters as they are, quotes chosen so that few are escaped.
    func strRepr(_ s: StrObject) throws(Raised) -> Value {
        if s.isASCII, let plain = try plainRepr(s) { return plain }
        let points = s.points
        let single = TextSearch.find(unit: 0x27, in: points, from: 0, to: points.count) >= 0
        let double = single && TextSearch.find(unit: 0x22, in: points, from: 0, to: points.count) >= 0
        let quote: UInt32 = single && !double ? 0x22 : 0x27
        var builder = StrBuilder()
        builder.sink.reserve(s.count + 2)
        builder.append(quote)
        appendRepr(points, quote, &builder)
        builder.append(quote)
        return try builder.finish(self)
    }

    /// The repr of ASCII text that needs no escapes; nil when it does.
    private func plainRepr(_ s: StrObject) throws(Raised) -> Value? {
        for i in 0..<s.count {
            let c = s.units8[i]
            if c < 0x20 || c == 0x7F || c == 0x27 || c == 0x5C { return nil }
        }
        let made = try newStr(count: s.count + 2, maximum: 0)
        made.units8[0] = 0x27
        memcpy(made.units8 + 1, s.units8, s.count)
        made.units8[s.count + 1] = 0x27
        return made.value
    }

    private func appendRepr(_ points: CodePoints, _ quote: UInt32, _ builder: inout StrBuilder) {
        var plain = 0
        for i in 0..<points.count {
            let c = points[i]
            if c >= 0x20 && c < 0x7F ? c != quote && c != 0x5C : c > 0xA0 && UnicodeProperties.isPrintable(c) { continue }
            if plain < i { builder.append(points.slice(plain, i)) }
            plain = i + 1
            appendEscape(c, &builder)
        }
        if plain < points.count { builder.append(points.slice(plain, points.count)) }
    }

    /// The escape of a character that repr does not show as it is.
    func appendEscape(_ c: UInt32, _ builder: inout StrBuilder) {
        builder.append(0x5C)
        switch c {
        case 0x0A: builder.append(0x6E)
        case 0x0D: builder.append(0x72)
        case 0x09: builder.append(0x74)
        case 0x22, 0x27, 0x5C: builder.append(c)
        default:
            let digits = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8
            builder.append(digits == 2 ? 0x78 : digits == 4 ? 0x75 : 0x55)
            for k in (0..<digits).reversed() {
                let nibble = (c >> UInt32(4 * k)) & 15
                builder.append(nibble < 10 ? 0x30 + nibble : 0x57 + nibble)
            }
        }
    }

    /// `ascii(value)`: repr with everything past ASCII escaped.
    public func asciiRepr(_ value: Value) throws(Raised) -> Value {
        let text = try repr(value)
        let s = StrObject(text)
        if s.isASCII { return text }
        var builder = StrBuilder()
        for i in 0..<s.count {
            let c = s[i]
            if c < 0x80 { builder.append(c) } else { appendEscape(c, &builder) }
        }
        return try builder.finish(self)
    }
}
