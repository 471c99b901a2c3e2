// What programs do to values, by protocol: the entry points that native code and the interpreter's
// slow paths share. Each asks the type's slot, and raises CPython's error when there is none.

extension Thread {
    // MARK: Texts

    /// `repr(value)`.
    @inline(never) public func repr(_ value: Value) throws(Raised) -> Value {
        let slot = type(of: value).slots.pointee.repr
        try enterRecursion(" while getting the repr of an object")
        defer { leaveRecursion() }
        let text = try slot(self, value)
        if text.isKind(.str) { return text }
        throw raise(.typeError, "__repr__ returned non-string (type \(typeName(text)))")
    }

    /// `str(value)`.
    @inline(never) public func strOf(_ value: Value) throws(Raised) -> Value {
        if value.hasLayout(.str) { return value }
        let slot = type(of: value).slots.pointee.str
        try enterRecursion(" while getting the str of an object")
        defer { leaveRecursion() }
        let text = try slot(self, value)
        if text.isKind(.str) { return text }
        throw raise(.typeError, "__str__ returned non-string (type \(typeName(text)))")
    }

    /// `repr(value)` as Swift text, for messages.
    @inline(never) public func reprText(_ value: Value) throws(Raised) -> String { string(try repr(value)) }

    // MARK: Hash, truth, comparison

    /// `hash(value)`.
    @inline(__always) public func hash(_ value: Value) throws(Raised) -> Int {
        if value.isSmallInt {
            // Below the modulus of number hashes an int is its own hash.
            let n = value.smallInt
            if n >= 0 && n < (1 << 61) - 1 { return n }
        } else if value.hasLayout(.str) {
            return hash(str: StrObject(value))
        }
        return try hashSlowly(value)
    }

    @inline(never) func hashSlowly(_ value: Value) throws(Raised) -> Int {
        let slot = type(of: value).slots.pointee.hash
        if slot.isSet { return try slot(self, value) }
        throw raise(.typeError, "unhashable type: '\(typeName(value))'")
    }

    /// `bool(value)`.
    @inline(__always) public func truth(_ value: Value) throws(Raised) -> Bool {
        if value.isTrue { return true }
        if value.isFalse || value.isNone { return false }
        return try truthSlowly(value)
    }

    @inline(never) public func truthSlowly(_ value: Value) throws(Raised) -> Bool {
        if value.isSmallInt { return value.smallInt != 0 }
        let slots = type(of: value).slots
        if slots.pointee.truth.isSet { return try slots.pointee.truth(self, value) }
        if slots.pointee.length.isSet { return try slots.pointee.length(self, value) != 0 }
        return true
    }

    /// `left OP right` with reflection, as any object.
    @inline(never) public func compare(_ left: Value, _ right: Value, _ op: CompareOperator) throws(Raised) -> Value {
        try enterRecursion(" in comparison")
        defer { leaveRecursion() }
        let leftType = type(of: left), rightType = type(of: right)
        var triedReflected = false
        if leftType != rightType && isSubtype(rightType, of: leftType.value) && rightType.slots.pointee.compare.isSet {
            triedReflected = true
            let result = try rightType.slots.pointee.compare(self, right, left, op.swapped)
            if !result.isNotImplemented { return result }
        }
        if leftType.slots.pointee.compare.isSet {
            let result = try leftType.slots.pointee.compare(self, left, right, op)
            if !result.isNotImplemented { return result }
        }
        if !triedReflected && rightType.slots.pointee.compare.isSet {
            let result = try rightType.slots.pointee.compare(self, right, left, op.swapped)
            if !result.isNotImplemented { return result }
        }
        switch op {
        case .equal: return Value(left == right)
        case .notEqual: return Value(left != right)
        default:
            throw raise(.typeError, "'\(op.symbol)' not supported between instances of '\(typeName(left))' and '\(typeName(right))'")
        }
    }

    /// `left == right or left is right`, as containers compare items.
    @inline(__always) public func equals(_ left: Value, _ right: Value) throws(Raised) -> Bool {
        if left == right { return true }
        if left.isSmallInt && right.isSmallInt { return false }
        if left.hasLayout(.str) && right.hasLayout(.str) { return StrObject(left).equals(StrObject(right)) }
        return try truth(try compare(left, right, .equal))
    }

    /// `left OP right` as a truth value.
    @inline(never) public func holds(_ left: Value, _ op: CompareOperator, _ right: Value) throws(Raised) -> Bool {
        try truth(try compare(left, right, op))
    }

