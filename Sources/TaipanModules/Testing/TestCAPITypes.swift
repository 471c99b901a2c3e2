// `_testcapi`: small types that CPython's tests use.

import TaipanRuntime

extension TestCAPIModule {
    static func defineTypes(_ m: ModuleBuilder) throws(Raised) {
        try defineAwaitable(m)
        try defineGenerics(m)
        try defineLender(m)
        try m.type("ContainerNoGC", flags: TypeFlag.base, .values(1)) { b in
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                if a.count != 1 { throw t.raise(.typeError, "ContainerNoGC() takes exactly 1 argument (\(a.count) given)") }
                let made = t.allocate(TypeObject(type))
                made[1] = a[0]
                return Value(made)
            }
            b.member("value", word: 1)
        }
        // Creating the exception raises the exception whose creation raises …
        let infinite = try m.exception("RecursingInfinitelyError", base: m.t.types.pointee.exception)
        TypeObject(infinite).slots.pointee.initialize = InitSlot { (t, v, _) throws(Raised) in
            try t.checkStack()
            try t.enterRecursion(" while creating an exception")
            defer { t.leaveRecursion() }
            throw t.raise(exception: try t.call(t.type(of: v).value))
        }
    }

    /// Awaiting gives the object that it was made with.
    private static func defineAwaitable(_ m: ModuleBuilder) throws(Raised) {
        try m.type("awaitType", .values(1)) { b in
            b.doc("C level type with tp_as_async")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                if a.count != 1 { throw t.raise(.typeError, "awaitType expected 1 argument, got \(a.count)") }
                let made = t.allocate(TypeObject(type))
                made[1] = a[0]
                return Value(made)
            }
            b.slots.pointee.await = UnarySlot { (_, v) in v.cell[1] }
        }
    }

    /// A class that can be subscripted, and what that gives: an alias that stands for its item among the bases of a class.
    private static func defineGenerics(_ m: ModuleBuilder) throws(Raised) {
        let alias = try m.type("GenericAlias", flags: TypeFlag.base, .values(1)) { b in
            b.method("__mro_entries__", "($self, bases, /)") { (t, a) throws(Raised) in try t.tuple(a[0].cell[1]) }
        }
        try m.t.keep("_testcapi", try m.t.tuple(alias.value))
        try m.type("Generic", flags: TypeFlag.base, .leaf(bytes: 8)) { b in
            b.classMethod("__class_getitem__", "($type, item, /)") { (t, a) throws(Raised) in
                let made = t.allocate(t.kept("_testcapi", 0))
                made[1] = a[1]
                return Value(made)
            }
        }
    }

    /// Lends the bytes "test" and counts who has them.
    private static func defineLender(_ m: ModuleBuilder) throws(Raised) {
        try m.type("testBuf", NativeLayout(valueWords: 1, bytes: 24)) { b in
            b.slots.pointee.new = CallSlot { (t, type, _) throws(Raised) in
                let made = t.allocate(TypeObject(type))
                made[1] = try t.bytesFrom(try t.callMethod(t.str("test"), t.intern("encode")))
                return Value(made)
            }
            b.slots.pointee.buffer = BufferSlot { (_, v, _, view) in
                let bytes = BytesObject(v.cell[1])
                v.cell.setRaw(v.cell.raw(2) + 1, at: 2)
                view.pointee = BufferView(base: UnsafeMutableRawPointer(bytes.data), count: bytes.count, isReadOnly: true, owner: v)
            }
            b.slots.pointee.releaseBuffer = ActionSlot { (_, v) in v.cell.setRaw(v.cell.raw(2) - 1, at: 2) }
            b.getset("references", get: { (t, v) in t.int(v.cell.raw(2)) })
        }
    }
}
