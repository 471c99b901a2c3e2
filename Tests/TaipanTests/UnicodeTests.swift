import TaipanUnicode
import XCTest

final class UnicodeTests: XCTestCase {
    func testPropertiesOfTelltaleCodePoints() {
        XCTAssertTrue(UnicodeProperties.isXIDStart(0x2118))
        XCTAssertFalse(UnicodeProperties.isXIDStart(0x5F))
        XCTAssertTrue(UnicodeProperties.isXIDContinue(0x5F))
        XCTAssertTrue(UnicodeProperties.isDecimal(0x0663))
        XCTAssertFalse(UnicodeProperties.isDecimal(0xB2))
        XCTAssertEqual(UnicodeProperties.digitValue(0xB2), 2)
        XCTAssertEqual(UnicodeProperties.numericValue(0xBD), 0.5)
        XCTAssertNil(UnicodeProperties.numericValue(0x41))
        XCTAssertTrue(UnicodeProperties.isLineBreak(0x2028))
        XCTAssertFalse(UnicodeProperties.isPrintable(0xAD))
        XCTAssertFalse(UnicodeProperties.isAlpha(0xFFFF_FFFF))
        XCTAssertEqual("\(UnicodeProperties.category(0x1C5))", "Lt")
        XCTAssertEqual("\(UnicodeProperties.bidirectional(0x5D0))", "R")
        XCTAssertEqual("\(UnicodeProperties.eastAsianWidth(0x4E00))", "W")
    }

    func testFullCaseMappings() {
        func text(_ m: CaseMapping) -> [UInt32] { (0..<m.count).map { m[$0] } }
        XCTAssertEqual(text(UnicodeProperties.toUpperFull(0xDF)), [0x53, 0x53])
        XCTAssertEqual(text(UnicodeProperties.toTitleFull(0xDF)), [0x53, 0x73])
        XCTAssertEqual(text(UnicodeProperties.toUpperFull(0x390)), [0x399, 0x308, 0x301])
        XCTAssertEqual(text(UnicodeProperties.toLowerFull(0x130)), [0x69, 0x307])
        XCTAssertEqual(text(UnicodeProperties.toFoldedFull(0x13F8)), [0x13F0])
        let word: [UInt32] = [0x391, 0x27, 0x3A3, 0x301]
        word.withUnsafeBufferPointer { XCTAssertTrue(UnicodeProperties.isFinalSigma($0, at: 2)) }
        ([0x3A3, 0x41] as [UInt32]).withUnsafeBufferPointer { XCTAssertFalse(UnicodeProperties.isFinalSigma($0, at: 0)) }
    }

    func testNormalization() {
        XCTAssertEqual(Normalization.normalize([0x65, 0x301], .nfc), [0xE9])
        XCTAssertEqual(Normalization.normalize([0x1E9B, 0x323], .nfkc), [0x1E69])
        XCTAssertEqual(Normalization.normalize([0x61, 0x301, 0x323], .nfd), [0x61, 0x323, 0x301])
        XCTAssertEqual(Normalization.normalize([0x1112, 0x1161, 0x11AB], .nfc), [0xD55C])
        XCTAssertEqual(Normalization.nfkc([0xFB01]), [0x66, 0x69])
        XCTAssertEqual(Normalization.decompositionText(0xFB01), "<compat> 0066 0069")
    }

    func testNames() {
        XCTAssertEqual(UnicodeNames.name(of: 0xD55C), "HANGUL SYLLABLE HAN")
        XCTAssertEqual(UnicodeNames.name(of: 0x0FD0), "TIBETAN MARK BSKA- SHOG GI MGO RGYAN")
        XCTAssertNil(UnicodeNames.name(of: 0x0A))
        XCTAssertEqual(UnicodeNames.lookup("line feed"), 0x0A)
        XCTAssertEqual(UnicodeNames.lookup("CJK UNIFIED IDEOGRAPH-4E00"), 0x4E00)
        XCTAssertNil(UnicodeNames.lookup("CJK UNIFIED IDEOGRAPH-4e00"))
        XCTAssertNil(UnicodeNames.lookup("KEYCAP DIGIT ONE"))
        Array("KEYCAP DIGIT ONE".utf8).withUnsafeBufferPointer {
            XCTAssertEqual(UnicodeNames.lookupSequence($0), [0x31, 0xFE0F, 0x20E3])
        }
        for c in stride(from: UInt32(0x21), to: 0x30000, by: 7) {
            if let name = UnicodeNames.name(of: c) { XCTAssertEqual(UnicodeNames.lookup(name), c, name) }
        }
    }

    /// Decodes with the `ignore` handler; errors as "start-end reason".
    private func decode(
        _ bytes: [UInt8], _ step: (UnsafeBufferPointer<UInt8>, Int, inout CodePointSink) -> CodecProgress
    ) -> ([UInt32], [String], Int) {
        var sink = CodePointSink()
        var errors: [String] = []
        var position = 0
        bytes.withUnsafeBufferPointer { buffer in
            while true {
                let progress = step(buffer, position, &sink)
                position = progress.position
                guard let error = progress.error else { break }
                errors.append("\(error.start)-\(error.end) \(error.reason)")
                position = error.end
            }
        }
        return (sink.withText { text in (0..<text.count).map { text[$0] } }, errors, position)
    }

