// The state of one thread of execution and of one interpreter, both in memory of their own and
// reached through one-word handles. Nothing here is global: a process may hold several interpreters.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import CTaipan

/// Thrown when a Python exception is pending in the thread. Carries nothing: the exception is in the thread state.
@frozen public struct Raised: Error, BitwiseCopyable {
    @inlinable @inline(__always) public init() {}
}

/// One link of the chain of exceptions being handled (`sys.exception()`): the thread has one, each generator has one.
public struct HandledException {
    public var value: Value
    public var previous: UnsafeMutablePointer<HandledException>?
}

public struct ThreadState {
    public var interp: UnsafeMutablePointer<InterpreterState>
    public var heap: Heap
    /// The exception on its way up, or unbound.
    public var pending: Value
    /// The exceptions being handled, innermost first.
    public var handled: UnsafeMutablePointer<HandledException>
    var handledBase: HandledException
    /// The running frame (its slot 0), or nil outside Python code.
    public var frame: UnsafeMutablePointer<Value>?
    /// The VM stack: contiguous frames.
    public var stackBase: UnsafeMutablePointer<Value>
    public var stackLimit: UnsafeMutablePointer<Value>
    /// First free word above the running frame when native code calls back into Python.
    public var stackTop: UnsafeMutablePointer<Value>
    /// Python-to-Python calls left before RecursionError, and native ones.
    public var recursionRemaining: Int
    public var recursionLimit: Int
    public var nativeRecursionRemaining: Int
    /// The native stack: scanning goes up to `nativeBase`; recursion stops at `nativeLimit`.
    public var nativeBase: UInt
    public var nativeLimit: UInt
    /// The native frames of the interpreter's loop, outermost first: they are not scanned, for the loop keeps what it needs in its slots.
    var loopFrames: UnsafeMutablePointer<ctaipan_stack_range>
    var loopFrameCount: Int
    var loopFrameCapacity: Int
    /// The result on its way out of a frame that is being left.
    var leaving: Value
    /// Non-zero when something waits for a safe point: signals, finalizers, callbacks, a request to stop.
    public var breaker: UInt32
    public var identifier: Int
    /// Registered objects being repr()ed, for recursive containers.
    public var reprStack: Value
    public var asyncGenFirstIter: Value
    public var asyncGenFinalizer: Value
    public var traceFunction: Value
    public var profileFunction: Value
    public var contextVariables: Value
    public var coroutineOriginDepth: Int
    /// Set by the method lookup: the result is to be called with the object first.
    public var loadedUnbound: Bool
    /// The pending exception is on its way again: no new traceback entry where it passes next.
    public var isReraising: Bool
    /// What the last exhausted generator returned with, until it is taken; unbound is None.
    public var returnValue: Value
    public var nextThread: UnsafeMutablePointer<ThreadState>?
    /// Bytes of the VM stack and of the native one.
    var stackBytes: Int
    var nativeStackBytes: Int
    /// While the thread does not hold the interpreter's lock: what lies above on its native stack is scanned; 0 while nothing of it runs.
    var waitingStackPointer: UInt
    /// Where it sleeps, what it waits for there (0: for nothing, or it has been woken), and since when.
    var parking: OpaquePointer?
    var parkedOn: UInt
    var parkingTicket: Int
    /// What a started thread calls.
    var start: (function: Value, arguments: Value, keywords: Value)
    /// The lock that is given back when the thread has ended.
    public var sentinel: Value
    /// Weak references to the thread-local objects in which the thread has data.
    var locals: Value
    /// The module being imported that the thread waits for, by name.
    var awaitedImport: String?
    var observation = ObservationState()
}

/// Handle of the running thread: first parameter of every native function.
@frozen public struct Thread: BitwiseCopyable {
    public let state: UnsafeMutablePointer<ThreadState>
    @inlinable @inline(__always) public init(_ state: UnsafeMutablePointer<ThreadState>) { self.state = state }
    @inlinable @inline(__always) public var interp: UnsafeMutablePointer<InterpreterState> { state.pointee.interp }
    @inlinable @inline(__always) public var heap: Heap { state.pointee.heap }
    /// The builtin types.
    @inlinable @inline(__always) public var types: UnsafeMutablePointer<BuiltinTypes> { state.pointee.interp.pointee.types }
    /// The interned string of a well-known name.
    @inlinable @inline(__always) public func name(_ name: WellKnownName) -> Value {
        state.pointee.interp.pointee.names[Int(unsafeBitCast(name, to: UInt16.self))]
    }
}

