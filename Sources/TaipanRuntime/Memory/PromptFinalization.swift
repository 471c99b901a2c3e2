// Finalizing soon after the last reference is gone. No reference is counted here, so nobody sees an object die; but most programs that
// care drop what they care about visibly. Cells whose death the program could notice (they have a finalizer that is still to run, or are weakly
// referenced) carry a flag, and a collection follows where such a cell is dropped by `del`, by storing None over it, or by the end of the
// function that made it. Where a program could see that something has not been finalized yet (it calls a weak reference, opens or asks for a
// file, waits), one follows too when there is something new that could be dead.
//
// Such collections live on a budget of time: a purse, filled at the start and by a part of the time that passes. A program that
// drops such objects all the time is finalized later, not slower.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What the heap knows for prompt finalization.
struct PromptFinalization {
    /// Nanoseconds that may be spent, and when that was last brought up to date.
    var purse: Int
    var updated: Int
    /// What a collection of this heap takes.
    var cost: Int
    /// Entries of the finalizable and weak reference lists below these are no news.
    var seenFinalizable: Int
    var seenWeak: Int
    /// A weakly referenced cell may be dead already: worth a look when a weak reference is called.
    var isSuspicious: Bool
    /// `del container[key]` or `del object.name` has taken out a watched cell.
    var hasDropped: Bool

    /// A debug build collects ten times slower, and has the larger purse.
    static var fullPurse: Int {
        #if DEBUG
        5_000_000_000
        #else
        200_000_000
        #endif
    }
    /// One part in so many of the time that passes may be spent.
    static var share: Int { 32 }

    static var empty: PromptFinalization {
        PromptFinalization(purse: fullPurse, updated: 0, cost: 0, seenFinalizable: 0, seenWeak: 0, isSuspicious: false, hasDropped: false)
    }

    /// The time that the process has worked: waiting earns nothing, and a busy machine costs nothing.
    static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Int(time.tv_sec) &* 1_000_000_000 &+ Int(time.tv_nsec)
    }
}

extension CellFlag {
    /// The cell has a finalizer that would do something.
    public static var watched: UInt { 1 << 42 }
    static var isNoticed: UInt { watched | weaklyReferenced }
}

extension Thread {
    // MARK: What is watched

    /// Tells the heap that `cell` has a finalizer. The running function may be the one that drops it.
    func registerFinalizable(_ cell: Cell) {
        heap.pointee.finalizable.append(UInt(bitPattern: cell.address))
        cell.set(CellFlag.watched)
        watchFrame(state.pointee.frame)
    }

    /// The native finalizer of `value` would do nothing that can be seen, now or ever.
    public func hasIdleFinalizer(_ value: Value) { if !type(of: value).has(TypeFlag.heap) { value.cell.clear(CellFlag.watched) } }

    /// The frame's end will be looked at.
    func watchFrame(_ fp: UnsafeMutablePointer<Value>?) {
        if let fp, fp.frameFlags & FrameFlag.generator == 0 { fp[FrameHeader.flags] = Value(bits: fp.frameFlags | FrameFlag.watched) }
    }

    private enum Finalizer { case idle, due, later }

    /// Whether the finalizer of a cell would do something now, may do so later, or never will.
    private func finalizer(_ address: UInt) -> Finalizer {
        let cell = Cell(UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped)
        if !cell.has(CellFlag.watched) { return .idle }
        switch cell.layout {
        case .generator, .asyncGenerator, .coroutine:
            let state = GeneratorObject(Value(cell)).state
            if state == GeneratorObject.finished { return .idle }
            return state == GeneratorObject.suspended || state == GeneratorObject.created && cell.layout == .coroutine ? .due : .later
        default: return .due
        }
    }

    /// The first of the newest cells with finalizers that has something to do; nil when there is none.
    private func firstNews() -> UInt? {
        let list = heap.pointee.finalizable
        var i = heap.pointee.prompt.seenFinalizable
        // Not far: a long list of generators that wait to be started is no reason to look at each of them again and again.
        let end = min(list.count, i &+ 64)
        var isPrefix = true
        while i < end {
            switch finalizer(list.base[i]) {
            case .due: return list.base[i]
            case .later: isPrefix = false
            case .idle: if isPrefix { heap.pointee.prompt.seenFinalizable = i &+ 1 }
            }
            i &+= 1
        }
        return nil
    }

    private func forgetNews() {
        heap.pointee.prompt.seenFinalizable = heap.pointee.finalizable.count
        heap.pointee.prompt.seenWeak = heap.pointee.weakReferences.count
    }

    // MARK: Where things are dropped

    /// `value` has been taken out of a container or namespace by the instruction under way, which will look at `hasDropped` at its end.
    @inline(__always) public func noteDropped(_ value: Value) {
        if value.isCell && value.cell.header & CellFlag.isNoticed != 0 { heap.pointee.prompt.hasDropped = true }
    }

    /// The interpreter's loop has dropped a cell with this header by `del` or a store of None. Called by the loop only.
    @inline(never)
    func dropped(_ header: UInt) {
        if header & CellFlag.isNoticed != 0 {
            collectPromptly(scanStart: loopScanStart, least: 0)
        } else if Thread.mayHoldOthers(header), firstNews() != nil {
            if collectPromptly(scanStart: loopScanStart, least: PromptFinalization.fullPurse / 2) { forgetNews() }
        }
    }

