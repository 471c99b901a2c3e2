// `memoryview`: the cell, making views, and the type's slots. Methods are in MemoryViewTypeMethods.swift, items in
// MemoryViewTypeItems.swift.
//
//   word 1  the object viewed     word 2  what lent the buffer and gets it back, unbound when released     word 3  format, a str
//   raw: 4 first byte   5 bytes in all   6 item size   7 flags   8 dimensions   9 buffers lent out   10 hash (0 unknown)
//        11… shape, then strides

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanUnicode

@frozen public struct MemoryViewObject: BitwiseCopyable {
    public let cell: Cell
    public init(_ value: Value) { cell = value.cell }
    public var value: Value { Value(cell) }
    public var object: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    var owner: Value { get { cell[2] } nonmutating set { cell[2] = newValue } }
    public var format: Value { get { cell[3] } nonmutating set { cell[3] = newValue } }
    public var base: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: cell.raw(4)) ?? cell.address }
    public var byteCount: Int { get { cell.raw(5) } nonmutating set { cell.setRaw(newValue, at: 5) } }
    public var itemSize: Int { get { cell.raw(6) } nonmutating set { cell.setRaw(newValue, at: 6) } }
    public var isReadOnly: Bool {
        get { cell.raw(7) & 1 != 0 }
        nonmutating set { cell.setRaw(newValue ? cell.raw(7) | 1 : cell.raw(7) & ~1, at: 7) }
    }
    public var isReleased: Bool { cell.raw(7) & 2 != 0 }
    func setReleased() { cell.setRaw(cell.raw(7) | 2, at: 7) }
    public var dimensions: Int { cell.raw(8) }
    var exports: Int { get { cell.raw(9) } nonmutating set { cell.setRaw(newValue, at: 9) } }
    public func shape(_ i: Int) -> Int { cell.raw(11 + i) }
    public func stride(_ i: Int) -> Int { cell.raw(11 + dimensions + i) }
    func setShape(_ n: Int, at i: Int) { cell.setRaw(n, at: 11 + i) }
    func setStride(_ n: Int, at i: Int) { cell.setRaw(n, at: 11 + dimensions + i) }
    func setBase(_ address: UnsafeMutableRawPointer?) { cell.setRaw(Int(bitPattern: address), at: 4) }
    static func bytes(_ dimensions: Int) -> Int { 88 + dimensions * 16 }

    /// Number of items.
    var itemCount: Int {
        var n = 1
        for i in 0..<dimensions { n = n &* shape(i) }
        return n
    }

    /// Items follow each other in C order without gaps.
    var isCContiguous: Bool {
        var expected = itemSize
        for i in (0..<dimensions).reversed() {
            if shape(i) == 0 { return true }
            if shape(i) > 1 && stride(i) != expected { return false }
            expected = expected &* shape(i)
        }
        return true
    }

    /// Without gaps, in C or Fortran order.
    public var isContiguous: Bool { isCContiguous || isFContiguous }

    var isFContiguous: Bool {
        var expected = itemSize
        for i in 0..<dimensions {
            if shape(i) == 0 { return true }
            if shape(i) > 1 && stride(i) != expected { return false }
            expected = expected &* shape(i)
        }
        return true
    }

    /// The struct code when the format is a single native one, 0 otherwise.
    var code: UInt8 {
        let s = StrObject(format)
        let at = s.count > 1 && s[0] == 0x40 ? 1 : 0
        return s.count == at + 1 && s[at] < 128 ? UInt8(s[at]) : 0
    }
}

extension Thread {
    /// A view cell with everything but the buffer: the fields are the caller's to fill.
    func newMemoryViewCell(_ dimensions: Int) throws(Raised) -> MemoryViewObject {
        guard let cell = heap.allocateAnySize(header: UInt(LayoutID.memoryview.rawValue), bytes: MemoryViewObject.bytes(dimensions)) else { throw memoryError() }
        cell.setRaw(dimensions, at: 8)
        return MemoryViewObject(Value(cell))
    }

