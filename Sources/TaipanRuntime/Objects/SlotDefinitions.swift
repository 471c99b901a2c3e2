// The table that relates dunder names to slots: which word of `TypeSlots` a name fills, how a call of the
// name becomes a call of the slot, and the signature and doc that the slot wrapper shows. Everything that translates
// between names and slots (wrappers of builtin types, slots of Python classes) reads this table.

/// The words of `TypeSlots`, in the order of its fields.
enum SlotWord: Int {
    case repr = 0, str, hash, call, getattr, setattr, compare, iter, next, descriptorGet, descriptorSet, initialize, new, finalize
    case add, subtract, multiply, remainder, divmod, power, leftShift, rightShift, and, xor, or, floorDivide, trueDivide, matrixMultiply
    case inPlaceAdd, inPlaceSubtract, inPlaceMultiply, inPlaceRemainder, inPlacePower, inPlaceLeftShift, inPlaceRightShift, inPlaceAnd, inPlaceXor, inPlaceOr
    case inPlaceFloorDivide, inPlaceTrueDivide, inPlaceMatrixMultiply
    case negative, positive, absolute, invert, truth, int, float, index
    case length, getItem, setItem, contains, concatenate, `repeat`, inPlaceConcatenate, inPlaceRepeat
    case await, asyncIter, asyncNext, buffer, releaseBuffer

    /// Concatenation and repetition of native sequences: Python classes fill the number slots instead.
    var isNativeOnly: Bool {
        switch self {
        case .concatenate, .repeat, .inPlaceConcatenate, .inPlaceRepeat: true
        default: false
        }
    }
}

/// How a call by name becomes a call of the slot.
enum SlotKind: UInt8 {
    case unary, hash, length, truth, binary, binaryReflected, ternary, ternaryReflected, inPlaceTernary, compare, contains
    case setItem, deleteItem, getattribute, setattr, delattr, call, initialize, next, get, set, delete, finalize, buffer, releaseBuffer
    /// The name has no wrapper: `__getattr__`, and `__new__`, which is a builtin function.
    case none
}

/// One line of the table.
struct SlotDefinition {
    var name: WellKnownName
    var word: SlotWord
    var kind: SlotKind
    /// The comparison, for `compare`.
    var comparison = CompareOperator.less
    var signature: StaticString
    var doc: StaticString

    init(_ name: WellKnownName, _ word: SlotWord, _ kind: SlotKind, _ signature: StaticString, _ doc: StaticString) {
        self.name = name
        self.word = word
        self.kind = kind
        self.signature = signature
        self.doc = doc
    }

    init(_ name: WellKnownName, _ comparison: CompareOperator, _ doc: StaticString) {
        self.init(name, .compare, .compare, "($self, value, /)", doc)
        self.comparison = comparison
    }

    static func unary(_ name: WellKnownName, _ word: SlotWord, _ doc: StaticString) -> SlotDefinition {
        SlotDefinition(name, word, .unary, "($self, /)", doc)
    }
    static func binary(_ name: WellKnownName, _ word: SlotWord, _ doc: StaticString) -> SlotDefinition {
        SlotDefinition(name, word, .binary, "($self, value, /)", doc)
    }
    static func reflected(_ name: WellKnownName, _ word: SlotWord, _ doc: StaticString) -> SlotDefinition {
        SlotDefinition(name, word, .binaryReflected, "($self, value, /)", doc)
    }

    /// The whole table. Lines of one word stand together.
    static func table() -> [SlotDefinition] { objectTable() + numberTable() + inPlaceTable() + containerTable() }

