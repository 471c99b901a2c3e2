// `_weakref`: the types of weak references, and functions over the references to an object.

import TaipanRuntime

enum WeakrefModule {
    static func define(_ b: ModuleBuilder) throws(Raised) {
        b.str("__doc__", "Weak-reference support module.")
        b.set("ref", b.t.types.pointee.weakReference)
        b.set("ReferenceType", b.t.types.pointee.weakReference)
        b.set("ProxyType", b.t.types.pointee.weakProxy)
        b.set("CallableProxyType", b.t.types.pointee.weakCallableProxy)
        b.function("getweakrefcount", "($module, object, /)", "The number of weak references to an object.") { (t, a) in
            var count = 0
            t.forEachWeakReference(to: a[0]) { _ in count += 1 }
            return Value(smallInt: count)
        }
        b.function("getweakrefs", "($module, object, /)", "The weak references to an object.") { (t, a) throws(Raised) in
            let list = try t.newList()
            // The shared reference and the shared proxy come first, then the newest.
            let others = try t.newList()
            var isOutOfMemory = false
            t.forEachWeakReference(to: a[0]) { reference in
                let isShared = reference.callback.isUnbound && reference.cell.layout.rawValue <= LayoutID.weakCallableProxy.rawValue
                do throws(Raised) { try t.append(isShared ? list : others, reference.value) } catch { isOutOfMemory = true }
            }
            if isOutOfMemory { throw Raised() }
            if list.count == 2 && !list[0].hasLayout(.weakReference) {
                let proxy = list[0]
                list[0] = list[1]
                list[1] = proxy
            }
            for i in 0..<others.count { try t.append(list, others[others.count - 1 - i]) }
            return list.value
        }
        b.function("proxy", "($module, object, callback=None, /)", "A proxy that refers to an object weakly.") { (t, a) throws(Raised) in
            try t.weakProxy(a[0], callback: a[1].isNoneOrUnbound ? .unbound : a[1])
        }
        b.function("_remove_dead_weakref", "($module, dct, key, /)", "Remove a key whose value is a weak reference to a dead object.") { (t, a) throws(Raised) in
            if !a[0].isKind(.dict) { throw t.raise(.typeError, "_remove_dead_weakref() argument 1 must be dict, not \(t.typeName(a[0]))") }
            let dict = DictObject(a[0])
            let entry = try dict.findEntry(t, a[1], try t.hash(a[1]))
            if entry < 0 { return .none }
            let value = dict.entry(entry).value
            if !value.isCell || !t.isInstance(value, of: t.types.pointee.weakReference) { throw t.raise(.typeError, "not a weakref") }
            if WeakReference(value.cell).referent.isUnbound { dict.removeEntry(entry) }
            return .none
        }
    }
}
