// Methods of str: searching, splitting, stripping, layout, classes of characters, translation.

import TaipanUnicode

extension Thread {
    // MARK: Searching

    private static func search(_ t: Thread, _ a: Arguments, _ name: StaticString, fromRight: Bool) throws(Raised) -> Int {
        try t.checkSearchArguments(a, name, "str")
        if !a[1].isKind(.str) { throw t.raise(.typeError, "must be str, not \(t.typeName(a[1]))") }
        let text = StrObject(a[0]).points
        let range = try t.searchRange(a.count > 2 ? a[2] : .unbound, a.count > 3 ? a[3] : .unbound, text.count)
        let needle = StrObject(a[1]).points
        if range.start > range.end || needle.count > range.end - range.start { return -1 }
        return fromRight ? TextSearch.rfind(needle, in: text, from: range.start, to: range.end)
            : TextSearch.find(needle, in: text, from: range.start, to: range.end)
    }

    private static func affix(_ t: Thread, _ a: Arguments, _ name: StaticString, atEnd: Bool) throws(Raised) -> Value {
        try t.checkSearchArguments(a, name, "str")
        let text = StrObject(a[0]).points
        let range = try t.searchRange(a.count > 2 ? a[2] : .unbound, a.count > 3 ? a[3] : .unbound, text.count)
        if a[1].isKind(.tuple) {
            let affixes = TupleObject(a[1])
            for i in 0..<affixes.count {
                if !affixes[i].isKind(.str) {
                    throw t.raise(.typeError, "tuple for \(name) must only contain str, not \(t.typeName(affixes[i]))")
                }
                if t.hasAffix(text, StrObject(affixes[i]).points, range, atEnd: atEnd) { return .true }
            }
            return .false
        }
        if !a[1].isKind(.str) {
            throw t.raise(.typeError, "\(name) first arg must be str or a tuple of str, not \(t.typeName(a[1]))")
        }
        return Value(t.hasAffix(text, StrObject(a[1]).points, range, atEnd: atEnd))
    }

