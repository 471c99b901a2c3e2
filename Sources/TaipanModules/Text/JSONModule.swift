// `_json`: what the json package does natively. Tokens are read and strings quoted by TaipanEngines.
//
//   Scanner  words: strict, object_hook, object_pairs_hook, parse_float, parse_int, parse_constant
//   Encoder  words: markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan

import TaipanEngines
import TaipanRuntime

enum JSONModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        m.str("__doc__", "json speedups\n")
        m.function("scanstring", "!($module, string, end, strict=True, /)", "scanstring(string, end, strict=True) -> (string, end)\n\nScan the string s for a JSON string. End is the index of the\ncharacter in s after the quote that started the JSON string.") { (t, a) throws(Raised) in
            if !a[0].isKind(.str) { throw t.raise(.typeError, "first argument must be a string, not \(t.typeName(a[0]))") }
            let start = try t.index(a[1])
            let strict = a[2].isUnbound ? true : try t.truth(a[2])
            if start < 0 || start > StrObject(a[0]).count { throw t.raise(.valueError, "end is out of bounds") }
            let (text, next) = try JSONText(a[0]).string(t, start, strict: strict)
            return try t.tuple(text, t.int(next))
        }
        m.function("encode_basestring", "!($module, string, /)", "encode_basestring(string) -> string\n\nReturn a JSON representation of a Python string") { (t, a) throws(Raised) in try quote(t, a[0], ascii: false) }
        m.function("encode_basestring_ascii", "!($module, string, /)", "encode_basestring_ascii(string) -> string\n\nReturn an ASCII-only JSON representation of a Python string") { (t, a) throws(Raised) in try quote(t, a[0], ascii: true) }
        let scanner = try m.type("Scanner", flags: TypeFlag.base, export: false, .values(6), defineScanner)
        let encoder = try m.type("Encoder", flags: TypeFlag.base, export: false, .values(9), JSONEncoding.define)
        m.set("make_scanner", scanner.value)
        m.set("make_encoder", encoder.value)
        // The functions whose work the encoder does itself.
        try m.t.keep("_json", try m.t.tuple(m.dict.findString(m.t, m.t.intern("encode_basestring_ascii")), m.dict.findString(m.t, m.t.intern("encode_basestring"))))
    }

    /// The text in quotes, escaped.
    static func quote(_ t: Thread, _ value: Value, ascii: Bool) throws(Raised) -> Value {
        if !value.isKind(.str) { throw t.raise(.typeError, "first argument must be a string, not \(t.typeName(value))") }
        let s = StrObject(value)
        switch s.width {
        case 1: return try quote(t, UnsafePointer(UnsafeMutableRawPointer(s.data).assumingMemoryBound(to: UInt8.self)), s.count, ascii)
        case 2: return try quote(t, UnsafePointer(UnsafeMutableRawPointer(s.data).assumingMemoryBound(to: UInt16.self)), s.count, ascii)
        default: return try quote(t, UnsafePointer(UnsafeMutableRawPointer(s.data).assumingMemoryBound(to: UInt32.self)), s.count, ascii)
        }
    }

    private static func quote<U: FixedWidthInteger & UnsignedInteger>(_ t: Thread, _ text: UnsafePointer<U>, _ count: Int, _ ascii: Bool) throws(Raised) -> Value {
        let length = JSONEscapes.length(text, count: count, ascii: ascii)
        if ascii {
            let made = try t.newStr(count: length, maximum: 127)
            JSONEscapes.write(text, count: count, ascii: true, into: UnsafeMutableRawPointer(made.data).assumingMemoryBound(to: UInt8.self))
            return made.value
        }
        let units = [UInt32](unsafeUninitializedCapacity: length) { buffer, used in
            if let start = buffer.baseAddress { JSONEscapes.write(text, count: count, ascii: false, into: start) }
            used = length
        }
        return try t.str(units: units)
    }

    /// JSONDecodeError.
    static func decodeError(_ t: Thread, _ message: StaticString, _ text: Value, _ position: Int) -> Raised {
        do throws(Raised) {
            let type = try t.getattr(try t.importAbsolute("json.decoder"), t.intern("JSONDecodeError"))
            return t.raise(exception: try t.call(type, t.str(message), text, t.int(position)))
        } catch { return error }
    }

    private static func defineScanner(_ b: TypeBuilder) {
        b.doc("JSON scanner object")
        b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
            let bound = try t.pushScratch(1)
            defer { t.popScratch(bound) }
            try t.bindNames(a, "make_scanner", ["context"], required: 1, bound)
            let made = Value(t.allocate(TypeObject(type)))
            made.cell[1] = Value(try t.truth(try t.getattr(bound[0], t.intern("strict"))))
            for (i, name) in (["object_hook", "object_pairs_hook", "parse_float", "parse_int", "parse_constant"] as [StaticString]).enumerated() {
                made.cell[2 + i] = try t.getattr(bound[0], t.intern(name))
            }
            return made
        }
        b.slots.pointee.call = CallSlot { (t, v, a) throws(Raised) in
            let bound = try t.pushScratch(2)
            defer { t.popScratch(bound) }
            try t.bindNames(a, "scan_once", ["string", "idx"], required: 2, bound)
            if !bound[0].isKind(.str) { throw t.raise(.typeError, "first argument must be a string, not \(t.typeName(bound[0]))") }
            let start = try t.index(bound[1])
            if start < 0 { throw t.raise(.valueError, "idx cannot be negative") }
            var reader = JSONReader(text: JSONText(bound[0]), scanner: v.cell, memo: t.newDict())
            let (value, next) = try reader.value(t, start)
            return try t.tuple(value, t.int(next))
        }
        b.getset("strict", "strict", get: { (_, v) in v.cell[1] })
        b.member("object_hook", word: 2)
        b.member("object_pairs_hook", word: 3)
        b.member("parse_float", word: 4)
        b.member("parse_int", word: 5)
        b.member("parse_constant", word: 6)
    }
}

