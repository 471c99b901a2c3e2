// Properties of single code points, as `str` methods and `unicodedata` of CPython 3.12 (Unicode 15.0) answer them.
// Every function takes any UInt32; what lies past U+10FFFF has no properties and maps to itself.

import CTaipanTables

/// Questions about one code point, answered from the generated tables.
public enum UnicodeProperties {
    /// One bit a property, in the order of FLAGS in scripts/make_unicode_tables.py.
    public struct Flags: OptionSet, Sendable {
        public let rawValue: UInt32
        @inlinable @inline(__always) public init(rawValue: UInt32) { self.rawValue = rawValue }

        @inlinable public static var alpha: Flags { Flags(rawValue: 1 << 0) }
        @inlinable public static var decimal: Flags { Flags(rawValue: 1 << 1) }
        @inlinable public static var digit: Flags { Flags(rawValue: 1 << 2) }
        @inlinable public static var numeric: Flags { Flags(rawValue: 1 << 3) }
        @inlinable public static var lower: Flags { Flags(rawValue: 1 << 4) }
        @inlinable public static var upper: Flags { Flags(rawValue: 1 << 5) }
        @inlinable public static var title: Flags { Flags(rawValue: 1 << 6) }
        @inlinable public static var space: Flags { Flags(rawValue: 1 << 7) }
        @inlinable public static var lineBreak: Flags { Flags(rawValue: 1 << 8) }
        @inlinable public static var printable: Flags { Flags(rawValue: 1 << 9) }
        @inlinable public static var cased: Flags { Flags(rawValue: 1 << 10) }
        @inlinable public static var caseIgnorable: Flags { Flags(rawValue: 1 << 11) }
        @inlinable public static var xidStart: Flags { Flags(rawValue: 1 << 12) }
        @inlinable public static var xidContinue: Flags { Flags(rawValue: 1 << 13) }
        @inlinable public static var mirrored: Flags { Flags(rawValue: 1 << 14) }
        @inlinable public static var specialCase: Flags { Flags(rawValue: 1 << 15) }
        @inlinable public static var composesFirst: Flags { Flags(rawValue: 1 << 16) }
        @inlinable public static var composesSecond: Flags { Flags(rawValue: 1 << 17) }
        @inlinable public static var nfcNo: Flags { Flags(rawValue: 1 << 18) }
        @inlinable public static var nfdNo: Flags { Flags(rawValue: 1 << 19) }
        @inlinable public static var nfkcNo: Flags { Flags(rawValue: 1 << 20) }
        @inlinable public static var nfkdNo: Flags { Flags(rawValue: 1 << 21) }
        @inlinable public static var decomposes: Flags { Flags(rawValue: 1 << 22) }
        @inlinable public static var changesCase: Flags { Flags(rawValue: 1 << 23) }
        /// `str.isalnum`: alpha, decimal, digit or numeric.
        @inlinable public static var alphanumeric: Flags { Flags(rawValue: 0b1111) }
    }

    /// The generated record of `c`.
    @inlinable @inline(__always)
    static func record(_ c: UInt32) -> taipan_char_record {
        // U+10FFFF is unassigned and has no property.
        taipan_char(c < 0x110000 ? c : 0x10FFFF).pointee
    }

    /// All properties of `c` at once; loops that ask several questions look up once.
    @inlinable @inline(__always)
    public static func flags(_ c: UInt32) -> Flags { Flags(rawValue: record(c).flags) }

    @inlinable @inline(__always)
    static func has(_ c: UInt32, _ bit: UInt32) -> Bool { record(c).flags & (1 << bit) != 0 }

    /// `str.isalpha` of one character (categories L*).
    @inlinable public static func isAlpha(_ c: UInt32) -> Bool { has(c, 0) }
    /// `str.isdecimal` of one character.
    @inlinable public static func isDecimal(_ c: UInt32) -> Bool { has(c, 1) }
    /// `str.isdigit` of one character.
    @inlinable public static func isDigit(_ c: UInt32) -> Bool { has(c, 2) }
    /// `str.isnumeric` of one character.
    @inlinable public static func isNumeric(_ c: UInt32) -> Bool { has(c, 3) }
    /// `str.isalnum` of one character.
    @inlinable public static func isAlphanumeric(_ c: UInt32) -> Bool { record(c).flags & 0b1111 != 0 }
    /// The property Lowercase.
    @inlinable public static func isLower(_ c: UInt32) -> Bool { has(c, 4) }
    /// The property Uppercase.
    @inlinable public static func isUpper(_ c: UInt32) -> Bool { has(c, 5) }
    /// Category Lt.
    @inlinable public static func isTitle(_ c: UInt32) -> Bool { has(c, 6) }
    /// `str.isspace` of one character.
    @inlinable public static func isSpace(_ c: UInt32) -> Bool { has(c, 7) }
    /// Whether `str.splitlines` ends a line at `c`.
    @inlinable public static func isLineBreak(_ c: UInt32) -> Bool { has(c, 8) }
    /// Whether `repr` shows `c` as it is.
    @inlinable public static func isPrintable(_ c: UInt32) -> Bool { has(c, 9) }
    /// Lowercase, Uppercase or Lt.
    @inlinable public static func isCased(_ c: UInt32) -> Bool { has(c, 10) }
    /// Transparent to the final-sigma rule.
    @inlinable public static func isCaseIgnorable(_ c: UInt32) -> Bool { has(c, 11) }
    /// XID_Start; `_` is not in it.
    @inlinable public static func isXIDStart(_ c: UInt32) -> Bool { has(c, 12) }
    /// XID_Continue; `_` and digits are in it.
    @inlinable public static func isXIDContinue(_ c: UInt32) -> Bool { has(c, 13) }
    /// `unicodedata.mirrored`.
    @inlinable public static func isMirrored(_ c: UInt32) -> Bool { has(c, 14) }

