// `type`: calling classes, attributes of classes, and what `type` itself offers. Making new classes is in ClassCreation.swift.

extension Thread {
    func defineTypeType() {
        defineType(.type, "type", flags: TypeFlag.base | TypeFlag.hasWeakReferences | TypeFlag.vectorcall,
                   NativeLayout(valueWords: TypeObject.valueWords, bytes: TypeObject.byteSize, kind: .type)) { b in
            b.doc("type(object) -> the object's type\ntype(name, bases, dict, **kwds) -> a new type")
            let s = b.slots
            s.pointee.repr = UnarySlot(Thread.typeRepr)
            s.pointee.call = CallSlot(Thread.typeCall)
            s.pointee.getattr = BinarySlot(Thread.typeGetattr)
            s.pointee.setattr = StoreSlot(Thread.typeSetattr)
            s.pointee.new = CallSlot(Thread.typeNew)
            s.pointee.initialize = InitSlot(Thread.typeInit)
            s.pointee.or = BinarySlot(Thread.unionOr)
            defineTypeMethods(b)
            defineTypeAttributes(b)
            defineTypeSizes(b)
        }
    }

    private func defineTypeMethods(_ b: TypeBuilder) {
        b.method("mro", "($self, /)", "Return a type's method resolution order.") { (t, a) throws(Raised) in
            try t.listFrom(t.computeMRO(TypeObject(a[0])).value).value
        }
        b.method("__subclasses__", "($self, /)", "Return a list of immediate subclasses.") { (t, a) throws(Raised) in
            let made = try t.newList()
            var failed = false
            t.forEachSubclass(TypeObject(a[0])) { one in
                do throws(Raised) { try t.append(made, one.value) } catch { failed = true }
            }
            if failed { throw Raised() }
            return made.value
        }
        b.classMethod("__prepare__", "!($cls, name, bases, /, **kwds)", "Create the namespace for the class statement") { (t, a) throws(Raised) in t.newDict().value }
        let prepare = DictObject(b.type.dict).findString(self, name(.__prepare__))
        if prepare.isBound { NativeFunction(prepare).cell.set(NativeFunction.isRawBit) }
        b.method("__instancecheck__", "($self, instance, /)", "Check if an object is an instance.") { (t, a) throws(Raised) in
            Value(try t.isRealInstance(a[1], a[0]))
        }
        b.method("__subclasscheck__", "($self, subclass, /)", "Check if a class is a subclass.") { (t, a) throws(Raised) in
            Value(try t.isRealSubclass(a[1], a[0]))
        }
        b.method("__dir__", "($self, /)", "Specialized __dir__ implementation for types.") { (t, a) throws(Raised) in
            let names = t.newDict()
            try t.mergeClassNames(names, a[0])
            return try t.keyList(names)
        }
        b.method("__sizeof__", "($self, /)", "Return memory consumption of the type object.") { (t, a) throws(Raised) in
            t.int(t.heap.size(of: a[0].cell) + 400)
        }
    }

    /// The keys of a dict, as a list.
    func keyList(_ dict: DictObject) throws(Raised) -> Value {
        let made = try newList(capacity: dict.count)
        for i in 0..<dict.entryCount where dict.entry(i).key.isBound { try append(made, dict.entry(i).key) }
        return made.value
    }

    /// Adds the names in the `__dict__` of `type` and of its `__bases__`, for `dir`.
    func mergeClassNames(_ names: DictObject, _ type: Value) throws(Raised) {
        try enterRecursion("")
        defer { leaveRecursion() }
        if isType(type) && self.type(of: type).slots.pointee.getattr.address == TypeObject(types.pointee.type).slots.pointee.getattr.address {
            let dict = DictObject(TypeObject(type).dict)
            for i in 0..<dict.entryCount where dict.entry(i).key.isBound { try set(names, dict.entry(i).key, .none) }
        } else {
            let dict = try getattrOrUnbound(type, name(.__dict__))
            if dict.isBound { try forEach(dict) { (key) throws(Raised) in try set(names, key, .none) } }
        }
        let bases = try getattrOrUnbound(type, name(.__bases__))
        if bases.isUnbound || !bases.isKind(.tuple) { return }
        let items = TupleObject(bases)
        for i in 0..<items.count { try mergeClassNames(names, items[i]) }
    }

    // MARK: Calling

