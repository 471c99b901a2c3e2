// The callables and descriptors of builtin types: builtin functions, method descriptors, slot wrappers,
// class-method descriptors, getsets and members.

extension Thread {
    func defineNativeDescriptorTypes() {
        defineBuiltinFunctionType()
        defineMethodDescriptorType()
        defineClassMethodDescriptorType()
        defineWrapperDescriptorType()
        defineMethodWrapperType()
        defineGetSetType()
        defineMemberType()
    }

    // MARK: builtin_function_or_method

    private func defineBuiltinFunctionType() {
        defineType(.builtinFunction, "builtin_function_or_method", flags: TypeFlag.hasWeakReferences | TypeFlag.vectorcall, NativeLayout(valueWords: 5, bytes: NativeFunction.bytes)) { b in
            let s = b.slots
            s.pointee.repr = UnarySlot(Thread.builtinFunctionRepr)
            s.pointee.hash = IntSlot { (t, v) in
                let f = NativeFunction(v)
                let hash = (f.bound.isBound ? t.identityHash(f.bound) : 0) ^ Int(bitPattern: f.body.address >> 4)
                return hash == -1 ? -2 : hash
            }
            s.pointee.compare = CompareSlot { (t, l, r, op) in
                if op != .equal && op != .notEqual || !r.hasLayout(.builtinFunction) { return .notImplemented }
                let f = NativeFunction(l), g = NativeFunction(r)
                let same = f.bound == g.bound && f.body.address == g.body.address && f.owner == g.owner
                return Value(same == (op == .equal))
            }
            s.pointee.call = CallSlot { (t, v, a) throws(Raised) in try t.callBuiltin(NativeFunction(v), a) }
            b.method("__reduce__", "!($self, /)") { (t, a) throws(Raised) in
                let f = NativeFunction(a[0])
                let receiver = t.builtinReceiver(f)
                if receiver.isNone || receiver.hasLayout(.module) { return f.name }
                return try t.tuple(t.builtin("getattr"), try t.tuple(receiver, f.name))
            }
            b.member("__module__", get: { (t, v) in NativeFunction(v).module.isUnbound ? .none : NativeFunction(v).module },
                     set: { (t, v, new) throws(Raised) in NativeFunction(v).module = new })
            addNativeTexts(b)
            b.getset("__name__", get: { (t, v) in NativeFunction(v).name })
            b.getset("__qualname__", get: { (t, v) throws(Raised) in try t.builtinQualname(NativeFunction(v)) })
            b.getset("__self__", get: { (t, v) in t.builtinReceiver(NativeFunction(v)) })
        }
    }

    /// `builtins.name`.
    func builtin(_ name: StaticString) -> Value {
        guard objects.pointee.builtins.isBound else { return .none }
        let found = DictObject(objects.pointee.builtins).findString(self, intern(name))
        return found.isUnbound ? .none : found
    }

    /// `__self__`: what the method is bound to, the module of a function, the type of a static method.
    private func builtinReceiver(_ f: NativeFunction) -> Value { f.bound.isBound ? f.bound : f.owner.isBound ? f.owner : .none }

    private func builtinQualname(_ f: NativeFunction) throws(Raised) -> Value {
        let receiver = builtinReceiver(f)
        if receiver.isNone || receiver.hasLayout(.module) { return f.name }
        let type = isType(receiver) ? TypeObject(receiver) : type(of: receiver)
        return str(string(type.qualname) + "." + string(f.name))
    }

    static func builtinFunctionRepr(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        let f = NativeFunction(v)
        let receiver = t.builtinReceiver(f)
        if receiver.isNone || receiver.hasLayout(.module) { return t.str("<built-in function \(t.string(f.name))>") }
        return t.str("<built-in method \(t.string(f.name)) of \(t.typeName(receiver)) object at \(t.addressText(receiver))>")
    }

