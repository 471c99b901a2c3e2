// The cell of set and frozenset, with CPython's probing and growth, so that both iterate in its order.
//
//   set    word 1  table (or unbound while nothing was ever added)     word 2  length, raw     word 3  filled slots, raw
//          word 4  cached hash of a frozenset, raw; 0 while unknown    word 5  where pop goes on, raw
//   table  word 1  mask, raw     word 2… slots of two words: hash (raw), key
//
// A slot never used has an unbound key and hash 0; a slot whose key was removed holds `removed` and hash -1. A table
// starts with 8 slots. From a slot up to 9 neighbours are tried before the next jump.

struct SetSlot: BitwiseCopyable {
    var hash: Int
    var key: Value
}

@frozen public struct SetTable: BitwiseCopyable {
    public let cell: Cell
    @inline(__always) init(_ value: Value) { cell = value.cell }
    @inline(__always) var mask: Int { cell.raw(1) }
    @inline(__always) var slots: UnsafeMutablePointer<SetSlot> { (cell.address + 16).assumingMemoryBound(to: SetSlot.self) }
    /// Stands in slots whose key was removed: an immediate that no program sees.
    @inline(__always) static var removed: Value { Value(bits: 0x2C) }
    static var neighbours: Int { 9 }
}

@frozen public struct SetObject: BitwiseCopyable {
    public let cell: Cell
    @inlinable @inline(__always) public init(_ cell: Cell) { self.cell = cell }
    /// `value` must be a set or frozenset.
    @inlinable @inline(__always) public init(_ value: Value) { cell = value.cell }
    @inlinable @inline(__always) public var value: Value { Value(cell) }
    @inlinable @inline(__always) public var table: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    @inlinable @inline(__always) public var count: Int { get { cell.raw(2) } nonmutating set { cell.setRaw(newValue, at: 2) } }
    @inlinable @inline(__always) var filled: Int { get { cell.raw(3) } nonmutating set { cell.setRaw(newValue, at: 3) } }
    @inlinable @inline(__always) var cachedHash: Int { get { cell.raw(4) } nonmutating set { cell.setRaw(newValue, at: 4) } }
    @inlinable @inline(__always) var finger: Int { get { cell.raw(5) } nonmutating set { cell.setRaw(newValue, at: 5) } }
    static var bytes: Int { 48 }
    /// Mask of the table; an absent one counts as the smallest.
    @inline(__always) var mask: Int { table.isUnbound ? 7 : SetTable(table).mask }
    /// Slots to walk over.
    @inline(__always) public var slotCount: Int { table.isUnbound ? 0 : SetTable(table).mask &+ 1 }

    /// The key in slot `i` below `slotCount`, or unbound when there is none.
    @inline(__always) public func key(at i: Int) -> Value {
        let key = SetTable(table).slots[i].key
        return key == SetTable.removed ? .unbound : key
    }
    @inline(__always) public func hash(at i: Int) -> Int { SetTable(table).slots[i].hash }

    public func clear() {
        table = .unbound
        count = 0
        filled = 0
    }

    /// Slot of `key`, or -1. May call `__eq__`; starts over when that changed the set.
    public func find(_ t: Thread, _ key: Value, _ hash: Int) throws(Raised) -> Int {
        restart: while true {
            if self.table.isUnbound { return -1 }
            let table = SetTable(self.table), mask = table.mask, slots = table.slots
            var i = hash & mask
            var perturb = UInt(bitPattern: hash)
            while true {
                var at = i
                let last = i &+ SetTable.neighbours <= mask ? i &+ SetTable.neighbours : i
                while at <= last {
                    let slot = slots[at]
                    if slot.hash == 0 && slot.key.isUnbound { return -1 }
                    if slot.hash == hash && slot.key != SetTable.removed {
                        if slot.key == key { return at }
                        if slot.key.hasLayout(.str) && key.hasLayout(.str) {
                            if StrObject(slot.key).equals(StrObject(key)) { return at }
                        } else {
                            let same = try t.equals(slot.key, key)
                            if self.table != table.value || slots[at].key != slot.key { continue restart }
                            if same { return at }
                        }
                    }
                    at = at &+ 1
                }
                perturb >>= 5
                i = (i &* 5 &+ 1 &+ Int(bitPattern: perturb)) & mask
            }
        }
    }

