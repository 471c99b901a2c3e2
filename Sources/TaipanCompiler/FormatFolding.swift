// `'…%s…' % (a, b)` with a literal format becomes an f-string, as long as it has only %s, %r, %a and %%.
import TaipanSyntax

struct FormatFolding {
    private let format: [UInt8]
    private var at = 0
    /// The pieces of text have no place of their own.
    private let nowhere = SourceSpan(line: -1, column: -1, endLine: -1, endColumn: -1)

    private init(_ format: [UInt8]) { self.format = format }

    /// The parts of the f-string that `format % elts` equals; nil if it has to be done at run time.
    static func parts(of format: [UInt8], _ elts: [Expression]) -> [Expression]? {
        var folding = FormatFolding(format)
        return folding.run(elts)
    }

    private mutating func run(_ elts: [Expression]) -> [Expression]? {
        var parts: [Expression] = []
        var next = 0
        while at < format.count {
            if let text = literal() { parts.append(text) }
            if at >= format.count { break }
            if next >= elts.count { return nil }
            at += 1
            guard let value = conversion(elts[next]) else { return nil }
            parts.append(value)
            next += 1
        }
        return next == elts.count ? parts : nil
    }

    /// Text up to the next conversion; `%%` is a percent sign.
    private mutating func literal() -> Expression? {
        var text: [UInt8] = []
        while at < format.count {
            if format[at] == 0x25 {
                guard at + 1 < format.count, format[at + 1] == 0x25 else { break }
                at += 1
            }
            text.append(format[at])
            at += 1
        }
        return text.isEmpty ? nil : Expression(.constant(.str(text), isUnicodePrefixed: false), nowhere)
    }

    private mutating func conversion(_ value: Expression) -> Expression? {
        var leftAligned = false, plus = false, space = false, alternate = false, zero = false
        flags: while true {
            guard at < format.count else { return nil }
            switch format[at] {
            case 0x2D: leftAligned = true
            case 0x2B: plus = true
            case 0x20: space = true
            case 0x23: alternate = true
            case 0x30: zero = true
            default: break flags
            }
            at += 1
        }
        var width: Int?
        var precision: Int?
        if let digits = number() { width = digits }
        if at < format.count, format[at] == 0x2E {
            at += 1
            precision = number() ?? 0
        }
        if (width ?? 0) > 100 || (precision ?? 0) > 100 { return nil }
        guard at < format.count else { return nil }
        let code = format[at]
        at += 1
        if plus || space || alternate || zero { return nil }
        guard code == 0x73 || code == 0x72 || code == 0x61 else { return nil }
        var spec = ""
        // Strings are left-aligned by default in a format specification, but right-aligned by `%`.
        if !leftAligned && (width ?? 0) > 0 { spec += ">" }
        if let width { spec += String(width) }
        if let precision { spec += "." + String(precision) }
        var formatSpec: Expression?
        if !spec.isEmpty {
            let text = Expression(.constant(.str(Array(spec.utf8)), isUnicodePrefixed: false), nowhere)
            formatSpec = Expression(.joinedStr(values: [text]), value.position)
        }
        return Expression(
            .formattedValue(value: value, conversion: Int(code), formatSpec: formatSpec), value.position)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while at < format.count, format[at] &- 0x30 < 10 {
            value = min((value ?? 0) * 10 + Int(format[at] - 0x30), 1000)
            at += 1
        }
        return value
    }
}
