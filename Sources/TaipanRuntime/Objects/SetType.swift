// set and frozenset: types, slots, methods, and their iterator. The table is in SetObject.swift.

import TaipanNumbers

extension Thread {
    func defineSetTypes() {
        let cells = NativeLayout(valueWords: 1, bytes: SetObject.bytes)
        let flags: Int = TypeFlag.base | TypeFlag.matchSelf | TypeFlag.hasWeakReferences
        defineType(.set, "set", flags: flags, cells) { b in
            b.doc("set() -> new empty set object\nset(iterable) -> new set object\n\nBuild an unordered collection of unique elements.")
            let s = b.slots
            s.pointee.new = CallSlot { (t, type, a) in Value(t.allocate(TypeObject(type))) }
            s.pointee.initialize = InitSlot(Thread.setInit)
            s.pointee.inPlaceOr = BinarySlot { (t, l, r) throws(Raised) in
                if !t.isAnySet(r) { return .notImplemented }
                try t.setUpdate(SetObject(l), from: r)
                return l
            }
            s.pointee.inPlaceAnd = BinarySlot { (t, l, r) throws(Raised) in
                if !t.isAnySet(r) { return .notImplemented }
                t.replace(SetObject(l), by: try t.setIntersection(SetObject(l), r, .set))
                return l
            }
            s.pointee.inPlaceSubtract = BinarySlot { (t, l, r) throws(Raised) in
                if !t.isAnySet(r) { return .notImplemented }
                try t.setDifferenceUpdate(SetObject(l), r)
                return l
            }
            s.pointee.inPlaceXor = BinarySlot { (t, l, r) throws(Raised) in
                if !t.isAnySet(r) { return .notImplemented }
                try t.setSymmetricDifferenceUpdate(SetObject(l), r)
                return l
            }
            defineAnySet(b)
            defineSetMethods(b)
            defineSetUpdateMethods(b)
        }
        defineType(.frozenset, "frozenset", flags: flags, cells) { b in
            b.doc("frozenset() -> empty frozenset object\nfrozenset(iterable) -> frozenset object\n\nBuild an immutable unordered collection of unique elements.")
            b.slots.pointee.new = CallSlot(Thread.frozensetNew)
            b.slots.pointee.hash = IntSlot { (t, v) in t.frozensetHash(SetObject(v)) }
            defineAnySet(b)
        }
        defineSetIteratorType()
    }

    /// What set and frozenset share.
    private func defineAnySet(_ b: TypeBuilder) {
        let s = b.slots
        s.pointee.repr = UnarySlot(Thread.setRepr)
        s.pointee.compare = CompareSlot(Thread.setCompare)
        s.pointee.iter = UnarySlot { (t, v) in t.newSetIterator(v) }
        s.pointee.length = IntSlot { (_, v) in SetObject(v).count }
        s.pointee.contains = ContainsSlot { (t, v, item) throws(Raised) in try t.setContains(v, item) }
        s.pointee.or = BinarySlot { (t, l, r) throws(Raised) in
            if !t.isAnySet(l) || !t.isAnySet(r) { return .notImplemented }
            let made = try t.copySet(SetObject(l), t.type(of: l).nativeBase)
            if l != r { try t.setUpdate(made, from: r) }
            return made.value
        }
        s.pointee.and = BinarySlot { (t, l, r) throws(Raised) in
            if !t.isAnySet(l) || !t.isAnySet(r) { return .notImplemented }
            return try t.setIntersection(SetObject(l), r, t.type(of: l).nativeBase).value
        }
        s.pointee.subtract = BinarySlot { (t, l, r) throws(Raised) in
            if !t.isAnySet(l) || !t.isAnySet(r) { return .notImplemented }
            return try t.setDifference(SetObject(l), r, t.type(of: l).nativeBase).value
        }
        s.pointee.xor = BinarySlot { (t, l, r) throws(Raised) in
            if !t.isAnySet(l) || !t.isAnySet(r) { return .notImplemented }
            return try t.symmetricDifference(SetObject(l), r)
        }
        defineSharedSetMethods(b)
        defineSetComparingMethods(b)
    }

    private func symmetricDifference(_ set: SetObject, _ other: Value) throws(Raised) -> Value {
        let made = newSet(type(of: set.value).nativeBase)
        try setUpdate(made, from: other)
        try setSymmetricDifferenceUpdate(made, set.value)
        return made.value
    }

