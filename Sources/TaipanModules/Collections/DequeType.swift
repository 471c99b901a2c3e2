// collections.deque: a ring of values.
//
//   word 1  the ring (a value buffer whose capacity is a power of two, or unbound while empty)
//   raw: word 2  index of the first item     word 3  length     word 4  maximum length, -1 for none     word 5  counts changes, for iterators

import TaipanRuntime

struct DequeObject: BitwiseCopyable {
    let cell: Cell
    @inline(__always) init(_ value: Value) { cell = value.cell }
    @inline(__always) init(_ cell: Cell) { self.cell = cell }
    @inline(__always) var value: Value { Value(cell) }
    @inline(__always) var first: Int { get { cell.raw(2) } nonmutating set { cell.setRaw(newValue, at: 2) } }
    @inline(__always) var count: Int { get { cell.raw(3) } nonmutating set { cell.setRaw(newValue, at: 3) } }
    @inline(__always) var maximum: Int { get { cell.raw(4) } nonmutating set { cell.setRaw(newValue, at: 4) } }
    @inline(__always) var state: Int { get { cell.raw(5) } nonmutating set { cell.setRaw(newValue, at: 5) } }
    @inline(__always) var capacity: Int { cell[1].isUnbound ? 0 : ValueBuffer(cell[1]).capacity }
    static var cells: NativeLayout { NativeLayout(valueWords: 1, bytes: 48) }

    @inline(__always) private func place(_ i: Int) -> Int { (first &+ i) & (capacity &- 1) }
    @inline(__always) subscript(_ i: Int) -> Value {
        get { ValueBuffer(cell[1]).items[place(i)] }
        nonmutating set { ValueBuffer(cell[1]).items[place(i)] = newValue }
    }

    private func reserve(_ t: Thread, _ wanted: Int) throws(Raised) {
        if wanted <= capacity { return }
        var size = max(8, capacity)
        while size < wanted { size = size &* 2 }
        let ring = try t.newValueBuffer(size)
        for i in 0..<count { ring.items[i] = self[i] }
        cell[1] = ring.value
        first = 0
    }

    func append(_ t: Thread, _ item: Value) throws(Raised) {
        if maximum == 0 { return }
        if count == maximum { _ = popFirst() }
        if count == capacity { try reserve(t, count &+ 1) }
        self[count] = item
        count = count &+ 1
        state = state &+ 1
    }

    func prepend(_ t: Thread, _ item: Value) throws(Raised) {
        if maximum == 0 { return }
        if count == maximum { _ = popLast() }
        if count == capacity { try reserve(t, count &+ 1) }
        first = (first &- 1) & (capacity &- 1)
        self[0] = item
        count = count &+ 1
        state = state &+ 1
    }

    /// Unbound when empty.
    func popFirst() -> Value {
        if count == 0 { return .unbound }
        let item = self[0]
        self[0] = .unbound
        first = (first &+ 1) & (capacity &- 1)
        count = count &- 1
        state = state &+ 1
        return item
    }

    func popLast() -> Value {
        if count == 0 { return .unbound }
        let item = self[count &- 1]
        self[count &- 1] = .unbound
        count = count &- 1
        state = state &+ 1
        return item
    }

    func clear() {
        if count > 0 { state = state &+ 1 }
        cell[1] = .unbound
        first = 0
        count = 0
    }

    /// Removes item `i`, moving the shorter side.
    func delete(_ i: Int) {
        if i < count / 2 {
            var k = i
            while k > 0 {
                self[k] = self[k &- 1]
                k = k &- 1
            }
            _ = popFirst()
        } else {
            for k in i..<(count &- 1) { self[k] = self[k &+ 1] }
            _ = popLast()
        }
    }

    /// Turns the ring `n` steps to the right.
    func rotate(_ n: Int) {
        if count < 2 { return }
        var steps = n % count
        if steps > count / 2 { steps -= count } else if steps < -(count / 2) { steps += count }
        if steps != 0 { state = state &+ 1 }
        while steps > 0 {
            let item = self[count &- 1]
            self[count &- 1] = .unbound
            first = (first &- 1) & (capacity &- 1)
            self[0] = item
            steps -= 1
        }
        while steps < 0 {
            let item = self[0]
            self[0] = .unbound
            first = (first &+ 1) & (capacity &- 1)
            self[count &- 1] = item
            steps += 1
        }
    }