    /// `C(...)`: `__new__`, then `__init__` when that gave an instance. `type(x)` is the type of `x`.
    static func typeCall(_ t: Thread, _ callee: Value, _ a: Arguments) throws(Raised) -> Value {
        let type = TypeObject(callee)
        if callee == t.types.pointee.type {
            if a.count == 1 && a.keywords.isUnbound { return t.type(of: a[0]).value }
            if a.count != 3 { throw t.raise(.typeError, "type() takes 1 or 3 arguments") }
        }
        if type.flags & TypeFlag.noInstantiation != 0 || !type.slots.pointee.new.isSet {
            throw t.raise(.typeError, "cannot create '\(t.qualifiedTypeName(type))' instances")
        }
        let made = try type.slots.pointee.new(t, callee, a)
        let madeType = t.type(of: made)
        if madeType != type && !t.isSubtype(madeType, of: callee) { return made }
        if madeType.slots.pointee.initialize.isSet { try madeType.slots.pointee.initialize(t, made, a) }
        return made
    }

    /// The name as CPython's `tp_name`: with the module for native types outside `builtins`.
    func qualifiedTypeName(_ type: TypeObject) -> String {
        if type.has(TypeFlag.heap) || type.moduleName.isUnbound || !type.moduleName.isKind(.str) { return string(type.name) }
        let module = string(type.moduleName)
        return module == "builtins" ? string(type.name) : module + "." + string(type.name)
    }

    static func typeInit(_ t: Thread, _ value: Value, _ a: Arguments) throws(Raised) {
        if a.count == 1 && a.keywords.isBound && TupleObject(a.keywords).count > 0 { throw t.raise(.typeError, "type.__init__() takes no keyword arguments") }
        if a.count != 1 && a.count != 3 { throw t.raise(.typeError, "type.__init__() takes 1 or 3 arguments") }
    }

    static func typeRepr(_ t: Thread, _ value: Value) throws(Raised) -> Value {
        let type = TypeObject(value)
        if type.mro.isUnbound { return t.str("<class '\(t.string(type.name))'>") }
        let module = try t.moduleName(of: type)
        if module.isBound && module.isKind(.str) && t.string(module) != "builtins" {
            return t.str("<class '\(t.string(module)).\(t.string(type.qualname))'>")
        }
        return t.str("<class '\(t.string(type.name))'>")
    }

    // MARK: Attributes

    /// `type.__getattribute__`: data descriptors of the metatype, the mro of the class, other attributes of the metatype.
    static func typeGetattr(_ t: Thread, _ value: Value, _ name: Value) throws(Raised) -> Value {
        let type = TypeObject(value), metatype = t.type(of: value)
        let meta = t.lookup(metatype, name)
        var metaGet = TernarySlot()
        if meta.isBound && meta.isCell {
            let slots = t.type(of: meta).slots
            metaGet = slots.pointee.descriptorGet
            if metaGet.isSet && slots.pointee.descriptorSet.isSet { return try metaGet(t, meta, value, metatype.value) }
        }
        let found = t.lookup(type, name)
        if found.isBound {
            if !found.isCell { return found }
            let get = t.type(of: found).slots.pointee.descriptorGet
            return get.isSet ? try get(t, found, .unbound, value) : found
        }
        return metaGet.isSet ? try metaGet(t, meta, value, metatype.value) : meta
    }

    /// `type.__setattr__` and `__delattr__`.
    static func typeSetattr(_ t: Thread, _ value: Value, _ name: Value, _ new: Value) throws(Raised) {
        let type = TypeObject(value)
        if type.has(TypeFlag.immutable) {
            throw t.raise(.typeError, "cannot set '\(t.string(name))' attribute of immutable type '\(t.qualifiedTypeName(type))'")
        }
        let meta = t.lookup(t.type(of: value), name)
        if meta.isBound && meta.isCell {
            let set = t.type(of: meta).slots.pointee.descriptorSet
            if set.isSet {
                try set(t, meta, value, new)
                t.typeChanged(type)
                t.updateSlots(type, name: name)
                return
            }
        }
        let dict = DictObject(type.dict)
        let old = dict.findString(t, name)
        if new.isUnbound {
            let i = dict.findStringEntry(t, name)
            if i < 0 { throw t.attributeError(value, name) }
            t.typeChanged(type)
            dict.removeEntry(i)
        } else {
            try dict.setString(t, name, new)
        }
        if t.decidesAttributes(old) || t.decidesAttributes(new) { t.forgetPlaces(type) }
        if t.isAttributeHook(name) { t.flushInlineCaches() }
        t.typeChanged(type)
        t.updateSlots(type, name: name)
    }

    /// A data descriptor: instances that have an attribute of its name in a cache must not answer before it.
    private func decidesAttributes(_ value: Value) -> Bool { value.isCell && type(of: value).slots.pointee.descriptorSet.isSet }

