// What BufferedReader, BufferedWriter and BufferedRandom share: one block of memory over a raw stream.
//
//   word 1 attribute dict   2 raw stream   3 block (a bytes cell that nobody else sees)
//   raw words: 4 flags   5 position of the raw stream (-1 unknown)   6 cursor in the block   7 where in the block the raw stream stands
//              8 end of what was read (-1: nothing was)   9, 10 range that waits to be written (-1: none)   11 size   12 who is inside
//
// Positions in the block: cursor ≤ end read. When nothing read and nothing to write is valid, the cursor means nothing.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

struct BufferedObject {
    let cell: Cell
    init(_ value: Value) { cell = value.cell }
    var value: Value { Value(cell) }
    var raw: Value { get { cell[2] } nonmutating set { cell[2] = newValue } }
    var block: Value { get { cell[3] } nonmutating set { cell[3] = newValue } }
    var flags: Int { get { cell.raw(4) } nonmutating set { cell.setRaw(newValue, at: 4) } }
    var rawPosition: Int { get { cell.raw(5) } nonmutating set { cell.setRaw(newValue, at: 5) } }
    var cursor: Int { get { cell.raw(6) } nonmutating set { cell.setRaw(newValue, at: 6) } }
    var rawCursor: Int { get { cell.raw(7) } nonmutating set { cell.setRaw(newValue, at: 7) } }
    var readEnd: Int { get { cell.raw(8) } nonmutating set { cell.setRaw(newValue, at: 8) } }
    var writeStart: Int { get { cell.raw(9) } nonmutating set { cell.setRaw(newValue, at: 9) } }
    var writeEnd: Int { get { cell.raw(10) } nonmutating set { cell.setRaw(newValue, at: 10) } }
    var size: Int { get { cell.raw(11) } nonmutating set { cell.setRaw(newValue, at: 11) } }
    var owner: Int { get { cell.raw(12) } nonmutating set { cell.setRaw(newValue, at: 12) } }
    var data: UnsafeMutablePointer<UInt8> { BytesObject(block).data }

    func has(_ flag: Int) -> Bool { flags & flag != 0 }
    func set(_ flag: Int, _ on: Bool) { flags = on ? flags | flag : flags & ~flag }
    static let isReady = 1, isDetached = 2, reads = 4, writes = 8, finalizing = 16, isFast = 32
    /// A text stream over this one closes it when both die.
    static let isWrapped = 64
    static var layout: NativeLayout { NativeLayout(valueWords: 3, bytes: 104, dictWord: 1) }

    var hasRead: Bool { has(BufferedObject.reads) && readEnd != -1 }
    var hasWrites: Bool { has(BufferedObject.writes) && writeEnd != -1 }
    /// Bytes read and not yet taken.
    var ahead: Int { hasRead ? readEnd - cursor : 0 }
    /// How far the raw stream stands past the cursor.
    var rawOffset: Int { (hasRead || hasWrites) && rawCursor >= 0 ? rawCursor - cursor : 0 }
    func forgetRead() { readEnd = -1 }
    func forgetWrites() {
        writeStart = 0
        writeEnd = -1
    }
    /// Moves the cursor; what was read grows with it.
    func move(to position: Int) {
        cursor = position
        if hasRead && readEnd < position { readEnd = position }
    }
}

/// The outcome of a raw read or write that may not block.
enum RawCount {
    case count(Int)
    case wouldBlock
}

extension Thread {
    // MARK: Checks and the lock

    func checkReady(_ b: BufferedObject) throws(Raised) {
        if b.has(BufferedObject.isReady) { return }
        throw raise(.valueError, b.has(BufferedObject.isDetached) ? "raw stream has been detached" : "I/O operation on uninitialized object")
    }

    func isRawClosed(_ b: BufferedObject) throws(Raised) -> Bool {
        if b.block.isUnbound { return true }
        if b.has(BufferedObject.isFast) { return FileIOObject(b.raw).fd < 0 }
        return try truth(try getattr(b.raw, name(.closed)))
    }

    func checkOpen(_ b: BufferedObject, _ message: StaticString) throws(Raised) {
        try checkReady(b)
        if try isRawClosed(b), b.ahead == 0 { throw raise(.valueError, str(message)) }
    }

