// UnicodeEncodeError, UnicodeDecodeError, UnicodeTranslateError.

/// View of the cell of the three: encoding (unbound for translation), object, start, end (small ints), reason.
public struct UnicodeErrorObject {
    let cell: Cell
    public init(_ value: Value) { cell = value.cell }
    public var encoding: Value { get { cell[8] } nonmutating set { cell[8] = newValue } }
    public var object: Value { get { cell[9] } nonmutating set { cell[9] = newValue } }
    public var start: Int { get { cell[10].smallInt } nonmutating set { cell[10] = Value(smallInt: newValue) } }
    public var end: Int { get { cell[11].smallInt } nonmutating set { cell[11] = Value(smallInt: newValue) } }
    public var reason: Value { get { cell[12] } nonmutating set { cell[12] = newValue } }
    static var fields: Int { 5 }
}

extension Thread {
    func defineUnicodeErrors() {
        unicodeError(.unicodeEncodeError, "UnicodeEncodeError", "Unicode encoding error.", InitSlot { (t, e, a) throws(Raised) in
            try t.initUnicodeError(e, a, hasEncoding: true, isDecoding: false)
        }, UnarySlot(Thread.encodeErrorStr))
        unicodeError(.unicodeDecodeError, "UnicodeDecodeError", "Unicode decoding error.", InitSlot { (t, e, a) throws(Raised) in
            try t.initUnicodeError(e, a, hasEncoding: true, isDecoding: true)
        }, UnarySlot(Thread.decodeErrorStr))
        unicodeError(.unicodeTranslateError, "UnicodeTranslateError", "Unicode translation error.", InitSlot { (t, e, a) throws(Raised) in
            try t.initUnicodeError(e, a, hasEncoding: false, isDecoding: false)
        }, UnarySlot(Thread.translateErrorStr))
    }

