// Watching a run from Swift. A run observer is told of every instruction and of the rarer things around them. It is no tool in the sense of
// PEP 669: programs do not see it, tools go on working beside it, and code that tools run is watched like any other. Where nobody
// watches, this costs a nil check in places that are cold: an import, a collection, a write to a descriptor.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What is told of a run. The functions are called on the thread that they are about, which holds the interpreter's lock. They must not run
/// Python code, allocate Python objects or raise: a program must not notice that it is watched.
public protocol RunObserver: AnyObject {
    /// An instruction is about to run. Calls, returns and yields are told by their instructions; a frame begins with unit 0.
    func instructionStarts(_ t: Thread, _ point: RunPoint)
    /// `exception` is on its way through the frame; `isAgain` when it has been raised before and goes on.
    func exceptionPasses(_ t: Thread, _ frame: RunFrame, _ exception: Value, isAgain: Bool)
    /// The exception is handled: the frame goes on at `unit`.
    func handlerEntered(_ t: Thread, _ frame: RunFrame, unit: Int)
    /// The frame ends by the exception.
    func frameUnwound(_ t: Thread, _ frame: RunFrame)
    /// An exception is thrown into a generator's frame, which becomes the running one.
    func frameThrownInto(_ t: Thread, _ frame: RunFrame, _ exception: Value)
    /// Anything else.
    func happened(_ t: Thread, _ event: RunEvent)
}

/// What happens now and then.
public enum RunEvent {
    /// A step of start-up is done.
    case startedUp(step: String, detail: String)
    /// A module that is not there yet is looked for.
    case importBegins(String)
    /// Where its code comes from, told before it runs.
    case importFound(ImportFinding)
    case importEnds(String, succeeded: Bool, microseconds: Double, ownMicroseconds: Double)
    /// Text went into standard output (1) or error (2).
    case textWritten(stream: Int, text: Value, byteCount: Int)
    /// Bytes reached a descriptor.
    case transferred(descriptor: Int, byteCount: Int, reason: StaticString, microseconds: Double)
    case collected(reason: StaticString, microseconds: Double, bytesBefore: Int, bytesAfter: Int)
    /// The finalizer of `object` is about to run, or the callback of a weak reference.
    case finalizes(Value, isCallback: Bool)
    case exitFunctionRan(Value, microseconds: Double)
    case threadStarts(function: Value)
    /// The running thread has the interpreter's lock, which another one had last.
    case lockTaken
    /// The inline cache of the running instruction was filled: what the instruction has become, in words, and whether the cache held something else before.
    case cacheFilled(form: String, isAnew: Bool)
    /// Every inline cache of attributes was emptied: a class has changed in a way that they do not look for.
    case cachesEmptied
    /// The running thread ends: nothing more will be told of it.
    case threadEnds
    /// Code without a file that runs from here on is start-up's, not the program's, until it is told otherwise.
    case startupCode(begins: Bool)
    /// The process is about to end, or to become another program, without anything that a normal end does.
    case processEnds(how: StaticString, status: Int)
    /// This process is the child of a fork: it is not the run that is watched.
    case forked
}

/// Where the code of a module comes from.
public struct ImportFinding: Sendable {
    /// "cached", "compiled", "built-in", "without source", "namespace", "by a finder of the program"; `unusable` when it turns out that the code
    /// cannot be had.
    public var result: String
    public var reason: String
    public var source: String
    public var cache: String

    public static var unusable: String { "unusable" }
}

/// The identity of a frame while it lives, and its slots.
public struct RunFrame: BitwiseCopyable {
    public let slots: UnsafeMutablePointer<Value>

    /// The instruction that the frame is at, in code units.
    public var unit: Int { slots.frameUnitOffset }
    public var code: Value { slots.frameLowered.pointee.code }
    /// The frame that called, or nil.
    public var caller: RunFrame? { slots.frameCaller.map { RunFrame(slots: $0) } }
    public var globals: Value { slots.frameFunction.globals }
    public var function: Value { slots[FrameHeader.function] }
}

