// What native code does before and while it waits.

extension Thread {
    /// Runs the Python handlers of signals that have come.
    public func checkSignals() throws(Raised) { if state.pointee.breaker != 0 { try safePoint() } }

    /// Runs a system call that may wait. An interpreter has one thread so far; with more, this is where its lock is given up.
    @inline(__always) public func blocking<R>(_ body: () -> R) -> R { body() }
}
