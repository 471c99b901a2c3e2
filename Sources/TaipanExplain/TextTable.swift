// Plain text for the terminal: columns that line up, texts cut to a width, control characters made visible.

/// Lines of aligned columns.
struct TextTable {
    enum Alignment {
        case left, right
    }

    private let alignments: [Alignment]
    /// The widest that each column may get; longer cells are cut.
    private let limits: [Int]
    private let indent: Int
    private let wraps: Bool
    private var rows: [[String]] = []

    /// - Parameters:
    ///   - columns: alignment and widest width of each column.
    ///   - wraps: the last column goes on in further lines instead of being cut.
    init(_ columns: [(Alignment, Int)], indent: Int = 2, wraps: Bool = false) {
        alignments = columns.map(\.0)
        limits = columns.map(\.1)
        self.indent = indent
        self.wraps = wraps
    }

    var isEmpty: Bool { rows.isEmpty }

    /// Adds a row; cells are made visible and cut.
    mutating func add(_ cells: String...) {
        guard wraps, let last = cells.last, let limit = limits.last else { return rows.append(zip(cells, limits).map { PlainText.cut($0, to: $1) }) }
        for (i, piece) in PlainText.wrapped(last, to: limit).enumerated() {
            rows.append(zip(cells, limits).dropLast().map { i == 0 ? PlainText.cut($0, to: $1) : "" } + [piece])
        }
    }

    /// The rows, each ending in a newline and none in spaces.
    func text() -> String {
        var widths = [Int](repeating: 0, count: limits.count)
        for row in rows { for (i, cell) in row.enumerated() { widths[i] = max(widths[i], PlainText.width(cell)) } }
        var out = ""
        for row in rows {
            var line = String(repeating: " ", count: indent)
            for (i, cell) in row.enumerated() {
                if i > 0 { line += "  " }
                line += PlainText.pad(cell, to: widths[i], alignments[i])
            }
            while line.utf8.last == UInt8(ascii: " ") { line.removeLast() }
            out += line + "\n"
        }
        return out
    }
}

enum PlainText {
    /// How many characters (code points) wide the text is.
    static func width(_ text: String) -> Int { text.utf8.allSatisfy { $0 < 0x80 } ? text.utf8.count : text.unicodeScalars.count }

    /// Most texts show as they are.
    private static func isPrintableASCII(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } }

    static func pad(_ text: String, to width: Int, _ alignment: TextTable.Alignment = .left) -> String {
        let space = String(repeating: " ", count: max(0, width - self.width(text)))
        return alignment == .left ? text + space : space + text
    }

    /// The text on one line, without control characters.
    static func visible(_ text: String) -> String {
        if isPrintableASCII(text) || !text.unicodeScalars.contains(where: { isControl($0) }) { return text }
        return text.unicodeScalars.map { visible($0) }.joined()
    }

    private static func visible(_ scalar: Unicode.Scalar) -> String {
        if !isControl(scalar) { return String(scalar) }
        switch scalar {
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        default:
            let digits = String(scalar.value, radix: 16)
            return scalar.value < 0x100 ? "\\x" + (digits.utf8.count < 2 ? "0" : "") + digits : "\\u{" + digits + "}"
        }
    }

    /// Controls, and marks that turn the direction of a line.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    /// The text on one line of at most `width` characters; behind a cut stands how many are gone.
    static func cut(_ text: String, to width: Int) -> String {
        if text.utf8.count <= width && isPrintableASCII(text) { return text }
        // Only the start of a very long text has to be looked at.
        let total = text.unicodeScalars.count
        let head = text.unicodeScalars.prefix(width + 1).map { visible($0) }
        if total <= width && head.reduce(0, { $0 + $1.unicodeScalars.count }) <= width { return head.joined() }
        var used = 0, kept = 0
        for piece in head {
            // The number that is told needs room too.
            let mark = 4 + String(total - kept - 1).utf8.count
            if used + piece.unicodeScalars.count + mark > width { break }
            used += piece.unicodeScalars.count
            kept += 1
        }
        return head[..<kept].joined() + "…(+\(total - kept))"
    }

    /// The text on one line of at most `width` characters, where there is no room to say how much is gone.
    static func clip(_ text: String, to width: Int) -> String {
        if text.utf8.count <= width && isPrintableASCII(text) { return text }
        let shown = visible(String(text.unicodeScalars.prefix(width + 1)))
        if shown.unicodeScalars.count <= width { return shown }
        return String(shown.unicodeScalars.prefix(max(0, width - 1))) + "…"
    }

    /// The start of a long text, and how many characters were cut off.
    static func shortened(_ text: String, to bytes: Int) -> String {
        let total = text.unicodeScalars.count
        let head = text.unicodeScalars.prefix(bytes / 4)
        return head.count == total ? text : String(head) + "…(+\(total - head.count))"
    }

    /// The text in lines of at most `width` characters, broken at spaces; a word that is too long is cut.
    static func wrapped(_ text: String, to width: Int) -> [String] {
        var lines: [String] = [""]
        for word in visible(text).split(separator: " ") {
            let word = cut(String(word), to: width)
            let last = lines[lines.count - 1]
            if last.isEmpty {
                lines[lines.count - 1] = word
            } else if last.unicodeScalars.count + 1 + word.unicodeScalars.count <= width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(word)
            }
        }
        return lines
    }

    /// 1234567 as "1,234,567".
    static func grouped(_ number: Int) -> String {
        var digits = Array(String(number.magnitude))
        var i = digits.count - 3
        while i > 0 {
            digits.insert(",", at: i)
            i -= 3
        }
        return (number < 0 ? "-" : "") + String(digits)
    }

    /// A time in the unit that fits.
    static func time(_ microseconds: Double) -> String {
        guard microseconds.isFinite else { return "?" }
        if microseconds < 999.5 { return "\(fixed(microseconds, microseconds < 99.5 ? 1 : 0)) µs" }
        if microseconds < 999_500 { return "\(fixed(microseconds / 1000, 1)) ms" }
        return "\(fixed(microseconds / 1_000_000, 2)) s"
    }

    private static func fixed(_ value: Double, _ places: Int) -> String {
        let scale = places == 0 ? 1 : places == 1 ? 10 : 100
        guard let scaled = Int(exactly: (value * Double(scale)).rounded()) else { return "\(value)" }
        if places == 0 { return grouped(scaled) }
        let rest = String(scaled % scale)
        return grouped(scaled / scale) + "." + String(repeating: "0", count: places - rest.utf8.count) + rest
    }

    /// "1 line", "2 lines"; a plural that is not made with an s has to be given.
    static func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
        "\(grouped(number)) \(number == 1 ? noun : plural ?? noun + "s")"
    }
}
