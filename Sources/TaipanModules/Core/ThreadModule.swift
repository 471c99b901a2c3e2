// `_thread`: locks and thread-local data. There is one thread: starting another fails as it does where the system refuses.

import CTaipan
#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

enum ThreadModule {
    static func define(_ b: ModuleBuilder) throws(Raised) {
        b.str("__doc__", "This module provides primitive operations to write multi-threaded programs.\nThe 'threading' module provides a more convenient interface.")
        b.set("error", b.t.types.pointee.runtimeError)
        b.set("TIMEOUT_MAX", b.t.float(9223372036.0))
        let lock = try defineLock(b)
        b.set("LockType", lock.value)
        try defineRLock(b)
        try defineLocal(b)
        for name: StaticString in ["allocate_lock", "allocate", "_set_sentinel"] {
            b.rawFunction(name, "", "allocate_lock() -> lock object") { (t, _) throws(Raised) in Value(t.allocate(TypeObject(try t.lockType()))) }
        }
        defineThreads(b)
        let hookArguments = try b.t.newStructSequenceType("_ExceptHookArgs", module: "_thread", doc: "ExceptHookArgs\n\nWhat threading.excepthook is called with.",
                                                          StructSequenceLayout(["exc_type", "exc_value", "exc_traceback", "thread"]))
        b.set("_ExceptHookArgs", hookArguments.value)
        b.function("_excepthook", "($module, object, /)", "_excepthook((exc_type, exc_value, exc_traceback, thread))\n\nShow an exception that ended a thread.") { (t, a) throws(Raised) in
            try t.showThreadException(a[0])
            return .none
        }
    }

    private static func defineThreads(_ b: ModuleBuilder) {
        for name: StaticString in ["start_new_thread", "start_new"] {
            b.rawFunction(name, "", "start_new_thread(function, args[, kwargs])") { (t, a) throws(Raised) in
                if a.count < 2 || a.count > 3 {
                    throw t.raise(.typeError, "start_new_thread expected at \(a.count < 2 ? "least 2" : "most 3") arguments, got \(a.count)")
                }
                if !t.type(of: a[0]).slots.pointee.call.isSet { throw t.raise(.typeError, "first arg must be callable") }
                if !a[1].isKind(.tuple) { throw t.raise(.typeError, "2nd arg must be a tuple") }
                if a.count == 3 && !a[2].isKind(.dict) { throw t.raise(.typeError, "optional 3rd arg must be a dictionary") }
                throw t.raise(.runtimeError, "can't start new thread")
            }
        }
        for name: StaticString in ["exit", "exit_thread"] {
            b.rawFunction(name, "", "exit()\n\nLeave the thread: raise SystemExit.") { (t, _) throws(Raised) in throw t.raise(.systemExit) }
        }
        b.rawFunction("daemon_threads_allowed", "", "daemon_threads_allowed() -> bool") { (_, _) in .true }
        b.rawFunction("_is_main_interpreter", "", "_is_main_interpreter() -> bool") { (_, _) in .true }
        b.rawFunction("get_ident", "", "get_ident() -> integer\n\nA number that identifies the thread.") { (t, _) in t.int(t.state.pointee.identifier) }
        b.rawFunction("get_native_id", "", "get_native_id() -> integer\n\nThe system's number of the thread.") { (t, _) in
            t.int(Int(ctaipan_native_thread()))
        }
        b.rawFunction("_count", "", "_count() -> integer\n\nThe number of threads besides the main one.") { (_, _) in Value(smallInt: 0) }
        b.rawFunction("stack_size", "", "stack_size([size]) -> size") { (t, a) throws(Raised) in
            if a.count > 1 { throw t.raise(.typeError, "stack_size() takes at most 1 argument (\(a.count) given)") }
            let size = a.count == 0 ? 0 : try t.index(a[0], overflow: .overflowError)
            if size < 0 { throw t.raise(.valueError, "size must be 0 or a positive value") }
            if size > 0 && size < 32768 { throw t.raise(.valueError, "size not valid: \(size) bytes") }
            return Value(smallInt: 0)
        }
        b.rawFunction("interrupt_main", "", "interrupt_main(signum=signal.SIGINT, /)\n\nSimulate the arrival of a signal.") { (t, a) throws(Raised) in
            let number = a.count > 0 ? try t.index(a[0], overflow: .overflowError) : Int(SIGINT)
            if number < 1 || number > 64 { throw t.raise(.valueError, "signal number out of range") }
            Signals.simulate(Int32(number))
            return .none
        }
    }

    // MARK: lock

