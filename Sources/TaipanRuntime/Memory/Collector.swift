// The collector: non-moving mark and sweep. Precise on the heap, conservative on native stacks and
// on the VM stack's words. Marking keeps an explicit stack, sweeping is lazy (Heap.findSpan).
//
// A cycle: publish the old marks as "live" where a block was not swept, clear marks, mark roots, give cells
// with finalizers their turn (PEP 442), clear weak references to what stayed unmarked, then make
// the marks the blocks' live bits and let allocation sweep.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import CTaipan

/// The state of one marking: the cells still to be traced.
public struct Marker {
    var stack: AddressList
    var heap: Heap
    var layouts: UnsafeMutablePointer<LayoutInfo>
    var liveBytes: Int
    var chunkLow: UInt
    var chunkHigh: UInt
    /// Large cells in order of address, for conservative pointers.
    var large: AddressList
    /// The stack could not grow: some marked cells were not traced.
    var hasOverflowed = false

    /// Marks `value` and, later, all it refers to.
    @inline(__always) public mutating func mark(_ value: Value) {
        if value.isCell { markCell(value.bits) }
    }

    @inline(__always) public mutating func markRange(_ start: UnsafeMutablePointer<Value>, _ count: Int) {
        for i in 0..<max(count, 0) { mark(start[i]) }
    }

    mutating func markCell(_ address: UInt) {
        if LargeHeader.isLarge(address) {
            let large = LargeHeader.of(address)
            if large.pointee.isMarked { return }
            large.pointee.isMarked = true
            liveBytes &+= large.pointee.bytes
        } else {
            let block = Block(bitPattern: address & ~0xFFFF).unsafelyUnwrapped
            let i = block.index(of: address)
            let bit: UInt64 = 1 << UInt64(i & 63)
            if block.marks[i >> 6] & bit != 0 { return }
            block.marks[i >> 6] |= bit
            liveBytes &+= Int(block.pointee.cellSize)
        }
        if stack.count == stack.capacity && !stack.tryGrow() {
            hasOverflowed = true
            return
        }
        stack.append(address)
    }

    /// Marks the cell that `word` points at or into, if there is one.
    mutating func markConservatively(_ word: UInt) {
        if word < 65536 { return }
        if word >= chunkLow && word < chunkHigh && markInBlocks(word) { return }
        if large.count > 0 && word >= large.base[0] { markInLarge(word) }
    }

    private mutating func markInBlocks(_ word: UInt) -> Bool {
        let chunk = word & ~((1 << 20) - 1)
        var low = 0, high = heap.pointee.chunks.count
        while low < high {
            let middle = (low + high) / 2
            if heap.pointee.chunks.base[middle] < chunk { low = middle + 1 } else { high = middle }
        }
        guard low < heap.pointee.chunks.count, heap.pointee.chunks.base[low] == chunk else { return false }
        let block = Block(bitPattern: word & ~0xFFFF).unsafelyUnwrapped
        guard block.pointee.isInUse, Int(word & 0xFFFF) >= BlockHeader.firstCell else { return true }
        let i = block.index(of: word)
        guard i < Int(block.pointee.cellCount) else { return true }
        // In a block that the span finder has not finished, only cells marked last time are allocated.
        if block.live[i >> 6] & (1 << UInt64(i & 63)) == 0 { return true }
        let cell = block.cell(at: i)
        if Cell(cell).header & 0xFFFF_FFFF != 0 { markCell(UInt(bitPattern: cell)) }
        return true
    }

