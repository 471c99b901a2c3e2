// Threads that a program starts: each has a state, a VM stack and a native stack of its own.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import CTaipan

extension Thread {
    /// Bytes of the native and of the VM stack of a started thread, unless `_thread.stack_size` says more.
    static var startedStackBytes: Int { 16 << 20 }

    /// Starts `function(*arguments, **keywords)` on a thread of its own. What it raises, except SystemExit, is reported as unraisable.
    /// - Returns: the thread's number.
    /// - Throws: RuntimeError where the system refuses or the interpreter ends.
    public func startThread(_ function: Value, _ arguments: Value, _ keywords: Value) throws(Raised) -> Int {
        if interp.pointee.isFinalizing { throw raise(.runtimeError, "can't create new thread at interpreter shutdown") }
        let bytes = AddressSpace.stackBytes(max(Thread.startedStackBytes, interp.pointee.threadStackSize))
        guard let started = Thread.createThread(interp, stackBytes: bytes, vmStackBytes: bytes) else { throw raise(.runtimeError, "can't start new thread") }
        let state = started.state
        state.pointee.start = (function, arguments, keywords)
        state.pointee.recursionLimit = self.state.pointee.recursionLimit
        state.pointee.recursionRemaining = state.pointee.recursionLimit
        state.pointee.nativeStackBytes = bytes
        // Nothing of it runs yet: there is no native stack to scan.
        state.pointee.nativeBase = 0
        state.pointee.waitingStackPointer = 0
        let hadThreads = interp.pointee.hasThreads
        interp.pointee.hasThreads = true
        let number = ctaipan_thread_start({ raw in Thread(raw.unsafelyUnwrapped.assumingMemoryBound(to: ThreadState.self)).live() }, state, UInt64(bytes))
        if number == 0 {
            interp.pointee.hasThreads = hadThreads
            started.release()
            throw raise(.runtimeError, "can't start new thread")
        }
        state.pointee.identifier = number
        tell(.threadStarts(function: function))
        return number
    }

    /// The life of a started thread.
    private func live() {
        // What the functions called from here hold lies below this address.
        let base = Thread.stackAddress() + 64
        state.pointee.identifier = ctaipan_thread_identifier()
        acquireLock()
        state.pointee.nativeBase = base
        state.pointee.nativeLimit = base - UInt(state.pointee.nativeStackBytes) + (256 << 10)
        interp.pointee.startedThreads += 1
        runStarted()
        interp.pointee.startedThreads -= 1
        tell(.threadEnds)
        wakeWhoWaitsForEnd()
        let lock = interp.pointee.lock
        release()
        ctaipan_lock_release(lock)
    }

    /// A function of its own: when it is done no value of the thread is left on the native stack.
    @inline(never) private func runStarted() {
        let (function, arguments, keywords) = state.pointee.start
        do throws(Raised) {
            _ = try keywords.isBound ? call(function, tuple: arguments, keywords: keywords) : call(function, tuple: arguments)
        } catch {
            if pendingIs(.systemExit) {
                _ = takePending()
            } else {
                reportUnraisable(function, message: "Exception ignored in thread started by")
            }
        }
        state.pointee.start = (.unbound, .unbound, .unbound)
        leaveLocals()
    }

    /// Thread-local data of this thread goes.
    private func leaveLocals() {
        guard state.pointee.locals.isBound else { return }
        let list = ListObject(state.pointee.locals)
        state.pointee.locals = .unbound
        for i in 0..<list.count {
            let referent = WeakReference(list[i].cell).referent
            if referent.isUnbound { continue }
            do throws(Raised) { try forgetLocal(referent) } catch { reportUnraisable(referent) }
        }
    }

    /// The lock that `threading` waits for at `join`.
    private func wakeWhoWaitsForEnd() {
        let lock = state.pointee.sentinel
        state.pointee.sentinel = .unbound
        if lock.isBound { releaseLock(LockObject(lock)) }
    }

    /// Takes the thread from its interpreter's list and frees its state. The caller holds the lock.
    private func release() {
        let interp = self.interp
        var link = withUnsafeMutablePointer(to: &interp.pointee.threads) { $0 }
        while let one = link.pointee {
            if one == state {
                link.pointee = one.pointee.nextThread
                break
            }
            link = withUnsafeMutablePointer(to: &one.pointee.nextThread) { $0 }
        }
        // With one thread left, waiting costs nothing again.
        if interp.pointee.threads?.pointee.nextThread == nil { interp.pointee.hasThreads = false }
        freeMemory()
    }

    /// Frees the state and its stack.
    func freeMemory() {
        if let parking = state.pointee.parking { ctaipan_parking_free(parking) }
        state.pointee.loopFrames.deallocate()
        munmap(state.pointee.stackBase, state.pointee.stackBytes)
        state.deallocate()
    }

    /// In the child of a fork: the other threads do not exist here. Their stacks stay mapped and keep what they hold: nothing that a thread
    /// was in the midst of is finalized here.
    public func forgetOtherThreads() {
        var last = interp.pointee.threads
        while let one = last, one != state {
            last = one.pointee.nextThread
            one.pointee.nextThread = interp.pointee.lostThreads
            interp.pointee.lostThreads = one
        }
        last = state.pointee.nextThread
        while let one = last {
            last = one.pointee.nextThread
            one.pointee.nextThread = interp.pointee.lostThreads
            interp.pointee.lostThreads = one
        }
        interp.pointee.threads = state
        state.pointee.nextThread = nil
        interp.pointee.running = state
        interp.pointee.mainThread = state
        interp.pointee.hasThreads = false
        interp.pointee.startedThreads = 0
        state.pointee.identifier = ctaipan_thread_identifier()
        ctaipan_lock_after_fork(interp.pointee.lock, &state.pointee.breaker)
    }

