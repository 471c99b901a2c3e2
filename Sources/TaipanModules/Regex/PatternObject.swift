// `re.Pattern`, and the text that a pattern runs over.

import TaipanEngines
import TaipanRuntime

/// The cell of a compiled pattern.
///
///   words 1–7   pattern, flags, groups, groupindex, indexgroup, the module's types, the code words (a bytes object)
///   word 8      raw: 1 for bytes patterns, 0 for str ones, -1 for neither
///   word 9      raw: whether the program is there
///   words 10…   the program, in the engine's own memory, which the finalizer frees
///
/// A pattern that is used after its finalizer ran (by another finalizer) makes the program again.
struct PatternObject: BitwiseCopyable {
    let cell: Cell
    init(_ cell: Cell) { self.cell = cell }
    init(_ value: Value) { cell = value.cell }
    var value: Value { Value(cell) }
    var pattern: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    var flags: Value { get { cell[2] } nonmutating set { cell[2] = newValue } }
    var groups: Value { get { cell[3] } nonmutating set { cell[3] = newValue } }
    var groupIndex: Value { get { cell[4] } nonmutating set { cell[4] = newValue } }
    var indexGroup: Value { get { cell[5] } nonmutating set { cell[5] = newValue } }
    var types: Value { get { cell[6] } nonmutating set { cell[6] = newValue } }
    var code: Value { get { cell[7] } nonmutating set { cell[7] = newValue } }
    var isBytes: Int { get { cell.raw(8) } nonmutating set { cell.setRaw(newValue, at: 8) } }
    var hasProgram: Bool { get { cell.raw(9) != 0 } nonmutating set { cell.setRaw(newValue ? 1 : 0, at: 9) } }
    var program: UnsafeMutablePointer<RegexProgram> { (cell.address + 80).assumingMemoryBound(to: RegexProgram.self) }
    func type(_ type: SREType) -> TypeObject { TypeObject(TupleObject(types)[type.rawValue]) }
    static var bytes: Int { 80 + MemoryLayout<RegexProgram>.stride }
}

/// The text of a match: a str's units or a lent buffer's bytes. Pair `openSubject` with `closeSubject`.
struct Subject {
    var value: Value
    var base: UnsafeRawPointer
    var width: Int
    var count: Int
    var isBytes: Bool
    /// Whose buffer is to be given back; unbound for str and bytes.
    var lender: Value
}

extension Thread {
    /// The text in a str or bytes-like object.
    func openSubject(_ value: Value) throws(Raised) -> Subject {
        if value.isKind(.str) {
            let s = StrObject(value)
            return Subject(value: value, base: UnsafeRawPointer(s.data), width: s.width, count: s.count, isBytes: false, lender: .unbound)
        }
        if value.hasLayout(.bytes) {
            let b = BytesObject(value)
            return Subject(value: value, base: UnsafeRawPointer(b.data), width: 1, count: b.count, isBytes: true, lender: .unbound)
        }
        if hasBuffer(value) {
            do throws(Raised) {
                let view = try buffer(of: value)
                let base = view.base.map { UnsafeRawPointer($0) } ?? UnsafeRawPointer(value.cell.address)
                return Subject(value: value, base: base, width: 1, count: view.count, isBytes: true, lender: view.owner)
            } catch { _ = takePending() }
        }
        throw raise(.typeError, "expected string or bytes-like object, got '\(typeName(value))'")
    }

    func closeSubject(_ subject: Subject) {
        if subject.lender.isBound { release(BufferView(base: nil, count: 0, isReadOnly: true, owner: subject.lender)) }
    }

    /// The text for a pattern, which must be of its kind.
    func openSubject(_ value: Value, for pattern: PatternObject) throws(Raised) -> Subject {
        let subject = try openSubject(value)
        if subject.isBytes && pattern.isBytes == 0 {
            closeSubject(subject)
            throw raise(.typeError, "cannot use a string pattern on a bytes-like object")
        }
        if !subject.isBytes && pattern.isBytes > 0 {
            closeSubject(subject)
            throw raise(.typeError, "cannot use a bytes pattern on a string-like object")
        }
        return subject
    }

