// The types of None, Ellipsis and NotImplemented. Their only instances are immediates.

extension Thread {
    func defineSingletonTypes() {
        defineType(.NoneType, "NoneType", .values(0)) { b in
            b.slots.pointee.repr = UnarySlot { (t, _) in t.intern("None") }
            b.slots.pointee.truth = BoolSlot { (_, _) in false }
            b.slots.pointee.hash = IntSlot { (_, _) in 0xfca8_6420 }
            b.slots.pointee.compare = CompareSlot(Thread.objectCompare)
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in try t.singleton(.none, "NoneType", a) }
        }
        defineType(.ellipsis, "ellipsis", .values(0)) { b in
            b.slots.pointee.repr = UnarySlot { (t, _) in t.intern("Ellipsis") }
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in try t.singleton(.ellipsis, "EllipsisType", a) }
            b.method("__reduce__", "!($self, /)") { (t, _) in t.intern("Ellipsis") }
        }
        defineType(.NotImplementedType, "NotImplementedType", .values(0)) { b in
            b.slots.pointee.repr = UnarySlot { (t, _) in t.intern("NotImplemented") }
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in try t.singleton(.notImplemented, "NotImplementedType", a) }
            b.slots.pointee.truth = BoolSlot { (t, _) throws(Raised) in
                try t.warn(category: t.types.pointee.deprecationWarning, message: "NotImplemented should not be used in a boolean context")
                return true
            }
            b.method("__reduce__", "!($self, /)") { (t, _) in t.intern("NotImplemented") }
        }
    }

    private func singleton(_ value: Value, _ name: StaticString, _ a: Arguments) throws(Raised) -> Value {
        if a.count > 0 || (a.keywords.isBound && TupleObject(a.keywords).count > 0) { throw raise(.typeError, "\(name) takes no arguments") }
        return value
    }
}