    /// `unicodedata.decimal`, -1 where there is none.
    @inlinable public static func decimalValue(_ c: UInt32) -> Int {
        let value: UInt8 = record(c).decimal
        return value == 255 ? -1 : Int(value)
    }

    /// `unicodedata.digit`, -1 where there is none.
    @inlinable public static func digitValue(_ c: UInt32) -> Int {
        let value: UInt8 = record(c).digit
        return value == 255 ? -1 : Int(value)
    }

    /// `unicodedata.numeric`, nil where there is none.
    @inlinable public static func numericValue(_ c: UInt32) -> Double? {
        let r = record(c)
        return r.flags & (1 << 3) != 0 ? taipan_numeric_value(r.numeric) : nil
    }

    /// `unicodedata.combining`.
    @inlinable public static func combiningClass(_ c: UInt32) -> UInt8 { record(c).combining }

    /// `unicodedata.category`: two letters.
    public static func category(_ c: UInt32) -> StaticString {
        switch record(c).category {
        case 1: "Lu"
        case 2: "Ll"
        case 3: "Lt"
        case 4: "Mn"
        case 5: "Mc"
        case 6: "Me"
        case 7: "Nd"
        case 8: "Nl"
        case 9: "No"
        case 10: "Zs"
        case 11: "Zl"
        case 12: "Zp"
        case 13: "Cc"
        case 14: "Cf"
        case 15: "Cs"
        case 16: "Co"
        case 17: "Lm"
        case 18: "Lo"
        case 19: "Pc"
        case 20: "Pd"
        case 21: "Ps"
        case 22: "Pe"
        case 23: "Pi"
        case 24: "Pf"
        case 25: "Po"
        case 26: "Sm"
        case 27: "Sc"
        case 28: "Sk"
        case 29: "So"
        default: "Cn"
        }
    }

    /// `unicodedata.bidirectional`; empty where no class is defined.
    public static func bidirectional(_ c: UInt32) -> StaticString {
        switch record(c).bidirectional {
        case 1: "L"
        case 2: "LRE"
        case 3: "LRO"
        case 4: "R"
        case 5: "AL"
        case 6: "RLE"
        case 7: "RLO"
        case 8: "PDF"
        case 9: "EN"
        case 10: "ES"
        case 11: "ET"
        case 12: "AN"
        case 13: "CS"
        case 14: "NSM"
        case 15: "BN"
        case 16: "B"
        case 17: "S"
        case 18: "WS"
        case 19: "ON"
        case 20: "LRI"
        case 21: "RLI"
        case 22: "FSI"
        case 23: "PDI"
        default: ""
        }
    }

    /// Takes two columns of a terminal: East Asian width W or F.
    public static func isWide(_ c: UInt32) -> Bool { record(c).width == 3 || record(c).width == 4 }

    /// `unicodedata.east_asian_width`.
    public static func eastAsianWidth(_ c: UInt32) -> StaticString {
        switch record(c).width {
        case 1: "A"
        case 2: "H"
        case 3: "W"
        case 4: "F"
        case 5: "Na"
        default: "N"
        }
    }
}

// MARK: - Case

/// Up to three code points: the result of a full case mapping.
public struct CaseMapping: Equatable, Sendable {
    public let count: Int
    public let first: UInt32, second: UInt32, third: UInt32

    @inlinable @inline(__always)
    init(_ only: UInt32) {
        count = 1
        first = only
        second = 0
        third = 0
    }

    @inlinable
    init(_ count: Int, _ first: UInt32, _ second: UInt32, _ third: UInt32) {
        self.count = count
        self.first = first
        self.second = second
        self.third = third
    }

