// Making classes: `type(name, bases, dict)`. What happens in which order is CPython's: metaclass, best base,
// slots, dict entries, mro, native slots, `__set_name__`, `__init_subclass__`.

/// What `type.__new__` works out about a class before the cell exists.
private struct ClassPlan {
    var base: TypeObject
    var addsDict = false
    var addsWeakReferences = false
    var hasSlots = false
    /// Tuple of mangled member names in order, or unbound.
    var members = Value.unbound
}

extension Thread {
    /// `type.__new__(metatype, name, bases, dict, **keywords)`.
    static func typeNew(_ t: Thread, _ metatype: Value, _ a: Arguments) throws(Raised) -> Value {
        if a.count != 3 { throw t.raise(.typeError, "type.__new__() takes exactly 3 arguments (\(a.count) given)") }
        if !a[0].isKind(.str) { throw t.raise(.typeError, "type.__new__() argument 1 must be str, not \(t.typeName(a[0]))") }
        if !a[1].isKind(.tuple) { throw t.raise(.typeError, "type.__new__() argument 2 must be tuple, not \(t.typeName(a[1]))") }
        if !a[2].isKind(.dict) { throw t.raise(.typeError, "type.__new__() argument 3 must be dict, not \(t.typeName(a[2]))") }
        var bases = a[1]
        if TupleObject(bases).count == 0 { bases = try t.tuple(t.types.pointee.object) }
        try t.checkBasesAreTypes(bases)
        let winner = try t.calculateMetaclass(TypeObject(metatype), bases)
        if winner.value != metatype && winner.slots.pointee.new.address != TypeObject(t.types.pointee.type).slots.pointee.new.address {
            return try winner.slots.pointee.new(t, winner.value, a)
        }
        var plan = ClassPlan(base: try t.bestBase(bases))
        let namespace = try t.copy(DictObject(a[2]))
        let name = try t.className(a[0])
        try t.planSlots(&plan, name, bases, namespace)
        let type = try t.newClass(winner, name, bases, namespace, plan)
        return try t.finishClass(type, a)
    }

    private func className(_ value: Value) throws(Raised) -> Value {
        try checkEncodable(value)
        if string(value).unicodeScalars.contains("\0") { throw raise(.valueError, "type name must not contain null characters") }
        return value.hasLayout(.str) ? value : try attributeName(value)
    }

    private func checkBasesAreTypes(_ bases: Value) throws(Raised) {
        let items = TupleObject(bases)
        for i in 0..<items.count where !isType(items[i]) {
            if try getattrOrUnbound(items[i], name(.__mro_entries__)).isBound {
                throw raise(.typeError, "type() doesn't support MRO entry resolution; use types.new_class()")
            }
        }
    }

    /// The most derived of `metatype` and the types of the bases.
    func calculateMetaclass(_ metatype: TypeObject, _ bases: Value) throws(Raised) -> TypeObject {
        var winner = metatype
        let items = TupleObject(bases)
        for i in 0..<items.count {
            let candidate = type(of: items[i])
            if isSubtype(winner, of: candidate.value) { continue }
            if isSubtype(candidate, of: winner.value) {
                winner = candidate
                continue
            }
            throw raise(.typeError, "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the metaclasses of all its bases")
        }
        return winner
    }

    // MARK: Layout

    /// The base whose fixed fields the class extends.
    func bestBase(_ bases: Value) throws(Raised) -> TypeObject {
        let items = TupleObject(bases)
        var base: TypeObject?
        var winner: TypeObject?
        for i in 0..<items.count {
            if !isType(items[i]) { throw raise(.typeError, "bases must be types") }
            let one = TypeObject(items[i])
            if !one.has(TypeFlag.base) { throw raise(.typeError, "type '\(qualifiedTypeName(one))' is not an acceptable base type") }
            let candidate = solidBase(one)
            if let current = winner {
                if isSubtype(current, of: candidate.value) { continue }
                if !isSubtype(candidate, of: current.value) { throw raise(.typeError, "multiple bases have instance lay-out conflict") }
            }
            winner = candidate
            base = one
        }
        return base ?? TypeObject(types.pointee.object)
    }

