// Making builtin types and native modules. A type's file declares its name, layout, slots, methods and
// attributes through a TypeBuilder when an interpreter starts; nothing is global.

/// What a builtin type's cells look like.
public struct NativeLayout {
    /// Leading words after the header that are values; `LayoutInfo.allWords` for all.
    public var valueWords: Int32
    /// Bytes of an instance (of its fixed part, for types of varying size).
    public var bytes: Int
    public var kind: CellKind = []
    /// Word of the attribute dict that instances of the type itself have; 0 for none.
    public var dictWord = 0
    public var isVariable = false
    /// Traces what the leading words do not cover.
    /// Address of the trace function, 0 for none. (Never an optional function: inside an Optional Swift wraps it in a closure that captures.)
    var traceAddress: UInt = 0

    public init(valueWords: Int32, bytes: Int, kind: CellKind = [], dictWord: Int = 0, isVariable: Bool = false, trace: @escaping TraceFunction) {
        self.init(valueWords: valueWords, bytes: bytes, kind: kind, dictWord: dictWord, isVariable: isVariable)
        traceAddress = codeAddress(TraceBox(function: trace))
    }

    public init(valueWords: Int32, bytes: Int, kind: CellKind = [], dictWord: Int = 0, isVariable: Bool = false) {
        self.valueWords = valueWords
        self.bytes = bytes
        self.kind = kind
        self.dictWord = dictWord
        self.isVariable = isVariable
    }
    /// Every word after the header is a value.
    public static func values(_ count: Int, dictWord: Int = 0) -> NativeLayout {
        NativeLayout(valueWords: Int32(count), bytes: 8 + count * 8, dictWord: dictWord)
    }
    /// No references.
    public static func leaf(bytes: Int) -> NativeLayout { NativeLayout(valueWords: 0, bytes: bytes) }
}

private struct TraceBox { let function: TraceFunction }

/// Fills one type: slots first, then methods and attributes; `Thread.defineType` finishes it.
public struct TypeBuilder {
    public let t: Thread
    public let type: TypeObject
    public var slots: UnsafeMutablePointer<TypeSlots> { type.slots }

    func add(_ name: Value, _ value: Value) { try? DictObject(type.dict).setString(t, name, value) }

    private func native(_ layout: LayoutID, _ name: StaticString, _ signature: StaticString, _ doc: StaticString, _ flags: UInt, _ body: @escaping NativeBody) -> NativeFunction {
        let function = t.newNative(layout, t.intern(name), signature, doc, flags, body)
        function.owner = type.value
        return function
    }

    /// A method. `signature` is CPython's text signature, such as `($self, object, /)`; the body sees the receiver as argument 0, then every parameter
    /// in order, unbound where an optional one was not given, then a tuple for `*args` and a dict for `**kwargs`.
    @inline(never) public func method(_ name: StaticString, _ signature: StaticString, _ doc: StaticString = "", _ body: @escaping NativeBody) {
        add(t.intern(name), native(.methodDescriptor, name, signature, doc, 0, body).value)
    }

    /// A method whose arguments arrive as given (receiver first): any count, keywords unchecked.
    @inline(never) public func rawMethod(_ name: StaticString, _ signature: StaticString = "", _ doc: StaticString = "", _ body: @escaping NativeBody) {
        add(t.intern(name), native(.methodDescriptor, name, signature, doc, NativeFunction.isRawBit, body).value)
    }

    /// A class method: argument 0 is the class.
    @inline(never) public func classMethod(_ name: StaticString, _ signature: StaticString, _ doc: StaticString = "", _ body: @escaping NativeBody) {
        add(t.intern(name), native(.classMethodDescriptor, name, signature, doc, 0, body).value)
    }

    /// A static method: no receiver.
    @inline(never) public func staticMethod(_ name: StaticString, _ signature: StaticString, _ doc: StaticString = "", _ body: @escaping NativeBody) {
        let function = native(.builtinFunction, name, signature, doc, 0, body)
        let made = t.allocate(TypeObject(t.types.pointee.staticMethod))
        made[1] = function.value
        add(t.intern(name), Value(made))
    }

    /// A computed attribute that can be set. The setter's value is unbound for `del`.
    @inline(never) public func getset(_ name: StaticString, _ doc: StaticString = "", get: @escaping (Thread, Value) throws(Raised) -> Value,
                       set: @escaping (Thread, Value, Value) throws(Raised) -> Void) {
        addGetSet(name, doc, UnarySlot(get), AttributeSetSlot(set))
    }