    private static func objectTable() -> [SlotDefinition] {
        [
            .unary(.__repr__, .repr, "Return repr(self)."),
            .unary(.__str__, .str, "Return str(self)."),
            SlotDefinition(.__hash__, .hash, .hash, "($self, /)", "Return hash(self)."),
            SlotDefinition(.__call__, .call, .call, "($self, /, *args, **kwargs)", "Call self as a function."),
            SlotDefinition(.__getattribute__, .getattr, .getattribute, "($self, name, /)", "Return getattr(self, name)."),
            SlotDefinition(.__getattr__, .getattr, .none, "", ""),
            SlotDefinition(.__setattr__, .setattr, .setattr, "($self, name, value, /)", "Implement setattr(self, name, value)."),
            SlotDefinition(.__delattr__, .setattr, .delattr, "($self, name, /)", "Implement delattr(self, name)."),
            SlotDefinition(.__lt__, .less, "Return self<value."),
            SlotDefinition(.__le__, .lessEqual, "Return self<=value."),
            SlotDefinition(.__eq__, .equal, "Return self==value."),
            SlotDefinition(.__ne__, .notEqual, "Return self!=value."),
            SlotDefinition(.__gt__, .greater, "Return self>value."),
            SlotDefinition(.__ge__, .greaterEqual, "Return self>=value."),
            .unary(.__iter__, .iter, "Implement iter(self)."),
            SlotDefinition(.__next__, .next, .next, "($self, /)", "Implement next(self)."),
            SlotDefinition(.__get__, .descriptorGet, .get, "($self, instance, owner=None, /)", "Return an attribute of instance, which is of type owner."),
            SlotDefinition(.__set__, .descriptorSet, .set, "($self, instance, value, /)", "Set an attribute of instance to value."),
            SlotDefinition(.__delete__, .descriptorSet, .delete, "($self, instance, /)", "Delete an attribute of instance."),
            SlotDefinition(.__init__, .initialize, .initialize, "($self, /, *args, **kwargs)", "Initialize self.  See help(type(self)) for accurate signature."),
            SlotDefinition(.__new__, .new, .none, "($type, *args, **kwargs)", "Create and return a new object.  See help(type) for accurate signature."),
            SlotDefinition(.__del__, .finalize, .finalize, "", ""),
            .unary(.__await__, .await, "Return an iterator to be used in await expression."),
            .unary(.__aiter__, .asyncIter, "Return an awaitable, that resolves in asynchronous iterator."),
            .unary(.__anext__, .asyncNext, "Return a value or raise StopAsyncIteration."),
            SlotDefinition(.__buffer__, .buffer, .buffer, "($self, flags, /)", "Return a buffer object that exposes the underlying memory of the object."),
            SlotDefinition(.__release_buffer__, .releaseBuffer, .releaseBuffer, "($self, buffer, /)", "Release the buffer object that exposes the underlying memory of the object."),
        ]
    }

    private static func numberTable() -> [SlotDefinition] {
        [
            .binary(.__add__, .add, "Return self+value."), .reflected(.__radd__, .add, "Return value+self."),
            .binary(.__sub__, .subtract, "Return self-value."), .reflected(.__rsub__, .subtract, "Return value-self."),
            .binary(.__mul__, .multiply, "Return self*value."), .reflected(.__rmul__, .multiply, "Return value*self."),
            .binary(.__mod__, .remainder, "Return self%value."), .reflected(.__rmod__, .remainder, "Return value%self."),
            .binary(.__divmod__, .divmod, "Return divmod(self, value)."), .reflected(.__rdivmod__, .divmod, "Return divmod(value, self)."),
            SlotDefinition(.__pow__, .power, .ternary, "($self, value, mod=None, /)", "Return pow(self, value, mod)."),
            SlotDefinition(.__rpow__, .power, .ternaryReflected, "($self, value, mod=None, /)", "Return pow(value, self, mod)."),
            .unary(.__neg__, .negative, "-self"), .unary(.__pos__, .positive, "+self"), .unary(.__abs__, .absolute, "abs(self)"),
            SlotDefinition(.__bool__, .truth, .truth, "($self, /)", "True if self else False"),
            .unary(.__invert__, .invert, "~self"),
            .binary(.__lshift__, .leftShift, "Return self<<value."), .reflected(.__rlshift__, .leftShift, "Return value<<self."),
            .binary(.__rshift__, .rightShift, "Return self>>value."), .reflected(.__rrshift__, .rightShift, "Return value>>self."),
            .binary(.__and__, .and, "Return self&value."), .reflected(.__rand__, .and, "Return value&self."),
            .binary(.__xor__, .xor, "Return self^value."), .reflected(.__rxor__, .xor, "Return value^self."),
            .binary(.__or__, .or, "Return self|value."), .reflected(.__ror__, .or, "Return value|self."),
            .unary(.__int__, .int, "int(self)"), .unary(.__float__, .float, "float(self)"),
            .binary(.__floordiv__, .floorDivide, "Return self//value."), .reflected(.__rfloordiv__, .floorDivide, "Return value//self."),
            .binary(.__truediv__, .trueDivide, "Return self/value."), .reflected(.__rtruediv__, .trueDivide, "Return value/self."),
            .unary(.__index__, .index, "Return self converted to an integer, if self is suitable for use as an index into a list."),
            .binary(.__matmul__, .matrixMultiply, "Return self@value."), .reflected(.__rmatmul__, .matrixMultiply, "Return value@self."),
        ]
    }

