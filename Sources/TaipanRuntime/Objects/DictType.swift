// dict: the type, its slots and methods. The table is in DictObject.swift, views and iterators in DictViews.swift.

extension Thread {
    func defineDictType() {
        let flags: Int = TypeFlag.base | TypeFlag.mapping | TypeFlag.matchSelf
        defineType(.dict, "dict", flags: flags, NativeLayout(valueWords: 1, bytes: 32, kind: .dict)) { b in
            b.doc("dict() -> new empty dictionary\ndict(mapping) -> new dictionary initialized from a mapping object's\n    (key, value) pairs\ndict(iterable) -> new dictionary initialized as if via:\n    d = {}\n    for k, v in iterable:\n        d[k] = v\ndict(**kwargs) -> new dictionary initialized with the name=value pairs\n    in the keyword argument list.  For example:  dict(one=1, two=2)")
            let s = b.slots
            s.pointee.new = CallSlot { (t, type, a) in Value(t.allocate(TypeObject(type))) }
            s.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in try t.dictUpdateCommon(DictObject(v), a, "dict") }
            s.pointee.repr = UnarySlot(Thread.dictRepr)
            s.pointee.compare = CompareSlot(Thread.dictCompare)
            s.pointee.iter = UnarySlot(Thread.dictIter)
            s.pointee.length = IntSlot { (_, v) in DictObject(v).count }
            s.pointee.getItem = BinarySlot(Thread.dictGetItem)
            s.pointee.setItem = StoreSlot { (t, v, key, new) throws(Raised) in
                if new.isBound { return try t.set(DictObject(v), key, new) }
                let old = try t.remove(DictObject(v), key)
                if old.isUnbound { throw t.keyError(key) }
                t.noteDropped(old)
                DictObject(v).noteRemoval(key)
            }
            s.pointee.contains = ContainsSlot { (t, v, key) throws(Raised) in try t.get(DictObject(v), key).isBound }
            s.pointee.or = BinarySlot { (t, l, r) throws(Raised) in
                if !l.isKind(.dict) || !r.isKind(.dict) { return .notImplemented }
                let made = try t.copy(DictObject(l))
                try t.update(made, from: r)
                return made.value
            }
            s.pointee.inPlaceOr = BinarySlot { (t, l, r) throws(Raised) in
                try t.update(DictObject(l), from: r)
                return l
            }
            defineDictMethods(b)
            defineDictViewMethods(b)
        }
    }

    private func defineDictMethods(_ b: TypeBuilder) {
        b.rawMethod("get", "($self, key, default=None, /)", "Return the value for key if key is in the dictionary, else default.") { (t, a) throws(Raised) in
            try t.checkMethod(a, "dict", "get", 1, 2)
            let found = try t.get(DictObject(a[0]), a[1])
            return found.isBound ? found : a.count > 2 ? a[2] : .none
        }
        b.rawMethod("setdefault", "($self, key, default=None, /)", "Insert key with a value of default if key is not in the dictionary.\n\nReturn the value for key if key is in the dictionary, else default.") { (t, a) throws(Raised) in
            try t.checkMethod(a, "dict", "setdefault", 1, 2)
            let dict = DictObject(a[0]), hash = try t.hash(a[1])
            let i = try dict.findEntry(t, a[1], hash)
            if i >= 0 { return dict.entry(i).value }
            let value: Value = a.count > 2 ? a[2] : .none
            try dict.insertNew(t, a[1], hash, value)
            return value
        }
        b.rawMethod("pop", "($self, key, default=<unrepresentable>, /)", "D.pop(k[,d]) -> v, remove specified key and return the corresponding value.\n\nIf the key is not found, return the default if given; otherwise,\nraise a KeyError.") { (t, a) throws(Raised) in
            try t.checkMethod(a, "dict", "pop", 1, 2)
            let dict = DictObject(a[0])
            let found: Value = dict.count == 0 ? .unbound : try t.remove(dict, a[1])
            if found.isBound {
                dict.noteRemoval(a[1])
                return found
            }
            if a.count > 2 { return a[2] }
            throw t.keyError(a[1])
        }
        b.method("popitem", "($self, /)", "Remove and return a (key, value) pair as a 2-tuple.\n\nPairs are returned in LIFO (last-in, first-out) order.\nRaises KeyError if the dict is empty.") { (t, a) throws(Raised) in
            let dict = DictObject(a[0])
            if dict.count == 0 { throw t.keyError(t.str("popitem(): dictionary is empty")) }
            var i = dict.entryCount &- 1
            while dict.entry(i).key.isUnbound { i = i &- 1 }
            let pair = try t.tuple(dict.entry(i).key, dict.entry(i).value)
            dict.noteRemoval(dict.entry(i).key)
            dict.removeEntry(i)
            // What is behind the last entry need not be walked over again.
            if dict.table.isBound { DictTable(dict.table).used = i }
            return pair
        }
        b.rawMethod("update", "", "D.update([E, ]**F) -> None.  Update D from dict/iterable E and F.\nIf E is present and has a .keys() method, then does:  for k in E: D[k] = E[k]\nIf E is present and lacks a .keys() method, then does:  for k, v in E: D[k] = v\nIn either case, this is followed by: for k in F:  D[k] = F[k]") { (t, a) throws(Raised) in
            try t.dictUpdateCommon(DictObject(a[0]), a.dropFirst, "update")
            return .none
        }
        b.classMethod("fromkeys", "($type, iterable, value=None, /)", "Create a new dictionary with keys from iterable and values set to value.") { (t, a) throws(Raised) in
            try t.dictFromKeys(a[0], a[1], a[2].isUnbound ? .none : a[2])
        }
        b.method("clear", "!($self, /)", "D.clear() -> None.  Remove all items from D.") { (t, a) in
            DictObject(a[0]).clear()
            return .none
        }
        b.method("copy", "!($self, /)", "D.copy() -> a shallow copy of D") { (t, a) throws(Raised) in try t.copy(DictObject(a[0])).value }
        b.method("__sizeof__", "!($self, /)", "D.__sizeof__() -> size of D in memory, in bytes") { (t, a) in Value(smallInt: t.sizeOf(DictObject(a[0]))) }
        b.classMethod("__class_getitem__", "!($type, object, /)", "See PEP 585") { (t, a) throws(Raised) in try t.newGenericAlias(a[0], a[1]) }
    }

    private func defineDictViewMethods(_ b: TypeBuilder) {
        b.method("keys", "!($self, /)", "D.keys() -> a set-like object providing a view on D's keys") { (t, a) in t.newDictView(.dictKeys, a[0]) }
        b.method("items", "!($self, /)", "D.items() -> a set-like object providing a view on D's items") { (t, a) in t.newDictView(.dictItems, a[0]) }
        b.method("values", "!($self, /)", "D.values() -> an object providing a view on D's values") { (t, a) in t.newDictView(.dictValues, a[0]) }
        b.method("__reversed__", "($self, /)", "Return a reverse iterator over the dict keys.") { (t, a) in
            t.newDictIterator(.dictReverseKeyIterator, a[0], reversed: true)
        }
        // Also in the slots; here so that they are called without a slot wrapper, as in CPython.
        b.method("__contains__", "($self, key, /)", "True if the dictionary has the specified key, else False.") { (t, a) throws(Raised) in
            Value(try t.get(DictObject(a[0]), a[1]).isBound)
        }
        b.method("__getitem__", "($self, key, /)", "Return self[key].") { (t, a) throws(Raised) in try Thread.dictGetItem(t, a[0], a[1]) }
    }

    static func dictIter(_ t: Thread, _ v: Value) throws(Raised) -> Value { t.newDictIterator(.dictKeyIterator, v) }

    /// CPython's size of a dict with this many entries.
    private func sizeOf(_ dict: DictObject) -> Int {
        if dict.table.isUnbound { return 48 }
        let table = DictTable(dict.table), log = table.logSize
        var allStrs = true
        for i in 0..<table.used where table.entries[i].key.isBound && !table.entries[i].key.hasLayout(.str) { allStrs = false }
        let width = log < 8 ? 1 : log < 16 ? 2 : 4
        return 48 &+ 32 &+ (width << log) &+ DictTable.capacity(logSize: log) &* (allStrs ? 16 : 24)
    }

    static func dictGetItem(_ t: Thread, _ value: Value, _ key: Value) throws(Raised) -> Value {
        let found = try t.get(DictObject(value), key)
        if found.isBound { return found }
        if !value.hasLayout(.dict) {
            let missing = try t.lookupSpecial(value, t.name(.__missing__))
            if missing.isBound { return try t.call(missing, key) }
        }
        throw t.keyError(key)
    }

    static func dictRepr(_ t: Thread, _ value: Value) throws(Raised) -> Value {
        let dict = DictObject(value)
        if dict.count == 0 { return t.str("{}") }
        return try t.guardedRepr(value, recursive: "{...}") { (text) throws(Raised) in
            text.append("{")
            var i = 0, isFirst = true
            while i < dict.entryCount {
                let entry = dict.entry(i)
                i += 1
                if entry.key.isUnbound { continue }
                if !isFirst { text.append(", ") }
                isFirst = false
                text.append(try t.repr(entry.key))
                text.append(": ")
                text.append(try t.repr(entry.value))
            }
            text.append("}")
        }
    }

    static func dictCompare(_ t: Thread, _ left: Value, _ right: Value, _ op: CompareOperator) throws(Raised) -> Value {
        if !left.isKind(.dict) || !right.isKind(.dict) || (op != .equal && op != .notEqual) { return .notImplemented }
        let same = try t.dictsAreEqual(DictObject(left), DictObject(right))
        return Value(same == (op == .equal))
    }

    private func dictsAreEqual(_ a: DictObject, _ b: DictObject) throws(Raised) -> Bool {
        if a.count != b.count { return false }
        var i = 0
        while i < a.entryCount {
            let entry = a.entry(i)
            i += 1
            if entry.key.isUnbound { continue }
            let k = try b.findEntry(self, entry.key, entry.hash)
            if k < 0 { return false }
            if !(try equals(entry.value, b.entry(k).value)) { return false }
        }
        return true
    }

    // MARK: Update

    /// Arguments of `dict()` and `update()`: at most one positional, and keywords.
    func dictUpdateCommon(_ dict: DictObject, _ a: Arguments, _ function: StaticString) throws(Raised) {
        try checkPositionalCount(a, function, 0, 1)
        if a.count == 1 { try update(dict, from: a[0]) }
        if a.keywords.isBound {
            let names = TupleObject(a.keywords)
            for i in 0..<names.count { try set(dict, names[i], a[a.count + i]) }
        }
    }

    /// `dict.update(other)`: a dict, an object with `keys()`, or an iterable of pairs.
    public func update(_ dict: DictObject, from other: Value) throws(Raised) {
        if other.hasLayout(.dict) { return try merge(dict, DictObject(other)) }
        if other.isKind(.dict) && type(of: other).slots.pointee.iter.address == TypeObject(types.pointee.dict).slots.pointee.iter.address {
            return try merge(dict, DictObject(other))
        }
        let keys = try getattrOrUnbound(other, name(.keys))
        if keys.isBound { return try mergeMapping(dict, other, keys) }
        try mergePairs(dict, other)
    }

    private func merge(_ dict: DictObject, _ source: DictObject) throws(Raised) {
        if dict.cell == source.cell || source.count == 0 { return }
        if dict.count == 0 {
            dict.clear()
            try dict.resize(self, forAdditional: source.count)
            for i in 0..<source.entryCount {
                let entry = source.entry(i)
                if entry.key.isBound { try dict.insertNew(self, entry.key, entry.hash, entry.value) }
            }
            return
        }
        let count = source.count
        var i = 0
        while i < source.entryCount {
            let entry = source.entry(i)
            i += 1
            if entry.key.isUnbound { continue }
            try dict.set(self, entry.key, entry.hash, entry.value)
            if source.count != count { throw raise(.runtimeError, "dict mutated during update") }
        }
    }

    private func mergeMapping(_ dict: DictObject, _ other: Value, _ keys: Value) throws(Raised) {
        let iterator = try iter(try call(keys))
        while true {
            let key = try next(iterator)
            if key.isUnbound { return }
            try set(dict, key, try getItem(other, key))
        }
    }

    private func mergePairs(_ dict: DictObject, _ pairs: Value) throws(Raised) {
        let iterator = try iter(pairs)
        var n = 0
        while true {
            let item = try next(iterator)
            if item.isUnbound { return }
            if item.hasLayout(.tuple) && TupleObject(item).count == 2 {
                try set(dict, TupleObject(item)[0], TupleObject(item)[1])
            } else {
                let pair = try pairItems(item, n)
                if pair.count != 2 { throw raise(.valueError, "dictionary update sequence element #\(n) has length \(pair.count); 2 is required") }
                let key = pair[0], value = pair[1]
                try set(dict, key, value)
            }
            n += 1
        }
    }

    private func pairItems(_ item: Value, _ n: Int) throws(Raised) -> ListObject {
        if item.hasLayout(.list) { return ListObject(item) }
        let made = try newList()
        let iterator: Value
        do throws(Raised) {
            iterator = try iter(item)
        } catch {
            try swallow(.typeError, error)
            throw raise(.typeError, "cannot convert dictionary update sequence element #\(n) to a sequence")
        }
        try extend(made, iterator)
        return made
    }

    func dictFromKeys(_ type: Value, _ iterable: Value, _ value: Value) throws(Raised) -> Value {
        let made = try call(type)
        if made.hasLayout(.dict) {
            let dict = DictObject(made)
            if iterable.hasLayout(.dict) {
                let source = DictObject(iterable)
                if dict.count == 0 { try dict.resize(self, forAdditional: max(source.count, 1)) }
                for i in 0..<source.entryCount where source.entry(i).key.isBound { try dict.set(self, source.entry(i).key, source.entry(i).hash, value) }
                return made
            }
            if isAnySet(iterable) {
                let source = SetObject(iterable)
                var i = 0
                while i < source.slotCount {
                    if source.key(at: i).isBound { try dict.set(self, source.key(at: i), source.hash(at: i), value) }
                    i += 1
                }
                return made
            }
            try forEach(iterable) { (key) throws(Raised) in try set(dict, key, value) }
            return made
        }
        let iterator = try iter(iterable)
        while true {
            let key = try next(iterator)
            if key.isUnbound { return made }
            try setItem(made, key, value)
        }
    }
}