    /// Runs `body` with the stream to itself.
    /// - Throws: RuntimeError when the same thread is inside already, or at exit a thread that will not run again.
    func locked<R>(_ b: BufferedObject, _ body: () throws(Raised) -> R) throws(Raised) -> R {
        let me = state.pointee.identifier
        while b.owner != 0 {
            if b.owner == me { throw raise(.runtimeError, "reentrant call inside \(try reprText(b.value))") }
            if interp.pointee.isFinalizing {
                throw raise(.runtimeError, "could not acquire lock for \(try reprText(b.value)) at interpreter shutdown, possibly due to daemon threads")
            }
            _ = blocking { usleep(50) }
        }
        b.owner = me
        defer { b.owner = 0 }
        return try body()
    }

    // MARK: The raw stream

    func rawTell(_ b: BufferedObject) throws(Raised) -> Int {
        let n: Int
        if isExactly(b.raw, .fileIO) && FileIOObject(b.raw).fd >= 0 {
            n = try seekDescriptor(FileIOObject(b.raw), 0, SEEK_CUR)
        } else {
            n = try index(try callMethod(b.raw, name(.tell)), overflow: .valueError)
        }
        if n < 0 { throw raise(.osError, "Raw stream returned invalid position \(n)") }
        b.rawPosition = n
        return n
    }

    func knownRawPosition(_ b: BufferedObject) throws(Raised) -> Int { b.rawPosition != -1 ? b.rawPosition : try rawTell(b) }

    func rawSeek(_ b: BufferedObject, _ target: Int, _ whence: Int) throws(Raised) -> Int {
        let n: Int
        if isExactly(b.raw, .fileIO) && FileIOObject(b.raw).fd >= 0 {
            n = try seekDescriptor(FileIOObject(b.raw), target, Int32(truncatingIfNeeded: whence))
        } else {
            n = try index(try callMethod(b.raw, name(.seek), int(target), int(whence)), overflow: .valueError)
        }
        if n < 0 { throw raise(.osError, "Raw stream returned invalid position \(n)") }
        b.rawPosition = n
        return n
    }

    /// One `readinto` of the raw stream.
    func rawRead(_ b: BufferedObject, _ target: UnsafeMutablePointer<UInt8>, _ count: Int) throws(Raised) -> RawCount {
        var n = 0
        if isExactly(b.raw, .fileIO) {
            guard let got = try readFileIO(b.raw, target, count) else { return .wouldBlock }
            n = got
        } else {
            let area = try call(types.pointee.bytearray, int(count))
            let window = try call(types.pointee.memoryview, area)
            let answer = try retryInterrupted { () throws(Raised) in try callMethod(b.raw, name(.readinto), window) }
            if answer.isNone { return .wouldBlock }
            n = try rawCountAnswer(answer, "readinto", count)
            let view = try lend(area)
            if let base = view.base, n > 0 { memcpy(target, base, min(n, view.count)) }
            giveBack(view)
        }
        if n > 0 && b.rawPosition != -1 { b.rawPosition += n }
        return .count(n)
    }

    private func rawCountAnswer(_ answer: Value, _ method: String, _ count: Int) throws(Raised) -> Int {
        let n: Int
        do throws(Raised) {
            n = try index(answer, overflow: .valueError)
        } catch {
            let cause = takePending()
            let failure = raise(.osError, "raw \(method)() failed")
            ExceptionObject(state.pointee.pending).cause = cause
            ExceptionObject(state.pointee.pending).suppressContext = true
            ExceptionObject(state.pointee.pending).context = cause
            throw failure
        }
        if n < 0 || n > count { throw raise(.osError, "raw \(method)() returned invalid length \(n) (should have been between 0 and \(count))") }
        return n
    }

    /// One `write` of the raw stream.
    func rawWrite(_ b: BufferedObject, _ source: UnsafePointer<UInt8>, _ count: Int) throws(Raised) -> RawCount {
        var n = 0
        if isExactly(b.raw, .fileIO) {
            guard let done = try writeFileIO(b.raw, source, count) else { return .wouldBlock }
            n = done
        } else {
            let window = try call(types.pointee.memoryview, try bytes(source, count))
            let answer = try retryInterrupted { () throws(Raised) in try callMethod(b.raw, name(.write), window) }
            if answer.isNone { return .wouldBlock }
            n = try index(answer, overflow: .valueError)
            if n < 0 || n > count { throw raise(.osError, "raw write() returned invalid length \(n) (should have been between 0 and \(count))") }
        }
        if n > 0 && b.rawPosition != -1 { b.rawPosition += n }
        return .count(n)
    }

