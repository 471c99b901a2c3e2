// The text as the matcher sees it, and the questions about single positions and runs: tight loops, no state.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A text of units `U` with the program that runs over it.
struct RegexView<U: FixedWidthInteger & UnsignedInteger> {
    let code: UnsafePointer<UInt32>
    let aux: UnsafePointer<Int32>
    let tables: UnsafePointer<UInt8>
    let text: UnsafePointer<U>
    let end: Int

    @inline(__always)
    init(_ program: RegexProgram, _ raw: UnsafeRawPointer, _ end: Int) {
        code = program.code
        aux = program.aux
        tables = program.tables
        text = raw.assumingMemoryBound(to: U.self)
        self.end = end
    }

    /// Does the IN operator (also INFO with a set) at `at` take `ch`?
    @inline(__always)
    func isIn(_ at: Int, _ ch: UInt32) -> Bool {
        let table = Int(aux[at])
        if table >= 0 && ch < 256 { return tables[table &* 256 &+ Int(ch)] != 0 }
        return isInSlow(at, ch)
    }

    @inline(never)
    func isInSlow(_ at: Int, _ ch: UInt32) -> Bool {
        switch RegexOpcode.of(code[at]) {
        case .in: return RegexProgram.contains(code + (at &+ 2), ch)
        case .inIgnore: return RegexProgram.contains(code + (at &+ 2), RegexCharacters.lowerASCII(ch))
        case .inUniIgnore: return RegexProgram.contains(code + (at &+ 2), RegexCharacters.lowerUnicode(ch))
        case .inLocIgnore: return RegexProgram.containsLocaleIgnore(code + (at &+ 2), ch)
        default: return RegexProgram.contains(code + (at &+ 5), ch)
        }
    }

    /// Does the one-character operator at `at` take the character at `i` (which is before the end)?
    @inline(__always)
    func matchesOne(_ at: Int, _ i: Int) -> Bool {
        let ch = UInt32(text[i])
        switch RegexOpcode.of(code[at]) {
        case .any: return ch != 10
        case .anyAll: return true
        case .literal: return ch == code[at &+ 1]
        case .notLiteral: return ch != code[at &+ 1]
        case .in, .inIgnore, .inUniIgnore, .inLocIgnore: return isIn(at, ch)
        default: return matchesFolded(at, ch)
        }
    }

    @inline(never)
    func matchesFolded(_ at: Int, _ ch: UInt32) -> Bool {
        let wanted = code[at &+ 1]
        switch RegexOpcode.of(code[at]) {
        case .literalIgnore: return RegexCharacters.lowerASCII(ch) == wanted
        case .notLiteralIgnore: return RegexCharacters.lowerASCII(ch) != wanted
        case .literalUniIgnore: return RegexCharacters.lowerUnicode(ch) == wanted
        case .notLiteralUniIgnore: return RegexCharacters.lowerUnicode(ch) != wanted
        case .literalLocIgnore: return isLocale(ch, wanted)
        case .notLiteralLocIgnore: return !isLocale(ch, wanted)
        case .category: return RegexCharacters.isIn(category: wanted, ch)
        default: return false
        }
    }

    private func isLocale(_ ch: UInt32, _ wanted: UInt32) -> Bool {
        ch == wanted || RegexCharacters.lowerLocale(ch) == wanted || RegexCharacters.upperLocale(ch) == wanted
    }

    /// How many characters from `start` on, at most `most`, the one-character operator at `at` takes.
    @inline(never)
    func count(_ at: Int, _ start: Int, _ most: UInt32) -> Int {
        let stop = most == RegexLimits.maxRepeat || Int(most) >= end &- start ? end : start &+ Int(most)
        var i = start
        switch RegexOpcode.of(code[at]) {
        case .anyAll:
            return stop &- start
        case .any:
            return find(10, start, stop) &- start
        case .literal:
            let wanted = code[at &+ 1]
            while i < stop && UInt32(text[i]) == wanted { i &+= 1 }
        case .notLiteral:
            return find(code[at &+ 1], start, stop) &- start
        case .in, .inIgnore, .inUniIgnore:
            guard aux[at] >= 0 else { fallthrough }
            let table = tables + Int(aux[at]) &* 256
            if U.self == UInt8.self {
                while i < stop && table[Int(truncatingIfNeeded: text[i])] != 0 { i &+= 1 }
            } else {
                while i < stop {
                    let ch = UInt32(text[i])
                    if ch < 256 ? table[Int(ch)] == 0 : !isInSlow(at, ch) { break }
                    i &+= 1
                }
            }
        case .inLocIgnore:
            while i < stop && isInSlow(at, UInt32(text[i])) { i &+= 1 }
        default:
            while i < stop && matchesFolded(at, UInt32(text[i])) { i &+= 1 }
        }
        return i &- start
    }

    /// First position in `start ..< stop` of `wanted`, else `stop`.
    @inline(__always)
    func find(_ wanted: UInt32, _ start: Int, _ stop: Int) -> Int {
        if U.self == UInt8.self {
            guard wanted < 256, start < stop else { return stop }
            guard let hit = memchr(text + start, Int32(wanted), stop &- start) else { return stop }
            return UnsafeRawPointer(hit) - UnsafeRawPointer(text)
        }
        var i = start
        while i < stop && UInt32(text[i]) != wanted { i &+= 1 }
        return i
    }

