// Reading a pickle: its bytes and the stack. What the opcodes do is in Unpickling*.swift.
//
// Bytes come from memory, or from a file in pieces. A piece is a bytes object; with `peek` it may reach beyond what was taken
// from the file, which `catchUp` then skips, so that the file stands behind the pickle in the end.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

struct PickleReader {
    let t: Thread
    let unpickler: UnpicklerObject
    let state: PickleState
    /// The input: memory that the caller holds, or the bytes of `piece`.
    private var base: UnsafePointer<UInt8>
    private var count: Int
    private var position: Int
    private let isFile: Bool
    private var piece: Value = .unbound
    /// Where in the input the file itself stands.
    private var fetched = 0
    /// The stack: a ValueBuffer, and how much of it is used. Values above that may be left over.
    private var buffer: ValueBuffer
    private(set) var depth = 0
    /// Depths at which marks were set, and the innermost: no value below it may be popped.
    private var marks: [Int] = []
    private(set) var fence = 0

    private init(_ t: Thread, _ unpickler: UnpicklerObject, _ bytes: UnsafeBufferPointer<UInt8>?) throws(Raised) {
        self.t = t
        self.unpickler = unpickler
        state = PickleState(t)
        isFile = bytes == nil
        base = bytes?.baseAddress ?? UnsafePointer(bitPattern: 8).unsafelyUnwrapped
        count = bytes?.count ?? 0
        position = 0
        buffer = try t.newValueBuffer(32)
        if isFile && unpickler.input.isBound {
            setPiece(unpickler.input)
            position = unpickler.position
            fetched = unpickler.fetched
        }
        unpickler.level = 0
    }

    /// The next object of the unpickler's file, or of `bytes`, which outlive the call.
    static func load(_ t: Thread, _ unpickler: UnpicklerObject, _ bytes: UnsafeBufferPointer<UInt8>? = nil) throws(Raised) -> Value {
        var reader = try PickleReader(t, unpickler, bytes)
        do throws(Raised) {
            let object = try reader.run()
            try reader.finish()
            return object
        } catch {
            reader.remember()
            throw error
        }
    }

    private mutating func finish() throws(Raised) {
        if !isFile { return }
        try catchUp()
        remember()
    }

    /// What was read ahead stays for the next load.
    private func remember() {
        if !isFile { return }
        unpickler.input = piece
        unpickler.position = position
        unpickler.fetched = fetched
    }

    // MARK: Bytes

    private func truncated() -> Raised { t.unpicklingError("pickle data was truncated") }

    private mutating func setPiece(_ data: Value) {
        piece = data
        base = UnsafePointer(BytesObject(data).data)
        count = BytesObject(data).count
        position = 0
        fetched = count
    }

    /// Reads from the file what was only peeked at and has been used.
    private mutating func catchUp() throws(Raised) {
        let behind = position - fetched
        if behind <= 0 { return }
        _ = try t.call(unpickler.read, t.int(behind))
        fetched = position
    }

    @inline(__always) mutating func opcode() throws(Raised) -> UInt8 {
        if position < count {
            position = position &+ 1
            return base[position &- 1]
        }
        do throws(Raised) { return try take(1)[0] } catch {
            if t.isInstance(t.state.pointee.pending, of: state[.unpicklingError]) {
                _ = t.takePending()
                throw t.raise(.eofError, "Ran out of input")
            }
            throw error
        }
    }

    /// The next `n` bytes; valid until more are taken.
    @inline(__always) mutating func take(_ n: Int) throws(Raised) -> UnsafePointer<UInt8> {
        if n <= count &- position {
            position = position &+ n
            return base + (position &- n)
        }
        return try fetch(n)
    }

    @inline(never) private mutating func fetch(_ n: Int) throws(Raised) -> UnsafePointer<UInt8> {
        if !isFile { throw truncated() }
        try catchUp()
        if unpickler.peek.isBound && n < PickleReader.prefetch, try peekAhead(n) {
            position = n
            return base
        }
        setPiece(try t.bytesFrom(try t.call(unpickler.read, t.int(n))))
        if count < n { throw truncated() }
        position = n
        return base
    }

    private static var prefetch: Int { 128 * 1024 }

    /// Looks at what the file has buffered; true when that is enough.
    private mutating func peekAhead(_ n: Int) throws(Raised) -> Bool {
        let data: Value
        do throws(Raised) { data = try t.bytesFrom(try t.call(unpickler.peek, Value(smallInt: PickleReader.prefetch))) } catch {
            try t.swallow(.notImplementedError, error)
            unpickler.peek = .unbound
            return false
        }
        setPiece(data)
        fetched = 0
        return n <= count
    }

    /// The next line, its newline included; shorter than `least` characters is an error.
    mutating func line(least: Int) throws(Raised) -> UnsafeBufferPointer<UInt8> {
        let n: Int
        if let end = memchr(base + position, 0x0A, count - position) {
            n = UnsafeRawPointer(end) - UnsafeRawPointer(base + position) + 1
        } else {
            if !isFile { throw truncated() }
            try catchUp()
            setPiece(try t.bytesFrom(try t.call(unpickler.readLine)))
            if count == 0 || base[count - 1] != 0x0A { throw truncated() }
            n = count
        }
        position += n
        if n < least { throw truncated() }
        return UnsafeBufferPointer(start: base + (position - n), count: n)
    }

