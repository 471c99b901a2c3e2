// `unicodedata`, over the tables of TaipanUnicode. `ucd_3_2_0` answers from the same tables, except for
// characters that Unicode 3.2 did not have a plane for.

import TaipanRuntime
import TaipanUnicode

public enum UnicodedataModule {
    /// Fills the module.
    public static func define(_ m: ModuleBuilder) throws(Raised) {
        m.str("unidata_version", "15.0.0")
        for entry in entries { m.function(entry.name, entry.signature, entry.doc, entry.function) }
        let type = try m.type("UCD", flags: TypeFlag.noInstantiation, NativeLayout(valueWords: 0, bytes: 16)) { b in
            for entry in entries { b.method(entry.name, entry.signature, entry.doc, entry.method) }
            b.member("unidata_version", get: { (t, _) in t.str("3.2.0") })
        }
        m.set("ucd_3_2_0", Value(m.t.allocate(type)))
    }

    private struct Entry {
        let name: StaticString
        let signature: StaticString
        let doc: StaticString
        let function: NativeBody
        /// The same for a receiver in front.
        let method: NativeBody
    }

    private static var entries: [Entry] {
        [
            Entry(name: "name", signature: "($self, chr, default=<unrepresentable>, /)", doc: "Returns the name assigned to the character chr as a string.\n\nIf no name is defined, default is returned, or, if not given,\nValueError is raised.",
                  function: { (t, a) throws(Raised) in try name(t, a) }, method: { (t, a) throws(Raised) in try name(t, a.dropFirst) }),
            Entry(name: "lookup", signature: "($self, name, /)", doc: "Look up character by name.\n\nIf a character with the given name is found, return the\ncorresponding character.  If not found, KeyError is raised.",
                  function: { (t, a) throws(Raised) in try lookup(t, a, isOld: false) }, method: { (t, a) throws(Raised) in try lookup(t, a.dropFirst, isOld: true) }),
            Entry(name: "decimal", signature: "($self, chr, default=<unrepresentable>, /)", doc: "Converts a Unicode character into its equivalent decimal value.\n\nReturns the decimal value assigned to the character chr as integer.\nIf no such value is defined, default is returned, or, if not given,\nValueError is raised.",
                  function: { (t, a) throws(Raised) in try decimal(t, a) }, method: { (t, a) throws(Raised) in try decimal(t, a.dropFirst) }),
            Entry(name: "digit", signature: "($self, chr, default=<unrepresentable>, /)", doc: "Converts a Unicode character into its equivalent digit value.\n\nReturns the digit value assigned to the character chr as integer.\nIf no such value is defined, default is returned, or, if not given,\nValueError is raised.",
                  function: { (t, a) throws(Raised) in try digit(t, a) }, method: { (t, a) throws(Raised) in try digit(t, a.dropFirst) }),
            Entry(name: "numeric", signature: "($self, chr, default=<unrepresentable>, /)", doc: "Converts a Unicode character into its equivalent numeric value.\n\nReturns the numeric value assigned to the character chr as float.\nIf no such value is defined, default is returned, or, if not given,\nValueError is raised.",
                  function: { (t, a) throws(Raised) in try numeric(t, a) }, method: { (t, a) throws(Raised) in try numeric(t, a.dropFirst) }),
            Entry(name: "category", signature: "($self, chr, /)", doc: "Returns the general category assigned to the character chr as string.",
                  function: { (t, a) throws(Raised) in t.intern(UnicodeProperties.category(try character(t, a[0], "category"))) },
                  method: { (t, a) throws(Raised) in t.intern(oldCategory(try character(t, a[1], "category"))) }),
            Entry(name: "bidirectional", signature: "($self, chr, /)", doc: "Returns the bidirectional class assigned to the character chr as string.\n\nIf no such value is defined, an empty string is returned.",
                  function: { (t, a) throws(Raised) in t.intern(UnicodeProperties.bidirectional(try character(t, a[0], "bidirectional"))) },
                  method: { (t, a) throws(Raised) in t.intern(UnicodeProperties.bidirectional(try character(t, a[1], "bidirectional"))) }),
            Entry(name: "combining", signature: "($self, chr, /)", doc: "Returns the canonical combining class assigned to the character chr as integer.\n\nReturns 0 if no combining class is defined.",
                  function: { (t, a) throws(Raised) in t.int(Int(UnicodeProperties.combiningClass(try character(t, a[0], "combining")))) },
                  method: { (t, a) throws(Raised) in t.int(Int(UnicodeProperties.combiningClass(try character(t, a[1], "combining")))) }),
            Entry(name: "mirrored", signature: "($self, chr, /)", doc: "Returns the mirrored property assigned to the character chr as integer.\n\nReturns 1 if the character has been identified as a \"mirrored\"\ncharacter in bidirectional text, 0 otherwise.",
                  function: { (t, a) throws(Raised) in t.int(UnicodeProperties.isMirrored(try character(t, a[0], "mirrored")) ? 1 : 0) },
                  method: { (t, a) throws(Raised) in t.int(UnicodeProperties.isMirrored(try character(t, a[1], "mirrored")) ? 1 : 0) }),
            Entry(name: "east_asian_width", signature: "($self, chr, /)", doc: "Returns the east asian width assigned to the character chr as string.",
                  function: { (t, a) throws(Raised) in t.intern(UnicodeProperties.eastAsianWidth(try character(t, a[0], "east_asian_width"))) },
                  method: { (t, a) throws(Raised) in t.intern(UnicodeProperties.eastAsianWidth(try character(t, a[1], "east_asian_width"))) }),
            Entry(name: "decomposition", signature: "($self, chr, /)", doc: "Returns the character decomposition mapping assigned to the character chr as string.\n\nAn empty string is returned in case no such mapping is defined.",
                  function: { (t, a) throws(Raised) in t.str(Normalization.decompositionText(try character(t, a[0], "decomposition"))) },
                  method: { (t, a) throws(Raised) in t.str(Normalization.decompositionText(try character(t, a[1], "decomposition"))) }),
            Entry(name: "normalize", signature: "($self, form, unistr, /)", doc: "Return the normal form 'form' for the Unicode string unistr.\n\nValid values for form are 'NFC', 'NFKC', 'NFD', and 'NFKD'.",
                  function: { (t, a) throws(Raised) in try normalize(t, a) }, method: { (t, a) throws(Raised) in try normalize(t, a.dropFirst) }),
            Entry(name: "is_normalized", signature: "($self, form, unistr, /)", doc: "Return whether the Unicode string unistr is in the normal form 'form'.\n\nValid values for form are 'NFC', 'NFKC', 'NFD', and 'NFKD'.",
                  function: { (t, a) throws(Raised) in try isNormalized(t, a) }, method: { (t, a) throws(Raised) in try isNormalized(t, a.dropFirst) }),
        ]
    }

