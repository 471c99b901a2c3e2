// Dates and times as text: `isoformat`, `ctime`, and what `strftime` adds to the C library's.

/// How much of a time `isoformat` writes.
public enum TimeSpec: String, Sendable {
    case auto, hours, minutes, seconds, milliseconds, microseconds
}

/// A time of day.
public struct ClockTime: Equatable, Sendable {
    public var hour: Int
    public var minute: Int
    public var second: Int
    public var microsecond: Int

    public init(hour: Int = 0, minute: Int = 0, second: Int = 0, microsecond: Int = 0) {
        self.hour = hour
        self.minute = minute
        self.second = second
        self.microsecond = microsecond
    }

    /// Throws CPython's ValueError unless all fields are in range.
    public func check() throws(DateError) {
        guard hour >= 0, hour <= 23 else { throw DateError("hour must be in 0..23") }
        guard minute >= 0, minute <= 59 else { throw DateError("minute must be in 0..59") }
        guard second >= 0, second <= 59 else { throw DateError("second must be in 0..59") }
        guard microsecond >= 0, microsecond <= 999_999 else { throw DateError("microsecond must be in 0..999999") }
    }
}

/// Text forms. All results are ASCII.
public enum DateText {
    /// Decimal digits, zero-filled to `width`.
    static func padded(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return digits.utf8.count < width ? String(repeating: "0", count: width &- digits.utf8.count) + digits : digits
    }

    /// `YYYY-MM-DD`.
    public static func iso(_ date: CalendarDate) -> String {
        padded(date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2)
    }

    /// `HH:MM:SS.ffffff`, cut as `spec` says.
    public static func iso(_ time: ClockTime, _ spec: TimeSpec = .auto) -> String {
        var out = padded(time.hour, 2)
        if spec == .hours { return out }
        out += ":" + padded(time.minute, 2)
        if spec == .minutes { return out }
        out += ":" + padded(time.second, 2)
        switch spec {
        case .milliseconds: out += "." + padded(time.microsecond / 1000, 3)
        case .microseconds: out += "." + padded(time.microsecond, 6)
        case .auto: if time.microsecond != 0 { out += "." + padded(time.microsecond, 6) }
        default: break
        }
        return out
    }

    /// A UTC offset as `+HH:MM`, with seconds and microseconds if it has them.
    public static func offset(_ span: TimeSpan, separator: String = ":") -> String {
        let total = span.total
        let all = Int(truncatingIfNeeded: total.magnitude)
        let seconds = all / 1_000_000, fraction = all % 1_000_000
        var out = total < 0 ? "-" : "+"
        out += padded(seconds / 3600, 2) + separator + padded(seconds / 60 % 60, 2)
        if seconds % 60 != 0 || fraction != 0 { out += separator + padded(seconds % 60, 2) }
        if fraction != 0 { out += "." + padded(fraction, 6) }
        return out
    }

    private static func dayName(_ weekday: Int) -> String {
        switch weekday {
        case 0: return "Mon"
        case 1: return "Tue"
        case 2: return "Wed"
        case 3: return "Thu"
        case 4: return "Fri"
        case 5: return "Sat"
        default: return "Sun"
        }
    }

    private static func monthName(_ month: Int) -> String {
        let names: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"
        let from = names.utf8Start + (max(min(month, 12), 1) &- 1) &* 3
        return String(decoding: UnsafeBufferPointer(start: from, count: 3), as: UTF8.self)
    }

    /// `ctime`: `Wed Jun  9 04:26:40 1993`.
    public static func ctime(_ date: CalendarDate, _ time: ClockTime = ClockTime()) -> String {
        let day = date.day < 10 ? " " + String(date.day) : String(date.day)
        let clock = padded(time.hour, 2) + ":" + padded(time.minute, 2) + ":" + padded(time.second, 2)
        return dayName(date.weekday) + " " + monthName(date.month) + " " + day + " " + clock + " " + padded(date.year, 4)
    }
}

/// The directives that `datetime.strftime` answers itself before the C library sees the format.
public enum StrftimeFormat {
    /// Which directives a format uses.
    public struct Needs: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// `%z`
        public static let offset = Needs(rawValue: 1)
        /// `%:z`
        public static let colonOffset = Needs(rawValue: 2)
        /// `%Z`
        public static let zone = Needs(rawValue: 4)
        /// `%f`
        public static let fraction = Needs(rawValue: 8)
    }

    /// The directive at a `%` at `at`, and its length; nil if it is the C library's.
    private static func directive(_ format: [UInt8], _ at: Int) -> (Needs, Int)? {
        guard at &+ 1 < format.count else { return nil }
        switch format[at &+ 1] {
        case UInt8(ascii: "z"): return (.offset, 2)
        case UInt8(ascii: "Z"): return (.zone, 2)
        case UInt8(ascii: "f"): return (.fraction, 2)
        case UInt8(ascii: ":"):
            return at &+ 2 < format.count && format[at &+ 2] == UInt8(ascii: "z") ? (.colonOffset, 3) : nil
        default: return nil
        }
    }

    /// What has to be found out before `expand`.
    public static func needs(_ format: [UInt8]) -> Needs {
        var needs: Needs = []
        walk(format) { directive, _ in if let directive { needs.insert(directive) } }
        return needs
    }

    /// The format with our directives replaced. `zone` is text: its percent signs are doubled here.
    public static func expand(
        _ format: [UInt8], offset: [UInt8] = [], colonOffset: [UInt8] = [], zone: [UInt8] = [], fraction: [UInt8] = []
    ) -> [UInt8] {
        var out: [UInt8] = []
        walk(format) { directive, text in
            switch directive {
            case .some(.offset): out += offset
            case .some(.colonOffset): out += colonOffset
            case .some(.zone): for byte in zone { out += byte == 37 ? [37, 37] : [byte] }
            case .some(.fraction): out += fraction
            default: out += text
            }
        }
        return out
    }

    private static func walk(_ format: [UInt8], _ body: (Needs?, ArraySlice<UInt8>) -> Void) {
        var at = 0
        while at < format.count {
            if format[at] != 37 {
                body(nil, format[at..<(at &+ 1)])
                at &+= 1
            } else if let (needs, length) = directive(format, at) {
                body(needs, format[at..<(at &+ length)])
                at &+= length
            } else {
                let next = min(at &+ 2, format.count)
                body(nil, format[at..<next])
                at = next
            }
        }
    }
}
