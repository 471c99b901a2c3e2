// Attributes of instances. An instance of a Python class has a hidden class: a layout that
// says which attribute sits in which slot. Setting a new attribute moves the instance to the layout's extension by that
// name. Slots past the inline ones are in an overflow buffer in the extra word. Asking for `__dict__`, deleting
// an attribute, or having very many moves the attributes to a real dict in the extra word (dict mode).

/// Where an attribute of an instance is.
public enum InstanceObject {
    /// Attributes an instance may have in slots before it goes to dict mode.
    static var maximumSlots: Int { 128 }

    /// The extra word of a cell whose fixed part varies in size (subclasses of int, str, bytes, tuple): behind the items.
    static func computedExtra(_ cell: Cell) -> UnsafeMutablePointer<Value> {
        let end: Int
        let kind = cell.kind
        if kind.contains(.tuple) {
            end = 16 + TupleObject(cell).count * 8
        } else if kind.contains(.int) {
            end = 16 + max(IntObject(cell).limbCount, 1) * 8
        } else if kind.contains(.str) {
            let s = StrObject(cell)
            end = (24 + s.count * s.width + 7) & ~7
        } else {
            end = (25 + BytesObject(cell).count + 7) & ~7
        }
        return (cell.address + end).assumingMemoryBound(to: Value.self)
    }

    @inline(__always) static func extra(_ cell: Cell, _ info: UnsafeMutablePointer<LayoutInfo>) -> UnsafeMutablePointer<Value> {
        let word = info.pointee.extraWord
        if word == LayoutInfo.computedExtra { return computedExtra(cell) }
        return cell.values(from: Int(word))
    }
}

extension Thread {
    @inline(__always) func info(_ cell: Cell) -> UnsafeMutablePointer<LayoutInfo> {
        interp.pointee.layouts.base + Int(cell.layout.rawValue)
    }

    /// Bytes of an instance with `layout`.
    func instanceBytes(_ layout: LayoutID) -> Int { Int(interp.pointee.layouts.base[Int(layout.rawValue)].bytes) }

    /// A zeroed instance of `type` (fixed size), its native fields the caller's to fill.
    @inline(__always) public func allocate(_ type: TypeObject) -> Cell {
        let layout = type.instanceLayout
        let info = interp.pointee.layouts.base + Int(layout.rawValue)
        let cell = heap.allocate(header: UInt(layout.rawValue) | UInt(info.pointee.kind) << 32, bytes: Int(info.pointee.bytes))
        if type.slots.pointee.finalize.isSet { registerFinalizable(cell) }
        return cell
    }

    /// A zeroed instance of `type` whose fixed part takes `bytes` (header included); room for the attribute dict is added.
    public func allocate(_ type: TypeObject, bytes: Int) throws(Raised) -> Cell {
        let layout = type.instanceLayout
        let info = interp.pointee.layouts.base + Int(layout.rawValue)
        let needed = info.pointee.extraWord == LayoutInfo.computedExtra ? ((bytes + 7) & ~7) + 8 : bytes
        guard let cell = heap.allocateAnySize(header: UInt(layout.rawValue) | UInt(info.pointee.kind) << 32, bytes: max(needed, Int(info.pointee.bytes))) else {
            throw memoryError()
        }
        if type.slots.pointee.finalize.isSet { registerFinalizable(cell) }
        return cell
    }

    // MARK: Layouts

    /// A new entry of the layout table.
    func newLayout(_ info: LayoutInfo) throws(Raised) -> LayoutID {
        let i = interp.pointee.layouts.count
        if i >= interp.pointee.layouts.capacity { throw memoryError() }
        interp.pointee.layouts.base[i] = info
        interp.pointee.layouts.count = i + 1
        return LayoutID(rawValue: UInt32(i))
    }

    /// Slot of attribute `name` (interned) in `layout`, or -1.
    func slot(_ layout: LayoutID, _ name: Value) -> Int {
        let base = interp.pointee.layouts.base
        var at = layout
        while base[Int(at.rawValue)].slotCount > 0 {
            let info = base + Int(at.rawValue)
            if info.pointee.name == name { return Int(info.pointee.slotCount) - 1 }
            at = info.pointee.parent
        }
        return -1
    }

