// `_codecs`: the registry's functions, and every native codec as a pair of functions.

import TaipanRuntime
import TaipanUnicode

public enum CodecsModule {
    /// Fills the module.
    public static func define(_ m: ModuleBuilder) throws(Raised) {
        defineRegistry(m)
        defineEncoders(m)
        defineDecoders(m)
        defineEscapes(m)
        defineCharmap(m)
    }

    // MARK: The registry

    private static func requireStr(_ t: Thread, _ value: Value, _ function: StaticString, _ argument: StaticString) throws(Raised) {
        if value.isKind(.str) { return }
        throw t.raise(.typeError, "\(function)() argument\(argument) must be str, not \(value.isNone ? "None" : t.typeName(value))")
    }

    private static func defineRegistry(_ m: ModuleBuilder) {
        m.function("register", "($module, search_function, /)", "Register a codec search function.\n\nSearch functions are expected to take one argument, the encoding name in\nall lower case letters, and either return None, or a tuple of functions\n(encoder, decoder, stream_reader, stream_writer) (or a CodecInfo object).") { (t, a) throws(Raised) in
            try t.registerCodecSearch(a[0])
            return .none
        }
        m.function("unregister", "($module, search_function, /)", "Unregister a codec search function and clear the registry's cache.\n\nIf the search function is not registered, do nothing.") { (t, a) throws(Raised) in
            try t.unregisterCodecSearch(a[0])
            return .none
        }
        m.function("lookup", "($module, encoding, /)", "Looks up a codec tuple in the Python codec registry and returns a CodecInfo object.") { (t, a) throws(Raised) in
            try requireStr(t, a[0], "lookup", "")
            return try t.lookupCodec(a[0])
        }
        m.function("encode", "($module, /, obj, encoding='utf-8', errors='strict')", "Encodes obj using the codec registered for encoding.\n\nThe default encoding is 'utf-8'.  errors may be given to set a\ndifferent error handling scheme.  Default is 'strict' meaning that encoding\nerrors raise a ValueError.  Other possible values are 'ignore', 'replace'\nand 'backslashreplace' as well as any other name registered with\ncodecs.register_error that can handle ValueErrors.") { (t, a) throws(Raised) in
            if a[1].isBound { try requireStr(t, a[1], "encode", " 'encoding'") }
            if a[2].isBound { try requireStr(t, a[2], "encode", " 'errors'") }
            return try t.runCodec(0, a[0], a[1].isUnbound ? t.str("utf-8") : a[1], a[2])
        }
        m.function("decode", "($module, /, obj, encoding='utf-8', errors='strict')", "Decodes obj using the codec registered for encoding.\n\nDefault encoding is 'utf-8'.  errors may be given to set a\ndifferent error handling scheme.  Default is 'strict' meaning that encoding\nerrors raise a ValueError.  Other possible values are 'ignore', 'replace'\nand 'backslashreplace' as well as any other name registered with\ncodecs.register_error that can handle ValueErrors.") { (t, a) throws(Raised) in
            if a[1].isBound { try requireStr(t, a[1], "decode", " 'encoding'") }
            if a[2].isBound { try requireStr(t, a[2], "decode", " 'errors'") }
            return try t.runCodec(1, a[0], a[1].isUnbound ? t.str("utf-8") : a[1], a[2])
        }
        m.function("register_error", "($module, errors, handler, /)", "Register the specified error handler under the name errors.\n\nhandler must be a callable object, that will be called with an exception\ninstance containing information about the location of the encoding/decoding\nerror and must return a (replacement, new position) tuple.") { (t, a) throws(Raised) in
            try requireStr(t, a[0], "register_error", " 1")
            try t.registerError(a[0], a[1])
            return .none
        }
        m.function("lookup_error", "($module, name, /)", "lookup_error(errors) -> handler\n\nReturn the error handler for the specified error handling name or raise a\nLookupError, if no handler exists under this name.") { (t, a) throws(Raised) in
            try requireStr(t, a[0], "lookup_error", "")
            return try t.lookupError(a[0])
        }
    }

    // MARK: Encoders

