// tuple: the type, its slots and methods. The cell is in Sequences.swift.

import TaipanNumbers

extension Thread {
    func defineTupleType() {
        let flags: Int = TypeFlag.base | TypeFlag.sequence | TypeFlag.matchSelf
        // Word 1 is the length as a small int: it is traced as a value and means nothing to the collector.
        let cells = NativeLayout(valueWords: LayoutInfo.allWords, bytes: 16, kind: .tuple, isVariable: true)
        defineType(.tuple, "tuple", flags: flags, cells) { b in
            b.doc("tuple(iterable=(), /)\n--\n\nBuilt-in immutable sequence.\n\nIf no argument is given, the constructor returns an empty tuple.\nIf iterable is specified the tuple is initialized from iterable's items.\n\nIf the argument is a tuple, the return value is the same object.")
            let s = b.slots
            s.pointee.new = CallSlot(Thread.tupleNew)
            s.pointee.repr = UnarySlot(Thread.tupleRepr)
            s.pointee.hash = IntSlot(Thread.tupleHash)
            s.pointee.compare = CompareSlot(Thread.tupleCompare)
            s.pointee.iter = UnarySlot { (t, v) in t.newIndexIterator(.tupleIterator, v) }
            s.pointee.length = IntSlot { (t, v) in TupleObject(v).count }
            s.pointee.getItem = BinarySlot { (t, v, k) throws(Raised) in try t.tupleGet(TupleObject(v), k) }
            s.pointee.contains = ContainsSlot { (t, v, item) throws(Raised) in try t.tupleFind(TupleObject(v), item, 0, Int.max) >= 0 }
            s.pointee.concatenate = BinarySlot(Thread.tupleConcatenate)
            s.pointee.repeat = BinarySlot { (t, v, n) throws(Raised) in try t.tupleRepeat(v, try t.index(n)) }
            defineTupleMethods(b)
        }
    }

    private func defineTupleMethods(_ b: TypeBuilder) {
        b.method("__getnewargs__", "($self, /)") { (t, a) throws(Raised) in
            let items = TupleObject(a[0])
            return try t.tuple(try t.tuple(items.items, items.count))
        }
        b.method("index", "($self, value, start=0, stop=sys.maxsize, /)", "Return first index of value.\n\nRaises ValueError if the value is not present.") { (t, a) throws(Raised) in
            let items = TupleObject(a[0])
            let (from, to) = try t.indexBounds(a[2], a[3]) { items.count }
            let i = try t.tupleFind(items, a[1], from, to)
            if i < 0 { throw t.raise(.valueError, "tuple.index(x): x not in tuple") }
            return Value(smallInt: i)
        }
        b.method("count", "($self, value, /)", "Return number of occurrences of value.") { (t, a) throws(Raised) in
            let items = TupleObject(a[0])
            var n = 0
            for i in 0..<items.count where try t.equals(items[i], a[1]) { n += 1 }
            return Value(smallInt: n)
        }
        b.classMethod("__class_getitem__", "!($type, object, /)", "See PEP 585") { (t, a) throws(Raised) in try t.newGenericAlias(a[0], a[1]) }
    }

    static func tupleNew(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        let isExact = type == t.types.pointee.tuple
        let exact = TypeObject(t.types.pointee.tuple)
        if isExact || TypeObject(type).slots.pointee.initialize.address == exact.slots.pointee.initialize.address { try t.refuseKeywords(a, "tuple") }
        try t.checkPositionalCount(a, "tuple", 0, 1)
        if isExact { return a.count == 0 ? t.objects.pointee.emptyTuple : try t.newTupleFrom(a[0]).value }
        let items: TupleObject = a.count == 0 ? TupleObject(t.objects.pointee.emptyTuple) : try t.newTupleFrom(a[0])
        return try t.newTuple(subclass: type, items)
    }

    /// An instance of a subclass of tuple with the given items.
    public func newTuple(subclass type: Value, _ items: TupleObject) throws(Raised) -> Value {
        let cell = try allocate(TypeObject(type), bytes: 16 &+ items.count &* 8)
        // The length comes first: where the attribute dict is depends on it.
        cell[1] = Value(smallInt: items.count)
        let made = TupleObject(cell)
        if items.count > 0 { Thread.move(made.items, items.items, items.count) }
        return made.value
    }

    /// `tuple(iterable)`: an exact tuple.
    public func newTupleFrom(_ iterable: Value) throws(Raised) -> TupleObject {
        if iterable.hasLayout(.tuple) { return TupleObject(iterable) }
        let list: ListObject
        if iterable.hasLayout(.list) {
            list = ListObject(iterable)
        } else {
            list = try newList()
            try extend(list, iterable)
        }
        return TupleObject(try tuple(list))
    }

