// The slots of Python classes: functions that look a dunder method up on the type and call it. They are
// installed where the class, or a class in its mro, defines the name (see `updateSlots`).

extension Thread {
    /// Address of the function that fills `word` in a Python class; 0 for words that only native types fill.
    @inline(never) static func pythonSlot(_ word: SlotWord) -> UInt {
        switch word {
        case .concatenate, .repeat, .inPlaceConcatenate, .inPlaceRepeat: 0
        case .repr: UnarySlot(Thread.pythonRepr).address
        case .str: UnarySlot(Thread.pythonStr).address
        case .hash: IntSlot(Thread.pythonHash).address
        case .call: CallSlot(Thread.pythonCall).address
        case .getattr: BinarySlot(Thread.pythonGetattr).address
        case .setattr: StoreSlot(Thread.pythonSetattr).address
        case .compare: CompareSlot(Thread.pythonCompare).address
        case .iter: UnarySlot(Thread.pythonIter).address
        case .next: UnarySlot(Thread.pythonNext).address
        case .descriptorGet: TernarySlot(Thread.pythonGet).address
        case .descriptorSet: StoreSlot(Thread.pythonSet).address
        case .initialize: InitSlot(Thread.pythonInit).address
        case .new: CallSlot(Thread.pythonNew).address
        case .finalize: ActionSlot(Thread.pythonFinalize).address
        case .power: TernarySlot(Thread.pythonPower).address
        case .inPlacePower: TernarySlot { (t, l, r, _) throws(Raised) in try t.notImplementedIfUnbound(t.callSpecial(l, t.name(.__ipow__), r)) }.address
        case .truth: BoolSlot(Thread.pythonTruth).address
        case .length: IntSlot(Thread.pythonLength).address
        case .getItem: BinarySlot { (t, v, key) throws(Raised) in try t.required(t.callSpecial(v, t.name(.__getitem__), key), .__getitem__) }.address
        case .setItem: StoreSlot(Thread.pythonSetItem).address
        case .contains: ContainsSlot(Thread.pythonContains).address
        case .await: UnarySlot { (t, v) throws(Raised) in try t.asyncSpecial(v, .__await__) }.address
        case .asyncIter: UnarySlot { (t, v) throws(Raised) in try t.asyncSpecial(v, .__aiter__) }.address
        case .asyncNext: UnarySlot { (t, v) throws(Raised) in try t.asyncSpecial(v, .__anext__) }.address
        case .buffer: BufferSlot(Thread.pythonBuffer).address
        case .releaseBuffer: ActionSlot(Thread.pythonReleaseBuffer).address
        default: pythonNumberSlot(word)
        }
    }