/// Settings that the command or the embedder chooses before start-up.
public struct InterpreterConfiguration: Sendable {
    /// `PYTHONHASHSEED`: nil is random.
    public var hashSeed: UInt32?
    public var optimizationLevel = 0
    public var arguments: [String] = []
    public var isIsolated = false
    public var ignoresEnvironment = false
    public var noUserSite = false
    public var noSite = false
    public var safePath = false
    public var dontWriteBytecode = false
    public var isInteractive = false
    public var inspects = false
    public var isQuiet = false
    public var isUnbuffered = false
    public var verbosity = 0
    /// `-d`.
    public var parserDebug = 0
    public var bytesWarning = 0
    public var devMode = false
    public var utf8Mode = false
    public var warnDefaultEncoding = false
    public var warnOptions: [String] = []
    public var xOptions: [(String, String?)] = []
    public var executable = ""
    public var program = "python3"
    /// The whole command line, for `sys.orig_argv`.
    public var originalArguments: [String] = []
    public var checkHashBasedPycs = "default"
    public var pycachePrefix: String?
    /// Most digits of an int converted from or to str; 0 is no limit.
    public var maxStrDigits = 4300
    /// The folder of a virtual environment (`sys.prefix`), or empty; and whether it shows the base's site-packages.
    public var venvPrefix = ""
    public var venvUsesSystemSite = false
    /// Most bytes of objects that may be alive; 0 is no limit. What exceeds it gets MemoryError.
    public var memoryLimit = 0
    /// `sys.version`.
    public static var versionText: String { "3.12.1 (Taipan) [Swift]" }
    /// The prefix under which the library lies.
    public var libraryPrefix: String { libraryPath.hasSuffix("/lib/python3.12") ? String(libraryPath.dropLast(15)) : libraryPath }
    /// The folder of the installed standard library; empty is "find it".
    public var libraryPath = ""
    /// Folders of PYTHONPATH, in order.
    public var modulePaths: [String] = []
    public var stackBytes = 256 << 20
    public init() {}
}

public struct InterpreterState {
    public var heap: Heap
    public var layouts: LayoutTable
    public var types: UnsafeMutablePointer<BuiltinTypes>
    /// Interned strings of `WellKnownName`, by raw value.
    public var names: UnsafeMutablePointer<Value>
    /// Singletons and module dictionaries that native code reaches directly.
    public var objects: UnsafeMutablePointer<WellKnownObjects>
    /// One-character strings below U+0100, made on first use.
    public var latin1: UnsafeMutablePointer<Value>
    public var interned: InternTable
    public var threads: UnsafeMutablePointer<ThreadState>?
    /// Threads of the parent that a fork left behind.
    var lostThreads: UnsafeMutablePointer<ThreadState>? = nil
    /// The thread that holds the lock, and the one that the interpreter began with.
    var running: UnsafeMutablePointer<ThreadState>?
    var mainThread: UnsafeMutablePointer<ThreadState>?
    /// Whoever holds it runs.
    var lock: OpaquePointer
    /// There are several threads: who waits gives the lock up.
    public var hasThreads: Bool
    /// Started threads that run.
    public var startedThreads: Int
    var parkingTicket: Int
    /// Bytes that `_thread.stack_size` asks for; 0 is the default.
    public var threadStackSize: Int
    /// Modules on their way, with the number of the thread that imports them.
    var importing: [String: Int]
    public var methodCache: UnsafeMutablePointer<MethodCacheEntry>
    /// Attributes by layout and name; see AttributeCaches.swift. Not traced: entries with values are guarded by type versions.
    var attributePlaces: UnsafeMutablePointer<AttributePlace>
    /// Dunder names and their slots.
    var slotTable: SlotTable
    public var nextTypeVersion: Int
    public var nextDictVersion: Int
    public var hashKey0: UInt64
    public var hashKey1: UInt64
    public var config: InterpreterConfiguration
    /// Lowered code of the interpreter, chained, so that caches can be flushed.
    var firstLowered: UnsafeMutablePointer<LoweredCode>?
    /// State that native modules keep, by module; never holds values.
    public var moduleStates: [String: AnyObject]
    /// Native modules by name: created on import.
    public var nativeModules: [String: NativeModuleDefinition]
    public var isFinalizing: Bool
    /// `sys.getdlopenflags`.
    public var dlopenFlags: Int32 = RTLD_NOW
    /// Addresses of object's `__getattribute__` and `__setattr__` slots: a type with these has the plain protocol.
    public var genericGetattrAddress: UInt
    public var genericSetattrAddress: UInt
    /// Runs the Python handlers of signals that have arrived.
    public var signalHandler: ((Thread) throws(Raised) -> Void)?
    /// Start-up work that can wait until a module is first looked for in a file.
    public var deferredStart: ((Thread) -> Void)?
    public var maxStrDigits: Int
    var monitoring = MonitoringState()
    /// Who watches the run, if anybody does.
    public var runObserver: (any RunObserver)?
    var importTimes = ImportTimes()
    /// Why what is being written goes to its descriptor, when that is not because a buffer is full.
    public var transferReason: StaticString?
    /// Why the collection under way was asked for.
    var collectionReason: StaticString = "allocation"

