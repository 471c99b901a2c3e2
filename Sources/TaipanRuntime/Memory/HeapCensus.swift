// Walks over the heap, for whoever asks (`gc.get_objects`, `gc.get_referrers`, what `gc.collect` counts): which cells can be reached, what
// refers to what, and which dead cells stand in or behind a cycle. Nothing of it runs, and nothing is kept for it, while nobody asks.
//
// A walk marks like a collection, but frees nothing; the next collection begins by clearing the marks. What a cell refers to is found by
// tracing it: the cells among its referents that were not marked are then the ones on the marker's stack.

/// What a collection has to count, and its result.
struct GarbageCensus {
    /// Count the dead objects that stand in or behind a cycle: those that counted references would not have freed.
    var isWanted = false
    /// Keep these objects alive (`gc.DEBUG_SAVEALL`). No collection comes promptly then, for only one that is asked for keeps them.
    var savesAll = false
    /// Objects that the collection has freed.
    var collected = 0
    /// Objects that would have been freed but are kept for now: all of them, or those that a finalizer can still reach.
    var kept: AddressList
    /// What has been kept is to be looked at again.
    var isSecond = false
}

extension Marker {
    /// Calls `body` with every cell that `cell` refers to and that is not marked, once each. Marks stay as they are.
    mutating func forEachUnmarkedReferent(of cell: Cell, _ body: (inout Marker, UInt) -> Void) {
        let live = liveBytes, first = stack.count
        trace(cell)
        let end = stack.count
        for i in first..<end { unmark(stack.base[i]) }
        for i in first..<end { body(&self, stack.base[i]) }
        stack.count = first
        liveBytes = live
    }

    mutating func unmark(_ address: UInt) {
        if LargeHeader.isLarge(address) {
            LargeHeader.of(address).pointee.isMarked = false
            return
        }
        let block = Block(bitPattern: address & ~0xFFFF).unsafelyUnwrapped
        let i = block.index(of: address)
        block.marks[i >> 6] &= ~(1 << UInt64(i & 63))
    }

    /// Calls `body` with all allocated cells that are, or are not, marked.
    func forEachCell(marked: Bool, _ body: (Cell) -> Void) {
        heap.forEachBlock { block in
            for i in 0..<Int(block.pointee.cellCount) {
                let bit: UInt64 = 1 << UInt64(i & 63)
                if block.live[i >> 6] & bit == 0 || (block.marks[i >> 6] & bit != 0) != marked { continue }
                let cell = Cell(block.cell(at: i))
                if cell.layout != .free { body(cell) }
            }
        }
        for i in 0..<large.count {
            let header = UnsafeMutablePointer<LargeHeader>(bitPattern: large.base[i]).unsafelyUnwrapped
            if header.pointee.isMarked == marked { body(Cell(UnsafeMutableRawPointer(header) + LargeHeader.size)) }
        }
    }
}

// MARK: - Garbage in cycles

/// How many dead cells refer to a dead cell, counted in the top bits of its header, which nothing else uses. What reaches the top stays there.
private enum DeadReferences {
    static var shift: UInt { 48 }
    static var most: UInt { 0xFFFF }
    static func count(_ cell: Cell) -> UInt { cell.header >> shift }
    static func set(_ cell: Cell, _ count: UInt) { cell.header = cell.header & ((1 << shift) - 1) | count << shift }
}

extension UnsafeMutablePointer where Pointee == HeapState {
    /// Lists in the census the dead objects that stand in or behind a cycle. All that lives has been marked.
    func findCyclicGarbage(_ marker: inout Marker) {
        pointee.census.kept.count = 0
        var dead = AddressList(capacity: 1024)
        defer { dead.base.deallocate() }
        marker.forEachCell(marked: false) { dead.append(UInt(bitPattern: $0.address)) }
        for i in 0..<dead.count {
            marker.forEachUnmarkedReferent(of: Cell(dead.base[i])) { (_, address) in
                let count = DeadReferences.count(Cell(address))
                if count < DeadReferences.most { DeadReferences.set(Cell(address), count + 1) }
            }
        }
        takeAwayUnreferenced(dead, &marker)
        for i in 0..<dead.count {
            let cell = Cell(dead.base[i])
            let isLeft = DeadReferences.count(cell) > 0
            DeadReferences.set(cell, 0)
            if isLeft && pointee.interp.pointee.isTracked(cell) { pointee.census.kept.append(dead.base[i]) }
        }
    }

