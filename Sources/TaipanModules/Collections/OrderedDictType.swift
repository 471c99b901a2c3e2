// collections.OrderedDict. A dict keeps the order of insertion already; what is added: moving an entry to either end, popping from
// either, comparing order, and the rule that a subclass's own `__setitem__` and `__delitem__` are used.
//
//   words 1–3 as dict's     4 the attribute dict     5 the table that word 6 speaks of     raw: 6 entries of it at the front that are gone
//   word 7 a key that dict's own methods have removed behind its back

import TaipanRuntime

enum OrderedDictType {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        let cells = NativeLayout(valueWords: 1, bytes: 64, kind: .dict, dictWord: 4, trace: { (cell, marker) in
            marker.pointee.mark(cell[1])
            marker.pointee.mark(cell[4])
            marker.pointee.mark(cell[5])
            marker.pointee.mark(cell[7])
        })
        let flags: Int = TypeFlag.base | TypeFlag.mapping | TypeFlag.hasWeakReferences
        let t = m.t
        let made = try t.newNativeType("OrderedDict", moduleName: t.intern("collections"), base: t.types.pointee.dict, flags: flags, cells) { b in
            b.doc("Dictionary that remembers insertion order")
            let s = b.slots
            s.pointee.new = CallSlot { (t, type, a) in
                let cell = t.allocate(TypeObject(type))
                cell.set(DictObject.orderedBit)
                return Value(cell)
            }
            s.pointee.setItem = StoreSlot { (t, v, key, new) throws(Raised) in
                if new.isBound { return try t.set(DictObject(v), key, new) }
                let old = try t.remove(DictObject(v), key)
                if old.isUnbound { throw t.keyError(key) }
                t.noteDropped(old)
            }
            s.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in
                if a.count > 1 { throw t.raise(.typeError, "expected at most 1 arguments, got \(a.count)") }
                try update(t, v, a)
            }
            s.pointee.repr = UnarySlot(repr)
            s.pointee.compare = CompareSlot(compare)
            s.pointee.iter = UnarySlot { (t, v) in newIterator(t, v, 0, reversed: false) }
            s.pointee.or = BinarySlot(or)
            s.pointee.inPlaceOr = BinarySlot { (t, l, r) throws(Raised) in
                try updateFrom(t, l, r)
                return l
            }
            defineMethods(b)
            defineChanges(b)
        }
        m.set("OrderedDict", made.value)
        try defineViews(m, made)
    }

    static func isOrdered(_ t: Thread, _ value: Value) -> Bool { t.isInstance(value, of: t.kept("_collections.OrderedDict", 0).value) }
    private static func isExact(_ t: Thread, _ value: Value) -> Bool { t.type(of: value) == t.kept("_collections.OrderedDict", 0) }

    // MARK: Update, as MutableMapping has it

    static func update(_ t: Thread, _ v: Value, _ a: Arguments) throws(Raised) {
        if a.count > 1 { throw t.raise(.typeError, "update() takes at most 1 positional argument (\(a.count) given)") }
        if a.count == 1 { try updateFrom(t, v, a[0]) }
        if a.keywords.isBound {
            let names = TupleObject(a.keywords)
            for i in 0..<names.count { try t.setItem(v, names[i], a[a.count &+ i]) }
        }
    }

    private static func updateFrom(_ t: Thread, _ v: Value, _ other: Value) throws(Raised) {
        if other.hasLayout(.dict) {
            let items = try t.newList(), dict = DictObject(other)
            for i in 0..<dict.entryCount where dict.entry(i).key.isBound { try t.append(items, try t.tuple(dict.entry(i).key, dict.entry(i).value)) }
            for i in 0..<items.count { try t.setItem(v, TupleObject(items[i])[0], TupleObject(items[i])[1]) }
            return
        }
        let keys = try t.getattrOrUnbound(other, t.name(.keys))
        if keys.isBound {
            let iterator = try t.iter(try t.call(keys))
            while true {
                let key = try t.next(iterator)
                if key.isUnbound { return }
                try t.setItem(v, key, try t.getItem(other, key))
            }
        }
        let items = try t.getattrOrUnbound(other, t.intern("items"))
        let iterator = try t.iter(items.isBound ? try t.call(items) : other)
        while true {
            let pair = try t.next(iterator)
            if pair.isUnbound { return }
            let parts = try t.newTupleFrom(pair)
            if parts.count < 2 { throw t.raise(.valueError, "need more than \(parts.count) value\(parts.count == 1 ? "" : "s") to unpack") }
            if parts.count > 2 { throw t.raise(.valueError, "too many values to unpack (expected 2)") }
            try t.setItem(v, parts[0], parts[1])
        }
    }

    // MARK: Ends

    /// Index of the first entry. Word 6 remembers how far the front of this table is known to be empty.
    private static func firstEntry(_ v: Value) -> Int {
        let c = v.cell, dict = DictObject(v)
        var i = c[5] == dict.table ? c.raw(6) : 0
        if i > dict.entryCount { i = 0 }
        while i < dict.entryCount && dict.entry(i).key.isUnbound { i = i &+ 1 }
        c[5] = dict.table
        c.setRaw(i, at: 6)
        return i
    }

    private static func lastEntry(_ dict: DictObject) -> Int {
        var i = dict.entryCount &- 1
        while i >= 0 && dict.entry(i).key.isUnbound { i = i &- 1 }
        return i
    }

    private static func moveToEnd(_ t: Thread, _ v: Value, _ key: Value, last: Bool) throws(Raised) {
        let dict = DictObject(v), hash = try t.hash(key)
        let i = try dict.findEntry(t, key, hash)
        if i < 0 { throw t.keyError(key) }
        let entry = dict.entry(i)
        if last {
            if i == lastEntry(dict) { return }
            dict.removeEntry(i)
            try dict.insertNew(t, entry.key, hash, entry.value)
            return
        }
        if i == firstEntry(v) { return }
        // To the front: everything else is entered again behind it.
        let old = try t.copy(dict)
        dict.clear()
        v.cell[5] = .unbound
        try dict.resize(t, forAdditional: old.count)
        try dict.insertNew(t, entry.key, hash, entry.value)
        for k in 0..<old.entryCount {
            let other = old.entry(k)
            if other.key.isBound && other.key != entry.key { try dict.insertNew(t, other.key, other.hash, other.value) }
        }
    }

    // MARK: Methods

    private static func defineMethods(_ b: TypeBuilder) {
        b.method("keys", "!($self, /)", "D.keys() -> a set-like object providing a view on D's keys") { (t, a) in newView(t, a[0], 1) }
        b.method("items", "!($self, /)", "D.items() -> a set-like object providing a view on D's items") { (t, a) in newView(t, a[0], 2) }
        b.method("values", "!($self, /)", "D.values() -> an object providing a view on D's values") { (t, a) in newView(t, a[0], 3) }
        b.method("__reversed__", "!($self, /)", "od.__reversed__() <==> reversed(od)") { (t, a) in newIterator(t, a[0], 0, reversed: true) }
        b.method("copy", "!($self, /)", "od.copy() -> a shallow copy of od") { (t, a) throws(Raised) in
            let type = t.type(of: a[0])
            let made = try t.call(type.value)
            if isExact(t, a[0]) && isExact(t, made) {
                try t.update(DictObject(made), from: newIterator(t, a[0], 2, reversed: false))
                return made
            }
            let iterator = try t.iter(a[0])
            while true {
                let key = try t.next(iterator)
                if key.isUnbound { return made }
                try t.setItem(made, key, try t.getItem(a[0], key))
            }
        }
        b.classMethod("fromkeys", "($type, /, iterable, value=None)", "Create a new ordered dictionary with keys from iterable and values set to value.") { (t, a) throws(Raised) in
            let made = try t.call(a[0])
            let iterator = try t.iter(a[1])
            while true {
                let key = try t.next(iterator)
                if key.isUnbound { return made }
                try t.setItem(made, key, a[2].isUnbound ? .none : a[2])
            }
        }
        b.method("__reduce__", "!($self, /)", "Return state information for pickling") { (t, a) throws(Raised) in
            let state = try t.callSpecial(a[0], t.intern("__getstate__"))
            let items = try t.iter(try t.callMethod(a[0], t.intern("items")))
            let made = try t.newTuple(5)
            made[0] = t.type(of: a[0]).value
            made[1] = t.objects.pointee.emptyTuple
            made[2] = state.isUnbound ? .none : state
            made[3] = .none
            made[4] = items
            return made.value
        }
    }

    private static func defineChanges(_ b: TypeBuilder) {
        b.rawMethod("update", "", "D.update([E, ]**F) -> None.  Update D from mapping/iterable E and F.") { (t, a) throws(Raised) in
            try update(t, a[0], a.dropFirst)
            return .none
        }
        b.method("clear", "!($self, /)", "od.clear() -> None.  Remove all items from od.") { (t, a) in
            DictObject(a[0]).clear()
            a[0].cell[5] = .unbound
            a[0].cell[7] = .unbound
            return .none
        }
        b.method("move_to_end", "($self, /, key, last=True)", "Move an existing element to the end (or beginning if last is false).\n\nRaise KeyError if the element does not exist.") { (t, a) throws(Raised) in
            try moveToEnd(t, a[0], a[1], last: a[2].isUnbound ? true : try t.truth(a[2]))
            return .none
        }
        b.method("popitem", "($self, /, last=True)", "Remove and return a (key, value) pair from the dictionary.\n\nPairs are returned in LIFO order if last is true or FIFO order if false.") { (t, a) throws(Raised) in
            let dict = DictObject(a[0])
            if dict.count == 0 { throw t.keyError(t.str("dictionary is empty")) }
            let fromEnd: Bool = a[1].isUnbound ? true : try t.truth(a[1])
            let i = fromEnd ? lastEntry(dict) : firstEntry(a[0])
            let entry = dict.entry(i)
            let pair = try t.tuple(entry.key, entry.value)
            dict.removeEntry(i)
            return pair
        }
        b.method("pop", "($self, /, key, default=<unrepresentable>)", "od.pop(key[,default]) -> v, remove specified key and return the corresponding value.\n\nIf the key is not found, return the default if given; otherwise,\nraise a KeyError.") { (t, a) throws(Raised) in
            let found = try t.remove(DictObject(a[0]), a[1])
            if found.isBound { return found }
            if a[2].isBound { return a[2] }
            throw t.keyError(a[1])
        }
        b.method("setdefault", "($self, /, key, default=None)", "Insert key with a value of default if key is not in the dictionary.\n\nReturn the value for key if key is in the dictionary, else default.") { (t, a) throws(Raised) in
            let value: Value = a[2].isUnbound ? .none : a[2]
            if isExact(t, a[0]) {
                let found = try t.get(DictObject(a[0]), a[1])
                if found.isBound { return found }
                try t.set(DictObject(a[0]), a[1], value)
                return value
            }
            if try t.contains(a[0], a[1]) { return try t.getItem(a[0], a[1]) }
            try t.setItem(a[0], a[1], value)
            return value
        }
        b.method("__sizeof__", "!($self, /)", "") { (t, a) in Value(smallInt: 112 &+ DictObject(a[0]).entryCount &* 64) }
    }

    private static func repr(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        let name = t.string(t.type(of: v).name)
        if DictObject(v).count == 0 { return t.str("\(name)()") }
        if !(try t.enterRepr(v)) { return t.str("...") }
        defer { t.leaveRepr(v) }
        // By the items: a subclass may have some of its own.
        let plain = t.newDict()
        try t.update(plain, from: try t.newListValue(isExact(t, v) ? newIterator(t, v, 2, reversed: false) : try t.callMethod(v, t.intern("items"))))
        var text = StrBuilder()
        text.append(name)
        text.append("(")
        text.append(try t.repr(plain.value))
        text.append(")")
        return try text.finish(t)
    }

    private static func compare(_ t: Thread, _ l: Value, _ r: Value, _ op: CompareOperator) throws(Raised) -> Value {
        let base = TypeObject(t.types.pointee.dict)
        let result = try base.slots.pointee.compare(t, l, r, op)
        if result.isNotImplemented || !isOrdered(t, l) || !isOrdered(t, r) { return result }
        if result.isTrue != (op == .equal) { return result }
        // Equal as dicts: the order decides.
        let a = DictObject(l), b = DictObject(r)
        var i = 0, k = 0
        while true {
            while i < a.entryCount && a.entry(i).key.isUnbound { i += 1 }
            while k < b.entryCount && b.entry(k).key.isUnbound { k += 1 }
            if i >= a.entryCount || k >= b.entryCount { return result }
            if !(try t.equals(a.entry(i).key, b.entry(k).key)) { return Value(op != .equal) }
            i += 1
            k += 1
        }
    }

    private static func or(_ t: Thread, _ l: Value, _ r: Value) throws(Raised) -> Value {
        if !l.isKind(.dict) || !r.isKind(.dict) { return .notImplemented }
        let type = isOrdered(t, l) ? t.type(of: l) : t.type(of: r)
        let made = try t.call(type.value, l)
        try updateFrom(t, made, r)
        return made
    }

    // MARK: Views and iterators

    /// Types kept: 0 OrderedDict, 1 odict_keys, 2 odict_items, 3 odict_values, 4 odict_iterator.
    private static func newView(_ t: Thread, _ v: Value, _ kind: Int) -> Value {
        let made = t.allocate(t.kept("_collections.OrderedDict", kind))
        made[1] = v
        return Value(made)
    }

    private static func defineViews(_ m: ModuleBuilder, _ type: TypeObject) throws(Raised) {
        let t = m.t, builtins = t.intern("builtins"), list = t.types.pointee
        let keys = try t.newNativeType("odict_keys", moduleName: builtins, base: list.dictKeys, .values(1)) { b in
            b.slots.pointee.iter = UnarySlot { (t, v) in newIterator(t, v.cell[1], 0, reversed: false) }
            b.method("__reversed__", "!($self, /)", "Return a reverse iterator over the dict keys.") { (t, a) in newIterator(t, a[0].cell[1], 0, reversed: true) }
        }
        let items = try t.newNativeType("odict_items", moduleName: builtins, base: list.dictItems, .values(1)) { b in
            b.slots.pointee.iter = UnarySlot { (t, v) in newIterator(t, v.cell[1], 2, reversed: false) }
            b.method("__reversed__", "!($self, /)", "Return a reverse iterator over the dict items.") { (t, a) in newIterator(t, a[0].cell[1], 2, reversed: true) }
        }
        let values = try t.newNativeType("odict_values", moduleName: builtins, base: list.dictValues, .values(1)) { b in
            b.slots.pointee.iter = UnarySlot { (t, v) in newIterator(t, v.cell[1], 1, reversed: false) }
            b.method("__reversed__", "!($self, /)", "Return a reverse iterator over the dict values.") { (t, a) in newIterator(t, a[0].cell[1], 1, reversed: true) }
        }
        let iterator = try t.newNativeType("odict_iterator", moduleName: builtins, NativeLayout(valueWords: 2, bytes: 64)) { b in
            t.iterator(b, next: iteratorNext)
            b.method("__reduce__", "!($self, /)", "Return state information for pickling") { (t, a) throws(Raised) in
                let c = a[0].cell, twin = t.allocate(t.type(of: a[0]))
                twin[1] = c[1]
                twin[2] = c[2]
                for i in 3...7 { twin.setRaw(c.raw(i), at: i) }
                let rest = try t.newList()
                try t.extend(rest, Value(twin))
                return try t.tuple(try t.builtinFunction("iter"), try t.tuple(rest.value))
            }
        }
        try t.keep("_collections.OrderedDict", try t.row(5).adding(type.value).adding(keys.value).adding(items.value).adding(values.value).adding(iterator.value).tuple.value)
    }

    /// Words: 1 the dict (unbound when exhausted), 2 its table at the start; raw: 3 next entry, 4 the table's entries, 5 the dict's length,
    /// 6 part (0 key, 1 value, 2 item), 7 backwards. Whatever changes the order makes a new table or more entries.
    private static func newIterator(_ t: Thread, _ v: Value, _ part: Int, reversed: Bool) -> Value {
        let made = t.allocate(t.kept("_collections.OrderedDict", 4))
        let dict = DictObject(v)
        made[1] = v
        made[2] = dict.table
        made.setRaw(reversed ? dict.entryCount &- 1 : 0, at: 3)
        made.setRaw(dict.entryCount, at: 4)
        made.setRaw(dict.count, at: 5)
        made.setRaw(part, at: 6)
        made.setRaw(reversed ? 1 : 0, at: 7)
        return Value(made)
    }

    private static func iteratorNext(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        let c = v.cell
        if c[1].isUnbound { return .unbound }
        let owner = c[1], dict = DictObject(owner)
        if owner.cell[7].isBound && c.raw(6) != 0 && dict.count > 0 { throw t.keyError(owner.cell[7]) }
        if dict.count != c.raw(5) || dict.entryCount != c.raw(4) || dict.table != c[2] {
            c[1] = .unbound
            throw t.raise(.runtimeError, "OrderedDict mutated during iteration")
        }
        var i = c.raw(3)
        let step = c.raw(7) == 0 ? 1 : -1
        while i >= 0 && i < dict.entryCount && dict.entry(i).key.isUnbound { i = i &+ step }
        if i < 0 || i >= dict.entryCount {
            c[1] = .unbound
            return .unbound
        }
        c.setRaw(i &+ step, at: 3)
        let entry = dict.entry(i)
        if c.raw(6) == 0 { return entry.key }
        // A subclass's own `__getitem__` gives the values; a key whose hash has changed has none.
        let value: Value
        if !isExact(t, owner) {
            value = try t.getItem(owner, entry.key)
        } else if entry.key.hasLayout(.str) {
            value = entry.value
        } else {
            value = try t.get(dict, entry.key)
            if value.isUnbound { throw t.keyError(entry.key) }
        }
        return c.raw(6) == 1 ? value : try t.tuple(entry.key, value)
    }
}

extension Thread {
    /// `list(iterable)`.
    func newListValue(_ iterable: Value) throws(Raised) -> Value {
        let made = try newList()
        try extend(made, iterable)
        return made.value
    }
}