    /// The nearest class, from `type` on, that adds fixed fields to its instances.
    func solidBase(_ type: TypeObject) -> TypeObject {
        var at = type
        while !at.base.isNone {
            if at.has(TypeFlag.heap) {
                if at.slotNames.isBound && TupleObject(at.slotNames).count > 0 { return at }
            } else if at.instanceLayout == .module {
                return at
            } else {
                let base = TypeObject(at.base)
                let words = at.has(TypeFlag.hasDict) && !base.has(TypeFlag.hasDict) && at.nativeBase != .type ? 8 : 0
                if at.basicSize - words != base.basicSize || at.has(TypeFlag.variableSize) != base.has(TypeFlag.variableSize) { return at }
            }
            at = TypeObject(at.base)
        }
        return at
    }

    /// Reads `__slots__` and decides about `__dict__` and `__weakref__`.
    private func planSlots(_ plan: inout ClassPlan, _ className: Value, _ bases: Value, _ namespace: DictObject) throws(Raised) {
        let base = plan.base
        let mayAddDict = !base.has(TypeFlag.hasDict) && base.nativeBase != .type
        let itemSized = base.has(TypeFlag.variableSize) && !kind(of: base).contains(.str)
        let mayAddWeak = !base.has(TypeFlag.hasWeakReferences) && !itemSized
        let slots = namespace.findString(self, name(.__slots__))
        if slots.isUnbound {
            plan.addsDict = mayAddDict
            plan.addsWeakReferences = mayAddWeak
            return
        }
        plan.hasSlots = true
        let names = slots.isKind(.str) ? try tuple(slots) : try tupleFrom(slots).value
        let count = TupleObject(names).count
        if count > 0 && (base.has(TypeFlag.variableSize) || base.nativeBase == .type) {
            throw raise(.typeError, "nonempty __slots__ not supported for subtype of '\(string(base.name))'")
        }
        let members = try newList()
        for i in 0..<count { try planSlot(&plan, TupleObject(names)[i], mayAddDict, mayAddWeak, className, namespace, members) }
        try sortNames(members)
        plan.members = try tuple(members.count > 0 ? members.items : names.cell.values(from: 2), members.count)
        // The other bases may bring a dict or weak references along.
        let items = TupleObject(bases)
        for i in 0..<items.count where items[i] != base.value {
            let other = TypeObject(items[i])
            if mayAddDict && other.has(TypeFlag.hasDict) { plan.addsDict = true }
            if mayAddWeak && other.has(TypeFlag.hasWeakReferences) { plan.addsWeakReferences = true }
        }
    }

    private func planSlot(_ plan: inout ClassPlan, _ slot: Value, _ mayAddDict: Bool, _ mayAddWeak: Bool, _ className: Value, _ namespace: DictObject,
                          _ members: ListObject) throws(Raised) {
        if !slot.isKind(.str) { throw raise(.typeError, "__slots__ items must be strings, not '\(typeName(slot))'") }
        if !(try truth(callMethod(slot, intern("isidentifier")))) { throw raise(.typeError, "__slots__ must be identifiers") }
        let text = string(slot)
        if text == "__dict__" {
            if !mayAddDict || plan.addsDict { throw raise(.typeError, "__dict__ slot disallowed: we already got one") }
            plan.addsDict = true
            return
        }
        if text == "__weakref__" {
            if !mayAddWeak || plan.addsWeakReferences { throw raise(.typeError, "__weakref__ slot disallowed: we already got one") }
            plan.addsWeakReferences = true
            return
        }
        let mangled = mangle(text, string(className))
        let key = intern(mangled)
        // These three are taken out of the namespace again, so they are no class variables.
        let isInternal = text == "__qualname__" || text == "__classcell__" || text == "__classdictcell__"
        if !isInternal && namespace.findString(self, key).isBound {
            throw raise(.valueError, "\(try reprText(slot)) in __slots__ conflicts with class variable")
        }
        try append(members, key)
    }

    /// `__x` in class `C` is `_C__x`.
    func mangle(_ name: String, _ className: String) -> String {
        if !name.hasPrefix("__") || name.hasSuffix("__") || name.contains(".") { return name }
        let stripped = className.drop { $0 == "_" }
        return stripped.isEmpty ? name : "_" + stripped + name
    }

    private func sortNames(_ names: ListObject) throws(Raised) {
        var i = 1
        while i < names.count {
            let item = names[i]
            var j = i - 1
            while j >= 0 && StrObject(item).compare(StrObject(names[j])) < 0 {
                names[j + 1] = names[j]
                j -= 1
            }
            names[j + 1] = item
            i += 1
        }
    }

