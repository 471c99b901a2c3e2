// SyntaxError, IndentationError, TabError.

/// View of a SyntaxError cell.
struct SyntaxErrorObject {
    let cell: Cell
    init(_ value: Value) { cell = value.cell }
    var message: Value { get { cell[8] } nonmutating set { cell[8] = newValue } }
    var filename: Value { get { cell[9] } nonmutating set { cell[9] = newValue } }
    var line: Value { get { cell[10] } nonmutating set { cell[10] = newValue } }
    var offset: Value { get { cell[11] } nonmutating set { cell[11] = newValue } }
    var text: Value { get { cell[12] } nonmutating set { cell[12] = newValue } }
    var endLine: Value { get { cell[13] } nonmutating set { cell[13] = newValue } }
    var endOffset: Value { get { cell[14] } nonmutating set { cell[14] = newValue } }
    static var fields: Int { 8 }
}

extension Thread {
    func defineSyntaxErrors() {
        defineType(.syntaxError, "SyntaxError", base: types.pointee.exception, flags: TypeFlag.base, .exception(fields: SyntaxErrorObject.fields)) { b in
            b.doc("Invalid syntax.")
            b.slots.pointee.initialize = InitSlot(Thread.syntaxErrorInit)
            b.slots.pointee.str = UnarySlot(Thread.syntaxErrorStr)
            b.member("msg", word: 8, readOnly: false, "exception msg")
            b.member("filename", word: 9, readOnly: false, "exception filename")
            b.member("lineno", word: 10, readOnly: false, "exception lineno")
            b.member("offset", word: 11, readOnly: false, "exception offset")
            b.member("text", word: 12, readOnly: false, "exception text")
            b.member("end_lineno", word: 13, readOnly: false, "exception end lineno")
            b.member("end_offset", word: 14, readOnly: false, "exception end offset")
            b.member("print_file_and_line", word: 15, readOnly: false, "exception print_file_and_line")
        }
        let initialize = TypeObject(types.pointee.syntaxError).slots.pointee.initialize
        defineType(.indentationError, "IndentationError", base: types.pointee.syntaxError, flags: TypeFlag.base, .exception(fields: SyntaxErrorObject.fields)) { b in
            b.doc("Improper indentation.")
            b.slots.pointee.initialize = initialize
        }
        defineType(.tabError, "TabError", base: types.pointee.indentationError, flags: TypeFlag.base, .exception(fields: SyntaxErrorObject.fields)) { b in
            b.doc("Improper mixture of spaces and tabs.")
            b.slots.pointee.initialize = initialize
        }
    }

    private static func syntaxErrorInit(_ t: Thread, _ e: Value, _ a: Arguments) throws(Raised) {
        try baseExceptionInit(t, e, a)
        if a.count >= 1 { SyntaxErrorObject(e).message = a[0] }
        if a.count != 2 { return }
        let details = try t.tupleFrom(a[1])
        if details.count < 4 || details.count > 6 {
            let bound = details.count < 4 ? "at least 4" : "at most 6"
            throw t.raise(.typeError, "function takes \(bound) arguments (\(details.count) given)")
        }
        for i in 0..<6 { e.cell[9 + i] = i < details.count ? details[i] : .unbound }
        if details.count == 5 { throw t.raise(.typeError, "end_offset must be provided when end_lineno is provided") }
    }

    private static func syntaxErrorStr(_ t: Thread, _ e: Value) throws(Raised) -> Value {
        let error = SyntaxErrorObject(e)
        let hasLine = error.line.isSmallInt || error.line.hasLayout(.int)
        let message = try t.strOf(noneIfUnbound(error.message))
        var place: [UInt8] = []
        if error.filename.isKind(.str) {
            let name = t.wtf8(error.filename)
            place += name[((name.lastIndex(of: 0x2F) ?? -1) + 1)...]
        }
        let hasFile = error.filename.isKind(.str)
        if hasLine {
            if hasFile { place += Array(", ".utf8) }
            place += Array("line \(t.machineInt(error.line) ?? -1)".utf8)
        }
        if !hasFile && !hasLine { return message }
        return t.str(wtf8: t.wtf8(message) + Array(" (".utf8) + place + Array(")".utf8))
    }

    /// SyntaxError (or a subclass) with its place, as the compiler raises it.
    /// `offset`s count characters from 1; `text` is the source line, or None.
    public func syntaxError(_ kind: ExceptionKind = .syntaxError, _ message: String, filename: Value, line: Int, offset: Int, text: Value,
                            endLine: Int, endOffset: Int) -> Raised {
        do throws(Raised) {
            let details = try newTuple(6)
            details[0] = filename
            details[1] = int(line)
            details[2] = int(offset)
            details[3] = text
            details[4] = int(endLine)
            details[5] = int(endOffset)
            return raise(exception: try call(types[kind], str(message), details.value))
        } catch { return error }
    }
}
