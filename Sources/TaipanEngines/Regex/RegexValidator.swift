// Checks that code words are such as the pattern compiler emits, so that the matcher needs no bounds checks on
// its code: every skip stays inside, every operator has its operands, every block its terminator.

/// One pass over pattern code; also lists the sets it meets.
struct RegexValidator {
    let code: UnsafePointer<UInt32>
    let groups: Int
    /// Where an IN (or INFO) stands, where its set begins, and which operator asks.
    var sets: [(position: Int, set: Int, kind: RegexOpcode)] = []
    /// Patterns nest as deep as the parser's recursion goes; far deeper code is refused, not followed.
    private var depth = 0

    init(code: UnsafePointer<UInt32>, groups: Int) {
        self.code = code
        self.groups = groups
    }

    /// Checks a whole program: a block, then SUCCESS as its last word.
    mutating func validate(count: Int) -> Bool {
        code[count &- 1] == UInt32(RegexOpcode.success.rawValue) && block(0, count &- 1)
    }

    private func isOp(_ at: Int, _ op: RegexOpcode) -> Bool { code[at] == UInt32(op.rawValue) }

    /// The skip word at `at`, if it leads no further than `end` (a skip counts from its own position).
    private func skip(_ at: Int, _ end: Int, less: Int = 0) -> Int? {
        guard at < end else { return nil }
        let value = Int(code[at])
        return value &- less <= end &- at ? value : nil
    }

    private mutating func block(_ start: Int, _ end: Int) -> Bool {
        guard start <= end, depth < 4000 else { return false }
        depth &+= 1
        defer { depth &-= 1 }
        var at = start
        while at < end {
            guard code[at] < RegexOpcode.limit, let next = instruction(at, end) else { return false }
            at = next
        }
        return at == end
    }

    /// Checks the instruction at `at`; where the next one begins.
    private mutating func instruction(_ at: Int, _ end: Int) -> Int? {
        switch RegexOpcode.of(code[at]) {
        case .success, .failure, .any, .anyAll:
            return at &+ 1
        case .literal, .notLiteral, .literalIgnore, .notLiteralIgnore, .literalLocIgnore, .notLiteralLocIgnore,
             .literalUniIgnore, .notLiteralUniIgnore:
            return at &+ 1 < end ? at &+ 2 : nil
        case .mark:
            return at &+ 1 < end && Int(code[at &+ 1]) <= 2 &* groups &+ 1 ? at &+ 2 : nil
        case .at:
            return at &+ 1 < end && code[at &+ 1] < RegexPosition.limit ? at &+ 2 : nil
        case .category:
            return at &+ 1 < end && code[at &+ 1] < RegexCategory.limit ? at &+ 2 : nil
        case .groupRef, .groupRefIgnore, .groupRefLocIgnore, .groupRefUniIgnore:
            return at &+ 1 < end && Int(code[at &+ 1]) < groups ? at &+ 2 : nil
        case .in, .inIgnore, .inLocIgnore, .inUniIgnore:
            guard let length = skip(at &+ 1, end), length >= 2, set(at &+ 2, at &+ length) else { return nil }
            sets.append((at, at &+ 2, RegexOpcode.of(code[at])))
            return at &+ 1 &+ length
        case .info:
            return info(at, end)
        case .branch:
            return branch(at, end)
        case .repeatOne, .minRepeatOne, .possessiveRepeatOne, .repeat, .possessiveRepeat:
            return repetition(at, end)
        case .atomicGroup:
            guard let length = skip(at &+ 1, end), length >= 2, isOp(at &+ length, .success),
                  block(at &+ 2, at &+ length) else { return nil }
            return at &+ 1 &+ length
        case .assert, .assertNot:
            guard let length = skip(at &+ 1, end), length >= 3, code[at &+ 2] < 0x8000_0000,
                  isOp(at &+ length, .success), block(at &+ 3, at &+ length) else { return nil }
            return at &+ 1 &+ length
        case .groupRefExists:
            return conditional(at, end)
        default:
            return nil
        }
    }

    /// A set in `start ..< end`, whose word at `end` must be FAILURE.
    private func set(_ start: Int, _ end: Int) -> Bool {
        guard start <= end, isOp(end, .failure) else { return false }
        var at = start
        while at < end {
            guard code[at] < RegexOpcode.limit else { return false }
            switch RegexOpcode.of(code[at]) {
            case .negate: at &+= 1
            case .literal: at &+= 2
            case .range, .rangeUniIgnore: at &+= 3
            case .charset: at &+= 9
            case .bigCharset:
                guard at &+ 66 <= end, code[at &+ 1] <= 256 else { return false }
                let blocks = code[at &+ 1]
                for word in 0..<64 {
                    let value = code[at &+ 2 &+ word]
                    for shift in stride(from: UInt32(0), to: 32, by: 8) where value >> shift & 0xFF >= blocks { return false }
                }
                at &+= 66 &+ Int(blocks) &* 8
            case .category:
                guard at &+ 1 < end, code[at &+ 1] < RegexCategory.limit else { return false }
                at &+= 2
            default: return false
            }
        }
        return at == end
    }