    /// The identity of a value as `repr` shows it: "0x7f…".
    public func addressText(_ value: Value) -> String { "0x" + String(value.isCell ? value.bits : value.bits &* 8, radix: 16) }

    /// Calls a builtin function; one that is bound to a receiver passes it first.
    @inline(__always) public func callBuiltin(_ f: NativeFunction, _ a: Arguments) throws(Raised) -> Value {
        if f.bound.isBound && f.owner.isBound { return try callBoundNative(f, a) }
        return try callNative(f, a, receiver: false)
    }

    @inline(__always) func callBuiltin(_ f: Value, _ a: Arguments) throws(Raised) -> Value { try callBuiltin(NativeFunction(f), a) }
    @inline(__always) func callMethodDescriptor(_ f: Value, _ a: Arguments) throws(Raised) -> Value { try callMethodDescriptor(NativeFunction(f), a) }

    @inline(never) func callBoundNative(_ f: NativeFunction, _ a: Arguments) throws(Raised) -> Value {
        let width = a.count + (a.keywords.isUnbound ? 0 : TupleObject(a.keywords).count)
        let base = try pushScratch(width + 1)
        defer { popScratch(base) }
        base[0] = f.bound
        for i in 0..<max(width, 0) { base[i + 1] = a.base[i] }
        return try callNative(f, Arguments(base, a.count + 1, a.keywords), receiver: true)
    }

    /// A builtin method of `f` bound to `receiver`.
    public func newBoundNative(_ f: NativeFunction, _ receiver: Value) -> Value {
        // Parsed once here and not at each call of each copy. Without memory for it, the call itself will say so.
        if !f.arity.isParsed && !f.isRaw { do throws(Raised) { _ = try prepare(f) } catch { _ = takePending() } }
        let cell = heap.allocate(header: UInt(LayoutID.builtinFunction.rawValue) | (f.cell.header & (NativeFunction.isRawBit | NativeFunction.isStaticBit | NativeFunction.isHiddenBit)), bytes: NativeFunction.bytes)
        for i in 1...5 { cell[i] = f.cell[i] }
        for i in 6...11 { cell.setRaw(f.cell.raw(i), at: i) }
        cell[2] = receiver
        cell[3] = .unbound
        return Value(cell)
    }

    /// `__doc__` and `__text_signature__` of native functions.
    private func addNativeTexts(_ b: TypeBuilder) {
        b.getset("__doc__", get: { (t, v) in NativeFunction(v).doc.count == 0 ? .none : t.str(utf8: NativeFunction(v).doc) })
        b.getset("__text_signature__", get: { (t, v) in NativeFunction(v).signature.count == 0 || NativeFunction(v).cell.has(NativeFunction.isHiddenBit) ? .none : t.str(utf8: NativeFunction(v).signature) })
    }

    // MARK: method_descriptor

    private func defineMethodDescriptorType() {
        defineType(.methodDescriptor, "method_descriptor", flags: TypeFlag.methodDescriptor | TypeFlag.vectorcall, NativeLayout(valueWords: 5, bytes: NativeFunction.bytes)) { b in
            b.slots.pointee.repr = UnarySlot { (t, v) in t.str("<method '\(t.string(v.cell[1]))' of '\(t.ownerName(v.cell[5]))' objects>") }
            b.slots.pointee.call = CallSlot { (t, v, a) throws(Raised) in try t.callMethodDescriptor(NativeFunction(v), a) }
            b.slots.pointee.descriptorGet = TernarySlot { (t, v, object, type) throws(Raised) in
                if object.isUnbound { return v }
                let f = NativeFunction(v)
                try t.checkReceiver(object, f.owner, f.name)
                return t.newBoundNative(f, object)
            }
            addDescriptorAttributes(b, nameWord: 1, ownerWord: 5)
            addNativeTexts(b)
        }
    }

    func ownerName(_ owner: Value) -> String { owner.isBound ? qualifiedTypeName(TypeObject(owner)) : "?" }