    func extend(_ t: Thread, _ iterable: Value) throws(Raised) {
        if iterable == value {
            let copy = try t.newTupleFrom(try items(t))
            for i in 0..<copy.count { try append(t, copy[i]) }
            return
        }
        let iterator = try t.iter(iterable)
        while true {
            let item = try t.next(iterator)
            if item.isUnbound { return }
            try append(t, item)
        }
    }

    /// A list of the items.
    func items(_ t: Thread) throws(Raised) -> Value {
        let list = try t.newList(capacity: count)
        for i in 0..<count { try t.append(list, self[i]) }
        return list.value
    }
}

enum DequeType {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        let flags: Int = TypeFlag.base | TypeFlag.sequence | TypeFlag.hasWeakReferences
        let deque = try m.t.newNativeType("deque", moduleName: m.t.intern("collections"), flags: flags, DequeObject.cells) { b in
            b.doc("deque([iterable[, maxlen]]) --> deque object\n\nA list-like sequence optimized for data accesses near its endpoints.")
            let s = b.slots
            s.pointee.new = CallSlot { (t, type, a) in
                let made = DequeObject(t.allocate(TypeObject(type)))
                made.maximum = -1
                return made.value
            }
            s.pointee.initialize = InitSlot(initialize)
            s.pointee.repr = UnarySlot(repr)
            s.pointee.compare = CompareSlot(compare)
            s.pointee.iter = UnarySlot { (t, v) in newIterator(t, v, 0) }
            s.pointee.length = IntSlot { (_, v) in DequeObject(v).count }
            s.pointee.truth = BoolSlot { (_, v) in DequeObject(v).count != 0 }
            s.pointee.getItem = BinarySlot { (t, v, key) throws(Raised) in DequeObject(v)[try index(t, DequeObject(v), key)] }
            s.pointee.setItem = StoreSlot { (t, v, key, new) throws(Raised) in
                let d = DequeObject(v), i = try index(t, d, key)
                if new.isBound { d[i] = new } else { d.delete(i) }
            }
            s.pointee.contains = ContainsSlot { (t, v, item) throws(Raised) in
                let d = DequeObject(v)
                return try find(t, d, item, 0, Int.max, "deque mutated during iteration", .runtimeError) >= 0
            }
            s.pointee.concatenate = BinarySlot { (t, l, r) throws(Raised) in
                if !isDeque(t, r) { throw t.raise(.typeError, "can only concatenate deque (not \"\(t.typeName(r))\") to deque") }
                let made = try copy(t, l)
                try DequeObject(made).extend(t, r)
                return made
            }
            s.pointee.inPlaceConcatenate = BinarySlot { (t, l, r) throws(Raised) in
                try DequeObject(l).extend(t, r)
                return l
            }
            s.pointee.repeat = BinarySlot { (t, v, n) throws(Raised) in
                let made = try copy(t, v)
                try repeatInPlace(t, DequeObject(made), try t.index(n))
                return made
            }
            s.pointee.inPlaceRepeat = BinarySlot { (t, v, n) throws(Raised) in
                try repeatInPlace(t, DequeObject(v), try t.index(n))
                return v
            }
            defineMethods(b)
            defineSearches(b)
            m.t.addClassGetItem(b)
        }
        m.set("deque", deque.value)
        try defineIterators(m, deque)
    }

    static func isDeque(_ t: Thread, _ value: Value) -> Bool { t.isInstance(value, of: t.kept("_collections.deque", 0).value) }

    private static func initialize(_ t: Thread, _ value: Value, _ a: Arguments) throws(Raised) {
        let bound = try t.pushScratch(2)
        defer { t.popScratch(bound) }
        try t.bindNames(a, "deque", ["iterable", "maxlen"], required: 0, bound)
        var maximum = -1
        if !bound[1].isNoneOrUnbound {
            if !t.isInt(bound[1]) { throw t.raise(.typeError, "an integer is required") }
            guard let n = t.machineInt(bound[1]) else { throw t.raise(.overflowError, "Python int too large to convert to C ssize_t") }
            if n < 0 { throw t.raise(.valueError, "maxlen must be non-negative") }
            maximum = n
        }
        let d = DequeObject(value)
        d.maximum = maximum
        d.clear()
        if bound[0].isBound { try d.extend(t, bound[0]) }
    }

    private static func repr(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        if !(try t.enterRepr(v)) { return t.str("[...]") }
        defer { t.leaveRepr(v) }
        let d = DequeObject(v)
        var text = StrBuilder()
        text.append(t.type(of: v).name)
        text.append("(")
        text.append(try t.repr(try d.items(t)))
        text.append(d.maximum < 0 ? ")" : ", maxlen=\(d.maximum))")
        return try text.finish(t)
    }

    private static func compare(_ t: Thread, _ l: Value, _ r: Value, _ op: CompareOperator) throws(Raised) -> Value {
        if !isDeque(t, l) || !isDeque(t, r) { return .notImplemented }
        let a = DequeObject(l), b = DequeObject(r)
        if l == r && (op == .equal || op == .notEqual) { return Value(op == .equal) }
        if a.count != b.count {
            if op == .equal { return .false }
            if op == .notEqual { return .true }
        }
        var i = 0
        let aState = a.state, bState = b.state
        while i < a.count && i < b.count {
            let x = a[i], y = b[i]
            if !(try t.equals(x, y)) {
                if op == .equal { return .false }
                if op == .notEqual { return .true }
                return try t.compare(x, y, op)
            }
            if a.state != aState || b.state != bState { throw t.raise(.runtimeError, "deque mutated during iteration") }
            i += 1
        }
        return Value(op.holds(a.count &- b.count))
    }

    private static func index(_ t: Thread, _ d: DequeObject, _ key: Value) throws(Raised) -> Int {
        if !t.isInt(key) && !t.type(of: key).slots.pointee.index.isSet {
            throw t.raise(.typeError, "sequence index must be integer, not '\(t.typeName(key))'")
        }
        var i = try t.index(key, overflow: .indexError)
        if i < 0 { i = i &+ d.count }
        if i < 0 || i >= d.count { throw t.raise(.indexError, "deque index out of range") }
        return i
    }

    private static func find(_ t: Thread, _ d: DequeObject, _ item: Value, _ from: Int, _ to: Int, _ complaint: StaticString, _ kind: ExceptionKind) throws(Raised) -> Int {
        let state = d.state
        var i = from
        while i < to && i < d.count {
            let same = try t.equals(d[i], item)
            if d.state != state { throw t.raise(kind, complaint.description) }
            if same { return i }
            i = i &+ 1
        }
        return -1
    }

    private static func copy(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        let d = DequeObject(v), type = t.type(of: v)
        if type == t.kept("_collections.deque", 0) {
            let made = DequeObject(t.allocate(type))
            made.maximum = d.maximum
            try made.extend(t, v)
            return made.value
        }
        let made: Value = d.maximum < 0 ? try t.call(type.value, v) : try t.call(type.value, v, t.int(d.maximum))
        if !isDeque(t, made) { throw t.raise(.typeError, "\(t.string(type.name))() must return a deque, not \(t.typeName(made))") }
        return made
    }

    private static func repeatInPlace(_ t: Thread, _ d: DequeObject, _ times: Int) throws(Raised) {
        let count = d.count
        if count == 0 || times == 1 { return }
        if times <= 0 { return d.clear() }
        let (total, overflow) = count.multipliedReportingOverflow(by: times)
        if overflow || total > Int.max / 32 { throw t.memoryError() }
        let items = try t.newTupleFrom(try d.items(t))
        // With a maximum length only the last rounds matter.
        let rounds = d.maximum >= 0 ? min(times &- 1, d.maximum / count &+ 1) : times &- 1
        for _ in 0..<rounds { for i in 0..<items.count { try d.append(t, items[i]) } }
    }

    private static func defineMethods(_ b: TypeBuilder) {
        b.method("append", "($self, object, /)", "Add an element to the right side of the deque.") { (t, a) throws(Raised) in
            try DequeObject(a[0]).append(t, a[1])
            return .none
        }
        b.method("appendleft", "($self, object, /)", "Add an element to the left side of the deque.") { (t, a) throws(Raised) in
            try DequeObject(a[0]).prepend(t, a[1])
            return .none
        }
        b.method("pop", "!($self, /)", "Remove and return the rightmost element.") { (t, a) throws(Raised) in
            let item = DequeObject(a[0]).popLast()
            if item.isUnbound { throw t.raise(.indexError, "pop from an empty deque") }
            return item
        }
        b.method("popleft", "($self, /)", "Remove and return the leftmost element.") { (t, a) throws(Raised) in
            let item = DequeObject(a[0]).popFirst()
            if item.isUnbound { throw t.raise(.indexError, "pop from an empty deque") }
            return item
        }
        b.method("clear", "!($self, /)", "Remove all elements from the deque.") { (t, a) in
            DequeObject(a[0]).clear()
            return .none
        }
        b.method("extend", "($self, iterable, /)", "Extend the right side of the deque with elements from the iterable") { (t, a) throws(Raised) in
            try DequeObject(a[0]).extend(t, a[1])
            return .none
        }
        b.method("extendleft", "($self, iterable, /)", "Extend the left side of the deque with elements from the iterable") { (t, a) throws(Raised) in
            let d = DequeObject(a[0])
            let iterator = try t.iter(a[1] == a[0] ? try d.items(t) : a[1])
            while true {
                let item = try t.next(iterator)
                if item.isUnbound { return .none }
                try d.prepend(t, item)
            }
        }
        b.method("copy", "!($self, /)", "Return a shallow copy of a deque.") { (t, a) throws(Raised) in try copy(t, a[0]) }
        b.method("__copy__", "!($self, /)", "Return a shallow copy of a deque.") { (t, a) throws(Raised) in try copy(t, a[0]) }
        b.method("reverse", "($self, /)", "Reverse *IN PLACE*.") { (t, a) in
            let d = DequeObject(a[0])
            var low = 0, high = d.count &- 1
            while low < high {
                let kept = d[low]
                d[low] = d[high]
                d[high] = kept
                low += 1
                high -= 1
            }
            return .none
        }
        b.rawMethod("rotate", "($self, n=1, /)", "Rotate the deque n steps to the right (default n=1).  If n is negative, rotates left.") { (t, a) throws(Raised) in
            try t.checkMethod(a, "deque", "rotate", 0, 1)
            DequeObject(a[0]).rotate(a.count == 1 ? 1 : try t.index(a[1]))
            return .none
        }
    }

    private static func defineSearches(_ b: TypeBuilder) {
        b.method("count", "($self, value, /)", "D.count(value) -- return number of occurrences of value") { (t, a) throws(Raised) in
            let d = DequeObject(a[0]), state = d.state
            var n = 0, i = 0
            while i < d.count {
                if try t.equals(d[i], a[1]) { n += 1 }
                if d.state != state { throw t.raise(.runtimeError, "deque mutated during iteration") }
                i += 1
            }
            return Value(smallInt: n)
        }
        b.rawMethod("index", "", "D.index(value, [start, [stop]]) -- return first index of value.\nRaises ValueError if the value is not present.") { (t, a) throws(Raised) in
            try t.checkMethod(a, "deque", "index", 1, 3)
            let d = DequeObject(a[0])
            let bounds = try t.newList()
            try t.append(bounds, a.count > 2 ? a[2] : .none)
            try t.append(bounds, a.count > 3 ? a[3] : .none)
            let part = try t.sliceIndices(SliceObject(t.newSlice(bounds[0], bounds[1])), d.count)
            let i = try find(t, d, a[1], part.start, part.stop, "deque mutated during iteration", .runtimeError)
            if i < 0 { throw t.raise(.valueError, "\(try t.reprText(a[1])) is not in deque") }
            return Value(smallInt: i)
        }
        b.method("remove", "($self, value, /)", "D.remove(value) -- remove first occurrence of value.") { (t, a) throws(Raised) in
            let d = DequeObject(a[0])
            let i = try find(t, d, a[1], 0, Int.max, "deque mutated during remove().", .indexError)
            if i < 0 { throw t.raise(.valueError, "\(try t.reprText(a[1])) is not in deque") }
            d.delete(i)
            return .none
        }
        b.rawMethod("insert", "", "D.insert(index, object) -- insert object before index") { (t, a) throws(Raised) in
            if a.count != 3 { throw t.raise(.typeError, "insert() takes exactly 2 arguments (\(a.count - 1) given)") }
            let d = DequeObject(a[0]), i = try t.index(a[1])
            if d.count == d.maximum { throw t.raise(.indexError, "deque already at its maximum size") }
            let n = d.count
            if i >= n {
                try d.append(t, a[2])
            } else if i <= -n || i == 0 {
                try d.prepend(t, a[2])
            } else {
                d.rotate(-i)
                if i < 0 { try d.append(t, a[2]) } else { try d.prepend(t, a[2]) }
                d.rotate(i)
            }
            return .none
        }
        b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
            let d = DequeObject(a[0])
            let made = try t.newTuple(4)
            made[0] = t.type(of: a[0]).value
            made[1] = d.maximum < 0 ? t.objects.pointee.emptyTuple : try t.tuple(t.objects.pointee.emptyTuple, t.int(d.maximum))
            let state = try t.callSpecial(a[0], t.intern("__getstate__"))
            made[2] = state.isUnbound ? .none : state
            made[3] = try t.iter(a[0])
            return made.value
        }
        b.method("__reversed__", "!($self, /)", "D.__reversed__() -- return a reverse iterator over the deque") { (t, a) in newIterator(t, a[0], 1) }
        b.method("__sizeof__", "!($self, /)", "D.__sizeof__() -- size of D in memory, in bytes") { (t, a) in
            Value(smallInt: 208 &+ 528 &* (DequeObject(a[0]).count / 64 &+ 1) &+ 8)
        }
        b.getset("maxlen", "maximum size of a deque or None if unbounded", get: { (t, v) in
            DequeObject(v).maximum < 0 ? .none : t.int(DequeObject(v).maximum)
        })
    }

    // MARK: Iterators: word 1 the deque; raw: 2 next index from the start, 3 the deque's state, 4 items left

    private static func newIterator(_ t: Thread, _ v: Value, _ direction: Int) -> Value {
        let made = t.allocate(t.kept("_collections.deque", 1 &+ direction))
        let d = DequeObject(v)
        made[1] = v
        made.setRaw(direction == 0 ? 0 : d.count &- 1, at: 2)
        made.setRaw(d.state, at: 3)
        made.setRaw(d.count, at: 4)
        return Value(made)
    }

    private static func step(_ t: Thread, _ v: Value, _ by: Int) throws(Raised) -> Value {
        let c = v.cell, d = DequeObject(c[1]), left = c.raw(4)
        if d.state != c.raw(3) {
            c.setRaw(0, at: 4)
            throw t.raise(.runtimeError, "deque mutated during iteration")
        }
        if left == 0 { return .unbound }
        let i = c.raw(2)
        c.setRaw(i &+ by, at: 2)
        c.setRaw(left &- 1, at: 4)
        return d[i]
    }

    private static func defineIterators(_ m: ModuleBuilder, _ deque: TypeObject) throws(Raised) {
        let cells = NativeLayout(valueWords: 1, bytes: 40), module = m.t.intern("collections")
        let forward = try m.t.newNativeType("_deque_iterator", moduleName: module, cells) { b in
            m.t.iterator(b) { (t, v) throws(Raised) in try step(t, v, 1) }
            b.slots.pointee.new = CallSlot { (t, _, a) throws(Raised) in try unpickled(t, a, 0) }
            defineIteratorMethods(b)
        }
        let backward = try m.t.newNativeType("_deque_reverse_iterator", moduleName: module, cells) { b in
            m.t.iterator(b) { (t, v) throws(Raised) in try step(t, v, -1) }
            b.slots.pointee.new = CallSlot { (t, _, a) throws(Raised) in try unpickled(t, a, 1) }
            defineIteratorMethods(b)
        }
        m.set("_deque_iterator", forward.value)
        m.set("_deque_reverse_iterator", backward.value)
        try m.t.keep("_collections.deque", try m.t.row(3).adding(deque.value).adding(forward.value).adding(backward.value).tuple.value)
    }

    private static func unpickled(_ t: Thread, _ a: Arguments, _ direction: Int) throws(Raised) -> Value {
        try t.positionalOnly(a, "_deque_iterator", 1, 2)
        if !isDeque(t, a[0]) { throw t.raise(.typeError, "_deque_iterator() argument 1 must be collections.deque, not \(t.typeName(a[0]))") }
        let made = newIterator(t, a[0], direction)
        let skipped = a.count > 1 ? try t.index(a[1]) : 0
        for _ in 0..<max(0, min(skipped, DequeObject(a[0]).count)) { _ = try step(t, made, direction == 0 ? 1 : -1) }
        return made
    }

    private static func defineIteratorMethods(_ b: TypeBuilder) {
        b.method("__length_hint__", "!($self, /)", "Private method returning an estimate of len(list(it)).") { (t, a) in Value(smallInt: a[0].cell.raw(4)) }
        b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
            let c = a[0].cell
            return try t.tuple(t.type(of: a[0]).value, try t.tuple(c[1], t.int(DequeObject(c[1]).count &- c.raw(4))))
        }
    }
}
