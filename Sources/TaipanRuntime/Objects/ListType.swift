// list: the type, its slots and methods. The cell is in Sequences.swift, sorting in ListSort.swift, what the
// operations do to the items in ListOperations.swift.

extension Thread {
    func defineListType() {
        let flags: Int = TypeFlag.base | TypeFlag.sequence | TypeFlag.matchSelf
        defineType(.list, "list", flags: flags, NativeLayout(valueWords: 1, bytes: 24, kind: .list)) { b in
            b.doc("list(iterable=(), /)\n--\n\nBuilt-in mutable sequence.\n\nIf no argument is given, the constructor creates a new empty list.\nThe argument must be an iterable if specified.")
            let s = b.slots
            s.pointee.new = CallSlot { (t, type, a) throws(Raised) in Value(t.allocate(TypeObject(type))) }
            s.pointee.initialize = InitSlot(Thread.listInit)
            s.pointee.repr = UnarySlot(Thread.listRepr)
            s.pointee.compare = CompareSlot(Thread.listCompare)
            s.pointee.iter = UnarySlot { (t, v) in t.newIndexIterator(.listIterator, v) }
            s.pointee.length = IntSlot { (t, v) in ListObject(v).count }
            s.pointee.getItem = BinarySlot { (t, v, k) throws(Raised) in try t.listGet(ListObject(v), k) }
            s.pointee.setItem = StoreSlot { (t, v, k, new) throws(Raised) in try t.listSet(ListObject(v), k, new) }
            s.pointee.contains = ContainsSlot { (t, v, item) throws(Raised) in try t.listFind(ListObject(v), item, 0, Int.max) >= 0 }
            s.pointee.concatenate = BinarySlot(Thread.listConcatenate)
            s.pointee.repeat = BinarySlot { (t, v, n) throws(Raised) in try t.listRepeat(ListObject(v), try t.index(n)) }
            s.pointee.inPlaceConcatenate = BinarySlot { (t, v, other) throws(Raised) in
                try t.extend(ListObject(v), other)
                return v
            }
            s.pointee.inPlaceRepeat = BinarySlot { (t, v, n) throws(Raised) in
                try t.listRepeatInPlace(ListObject(v), try t.index(n))
                return v
            }
            defineListMethods(b)
            defineListMoreMethods(b)
        }
    }

    private func defineListMethods(_ b: TypeBuilder) {
        b.method("__reversed__", "($self, /)", "Return a reverse iterator over the list.") { (t, a) in
            let made = t.newIndexIterator(.listReverseIterator, a[0])
            made.cell.setRaw(ListObject(a[0]).count - 1, at: 2)
            return made
        }
        b.method("__sizeof__", "($self, /)", "Return the size of the list in memory, in bytes.") { (t, a) in
            Value(smallInt: 40 + ListObject(a[0]).capacity * 8)
        }
        // Also in the slots; here so that it is a plain method, as in CPython.
        b.method("__getitem__", "($self, index, /)", "Return self[index].") { (t, a) throws(Raised) in try t.listGet(ListObject(a[0]), a[1]) }
        b.method("clear", "($self, /)", "Remove all items from list.") { (t, a) in
            let list = ListObject(a[0])
            list.buffer = .unbound
            list.count = 0
            return .none
        }
        b.method("copy", "($self, /)", "Return a shallow copy of the list.") { (t, a) throws(Raised) in
            let list = ListObject(a[0])
            return try t.listSlice(list, 0, list.count)
        }
        b.method("append", "($self, object, /)", "Append object to the end of the list.") { (t, a) throws(Raised) in
            try t.append(ListObject(a[0]), a[1])
            return .none
        }
        b.method("insert", "($self, index, object, /)", "Insert object before index.") { (t, a) throws(Raised) in
            try t.listInsert(ListObject(a[0]), try t.index(a[1]), a[2])
            return .none
        }
        b.method("extend", "($self, iterable, /)", "Extend list by appending elements from the iterable.") { (t, a) throws(Raised) in
            try t.extend(ListObject(a[0]), a[1])
            return .none
        }
        b.rawMethod("pop", "($self, index=-1, /)", "Remove and return item at index (default last).\n\nRaises IndexError if list is empty or index is out of range.") { (t, a) throws(Raised) in
            try t.checkMethod(a, "list", "pop", 0, 1)
            return try t.listPop(ListObject(a[0]), a.count == 1 ? -1 : try t.index(a[1]))
        }
    }

