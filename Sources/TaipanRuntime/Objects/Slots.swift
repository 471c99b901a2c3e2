// A type's slots: what the interpreter calls for an operation without looking a name up. A builtin
// type fills them with native functions; a Python class gets functions that call its dunder methods.
//
// A slot stores only the code address of a capture-free function. It is called through the `thin`
// convention, so that loading and calling it counts no reference.

/// Arguments of a call: `count` positional ones at `base`, then the values of the keywords named in the tuple `keywords` (or unbound).
@frozen public struct Arguments: BitwiseCopyable {
    public var base: UnsafeMutablePointer<Value>
    public var count: Int
    public var keywords: Value
    @inlinable @inline(__always) public init(_ base: UnsafeMutablePointer<Value>, _ count: Int, _ keywords: Value = .unbound) {
        self.base = base
        self.count = count
        self.keywords = keywords
    }
    /// Argument `i`; unbound when an optional parameter was not given.
    @inlinable @inline(__always) public subscript(_ i: Int) -> Value { base[i] }
    /// The arguments without the first.
    @inlinable @inline(__always) public var dropFirst: Arguments { Arguments(base + 1, count &- 1, keywords) }
}

public typealias NativeBody = (Thread, Arguments) throws(Raised) -> Value

/// The code address of a capture-free function value.
@inline(__always) func codeAddress<Box>(_ box: Box) -> UInt {
    let words = unsafeBitCast(box, to: (UInt, UInt).self)
    precondition(words.1 == 0, "a slot function must not capture")
    return words.0
}

/// `NativeBody` as a stored word.
public struct BodySlot: BitwiseCopyable {
    public var address: UInt
    private struct Box { let function: NativeBody }
    @inline(never) public init(_ function: @escaping NativeBody) { address = codeAddress(Box(function: function)) }
    init(address: UInt) { self.address = address }
    @inline(__always) public func callAsFunction(_ t: Thread, _ a: Arguments) throws(Raised) -> Value {
        try unsafeBitCast(address, to: (@convention(thin) (Thread, Arguments) throws(Raised) -> Value).self)(t, a)
    }
}

/// `value → value`: repr, str, iter, next (unbound: exhausted), negative, index, …
public struct UnarySlot: BitwiseCopyable {
    public var address: UInt = 0
    private struct Box { let function: (Thread, Value) throws(Raised) -> Value }
    public init() {}
    @inline(never) public init(_ function: @escaping (Thread, Value) throws(Raised) -> Value) { address = codeAddress(Box(function: function)) }
    @inline(__always) public var isSet: Bool { address != 0 }
    @inline(__always) public func callAsFunction(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        try unsafeBitCast(address, to: (@convention(thin) (Thread, Value) throws(Raised) -> Value).self)(t, v)
    }
}

/// `value → Int`: hash, length.
public struct IntSlot: BitwiseCopyable {
    public var address: UInt = 0
    private struct Box { let function: (Thread, Value) throws(Raised) -> Int }
    public init() {}
    @inline(never) public init(_ function: @escaping (Thread, Value) throws(Raised) -> Int) { address = codeAddress(Box(function: function)) }
    @inline(__always) public var isSet: Bool { address != 0 }
    @inline(__always) public func callAsFunction(_ t: Thread, _ v: Value) throws(Raised) -> Int {
        try unsafeBitCast(address, to: (@convention(thin) (Thread, Value) throws(Raised) -> Int).self)(t, v)
    }
}

/// `value → Bool`: truth.
public struct BoolSlot: BitwiseCopyable {
    public var address: UInt = 0
    private struct Box { let function: (Thread, Value) throws(Raised) -> Bool }
    public init() {}
    @inline(never) public init(_ function: @escaping (Thread, Value) throws(Raised) -> Bool) { address = codeAddress(Box(function: function)) }
    @inline(__always) public var isSet: Bool { address != 0 }
    @inline(__always) public func callAsFunction(_ t: Thread, _ v: Value) throws(Raised) -> Bool {
        try unsafeBitCast(address, to: (@convention(thin) (Thread, Value) throws(Raised) -> Bool).self)(t, v)
    }
}

