// Code objects: their attributes, the constructor and `replace`, comparing and hashing, locations.

import TaipanBytecode

extension Thread {
    func defineCodeFields(_ b: TypeBuilder) {
        b.getset("co_code", get: { (_, v) in v.cell[1] })
        b.getset("_co_code_adaptive", get: { (t, v) throws(Raised) in try t.adaptiveCode(CodeCell(v)) })
        b.member("co_consts", word: 2)
        b.member("co_names", word: 3)
        b.member("co_filename", word: 6)
        b.member("co_name", word: 7)
        b.member("co_qualname", word: 8)
        b.member("co_linetable", word: 9)
        b.member("co_exceptiontable", word: 10)
        b.member("co_argcount", get: { (t, v) throws(Raised) in t.int(CodeCell(v).argcount) })
        b.member("co_posonlyargcount", get: { (t, v) throws(Raised) in t.int(CodeCell(v).posonlyargcount) })
        b.member("co_kwonlyargcount", get: { (t, v) throws(Raised) in t.int(CodeCell(v).kwonlyargcount) })
        b.member("co_stacksize", get: { (t, v) throws(Raised) in t.int(CodeCell(v).stacksize) })
        b.member("co_flags", get: { (t, v) throws(Raised) in t.int(CodeCell(v).flags) })
        b.member("co_firstlineno", get: { (t, v) throws(Raised) in t.int(CodeCell(v).firstlineno) })
        b.member("co_nlocals", get: { (t, v) throws(Raised) in t.int(TupleObject(try t.localNames(CodeCell(v), 0x20)).count) })
        b.getset("co_varnames", get: { (t, v) throws(Raised) in try t.localNames(CodeCell(v), 0x20) })
        b.getset("co_cellvars", get: { (t, v) throws(Raised) in try t.localNames(CodeCell(v), 0x40) })
        b.getset("co_freevars", get: { (t, v) throws(Raised) in try t.localNames(CodeCell(v), 0x80) })
        b.getset("co_lnotab", get: { (t, v) throws(Raised) in
            try t.warn(.deprecationWarning, "co_lnotab is deprecated, use co_lines instead.")
            return try t.lineNumberTable(CodeCell(v))
        })
    }

    func defineCodeBehaviour(_ b: TypeBuilder) {
        b.doc("Create a code object.  Not for the faint of heart.")
        b.slots.pointee.new = CallSlot { (t, _, a) throws(Raised) in try t.newCode(arguments: a) }
        b.slots.pointee.compare = CompareSlot { (t, v, w, op) throws(Raised) in
            guard v.hasLayout(.code), w.hasLayout(.code), op == .equal || op == .notEqual else { return .notImplemented }
            return Value(try t.codesAreEqual(CodeCell(v), CodeCell(w)) == (op == .equal))
        }
        b.slots.pointee.hash = IntSlot { (t, v) throws(Raised) in try t.hash(CodeCell(v)) }
        b.method("replace", "($self, /, **changes)", "Return a copy of the code object with new values for the specified fields.") { (t, a) throws(Raised) in
            try t.replaceCode(CodeCell(a[0]), DictObject(a[1]))
        }
        b.method("_varname_from_oparg", "($self, /, oparg)", "(internal-only) Return the local variable name for the given oparg.") { (t, a) throws(Raised) in
            let i = try t.index(a[1], overflow: .overflowError)
            let names = TupleObject(CodeCell(a[0]).localsplusnames)
            if i < 0 || i >= names.count { throw t.raise(.indexError, "tuple index out of range") }
            return names[i]
        }
        b.method("__sizeof__", "!($self, /)") { (t, a) throws(Raised) in t.int(CodeCell.bytes + BytesObject(CodeCell(a[0]).code).count) }
        b.method("co_positions", "!($self, /)") { (t, a) throws(Raised) in try t.codePositions(CodeCell(a[0])) }
        b.method("co_lines", "!($self, /)") { (t, a) throws(Raised) in try t.codeLines(CodeCell(a[0])) }
    }

