// Which characters can begin a match: asked of the code once, so that a search can run over text that cannot.

/// Collects the code points below 256 that can begin a match. Those above always count as able.
struct RegexFirstSet {
    let code: UnsafePointer<UInt32>
    let aux: UnsafePointer<Int32>
    let tables: [UInt8]
    var table = [UInt8](repeating: 0, count: 256)
    private var budget = 400

    init(code: UnsafePointer<UInt32>, aux: UnsafePointer<Int32>, tables: [UInt8]) {
        self.code = code
        self.aux = aux
        self.tables = tables
    }

    /// Fills `table`; false if a match may be empty, or nothing is known, or nothing is excluded.
    mutating func analyse() -> Bool {
        var start = 0
        if RegexOpcode.of(code[0]) == .info { start = 1 &+ Int(code[1]) }
        return consumes(start) && table.contains(0)
    }

    private mutating func add(_ accepts: (UInt32) -> Bool) -> Bool {
        for ch in 0..<256 where accepts(UInt32(ch)) { table[ch] = 1 }
        return true
    }

    /// Adds what the code at `start` can begin with; false if it can get by without a character.
    private mutating func consumes(_ start: Int) -> Bool {
        var at = start
        while true {
            budget &-= 1
            guard budget > 0 else { return false }
            let word = at &+ 1
            switch RegexOpcode.of(code[at]) {
            case .mark, .at:
                at &+= 2
            case .literal:
                let ch = code[word]
                return add { $0 == ch }
            case .literalIgnore:
                let ch = code[word]
                return add { RegexCharacters.lowerASCII($0) == ch }
            case .literalUniIgnore:
                let ch = code[word]
                return add { RegexCharacters.lowerUnicode($0) == ch }
            case .any:
                return add { $0 != 10 }
            case .in, .inIgnore, .inUniIgnore:
                guard aux[at] >= 0 else { return false }
                let base = Int(aux[at]) &* 256
                for ch in 0..<256 where tables[base &+ ch] != 0 { table[ch] = 1 }
                return true
            case .atomicGroup:
                return consumes(at &+ 2)
            case .assert, .assertNot:
                at &+= 1 &+ Int(code[word])
            case .repeatOne, .minRepeatOne, .possessiveRepeatOne:
                guard consumes(at &+ 4) else { return false }
                if code[at &+ 2] > 0 { return true }
                at &+= 1 &+ Int(code[word])
            case .repeat, .possessiveRepeat:
                let taken = consumes(at &+ 4)
                if taken && code[at &+ 2] > 0 { return true }
                guard taken else { return false }
                at &+= 2 &+ Int(code[word])
            case .branch:
                return branch(word)
            default:
                return false
            }
        }
    }

    /// Each alternative is followed on through its JUMP by what stands behind the branch, if it can be empty.
    private mutating func branch(_ first: Int) -> Bool {
        var here = first
        while code[here] != 0 {
            guard alternative(here &+ 1) else { return false }
            here &+= Int(code[here])
        }
        return true
    }

    private mutating func alternative(_ at: Int) -> Bool {
        // An alternative that meets its JUMP without a character answers false here: `default` above.
        consumes(at)
    }
}