    /// A cell of a kind that may be the last to hold another.
    private static func mayHoldOthers(_ header: UInt) -> Bool {
        let layout = LayoutID(rawValue: UInt32(truncatingIfNeeded: header))
        return layout != .str && layout != .int && layout != .float && layout != .bytes && layout != .module && layout != .type
    }

    /// DELETE_SUBSCR. Called by the loop only.
    @inline(never)
    func deleteSubscript(_ container: Value, _ key: Value) throws(Raised) {
        heap.pointee.prompt.hasDropped = false
        try deleteItem(container, key)
        if heap.pointee.prompt.hasDropped { dropped(CellFlag.watched) }
    }

    /// DELETE_ATTR. Called by the loop only.
    @inline(never)
    func deleteAttribute(_ object: Value, _ name: Value) throws(Raised) {
        heap.pointee.prompt.hasDropped = false
        try setattr(object, name, .unbound)
        if heap.pointee.prompt.hasDropped { dropped(CellFlag.watched) }
    }

    /// A watched frame has returned `result`; its words are at `fp`, and the frame that called it is the running one again. Called by the
    /// loop only.
    @inline(never)
    func frameEnded(_ fp: UnsafeMutablePointer<Value>, _ lowered: UnsafeMutablePointer<LoweredCode>, _ result: Value) {
        // A later call of a weak reference may want to know.
        if heap.pointee.prompt.seenWeak < heap.pointee.weakReferences.count {
            heap.pointee.prompt.isSuspicious = true
            heap.pointee.prompt.seenWeak = heap.pointee.weakReferences.count
        }
        let carries = result.isCell && Thread.mayHoldOthers(result.cell.header)
        guard let news = firstNews() else { return }
        if carries {
            watchFrame(state.pointee.frame)
            if news == result.bits && heap.pointee.prompt.seenFinalizable + 1 == heap.pointee.finalizable.count { return }
        }
        // The caller's words still name the arguments.
        for i in 0..<lowered.pointee.localCount { fp[i] = .unbound }
        state.pointee.leaving = result
        let didCollect = collectPromptly(scanStart: loopScanStart, least: PromptFinalization.fullPurse / 4, finalizes: false)
        state.pointee.leaving = .unbound
        if didCollect {
            if !carries { forgetNews() }
            runPendingFinalizers()
        }
    }

    // MARK: Where it could be seen

    /// A weak reference is about to be looked at: what was dropped of late should be gone.
    public func settleWeakReferences(_ callee: Value) {
        if !heap.pointee.prompt.isSuspicious { return }
        heap.pointee.prompt.isSuspicious = false
        collectPromptly(scanStart: calleeOfLoop == callee ? loopScanStart : 0, least: PromptFinalization.fullPurse / 2)
    }

    /// The program is about to see the state of files, or to wait: streams that were dropped should have been flushed and closed. To be called
    /// first thing by the native function `name`.
    public func settleDropped(_ name: StaticString) {
        if firstNews() == nil { return }
        if collectPromptly(scanStart: scanStart(of: name), least: PromptFinalization.fullPurse / 4) { forgetNews() }
    }

    /// The native function `name` has put something else in the place of `old`, at its end.
    public func settleReplaced(_ old: Value, _ name: StaticString) {
        if !old.isCell || old.cell.header & CellFlag.isNoticed == 0 { return }
        collectPromptly(scanStart: scanStart(of: name), least: 0)
    }

    /// Where a scan may begin in the native function `name`, which is about to return nothing: behind the loop, if that called it.
    private func scanStart(of name: StaticString) -> UInt {
        let callee = calleeOfLoop
        return callee.hasLayout(.builtinFunction) && NativeFunction(callee).name == intern(name) ? loopScanStart : 0
    }

    // MARK: The budget

    /// Collects, and runs what becomes due, if the purse holds `least` and the price. False when it does not.
    @discardableResult
    private func collectPromptly(scanStart: UInt, least: Int, finalizes: Bool = true) -> Bool {
        let heap = self.heap
        if !heap.pointee.isEnabled || heap.pointee.isCollecting || heap.pointee.census.savesAll { return false }
        let start = PromptFinalization.now()
        if heap.pointee.prompt.updated > 0 {
            let earned = (start &- heap.pointee.prompt.updated) / PromptFinalization.share
            heap.pointee.prompt.purse = min(PromptFinalization.fullPurse, heap.pointee.prompt.purse &+ earned)
        }
        heap.pointee.prompt.updated = start
        if heap.pointee.prompt.purse < least &+ heap.pointee.prompt.cost {
            heap.pointee.prompt.isSuspicious = true
            return false
        }
        interp.pointee.collectionReason = "something with a finalizer was dropped"
        heap.collect(scanStart: scanStart)
        interp.pointee.collectionReason = "allocation"
        // Allocation starts from the first block again, which costs about as much.
        heap.pointee.prompt.cost = (PromptFinalization.now() &- start) &* 3 / 2
        heap.pointee.prompt.purse -= heap.pointee.prompt.cost
        heap.pointee.prompt.isSuspicious = false
        if finalizes { runPendingFinalizers() }
        return true
    }
}
