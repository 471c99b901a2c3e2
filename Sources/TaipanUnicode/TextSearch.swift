// Finding text in text. All positions are indices of code points (or bytes); ranges are what Python's slicing rules
// made of start and end, so 0 <= start <= end <= count.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A needle made ready for searching haystacks of the same unit width.
///
/// The search compares the needle's last unit and skips by a Bloom filter over its units (Boyer-Moore-Horspool-Sunday),
/// which is fastest on ordinary text but quadratic on periodic text. So it counts the comparisons that led nowhere;
/// once they outweigh the text passed over, it goes on with the two-way algorithm, which is linear.
struct Finder<Unit: FixedWidthInteger & UnsignedInteger> {
    let needle: UnsafeBufferPointer<Unit>
    private let bloom: UInt64
    /// How far the last unit's previous occurrence in the needle lies back.
    private let skip: Int
    private var wasted = 0
    private var factorization: Factorization?

    /// `needle` has at least two units.
    init(_ needle: UnsafeBufferPointer<Unit>) {
        self.needle = needle
        let last = needle.count - 1
        var bloom: UInt64 = 0
        var skip = last
        for i in 0..<last {
            bloom |= Self.bit(needle[i])
            if needle[i] == needle[last] { skip = last - i - 1 }
        }
        self.bloom = bloom | Self.bit(needle[last])
        self.skip = skip
    }

    @inline(__always)
    private static func bit(_ unit: Unit) -> UInt64 { 1 << (UInt64(truncatingIfNeeded: unit) & 63) }

    /// First occurrence in `text` that starts at or after `start` and ends by `end`, -1 if there is none.
    mutating func find(_ text: UnsafeBufferPointer<Unit>, _ start: Int, _ end: Int) -> Int {
        let last = needle.count - 1
        let stop = end - last
        guard start < stop else { return -1 }
        if factorization != nil { return findTwoWay(text, start, end) }
        let final = needle[last]
        var i = start
        while i < stop {
            if text[i &+ last] == final {
                var j = 0
                while j < last, text[i &+ j] == needle[j] { j &+= 1 }
                if j == last { return i }
                wasted &+= j
                if wasted > 4 &* (i &- start) &+ 2000 {
                    factorization = Factorization(needle)
                    return findTwoWay(text, i, end)
                }
                i &+= i &+ 1 < stop && bloom & Self.bit(text[i &+ last &+ 1]) == 0 ? last &+ 1 : skip
            } else if i &+ 1 < stop, bloom & Self.bit(text[i &+ last &+ 1]) == 0 {
                i &+= last &+ 1
            }
            i &+= 1
        }
        return -1
    }

    /// Last occurrence within `start..<end`, -1 if there is none.
    func findLast(_ text: UnsafeBufferPointer<Unit>, _ start: Int, _ end: Int) -> Int {
        let last = needle.count - 1
        var i = end - needle.count
        while i >= start {
            if text[i] == needle[0] {
                var j = last
                while j > 0, text[i &+ j] == needle[j] { j &-= 1 }
                if j == 0 { return i }
            }
            // The window's left neighbour is in no needle: no occurrence can cover it.
            if i > start, bloom & Self.bit(text[i &- 1]) == 0 { i &-= needle.count }
            i &-= 1
        }
        return -1
    }

    // MARK: Two-way (Crochemore and Perrin, 1991)

    private struct Factorization {
        let cut: Int
        let period: Int
        /// The needle's left part repeats with `period`, so a match's prefix need not be compared again.
        let isPeriodic: Bool

        init(_ needle: UnsafeBufferPointer<Unit>) {
            let up = Self.maximalSuffix(needle, inverted: false)
            let down = Self.maximalSuffix(needle, inverted: true)
            let best = up.cut > down.cut ? up : down
            cut = best.cut
            var same = best.cut + best.period <= needle.count
            if same { for i in 0..<best.cut where needle[i] != needle[i + best.period] { same = false; break } }
            isPeriodic = same
            period = same ? best.period : max(best.cut, needle.count - best.cut) + 1
        }

