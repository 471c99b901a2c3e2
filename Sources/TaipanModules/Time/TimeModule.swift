// `time`: clocks, sleeping, and the module's data about the time zone. Calendar texts are in CalendarTime.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import CTaipan
import TaipanRuntime

extension Thread {
    /// What `time` keeps: 0 the type struct_time, 1 the module's dict.
    func timeState(_ i: Int) -> Value { ValueBuffer(objects.pointee.timeState).items[i] }

    /// Reads a clock in nanoseconds.
    func clock(_ id: clockid_t) throws(Raised) -> Int {
        var now = timespec()
        if clock_gettime(id, &now) != 0 { throw osError(ctaipan_get_errno()) }
        return Int(now.tv_sec) * 1_000_000_000 + Int(now.tv_nsec)
    }

    /// Nanoseconds as float seconds.
    func seconds(_ nanoseconds: Int) -> Value {
        nanoseconds % 1_000_000_000 == 0 ? float(Double(nanoseconds / 1_000_000_000)) : float(Double(nanoseconds) / 1e9)
    }
}

public enum TimeModule {
    public static func define(_ b: ModuleBuilder) throws(Raised) {
        let t = b.t
        if t.objects.pointee.timeState.isUnbound {
            let state = try t.newValueBuffer(2)
            t.objects.pointee.timeState = state.value
            state.items[0] = try t.newStructSequenceType(
                "struct_time", module: "time",
                doc: "The time value as returned by gmtime(), localtime(), and strptime(), and\naccepted by asctime(), mktime() and strftime().  May be considered as a\nsequence of 9 integers.\n\nNote that several fields' values are not the same as those defined by\nthe C language standard for struct tm.  For example, the value of the\nfield tm_year is the actual year, not year - 1900.  See individual\nfields' descriptions for details.",
                StructSequenceLayout(["tm_year", "tm_mon", "tm_mday", "tm_hour", "tm_min", "tm_sec", "tm_wday", "tm_yday", "tm_isdst", "tm_zone", "tm_gmtoff"],
                                     visible: 9)).value
        }
        ValueBuffer(t.objects.pointee.timeState).items[1] = b.dict.value
        b.set("struct_time", t.timeState(0))
        b.int("_STRUCT_TM_ITEMS", 11)
        b.int("CLOCK_REALTIME", Int(CLOCK_REALTIME))
        b.int("CLOCK_MONOTONIC", Int(CLOCK_MONOTONIC))
        b.int("CLOCK_PROCESS_CPUTIME_ID", Int(CLOCK_PROCESS_CPUTIME_ID))
        b.int("CLOCK_THREAD_CPUTIME_ID", Int(CLOCK_THREAD_CPUTIME_ID))
        b.int("CLOCK_MONOTONIC_RAW", Int(CLOCK_MONOTONIC_RAW))
        #if os(Linux)
        b.int("CLOCK_BOOTTIME", 7)
        b.int("CLOCK_TAI", 11)
        #endif
        try setZone(t)
        defineClocks(b)
        defineSystemClocks(b)
        CalendarTime.define(b)
        b.function("sleep", "!($module, seconds, /)", "sleep(seconds)\n\nDelay execution for a given number of seconds.  The argument may be\na floating point number for subsecond precision.") { (t, a) throws(Raised) in
            try t.audit("time.sleep", a[0])
            try sleep(t, a[0])
            return .none
        }
        b.function("tzset", "!($module, /)", "tzset()\n\nInitialize, or reinitialize, the local timezone to the value stored in\nos.environ['TZ'].") { (t, a) throws(Raised) in
            tzset()
            try setZone(t)
            return .none
        }
    }