    /// The cell of the class with its layout, bases and dict; no mro and no slots yet.
    private func newClass(_ metatype: TypeObject, _ name: Value, _ bases: Value, _ namespace: DictObject, _ plan: ClassPlan) throws(Raised) -> TypeObject {
        let type = TypeObject(allocate(metatype))
        let base = plan.base
        type.name = name
        type.bases = bases
        type.base = base.value
        type.dict = namespace.value
        type.nativeBase = base.nativeBase
        type.slotNames = plan.members
        var flags = TypeFlag.heap | TypeFlag.base
        flags |= base.flags & (TypeFlag.hasDict | TypeFlag.hasWeakReferences | TypeFlag.variableSize | TypeFlag.matchSelf)
        if plan.addsDict { flags |= TypeFlag.hasDict }
        if plan.addsWeakReferences { flags |= TypeFlag.hasWeakReferences }
        type.flags = flags
        try fillNamespace(type, name, namespace)
        // The cells of the class body learn the class; what `__slots__` adds under these names comes after.
        let classCell = try takeCell(namespace, .__classcell__)
        let dictCell = try takeCell(namespace, .__classdictcell__)
        if classCell.isBound { classCell.cell[1] = type.value }
        if dictCell.isBound { dictCell.cell[1] = type.dict }
        let first = try makeLayout(type, plan, namespace)
        try addMembers(type, plan, first)
        let doc = namespace.findString(self, self.name(.__doc__))
        if doc.isBound && doc.isKind(.str) { try checkEncodable(doc) }
        if namespace.findStringEntry(self, self.name(.__doc__)) < 0 { try namespace.setString(self, self.name(.__doc__), .none) }
        return type
    }

    /// `__module__`, `__qualname__`, and the methods that are implicitly static or class methods.
    private func fillNamespace(_ type: TypeObject, _ className: Value, _ namespace: DictObject) throws(Raised) {
        if namespace.findStringEntry(self, name(.__module__)) < 0 {
            let globals = currentGlobalsOrUnbound()
            let module = globals.isBound ? DictObject(globals).findString(self, name(.__name__)) : .unbound
            if module.isBound { try namespace.setString(self, name(.__module__), module) }
        }
        let i = namespace.findStringEntry(self, name(.__qualname__))
        type.qualname = className
        if i >= 0 {
            let qualname = namespace.entry(i).value
            if !qualname.isKind(.str) { throw raise(.typeError, "type __qualname__ must be a str, not \(typeName(qualname))") }
            type.qualname = qualname
            namespace.removeEntry(i)
        }
        let new = namespace.findString(self, name(.__new__))
        if new.hasLayout(.function) { try namespace.setString(self, name(.__new__), newStaticMethod(new)) }
        for implicit in [WellKnownName.__init_subclass__, .__class_getitem__] {
            let method = namespace.findString(self, name(implicit))
            if method.hasLayout(.function) { try namespace.setString(self, name(implicit), newClassMethod(method)) }
        }
    }

    /// Gives the class the layout of its fresh instances. Fixed words go on where the base's end: the extra word when the class
    /// adds a dict, the members of `__slots__`, then the inline attribute slots.
    /// - Returns: the word of the first member.
    private func makeLayout(_ type: TypeObject, _ plan: ClassPlan, _ namespace: DictObject) throws(Raised) -> Int {
        let base = plan.base
        var info = interp.pointee.layouts.base[Int(base.instanceLayout.rawValue)]
        info.type = type.value
        info.slotCount = 0
        info.parent = .free
        info.name = .unbound
        info.transitions = nil
        info.transitionCount = 0
        info.transitionCapacity = 0
        var next = base.basicSize / 8
        let isVariable = base.has(TypeFlag.variableSize)
        if plan.addsDict {
            info.hasAttributes = true
            info.isDictMode = isVariable
            info.extraWord = isVariable ? LayoutInfo.computedExtra : UInt16(next)
            if !isVariable { next += 1 }
        }
        let first = next
        if plan.members.isBound { next += TupleObject(plan.members).count }
        if next > 30000 { throw raise(.overflowError, "too many __slots__") }
        if base.nativeBase == .object && !isVariable {
            info.valueWords = LayoutInfo.allWords
        } else if !isVariable && info.tailStart == 0 && info.valueWords != LayoutInfo.allWords {
            info.tailStart = Int32(base.basicSize / 8)
        }
        let usesSlots = info.hasAttributes && !info.isDictMode
        // Cells come in steps of two words, so an odd count leaves one more slot for nothing.
        let wanted = usesSlots ? inlineCapacity(type, namespace) : 0
        let capacity = usesSlots ? wanted + (next + wanted) & 1 : 0
        info.inlineStart = UInt16(next)
        info.inlineCapacity = UInt16(capacity)
        type.basicSize = isVariable ? base.basicSize : next * 8
        if !isVariable { info.bytes = Int32((next + capacity) * 8) }
        let id = try newLayout(info)
        type.instanceLayout = id
        type.dictLayout = info.isDictMode ? id : .free
        return first
    }