    /// `memoryview(object)`.
    public func newMemoryView(_ object: Value, writable: Bool = false) throws(Raised) -> MemoryViewObject {
        if object.hasLayout(.memoryview) {
            let source = MemoryViewObject(object)
            try checkReleased(source)
            if writable && source.isReadOnly { throw raise(.bufferError, "memoryview: underlying buffer is not writable") }
            return try copyView(source, source.dimensions)
        }
        if !hasBuffer(object) { throw raise(.typeError, "memoryview: a bytes-like object is required, not '\(typeName(object))'") }
        let view = try buffer(of: object, writable: writable)
        if view.owner.hasLayout(.memoryview) && !type(of: object).has(TypeFlag.heap) {
            // A native object that passes on what it views itself (PickleBuffer): the same view, shape and all.
            defer { release(view) }
            return try copyView(MemoryViewObject(view.owner), MemoryViewObject(view.owner).dimensions)
        }
        let made = try newMemoryViewCell(1)
        made.object = object
        made.owner = view.owner
        made.format = character(UInt32(view.format))
        made.setBase(view.base)
        made.byteCount = view.count
        made.itemSize = max(view.itemSize, 1)
        made.isReadOnly = view.isReadOnly
        made.setShape(view.count / max(view.itemSize, 1), at: 0)
        made.setStride(made.itemSize, at: 0)
        if view.owner.hasLayout(.memoryview) {
            // A class's `__buffer__` answered with a view: what counts is its memory.
            made.format = MemoryViewObject(view.owner).format
            made.itemSize = MemoryViewObject(view.owner).itemSize
            made.setShape(view.count / max(made.itemSize, 1), at: 0)
            made.setStride(made.itemSize, at: 0)
        }
        registerView(made)
        return made
    }

    /// A view of bytes that `owner` keeps in place (memory of native code); nothing is given back.
    public func newMemoryView(base: UnsafeMutableRawPointer, count: Int, readOnly: Bool, owner: Value) throws(Raised) -> Value {
        let made = try newMemoryViewCell(1)
        made.object = owner
        made.format = character(0x42)
        made.setBase(base)
        made.byteCount = count
        made.itemSize = 1
        made.isReadOnly = readOnly
        made.setShape(count, at: 0)
        made.setStride(1, at: 0)
        return made.value
    }

    /// The memory of a contiguous view as unsigned bytes in one dimension.
    public func newFlatView(_ source: MemoryViewObject) throws(Raised) -> Value {
        let made = try copyView(source, 1)
        made.format = character(0x42)
        made.itemSize = 1
        made.setShape(source.byteCount, at: 0)
        made.setStride(1, at: 0)
        return made.value
    }

    /// Another view of what `source` views, with room for `dimensions`; shape and strides are copied when they are as many.
    func copyView(_ source: MemoryViewObject, _ dimensions: Int) throws(Raised) -> MemoryViewObject {
        let made = try newMemoryViewCell(dimensions)
        made.object = source.object
        if source.owner.isBound {
            // The owner lends once more, so that views may be released in any order.
            let slot = type(of: source.owner).slots.pointee.buffer
            let view = slot.isSet ? try slot(self, source.owner, false) : BufferView(base: nil, count: 0, isReadOnly: true, owner: .unbound)
            made.owner = view.owner
        }
        made.format = source.format
        made.setBase(source.base)
        made.byteCount = source.byteCount
        made.itemSize = source.itemSize
        made.isReadOnly = source.isReadOnly
        if dimensions == source.dimensions {
            for i in 0..<dimensions {
                made.setShape(source.shape(i), at: i)
                made.setStride(source.stride(i), at: i)
            }
        }
        registerView(made)
        return made
    }

    /// Views of memory that must be given back are released when they die.
    private func registerView(_ view: MemoryViewObject) {
        if view.owner.isUnbound || view.owner.hasLayout(.bytes) { return }
        heap.pointee.finalizable.append(UInt(bitPattern: view.cell.address))
    }

