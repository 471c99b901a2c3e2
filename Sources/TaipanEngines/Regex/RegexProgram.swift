// A compiled pattern: validated code words in memory of its own, with what matching wants precomputed.
//
// Beside each IN operator stands (in `aux`, an array parallel to the code) the number of a 256-byte table that
// answers membership for the code points below 256, so that runs over Latin text never interpret a set.
// The same for the INFO block's set. -1: no table, because the answer depends on the locale.

/// Pattern code in the format of `re._compiler`, checked and ready to run.
///
/// A trivial value: copies share the memory, `deallocate()` ends it.
public struct RegexProgram: @unchecked Sendable {
    /// The code words.
    public let code: UnsafePointer<UInt32>
    /// How many words.
    public let count: Int
    /// Capturing groups, without group 0.
    public let groups: Int
    let aux: UnsafePointer<Int32>
    let tables: UnsafePointer<UInt8>
    /// Table of the code points below 256 that can begin a match, or -1 (any, or the match can be empty).
    let firstTable: Int32

    /// Marks a state needs. Validation admits one pair more than the groups.
    var markCount: Int { groups &* 2 &+ 2 }

    /// Copies and checks `count` code words; nil if they are not what the pattern compiler would emit
    /// (CPython: RuntimeError "invalid SRE code").
    public init?(code words: UnsafePointer<UInt32>, count: Int, groups: Int) {
        guard count > 0, groups >= 0, groups <= RegexLimits.maxGroups else { return nil }
        var validator = RegexValidator(code: words, groups: groups)
        guard validator.validate(count: count) else { return nil }
        let copy = UnsafeMutablePointer<UInt32>.allocate(capacity: count)
        copy.update(from: words, count: count)
        let aux = UnsafeMutablePointer<Int32>.allocate(capacity: count)
        aux.update(repeating: -1, count: count)
        var bytes: [UInt8] = []
        for (position, set, kind) in validator.sets {
            if let table = RegexProgram.table(UnsafePointer(copy) + set, kind) {
                aux[position] = Int32(truncatingIfNeeded: bytes.count >> 8)
                bytes.append(contentsOf: table)
            }
        }
        var first = RegexFirstSet(code: UnsafePointer(copy), aux: UnsafePointer(aux), tables: bytes)
        if first.analyse() {
            firstTable = Int32(truncatingIfNeeded: bytes.count >> 8)
            bytes.append(contentsOf: first.table)
        } else {
            firstTable = -1
        }
        let tables = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
        bytes.withUnsafeBufferPointer { if let base = $0.baseAddress { tables.update(from: base, count: bytes.count) } }
        self.code = UnsafePointer(copy)
        self.count = count
        self.groups = groups
        self.aux = UnsafePointer(aux)
        self.tables = UnsafePointer(tables)
    }

    /// Frees the program's memory; no state over it may be used afterwards.
    public func deallocate() {
        code.deallocate()
        aux.deallocate()
        tables.deallocate()
    }

    /// Membership of the code points 0…255 in `set` as the operator `kind` asks it; nil if it depends on the locale.
    static func table(_ set: UnsafePointer<UInt32>, _ kind: RegexOpcode) -> [UInt8]? {
        guard kind != .inLocIgnore, !dependsOnLocale(set) else { return nil }
        return (0..<256).map { (ch: UInt32) -> UInt8 in
            let folded: UInt32
            switch kind {
            case .inIgnore: folded = RegexCharacters.lowerASCII(ch)
            case .inUniIgnore: folded = RegexCharacters.lowerUnicode(ch)
            default: folded = ch
            }
            return contains(set, folded) ? 1 : 0
        }
    }

    private static func dependsOnLocale(_ set: UnsafePointer<UInt32>) -> Bool {
        var p = set
        while true {
            switch RegexOpcode.of(p[0]) {
            case .failure: return false
            case .negate: p += 1
            case .literal: p += 2
            case .range, .rangeUniIgnore: p += 3
            case .charset: p += 9
            case .bigCharset: p += 66 &+ Int(p[1]) &* 8
            case .category:
                if p[1] == 8 || p[1] == 9 { return true }
                p += 2
            default: return true
            }
        }
    }

    /// Is `ch` in the set whose first word is at `set`? A set ends with FAILURE; NEGATE turns the answer round.
    static func contains(_ set: UnsafePointer<UInt32>, _ ch: UInt32) -> Bool {
        var p = set
        var found = true
        while true {
            switch RegexOpcode.of(p[0]) {
            case .literal:
                if ch == p[1] { return found }
                p += 2
            case .range:
                if p[1] <= ch && ch <= p[2] { return found }
                p += 3
            case .rangeUniIgnore:
                if p[1] <= ch && ch <= p[2] { return found }
                let upper = RegexCharacters.upperUnicode(ch)
                if p[1] <= upper && upper <= p[2] { return found }
                p += 3
            case .category:
                if RegexCharacters.isIn(category: p[1], ch) { return found }
                p += 2
            case .charset:
                if ch < 256 && p[1 &+ Int(ch >> 5)] >> (ch & 31) & 1 != 0 { return found }
                p += 9
            case .bigCharset:
                let blocks = Int(p[1])
                if ch < 0x10000 {
                    let page = Int(ch >> 8)
                    let block = Int(p[2 &+ page >> 2] >> UInt32((page & 3) &* 8) & 0xFF)
                    let bit = block &* 256 &+ Int(ch & 255)
                    if p[66 &+ bit >> 5] >> (ch & 31) & 1 != 0 { return found }
                }
                p += 66 &+ blocks &* 8
            case .negate:
                found.toggle()
                p += 1
            default:
                return !found
            }
        }
    }

    /// Membership as IN_LOC_IGNORE asks it: the lower or the upper case of `ch`.
    static func containsLocaleIgnore(_ set: UnsafePointer<UInt32>, _ ch: UInt32) -> Bool {
        let lower = RegexCharacters.lowerLocale(ch)
        if contains(set, lower) { return true }
        let upper = RegexCharacters.upperLocale(ch)
        return upper != lower && contains(set, upper)
    }
}