    private func defineListMoreMethods(_ b: TypeBuilder) {
        b.method("remove", "($self, value, /)", "Remove first occurrence of value.\n\nRaises ValueError if the value is not present.") { (t, a) throws(Raised) in
            let list = ListObject(a[0])
            let i = try t.listFind(list, a[1], 0, Int.max)
            if i < 0 { throw t.raise(.valueError, "list.remove(x): x not in list") }
            if i < list.count { t.listDelete(list, i, i + 1) }
            return .none
        }
        b.method("index", "($self, value, start=0, stop=sys.maxsize, /)", "Return first index of value.\n\nRaises ValueError if the value is not present.") { (t, a) throws(Raised) in
            let list = ListObject(a[0])
            let (from, to) = try t.indexBounds(a[2], a[3]) { list.count }
            let i = try t.listFind(list, a[1], from, to)
            if i < 0 { throw t.raise(.valueError, "\(try t.reprText(a[1])) is not in list") }
            return Value(smallInt: i)
        }
        b.method("count", "($self, value, /)", "Return number of occurrences of value.") { (t, a) throws(Raised) in
            let list = ListObject(a[0])
            var n = 0, i = 0
            while i < list.count {
                if try t.equals(list[i], a[1]) { n += 1 }
                i += 1
            }
            return Value(smallInt: n)
        }
        b.method("reverse", "($self, /)", "Reverse *IN PLACE*.") { (t, a) in
            let list = ListObject(a[0])
            if list.count > 1 { Thread.reverse(list.items, list.count) }
            return .none
        }
        b.method("sort", "($self, /, *, key=None, reverse=False)", "Sort the list in ascending order and return None.\n\nThe sort is in-place (i.e. the list itself is modified) and stable (i.e. the\norder of two equal elements is maintained).\n\nIf a key function is given, apply it once to each list item and sort them,\nascending or descending, according to their function values.\n\nThe reverse flag can be set to sort in descending order.") { (t, a) throws(Raised) in
            let isReversed = a[2].isUnbound ? false : try t.sortFlag(a[2])
            try t.sort(ListObject(a[0]), key: a[1].isNoneOrUnbound ? .unbound : a[1], reverse: isReversed)
            return .none
        }
        b.classMethod("__class_getitem__", "!($type, object, /)", "See PEP 585") { (t, a) throws(Raised) in try t.newGenericAlias(a[0], a[1]) }
    }

    /// The `reverse` of a sort: an int, taken as a truth value.
    func sortFlag(_ value: Value) throws(Raised) -> Bool {
        if value.isBool { return value.isTrue }
        return try index(value) != 0
    }

    /// `start` and `stop` arguments of `index` methods, brought into `0...`; the length is asked after they are known.
    func indexBounds(_ start: Value, _ stop: Value, _ count: () -> Int) throws(Raised) -> (Int, Int) {
        var from = 0, to = Int.max
        if start.isBound { from = try clampedSliceBound(start) }
        if stop.isBound { to = try clampedSliceBound(stop) }
        if from < 0 { from = max(from &+ count(), 0) }
        if to < 0 { to = max(to &+ count(), 0) }
        return (from, to)
    }

    private func clampedSliceBound(_ value: Value) throws(Raised) -> Int {
        if value.isSmallInt { return value.smallInt }
        if !isInt(value) && !type(of: value).slots.pointee.index.isSet {
            throw raise(.typeError, "slice indices must be integers or have an __index__ method")
        }
        let number = try indexValue(value)
        return machineInt(number) ?? (IntObject(number).isNegative ? Int.min : Int.max)
    }

    static func listInit(_ t: Thread, _ value: Value, _ a: Arguments) throws(Raised) {
        // A subclass with a `__new__` of its own may take keywords.
        if a.keywords.isBound && t.type(of: value).slots.pointee.new.address == TypeObject(t.types.pointee.list).slots.pointee.new.address { try t.refuseKeywords(a, "list") }
        try t.checkPositionalCount(a, "list", 0, 1)
        let list = ListObject(value)
        if list.count > 0 {
            list.buffer = .unbound
            list.count = 0
        }
        if a.count == 1 { try t.extend(list, a[0]) }
    }

    static func listRepr(_ t: Thread, _ value: Value) throws(Raised) -> Value {
        let list = ListObject(value)
        if list.count == 0 { return t.str("[]") }
        return try t.guardedRepr(value, recursive: "[...]") { (text) throws(Raised) in
            text.append("[")
            var i = 0
            while i < list.count {
                if i > 0 { text.append(", ") }
                text.append(try t.repr(list[i]))
                i += 1
            }
            text.append("]")
        }
    }

    static func listCompare(_ t: Thread, _ left: Value, _ right: Value, _ op: CompareOperator) throws(Raised) -> Value {
        if !left.isKind(.list) || !right.isKind(.list) { return .notImplemented }
        let a = ListObject(left), b = ListObject(right)
        if a.count != b.count {
            if op == .equal { return .false }
            if op == .notEqual { return .true }
        }
        var i = 0
        while i < a.count && i < b.count {
            let x = a[i], y = b[i]
            if !(try t.equals(x, y)) {
                // The comparison may have shortened a list.
                if i >= a.count || i >= b.count { break }
                if op == .equal { return .false }
                if op == .notEqual { return .true }
                return try t.compare(x, y, op)
            }
            i += 1
        }
        return Value(op.holds(a.count &- b.count))
    }

    static func listConcatenate(_ t: Thread, _ left: Value, _ right: Value) throws(Raised) -> Value {
        if !right.isKind(.list) { throw t.raise(.typeError, "can only concatenate list (not \"\(t.typeName(right))\") to list") }
        let a = ListObject(left), b = ListObject(right)
        let made = try t.newList(capacity: a.count &+ b.count)
        if a.count > 0 { Thread.move(made.items, a.items, a.count) }
        if b.count > 0 { Thread.move(made.items + a.count, b.items, b.count) }
        made.count = a.count &+ b.count
        return made.value
    }
}
