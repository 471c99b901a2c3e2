// The dict: entries in order of insertion, found through an open-addressing index (PEP 412's compact form).
//
//   dict    word 1  table (or unbound when empty)    word 2  length, raw    word 3  version of the keys, raw
//   table   word 1  log2 of the index size, raw      word 2  entries that still fit, raw
//           word 3  entries used, deleted ones included, raw
//           word 4… entries of three words: hash (raw), key, value; then the index: 1, 2 or 4 bytes a slot
//
// A deleted entry has an unbound key. The version is unique to one state of the keys: 0 means "not assigned";
// inserting, deleting and moving entries resets it, replacing a value does not. Inline caches rely on that.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// One entry of a dict's table.
public struct DictEntry: BitwiseCopyable {
    public var hash: Int
    public var key: Value
    public var value: Value
}

/// The cell that holds a dict's entries and index.
@frozen public struct DictTable: BitwiseCopyable {
    public let cell: Cell
    @inline(__always) public init(_ value: Value) { cell = value.cell }
    @inline(__always) public var logSize: Int { cell.raw(1) }
    @inline(__always) public var usable: Int { get { cell.raw(2) } nonmutating set { cell.setRaw(newValue, at: 2) } }
    @inline(__always) public var used: Int { get { cell.raw(3) } nonmutating set { cell.setRaw(newValue, at: 3) } }
    @inline(__always) public var entries: UnsafeMutablePointer<DictEntry> { (cell.address + 32).assumingMemoryBound(to: DictEntry.self) }

    static func capacity(logSize: Int) -> Int { (2 << logSize) / 3 }
    var indexArea: UnsafeMutableRawPointer { cell.address + 32 + DictTable.capacity(logSize: logSize) &* 24 }

    @inline(__always) func index(_ slot: Int) -> Int {
        let area = indexArea
        if logSize < 8 { return Int(area.load(fromByteOffset: slot, as: Int8.self)) }
        if logSize < 16 { return Int(area.load(fromByteOffset: slot &* 2, as: Int16.self)) }
        return Int(area.load(fromByteOffset: slot &* 4, as: Int32.self))
    }

    @inline(__always) func setIndex(_ slot: Int, _ entry: Int) {
        let area = indexArea
        if logSize < 8 {
            area.storeBytes(of: Int8(truncatingIfNeeded: entry), toByteOffset: slot, as: Int8.self)
        } else if logSize < 16 {
            area.storeBytes(of: Int16(truncatingIfNeeded: entry), toByteOffset: slot &* 2, as: Int16.self)
        } else {
            area.storeBytes(of: Int32(truncatingIfNeeded: entry), toByteOffset: slot &* 4, as: Int32.self)
        }
    }

    static var emptySlot: Int { -1 }
    static var deletedSlot: Int { -2 }

    /// Puts an entry known to be new into the index.
    func insertIndex(_ hash: Int, _ entry: Int) {
        var probe = DictProbe(hash, logSize)
        while index(probe.slot) >= 0 { probe.advance() }
        setIndex(probe.slot, entry)
    }
}

/// The sequence of index slots to try for a hash.
struct DictProbe {
    var slot: Int
    var perturb: UInt
    let mask: Int

    @inline(__always) init(_ hash: Int, _ logSize: Int) {
        mask = 1 &<< logSize &- 1
        slot = hash & mask
        perturb = UInt(bitPattern: hash)
    }

    @inline(__always) mutating func advance() {
        perturb >>= 5
        slot = (slot &* 5 &+ Int(bitPattern: perturb) &+ 1) & mask
    }
}

@frozen public struct DictObject: BitwiseCopyable {
    public let cell: Cell
    @inlinable @inline(__always) public init(_ cell: Cell) { self.cell = cell }
    /// `value` must be a dict.
    @inlinable @inline(__always) public init(_ value: Value) { cell = value.cell }
    @inlinable @inline(__always) public var value: Value { Value(cell) }
    @inlinable @inline(__always) public var table: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    @inlinable @inline(__always) public var count: Int { get { cell.raw(2) } nonmutating set { cell.setRaw(newValue, at: 2) } }
    @inlinable @inline(__always) public var version: Int { get { cell.raw(3) } nonmutating set { cell.setRaw(newValue, at: 3) } }
    /// Entries to walk over, deleted ones included.
    @inline(__always) public var entryCount: Int { table.isUnbound ? 0 : DictTable(table).used }
    /// Entry `i` below `entryCount`; its key is unbound when it was deleted.
    @inline(__always) public func entry(_ i: Int) -> DictEntry { DictTable(table).entries[i] }