    // MARK: Iteration

    /// `iter(value)`.
    @inline(never) public func iter(_ value: Value) throws(Raised) -> Value {
        if value.hasLayout(.generator) { return value }
        try checkStack()
        let type = type(of: value)
        if type.slots.pointee.iter.isSet {
            let iterator = try type.slots.pointee.iter(self, value)
            if self.type(of: iterator).slots.pointee.next.isSet { return iterator }
            throw raise(.typeError, "iter() returned non-iterator of type '\(typeName(iterator))'")
        }
        if isSequence(value) { return newSequenceIterator(value) }
        throw raise(.typeError, "'\(typeName(value))' object is not iterable")
    }

    /// Has `__getitem__` and is not a dict (`PySequence_Check`).
    @inline(never) public func isSequence(_ value: Value) -> Bool {
        !value.isKind(.dict) && type(of: value).slots.pointee.getItem.isSet && !has(value, mappingOnly: true)
    }

    private func has(_ value: Value, mappingOnly: Bool) -> Bool {
        // Builtin mappings without sequence behaviour are marked by their flag.
        type(of: value).has(TypeFlag.mapping) && !type(of: value).has(TypeFlag.heap)
    }

    /// The next item, or unbound when the iterator is exhausted. StopIteration from Python code counts as exhaustion.
    public func next(_ iterator: Value) throws(Raised) -> Value {
        try checkStack()
        let slot = type(of: iterator).slots.pointee.next
        if slot.isSet { return try slot(self, iterator) }
        // A class can lose its `__next__` while it is iterated.
        throw raise(.typeError, "'\(typeName(iterator))' object is not iterable")
    }

    /// Calls `body` with every item of an iterable.
    @inline(never) public func forEach(_ iterable: Value, _ body: (Value) throws(Raised) -> Void) throws(Raised) {
        if iterable.hasLayout(.tuple) {
            let items = TupleObject(iterable)
            for i in 0..<items.count { try body(items[i]) }
            return
        }
        if iterable.hasLayout(.list) {
            let items = ListObject(iterable)
            var i = 0
            while i < items.count {
                try body(items[i])
                i += 1
            }
            return
        }
        let iterator = try iter(iterable)
        while true {
            let item = try next(iterator)
            if item.isUnbound { return }
            try body(item)
        }
    }

    /// `list(iterable)`.
    @inline(never) public func listFrom(_ iterable: Value) throws(Raised) -> ListObject {
        let made = try newList(capacity: iterable.isKind(.tuple) ? TupleObject(iterable).count : 0)
        try forEach(iterable) { (item) throws(Raised) in try append(made, item) }
        return made
    }

    /// `tuple(iterable)`.
    @inline(never) public func tupleFrom(_ iterable: Value) throws(Raised) -> TupleObject {
        if iterable.hasLayout(.tuple) { return TupleObject(iterable) }
        let items = iterable.hasLayout(.list) ? ListObject(iterable) : try listFrom(iterable)
        let made = try newTuple(items.count)
        for i in 0..<min(items.count, made.count) { made[i] = items[i] }
        return made
    }

    // MARK: Containers

    /// The number of items of the commonest containers; -1 for others.
    @inline(__always) func knownLength(_ value: Value) -> Int {
        if value.isCell {
            switch value.cell.layout {
            case .list: return ListObject(value).count
            case .tuple: return TupleObject(value).count
            case .str: return StrObject(value).count
            case .dict: return DictObject(value).count
            case .set: return SetObject(value).count
            default: break
            }
        }
        return -1
    }

    /// `len(value)`.
    @inline(never) public func length(_ value: Value) throws(Raised) -> Int {
        let known = knownLength(value)
        if known >= 0 { return known }
        try checkStack()
        let slot = type(of: value).slots.pointee.length
        if slot.isSet { return try slot(self, value) }
        throw raise(.typeError, "object of type '\(typeName(value))' has no len()")
    }

    /// `container[key]`.
    @inline(never) public func getItem(_ container: Value, _ key: Value) throws(Raised) -> Value {
        try checkStack()
        let type = type(of: container)
        if type.slots.pointee.getItem.isSet { return try type.slots.pointee.getItem(self, container, key) }
        if container.isKind(.type) { return try classGetItem(container, key) }
        throw raise(.typeError, "'\(typeName(container))' object is not subscriptable")
    }