/// `(value, value) → value`: arithmetic (NotImplemented: not mine), attribute lookup (unbound: not found), subscript.
public struct BinarySlot: BitwiseCopyable {
    public var address: UInt = 0
    private struct Box { let function: (Thread, Value, Value) throws(Raised) -> Value }
    public init() {}
    @inline(never) public init(_ function: @escaping (Thread, Value, Value) throws(Raised) -> Value) { address = codeAddress(Box(function: function)) }
    @inline(__always) public var isSet: Bool { address != 0 }
    @inline(__always) public func callAsFunction(_ t: Thread, _ v: Value, _ w: Value) throws(Raised) -> Value {
        try unsafeBitCast(address, to: (@convention(thin) (Thread, Value, Value) throws(Raised) -> Value).self)(t, v, w)
    }
}

/// `(container, item) → Bool`.
public struct ContainsSlot: BitwiseCopyable {
    public var address: UInt = 0
    private struct Box { let function: (Thread, Value, Value) throws(Raised) -> Bool }
    public init() {}
    @inline(never) public init(_ function: @escaping (Thread, Value, Value) throws(Raised) -> Bool) { address = codeAddress(Box(function: function)) }
    @inline(__always) public var isSet: Bool { address != 0 }
    @inline(__always) public func callAsFunction(_ t: Thread, _ v: Value, _ w: Value) throws(Raised) -> Bool {
        try unsafeBitCast(address, to: (@convention(thin) (Thread, Value, Value) throws(Raised) -> Bool).self)(t, v, w)
    }
}

/// `(value, value, value) → value`: pow (third None when absent), descriptor get (descriptor, object or unbound, type).
public struct TernarySlot: BitwiseCopyable {
    public var address: UInt = 0
    private struct Box { let function: (Thread, Value, Value, Value) throws(Raised) -> Value }
    public init() {}
    @inline(never) public init(_ function: @escaping (Thread, Value, Value, Value) throws(Raised) -> Value) { address = codeAddress(Box(function: function)) }
    @inline(__always) public var isSet: Bool { address != 0 }
    @inline(__always) public func callAsFunction(_ t: Thread, _ v: Value, _ w: Value, _ x: Value) throws(Raised) -> Value {
        try unsafeBitCast(address, to: (@convention(thin) (Thread, Value, Value, Value) throws(Raised) -> Value).self)(t, v, w, x)
    }
}

/// `(target, key, value)`, value unbound to delete: setattr, subscript assignment, descriptor set (descriptor, object, value).
public struct StoreSlot: BitwiseCopyable {
    public var address: UInt = 0
    private struct Box { let function: (Thread, Value, Value, Value) throws(Raised) -> Void }
    public init() {}
    @inline(never) public init(_ function: @escaping (Thread, Value, Value, Value) throws(Raised) -> Void) { address = codeAddress(Box(function: function)) }
    @inline(__always) public var isSet: Bool { address != 0 }
    @inline(__always) public func callAsFunction(_ t: Thread, _ v: Value, _ w: Value, _ x: Value) throws(Raised) {
        try unsafeBitCast(address, to: (@convention(thin) (Thread, Value, Value, Value) throws(Raised) -> Void).self)(t, v, w, x)
    }
}

public enum CompareOperator: Int, Sendable {
    case less = 0, lessEqual, equal, notEqual, greater, greaterEqual

    @inlinable public var swapped: CompareOperator {
        switch self {
        case .less: .greater
        case .lessEqual: .greaterEqual
        case .equal: .equal
        case .notEqual: .notEqual
        case .greater: .less
        case .greaterEqual: .lessEqual
        }
    }
    public var symbol: StaticString {
        switch self {
        case .less: "<"
        case .lessEqual: "<="
        case .equal: "=="
        case .notEqual: "!="
        case .greater: ">"
        case .greaterEqual: ">="
        }
    }
    /// The operator's answer for an ordering: negative, zero or positive.
    @inlinable public func holds(_ order: Int) -> Bool {
        switch self {
        case .less: order < 0
        case .lessEqual: order <= 0
        case .equal: order == 0
        case .notEqual: order != 0
        case .greater: order > 0
        case .greaterEqual: order >= 0
        }
    }
}

/// `(value, value, operator) → value`, NotImplemented when the types do not know each other.
public struct CompareSlot: BitwiseCopyable {
    public var address: UInt = 0
    private struct Box { let function: (Thread, Value, Value, CompareOperator) throws(Raised) -> Value }
    public init() {}
    @inline(never) public init(_ function: @escaping (Thread, Value, Value, CompareOperator) throws(Raised) -> Value) { address = codeAddress(Box(function: function)) }
    @inline(__always) public var isSet: Bool { address != 0 }
    @inline(__always) public func callAsFunction(_ t: Thread, _ v: Value, _ w: Value, _ op: CompareOperator) throws(Raised) -> Value {
        try unsafeBitCast(address, to: (@convention(thin) (Thread, Value, Value, CompareOperator) throws(Raised) -> Value).self)(t, v, w, op)
    }
}

