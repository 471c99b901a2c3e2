// itertools: groupby and tee.

import TaipanRuntime

extension ItertoolsModule {
    // MARK: groupby

    /// groupby, words: 1 the iterator, 2 the key function or unbound, 3 key of the group last given (unbound: none yet), 4 key of the item at hand,
    /// 5 the item at hand, 6 the group whose turn it is.
    /// _grouper, words: 1 the groupby, 2 the group's key.
    static func defineGrouping(_ m: ModuleBuilder) throws(Raised) {
        let group = try m.type("_grouper", .values(2)) { b in
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                try t.positionalOnly(a, "_grouper", 2, 2)
                if t.type(of: a[0]) != t.kept("itertools", 0) && !t.isInstance(a[0], of: t.kept("itertools", 0).value) {
                    throw t.raise(.typeError, "_grouper() argument 1 must be itertools.groupby, not \(t.typeName(a[0]))")
                }
                return newGroup(t, a[0], a[1])
            }
            m.t.iterator(b) { (t, v) throws(Raised) in
                let by = v.cell[1].cell
                if by[6] != v { return .unbound }
                if by[5].isUnbound {
                    if !(try step(t, by)) { return .unbound }
                }
                if !(try t.equals(v.cell[2], by[4])) { return .unbound }
                let item = by[5]
                by[5] = .unbound
                return item
            }
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                let by = a[0].cell[1]
                if by.cell[6] != a[0] { return try t.tuple(try t.builtinFunction("iter"), try t.tuple(t.objects.pointee.emptyTuple)) }
                return try t.tuple(t.type(of: a[0]).value, try t.tuple(by, a[0].cell[2]))
            }
        }
        let by = try m.type("groupby", flags: TypeFlag.base, .values(6)) { b in
            b.doc("groupby(iterable, key=None)\n--\n\nmake an iterator that returns consecutive keys and groups from the iterable\n\n  iterable\n    Elements to divide into groups according to the key function.\n  key\n    A function for computing the group category for each element.\n    If the key function is not specified or is None, the element itself\n    is used for grouping.")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                let bound = try t.pushScratch(2)
                defer { t.popScratch(bound) }
                try t.bindNames(a, "groupby", ["iterable", "key"], required: 1, bound)
                bound[0] = try t.iter(bound[0])
                let made = make(t, type)
                made[1] = bound[0]
                made[2] = bound[1].isNone ? .unbound : bound[1]
                return Value(made)
            }
            m.t.iterator(b) { (t, v) throws(Raised) in
                let c = v.cell
                c[6] = .unbound
                // Skip the rest of the group before.
                while true {
                    if c[4].isBound {
                        if c[3].isUnbound { break }
                        if !(try t.equals(c[3], c[4])) { break }
                    }
                    if !(try step(t, c)) { return .unbound }
                }
                c[3] = c[4]
                let group = newGroup(t, v, c[3])
                return try t.tuple(c[4], group)
            }
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                let c = a[0].cell, type = t.type(of: a[0]).value
                let arguments = try t.tuple(c[1], c[2].isBound ? c[2] : .none)
                if c[3].isUnbound || c[4].isUnbound || c[5].isUnbound { return try t.tuple(type, arguments) }
                return try t.tuple(type, arguments, try t.tuple(c[4], c[5], c[3]))
            }
            b.method("__setstate__", "!($self, state, /)", "Set state information for unpickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                if !a[1].isKind(.tuple) || TupleObject(a[1]).count != 3 { throw t.raise(.typeError, "state is not a tuple") }
                for (i, word) in [4, 5, 3].enumerated() { a[0].cell[word] = TupleObject(a[1])[i] }
                return .none
            }
        }
        try m.t.keep("itertools", try m.t.row(2).adding(by.value).adding(group.value).tuple.value)
    }

    private static func newGroup(_ t: Thread, _ by: Value, _ key: Value) -> Value {
        let made = t.allocate(t.kept("itertools", 1))
        made[1] = by
        made[2] = key
        by.cell[6] = Value(made)
        return Value(made)
    }

    /// Takes the next item and its key; false at the end.
    private static func step(_ t: Thread, _ by: Cell) throws(Raised) -> Bool {
        let item = try t.next(by[1])
        if item.isUnbound { return false }
        let key: Value = by[2].isBound ? try t.call(by[2], item) : item
        by[5] = item
        by[4] = key
        return true
    }

    // MARK: tee

    /// How many items one link of the chain behind tee holds.
    private static var linkSize: Int { 57 }

    /// _tee_dataobject, words: 1 the iterator, 2 the next link or unbound, 3 list of the items read; raw: 4 an item is being read.
    /// _tee, words: 1 the link; raw: 2 the index in it.
    static func defineTee(_ m: ModuleBuilder) throws(Raised) {
        let link = try m.type("_tee_dataobject", NativeLayout(valueWords: 3, bytes: 40)) { b in
            b.doc("teedataobject(iterable, values, next, /)\n--\n\nData container common to multiple tee objects.")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                try t.positionalOnly(a, "teedataobject", 3, 3)
                if !a[1].isKind(.list) { throw t.raise(.typeError, "teedataobject() argument 2 must be list, not \(t.typeName(a[1]))") }
                let values = ListObject(a[1])
                if values.count > linkSize || (values.count < linkSize && !a[2].isNone) { throw t.raise(.valueError, "Invalid arguments") }
                if values.count == linkSize && !a[2].isNone && t.type(of: a[2]).value != type { throw t.raise(.valueError, "Invalid arguments") }
                let made = try newLink(t, TypeObject(type), a[0])
                try t.extend(ListObject(made[3]), a[1])
                made[2] = a[2].isNone ? .unbound : a[2]
                return Value(made)
            }
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                let c = a[0].cell
                return try t.tuple(t.type(of: a[0]).value, try t.tuple(c[1], c[3], c[2].isBound ? c[2] : .none))
            }
        }
        let tee = try m.type("_tee", flags: TypeFlag.hasWeakReferences, NativeLayout(valueWords: 1, bytes: 24)) { b in
            b.doc("_tee(iterable, /)\n--\n\nIterator wrapped to make it copyable.")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                try t.positionalOnly(a, "_tee", 1, 1)
                return try newTee(t, a[0])
            }
            m.t.iterator(b, next: teeNext)
            b.method("__copy__", "!($self, /)", "Returns an independent iterator.") { (t, a) in copyTee(t, a[0]) }
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                let c = a[0].cell
                return try t.tuple(t.type(of: a[0]).value, try t.tuple(t.objects.pointee.emptyTuple), try t.tuple(c[1], t.int(c.raw(2))))
            }
            b.method("__setstate__", "!($self, state, /)", "Set state information for unpickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                if !a[1].isKind(.tuple) { throw t.raise(.typeError, "state is not a tuple") }
                let state = TupleObject(a[1])
                if state.count != 2 || t.type(of: state[0]) != t.kept("itertools.tee", 0) { throw t.raise(.typeError, "state is not a tuple of a tee data object and an index") }
                let index = try t.index(state[1])
                if index < 0 || index > linkSize { throw t.raise(.valueError, "Index out of range") }
                a[0].cell[1] = state[0]
                a[0].cell.setRaw(index, at: 2)
                return .none
            }
        }
        try m.t.keep("itertools.tee", try m.t.row(2).adding(link.value).adding(tee.value).tuple.value)
        m.function("tee", "($module, iterable, n=2, /)", "Returns a tuple of n independent iterators.") { (t, a) throws(Raised) in
            let n = a[1].isUnbound ? 2 : try t.index(a[1])
            if n < 0 { throw t.raise(.valueError, "n must be >= 0") }
            let made = try t.newTuple(n)
            if n == 0 { return made.value }
            let iterator = try t.iter(a[0])
            let copy = try t.getattrOrUnbound(iterator, t.name(.__copy__))
            // A copyable iterator is its own first one.
            made[0] = copy.isBound ? iterator : try newTee(t, iterator)
            let copier: Value = copy.isBound ? copy : try t.getattr(made[0], t.name(.__copy__))
            for i in 1..<max(n, 1) { made[i] = try t.call(copier) }
            return made.value
        }
    }

    private static func newLink(_ t: Thread, _ type: TypeObject, _ iterator: Value) throws(Raised) -> Cell {
        let values = try t.newList(capacity: linkSize).value
        let made = t.allocate(type)
        made[1] = iterator
        made[3] = values
        return made
    }

    private static func newTee(_ t: Thread, _ iterable: Value) throws(Raised) -> Value {
        let iterator = try t.iter(iterable)
        if t.type(of: iterator) == t.kept("itertools.tee", 1) { return copyTee(t, iterator) }
        let link = try newLink(t, t.kept("itertools.tee", 0), iterator)
        let made = t.allocate(t.kept("itertools.tee", 1))
        made[1] = Value(link)
        return Value(made)
    }

    private static func copyTee(_ t: Thread, _ tee: Value) -> Value {
        let made = t.allocate(t.type(of: tee))
        made[1] = tee.cell[1]
        made.setRaw(tee.cell.raw(2), at: 2)
        return Value(made)
    }

    private static func teeNext(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        var link = v.cell[1].cell
        if v.cell.raw(2) >= linkSize {
            if link[2].isUnbound { link[2] = Value(try newLink(t, t.type(of: Value(link)), link[1])) }
            v.cell[1] = link[2]
            v.cell.setRaw(0, at: 2)
            link = v.cell[1].cell
        }
        let i = v.cell.raw(2), values = ListObject(link[3])
        if i >= values.count {
            if link.raw(4) != 0 { throw t.raise(.runtimeError, "cannot re-enter the tee iterator") }
            link.setRaw(1, at: 4)
            defer { link.setRaw(0, at: 4) }
            let item = try t.next(link[1])
            if item.isUnbound { return .unbound }
            try t.append(values, item)
        }
        v.cell.setRaw(i &+ 1, at: 2)
        return values[i]
    }
}
