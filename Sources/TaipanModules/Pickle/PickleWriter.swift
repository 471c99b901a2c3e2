// Bytes of a pickle in the making, and frames (PEP 3154): from protocol 4 on, opcodes are gathered in frames of about 64 KiB
// that start with their length. A frame ends at the next object once it is full; a large string or bytes stands between frames.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

/// One `dump`: where the bytes go, and what it reads often.
struct PickleWriter: ~Copyable {
    let t: Thread
    let pickler: PicklerObject
    let state: PickleState
    /// The protocol, and whether it is not the text one.
    let level: Int
    let isBinary: Bool
    /// Whether what is written goes to a file now and then.
    private let hasFile: Bool
    private var base: UnsafeMutablePointer<UInt8>
    private var count = 0
    private var capacity: Int
    private var isFraming = false
    /// Where the header of the open frame is, or -1.
    private var frameStart = -1

    private static var frameHeader: Int { 9 }
    private static var smallestFrame: Int { 4 }
    private static var frameTarget: Int { 64 * 1024 }

    private init(_ t: Thread, _ pickler: PicklerObject, hasFile: Bool) throws(Raised) {
        self.t = t
        self.pickler = pickler
        self.hasFile = hasFile
        state = PickleState(t)
        level = pickler.level
        isBinary = pickler.isBinary
        capacity = 1024
        guard let memory = malloc(capacity) else {
            base = UnsafeMutablePointer(bitPattern: 8).unsafelyUnwrapped
            capacity = 0
            throw t.memoryError()
        }
        base = memory.assumingMemoryBound(to: UInt8.self)
    }

    deinit { if capacity > 0 { free(base) } }

    /// Pickles `object` to the pickler's file.
    static func dump(_ t: Thread, _ pickler: PicklerObject, _ object: Value) throws(Raised) {
        var writer = try PickleWriter(t, pickler, hasFile: true)
        try writer.whole(object)
        try writer.flush()
    }

    /// The pickle of `object`.
    static func dumps(_ t: Thread, _ pickler: PicklerObject, _ object: Value) throws(Raised) -> Value {
        var writer = try PickleWriter(t, pickler, hasFile: false)
        try writer.whole(object)
        return try t.bytes(writer.base, writer.count)
    }

    private mutating func whole(_ object: Value) throws(Raised) {
        // Only a subclass can have one.
        if !t.isExactly(pickler.value, state[.pickler]) {
            pickler.reducerOverride = try t.getattrOrUnbound(pickler.value, t.intern("reducer_override"))
        }
        defer { pickler.reducerOverride = .unbound }
        if level >= 2 {
            try put(PickleOpcode.proto, UInt8(truncatingIfNeeded: level))
            isFraming = level >= 4
        }
        try save(object)
        try put(PickleOpcode.stop)
        closeFrame()
    }

    // MARK: Frames

    private mutating func closeFrame() {
        if !isFraming || frameStart < 0 { return }
        let length = count - frameStart - PickleWriter.frameHeader
        if length >= PickleWriter.smallestFrame {
            base[frameStart] = PickleOpcode.frame
            PickleWriter.store(UInt64(length), bytes: 8, at: base + frameStart + 1)
        } else {
            // Too little for a header.
            memmove(base + frameStart, base + frameStart + PickleWriter.frameHeader, length)
            count -= PickleWriter.frameHeader
        }
        frameStart = -1
    }

    /// Called before each object: a full frame ends here.
    @inline(__always) mutating func boundary() throws(Raised) {
        if !isFraming || frameStart < 0 || count &- frameStart &- PickleWriter.frameHeader < PickleWriter.frameTarget { return }
        closeFrame()
        if hasFile { try flush() }
    }

    private mutating func flush() throws(Raised) {
        let data = try t.bytes(base, count)
        _ = try t.call(pickler.write, data)
        count = 0
        frameStart = -1
    }

    // MARK: Bytes

    private static func store(_ n: UInt64, bytes: Int, at target: UnsafeMutablePointer<UInt8>) {
        for i in 0..<bytes { target[i] = UInt8(truncatingIfNeeded: n >> UInt64(i &* 8)) }
    }

