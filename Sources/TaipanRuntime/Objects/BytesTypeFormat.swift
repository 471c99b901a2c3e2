// `%` formatting of bytes and bytearray (PEP 461).

import TaipanUnicode

extension Thread {
    /// `source % operand`.
    func formatBytes(_ source: TextSource, _ operand: Value) throws(Raised) -> Value {
        let isText = operand.isKind(.bytes) || operand.isKind(.str) || isByteArray(operand)
        var arguments = PercentArguments(self, operand, isText: isText)
        let text = source.points
        var parser = PercentParser(t: self, text: text, isBytes: true)
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
            try formatBytesItem(conversion, try arguments.take(), &builder)
        }
        if arguments.hasRest { throw raise(.typeError, "not all arguments converted during bytes formatting") }
        return try finish(builder, source.flavor)
    }

    private func formatBytesItem(_ conversion: PercentConversion, _ value: Value, _ builder: inout StrBuilder) throws(Raised) {
        switch conversion.code {
        case 0x72, 0x61: lay(StrObject(try asciiRepr(value)).points, conversion, &builder)
        case 0x73, 0x62: try layBytes(value, conversion, &builder)
        case 0x63:
            var byte = try percentByte(value)
            var whole = conversion
            whole.precision = -1
            withUnsafePointer(to: &byte) { lay(CodePoints(base: $0, count: 1, width: 1), whole, &builder) }
        case 0x64, 0x69, 0x75, 0x6F, 0x78, 0x58, 0x65, 0x45, 0x66, 0x46, 0x67, 0x47:
            builder.append(try percentNumber(conversion, value, forBytes: true))
        default: throw unsupportedFormat(conversion)
        }
    }

    private func lay(_ points: CodePoints, _ conversion: PercentConversion, _ builder: inout StrBuilder) {
        let take = conversion.precision >= 0 ? min(conversion.precision, points.count) : points.count
        let fill = conversion.width - take
        if !conversion.flags.contains(.left) { builder.append(0x20, count: fill) }
        builder.append(points.slice(0, take))
        if conversion.flags.contains(.left) { builder.append(0x20, count: fill) }
    }

    private func layBytes(_ value: Value, _ conversion: PercentConversion, _ builder: inout StrBuilder) throws(Raised) {
        if value.hasLayout(.bytes) { return lay(BytesObject(value).points, conversion, &builder) }
        let special = try callSpecial(value, name(.__bytes__))
        if special.isBound {
            if !special.isKind(.bytes) { throw raise(.typeError, "__bytes__ returned non-bytes (type \(typeName(special)))") }
            return lay(BytesObject(special).points, conversion, &builder)
        }
        if !hasBuffer(value) {
            throw raise(.typeError, "%b requires a bytes-like object, or an object that implements __bytes__, not '\(typeName(value))'")
        }
        let view = try buffer(of: value)
        defer { release(view) }
        lay(view.points, conversion, &builder)
    }

    private func percentByte(_ value: Value) throws(Raised) -> UInt8 {
        if value.isKind(.bytes) || isByteArray(value) {
            let points = bytePoints(value)
            if points.count == 1 { return UInt8(truncatingIfNeeded: points[0]) }
        } else if isInt(value) {
            guard let n = machineInt(value), n >= 0, n < 256 else { throw raise(.overflowError, "%c arg not in range(256)") }
            return UInt8(n)
        } else if type(of: value).slots.pointee.index.isSet {
            return try percentByte(try indexValue(value))
        }
        throw raise(.typeError, "%c requires an integer in range(256) or a single byte")
    }
}
