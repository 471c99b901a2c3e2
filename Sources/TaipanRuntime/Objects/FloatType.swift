// `float`: its slots and its constructor. Small floats live in the word, the rest in cells (Numbers.swift).

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanNumbers

extension Thread {
    func defineFloatType() {
        defineType(.float, "float", flags: TypeFlag.base | TypeFlag.matchSelf, .leaf(bytes: 16)) { b in
            b.doc("float(x=0, /)\n--\n\nA number with a fraction, made of a number or of text.")
            defineFloatNumberSlots(b)
            let s = b.slots
            s.pointee.new = CallSlot(Thread.floatNew)
            s.pointee.repr = UnarySlot { (t, v) in t.floatText(t.double(v)) }
            s.pointee.hash = IntSlot { (t, v) in t.floatHash(v) }
            s.pointee.truth = BoolSlot { (t, v) in t.double(v) != 0 }
            s.pointee.compare = CompareSlot { (t, l, r, op) in t.floatCompare(l, r, op) }
            defineFloatMethods(b)
        }
    }

    private func defineFloatNumberSlots(_ b: TypeBuilder) {
        let s = b.slots
        s.pointee.add = BinarySlot { (t, l, r) throws(Raised) in
            guard let (a, b) = try t.doubles(l, r) else { return .notImplemented }
            return t.float(a + b)
        }
        s.pointee.subtract = BinarySlot { (t, l, r) throws(Raised) in
            guard let (a, b) = try t.doubles(l, r) else { return .notImplemented }
            return t.float(a - b)
        }
        s.pointee.multiply = BinarySlot { (t, l, r) throws(Raised) in
            guard let (a, b) = try t.doubles(l, r) else { return .notImplemented }
            return t.float(a * b)
        }
        s.pointee.trueDivide = BinarySlot { (t, l, r) throws(Raised) in
            guard let (a, b) = try t.doubles(l, r) else { return .notImplemented }
            return try t.floatTrueDivide(a, b)
        }
        s.pointee.floorDivide = BinarySlot { (t, l, r) throws(Raised) in
            guard let (a, b) = try t.doubles(l, r) else { return .notImplemented }
            return try t.floatFloorDivide(a, b)
        }
        s.pointee.remainder = BinarySlot { (t, l, r) throws(Raised) in
            guard let (a, b) = try t.doubles(l, r) else { return .notImplemented }
            return try t.floatRemainder(a, b)
        }
        s.pointee.divmod = BinarySlot { (t, l, r) throws(Raised) in
            guard let (a, b) = try t.doubles(l, r) else { return .notImplemented }
            if b == 0 { throw t.raise(.zeroDivisionError, "float divmod()") }
            let (quotient, rest) = Thread.floorDivmod(a, b)
            return try t.tuple(t.float(quotient), t.float(rest))
        }
        s.pointee.power = TernarySlot { (t, l, r, m) throws(Raised) in
            if !m.isNoneOrUnbound { throw t.raise(.typeError, "pow() 3rd argument not allowed unless all arguments are integers") }
            guard let (a, b) = try t.doubles(l, r) else { return .notImplemented }
            return try t.floatPower(a, b)
        }
        s.pointee.negative = UnarySlot { (t, v) in t.float(-t.double(v)) }
        s.pointee.positive = UnarySlot { (t, v) in t.plainFloat(v) }
        s.pointee.absolute = UnarySlot { (t, v) in t.float(t.double(v).magnitude) }
        s.pointee.int = UnarySlot { (t, v) throws(Raised) in try t.floatToInt(t.double(v)) }
        s.pointee.float = UnarySlot { (t, v) in t.plainFloat(v) }
    }

    /// A float operand's double: of floats and of ints; nil for anything else. Raises OverflowError for a huge int.
    @inline(__always) func operandDouble(_ value: Value) throws(Raised) -> Double? {
        if value.isSmallFloat { return value.smallFloat }
        if value.isSmallInt { return Double(value.smallInt) }
        return try operandDoubleSlowly(value)
    }

    @inline(never) private func operandDoubleSlowly(_ value: Value) throws(Raised) -> Double? {
        if value.hasLayout(.float) { return double(value) }
        if isInt(value) { return try intToDouble(value) }
        return isFloat(value) ? double(value) : nil
    }

    /// Both operands' doubles, nil when either is no number of ours.
    @inline(__always) func doubles(_ left: Value, _ right: Value) throws(Raised) -> (Double, Double)? {
        guard let a = try operandDouble(left), let b = try operandDouble(right) else { return nil }
        return (a, b)
    }

    /// The plain float of a float or an instance of a subclass.
    func plainFloat(_ value: Value) -> Value { value.isSmallFloat || value.hasLayout(.float) ? value : float(double(value)) }

    // MARK: Arithmetic

    /// `a / b`. Raises ZeroDivisionError.
    public func floatTrueDivide(_ a: Double, _ b: Double) throws(Raised) -> Value {
        if b == 0 { throw raise(.zeroDivisionError, "float division by zero") }
        return float(a / b)
    }

