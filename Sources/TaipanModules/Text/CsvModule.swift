// `_csv`: reading and writing rows of separated values (PEP 305).
//
//   Dialect  word 1 line terminator     raw: 2 delimiter  3 quote character  4 escape character (-1: none)  5 flags  6 quoting
//   reader   words: iterator, dialect   raw: 3 lines read
//   writer   words: the file's write method, dialect

import TaipanRuntime

private enum Quoting {
    static var minimal: Int { 0 }
    static var all: Int { 1 }
    static var nonNumeric: Int { 2 }
    static var none: Int { 3 }
    static var strings: Int { 4 }
    static var notNull: Int { 5 }
}

private struct CsvDialect: BitwiseCopyable {
    let cell: Cell
    init(_ value: Value) { cell = value.cell }
    var terminator: Value { cell[1] }
    var delimiter: Int { cell.raw(2) }
    var quote: Int { cell.raw(3) }
    var escape: Int { cell.raw(4) }
    var doublesQuotes: Bool { cell.raw(5) & 1 != 0 }
    var skipsSpace: Bool { cell.raw(5) & 2 != 0 }
    var isStrict: Bool { cell.raw(5) & 4 != 0 }
    var quoting: Int { cell.raw(6) }
    static var names: [StaticString] { ["dialect", "delimiter", "doublequote", "escapechar", "lineterminator", "quotechar", "quoting", "skipinitialspace", "strict"] }
}

