// Error handlers of codecs: the standard ones natively, on ranges of the input and as the functions that
// `codecs.lookup_error` gives out, and the registry of those that programs add.

import TaipanUnicode

/// The standard error handlers.
public enum CodecErrorMode: String, CaseIterable {
    case strict, ignore, replace, backslashreplace, xmlcharrefreplace, namereplace, surrogateescape, surrogatepass
}

/// Which Unicode transformation an encoding's name means, for surrogatepass.
enum SurrogateForm {
    case utf8, utf16(ByteOrder), utf32(ByteOrder)

    /// Bytes a surrogate takes.
    var size: Int {
        switch self {
        case .utf8: 3
        case .utf16: 2
        case .utf32: 4
        }
    }

    init?(_ name: String) {
        var text = name.lowercased()
        guard text.hasPrefix("utf") else {
            if text == "cp_utf8" { self = .utf8 } else { return nil }
            return
        }
        text.removeFirst(3)
        if let c = text.first, c == "-" || c == "_" { text.removeFirst() }
        if text == "8" {
            self = .utf8
            return
        }
        let bits = text.prefix(2)
        guard bits == "16" || bits == "32" else { return nil }
        text.removeFirst(2)
        if let c = text.first, c == "-" || c == "_" { text.removeFirst() }
        let order: ByteOrder
        switch text {
        case "": order = .native
        case "le": order = .little
        case "be": order = .big
        default: return nil
        }
        self = bits == "16" ? .utf16(order) : .utf32(order)
    }

    /// Appends surrogate `c`.
    func append(_ c: UInt32, _ sink: inout ByteSink) {
        switch self {
        case .utf8:
            sink.append(UInt8(0xE0 | c >> 12))
            sink.append(UInt8(0x80 | (c >> 6) & 0x3F))
            sink.append(UInt8(0x80 | c & 0x3F))
        case .utf16(let order): UTF16Codec.append(c, order, &sink)
        case .utf32(let order): UTF32Codec.append(c, order, &sink)
        }
    }

    /// The surrogate at `start`, nil when there is none.
    func read(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> UInt32? {
        if start < 0 || bytes.count - start < size { return nil }
        func b(_ i: Int) -> UInt32 { UInt32(bytes[start + i]) }
        let c: UInt32
        switch self {
        case .utf8:
            if b(0) & 0xF0 != 0xE0 || b(1) & 0xC0 != 0x80 || b(2) & 0xC0 != 0x80 { return nil }
            c = (b(0) & 15) << 12 | (b(1) & 0x3F) << 6 | b(2) & 0x3F
        case .utf16(let order): c = order == .little ? b(0) | b(1) << 8 : b(1) | b(0) << 8
        case .utf32(let order):
            c = order == .little ? b(0) | b(1) << 8 | b(2) << 16 | b(3) << 24 : b(3) | b(2) << 8 | b(1) << 16 | b(0) << 24
        }
        return c >= 0xD800 && c <= 0xDFFF ? c : nil
    }
}

extension Thread {
    /// The standard handler that `errors` names (unbound and None mean strict); nil for other names.
    func errorMode(_ errors: Value) -> CodecErrorMode? {
        if errors.isNoneOrUnbound { return .strict }
        let s = StrObject(errors)
        for mode in CodecErrorMode.allCases where s.count == mode.rawValue.utf8.count && string(errors) == mode.rawValue { return mode }
        return nil
    }

    // MARK: Replacement texts

    /// What backslashreplace, xmlcharrefreplace and namereplace write for `c`.
    static func appendReplacement(_ c: UInt32, _ mode: CodecErrorMode, _ out: inout [UInt32]) {
        func ascii(_ text: String) { for unit in text.utf8 { out.append(UInt32(unit)) } }
        switch mode {
        case .xmlcharrefreplace: ascii("&#\(c);")
        case .namereplace:
            if let name = UnicodeNames.name(of: c) { return ascii("\\N{" + name + "}") }
            appendReplacement(c, .backslashreplace, &out)
        case .backslashreplace:
            let digits = String(c, radix: 16)
            let width = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8
            ascii(c < 0x100 ? "\\x" : c < 0x10000 ? "\\u" : "\\U")
            ascii(String(repeating: "0", count: width - digits.count) + digits)
        default: out.append(0x3F)
        }
    }

    // MARK: The registry

    private func errorRegistry() throws(Raised) -> DictObject {
        if objects.pointee.codecErrorRegistry.isBound { return DictObject(objects.pointee.codecErrorRegistry) }
        let dict = newDict()
        try add(dict, "strict", "strict_errors", Thread.strictHandler)
        try add(dict, "ignore", "ignore_errors") { (t, a) throws(Raised) in try t.standardHandler(.ignore, a[0]) }
        try add(dict, "replace", "replace_errors") { (t, a) throws(Raised) in try t.standardHandler(.replace, a[0]) }
        try add(dict, "xmlcharrefreplace", "xmlcharrefreplace_errors") { (t, a) throws(Raised) in try t.standardHandler(.xmlcharrefreplace, a[0]) }
        try add(dict, "backslashreplace", "backslashreplace_errors") { (t, a) throws(Raised) in try t.standardHandler(.backslashreplace, a[0]) }
        try add(dict, "namereplace", "namereplace_errors") { (t, a) throws(Raised) in try t.standardHandler(.namereplace, a[0]) }
        try add(dict, "surrogatepass", "surrogatepass") { (t, a) throws(Raised) in try t.standardHandler(.surrogatepass, a[0]) }
        try add(dict, "surrogateescape", "surrogateescape") { (t, a) throws(Raised) in try t.standardHandler(.surrogateescape, a[0]) }
        objects.pointee.codecErrorRegistry = dict.value
        return dict
    }

