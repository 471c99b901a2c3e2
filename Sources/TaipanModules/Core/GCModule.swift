// `gc`: collecting on demand. There are no generations here; thresholds and debug flags are kept for who asks.

import TaipanRuntime

private final class GCState {
    var isEnabled = true
    var thresholds = [700, 10, 10]
    var debugFlags = 0
    /// Collections that the program asked for, and what they found, by generation.
    var asked = [0, 0, 0]
    var collected = [0, 0, 0]
    /// Collections that these took.
    var made = 0
    /// Collections of the younger generation since the last one of this: the second and third of `get_count()`.
    var younger = [0, 0]
    static var saveAll: Int { 32 }
}

enum GCModule {
    static func define(_ b: ModuleBuilder) throws(Raised) {
        let t = b.t
        b.str("__doc__", "This module provides access to the garbage collector.")
        let garbage = try t.newList().value, callbacks = try t.newList().value
        t.objects.pointee.gcGarbage = garbage
        t.objects.pointee.gcCallbacks = callbacks
        b.set("garbage", garbage)
        b.set("callbacks", callbacks)
        b.int("DEBUG_STATS", 1)
        b.int("DEBUG_COLLECTABLE", 2)
        b.int("DEBUG_UNCOLLECTABLE", 4)
        b.int("DEBUG_SAVEALL", 32)
        b.int("DEBUG_LEAK", 38)
        defineSwitches(b)
        defineCollection(b)
        defineQueries(b)
    }

    /// Disabling only shows in `isenabled()`: without the collector nothing would be freed at all.
    private static func defineSwitches(_ b: ModuleBuilder) {
        b.function("enable", "($module, /)", "Enable automatic garbage collection.") { (t, _) in
            t.gcState.isEnabled = true
            return .none
        }
        b.function("disable", "($module, /)", "Disable automatic garbage collection.") { (t, _) in
            t.gcState.isEnabled = false
            return .none
        }
        b.function("isenabled", "($module, /)", "Whether automatic garbage collection is enabled.") { (t, _) in Value(t.gcState.isEnabled) }
        b.function("set_debug", "($module, flags, /)", "Set the debugging flags.") { (t, a) throws(Raised) in
            t.gcState.debugFlags = try t.index(a[0], overflow: .overflowError)
            t.setSavesGarbage(t.gcState.debugFlags & GCState.saveAll != 0)
            return .none
        }
        b.function("get_debug", "($module, /)", "The debugging flags.") { (t, _) in t.int(t.gcState.debugFlags) }
        b.rawFunction("set_threshold", "", "set_threshold(threshold0, [threshold1, threshold2]) -> None") { (t, a) throws(Raised) in
            if a.count < 1 || a.count > 3 {
                throw t.raise(.typeError, "gc.set_threshold() takes at \(a.count < 1 ? "least 1 argument" : "most 3 arguments") (\(a.count) given)")
            }
            for i in 0..<a.count { t.gcState.thresholds[i] = try t.index(a[i], overflow: .overflowError) }
            return .none
        }
        b.function("get_threshold", "($module, /)", "The thresholds.") { (t, _) throws(Raised) in
            let limits = t.gcState.thresholds
            return try t.tuple(t.int(limits[0]), t.int(limits[1]), t.int(limits[2]))
        }
        b.function("get_count", "($module, /)", "Allocations since the last collection (by their bytes), and collections of each generation since one of the next.") {
            (t, _) throws(Raised) in
            try t.tuple(t.int(t.bytesSinceCollection / 32), t.int(t.gcState.younger[0]), t.int(t.gcState.younger[1]))
        }
    }

    private static func defineCollection(_ b: ModuleBuilder) {
        b.function("collect", "($module, /, generation=2)", "Collect now. Gives the number of objects found dead.") { (t, a) throws(Raised) in
            let generation = a[0].isUnbound ? 2 : try t.index(a[0], overflow: .overflowError)
            if generation < 0 || generation > 2 { throw t.raise(.valueError, "invalid generation") }
            return try t.collectGeneration(generation)
        }
        b.function("freeze", "($module, /)", "Leave the objects that live now out of `get_objects()`.") { (t, _) in
            t.setFrozen(true)
            return .none
        }
        b.function("unfreeze", "($module, /)", "Undo `freeze()`.") { (t, _) in
            t.setFrozen(false)
            return .none
        }
        b.function("get_freeze_count", "($module, /)", "The number of frozen objects.") { (t, _) in t.int(t.frozenCount()) }
        b.function("get_stats", "($module, /)", "Statistics, a dictionary a generation.") { (t, _) throws(Raised) in
            let list = try t.newList()
            let automatic = t.heap.pointee.collections - t.gcState.made
            for generation in 0..<3 {
                let stats = t.newDict()
                try stats.setString(t, t.intern("collections"), t.int(t.gcState.asked[generation] + (generation == 2 ? max(0, automatic) : 0)))
                try stats.setString(t, t.intern("collected"), t.int(t.gcState.collected[generation]))
                try stats.setString(t, t.intern("uncollectable"), Value(smallInt: 0))
                try t.append(list, stats.value)
            }
            return list.value
        }
    }

