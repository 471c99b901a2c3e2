// Methods that bytes and bytearray share. Results are of the receiver's kind.

import TaipanUnicode

extension Thread {
    func defineBytesLikeMethods(_ b: TypeBuilder) {
        defineBytesSearchMethods(b)
        defineBytesSplitMethods(b)
        defineBytesLayoutMethods(b)
        defineBytesCaseMethods(b)
        defineBytesConversionMethods(b)
    }

    private static func typeLabel(_ value: Value) -> StaticString { value.isKind(.bytes) ? "bytes" : "bytearray" }

    // MARK: Searching

    /// Calls `body` with what a search looks for: the bytes lent by `value`, or the one byte that an int is.
    private func withNeedle<R>(_ value: Value, _ body: (CodePoints) throws(Raised) -> R) throws(Raised) -> R {
        if hasBuffer(value) {
            let view = try buffer(of: value)
            defer { release(view) }
            return try body(view.points)
        }
        if !isInt(value) && !type(of: value).slots.pointee.index.isSet {
            throw raise(.typeError, "argument should be integer or bytes-like object, not '\(typeName(value))'")
        }
        var byte = try byte(value, "byte must be in range(0, 256)")
        return try withUnsafePointer(to: &byte) { (base) throws(Raised) in try body(CodePoints(base: base, count: 1, width: 1)) }
    }

    private static func search(_ t: Thread, _ a: Arguments, _ name: StaticString, fromRight: Bool) throws(Raised) -> Int {
        try t.checkSearchArguments(a, name, typeLabel(a[0]))
        let start = a.count > 2 ? a[2] : .unbound, end = a.count > 3 ? a[3] : .unbound
        return try t.withNeedle(a[1]) { (needle) throws(Raised) in
            let text = t.bytePoints(a[0])
            let range = try t.searchRange(start, end, text.count)
            if range.start > range.end || needle.count > range.end - range.start { return -1 }
            return fromRight ? TextSearch.rfind(needle, in: text, from: range.start, to: range.end)
                : TextSearch.find(needle, in: text, from: range.start, to: range.end)
        }
    }

    private static func affix(_ t: Thread, _ a: Arguments, _ name: StaticString, atEnd: Bool) throws(Raised) -> Value {
        try t.checkSearchArguments(a, name, typeLabel(a[0]))
        let range = try t.searchRange(a.count > 2 ? a[2] : .unbound, a.count > 3 ? a[3] : .unbound, t.bytePoints(a[0]).count)
        if a[1].isKind(.tuple) {
            let affixes = TupleObject(a[1])
            for i in 0..<affixes.count {
                let view = try t.buffer(of: affixes[i])
                defer { t.release(view) }
                if t.hasAffix(t.bytePoints(a[0]), view.points, range, atEnd: atEnd) { return .true }
            }
            return .false
        }
        if !t.hasBuffer(a[1]) { throw t.raise(.typeError, "\(name) first arg must be bytes or a tuple of bytes, not \(t.typeName(a[1]))") }
        let view = try t.buffer(of: a[1])
        defer { t.release(view) }
        return Value(t.hasAffix(t.bytePoints(a[0]), view.points, range, atEnd: atEnd))
    }

