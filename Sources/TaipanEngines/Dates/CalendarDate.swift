// The proleptic Gregorian calendar of `datetime`: days, ordinals (1 is 0001-01-01), ISO weeks.

/// What is wrong with a date or a time (ValueError).
public struct DateError: Error, Equatable, Sendable {
    /// CPython's message.
    public let text: String

    init(_ text: String) { self.text = text }
}

/// A day of the calendar, of the years 1…9999.
public struct CalendarDate: Equatable, Sendable {
    public var year: Int
    public var month: Int
    public var day: Int

    /// Ordinal of 9999-12-31.
    public static let maxOrdinal = 3_652_059

    /// Fields as they are; `check` says whether they make a day.
    public init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// Is `year` a leap year?
    @inline(__always)
    public static func isLeap(_ year: Int) -> Bool { year & 3 == 0 && (year % 100 != 0 || year % 400 == 0) }

    /// Days of a month (1…12).
    @inline(__always)
    public static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: return isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: return 30
        default: return 31
        }
    }

    /// Days of the year before the first of `month`.
    @inline(__always)
    public static func days(beforeMonth month: Int, of year: Int) -> Int {
        // From March on, months come in groups of five with 153 days.
        if month <= 2 { return (month &- 1) &* 31 }
        return (153 &* (month &- 3) &+ 2) / 5 &+ (isLeap(year) ? 60 : 59)
    }

    /// Days before the first of January of `year` (≥ 1).
    @inline(__always)
    public static func days(beforeYear year: Int) -> Int {
        let past = year &- 1
        return past &* 365 &+ past / 4 &- past / 100 &+ past / 400
    }

    /// Throws CPython's ValueError unless the fields make a day.
    public func check() throws(DateError) {
        guard year >= 1, year <= 9999 else { throw DateError("year \(year) is out of range") }
        guard month >= 1, month <= 12 else { throw DateError("month must be in 1..12") }
        guard day >= 1, day <= CalendarDate.days(inMonth: month, of: year) else {
            throw DateError("day is out of range for month")
        }
    }

    /// Day of the year, from 1.
    public var dayOfYear: Int { CalendarDate.days(beforeMonth: month, of: year) &+ day }

    /// The ordinal.
    public var ordinal: Int { CalendarDate.days(beforeYear: year) &+ dayOfYear }

    /// The day with an ordinal ≥ 1.
    public init(ordinal: Int) {
        var n = ordinal &- 1
        let cycles400 = n / 146_097
        n %= 146_097
        let cycles100 = n / 36_524
        n %= 36_524
        let cycles4 = n / 1_461
        n %= 1_461
        let years = n / 365
        n %= 365
        year = cycles400 &* 400 &+ cycles100 &* 100 &+ cycles4 &* 4 &+ years &+ 1
        if years == 4 || cycles100 == 4 {
            year &-= 1
            month = 12
            day = 31
            return
        }
        month = (n &+ 50) >> 5
        var before = CalendarDate.days(beforeMonth: month, of: year)
        if before > n {
            month &-= 1
            before = CalendarDate.days(beforeMonth: month, of: year)
        }
        day = n &- before &+ 1
    }

    /// Monday is 0.
    public var weekday: Int { (ordinal &+ 6) % 7 }

    /// Ordinal of the Monday that begins ISO week 1 of `year`.
    static func isoWeekOne(_ year: Int) -> Int {
        let first = days(beforeYear: year) &+ 1
        let weekday = (first &+ 6) % 7
        return first &- weekday &+ (weekday > 3 ? 7 : 0)
    }

    /// ISO year, week, and weekday (Monday is 1).
    public var isoCalendar: (year: Int, week: Int, weekday: Int) {
        let today = ordinal
        var isoYear = year
        var start = CalendarDate.isoWeekOne(year)
        if today < start {
            isoYear &-= 1
            start = CalendarDate.isoWeekOne(isoYear)
        } else if today >= CalendarDate.isoWeekOne(year &+ 1) {
            isoYear &+= 1
            start = CalendarDate.isoWeekOne(isoYear)
        }
        let offset = today &- start
        return (isoYear, offset / 7 &+ 1, offset % 7 &+ 1)
    }

    /// The day from ISO year, week and weekday (`date.fromisocalendar`). Week 1 of year 1 and the last of 9999 may
    /// lead out of the calendar: then the fields are those of year 0 or 10000, and `check` refuses them.
    public init(isoYear: Int, week: Int, weekday: Int) throws(DateError) {
        guard isoYear >= 1, isoYear <= 9999 else { throw DateError("Year is out of range: \(isoYear)") }
        if week <= 0 || week >= 53 {
            let first = (CalendarDate.days(beforeYear: isoYear) &+ 7) % 7
            let isLong = first == 3 || first == 2 && CalendarDate.isLeap(isoYear)
            guard week == 53 && isLong else { throw DateError("Invalid week: \(week)") }
        }
        guard weekday >= 1, weekday <= 7 else { throw DateError("Invalid day: \(weekday) (range is [1, 7])") }
        let ordinal = CalendarDate.isoWeekOne(isoYear) &+ (week &- 1) &* 7 &+ weekday &- 1
        self.init(ordinal: max(ordinal, 1))
        if ordinal < 1 { self.init(year: 0, month: 12, day: 31) }
    }

    /// Brings a year, month and day whose day may be one of a neighbouring month back into the calendar
    /// (OverflowError "date value out of range" is thrown as DateError).
    public static func adding(days: Int, to date: CalendarDate) throws(DateError) -> CalendarDate {
        let (sum, over) = date.ordinal.addingReportingOverflow(days)
        guard !over, sum >= 1, sum <= maxOrdinal else { throw DateError("date value out of range") }
        return CalendarDate(ordinal: sum)
    }
}
