// The functions of `cmath` on pairs of doubles, after Kahan ("Branch Cuts for Complex Elementary Functions", 1987): each is written so that
// neither squares of large parts overflow nor small ones vanish. What happens at infinities and nans is C99's Annex G.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

/// Why a result is refused.
enum ComplexFault: Error { case domain, range }

enum ComplexFunctions {
    static var large: Double { Double.greatestFiniteMagnitude / 4 }
    static var sqrtLarge: Double { large.squareRoot() }
    static var logLarge: Double { log(large) }
    static var sqrtSmallest: Double { Double.leastNormalMagnitude.squareRoot() }
    static var ln2: Double { 0.6931471805599453 }
    static var e: Double { 2.718281828459045 }

    private static func isFinite(_ z: ComplexParts) -> Bool { z.real.isFinite && z.imaginary.isFinite }
    private static func sign(_ size: Double, _ of: Double) -> Double { Double(signOf: of, magnitudeOf: size) }

    /// An infinite result along the direction of `angle`, turned round when `turned`.
    private static func infinite(_ angle: Double) -> ComplexParts { (sign(.infinity, cos(angle)), sign(.infinity, sin(angle))) }

    // MARK: Exponential and hyperbolic

    static func exp(_ z: ComplexParts) throws(ComplexFault) -> ComplexParts {
        let (x, y) = (z.real, z.imaginary)
        if !isFinite(z) {
            if y.isInfinite && !x.isNaN && x != -.infinity { throw .domain }
            if x.isInfinite {
                if y.isFinite {
                    if x > 0 { return y == 0 ? (.infinity, y) : infinite(y) }
                    return (sign(0, cos(y)), sign(0, sin(y)))
                }
                return x > 0 ? (.infinity, .nan) : (0, 0)
            }
            return x.isNaN && y == 0 ? (.nan, y) : (.nan, .nan)
        }
        let r: ComplexParts
        if x > logLarge {
            let size = expReal(x - 1)
            r = (size * cos(y) * e, size * sin(y) * e)
        } else {
            let size = expReal(x)
            r = (size * cos(y), size * sin(y))
        }
        return try inRange(r)
    }

    private static func expReal(_ x: Double) -> Double {
        #if canImport(Glibc)
        Glibc.exp(x)
        #else
        Darwin.exp(x)
        #endif
    }

    private static func inRange(_ z: ComplexParts) throws(ComplexFault) -> ComplexParts {
        if z.real.isInfinite || z.imaginary.isInfinite { throw .range }
        return z
    }

    static func cosh(_ z: ComplexParts) throws(ComplexFault) -> ComplexParts {
        let (x, y) = (z.real, z.imaginary)
        if !isFinite(z) {
            if y.isInfinite && !x.isNaN { throw .domain }
            if x.isInfinite {
                if !y.isFinite { return (.infinity, .nan) }
                if y == 0 { return (.infinity, x > 0 ? y : -y) }
                let r = infinite(y)
                return (r.real, x > 0 ? r.imaginary : -r.imaginary)
            }
            if x == 0 || (x.isNaN && y == 0) { return (.nan, 0) }
            return (.nan, .nan)
        }
        if x.magnitude > logLarge {
            let less = x - sign(1, x)
            return try inRange((cos(y) * coshReal(less) * e, sin(y) * sinhReal(less) * e))
        }
        return try inRange((cos(y) * coshReal(x), sin(y) * sinhReal(x)))
    }

    static func sinh(_ z: ComplexParts) throws(ComplexFault) -> ComplexParts {
        let (x, y) = (z.real, z.imaginary)
        if !isFinite(z) {
            if y.isInfinite && !x.isNaN { throw .domain }
            if x.isInfinite {
                if !y.isFinite { return (.infinity, .nan) }
                if y == 0 { return (x, y) }
                let r = infinite(y)
                return (x > 0 ? r.real : -r.real, r.imaginary)
            }
            if x == 0 { return (0, .nan) }
            return x.isNaN && y == 0 ? (.nan, y) : (.nan, .nan)
        }
        if x.magnitude > logLarge {
            let less = x - sign(1, x)
            return try inRange((cos(y) * sinhReal(less) * e, sin(y) * coshReal(less) * e))
        }
        return try inRange((cos(y) * sinhReal(x), sin(y) * coshReal(x)))
    }

    static func tanh(_ z: ComplexParts) throws(ComplexFault) -> ComplexParts {
        let (x, y) = (z.real, z.imaginary)
        if !isFinite(z) {
            if y.isInfinite && x.isFinite { throw .domain }
            if x.isInfinite {
                if !y.isFinite { return (sign(1, x), 0) }
                return (sign(1, x), y == 0 ? y : sign(0, 2 * sin(y) * cos(y)))
            }
            return x.isNaN && y == 0 ? (.nan, y) : (.nan, .nan)
        }
        if x.magnitude > logLarge { return (sign(1, x), 4 * sin(y) * cos(y) * expReal(-2 * x.magnitude)) }
        let tx = tanhReal(x), ty = tan(y)
        let cx = 1 / coshReal(x)
        let product = tx * ty
        let denominator = 1 + product * product
        return (tx * (1 + ty * ty) / denominator, ((ty / denominator) * cx) * cx)
    }

