// `int`: its slots and its constructor. The arithmetic is in IntArithmetic.swift.

import TaipanNumbers

extension Thread {
    func defineIntType() {
        defineType(.int, "int", flags: TypeFlag.base | TypeFlag.matchSelf,
                   NativeLayout(valueWords: 0, bytes: 24, kind: .int, isVariable: true)) { b in
            b.doc("int([x]) -> integer\nint(x, base=10) -> integer\n\nA whole number of any size: of a number, or of text in a base.\n\n>>> int('0b100', base=0)\n4")
            defineIntNumberSlots(b)
            let s = b.slots
            s.pointee.new = CallSlot(Thread.intNew)
            s.pointee.repr = UnarySlot { (t, v) throws(Raised) in try t.intText(v) }
            s.pointee.hash = IntSlot { (t, v) in t.intHash(v) }
            s.pointee.truth = BoolSlot { (t, v) in !t.intIsZero(v) }
            s.pointee.compare = CompareSlot { (t, l, r, op) in
                t.isInt(l) && t.isInt(r) ? Value(op.holds(t.intCompare(l, r))) : .notImplemented
            }
            defineIntMethods(b)
        }
    }

    private func defineIntNumberSlots(_ b: TypeBuilder) {
        let s = b.slots
        s.pointee.add = BinarySlot { (t, l, r) throws(Raised) in t.areInts(l, r) ? try t.intAdd(l, r) : .notImplemented }
        s.pointee.subtract = BinarySlot { (t, l, r) throws(Raised) in t.areInts(l, r) ? try t.intSubtract(l, r) : .notImplemented }
        s.pointee.multiply = BinarySlot { (t, l, r) throws(Raised) in t.areInts(l, r) ? try t.intMultiply(l, r) : .notImplemented }
        s.pointee.floorDivide = BinarySlot { (t, l, r) throws(Raised) in t.areInts(l, r) ? try t.intFloorDivide(l, r) : .notImplemented }
        s.pointee.remainder = BinarySlot { (t, l, r) throws(Raised) in t.areInts(l, r) ? try t.intRemainder(l, r) : .notImplemented }
        s.pointee.divmod = BinarySlot { (t, l, r) throws(Raised) in t.areInts(l, r) ? try t.intDivmod(l, r) : .notImplemented }
        s.pointee.trueDivide = BinarySlot { (t, l, r) throws(Raised) in t.areInts(l, r) ? try t.intTrueDivide(l, r) : .notImplemented }
        s.pointee.leftShift = BinarySlot { (t, l, r) throws(Raised) in t.areInts(l, r) ? try t.intShiftLeft(l, r) : .notImplemented }
        s.pointee.rightShift = BinarySlot { (t, l, r) throws(Raised) in t.areInts(l, r) ? try t.intShiftRight(l, r) : .notImplemented }
        s.pointee.and = BinarySlot { (t, l, r) throws(Raised) in t.areInts(l, r) ? try t.intBitwise(.and, l, r) : .notImplemented }
        s.pointee.or = BinarySlot { (t, l, r) throws(Raised) in t.areInts(l, r) ? try t.intBitwise(.or, l, r) : .notImplemented }
        s.pointee.xor = BinarySlot { (t, l, r) throws(Raised) in t.areInts(l, r) ? try t.intBitwise(.xor, l, r) : .notImplemented }
        s.pointee.power = TernarySlot { (t, l, r, m) throws(Raised) in
            if !t.areInts(l, r) { return .notImplemented }
            if m.isNoneOrUnbound { return try t.intPower(l, r) }
            return t.isInt(m) ? try t.intPower(l, r, modulo: m) : .notImplemented
        }
        s.pointee.negative = UnarySlot { (t, v) throws(Raised) in try t.intNegative(v) }
        s.pointee.positive = UnarySlot { (t, v) throws(Raised) in try t.plainInt(v) }
        s.pointee.absolute = UnarySlot { (t, v) throws(Raised) in try t.intAbsolute(v) }
        s.pointee.invert = UnarySlot { (t, v) throws(Raised) in try t.intInvert(v) }
        s.pointee.int = UnarySlot { (t, v) throws(Raised) in try t.plainInt(v) }
        s.pointee.index = UnarySlot { (t, v) throws(Raised) in try t.plainInt(v) }
        s.pointee.float = UnarySlot { (t, v) throws(Raised) in t.float(try t.intToDouble(v)) }
    }

    @inline(__always) func areInts(_ left: Value, _ right: Value) -> Bool { isInt(left) && isInt(right) }

    // MARK: Construction

    /// `int(...)`: a number, or text and a base.
    static func intNew(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        let base = try t.intNewBase(a)
        let made: Value
        if a.count == 0 {
            if base.isBound { throw t.raise(.typeError, "int() missing string argument") }
            made = Value(smallInt: 0)
        } else {
            made = base.isUnbound ? try t.intOf(a[0]) : try t.intOf(a[0], base: base)
        }
        return type == t.types.pointee.int ? made : try t.intInstance(TypeObject(type), made)
    }