    /// Word 1: True while locked.
    private static func defineLock(_ b: ModuleBuilder) throws(Raised) -> TypeObject {
        try b.type("lock", flags: TypeFlag.noInstantiation | TypeFlag.hasWeakReferences, export: false, .values(1)) { b in
            b.slots.pointee.repr = UnarySlot { (t, v) in
                t.str("<\(v.cell[1].isTrue ? "locked" : "unlocked") \(t.string(t.intern("_thread.lock"))) object at 0x\(String(v.bits, radix: 16))>")
            }
            for name: StaticString in ["acquire_lock", "acquire"] {
                b.method(name, "($self, /, blocking=True, timeout=-1)", "acquire(blocking=True, timeout=-1) -> bool\n\nLock the lock.") { (t, a) throws(Raised) in
                    if try t.waitForLock(a, { $0.cell[1].isTrue }) == false { return .false }
                    a[0].cell[1] = .true
                    return .true
                }
            }
            for name: StaticString in ["release_lock", "release"] { b.method(name, "($self, /)", "release()\n\nUnlock the lock.", releaseLock) }
            for name: StaticString in ["locked_lock", "locked"] {
                b.method(name, "($self, /)", "locked() -> bool\n\nWhether the lock is locked.") { (_, a) in Value(a[0].cell[1].isTrue) }
            }
            b.method("_at_fork_reinit", "($self, /)") { (_, a) in
                a[0].cell[1] = .false
                return .none
            }
            b.method("__enter__", "($self, /)", "Lock the lock.") { (t, a) throws(Raised) in
                var words = (a[0], Value.unbound, Value.unbound)
                return try withUnsafeMutablePointer(to: &words) { (p) throws(Raised) -> Value in
                    try p.withMemoryRebound(to: Value.self, capacity: 3) { (base) throws(Raised) -> Value in
                        _ = try t.waitForLock(Arguments(base, 3)) { $0.cell[1].isTrue }
                        a[0].cell[1] = .true
                        return .true
                    }
                }
            }
            b.rawMethod("__exit__", "", "Unlock the lock.", releaseLock)
        }
    }

    private static var releaseLock: NativeBody {
        { (t, a) throws(Raised) in
            if !a[0].cell[1].isTrue { throw t.raise(.runtimeError, "release unlocked lock") }
            a[0].cell[1] = .false
            return .none
        }
    }

    // MARK: RLock

    /// Words: owner (an int, or unbound), count (small int).
    private static func defineRLock(_ b: ModuleBuilder) throws(Raised) {
        try b.type("RLock", flags: TypeFlag.base | TypeFlag.hasWeakReferences, .values(2)) { b in
            b.slots.pointee.new = CallSlot { (t, type, _) throws(Raised) in
                let made = t.allocate(TypeObject(type))
                made[2] = Value(smallInt: 0)
                return Value(made)
            }
            b.slots.pointee.repr = UnarySlot { (t, v) in
                let count = v.cell[2].smallInt
                let owner = count == 0 ? 0 : t.state.pointee.identifier
                return t.str("<\(count > 0 ? "locked" : "unlocked") \(t.typeLabel(v)) object owner=\(owner) count=\(count) at 0x\(String(v.bits, radix: 16))>")
            }
            b.method("acquire", "($self, /, blocking=True, timeout=-1)", "acquire(blocking=True, timeout=-1) -> bool\n\nLock the lock; its owner may lock it again.") { (t, a) throws(Raised) in
                _ = try t.waitForLock(a) { _ in false }
                a[0].cell[2] = Value(smallInt: a[0].cell[2].smallInt + 1)
                return .true
            }
            b.method("__enter__", "($self, /)", "Lock the lock.") { (_, a) in
                a[0].cell[2] = Value(smallInt: a[0].cell[2].smallInt + 1)
                return .true
            }
            b.method("release", "($self, /)", "release()\n\nUnlock the lock once.", releaseRLock)
            b.rawMethod("__exit__", "", "Unlock the lock once.", releaseRLock)
            b.method("_is_owned", "($self, /)") { (_, a) in Value(a[0].cell[2].smallInt > 0) }
            b.method("_recursion_count", "($self, /)") { (_, a) in a[0].cell[2] }
            b.method("_release_save", "($self, /)") { (t, a) throws(Raised) in
                let count = a[0].cell[2]
                if count.smallInt == 0 { throw t.raise(.runtimeError, "cannot release un-acquired lock") }
                a[0].cell[2] = Value(smallInt: 0)
                return try t.tuple(count, t.int(t.state.pointee.identifier))
            }
            b.method("_acquire_restore", "($self, state, /)") { (t, a) throws(Raised) in
                if !a[1].isKind(.tuple) || TupleObject(a[1]).count != 2 { throw t.raise(.typeError, "_acquire_restore() argument 1 must be 2-item tuple") }
                a[0].cell[2] = Value(smallInt: try t.index(TupleObject(a[1])[0]))
                return .none
            }
            b.method("_at_fork_reinit", "($self, /)") { (_, a) in
                a[0].cell[2] = Value(smallInt: 0)
                return .none
            }
        }
    }

