// The gamma function and its logarithm by Lanczos' approximation (N = 13, g = 6.0246800407767296), which is good to a few units in
// the last place over the whole range.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

enum GammaFunction {
    private static var g: Double { 6.024680040776729583740234375 }
    private static var gMinusHalf: Double { 5.524680040776729583740234375 }

    /// nil: outside the domain. Infinite for a finite x: out of range.
    static func gamma(_ x: Double) -> Double? {
        if !x.isFinite { return x.isNaN || x > 0 ? x : nil }
        if x == 0 { return nil }
        if x == x.rounded(.down) {
            if x < 0 { return nil }
            // 22! is the last factorial that a double holds exactly.
            if x <= 23 {
                var product = 1.0
                for i in 1..<max(Int(x), 1) { product *= Double(i) }
                return product
            }
        }
        let size = x.magnitude
        if size < 1e-20 { return 1 / x }
        if size > 200 { return x < 0 ? 0 / sinPi(x) : .infinity }
        let y = size + gMinusHalf
        // What rounding took from y, added back as a relative correction.
        var z = size > gMinusHalf ? (y - size) - gMinusHalf : (y - gMinusHalf) - size
        z = z * g / y
        var r: Double
        if x < 0 {
            r = -Double.pi / sinPi(size) / size * exp(y) / lanczos(size)
            r -= z * r
            if size < 140 {
                r /= pow(y, size - 0.5)
            } else {
                let root = pow(y, size / 2 - 0.25)
                r /= root
                r /= root
            }
        } else {
            r = lanczos(size) / exp(y)
            r += z * r
            if size < 140 {
                r *= pow(y, size - 0.5)
            } else {
                let root = pow(y, size / 2 - 0.25)
                r *= root
                r *= root
            }
        }
        return r
    }

    static func logGamma(_ x: Double) -> Double? {
        if !x.isFinite { return x.isNaN ? x : .infinity }
        if x == x.rounded(.down) && x <= 2 { return x <= 0 ? nil : 0 }
        let size = x.magnitude
        if size < 1e-20 { return -log(size) }
        var r = log(lanczos(size)) - g
        r += (size - 0.5) * (log(size + g - 0.5) - 1)
        if x < 0 { r = log(Double.pi) - log(sinPi(size).magnitude) - log(size) - r }
        return r
    }

    /// The rational function of the approximation; its numerator and denominator are evaluated from the end that stays small.
    private static func lanczos(_ x: Double) -> Double {
        let top: [Double] = [
            23531376880.410759688572007674451636754734846804940, 42919803642.649098768957899047001988850926355848959,
            35711959237.355668049440185451547166705960488635843, 17921034426.037209699919755754458931112671403265390,
            6039542586.3520280050642916443072979210699388420708, 1439720407.3117216736632230727949123939715485786372,
            248874557.86205415651146038641322942321632125127801, 31426415.585400194380614231628318205362874684987640,
            2876370.6289353724412254090516208496135991145378768, 186056.26539522349504029498971604569928220784236328,
            8071.6720023658162106380029022722506138218516325024, 210.82427775157934587250973392071336271166969580291,
            2.5066282746310002701649081771338373386264310793408,
        ]
        let bottom: [Double] = [0, 39916800, 120543840, 150917976, 105258076, 45995730, 13339535, 2637558, 357423, 32670, 1925, 66, 1]
        var numerator = 0.0, denominator = 0.0
        if x < 5 {
            for i in stride(from: 12, through: 0, by: -1) {
                numerator = numerator * x + top[i]
                denominator = denominator * x + bottom[i]
            }
        } else {
            for i in 0..<13 {
                numerator = numerator / x + top[i]
                denominator = denominator / x + bottom[i]
            }
        }
        return numerator / denominator
    }

    /// sin(pi * x), exact at halves.
    private static func sinPi(_ x: Double) -> Double {
        let y = fmod(x.magnitude, 2)
        let r: Double
        switch Int((2 * y).rounded()) {
        case 0: r = sin(.pi * y)
        case 1: r = cos(.pi * (y - 0.5))
        case 2: r = sin(.pi * (1 - y))
        case 3: r = -cos(.pi * (y - 1.5))
        default: r = sin(.pi * (y - 2))
        }
        return x.sign == .minus ? -r : r
    }
}