    /// `a // b`. Raises ZeroDivisionError.
    public func floatFloorDivide(_ a: Double, _ b: Double) throws(Raised) -> Value {
        if b == 0 { throw raise(.zeroDivisionError, "float floor division by zero") }
        return float(Thread.floorDivmod(a, b).0)
    }

    /// `a % b`, with the sign of `b`. Raises ZeroDivisionError.
    public func floatRemainder(_ a: Double, _ b: Double) throws(Raised) -> Value {
        if b == 0 { throw raise(.zeroDivisionError, "float modulo") }
        let rest = fmod(a, b)
        if rest == 0 { return float(Double(signOf: b, magnitudeOf: 0)) }
        return float((b < 0) != (rest < 0) ? rest + b : rest)
    }

    /// The quotient rounded down, and the remainder with the sign of `b`, which is not 0.
    static func floorDivmod(_ a: Double, _ b: Double) -> (Double, Double) {
        var rest = fmod(a, b)
        var quotient = (a - rest) / b
        if rest != 0 {
            if (b < 0) != (rest < 0) {
                rest += b
                quotient -= 1
            }
        } else {
            rest = Double(signOf: b, magnitudeOf: 0)
        }
        if quotient == 0 { return (Double(signOf: a / b, magnitudeOf: 0), rest) }
        // The division may have rounded up to the next whole number.
        let low = quotient.rounded(.down)
        return (quotient - low > 0.5 ? low + 1 : low, rest)
    }

    /// `a ** b`: complex for a negative base with a fraction as exponent.
    public func floatPower(_ a: Double, _ b: Double) throws(Raised) -> Value {
        if b == 0 || a == 1 { return float(1) }
        if a.isNaN { return float(a) }
        if b.isNaN { return float(b) }
        if b.isInfinite {
            let size = a.magnitude
            if size == 1 { return float(1) }
            return float((b > 0) == (size > 1) ? .infinity : 0)
        }
        var isOdd: Bool { fmod(b.magnitude, 2) == 1 }
        if a.isInfinite {
            if b > 0 { return float(isOdd ? a : a.magnitude) }
            return float(isOdd ? Double(signOf: a, magnitudeOf: 0) : 0)
        }
        if a == 0 {
            if b < 0 { throw raise(.zeroDivisionError, "0.0 cannot be raised to a negative power") }
            return float(isOdd ? a : 0)
        }
        if a < 0 && b != b.rounded(.down) { return try complexPower((a, 0), (b, 0)) }
        if a == -1 { return float(isOdd ? -1 : 1) }
        let size = pow(a.magnitude, b)
        if size.isInfinite { throw rangeError() }
        return float(a < 0 && isOdd ? -size : size)
    }

    /// OverflowError as the C library's range error makes it.
    func rangeError() -> Raised {
        do throws(Raised) {
            return raise(exception: try call(types.pointee.overflowError, Value(smallInt: Int(ERANGE)), str("Numerical result out of range")))
        } catch { return error }
    }

    /// `int(d)`. Raises ValueError for nan, OverflowError for infinities.
    public func floatToInt(_ d: Double) throws(Raised) -> Value {
        if d.isFinite { return try int(truncating: d) }
        if d.isNaN { throw raise(.valueError, "cannot convert float NaN to integer") }
        throw raise(.overflowError, "cannot convert float infinity to integer")
    }

    // MARK: Comparison, hash, text

    /// `hash(value)`: that of an equal int, and the identity of a nan.
    func floatHash(_ value: Value) -> Int {
        let d = double(value)
        return d.isNaN ? identityHash(value) : PythonHash.float(d)
    }

    /// `left OP right` of a float and a float or int, exactly; NotImplemented otherwise.
    public func floatCompare(_ left: Value, _ right: Value, _ op: CompareOperator) -> Value {
        if isFloat(left) {
            if isFloat(right) { return Value(Thread.holds(double(left), op, double(right))) }
            return isInt(right) ? compareDouble(double(left), int: right, op) : .notImplemented
        }
        return isInt(left) && isFloat(right) ? compareDouble(double(right), int: left, op.swapped) : .notImplemented
    }

    static func holds(_ a: Double, _ op: CompareOperator, _ b: Double) -> Bool {
        switch op {
        case .less: a < b
        case .lessEqual: a <= b
        case .equal: a == b
        case .notEqual: a != b
        case .greater: a > b
        case .greaterEqual: a >= b
        }
    }

