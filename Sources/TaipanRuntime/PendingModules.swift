// Entry points that native modules call and whose real bodies are on their way.

extension Thread {
    /// Runs the Python handlers of signals that have come.
    public func checkSignals() throws(Raised) { if state.pointee.breaker != 0 { try safePoint() } }
    /// Runs a system call that may wait, with the interpreter's lock given up.
    @inline(__always) public func blocking<R>(_ body: () -> R) -> R { body() }
}