    /// BlockingIOError with `characters_written`.
    func blockingError(_ message: StaticString, _ written: Int) -> Raised {
        do throws(Raised) {
            return raise(exception: try call(types.pointee.blockingIOError, int(Int(EAGAIN)), str(message), int(written)))
        } catch { return error }
    }

    // MARK: Filling and flushing

    /// Reads more behind what was read, as far as the block goes.
    func fillBlock(_ b: BufferedObject) throws(Raised) -> RawCount {
        let start = b.hasRead ? b.readEnd : 0
        let answer = try rawRead(b, b.data + start, b.size - start)
        if case .count(let n) = answer, n > 0 {
            b.readEnd = start + n
            b.rawCursor = start + n
        }
        return answer
    }

    /// Writes what waits.
    func flushWrites(_ b: BufferedObject) throws(Raised) {
        if !b.hasWrites || b.writeStart == b.writeEnd { return b.forgetWrites() }
        let rewind = b.rawOffset + (b.cursor - b.writeStart)
        if rewind != 0 {
            _ = try rawSeek(b, -rewind, 1)
            b.rawCursor -= rewind
        }
        while b.writeStart < b.writeEnd {
            switch try rawWrite(b, b.data + b.writeStart, b.writeEnd - b.writeStart) {
            case .wouldBlock: throw blockingError("write could not complete without blocking", 0)
            case .count(let n):
                b.writeStart += n
                b.rawCursor = b.writeStart
                try checkSignals()
            }
        }
        b.forgetWrites()
    }

    /// Writes what waits, and takes the raw stream back to where the reader is.
    func flushAndRewind(_ b: BufferedObject) throws(Raised) {
        try flushWrites(b)
        if b.has(BufferedObject.reads) {
            let offset = b.rawOffset
            if offset != 0 { _ = try rawSeek(b, -offset, 1) }
            b.forgetRead()
        }
    }

    // MARK: Reading

    /// `read(count)` for a count that what was read does not cover.
    func readBuffered(_ b: BufferedObject, _ count: Int) throws(Raised) -> Value {
        let have = b.ahead
        if count <= have {
            let taken = try bytes(b.data + b.cursor, count)
            b.cursor += count
            return taken
        }
        let result = try newBytes(count)
        var written = 0
        if have > 0 {
            memcpy(result.data, b.data + b.cursor, have)
            written = have
            b.cursor += have
        }
        if b.has(BufferedObject.writes) { try flushAndRewind(b) }
        b.forgetRead()
        // Whole blocks go straight to the result.
        while count - written >= b.size {
            let whole = (count - written) - (count - written) % b.size
            switch try rawRead(b, result.data + written, whole) {
            case .wouldBlock: return written > 0 ? try bytes(result.data, written) : .none
            case .count(let n):
                if n == 0 { return try bytes(result.data, written) }
                written += n
            }
        }
        b.cursor = 0
        b.rawCursor = 0
        b.readEnd = 0
        while written < count && b.readEnd < b.size {
            switch try fillBlock(b) {
            case .wouldBlock: return written > 0 ? try bytes(result.data, written) : .none
            case .count(let n):
                if n == 0 { return try bytes(result.data, written) }
                let taken = min(count - written, n)
                memcpy(result.data + written, b.data + b.cursor, taken)
                written += taken
                b.cursor += taken
            }
        }
        return written == count ? result.value : try bytes(result.data, written)
    }

    /// `read()` to the end.
    func readAllBuffered(_ b: BufferedObject) throws(Raised) -> Value {
        let have = b.ahead
        let held: Value = have > 0 ? try bytes(b.data + b.cursor, have) : .unbound
        if have > 0 { b.cursor += have }
        if b.has(BufferedObject.writes) { try flushAndRewind(b) }
        b.forgetRead()
        let readAll: Value = isExactly(b.raw, .fileIO) ? .unbound : try getattrOrUnbound(b.raw, name(.readall))
        if readAll.isBound || isExactly(b.raw, .fileIO) {
            let rest = readAll.isBound ? try call(readAll) : try readAllFileIO(b.raw)
            if !rest.isNone && !rest.isKind(.bytes) { throw raise(.typeError, "readall() should return bytes") }
            if held.isUnbound { return rest }
            return rest.isNone ? held : try joined(held, rest)
        }
        var all: [UInt8] = held.isBound ? Array(BytesObject(held).buffer) : []
        while true {
            let piece = try callMethod(b.raw, name(.read))
            if !piece.isNone && !piece.isKind(.bytes) { throw raise(.typeError, "read() should return bytes") }
            if piece.isNone || BytesObject(piece).count == 0 { return all.isEmpty ? piece : try bytes(all) }
            all.append(contentsOf: BytesObject(piece).buffer)
            if b.rawPosition != -1 { b.rawPosition += BytesObject(piece).count }
        }
    }