/// An instruction that is about to run.
public struct RunPoint: BitwiseCopyable {
    /// The frame's slots: locals, cells and free variables come first.
    public let slots: UnsafeMutablePointer<Value>
    /// The slots of the stack's entries, bottom first; an entry that is unbound is a NULL.
    public let stack: UnsafePointer<UInt16>
    public let stackDepth: Int
    /// Where it is, in code units; EXTENDED_ARG counts as part of its instruction.
    public let unit: Int
    /// True where `sys.settrace` would look for a new line.
    public let mayStartLine: Bool
    /// A number for the code object that is the observer's to set; 0 at first.
    public let number: UnsafeMutablePointer<Int>
    public let code: Value

    public var frame: RunFrame { RunFrame(slots: slots) }
    /// Entry `i` from the bottom.
    @inline(__always) public func entry(_ i: Int) -> Value { slots[Int(stack[i])] }
}

extension GeneratorObject {
    /// What its frame is told as.
    public var runFrame: RunFrame { RunFrame(slots: frame) }
}

extension Thread {
    /// From now on, everything that runs is told to the interpreter's observer, on every thread.
    public func startObservingRun() throws(Raised) {
        if interp.pointee.runObserver == nil { return }
        interp.pointee.monitoring.tellsObserver = true
        try updateObservation()
    }

    /// Tells no more, in a process that a fork has made.
    public func forgetRunObserver() {
        guard let observer = interp.pointee.runObserver else { return }
        observer.happened(self, .forked)
        interp.pointee.runObserver = nil
        interp.pointee.monitoring.tellsObserver = false
        state.pointee.pending = keepingPending { (t) throws(Raised) in try t.updateObservation() }
    }

    /// Runs `body`, whose failure does not matter; gives the exception that was pending before.
    private func keepingPending(_ body: (Thread) throws(Raised) -> Void) -> Value {
        let pending = takePending()
        do throws(Raised) { try body(self) } catch { _ = takePending() }
        return pending
    }

    /// Tells of something rare.
    @inline(__always) public func tell(_ event: @autoclosure () -> RunEvent) {
        if let observer = interp.pointee.runObserver { observer.happened(self, event()) }
    }

    /// A word of the exact form, told before tools are.
    func tellInstruction(_ observer: any RunObserver, _ fp: UnsafeMutablePointer<Value>, _ observed: UnsafeMutablePointer<ObservedCode>,
                         _ ip: UnsafeMutablePointer<UInt64>, _ mayStartLine: Bool) {
        // The frame is still at the instruction before, of which tools are yet to be told; a collection must see what is alive here.
        let before = fp[FrameHeader.ip]
        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
        defer { fp[FrameHeader.ip] = before }
        let unit = fp.frameUnitOffset
        guard let homes = observed.pointee.stackHomes, let starts = observed.pointee.stackStarts, starts[unit] >= 0 else { return }
        let place = homes + Int(starts[unit])
        observer.instructionStarts(self, RunPoint(slots: fp, stack: place + 1, stackDepth: Int(place[0]), unit: unit, mayStartLine: mayStartLine,
                                                  number: observed.pointee.observerNumber, code: observed.pointee.ordinary.pointee.code))
    }

    func tellException(_ observer: any RunObserver, _ event: ObservedEvent, _ frame: RunFrame) {
        if !interp.pointee.monitoring.tellsObserver { return }
        switch event {
        case .pyUnwind: observer.frameUnwound(self, frame)
        case .pyThrow: observer.frameThrownInto(self, frame, state.pointee.pending)
        default: observer.exceptionPasses(self, frame, state.pointee.pending, isAgain: event == .reraise)
        }
    }

    /// Microseconds on the clock that observers are told times of.
    public static func clockMicroseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1000
    }
}

/// Why bytes go to a descriptor, while something that has a reason of its own makes them go.
extension Thread {
    /// Runs `body` with `reason` as that of the transfers in it, unless there is one already.
    public func transferring<Result>(_ reason: StaticString, _ body: () throws(Raised) -> Result) throws(Raised) -> Result {
        if interp.pointee.runObserver == nil || interp.pointee.transferReason != nil { return try body() }
        interp.pointee.transferReason = reason
        defer { interp.pointee.transferReason = nil }
        return try body()
    }
}