    private static func pythonNumberSlot(_ word: SlotWord) -> UInt {
        switch word {
        case .add: BinarySlot { (t, l, r) throws(Raised) in try t.pythonBinary(l, r, .add, .__add__, .__radd__) }.address
        case .subtract: BinarySlot { (t, l, r) throws(Raised) in try t.pythonBinary(l, r, .subtract, .__sub__, .__rsub__) }.address
        case .multiply: BinarySlot { (t, l, r) throws(Raised) in try t.pythonBinary(l, r, .multiply, .__mul__, .__rmul__) }.address
        case .remainder: BinarySlot { (t, l, r) throws(Raised) in try t.pythonBinary(l, r, .remainder, .__mod__, .__rmod__) }.address
        case .divmod: BinarySlot { (t, l, r) throws(Raised) in try t.pythonBinary(l, r, .divmod, .__divmod__, .__rdivmod__) }.address
        case .leftShift: BinarySlot { (t, l, r) throws(Raised) in try t.pythonBinary(l, r, .leftShift, .__lshift__, .__rlshift__) }.address
        case .rightShift: BinarySlot { (t, l, r) throws(Raised) in try t.pythonBinary(l, r, .rightShift, .__rshift__, .__rrshift__) }.address
        case .and: BinarySlot { (t, l, r) throws(Raised) in try t.pythonBinary(l, r, .and, .__and__, .__rand__) }.address
        case .xor: BinarySlot { (t, l, r) throws(Raised) in try t.pythonBinary(l, r, .xor, .__xor__, .__rxor__) }.address
        case .or: BinarySlot { (t, l, r) throws(Raised) in try t.pythonBinary(l, r, .or, .__or__, .__ror__) }.address
        case .floorDivide: BinarySlot { (t, l, r) throws(Raised) in try t.pythonBinary(l, r, .floorDivide, .__floordiv__, .__rfloordiv__) }.address
        case .trueDivide: BinarySlot { (t, l, r) throws(Raised) in try t.pythonBinary(l, r, .trueDivide, .__truediv__, .__rtruediv__) }.address
        case .matrixMultiply: BinarySlot { (t, l, r) throws(Raised) in try t.pythonBinary(l, r, .matrixMultiply, .__matmul__, .__rmatmul__) }.address
        case .inPlaceAdd: BinarySlot { (t, l, r) throws(Raised) in try t.notImplementedIfUnbound(t.callSpecial(l, t.name(.__iadd__), r)) }.address
        case .inPlaceSubtract: BinarySlot { (t, l, r) throws(Raised) in try t.notImplementedIfUnbound(t.callSpecial(l, t.name(.__isub__), r)) }.address
        case .inPlaceMultiply: BinarySlot { (t, l, r) throws(Raised) in try t.notImplementedIfUnbound(t.callSpecial(l, t.name(.__imul__), r)) }.address
        case .inPlaceRemainder: BinarySlot { (t, l, r) throws(Raised) in try t.notImplementedIfUnbound(t.callSpecial(l, t.name(.__imod__), r)) }.address
        case .inPlaceLeftShift: BinarySlot { (t, l, r) throws(Raised) in try t.notImplementedIfUnbound(t.callSpecial(l, t.name(.__ilshift__), r)) }.address
        case .inPlaceRightShift: BinarySlot { (t, l, r) throws(Raised) in try t.notImplementedIfUnbound(t.callSpecial(l, t.name(.__irshift__), r)) }.address
        case .inPlaceAnd: BinarySlot { (t, l, r) throws(Raised) in try t.notImplementedIfUnbound(t.callSpecial(l, t.name(.__iand__), r)) }.address
        case .inPlaceXor: BinarySlot { (t, l, r) throws(Raised) in try t.notImplementedIfUnbound(t.callSpecial(l, t.name(.__ixor__), r)) }.address
        case .inPlaceOr: BinarySlot { (t, l, r) throws(Raised) in try t.notImplementedIfUnbound(t.callSpecial(l, t.name(.__ior__), r)) }.address
        case .inPlaceFloorDivide: BinarySlot { (t, l, r) throws(Raised) in try t.notImplementedIfUnbound(t.callSpecial(l, t.name(.__ifloordiv__), r)) }.address
        case .inPlaceTrueDivide: BinarySlot { (t, l, r) throws(Raised) in try t.notImplementedIfUnbound(t.callSpecial(l, t.name(.__itruediv__), r)) }.address
        case .inPlaceMatrixMultiply: BinarySlot { (t, l, r) throws(Raised) in try t.notImplementedIfUnbound(t.callSpecial(l, t.name(.__imatmul__), r)) }.address
        case .negative: UnarySlot { (t, v) throws(Raised) in try t.required(t.callSpecial(v, t.name(.__neg__)), .__neg__) }.address
        case .positive: UnarySlot { (t, v) throws(Raised) in try t.required(t.callSpecial(v, t.name(.__pos__)), .__pos__) }.address
        case .absolute: UnarySlot { (t, v) throws(Raised) in try t.required(t.callSpecial(v, t.name(.__abs__)), .__abs__) }.address
        case .invert: UnarySlot { (t, v) throws(Raised) in try t.required(t.callSpecial(v, t.name(.__invert__)), .__invert__) }.address
        case .int: UnarySlot { (t, v) throws(Raised) in try t.required(t.callSpecial(v, t.name(.__int__)), .__int__) }.address
        case .float: UnarySlot { (t, v) throws(Raised) in try t.required(t.callSpecial(v, t.name(.__float__)), .__float__) }.address
        case .index: UnarySlot { (t, v) throws(Raised) in try t.required(t.callSpecial(v, t.name(.__index__)), .__index__) }.address
        default: 0
        }
    }

