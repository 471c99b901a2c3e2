// Constants as Python's `repr` and `ascii` show them.

import TaipanNumbers

public enum ConstantText {
    /// `repr(value)`, or `ascii(value)`, of a constant.
    public static func repr(_ value: ConstantValue, asciiOnly: Bool = false) -> String {
        switch value {
        case .none: return "None"
        case .true: return "True"
        case .false: return "False"
        case .ellipsis: return "Ellipsis"
        case .int(let value): return value.description
        case .float(let value): return float(value)
        case .complex(let imaginary): return complexPart(imaginary) + "j"
        case .complexPair(let real, let imaginary):
            if real == 0 && real.sign == .plus { return complexPart(imaginary) + "j" }
            let sign = imaginary.sign == .minus ? "" : "+"
            return "(" + complexPart(real) + sign + complexPart(imaginary) + "j)"
        case .str(let text): return string(text, asciiOnly: asciiOnly)
        case .bytes(let bytes): return "b" + self.bytes(bytes)
        case .tuple(let items):
            let texts = items.map { repr($0, asciiOnly: asciiOnly) }
            return texts.count == 1 ? "(" + texts[0] + ",)" : "(" + texts.joined(separator: ", ") + ")"
        case .frozenset(let items):
            if items.isEmpty { return "frozenset()" }
            return "frozenset({" + items.map { repr($0, asciiOnly: asciiOnly) }.joined(separator: ", ") + "})"
        }
    }

    /// The name of a constant's Python type.
    public static func typeName(_ value: ConstantValue) -> String {
        switch value {
        case .none: return "NoneType"
        case .true, .false: return "bool"
        case .ellipsis: return "ellipsis"
        case .int: return "int"
        case .float: return "float"
        case .complex, .complexPair: return "complex"
        case .str: return "str"
        case .bytes: return "bytes"
        case .tuple: return "tuple"
        case .frozenset: return "frozenset"
        }
    }

    static func float(_ value: Double) -> String {
        FloatText.repr(value)
    }

    /// A part of a complex number: a float without the `.0` of whole ones.
    private static func complexPart(_ value: Double) -> String {
        let text = float(value)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// The quote that `repr` takes for a text.
    private static func quote(_ text: [UInt8]) -> UInt8 {
        text.contains(39) && !text.contains(34) ? 34 : 39
    }

    static func bytes(_ text: [UInt8]) -> String {
        let q = quote(text)
        var out: [UInt8] = [q]
        for c in text { appendASCII(c, q, &out) }
        out.append(q)
        return String(decoding: out, as: UTF8.self)
    }

    private static func appendASCII(_ c: UInt8, _ q: UInt8, _ out: inout [UInt8]) {
        switch c {
        case 92: out += [92, 92]
        case 9: out += [92, 116]
        case 10: out += [92, 110]
        case 13: out += [92, 114]
        case q: out += [92, q]
        case 32..<127: out.append(c)
        default: appendHex(UInt32(c), 120, 2, &out)
        }
    }

    private static func appendHex(_ c: UInt32, _ letter: UInt8, _ digits: Int, _ out: inout [UInt8]) {
        out.append(92)
        out.append(letter)
        var shift = digits * 4
        while shift > 0 {
            shift -= 4
            let d = UInt8(truncatingIfNeeded: c >> UInt32(shift) & 15)
            out.append(d < 10 ? 48 + d : 87 + d)
        }
    }

    /// `repr` of a text in UTF-8 that may hold lone surrogates.
    public static func string(_ text: [UInt8], asciiOnly: Bool = false) -> String {
        let q = quote(text)
        var out: [UInt8] = [q]
        out.reserveCapacity(text.count + 2)
        text.withUnsafeBufferPointer { bytes in
            var i = 0
            while i < bytes.count {
                let (c, length) = IdentifierText.scalar(bytes, i)
                if c < 128 {
                    appendASCII(UInt8(c), q, &out)
                } else if !asciiOnly && IdentifierText.isPrintable(c) && !(c >= 0xD800 && c < 0xE000) {
                    out.append(contentsOf: bytes[i..<min(bytes.count, i + length)])
                } else if c < 0x100 {
                    appendHex(c, 120, 2, &out)
                } else if c < 0x10000 {
                    appendHex(c, 117, 4, &out)
                } else {
                    appendHex(c, 85, 8, &out)
                }
                i += length
            }
        }
        out.append(q)
        return String(decoding: out, as: UTF8.self)
    }
}