    private func unicodeError(_ layout: LayoutID, _ name: StaticString, _ doc: StaticString, _ initialize: InitSlot, _ str: UnarySlot) {
        defineType(layout, name, base: types.pointee.unicodeError, flags: TypeFlag.base, .exception(fields: UnicodeErrorObject.fields)) { b in
            b.doc(doc)
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                let made = try Thread.baseExceptionNew(t, type, a)
                made.cell[10] = Value(smallInt: 0)
                made.cell[11] = Value(smallInt: 0)
                return made
            }
            b.slots.pointee.initialize = initialize
            b.slots.pointee.str = str
            b.member("encoding", word: 8, readOnly: false, "exception encoding")
            b.member("object", word: 9, readOnly: false, "exception object")
            b.member("start", "exception start", get: { (t, e) in e.cell[10] }, set: { (t, e, new) throws(Raised) in
                e.cell[10] = try t.positionField(new)
            })
            b.member("end", "exception end", get: { (t, e) in e.cell[11] }, set: { (t, e, new) throws(Raised) in
                e.cell[11] = try t.positionField(new)
            })
            b.member("reason", word: 12, readOnly: false, "exception reason")
        }
    }

    private func positionField(_ new: Value) throws(Raised) -> Value {
        if new.isUnbound { throw raise(.typeError, "can't delete numeric/char attribute") }
        if !isInt(new) { throw raise(.typeError, "an integer is required") }
        guard let n = machineInt(new), Value.fitsSmallInt(n) else { throw raise(.overflowError, "Python int too large to convert to C ssize_t") }
        return Value(smallInt: n)
    }

    private func initUnicodeError(_ e: Value, _ a: Arguments, hasEncoding: Bool, isDecoding: Bool) throws(Raised) {
        try Thread.baseExceptionInit(self, e, a)
        let wanted = hasEncoding ? 5 : 4
        if a.count != wanted {
            throw raise(.typeError, "function takes exactly \(wanted) arguments (\(a.count) given)")
        }
        var i = 0
        let error = UnicodeErrorObject(e)
        if hasEncoding { error.encoding = try textArgument(a, &i) }
        if isDecoding {
            error.object = try bytesArgument(a[i])
            i += 1
        } else {
            error.object = try textArgument(a, &i)
        }
        let start = try index(a[i]), end = try index(a[i + 1])
        guard Value.fitsSmallInt(start), Value.fitsSmallInt(end) else { throw raise(.overflowError, "Python int too large to convert to C ssize_t") }
        error.start = start
        error.end = end
        i += 2
        error.reason = try textArgument(a, &i)
    }

    private func textArgument(_ a: Arguments, _ i: inout Int) throws(Raised) -> Value {
        if !a[i].isKind(.str) { throw raise(.typeError, "argument \(i + 1) must be str, not \(a[i].isNone ? "None" : typeName(a[i]))") }
        i += 1
        return a[i - 1]
    }

    private func bytesArgument(_ value: Value) throws(Raised) -> Value {
        if value.isKind(.bytes) { return value }
        let slot = type(of: value).slots.pointee.buffer
        if !slot.isSet { throw raise(.typeError, "a bytes-like object is required, not '\(typeName(value))'") }
        let view = try slot(self, value, .simple)
        let copy = try bytes(view.base?.assumingMemoryBound(to: UInt8.self), view.count)
        let release = type(of: view.owner).slots.pointee.releaseBuffer
        if release.isSet { try release(self, view.owner) }
        return copy
    }

    // MARK: Texts

    /// `\xNN`, `\uNNNN` or `\UNNNNNNNN`.
    private static func escape(_ c: UInt32) -> String {
        func hex(_ width: Int) -> String {
            let digits = String(c, radix: 16)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return c <= 0xFF ? "\\x" + hex(2) : c <= 0xFFFF ? "\\u" + hex(4) : "\\U" + hex(8)
    }

    private func codecPrefix(_ error: UnicodeErrorObject) throws(Raised) -> [UInt8] {
        [0x27] + wtf8(try strOf(Thread.noneIfUnbound(error.encoding))) + Array("' codec can't ".utf8)
    }

    private static func encodeErrorStr(_ t: Thread, _ e: Value) throws(Raised) -> Value {
        let error = UnicodeErrorObject(e)
        if error.object.isUnbound { return t.objects.pointee.emptyStr }
        let prefix = try t.codecPrefix(error) + Array("encode ".utf8)
        return try t.unicodeErrorStr(error, prefix)
    }

    private static func translateErrorStr(_ t: Thread, _ e: Value) throws(Raised) -> Value {
        let error = UnicodeErrorObject(e)
        if error.object.isUnbound { return t.objects.pointee.emptyStr }
        return try t.unicodeErrorStr(error, Array("can't translate ".utf8))
    }

    private func unicodeErrorStr(_ error: UnicodeErrorObject, _ prefix: [UInt8]) throws(Raised) -> Value {
        let reason = wtf8(try strOf(Thread.noneIfUnbound(error.reason)))
        let place: String
        if error.object.isKind(.str), error.start >= 0, error.start < StrObject(error.object).count, error.end == error.start + 1 {
            place = "character '\(Thread.escape(StrObject(error.object)[error.start]))' in position \(error.start): "
        } else {
            place = "characters in position \(error.start)-\(error.end &- 1): "
        }
        return str(wtf8: prefix + Array(place.utf8) + reason)
    }

    private static func decodeErrorStr(_ t: Thread, _ e: Value) throws(Raised) -> Value {
        let error = UnicodeErrorObject(e)
        if error.object.isUnbound { return t.objects.pointee.emptyStr }
        let reason = t.wtf8(try t.strOf(noneIfUnbound(error.reason)))
        let place: String
        if error.object.isKind(.bytes), error.start >= 0, error.start < BytesObject(error.object).count, error.end == error.start + 1 {
            let byte = BytesObject(error.object).data[error.start]
            place = "decode byte 0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16)) in position \(error.start): "
        } else {
            place = "decode bytes in position \(error.start)-\(error.end &- 1): "
        }
        return t.str(wtf8: try t.codecPrefix(error) + Array(place.utf8) + reason)
    }

    // MARK: Making

    /// UnicodeEncodeError for `object[start..<end]`.
    public func encodeError(_ encoding: String, _ object: Value, _ start: Int, _ end: Int, _ reason: String) -> Raised {
        unicodeError(.unicodeEncodeError, encoding, object, start, end, reason)
    }

    /// UnicodeDecodeError for `object[start..<end]`, `object` a bytes.
    public func decodeError(_ encoding: String, _ object: Value, _ start: Int, _ end: Int, _ reason: String) -> Raised {
        unicodeError(.unicodeDecodeError, encoding, object, start, end, reason)
    }

    private func unicodeError(_ kind: ExceptionKind, _ encoding: String, _ object: Value, _ start: Int, _ end: Int, _ reason: String) -> Raised {
        do throws(Raised) {
            let a = str(encoding), r = str(reason)
            let made = try call(types[kind], a, object, Value(smallInt: start), Value(smallInt: end), r)
            return raise(exception: made)
        } catch { return error }
    }
}