    private func defineBytesSearchMethods(_ b: TypeBuilder) {
        b.rawMethod("find", "", "B.find(sub[, start[, end]]) -> int\n\nReturn the lowest index in B where subsection sub is found,\nsuch that sub is contained within B[start,end].  Optional\narguments start and end are interpreted as in slice notation.\n\nReturn -1 on failure.") { (t, a) throws(Raised) in
            Value(smallInt: try Thread.search(t, a, "find", fromRight: false))
        }
        b.rawMethod("rfind", "", "B.rfind(sub[, start[, end]]) -> int\n\nReturn the highest index in B where subsection sub is found,\nsuch that sub is contained within B[start,end].  Optional\narguments start and end are interpreted as in slice notation.\n\nReturn -1 on failure.") { (t, a) throws(Raised) in
            Value(smallInt: try Thread.search(t, a, "rfind", fromRight: true))
        }
        b.rawMethod("index", "", "B.index(sub[, start[, end]]) -> int\n\nReturn the lowest index in B where subsection sub is found,\nsuch that sub is contained within B[start,end].  Optional\narguments start and end are interpreted as in slice notation.\n\nRaises ValueError when the subsection is not found.") { (t, a) throws(Raised) in
            let found = try Thread.search(t, a, "index", fromRight: false)
            if found < 0 { throw t.raise(.valueError, "subsection not found") }
            return Value(smallInt: found)
        }
        b.rawMethod("rindex", "", "B.rindex(sub[, start[, end]]) -> int\n\nReturn the highest index in B where subsection sub is found,\nsuch that sub is contained within B[start,end].  Optional\narguments start and end are interpreted as in slice notation.\n\nRaise ValueError when the subsection is not found.") { (t, a) throws(Raised) in
            let found = try Thread.search(t, a, "rindex", fromRight: true)
            if found < 0 { throw t.raise(.valueError, "subsection not found") }
            return Value(smallInt: found)
        }
        b.rawMethod("count", "", "B.count(sub[, start[, end]]) -> int\n\nReturn the number of non-overlapping occurrences of subsection sub in\nbytes B[start:end].  Optional arguments start and end are interpreted\nas in slice notation.") { (t, a) throws(Raised) in
            try t.checkSearchArguments(a, "count", Thread.typeLabel(a[0]))
            let start = a.count > 2 ? a[2] : .unbound, end = a.count > 3 ? a[3] : .unbound
            return try t.withNeedle(a[1]) { (needle) throws(Raised) in
                let text = t.bytePoints(a[0])
                let range = try t.searchRange(start, end, text.count)
                if range.start > range.end { return Value(smallInt: 0) }
                return Value(smallInt: TextSearch.count(needle, in: text, from: range.start, to: range.end))
            }
        }
        b.rawMethod("startswith", "", "B.startswith(prefix[, start[, end]]) -> bool\n\nReturn True if B starts with the specified prefix, False otherwise.\nWith optional start, test B beginning at that position.\nWith optional end, stop comparing B at that position.\nprefix can also be a tuple of bytes to try.") { (t, a) throws(Raised) in
            try Thread.affix(t, a, "startswith", atEnd: false)
        }
        b.rawMethod("endswith", "", "B.endswith(suffix[, start[, end]]) -> bool\n\nReturn True if B ends with the specified suffix, False otherwise.\nWith optional start, test B beginning at that position.\nWith optional end, stop comparing B at that position.\nsuffix can also be a tuple of bytes to try.") { (t, a) throws(Raised) in
            try Thread.affix(t, a, "endswith", atEnd: true)
        }
        b.method("removeprefix", "($self, prefix, /)", "Return a bytes object with the given prefix string removed if present.\n\nIf the bytes starts with the prefix string, return bytes[len(prefix):].\nOtherwise, return a copy of the original bytes.") { (t, a) throws(Raised) in
            let view = try t.buffer(of: a[1])
            defer { t.release(view) }
            let source = TextSource(t, a[0])
            let found = t.hasAffix(source.points, view.points, (0, source.count), atEnd: false)
            return try t.part(source, found ? view.count : 0, source.count)
        }
        b.method("removesuffix", "($self, suffix, /)", "Return a bytes object with the given suffix string removed if present.\n\nIf the bytes ends with the suffix string and that suffix is not empty,\nreturn bytes[:-len(prefix)].  Otherwise, return a copy of the original\nbytes.") { (t, a) throws(Raised) in
            let view = try t.buffer(of: a[1])
            defer { t.release(view) }
            let source = TextSource(t, a[0])
            let found = t.hasAffix(source.points, view.points, (0, source.count), atEnd: true)
            return try t.part(source, 0, found ? source.count - view.count : source.count)
        }
    }

    // MARK: Splitting and stripping

    private static func split(_ t: Thread, _ a: Arguments, fromRight: Bool) throws(Raised) -> Value {
        let limit = a[2].isUnbound ? -1 : try t.index(a[2])
        if a[1].isNoneOrUnbound {
            let source = TextSource(t, a[0])
            return fromRight ? try t.rsplit(source, nil, limit) : try t.split(source, nil, limit)
        }
        let view = try t.buffer(of: a[1])
        defer { t.release(view) }
        let source = TextSource(t, a[0])
        return fromRight ? try t.rsplit(source, view.points, limit) : try t.split(source, view.points, limit)
    }