    private static func defineClocks(_ b: ModuleBuilder) {
        b.function("time", "!($module, /)", "time() -> floating point number\n\nReturn the current time in seconds since the Epoch.\nFractions of a second may be present if the system clock provides them.") { (t, a) throws(Raised) in t.seconds(try t.clock(CLOCK_REALTIME)) }
        b.function("time_ns", "!($module, /)") { (t, a) throws(Raised) in t.int(try t.clock(CLOCK_REALTIME)) }
        b.function("monotonic", "!($module, /)", "monotonic() -> float\n\nMonotonic clock, cannot go backward.") { (t, a) throws(Raised) in t.seconds(try t.clock(CLOCK_MONOTONIC)) }
        b.function("monotonic_ns", "!($module, /)") { (t, a) throws(Raised) in t.int(try t.clock(CLOCK_MONOTONIC)) }
        b.function("perf_counter", "!($module, /)", "perf_counter() -> float\n\nPerformance counter for benchmarking.") { (t, a) throws(Raised) in t.seconds(try t.clock(CLOCK_MONOTONIC)) }
        b.function("perf_counter_ns", "!($module, /)") { (t, a) throws(Raised) in t.int(try t.clock(CLOCK_MONOTONIC)) }
        b.function("process_time", "!($module, /)", "process_time() -> float\n\nProcess time for profiling: sum of the kernel and user-space CPU time.") { (t, a) throws(Raised) in
            t.seconds(try t.clock(CLOCK_PROCESS_CPUTIME_ID))
        }
        b.function("process_time_ns", "!($module, /)") { (t, a) throws(Raised) in t.int(try t.clock(CLOCK_PROCESS_CPUTIME_ID)) }
        b.function("thread_time", "!($module, /)", "thread_time() -> float\n\nThread time for profiling: sum of the kernel and user-space CPU time.") { (t, a) throws(Raised) in
            t.seconds(try t.clock(CLOCK_THREAD_CPUTIME_ID))
        }
        b.function("thread_time_ns", "!($module, /)") { (t, a) throws(Raised) in t.int(try t.clock(CLOCK_THREAD_CPUTIME_ID)) }
        b.function("get_clock_info", "!($module, name, /)") { (t, a) throws(Raised) in
            if !a[0].isKind(.str) { throw t.raise(.typeError, "get_clock_info() argument 1 must be str, not \(t.argumentTypeName(a[0]))") }
            return try clockInfo(t, t.string(a[0]))
        }
    }

    private static func clockInfo(_ t: Thread, _ name: String) throws(Raised) -> Value {
        let (id, label): (clockid_t, String)
        switch name {
        case "time": (id, label) = (CLOCK_REALTIME, "CLOCK_REALTIME")
        case "monotonic", "perf_counter": (id, label) = (CLOCK_MONOTONIC, "CLOCK_MONOTONIC")
        case "process_time": (id, label) = (CLOCK_PROCESS_CPUTIME_ID, "CLOCK_PROCESS_CPUTIME_ID")
        case "thread_time": (id, label) = (CLOCK_THREAD_CPUTIME_ID, "CLOCK_THREAD_CPUTIME_ID")
        default: throw t.raise(.valueError, "unknown clock")
        }
        var step = timespec()
        clock_getres(id, &step)
        let space = try t.call(t.types.pointee.simpleNamespace)
        try t.setattr(space, t.intern("implementation"), t.str("clock_gettime(\(label))"))
        try t.setattr(space, t.intern("monotonic"), Value(name != "time"))
        try t.setattr(space, t.intern("adjustable"), Value(name == "time"))
        try t.setattr(space, t.intern("resolution"), t.float(Double(step.tv_sec) + Double(step.tv_nsec) * 1e-9))
        return space
    }

    private static func clockID(_ t: Thread, _ value: Value) throws(Raised) -> clockid_t { clockid_t(try t.cInt(value)) }

