// The library that a Swift program embeds: an interpreter, values in and out, Python errors as Swift errors.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanCompiler
import TaipanExplain
import TaipanModules
import TaipanRuntime
import TaipanSyntax

/// One Python interpreter: its own heap, modules and settings. Two in one process share nothing.
///
/// An interpreter runs Python on a thread of its own with a large stack; `run` and `evaluate` wait for it. Calls from several threads wait
/// for each other; a Swift function that Python calls may use the interpreter again. When the last reference goes, the interpreter ends:
/// exit functions and finalizers run, and its thread, stacks and heap are freed.
public final class Interpreter: Sendable {
    private let worker: Worker

    /// How an interpreter starts, and its limits of memory and stack.
    public typealias Configuration = InterpreterConfiguration

    /// Starts an interpreter.
    /// - Parameter configuration: how it starts; an empty `libraryPath` looks for an installed CPython 3.12 library.
    /// - Parameter explain: watches everything that happens from the start on; its record is up to date after every `run`, `evaluate` or call, and
    ///   complete once the interpreter has ended.
    /// - Throws: `PythonError` when start-up fails.
    public init(configuration: Configuration = Configuration(), explain recorder: ExplainRecorder? = nil) throws {
        var configuration = configuration
        LibraryLocation.locate(&configuration)
        worker = try Worker(configuration, recorder)
    }

    deinit { worker.stop() }

    /// Seconds that one `run`, `evaluate` or call may take; nil is no limit. What takes longer ends with a `TimeoutError`, which Python code
    /// cannot hold up by catching it.
    public var timeLimit: Double? {
        get { worker.timeLimit }
        set { worker.timeLimit = newValue }
    }

    /// Makes what runs now end with KeyboardInterrupt. May be called from any thread.
    public func interrupt() { worker.requestStop(.interrupted) }

    /// Runs statements in the module `__main__`.
    /// - Throws: `PythonError` with the traceback.
    public func run(_ source: String, filename: String = "<string>") throws {
        try worker.perform { (t, _) throws(Raised) in
            let dict = DictObject(t.objects.pointee.mainModule.cell[1])
            var parser = ParserOptions()
            parser.ignoreCookie = true
            let code = try t.compile(Array(source.utf8), t.str(filename), parser, CompilerOptions())
            _ = try t.runCode(code.value, globals: dict.value, locals: dict.value, closure: .none)
            return .none
        }
    }

    /// The value of an expression in the module `__main__`.
    /// - Throws: `PythonError` with the traceback.
    public func evaluate(_ expression: String) throws -> PythonValue {
        try worker.perform { (t, worker) throws(Raised) in
            let dict = DictObject(t.objects.pointee.mainModule.cell[1])
            var parser = ParserOptions()
            parser.mode = .expression
            parser.ignoreCookie = true
            let code = try t.compile(Array(expression.utf8), t.str("<string>"), parser, CompilerOptions())
            return try t.export(try t.runCode(code.value, globals: dict.value, locals: dict.value, closure: .none), worker)
        }
    }

    /// Sets a global variable of `__main__`.
    public func set(_ name: String, _ value: PythonValue) throws {
        try worker.perform { (t, worker) throws(Raised) in
            try DictObject(t.objects.pointee.mainModule.cell[1]).setString(t, t.intern(name), try t.importValue(value, worker))
            return .none
        }
    }

    /// A global variable of `__main__`, or nil.
    public func get(_ name: String) throws -> PythonValue? {
        let answer = try worker.perform { (t, worker) throws(Raised) in
            let found = DictObject(t.objects.pointee.mainModule.cell[1]).findString(t, t.intern(name))
            return found.isUnbound ? .list([]) : .list([try t.export(found, worker)])
        }
        return answer.items?.first
    }

    /// Makes a Swift function callable from Python, as the global `name` of `__main__`. It gets the positional arguments; a `PythonError` that
    /// it throws is raised in Python under its type's name when that is a builtin exception, any other error as RuntimeError.
    public func define(_ name: String, _ function: @escaping @Sendable ([PythonValue]) throws -> PythonValue) throws {
        let number = worker.add(function)
        try worker.perform { (t, _) throws(Raised) in
            try DictObject(t.objects.pointee.mainModule.cell[1]).setString(t, t.intern(name), try t.newSwiftFunction(name, number))
            return .none
        }
    }
}

extension Thread {
    /// The Swift form of a Python value; containers are copied, to a depth of 100.
    func export(_ value: Value, _ worker: Worker, depth: Int = 0) throws(Raised) -> PythonValue {
        if value.isNone { return .none }
        if value.isTrue || value.isFalse { return .bool(value.isTrue) }
        if value.isSmallInt { return .int(value.smallInt) }
        if value.isSmallFloat { return .float(value.smallFloat) }
        let type = self.type(of: value).value
        if type == types.pointee.int {
            if let n = machineInt(value) { return .int(n) }
            return .bigInt(string(try repr(value)))
        }
        if type == types.pointee.float { return .float(double(value)) }
        if type == types.pointee.str { return .string(string(value)) }
        if type == types.pointee.bytes { return .bytes(Array(BytesObject(value).buffer)) }
        if depth < 100 {
            if type == types.pointee.list || type == types.pointee.tuple {
                var items: [PythonValue] = []
                let list = try listFrom(value)
                for i in 0..<list.count { items.append(try export(list[i], worker, depth: depth + 1)) }
                return type == types.pointee.list ? .list(items) : .tuple(items)
            }
            if type == types.pointee.dict { return .dict(try exportPairs(DictObject(value), worker, depth)) }
        }
        return .object(PythonObject(worker: worker, root: try worker.keep(self, value)))
    }

