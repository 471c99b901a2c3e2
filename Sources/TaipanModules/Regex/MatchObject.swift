// `re.Match`, the scanner, and the iterator of `finditer`.

import TaipanEngines
import TaipanRuntime

/// The cell of a match.
///
///   words 1–3   string, regs (made when first asked for), pattern
///   words 4–7   raw: pos, endpos, lastindex, number of groups with group 0
///   words 8…    raw: start and end of each group, -1 when it took no part
struct MatchObject: BitwiseCopyable {
    let cell: Cell
    init(_ cell: Cell) { self.cell = cell }
    init(_ value: Value) { cell = value.cell }
    var value: Value { Value(cell) }
    var string: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    var regs: Value { get { cell[2] } nonmutating set { cell[2] = newValue } }
    var pattern: Value { get { cell[3] } nonmutating set { cell[3] = newValue } }
    var pos: Int { get { cell.raw(4) } nonmutating set { cell.setRaw(newValue, at: 4) } }
    var endpos: Int { get { cell.raw(5) } nonmutating set { cell.setRaw(newValue, at: 5) } }
    var lastIndex: Int { get { cell.raw(6) } nonmutating set { cell.setRaw(newValue, at: 6) } }
    var groupCount: Int { get { cell.raw(7) } nonmutating set { cell.setRaw(newValue, at: 7) } }
    func start(_ group: Int) -> Int { cell.raw(8 + group * 2) }
    func end(_ group: Int) -> Int { cell.raw(9 + group * 2) }
    func setSpan(_ group: Int, _ start: Int, _ end: Int) {
        cell.setRaw(start, at: 8 + group * 2)
        cell.setRaw(end, at: 9 + group * 2)
    }
}

extension Thread {
    /// The match that `state` has found.
    func newMatch(_ pattern: PatternObject, _ subject: Subject, _ state: RegexState, _ pos: Int) throws(Raised) -> Value {
        let groups = state.program.groups + 1
        let made = MatchObject(try allocate(pattern.type(.match), bytes: 64 + groups * 16))
        made.string = subject.value
        made.pattern = pattern.value
        made.pos = pos
        made.endpos = state.end
        made.lastIndex = state.lastIndex
        made.groupCount = groups
        for i in 0..<groups {
            let span = state.span(i)
            made.setSpan(i, span?.lower ?? -1, span?.upper ?? -1)
        }
        return made.value
    }

