// `_testcapi.hamt`: the map that contexts are made of, open to Python. Word 1 the root, raw word 2 the count.

import TaipanRuntime

enum TestMap {
    private static func map(_ t: Thread, _ v: Value) -> PersistentMap { PersistentMap(t, root: v.cell[1], count: v.cell.raw(2)) }

    private static func made(_ t: Thread, _ map: PersistentMap, from v: Value) -> Value {
        if map.root == v.cell[1] && map.count == v.cell.raw(2) { return v }
        let made = t.allocate(t.type(of: v))
        made[1] = map.root
        made.setRaw(map.count, at: 2)
        return Value(made)
    }

    static func define(_ m: ModuleBuilder) throws(Raised) {
        // Its iterators are those of contexts.
        _ = try m.t.importAbsolute("_contextvars")
        let type = try m.t.newNativeType("hamt", moduleName: m.t.intern("builtins"), flags: TypeFlag.hasWeakReferences, NativeLayout(valueWords: 1, bytes: 24)) { b in
            let s = b.slots
            s.pointee.new = CallSlot { (t, type, _) in Value(t.allocate(TypeObject(type))) }
            s.pointee.length = IntSlot { (_, v) in v.cell.raw(2) }
            s.pointee.getItem = BinarySlot { (t, v, key) throws(Raised) in
                let found = try map(t, v).find(key)
                if found.isUnbound { throw t.keyError(key) }
                return found
            }
            s.pointee.contains = ContainsSlot { (t, v, key) throws(Raised) in try map(t, v).find(key).isBound }
            s.pointee.iter = UnarySlot { (t, v) throws(Raised) in try ContextvarsModule.iterator(t, map(t, v), 0) }
            s.pointee.compare = CompareSlot { (t, v, w, op) throws(Raised) in
                if (op != .equal && op != .notEqual) || t.type(of: v) != t.type(of: w) { return .notImplemented }
                return Value(try map(t, v).equals(map(t, w)) == (op == .equal))
            }
            b.constant("__hash__", .none)
            b.method("set", "($self, key, value, /)") { (t, a) throws(Raised) in
                var map = map(t, a[0])
                try map.set(a[1], a[2])
                return made(t, map, from: a[0])
            }
            b.method("delete", "($self, key, /)") { (t, a) throws(Raised) in
                var map = map(t, a[0])
                // What is not there need not go.
                _ = try map.remove(a[1])
                return made(t, map, from: a[0])
            }
            b.method("get", "($self, key, default=None, /)") { (t, a) throws(Raised) in
                let found = try map(t, a[0]).find(a[1])
                return found.isBound ? found : a[2].isUnbound ? .none : a[2]
            }
            b.method("keys", "($self, /)") { (t, a) throws(Raised) in try ContextvarsModule.iterator(t, map(t, a[0]), 0) }
            b.method("values", "($self, /)") { (t, a) throws(Raised) in try ContextvarsModule.iterator(t, map(t, a[0]), 1) }
            b.method("items", "($self, /)") { (t, a) throws(Raised) in try ContextvarsModule.iterator(t, map(t, a[0]), 2) }
        }
        m.set("hamtType", type.value)
        m.function("hamt", "($module, /)") { (t, _) throws(Raised) in try t.call(try t.getattr(try t.importAbsolute("_testcapi"), t.intern("hamtType"))) }
    }
}