    private static func checkErrors(_ t: Thread, _ errors: Value, _ function: StaticString) throws(Raised) {
        if errors.isNoneOrUnbound || errors.isKind(.str) { return }
        throw t.raise(.typeError, "\(function)() argument 2 must be str or None, not \(t.typeName(errors))")
    }

    private static func encode(_ t: Thread, _ a: Arguments, _ function: StaticString, _ codec: NativeCodec) throws(Raised) -> Value {
        try requireStr(t, a[0], function, " 1")
        try checkErrors(t, a[1], function)
        return try t.tuple(try t.encode(codec, a[0], a[1]), t.int(StrObject(a[0]).count))
    }

    /// The order that a `byteorder` argument asks for; nil is native with a mark.
    private static func order(_ t: Thread, _ value: Value) throws(Raised) -> ByteOrder? {
        if value.isUnbound { return nil }
        let n = try t.index(value)
        return n == 0 ? nil : n < 0 ? .little : .big
    }

    private static func defineEncoders(_ m: ModuleBuilder) {
        m.function("utf_8_encode", "($module, str, errors=None, /)") { (t, a) throws(Raised) in try encode(t, a, "utf_8_encode", .utf8) }
        m.function("utf_7_encode", "($module, str, errors=None, /)") { (t, a) throws(Raised) in try encode(t, a, "utf_7_encode", .utf7) }
        m.function("ascii_encode", "($module, str, errors=None, /)") { (t, a) throws(Raised) in try encode(t, a, "ascii_encode", .ascii) }
        m.function("latin_1_encode", "($module, str, errors=None, /)") { (t, a) throws(Raised) in try encode(t, a, "latin_1_encode", .latin1) }
        m.function("utf_16_encode", "($module, str, errors=None, byteorder=0, /)") { (t, a) throws(Raised) in
            try encode(t, a, "utf_16_encode", .utf16(try order(t, a[2])))
        }
        m.function("utf_16_le_encode", "($module, str, errors=None, /)") { (t, a) throws(Raised) in try encode(t, a, "utf_16_le_encode", .utf16(.little)) }
        m.function("utf_16_be_encode", "($module, str, errors=None, /)") { (t, a) throws(Raised) in try encode(t, a, "utf_16_be_encode", .utf16(.big)) }
        m.function("utf_32_encode", "($module, str, errors=None, byteorder=0, /)") { (t, a) throws(Raised) in
            try encode(t, a, "utf_32_encode", .utf32(try order(t, a[2])))
        }
        m.function("utf_32_le_encode", "($module, str, errors=None, /)") { (t, a) throws(Raised) in try encode(t, a, "utf_32_le_encode", .utf32(.little)) }
        m.function("utf_32_be_encode", "($module, str, errors=None, /)") { (t, a) throws(Raised) in try encode(t, a, "utf_32_be_encode", .utf32(.big)) }
        m.function("unicode_escape_encode", "($module, str, errors=None, /)") { (t, a) throws(Raised) in
            try encode(t, a, "unicode_escape_encode", .unicodeEscape)
        }
        m.function("raw_unicode_escape_encode", "($module, str, errors=None, /)") { (t, a) throws(Raised) in
            try encode(t, a, "raw_unicode_escape_encode", .rawUnicodeEscape)
        }
        m.function("readbuffer_encode", "($module, data, errors=None, /)") { (t, a) throws(Raised) in
            try checkErrors(t, a[1], "readbuffer_encode")
            let made = a[0].isKind(.str) ? try t.encode(.utf8, a[0], .unbound) : try t.bytesFrom(a[0])
            return try t.tuple(made, t.int(BytesObject(made).count))
        }
    }

    // MARK: Decoders

    /// `(text, consumed)`. Decoders of escapes take str too, as its UTF-8.
    private static func decode(_ t: Thread, _ a: Arguments, _ function: StaticString, _ codec: NativeCodec, isFinal: Bool, takesText: Bool = false) throws(Raised) -> Value {
        try checkErrors(t, a[1], function)
        let result: (text: Value, consumed: Int)
        if takesText && a[0].isKind(.str) {
            let bytes = try t.encode(.utf8, a[0], .unbound)
            result = try t.decode(codec, bytes, BytesObject(bytes).buffer, a[1], isFinal: isFinal)
        } else {
            let view = try t.buffer(of: a[0])
            defer { t.release(view) }
            result = try t.decode(codec, a[0], view.bytes, a[1], isFinal: isFinal)
        }
        return try t.tuple(result.text, t.int(result.consumed))
    }

