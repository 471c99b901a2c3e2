// itertools: product, combinations, combinations_with_replacement, permutations.

import TaipanRuntime

extension ItertoolsModule {
    /// Words of all four: 1 the pool (a tuple; for product a tuple of tuples), 2 the indices (a list of small ints), 3 the tuple last given (unbound before the
    /// first), 4 the cycles of permutations; raw: 5 the length r, 6 exhausted.
    private static var cells: NativeLayout { NativeLayout(valueWords: 4, bytes: 56) }

    private static func indices(_ t: Thread, _ count: Int, _ value: (Int) -> Int) throws(Raised) -> Value {
        let made = try t.newList(capacity: count)
        for i in 0..<max(count, 0) { made[i] = Value(smallInt: value(i)) }
        made.count = max(count, 0)
        return made.value
    }

    // MARK: product

    static func defineProducts(_ m: ModuleBuilder) throws(Raised) {
        try m.type("product", flags: TypeFlag.base, cells) { b in
            b.doc("product(*iterables, repeat=1) --> product object\n\nCartesian product of input iterables.  Equivalent to nested for-loops.\n\nFor example, product(A, B) returns the same as:  ((x,y) for x in A for y in B).\nThe leftmost iterators are in the outermost for-loop, so the output tuples\ncycle in a manner similar to an odometer (with the rightmost element changing\non every iteration).\n\nTo compute the product of an iterable with itself, specify the number\nof repetitions with the optional repeat keyword argument. For example,\nproduct(A, repeat=4) means the same as product(A, A, A, A).\n\nproduct('ab', range(3)) --> ('a',0) ('a',1) ('a',2) ('b',0) ('b',1) ('b',2)\nproduct((0,1), (0,1), (0,1)) --> (0,0,0) (0,0,1) (0,1,0) (0,1,1) (1,0,0) ...")
            b.slots.pointee.new = CallSlot(newProduct)
            m.t.iterator(b, next: productNext)
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                let c = a[0].cell, type = t.type(of: a[0]).value
                if c.raw(6) != 0 { return try t.tuple(type, try t.tuple(t.objects.pointee.emptyTuple)) }
                if c[3].isUnbound { return try t.tuple(type, c[1]) }
                return try t.tuple(type, c[1], try t.tuple(ListObject(c[2])))
            }
            b.method("__setstate__", "!($self, state, /)", "Set state information for unpickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                let c = a[0].cell, pools = TupleObject(c[1])
                let state = try stateTuple(t, a[1], pools.count)
                let last = try t.newTuple(pools.count), places = ListObject(c[2])
                for i in 0..<pools.count {
                    let pool = TupleObject(pools[i])
                    if pool.count == 0 {
                        c.setRaw(1, at: 6)
                        return .none
                    }
                    let index = min(max(try t.index(state[i]), 0), pool.count - 1)
                    places[i] = Value(smallInt: index)
                    last[i] = pool[index]
                }
                c[3] = last.value
                return .none
            }
            defineSizeOf(b)
        }
    }

    private static func defineSizeOf(_ b: TypeBuilder) {
        b.method("__sizeof__", "!($self, /)", "Returns size in memory, in bytes.") { (t, a) in Value(smallInt: 56 &+ ListObject(a[0].cell[2]).count &* 8) }
    }

    private static func stateTuple(_ t: Thread, _ value: Value, _ count: Int) throws(Raised) -> TupleObject {
        if value.isKind(.tuple) && TupleObject(value).count == count { return TupleObject(value) }
        throw t.raise(.valueError, "invalid arguments")
    }

    private static func newProduct(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        var times = 1
        if a.keywords.isBound {
            let given = try t.onlyKeyword(a, "product", "repeat")
            if given.isBound {
                times = try t.index(given)
                if times < 0 { throw t.raise(.valueError, "repeat argument cannot be negative") }
            }
        }
        let (total, overflow) = a.count.multipliedReportingOverflow(by: times)
        if overflow || total > Int.max / 64 { throw t.raise(.overflowError, "repeat argument too large") }
        let pools = try t.newTuple(total)
        if times > 0 { for i in 0..<a.count { pools[i] = try t.newTupleFrom(a[i]).value } }
        for i in a.count..<max(total, a.count) { pools[i] = pools[i &- a.count] }
        let places = try indices(t, total) { _ in 0 }
        let made = make(t, type)
        made[1] = pools.value
        made[2] = places
        return Value(made)
    }

    private static func productNext(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        let c = v.cell
        if c.raw(6) != 0 { return .unbound }
        let pools = TupleObject(c[1]), places = ListObject(c[2]), n = pools.count
        let made = try t.newTuple(n)
        if c[3].isUnbound {
            for i in 0..<n {
                if TupleObject(pools[i]).count == 0 {
                    c.setRaw(1, at: 6)
                    return .unbound
                }
                made[i] = TupleObject(pools[i])[0]
            }
            c[3] = made.value
            return made.value
        }
        let last = TupleObject(c[3])
        for i in 0..<n { made[i] = last[i] }
        var i = n &- 1
        while i >= 0 {
            let pool = TupleObject(pools[i]), place = places[i].smallInt &+ 1
            if place < pool.count {
                places[i] = Value(smallInt: place)
                made[i] = pool[place]
                c[3] = made.value
                return made.value
            }
            places[i] = Value(smallInt: 0)
            made[i] = pool[0]
            i = i &- 1
        }
        c.setRaw(1, at: 6)
        return .unbound
    }

    // MARK: combinations

    static func defineCombinations(_ m: ModuleBuilder) throws(Raised) {
        try m.type("combinations", flags: TypeFlag.base, cells) { b in
            b.doc("combinations(iterable, r)\n--\n\nReturn successive r-length combinations of elements in the iterable.\n\ncombinations(range(4), 3) --> (0,1,2), (0,1,3), (0,2,3), (1,2,3)")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                let (pool, r) = try poolAndLength(t, a, "combinations", optional: false)
                let made = make(t, type)
                made[1] = pool
                made.setRaw(r, at: 5)
                made.setRaw(r > TupleObject(pool).count ? 1 : 0, at: 6)
                made[2] = try indices(t, r > TupleObject(pool).count ? 0 : r) { $0 }
                return Value(made)
            }
            m.t.iterator(b) { (t, v) throws(Raised) in
                let c = v.cell, r = c.raw(5)
                if c.raw(6) != 0 { return .unbound }
                let pool = TupleObject(c[1]), places = ListObject(c[2]), n = pool.count
                if c[3].isBound {
                    var i = r &- 1
                    while i >= 0 && places[i].smallInt == i &+ n &- r { i = i &- 1 }
                    if i < 0 { return finish(c) }
                    var place = places[i].smallInt &+ 1
                    while i < r {
                        places[i] = Value(smallInt: place)
                        place = place &+ 1
                        i = i &+ 1
                    }
                }
                return try select(t, c, pool, places, r)
            }
            defineCombinationReduce(b)
        }
        try m.type("combinations_with_replacement", flags: TypeFlag.base, cells) { b in
            b.doc("combinations_with_replacement(iterable, r)\n--\n\nReturn successive r-length combinations of elements in the iterable allowing individual elements to have successive repeats.\n\ncombinations_with_replacement('ABC', 2) --> ('A','A'), ('A','B'), ('A','C'), ('B','B'), ('B','C'), ('C','C')")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                let (pool, r) = try poolAndLength(t, a, "combinations_with_replacement", optional: false)
                let made = make(t, type)
                made[1] = pool
                made.setRaw(r, at: 5)
                made.setRaw(TupleObject(pool).count == 0 && r > 0 ? 1 : 0, at: 6)
                made[2] = try indices(t, r) { _ in 0 }
                return Value(made)
            }
            m.t.iterator(b) { (t, v) throws(Raised) in
                let c = v.cell, r = c.raw(5)
                if c.raw(6) != 0 { return .unbound }
                let pool = TupleObject(c[1]), places = ListObject(c[2]), n = pool.count
                if c[3].isBound {
                    var i = r &- 1
                    while i >= 0 && places[i].smallInt == n &- 1 { i = i &- 1 }
                    if i < 0 { return finish(c) }
                    let place = Value(smallInt: places[i].smallInt &+ 1)
                    while i < r {
                        places[i] = place
                        i = i &+ 1
                    }
                }
                return try select(t, c, pool, places, r)
            }
            defineCombinationReduce(b)
        }
        try definePermutations(m)
    }

    private static func finish(_ c: Cell) -> Value {
        c.setRaw(1, at: 6)
        return .unbound
    }

    /// The items at the first `r` indices.
    private static func select(_ t: Thread, _ c: Cell, _ pool: TupleObject, _ places: ListObject, _ r: Int) throws(Raised) -> Value {
        let made = try t.newTuple(r)
        for i in 0..<max(r, 0) { made[i] = pool[places[i].smallInt] }
        c[3] = made.value
        return made.value
    }

    private static func poolAndLength(_ t: Thread, _ a: Arguments, _ name: StaticString, optional: Bool) throws(Raised) -> (Value, Int) {
        let bound = try t.pushScratch(2)
        defer { t.popScratch(bound) }
        try t.bindNames(a, name, ["iterable", "r"], required: optional ? 1 : 2, bound)
        let pool = try t.newTupleFrom(bound[0])
        var r = pool.count
        if optional {
            if !bound[1].isNoneOrUnbound {
                if !t.isInt(bound[1]) { throw t.raise(.typeError, "Expected int as r") }
                r = try t.index(bound[1])
            }
        } else {
            r = try t.index(bound[1])
        }
        if r < 0 { throw t.raise(.valueError, "r must be non-negative") }
        return (pool.value, r)
    }

    private static func defineCombinationReduce(_ b: TypeBuilder) {
        b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
            try warnPickle(t)
            let c = a[0].cell, type = t.type(of: a[0]).value
            let arguments = try t.tuple(c.raw(6) != 0 ? t.objects.pointee.emptyTuple : c[1], t.int(c.raw(5)))
            if c[3].isUnbound || c.raw(6) != 0 { return try t.tuple(type, c[3].isUnbound ? try t.tuple(c[1], t.int(c.raw(5))) : arguments) }
            return try t.tuple(type, arguments, try t.tuple(ListObject(c[2])))
        }
        b.method("__setstate__", "!($self, state, /)", "Set state information for unpickling.") { (t, a) throws(Raised) in
            try warnPickle(t)
            let c = a[0].cell, pool = TupleObject(c[1]), places = ListObject(c[2])
            let state = try stateTuple(t, a[1], c.raw(5))
            for i in 0..<min(state.count, places.count) {
                places[i] = Value(smallInt: min(max(try t.index(state[i]), 0), pool.count - 1))
            }
            if pool.count > 0 || c.raw(5) == 0 { _ = try select(t, c, pool, places, c.raw(5)) }
            return .none
        }
        defineSizeOf(b)
    }

    // MARK: permutations

    private static func definePermutations(_ m: ModuleBuilder) throws(Raised) {
        try m.type("permutations", flags: TypeFlag.base, cells) { b in
            b.doc("permutations(iterable, r=None)\n--\n\nReturn successive r-length permutations of elements in the iterable.\n\npermutations(range(3), 2) --> (0,1), (0,2), (1,0), (1,2), (2,0), (2,1)")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                let (pool, r) = try poolAndLength(t, a, "permutations", optional: true)
                let n = TupleObject(pool).count
                let made = make(t, type)
                made[1] = pool
                made.setRaw(r, at: 5)
                made.setRaw(r > n ? 1 : 0, at: 6)
                made[2] = try indices(t, n) { $0 }
                made[4] = try indices(t, r > n ? 0 : r) { n - $0 }
                return Value(made)
            }
            m.t.iterator(b) { (t, v) throws(Raised) in
                let c = v.cell, r = c.raw(5)
                if c.raw(6) != 0 { return .unbound }
                let pool = TupleObject(c[1]), places = ListObject(c[2])
                if c[3].isBound && !advance(places, ListObject(c[4]), pool.count, r) { return finish(c) }
                return try select(t, c, pool, places, r)
            }
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                let c = a[0].cell, type = t.type(of: a[0]).value
                if c[3].isUnbound { return try t.tuple(type, try t.tuple(c[1], t.int(c.raw(5)))) }
                if c.raw(6) != 0 { return try t.tuple(type, try t.tuple(t.objects.pointee.emptyTuple, t.int(c.raw(5)))) }
                let state = try t.tuple(try t.tuple(ListObject(c[2])), try t.tuple(ListObject(c[4])))
                return try t.tuple(type, try t.tuple(c[1], t.int(c.raw(5))), state)
            }
            b.method("__setstate__", "!($self, state, /)", "Set state information for unpickling.") { (t, a) throws(Raised) in
                try warnPickle(t)
                let c = a[0].cell, pool = TupleObject(c[1]), n = pool.count, r = c.raw(5)
                let state = try stateTuple(t, a[1], 2)
                let first = try stateTuple(t, state[0], n), second = try stateTuple(t, state[1], r)
                let places = ListObject(c[2]), cycles = ListObject(c[4])
                for i in 0..<n { places[i] = Value(smallInt: min(max(try t.index(first[i]), 0), n - 1)) }
                for i in 0..<min(r, cycles.count) { cycles[i] = Value(smallInt: min(max(try t.index(second[i]), 1), n - i)) }
                _ = try select(t, c, pool, places, r)
                return .none
            }
            defineSizeOf(b)
        }
    }

    /// Moves the indices on to the next permutation; false after the last.
    private static func advance(_ places: ListObject, _ cycles: ListObject, _ n: Int, _ r: Int) -> Bool {
        var i = r &- 1
        while i >= 0 {
            let left = cycles[i].smallInt &- 1
            if left == 0 {
                let index = places[i]
                var k = i
                while k < n &- 1 {
                    places[k] = places[k &+ 1]
                    k = k &+ 1
                }
                places[n &- 1] = index
                cycles[i] = Value(smallInt: n &- i)
            } else {
                cycles[i] = Value(smallInt: left)
                let kept = places[i]
                places[i] = places[n &- left]
                places[n &- left] = kept
                return true
            }
            i = i &- 1
        }
        return false
    }
}
