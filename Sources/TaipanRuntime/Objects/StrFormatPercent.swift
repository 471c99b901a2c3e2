// `%` formatting, for str and for bytes: one parser of conversions, one source of arguments.

import TaipanNumbers
import TaipanUnicode

/// One conversion such as `%(key)-5.3d`.
struct PercentConversion {
    var flags: PercentFormat.Flags = []
    var width = -1
    var precision = -1
    var code: UInt32 = 0
    /// Position of the code in the format.
    var position = 0
}

/// The right operand of `%`, argument by argument.
struct PercentArguments {
    /// A tuple's items in turn, or the operand itself once.
    var values: Value
    var next = 0
    var isTuple: Bool
    /// Something that `%(key)s` may subscribe, or unbound.
    let mapping: Value
    let t: Thread

    init(_ t: Thread, _ operand: Value, isText: Bool) {
        self.t = t
        values = operand
        isTuple = operand.isKind(.tuple)
        let hasItems = t.type(of: operand).slots.pointee.getItem.isSet
        mapping = hasItems && !isTuple && !isText ? operand : .unbound
    }

    mutating func take() throws(Raised) -> Value {
        if isTuple {
            if next < TupleObject(values).count {
                next += 1
                return TupleObject(values)[next - 1]
            }
        } else if next == 0 {
            next = 1
            return values
        }
        throw t.raise(.typeError, "not enough arguments for format string")
    }

    /// What `%(key)` selects becomes the only argument.
    mutating func select(_ value: Value) {
        values = value
        isTuple = false
        next = 0
    }

    var hasRest: Bool { mapping.isUnbound && (isTuple ? next < TupleObject(values).count : next == 0) }
}

/// Reads conversions from a format.
struct PercentParser {
    let t: Thread
    let text: CodePoints
    let isBytes: Bool
    var at = 0

    private func peek() throws(Raised) -> UInt32 {
        if at < text.count { return text[at] }
        throw t.raise(.valueError, "incomplete format")
    }

    /// Reads the conversion after a `%`.
    mutating func conversion(_ arguments: inout PercentArguments) throws(Raised) -> PercentConversion {
        var made = PercentConversion()
        if try peek() == 0x28 { try key(&arguments) }
        flags: while true {
            switch try peek() {
            case 0x2D: made.flags.insert(.left)
            case 0x2B: made.flags.insert(.sign)
            case 0x20: made.flags.insert(.blank)
            case 0x23: made.flags.insert(.alternate)
            case 0x30: made.flags.insert(.zero)
            default: break flags
            }
            at += 1
        }
        if try peek() == 0x2A {
            at += 1
            let value = try arguments.take()
            if !t.isInt(value) { throw t.raise(.typeError, "* wants int") }
            guard var width = t.machineInt(value) else { throw t.raise(.overflowError, "Python int too large to convert to C ssize_t") }
            if width < 0 {
                made.flags.insert(.left)
                width = 0 &- width
            }
            made.width = width
        } else if let width = try digits(limit: Int.max, "width too big") {
            made.width = width
        }
        if try peek() == 0x2E {
            at += 1
            made.precision = 0
            if try peek() == 0x2A {
                at += 1
                let value = try arguments.take()
                if !t.isInt(value) { throw t.raise(.typeError, "* wants int") }
                made.precision = max(0, try t.cInt(value))
            } else if let precision = try digits(limit: Int(Int32.max), isBytes ? "prec too big" : "precision too big") {
                made.precision = precision
            }
        }
        let c = try peek()
        if c == 0x68 || c == 0x6C || c == 0x4C { at += 1 }
        made.code = try peek()
        made.position = at
        at += 1
        return made
    }

    private mutating func digits(limit: Int, _ message: String) throws(Raised) -> Int? {
        var value: Int?
        while true {
            let c = try peek()
            if c < 0x30 || c > 0x39 { return value }
            let digit = Int(c - 0x30)
            let sofar = value ?? 0
            if sofar > (limit - digit) / 10 { throw t.raise(.valueError, message) }
            value = sofar * 10 + digit
            at += 1
        }
    }

