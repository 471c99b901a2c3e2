// Texts of values that were taken down: what `repr` shows where that needs no Python code, cut to a length, without addresses.

import TaipanNumbers
import TaipanRuntime
import TaipanUnicode

/// Reads entries that `ValueCapture` wrote, one behind the other.
struct ValueText {
    let t: Thread
    /// Kept alive: the memory that `words` points into is a root.
    let words: UnsafeMutablePointer<Value>
    private(set) var at = 0

    /// Characters of one value's text.
    static var limit: Int { 80 }

    init(_ t: Thread, _ words: UnsafeMutablePointer<Value>) {
        self.t = t
        self.words = words
    }

    /// The next value's text.
    mutating func next() -> String { ValueText.cut(full()) }

    /// The texts of the next `count` values.
    mutating func next(_ count: Int) -> [String] {
        var texts: [String] = []
        texts.reserveCapacity(count)
        for _ in 0..<count { texts.append(next()) }
        return texts
    }

    static func cut(_ text: String) -> String {
        if text.utf8.count <= limit { return text }
        let characters = text.unicodeScalars
        if characters.count <= limit { return text }
        var made = String.UnicodeScalarView()
        made.append(contentsOf: characters.prefix(limit - 1))
        made.append("…")
        return String(made)
    }

    private mutating func word() -> Value {
        at += 1
        return words[at - 1]
    }

    private mutating func full() -> String {
        let head = word().smallInt
        let count = head >> 8
        switch head & 0xFF {
        case CaptureTag.null: return "NULL"
        case CaptureTag.plain: return plain(word())
        case CaptureTag.text: return QuotedText.string(utf8(scalars()), asciiOnly: false).dropLast() + "… (\(count) characters)"
        case CaptureTag.bytes: return "b" + QuotedText.bytes(scalars().map { UInt8(truncatingIfNeeded: $0) }).dropLast() + "… (\(count) bytes)"
        case CaptureTag.number: return "\(count & 1 != 0 ? "-" : "")<int of \(count >> 1) bits>"
        case CaptureTag.list: return items("[", "]", count)
        case CaptureTag.tuple: return items("(", count == 1 ? ",)" : ")", count)
        case CaptureTag.dict: return pairs(count)
        case CaptureTag.set: return count == 0 ? emptied("set()") : items("{", "}", count)
        case CaptureTag.frozenset: return count == 0 ? emptied("frozenset()") : "frozenset(" + items("{", "}", count) + ")"
        case CaptureTag.named: return named(NamedKind(rawValue: count) ?? .function, word())
        case CaptureTag.type: return "<class '\(dottedName())'>"
        case CaptureTag.object: return "<\(dottedName()) object>"
        case CaptureTag.exception: return exception()
        case CaptureTag.cell: return "<cell: \(full())>"
        default: return "…"
        }
    }

    /// A class's name behind that of its module, which goes without saying for builtins.
    private mutating func dottedName() -> String {
        let name = text(word()), module = text(word())
        return module.isEmpty || module == "builtins" ? name : "\(module).\(name)"
    }

    private mutating func emptied(_ text: String) -> String {
        _ = word()
        return text
    }

    private mutating func scalars() -> [UInt32] {
        var made: [UInt32] = []
        for _ in 0..<(ValueCapture.textUnits / 2) {
            let pair = word().smallInt
            made.append(UInt32(pair & 0x7FFF_FFFF))
            made.append(UInt32((pair >> 31) & 0x7FFF_FFFF))
        }
        return made
    }

    /// UTF-8, lone surrogates encoded like other code points.
    private func utf8(_ scalars: [UInt32]) -> [UInt8] {
        var out: [UInt8] = []
        for c in scalars {
            switch c {
            case ..<0x80: out.append(UInt8(c))
            case ..<0x800: out += [UInt8(0xC0 | c >> 6), UInt8(0x80 | c & 0x3F)]
            case ..<0x10000: out += [UInt8(0xE0 | c >> 12), UInt8(0x80 | c >> 6 & 0x3F), UInt8(0x80 | c & 0x3F)]
            default: out += [UInt8(0xF0 | c >> 18 & 7), UInt8(0x80 | c >> 12 & 0x3F), UInt8(0x80 | c >> 6 & 0x3F), UInt8(0x80 | c & 0x3F)]
            }
        }
        return out
    }

    private func text(_ value: Value) -> String { value.hasLayout(.str) ? t.string(value) : "?" }

