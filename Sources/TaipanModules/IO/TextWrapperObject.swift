// The state of a TextIOWrapper, and moving text through it: encoding into a block of bytes that waits, decoding chunks.
//
//   words 1 attribute dict   2 buffer   3 encoding   4 errors   5 encoder   6 decoder (both unbound with a native encoding)
//         7 line ending looked for   8 line ending written   9 decoded text   10 bytes the decoded text came from   11 bytes that wait
//   raw   12 flags   13 chunk size   14 characters used of the decoded text   15 decoder flags of the snapshot   16 bytes waiting
//         17 bytes per character (a double's bits)   18 native encoding   19 unfinished sequence: its bytes and, in the top byte, how many
//         20 newline state

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime
import TaipanUnicode

struct TextWrapper {
    let cell: Cell
    init(_ value: Value) { cell = value.cell }
    var value: Value { Value(cell) }
    var buffer: Value { get { cell[2] } nonmutating set { cell[2] = newValue } }
    var encoding: Value { get { cell[3] } nonmutating set { cell[3] = newValue } }
    var errors: Value { get { cell[4] } nonmutating set { cell[4] = newValue } }
    var encoder: Value { get { cell[5] } nonmutating set { cell[5] = newValue } }
    var decoder: Value { get { cell[6] } nonmutating set { cell[6] = newValue } }
    var readNewline: Value { get { cell[7] } nonmutating set { cell[7] = newValue } }
    var writeNewline: Value { get { cell[8] } nonmutating set { cell[8] = newValue } }
    var decoded: Value { get { cell[9] } nonmutating set { cell[9] = newValue } }
    var snapshot: Value { get { cell[10] } nonmutating set { cell[10] = newValue } }
    var waiting: Value { get { cell[11] } nonmutating set { cell[11] = newValue } }
    var flags: Int { get { cell.raw(12) } nonmutating set { cell.setRaw(newValue, at: 12) } }
    var chunkSize: Int { get { cell.raw(13) } nonmutating set { cell.setRaw(newValue, at: 13) } }
    var used: Int { get { cell.raw(14) } nonmutating set { cell.setRaw(newValue, at: 14) } }
    var snapshotFlags: Int { get { cell.raw(15) } nonmutating set { cell.setRaw(newValue, at: 15) } }
    var waitingCount: Int { get { cell.raw(16) } nonmutating set { cell.setRaw(newValue, at: 16) } }
    var bytesPerCharacter: Double {
        get { Double(bitPattern: UInt64(UInt(bitPattern: cell.raw(17)))) }
        nonmutating set { cell.setRaw(Int(bitPattern: UInt(newValue.bitPattern)), at: 17) }
    }
    var native: NativeEncoding {
        get { NativeEncoding(rawValue: cell.raw(18)) ?? .none }
        nonmutating set { cell.setRaw(newValue.rawValue, at: 18) }
    }
    var unfinished: Int { get { cell.raw(19) } nonmutating set { cell.setRaw(newValue, at: 19) } }
    var newlines: NewlineState {
        get { NewlineState(bits: cell.raw(20)) }
        nonmutating set { cell.setRaw(newValue.bits, at: 20) }
    }

    func has(_ flag: Int) -> Bool { flags & flag != 0 }
    func set(_ flag: Int, _ on: Bool) { flags = on ? flags | flag : flags & ~flag }
    static let isReady = 1, isDetached = 2, isLineBuffered = 4, writesThrough = 8, readsUniversal = 16, translatesRead = 32, translatesWrite = 64
    static let isSeekable = 128, hasReadOnce = 256, tells = 512, finalizing = 1024, isAtStart = 2048, canDecode = 4096, canEncode = 8192
    static var layout: NativeLayout { NativeLayout(valueWords: 11, bytes: 168, dictWord: 1) }

    /// Decoded characters not yet taken.
    var ahead: Int { decoded.isUnbound ? 0 : StrObject(decoded).count - used }

