// `itertools`. Every iterator keeps its state in the words of its cell; the comment above each type says which is what.

import TaipanRuntime

enum ItertoolsModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        m.str("__doc__", "Functional tools for creating and using iterators.\n\nInfinite iterators:\ncount(start=0, step=1) --> start, start+step, start+2*step, ...\ncycle(p) --> p0, p1, ... plast, p0, p1, ...\nrepeat(elem [,n]) --> elem, elem, elem, ... endlessly or up to n times")
        try defineEndless(m)
        try defineFilters(m)
        try defineChains(m)
        try defineSlices(m)
        try defineAccumulate(m)
        try defineGrouping(m)
        try defineTee(m)
        try defineProducts(m)
        try defineCombinations(m)
    }

    /// A DeprecationWarning of the pickling methods.
    static func warnPickle(_ t: Thread) throws(Raised) {
        try t.warn(.deprecationWarning, "Pickle, copy, and deepcopy support will be removed from itertools in Python 3.14.")
    }

    /// Refuses keywords for the exact type; subclasses may take them in `__init__`.
    static func refuse(_ t: Thread, _ type: Value, _ a: Arguments, _ name: StaticString) throws(Raised) {
        if a.keywords.isUnbound { return }
        let object = TypeObject(t.types.pointee.object)
        if TypeObject(type).slots.pointee.initialize.address == object.slots.pointee.initialize.address { try t.refuseKeywords(a, name) }
    }

    static func make(_ t: Thread, _ type: Value) -> Cell { t.allocate(TypeObject(type)) }

    // MARK: count, cycle, repeat

    private static func defineEndless(_ m: ModuleBuilder) throws(Raised) {
        // Words: 1 the next number, 2 the step.
        try m.type("count", flags: TypeFlag.base, .values(2)) { b in
            b.doc("count(start=0, step=1)\n--\n\nReturn a count object whose .__next__() method returns consecutive values.\n\nEquivalent to:\n    def count(firstval=0, step=1):\n        x = firstval\n        while 1:\n            yield x\n            x += step")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                let bound = try t.pushScratch(2)
                defer { t.popScratch(bound) }
                try t.bindNames(a, "count", ["start", "step"], required: 0, bound)
                for i in 0..<2 where bound[i].isBound && !isNumber(t, bound[i]) { throw t.raise(.typeError, "a number is required") }
                let made = make(t, type)
                made[1] = bound[0].isUnbound ? Value(smallInt: 0) : bound[0]
                made[2] = bound[1].isUnbound ? Value(smallInt: 1) : bound[1]
                return Value(made)
            }
            m.t.iterator(b) { (t, v) throws(Raised) in
                let n = v.cell[1], step = v.cell[2]
                if n.isSmallInt && step.isSmallInt { v.cell[1] = t.int(n.smallInt &+ step.smallInt) } else { v.cell[1] = try t.binary(.add, n, step) }
                return n
            }
            b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in
                let start = try t.reprText(v.cell[1])
                let name = t.string(t.type(of: v).name)
                return t.str(v.cell[2] == Value(smallInt: 1) ? "\(name)(\(start))" : "\(name)(\(start), \(try t.reprText(v.cell[2])))")
            }
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                let c = a[0].cell
                return try t.tuple(t.type(of: a[0]).value, c[2] == Value(smallInt: 1) ? try t.tuple(c[1]) : try t.tuple(c[1], c[2]))
            }
        }
        // Words: 1 the iterator (unbound when it is exhausted), 2 list of what it gave; raw: 3 next index in that list.
        try m.type("cycle", flags: TypeFlag.base, NativeLayout(valueWords: 2, bytes: 32)) { b in
            b.doc("cycle(iterable, /)\n--\n\nReturn elements from the iterable until it is exhausted. Then repeat the sequence indefinitely.")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                try refuse(t, type, a, "cycle")
                try t.checkPositionalCount(a, "cycle", 1, 1)
                let iterator = try t.iter(a[0])
                let saved = try t.newList().value
                let made = make(t, type)
                made[1] = iterator
                made[2] = saved
                return Value(made)
            }
            m.t.iterator(b) { (t, v) throws(Raised) in
                let saved = ListObject(v.cell[2])
                if v.cell[1].isBound {
                    let item = try t.next(v.cell[1])
                    if item.isBound {
                        if v.cell.raw(3) == 0 { try t.append(saved, item) }
                        return item
                    }
                    v.cell[1] = .unbound
                    v.cell.setRaw(0, at: 3)
                }
                if saved.count == 0 { return .unbound }
                var i = v.cell.raw(3)
                if i >= saved.count { i = 0 }
                v.cell.setRaw(i &+ 1 >= saved.count ? 0 : i &+ 1, at: 3)
                return saved[i]
            }
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                let c = a[0].cell, type = t.type(of: a[0]).value
                if c[1].isBound { return try t.tuple(type, try t.tuple(c[1]), try t.tuple(c[2], c.raw(3) == 0 ? .false : .true)) }
                let iterator = try t.iter(c[2])
                if c.raw(3) > 0 { _ = try t.callMethod(iterator, t.intern("__setstate__"), Value(smallInt: c.raw(3))) }
                return try t.tuple(type, try t.tuple(iterator), try t.tuple(c[2], .true))
            }
            b.method("__setstate__", "!($self, state, /)", "Set state information for unpickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                if !a[1].isKind(.tuple) { throw t.raise(.typeError, "state is not a tuple") }
                let state = TupleObject(a[1])
                if state.count != 2 || !state[0].isKind(.list) { throw t.raise(.typeError, "function takes exactly 2 arguments (\(state.count) given)") }
                a[0].cell[2] = state[0]
                a[0].cell.setRaw(try t.index(state[1]) == 0 ? 0 : 1, at: 3)
                return .none
            }
        }
        try defineRepeat(m)
    }

    private static func isNumber(_ t: Thread, _ value: Value) -> Bool {
        let slots = t.type(of: value).slots
        return slots.pointee.index.isSet || slots.pointee.int.isSet || slots.pointee.float.isSet || value.hasLayout(.complex)
    }

    private static func defineRepeat(_ m: ModuleBuilder) throws(Raised) {
        // Words: 1 the object; raw: 2 how many times are left, -1 for ever.
        try m.type("repeat", flags: TypeFlag.base, NativeLayout(valueWords: 1, bytes: 24)) { b in
            b.doc("repeat(object [,times]) -> create an iterator which returns the object\nfor the specified number of times.  If not specified, returns the object\nendlessly.")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                let bound = try t.pushScratch(2)
                defer { t.popScratch(bound) }
                try t.bindNames(a, "repeat", ["object", "times"], required: 1, bound)
                let times = bound[1].isUnbound ? -1 : max(0, try t.index(bound[1]))
                let made = make(t, type)
                made[1] = bound[0]
                made.setRaw(times, at: 2)
                return Value(made)
            }
            m.t.iterator(b) { (t, v) in
                let left = v.cell.raw(2)
                if left == 0 { return .unbound }
                if left > 0 { v.cell.setRaw(left &- 1, at: 2) }
                return v.cell[1]
            }
            b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in
                let left = v.cell.raw(2)
                return t.str("\(t.string(t.type(of: v).name))(\(try t.reprText(v.cell[1]))\(left < 0 ? "" : ", \(left)"))")
            }
            b.method("__length_hint__", "!($self, /)", "Private method returning an estimate of len(list(it)).") { (t, a) throws(Raised) in
                if a[0].cell.raw(2) < 0 { throw t.raise(.typeError, "len() of unsized object") }
                return t.int(a[0].cell.raw(2))
            }
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                let left = a[0].cell.raw(2), item = a[0].cell[1]
                return try t.tuple(t.type(of: a[0]).value, left < 0 ? try t.tuple(item) : try t.tuple(item, t.int(left)))
            }
        }
    }

    // MARK: filterfalse, takewhile, dropwhile, starmap, compress

    /// Words of these: 1 the function, 2 the iterator; raw: 3 the state of takewhile (stopped) and dropwhile (started).
    private static func defineFilters(_ m: ModuleBuilder) throws(Raised) {
        let cells = NativeLayout(valueWords: 2, bytes: 32)
        try m.type("filterfalse", flags: TypeFlag.base, cells) { b in
            b.doc("filterfalse(function, iterable, /)\n--\n\nReturn those items of iterable for which function(item) is false.\n\nIf function is None, return the items that are false.")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in try newFunctionIterator(t, type, a, "filterfalse") }
            m.t.iterator(b) { (t, v) throws(Raised) in
                let function = v.cell[1], iterator = v.cell[2]
                while true {
                    let item = try t.next(iterator)
                    if item.isUnbound { return .unbound }
                    let isKept: Bool = function.isNone || function == t.types.pointee.bool ? try t.truth(item) : try t.truth(try t.call(function, item))
                    if !isKept { return item }
                }
            }
            defineFunctionReduce(b)
        }
        try m.type("starmap", flags: TypeFlag.base, cells) { b in
            b.doc("starmap(function, iterable, /)\n--\n\nReturn an iterator whose values are returned from the function evaluated with an argument tuple taken from the given sequence.")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in try newFunctionIterator(t, type, a, "starmap") }
            m.t.iterator(b) { (t, v) throws(Raised) in
                let item = try t.next(v.cell[2])
                if item.isUnbound { return .unbound }
                return try t.call(v.cell[1], tuple: try t.newTupleFrom(item).value)
            }
            defineFunctionReduce(b)
        }
        try m.type("takewhile", flags: TypeFlag.base, cells) { b in
            b.doc("takewhile(predicate, iterable, /)\n--\n\nReturn successive entries from an iterable as long as the predicate evaluates to true for each entry.")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in try newFunctionIterator(t, type, a, "takewhile") }
            m.t.iterator(b) { (t, v) throws(Raised) in
                if v.cell.raw(3) != 0 { return .unbound }
                let item = try t.next(v.cell[2])
                if item.isUnbound { return .unbound }
                if try t.truth(try t.call(v.cell[1], item)) { return item }
                v.cell.setRaw(1, at: 3)
                return .unbound
            }
            defineWhileReduce(b)
        }
        try m.type("dropwhile", flags: TypeFlag.base, cells) { b in
            b.doc("dropwhile(predicate, iterable, /)\n--\n\nDrop items from the iterable while predicate(item) is true.\n\nAfterwards, return every element until the iterable is exhausted.")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in try newFunctionIterator(t, type, a, "dropwhile") }
            m.t.iterator(b) { (t, v) throws(Raised) in
                while true {
                    let item = try t.next(v.cell[2])
                    if item.isUnbound || v.cell.raw(3) != 0 { return item }
                    if !(try t.truth(try t.call(v.cell[1], item))) {
                        v.cell.setRaw(1, at: 3)
                        return item
                    }
                }
            }
            defineWhileReduce(b)
        }
        // Words: 1 data, 2 selectors.
        try m.type("compress", flags: TypeFlag.base, .values(2)) { b in
            b.doc("compress(data, selectors)\n--\n\nReturn data elements corresponding to true selector elements.\n\nForms a shorter iterator from selected data elements using the selectors to\nchoose the data elements.")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                let bound = try t.pushScratch(2)
                defer { t.popScratch(bound) }
                try t.bindNames(a, "compress", ["data", "selectors"], required: 2, bound)
                bound[0] = try t.iter(bound[0])
                bound[1] = try t.iter(bound[1])
                let made = make(t, type)
                made[1] = bound[0]
                made[2] = bound[1]
                return Value(made)
            }
            m.t.iterator(b) { (t, v) throws(Raised) in
                while true {
                    let item = try t.next(v.cell[1])
                    if item.isUnbound { return .unbound }
                    let selector = try t.next(v.cell[2])
                    if selector.isUnbound { return .unbound }
                    if try t.truth(selector) { return item }
                }
            }
            defineFunctionReduce(b)
        }
    }

    private static func newFunctionIterator(_ t: Thread, _ type: Value, _ a: Arguments, _ name: StaticString) throws(Raised) -> Value {
        try refuse(t, type, a, name)
        try t.checkPositionalCount(a, name, 2, 2)
        let iterator = try t.iter(a[1])
        let made = make(t, type)
        made[1] = a[0]
        made[2] = iterator
        return Value(made)
    }

    private static func defineFunctionReduce(_ b: TypeBuilder) {
        b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
            try warnPickle(t)
            return try t.tuple(t.type(of: a[0]).value, try t.tuple(a[0].cell[1], a[0].cell[2]))
        }
    }

    private static func defineWhileReduce(_ b: TypeBuilder) {
        b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
            try warnPickle(t)
            return try t.tuple(t.type(of: a[0]).value, try t.tuple(a[0].cell[1], a[0].cell[2]), Value(smallInt: a[0].cell.raw(3)))
        }
        b.method("__setstate__", "!($self, state, /)", "Set state information for unpickling.") { (t, a) throws(Raised) in
            try warnPickle(t)
            a[0].cell.setRaw(try t.truth(a[1]) ? 1 : 0, at: 3)
            return .none
        }
    }
}
