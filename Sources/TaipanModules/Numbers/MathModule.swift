// `math`: the functions of one and two floats. The C library computes; its answers are judged as CPython judges them.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

enum MathModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        m.set("pi", m.t.float(.pi))
        m.set("e", m.t.float(2.718281828459045))
        m.set("tau", m.t.float(2 * .pi))
        m.set("inf", m.t.float(.infinity))
        m.set("nan", m.t.float(.nan))
        defineTrigonometry(m)
        defineExponentials(m)
        defineLogarithms(m)
        defineTwoArguments(m)
        defineParts(m)
        defineTests(m)
        defineIntegerMath(m)
        defineSums(m)
    }

    private static func defineTrigonometry(_ m: ModuleBuilder) {
        m.function("acos", "($module, x, /)", "The arc cosine of x, in radians.") { (t, a) throws(Raised) in try t.checked(a[0]) { acos($0) } }
        m.function("acosh", "($module, x, /)", "The inverse hyperbolic cosine of x.") { (t, a) throws(Raised) in try t.checked(a[0]) { acosh($0) } }
        m.function("asin", "($module, x, /)", "The arc sine of x, in radians.") { (t, a) throws(Raised) in try t.checked(a[0]) { asin($0) } }
        m.function("asinh", "($module, x, /)", "The inverse hyperbolic sine of x.") { (t, a) throws(Raised) in try t.checked(a[0]) { asinh($0) } }
        m.function("atan", "($module, x, /)", "The arc tangent of x, in radians.") { (t, a) throws(Raised) in try t.checked(a[0]) { atan($0) } }
        m.function("atanh", "($module, x, /)", "The inverse hyperbolic tangent of x.") { (t, a) throws(Raised) in try t.checked(a[0]) { atanh($0) } }
        m.function("cos", "($module, x, /)", "The cosine of x radians.") { (t, a) throws(Raised) in try t.checked(a[0]) { cos($0) } }
        m.function("sin", "($module, x, /)", "The sine of x radians.") { (t, a) throws(Raised) in try t.checked(a[0]) { sin($0) } }
        m.function("tan", "($module, x, /)", "The tangent of x radians.") { (t, a) throws(Raised) in try t.checked(a[0]) { tan($0) } }
        m.function("cosh", "($module, x, /)", "The hyperbolic cosine of x.") { (t, a) throws(Raised) in try t.checked(a[0], canOverflow: true) { cosh($0) } }
        m.function("sinh", "($module, x, /)", "The hyperbolic sine of x.") { (t, a) throws(Raised) in try t.checked(a[0], canOverflow: true) { sinh($0) } }
        m.function("tanh", "($module, x, /)", "The hyperbolic tangent of x.") { (t, a) throws(Raised) in try t.checked(a[0]) { tanh($0) } }
        m.function("degrees", "($module, x, /)", "Radians in degrees.") { (t, a) throws(Raised) in t.float(try t.toDouble(a[0]) * (180 / .pi)) }
        m.function("radians", "($module, x, /)", "Degrees in radians.") { (t, a) throws(Raised) in t.float(try t.toDouble(a[0]) * (.pi / 180)) }
    }

    private static func defineExponentials(_ m: ModuleBuilder) {
        m.function("exp", "($module, x, /)", "e to the power of x.") { (t, a) throws(Raised) in try t.checked(a[0], canOverflow: true) { exp($0) } }
        m.function("exp2", "($module, x, /)", "2 to the power of x.") { (t, a) throws(Raised) in try t.checked(a[0], canOverflow: true) { exp2($0) } }
        m.function("expm1", "($module, x, /)", "exp(x) - 1, exact for small x too.") { (t, a) throws(Raised) in try t.checked(a[0], canOverflow: true) { expm1($0) } }
        m.function("sqrt", "($module, x, /)", "The square root of x.") { (t, a) throws(Raised) in try t.checked(a[0]) { $0.squareRoot() } }
        m.function("cbrt", "($module, x, /)", "The cube root of x.") { (t, a) throws(Raised) in try t.checked(a[0]) { cbrt($0) } }
        m.function("fabs", "($module, x, /)", "The absolute value of x, a float.") { (t, a) throws(Raised) in t.float(try t.toDouble(a[0]).magnitude) }
        m.function("erf", "($module, x, /)", "The error function at x.") { (t, a) throws(Raised) in t.float(erf(try t.toDouble(a[0]))) }
        m.function("erfc", "($module, x, /)", "The complementary error function at x.") { (t, a) throws(Raised) in t.float(erfc(try t.toDouble(a[0]))) }
        m.function("gamma", "($module, x, /)", "The gamma function at x.") { (t, a) throws(Raised) in
            let x = try t.toDouble(a[0])
            guard let r = GammaFunction.gamma(x) else { throw t.domainError() }
            if r.isInfinite && x.isFinite { throw t.mathRangeError() }
            return t.float(r)
        }
        m.function("lgamma", "($module, x, /)", "The natural logarithm of the absolute value of the gamma function at x.") { (t, a) throws(Raised) in
            let x = try t.toDouble(a[0])
            guard let r = GammaFunction.logGamma(x) else { throw t.domainError() }
            if r.isInfinite && x.isFinite { throw t.mathRangeError() }
            return t.float(r)
        }
    }

    private static func defineLogarithms(_ m: ModuleBuilder) {
        m.rawFunction("log", "", "log(x, [base=math.e])\nThe logarithm of x to the given base, by default the natural one.") { (t, a) throws(Raised) in
            if a.keywords.isBound && TupleObject(a.keywords).count > 0 { throw t.raise(.typeError, "math.log() takes no keyword arguments") }
            if a.count == 0 { throw t.raise(.typeError, "log expected at least 1 argument, got 0") }
            if a.count > 2 { throw t.raise(.typeError, "log expected at most 2 arguments, got \(a.count)") }
            let top = try t.logarithm(a[0]) { log($0) }
            if a.count == 1 { return t.float(top) }
            return try t.floatTrueDivide(top, try t.logarithm(a[1]) { log($0) })
        }
        m.function("log2", "($module, x, /)", "The base 2 logarithm of x.") { (t, a) throws(Raised) in t.float(try t.logarithm(a[0]) { log2($0) }) }
        m.function("log10", "($module, x, /)", "The base 10 logarithm of x.") { (t, a) throws(Raised) in t.float(try t.logarithm(a[0]) { log10($0) }) }
        m.function("log1p", "($module, x, /)", "The natural logarithm of 1 + x, exact for small x too.") { (t, a) throws(Raised) in
            try t.checked(a[0]) { $0 == 0 ? $0 : log1p($0) }
        }
    }

    private static func defineTwoArguments(_ m: ModuleBuilder) {
        m.function("atan2", "($module, y, x, /)", "The arc tangent of y / x, in the right quadrant.") { (t, a) throws(Raised) in
            let y = try t.toDouble(a[0])
            return t.float(atan2(y, try t.toDouble(a[1])))
        }
        m.function("copysign", "($module, x, y, /)", "x with the sign of y.") { (t, a) throws(Raised) in
            let x = try t.toDouble(a[0])
            return t.float(Double(signOf: try t.toDouble(a[1]), magnitudeOf: x))
        }
        m.function("fmod", "($module, x, y, /)", "The remainder of x / y with the sign of x.") { (t, a) throws(Raised) in
            let x = try t.toDouble(a[0]), y = try t.toDouble(a[1])
            if y.isInfinite && x.isFinite { return t.float(x) }
            let r = fmod(x, y)
            if r.isNaN && !x.isNaN && !y.isNaN { throw t.domainError() }
            return t.float(r)
        }
        m.function("remainder", "($module, x, y, /)", "The difference between x and the closest multiple of y.") { (t, a) throws(Raised) in
            let x = try t.toDouble(a[0]), y = try t.toDouble(a[1])
            if x.isNaN || y.isNaN { return t.float(x.isNaN ? x : y) }
            if x.isInfinite || y == 0 { throw t.domainError() }
            return t.float(y.isInfinite ? x : remainder(x, y))
        }
        m.function("pow", "($module, x, y, /)", "x to the power of y.") { (t, a) throws(Raised) in
            let x = try t.toDouble(a[0]), y = try t.toDouble(a[1])
            let r = pow(x, y)
            if x.isFinite && y.isFinite {
                if r.isNaN || (r.isInfinite && x == 0) { throw t.domainError() }
                if r.isInfinite { throw t.mathRangeError() }
            }
            return t.float(r)
        }
        m.function("ldexp", "($module, x, i, /)", "x * 2**i.") { (t, a) throws(Raised) in
            let x = try t.toDouble(a[0])
            if !t.isInt(a[1]) { throw t.raise(.typeError, "Expected an int as second argument to ldexp.") }
            if x == 0 || !x.isFinite { return t.float(x) }
            let exponent = t.machineInt(a[1]) ?? (t.intIsNegative(a[1]) ? Int.min : Int.max)
            if exponent > Int(Int32.max) { throw t.mathRangeError() }
            if exponent < Int(Int32.min) { return t.float(Double(signOf: x, magnitudeOf: 0)) }
            let r = scalbn(x, exponent)
            if r.isInfinite { throw t.mathRangeError() }
            return t.float(r)
        }
        m.function("nextafter", "($module, x, y, /, *, steps=None)", "The float that lies steps floats after x towards y.") { (t, a) throws(Raised) in
            let x = try t.toDouble(a[0]), y = try t.toDouble(a[1])
            if a[2].isNoneOrUnbound { return t.float(nextafter(x, y)) }
            let steps = try t.indexValue(a[2])
            if t.intIsNegative(steps) { throw t.raise(.valueError, "steps must be a non-negative integer") }
            let count = try t.withInt(steps) { (n) throws(Raised) in n.count == 0 ? 0 : n.count == 1 ? n.limbs[0] : UInt64.max }
            return t.float(MathModule.step(x, y, count))
        }
        m.function("ulp", "($module, x, /)", "The value of the last bit of x.") { (t, a) throws(Raised) in
            let x = try t.toDouble(a[0]).magnitude
            if !x.isFinite { return t.float(x) }
            let above = x.nextUp
            return t.float(above.isInfinite ? x - x.nextDown : above - x)
        }
    }

    /// `steps` floats from `x` towards `y`, by counting bit patterns.
    private static func step(_ x: Double, _ y: Double, _ steps: UInt64) -> Double {
        if steps == 0 { return x }
        if x.isNaN || y.isNaN { return x.isNaN ? x : y }
        if x == y { return y }
        let sign: UInt64 = 1 << 63
        let from = x.bitPattern, to = y.bitPattern
        let fromSize = from & ~sign, toSize = to & ~sign
        if (from ^ to) & sign != 0 {
            // Across zero.
            let distance = fromSize &+ toSize
            if distance <= steps { return y }
            if fromSize >= steps { return Double(bitPattern: (from & sign) | (fromSize - steps)) }
            return Double(bitPattern: (to & sign) | (steps - fromSize))
        }
        if fromSize > toSize { return fromSize - toSize >= steps ? Double(bitPattern: from - steps) : y }
        return toSize - fromSize >= steps ? Double(bitPattern: from + steps) : y
    }

    private static func defineParts(_ m: ModuleBuilder) {
        m.function("floor", "($module, x, /)", "The largest int not above x.") { (t, a) throws(Raised) in
            if a[0].isSmallFloat { return try t.floatToInt(a[0].smallFloat.rounded(.down)) }
            if !a[0].hasLayout(.float) {
                let made = try t.callSpecial(a[0], t.intern("__floor__"))
                if made.isBound { return made }
            }
            return try t.floatToInt(try t.toDouble(a[0]).rounded(.down))
        }
        m.function("ceil", "($module, x, /)", "The smallest int not below x.") { (t, a) throws(Raised) in
            if a[0].isSmallFloat { return try t.floatToInt(a[0].smallFloat.rounded(.up)) }
            if !a[0].hasLayout(.float) {
                let made = try t.callSpecial(a[0], t.intern("__ceil__"))
                if made.isBound { return made }
            }
            return try t.floatToInt(try t.toDouble(a[0]).rounded(.up))
        }
        m.function("trunc", "($module, x, /)", "x without its fraction.") { (t, a) throws(Raised) in
            if a[0].isSmallFloat || a[0].hasLayout(.float) { return try t.floatToInt(t.double(a[0])) }
            let made = try t.callSpecial(a[0], t.intern("__trunc__"))
            if made.isBound { return made }
            throw t.raise(.typeError, "type \(t.typeName(a[0])) doesn't define __trunc__ method")
        }
        m.function("modf", "($module, x, /)", "The fraction of x and its integral part, both with the sign of x.") { (t, a) throws(Raised) in
            let x = try t.toDouble(a[0])
            if x.isInfinite { return try t.tuple(t.float(Double(signOf: x, magnitudeOf: 0)), t.float(x)) }
            if x.isNaN { return try t.tuple(t.float(x), t.float(x)) }
            let whole = x.rounded(.towardZero)
            return try t.tuple(t.float(Double(signOf: x, magnitudeOf: x - whole)), t.float(whole))
        }
        m.function("frexp", "($module, x, /)", "The mantissa and the exponent of x: x == m * 2**e.") { (t, a) throws(Raised) in
            let x = try t.toDouble(a[0])
            if x == 0 || !x.isFinite { return try t.tuple(t.float(x), t.int(0)) }
            let (fraction, exponent) = frexp(x.magnitude)
            return try t.tuple(t.float(x < 0 ? -fraction : fraction), t.int(exponent))
        }
    }

    private static func defineTests(_ m: ModuleBuilder) {
        m.function("isfinite", "($module, x, /)", "True when x is neither infinite nor nan.") { (t, a) throws(Raised) in Value(try t.toDouble(a[0]).isFinite) }
        m.function("isinf", "($module, x, /)", "True when x is infinite.") { (t, a) throws(Raised) in Value(try t.toDouble(a[0]).isInfinite) }
        m.function("isnan", "($module, x, /)", "True when x is nan.") { (t, a) throws(Raised) in Value(try t.toDouble(a[0]).isNaN) }
        m.function("isclose", "($module, /, a, b, *, rel_tol=1e-09, abs_tol=0.0)", "True when two numbers are close, relatively or absolutely.") { (t, a) throws(Raised) in
            let x = try t.toDouble(a[0]), y = try t.toDouble(a[1])
            let relative = a[2].isUnbound ? 1e-9 : try t.toDouble(a[2]), absolute = a[3].isUnbound ? 0 : try t.toDouble(a[3])
            if relative < 0 || absolute < 0 { throw t.raise(.valueError, "tolerances must be non-negative") }
            if x == y { return .true }
            if x.isInfinite || y.isInfinite { return .false }
            let gap = (y - x).magnitude
            return Value(gap <= (relative * y).magnitude || gap <= (relative * x).magnitude || gap <= absolute)
        }
    }
}

extension Thread {
    func domainError() -> Raised { raise(.valueError, "math domain error") }
    func mathRangeError() -> Raised { raise(.overflowError, "math range error") }

    /// A function of one float: nan out of a number is a domain error, infinity out of a finite number a domain or range error.
    func checked(_ value: Value, canOverflow: Bool = false, _ function: (Double) -> Double) throws(Raised) -> Value {
        let x = try toDouble(value)
        let r = function(x)
        if r.isNaN && !x.isNaN { throw domainError() }
        if r.isInfinite && x.isFinite { throw canOverflow ? mathRangeError() : domainError() }
        return float(r)
    }

    /// A logarithm of a real number; ints beyond the floats are taken apart.
    func logarithm(_ value: Value, _ function: (Double) -> Double) throws(Raised) -> Double {
        if isInt(value) {
            if intIsNegative(value) || intIsZero(value) { throw domainError() }
            if let d = intDouble(value) { return function(d) }
            let (fraction, exponent) = try withInt(value) { (n) throws(Raised) in n.fractionAndExponent }
            return function(fraction) + function(2) * Double(exponent)
        }
        let x = try toDouble(value)
        if x.isNaN { return x }
        if x <= 0 { throw domainError() }
        return function(x)
    }
}