    /// What nothing refers to goes, and then what only that referred to, as counted references would have it.
    private func takeAwayUnreferenced(_ dead: AddressList, _ marker: inout Marker) {
        var free = AddressList(capacity: 256)
        defer { free.base.deallocate() }
        for i in 0..<dead.count where DeadReferences.count(Cell(dead.base[i])) == 0 { free.append(dead.base[i]) }
        while free.count > 0 {
            free.count -= 1
            marker.forEachUnmarkedReferent(of: Cell(free.base[free.count])) { (_, address) in
                let count = DeadReferences.count(Cell(address))
                if count == 0 || count == DeadReferences.most { return }
                DeadReferences.set(Cell(address), count - 1)
                if count == 1 { free.append(address) }
            }
        }
    }

    /// Finalizers have had their turn to hold on to what is dead: counts what goes, and keeps the list of what does not.
    func settleCensus(_ marker: inout Marker) {
        let list = pointee.census.kept
        if pointee.census.savesAll {
            for i in 0..<list.count { marker.markCell(list.base[i]) }
            marker.drain()
            pointee.census.collected += list.count
            return
        }
        var kept = 0
        for i in 0..<list.count {
            if marker.isMarked(list.base[i]) {
                list.base[kept] = list.base[i]
                kept += 1
            } else {
                pointee.census.collected += 1
            }
        }
        pointee.census.kept.count = kept
    }
}

extension Cell {
    fileprivate init(_ address: UInt) { self.init(UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped) }
}

// MARK: - What CPython's collector would track

extension LayoutID {
    /// Buffers and tables behind objects: programs see what they hold as held by the object itself.
    fileprivate var isInternal: Bool {
        self == .valueBuffer || self == .attributeSlots || self == .dictTable || self == .setTable || self == .nativeBox
    }
}

extension InterpreterState {
    /// Whether CPython's collector would know of the object: it may refer to others.
    func isTracked(_ cell: Cell) -> Bool {
        if cell.layout.isInternal { return false }
        let value = Value(cell)
        // A running frame is not listed: its variables are not in the object yet.
        if cell.layout == .frame { return FrameObject(value).frame == nil }
        if cell.layout == .tuple {
            let items = TupleObject(value)
            for i in 0..<items.count where mayBeTracked(items[i]) { return true }
            return false
        }
        if cell.layout == .dict {
            let dict = DictObject(value)
            for i in 0..<dict.entryCount where dict.entry(i).key.isBound && (mayBeTracked(dict.entry(i).key) || mayBeTracked(dict.entry(i).value)) { return true }
            return false
        }
        return hasCollectorHeader(cell)
    }

    /// As an item: a container without items to track may get some.
    private func mayBeTracked(_ item: Value) -> Bool {
        item.isCell && (item.cell.layout == .tuple ? isTracked(item.cell) : hasCollectorHeader(item.cell))
    }

    private func hasCollectorHeader(_ cell: Cell) -> Bool {
        // Types that C declares are never tracked.
        if cell.kind.contains(.type) && !TypeObject(cell).has(TypeFlag.heap) { return false }
        return TypeObject(layouts.base[Int(cell.layout.rawValue)].type).hasCollectorHeader
    }
}

extension CellFlag {
    /// `gc.freeze` was called while the object lived.
    static var frozen: UInt { 1 << 43 }
}

// MARK: - For the module gc

extension Thread {
    /// Whether CPython's collector would track `value`.
    public func isTracked(_ value: Value) -> Bool { value.isCell && interp.pointee.isTracked(value.cell) }

    /// Marks what can be reached, and calls `body` before anything changes. With `fromLoop`, the native function that asks for it was called
    /// by the interpreter's loop.
    private func withMarkedHeap(fromLoop: Bool, _ body: (inout Marker) -> Void) {
        let start = fromLoop ? loopScanStart : 0
        heap.withMarks(scanStart: start != 0 ? start : Thread.stackAddress(), body)
    }

    /// A list of the objects at `addresses`, which live.
    private func list(_ addresses: AddressList) throws(Raised) -> Value {
        let wasEnabled = heap.pointee.isEnabled
        heap.pointee.isEnabled = false
        defer { heap.pointee.isEnabled = wasEnabled }
        let list = try newList(capacity: addresses.count)
        for i in 0..<addresses.count { try append(list, Value(bits: addresses.base[i])) }
        return list.value
    }