    /// Asks every thread to stop at its next safe point and see to what waits.
    func requestSafePoint() {
        var thread = threads
        while let one = thread {
            one.pointee.breaker |= 1
            thread = one.pointee.nextThread
        }
    }

    /// Marks what the interpreter and its threads hold; the running thread's native stack is scanned from `stackPointer`.
    func markRoots(_ marker: inout Marker, _ stackPointer: UInt) {
        marker.markRange(UnsafeMutableRawPointer(types).assumingMemoryBound(to: Value.self), MemoryLayout<BuiltinTypes>.size / 8)
        marker.markRange(UnsafeMutableRawPointer(objects).assumingMemoryBound(to: Value.self), MemoryLayout<WellKnownObjects>.size / 8)
        marker.markRange(names, WellKnownName.allCases.count)
        marker.markRange(latin1, 256)
        interned.markAll(&marker)
        var thread = threads
        while let one = thread {
            markThread(one, &marker, stackPointer)
            thread = one.pointee.nextThread
        }
        thread = lostThreads
        while let one = thread {
            markThread(one, &marker, stackPointer)
            thread = one.pointee.nextThread
        }
    }

    private func markThread(_ thread: UnsafeMutablePointer<ThreadState>, _ marker: inout Marker, _ stackPointer: UInt) {
        let state = thread.pointee
        marker.mark(state.pending)
        marker.mark(state.reprStack)
        marker.mark(state.asyncGenFirstIter)
        marker.mark(state.asyncGenFinalizer)
        marker.mark(state.traceFunction)
        marker.mark(state.profileFunction)
        marker.mark(state.contextVariables)
        marker.mark(state.handledBase.value)
        marker.mark(state.returnValue)
        marker.mark(state.leaving)
        marker.mark(state.start.function)
        marker.mark(state.start.arguments)
        marker.mark(state.start.keywords)
        marker.mark(state.sentinel)
        marker.mark(state.locals)
        if thread == running {
            scanNativeStack(state, &marker, stackPointer)
        } else if state.waitingStackPointer != 0 {
            scanNativeStack(state, &marker, state.waitingStackPointer)
        }
        markFrames(thread, &marker)
    }
}

extension InterpreterState {
    /// Scans the native stack from `stackPointer` up, without the frames of the interpreter's loop: dead copies in them would keep things alive
    /// that the program has dropped.
    private func scanNativeStack(_ state: ThreadState, _ marker: inout Marker, _ stackPointer: UInt) {
        var low = stackPointer
        var i = state.loopFrameCount
        while i > 0 {
            i -= 1
            let frame = state.loopFrames[i]
            if frame.low < low { continue }
            marker.scan(low, frame.low)
            low = frame.high
        }
        marker.scan(low, state.nativeBase)
    }

