// `object`: the generic attribute protocol, and what every type inherits.

extension Thread {
    func defineObjectType() {
        defineType(.object, "object", flags: TypeFlag.base, .values(0)) { b in
            b.doc("object()\n--\n\nThe base class of the class hierarchy.\n\nWhen called, it accepts no arguments and returns a new featureless\ninstance that has no instance attributes and cannot be given any.\n")
            let s = b.slots
            s.pointee.getattr = BinarySlot(Thread.genericGetattr)
            s.pointee.setattr = StoreSlot(Thread.genericSetattr)
            s.pointee.hash = IntSlot { (t, v) in t.identityHash(v) }
            s.pointee.compare = CompareSlot(Thread.objectCompare)
            s.pointee.repr = UnarySlot(Thread.objectRepr)
            s.pointee.str = UnarySlot { (t, v) throws(Raised) in
                try t.enterRecursion(" while getting the str of an object")
                defer { t.leaveRecursion() }
                return try t.type(of: v).slots.pointee.repr(t, v)
            }
            s.pointee.initialize = InitSlot(Thread.objectInit)
            s.pointee.new = CallSlot(Thread.objectNew)
            defineObjectMethods(b)
        }
    }

    /// `id(value)`: the address of a cell, a number derived from the bits otherwise.
    public func identity(_ value: Value) -> Value { value.isCell ? int(value.bits) : int(value.bits &* 8) }

    /// The hash of identity: the address without its low zero bits.
    public func identityHash(_ value: Value) -> Int {
        let bits = value.bits
        let hash = Int(bitPattern: bits >> 4 | bits << 60)
        return hash == -1 ? -2 : hash
    }

    static func objectCompare(_ t: Thread, _ left: Value, _ right: Value, _ op: CompareOperator) throws(Raised) -> Value {
        switch op {
        case .equal: return left == right ? .true : .notImplemented
        case .notEqual:
            // By default `!=` is the opposite of `==`, whoever defines that.
            let slot = t.type(of: left).slots.pointee.compare
            if !slot.isSet { return .notImplemented }
            let equal = try slot(t, left, right, .equal)
            return equal.isNotImplemented ? equal : Value(!(try t.truth(equal)))
        default: return .notImplemented
        }
    }

    static func objectRepr(_ t: Thread, _ value: Value) throws(Raised) -> Value {
        let type = t.type(of: value)
        let module = try t.moduleName(of: type)
        let address = "0x" + String(value.bits, radix: 16)
        let qualname = t.string(type.qualname)
        if module.isKind(.str) && t.string(module) != "builtins" { return t.str("<\(t.string(module)).\(qualname) object at \(address)>") }
        return t.str("<\(qualname) object at \(address)>")
    }

    /// `type.__module__`: a str, or whatever the class dict has, or unbound.
    public func moduleName(of type: TypeObject) throws(Raised) -> Value {
        if type.moduleName.isBound { return type.moduleName }
        return DictObject(type.dict).findString(self, name(.__module__))
    }

    /// `object.__new__`: refuses arguments that neither `__new__` nor `__init__` of the class takes.
    static func objectNew(_ t: Thread, _ type: Value, _ arguments: Arguments) throws(Raised) -> Value {
        let type = TypeObject(type)
        if arguments.count > 0 || arguments.keywords.isBound {
            let overridesNew = type.slots.pointee.new.address != TypeObject(t.types.pointee.object).slots.pointee.new.address
            if overridesNew { throw t.raise(.typeError, "object.__new__() takes exactly one argument (the type to instantiate)") }
            let overridesInit = type.slots.pointee.initialize.address != TypeObject(t.types.pointee.object).slots.pointee.initialize.address
            if !overridesInit { throw t.raise(.typeError, "\(t.qualifiedTypeName(type))() takes no arguments") }
        }
        if type.has(TypeFlag.abstract) { throw try t.abstractInstantiation(type) }
        return Value(t.allocate(type))
    }

    static func objectInit(_ t: Thread, _ value: Value, _ arguments: Arguments) throws(Raised) {
        if arguments.count == 0 && arguments.keywords.isUnbound { return }
        let type = t.type(of: value)
        let object = TypeObject(t.types.pointee.object)
        if type.slots.pointee.initialize.address != object.slots.pointee.initialize.address {
            throw t.raise(.typeError, "object.__init__() takes exactly one argument (the instance to initialize)")
        }
        if type.slots.pointee.new.address == object.slots.pointee.new.address {
            throw t.raise(.typeError, "\(t.string(type.name)).__init__() takes exactly one argument (the instance to initialize)")
        }
    }

    // MARK: The generic attribute protocol

    /// `object.__getattribute__`: data descriptor, instance, non-data descriptor, class attribute; unbound when there is none.
    static func genericGetattr(_ t: Thread, _ value: Value, _ name: Value) throws(Raised) -> Value {
        let type = t.type(of: value)
        let found = t.lookup(type, name)
        var get = TernarySlot()
        if found.isBound && found.isCell {
            let slots = t.type(of: found).slots
            get = slots.pointee.descriptorGet
            if get.isSet && slots.pointee.descriptorSet.isSet { return try get(t, found, value, type.value) }
        }
        if value.isCell {
            let own = t.instanceAttribute(value.cell, name)
            if own.isBound { return own }
        }
        return get.isSet ? try get(t, found, value, type.value) : found
    }

    /// `object.__setattr__` and `__delattr__`.
    static func genericSetattr(_ t: Thread, _ value: Value, _ name: Value, _ new: Value) throws(Raised) {
        let type = t.type(of: value)
        let found = t.lookup(type, name)
        if found.isBound && found.isCell {
            let set = t.type(of: found).slots.pointee.descriptorSet
            if set.isSet { return try set(t, found, value, new) }
        }
        if value.isCell && t.info(value.cell).pointee.hasAttributes {
            if new.isBound { return try t.setInstanceAttribute(value.cell, name, new) }
            if try t.deleteInstanceAttribute(value.cell, name) { return }
            throw t.attributeError(value, name)
        }
        if found.isUnbound { throw t.attributeError(value, name) }
        throw t.attributeError("'\(t.typeName(value))' object attribute '\(t.string(name))' is read-only", value, name)
    }
}
