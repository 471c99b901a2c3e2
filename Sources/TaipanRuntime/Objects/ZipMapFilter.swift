// zip, map and filter.
//
//   zip     word 1 tuple of iterators, word 2 strict (a bool)
//   map     word 1 the function, word 2 tuple of iterators
//   filter  word 1 the function or None, word 2 the iterator

extension Thread {
    func defineZipMapFilterTypes() {
        defineType(.zip, "zip", flags: TypeFlag.base, .values(2)) { b in
            b.doc("zip(*iterables, strict=False) --> Yield tuples until an input is exhausted.\n\n   >>> list(zip('abcdefg', range(3), range(4)))\n   [('a', 0, 0), ('b', 1, 1), ('c', 2, 2)]\n\nThe zip object yields n-length tuples, where n is the number of iterables\npassed as positional arguments to zip().  The i-th element in every tuple\ncomes from the i-th iterable argument to zip().  This continues until the\nshortest argument is exhausted.\n\nIf strict is true and one of the arguments is exhausted before the others,\nraise a ValueError.")
            b.slots.pointee.new = CallSlot(Thread.zipNew)
            b.slots.pointee.iter = UnarySlot { (_, v) in v }
            b.slots.pointee.next = UnarySlot(Thread.zipNext)
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                let type = t.type(of: a[0]).value
                return a[0].cell[2].isTrue ? try t.tuple(type, a[0].cell[1], .true) : try t.tuple(type, a[0].cell[1])
            }
            b.method("__setstate__", "!($self, object, /)", "Set state information for unpickling.") { (t, a) throws(Raised) in
                a[0].cell[2] = Value(try t.truth(a[1]))
                return .none
            }
        }
        defineType(.map, "map", flags: TypeFlag.base, .values(2)) { b in
            b.doc("map(func, *iterables) --> map object\n\nMake an iterator that computes the function using arguments from\neach of the iterables.  Stops when the shortest iterable is exhausted.")
            b.slots.pointee.new = CallSlot(Thread.mapNew)
            b.slots.pointee.iter = UnarySlot { (_, v) in v }
            b.slots.pointee.next = UnarySlot(Thread.mapNext)
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                let iterators = TupleObject(a[0].cell[2])
                let arguments = try t.newTuple(iterators.count &+ 1)
                arguments[0] = a[0].cell[1]
                for i in 0..<iterators.count { arguments[i &+ 1] = iterators[i] }
                return try t.tuple(t.type(of: a[0]).value, arguments.value)
            }
        }
        defineFilterType()
    }

    private func defineFilterType() {
        defineType(.filter, "filter", flags: TypeFlag.base, .values(2)) { b in
            b.doc("filter(function or None, iterable) --> filter object\n\nReturn an iterator yielding those items of iterable for which function(item)\nis true. If function is None, return the items that are true.")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                if t.initializesLike(type, t.types.pointee.filter) { try t.refuseKeywords(a, "filter") }
                try t.checkPositionalCount(a, "filter", 2, 2)
                let iterator = try t.iter(a[1])
                let made = t.allocate(TypeObject(type))
                made[1] = a[0]
                made[2] = iterator
                return Value(made)
            }
            b.slots.pointee.iter = UnarySlot { (_, v) in v }
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in
                let function = v.cell[1], iterator = v.cell[2]
                let next = t.type(of: iterator).slots.pointee.next
                while true {
                    let item = try next(t, iterator)
                    if item.isUnbound { return .unbound }
                    if function.isNone || function == t.types.pointee.bool {
                        if try t.truth(item) { return item }
                    } else if try t.truth(try t.call(function, item)) {
                        return item
                    }
                }
            }
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                try t.tuple(t.type(of: a[0]).value, try t.tuple(a[0].cell[1], a[0].cell[2]))
            }
        }
    }

    /// A tuple of the iterators of `count` iterables.
    public func iterators(_ iterables: UnsafeMutablePointer<Value>, _ count: Int) throws(Raised) -> Value {
        let made = try newTuple(count)
        for i in 0..<max(count, 0) { made[i] = try iter(iterables[i]) }
        return made.value
    }

    static func zipNew(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        let strict = try t.onlyKeyword(a, "zip", "strict")
        let isStrict: Bool = strict.isUnbound ? false : try t.truth(strict)
        let iterators = try t.iterators(a.base, a.count)
        let made = t.allocate(TypeObject(type))
        made[1] = iterators
        made[2] = Value(isStrict)
        return Value(made)
    }

    static func zipNext(_ t: Thread, _ value: Value) throws(Raised) -> Value {
        let iterators = TupleObject(value.cell[1])
        let count = iterators.count
        if count == 0 { return .unbound }
        if count == 2 {
            let first = try t.next(iterators[0])
            if first.isUnbound { return value.cell[2].isTrue ? try t.zipEnd(iterators, 0) : .unbound }
            let second = try t.next(iterators[1])
            if second.isUnbound { return value.cell[2].isTrue ? try t.zipEnd(iterators, 1) : .unbound }
            return try t.tuple(first, second)
        }
        let made = try t.newTuple(count)
        for i in 0..<count {
            let item = try t.next(iterators[i])
            if item.isUnbound { return value.cell[2].isTrue ? try t.zipEnd(iterators, i) : .unbound }
            made[i] = item
        }
        return made.value
    }

    /// Iterator `i` of a strict zip is exhausted: all must be, and it must be the first that is.
    private func zipEnd(_ iterators: TupleObject, _ i: Int) throws(Raised) -> Value {
        if i > 0 {
            throw raise(.valueError, "zip() argument \(i + 1) is shorter than argument\(i == 1 ? " " : "s 1-")\(i)")
        }
        for k in 1..<max(iterators.count, 1) {
            let item = try next(iterators[k])
            if item.isBound { throw raise(.valueError, "zip() argument \(k + 1) is longer than argument\(k == 1 ? " " : "s 1-")\(k)") }
        }
        return .unbound
    }

    static func mapNew(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        if t.initializesLike(type, t.types.pointee.map) { try t.refuseKeywords(a, "map") }
        if a.count < 2 { throw t.raise(.typeError, "map() must have at least two arguments.") }
        let iterators = try t.iterators(a.base + 1, a.count - 1)
        let made = t.allocate(TypeObject(type))
        made[1] = a[0]
        made[2] = iterators
        return Value(made)
    }

    static func mapNext(_ t: Thread, _ value: Value) throws(Raised) -> Value {
        let function = value.cell[1]
        let iterators = TupleObject(value.cell[2])
        if iterators.count == 1 {
            let item = try t.next(iterators[0])
            return item.isUnbound ? .unbound : try t.call(function, item)
        }
        let arguments = try t.pushScratch(iterators.count)
        defer { t.popScratch(arguments) }
        for i in 0..<iterators.count {
            let item = try t.next(iterators[i])
            if item.isUnbound { return .unbound }
            arguments[i] = item
        }
        return try t.call(function, Arguments(arguments, iterators.count))
    }
}