    private static func isFinal(_ t: Thread, _ value: Value, default other: Bool = false) throws(Raised) -> Bool {
        value.isUnbound ? other : try t.truth(value)
    }

    /// `utf_16_ex_decode` and `utf_32_ex_decode`: the order found comes third.
    private static func decodeMarked(_ t: Thread, _ a: Arguments, _ function: StaticString, wide: Bool) throws(Raised) -> Value {
        try checkErrors(t, a[1], function)
        let given = a[2].isUnbound ? 0 : try t.index(a[2])
        let final = try isFinal(t, a[3])
        let view = try t.buffer(of: a[0])
        defer { t.release(view) }
        var found = given < 0 ? -1 : given > 0 ? 1 : 0
        if given == 0 {
            let mark = wide ? UTF32Codec.detectOrder(view.bytes) : UTF16Codec.detectOrder(view.bytes)
            if mark.marked { found = mark.order == .little ? -1 : 1 }
        }
        let order: ByteOrder? = given == 0 ? nil : given < 0 ? .little : .big
        let result = try t.decode(wide ? .utf32(order) : .utf16(order), a[0], view.bytes, a[1], isFinal: final)
        return try t.tuple(result.text, t.int(result.consumed), t.int(found))
    }

    private static func defineDecoders(_ m: ModuleBuilder) {
        m.function("utf_8_decode", "($module, data, errors=None, final=False, /)") { (t, a) throws(Raised) in
            try decode(t, a, "utf_8_decode", .utf8, isFinal: try isFinal(t, a[2]))
        }
        m.function("utf_7_decode", "($module, data, errors=None, final=False, /)") { (t, a) throws(Raised) in
            try decode(t, a, "utf_7_decode", .utf7, isFinal: try isFinal(t, a[2]))
        }
        m.function("ascii_decode", "($module, data, errors=None, /)") { (t, a) throws(Raised) in try decode(t, a, "ascii_decode", .ascii, isFinal: true) }
        m.function("latin_1_decode", "($module, data, errors=None, /)") { (t, a) throws(Raised) in try decode(t, a, "latin_1_decode", .latin1, isFinal: true) }
        m.function("utf_16_decode", "($module, data, errors=None, final=False, /)") { (t, a) throws(Raised) in
            try decode(t, a, "utf_16_decode", .utf16(nil), isFinal: try isFinal(t, a[2]))
        }
        m.function("utf_16_le_decode", "($module, data, errors=None, final=False, /)") { (t, a) throws(Raised) in
            try decode(t, a, "utf_16_le_decode", .utf16(.little), isFinal: try isFinal(t, a[2]))
        }
        m.function("utf_16_be_decode", "($module, data, errors=None, final=False, /)") { (t, a) throws(Raised) in
            try decode(t, a, "utf_16_be_decode", .utf16(.big), isFinal: try isFinal(t, a[2]))
        }
        m.function("utf_16_ex_decode", "($module, data, errors=None, byteorder=0, final=False,\n                 /)") { (t, a) throws(Raised) in
            try decodeMarked(t, a, "utf_16_ex_decode", wide: false)
        }
        m.function("utf_32_decode", "($module, data, errors=None, final=False, /)") { (t, a) throws(Raised) in
            try decode(t, a, "utf_32_decode", .utf32(nil), isFinal: try isFinal(t, a[2]))
        }
        m.function("utf_32_le_decode", "($module, data, errors=None, final=False, /)") { (t, a) throws(Raised) in
            try decode(t, a, "utf_32_le_decode", .utf32(.little), isFinal: try isFinal(t, a[2]))
        }
        m.function("utf_32_be_decode", "($module, data, errors=None, final=False, /)") { (t, a) throws(Raised) in
            try decode(t, a, "utf_32_be_decode", .utf32(.big), isFinal: try isFinal(t, a[2]))
        }
        m.function("utf_32_ex_decode", "($module, data, errors=None, byteorder=0, final=False,\n                 /)") { (t, a) throws(Raised) in
            try decodeMarked(t, a, "utf_32_ex_decode", wide: true)
        }
        m.function("unicode_escape_decode", "($module, data, errors=None, final=True, /)") { (t, a) throws(Raised) in
            try decode(t, a, "unicode_escape_decode", .unicodeEscape, isFinal: try isFinal(t, a[2], default: true), takesText: true)
        }
        m.function("raw_unicode_escape_decode", "($module, data, errors=None, final=True, /)") { (t, a) throws(Raised) in
            try decode(t, a, "raw_unicode_escape_decode", .rawUnicodeEscape, isFinal: try isFinal(t, a[2], default: true), takesText: true)
        }
    }

