// The matcher: a loop over code words with a stack of what to undo and where to go on after a failure.
//
// Nothing here recurses, so the text's length is bounded by memory alone. What CPython's matcher does when a nested
// call returns failure (put marks back, count a repeat down, try the next alternative) is an entry on the stack;
// failing pops entries until one has a way on. Which entries hold copies of the marks follows CPython: those pushed
// inside a repeat. That is visible in the spans of groups, so it is kept to the letter.
//
// Entries, in words, growing upwards; the header (kind, "has marks" bit, code position) is on top:
//   choice         marks…  extra  position  lastMark|lastIndex  header
//   repeat         count  code  outer repeat  last position  header        (also the context of a running repeat)
//   frame          extra…  outer frame  outer repeat  position  lastMark|lastIndex  header
// A frame is the bottom of an assertion, atomic group or possessive repeat: on success the stack is cut there.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What an entry of the backtracking stack is.
enum RegexEntry {
    static let bottom = 0
    static let branch = 1
    static let repeatOne = 2
    static let minRepeatOne = 3
    static let repeatContext = 4
    static let countDown = 5
    static let maxUntil = 6
    static let tail = 7
    static let minUntil = 8
    static let minUntilBody = 9
    static let atomic = 10
    static let assert = 11
    static let assertNot = 12
    static let possessive = 13
    static let possessiveTurn = 14
    static let hasMarks = 0x100
}

@inline(__always)
private func packed(_ lastMark: Int, _ lastIndex: Int) -> Int {
    (lastIndex << 32) | (lastMark & 0xFFFF_FFFF)
}

