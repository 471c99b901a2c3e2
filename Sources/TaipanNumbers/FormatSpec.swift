// The format-spec mini-language: `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`,
// parsed with CPython 3.12's checks, in its order, with its texts. What a spec does to a number stands in
// FormatNumber.swift.

/// What formatting may raise: the exception's kind and CPython's text.
public struct FormatError: Error, Equatable, Sendable {
    /// The exception type.
    public enum Kind: Sendable {
        case valueError, overflowError
        /// MemoryError: the width asks for more than there can be. It has no text.
        case memoryError
    }
    /// The exception type.
    public let kind: Kind
    /// The exception's text.
    public let message: String

    /// Puts an error together.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// A ValueError.
    init(_ message: String) { self.init(.valueError, message) }
}

/// A parsed format spec.
public struct FormatSpec: Equatable, Sendable {
    /// How digits are grouped.
    public enum Grouping: Sendable {
        case none, comma, underscore
        /// Underscores every four digits, for bases 2, 8 and 16.
        case underscoreByFour
    }

    /// The code point that pads.
    public var fill: UInt32 = 0x20
    /// `<`, `>`, `^` or `=`.
    public var align: UInt32
    /// `+`, `-` or space; 0 when not given.
    public var sign: UInt32 = 0
    /// The `z` option: negative zero becomes positive.
    public var positiveZero = false
    /// The `#` option.
    public var alternate = false
    /// The minimum width; -1 when not given.
    public var width = -1
    public var grouping = Grouping.none
    /// The precision; -1 when not given.
    public var precision = -1
    /// The type's code point; 0 when neither given nor defaulted.
    public var type: UInt32

    /// Parses `text` for an object of type `typeName`.
    ///
    /// - Parameters:
    ///   - defaultType: the type code point that holds when none is given (`s` for str, `d` for int, 0 for float).
    ///   - defaultAlign: `<` for str, `>` for numbers.
    ///   - decimal: the value of a decimal digit (any script's) or nil; ASCII unless given.
    public init(_ text: [UInt32], defaultType: UInt32, defaultAlign: UInt32, typeName: String,
                decimal: (UInt32) -> Int? = FormatSpec.asciiDecimal) throws(FormatError) {
        align = defaultAlign
        type = defaultType
        var scanner = Scanner(text: text)
        let (fillGiven, alignGiven) = scanner.alignment(&self)
        if let c = scanner.peek, c == 0x2B || c == 0x2D || c == 0x20 {
            sign = c
            scanner.position += 1
        }
        positiveZero = scanner.take(0x7A)
        alternate = scanner.take(0x23)
        if !fillGiven && scanner.take(0x30) {
            fill = 0x30
            if !alignGiven && defaultAlign == 0x3E { align = 0x3D }
        }
        width = try scanner.integer(decimal) ?? -1
        try scanner.grouping(&self)
        if scanner.take(0x2E) {
            guard let value = try scanner.integer(decimal) else { throw FormatError("Format specifier missing precision") }
            precision = value
        }
        if text.count - scanner.position > 1 {
            throw FormatError("Invalid format specifier '\(FormatSpec.swiftString(text))' for object of type '\(typeName)'")
        }
        if let c = scanner.peek { type = c }
        try checkGrouping()
    }

    /// A spec for str: type `s`, aligned left.
    public static func string(_ text: [UInt32], typeName: String = "str",
                              decimal: (UInt32) -> Int? = FormatSpec.asciiDecimal) throws(FormatError) -> FormatSpec {
        try FormatSpec(text, defaultType: 0x73, defaultAlign: 0x3C, typeName: typeName, decimal: decimal)
    }

    /// A spec for int: type `d`, aligned right.
    public static func integer(_ text: [UInt32], typeName: String = "int",
                               decimal: (UInt32) -> Int? = FormatSpec.asciiDecimal) throws(FormatError) -> FormatSpec {
        try FormatSpec(text, defaultType: 0x64, defaultAlign: 0x3E, typeName: typeName, decimal: decimal)
    }

    /// A spec for float or complex: no default type, aligned right.
    public static func float(_ text: [UInt32], typeName: String = "float",
                             decimal: (UInt32) -> Int? = FormatSpec.asciiDecimal) throws(FormatError) -> FormatSpec {
        try FormatSpec(text, defaultType: 0, defaultAlign: 0x3E, typeName: typeName, decimal: decimal)
    }

    /// The value of an ASCII digit.
    public static func asciiDecimal(_ c: UInt32) -> Int? {
        c >= 0x30 && c <= 0x39 ? Int(c - 0x30) : nil
    }

    static func swiftString(_ text: [UInt32]) -> String {
        var s = String.UnicodeScalarView()
        for c in text { s.append(Unicode.Scalar(c) ?? "\u{FFFD}") }
        return String(s)
    }