/// A str as the token scanner sees it.
struct JSONText {
    let value: Value
    let count: Int
    private let data: UnsafeRawPointer
    private let width: Int

    init(_ value: Value) {
        self.value = value
        let s = StrObject(value)
        count = s.count
        data = UnsafeRawPointer(s.data)
        width = s.width
    }

    @inline(__always) private var narrow: JSONScanner<UInt8> { JSONScanner(data.assumingMemoryBound(to: UInt8.self), count: count) }
    @inline(__always) private var middle: JSONScanner<UInt16> { JSONScanner(data.assumingMemoryBound(to: UInt16.self), count: count) }
    @inline(__always) private var wide: JSONScanner<UInt32> { JSONScanner(data.assumingMemoryBound(to: UInt32.self), count: count) }

    /// The character at `i`, or 0 behind the end.
    @inline(__always) func at(_ i: Int) -> UInt32 {
        if i < 0 || i >= count { return 0 }
        switch width {
        case 1: return UInt32(data.load(fromByteOffset: i, as: UInt8.self))
        case 2: return UInt32(data.load(fromByteOffset: i &* 2, as: UInt16.self))
        default: return data.load(fromByteOffset: i &* 4, as: UInt32.self)
        }
    }

    func skipBlanks(_ i: Int) -> Int {
        if i >= count { return i }
        switch width {
        case 1: return narrow.skipBlanks(i)
        case 2: return middle.skipBlanks(i)
        default: return wide.skipBlanks(i)
        }
    }

    func number(_ i: Int) -> JSONNumber? {
        switch width {
        case 1: narrow.number(i)
        case 2: middle.number(i)
        default: wide.number(i)
        }
    }

    func matches(_ word: StaticString, at i: Int) -> Bool {
        switch width {
        case 1: narrow.matches(word, at: i)
        case 2: middle.matches(word, at: i)
        default: wide.matches(word, at: i)
        }
    }

