// `list(generator)`, `sum(generator)` and their kin without leaving the interpreter: the generator runs as a frame above its
// consumer's, and what it yields goes to where it is gathered while the generator runs on. As soon as an item could run code of the
// program (its `__hash__`, its `__add__`), or somebody begins to observe the thread, the generator rests as at any other `yield` and native code consumes what remains.

/// What a builtin may do without a call of its body. A call has exactly one argument then.
enum Shortcut {
    /// `len` of a builtin container.
    static var length: Int { 1 }
    /// The consumers of generators.
    static var sum: Int { 2 }
    static var any: Int { 3 }
    static var all: Int { 4 }
    static var list: Int { 5 }
    static var tuple: Int { 6 }
    static var set: Int { 7 }
}

extension Thread {
    /// Enters `generator` for the consumer `kind`, a Shortcut: gives its frame, or nil when the general way is to be taken.
    @inline(never)
    func enterGathering(_ fp: UnsafeMutablePointer<Value>, _ kind: Int, _ generator: Value, _ destination: Int) throws(Raised) -> UnsafeMutablePointer<Value>? {
        guard generator.hasLayout(.generator), GeneratorObject(generator).state < GeneratorObject.running, state.pointee.breaker == 0 else { return nil }
        switch kind {
        case Shortcut.list, Shortcut.tuple: GeneratorObject(generator).gathered = try newList(capacity: 8).value
        case Shortcut.set: GeneratorObject(generator).gathered = try newSet()
        default: GeneratorObject(generator).gathered = Value(smallInt: 0)
        }
        return try resumeFrame(GeneratorObject(generator), .none, caller: fp, destination: destination,
                               flags: FrameFlag.generator | UInt(bitPattern: kind) << 9)
    }

    /// The consumer that calling `type` with one argument is, or 0.
    @inline(__always)
    func gathering(by type: Value) -> Int {
        type == types.pointee.tuple ? Shortcut.tuple : type == types.pointee.list ? Shortcut.list : type == types.pointee.set ? Shortcut.set : 0
    }

    /// Takes what the generator of frame `fp` yields. Gives the frame to go on in after its instruction's first word: the generator's, or, when
    /// its consumer's call is done, the caller's.
    @inline(never)
    func gather(_ fp: UnsafeMutablePointer<Value>, _ item: Value) throws(Raised) -> UnsafeMutablePointer<Value> {
        if !(state.pointee.breaker != 0 && state.pointee.observation.isActive), try takes(fp, item) {
            fp[Int(truncatingIfNeeded: (fp.frameIP.pointee >> 32) & 0xFFFF)] = .none
            return fp
        }
        try finishNatively(fp, item)
        let caller = state.pointee.frame.unsafelyUnwrapped
        // A call has two words.
        caller[FrameHeader.ip] = Value(bits: UInt(bitPattern: caller.frameIP + 1))
        return caller
    }

    /// Gathers the item if that can be done without running code of the program.
    @inline(__always)
    private func takes(_ fp: UnsafeMutablePointer<Value>, _ item: Value) throws(Raised) -> Bool {
        let generator = generator(of: fp)
        let gathered = generator.gathered
        do throws(Raised) {
            switch fp.gatheringKind {
            case Shortcut.list, Shortcut.tuple:
                try append(ListObject(gathered), item)
                return true
            case Shortcut.set:
                // Neither hashing these nor comparing them calls anything of the program's.
                if !item.isCell || item.hasLayout(.str) {
                    try SetObject(gathered).add(self, item, try hash(item))
                    return true
                }
            case Shortcut.sum:
                if item.isSmallInt || item.isBool {
                    let (sum, overflow) = gathered.smallInt.addingReportingOverflow(item.isSmallInt ? item.smallInt : item.isTrue ? 1 : 0)
                    if !overflow && Value.fitsSmallInt(sum) {
                        generator.gathered = Value(smallInt: sum)
                        return true
                    }
                }
            case Shortcut.any: if item.isFalse { return true }
            default: if item.isTrue { return true }
            }
        } catch {
            suspendGenerator(fp)
            throw error
        }
        return false
    }

    /// The consumer goes on from `item` as native code, the running frame being its caller's.
    private func finishNatively(_ fp: UnsafeMutablePointer<Value>, _ item: Value) throws(Raised) {
        let kind = fp.gatheringKind, destination = Int(bitPattern: fp.frameFlags >> 16)
        let generator = generator(of: fp)
        suspendGenerator(fp)
        let caller = state.pointee.frame.unsafelyUnwrapped
        let gathered = generator.gathered
        defer { generator.gathered = .unbound }
        switch kind {
        case Shortcut.list, Shortcut.tuple:
            try append(ListObject(gathered), item)
            try extend(ListObject(gathered), generator.value)
            caller[destination] = try gatheringResult(kind, gathered)
        case Shortcut.set:
            try SetObject(gathered).add(self, item, try hash(item))
            try setUpdate(SetObject(gathered), from: generator.value)
            caller[destination] = gathered
        case Shortcut.sum: caller[destination] = try sum(of: generator.value, on: try binary(0, gathered, item))
        case Shortcut.any:
            let isFound = try truth(item)
            caller[destination] = Value(isFound ? true : try isAnyTrue(generator.value))
        default:
            let isTrue = try truth(item)
            caller[destination] = Value(isTrue ? try areAllTrue(generator.value) : false)
        }
    }

    /// What the consumer of an exhausted generator returns.
    func gatheringResult(_ kind: Int, _ gathered: Value) throws(Raised) -> Value {
        switch kind {
        case Shortcut.tuple: try tuple(ListObject(gathered).items, ListObject(gathered).count)
        case Shortcut.any: .false
        case Shortcut.all: .true
        default: gathered
        }
    }
}