    private mutating func markInLarge(_ word: UInt) {
        var low = 0, high = large.count
        while low < high {
            let middle = (low + high) / 2
            if large.base[middle] <= word { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return }
        let header = UnsafeMutablePointer<LargeHeader>(bitPattern: large.base[low - 1]).unsafelyUnwrapped
        let start = large.base[low - 1] + UInt(LargeHeader.size)
        if word >= start && word < start + UInt(header.pointee.bytes) { markCell(start) }
    }

    /// Scans the words of `[low, high)` as possible pointers.
    mutating func scan(_ low: UInt, _ high: UInt) {
        var at = (low + 7) & ~7
        while at + 8 <= high {
            markConservatively(UnsafePointer<UInt>(bitPattern: at).unsafelyUnwrapped.pointee)
            at += 8
        }
    }

    /// Traces until nothing is left to trace.
    mutating func drain() {
        drainStack()
        while hasOverflowed { traceAllMarked() }
    }

    /// Without memory for the stack: traces every marked cell again, until nothing new is marked. Slow, but it needs no memory.
    @inline(never) private mutating func traceAllMarked() {
        hasOverflowed = false
        for i in 0..<heap.pointee.chunks.count {
            for j in 0..<16 {
                let block = Block(bitPattern: heap.pointee.chunks.base[i] + UInt(j * BlockHeader.bytes)).unsafelyUnwrapped
                if !block.pointee.isInUse { continue }
                for k in 0..<Int(block.pointee.cellCount) where block.marks[k >> 6] & (1 << UInt64(k & 63)) != 0 { traceAgain(Cell(block.cell(at: k))) }
            }
        }
        for i in 0..<large.count {
            let header = UnsafeMutablePointer<LargeHeader>(bitPattern: large.base[i]).unsafelyUnwrapped
            if header.pointee.isMarked { traceAgain(Cell(UnsafeMutableRawPointer(header) + LargeHeader.size)) }
        }
    }

    /// Marks what the cell refers to, and not the cell itself unless that leads back to it.
    mutating func traceAlone(_ address: UInt) {
        trace(Cell(UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped))
        drain()
    }

    /// Traces until nothing is left, holders before what they hold, and lists the watched cells on the way.
    mutating func drainInOrder(_ found: inout AddressList) {
        while stack.count > 0 {
            stack.count &-= 1
            let address = stack.base[stack.count]
            let cell = Cell(UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped)
            if cell.has(CellFlag.watched) && !cell.has(CellFlag.finalized) { found.append(address) }
            trace(cell)
        }
        while hasOverflowed { traceAllMarked() }
    }

    private mutating func traceAgain(_ cell: Cell) {
        trace(cell)
        drainStack()
    }

    /// Traces until nothing is left to trace.
    ///
    /// Between the stack and the tracing stands a short queue: a cell is asked from memory when it enters and traced when it leaves,
    /// for most of a collection's time would be waiting for cells.
    private mutating func drainStack() {
        let size = 8
        var queue = (UInt(0), UInt(0), UInt(0), UInt(0), UInt(0), UInt(0), UInt(0), UInt(0))
        withUnsafeMutableBytes(of: &queue) { bytes in
            let cells = bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt.self)
            var first = 0, count = 0
            while true {
                while count < size && stack.count > 0 {
                    stack.count &-= 1
                    let address = stack.base[stack.count]
                    ctaipan_prefetch(UnsafeRawPointer(bitPattern: address))
                    cells[(first &+ count) & (size &- 1)] = address
                    count &+= 1
                }
                if count == 0 { return }
                let address = cells[first]
                first = (first &+ 1) & (size &- 1)
                count &-= 1
                trace(Cell(UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped))
            }
        }
    }

    mutating func trace(_ cell: Cell) {
        let info = layouts + Int(cell.layout.rawValue)
        mark(info.pointee.type)
        var words = Int(info.pointee.valueWords)
        if words == Int(LayoutInfo.allWords) { words = heap.size(of: cell) / 8 - 1 }
        for i in 0..<words { mark(cell[i &+ 1]) }
        if info.pointee.tailStart != 0 {
            let end = heap.size(of: cell) / 8
            var i = Int(info.pointee.tailStart)
            while i < end {
                mark(cell[i])
                i &+= 1
            }
        }
        if info.pointee.traceBits != 0 { traceSpecially(cell, info.pointee.traceBits) }
        if info.pointee.extraWord == LayoutInfo.computedExtra { mark(InstanceObject.computedExtra(cell).pointee) }
    }

    @inline(never) private mutating func traceSpecially(_ cell: Cell, _ bits: UInt) {
        let function = unsafeBitCast(bits, to: (@convention(thin) (Cell, UnsafeMutablePointer<Marker>) -> Void).self)
        withUnsafeMutablePointer(to: &self) { function(cell, $0) }
    }

