// Threads of one interpreter take turns: whoever holds the interpreter's lock runs. Here is how it is given up, by whoever waits
// for the system, sleeps, or has had it long enough; and how threads wait for each other.

import CTaipan

/// How `park` ended.
public enum ParkingEnd { case woken, timedOut, interrupted }

extension Thread {
    /// Runs the Python handlers of signals that have come.
    public func checkSignals() throws(Raised) { if state.pointee.breaker != 0 { try safePoint() } }

    /// Whether this is the thread that the interpreter began with: it alone runs signal handlers.
    public var isMainThread: Bool { state == interp.pointee.mainThread }

    /// Runs a system call that may wait, with the interpreter's lock given up where other threads could use it. `body` must not touch
    /// Python objects; memory of cells that the caller holds stays where it is. `errno` afterwards is what `body` left.
    @inline(__always) public func blocking<R>(_ body: () -> R) -> R {
        if !interp.pointee.hasThreads { return body() }
        var result: R?
        withoutLock { result = body() }
        return result.unsafelyUnwrapped
    }

    /// Gives the lock up while `body` runs. What the thread's registers hold is on its stack by then, for other threads may collect.
    @inline(never) private func withoutLock(_ body: () -> Void) {
        struct Context {
            let thread: Thread
            let body: () -> Void
        }
        withoutActuallyEscaping(body) { body in
            var context = Context(thread: self, body: body)
            withUnsafeMutablePointer(to: &context) { pointer in
                ctaipan_with_spilled_registers({ raw, sp in
                    let context = raw.unsafelyUnwrapped.assumingMemoryBound(to: Context.self)
                    let thread = context.pointee.thread
                    thread.releaseLock(UInt(bitPattern: sp))
                    context.pointee.body()
                    thread.acquireLock()
                }, pointer)
            }
        }
    }

    private func releaseLock(_ stackPointer: UInt) {
        state.pointee.waitingStackPointer = stackPointer
        ctaipan_lock_release(interp.pointee.lock)
    }

    func acquireLock() {
        ctaipan_lock_acquire(interp.pointee.lock, &state.pointee.breaker)
        if interp.pointee.running == state { return }
        interp.pointee.running = state
        tell(.lockTaken)
    }

    /// At a safe point: another thread gets its turn if one has asked.
    func yieldIfAsked() {
        let lock = interp.pointee.lock
        if ctaipan_lock_is_wanted(lock) == 0 { return }
        withoutLock { ctaipan_lock_await_switch(lock, ctaipan_lock_switches(lock)) }
    }

    // MARK: Threads that wait for each other

    /// Sleeps until another thread calls `unpark` with the same `place`, `nanoseconds` are over (below 0: never), or a signal came.
    /// The caller looks at what it waits for before and after, and passes a wake-up that it does not use on.
    public func park(on place: UInt, nanoseconds: Int = -1) -> ParkingEnd {
        guard let parking = state.pointee.parking else { return .interrupted }
        interp.pointee.parkingTicket &+= 1
        state.pointee.parkingTicket = interp.pointee.parkingTicket
        state.pointee.parkedOn = place
        var end: Int32 = 0
        withoutLock { end = ctaipan_park(parking, Int64(nanoseconds)) }
        if state.pointee.parkedOn == 0 {
            // Woken; if the sleep had ended by itself just before, the wake-up is still to be taken.
            if end != 0 { while ctaipan_park(parking, -1) != 0 {} }
            return .woken
        }
        state.pointee.parkedOn = 0
        return end == 1 ? .timedOut : .interrupted
    }

    /// Wakes the thread that has slept on `place` longest, if there is one.
    public func unpark(_ place: UInt) {
        var chosen: UnsafeMutablePointer<ThreadState>?
        var thread = interp.pointee.threads
        while let one = thread {
            if one.pointee.parkedOn == place && one.pointee.parkingTicket < chosen?.pointee.parkingTicket ?? Int.max { chosen = one }
            thread = one.pointee.nextThread
        }
        guard let chosen, let parking = chosen.pointee.parking else { return }
        chosen.pointee.parkedOn = 0
        ctaipan_unpark(parking)
    }

    /// Wakes every thread that sleeps on `place`.
    public func unparkAll(_ place: UInt) {
        var thread = interp.pointee.threads
        while let one = thread {
            if one.pointee.parkedOn == place, let parking = one.pointee.parking {
                one.pointee.parkedOn = 0
                ctaipan_unpark(parking)
            }
            thread = one.pointee.nextThread
        }
    }
}
