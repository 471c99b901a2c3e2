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

    /// Calls the registered functions, the last one first; what they raise is reported. Those registered meanwhile are called too.
    public func runExitFunctions() {
        while objects.pointee.atexitCallbacks.isBound {
            let list = ListObject(objects.pointee.atexitCallbacks)
            if list.count == 0 { return }
            let entry = TupleObject(list[list.count - 1])
            list[list.count - 1] = .unbound
            list.count -= 1
            do throws(Raised) {
                _ = try call(entry[0], tuple: entry[1], keywords: entry[2])
            } catch { reportUnraisable(entry[0], message: "Exception ignored in atexit callback") }
        }
    }
}
