// Searching: where in the text an attempt is worth making. The INFO block's literal prefix goes through memchr or
// Knuth-Morris-Pratt, its set and our own first-character table through a table; else every position is tried.

extension RegexState {
    /// Finds the first match at `start` or behind it.
    mutating func find<U: FixedWidthInteger & UnsignedInteger>(_: U.Type) -> RegexOutcome {
        let c = program.code
        var body = 0, flags: UInt32 = 0
        if RegexOpcode.of(c[0]) == .info {
            flags = c[2]
            if end &- start < Int(c[3]) { return .noMatch }
            body = 1 &+ Int(c[1])
        }
        if flags & RegexInfo.prefix != 0 {
            return c[5] == 1 ? findLetter(U.self, body) : findPrefix(U.self, body)
        }
        if flags & RegexInfo.charset != 0 { return findFirst(U.self, body, set: 0) }
        if program.firstTable >= 0 && !isTiedToBeginning(body) { return findFirst(U.self, body, set: -1) }
        return findAnywhere(U.self, body)
    }

    /// Does the code begin with `^` (without MULTILINE) or `\A`?
    private func isTiedToBeginning(_ body: Int) -> Bool {
        let c = program.code
        return RegexOpcode.of(c[body]) == .at && (c[body &+ 1] == 0 || c[body &+ 1] == 2)
    }

    /// Searches for a prefix of one literal.
    private mutating func findLetter<U: FixedWidthInteger & UnsignedInteger>(_: U.Type, _ body: Int) -> RegexOutcome {
        let view = RegexView<U>(program, text, end)
        let wanted = program.code[7], skipped = Int(program.code[6])
        let isAll = program.code[2] & RegexInfo.literal != 0
        var at = start
        mustAdvance = false
        while at < end {
            at = view.find(wanted, at, end)
            if at >= end { return .noMatch }
            start = at
            if isAll {
                position = at &+ 1
                return .match
            }
            let outcome = run(U.self, body &+ 2 &* skipped, at &+ skipped, false)
            if outcome != .noMatch { return outcome }
            at &+= 1
            resetGroups()
        }
        return .noMatch
    }

    /// Searches for a longer literal prefix; its overlap table stands behind it in the INFO block.
    private mutating func findPrefix<U: FixedWidthInteger & UnsignedInteger>(_: U.Type, _ body: Int) -> RegexOutcome {
        let view = RegexView<U>(program, text, end)
        let length = Int(program.code[5]), skipped = Int(program.code[6])
        let prefix = program.code + 7, overlap = prefix + length
        let isAll = program.code[2] & RegexInfo.literal != 0
        var at = start, matched = 0
        mustAdvance = false
        while true {
            if matched == 0 {
                at = view.find(prefix[0], at, end)
                if at >= end { return .noMatch }
                at &+= 1
                matched = 1
            }
            while at < end && matched > 0 && matched < length {
                if UInt32(view.text[at]) == prefix[matched] {
                    at &+= 1
                    matched &+= 1
                } else {
                    matched = Int(overlap[matched &- 1])
                }
            }
            if matched == length {
                start = at &- length
                if isAll {
                    position = at
                    return .match
                }
                let outcome = run(U.self, body &+ 2 &* skipped, start &+ skipped, false)
                if outcome != .noMatch { return outcome }
                resetGroups()
                matched = Int(overlap[length &- 1])
            } else if at >= end {
                return .noMatch
            }
        }
    }

    /// Searches where a known set says a match can begin: the INFO block's (`set` is its position) or our own (-1).
    private mutating func findFirst<U: FixedWidthInteger & UnsignedInteger>(
        _: U.Type, _ body: Int, set: Int
    ) -> RegexOutcome {
        let view = RegexView<U>(program, text, end)
        let number = set >= 0 ? program.aux[set] : program.firstTable
        let table = program.tables + Int(number) &* 256
        let isOwn = set < 0
        mustAdvance = false
        var at = start
        while true {
            if number < 0 {
                while at < end && !view.isInSlow(set, UInt32(view.text[at])) { at &+= 1 }
            } else if U.self == UInt8.self {
                while at < end && table[Int(truncatingIfNeeded: view.text[at])] == 0 { at &+= 1 }
            } else {
                while at < end {
                    let ch = UInt32(view.text[at])
                    if ch < 256 ? table[Int(ch)] != 0 : isOwn || view.isInSlow(set, ch) { break }
                    at &+= 1
                }
            }
            if at >= end { return .noMatch }
            start = at
            let outcome = run(U.self, body, at, false)
            if outcome != .noMatch { return outcome }
            at &+= 1
            resetGroups()
        }
    }

    /// Tries every position; after a first failure of a pattern tied to the beginning, none.
    private mutating func findAnywhere<U: FixedWidthInteger & UnsignedInteger>(_: U.Type, _ body: Int) -> RegexOutcome {
        let c = program.code
        var least = 0
        if body > 0 { least = Int(c[3]) }
        let last = end &- max(least, 0)
        var at = start
        var outcome = run(U.self, body, at, mustAdvance)
        mustAdvance = false
        if outcome == .noMatch && isTiedToBeginning(body) {
            start = end
            position = end
            return .noMatch
        }
        while outcome == .noMatch && at < last {
            at &+= 1
            resetGroups()
            start = at
            outcome = run(U.self, body, at, false)
        }
        return outcome
    }
}