    private static func inPlaceTable() -> [SlotDefinition] {
        [
            .binary(.__iadd__, .inPlaceAdd, "Return self+=value."), .binary(.__isub__, .inPlaceSubtract, "Return self-=value."),
            .binary(.__imul__, .inPlaceMultiply, "Return self*=value."), .binary(.__imod__, .inPlaceRemainder, "Return self%=value."),
            SlotDefinition(.__ipow__, .inPlacePower, .inPlaceTernary, "($self, value, /)", "Return self**=value."),
            .binary(.__ilshift__, .inPlaceLeftShift, "Return self<<=value."), .binary(.__irshift__, .inPlaceRightShift, "Return self>>=value."),
            .binary(.__iand__, .inPlaceAnd, "Return self&=value."), .binary(.__ixor__, .inPlaceXor, "Return self^=value."),
            .binary(.__ior__, .inPlaceOr, "Return self|=value."), .binary(.__ifloordiv__, .inPlaceFloorDivide, "Return self//=value."),
            .binary(.__itruediv__, .inPlaceTrueDivide, "Return self/=value."), .binary(.__imatmul__, .inPlaceMatrixMultiply, "Return self@=value."),
        ]
    }

    private static func containerTable() -> [SlotDefinition] {
        [
            SlotDefinition(.__len__, .length, .length, "($self, /)", "Return len(self)."),
            SlotDefinition(.__getitem__, .getItem, .binary, "($self, key, /)", "Return self[key]."),
            SlotDefinition(.__setitem__, .setItem, .setItem, "($self, key, value, /)", "Set self[key] to value."),
            SlotDefinition(.__delitem__, .setItem, .deleteItem, "($self, key, /)", "Delete self[key]."),
            SlotDefinition(.__contains__, .contains, .contains, "($self, key, /)", "Return key in self."),
            .binary(.__add__, .concatenate, "Return self+value."),
            .binary(.__mul__, .repeat, "Return self*value."), .binary(.__rmul__, .repeat, "Return value*self."),
            .binary(.__iadd__, .inPlaceConcatenate, "Implement self+=value."), .binary(.__imul__, .inPlaceRepeat, "Implement self*=value."),
        ]
    }
}

/// The table in memory of the interpreter's: read at every class creation.
struct SlotTable: BitwiseCopyable {
    let rows: UnsafeMutablePointer<SlotDefinition>
    let count: Int

    static func create() -> SlotTable {
        let all = SlotDefinition.table()
        let rows = UnsafeMutablePointer<SlotDefinition>.allocate(capacity: all.count)
        for (i, row) in all.enumerated() { (rows + i).initialize(to: row) }
        return SlotTable(rows: rows, count: all.count)
    }

    subscript(_ i: Int) -> SlotDefinition { rows[i] }
}

// MARK: - Slot wrappers of builtin types

/// A slot wrapper's cell (`wrapper_descriptor`): name, the type that has the slot, row of the table (small int), then raw: the slot's word.
struct WrapperDescriptor: BitwiseCopyable {
    let cell: Cell
    init(_ value: Value) { cell = value.cell }
    var name: Value { cell[1] }
    var owner: Value { cell[2] }
    var row: Int { cell[3].smallInt }
    var address: UInt { UInt(bitPattern: cell.raw(4)) }
    static var bytes: Int { 40 }
}

extension Thread {
    var slotTable: SlotTable { interp.pointee.slotTable }

    /// Puts wrappers for the slots that the type fills itself, and its `__new__`, into its dict. Runs before the type inherits slots.
    func addSlotWrappers(_ type: TypeObject) {
        if type.slots.pointee.compare.isSet && !type.slots.pointee.hash.isSet { type.slotWords[SlotWord.hash.rawValue] = Thread.unhashableAddress() }
        let dict = DictObject(type.dict)
        let table = slotTable
        for i in 0..<table.count {
            let address = type.slotWords[table.rows[i].word.rawValue]
            if address == 0 { continue }
            let key = name(table.rows[i].name)
            if dict.findStringEntry(self, key) >= 0 { continue }
            switch table.rows[i].word {
            case .new: try? dict.setString(self, key, newConstructor(type))
            case .hash where address == Thread.unhashableAddress(): try? dict.setString(self, key, .none)
            default:
                if table.rows[i].kind != .none { try? dict.setString(self, key, newSlotWrapper(key, type, i, address)) }
            }
        }
        addOwnDict(type, dict)
        if dict.findStringEntry(self, name(.__doc__)) < 0 {
            let doc = nativeDoc(type)
            try? dict.setString(self, name(.__doc__), doc.isUnbound ? .none : doc)
        }
        if type.slots.pointee.getattr.isSet && type.base.isBound && !type.base.isNone { type.flags |= TypeFlag.customGetattr }
        if type.slots.pointee.setattr.isSet && type.base.isBound && !type.base.isNone { type.flags |= TypeFlag.customSetattr }
        if !type.slots.pointee.new.isSet && type.base == types.pointee.object && type.instanceLayout.rawValue < UInt32(LayoutID.firstDynamic) {
            type.flags |= TypeFlag.noInstantiation
        }
    }

