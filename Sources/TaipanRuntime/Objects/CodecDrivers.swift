// Running the codecs of TaipanUnicode over Python objects: a codec goes on to the first error, an error
// handler says what stands for the offending part and where to go on.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanUnicode

/// The codecs that need no module.
public enum NativeCodec {
    case utf8, ascii, latin1, utf7, unicodeEscape, rawUnicodeEscape
    /// No order: by the mark when decoding, native with a mark when encoding.
    case utf16(ByteOrder?), utf32(ByteOrder?)

    /// The name in errors.
    func name(decoding order: ByteOrder? = nil) -> StaticString {
        switch self {
        case .utf8: return "utf-8"
        case .ascii: return "ascii"
        case .latin1: return "latin-1"
        case .utf7: return "utf7"
        case .unicodeEscape: return "unicodeescape"
        case .rawUnicodeEscape: return "rawunicodeescape"
        case .utf16(let own):
            guard let order = order ?? own else { return "utf-16" }
            return order == .little ? "utf-16-le" : "utf-16-be"
        case .utf32(let own):
            guard let order = order ?? own else { return "utf-32" }
            return order == .little ? "utf-32-le" : "utf-32-be"
        }
    }

    /// The codec behind a normalized encoding name that needs no lookup.
    init?(normalized name: String) {
        switch name {
        case "utf_8", "utf8": self = .utf8
        case "ascii", "us_ascii": self = .ascii
        case "latin_1", "latin1", "iso_8859_1", "iso8859_1": self = .latin1
        case "utf_16", "utf16": self = .utf16(nil)
        case "utf_32", "utf32": self = .utf32(nil)
        case "utf_16_le": self = .utf16(.little)
        case "utf_16_be": self = .utf16(.big)
        case "utf_32_le": self = .utf32(.little)
        case "utf_32_be": self = .utf32(.big)
        default: return nil
        }
    }
}

extension Thread {
    // MARK: Decoding

    /// Decodes the bytes of `object` (which lends `input`). `errors` is a str, None or unbound.
    /// - Returns: the text and how many bytes it took; all of them when `isFinal`.
    public func decode(_ codec: NativeCodec, _ object: Value, _ input: UnsafeBufferPointer<UInt8>, _ errors: Value, isFinal: Bool = true) throws(Raised) -> (text: Value, consumed: Int) {
        switch codec {
        case .utf8:
            let scan = UTF8Codec.scan(input, from: 0, isFinal: isFinal)
            if scan.error == nil { return (try newStr(utf8: input, scan), scan.end) }
            return try decode(codec.name(), object, input, 0, errors) { (bytes, from, sink) in UTF8Codec.decode(bytes, from: from, isFinal: isFinal, into: &sink) }
        case .ascii:
            if UTF8Codec.endOfASCII(input, from: 0) == input.count { return (try newStr(CodePoints(input)), input.count) }
            return try decode(codec.name(), object, input, 0, errors) { (bytes, from, sink) in ASCIICodec.decode(bytes, from: from, into: &sink) }
        case .latin1: return (try newStr(CodePoints(input)), input.count)
        case .utf7:
            return try decode(codec.name(), object, input, 0, errors) { (bytes, from, sink) in UTF7Codec.decode(bytes, from: from, isFinal: isFinal, into: &sink) }
        case .utf16(let given):
            var order = given ?? .native, skip = 0
            if given == nil {
                let mark = UTF16Codec.detectOrder(input)
                (order, skip) = (mark.order, mark.skip)
            }
            return try decode(codec.name(decoding: order), object, input, skip, errors) { (bytes, from, sink) in
                UTF16Codec.decode(bytes, from: from, order: order, isFinal: isFinal, into: &sink)
            }
        case .utf32(let given):
            var order = given ?? .native, skip = 0
            if given == nil {
                let mark = UTF32Codec.detectOrder(input)
                (order, skip) = (mark.order, mark.skip)
            }
            return try decode(codec.name(decoding: order), object, input, skip, errors) { (bytes, from, sink) in
                UTF32Codec.decode(bytes, from: from, order: order, isFinal: isFinal, into: &sink)
            }
        case .unicodeEscape:
            var invalid: InvalidEscape?
            let result = try decode(codec.name(), object, input, 0, errors) { (bytes, from, sink) in
                UnicodeEscapeCodec.decode(bytes, from: from, isFinal: isFinal, invalid: &invalid, into: &sink)
            }
            if let invalid { try warnInvalidEscape(invalid, input) }
            return result
        case .rawUnicodeEscape:
            return try decode(codec.name(), object, input, 0, errors) { (bytes, from, sink) in
                UnicodeEscapeCodec.decodeRaw(bytes, from: from, isFinal: isFinal, into: &sink)
            }
        }
    }

