// The lines of a source, to cut pieces out of it by position.

/// A source in UTF-8 with `\n` line ends.
struct SourceLines {
    private let bytes: [UInt8]
    /// Where each line begins.
    private var starts = [0]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        for (i, byte) in bytes.enumerated() where byte == 10 { starts.append(i + 1) }
    }

    var count: Int { starts.count }

    /// Line `number`, counted from 1, without its end; empty where there is none.
    func line(_ number: Int) -> String {
        guard number >= 1, number <= starts.count else { return "" }
        var end = number < starts.count ? starts[number] : bytes.count
        if end > starts[number - 1], bytes[end - 1] == 10 { end -= 1 }
        return String(decoding: bytes[starts[number - 1]..<end], as: UTF8.self)
    }

    /// The text of a span whose columns count bytes.
    func text(_ span: SpanRecord) -> String {
        guard let from = place(span.line, span.column), let to = place(span.endLine, span.endColumn), from <= to else { return "" }
        return String(decoding: bytes[from..<to], as: UTF8.self)
    }

    private func place(_ line: Int, _ column: Int) -> Int? {
        guard line >= 1, line <= starts.count, column >= 0 else { return nil }
        let at = starts[line - 1] + column
        return at <= bytes.count ? at : nil
    }
}
