// `_thread`: starting threads, locks and thread-local data. Execution/NativeThreads.swift has what a thread is.

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
        for name: StaticString in ["allocate_lock", "allocate"] {
            b.rawFunction(name, "", "allocate_lock() -> lock object") { (t, _) throws(Raised) in Value(t.allocate(TypeObject(try t.lockType()))) }
        }
        defineThreads(b)
        let hookArguments = try b.t.newStructSequenceType("_ExceptHookArgs", module: "_thread", doc: "ExceptHookArgs\n\nWhat threading.excepthook is called with.",
                                                          StructSequenceLayout(["exc_type", "exc_value", "exc_traceback", "thread"]))
        b.set("_ExceptHookArgs", hookArguments.value)
        b.function("_excepthook", "!($module, object, /)", "_excepthook((exc_type, exc_value, exc_traceback, thread))\n\nShow an exception that ended a thread.") { (t, a) throws(Raised) in
            try t.showThreadException(a[0])
            return .none
        }
    }

    private static func defineThreads(_ b: ModuleBuilder) {
        for name: StaticString in ["start_new_thread", "start_new"] {
            b.rawFunction(name, "", "start_new_thread(function, args[, kwargs])\n\nStart a thread that calls the function; gives the thread's number.") { (t, a) throws(Raised) in
                if a.count < 2 || a.count > 3 {
                    throw t.raise(.typeError, "start_new_thread expected at \(a.count < 2 ? "least 2" : "most 3") arguments, got \(a.count)")
                }
                if !t.type(of: a[0]).slots.pointee.call.isSet { throw t.raise(.typeError, "first arg must be callable") }
                if !a[1].isKind(.tuple) { throw t.raise(.typeError, "2nd arg must be a tuple") }
                if a.count == 3 && !a[2].isKind(.dict) { throw t.raise(.typeError, "optional 3rd arg must be a dictionary") }
                try t.audit("_thread.start_new_thread", a[0], a[1], a.count == 3 ? a[2] : .none)
                return t.int(try t.startThread(a[0], a[1], a.count == 3 ? a[2] : .unbound))
            }
        }
        b.rawFunction("_set_sentinel", "", "_set_sentinel() -> lock\n\nA lock that is released when the thread has ended.") { (t, _) throws(Raised) in
            let lock = Value(t.allocate(TypeObject(try t.lockType())))
            t.state.pointee.sentinel = lock
            return lock
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
        b.rawFunction("_count", "", "_count() -> integer\n\nThe number of threads besides the main one.") { (t, _) in t.int(t.interp.pointee.startedThreads) }
        b.rawFunction("stack_size", "", "stack_size([size]) -> size") { (t, a) throws(Raised) in
            if a.count > 1 { throw t.raise(.typeError, "stack_size() takes at most 1 argument (\(a.count) given)") }
            let size = a.count == 0 ? 0 : try t.index(a[0], overflow: .overflowError)
            if size < 0 { throw t.raise(.valueError, "size must be 0 or a positive value") }
            if size > 0 && size < 32768 { throw t.raise(.valueError, "size not valid: \(size) bytes") }
            let before = t.interp.pointee.threadStackSize
            if a.count > 0 { t.interp.pointee.threadStackSize = size }
            return t.int(before)
        }
        b.rawFunction("interrupt_main", "", "interrupt_main(signum=signal.SIGINT, /)\n\nSimulate the arrival of a signal.") { (t, a) throws(Raised) in
            let number = a.count > 0 ? try t.index(a[0], overflow: .overflowError) : Int(SIGINT)
            if number < 1 || number > 64 { throw t.raise(.valueError, "signal number out of range") }
            Signals.simulate(t, Int32(number))
            if t.isMainThread { try t.checkSignals() }
            return .none
        }
    }

    // MARK: lock

    private static func defineLock(_ b: ModuleBuilder) throws(Raised) -> TypeObject {
        try b.type("lock", flags: TypeFlag.noInstantiation | TypeFlag.hasWeakReferences, export: false, .values(1)) { b in
            b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in
                t.str("<\(LockObject(v).isLocked ? "locked" : "unlocked") _thread.lock object at 0x\(String(v.bits, radix: 16))>")
            }
            for name: StaticString in ["acquire_lock", "acquire"] {
                b.method(name, "($self, /, blocking=True, timeout=-1)", "acquire(blocking=True, timeout=-1) -> bool\n\nLock the lock.") { (t, a) throws(Raised) in
                    Value(try t.acquire(LockObject(a[0]), nanoseconds: try t.lockTimeout(a[1], a[2])))
                }
            }
            for name: StaticString in ["release_lock", "release"] { b.method(name, "($self, /)", "release()\n\nUnlock the lock.", releaseLock) }
            for name: StaticString in ["locked_lock", "locked"] {
                b.method(name, "($self, /)", "locked() -> bool\n\nWhether the lock is locked.") { (_, a) in Value(LockObject(a[0]).isLocked) }
            }
            b.method("_at_fork_reinit", "!($self, /)") { (_, a) in
                LockObject(a[0]).isLocked = false
                return .none
            }
            b.method("__enter__", "!($self, /)", "Lock the lock.") { (t, a) throws(Raised) in Value(try t.acquire(LockObject(a[0]), nanoseconds: -1)) }
            b.rawMethod("__exit__", "", "Unlock the lock.", releaseLock)
        }
    }

    private static var releaseLock: NativeBody {
        { (t, a) throws(Raised) in
            if !LockObject(a[0]).isLocked { throw t.raise(.runtimeError, "release unlocked lock") }
            t.releaseLock(LockObject(a[0]))
            return .none
        }
    }

    // MARK: RLock

    /// Words: the owner's number (None while unlocked), how often it has locked (small int).
    private static func defineRLock(_ b: ModuleBuilder) throws(Raised) {
        try b.type("RLock", flags: TypeFlag.base | TypeFlag.hasWeakReferences, .values(2)) { b in
            b.slots.pointee.new = CallSlot { (t, type, _) throws(Raised) in
                let made = t.allocate(TypeObject(type))
                made[1] = .none
                made[2] = Value(smallInt: 0)
                return Value(made)
            }
            b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in
                let count = v.cell[2].smallInt
                let owner = count == 0 ? "0" : t.string(try t.repr(v.cell[1]))
                return t.str("<\(count > 0 ? "locked" : "unlocked") \(t.typeLabel(v)) object owner=\(owner) count=\(count) at 0x\(String(v.bits, radix: 16))>")
            }
            b.method("acquire", "!($self, /, blocking=True, timeout=-1)", "acquire(blocking=True, timeout=-1) -> bool\n\nLock the lock; its owner may lock it again.") { (t, a) throws(Raised) in
                Value(try t.acquireRecursively(a[0], nanoseconds: try t.lockTimeout(a[1], a[2])))
            }
            b.method("__enter__", "!($self, /)", "Lock the lock.") { (t, a) throws(Raised) in Value(try t.acquireRecursively(a[0], nanoseconds: -1)) }
            b.method("release", "!($self, /)", "release()\n\nUnlock the lock once.", releaseRLock)
            b.rawMethod("__exit__", "", "Unlock the lock once.", releaseRLock)
            b.method("_is_owned", "!($self, /)") { (t, a) in Value(t.ownsRLock(a[0])) }
            b.method("_recursion_count", "!($self, /)") { (t, a) in t.ownsRLock(a[0]) ? a[0].cell[2] : Value(smallInt: 0) }
            b.method("_release_save", "!($self, /)") { (t, a) throws(Raised) in
                let owner = a[0].cell[1], count = a[0].cell[2]
                if count.smallInt == 0 { throw t.raise(.runtimeError, "cannot release un-acquired lock") }
                t.freeRLock(a[0])
                return try t.tuple(count, owner)
            }
            b.method("_acquire_restore", "!($self, state, /)") { (t, a) throws(Raised) in
                if !a[1].isKind(.tuple) || TupleObject(a[1]).count != 2 { throw t.raise(.typeError, "_acquire_restore() argument 1 must be 2-item tuple") }
                let count = try t.index(TupleObject(a[1])[0], overflow: .overflowError)
                let owner = t.int(try t.index(TupleObject(a[1])[1], overflow: .overflowError))
                _ = try t.waitWhile(UInt(bitPattern: a[0].cell.address), nanoseconds: -1) { a[0].cell[2].smallInt > 0 }
                a[0].cell[1] = owner
                a[0].cell[2] = Value(smallInt: max(count, 1))
                return .none
            }
            b.method("_at_fork_reinit", "!($self, /)") { (_, a) in
                a[0].cell[1] = .none
                a[0].cell[2] = Value(smallInt: 0)
                return .none
            }
        }
    }

    private static var releaseRLock: NativeBody {
        { (t, a) throws(Raised) in
            if !t.ownsRLock(a[0]) { throw t.raise(.runtimeError, "cannot release un-acquired lock") }
            let count = a[0].cell[2].smallInt
            if count == 1 { t.freeRLock(a[0]) } else { a[0].cell[2] = Value(smallInt: count - 1) }
            return .none
        }
    }

    // MARK: Thread-local data

    /// Each access first brings in the running thread's attributes; inline caches stay away from types with slots of their own.
    private static func defineLocal(_ b: ModuleBuilder) throws(Raised) {
        try b.type("_local", flags: TypeFlag.base | TypeFlag.hasWeakReferences, .values(LocalObject.words, dictWord: LocalObject.dictWord)) { b in
            b.doc("Thread-local data")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in try newLocal(t, type, a) }
            b.slots.pointee.getattr = BinarySlot { (t, v, name) throws(Raised) in
                try t.switchLocal(v)
                return try TypeObject(t.types.pointee.object).slots.pointee.getattr(t, v, name)
            }
            b.slots.pointee.setattr = StoreSlot { (t, v, name, value) throws(Raised) in
                if name == t.name(.__dict__) {
                    throw t.raise(.attributeError, "\(t.typeName(v) == "_thread._local" ? "'_thread._local'" : "'\(t.typeName(v))'") object attribute '__dict__' is read-only")
                }
                try t.switchLocal(v)
                try TypeObject(t.types.pointee.object).slots.pointee.setattr(t, v, name, value)
            }
            b.getset("__dict__", get: { (t, v) throws(Raised) in
                try t.switchLocal(v)
                return try t.attributeDict(v.cell).value
            })
        }
    }

    private static func newLocal(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        let object = TypeObject(t.types.pointee.object).slots
        let takesArguments = TypeObject(type).slots.pointee.initialize.address != object.pointee.initialize.address
        let keywordCount = a.keywords.isBound ? TupleObject(a.keywords).count : 0
        if (a.count > 0 || keywordCount > 0) && !takesArguments { throw t.raise(.typeError, "Initialization arguments are not supported") }
        let made = Value(t.allocate(TypeObject(type)))
        let positional = try t.newTuple(a.count)
        for i in 0..<a.count { positional[i] = a[i] }
        var keywords = Value.unbound
        if keywordCount > 0 {
            let dict = t.newDict()
            for i in 0..<keywordCount { try t.set(dict, TupleObject(a.keywords)[i], a[a.count + i]) }
            keywords = dict.value
        }
        try t.prepareLocal(made, positional.value, keywords)
        return made
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

    fileprivate func acquire(_ lock: LockObject, nanoseconds: Int) throws(Raised) -> Bool {
        if try !waitWhile(UInt(bitPattern: lock.cell.address), nanoseconds: nanoseconds, { lock.isLocked }) { return false }
        lock.isLocked = true
        return true
    }

    fileprivate func ownsRLock(_ lock: Value) -> Bool {
        lock.cell[2].smallInt > 0 && lock.cell[1] == int(state.pointee.identifier)
    }

    fileprivate func freeRLock(_ lock: Value) {
        lock.cell[1] = .none
        lock.cell[2] = Value(smallInt: 0)
        if interp.pointee.hasThreads { unpark(UInt(bitPattern: lock.cell.address)) }
    }

    fileprivate func acquireRecursively(_ lock: Value, nanoseconds: Int) throws(Raised) -> Bool {
        if ownsRLock(lock) {
            lock.cell[2] = Value(smallInt: lock.cell[2].smallInt + 1)
            return true
        }
        if try !waitWhile(UInt(bitPattern: lock.cell.address), nanoseconds: nanoseconds, { lock.cell[2].smallInt > 0 }) { return false }
        lock.cell[1] = int(state.pointee.identifier)
        lock.cell[2] = Value(smallInt: 1)
        return true
    }

    /// The nanoseconds that `acquire(blocking, timeout)` may wait: 0 is not at all, -1 for ever.
    fileprivate func lockTimeout(_ blocking: Value, _ timeout: Value) throws(Raised) -> Int {
        let mayWait = blocking.isUnbound ? true : try truth(blocking)
        let seconds = timeout.isUnbound ? -1.0 : try lockSeconds(timeout)
        if !mayWait && seconds != -1 { throw raise(.valueError, "can't specify a timeout for a non-blocking call") }
        if seconds < 0 && seconds != -1 { throw raise(.valueError, "timeout value must be a non-negative number") }
        if seconds > 9223372036 { throw raise(.overflowError, "timeout value is too large") }
        if !mayWait { return 0 }
        return seconds == -1 ? -1 : Int(min((seconds * 1e9).rounded(.up), 9.2e18))
    }

    private func lockSeconds(_ value: Value) throws(Raised) -> Double {
        if isFloat(value) {
            let seconds = double(value)
            if seconds.isNaN { throw raise(.valueError, "Invalid value NaN (not a number)") }
            return seconds
        }
        let number = try index(value, overflow: .overflowError)
        return Double(number)
    }
}
