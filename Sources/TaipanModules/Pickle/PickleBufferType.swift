// `pickle.PickleBuffer`: what an object with a large buffer returns from `__reduce_ex__` for the buffer to travel out of band
// (PEP 574).
//
//   values  1 the view (a memoryview) of the buffer, unbound once released

import TaipanRuntime

struct PickleBufferObject {
    let cell: Cell
    init(_ value: Value) { cell = value.cell }
    var view: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    static var layout: NativeLayout { .values(1) }
}

extension Thread {
    /// The view of a buffer that was not released.
    func openPickleBuffer(_ buffer: PickleBufferObject) throws(Raised) -> MemoryViewObject {
        if buffer.view.isUnbound { throw raise(.valueError, "operation forbidden on released PickleBuffer object") }
        return MemoryViewObject(buffer.view)
    }

    func definePickleBuffer(_ b: TypeBuilder) {
        b.doc("A buffer that may be kept out of the pickle.")
        b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
            let words = try t.pushScratch(1)
            defer { t.popScratch(words) }
            try t.refuseKeywords(a, "PickleBuffer")
            if a.count != 1 { throw t.raise(.typeError, "PickleBuffer() takes exactly 1 argument (\(a.count) given)") }
            if !t.hasBuffer(a[0]) { throw t.raise(.typeError, "a bytes-like object is required, not '\(t.typeName(a[0]))'") }
            // A PickleBuffer lends what it views itself.
            let source = t.isExactly(a[0], PickleState(t)[.pickleBuffer]) ? try t.openPickleBuffer(PickleBufferObject(a[0])).value : a[0]
            words[0] = try t.newMemoryView(source).value
            let made = t.allocate(TypeObject(type))
            made[1] = words[0]
            return Value(made)
        }
        b.slots.pointee.buffer = BufferSlot { (t, v, flags, lent) throws(Raised) in
            let view = try t.openPickleBuffer(PickleBufferObject(v))
            lent.pointee = try t.lend(view.value, flags)
            lent.pointee.object = view.object
        }
        b.method("raw", "($self, /)", "The memory as a memoryview of unsigned bytes in one dimension.") { (t, a) throws(Raised) in
            let view = try t.openPickleBuffer(PickleBufferObject(a[0]))
            if !view.isContiguous { throw t.raise(.bufferError, "cannot extract raw buffer from non-contiguous buffer") }
            return try t.newFlatView(view)
        }
        b.method("release", "($self, /)", "Gives the buffer back.") { (t, a) throws(Raised) in
            let buffer = PickleBufferObject(a[0])
            if buffer.view.isBound { _ = try t.callMethod(buffer.view, t.intern("release")) }
            buffer.view = .unbound
            return .none
        }
    }
}
