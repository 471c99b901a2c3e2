// The cold halves of the attribute instructions: they look up, and rewrite the instruction to a
// form with a guard when the answer can be found that way again.
//
// Cache words of an instruction: [0] name index, in the upper half the misses; [1] layout id and, in the upper half, the type's version
// or the slot's word; [2] value or address or new layout; [3] the type's address. On classes: [1] version, [3] the class. Attributes in
// slots: [2] and [3] are for two more layouts.
//
// Behind the instructions' own caches stands one for the whole interpreter, by layout and name: an instruction that meets
// objects of many layouts finds its answers there.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Where the attribute `name` of an object with layout `layout` is found.
struct AttributePlace {
    enum Kind: UInt8 {
        /// A word of the cell; one that the class guards against writing.
        case slot, readOnlySlot
        /// A value in the class; a function or builtin method in the class, which binds the object.
        case value, method
        /// A property whose getter is the Python function `value`.
        case property
        /// Setting the attribute adds it: in `word`, moving to layout `version`.
        case addition
    }
    var layout: UInt32
    var word: UInt16
    var kind: Kind
    /// The name's address; additions are filed under the address plus one.
    var name: UInt
    var value: Value
    /// The type and its version that `value` was found under.
    var type: UInt
    var version: Int

    static var count: Int { 2048 }
}

extension Thread {
    private func isGeneric(_ cache: UnsafeMutablePointer<UInt64>) -> Bool {
        let op = UInt8(truncatingIfNeeded: (cache - 1).pointee)
        return op == Op.loadAttr.rawValue || op == Op.loadMethod.rawValue || op == Op.storeAttr.rawValue
    }

    /// The cache is filled: from now on the instruction has the guarded form `op`. `object` is what it looked at, unbound for a name.
    func become(_ cache: UnsafeMutablePointer<UInt64>, _ op: Op, _ object: Value) {
        let word = cache - 1, before = word.pointee
        word.pointee = before & ~0xFF | UInt64(op.rawValue)
        if interp.pointee.runObserver != nil { tellCacheFilled(op, instead: Op(rawValue: UInt8(truncatingIfNeeded: before)), object) }
    }

    private func cachedName(_ fp: UnsafeMutablePointer<Value>, _ cache: UnsafeMutablePointer<UInt64>) -> Value {
        fp.frameLowered.pointee.names[Int(UInt32(truncatingIfNeeded: cache[0]))]
    }

    // MARK: The interpreter's cache

    @inline(__always) private func placeEntry(_ layout: LayoutID, _ key: UInt) -> UnsafeMutablePointer<AttributePlace> {
        let hash = UInt(layout.rawValue) &* 0x9E37_79B1 ^ (key >> 4) ^ key
        return interp.pointee.attributePlaces + Int(hash & UInt(AttributePlace.count - 1))
    }

    /// Where `cell` has `name`, or nil when that takes the general way.
    @inline(__always) private func place(_ cell: Cell, _ name: Value) -> UnsafeMutablePointer<AttributePlace>? {
        let entry = placeEntry(cell.layout, name.bits)
        if entry.pointee.layout == cell.layout.rawValue && entry.pointee.name == name.bits {
            if entry.pointee.kind.rawValue <= AttributePlace.Kind.readOnlySlot.rawValue { return entry }
            if TypeObject(Value(bits: entry.pointee.type)).version == entry.pointee.version { return entry }
        }
        return findPlace(cell, name, entry)
    }

