// The three encodings that text streams decode and encode themselves: UTF-8, ASCII and Latin-1. Errors of the usual
// kinds are dealt with here; for any other the registered handler is called.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime
import TaipanUnicode

/// An encoding with native code, or none.
enum NativeEncoding: Int {
    case none = 0, utf8, ascii, latin1

    /// The encoding of that name; case, hyphens and underscores do not matter.
    init(_ name: String) {
        var key = ""
        for c in name.lowercased().unicodeScalars where c != "-" && c != "_" && c != " " { key.unicodeScalars.append(c) }
        switch key {
        case "utf8", "u8": self = .utf8
        case "ascii", "usascii", "646", "ansix3.41968": self = .ascii
        case "latin1", "iso88591", "latin", "l1", "8859", "cp819": self = .latin1
        default: self = .none
        }
    }

    /// The name that errors carry.
    var codecName: StaticString {
        switch self {
        case .utf8: "utf-8"
        case .ascii: "ascii"
        default: "latin-1"
        }
    }
}

enum NativeText {
    /// Decodes complete text at once; with `strict` false undecodable bytes become lone surrogates. Unbound on failure.
    static func decode(_ t: Thread, _ encoding: NativeEncoding, _ bytes: UnsafeBufferPointer<UInt8>, isFinal: Bool, strict: Bool) -> Value {
        do throws(Raised) {
            var used = 0
            return try decode(t, encoding, bytes, errors: strict ? .unbound : t.name(.surrogateescape), isFinal: isFinal, used: &used)
        } catch {
            _ = t.takePending()
            return .unbound
        }
    }

    /// Decodes `bytes`; `used` is how many were, an unfinished sequence at the end of more to come being left.
    /// - Parameter errors: name of the error handler; unbound is "strict".
    static func decode(_ t: Thread, _ encoding: NativeEncoding, _ bytes: UnsafeBufferPointer<UInt8>, errors: Value, isFinal: Bool,
                       used: inout Int) throws(Raised) -> Value {
        used = bytes.count
        if bytes.count == 0 { return t.objects.pointee.emptyStr }
        let plain = UTF8Codec.endOfASCII(bytes, from: 0)
        if plain == bytes.count {
            if plain == 1 { return t.character(UInt32(bytes[0])) }
            let made = try t.newStr(count: plain, maximum: 0x7F)
            memcpy(made.data, bytes.baseAddress.unsafelyUnwrapped, plain)
            return made.value
        }
        if encoding == .latin1 {
            if bytes.count == 1 { return t.character(UInt32(bytes[0])) }
            let made = try t.newStr(count: bytes.count, maximum: 0xFF)
            memcpy(made.data, bytes.baseAddress.unsafelyUnwrapped, bytes.count)
            return made.value
        }
        if encoding == .utf8 {
            let scan = UTF8Codec.scan(bytes, from: 0, isFinal: isFinal)
            if scan.error == nil {
                used = scan.end
                if scan.count == 0 { return t.objects.pointee.emptyStr }
                let made = try t.newStr(count: scan.count, maximum: scan.mask)
                UTF8Codec.write(bytes, 0..<scan.end, into: made.data, width: made.width)
                return made.value
            }
        }
        return try decodeWithErrors(t, encoding, bytes, errors, isFinal, &used)
    }

    private static func decodeWithErrors(_ t: Thread, _ encoding: NativeEncoding, _ bytes: UnsafeBufferPointer<UInt8>, _ errors: Value, _ isFinal: Bool,
                                         _ used: inout Int) throws(Raised) -> Value {
        var sink = CodePointSink()
        var at = 0
        let handler = errors.isUnbound ? "strict" : t.string(errors)
        while at < bytes.count {
            let progress: CodecProgress
            if encoding == .utf8 {
                progress = UTF8Codec.decode(bytes, from: at, isFinal: isFinal, into: &sink)
            } else {
                progress = ASCIICodec.decode(bytes, from: at, into: &sink)
            }
            at = progress.position
            guard let error = progress.error else { break }
            at = try replaceUndecodable(t, encoding, bytes, error, handler, errors, &sink)
        }
        used = at
        return try str(t, sink)
    }

    static func str(_ t: Thread, _ sink: borrowing CodePointSink) throws(Raised) -> Value {
        if sink.isOutOfMemory { throw t.memoryError() }
        if sink.count == 0 { return t.objects.pointee.emptyStr }
        let made = try t.newStr(count: sink.count, maximum: sink.mask)
        let target = made.data, width = made.width
        sink.withText { $0.copy(to: target, width: width) }
        return made.value
    }