    func isMarked(_ address: UInt) -> Bool {
        if LargeHeader.isLarge(address) { return LargeHeader.of(address).pointee.isMarked }
        let block = Block(bitPattern: address & ~0xFFFF).unsafelyUnwrapped
        let i = block.index(of: address)
        return block.marks[i >> 6] & (1 << UInt64(i & 63)) != 0
    }
}

extension UnsafeMutablePointer where Pointee == HeapState {
    /// Collects now. Finalizers and weak-reference callbacks become pending and run at the next safe point.
    /// - Parameter scanStart: where the scan of the running thread's native stack begins; 0 is here.
    @inline(never) public func collect(scanStart: UInt = 0) {
        if pointee.isCollecting { return }
        pointee.isCollecting = true
        pointee.scanStart = scanStart
        let observer = pointee.interp.pointee.runObserver
        let start = observer == nil ? 0 : Thread.clockMicroseconds(), before = pointee.liveBytes &+ pointee.allocatedSince
        ctaipan_with_spilled_registers({ context, sp in
            context.unsafelyUnwrapped.assumingMemoryBound(to: HeapState.self).collectWithSpilledRegisters(UInt(bitPattern: sp))
        }, self)
        pointee.isCollecting = false
        pointee.collections += 1
        if pointee.reserve.count < 4 { fillReserve() }
        if let observer, let running = pointee.interp.pointee.running {
            observer.happened(Thread(running), .collected(reason: pointee.interp.pointee.collectionReason, microseconds: Thread.clockMicroseconds() - start,
                                                          bytesBefore: before, bytesAfter: pointee.liveBytes))
        }
    }

    private func collectWithSpilledRegisters(_ stackPointer: UInt) {
        var marker = Marker(stack: AddressList(capacity: 4096), heap: self, layouts: pointee.interp.pointee.layouts.base, liveBytes: 0,
                            chunkLow: 0, chunkHigh: 0, large: AddressList(capacity: 64))
        prepare(&marker)
        markRoots(&marker, pointee.scanStart != 0 ? pointee.scanStart : stackPointer)
        marker.drain()
        // What only waits for its finalizer goes next time: it says nothing about how much the program keeps.
        let live = marker.liveBytes
        if pointee.census.isWanted { findCyclicGarbage(&marker) }
        findFinalizable(&marker)
        clearWeakReferences(&marker)
        if pointee.census.isWanted || pointee.census.isSecond { settleCensus(&marker) }
        sweepLarge()
        publishMarks()
        pointee.liveBytes = live
        if pointee.overdraft > 0 && live < pointee.limit - pointee.limit / 16 { pointee.overdraft = 0 }
        pointee.allocatedSince = 0
        pointee.threshold = max(HeapState.leastThreshold, live, min(2 &* live, 64 << 20))
        marker.stack.base.deallocate()
        marker.large.base.deallocate()
    }

    /// Calls `body` with the cells that wait for a finalizer and that no program can reach any more, whatever a native
    /// stack may still seem to hold. Nothing is freed.
    func forEachUnreachable(_ body: (Cell) -> Void) {
        // An empty range of the native stack.
        withMarks(scanStart: UInt.max - 64) { marker in
            for i in 0..<pointee.finalizable.count {
                guard let address = UnsafeMutableRawPointer(bitPattern: pointee.finalizable.base[i]) else { continue }
                let cell = Cell(address)
                if cell.layout != .free && !marker.isMarked(pointee.finalizable.base[i]) { body(cell) }
            }
        }
    }

    /// Calls `body` with a marker that has marked all that can be reached, the native stack scanned from `scanStart`; nothing with nil. Nothing is freed.
    func withMarks(scanStart: UInt?, _ body: (inout Marker) -> Void) {
        if pointee.isCollecting { return }
        var marker = Marker(stack: AddressList(capacity: 4096), heap: self, layouts: pointee.interp.pointee.layouts.base, liveBytes: 0,
                            chunkLow: 0, chunkHigh: 0, large: AddressList(capacity: 64))
        prepare(&marker)
        if let scanStart {
            markRoots(&marker, scanStart)
            marker.drain()
        }
        body(&marker)
        marker.stack.base.deallocate()
        marker.large.base.deallocate()
    }

