// `_collections`: deque, defaultdict, OrderedDict, and what namedtuple and Counter need.

import TaipanRuntime

enum CollectionsModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        m.str("__doc__", "High performance data structures.\n- deque:        ordered collection accessible from endpoints only\n- defaultdict:  dict subclass with a default value factory\n")
        try DequeType.define(m)
        try DefaultDictType.define(m)
        try OrderedDictType.define(m)
        try defineTupleGetter(m)
        m.function("_count_elements", "($module, mapping, iterable, /)", "Count elements in the iterable, updating the mapping") { (t, a) throws(Raised) in
            try count(t, a[0], a[1])
            return .none
        }
    }

    private static func count(_ t: Thread, _ mapping: Value, _ iterable: Value) throws(Raised) {
        let iterator = try t.iter(iterable), one = Value(smallInt: 1)
        // A dict whose `get` and item assignment are dict's own is updated directly.
        let type = t.type(of: mapping), dictType = TypeObject(t.types.pointee.dict)
        let isPlain = mapping.isKind(.dict) && type.slots.pointee.setItem.address == dictType.slots.pointee.setItem.address
            && t.lookup(type, t.intern("get")) == t.lookup(dictType, t.intern("get"))
        if isPlain {
            let dict = DictObject(mapping)
            while true {
                let key = try t.next(iterator)
                if key.isUnbound { return }
                let hash = try t.hash(key)
                let i = try dict.findEntry(t, key, hash)
                let old: Value = i < 0 ? .unbound : dict.entry(i).value
                let new: Value = old.isUnbound ? one : old.isSmallInt && old.smallInt < Value.smallIntMax ? Value(smallInt: old.smallInt &+ 1) : try t.binary(.add, old, one)
                try dict.set(t, key, hash, new)
            }
        }
        let get = try t.getattr(mapping, t.intern("get"))
        while true {
            let key = try t.next(iterator)
            if key.isUnbound { return }
            let old = try t.call(get, key, Value(smallInt: 0))
            try t.setItem(mapping, key, try t.binary(.add, old, one))
        }
    }

    // MARK: _tuplegetter: words 1 the index (an int), 2 the doc

    private static func defineTupleGetter(_ m: ModuleBuilder) throws(Raised) {
        let getter = try m.t.newNativeType("_tuplegetter", moduleName: m.t.intern("collections"), .values(2)) { b in
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                try t.positionalOnly(a, "_tuplegetter", 2, 2)
                let index = try t.index(a[0])
                let made = t.allocate(TypeObject(type))
                made[1] = t.int(index)
                made[2] = a[1]
                return Value(made)
            }
            b.slots.pointee.descriptorGet = TernarySlot { (t, v, object, _) throws(Raised) in
                if object.isUnbound { return v }
                let i = v.cell[1].smallInt
                if !object.isKind(.tuple) {
                    if object.isNone { return v }
                    throw t.raise(.typeError, "descriptor for index '\(i)' for tuple subclasses doesn't apply to '\(t.typeName(object))' object")
                }
                let items = TupleObject(object)
                if i < 0 || i >= items.count { throw t.raise(.indexError, "tuple index out of range") }
                return items[i]
            }
            b.slots.pointee.descriptorSet = StoreSlot { (t, _, _, new) throws(Raised) in
                throw t.raise(.attributeError, new.isBound ? "can't set attribute" : "can't delete attribute")
            }
            b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in
                t.str("\(t.string(t.type(of: v).name))(\(try t.reprText(v.cell[1])), \(try t.reprText(v.cell[2])))")
            }
            b.member("__doc__", word: 2, readOnly: false)
            b.method("__reduce__", "!($self, /)", "") { (t, a) throws(Raised) in
                try t.tuple(t.type(of: a[0]).value, try t.tuple(a[0].cell[1], a[0].cell[2]))
            }
        }
        m.set("_tuplegetter", getter.value)
    }
}

