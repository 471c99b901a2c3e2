// Character names, both ways: `unicodedata.name`, `unicodedata.lookup` and `\N{…}`.
//
// Hangul syllables and unified ideographs are named by rule, all others from the packed table. As in CPython, the
// names by rule are matched with case, the others without.

import CTaipanTables

public enum UnicodeNames {
    private static let hangulPrefix: StaticString = "HANGUL SYLLABLE "
    private static let ideographPrefix: StaticString = "CJK UNIFIED IDEOGRAPH-"

    // MARK: Code point to name

    /// The name of `c` in ASCII, nil if it has none.
    public static func name(of c: UInt32) -> String? {
        if c &- 0xAC00 < 11172 { return hangulName(c - 0xAC00) }
        if taipan_is_ideograph(c) != 0 { return "\(ideographPrefix)\(String(c, radix: 16, uppercase: true))" }
        guard let run = taipan_named_run(c) else { return nil }
        return withSpelling(run.pointee.entry + (c - run.pointee.first)) { String(decoding: $0, as: UTF8.self) }
    }

    private static func withSpelling<R>(_ entry: UInt32, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { buffer in
            let length = Int(taipan_spell_name(entry, buffer.baseAddress))
            return body(UnsafeBufferPointer(rebasing: buffer[0..<length]))
        }
    }

    private static func leading(_ index: Int) -> StaticString {
        switch index {
        case 0: "G"
        case 1: "GG"
        case 2: "N"
        case 3: "D"
        case 4: "DD"
        case 5: "R"
        case 6: "M"
        case 7: "B"
        case 8: "BB"
        case 9: "S"
        case 10: "SS"
        case 11: ""
        case 12: "J"
        case 13: "JJ"
        case 14: "C"
        case 15: "K"
        case 16: "T"
        case 17: "P"
        default: "H"
        }
    }

    private static func vowel(_ index: Int) -> StaticString {
        switch index {
        case 0: "A"
        case 1: "AE"
        case 2: "YA"
        case 3: "YAE"
        case 4: "EO"
        case 5: "E"
        case 6: "YEO"
        case 7: "YE"
        case 8: "O"
        case 9: "WA"
        case 10: "WAE"
        case 11: "OE"
        case 12: "YO"
        case 13: "U"
        case 14: "WEO"
        case 15: "WE"
        case 16: "WI"
        case 17: "YU"
        case 18: "EU"
        case 19: "YI"
        default: "I"
        }
    }

    private static func trailing(_ index: Int) -> StaticString {
        switch index {
        case 0: ""
        case 1: "G"
        case 2: "GG"
        case 3: "GS"
        case 4: "N"
        case 5: "NJ"
        case 6: "NH"
        case 7: "D"
        case 8: "L"
        case 9: "LG"
        case 10: "LM"
        case 11: "LB"
        case 12: "LS"
        case 13: "LT"
        case 14: "LP"
        case 15: "LH"
        case 16: "M"
        case 17: "B"
        case 18: "BS"
        case 19: "S"
        case 20: "SS"
        case 21: "NG"
        case 22: "J"
        case 23: "C"
        case 24: "K"
        case 25: "T"
        case 26: "P"
        default: "H"
        }
    }

    private static func hangulName(_ index: UInt32) -> String {
        let i = Int(index)
        return "\(hangulPrefix)\(leading(i / 588))\(vowel(i / 28 % 21))\(trailing(i % 28))"
    }

    // MARK: Name to code point

    /// The code point that a name or an alias means, nil if none. Named sequences are not found here.
    public static func lookup(_ name: UnsafeBufferPointer<UInt8>) -> UInt32? {
        if starts(name, with: hangulPrefix) { return hangul(name) }
        if starts(name, with: ideographPrefix) { return ideograph(name) }
        if let c = tabled(name) { return c }
        guard let extra = extra(name), extra.count == 1 else { return nil }
        return extra.codes.0
    }

