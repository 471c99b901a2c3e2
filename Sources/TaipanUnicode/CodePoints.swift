// Text as the codecs see it: a borrowed run of code points one, two or four bytes wide, and the growable buffers
// codecs write to. The buffers own plain memory outside any object heap; their user copies the result where it belongs.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A borrowed run of code points, each stored in `width` bytes (1, 2 or 4).
public struct CodePoints {
    public let base: UnsafeRawPointer
    public let count: Int
    public let width: Int

    @inlinable
    public init(base: UnsafeRawPointer, count: Int, width: Int) {
        self.base = base
        self.count = count
        self.width = width
    }

    /// Borrows the elements of a buffer; an empty buffer gives empty text.
    @inlinable
    public init<Unit: FixedWidthInteger & UnsignedInteger>(_ units: UnsafeBufferPointer<Unit>) {
        // Any aligned address does for no elements.
        base = UnsafeRawPointer(units.baseAddress) ?? UnsafeRawPointer(bitPattern: 16)!
        count = units.count
        width = MemoryLayout<Unit>.size
    }

    @inlinable @inline(__always)
    public func units<Unit>(_: Unit.Type) -> UnsafeBufferPointer<Unit> {
        UnsafeBufferPointer(start: base.assumingMemoryBound(to: Unit.self), count: count)
    }

    @inlinable
    public subscript(index: Int) -> UInt32 {
        switch width {
        case 1: UInt32(base.load(fromByteOffset: index, as: UInt8.self))
        case 2: UInt32(base.load(fromByteOffset: index &* 2, as: UInt16.self))
        default: base.load(fromByteOffset: index &* 4, as: UInt32.self)
        }
    }

    /// All code points or-ed together: enough to tell ASCII, Latin-1 and the BMP apart.
    public func mask() -> UInt32 {
        switch width {
        case 1: units(UInt8.self).reduce(0) { $0 | UInt32($1) }
        case 2: units(UInt16.self).reduce(0) { $0 | UInt32($1) }
        default: units(UInt32.self).reduce(0) { $0 | $1 }
        }
    }

    /// Copies the text to `target` as units of `targetWidth` bytes, which must be wide enough.
    public func copy(to target: UnsafeMutableRawPointer, width targetWidth: Int) {
        if width == targetWidth {
            if count > 0 { target.copyMemory(from: base, byteCount: count * width) }
            return
        }
        switch (width, targetWidth) {
        case (1, 2): Self.convert(units(UInt8.self), target.assumingMemoryBound(to: UInt16.self))
        case (1, _): Self.convert(units(UInt8.self), target.assumingMemoryBound(to: UInt32.self))
        case (2, 1): Self.convert(units(UInt16.self), target.assumingMemoryBound(to: UInt8.self))
        case (2, _): Self.convert(units(UInt16.self), target.assumingMemoryBound(to: UInt32.self))
        case (_, 1): Self.convert(units(UInt32.self), target.assumingMemoryBound(to: UInt8.self))
        default: Self.convert(units(UInt32.self), target.assumingMemoryBound(to: UInt16.self))
        }
    }

    @inline(__always)
    static func convert<From: FixedWidthInteger, To: FixedWidthInteger>(
        _ source: UnsafeBufferPointer<From>, _ target: UnsafeMutablePointer<To>
    ) {
        for i in 0..<source.count { target[i] = To(truncatingIfNeeded: source[i]) }
    }

    /// Bytes a unit needs for text whose code points or to `mask`.
    @inlinable
    public static func width(forMask mask: UInt32) -> Int { mask < 0x100 ? 1 : mask < 0x10000 ? 2 : 4 }
}

/// Growing text: starts one byte wide and widens when a code point asks for it.
public struct CodePointSink: ~Copyable {
    public private(set) var count = 0
    public private(set) var width = 1
    /// All appended code points or-ed together.
    public private(set) var mask: UInt32 = 0
    /// Set once memory ran out; what was appended after that is lost.
    public private(set) var isOutOfMemory = false
    private var capacity = 0
    private var storage: UnsafeMutableRawPointer?

    public init() {}

    deinit { free(storage) }

    /// Makes room for `extra` code points that or to `mask`, and counts `mask` in. False when memory ran out.
    @discardableResult
    public mutating func reserve(_ extra: Int, mask newMask: UInt32 = 0) -> Bool {
        mask |= newMask
        let needed = max(width, CodePoints.width(forMask: mask))
        let (room, overflow) = count.addingReportingOverflow(extra)
        if !overflow, needed == width, room <= capacity { return !isOutOfMemory }
        let target = max(room, capacity + capacity / 2, 64)
        guard !isOutOfMemory, !overflow, target < Int.max / 4 else {
            isOutOfMemory = true
            return false
        }
        if needed == width {
            guard let grown = realloc(storage, target * width) else {
                isOutOfMemory = true
                return false
            }
            storage = grown
        } else {
            guard let grown = malloc(target * needed) else {
                isOutOfMemory = true
                return false
            }
            if let storage { CodePoints(base: storage, count: count, width: width).copy(to: grown, width: needed) }
            free(storage)
            storage = grown
            width = needed
        }
        capacity = target
        return true
    }