    private static func strip(_ t: Thread, _ a: Arguments, _ left: Bool, _ right: Bool) throws(Raised) -> Value {
        if a[1].isNoneOrUnbound {
            let source = TextSource(t, a[0])
            let range = TextBoundaries.strip(source.points, left: left, right: right, .bytes)
            return try t.part(source, range.lowerBound, range.upperBound)
        }
        let view = try t.buffer(of: a[1])
        defer { t.release(view) }
        let source = TextSource(t, a[0])
        let range = TextBoundaries.strip(source.points, of: view.points, left: left, right: right)
        return try t.part(source, range.lowerBound, range.upperBound)
    }

    private static func partition(_ t: Thread, _ a: Arguments, fromRight: Bool) throws(Raised) -> Value {
        let view = try t.buffer(of: a[1])
        defer { t.release(view) }
        return try t.partition(TextSource(t, a[0]), a[1], view.points, fromRight: fromRight)
    }

    private func defineBytesSplitMethods(_ b: TypeBuilder) {
        b.method("split", "($self, /, sep=None, maxsplit=-1)", "Return a list of the sections in the bytes, using sep as the delimiter.\n\n  sep\n    The delimiter according which to split the bytes.\n    None (the default value) means split on ASCII whitespace characters\n    (space, tab, return, newline, formfeed, vertical tab).\n  maxsplit\n    Maximum number of splits to do.\n    -1 (the default value) means no limit.") { (t, a) throws(Raised) in
            try Thread.split(t, a, fromRight: false)
        }
        b.method("rsplit", "($self, /, sep=None, maxsplit=-1)", "Return a list of the sections in the bytes, using sep as the delimiter.\n\n  sep\n    The delimiter according which to split the bytes.\n    None (the default value) means split on ASCII whitespace characters\n    (space, tab, return, newline, formfeed, vertical tab).\n  maxsplit\n    Maximum number of splits to do.\n    -1 (the default value) means no limit.\n\nSplitting is done starting at the end of the bytes and working to the front.") { (t, a) throws(Raised) in
            try Thread.split(t, a, fromRight: true)
        }
        b.method("splitlines", "($self, /, keepends=False)", "Return a list of the lines in the bytes, breaking at line boundaries.\n\nLine breaks are not included in the resulting list unless keepends is given and\ntrue.") { (t, a) throws(Raised) in
            let keep = a[1].isBound ? try t.truth(a[1]) : false
            return try t.splitlines(TextSource(t, a[0]), keepEnds: keep)
        }
        b.method("partition", "($self, sep, /)", "Partition the bytes into three parts using the given separator.\n\nThis will search for the separator sep in the bytes. If the separator is found,\nreturns a 3-tuple containing the part before the separator, the separator\nitself, and the part after it.\n\nIf the separator is not found, returns a 3-tuple containing the original bytes\nobject and two empty bytes objects.") { (t, a) throws(Raised) in
            try Thread.partition(t, a, fromRight: false)
        }
        b.method("rpartition", "($self, sep, /)", "Partition the bytes into three parts using the given separator.\n\nThis will search for the separator sep in the bytes, starting at the end. If\nthe separator is found, returns a 3-tuple containing the part before the\nseparator, the separator itself, and the part after it.\n\nIf the separator is not found, returns a 3-tuple containing two empty bytes\nobjects and the original bytes object.") { (t, a) throws(Raised) in
            try Thread.partition(t, a, fromRight: true)
        }
        b.method("strip", "($self, bytes=None, /)", "Strip leading and trailing bytes contained in the argument.\n\nIf the argument is omitted or None, strip leading and trailing ASCII whitespace.") { (t, a) throws(Raised) in
            try Thread.strip(t, a, true, true)
        }
        b.method("lstrip", "($self, bytes=None, /)", "Strip leading bytes contained in the argument.\n\nIf the argument is omitted or None, strip leading  ASCII whitespace.") { (t, a) throws(Raised) in
            try Thread.strip(t, a, true, false)
        }
        b.method("rstrip", "($self, bytes=None, /)", "Strip trailing bytes contained in the argument.\n\nIf the argument is omitted or None, strip trailing ASCII whitespace.") { (t, a) throws(Raised) in
            try Thread.strip(t, a, false, true)
        }
        b.method("join", "($self, iterable_of_bytes, /)", "Concatenate any number of bytes objects.\n\nThe bytes whose method is called is inserted in between each pair.\n\nThe result is returned as a new bytes object.\n\nExample: b'.'.join([b'ab', b'pq', b'rs']) -> b'ab.pq.rs'.") { (t, a) throws(Raised) in
            try t.joinBytes(a[0], a[1])
        }
    }

