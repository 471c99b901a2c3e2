// The recorder: watches a run and fills the record. This file owns its settings, its memory and the beginning; the instructions are in
// ExplainRecorder+Execution.swift, everything rarer in ExplainRecorder+Events.swift, and the record is put together in
// ExplainRecorder+Record.swift.

import TaipanBytecode
import TaipanRuntime

/// Watches what a Python program does and tells it as an `ExplainRecord`.
///
///     let recorder = ExplainRecorder(limit: 500)
///     let python = try Interpreter(explain: recorder)
///     try python.run("print(sum(range(10)))")
///     for step in recorder.record.execution?.steps ?? [] { print(step.before) }
///
/// The program does not notice: its output, its exit status and the order of what it does stay what they are, and `sys.settrace` and
/// `sys.monitoring` are its own. It runs several times slower. Memory is bounded whatever the program does: of instructions the first
/// `limit` and the last 200 are kept, of output the first 64 and the last 16 KB, of imports, transfers and collections as many as a program
/// that does not set out to make many of them has; the rest is counted.
public final class ExplainRecorder: RunObserver, @unchecked Sendable {
    /// How many of the last instructions are kept.
    public static var lastLimit: Int { 200 }
    /// Events that one instruction keeps; one call of `sorted` may call a million functions.
    static var eventLimit: Int { 64 }
    static var codeLimit: Int { 10_000 }
    static var aliveLimit: Int { 200 }
    static var rootLimit: Int { 2048 }
    static var scratchWords: Int { 2048 }

    /// How many of the first instructions are kept.
    public let limit: Int
    /// Whether look-ups of attributes are told step by step.
    public let tellsAttributes: Bool
    /// The file whose code is the program's; empty is the first code that does not belong to the library.
    public var scriptFile = ""
    /// Called when the process ends where it stands or becomes another program, after the record is complete; with how and the exit status.
    public var onProcessEnd: ((_ how: String, _ status: Int) -> Void)?

    /// Called with the program's first code when nobody said what it is, before its first instruction.
    public var onScriptFound: ((_ t: Thread, _ code: CodeCell) -> Void)?
    /// This process is the child of the one that is watched.
    public internal(set) var isForked = false
    /// What goes to standard error is the text of the exception that ended the program.
    var watchesUncaught = false
    var uncaught = ""

    /// What was recorded so far: complete when the run is over.
    public var record = ExplainRecord()

    // What every instruction touches.
    var total = 0
    var hasBegun = false
    var hasEnded = false
    var thread: UnsafeMutablePointer<ThreadTrack>?
    var beginning = 0.0
    /// The last reading of the clock, and the line whose time runs since then.
    var now = 0.0
    var lineTrack: UnsafeMutablePointer<CodeTrack>?
    var lineUnit = 0

    var threads: [UnsafeMutablePointer<ThreadTrack>] = []
    var codes: [CodeInfo] = []
    var overflow: CodeInfo?
    /// Addresses of code objects nested in code that has no file, with whether it is recorded one by one.
    var nestedKinds: [UInt: Bool] = [:]
    var scriptCodes: [UInt: Int] = [:]
    var scriptRoot = -1
    var library = ""
    var suspended: [UInt: ShadowFrame] = [:]
    /// Pieces of start-up's own code that are under way, and how many threads there have been.
    var startupDepth = 0
    var threadCount = 0
    /// The number of the thread that ran last.
    var lastThread = 0
    var frameCount = 0

    /// The first instructions. Until the record is put together their frames are the frames' numbers.
    var steps: [ExecutionRecord.Step] = []
    /// Frames of `steps`, and the last ones entered, by number.
    var firstFrames: [Int: FrameNumber] = [:]
    var recentFrames: [FrameNumber] = []
    var recentPlace = 0
    var ring: StepRing

    /// Kept alive: added to the heap's roots. Code objects, then scratch, then the ring's words.
    let roots: UnsafeMutablePointer<Value>
    let rootCount: Int
    var rootsUsed = 0
    var heap: Heap?

    var events = EventLog()

    /// - Parameter limit: how many of the first instructions are kept.
    /// - Parameter tellsAttributes: whether each look-up of an attribute is told step by step.
    public init(limit: Int = 2000, tellsAttributes: Bool = false) {
        self.limit = max(0, limit)
        self.tellsAttributes = tellsAttributes
        rootCount = ExplainRecorder.rootLimit + ExplainRecorder.scratchWords + ExplainRecorder.lastLimit * StepRing.wordCount
        roots = .allocate(capacity: rootCount)
        roots.initialize(repeating: .unbound, count: rootCount)
        ring = StepRing(ExplainRecorder.lastLimit, roots + ExplainRecorder.rootLimit + ExplainRecorder.scratchWords)
        events.start()
    }

    deinit {
        for one in threads {
            one.pointee.free()
            one.deallocate()
        }
        ring.free()
        roots.deallocate()
    }

    /// An interpreter is about to be made: what its start-up takes counts from here, and not from when the recorder was made.
    public func startupBegins() { events.start() }

    /// Begins to watch instructions; start-up has been watched from its own start.
    public func begin(_ t: Thread) throws(Raised) {
        library = t.interp.pointee.config.libraryPath
        heap = t.heap
        // What start-up allocated is told with its steps.
        events.allocated = 0
        events.left = t.heap.pointee.bytesInUse
        t.heap.addRoots(roots, count: rootCount)
        try t.startObservingRun()
    }

