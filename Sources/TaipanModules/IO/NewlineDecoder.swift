// Universal newlines: the translation itself, on text, and the type IncrementalNewlineDecoder around another decoder.
//
//   IncrementalNewlineDecoder: 1 attribute dict, 2 decoder (None: text passes), 3 errors; raw: 4 state, 5 translates

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

/// What universal newline decoding remembers between pieces: a carriage return held back, and the kinds seen.
struct NewlineState: BitwiseCopyable {
    var bits = 0
    static let carriageReturn = 1, lineFeed = 2, both = 4
    var seen: Int { get { bits & 7 } set { bits = bits & ~7 | newValue } }
    var holdsReturn: Bool { get { bits & 8 != 0 } set { bits = newValue ? bits | 8 : bits & ~8 } }
}

extension Thread {
    /// Decodes one piece of text: counts kinds of line endings, translates them to "\n" if asked to, and holds back a final "\r".
    func decodeNewlines(_ text: Value, _ state: inout NewlineState, translate: Bool, isFinal: Bool) throws(Raised) -> Value {
        let s = StrObject(text)
        if s.width == 1 && !state.holdsReturn {
            // The usual case: no carriage return at all.
            if s.count == 0 || memchr(s.data, 13, s.count) == nil {
                if state.seen & NewlineState.lineFeed == 0, s.count > 0, memchr(s.data, 10, s.count) != nil { state.seen |= NewlineState.lineFeed }
                return text
            }
        }
        var start = 0
        var end = s.count
        var lead = false
        if state.holdsReturn && (isFinal || s.count > 0) {
            lead = true
            state.holdsReturn = false
        }
        if !isFinal && (end > 0 ? s[end - 1] == 13 : false) {
            end -= 1
            state.holdsReturn = true
        } else if !isFinal && end == 0 && lead {
            lead = false
            state.holdsReturn = true
        }
        // First pass: what there is; second: the text without what translation drops.
        var count = 0
        var maximum: UInt32 = 0
        var seen = 0
        var previous: UInt32 = lead ? 13 : 0
        if lead { count = 1 }
        while start < end {
            let c = s[start]
            start += 1
            maximum |= c
            if c == 10 {
                if previous == 13 {
                    seen |= NewlineState.both
                    if !translate { count += 1 }
                } else {
                    seen |= NewlineState.lineFeed
                    count += 1
                }
            } else {
                if previous == 13 { seen |= NewlineState.carriageReturn }
                count += 1
            }
            previous = c
        }
        if previous == 13 { seen |= NewlineState.carriageReturn }
        state.seen |= seen
        return try writeNewlines(s, end, lead, translate, count, maximum)
    }

    private func writeNewlines(_ s: StrObject, _ end: Int, _ lead: Bool, _ translate: Bool, _ count: Int, _ maximum: UInt32) throws(Raised) -> Value {
        if count == 0 { return objects.pointee.emptyStr }
        if !lead && count == s.count && !translate { return s.value }
        let made = try newStr(count: count, maximum: maximum)
        var at = 0
        var previous: UInt32 = 0
        if lead {
            made.store(translate ? 10 : 13, at: 0)
            at = 1
            previous = 13
        }
        for i in 0..<end {
            let c = s[i]
            if translate && c == 10 && previous == 13 {
                previous = c
                continue
            }
            made.store(translate && c == 13 ? 10 : c, at: at)
            at += 1
            previous = c
        }
        return made.value
    }

    /// The attribute `newlines`: None, a str, or a tuple of the kinds seen.
    func newlineKinds(_ state: NewlineState) throws(Raised) -> Value {
        let kinds: [StaticString]
        switch state.seen {
        case 1: kinds = ["\r"]
        case 2: kinds = ["\n"]
        case 3: kinds = ["\r", "\n"]
        case 4: kinds = ["\r\n"]
        case 5: kinds = ["\r", "\r\n"]
        case 6: kinds = ["\n", "\r\n"]
        case 7: kinds = ["\r", "\n", "\r\n"]
        default: return .none
        }
        if kinds.count == 1 { return str(kinds[0]) }
        let made = try newTuple(kinds.count)
        for i in kinds.indices { made[i] = str(kinds[i]) }
        return made.value
    }