    /// Room for `n` more bytes, in a frame when frames are written; the caller fills them.
    @inline(__always) private mutating func room(_ n: Int) throws(Raised) -> UnsafeMutablePointer<UInt8> {
        if (isFraming && frameStart < 0) || n > capacity &- count { try makeRoom(n) }
        let at = base + count
        count = count &+ n
        return at
    }

    @inline(never) private mutating func makeRoom(_ n: Int) throws(Raised) {
        let header = isFraming && frameStart < 0 ? PickleWriter.frameHeader : 0
        let (needed, overflow) = (count + header).addingReportingOverflow(n)
        if overflow { throw t.memoryError() }
        if needed > capacity {
            let larger = needed + needed / 2
            guard larger > 0, let memory = realloc(base, larger) else { throw t.memoryError() }
            base = memory.assumingMemoryBound(to: UInt8.self)
            capacity = larger
        }
        if header > 0 {
            frameStart = count
            memset(base + count, 0xFE, header)
            count += header
        }
    }

    @inline(__always) mutating func put(_ opcode: UInt8) throws(Raised) { try room(1)[0] = opcode }

    @inline(__always) mutating func put(_ opcode: UInt8, _ operand: UInt8) throws(Raised) {
        let at = try room(2)
        at[0] = opcode
        at[1] = operand
    }

    /// An opcode with an operand of `bytes` bytes.
    mutating func put(_ opcode: UInt8, _ operand: UInt64, bytes: Int) throws(Raised) {
        let at = try room(1 &+ bytes)
        at[0] = opcode
        PickleWriter.store(operand, bytes: bytes, at: at + 1)
    }

    mutating func put(raw bytes: UnsafePointer<UInt8>, _ n: Int) throws(Raised) {
        if n > 0 { memcpy(try room(n), bytes, n) }
    }

    mutating func put(_ bytes: [UInt8]) throws(Raised) {
        let at = try room(bytes.count)
        for i in 0..<bytes.count { at[i] = bytes[i] }
    }

    mutating func put(_ opcode: UInt8, line: String) throws(Raised) { try put([opcode] + Array(line.utf8) + [0x0A]) }

    /// A header and the bytes it announces. Many bytes stand outside frames; with a file they are written to it without a copy when
    /// `payload` is the object that has them.
    mutating func put(_ opcode: UInt8, size: Int, sizeBytes: Int, _ bytes: UnsafePointer<UInt8>, payload: Value) throws(Raised) {
        let isLarge = size >= PickleWriter.frameTarget
        if isLarge { closeFrame() }
        let framing = isFraming
        if isLarge { isFraming = false }
        try put(opcode, UInt64(size), bytes: sizeBytes)
        if isLarge && hasFile {
            try flush()
            let data = payload.isBound ? payload : try t.bytes(bytes, size)
            _ = try t.call(pickler.write, data)
        } else {
            try put(raw: bytes, size)
        }
        isFraming = framing
    }

    // MARK: Memo

    /// Enters the object in the memo and says so in the pickle.
    @inline(__always) mutating func memoize(_ object: Value) throws(Raised) {
        if pickler.isFast { return }
        let number = pickler.memoCount
        try pickler.setMemo(t, object, number)
        if level >= 4 { return try put(PickleOpcode.memoize) }
        if !isBinary { return try put(PickleOpcode.put, line: "\(number)") }
        if number < 256 { return try put(PickleOpcode.binPut, UInt8(truncatingIfNeeded: number)) }
        if number > 0xFFFF_FFFF { throw t.picklingError("memo id too large for LONG_BINPUT") }
        try put(PickleOpcode.longBinPut, UInt64(number), bytes: 4)
    }

    /// Refers to the memo's entry `number`.
    mutating func get(_ number: Int) throws(Raised) {
        if !isBinary { return try put(PickleOpcode.get, line: "\(number)") }
        if number < 256 { return try put(PickleOpcode.binGet, UInt8(truncatingIfNeeded: number)) }
        if number > 0xFFFF_FFFF { throw t.picklingError("memo id too large for LONG_BINGET") }
        try put(PickleOpcode.longBinGet, UInt64(number), bytes: 4)
    }
}