    /// The string whose opening quote is before `start`, and where it ends.
    func string(_ t: Thread, _ start: Int, strict: Bool) throws(Raised) -> (Value, Int) {
        let token: JSONString
        do throws(JSONScanError) {
            switch width {
            case 1: token = try narrow.string(start, strict: strict)
            case 2: token = try middle.string(start, strict: strict)
            default: token = try wide.string(start, strict: strict)
            }
        } catch {
            throw JSONModule.decodeError(t, error.message, value, error.position)
        }
        switch token {
        case .slice(let from, let to, let next): return (try t.substring(value, from, to - from), next)
        case .text(let units, let next): return (try t.str(units: units), next)
        }
    }
}

/// Builds values out of tokens.
private struct JSONReader {
    let text: JSONText
    let scanner: Cell
    /// Keys already seen: equal ones become one object.
    let memo: DictObject

    mutating func value(_ t: Thread, _ at: Int) throws(Raised) -> (Value, Int) {
        if at >= text.count { throw t.stopIteration(t.int(at)) }
        switch text.at(at) {
        case 0x22: return try text.string(t, at + 1, strict: scanner[1].isTrue)
        case 0x7B:
            try t.enterRecursion(" while decoding a JSON object from a unicode string")
            defer { t.leaveRecursion() }
            return try object(t, at + 1)
        case 0x5B:
            try t.enterRecursion(" while decoding a JSON array from a unicode string")
            defer { t.leaveRecursion() }
            return try array(t, at + 1)
        case 0x6E where text.matches("null", at: at): return (.none, at + 4)
        case 0x74 where text.matches("true", at: at): return (.true, at + 4)
        case 0x66 where text.matches("false", at: at): return (.false, at + 5)
        case 0x4E where text.matches("NaN", at: at): return (try constant(t, "NaN"), at + 3)
        case 0x49 where text.matches("Infinity", at: at): return (try constant(t, "Infinity"), at + 8)
        case 0x2D where text.matches("-Infinity", at: at): return (try constant(t, "-Infinity"), at + 9)
        default: break
        }
        guard let number = text.number(at) else { throw t.stopIteration(t.int(at)) }
        return (try numberValue(t, at, number), number.end)
    }

    private func constant(_ t: Thread, _ word: StaticString) throws(Raised) -> Value { try t.call(scanner[6], t.str(word)) }

    private func numberValue(_ t: Thread, _ at: Int, _ number: JSONNumber) throws(Raised) -> Value {
        let digits = number.end - at
        if !number.isFloat && digits < 18 && scanner[5] == t.types.pointee.int {
            var n = 0
            let isNegative = text.at(at) == 0x2D
            for i in (isNegative ? at + 1 : at)..<number.end { n = n &* 10 &+ Int(text.at(i)) &- 0x30 }
            return t.int(isNegative ? 0 &- n : n)
        }
        return try t.call(number.isFloat ? scanner[4] : scanner[5], try t.substring(text.value, at, digits))
    }

    private mutating func array(_ t: Thread, _ start: Int) throws(Raised) -> (Value, Int) {
        let list = try t.newList()
        var at = text.skipBlanks(start)
        if text.at(at) == 0x5D { return (list.value, at + 1) }
        while true {
            let (item, next) = try value(t, at)
            try t.append(list, item)
            at = text.skipBlanks(next)
            let c = text.at(at)
            if c == 0x5D { return (list.value, at + 1) }
            if c != 0x2C { throw JSONModule.decodeError(t, "Expecting ',' delimiter", text.value, at) }
            at = text.skipBlanks(at + 1)
        }
    }