    private mutating func key(_ arguments: inout PercentArguments) throws(Raised) {
        if arguments.mapping.isUnbound { throw t.raise(.typeError, "format requires a mapping") }
        at += 1
        let start = at
        var depth = 1
        while depth > 0 {
            if at >= text.count { throw t.raise(.valueError, "incomplete format key") }
            if text[at] == 0x28 { depth += 1 }
            if text[at] == 0x29 { depth -= 1 }
            at += 1
        }
        let name = text.slice(start, at - 1)
        arguments.select(try t.getItem(arguments.mapping, isBytes ? try t.newText(name, .bytes) : try t.newStr(name)))
    }
}

extension Thread {
    /// `left % arguments` for a str.
    public func formatStr(_ left: Value, _ operand: Value) throws(Raised) -> Value {
        let text = StrObject(left).points
        var arguments = PercentArguments(self, operand, isText: operand.isKind(.str))
        var parser = PercentParser(t: self, text: text, isBytes: false)
        var builder = StrBuilder()
        while parser.at < text.count {
            let percent = TextSearch.find(unit: 0x25, in: text, from: parser.at, to: text.count)
            let end = percent < 0 ? text.count : percent
            if end > parser.at { builder.append(text.slice(parser.at, end)) }
            parser.at = end + 1
            if percent < 0 { break }
            if parser.at < text.count && text[parser.at] == 0x25 {
                parser.at += 1
                builder.append(0x25)
                continue
            }
            let conversion = try parser.conversion(&arguments)
            try formatPercent(conversion, try arguments.take(), &builder)
        }
        if arguments.hasRest { throw raise(.typeError, "not all arguments converted during string formatting") }
        var lone = operand
        if operand.isKind(.tuple) {
            let given = TupleObject(operand)
            lone = given.count == 0 ? left : given.count == 1 ? given[0] : .unbound
        }
        return try builder.finish(self, sharing: lone)
    }

    private func formatPercent(_ conversion: PercentConversion, _ value: Value, _ builder: inout StrBuilder) throws(Raised) {
        switch conversion.code {
        case 0x73: lay(try strOf(value), conversion, &builder)
        case 0x72: lay(try repr(value), conversion, &builder)
        case 0x61: lay(try asciiRepr(value), conversion, &builder)
        case 0x63:
            var whole = conversion
            whole.precision = -1
            lay(try percentCharacter(value), whole, &builder)
        case 0x64 where value.isSmallInt && conversion.flags.isEmpty && conversion.width < 0 && conversion.precision < 0:
            builder.append(decimal: value.smallInt)
        case 0x64, 0x69, 0x75, 0x6F, 0x78, 0x58, 0x65, 0x45, 0x66, 0x46, 0x67, 0x47:
            builder.append(try percentNumber(conversion, value))
        default: throw unsupportedFormat(conversion)
        }
    }

    /// ValueError for a conversion that does not exist.
    func unsupportedFormat(_ conversion: PercentConversion) -> Raised {
        let c = conversion.code
        let shown = c >= 31 && c < 127 ? String(Character(Unicode.Scalar(c) ?? "?")) : "?"
        return raise(.valueError, "unsupported format character '\(shown)' (0x\(String(c, radix: 16))) at index \(conversion.position)")
    }

    private func lay(_ text: Value, _ conversion: PercentConversion, _ builder: inout StrBuilder) {
        let s = StrObject(text)
        let take = conversion.precision >= 0 ? min(conversion.precision, s.count) : s.count
        let fill = conversion.width - take
        if !conversion.flags.contains(.left) { builder.append(0x20, count: fill) }
        builder.append(s.points.slice(0, take))
        if conversion.flags.contains(.left) { builder.append(0x20, count: fill) }
    }

    private func percentCharacter(_ value: Value) throws(Raised) -> Value {
        if value.isKind(.str) {
            if StrObject(value).count == 1 { return value }
            throw raise(.typeError, "%c requires int or char")
        }
        if !isInt(value) && !type(of: value).slots.pointee.index.isSet { throw raise(.typeError, "%c requires int or char") }
        guard let n = machineInt(try indexValue(value)), n >= 0, n < 0x110000 else {
            throw raise(.overflowError, "%c arg not in range(0x110000)")
        }
        return character(UInt32(n))
    }