    /// Calls a method of a builtin type with the receiver as first argument.
    @inline(__always) public func callMethodDescriptor(_ f: NativeFunction, _ a: Arguments) throws(Raised) -> Value {
        if a.count < 1 { throw raise(.typeError, "unbound method \(ownerName(f.owner)).\(string(f.name))() needs an argument") }
        if type(of: a[0]).value != f.owner { try checkReceiver(a[0], f.owner, f.name) }
        return try callNative(f, a, receiver: true)
    }

    @inline(never) func checkReceiver(_ object: Value, _ owner: Value, _ name: Value) throws(Raised) {
        if isInstance(object, of: owner) { return }
        throw raise(.typeError, "descriptor '\(string(name))' for '\(ownerName(owner))' objects doesn't apply to a '\(typeName(object))' object")
    }

    /// `__objclass__`, `__name__`, `__qualname__` and `__reduce__` of descriptors.
    private func addDescriptorAttributes(_ b: TypeBuilder, nameWord: Int, ownerWord: Int, reduces: Bool = true) {
        b.member("__objclass__", word: ownerWord)
        b.member("__name__", word: nameWord)
        b.getset("__qualname__", get: { (t, v) throws(Raised) in
            let isFunction = v.hasLayout(.methodDescriptor) || v.hasLayout(.classMethodDescriptor)
            let owner = v.cell[isFunction ? 5 : 2]
            return t.str(t.string(TypeObject(owner).qualname) + "." + t.string(v.cell[1]))
        })
        if !reduces { return }
        b.method("__reduce__", "!($self, /)") { (t, a) throws(Raised) in
            let isFunction = a[0].hasLayout(.methodDescriptor) || a[0].hasLayout(.classMethodDescriptor)
            return try t.tuple(t.builtin("getattr"), try t.tuple(a[0].cell[isFunction ? 5 : 2], a[0].cell[1]))
        }
    }

    // MARK: classmethod_descriptor

    private func defineClassMethodDescriptorType() {
        defineType(.classMethodDescriptor, "classmethod_descriptor", NativeLayout(valueWords: 5, bytes: NativeFunction.bytes)) { b in
            b.slots.pointee.repr = UnarySlot { (t, v) in t.str("<method '\(t.string(v.cell[1]))' of '\(t.ownerName(v.cell[5]))' objects>") }
            b.slots.pointee.descriptorGet = TernarySlot { (t, v, object, type) throws(Raised) in
                try t.bindClassMethod(NativeFunction(v), type.isBound ? type : t.type(of: object).value)
            }
            b.slots.pointee.call = CallSlot { (t, v, a) throws(Raised) in
                let f = NativeFunction(v)
                if a.count < 1 { throw t.raise(.typeError, "descriptor '\(t.string(f.name))' of '\(t.ownerName(f.owner))' object needs an argument") }
                return try t.callBoundNative(NativeFunction(t.bindClassMethod(f, a[0])), a.dropFirst)
            }
            addDescriptorAttributes(b, nameWord: 1, ownerWord: 5, reduces: false)
            addNativeTexts(b)
        }
    }

    private func bindClassMethod(_ f: NativeFunction, _ type: Value) throws(Raised) -> Value {
        if !isType(type) {
            throw raise(.typeError, "descriptor '\(string(f.name))' for type '\(ownerName(f.owner))' needs a type, not a '\(typeName(type))' as arg 2")
        }
        if !isSubtype(TypeObject(type), of: f.owner) {
            throw raise(.typeError, "descriptor '\(string(f.name))' requires a subtype of '\(ownerName(f.owner))' but received '\(string(TypeObject(type).name))'")
        }
        return newBoundNative(f, type)
    }

    // MARK: wrapper_descriptor and method-wrapper

