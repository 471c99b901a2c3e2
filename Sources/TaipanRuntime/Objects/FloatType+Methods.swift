// The methods and attributes of `float`.

import TaipanNumbers

extension Thread {
    func defineFloatMethods(_ b: TypeBuilder) {
        b.method("conjugate", "($self, /)", "The number itself: it has no imaginary part.") { (t, a) in t.plainFloat(a[0]) }
        b.method("__trunc__", "($self, /)", "The number without its fraction, as an int.") { (t, a) throws(Raised) in try t.floatToInt(t.double(a[0])) }
        b.method("__floor__", "($self, /)", "The largest int not above the number.") { (t, a) throws(Raised) in
            try t.floatToInt(t.double(a[0]).rounded(.down))
        }
        b.method("__ceil__", "($self, /)", "The smallest int not below the number.") { (t, a) throws(Raised) in
            try t.floatToInt(t.double(a[0]).rounded(.up))
        }
        b.method("__round__", "($self, ndigits=None, /)", "The nearest int, half to even; with ndigits a float with that many places.") { (t, a) throws(Raised) in
            let d = t.double(a[0])
            if a[1].isNoneOrUnbound { return try t.floatToInt(d.rounded(.toNearestOrEven)) }
            let places = try t.indexValue(a[1])
            return try t.floatRound(d, t.machineInt(places) ?? (t.intIsNegative(places) ? Int.min : Int.max))
        }
        b.method("as_integer_ratio", "($self, /)", "Two ints whose quotient is exactly the number, in lowest terms.\n\n>>> (0.75).as_integer_ratio()\n(3, 4)") { (t, a) throws(Raised) in
            try t.floatRatio(t.double(a[0]))
        }
        b.classMethod("fromhex", "($type, string, /)", "The float that hexadecimal text spells.\n\n>>> float.fromhex('0x1.8p1')\n3.0") { (t, a) throws(Raised) in try t.floatFromHex(a[0], a[1]) }
        b.method("hex", "($self, /)", "The number in hexadecimal, exactly.\n\n>>> (3.0).hex()\n'0x1.8000000000000p+1'") { (t, a) in t.str(FloatText.hex(t.double(a[0]))) }
        b.method("is_integer", "($self, /)", "True when the number has no fraction.") { (t, a) in
            let d = t.double(a[0])
            return Value(d.isFinite && d == d.rounded(.down))
        }
        b.method("__getnewargs__", "($self, /)") { (t, a) throws(Raised) in try t.tuple(t.plainFloat(a[0])) }
        b.classMethod("__getformat__", "($type, typestr, /)", "How C doubles or floats are stored: for tests.") { (t, a) throws(Raised) in
            if !a[1].isKind(.str) { throw t.raise(.typeError, "__getformat__() argument must be str, not \(t.typeName(a[1]))") }
            if StrObject(a[1]).equals("double") || StrObject(a[1]).equals("float") { return t.str("IEEE, little-endian") }
            throw t.raise(.valueError, "__getformat__() argument 1 must be 'double' or 'float'")
        }
        b.method("__format__", "($self, format_spec, /)", "The number as a format specification asks for.") { (t, a) throws(Raised) in
            try t.floatFormat(a[0], a[1])
        }
        b.getset("real", "the real part of a complex number", get: { (t, v) in t.plainFloat(v) })
        b.getset("imag", "the imaginary part of a complex number", get: { (t, v) in t.float(0) })
    }

    /// `round(d, places)`.
    public func floatRound(_ d: Double, _ places: Int) throws(Raised) -> Value {
        guard let rounded = FloatText.round(d, places: places) else { throw raise(.overflowError, "rounded value too large to represent") }
        return float(rounded)
    }

    /// `d.as_integer_ratio()`.
    public func floatRatio(_ d: Double) throws(Raised) -> Value {
        if d.isNaN { throw raise(.valueError, "cannot convert NaN to integer ratio") }
        if d.isInfinite { throw raise(.overflowError, "cannot convert Infinity to integer ratio") }
        let (mantissa, exponent) = FloatText.oddMantissa(d)
        var top = int(d < 0 ? -Int(mantissa) : Int(mantissa)), bottom = Value(smallInt: 1)
        if exponent > 0 {
            top = try intShiftLeft(top, Value(smallInt: exponent))
        } else {
            bottom = try intShiftLeft(bottom, Value(smallInt: -exponent))
        }
        return try tuple(top, bottom)
    }

    private func floatFromHex(_ type: Value, _ text: Value) throws(Raised) -> Value {
        if !text.isKind(.str) { throw raise(.typeError, "bad argument type for built-in operation") }
        let bytes = wtf8(text)
        let d: Double
        do throws(FloatParser.HexError) {
            d = try bytes.withUnsafeBufferPointer { (raw) throws(FloatParser.HexError) in try FloatParser.hex(raw) }
        } catch {
            throw raise(error == .overflow ? .overflowError : .valueError, error.message)
        }
        return type == types.pointee.float ? float(d) : try call(type, float(d))
    }

    /// `format(value, spec)`.
    func floatFormat(_ value: Value, _ spec: Value) throws(Raised) -> Value {
        if !spec.isKind(.str) { throw raise(.typeError, "__format__() argument must be str, not \(typeName(spec))") }
        if StrObject(spec).count == 0 { return try strOf(value) }
        let name = typeName(value)
        let parsed = try formatSpec(spec) { (text) throws(FormatError) in
            try FormatSpec.float(text, typeName: name, decimal: Thread.decimalDigit)
        }
        let d = double(value)
        return try str(codePoints: try formatted { () throws(FormatError) in try parsed.format(d, typeName: name) })
    }
}
