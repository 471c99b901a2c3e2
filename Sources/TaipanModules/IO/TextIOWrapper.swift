// The type TextIOWrapper: construction, attributes, methods. Its working parts are in TextWrapperObject and TextPosition.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

extension Thread {
    func defineTextIOWrapper() throws(Raised) {
        defineIOInit(.textIOWrapperInit, "TextIOWrapper",
                     "($self, buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)") { (t, a) throws(Raised) in
            try t.initTextWrapper(a)
            return .none
        }
        try defineIOType(.textIOWrapper, "TextIOWrapper", base: .textIOBase, TextWrapper.layout) { b in
            b.doc("TextIOWrapper(buffer, encoding=None, errors=None, newline=None,\n              line_buffering=False, write_through=False)\n--\n\nCharacter and line based layer over a BufferedIOBase object, buffer.\n\nencoding gives the name of the encoding that the stream will be\ndecoded or encoded with. It defaults to locale.getencoding().\n\nerrors determines the strictness of encoding and decoding (see\nhelp(codecs.Codec) or the documentation for codecs.register) and\ndefaults to \"strict\".\n\nnewline controls how line endings are handled. It can be None, '',\n'\\n', '\\r', and '\\r\\n'.  It works as follows:\n\n* On input, if newline is None, universal newlines mode is\n  enabled. Lines in the input can end in '\\n', '\\r', or '\\r\\n', and\n  these are translated into '\\n' before being returned to the\n  caller. If it is '', universal newline mode is enabled, but line\n  endings are returned to the caller untranslated. If it has any of\n  the other legal values, input lines are only terminated by the given\n  string, and the line ending is returned to the caller untranslated.\n\n* On output, if newline is None, any '\\n' characters written are\n  translated to the system default line separator, os.linesep. If\n  newline is '' or '\\n', no translation takes place. If newline is any\n  of the other legal values, any '\\n' characters written are translated\n  to the given string.\n\nIf line_buffering is True, a call to flush is implied when a call to\nwrite contains a newline character.")
            b.slots.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in try t.callIOInit(.textIOWrapperInit, v, a) }
            b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in try t.reprTextWrapper(v) }
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in try t.nextTextLine(v) }
            defineTextReading(b)
            defineTextMethods(b)
            defineTextAttributes(b)
        }
    }

    // MARK: Construction

    private func initTextWrapper(_ a: Arguments) throws(Raised) {
        let w = TextWrapper(a[0])
        w.flags = 0
        w.setDecoded(.unbound)
        w.snapshot = .unbound
        w.waitingCount = 0
        let newline = a[4].isUnbound ? Value.none : a[4]
        try checkNewline(newline)
        let errors = try textArgument(a[3], "errors")
        var encoding = try textArgument(a[2], "encoding")
        if encoding.isNone && interp.pointee.config.warnDefaultEncoding {
            try warn(.encodingWarning, "'encoding' argument not specified", stackLevel: 1)
        }
        if encoding.isNone || StrObject(encoding).equals("locale") {
            encoding = str(encoding.isNone || !interp.pointee.config.utf8Mode ? localeEncoding : localeCodeset)
        }
        try checkName(encoding)
        if !errors.isNone { try checkName(errors) }
        w.buffer = a[1]
        w.set(TextWrapper.isLineBuffered, a[5].isUnbound ? false : try truth(a[5]))
        w.set(TextWrapper.writesThrough, a[6].isUnbound ? false : try truth(a[6]))
        w.chunkSize = defaultBufferSize
        setNewline(w, newline)
        try setCodec(w, encoding, errors.isNone ? str("strict") : errors)
        let buffer = a[1]
        let readOnce: Value = isNativeBuffer(buffer) ? .true : try getattrOrUnbound(buffer, intern("read1"))
        w.set(TextWrapper.hasReadOnce, readOnce.isBound)
        let seekable = try truth(try callMethod(buffer, name(.seekable)))
        w.set(TextWrapper.isSeekable, seekable)
        w.set(TextWrapper.tells, seekable)
        try fixEncoderState(w)
        w.set(TextWrapper.isReady, true)
        if isNativeBuffer(buffer) { BufferedObject(buffer).set(BufferedObject.isWrapped, true) }
    }

    /// The name of an encoding or handler is text that UTF-8 can hold, without zeros.
    private func checkName(_ text: Value) throws(Raised) {
        let s = StrObject(text)
        for i in 0..<s.count {
            if s[i] == 0 { throw raise(.valueError, "embedded null character") }
            if s[i] >= 0xD800 && s[i] <= 0xDFFF {
                throw raise(exception: try call(types.pointee.unicodeEncodeError, str("utf-8"), text, int(i), int(i + 1), str("surrogates not allowed")))
            }
        }
    }

    private func textArgument(_ value: Value, _ label: String) throws(Raised) -> Value {
        if value.isNoneOrUnbound { return .none }
        if value.isKind(.str) { return value }
        throw raise(.typeError, "TextIOWrapper() argument '\(label)' must be str or None, not \(argumentTypeName(value))")
    }

    private func checkNewline(_ newline: Value) throws(Raised) {
        if newline.isNone { return }
        if !newline.isKind(.str) { throw raise(.typeError, "TextIOWrapper() argument 'newline' must be str or None, not \(argumentTypeName(newline))") }
        let s = StrObject(newline)
        if s.equals("") || s.equals("\n") || s.equals("\r") || s.equals("\r\n") { return }
        throw raise(.valueError, "illegal newline value: \(string(newline))")
    }

    private func setNewline(_ w: TextWrapper, _ newline: Value) {
        let isEmpty = newline.isKind(.str) && StrObject(newline).count == 0
        w.readNewline = newline.isNone ? .unbound : newline
        w.set(TextWrapper.readsUniversal, newline.isNone || isEmpty)
        w.set(TextWrapper.translatesRead, newline.isNone)
        w.set(TextWrapper.translatesWrite, !isEmpty)
        w.writeNewline = newline.isNone || isEmpty || StrObject(newline).equals("\n") ? .unbound : newline
    }

    /// Finds the encoding, and makes the encoder and decoder that the buffer has use for.
    private func setCodec(_ w: TextWrapper, _ encoding: Value, _ errors: Value) throws(Raised) {
        let native = NativeEncoding(string(encoding))
        var codec = Value.unbound
        if native == .none {
            codec = try lookupCodec(encoding)
            let isText = try getattrOrUnbound(codec, intern("_is_text_encoding"))
            if isText.isBound, try !truth(isText) {
                throw raise(.lookupError, "\(try reprText(encoding)) is not a text encoding; use codecs.open() to handle arbitrary codecs")
            }
        }
        w.native = native
        w.encoding = encoding
        w.errors = errors
        w.encoder = .unbound
        w.decoder = .unbound
        w.unfinished = 0
        w.newlines = NewlineState()
        w.set(TextWrapper.canDecode, try truth(try callMethod(w.buffer, name(.readable))))
        w.set(TextWrapper.canEncode, try truth(try callMethod(w.buffer, name(.writable))))
        if native != .none { return }
        if w.has(TextWrapper.canDecode) {
            let decoder = try call(try getattr(codec, intern("incrementaldecoder")), errors)
            w.decoder = w.has(TextWrapper.readsUniversal)
                ? try call(io(.newlineDecoder), decoder, Value(w.has(TextWrapper.translatesRead))) : decoder
        }
        if w.has(TextWrapper.canEncode) { w.encoder = try call(try getattr(codec, intern("incrementalencoder")), errors) }
    }

    /// A stream that is not at its start gets no byte-order mark.
    private func fixEncoderState(_ w: TextWrapper) throws(Raised) {
        if !w.has(TextWrapper.canEncode) { return }
        w.set(TextWrapper.isAtStart, false)
        if !w.has(TextWrapper.isSeekable) || w.native != .none { return }
        w.set(TextWrapper.isAtStart, true)
        let position = try callMethod(w.buffer, name(.tell))
        if try !equals(position, Value(smallInt: 0)) {
            w.set(TextWrapper.isAtStart, false)
            _ = try callMethod(w.encoder, intern("setstate"), Value(smallInt: 0))
        }
    }

    private func reprTextWrapper(_ v: Value) throws(Raised) -> Value {
        let w = TextWrapper(v)
        if !w.has(TextWrapper.isReady) { throw raise(.valueError, "I/O operation on uninitialized object") }
        if try !enterRepr(v) { throw raise(.runtimeError, "reentrant call inside \(typeName(v)).__repr__") }
        defer { leaveRepr(v) }
        var text = "<_io.TextIOWrapper"
        let label = try getattrOrUnboundIgnoringValueError(v, name(.name))
        if label.isBound { text += " name=\(try reprText(label))" }
        let mode = try getattrOrUnbound(v, name(.mode))
        if mode.isBound { text += " mode=\(try reprText(mode))" }
        return str(text + " encoding=\(try reprText(w.encoding))>")
    }

    // MARK: Reading

    private func nextTextLine(_ v: Value) throws(Raised) -> Value {
        let w = TextWrapper(v)
        try checkReady(w)
        w.set(TextWrapper.tells, false)
        let line: Value
        if isExactly(v, .textIOWrapper) {
            line = try readTextLine(w, -1)
        } else {
            line = try callMethod(v, name(.readline))
            if !line.isKind(.str) { throw raise(.osError, "readline() should have returned a str object, not '\(typeName(line))'") }
        }
        if StrObject(line).count > 0 { return line }
        w.snapshot = .unbound
        w.set(TextWrapper.tells, w.has(TextWrapper.isSeekable))
        return .unbound
    }

    private func defineTextReading(_ b: TypeBuilder) {
        b.method("read", "($self, size=-1, /)") { (t, a) throws(Raised) in
            let w = TextWrapper(a[0])
            let size = try t.optionalSize(a[1])
            try t.checkReady(w)
            return try t.readText(w, size)
        }
        b.method("readline", "($self, size=-1, /)") { (t, a) throws(Raised) in
            let w = TextWrapper(a[0])
            try t.checkReady(w)
            return try t.readTextLine(w, a[1].isUnbound ? -1 : try t.index(a[1]))
        }
        b.method("write", "($self, text, /)") { (t, a) throws(Raised) in
            if !a[1].isKind(.str) { throw t.raise(.typeError, "write() argument must be str, not \(t.argumentTypeName(a[1]))") }
            try t.writeText(TextWrapper(a[0]), a[1])
            return t.int(StrObject(a[1]).count)
        }
        b.method("flush", "($self, /)") { (t, a) throws(Raised) in
            try t.flushText(TextWrapper(a[0]))
            return .none
        }
        b.method("seek", "($self, cookie, whence=os.SEEK_SET, /)", "Set the stream position, and return the new stream position.\n\n  cookie\n    Zero or an opaque number returned by tell().\n  whence\n    The relative position to seek from.\n\nFour operations are supported, given by the following argument\ncombinations:\n\n- seek(0, SEEK_SET): Rewind to the start of the stream.\n- seek(cookie, SEEK_SET): Restore a previous position.\n- seek(0, SEEK_END): Fast-forward to the end of the stream.\n- seek(0, SEEK_CUR): Leave the current stream position unchanged.\n\nAny other argument combinations are invalid,\nand may raise exceptions.") { (t, a) throws(Raised) in
            try t.seekText(TextWrapper(a[0]), a[1], a[2].isUnbound ? 0 : try t.index(a[2]))
        }
        b.method("tell", "($self, /)", "Return the stream position as an opaque number.\n\nThe return value of tell() can be given as input to seek(), to restore a\nprevious stream position.") { (t, a) throws(Raised) in try t.tellText(TextWrapper(a[0])) }
        b.method("truncate", "($self, pos=None, /)") { (t, a) throws(Raised) in
            let w = TextWrapper(a[0])
            try t.checkReady(w)
            _ = try t.callMethod(a[0], t.name(.flush))
            return try t.callMethod(w.buffer, t.name(.truncate), a[1].isUnbound ? .none : a[1])
        }
    }

    // MARK: Other methods

    private func defineTextMethods(_ b: TypeBuilder) {
        b.method("detach", "($self, /)") { (t, a) throws(Raised) in
            let w = TextWrapper(a[0])
            try t.checkReady(w)
            _ = try t.callMethod(a[0], t.name(.flush))
            let buffer = w.buffer
            if t.isNativeBuffer(buffer) { BufferedObject(buffer).set(BufferedObject.isWrapped, false) }
            w.buffer = .unbound
            w.set(TextWrapper.isDetached, true)
            return buffer
        }
        b.method("reconfigure", "($self, /, *, encoding=None, errors=None, newline=None,\n            line_buffering=None, write_through=None)",
                 "Reconfigure the text stream with new parameters.\n\nThis also does an implicit stream flush.") { (t, a) throws(Raised) in
            try t.reconfigure(TextWrapper(a[0]), a)
            return .none
        }
        b.method("fileno", "($self, /)") { (t, a) throws(Raised) in try t.askBuffer(a[0], t.name(.fileno)) }
        b.method("seekable", "($self, /)") { (t, a) throws(Raised) in try t.askBuffer(a[0], t.name(.seekable)) }
        b.method("readable", "($self, /)") { (t, a) throws(Raised) in try t.askBuffer(a[0], t.name(.readable)) }
        b.method("writable", "($self, /)") { (t, a) throws(Raised) in try t.askBuffer(a[0], t.name(.writable)) }
        b.method("isatty", "($self, /)") { (t, a) throws(Raised) in try t.askBuffer(a[0], t.name(.isatty)) }
        b.method("close", "($self, /)") { (t, a) throws(Raised) in try t.closeText(a[0]) }
        b.method("__getstate__", "($self, /)") { (t, a) throws(Raised) in throw t.cannotPickle(a[0]) }
    }

    private func askBuffer(_ v: Value, _ method: Value) throws(Raised) -> Value {
        try checkReady(TextWrapper(v))
        return try callMethod(TextWrapper(v).buffer, method)
    }

    private func closeText(_ v: Value) throws(Raised) -> Value {
        let w = TextWrapper(v)
        try checkReady(w)
        if try truth(try getattr(v, name(.closed))) { return .none }
        if w.has(TextWrapper.finalizing) {
            do throws(Raised) { _ = try callMethod(w.buffer, intern("_dealloc_warn"), v) } catch { _ = takePending() }
        }
        var first = Value.unbound
        do throws(Raised) { _ = try callMethod(v, name(.flush)) } catch { first = takePending() }
        do throws(Raised) {
            let answer = try callMethod(w.buffer, name(.close))
            hasIdleFinalizer(v)
            if first.isUnbound { return answer }
        } catch {
            if first.isBound { throw chain(first) }
            throw error
        }
        throw restore(first)
    }

    /// Arguments: self, encoding, errors, newline, line_buffering, write_through.
    private func reconfigure(_ w: TextWrapper, _ a: Arguments) throws(Raised) {
        try checkReady(w)
        let changesNewline = a[3].isBound
        let hasRead = w.decoded.isBound || w.snapshot.isBound
        if hasRead && (!a[1].isNoneOrUnbound || !a[2].isNoneOrUnbound || changesNewline) {
            throw unsupported("It is not possible to set the encoding or newline of stream after the first read")
        }
        if changesNewline {
            if !a[3].isNone && !a[3].isKind(.str) { throw raise(.typeError, "reconfigure() argument 'newline' must be str or None, not \(argumentTypeName(a[3]))") }
            try checkNewline(a[3])
        }
        for i in [1, 2] where !a[i].isNoneOrUnbound && !a[i].isKind(.str) {
            throw raise(.typeError, "reconfigure() argument '\(i == 1 ? "encoding" : "errors")' must be str or None, not \(argumentTypeName(a[i]))")
        }
        for i in [1, 2] where !a[i].isNoneOrUnbound { try checkName(a[i]) }
        let lineBuffering = a[4].isNoneOrUnbound ? w.has(TextWrapper.isLineBuffered) : try index(a[4]) != 0
        let writeThrough = a[5].isNoneOrUnbound ? w.has(TextWrapper.writesThrough) : try index(a[5]) != 0
        _ = try callMethod(w.value, name(.flush))
        w.set(TextWrapper.tells, w.has(TextWrapper.isSeekable))
        if changesNewline { setNewline(w, a[3]) }
        if !a[1].isNoneOrUnbound || !a[2].isNoneOrUnbound || changesNewline {
            var encoding = a[1]
            var errors = a[2]
            if encoding.isNoneOrUnbound {
                encoding = w.encoding
                if errors.isNoneOrUnbound { errors = w.errors }
            } else if StrObject(encoding).equals("locale") {
                encoding = str(localeCodeset)
            }
            try setCodec(w, encoding, errors.isNoneOrUnbound ? str("strict") : errors)
            try fixEncoderState(w)
        }
        w.set(TextWrapper.isLineBuffered, lineBuffering)
        w.set(TextWrapper.writesThrough, writeThrough)
    }

    private func defineTextAttributes(_ b: TypeBuilder) {
        b.member("encoding", word: 3)
        b.member("buffer", word: 2)
        b.getset("errors", get: { (t, v) throws(Raised) in
            if !TextWrapper(v).has(TextWrapper.isReady) { throw t.raise(.valueError, "I/O operation on uninitialized object") }
            return TextWrapper(v).errors
        })
        b.member("line_buffering", get: { (t, v) throws(Raised) in Value(TextWrapper(v).has(TextWrapper.isLineBuffered)) })
        b.member("write_through", get: { (t, v) throws(Raised) in Value(TextWrapper(v).has(TextWrapper.writesThrough)) })
        b.member("_finalizing", get: { (t, v) throws(Raised) in Value(TextWrapper(v).has(TextWrapper.finalizing)) },
                 set: { (t, v, new) throws(Raised) in TextWrapper(v).set(TextWrapper.finalizing, try t.truth(new)) })
        b.getset("name", get: { (t, v) throws(Raised) in
            try t.checkReady(TextWrapper(v))
            return try t.getattr(TextWrapper(v).buffer, t.name(.name))
        })
        b.getset("closed", get: { (t, v) throws(Raised) in
            try t.checkReady(TextWrapper(v))
            return try t.getattr(TextWrapper(v).buffer, t.name(.closed))
        })
        b.getset("newlines", get: { (t, v) throws(Raised) in
            let w = TextWrapper(v)
            try t.checkReady(w)
            if w.native != .none { return try t.newlineKinds(w.newlines) }
            if w.decoder.isUnbound { return .none }
            let kinds = try t.getattrOrUnbound(w.decoder, t.intern("newlines"))
            return kinds.isUnbound ? .none : kinds
        })
        b.getset("_CHUNK_SIZE", get: { (t, v) throws(Raised) in
            try t.checkReady(TextWrapper(v))
            return t.int(TextWrapper(v).chunkSize)
        }, set: { (t, v, new) throws(Raised) in
            try t.checkReady(TextWrapper(v))
            if new.isUnbound { throw t.raise(.attributeError, "cannot delete attribute") }
            let size = try t.index(new, overflow: .valueError)
            if size <= 0 { throw t.raise(.valueError, "a strictly positive integer is required") }
            TextWrapper(v).chunkSize = size
        })
    }
}
