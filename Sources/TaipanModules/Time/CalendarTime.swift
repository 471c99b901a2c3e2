// Calendar times of `time`: between seconds, struct_time and text.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import CTaipan
import TaipanRuntime

enum CalendarTime {
    static func define(_ b: ModuleBuilder) {
        b.function("gmtime", "!($module, seconds=None, /)", "gmtime([seconds]) -> (tm_year, tm_mon, tm_mday, tm_hour, tm_min,\n                       tm_sec, tm_wday, tm_yday, tm_isdst)\n\nConvert seconds since the Epoch to a time tuple expressing UTC (a.k.a.\nGMT).  When 'seconds' is not passed in, convert the current time instead.") { (t, a) throws(Raised) in
            try structTime(t, try moment(t, a[0]), local: false)
        }
        b.function("localtime", "!($module, seconds=None, /)", "localtime([seconds]) -> (tm_year,tm_mon,tm_mday,tm_hour,tm_min,\n                          tm_sec,tm_wday,tm_yday,tm_isdst)\n\nConvert seconds since the Epoch to a time tuple expressing local time.\nWhen 'seconds' is not passed in, convert the current time instead.") { (t, a) throws(Raised) in
            try structTime(t, try moment(t, a[0]), local: true)
        }
        b.function("asctime", "!($module, tuple=None, /)", "asctime([tuple]) -> string\n\nConvert a time tuple to a string, e.g. 'Sat Jun 06 16:26:11 1998'.\nWhen the time tuple is not present, current time as returned by localtime()\nis used.") { (t, a) throws(Raised) in
            var parts: tm = a[0].isUnbound ? try now(t) : try timeParts(t, a[0], "asctime")
            try check(t, &parts)
            return t.str(clockText(parts))
        }
        b.function("ctime", "!($module, seconds=None, /)", "ctime(seconds) -> string\n\nConvert a time in seconds since the Epoch to a string in local time.\nThis is equivalent to asctime(localtime(seconds)). When the time tuple is\nnot present, current time as returned by localtime() is used.") { (t, a) throws(Raised) in
            t.str(clockText(try broken(t, try moment(t, a[0]), local: true)))
        }
        b.function("mktime", "!($module, tuple, /)", "mktime(tuple) -> floating point number\n\nConvert a time tuple in local time to seconds since the Epoch.\nNote that mktime(gmtime(0)) will not generally return zero for most\ntime zones; instead the returned value will either be equal to that\nof the timezone or altzone attributes on the time module.") { (t, a) throws(Raised) in
            var parts = try timeParts(t, a[0], "mktime")
            parts.tm_wday = -1
            let seconds = mktime(&parts)
            if seconds == -1 && parts.tm_wday == -1 { throw t.raise(.overflowError, "mktime argument out of range") }
            return t.float(Double(seconds))
        }
        b.function("strftime", "!($module, format, tuple=None, /)", "strftime(format[, tuple]) -> string\n\nConvert a time tuple to a string according to a format specification.\nSee the library reference manual for formatting codes. When the time tuple\nis not present, current time as returned by localtime() is used.") { (t, a) throws(Raised) in
            if !a[0].isKind(.str) { throw t.raise(.typeError, "strftime() argument 1 must be str, not \(t.argumentTypeName(a[0]))") }
            var parts = a[1].isUnbound ? try now(t) : try timeParts(t, a[1], "strftime")
            try check(t, &parts)
            parts.tm_isdst = max(-1, min(1, parts.tm_isdst))
            let isStruct = a[1].isBound && t.type(of: a[1]).value == t.timeState(0)
            return try format(t, a[0], parts, zone: isStruct ? a[1].cell[11] : .unbound)
        }
        b.function("strptime", "!($module, string, format=None, /)", "strptime(string, format) -> struct_time\n\nParse a string to a time tuple according to a format specification.\nSee the library reference manual for formatting codes (same as\nstrftime()).") { (t, a) throws(Raised) in
            let module = try t.importModule(t.str("_strptime"), .unbound, .unbound, 0)
            let parse = try t.getattr(module, t.intern("_strptime_time"))
            return a[1].isUnbound ? try t.call(parse, a[0]) : try t.call(parse, a[0], a[1])
        }
    }

    // MARK: Seconds to parts

    /// Whole seconds of an argument; the present when it is left out or None.
    private static func moment(_ t: Thread, _ value: Value) throws(Raised) -> Int {
        if value.isNoneOrUnbound { return time(nil) }
        return Int(try t.timespecArgument(value).tv_sec)
    }

    private static func broken(_ t: Thread, _ moment: Int, local: Bool) throws(Raised) -> tm {
        var seconds = time_t(moment)
        var parts = tm()
        ctaipan_set_errno(0)
        let done = local ? localtime_r(&seconds, &parts) : gmtime_r(&seconds, &parts)
        if done == nil {
            let code = ctaipan_get_errno()
            throw t.osError(code == 0 ? EINVAL : code)
        }
        return parts
    }

    private static func now(_ t: Thread) throws(Raised) -> tm { try broken(t, time(nil), local: true) }