    private func notImplementedIfUnbound(_ result: Value) -> Value { result.isUnbound ? .notImplemented : result }

    /// The slot was installed for a name that the type no longer has: AttributeError, as CPython's lookup raises.
    private func required(_ result: Value, _ method: WellKnownName) throws(Raised) -> Value {
        if result.isBound { return result }
        throw raise(.attributeError, name(method))
    }

    // MARK: Operators

    /// `l OP r` where at least one operand's class defines the operator in Python: the reflected method of a right operand
    /// goes first when its class derives from the left one's and overrides it.
    @inline(never) func pythonBinary(_ l: Value, _ r: Value, _ word: SlotWord, _ operation: WellKnownName, _ reflected: WellKnownName) throws(Raised) -> Value {
        let left = type(of: l), right = type(of: r)
        let generic = Thread.pythonSlot(word)
        var triesRight = left != right && right.slotWords[word.rawValue] == generic
        if left.slotWords[word.rawValue] == generic {
            if triesRight && isSubtype(right, of: left.value) && overrides(right, left, name(reflected)) {
                let result = try notImplementedIfUnbound(callSpecial(r, name(reflected), l))
                if !result.isNotImplemented { return result }
                triesRight = false
            }
            let result = try notImplementedIfUnbound(callSpecial(l, name(operation), r))
            if !result.isNotImplemented || left == right { return result }
        }
        return triesRight ? try notImplementedIfUnbound(callSpecial(r, name(reflected), l)) : .notImplemented
    }

    /// `right` has a method `name` that is not the one `left` has.
    private func overrides(_ right: TypeObject, _ left: TypeObject, _ name: Value) -> Bool {
        let own = lookup(right, name)
        return own.isBound && own != lookup(left, name)
    }

    static func pythonPower(_ t: Thread, _ l: Value, _ r: Value, _ modulus: Value) throws(Raised) -> Value {
        if modulus.isNone { return try t.pythonBinary(l, r, .power, .__pow__, .__rpow__) }
        if t.type(of: l).slotWords[SlotWord.power.rawValue] != pythonSlot(.power) { return .notImplemented }
        return t.notImplementedIfUnbound(try t.callSpecial(l, t.name(.__pow__), r, modulus))
    }

    static func pythonCompare(_ t: Thread, _ l: Value, _ r: Value, _ op: CompareOperator) throws(Raised) -> Value {
        let name: WellKnownName
        switch op {
        case .less: name = .__lt__
        case .lessEqual: name = .__le__
        case .equal: name = .__eq__
        case .notEqual: name = .__ne__
        case .greater: name = .__gt__
        case .greaterEqual: name = .__ge__
        }
        let method = t.lookup(t.type(of: l), t.name(name))
        if method.isUnbound { return .notImplemented }
        let descriptor = t.type(of: method)
        let get = descriptor.slots.pointee.descriptorGet
        if descriptor.has(TypeFlag.methodDescriptor) || !get.isSet { return t.notImplementedIfUnbound(try t.callSpecial(l, t.name(name), r)) }
        let bound: Value
        do throws(Raised) { bound = try get(t, method, l, t.type(of: l).value) } catch {
            // A comparison method that cannot be got counts as none.
            _ = t.takePending()
            return .notImplemented
        }
        return try t.call(bound, r)
    }

    // MARK: Basics

    static func pythonRepr(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        let text = try t.callSpecial(v, t.name(.__repr__))
        return text.isBound ? text : try objectRepr(t, v)
    }

    static func pythonStr(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        let text = try t.callSpecial(v, t.name(.__str__))
        return text.isBound ? text : try t.repr(v)
    }