    /// All objects that can be reached and are tracked, without the frozen ones: `gc.get_objects()`.
    public func trackedObjects(fromLoop: Bool) throws(Raised) -> Value {
        var found = AddressList(capacity: 1024)
        defer { found.base.deallocate() }
        withMarkedHeap(fromLoop: fromLoop) { marker in
            marker.forEachCell(marked: true) { cell in
                if !cell.has(CellFlag.frozen) && interp.pointee.isTracked(cell) { found.append(UInt(bitPattern: cell.address)) }
            }
        }
        return try list(found)
    }

    /// The objects that refer to one of `values` directly: `gc.get_referrers()`. A value that is no object of its own (a small int, a float,
    /// None) has none that could be told.
    public func referrers(of values: Arguments, fromLoop: Bool) throws(Raised) -> Value {
        var found = AddressList(capacity: 64), targets = AddressList(capacity: 16)
        defer {
            found.base.deallocate()
            targets.base.deallocate()
        }
        for i in 0..<values.count where values[i].isCell { targets.append(UInt(bitPattern: values[i].cell.address)) }
        withMarkedHeap(fromLoop: fromLoop) { marker in
            while targets.count > 0 { findReferrers(&targets, &found, &marker) }
        }
        return try list(found)
    }

    /// One round: cells that refer to a target are found, or are the targets of the next round if programs cannot see them.
    private func findReferrers(_ targets: inout AddressList, _ found: inout AddressList, _ marker: inout Marker) {
        var cells = AddressList(capacity: 1024), inner = AddressList(capacity: 16)
        defer { cells.base.deallocate() }
        marker.forEachCell(marked: true) { cells.append(UInt(bitPattern: $0.address)) }
        for i in 0..<targets.count { marker.unmark(targets.base[i]) }
        for i in 0..<cells.count {
            var refers = false
            marker.forEachUnmarkedReferent(of: Cell(cells.base[i])) { (_, _) in refers = true }
            if !refers { continue }
            if Cell(cells.base[i]).layout.isInternal {
                inner.append(cells.base[i])
            } else if interp.pointee.isTracked(Cell(cells.base[i])) {
                found.append(cells.base[i])
            }
        }
        for i in 0..<targets.count { marker.markCell(targets.base[i]) }
        marker.stack.count = 0
        targets.base.deallocate()
        targets = inner
    }

    /// Adds what `value` refers to directly: `gc.get_referents()`.
    public func addReferents(of value: Value, to list: ListObject) throws(Raised) {
        guard value.isCell, interp.pointee.hasReferents(value.cell) else { return }
        let cell = value.cell, info = interp.pointee.layouts.base[Int(cell.layout.rawValue)]
        if info.traceBits != 0 && !cell.kind.contains(.dict) {
            try addTraced(cell, to: list)
        } else if info.extraWord == LayoutInfo.computedExtra {
            try addItems(value, to: list)
            try addWord(InstanceObject.computedExtra(cell).pointee, to: list)
        } else {
            try addItems(value, to: list)
            try addWords(of: cell, info, from: isContainer(value) ? 2 : 1, to: list)
        }
        if type(of: value).has(TypeFlag.heap) { try append(list, type(of: value).value) }
    }

    private func isContainer(_ value: Value) -> Bool {
        value.isKind(.list) || value.isKind(.dict) || isInstance(value, of: types.pointee.set) || isInstance(value, of: types.pointee.frozenset)
    }

    private func addItems(_ value: Value, to list: ListObject) throws(Raised) {
        if value.isKind(.list) {
            for i in 0..<ListObject(value).count { try append(list, ListObject(value)[i]) }
        } else if value.isKind(.tuple) {
            for i in 0..<TupleObject(value).count { try append(list, TupleObject(value)[i]) }
        } else if value.isKind(.dict) {
            let dict = DictObject(value)
            for i in 0..<dict.entryCount where dict.entry(i).key.isBound {
                try append(list, dict.entry(i).key)
                try append(list, dict.entry(i).value)
            }
        } else if isContainer(value) {
            let set = SetObject(value)
            for i in 0..<set.slotCount where set.key(at: i).isBound { try append(list, set.key(at: i)) }
        }
    }