    /// A read-only computed attribute.
    @inline(never) public func getset(_ name: StaticString, _ doc: StaticString = "", get: @escaping (Thread, Value) throws(Raised) -> Value) {
        addGetSet(name, doc, UnarySlot(get), AttributeSetSlot(address: 0))
    }

    private func addGetSet(_ name: StaticString, _ doc: StaticString, _ getter: UnarySlot, _ setter: AttributeSetSlot) {
        let cell = t.heap.allocate(header: UInt(LayoutID.getSetDescriptor.rawValue), bytes: GetSetDescriptor.bytes)
        let made = GetSetDescriptor(cell)
        made.name = t.intern(name)
        made.owner = type.value
        made.getter = getter
        made.setter = setter
        made.docAddress = Int(bitPattern: doc.utf8Start)
        made.docLength = doc.utf8CodeUnitCount
        add(made.name, made.value)
    }

    /// An attribute that is word `word` of the cell. Unbound reads as AttributeError, or None when `noneWhenUnbound`.
    @inline(never) public func member(_ name: StaticString, word: Int, readOnly: Bool = true, noneWhenUnbound: Bool = true, _ doc: StaticString = "") {
        let made = t.newMemberDescriptor(t.intern(name), owner: type, word: word, readOnly: readOnly, noneWhenUnbound: noneWhenUnbound)
        MemberDescriptor(made.cell).setDoc(doc)
        add(t.intern(name), made)
    }

    /// An attribute that CPython keeps in a field of the C struct and that is computed here: it shows as a member. Without `set` it is read-only.
    @inline(never) public func member(_ name: StaticString, _ doc: StaticString = "", get: @escaping (Thread, Value) throws(Raised) -> Value,
                                      set: @escaping (Thread, Value, Value) throws(Raised) -> Void) {
        addMember(name, doc, UnarySlot(get), AttributeSetSlot(set))
    }

    @inline(never) public func member(_ name: StaticString, _ doc: StaticString = "", get: @escaping (Thread, Value) throws(Raised) -> Value) {
        addMember(name, doc, UnarySlot(get), AttributeSetSlot(address: 0))
    }

    private func addMember(_ name: StaticString, _ doc: StaticString, _ getter: UnarySlot, _ setter: AttributeSetSlot) {
        let made = MemberDescriptor(t.newMemberDescriptor(t.intern(name), owner: type, word: 0, readOnly: !setter.isSet, noneWhenUnbound: true).cell)
        made.getter = getter
        made.setter = setter
        made.setDoc(doc)
        add(t.intern(name), made.value)
    }

    /// An int that programs may change, in word `word`, which always holds a small int.
    @inline(never) public func intMember(_ name: StaticString, word: Int) {
        let made = MemberDescriptor(t.newMemberDescriptor(t.intern(name), owner: type, word: word, readOnly: false, noneWhenUnbound: true).cell)
        made.cell[4] = Value(smallInt: made.cell[4].smallInt | 4)
        add(t.intern(name), made.value)
    }

    /// A class attribute.
    @inline(never) public func constant(_ name: StaticString, _ value: Value) { add(t.intern(name), value) }

    @inline(never) public func doc(_ text: StaticString) {
        type.docAddress = Int(bitPattern: text.utf8Start)
        type.docLength = text.utf8CodeUnitCount
    }
}

/// The cell of a getset descriptor: name, owner, then raw words: getter, setter, doc.
public struct GetSetDescriptor: BitwiseCopyable {
    public let cell: Cell
    public init(_ cell: Cell) { self.cell = cell }
    public var value: Value { Value(cell) }
    public var name: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    public var owner: Value { get { cell[2] } nonmutating set { cell[2] = newValue } }
    public var getter: UnarySlot {
        get { var slot = UnarySlot(); slot.address = UInt(bitPattern: cell.raw(3)); return slot }
        nonmutating set { cell.setRaw(Int(bitPattern: newValue.address), at: 3) }
    }
    public var setter: AttributeSetSlot {
        get { AttributeSetSlot(address: UInt(bitPattern: cell.raw(4))) }
        nonmutating set { cell.setRaw(Int(bitPattern: newValue.address), at: 4) }
    }
    public var docAddress: Int { get { cell.raw(5) } nonmutating set { cell.setRaw(newValue, at: 5) } }
    public var docLength: Int { get { cell.raw(6) } nonmutating set { cell.setRaw(newValue, at: 6) } }
    static var bytes: Int { 56 }
}