    private func prepare(_ marker: inout Marker) {
        let chunks = pointee.chunks
        if chunks.count > 0 {
            marker.chunkLow = chunks.base[0]
            marker.chunkHigh = chunks.base[chunks.count - 1] + (1 << 20)
        }
        forEachBlock { block in memset(block.base + BlockHeader.markOffset, 0, 512) }
        var large = pointee.large
        while let one = large {
            one.pointee.isMarked = false
            marker.large.append(UInt(bitPattern: one))
            large = one.pointee.next
        }
        var addresses = UnsafeMutableBufferPointer(start: marker.large.base, count: marker.large.count)
        addresses.sort()
    }

    func forEachBlock(_ body: (Block) -> Void) {
        for i in 0..<pointee.chunks.count {
            for j in 0..<16 {
                let block = Block(bitPattern: pointee.chunks.base[i] + UInt(j * BlockHeader.bytes)).unsafelyUnwrapped
                if block.pointee.isInUse { body(block) }
            }
        }
    }

    private func markRoots(_ marker: inout Marker, _ stackPointer: UInt) {
        for i in 0..<pointee.rootCount {
            let range = pointee.roots[i]
            marker.markRange(range.start, range.count)
        }
        for i in 0..<pointee.pendingFinalizers.count { marker.markCell(pointee.pendingFinalizers.base[i]) }
        for i in 0..<pointee.pendingCallbacks.count { marker.markCell(pointee.pendingCallbacks.base[i]) }
        pointee.interp.pointee.markRoots(&marker, stackPointer)
    }

    /// Unmarked cells with finalizers get their turn: they move to the pending list and live on, with all they reach.
    private func findFinalizable(_ marker: inout Marker) {
        let list = pointee.finalizable
        var kept = 0
        let seen = pointee.prompt.seenFinalizable
        let firstPending = pointee.pendingFinalizers.count
        for i in 0..<list.count {
            let address = list.base[i]
            if marker.isMarked(address) {
                list.base[kept] = address
                kept += 1
            } else {
                pointee.pendingFinalizers.append(address)
                if i < seen { pointee.prompt.seenFinalizable -= 1 }
            }
        }
        pointee.finalizable.count = kept
        clearWeakReferences(&marker)
        orderPending(from: firstPending, &marker)
        for i in firstPending..<pointee.pendingFinalizers.count { marker.markCell(pointee.pendingFinalizers.base[i]) }
        marker.drain()
        if pointee.pendingFinalizers.count > 0 { pointee.interp.pointee.requestSafePoint() }
    }

    /// Puts what became due in the order in which counted references would have ended: what no other dead object holds comes first,
    /// what it holds behind it; cycles stay as they were made.
    private func orderPending(from first: Int, _ marker: inout Marker) {
        let count = pointee.pendingFinalizers.count - first
        if count < 2 || count > 10_000 { return }
        var order = AddressList(capacity: count)
        defer { order.base.deallocate() }
        guard let saved = saveMarks(&marker) else { return }
        for i in first..<first + count { marker.traceAlone(pointee.pendingFinalizers.base[i]) }
        for i in first..<first + count where !marker.isMarked(pointee.pendingFinalizers.base[i]) { order.append(pointee.pendingFinalizers.base[i]) }
        restoreMarks(&marker, saved)
        let outermost = order.count
        if outermost == 0 { return }
        var held = AddressList(capacity: count)
        defer { held.base.deallocate() }
        for i in 0..<outermost {
            marker.markCell(order.base[i])
            marker.drainInOrder(&held)
        }
        order.count = 0
        for i in 0..<held.count { order.append(held.base[i]) }
        // Cycles that nothing leads to.
        for i in first..<first + count where !marker.isMarked(pointee.pendingFinalizers.base[i]) { order.append(pointee.pendingFinalizers.base[i]) }
        if order.count != count { return }
        for i in 0..<count { pointee.pendingFinalizers.base[first + i] = order.base[i] }
    }

    /// A copy of the marks, to be freed by `restoreMarks`; nil without memory. (The bits that say which cells are allocated are no place for
    /// it: marking what generators hold asks them.)
    private func saveMarks(_ marker: inout Marker) -> UnsafeMutableRawPointer? {
        var count = 0
        forEachBlock { _ in count += 1 }
        guard let saved = malloc(max(count, 1) * 512) else { return nil }
        var at = saved
        forEachBlock { block in
            memcpy(at, block.base + BlockHeader.markOffset, 512)
            at += 512
        }
        for i in 0..<marker.large.count {
            let header = UnsafeMutablePointer<LargeHeader>(bitPattern: marker.large.base[i]).unsafelyUnwrapped
            header.pointee.wasMarked = header.pointee.isMarked
        }
        return saved
    }

