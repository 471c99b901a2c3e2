// `tell` and `seek` of TextIOWrapper. A position in text is a number that packs where to seek in the buffer, the decoder's flags
// there, how many bytes to feed it, and how many characters to skip then; mostly only the first is not zero.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

/// A text position, taken apart. As an int: 8 bytes start, 4 flags, 4 bytes to feed, 4 characters to skip, 1 "feed the end too"; little-endian.
struct TextCookie {
    var start = 0
    var flags = 0
    var bytesToFeed = 0
    var charactersToSkip = 0
    var needsEnd = false

    var isPlain: Bool { flags == 0 && bytesToFeed == 0 && charactersToSkip == 0 && !needsEnd }

    func bytes() -> [UInt8] {
        var out: [UInt8] = []
        for i in 0..<8 { out.append(UInt8(truncatingIfNeeded: start >> (8 * i))) }
        for word in [flags, bytesToFeed, charactersToSkip] {
            for i in 0..<4 { out.append(UInt8(truncatingIfNeeded: word >> (8 * i))) }
        }
        out.append(needsEnd ? 1 : 0)
        return out
    }

    init() {}

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        func word(_ from: Int, _ count: Int) -> Int {
            var n = 0
            for i in 0..<count where from + i < bytes.count { n |= Int(bytes[from + i]) << (8 * i) }
            return n
        }
        start = word(0, 8)
        flags = word(8, 4)
        bytesToFeed = word(12, 4)
        charactersToSkip = word(16, 4)
        needsEnd = word(20, 1) != 0
    }
}

extension Thread {
    private func value(of cookie: TextCookie) throws(Raised) -> Value {
        if cookie.isPlain { return int(cookie.start) }
        let packed = try bytes(cookie.bytes())
        return try call(try getattr(types.pointee.int, intern("from_bytes")), packed, str("little"))
    }

    private func cookie(_ value: Value) throws(Raised) -> TextCookie {
        if let n = machineInt(value), n >= 0 {
            var plain = TextCookie()
            plain.start = n
            return plain
        }
        let packed = try call(try getattr(value, intern("to_bytes")), Value(smallInt: 21), str("little"))
        return TextCookie(BytesObject(packed).buffer)
    }

    // MARK: tell

    func tellText(_ w: TextWrapper) throws(Raised) -> Value {
        try checkUsable(w)
        if !w.has(TextWrapper.isSeekable) { throw unsupported("underlying stream is not seekable") }
        if !w.has(TextWrapper.tells) { throw raise(.osError, "telling position disabled by next() call") }
        try flushWaiting(w)
        _ = try callMethod(w.value, name(.flush))
        let position = try callMethod(w.buffer, name(.tell))
        if !w.has(TextWrapper.canDecode) || w.snapshot.isUnbound { return position }
        var cookie = TextCookie()
        let input = BytesObject(w.snapshot)
        cookie.start = try index(position) - input.count
        cookie.flags = w.snapshotFlags
        if w.used == 0 { return try value(of: cookie) }
        let saved = try decoderState(w)
        do throws(Raised) {
            try reconstruct(w, &cookie, input, skip: w.used)
        } catch {
            let pending = takePending()
            do throws(Raised) { try setDecoderState(w, saved.0, saved.1) } catch { _ = takePending() }
            throw restore(pending)
        }
        try setDecoderState(w, saved.0, saved.1)
        return try value(of: cookie)
    }

    private func decodeCount(_ w: TextWrapper, _ input: BytesObject, _ range: Range<Int>) throws(Raised) -> Int {
        let piece = try bytes(UnsafePointer(input.data + range.lowerBound), range.count)
        return StrObject(try decodeInput(w, piece, isFinal: false)).count
    }

    private func restart(_ w: TextWrapper, _ cookie: TextCookie) throws(Raised) {
        if cookie.start == 0 && cookie.flags == 0 {
            try resetDecoder(w)
        } else {
            try setDecoderState(w, objects.pointee.emptyBytes, cookie.flags)
        }
    }

    /// Finds a point in `input` where the decoder's state is simple, as near as possible before the character wanted.
    private func reconstruct(_ w: TextWrapper, _ cookie: inout TextCookie, _ input: BytesObject, skip characters: Int) throws(Raised) {
        var characters = characters
        var skipped = min(Int(w.bytesPerCharacter * Double(characters)), input.count)
        var back = 1
        while skipped > 0 {
            try setDecoderState(w, objects.pointee.emptyBytes, cookie.flags)
            let decoded = try decodeCount(w, input, 0..<skipped)
            if decoded <= characters {
                let (held, flags) = try decoderState(w)
                if BytesObject(held).count == 0 {
                    cookie.flags = flags
                    characters -= decoded
                    break
                }
                skipped -= BytesObject(held).count
                back = 1
            } else {
                skipped -= back
                back *= 2
            }
        }
        if skipped <= 0 {
            skipped = 0
            try restart(w, cookie)
        }
        cookie.start += skipped
        cookie.charactersToSkip = characters
        if characters == 0 { return }
        try feedByteByByte(w, &cookie, input, skipped, characters)
    }

