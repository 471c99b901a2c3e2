// The thread that an interpreter lives on. Work is handed over one piece at a time, and comes back as a value or an error.

import CTaipan
#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanExplain
import TaipanModules
import TaipanRuntime

/// Everything here that two threads touch is under `lock`; what the interpreter owns, only its own thread touches.
final class Worker: @unchecked Sendable {
    typealias Work = (Thread, Worker) throws(Raised) -> PythonValue
    enum Stop { case interrupted, timedOut }

    private var lock = pthread_mutex_t()
    private var changed = pthread_cond_t()
    /// One caller at a time.
    private var turn = pthread_mutex_t()
    private var work: Work?
    private var result: Result<PythonValue, PythonError>?
    private var isStopping = false
    private var hasEnded = false
    private var request: Stop?
    private var limit: Double?
    private var thread = pthread_t()
    /// The interpreter's thread, while it lives.
    private var t: Thread?
    private var functions: [@Sendable ([PythonValue]) throws -> PythonValue] = []
    /// Places among the roots that are free, and places that Swift has let go of.
    private var freeRoots: [Int] = []
    private var released: [Int] = []

    /// Who watches, if anybody does; touched by the interpreter's thread while it works, by others while it does not.
    private let recorder: ExplainRecorder?

    init(_ configuration: InterpreterConfiguration, _ recorder: ExplainRecorder? = nil) throws {
        self.recorder = recorder
        pthread_mutex_init(&lock, nil)
        pthread_mutex_init(&turn, nil)
        pthread_cond_init(&changed, nil)
        let stack = AddressSpace.stackBytes(configuration.stackBytes)
        guard let thread = startThread(stackBytes: stack, { [self] in live(configuration, stack) }) else {
            throw PythonError(type: "RuntimeError", message: "can't start new thread")
        }
        self.thread = thread
        do { _ = try wait() } catch {
            join()
            throw error
        }
    }

    deinit {
        pthread_cond_destroy(&changed)
        pthread_mutex_destroy(&turn)
        pthread_mutex_destroy(&lock)
    }

    private func locked<Answer>(_ body: () throws -> Answer) rethrows -> Answer {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        return try body()
    }

    var timeLimit: Double? {
        get { locked { limit } }
        set { locked { limit = newValue } }
    }

    // MARK: The caller's side

    /// Has the interpreter do `body`, and waits for it. On the interpreter's own thread it is done at once.
    @discardableResult
    func perform(_ body: @escaping Work) throws -> PythonValue {
        if pthread_equal(pthread_self(), thread) != 0, let t {
            do throws(Raised) { return try body(t, self) } catch { throw t.takeError() }
        }
        pthread_mutex_lock(&turn)
        defer { pthread_mutex_unlock(&turn) }
        let canWork = locked {
            if hasEnded || isStopping { return false }
            work = body
            request = nil
            pthread_cond_broadcast(&changed)
            return true
        }
        if !canWork { throw PythonError(type: "RuntimeError", message: "the interpreter has ended") }
        return try wait()
    }

    private func wait() throws -> PythonValue {
        pthread_mutex_lock(&lock)
        var end = timespec()
        if let limit {
            clock_gettime(CLOCK_REALTIME, &end)
            let nanoseconds = end.tv_nsec + Int(min(max(limit, 0), 1e9) * 1e9)
            end.tv_sec += nanoseconds / 1_000_000_000
            end.tv_nsec = nanoseconds % 1_000_000_000
        }
        while result == nil {
            if limit == nil || request != nil {
                pthread_cond_wait(&changed, &lock)
            } else if pthread_cond_timedwait(&changed, &lock, &end) == ETIMEDOUT && result == nil {
                setStop(.timedOut)
            }
        }
        let outcome = result
        result = nil
        pthread_mutex_unlock(&lock)
        return try outcome?.get() ?? .none
    }

    func requestStop(_ kind: Stop) {
        locked { if work != nil { setStop(kind) } }
    }

    private func setStop(_ kind: Stop) {
        request = kind
        if let t { ctaipan_request_stop(&t.state.pointee.breaker) }
    }

    /// Ends the interpreter and waits until its thread has freed everything.
    func stop() {
        let isFirst = locked {
            if isStopping { return false }
            isStopping = true
            pthread_cond_broadcast(&changed)
            return true
        }
        if isFirst { join() }
    }

    private func join() {
        if pthread_equal(pthread_self(), thread) != 0 { pthread_detach(thread) } else { pthread_join(thread, nil) }
    }

    func add(_ function: @escaping @Sendable ([PythonValue]) throws -> PythonValue) -> Int {
        locked {
            functions.append(function)
            return functions.count - 1
        }
    }

    func function(_ number: Int) -> (@Sendable ([PythonValue]) throws -> PythonValue)? { locked { number < functions.count ? functions[number] : nil } }

    // MARK: Objects that Swift holds

    func release(_ root: Int) { locked { released.append(root) } }

