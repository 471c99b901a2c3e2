// `complex`. The cell: word 1 the real part's bits, word 2 the imaginary part's, both raw.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanNumbers

@frozen public struct ComplexObject: BitwiseCopyable {
    public let cell: Cell
    public init(_ cell: Cell) { self.cell = cell }
    public init(_ value: Value) { cell = value.cell }
    public var value: Value { Value(cell) }
    public var real: Double {
        get { Double(bitPattern: UInt64(UInt(bitPattern: cell.raw(1)))) }
        nonmutating set { cell.setRaw(Int(bitPattern: UInt(newValue.bitPattern)), at: 1) }
    }
    public var imaginary: Double {
        get { Double(bitPattern: UInt64(UInt(bitPattern: cell.raw(2)))) }
        nonmutating set { cell.setRaw(Int(bitPattern: UInt(newValue.bitPattern)), at: 2) }
    }
    var parts: ComplexParts { (real, imaginary) }
}

/// Real and imaginary part.
public typealias ComplexParts = (real: Double, imaginary: Double)

extension Thread {
    /// The complex number `real + imaginary j`.
    public func newComplex(_ real: Double, _ imaginary: Double) -> Value {
        let made = ComplexObject(heap.allocate(header: UInt(LayoutID.complex.rawValue), bytes: 24))
        made.real = real
        made.imaginary = imaginary
        return made.value
    }

    /// True for complex numbers and instances of subclasses.
    public func isComplex(_ value: Value) -> Bool { value.isCell && isInstance(value, of: types.pointee.complex) }

    func defineComplexType() {
        defineType(.complex, "complex", flags: TypeFlag.base, .leaf(bytes: 24)) { b in
            b.doc("complex(real=0, imag=0)\n--\n\nA number with a real and an imaginary part, made of numbers or of text such as '1+2j'.")
            defineComplexNumberSlots(b)
            let s = b.slots
            s.pointee.new = CallSlot(Thread.complexNew)
            s.pointee.repr = UnarySlot { (t, v) in
                t.str(FloatText.repr(real: ComplexObject(v).real, imaginary: ComplexObject(v).imaginary))
            }
            s.pointee.hash = IntSlot { (t, v) in
                let z = ComplexObject(v)
                return PythonHash.complex(real: z.real.isNaN ? t.identityHash(v) : PythonHash.float(z.real),
                                          imaginary: z.imaginary.isNaN ? t.identityHash(v) : PythonHash.float(z.imaginary))
            }
            s.pointee.truth = BoolSlot { (t, v) in ComplexObject(v).real != 0 || ComplexObject(v).imaginary != 0 }
            s.pointee.compare = CompareSlot(Thread.complexCompare)
            defineComplexMethods(b)
        }
    }

    private func defineComplexNumberSlots(_ b: TypeBuilder) {
        let s = b.slots
        s.pointee.add = BinarySlot { (t, l, r) throws(Raised) in
            guard let x = try t.complexParts(l), let y = try t.complexParts(r) else { return .notImplemented }
            return t.newComplex(x.real + y.real, x.imaginary + y.imaginary)
        }
        s.pointee.subtract = BinarySlot { (t, l, r) throws(Raised) in
            guard let x = try t.complexParts(l), let y = try t.complexParts(r) else { return .notImplemented }
            return t.newComplex(x.real - y.real, x.imaginary - y.imaginary)
        }
        s.pointee.multiply = BinarySlot { (t, l, r) throws(Raised) in
            guard let x = try t.complexParts(l), let y = try t.complexParts(r) else { return .notImplemented }
            return t.newComplex(Thread.product(x, y))
        }
        s.pointee.trueDivide = BinarySlot { (t, l, r) throws(Raised) in
            guard let x = try t.complexParts(l), let y = try t.complexParts(r) else { return .notImplemented }
            guard let z = Thread.quotient(x, y) else { throw t.raise(.zeroDivisionError, "complex division by zero") }
            return t.newComplex(z)
        }
        s.pointee.power = TernarySlot { (t, l, r, m) throws(Raised) in
            guard let x = try t.complexParts(l), let y = try t.complexParts(r) else { return .notImplemented }
            if !m.isNoneOrUnbound { throw t.raise(.valueError, "complex modulo") }
            return try t.complexPower(x, y)
        }
        s.pointee.negative = UnarySlot { (t, v) in t.newComplex(-ComplexObject(v).real, -ComplexObject(v).imaginary) }
        s.pointee.positive = UnarySlot { (t, v) in v.hasLayout(.complex) ? v : t.newComplex(ComplexObject(v).parts) }
        s.pointee.absolute = UnarySlot { (t, v) throws(Raised) in
            let z = ComplexObject(v).parts
            let size = hypot(z.real, z.imaginary)
            if size.isInfinite && z.real.isFinite && z.imaginary.isFinite { throw t.raise(.overflowError, "absolute value too large") }
            return t.float(size)
        }
    }

    private func newComplex(_ parts: ComplexParts) -> Value { newComplex(parts.real, parts.imaginary) }

