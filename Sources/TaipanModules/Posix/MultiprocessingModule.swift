// `_multiprocessing`: semaphores that processes share, on which the locks and queues of `multiprocessing` stand.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import CTaipan
import TaipanRuntime

/// `SemLock`. Words: the system's handle (an int), kind, greatest value, name, how often this process's thread holds it, that thread's number.
private struct SemaphoreObject {
    let cell: Cell
    init(_ value: Value) { cell = value.cell }
    static let handleWord = 1, kindWord = 2, maximumWord = 3, nameWord = 4, countWord = 5, ownerWord = 6, words = 6
    static let recursive = 0, semaphore = 1
    var kind: Int { cell[SemaphoreObject.kindWord].smallInt }
    var maximum: Int { cell[SemaphoreObject.maximumWord].smallInt }
    var count: Int {
        get { cell[SemaphoreObject.countWord].smallInt }
        nonmutating set { cell[SemaphoreObject.countWord] = Value(smallInt: newValue) }
    }
    /// Addresses fit into a small int.
    var handle: UnsafeMutableRawPointer? {
        cell[SemaphoreObject.handleWord].isSmallInt ? UnsafeMutableRawPointer(bitPattern: cell[SemaphoreObject.handleWord].smallInt) : nil
    }
    func isMine(_ t: Thread) -> Bool { count > 0 && cell[SemaphoreObject.ownerWord] == t.int(t.state.pointee.identifier) }
}