    /// Adds `key` unless it is there. The last removed slot on the way is used again.
    public func add(_ t: Thread, _ key: Value, _ hash: Int) throws(Raised) {
        restart: while true {
            if self.table.isUnbound { self.table = try t.newSetTable(8).value }
            let table = SetTable(self.table), mask = table.mask, slots = table.slots
            var i = hash & mask
            var perturb = UInt(bitPattern: hash)
            var reusable = -1
            while true {
                var at = i
                let last = i &+ SetTable.neighbours <= mask ? i &+ SetTable.neighbours : i
                while at <= last {
                    let slot = slots[at]
                    if slot.hash == 0 && slot.key.isUnbound {
                        return try fill(t, reusable < 0 ? at : reusable, isFresh: reusable < 0, key, hash)
                    }
                    if slot.key == SetTable.removed {
                        reusable = at
                    } else if slot.hash == hash {
                        if slot.key == key { return }
                        if slot.key.hasLayout(.str) && key.hasLayout(.str) {
                            if StrObject(slot.key).equals(StrObject(key)) { return }
                        } else {
                            let same = try t.equals(slot.key, key)
                            if self.table != table.value || slots[at].key != slot.key { continue restart }
                            if same { return }
                        }
                    }
                    at = at &+ 1
                }
                perturb >>= 5
                i = (i &* 5 &+ 1 &+ Int(bitPattern: perturb)) & mask
            }
        }
    }

    @inline(__always) private func fill(_ t: Thread, _ at: Int, isFresh: Bool, _ key: Value, _ hash: Int) throws(Raised) {
        SetTable(table).slots[at] = SetSlot(hash: hash, key: key)
        count = count &+ 1
        if !isFresh { return }
        filled = filled &+ 1
        if filled &* 5 >= mask &* 3 { try resize(t, count > 50000 ? count &* 2 : count &* 4) }
    }

    /// Removes `key`; false when it is not there.
    public func discard(_ t: Thread, _ key: Value, _ hash: Int) throws(Raised) -> Bool {
        let i = try find(t, key, hash)
        if i < 0 { return false }
        remove(at: i)
        return true
    }

    func remove(at i: Int) {
        let slots = SetTable(table).slots
        slots[i].hash = -1
        slots[i].key = SetTable.removed
        count = count &- 1
    }

    /// A table for more than `wanted` keys, with the keys moved over in the order of their slots.
    @inline(never) func resize(_ t: Thread, _ wanted: Int) throws(Raised) {
        var size = 8
        while size <= wanted { size <<= 1 }
        let bigger = try t.newSetTable(size)
        for i in 0..<slotCount {
            let key = self.key(at: i)
            if key.isBound { bigger.insert(key, hash(at: i)) }
        }
        table = bigger.value
        filled = count
    }
}

extension SetTable {
    @inline(__always) var value: Value { Value(cell) }

    /// Puts a key known to be absent into the first slot never used on its way.
    @inline(__always) func insert(_ key: Value, _ hash: Int) {
        let mask = self.mask, slots = self.slots
        var i = hash & mask
        var perturb = UInt(bitPattern: hash)
        while true {
            var at = i
            let last = i &+ SetTable.neighbours <= mask ? i &+ SetTable.neighbours : i
            while at <= last {
                if slots[at].key.isUnbound {
                    slots[at] = SetSlot(hash: hash, key: key)
                    return
                }
                at = at &+ 1
            }
            perturb >>= 5
            i = (i &* 5 &+ 1 &+ Int(bitPattern: perturb)) & mask
        }
    }
}

extension Thread {
    func newSetTable(_ size: Int) throws(Raised) -> SetTable {
        guard size < Int.max / 32, let cell = heap.allocateAnySize(header: UInt(LayoutID.setTable.rawValue), bytes: 16 &+ size &* 16) else { throw memoryError() }
        cell.setRaw(size &- 1, at: 1)
        return SetTable(Value(cell))
    }

    static func traceSetTable(_ cell: Cell, _ marker: UnsafeMutablePointer<Marker>) {
        let table = SetTable(Value(cell))
        for i in 0...table.mask { marker.pointee.mark(table.slots[i].key) }
    }

    // MARK: Making and changing