    /// The code point that a name or an alias means.
    public static func lookup(_ name: String) -> UInt32? {
        var name = name
        return name.withUTF8 { lookup($0) }
    }

    /// As `unicodedata.lookup`: the code points that a name, an alias or the name of a sequence means.
    public static func lookupSequence(_ name: UnsafeBufferPointer<UInt8>) -> [UInt32]? {
        if let c = lookup(name) { return [c] }
        guard let extra = extra(name) else { return nil }
        let codes = [extra.codes.0, extra.codes.1, extra.codes.2, extra.codes.3]
        return Array(codes.prefix(Int(extra.count)))
    }

    private static func starts(_ name: UnsafeBufferPointer<UInt8>, with prefix: StaticString, at start: Int = 0) -> Bool {
        guard name.count - start >= prefix.utf8CodeUnitCount else { return false }
        for i in 0..<prefix.utf8CodeUnitCount where name[start + i] != prefix.utf8Start[i] { return false }
        return true
    }

    /// The longest of `count` parts that `name` has at `start`.
    private static func longest(
        _ name: UnsafeBufferPointer<UInt8>, _ start: inout Int, _ count: Int, _ part: (Int) -> StaticString
    ) -> Int? {
        var best: Int?
        var length = -1
        for i in 0..<count where part(i).utf8CodeUnitCount > length && starts(name, with: part(i), at: start) {
            best = i
            length = part(i).utf8CodeUnitCount
        }
        if best != nil { start += length }
        return best
    }

    private static func hangul(_ name: UnsafeBufferPointer<UInt8>) -> UInt32? {
        var at = hangulPrefix.utf8CodeUnitCount
        guard let l = longest(name, &at, 19, leading), let v = longest(name, &at, 21, vowel),
            let t = longest(name, &at, 28, trailing), at == name.count
        else { return nil }
        return UInt32(0xAC00 + (l * 21 + v) * 28 + t)
    }

    private static func ideograph(_ name: UnsafeBufferPointer<UInt8>) -> UInt32? {
        let digits = name[ideographPrefix.utf8CodeUnitCount...]
        guard digits.count == 4 || digits.count == 5 else { return nil }
        var value: UInt32 = 0
        for byte in digits {
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: value = value << 4 | UInt32(byte - 0x41 + 10)
            default: return nil
            }
        }
        return taipan_is_ideograph(value) != 0 ? value : nil
    }

    /// Order of `name`, in upper case, against an entry.
    private static func compare(_ name: UnsafeBufferPointer<UInt8>, _ entry: UnsafeBufferPointer<UInt8>) -> Int {
        for i in 0..<min(name.count, entry.count) {
            let a = ASCIIText.toUpper(name[i])
            if a != entry[i] { return a < entry[i] ? -1 : 1 }
        }
        return name.count - entry.count
    }

    private static func tabled(_ name: UnsafeBufferPointer<UInt8>) -> UInt32? {
        var low: UInt32 = 0
        var high = taipan_name_count
        while low < high {
            let middle = (low + high) / 2
            let entry = taipan_ordered_entry(middle)
            let order = withSpelling(entry) { compare(name, $0) }
            if order == 0 { return taipan_code_of_entry(entry) }
            if order < 0 { high = middle } else { low = middle + 1 }
        }
        return nil
    }

    private static func extra(_ name: UnsafeBufferPointer<UInt8>) -> taipan_extra_name? {
        var low: UInt32 = 0
        var high = taipan_extra_name_count
        while low < high {
            let middle = (low + high) / 2
            guard let text = taipan_extra_name_text(middle) else { return nil }
            var length = 0
            while text[length] != 0 { length += 1 }
            let order = compare(name, UnsafeBufferPointer(start: text, count: length))
            if order == 0 { return taipan_extra_name_at(middle).pointee }
            if order < 0 { high = middle } else { low = middle + 1 }
        }
        return nil
    }
}