    private func defineWrapperDescriptorType() {
        defineType(.wrapperDescriptor, "wrapper_descriptor", flags: TypeFlag.methodDescriptor, NativeLayout(valueWords: 3, bytes: WrapperDescriptor.bytes)) { b in
            b.slots.pointee.repr = UnarySlot { (t, v) in t.str("<slot wrapper '\(t.string(v.cell[1]))' of '\(t.ownerName(v.cell[2]))' objects>") }
            b.slots.pointee.call = CallSlot { (t, v, a) throws(Raised) in
                let wrapper = WrapperDescriptor(v)
                if a.count < 1 { throw t.raise(.typeError, "descriptor '\(t.string(wrapper.name))' of '\(t.ownerName(wrapper.owner))' object needs an argument") }
                if !t.isInstance(a[0], of: wrapper.owner) {
                    throw t.raise(.typeError, "descriptor '\(t.string(wrapper.name))' requires a '\(t.ownerName(wrapper.owner))' object but received a '\(t.typeName(a[0]))'")
                }
                return try t.callSlot(wrapper, a[0], a.dropFirst)
            }
            b.slots.pointee.descriptorGet = TernarySlot { (t, v, object, type) throws(Raised) in
                if object.isUnbound { return v }
                let wrapper = WrapperDescriptor(v)
                try t.checkReceiver(object, wrapper.owner, wrapper.name)
                let cell = t.heap.allocate(header: UInt(LayoutID.methodWrapper.rawValue), bytes: 24)
                cell[1] = v
                cell[2] = object
                return Value(cell)
            }
            addDescriptorAttributes(b, nameWord: 1, ownerWord: 2)
            b.getset("__doc__", get: { (t, v) in t.str(t.slotTable[WrapperDescriptor(v).row].doc) })
            b.getset("__text_signature__", get: { (t, v) in
                let text = t.slotTable[WrapperDescriptor(v).row].signature
                return text.utf8CodeUnitCount == 0 ? .none : t.str(text)
            })
        }
    }

    private func defineMethodWrapperType() {
        defineType(.methodWrapper, "method-wrapper", .values(2)) { b in
            let s = b.slots
            s.pointee.repr = UnarySlot { (t, v) in
                t.str("<method-wrapper '\(t.string(WrapperDescriptor(v.cell[1]).name))' of \(t.typeName(v.cell[2])) object at \(t.addressText(v.cell[2]))>")
            }
            s.pointee.hash = IntSlot { (t, v) in
                let hash = t.identityHash(v.cell[2]) ^ t.identityHash(v.cell[1])
                return hash == -1 ? -2 : hash
            }
            s.pointee.compare = CompareSlot { (t, l, r, op) in
                if op != .equal && op != .notEqual || !r.hasLayout(.methodWrapper) { return .notImplemented }
                return Value((l.cell[1] == r.cell[1] && l.cell[2] == r.cell[2]) == (op == .equal))
            }
            s.pointee.call = CallSlot { (t, v, a) throws(Raised) in try t.callSlot(WrapperDescriptor(v.cell[1]), v.cell[2], a) }
            b.member("__self__", word: 2)
            b.getset("__objclass__", get: { (t, v) in WrapperDescriptor(v.cell[1]).owner })
            b.getset("__name__", get: { (t, v) in WrapperDescriptor(v.cell[1]).name })
            b.getset("__qualname__", get: { (t, v) throws(Raised) in try t.getattr(v.cell[1], .__qualname__) })
            b.getset("__doc__", get: { (t, v) throws(Raised) in try t.getattr(v.cell[1], .__doc__) })
            b.getset("__text_signature__", get: { (t, v) throws(Raised) in try t.getattr(v.cell[1], .__text_signature__) })
            b.method("__reduce__", "!($self, /)") { (t, a) throws(Raised) in
                try t.tuple(t.builtin("getattr"), try t.tuple(a[0].cell[2], WrapperDescriptor(a[0].cell[1]).name))
            }
        }
    }