    private func joined(_ a: Value, _ b: Value) throws(Raised) -> Value {
        let first = BytesObject(a), second = BytesObject(b)
        let made = try newBytes(first.count + second.count)
        memcpy(made.data, first.data, first.count)
        memcpy(made.data + first.count, second.data, second.count)
        return made.value
    }

    /// `read1(count)`.
    func readOnceBuffered(_ b: BufferedObject, _ count: Int) throws(Raised) -> Value {
        let wanted = count < 0 ? b.size : count
        try checkOpen(b, "read of closed file")
        if wanted == 0 { return objects.pointee.emptyBytes }
        let have = b.ahead
        if have > 0 {
            let n = min(have, wanted)
            let taken = try bytes(b.data + b.cursor, n)
            b.cursor += n
            return taken
        }
        let result = try newBytes(wanted)
        return try locked(b) { () throws(Raised) in
            b.forgetRead()
            guard case .count(let n) = try rawRead(b, result.data, wanted) else { return objects.pointee.emptyBytes }
            return n == wanted ? result.value : try bytes(result.data, n)
        }
    }

    /// `readinto` and `readinto1`.
    func readIntoBuffered(_ b: BufferedObject, _ target: Value, once: Bool) throws(Raised) -> Value {
        try checkReady(b)
        let view = try lendWritable(target, once ? "readinto1() argument" : "readinto() argument")
        defer { giveBack(view) }
        try checkOpen(b, "readinto of closed file")
        guard let base = view.base?.assumingMemoryBound(to: UInt8.self) else { return Value(smallInt: 0) }
        var written = min(b.ahead, view.count)
        if b.ahead > 0 {
            memcpy(base, b.data + b.cursor, written)
            b.cursor += written
            if written == view.count { return int(written) }
        }
        return try locked(b) { () throws(Raised) in
            if b.has(BufferedObject.writes) { try flushAndRewind(b) }
            b.forgetRead()
            b.cursor = 0
            while written < view.count {
                let remaining = view.count - written
                let answer: RawCount
                if remaining > b.size {
                    answer = try rawRead(b, base + written, remaining)
                } else if !(once && written > 0) {
                    answer = try fillBlock(b)
                    if case .count(let n) = answer, n > 0 {
                        let taken = min(n, remaining)
                        memcpy(base + written, b.data + b.cursor, taken)
                        b.cursor += taken
                        written += taken
                        if once { break }
                        continue
                    }
                } else {
                    break
                }
                guard case .count(let n) = answer else {
                    if written > 0 { break }
                    return Value.none
                }
                if n == 0 { break }
                written += n
                if once { break }
            }
            return int(written)
        }
    }

    /// `peek()`.
    func peekBuffered(_ b: BufferedObject) throws(Raised) -> Value {
        if b.has(BufferedObject.writes) { try flushAndRewind(b) }
        let have = b.ahead
        if have > 0 { return try bytes(b.data + b.cursor, have) }
        b.forgetRead()
        let answer = try fillBlock(b)
        b.cursor = 0
        guard case .count(let n) = answer, n > 0 else { return objects.pointee.emptyBytes }
        return try bytes(b.data, n)
    }