    /// The layout that extends `layout` by `name`.
    func extend(_ layout: LayoutID, _ name: Value) throws(Raised) -> LayoutID {
        let info = interp.pointee.layouts.base + Int(layout.rawValue)
        for i in 0..<Int(info.pointee.transitionCount) where info.pointee.transitions.unsafelyUnwrapped[i].name == name {
            return info.pointee.transitions.unsafelyUnwrapped[i].layout
        }
        var extended = info.pointee
        extended.parent = layout
        extended.name = name
        extended.slotCount += 1
        extended.transitions = nil
        extended.transitionCount = 0
        extended.transitionCapacity = 0
        let made = try newLayout(extended)
        addTransition(info, LayoutTransition(name: name, layout: made))
        return made
    }

    private func addTransition(_ info: UnsafeMutablePointer<LayoutInfo>, _ transition: LayoutTransition) {
        if info.pointee.transitionCount == info.pointee.transitionCapacity {
            let capacity = max(2, Int(info.pointee.transitionCapacity) * 2)
            let bigger: UnsafeMutablePointer<LayoutTransition> = .allocate(capacity: capacity)
            if let old = info.pointee.transitions {
                bigger.update(from: old, count: Int(info.pointee.transitionCount))
                old.deallocate()
            }
            info.pointee.transitions = bigger
            info.pointee.transitionCapacity = Int32(capacity)
        }
        info.pointee.transitions.unsafelyUnwrapped[Int(info.pointee.transitionCount)] = transition
        info.pointee.transitionCount += 1
    }

    // MARK: Attributes of an instance

    /// Where slot `i` of the instance is.
    @inline(__always) func slotAddress(_ cell: Cell, _ info: UnsafeMutablePointer<LayoutInfo>, _ i: Int) -> UnsafeMutablePointer<Value> {
        if i < Int(info.pointee.inlineCapacity) { return cell.values(from: Int(info.pointee.inlineStart) &+ i) }
        return ValueBuffer(InstanceObject.extra(cell, info).pointee).items + (i &- Int(info.pointee.inlineCapacity))
    }

    /// The instance's own attribute `name` (interned), or unbound. The class is not asked.
    public func instanceAttribute(_ cell: Cell, _ name: Value) -> Value {
        let info = self.info(cell)
        if !info.pointee.hasAttributes { return .unbound }
        if info.pointee.isDictMode {
            let dict = InstanceObject.extra(cell, info).pointee
            return dict.isUnbound ? .unbound : DictObject(dict).findString(self, name)
        }
        let i = slot(cell.layout, name)
        return i < 0 ? .unbound : slotAddress(cell, info, i).pointee
    }

    /// Sets the instance's own attribute `name` (interned), adding it if need be.
    public func setInstanceAttribute(_ cell: Cell, _ name: Value, _ value: Value) throws(Raised) {
        let info = self.info(cell)
        if info.pointee.isDictMode { return try attributeDict(cell).setString(self, name, value) }
        let i = slot(cell.layout, name)
        if i >= 0 {
            slotAddress(cell, info, i).pointee = value
            return
        }
        if Int(info.pointee.slotCount) >= InstanceObject.maximumSlots {
            return try attributeDict(cell).setString(self, name, value)
        }
        let extended = try extend(cell.layout, name)
        try addSlot(cell, extended, value)
    }

    /// Moves the instance to `extended` and fills its new slot.
    func addSlot(_ cell: Cell, _ extended: LayoutID, _ value: Value) throws(Raised) {
        let info = interp.pointee.layouts.base + Int(extended.rawValue)
        let i = Int(info.pointee.slotCount) - 1
        let overflow = i - Int(info.pointee.inlineCapacity)
        if overflow >= 0 {
            let extra = InstanceObject.extra(cell, info)
            if extra.pointee.isUnbound || ValueBuffer(extra.pointee).capacity <= overflow {
                let bigger = try newValueBuffer(max(4, overflow * 2))
                if extra.pointee.isBound { bigger.items.update(from: ValueBuffer(extra.pointee).items, count: overflow) }
                extra.pointee = bigger.value
            }
        }
        slotAddress(cell, info, i).pointee = value
        cell.layout = extended
    }