    func newMatchType() throws(Raised) -> TypeObject {
        try newNativeType("Match", moduleName: intern("re"), flags: TypeFlag.noInstantiation, NativeLayout(valueWords: 3, bytes: 80, isVariable: true)) { b in
            b.doc("The result of re.match() and re.search().\nMatch objects always have a boolean value of True.")
            b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in
                let m = MatchObject(v)
                return t.str("<\(t.qualifiedName(t.type(of: v))) object; span=(\(m.start(0)), \(m.end(0))), match=\(try t.reprText(try t.group(m, 0, .none)))>")
            }
            b.slots.pointee.getItem = BinarySlot { (t, v, key) throws(Raised) in
                let m = MatchObject(v)
                return try t.group(m, try t.groupNumber(m, key), .none)
            }
            b.member("string", word: 1, "The string passed to match() or search().")
            b.member("re", word: 3, "The regular expression object.")
            b.member("pos", "The index into the string at which the RE engine started looking for a match.", get: { (t, v) in t.int(MatchObject(v).pos) })
            b.member("endpos", "The index into the string beyond which the RE engine will not go.", get: { (t, v) in t.int(MatchObject(v).endpos) })
            b.getset("lastindex", "The integer index of the last matched capturing group.", get: { (t, v) in
                MatchObject(v).lastIndex >= 0 ? t.int(MatchObject(v).lastIndex) : .none
            })
            b.getset("lastgroup", "The name of the last matched capturing group.", get: { (t, v) in
                let m = MatchObject(v), names = TupleObject(PatternObject(m.pattern).indexGroup)
                return m.lastIndex >= 0 && m.lastIndex < names.count ? names[m.lastIndex] : .none
            })
            b.getset("regs", get: { (t, v) throws(Raised) in try t.matchRegs(MatchObject(v)) })
            b.classMethod("__class_getitem__", "!($type, object, /)", "See PEP 585") { (t, a) throws(Raised) in try t.call(t.types.pointee.genericAlias, a[0], a[1]) }
            b.method("__copy__", "($self, /)") { (t, a) in a[0] }
            b.method("__deepcopy__", "($self, memo, /)") { (t, a) in a[0] }
            defineMatchGroups(b)
            defineMatchSpans(b)
        }
    }

    func qualifiedName(_ type: TypeObject) -> String { string(type.moduleName) + "." + string(type.name) }

    private func defineMatchGroups(_ b: TypeBuilder) {
        b.rawMethod("group", "", "group([group1, ...]) -> str or tuple.\nThe text of a group by number or name; a tuple for several. Group 0 is the whole match.") { (t, a) throws(Raised) in
            if a.keywords.isBound && TupleObject(a.keywords).count > 0 { throw t.raise(.typeError, "Match.group() takes no keyword arguments") }
            let m = MatchObject(a[0])
            if a.count == 1 { return try t.group(m, 0, .none) }
            if a.count == 2 { return try t.group(m, try t.groupNumber(m, a[1]), .none) }
            let made = try t.newTuple(a.count - 1)
            for i in 1..<a.count { made[i - 1] = try t.group(m, try t.groupNumber(m, a[i]), .none) }
            return made.value
        }
        b.method("groups", "($self, /, default=None)", "All groups from 1 on, as a tuple.") { (t, a) throws(Raised) in
            let m = MatchObject(a[0])
            let made = try t.newTuple(m.groupCount - 1)
            for i in 0..<made.count { made[i] = try t.group(m, i + 1, a[1].isUnbound ? .none : a[1]) }
            return made.value
        }
        b.method("groupdict", "($self, /, default=None)", "The named groups, as a dict.") { (t, a) throws(Raised) in
            let m = MatchObject(a[0]), made = t.newDict()
            let names = DictObject(PatternObject(m.pattern).groupIndex)
            for i in 0..<names.entryCount where names.entry(i).key.isBound {
                let entry = names.entry(i)
                guard let number = t.machineInt(entry.value), number >= 0, number < m.groupCount else { continue }
                try t.set(made, entry.key, try t.group(m, number, a[1].isUnbound ? .none : a[1]))
            }
            return made.value
        }
        b.method("expand", "($self, /, template)", "The template with the groups put in, as sub() does it.") { (t, a) throws(Raised) in
            let m = MatchObject(a[0])
            let template = try t.compileTemplate(PatternObject(m.pattern), a[1])
            return t.isTemplate(template, PatternObject(m.pattern)) ? try t.expand(template, m) : template
        }
    }

    private func defineMatchSpans(_ b: TypeBuilder) {
        b.method("start", "($self, group=0, /)", "Where a group begins.") { (t, a) throws(Raised) in
            let m = MatchObject(a[0])
            return t.int(m.start(a[1].isUnbound ? 0 : try t.groupNumber(m, a[1])))
        }
        b.method("end", "($self, group=0, /)", "Where a group ends.") { (t, a) throws(Raised) in
            let m = MatchObject(a[0])
            return t.int(m.end(a[1].isUnbound ? 0 : try t.groupNumber(m, a[1])))
        }
        b.method("span", "($self, group=0, /)", "Where a group begins and ends.") { (t, a) throws(Raised) in
            let m = MatchObject(a[0])
            let group = a[1].isUnbound ? 0 : try t.groupNumber(m, a[1])
            return try t.tuple(t.int(m.start(group)), t.int(m.end(group)))
        }
    }

    /// The number of the group that an int or a name means. Raises IndexError "no such group".
    func groupNumber(_ m: MatchObject, _ key: Value) throws(Raised) -> Int {
        var number = -1
        if key.isSmallInt {
            number = key.smallInt
        } else if isInt(key) || type(of: key).slots.pointee.index.isSet {
            number = machineInt(try indexValue(key)) ?? -1
        } else {
            let found = try get(DictObject(PatternObject(m.pattern).groupIndex), key)
            if found.isBound && isInt(found) { number = machineInt(found) ?? -1 }
        }
        if number < 0 || number >= m.groupCount { throw raise(.indexError, "no such group") }
        return number
    }

    /// The text of group `number`, or `missing` when it took no part.
    func group(_ m: MatchObject, _ number: Int, _ missing: Value) throws(Raised) -> Value {
        let start = m.start(number)
        if start < 0 { return missing }
        if m.string.hasLayout(.str) { return try part(of: m.string, start, m.end(number)) }
        let subject = try openSubject(m.string)
        defer { closeSubject(subject) }
        // A bytearray may have become shorter since.
        return try slice(subject, min(start, subject.count), min(m.end(number), subject.count))
    }

    private func matchRegs(_ m: MatchObject) throws(Raised) -> Value {
        if m.regs.isBound { return m.regs }
        let made = try newTuple(m.groupCount)
        for i in 0..<m.groupCount { made[i] = try tuple(int(m.start(i)), int(m.end(i))) }
        m.regs = made.value
        return made.value
    }

    // MARK: Scanner

    // words 1–3   pattern, string, a memoryview that keeps a bytearray from changing its size
    // words 4–7   raw: where the next attempt starts, endpos, whether it must advance, whether all is done

    func newScanner(_ type: SREType, _ pattern: PatternObject, _ text: Value, _ pos: Int, _ endpos: Int) throws(Raised) -> Value {
        let subject = try openSubject(text, for: pattern)
        let count = subject.count
        closeSubject(subject)
        let cell = allocate(pattern.type(type))
        cell[1] = pattern.value
        cell[2] = text
        if !text.isKind(.str) && !text.hasLayout(.bytes) { cell[3] = try call(types.pointee.memoryview, text) }
        cell.setRaw(min(max(pos, 0), count), at: 4)
        cell.setRaw(min(max(endpos, 0), count), at: 5)
        return Value(cell)
    }

    private func scan(_ scanner: Cell, _ attempt: (inout RegexState) -> RegexOutcome) throws(Raised) -> Value {
        if scanner.raw(7) != 0 { return .none }
        let pattern = PatternObject(scanner[1])
        return try withState(pattern, scanner[2], scanner.raw(4), scanner.raw(5)) { (subject, state) throws(Raised) in
            state.mustAdvance = scanner.raw(6) != 0
            let from = state.start
            if !(try run(&state, attempt)) {
                scanner.setRaw(1, at: 7)
                return .none
            }
            let made = try newMatch(pattern, subject, state, from)
            state.advance()
            scanner.setRaw(state.start, at: 4)
            scanner.setRaw(state.mustAdvance ? 1 : 0, at: 6)
            return made
        }
    }

    func newScannerType() throws(Raised) -> TypeObject {
        try newNativeType("SRE_Scanner", moduleName: intern("_sre"), flags: TypeFlag.noInstantiation, NativeLayout(valueWords: 3, bytes: 64)) { b in
            b.member("pattern", word: 1)
            b.method("match", "($self, /)") { (t, a) throws(Raised) in try t.scan(a[0].cell) { $0.match() } }
            b.method("search", "($self, /)") { (t, a) throws(Raised) in try t.scan(a[0].cell) { $0.search() } }
        }
    }

    func newMatchIteratorType() throws(Raised) -> TypeObject {
        try newNativeType("callable_iterator", moduleName: intern("builtins"), flags: TypeFlag.noInstantiation, NativeLayout(valueWords: 3, bytes: 64)) { b in
            b.slots.pointee.iter = UnarySlot { (t, v) in v }
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in
                let found = try t.scan(v.cell) { $0.search() }
                return found.isNone ? .unbound : found
            }
        }
    }
}