    private func plain(_ value: Value) -> String {
        if value.isSmallInt { return String(value.smallInt) }
        if value.isSmallFloat { return FloatText.repr(value.smallFloat) }
        switch value {
        case .none: return "None"
        case .true: return "True"
        case .false: return "False"
        case .ellipsis: return "Ellipsis"
        case .notImplemented: return "NotImplemented"
        default: break
        }
        if !value.isCell { return "?" }
        switch value.cell.layout {
        case .str: return QuotedText.string(utf8((0..<StrObject(value).count).map { StrObject(value)[$0] }), asciiOnly: false)
        case .bytes: return "b" + QuotedText.bytes(Array(BytesObject(value).buffer))
        case .int: return number(IntObject(value))
        case .float: return FloatText.repr(t.double(value))
        case .complex: return FloatText.repr(real: ComplexObject(value).real, imaginary: ComplexObject(value).imaginary)
        case .range: return range(value)
        default: return "?"
        }
    }

    private func number(_ n: IntObject) -> String {
        let digits = UnsafeMutablePointer<UInt8>.allocate(capacity: Limbs.textCapacity(n.limbs, n.limbCount, base: 10))
        defer { digits.deallocate() }
        let count = Limbs.text(n.limbs, n.limbCount, base: 10, into: digits)
        return (n.isNegative ? "-" : "") + String(decoding: UnsafeBufferPointer(start: digits, count: count), as: UTF8.self)
    }

    private func range(_ value: Value) -> String {
        let start = RangeObject(value).start, stop = RangeObject(value).stop, step = RangeObject(value).step
        guard start.isSmallInt, stop.isSmallInt, step.isSmallInt else { return "<range object>" }
        return "range(\(start.smallInt), \(stop.smallInt)" + (step.smallInt == 1 ? ")" : ", \(step.smallInt))")
    }

    private mutating func items(_ open: String, _ close: String, _ count: Int) -> String {
        let shown = word().smallInt
        var parts: [String] = []
        for _ in 0..<shown { parts.append(full()) }
        if shown < count { parts.append("…") }
        return open + parts.joined(separator: ", ") + (shown < count && close == ",)" ? ")" : close)
    }

    private mutating func pairs(_ count: Int) -> String {
        let shown = word().smallInt
        var parts: [String] = []
        for _ in 0..<shown {
            let key = full()
            parts.append(key + ": " + full())
        }
        if shown < count { parts.append("…") }
        return "{" + parts.joined(separator: ", ") + "}"
    }

    private func named(_ kind: NamedKind, _ value: Value) -> String {
        let name = text(value)
        switch kind {
        case .function: return "<function \(name)>"
        case .builtinFunction: return "<built-in function \(name)>"
        case .method: return "<bound method \(name)>"
        case .builtinMethod: return "<built-in method \(name)>"
        case .module: return "<module '\(name)'>"
        case .generator: return "<generator object \(name)>"
        case .coroutine: return "<coroutine object \(name)>"
        case .asyncGenerator: return "<async_generator object \(name)>"
        case .code: return "<code object \(name)>"
        }
    }

    /// As `repr` has it: the arguments in parentheses.
    private mutating func exception() -> String {
        let name = text(word())
        var arguments = full()
        if arguments.hasSuffix(",)") { arguments = String(arguments.dropLast(2)) + ")" }
        return name + (arguments.hasPrefix("(") ? arguments : "(\(arguments))")
    }

    // MARK: Calls and messages

    /// What the next entry is called by: the plain name of something that can be called, and whether Python code runs for it.
    mutating func callee() -> (name: String, isPython: Bool) {
        let start = at
        let head = word().smallInt
        if head & 0xFF == CaptureTag.named, let kind = NamedKind(rawValue: head >> 8) { return (text(word()), kind == .function || kind == .method) }
        if head & 0xFF == CaptureTag.type {
            let name = text(word())
            _ = word()
            return (name, false)
        }
        at = start
        return (next(), false)
    }

    /// The line that a traceback ends with, for an exception that is the next entry.
    mutating func message() -> String {
        let head = word().smallInt
        if head & 0xFF != CaptureTag.exception {
            at -= 1
            return next()
        }
        let name = text(word())
        let start = at
        // One argument that is a text shows without quotes.
        if word().smallInt & 0xFF == CaptureTag.tuple, words[start].smallInt >> 8 <= 1 {
            if words[start].smallInt >> 8 == 0 {
                _ = word()
                return name
            }
            if words[start + 1].smallInt == 1 {
                let first = start + 2
                if words[first].smallInt & 0xFF == CaptureTag.plain, words[first + 1].hasLayout(.str) {
                    at = first + 2
                    return ValueText.cut(name + ": " + String(t.string(words[first + 1])))
                }
                at = first
                return ValueText.cut(name + ": " + full())
            }
        }
        at = start
        return ValueText.cut(name + ": " + full())
    }
}