    private static func defineQueries(_ b: ModuleBuilder) {
        b.function("get_objects", "($module, /, generation=None)", "A list of the objects that may refer to others. There are no generations: all are in the oldest.") {
            (t, a) throws(Raised) in
            try t.audit("gc.get_objects", a[0].orInt(-1))
            if !a[0].isNoneOrUnbound {
                let generation = try t.index(a[0], overflow: .overflowError)
                if generation < 0 { throw t.raise(.valueError, "generation parameter cannot be negative") }
                if generation > 2 { throw t.raise(.valueError, "generation parameter must be less than the number of available generations (3)") }
                if generation < 2 { return try t.newList().value }
            }
            return try t.trackedObjects(fromLoop: t.isCalledFromLoop("get_objects"))
        }
        b.function("is_tracked", "($module, obj, /)", "Whether the collector would follow references from the object.") { (t, a) in
            Value(t.isTracked(a[0]))
        }
        b.function("is_finalized", "($module, obj, /)", "Whether the object's finalizer has run.") { (t, a) in
            Value(a[0].isCell && a[0].cell.has(CellFlag.finalized))
        }
        b.rawFunction("get_referrers", "", "get_referrers(*objs) -> list\n\nThe objects that refer to one of the arguments directly.") { (t, a) throws(Raised) in
            if t.isAudited { try t.audit("gc.get_referrers", try t.tuple(a.base, a.count)) }
            return try t.referrers(of: a, fromLoop: t.isCalledFromLoop("get_referrers"))
        }
        b.rawFunction("get_referents", "", "get_referents(*objs) -> list\n\nThe objects that the arguments refer to directly.") { (t, a) throws(Raised) in
            if t.isAudited { try t.audit("gc.get_referents", try t.tuple(a.base, a.count)) }
            let list = try t.newList()
            for i in 0..<a.count { try t.addReferents(of: a[i], to: list) }
            return list.value
        }
    }
}

extension Thread {
    fileprivate func isCalledFromLoop(_ name: StaticString) -> Bool {
        let callee = calleeOfLoop
        return callee.hasLayout(.builtinFunction) && NativeFunction(callee).module == intern("gc") && NativeFunction(callee).name == intern(name)
    }

    /// `gc.collect(generation)`. There is one generation: it is always a full collection.
    fileprivate func collectGeneration(_ generation: Int) throws(Raised) -> Value {
        try notifyCollection("start", generation, collected: 0)
        let state = gcState
        state.asked[generation] += 1
        if generation < 2 { state.younger[generation] += 1 }
        for i in 0..<generation { state.younger[i] = 0 }
        let before = heap.pointee.collections
        let collected = try collectCounting(fromLoop: isCalledFromLoop("collect"), garbage: ListObject(objects.pointee.gcGarbage))
        state.collected[generation] += collected
        state.made += heap.pointee.collections - before
        try notifyCollection("stop", generation, collected: collected)
        return int(collected)
    }

    fileprivate var gcState: GCState {
        if let state = interp.pointee.moduleStates["gc"] as? GCState { return state }
        let state = GCState()
        interp.pointee.moduleStates["gc"] = state
        return state
    }

    /// Calls what is in `gc.callbacks`.
    fileprivate func notifyCollection(_ phase: StaticString, _ generation: Int, collected: Int) throws(Raised) {
        let callbacks = ListObject(objects.pointee.gcCallbacks)
        if callbacks.count == 0 { return }
        let info = newDict()
        try info.setString(self, intern("generation"), int(generation))
        try info.setString(self, intern("collected"), int(collected))
        try info.setString(self, intern("uncollectable"), Value(smallInt: 0))
        var i = 0
        while i < callbacks.count {
            do throws(Raised) { _ = try call(callbacks[i], intern(phase), info.value) } catch { reportUnraisable(callbacks[i]) }
            i += 1
        }
    }
}