    /// What separates a signature from the rest of a doc: `\n--\n\n`.
    static var signatureEnd: Int { 5 }

    /// Bytes of the signature, name included, that a type's doc starts with: `name(…)` up to the separator. 0 when there is none.
    static func signatureLength<Text: RandomAccessCollection>(of doc: Text, name: [UInt8]) -> Int where Text.Element == UInt8, Text.Index == Int {
        let head = name + [0x28]
        if doc.count < head.count + signatureEnd || !doc.starts(with: head) { return 0 }
        var i = doc.startIndex + head.count
        while i + signatureEnd < doc.endIndex {
            if doc[i] == 0x29 && doc[(i + 1)..<(i + 1 + signatureEnd)].elementsEqual([0x0A, 0x2D, 0x2D, 0x0A, 0x0A]) { return i + 1 - doc.startIndex }
            // A blank line before the end of the signature: it was no signature.
            if doc[i] == 0x0A && doc[i + 1] == 0x0A { return 0 }
            i += 1
        }
        return 0
    }

    /// The doc of a native type without its signature, or unbound.
    func nativeDoc(_ type: TypeObject) -> Value {
        let doc = UnsafeBufferPointer(start: UnsafePointer<UInt8>(bitPattern: type.docAddress), count: type.docLength)
        let signature = Thread.signatureLength(of: doc, name: wtf8(type.name))
        let shown = UnsafeBufferPointer(rebasing: doc.dropFirst(signature == 0 ? 0 : signature + Thread.signatureEnd))
        return shown.isEmpty ? .unbound : str(utf8: shown)
    }

    /// `__text_signature__` of a type: what its doc starts with.
    func typeSignature(_ type: TypeObject) -> Value {
        let name = wtf8(type.name)
        var text: [UInt8] = []
        if type.docLength > 0 {
            text = Array(UnsafeBufferPointer(start: UnsafePointer<UInt8>(bitPattern: type.docAddress), count: type.docLength))
        } else if type.has(TypeFlag.heap) {
            let doc = DictObject(type.dict).findString(self, self.name(.__doc__))
            if doc.hasLayout(.str) { text = wtf8(doc) }
        }
        let length = Thread.signatureLength(of: text, name: name)
        return length == 0 ? .none : text[name.count..<length].withUnsafeBufferPointer { str(utf8: $0) }
    }

    /// `__dict__` for types whose instances have an attribute dict, but for those of typing, which do not show it.
    private func addOwnDict(_ type: TypeObject, _ dict: DictObject) {
        let layout = interp.pointee.layouts.base + Int(type.instanceLayout.rawValue)
        guard layout.pointee.hasAttributes, dict.findStringEntry(self, name(.__dict__)) < 0, type.moduleName != intern("typing") else { return }
        if type.base.isBound && !type.base.isNone && TypeObject(type.base).has(TypeFlag.hasDict) { return }
        try? dict.setString(self, name(.__dict__), newGetSet(name(.__dict__), type, UnarySlot(Thread.getInstanceDict), AttributeSetSlot(Thread.setInstanceDict)))
    }

    private func newSlotWrapper(_ name: Value, _ type: TypeObject, _ row: Int, _ address: UInt) -> Value {
        let cell = heap.allocate(header: UInt(LayoutID.wrapperDescriptor.rawValue), bytes: WrapperDescriptor.bytes)
        cell[1] = name
        cell[2] = type.value
        cell[3] = Value(smallInt: row)
        cell.setRaw(Int(bitPattern: address), at: 4)
        return Value(cell)
    }

    /// The `hash` slot of types without hash.
    static func unhashable(_ t: Thread, _ value: Value) throws(Raised) -> Int {
        throw t.raise(.typeError, "unhashable type: '\(t.typeName(value))'")
    }