    func defineStrSearchMethods(_ b: TypeBuilder) {
        b.rawMethod("find", "", "S.find(sub[, start[, end]]) -> int\n\nReturn the lowest index in S where substring sub is found,\nsuch that sub is contained within S[start:end].  Optional\narguments start and end are interpreted as in slice notation.\n\nReturn -1 on failure.") { (t, a) throws(Raised) in
            Value(smallInt: try Thread.search(t, a, "find", fromRight: false))
        }
        b.rawMethod("rfind", "", "S.rfind(sub[, start[, end]]) -> int\n\nReturn the highest index in S where substring sub is found,\nsuch that sub is contained within S[start:end].  Optional\narguments start and end are interpreted as in slice notation.\n\nReturn -1 on failure.") { (t, a) throws(Raised) in
            Value(smallInt: try Thread.search(t, a, "rfind", fromRight: true))
        }
        b.rawMethod("index", "", "S.index(sub[, start[, end]]) -> int\n\nReturn the lowest index in S where substring sub is found,\nsuch that sub is contained within S[start:end].  Optional\narguments start and end are interpreted as in slice notation.\n\nRaises ValueError when the substring is not found.") { (t, a) throws(Raised) in
            let found = try Thread.search(t, a, "index", fromRight: false)
            if found < 0 { throw t.raise(.valueError, "substring not found") }
            return Value(smallInt: found)
        }
        b.rawMethod("rindex", "", "S.rindex(sub[, start[, end]]) -> int\n\nReturn the highest index in S where substring sub is found,\nsuch that sub is contained within S[start:end].  Optional\narguments start and end are interpreted as in slice notation.\n\nRaises ValueError when the substring is not found.") { (t, a) throws(Raised) in
            let found = try Thread.search(t, a, "rindex", fromRight: true)
            if found < 0 { throw t.raise(.valueError, "substring not found") }
            return Value(smallInt: found)
        }
        b.rawMethod("count", "", "S.count(sub[, start[, end]]) -> int\n\nReturn the number of non-overlapping occurrences of substring sub in\nstring S[start:end].  Optional arguments start and end are\ninterpreted as in slice notation.") { (t, a) throws(Raised) in
            try t.checkSearchArguments(a, "count", "str")
            if !a[1].isKind(.str) { throw t.raise(.typeError, "must be str, not \(t.typeName(a[1]))") }
            let text = StrObject(a[0]).points
            let range = try t.searchRange(a.count > 2 ? a[2] : .unbound, a.count > 3 ? a[3] : .unbound, text.count)
            if range.start > range.end { return Value(smallInt: 0) }
            return Value(smallInt: TextSearch.count(StrObject(a[1]).points, in: text, from: range.start, to: range.end))
        }
        b.rawMethod("startswith", "", "S.startswith(prefix[, start[, end]]) -> bool\n\nReturn True if S starts with the specified prefix, False otherwise.\nWith optional start, test S beginning at that position.\nWith optional end, stop comparing S at that position.\nprefix can also be a tuple of strings to try.") { (t, a) throws(Raised) in
            try Thread.affix(t, a, "startswith", atEnd: false)
        }
        b.rawMethod("endswith", "", "S.endswith(suffix[, start[, end]]) -> bool\n\nReturn True if S ends with the specified suffix, False otherwise.\nWith optional start, test S beginning at that position.\nWith optional end, stop comparing S at that position.\nsuffix can also be a tuple of strings to try.") { (t, a) throws(Raised) in
            try Thread.affix(t, a, "endswith", atEnd: true)
        }
        b.method("removeprefix", "($self, prefix, /)", "Return a str with the given prefix string removed if present.\n\nIf the string starts with the prefix string, return string[len(prefix):].\nOtherwise, return a copy of the original string.") { (t, a) throws(Raised) in
            try t.requireStr(a[1], "removeprefix", "")
            let text = StrObject(a[0]).points, affix = StrObject(a[1]).points
            let found = t.hasAffix(text, affix, (0, text.count), atEnd: false)
            return try t.substring(a[0], found ? affix.count : 0, text.count)
        }
        b.method("removesuffix", "($self, suffix, /)", "Return a str with the given suffix string removed if present.\n\nIf the string ends with the suffix string and that suffix is not empty,\nreturn string[:-len(suffix)]. Otherwise, return a copy of the original\nstring.") { (t, a) throws(Raised) in
            try t.requireStr(a[1], "removesuffix", "")
            let text = StrObject(a[0]).points, affix = StrObject(a[1]).points
            let found = t.hasAffix(text, affix, (0, text.count), atEnd: true)
            return try t.substring(a[0], 0, found ? text.count - affix.count : text.count)
        }
    }

    // MARK: Splitting and stripping

    private static func separator(_ t: Thread, _ value: Value) throws(Raised) -> CodePoints? {
        if value.isNoneOrUnbound { return nil }
        if !value.isKind(.str) { throw t.raise(.typeError, "must be str or None, not \(t.typeName(value))") }
        return StrObject(value).points
    }

    private static func strip(_ t: Thread, _ a: Arguments, _ name: StaticString, _ left: Bool, _ right: Bool) throws(Raised) -> Value {
        let text = StrObject(a[0]).points
        let range: Range<Int>
        if a[1].isNoneOrUnbound {
            range = TextBoundaries.strip(text, left: left, right: right, .text)
        } else {
            if !a[1].isKind(.str) { throw t.raise(.typeError, "\(name) arg must be None or str") }
            range = TextBoundaries.strip(text, of: StrObject(a[1]).points, left: left, right: right)
        }
        return try t.substring(a[0], range.lowerBound, range.upperBound)
    }