    /// A numeric conversion, for str and bytes.
    func percentNumber(_ conversion: PercentConversion, _ value: Value, forBytes: Bool = false) throws(Raised) -> [UInt8] {
        if conversion.width > 1 << 34 || conversion.precision > 1 << 34 { throw memoryError() }
        let code = UInt8(truncatingIfNeeded: conversion.code)
        let format = PercentFormat(flags: conversion.flags, width: conversion.width, precision: conversion.precision, conversion: code)
        let isFloat = code == 0x65 || code == 0x45 || code == 0x66 || code == 0x46 || code == 0x67 || code == 0x47
        if isFloat && forBytes && !isFloatLike(value) { throw raise(.typeError, "float argument required, not \(typeName(value))") }
        let real = isFloat ? try realNumber(value) : 0
        let (digits, isNegative) = isFloat ? ([], false) : try integerDigits(try percentInteger(value, code), base: format.base)
        do throws(FormatError) {
            return isFloat ? try format.format(real) : try format.format(digits: digits, negative: isNegative)
        } catch { throw raise(error) }
    }

    /// Something that `float()` takes as a number.
    private func isFloatLike(_ value: Value) -> Bool {
        isFloat(value) || isInt(value) || type(of: value).slots.pointee.float.isSet || type(of: value).slots.pointee.index.isSet
    }

    private func percentInteger(_ value: Value, _ code: UInt8) throws(Raised) -> Value {
        if isInt(value) { return value }
        let needsIndex = code == 0x6F || code == 0x78 || code == 0x58
        let slots = type(of: value).slots
        let character = Character(Unicode.Scalar(code))
        let wrong = needsIndex ? "%\(character) format: an integer is required, not \(typeName(value))"
            : "%\(character) format: a real number is required, not \(typeName(value))"
        do throws(Raised) {
            if needsIndex { if slots.pointee.index.isSet { return try indexValue(value) } }
            else if slots.pointee.int.isSet {
                let made = try slots.pointee.int(self, value)
                if isInt(made) { return made }
                throw raise(.typeError, "__int__ returned non-int (type \(typeName(made)))")
            } else if slots.pointee.index.isSet { return try indexValue(value) }
        } catch { try swallow(.typeError, error) }
        throw raise(.typeError, wrong)
    }

    /// `float(value)` for numbers: "must be real number, not X" otherwise.
    func realNumber(_ value: Value) throws(Raised) -> Double {
        if isFloat(value) { return double(value) }
        if value.isSmallInt { return Double(value.smallInt) }
        let slots = type(of: value).slots
        if slots.pointee.float.isSet {
            let made = try slots.pointee.float(self, value)
            if isFloat(made) { return double(made) }
            throw raise(.typeError, "\(typeName(value)).__float__ returned non-float (type \(typeName(made)))")
        }
        if slots.pointee.index.isSet { return try realNumber(try indexValue(value)) }
        throw raise(.typeError, "must be real number, not \(typeName(value))")
    }

    /// The digits of an int (or bool) in base 2, 8, 10 or 16, lower case. Base 10 keeps the limit on digits.
    public func integerDigits(_ value: Value, base: Int) throws(Raised) -> (digits: [UInt8], isNegative: Bool) {
        if let n = machineInt(value) {
            return (Array(String(n.magnitude, radix: base).utf8), n < 0)
        }
        let n = IntObject(value)
        if base == 10 {
            let text = try TypeObject(types.pointee.int).slots.pointee.repr(self, value)
            let s = StrObject(text)
            return (Array(UnsafeBufferPointer(start: s.units8 + (n.isNegative ? 1 : 0), count: s.count - (n.isNegative ? 1 : 0))), n.isNegative)
        }
        let capacity = Limbs.textCapacity(n.limbs, n.limbCount, base: base)
        let digits = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            count = 0
            if let start = buffer.baseAddress { count = Limbs.text(n.limbs, n.limbCount, base: base, into: start) }
        }
        return (digits, n.isNegative)
    }
}