    /// Scans the VM stack from the top down: each frame's header, locals and the temporaries alive at its instruction, and what
    /// native code keeps between frames. Dead temporaries are passed over.
    func markFrames(_ thread: UnsafeMutablePointer<ThreadState>, _ marker: inout Marker) {
        let base = UInt(bitPattern: thread.pointee.stackBase)
        var end = UInt(bitPattern: thread.pointee.stackTop)
        var frame = thread.pointee.frame
        while let fp = frame {
            let lowered = fp.frameLowered
            let start = UInt(bitPattern: fp - FrameHeader.size)
            if lowered.pointee.isGenerator && fp.frameFlags & FrameFlag.generator != 0 {
                // The frame lies in its generator, which the scan of its header's owner finds.
                marker.markConservatively(UInt(bitPattern: fp))
                marker.mark(fp[FrameHeader.function])
            } else {
                let top = UInt(bitPattern: fp + lowered.pointee.frameSize)
                if end > top { marker.scan(top, end) }
                marker.scan(start, min(UInt(bitPattern: fp + lowered.pointee.localCount), max(end, start)))
                marker.scanTemporaries(fp, max(end, start))
                marker.mark(fp[FrameHeader.function])
                marker.mark(lowered.pointee.code)
                end = start
            }
            frame = fp.frameCaller
        }
        if end > base { marker.scan(base, end) }
    }
}

extension Marker {
    /// Scans the temporaries of a frame that hold something at its instruction, as far as they lie below `end`. Gaps of frame headers among
    /// them hold words of other kinds.
    mutating func scanTemporaries(_ fp: UnsafeMutablePointer<Value>, _ end: UInt) {
        let lowered = fp.frameLowered
        let word = fp.frameWordIndex
        let first = lowered.pointee.localCount
        let live = Int(lowered.pointee.liveLimits[word])
        var map = lowered.pointee.temporaryMaps[Int(lowered.pointee.temporaryMapAt[word])]
        var i = first
        while i < live && map != 0 && UInt(bitPattern: fp + i + 1) <= end {
            if map & 1 != 0 { markConservatively(fp[i].bits) }
            if i < first + 63 { map >>= 1 }
            i += 1
        }
    }
}

extension Thread {
    /// Address inside the current native frame.
    @inline(__always) static func stackAddress() -> UInt {
        var here: UInt = 0
        return withUnsafeMutablePointer(to: &here) { UInt(bitPattern: $0) }
    }

    /// How deep native code may recurse on Python data, in CPython's units: two for a run of the interpreter, one for most else.
    static var nativeRecursionLimit: Int { 1500 }

    /// Called where native code recurses on Python data; pairs with `leaveRecursion`.
    /// - Throws: RecursionError "maximum recursion depth exceeded" + `place`.
    @inline(__always) public func enterRecursion(_ place: StaticString, units: Int = 1) throws(Raised) {
        state.pointee.nativeRecursionRemaining &-= units
        if state.pointee.nativeRecursionRemaining < 0 || Thread.stackAddress() < state.pointee.nativeLimit { try recursionFailed(place, units) }
    }

    @inline(__always) public func leaveRecursion(units: Int = 1) { state.pointee.nativeRecursionRemaining &+= units }

    /// For recursion that CPython does not count: only the real stack sets a limit.
    @inline(__always) public func checkStack() throws(Raised) {
        if Thread.stackAddress() < state.pointee.nativeLimit { try recursionFailed("", 0) }
    }

    @inline(never) func recursionFailed(_ place: StaticString, _ units: Int) throws(Raised) {
        state.pointee.nativeRecursionRemaining &+= units
        // Room for the exception to be made.
        state.pointee.nativeRecursionRemaining &+= 50
        defer { state.pointee.nativeRecursionRemaining &-= 50 }
        throw self.raise(.recursionError, "maximum recursion depth exceeded\(place)")
    }
}