    /// Names whose appearance in a class changes how attributes are found: in its instances, or where its instances are attributes.
    private func isAttributeHook(_ name: Value) -> Bool {
        let hooks: [WellKnownName] = [.__get__, .__set__, .__delete__, .__getattribute__, .__getattr__, .__setattr__, .__delattr__]
        return hooks.contains { name == self.name($0) }
    }

    /// Attributes of instances of `type` may be decided otherwise from now on: cached places are forgotten. A class of which
    /// no instance has had an attribute, and that has no subclasses and no classes as instances, has none.
    private func forgetPlaces(_ type: TypeObject) {
        let info = interp.pointee.layouts.base + Int(type.instanceLayout.rawValue)
        let isFresh = type.has(TypeFlag.heap) && type.slotNames.isUnbound && type.subclasses.isUnbound && info.pointee.transitionCount == 0
            && type.dictLayout == .free && !isSubtype(type, of: types.pointee.type)
        if !isFresh { flushInlineCaches() }
    }

    // MARK: Getsets

    private func defineTypeAttributes(_ b: TypeBuilder) {
        b.getset("__name__", get: { (t, v) in TypeObject(v).name }, set: { (t, v, new) throws(Raised) in
            try t.checkSpecialAttribute(v, new, "__name__")
            if !new.isKind(.str) { throw t.raise(.typeError, "can only assign string to \(t.string(TypeObject(v).name)).__name__, not '\(t.typeName(new))'") }
            try t.checkEncodable(new)
            if t.string(new).unicodeScalars.contains("\0") { throw t.raise(.valueError, "type name must not contain null characters") }
            TypeObject(v).name = new
        })
        b.getset("__qualname__", get: { (t, v) in TypeObject(v).qualname }, set: { (t, v, new) throws(Raised) in
            try t.checkSpecialAttribute(v, new, "__qualname__")
            if !new.isKind(.str) { throw t.raise(.typeError, "can only assign string to \(t.string(TypeObject(v).name)).__qualname__, not '\(t.typeName(new))'") }
            TypeObject(v).qualname = new
        })
        b.getset("__module__", get: { (t, v) throws(Raised) in
            let module = try t.moduleName(of: TypeObject(v))
            if module.isUnbound { throw t.raise(.attributeError, "__module__") }
            return module
        }, set: { (t, v, new) throws(Raised) in
            try t.checkSpecialAttribute(v, new, "__module__")
            try DictObject(TypeObject(v).dict).setString(t, t.name(.__module__), new)
        })
        b.getset("__bases__", get: { (t, v) in TypeObject(v).bases }, set: { (t, v, new) throws(Raised) in try t.setBases(v, new) })
        b.getset("__mro__", get: { (t, v) in TypeObject(v).mro.isUnbound ? .none : TypeObject(v).mro })
        b.member("__base__", get: { (t, v) in TypeObject(v).base.isUnbound ? .none : TypeObject(v).base })
        b.getset("__dict__", get: { (t, v) throws(Raised) in try t.newMappingProxy(TypeObject(v).dict) })
        b.getset("__doc__", get: { (t, v) throws(Raised) in
            let native = t.nativeDoc(TypeObject(v))
            if native.isBound { return native }
            let doc = DictObject(TypeObject(v).dict).findString(t, t.name(.__doc__))
            if doc.isUnbound { return .none }
            let get = t.type(of: doc).slots.pointee.descriptorGet
            return get.isSet ? try get(t, doc, .unbound, v) : doc
        }, set: { (t, v, new) throws(Raised) in
            try t.checkSpecialAttribute(v, new, "__doc__")
            try DictObject(TypeObject(v).dict).setString(t, t.name(.__doc__), new)
        })
        b.getset("__text_signature__", get: { (t, v) in t.typeSignature(TypeObject(v)) })
        b.getset("__abstractmethods__", get: { (t, v) throws(Raised) in
            let found = v == t.types.pointee.type ? .unbound : DictObject(TypeObject(v).dict).findString(t, t.name(.__abstractmethods__))
            if found.isBound { return found }
            throw t.raise(.attributeError, t.name(.__abstractmethods__))
        }, set: { (t, v, new) throws(Raised) in try t.setAbstractMethods(TypeObject(v), new) })
        b.getset("__annotations__", get: { (t, v) throws(Raised) in try t.typeAnnotations(v) },
                 set: { (t, v, new) throws(Raised) in try t.setTypeAnnotations(v, new) })
        b.getset("__type_params__", get: { (t, v) throws(Raised) in
            let found = DictObject(TypeObject(v).dict).findString(t, t.name(.__type_params__))
            return found.isBound && !TypeObject(v).has(TypeFlag.immutable) ? found : t.objects.pointee.emptyTuple
        }, set: { (t, v, new) throws(Raised) in
            try t.checkSpecialAttribute(v, new, "__type_params__")
            try DictObject(TypeObject(v).dict).setString(t, t.name(.__type_params__), new)
        })
    }

