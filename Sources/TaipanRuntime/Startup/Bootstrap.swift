// Bringing an interpreter to life: memory first, then names, then types, bottom up. Nothing
// here runs Python code.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import CTaipan
import TaipanNumbers

extension Thread {
    /// Makes an interpreter and its main thread. The caller runs on the thread from now on; its native stack
    /// is taken to reach from here `stackBytes` downwards.
    /// - Parameter observer: who watches the run from its start.
    /// - Returns: nil when the system refuses the memory.
    public static func createInterpreter(_ config: InterpreterConfiguration, stackBytes: Int, observer: (any RunObserver)? = nil) -> Thread? {
        guard let layouts = LayoutTable(), let lock = ctaipan_lock_new(nil) else { return nil }
        let interp = UnsafeMutablePointer<InterpreterState>.allocate(capacity: 1)
        let heap = Heap.create(interp)
        interp.initialize(to: InterpreterState(
            heap: heap, layouts: layouts, types: .allocate(capacity: 1), names: .allocate(capacity: WellKnownName.allCases.count),
            objects: .allocate(capacity: 1), latin1: .allocate(capacity: 256), interned: InternTable(), threads: nil,
            running: nil, mainThread: nil, lock: lock, hasThreads: false, startedThreads: 0, parkingTicket: 0, threadStackSize: 0, importing: [:],
            methodCache: zeroed(MethodCacheEntry.count), attributePlaces: zeroed(AttributePlace.count),
            slotTable: SlotTable.create(), nextTypeVersion: 0, nextDictVersion: 0, hashKey0: 0, hashKey1: 0,
            config: config, firstLowered: nil, moduleStates: [:], nativeModules: [:], isFinalizing: false, genericGetattrAddress: 0,
            genericSetattrAddress: 0, signalHandler: nil, deferredStart: nil, maxStrDigits: config.maxStrDigits))
        interp.pointee.names.initialize(repeating: .unbound, count: WellKnownName.allCases.count)
        interp.pointee.latin1.initialize(repeating: .unbound, count: 256)
        interp.pointee.objects.initialize(to: WellKnownObjects())
        memset(interp.pointee.types, 0, MemoryLayout<BuiltinTypes>.size)
        guard let t = createThread(interp, stackBytes: stackBytes, vmStackBytes: AddressSpace.stackBytes(256 << 20)) else { return nil }
        interp.pointee.mainThread = t.state
        interp.pointee.runObserver = observer
        // Held from here on, by the main thread.
        ctaipan_lock_release(lock)
        t.acquireLock()
        heap.pointee.isEnabled = false
        t.tell(.startedUp(step: "heap", detail: "blocks of cells, layouts, the VM stack"))
        t.seedHashes()
        t.prepareTypes()
        t.internNames()
        t.tell(.startedUp(step: "names", detail: "\(WellKnownName.allCases.count) interned names"))
        t.defineTypes()
        interp.pointee.genericGetattrAddress = TypeObject(t.types.pointee.object).slots.pointee.getattr.address
        interp.pointee.genericSetattrAddress = TypeObject(t.types.pointee.object).slots.pointee.setattr.address
        heap.pointee.isEnabled = true
        heap.pointee.limit = config.memoryLimit
        if let text = getenv("TAIPAN_GC_STRESS") { heap.pointee.stressInterval = max(0, Int(atol(text))) }
        return t
    }

    /// A table of zeros; its pages come into being when they are touched. For `free`.
    private static func zeroed<T>(_ count: Int) -> UnsafeMutablePointer<T> {
        guard let memory = calloc(count, MemoryLayout<T>.stride) else { return .allocate(capacity: count) }
        return memory.bindMemory(to: T.self, capacity: count)
    }