    func setDecoded(_ text: Value) {
        decoded = text
        used = 0
    }
}

extension Thread {
    func checkReady(_ w: TextWrapper) throws(Raised) {
        if w.has(TextWrapper.isReady) && !w.has(TextWrapper.isDetached) { return }
        throw raise(.valueError, w.has(TextWrapper.isDetached) ? "underlying buffer has been detached" : "I/O operation on uninitialized object")
    }

    /// Raises when the wrapper is detached or its file closed.
    func checkUsable(_ w: TextWrapper) throws(Raised) {
        try checkReady(w)
        if isExactly(w.value, .textIOWrapper) {
            // The file at the bottom of an ordinary text file is asked directly.
            if isNativeBuffer(w.buffer), BufferedObject(w.buffer).has(BufferedObject.isFast), BufferedObject(w.buffer).has(BufferedObject.isReady) {
                if FileIOObject(BufferedObject(w.buffer).raw).fd >= 0 { return }
            } else if try !truth(try getattr(w.buffer, name(.closed))) {
                return
            }
        } else if try !truth(try getattr(w.value, name(.closed))) {
            return
        }
        throw raise(.valueError, "I/O operation on closed file.")
    }

    /// True for an exact BufferedWriter, BufferedReader or BufferedRandom.
    @inline(__always) func isNativeBuffer(_ v: Value) -> Bool {
        let type = type(of: v).value
        return type == io(.bufferedReader) || type == io(.bufferedWriter) || type == io(.bufferedRandom)
    }

    // MARK: Writing

    /// `TextIOWrapper.write`.
    func writeText(_ w: TextWrapper, _ text: Value) throws(Raised) {
        try checkUsable(w)
        if !w.has(TextWrapper.canEncode) { throw unsupported("not writable") }
        let s = StrObject(text)
        let translates = w.has(TextWrapper.translatesWrite) && w.writeNewline.isBound
        let hasLineFeed = translates || w.has(TextWrapper.isLineBuffered) ? contains(s, 10) : false
        let flushes = w.has(TextWrapper.isLineBuffered) && (hasLineFeed || contains(s, 13))
        let out = hasLineFeed && translates ? try replaceLineFeeds(s, w.writeNewline) : text
        let byteCount = try encodeWaiting(w, out)
        if interp.pointee.runObserver != nil { tellWritten(w, text, byteCount) }
        if w.has(TextWrapper.writesThrough) && !flushes {
            try transferring("no buffer") { () throws(Raised) in try flushWaiting(w) }
        } else if w.waitingCount >= w.chunkSize || flushes {
            try flushWaiting(w)
        }
        if flushes { try transferring("end of line") { () throws(Raised) in _ = try callMethod(w.buffer, name(.flush)) } }
        if w.decoded.isBound || w.snapshot.isBound {
            w.setDecoded(.unbound)
            w.snapshot = .unbound
        }
        if w.has(TextWrapper.canDecode) { try resetDecoder(w) }
    }

    /// Tells of what goes into the streams that the interpreter was started with.
    private func tellWritten(_ w: TextWrapper, _ text: Value, _ byteCount: Int) {
        let stream = w.value == objects.pointee.stdout ? 1 : w.value == objects.pointee.stderr ? 2 : 0
        if stream != 0 { tell(.textWritten(stream: stream, text: text, byteCount: byteCount)) }
    }

    private func contains(_ s: StrObject, _ c: UInt8) -> Bool {
        if s.count == 0 { return false }
        if s.width == 1 { return memchr(s.data, Int32(c), s.count) != nil }
        return TextSearch.find(unit: UInt32(c), in: CodePoints(base: s.data, count: s.count, width: s.width), from: 0, to: s.count) >= 0
    }