    func defineStrSplitMethods(_ b: TypeBuilder) {
        b.method("split", "($self, /, sep=None, maxsplit=-1)", "Return a list of the substrings in the string, using sep as the separator string.\n\n  sep\n    The separator used to split the string.\n\n    When set to None (the default value), will split on any whitespace\n    character (including \\n \\r \\t \\f and spaces) and will discard\n    empty strings from the result.\n  maxsplit\n    Maximum number of splits.\n    -1 (the default value) means no limit.\n\nSplitting starts at the front of the string and works to the end.\n\nNote, str.split() is mainly useful for data that has been intentionally\ndelimited.  With natural text that includes punctuation, consider using\nthe regular expression module.") { (t, a) throws(Raised) in
            let limit = a[2].isUnbound ? -1 : try t.index(a[2])
            return try t.split(TextSource(t, a[0]), try Thread.separator(t, a[1]), limit)
        }
        b.method("rsplit", "($self, /, sep=None, maxsplit=-1)", "Return a list of the substrings in the string, using sep as the separator string.\n\n  sep\n    The separator used to split the string.\n\n    When set to None (the default value), will split on any whitespace\n    character (including \\n \\r \\t \\f and spaces) and will discard\n    empty strings from the result.\n  maxsplit\n    Maximum number of splits.\n    -1 (the default value) means no limit.\n\nSplitting starts at the end of the string and works to the front.") { (t, a) throws(Raised) in
            let limit = a[2].isUnbound ? -1 : try t.index(a[2])
            return try t.rsplit(TextSource(t, a[0]), try Thread.separator(t, a[1]), limit)
        }
        b.method("splitlines", "($self, /, keepends=False)", "Return a list of the lines in the string, breaking at line boundaries.\n\nLine breaks are not included in the resulting list unless keepends is given and\ntrue.") { (t, a) throws(Raised) in
            try t.splitlines(TextSource(t, a[0]), keepEnds: a[1].isBound ? try t.truth(a[1]) : false)
        }
        b.method("partition", "($self, sep, /)", "Partition the string into three parts using the given separator.\n\nThis will search for the separator in the string.  If the separator is found,\nreturns a 3-tuple containing the part before the separator, the separator\nitself, and the part after it.\n\nIf the separator is not found, returns a 3-tuple containing the original string\nand two empty strings.") { (t, a) throws(Raised) in
            if !a[1].isKind(.str) { throw t.raise(.typeError, "must be str, not \(t.typeName(a[1]))") }
            return try t.partition(TextSource(t, a[0]), a[1], StrObject(a[1]).points, fromRight: false)
        }
        b.method("rpartition", "($self, sep, /)", "Partition the string into three parts using the given separator.\n\nThis will search for the separator in the string, starting at the end. If\nthe separator is found, returns a 3-tuple containing the part before the\nseparator, the separator itself, and the part after it.\n\nIf the separator is not found, returns a 3-tuple containing two empty strings\nand the original string.") { (t, a) throws(Raised) in
            if !a[1].isKind(.str) { throw t.raise(.typeError, "must be str, not \(t.typeName(a[1]))") }
            return try t.partition(TextSource(t, a[0]), a[1], StrObject(a[1]).points, fromRight: true)
        }
        b.method("strip", "($self, chars=None, /)", "Return a copy of the string with leading and trailing whitespace removed.\n\nIf chars is given and not None, remove characters in chars instead.") { (t, a) throws(Raised) in
            try Thread.strip(t, a, "strip", true, true)
        }
        b.method("lstrip", "($self, chars=None, /)", "Return a copy of the string with leading whitespace removed.\n\nIf chars is given and not None, remove characters in chars instead.") { (t, a) throws(Raised) in
            try Thread.strip(t, a, "lstrip", true, false)
        }
        b.method("rstrip", "($self, chars=None, /)", "Return a copy of the string with trailing whitespace removed.\n\nIf chars is given and not None, remove characters in chars instead.") { (t, a) throws(Raised) in
            try Thread.strip(t, a, "rstrip", false, true)
        }
        b.method("join", "($self, iterable, /)", "Concatenate any number of strings.\n\nThe string whose method is called is inserted in between each given string.\nThe result is returned as a new string.\n\nExample: '.'.join(['ab', 'pq', 'rs']) -> 'ab.pq.rs'") { (t, a) throws(Raised) in
            try t.join(a[0], a[1])
        }
    }

    // MARK: Layout, replacement, translation, encoding