    /// A thread state with a VM stack of its own.
    static func createThread(_ interp: UnsafeMutablePointer<InterpreterState>, stackBytes: Int, vmStackBytes: Int) -> Thread? {
        guard let area = mmap(nil, vmStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
              area != MAP_FAILED else { return nil }
        let stack = area.bindMemory(to: Value.self, capacity: vmStackBytes / 8)
        let here = stackAddress()
        let state = UnsafeMutablePointer<ThreadState>.allocate(capacity: 1)
        state.initialize(to: ThreadState(
            interp: interp, heap: interp.pointee.heap, pending: .unbound, handled: UnsafeMutablePointer(bitPattern: 8).unsafelyUnwrapped,
            handledBase: HandledException(value: .unbound, previous: nil), frame: nil, stackBase: stack,
            stackLimit: stack + vmStackBytes / 8 - 4096, stackTop: stack, recursionRemaining: 1000, recursionLimit: 1000,
            nativeRecursionRemaining: nativeRecursionLimit, nativeBase: here + 4096, nativeLimit: here - UInt(stackBytes) + (256 << 10),
            loopFrames: .allocate(capacity: 16), loopFrameCount: 0, loopFrameCapacity: 16, leaving: .unbound, breaker: 0,
            identifier: ctaipan_thread_identifier(), reprStack: .unbound, asyncGenFirstIter: .unbound, asyncGenFinalizer: .unbound,
            traceFunction: .unbound, profileFunction: .unbound, contextVariables: .unbound, coroutineOriginDepth: 0,
            loadedUnbound: false, isReraising: false, returnValue: .unbound, nextThread: interp.pointee.threads,
            stackBytes: vmStackBytes, nativeStackBytes: stackBytes, waitingStackPointer: 0, parking: ctaipan_parking_new(), parkedOn: 0, parkingTicket: 0,
            start: (.unbound, .unbound, .unbound), sentinel: .unbound, locals: .unbound, awaitedImport: nil))
        state.pointee.handled = UnsafeMutableRawPointer(state).advanced(by: MemoryLayout<ThreadState>.offset(of: \.handledBase) ?? 0)
            .assumingMemoryBound(to: HandledException.self)
        interp.pointee.threads = state
        state.pointee.observation.hasTools = interp.pointee.monitoring.hasTools
        if interp.pointee.monitoring.hasTools || interp.pointee.monitoring.tellsObserver {
            state.pointee.observation.isActive = true
            state.pointee.breaker = ObservationState.breakerBit
        }
        return Thread(state)
    }

    /// Cells for all builtin types, so that each can refer to the others before it is filled.
    private func prepareTypes() {
        let count = MemoryLayout<BuiltinTypes>.size / 8
        interp.pointee.layouts.count = LayoutID.firstDynamic
        for i in 1...count { types[LayoutID(rawValue: UInt32(i))] = newTypeCell().value }
    }

    private func internNames() {
        for (i, name) in WellKnownName.allCases.enumerated() { interp.pointee.names[i] = intern(name.rawValue) }
        objects.pointee.emptyStr = intern(str(""))
        if let empty = try? newTuple(0) { objects.pointee.emptyTuple = empty.value }
        if let empty = try? newBytes(0) { objects.pointee.emptyBytes = empty.value }
    }

    /// Frees the interpreter's memory. No Python code may run after this. Where daemon threads are left, which may be anywhere in a
    /// system call that uses this memory, it stays.
    public func destroyInterpreter() {
        let interp = self.interp
        if interp.pointee.hasThreads { return stopOtherThreads() }
        let lock = interp.pointee.lock
        freeMemory()
        ctaipan_lock_free(lock)
        interp.pointee.heap.destroy()
        interp.pointee.layouts.release()
        interp.pointee.interned.slots.deallocate()
        free(interp.pointee.methodCache)
        free(interp.pointee.attributePlaces)
        interp.pointee.slotTable.rows.deallocate()
        interp.pointee.names.deallocate()
        interp.pointee.latin1.deallocate()
        interp.pointee.types.deallocate()
        interp.pointee.objects.deallocate()
        interp.deinitialize(count: 1)
        interp.deallocate()
    }

    /// The key of string hashes: random, or derived from PYTHONHASHSEED.
    private func seedHashes() {
        let key: SipHash
        if let seed = interp.pointee.config.hashSeed {
            key = SipHash(seed: seed)
        } else {
            var generator = SystemRandomNumberGenerator()
            key = SipHash(k0: generator.next(), k1: generator.next())
        }
        interp.pointee.hashKey0 = key.k0
        interp.pointee.hashKey1 = key.k1
    }
}