    /// A complex operand: of complex numbers, floats and ints; nil for anything else.
    func complexParts(_ value: Value) throws(Raised) -> ComplexParts? {
        if value.hasLayout(.complex) { return ComplexObject(value).parts }
        if let d = try operandDouble(value) { return (d, 0) }
        return isComplex(value) ? ComplexObject(value).parts : nil
    }

    private func defineComplexMethods(_ b: TypeBuilder) {
        b.method("conjugate", "($self, /)", "The number with its imaginary part's sign turned.") { (t, a) in
            t.newComplex(ComplexObject(a[0]).real, -ComplexObject(a[0]).imaginary)
        }
        b.method("__complex__", "($self, /)", "The number as an exact complex.") { (t, a) in
            a[0].hasLayout(.complex) ? a[0] : t.newComplex(ComplexObject(a[0]).parts)
        }
        b.method("__getnewargs__", "($self, /)") { (t, a) throws(Raised) in
            try t.tuple(t.float(ComplexObject(a[0]).real), t.float(ComplexObject(a[0]).imaginary))
        }
        b.method("__format__", "($self, format_spec, /)", "The number as a format specification asks for.") { (t, a) throws(Raised) in
            if !a[1].isKind(.str) { throw t.raise(.typeError, "__format__() argument must be str, not \(t.typeName(a[1]))") }
            if StrObject(a[1]).count == 0 { return try t.strOf(a[0]) }
            let name = t.typeName(a[0])
            let z = ComplexObject(a[0]).parts
            let parsed = try t.formatSpec(a[1]) { (text) throws(FormatError) in
                try FormatSpec.float(text, typeName: name, decimal: Thread.decimalDigit)
            }
            return try t.str(codePoints: try t.formatted { () throws(FormatError) in
                try parsed.format(real: z.real, imaginary: z.imaginary, typeName: name)
            })
        }
        b.member("real", "the real part of a complex number", get: { (t, v) in t.float(ComplexObject(v).real) })
        b.member("imag", "the imaginary part of a complex number", get: { (t, v) in t.float(ComplexObject(v).imaginary) })
    }

    static func complexCompare(_ t: Thread, _ left: Value, _ right: Value, _ op: CompareOperator) throws(Raised) -> Value {
        if op != .equal && op != .notEqual { return .notImplemented }
        if !t.isComplex(left) { return .notImplemented }
        let z = ComplexObject(left)
        let equal: Bool
        if t.isInt(right) {
            equal = z.imaginary == 0 && t.compareDouble(z.real, int: right, .equal).isTrue
        } else if t.isFloat(right) {
            equal = z.real == t.double(right) && z.imaginary == 0
        } else if t.isComplex(right) {
            equal = z.real == ComplexObject(right).real && z.imaginary == ComplexObject(right).imaginary
        } else {
            return .notImplemented
        }
        return Value(equal == (op == .equal))
    }

    // MARK: Arithmetic on parts

    static func product(_ x: ComplexParts, _ y: ComplexParts) -> ComplexParts {
        (x.real * y.real - x.imaginary * y.imaginary, x.real * y.imaginary + x.imaginary * y.real)
    }

    /// Smith's division, which scales by the divisor's larger part; nil for division by zero.
    public static func quotient(_ x: ComplexParts, _ y: ComplexParts) -> ComplexParts? {
        if y.real.magnitude >= y.imaginary.magnitude {
            if y.real == 0 { return nil }
            let ratio = y.imaginary / y.real
            let denominator = y.real + y.imaginary * ratio
            return ((x.real + x.imaginary * ratio) / denominator, (x.imaginary - x.real * ratio) / denominator)
        }
        if y.imaginary.magnitude >= y.real.magnitude {
            let ratio = y.real / y.imaginary
            let denominator = y.real * ratio + y.imaginary
            return ((x.real * ratio + x.imaginary) / denominator, (x.imaginary * ratio - x.real) / denominator)
        }
        return (.nan, .nan)
    }

    /// `x ** y`; whole exponents up to 100 by repeated products.
    func complexPower(_ x: ComplexParts, _ y: ComplexParts) throws(Raised) -> Value {
        var result: ComplexParts?
        if y.imaginary == 0 && y.real == y.real.rounded(.down) && y.real.magnitude <= 100 {
            let n = Int(y.real)
            result = n > 0 ? Thread.power(x, n) : Thread.quotient((1, 0), Thread.power(x, -n))
        } else {
            result = Thread.generalPower(x, y)
        }
        guard let z = result else { throw raise(.zeroDivisionError, "0.0 to a negative or complex power") }
        if z.real.isInfinite || z.imaginary.isInfinite { throw raise(.overflowError, "complex exponentiation") }
        return newComplex(z)
    }

    private static func power(_ x: ComplexParts, _ n: Int) -> ComplexParts {
        var result: ComplexParts = (1, 0), square = x
        var mask = 1
        while mask > 0 && n >= mask {
            if n & mask != 0 { result = product(result, square) }
            mask <<= 1
            square = product(square, square)
        }
        return result
    }