    /// `separator.join(items)` for bytes and bytearray.
    func joinBytes(_ separator: Value, _ items: Value) throws(Raised) -> Value {
        let flavor = TextSource(self, separator).flavor
        let list: ListObject
        if items.isKind(.list) {
            list = ListObject(items)
        } else {
            // The separator must not change while the program makes the items.
            let lent = try buffer(of: separator)
            defer { release(lent) }
            do throws(Raised) { list = try listFrom(try iter(items)) } catch {
                try swallow(.typeError, error)
                throw raise(.typeError, "can only join an iterable")
            }
        }
        if flavor == .bytes, list.count == 1, list[0].hasLayout(.bytes) { return list[0] }
        var sink = ByteSink()
        var i = 0
        while i < list.count {
            let item = list[i]
            if !hasBuffer(item) {
                throw raise(.typeError, "sequence item \(i): expected a bytes-like object, \(typeName(item)) found")
            }
            if i > 0 { sink.append(contentsOf: bytePoints(separator).bytes) }
            let view = try buffer(of: item)
            sink.append(contentsOf: view.bytes)
            release(view)
            i += 1
        }
        if flavor == .bytes { return try finish(sink) }
        if sink.isOutOfMemory { throw memoryError() }
        let collected = sink.withBytes { $0 }
        return try newByteArray(collected.baseAddress, collected.count).value
    }

    // MARK: Layout

    private static func fill(_ t: Thread, _ value: Value, _ name: StaticString) throws(Raised) -> UInt32 {
        if value.isUnbound { return 0x20 }
        if value.isKind(.bytes) || t.isByteArray(value) {
            let points = t.bytePoints(value)
            if points.count == 1 { return points[0] }
        }
        throw t.raise(.typeError, "\(name)() argument 2 must be a byte string of length 1, not \(value.isNone ? "None" : t.typeName(value))")
    }

    private func defineBytesLayoutMethods(_ b: TypeBuilder) {
        b.method("center", "($self, width, fillchar=b' ', /)", "Return a centered string of length width.\n\nPadding is done using the specified fill character.") { (t, a) throws(Raised) in
            let width = try t.index(a[1])
            return try t.center(TextSource(t, a[0]), width, try Thread.fill(t, a[2], "center"))
        }
        b.method("ljust", "($self, width, fillchar=b' ', /)", "Return a left-justified string of length width.\n\nPadding is done using the specified fill character.") { (t, a) throws(Raised) in
            let width = try t.index(a[1]), fill = try Thread.fill(t, a[2], "ljust")
            let source = TextSource(t, a[0])
            return try t.pad(source, 0, width > 0 ? width - source.count : 0, fill)
        }
        b.method("rjust", "($self, width, fillchar=b' ', /)", "Return a right-justified string of length width.\n\nPadding is done using the specified fill character.") { (t, a) throws(Raised) in
            let width = try t.index(a[1]), fill = try Thread.fill(t, a[2], "rjust")
            let source = TextSource(t, a[0])
            return try t.pad(source, width > 0 ? width - source.count : 0, 0, fill)
        }
        b.method("zfill", "($self, width, /)", "Pad a numeric string with zeros on the left, to fill a field of the given width.\n\nThe original string is never truncated.") { (t, a) throws(Raised) in
            let width = try t.index(a[1])
            return try t.zfill(TextSource(t, a[0]), width)
        }
        b.method("expandtabs", "($self, /, tabsize=8)", "Return a copy where all tab characters are expanded using spaces.\n\nIf tabsize is not given, a tab size of 8 characters is assumed.") { (t, a) throws(Raised) in
            let tab = a[1].isUnbound ? 8 : try t.cInt(a[1])
            return try t.expandtabs(TextSource(t, a[0]), tab)
        }
        b.method("replace", "($self, old, new, count=-1, /)", "Return a copy with all occurrences of substring old replaced by new.\n\n  count\n    Maximum number of occurrences to replace.\n    -1 (the default value) means replace all occurrences.\n\nIf the optional argument count is given, only the first count occurrences are\nreplaced.") { (t, a) throws(Raised) in
            let old = try t.buffer(of: a[1])
            defer { t.release(old) }
            let new = try t.buffer(of: a[2])
            defer { t.release(new) }
            let limit = a[3].isUnbound ? -1 : try t.index(a[3])
            return try t.replace(TextSource(t, a[0]), old.points, new.points, limit)
        }
        b.method("translate", "($self, table, /, delete=b'')", "Return a copy with each character mapped by the given translation table.\n\n  table\n    Translation table, which must be a bytes object of length 256.\n\nAll characters occurring in the optional argument delete are removed.\nThe remaining characters are mapped through the given translation table.") { (t, a) throws(Raised) in
            try t.translateBytes(a[0], a[1], a[2])
        }
        b.staticMethod("maketrans", "(frm, to, /)", "Return a translation table useable for the bytes or bytearray translate method.\n\nThe returned table will be one where each byte in frm is mapped to the byte at\nthe same position in to.\n\nThe bytes objects frm and to must be of the same length.") { (t, a) throws(Raised) in
            let from = try t.buffer(of: a[0])
            defer { t.release(from) }
            let to = try t.buffer(of: a[1])
            defer { t.release(to) }
            if from.count != to.count { throw t.raise(.valueError, "maketrans arguments must have same length") }
            let made = try t.newBytes(256)
            for i in 0..<256 { made.data[i] = UInt8(i) }
            for i in 0..<from.count { made.data[Int(from.bytes[i])] = to.bytes[i] }
            return made.value
        }
    }

