// Audit hooks (PEP 578): functions of the program that hear of what it does, and may stop it by raising. The hooks lie in a tuple, made
// anew for each that is added: hooks added by a hook come after the event, and `gc` shows no container to take them out of.

extension Thread {
    /// Tells the hooks that `event` is about to happen; unbound arguments at the end are left out. Costs two loads without hooks.
    /// - Throws: What a hook raises: the event must not happen then.
    @inline(__always)
    public func audit(_ event: StaticString, _ a: Value = .unbound, _ b: Value = .unbound, _ c: Value = .unbound, _ d: Value = .unbound,
                      _ e: Value = .unbound) throws(Raised) {
        if isAudited { try audit(event, packing: a, b, c, d, e) }
    }

    /// Whether any hook is there: for arguments that take work to make.
    @inline(__always) public var isAudited: Bool { objects.pointee.auditHooks.isBound }

    @inline(never)
    private func audit(_ event: StaticString, packing a: Value, _ b: Value, _ c: Value, _ d: Value, _ e: Value) throws(Raised) {
        let count = a.isUnbound ? 0 : b.isUnbound ? 1 : c.isUnbound ? 2 : d.isUnbound ? 3 : e.isUnbound ? 4 : 5
        let arguments = try newTuple(count)
        if count > 0 { arguments[0] = a }
        if count > 1 { arguments[1] = b }
        if count > 2 { arguments[2] = c }
        if count > 3 { arguments[3] = d }
        if count > 4 { arguments[4] = e }
        try runAuditHooks(str(event), arguments.value)
    }

    /// Calls every hook, the oldest first, until one raises. An exception that is on its way keeps waiting.
    @inline(never) public func runAuditHooks(_ event: Value, _ arguments: Value) throws(Raised) {
        let pending = takePending()
        let hooks = TupleObject(objects.pointee.auditHooks)
        let cantrace = intern("__cantrace__")
        for i in 0..<hooks.count {
            let mayTrace = try getattrOrUnbound(hooks[i], cantrace)
            let traces = mayTrace.isBound ? try truth(mayTrace) : false
            try withTracing(traces) { () throws(Raised) in _ = try call(hooks[i], event, arguments) }
        }
        state.pointee.pending = pending
    }

    /// Runs `body`; unless `traces`, the trace and profile functions see nothing of it.
    private func withTracing(_ traces: Bool, _ body: () throws(Raised) -> Void) throws(Raised) {
        if traces { return try body() }
        state.pointee.observation.depth += 1
        defer { state.pointee.observation.depth -= 1 }
        try body()
    }

    /// `sys.addaudithook`: the hooks that are there may refuse the new one, by an Exception that goes no further.
    func addAuditHook(_ hook: Value) throws(Raised) {
        do throws(Raised) { try audit("sys.addaudithook") } catch {
            return try swallow(.exception, error)
        }
        let old = objects.pointee.auditHooks
        let count = old.isUnbound ? 0 : TupleObject(old).count
        let made = try newTuple(count + 1)
        for i in 0..<count { made[i] = TupleObject(old)[i] }
        made[count] = hook
        objects.pointee.auditHooks = made.value
    }

    /// A special attribute is about to be set, or deleted when `new` is unbound.
    func auditAttribute(_ object: Value, _ name: Value, _ new: Value) throws(Raised) {
        if !isAudited { return }
        if new.isUnbound { try audit("object.__delattr__", object, name) } else { try audit("object.__setattr__", object, name, new) }
    }

    /// `sys.audit(event, *args)`.
    func auditFunction(_ a: Arguments) throws(Raised) -> Value {
        if a.keywords.isBound { throw raise(.typeError, "sys.audit() takes no keyword arguments") }
        if a.count == 0 { throw raise(.typeError, "audit() missing 1 required positional argument: 'event'") }
        if !isAudited { return .none }
        if !a[0].isKind(.str) { throw raise(.typeError, "expected str for argument 'event', not \(typeName(a[0]))") }
        try runAuditHooks(a[0], try tuple(a.base + 1, a.count - 1))
        return .none
    }
}

extension Value {
    /// The value, or None where an optional argument was not given.
    @inlinable @inline(__always) public var orNone: Value { isUnbound ? .none : self }

    /// The value, or `n` where an optional argument is not given or None.
    @inlinable @inline(__always) public func orInt(_ n: Int) -> Value { isNoneOrUnbound ? Value(smallInt: n) : self }
}