/// defaultdict: a dict cell and word 4, the factory (or unbound).
enum DefaultDictType {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        let cells = NativeLayout(valueWords: 1, bytes: 40, kind: .dict, trace: { (cell, marker) in
            marker.pointee.mark(cell[1])
            marker.pointee.mark(cell[4])
        })
        let flags: Int = TypeFlag.base | TypeFlag.mapping
        let made = try m.t.newNativeType("defaultdict", moduleName: m.t.intern("collections"), base: m.t.types.pointee.dict, flags: flags, cells) { b in
            b.doc("defaultdict(default_factory=None, /, [...]) --> dict with default factory\n\nThe default factory is called without arguments to produce\na new value when a key is not present, in __getitem__ only.\nA defaultdict compares equal to a dict with the same items.\nAll remaining arguments are treated the same as if they were\npassed to the dict constructor, including keyword arguments.")
            let s = b.slots
            s.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in
                var rest = a
                var factory = Value.none
                if a.count > 0 {
                    factory = a[0]
                    if !factory.isNone && !t.type(of: factory).slots.pointee.call.isSet { throw t.raise(.typeError, "first argument must be callable or None") }
                    rest = a.dropFirst
                }
                v.cell[4] = factory
                let dict = TypeObject(t.types.pointee.dict)
                try dict.slots.pointee.initialize(t, v, rest)
            }
            s.pointee.repr = UnarySlot(repr)
            s.pointee.or = BinarySlot { (t, l, r) throws(Raised) in
                let isMine = t.isInstance(l, of: t.kept("_collections.defaultdict", 0).value)
                let mine = isMine ? l : r, other = isMine ? r : l
                if !other.isKind(.dict) || !mine.isKind(.dict) { return .notImplemented }
                let made = try copy(t, mine)
                if !isMine { DictObject(made).clear() }
                try t.update(DictObject(made), from: l)
                try t.update(DictObject(made), from: r)
                return made
            }
            b.member("default_factory", word: 4, readOnly: false, "Factory for default value called by __missing__().")
            b.method("__missing__", "($self, key, /)", "__missing__(key) # Called by __getitem__ for missing key; pseudo-code:\n  if self.default_factory is None: raise KeyError((key,))\n  self[key] = value = self.default_factory()\n  return value\n") { (t, a) throws(Raised) in
                let factory = a[0].cell[4]
                if factory.isNoneOrUnbound { throw t.raise(type: t.types.pointee.keyError, a[1]) }
                let value = try t.call(factory)
                try t.setItem(a[0], a[1], value)
                return value
            }
            b.method("copy", "!($self, /)", "D.copy() -> a shallow copy of D.") { (t, a) throws(Raised) in try copy(t, a[0]) }
            b.method("__copy__", "!($self, /)", "D.copy() -> a shallow copy of D.") { (t, a) throws(Raised) in try copy(t, a[0]) }
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                let factory = a[0].cell[4]
                let items = try t.iter(try t.callMethod(a[0], t.intern("items")))
                let made = try t.newTuple(5)
                made[0] = t.type(of: a[0]).value
                made[1] = factory.isNoneOrUnbound ? t.objects.pointee.emptyTuple : try t.tuple(factory)
                made[2] = .none
                made[3] = .none
                made[4] = items
                return made.value
            }
            m.t.addClassGetItem(b)
        }
        m.set("defaultdict", made.value)
        try m.t.keep("_collections.defaultdict", try m.t.row(1).adding(made.value).tuple.value)
    }

    private static func copy(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        try t.call(t.type(of: v).value, v.cell[4].isUnbound ? .none : v.cell[4], v)
    }

    private static func repr(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        let base = try TypeObject(t.types.pointee.dict).slots.pointee.repr(t, v)
        var text = StrBuilder()
        text.append(t.type(of: v).name)
        text.append("(")
        let factory = v.cell[4]
        if factory.isNoneOrUnbound {
            text.append("None")
        } else if try t.enterRepr(factory) {
            defer { t.leaveRepr(factory) }
            text.append(try t.repr(factory))
        } else {
            text.append("...")
        }
        text.append(", ")
        text.append(base)
        text.append(")")
        return try text.finish(t)
    }
}