    private func defineTypeSizes(_ b: TypeBuilder) {
        b.member("__basicsize__", get: { (t, v) in t.int(t.visibleBasicSize(TypeObject(v))) })
        b.member("__itemsize__", get: { (t, v) in
            let type = TypeObject(v)
            if type.nativeBase == .type { return Value(smallInt: 40) }
            if !type.has(TypeFlag.variableSize) || t.kind(of: type).contains(.str) { return Value(smallInt: 0) }
            return Value(smallInt: t.kind(of: type).contains(.bytes) ? 1 : t.kind(of: type).contains(.int) ? 4 : 8)
        })
        b.member("__flags__", get: { (t, v) in t.int(t.visibleFlags(TypeObject(v))) })
        b.member("__dictoffset__", get: { (t, v) in
            let type = TypeObject(v)
            if type.nativeBase == .type { return Value(smallInt: 264) }
            if !type.has(TypeFlag.hasDict) { return Value(smallInt: 0) }
            return Value(smallInt: type.has(TypeFlag.heap) ? -1 : 16)
        })
        b.member("__weakrefoffset__", get: { (t, v) in
            let type = TypeObject(v)
            return Value(smallInt: !type.has(TypeFlag.hasWeakReferences) ? 0 : type.nativeBase == .type ? 368 : type.has(TypeFlag.heap) ? -32 : 24)
        })
    }

    func kind(of type: TypeObject) -> CellKind { CellKind(rawValue: interp.pointee.layouts.base[Int(type.instanceLayout.rawValue)].kind) }

    /// `__basicsize__` as CPython counts: two header words, then the fields; the managed dict is not among them.
    func visibleBasicSize(_ type: TypeObject) -> Int {
        let info = interp.pointee.layouts.base + Int(type.instanceLayout.rawValue)
        let hasExtra = type.has(TypeFlag.heap) && info.pointee.extraWord != 0 && info.pointee.extraWord != LayoutInfo.computedExtra
        let size = type.basicSize + 8 - (hasExtra ? 8 : 0)
        guard let fields = structureSize(type.nativeBase) else { return size }
        return size + fields - TypeObject(interp.pointee.layouts.base[Int(type.nativeBase.rawValue)].type).basicSize - 8
    }

    /// The size of CPython's structure where `__sizeof__` counts as CPython does; the cell here may be smaller or larger.
    private func structureSize(_ layout: LayoutID) -> Int? {
        switch layout {
        case .int, .bool: 24
        case .list: 40
        case .dict: 48
        case .set, .frozenset: 200
        case .bytearray: 56
        case .memoryview: 144
        default: nil
        }
    }

    /// `__flags__` with CPython's bits.
    func visibleFlags(_ type: TypeObject) -> Int {
        let pairs: [(Int, Int)] = [
            (TypeFlag.heap, 9), (TypeFlag.madeAtRunTime, 9), (TypeFlag.base, 10), (TypeFlag.immutable, 8), (TypeFlag.noInstantiation, 7), (TypeFlag.abstract, 20),
            (TypeFlag.sequence, 5), (TypeFlag.mapping, 6), (TypeFlag.methodDescriptor, 17), (TypeFlag.matchSelf, 22), (TypeFlag.isReady, 12),
        ]
        var bits = 1 << 18 | (type.hasCollectorHeader ? 1 << 14 : 0)
        for (flag, bit) in pairs where type.has(flag) { bits |= 1 << bit }
        if type.version != 0 { bits |= 1 << 19 }
        if declaresVectorcall(type) { bits |= 1 << 11 }
        if type.has(TypeFlag.heap) && type.has(TypeFlag.hasDict) { bits |= 1 << 4 }
        if type.has(TypeFlag.heap) && type.has(TypeFlag.hasWeakReferences) { bits |= 1 << 3 }
        let kinds: [(CellKind, Int)] = [(.int, 24), (.list, 25), (.tuple, 26), (.bytes, 27), (.str, 28), (.dict, 29), (.exception, 30), (.type, 31)]
        for (one, bit) in kinds where kind(of: type).contains(one) { bits |= 1 << bit }
        return bits
    }