    /// Gives the buffer back; does nothing the second time.
    func releaseMemoryView(_ view: MemoryViewObject) {
        if view.isReleased { return }
        view.setReleased()
        if view.owner.isBound { release(BufferView(base: nil, count: 0, isReadOnly: true, owner: view.owner)) }
        view.owner = .unbound
    }

    func checkReleased(_ view: MemoryViewObject) throws(Raised) {
        if view.isReleased { throw raise(.valueError, "operation forbidden on released memoryview object") }
    }

    func defineMemoryViewType() {
        defineType(.memoryview, "memoryview", flags: TypeFlag.sequence | TypeFlag.hasWeakReferences, NativeLayout(valueWords: 3, bytes: MemoryViewObject.bytes(1))) { b in
            b.doc("Create a new memoryview object which references the given object.")
            defineMemoryViewSlots(b.slots)
            defineMemoryViewMethods(b)
            defineMemoryViewAttributes(b)
        }
    }

    private func defineMemoryViewSlots(_ s: UnsafeMutablePointer<TypeSlots>) {
        s.pointee.new = CallSlot { (t, type, a) throws(Raised) in
            let words = try t.pushScratch(1)
            defer { t.popScratch(words) }
            try t.bind(a, ["object"], "memoryview", required: 1, words)
            return try t.newMemoryView(words[0]).value
        }
        s.pointee.finalize = ActionSlot { (t, v) in t.releaseMemoryView(MemoryViewObject(v)) }
        s.pointee.repr = UnarySlot { (t, v) in
            t.str("<\(MemoryViewObject(v).isReleased ? "released memory" : "memory") at 0x\(String(v.bits, radix: 16))>")
        }
        s.pointee.hash = IntSlot(Thread.memoryViewHash)
        s.pointee.compare = CompareSlot(Thread.memoryViewCompare)
        s.pointee.length = IntSlot { (t, v) throws(Raised) in
            let view = MemoryViewObject(v)
            try t.checkReleased(view)
            if view.dimensions == 0 { throw t.raise(.typeError, "0-dim memory has no length") }
            return view.shape(0)
        }
        s.pointee.iter = UnarySlot { (t, v) throws(Raised) in
            let view = MemoryViewObject(v)
            try t.checkReleased(view)
            if view.dimensions == 0 { throw t.raise(.typeError, "invalid indexing of 0-dim memory") }
            if view.dimensions > 1 { throw t.raise(.notImplementedError, "multi-dimensional sub-views are not implemented") }
            try t.checkItemFormat(view)
            return t.newTextIterator(.memoryIterator, v)
        }
        s.pointee.getItem = BinarySlot(Thread.memoryViewSubscript)
        s.pointee.setItem = StoreSlot(Thread.memoryViewAssign)
        s.pointee.buffer = BufferSlot { (t, v, writable, lent) throws(Raised) in
            let view = MemoryViewObject(v)
            try t.checkReleased(view)
            if writable && view.isReadOnly { throw t.raise(.bufferError, "memoryview: underlying buffer is not writable") }
            if !view.isCContiguous { throw t.raise(.bufferError, "memoryview: underlying buffer is not C-contiguous") }
            view.exports += 1
            lent.pointee = BufferView(base: view.base, count: view.byteCount, isReadOnly: view.isReadOnly, owner: v, itemSize: view.itemSize, format: view.code == 0 ? 0x42 : view.code)
        }
        s.pointee.releaseBuffer = ActionSlot { (_, v) in MemoryViewObject(v).exports -= 1 }
    }

    private static func memoryViewHash(_ t: Thread, _ v: Value) throws(Raised) -> Int {
        let view = MemoryViewObject(v)
        if view.cell.raw(10) != 0 { return view.cell.raw(10) }
        try t.checkReleased(view)
        if !view.isReadOnly { throw t.raise(.valueError, "cannot hash writable memoryview object") }
        if view.code != 0x42 && view.code != 0x62 && view.code != 0x63 {
            throw t.raise(.valueError, "memoryview: hashing is restricted to formats 'B', 'b' or 'c'")
        }
        if view.object.isBound { _ = try t.hash(view.object) }
        let hash = try t.hash(try t.viewBytes(view, fortran: false))
        view.cell.setRaw(hash, at: 10)
        return hash
    }

