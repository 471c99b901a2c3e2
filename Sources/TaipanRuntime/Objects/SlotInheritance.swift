// Which function each slot of a Python class holds. Decided by lookup through the mro: a dunder that is a
// builtin's own wrapper installs the native function directly, anything else installs the function of
// PythonSlots.swift. Kept true when dunders are set or deleted on a class.

extension Thread {
    /// Fills the slots of a new class whose dict, bases and mro are set.
    func initializeSlots(_ type: TypeObject) {
        if TupleObject(type.bases).count == 1 {
            let base = TypeObject(type.base)
            for i in 0..<TypeSlots.wordCount { type.slotWords[i] = base.slotWords[i] }
            let dict = DictObject(type.dict)
            for i in 0..<dict.entryCount where dict.entry(i).key.isBound { updateSlots(type, name: dict.entry(i).key, recursive: false) }
        } else {
            let table = slotTable
            var done = -1
            for i in 0..<table.count where table.rows[i].word.rawValue != done {
                done = table.rows[i].word.rawValue
                type.slotWords[done] = slotWord(type, i)
            }
        }
        updateAttributeFlags(type)
    }

    /// All slots of a class again, after its mro changed; its subclasses' follow.
    func refreshSlots(_ type: TypeObject) {
        let table = slotTable
        var done = -1
        for i in 0..<table.count where table.rows[i].word.rawValue != done {
            done = table.rows[i].word.rawValue
            type.slotWords[done] = slotWord(type, i)
        }
        updateAttributeFlags(type)
    }

    /// The dunder `name` of `type` was set or deleted: its slots, and those of the subclasses, follow.
    func updateSlots(_ type: TypeObject, name: Value, recursive: Bool = true) {
        if !Thread.isDunder(name) { return }
        let table = slotTable
        var found = false
        for i in 0..<table.count where self.name(table.rows[i].name) == name {
            found = true
            let word = table.rows[i].word
            var first = i
            while first > 0 && table.rows[first - 1].word == word { first -= 1 }
            type.slotWords[word.rawValue] = slotWord(type, first)
        }
        if !found { return }
        updateAttributeFlags(type)
        if recursive { forEachSubclass(type) { updateSlots($0, name: name) } }
    }

    private static func isDunder(_ name: Value) -> Bool {
        guard name.hasLayout(.str) else { return false }
        let s = StrObject(name)
        return s.count > 4 && s[0] == 0x5F && s[1] == 0x5F && s[s.count - 1] == 0x5F && s[s.count - 2] == 0x5F
    }

    /// The function for the word whose rows in the table start at `first`.
    private func slotWord(_ type: TypeObject, _ first: Int) -> UInt {
        let table = slotTable
        let word = table.rows[first].word
        var specific: UInt = 0
        var usesGeneric = false
        var i = first
        while i < table.count && table.rows[i].word == word {
            let found = lookupInMRO(type, name(table.rows[i].name))
            if found.isBound {
                let native = nativeSlot(type, found, table.rows[i])
                switch native {
                case 0: usesGeneric = true
                case 1: break
                default:
                    if specific != 0 && specific != native { usesGeneric = true }
                    specific = native
                }
            }
            i += 1
        }
        return usesGeneric ? Thread.pythonSlot(word) : specific
    }

    /// The native function that `found` stands for in the slot of `row`: 0 when it takes a Python call, 1 when it says nothing about this slot.
    private func nativeSlot(_ type: TypeObject, _ found: Value, _ row: SlotDefinition) -> UInt {
        if found.hasLayout(.wrapperDescriptor) {
            let wrapper = WrapperDescriptor(found)
            let theirs = slotTable.rows[wrapper.row]
            if theirs.word == row.word && theirs.name == row.name && isSubtype(type, of: wrapper.owner) { return wrapper.address }
            return theirs.word.isNativeOnly != row.word.isNativeOnly && isSubtype(type, of: wrapper.owner) ? 1 : 0
        }
        if row.word.isNativeOnly { return 0 }
        if row.word == .hash && found.isNone { return Thread.unhashableAddress() }
        if row.word == .new {
            guard found.hasLayout(.builtinFunction) else { return 0 }
            let function = NativeFunction(found)
            let plain = NativeFunction(DictObject(TypeObject(types.pointee.object).dict).findString(self, name(.__new__)))
            guard function.body.address == plain.body.address, isSubtype(type, of: function.bound) else { return 0 }
            return TypeObject(function.bound).slots.pointee.new.address
        }
        if found.hasLayout(.methodDescriptor) {
            let owner = NativeFunction(found).owner
            guard owner.isBound, isSubtype(type, of: owner), !TypeObject(owner).has(TypeFlag.heap) else { return 0 }
            return TypeObject(owner).slotWords[row.word.rawValue]
        }
        return 0
    }

    /// Attribute caches are off where a class has its own way of getting or setting.
    func updateAttributeFlags(_ type: TypeObject) {
        let object = TypeObject(types.pointee.object).slots
        let customGet = type.slots.pointee.getattr.address != object.pointee.getattr.address
        let customSet = type.slots.pointee.setattr.address != object.pointee.setattr.address
        type.flags = type.flags & ~(TypeFlag.customGetattr | TypeFlag.customSetattr)
            | (customGet ? TypeFlag.customGetattr : 0) | (customSet ? TypeFlag.customSetattr : 0)
    }
}