    /// CPython's HAVE_VECTORCALL: the nearest type in the line of bases that declares it still provides the native call.
    public func declaresVectorcall(_ type: TypeObject) -> Bool {
        let call = type.slots.pointee.call.address
        if call == Thread.pythonSlot(.call) { return false }
        var at = type.value
        while at.isBound && !at.isNone {
            if TypeObject(at).has(TypeFlag.vectorcall) { return TypeObject(at).slots.pointee.call.address == call }
            at = TypeObject(at).base
        }
        return false
    }

    private func checkSpecialAttribute(_ type: Value, _ new: Value, _ name: StaticString) throws(Raised) {
        if TypeObject(type).has(TypeFlag.immutable) {
            throw raise(.typeError, "cannot set '\(name)' attribute of immutable type '\(string(TypeObject(type).name))'")
        }
        if new.isUnbound { throw raise(.typeError, "cannot delete '\(name)' attribute of immutable type '\(string(TypeObject(type).name))'") }
        try audit("object.__setattr__", type, intern(name), new)
    }

    /// CPython keeps names and docs of classes as UTF-8.
    /// - Throws: UnicodeEncodeError for surrogates.
    func checkEncodable(_ text: Value) throws(Raised) {
        let s = StrObject(text)
        for i in 0..<s.count where s[i] >= 0xD800 && s[i] <= 0xDFFF { _ = try callMethod(text, name(.encode), intern("utf-8")) }
    }

    private func setAbstractMethods(_ type: TypeObject, _ new: Value) throws(Raised) {
        let dict = DictObject(type.dict)
        var isAbstract = false
        if new.isBound {
            isAbstract = try truth(new)
            try dict.setString(self, name(.__abstractmethods__), new)
        } else {
            let i = dict.findStringEntry(self, name(.__abstractmethods__))
            if i < 0 { throw raise(.attributeError, name(.__abstractmethods__)) }
            dict.removeEntry(i)
        }
        typeChanged(type)
        type.flags = isAbstract ? type.flags | TypeFlag.abstract : type.flags & ~TypeFlag.abstract
    }

    /// Classes get an empty `__annotations__` when they are first asked.
    private func typeAnnotations(_ value: Value) throws(Raised) -> Value {
        let type = TypeObject(value)
        if !type.has(TypeFlag.heap) { throw attributeError(value, name(.__annotations__)) }
        let dict = DictObject(type.dict)
        let found = dict.findString(self, name(.__annotations__))
        if found.isBound {
            let get = self.type(of: found).slots.pointee.descriptorGet
            return get.isSet ? try get(self, found, .unbound, value) : found
        }
        let made = newDict().value
        try dict.setString(self, name(.__annotations__), made)
        typeChanged(type)
        return made
    }

    private func setTypeAnnotations(_ value: Value, _ new: Value) throws(Raised) {
        let type = TypeObject(value)
        if type.has(TypeFlag.immutable) { throw raise(.typeError, "cannot set '__annotations__' attribute of immutable type '\(string(type.name))'") }
        let dict = DictObject(type.dict)
        if new.isBound {
            try dict.setString(self, name(.__annotations__), new)
        } else {
            let i = dict.findStringEntry(self, name(.__annotations__))
            if i < 0 { throw raise(.attributeError, name(.__annotations__)) }
            dict.removeEntry(i)
        }
        typeChanged(type)
    }

    /// "Can't instantiate abstract class C without an implementation for abstract method 'f'".
    func abstractInstantiation(_ type: TypeObject) throws(Raised) -> Raised {
        let names = try getattr(type.value, .__abstractmethods__)
        let sorted = try listFrom(names)
        try sortList(sorted)
        var texts: [String] = []
        for i in 0..<sorted.count {
            if !sorted[i].isKind(.str) { return raise(.typeError, "sequence item \(i): expected str instance, \(typeName(sorted[i])) found") }
            texts.append(string(sorted[i]))
        }
        let joined = texts.joined(separator: "', '")
        return raise(.typeError, "Can't instantiate abstract class \(string(type.name)) without an implementation for abstract method\(texts.count > 1 ? "s" : "") '\(joined)'")
    }

    /// Sorts a short list in place with `<`.
    private func sortList(_ list: ListObject) throws(Raised) {
        var i = 1
        while i < list.count {
            let item = list[i]
            var j = i - 1
            while j >= 0 {
                if !(try holds(item, .less, list[j])) { break }
                list[j + 1] = list[j]
                j -= 1
            }
            list[j + 1] = item
            i += 1
        }
    }
}