        private static func maximalSuffix(
            _ needle: UnsafeBufferPointer<Unit>, inverted: Bool
        ) -> (cut: Int, period: Int) {
            var suffix = 0, candidate = 1, k = 0, period = 1
            while candidate + k < needle.count {
                let a = needle[candidate + k], b = needle[suffix + k]
                if a == b {
                    if k + 1 == period {
                        candidate += period
                        k = 0
                    } else {
                        k += 1
                    }
                } else if inverted ? b < a : a < b {
                    candidate += k + 1
                    k = 0
                    period = candidate - suffix
                } else {
                    suffix = candidate
                    candidate += 1
                    k = 0
                    period = 1
                }
            }
            return (suffix, period)
        }
    }

    private func findTwoWay(_ text: UnsafeBufferPointer<Unit>, _ start: Int, _ end: Int) -> Int {
        guard let factorization else { return -1 }
        let cut = factorization.cut, period = factorization.period
        var i = start
        // Units of the needle's start known to match already.
        var known = 0
        while i &+ needle.count <= end {
            var j = max(cut, known)
            while j < needle.count, text[i &+ j] == needle[j] { j &+= 1 }
            if j < needle.count {
                i &+= j &- cut &+ 1
                known = 0
                continue
            }
            j = cut
            while j > known, text[i &+ j &- 1] == needle[j &- 1] { j &-= 1 }
            if j <= known { return i }
            i &+= period
            known = factorization.isPeriodic ? needle.count &- period : 0
        }
        return -1
    }
}

public enum TextSearch {
    // MARK: One unit

    /// Index of the first `c` in `text[start..<end]`, -1 if there is none.
    public static func find(unit c: UInt32, in text: CodePoints, from start: Int, to end: Int) -> Int {
        guard start < end else { return -1 }
        switch text.width {
        case 1:
            guard c < 0x100, let hit = memchr(text.base + start, Int32(c), end - start) else { return -1 }
            return UnsafeRawPointer(hit) - text.base
        case 2: return c < 0x10000 ? first(UInt16(c), text.units(UInt16.self), start, end) : -1
        default: return first(c, text.units(UInt32.self), start, end)
        }
    }

    @inline(__always)
    private static func first<Unit: FixedWidthInteger>(
        _ c: Unit, _ text: UnsafeBufferPointer<Unit>, _ start: Int, _ end: Int
    ) -> Int {
        var i = start
        while i < end {
            if text[i] == c { return i }
            i &+= 1
        }
        return -1
    }

    /// Index of the last `c` in `text[start..<end]`, -1 if there is none.
    public static func rfind(unit c: UInt32, in text: CodePoints, from start: Int, to end: Int) -> Int {
        switch text.width {
        case 1: c < 0x100 ? last(UInt8(c), text.units(UInt8.self), start, end) : -1
        case 2: c < 0x10000 ? last(UInt16(c), text.units(UInt16.self), start, end) : -1
        default: last(c, text.units(UInt32.self), start, end)
        }
    }

    @inline(__always)
    private static func last<Unit: FixedWidthInteger>(
        _ c: Unit, _ text: UnsafeBufferPointer<Unit>, _ start: Int, _ end: Int
    ) -> Int {
        var i = end
        while i > start {
            i &-= 1
            if text[i] == c { return i }
        }
        return -1
    }

    /// How often `c` occurs in `text[start..<end]`.
    public static func count(unit c: UInt32, in text: CodePoints, from start: Int, to end: Int) -> Int {
        guard start < end else { return 0 }
        switch text.width {
        case 1: return c < 0x100 ? occurrences(UInt8(c), text.units(UInt8.self), start, end) : 0
        case 2: return c < 0x10000 ? occurrences(UInt16(c), text.units(UInt16.self), start, end) : 0
        default: return occurrences(c, text.units(UInt32.self), start, end)
        }
    }