    /// The address that stands for "unhashable". One place makes it: the address of a function may differ by where it is taken.
    @inline(never) static func unhashableAddress() -> UInt { IntSlot { (t, v) throws(Raised) in try unhashable(t, v) }.address }

    // MARK: __new__ of builtin types

    /// The builtin `__new__` of a type: a function bound to the type.
    private func newConstructor(_ type: TypeObject) -> Value {
        let made = newNative(.builtinFunction, name(.__new__), "($type, *args, **kwargs)", "Create and return a new object.  See help(type) for accurate signature.",
                             NativeFunction.isRawBit, Thread.callConstructor)
        made.bound = type.value
        made.owner = type.value
        return made.value
    }

    /// `X.__new__(C, …)`: argument 0 is X, argument 1 is C, which must be a subclass whose native fields X initializes.
    static func callConstructor(_ t: Thread, _ a: Arguments) throws(Raised) -> Value {
        let type = TypeObject(a[0])
        let typeName = t.qualifiedTypeName(type)
        if a.count < 2 { throw t.raise(.typeError, "\(typeName).__new__(): not enough arguments") }
        if !t.isType(a[1]) { throw t.raise(.typeError, "\(typeName).__new__(X): X is not a type object (\(t.typeName(a[1])))") }
        let subtype = TypeObject(a[1])
        if subtype != type {
            let subName = t.qualifiedTypeName(subtype)
            if !t.isSubtype(subtype, of: type.value) { throw t.raise(.typeError, "\(typeName).__new__(\(subName)): \(subName) is not a subtype of \(typeName)") }
            let native = t.nativeConstructorBase(subtype)
            if native.slots.pointee.new.address != type.slots.pointee.new.address || native.has(TypeFlag.noInstantiation) {
                throw t.raise(.typeError, "\(typeName).__new__(\(subName)) is not safe, use \(t.qualifiedTypeName(native)).__new__()")
            }
        }
        return try type.slots.pointee.new(t, subtype.value, Arguments(a.base + 2, a.count - 2, a.keywords))
    }

    /// The nearest base whose `new` slot is native.
    func nativeConstructorBase(_ type: TypeObject) -> TypeObject {
        var at = type
        let generic = Thread.pythonSlot(.new)
        while at.slots.pointee.new.address == generic && !at.base.isNone { at = TypeObject(at.base) }
        return at
    }
}

// MARK: - Calling a slot by name

extension Thread {
    /// Calls the slot behind a wrapper. `a` does not hold the receiver.
    func callSlot(_ wrapper: WrapperDescriptor, _ v: Value, _ a: Arguments) throws(Raised) -> Value {
        let kind = slotTable.rows[wrapper.row].kind
        switch kind {
        case .call: return try slot(wrapper, CallSlot.self)(self, v, a)
        case .initialize:
            try slot(wrapper, InitSlot.self)(self, v, a)
            return .none
        default: break
        }
        if a.keywords.isBound && TupleObject(a.keywords).count > 0 { throw raise(.typeError, "wrapper \(string(wrapper.name))() takes no keyword arguments") }
        switch kind {
        case .unary: try checkCount(a, 0); return try slot(wrapper, UnarySlot.self)(self, v)
        case .hash, .length: try checkCount(a, 0); return int(try slot(wrapper, IntSlot.self)(self, v))
        case .truth: try checkCount(a, 0); return Value(try slot(wrapper, BoolSlot.self)(self, v))
        case .binary: try checkCount(a, 1); return try slot(wrapper, BinarySlot.self)(self, v, a[0])
        case .binaryReflected: try checkCount(a, 1); return try slot(wrapper, BinarySlot.self)(self, a[0], v)
        case .compare: try checkCount(a, 1); return try slot(wrapper, CompareSlot.self)(self, v, a[0], slotTable.rows[wrapper.row].comparison)
        case .contains: try checkCount(a, 1); return Value(try slot(wrapper, ContainsSlot.self)(self, v, a[0]))
        default: return try callRareSlot(wrapper, kind, v, a)
        }
    }