    // MARK: Escapes of bytes

    private static func defineEscapes(_ m: ModuleBuilder) {
        m.function("escape_encode", "($module, data, errors=None, /)") { (t, a) throws(Raised) in
            if !a[0].isKind(.bytes) { throw t.raise(.typeError, "escape_encode() argument 1 must be bytes, not \(a[0].isNone ? "None" : t.typeName(a[0]))") }
            try checkErrors(t, a[1], "escape_encode")
            var sink = ByteSink()
            BytesEscapeCodec.encode(BytesObject(a[0]).buffer, into: &sink)
            return try t.tuple(try t.finish(sink), t.int(BytesObject(a[0]).count))
        }
        m.function("escape_decode", "($module, data, errors=None, /)") { (t, a) throws(Raised) in
            try checkErrors(t, a[1], "escape_decode")
            let source = a[0].isKind(.str) ? try t.encode(.utf8, a[0], .unbound) : try t.bytesFrom(a[0])
            let made = try decodeEscapes(t, BytesObject(source).buffer, a[1])
            return try t.tuple(made, t.int(BytesObject(source).count))
        }
    }

    private static func decodeEscapes(_ t: Thread, _ input: UnsafeBufferPointer<UInt8>, _ errors: Value) throws(Raised) -> Value {
        var sink = ByteSink()
        var invalid: InvalidEscape?
        var position = 0
        while let failure = BytesEscapeCodec.decode(input, from: position, invalid: &invalid, into: &sink) {
            guard case .invalidHex(let at, let resume) = failure else { throw t.raise(.valueError, "Trailing \\ in string") }
            let mode = errors.isNoneOrUnbound ? "strict" : t.string(errors)
            switch mode {
            case "replace": sink.append(0x3F)
            case "ignore": break
            case "strict": throw t.raise(.valueError, "invalid \\x escape at position \(at)")
            default: throw t.raise(.valueError, "decoding error; unknown error handling code: \(mode)")
            }
            position = resume
        }
        if let invalid { try t.warnInvalidEscape(invalid, input) }
        return try t.finish(sink)
    }

    // MARK: Character maps

    private static func defineCharmap(_ m: ModuleBuilder) {
        m.function("charmap_build", "($module, map, /)") { (t, a) throws(Raised) in
            try requireStr(t, a[0], "charmap_build", "")
            let table = StrObject(a[0])
            let dict = t.newDict()
            for i in 0..<min(table.count, 256) where table[i] != 0xFFFE {
                try t.set(dict, Value(smallInt: Int(table[i])), Value(smallInt: i))
            }
            return dict.value
        }
        m.function("charmap_decode", "($module, data, errors=None, mapping=None, /)") { (t, a) throws(Raised) in
            try checkErrors(t, a[1], "charmap_decode")
            let view = try t.buffer(of: a[0])
            defer { t.release(view) }
            let result: (text: Value, consumed: Int)
            if a[2].isNoneOrUnbound {
                result = try t.decode(.latin1, a[0], view.bytes, a[1])
            } else if a[2].hasLayout(.str) {
                let table = StrObject(a[2]).points
                result = try t.decode("charmap", a[0], view.bytes, 0, a[1]) { (bytes, from, sink) in
                    CharmapCodec.decode(bytes, from: from, table: table, into: &sink)
                }
            } else {
                let mapping = a[2]
                result = try t.decode("charmap", a[0], view.bytes, 0, a[1]) { (bytes, from, sink) throws(Raised) in
                    try decodeStep(t, mapping, bytes, from, &sink)
                }
            }
            return try t.tuple(result.text, t.int(result.consumed))
        }
        m.function("charmap_encode", "($module, str, errors=None, mapping=None, /)") { (t, a) throws(Raised) in
            try requireStr(t, a[0], "charmap_encode", " 1")
            try checkErrors(t, a[1], "charmap_encode")
            let count = t.int(StrObject(a[0]).count)
            if a[2].isNoneOrUnbound { return try t.tuple(try t.encode(.latin1, a[0], a[1]), count) }
            let mapping = a[2]
            var sink = ByteSink()
            try t.encode("charmap", a[0], a[1], unitSize: 1, &sink, { (text, sink) throws(Raised) in
                for i in 0..<text.count where !(try encodeOne(t, mapping, text[i], &sink)) { return false }
                return true
            }) { (text, from, sink) throws(Raised) in try encodeStep(t, mapping, text, from, &sink) }
            return try t.tuple(try t.finish(sink), count)
        }
    }