    func defineNewlineDecoder() throws(Raised) {
        defineIOInit(.newlineDecoderInit, "IncrementalNewlineDecoder", "($self, decoder, translate, errors='strict')") { (t, a) throws(Raised) in
            let cell = a[0].cell
            cell[2] = a[1]
            cell[3] = a[3].isUnbound ? t.str("strict") : a[3]
            cell.setRaw(0, at: 4)
            cell.setRaw(try t.truth(a[2]) ? 1 : 0, at: 5)
            return .none
        }
        try defineIOType(.newlineDecoder, "IncrementalNewlineDecoder", base: nil, NativeLayout(valueWords: 3, bytes: 48, dictWord: 1)) { b in
            b.doc("IncrementalNewlineDecoder(decoder, translate, errors='strict')\n--\n\nCodec used when reading a file in universal newlines mode.\n\nIt wraps another incremental decoder, translating \\r\\n and \\r into \\n.\nIt also records the types of newlines encountered.  When used with\ntranslate=False, it ensures that the newline sequence is returned in\none piece. When used with decoder=None, it expects unicode strings as\ndecode input and translates newlines without first invoking an external\ndecoder.")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in Value(t.allocate(TypeObject(type))) }
            b.slots.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in try t.callIOInit(.newlineDecoderInit, v, a) }
            b.method("decode", "($self, /, input, final=False)") { (t, a) throws(Raised) in
                try t.decodeThroughNewlines(a[0], a[1], isFinal: a[2].isUnbound ? false : try t.truth(a[2]))
            }
            b.method("getstate", "($self, /)") { (t, a) throws(Raised) in
                let cell = try t.newlineCell(a[0])
                let holds = NewlineState(bits: cell.raw(4)).holdsReturn ? 1 : 0
                if cell[2].isNone { return try t.tuple(t.objects.pointee.emptyBytes, Value(smallInt: holds)) }
                let (bytes, flags) = try t.decoderState(cell[2])
                return try t.tuple(bytes, t.int(flags << 1 | holds))
            }
            b.method("setstate", "($self, state, /)") { (t, a) throws(Raised) in
                let cell = try t.newlineCell(a[0])
                if !a[1].isKind(.tuple) { throw t.raise(.typeError, "state argument must be a tuple") }
                if TupleObject(a[1]).count != 2 { throw t.raise(.typeError, "setstate(): illegal state argument") }
                let flags = try t.index(TupleObject(a[1])[1])
                var state = NewlineState(bits: cell.raw(4))
                state.holdsReturn = flags & 1 != 0
                cell.setRaw(state.bits, at: 4)
                if cell[2].isNone { return .none }
                return try t.callMethod(cell[2], t.intern("setstate"), try t.tuple(TupleObject(a[1])[0], t.int(flags >> 1)))
            }
            b.method("reset", "($self, /)") { (t, a) throws(Raised) in
                let cell = try t.newlineCell(a[0])
                cell.setRaw(0, at: 4)
                return cell[2].isNone ? .none : try t.callMethod(cell[2], t.intern("reset"))
            }
            b.getset("newlines", get: { (t, v) throws(Raised) in try t.newlineKinds(NewlineState(bits: try t.newlineCell(v).raw(4))) })
        }
    }

    private func newlineCell(_ v: Value) throws(Raised) -> Cell {
        if v.cell[2].isUnbound { throw raise(.valueError, "IncrementalNewlineDecoder.__init__() not called") }
        return v.cell
    }

    /// `decode` of an IncrementalNewlineDecoder.
    func decodeThroughNewlines(_ v: Value, _ input: Value, isFinal: Bool) throws(Raised) -> Value {
        let cell = try newlineCell(v)
        let text: Value
        if cell[2].isNone {
            text = input
        } else {
            let method = try getattr(cell[2], name(.decode))
            text = try call(method, input, Value(isFinal))
        }
        if !text.isKind(.str) { throw raise(.typeError, "decoder should return a string result, not '\(typeName(text))'") }
        var state = NewlineState(bits: cell.raw(4))
        let decoded = try decodeNewlines(text, &state, translate: cell.raw(5) != 0, isFinal: isFinal)
        cell.setRaw(state.bits, at: 4)
        return decoded
    }

    /// `decoder.getstate()`, checked.
    func decoderState(_ decoder: Value) throws(Raised) -> (Value, Int) {
        let state = try callMethod(decoder, intern("getstate"))
        if !state.isKind(.tuple) { throw raise(.typeError, "illegal decoder state") }
        let pair = TupleObject(state)
        if pair.count != 2 || !isInt(pair[1]) { throw raise(.typeError, "illegal decoder state") }
        if !pair[0].isKind(.bytes) {
            throw raise(.typeError, "illegal decoder state: the first item should be a bytes object, not '\(typeName(pair[0]))'")
        }
        return (pair[0], try index(pair[1]))
    }
}