    private func checkGrouping() throws(FormatError) {
        if grouping == .none { return }
        switch type {
        case 0, 0x64, 0x65, 0x66, 0x67, 0x45, 0x46, 0x47, 0x25: return
        case 0x62, 0x6F, 0x78, 0x58:
            if grouping != .comma { return }
        default: break
        }
        let separator = grouping == .comma ? "," : "_"
        throw FormatError("Cannot specify '\(separator)' with '\(FormatSpec.shown(type))'.")
    }

    /// A type code as messages show it: itself, or `\x` and its number outside of printable ASCII.
    static func shown(_ type: UInt32) -> String {
        type > 32 && type < 128 ? FormatSpec.swiftString([type]) : "\\x" + String(type, radix: 16)
    }

    /// The error for a type code that the object's type does not know.
    func unknownType(_ typeName: String) -> FormatError {
        FormatError("Unknown format code '\(FormatSpec.shown(type))' for object of type '\(typeName)'")
    }

    /// Whether the result is ASCII whenever the formatted thing is.
    public var isASCII: Bool { fill < 128 && type != 0x6E }

    // MARK: str

    /// How a string of `length` code points is laid out: how many of them, and how much fill on either side.
    public func layOutString(length: Int, typeName: String = "str") throws(FormatError) -> (take: Int, left: Int, right: Int) {
        if type != 0x73 { throw unknownType(typeName) }
        if sign == 0x20 { throw FormatError("Space not allowed in string format specifier") }
        if sign != 0 { throw FormatError("Sign not allowed in string format specifier") }
        if positiveZero { throw FormatError("Negative zero coercion (z) not allowed in string format specifier") }
        if alternate { throw FormatError("Alternate form (#) not allowed in string format specifier") }
        if align == 0x3D { throw FormatError("'=' alignment not allowed in string format specifier") }
        if width > FormatSpec.longest { throw FormatError(.memoryError, "") }
        let take = precision >= 0 && precision < length ? precision : length
        let (left, right) = padding(take)
        return (take, left, right)
    }

    /// The longest text that is made: beyond it formatting raises MemoryError, where an allocation would end the process.
    static let longest = 1 &<< 30

    func checkWidth() throws(FormatError) {
        if width > FormatSpec.longest || precision > FormatSpec.longest { throw FormatError(.memoryError, "") }
    }

    /// Fill on the left and on the right of something `count` wide; `=` counts as left.
    func padding(_ count: Int) -> (left: Int, right: Int) {
        let total = max(width - count, 0)
        switch align {
        case 0x3C: return (0, total)
        case 0x5E: return (total / 2, total - total / 2)
        default: return (total, 0)
        }
    }
}

/// A position in a format spec.
private struct Scanner {
    let text: [UInt32]
    var position = 0

    init(text: [UInt32]) { self.text = text }

    var peek: UInt32? { position < text.count ? text[position] : nil }

    mutating func take(_ c: UInt32) -> Bool {
        if peek != c { return false }
        position += 1
        return true
    }

    /// Fill and alignment; whether each was given.
    mutating func alignment(_ spec: inout FormatSpec) -> (fill: Bool, align: Bool) {
        func isAlign(_ c: UInt32) -> Bool { c == 0x3C || c == 0x3E || c == 0x3D || c == 0x5E }
        if text.count >= 2 && isAlign(text[1]) {
            spec.fill = text[0]
            spec.align = text[1]
            position = 2
            return (true, true)
        }
        if let first = peek, isAlign(first) {
            spec.align = first
            position = 1
            return (false, true)
        }
        return (false, false)
    }

    /// A run of decimal digits, nil if there is none.
    mutating func integer(_ decimal: (UInt32) -> Int?) throws(FormatError) -> Int? {
        var value = 0, any = false
        while let c = peek, let digit = decimal(c) {
            if value > (Int.max - digit) / 10 { throw FormatError("Too many decimal digits in format string") }
            value = value * 10 + digit
            any = true
            position += 1
        }
        return any ? value : nil
    }

    mutating func grouping(_ spec: inout FormatSpec) throws(FormatError) {
        let both = "Cannot specify both ',' and '_'."
        if take(0x2C) { spec.grouping = .comma }
        if peek == 0x5F {
            if spec.grouping != .none { throw FormatError(both) }
            spec.grouping = .underscore
            position += 1
        }
        if peek == 0x2C && spec.grouping == .underscore { throw FormatError(both) }
        guard spec.grouping == .underscore else { return }
        // Bases 2, 8 and 16 group by four; their type is the last character.
        if let last = text.last, last == 0x62 || last == 0x6F || last == 0x78 || last == 0x58 { spec.grouping = .underscoreByFour }
    }
}