    /// Code point `index` of the result, `index` below `count`.
    @inlinable @inline(__always)
    public subscript(index: Int) -> UInt32 { index == 0 ? first : index == 1 ? second : third }
}

extension UnicodeProperties {
    /// Uppercase of `c` when one character must do: the first of the full mapping, as CPython's regular expressions use it.
    @inlinable public static func toUpper(_ c: UInt32) -> UInt32 { c &+ UInt32(bitPattern: record(c).upper) }
    /// Lowercase of `c`, first character of the full mapping.
    @inlinable public static func toLower(_ c: UInt32) -> UInt32 { c &+ UInt32(bitPattern: record(c).lower) }
    /// Titlecase of `c`, first character of the full mapping.
    @inlinable public static func toTitle(_ c: UInt32) -> UInt32 { c &+ UInt32(bitPattern: record(c).title) }

    @usableFromInline
    static func special(_ c: UInt32, _ kind: Int32) -> CaseMapping {
        var count: Int32 = 0
        guard let mapped = taipan_special_mapping(c, kind, &count) else { return CaseMapping(c) }
        return CaseMapping(
            Int(count), UInt32(mapped[0]), count > 1 ? UInt32(mapped[1]) : 0, count > 2 ? UInt32(mapped[2]) : 0)
    }

    @inlinable @inline(__always)
    static func mapping(_ c: UInt32, _ flags: UInt32, _ delta: Int32, _ kind: Int32) -> CaseMapping {
        flags & (1 << 15) == 0 ? CaseMapping(c &+ UInt32(bitPattern: delta)) : special(c, kind)
    }

    /// Full uppercase mapping.
    @inlinable public static func toUpperFull(_ c: UInt32) -> CaseMapping {
        let r = record(c)
        return mapping(c, r.flags, r.upper, 0)
    }
    /// Full lowercase mapping; the final form of sigma is the caller's (`isFinalSigma`).
    @inlinable public static func toLowerFull(_ c: UInt32) -> CaseMapping {
        let r = record(c)
        return mapping(c, r.flags, r.lower, 1)
    }
    /// Full titlecase mapping.
    @inlinable public static func toTitleFull(_ c: UInt32) -> CaseMapping {
        let r = record(c)
        return mapping(c, r.flags, r.title, 2)
    }
    /// Full case folding.
    @inlinable public static func toFoldedFull(_ c: UInt32) -> CaseMapping {
        let r = record(c)
        return mapping(c, r.flags, r.fold, 3)
    }

    /// Writes the full uppercase of `c` to `out` (room for three), returns how many code points that is.
    @inlinable public static func toUpperFull(_ c: UInt32, into out: UnsafeMutablePointer<UInt32>) -> Int {
        store(toUpperFull(c), out)
    }
    /// Writes the full lowercase of `c` to `out` (room for three), returns how many code points that is.
    @inlinable public static func toLowerFull(_ c: UInt32, into out: UnsafeMutablePointer<UInt32>) -> Int {
        store(toLowerFull(c), out)
    }
    /// Writes the full titlecase of `c` to `out` (room for three), returns how many code points that is.
    @inlinable public static func toTitleFull(_ c: UInt32, into out: UnsafeMutablePointer<UInt32>) -> Int {
        store(toTitleFull(c), out)
    }
    /// Writes the full case folding of `c` to `out` (room for three), returns how many code points that is.
    @inlinable public static func toFoldedFull(_ c: UInt32, into out: UnsafeMutablePointer<UInt32>) -> Int {
        store(toFoldedFull(c), out)
    }

    @inlinable
    static func store(_ mapping: CaseMapping, _ out: UnsafeMutablePointer<UInt32>) -> Int {
        out[0] = mapping.first
        if mapping.count > 1 { out[1] = mapping.second }
        if mapping.count > 2 { out[2] = mapping.third }
        return mapping.count
    }

    /// Whether the capital sigma at `index` becomes a final sigma (U+03C2) in lowercase: a cased character stands
    /// before it and none after it, case-ignorable ones not counted.
    @inlinable
    public static func isFinalSigma<Unit: FixedWidthInteger & UnsignedInteger>(
        _ text: UnsafeBufferPointer<Unit>, at index: Int
    ) -> Bool {
        var i = index - 1
        while i >= 0, isCaseIgnorable(UInt32(truncatingIfNeeded: text[i])) { i -= 1 }
        guard i >= 0, isCased(UInt32(truncatingIfNeeded: text[i])) else { return false }
        i = index + 1
        while i < text.count, isCaseIgnorable(UInt32(truncatingIfNeeded: text[i])) { i += 1 }
        return i == text.count || !isCased(UInt32(truncatingIfNeeded: text[i]))
    }
}