    /// The `base` argument of `int()`, positional or by keyword; unbound when absent.
    private func intNewBase(_ a: Arguments) throws(Raised) -> Value {
        let keywords = a.keywords.isBound ? TupleObject(a.keywords).count : 0
        if a.count + keywords > 2 { throw raise(.typeError, "int() takes at most 2 arguments (\(a.count + keywords) given)") }
        if keywords == 0 { return a.count == 2 ? a[1] : .unbound }
        var base = a.count == 2 ? a[1] : Value.unbound
        for i in 0..<keywords {
            let key = TupleObject(a.keywords)[i]
            if !StrObject(key).equals("base") { throw raise(.typeError, "'\(string(key))' is an invalid keyword argument for int()") }
            base = a[a.count + i]
        }
        return base
    }

    /// An instance of a subclass of int with the value of a plain int.
    func intInstance(_ type: TypeObject, _ value: Value) throws(Raised) -> Value {
        try withInt(value) { (n) throws(Raised) in
            let cell = try allocate(type, bytes: 16 + max(n.count, 1) * 8)
            cell.setRaw(n.isNegative ? -n.count : n.count, at: 1)
            Limbs.copy(n.limbs, n.count, into: IntObject(cell).limbs)
            return Value(cell)
        }
    }

    /// `int(value)`: a plain int.
    public func intOf(_ value: Value) throws(Raised) -> Value {
        if value.isSmallInt || value.hasLayout(.int) { return value }
        let slots = type(of: value).slots
        if slots.pointee.int.isSet { return try checkedInt(try slots.pointee.int(self, value), "__int__") }
        if slots.pointee.index.isSet { return try checkedInt(try slots.pointee.index(self, value), "__index__") }
        let trunc = try lookupSpecial(value, intern("__trunc__"))
        if trunc.isBound {
            try warn(.deprecationWarning, "The delegation of int() to __trunc__ is deprecated.")
            return try truncated(try call(trunc))
        }
        if value.isKind(.str) { return try parseInt(value, base: 10) }
        if slots.pointee.buffer.isSet { return try parseInt(value, base: 10) }
        throw raise(.typeError, "int() argument must be a string, a bytes-like object or a real number, not '\(typeName(value))'")
    }

    /// What `__int__` or `__index__` returned, as a plain int.
    private func checkedInt(_ result: Value, _ method: StaticString) throws(Raised) -> Value {
        if result.isSmallInt || result.hasLayout(.int) { return result }
        if !isInt(result) { throw raise(.typeError, "\(method) returned non-int (type \(typeName(result)))") }
        try warn(.deprecationWarning, "\(method) returned non-int (type \(typeName(result))).  The ability to return an instance of a strict subclass of int is deprecated, and may be removed in a future version of Python.")
        return try plainInt(result)
    }

    private func truncated(_ result: Value) throws(Raised) -> Value {
        if isInt(result) { return try plainInt(result) }
        if !type(of: result).slots.pointee.index.isSet {
            throw raise(.typeError, "__trunc__ returned non-Integral (type \(typeName(result)))")
        }
        return try plainInt(try indexValue(result))
    }

    /// `int(text, base)`.
    func intOf(_ text: Value, base: Value) throws(Raised) -> Value {
        let number = try indexValue(base)
        guard let base = machineInt(number), base == 0 || (base >= 2 && base <= 36) else {
            throw raise(.valueError, "int() base must be >= 2 and <= 36, or 0")
        }
        if text.isKind(.str) || text.isKind(.bytes) || text.hasLayout(.bytearray) || isInstance(text, of: types.pointee.bytearray) {
            return try parseInt(text, base: base)
        }
        throw raise(.typeError, "int() can't convert non-string with explicit base")
    }

