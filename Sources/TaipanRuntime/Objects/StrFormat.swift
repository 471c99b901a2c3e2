// `str.format`, `format()` and `str.__format__`. Fields are cut in StrFormatFields.swift; numbers format themselves.

import TaipanNumbers
import TaipanUnicode

/// Whether fields are numbered by hand or in turn.
private struct FieldNumbering {
    enum State { case unknown, automatic, manual }
    var state = State.unknown
    var next = 0
}

extension Thread {
    /// The code points of a str in Swift memory, for parsers of format specs.
    public func units(_ s: Value) -> [UInt32] {
        let text = StrObject(s)
        return (0..<text.count).map { text[$0] }
    }

    /// Makes the error of a format spec pending.
    public func raise(_ error: FormatError) -> Raised {
        raise(error.kind == .overflowError ? .overflowError : .valueError, error.message)
    }

    /// `format(value, spec)`; `spec` a str.
    public func format(_ value: Value, _ spec: Value) throws(Raised) -> Value {
        if StrObject(spec).count == 0 {
            if value.hasLayout(.str) { return value }
            if value.isSmallInt { return try strOf(value) }
        } else {
            let made = try formatPlainly(value, StrObject(spec))
            if made.isBound { return made }
        }
        if value.hasLayout(.str) { return try formatText(value, spec) }
        let made = try callSpecial(value, name(.__format__), spec)
        if made.isUnbound { throw raise(.typeError, "Type \(typeName(value)) doesn't define __format__") }
        if !made.isKind(.str) { throw raise(.typeError, "__format__ must return a str, not \(typeName(made))") }
        return made
    }

    /// `str.__format__`.
    func formatText(_ value: Value, _ spec: Value) throws(Raised) -> Value {
        if StrObject(spec).count == 0 { return value.hasLayout(.str) ? value : try strOf(value) }
        let text = StrObject(value)
        var builder = StrBuilder()
        do throws(FormatError) {
            let parsed = try FormatSpec.string(units(spec), typeName: typeName(value), decimal: Thread.decimalDigit)
            let layout = try parsed.layOutString(length: text.count, typeName: typeName(value))
            builder.append(parsed.fill, count: layout.left)
            builder.append(text.points.slice(0, layout.take))
            builder.append(parsed.fill, count: layout.right)
        } catch { throw raise(error) }
        return try builder.finish(self, sharing: value)
    }

    /// The value of a decimal digit of any script.
    public static func decimalDigit(_ c: UInt32) -> Int? {
        let value = UnicodeProperties.decimalValue(c)
        return value < 0 ? nil : value
    }

    func defineStrFormatMethods(_ b: TypeBuilder) {
        b.rawMethod("format", "", "S.format(*args, **kwargs) -> str\n\nReturn a formatted version of S, using substitutions from args and kwargs.\nThe substitutions are identified by braces ('{' and '}').") { (t, a) throws(Raised) in
            let arguments = try t.tuple(a.base + 1, a.count - 1)
            let keywords = t.newDict()
            if a.keywords.isBound {
                let names = TupleObject(a.keywords)
                for i in 0..<names.count { try keywords.setString(t, names[i], a[a.count + i]) }
            }
            return try t.formatFields(a[0], arguments, keywords.value)
        }
        b.method("format_map", "!($self, mapping, /)", "S.format_map(mapping) -> str\n\nReturn a formatted version of S, using substitutions from mapping.\nThe substitutions are identified by braces ('{' and '}').") { (t, a) throws(Raised) in
            try t.formatFields(a[0], .unbound, a[1])
        }
        b.method("__format__", "($self, format_spec, /)", "Return a formatted version of the string as described by format_spec.") { (t, a) throws(Raised) in
            try t.requireStr(a[1], "__format__", "")
            return try t.formatText(a[0], a[1])
        }
    }

    // MARK: Fields

    /// `text.format(*arguments, **keywords)`; unbound arguments for format_map.
    func formatFields(_ text: Value, _ arguments: Value, _ keywords: Value) throws(Raised) -> Value {
        var numbering = FieldNumbering()
        return try expand(text, 0..<StrObject(text).count, arguments, keywords, &numbering, depth: 2)
    }

    private func expand(_ text: Value, _ range: Range<Int>, _ arguments: Value, _ keywords: Value, _ numbering: inout FieldNumbering,
                        depth: Int) throws(Raised) -> Value {
        if depth <= 0 { throw raise(.valueError, "Max string recursion exceeded") }
        let points = StrObject(text).points
        var pieces = FormatPieces(points, range)
        var builder = StrBuilder()
        var whole = text
        while let piece = try pieces.next(self) {
            if !piece.literal.isEmpty { builder.append(points.slice(piece.literal.lowerBound, piece.literal.upperBound)) }
            if !piece.hasField { continue }
            var value = try fieldValue(text, piece.name, arguments, keywords, &numbering)
            if piece.conversion != 0 { value = try convert(value, piece.conversion) }
            let spec = piece.specIsNested ? try expand(text, piece.spec, arguments, keywords, &numbering, depth: depth - 1)
                : try newStr(points.slice(piece.spec.lowerBound, piece.spec.upperBound))
            let formatted = try format(value, spec)
            if builder.count == 0 { whole = formatted }
            builder.append(formatted)
        }
        return try builder.finish(self, sharing: whole)
    }

    private func convert(_ value: Value, _ conversion: UInt32) throws(Raised) -> Value {
        switch conversion {
        case 0x72: return try repr(value)
        case 0x73: return try strOf(value)
        case 0x61: return try asciiRepr(value)
        default:
            if conversion > 32 && conversion < 127 {
                throw raise(.valueError, "Unknown conversion specifier \(Character(Unicode.Scalar(conversion) ?? "?"))")
            }
            throw raise(.valueError, "Unknown conversion specifier \\x\(String(conversion, radix: 16))")
        }
    }

    private func fieldValue(_ text: Value, _ name: Range<Int>, _ arguments: Value, _ keywords: Value, _ numbering: inout FieldNumbering) throws(Raised) -> Value {
        let points = StrObject(text).points
        var (first, index, steps) = try splitFieldName(points, name)
        if first.isEmpty || index >= 0 {
            if first.isEmpty {
                if numbering.state == .manual {
                    throw raise(.valueError, "cannot switch from manual field specification to automatic field numbering")
                }
                numbering.state = .automatic
                index = numbering.next
                numbering.next += 1
            } else {
                if numbering.state == .automatic {
                    throw raise(.valueError, "cannot switch from automatic field numbering to manual field specification")
                }
                numbering.state = .manual
            }
        }
        var value: Value
        if index < 0 {
            let key = try newStr(points.slice(first.lowerBound, first.upperBound))
            value = try getItem(keywords, key)
        } else {
            if arguments.isUnbound { throw raise(.valueError, "Format string contains positional fields") }
            if index >= TupleObject(arguments).count {
                throw raise(.indexError, "Replacement index \(index) out of range for positional args tuple")
            }
            value = TupleObject(arguments)[index]
        }
        while let step = try steps.next(self) {
            let key = try newStr(points.slice(step.name.lowerBound, step.name.upperBound))
            if step.isAttribute {
                value = try getattr(value, intern(key))
            } else if step.index >= 0 {
                value = try getItem(value, int(step.index))
            } else {
                value = try getItem(value, key)
            }
        }
        return value
    }
}
