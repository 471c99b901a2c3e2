// Unicode normalization (UAX #15) over code points. Lone surrogates pass through unchanged.
//
// Text is decomposed run by run: a run is a starter and the marks after it, put into canonical order when the next
// starter arrives. Composition then works on the finished decomposition.

import CTaipanTables

/// The four normalization forms.
public enum NormalizationForm: Sendable {
    case nfc, nfd, nfkc, nfkd

    /// From the name `unicodedata.normalize` takes.
    public init?(name: String) {
        switch name {
        case "NFC": self = .nfc
        case "NFD": self = .nfd
        case "NFKC": self = .nfkc
        case "NFKD": self = .nfkd
        default: return nil
        }
    }

    var isCompatibility: Bool { self == .nfkc || self == .nfkd }
    var composes: Bool { self == .nfc || self == .nfkc }

    var refusal: UnicodeProperties.Flags {
        switch self {
        case .nfc: .nfcNo
        case .nfd: .nfdNo
        case .nfkc: .nfkcNo
        case .nfkd: .nfkdNo
        }
    }
}

/// Arithmetic of Hangul syllables (Unicode, section 3.12).
private enum Hangul {
    static let syllables: UInt32 = 0xAC00, leading: UInt32 = 0x1100, vowels: UInt32 = 0x1161, trailing: UInt32 = 0x11A7
    static let vowelCount: UInt32 = 21, trailingCount: UInt32 = 28, syllableCount: UInt32 = 11172

    static func compose(_ first: UInt32, _ second: UInt32) -> UInt32 {
        if first &- leading < 19, second &- vowels < vowelCount {
            return syllables + ((first - leading) * vowelCount + (second - vowels)) * trailingCount
        }
        if first &- syllables < syllableCount, (first - syllables) % trailingCount == 0,
            second > trailing, second < trailing + trailingCount
        {
            return first + (second - trailing)
        }
        return 0
    }
}

public enum Normalization {
    /// What the tables say without normalizing: `yes` means the text is in the form already.
    public enum QuickCheck: Sendable { case yes, maybe, no }

    /// The quick check of UAX #15, section 9.
    public static func quickCheck<Unit: FixedWidthInteger & UnsignedInteger>(
        _ text: UnsafeBufferPointer<Unit>, _ form: NormalizationForm
    ) -> QuickCheck {
        let refused = form.refusal.rawValue
        let doubtful = form.composes ? UnicodeProperties.Flags.composesSecond.rawValue : 0
        var last: UInt8 = 0
        var result = QuickCheck.yes
        for unit in text {
            let c = UInt32(truncatingIfNeeded: unit)
            // No form changes anything below U+00A0.
            if c < 0xA0 {
                last = 0
                continue
            }
            let record = UnicodeProperties.record(c)
            if record.combining != 0, record.combining < last { return .no }
            last = record.combining
            if record.flags & refused != 0 { return .no }
            if record.flags & doubtful != 0 { result = .maybe }
        }
        return result
    }

    /// Appends the full decomposition of `c` to `out`.
    static func decompose(_ c: UInt32, compatibility: Bool, into out: inout [UInt32]) {
        if c &- Hangul.syllables < Hangul.syllableCount {
            let index = c - Hangul.syllables
            out.append(Hangul.leading + index / (Hangul.vowelCount * Hangul.trailingCount))
            out.append(Hangul.vowels + index / Hangul.trailingCount % Hangul.vowelCount)
            let tail = index % Hangul.trailingCount
            if tail != 0 { out.append(Hangul.trailing + tail) }
            return
        }
        guard c >= 0xA0, c < 0x110000, let step = taipan_decomposition(c), step[0] != 0,
            compatibility || step[0] >> 8 == 0
        else {
            out.append(c)
            return
        }
        for i in 1...Int(step[0] & 0xFF) { decompose(step[i], compatibility: compatibility, into: &out) }
    }

    /// Puts the marks in `marks` (all of nonzero class) into canonical order. Stable.
    private static func order(_ marks: inout ArraySlice<UInt32>) {
        if marks.count < 2 { return }
        if marks.count > 16 {
            // Swift's sort is stable in practice but does not promise it: the position breaks ties.
            let keyed = marks.enumerated().map {
                (UInt64(UnicodeProperties.combiningClass($1)) << 40 | UInt64($0), $1)
            }
            var at = marks.startIndex
            for (_, mark) in keyed.sorted(by: { $0.0 < $1.0 }) {
                marks[at] = mark
                at += 1
            }
            return
        }
        for i in marks.indices.dropFirst() {
            let mark = marks[i]
            let rank = UnicodeProperties.combiningClass(mark)
            var j = i
            while j > marks.startIndex, UnicodeProperties.combiningClass(marks[j - 1]) > rank {
                marks[j] = marks[j - 1]
                j -= 1
            }
            marks[j] = mark
        }
    }