    /// `text[from:to]` of a str, both in range; the text itself when that is all of an exact str.
    func part(of text: Value, _ from: Int, _ to: Int) throws(Raised) -> Value {
        let s = StrObject(text)
        if from == 0 && to == s.count && text.hasLayout(.str) { return text }
        let count = max(to - from, 0)
        if count > 1 && s.isASCII {
            let made = try newStr(count: count, maximum: 0)
            made.data.copyMemory(from: s.data + from, byteCount: count)
            return made.value
        }
        return try newStr(s.points.slice(from, from + count))
    }

    /// `subject[from:to]`: a str or bytes.
    func slice(_ subject: Subject, _ from: Int, _ to: Int) throws(Raised) -> Value {
        if !subject.isBytes { return try part(of: subject.value, from, to) }
        if from == 0 && to == subject.count && subject.value.hasLayout(.bytes) { return subject.value }
        if from >= to { return objects.pointee.emptyBytes }
        return try bytes(subject.base.assumingMemoryBound(to: UInt8.self) + from, to - from)
    }

    /// The pattern's program. Raises RuntimeError when its code is none.
    func program(_ pattern: PatternObject) throws(Raised) -> RegexProgram {
        if pattern.hasProgram { return pattern.program.pointee }
        let code = BytesObject(pattern.code)
        let words = UnsafeRawPointer(code.data).assumingMemoryBound(to: UInt32.self)
        guard let groups = machineInt(pattern.groups), let made = RegexProgram(code: words, count: code.count / 4, groups: groups) else {
            throw raise(.runtimeError, "invalid SRE code")
        }
        pattern.program.initialize(to: made)
        pattern.hasProgram = true
        return made
    }

    /// Opens the text, runs `body` with a state over it, and gives back what both hold.
    func withState<R>(_ pattern: PatternObject, _ text: Value, _ pos: Int = 0, _ endpos: Int = Int.max,
                      _ body: (Subject, inout RegexState) throws(Raised) -> R) throws(Raised) -> R {
        let program = try program(pattern)
        let subject = try openSubject(text, for: pattern)
        var state = RegexState(program, text: subject.base, width: subject.width, length: subject.count, pos: pos, endpos: endpos,
                               poll: Thread.regexPoll, pollContext: UnsafeMutableRawPointer(self.state))
        defer {
            state.deallocate()
            closeSubject(subject)
        }
        return try body(subject, &state)
    }

    /// A long match stops when something waits for a safe point.
    private static var regexPoll: RegexPoll {
        { context in context.map { $0.assumingMemoryBound(to: ThreadState.self).pointee.breaker & 1 != 0 } ?? false }
    }

    /// True for a match. A match that was interrupted is tried again after the safe point, unless that raised.
    func run(_ state: inout RegexState, _ attempt: (inout RegexState) -> RegexOutcome) throws(Raised) -> Bool {
        let start = state.start, mustAdvance = state.mustAdvance
        while true {
            switch attempt(&state) {
            case .match:
                if state.lastMark >= 0 { try checkSpans(state) }
                return true
            case .noMatch: return false
            case .outOfMemory: throw memoryError()
            case .interrupted:
                try checkSignals()
                state.start = start
                state.mustAdvance = mustAdvance
            }
        }
    }

    /// CPython 3.12 refuses groups whose end lies before their start.
    private func checkSpans(_ state: RegexState) throws(Raised) {
        for i in 1..<max(state.program.groups + 1, 1) {
            if let span = state.span(i), span.lower > span.upper {
                throw raise(.systemError, "The span of capturing group is wrong, please report a bug for the re module.")
            }
        }
    }

    // MARK: The type

