// Methods of str that ask about or change the case and class of characters.

import TaipanUnicode

extension Thread {
    private static func all(_ value: Value, _ test: (UInt32) -> Bool) -> Value {
        let s = StrObject(value)
        for i in 0..<s.count where !test(s[i]) { return .false }
        return Value(s.count > 0)
    }

    /// islower and isupper: some character has the case, none has another.
    private static func isCase(_ value: Value, upper: Bool) -> Value {
        let s = StrObject(value)
        var found = false
        for i in 0..<s.count {
            let flags = UnicodeProperties.flags(s[i])
            if flags.contains(.title) || flags.contains(upper ? .lower : .upper) { return .false }
            if flags.contains(upper ? .upper : .lower) { found = true }
        }
        return Value(found)
    }

    private static func isTitle(_ value: Value) -> Value {
        let s = StrObject(value)
        var found = false, inWord = false
        for i in 0..<s.count {
            let flags = UnicodeProperties.flags(s[i])
            if flags.contains(.upper) || flags.contains(.title) {
                if inWord { return .false }
                inWord = true
                found = true
            } else if flags.contains(.lower) {
                if !inWord { return .false }
                found = true
            } else {
                inWord = false
            }
        }
        return Value(found)
    }

    /// `str.isidentifier`.
    public func isIdentifier(_ value: Value) -> Bool {
        let s = StrObject(value)
        if s.count == 0 || !(s[0] == 0x5F || UnicodeProperties.isXIDStart(s[0])) { return false }
        for i in 1..<s.count where !UnicodeProperties.isXIDContinue(s[i]) { return false }
        return true
    }

    func defineStrCaseMethods(_ b: TypeBuilder) {
        b.method("isascii", "($self, /)", "Return True if all characters in the string are ASCII, False otherwise.\n\nASCII characters have code points in the range U+0000-U+007F.\nEmpty string is ASCII too.") { (_, a) in Value(StrObject(a[0]).isASCII) }
        b.method("islower", "($self, /)", "Return True if the string is a lowercase string, False otherwise.\n\nA string is lowercase if all cased characters in the string are lowercase and\nthere is at least one cased character in the string.") { (_, a) in Thread.isCase(a[0], upper: false) }
        b.method("isupper", "($self, /)", "Return True if the string is an uppercase string, False otherwise.\n\nA string is uppercase if all cased characters in the string are uppercase and\nthere is at least one cased character in the string.") { (_, a) in Thread.isCase(a[0], upper: true) }
        b.method("istitle", "($self, /)", "Return True if the string is a title-cased string, False otherwise.\n\nIn a title-cased string, upper- and title-case characters may only\nfollow uncased characters and lowercase characters only cased ones.") { (_, a) in Thread.isTitle(a[0]) }
        b.method("isspace", "($self, /)", "Return True if the string is a whitespace string, False otherwise.\n\nA string is whitespace if all characters in the string are whitespace and there\nis at least one character in the string.") { (_, a) in Thread.all(a[0], UnicodeProperties.isSpace) }
        b.method("isdecimal", "($self, /)", "Return True if the string is a decimal string, False otherwise.\n\nA string is a decimal string if all characters in the string are decimal and\nthere is at least one character in the string.") { (_, a) in Thread.all(a[0], UnicodeProperties.isDecimal) }
        b.method("isdigit", "($self, /)", "Return True if the string is a digit string, False otherwise.\n\nA string is a digit string if all characters in the string are digits and there\nis at least one character in the string.") { (_, a) in Thread.all(a[0], UnicodeProperties.isDigit) }
        b.method("isnumeric", "($self, /)", "Return True if the string is a numeric string, False otherwise.\n\nA string is numeric if all characters in the string are numeric and there is at\nleast one character in the string.") { (_, a) in Thread.all(a[0], UnicodeProperties.isNumeric) }
        b.method("isalpha", "($self, /)", "Return True if the string is an alphabetic string, False otherwise.\n\nA string is alphabetic if all characters in the string are alphabetic and there\nis at least one character in the string.") { (_, a) in Thread.all(a[0], UnicodeProperties.isAlpha) }
        b.method("isalnum", "($self, /)", "Return True if the string is an alpha-numeric string, False otherwise.\n\nA string is alpha-numeric if all characters in the string are alpha-numeric and\nthere is at least one character in the string.") { (_, a) in Thread.all(a[0], UnicodeProperties.isAlphanumeric) }
        b.method("isidentifier", "($self, /)", "Return True if the string is a valid Python identifier, False otherwise.\n\nCall keyword.iskeyword(s) to test whether string s is a reserved identifier,\nsuch as \"def\" or \"class\".") { (t, a) in Value(t.isIdentifier(a[0])) }
        b.method("isprintable", "($self, /)", "Return True if the string is printable, False otherwise.\n\nA string is printable if all of its characters are considered printable in\nrepr() or if it is empty.") { (_, a) in
            StrObject(a[0]).count == 0 ? .true : Thread.all(a[0], UnicodeProperties.isPrintable)
        }
        b.method("lower", "($self, /)", "Return a copy of the string converted to lowercase.") { (t, a) throws(Raised) in try t.lower(a[0]) }
        b.method("upper", "($self, /)", "Return a copy of the string converted to uppercase.") { (t, a) throws(Raised) in try t.upper(a[0]) }
        b.method("casefold", "($self, /)", "Return a version of the string suitable for caseless comparisons.") { (t, a) throws(Raised) in
            if StrObject(a[0]).isASCII { return try t.lower(a[0]) }
            return try t.mapCase(a[0]) { (points, i, out) in UnicodeProperties.toFoldedFull(points[i], into: out) }
        }
        b.method("swapcase", "($self, /)", "Convert uppercase characters to lowercase and lowercase characters to uppercase.") { (t, a) throws(Raised) in
            try t.mapCase(a[0]) { (points, i, out) in
                let flags = UnicodeProperties.flags(points[i])
                if flags.contains(.upper) { return Thread.lowerAt(points, i, out) }
                if flags.contains(.lower) { return UnicodeProperties.toUpperFull(points[i], into: out) }
                out[0] = points[i]
                return 1
            }
        }
        b.method("title", "($self, /)", "Return a version of the string where each word is titlecased.\n\nMore specifically, words start with uppercased characters and all remaining\ncased characters have lower case.") { (t, a) throws(Raised) in
            try t.mapCase(a[0]) { (points, i, out) in
                if i > 0 && UnicodeProperties.isCased(points[i - 1]) { return Thread.lowerAt(points, i, out) }
                return UnicodeProperties.toTitleFull(points[i], into: out)
            }
        }
        b.method("capitalize", "($self, /)", "Return a capitalized version of the string.\n\nMore specifically, make the first character have upper case and the rest lower\ncase.") { (t, a) throws(Raised) in
            try t.mapCase(a[0]) { (points, i, out) in
                i == 0 ? UnicodeProperties.toTitleFull(points[i], into: out) : Thread.lowerAt(points, i, out)
            }
        }
    }

