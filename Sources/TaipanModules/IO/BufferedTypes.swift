// The types BufferedReader, BufferedWriter and BufferedRandom: their methods over BufferedObject.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

extension Thread {
    func defineBufferedTypes() throws(Raised) {
        defineIOInit(.bufferedReaderInit, "BufferedReader", "($self, raw, buffer_size=DEFAULT_BUFFER_SIZE)") { (t, a) throws(Raised) in
            try t.initBuffered(a, .bufferedReader, reads: true, writes: false)
        }
        defineIOInit(.bufferedWriterInit, "BufferedWriter", "($self, raw, buffer_size=DEFAULT_BUFFER_SIZE)") { (t, a) throws(Raised) in
            try t.initBuffered(a, .bufferedWriter, reads: false, writes: true)
        }
        defineIOInit(.bufferedRandomInit, "BufferedRandom", "($self, raw, buffer_size=DEFAULT_BUFFER_SIZE)") { (t, a) throws(Raised) in
            try t.initBuffered(a, .bufferedRandom, reads: true, writes: true)
        }
        try defineIOType(.bufferedReader, "BufferedReader", base: .bufferedIOBase, BufferedObject.layout) { b in
            b.doc("BufferedReader(raw, buffer_size=DEFAULT_BUFFER_SIZE)\n--\n\nCreate a new buffered reader using the given readable raw IO object.")
            b.slots.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in try t.callIOInit(.bufferedReaderInit, v, a) }
            defineBufferedCommon(b)
            defineBufferedReading(b)
            b.method("flush", "($self, /)") { (t, a) throws(Raised) in
                try t.checkReady(BufferedObject(a[0]))
                return try t.callMethod(BufferedObject(a[0]).raw, t.name(.flush))
            }
        }
        try defineIOType(.bufferedWriter, "BufferedWriter", base: .bufferedIOBase, BufferedObject.layout) { b in
            b.doc("BufferedWriter(raw, buffer_size=DEFAULT_BUFFER_SIZE)\n--\n\nA buffer for a writeable sequential RawIO object.\n\nThe constructor creates a BufferedWriter for the given writeable raw\nstream. If the buffer_size is not given, it defaults to\nDEFAULT_BUFFER_SIZE.")
            b.slots.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in try t.callIOInit(.bufferedWriterInit, v, a) }
            defineBufferedCommon(b)
            defineBufferedWriting(b)
        }
        try defineIOType(.bufferedRandom, "BufferedRandom", base: .bufferedIOBase, BufferedObject.layout) { b in
            b.doc("BufferedRandom(raw, buffer_size=DEFAULT_BUFFER_SIZE)\n--\n\nA buffered interface to random access streams.\n\nThe constructor creates a reader and writer for a seekable stream,\nraw, given in the first argument. If the buffer_size is omitted it\ndefaults to DEFAULT_BUFFER_SIZE.")
            b.slots.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in try t.callIOInit(.bufferedRandomInit, v, a) }
            defineBufferedCommon(b)
            defineBufferedReading(b)
            defineBufferedWriting(b)
        }
    }

    /// Arguments: the object, raw, buffer size.
    private func initBuffered(_ a: Arguments, _ kind: IOEntry, reads: Bool, writes: Bool) throws(Raised) -> Value {
        let b = BufferedObject(a[0])
        b.flags &= ~(BufferedObject.isReady | BufferedObject.isDetached)
        let raw = a[1]
        let size = a[2].isUnbound ? defaultBufferSize : try index(a[2])
        if kind == .bufferedRandom { try checkCapability(raw, name(.seekable), "seekable") }
        if reads { try checkCapability(raw, name(.readable), "readable") }
        if writes { try checkCapability(raw, name(.writable), "writable") }
        b.raw = raw
        b.set(BufferedObject.reads, reads)
        b.set(BufferedObject.writes, writes)
        if size <= 0 { throw raise(.valueError, "buffer size must be strictly positive") }
        b.size = size
        b.block = try newBytes(size).value
        b.owner = 0
        b.cursor = 0
        b.rawCursor = 0
        b.rawPosition = -1
        do throws(Raised) { _ = try rawTell(b) } catch { _ = takePending() }
        b.forgetRead()
        b.forgetWrites()
        b.set(BufferedObject.isFast, isExactly(a[0], kind) && isExactly(raw, .fileIO))
        b.set(BufferedObject.isReady, true)
        if isExactly(raw, .fileIO) { FileIOObject(raw).set(FileIOObject.isWrapped, true) }
        return .none
    }

    /// A method that the raw stream answers.
    private func forward(_ b: TypeBuilder, _ name: StaticString, _ body: @escaping NativeBody) { b.method(name, "($self, /)", "", body) }

    private func defineBufferedCommon(_ b: TypeBuilder) {
        b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in try t.reprStream(v, name: { (t, v) throws(Raised) in try t.getattrOrUnboundIgnoringValueError(v, t.name(.name)) }) }
        forward(b, "seekable") { (t, a) throws(Raised) in try t.askRaw(a[0], t.name(.seekable)) }
        forward(b, "fileno") { (t, a) throws(Raised) in try t.askRaw(a[0], t.name(.fileno)) }
        forward(b, "isatty") { (t, a) throws(Raised) in try t.askRaw(a[0], t.name(.isatty)) }
        forward(b, "detach") { (t, a) throws(Raised) in
            let b = BufferedObject(a[0])
            try t.checkReady(b)
            _ = try t.callMethod(a[0], t.name(.flush))
            let raw = b.raw
            if t.isExactly(raw, .fileIO) { FileIOObject(raw).set(FileIOObject.isWrapped, false) }
            b.raw = .unbound
            b.set(BufferedObject.isDetached, true)
            b.set(BufferedObject.isReady, false)
            return raw
        }
        b.method("close", "($self, /)") { (t, a) throws(Raised) in try t.closeBuffered(a[0]) }
        b.method("seek", "($self, target, whence=0, /)") { (t, a) throws(Raised) in
            try t.seekBuffered(BufferedObject(a[0]), a[1], a[2].isUnbound ? 0 : try t.index(a[2]))
        }
        b.method("tell", "($self, /)") { (t, a) throws(Raised) in
            let b = BufferedObject(a[0])
            try t.checkReady(b)
            let position = try t.rawTell(b) - b.rawOffset
            return t.int(max(position, 0))
        }
        b.method("truncate", "($self, pos=None, /)") { (t, a) throws(Raised) in
            let b = BufferedObject(a[0])
            try t.checkOpen(b, "truncate of closed file")
            if !b.has(BufferedObject.writes) { throw t.unsupported("truncate") }
            return try t.locked(b) { () throws(Raised) in
                try t.flushAndRewind(b)
                let answer = try t.callMethod(b.raw, t.name(.truncate), a[1].isUnbound ? .none : a[1])
                do throws(Raised) { _ = try t.rawTell(b) } catch { _ = t.takePending() }
                return answer
            }
        }
        b.method("_dealloc_warn", "($self, source, /)") { (t, a) throws(Raised) in
            let b = BufferedObject(a[0])
            if b.has(BufferedObject.isReady) {
                do throws(Raised) { _ = try t.callMethod(b.raw, t.intern("_dealloc_warn"), a[1]) } catch { _ = t.takePending() }
            }
            return .none
        }
        b.method("__getstate__", "($self, /)") { (t, a) throws(Raised) in throw t.cannotPickle(a[0]) }
        b.method("__sizeof__", "($self, /)") { (t, a) throws(Raised) in t.int(104 + BufferedObject(a[0]).size) }
        b.getset("closed", get: { (t, v) throws(Raised) in
            try t.checkReady(BufferedObject(v))
            return try t.getattr(BufferedObject(v).raw, t.name(.closed))
        })
        b.getset("name", get: { (t, v) throws(Raised) in
            try t.checkReady(BufferedObject(v))
            return try t.getattr(BufferedObject(v).raw, t.name(.name))
        })
        b.getset("mode", get: { (t, v) throws(Raised) in
            try t.checkReady(BufferedObject(v))
            return try t.getattr(BufferedObject(v).raw, t.name(.mode))
        })
        b.member("raw", word: 2)
        b.member("_finalizing", get: { (t, v) throws(Raised) in Value(BufferedObject(v).has(BufferedObject.finalizing)) },
                 set: { (t, v, new) throws(Raised) in BufferedObject(v).set(BufferedObject.finalizing, try t.truth(new)) })
    }

    func askRaw(_ v: Value, _ method: Value) throws(Raised) -> Value {
        try checkReady(BufferedObject(v))
        return try callMethod(BufferedObject(v).raw, method)
    }

    /// The attribute, or unbound when asking raises AttributeError or ValueError.
    func getattrOrUnboundIgnoringValueError(_ v: Value, _ attribute: Value) throws(Raised) -> Value {
        do throws(Raised) {
            return try getattrOrUnbound(v, attribute)
        } catch {
            try swallow(.valueError, error)
            return .unbound
        }
    }

    /// `<_io.BufferedReader name='x'>`.
    func reprStream(_ v: Value, name: (Thread, Value) throws(Raised) -> Value) throws(Raised) -> Value {
        let label = try name(self, v)
        if label.isUnbound { return str("<\(typeName(v))>") }
        if try !enterRepr(v) { throw raise(.runtimeError, "reentrant call inside \(typeName(v)).__repr__") }
        defer { leaveRepr(v) }
        return str("<\(typeName(v)) name=\(try reprText(label))>")
    }

    private func closeBuffered(_ v: Value) throws(Raised) -> Value {
        let b = BufferedObject(v)
        try checkReady(b)
        if try truth(try getattr(b.raw, name(.closed))) { return .none }
        if b.has(BufferedObject.finalizing) {
            do throws(Raised) { _ = try callMethod(b.raw, intern("_dealloc_warn"), v) } catch { _ = takePending() }
        }
        var first = Value.unbound
        do throws(Raised) { _ = try callMethod(v, name(.flush)) } catch { first = takePending() }
        var answer = Value.none
        do throws(Raised) {
            answer = try callMethod(b.raw, name(.close))
        } catch {
            if first.isBound { throw chain(first) }
            throw error
        }
        b.readEnd = 0
        b.cursor = 0
        b.block = .unbound
        hasIdleFinalizer(v)
        if first.isBound { throw restore(first) }
        return answer
    }

    private func seekBuffered(_ b: BufferedObject, _ targetValue: Value, _ whence: Int) throws(Raised) -> Value {
        try checkReady(b)
        if whence < 0 || whence > 4 { throw raise(.valueError, "whence value \(whence) unsupported") }
        try checkOpen(b, "seek of closed file")
        try checkCapability(b.raw, name(.seekable), "seekable")
        var target = try index(targetValue)
        if whence < 2 && b.has(BufferedObject.reads) {
            let current = try knownRawPosition(b)
            let ahead = b.ahead
            if ahead > 0 {
                let offset: Int = whence == 0 ? target &- (current - b.rawOffset) : target
                if offset >= -b.cursor && offset <= ahead {
                    b.cursor += offset
                    return int(current - ahead + offset)
                }
            }
        }
        return try locked(b) { () throws(Raised) in
            if b.has(BufferedObject.writes) { try flushWrites(b) }
            if whence == 1 { target -= b.rawOffset }
            let position = try rawSeek(b, target, whence)
            b.rawCursor = -1
            if b.has(BufferedObject.reads) { b.forgetRead() }
            return int(position)
        }
    }

    private func defineBufferedReading(_ b: TypeBuilder) {
        b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in
            try t.checkReady(BufferedObject(v))
            let line: Value
            if t.isExactly(v, .bufferedReader) || t.isExactly(v, .bufferedRandom) {
                line = try t.readLineBuffered(BufferedObject(v), -1)
            } else {
                line = try t.callMethod(v, t.name(.readline))
                if !line.isKind(.bytes) { throw t.raise(.osError, "readline() should have returned a bytes object, not '\(t.typeName(line))'") }
            }
            return BytesObject(line).count == 0 ? .unbound : line
        }
        forward(b, "readable") { (t, a) throws(Raised) in try t.askRaw(a[0], t.name(.readable)) }
        b.method("read", "($self, size=-1, /)") { (t, a) throws(Raised) in
            let b = BufferedObject(a[0])
            try t.checkReady(b)
            let n = try t.optionalSize(a[1])
            if n < -1 { throw t.raise(.valueError, "read length must be non-negative or -1") }
            try t.checkOpen(b, "read of closed file")
            if n == -1 { return try t.locked(b) { () throws(Raised) in try t.readAllBuffered(b) } }
            if n <= b.ahead { return try t.readBuffered(b, n) }
            return try t.locked(b) { () throws(Raised) in try t.readBuffered(b, n) }
        }
        b.method("read1", "($self, size=-1, /)") { (t, a) throws(Raised) in
            let b = BufferedObject(a[0])
            try t.checkReady(b)
            return try t.readOnceBuffered(b, a[1].isUnbound ? -1 : try t.index(a[1]))
        }
        b.method("readinto", "($self, buffer, /)") { (t, a) throws(Raised) in try t.readIntoBuffered(BufferedObject(a[0]), a[1], once: false) }
        b.method("readinto1", "($self, buffer, /)") { (t, a) throws(Raised) in try t.readIntoBuffered(BufferedObject(a[0]), a[1], once: true) }
        b.method("peek", "($self, size=0, /)") { (t, a) throws(Raised) in
            let b = BufferedObject(a[0])
            if a[1].isBound { _ = try t.index(a[1]) }
            try t.checkOpen(b, "peek of closed file")
            return try t.locked(b) { () throws(Raised) in try t.peekBuffered(b) }
        }
        b.method("readline", "($self, size=-1, /)") { (t, a) throws(Raised) in
            let b = BufferedObject(a[0])
            try t.checkReady(b)
            return try t.readLineBuffered(b, try t.optionalSize(a[1]))
        }
    }

    private func defineBufferedWriting(_ b: TypeBuilder) {
        forward(b, "writable") { (t, a) throws(Raised) in try t.askRaw(a[0], t.name(.writable)) }
        b.method("write", "($self, buffer, /)") { (t, a) throws(Raised) in
            let b = BufferedObject(a[0])
            try t.checkReady(b)
            let view = try t.lend(a[1])
            defer { t.giveBack(view) }
            guard let base = view.base else { return Value(smallInt: try t.writeBuffered(b, UnsafePointer(b.cell.bytes(from: 0)), 0)) }
            return t.int(try t.writeBuffered(b, UnsafePointer(base.assumingMemoryBound(to: UInt8.self)), view.count))
        }
        b.method("flush", "($self, /)") { (t, a) throws(Raised) in
            let b = BufferedObject(a[0])
            try t.checkOpen(b, "flush of closed file")
            try t.locked(b) { () throws(Raised) in try t.flushAndRewind(b) }
            return .none
        }
    }
}
