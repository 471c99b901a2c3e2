// Raising. The exception object waits in the thread state while `Raised` travels up.

extension Thread {
    /// Makes `kind(message)` pending. Use as `throw t.raise(.typeError, "…")`.
    @inline(never) public func raise(_ kind: ExceptionKind, _ message: String) -> Raised { raise(kind, str(message)) }

    /// Makes `kind(argument)` pending.
    @inline(never) public func raise(_ kind: ExceptionKind, _ argument: Value) -> Raised {
        raise(type: types[kind], argument)
    }

    /// Makes `kind()` pending.
    @inline(never) public func raise(_ kind: ExceptionKind) -> Raised { raise(type: types[kind], .unbound) }

    /// Makes `type(argument)` pending, calling the type.
    @inline(never) public func raise(type: Value, _ argument: Value) -> Raised {
        do throws(Raised) {
            return raise(exception: try newException(TypeObject(type), argument))
        } catch { return error }
    }

    /// Makes an exception object pending, with the exception being handled as its context.
    @inline(never) public func raise(exception: Value) -> Raised {
        setContext(of: exception)
        state.pointee.pending = exception
        return Raised()
    }

    /// The exception being handled, or unbound.
    public var handledException: Value {
        var link: UnsafeMutablePointer<HandledException>? = state.pointee.handled
        while let one = link {
            if one.pointee.value.isBound && !one.pointee.value.isNone { return one.pointee.value }
            link = one.pointee.previous
        }
        return .unbound
    }

    /// `__context__`: what was being handled when `exception` was raised; a cycle is cut as CPython cuts it.
    func setContext(of exception: Value) {
        let handled = handledException
        if handled.isUnbound || handled == exception { return }
        // A program can have made a cycle of contexts: a second pointer at half the speed notices it.
        var link = handled, slow = handled
        var movesSlow = false
        while true {
            let context = ExceptionObject(link).context
            if context.isUnbound { break }
            if context == exception {
                ExceptionObject(link).context = .unbound
                break
            }
            link = context
            if link == slow { break }
            if movesSlow { slow = ExceptionObject(slow).context }
            movesSlow.toggle()
        }
        ExceptionObject(exception).context = handled
    }

    /// Takes the pending exception; none is pending afterwards.
    public func takePending() -> Value {
        let exception = state.pointee.pending
        state.pointee.pending = .unbound
        return exception
    }

    /// Makes `exception` pending again, unchanged.
    @inline(never) public func restore(_ exception: Value) -> Raised {
        state.pointee.pending = exception
        return Raised()
    }

    /// True when the pending exception is an instance of `kind`.
    @inline(never) public func pendingIs(_ kind: ExceptionKind) -> Bool {
        state.pointee.pending.isBound && isInstance(state.pointee.pending, of: types[kind])
    }

    /// Clears the pending exception if it is a `kind`; passes it on otherwise.
    @inline(never) public func swallow(_ kind: ExceptionKind, _ error: Raised) throws(Raised) {
        if !pendingIs(kind) { throw error }
        state.pointee.pending = .unbound
    }

    /// MemoryError, from the object made at start-up: nothing is allocated.
    @inline(never) public func memoryError() -> Raised {
        if objects.pointee.memoryErrorInstance.isBound {
            state.pointee.pending = objects.pointee.memoryErrorInstance
            return Raised()
        }
        return raise(.memoryError)
    }

    @inline(never) public func keyError(_ key: Value) -> Raised { raise(type: types.pointee.keyError, key) }

    /// StopIteration with a value (None is no argument).
    @inline(never) public func stopIteration(_ value: Value) -> Raised {
        value.isNoneOrUnbound ? raise(.stopIteration) : raise(type: types.pointee.stopIteration, value)
    }

    /// OSError for `errno` code, with the subclass that fits: `[Errno 2] No such file or directory: 'x'`.
    @inline(never) public func osError(_ code: Int32, _ filename: Value = .unbound, _ filename2: Value = .unbound) -> Raised {
        do throws(Raised) {
            let text = str(systemErrorText(code))
            let made: Value
            if filename2.isBound {
                made = try call(types.pointee.osError, Value(smallInt: Int(code)), text, filename, Value.none, filename2)
            } else if filename.isBound {
                made = try call(types.pointee.osError, Value(smallInt: Int(code)), text, filename)
            } else {
                made = try call(types.pointee.osError, Value(smallInt: Int(code)), text)
            }
            return raise(exception: made)
        } catch { return error }
    }
}

/// The exception cell. Words 1–7 are every exception's; subclasses with fields of their own go on from word 8.
@frozen public struct ExceptionObject: BitwiseCopyable {
    public let cell: Cell
    public init(_ value: Value) { cell = value.cell }
    public var value: Value { Value(cell) }
    /// Word 1: attribute dict, or unbound.
    public var dict: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    public var arguments: Value { get { cell[2] } nonmutating set { cell[2] = newValue } }
    public var notes: Value { get { cell[3] } nonmutating set { cell[3] = newValue } }
    /// Traceback, context and cause: unbound is None.
    public var traceback: Value { get { cell[4] } nonmutating set { cell[4] = newValue } }
    public var context: Value { get { cell[5] } nonmutating set { cell[5] = newValue } }
    public var cause: Value { get { cell[6] } nonmutating set { cell[6] = newValue } }
    /// Word 7: `__suppress_context__`, a bool value or unbound (False).
    public var suppressContext: Bool { get { cell[7].isTrue } nonmutating set { cell[7] = Value(newValue) } }
    /// First word of the fields of subclasses.
    public static var firstField: Int { 8 }
    /// Bytes of a plain exception.
    public static var bytes: Int { 64 }
}
