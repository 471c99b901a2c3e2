// One run of a pattern over a text: where it began, where it stands, the marks, the backtracking stack.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// How a match or a search ended.
public enum RegexOutcome: UInt8, Sendable {
    /// There is no match.
    case noMatch
    /// There is one: `start`, `position` and the marks tell where.
    case match
    /// The backtracking stack could not grow (CPython: MemoryError).
    case outOfMemory
    /// The poll function asked to stop; whoever gave it knows why.
    case interrupted
}

/// Asked every few thousand steps of a long match; true stops the match.
public typealias RegexPoll = @convention(c) (UnsafeMutableRawPointer?) -> Bool

/// What a match needs beside the program. A plain value over raw memory: `deallocate()` when done.
///
/// Positions count code units from the beginning of the text, also where `pos` cuts its front off: look-behind
/// and `\b` see what stands before `pos`, as in CPython. Nothing behind `endpos` is seen.
public struct RegexState: @unchecked Sendable {
    /// The pattern.
    public let program: RegexProgram
    let text: UnsafeRawPointer
    /// Bytes in a code unit: 1, 2 or 4.
    public let width: Int
    /// End of what may be matched, from `endpos`.
    public let end: Int
    /// Where the next attempt begins; after a success, where the match begins.
    public var start: Int
    /// After a success, where the match ends.
    public internal(set) var position: Int
    /// Highest mark that holds, or -1.
    public internal(set) var lastMark = -1
    /// Number of the group closed last, or -1 (`Match.lastindex`).
    public internal(set) var lastIndex = -1
    /// Only matches up to `end` count (`fullmatch`).
    var matchAll = false
    /// The next search must not end where it starts: set after an empty match.
    public var mustAdvance = false
    let marks: UnsafeMutablePointer<Int>
    var stack: RegexStack
    var poll: RegexPoll?
    var pollContext: UnsafeMutableRawPointer?
    var steps = 0

    /// A state over `length` units of `text`, limited to `pos ..< endpos` (both clamped as CPython does).
    /// `text` must stay in place and unchanged while the state is used.
    public init(
        _ program: RegexProgram, text: UnsafeRawPointer, width: Int, length: Int, pos: Int = 0, endpos: Int = Int.max,
        poll: RegexPoll? = nil, pollContext: UnsafeMutableRawPointer? = nil
    ) {
        self.program = program
        self.text = text
        self.width = width
        let from = min(max(pos, 0), length)
        let to = min(max(endpos, 0), length)
        start = from
        position = from
        end = to
        marks = UnsafeMutablePointer<Int>.allocate(capacity: program.markCount)
        marks.update(repeating: -1, count: program.markCount)
        stack = RegexStack()
        self.poll = poll
        self.pollContext = pollContext
    }

    /// Frees the marks and the stack.
    public func deallocate() {
        marks.deallocate()
        stack.deallocate()
    }

    /// Forgets the groups of an earlier match.
    @inline(__always)
    mutating func resetGroups() {
        lastMark = -1
        lastIndex = -1
    }

    /// Span of group `index` after a success (group 0 is the whole match), nil if it took no part.
    /// `lower > upper` can come out, as in CPython 3.12.1 (which raises SystemError then).
    public func span(_ index: Int) -> (lower: Int, upper: Int)? {
        if index == 0 { return (start, position) }
        let mark = (index &- 1) &* 2
        guard index > 0, mark &+ 1 <= lastMark, marks[mark] >= 0, marks[mark &+ 1] >= 0 else { return nil }
        return (marks[mark], marks[mark &+ 1])
    }

    /// Matches at `start`.
    public mutating func match() -> RegexOutcome { anchored(all: false) }

    /// Matches at `start`, up to the end.
    public mutating func fullMatch() -> RegexOutcome { anchored(all: true) }

    private mutating func anchored(all: Bool) -> RegexOutcome {
        // No check of `start` against `end`: with `pos` behind `endpos` CPython still finds empty matches.
        resetGroups()
        matchAll = all
        defer { matchAll = false }
        return attempt(at: start)
    }

    private mutating func attempt(at position: Int) -> RegexOutcome {
        switch width {
        case 1: return run(UInt8.self, 0, position, mustAdvance)
        case 2: return run(UInt16.self, 0, position, mustAdvance)
        default: return run(UInt32.self, 0, position, mustAdvance)
        }
    }

    /// Finds the first match at `start` or behind it.
    public mutating func search() -> RegexOutcome {
        guard start <= end else { return .noMatch }
        resetGroups()
        switch width {
        case 1: return find(UInt8.self)
        case 2: return find(UInt16.self)
        default: return find(UInt32.self)
        }
    }

    /// After a match, prepares for the next one, as `finditer`, `sub` and `split` go on: from the end of this
    /// match, and after an empty one not with another empty one there.
    public mutating func advance() {
        mustAdvance = position == start
        start = position
    }
}

/// A stack of words that grows; `realloc` mostly moves large ones by page tables, without copying.
struct RegexStack {
    var base: UnsafeMutablePointer<Int>
    var capacity: Int

    init() {
        let raw = malloc(256 &* 8)
        capacity = raw == nil ? 0 : 256
        base = raw?.assumingMemoryBound(to: Int.self) ?? UnsafeMutablePointer(bitPattern: 8).unsafelyUnwrapped
    }

    func deallocate() {
        if capacity > 0 { free(base) }
    }

    /// Doubles the capacity; false if there is no such memory.
    @inline(never)
    mutating func grow(using used: Int, atLeast extra: Int) -> Bool {
        let wanted = max(capacity &* 2, used &+ extra)
        guard wanted < 1 << 40, let raw = realloc(capacity > 0 ? base : nil, wanted &* 8) else { return false }
        base = raw.assumingMemoryBound(to: Int.self)
        capacity = wanted
        return true
    }
}