    private func add(_ dict: DictObject, _ key: StaticString, _ name: StaticString, _ body: @escaping NativeBody) throws(Raised) {
        let function = newNative(.builtinFunction, intern(name), "(exception, /)", "", 0, body)
        try dict.setString(self, intern(key), function.value)
    }

    /// `codecs.register_error`.
    public func registerError(_ name: Value, _ handler: Value) throws(Raised) {
        if !type(of: handler).slots.pointee.call.isSet { throw raise(.typeError, "handler must be callable") }
        try set(try errorRegistry(), name, handler)
    }

    /// `codecs.lookup_error`.
    public func lookupError(_ name: Value) throws(Raised) -> Value {
        let wanted = name.isNoneOrUnbound ? str("strict") : name
        let found = try get(try errorRegistry(), wanted)
        if found.isUnbound { throw raise(.lookupError, "unknown error handler name '\(string(wanted))'") }
        return found
    }

    // MARK: The standard handlers as functions of exceptions

    private static func strictHandler(_ t: Thread, _ a: Arguments) throws(Raised) -> Value {
        if a[0].isKind(.exception) { throw t.raise(exception: a[0]) }
        throw t.raise(.typeError, "codec must pass exception instance")
    }

    private func standardHandler(_ mode: CodecErrorMode, _ exception: Value) throws(Raised) -> Value {
        if isInstance(exception, of: types.pointee.unicodeEncodeError) { return try handleEncode(mode, exception, isTranslation: false) }
        let isPair = mode == .ignore || mode == .replace || mode == .backslashreplace
        if isInstance(exception, of: types.pointee.unicodeDecodeError), isPair || mode == .surrogateescape || mode == .surrogatepass {
            return try handleDecode(mode, exception)
        }
        if isPair && isInstance(exception, of: types.pointee.unicodeTranslateError) { return try handleEncode(mode, exception, isTranslation: true) }
        throw raise(.typeError, "don't know how to handle \(typeName(exception)) in error callback")
    }

    /// Start and end of a Unicode error, brought into the object.
    private func bounds(_ error: UnicodeErrorObject, _ count: Int) -> (start: Int, end: Int) {
        var start = max(error.start, 0)
        if start >= count { start = max(count - 1, 0) }
        var end = max(error.end, 1)
        if end > count { end = count }
        return (start, end)
    }

    private func handleEncode(_ mode: CodecErrorMode, _ exception: Value, isTranslation: Bool) throws(Raised) -> Value {
        let error = UnicodeErrorObject(exception)
        if !error.object.isKind(.str) { throw raise(.typeError, error.object.isUnbound ? "object attribute not set" : "object attribute must be unicode") }
        let text = StrObject(error.object)
        let (start, end) = bounds(error, text.count)
        var units: [UInt32] = []
        switch mode {
        case .ignore: break
        case .replace: units = [UInt32](repeating: isTranslation ? 0xFFFD : 0x3F, count: max(end - start, 0))
        case .surrogateescape, .surrogatepass: return try escapeSurrogates(mode, exception, text, start, end)
        default: for i in start..<max(start, end) { Thread.appendReplacement(text[i], mode, &units) }
        }
        return try tuple(try str(units: units), int(end))
    }

    private func escapeSurrogates(_ mode: CodecErrorMode, _ exception: Value, _ text: StrObject, _ start: Int, _ end: Int) throws(Raised) -> Value {
        var sink = ByteSink()
        let encoding = UnicodeErrorObject(exception).encoding
        let form = encoding.isKind(.str) ? SurrogateForm(string(encoding)) : nil
        for i in start..<max(start, end) {
            let c = text[i]
            if mode == .surrogateescape {
                if c < 0xDC80 || c > 0xDCFF { throw raise(exception: exception) }
                sink.append(UInt8(c - 0xDC00))
            } else {
                guard let form, c >= 0xD800, c <= 0xDFFF else { throw raise(exception: exception) }
                form.append(c, &sink)
            }
        }
        return try tuple(try finish(sink), int(end))
    }

    private func handleDecode(_ mode: CodecErrorMode, _ exception: Value) throws(Raised) -> Value {
        let error = UnicodeErrorObject(exception)
        if !error.object.isKind(.bytes) { throw raise(.typeError, error.object.isUnbound ? "object attribute not set" : "object attribute must be bytes") }
        let input = BytesObject(error.object).buffer
        let (start, end) = bounds(error, input.count)
        var sink = CodePointSink()
        let form = error.encoding.isKind(.str) ? SurrogateForm(string(error.encoding)) : nil
        guard let next = recover(mode, input, start, end, form, &sink) else { throw raise(exception: exception) }
        return try tuple(try newStr(sink.withText { $0 }), int(next))
    }

    /// What a standard handler makes of undecodable bytes: appends the replacement, gives where to go on; nil when it gives up.
    func recover(_ mode: CodecErrorMode, _ input: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, _ form: SurrogateForm?,
                 _ sink: inout CodePointSink) -> Int? {
        switch mode {
        case .ignore: return end
        case .replace:
            sink.append(0xFFFD)
            return end
        case .backslashreplace:
            for i in start..<max(start, end) {
                sink.append(0x5C)
                sink.append(0x78)
                for nibble in [UInt32(input[i] >> 4), UInt32(input[i] & 15)] { sink.append(nibble < 10 ? 0x30 + nibble : 0x57 + nibble) }
            }
            return end
        case .surrogateescape:
            var i = start
            while i < end && i < start + 4 && input[i] >= 128 {
                sink.append(0xDC00 + UInt32(input[i]))
                i += 1
            }
            return i == start ? nil : i
        case .surrogatepass:
            guard let form, let c = form.read(input, start) else { return nil }
            sink.append(c)
            return start + form.size
        default: return nil
        }
    }
}