    /// Lowercase of character `i`, its final sigma decided by its surroundings.
    private static func lowerAt(_ points: CodePoints, _ i: Int, _ out: UnsafeMutablePointer<UInt32>) -> Int {
        let c = points[i]
        if c == 0x3A3 {
            let isFinal = points.width == 2 ? UnicodeProperties.isFinalSigma(points.units(UInt16.self), at: i)
                : UnicodeProperties.isFinalSigma(points.units(UInt32.self), at: i)
            out[0] = isFinal ? 0x3C2 : 0x3C3
            return 1
        }
        return UnicodeProperties.toLowerFull(c, into: out)
    }

    /// `s.lower()`.
    public func lower(_ s: Value) throws(Raised) -> Value {
        let text = StrObject(s)
        if !text.isASCII { return try mapCase(s, Thread.lowerAt) }
        let made = try newStr(count: text.count, maximum: 0)
        for i in 0..<text.count { made.units8[i] = ASCIIText.toLower(text.units8[i]) }
        return text.count == 1 ? character(made[0]) : text.count == 0 ? objects.pointee.emptyStr : made.value
    }

    /// `s.upper()`.
    public func upper(_ s: Value) throws(Raised) -> Value {
        let text = StrObject(s)
        if !text.isASCII { return try mapCase(s) { (points, i, out) in UnicodeProperties.toUpperFull(points[i], into: out) } }
        let made = try newStr(count: text.count, maximum: 0)
        for i in 0..<text.count { made.units8[i] = ASCIIText.toUpper(text.units8[i]) }
        return text.count == 1 ? character(made[0]) : text.count == 0 ? objects.pointee.emptyStr : made.value
    }

    /// The text with every character replaced by what `map` writes (at most three code points).
    func mapCase(_ s: Value, _ map: (CodePoints, Int, UnsafeMutablePointer<UInt32>) -> Int) throws(Raised) -> Value {
        let points = StrObject(s).points
        var builder = StrBuilder()
        builder.sink.reserve(points.count)
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 4) { out in
            guard let base = out.baseAddress else { return }
            for i in 0..<points.count {
                let count = map(points, i, base)
                for k in 0..<count { builder.append(base[k]) }
            }
        }
        return try builder.finish(self)
    }
}