    // MARK: Lookup

    /// The value for an exact-str key, or unbound. Runs no Python code: a key that is not an exact str never matches here.
    @inline(__always) public func findString(_ t: Thread, _ key: Value) -> Value {
        let i = findStringEntry(t, key)
        return i < 0 ? .unbound : DictTable(table).entries[i].value
    }

    /// Index of the entry of an exact-str key, or -1.
    @inline(never) public func findStringEntry(_ t: Thread, _ key: Value) -> Int {
        if table.isUnbound { return -1 }
        let table = DictTable(self.table)
        let hash = t.hash(str: StrObject(key))
        var probe = DictProbe(hash, table.logSize)
        while true {
            let i = table.index(probe.slot)
            if i == DictTable.emptySlot { return -1 }
            if i >= 0 {
                let entry = table.entries + i
                if entry.pointee.key == key { return i }
                if entry.pointee.hash == hash, entry.pointee.key.hasLayout(.str), StrObject(entry.pointee.key).equals(StrObject(key)) { return i }
            }
            probe.advance()
        }
    }

    /// Index of the entry of `key`, or -1. May call `__eq__`; starts over when that changed the dict.
    @inline(never) public func findEntry(_ t: Thread, _ key: Value, _ hash: Int) throws(Raised) -> Int {
        while true {
            if self.table.isUnbound { return -1 }
            let table = DictTable(self.table)
            var probe = DictProbe(hash, table.logSize)
            var isStale = false
            while !isStale {
                let i = table.index(probe.slot)
                if i == DictTable.emptySlot { return -1 }
                if i >= 0 {
                    let entry = table.entries[i]
                    if entry.key == key { return i }
                    if entry.hash == hash && entry.key.isBound {
                        let same: Bool
                        if entry.key.hasLayout(.str) && key.hasLayout(.str) {
                            same = StrObject(entry.key).equals(StrObject(key))
                        } else {
                            same = try t.equals(entry.key, key)
                            isStale = self.table != table.value || table.entries[i].key != entry.key
                        }
                        if !isStale && same { return i }
                    }
                }
                probe.advance()
            }
        }
    }

    // MARK: Change

    /// Stores `value` under `key`, whose hash is given.
    @inline(never) public func set(_ t: Thread, _ key: Value, _ hash: Int, _ value: Value) throws(Raised) {
        let i = try findEntry(t, key, hash)
        if i >= 0 {
            DictTable(table).entries[i].value = value
        } else {
            try insertNew(t, key, hash, value)
        }
    }

    /// Stores under an exact-str key.
    @inline(never) public func setString(_ t: Thread, _ key: Value, _ value: Value) throws(Raised) {
        let i = findStringEntry(t, key)
        if i >= 0 {
            DictTable(table).entries[i].value = value
        } else {
            try insertNew(t, key, t.hash(str: StrObject(key)), value)
        }
    }

    /// Adds a key that is known to be absent.
    @inline(never) public func insertNew(_ t: Thread, _ key: Value, _ hash: Int, _ value: Value) throws(Raised) {
        if table.isUnbound || DictTable(table).usable <= 0 { try resize(t, forAdditional: 1) }
        let table = DictTable(self.table)
        let i = table.used
        table.entries[i] = DictEntry(hash: hash, key: key, value: value)
        table.used = i &+ 1
        table.usable = table.usable &- 1
        table.insertIndex(hash, i)
        count = count &+ 1
        version = 0
    }

    /// Removes entry `i` and gives its value.
    @inline(never) @discardableResult public func removeEntry(_ i: Int) -> Value {
        let table = DictTable(self.table)
        let entry = table.entries[i]
        var probe = DictProbe(entry.hash, table.logSize)
        while table.index(probe.slot) != i { probe.advance() }
        table.setIndex(probe.slot, DictTable.deletedSlot)
        table.entries[i].key = .unbound
        table.entries[i].value = .unbound
        count = count &- 1
        version = 0
        return entry.value
    }

