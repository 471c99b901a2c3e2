// JSON as compact UTF-8. Records say what their fields are (`JSONRecord`); the writer knows commas, quotes and numbers. Where it has a place to
// send them to, bytes go there as they come, so that a large record needs no memory for its text.

/// Something that is an object in JSON.
protocol JSONRecord {
    /// Writes the fields, in order.
    func writeFields(_ out: inout JSONWriter)
}

struct JSONWriter {
    /// What has not been sent.
    private(set) var bytes: [UInt8] = []
    private let send: (([UInt8]) -> Void)?
    /// Whether the next item of the open object or array follows another.
    private var needsComma = false

    private static var pieceSize: Int { 1 << 16 }

    init(sendingTo send: (([UInt8]) -> Void)? = nil) {
        self.send = send
        if send != nil { bytes.reserveCapacity(2 * Self.pieceSize) }
    }

    /// Sends the rest.
    mutating func finish() {
        send?(bytes)
        bytes.removeAll()
    }

    // MARK: Fields

    mutating func field(_ name: StaticString, _ value: String) { key(name); string(value) }
    mutating func field(_ name: StaticString, _ value: String?) { key(name); if let value { string(value) } else { null() } }
    mutating func field(_ name: StaticString, _ value: Int) { key(name); number(value) }
    mutating func field(_ name: StaticString, _ value: Int?) { key(name); if let value { number(value) } else { null() } }
    mutating func field(_ name: StaticString, _ value: Bool) { key(name); literal(value ? "true" : "false") }
    mutating func field(_ name: StaticString, _ value: Double) { key(name); number(value) }
    mutating func field(_ name: StaticString, _ value: SpanRecord?) { key(name); span(value) }
    mutating func field(_ name: StaticString, _ items: [String]) { key(name); array(items) { $0.string($1) } }
    mutating func field(_ name: StaticString, _ items: [String]?) { key(name); if let items { array(items) { $0.string($1) } } else { null() } }
    mutating func field<Record: JSONRecord>(_ name: StaticString, _ items: [Record]) { key(name); array(items) { $0.record($1) } }
    mutating func field<Record: JSONRecord>(_ name: StaticString, _ value: Record?) { key(name); if let value { record(value) } else { null() } }

    mutating func field(_ name: StaticString, _ pairs: [(name: String, value: String)]) {
        key(name)
        array(pairs) { out, pair in
            out.open(UInt8(ascii: "{"))
            out.field("name", pair.name)
            out.field("value", pair.value)
            out.close(UInt8(ascii: "}"))
        }
    }

    // MARK: Values

    mutating func record(_ record: some JSONRecord) {
        open(UInt8(ascii: "{"))
        record.writeFields(&self)
        close(UInt8(ascii: "}"))
    }

    private mutating func array<Item>(_ items: [Item], _ write: (inout JSONWriter, Item) -> Void) {
        open(UInt8(ascii: "["))
        for item in items { write(&self, item) }
        close(UInt8(ascii: "]"))
    }

    private mutating func span(_ span: SpanRecord?) {
        guard let span else { return null() }
        array([span.line, span.column, span.endLine, span.endColumn]) { $0.number($1) }
    }

    private mutating func null() { literal("null") }

    private mutating func number(_ value: Int) { literal(String(value)) }

    /// Numbers without an end do not exist in JSON: they are null.
    private mutating func number(_ value: Double) {
        guard value.isFinite else { return null() }
        // Thousandths are all that a measured time is good for.
        let rounded = (value * 1000).rounded() / 1000
        if rounded == rounded.rounded(), let whole = Int(exactly: rounded) { return number(whole) }
        literal(rounded.isFinite ? rounded.description : value.description)
    }

    private mutating func string(_ text: String) {
        separate()
        quote(text)
        needsComma = true
    }

    // MARK: Bytes

    private mutating func key(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    private mutating func literal(_ text: String) {
        separate()
        var text = text
        text.withUTF8 { bytes.append(contentsOf: $0) }
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
        if bytes.count >= Self.pieceSize, let send {
            send(bytes)
            bytes.removeAll(keepingCapacity: true)
        }
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = false
    }

    private mutating func quote(_ text: String) {
        var text = text
        bytes.append(UInt8(ascii: "\""))
        text.withUTF8 { utf8 in
            var copied = 0
            for i in utf8.indices where Self.isEscaped(utf8[i]) {
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[copied..<i]))
                escape(utf8[i])
                copied = i + 1
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[copied...]))
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "<")
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
        case UInt8(ascii: "\t"): bytes.append(contentsOf: "\\t".utf8)
        case UInt8(ascii: "\r"): bytes.append(contentsOf: "\\r".utf8)
        // So that the text can stand in a script element of a page.
        case UInt8(ascii: "<"): bytes.append(contentsOf: "\\u003c".utf8)
        default:
            let digits = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: "\\u00".utf8)
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        }
    }
}