    @inline(__always)
    private static func occurrences<Unit: FixedWidthInteger>(
        _ c: Unit, _ text: UnsafeBufferPointer<Unit>, _ start: Int, _ end: Int
    ) -> Int {
        var total = 0
        for i in start..<end where text[i] == c { total &+= 1 }
        return total
    }

    // MARK: Several units

    /// First occurrence of `needle` within `start..<end` of `text`, -1 if there is none; an empty needle is at `start`.
    public static func find(_ needle: CodePoints, in text: CodePoints, from start: Int, to end: Int) -> Int {
        if needle.count == 0 { return start }
        if needle.count > end - start { return -1 }
        if needle.count == 1 { return find(unit: needle[0], in: text, from: start, to: end) }
        var result = -1
        withAdapted(needle, to: text.width) { adapted in
            switch text.width {
            case 1:
                var finder = Finder(adapted.units(UInt8.self))
                result = finder.find(text.units(UInt8.self), start, end)
            case 2:
                var finder = Finder(adapted.units(UInt16.self))
                result = finder.find(text.units(UInt16.self), start, end)
            default:
                var finder = Finder(adapted.units(UInt32.self))
                result = finder.find(text.units(UInt32.self), start, end)
            }
        }
        return result
    }

    /// Last occurrence of `needle` within `start..<end` of `text`, -1 if there is none; an empty needle is at `end`.
    public static func rfind(_ needle: CodePoints, in text: CodePoints, from start: Int, to end: Int) -> Int {
        if needle.count == 0 { return end }
        if needle.count > end - start { return -1 }
        if needle.count == 1 { return rfind(unit: needle[0], in: text, from: start, to: end) }
        var result = -1
        withAdapted(needle, to: text.width) { adapted in
            switch text.width {
            case 1: result = Finder(adapted.units(UInt8.self)).findLast(text.units(UInt8.self), start, end)
            case 2: result = Finder(adapted.units(UInt16.self)).findLast(text.units(UInt16.self), start, end)
            default: result = Finder(adapted.units(UInt32.self)).findLast(text.units(UInt32.self), start, end)
            }
        }
        return result
    }

    /// Calls `body` with the start of each occurrence of `needle`, left to right and without overlaps, until it
    /// returns false. An empty needle occurs nowhere here: Python's callers treat it differently each.
    public static func forEachMatch(
        of needle: CodePoints, in text: CodePoints, from start: Int, to end: Int, _ body: (Int) -> Bool
    ) {
        if needle.count == 0 || needle.count > end - start { return }
        if needle.count == 1 {
            let c = needle[0]
            var i = find(unit: c, in: text, from: start, to: end)
            while i >= 0, body(i) { i = find(unit: c, in: text, from: i + 1, to: end) }
            return
        }
        withAdapted(needle, to: text.width) { adapted in
            switch text.width {
            case 1: matches(adapted.units(UInt8.self), text.units(UInt8.self), start, end, body)
            case 2: matches(adapted.units(UInt16.self), text.units(UInt16.self), start, end, body)
            default: matches(adapted.units(UInt32.self), text.units(UInt32.self), start, end, body)
            }
        }
    }

    private static func matches<Unit: FixedWidthInteger & UnsignedInteger>(
        _ needle: UnsafeBufferPointer<Unit>, _ text: UnsafeBufferPointer<Unit>, _ start: Int, _ end: Int,
        _ body: (Int) -> Bool
    ) {
        var finder = Finder(needle)
        var i = finder.find(text, start, end)
        while i >= 0, body(i) { i = finder.find(text, i + needle.count, end) }
    }

