// The text of a source: from bytes in any encoding to UTF-8 with `\n` line ends (PEP 263), and the
// counting of characters that error positions need.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Decoding of sources.
public enum SourceText {
    /// How many characters the UTF-8 bytes in a range make; each invalid byte counts as one.
    static func characterCount(_ bytes: UnsafePointer<UInt8>, _ from: Int, _ to: Int) -> Int {
        var n = 0
        for i in from..<max(from, to) where bytes[i] & 0xC0 != 0x80 { n += 1 }
        return n
    }

    /// A range of UTF-8 as text, with U+FFFD for what is not UTF-8.
    static func lossyString(_ bytes: UnsafePointer<UInt8>, _ from: Int, _ to: Int) -> String {
        String(decoding: UnsafeBufferPointer(start: bytes + from, count: max(0, to - from)), as: UTF8.self)
    }

    /// Source bytes as the parser reads them: UTF-8, `\n` line ends, a final newline in mode `file`.
    ///
    /// Throws what CPython raises for null bytes and encodings. Bytes that are not UTF-8 though they should be
    /// only set `hasInvalidBytes`, unless the source is a file that is run: in a comment they do no harm. Such a file is read line by
    /// line, so a line that cannot be read counts only when the tokenizer comes to it (`failureAtEnd`).
    static func prepare(_ source: UnsafeBufferPointer<UInt8>, filename: String,
                        options: inout ParserOptions) throws(SyntaxFailure) -> [UInt8] {
        if !options.isFile, let base = source.baseAddress, memchr(base, 0, source.count) != nil {
            throw SyntaxFailure(.syntaxError, "source code string cannot contain null bytes")
        }
        var bytes = source
        var recoded: [UInt8]?
        options.knowsEncoding = true
        if !options.ignoreCookie {
            let hasMark = source.count >= 3 && source[0] == 0xEF && source[1] == 0xBB && source[2] == 0xBF
            if hasMark { bytes = UnsafeBufferPointer(rebasing: source[3...]) }
            let cookie = declaredEncoding(bytes)
            options.knowsEncoding = hasMark || cookie?.name != nil
            if let cookie, cookie.name != "utf-8" {
                if hasMark { throw encodingFailure("encoding problem: \(cookie.name) with BOM", options) }
                recoded = try decode(bytes, (cookie.name, cookie.lineEnd), options)
                if builtIn(cookie.name) == "latin-1", let lineOfFile = options.lineOfFile {
                    options.lineOfFile = { line in lineOfFile(line).map { $0.withUnsafeBufferPointer(latin1) } }
                }
            } else if firstInvalid(bytes) != nil {
                options.hasInvalidBytes = true
                if options.isFile && cookie == nil && !hasMark { bytes = beforeUndecodable(bytes, filename, &options) }
            }
        }
        let addNewline = options.mode == .file
        if let recoded {
            return recoded.withUnsafeBufferPointer { normaliseLines(beforeNull($0, &options), addNewline: addNewline) }
        }
        return normaliseLines(beforeNull(bytes, &options), addNewline: addNewline)
    }

