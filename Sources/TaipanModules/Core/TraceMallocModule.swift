// `_tracemalloc`: how much memory the objects take. Where each was allocated is not recorded: there are no traces, and snapshots are empty.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

private final class TraceMallocState {
    var isTracing = false
    var limit = 1
    /// Bytes of the heap when tracing began, and the most since.
    var base = 0
    var peak = 0
}

enum TraceMallocModule {
    private static var mostFrames: Int { 65535 }

    static func define(_ m: ModuleBuilder) throws(Raised) {
        m.str("__doc__", "Debug module to trace memory blocks allocated by Python.")
        let state = m.t.traceMallocState
        if let frames = framesAtStart(m.t) { begin(m.t, state, frames) }
        m.function("start", "($module, nframe=1, /)", "Start tracing; tracebacks would have nframe frames.") { (t, a) throws(Raised) in
            let frames = a[0].isUnbound ? 1 : try t.index(a[0], overflow: .overflowError)
            if frames < 1 || frames > mostFrames { throw t.raise(.valueError, "the number of frames must be in range [1; \(mostFrames)]") }
            begin(t, t.traceMallocState, frames)
            return .none
        }
        m.function("stop", "($module, /)", "Stop tracing.") { (t, _) in
            t.traceMallocState.isTracing = false
            return .none
        }
        m.function("is_tracing", "($module, /)", "Return True if the tracemalloc module is tracing Python memory allocations.") { (t, _) in
            Value(t.traceMallocState.isTracing)
        }
        m.function("get_traceback_limit", "($module, /)", "The most frames of a traceback.") { (t, _) in t.int(t.traceMallocState.limit) }
        m.function("get_traced_memory", "($module, /)", "Get the size of what was allocated since the start, now and at most: (current, peak).") { (t, _) throws(Raised) in
            let state = t.traceMallocState
            if !state.isTracing { return try t.tuple(Value(smallInt: 0), Value(smallInt: 0)) }
            let current = measure(t, state)
            return try t.tuple(t.int(current), t.int(state.peak))
        }
        m.function("reset_peak", "($module, /)", "Set the peak to the current size.") { (t, _) in
            let state = t.traceMallocState
            state.peak = 0
            _ = measure(t, state)
            return .none
        }
        m.function("clear_traces", "($module, /)", "Begin anew.") { (t, _) in
            let state = t.traceMallocState
            if state.isTracing { begin(t, state, state.limit) }
            return .none
        }
        m.function("get_tracemalloc_memory", "($module, /)", "The memory that tracing takes: none.") { (_, _) in Value(smallInt: 0) }
        m.function("_get_traces", "($module, /)", "The traces: none are recorded.") { (t, _) throws(Raised) in try t.newList().value }
        m.function("_get_object_traceback", "($module, obj, /)", "Where the object was allocated: not recorded.") { (_, _) in .none }
    }

    private static func begin(_ t: Thread, _ state: TraceMallocState, _ frames: Int) {
        if !state.isTracing || frames == state.limit { state.base = t.heap.pointee.liveBytes }
        state.isTracing = true
        state.limit = frames
        state.peak = 0
    }

    private static func measure(_ t: Thread, _ state: TraceMallocState) -> Int {
        let current = max(0, t.heap.pointee.liveBytes - state.base)
        state.peak = max(state.peak, current)
        return current
    }

    /// `-X tracemalloc[=N]`, else PYTHONTRACEMALLOC: tracing from the start.
    private static func framesAtStart(_ t: Thread) -> Int? {
        let config = t.interp.pointee.config
        for (key, value) in config.xOptions where key == "tracemalloc" { return value.map { Int($0) ?? 0 } ?? 1 }
        if config.ignoresEnvironment { return nil }
        guard let setting = getenv("PYTHONTRACEMALLOC"), let frames = Int(String(cString: setting)), frames > 0 else { return nil }
        return frames
    }
}

extension Thread {
    fileprivate var traceMallocState: TraceMallocState {
        if let state = interp.pointee.moduleStates["_tracemalloc"] as? TraceMallocState { return state }
        let state = TraceMallocState()
        interp.pointee.moduleStates["_tracemalloc"] = state
        return state
    }
}
