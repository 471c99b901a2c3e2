// Objects that a native module's functions need again, kept by the interpreter under the module's name: slot functions cannot capture.

import TaipanRuntime

extension Thread {
    /// Type number `i` that `module` has kept.
    func kept(_ module: StaticString, _ i: Int) -> TypeObject {
        let found = DictObject(objects.pointee.moduleObjects).findString(self, intern(module))
        return TypeObject(TupleObject(found)[i])
    }

    /// `__class_getitem__` of containers that are generic (PEP 585).
    func addClassGetItem(_ b: TypeBuilder) {
        b.classMethod("__class_getitem__", "!($type, object, /)", "See PEP 585") { (t, a) throws(Raised) in try t.newGenericAlias(a[0], a[1]) }
    }

    /// The slots of an iterator whose state is in its cell.
    func iterator(_ b: TypeBuilder, next: @escaping (Thread, Value) throws(Raised) -> Value) {
        b.slots.pointee.iter = UnarySlot { (_, v) in v }
        b.slots.pointee.next = UnarySlot(next)
    }
}
