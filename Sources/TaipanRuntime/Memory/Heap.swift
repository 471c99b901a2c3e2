// The heap: cells from 64 KiB blocks, one size class a block, mark bits in the block's first words;
// cells over 8 KiB are allocated on their own. Allocation bumps a cursor through spans of dead
// cells; a span is found and cleared when the cursor reaches it (lazy sweeping).
//
// Invariant: memory between cursor and limit is zero (for cells over `largestClearedInSpan`: their headers are), and the header of a cell that was never
// allocated, or was swept, is zero. So a new cell needs no clearing, and a conservative pointer to a
// free cell is seen to be one.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import CTaipan

/// The first words of a block; cells follow at `firstCell`.
struct BlockHeader {
    var cellSize: UInt32
    var cellCount: UInt32
    /// ceil(2^32 / cellSize): turns an offset into a cell index without a division.
    var reciprocal: UInt32
    var sizeClass: UInt16
    /// The span finder has been through the whole block since the last collection.
    var isSwept: Bool
    var isInUse: Bool
    /// New from the system and not collected yet: what was never handed out is zero.
    var isFresh: Bool
    /// Index where the span finder goes on.
    var sweepIndex: UInt32
    var reserved: UInt32
    var next: UnsafeMutablePointer<BlockHeader>?

    static var bytes: Int { 65536 }
    static var bitWords: Int { 64 }
    /// Offsets of the bitmaps and of the first cell.
    static var markOffset: Int { 64 }
    static var liveOffset: Int { 64 + 512 }
    static var firstCell: Int { 64 + 1024 }
}

typealias Block = UnsafeMutablePointer<BlockHeader>

extension UnsafeMutablePointer where Pointee == BlockHeader {
    var base: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) }
    var marks: UnsafeMutablePointer<UInt64> { (base + BlockHeader.markOffset).assumingMemoryBound(to: UInt64.self) }
    /// Marks of the collection before: which cells of an unswept block are allocated.
    var live: UnsafeMutablePointer<UInt64> { (base + BlockHeader.liveOffset).assumingMemoryBound(to: UInt64.self) }
    @inline(__always) func index(of address: UInt) -> Int {
        let offset = UInt64(address & 0xFFFF) &- UInt64(BlockHeader.firstCell)
        return Int((offset &* UInt64(pointee.reciprocal)) >> 32)
    }
    /// The first cell from `start` on that is or is not allocated; the number of cells when there is none.
    func firstCell(allocated: Bool, from start: Int) -> Int {
        let count = Int(pointee.cellCount)
        if start >= count { return count }
        let flip: UInt64 = allocated ? 0 : ~0
        var word = start >> 6
        var bits = (live[word] ^ flip) & (~0 << UInt64(start & 63))
        while bits == 0 {
            word += 1
            if word << 6 >= count { return count }
            bits = live[word] ^ flip
        }
        return Swift.min(count, word << 6 + bits.trailingZeroBitCount)
    }

    /// Sets the live bits of the cells `[start, end)`.
    func setAllocated(_ start: Int, _ end: Int) {
        var i = start
        while i < end {
            let word = i >> 6, first = i & 63
            let n = Swift.min(64 - first, end - i)
            live[word] |= (n == 64 ? ~0 : (1 << UInt64(n)) - 1) << UInt64(first)
            i += n
        }
    }

    @inline(__always) func cell(at index: Int) -> UnsafeMutableRawPointer {
        base + (BlockHeader.firstCell &+ index &* Int(pointee.cellSize))
    }
}

/// What stands before a large cell.
struct LargeHeader {
    var next: UnsafeMutablePointer<LargeHeader>?
    var bytes: Int
    var isMarked: Bool
    var wasMarked = false
    /// Eight past a multiple of 16: the addresses of large cells differ from those in blocks by that bit, so that the collector
    /// tells them apart without reading them.
    static var size: Int { 40 }
    @inline(__always) static func isLarge(_ address: UInt) -> Bool { address & 8 != 0 }
    @inline(__always) static func of(_ address: UInt) -> UnsafeMutablePointer<LargeHeader> {
        UnsafeMutablePointer(bitPattern: address &- UInt(LargeHeader.size)).unsafelyUnwrapped
    }
}