    @inline(never)
    private func findPlace(_ cell: Cell, _ name: Value, _ entry: UnsafeMutablePointer<AttributePlace>) -> UnsafeMutablePointer<AttributePlace>? {
        let info = self.info(cell)
        let type = TypeObject(info.pointee.type)
        if type.slots.pointee.getattr.address != interp.pointee.genericGetattrAddress || info.pointee.hasAttributes && info.pointee.isDictMode { return nil }
        var made = AttributePlace(layout: cell.layout.rawValue, word: 0, kind: .slot, name: name.bits, value: .unbound, type: type.value.bits, version: assignVersion(type))
        let found = lookup(type, name)
        let slots = found.isCell ? self.type(of: found).slots : nil
        if let slots, slots.pointee.descriptorGet.isSet && slots.pointee.descriptorSet.isSet {
            guard describe(&made, dataDescriptor: found, type) else { return nil }
            entry.pointee = made
            return entry
        }
        if info.pointee.hasAttributes {
            let i = slot(cell.layout, name)
            if i >= Int(info.pointee.inlineCapacity) { return nil }
            if i >= 0 {
                made.word = info.pointee.inlineStart + UInt16(i)
                entry.pointee = made
                return entry
            }
        }
        guard found.isBound, describe(&made, classValue: found, slots) else { return nil }
        entry.pointee = made
        return entry
    }

    /// Members of `__slots__`, and properties in Python.
    private func describe(_ place: inout AttributePlace, dataDescriptor found: Value, _ type: TypeObject) -> Bool {
        if found.hasLayout(.memberDescriptor) {
            let member = MemberDescriptor(found.cell)
            if member.noneWhenUnbound || member.word > Int(UInt16.max) || !isSubtype(type, of: member.owner) { return false }
            place.word = UInt16(member.word)
            place.kind = member.isReadOnly ? .readOnlySlot : .slot
            return true
        }
        if found.hasLayout(.property) && found.cell[1].hasLayout(.function) {
            place.kind = .property
            place.value = found.cell[1]
            return true
        }
        return false
    }

    private func describe(_ place: inout AttributePlace, classValue found: Value, _ slots: UnsafeMutablePointer<TypeSlots>?) -> Bool {
        place.value = found
        place.kind = .value
        guard let slots, slots.pointee.descriptorGet.isSet else { return true }
        if self.type(of: found).has(TypeFlag.methodDescriptor) {
            place.kind = .method
            return true
        }
        if found.hasLayout(.staticMethod) {
            place.value = found.cell[1]
            return place.value.isBound
        }
        return false
    }

    /// Rewrites the instruction when it is generic, its guard has gone stale, or it misses often.
    private func specialize(_ cache: UnsafeMutablePointer<UInt64>, _ place: UnsafeMutablePointer<AttributePlace>, _ op: Op, _ object: Value) {
        if !isGeneric(cache) && UInt32(truncatingIfNeeded: cache[1]) != place.pointee.layout {
            cache[0] &+= 1 << 32
            if cache[0] & (63 << 32) != 0 { return }
        }
        switch place.pointee.kind {
        case .slot, .readOnlySlot: cache[1] = UInt64(place.pointee.layout) | UInt64(place.pointee.word) << 32
        default:
            if place.pointee.version > Int(UInt32.max) { return }
            cache[1] = UInt64(place.pointee.layout) | UInt64(place.pointee.version) << 32
            cache[2] = UInt64(place.pointee.value.bits)
            cache[3] = UInt64(place.pointee.type)
        }
        become(cache, op, object)
    }

    /// Notes the slot of another layout at an instruction that knows one or two; false when it knows none or three.
    private func remember(_ place: UnsafeMutablePointer<AttributePlace>, _ cache: UnsafeMutablePointer<UInt64>, _ object: Value) -> Bool {
        let op = UInt8(truncatingIfNeeded: (cache - 1).pointee)
        let slot = UInt64(place.pointee.layout) | UInt64(place.pointee.word) << 32
        if op == Op.loadAttrSlot.rawValue && UInt32(truncatingIfNeeded: cache[1]) != place.pointee.layout {
            cache[2] = slot
            cache[3] = 0
            become(cache, .loadAttrSlots, object)
            return true
        }
        guard op == Op.loadAttrSlots.rawValue else { return false }
        // A value may be missing where its slot is known.
        for i in 1...3 where UInt32(truncatingIfNeeded: cache[i]) == place.pointee.layout { return true }
        if cache[3] != 0 { return false }
        cache[3] = slot
        become(cache, .loadAttrSlots, object)
        return true
    }

