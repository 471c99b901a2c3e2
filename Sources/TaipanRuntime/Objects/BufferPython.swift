// Buffers of Python classes (PEP 688): `__buffer__` and `__release_buffer__`.

extension Thread {
    /// The buffer slot of a class with a `__buffer__` of its own: what the memoryview that it gives shows. The owner is a cell that knows both,
    /// `_buffer_wrapper`: word 1 the view, word 2 the object.
    static func pythonBuffer(_ t: Thread, _ v: Value, _ flags: BufferFlags, _ view: UnsafeMutablePointer<BufferView>) throws(Raised) {
        let lent = try t.callSpecial(v, t.name(.__buffer__), Value(smallInt: flags.rawValue))
        if lent.isUnbound { throw t.raise(.typeError, "a bytes-like object is required, not '\(t.typeName(v))'") }
        if !lent.hasLayout(.memoryview) { throw t.raise(.typeError, "__buffer__ returned non-memoryview object") }
        view.pointee = try t.type(of: lent).slots.pointee.buffer(t, lent, flags)
        let wrapper = t.allocate(try t.bufferWrapperType())
        wrapper[1] = lent
        wrapper[2] = v
        view.pointee.owner = Value(wrapper)
        view.pointee.object = Value(wrapper)
    }

    private func bufferWrapperType() throws(Raised) -> TypeObject {
        let known = kept("_buffer_wrapper")
        if known.isBound { return TypeObject(known) }
        let made = try newNativeType("_buffer_wrapper", moduleName: intern("builtins"), flags: TypeFlag.noInstantiation, .values(2)) { b in
            b.slots.pointee.releaseBuffer = ActionSlot { (t, v) in t.releaseWrapped(v.cell[1], v.cell[2]) }
        }
        try keep("_buffer_wrapper", made.value)
        return made
    }

    /// The borrower of `view`, which `object.__buffer__` gave, is done.
    private func releaseWrapped(_ view: Value, _ object: Value) {
        let shown = MemoryViewObject(view)
        shown.exports -= 1
        let type = type(of: object)
        if type.slots.pointee.releaseBuffer.address == Thread.pythonSlot(.releaseBuffer) { callReleaseBuffer(object, view) }
        // A view of the native base's own memory ends with it.
        if shown.object == object && nativeSlots(type).pointee.releaseBuffer.isSet { releaseMemoryView(shown) }
    }

    private func callReleaseBuffer(_ object: Value, _ view: Value) {
        do throws(Raised) { _ = try callSpecial(object, name(.__release_buffer__), view) } catch { reportUnraisable(object) }
    }

    /// The slots of the builtin type that a class's instances are.
    private func nativeSlots(_ type: TypeObject) -> UnsafeMutablePointer<TypeSlots> {
        var at = type
        while at.has(TypeFlag.heap) && !at.base.isNone { at = TypeObject(at.base) }
        return at.slots
    }

    /// The release slot of a class with a `__release_buffer__` of its own over native memory: it is shown that memory for the time of the call.
    static func pythonReleaseBuffer(_ t: Thread, _ v: Value) throws(Raised) {
        let type = t.type(of: v)
        let native = t.nativeSlots(type)
        guard native.pointee.buffer.isSet else { return }
        if type.slots.pointee.buffer.address == Thread.pythonSlot(.buffer) {
            // What its own `__buffer__` took from its base: the class hears of it when the wrapper comes back.
            if native.pointee.releaseBuffer.isSet { try native.pointee.releaseBuffer(t, v) }
            return
        }
        let lent = try native.pointee.buffer(t, v, .full)
        let shown = MemoryViewObject(try t.newMemoryView(unowned: lent, keeper: v))
        shown.object = v
        shown.isRestricted = true
        t.callReleaseBuffer(v, shown.value)
        t.releaseMemoryView(shown)
        guard native.pointee.releaseBuffer.isSet else { return }
        // What was lent here to show it, and what is given back.
        try native.pointee.releaseBuffer(t, v)
        try native.pointee.releaseBuffer(t, v)
    }

    /// `object.__buffer__(flags)` of a native type.
    func bufferMethod(_ v: Value, _ flags: Value, _ slot: BufferSlot) throws(Raised) -> Value {
        let bits = try index(flags)
        if bits > Int(Int32.max) || bits < Int(Int32.min) { throw raise(.overflowError, "buffer flags too large") }
        return try newMemoryView(try lend(v, BufferFlags(rawValue: bits), slot)).value
    }

    /// `object.__release_buffer__(view)` of a native type.
    func releaseBufferMethod(_ v: Value, _ view: Value) throws(Raised) {
        if !view.hasLayout(.memoryview) { throw raise(.typeError, "expected a memoryview object") }
        let shown = MemoryViewObject(view)
        if shown.isReleased { throw raise(.valueError, "memoryview's buffer has already been released") }
        if shown.object != v { throw raise(.valueError, "memoryview's buffer is not this object") }
        _ = try callMethod(view, intern("release"))
    }
}