/// Per size class: where the next cell comes from.
struct Allocator {
    var cursor: UInt
    var limit: UInt
    var block: Block?
    /// Blocks of this class, and the one that the span finder visits next.
    var first: Block?
    var toSweep: Block?
}

struct RootRange {
    var start: UnsafeMutablePointer<Value>
    var count: Int
}

/// A growable array of addresses in malloc memory; for the collector's own lists.
struct AddressList {
    var base: UnsafeMutablePointer<UInt>
    var count: Int
    var capacity: Int

    init(capacity: Int) {
        base = .allocate(capacity: capacity)
        count = 0
        self.capacity = capacity
    }

    @inline(__always) mutating func append(_ address: UInt) {
        if count == capacity { grow() }
        base[count] = address
        count &+= 1
    }

    /// False when the system refuses the memory.
    @inline(never) mutating func tryGrow() -> Bool {
        guard let area = malloc(capacity * 2 * MemoryLayout<UInt>.stride) else { return false }
        let bigger = area.bindMemory(to: UInt.self, capacity: capacity * 2)
        bigger.update(from: base, count: count)
        base.deallocate()
        base = bigger
        capacity *= 2
        return true
    }

    @inline(never) mutating func grow() {
        let bigger: UnsafeMutablePointer<UInt> = .allocate(capacity: capacity * 2)
        bigger.update(from: base, count: count)
        base.deallocate()
        base = bigger
        capacity *= 2
    }
}

/// The heap of one interpreter. Lives in memory of its own and is reached by pointer.
public struct HeapState {
    var allocators: UnsafeMutablePointer<Allocator>
    var chunks: AddressList
    var freeBlocks: Block?
    var freeBlockCount: Int
    /// The blocks of the newest chunk that have not been used yet; all zero.
    var unusedBlock: UInt
    var unusedEnd: UInt
    var large: UnsafeMutablePointer<LargeHeader>?
    /// Bytes handed out since the last collection, and how many bring the next one.
    var allocatedSince: Int
    var threshold: Int
    /// Bytes that the last collection left alive; external bytes reported by owners of foreign memory.
    public var liveBytes: Int
    public var externalBytes: Int
    /// Bytes that objects take: what the last collection left and what was handed out since.
    public var bytesInUse: Int { liveBytes &+ allocatedSince }
    var roots: UnsafeMutablePointer<RootRange>
    var rootCount: Int
    var rootCapacity: Int
    /// Cells with finalizers that have not run, and those whose turn has come.
    var finalizable: AddressList
    var pendingFinalizers: AddressList
    /// All weak reference cells.
    var weakReferences: AddressList
    /// Weak references with callbacks to run.
    var pendingCallbacks: AddressList
    public var isEnabled: Bool
    var isCollecting: Bool
    /// Where the collection under way begins its scan of the running thread's native stack; 0 is where it was called.
    var scanStart: UInt
    var prompt: PromptFinalization
    var census: GarbageCensus
    /// Collect at every n-th allocation; 0 for never. Freed cells are poisoned then.
    public var stressInterval: Int
    var stressCount: Int
    public var collections: Int
    /// Memory was refused by the system; a MemoryError is due at the next safe point.
    public var isExhausted: Bool
    /// Most bytes that may be alive; 0 is no limit. What the program may have beyond it while it handles its MemoryError.
    public var limit: Int
    var overdraft: Int
    /// Finalizers and callbacks are being run.
    var isFinalizing: Bool
    /// Chunks kept back, so that a program whose memory has run out can still raise and handle its MemoryError.
    var reserve: AddressList
    var interp: UnsafeMutablePointer<InterpreterState>

    static var allocatorCount: Int { 36 }
    static var largestSmall: Int { 8192 }
    static var spanBytes: Int { 32768 }
    /// Bytes to hand out before a collection pays: few enough that a small program lives in the caches.
    static var leastThreshold: Int { 8 << 20 }
    /// Cells above this are cleared when they are handed out, and those that their owner fills at once not at all; in a span only their
    /// headers are.
    static var largestClearedInSpan: Int { 512 }