    static func pythonHash(_ t: Thread, _ v: Value) throws(Raised) -> Int {
        let method = t.lookup(t.type(of: v), t.name(.__hash__))
        if method.isNoneOrUnbound { return try unhashable(t, v) }
        let result = try t.callSpecial(v, t.name(.__hash__))
        if !t.isInt(result) { throw t.raise(.typeError, "__hash__ method should return an integer") }
        // An int too large for a hash is hashed itself.
        guard let n = t.machineInt(result) else { return try TypeObject(t.types.pointee.int).slots.pointee.hash(t, result) }
        return n == -1 ? -2 : n
    }

    static func pythonTruth(_ t: Thread, _ v: Value) throws(Raised) -> Bool {
        let result = try t.callSpecial(v, t.name(.__bool__))
        if result.isTrue { return true }
        if result.isFalse { return false }
        if result.isUnbound { return true }
        throw t.raise(.typeError, "__bool__ should return bool, returned \(t.typeName(result))")
    }

    static func pythonCall(_ t: Thread, _ v: Value, _ a: Arguments) throws(Raised) -> Value {
        let method = t.lookup(t.type(of: v), t.name(.__call__))
        if method.isUnbound { throw t.notCallable(v) }
        try t.enterRecursion(" while calling a Python object")
        defer { t.leaveRecursion() }
        return try t.call(method, receiver: v, a)
    }

    /// Calls `method`, found on the type of `v`, as a method of `v`.
    func call(_ method: Value, receiver v: Value, _ a: Arguments) throws(Raised) -> Value {
        let descriptor = type(of: method)
        if descriptor.has(TypeFlag.methodDescriptor) { return try callPrepending(method, v, a) }
        let get = descriptor.slots.pointee.descriptorGet
        return try call(get.isSet ? try get(self, method, v, type(of: v).value) : method, a)
    }

    /// `callable(first, *arguments)`.
    func callPrepending(_ callable: Value, _ first: Value, _ a: Arguments) throws(Raised) -> Value {
        let width = a.count + (a.keywords.isUnbound ? 0 : TupleObject(a.keywords).count)
        let base = try pushScratch(width + 1)
        defer { popScratch(base) }
        base[0] = first
        for i in 0..<max(width, 0) { base[i + 1] = a.base[i] }
        return try call(callable, Arguments(base, a.count + 1, a.keywords))
    }

    static func pythonInit(_ t: Thread, _ v: Value, _ a: Arguments) throws(Raised) {
        let method = t.lookup(t.type(of: v), t.name(.__init__))
        if method.isUnbound { return }
        let result = try t.call(method, receiver: v, a)
        if !result.isNone { throw t.raise(.typeError, "__init__() should return None, not '\(t.typeName(result))'") }
    }

    static func pythonNew(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        let found = t.lookup(TypeObject(type), t.name(.__new__))
        if found.isUnbound { throw t.attributeError(type, t.name(.__new__)) }
        let get = t.type(of: found).slots.pointee.descriptorGet
        return try t.callPrepending(get.isSet ? try get(t, found, .unbound, type) : found, type, a)
    }

    static func pythonFinalize(_ t: Thread, _ v: Value) throws(Raised) { _ = try t.callSpecial(v, t.name(.__del__)) }

    // MARK: Attributes

    /// For classes with `__getattribute__` or `__getattr__` in Python.
    static func pythonGetattr(_ t: Thread, _ v: Value, _ name: Value) throws(Raised) -> Value {
        let type = t.type(of: v)
        let hook = t.lookup(type, t.name(.__getattr__))
        if hook.isUnbound { return try t.ownGetattribute(type, v, name) }
        do throws(Raised) {
            let found = try t.ownGetattribute(type, v, name)
            if found.isBound { return found }
        } catch { try t.swallow(.attributeError, error) }
        return try t.callSpecial(v, t.name(.__getattr__), name)
    }