    /// `container[key] = value`.
    @inline(never) public func setItem(_ container: Value, _ key: Value, _ value: Value) throws(Raised) {
        let slot = type(of: container).slots.pointee.setItem
        if slot.isSet { return try slot(self, container, key, value) }
        throw raise(.typeError, "'\(typeName(container))' object does not support item assignment")
    }

    /// `del container[key]`.
    @inline(never) public func deleteItem(_ container: Value, _ key: Value) throws(Raised) {
        let slot = type(of: container).slots.pointee.setItem
        if slot.isSet { return try slot(self, container, key, .unbound) }
        throw raise(.typeError, "'\(typeName(container))' object does\(container.isCell ? "" : "")n't support item deletion")
    }

    /// `Type[key]`: `type[int]` and `__class_getitem__`.
    func classGetItem(_ type: Value, _ key: Value) throws(Raised) -> Value {
        if type == types.pointee.type { return try newGenericAlias(type, key) }
        let method = try getattrOrUnbound(type, name(.__class_getitem__))
        if method.isBound && !method.isNone { return try call(method, key) }
        throw raise(.typeError, "type '\(string(TypeObject(type).name))' is not subscriptable")
    }

    /// `item in container`.
    @inline(never) public func contains(_ container: Value, _ item: Value) throws(Raised) -> Bool {
        if container.isCell {
            switch container.cell.layout {
            case .dict: return try DictObject(container).findEntry(self, item, hash(item)) >= 0
            case .list: return try contains(items: container, item)
            default: break
            }
        }
        try checkStack()
        let slot = type(of: container).slots.pointee.contains
        if slot.isSet { return try slot(self, container, item) }
        if !type(of: container).slots.pointee.iter.isSet && !isSequence(container) {
            throw raise(.typeError, "argument of type '\(typeName(container))' is not iterable")
        }
        let iterator: Value
        do throws(Raised) { iterator = try iter(container) } catch {
            try swallow(.typeError, error)
            throw raise(.typeError, "argument of type '\(typeName(container))' is not iterable")
        }
        while true {
            let other = try next(iterator)
            if other.isUnbound { return false }
            if try equals(other, item) { return true }
        }
    }

    private func contains(items list: Value, _ item: Value) throws(Raised) -> Bool {
        let items = ListObject(list)
        var i = 0
        while i < items.count {
            if try equals(items[i], item) { return true }
            i &+= 1
        }
        return false
    }

    // MARK: Attributes

    /// `value.name`, `name` interned. Raises AttributeError.
    @inline(never) public func getattr(_ value: Value, _ name: Value) throws(Raised) -> Value {
        let found: Value
        do throws(Raised) { found = try type(of: value).slots.pointee.getattr(self, value, name) } catch { throw placedAttributeError(value, name, error) }
        // Python code that ran for it left its own method lookups' answer: what `getattr` gives is called by itself.
        state.pointee.loadedUnbound = false
        if found.isBound { return found }
        throw attributeError(value, name)
    }

    @inline(never) public func getattr(_ value: Value, _ name: WellKnownName) throws(Raised) -> Value { try getattr(value, self.name(name)) }

    /// `value.name`, or unbound when there is none: an AttributeError raised by Python code counts as none.
    @inline(never) public func getattrOrUnbound(_ value: Value, _ name: Value) throws(Raised) -> Value {
        do throws(Raised) {
            return try type(of: value).slots.pointee.getattr(self, value, name)
        } catch {
            try swallow(.attributeError, error)
            return .unbound
        }
    }

    /// `value.name = new`; unbound deletes.
    @inline(never) public func setattr(_ value: Value, _ name: Value, _ new: Value) throws(Raised) {
        let slot = type(of: value).slots.pointee.setattr
        try slot(self, value, name, new)
    }

    /// An AttributeError raised by Python code that says nothing of where it was gets the name and the object, for suggestions.
    @inline(never) private func placedAttributeError(_ value: Value, _ name: Value, _ error: Raised) -> Raised {
        if !pendingIs(.attributeError) { return error }
        let exception = state.pointee.pending.cell, first = ExceptionObject.firstField
        if !exception[first].isNoneOrUnbound || !exception[first + 1].isNoneOrUnbound { return error }
        exception[first] = name
        exception[first + 1] = value
        return error
    }