    /// Size class of a cell of `bytes` (a multiple of 16 after rounding): 16-byte steps to 256, then four a doubling.
    @inline(__always) static func sizeClass(_ bytes: Int) -> Int {
        if bytes <= 256 { return (bytes &+ 15) >> 4 &- 1 }
        let top = 63 &- (bytes &- 1).leadingZeroBitCount
        let quarter = ((bytes &- 1) >> (top &- 2)) & 3
        return 16 &+ (top &- 8) &* 4 &+ quarter
    }

    static func bytes(ofClass sizeClass: Int) -> Int {
        if sizeClass < 16 { return (sizeClass + 1) * 16 }
        let top = 8 + (sizeClass - 16) / 4
        return (1 << top) + ((sizeClass - 16) % 4 + 1) << (top - 2)
    }
}

public typealias Heap = UnsafeMutablePointer<HeapState>

extension UnsafeMutablePointer where Pointee == HeapState {
    static func create(_ interp: UnsafeMutablePointer<InterpreterState>) -> Heap {
        let heap = Heap.allocate(capacity: 1)
        let classes = HeapState.allocatorCount
        let allocators: UnsafeMutablePointer<Allocator> = .allocate(capacity: classes)
        allocators.initialize(repeating: Allocator(cursor: 0, limit: 0, block: nil, first: nil, toSweep: nil), count: classes)
        let roots: UnsafeMutablePointer<RootRange> = .allocate(capacity: 16)
        heap.initialize(to: HeapState(
            allocators: allocators, chunks: AddressList(capacity: 64), freeBlocks: nil, freeBlockCount: 0, unusedBlock: 0, unusedEnd: 0, large: nil,
            allocatedSince: 0, threshold: HeapState.leastThreshold, liveBytes: 0, externalBytes: 0, roots: roots, rootCount: 0, rootCapacity: 16,
            finalizable: AddressList(capacity: 16), pendingFinalizers: AddressList(capacity: 16),
            weakReferences: AddressList(capacity: 64), pendingCallbacks: AddressList(capacity: 16),
            isEnabled: true, isCollecting: false, scanStart: 0, prompt: .empty, census: GarbageCensus(kept: AddressList(capacity: 16)), stressInterval: 0, stressCount: 0, collections: 0, isExhausted: false, limit: 0, overdraft: 0, isFinalizing: false, reserve: AddressList(capacity: 8), interp: interp))
        heap.fillReserve()
        return heap
    }

    /// Registers `count` words at `start` as roots until `removeRoots`. The memory must hold values (or zero) from now on.
    public func addRoots(_ start: UnsafeMutablePointer<Value>, count: Int) {
        if pointee.rootCount == pointee.rootCapacity {
            let bigger: UnsafeMutablePointer<RootRange> = .allocate(capacity: pointee.rootCapacity * 2)
            bigger.update(from: pointee.roots, count: pointee.rootCount)
            pointee.roots.deallocate()
            pointee.roots = bigger
            pointee.rootCapacity *= 2
        }
        pointee.roots[pointee.rootCount] = RootRange(start: start, count: count)
        pointee.rootCount += 1
    }

    public func removeRoots(_ start: UnsafeMutablePointer<Value>) {
        for i in 0..<pointee.rootCount where pointee.roots[i].start == start {
            pointee.rootCount -= 1
            pointee.roots[i] = pointee.roots[pointee.rootCount]
            return
        }
    }

    // MARK: Allocation

    /// A zeroed cell of `bytes` (header included, at most `largestSmall`), with the header written.
    @inline(__always) func allocate(header: UInt, bytes: Int) -> Cell {
        let allocator = pointee.allocators + HeapState.sizeClass(bytes)
        let address = allocator.pointee.cursor
        let next = address &+ UInt(HeapState.roundedSize(bytes))
        if next <= allocator.pointee.limit {
            allocator.pointee.cursor = next
            let cell = Cell(UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped)
            if bytes > HeapState.largestClearedInSpan { memset(cell.address, 0, HeapState.roundedSize(bytes)) }
            cell.header = header
            return cell
        }
        return allocateSlowly(header: header, sizeClass: HeapState.sizeClass(bytes))
    }

