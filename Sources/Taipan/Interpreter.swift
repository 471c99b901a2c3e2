// The library that a Swift program embeds: an interpreter, values in and out, Python errors as Swift errors.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanCompiler
import TaipanModules
import TaipanRuntime
import TaipanSyntax

/// A Python exception that left `run` or `evaluate`.
public struct PythonError: Error, CustomStringConvertible, Sendable {
    /// The exception's class name, such as `ZeroDivisionError`.
    public let type: String
    /// `str(exception)`.
    public let message: String
    /// The traceback as CPython would print it, the last line `type: message`.
    public let traceback: String

    public var description: String { traceback }
}

/// A value that travels between Swift and Python.
public enum PythonValue: Equatable, Sendable {
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case string(String)
    case bytes([UInt8])
    case list([PythonValue])
    /// Pairs in the dict's order.
    case dict([Pair])
    /// Any other object: its `repr`.
    case object(String)

    public struct Pair: Equatable, Sendable {
        public var key: PythonValue
        public var value: PythonValue
        public init(_ key: PythonValue, _ value: PythonValue) {
            self.key = key
            self.value = value
        }
    }
}

/// One Python interpreter: its own heap, modules and settings. Two in one process share nothing.
///
/// An interpreter runs Python on a thread of its own with a large stack; `run` and `evaluate` wait for it. Its methods are
/// not to be called from several threads at once.
public final class Interpreter {
    private let worker: Worker

    /// Starts an interpreter.
    /// - Parameter configuration: how it starts; an empty `libraryPath` looks for an installed CPython 3.12 library.
    /// - Throws: `PythonError` when start-up fails.
    public init(configuration: InterpreterConfiguration = InterpreterConfiguration()) throws {
        var configuration = configuration
        if configuration.libraryPath.isEmpty { configuration.libraryPath = LibraryLocation.find() ?? "" }
        worker = try Worker(configuration)
    }

    /// Runs statements in the module `__main__`.
    /// - Throws: `PythonError` with the traceback.
    public func run(_ source: String, filename: String = "<string>") throws {
        try worker.perform { (t) throws(Raised) in
            let dict = DictObject(t.objects.pointee.mainModule.cell[1])
            let code = try t.compile(Array(source.utf8), t.str(filename), ParserOptions(), CompilerOptions())
            _ = try t.runCode(code.value, globals: dict.value, locals: dict.value, closure: .none)
            return .none
        }
    }

    /// The value of an expression in the module `__main__`.
    /// - Throws: `PythonError` with the traceback.
    public func evaluate(_ expression: String) throws -> PythonValue {
        try worker.perform { (t) throws(Raised) in
            let dict = DictObject(t.objects.pointee.mainModule.cell[1])
            var parser = ParserOptions()
            parser.mode = .expression
            let code = try t.compile(Array(expression.utf8), t.str("<string>"), parser, CompilerOptions())
            return try t.export(try t.runCode(code.value, globals: dict.value, locals: dict.value, closure: .none), depth: 0)
        }
    }

    /// Sets a global variable of `__main__`.
    public func set(_ name: String, _ value: PythonValue) throws {
        try worker.perform { (t) throws(Raised) in
            try DictObject(t.objects.pointee.mainModule.cell[1]).setString(t, t.intern(name), try t.importValue(value))
            return .none
        }
    }
}

extension Thread {
    /// The Swift form of a Python value; containers are copied to a depth of 100.
    func export(_ value: Value, depth: Int) throws(Raised) -> PythonValue {
        if value.isNone { return .none }
        if value.isTrue || value.isFalse { return .bool(value.isTrue) }
        if isInt(value), let n = machineInt(value) { return .int(n) }
        if isFloat(value) { return .float(double(value)) }
        if value.isKind(.str) { return .string(string(value)) }
        if value.isKind(.bytes) { return .bytes(Array(BytesObject(value).buffer)) }
        if depth < 100 {
            if value.isKind(.list) || value.isKind(.tuple) {
                var items: [PythonValue] = []
                let list = try listFrom(value)
                for i in 0..<list.count { items.append(try export(list[i], depth: depth + 1)) }
                return .list(items)
            }
            if value.isKind(.dict) {
                var pairs: [PythonValue.Pair] = []
                let dict = DictObject(value)
                for i in 0..<dict.entryCount where dict.entry(i).key.isBound {
                    pairs.append(PythonValue.Pair(try export(dict.entry(i).key, depth: depth + 1), try export(dict.entry(i).value, depth: depth + 1)))
                }
                return .dict(pairs)
            }
        }
        return .object(string(try repr(value)))
    }