    /// The int in a str or in an object that lends bytes.
    func parseInt(_ text: Value, base: Int) throws(Raised) -> Value {
        if text.isKind(.str) {
            let s = StrObject(text)
            if s.isASCII {
                let bytes = UnsafeBufferPointer(start: UnsafePointer(s.units8), count: s.count)
                if base == 10, let n = IntegerParser.small(bytes) { return int(n) }
                if let made = try parseInt(bytes, base) { return made }
            } else {
                let ascii = numericASCII(s)
                let made = try ascii.withUnsafeBufferPointer { (bytes) throws(Raised) in try parseInt(bytes, base) }
                if let made { return made }
            }
            throw try invalidIntLiteral(text, base)
        }
        let made = try withBytes(of: text) { (bytes) throws(Raised) in
            try parseInt(bytes.bindMemory(to: UInt8.self), base)
        }
        if let made { return made }
        let copy = try withBytes(of: text) { (bytes) throws(Raised) in
            try self.bytes(bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
        }
        throw try invalidIntLiteral(copy, base)
    }

    /// ValueError with the first 200 characters of the text's repr.
    private func invalidIntLiteral(_ text: Value, _ base: Int) throws(Raised) -> Raised {
        let shown = try reprText(text)
        return raise(.valueError, "invalid literal for int() with base \(base): \(String(String.UnicodeScalarView(shown.unicodeScalars.prefix(200))))")
    }

    /// The int that ASCII text spells in `base`; nil when it spells none. Raises ValueError beyond the digit limit.
    func parseInt(_ text: UnsafeBufferPointer<UInt8>, _ base: Int) throws(Raised) -> Value? {
        guard let found = IntegerParser.scan(text, base: base) else { return nil }
        let count = found.digits.count, limit = interp.pointee.maxStrDigits
        let isPowerOfTwo = found.base & (found.base - 1) == 0
        if !isPowerOfTwo && limit > 0 && count > limit && count > 640 {
            throw raise(.valueError, "Exceeds the limit (\(limit) digits) for integer string conversion: value has \(count) digits; use sys.set_int_max_str_digits() to increase the limit")
        }
        let made = try newInt(limbs: Limbs.parseCapacity(count, base: found.base))
        let written = found.digits.withUnsafeBufferPointer { digits in
            digits.baseAddress.map { Limbs.parse($0, count, base: found.base, into: made.limbs) } ?? 0
        }
        Limbs.clear(made.limbs + written, made.limbCount - written)
        return normalize(made, isNegative: found.negative)
    }

    /// Text of any script as number parsers take it: digits and spaces become ASCII, anything else beyond ASCII `?`.
    func numericASCII(_ s: StrObject) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(s.count)
        for i in 0..<s.count { out.append(Thread.numericASCII(s[i])) }
        return out
    }

    // MARK: Texts

    /// `str(value)` of an int. Raises ValueError beyond the digit limit.
    public func intText(_ value: Value) throws(Raised) -> Value {
        if value.isSmallInt { return smallIntText(value.smallInt) }
        return try withInt(value) { (n) throws(Raised) in
            try checkDigitLimit(n)
            let digits = try intDigits(n, base: 10)
            return try ascii(digits, isNegative: n.isNegative)
        }
    }

    private func smallIntText(_ n: Int) -> Value {
        var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
        return withUnsafeMutableBytes(of: &words) { buffer in
            var at = 24
            var rest = n.magnitude
            repeat {
                at &-= 1
                buffer[at] = UInt8(truncatingIfNeeded: 48 &+ rest % 10)
                rest /= 10
            } while rest != 0
            if n < 0 {
                at &-= 1
                buffer[at] = 0x2D
            }
            return str(utf8: UnsafeBufferPointer(rebasing: buffer.bindMemory(to: UInt8.self)[at...]))
        }
    }

    /// Raises ValueError when the number's decimal digits exceed the limit for sure; `intDigits` counts them exactly.
    private func checkDigitLimit(_ n: IntView) throws(Raised) {
        let limit = interp.pointee.maxStrDigits
        // 30103/100000 is log10(2) rounded up; the estimate below stays under the true count.
        if limit > 0 && (n.bitLength - 1) / 1000 * 301 > limit { throw tooManyDigits() }
    }

    private func tooManyDigits() -> Raised {
        raise(.valueError, "Exceeds the limit (\(interp.pointee.maxStrDigits) digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit")
    }

    /// The digits of a magnitude in `base`, lower case. Raises ValueError when there are more decimal ones than allowed.
    public func intDigits(_ n: IntView, base: Int) throws(Raised) -> [UInt8] {
        if base == 10 { try checkDigitLimit(n) }
        let digits = [UInt8](unsafeUninitializedCapacity: Limbs.textCapacity(n.limbs, n.count, base: base)) { buffer, count in
            count = buffer.baseAddress.map { Limbs.text(n.limbs, n.count, base: base, into: $0) } ?? 0
        }
        let limit = interp.pointee.maxStrDigits
        if base == 10 && limit > 0 && digits.count > limit && digits.count > 640 { throw tooManyDigits() }
        return digits
    }

    /// The text of an int in `base` with its sign and no prefix.
    public func intText(_ value: Value, base: Int) throws(Raised) -> [UInt8] {
        try withInt(value) { (n) throws(Raised) in
            let digits = try intDigits(n, base: base)
            return n.isNegative ? [0x2D] + digits : digits
        }
    }

    private func ascii(_ digits: [UInt8], isNegative: Bool) throws(Raised) -> Value {
        let lead = isNegative ? 1 : 0
        let made = try newStr(count: digits.count + lead, maximum: 127 >> 1)
        if isNegative { made.units8[0] = 0x2D }
        for i in 0..<digits.count { made.units8[i + lead] = digits[i] }
        return made.value
    }
}