    private mutating func object(_ t: Thread, _ start: Int) throws(Raised) -> (Value, Int) {
        let wantsPairs = !scanner[3].isNone
        let pairs = try t.newList(), dict = t.newDict()
        var at = text.skipBlanks(start)
        if text.at(at) != 0x7D {
            while true {
                if text.at(at) != 0x22 { throw JSONModule.decodeError(t, "Expecting property name enclosed in double quotes", text.value, at) }
                var (key, next) = try text.string(t, at + 1, strict: scanner[1].isTrue)
                let known = memo.findString(t, key)
                if known.isBound { key = known } else { try memo.setString(t, key, key) }
                at = text.skipBlanks(next)
                if text.at(at) != 0x3A { throw JSONModule.decodeError(t, "Expecting ':' delimiter", text.value, at) }
                let item: Value
                (item, next) = try value(t, text.skipBlanks(at + 1))
                if wantsPairs { try t.append(pairs, try t.tuple(key, item)) } else { try dict.setString(t, key, item) }
                at = text.skipBlanks(next)
                let c = text.at(at)
                if c == 0x7D { break }
                if c != 0x2C { throw JSONModule.decodeError(t, "Expecting ',' delimiter", text.value, at) }
                at = text.skipBlanks(at + 1)
            }
        }
        if wantsPairs { return (try t.call(scanner[3], pairs.value), at + 1) }
        if !scanner[2].isNone { return (try t.call(scanner[2], dict.value), at + 1) }
        return (dict.value, at + 1)
    }
}