    /// The code point of a one-character str.
    private static func character(_ t: Thread, _ value: Value, _ function: StaticString, _ argument: StaticString = "") throws(Raised) -> UInt32 {
        if value.isKind(.str), StrObject(value).count == 1 { return StrObject(value)[0] }
        throw t.raise(.typeError, "\(function)() argument\(argument) must be a unicode character, not \(value.isNone ? "None" : t.typeName(value))")
    }

    private static func oldCategory(_ c: UInt32) -> StaticString {
        // Unicode 3.2 assigned nothing in the planes and blocks that came later; emoji are what programs ask about.
        c >= 0x1F000 && c < 0x20000 ? "Cn" : UnicodeProperties.category(c)
    }

    private static func name(_ t: Thread, _ a: Arguments) throws(Raised) -> Value {
        let c = try character(t, a[0], "name", " 1")
        if let name = UnicodeNames.name(of: c) { return t.str(name) }
        if a[1].isBound { return a[1] }
        throw t.raise(.valueError, "no such name")
    }

    /// Unicode 3.2 knew neither aliases nor named sequences.
    private static func lookup(_ t: Thread, _ a: Arguments, isOld: Bool) throws(Raised) -> Value {
        let text: Value
        if a[0].isKind(.str) { text = a[0] } else {
            if !t.hasBuffer(a[0]) { throw t.raise(.typeError, "lookup() argument must be read-only bytes-like object, not \(a[0].isNone ? "None" : t.typeName(a[0]))") }
            text = try t.decodeText(a[0], .unbound, .unbound)
        }
        let name = t.wtf8(text)
        if name.count > 256 { throw t.raise(.keyError, "name too long") }
        let found = name.withUnsafeBufferPointer { UnicodeNames.lookupSequence($0) }
        guard let found, !isOld || found.count == 1 && isOwnName(name, found[0]) else {
            throw t.raise(.keyError, "undefined character name '\(t.string(text))'")
        }
        return try t.str(units: found)
    }