    /// A double against an int of any size.
    func compareDouble(_ d: Double, int value: Value, _ op: CompareOperator) -> Value {
        if d.isNaN { return Value(op == .notEqual) }
        if value.isSmallInt && value.smallInt.magnitude <= 1 << 53 { return Value(Thread.holds(d, op, Double(value.smallInt))) }
        if d.isInfinite { return Value(op.holds(d > 0 ? 1 : -1)) }
        var word = IntView.word(value)
        return withUnsafeMutablePointer(to: &word) { p in
            let n = IntView(value, p)
            if n.count > 0 && n.isNegative != (d < 0) || n.count == 0 {
                let sign = n.count == 0 ? 0 : n.isNegative ? -1 : 1
                return Value(op.holds(d < 0 ? (sign < 0 ? 0 : -1) : d > 0 ? (sign > 0 ? 0 : 1) : -sign))
            }
            let order = Limbs.compare(n.limbs, n.count, withDouble: d.magnitude)
            return Value(op.holds(n.isNegative ? order : -order))
        }
    }

    /// `repr(d)`.
    public func floatText(_ d: Double) -> Value {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: FloatText.reprCapacity) { buffer in
            guard let start = buffer.baseAddress else { return self.str("") }
            let count = FloatText.repr(d, into: start)
            return str(utf8: UnsafeBufferPointer(start: start, count: count))
        }
    }

    // MARK: Construction

    static func floatNew(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        let isPlain = type == t.types.pointee.float
        if a.keywords.isBound && TupleObject(a.keywords).count > 0 {
            let ownInit = TypeObject(type).slots.pointee.initialize.address != TypeObject(t.types.pointee.float).slots.pointee.initialize.address
            if isPlain || !ownInit { throw t.raise(.typeError, "float() takes no keyword arguments") }
        }
        if a.count > 1 { throw t.raise(.typeError, "float expected at most 1 argument, got \(a.count)") }
        let d = a.count == 0 ? 0 : a[0].hasLayout(.str) ? try t.parseFloat(a[0]) : try t.floatOf(a[0])
        if isPlain { return a.count == 1 && a[0].hasLayout(.float) ? a[0] : t.float(d) }
        let cell = t.allocate(TypeObject(type))
        cell.setRaw(Int(bitPattern: UInt(d.bitPattern)), at: 1)
        return Value(cell)
    }

    /// `float(value)` as a double, from numbers and text.
    public func floatOf(_ value: Value) throws(Raised) -> Double {
        if value.isSmallFloat { return value.smallFloat }
        if value.isSmallInt { return Double(value.smallInt) }
        if value.hasLayout(.float) { return double(value) }
        let slots = type(of: value).slots
        if slots.pointee.float.isSet || slots.pointee.index.isSet { return try toDouble(value) }
        if isFloat(value) { return double(value) }
        return try parseFloat(value)
    }

    /// The double of a real number, as functions that take a float convert it (`PyFloat_AsDouble`).
    /// - Throws: TypeError "must be real number, not …".
    public func toDouble(_ value: Value) throws(Raised) -> Double {
        if value.isSmallFloat { return value.smallFloat }
        if value.isSmallInt { return Double(value.smallInt) }
        if value.hasLayout(.float) { return double(value) }
        let slots = type(of: value).slots
        if slots.pointee.float.isSet {
            let result = try slots.pointee.float(self, value)
            if result.isSmallFloat || result.hasLayout(.float) { return double(result) }
            if !isFloat(result) { throw raise(.typeError, "\(typeName(value)).__float__ returned non-float (type \(typeName(result)))") }
            try warn(.deprecationWarning, "\(typeName(value)).__float__ returned non-float (type \(typeName(result))).  The ability to return an instance of a strict subclass of float is deprecated, and may be removed in a future version of Python.")
            return double(result)
        }
        if slots.pointee.index.isSet { return try intToDouble(try indexValue(value)) }
        throw raise(.typeError, "must be real number, not \(typeName(value))")
    }

    /// The double that a str or a bytes-like object spells.
    func parseFloat(_ value: Value) throws(Raised) -> Double {
        var parsed: Double?
        if value.isKind(.str) {
            let s = StrObject(value)
            if s.isASCII {
                parsed = Thread.parseFloat(UnsafeBufferPointer(start: UnsafePointer(s.units8), count: s.count))
            } else {
                parsed = numericASCII(s).withUnsafeBufferPointer { Thread.parseFloat($0) }
            }
        } else if type(of: value).slots.pointee.buffer.isSet {
            parsed = try withBytes(of: value) { (raw) throws(Raised) in
                Thread.parseFloat(raw.bindMemory(to: UInt8.self))
            }
        } else {
            throw raise(.typeError, "float() argument must be a string or a real number, not '\(typeName(value))'")
        }
        if let parsed { return parsed }
        throw raise(.valueError, "could not convert string to float: \(try reprText(value))")
    }

    private static func parseFloat(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
        var start = 0, end = text.count
        while start < end && (text[start] == 0x20 || text[start] &- 9 < 5) { start &+= 1 }
        while end > start && (text[end &- 1] == 0x20 || text[end &- 1] &- 9 < 5) { end &-= 1 }
        return FloatParser.parse(UnsafeBufferPointer(rebasing: text[start..<end]))
    }
}
