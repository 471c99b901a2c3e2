// Iterators over bytes, bytearray and memoryview; cells as in StrIterators.swift.

extension Thread {
    func defineBytesIteratorTypes() {
        defineType(.bytesIterator, "bytes_iterator", NativeLayout(valueWords: 1, bytes: 24)) { b in
            b.slots.pointee.iter = UnarySlot { (_, v) in v }
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in
                let owner = v.cell[1]
                if owner.isUnbound { return .unbound }
                let bytes = BytesObject(owner), i = v.cell.raw(2)
                if i < bytes.count {
                    v.cell.setRaw(i &+ 1, at: 2)
                    return Value(smallInt: Int(bytes.data[i]))
                }
                v.cell[1] = .unbound
                return .unbound
            }
            defineTextIteratorMethods(b)
        }
        defineType(.bytearrayIterator, "bytearray_iterator", NativeLayout(valueWords: 1, bytes: 24)) { b in
            b.slots.pointee.iter = UnarySlot { (_, v) in v }
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in
                let owner = v.cell[1]
                if owner.isUnbound { return .unbound }
                let bytes = ByteArrayObject(owner), i = v.cell.raw(2)
                if i < bytes.count {
                    v.cell.setRaw(i &+ 1, at: 2)
                    return Value(smallInt: Int(bytes.data[i]))
                }
                v.cell[1] = .unbound
                return .unbound
            }
            defineTextIteratorMethods(b)
        }
        defineType(.memoryIterator, "memory_iterator", NativeLayout(valueWords: 1, bytes: 24)) { b in
            b.slots.pointee.iter = UnarySlot { (_, v) in v }
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in
                let owner = v.cell[1]
                if owner.isUnbound { return .unbound }
                let view = MemoryViewObject(owner), i = v.cell.raw(2)
                try t.checkReleased(view)
                if i < view.shape(0) {
                    v.cell.setRaw(i &+ 1, at: 2)
                    return try t.unpackItem(view, view.step(view.base, i, 0))
                }
                v.cell[1] = .unbound
                return .unbound
            }
        }
    }
}