    /// The run is over: nothing more is watched, and what has been is put into `record`.
    public func finish(_ t: Thread) {
        if hasEnded { return }
        collectRecord(t)
        hasEnded = true
        record.output?.alive = t.census().prefix(ExplainRecorder.aliveLimit).map {
            var made = OutputRecord.Alive()
            made.type = $0.type
            made.count = $0.count
            made.bytes = $0.bytes
            return made
        }
        if heap != nil { t.heap.removeRoots(roots) }
        heap = nil
    }

    /// Puts what has happened so far into `record`, between two pieces of a run.
    public func update(_ t: Thread) { if !hasEnded { collectRecord(t) } }

    /// Tells which code is the program's, before it runs.
    public func useScript(_ t: Thread, _ code: CodeCell) {
        if scriptRoot >= 0 || rootsUsed >= ExplainRecorder.rootLimit { return }
        scriptRoot = rootsUsed
        roots[rootsUsed] = code.value
        rootsUsed += 1
        var count = 0
        numberScriptCodes(code, &count)
        noteNested(code, true)
        fillRegisterWords(t)
    }

    /// From now on, what goes to standard error tells of the exception that ended the program.
    public func watchUncaught() { watchesUncaught = true }

    public func stopWatchingUncaught() { watchesUncaught = false }

    /// Puts what is known of start-up into the record.
    public func fillStartup() {
        var startup = record.startup ?? StartupRecord()
        startup.steps = events.startSteps
        record.startup = startup
    }

    /// All that start-up took.
    public var startupMicroseconds: Double { events.startSteps.reduce(0) { $0 + $1.microseconds } }

    var scratch: UnsafeMutablePointer<Value> { roots + ExplainRecorder.rootLimit }

    // MARK: Code

    /// The track of a code object that is seen for the first time.
    func newTrack(_ t: Thread, _ point: RunPoint) -> UnsafeMutablePointer<CodeTrack> {
        if codes.count >= ExplainRecorder.codeLimit {
            let shared = overflow ?? CodeInfo(overflowAt: codes.count)
            if overflow == nil {
                overflow = shared
                codes.append(shared)
            }
            point.number.pointee = Int(bitPattern: shared.track)
            return shared.track
        }
        let code = CodeCell(point.code)
        if scriptRoot < 0 { findScript(t, point, code) }
        let info = CodeInfo(t, code, index: codes.count, isDetailed: isDetailed(t, code), scratch: scratch)
        if info.track.pointee.isDetailed { keepCode(info, code) }
        codes.append(info)
        point.number.pointee = Int(bitPattern: info.track)
        return info.track
    }

    /// Nobody said what the program is: it is the module that runs as `__main__`, wherever it is.
    private func findScript(_ t: Thread, _ point: RunPoint, _ code: CodeCell) {
        let globals = point.frame.globals
        guard t.string(code.name) == "<module>", globals.isKind(.dict) else { return }
        let name = DictObject(globals).findString(t, t.name(.__name__))
        if !name.isKind(.str) || t.string(name) != "__main__" { return }
        scriptFile = t.string(code.filename)
        if let onScriptFound { onScriptFound(t, code) } else { useScript(t, code) }
    }

    /// Whether a code object belongs to the program, not to the library. Code that has no file belongs to whoever made it run first.
    private func isDetailed(_ t: Thread, _ code: CodeCell) -> Bool {
        let file = t.string(code.filename)
        if !scriptFile.isEmpty && file == scriptFile && !file.hasPrefix("<") { return true }
        if file.hasPrefix(library + "/") || file.hasPrefix("<frozen") { return false }
        if !file.hasPrefix("<") { return true }
        if let known = nestedKinds[code.value.bits] { return known }
        let answer = startupDepth > 0 ? false : thread.map { $0.pointee.count == 0 || $0.pointee.top.pointee.track.pointee.isDetailed } ?? true
        noteNested(code, answer)
        return answer
    }

    private func noteNested(_ code: CodeCell, _ answer: Bool) {
        if nestedKinds.count > ExplainRecorder.codeLimit { return }
        nestedKinds[code.value.bits] = answer
        forEachNested(code) { noteNested($0, answer) }
    }

    private func forEachNested(_ code: CodeCell, _ body: (CodeCell) -> Void) {
        let constants = TupleObject(code.consts)
        for i in 0..<constants.count where constants[i].hasLayout(.code) { body(CodeCell(constants[i])) }
    }

    /// Keeps the code object until the end, when its listing is made. The script's own come with everything nested in them.
    private func keepCode(_ info: CodeInfo, _ code: CodeCell) {
        if let index = scriptCodes[code.value.bits] { info.scriptIndex = index } else if info.root < 0 { _ = keep(code, info) }
    }

    private func keep(_ code: CodeCell, _ info: CodeInfo) -> Bool {
        if rootsUsed >= ExplainRecorder.rootLimit { return false }
        info.root = rootsUsed
        roots[rootsUsed] = code.value
        rootsUsed += 1
        return true
    }

    /// In the order in which `dis` comes to them.
    private func numberScriptCodes(_ code: CodeCell, _ count: inout Int) {
        scriptCodes[code.value.bits] = count
        count += 1
        forEachNested(code) { numberScriptCodes($0, &count) }
    }
}
