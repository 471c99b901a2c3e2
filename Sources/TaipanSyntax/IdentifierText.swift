// Identifiers outside ASCII: which characters they may have (UAX 31) and their normal form (NFKC).

import TaipanUnicode

enum IdentifierText {
    /// The first character that may not stand where it stands, and the offset behind its bytes.
    static func firstInvalid(_ text: UnsafeBufferPointer<UInt8>) -> (character: UInt32, end: Int)? {
        var i = 0
        while i < text.count {
            let (c, length) = scalar(text, i)
            let allowed = i == 0 ? isStart(c) : isContinue(c)
            if !allowed { return (c, i + length) }
            i += length
        }
        return nil
    }

    static func normalise(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        Normalization.normalize(utf8: Array(text), .nfkc)
    }

    static func isStart(_ c: UInt32) -> Bool {
        UnicodeProperties.isXIDStart(c) || c == 95
    }

    static func isContinue(_ c: UInt32) -> Bool {
        UnicodeProperties.isXIDContinue(c)
    }

    /// `str.isprintable` of one character.
    static func isPrintable(_ c: UInt32) -> Bool {
        UnicodeProperties.isPrintable(c)
    }

    /// The character that `\N{name}` means.
    static func character(named name: String) -> [UInt32]? {
        var name = name
        return name.withUTF8 { UnicodeNames.lookup($0) }.map { [$0] }
    }

    /// At least four upper-case hexadecimal digits.
    static func hex(_ c: UInt32) -> String {
        let digits = String(c, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }

    static func string(_ c: UInt32) -> String {
        Unicode.Scalar(c).map { String(Character($0)) } ?? "\u{FFFD}"
    }

    /// The character at an offset of valid UTF-8, and how many bytes it takes.
    static func scalar(_ text: UnsafeBufferPointer<UInt8>, _ i: Int) -> (UInt32, Int) {
        QuotedText.scalar(text, i)
    }
}