/// `(callable or type, arguments) → value`: call, `__new__`.
public struct CallSlot: BitwiseCopyable {
    public var address: UInt = 0
    private struct Box { let function: (Thread, Value, Arguments) throws(Raised) -> Value }
    public init() {}
    @inline(never) public init(_ function: @escaping (Thread, Value, Arguments) throws(Raised) -> Value) { address = codeAddress(Box(function: function)) }
    @inline(__always) public var isSet: Bool { address != 0 }
    @inline(__always) public func callAsFunction(_ t: Thread, _ v: Value, _ a: Arguments) throws(Raised) -> Value {
        try unsafeBitCast(address, to: (@convention(thin) (Thread, Value, Arguments) throws(Raised) -> Value).self)(t, v, a)
    }
}

/// `(object, arguments)`: `__init__`.
public struct InitSlot: BitwiseCopyable {
    public var address: UInt = 0
    private struct Box { let function: (Thread, Value, Arguments) throws(Raised) -> Void }
    public init() {}
    @inline(never) public init(_ function: @escaping (Thread, Value, Arguments) throws(Raised) -> Void) { address = codeAddress(Box(function: function)) }
    @inline(__always) public var isSet: Bool { address != 0 }
    @inline(__always) public func callAsFunction(_ t: Thread, _ v: Value, _ a: Arguments) throws(Raised) {
        try unsafeBitCast(address, to: (@convention(thin) (Thread, Value, Arguments) throws(Raised) -> Void).self)(t, v, a)
    }
}

/// What the borrower of a buffer asks for (PEP 3118); the numbers are CPython's `PyBUF_…`.
public struct BufferFlags: OptionSet, BitwiseCopyable {
    public let rawValue: Int
    @inlinable public init(rawValue: Int) { self.rawValue = rawValue }
    @inlinable public static var simple: BufferFlags { [] }
    @inlinable public static var writable: BufferFlags { BufferFlags(rawValue: 0x1) }
    @inlinable public static var format: BufferFlags { BufferFlags(rawValue: 0x4) }
    @inlinable public static var shape: BufferFlags { BufferFlags(rawValue: 0x8) }
    @inlinable public static var strides: BufferFlags { BufferFlags(rawValue: 0x18) }
    @inlinable public static var cContiguous: BufferFlags { BufferFlags(rawValue: 0x38) }
    @inlinable public static var fContiguous: BufferFlags { BufferFlags(rawValue: 0x58) }
    @inlinable public static var anyContiguous: BufferFlags { BufferFlags(rawValue: 0x98) }
    @inlinable public static var indirect: BufferFlags { BufferFlags(rawValue: 0x118) }
    /// Everything there is to know about memory that may be read-only.
    @inlinable public static var full: BufferFlags { BufferFlags(rawValue: 0x11C) }
}

/// Bytes that an object lends out: where they are and how they are seen (PEP 3118). The pointers are good while `owner` is alive.
public struct BufferView {
    public var base: UnsafeMutableRawPointer?
    public var count: Int
    public var isReadOnly: Bool
    /// The object to keep alive and to release.
    public var owner: Value
    /// Whom the bytes belong to, as Python sees it: mostly the owner; unbound for nobody.
    public var object: Value
    public var itemSize = 1
    /// Struct-module code of an item, such as 0x42 for "B".
    public var format: UInt8 = 0x42
    /// The format when it is not one letter, a str; otherwise unbound.
    public var formatText = Value.unbound
    public var dimensions = 1
    /// Items along each axis, and the bytes from one to the next. None: one axis of `count / itemSize` items, or C order.
    public var shape: UnsafePointer<Int>?
    public var strides: UnsafePointer<Int>?
    /// Where not negative: what lies at the place is a pointer, and the items are so many bytes behind where it points.
    public var suboffsets: UnsafePointer<Int>?
    /// What was asked for: the rest of the view is as if not there.
    public var flags = BufferFlags.full
    public init(base: UnsafeMutableRawPointer?, count: Int, isReadOnly: Bool, owner: Value, itemSize: Int = 1, format: UInt8 = 0x42) {
        self.base = base
        self.count = count
        self.isReadOnly = isReadOnly
        self.owner = owner
        self.object = owner
        self.itemSize = itemSize
        self.format = format
    }
}

