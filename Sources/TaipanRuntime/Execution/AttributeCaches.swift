// The cold halves of the attribute instructions: they look up, and rewrite the instruction to a
// form with a guard when the answer can be found that way again.
//
// Cache words of an instruction: [0] name index, [1] layout id and, in the upper half, the type's version or the slot's word,
// [2] value or address or new layout, [3] the type's address.

extension Thread {
    private func become(_ cache: UnsafeMutablePointer<UInt64>, _ op: Op) {
        let word = cache - 1
        word.pointee = word.pointee & ~0xFF | UInt64(op.rawValue)
    }

    private func cachedName(_ fp: UnsafeMutablePointer<Value>, _ cache: UnsafeMutablePointer<UInt64>) -> Value {
        fp.frameLowered.pointee.names[Int(truncatingIfNeeded: cache[0])]
    }

    /// LOAD_ATTR.
    @inline(never)
    func loadAttr(_ fp: UnsafeMutablePointer<Value>, _ object: Value, _ cache: UnsafeMutablePointer<UInt64>) throws(Raised) -> Value {
        let name = cachedName(fp, cache)
        let type = type(of: object)
        if object.isCell {
            if type.slots.pointee.getattr.address == interp.pointee.genericGetattrAddress {
                cacheInstanceLoad(object, type, name, cache)
            } else if object.cell.layout == .module {
                cacheModuleLoad(object, name, cache)
            }
        }
        return try getattr(object, name)
    }

    private func cacheInstanceLoad(_ object: Value, _ type: TypeObject, _ name: Value, _ cache: UnsafeMutablePointer<UInt64>) {
        let info = self.info(object.cell)
        let found = lookup(type, name)
        let foundSlots = found.isCell ? self.type(of: found).slots : nil
        if let foundSlots, foundSlots.pointee.descriptorGet.isSet && foundSlots.pointee.descriptorSet.isSet { return }
        let layout = object.cell.layout
        if info.pointee.hasAttributes {
            if info.pointee.isDictMode { return }
            let i = slot(layout, name)
            if i >= 0 {
                guard i < Int(info.pointee.inlineCapacity) else { return }
                cache[1] = UInt64(layout.rawValue) | UInt64(Int(info.pointee.inlineStart) + i) << 32
                become(cache, .loadAttrSlot)
                return
            }
        }
        if found.isUnbound { return }
        if let foundSlots, foundSlots.pointee.descriptorGet.isSet { return }
        cacheTypeValue(layout, type, found, cache, .loadAttrType)
    }

    private func cacheTypeValue(_ layout: LayoutID, _ type: TypeObject, _ value: Value, _ cache: UnsafeMutablePointer<UInt64>, _ op: Op) {
        let version = assignVersion(type)
        if version > Int(Int32.max) { return }
        cache[1] = UInt64(layout.rawValue) | UInt64(version) << 32
        cache[2] = UInt64(value.bits)
        cache[3] = UInt64(type.value.bits)
        become(cache, op)
    }

    private func cacheModuleLoad(_ module: Value, _ name: Value, _ cache: UnsafeMutablePointer<UInt64>) {
        guard module.cell[1].hasLayout(.dict) else { return }
        let dict = DictObject(module.cell[1])
        let i = dict.findStringEntry(self, name)
        if i < 0 { return }
        // A data descriptor of the module type comes first.
        if lookup(TypeObject(types.pointee.module), name).isBound { return }
        cache[1] = UInt64(version(of: dict))
        cache[2] = UInt64(UInt(bitPattern: DictTable(dict.table).entries + i) + 16)
        become(cache, .loadAttrModule)
    }

    /// LOAD_ATTR for a call: gives the attribute; `loadedUnbound` says that it is to be called with the object first.
    @inline(never)
    func loadMethod(_ fp: UnsafeMutablePointer<Value>, _ object: Value, _ cache: UnsafeMutablePointer<UInt64>) throws(Raised) -> Value {
        let name = cachedName(fp, cache)
        let type = type(of: object)
        state.pointee.loadedUnbound = false
        guard type.slots.pointee.getattr.address == interp.pointee.genericGetattrAddress else { return try getattr(object, name) }
        let found = lookup(type, name)
        if found.isUnbound || !found.isCell || !self.type(of: found).has(TypeFlag.methodDescriptor) { return try getattr(object, name) }
        if object.isCell {
            let info = self.info(object.cell)
            if info.pointee.hasAttributes {
                if instanceAttribute(object.cell, name).isBound { return try getattr(object, name) }
            }
            if !info.pointee.hasAttributes || !info.pointee.isDictMode { cacheTypeValue(object.cell.layout, type, found, cache, .loadMethodCached) }
        }
        state.pointee.loadedUnbound = true
        return found
    }

