// `_lsprof`, the profiler behind `cProfile`: a tool of `sys.monitoring` that counts calls and adds up their times.
//
//   Profiler   word 1 timer, or unbound for the clock   2 dict: id of a code object or text of a native function -> entry
//              3 list: the contexts of calls under way, the innermost last   4 `sys.monitoring`
//              raw word 5: bits of ProfilerFlag   6: bits of the timer's unit, a Double
//
// An entry is a list: what was called, total time, inline time, calls, recursive calls, depth, dict from callee's key to sub-entry; a
// sub-entry has the five numbers only. A context is a list: key, entry, time of the start, time in callees. Times are ints: nanoseconds, or
// the timer's units.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

private enum ProfilerFlag {
    static var enabled: Int { 1 }
    static var subcalls: Int { 2 }
    static var builtins: Int { 4 }
}

private struct ProfilerObject: BitwiseCopyable {
    let cell: Cell
    init(_ value: Value) { cell = value.cell }
    var value: Value { Value(cell) }
    var timer: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    var entries: DictObject { DictObject(cell[2]) }
    var contexts: ListObject { ListObject(cell[3]) }
    var monitoring: Value { get { cell[4] } nonmutating set { cell[4] = newValue } }
    var flags: Int { get { cell.raw(5) } nonmutating set { cell.setRaw(newValue, at: 5) } }
    var unit: Double {
        get { Double(bitPattern: UInt64(UInt(bitPattern: cell.raw(6)))) }
        nonmutating set { cell.setRaw(Int(bitPattern: UInt(newValue.bitPattern)), at: 6) }
    }
    func has(_ flag: Int) -> Bool { flags & flag != 0 }
    func set(_ flag: Int, _ isOn: Bool) { flags = isOn ? flags | flag : flags & ~flag }
}

/// The numbers of an entry or sub-entry, from `start` on in its list.
private struct ProfilerCounts {
    let list: ListObject
    let start: Int
    init(_ list: Value, _ start: Int) {
        self.list = ListObject(list)
        self.start = start
    }
    subscript(_ i: Int) -> Int {
        get { list.items[start + i].smallInt }
        nonmutating set { list.items[start + i] = Value(smallInt: newValue) }
    }

    func begin() { self[4] += 1 }

    func end(_ total: Int, _ inline: Int) {
        self[4] -= 1
        if self[4] == 0 { self[0] &+= total } else { self[3] += 1 }
        self[1] &+= inline
        self[2] += 1
    }
}

enum ProfilerModule {
    /// The events that the profiler wants, with the methods that they call.
    static var callbacks: [(StaticString, StaticString)] {
        [("PY_START", "_pystart_callback"), ("PY_RESUME", "_pystart_callback"), ("PY_THROW", "_pystart_callback"), ("PY_RETURN", "_pyreturn_callback"),
         ("PY_YIELD", "_pyreturn_callback"), ("PY_UNWIND", "_pyreturn_callback"), ("CALL", "_ccall_callback"), ("C_RETURN", "_creturn_callback"),
         ("C_RAISE", "_creturn_callback")]
    }

    static func define(_ m: ModuleBuilder) throws(Raised) {
        m.str("__doc__", "Fast profiler")
        let fields: [StaticString] = ["code", "callcount", "reccallcount", "totaltime", "inlinetime"]
        let entry = try m.t.newStructSequenceType("profiler_entry", module: "_lsprof", doc: "", StructSequenceLayout(fields + ["calls"]))
        let subentry = try m.t.newStructSequenceType("profiler_subentry", module: "_lsprof", doc: "", StructSequenceLayout(fields))
        m.set("profiler_entry", entry.value)
        m.set("profiler_subentry", subentry.value)
        try m.t.keep("_lsprof", try m.t.tuple(entry.value, subentry.value))
        _ = try m.type("Profiler", flags: TypeFlag.base, NativeLayout(valueWords: 4, bytes: 56), defineProfiler)
    }