    /// The text of well-formed UTF-8; nil when the bytes are not.
    public func decodeWhole(_ input: UnsafeBufferPointer<UInt8>) throws(Raised) -> Value? {
        let scan = UTF8Codec.scan(input, from: 0, isFinal: true)
        return scan.error == nil ? try newStr(utf8: input, scan) : nil
    }

    /// DeprecationWarning for `\q` and `\400`.
    public func warnInvalidEscape(_ invalid: InvalidEscape, _ input: UnsafeBufferPointer<UInt8>) throws(Raised) {
        if invalid.isOctal {
            let digits = String(decoding: input[invalid.position..<min(invalid.position + 3, input.count)], as: UTF8.self)
            return try warn(.deprecationWarning, "invalid octal escape sequence '\\\(digits)'")
        }
        let c = invalid.position < input.count ? input[invalid.position] : 0x5C
        try warn(.deprecationWarning, "invalid escape sequence '\\\(Character(Unicode.Scalar(c)))'")
    }

    private func newStr(utf8 input: UnsafeBufferPointer<UInt8>, _ scan: UTF8Codec.Scan) throws(Raised) -> Value {
        if scan.mask < 0x80 { return try newStr(CodePoints(base: input.baseAddress ?? CodePoints.empty.base.assumingMemoryBound(to: UInt8.self), count: scan.end, width: 1)) }
        if scan.count == 1 {
            var sink = CodePointSink()
            _ = UTF8Codec.decode(input, from: 0, isFinal: false, into: &sink)
            return try newStr(sink.withText { $0 })
        }
        let made = try newStr(count: scan.count, maximum: scan.mask)
        UTF8Codec.write(input, 0..<scan.end, into: made.data, width: made.width)
        return made.value
    }

    /// Runs a decoder to the end, seeing to its errors.
    public func decode(_ encoding: StaticString, _ object: Value, _ start: UnsafeBufferPointer<UInt8>, _ from: Int, _ errors: Value,
                       _ step: (UnsafeBufferPointer<UInt8>, Int, inout CodePointSink) throws(Raised) -> CodecProgress) throws(Raised) -> (text: Value, consumed: Int) {
        var sink = CodePointSink()
        var input = start, owner = object
        var position = from
        let mode = errorMode(errors)
        while true {
            let progress = try step(input, position, &sink)
            if sink.isOutOfMemory { throw memoryError() }
            guard let error = progress.error else {
                position = progress.position
                break
            }
            if let mode, mode != .strict, let next = recover(mode, input, error.start, error.end, SurrogateForm("\(encoding)"), &sink) {
                position = next
                continue
            }
            let exception = try decodeException(encoding, owner, input, error)
            if mode == .strict { throw raise(exception: exception) }
            if let mode, mode == .surrogateescape || mode == .surrogatepass { throw raise(exception: exception) }
            let (text, next) = try callDecodeHandler(errors, exception)
            sink.append(contentsOf: StrObject(text).points)
            // The handler may have put another object into the exception: decoding goes on in that.
            owner = UnicodeErrorObject(exception).object
            if !owner.isKind(.bytes) { throw raise(.typeError, "exception attribute object must be bytes") }
            input = BytesObject(owner).buffer
            position = next < 0 ? next &+ input.count : next
            if position < 0 || position > input.count { throw raise(.indexError, "position \(next) from error handler out of bounds") }
        }
        return (try newStr(sink.withText { $0 }), withExtendedInt(owner, position))
    }

