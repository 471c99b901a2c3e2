// The methods and attributes of `int`.

import TaipanNumbers
import TaipanUnicode

extension Thread {
    /// A code point as number parsers take it.
    static func numericASCII(_ c: UInt32) -> UInt8 {
        if c < 128 { return UInt8(c) }
        if UnicodeProperties.isSpace(c) { return 0x20 }
        let digit = UnicodeProperties.decimalValue(c)
        return digit >= 0 ? UInt8(48 + digit) : 0x3F
    }

    /// Calls `body` with the bytes that `value` lends out. Raises TypeError when it lends none.
    public func withBytes<R>(of value: Value, _ body: (UnsafeRawBufferPointer) throws(Raised) -> R) throws(Raised) -> R {
        if value.isKind(.bytes) { return try body(UnsafeRawBufferPointer(BytesObject(value).buffer)) }
        let slots = type(of: value).slots
        if !slots.pointee.buffer.isSet { throw raise(.typeError, "a bytes-like object is required, not '\(typeName(value))'") }
        let view = try slots.pointee.buffer(self, value, .simple)
        let result: Result<R, Raised>
        do throws(Raised) {
            result = .success(try body(UnsafeRawBufferPointer(start: view.base, count: view.count)))
        } catch { result = .failure(error) }
        if slots.pointee.releaseBuffer.isSet { try slots.pointee.releaseBuffer(self, view.owner.isBound ? view.owner : value) }
        return try result.get()
    }

    func defineIntMethods(_ b: TypeBuilder) {
        defineIntParts(b)
        defineIntBytes(b)
        b.method("conjugate", "!($self, /)", "The number itself: it has no imaginary part.") { (t, a) throws(Raised) in try t.plainInt(a[0]) }
        b.method("bit_length", "($self, /)", "How many bits the number takes without its sign.\n\n>>> (37).bit_length()\n6") { (t, a) throws(Raised) in
            try t.withInt(a[0]) { (n) throws(Raised) in t.int(n.bitLength) }
        }
        b.method("bit_count", "($self, /)", "How many one bits the absolute value has.\n\n>>> (13).bit_count()\n3") { (t, a) throws(Raised) in
            try t.withInt(a[0]) { (n) throws(Raised) in t.int(Limbs.popcount(n.limbs, n.count)) }
        }
        b.method("as_integer_ratio", "($self, /)", "The number as a pair of ints: itself and 1.\n\n>>> (12).as_integer_ratio()\n(12, 1)") { (t, a) throws(Raised) in
            try t.tuple(try t.plainInt(a[0]), Value(smallInt: 1))
        }
        b.method("is_integer", "($self, /)", "True, as for every int.") { (t, a) in .true }
        b.method("__trunc__", "!($self, /)", "The number itself.") { (t, a) throws(Raised) in try t.plainInt(a[0]) }
        b.method("__floor__", "!($self, /)", "The number itself.") { (t, a) throws(Raised) in try t.plainInt(a[0]) }
        b.method("__ceil__", "!($self, /)", "The number itself.") { (t, a) throws(Raised) in try t.plainInt(a[0]) }
        b.method("__round__", "($self, ndigits=<unrepresentable>, /)", "The number, rounded to tens, hundreds, … when ndigits is negative.") { (t, a) throws(Raised) in
            a[1].isUnbound ? try t.plainInt(a[0]) : try t.intRound(a[0], try t.indexValue(a[1]))
        }
        b.method("__getnewargs__", "($self, /)") { (t, a) throws(Raised) in try t.tuple(try t.plainInt(a[0])) }
        b.method("__format__", "($self, format_spec, /)", "The number as a format specification asks for.") { (t, a) throws(Raised) in
            try t.intFormat(a[0], a[1])
        }
        b.method("__sizeof__", "($self, /)", "Bytes that the object takes in memory.") { (t, a) throws(Raised) in
            try t.withInt(a[0]) { (n) throws(Raised) in t.int(24 + 4 * max(1, Limbs.digitCount(n.limbs, n.count, bits: 30))) }
        }
    }