    private func replaceLineFeeds(_ s: StrObject, _ newline: Value) throws(Raised) -> Value {
        let ending = StrObject(newline)
        var feeds = 0
        var maximum: UInt32 = 0
        for i in 0..<s.count {
            maximum |= s[i]
            if s[i] == 10 { feeds += 1 }
        }
        let made = try newStr(count: s.count + feeds * (ending.count - 1), maximum: maximum)
        var at = 0
        for i in 0..<s.count {
            if s[i] == 10 {
                for k in 0..<ending.count { made.store(ending[k], at: at + k) }
                at += ending.count
            } else {
                made.store(s[i], at: at)
                at += 1
            }
        }
        return made.value
    }

    /// Encodes text into the bytes that wait, which are written first when they would get too many. Gives how many it takes.
    private func encodeWaiting(_ w: TextWrapper, _ text: Value) throws(Raised) -> Int {
        let native = w.native
        let s = StrObject(text)
        if native != .none && (s.isASCII || (native == .latin1 && s.width == 1)) {
            try addWaiting(w, UnsafePointer(s.units8), s.count)
            return s.count
        }
        if native != .none {
            var sink = ByteSink()
            try NativeText.encode(self, native, text, errors: w.errors, into: &sink)
            // The bytes are moved to a cell first: writing may run Python code.
            let encoded = try newBytes(sink.count)
            let target = encoded.data
            sink.withBytes { if let base = $0.baseAddress { target.update(from: base, count: $0.count) } }
            w.set(TextWrapper.isAtStart, false)
            try addWaiting(w, UnsafePointer(encoded.data), encoded.count)
            return encoded.count
        }
        let encoded = try callMethod(w.encoder, name(.encode), text)
        if !encoded.isKind(.bytes) { throw raise(.typeError, "encoder should return a bytes object, not '\(typeName(encoded))'") }
        try addWaiting(w, UnsafePointer(BytesObject(encoded).data), BytesObject(encoded).count)
        return BytesObject(encoded).count
    }

    private func addWaiting(_ w: TextWrapper, _ bytes: UnsafePointer<UInt8>, _ count: Int) throws(Raised) {
        if w.waitingCount > 0 && w.waitingCount + count > w.chunkSize { try flushWaiting(w) }
        if w.waiting.isUnbound || BytesObject(w.waiting).count < w.waitingCount + count {
            let bigger = try newBytes(max(w.chunkSize, w.waitingCount + count))
            if w.waitingCount > 0 { memcpy(bigger.data, BytesObject(w.waiting).data, w.waitingCount) }
            w.waiting = bigger.value
        }
        memcpy(BytesObject(w.waiting).data + w.waitingCount, bytes, count)
        w.waitingCount += count
    }

    /// Gives the bytes that wait to the buffer.
    func flushWaiting(_ w: TextWrapper) throws(Raised) {
        let count = w.waitingCount
        if count == 0 { return }
        let block = w.waiting
        w.waiting = .unbound
        w.waitingCount = 0
        let buffer = w.buffer
        if isExactly(buffer, .bufferedWriter) || isExactly(buffer, .bufferedRandom) {
            try checkReady(BufferedObject(buffer))
            var done = 0
            while done < count {
                done += try writeBuffered(BufferedObject(buffer), UnsafePointer(BytesObject(block).data + done), count - done)
            }
        } else {
            let data = try bytes(UnsafePointer(BytesObject(block).data), count)
            _ = try retryInterrupted { () throws(Raised) in try callMethod(buffer, name(.write), data) }
        }
        if w.waiting.isUnbound && BytesObject(block).count <= w.chunkSize { w.waiting = block }
    }

    /// `TextIOWrapper.flush`.
    func flushText(_ w: TextWrapper) throws(Raised) {
        try checkUsable(w)
        w.set(TextWrapper.tells, w.has(TextWrapper.isSeekable))
        try transferring("flush") { () throws(Raised) in
            try flushWaiting(w)
            _ = try callMethod(w.buffer, name(.flush))
        }
    }

    // MARK: Decoding