    /// `_co_code_adaptive`: the instructions as CPython prepares them when it makes a code object, with counters in the caches and pairs
    /// of moves as one. What it specializes when code runs has no counterpart here.
    private func adaptiveCode(_ code: CodeCell) throws(Raised) -> Value {
        var bytes = Array(BytesObject(code.code).buffer)
        var previous: (opcode: Opcode, offset: Int)?
        var at = 0
        while at + 1 < bytes.count {
            let opcode = Opcode(rawValue: UInt16(bytes[at])) ?? .reserved
            let offset = at
            at += 2 + 2 * opcode.cacheUnits
            if opcode.cacheUnits > 0 {
                if offset + 2 < bytes.count { bytes[offset + 2] = 0x11 }
                previous = nil
                continue
            }
            if let previous, let pair = Thread.pairedNumber(previous.opcode, opcode) { bytes[previous.offset] = pair }
            previous = (opcode, offset)
        }
        return try self.bytes(bytes)
    }

    /// The number of the instruction that CPython runs for two that follow each other.
    private static func pairedNumber(_ first: Opcode, _ second: Opcode) -> UInt8? {
        switch (first, second) {
        case (.loadConst, .loadFast): 84
        case (.loadFast, .loadConst): 86
        case (.loadFast, .loadFast): 88
        case (.storeFast, .loadFast): 154
        case (.storeFast, .storeFast): 158
        default: nil
        }
    }

    // MARK: Locations

    private func codePositions(_ code: CodeCell) throws(Raised) -> Value {
        let list = try newList()
        try forEachLocation(code) { (range, units) throws(Raised) in
            let position = try newTuple(4)
            position[0] = range.line < 0 ? .none : int(Int(range.line))
            position[1] = range.endLine < 0 ? .none : int(Int(range.endLine))
            position[2] = range.column < 0 ? .none : int(Int(range.column))
            position[3] = range.endColumn < 0 ? .none : int(Int(range.endColumn))
            for _ in 0..<max(units, 0) { try append(list, position.value) }
        }
        return try locationIterator("positions_iterator", list.value)
    }

    private func codeLines(_ code: CodeCell) throws(Raised) -> Value {
        let list = try newList()
        var at = 0, start = 0, last = -2
        try forEachLocation(code) { (range, units) throws(Raised) in
            if Int(range.line) != last {
                if last != -2 { try append(list, try tuple(int(start), int(at), last < 0 ? .none : int(last))) }
                start = at
                last = Int(range.line)
            }
            at += units * 2
        }
        if last != -2 { try append(list, try tuple(int(start), int(at), last < 0 ? .none : int(last))) }
        return try locationIterator("line_iterator", list.value)
    }

