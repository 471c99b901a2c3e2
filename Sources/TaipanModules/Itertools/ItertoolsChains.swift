// itertools: chain, zip_longest, islice, accumulate, pairwise, batched.

import TaipanRuntime

extension ItertoolsModule {
    // MARK: chain

    static func defineChains(_ m: ModuleBuilder) throws(Raised) {
        // Words: 1 iterator of iterables (unbound when exhausted), 2 the running iterator or unbound.
        try m.type("chain", flags: TypeFlag.base, .values(2)) { b in
            b.doc("Return a chain object whose .__next__() method returns elements from the\nfirst iterable until it is exhausted, then elements from the next\niterable, until all of the iterables are exhausted.")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                try refuse(t, type, a, "chain")
                let source = try t.iter(try t.tuple(a.base, a.count))
                let made = make(t, type)
                made[1] = source
                return Value(made)
            }
            m.t.iterator(b, next: chainNext)
            b.classMethod("from_iterable", "($type, iterable, /)", "Alternative chain() constructor taking a single iterable argument that evaluates lazily.") { (t, a) throws(Raised) in
                let source = try t.iter(a[1])
                let made = make(t, a[0])
                made[1] = source
                return Value(made)
            }
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                let c = a[0].cell, type = t.type(of: a[0]).value
                if c[1].isUnbound { return try t.tuple(type, t.objects.pointee.emptyTuple) }
                let state: Value = c[2].isBound ? try t.tuple(c[1], c[2]) : try t.tuple(c[1])
                return try t.tuple(type, t.objects.pointee.emptyTuple, state)
            }
            b.method("__setstate__", "!($self, state, /)", "Set state information for unpickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                if !a[1].isKind(.tuple) { throw t.raise(.typeError, "state is not a tuple") }
                let state = TupleObject(a[1])
                if state.count < 1 || state.count > 2 { throw t.raise(.typeError, "function takes \(state.count < 1 ? "at least 1 argument" : "at most 2 arguments") (\(state.count) given)") }
                for i in 0..<state.count where !t.type(of: state[i]).slots.pointee.next.isSet { throw t.raise(.typeError, "Arguments must be iterators.") }
                a[0].cell[1] = state[0]
                a[0].cell[2] = state.count > 1 ? state[1] : .unbound
                return .none
            }
            m.t.addClassGetItem(b)
        }
        try defineZipLongest(m)
    }

    static func chainNext(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        while v.cell[1].isBound {
            if v.cell[2].isUnbound {
                let iterable = try t.next(v.cell[1])
                if iterable.isUnbound {
                    v.cell[1] = .unbound
                    return .unbound
                }
                do throws(Raised) {
                    v.cell[2] = try t.iter(iterable)
                } catch {
                    v.cell[1] = .unbound
                    throw error
                }
            }
            let item = try t.next(v.cell[2])
            if item.isBound { return item }
            v.cell[2] = .unbound
        }
        return .unbound
    }

    private static func defineZipLongest(_ m: ModuleBuilder) throws(Raised) {
        // Words: 1 tuple of iterators (unbound items are exhausted), 2 the fill value; raw: 3 iterators not exhausted.
        try m.type("zip_longest", flags: TypeFlag.base, NativeLayout(valueWords: 2, bytes: 32)) { b in
            b.doc("Return a zip_longest object whose .__next__() method returns a tuple where\nthe i-th element comes from the i-th iterable argument.  The .__next__()\nmethod continues until the longest iterable in the argument sequence\nis exhausted and then it raises StopIteration.  When the shorter iterables\nare exhausted, the fillvalue is substituted in their place.  The fillvalue\ndefaults to None or can be specified by a keyword argument.")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                var fill = Value.none
                if a.keywords.isBound {
                    let names = TupleObject(a.keywords)
                    if names.count > 1 || (names.count == 1 && !StrObject(names[0]).equals("fillvalue")) {
                        throw t.raise(.typeError, "zip_longest() got an unexpected keyword argument")
                    }
                    if names.count == 1 { fill = a[a.count] }
                }
                let iterators = try t.iterators(a.base, a.count)
                let made = make(t, type)
                made[1] = iterators
                made[2] = fill
                made.setRaw(a.count, at: 3)
                return Value(made)
            }
            m.t.iterator(b) { (t, v) throws(Raised) in
                let iterators = TupleObject(v.cell[1])
                if iterators.count == 0 || v.cell.raw(3) == 0 { return .unbound }
                let made = try t.newTuple(iterators.count)
                for i in 0..<iterators.count {
                    made[i] = v.cell[2]
                    if iterators[i].isUnbound { continue }
                    let item: Value
                    do throws(Raised) {
                        item = try t.next(iterators[i])
                    } catch {
                        v.cell.setRaw(0, at: 3)
                        throw error
                    }
                    if item.isBound {
                        made[i] = item
                        continue
                    }
                    v.cell.setRaw(v.cell.raw(3) &- 1, at: 3)
                    if v.cell.raw(3) == 0 { return .unbound }
                    iterators[i] = .unbound
                }
                return made.value
            }
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                let iterators = TupleObject(a[0].cell[1])
                let all = try t.newTuple(iterators.count)
                for i in 0..<all.count { all[i] = iterators[i].isBound ? iterators[i] : t.objects.pointee.emptyTuple }
                return try t.tuple(t.type(of: a[0]).value, all.value, a[0].cell[2])
            }
            b.method("__setstate__", "!($self, state, /)", "Set state information for unpickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                a[0].cell[2] = a[1]
                return .none
            }
        }
    }

    // MARK: islice, pairwise, batched

    static func defineSlices(_ m: ModuleBuilder) throws(Raised) {
        // Words: 1 the iterator (unbound when done); raw: 2 next index to give, 3 stop (-1 none), 4 step, 5 items taken.
        try m.type("islice", flags: TypeFlag.base, NativeLayout(valueWords: 1, bytes: 48)) { b in
            b.doc("islice(iterable, stop) --> islice object\nislice(iterable, start, stop[, step]) --> islice object\n\nReturn an iterator whose next() method returns selected values from an\niterable.  If start is specified, will skip all preceding elements;\notherwise, start defaults to zero.  Step defaults to one.  If\nspecified as another value, step determines how many values are\nskipped between successive calls.  Works like a slice() on a list\nbut returns an iterator.")
            b.slots.pointee.new = CallSlot(newSlice)
            m.t.iterator(b) { (t, v) throws(Raised) in
                let c = v.cell
                if c[1].isUnbound { return .unbound }
                let wanted = c.raw(2), stop = c.raw(3)
                while c.raw(5) < wanted {
                    if try t.next(c[1]).isUnbound { return end(c) }
                    c.setRaw(c.raw(5) &+ 1, at: 5)
                }
                if stop != -1 && c.raw(5) >= stop { return end(c) }
                let item = try t.next(c[1])
                if item.isUnbound { return end(c) }
                c.setRaw(c.raw(5) &+ 1, at: 5)
                let following = wanted.addingReportingOverflow(c.raw(4))
                c.setRaw(following.overflow || (stop != -1 && following.partialValue > stop) ? (stop == -1 ? Int.max : stop) : following.partialValue, at: 2)
                return item
            }
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                let c = a[0].cell, type = t.type(of: a[0]).value
                if c[1].isUnbound {
                    let empty = try t.iter(try t.newList().value)
                    return try t.tuple(type, try t.tuple(empty, Value(smallInt: 0)), Value(smallInt: 0))
                }
                let made = try t.newTuple(4)
                made[0] = c[1]
                made[1] = t.int(c.raw(2))
                made[2] = c.raw(3) == -1 ? .none : t.int(c.raw(3))
                made[3] = t.int(c.raw(4))
                return try t.tuple(type, made.value, t.int(c.raw(5)))
            }
            b.method("__setstate__", "!($self, state, /)", "Set state information for unpickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                a[0].cell.setRaw(try t.index(a[1]), at: 5)
                return .none
            }
        }
        try definePairwise(m)
    }

    private static func end(_ cell: Cell) -> Value {
        cell[1] = .unbound
        return .unbound
    }

    private static func newSlice(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        try refuse(t, type, a, "islice")
        try t.checkPositionalCount(a, "islice", 2, 4)
        var start = 0, stop = -1, step = 1
        if a.count == 2 {
            stop = try bound(t, a[1], -1, "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.")
        } else {
            start = try bound(t, a[1], 0, "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.")
            stop = try bound(t, a[2], -1, "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.")
            if a.count == 4 {
                step = try bound(t, a[3], 1, "Step for islice() must be a positive integer or None.")
                if step < 1 { throw t.raise(.valueError, "Step for islice() must be a positive integer or None.") }
            }
        }
        let iterator = try t.iter(a[0])
        let made = make(t, type)
        made[1] = iterator
        made.setRaw(start, at: 2)
        made.setRaw(stop, at: 3)
        made.setRaw(step, at: 4)
        return Value(made)
    }

    private static func bound(_ t: Thread, _ value: Value, _ none: Int, _ complaint: StaticString) throws(Raised) -> Int {
        if value.isNone { return none }
        var n = -1
        do throws(Raised) {
            n = try t.index(value)
        } catch { _ = t.takePending() }
        if n < 0 { throw t.raise(.valueError, complaint.description) }
        return n
    }

    private static func definePairwise(_ m: ModuleBuilder) throws(Raised) {
        // Words: 1 the iterator (unbound when done), 2 the item before.
        try m.type("pairwise", flags: TypeFlag.base, .values(2)) { b in
            b.doc("pairwise(iterable, /)\n--\n\nReturn an iterator of overlapping pairs taken from the input iterator.\n\n    s -> (s0,s1), (s1,s2), (s2, s3), ...")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                try refuse(t, type, a, "pairwise")
                try t.checkPositionalCount(a, "pairwise", 1, 1)
                let iterator = try t.iter(a[0])
                let made = make(t, type)
                made[1] = iterator
                return Value(made)
            }
            m.t.iterator(b) { (t, v) throws(Raised) in
                let c = v.cell
                if c[1].isUnbound { return .unbound }
                var old = c[2]
                if old.isUnbound {
                    old = try t.next(c[1])
                    c[2] = old
                    // The iterator may have been exhausted from within.
                    if old.isUnbound || c[1].isUnbound {
                        c[1] = .unbound
                        c[2] = .unbound
                        return .unbound
                    }
                }
                let new = try t.next(c[1])
                if new.isUnbound {
                    c[1] = .unbound
                    c[2] = .unbound
                    return .unbound
                }
                c[2] = new
                return try t.tuple(old, new)
            }
        }
        // Words: 1 the iterator (unbound when done); raw: 2 the size.
        try m.type("batched", flags: TypeFlag.base, NativeLayout(valueWords: 1, bytes: 24)) { b in
            b.doc("batched(iterable, n)\n--\n\nBatch data into tuples of length n. The last batch may be shorter than n.\n\nLoops over the input iterable and accumulates data into tuples\nup to size n.  The input is consumed lazily, just enough to\nfill a batch.  The result is yielded as soon as a batch is full\nor when the input iterable is exhausted.\n\n    >>> for batch in batched('ABCDEFG', 3):\n    ...     print(batch)\n    ...\n    ('A', 'B', 'C')\n    ('D', 'E', 'F')\n    ('G',)")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                let bound = try t.pushScratch(2)
                defer { t.popScratch(bound) }
                try t.bindNames(a, "batched", ["iterable", "n"], required: 2, bound)
                let n = try t.index(bound[1])
                if n < 1 { throw t.raise(.valueError, "n must be at least one") }
                let iterator = try t.iter(bound[0])
                let made = make(t, type)
                made[1] = iterator
                made.setRaw(n, at: 2)
                return Value(made)
            }
            m.t.iterator(b) { (t, v) throws(Raised) in
                let c = v.cell, n = c.raw(2)
                if c[1].isUnbound { return .unbound }
                let batch = try t.newList(capacity: min(n, 64))
                while batch.count < n {
                    let item: Value
                    do throws(Raised) {
                        item = try t.next(c[1])
                    } catch {
                        c[1] = .unbound
                        throw error
                    }
                    if item.isUnbound {
                        c[1] = .unbound
                        if batch.count == 0 { return .unbound }
                        break
                    }
                    try t.append(batch, item)
                }
                return try t.tuple(batch)
            }
        }
    }

    // MARK: accumulate

    static func defineAccumulate(_ m: ModuleBuilder) throws(Raised) {
        // Words: 1 the iterator, 2 the function or unbound, 3 the total or unbound, 4 the initial value or unbound.
        try m.type("accumulate", flags: TypeFlag.base, .values(4)) { b in
            b.doc("accumulate(iterable, func=None, *, initial=None)\n--\n\nReturn series of accumulated sums.")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                let bound = try t.pushScratch(3)
                defer { t.popScratch(bound) }
                if a.count > 2 { throw t.raise(.typeError, "accumulate() takes at most 2 positional arguments (\(a.count) given)") }
                try t.bindNames(a, "accumulate", ["iterable", "func", "initial"], required: 1, bound)
                bound[0] = try t.iter(bound[0])
                let made = make(t, type)
                made[1] = bound[0]
                made[2] = bound[1].isNone ? .unbound : bound[1]
                made[4] = bound[2].isNone ? .unbound : bound[2]
                return Value(made)
            }
            m.t.iterator(b) { (t, v) throws(Raised) in
                let c = v.cell
                if c[4].isBound {
                    c[3] = c[4]
                    c[4] = .unbound
                    return c[3]
                }
                let item = try t.next(c[1])
                if item.isUnbound { return .unbound }
                if c[3].isUnbound {
                    c[3] = item
                } else {
                    c[3] = c[2].isUnbound ? try t.binary(.add, c[3], item) : try t.call(c[2], c[3], item)
                }
                return c[3]
            }
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                let c = a[0].cell, type = t.type(of: a[0]).value
                let function: Value = c[2].isBound ? c[2] : .none
                if c[4].isBound {
                    let chained = try chained(t, c[4], c[1])
                    return try t.tuple(type, try t.tuple(chained, function), .none)
                }
                if c[3].isNone {
                    let rest = try chained(t, c[3], c[1])
                    let arguments = try t.tuple(rest, function)
                    let slice = try t.getattr(try t.call(try t.builtinFunction("__import__"), t.str("itertools")), t.intern("islice"))
                    let whole = try t.call(type, tuple: arguments)
                    return try t.tuple(slice, try t.tuple(whole, Value(smallInt: 1), .none))
                }
                return try t.tuple(type, try t.tuple(c[1], function), c[3].isBound ? c[3] : .none)
            }
            b.method("__setstate__", "!($self, state, /)", "Set state information for unpickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                a[0].cell[3] = a[1]
                return .none
            }
        }
    }

    /// `chain([first], rest)`.
    private static func chained(_ t: Thread, _ first: Value, _ rest: Value) throws(Raised) -> Value {
        let chain = try t.getattr(try t.call(try t.builtinFunction("__import__"), t.str("itertools")), t.intern("chain"))
        let head = try t.newList()
        try t.append(head, first)
        return try t.call(chain, head.value, rest)
    }
}