    // MARK: getset_descriptor and member_descriptor

    private func defineGetSetType() {
        defineType(.getSetDescriptor, "getset_descriptor", NativeLayout(valueWords: 2, bytes: GetSetDescriptor.bytes)) { b in
            b.slots.pointee.repr = UnarySlot { (t, v) in t.str("<attribute '\(t.string(v.cell[1]))' of '\(t.ownerName(v.cell[2]))' objects>") }
            b.slots.pointee.descriptorGet = TernarySlot { (t, v, object, type) throws(Raised) in
                if object.isUnbound { return v }
                let d = GetSetDescriptor(v.cell)
                try t.checkReceiver(object, d.owner, d.name)
                if d.getter.isSet { return try d.getter(t, object) }
                throw t.raise(.attributeError, "attribute '\(t.string(d.name))' of '\(t.ownerName(d.owner))' objects is not readable")
            }
            b.slots.pointee.descriptorSet = StoreSlot { (t, v, object, new) throws(Raised) in
                let d = GetSetDescriptor(v.cell)
                try t.checkReceiver(object, d.owner, d.name)
                if d.setter.isSet { return try d.setter(t, object, new) }
                throw t.raise(.attributeError, "attribute '\(t.string(d.name))' of '\(t.ownerName(d.owner))' objects is not writable")
            }
            addDescriptorAttributes(b, nameWord: 1, ownerWord: 2, reduces: false)
            b.getset("__doc__", get: { (t, v) in
                let d = GetSetDescriptor(v.cell)
                if d.docLength == 0 { return .none }
                return t.str(utf8: UnsafeBufferPointer(start: UnsafePointer(bitPattern: d.docAddress), count: d.docLength))
            })
        }
    }

    private func defineMemberType() {
        defineType(.memberDescriptor, "member_descriptor", NativeLayout(valueWords: 4, bytes: MemberDescriptor.bytes)) { b in
            b.slots.pointee.repr = UnarySlot { (t, v) in t.str("<member '\(t.string(v.cell[1]))' of '\(t.ownerName(v.cell[2]))' objects>") }
            b.slots.pointee.descriptorGet = TernarySlot { (t, v, object, type) throws(Raised) in
                if object.isUnbound { return v }
                let d = MemberDescriptor(v.cell)
                try t.checkReceiver(object, d.owner, d.name)
                if d.getter.isSet { return try d.getter(t, object) }
                let value = object.cell[d.word]
                if value.isBound { return value }
                if d.noneWhenUnbound { return .none }
                throw t.attributeError(object, d.name)
            }
            b.slots.pointee.descriptorSet = StoreSlot { (t, v, object, new) throws(Raised) in
                let d = MemberDescriptor(v.cell)
                try t.checkReceiver(object, d.owner, d.name)
                if d.isReadOnly { throw t.raise(.attributeError, "readonly attribute") }
                if d.setter.isSet { return try d.setter(t, object, new) }
                if d.isInt { return try t.setIntMember(d, object, new) }
                if new.isUnbound && object.cell[d.word].isUnbound { throw t.raise(.attributeError, d.name) }
                object.cell[d.word] = new
            }
            addDescriptorAttributes(b, nameWord: 1, ownerWord: 2)
            b.getset("__doc__", get: { (t, v) in
                let doc = MemberDescriptor(v.cell).doc
                return doc.count == 0 ? .none : t.str(utf8: doc)
            })
        }
    }

    private func setIntMember(_ d: MemberDescriptor, _ object: Value, _ new: Value) throws(Raised) {
        if new.isUnbound { throw raise(.typeError, "can't delete numeric/char attribute") }
        let number = try index(new)
        if number != Int(Int32(truncatingIfNeeded: number)) { try warn(.runtimeWarning, "Truncation of value to int") }
        object.cell[d.word] = Value(smallInt: Int(Int32(truncatingIfNeeded: number)))
    }
}