    /// An iterator over `list` of a type of its own.
    private func locationIterator(_ typeName: StaticString, _ list: Value) throws(Raised) -> Value {
        var type = kept(typeName)
        if type.isUnbound {
            type = try newNativeType(typeName, moduleName: intern("builtins"), .values(1)) { b in
                b.slots.pointee.iter = UnarySlot { (_, v) throws(Raised) in v }
                b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in try t.next(v.cell[1]) }
            }.value
            try keep(typeName, type)
        }
        let cell = allocate(TypeObject(type))
        cell[1] = try iter(list)
        return Value(cell)
    }

    /// Calls `body` with each entry of the location table: its source range and how many code units it covers.
    private func forEachLocation(_ code: CodeCell, _ body: (SourceRange, Int) throws(Raised) -> Void) throws(Raised) {
        let limit = BytesObject(code.code).count
        for entry in LocationTable(Array(BytesObject(code.linetable).buffer), firstLine: code.firstlineno) {
            if entry.start >= limit { return }
            try body(entry.range, (entry.end - entry.start) / 2)
        }
    }

    /// The table of line numbers as it was before 3.10: pairs of byte and line steps.
    private func lineNumberTable(_ code: CodeCell) throws(Raised) -> Value {
        var out: [UInt8] = []
        var at = 0, bytesDone = 0, line = code.firstlineno
        try forEachLocation(code) { (range, units) throws(Raised) in
            defer { at += units * 2 }
            if range.line < 0 || Int(range.line) == line { return }
            var byteStep = at - bytesDone, lineStep = Int(range.line) - line
            bytesDone = at
            line = Int(range.line)
            while byteStep > 254 {
                out += [254, 0]
                byteStep -= 254
            }
            while lineStep < -128 {
                out += [UInt8(byteStep), 0x80]
                lineStep += 128
                byteStep = 0
            }
            while lineStep > 127 {
                out += [UInt8(byteStep), 127]
                lineStep -= 127
                byteStep = 0
            }
            out += [UInt8(byteStep), UInt8(bitPattern: Int8(lineStep))]
        }
        return try bytes(out)
    }

    /// The names of the local slots of one kind.
    func localNames(_ code: CodeCell, _ kind: UInt8) throws(Raised) -> Value {
        let names = TupleObject(code.localsplusnames), kinds = BytesObject(code.localspluskinds)
        let list = try newList()
        for i in 0..<names.count where kinds.data[i] & kind != 0 { try append(list, names[i]) }
        return try tupleFrom(list.value).value
    }

    /// Sets the file name of a code object and of all in it that have the same one.
    public func setFilename(_ code: CodeCell, _ filename: Value) throws(Raised) {
        if code.filename.isKind(.str), StrObject(code.filename).equals(StrObject(filename)) { return }
        try enterRecursion("")
        defer { leaveRecursion() }
        let old = code.filename
        code.filename = filename
        let consts = TupleObject(code.consts)
        for i in 0..<consts.count where consts[i].hasLayout(.code) {
            if CodeCell(consts[i]).filename.isKind(.str), StrObject(CodeCell(consts[i]).filename).equals(StrObject(old)) { try setFilename(CodeCell(consts[i]), filename) }
        }
    }

    // MARK: Comparing

    private func codesAreEqual(_ a: CodeCell, _ b: CodeCell) throws(Raised) -> Bool {
        if a.cell == b.cell { return true }
        if a.argcount != b.argcount || a.posonlyargcount != b.posonlyargcount || a.kwonlyargcount != b.kwonlyargcount || a.flags != b.flags
            || a.firstlineno != b.firstlineno { return false }
        for i in [1, 3, 4, 7, 9, 10] where try !equals(a.cell[i], b.cell[i]) { return false }
        return try constantsAreEqual(a.consts, b.consts)
    }

    /// Equality that tells 1, 1.0 and True apart, and 0.0 from -0.0.
    private func constantsAreEqual(_ a: Value, _ b: Value) throws(Raised) -> Bool {
        if a == b { return true }
        if type(of: a).value != type(of: b).value { return false }
        if a.hasLayout(.tuple) {
            let left = TupleObject(a), right = TupleObject(b)
            if left.count != right.count { return false }
            try enterRecursion(" in comparison")
            defer { leaveRecursion() }
            for i in 0..<left.count where try !constantsAreEqual(left[i], right[i]) { return false }
            return true
        }
        if isFloat(a) { return double(a).bitPattern == double(b).bitPattern }
        if a.hasLayout(.complex) {
            let left = ComplexObject(a).parts, right = ComplexObject(b).parts
            return left.real.bitPattern == right.real.bitPattern && left.imaginary.bitPattern == right.imaginary.bitPattern
        }
        return try equals(a, b)
    }

    private func hash(_ code: CodeCell) throws(Raised) -> Int {
        var result = 20_221_211
        for i in [1, 3, 4, 7, 9, 10] { result = result &* 1_000_003 ^ (try hash(code.cell[i])) }
        let consts = TupleObject(code.consts)
        for i in 0..<consts.count { result = result &* 1_000_003 ^ (try hash(consts[i])) }
        for n in [code.argcount, code.posonlyargcount, code.kwonlyargcount, code.flags, code.firstlineno] { result = result &* 1_000_003 ^ n }
        return result == -1 ? -2 : result
    }

    // MARK: Making

    /// What a code object made by a program is made of; the tuples and bytes are words of a tuple.
    private struct CodeFields {
        var argcount = 0, posonlyargcount = 0, kwonlyargcount = 0, nlocals = 0, stacksize = 0, flags = 0, firstlineno = 0
        /// code, consts, names, varnames, filename, name, qualname, linetable, exceptiontable, freevars, cellvars.
        let parts: TupleObject
    }

    private func newCode(arguments a: Arguments) throws(Raised) -> Value {
        if a.keywords.isBound && TupleObject(a.keywords).count > 0 { throw raise(.typeError, "code() takes no keyword arguments") }
        if a.count < 16 { throw raise(.typeError, "code expected at least 16 arguments, got \(a.count)") }
        if a.count > 18 { throw raise(.typeError, "code expected at most 18 arguments, got \(a.count)") }
        var fields = CodeFields(parts: try newTuple(11))
        fields.argcount = try codeInt(a[0])
        fields.posonlyargcount = try codeInt(a[1])
        fields.kwonlyargcount = try codeInt(a[2])
        fields.nlocals = try codeInt(a[3])
        fields.stacksize = try codeInt(a[4])
        fields.flags = try codeInt(a[5])
        let kinds: [(Int, CellKind, StaticString)] = [
            (6, .bytes, "bytes"), (7, .tuple, "tuple"), (8, .tuple, "tuple"), (9, .tuple, "tuple"), (10, .str, "str"), (11, .str, "str"), (12, .str, "str"),
            (14, .bytes, "bytes"), (15, .bytes, "bytes"), (16, .tuple, "tuple"), (17, .tuple, "tuple"),
        ]
        for (i, (place, kind, name)) in kinds.enumerated() {
            if place == 14 { fields.firstlineno = try codeInt(a[13]) }
            fields.parts[i] = place < a.count ? a[place] : objects.pointee.emptyTuple
            if !fields.parts[i].isKind(kind) { throw raise(.typeError, "code() argument \(place + 1) must be \(name), not \(typeName(a[place]))") }
        }
        for (n, name) in [(fields.argcount, "argcount"), (fields.posonlyargcount, "posonlyargcount"), (fields.kwonlyargcount, "kwonlyargcount"),
                          (fields.nlocals, "nlocals")] where n < 0 {
            throw raise(.valueError, "code: \(name) must not be negative")
        }
        for i in [2, 3, 9, 10] { try checkNames(fields.parts[i]) }
        return try newCode(fields)
    }

    private func codeInt(_ value: Value) throws(Raised) -> Int {
        let n = try index(value, overflow: .overflowError)
        if Int(Int32(truncatingIfNeeded: n)) != n { throw raise(.overflowError, "Python int too large to convert to C int") }
        return n
    }

    private func checkNames(_ tuple: Value) throws(Raised) {
        let items = TupleObject(tuple)
        for i in 0..<items.count where !items[i].isKind(.str) {
            throw raise(.typeError, "name tuples must contain only strings, not '\(typeName(items[i]))'")
        }
    }

    private func replaceCode(_ code: CodeCell, _ changes: DictObject) throws(Raised) -> Value {
        var fields = CodeFields(parts: try newTuple(11))
        let names: [StaticString] = ["co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_nlocals", "co_stacksize", "co_flags", "co_firstlineno"]
        let partNames: [StaticString] = ["co_code", "co_consts", "co_names", "co_varnames", "co_filename", "co_name", "co_qualname", "co_linetable",
                                         "co_exceptiontable", "co_freevars", "co_cellvars"]
        for i in 0..<changes.entryCount where changes.entry(i).key.isBound {
            let key = StrObject(changes.entry(i).key)
            if !names.contains(where: { key.equals($0) }) && !partNames.contains(where: { key.equals($0) }) {
                throw raise(.typeError, "'\(string(key.value))' is an invalid keyword argument for replace()")
            }
        }
        let kinds: [(CellKind, StaticString)] = [(.bytes, "bytes"), (.tuple, "tuple"), (.tuple, "tuple"), (.tuple, "tuple"), (.str, "str"), (.str, "str"), (.str, "str"),
                                                 (.bytes, "bytes"), (.bytes, "bytes"), (.tuple, "tuple"), (.tuple, "tuple")]
        let own = [code.argcount, code.posonlyargcount, code.kwonlyargcount, TupleObject(try localNames(code, 0x20)).count, code.stacksize, code.flags, code.firstlineno]
        var numbers: [Int] = []
        for i in names.indices {
            let given = changes.findString(self, intern(names[i]))
            let n = given.isUnbound ? own[i] : try codeInt(given)
            if given.isBound && n < 0 { throw raise(.valueError, "\(names[i]) must be a positive integer") }
            numbers.append(n)
        }
        let parts = fields.parts
        parts[0] = code.code
        parts[1] = code.consts
        parts[2] = code.names
        parts[3] = try localNames(code, 0x20)
        parts[4] = code.filename
        parts[5] = code.name
        parts[6] = code.qualname
        parts[7] = code.linetable
        parts[8] = code.exceptiontable
        parts[9] = try localNames(code, 0x80)
        parts[10] = try localNames(code, 0x40)
        for i in partNames.indices {
            let given = changes.findString(self, intern(partNames[i]))
            if given.isUnbound { continue }
            if !given.isKind(kinds[i].0) { throw raise(.typeError, "replace() argument '\(partNames[i])' must be \(kinds[i].1), not \(typeName(given))") }
            parts[i] = given
        }
        fields.argcount = numbers[0]
        fields.posonlyargcount = numbers[1]
        fields.kwonlyargcount = numbers[2]
        fields.nlocals = numbers[3]
        fields.stacksize = numbers[4]
        fields.flags = numbers[5]
        fields.firstlineno = numbers[6]
        return try newCode(fields)
    }

    private func newCode(_ fields: CodeFields) throws(Raised) -> Value {
        let parts = fields.parts
        let made = blankCode()
        made.argcount = fields.argcount
        made.posonlyargcount = fields.posonlyargcount
        made.kwonlyargcount = fields.kwonlyargcount
        made.stacksize = fields.stacksize
        made.flags = fields.flags
        made.firstlineno = fields.firstlineno
        made.code = parts[0]
        made.consts = parts[1]
        made.names = parts[2]
        made.filename = parts[4]
        made.name = parts[5]
        made.qualname = parts[6]
        made.linetable = parts[7]
        made.exceptiontable = parts[8]
        try layOut(made, TupleObject(parts[3]), TupleObject(parts[10]), TupleObject(parts[9]))
        try validateCode(made)
        if fields.nlocals != TupleObject(parts[3]).count { throw raise(.valueError, "code: co_nlocals != len(co_varnames)") }
        return made.value
    }

    /// The fast slots: locals (captured parameters among them), other cells, free variables.
    private func layOut(_ made: CodeCell, _ locals: TupleObject, _ cells: TupleObject, _ free: TupleObject) throws(Raised) {
        let names = try newList()
        var kinds: [UInt8] = []
        func holds(_ tuple: TupleObject, _ name: Value) throws(Raised) -> Bool {
            for i in 0..<tuple.count where try equals(tuple[i], name) { return true }
            return false
        }
        for i in 0..<locals.count {
            try append(names, locals[i])
            kinds.append(try holds(cells, locals[i]) ? 0x60 : 0x20)
        }
        for i in 0..<cells.count where try !holds(locals, cells[i]) {
            try append(names, cells[i])
            kinds.append(0x40)
        }
        for i in 0..<free.count {
            try append(names, free[i])
            kinds.append(0x80)
        }
        made.localsplusnames = try tupleFrom(names.value).value
        made.localspluskinds = try bytes(kinds)
    }

    /// Checks that the fields have the right types and agree with each other, and interns the names.
    func validateCode(_ code: CodeCell) throws(Raised) {
        let kinds: [CellKind] = [.bytes, .tuple, .tuple, .tuple, .bytes, .str, .str, .str, .bytes, .bytes]
        var isWrong = code.posonlyargcount < 0 || code.argcount < code.posonlyargcount || code.kwonlyargcount < 0 || code.stacksize < 0 || code.flags < 0
        for i in 1...10 where !code.cell[i].isKind(kinds[i - 1]) { isWrong = true }
        if isWrong || TupleObject(code.localsplusnames).count != BytesObject(code.localspluskinds).count {
            throw raise(.systemError, "Objects/codeobject.c:354: bad argument to internal function")
        }
        if BytesObject(code.code).count % 2 != 0 { throw raise(.valueError, "code: co_code is malformed") }
        var locals = 0
        for i in 0..<BytesObject(code.localspluskinds).count where BytesObject(code.localspluskinds).data[i] & 0x20 != 0 { locals += 1 }
        if code.parameterCount > locals { throw raise(.valueError, "code: co_varnames is too small") }
        if !keepsColumns() { code.linetable = try bytes(withoutColumns(Array(BytesObject(code.linetable).buffer), code.firstlineno)) }
        code.names = try internedNames(code.names)
        code.localsplusnames = try internedNames(code.localsplusnames)
        for i in [6, 7, 8] where code.cell[i].hasLayout(.str) { code.cell[i] = intern(code.cell[i]) }
    }

    private func internedNames(_ tuple: Value) throws(Raised) -> Value {
        let items = TupleObject(tuple)
        var areInterned = true
        for i in 0..<items.count {
            if !items[i].isKind(.str) { throw raise(.systemError, "non-string found in code slot") }
            if !items[i].hasLayout(.str) || !StrObject(items[i]).isInterned { areInterned = false }
        }
        if areInterned { return tuple }
        let made = try newTuple(items.count)
        for i in 0..<items.count { made[i] = intern(try exactStr(items[i])) }
        return made.value
    }
}