    /// Calls `body` with the start of each occurrence of `needle`, right to left and without overlaps, until it
    /// returns false.
    public static func forEachMatchBackward(
        of needle: CodePoints, in text: CodePoints, from start: Int, to end: Int, _ body: (Int) -> Bool
    ) {
        if needle.count == 0 { return }
        var stop = end
        withAdapted(needle, to: text.width) { adapted in
            while true {
                let i = rfind(adapted, in: text, from: start, to: stop)
                if i < 0 || !body(i) { return }
                stop = i
            }
        }
    }

    /// Occurrences of `needle` within `start..<end` without overlaps, at most `limit`; an empty needle occurs at every
    /// position and at the end.
    public static func count(
        _ needle: CodePoints, in text: CodePoints, from start: Int, to end: Int, limit: Int = .max
    ) -> Int {
        if needle.count == 0 { return min(limit, end - start + 1) }
        if limit <= 0 { return 0 }
        if needle.count == 1, limit == .max { return count(unit: needle[0], in: text, from: start, to: end) }
        var total = 0
        forEachMatch(of: needle, in: text, from: start, to: end) { _ in
            total += 1
            return total < limit
        }
        return total
    }

    /// Runs `body` with `needle` in units of `width`; not at all when a unit does not fit, as then nothing can match.
    private static func withAdapted(_ needle: CodePoints, to width: Int, _ body: (CodePoints) -> Void) {
        if needle.width == width { return body(needle) }
        if needle.width > width, CodePoints.width(forMask: needle.mask()) > width { return }
        withUnsafeTemporaryAllocation(byteCount: needle.count * width + 1, alignment: 4) { copy in
            guard let base = copy.baseAddress else { return }
            needle.copy(to: base, width: width)
            body(CodePoints(base: base, count: needle.count, width: width))
        }
    }
}

extension CodePoints {
    /// A borrowed part.
    @inlinable
    public func slice(_ start: Int, _ end: Int) -> CodePoints {
        CodePoints(base: base + start &* width, count: end &- start, width: width)
    }

    /// Whether both texts have the same code points, whatever their widths.
    public static func isEqual(_ a: CodePoints, _ b: CodePoints) -> Bool {
        if a.count != b.count { return false }
        if a.width == b.width { return a.count == 0 || memcmp(a.base, b.base, a.count * a.width) == 0 }
        for i in 0..<a.count where a[i] != b[i] { return false }
        return true
    }

    /// Order by code points: negative, zero or positive.
    public static func compare(_ a: CodePoints, _ b: CodePoints) -> Int {
        let shared = min(a.count, b.count)
        if a.width == 1, b.width == 1 {
            let order = shared == 0 ? 0 : Int(memcmp(a.base, b.base, shared))
            return order != 0 ? order : a.count - b.count
        }
        switch (a.width, b.width) {
        case (1, 2): return order(a.units(UInt8.self), b.units(UInt16.self))
        case (1, 4): return order(a.units(UInt8.self), b.units(UInt32.self))
        case (2, 1): return order(a.units(UInt16.self), b.units(UInt8.self))
        case (2, 2): return order(a.units(UInt16.self), b.units(UInt16.self))
        case (2, 4): return order(a.units(UInt16.self), b.units(UInt32.self))
        case (4, 1): return order(a.units(UInt32.self), b.units(UInt8.self))
        case (4, 2): return order(a.units(UInt32.self), b.units(UInt16.self))
        default: return order(a.units(UInt32.self), b.units(UInt32.self))
        }
    }

    @inline(__always)
    private static func order<A: FixedWidthInteger, B: FixedWidthInteger>(
        _ a: UnsafeBufferPointer<A>, _ b: UnsafeBufferPointer<B>
    ) -> Int {
        for i in 0..<min(a.count, b.count) {
            let x = UInt32(truncatingIfNeeded: a[i]), y = UInt32(truncatingIfNeeded: b[i])
            if x != y { return x < y ? -1 : 1 }
        }
        return a.count - b.count
    }
}
