// The functions of `atexit`. The interpreter keeps them, as a list of (function, arguments, keywords).

extension Thread {
    /// Has `function(*arguments, **keywords)` called when the interpreter ends.
    public func registerExitFunction(_ function: Value, _ arguments: Value, _ keywords: Value) throws(Raised) {
        if objects.pointee.atexitCallbacks.isUnbound { objects.pointee.atexitCallbacks = try newList().value }
        try append(ListObject(objects.pointee.atexitCallbacks), try tuple(function, arguments, keywords))
    }

    /// Forgets every registration of `function` (compared with `==`).
    public func unregisterExitFunction(_ function: Value) throws(Raised) {
        if objects.pointee.atexitCallbacks.isUnbound { return }
        let old = ListObject(objects.pointee.atexitCallbacks)
        let kept = try newList()
        var i = 0
        while i < old.count {
            let entry = old[i]
            if !(try equals(TupleObject(entry)[0], function)) { try append(kept, entry) }
            i += 1
        }
        objects.pointee.atexitCallbacks = kept.value
    }

    /// Calls the registered functions, the last one first; what they raise is reported. Those registered meanwhile are not called.
    public func runExitFunctions() {
        guard objects.pointee.atexitCallbacks.isBound else { return }
        let list = ListObject(objects.pointee.atexitCallbacks)
        var i = list.count
        while i > 0 {
            i -= 1
            // A function that was called may have unregistered others.
            if !isRegistered(list[i]) { continue }
            let entry = TupleObject(list[i])
            let start = interp.pointee.runObserver == nil ? 0 : Thread.clockMicroseconds()
            do throws(Raised) {
                _ = try call(entry[0], tuple: entry[1], keywords: entry[2])
            } catch { reportUnraisable(entry[0], message: "Exception ignored in atexit callback") }
            tell(.exitFunctionRan(entry[0], microseconds: Thread.clockMicroseconds() - start))
        }
        objects.pointee.atexitCallbacks = .unbound
    }

    private func isRegistered(_ entry: Value) -> Bool {
        let list = ListObject(objects.pointee.atexitCallbacks)
        for i in 0..<list.count where list[i] == entry { return true }
        return false
    }
}