    private mutating func info(_ at: Int, _ end: Int) -> Int? {
        guard let length = skip(at &+ 1, end), length >= 4 else { return nil }
        let next = at &+ 1 &+ length, flags = code[at &+ 2]
        let isPrefix = flags & RegexInfo.prefix != 0, isSet = flags & RegexInfo.charset != 0
        guard flags < 8, !(isPrefix && isSet), isPrefix || flags & RegexInfo.literal == 0 else { return nil }
        if isPrefix {
            guard length >= 6 else { return nil }
            let prefix = Int(code[at &+ 5])
            guard at &+ 7 &+ 2 &* prefix == next, prefix > 0, Int(code[at &+ 6]) <= prefix else { return nil }
            for k in 0..<prefix where code[at &+ 7 &+ prefix &+ k] >= prefix { return nil }
        } else if isSet {
            guard set(at &+ 5, next &- 1) else { return nil }
            sets.append((at, at &+ 5, .in))
        } else if next != at &+ 5 {
            return nil
        }
        return next
    }

    /// `BRANCH (skip block JUMP over)* 0`, all jumps to just behind the 0.
    private mutating func branch(_ at: Int, _ end: Int) -> Int? {
        var here = at &+ 1
        var target = -1
        while true {
            guard let length = skip(here, end) else { return nil }
            if length == 0 { break }
            guard length >= 3, here &+ length < end, isOp(here &+ length &- 2, .jump),
                  block(here &+ 1, here &+ length &- 2) else { return nil }
            let jump = here &+ length &- 1
            guard let over = skip(jump, end) else { return nil }
            if target < 0 { target = jump &+ over }
            guard target == jump &+ over else { return nil }
            here &+= length
        }
        return target < 0 || target == here &+ 1 ? here &+ 1 : nil
    }

    private mutating func repetition(_ at: Int, _ end: Int) -> Int? {
        guard let length = skip(at &+ 1, end), length >= 3, at &+ 3 < end, code[at &+ 2] <= code[at &+ 3] else { return nil }
        let next = at &+ 1 &+ length
        switch RegexOpcode.of(code[at]) {
        case .repeat:
            guard next < end, isOp(next, .maxUntil) || isOp(next, .minUntil), block(at &+ 4, next) else { return nil }
            return next &+ 1
        case .possessiveRepeat:
            guard next < end, isOp(next, .success), block(at &+ 4, next) else { return nil }
            return next &+ 1
        default:
            guard length >= 4, isOp(next &- 1, .success), isUnit(at &+ 4, next &- 1), block(at &+ 4, next &- 1) else { return nil }
            return next
        }
    }

    /// Is `at ..< end` one instruction that takes exactly one character?
    private func isUnit(_ at: Int, _ end: Int) -> Bool {
        guard at < end, code[at] < RegexOpcode.limit else { return false }
        switch RegexOpcode.of(code[at]) {
        case .any, .anyAll: return at &+ 1 == end
        case .literal, .notLiteral, .literalIgnore, .notLiteralIgnore, .literalLocIgnore, .notLiteralLocIgnore,
             .literalUniIgnore, .notLiteralUniIgnore, .category:
            return at &+ 2 == end
        case .in, .inIgnore, .inLocIgnore, .inUniIgnore:
            return at &+ 1 < end && at &+ 1 &+ Int(code[at &+ 1]) == end
        default: return false
        }
    }

    /// `GROUPREF_EXISTS group skip yes [JUMP skip no]`; the first skip counts from the group word.
    private mutating func conditional(_ at: Int, _ end: Int) -> Int? {
        guard at &+ 2 < end, Int(code[at &+ 1]) < groups, let length = skip(at &+ 2, end, less: 1), length >= 2 else { return nil }
        let next = at &+ 1 &+ length
        guard next <= end else { return nil }
        if length >= 4 && isOp(next &- 2, .jump), let over = skip(next &- 1, end), next &- 1 &+ over >= next,
           block(at &+ 3, next &- 2) {
            return block(next, next &- 1 &+ over) ? next &- 1 &+ over : nil
        }
        return block(at &+ 3, next) ? next : nil
    }
}