/// `(object, value)` of a getset descriptor; value unbound to delete.
public struct AttributeSetSlot: BitwiseCopyable {
    public var address: UInt
    private struct Box { let function: (Thread, Value, Value) throws(Raised) -> Void }
    init(address: UInt) { self.address = address }
    @inline(never) public init(_ function: @escaping (Thread, Value, Value) throws(Raised) -> Void) { address = codeAddress(Box(function: function)) }
    public var isSet: Bool { address != 0 }
    @inline(__always) public func callAsFunction(_ t: Thread, _ v: Value, _ w: Value) throws(Raised) {
        try unsafeBitCast(address, to: (@convention(thin) (Thread, Value, Value) throws(Raised) -> Void).self)(t, v, w)
    }
}

/// The cell of a member descriptor: name, owner, word index (small int), flags (small int: 1 read-only, 2 None when unbound, 4 an int); then raw
/// words: getter and setter of computed ones (zero for a plain word), doc.
public struct MemberDescriptor: BitwiseCopyable {
    public let cell: Cell
    public init(_ cell: Cell) { self.cell = cell }
    public var value: Value { Value(cell) }
    public var name: Value { cell[1] }
    public var owner: Value { cell[2] }
    public var word: Int { cell[3].smallInt }
    public var isReadOnly: Bool { cell[4].smallInt & 1 != 0 }
    public var noneWhenUnbound: Bool { cell[4].smallInt & 2 != 0 }
    var isInt: Bool { cell[4].smallInt & 4 != 0 }
    /// What reads a computed member; the word is meaningless then.
    var getter: UnarySlot {
        get { var slot = UnarySlot(); slot.address = UInt(bitPattern: cell.raw(5)); return slot }
        nonmutating set { cell.setRaw(Int(bitPattern: newValue.address), at: 5) }
    }
    var setter: AttributeSetSlot {
        get { AttributeSetSlot(address: UInt(bitPattern: cell.raw(6))) }
        nonmutating set { cell.setRaw(Int(bitPattern: newValue.address), at: 6) }
    }
    var doc: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: UnsafePointer(bitPattern: cell.raw(7)), count: cell.raw(8)) }
    func setDoc(_ text: StaticString) {
        cell.setRaw(Int(bitPattern: text.utf8Start), at: 7)
        cell.setRaw(text.utf8CodeUnitCount, at: 8)
    }
    static var bytes: Int { 72 }
}

extension Thread {
    public func newMemberDescriptor(_ name: Value, owner: TypeObject, word: Int, readOnly: Bool, noneWhenUnbound: Bool) -> Value {
        let cell = heap.allocate(header: UInt(LayoutID.memberDescriptor.rawValue), bytes: MemberDescriptor.bytes)
        cell[1] = name
        cell[2] = owner.value
        cell[3] = Value(smallInt: word)
        cell[4] = Value(smallInt: (readOnly ? 1 : 0) | (noneWhenUnbound ? 2 : 0))
        return Value(cell)
    }

    /// A native function cell of `layout` (builtinFunction, methodDescriptor or classMethodDescriptor).
    /// A signature that starts with `!` is for binding alone: `__text_signature__` is None, as of CPython's functions without one.
    public func newNative(_ layout: LayoutID, _ name: Value, _ signature: StaticString, _ doc: StaticString, _ flags: UInt, _ body: @escaping NativeBody) -> NativeFunction {
        let isHidden = signature.utf8CodeUnitCount > 0 && signature.utf8Start.pointee == 0x21
        let cell = heap.allocate(header: UInt(layout.rawValue) | flags | (isHidden ? NativeFunction.isHiddenBit : 0), bytes: NativeFunction.bytes)
        let function = NativeFunction(cell)
        function.name = name
        function.body = BodySlot(body)
        cell.setRaw(Int(bitPattern: signature.utf8Start) + (isHidden ? 1 : 0), at: 7)
        cell.setRaw(signature.utf8CodeUnitCount - (isHidden ? 1 : 0), at: 8)
        cell.setRaw(Int(bitPattern: doc.utf8Start), at: 9)
        cell.setRaw(doc.utf8CodeUnitCount, at: 10)
        if flags & NativeFunction.isRawBit != 0 { cell.setRaw(Arity.rawBit, at: 11) }
        return function
    }