    private static func fill(_ t: Thread, _ value: Value) throws(Raised) -> UInt32 {
        if value.isUnbound { return 0x20 }
        if !value.isKind(.str) { throw t.raise(.typeError, "The fill character must be a unicode character, not \(t.typeName(value))") }
        if StrObject(value).count != 1 { throw t.raise(.typeError, "The fill character must be exactly one character long") }
        return StrObject(value)[0]
    }

    func defineStrLayoutMethods(_ b: TypeBuilder) {
        b.method("center", "($self, width, fillchar=' ', /)", "Return a centered string of length width.\n\nPadding is done using the specified fill character (default is a space).") { (t, a) throws(Raised) in
            let width = try t.index(a[1])
            return try t.center(TextSource(t, a[0]), width, try Thread.fill(t, a[2]))
        }
        b.method("ljust", "($self, width, fillchar=' ', /)", "Return a left-justified string of length width.\n\nPadding is done using the specified fill character (default is a space).") { (t, a) throws(Raised) in
            let width = try t.index(a[1]), fill = try Thread.fill(t, a[2])
            return try t.pad(TextSource(t, a[0]), 0, width > 0 ? width - StrObject(a[0]).count : 0, fill)
        }
        b.method("rjust", "($self, width, fillchar=' ', /)", "Return a right-justified string of length width.\n\nPadding is done using the specified fill character (default is a space).") { (t, a) throws(Raised) in
            let width = try t.index(a[1]), fill = try Thread.fill(t, a[2])
            return try t.pad(TextSource(t, a[0]), width > 0 ? width - StrObject(a[0]).count : 0, 0, fill)
        }
        b.method("zfill", "($self, width, /)", "Pad a numeric string with zeros on the left, to fill a field of the given width.\n\nThe string is never truncated.") { (t, a) throws(Raised) in
            try t.zfill(TextSource(t, a[0]), try t.index(a[1]))
        }
        b.method("expandtabs", "($self, /, tabsize=8)", "Return a copy where all tab characters are expanded using spaces.\n\nIf tabsize is not given, a tab size of 8 characters is assumed.") { (t, a) throws(Raised) in
            try t.expandtabs(TextSource(t, a[0]), a[1].isUnbound ? 8 : try t.cInt(a[1]))
        }
        b.method("replace", "($self, old, new, count=-1, /)", "Return a copy with all occurrences of substring old replaced by new.\n\n  count\n    Maximum number of occurrences to replace.\n    -1 (the default value) means replace all occurrences.\n\nIf the optional argument count is given, only the first count occurrences are\nreplaced.") { (t, a) throws(Raised) in
            try t.requireStr(a[1], "replace", "1")
            try t.requireStr(a[2], "replace", "2")
            let limit = a[3].isUnbound ? -1 : try t.index(a[3])
            return try t.replace(TextSource(t, a[0]), StrObject(a[1]).points, StrObject(a[2]).points, limit)
        }
        b.method("translate", "($self, table, /)", "Replace each character in the string using the given translation table.\n\n  table\n    Translation table, which must be a mapping of Unicode ordinals to\n    Unicode ordinals, strings, or None.\n\nThe table must implement lookup/indexing via __getitem__, for instance a\ndictionary or list.  If this operation raises LookupError, the character is\nleft untouched.  Characters mapped to None are deleted.") { (t, a) throws(Raised) in
            try t.translate(a[0], a[1])
        }
        b.staticMethod("maketrans", "(x, y=<unrepresentable>, z=<unrepresentable>, /)", "Return a translation table usable for str.translate().\n\nIf there is only one argument, it must be a dictionary mapping Unicode\nordinals (integers) or characters to Unicode ordinals, strings or None.\nCharacter keys will be then converted to ordinals.\nIf there are two arguments, they must be strings of equal length, and\nin the resulting dictionary, each character in x will be mapped to the\ncharacter at the same position in y. If there is a third argument, it\nmust be a string, whose characters will be mapped to None in the result.") { (t, a) throws(Raised) in
            try t.makeTranslation(a[0], a[1], a[2])
        }
        b.method("encode", "($self, /, encoding='utf-8', errors='strict')", "Encode the string using the codec registered for encoding.\n\n  encoding\n    The encoding in which to encode the string.\n  errors\n    The error handling scheme to use for encoding errors.\n    The default is 'strict' meaning that encoding errors raise a\n    UnicodeEncodeError.  Other possible values are 'ignore', 'replace' and\n    'xmlcharrefreplace' as well as any other name registered with\n    codecs.register_error that can handle UnicodeEncodeErrors.") { (t, a) throws(Raised) in
            if a[1].isBound { try t.requireStr(a[1], "encode", "'encoding'") }
            if a[2].isBound { try t.requireStr(a[2], "encode", "'errors'") }
            return try t.encodeText(a[0], a[1], a[2])
        }
        b.method("__getnewargs__", "!($self, /)") { (t, a) throws(Raised) in
            try t.tuple(try t.newStr(StrObject(a[0]).points))
        }
        b.method("__sizeof__", "($self, /)", "Return the size of the string in memory, in bytes.") { (t, a) throws(Raised) in
            let s = StrObject(a[0])
            return t.int(s.isASCII ? 41 + s.count : 56 + (s.count + 1) * s.width)
        }
    }