    private static func defineSystemClocks(_ b: ModuleBuilder) {
        b.function("clock_gettime", "!($module, clk_id, /)") { (t, a) throws(Raised) in
            var now = timespec()
            if clock_gettime(try clockID(t, a[0]), &now) != 0 { throw t.osError(ctaipan_get_errno()) }
            return t.float(Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9)
        }
        b.function("clock_gettime_ns", "!($module, clk_id, /)") { (t, a) throws(Raised) in t.int(try t.clock(try clockID(t, a[0]))) }
        b.function("clock_getres", "!($module, clk_id, /)") { (t, a) throws(Raised) in
            var step = timespec()
            if clock_getres(try clockID(t, a[0]), &step) != 0 { throw t.osError(ctaipan_get_errno()) }
            return t.float(Double(step.tv_sec) + Double(step.tv_nsec) * 1e-9)
        }
        b.function("clock_settime", "!($module, clk_id, time, /)") { (t, a) throws(Raised) in
            var time = try t.timespecArgument(a[1])
            if clock_settime(try clockID(t, a[0]), &time) != 0 { throw t.osError(ctaipan_get_errno()) }
            return .none
        }
        b.function("clock_settime_ns", "!($module, clk_id, time, /)") { (t, a) throws(Raised) in
            let n = try t.index(a[1])
            let (whole, rest) = n.quotientAndRemainder(dividingBy: 1_000_000_000)
            var time = timespec(tv_sec: rest < 0 ? whole - 1 : whole, tv_nsec: rest < 0 ? rest + 1_000_000_000 : rest)
            if clock_settime(try clockID(t, a[0]), &time) != 0 { throw t.osError(ctaipan_get_errno()) }
            return .none
        }
        #if os(Linux)
        b.function("pthread_getcpuclockid", "!($module, thread_id, /)") { (t, a) throws(Raised) in
            var id = clockid_t()
            let thread = try t.index(a[0])
            // Identifiers are the interpreter's own: only the running thread's is known to the C library here.
            if thread != t.state.pointee.identifier { throw t.osError(ESRCH) }
            let code = pthread_getcpuclockid(pthread_self(), &id)
            if code != 0 { throw t.osError(code) }
            return t.int(Int(id))
        }
        #endif
    }

    // MARK: Sleeping

    private static func sleep(_ t: Thread, _ value: Value) throws(Raised) {
        let length: Int
        if t.isFloat(value) {
            let d = t.double(value)
            if d.isNaN { throw t.raise(.valueError, "Invalid value NaN (not a number)") }
            let n = (d * 1e9).rounded(.up)
            if n >= 9.223372036854775e18 || n <= -9.223372036854775e18 { throw t.raise(.overflowError, "timestamp out of range for platform time_t") }
            length = Int(n)
        } else {
            guard let n = t.machineInt(try t.indexValue(value)) else { throw t.raise(.overflowError, "timestamp too large to convert to C _PyTime_t") }
            let (product, overflow) = n.multipliedReportingOverflow(by: 1_000_000_000)
            if overflow { throw t.raise(.overflowError, "timestamp too large to convert to C _PyTime_t") }
            length = product
        }
        if length < 0 { throw t.raise(.valueError, "sleep length must be non-negative") }
        t.settleDropped("sleep")
        let (sum, overflow) = (try t.clock(CLOCK_MONOTONIC)).addingReportingOverflow(length)
        let deadline = overflow ? Int.max : sum
        while true {
            let left = max(deadline - (try t.clock(CLOCK_MONOTONIC)), 0)
            var request = timespec(tv_sec: left / 1_000_000_000, tv_nsec: left % 1_000_000_000)
            let code: Int32 = t.blocking { nanosleep(&request, nil) == 0 ? 0 : ctaipan_get_errno() }
            if code == 0 { return }
            if code != EINTR { throw t.osError(code) }
            try t.checkSignals()
        }
    }

    // MARK: The time zone

    /// Sets `timezone`, `altzone`, `daylight` and `tzname`, from what January and July of this year say.
    private static func setZone(_ t: Thread) throws(Raised) {
        let year = (365 * 24 + 6) * 3600
        var moment = time(nil) / year * year
        var (first, firstName) = (0, Value.unbound)
        var (second, secondName) = (0, Value.unbound)
        (first, firstName) = zone(t, moment)
        moment += year / 2
        (second, secondName) = zone(t, moment)
        let dict = DictObject(t.timeState(1))
        // South of the equator daylight saving time is in January.
        let isReversed = first < second
        try dict.setString(t, t.intern("timezone"), t.int(isReversed ? second : first))
        try dict.setString(t, t.intern("altzone"), t.int(isReversed ? first : second))
        try dict.setString(t, t.intern("daylight"), t.int(first != second ? 1 : 0))
        try dict.setString(t, t.intern("tzname"), isReversed ? try t.tuple(secondName, firstName) : try t.tuple(firstName, secondName))
    }

    private static func zone(_ t: Thread, _ moment: Int) -> (Int, Value) {
        var moment = time_t(moment)
        var parts = tm()
        localtime_r(&moment, &parts)
        let name: Value = parts.tm_zone.map { t.str(String(cString: $0)) } ?? t.str("   ")
        return (-Int(parts.tm_gmtoff), name)
    }
}