    private func ownGetattribute(_ type: TypeObject, _ v: Value, _ name: Value) throws(Raised) -> Value {
        let method = lookup(type, self.name(.__getattribute__))
        if method.hasLayout(.wrapperDescriptor) {
            let wrapper = WrapperDescriptor(method)
            var slot = BinarySlot()
            slot.address = wrapper.address
            return try slot(self, v, name)
        }
        return try callSpecial(v, self.name(.__getattribute__), name)
    }

    static func pythonSetattr(_ t: Thread, _ v: Value, _ name: Value, _ new: Value) throws(Raised) {
        if new.isUnbound {
            _ = try t.required(t.callSpecial(v, t.name(.__delattr__), name), .__delattr__)
        } else {
            _ = try t.required(t.callSpecial(v, t.name(.__setattr__), name, new), .__setattr__)
        }
    }

    /// What the class has for `__get__` is called as it is, not bound: it always gets three arguments.
    static func pythonGet(_ t: Thread, _ descriptor: Value, _ object: Value, _ type: Value) throws(Raised) -> Value {
        let method = t.lookup(t.type(of: descriptor), t.name(.__get__))
        return method.isUnbound ? descriptor : try t.call(method, descriptor, object.orNone, type.orNone)
    }

    static func pythonSet(_ t: Thread, _ descriptor: Value, _ object: Value, _ value: Value) throws(Raised) {
        if value.isUnbound {
            _ = try t.required(t.callSpecial(descriptor, t.name(.__delete__), object), .__delete__)
        } else {
            _ = try t.required(t.callSpecial(descriptor, t.name(.__set__), object, value), .__set__)
        }
    }

    // MARK: Containers and iteration

    static func pythonLength(_ t: Thread, _ v: Value) throws(Raised) -> Int {
        let result = try t.required(t.callSpecial(v, t.name(.__len__)), .__len__)
        let number = try t.indexValue(result)
        if t.isNegativeInt(number) { throw t.raise(.valueError, "__len__() should return >= 0") }
        return try t.index(number, overflow: .overflowError)
    }

    func isNegativeInt(_ number: Value) -> Bool {
        if number.isSmallInt { return number.smallInt < 0 }
        return number.isCell && IntObject(number).isNegative
    }

    static func pythonSetItem(_ t: Thread, _ v: Value, _ key: Value, _ value: Value) throws(Raised) {
        if value.isUnbound {
            _ = try t.required(t.callSpecial(v, t.name(.__delitem__), key), .__delitem__)
        } else {
            _ = try t.required(t.callSpecial(v, t.name(.__setitem__), key, value), .__setitem__)
        }
    }

    static func pythonContains(_ t: Thread, _ v: Value, _ item: Value) throws(Raised) -> Bool {
        let method = t.lookup(t.type(of: v), t.name(.__contains__))
        if method.isNone { throw t.raise(.typeError, "'\(t.typeName(v))' object is not a container") }
        return try t.truth(t.required(t.callSpecial(v, t.name(.__contains__), item), .__contains__))
    }

    static func pythonIter(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        let method = t.lookup(t.type(of: v), t.name(.__iter__))
        if method.isNone { throw t.raise(.typeError, "'\(t.typeName(v))' object is not iterable") }
        return try t.required(t.callSpecial(v, t.name(.__iter__)), .__iter__)
    }

    /// StopIteration becomes "exhausted"; its value is kept for who needs it.
    static func pythonNext(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        do throws(Raised) {
            return try t.required(t.callSpecial(v, t.name(.__next__)), .__next__)
        } catch {
            let exception = t.state.pointee.pending
            try t.swallow(.stopIteration, error)
            t.state.pointee.returnValue = t.stopIterationValue(exception)
            return .unbound
        }
    }

    private func asyncSpecial(_ v: Value, _ method: WellKnownName) throws(Raised) -> Value {
        let found = lookup(type(of: v), name(method))
        if found.isNoneOrUnbound { throw raise(.attributeError, "object \(typeName(v)) does not have \(method.rawValue) method") }
        return try callSpecial(v, name(method))
    }
}