    /// An unsigned number of `bytes` bytes.
    @inline(__always) mutating func number(bytes n: Int) throws(Raised) -> Int {
        let p = try take(n)
        var value: UInt64 = 0
        for i in 0..<n { value |= UInt64(p[i]) << UInt64(i &* 8) }
        return Int(truncatingIfNeeded: value)
    }

    /// A signed number of four bytes.
    mutating func signedNumber() throws(Raised) -> Int { Int(Int32(truncatingIfNeeded: try number(bytes: 4))) }

    /// Starts a frame: its bytes are fetched at once.
    mutating func frame() throws(Raised) {
        let length = try number(bytes: 8)
        if length < 0 { throw t.raise(.overflowError, "FRAME length exceeds system's maximum of \(Int.max) bytes") }
        _ = try take(length)
        position -= length
    }

    /// Fills `target` with the next bytes: straight from the file as far as they have not been read yet.
    private mutating func fill(_ target: Value, _ data: UnsafeMutablePointer<UInt8>, _ n: Int) throws(Raised) {
        let known = min(n, count - position)
        if known > 0 {
            memcpy(data, base + position, known)
            position += known
        }
        if known == n { return }
        try catchUp()
        let rest = n - known
        if unpickler.readInto.isUnbound {
            let piece = try t.call(unpickler.read, t.int(rest))
            if !piece.isKind(.bytes) { throw t.raise(.valueError, "read() returned non-bytes object (\(try t.reprText(piece)))") }
            if BytesObject(piece).count < rest { throw truncated() }
            memcpy(data + known, BytesObject(piece).data, rest)
            return
        }
        let view = try t.newMemoryView(base: UnsafeMutableRawPointer(data + known), count: rest, readOnly: false, owner: target)
        let answer = try t.call(unpickler.readInto, view)
        let got = try t.index(answer)
        if got < 0 { throw t.raise(.valueError, "readinto() returned negative size") }
        if got < rest { throw truncated() }
    }

    /// A bytes object of the next `n` bytes.
    mutating func bytes(_ n: Int) throws(Raised) -> Value {
        if n <= count &- position || !isFile { return try t.bytes(try take(n), n) }
        if n > PickleReader.trusted { return try t.bytes(try fetch(n), n) }
        let made = try t.newBytes(n)
        try fill(made.value, made.data, n)
        return made.value
    }

    /// A bytearray of the next `n` bytes.
    mutating func byteArray(_ n: Int) throws(Raised) -> Value {
        if n <= count &- position || !isFile || n > PickleReader.trusted { return try t.newByteArray(try take(n), n).value }
        let made = try t.newByteArray(count: n)
        try fill(made.storage.isBound ? made.storage : made.value, made.data, n)
        return made.value
    }

    /// Memory for so many bytes is allocated before they are seen: what a pickle announces beyond that must come first.
    private static var trusted: Int { 64 << 20 }

    // MARK: Stack

    @inline(__always) mutating func push(_ value: Value) throws(Raised) {
        if depth == buffer.capacity { try growStack() }
        buffer.cell.store(value, at: depth &+ 2)
        depth = depth &+ 1
    }

    @inline(never) private mutating func growStack() throws(Raised) {
        let bigger = try t.newValueBuffer(buffer.capacity * 2)
        memcpy(bigger.items, buffer.items, depth * 8)
        buffer = bigger
    }

    func underflow() -> Raised { t.unpicklingError(marks.isEmpty ? "unpickling stack underflow" : "unexpected MARK found") }

    /// Raises unless `n` values lie above the innermost mark.
    @inline(__always) func require(_ n: Int) throws(Raised) {
        if depth &- fence < n { throw underflow() }
    }

    @inline(__always) mutating func pop() throws(Raised) -> Value {
        try require(1)
        depth = depth &- 1
        return buffer.items[depth]
    }

    /// The topmost value.
    @inline(__always) func top() throws(Raised) -> Value {
        try require(1)
        return buffer.items[depth &- 1]
    }

    /// Values of the stack from `i` on; valid until something is pushed.
    @inline(__always) func values(from i: Int) -> UnsafeMutablePointer<Value> { buffer.items + i }

    /// Drops the values from `i` on.
    @inline(__always) mutating func drop(to i: Int) { depth = i }

    mutating func setMark() {
        marks.append(depth)
        fence = depth
    }

    /// Removes the innermost mark and tells where it was.
    mutating func popMark() throws(Raised) -> Int {
        guard let mark = marks.popLast() else { throw t.unpicklingError("could not find MARK") }
        fence = marks.last ?? 0
        return mark
    }

    /// POP: a mark when one is on top, a value otherwise.
    mutating func popAny() throws(Raised) {
        if let mark = marks.last, mark == depth {
            marks.removeLast()
            fence = marks.last ?? 0
            return
        }
        try require(1)
        depth -= 1
    }

    /// A tuple of the values from `i` on, which are dropped.
    mutating func popTuple(from i: Int) throws(Raised) -> Value {
        let made = try t.tuple(values(from: i), depth - i)
        depth = i
        return made
    }

    /// A list of the values from `i` on, which are dropped.
    mutating func popList(from i: Int) throws(Raised) -> Value {
        let made = try t.list(values(from: i), depth - i)
        depth = i
        return made
    }
}
