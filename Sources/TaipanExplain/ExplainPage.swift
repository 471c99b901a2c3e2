// The page of a record: one HTML file with everything in it, which works from a file without a network. What it looks like and does is in
// the folder Page; scripts/make_page.py makes PageAssets.swift of it.

extension ExplainRecord {
    /// The record as one HTML page in UTF-8, with its own style and script; it opens from a file and asks for nothing else. Of a record that is
    /// larger than a page may be, parts are left out; the page says which.
    public func page() -> [UInt8] {
        var divisor = 1
        var page = roughSize > 2 * Self.pageLimit ? [] : wholePage()
        while page.isEmpty || page.count > Self.pageLimit, divisor <= 4096 {
            page = cut(divisor).wholePage()
            divisor *= 2
        }
        return page
    }

    private func wholePage() -> [UInt8] {
        let record = json()
        var page: [UInt8] = []
        page.reserveCapacity(PageAssets.head.utf8CodeUnitCount + record.count + record.count / 16 + PageAssets.tail.utf8CodeUnitCount)
        PageAssets.head.withUTF8Buffer { page.append(contentsOf: $0) }
        appendForScript(record, to: &page)
        PageAssets.tail.withUTF8Buffer { page.append(contentsOf: $0) }
        return page
    }
}

/// Appends JSON so that no text in it can end the `<script>` element that holds it: `<`, `>` and `&` as escapes, and the two line separators
/// that are line ends in JavaScript but not in JSON. All of these stand only inside strings.
private func appendForScript(_ json: [UInt8], to page: inout [UInt8]) {
    var copied = 0
    func escape(_ text: StaticString, at index: Int, length: Int) {
        page.append(contentsOf: json[copied..<index])
        text.withUTF8Buffer { page.append(contentsOf: $0) }
        copied = index + length
    }
    for index in json.indices {
        switch json[index] {
        case UInt8(ascii: "<"): escape("\\u003c", at: index, length: 1)
        case UInt8(ascii: ">"): escape("\\u003e", at: index, length: 1)
        case UInt8(ascii: "&"): escape("\\u0026", at: index, length: 1)
        case 0xE2 where index + 2 < json.count && json[index + 1] == 0x80 && json[index + 2] & 0xFE == 0xA8:
            escape(json[index + 2] == 0xA8 ? "\\u2028" : "\\u2029", at: index, length: 3)
        default: break
        }
    }
    page.append(contentsOf: json[copied...])
}