    /// Keeps a value alive; gives its place.
    func keep(_ t: Thread, _ value: Value) throws(Raised) -> Int {
        let roots = ListObject(t.kept("taipan.roots"))
        if let place = locked({ freeRoots.popLast() }) {
            roots[place] = value
            return place
        }
        try t.append(roots, value)
        return roots.count - 1
    }

    func kept(_ t: Thread, _ root: Int) -> Value { ListObject(t.kept("taipan.roots"))[root] }

    private func dropReleased(_ t: Thread) {
        let places = locked {
            let places = released
            released = []
            freeRoots += places
            return places
        }
        for place in places { ListObject(t.kept("taipan.roots"))[place] = .none }
    }

    func call(_ object: PythonObject, _ arguments: [PythonValue]) throws -> PythonValue {
        try perform { (t, worker) throws(Raised) in
            let values = try t.importValue(.tuple(arguments), worker)
            return try t.export(try t.call(worker.kept(t, object.root), tuple: values), worker)
        }
    }

    func attribute(_ object: PythonObject, _ name: String) throws -> PythonValue {
        try perform { (t, worker) throws(Raised) in try t.export(try t.getattr(worker.kept(t, object.root), t.intern(name)), worker) }
    }

    func repr(_ object: PythonObject) throws -> String {
        guard case .string(let text) = try perform({ (t, worker) throws(Raised) in
            .string(t.string(try t.repr(worker.kept(t, object.root))))
        }) else { return "" }
        return text
    }

    func isSame(_ left: PythonObject, _ right: PythonObject) throws -> Bool {
        if right.worker !== self { return false }
        return try perform { (t, worker) throws(Raised) in .bool(worker.kept(t, left.root) == worker.kept(t, right.root)) } == .bool(true)
    }

    // MARK: The interpreter's side

    private func finish(_ outcome: Result<PythonValue, PythonError>) {
        locked {
            result = outcome
            work = nil
            pthread_cond_broadcast(&changed)
        }
    }

    private func live(_ configuration: InterpreterConfiguration, _ stack: Int) {
        guard let t = Thread.createInterpreter(configuration, stackBytes: stack, observer: recorder) else {
            locked { hasEnded = true }
            return finish(.failure(PythonError(type: "MemoryError", message: "")))
        }
        self.thread = pthread_self()
        do throws(Raised) {
            try t.start(registerModules: registerNativeModules, createStreams: { (t) throws(Raised) in try t.createStandardStreams() })
            try t.keep("taipan.roots", try t.newList().value)
            t.interp.pointee.moduleStates["taipan.embedding"] = self
            t.interp.pointee.signalHandler = { [unowned self] (t) throws(Raised) in try checkStop(t) }
            if !configuration.noSite {
                try t.runSite()
                t.tell(.startedUp(step: "site", detail: "site-packages and .pth files"))
            }
            try recorder?.begin(t)
        } catch {
            let failure = t.takeError()
            locked { hasEnded = true }
            t.destroyInterpreter()
            return finish(.failure(failure))
        }
        locked { self.t = t }
        finish(.success(.none))
        while let body = t.blocking({ next() }) {
            dropReleased(t)
            t.heap.pointee.isExhausted = false
            let answer: Result<PythonValue, PythonError>
            do throws(Raised) { answer = .success(try body(t, self)) } catch { answer = .failure(failure(t)) }
            recorder?.update(t)
            finish(answer)
        }
        end(t)
    }

    private func next() -> Work? {
        locked {
            while work == nil && !isStopping { pthread_cond_wait(&changed, &lock) }
            return work
        }
    }

    /// Raises again and again until nothing of the program runs any more.
    private func checkStop(_ t: Thread) throws(Raised) {
        guard let kind = locked({ request }) else { return }
        t.state.pointee.breaker = 1
        throw kind == .interrupted ? t.raise(.keyboardInterrupt) : t.raise(.timeoutError, "the time limit is over")
    }

    private func failure(_ t: Thread) -> PythonError {
        // Asking the exception for its text must not be stopped too.
        locked { request = nil }
        return t.takeError()
    }

    private func end(_ t: Thread) {
        _ = t.finish(0) { _ in recorder?.finish(t) }
        locked {
            hasEnded = true
            self.t = nil
            functions = []
        }
        t.interp.pointee.moduleStates = [:]
        t.interp.pointee.signalHandler = nil
        t.destroyInterpreter()
    }
}

/// Starts a thread with a stack of `stackBytes`; nil when the system refuses.
func startThread(stackBytes: Int, _ body: @escaping () -> Void) -> pthread_t? {
    final class Box {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, stackBytes)
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(body))
    let status = pthread_create(&thread, &attributes, { raw in
        Unmanaged<Box>.fromOpaque(raw.unsafelyUnwrapped).takeRetainedValue().body()
        return nil
    }, box.toOpaque())
    if status == 0 { return thread }
    box.release()
    return nil
}