    /// Decodes a piece of input with the wrapper's decoder, newlines included.
    func decodeInput(_ w: TextWrapper, _ input: Value, isFinal: Bool) throws(Raised) -> Value {
        if w.native == .none {
            if isExactly(w.decoder, .newlineDecoder) { return try decodeThroughNewlines(w.decoder, input, isFinal: isFinal) }
            let text = try call(try getattr(w.decoder, name(.decode)), input, Value(isFinal))
            if !text.isKind(.str) { throw raise(.typeError, "decoder should return a string result, not '\(typeName(text))'") }
            return text
        }
        let view = try lend(input)
        defer { giveBack(view) }
        return try decodeNative(w, UnsafeBufferPointer(start: view.base?.assumingMemoryBound(to: UInt8.self), count: view.count), isFinal: isFinal)
    }

    private func decodeNative(_ w: TextWrapper, _ input: UnsafeBufferPointer<UInt8>, isFinal: Bool) throws(Raised) -> Value {
        var used = 0
        var text: Value
        let held = w.unfinished >> 56
        if held == 0 {
            text = try NativeText.decode(self, w.native, input, errors: w.errors, isFinal: isFinal, used: &used)
            keepUnfinished(w, input, used)
        } else {
            let all = try newBytes(held + input.count)
            for i in 0..<held { all.data[i] = UInt8(truncatingIfNeeded: w.unfinished >> (8 * i)) }
            if let base = input.baseAddress { (all.data + held).update(from: base, count: input.count) }
            text = try NativeText.decode(self, w.native, all.buffer, errors: w.errors, isFinal: isFinal, used: &used)
            keepUnfinished(w, all.buffer, used)
        }
        if w.has(TextWrapper.readsUniversal) {
            var state = w.newlines
            text = try decodeNewlines(text, &state, translate: w.has(TextWrapper.translatesRead), isFinal: isFinal)
            w.newlines = state
        }
        return text
    }

    private func keepUnfinished(_ w: TextWrapper, _ input: UnsafeBufferPointer<UInt8>, _ used: Int) {
        var kept = 0
        for i in used..<max(used, input.count) { kept |= Int(input[i]) << (8 * (i - used)) }
        w.unfinished = kept | (input.count - used) << 56
    }

    /// The decoder's state: bytes it holds, and its flags.
    func decoderState(_ w: TextWrapper) throws(Raised) -> (Value, Int) {
        if w.native == .none { return try decoderState(w.decoder) }
        let held = w.unfinished >> 56
        let flags = w.has(TextWrapper.readsUniversal) && w.newlines.holdsReturn ? 1 : 0
        if held == 0 { return (objects.pointee.emptyBytes, flags) }
        let made = try newBytes(held)
        for i in 0..<held { made.data[i] = UInt8(truncatingIfNeeded: w.unfinished >> (8 * i)) }
        return (made.value, flags)
    }

    func setDecoderState(_ w: TextWrapper, _ bytes: Value, _ flags: Int) throws(Raised) {
        if w.native == .none {
            _ = try callMethod(w.decoder, intern("setstate"), try tuple(bytes, int(flags)))
            return
        }
        keepUnfinished(w, BytesObject(bytes).buffer, 0)
        var state = w.newlines
        state.holdsReturn = flags & 1 != 0
        w.newlines = state
    }

    func resetDecoder(_ w: TextWrapper) throws(Raised) {
        if w.native == .none {
            _ = try callMethod(w.decoder, intern("reset"))
        } else {
            w.unfinished = 0
            w.newlines = NewlineState()
        }
    }

