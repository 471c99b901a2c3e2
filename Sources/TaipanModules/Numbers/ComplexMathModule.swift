// `cmath`: functions of complex numbers.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

enum ComplexMathModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        m.set("pi", m.t.float(.pi))
        m.set("e", m.t.float(2.718281828459045))
        m.set("tau", m.t.float(2 * .pi))
        m.set("inf", m.t.float(.infinity))
        m.set("nan", m.t.float(.nan))
        m.set("infj", m.t.newComplex(0, .infinity))
        m.set("nanj", m.t.newComplex(0, .nan))
        defineHyperbolic(m)
        defineCircular(m)
        defineLogarithms(m)
        definePolar(m)
        defineTests(m)
    }

    private static func defineHyperbolic(_ m: ModuleBuilder) {
        m.function("acosh", "($module, z, /)", "The inverse hyperbolic cosine of z.") { (t, a) throws(Raised) in try t.complexFunction(a[0]) { (z) throws(ComplexFault) in try ComplexFunctions.acosh(z) } }
        m.function("asinh", "($module, z, /)", "The inverse hyperbolic sine of z.") { (t, a) throws(Raised) in try t.complexFunction(a[0]) { (z) throws(ComplexFault) in try ComplexFunctions.asinh(z) } }
        m.function("atanh", "($module, z, /)", "The inverse hyperbolic tangent of z.") { (t, a) throws(Raised) in try t.complexFunction(a[0]) { (z) throws(ComplexFault) in try ComplexFunctions.atanh(z) } }
        m.function("cosh", "($module, z, /)", "The hyperbolic cosine of z.") { (t, a) throws(Raised) in try t.complexFunction(a[0]) { (z) throws(ComplexFault) in try ComplexFunctions.cosh(z) } }
        m.function("sinh", "($module, z, /)", "The hyperbolic sine of z.") { (t, a) throws(Raised) in try t.complexFunction(a[0]) { (z) throws(ComplexFault) in try ComplexFunctions.sinh(z) } }
        m.function("tanh", "($module, z, /)", "The hyperbolic tangent of z.") { (t, a) throws(Raised) in try t.complexFunction(a[0]) { (z) throws(ComplexFault) in try ComplexFunctions.tanh(z) } }
        m.function("exp", "($module, z, /)", "e to the power of z.") { (t, a) throws(Raised) in try t.complexFunction(a[0]) { (z) throws(ComplexFault) in try ComplexFunctions.exp(z) } }
    }

    private static func defineCircular(_ m: ModuleBuilder) {
        m.function("acos", "($module, z, /)", "The arc cosine of z.") { (t, a) throws(Raised) in try t.complexFunction(a[0]) { (z) throws(ComplexFault) in try ComplexFunctions.acos(z) } }
        m.function("asin", "($module, z, /)", "The arc sine of z.") { (t, a) throws(Raised) in try t.complexFunction(a[0]) { (z) throws(ComplexFault) in try ComplexFunctions.asin(z) } }
        m.function("atan", "($module, z, /)", "The arc tangent of z.") { (t, a) throws(Raised) in try t.complexFunction(a[0]) { (z) throws(ComplexFault) in try ComplexFunctions.atan(z) } }
        m.function("cos", "($module, z, /)", "The cosine of z.") { (t, a) throws(Raised) in try t.complexFunction(a[0]) { (z) throws(ComplexFault) in try ComplexFunctions.cos(z) } }
        m.function("sin", "($module, z, /)", "The sine of z.") { (t, a) throws(Raised) in try t.complexFunction(a[0]) { (z) throws(ComplexFault) in try ComplexFunctions.sin(z) } }
        m.function("tan", "($module, z, /)", "The tangent of z.") { (t, a) throws(Raised) in try t.complexFunction(a[0]) { (z) throws(ComplexFault) in try ComplexFunctions.tan(z) } }
        m.function("sqrt", "($module, z, /)", "The square root of z.") { (t, a) throws(Raised) in try t.complexFunction(a[0]) { (z) throws(ComplexFault) in try ComplexFunctions.sqrt(z) } }
    }

    private static func defineLogarithms(_ m: ModuleBuilder) {
        m.function("log10", "($module, z, /)", "The base 10 logarithm of z.") { (t, a) throws(Raised) in
            try t.complexFunction(a[0]) { (z) throws(ComplexFault) in
                let r = try ComplexFunctions.log(z)
                return (r.real / 2.302585092994046, r.imaginary / 2.302585092994046)
            }
        }
        m.function("log", "($module, z, base=<unrepresentable>, /)", "The logarithm of z to the given base, by default the natural one.") { (t, a) throws(Raised) in
            if a[1].isUnbound { return try t.complexFunction(a[0]) { (z) throws(ComplexFault) in try ComplexFunctions.log(z) } }
            let base = try t.complexArgument(a[1])
            return try t.complexFunction(a[0]) { (z) throws(ComplexFault) in
                let top = try ComplexFunctions.log(z)
                guard let r = Thread.quotient(top, try ComplexFunctions.log(base)) else { throw .domain }
                return r
            }
        }
    }

    private static func definePolar(_ m: ModuleBuilder) {
        m.function("phase", "($module, z, /)", "The angle of z.") { (t, a) throws(Raised) in
            let z = try t.complexArgument(a[0])
            let angle = atan2(z.imaginary, z.real)
            // The C library reports an angle that vanishes.
            if angle == 0 && z.imaginary != 0 && z.real.isFinite { throw t.mathRangeError() }
            return t.float(angle)
        }
        m.function("polar", "($module, z, /)", "The distance of z from the origin and its angle.") { (t, a) throws(Raised) in
            let z = try t.complexArgument(a[0])
            let size = hypot(z.real, z.imaginary)
            if size.isInfinite && z.real.isFinite && z.imaginary.isFinite { throw t.mathRangeError() }
            return try t.tuple(t.float(size), t.float(atan2(z.imaginary, z.real)))
        }
        m.function("rect", "($module, r, phi, /)", "The complex number at a distance and an angle.") { (t, a) throws(Raised) in
            let r = try t.toDouble(a[0]), phi = try t.toDouble(a[1])
            return try t.complexResult { () throws(ComplexFault) in try ComplexFunctions.rect(r, phi) }
        }
    }

    private static func defineTests(_ m: ModuleBuilder) {
        m.function("isfinite", "($module, z, /)", "True when both parts are finite.") { (t, a) throws(Raised) in
            let z = try t.complexArgument(a[0])
            return Value(z.real.isFinite && z.imaginary.isFinite)
        }
        m.function("isinf", "($module, z, /)", "True when a part is infinite.") { (t, a) throws(Raised) in
            let z = try t.complexArgument(a[0])
            return Value(z.real.isInfinite || z.imaginary.isInfinite)
        }
        m.function("isnan", "($module, z, /)", "True when a part is nan.") { (t, a) throws(Raised) in
            let z = try t.complexArgument(a[0])
            return Value(z.real.isNaN || z.imaginary.isNaN)
        }
        m.function("isclose", "($module, /, a, b, *, rel_tol=1e-09, abs_tol=0.0)", "True when two complex numbers are close, relatively or absolutely.") { (t, a) throws(Raised) in
            let x = try t.complexArgument(a[0]), y = try t.complexArgument(a[1])
            let relative = a[2].isUnbound ? 1e-9 : try t.toDouble(a[2]), absolute = a[3].isUnbound ? 0 : try t.toDouble(a[3])
            if relative < 0 || absolute < 0 { throw t.raise(.valueError, "tolerances must be non-negative") }
            if x.real == y.real && x.imaginary == y.imaginary { return .true }
            if x.real.isInfinite || x.imaginary.isInfinite || y.real.isInfinite || y.imaginary.isInfinite { return .false }
            let gap = hypot(x.real - y.real, x.imaginary - y.imaginary)
            return Value(gap <= relative * hypot(y.real, y.imaginary) || gap <= relative * hypot(x.real, x.imaginary) || gap <= absolute)
        }
    }
}

extension Thread {
    /// A complex argument: of complex numbers, of objects with `__complex__`, and of real numbers.
    func complexArgument(_ value: Value) throws(Raised) -> ComplexParts {
        let special = try complexSpecial(value)
        if special.isBound { return (ComplexObject(special).real, ComplexObject(special).imaginary) }
        return (try toDouble(value), 0)
    }

    func complexFunction(_ value: Value, _ function: (ComplexParts) throws(ComplexFault) -> ComplexParts) throws(Raised) -> Value {
        let z = try complexArgument(value)
        return try complexResult { () throws(ComplexFault) in try function(z) }
    }

    func complexResult(_ body: () throws(ComplexFault) -> ComplexParts) throws(Raised) -> Value {
        do throws(ComplexFault) {
            let r = try body()
            return newComplex(r.real, r.imaginary)
        } catch { throw error == .domain ? domainError() : mathRangeError() }
    }
}