    private func feedByteByByte(_ w: TextWrapper, _ cookie: inout TextCookie, _ input: BytesObject, _ from: Int, _ characters: Int) throws(Raised) {
        var characters = characters
        var decoded = 0
        var at = from
        while at < input.count {
            decoded += try decodeCount(w, input, at..<(at + 1))
            at += 1
            cookie.bytesToFeed += 1
            let (held, flags) = try decoderState(w)
            if BytesObject(held).count == 0 && decoded <= characters {
                // A safe start: go on from here.
                cookie.start += cookie.bytesToFeed
                characters -= decoded
                cookie.flags = flags
                cookie.bytesToFeed = 0
                decoded = 0
            }
            if decoded >= characters { break }
        }
        if decoded < characters {
            decoded += StrObject(try decodeInput(w, objects.pointee.emptyBytes, isFinal: true)).count
            cookie.needsEnd = true
            if decoded < characters { throw raise(.osError, "can't reconstruct logical file position") }
        }
        cookie.charactersToSkip = characters
    }

    // MARK: seek

    func seekText(_ w: TextWrapper, _ target: Value, _ whence: Int) throws(Raised) -> Value {
        try checkUsable(w)
        if !w.has(TextWrapper.isSeekable) { throw unsupported("underlying stream is not seekable") }
        let zero = Value(smallInt: 0)
        var target = target
        switch whence {
        case 0: break
        case 1:
            if try !equals(target, zero) { throw unsupported("can't do nonzero cur-relative seeks") }
            _ = try callMethod(w.value, name(.flush))
            target = try callMethod(w.value, name(.tell))
        case 2:
            if try !equals(target, zero) { throw unsupported("can't do nonzero end-relative seeks") }
            return try seekToEnd(w)
        default: throw raise(.valueError, "invalid whence (\(whence), should be 0, 1 or 2)")
        }
        if try holds(target, .less, zero) { throw raise(.valueError, "negative seek position \(try reprText(target))") }
        _ = try callMethod(w.value, name(.flush))
        let number = try indexValue(target)
        let position = try cookie(number)
        _ = try callMethod(w.buffer, name(.seek), int(position.start))
        w.setDecoded(.unbound)
        w.snapshot = .unbound
        if w.has(TextWrapper.canDecode) { try restart(w, position) }
        if position.charactersToSkip > 0 {
            try skipCharacters(w, position)
        } else {
            w.snapshot = objects.pointee.emptyBytes
            w.snapshotFlags = position.flags
        }
        if w.has(TextWrapper.canEncode) { try restartEncoder(w, position.start == 0 && position.flags == 0) }
        return number
    }

    private func seekToEnd(_ w: TextWrapper) throws(Raised) -> Value {
        _ = try callMethod(w.value, name(.flush))
        w.setDecoded(.unbound)
        w.snapshot = .unbound
        if w.has(TextWrapper.canDecode) { try resetDecoder(w) }
        let position = try callMethod(w.buffer, name(.seek), Value(smallInt: 0), Value(smallInt: 2))
        if w.has(TextWrapper.canEncode) { try restartEncoder(w, try equals(position, Value(smallInt: 0))) }
        return position
    }

    private func restartEncoder(_ w: TextWrapper, _ isStart: Bool) throws(Raised) {
        w.set(TextWrapper.isAtStart, isStart)
        if w.native != .none { return }
        if isStart {
            _ = try callMethod(w.encoder, intern("reset"))
        } else {
            _ = try callMethod(w.encoder, intern("setstate"), Value(smallInt: 0))
        }
    }

    private func skipCharacters(_ w: TextWrapper, _ position: TextCookie) throws(Raised) {
        let input = try callMethod(w.buffer, name(.read), int(position.bytesToFeed))
        if !input.isKind(.bytes) { throw raise(.typeError, "underlying read() should have returned a bytes object, not '\(typeName(input))'") }
        w.snapshot = input
        w.snapshotFlags = position.flags
        let text = try decodeInput(w, input, isFinal: position.needsEnd)
        w.setDecoded(text)
        if StrObject(text).count < position.charactersToSkip { throw raise(.osError, "can't restore logical file position") }
        w.used = position.charactersToSkip
    }
}