    private func callRareSlot(_ wrapper: WrapperDescriptor, _ kind: SlotKind, _ v: Value, _ a: Arguments) throws(Raised) -> Value {
        switch kind {
        case .ternary, .ternaryReflected:
            if a.count < 1 || a.count > 2 { throw raise(.typeError, " expected at \(a.count < 1 ? "least 1 argument" : "most 2 arguments"), got \(a.count)") }
            let modulus = a.count > 1 ? a[1] : .none
            let power = slot(wrapper, TernarySlot.self)
            return kind == .ternary ? try power(self, v, a[0], modulus) : try power(self, a[0], v, modulus)
        case .inPlaceTernary: try checkCount(a, 1); return try slot(wrapper, TernarySlot.self)(self, v, a[0], .none)
        case .setItem: try checkCount(a, 2); try slot(wrapper, StoreSlot.self)(self, v, a[0], a[1])
        case .deleteItem, .delete: try checkCount(a, 1); try slot(wrapper, StoreSlot.self)(self, v, a[0], .unbound)
        case .set: try checkCount(a, 2); try slot(wrapper, StoreSlot.self)(self, v, a[0], a[1])
        case .setattr, .delattr:
            try checkCount(a, kind == .setattr ? 2 : 1)
            try checkSetattr(wrapper, v)
            try slot(wrapper, StoreSlot.self)(self, v, try attributeName(a[0]), kind == .setattr ? a[1] : .unbound)
        case .getattribute:
            try checkCount(a, 1)
            let key = try attributeName(a[0])
            let found = try slot(wrapper, BinarySlot.self)(self, v, key)
            if found.isUnbound { throw attributeError(v, key) }
            return found
        case .next:
            try checkCount(a, 0)
            state.pointee.returnValue = .unbound
            let item = try slot(wrapper, UnarySlot.self)(self, v)
            if item.isUnbound { throw stopIteration(takeReturnValue()) }
            return item
        case .get: return try callGet(wrapper, v, a)
        case .finalize: try checkCount(a, 0); try slot(wrapper, ActionSlot.self)(self, v)
        case .buffer:
            try checkCount(a, 1)
            return try bufferMethod(v, a[0], slot(wrapper, BufferSlot.self))
        case .releaseBuffer:
            try checkCount(a, 1)
            try releaseBufferMethod(v, a[0])
        default: break
        }
        return .none
    }

    private func callGet(_ wrapper: WrapperDescriptor, _ v: Value, _ a: Arguments) throws(Raised) -> Value {
        if a.count < 1 || a.count > 2 { throw raise(.typeError, " expected at \(a.count < 1 ? "least 1 argument" : "most 2 arguments"), got \(a.count)") }
        let object: Value = a[0].isNone ? .unbound : a[0]
        let type: Value = a.count < 2 || a[1].isNone ? .unbound : a[1]
        if object.isUnbound && type.isUnbound { throw raise(.typeError, "__get__(None, None) is invalid") }
        return try slot(wrapper, TernarySlot.self)(self, v, object, type)
    }

    private func slot<Slot: BitwiseCopyable>(_ wrapper: WrapperDescriptor, _ kind: Slot.Type) -> Slot { unsafeBitCast(wrapper.address, to: kind) }

    private func checkCount(_ a: Arguments, _ expected: Int) throws(Raised) {
        if a.count != expected { throw raise(.typeError, "expected \(expected) argument\(expected == 1 ? "" : "s"), got \(a.count)") }
    }

    /// `object.__setattr__(C, …)` must not go around what a native type does in its own `__setattr__`.
    private func checkSetattr(_ wrapper: WrapperDescriptor, _ value: Value) throws(Raised) {
        let type = type(of: value)
        let generic = Thread.pythonSlot(.setattr)
        var defining = type
        let mro = TupleObject(type.mro)
        var i = mro.count - 1
        while i >= 0 {
            let address = TypeObject(mro[i]).slots.pointee.setattr.address
            if address != generic && address == type.slots.pointee.setattr.address {
                defining = TypeObject(mro[i])
                break
            }
            i -= 1
        }
        while true {
            let address = defining.slots.pointee.setattr.address
            if address == wrapper.address { return }
            if address != generic { throw raise(.typeError, "can't apply this \(string(wrapper.name)) to \(string(type.name)) object") }
            if defining.base.isNone { return }
            defining = TypeObject(defining.base)
        }
    }

    /// An attribute name as the slots expect it: an exact, interned str.
    public func attributeName(_ value: Value) throws(Raised) -> Value {
        if value.hasLayout(.str) { return intern(value) }
        if value.isKind(.str) { return intern(wtf8(value).withUnsafeBufferPointer { str(utf8: $0) }) }
        throw raise(.typeError, "attribute name must be string, not '\(typeName(value))'")
    }
}