    /// Appends one code point.
    public mutating func append(_ c: UInt32) {
        mask |= c
        if count == capacity || c > 0xFF { guard reserve(1) else { return } }
        guard let storage else { return }
        switch width {
        case 1: storage.storeBytes(of: UInt8(truncatingIfNeeded: c), toByteOffset: count, as: UInt8.self)
        case 2: storage.storeBytes(of: UInt16(truncatingIfNeeded: c), toByteOffset: count * 2, as: UInt16.self)
        default: storage.storeBytes(of: c, toByteOffset: count * 4, as: UInt32.self)
        }
        count += 1
    }

    /// Appends a run of text.
    public mutating func append(contentsOf text: CodePoints) {
        guard text.count > 0, reserve(text.count, mask: text.mask()) else { return }
        text.copy(to: end(), width: width)
        count += text.count
    }

    /// Where the next code point goes; `reserve` came before.
    func end() -> UnsafeMutableRawPointer {
        storage! + count * width
    }

    /// Counts `added` code points written at `end()`.
    mutating func advance(_ added: Int) { count += added }

    /// Drops everything from `newCount` on.
    public mutating func truncate(to newCount: Int) {
        guard newCount < count else { return }
        count = newCount
        mask = withText { $0.mask() }
    }

    /// The text so far, borrowed for the call. Its width may be more than `mask` needs after `truncate`.
    public func withText<R>(_ body: (CodePoints) throws -> R) rethrows -> R {
        let base = UnsafeRawPointer(storage) ?? UnsafeRawPointer(bitPattern: 16)!
        return try body(CodePoints(base: base, count: count, width: width))
    }
}

/// Growing bytes.
public struct ByteSink: ~Copyable {
    public private(set) var count = 0
    /// Set once memory ran out; what was appended after that is lost.
    public private(set) var isOutOfMemory = false
    private var capacity = 0
    private var storage: UnsafeMutablePointer<UInt8>?

    public init() {}

    deinit { free(storage) }

    /// Makes room for `extra` more bytes. False when memory ran out.
    @discardableResult
    public mutating func reserve(_ extra: Int) -> Bool {
        let (room, overflow) = count.addingReportingOverflow(extra)
        if !overflow, room <= capacity { return !isOutOfMemory }
        let target = overflow ? Int.max : max(room, capacity + capacity / 2, 64)
        guard !isOutOfMemory, !overflow, let grown = realloc(storage, target) else {
            isOutOfMemory = true
            return false
        }
        storage = grown.assumingMemoryBound(to: UInt8.self)
        capacity = target
        return true
    }

    /// Appends one byte.
    public mutating func append(_ byte: UInt8) {
        if count == capacity { guard reserve(1) else { return } }
        guard let storage else { return }
        storage[count] = byte
        count += 1
    }

    /// Appends a run of bytes.
    public mutating func append(contentsOf bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count > 0, let source = bytes.baseAddress, reserve(bytes.count) else { return }
        end().update(from: source, count: bytes.count)
        count += bytes.count
    }

    /// Appends ASCII text.
    public mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Where the next byte goes; `reserve` came before.
    func end() -> UnsafeMutablePointer<UInt8> { storage! + count }

    mutating func advance(_ added: Int) { count += added }

    /// The bytes so far, borrowed for the call.
    public func withBytes<R>(_ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R {
        try body(UnsafeBufferPointer(start: storage, count: count))
    }
}

/// What a codec could not do: the offending range of its input and CPython's reason, for `UnicodeDecodeError`,
/// `UnicodeEncodeError` and the error handlers.
public struct CodecError: Sendable {
    public let start: Int
    public let end: Int
    public let reason: StaticString

    @inlinable
    public init(start: Int, end: Int, reason: StaticString) {
        self.start = start
        self.end = end
        self.reason = reason
    }
}

/// How far a codec got: `position` is the first unit of input not dealt with. With an `error` that is its start; the
/// caller applies its error handler, appends the replacement to the sink and goes on where the handler says.
/// Without one it is the end of the input, or the start of an unfinished sequence when more input was announced.
public struct CodecProgress: Sendable {
    public let position: Int
    public let error: CodecError?

    @inlinable
    public init(position: Int, error: CodecError? = nil) {
        self.position = position
        self.error = error
    }

    @inlinable
    init(_ start: Int, _ end: Int, _ reason: StaticString) {
        position = start
        error = CodecError(start: start, end: end, reason: reason)
    }
}