    private static func decomposed<Unit: FixedWidthInteger & UnsignedInteger>(
        _ text: UnsafeBufferPointer<Unit>, compatibility: Bool
    ) -> [UInt32] {
        var out: [UInt32] = []
        out.reserveCapacity(text.count + text.count / 4)
        for unit in text { decompose(UInt32(truncatingIfNeeded: unit), compatibility: compatibility, into: &out) }
        var i = 0
        while i < out.count {
            if out[i] < 0x300 || UnicodeProperties.combiningClass(out[i]) == 0 {
                i += 1
                continue
            }
            var end = i + 1
            while end < out.count, UnicodeProperties.combiningClass(out[end]) != 0 { end += 1 }
            order(&out[i..<end])
            i = end
        }
        return out
    }

    /// The primary composite of two code points, nil if there is none.
    public static func compose(_ first: UInt32, _ second: UInt32) -> UInt32? {
        let syllable = Hangul.compose(first, second)
        if syllable != 0 { return syllable }
        guard UnicodeProperties.flags(first).contains(.composesFirst),
            UnicodeProperties.flags(second).contains(.composesSecond)
        else { return nil }
        let composite = taipan_composite_of(first, second)
        return composite == 0 ? nil : composite
    }

    /// Composes canonically ordered text in place.
    private static func compose(_ text: inout [UInt32]) {
        var write = 0
        var starter = -1
        // Class of the last mark that stayed between the starter and here; -1 when none did.
        var blocking = -1
        for read in text.indices {
            let c = text[read]
            let rank = Int(UnicodeProperties.combiningClass(c))
            if starter >= 0, blocking < rank, let composite = compose(text[starter], c) {
                text[starter] = composite
                continue
            }
            if rank == 0 {
                starter = write
                blocking = -1
            } else {
                blocking = rank
            }
            text[write] = c
            write += 1
        }
        text.removeLast(text.count - write)
    }

    /// `text` in `form`.
    public static func normalize<Unit: FixedWidthInteger & UnsignedInteger>(
        _ text: UnsafeBufferPointer<Unit>, _ form: NormalizationForm
    ) -> [UInt32] {
        if quickCheck(text, form) == .yes { return text.map { UInt32(truncatingIfNeeded: $0) } }
        var out = decomposed(text, compatibility: form.isCompatibility)
        if form.composes { compose(&out) }
        return out
    }

    /// `text` in `form`.
    public static func normalize(_ text: [UInt32], _ form: NormalizationForm) -> [UInt32] {
        text.withUnsafeBufferPointer { normalize($0, form) }
    }

    /// UTF-8 text in `form`, as UTF-8. Bytes that are not UTF-8 become U+FFFD; callers check first.
    public static func normalize(utf8 text: [UInt8], _ form: NormalizationForm) -> [UInt8] {
        if text.allSatisfy({ $0 < 0x80 }) { return text }
        let scalars = normalize(String(decoding: text, as: UTF8.self).unicodeScalars.map(\.value), form)
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        for value in scalars {
            if let scalar = Unicode.Scalar(value) { out.append(contentsOf: UTF8.encode(scalar)!) }
        }
        return out
    }

    /// An identifier's normal form: NFKC of its code points (PEP 3131).
    public static func nfkc(_ text: [UInt32]) -> [UInt32] { normalize(text, .nfkc) }

    /// Whether `text` is in `form`.
    public static func isNormalized<Unit: FixedWidthInteger & UnsignedInteger>(
        _ text: UnsafeBufferPointer<Unit>, _ form: NormalizationForm
    ) -> Bool {
        switch quickCheck(text, form) {
        case .yes: true
        case .no: false
        case .maybe: normalize(text, form).elementsEqual(text.lazy.map { UInt32(truncatingIfNeeded: $0) })
        }
    }

    /// `unicodedata.decomposition`: the single step as text (`"<compat> 0020 0308"`), empty where there is none.
    public static func decompositionText(_ c: UInt32) -> String {
        guard c < 0x110000, let step = taipan_decomposition(c), step[0] != 0 else { return "" }
        var words: [String] = []
        let tag = step[0] >> 8
        if tag != 0 { words.append(tagName(tag)) }
        for i in 1...Int(step[0] & 0xFF) {
            let digits = String(step[i], radix: 16, uppercase: true)
            words.append(String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits)
        }
        return words.joined(separator: " ")
    }

    /// Order of TAGS in scripts/make_unicode_tables.py.
    private static func tagName(_ tag: UInt32) -> String {
        switch tag {
        case 1: "<font>"
        case 2: "<noBreak>"
        case 3: "<initial>"
        case 4: "<medial>"
        case 5: "<final>"
        case 6: "<isolated>"
        case 7: "<circle>"
        case 8: "<super>"
        case 9: "<sub>"
        case 10: "<vertical>"
        case 11: "<wide>"
        case 12: "<narrow>"
        case 13: "<small>"
        case 14: "<square>"
        case 15: "<fraction>"
        default: "<compat>"
        }
    }
}