    private static func structTime(_ t: Thread, _ moment: Int, local: Bool) throws(Raised) -> Value {
        let parts = try broken(t, moment, local: local)
        let numbers: [Int] = [Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday), Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec),
                              (Int(parts.tm_wday) + 6) % 7, Int(parts.tm_yday) + 1, Int(parts.tm_isdst)]
        let cell = try t.newStructSequence(TypeObject(t.timeState(0)))
        for i in 0..<9 { cell[i + 2] = t.int(numbers[i]) }
        cell[11] = local ? (parts.tm_zone.map { t.str(String(cString: $0)) } ?? .none) : t.str("UTC")
        cell[12] = t.int(local ? Int(parts.tm_gmtoff) : 0)
        return Value(cell)
    }

    // MARK: Parts from tuples

    /// The fields of a time tuple, as struct tm counts them.
    private static func timeParts(_ t: Thread, _ value: Value, _ function: String) throws(Raised) -> tm {
        if !value.isKind(.tuple) { throw t.raise(.typeError, "Tuple or struct_time argument required") }
        let items = TupleObject(value)
        if items.count != 9 { throw t.raise(.typeError, "\(function)(): illegal time tuple argument") }
        var numbers: [Int32] = []
        for i in 0..<9 {
            let number = try t.indexValue(items[i])
            guard let n = t.machineInt(number), let small = Int32(exactly: n) else {
                let isBelow = try t.holds(number, .less, Value(smallInt: 0))
                throw t.raise(.overflowError, isBelow ? "signed integer is less than minimum" : "signed integer is greater than maximum")
            }
            numbers.append(small)
        }
        if numbers[0] < Int32.min + 1900 { throw t.raise(.overflowError, "year out of range") }
        var parts = tm()
        parts.tm_year = numbers[0] - 1900
        parts.tm_mon = numbers[1] &- 1
        parts.tm_mday = numbers[2]
        parts.tm_hour = numbers[3]
        parts.tm_min = numbers[4]
        parts.tm_sec = numbers[5]
        parts.tm_wday = (numbers[6] &+ 1) % 7
        parts.tm_yday = numbers[7] &- 1
        parts.tm_isdst = numbers[8]
        if t.type(of: value).value == t.timeState(0) {
            let offset = value.cell[12]
            if t.isInt(offset) { parts.tm_gmtoff = try t.index(offset) }
        }
        return parts
    }

    /// Brings fields that may be 0 to what they mean, and refuses what no calendar has.
    private static func check(_ t: Thread, _ parts: inout tm) throws(Raised) {
        if parts.tm_mon == -1 { parts.tm_mon = 0 } else if parts.tm_mon < 0 || parts.tm_mon > 11 { throw t.raise(.valueError, "month out of range") }
        if parts.tm_mday == 0 { parts.tm_mday = 1 } else if parts.tm_mday < 0 || parts.tm_mday > 31 { throw t.raise(.valueError, "day of month out of range") }
        if parts.tm_hour < 0 || parts.tm_hour > 23 { throw t.raise(.valueError, "hour out of range") }
        if parts.tm_min < 0 || parts.tm_min > 59 { throw t.raise(.valueError, "minute out of range") }
        if parts.tm_sec < 0 || parts.tm_sec > 61 { throw t.raise(.valueError, "seconds out of range") }
        if parts.tm_wday < 0 { throw t.raise(.valueError, "day of week out of range") }
        if parts.tm_yday == -1 { parts.tm_yday = 0 } else if parts.tm_yday < 0 || parts.tm_yday > 365 { throw t.raise(.valueError, "day of year out of range") }
    }

    // MARK: Texts

    /// "Sat Jun  6 16:26:11 1998".
    private static func clockText(_ parts: tm) -> String {
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ n: Int32) -> String { n < 10 ? "0\(n)" : "\(n)" }
        let day = parts.tm_mday < 10 ? " \(parts.tm_mday)" : "\(parts.tm_mday)"
        return "\(days[Int(parts.tm_wday) % 7]) \(months[Int(parts.tm_mon) % 12]) \(day) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) \(Int(parts.tm_year) + 1900)"
    }

    private static func format(_ t: Thread, _ value: Value, _ given: tm, zone: Value) throws(Raised) -> Value {
        var parts = given
        let text = try t.encodeFileSystem(value)
        if text.contains(0) { throw t.raise(.valueError, "embedded null character") }
        if text.isEmpty { return t.objects.pointee.emptyStr }
        // Without a name the system takes the zone's own, by `tm_isdst`.
        let name: UnsafeMutablePointer<CChar>? = zone.isKind(.str) ? strdup(t.string(zone)) : nil
        defer { free(name) }
        if let name { parts.tm_zone = UnsafePointer(name) }
        let format = text.map { CChar(bitPattern: $0) } + [0]
        var size = 1024
        while true {
            var out = [CChar](repeating: 0, count: size)
            let n = strftime(&out, size, format, &parts)
            if n > 0 || size >= 256 * text.count {
                return out.withUnsafeBufferPointer { buffer in
                    buffer.withMemoryRebound(to: UInt8.self) { t.decodeFileSystem(UnsafeBufferPointer(rebasing: $0[0..<n])) }
                }
            }
            size *= 2
        }
    }
}