    /// Declares builtin type number `layout`: its cells, flags, base, slots and attributes.
    /// `flags` are `TypeFlag`s; builtin types are immutable. `base` defaults to `object`.
    public func defineType(_ layout: LayoutID, _ name: StaticString, module: StaticString = "builtins", base: Value? = nil, flags: Int = 0,
                           _ cells: NativeLayout, _ configure: (TypeBuilder) -> Void) {
        let type = TypeObject(types[layout])
        type.name = intern(name)
        type.qualname = type.name
        type.moduleName = intern(module)
        if type.dict.isUnbound { type.dict = newDict().value }
        type.base = layout == .object ? .none : (base ?? types.pointee.object)
        setLayout(layout, type, cells)
        type.flags = flags | TypeFlag.immutable | (cells.dictWord != 0 ? TypeFlag.hasDict : 0) | (cells.isVariable ? TypeFlag.variableSize : 0)
        configure(TypeBuilder(t: self, type: type))
        finishType(type)
    }

    private func setLayout(_ layout: LayoutID, _ type: TypeObject, _ cells: NativeLayout) {
        let info = interp.pointee.layouts.base + Int(layout.rawValue)
        info.initialize(to: LayoutInfo(
            type: type.value, valueWords: cells.valueWords, tailStart: 0, kind: cells.kind.rawValue, bytes: Int32(cells.bytes),
            hasAttributes: cells.dictWord != 0, isDictMode: cells.dictWord != 0, extraWord: UInt16(cells.dictWord), inlineStart: 0, inlineCapacity: 0,
            slotCount: 0, parent: .free, name: .unbound, transitions: nil, transitionCount: 0, transitionCapacity: 0,
            traceBits: cells.traceAddress))
        type.instanceLayout = layout
        type.dictLayout = cells.dictWord != 0 ? layout : .free
        type.basicSize = cells.bytes
        type.nativeBase = layout
    }

    /// Bases, mro, inherited slots and slot wrappers of a builtin type whose slots and dict are filled.
    func finishType(_ type: TypeObject) {
        let base = type.base
        guard let bases = base.isNone ? try? newTuple(0).value : try? tuple(base) else { return }
        type.bases = bases
        var count = 1
        var at = base
        while at.isBound && !at.isNone {
            count += 1
            at = TypeObject(at).base
        }
        guard let mro = try? newTuple(count) else { return }
        at = type.value
        for i in 0..<count {
            mro[i] = at
            at = TypeObject(at).base
        }
        type.mro = mro.value
        addSlotWrappers(type)
        if !base.isNone {
            inheritSlots(type, from: TypeObject(base))
            recordSubclass(TypeObject(base), type)
        }
        type.flags |= TypeFlag.isReady
    }

    /// Copies the slots that `type` leaves empty. Comparing and hashing go together.
    func inheritSlots(_ type: TypeObject, from base: TypeObject) {
        let own = type.slots, theirs = base.slots
        if own.pointee.compare.isSet != own.pointee.hash.isSet {
            // One of the pair is overridden: the other is not inherited (an unhashable type says so itself).
        } else if !own.pointee.compare.isSet {
            own.pointee.compare = theirs.pointee.compare
            own.pointee.hash = theirs.pointee.hash
        }
        let compare = own.pointee.compare, hash = own.pointee.hash
        for i in 0..<TypeSlots.wordCount where type.slotWords[i] == 0 { type.slotWords[i] = base.slotWords[i] }
        if compare.isSet { own.pointee.compare = compare }
        if hash.isSet { own.pointee.hash = hash }
        type.flags |= base.flags & (TypeFlag.sequence | TypeFlag.mapping | TypeFlag.matchSelf | TypeFlag.hasDict | TypeFlag.customGetattr | TypeFlag.customSetattr
            | TypeFlag.variableSize | TypeFlag.hasWeakReferences)
    }

    /// Enters `type` in the list of `base`'s subclasses.
    func recordSubclass(_ base: TypeObject, _ type: TypeObject) {
        guard let list = base.subclasses.isUnbound ? try? newList() : ListObject(base.subclasses) else { return }
        base.subclasses = list.value
        let reference = newWeakReference(type.value, callback: .unbound)
        // A place whose class has died is used again.
        for i in 0..<list.count where WeakReference(list[i].cell).referent.isUnbound {
            list[i] = reference.value
            return
        }
        try? append(list, reference.value)
    }
}

/// How a native module comes to be when it is first imported.
public struct NativeModuleDefinition {
    public var create: (ModuleBuilder) throws(Raised) -> Void
    public init(_ create: @escaping (ModuleBuilder) throws(Raised) -> Void) { self.create = create }
}

