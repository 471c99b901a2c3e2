// The codec registry: from an encoding's name to functions, and the entry points of `str.encode` and `bytes.decode`.
// The Unicode encodings, ASCII and Latin-1 never look anything up.

import TaipanUnicode

extension Thread {
    /// `bytes.decode(encoding, errors)` for anything that lends bytes; the two are strs or unbound.
    public func decodeText(_ object: Value, _ encoding: Value, _ errors: Value) throws(Raised) -> Value {
        try checkCodecNames(encoding, errors)
        if object.isKind(.bytes) && BytesObject(object).count == 0 { return objects.pointee.emptyStr }
        if let codec = try nativeCodec(encoding) {
            if object.hasLayout(.bytes) { return try decode(codec, object, BytesObject(object).buffer, errors).text }
            if object.hasLayout(.memoryview) {
                let copy = try copiedBytes(object)
                return try decode(codec, copy, BytesObject(copy).buffer, errors).text
            }
            let view = try buffer(of: object)
            defer { release(view) }
            return try decode(codec, object, view.bytes, errors).text
        }
        let source = object.isKind(.bytes) ? object : try newMemoryView(object).value
        let text = try runCodec(1, source, encoding, errors, textOnly: "codecs.decode()")
        if text.isKind(.str) { return text }
        throw raise(.typeError, "'\(string(encoding))' decoder returned '\(typeName(text))' instead of 'str'; use codecs.decode() to decode to arbitrary types")
    }

    /// `str.encode(encoding, errors)`: bytes.
    public func encodeText(_ text: Value, _ encoding: Value, _ errors: Value) throws(Raised) -> Value {
        try checkCodecNames(encoding, errors)
        if let codec = try nativeCodec(encoding) { return try encode(codec, text, errors) }
        let made = try runCodec(0, text, encoding, errors, textOnly: "codecs.encode()")
        if made.isKind(.bytes) { return made }
        if isByteArray(made) {
            try warn(.runtimeWarning, "encoder \(string(encoding)) returned bytearray instead of bytes; use codecs.encode() to encode to arbitrary types")
            return try copiedBytes(made)
        }
        throw raise(.typeError, "'\(string(encoding))' encoder returned '\(typeName(made))' instead of 'bytes'; use codecs.encode() to encode to arbitrary types")
    }

    /// `-X dev`: an unknown encoding or error handler is an error even where nothing has to be converted.
    private func checkCodecNames(_ encoding: Value, _ errors: Value) throws(Raised) {
        if !interp.pointee.config.devMode || interp.pointee.isFinalizing { return }
        if !encoding.isNoneOrUnbound, try nativeCodec(encoding) == nil { _ = try lookupCodec(encoding) }
        if !errors.isNoneOrUnbound && !StrObject(errors).equals("strict") { _ = try lookupError(errors) }
    }

    /// The codec of a name that needs no lookup; unbound and None mean UTF-8.
    private func nativeCodec(_ encoding: Value) throws(Raised) -> NativeCodec? {
        if encoding.isNoneOrUnbound { return .utf8 }
        let s = StrObject(encoding)
        if s.equals("utf-8") { return .utf8 }
        if TextSearch.find(unit: 0, in: s.points, from: 0, to: s.count) >= 0 { throw raise(.valueError, "embedded null character") }
        if s.count > 16 { return nil }
        return NativeCodec(normalized: normalizedEncoding(encoding))
    }

    /// Lower case, runs of anything but letters, digits and dots as one `_`, none at the ends.
    func normalizedEncoding(_ encoding: Value) -> String {
        var out = ""
        var pending = false
        for scalar in string(encoding).unicodeScalars {
            if scalar.isASCII, ASCIIText.isAlphanumeric(UInt8(scalar.value)) || scalar == "." {
                if pending && !out.isEmpty { out.append("_") }
                pending = false
                out.unicodeScalars.append(Unicode.Scalar(ASCIIText.toLower(UInt8(scalar.value))))
            } else {
                pending = true
            }
        }
        return out
    }

    // MARK: The registry

    private func registry() throws(Raised) -> (path: ListObject, cache: DictObject) {
        if objects.pointee.codecSearchPath.isUnbound {
            objects.pointee.codecSearchPath = try newList().value
            objects.pointee.codecSearchCache = newDict().value
            // The library's own search function registers itself.
            _ = try importModule("encodings")
        }
        return (ListObject(objects.pointee.codecSearchPath), DictObject(objects.pointee.codecSearchCache))
    }

    /// `codecs.register`.
    public func registerCodecSearch(_ function: Value) throws(Raised) {
        if !type(of: function).slots.pointee.call.isSet { throw raise(.typeError, "argument must be callable") }
        try append(try registry().path, function)
    }

    /// `codecs.unregister`.
    public func unregisterCodecSearch(_ function: Value) throws(Raised) {
        let (path, cache) = try registry()
        for i in 0..<path.count where path[i] == function {
            for j in i..<path.count - 1 { path[j] = path[j + 1] }
            path[path.count - 1] = .unbound
            path.count -= 1
            cache.clear()
            return
        }
    }

    /// `codecs.lookup`: the CodecInfo (a 4-tuple) of an encoding.
    public func lookupCodec(_ encoding: Value) throws(Raised) -> Value {
        let (path, cache) = try registry()
        let key = intern(normalizedLookupName(encoding))
        let known = cache.findString(self, key)
        if known.isBound { return known }
        var i = 0
        while i < path.count {
            let found = try call(path[i], key)
            i += 1
            if found.isNone { continue }
            if !found.isKind(.tuple) || TupleObject(found).count != 4 { throw raise(.typeError, "codec search functions must return 4-tuples") }
            try cache.setString(self, key, found)
            return found
        }
        throw raise(.lookupError, "unknown encoding: \(string(encoding))")
    }

    /// The name as search functions get it.
    private func normalizedLookupName(_ encoding: Value) -> String { normalizedEncoding(encoding) }

    /// Runs encoder (0) or decoder (1) of an encoding and gives the object it made.
    public func runCodec(_ which: Int, _ object: Value, _ encoding: Value, _ errors: Value, textOnly: StaticString? = nil) throws(Raised) -> Value {
        let codec = try lookupCodec(encoding)
        if let textOnly, !codec.hasLayout(.tuple) {
            let flag = try getattrOrUnbound(codec, intern("_is_text_encoding"))
            if flag.isBound, !(try truth(flag)) {
                throw raise(.lookupError, "'\(string(encoding))' is not a text encoding; use \(textOnly) to handle arbitrary codecs")
            }
        }
        let function = TupleObject(codec)[which]
        let result: Value
        do throws(Raised) {
            result = errors.isNoneOrUnbound ? try call(function, object) : try call(function, object, errors)
        } catch {
            try noteCodecFailure(which, encoding)
            throw error
        }
        if !result.isKind(.tuple) || TupleObject(result).count != 2 {
            throw raise(.typeError, which == 0 ? "encoder must return a tuple (object, integer)" : "decoder must return a tuple (object,integer)")
        }
        return TupleObject(result)[0]
    }

    /// Adds "encoding with 'x' codec failed" to the pending exception's notes.
    private func noteCodecFailure(_ which: Int, _ encoding: Value) throws(Raised) {
        let exception = takePending()
        _ = try callMethod(exception, intern("add_note"), str("\(which == 0 ? "encoding" : "decoding") with '\(string(encoding))' codec failed"))
        _ = restore(exception)
    }
}