    /// Skips marks, which take nothing. Only where marks left over by a failure cannot show (see the matcher).
    @inline(__always)
    func pastMarks(_ at: Int, _ allowed: Bool) -> Int {
        var at = at
        if allowed {
            while RegexOpcode.of(code[at]) == .mark { at &+= 2 }
        }
        return at
    }

    /// False only if the code at `at` cannot match at `i`; looks at one operator.
    @inline(__always)
    func canStart(_ at: Int, _ i: Int) -> Bool {
        switch RegexOpcode.of(code[at]) {
        case .literal: return i < end && UInt32(text[i]) == code[at &+ 1]
        case .in: return i < end && isIn(at, UInt32(text[i]))
        default: return true
        }
    }

    /// From the alternative whose skip word is at `at` on, the first that may match at `i`; -1 if there is none.
    /// After `tries` of them the next one is given without looking.
    @inline(__always)
    func alternative(_ at: Int, _ i: Int, _ seesMarks: Bool, tries: Int = .max) -> Int {
        var here = at
        var left = tries
        while code[here] != 0 {
            if left == 0 || canStart(pastMarks(here &+ 1, seesMarks), i) { return here }
            here &+= Int(code[here])
            left &-= 1
        }
        return -1
    }

    /// Going back from `i` to `lowest`: the first position where the code at `at` may match, else `lowest - 1`.
    @inline(__always)
    func lastStart(_ at: Int, _ i: Int, _ lowest: Int, _ seesMarks: Bool) -> Int {
        let first = pastMarks(at, seesMarks)
        var i = i
        switch RegexOpcode.of(code[first]) {
        case .literal:
            let wanted = code[first &+ 1]
            if i == end { i &-= 1 }
            while i >= lowest && UInt32(text[i]) != wanted { i &-= 1 }
        case .in:
            if i == end { i &-= 1 }
            while i >= lowest && !isIn(first, UInt32(text[i])) { i &-= 1 }
        default:
            break
        }
        return i
    }

    /// Going forward from `i` to `highest` as far as the operator at `item` takes the characters passed: the first
    /// position where the code at `at` may match, else -1.
    @inline(__always)
    func firstStart(_ item: Int, _ at: Int, _ i: Int, _ highest: Int, _ seesMarks: Bool) -> Int {
        let first = pastMarks(at, seesMarks)
        switch RegexOpcode.of(code[first]) {
        case .literal, .in:
            return firstStartSlow(item, first, i, highest)
        default:
            return i
        }
    }

    @inline(never)
    func firstStartSlow(_ item: Int, _ first: Int, _ start: Int, _ highest: Int) -> Int {
        var i = start
        if RegexOpcode.of(code[first]) == .literal && RegexOpcode.of(code[item]) == .anyAll {
            i = find(code[first &+ 1], start, min(highest &+ 1, end))
            return i < end && i <= highest ? i : -1
        }
        while !canStart(first, i) {
            if i >= highest || !matchesOne(item, i) { return -1 }
            i &+= 1
        }
        return i
    }

    /// Does the text at `i` repeat what stands in `from ..< to`, as the back reference `op` compares?
    @inline(never)
    func repeats(_ from: Int, _ to: Int, _ i: Int, _ op: RegexOpcode) -> Bool {
        guard to == from || to &- from <= end &- i else { return false }
        for k in 0..<(to &- from) {
            let a = UInt32(text[from &+ k]), b = UInt32(text[i &+ k])
            if a == b { continue }
            switch op {
            case .groupRefIgnore:
                if RegexCharacters.lowerASCII(a) != RegexCharacters.lowerASCII(b) { return false }
            case .groupRefUniIgnore:
                if RegexCharacters.lowerUnicode(a) != RegexCharacters.lowerUnicode(b) { return false }
            case .groupRefLocIgnore:
                if RegexCharacters.lowerLocale(a) != RegexCharacters.lowerLocale(b) { return false }
            default:
                return false
            }
        }
        return true
    }

    /// Does the position operator `which` hold at `i`?
    @inline(__always)
    func isAt(_ which: UInt32, _ i: Int) -> Bool {
        switch which {
        case 0, 2: return i == 0
        case 1: return i == 0 || text[i &- 1] == 10
        case 5: return i == end || i == end &- 1 && text[i] == 10
        case 6: return i == end || i < end && text[i] == 10
        case 7: return i == end
        default: return isAtBoundary(which, i)
        }
    }

    /// Word boundaries. In an empty text neither `\b` nor `\B` holds.
    @inline(never)
    func isAtBoundary(_ which: UInt32, _ i: Int) -> Bool {
        guard end > 0 else { return false }
        let before: Bool, after: Bool
        switch which {
        case 3, 4:
            before = i > 0 && RegexCharacters.isWordASCII(UInt32(text[i &- 1]))
            after = i < end && RegexCharacters.isWordASCII(UInt32(text[i]))
        case 8, 9:
            before = i > 0 && RegexCharacters.isWordLocale(UInt32(text[i &- 1]))
            after = i < end && RegexCharacters.isWordLocale(UInt32(text[i]))
        default:
            before = i > 0 && RegexCharacters.isWordUnicode(UInt32(text[i &- 1]))
            after = i < end && RegexCharacters.isWordUnicode(UInt32(text[i]))
        }
        return (before != after) == (which == 3 || which == 8 || which == 10)
    }
}