    private static func coshReal(_ x: Double) -> Double {
        #if canImport(Glibc)
        Glibc.cosh(x)
        #else
        Darwin.cosh(x)
        #endif
    }
    private static func sinhReal(_ x: Double) -> Double {
        #if canImport(Glibc)
        Glibc.sinh(x)
        #else
        Darwin.sinh(x)
        #endif
    }
    private static func tanhReal(_ x: Double) -> Double {
        #if canImport(Glibc)
        Glibc.tanh(x)
        #else
        Darwin.tanh(x)
        #endif
    }
    private static func asinhReal(_ x: Double) -> Double {
        #if canImport(Glibc)
        Glibc.asinh(x)
        #else
        Darwin.asinh(x)
        #endif
    }
    private static func logReal(_ x: Double) -> Double {
        #if canImport(Glibc)
        Glibc.log(x)
        #else
        Darwin.log(x)
        #endif
    }

    // MARK: Circular, through the hyperbolic ones of i·z

    static func cos(_ z: ComplexParts) throws(ComplexFault) -> ComplexParts { try cosh((-z.imaginary, z.real)) }
    static func sin(_ z: ComplexParts) throws(ComplexFault) -> ComplexParts { unrotated(try sinh((-z.imaginary, z.real))) }
    static func tan(_ z: ComplexParts) throws(ComplexFault) -> ComplexParts { unrotated(try tanh((-z.imaginary, z.real))) }
    static func asin(_ z: ComplexParts) throws(ComplexFault) -> ComplexParts { unrotated(try asinh((-z.imaginary, z.real))) }
    static func atan(_ z: ComplexParts) throws(ComplexFault) -> ComplexParts { unrotated(try atanh((-z.imaginary, z.real))) }
    private static func unrotated(_ z: ComplexParts) -> ComplexParts { (z.imaginary, -z.real) }
    private static func cos(_ x: Double) -> Double {
        #if canImport(Glibc)
        Glibc.cos(x)
        #else
        Darwin.cos(x)
        #endif
    }
    private static func sin(_ x: Double) -> Double {
        #if canImport(Glibc)
        Glibc.sin(x)
        #else
        Darwin.sin(x)
        #endif
    }
    private static func tan(_ x: Double) -> Double {
        #if canImport(Glibc)
        Glibc.tan(x)
        #else
        Darwin.tan(x)
        #endif
    }

    // MARK: Root and logarithm

    static func sqrt(_ z: ComplexParts) throws(ComplexFault) -> ComplexParts {
        let (x, y) = (z.real, z.imaginary)
        if !isFinite(z) {
            if y.isInfinite { return (.infinity, y) }
            if x == -.infinity { return y.isNaN ? (.nan, .infinity) : (0, sign(.infinity, y)) }
            if x == .infinity { return (.infinity, y.isNaN ? .nan : sign(0, y)) }
            return (.nan, .nan)
        }
        if x == 0 && y == 0 { return (0, y) }
        var ax = x.magnitude
        let ay = y.magnitude
        let s: Double
        if ax < Double.leastNormalMagnitude && ay < Double.leastNormalMagnitude {
            ax = scalbn(ax, 53)
            s = scalbn((ax + hypot(ax, scalbn(ay, 53))).squareRoot(), -27)
        } else {
            ax /= 8
            s = 2 * (ax + hypot(ax, ay / 8)).squareRoot()
        }
        let d = ay / (2 * s)
        return x >= 0 ? (s, sign(d, y)) : (d, sign(s, y))
    }

    static func log(_ z: ComplexParts) throws(ComplexFault) -> ComplexParts {
        let (x, y) = (z.real, z.imaginary)
        if !isFinite(z) { return (x.isInfinite || y.isInfinite ? .infinity : .nan, atan2(y, x)) }
        let ax = x.magnitude, ay = y.magnitude
        let real: Double
        if ax > large || ay > large {
            real = logReal(hypot(ax / 2, ay / 2)) + ln2
        } else if ax < Double.leastNormalMagnitude && ay < Double.leastNormalMagnitude {
            if ax == 0 && ay == 0 { throw .domain }
            real = logReal(hypot(scalbn(ax, 53), scalbn(ay, 53))) - 53 * ln2
        } else {
            let h = hypot(ax, ay)
            if h >= 0.71 && h <= 1.73 {
                let most = max(ax, ay), least = min(ax, ay)
                real = log1p((most - 1) * (most + 1) + least * least) / 2
            } else {
                real = logReal(h)
            }
        }
        return (real, atan2(y, x))
    }
    private static func log(_ x: Double) -> Double { logReal(x) }