    // MARK: Modules and classes

    private func cacheModuleLoad(_ module: Value, _ name: Value, _ cache: UnsafeMutablePointer<UInt64>, _ op: Op) {
        guard module.cell[1].hasLayout(.dict) else { return }
        let dict = DictObject(module.cell[1])
        let i = dict.findStringEntry(self, name)
        if i < 0 { return }
        // A data descriptor of the module type comes first.
        if lookup(TypeObject(types.pointee.module), name).isBound { return }
        cache[1] = UInt64(version(of: dict))
        cache[2] = UInt64(UInt(bitPattern: DictTable(dict.table).entries + i) + 16)
        become(cache, op, module)
    }

    /// What `cls.name` is when nothing but the class itself decides; `binds` says that it is a class method's function, to be called with the class.
    private func classAttribute(_ cls: Value, _ name: Value) -> (value: Value, binds: Bool) {
        let metatype = self.type(of: cls)
        if metatype.slots.pointee.getattr.address != TypeObject(types.pointee.type).slots.pointee.getattr.address { return (.unbound, false) }
        let meta = lookup(metatype, name)
        if meta.isCell && self.type(of: meta).slots.pointee.descriptorSet.isSet { return (.unbound, false) }
        let found = lookup(TypeObject(cls), name)
        if !found.isCell || found.hasLayout(.function) || !self.type(of: found).slots.pointee.descriptorGet.isSet { return (found, false) }
        if found.hasLayout(.staticMethod) { return (found.cell[1], false) }
        if found.hasLayout(.classMethod) && found.cell[1].hasLayout(.function) { return (found.cell[1], true) }
        return (.unbound, false)
    }

    private func cacheClassValue(_ cls: Value, _ value: Value, _ cache: UnsafeMutablePointer<UInt64>, _ op: Op) {
        cache[1] = UInt64(assignVersion(TypeObject(cls)))
        cache[2] = UInt64(value.bits)
        cache[3] = UInt64(cls.bits)
        become(cache, op, cls)
    }

    // MARK: The instructions

    /// LOAD_ATTR.
    @inline(never)
    func loadAttr(_ fp: UnsafeMutablePointer<Value>, _ object: Value, _ cache: UnsafeMutablePointer<UInt64>) throws(Raised) -> Value {
        let name = cachedName(fp, cache)
        guard object.isCell else { return try getattr(object, name) }
        if object.isKind(.type) {
            let (found, binds) = classAttribute(object, name)
            if found.isBound && !binds {
                cacheClassValue(object, found, cache, .loadAttrClass)
                return found
            }
        } else if object.cell.layout == .module {
            cacheModuleLoad(object, name, cache, .loadAttrModule)
        } else if let place = place(object.cell, name) {
            switch place.pointee.kind {
            case .slot, .readOnlySlot:
                if !remember(place, cache, object) { specialize(cache, place, .loadAttrSlot, object) }
                let value = object.cell[Int(place.pointee.word)]
                if value.isBound { return value }
            case .value:
                specialize(cache, place, .loadAttrType, object)
                return place.pointee.value
            case .property: specialize(cache, place, .loadAttrProperty, object)
            default: break
            }
        }
        return try getattr(object, name)
    }