    private static func generalPower(_ x: ComplexParts, _ y: ComplexParts) -> ComplexParts? {
        if y.real == 0 && y.imaginary == 0 { return (1, 0) }
        if x.real == 0 && x.imaginary == 0 { return y.imaginary != 0 || y.real < 0 ? nil : (0, 0) }
        let size = hypot(x.real, x.imaginary), angle = atan2(x.imaginary, x.real)
        var length = pow(size, y.real), phase = angle * y.real
        if y.imaginary != 0 {
            length *= exp(-angle * y.imaginary)
            phase += y.imaginary * log(size)
        }
        return (length * cos(phase), length * sin(phase))
    }

    // MARK: Construction

    static func complexNew(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        var real = a.count > 0 ? a[0] : Value.unbound, imaginary = a.count > 1 ? a[1] : Value.unbound
        let keywords = a.keywords.isBound ? TupleObject(a.keywords).count : 0
        if a.count + keywords > 2 { throw t.raise(.typeError, "complex() takes at most 2 arguments (\(a.count + keywords) given)") }
        for i in 0..<keywords {
            let key = StrObject(TupleObject(a.keywords)[i]), value = a[a.count + i]
            if key.equals("real") {
                if real.isBound { throw t.raise(.typeError, "argument for complex() given by name ('real') and position (1)") }
                real = value
            } else if key.equals("imag") {
                if imaginary.isBound { throw t.raise(.typeError, "argument for complex() given by name ('imag') and position (2)") }
                imaginary = value
            } else {
                throw t.raise(.typeError, "'\(t.string(key.value))' is an invalid keyword argument for complex()")
            }
        }
        let isPlain = type == t.types.pointee.complex
        if real.isBound && imaginary.isUnbound && isPlain && real.hasLayout(.complex) { return real }
        let parts: ComplexParts
        if real.isBound && real.isKind(.str) {
            if imaginary.isBound { throw t.raise(.typeError, "complex() can't take second arg if first is a string") }
            parts = try t.parseComplex(real)
        } else {
            if imaginary.isBound && imaginary.isKind(.str) { throw t.raise(.typeError, "complex() second arg can't be a string") }
            parts = try t.joinComplex(real.isUnbound ? Value(smallInt: 0) : real, imaginary)
        }
        if isPlain { return t.newComplex(parts) }
        let made = ComplexObject(t.allocate(TypeObject(type)))
        made.real = parts.real
        made.imaginary = parts.imaginary
        return made.value
    }

    /// `real + imaginary * 1j` of any two numbers, either of which may itself be complex.
    private func joinComplex(_ real: Value, _ imaginary: Value) throws(Raised) -> ComplexParts {
        let special = try complexSpecial(real)
        let first = special.isBound ? special : real
        if !isNumeric(first) { throw raise(.typeError, "complex() first argument must be a string or a number, not '\(typeName(first))'") }
        if imaginary.isBound && !isNumeric(imaginary) {
            throw raise(.typeError, "complex() second argument must be a number, not '\(typeName(imaginary))'")
        }
        var result: ComplexParts = (0, 0)
        let firstIsComplex = isComplex(first)
        if firstIsComplex { result = ComplexObject(first).parts } else { result.real = try toDouble(first) }
        if imaginary.isUnbound { return result }
        if isComplex(imaginary) {
            let second = ComplexObject(imaginary).parts
            return (result.real - second.imaginary, firstIsComplex ? second.real + result.imaginary : second.real)
        }
        let second = try toDouble(imaginary)
        return (result.real, firstIsComplex ? second + result.imaginary : second)
    }

    private func isNumeric(_ value: Value) -> Bool {
        let slots = type(of: value).slots
        return slots.pointee.float.isSet || slots.pointee.index.isSet || isComplex(value)
    }

    /// What `value.__complex__()` gives: a complex number, or unbound when there is no such method.
    public func complexSpecial(_ value: Value) throws(Raised) -> Value {
        if value.hasLayout(.complex) { return value }
        if !value.isCell { return .unbound }
        let result = try callSpecial(value, intern("__complex__"))
        if result.isUnbound || result.hasLayout(.complex) { return result }
        if !isComplex(result) { throw raise(.typeError, "__complex__ returned non-complex (type \(typeName(result)))") }
        try warn(.deprecationWarning, "__complex__ returned non-complex (type \(typeName(result))).  The ability to return an instance of a strict subclass of complex is deprecated, and may be removed in a future version of Python.")
        return result
    }

    private func parseComplex(_ text: Value) throws(Raised) -> ComplexParts {
        let ascii = numericASCII(StrObject(text))
        let parsed = ascii.withUnsafeBufferPointer { FloatParser.complex($0) }
        if let parsed { return parsed }
        if ascii.contains(0x5F) && ascii.withUnsafeBufferPointer({ FloatParser.withoutUnderscores($0) }) == nil {
            throw raise(.valueError, "could not convert string to complex: \(try reprText(text))")
        }
        throw raise(.valueError, "complex() arg is a malformed string")
    }
}