    /// Removes the instance's own attribute; false when it has none of that name.
    public func deleteInstanceAttribute(_ cell: Cell, _ name: Value) throws(Raised) -> Bool {
        if instanceAttribute(cell, name).isUnbound { return false }
        let dict = try attributeDict(cell)
        let i = dict.findStringEntry(self, name)
        if i < 0 { return false }
        noteDropped(dict.removeEntry(i))
        return true
    }

    /// The instance's `__dict__`: from now on its attributes are in it.
    public func attributeDict(_ cell: Cell) throws(Raised) -> DictObject {
        let info = self.info(cell)
        let extra = InstanceObject.extra(cell, info)
        if info.pointee.isDictMode {
            if extra.pointee.isUnbound { extra.pointee = newDict().value }
            return DictObject(extra.pointee)
        }
        let dict = newDict()
        try fillDict(dict, cell, cell.layout, info)
        let type = TypeObject(info.pointee.type)
        let layout = try dictLayout(type, info)
        for i in 0..<min(Int(info.pointee.slotCount), Int(info.pointee.inlineCapacity)) {
            cell[Int(info.pointee.inlineStart) + i] = .unbound
        }
        extra.pointee = dict.value
        cell.layout = layout
        return dict
    }

    /// Adds the attributes in slots to `dict`, oldest first.
    private func fillDict(_ dict: DictObject, _ cell: Cell, _ layout: LayoutID, _ info: UnsafeMutablePointer<LayoutInfo>) throws(Raised) {
        var path: [LayoutID] = []
        var at = layout
        while interp.pointee.layouts.base[Int(at.rawValue)].slotCount > 0 {
            path.append(at)
            at = interp.pointee.layouts.base[Int(at.rawValue)].parent
        }
        for id in path.reversed() {
            let step = interp.pointee.layouts.base + Int(id.rawValue)
            let value = slotAddress(cell, info, Int(step.pointee.slotCount) - 1).pointee
            if value.isBound { try dict.setString(self, step.pointee.name, value) }
        }
    }

    func dictLayout(_ type: TypeObject, _ info: UnsafeMutablePointer<LayoutInfo>) throws(Raised) -> LayoutID {
        if type.dictLayout != .free { return type.dictLayout }
        var made = info.pointee
        made.isDictMode = true
        made.slotCount = 0
        made.parent = .free
        made.name = .unbound
        made.transitions = nil
        made.transitionCount = 0
        made.transitionCapacity = 0
        type.dictLayout = try newLayout(made)
        return type.dictLayout
    }

    /// Replaces the instance's `__dict__`.
    public func setAttributeDict(_ cell: Cell, _ dict: Value) throws(Raised) {
        _ = try attributeDict(cell)
        InstanceObject.extra(cell, info(cell)).pointee = dict
    }

    /// `object.__dict__.update(state)` without making the dict, as unpickling does it: for instances of Python classes whose `__dict__` is
    /// the usual one. False when the object is not such an instance, or a key is not a str.
    public func setAttributes(of object: Value, from state: DictObject) throws(Raised) -> Bool {
        guard object.isCell, type(of: object).has(TypeFlag.heap), !type(of: object).has(TypeFlag.customGetattr) else { return false }
        let info = self.info(object.cell)
        if !info.pointee.hasAttributes || !lookup(type(of: object), name(.__dict__)).hasLayout(.getSetDescriptor) { return false }
        if instanceAttribute(object.cell, name(.__dict__)).isBound { return false }
        for i in 0..<state.entryCount where state.entry(i).key.isBound && !state.entry(i).key.hasLayout(.str) { return false }
        for i in 0..<state.entryCount where state.entry(i).key.isBound {
            try setInstanceAttribute(object.cell, intern(state.entry(i).key), state.entry(i).value)
        }
        return true
    }
}