    /// STORE_ATTR.
    @inline(never)
    func storeAttr(_ fp: UnsafeMutablePointer<Value>, _ object: Value, _ value: Value, _ cache: UnsafeMutablePointer<UInt64>) throws(Raised) {
        let name = cachedName(fp, cache)
        let type = type(of: object)
        guard object.isCell, type.slots.pointee.setattr.address == interp.pointee.genericSetattrAddress else { return try setattr(object, name, value) }
        let info = self.info(object.cell)
        guard info.pointee.hasAttributes, !info.pointee.isDictMode else { return try setattr(object, name, value) }
        let found = lookup(type, name)
        if found.isCell && self.type(of: found).slots.pointee.descriptorSet.isSet { return try setattr(object, name, value) }
        let before = object.cell.layout
        try setInstanceAttribute(object.cell, name, value)
        let after = object.cell.layout
        let i = slot(after, name)
        let afterInfo = self.info(object.cell)
        if afterInfo.pointee.isDictMode || i < 0 || i >= Int(afterInfo.pointee.inlineCapacity) { return }
        cache[1] = UInt64(before.rawValue) | UInt64(Int(afterInfo.pointee.inlineStart) + i) << 32
        cache[2] = UInt64(after.rawValue)
        become(cache, before == after ? .storeAttrSlot : .storeAttrAdd)
    }

    /// Makes every attribute instruction generic again: needed when a class gets a data descriptor or an attribute hook
    /// after its instances have been seen.
    public func flushInlineCaches() {
        var lowered = interp.pointee.firstLowered
        while let one = lowered {
            var at = 0
            while at < one.pointee.wordCount {
                let word = one.pointee.words + at
                let op = unsafeBitCast(UInt8(truncatingIfNeeded: word.pointee), to: Op.self)
                switch op {
                case .loadAttrSlot, .loadAttrModule, .loadAttrType: word.pointee = word.pointee & ~0xFF | UInt64(Op.loadAttr.rawValue)
                case .loadMethodCached: word.pointee = word.pointee & ~0xFF | UInt64(Op.loadMethod.rawValue)
                case .storeAttrSlot, .storeAttrAdd: word.pointee = word.pointee & ~0xFF | UInt64(Op.storeAttr.rawValue)
                default: break
                }
                at += 1 + op.extraWords
            }
            lowered = one.pointee.next
        }
    }

    /// LOAD_SUPER_ATTR: operands super, class, self at slot `first`; destinations `a`, and `c` when a method is wanted (0xFFFF: not).
    @inline(never)
    func loadSuperAttr(_ fp: UnsafeMutablePointer<Value>, _ a: Int, _ first: Int, _ c: Int, _ cache: UnsafeMutablePointer<UInt64>) throws(Raised) {
        let name = fp.frameLowered.pointee.names[Int(truncatingIfNeeded: cache[0])]
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
        let proxy = try call(callee, cls, object)
        storeSuperResult(fp, a, c, try getattr(proxy, name))
    }

    private func storeSuperResult(_ fp: UnsafeMutablePointer<Value>, _ a: Int, _ c: Int, _ value: Value) {
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
        case .add, .addK, .subtract, .subtractK, .multiply, .multiplyK, .binary, .floorDivide, .remainder, .and, .trueDivide: 1
        case .jumpLess, .jumpLessEqual, .jumpEqual, .jumpNotEqual, .jumpGreater, .jumpGreaterEqual,
             .jumpLessK, .jumpLessEqualK, .jumpEqualK, .jumpNotEqualK, .jumpGreaterK, .jumpGreaterEqualK: 1
        case .identical, .jumpIdentical, .contains: 1
        case .loadGlobal, .loadGlobalModule, .loadGlobalBuiltin: 3
        case .loadAttr, .loadAttrSlot, .loadAttrModule, .loadAttrType, .storeAttr, .storeAttrSlot, .storeAttrAdd, .loadMethod, .loadMethodCached: 4
        case .deleteAttr, .loadSuperAttr, .call, .callCopy, .callFunctionEx, .forIter, .send, .unpackEx, .formatValue: 1
        case .importName, .importFrom, .matchClass, .intrinsic2: 1
        default: 0
        }
    }
}
