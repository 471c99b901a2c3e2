// Python functions. Word 1 code, 2 globals, 3 builtins, 4 name, 5 qualname, 6 defaults (tuple or unbound),
// 7 keyword defaults (dict or unbound), 8 closure (tuple or unbound), 9 doc, 10 attribute dict, 11 annotations, 12 module,
// 13 type parameters. Raw: word 14 the lowered code once prepared, 15 its flags for the call fast path.

@frozen public struct FunctionObject: BitwiseCopyable {
    public let cell: Cell
    @inline(__always) public init(_ value: Value) { cell = value.cell }
    public var value: Value { Value(cell) }
    @inline(__always) public var code: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    @inline(__always) public var globals: Value { get { cell[2] } nonmutating set { cell[2] = newValue } }
    @inline(__always) public var builtins: Value { get { cell[3] } nonmutating set { cell[3] = newValue } }
    public var name: Value { get { cell[4] } nonmutating set { cell[4] = newValue } }
    public var qualname: Value { get { cell[5] } nonmutating set { cell[5] = newValue } }
    public var defaults: Value { get { cell[6] } nonmutating set { cell[6] = newValue } }
    public var kwdefaults: Value { get { cell[7] } nonmutating set { cell[7] = newValue } }
    @inline(__always) public var closure: Value { get { cell[8] } nonmutating set { cell[8] = newValue } }
    public var doc: Value { get { cell[9] } nonmutating set { cell[9] = newValue } }
    public var dict: Value { get { cell[10] } nonmutating set { cell[10] = newValue } }
    /// A dict, or a tuple of name, value, name, value … until it is asked for, or unbound.
    public var annotations: Value { get { cell[11] } nonmutating set { cell[11] = newValue } }
    public var module: Value { get { cell[12] } nonmutating set { cell[12] = newValue } }
    public var typeParameters: Value { get { cell[13] } nonmutating set { cell[13] = newValue } }
    @inline(__always) var lowered: UnsafeMutablePointer<LoweredCode>? {
        get { UnsafeMutablePointer(bitPattern: cell.raw(14)) }
        nonmutating set { cell.setRaw(Int(bitPattern: newValue), at: 14) }
    }
    static var valueWords: Int32 { 13 }
    static var bytes: Int { 128 }
}

extension Thread {
    /// A function over `code` with the given globals; its name, doc and module come from them.
    public func newFunction(_ code: CodeCell, globals: Value, qualname: Value = .unbound) throws(Raised) -> FunctionObject {
        let made = FunctionObject(Value(heap.allocate(header: UInt(LayoutID.function.rawValue), bytes: FunctionObject.bytes)))
        made.code = code.value
        made.globals = globals
        made.name = code.name
        made.qualname = qualname.isBound ? qualname : code.qualname
        let consts = TupleObject(code.consts)
        // The first constant is the doc string if it is a string.
        made.doc = consts.count > 0 && consts[0].isKind(.str) ? consts[0] : .none
        let module = DictObject(globals).findString(self, name(.__name__))
        made.module = module.isBound ? module : .none
        made.builtins = try builtins(of: globals)
        return made
    }

    /// The builtins that code with these globals sees: `__builtins__` (a module or its dict), or those of who asks.
    public func builtins(of globals: Value) throws(Raised) -> Value {
        let found = DictObject(globals).findString(self, name(.__builtins__))
        if found.isUnbound {
            guard let fp = state.pointee.frame, fp.frameFunction.builtins.isBound else { return objects.pointee.builtins }
            return fp.frameFunction.builtins
        }
        if found.hasLayout(.module) { return found.cell[1] }
        return found
    }
}