    /// AttributeError with `name` and `obj` set: "'C' object has no attribute 'x'".
    @inline(never) public func attributeError(_ value: Value, _ name: Value) -> Raised {
        let text: String
        if value.isKind(.type) {
            text = "type object '\(string(TypeObject(value).name))' has no attribute '\(string(name))'"
        } else if value.hasLayout(.module) {
            return moduleAttributeError(value, name)
        } else {
            text = "'\(typeName(value))' object has no attribute '\(string(name))'"
        }
        return attributeError(text, value, name)
    }

    @inline(never) public func attributeError(_ text: String, _ value: Value, _ name: Value) -> Raised {
        do throws(Raised) {
            let made = try call(types.pointee.attributeError, str(text))
            let error = ExceptionObject(made)
            error.cell[ExceptionObject.firstField] = name
            error.cell[ExceptionObject.firstField + 1] = value
            return raise(exception: made)
        } catch { return error }
    }

    /// The method `name` found on the value's type and bound to it, or unbound: how special methods are looked up.
    @inline(never) public func lookupSpecial(_ value: Value, _ name: Value) throws(Raised) -> Value {
        let type = type(of: value)
        let found = lookup(type, name)
        if found.isUnbound { return .unbound }
        let get = self.type(of: found).slots.pointee.descriptorGet
        return get.isSet ? try get(self, found, value, type.value) : found
    }

    /// Calls the special method `name` of the value's type, without making a bound method; unbound when there is none.
    @inline(never) public func callSpecial(_ value: Value, _ name: Value, _ a: Value = .unbound, _ b: Value = .unbound, _ c: Value = .unbound) throws(Raised) -> Value {
        let type = type(of: value)
        let found = lookup(type, name)
        if found.isUnbound { return .unbound }
        if found.hasLayout(.function) { return try callFunction(FunctionObject(found), value, a, b, c) }
        let base = try pushScratch(4)
        defer { popScratch(base) }
        base[0] = value
        base[1] = a
        base[2] = b
        base[3] = c
        let count = a.isUnbound ? 0 : b.isUnbound ? 1 : c.isUnbound ? 2 : 3
        if self.type(of: found).has(TypeFlag.methodDescriptor) { return try call(found, Arguments(base, count + 1)) }
        let get = self.type(of: found).slots.pointee.descriptorGet
        let callable = get.isSet ? try get(self, found, value, type.value) : found
        return try call(callable, Arguments(base + 1, count))
    }

    // MARK: Numbers

    /// `operator.index(value)` as a machine integer. Raises TypeError, or `overflow` (IndexError, OverflowError) when it does not fit.
    @inline(never) public func index(_ value: Value, overflow: ExceptionKind = .overflowError) throws(Raised) -> Int {
        if value.isSmallInt { return value.smallInt }
        let number = try indexValue(value)
        if let n = machineInt(number) { return n }
        throw raise(overflow, "cannot fit '\(typeName(value))' into an index-sized integer")
    }

    /// `operator.index(value)`: an int.
    @inline(never) public func indexValue(_ value: Value) throws(Raised) -> Value {
        if isInt(value) { return value.isTrue ? Value(smallInt: 1) : value.isFalse ? Value(smallInt: 0) : value }
        let slot = type(of: value).slots.pointee.index
        if !slot.isSet { throw raise(.typeError, "'\(typeName(value))' object cannot be interpreted as an integer") }
        let number = try slot(self, value)
        if isInt(number) && !number.isSmallInt && !number.hasLayout(.int) {
            try warn(.deprecationWarning, "__index__ returned non-int (type \(typeName(number))).  The ability to return an instance of a strict subclass of int is deprecated, and may not be supported in a future version of Python.")
        }
        if isInt(number) { return number.isTrue ? Value(smallInt: 1) : number.isFalse ? Value(smallInt: 0) : number }
        throw raise(.typeError, "__index__ returned non-int (type \(typeName(number)))")
    }

    /// The int (or bool) as a machine integer, nil when it does not fit.
    @inline(never) public func machineInt(_ value: Value) -> Int? {
        if value.isSmallInt { return value.smallInt }
        if value.isTrue { return 1 }
        if value.isFalse { return 0 }
        let n = IntObject(value)
        if n.limbCount == 0 { return 0 }
        if n.limbCount > 1 { return nil }
        let limb = n.limbs[0]
        if n.isNegative { return limb <= UInt64(Int.max) + 1 ? Int(truncatingIfNeeded: 0 &- limb) : nil }
        return limb <= UInt64(Int.max) ? Int(limb) : nil
    }