    func testUTF8Errors() {
        let (text, errors, _) = decode([0x41, 0xE2, 0x98, 0x41, 0xED, 0xA0, 0x80, 0xF0, 0x9F, 0x98, 0x80, 0xC3]) {
            UTF8Codec.decode($0, from: $1, isFinal: true, into: &$2)
        }
        XCTAssertEqual(text, [0x41, 0x41, 0x1F600])
        XCTAssertEqual(
            errors,
            [
                "1-3 invalid continuation byte", "4-5 invalid continuation byte", "5-6 invalid start byte",
                "6-7 invalid start byte", "11-12 unexpected end of data",
            ])
        let partial = decode([0x41, 0xE2, 0x98]) { UTF8Codec.decode($0, from: $1, isFinal: false, into: &$2) }
        XCTAssertEqual(partial.2, 1)
        XCTAssertEqual(partial.1, [])
    }

    func testUTF16AndEscapesErrors() {
        let (text, errors, _) = decode([0x3D, 0xD8, 0x00, 0xDE, 0x00, 0xDC, 0x41]) {
            UTF16Codec.decode($0, from: $1, order: .little, isFinal: true, into: &$2)
        }
        XCTAssertEqual(text, [0x1F600])
        XCTAssertEqual(errors, ["4-6 illegal encoding", "6-7 truncated data"])

        var invalid: InvalidEscape?
        let escaped = decode(Array(#"\N{BULLET}\x4\q\U00110000\N{no}"#.utf8)) {
            UnicodeEscapeCodec.decode($0, from: $1, isFinal: true, invalid: &invalid, into: &$2)
        }
        XCTAssertEqual(escaped.0, [0x2022, 0x5C, 0x71])
        XCTAssertEqual(
            escaped.1,
            [
                "10-13 truncated \\xXX escape", "15-25 illegal Unicode character",
                "25-31 unknown Unicode character name",
            ])
        XCTAssertEqual(invalid?.position, 14)
    }

    func testEncodersReportRunsOfErrors() {
        let text: [UInt32] = [0x41, 0xD800, 0xDC00, 0x20AC]
        text.withUnsafeBufferPointer { buffer in
            var sink = ByteSink()
            let utf8 = UTF8Codec.encode(CodePoints(buffer), from: 0, into: &sink)
            XCTAssertEqual(utf8.error?.end, 3)
            XCTAssertNil(UTF8Codec.encode(CodePoints(buffer), from: 3, into: &sink).error)
            XCTAssertEqual(sink.withBytes { Array($0) }, [0x41, 0xE2, 0x82, 0xAC])
            let ascii = ASCIICodec.encode(CodePoints(buffer), from: 0, into: &sink)
            XCTAssertEqual(ascii.error?.start, 1)
            XCTAssertEqual(ascii.error?.end, 4)
        }
    }

    /// Periodic needles make the search change algorithms; it must find the same and stay linear.
    func testSearchAgainstTheObviousOne() {
        var seed: UInt64 = 1
        func random(_ n: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % n
        }
        for _ in 0..<3000 {
            let text = (0..<random(200)).map { _ in UInt16(97 + random(2)) }
            let needle = (0..<(1 + random(6))).map { _ in UInt16(97 + random(2)) }
            let starts = text.indices.filter { text[$0...].starts(with: needle) }
            text.withUnsafeBufferPointer { t in
                needle.withUnsafeBufferPointer { n in
                    let (t, n) = (CodePoints(t), CodePoints(n))
                    XCTAssertEqual(TextSearch.find(n, in: t, from: 0, to: t.count), starts.first ?? -1)
                    XCTAssertEqual(TextSearch.rfind(n, in: t, from: 0, to: t.count), starts.last ?? -1)
                }
            }
        }
        let text = [UInt8](repeating: 97, count: 1_000_000)
        let half = [UInt8](repeating: 97, count: 5000)
        text.withUnsafeBufferPointer { t in
            (half + [98] + half).withUnsafeBufferPointer { n in
                XCTAssertEqual(TextSearch.find(CodePoints(n), in: CodePoints(t), from: 0, to: t.count), -1)
            }
        }
    }

    func testLinesAndWords() {
        let text = Array("a\r\n\u{1C}b \u{85}".unicodeScalars.map { UInt8($0.value) })
        text.withUnsafeBufferPointer { buffer in
            let t = CodePoints(buffer)
            var ends: [Int] = []
            var next = 0
            while let line = TextBoundaries.line(t, from: next, .text) {
                ends.append(line.end)
                next = line.next
            }
            XCTAssertEqual(ends, [1, 3, 6])
            XCTAssertEqual(TextBoundaries.line(t, from: 3, .bytes)?.end, 7)
            XCTAssertEqual(TextBoundaries.strip(t, left: true, right: true, .text), 0..<5)
            XCTAssertEqual(TextBoundaries.word(t, from: 1, .text), 4..<5)
            XCTAssertEqual(TextBoundaries.word(t, from: 1, .bytes), 3..<5)
        }
    }
}