    private static func defineProfiler(_ b: TypeBuilder) {
        b.doc("Profiler(timer=None, timeunit=None, subcalls=True, builtins=True)\n\n    Builds a profiler object using the specified timer function.\n    The default timer is a fast built-in one based on real time.\n    For custom timer functions returning integers, timeunit can\n    be a float specifying a scale (i.e. how long each integer unit\n    is, in seconds).\n")
        b.slots.pointee.new = CallSlot { (t, type, _) throws(Raised) in
            let made = t.allocate(TypeObject(type))
            made[2] = t.newDict().value
            made[3] = try t.newList().value
            return Value(made)
        }
        b.slots.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in
            let out = try t.pushScratch(4)
            defer { t.popScratch(out) }
            for i in 0..<4 { out[i] = .unbound }
            try t.bindNames(a, "Profiler", ["timer", "timeunit", "subcalls", "builtins"], required: 0, out)
            let profiler = ProfilerObject(v)
            profiler.timer = out[0]
            profiler.unit = out[1].isUnbound ? 0 : try t.toDouble(out[1])
            try t.choose(profiler, out[2].isUnbound ? .true : out[2], out[3].isUnbound ? .true : out[3])
        }
        b.method("getstats", "($self, /)", "list of profiler_entry objects.\n\ngetstats() -> list of profiler_entry objects\n\nReturn all information collected by the profiler.\nEach profiler_entry is a tuple-like object with the\nfollowing attributes:\n\n    code          code object\n    callcount     how many times this was called\n    reccallcount  how many times called recursively\n    totaltime     total time in this entry\n    inlinetime    inline time in this entry (not in subcalls)\n    calls         details of the calls\n\nThe calls attribute is either None or a list of\nprofiler_subentry objects:\n\n    code          called code object\n    callcount     how many times this is called\n    reccallcount  how many times this is called recursively\n    totaltime     total time spent in this call\n    inlinetime    inline time (not in further subcalls)") { (t, a) throws(Raised) in try t.profilerStats(ProfilerObject(a[0])) }
        b.rawMethod("enable", "", "enable(subcalls=True, builtins=True)\n\nStart collecting profiling information.\nIf 'subcalls' is True, also records for each function\nstatistics separated according to its current caller.\nIf 'builtins' is True, records the time spent in\nbuilt-in functions separately from their caller.\n") { (t, a) throws(Raised) in
            let out = try t.pushScratch(2)
            defer { t.popScratch(out) }
            out[0] = .unbound
            out[1] = .unbound
            try t.bindNames(a.dropFirst, "enable", ["subcalls", "builtins"], required: 0, out)
            try t.choose(ProfilerObject(a[0]), out[0], out[1])
            try t.enableProfiler(ProfilerObject(a[0]))
            return .none
        }
        b.method("disable", "($self, /)", "disable()\n\nStop collecting profiling information.\n") { (t, a) throws(Raised) in
            try t.disableProfiler(ProfilerObject(a[0]))
            return .none
        }
        b.method("clear", "($self, /)", "clear()\n\nClear all profiling information collected so far.\n") { (t, a) throws(Raised) in
            a[0].cell[2] = t.newDict().value
            a[0].cell[3] = try t.newList().value
            return .none
        }
        b.rawMethod("_pystart_callback") { (t, a) throws(Raised) in
            if a.count > 1 { try t.beginCall(ProfilerObject(a[0]), t.int(Int(bitPattern: a[1].bits)), a[1]) }
            return .none
        }
        b.rawMethod("_pyreturn_callback") { (t, a) throws(Raised) in
            if a.count > 1 { t.endCall(ProfilerObject(a[0]), t.int(Int(bitPattern: a[1].bits))) }
            return .none
        }
        b.rawMethod("_ccall_callback") { (t, a) throws(Raised) in
            if a.count < 5 || !ProfilerObject(a[0]).has(ProfilerFlag.builtins) { return .none }
            let text = try t.nativeText(a[3], a[4])
            if text.isBound { try t.beginCall(ProfilerObject(a[0]), text, text) }
            return .none
        }
        b.rawMethod("_creturn_callback") { (t, a) throws(Raised) in
            if a.count < 5 || !ProfilerObject(a[0]).has(ProfilerFlag.builtins) { return .none }
            let text = try t.nativeText(a[3], a[4])
            if text.isBound { t.endCall(ProfilerObject(a[0]), text) }
            return .none
        }
    }
}

