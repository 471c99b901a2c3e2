// co_exceptiontable: which handler guards which instructions. Entries are sorted and do not overlap; numbers are
// big-endian groups of six bits, bit 6 says that more follow, bit 7 marks the first byte of an entry.

/// One guarded range of code. Offsets are bytes in `co_code`.
public struct ExceptionEntry: Sendable, Equatable {
    /// The first guarded byte.
    public let start: Int
    /// The end of the range, exclusive.
    public let end: Int
    /// Where the handler begins.
    public let target: Int
    /// To what depth the stack is cut before the exception is pushed.
    public let depth: Int
    /// Whether the offset of the raising instruction is pushed below the exception.
    public let lasti: Bool

    public init(start: Int, end: Int, target: Int, depth: Int, lasti: Bool) {
        self.start = start
        self.end = end
        self.target = target
        self.depth = depth
        self.lasti = lasti
    }
}

/// The entries of an exception table, in order. A table that is cut short ends early.
public struct ExceptionTable: Sequence, IteratorProtocol, Sendable {
    private let bytes: [UInt8]
    private var at = 0

    /// - Parameter bytes: `co_exceptiontable`.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public mutating func next() -> ExceptionEntry? {
        guard let start = number(), let size = number(), let target = number(), let last = number() else { return nil }
        return ExceptionEntry(
            start: start * 2, end: (start &+ size) &* 2, target: target * 2, depth: last >> 1, lasti: last & 1 != 0)
    }

    private mutating func number() -> Int? {
        var value = 0
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            value = (value & 0xFF_FFFF_FFFF) << 6 | Int(byte & 0x3F)
            if byte & 0x40 == 0 { return value }
        }
        return nil
    }

    /// The handler that guards the instruction at byte offset `offset`.
    public static func handler(in bytes: [UInt8], at offset: Int) -> ExceptionEntry? {
        for entry in ExceptionTable(bytes) {
            if entry.start > offset { return nil }
            if offset < entry.end { return entry }
        }
        return nil
    }

    /// Appends the encoding of `entry` to `bytes`.
    public static func append(_ entry: ExceptionEntry, to bytes: inout [UInt8]) {
        let mark = bytes.count
        append(number: entry.start / 2, to: &bytes)
        bytes[mark] |= 0x80
        append(number: (entry.end - entry.start) / 2, to: &bytes)
        append(number: entry.target / 2, to: &bytes)
        append(number: entry.depth << 1 | (entry.lasti ? 1 : 0), to: &bytes)
    }

    private static func append(number value: Int, to bytes: inout [UInt8]) {
        var shift = 0
        while value >> (shift + 6) != 0 { shift += 6 }
        while shift > 0 {
            bytes.append(0x40 | UInt8(truncatingIfNeeded: value >> shift & 0x3F))
            shift -= 6
        }
        bytes.append(UInt8(truncatingIfNeeded: value & 0x3F))
    }
}