    private func exportPairs(_ dict: DictObject, _ worker: Worker, _ depth: Int) throws(Raised) -> [PythonValue.Pair] {
        var pairs: [PythonValue.Pair] = []
        for i in 0..<dict.entryCount where dict.entry(i).key.isBound {
            let key = try export(dict.entry(i).key, worker, depth: depth + 1)
            pairs.append(PythonValue.Pair(key, try export(dict.entry(i).value, worker, depth: depth + 1)))
        }
        return pairs
    }

    /// The Python value of a Swift one.
    func importValue(_ value: PythonValue, _ worker: Worker) throws(Raised) -> Value {
        switch value {
        case .none: return .none
        case .bool(let b): return Value(b)
        case .int(let n): return int(n)
        case .bigInt(let digits): return try call(types.pointee.int, str(digits))
        case .float(let d): return float(d)
        case .string(let s): return str(s)
        case .bytes(let b): return try bytes(b)
        case .list(let items): return try importItems(items, worker).value
        case .tuple(let items): return try tupleFrom(try importItems(items, worker).value).value
        case .dict(let pairs):
            let dict = newDict()
            for pair in pairs { try set(dict, try importValue(pair.key, worker), try importValue(pair.value, worker)) }
            return dict.value
        case .object(let object):
            if object.worker !== worker { throw raise(.valueError, "an object of another interpreter") }
            return worker.kept(self, object.root)
        }
    }

    private func importItems(_ items: [PythonValue], _ worker: Worker) throws(Raised) -> ListObject {
        let list = try newList(capacity: items.count)
        for item in items { try append(list, try importValue(item, worker)) }
        return list
    }

    /// The pending exception as a Swift error; none is pending afterwards.
    func takeError() -> PythonError {
        let exception = takePending()
        guard exception.isBound else { return PythonError(type: "SystemError", message: "no exception set") }
        let text = (try? strOf(exception)).map { string($0) } ?? "<exception str() failed>"
        _ = takePending()
        let traceback = String(decoding: (try? exceptionText(exception)) ?? [], as: UTF8.self)
        _ = takePending()
        return PythonError(type: typeName(exception), message: text, traceback: traceback)
    }

    // MARK: Swift functions

    /// A Python callable for the worker's Swift function `number`.
    fileprivate func newSwiftFunction(_ name: String, _ number: Int) throws(Raised) -> Value {
        var type = DictObject(objects.pointee.sysDict).findString(self, intern("_taipan_swift_function"))
        if type.isUnbound {
            type = try newNativeType("swift_function", moduleName: intern("taipan"), flags: TypeFlag.noInstantiation, .values(2)) { b in
                b.slots.pointee.repr = UnarySlot { (t, v) in t.str("<Swift function \(t.string(v.cell[1]))>") }
                b.slots.pointee.call = CallSlot { (t, v, a) throws(Raised) in try t.callSwift(v.cell[2].smallInt, a) }
                b.member("__name__", word: 1)
            }.value
            try DictObject(objects.pointee.sysDict).setString(self, intern("_taipan_swift_function"), type)
        }
        let made = allocate(TypeObject(type))
        made[1] = intern(name)
        made[2] = Value(smallInt: number)
        return Value(made)
    }

    fileprivate func callSwift(_ number: Int, _ a: TaipanRuntime.Arguments) throws(Raised) -> Value {
        guard let worker = interp.pointee.moduleStates["taipan.embedding"] as? Worker, let function = worker.function(number) else {
            throw raise(.runtimeError, "the Swift function is gone")
        }
        if a.keywords.isBound && TupleObject(a.keywords).count > 0 { throw raise(.typeError, "a Swift function takes no keyword arguments") }
        var arguments: [PythonValue] = []
        for i in 0..<a.count { arguments.append(try export(a[i], worker)) }
        let answer: PythonValue
        do { answer = try function(arguments) } catch { throw raiseSwift(error) }
        return try importValue(answer, worker)
    }

    private func raiseSwift(_ error: any Error) -> Raised {
        guard let known = error as? PythonError else { return raise(.runtimeError, "\(error)") }
        let type = DictObject(objects.pointee.builtins).findString(self, intern(known.type))
        if type.isKind(.type) && isSubtype(TypeObject(type), of: types.pointee.baseException) { return raise(type: type, str(known.message)) }
        return raise(.runtimeError, known.type + ": " + known.message)
    }
}