    /// A source in UTF-8 with its newlines as they are, without the byte order mark. A coding cookie counts unless `options` says otherwise.
    ///
    /// - Throws: the error that CPython's compiler raises for the encoding. Bytes of UTF-8 sources are not checked.
    public static func decoded(_ source: [UInt8], options: ParserOptions = ParserOptions()) throws(SyntaxFailure) -> [UInt8] {
        let found = encoding(of: source)
        if options.ignoreCookie || !found.hasMark && found.name == "utf-8" { return source }
        if found.hasMark {
            if found.name != "utf-8" { throw encodingFailure("encoding problem: \(found.name) with BOM", options) }
            return Array(source[3...])
        }
        let result: Result<[UInt8], SyntaxFailure> = source.withUnsafeBufferPointer { bytes in
            do throws(SyntaxFailure) { return .success(try decode(bytes, (found.name, found.lineEnd), options)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// How a source says what encoding it is in: by a byte order mark, by a cookie on line 1 or 2 (PEP 263), which ends at byte `lineEnd`, or,
    /// line 0, not at all.
    public static func encoding(of source: [UInt8]) -> (name: String, line: Int, lineEnd: Int, hasMark: Bool) {
        let hasMark = source.starts(with: [0xEF, 0xBB, 0xBF])
        return source.withUnsafeBufferPointer { bytes in
            let found = declaredEncoding(UnsafeBufferPointer(rebasing: bytes[(hasMark ? 3 : 0)...]))
            return (found?.name ?? "utf-8", found?.line ?? 0, (found?.lineEnd ?? 0) + (hasMark ? 3 : 0), hasMark)
        }
    }

    /// What `decoded` gives as the parser counts it: with `\n` line ends and, in mode `file`, a final one.
    public static func normalised(_ text: [UInt8], addNewline: Bool) -> [UInt8] {
        text.withUnsafeBufferPointer { normaliseLines($0, addNewline: addNewline) }
    }

    /// The lines of a file before the first one that is not UTF-8. A line is looked at up to a null byte in it.
    private static func beforeUndecodable(_ bytes: UnsafeBufferPointer<UInt8>, _ filename: String,
                                          _ options: inout ParserOptions) -> UnsafeBufferPointer<UInt8> {
        var start = 0, line = 1
        while start < bytes.count {
            let end = bytes[start...].firstIndex { $0 == 10 || $0 == 13 } ?? bytes.count
            let read = UnsafeBufferPointer(rebasing: bytes[start..<end].prefix { $0 != 0 })
            if let bad = firstInvalid(read) {
                let hex = String(read[bad.position], radix: 16)
                options.failureAtEnd = UnreadableLine(SyntaxFailure(.syntaxError, "Non-UTF-8 code starting with '\\x\(hex)' in file \(filename) on line \(line), but no encoding declared; see https://peps.python.org/pep-0263/ for details"))
                return UnsafeBufferPointer(rebasing: bytes[..<start])
            }
            start = end + 1
            if end + 1 < bytes.count && bytes[end] == 13 && bytes[end + 1] == 10 { start += 1 }
            line += 1
        }
        return bytes
    }

    /// The lines of a file before the first one with a null byte.
    private static func beforeNull(_ bytes: UnsafeBufferPointer<UInt8>, _ options: inout ParserOptions) -> UnsafeBufferPointer<UInt8> {
        guard let base = bytes.baseAddress, let null = memchr(base, 0, bytes.count) else { return bytes }
        let end = UnsafeRawPointer(null) - UnsafeRawPointer(base)
        var start = end
        while start > 0 && bytes[start - 1] != 10 && bytes[start - 1] != 13 { start -= 1 }
        let line = lineNumber(bytes, start)
        options.failureAtEnd = UnreadableLine(SyntaxFailure(.syntaxError, "source code cannot contain null bytes", line: line, offset: 0,
                                                            endLine: line, endOffset: 0, text: lossyString(base, start, end)))
        return UnsafeBufferPointer(rebasing: bytes[..<start])
    }

    /// A file that is run has no place yet when its encoding fails.
    private static func encodingFailure(_ message: String, _ options: ParserOptions) -> SyntaxFailure {
        options.isFile ? SyntaxFailure(.syntaxError, message) : SyntaxFailure(.syntaxError, message, line: 0, offset: -1)
    }

    /// The number of the line that starts at `position`.
    private static func lineNumber(_ source: UnsafeBufferPointer<UInt8>, _ position: Int) -> Int {
        var line = 1
        for i in 0..<position where source[i] == 10 || (source[i] == 13 && !(i + 1 < source.count && source[i + 1] == 10)) { line += 1 }
        return line
    }

    /// `\r\n` and `\r` become `\n`; a last line without one gets it.
    static func normaliseLines(_ source: UnsafeBufferPointer<UInt8>, addNewline: Bool) -> [UInt8] {
        let count = source.count
        return [UInt8](unsafeUninitializedCapacity: count + 2) { out, n in
            guard let from = source.baseAddress, let to = out.baseAddress, count > 0 else {
                n = 0
                if addNewline {
                    out[0] = 10
                    n = 1
                }
                return
            }
            if memchr(from, 13, count) == nil {
                memcpy(to, from, count)
                n = count
            } else {
                var i = 0
                while i < count {
                    var c = from[i]
                    i += 1
                    if c == 13 {
                        c = 10
                        if i < count && from[i] == 10 { i += 1 }
                    }
                    to[n] = c
                    n += 1
                }
            }
            if addNewline && to[n - 1] != 10 {
                to[n] = 10
                n += 1
            }
        }
    }

    // MARK: Encoding

    /// The encoding that a comment in the first two lines declares, normalised, the number of that line and where it ends.
    static func declaredEncoding(_ source: UnsafeBufferPointer<UInt8>) -> (name: String, line: Int, lineEnd: Int)? {
        var at = 0
        for line in 1...2 {
            var end = at
            while end < source.count && source[end] != 10 && source[end] != 13 { end += 1 }
            if let name = encodingIn(UnsafeBufferPointer(rebasing: source[at..<end])) { return (name, line, end) }
            // A first line with anything but a comment ends the search.
            var i = at
            while i < end && (source[i] == 32 || source[i] == 9 || source[i] == 12) { i += 1 }
            if i < end && source[i] != 35 { return nil }
            if end < source.count && source[end] == 13 && end + 1 < source.count && source[end + 1] == 10 { end += 1 }
            if end >= source.count { return nil }
            at = end + 1
        }
        return nil
    }

    /// `coding[:=]\s*([-\w.]+)` in a line that is a comment.
    private static func encodingIn(_ line: UnsafeBufferPointer<UInt8>) -> String? {
        var i = 0
        while i < line.count && (line[i] == 32 || line[i] == 9 || line[i] == 12) { i += 1 }
        guard i < line.count, line[i] == 35 else { return nil }
        let word: [UInt8] = [99, 111, 100, 105, 110, 103]
        while i + 7 <= line.count {
            if !line[i..<i + 6].elementsEqual(word) || (line[i + 6] != 58 && line[i + 6] != 61) {
                i += 1
                continue
            }
            var j = i + 7
            while j < line.count && (line[j] == 32 || line[j] == 9) { j += 1 }
            let from = j
            while j < line.count && isEncodingCharacter(line[j]) { j += 1 }
            if j > from { return normalName(String(decoding: line[from..<j], as: UTF8.self)) }
            i += 6
        }
        return nil
    }

    private static func isEncodingCharacter(_ c: UInt8) -> Bool {
        (c >= 48 && c <= 57) || (c | 32 >= 97 && c | 32 <= 122) || c == 45 || c == 46 || c == 95
    }

    /// The aliases that mean UTF-8 and Latin-1, as CPython's tokenizer folds them; others stay.
    private static func normalName(_ name: String) -> String {
        var folded: [UInt8] = []
        for c in name.utf8.prefix(12) {
            folded.append(c == 95 ? 45 : (c >= 65 && c <= 90 ? c | 32 : c))
        }
        let text = String(decoding: folded, as: UTF8.self)
        if text == "utf-8" || text.hasPrefix("utf-8-") { return "utf-8" }
        for latin in ["latin-1", "iso-8859-1", "iso-latin-1"] where text == latin || text.hasPrefix(latin + "-") {
            return "iso-8859-1"
        }
        return name
    }

    /// The encodings known here, by all their names in lower case with underscores.
    private static func builtIn(_ name: String) -> String? {
        var folded = ""
        for c in name.lowercased().unicodeScalars { folded.unicodeScalars.append(c == "-" || c == " " ? "_" : c) }
        switch folded {
        case "utf8", "utf_8", "u8", "utf", "utf8_ucs2", "utf8_ucs4", "cp65001": return "utf-8"
        case "latin1", "latin_1", "latin", "l1", "iso8859", "iso8859_1", "iso_8859_1", "iso_8859_1_1987", "iso_ir_100",
             "8859", "cp819", "ibm819", "csisolatin1": return "latin-1"
        case "ascii", "us_ascii", "us", "646", "ansi_x3.4_1968", "ansi_x3_4_1968", "ansi_x3.4_1986", "cp367", "csascii",
             "ibm367", "iso646_us", "iso_646.irv_1991", "iso_ir_6": return "ascii"
        default: return nil
        }
    }

    private static func decode(_ source: UnsafeBufferPointer<UInt8>, _ cookie: (name: String, lineEnd: Int),
                               _ options: ParserOptions) throws(SyntaxFailure) -> [UInt8] {
        let problem: String
        switch builtIn(cookie.name) {
        case "latin-1": return latin1(source)
        case "utf-8":
            guard let bad = firstInvalid(source) else { return Array(source) }
            problem = utf8Problem(source, bad)
        case "ascii":
            guard let i = source.firstIndex(where: { $0 >= 128 }) else { return Array(source) }
            problem = "'ascii' codec can't decode byte 0x\(String(source[i], radix: 16)) in position \(i): ordinal not in range(128)"
        default:
            if options.isFile { return try decodeFile(source, cookie, options) }
            if let decode = options.decode, let text = try decode(cookie.name, Array(source)) { return text }
            problem = "unknown encoding: \(cookie.name)"
        }
        throw encodingFailure(options.isFile ? "encoding problem: \(cookie.name)" : problem, options)
    }

    /// A file that is run changes its encoding behind the line with the declaration: what is decoded begins with that line's end.
    private static func decodeFile(_ source: UnsafeBufferPointer<UInt8>, _ cookie: (name: String, lineEnd: Int),
                                   _ options: ParserOptions) throws(SyntaxFailure) -> [UInt8] {
        do throws(SyntaxFailure) {
            if !needsMark(cookie.name), let decode = options.decode, let text = try decode(cookie.name, Array(source[cookie.lineEnd...])) {
                let rest = text.firstIndex(of: 10).map { text[$0...] } ?? []
                return Array(source[..<cookie.lineEnd]) + rest
            }
        } catch {
            // Whatever goes wrong has the one message.
        }
        throw encodingFailure("encoding problem: \(cookie.name)", options)
    }

    /// The encodings that a byte order mark begins, of which there is none behind the declaration.
    private static func needsMark(_ name: String) -> Bool {
        ["utf16", "u16", "utf32", "u32"].contains(name.lowercased().filter { $0 != "-" && $0 != "_" })
    }

    private static func latin1(_ source: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(source.count + source.count / 8)
        for c in source {
            if c < 128 {
                out.append(c)
            } else {
                out.append(0xC0 | c >> 6)
                out.append(0x80 | c & 0x3F)
            }
        }
        return out
    }

    /// The message of Python's codec about invalid UTF-8.
    static func utf8Problem(_ s: UnsafeBufferPointer<UInt8>, _ bad: (position: Int, length: Int, reason: String)) -> String {
        if bad.length > 1 {
            return "'utf-8' codec can't decode bytes in position \(bad.position)-\(bad.position + bad.length - 1): \(bad.reason)"
        }
        return "'utf-8' codec can't decode byte 0x\(String(s[bad.position], radix: 16)) in position \(bad.position): \(bad.reason)"
    }

    /// The first place where UTF-8 breaks off, with the reason in the words of Python's codec.
    static func firstInvalid(_ s: UnsafeBufferPointer<UInt8>) -> (position: Int, length: Int, reason: String)? {
        guard let p = s.baseAddress else { return nil }
        let n = s.count
        var i = 0
        while i < n {
            // Eight ASCII bytes at a time.
            while i + 8 <= n {
                let word = UnsafeRawPointer(p + i).loadUnaligned(as: UInt64.self)
                if word & 0x8080_8080_8080_8080 != 0 { break }
                i += 8
            }
            if i >= n { break }
            let c = p[i]
            if c < 0x80 {
                i += 1
                continue
            }
            var need = 0
            var low: UInt8 = 0x80, high: UInt8 = 0xBF
            switch c {
            case 0xC2...0xDF: need = 1
            case 0xE0:
                need = 2
                low = 0xA0
            case 0xED:
                need = 2
                high = 0x9F
            case 0xE1...0xEF: need = 2
            case 0xF0:
                need = 3
                low = 0x90
            case 0xF4:
                need = 3
                high = 0x8F
            case 0xF1...0xF3: need = 3
            default: return (i, 1, "invalid start byte")
            }
            for k in 1...need {
                if i + k >= n { return (i, n - i, "unexpected end of data") }
                let d = p[i + k]
                if d < (k == 1 ? low : 0x80) || d > (k == 1 ? high : 0xBF) { return (i, k, "invalid continuation byte") }
            }
            i += need + 1
        }
        return nil
    }
}