    /// `readline(limit)`.
    func readLineBuffered(_ b: BufferedObject, _ limit: Int) throws(Raised) -> Value {
        try checkOpen(b, "readline of closed file")
        var limit = limit
        var n = b.ahead
        if limit >= 0 && n > limit { n = limit }
        if n > 0, let found = memchr(b.data + b.cursor, 10, n) {
            let length = found.assumingMemoryBound(to: UInt8.self) - (b.data + b.cursor) + 1
            let line = try bytes(b.data + b.cursor, length)
            b.cursor += length
            return line
        }
        if limit >= 0 && n == limit {
            let line = try bytes(b.data + b.cursor, n)
            b.cursor += n
            return line
        }
        return try locked(b) { () throws(Raised) in
            var line: [UInt8] = []
            if n > 0 {
                line.append(contentsOf: UnsafeBufferPointer(start: b.data + b.cursor, count: n))
                b.cursor += n
                if limit >= 0 { limit -= n }
            }
            if b.has(BufferedObject.writes) { try flushAndRewind(b) }
            while true {
                b.forgetRead()
                guard case .count(var got) = try fillBlock(b), got > 0 else { break }
                if limit >= 0 && got > limit { got = limit }
                b.cursor = 0
                if let found = memchr(b.data, 10, got) {
                    let length = found.assumingMemoryBound(to: UInt8.self) - b.data + 1
                    line.append(contentsOf: UnsafeBufferPointer(start: b.data, count: length))
                    b.cursor = length
                    break
                }
                line.append(contentsOf: UnsafeBufferPointer(start: b.data, count: got))
                b.cursor = got
                if limit >= 0 {
                    limit -= got
                    if limit == 0 { break }
                }
            }
            return try bytes(line)
        }
    }

    // MARK: Writing

    /// `write` of `count` bytes; the stream's lock is taken.
    func writeBuffered(_ b: BufferedObject, _ source: UnsafePointer<UInt8>, _ count: Int) throws(Raised) -> Int {
        try locked(b) { () throws(Raised) in
            if try isRawClosed(b) { throw raise(.valueError, "write to closed file") }
            if !b.hasRead && !b.hasWrites {
                b.cursor = 0
                b.rawCursor = 0
            }
            if count <= b.size - b.cursor {
                memcpy(b.data + b.cursor, source, count)
                if !b.hasWrites || b.writeStart > b.cursor { b.writeStart = b.cursor }
                b.move(to: b.cursor + count)
                if b.writeEnd < b.cursor { b.writeEnd = b.cursor }
                return count
            }
            do throws(Raised) {
                try flushWrites(b)
            } catch {
                return try bufferAfterBlocking(b, source, count, error)
            }
            return try writeThrough(b, source, count)
        }
    }

    /// The raw stream takes no more now: keep what fits.
    private func bufferAfterBlocking(_ b: BufferedObject, _ source: UnsafePointer<UInt8>, _ count: Int, _ error: Raised) throws(Raised) -> Int {
        if !pendingIs(.blockingIOError) { throw error }
        _ = takePending()
        if b.has(BufferedObject.reads) { b.forgetRead() }
        memmove(b.data, b.data + b.writeStart, b.writeEnd - b.writeStart)
        b.writeEnd -= b.writeStart
        b.rawCursor -= b.writeStart
        b.cursor -= b.writeStart
        b.writeStart = 0
        let room = b.size - b.writeEnd
        let taken = min(count, room)
        memcpy(b.data + b.writeEnd, source, taken)
        b.writeEnd += taken
        b.cursor += taken
        if taken == count { return count }
        throw blockingError("write could not complete without blocking", taken)
    }

    /// Whole blocks go to the raw stream; the rest waits in the block.
    private func writeThrough(_ b: BufferedObject, _ source: UnsafePointer<UInt8>, _ count: Int) throws(Raised) -> Int {
        let offset = b.rawOffset
        if offset != 0 {
            _ = try rawSeek(b, -offset, 1)
            b.rawCursor -= offset
        }
        var written = 0
        while count - written > b.size {
            switch try rawWrite(b, source + written, count - written) {
            case .count(let n):
                written += n
                try checkSignals()
            case .wouldBlock:
                if count - written > b.size {
                    memcpy(b.data, source + written, b.size)
                    b.rawCursor = 0
                    b.writeStart = 0
                    b.move(to: b.size)
                    b.writeEnd = b.size
                    throw blockingError("write could not complete without blocking", written + b.size)
                }
            }
        }
        if b.has(BufferedObject.reads) { b.forgetRead() }
        let rest = count - written
        if rest > 0 { memcpy(b.data, source + written, rest) }
        b.writeStart = 0
        b.writeEnd = rest
        b.move(to: rest)
        b.rawCursor = 0
        return count
    }
}