    private func translateBytes(_ receiver: Value, _ table: Value, _ delete: Value) throws(Raised) -> Value {
        var map = [UInt8](repeating: 0, count: 256)
        for i in 0..<256 { map[i] = UInt8(i) }
        if !table.isNone {
            let view = try buffer(of: table)
            defer { release(view) }
            if view.count != 256 { throw raise(.valueError, "translation table must be 256 characters long") }
            for i in 0..<256 { map[i] = view.bytes[i] }
        }
        var dropped = [Bool](repeating: false, count: 256)
        if delete.isBound {
            let view = try buffer(of: delete)
            defer { release(view) }
            for byte in view.bytes { dropped[Int(byte)] = true }
        }
        let source = TextSource(self, receiver)
        var sink = ByteSink()
        sink.reserve(source.count)
        var changed = false
        for byte in source.points.bytes {
            if dropped[Int(byte)] {
                changed = true
            } else {
                changed = changed || map[Int(byte)] != byte
                sink.append(map[Int(byte)])
            }
        }
        if !changed { return try whole(source) }
        if sink.isOutOfMemory { throw memoryError() }
        return try newText(CodePoints(sink.withBytes { $0 }), source.flavor)
    }

    // MARK: Case and classes

    private static func all(_ t: Thread, _ value: Value, _ test: (UInt8) -> Bool) -> Value {
        let bytes = t.bytePoints(value).bytes
        for byte in bytes where !test(byte) { return .false }
        return Value(bytes.count > 0)
    }

    private static func map(_ t: Thread, _ value: Value, _ change: (UInt8, UInt8) -> UInt8) throws(Raised) -> Value {
        let source = TextSource(t, value)
        let target: UnsafeMutablePointer<UInt8>, made: Value
        if source.flavor == .bytes {
            let fresh = try t.newBytes(source.count)
            (made, target) = (fresh.value, fresh.data)
        } else {
            let fresh = try t.newByteArray(count: source.count)
            (made, target) = (fresh.value, fresh.data)
        }
        let bytes = source.points.bytes
        var previous: UInt8 = 0
        for i in 0..<source.count {
            target[i] = change(bytes[i], previous)
            previous = bytes[i]
        }
        return made
    }