    /// An argument that CPython reads into a C int.
    func cInt(_ value: Value) throws(Raised) -> Int {
        let number = try indexValue(value)
        guard let n = machineInt(number), n >= Int(Int32.min), n <= Int(Int32.max) else {
            if machineInt(number) == nil { throw raise(.overflowError, "Python int too large to convert to C int") }
            throw raise(.overflowError, "Python int too large to convert to C int")
        }
        return n
    }

    /// `s.translate(table)`.
    func translate(_ s: Value, _ table: Value) throws(Raised) -> Value {
        let text = StrObject(s)
        var builder = StrBuilder()
        for i in 0..<text.count {
            let c = text[i]
            var mapped = Value.unbound
            if table.hasLayout(.dict) {
                mapped = try get(DictObject(table), Value(smallInt: Int(c)))
            } else {
                do throws(Raised) {
                    mapped = try getItem(table, Value(smallInt: Int(c)))
                } catch { try swallow(.lookupError, error) }
            }
            if mapped.isUnbound {
                builder.append(c)
                continue
            }
            if mapped.isNone { continue }
            if mapped.isKind(.str) {
                builder.append(mapped)
            } else if isInt(mapped) {
                guard let n = machineInt(mapped), n >= 0, n < 0x110000 else {
                    throw raise(.valueError, "character mapping must be in range(0x110000)")
                }
                builder.append(UInt32(n))
            } else {
                throw raise(.typeError, "character mapping must return integer, None or str")
            }
        }
        return try builder.finish(self)
    }

    private func makeTranslation(_ x: Value, _ y: Value, _ z: Value) throws(Raised) -> Value {
        let dict = newDict()
        if y.isBound {
            if !x.isKind(.str) { throw raise(.typeError, "first maketrans argument must be a string if there is a second argument") }
            try requireStr(y, "maketrans", "2")
            if z.isBound { try requireStr(z, "maketrans", "3") }
            let from = StrObject(x), to = StrObject(y)
            if from.count != to.count { throw raise(.valueError, "the first two maketrans arguments must have equal length") }
            for i in 0..<from.count { try set(dict, Value(smallInt: Int(from[i])), Value(smallInt: Int(to[i]))) }
            if z.isBound { for i in 0..<StrObject(z).count { try set(dict, Value(smallInt: Int(StrObject(z)[i])), .none) } }
            return dict.value
        }
        if !x.hasLayout(.dict) { throw raise(.typeError, "if you give only one argument to maketrans it must be a dict") }
        let source = DictObject(x)
        for i in 0..<source.entryCount where source.entry(i).key.isBound {
            let key = source.entry(i).key, value = source.entry(i).value
            if key.isKind(.str) {
                if StrObject(key).count != 1 { throw raise(.valueError, "string keys in translate table must be of length 1") }
                try set(dict, Value(smallInt: Int(StrObject(key)[0])), value)
            } else if isInt(key) {
                try set(dict, key, value)
            } else {
                throw raise(.typeError, "keys in translate table must be strings or integers")
            }
        }
        return dict.value
    }
}