    /// LOAD_ATTR for a call: gives the attribute; `loadedUnbound` says that it is to be called with the object first.
    private func loadMethod(_ fp: UnsafeMutablePointer<Value>, _ object: Value, _ cache: UnsafeMutablePointer<UInt64>) throws(Raised) -> Value {
        let name = cachedName(fp, cache)
        state.pointee.loadedUnbound = false
        guard object.isCell else { return try loadMethodOfImmediate(object, name) }
        if object.isKind(.type) {
            let (found, binds) = classAttribute(object, name)
            if found.isBound {
                cacheClassValue(object, found, cache, binds ? .loadMethodClassBound : .loadMethodClass)
                state.pointee.loadedUnbound = binds
                return found
            }
        } else if object.cell.layout == .module {
            cacheModuleLoad(object, name, cache, .loadMethodModule)
        } else if let place = place(object.cell, name) {
            switch place.pointee.kind {
            case .slot, .readOnlySlot:
                specialize(cache, place, .loadMethodSlot, object)
                let value = object.cell[Int(place.pointee.word)]
                if value.isBound { return value }
            case .value:
                specialize(cache, place, .loadMethodType, object)
                return place.pointee.value
            case .method:
                specialize(cache, place, .loadMethodCached, object)
                state.pointee.loadedUnbound = true
                return place.pointee.value
            default: break
            }
        }
        return try getattr(object, name)
    }

    /// LOAD_ATTR for a call: slot `a` gets a function to be called with slot `c`, or nothing and slot `c` the callable.
    @inline(never)
    func loadMethod(_ fp: UnsafeMutablePointer<Value>, _ a: Int, _ object: Value, _ c: Int, _ cache: UnsafeMutablePointer<UInt64>) throws(Raised) {
        let method = try loadMethod(fp, object, cache)
        let binds = state.pointee.loadedUnbound
        fp[a] = binds ? method : .unbound
        fp[c] = binds ? object : method
    }

    private func loadMethodOfImmediate(_ object: Value, _ name: Value) throws(Raised) -> Value {
        let found = lookup(type(of: object), name)
        if found.isCell && type(of: found).has(TypeFlag.methodDescriptor) {
            state.pointee.loadedUnbound = true
            return found
        }
        return try getattr(object, name)
    }

    /// A property in Python, read: gives the getter's frame.
    @inline(never)
    func enterProperty(_ fp: UnsafeMutablePointer<Value>, _ getter: Value, _ object: Value, _ destination: Int) throws(Raised) -> UnsafeMutablePointer<Value> {
        var receiver = object
        let place = try copyAbove(&receiver, 1)
        let lowered = try prepareFunction(FunctionObject(getter))
        let filled = try bind(FunctionObject(getter), lowered, place, 1, .unbound)
        try pushFrame(place, getter, lowered, filled: filled, caller: fp, destination: destination, flags: 0)
        return place
    }

    /// STORE_ATTR.
    @inline(never)
    func storeAttr(_ fp: UnsafeMutablePointer<Value>, _ object: Value, _ value: Value, _ cache: UnsafeMutablePointer<UInt64>) throws(Raised) {
        let name = cachedName(fp, cache)
        guard object.isCell else { return try setattr(object, name, value) }
        let old: Value = value.isNone && info(object.cell).pointee.hasAttributes ? instanceAttribute(object.cell, name) : .unbound
        try storeAttr(object, name, value, cache)
        if old.isCell && old.cell.has(CellFlag.isNoticed) { dropped(old.cell.header) }
    }

    private func storeAttr(_ object: Value, _ name: Value, _ value: Value, _ cache: UnsafeMutablePointer<UInt64>) throws(Raised) {
        let cell = object.cell
        let addition = placeEntry(cell.layout, name.bits | 1)
        if addition.pointee.layout == cell.layout.rawValue && addition.pointee.name == name.bits | 1 {
            cell.store(value, at: Int(addition.pointee.word))
            cell.layout = LayoutID(rawValue: UInt32(truncatingIfNeeded: addition.pointee.version))
            specializeAddition(cache, addition, object)
            return
        }
        if type(of: object).slots.pointee.setattr.address != interp.pointee.genericSetattrAddress { return try setattr(object, name, value) }
        if let place = place(cell, name), place.pointee.kind == .slot {
            specialize(cache, place, value.isNone && (cache - 1).pointee >> 48 != 0 ? .storeAttrNone : .storeAttrSlot, object)
            cell.store(value, at: Int(place.pointee.word))
            return
        }
        try addAttribute(object, name, value, cache, addition)
    }