    /// A tuple of a list's items.
    public func tuple(_ list: ListObject) throws(Raised) -> Value {
        let made = try newTuple(list.count)
        if list.count > 0 { Thread.move(made.items, list.items, min(list.count, made.count)) }
        return made.value
    }

    static func tupleRepr(_ t: Thread, _ value: Value) throws(Raised) -> Value {
        let items = TupleObject(value)
        if items.count == 0 { return t.str("()") }
        return try t.guardedRepr(value, recursive: "(...)") { (text) throws(Raised) in
            text.append("(")
            for i in 0..<items.count {
                if i > 0 { text.append(", ") }
                text.append(try t.repr(items[i]))
            }
            text.append(items.count == 1 ? ",)" : ")")
        }
    }

    static func tupleHash(_ t: Thread, _ value: Value) throws(Raised) -> Int {
        let items = TupleObject(value)
        var hash = PythonHash.Tuple()
        if items.count > 0 {
            try t.checkStack()
            for i in 0..<items.count { hash.add(try t.hash(items[i])) }
        }
        return hash.finish(count: items.count)
    }

    static func tupleCompare(_ t: Thread, _ left: Value, _ right: Value, _ op: CompareOperator) throws(Raised) -> Value {
        if !left.isKind(.tuple) || !right.isKind(.tuple) { return .notImplemented }
        let a = TupleObject(left), b = TupleObject(right)
        let shared = min(a.count, b.count)
        for i in 0..<shared {
            let x = a[i], y = b[i]
            if try t.equals(x, y) { continue }
            if op == .equal { return .false }
            if op == .notEqual { return .true }
            return try t.compare(x, y, op)
        }
        return Value(op.holds(a.count &- b.count))
    }

    /// `tuple[key]`: an int or a slice.
    @inline(__always) public func tupleGet(_ items: TupleObject, _ key: Value) throws(Raised) -> Value {
        if key.isSmallInt {
            var i = key.smallInt
            if i < 0 { i = i &+ items.count }
            if UInt(bitPattern: i) < UInt(bitPattern: items.count) { return items[i] }
        }
        return try tupleGetSlowly(items, key)
    }

    @inline(never) func tupleGetSlowly(_ items: TupleObject, _ key: Value) throws(Raised) -> Value {
        if key.hasLayout(.slice) {
            let part = try sliceIndices(SliceObject(key), items.count)
            if part.count == 0 { return objects.pointee.emptyTuple }
            if part.step == 1 && part.count == items.count && items.value.hasLayout(.tuple) { return items.value }
            let made = try newTuple(part.count)
            var at = part.start
            for i in 0..<part.count {
                made[i] = items[at]
                at = at &+ part.step
            }
            return made.value
        }
        var i = try sequenceIndex(key, "tuple")
        if i < 0 { i = i &+ items.count }
        if UInt(bitPattern: i) < UInt(bitPattern: items.count) { return items[i] }
        throw raise(.indexError, "tuple index out of range")
    }

    func tupleFind(_ items: TupleObject, _ item: Value, _ from: Int, _ to: Int) throws(Raised) -> Int {
        var i = from
        while i < to && i < items.count {
            if try equals(items[i], item) { return i }
            i = i &+ 1
        }
        return -1
    }

    static func tupleConcatenate(_ t: Thread, _ left: Value, _ right: Value) throws(Raised) -> Value {
        if right.isKind(.tuple) && TupleObject(left).count == 0 && right.hasLayout(.tuple) { return right }
        if !right.isKind(.tuple) { throw t.raise(.typeError, "can only concatenate tuple (not \"\(t.typeName(right))\") to tuple") }
        let a = TupleObject(left), b = TupleObject(right)
        if b.count == 0 && left.hasLayout(.tuple) { return left }
        let made = try t.newTuple(a.count &+ b.count)
        Thread.move(made.items, a.items, a.count)
        Thread.move(made.items + a.count, b.items, b.count)
        return made.value
    }

    func tupleRepeat(_ value: Value, _ times: Int) throws(Raised) -> Value {
        let items = TupleObject(value)
        if (items.count == 0 || times == 1) && value.hasLayout(.tuple) { return value }
        if items.count == 0 || times <= 0 { return objects.pointee.emptyTuple }
        let (total, overflow) = items.count.multipliedReportingOverflow(by: times)
        if overflow { throw memoryError() }
        let made = try newTuple(total)
        Thread.fill(made.items, items.items, items.count, total)
        return made.value
    }
}
