// co_linetable: a source range for every code unit (PEP 626, PEP 657). An entry is a byte `1 form:4 length-1:3` and the
// form's numbers, least significant group of six bits first, bit 6 for "more follows".

/// A range of source text. Lines count from 1, columns are byte offsets from 0; -1 stands for "unknown".
public struct SourceRange: Sendable, Equatable {
    public var line: Int32
    public var endLine: Int32
    public var column: Int32
    public var endColumn: Int32

    public init(line: Int, endLine: Int, column: Int, endColumn: Int) {
        self.line = Int32(clamping: line)
        self.endLine = Int32(clamping: endLine)
        self.column = Int32(clamping: column)
        self.endColumn = Int32(clamping: endColumn)
    }

    @inlinable
    public init(_ line: Int32, _ endLine: Int32, _ column: Int32, _ endColumn: Int32) {
        self.line = line
        self.endLine = endLine
        self.column = column
        self.endColumn = endColumn
    }

    /// No location at all.
    public static var none: SourceRange { SourceRange(-1, -1, -1, -1) }
}

/// A run of code units with one source range. Offsets are bytes in `co_code`.
public struct LocationEntry: Sendable, Equatable {
    public let start: Int
    public let end: Int
    public let range: SourceRange
}

/// The entries of a location table, in order. A table that is cut short ends early.
public struct LocationTable: Sequence, IteratorProtocol, Sendable {
    private let bytes: [UInt8]
    private var at = 0
    private var offset = 0
    private var line: Int

    /// - Parameters:
    ///   - bytes: `co_linetable`.
    ///   - firstLine: `co_firstlineno`.
    public init(_ bytes: [UInt8], firstLine: Int) {
        self.bytes = bytes
        line = firstLine
    }

    /// The table of a code object.
    public init(_ code: CodeObject) { self.init(code.linetable, firstLine: code.firstlineno) }

    public mutating func next() -> LocationEntry? {
        guard let first = byte() else { return nil }
        let start = offset
        offset += (first & 7 + 1) * 2
        guard let range = range(form: first >> 3 & 15) else { return nil }
        return LocationEntry(start: start, end: offset, range: range)
    }

    private mutating func range(form: Int) -> SourceRange? {
        switch form {
        case 15:
            return SourceRange.none
        case 14:
            guard let delta = signed(), let lines = unsigned(), let column = unsigned(), let end = unsigned() else { return nil }
            line &+= delta
            return SourceRange(line: line, endLine: line &+ lines, column: column - 1, endColumn: end - 1)
        case 13:
            guard let delta = signed() else { return nil }
            line &+= delta
            return SourceRange(line: line, endLine: line, column: -1, endColumn: -1)
        case 10...12:
            guard let column = byte(), let end = byte() else { return nil }
            line &+= form - 10
            return SourceRange(line: line, endLine: line, column: column, endColumn: end)
        default:
            guard let low = byte() else { return nil }
            let column = form << 3 | low >> 4 & 7
            return SourceRange(line: line, endLine: line, column: column, endColumn: column + low & 15)
        }
    }

    private mutating func byte() -> Int? {
        guard at < bytes.count else { return nil }
        at += 1
        return Int(bytes[at - 1])
    }

    private mutating func unsigned() -> Int? {
        var value = 0
        var shift = 0
        while let byte = byte() {
            if shift < 60 { value |= (byte & 0x3F) << shift }
            shift += 6
            if byte & 0x40 == 0 { return value }
        }
        return nil
    }

    private mutating func signed() -> Int? {
        guard let value = unsigned() else { return nil }
        return value & 1 != 0 ? -(value >> 1) : value >> 1
    }

    /// The source range of the unit at byte `offset`, or `.none`.
    public static func range(in code: CodeObject, at offset: Int) -> SourceRange {
        for entry in LocationTable(code) where offset < entry.end { return entry.range }
        return .none
    }

    /// What `co_lines()` yields: runs of code with one line number, nil where there is none.
    public static func lines(of code: CodeObject) -> [(start: Int, end: Int, line: Int?)] {
        var result: [(start: Int, end: Int, line: Int?)] = []
        for entry in LocationTable(code) {
            let line: Int? = entry.range.line < 0 ? nil : Int(entry.range.line)
            if let last = result.last, last.line == line {
                result[result.count - 1].end = entry.end
            } else {
                result.append((entry.start, entry.end, line))
            }
        }
        return result
    }
}

/// Encodes a location table, one run of instructions after another.
public struct LocationTableWriter: Sendable {
    /// The table so far.
    public private(set) var bytes: [UInt8] = []
    private var line: Int

    /// - Parameter firstLine: `co_firstlineno`.
    public init(firstLine: Int) { line = firstLine }

    /// Appends `units` code units that all have the location `range`.
    public mutating func append(_ range: SourceRange, units: Int) {
        var rest = units
        while rest > 8 {
            entry(range, 8)
            rest -= 8
        }
        if rest > 0 { entry(range, rest) }
    }

    private mutating func entry(_ range: SourceRange, _ units: Int) {
        guard range.line >= 0 else { return head(15, units) }
        let delta = Int(range.line) - line
        let column = Int(range.column), end = Int(range.endColumn)
        line = Int(range.line)
        if column < 0 || end < 0 {
            if range.endLine == range.line || range.endLine == -1 {
                head(13, units)
                return signed(delta)
            }
        } else if range.endLine == range.line {
            if delta == 0 && column < 80 && end >= column && end - column < 16 {
                head(column >> 3, units)
                return bytes.append(UInt8((column & 7) << 4 | (end - column)))
            }
            if delta >= 0 && delta < 3 && column < 128 && end < 128 {
                head(10 + delta, units)
                bytes.append(UInt8(column))
                return bytes.append(UInt8(end))
            }
        }
        head(14, units)
        signed(delta)
        unsigned(Int(range.endLine) - Int(range.line))
        unsigned(column + 1)
        unsigned(end + 1)
    }

    private mutating func head(_ form: Int, _ units: Int) {
        bytes.append(UInt8(0x80 | form << 3 | (units - 1)))
    }

    private mutating func unsigned(_ value: Int) {
        var rest = UInt(bitPattern: value)
        while rest >= 64 {
            bytes.append(UInt8(truncatingIfNeeded: rest & 0x3F | 0x40))
            rest >>= 6
        }
        bytes.append(UInt8(rest))
    }

    private mutating func signed(_ value: Int) {
        unsigned(value < 0 ? -value << 1 | 1 : value << 1)
    }
}