enum CsvModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        let t = m.t
        m.str("__version__", "1.0")
        m.set("_dialects", t.newDict().value)
        for (i, name) in (["QUOTE_MINIMAL", "QUOTE_ALL", "QUOTE_NONNUMERIC", "QUOTE_NONE", "QUOTE_STRINGS", "QUOTE_NOTNULL"] as [StaticString]).enumerated() { m.int(name, i) }
        let error = try m.exception("Error", base: t.types.pointee.exception)
        let dialect = try m.type("Dialect", flags: TypeFlag.base, NativeLayout(valueWords: 1, bytes: 56), defineDialect)
        let reader = try m.type("reader", flags: TypeFlag.noInstantiation, export: false, NativeLayout(valueWords: 2, bytes: 32), defineReader)
        let writer = try m.type("writer", flags: TypeFlag.noInstantiation, export: false, .values(2), defineWriter)
        m.set("Reader", reader.value)
        m.set("Writer", writer.value)
        try t.keep("_csv", try t.tuple(dialect.value, reader.value, writer.value))
        try t.keep("_csv.error", error)
        try t.keep("_csv.dialects", m.dict.findString(t, t.intern("_dialects")))
        try t.keep("_csv.limit", Value(smallInt: 131072))
        defineFunctions(m)
    }

    fileprivate static func error(_ t: Thread, _ text: String) -> Raised { t.raise(type: t.kept("_csv.error"), t.str(text)) }

    // MARK: Dialects

    private static func dialects(_ t: Thread) -> DictObject { DictObject(t.kept("_csv.dialects")) }

    private static func dialect(named name: Value, _ t: Thread) throws(Raised) -> Value {
        let found = try t.get(dialects(t), name)
        if found.isUnbound { throw error(t, "unknown dialect") }
        return found
    }

    /// The dialect that a positional argument (or none) and format keywords describe.
    private static func makeDialect(_ t: Thread, _ type: TypeObject, _ given: Value, _ a: Arguments) throws(Raised) -> Value {
        let bound = try t.pushScratch(9)
        defer { t.popScratch(bound) }
        bound[0] = given
        if a.keywords.isBound {
            let names = TupleObject(a.keywords)
            for k in 0..<names.count {
                guard let i = CsvDialect.names.firstIndex(where: { StrObject(names[k]).equals($0) }) else {
                    throw t.raise(.typeError, "'\(t.string(names[k]))' is an invalid keyword argument for this function")
                }
                bound[i] = a[a.count + k]
            }
        }
        if !bound[0].isNoneOrUnbound {
            if bound[0].isKind(.str) { bound[0] = try dialect(named: bound[0], t) }
            if t.isInstance(bound[0], of: t.kept("_csv", 0).value) && !(1..<9).contains(where: { bound[$0].isBound }) { return bound[0] }
            for i in 1..<9 where bound[i].isUnbound { bound[i] = try t.getattrOrUnbound(bound[0], t.intern(CsvDialect.names[i])) }
        }
        return try fill(t, Value(t.allocate(type)), bound)
    }

    private static func fill(_ t: Thread, _ made: Value, _ bound: UnsafeMutablePointer<Value>) throws(Raised) -> Value {
        let cell = made.cell
        cell.setRaw(try character(t, bound[1], "delimiter", 0x2C, allowsNone: false), at: 2)
        var flags = 0
        if bound[2].isUnbound ? true : try t.truth(bound[2]) { flags |= 1 }
        cell.setRaw(try character(t, bound[3], "escapechar", -1, allowsNone: true), at: 4)
        let terminator: Value = bound[4].isUnbound ? t.str("\r\n") : bound[4]
        if !terminator.isNone && !terminator.isKind(.str) { throw t.raise(.typeError, "\"lineterminator\" must be a string") }
        cell.setRaw(try character(t, bound[5], "quotechar", 0x22, allowsNone: true), at: 3)
        var quoting = 0
        if bound[6].isBound {
            if !bound[6].isSmallInt && !bound[6].hasLayout(.int) { throw t.raise(.typeError, "\"quoting\" must be an integer") }
            quoting = t.machineInt(bound[6]) ?? -1
        }
        if bound[7].isBound, try t.truth(bound[7]) { flags |= 2 }
        if bound[8].isBound, try t.truth(bound[8]) { flags |= 4 }
        if quoting < 0 || quoting > 5 { throw t.raise(.typeError, "bad \"quoting\" value") }
        if bound[5].isNone && bound[6].isUnbound { quoting = Quoting.none }
        if quoting != Quoting.none && cell.raw(3) < 0 { throw t.raise(.typeError, "quotechar must be set if quoting enabled") }
        if terminator.isNone { throw t.raise(.typeError, "lineterminator must be set") }
        cell[1] = terminator
        cell.setRaw(flags, at: 5)
        cell.setRaw(quoting, at: 6)
        return made
    }

    private static func character(_ t: Thread, _ value: Value, _ name: StaticString, _ whenLeftOut: Int, allowsNone: Bool) throws(Raised) -> Int {
        if value.isUnbound { return whenLeftOut }
        if allowsNone && value.isNone { return -1 }
        if !value.isKind(.str) { throw t.raise(.typeError, "\"\(name)\" must be string\(allowsNone ? " or None" : ""), not \(t.typeName(value))") }
        if StrObject(value).count != 1 { throw t.raise(.typeError, "\"\(name)\" must be a 1-character string") }
        return Int(StrObject(value)[0])
    }

    private static func characterValue(_ t: Thread, _ c: Int) -> Value { c < 0 ? .none : t.character(UInt32(c)) }

    private static func defineDialect(_ b: TypeBuilder) {
        b.doc("CSV dialect\n\nThe Dialect type records CSV parsing and generation options.\n")
        b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
            if a.count > 9 { throw t.raise(.typeError, "this function takes at most 9 arguments (\(a.count) given)") }
            return try makeDialect(t, TypeObject(type), a.count > 0 ? a[0] : .unbound, a)
        }
        b.getset("delimiter", get: { (t, v) in characterValue(t, CsvDialect(v).delimiter) })
        b.getset("quotechar", get: { (t, v) in characterValue(t, CsvDialect(v).quote) })
        b.getset("escapechar", get: { (t, v) in characterValue(t, CsvDialect(v).escape) })
        b.getset("lineterminator", get: { (_, v) in CsvDialect(v).terminator })
        b.getset("quoting", get: { (t, v) in t.int(CsvDialect(v).quoting) })
        b.member("doublequote", get: { (_, v) in Value(CsvDialect(v).doublesQuotes) })
        b.member("skipinitialspace", get: { (_, v) in Value(CsvDialect(v).skipsSpace) })
        b.getset("strict", get: { (_, v) in Value(CsvDialect(v).isStrict) })
        for name: StaticString in ["__reduce__", "__reduce_ex__"] {
            b.rawMethod(name, "", "raises an exception to avoid pickling") { (t, a) throws(Raised) in
                throw t.raise(.typeError, "cannot pickle '\(t.string(t.type(of: a[0]).name))' instances")
            }
        }
    }

    private static func defineFunctions(_ m: ModuleBuilder) {
        m.rawFunction("reader", "", "csv_reader = reader(iterable [, dialect='excel'] [optional keyword args])") { (t, a) throws(Raised) in
            if a.count < 1 { throw t.raise(.typeError, " expected at least 1 argument, got 0") }
            if a.count > 2 { throw t.raise(.typeError, " expected at most 2 arguments, got \(a.count)") }
            let iterator = try t.iter(a[0])
            let dialect = try makeDialect(t, t.kept("_csv", 0), a.count > 1 ? a[1] : .unbound, a)
            let made = t.allocate(t.kept("_csv", 1))
            made[1] = iterator
            made[2] = dialect
            return Value(made)
        }
        m.rawFunction("writer", "", "csv_writer = csv.writer(fileobj [, dialect='excel'] [optional keyword args])") { (t, a) throws(Raised) in
            if a.count < 1 { throw t.raise(.typeError, " expected at least 1 argument, got 0") }
            if a.count > 2 { throw t.raise(.typeError, " expected at most 2 arguments, got \(a.count)") }
            let write = try t.getattrOrUnbound(a[0], t.intern("write"))
            if write.isUnbound || !t.type(of: write).slots.pointee.call.isSet { throw t.raise(.typeError, "argument 1 must have a \"write\" method") }
            let dialect = try makeDialect(t, t.kept("_csv", 0), a.count > 1 ? a[1] : .unbound, a)
            let made = t.allocate(t.kept("_csv", 2))
            made[1] = write
            made[2] = dialect
            return Value(made)
        }
        m.rawFunction("register_dialect", "", "Create a mapping from a string name to a dialect class.\ndialect = csv.register_dialect(name[, dialect[, **fmtparams]])") { (t, a) throws(Raised) in
            if a.count < 1 || a.count > 2 { throw t.raise(.typeError, "register_dialect expected at \(a.count < 1 ? "least 1 argument" : "most 2 arguments"), got \(a.count)") }
            if !a[0].isKind(.str) { throw t.raise(.typeError, "dialect name must be a string") }
            try t.set(dialects(t), a[0], try makeDialect(t, t.kept("_csv", 0), a.count > 1 ? a[1] : .unbound, a))
            return .none
        }
        m.function("unregister_dialect", "($module, /, name)", "Delete the name/dialect mapping associated with a string name.\n\ncsv.unregister_dialect(name)") { (t, a) throws(Raised) in
            _ = try dialect(named: a[0], t)
            _ = try t.remove(dialects(t), a[0])
            return .none
        }
        m.function("get_dialect", "($module, /, name)", "Return the dialect instance associated with name.\n\ndialect = csv.get_dialect(name)") { (t, a) throws(Raised) in try dialect(named: a[0], t) }
        m.function("list_dialects", "($module, /)", "Return a list of all known dialect names.\n\nnames = csv.list_dialects()") { (t, _) throws(Raised) in try t.listFrom(dialects(t).value).value }
        m.function("field_size_limit", "($module, /, new_limit=<unrepresentable>)", "Sets an upper limit on parsed fields.\n\ncsv.field_size_limit([limit])\n\nReturns old limit. If limit is not given, no new limit is set and\nthe old limit is returned") { (t, a) throws(Raised) in
            let old = t.kept("_csv.limit")
            if a[0].isBound {
                if !a[0].isSmallInt && !a[0].hasLayout(.int) { throw t.raise(.typeError, "limit must be an integer") }
                guard let n = t.machineInt(a[0]) else { throw t.raise(.overflowError, "Python int too large to convert to C long") }
                try t.keep("_csv.limit", t.int(n))
            }
            return old
        }
    }

    // MARK: Reading

    private enum State { case startRecord, startField, escaped, field, quoted, escapedInQuoted, quoteInQuoted, eatNewline, afterEscapedNewline }

    /// One row on its way in.
    private struct Row {
        var fields: ListObject
        var text: [UInt32] = []
        var state = State.startRecord
        var isNumeric = false
        let limit: Int

        mutating func add(_ t: Thread, _ c: Int) throws(Raised) {
            if text.count >= limit { throw CsvModule.error(t, "field larger than field limit (\(limit))") }
            text.append(UInt32(c))
        }

        mutating func save(_ t: Thread) throws(Raised) {
            var field = try t.str(units: text)
            text.removeAll(keepingCapacity: true)
            if isNumeric {
                isNumeric = false
                field = try t.call(t.types.pointee.float, field)
            }
            try t.append(fields, field)
        }

        /// Takes a character; -2 is the end of the line.
        mutating func take(_ t: Thread, _ given: Int, _ d: CsvDialect) throws(Raised) {
            var c = given
            let isEnd = c == -2, isNewline = c == 0x0A || c == 0x0D
            if state == .startRecord {
                if isEnd { return }
                if isNewline {
                    state = .eatNewline
                    return
                }
                state = .startField
            }
            if state == .afterEscapedNewline {
                if isEnd { return }
                state = .field
            }
            switch state {
            case .startField:
                if isNewline || isEnd { return try endRecord(t, isEnd) }
                if c == d.quote && d.quoting != Quoting.none {
                    state = .quoted
                } else if c == d.escape {
                    state = .escaped
                } else if c == 0x20 && d.skipsSpace {
                    return
                } else if c == d.delimiter {
                    try save(t)
                } else {
                    if d.quoting == Quoting.nonNumeric { isNumeric = true }
                    try add(t, c)
                    state = .field
                }
            case .escaped:
                if isNewline {
                    try add(t, c)
                    state = .afterEscapedNewline
                    return
                }
                if isEnd { c = 0x0A }
                try add(t, c)
                state = .field
            case .field:
                if isNewline || isEnd { return try endRecord(t, isEnd) }
                if c == d.escape {
                    state = .escaped
                } else if c == d.delimiter {
                    try save(t)
                    state = .startField
                } else {
                    try add(t, c)
                }
            case .quoted:
                if isEnd { return }
                if c == d.escape {
                    state = .escapedInQuoted
                } else if c == d.quote && d.quoting != Quoting.none {
                    state = d.doublesQuotes ? .quoteInQuoted : .field
                } else {
                    try add(t, c)
                }
            case .escapedInQuoted:
                if isEnd { c = 0x0A }
                try add(t, c)
                state = .quoted
            case .quoteInQuoted:
                if d.quoting != Quoting.none && c == d.quote {
                    try add(t, c)
                    state = .quoted
                } else if c == d.delimiter {
                    try save(t)
                    state = .startField
                } else if isNewline || isEnd {
                    try endRecord(t, isEnd)
                } else if !d.isStrict {
                    try add(t, c)
                    state = .field
                } else {
                    throw CsvModule.error(t, "'\(t.string(t.character(UInt32(max(d.delimiter, 0)))))' expected after '\(t.string(t.character(UInt32(max(d.quote, 0)))))'")
                }
            default:
                if isNewline { return }
                if !isEnd {
                    throw CsvModule.error(t, "new-line character seen in unquoted field - do you need to open the file in universal-newline mode?")
                }
                state = .startRecord
            }
        }

        private mutating func endRecord(_ t: Thread, _ isEnd: Bool) throws(Raised) {
            try save(t)
            state = isEnd ? .startRecord : .eatNewline
        }
    }

    private static func nextRow(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        let dialect = CsvDialect(v.cell[2])
        var row = Row(fields: try t.newList(), limit: t.kept("_csv.limit").smallInt)
        repeat {
            let line = try t.next(v.cell[1])
            if line.isUnbound {
                if row.text.isEmpty && row.state != .quoted { return .unbound }
                if dialect.isStrict { throw error(t, "unexpected end of data") }
                try row.save(t)
                break
            }
            if !line.isKind(.str) {
                throw error(t, "iterator should return strings, not \(t.typeName(line)) (the file should be opened in text mode)")
            }
            v.cell.setRaw(v.cell.raw(3) &+ 1, at: 3)
            let text = StrObject(line)
            for i in 0..<text.count { try row.take(t, Int(text[i]), dialect) }
            try row.take(t, -2, dialect)
        } while row.state != .startRecord
        return row.fields.value
    }

    private static func defineReader(_ b: TypeBuilder) {
        b.doc("CSV reader\n\nReader objects are responsible for reading and parsing tabular data\nin CSV format.\n")
        b.slots.pointee.iter = UnarySlot { (_, v) in v }
        b.slots.pointee.next = UnarySlot(nextRow)
        b.member("dialect", word: 2)
        b.member("line_num", get: { (t, v) in t.int(v.cell.raw(3)) })
    }

    // MARK: Writing

    /// Appends a field, quoted and escaped as the dialect wants it.
    private static func append(_ t: Thread, _ out: inout [UInt32], _ field: Value, _ quoted: Bool, _ d: CsvDialect) throws(Raised) {
        var quoted = quoted
        var body: [UInt32] = []
        let terminator = StrObject(d.terminator)
        let text: StrObject? = field.isUnbound ? nil : StrObject(field)
        for i in 0..<(text?.count ?? 0) {
            let c = text.map { Int($0[i]) } ?? 0
            var special = c == d.delimiter || c == d.escape || c == d.quote
            for k in 0..<terminator.count where Int(terminator[k]) == c { special = true }
            if special {
                var escapes = d.quoting == Quoting.none
                if !escapes {
                    if c == d.quote {
                        if d.doublesQuotes { body.append(UInt32(c)) } else { escapes = true }
                    } else if c == d.escape {
                        escapes = true
                    }
                    if !escapes { quoted = true }
                }
                if escapes {
                    if d.escape < 0 { throw error(t, "need to escape, but no escapechar set") }
                    body.append(UInt32(d.escape))
                }
            }
            body.append(UInt32(c))
        }
        if quoted { out.append(UInt32(max(d.quote, 0))) }
        out += body
        if quoted { out.append(UInt32(max(d.quote, 0))) }
    }

    private static func writeRow(_ t: Thread, _ v: Value, _ row: Value) throws(Raised) -> Value {
        let d = CsvDialect(v.cell[2])
        let iterator: Value
        do throws(Raised) { iterator = try t.iter(row) } catch {
            try t.swallow(.typeError, error)
            throw CsvModule.error(t, "iterable expected, not \(t.typeName(row))")
        }
        var out: [UInt32] = []
        var count = 0
        var lastIsNone = false
        while true {
            let field = try t.next(iterator)
            if field.isUnbound { break }
            let quoted: Bool
            switch d.quoting {
            case Quoting.nonNumeric: quoted = !isNumber(t, field)
            case Quoting.all: quoted = true
            case Quoting.strings: quoted = field.isKind(.str)
            case Quoting.notNull: quoted = !field.isNone
            default: quoted = false
            }
            lastIsNone = field.isNone
            if count > 0 { out.append(UInt32(max(d.delimiter, 0))) }
            try append(t, &out, field.isKind(.str) ? field : field.isNone ? .unbound : try t.strOf(field), quoted, d)
            count += 1
        }
        if count > 0 && out.isEmpty {
            if d.quoting == Quoting.none || (lastIsNone && (d.quoting == Quoting.strings || d.quoting == Quoting.notNull)) {
                throw error(t, "single empty field record must be quoted")
            }
            try append(t, &out, .unbound, true, d)
        }
        let terminator = StrObject(d.terminator)
        for i in 0..<terminator.count { out.append(UInt32(terminator[i])) }
        return try t.call(v.cell[1], try t.str(units: out))
    }

    private static func isNumber(_ t: Thread, _ value: Value) -> Bool {
        let slots = t.type(of: value).slots
        return slots.pointee.index.isSet || slots.pointee.int.isSet || slots.pointee.float.isSet || t.isInstance(value, of: t.types.pointee.complex)
    }

    private static func defineWriter(_ b: TypeBuilder) {
        b.doc("CSV writer\n\nWriter objects are responsible for generating tabular data\nin CSV format from sequence input.\n")
        b.member("dialect", word: 2)
        b.method("writerow", "!($self, row, /)", "writerow(iterable)\n\nConstruct and write a CSV record from an iterable of fields.  Non-string\nelements will be converted to string.") { (t, a) throws(Raised) in try writeRow(t, a[0], a[1]) }
        b.method("writerows", "!($self, rows, /)", "writerows(iterable of iterables)\n\nConstruct and write a series of iterables to a csv file.  Non-string\nelements will be converted to string.") { (t, a) throws(Raised) in
            let iterator = try t.iter(a[1])
            while true {
                let row = try t.next(iterator)
                if row.isUnbound { return .none }
                _ = try writeRow(t, a[0], row)
            }
        }
    }
}
