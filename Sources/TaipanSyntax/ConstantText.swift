// Constants as Python's `repr` and `ascii` show them.

import TaipanNumbers
import TaipanUnicode

/// Texts of constants, as Python's `repr` writes them.
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

    static func bytes(_ text: [UInt8]) -> String { QuotedText.bytes(text) }

    /// `repr` of a text in UTF-8 that may hold lone surrogates.
    public static func string(_ text: [UInt8], asciiOnly: Bool = false) -> String { QuotedText.string(text, asciiOnly: asciiOnly) }
}