    private func defineIntParts(_ b: TypeBuilder) {
        b.getset("real", "the real part of a complex number", get: { (t, v) throws(Raised) in try t.plainInt(v) })
        b.getset("imag", "the imaginary part of a complex number", get: { (t, v) in Value(smallInt: 0) })
        b.getset("numerator", "the numerator of a rational number in lowest terms", get: { (t, v) throws(Raised) in try t.plainInt(v) })
        b.getset("denominator", "the denominator of a rational number in lowest terms", get: { (t, v) in Value(smallInt: 1) })
    }

    // MARK: Bytes

    private func defineIntBytes(_ b: TypeBuilder) {
        b.method("to_bytes", "($self, /, length=1, byteorder='big', *, signed=False)", "The number as bytes.") { (t, a) throws(Raised) in
            var length = 1
            if a[1].isBound { length = try t.index(a[1]) }
            let little = try t.isLittleEndian(a[2], "to_bytes")
            let signed = a[3].isBound ? try t.truth(a[3]) : false
            if length < 0 { throw t.raise(.valueError, "length argument must be non-negative") }
            return try t.intToBytes(a[0], length, little, signed)
        }
        b.classMethod("from_bytes", "($type, /, bytes, byteorder='big', *, signed=False)", "The int that bytes spell.") { (t, a) throws(Raised) in
            let little = try t.isLittleEndian(a[2], "from_bytes")
            let signed = a[3].isBound ? try t.truth(a[3]) : false
            let bytes = try t.bytesOf(a[1])
            let made = try t.withBytes(of: bytes) { (raw) throws(Raised) in try t.intFromBytes(raw, little, signed) }
            return a[0] == t.types.pointee.int ? made : try t.call(a[0], made)
        }
    }

    private func isLittleEndian(_ order: Value, _ function: StaticString) throws(Raised) -> Bool {
        if order.isUnbound { return false }
        if !order.isKind(.str) { throw raise(.typeError, "\(function)() argument 'byteorder' must be str, not \(typeName(order))") }
        if StrObject(order).equals("little") { return true }
        if StrObject(order).equals("big") { return false }
        throw raise(.valueError, "byteorder must be either 'little' or 'big'")
    }

    private func intToBytes(_ value: Value, _ length: Int, _ little: Bool, _ signed: Bool) throws(Raised) -> Value {
        try withInt(value) { (n) throws(Raised) in
            if n.isNegative && !signed { throw raise(.overflowError, "can't convert negative int to unsigned") }
            // A signed number needs a sign bit, except that -2^k takes only k + 1 bits.
            var bits = n.bitLength
            if signed && !n.isZero {
                let isPower = Limbs.trailingZeros(n.limbs, n.count) == bits - 1
                bits += n.isNegative && isPower ? 0 : 1
            }
            if bits > length.multipliedReportingOverflow(by: 8).partialValue && length < Int.max / 8 { throw raise(.overflowError, "int too big to convert") }
            let made = try newBytes(length)
            var carry = n.isNegative
            for i in 0..<length {
                let limb = i / 8
                var byte: UInt8 = limb < n.count ? UInt8(truncatingIfNeeded: n.limbs[limb] >> UInt64(8 * (i & 7))) : 0
                if n.isNegative {
                    byte = ~byte &+ (carry ? 1 : 0)
                    carry = carry && byte == 0
                }
                made.data[little ? i : length - 1 - i] = byte
            }
            return made.value
        }
    }

    private func intFromBytes(_ raw: UnsafeRawBufferPointer, _ little: Bool, _ signed: Bool) throws(Raised) -> Value {
        let n = raw.count
        if n == 0 { return Value(smallInt: 0) }
        let isNegative = signed && raw[little ? n - 1 : 0] & 0x80 != 0
        let made = try newInt(limbs: (n + 7) / 8)
        var carry = isNegative
        for i in 0..<n {
            var byte = raw[little ? i : n - 1 - i]
            if isNegative {
                byte = ~byte &+ (carry ? 1 : 0)
                carry = carry && byte == 0
            }
            made.limbs[i / 8] |= UInt64(byte) << UInt64(8 * (i & 7))
        }
        // Only -2^(8n) would carry out, and its top byte is not a sign byte.
        return normalize(made, isNegative: isNegative)
    }

