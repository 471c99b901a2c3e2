// Builtins about iteration: all, any, aiter, anext, iter, len, max, min, next, sorted.

extension Thread {
    func defineIterationBuiltins(_ b: ModuleBuilder) {
        b.function("all", "($module, iterable, /)", "True if all items of the iterable are true.", shortcut: Shortcut.all) { (t, a) throws(Raised) in
            Value(try t.areAllTrue(try t.iter(a[0])))
        }
        b.function("any", "($module, iterable, /)", "True if some item of the iterable is true.", shortcut: Shortcut.any) { (t, a) throws(Raised) in
            Value(try t.isAnyTrue(try t.iter(a[0])))
        }
        b.rawFunction("iter", "($module, object, sentinel=<unrepresentable>, /)", "iter(iterable) -> iterator\niter(callable, sentinel) -> iterator\n\nThe iterator of an object, or one that calls until the sentinel is returned.") { (t, a) throws(Raised) in
            try t.checkCount(a, "iter", 1, 2)
            if a.count == 1 { return try t.iter(a[0]) }
            if !t.type(of: a[0]).slots.pointee.call.isSet { throw t.raise(.typeError, "iter(object, sentinel): object must be callable") }
            return t.newCallableIterator(a[0], a[1])
        }
        b.function("aiter", "($module, async_iterable, /)", "The AsyncIterator of an AsyncIterable object.") { (t, a) throws(Raised) in try t.asyncIter(a[0]) }
        b.function("anext", "($module, aiterator, default=<unrepresentable>, /)", "The next item of an async iterator, to await.") { (t, a) throws(Raised) in
            let slot = t.type(of: a[0]).slots.pointee.asyncNext
            if !slot.isSet { throw t.raise(.typeError, "'\(t.typeName(a[0]))' object is not an async iterator") }
            let awaitable = try slot(t, a[0])
            return a[1].isUnbound ? awaitable : try t.newAnextAwaitable(awaitable, a[1])
        }
        b.function("len", "($module, obj, /)", "The number of items in a container.", shortcut: Shortcut.length) { (t, a) throws(Raised) in t.int(try t.length(a[0])) }
        b.rawFunction("next", "($module, iterator, default=<unrepresentable>, /)", "next(iterator[, default])\n\nThe next item; the default when there is none, or StopIteration.") { (t, a) throws(Raised) in
            try t.checkCount(a, "next", 1, 2)
            return try t.nextOrDefault(a[0], a.count == 2 ? a[1] : .unbound)
        }
        b.rawFunction("max", "", "max(iterable, *[, default=obj, key=func]) -> value\nmax(arg1, arg2, *args, *[, key=func]) -> value\n\nThe largest item or argument.") { (t, a) throws(Raised) in
            try t.extreme(a, "max", .greater)
        }
        b.rawFunction("min", "", "min(iterable, *[, default=obj, key=func]) -> value\nmin(arg1, arg2, *args, *[, key=func]) -> value\n\nThe smallest item or argument.") { (t, a) throws(Raised) in
            try t.extreme(a, "min", .less)
        }
        b.rawFunction("sorted", "($module, iterable, /, *, key=None, reverse=False)", "A new sorted list of the items of an iterable.") { (t, a) throws(Raised) in
            if a.count != 1 { throw t.raise(.typeError, "sorted expected 1 argument, got \(a.count)") }
            let list = try t.listFrom(a[0]).value
            let sort = try t.getattr(list, t.intern("sort"))
            _ = try t.call(sort, a.dropFirst)
            return list
        }
    }

    func areAllTrue(_ iterator: Value) throws(Raised) -> Bool {
        while true {
            let item = try next(iterator)
            if item.isUnbound { return true }
            if !(try truth(item)) { return false }
        }
    }

    func isAnyTrue(_ iterator: Value) throws(Raised) -> Bool {
        while true {
            let item = try next(iterator)
            if item.isUnbound { return false }
            if try truth(item) { return true }
        }
    }

    private func asyncIter(_ value: Value) throws(Raised) -> Value {
        let slot = type(of: value).slots.pointee.asyncIter
        if !slot.isSet { throw raise(.typeError, "'\(typeName(value))' object is not an async iterable") }
        let iterator = try slot(self, value)
        if type(of: iterator).slots.pointee.asyncNext.isSet { return iterator }
        throw raise(.typeError, "aiter() returned not an async iterator of type '\(typeName(iterator))'")
    }

    private func nextOrDefault(_ iterator: Value, _ otherwise: Value) throws(Raised) -> Value {
        let type = type(of: iterator)
        if !type.slots.pointee.next.isSet { throw raise(.typeError, "'\(typeName(iterator))' object is not an iterator") }
        do throws(Raised) {
            state.pointee.returnValue = .unbound
            // A StopIteration raised by Python code keeps its value: the method is called, not the slot that swallows it.
            let item = type.has(TypeFlag.heap) ? try callSpecial(iterator, name(.__next__)) : try type.slots.pointee.next(self, iterator)
            if item.isBound { return item }
        } catch {
            if otherwise.isUnbound { throw error }
            try swallow(.stopIteration, error)
        }
        if otherwise.isUnbound { throw stopIteration(takeReturnValue()) }
        return otherwise
    }

    private func extreme(_ a: Arguments, _ function: StaticString, _ op: CompareOperator) throws(Raised) -> Value {
        if a.count == 0 { throw raise(.typeError, "\(function) expected at least 1 argument, got 0") }
        var key = Value.none, otherwise = Value.unbound
        if a.keywords.isBound {
            let names = TupleObject(a.keywords)
            try limitKeywords(names.count, 2, function)
            for i in 0..<names.count {
                if StrObject(names[i]).equals("key") {
                    key = a[a.count + i]
                } else if StrObject(names[i]).equals("default") {
                    otherwise = a[a.count + i]
                } else {
                    throw raise(.typeError, "'\(string(names[i]))' is an invalid keyword argument for \(function)()")
                }
            }
        }
        if a.count > 1 {
            if otherwise.isBound { throw raise(.typeError, "Cannot specify a default for \(function)() with multiple positional arguments") }
            return try extremeArgument(a, key, op)
        }
        let iterator = try iter(a[0])
        var best = Value.unbound, bestKey = Value.unbound
        while true {
            let item = try next(iterator)
            if item.isUnbound { break }
            let itemKey = key.isNone ? item : try call(key, item)
            let isBetter = best.isUnbound ? true : try holds(itemKey, op, bestKey)
            if isBetter {
                best = item
                bestKey = itemKey
            }
        }
        if best.isBound { return best }
        if otherwise.isBound { return otherwise }
        throw raise(.valueError, "\(function)() iterable argument is empty")
    }

    private func extremeArgument(_ a: Arguments, _ key: Value, _ op: CompareOperator) throws(Raised) -> Value {
        var best = a[0]
        var bestKey = key.isNone ? best : try call(key, best)
        for i in 1..<a.count {
            let item = a[i]
            let itemKey = key.isNone ? item : try call(key, item)
            if try holds(itemKey, op, bestKey) {
                best = item
                bestKey = itemKey
            }
        }
        return best
    }
}