    /// An empty set or frozenset.
    public func newSet(_ layout: LayoutID) -> SetObject {
        SetObject(heap.allocate(header: UInt(layout.rawValue), bytes: SetObject.bytes))
    }

    /// `set()`.
    public func newSet() throws(Raised) -> Value { newSet(.set).value }

    /// `set(iterable)`.
    public func newSet(from iterable: Value) throws(Raised) -> Value {
        let made = newSet(.set)
        try setUpdate(made, from: iterable)
        return made.value
    }

    /// The one frozenset without items.
    public func emptyFrozenset() -> Value {
        if objects.pointee.emptyFrozenset.isUnbound { objects.pointee.emptyFrozenset = newSet(.frozenset).value }
        return objects.pointee.emptyFrozenset
    }

    /// `frozenset(iterable)`.
    public func newFrozenset(from iterable: Value) throws(Raised) -> Value {
        let made = newSet(.frozenset)
        try setUpdate(made, from: iterable)
        return made.count == 0 ? emptyFrozenset() : made.value
    }

    /// A frozenset of consecutive values, as constants are made.
    public func newFrozenset(_ items: UnsafePointer<Value>, _ count: Int) throws(Raised) -> Value {
        let made = newSet(.frozenset)
        for i in 0..<max(count, 0) { try made.add(self, items[i], try hash(items[i])) }
        return made.value
    }

    @inline(__always) public func setAdd(_ set: Value, _ item: Value) throws(Raised) { try SetObject(set).add(self, item, try hash(item)) }

    /// `item in set`; a set as item is looked for as the frozenset of its items.
    public func setContains(_ set: Value, _ item: Value) throws(Raised) -> Bool {
        let key = try setKey(item)
        return try SetObject(set).find(self, key, try hash(key)) >= 0
    }

    /// The key to look for: an unhashable set stands for its frozenset.
    func setKey(_ item: Value) throws(Raised) -> Value {
        if !item.isCell || item.hasLayout(.str) || type(of: item).nativeBase != .set { return item }
        do throws(Raised) {
            _ = try hash(item)
            return item
        } catch {
            try swallow(.typeError, error)
            return try newFrozenset(from: item)
        }
    }

    /// set, frozenset or an instance of a subclass.
    @inline(__always) public func isAnySet(_ value: Value) -> Bool {
        if !value.isCell { return false }
        if value.cell.layout == .set || value.cell.layout == .frozenset { return true }
        let base = type(of: value).nativeBase
        return base == .set || base == .frozenset
    }

    // MARK: Operations; the order in which slots are walked is CPython's

    /// `set |= iterable`.
    public func setUpdate(_ set: SetObject, from other: Value) throws(Raised) {
        if isAnySet(other) { return try setMerge(set, SetObject(other)) }
        if other.hasLayout(.dict) {
            let dict = DictObject(other)
            if (set.filled &+ dict.count) &* 5 >= set.mask &* 3 { try set.resize(self, (set.count &+ dict.count) &* 2) }
            var i = 0
            while i < dict.entryCount {
                let entry = dict.entry(i)
                i += 1
                if entry.key.isBound { try set.add(self, entry.key, entry.hash) }
            }
            return
        }
        let iterator = try iter(other)
        let next = type(of: iterator).slots.pointee.next
        while true {
            let key = try next(self, iterator)
            if key.isUnbound { return }
            try set.add(self, key, try hash(key))
        }
    }

    private func setMerge(_ set: SetObject, _ other: SetObject) throws(Raised) {
        if set.cell == other.cell || other.count == 0 { return }
        if (set.filled &+ other.count) &* 5 >= set.mask &* 3 { try set.resize(self, (set.count &+ other.count) &* 2) }
        if set.table.isUnbound { set.table = try newSetTable(8).value }
        if set.filled == 0 {
            let target = SetTable(set.table), source = SetTable(other.table)
            if target.mask == source.mask && other.filled == other.count {
                target.slots.update(from: source.slots, count: source.mask &+ 1)
            } else {
                for i in 0..<other.slotCount where other.key(at: i).isBound { target.insert(other.key(at: i), other.hash(at: i)) }
            }
            set.filled = other.count
            set.count = other.count
            return
        }
        var i = 0
        while i < other.slotCount {
            let key = other.key(at: i)
            if key.isBound { try set.add(self, key, other.hash(at: i)) }
            i += 1
        }
    }