/// `make_encoder`.
enum JSONEncoding {
    static func define(_ b: TypeBuilder) {
        b.doc("Encoder(markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan)")
        b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
            let bound = try t.pushScratch(9)
            defer { t.popScratch(bound) }
            try t.bindNames(a, "make_encoder", ["markers", "default", "encoder", "indent", "key_separator", "item_separator", "sort_keys", "skipkeys", "allow_nan"], required: 9, bound)
            for i in 4...5 where !bound[i].isKind(.str) { throw t.raise(.typeError, "make_encoder() argument \(i + 1) must be str, not \(t.typeName(bound[i]))") }
            if !bound[0].isNone && !bound[0].isKind(.dict) { throw t.raise(.typeError, "make_encoder() argument 1 must be dict or None, not \(t.typeName(bound[0]))") }
            let made = Value(t.allocate(TypeObject(type)))
            for i in 0..<6 { made.cell[1 + i] = bound[i] }
            for i in 6..<9 { made.cell[1 + i] = Value(try t.truth(bound[i])) }
            return made
        }
        b.slots.pointee.call = CallSlot { (t, v, a) throws(Raised) in
            let bound = try t.pushScratch(2)
            defer { t.popScratch(bound) }
            try t.bindNames(a, "_iterencode", ["obj", "_current_indent_level"], required: 2, bound)
            var out = StrBuilder()
            try append(t, v.cell, bound[0], &out)
            return try t.tuple(try out.finish(t))
        }
        for (i, name) in (["markers", "default", "encoder", "indent", "key_separator", "item_separator", "sort_keys", "skipkeys"] as [StaticString]).enumerated() {
            b.member(name, word: 1 + i)
        }
    }

    private static func text(_ t: Thread, _ encoder: Cell, _ value: Value) throws(Raised) -> Value {
        let known = TupleObject(t.kept("_json"))
        if encoder[3] == known[0] { return try JSONModule.quote(t, value, ascii: true) }
        if encoder[3] == known[1] { return try JSONModule.quote(t, value, ascii: false) }
        let made = try t.call(encoder[3], value)
        if !made.isKind(.str) { throw t.raise(.typeError, "encoder() must return a string, not \(t.typeName(made))") }
        return made
    }

    private static func floatText(_ t: Thread, _ encoder: Cell, _ value: Value) throws(Raised) -> Value {
        let d = t.double(value)
        if d.isFinite { return t.floatText(d) }
        if encoder[9].isFalse { throw t.raise(.valueError, "Out of range float values are not JSON compliant: \(try t.reprText(value))") }
        return t.str(d.isNaN ? "NaN" : d > 0 ? "Infinity" : "-Infinity")
    }

    private static func intText(_ t: Thread, _ value: Value) throws(Raised) -> Value {
        try TypeObject(t.types.pointee.int).slots.pointee.repr(t, value)
    }

    /// What atoms and keys look like, or unbound for other things.
    private static func atom(_ t: Thread, _ encoder: Cell, _ value: Value) throws(Raised) -> Value {
        if value.isNone { return t.intern("null") }
        if value.isTrue { return t.intern("true") }
        if value.isFalse { return t.intern("false") }
        if t.isInt(value) { return try intText(t, value) }
        if t.isFloat(value) { return try floatText(t, encoder, value) }
        return .unbound
    }

    private static func append(_ t: Thread, _ encoder: Cell, _ value: Value, _ out: inout StrBuilder) throws(Raised) {
        if value.isKind(.str) { return out.append(try text(t, encoder, value)) }
        let simple = try atom(t, encoder, value)
        if simple.isBound { return out.append(simple) }
        try t.enterRecursion(" while encoding a JSON object")
        defer { t.leaveRecursion() }
        if value.isKind(.list) || value.isKind(.tuple) { return try appendList(t, encoder, value, &out) }
        if value.isKind(.dict) { return try appendDict(t, encoder, value, &out) }
        let marker = try mark(t, encoder, value)
        try append(t, encoder, try t.call(encoder[2], value), &out)
        try unmark(t, encoder, marker)
    }

    /// Enters a container; unbound when circles are not looked for.
    private static func mark(_ t: Thread, _ encoder: Cell, _ value: Value) throws(Raised) -> Value {
        if encoder[1].isNone { return .unbound }
        let key = t.int(Int(bitPattern: value.bits))
        if try t.get(DictObject(encoder[1]), key).isBound { throw t.raise(.valueError, "Circular reference detected") }
        try t.set(DictObject(encoder[1]), key, value)
        return key
    }

    private static func unmark(_ t: Thread, _ encoder: Cell, _ marker: Value) throws(Raised) {
        if marker.isBound { _ = try t.remove(DictObject(encoder[1]), marker) }
    }

    private static func appendList(_ t: Thread, _ encoder: Cell, _ value: Value, _ out: inout StrBuilder) throws(Raised) {
        let items = try t.tupleFrom(value)
        if items.count == 0 { return out.append("[]" as StaticString) }
        let marker = try mark(t, encoder, value)
        out.append("[" as StaticString)
        for i in 0..<items.count {
            if i > 0 { out.append(encoder[6]) }
            try append(t, encoder, items[i], &out)
        }
        try unmark(t, encoder, marker)
        out.append("]" as StaticString)
    }

    private static func appendDict(_ t: Thread, _ encoder: Cell, _ value: Value, _ out: inout StrBuilder) throws(Raised) {
        if DictObject(value).count == 0 && value.hasLayout(.dict) { return out.append("{}" as StaticString) }
        let marker = try mark(t, encoder, value)
        let items = try t.listFrom(try t.callMethod(value, t.intern("items")))
        if encoder[7].isTrue { _ = try t.callMethod(items.value, t.intern("sort")) }
        out.append("{" as StaticString)
        var isFirst = true
        for i in 0..<items.count {
            let pair = items[i]
            if !pair.isKind(.tuple) || TupleObject(pair).count != 2 { throw t.raise(.valueError, "items must return 2-tuples") }
            var key = TupleObject(pair)[0]
            if !key.isKind(.str) {
                let simple = try atom(t, encoder, key)
                if simple.isUnbound {
                    if encoder[8].isTrue { continue }
                    throw t.raise(.typeError, "keys must be str, int, float, bool or None, not \(t.typeName(key))")
                }
                key = simple
            }
            if !isFirst { out.append(encoder[6]) }
            isFirst = false
            out.append(try text(t, encoder, key))
            out.append(encoder[5])
            try append(t, encoder, TupleObject(pair)[1], &out)
        }
        try unmark(t, encoder, marker)
        out.append("}" as StaticString)
    }
}