extension Thread {
    /// Sets what is recorded; unbound leaves it as it is.
    fileprivate func choose(_ profiler: ProfilerObject, _ subcalls: Value, _ builtins: Value) throws(Raised) {
        if subcalls.isBound { profiler.set(ProfilerFlag.subcalls, try index(subcalls) != 0) }
        if builtins.isBound { profiler.set(ProfilerFlag.builtins, try index(builtins) != 0) }
    }

    private func toolNumber() -> Value { int(2) }

    fileprivate func enableProfiler(_ profiler: ProfilerObject) throws(Raised) {
        let monitoring = try getattr(objects.pointee.sysModule, intern("monitoring"))
        do throws(Raised) {
            _ = try call(try getattr(monitoring, intern("use_tool_id")), toolNumber(), str("cProfile"))
        } catch {
            try swallow(.valueError, error)
            throw raise(.valueError, "Another profiling tool is already active")
        }
        profiler.monitoring = monitoring
        let events = try getattr(monitoring, intern("events"))
        var all = 0
        for (name, callback) in ProfilerModule.callbacks {
            let event = try getattr(events, intern(name))
            _ = try call(try getattr(monitoring, intern("register_callback")), toolNumber(), event, try getattr(profiler.value, intern(callback)))
            all |= try index(event)
        }
        profiler.set(ProfilerFlag.enabled, true)
        _ = try call(try getattr(monitoring, intern("set_events")), toolNumber(), int(all))
    }

    fileprivate func disableProfiler(_ profiler: ProfilerObject) throws(Raised) {
        if !profiler.has(ProfilerFlag.enabled) { return }
        profiler.set(ProfilerFlag.enabled, false)
        let monitoring = profiler.monitoring
        _ = try call(try getattr(monitoring, intern("set_events")), toolNumber(), int(0))
        let events = try getattr(monitoring, intern("events"))
        for (name, _) in ProfilerModule.callbacks {
            _ = try call(try getattr(monitoring, intern("register_callback")), toolNumber(), try getattr(events, intern(name)), .none)
        }
        _ = try call(try getattr(monitoring, intern("free_tool_id")), toolNumber())
        while profiler.contexts.count > 0 { stop(profiler) }
    }

    // MARK: Calls

    /// Now, in the timer's units. An error of the timer is reported, and counts as 0.
    private func now(_ profiler: ProfilerObject) -> Int {
        do throws(Raised) {
            if profiler.timer.isUnbound { return try clock(CLOCK_MONOTONIC) }
            let given = try call(profiler.timer)
            var ticks: Double
            if profiler.unit > 0 || !isFloat(given) {
                guard let n = machineInt(try indexValue(given)) else { throw raise(.overflowError, "timestamp too large to convert to C _PyTime_t") }
                if profiler.unit > 0 { return max(-(1 << 61), min(n, 1 << 61)) }
                ticks = Double(n) * 1e9
            } else {
                if double(given).isNaN { throw raise(.valueError, "Invalid value NaN (not a number)") }
                ticks = (double(given) * 1e9).rounded(.down)
            }
            if abs(ticks) >= 0x1p61 { throw raise(.overflowError, "timestamp out of range for platform time_t") }
            return Int(ticks)
        } catch {
            reportUnraisable(profiler.timer)
            return 0
        }
    }

    private func newCounts(_ userObject: Value) throws(Raised) -> Value {
        let made = try newList()
        if userObject.isBound { try append(made, userObject) }
        for _ in 0..<5 { try append(made, Value(smallInt: 0)) }
        if userObject.isBound { try append(made, newDict().value) }
        return made.value
    }

    fileprivate func beginCall(_ profiler: ProfilerObject, _ key: Value, _ userObject: Value) throws(Raised) {
        var entry = try get(profiler.entries, key)
        if entry.isUnbound {
            entry = try newCounts(userObject)
            try set(profiler.entries, key, entry)
        }
        ProfilerCounts(entry, 1).begin()
        let contexts = profiler.contexts
        if profiler.has(ProfilerFlag.subcalls) && contexts.count > 0 {
            let calls = DictObject(ListObject(ListObject(contexts.items[contexts.count - 1]).items[1]).items[6])
            var sub = try get(calls, key)
            if sub.isUnbound {
                sub = try newCounts(.unbound)
                try set(calls, key, sub)
            }
            ProfilerCounts(sub, 0).begin()
        }
        let context = try newList()
        for value in [0, 1, 2, 3] { try append(context, value == 0 ? key : value == 1 ? entry : Value(smallInt: 0)) }
        try append(contexts, context.value)
        context.items[2] = Value(smallInt: now(profiler))
    }