    /// The Python value of a Swift one; an `.object` becomes its text.
    func importValue(_ value: PythonValue) throws(Raised) -> Value {
        switch value {
        case .none: return .none
        case .bool(let b): return Value(b)
        case .int(let n): return int(n)
        case .float(let d): return float(d)
        case .string(let s), .object(let s): return str(s)
        case .bytes(let b): return try bytes(b)
        case .list(let items):
            let list = try newList(capacity: items.count)
            for item in items { try append(list, try importValue(item)) }
            return list.value
        case .dict(let pairs):
            let dict = newDict()
            for pair in pairs { try set(dict, try importValue(pair.key), try importValue(pair.value)) }
            return dict.value
        }
    }

    /// The pending exception as a Swift error; none is pending afterwards.
    func takeError() -> PythonError {
        let exception = takePending()
        guard exception.isBound else { return PythonError(type: "SystemError", message: "no exception set", traceback: "SystemError: no exception set\n") }
        let text = (try? strOf(exception)).map { string($0) } ?? "<exception str() failed>"
        state.pointee.pending = .unbound
        return PythonError(type: typeName(exception), message: text, traceback: String(decoding: (try? exceptionText(exception)) ?? [], as: UTF8.self))
    }
}

/// The thread that an interpreter lives on. Work is handed over one piece at a time.
private final class Worker: @unchecked Sendable {
    private var lock = pthread_mutex_t()
    private var changed = pthread_cond_t()
    private var work: ((Thread) throws(Raised) -> PythonValue)?
    private var result: Result<PythonValue, PythonError>?
    private var isStopping = false
    private var isDone = false

    init(_ configuration: InterpreterConfiguration) throws {
        pthread_mutex_init(&lock, nil)
        pthread_cond_init(&changed, nil)
        let stack = configuration.stackBytes
        startThread(stackBytes: stack) { [self] in live(configuration, stack) }
        _ = try wait()
    }

    deinit {
        pthread_cond_destroy(&changed)
        pthread_mutex_destroy(&lock)
    }

    @discardableResult
    func perform(_ body: @escaping (Thread) throws(Raised) -> PythonValue) throws -> PythonValue {
        pthread_mutex_lock(&lock)
        work = body
        pthread_cond_broadcast(&changed)
        pthread_mutex_unlock(&lock)
        return try wait()
    }

    private func wait() throws -> PythonValue {
        pthread_mutex_lock(&lock)
        while result == nil { pthread_cond_wait(&changed, &lock) }
        let outcome = result
        result = nil
        pthread_mutex_unlock(&lock)
        return try outcome?.get() ?? .none
    }

    private func finish(_ outcome: Result<PythonValue, PythonError>) {
        pthread_mutex_lock(&lock)
        result = outcome
        work = nil
        pthread_cond_broadcast(&changed)
        pthread_mutex_unlock(&lock)
    }

    private func live(_ configuration: InterpreterConfiguration, _ stack: Int) {
        guard let t = Thread.createInterpreter(configuration, stackBytes: stack) else {
            return finish(.failure(PythonError(type: "MemoryError", message: "", traceback: "MemoryError\n")))
        }
        do throws(Raised) {
            try t.start(registerModules: registerNativeModules, createStreams: { (t) throws(Raised) in try t.createStandardStreams() })
        } catch { return finish(.failure(t.takeError())) }
        finish(.success(.none))
        while let body = next() {
            do throws(Raised) {
                finish(.success(try body(t)))
            } catch { finish(.failure(t.takeError())) }
        }
    }

    private func next() -> ((Thread) throws(Raised) -> PythonValue)? {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        while work == nil && !isStopping { pthread_cond_wait(&changed, &lock) }
        return work
    }
}

/// Starts a detached thread with a stack of `stackBytes`.
func startThread(stackBytes: Int, _ body: @escaping () -> Void) {
    final class Box {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, stackBytes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    let context = Unmanaged.passRetained(Box(body)).toOpaque()
    pthread_create(&thread, &attributes, { raw in
        Unmanaged<Box>.fromOpaque(raw.unsafelyUnwrapped).takeRetainedValue().body()
        return nil
    }, context)
    pthread_attr_destroy(&attributes)
}