    /// A set or frozenset with the same items.
    func copySet(_ set: SetObject, _ layout: LayoutID) throws(Raised) -> SetObject {
        let made = newSet(layout)
        try setMerge(made, set)
        return made
    }

    /// `set & other`, as a `layout`.
    func setIntersection(_ set: SetObject, _ other: Value, _ layout: LayoutID) throws(Raised) -> SetObject {
        if set.value == other { return try copySet(set, layout) }
        let made = newSet(layout)
        if isAnySet(other) {
            var walked = SetObject(other), asked = set
            if walked.count > asked.count { swap(&walked, &asked) }
            var i = 0
            while i < walked.slotCount {
                let key = walked.key(at: i)
                if key.isBound {
                    let hash = walked.hash(at: i)
                    if try asked.find(self, key, hash) >= 0 { try made.add(self, key, hash) }
                }
                i += 1
            }
            return made
        }
        let iterator = try iter(other)
        while true {
            let key = try next(iterator)
            if key.isUnbound { return made }
            let hash = try self.hash(key)
            if try set.find(self, key, hash) >= 0 { try made.add(self, key, hash) }
        }
    }

    /// `set -= other`.
    func setDifferenceUpdate(_ set: SetObject, _ other: Value) throws(Raised) {
        if set.value == other { return set.clear() }
        if isAnySet(other) {
            var walked = SetObject(other)
            if walked.count >> 3 > set.count { walked = try setIntersection(set, other, .set) }
            var i = 0
            while i < walked.slotCount {
                let key = walked.key(at: i)
                if key.isBound { _ = try set.discard(self, key, walked.hash(at: i)) }
                i += 1
            }
        } else {
            let iterator = try iter(other)
            while true {
                let key = try next(iterator)
                if key.isUnbound { break }
                _ = try set.discard(self, key, try hash(key))
            }
        }
        if set.filled &- set.count > set.mask / 4 { try set.resize(self, set.count > 50000 ? set.count &* 2 : set.count &* 4) }
    }

    /// `set - other`, as a `layout`.
    func setDifference(_ set: SetObject, _ other: Value, _ layout: LayoutID) throws(Raised) -> SetObject {
        let isSet = isAnySet(other), isDict = other.hasLayout(.dict)
        let size = isSet ? SetObject(other).count : isDict ? DictObject(other).count : -1
        if size < 0 || set.count >> 2 > size {
            let made = try copySet(set, layout)
            try setDifferenceUpdate(made, other)
            return made
        }
        let made = newSet(layout)
        var i = 0
        while i < set.slotCount {
            let key = set.key(at: i)
            if key.isBound {
                let hash = set.hash(at: i)
                let found = isSet ? try SetObject(other).find(self, key, hash) : try DictObject(other).findEntry(self, key, hash)
                if found < 0 { try made.add(self, key, hash) }
            }
            i += 1
        }
        return made
    }

    /// `set ^= other`.
    func setSymmetricDifferenceUpdate(_ set: SetObject, _ other: Value) throws(Raised) {
        if set.value == other { return set.clear() }
        if other.hasLayout(.dict) {
            let dict = DictObject(other)
            var i = 0
            while i < dict.entryCount {
                let entry = dict.entry(i)
                i += 1
                if entry.key.isUnbound { continue }
                if !(try set.discard(self, entry.key, entry.hash)) { try set.add(self, entry.key, entry.hash) }
            }
            return
        }
        let walked = isAnySet(other) ? SetObject(other) : SetObject(try newSet(from: other))
        var i = 0
        while i < walked.slotCount {
            let key = walked.key(at: i)
            if key.isBound {
                let hash = walked.hash(at: i)
                if !(try set.discard(self, key, hash)) { try set.add(self, key, hash) }
            }
            i += 1
        }
    }

    func isSubset(_ set: SetObject, of other: SetObject) throws(Raised) -> Bool {
        if set.count > other.count { return false }
        var i = 0
        while i < set.slotCount {
            let key = set.key(at: i)
            if key.isBound {
                if try other.find(self, key, set.hash(at: i)) < 0 { return false }
            }
            i += 1
        }
        return true
    }
}
