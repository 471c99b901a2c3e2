// Values that travel between Swift and Python, and the errors that come out.

/// A Python exception that left `run`, `evaluate` or a call.
public struct PythonError: Error, CustomStringConvertible, Sendable {
    /// The exception's class name, such as `ZeroDivisionError`.
    public let type: String
    /// `str(exception)`.
    public let message: String
    /// The traceback as CPython would print it, the last line `type: message`.
    public let traceback: String

    public init(type: String, message: String, traceback: String = "") {
        self.type = type
        self.message = message
        self.traceback = traceback.isEmpty ? (message.isEmpty ? type : type + ": " + message) + "\n" : traceback
    }

    public var description: String { traceback }
}

/// A value on its way between Swift and Python. What has no Swift form is an `object`.
public enum PythonValue: Equatable, Sendable {
    case none
    case bool(Bool)
    case int(Int)
    /// An int that does not fit 64 bits, in decimal.
    case bigInt(String)
    case float(Double)
    case string(String)
    case bytes([UInt8])
    case list([PythonValue])
    case tuple([PythonValue])
    /// Pairs in the dict's order.
    case dict([Pair])
    /// Any other object, which lives on in its interpreter.
    case object(PythonObject)

    public struct Pair: Equatable, Sendable {
        public var key: PythonValue
        public var value: PythonValue
        public init(_ key: PythonValue, _ value: PythonValue) {
            self.key = key
            self.value = value
        }
    }

    /// The value of a str key in a dict.
    public subscript(_ key: String) -> PythonValue? {
        guard case .dict(let pairs) = self else { return nil }
        return pairs.last { $0.key == .string(key) }?.value
    }

    /// The items of a list or a tuple.
    public var items: [PythonValue]? {
        switch self {
        case .list(let items), .tuple(let items): items
        default: nil
        }
    }
}

extension PythonValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    public init(nilLiteral: ()) { self = .none }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .float(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: PythonValue...) { self = .list(elements) }
    public init(dictionaryLiteral elements: (PythonValue, PythonValue)...) { self = .dict(elements.map { Pair($0.0, $0.1) }) }
}

/// A Python object that Swift holds on to: a function, an instance, anything without a Swift form. It lives as long as this does, and no
/// longer than its interpreter.
public final class PythonObject: Equatable, Sendable, CustomStringConvertible {
    let worker: Worker
    /// Its place among the interpreter's roots.
    let root: Int

    init(worker: Worker, root: Int) {
        self.worker = worker
        self.root = root
    }

    deinit { worker.release(root) }

    /// Calls the object.
    /// - Throws: `PythonError`; its type is `RuntimeError` when the interpreter is gone.
    public func call(_ arguments: PythonValue...) throws -> PythonValue { try worker.call(self, arguments) }

    /// The attribute `name`.
    public func attribute(_ name: String) throws -> PythonValue { try worker.attribute(self, name) }

    /// Its `repr`.
    public var description: String { (try? worker.repr(self)) ?? "<object of an interpreter that has ended>" }

    /// The same object.
    public static func == (left: PythonObject, right: PythonObject) -> Bool { left === right || ((try? left.worker.isSame(left, right)) ?? false) }
}