/// `(object, flags, view)`: fills the view. Raises BufferError or TypeError.
/// (The view is written through a pointer: a thin function cannot return a struct of this size.)
public struct BufferSlot: BitwiseCopyable {
    public var address: UInt = 0
    private struct Box { let function: (Thread, Value, BufferFlags, UnsafeMutablePointer<BufferView>) throws(Raised) -> Void }
    public init() {}
    @inline(never) public init(_ function: @escaping (Thread, Value, BufferFlags, UnsafeMutablePointer<BufferView>) throws(Raised) -> Void) { address = codeAddress(Box(function: function)) }
    @inline(__always) public var isSet: Bool { address != 0 }
    /// The view as the lender fills it. `Thread.lend` gives it as the flags ask.
    @inline(__always) public func callAsFunction(_ t: Thread, _ v: Value, _ flags: BufferFlags) throws(Raised) -> BufferView {
        var view = BufferView(base: nil, count: 0, isReadOnly: true, owner: .unbound)
        try unsafeBitCast(address, to: (@convention(thin) (Thread, Value, BufferFlags, UnsafeMutablePointer<BufferView>) throws(Raised) -> Void).self)(t, v, flags, &view)
        return view
    }
}

/// `object →`: called once when the object dies (`__del__`, closing of files), or when a lent buffer comes back.
public struct ActionSlot: BitwiseCopyable {
    public var address: UInt = 0
    private struct Box { let function: (Thread, Value) throws(Raised) -> Void }
    public init() {}
    @inline(never) public init(_ function: @escaping (Thread, Value) throws(Raised) -> Void) { address = codeAddress(Box(function: function)) }
    @inline(__always) public var isSet: Bool { address != 0 }
    @inline(__always) public func callAsFunction(_ t: Thread, _ v: Value) throws(Raised) {
        try unsafeBitCast(address, to: (@convention(thin) (Thread, Value) throws(Raised) -> Void).self)(t, v)
    }
}

/// All slots of a type. Every field is one word, so that inheriting is copying the words that are zero.
public struct TypeSlots {
    public var repr = UnarySlot(), str = UnarySlot(), hash = IntSlot(), call = CallSlot()
    public var getattr = BinarySlot(), setattr = StoreSlot(), compare = CompareSlot()
    public var iter = UnarySlot(), next = UnarySlot()
    public var descriptorGet = TernarySlot(), descriptorSet = StoreSlot()
    public var initialize = InitSlot(), new = CallSlot(), finalize = ActionSlot()

    public var add = BinarySlot(), subtract = BinarySlot(), multiply = BinarySlot(), remainder = BinarySlot(), divmod = BinarySlot(), power = TernarySlot()
    public var leftShift = BinarySlot(), rightShift = BinarySlot(), and = BinarySlot(), xor = BinarySlot(), or = BinarySlot()
    public var floorDivide = BinarySlot(), trueDivide = BinarySlot(), matrixMultiply = BinarySlot()
    public var inPlaceAdd = BinarySlot(), inPlaceSubtract = BinarySlot(), inPlaceMultiply = BinarySlot(), inPlaceRemainder = BinarySlot(), inPlacePower = TernarySlot()
    public var inPlaceLeftShift = BinarySlot(), inPlaceRightShift = BinarySlot(), inPlaceAnd = BinarySlot(), inPlaceXor = BinarySlot(), inPlaceOr = BinarySlot()
    public var inPlaceFloorDivide = BinarySlot(), inPlaceTrueDivide = BinarySlot(), inPlaceMatrixMultiply = BinarySlot()
    public var negative = UnarySlot(), positive = UnarySlot(), absolute = UnarySlot(), invert = UnarySlot()
    public var truth = BoolSlot(), int = UnarySlot(), float = UnarySlot(), index = UnarySlot()

    /// `len`, subscripting and `in`. Concatenation and repetition of sequences come after the number slots.
    public var length = IntSlot(), getItem = BinarySlot(), setItem = StoreSlot(), contains = ContainsSlot()
    public var concatenate = BinarySlot(), `repeat` = BinarySlot(), inPlaceConcatenate = BinarySlot(), inPlaceRepeat = BinarySlot()

    public var await = UnarySlot(), asyncIter = UnarySlot(), asyncNext = UnarySlot()
    public var buffer = BufferSlot(), releaseBuffer = ActionSlot()
    public init() {}

    static var wordCount: Int { MemoryLayout<TypeSlots>.size / 8 }
}