    /// Reads and decodes one chunk; false at the end of the input.
    func readChunk(_ w: TextWrapper, hint: Int = 0) throws(Raised) -> Bool {
        if !w.has(TextWrapper.canDecode) { throw unsupported("not readable") }
        var held = Value.unbound
        var flags = 0
        if w.has(TextWrapper.tells) { (held, flags) = try decoderState(w) }
        var size = w.chunkSize
        if hint > 0 { size = max(size, Int(min(w.bytesPerCharacter * Double(hint), Double(1 << 60)))) }
        let chunk: Value
        if isExactly(w.buffer, .bufferedReader) || isExactly(w.buffer, .bufferedRandom) {
            chunk = try readOnceBuffered(BufferedObject(w.buffer), size)
        } else {
            let method = w.has(TextWrapper.hasReadOnce) ? intern("read1") : name(.read)
            chunk = try callMethod(w.buffer, method, int(size))
        }
        let count = try chunkLength(chunk, w)
        let isEnd = count == 0
        let text = try decodeInput(w, chunk, isFinal: isEnd)
        w.setDecoded(text)
        let characters = StrObject(text).count
        w.bytesPerCharacter = characters > 0 ? Double(count) / Double(characters) : 0
        if w.has(TextWrapper.tells) {
            w.snapshot = BytesObject(held).count == 0 && chunk.isKind(.bytes) ? chunk : try joinBytes(held, chunk)
            w.snapshotFlags = flags
        }
        return !isEnd || characters > 0
    }

    private func chunkLength(_ chunk: Value, _ w: TextWrapper) throws(Raised) -> Int {
        if chunk.isKind(.bytes) { return BytesObject(chunk).count }
        if !type(of: chunk).slots.pointee.buffer.isSet {
            let method = w.has(TextWrapper.hasReadOnce) ? "read1" : "read"
            throw raise(.typeError, "underlying \(method)() should have returned a bytes-like object, not '\(typeName(chunk))'")
        }
        let view = try lend(chunk)
        defer { giveBack(view) }
        return view.count
    }

    private func joinBytes(_ a: Value, _ b: Value) throws(Raised) -> Value {
        let first = BytesObject(a)
        let view = try lend(b)
        defer { giveBack(view) }
        let made = try newBytes(first.count + view.count)
        if first.count > 0 { memcpy(made.data, first.data, first.count) }
        if let base = view.base, view.count > 0 { memcpy(made.data + first.count, base, view.count) }
        return made.value
    }

    // MARK: Taking decoded text

    /// `text[start ..< start + count]`.
    func substring(_ text: Value, _ start: Int, _ count: Int) throws(Raised) -> Value {
        let s = StrObject(text)
        if count == s.count && text.hasLayout(.str) { return text }
        if count == 0 { return objects.pointee.emptyStr }
        if count == 1 { return character(s[start]) }
        if s.isASCII {
            let made = try newStr(count: count, maximum: 0x7F)
            memcpy(made.data, s.data + start, count)
            return made.value
        }
        let part = CodePoints(base: s.data + start * s.width, count: count, width: s.width)
        let made = try newStr(count: count, maximum: part.mask())
        part.copy(to: made.data, width: made.width)
        return made.value
    }

    /// Takes up to `count` decoded characters (all when negative).
    func takeDecoded(_ w: TextWrapper, _ count: Int) throws(Raised) -> Value {
        let have = w.ahead
        let n = count < 0 ? have : min(count, have)
        if n == 0 { return objects.pointee.emptyStr }
        let text = try substring(w.decoded, w.used, n)
        w.used += n
        return text
    }

    /// Where a line that starts at `start` ends (just past its ending), or -1 when the ending has not come yet.
    func lineEnd(_ w: TextWrapper, _ s: StrObject, _ start: Int) -> Int {
        if w.has(TextWrapper.translatesRead) || (w.readNewline.isUnbound && !w.has(TextWrapper.readsUniversal)) { return find(s, 10, start) }
        if w.has(TextWrapper.readsUniversal) {
            for i in start..<s.count {
                let c = s[i]
                if c == 10 { return i + 1 }
                if c == 13 { return i + 1 < s.count && s[i + 1] == 10 ? i + 2 : i + 1 }
            }
            return -1
        }
        let ending = StrObject(w.readNewline)
        if ending.count == 1 { return find(s, ending[0], start) }
        var i = start
        while i + 1 < s.count {
            if s[i] == ending[0] && s[i + 1] == ending[1] { return i + 2 }
            i += 1
        }
        return -1
    }