    private func specializeAddition(_ cache: UnsafeMutablePointer<UInt64>, _ place: UnsafeMutablePointer<AttributePlace>, _ object: Value) {
        if !isGeneric(cache) {
            cache[0] &+= 1 << 32
            if cache[0] & (63 << 32) != 0 { return }
        }
        cache[1] = UInt64(place.pointee.layout) | UInt64(place.pointee.word) << 32
        cache[2] = UInt64(place.pointee.version)
        become(cache, .storeAttrAdd, object)
    }

    private func addAttribute(_ object: Value, _ name: Value, _ value: Value, _ cache: UnsafeMutablePointer<UInt64>,
                              _ entry: UnsafeMutablePointer<AttributePlace>) throws(Raised) {
        let info = self.info(object.cell)
        guard info.pointee.hasAttributes, !info.pointee.isDictMode else { return try setattr(object, name, value) }
        let found = lookup(type(of: object), name)
        if found.isCell && self.type(of: found).slots.pointee.descriptorSet.isSet { return try setattr(object, name, value) }
        let before = object.cell.layout
        try setInstanceAttribute(object.cell, name, value)
        let after = object.cell.layout
        let afterInfo = self.info(object.cell)
        let i = slot(after, name)
        if before == after || afterInfo.pointee.isDictMode || i < 0 || i >= Int(afterInfo.pointee.inlineCapacity) { return }
        entry.pointee = AttributePlace(layout: before.rawValue, word: afterInfo.pointee.inlineStart + UInt16(i), kind: .addition, name: name.bits | 1,
                                       value: .unbound, type: 0, version: Int(after.rawValue))
        specializeAddition(cache, entry, object)
    }

    /// Makes every attribute instruction generic again: needed when a class gets a data descriptor or an attribute hook
    /// after its instances have been seen.
    public func flushInlineCaches() {
        tell(.cachesEmptied)
        memset(interp.pointee.attributePlaces, 0, AttributePlace.count * MemoryLayout<AttributePlace>.stride)
        var lowered = interp.pointee.firstLowered
        while let one = lowered {
            flushInlineCaches(one)
            if let observed = one.pointee.observed { flushInlineCaches(observed.pointee.exact) }
            lowered = one.pointee.next
        }
    }

    private func flushInlineCaches(_ one: UnsafeMutablePointer<LoweredCode>) {
        if let observed = one.pointee.observed, observed.pointee.isPatched { removeCrossings(observed) }
        var at = 0
        while at < one.pointee.wordCount {
            let word = one.pointee.words + at
            let op = unsafeBitCast(UInt8(truncatingIfNeeded: word.pointee), to: Op.self)
            switch op {
            case .loadAttrSlot, .loadAttrSlots, .loadAttrModule, .loadAttrType, .loadAttrClass, .loadAttrProperty: word.pointee = word.pointee & ~0xFF | UInt64(Op.loadAttr.rawValue)
            case .loadMethodCached, .loadMethodSlot, .loadMethodType, .loadMethodModule, .loadMethodClass, .loadMethodClassBound: word.pointee = word.pointee & ~0xFF | UInt64(Op.loadMethod.rawValue)
            case .storeAttrSlot, .storeAttrNone, .storeAttrAdd: word.pointee = word.pointee & ~0xFF | UInt64(Op.storeAttr.rawValue)
            default: break
            }
            at += 1 + op.extraWords
        }
    }

