// mappingproxy: a read-only view of a mapping, word 1.

extension Thread {
    public func newMappingProxy(_ mapping: Value) throws(Raised) -> Value {
        let cell = heap.allocate(header: UInt(LayoutID.mappingProxy.rawValue), bytes: 16)
        cell[1] = mapping
        return Value(cell)
    }

    func defineMappingProxyType() {
        defineType(.mappingProxy, "mappingproxy", flags: TypeFlag.mapping, .values(1)) { b in
            let s = b.slots
            s.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                let mapping: Value
                if a.count == 1 && a.keywords.isUnbound {
                    mapping = a[0]
                } else if a.count == 0 && a.keywords.isBound && TupleObject(a.keywords).count == 1 && t.string(TupleObject(a.keywords)[0]) == "mapping" {
                    mapping = a.base[0]
                } else {
                    if a.count == 0 && a.keywords.isUnbound { throw t.raise(.typeError, "mappingproxy() missing required argument 'mapping' (pos 1)") }
                    throw t.raise(.typeError, "mappingproxy() takes at most 1 argument (\(a.count + (a.keywords.isBound ? TupleObject(a.keywords).count : 0)) given)")
                }
                if !t.isMapping(mapping) || mapping.isKind(.list) || mapping.isKind(.tuple) {
                    throw t.raise(.typeError, "mappingproxy() argument must be a mapping, not \(t.typeName(mapping))")
                }
                return try t.newMappingProxy(mapping)
            }
            s.pointee.repr = UnarySlot { (t, v) throws(Raised) in t.str("mappingproxy(\(try t.reprText(v.cell[1])))") }
            s.pointee.str = UnarySlot { (t, v) throws(Raised) in try t.strOf(v.cell[1]) }
            s.pointee.hash = IntSlot { (t, v) throws(Raised) in try t.hash(v.cell[1]) }
            s.pointee.compare = CompareSlot { (t, l, r, op) throws(Raised) in
                l.hasLayout(.mappingProxy) ? try t.compare(l.cell[1], r, op) : .notImplemented
            }
            s.pointee.iter = UnarySlot { (t, v) throws(Raised) in try t.iter(v.cell[1]) }
            s.pointee.length = IntSlot { (t, v) throws(Raised) in try t.length(v.cell[1]) }
            s.pointee.getItem = BinarySlot { (t, v, key) throws(Raised) in try t.getItem(v.cell[1], key) }
            s.pointee.contains = ContainsSlot { (t, v, key) throws(Raised) in try t.contains(v.cell[1], key) }
            s.pointee.or = BinarySlot { (t, l, r) throws(Raised) in
                let left = l.hasLayout(.mappingProxy) ? l.cell[1] : l
                let right = r.hasLayout(.mappingProxy) ? r.cell[1] : r
                return try t.mergeMappings(left, right)
            }
            s.pointee.inPlaceOr = BinarySlot { (t, l, r) throws(Raised) in
                throw t.raise(.typeError, "'|=' is not supported by \(t.typeName(l)); use '|' instead")
            }
            b.method("get", "!($self, key, default=None, /)", "Return the value for key if key is in the mapping, else default.") { (t, a) throws(Raised) in
                try t.callMethod(a[0].cell[1], t.name(.get), a[1], a[2].isUnbound ? .none : a[2])
            }
            b.method("keys", "!($self, /)", "a set-like object providing a view on D's keys") { (t, a) throws(Raised) in try t.callMethod(a[0].cell[1], t.name(.keys)) }
            b.method("values", "!($self, /)", "an object providing a view on D's values") { (t, a) throws(Raised) in try t.callMethod(a[0].cell[1], t.name(.values)) }
            b.method("items", "!($self, /)", "a set-like object providing a view on D's items") { (t, a) throws(Raised) in try t.callMethod(a[0].cell[1], t.name(.items)) }
            b.method("copy", "!($self, /)", "a shallow copy of D") { (t, a) throws(Raised) in try t.callMethod(a[0].cell[1], t.intern("copy")) }
            b.method("__reversed__", "!($self, /)", "D.__reversed__() -> reverse iterator") { (t, a) throws(Raised) in try t.callMethod(a[0].cell[1], t.name(.__reversed__)) }
            b.classMethod("__class_getitem__", "!($cls, object, /)", "See PEP 585") { (t, a) throws(Raised) in try t.newGenericAlias(a[0], a[1]) }
        }
    }

    /// `left | right`, by the operands' slots, the left one's first.
    private func mergeMappings(_ left: Value, _ right: Value) throws(Raised) -> Value {
        let first = type(of: left).slots.pointee.or, second = type(of: right).slots.pointee.or
        if first.isSet {
            let result = try first(self, left, right)
            if !result.isNotImplemented { return result }
        }
        if second.isSet && second.address != first.address { return try second(self, left, right) }
        return .notImplemented
    }
}