    /// dict's own methods remove `key`: an OrderedDict, whose methods are others, misses it from then on. Its word 7 is the first such key.
    public static var orderedBit: UInt { CellFlag.typeBit0 }
    @inline(__always) func noteRemoval(_ key: Value) { if cell.has(DictObject.orderedBit) && cell[7].isUnbound { cell[7] = key } }

    public func clear() {
        table = .unbound
        count = 0
        version = 0
    }

    /// A new table with room for the live entries and `more`, in the same order.
    @inline(never) public func resize(_ t: Thread, forAdditional more: Int) throws(Raised) {
        let wanted = count == 0 ? max(more, 5) : max(count &* 2, count &+ more)
        var log = 3
        while DictTable.capacity(logSize: log) < wanted { log += 1 }
        let bigger = try t.newDictTable(logSize: log)
        if self.table.isBound {
            let old = DictTable(self.table)
            var n = 0
            for i in 0..<old.used where old.entries[i].key.isBound {
                bigger.entries[n] = old.entries[i]
                bigger.insertIndex(old.entries[i].hash, n)
                n += 1
            }
            bigger.used = n
            bigger.usable = bigger.usable - n
        }
        table = bigger.value
        version = 0
    }
}

extension DictTable {
    @inline(__always) public var value: Value { Value(cell) }
}

extension Thread {
    @inline(never) public func newDict() -> DictObject {
        DictObject(heap.allocate(header: UInt(LayoutID.dict.rawValue) | UInt(CellKind.dict.rawValue) << 32, bytes: 32))
    }

    func newDictTable(logSize: Int) throws(Raised) -> DictTable {
        let capacity = DictTable.capacity(logSize: logSize)
        let width = logSize < 8 ? 1 : logSize < 16 ? 2 : 4
        if logSize > 30 { throw memoryError() }
        let bytes = 32 + capacity * 24 + width << logSize
        guard let cell = heap.allocateAnySize(header: UInt(LayoutID.dictTable.rawValue), bytes: bytes) else { throw memoryError() }
        cell.setRaw(logSize, at: 1)
        let table = DictTable(Value(cell))
        table.usable = capacity
        memset(table.indexArea, 0xFF, width << logSize)
        return table
    }

    /// Traces the entries of a table.
    static func traceDictTable(_ cell: Cell, _ marker: UnsafeMutablePointer<Marker>) {
        let table = DictTable(Value(cell))
        for i in 0..<table.used {
            marker.pointee.mark(table.entries[i].key)
            marker.pointee.mark(table.entries[i].value)
        }
    }

    /// The version of a dict's keys, assigned now if it has none.
    public func version(of dict: DictObject) -> Int {
        if dict.version == 0 {
            interp.pointee.nextDictVersion += 1
            dict.version = interp.pointee.nextDictVersion
        }
        return dict.version
    }

    /// `dict[key]` for an exact or derived dict, without `__missing__`; unbound when absent. Raises what hashing or comparing raises.
    @inline(never) public func get(_ dict: DictObject, _ key: Value) throws(Raised) -> Value {
        if key.hasLayout(.str) && dict.count == 0 { return .unbound }
        let i = try dict.findEntry(self, key, try hash(key))
        return i < 0 ? .unbound : DictTable(dict.table).entries[i].value
    }

    @inline(never) public func set(_ dict: DictObject, _ key: Value, _ value: Value) throws(Raised) {
        try dict.set(self, key, try hash(key), value)
    }

    /// Removes `key` and gives its value; unbound when absent.
    @inline(never) public func remove(_ dict: DictObject, _ key: Value) throws(Raised) -> Value {
        let i = try dict.findEntry(self, key, try hash(key))
        return i < 0 ? .unbound : dict.removeEntry(i)
    }

    /// A dict with the same entries.
    public func copy(_ dict: DictObject) throws(Raised) -> DictObject {
        let made = newDict()
        if dict.count == 0 { return made }
        try made.resize(self, forAdditional: dict.count)
        let table = DictTable(dict.table)
        for i in 0..<table.used where table.entries[i].key.isBound {
            try made.insertNew(self, table.entries[i].key, table.entries[i].hash, table.entries[i].value)
        }
        return made
    }
}