    /// Appends what stands for the undecodable bytes and gives the position to go on from.
    private static func replaceUndecodable(_ t: Thread, _ encoding: NativeEncoding, _ bytes: UnsafeBufferPointer<UInt8>, _ error: CodecError, _ handler: String,
                                           _ errors: Value, _ sink: inout CodePointSink) throws(Raised) -> Int {
        switch handler {
        case "ignore": return error.end
        case "replace":
            sink.append(0xFFFD)
            return error.end
        case "surrogateescape":
            var i = error.start
            while i < error.end && bytes[i] >= 0x80 {
                sink.append(0xDC00 + UInt32(bytes[i]))
                i += 1
            }
            if i > error.start { return i }
        case "backslashreplace":
            for i in error.start..<error.end { appendEscape(UInt32(bytes[i]), &sink) }
            return error.end
        default: break
        }
        let data = try t.bytes(bytes.baseAddress, bytes.count)
        let exception = try t.call(t.types.pointee.unicodeDecodeError, t.str(encoding.codecName), data, t.int(error.start), t.int(error.end), t.str(error.reason))
        if handler == "strict" || handler == "surrogateescape" { throw t.raise(exception: exception) }
        let (replacement, position) = try callHandler(t, errors, exception, bytes.count, "decoding")
        if !replacement.isKind(.str) { throw t.raise(.typeError, "decoding error handler must return (str, int) tuple") }
        let s = StrObject(replacement)
        sink.append(contentsOf: CodePoints(base: s.data, count: s.count, width: s.width))
        return position
    }

    private static func appendEscape(_ c: UInt32, _ sink: inout CodePointSink) {
        sink.append(0x5C)
        sink.append(0x78)
        for shift in [4, 0] as [UInt32] {
            let digit = (c >> shift) & 15
            sink.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
        }
    }

    /// Calls a registered error handler and checks what it gives.
    private static func callHandler(_ t: Thread, _ errors: Value, _ exception: Value, _ length: Int, _ word: String) throws(Raised) -> (Value, Int) {
        let handler = try t.lookupError(errors)
        let answer = try t.call(handler, exception)
        if !answer.isKind(.tuple) || TupleObject(answer).count != 2 || !t.isInt(TupleObject(answer)[1]) {
            throw t.raise(.typeError, "\(word) error handler must return (str\(word == "encoding" ? "/bytes" : ""), int) tuple")
        }
        var position = try t.index(TupleObject(answer)[1])
        if position < 0 { position += length }
        if position < 0 || position > length { throw t.raise(.indexError, "position \(position) from error handler out of bounds") }
        return (TupleObject(answer)[0], position)
    }

    // MARK: Encoding

    /// Appends the encoded text to `sink`.
    static func encode(_ t: Thread, _ encoding: NativeEncoding, _ text: Value, errors: Value, into sink: inout ByteSink) throws(Raised) {
        let s = StrObject(text)
        let points = CodePoints(base: s.data, count: s.count, width: s.width)
        var at = 0
        while at < s.count {
            let progress: CodecProgress
            switch encoding {
            case .utf8: progress = UTF8Codec.encode(points, from: at, into: &sink)
            case .ascii: progress = ASCIICodec.encode(points, from: at, into: &sink)
            default: progress = Latin1Codec.encode(points, from: at, into: &sink)
            }
            at = progress.position
            guard let error = progress.error else { break }
            at = try replaceUnencodable(t, encoding, text, error, errors, &sink)
        }
        if sink.isOutOfMemory { throw t.memoryError() }
    }

    private static func replaceUnencodable(_ t: Thread, _ encoding: NativeEncoding, _ text: Value, _ error: CodecError, _ errors: Value,
                                           _ sink: inout ByteSink) throws(Raised) -> Int {
        let s = StrObject(text)
        let handler = errors.isUnbound ? "strict" : t.string(errors)
        switch handler {
        case "ignore": return error.end
        case "replace":
            for _ in error.start..<error.end { sink.append(0x3F) }
            return error.end
        case "backslashreplace":
            for i in error.start..<error.end { appendBackslash(s[i], &sink) }
            return error.end
        case "xmlcharrefreplace":
            for i in error.start..<error.end {
                let reference = Array("&#\(s[i]);".utf8)
                for c in reference { sink.append(c) }
            }
            return error.end
        case "surrogateescape":
            var i = error.start
            while i < error.end && s[i] >= 0xDC80 && s[i] <= 0xDCFF {
                sink.append(UInt8(truncatingIfNeeded: s[i]))
                i += 1
            }
            if i > error.start { return i }
        default: break
        }
        let exception = try t.call(t.types.pointee.unicodeEncodeError, t.str(encoding.codecName), text, t.int(error.start), t.int(error.end), t.str(error.reason))
        if handler == "strict" || handler == "surrogateescape" { throw t.raise(exception: exception) }
        let (replacement, position) = try callHandler(t, errors, exception, s.count, "encoding")
        if replacement.isKind(.bytes) {
            sink.append(contentsOf: BytesObject(replacement).buffer)
        } else if replacement.isKind(.str) {
            let r = StrObject(replacement)
            for i in 0..<r.count {
                if r[i] >= (encoding == .latin1 ? 256 : 128) { throw t.raise(exception: exception) }
                sink.append(UInt8(r[i]))
            }
        } else {
            throw t.raise(.typeError, "encoding error handler must return (str/bytes, int) tuple")
        }
        return position
    }

    /// `\xNN`, `\uNNNN` or `\UNNNNNNNN`.
    private static func appendBackslash(_ c: UInt32, _ sink: inout ByteSink) {
        let digits = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8
        sink.append(0x5C)
        sink.append(c < 0x100 ? 0x78 : c < 0x10000 ? 0x75 : 0x55)
        for k in stride(from: digits - 1, through: 0, by: -1) {
            let digit = UInt8((c >> UInt32(4 * k)) & 15)
            sink.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
        }
    }
}
