// The wrapper behind functools.lru_cache. The dict's own order is the order of use: a hit moves its entry to the end, and the
// entry at the front goes when the cache is full.
//
//   words  1 the function     2 the cache (a dict)    3 the type of cache_info    4 the attribute dict
//   raw    5 maximum size, -1 without a limit     6 arguments of different types are cached apart     7 hits     8 misses
//          9 where in the cache's entries the oldest may be

import TaipanRuntime

extension FunctoolsModule {
    static func defineLRUCache(_ m: ModuleBuilder) throws(Raised) {
        let flags: Int = TypeFlag.base | TypeFlag.methodDescriptor | TypeFlag.hasWeakReferences
        let cells = NativeLayout(valueWords: 4, bytes: 80, dictWord: 4)
        let wrapper = try m.t.newNativeType("_lru_cache_wrapper", moduleName: m.t.intern("functools"), flags: flags, cells) { b in
            b.doc("Create a cached callable that wraps another function.\n\nuser_function:      the function being cached\n\nmaxsize:  0         for no caching\n          None      for unlimited cache size\n          n         for a bounded cache\n\ntyped:    False     cache f(3) and f(3.0) as identical calls\n          True      cache f(3) and f(3.0) as distinct calls\n\ncache_info_type:    namedtuple class with the fields:\n                        hits misses currsize maxsize\n")
            b.slots.pointee.new = CallSlot(newWrapper)
            b.slots.pointee.call = CallSlot(callWrapper)
            b.slots.pointee.descriptorGet = TernarySlot { (t, v, object, _) throws(Raised) in
                object.isNoneOrUnbound ? v : try t.call(t.types.pointee.method, v, object)
            }
            b.method("cache_info", "($self, /)", "Report cache statistics") { (t, a) throws(Raised) in
                let c = a[0].cell
                let arguments = try t.newTuple(4)
                arguments[0] = t.int(c.raw(7))
                arguments[1] = t.int(c.raw(8))
                arguments[2] = c.raw(5) == -1 ? .none : t.int(c.raw(5))
                arguments[3] = t.int(DictObject(c[2]).count)
                return try t.call(c[3], tuple: arguments.value)
            }
            b.method("cache_clear", "($self, /)", "Clear the cache and cache statistics") { (t, a) in
                let c = a[0].cell
                c.setRaw(0, at: 7)
                c.setRaw(0, at: 8)
                c.setRaw(0, at: 9)
                DictObject(c[2]).clear()
                return .none
            }
            b.method("__reduce__", "!($self, /)", "") { (t, a) throws(Raised) in try t.getattr(a[0], t.name(.__qualname__)) }
            b.method("__copy__", "!($self, /)", "") { (t, a) in a[0] }
            b.method("__deepcopy__", "!($self, memo, /)", "") { (t, a) in a[0] }
        }
        m.set("_lru_cache_wrapper", wrapper.value)
    }

    private static func newWrapper(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        let bound = try t.pushScratch(4)
        defer { t.popScratch(bound) }
        try t.bindNames(a, "lru_cache", ["user_function", "maxsize", "typed", "cache_info_type"], required: 4, bound)
        if !t.type(of: bound[0]).slots.pointee.call.isSet { throw t.raise(.typeError, "the first argument must be callable") }
        var maximum = -1
        if !bound[1].isNone {
            if !t.isInt(bound[1]) { throw t.raise(.typeError, "maxsize should be integer or None") }
            maximum = max(0, try t.index(bound[1]))
        }
        let typed = try t.truth(bound[2])
        let made = t.allocate(TypeObject(type))
        made[1] = bound[0]
        made[2] = t.newDict().value
        made[3] = bound[3]
        made.setRaw(maximum, at: 5)
        made.setRaw(typed ? 1 : 0, at: 6)
        return Value(made)
    }

    /// The key of a call: the one argument itself when it is an int or a str, else a tuple of all of them. The keyword names stand
    /// behind a mark that no argument equals.
    private static func key(_ t: Thread, _ v: Value, _ a: Arguments, isTyped: Bool) throws(Raised) -> Value {
        let names = a.keywords.isUnbound ? 0 : TupleObject(a.keywords).count
        if !isTyped && names == 0 && a.count == 1 && (a[0].isSmallInt || a[0].hasLayout(.int) || a[0].hasLayout(.str)) { return a[0] }
        let typeCount = isTyped ? a.count &+ names : 0
        let made = try t.newTuple(a.count &+ (names > 0 ? 1 &+ 2 &* names : 0) &+ typeCount &+ 1)
        var n = 0
        for i in 0..<max(a.count, 0) {
            made[n] = a[i]
            n += 1
        }
        if names > 0 {
            made[n] = v
            n += 1
            for i in 0..<names {
                made[n] = TupleObject(a.keywords)[i]
                made[n &+ 1] = a[a.count &+ i]
                n += 2
            }
        }
        if isTyped { for i in 0..<(a.count &+ names) { made[n &+ i] = t.type(of: a[i]).value } }
        made[n &+ typeCount] = t.int(names)
        return made.value
    }

    private static func callWrapper(_ t: Thread, _ v: Value, _ a: Arguments) throws(Raised) -> Value {
        let c = v.cell, maximum = c.raw(5)
        if maximum == 0 {
            c.setRaw(c.raw(8) &+ 1, at: 8)
            return try t.call(c[1], a)
        }
        let key = try key(t, v, a, isTyped: c.raw(6) != 0)
        let hash = try t.hash(key)
        let cache = DictObject(c[2])
        let i = try cache.findEntry(t, key, hash)
        if i >= 0 {
            c.setRaw(c.raw(7) &+ 1, at: 7)
            let entry = cache.entry(i)
            if maximum > 0 && i != cache.entryCount &- 1 {
                cache.removeEntry(i)
                let before = cache.entryCount
                try cache.insertNew(t, entry.key, hash, entry.value)
                // A new table has no gaps at its front.
                if cache.entryCount <= before || before == 0 { c.setRaw(0, at: 9) }
            }
            return entry.value
        }
        c.setRaw(c.raw(8) &+ 1, at: 8)
        let result = try t.call(c[1], a)
        // The call may have filled or cleared the cache.
        let again = try cache.findEntry(t, key, hash)
        if again >= 0 { return result }
        if maximum > 0 && cache.count >= maximum { removeOldest(c, cache) }
        let before = cache.entryCount
        try cache.insertNew(t, key, hash, result)
        if cache.entryCount <= before || before == 0 { c.setRaw(0, at: 9) }
        return result
    }

    private static func removeOldest(_ c: Cell, _ cache: DictObject) {
        var i = c.raw(9)
        if i >= cache.entryCount { i = 0 }
        // Moves of entries start the walk anew, so nothing live is left behind the mark.
        while i < cache.entryCount && cache.entry(i).key.isUnbound { i = i &+ 1 }
        if i >= cache.entryCount { return }
        cache.removeEntry(i)
        c.setRaw(i &+ 1, at: 9)
    }
}
