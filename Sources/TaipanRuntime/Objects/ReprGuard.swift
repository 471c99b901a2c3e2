// Which objects are being shown: repr() of a container that holds itself prints "[...]" instead of going on for ever.

extension Thread {
    /// Enters `value` among the objects being shown.
    /// - Returns: false when it is there already; then there is nothing to leave.
    public func enterRepr(_ value: Value) throws(Raised) -> Bool {
        if state.pointee.reprStack.isUnbound { state.pointee.reprStack = try newList(capacity: 8).value }
        let stack = ListObject(state.pointee.reprStack)
        for i in 0..<stack.count where stack[i] == value { return false }
        try append(stack, value)
        return true
    }

    /// Takes `value` out again; the innermost entry goes first.
    public func leaveRepr(_ value: Value) {
        if state.pointee.reprStack.isUnbound { return }
        let stack = ListObject(state.pointee.reprStack)
        var i = stack.count &- 1
        while i >= 0 {
            if stack[i] == value {
                for k in i..<(stack.count &- 1) { stack[k] = stack[k &+ 1] }
                stack[stack.count &- 1] = .unbound
                stack.count = stack.count &- 1
                return
            }
            i = i &- 1
        }
    }

    /// The repr of a container: `body` writes it, unless `value` is being shown already, which gives `recursive`.
    public func guardedRepr(_ value: Value, recursive: StaticString, _ body: (inout StrBuilder) throws(Raised) -> Void) throws(Raised) -> Value {
        if !(try enterRepr(value)) { return str(recursive) }
        defer { leaveRepr(value) }
        var text = StrBuilder()
        try body(&text)
        return try text.finish(self)
    }
}