/// Fills one native module.
public struct ModuleBuilder {
    public let t: Thread
    public let module: Value
    public let dict: DictObject
    public let name: Value

    public init(t: Thread, module: Value, dict: DictObject, name: Value) {
        self.t = t
        self.module = module
        self.dict = dict
        self.name = name
    }

    /// A module function; `signature` as for `TypeBuilder.method` (a leading `$module` is not passed).
    @inline(never) public func function(_ name: StaticString, _ signature: StaticString, _ doc: StaticString = "", shortcut: Int = 0, _ body: @escaping NativeBody) {
        let function = add(name, signature, doc, 0, body)
        if shortcut != 0 { function.arity = function.arity.with(shortcut: shortcut) }
    }

    /// A module function whose arguments arrive as given.
    @inline(never) public func rawFunction(_ name: StaticString, _ signature: StaticString = "", _ doc: StaticString = "", _ body: @escaping NativeBody) {
        _ = add(name, signature, doc, NativeFunction.isRawBit, body)
    }

    private func add(_ name: StaticString, _ signature: StaticString, _ doc: StaticString, _ flags: UInt, _ body: @escaping NativeBody) -> NativeFunction {
        let function = t.newNative(.builtinFunction, t.intern(name), signature, doc, flags, body)
        function.bound = module
        function.module = self.name
        set(name, function.value)
        return function
    }

    @inline(never) public func set(_ name: StaticString, _ value: Value) { try? dict.setString(t, t.intern(name), value) }
    @inline(never) public func int(_ name: StaticString, _ n: Int) { set(name, t.int(n)) }
    @inline(never) public func str(_ name: StaticString, _ text: StaticString) { set(name, t.str(text)) }

    /// A type that belongs to the module: made here at import, with a layout of its own.
    /// `flags` are `TypeFlag`s. The type is immutable unless `flags` say `heap`.
    @discardableResult
    public func type(_ name: StaticString, base: Value? = nil, flags: Int = 0, export: Bool = true, _ cells: NativeLayout,
                     _ configure: (TypeBuilder) -> Void) throws(Raised) -> TypeObject {
        // Each type has a text of its own, as in CPython: whether texts are one object shows in pickles.
        let made = try t.newNativeType(name, moduleName: t.str(t.string(self.name)), base: base, flags: flags | TypeFlag.madeAtRunTime, cells, configure)
        if export { set(name, made.value) }
        return made
    }

    /// An exception class, as `PyErr_NewException` makes it.
    @discardableResult
    public func exception(_ name: StaticString, base: Value) throws(Raised) -> Value {
        let namespace = t.newDict()
        try namespace.setString(t, t.name(.__module__), self.name)
        let made = try t.call(t.types.pointee.type, t.intern(name), try t.tuple(base), namespace.value)
        set(name, made)
        return made
    }
}

extension Thread {
    /// A native type made at run time, for a native module.
    public func newNativeType(_ name: StaticString, moduleName: Value, base: Value? = nil, flags: Int = 0, _ cells: NativeLayout,
                              _ configure: (TypeBuilder) -> Void) throws(Raised) -> TypeObject {
        let type = newTypeCell()
        type.name = intern(name)
        type.qualname = type.name
        type.moduleName = moduleName
        type.dict = newDict().value
        type.base = base ?? types.pointee.object
        let id = interp.pointee.layouts.count
        if id >= interp.pointee.layouts.capacity { throw memoryError() }
        interp.pointee.layouts.count = id + 1
        setLayout(LayoutID(rawValue: UInt32(id)), type, cells)
        type.flags = flags | TypeFlag.immutable | (cells.dictWord != 0 ? TypeFlag.hasDict : 0) | (cells.isVariable ? TypeFlag.variableSize : 0)
        configure(TypeBuilder(t: self, type: type))
        // Instances with an attribute dict show it.
        if cells.dictWord != 0 && DictObject(type.dict).findString(self, self.name(.__dict__)).isUnbound { addDictGetSet(TypeBuilder(t: self, type: type)) }
        finishType(type)
        return type
    }

    /// A zeroed type cell whose metatype is `type`.
    func newTypeCell() -> TypeObject {
        TypeObject(heap.allocate(header: UInt(LayoutID.type.rawValue) | UInt(CellKind.type.rawValue) << 32, bytes: TypeObject.byteSize))
    }
}