enum MultiprocessingModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        try defineSemLock(m)
        m.function("sem_unlink", "($module, name, /)") { (t, a) throws(Raised) in
            let name = try t.fileSystemBytes(a[0])
            if ctaipan_semaphore_unlink(name) < 0 { throw t.osError(ctaipan_get_errno()) }
            return .none
        }
        let flags = m.t.newDict()
        for flag: StaticString in ["HAVE_SEM_OPEN", "HAVE_SEM_TIMEDWAIT", "HAVE_FD_TRANSFER"] { try flags.setString(m.t, m.t.intern(flag), Value(smallInt: 1)) }
        m.set("flags", flags.value)
    }

    private static func defineSemLock(_ m: ModuleBuilder) throws(Raised) {
        let type = try m.type("SemLock", flags: TypeFlag.base, .values(SemaphoreObject.words)) { b in
            b.doc("Semaphore/Mutex type")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in try make(t, type, a) }
            b.slots.pointee.finalize = ActionSlot { (_, v) in
                if let handle = SemaphoreObject(v).handle { _ = ctaipan_semaphore_close(handle) }
                v.cell[SemaphoreObject.handleWord] = .none
            }
            b.getset("handle", get: { (_, v) in v.cell[SemaphoreObject.handleWord] })
            b.getset("kind", get: { (_, v) in v.cell[SemaphoreObject.kindWord] })
            b.getset("maxvalue", get: { (_, v) in v.cell[SemaphoreObject.maximumWord] })
            b.getset("name", get: { (_, v) in v.cell[SemaphoreObject.nameWord] })
            b.method("acquire", "($self, /, block=True, timeout=None)", "Acquire the semaphore/lock.") { (t, a) throws(Raised) in
                Value(try acquire(t, a[0], blocks: a[1].isUnbound ? true : try t.truth(a[1]), timeout: a[2]))
            }
            b.method("release", "($self, /)", "Release the semaphore/lock.") { (t, a) throws(Raised) in try release(t, a[0]) }
            b.method("__enter__", "($self, /)", "Enter the semaphore/lock.") { (t, a) throws(Raised) in Value(try acquire(t, a[0], blocks: true, timeout: .none)) }
            b.rawMethod("__exit__", "", "Exit the semaphore/lock.") { (t, a) throws(Raised) in try release(t, a[0]) }
            b.method("_count", "($self, /)", "Num of `acquire()`s minus num of `release()`s for this process.") { (_, a) in a[0].cell[SemaphoreObject.countWord] }
            b.method("_is_mine", "($self, /)", "Whether the lock is owned by this thread.") { (t, a) in Value(SemaphoreObject(a[0]).isMine(t)) }
            b.method("_get_value", "($self, /)", "Get the value of the semaphore.") { (t, a) throws(Raised) in t.int(max(try value(t, a[0]), 0)) }
            b.method("_is_zero", "($self, /)", "Return whether semaphore has value zero.") { (t, a) throws(Raised) in Value(try value(t, a[0]) <= 0) }
            b.method("_after_fork", "($self, /)", "Rezero the net acquisition count after fork().") { (_, a) in
                SemaphoreObject(a[0]).count = 0
                return .none
            }
            b.classMethod("_rebuild", "($type, handle, kind, maxvalue, name, /)") { (t, a) throws(Raised) in
                var handle = a[1]
                if !a[4].isNone {
                    guard let found = ctaipan_semaphore_find(try t.fileSystemBytes(a[4])) else { throw t.osError(ctaipan_get_errno()) }
                    handle = t.int(Int(bitPattern: found))
                }
                return try fill(t, a[0], handle, kind: try t.index(a[2]), maximum: try t.index(a[3]), name: a[4])
            }
        }
        try DictObject(type.dict).setString(m.t, m.t.intern("SEM_VALUE_MAX"), m.t.int(Int(Int32.max)))
    }

    /// `SemLock(kind, value, maxvalue, name, unlink)`.
    private static func make(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        let words = try t.pushScratch(5)
        defer { t.popScratch(words) }
        try t.bindNames(a, "SemLock", ["kind", "value", "maxvalue", "name", "unlink"], required: 5, words)
        let kind = try t.index(words[0], overflow: .overflowError), value = try t.index(words[1], overflow: .overflowError)
        let maximum = try t.index(words[2], overflow: .overflowError)
        let name = try t.fileSystemBytes(words[3])
        if kind != SemaphoreObject.recursive && kind != SemaphoreObject.semaphore { throw t.raise(.valueError, "unrecognized kind") }
        guard let first = UInt32(exactly: value), let handle = ctaipan_semaphore_open(name, first) else {
            throw value < 0 ? t.osError(EINVAL) : t.osError(ctaipan_get_errno())
        }
        let unlinks = try t.truth(words[4])
        if unlinks && ctaipan_semaphore_unlink(name) < 0 {
            let code = ctaipan_get_errno()
            _ = ctaipan_semaphore_close(handle)
            throw t.osError(code)
        }
        return try fill(t, type, t.int(Int(bitPattern: handle)), kind: kind, maximum: maximum, name: unlinks ? .none : words[3])
    }

    private static func fill(_ t: Thread, _ type: Value, _ handle: Value, kind: Int, maximum: Int, name: Value) throws(Raised) -> Value {
        let made = t.allocate(TypeObject(type))
        made[SemaphoreObject.handleWord] = handle
        made[SemaphoreObject.kindWord] = Value(smallInt: kind)
        made[SemaphoreObject.maximumWord] = Value(smallInt: maximum)
        made[SemaphoreObject.nameWord] = name
        made[SemaphoreObject.countWord] = Value(smallInt: 0)
        made[SemaphoreObject.ownerWord] = .none
        return Value(made)
    }

    private static func open(_ t: Thread, _ v: Value) throws(Raised) -> UnsafeMutableRawPointer {
        guard let handle = SemaphoreObject(v).handle else { throw t.raise(.valueError, "the semaphore is closed") }
        return handle
    }

    private static func value(_ t: Thread, _ v: Value) throws(Raised) -> Int {
        var value: Int32 = 0
        if ctaipan_semaphore_value(try open(t, v), &value) < 0 { throw t.osError(ctaipan_get_errno()) }
        return Int(value)
    }

    private static func acquire(_ t: Thread, _ v: Value, blocks: Bool, timeout: Value) throws(Raised) -> Bool {
        let lock = SemaphoreObject(v), handle = try open(t, v)
        if lock.kind == SemaphoreObject.recursive && lock.isMine(t) {
            lock.count += 1
            return true
        }
        var end = -1.0
        if !timeout.isNoneOrUnbound {
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            end = Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9 + min(max(try t.toDouble(timeout), 0), 1e9)
        }
        var status = ctaipan_semaphore_try(handle)
        var code = ctaipan_get_errno()
        while status < 0 && (code == EINTR || (code == EAGAIN && blocks)) {
            if code == EINTR { try t.checkSignals() }
            (status, code) = t.blocking {
                let status = ctaipan_semaphore_wait(handle, end)
                return (status, ctaipan_get_errno())
            }
        }
        if status < 0 {
            if code == EAGAIN || code == ETIMEDOUT { return false }
            throw t.osError(code)
        }
        lock.count += 1
        v.cell[SemaphoreObject.ownerWord] = t.int(t.state.pointee.identifier)
        return true
    }

    private static func release(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        let lock = SemaphoreObject(v), handle = try open(t, v)
        if lock.kind == SemaphoreObject.recursive {
            if !lock.isMine(t) { throw t.raise(.assertionError, "attempt to release recursive lock not owned by thread") }
            if lock.count > 1 {
                lock.count -= 1
                return .none
            }
        } else {
            var value: Int32 = 0
            if ctaipan_semaphore_value(handle, &value) == 0 && Int(value) >= lock.maximum {
                throw t.raise(.valueError, "semaphore or lock released too many times")
            }
        }
        if ctaipan_semaphore_post(handle) < 0 { throw t.osError(ctaipan_get_errno()) }
        lock.count -= 1
        return .none
    }
}
