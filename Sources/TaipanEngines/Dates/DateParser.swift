// `fromisoformat` of date, time and datetime: ISO 8601 as Python 3.11 and later take it, to the same quirks.
// Text is UTF-8; reading one byte past the end gives 0, which ends everything.

/// What `fromisoformat` found. Fields are not range-checked (the constructors do that).
public struct ParsedDateTime: Equatable, Sendable {
    public var date = CalendarDate(year: 1, month: 1, day: 1)
    public var time = ClockTime()
    /// The UTC offset, if one is given.
    public var offset: TimeSpan?
}

/// Parses ISO 8601 texts. nil everywhere means ValueError "Invalid isoformat string: …".
public struct DateParser {
    private let text: UnsafeBufferPointer<UInt8>

    /// A parser over UTF-8. (The caller replaces a lone surrogate in a separator's place by `T`.)
    public init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

    @inline(__always)
    private func byte(_ at: Int) -> UInt8 { at < text.count ? text[at] : 0 }

    @inline(__always)
    private func isDigit(_ at: Int) -> Bool { byte(at) &- 48 < 10 }

    /// Reads exactly `count` digits.
    private func digits(_ at: inout Int, _ count: Int) -> Int? {
        var value = 0
        for _ in 0..<count {
            guard isDigit(at) else { return nil }
            value = value &* 10 &+ Int(byte(at) &- 48)
            at &+= 1
        }
        return value
    }

    /// `date.fromisoformat`.
    public func date() -> CalendarDate? {
        guard text.count == 7 || text.count == 8 || text.count == 10 else { return nil }
        return datePart(text.count)
    }

    /// `time.fromisoformat`; a leading `T` is allowed.
    public func time() -> ParsedDateTime? {
        var result = ParsedDateTime()
        return timePart(byte(0) == 84 ? 1 : 0, &result) ? result : nil
    }

    /// `datetime.fromisoformat`.
    public func dateTime() -> ParsedDateTime? {
        guard text.count >= 7 else { return nil }
        guard let separator = separatorPosition(), let date = datePart(separator) else { return nil }
        var result = ParsedDateTime()
        result.date = date
        guard text.count > separator else { return result }
        // The separator is one character of any length.
        var at = separator
        let lead = byte(at)
        if lead & 0x80 == 0 { at &+= 1 } else { at &+= lead & 0xF0 == 0xF0 ? 4 : lead & 0xF0 == 0xE0 ? 3 : 2 }
        return timePart(at, &result) ? result : nil
    }

    // MARK: Date

    /// A date of `length` bytes at the beginning.
    private func datePart(_ length: Int) -> CalendarDate? {
        var at = 0
        guard let year = digits(&at, 4) else { return nil }
        let isSeparated = byte(at) == 45
        if isSeparated { at &+= 1 }
        if byte(at) == 87 { return weekPart(year, at &+ 1, isSeparated, length) }
        guard let month = digits(&at, 2) else { return nil }
        if isSeparated {
            guard byte(at) == 45 else { return nil }
            at &+= 1
        }
        // Digits behind a date without hyphens go unnoticed, as in CPython 3.12: `2020123045` is a date.
        guard let day = digits(&at, 2) else { return nil }
        return CalendarDate(year: year, month: month, day: day)
    }

    private func weekPart(_ year: Int, _ start: Int, _ isSeparated: Bool, _ length: Int) -> CalendarDate? {
        var at = start
        var weekday = 1
        guard let week = digits(&at, 2) else { return nil }
        if at < length {
            if isSeparated {
                guard byte(at) == 45 else { return nil }
                at &+= 1
            }
            guard let given = digits(&at, 1) else { return nil }
            weekday = given
        }
        return try? CalendarDate(isoYear: year, week: week, weekday: weekday)
    }

    /// Where the character between date and time stands.
    private func separatorPosition() -> Int? {
        let count = text.count
        if count == 7 { return 7 }
        if byte(4) == 45 {
            guard byte(5) == 87 else { return 10 }
            guard count > 8, byte(8) == 45 else { return 8 }
            if count == 9 { return nil }
            // YYYY-Www-##: more likely a hyphen between date and hour than a digit between date and time.
            return count > 10 && isDigit(10) ? 8 : 10
        }
        guard byte(4) == 87 else { return 8 }
        var at = 7
        while at < count && isDigit(at) { at &+= 1 }
        if at < 9 { return at }
        return at & 1 == 0 ? 7 : 8
    }

    // MARK: Time

    private func timePart(_ start: Int, _ result: inout ParsedDateTime) -> Bool {
        let end = text.count
        var zone = start
        repeat {
            let ch = byte(zone)
            if ch == 43 || ch == 45 || ch == 90 { break }
            zone &+= 1
        } while zone < end
        guard let rest = clock(start, zone, &result.time) else { return false }
        if zone >= end { return !rest }
        if byte(zone) == 90 {
            result.offset = TimeSpan(normalizedDays: 0, seconds: 0, microseconds: 0)
            return byte(zone &+ 1) == 0
        }
        var offset = ClockTime()
        guard let extra = clock(zone &+ 1, end, &offset), !extra else { return false }
        let seconds = offset.hour &* 3600 &+ offset.minute &* 60 &+ offset.second
        let total = Int128(seconds) * 1_000_000 + Int128(offset.microsecond)
        result.offset = TimeSpan(microseconds: byte(zone) == 45 ? -total : total)
        return true
    }

    /// Reads `HH[:MM[:SS[.f…]]]` in `start ..< end`; nil if malformed, true if something is left over.
    private func clock(_ start: Int, _ end: Int, _ time: inout ClockTime) -> Bool? {
        var at = start
        var isSeparated = true
        parts: for part in 0..<3 {
            guard let value = digits(&at, 2) else { return nil }
            switch part {
            case 0: time.hour = value
            case 1: time.minute = value
            default: time.second = value
            }
            let ch = byte(at)
            at &+= 1
            if part == 0 { isSeparated = ch == 58 }
            if at >= end { return ch != 0 }
            if isSeparated && ch == 58 { continue }
            if ch == 46 || ch == 44 { break parts }
            if isSeparated { return nil }
            at &-= 1
        }
        let count = min(end &- at, 6)
        guard count >= 0, var fraction = digits(&at, count) else { return nil }
        for _ in count..<6 { fraction &*= 10 }
        time.microsecond = fraction
        while isDigit(at) { at &+= 1 }
        return byte(at) != 0
    }
}