    /// Whether `name`, in any case, is the name of the character and no alias.
    private static func isOwnName(_ name: [UInt8], _ c: UInt32) -> Bool {
        func upper(_ c: UInt8) -> UInt8 { c >= 0x61 && c <= 0x7A ? c - 32 : c }
        return UnicodeNames.name(of: c).map { $0.utf8.elementsEqual(name.map(upper)) } ?? false
    }

    private static func decimal(_ t: Thread, _ a: Arguments) throws(Raised) -> Value {
        let value = UnicodeProperties.decimalValue(try character(t, a[0], "decimal", " 1"))
        if value >= 0 { return t.int(value) }
        if a[1].isBound { return a[1] }
        throw t.raise(.valueError, "not a decimal")
    }

    private static func digit(_ t: Thread, _ a: Arguments) throws(Raised) -> Value {
        let value = UnicodeProperties.digitValue(try character(t, a[0], "digit", " 1"))
        if value >= 0 { return t.int(value) }
        if a[1].isBound { return a[1] }
        throw t.raise(.valueError, "not a digit")
    }

    private static func numeric(_ t: Thread, _ a: Arguments) throws(Raised) -> Value {
        if let value = UnicodeProperties.numericValue(try character(t, a[0], "numeric", " 1")) { return t.float(value) }
        if a[1].isBound { return a[1] }
        throw t.raise(.valueError, "not a numeric character")
    }

    private static func form(_ t: Thread, _ a: Arguments, _ function: StaticString) throws(Raised) -> NormalizationForm? {
        for i in 0...1 where !a[i].isKind(.str) {
            throw t.raise(.typeError, "\(function)() argument \(i + 1) must be str, not \(a[i].isNone ? "None" : t.typeName(a[i]))")
        }
        return NormalizationForm(name: t.string(a[0]))
    }

    private static func normalize(_ t: Thread, _ a: Arguments) throws(Raised) -> Value {
        let form = try form(t, a, "normalize")
        let s = StrObject(a[1])
        if s.count == 0 { return a[1] }
        guard let form else { throw t.raise(.valueError, "invalid normalization form") }
        if s.isASCII { return a[1] }
        let units: [UInt32]
        switch s.width {
        case 1: units = Normalization.normalize(s.points.units(UInt8.self), form)
        case 2: units = Normalization.normalize(s.points.units(UInt16.self), form)
        default: units = Normalization.normalize(s.points.units(UInt32.self), form)
        }
        return try t.str(units: units)
    }

    private static func isNormalized(_ t: Thread, _ a: Arguments) throws(Raised) -> Value {
        let form = try form(t, a, "is_normalized")
        let s = StrObject(a[1])
        if s.count == 0 { return .true }
        guard let form else { throw t.raise(.valueError, "invalid normalization form") }
        switch s.width {
        case 1: return Value(Normalization.isNormalized(s.points.units(UInt8.self), form))
        case 2: return Value(Normalization.isNormalized(s.points.units(UInt16.self), form))
        default: return Value(Normalization.isNormalized(s.points.units(UInt32.self), form))
        }
    }
}