    /// `mapping[c]`, unbound where LookupError says there is none.
    private static func mapped(_ t: Thread, _ mapping: Value, _ c: Int) throws(Raised) -> Value {
        if mapping.hasLayout(.dict) { return try t.get(DictObject(mapping), Value(smallInt: c)) }
        do throws(Raised) { return try t.getItem(mapping, Value(smallInt: c)) } catch {
            try t.swallow(.lookupError, error)
            return .unbound
        }
    }

    private static func decodeStep(_ t: Thread, _ mapping: Value, _ bytes: UnsafeBufferPointer<UInt8>, _ from: Int, _ sink: inout CodePointSink) throws(Raised) -> CodecProgress {
        var i = from
        while i < bytes.count {
            let value = try mapped(t, mapping, Int(bytes[i]))
            var isDefined = true
            if value.isNoneOrUnbound {
                isDefined = false
            } else if t.isInt(value) {
                guard let n = t.machineInt(value), n >= 0, n < 0x110000 else { throw t.raise(.typeError, "character mapping must be in range(0x110000)") }
                if n == 0xFFFE { isDefined = false } else { sink.append(UInt32(n)) }
            } else if value.isKind(.str) {
                let s = StrObject(value)
                if s.count == 1 && s[0] == 0xFFFE { isDefined = false } else { sink.append(contentsOf: s.points) }
            } else {
                throw t.raise(.typeError, "character mapping must return integer, None or str")
            }
            if !isDefined { return CodecProgress(position: i, error: CodecError(start: i, end: i + 1, reason: "character maps to <undefined>")) }
            i += 1
        }
        return CodecProgress(position: i)
    }

    /// Encodes one character; false when the mapping does not have it.
    private static func encodeOne(_ t: Thread, _ mapping: Value, _ c: UInt32, _ sink: inout ByteSink) throws(Raised) -> Bool {
        let value = try mapped(t, mapping, Int(c))
        if value.isNoneOrUnbound { return false }
        if t.isInt(value) {
            guard let n = t.machineInt(value), n >= 0, n < 256 else { throw t.raise(.typeError, "character mapping must be in range(256)") }
            sink.append(UInt8(n))
        } else if value.isKind(.bytes) {
            sink.append(contentsOf: BytesObject(value).buffer)
        } else {
            throw t.raise(.typeError, "character mapping must return integer, bytes or None, not \(t.typeName(value))")
        }
        return true
    }

    private static func encodeStep(_ t: Thread, _ mapping: Value, _ text: CodePoints, _ from: Int, _ sink: inout ByteSink) throws(Raised) -> CodecProgress {
        var i = from
        while i < text.count {
            if try encodeOne(t, mapping, text[i], &sink) {
                i += 1
                continue
            }
            // The error covers the whole run of characters that the mapping does not have.
            var end = i + 1
            while end < text.count, try mapped(t, mapping, Int(text[end])).isNoneOrUnbound { end += 1 }
            return CodecProgress(position: i, error: CodecError(start: i, end: end, reason: "character maps to <undefined>"))
        }
        return CodecProgress(position: i)
    }
}