    private func find(_ s: StrObject, _ c: UInt32, _ start: Int) -> Int {
        if start >= s.count { return -1 }
        if s.width == 1 {
            guard let found = memchr(s.data + start, Int32(c), s.count - start) else { return -1 }
            return UnsafeRawPointer(found) - UnsafeRawPointer(s.data) + 1
        }
        let i = TextSearch.find(unit: c, in: CodePoints(base: s.data, count: s.count, width: s.width), from: start, to: s.count)
        return i < 0 ? -1 : i + 1
    }

    /// `readline(limit)`.
    func readTextLine(_ w: TextWrapper, _ limit: Int) throws(Raised) -> Value {
        try checkUsable(w)
        try flushWaiting(w)
        if w.ahead > 0 {
            // The whole line is there already: the usual case.
            let end = lineEnd(w, StrObject(w.decoded), w.used)
            if end >= 0 || (limit >= 0 && w.ahead >= limit) {
                let length = end < 0 ? limit : end - w.used
                return try takeDecoded(w, limit >= 0 ? min(limit, length) : length)
            }
        }
        return try readLineAcrossChunks(w, limit)
    }

    private func readLineAcrossChunks(_ w: TextWrapper, _ limit: Int) throws(Raised) -> Value {
        var line = CodePointSink()
        // First half of a two-character ending, at the end of the chunk before.
        var half: UInt32 = 0
        let ending: UInt32 = w.readNewline.isBound && StrObject(w.readNewline).count == 2 ? StrObject(w.readNewline)[1] : 0
        while true {
            if w.ahead == 0 {
                if limit >= 0 && line.count >= limit { break }
                var more = true
                while more && w.ahead == 0 { more = try readChunk(w) }
                if w.ahead == 0 {
                    w.setDecoded(.unbound)
                    w.snapshot = .unbound
                    break
                }
            }
            let s = StrObject(w.decoded)
            var end: Int = lineEnd(w, s, w.used)
            if half != 0 && s[w.used] == ending { end = w.used + 1 }
            var taken = (end < 0 ? s.count : end) - w.used
            let isCut = limit >= 0 && line.count + taken >= limit
            if isCut { taken = limit - line.count }
            line.append(contentsOf: CodePoints(base: s.data + w.used * s.width, count: taken, width: s.width))
            w.used += taken
            if end >= 0 || isCut { break }
            half = ending != 0 && s[s.count - 1] == StrObject(w.readNewline)[0] ? s[s.count - 1] : 0
        }
        return try NativeText.str(self, line)
    }

    /// `read(count)`.
    func readText(_ w: TextWrapper, _ count: Int) throws(Raised) -> Value {
        try checkUsable(w)
        if !w.has(TextWrapper.canDecode) { throw unsupported("not readable") }
        try flushWaiting(w)
        if count < 0 { return try readAllText(w) }
        let first = try takeDecoded(w, count)
        var remaining = count - StrObject(first).count
        if remaining == 0 { return first }
        var text = CodePointSink()
        append(first, &text)
        while remaining > 0 {
            if try !readChunk(w, hint: remaining) { break }
            let piece = try takeDecoded(w, remaining)
            remaining -= StrObject(piece).count
            append(piece, &text)
        }
        return try NativeText.str(self, text)
    }

    private func append(_ text: Value, _ sink: inout CodePointSink) {
        let s = StrObject(text)
        sink.append(contentsOf: CodePoints(base: s.data, count: s.count, width: s.width))
    }

    private func readAllText(_ w: TextWrapper) throws(Raised) -> Value {
        let input = try callMethod(w.buffer, name(.read))
        let rest = try decodeInput(w, input, isFinal: true)
        let first = try takeDecoded(w, -1)
        w.setDecoded(.unbound)
        w.snapshot = .unbound
        if StrObject(first).count == 0 { return rest }
        var text = CodePointSink()
        append(first, &text)
        append(rest, &text)
        return try NativeText.str(self, text)
    }
}