    @inline(never) private func withExtendedInt(_ owner: Value, _ n: Int) -> Int { owner.isNone ? n : n }

    private func decodeException(_ encoding: StaticString, _ owner: Value, _ input: UnsafeBufferPointer<UInt8>, _ error: CodecError) throws(Raised) -> Value {
        let bytes = owner.isKind(.bytes) && BytesObject(owner).count == input.count ? owner : try self.bytes(input.baseAddress, input.count)
        let name = str(encoding), reason = str(error.reason)
        return try call(types.pointee.unicodeDecodeError, name, bytes, Value(smallInt: error.start), Value(smallInt: error.end), reason)
    }

    private func callDecodeHandler(_ errors: Value, _ exception: Value) throws(Raised) -> (Value, Int) {
        let result = try call(try lookupError(errors), exception)
        guard result.isKind(.tuple), TupleObject(result).count == 2, TupleObject(result)[0].isKind(.str), isInt(TupleObject(result)[1]) else {
            throw raise(.typeError, "decoding error handler must return (str, int) tuple")
        }
        return (TupleObject(result)[0], try index(TupleObject(result)[1]))
    }

    // MARK: Encoding

    /// Encodes a str. `errors` is a str, None or unbound.
    public func encode(_ codec: NativeCodec, _ text: Value, _ errors: Value) throws(Raised) -> Value {
        let s = StrObject(text)
        let points = s.points
        var sink = ByteSink()
        switch codec {
        case .utf8:
            if s.isASCII { return s.count == 0 ? objects.pointee.emptyBytes : try bytes(s.units8, s.count) }
            let size = UTF8Codec.measure(points, from: 0)
            if size.end == points.count {
                let made = try newBytes(size.byteCount)
                _ = UTF8Codec.write(points, 0..<points.count, into: made.data)
                return made.value
            }
            try encode(codec.name(), text, errors, unitSize: 1, &sink, narrow(0x80)) { (text, from, sink) in UTF8Codec.encode(text, from: from, into: &sink) }
        case .ascii:
            if s.isASCII { return s.count == 0 ? objects.pointee.emptyBytes : try bytes(s.units8, s.count) }
            try encode(codec.name(), text, errors, unitSize: 1, &sink, narrow(0x80)) { (text, from, sink) in ASCIICodec.encode(text, from: from, into: &sink) }
        case .latin1:
            if s.width == 1 { return s.count == 0 ? objects.pointee.emptyBytes : try bytes(s.units8, s.count) }
            try encode(codec.name(), text, errors, unitSize: 1, &sink, narrow(0x100)) { (text, from, sink) in Latin1Codec.encode(text, from: from, into: &sink) }
        case .utf7: UTF7Codec.encode(points, into: &sink)
        case .unicodeEscape: UnicodeEscapeCodec.encode(points, into: &sink)
        case .rawUnicodeEscape: UnicodeEscapeCodec.encodeRaw(points, into: &sink)
        case .utf16(let given):
            let order = given ?? .native
            if given == nil { UTF16Codec.append(0xFEFF, order, &sink) }
            try encode(codec.name(), text, errors, unitSize: 2, &sink, { (rest, sink) in
                if rest.mask() > 0x7F { return false }
                for i in 0..<rest.count { UTF16Codec.append(rest[i], order, &sink) }
                return true
            }) { (text, from, sink) in UTF16Codec.encode(text, from: from, order: order, into: &sink) }
        case .utf32(let given):
            let order = given ?? .native
            if given == nil { UTF32Codec.append(0xFEFF, order, &sink) }
            try encode(codec.name(), text, errors, unitSize: 4, &sink, { (rest, sink) in
                if rest.mask() > 0x7F { return false }
                for i in 0..<rest.count { UTF32Codec.append(rest[i], order, &sink) }
                return true
            }) { (text, from, sink) in UTF32Codec.encode(text, from: from, order: order, into: &sink) }
        }
        return try finish(sink)
    }