    /// `bytes(value)` as `int.from_bytes` takes its argument (`PyObject_Bytes`).
    func bytesOf(_ value: Value) throws(Raised) -> Value {
        if value.hasLayout(.bytes) { return value }
        let made = try callSpecial(value, intern("__bytes__"))
        if made.isBound {
            if made.isKind(.bytes) { return made }
            throw raise(.typeError, "__bytes__ returned non-bytes (type \(typeName(made)))")
        }
        if type(of: value).slots.pointee.buffer.isSet { return value }
        if value.isKind(.str) || isInt(value) || !(type(of: value).slots.pointee.iter.isSet || isSequence(value)) {
            throw raise(.typeError, "cannot convert '\(typeName(value))' object to bytes")
        }
        let items = try listFrom(value)
        let bytes = try newBytes(items.count)
        for i in 0..<bytes.count {
            guard let n = machineInt(try indexValue(items[i])), n >= 0 && n < 256 else { throw raise(.valueError, "bytes must be in range(0, 256)") }
            bytes.data[i] = UInt8(n)
        }
        return bytes.value
    }

    // MARK: Rounding and formatting

    /// `round(value, digits)`: to a multiple of a power of ten, half to even.
    func intRound(_ value: Value, _ digits: Value) throws(Raised) -> Value {
        if !intIsNegative(digits) { return try plainInt(value) }
        let power = try intPower(Value(smallInt: 10), try intNegative(digits))
        let parts = TupleObject(try intDivmod(value, power))
        let rest = parts[1]
        let order = intCompare(try intMultiply(rest, Value(smallInt: 2)), power)
        let isOdd = try withInt(parts[0]) { (q) throws(Raised) in q.isOdd }
        let up = order > 0 || (order == 0 && isOdd)
        let down = try intSubtract(value, rest)
        return up ? try intAdd(down, power) : down
    }

    /// `format(value, spec)`.
    func intFormat(_ value: Value, _ spec: Value) throws(Raised) -> Value {
        if !spec.isKind(.str) { throw raise(.typeError, "__format__() argument must be str, not \(typeName(spec))") }
        if StrObject(spec).count == 0 { return try strOf(value) }
        let parsed = try formatSpec(spec) { (text) throws(FormatError) in
            try FormatSpec.integer(text, typeName: self.typeName(value), decimal: Thread.decimalDigit)
        }
        switch try formatted({ () throws(FormatError) in try parsed.integerForm(typeName: self.typeName(value)) }) {
        case .digits(let base):
            let digits = try withInt(value) { (n) throws(Raised) in try intDigits(n, base: base) }
            let isNegative = intIsNegative(value)
            return try str(codePoints: try formatted { () throws(FormatError) in try parsed.format(digits: digits, negative: isNegative) })
        case .character:
            let code = machineInt(value)
            return try str(codePoints: try formatted { () throws(FormatError) in try parsed.formatCharacter(code) })
        case .float:
            let d = try intToDouble(value)
            return try str(codePoints: try formatted { () throws(FormatError) in try parsed.format(d) })
        }
    }

    /// Parses a format specification (a str).
    func formatSpec(_ spec: Value, _ parse: ([UInt32]) throws(FormatError) -> FormatSpec) throws(Raised) -> FormatSpec {
        let s = StrObject(spec)
        let text = (0..<s.count).map { s[$0] }
        return try formatted { () throws(FormatError) in try parse(text) }
    }

    /// Turns a formatting error into the Python exception.
    func formatted<R>(_ body: () throws(FormatError) -> R) throws(Raised) -> R {
        do throws(FormatError) { return try body() } catch {
            switch error.kind {
            case .memoryError: throw memoryError()
            case .overflowError: throw raise(.overflowError, error.message)
            case .valueError: throw raise(.valueError, error.message)
            }
        }
    }

    /// The str of code points.
    public func str(codePoints: [UInt32]) throws(Raised) -> Value {
        var maximum: UInt32 = 0
        for c in codePoints { maximum |= c }
        let made = try newStr(count: codePoints.count, maximum: min(maximum, 0x10FFFF))
        for i in 0..<codePoints.count { made.store(codePoints[i], at: i) }
        return made.value
    }
}