    private func defineBytesCaseMethods(_ b: TypeBuilder) {
        b.method("isascii", "!($self, /)", "B.isascii() -> bool\n\nReturn True if B is empty or all characters in B are ASCII,\nFalse otherwise.") { (t, a) in
            let bytes = t.bytePoints(a[0]).bytes
            return Value(UTF8Codec.endOfASCII(bytes, from: 0) == bytes.count)
        }
        b.method("isspace", "!($self, /)", "B.isspace() -> bool\n\nReturn True if all characters in B are whitespace\nand there is at least one character in B, False otherwise.") { (t, a) in Thread.all(t, a[0], ASCIIText.isSpace) }
        b.method("isalpha", "!($self, /)", "B.isalpha() -> bool\n\nReturn True if all characters in B are alphabetic\nand there is at least one character in B, False otherwise.") { (t, a) in Thread.all(t, a[0], ASCIIText.isAlpha) }
        b.method("isalnum", "!($self, /)", "B.isalnum() -> bool\n\nReturn True if all characters in B are alphanumeric\nand there is at least one character in B, False otherwise.") { (t, a) in Thread.all(t, a[0], ASCIIText.isAlphanumeric) }
        b.method("isdigit", "!($self, /)", "B.isdigit() -> bool\n\nReturn True if all characters in B are digits\nand there is at least one character in B, False otherwise.") { (t, a) in Thread.all(t, a[0], ASCIIText.isDigit) }
        b.method("islower", "!($self, /)", "B.islower() -> bool\n\nReturn True if all cased characters in B are lowercase and there is\nat least one cased character in B, False otherwise.") { (t, a) in
            let bytes = t.bytePoints(a[0]).bytes
            return Value(!bytes.contains(where: ASCIIText.isUpper) && bytes.contains(where: ASCIIText.isLower))
        }
        b.method("isupper", "!($self, /)", "B.isupper() -> bool\n\nReturn True if all cased characters in B are uppercase and there is\nat least one cased character in B, False otherwise.") { (t, a) in
            let bytes = t.bytePoints(a[0]).bytes
            return Value(!bytes.contains(where: ASCIIText.isLower) && bytes.contains(where: ASCIIText.isUpper))
        }
        b.method("istitle", "!($self, /)", "B.istitle() -> bool\n\nReturn True if B is a titlecased string and there is at least one\ncharacter in B, i.e. uppercase characters may only follow uncased\ncharacters and lowercase characters only cased ones. Return False\notherwise.") { (t, a) in
            var found = false, inWord = false
            for byte in t.bytePoints(a[0]).bytes {
                if ASCIIText.isUpper(byte) {
                    if inWord { return .false }
                    inWord = true
                    found = true
                } else if ASCIIText.isLower(byte) {
                    if !inWord { return .false }
                    found = true
                } else {
                    inWord = false
                }
            }
            return Value(found)
        }
        b.method("lower", "!($self, /)", "B.lower() -> copy of B\n\nReturn a copy of B with all ASCII characters converted to lowercase.") { (t, a) throws(Raised) in
            try Thread.map(t, a[0]) { (byte, _) in ASCIIText.toLower(byte) }
        }
        b.method("upper", "!($self, /)", "B.upper() -> copy of B\n\nReturn a copy of B with all ASCII characters converted to uppercase.") { (t, a) throws(Raised) in
            try Thread.map(t, a[0]) { (byte, _) in ASCIIText.toUpper(byte) }
        }
        b.method("swapcase", "!($self, /)", "B.swapcase() -> copy of B\n\nReturn a copy of B with uppercase ASCII characters converted\nto lowercase ASCII and vice versa.") { (t, a) throws(Raised) in
            try Thread.map(t, a[0]) { (byte, _) in ASCIIText.swapCase(byte) }
        }
        b.method("title", "!($self, /)", "B.title() -> copy of B\n\nReturn a titlecased version of B, i.e. ASCII words start with uppercase\ncharacters, all remaining cased characters have lowercase.") { (t, a) throws(Raised) in
            try Thread.map(t, a[0]) { (byte, previous) in ASCIIText.isAlpha(previous) ? ASCIIText.toLower(byte) : ASCIIText.toUpper(byte) }
        }
        b.method("capitalize", "!($self, /)", "B.capitalize() -> copy of B\n\nReturn a copy of B with only its first character capitalized (ASCII)\nand the rest lower-cased.") { (t, a) throws(Raised) in
            let made = try Thread.map(t, a[0]) { (byte, _) in ASCIIText.toLower(byte) }
            let points = t.bytePoints(made)
            if points.count > 0 {
                let first = UnsafeMutableRawPointer(mutating: points.base).assumingMemoryBound(to: UInt8.self)
                first[0] = ASCIIText.toUpper(first[0])
            }
            return made
        }
    }

    // MARK: Conversions