    /// Writes replacement text whose characters are below `limit`.
    private func narrow(_ limit: UInt32) -> (CodePoints, inout ByteSink) -> Bool {
        { (text, sink) in
            for i in 0..<text.count where text[i] >= limit { return false }
            for i in 0..<text.count { sink.append(UInt8(truncatingIfNeeded: text[i])) }
            return true
        }
    }

    /// Runs an encoder to the end, seeing to its errors. `emit` writes replacement text, or returns false when it cannot.
    public func encode(_ encoding: StaticString, _ text: Value, _ errors: Value, unitSize: Int, _ sink: inout ByteSink,
                       _ emit: (CodePoints, inout ByteSink) throws(Raised) -> Bool,
                       _ step: (CodePoints, Int, inout ByteSink) throws(Raised) -> CodecProgress) throws(Raised) {
        let points = StrObject(text).points
        let mode = errorMode(errors)
        var position = 0
        while true {
            let progress = try step(points, position, &sink)
            if sink.isOutOfMemory { throw memoryError() }
            guard let error = progress.error else { return }
            if let mode, mode != .strict, let next = try replace(mode, encoding, points, error, unitSize, &sink, emit) {
                position = next
                continue
            }
            let name = str(encoding), reason = str(error.reason)
            let exception = try call(types.pointee.unicodeEncodeError, name, text, Value(smallInt: error.start), Value(smallInt: error.end), reason)
            if mode != nil { throw raise(exception: exception) }
            let (replacement, next) = try callEncodeHandler(errors, exception)
            position = next < 0 ? next &+ points.count : next
            if position < 0 || position > points.count { throw raise(.indexError, "position \(next) from error handler out of bounds") }
            if replacement.isKind(.bytes) {
                if BytesObject(replacement).count % unitSize != 0 { throw raise(exception: exception) }
                sink.append(contentsOf: BytesObject(replacement).buffer)
            } else if !(try emit(StrObject(replacement).points, &sink)) {
                throw raise(exception: exception)
            }
        }
    }

    private func callEncodeHandler(_ errors: Value, _ exception: Value) throws(Raised) -> (Value, Int) {
        let result = try call(try lookupError(errors), exception)
        guard result.isKind(.tuple), TupleObject(result).count == 2, isInt(TupleObject(result)[1]),
              TupleObject(result)[0].isKind(.str) || TupleObject(result)[0].isKind(.bytes) else {
            throw raise(.typeError, "encoding error handler must return (str/bytes, int) tuple")
        }
        return (TupleObject(result)[0], try index(TupleObject(result)[1]))
    }

    /// What a standard handler does with characters that cannot be encoded; nil when it gives up.
    private func replace(_ mode: CodecErrorMode, _ encoding: StaticString, _ text: CodePoints, _ error: CodecError, _ unitSize: Int,
                         _ sink: inout ByteSink, _ emit: (CodePoints, inout ByteSink) throws(Raised) -> Bool) throws(Raised) -> Int? {
        switch mode {
        case .ignore: return error.end
        case .surrogateescape:
            var bytes: [UInt8] = []
            var i = error.start
            while i < error.end, text[i] >= 0xDC80, text[i] <= 0xDCFF {
                bytes.append(UInt8(text[i] - 0xDC00))
                i += 1
            }
            if bytes.isEmpty || bytes.count % unitSize != 0 || (unitSize > 1 && i < error.end) { return nil }
            bytes.withUnsafeBufferPointer { sink.append(contentsOf: $0) }
            return i
        case .surrogatepass:
            guard let form = SurrogateForm("\(encoding)") else { return nil }
            for i in error.start..<error.end where text[i] < 0xD800 || text[i] > 0xDFFF { return nil }
            for i in error.start..<error.end { form.append(text[i], &sink) }
            return error.end
        default:
            var units: [UInt32] = []
            for i in error.start..<error.end { Thread.appendReplacement(text[i], mode, &units) }
            let isWritten = try units.withUnsafeBufferPointer { (buffer) throws(Raised) in try emit(CodePoints(buffer), &sink) }
            return isWritten ? error.end : nil
        }
    }
}