    private func defineSharedSetMethods(_ b: TypeBuilder) {
        b.method("copy", "!($self, /)", "Return a shallow copy of a set.") { (t, a) throws(Raised) in
            if a[0].hasLayout(.frozenset) { return a[0] }
            return try t.copySet(SetObject(a[0]), t.type(of: a[0]).nativeBase).value
        }
        b.rawMethod("union", "", "Return the union of sets as a new set.\n\n(i.e. all elements that are in either set.)") { (t, a) throws(Raised) in
            try t.checkMethod(a, "set", "union", 0, Int.max)
            let made = try t.copySet(SetObject(a[0]), t.type(of: a[0]).nativeBase)
            for i in 1..<max(a.count, 1) where a[i] != a[0] { try t.setUpdate(made, from: a[i]) }
            return made.value
        }
        b.rawMethod("intersection", "", "Return the intersection of two sets as a new set.\n\n(i.e. all elements that are in both sets.)") { (t, a) throws(Raised) in
            try t.checkMethod(a, "set", "intersection", 0, Int.max)
            return try t.intersectionOfAll(a).value
        }
        b.rawMethod("difference", "", "Return the difference of two or more sets as a new set.\n\n(i.e. all elements that are in this set but not the others.)") { (t, a) throws(Raised) in
            try t.checkMethod(a, "set", "difference", 0, Int.max)
            let layout = t.type(of: a[0]).nativeBase
            if a.count == 1 { return try t.copySet(SetObject(a[0]), layout).value }
            let made = try t.setDifference(SetObject(a[0]), a[1], layout)
            for i in 2..<max(a.count, 2) { try t.setDifferenceUpdate(made, a[i]) }
            return made.value
        }
        b.method("symmetric_difference", "!($self, other, /)", "Return the symmetric difference of two sets as a new set.\n\n(i.e. all elements that are in exactly one of the sets.)") { (t, a) throws(Raised) in
            try t.symmetricDifference(SetObject(a[0]), a[1])
        }
        b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
            let items = try t.newList()
            try t.extend(items, a[0])
            let state = try t.callSpecial(a[0], t.intern("__getstate__"))
            return try t.tuple(t.type(of: a[0]).value, try t.tuple(items.value), state.isUnbound ? .none : state)
        }
        b.method("__sizeof__", "!($self, /)", "S.__sizeof__() -> size of S in memory, in bytes") { (t, a) in
            let set = SetObject(a[0])
            return Value(smallInt: 200 &+ (set.mask > 7 ? (set.mask &+ 1) &* 16 : 0))
        }
        b.method("__contains__", "!($self, object, /)", "x.__contains__(y) <==> y in x.") { (t, a) throws(Raised) in Value(try t.setContains(a[0], a[1])) }
        b.classMethod("__class_getitem__", "!($type, object, /)", "See PEP 585") { (t, a) throws(Raised) in try t.newGenericAlias(a[0], a[1]) }
    }

    private func intersectionOfAll(_ a: Arguments) throws(Raised) -> SetObject {
        let layout = type(of: a[0]).nativeBase
        if a.count == 1 { return try copySet(SetObject(a[0]), layout) }
        var made = SetObject(a[0])
        for i in 1..<a.count { made = try setIntersection(made, a[i], layout) }
        return made
    }

    private func defineSetComparingMethods(_ b: TypeBuilder) {
        b.method("isdisjoint", "!($self, other, /)", "Return True if two sets have a null intersection.") { (t, a) throws(Raised) in
            let set = SetObject(a[0])
            if a[0] == a[1] { return Value(set.count == 0) }
            if t.isAnySet(a[1]) {
                var walked = SetObject(a[1]), asked = set
                if walked.count > asked.count { swap(&walked, &asked) }
                var i = 0
                while i < walked.slotCount {
                    let key = walked.key(at: i)
                    if key.isBound {
                        if try asked.find(t, key, walked.hash(at: i)) >= 0 { return .false }
                    }
                    i += 1
                }
                return .true
            }
            let iterator = try t.iter(a[1])
            while true {
                let key = try t.next(iterator)
                if key.isUnbound { return .true }
                if try set.find(t, key, try t.hash(key)) >= 0 { return .false }
            }
        }
        b.method("issubset", "!($self, other, /)", "Test whether every element in the set is in other.") { (t, a) throws(Raised) in
            let set = SetObject(a[0])
            if t.isAnySet(a[1]) { return Value(try t.isSubset(set, of: SetObject(a[1]))) }
            return Value(try t.setIntersection(set, a[1], .set).count == set.count)
        }
        b.method("issuperset", "!($self, other, /)", "Test whether every element in other is in the set.") { (t, a) throws(Raised) in
            let set = SetObject(a[0])
            if t.isAnySet(a[1]) { return Value(try t.isSubset(SetObject(a[1]), of: set)) }
            let iterator = try t.iter(a[1])
            while true {
                let key = try t.next(iterator)
                if key.isUnbound { return .true }
                if try set.find(t, key, try t.hash(key)) < 0 { return .false }
            }
        }
    }

    private func defineSetMethods(_ b: TypeBuilder) {
        b.method("add", "!($self, object, /)", "Add an element to a set.\n\nThis has no effect if the element is already present.") { (t, a) throws(Raised) in
            try t.setAdd(a[0], a[1])
            return .none
        }
        b.method("clear", "!($self, /)", "Remove all elements from this set.") { (t, a) in
            SetObject(a[0]).clear()
            return .none
        }
        b.method("discard", "!($self, object, /)", "Remove an element from a set if it is a member.\n\nUnlike set.remove(), the discard() method does not raise\nan exception when an element is missing from the set.") { (t, a) throws(Raised) in
            let key = try t.setKey(a[1])
            _ = try SetObject(a[0]).discard(t, key, try t.hash(key))
            return .none
        }
        b.method("remove", "!($self, object, /)", "Remove an element from a set; it must be a member.\n\nIf the element is not a member, raise a KeyError.") { (t, a) throws(Raised) in
            let key = try t.setKey(a[1])
            if !(try SetObject(a[0]).discard(t, key, try t.hash(key))) { throw t.keyError(a[1]) }
            return .none
        }
        b.method("pop", "!($self, /)", "Remove and return an arbitrary set element.\n\nRaises KeyError if the set is empty.") { (t, a) throws(Raised) in
            let set = SetObject(a[0])
            if set.count == 0 { throw t.keyError(t.str("pop from an empty set")) }
            var i = set.finger & set.mask
            while set.key(at: i).isUnbound { i = i < set.mask ? i &+ 1 : 0 }
            let key = set.key(at: i)
            set.remove(at: i)
            set.finger = i &+ 1
            return key
        }
    }

    private func defineSetUpdateMethods(_ b: TypeBuilder) {
        b.rawMethod("update", "", "Update a set with the union of itself and others.") { (t, a) throws(Raised) in
            try t.checkMethod(a, "set", "update", 0, Int.max)
            for i in 1..<max(a.count, 1) { try t.setUpdate(SetObject(a[0]), from: a[i]) }
            return .none
        }
        b.rawMethod("intersection_update", "", "Update a set with the intersection of itself and another.") { (t, a) throws(Raised) in
            try t.checkMethod(a, "set", "intersection_update", 0, Int.max)
            t.replace(SetObject(a[0]), by: try t.intersectionOfAll(a))
            return .none
        }
        b.rawMethod("difference_update", "", "Remove all elements of another set from this set.") { (t, a) throws(Raised) in
            try t.checkMethod(a, "set", "difference_update", 0, Int.max)
            for i in 1..<max(a.count, 1) { try t.setDifferenceUpdate(SetObject(a[0]), a[i]) }
            return .none
        }
        b.method("symmetric_difference_update", "!($self, other, /)", "Update a set with the symmetric difference of itself and another.") { (t, a) throws(Raised) in
            try t.setSymmetricDifferenceUpdate(SetObject(a[0]), a[1])
            return .none
        }
    }

    /// Gives `set` the items of `other`, which nobody else holds.
    private func replace(_ set: SetObject, by other: SetObject) {
        if set.cell == other.cell { return }
        set.table = other.table
        set.count = other.count
        set.filled = other.filled
    }

    static func setInit(_ t: Thread, _ value: Value, _ a: Arguments) throws(Raised) {
        try t.refuseKeywords(a, "set")
        if a.count > 1 { throw t.raise(.typeError, "\(t.typeName(value)) expected at most 1 argument, got \(a.count)") }
        SetObject(value).clear()
        if a.count == 1 { try t.setUpdate(SetObject(value), from: a[0]) }
    }

    static func frozensetNew(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        let made = TypeObject(type), exact = TypeObject(t.types.pointee.frozenset)
        if made == exact || made.slots.pointee.initialize.address == exact.slots.pointee.initialize.address { try t.refuseKeywords(a, "frozenset") }
        try t.checkPositionalCount(a, "frozenset", 0, 1)
        if made == exact {
            if a.count == 1 && a[0].hasLayout(.frozenset) { return a[0] }
            return a.count == 0 ? t.emptyFrozenset() : try t.newFrozenset(from: a[0])
        }
        let set = SetObject(t.allocate(made))
        if a.count == 1 { try t.setUpdate(set, from: a[0]) }
        return set.value
    }

    func frozensetHash(_ set: SetObject) -> Int {
        if set.cachedHash != 0 { return set.cachedHash }
        var hash = PythonHash.FrozenSet()
        for i in 0..<set.slotCount where set.key(at: i).isBound { hash.add(set.hash(at: i)) }
        let result = hash.finish(count: set.count)
        set.cachedHash = result
        return result
    }

    static func setRepr(_ t: Thread, _ value: Value) throws(Raised) -> Value {
        let set = SetObject(value)
        let name = t.string(t.type(of: value).name)
        if set.count == 0 { return t.str("\(name)()") }
        if !(try t.enterRepr(value)) { return t.str("\(name)(...)") }
        defer { t.leaveRepr(value) }
        let items = try t.newList(capacity: set.count)
        try t.extend(items, value)
        var text = StrBuilder()
        let isPlain = value.hasLayout(.set)
        if !isPlain {
            text.append(name)
            text.append("(")
        }
        text.append("{")
        for i in 0..<items.count {
            if i > 0 { text.append(", ") }
            text.append(try t.repr(items[i]))
        }
        text.append(isPlain ? "}" : "})")
        return try text.finish(t)
    }

    static func setCompare(_ t: Thread, _ left: Value, _ right: Value, _ op: CompareOperator) throws(Raised) -> Value {
        if !t.isAnySet(left) || !t.isAnySet(right) { return .notImplemented }
        let a = SetObject(left), b = SetObject(right)
        switch op {
        case .equal, .notEqual:
            var same = a.count == b.count
            if same && a.cachedHash != 0 && b.cachedHash != 0 && a.cachedHash != b.cachedHash { same = false }
            if same { same = try t.isSubset(a, of: b) }
            return Value(same == (op == .equal))
        case .lessEqual: return Value(try t.isSubset(a, of: b))
        case .greaterEqual: return Value(try t.isSubset(b, of: a))
        case .less: return Value(a.count < b.count ? try t.isSubset(a, of: b) : false)
        case .greater: return Value(a.count > b.count ? try t.isSubset(b, of: a) : false)
        }
    }

    // MARK: The iterator: word 1 the set, unbound when exhausted; raw: word 2 slot, word 3 length at the start, word 4 items left

    func newSetIterator(_ set: Value) -> Value {
        let cell = heap.allocate(header: UInt(LayoutID.setIterator.rawValue), bytes: 40)
        cell[1] = set
        cell.setRaw(SetObject(set).count, at: 3)
        cell.setRaw(SetObject(set).count, at: 4)
        return Value(cell)
    }

    private func defineSetIteratorType() {
        defineType(.setIterator, "set_iterator", NativeLayout(valueWords: 1, bytes: 40)) { b in
            b.slots.pointee.iter = UnarySlot { (_, v) in v }
            b.slots.pointee.next = UnarySlot(Thread.setIteratorNext)
            b.method("__length_hint__", "!($self, /)", "Private method returning an estimate of len(list(it)).") { (t, a) in
                let owner = a[0].cell[1]
                let isLive: Bool = owner.isBound && SetObject(owner).count == a[0].cell.raw(3)
                return Value(smallInt: isLive ? a[0].cell.raw(4) : 0)
            }
            b.method("__reduce__", "!($self, /)", "Return state information for pickling.") { (t, a) throws(Raised) in
                let from = a[0].cell, twin = t.heap.allocate(header: UInt(LayoutID.setIterator.rawValue), bytes: 40)
                twin[1] = from[1]
                for i in 2...4 { twin.setRaw(from.raw(i), at: i) }
                let rest = try t.newList()
                try t.extend(rest, Value(twin))
                return try t.tuple(try t.builtinFunction("iter"), try t.tuple(rest.value))
            }
        }
    }

    static func setIteratorNext(_ t: Thread, _ value: Value) throws(Raised) -> Value {
        let owner = value.cell[1]
        if owner.isUnbound { return .unbound }
        let set = SetObject(owner)
        if set.count != value.cell.raw(3) {
            value.cell.setRaw(-1, at: 3)
            throw t.raise(.runtimeError, "Set changed size during iteration")
        }
        var i = value.cell.raw(2)
        let end = set.slotCount
        while i < end {
            let key = set.key(at: i)
            i = i &+ 1
            if key.isBound {
                value.cell.setRaw(i, at: 2)
                value.cell.setRaw(value.cell.raw(4) &- 1, at: 4)
                return key
            }
        }
        value.cell[1] = .unbound
        return .unbound
    }
}