    private func defineBytesConversionMethods(_ b: TypeBuilder) {
        b.method("decode", "($self, /, encoding='utf-8', errors='strict')", "Decode the bytes using the codec registered for encoding.\n\n  encoding\n    The encoding with which to decode the bytes.\n  errors\n    The error handling scheme to use for the handling of decoding errors.\n    The default is 'strict' meaning that decoding errors raise a\n    UnicodeDecodeError. Other possible values are 'ignore' and 'replace'\n    as well as any other name registered with codecs.register_error that\n    can handle UnicodeDecodeErrors.") { (t, a) throws(Raised) in
            if a[1].isBound { try t.requireStr(a[1], "decode", "'encoding'") }
            if a[2].isBound { try t.requireStr(a[2], "decode", "'errors'") }
            return try t.decodeText(a[0], a[1], a[2])
        }
        b.method("hex", "($self, /, sep=<unrepresentable>, bytes_per_sep=1)", "Create a string of hexadecimal numbers from a bytes object.\n\n  sep\n    An optional single character or byte to separate hex bytes.\n  bytes_per_sep\n    How many bytes between separators.  Positive values count from the\n    right, negative values count from the left.\n\nExample:\n>>> value = b'\\xb9\\x01\\xef'\n>>> value.hex()\n'b901ef'\n>>> value.hex(':')\n'b9:01:ef'\n>>> value.hex(':', 2)\n'b9:01ef'\n>>> value.hex(':', -2)\n'b901:ef'") { (t, a) throws(Raised) in
            let group = a[2].isUnbound ? 1 : try t.cInt(a[2])
            return try t.hexText(t.bytePoints(a[0]).bytes, a[1], group)
        }
        b.classMethod("fromhex", "($type, string, /)", "Create a bytes object from a string of hexadecimal numbers.\n\nSpaces between two numbers are accepted.\nExample: bytes.fromhex('B9 01EF') -> b'\\\\xb9\\\\x01\\\\xef'.") { (t, a) throws(Raised) in
            try t.requireStr(a[1], "fromhex", "")
            let made = try t.bytesFromHex(a[1])
            if a[0] == t.types.pointee.bytes { return made }
            if a[0] == t.types.pointee.bytearray { return try t.newByteArray(BytesObject(made).data, BytesObject(made).count).value }
            return try t.call(a[0], made)
        }
    }

    /// `hex(sep, group)` of bytes; `separator` unbound for none.
    public func hexText(_ bytes: UnsafeBufferPointer<UInt8>, _ separator: Value, _ group: Int) throws(Raised) -> Value {
        var mark: UInt32 = 0
        if separator.isBound {
            let count = try length(separator)
            if count != 1 { throw raise(.valueError, "sep must be length 1.") }
            if separator.isKind(.str) {
                mark = StrObject(separator)[0]
            } else if separator.isKind(.bytes) {
                mark = UInt32(BytesObject(separator).data[0])
            } else {
                throw raise(.typeError, "sep must be str or bytes.")
            }
            if mark > 127 { throw raise(.valueError, "sep must be ASCII.") }
        }
        let count = bytes.count
        let step = separator.isUnbound ? 0 : abs(group)
        let marks = step > 0 && count > 0 ? (count - 1) / step : 0
        if count > (Int.max - marks) / 2 { throw memoryError() }
        if count == 0 { return objects.pointee.emptyStr }
        let made = try newStr(count: count * 2 + marks, maximum: 0)
        var at = 0
        for i in 0..<count {
            let toMark = group < 0 ? i : count - i
            if step > 0 && i > 0 && toMark % step == 0 {
                made.units8[at] = UInt8(truncatingIfNeeded: mark)
                at += 1
            }
            let high = bytes[i] >> 4, low = bytes[i] & 15
            made.units8[at] = high < 10 ? 0x30 + high : 0x57 + high
            made.units8[at + 1] = low < 10 ? 0x30 + low : 0x57 + low
            at += 2
        }
        return made.value
    }

    private func bytesFromHex(_ text: Value) throws(Raised) -> Value {
        let s = StrObject(text)
        var sink = ByteSink()
        var i = 0
        func digit(_ i: Int) -> UInt8? { i < s.count && s[i] < 128 ? ASCIIText.hexValue(UInt8(s[i])) : nil }
        while i < s.count {
            if s[i] < 128 && ASCIIText.isSpace(UInt8(s[i])) {
                i += 1
                continue
            }
            guard let high = digit(i) else { throw raise(.valueError, "non-hexadecimal number found in fromhex() arg at position \(i)") }
            guard let low = digit(i + 1) else { throw raise(.valueError, "non-hexadecimal number found in fromhex() arg at position \(i + 1)") }
            sink.append(high << 4 | low)
            i += 2
        }
        return try finish(sink)
    }
}