    /// Inline attribute slots: as many as the class body's methods store names into `self`, and the bases' on top; one more for
    /// what others store.
    private func inlineCapacity(_ type: TypeObject, _ namespace: DictObject) -> Int {
        var inherited = 0
        let bases = TupleObject(type.bases)
        for i in 0..<bases.count where TypeObject(bases[i]).has(TypeFlag.heap) {
            inherited = max(inherited, Int(interp.pointee.layouts.base[Int(TypeObject(bases[i]).instanceLayout.rawValue)].inlineCapacity))
        }
        let own = storedAttributeCount(namespace)
        return min(30, max(4, inherited + own + (inherited == 0 ? 1 : 0)))
    }

    /// How many distinct names the functions of a class body store into attributes of their first argument.
    private func storedAttributeCount(_ namespace: DictObject) -> Int {
        var seen: [UInt] = []
        for i in 0..<namespace.entryCount where namespace.entry(i).key.isBound && namespace.entry(i).value.hasLayout(.function) {
            collectStoredAttributes(CodeCell(FunctionObject(namespace.entry(i).value).code), &seen)
        }
        return seen.count
    }

    /// Looks for `LOAD_FAST 0; STORE_ATTR name` in the code.
    private func collectStoredAttributes(_ code: CodeCell, _ seen: inout [UInt]) {
        let units = BytesObject(code.code).buffer
        let names = TupleObject(code.names)
        var argument = 0, loadsReceiver = false, i = 0
        while i + 1 < units.count {
            let opcode = units[i]
            argument = argument << 8 | Int(units[i + 1])
            i += 2
            if opcode == Opcode.extendedArgument { continue }
            if opcode == Opcode.storeAttribute && loadsReceiver && argument < names.count && !seen.contains(names[argument].bits) {
                // kept alive: interned names are, for good
                seen.append(names[argument].bits)
            }
            loadsReceiver = opcode == Opcode.loadFast && argument == 0
            argument = 0
        }
    }

    private enum Opcode {
        static var storeAttribute: UInt8 { 95 }
        static var loadFast: UInt8 { 124 }
        static var extendedArgument: UInt8 { 144 }
    }

    /// Descriptors for the members, and for `__dict__` and `__weakref__` where the class brings them.
    private func addMembers(_ type: TypeObject, _ plan: ClassPlan, _ first: Int) throws(Raised) {
        let dict = DictObject(type.dict)
        if plan.members.isBound {
            let names = TupleObject(plan.members)
            for i in 0..<names.count {
                try dict.setString(self, names[i], newMemberDescriptor(names[i], owner: type, word: first + i, readOnly: false, noneWhenUnbound: false))
            }
        }
        if plan.addsDict && dict.findStringEntry(self, name(.__dict__)) < 0 {
            try dict.setString(self, name(.__dict__), newGetSet(name(.__dict__), type, UnarySlot(Thread.getInstanceDict), AttributeSetSlot(Thread.setInstanceDict)))
        }
        if plan.addsWeakReferences && dict.findStringEntry(self, name(.__weakref__)) < 0 {
            try dict.setString(self, name(.__weakref__), newGetSet(name(.__weakref__), type, UnarySlot(Thread.getFirstWeakReference), AttributeSetSlot(address: 0)))
        }
    }

    func newGetSet(_ name: Value, _ owner: TypeObject, _ getter: UnarySlot, _ setter: AttributeSetSlot) -> Value {
        let made = GetSetDescriptor(heap.allocate(header: UInt(LayoutID.getSetDescriptor.rawValue), bytes: GetSetDescriptor.bytes))
        made.name = name
        made.owner = owner.value
        made.getter = getter
        made.setter = setter
        return made.value
    }

    static func getInstanceDict(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        // A class has the dict of `type`, whatever else its metaclass derives from.
        if v.isKind(.type) { return try t.newMappingProxy(TypeObject(v).dict) }
        if !v.isCell || !t.info(v.cell).pointee.hasAttributes { throw t.raise(.attributeError, "This object has no __dict__") }
        return try t.attributeDict(v.cell).value
    }

