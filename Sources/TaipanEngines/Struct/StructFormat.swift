// Format strings of the `struct` module: from text to a list of items with offsets.
//
// The format's first character chooses byte order, sizes and alignment: `@` (or nothing) native with alignment, `=`
// native order with standard sizes, `<` little, `>` and `!` big endian. Blanks between items are skipped.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Why a format string is none. `text` is CPython's message (for `struct.error`; `noMemory` is MemoryError).
public enum StructFormatError: Error, Equatable, Sendable {
    case embeddedNull, badCharacter, countAlone, tooLong, noMemory

    /// CPython's wording.
    public var text: StaticString {
        switch self {
        case .embeddedNull: return "embedded null character"
        case .badCharacter: return "bad char in struct format"
        case .countAlone: return "repeat count given without format specifier"
        case .tooLong: return "total struct size too long"
        case .noMemory: return ""
        }
    }
}

/// What one code letter stands for, once byte order and size are settled.
public enum StructKind: UInt8, Sendable {
    case char, bool, signed, unsigned, half, float, double, bytes, pascal
    /// `P`: packs like an unsigned integer but takes negative ones too, with its own message.
    case pointer
}

/// A run of equal values in a struct.
public struct StructItem: Sendable {
    /// Where the first one stands.
    public let offset: Int
    /// Bytes of one value; for `s` and `p` the whole field.
    public let size: Int
    /// Values in the run (1 for `s` and `p`).
    public let count: Int
    /// The format letter, for messages.
    public let letter: UInt8
    public let kind: StructKind
    public let isBigEndian: Bool
    /// Native mode lets `f` overflow to infinity.
    public let isNative: Bool
}

/// A parsed format: trivial, over memory of its own; `deallocate()` ends it.
public struct StructFormat: @unchecked Sendable {
    /// Bytes of the whole struct.
    public let size: Int
    /// How many Python values it holds.
    public let valueCount: Int
    /// Its runs.
    public let items: UnsafeBufferPointer<StructItem>

    /// Frees the item list.
    public func deallocate() { items.deallocate() }

    /// Parses a format; the bytes need no terminator.
    public static func parse(_ format: UnsafeBufferPointer<UInt8>) -> Result<StructFormat, StructFormatError> {
        var parser = StructParser(format)
        if let error = parser.parse() { return .failure(error) }
        let items = UnsafeMutableBufferPointer<StructItem>.allocate(capacity: max(parser.items.count, 1))
        let (_, used) = items.initialize(from: parser.items)
        return .success(StructFormat(
            size: parser.size, valueCount: parser.values,
            items: UnsafeBufferPointer(rebasing: items[..<used])))
    }
}

private struct StructParser {
    let format: UnsafeBufferPointer<UInt8>
    var at = 0
    var size = 0
    var values = 0
    var items: [StructItem] = []
    var isNative = true
    var isBigEndian = 1.bigEndian == 1


    init(_ format: UnsafeBufferPointer<UInt8>) {
        self.format = format
    }

    mutating func parse() -> StructFormatError? {
        if format.contains(0) { return .embeddedNull }
        chooseMode()
        while at < format.count {
            let letter = format[at]
            at &+= 1
            if letter == 32 || letter &- 9 < 5 { continue }
            var count = 1, code = letter
            if letter &- 48 < 10 {
                switch number(Int(letter &- 48)) {
                case .failure(let error): return error
                case .success(let value): count = value
                }
                guard at < format.count else { return .countAlone }
                code = format[at]
                at &+= 1
            }
            if let error = add(code, count) { return error }
        }
        return nil
    }

    private mutating func chooseMode() {
        guard let first = format.first else { return }
        switch first {
        case UInt8(ascii: "@"): break
        case UInt8(ascii: "="): isNative = false
        case UInt8(ascii: "<"):
            isNative = false
            isBigEndian = false
        case UInt8(ascii: ">"), UInt8(ascii: "!"):
            isNative = false
            isBigEndian = true
        default: return
        }
        at = 1
    }

    private mutating func number(_ first: Int) -> Result<Int, StructFormatError> {
        var value = first
        while at < format.count, format[at] &- 48 < 10 {
            let (tens, over) = value.multipliedReportingOverflow(by: 10)
            let (sum, over2) = tens.addingReportingOverflow(Int(format[at] &- 48))
            if over || over2 { return .failure(.tooLong) }
            value = sum
            at &+= 1
        }
        return .success(value)
    }

    private mutating func add(_ letter: UInt8, _ count: Int) -> StructFormatError? {
        guard let (unit, kind) = meaning(letter) else { return .badCharacter }
        if isNative && unit > 1 {
            let rest = size % unit
            if rest != 0 {
                guard size <= Int.max &- (unit &- rest) else { return .tooLong }
                size &+= unit &- rest
            }
        }
        guard count <= (Int.max &- size) / unit else { return .tooLong }
        let isField = kind == .bytes || kind == .pascal
        if letter != UInt8(ascii: "x") && (isField || count > 0) {
            items.append(StructItem(
                offset: size, size: isField ? count : unit, count: isField ? 1 : count, letter: letter,
                kind: kind, isBigEndian: isBigEndian, isNative: isNative))
            let (sum, over) = values.addingReportingOverflow(isField ? 1 : count)
            if over { return .tooLong }
            values = sum
        }
        size &+= count &* unit
        return nil
    }

    /// Size and kind of a letter in the chosen mode. (`x` counts as char; it makes no item.)
    private func meaning(_ letter: UInt8) -> (Int, StructKind)? {
        switch letter {
        case UInt8(ascii: "x"), UInt8(ascii: "c"): return (1, .char)
        case UInt8(ascii: "b"): return (1, .signed)
        case UInt8(ascii: "B"): return (1, .unsigned)
        case UInt8(ascii: "?"): return (1, .bool)
        case UInt8(ascii: "h"): return (2, .signed)
        case UInt8(ascii: "H"): return (2, .unsigned)
        case UInt8(ascii: "i"): return (4, .signed)
        case UInt8(ascii: "I"): return (4, .unsigned)
        case UInt8(ascii: "l"): return (isNative ? MemoryLayout<CLong>.size : 4, .signed)
        case UInt8(ascii: "L"): return (isNative ? MemoryLayout<CLong>.size : 4, .unsigned)
        case UInt8(ascii: "q"): return (8, .signed)
        case UInt8(ascii: "Q"): return (8, .unsigned)
        case UInt8(ascii: "n"): return isNative ? (8, .signed) : nil
        case UInt8(ascii: "N"): return isNative ? (8, .unsigned) : nil
        case UInt8(ascii: "P"): return isNative ? (8, .pointer) : nil
        case UInt8(ascii: "e"): return (2, .half)
        case UInt8(ascii: "f"): return (4, .float)
        case UInt8(ascii: "d"): return (8, .double)
        case UInt8(ascii: "s"): return (1, .bytes)
        case UInt8(ascii: "p"): return (1, .pascal)
        default: return nil
        }
    }
}