    /// A cell whose words after the header may hold anything: for contents without references that are written at once.
    private func allocateFilled(header: UInt, bytes: Int) -> Cell {
        let allocator = pointee.allocators + HeapState.sizeClass(bytes)
        let address = allocator.pointee.cursor
        let next = address &+ UInt(HeapState.roundedSize(bytes))
        if next > allocator.pointee.limit { return allocateSlowly(header: header, sizeClass: HeapState.sizeClass(bytes)) }
        allocator.pointee.cursor = next
        let cell = Cell(UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped)
        cell.header = header
        return cell
    }

    @inline(never) func allocateSlowly(header: UInt, sizeClass: Int) -> Cell {
        if pointee.stressInterval > 0 {
            stress()
        } else if pointee.allocatedSince &+ pointee.externalBytes >= pointee.threshold && pointee.isEnabled && !pointee.isCollecting {
            collect()
        }
        let bytes = HeapState.bytes(ofClass: sizeClass)
        if pointee.limit > 0 { checkLimit(0) }
        if !findSpan(sizeClass, bytes) { findMemory(sizeClass, bytes) }
        let allocator = pointee.allocators + sizeClass
        let address = allocator.pointee.cursor
        allocator.pointee.cursor = address + UInt(bytes)
        if pointee.stressInterval > 0 { retireSpan(allocator) }
        let cell = Cell(UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped)
        if bytes > HeapState.largestClearedInSpan { memset(cell.address, 0, HeapState.roundedSize(bytes)) }
        cell.header = header
        return cell
    }

    /// Gives the class a span: from a free block, new memory, a collection, and in the end from the reserve.
    @inline(never) private func findMemory(_ sizeClass: Int, _ bytes: Int) {
        var hasCollected = false
        repeat {
            if pointee.freeBlocks != nil || pointee.unusedBlock < pointee.unusedEnd || addChunk() {
                addBlock(sizeClass, bytes)
            } else if !hasCollected && pointee.isEnabled && !pointee.isCollecting {
                hasCollected = true
                collect()
                // Collecting again and again for a few cells would take forever.
                if pointee.chunks.count << 20 - pointee.liveBytes < 1 << 20 + pointee.liveBytes / 32 { runOut() }
            } else if pointee.reserve.count > 0 {
                pointee.reserve.count -= 1
                adoptChunk(pointee.reserve.base[pointee.reserve.count])
                runOut()
            } else {
                exhausted()
            }
        } while !findSpan(sizeClass, bytes)
    }

    /// A MemoryError is due.
    private func runOut() {
        pointee.isExhausted = true
        pointee.interp.pointee.requestSafePoint()
    }

    /// Keeps to the limit that the embedder has set: false when `bytes` more do not fit even after a collection.
    @discardableResult private func checkLimit(_ bytes: Int) -> Bool {
        if pointee.liveBytes &+ pointee.allocatedSince &+ bytes <= pointee.limit &+ pointee.overdraft { return true }
        if pointee.isEnabled && !pointee.isCollecting && pointee.allocatedSince > pointee.limit / 16 { collect() }
        if pointee.liveBytes &+ pointee.allocatedSince &+ bytes <= pointee.limit &+ pointee.overdraft { return true }
        if bytes == 0 {
            pointee.overdraft = min(pointee.overdraft + pointee.limit / 8, pointee.limit / 4)
            runOut()
        }
        return false
    }

    func fillReserve() {
        while pointee.reserve.count < 4, let chunk = mapChunk() { pointee.reserve.append(chunk) }
    }

    /// In stress mode every allocation takes the slow path: give the rest of the span back.
    private func retireSpan(_ allocator: UnsafeMutablePointer<Allocator>) {
        guard let block = allocator.pointee.block, allocator.pointee.cursor < allocator.pointee.limit else { return }
        let first = block.index(of: allocator.pointee.cursor)
        let end = first + Int(allocator.pointee.limit - allocator.pointee.cursor) / Int(block.pointee.cellSize)
        for i in first..<end { block.live[i >> 6] &= ~(1 << UInt64(i & 63)) }
        block.pointee.sweepIndex = UInt32(first)
        allocator.pointee.limit = allocator.pointee.cursor
        block.pointee.isSwept = false
        allocator.pointee.toSweep = block
    }