    /// From now on no other thread of the interpreter runs Python code. The caller never gives the lock up for good.
    public func stopOtherThreads() {
        interp.pointee.isFinalizing = true
        ctaipan_lock_close(interp.pointee.lock)
    }

    /// Calls `body` with the state of every thread.
    public func forEachThread(_ body: (Thread) throws(Raised) -> Void) throws(Raised) {
        var thread = interp.pointee.threads
        while let one = thread {
            thread = one.pointee.nextThread
            try body(Thread(one))
        }
    }
}

// MARK: Locks

/// `_thread.lock`. Word 1: True while locked.
@frozen public struct LockObject: BitwiseCopyable {
    public let cell: Cell
    @inlinable public init(_ value: Value) { cell = value.cell }
    public var isLocked: Bool {
        get { cell[1].isTrue }
        nonmutating set { cell[1] = Value(newValue) }
    }
    var place: UInt { UInt(bitPattern: cell.address) }
}

extension Thread {
    /// Waits until `isTaken` is false, `nanoseconds` (below 0: for ever) at most. The caller takes the thing at once.
    /// - Parameter place: what `unpark` is called with when it is given back.
    /// - Returns: false when the time is over.
    /// - Throws: what a signal's handler raises.
    public func waitWhile(_ place: UInt, nanoseconds: Int, _ isTaken: () -> Bool) throws(Raised) -> Bool {
        let end = nanoseconds < 0 ? Int.max : Int(ctaipan_monotonic()).addingReportingOverflow(nanoseconds).partialValue
        while isTaken() {
            let rest = nanoseconds < 0 ? -1 : max(end - Int(ctaipan_monotonic()), 0)
            if rest == 0 { return false }
            let how = park(on: place, nanoseconds: rest)
            if how == .interrupted {
                do throws(Raised) { try checkSignals() } catch {
                    // It may have been this thread's turn.
                    if !isTaken() { unpark(place) }
                    throw error
                }
            }
        }
        return true
    }

    /// Gives a lock back, whoever took it.
    public func releaseLock(_ lock: LockObject) {
        lock.isLocked = false
        if interp.pointee.hasThreads { unpark(lock.place) }
    }
}

// MARK: Thread-local data

/// `_thread._local`. Words: the running thread's dict, the number of the thread it is of, a dict from thread number to dict, and what
/// the object was made with.
@frozen public struct LocalObject: BitwiseCopyable {
    public let cell: Cell
    @inlinable public init(_ value: Value) { cell = value.cell }
    public static var dictWord: Int { 1 }
    static let owner = 2, dicts = 3, arguments = 4, keywords = 5
    public static var words: Int { 5 }
}

extension Thread {
    /// Fills a fresh local: the thread that makes it has data in it from the start, and its `__init__` is called by whoever makes it.
    public func prepareLocal(_ value: Value, _ arguments: Value, _ keywords: Value) throws(Raised) {
        value.cell[LocalObject.arguments] = arguments
        value.cell[LocalObject.keywords] = keywords
        value.cell[LocalObject.dicts] = newDict().value
        value.cell[LocalObject.owner] = .none
        _ = try enterLocal(value)
    }

    /// Makes the dict of this thread the local's; true when it is new.
    private func enterLocal(_ value: Value) throws(Raised) -> Bool {
        let cell = value.cell
        let dicts = DictObject(cell[LocalObject.dicts])
        let number = int(state.pointee.identifier)
        var dict = try get(dicts, number)
        let isNew = dict.isUnbound
        if isNew {
            dict = newDict().value
            try set(dicts, number, dict)
            if state.pointee.locals.isUnbound { state.pointee.locals = try newList().value }
            try append(ListObject(state.pointee.locals), newWeakReference(value, callback: .unbound).value)
        }
        cell[LocalObject.dictWord] = dict
        cell[LocalObject.owner] = number
        return isNew
    }

    /// Makes the local's attributes those of this thread. A thread that has none gets a dict, and `__init__` runs again.
    public func switchLocal(_ value: Value) throws(Raised) {
        let cell = value.cell
        let me = state.pointee.identifier
        if cell[LocalObject.owner].isSmallInt && cell[LocalObject.owner].smallInt == me && cell[LocalObject.dictWord].isBound { return }
        if try !enterLocal(value) { return }
        let initialize = type(of: value).slots.pointee.initialize
        if initialize.address == TypeObject(types.pointee.object).slots.pointee.initialize.address { return }
        do throws(Raised) {
            let method = try getattr(value, name(.__init__))
            _ = try call(method, tuple: cell[LocalObject.arguments], keywords: cell[LocalObject.keywords])
        } catch {
            try forgetLocal(value)
            throw error
        }
        // Other threads may have used the object meanwhile.
        _ = try enterLocal(value)
    }

    /// A thread ends: what it kept in the local goes.
    func forgetLocal(_ value: Value) throws(Raised) {
        let cell = value.cell
        _ = try remove(DictObject(cell[LocalObject.dicts]), int(state.pointee.identifier))
        if cell[LocalObject.owner].isSmallInt && cell[LocalObject.owner].smallInt == state.pointee.identifier {
            cell[LocalObject.owner] = .none
            cell[LocalObject.dictWord] = .unbound
        }
    }
}