    fileprivate func endCall(_ profiler: ProfilerObject, _ key: Value) {
        let contexts = profiler.contexts
        if contexts.count == 0 { return }
        if ListObject(contexts.items[contexts.count - 1]).items[0] == key || isKnown(profiler, key) { stop(profiler) } else { contexts.count -= 1 }
    }

    private func isKnown(_ profiler: ProfilerObject, _ key: Value) -> Bool {
        do throws(Raised) {
            return try get(profiler.entries, key).isBound
        } catch {
            _ = takePending()
            return false
        }
    }

    /// The innermost call ends.
    private func stop(_ profiler: ProfilerObject) {
        let time = now(profiler)
        // The timer may have cleared the profiler.
        let contexts = profiler.contexts
        if contexts.count == 0 { return }
        let context = ListObject(contexts.items[contexts.count - 1])
        contexts.count -= 1
        let total = time &- context.items[2].smallInt, inline = total &- context.items[3].smallInt
        ProfilerCounts(context.items[1], 1).end(total, inline)
        if contexts.count == 0 { return }
        let caller = ListObject(contexts.items[contexts.count - 1])
        caller.items[3] = Value(smallInt: caller.items[3].smallInt &+ total)
        if !profiler.has(ProfilerFlag.subcalls) { return }
        do throws(Raised) {
            let sub = try get(DictObject(ListObject(caller.items[1]).items[6]), context.items[0])
            if sub.isBound { ProfilerCounts(sub, 0).end(total, inline) }
        } catch { _ = takePending() }
    }

    /// How a native function is called in the statistics; unbound for what is not one.
    fileprivate func nativeText(_ callee: Value, _ argument: Value) throws(Raised) -> Value {
        if callee.hasLayout(.methodDescriptor) {
            let native = NativeFunction(callee)
            if !isInstance(argument, of: native.owner) { return .unbound }
            let found = lookup(type(of: argument), native.name)
            return try repr(found.isBound ? found : callee)
        }
        if !callee.hasLayout(.builtinFunction) { return .unbound }
        let native = NativeFunction(callee)
        if native.bound.isBound && !native.bound.hasLayout(.module) {
            let found = lookup(type(of: native.bound), native.name)
            if found.isBound { return try repr(found) }
        }
        let module = native.module
        return str(module.isBound && module.isKind(.str) ? "<built-in method \(string(module)).\(string(native.name))>" : "<built-in method \(string(native.name))>")
    }

    // MARK: Statistics

    fileprivate func profilerStats(_ profiler: ProfilerObject) throws(Raised) -> Value {
        let scale = profiler.timer.isUnbound || profiler.unit <= 0 ? 1e-9 : profiler.unit
        let types = TupleObject(kept("_lsprof"))
        let result = try newList()
        let entries = profiler.entries
        for i in 0..<entries.entryCount where entries.entry(i).key.isBound {
            let value = entries.entry(i).value
            let entry = ListObject(value), counts = ProfilerCounts(value, 1)
            if counts[2] == 0 { continue }
            let calls = DictObject(entry.items[6])
            var subs = Value.none
            if calls.count > 0 {
                let list = try newList()
                for j in 0..<calls.entryCount where calls.entry(j).key.isBound && ProfilerCounts(calls.entry(j).value, 0)[2] > 0 {
                    let callee = try get(entries, calls.entry(j).key)
                    if callee.isUnbound { continue }
                    try append(list, try structSequence(types[1], try countsRow(ListObject(callee).items[0], ProfilerCounts(calls.entry(j).value, 0), scale)))
                }
                subs = list.value
            }
            try append(result, try structSequence(types[0], try countsRow(entry.items[0], counts, scale).adding(subs)))
        }
        return result.value
    }

    private func countsRow(_ what: Value, _ counts: ProfilerCounts, _ scale: Double) throws(Raised) -> Row {
        try row(6).adding(what).adding(int(counts[2])).adding(int(counts[3])).adding(float(scale * Double(counts[0]))).adding(float(scale * Double(counts[1])))
    }
}