    func newPatternType() throws(Raised) -> TypeObject {
        let type = try newNativeType("Pattern", moduleName: intern("re"), flags: TypeFlag.noInstantiation | TypeFlag.hasWeakReferences,
                                     NativeLayout(valueWords: 7, bytes: PatternObject.bytes)) { b in
            b.doc("Compiled regular expression object.")
            let s = b.slots
            s.pointee.repr = UnarySlot { (t, v) throws(Raised) in try t.patternRepr(PatternObject(v)) }
            s.pointee.hash = IntSlot { (t, v) throws(Raised) in try t.patternHash(PatternObject(v)) }
            s.pointee.compare = CompareSlot { (t, l, r, op) throws(Raised) in try t.patternCompare(l, r, op) }
            s.pointee.finalize = ActionSlot { (t, v) in
                let pattern = PatternObject(v)
                if !pattern.hasProgram { return }
                pattern.hasProgram = false
                pattern.program.pointee.deallocate()
            }
            b.member("pattern", word: 1, "The pattern string from which the RE object was compiled.")
            b.member("flags", word: 2, "The regex matching flags.")
            b.member("groups", word: 3, "The number of capturing groups in the pattern.")
            b.getset("groupindex", "A dictionary mapping group names to group numbers.", get: { (t, v) throws(Raised) in
                try t.call(t.types.pointee.mappingProxy, PatternObject(v).groupIndex)
            })
            b.classMethod("__class_getitem__", "!($type, object, /)", "See PEP 585") { (t, a) throws(Raised) in try t.call(t.types.pointee.genericAlias, a[0], a[1]) }
            b.method("__copy__", "($self, /)") { (t, a) in a[0] }
            b.method("__deepcopy__", "($self, memo, /)") { (t, a) in a[0] }
            definePatternMatching(b)
            definePatternSearching(b)
        }
        _ = try remove(DictObject(type.dict), intern("__del__"))
        typeChanged(type)
        return type
    }

    private func definePatternMatching(_ b: TypeBuilder) {
        b.method("match", "($self, /, string, pos=0, endpos=sys.maxsize)", "A match at the beginning of the string, or None.") { (t, a) throws(Raised) in
            try t.oneMatch(a) { $0.match() }
        }
        b.method("fullmatch", "($self, /, string, pos=0, endpos=sys.maxsize)", "A match of the whole string, or None.") { (t, a) throws(Raised) in
            try t.oneMatch(a) { $0.fullMatch() }
        }
        b.method("search", "($self, /, string, pos=0, endpos=sys.maxsize)", "The first match anywhere in the string, or None.") { (t, a) throws(Raised) in
            try t.oneMatch(a) { $0.search() }
        }
        b.method("findall", "($self, /, string, pos=0, endpos=sys.maxsize)", "A list of the matches' texts, or of their groups.") { (t, a) throws(Raised) in
            try t.findAll(PatternObject(a[0]), a[1], try t.position(a[2], 0), try t.position(a[3], Int.max))
        }
        b.method("finditer", "($self, /, string, pos=0, endpos=sys.maxsize)", "An iterator over the matches.") { (t, a) throws(Raised) in
            try t.newScanner(.iterator, PatternObject(a[0]), a[1], try t.position(a[2], 0), try t.position(a[3], Int.max))
        }
        b.method("scanner", "($self, /, string, pos=0, endpos=sys.maxsize)") { (t, a) throws(Raised) in
            try t.newScanner(.scanner, PatternObject(a[0]), a[1], try t.position(a[2], 0), try t.position(a[3], Int.max))
        }
    }

    private func definePatternSearching(_ b: TypeBuilder) {
        b.method("split", "($self, /, string, maxsplit=0)", "The pieces of the string between the matches, with the groups in between.") { (t, a) throws(Raised) in
            try t.split(PatternObject(a[0]), a[1], try t.position(a[2], 0))
        }
        b.method("sub", "($self, /, repl, string, count=0)", "The string with its matches replaced.") { (t, a) throws(Raised) in
            try t.substitute(PatternObject(a[0]), a[1], a[2], try t.position(a[3], 0)).text
        }
        b.method("subn", "($self, /, repl, string, count=0)", "The string with its matches replaced, and how many there were.") { (t, a) throws(Raised) in
            let (text, count) = try t.substitute(PatternObject(a[0]), a[1], a[2], try t.position(a[3], 0))
            return try t.tuple(text, t.int(count))
        }
    }

    func position(_ value: Value, _ missing: Int) throws(Raised) -> Int { value.isUnbound ? missing : try index(value) }

    private func oneMatch(_ a: Arguments, _ attempt: (inout RegexState) -> RegexOutcome) throws(Raised) -> Value {
        let pattern = PatternObject(a[0])
        return try withState(pattern, a[1], try position(a[2], 0), try position(a[3], Int.max)) { (subject, state) throws(Raised) in
            let from = state.start
            return try run(&state, attempt) ? try newMatch(pattern, subject, state, from) : .none
        }
    }