    private static var releaseRLock: NativeBody {
        { (t, a) throws(Raised) in
            let count = a[0].cell[2].smallInt
            if count == 0 { throw t.raise(.runtimeError, "cannot release un-acquired lock") }
            a[0].cell[2] = Value(smallInt: count - 1)
            return .none
        }
    }

    // MARK: Thread-local data

    /// With one thread, attributes of the object are what it is.
    private static func defineLocal(_ b: ModuleBuilder) throws(Raised) {
        try b.type("_local", flags: TypeFlag.base | TypeFlag.hasWeakReferences, .values(1, dictWord: 1)) { b in
            b.doc("Thread-local data")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                let object = TypeObject(t.types.pointee.object).slots
                let takesArguments = TypeObject(type).slots.pointee.initialize.address != object.pointee.initialize.address
                if (a.count > 0 || (a.keywords.isBound && TupleObject(a.keywords).count > 0)) && !takesArguments {
                    throw t.raise(.typeError, "Initialization arguments are not supported")
                }
                return Value(t.allocate(TypeObject(type)))
            }
            b.getset("__dict__", get: { (t, v) throws(Raised) in try t.attributeDict(v.cell).value })
        }
    }
}

extension Thread {
    fileprivate func lockType() throws(Raised) -> Value {
        let module = try importModule(intern("_thread"), .none, objects.pointee.emptyTuple, 0)
        return try getattr(module, intern("LockType"))
    }

    /// `Exception in thread NAME:` and the traceback, to standard error.
    fileprivate func showThreadException(_ arguments: Value) throws(Raised) {
        if typeLabel(arguments) != "_thread._ExceptHookArgs" { throw raise(.typeError, "_thread.excepthook argument type must be ExceptHookArgs") }
        let exceptionType = try getattr(arguments, intern("exc_type"))
        if exceptionType == types.pointee.systemExit { return }
        let exception = try getattr(arguments, intern("exc_value")), thread = try getattr(arguments, intern("thread"))
        var label = Array(String(state.pointee.identifier).utf8)
        if !thread.isNone {
            let name = try getattrOrUnbound(thread, intern("name"))
            if name.isBound { label = wtf8(try strOf(name)) }
        }
        writeStandardError(Array("Exception in thread ".utf8) + label + Array(":\n".utf8) + (try exceptionText(exception)))
    }

    fileprivate func typeLabel(_ value: Value) -> String {
        let type = self.type(of: value)
        return type.moduleName.isBound && type.moduleName.isKind(.str) ? string(type.moduleName) + "." + string(type.name) : string(type.name)
    }

    /// Checks `acquire`'s arguments and waits while the lock is taken. False: it was not to be had in time.
    fileprivate func waitForLock(_ a: Arguments, _ isTaken: (Value) -> Bool) throws(Raised) -> Bool {
        let blocking = a[1].isUnbound ? true : try truth(a[1])
        let seconds = a[2].isUnbound ? -1.0 : try lockTimeout(a[2])
        if !blocking && seconds != -1 { throw raise(.valueError, "can't specify a timeout for a non-blocking call") }
        if seconds < 0 && seconds != -1 { throw raise(.valueError, "timeout value must be a non-negative number") }
        if seconds > 9223372036 { throw raise(.overflowError, "timeout value is too large") }
        var waited = 0.0
        while isTaken(a[0]) {
            if !blocking || (seconds >= 0 && waited >= seconds) { return false }
            let step = seconds >= 0 ? min(seconds - waited, 0.05) : 0.05
            usleep(UInt32(max(step * 1_000_000, 1)))
            waited += step
            try checkSignals()
        }
        return true
    }

    private func lockTimeout(_ value: Value) throws(Raised) -> Double {
        if isFloat(value) {
            let seconds = double(value)
            if seconds.isNaN { throw raise(.valueError, "Invalid value NaN (not a number)") }
            return seconds
        }
        let number = try index(value, overflow: .overflowError)
        return Double(number)
    }
}