    static func setInstanceDict(_ t: Thread, _ v: Value, _ new: Value) throws(Raised) {
        if v.isKind(.type) { throw t.raise(.attributeError, "attribute '__dict__' of 'type' objects is not writable") }
        if t.isInstance(v, of: t.types.pointee.module) { throw t.raise(.attributeError, "readonly attribute") }
        if !v.isCell || !t.info(v.cell).pointee.hasAttributes { throw t.raise(.attributeError, "This object has no __dict__") }
        if new.isUnbound {
            // The dict is a native base's: only its own setter may touch it.
            var base = t.type(of: v)
            while base.has(TypeFlag.heap) && !base.base.isNone { base = TypeObject(base.base) }
            if base.has(TypeFlag.hasDict) || v.isKind(.exception) { throw t.raise(.typeError, "cannot delete __dict__") }
            return try t.setAttributeDict(v.cell, t.newDict().value)
        }
        if !new.isKind(.dict) { throw t.raise(.typeError, "__dict__ must be set to a dictionary, not a '\(t.typeName(new))'") }
        try t.setAttributeDict(v.cell, new)
    }

    static func getFirstWeakReference(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        var first = Value.none
        t.forEachWeakReference(to: v) { one in if first.isNone { first = one.value } }
        return first
    }

    // MARK: Finishing

    private func finishClass(_ type: TypeObject, _ a: Arguments) throws(Raised) -> Value {
        let dict = DictObject(type.dict)
        if dict.findStringEntry(self, name(.__eq__)) >= 0 && dict.findStringEntry(self, name(.__hash__)) < 0 {
            try dict.setString(self, name(.__hash__), .none)
        }
        type.mro = try computeMRO(type).value
        // Sequence or mapping for `match`: what the first class of the mro that is either says.
        let mro = TupleObject(type.mro), collections: Int = TypeFlag.sequence | TypeFlag.mapping
        for i in 0..<mro.count where mro[i].isKind(.type) && mro[i] != type.value && type.flags & collections == 0 {
            type.flags |= TypeObject(mro[i]).flags & collections
        }
        initializeSlots(type)
        type.flags |= TypeFlag.isReady
        let bases = TupleObject(type.bases)
        for i in 0..<bases.count { recordSubclass(TypeObject(bases[i]), type) }
        try setNames(type)
        try initSubclass(type, a)
        return type.value
    }

    private func takeCell(_ dict: DictObject, _ key: WellKnownName) throws(Raised) -> Value {
        let i = dict.findStringEntry(self, name(key))
        if i < 0 { return .unbound }
        let cell = dict.entry(i).value
        if !cell.hasLayout(.cell) { throw raise(.typeError, "\(key.rawValue) must be a nonlocal cell, not \(try reprText(type(of: cell).value))") }
        dict.removeEntry(i)
        return cell
    }

    /// Calls `__set_name__` of what the class body holds; an error gets a note.
    private func setNames(_ type: TypeObject) throws(Raised) {
        let names = try copy(DictObject(type.dict))
        for i in 0..<names.entryCount where names.entry(i).key.isBound {
            let value = names.entry(i).value
            if !value.isCell || lookup(self.type(of: value), name(.__set_name__)).isUnbound { continue }
            do throws(Raised) {
                _ = try callSpecial(value, name(.__set_name__), type.value, names.entry(i).key)
            } catch {
                try addNote("Error calling __set_name__ on '\(typeName(value))' instance \(try reprText(names.entry(i).key)) in '\(string(type.name))'", error)
                throw error
            }
        }
    }

    private func addNote(_ text: String, _ error: Raised) throws(Raised) {
        let exception = takePending()
        _ = try callMethod(exception, intern("add_note"), str(text))
        _ = restore(exception)
    }

    /// `super(type, type).__init_subclass__(**keywords)`.
    private func initSubclass(_ type: TypeObject, _ a: Arguments) throws(Raised) {
        let mro = TupleObject(type.mro)
        if !(0..<mro.count).contains(where: { mro[$0] == type.value }) {
            throw raise(.typeError, "super(type, obj): obj must be an instance or subtype of type")
        }
        var found = Value.unbound
        for i in 1..<max(mro.count, 1) {
            found = DictObject(TypeObject(mro[i]).dict).findString(self, name(.__init_subclass__))
            if found.isBound { break }
        }
        if found.isUnbound { return }
        let get = self.type(of: found).slots.pointee.descriptorGet
        let method = get.isSet ? try get(self, found, .unbound, type.value) : found
        _ = try call(method, Arguments(a.base + a.count, 0, a.keywords))
    }
}