    /// LOAD_SUPER_ATTR: operands super, class, self at slot `first`; destinations `a`, and `c` when a method is wanted (0xFFFF: not).
    @inline(never)
    func loadSuperAttr(_ fp: UnsafeMutablePointer<Value>, _ a: Int, _ first: Int, _ c: Int, _ cache: UnsafeMutablePointer<UInt64>) throws(Raised) {
        let name = fp.frameLowered.pointee.names[Int(truncatingIfNeeded: cache[0] >> 1)]
        let callee = fp[first], cls = fp[first + 1], object = fp[first + 2]
        if callee == types.pointee.superType && cls.isKind(.type) {
            let found = try superLookup(TypeObject(cls), object, name)
            if found.isBound {
                if c != 0xFFFF && found.isCell && type(of: found).has(TypeFlag.methodDescriptor) && !object.isKind(.type) {
                    fp[a] = found
                    fp[c] = object
                    return
                }
                let get = found.isCell ? type(of: found).slots.pointee.descriptorGet : TernarySlot()
                let bound = get.isSet ? try get(self, found, object.isKind(.type) && !isInstance(object, of: cls) ? .unbound : object, type(of: object).value) : found
                return storeSuperResult(fp, a, c, bound)
            }
        }
        storeSuperResult(fp, a, c, try getattr(try callSuper(callee, cls, object, isExplicit: cache[0] & 1 != 0), name))
    }

    /// The call in LOAD_SUPER_ATTR. A name `super` of the program's own gets the arguments that are written.
    func callSuper(_ callee: Value, _ cls: Value, _ object: Value, isExplicit: Bool) throws(Raised) -> Value {
        isExplicit || callee == types.pointee.superType ? try call(callee, cls, object) : try call(callee)
    }

    func storeSuperResult(_ fp: UnsafeMutablePointer<Value>, _ a: Int, _ c: Int, _ value: Value) {
        if c == 0xFFFF {
            fp[a] = value
        } else {
            fp[a] = .unbound
            fp[c] = value
        }
    }

    /// What the mro of `object`'s type has for `name` behind `cls`; unbound when `super` has to look itself.
    private func superLookup(_ cls: TypeObject, _ object: Value, _ name: Value) throws(Raised) -> Value {
        let type = type(of: object)
        guard !object.isKind(.type), isSubtype(type, of: cls.value), name != self.name(.__class__) else { return .unbound }
        let mro = TupleObject(type.mro)
        var i = 0
        while i < mro.count && mro[i] != cls.value { i += 1 }
        i += 1
        while i < mro.count {
            let found = DictObject(TypeObject(mro[i]).dict).findString(self, name)
            if found.isBound { return found }
            i += 1
        }
        return .unbound
    }
}

extension Op {
    /// Words that follow the instruction.
    var extraWords: Int {
        switch self {
        case .add, .addK, .subtract, .subtractK, .multiply, .multiplyK, .binary, .floorDivide, .remainder, .and, .or, .trueDivide: 1
        case .floorDivideK, .remainderK, .andK, .trueDivideK, .binaryK: 1
        case .jumpLess, .jumpLessEqual, .jumpEqual, .jumpNotEqual, .jumpGreater, .jumpGreaterEqual,
             .jumpLessK, .jumpLessEqualK, .jumpEqualK, .jumpNotEqualK, .jumpGreaterK, .jumpGreaterEqualK: 1
        case .identical, .jumpIdentical, .contains: 1
        case .loadGlobal, .loadGlobalModule, .loadGlobalBuiltin: 3
        case .loadAttr, .loadAttrSlot, .loadAttrSlots, .loadAttrModule, .loadAttrType, .loadAttrClass, .loadAttrProperty, .storeAttr, .storeAttrSlot, .storeAttrNone, .storeAttrAdd: 4
        case .loadMethod, .loadMethodCached, .loadMethodSlot, .loadMethodType, .loadMethodModule, .loadMethodClass, .loadMethodClassBound: 4
        case .deleteAttr, .loadSuperAttr, .call, .callPlain, .callCopy, .callFunctionEx, .forIter, .forLoop, .send, .unpackLocals, .unpackEx, .formatValue: 1
        case .importName, .importFrom, .matchClass, .intrinsic2: 1
        default: 0
        }
    }
}
