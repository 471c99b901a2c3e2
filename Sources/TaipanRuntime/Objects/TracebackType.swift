// The traceback type: one link a frame, outermost frame first.
//
//   word 1  next (or unbound)    word 2  frame    word 3  lasti, small int    word 4  line, small int, -1 for none

@frozen public struct TracebackObject: BitwiseCopyable {
    public let cell: Cell
    public init(_ value: Value) { cell = value.cell }
    public var value: Value { Value(cell) }
    public var next: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    public var frame: Value { cell[2] }
    public var lasti: Int { cell[3].smallInt }
    public var line: Int { cell[4].smallInt }
}

extension Thread {
    func defineTracebackType() {
        defineType(.traceback, "traceback", .values(4)) { b in
            b.doc("TracebackType(tb_next, tb_frame, tb_lasti, tb_lineno)\n--\n\nCreate a new traceback object.")
            b.slots.pointee.new = CallSlot(Thread.tracebackNew)
            b.member("tb_frame", word: 2)
            b.member("tb_lasti", word: 3)
            b.getset("tb_lineno", get: { (t, v) throws(Raised) in t.tracebackLine(TracebackObject(v)) })
            b.getset("tb_next", get: { (t, v) in Thread.noneIfUnbound(TracebackObject(v).next) }, set: Thread.setTracebackNext)
            b.method("__dir__", "!($self, /)") { (t, a) throws(Raised) in
                let names = try t.newList(capacity: 4)
                for name: StaticString in ["tb_frame", "tb_next", "tb_lasti", "tb_lineno"] { try t.append(names, t.intern(name)) }
                return names.value
            }
        }
    }

    private func tracebackLine(_ traceback: TracebackObject) -> Value {
        if traceback.line >= 0 { return traceback.cell[4] }
        let code = frameCode(traceback.frame)
        let line = code.isUnbound ? 0 : codePosition(code: code, lasti: traceback.lasti).line
        return line > 0 ? int(line) : .none
    }

    private static func tracebackNew(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        var given: (Value, Value, Value, Value) = (.unbound, .unbound, .unbound, .unbound)
        try t.bindTracebackArguments(a, &given)
        let next = given.0
        if !next.isNone && !next.hasLayout(.traceback) {
            throw t.raise(.typeError, "expected traceback object or None, got '\(t.typeName(next))'")
        }
        if !given.1.hasLayout(.frame) {
            throw t.raise(.typeError, "TracebackType() argument 'tb_frame' must be frame, not \(given.1.isNone ? "None" : t.typeName(given.1))")
        }
        let lasti = try t.index(given.2, overflow: .overflowError), line = try t.index(given.3, overflow: .overflowError)
        if Int32(exactly: lasti) == nil || Int32(exactly: line) == nil { throw t.raise(.overflowError, "Python int too large to convert to C int") }
        return t.newTraceback(next: next.isNone ? .unbound : next, frame: given.1, lasti: lasti, line: line)
    }

    private func bindTracebackArguments(_ a: Arguments, _ given: inout (Value, Value, Value, Value)) throws(Raised) {
        let names: [StaticString] = ["tb_next", "tb_frame", "tb_lasti", "tb_lineno"]
        let keywordCount = a.keywords.isUnbound ? 0 : TupleObject(a.keywords).count
        if a.count + keywordCount > 4 {
            throw raise(.typeError, "TracebackType() takes at most 4 arguments (\(a.count + keywordCount) given)")
        }
        for i in 0..<4 {
            var value: Value = i < a.count ? a[i] : .unbound
            for k in 0..<keywordCount where StrObject(TupleObject(a.keywords)[k]).equals(names[i]) {
                value = a[a.count + k]
            }
            if value.isUnbound { throw raise(.typeError, "TracebackType() missing required argument '\(names[i])' (pos \(i + 1))") }
            switch i {
            case 0: given.0 = value
            case 1: given.1 = value
            case 2: given.2 = value
            default: given.3 = value
            }
        }
    }

    private static func setTracebackNext(_ t: Thread, _ traceback: Value, _ new: Value) throws(Raised) {
        if new.isUnbound { throw t.raise(.typeError, "can't delete tb_next attribute") }
        if new.isNone {
            TracebackObject(traceback).next = .unbound
            return
        }
        if !new.hasLayout(.traceback) { throw t.raise(.typeError, "expected traceback object, got '\(t.typeName(new))'") }
        var link = new
        while link.isBound {
            if link == traceback { throw t.raise(.valueError, "traceback loop detected") }
            link = TracebackObject(link).next
        }
        TracebackObject(traceback).next = new
    }

    /// A traceback cell. `next` is unbound at the innermost frame; `line` -1 asks the code when it is needed.
    public func newTraceback(next: Value, frame: Value, lasti: Int, line: Int) -> Value {
        let cell = heap.allocate(header: UInt(LayoutID.traceback.rawValue), bytes: 40)
        cell[1] = next
        cell[2] = frame
        cell[3] = Value(smallInt: lasti)
        cell[4] = Value(smallInt: line)
        return Value(cell)
    }

    /// Puts a frame before the pending exception's traceback, as unwinding passes it.
    public func addTraceback(frame: Value, lasti: Int, line: Int) {
        let pending = state.pointee.pending
        if pending.isUnbound { return }
        let exception = ExceptionObject(pending)
        exception.traceback = newTraceback(next: exception.traceback, frame: frame, lasti: lasti, line: line)
    }

    /// The code object of a frame, or unbound.
    func frameCode(_ frame: Value) -> Value {
        guard let code = try? getattr(frame, intern("f_code")) else {
            _ = takePending()
            return .unbound
        }
        return code
    }
}