extension RegexState {
    /// Matches the code at `entry` with the text at `position`. `mustAdvance`: ending where `start` is does not count.
    @inline(never)
    mutating func run<U: FixedWidthInteger & UnsignedInteger>(
        _: U.Type, _ entry: Int, _ position: Int, _ mustAdvance: Bool
    ) -> RegexOutcome {
        let view = RegexView<U>(program, text, end)
        let c = program.code, t = view.text, end = view.end
        let slack = program.markCount &+ 16
        let forbidden = mustAdvance ? start : -1
        let required = matchAll ? end : -1
        let marks = self.marks
        var st = stack.base, limit = stack.capacity &- slack
        if limit < 0 {
            guard stack.grow(using: 0, atLeast: slack &* 2) else { return .outOfMemory }
            st = stack.base
            limit = stack.capacity &- slack
        }
        var pc = entry, i = position
        var lastMark = self.lastMark, lastIndex = self.lastIndex
        var repeatAt = -1, frame = -1
        st[0] = RegexEntry.bottom
        var sp = 1

        if RegexOpcode.of(c[pc]) == .info {
            if i <= end && end &- i < Int(c[pc &+ 3]) { return .noMatch }
            pc &+= 1 &+ Int(c[pc &+ 1])
        }

        while true {
            if sp > limit {
                guard stack.grow(using: sp, atLeast: slack &* 2) else { return .outOfMemory }
                st = stack.base
                limit = stack.capacity &- slack
            }
            forward: do {
                switch RegexOpcode.of(c[pc]) {
                case .success:
                    if frame < 0 {
                        if i == forbidden || required >= 0 && i != required { break forward }
                        self.position = i
                        self.lastMark = lastMark
                        self.lastIndex = lastIndex
                        return .match
                    }
                    let header = st[frame]
                    let at = header >> 16
                    repeatAt = st[frame &- 3]
                    switch header & 0xFF {
                    case RegexEntry.possessive:
                        sp = frame &+ 1
                        let count = st[frame &- 5] &+ 1
                        st[frame &- 5] = count
                        st[frame &- 2] = i
                        if count < Int(c[at &+ 2]) {
                            pc = at &+ 4
                            continue
                        }
                        if (count < Int(c[at &+ 3]) || c[at &+ 3] == RegexLimits.maxRepeat) && i != st[frame &- 6] {
                            st[frame &- 6] = i
                            sp = pushMarks(st, sp, lastMark)
                            st[sp] = packed(lastMark, lastIndex)
                            st[sp &+ 1] = RegexEntry.possessiveTurn
                            sp &+= 2
                            pc = at &+ 4
                            continue
                        }
                        sp = frame &- 6
                        pc = at &+ 2 &+ Int(c[at &+ 1])
                        frame = st[frame &- 4]
                        continue
                    case RegexEntry.assertNot:
                        sp = frame &- 4
                        if header & RegexEntry.hasMarks != 0 {
                            sp &-= Int(Int32(truncatingIfNeeded: st[frame &- 1])) &+ 1
                        }
                        frame = st[frame &- 4]
                        break forward
                    case RegexEntry.assert:
                        i = st[frame &- 2]
                    default:
                        break
                    }
                    sp = frame &- 4
                    pc = at &+ 1 &+ Int(c[at &+ 1])
                    frame = st[frame &- 4]
                    continue

                case .literal:
                    if i >= end || UInt32(t[i]) != c[pc &+ 1] { break forward }
                    i &+= 1
                    pc &+= 2
                    continue
                case .in:
                    if i >= end || !view.isIn(pc, UInt32(t[i])) { break forward }
                    i &+= 1
                    pc &+= 1 &+ Int(c[pc &+ 1])
                    continue
                case .inIgnore, .inUniIgnore, .inLocIgnore:
                    if i >= end || !view.matchesOne(pc, i) { break forward }
                    i &+= 1
                    pc &+= 1 &+ Int(c[pc &+ 1])
                    continue
                case .any:
                    if i >= end || t[i] == 10 { break forward }
                    i &+= 1
                    pc &+= 1
                    continue
                case .anyAll:
                    if i >= end { break forward }
                    i &+= 1
                    pc &+= 1
                    continue
                case .notLiteral, .literalIgnore, .notLiteralIgnore, .literalUniIgnore, .notLiteralUniIgnore,
                     .literalLocIgnore, .notLiteralLocIgnore, .category:
                    if i >= end || !view.matchesOne(pc, i) { break forward }
                    i &+= 1
                    pc &+= 2
                    continue
                case .at:
                    if !view.isAt(c[pc &+ 1], i) { break forward }
                    pc &+= 2
                    continue
                case .mark:
                    let mark = Int(c[pc &+ 1])
                    if mark & 1 != 0 { lastIndex = mark >> 1 &+ 1 }
                    if mark > lastMark {
                        var between = lastMark &+ 1
                        while between < mark {
                            marks[between] = -1
                            between &+= 1
                        }
                        lastMark = mark
                    }
                    marks[mark] = i
                    pc &+= 2
                    continue
                case .jump:
                    pc &+= 1 &+ Int(c[pc &+ 1])
                    continue

                case .branch:
                    let seesMarks = frame < 0 || repeatAt >= 0
                    let first = view.alternative(pc &+ 1, i, seesMarks)
                    if first < 0 { break forward }
                    var next = first &+ Int(c[first])
                    if frame < 0 { next = view.alternative(next, i, seesMarks, tries: 6) }
                    pc = first &+ 1
                    if next < 0 { continue }
                    var header = RegexEntry.branch | next << 16
                    if repeatAt >= 0 {
                        sp = pushMarks(st, sp, lastMark)
                        header |= RegexEntry.hasMarks
                    }
                    st[sp] = i
                    st[sp &+ 1] = packed(lastMark, lastIndex)
                    st[sp &+ 2] = header
                    sp &+= 3
                    continue

                case .repeatOne:
                    let least = Int(c[pc &+ 2])
                    if least > end &- i { break forward }
                    let count = view.count(pc &+ 4, i, c[pc &+ 3])
                    if count < least { break forward }
                    let after = pc &+ 1 &+ Int(c[pc &+ 1])
                    let lowest = i &+ least
                    i &+= count
                    if RegexOpcode.of(c[after]) == .success
                        && (frame >= 0 || (required < 0 || i == required) && i != forbidden) {
                        pc = after
                        continue
                    }
                    if frame < 0 {
                        i = view.lastStart(after, i, lowest, true)
                        if i < lowest { break forward }
                        if i == lowest {
                            pc = after
                            continue
                        }
                    } else {
                        i = view.lastStart(after, i, lowest, repeatAt >= 0)
                        if i < lowest { break forward }
                    }
                    var header = RegexEntry.repeatOne | pc << 16
                    if repeatAt >= 0 {
                        sp = pushMarks(st, sp, lastMark)
                        header |= RegexEntry.hasMarks
                    }
                    st[sp] = lowest
                    st[sp &+ 1] = i &- 1
                    st[sp &+ 2] = packed(lastMark, lastIndex)
                    st[sp &+ 3] = header
                    sp &+= 4
                    pc = after
                    continue

                case .minRepeatOne:
                    let least = Int(c[pc &+ 2]), most = c[pc &+ 3]
                    if least > end &- i { break forward }
                    let highest = most == RegexLimits.maxRepeat || Int(most) > end &- i ? end : i &+ Int(most)
                    if least > 0 {
                        if view.count(pc &+ 4, i, c[pc &+ 2]) < least { break forward }
                        i &+= least
                    }
                    let after = pc &+ 1 &+ Int(c[pc &+ 1])
                    if RegexOpcode.of(c[after]) == .success
                        && (frame >= 0 || (required < 0 || i == required) && i != forbidden) {
                        pc = after
                        continue
                    }
                    i = view.firstStart(pc &+ 4, after, i, highest, frame < 0 || repeatAt >= 0)
                    if i < 0 { break forward }
                    var header = RegexEntry.minRepeatOne | pc << 16
                    if repeatAt >= 0 {
                        sp = pushMarks(st, sp, lastMark)
                        header |= RegexEntry.hasMarks
                    }
                    st[sp] = highest
                    st[sp &+ 1] = i
                    st[sp &+ 2] = packed(lastMark, lastIndex)
                    st[sp &+ 3] = header
                    sp &+= 4
                    pc = after
                    continue

                case .possessiveRepeatOne:
                    let least = Int(c[pc &+ 2])
                    if least > end &- i { break forward }
                    let count = view.count(pc &+ 4, i, c[pc &+ 3])
                    if count < least { break forward }
                    i &+= count
                    pc &+= 1 &+ Int(c[pc &+ 1])
                    continue

                case .repeat:
                    st[sp] = -1
                    st[sp &+ 1] = pc
                    st[sp &+ 2] = repeatAt
                    st[sp &+ 3] = -1
                    st[sp &+ 4] = RegexEntry.repeatContext
                    repeatAt = sp &+ 4
                    sp &+= 5
                    pc &+= 1 &+ Int(c[pc &+ 1])
                    continue

                case .maxUntil:
                    if repeatAt < 0 { return .noMatch }
                    let count = st[repeatAt &- 4] &+ 1
                    let loop = st[repeatAt &- 3]
                    if count < Int(c[loop &+ 2]) {
                        st[repeatAt &- 4] = count
                        st[sp] = RegexEntry.countDown
                        sp &+= 1
                        pc = loop &+ 4
                        continue
                    }
                    let last = st[repeatAt &- 1]
                    if (count < Int(c[loop &+ 3]) || c[loop &+ 3] == RegexLimits.maxRepeat) && i != last {
                        st[repeatAt &- 4] = count
                        st[repeatAt &- 1] = i
                        sp = pushMarks(st, sp, lastMark)
                        st[sp] = last
                        st[sp &+ 1] = i
                        st[sp &+ 2] = packed(lastMark, lastIndex)
                        st[sp &+ 3] = RegexEntry.maxUntil | pc << 16
                        sp &+= 4
                        pc = loop &+ 4
                        continue
                    }
                    st[sp] = repeatAt
                    st[sp &+ 1] = RegexEntry.tail
                    sp &+= 2
                    repeatAt = st[repeatAt &- 2]
                    pc &+= 1
                    continue

                case .minUntil:
                    if repeatAt < 0 { return .noMatch }
                    let count = st[repeatAt &- 4] &+ 1
                    let loop = st[repeatAt &- 3]
                    if count < Int(c[loop &+ 2]) {
                        st[repeatAt &- 4] = count
                        st[sp] = RegexEntry.countDown
                        sp &+= 1
                        pc = loop &+ 4
                        continue
                    }
                    let inner = repeatAt
                    repeatAt = st[inner &- 2]
                    var header = RegexEntry.minUntil | pc << 16
                    if repeatAt >= 0 {
                        sp = pushMarks(st, sp, lastMark)
                        header |= RegexEntry.hasMarks
                    }
                    st[sp] = inner
                    st[sp &+ 1] = i
                    st[sp &+ 2] = packed(lastMark, lastIndex)
                    st[sp &+ 3] = header
                    sp &+= 4
                    pc &+= 1
                    continue

                case .groupRef, .groupRefIgnore, .groupRefUniIgnore, .groupRefLocIgnore:
                    let mark = Int(c[pc &+ 1]) &* 2
                    if mark >= lastMark { break forward }
                    let from = marks[mark], to = marks[mark &+ 1]
                    if from < 0 || to < 0 || to < from || !view.repeats(from, to, i, RegexOpcode.of(c[pc])) { break forward }
                    i &+= to &- from
                    pc &+= 2
                    continue
                case .groupRefExists:
                    let mark = Int(c[pc &+ 1]) &* 2
                    if mark >= lastMark || marks[mark] < 0 || marks[mark &+ 1] < marks[mark] {
                        pc &+= 1 &+ Int(c[pc &+ 2])
                    } else {
                        pc &+= 3
                    }
                    continue

                case .atomicGroup:
                    sp = pushFrame(st, sp, RegexEntry.atomic | pc << 16, frame, repeatAt, i, packed(lastMark, lastIndex))
                    frame = sp &- 1
                    pc &+= 2
                    continue
                case .assert:
                    if i < Int(c[pc &+ 2]) { break forward }
                    sp = pushFrame(st, sp, RegexEntry.assert | pc << 16, frame, repeatAt, i, packed(lastMark, lastIndex))
                    frame = sp &- 1
                    i &-= Int(c[pc &+ 2])
                    pc &+= 3
                    continue
                case .assertNot:
                    if i < Int(c[pc &+ 2]) {
                        pc &+= 1 &+ Int(c[pc &+ 1])
                        continue
                    }
                    var header = RegexEntry.assertNot | pc << 16
                    if repeatAt >= 0 {
                        sp = pushMarks(st, sp, lastMark)
                        header |= RegexEntry.hasMarks
                    }
                    sp = pushFrame(st, sp, header, frame, repeatAt, i, packed(lastMark, lastIndex))
                    frame = sp &- 1
                    i &-= Int(c[pc &+ 2])
                    pc &+= 3
                    continue
                case .possessiveRepeat:
                    // Enters as if turn -1 had just succeeded: the word at the skip is the body's SUCCESS.
                    st[sp] = -1
                    st[sp &+ 1] = -1
                    sp = pushFrame(st, sp &+ 2, RegexEntry.possessive | pc << 16, frame, repeatAt, i, packed(lastMark, lastIndex))
                    frame = sp &- 1
                    pc &+= 1 &+ Int(c[pc &+ 1])
                    continue

                default:
                    break forward // FAILURE
                }
            }

            steps &+= 1
            if steps & 0xFFF == 0, let poll, poll(pollContext) { return .interrupted }
            backward: while true {
                let header = st[sp &- 1]
                switch header & 0xFF {
                case RegexEntry.branch:
                    i = st[sp &- 3]
                    let saved = st[sp &- 2]
                    lastMark = Int(Int32(truncatingIfNeeded: saved))
                    lastIndex = saved >> 32
                    var below = sp &- 3
                    if header & RegexEntry.hasMarks != 0 {
                        below &-= lastMark &+ 1
                        marks.update(from: st + below, count: lastMark &+ 1)
                    }
                    let seesMarks = frame < 0 || repeatAt >= 0
                    let this = view.alternative(header >> 16, i, seesMarks)
                    if this < 0 {
                        sp = below
                        continue backward
                    }
                    var next = this &+ Int(c[this])
                    if frame < 0 { next = view.alternative(next, i, seesMarks, tries: 6) }
                    if next < 0 {
                        sp = below
                    } else {
                        st[sp &- 1] = header & 0xFFFF | next << 16
                    }
                    pc = this &+ 1
                    break backward

                case RegexEntry.repeatOne:
                    let saved = st[sp &- 2]
                    lastMark = Int(Int32(truncatingIfNeeded: saved))
                    lastIndex = saved >> 32
                    var below = sp &- 4
                    if header & RegexEntry.hasMarks != 0 {
                        below &-= lastMark &+ 1
                        marks.update(from: st + below, count: lastMark &+ 1)
                    }
                    let lowest = st[sp &- 4]
                    let at = header >> 16
                    pc = at &+ 1 &+ Int(c[at &+ 1])
                    i = view.lastStart(pc, st[sp &- 3], lowest, frame < 0 || repeatAt >= 0)
                    if i < lowest {
                        sp = below
                        continue backward
                    }
                    if i == lowest && frame < 0 {
                        sp = below
                    } else {
                        st[sp &- 3] = i &- 1
                    }
                    break backward

                case RegexEntry.minRepeatOne:
                    let saved = st[sp &- 2]
                    lastMark = Int(Int32(truncatingIfNeeded: saved))
                    lastIndex = saved >> 32
                    var below = sp &- 4
                    if header & RegexEntry.hasMarks != 0 {
                        below &-= lastMark &+ 1
                        marks.update(from: st + below, count: lastMark &+ 1)
                    }
                    let at = header >> 16
                    i = st[sp &- 3]
                    let highest = st[sp &- 4]
                    if i >= highest || !view.matchesOne(at &+ 4, i) {
                        sp = below
                        continue backward
                    }
                    pc = at &+ 1 &+ Int(c[at &+ 1])
                    i = view.firstStart(at &+ 4, pc, i &+ 1, highest, frame < 0 || repeatAt >= 0)
                    if i < 0 {
                        sp = below
                        continue backward
                    }
                    st[sp &- 3] = i
                    break backward

                case RegexEntry.repeatContext:
                    repeatAt = st[sp &- 3]
                    sp &-= 5
                case RegexEntry.countDown:
                    st[repeatAt &- 4] &-= 1
                    sp &-= 1
                case RegexEntry.tail:
                    repeatAt = st[sp &- 2]
                    sp &-= 2

                case RegexEntry.maxUntil:
                    st[repeatAt &- 1] = st[sp &- 4]
                    st[repeatAt &- 4] &-= 1
                    i = st[sp &- 3]
                    let saved = st[sp &- 2]
                    lastMark = Int(Int32(truncatingIfNeeded: saved))
                    lastIndex = saved >> 32
                    sp &-= 4 &+ lastMark &+ 1
                    marks.update(from: st + sp, count: lastMark &+ 1)
                    st[sp] = repeatAt
                    st[sp &+ 1] = RegexEntry.tail
                    sp &+= 2
                    repeatAt = st[repeatAt &- 2]
                    pc = header >> 16 &+ 1
                    break backward

                case RegexEntry.minUntil:
                    let inner = st[sp &- 4]
                    repeatAt = inner
                    i = st[sp &- 3]
                    let saved = st[sp &- 2]
                    lastMark = Int(Int32(truncatingIfNeeded: saved))
                    lastIndex = saved >> 32
                    sp &-= 4
                    if header & RegexEntry.hasMarks != 0 {
                        sp &-= lastMark &+ 1
                        marks.update(from: st + sp, count: lastMark &+ 1)
                    }
                    let loop = st[inner &- 3], count = st[inner &- 4] &+ 1, last = st[inner &- 1]
                    let most = c[loop &+ 3]
                    if count >= Int(most) && most != RegexLimits.maxRepeat || i == last { continue backward }
                    st[inner &- 4] = count
                    st[inner &- 1] = i
                    st[sp] = last
                    st[sp &+ 1] = RegexEntry.minUntilBody
                    sp &+= 2
                    pc = loop &+ 4
                    break backward
                case RegexEntry.minUntilBody:
                    st[repeatAt &- 1] = st[sp &- 2]
                    st[repeatAt &- 4] &-= 1
                    sp &-= 2

                case RegexEntry.atomic, RegexEntry.assert:
                    repeatAt = st[sp &- 4]
                    frame = st[sp &- 5]
                    sp &-= 5
                case RegexEntry.assertNot:
                    repeatAt = st[sp &- 4]
                    frame = st[sp &- 5]
                    i = st[sp &- 3]
                    let saved = st[sp &- 2]
                    lastMark = Int(Int32(truncatingIfNeeded: saved))
                    lastIndex = saved >> 32
                    sp &-= 5
                    if header & RegexEntry.hasMarks != 0 {
                        sp &-= lastMark &+ 1
                        marks.update(from: st + sp, count: lastMark &+ 1)
                    }
                    let at = header >> 16
                    pc = at &+ 1 &+ Int(c[at &+ 1])
                    break backward
                case RegexEntry.possessive:
                    repeatAt = st[sp &- 4]
                    frame = st[sp &- 5]
                    sp &-= 7
                case RegexEntry.possessiveTurn:
                    let saved = st[sp &- 2]
                    lastMark = Int(Int32(truncatingIfNeeded: saved))
                    lastIndex = saved >> 32
                    marks.update(from: st + (frame &+ 1), count: lastMark &+ 1)
                    let at = st[frame] >> 16
                    i = st[frame &- 2]
                    repeatAt = st[frame &- 3]
                    sp = frame &- 6
                    frame = st[frame &- 4]
                    pc = at &+ 2 &+ Int(c[at &+ 1])
                    break backward

                default:
                    self.lastMark = lastMark
                    self.lastIndex = lastIndex
                    return .noMatch
                }
            }
        }
    }

    @inline(__always)
    private func pushMarks(_ st: UnsafeMutablePointer<Int>, _ sp: Int, _ lastMark: Int) -> Int {
        var k = 0
        while k <= lastMark {
            st[sp &+ k] = marks[k]
            k &+= 1
        }
        return sp &+ k
    }

    @inline(__always)
    private func pushFrame(
        _ st: UnsafeMutablePointer<Int>, _ sp: Int, _ header: Int, _ frame: Int, _ repeatAt: Int, _ i: Int, _ saved: Int
    ) -> Int {
        st[sp] = frame
        st[sp &+ 1] = repeatAt
        st[sp &+ 2] = i
        st[sp &+ 3] = saved
        st[sp &+ 4] = header
        return sp &+ 5
    }
}