    // MARK: Inverse hyperbolic

    static func acos(_ z: ComplexParts) throws(ComplexFault) -> ComplexParts {
        let (x, y) = (z.real, z.imaginary)
        if !isFinite(z) {
            if y.isNaN { return x.isInfinite ? (.nan, .infinity) : x == 0 ? (.pi / 2, .nan) : (.nan, .nan) }
            if x.isNaN { return (.nan, y.isInfinite ? -y : .nan) }
            return (atan2(y.magnitude, x), sign(.infinity, -y))
        }
        if x.magnitude > large || y.magnitude > large {
            let size = logReal(hypot(x / 2, y / 2)) + 2 * ln2
            return (atan2(y.magnitude, x), x < 0 ? -sign(size, y) : sign(size, -y))
        }
        let a = try sqrt((1 - x, -y)), b = try sqrt((1 + x, y))
        return (2 * atan2(a.real, b.real), asinhReal(b.real * a.imaginary - b.imaginary * a.real))
    }

    static func acosh(_ z: ComplexParts) throws(ComplexFault) -> ComplexParts {
        let (x, y) = (z.real, z.imaginary)
        if !isFinite(z) {
            return (x.isInfinite || y.isInfinite ? .infinity : .nan, atan2(y, x))
        }
        if x.magnitude > large || y.magnitude > large { return (logReal(hypot(x / 2, y / 2)) + 2 * ln2, atan2(y, x)) }
        let a = try sqrt((x - 1, y)), b = try sqrt((x + 1, y))
        return (asinhReal(a.real * b.real + a.imaginary * b.imaginary), 2 * atan2(a.imaginary, b.real))
    }

    static func asinh(_ z: ComplexParts) throws(ComplexFault) -> ComplexParts {
        let (x, y) = (z.real, z.imaginary)
        if !isFinite(z) {
            if x.isNaN { return y.isInfinite ? (.infinity, .nan) : (.nan, y == 0 ? y : .nan) }
            if y.isNaN { return (x.isInfinite ? x : .nan, .nan) }
            return (sign(.infinity, x), atan2(y, x.magnitude))
        }
        if x.magnitude > large || y.magnitude > large {
            let size = logReal(hypot(x / 2, y / 2)) + 2 * ln2
            return (sign(size, x), atan2(y, x.magnitude))
        }
        let a = try sqrt((1 + y, -x)), b = try sqrt((1 - y, x))
        return (asinhReal(a.real * b.imaginary - b.real * a.imaginary), atan2(y, a.real * b.real - a.imaginary * b.imaginary))
    }

    static func atanh(_ z: ComplexParts) throws(ComplexFault) -> ComplexParts {
        let (x, y) = (z.real, z.imaginary)
        if !isFinite(z) {
            if y.isInfinite { return (x.isNaN ? 0 : sign(0, x), sign(.pi / 2, y)) }
            if x.isInfinite { return (sign(0, x), y.isNaN ? .nan : sign(.pi / 2, y)) }
            return x == 0 ? (x, .nan) : (.nan, .nan)
        }
        if x.sign == .minus {
            let r = try atanh((-x, -y))
            return (-r.real, -r.imaginary)
        }
        let ay = y.magnitude
        if x > sqrtLarge || ay > sqrtLarge {
            let h = hypot(x / 2, y / 2)
            return (x / 4 / h / h, -sign(.pi / 2, -y))
        }
        if x == 1 && ay < sqrtSmallest {
            if ay == 0 { throw .domain }
            return (-logReal(ay.squareRoot() / hypot(ay, 2).squareRoot()), sign(atan2(2, -ay) / 2, y))
        }
        return (log1p(4 * x / ((1 - x) * (1 - x) + ay * ay)) / 4, -atan2(-2 * y, (1 - x) * (1 + x) - ay * ay) / 2)
    }

    /// `rect(r, phi)`.
    static func rect(_ r: Double, _ phi: Double) throws(ComplexFault) -> ComplexParts {
        if r.isFinite && phi.isFinite { return phi == 0 ? (r, r * phi) : (r * cos(phi), r * sin(phi)) }
        if phi.isInfinite && r != 0 && !r.isNaN { throw .domain }
        if r.isInfinite {
            if !phi.isFinite { return (.infinity, .nan) }
            if phi == 0 { return (r, r > 0 ? phi : -phi) }
            let direction = infinite(phi)
            return r > 0 ? direction : (-direction.real, -direction.imaginary)
        }
        if r == 0 { return (0, 0) }
        return r.isNaN && phi == 0 ? (.nan, 0) : (.nan, .nan)
    }
}