    /// Points the class's cursor at the next span of dead cells, cleared; false when its blocks have none left.
    private func findSpan(_ sizeClass: Int, _ bytes: Int) -> Bool {
        let allocator = pointee.allocators + sizeClass
        while let block = allocator.pointee.toSweep {
            let count = Int(block.pointee.cellCount)
            let start = block.firstCell(allocated: false, from: Int(block.pointee.sweepIndex))
            if start < count {
                // Short spans stay in the nearest cache between being cleared and being filled.
                let end = min(block.firstCell(allocated: true, from: start + 1), start + max(1, HeapState.spanBytes / bytes))
                block.pointee.sweepIndex = UInt32(end)
                let length = (end - start) * bytes
                if !block.pointee.isFresh { clear(block, start, end, bytes) }
                block.setAllocated(start, end)
                allocator.pointee.cursor = UInt(bitPattern: block.cell(at: start))
                allocator.pointee.limit = allocator.pointee.cursor + UInt(length)
                allocator.pointee.block = block
                pointee.allocatedSince += length
                return true
            }
            block.pointee.isSwept = true
            block.pointee.sweepIndex = UInt32(count)
            // Blocks are swept in the order of the list, and new ones come in front when all are: behind a swept one all are.
            let next = block.pointee.next
            allocator.pointee.toSweep = next.map { $0.pointee.isSwept } == true ? nil : next
        }
        return false
    }

    /// Cells above `largestClearedInSpan` are cleared when they are handed out; here only their headers are.
    @inline(__always) private func clear(_ block: Block, _ start: Int, _ end: Int, _ bytes: Int) {
        if bytes <= HeapState.largestClearedInSpan {
            memset(block.cell(at: start), 0, (end - start) * bytes)
        } else {
            for i in start..<end { Cell(block.cell(at: i)).header = 0 }
        }
    }

    private func addBlock(_ sizeClass: Int, _ bytes: Int) {
        let isFresh = pointee.freeBlocks == nil
        let block = takeFreeBlock()
        let count = (BlockHeader.bytes - BlockHeader.firstCell) / bytes
        let allocator = pointee.allocators + sizeClass
        let reciprocal: UInt64 = ((1 << 32) + UInt64(bytes) - 1) / UInt64(bytes)
        block.initialize(to: BlockHeader(
            cellSize: UInt32(bytes), cellCount: UInt32(count), reciprocal: UInt32(truncatingIfNeeded: reciprocal), sizeClass: UInt16(sizeClass),
            isSwept: false, isInUse: true, isFresh: isFresh, sweepIndex: 0, reserved: 0, next: allocator.pointee.first))
        if !isFresh { memset(block.base + BlockHeader.markOffset, 0, 1024) }
        allocator.pointee.first = block
        allocator.pointee.toSweep = block
    }

    private func takeFreeBlock() -> Block {
        if let block = pointee.freeBlocks {
            pointee.freeBlocks = block.pointee.next
            pointee.freeBlockCount -= 1
            return block
        }
        if pointee.unusedBlock < pointee.unusedEnd, let block = Block(bitPattern: pointee.unusedBlock) {
            pointee.unusedBlock += UInt(BlockHeader.bytes)
            return block
        }
        exhausted()
    }

    /// A new chunk; false when the system refuses the memory.
    private func addChunk() -> Bool {
        guard let chunk = mapChunk() else { return false }
        adoptChunk(chunk)
        return true
    }