    /// The values in a cell's words from `first` on; none of a tuple, which is all items.
    private func addWords(of cell: Cell, _ info: LayoutInfo, from first: Int, to list: ListObject) throws(Raised) {
        if cell.kind.contains(.tuple) { return }
        let size = heap.size(of: cell) / 8
        for i in stride(from: first, to: info.valueWords == LayoutInfo.allWords ? size : Int(info.valueWords) + 1, by: 1) { try addWord(cell[i], to: list) }
        if info.tailStart != 0 { for i in stride(from: Int(info.tailStart), to: size, by: 1) { try addWord(cell[i], to: list) } }
    }

    /// A value, or the values in the buffer that it stands for. The first word of a buffer says how many it has room for.
    private func addWord(_ word: Value, to list: ListObject) throws(Raised) {
        if word.isUnbound { return }
        if !word.isCell || !word.cell.layout.isInternal { return try append(list, word) }
        if word.cell.layout != .valueBuffer && word.cell.layout != .attributeSlots { return }
        for i in stride(from: 2, to: heap.size(of: word.cell) / 8, by: 1) where word.cell[i].isBound { try append(list, word.cell[i]) }
    }

    /// What only the tracing of the cell's kind knows.
    private func addTraced(_ cell: Cell, to list: ListObject) throws(Raised) {
        var found = AddressList(capacity: 16)
        defer { found.base.deallocate() }
        heap.withMarks(scanStart: nil) { marker in
            marker.forEachUnmarkedReferent(of: cell) { (_, address) in if !Cell(address).layout.isInternal { found.append(address) } }
        }
        let type = UInt(bitPattern: self.type(of: Value(cell)).cell.address)
        for i in 0..<found.count where found.base[i] != type { try append(list, Value(bits: found.base[i])) }
    }

    /// `gc.DEBUG_SAVEALL` is on, or off.
    public func setSavesGarbage(_ savesAll: Bool) { heap.pointee.census.savesAll = savesAll }

    /// Collects as `collectExactly` does, finalizers and all, and gives the number of objects found dead that counted references would not have
    /// freed. While garbage is saved, these are added to `garbage` instead of going.
    public func collectCounting(fromLoop: Bool, garbage: ListObject) throws(Raised) -> Int {
        heap.pointee.census.isWanted = true
        heap.pointee.census.collected = 0
        collectExactly(fromLoop: fromLoop)
        heap.pointee.census.isWanted = false
        if heap.pointee.census.savesAll {
            let saved = ListObject(try list(heap.pointee.census.kept))
            for i in 0..<saved.count { try append(garbage, saved[i]) }
            runPendingFinalizers()
            return heap.pointee.census.collected
        }
        let collections = heap.pointee.collections
        runPendingFinalizers()
        if heap.pointee.census.kept.count == 0 { return heap.pointee.census.collected }
        // Where a finalizer has collected, what was kept may be gone and its memory in use again.
        if heap.pointee.collections != collections { return heap.pointee.census.collected + heap.pointee.census.kept.count }
        heap.pointee.census.isSecond = true
        collectExactly(fromLoop: fromLoop)
        heap.pointee.census.isSecond = false
        runPendingFinalizers()
        return heap.pointee.census.collected
    }

    /// `gc.freeze()` and, with `false`, `gc.unfreeze()`.
    public func setFrozen(_ isFrozen: Bool) {
        withMarkedHeap(fromLoop: false) { marker in
            marker.forEachCell(marked: true) { cell in
                if !isFrozen { cell.clear(CellFlag.frozen) } else if interp.pointee.isTracked(cell) { cell.set(CellFlag.frozen) }
            }
        }
    }

    /// `gc.get_freeze_count()`.
    public func frozenCount() -> Int {
        var count = 0
        withMarkedHeap(fromLoop: false) { marker in
            marker.forEachCell(marked: true) { if $0.has(CellFlag.frozen) { count += 1 } }
        }
        return count
    }

    /// Bytes of cells that are alive or have been handed out since the last collection.
    public var allocatedBytes: Int { heap.pointee.liveBytes + bytesSinceCollection }

    /// Bytes of cells handed out since the last collection.
    public var bytesSinceCollection: Int {
        var unused = 0
        for i in 0..<HeapState.allocatorCount { unused += Int(heap.pointee.allocators[i].limit) - Int(heap.pointee.allocators[i].cursor) }
        return heap.pointee.allocatedSince - unused
    }
}

extension InterpreterState {
    /// Whether the cell is of a kind that refers to others.
    fileprivate func hasReferents(_ cell: Cell) -> Bool {
        cell.layout == .tuple || cell.layout == .dict || cell.layout == .frame || isTracked(cell)
    }
}