    private static func memoryViewCompare(_ t: Thread, _ v: Value, _ w: Value, _ op: CompareOperator) throws(Raised) -> Value {
        if op != .equal && op != .notEqual { return .notImplemented }
        let left = MemoryViewObject(v)
        if left.isReleased { return Value((v == w) == (op == .equal)) }
        if v == w && left.code != 0x66 && left.code != 0x64 && left.code != 0x65 { return Value(op == .equal) }
        let right: MemoryViewObject
        if w.hasLayout(.memoryview) {
            right = MemoryViewObject(w)
            if right.isReleased { return Value(op == .notEqual) }
        } else {
            if !t.hasBuffer(w) { return .notImplemented }
            right = try t.newMemoryView(w)
        }
        defer { if !w.hasLayout(.memoryview) { t.releaseMemoryView(right) } }
        return Value(try t.viewsEqual(left, right) == (op == .equal))
    }

    private func viewsEqual(_ left: MemoryViewObject, _ right: MemoryViewObject) throws(Raised) -> Bool {
        if left.dimensions != right.dimensions { return false }
        for i in 0..<left.dimensions {
            if left.shape(i) != right.shape(i) { return false }
            if left.shape(i) == 0 { break }
        }
        let a = left.code, b = right.code
        if nativeSize(a) == 0 || nativeSize(b) == 0 { return try foreignViewsEqual(left, right) }
        if a == b && a != 0x66 && a != 0x64 && a != 0x65 && a != 0x3F && left.isCContiguous && right.isCContiguous {
            return memcmp(left.base, right.base, left.itemCount * left.itemSize) == 0
        }
        var equal = true
        try forEachItem(left, right) { (p, q) throws(Raised) in
            if equal { equal = try equals(try unpackItem(left, p), try unpackItem(right, q)) && !isNaN(left, p) }
        }
        return equal
    }

    /// Items that are not native single ones are compared by the struct module's reading of them.
    private func foreignViewsEqual(_ left: MemoryViewObject, _ right: MemoryViewObject) throws(Raised) -> Bool {
        do throws(Raised) {
            let module = try importModule("struct")
            let unpack = try getattr(module, intern("unpack"))
            var equal = true
            try forEachItem(left, right) { (p, q) throws(Raised) in
                if !equal { return }
                let a = try call(unpack, left.format, try bytes(p.assumingMemoryBound(to: UInt8.self), left.itemSize))
                let b = try call(unpack, right.format, try bytes(q.assumingMemoryBound(to: UInt8.self), right.itemSize))
                equal = try equals(a, b)
            }
            return equal
        } catch {
            _ = takePending()
            return false
        }
    }

    private func isNaN(_ view: MemoryViewObject, _ p: UnsafeMutableRawPointer) -> Bool {
        switch view.code {
        case 0x66: return p.loadUnaligned(as: Float.self).isNaN
        case 0x64: return p.loadUnaligned(as: Double.self).isNaN
        default: return false
        }
    }

    /// Calls `body` with the addresses of corresponding items of two views of one shape.
    func forEachItem(_ left: MemoryViewObject, _ right: MemoryViewObject,
                     _ body: (UnsafeMutableRawPointer, UnsafeMutableRawPointer) throws(Raised) -> Void) throws(Raised) {
        try walk(left, right, left.base, right.base, 0, body)
    }

    private func walk(_ left: MemoryViewObject, _ right: MemoryViewObject, _ p: UnsafeMutableRawPointer, _ q: UnsafeMutableRawPointer, _ axis: Int,
                      _ body: (UnsafeMutableRawPointer, UnsafeMutableRawPointer) throws(Raised) -> Void) throws(Raised) {
        if axis == left.dimensions { return try body(p, q) }
        for i in 0..<left.shape(axis) {
            try walk(left, right, p + i &* left.stride(axis), q + i &* right.stride(axis), axis + 1, body)
        }
    }
}