    private func restoreMarks(_ marker: inout Marker, _ saved: UnsafeMutableRawPointer) {
        var at = saved
        forEachBlock { block in
            memcpy(block.base + BlockHeader.markOffset, at, 512)
            at += 512
        }
        free(saved)
        for i in 0..<marker.large.count {
            let header = UnsafeMutablePointer<LargeHeader>(bitPattern: marker.large.base[i]).unsafelyUnwrapped
            header.pointee.isMarked = header.pointee.wasMarked
        }
    }

    /// Weak references whose referent is unmarked lose it; those that are marked themselves and have a callback are due.
    private func clearWeakReferences(_ marker: inout Marker) {
        let list = pointee.weakReferences
        var kept = 0
        defer { pointee.prompt.seenWeak = min(pointee.prompt.seenWeak, kept) }
        for i in 0..<list.count {
            let reference = Cell(UnsafeMutableRawPointer(bitPattern: list.base[i]).unsafelyUnwrapped)
            let referent = reference.raw(WeakReference.referentWord)
            if referent != 0 && !marker.isMarked(UInt(bitPattern: referent)) {
                reference.setRaw(0, at: WeakReference.referentWord)
                if marker.isMarked(list.base[i]) && reference[WeakReference.callbackWord].isBound {
                    pointee.pendingCallbacks.append(list.base[i])
                    pointee.interp.pointee.requestSafePoint()
                }
                continue
            }
            if referent == 0 || !marker.isMarked(list.base[i]) { continue }
            list.base[kept] = list.base[i]
            kept += 1
        }
        pointee.weakReferences.count = kept
    }

    private func sweepLarge() {
        var link = withUnsafeMutablePointer(to: &self.pointee.large) { $0 }
        while let one = link.pointee {
            if one.pointee.isMarked {
                link = withUnsafeMutablePointer(to: &one.pointee.next) { $0 }
            } else {
                link.pointee = one.pointee.next
                free(one)
            }
        }
    }

    /// The marks become the live bits; blocks without a mark go back to the free list; spans are found lazily.
    private func publishMarks() {
        let poison = pointee.stressInterval > 0
        for c in 0..<HeapState.allocatorCount {
            let allocator = pointee.allocators + c
            allocator.pointee.cursor = 0
            allocator.pointee.limit = 0
            allocator.pointee.block = nil
            var kept: Block? = nil
            var block = allocator.pointee.first
            while let one = block {
                block = one.pointee.next
                if poison { poisonDead(one) }
                var any: UInt64 = 0
                for i in 0..<BlockHeader.bitWords {
                    let marks = one.marks[i]
                    one.live[i] = marks
                    any |= marks
                }
                if any == 0 {
                    release(one)
                } else {
                    one.pointee.isSwept = false
                    one.pointee.isFresh = false
                    one.pointee.sweepIndex = 0
                    one.pointee.next = kept
                    kept = one
                }
            }
            allocator.pointee.first = kept
            allocator.pointee.toSweep = kept
        }
    }

    private func release(_ block: Block) {
        block.pointee.isInUse = false
        block.pointee.next = pointee.freeBlocks
        pointee.freeBlocks = block
        pointee.freeBlockCount += 1
        // A large surplus of free blocks gives its pages back to the system.
        if pointee.freeBlockCount > 1024 { madvise(block.base + 4096, BlockHeader.bytes - 4096, MADV_DONTNEED) }
    }

    /// Fills dead cells with a pattern that is no valid layout, so that a lost reference shows at once.
    private func poisonDead(_ block: Block) {
        for i in 0..<Int(block.pointee.cellCount) where block.marks[i >> 6] & (1 << UInt64(i & 63)) == 0 {
            let cell = block.cell(at: i)
            if Cell(cell).header != 0 { memset(cell + 8, 0xDB, Int(block.pointee.cellSize) - 8) }
        }
    }
}
