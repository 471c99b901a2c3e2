// `weakref.ReferenceType` and the two proxy types.

extension Thread {
    func defineWeakReferenceTypes() {
        defineWeakReferenceType()
        defineProxyType(.weakProxy, "ProxyType", isCallable: false)
        defineProxyType(.weakCallableProxy, "CallableProxyType", isCallable: true)
    }

    // MARK: References

    private func defineWeakReferenceType() {
        defineType(.weakReference, "ReferenceType", module: "weakref", flags: TypeFlag.base, NativeLayout(valueWords: 1, bytes: WeakReference.bytes)) { b in
            let s = b.slots
            s.pointee.new = CallSlot(Thread.weakReferenceNew)
            s.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in
                if a.count < 1 || a.count > 2 { throw t.raise(.typeError, "__init__ expected at \(a.count < 1 ? "least 1 argument" : "most 2 arguments"), got \(a.count)") }
            }
            s.pointee.call = CallSlot { (t, v, a) throws(Raised) in
                if a.keywords.isBound && TupleObject(a.keywords).count > 0 { throw t.raise(.typeError, "weakref() takes no keyword arguments") }
                if a.count > 0 { throw t.raise(.typeError, "weakref expected 0 arguments, got \(a.count)") }
                t.settleWeakReferences(v)
                let referent = WeakReference(v.cell).referent
                return referent.isUnbound ? .none : referent
            }
            s.pointee.repr = UnarySlot(Thread.weakReferenceRepr)
            s.pointee.hash = IntSlot { (t, v) throws(Raised) in
                if v.cell.raw(3) != -1 { return v.cell.raw(3) }
                let referent = WeakReference(v.cell).referent
                if referent.isUnbound { throw t.raise(.typeError, "weak object has gone away") }
                let hash = try t.hash(referent)
                v.cell.setRaw(hash, at: 3)
                return hash
            }
            s.pointee.compare = CompareSlot { (t, l, r, op) throws(Raised) in
                if op != .equal && op != .notEqual { return .notImplemented }
                let type = t.types.pointee.weakReference
                if !l.isCell || !r.isCell || !t.isInstance(l, of: type) || !t.isInstance(r, of: type) { return .notImplemented }
                let a = WeakReference(l.cell).referent, b = WeakReference(r.cell).referent
                if a.isUnbound || b.isUnbound { return Value((l == r) == (op == .equal)) }
                return try t.compare(a, b, op)
            }
            b.member("__callback__", get: { (t, v) in
                let reference = WeakReference(v.cell)
                return reference.referent.isUnbound || reference.callback.isUnbound ? .none : reference.callback
            })
            b.classMethod("__class_getitem__", "!($cls, object, /)", "See PEP 585") { (t, a) throws(Raised) in try t.newGenericAlias(a[0], a[1]) }
        }
    }

    static func weakReferenceNew(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        if type == t.types.pointee.weakReference && a.keywords.isBound && TupleObject(a.keywords).count > 0 {
            throw t.raise(.typeError, "ReferenceType() takes no keyword arguments")
        }
        if a.count < 1 || a.count > 2 { throw t.raise(.typeError, "__new__ expected at \(a.count < 1 ? "least 1 argument" : "most 2 arguments"), got \(a.count)") }
        return try t.weakReference(to: a[0], callback: a.count > 1 && !a[1].isNone ? a[1] : .unbound, TypeObject(type))
    }

    /// A weak reference of `type` (ReferenceType or a subclass). Plain ones without callback are shared.
    public func weakReference(to referent: Value, callback: Value = .unbound, _ type: TypeObject) throws(Raised) -> Value {
        if !referent.isCell || !self.type(of: referent).has(TypeFlag.hasWeakReferences) {
            throw raise(.typeError, "cannot create weak reference to '\(typeName(referent))' object")
        }
        if callback.isUnbound && type.value == types.pointee.weakReference {
            var shared = Value.unbound
            forEachWeakReference(to: referent) { one in
                if one.cell.layout == .weakReference && one.callback.isUnbound { shared = one.value }
            }
            if shared.isBound { return shared }
        }
        let made = newWeakReference(referent, callback: callback, layout: type.instanceLayout)
        if type.slots.pointee.finalize.isSet { registerFinalizable(made.cell) }
        return made.value
    }

    static func weakReferenceRepr(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        let referent = WeakReference(v.cell).referent
        if referent.isUnbound { return t.str("<weakref at \(t.addressText(v)); dead>") }
        let own = try t.lookupSpecial(referent, t.name(.__name__))
        let label = own.isKind(.str) ? " (\(t.string(own)))" : ""
        return t.str("<weakref at \(t.addressText(v)); to '\(t.typeName(referent))' at \(t.addressText(referent))\(label)>")
    }

    // MARK: Proxies

    /// `weakref.proxy(object, callback)`. Proxies without callback are shared.
    public func weakProxy(_ referent: Value, callback: Value = .unbound) throws(Raised) -> Value {
        if !referent.isCell || !type(of: referent).has(TypeFlag.hasWeakReferences) {
            throw raise(.typeError, "cannot create weak reference to '\(typeName(referent))' object")
        }
        let layout: LayoutID = type(of: referent).slots.pointee.call.isSet ? .weakCallableProxy : .weakProxy
        if callback.isNoneOrUnbound {
            var shared = Value.unbound
            forEachWeakReference(to: referent) { one in if one.cell.layout == layout && one.callback.isUnbound { shared = one.value } }
            if shared.isBound { return shared }
        }
        return newWeakReference(referent, callback: callback.isNone ? .unbound : callback, layout: layout).value
    }

    /// What a proxy stands for; any other value as it is. Raises ReferenceError.
    func unproxy(_ v: Value) throws(Raised) -> Value {
        if !v.hasLayout(.weakProxy) && !v.hasLayout(.weakCallableProxy) { return v }
        let referent = WeakReference(v.cell).referent
        if referent.isBound { return referent }
        throw raise(.referenceError, "weakly-referenced object no longer exists")
    }

    private func defineProxyType(_ layout: LayoutID, _ name: StaticString, isCallable: Bool) {
        defineType(layout, name, module: "weakref", flags: TypeFlag.noInstantiation, NativeLayout(valueWords: 1, bytes: WeakReference.bytes)) { b in
            addProxyBasics(b)
            addProxyContainer(b)
            addProxyNumbers(b)
            addProxyInPlace(b)
            if isCallable { b.slots.pointee.call = CallSlot { (t, v, a) throws(Raised) in try t.call(t.unproxy(v), a) } }
            b.method("__bytes__", "!($self, /)") { (t, a) throws(Raised) in try t.callMethod(t.unproxy(a[0]), t.name(.__bytes__)) }
            b.method("__reversed__", "!($self, /)") { (t, a) throws(Raised) in try t.callMethod(t.unproxy(a[0]), t.name(.__reversed__)) }
        }
    }

    private func addProxyBasics(_ b: TypeBuilder) {
        let s = b.slots
        s.pointee.repr = UnarySlot { (t, v) throws(Raised) in
            let referent = WeakReference(v.cell).referent
            let shown: Value = referent.isUnbound ? .none : referent
            return t.str("<weakproxy at \(t.addressText(v)) to \(t.typeName(shown)) at \(t.addressText(shown))>")
        }
        s.pointee.str = UnarySlot { (t, v) throws(Raised) in try t.strOf(t.unproxy(v)) }
        s.pointee.getattr = BinarySlot { (t, v, name) throws(Raised) in try t.getattr(t.unproxy(v), name) }
        s.pointee.setattr = StoreSlot { (t, v, name, new) throws(Raised) in try t.setattr(t.unproxy(v), name, new) }
        s.pointee.compare = CompareSlot { (t, l, r, op) throws(Raised) in try t.compare(t.unproxy(l), t.unproxy(r), op) }
        s.pointee.truth = BoolSlot { (t, v) throws(Raised) in try t.truth(t.unproxy(v)) }
    }

    private func addProxyContainer(_ b: TypeBuilder) {
        let s = b.slots
        s.pointee.iter = UnarySlot { (t, v) throws(Raised) in try t.iter(t.unproxy(v)) }
        s.pointee.next = UnarySlot { (t, v) throws(Raised) in
            let iterator = try t.unproxy(v)
            if t.type(of: iterator).slots.pointee.next.isSet { return try t.next(iterator) }
            throw t.raise(.typeError, "Weakref proxy referenced a non-iterator '\(t.typeName(iterator))' object")
        }
        s.pointee.length = IntSlot { (t, v) throws(Raised) in try t.length(t.unproxy(v)) }
        s.pointee.getItem = BinarySlot { (t, v, key) throws(Raised) in try t.getItem(t.unproxy(v), key) }
        s.pointee.setItem = StoreSlot { (t, v, key, new) throws(Raised) in
            new.isUnbound ? try t.deleteItem(t.unproxy(v), key) : try t.setItem(t.unproxy(v), key, new)
        }
        s.pointee.contains = ContainsSlot { (t, v, item) throws(Raised) in try t.contains(t.unproxy(v), item) }
    }

    private func addProxyNumbers(_ b: TypeBuilder) {
        let s = b.slots
        s.pointee.add = BinarySlot { (t, l, r) throws(Raised) in try t.binary(0, t.unproxy(l), t.unproxy(r)) }
        s.pointee.and = BinarySlot { (t, l, r) throws(Raised) in try t.binary(1, t.unproxy(l), t.unproxy(r)) }
        s.pointee.floorDivide = BinarySlot { (t, l, r) throws(Raised) in try t.binary(2, t.unproxy(l), t.unproxy(r)) }
        s.pointee.leftShift = BinarySlot { (t, l, r) throws(Raised) in try t.binary(3, t.unproxy(l), t.unproxy(r)) }
        s.pointee.matrixMultiply = BinarySlot { (t, l, r) throws(Raised) in try t.binary(4, t.unproxy(l), t.unproxy(r)) }
        s.pointee.multiply = BinarySlot { (t, l, r) throws(Raised) in try t.binary(5, t.unproxy(l), t.unproxy(r)) }
        s.pointee.remainder = BinarySlot { (t, l, r) throws(Raised) in try t.binary(6, t.unproxy(l), t.unproxy(r)) }
        s.pointee.or = BinarySlot { (t, l, r) throws(Raised) in try t.binary(7, t.unproxy(l), t.unproxy(r)) }
        s.pointee.rightShift = BinarySlot { (t, l, r) throws(Raised) in try t.binary(9, t.unproxy(l), t.unproxy(r)) }
        s.pointee.subtract = BinarySlot { (t, l, r) throws(Raised) in try t.binary(10, t.unproxy(l), t.unproxy(r)) }
        s.pointee.trueDivide = BinarySlot { (t, l, r) throws(Raised) in try t.binary(11, t.unproxy(l), t.unproxy(r)) }
        s.pointee.xor = BinarySlot { (t, l, r) throws(Raised) in try t.binary(12, t.unproxy(l), t.unproxy(r)) }
        s.pointee.divmod = BinarySlot { (t, l, r) throws(Raised) in try t.binary(13, t.unproxy(l), t.unproxy(r)) }
        s.pointee.power = TernarySlot { (t, l, r, m) throws(Raised) in try t.power(t.unproxy(l), t.unproxy(r), t.unproxy(m)) }
        s.pointee.negative = UnarySlot { (t, v) throws(Raised) in try t.negative(t.unproxy(v)) }
        s.pointee.positive = UnarySlot { (t, v) throws(Raised) in try t.positive(t.unproxy(v)) }
        s.pointee.invert = UnarySlot { (t, v) throws(Raised) in try t.invert(t.unproxy(v)) }
        s.pointee.absolute = UnarySlot { (t, v) throws(Raised) in try t.call(t.builtin("abs"), t.unproxy(v)) }
        s.pointee.int = UnarySlot { (t, v) throws(Raised) in try t.call(t.builtin("int"), t.unproxy(v)) }
        s.pointee.float = UnarySlot { (t, v) throws(Raised) in try t.call(t.builtin("float"), t.unproxy(v)) }
        s.pointee.index = UnarySlot { (t, v) throws(Raised) in try t.indexValue(t.unproxy(v)) }
    }

    private func addProxyInPlace(_ b: TypeBuilder) {
        let s = b.slots
        s.pointee.inPlaceAdd = BinarySlot { (t, l, r) throws(Raised) in try t.inPlace(0, t.unproxy(l), t.unproxy(r)) }
        s.pointee.inPlaceAnd = BinarySlot { (t, l, r) throws(Raised) in try t.inPlace(1, t.unproxy(l), t.unproxy(r)) }
        s.pointee.inPlaceFloorDivide = BinarySlot { (t, l, r) throws(Raised) in try t.inPlace(2, t.unproxy(l), t.unproxy(r)) }
        s.pointee.inPlaceLeftShift = BinarySlot { (t, l, r) throws(Raised) in try t.inPlace(3, t.unproxy(l), t.unproxy(r)) }
        s.pointee.inPlaceMatrixMultiply = BinarySlot { (t, l, r) throws(Raised) in try t.inPlace(4, t.unproxy(l), t.unproxy(r)) }
        s.pointee.inPlaceMultiply = BinarySlot { (t, l, r) throws(Raised) in try t.inPlace(5, t.unproxy(l), t.unproxy(r)) }
        s.pointee.inPlaceRemainder = BinarySlot { (t, l, r) throws(Raised) in try t.inPlace(6, t.unproxy(l), t.unproxy(r)) }
        s.pointee.inPlaceOr = BinarySlot { (t, l, r) throws(Raised) in try t.inPlace(7, t.unproxy(l), t.unproxy(r)) }
        s.pointee.inPlaceRightShift = BinarySlot { (t, l, r) throws(Raised) in try t.inPlace(9, t.unproxy(l), t.unproxy(r)) }
        s.pointee.inPlaceSubtract = BinarySlot { (t, l, r) throws(Raised) in try t.inPlace(10, t.unproxy(l), t.unproxy(r)) }
        s.pointee.inPlaceTrueDivide = BinarySlot { (t, l, r) throws(Raised) in try t.inPlace(11, t.unproxy(l), t.unproxy(r)) }
        s.pointee.inPlaceXor = BinarySlot { (t, l, r) throws(Raised) in try t.inPlace(12, t.unproxy(l), t.unproxy(r)) }
        s.pointee.inPlacePower = TernarySlot { (t, l, r, m) throws(Raised) in try t.inPlace(8, t.unproxy(l), t.unproxy(r)) }
    }
}