    private func findAll(_ pattern: PatternObject, _ text: Value, _ pos: Int, _ endpos: Int) throws(Raised) -> Value {
        let found = try newList()
        try withState(pattern, text, pos, endpos) { (subject, state) throws(Raised) in
            let groups = state.program.groups
            while try run(&state, { $0.search() }) {
                switch groups {
                case 0: try append(found, try slice(subject, state.start, state.position))
                case 1: try append(found, try groupOrEmpty(subject, state, 1))
                default:
                    let row = try newTuple(groups)
                    for i in 0..<groups { row[i] = try groupOrEmpty(subject, state, i + 1) }
                    try append(found, row.value)
                }
                state.advance()
            }
        }
        return found.value
    }

    private func groupOrEmpty(_ subject: Subject, _ state: RegexState, _ group: Int) throws(Raised) -> Value {
        guard let span = state.span(group) else { return try slice(subject, 0, 0) }
        return try slice(subject, span.lower, span.upper)
    }

    private func split(_ pattern: PatternObject, _ text: Value, _ limit: Int) throws(Raised) -> Value {
        let pieces = try newList()
        try withState(pattern, text) { (subject, state) throws(Raised) in
            var count = 0, last = state.start
            while limit == 0 || count < limit, try run(&state, { $0.search() }) {
                try append(pieces, try slice(subject, last, state.start))
                for i in 0..<state.program.groups {
                    let span = state.span(i + 1)
                    try append(pieces, span == nil ? .none : try slice(subject, span?.lower ?? 0, span?.upper ?? 0))
                }
                count += 1
                state.advance()
                last = state.start
            }
            try append(pieces, try slice(subject, last, state.end))
        }
        return pieces.value
    }

    // MARK: Repr, hash, equality

    private func patternRepr(_ pattern: PatternObject) throws(Raised) -> Value {
        var flags = machineInt(pattern.flags) ?? 0
        // A str pattern is a Unicode one unless it says otherwise.
        if pattern.isBytes == 0 && flags & (4 | 32 | 256) == 32 { flags &= ~32 }
        var names: [String] = []
        let known: [(Int, String)] = [(1, "TEMPLATE"), (2, "IGNORECASE"), (4, "LOCALE"), (8, "MULTILINE"), (16, "DOTALL"), (32, "UNICODE"),
                                      (64, "VERBOSE"), (128, "DEBUG"), (256, "ASCII")]
        for (flag, name) in known where flags & flag != 0 {
            names.append("re." + name)
            flags &= ~flag
        }
        if flags != 0 { names.append("0x" + String(UInt32(truncatingIfNeeded: flags), radix: 16)) }
        let shown = try repr(pattern.pattern)
        let count = StrObject(shown).count
        var text = StrBuilder()
        text.append("re.compile(")
        text.append(count > 200 ? try part(of: shown, 0, 200) : shown)
        if !names.isEmpty { text.append(", " + names.joined(separator: "|")) }
        text.append(")")
        return try text.finish(self)
    }

    private func patternHash(_ pattern: PatternObject) throws(Raised) -> Int {
        let code = hashBytes(UnsafeRawBufferPointer(BytesObject(pattern.code).buffer))
        let made = code ^ (try hash(pattern.pattern)) ^ (machineInt(pattern.flags) ?? 0) ^ pattern.isBytes ^ (machineInt(pattern.groups) ?? 0)
        return made == -1 ? -2 : made
    }

    private func patternCompare(_ left: Value, _ right: Value, _ op: CompareOperator) throws(Raised) -> Value {
        if (op != .equal && op != .notEqual) || type(of: left) != type(of: right) { return .notImplemented }
        let l = PatternObject(left), r = PatternObject(right)
        var same = left == right
        if !same {
            same = l.flags == r.flags && l.isBytes == r.isBytes && l.groups == r.groups
            if same { same = BytesObject(l.code).buffer.elementsEqual(BytesObject(r.code).buffer) }
            if same { same = try equals(l.pattern, r.pattern) }
        }
        return Value(same == (op == .equal))
    }
}