    // MARK: Calls

    /// `callable(...)`.
    @inline(never) public func call(_ callable: Value, _ arguments: Arguments) throws(Raised) -> Value {
        try checkStack()
        if callable.hasLayout(.function) { return try callFunction(FunctionObject(callable), arguments, namespace: .unbound) }
        let slot = type(of: callable).slots.pointee.call
        if slot.isSet { return try slot(self, callable, arguments) }
        throw notCallable(callable)
    }

    /// "'X' object is not callable"; a module that holds something callable under its own name gets a hint.
    @inline(never) func notCallable(_ value: Value) -> Raised {
        let plain = "'\(typeName(value))' object is not callable"
        guard isInstance(value, of: types.pointee.module) else { return raise(.typeError, plain) }
        do throws(Raised) {
            let name = try getattr(value, .__name__)
            if name.isKind(.str) {
                let inner = try getattr(value, name)
                if type(of: inner).slots.pointee.call.isSet { return raise(.typeError, plain + ". Did you mean: '\(string(name)).\(string(name))(...)'?") }
            }
        } catch { _ = takePending() }
        return raise(.typeError, plain)
    }

    @inline(never) public func call(_ callable: Value) throws(Raised) -> Value {
        var none = Value.unbound
        return try withUnsafeMutablePointer(to: &none) { (base) throws(Raised) in try call(callable, Arguments(base, 0)) }
    }

    @inline(never) public func call(_ callable: Value, _ a: Value) throws(Raised) -> Value {
        var a = a
        return try withUnsafeMutablePointer(to: &a) { (base) throws(Raised) in try call(callable, Arguments(base, 1)) }
    }

    @inline(never) public func call(_ callable: Value, _ a: Value, _ b: Value) throws(Raised) -> Value {
        let base = try pushScratch(2)
        defer { popScratch(base) }
        base[0] = a
        base[1] = b
        return try call(callable, Arguments(base, 2))
    }

    @inline(never) public func call(_ callable: Value, _ a: Value, _ b: Value, _ c: Value) throws(Raised) -> Value {
        let base = try pushScratch(3)
        defer { popScratch(base) }
        base[0] = a
        base[1] = b
        base[2] = c
        return try call(callable, Arguments(base, 3))
    }

    /// Four to seven arguments.
    @inline(never) public func call(_ callable: Value, _ a: Value, _ b: Value, _ c: Value, _ d: Value, _ e: Value = .unbound, _ f: Value = .unbound,
                                    _ g: Value = .unbound) throws(Raised) -> Value {
        let base = try pushScratch(7)
        defer { popScratch(base) }
        base[0] = a
        base[1] = b
        base[2] = c
        base[3] = d
        base[4] = e
        base[5] = f
        base[6] = g
        return try call(callable, Arguments(base, e.isUnbound ? 4 : f.isUnbound ? 5 : g.isUnbound ? 6 : 7))
    }

    /// `callable(*arguments, **keywords)`: a tuple, and a dict or unbound.
    @inline(never) public func call(_ callable: Value, tuple arguments: Value, keywords: Value = .unbound) throws(Raised) -> Value {
        let positional = TupleObject(arguments)
        let extra = keywords.isUnbound ? 0 : DictObject(keywords).count
        let base = try pushScratch(positional.count + extra)
        defer { popScratch(base) }
        for i in 0..<positional.count { base[i] = positional[i] }
        if extra == 0 { return try call(callable, Arguments(base, positional.count)) }
        let names = try newTuple(extra)
        var n = 0
        let dict = DictObject(keywords)
        for i in 0..<dict.entryCount where dict.entry(i).key.isBound && n < extra {
            if !dict.entry(i).key.isKind(.str) { throw raise(.typeError, "keywords must be strings") }
            names[n] = dict.entry(i).key
            base[positional.count + n] = dict.entry(i).value
            n += 1
        }
        return try call(callable, Arguments(base, positional.count, names.value))
    }

    /// `value.name(a, b)`; unbound arguments are left out.
    @inline(never) public func callMethod(_ value: Value, _ name: Value, _ a: Value = .unbound, _ b: Value = .unbound) throws(Raised) -> Value {
        let method = try getattr(value, name)
        let base = try pushScratch(2)
        defer { popScratch(base) }
        base[0] = a
        base[1] = b
        return try call(method, Arguments(base, a.isUnbound ? 0 : b.isUnbound ? 1 : 2))
    }
}