    /// Maps 1 MiB, aligned to 1 MiB.
    private func mapChunk() -> UInt? {
        let size = 1 << 20
        guard let area = mmap(nil, size * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
              area != MAP_FAILED else { return nil }
        let raw = UInt(bitPattern: area)
        let aligned = (raw + UInt(size) - 1) & ~UInt(size - 1)
        if aligned > raw { munmap(area, Int(aligned - raw)) }
        let tail = raw + UInt(size * 2) - (aligned + UInt(size))
        if tail > 0 { munmap(UnsafeMutableRawPointer(bitPattern: aligned + UInt(size)), Int(tail)) }
        return aligned
    }

    /// Makes the blocks of a chunk the unused ones, without touching them: each page of them costs a fault.
    private func adoptChunk(_ aligned: UInt) {
        insertChunk(aligned)
        pointee.unusedBlock = aligned
        pointee.unusedEnd = aligned + (1 << 20)
    }

    /// Keeps the list of chunks sorted, for the binary search of conservative pointers.
    private func insertChunk(_ address: UInt) {
        pointee.chunks.append(address)
        var i = pointee.chunks.count - 1
        while i > 0 && pointee.chunks.base[i - 1] > address {
            pointee.chunks.base[i] = pointee.chunks.base[i - 1]
            i -= 1
        }
        pointee.chunks.base[i] = address
    }

    /// The system refuses memory even for small cells: nothing can run on, so say so and leave, as CPython does.
    private func exhausted() -> Never {
        let text: StaticString = "Fatal Python error: out of memory\n"
        _ = write(2, text.utf8Start, text.utf8CodeUnitCount)
        _exit(1)
    }

    /// A zeroed cell of any size, or nil when the system refuses the memory. With `isFilled`, only the header is sure to be set.
    func allocateAnySize(header: UInt, bytes: Int, isFilled: Bool = false) -> Cell? {
        if bytes <= HeapState.largestSmall {
            return isFilled ? allocateFilled(header: header, bytes: bytes) : allocate(header: header, bytes: bytes)
        }
        if pointee.stressInterval > 0 {
            stress()
        } else if pointee.allocatedSince &+ pointee.externalBytes >= pointee.threshold && pointee.isEnabled && !pointee.isCollecting {
            collect()
        }
        guard bytes < Int.max - 4096, pointee.limit == 0 || checkLimit(bytes), let area = largeArea(bytes + LargeHeader.size, isFilled) else { return nil }
        let large = area.bindMemory(to: LargeHeader.self, capacity: 1)
        large.initialize(to: LargeHeader(next: pointee.large, bytes: bytes, isMarked: false))
        pointee.large = large
        pointee.allocatedSince += bytes
        let cell = Cell(area + LargeHeader.size)
        cell.header = header
        return cell
    }

    /// Memory from malloc, zeroed unless it `isFilled` by the caller, after a collection if need be. What is out of all proportion is not worth one.
    private func largeArea(_ bytes: Int, _ isFilled: Bool) -> UnsafeMutableRawPointer? {
        if let area = isFilled ? malloc(bytes) : calloc(1, bytes) { return area }
        if bytes > 1 << 40 || !pointee.isEnabled || pointee.isCollecting { return nil }
        collect()
        return isFilled ? malloc(bytes) : calloc(1, bytes)
    }

    /// Size in bytes that the cell occupies, header and slack included.
    func size(of cell: Cell) -> Int {
        let address = UInt(bitPattern: cell.address)
        if LargeHeader.isLarge(address) { return LargeHeader.of(address).pointee.bytes }
        return Int(Block(bitPattern: address & ~0xFFFF).unsafelyUnwrapped.pointee.cellSize)
    }

    private func stress() {
        pointee.stressCount += 1
        if pointee.stressCount >= pointee.stressInterval && pointee.isEnabled && !pointee.isCollecting {
            pointee.stressCount = 0
            collect()
        }
    }

    /// Frees everything, without finalizers: the interpreter is gone.
    func destroy() {
        var large = pointee.large
        while let one = large {
            large = one.pointee.next
            free(one)
        }
        for i in 0..<pointee.chunks.count { munmap(UnsafeMutableRawPointer(bitPattern: pointee.chunks.base[i]), 1 << 20) }
        for i in 0..<pointee.reserve.count { munmap(UnsafeMutableRawPointer(bitPattern: pointee.reserve.base[i]), 1 << 20) }
        pointee.reserve.base.deallocate()
        pointee.chunks.base.deallocate()
        pointee.finalizable.base.deallocate()
        pointee.pendingFinalizers.base.deallocate()
        pointee.weakReferences.base.deallocate()
        pointee.pendingCallbacks.base.deallocate()
        pointee.census.kept.base.deallocate()
        pointee.roots.deallocate()
        pointee.allocators.deallocate()
        deallocate()
    }
}

extension HeapState {
    /// `bytes` rounded up to its size class.
    @inline(__always) static func roundedSize(_ bytes: Int) -> Int {
        if bytes <= 256 { return (bytes &+ 15) & ~15 }
        return HeapState.bytes(ofClass: sizeClass(bytes))
    }
}
