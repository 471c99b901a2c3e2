// `memoryview`: the cell, making views, and the type's slots. Methods are in MemoryViewTypeMethods.swift, items in
// MemoryViewTypeItems.swift.
//
//   word 1  the object viewed, unbound for none     word 2  the loan, or what keeps the memory in place; unbound when released     word 3  format, a str
//   raw: 4 first byte   5 bytes in all   6 item size   7 flags   8 dimensions   9 buffers lent out   10 hash (0 unknown)
//        11… shape, then strides, then suboffsets
//
// Views of one buffer share it: the *loan* is a cell of the same layout, never seen by Python, whose word 2 is what lent the buffer and gets it
// back when the last of the views (word 9) is released. Memory that nobody wants back needs no loan.

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
    /// Whose memory it is; unbound for nobody's.
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
    /// Some axis holds pointers that are to be followed.
    var hasSuboffsets: Bool {
        get { cell.raw(7) & 4 != 0 }
        nonmutating set { cell.setRaw(newValue ? cell.raw(7) | 4 : cell.raw(7) & ~4, at: 7) }
    }
    /// The cell is a loan that views share.
    var isLoan: Bool {
        get { cell.raw(7) & 8 != 0 }
        nonmutating set { cell.setRaw(newValue ? cell.raw(7) | 8 : cell.raw(7) & ~8, at: 7) }
    }
    /// No further view may be made of it: `__release_buffer__` is looking at memory that is about to go.
    var isRestricted: Bool {
        get { cell.raw(7) & 16 != 0 }
        nonmutating set { cell.setRaw(newValue ? cell.raw(7) | 16 : cell.raw(7) & ~16, at: 7) }
    }
    public var dimensions: Int { cell.raw(8) }
    var exports: Int { get { cell.raw(9) } nonmutating set { cell.setRaw(newValue, at: 9) } }
    public func shape(_ i: Int) -> Int { cell.raw(11 + i) }
    public func stride(_ i: Int) -> Int { cell.raw(11 + dimensions + i) }
    public func suboffset(_ i: Int) -> Int { cell.raw(11 + 2 * dimensions + i) }
    func setShape(_ n: Int, at i: Int) { cell.setRaw(n, at: 11 + i) }
    func setStride(_ n: Int, at i: Int) { cell.setRaw(n, at: 11 + dimensions + i) }
    func setSuboffset(_ n: Int, at i: Int) { cell.setRaw(n, at: 11 + 2 * dimensions + i) }
    func setBase(_ address: UnsafeMutableRawPointer?) { cell.setRaw(Int(bitPattern: address), at: 4) }
    static func bytes(_ dimensions: Int) -> Int { 88 + dimensions * 24 }

    /// How the items lie: good while the cell is.
    var geometry: BufferView {
        var view = BufferView(base: base, count: byteCount, isReadOnly: isReadOnly, owner: value, itemSize: itemSize, format: code == 0 ? 0x42 : code)
        view.formatText = format
        view.dimensions = dimensions
        let words = (cell.address + 88).assumingMemoryBound(to: Int.self)
        view.shape = UnsafePointer(words)
        view.strides = UnsafePointer(words + dimensions)
        view.suboffsets = hasSuboffsets ? UnsafePointer(words + 2 * dimensions) : nil
        return view
    }

    /// From the place of axis `axis` to item `i` along it.
    @inline(__always) func step(_ p: UnsafeMutableRawPointer, _ i: Int, _ axis: Int) -> UnsafeMutableRawPointer {
        let place = p + i &* stride(axis)
        if !hasSuboffsets || suboffset(axis) < 0 { return place }
        return place.loadUnaligned(as: UnsafeMutableRawPointer.self) + suboffset(axis)
    }

    /// Number of items.
    var itemCount: Int {
        var n = 1
        for i in 0..<dimensions { n = n &* shape(i) }
        return n
    }

    /// Items follow each other in C order without gaps. (An axis of one item may have any stride, unlike one without items.)
    var isCContiguous: Bool {
        if dimensions == 1 { return !hasSuboffsets && (shape(0) == 1 || stride(0) == itemSize) }
        return geometry.isCContiguous
    }

    /// Without gaps, in C or Fortran order.
    public var isContiguous: Bool { isCContiguous || isFContiguous }

    var isFContiguous: Bool { dimensions == 1 ? isCContiguous : geometry.isFContiguous }

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
    public func newMemoryView(_ object: Value, _ flags: BufferFlags = .full) throws(Raised) -> MemoryViewObject {
        if object.hasLayout(.memoryview) {
            let source = MemoryViewObject(object)
            try checkReleased(source)
            return try copyView(source, source.dimensions)
        }
        if !hasBuffer(object) { throw raise(.typeError, "memoryview: a bytes-like object is required, not '\(typeName(object))'") }
        return try newMemoryView(try lend(object, flags))
    }

    /// A view of a lent buffer, which it gives back when it is released or dies.
    public func newMemoryView(_ lent: BufferView) throws(Raised) -> MemoryViewObject {
        do throws(Raised) {
            if lent.dimensions > 64 { throw raise(.valueError, "memoryview: number of dimensions must not exceed 64") }
            let made = try newMemoryViewCell(lent.dimensions)
            fill(made, lent)
            made.object = lent.object
            made.owner = lent.owner
            if wantsBack(lent.owner) {
                let loan = try newMemoryViewCell(0)
                loan.isLoan = true
                loan.owner = lent.owner
                loan.exports = 1
                made.owner = loan.value
            }
            registerView(made)
            return made
        } catch {
            release(lent)
            throw error
        }
    }

    private func fill(_ made: MemoryViewObject, _ lent: BufferView) {
        made.format = formatText(lent)
        made.setBase(lent.base)
        made.byteCount = lent.count
        made.itemSize = max(lent.itemSize, 1)
        made.isReadOnly = lent.isReadOnly
        for i in 0..<lent.dimensions {
            made.setShape(lent.shape(i), at: i)
            made.setStride(lent.stride(i), at: i)
        }
        guard let suboffsets = lent.suboffsets else { return }
        made.hasSuboffsets = true
        for i in 0..<lent.dimensions { made.setSuboffset(suboffsets[i], at: i) }
    }

    /// Lenders that must be told when the buffer is not used any more.
    private func wantsBack(_ owner: Value) -> Bool {
        owner.isBound && !owner.hasLayout(.bytes) && type(of: owner).slots.pointee.releaseBuffer.isSet
    }

    /// A view of bytes that `owner` keeps in place (memory of native code); nothing is given back.
    public func newMemoryView(base: UnsafeMutableRawPointer?, count: Int, readOnly: Bool, owner: Value) throws(Raised) -> Value {
        var lent = BufferView(base: base, count: count, isReadOnly: readOnly, owner: owner)
        lent.flags = .full
        let made = try newMemoryViewCell(1)
        fill(made, lent)
        made.object = owner
        return made.value
    }

    /// A view of what `lent` shows, of memory that `keeper` keeps in place and that is nobody's.
    public func newMemoryView(unowned lent: BufferView, keeper: Value) throws(Raised) -> Value {
        if lent.dimensions > 64 { throw raise(.valueError, "memoryview: number of dimensions must not exceed 64") }
        let made = try newMemoryViewCell(lent.dimensions)
        fill(made, lent)
        made.owner = keeper
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
        if source.isRestricted { throw raise(.valueError, "cannot create new view on restricted memoryview") }
        let made = try newMemoryViewCell(dimensions)
        made.object = source.object
        made.owner = source.owner
        if source.owner.hasLayout(.memoryview) && MemoryViewObject(source.owner).isLoan { MemoryViewObject(source.owner).exports += 1 }
        made.format = source.format
        made.setBase(source.base)
        made.byteCount = source.byteCount
        made.itemSize = source.itemSize
        made.isReadOnly = source.isReadOnly
        if dimensions == source.dimensions {
            made.hasSuboffsets = source.hasSuboffsets
            for i in 0..<dimensions {
                made.setShape(source.shape(i), at: i)
                made.setStride(source.stride(i), at: i)
                made.setSuboffset(source.suboffset(i), at: i)
            }
        }
        registerView(made)
        return made
    }

    /// Views of memory that must be given back are released when they die.
    private func registerView(_ view: MemoryViewObject) {
        if !view.owner.hasLayout(.memoryview) { return }
        heap.pointee.finalizable.append(UInt(bitPattern: view.cell.address))
    }

    /// Gives the buffer back, when no other view uses it; does nothing the second time.
    func releaseMemoryView(_ view: MemoryViewObject) {
        if view.isReleased || view.isLoan { return }
        view.setReleased()
        let loan = view.owner
        view.owner = .unbound
        view.object = .unbound
        guard loan.hasLayout(.memoryview), MemoryViewObject(loan).isLoan else { return }
        let shared = MemoryViewObject(loan)
        shared.exports -= 1
        if shared.exports > 0 { return }
        let lender = shared.owner
        shared.owner = .unbound
        release(BufferView(base: nil, count: 0, isReadOnly: true, owner: lender))
    }

    /// Dead views are released early where that runs no Python code.
    func releaseDeadView(_ view: MemoryViewObject) {
        if view.isReleased || !view.owner.hasLayout(.memoryview) { return }
        let lender = MemoryViewObject(view.owner).owner
        if lender.isBound && type(of: lender).has(TypeFlag.heap) || lender.isBound && type(of: lender).value == kept("_buffer_wrapper") { return }
        releaseMemoryView(view)
    }

    func checkReleased(_ view: MemoryViewObject) throws(Raised) {
        if view.isReleased { throw raise(.valueError, "operation forbidden on released memoryview object") }
    }

    func defineMemoryViewType() {
        defineType(.memoryview, "memoryview", flags: TypeFlag.sequence | TypeFlag.hasWeakReferences, NativeLayout(valueWords: 3, bytes: MemoryViewObject.bytes(1))) { b in
            b.doc("memoryview(object)\n--\n\nCreate a new memoryview object which references the given object.")
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
        s.pointee.buffer = BufferSlot(Thread.memoryViewBuffer)
        s.pointee.releaseBuffer = ActionSlot { (_, v) in MemoryViewObject(v).exports -= 1 }
    }

    private static func memoryViewBuffer(_ t: Thread, _ v: Value, _ flags: BufferFlags, _ lent: UnsafeMutablePointer<BufferView>) throws(Raised) {
        let view = MemoryViewObject(v)
        try t.checkReleased(view)
        if view.isRestricted { throw t.raise(.valueError, "cannot create new view on restricted memoryview") }
        func refuse(_ why: StaticString) -> Raised { t.raise(.bufferError, "memoryview: underlying buffer \(why)") }
        if flags.contains(.writable) && view.isReadOnly { throw refuse("is not writable") }
        let isC = view.isCContiguous
        if flags.contains(.cContiguous) && !isC { throw refuse("is not C-contiguous") }
        if flags.contains(.fContiguous) && !view.isFContiguous { throw refuse("is not Fortran contiguous") }
        if flags.contains(.anyContiguous) && !isC && !view.isFContiguous { throw refuse("is not contiguous") }
        if !flags.contains(.indirect) && view.hasSuboffsets { throw refuse("requires suboffsets") }
        if !flags.contains(.strides) && !isC { throw refuse("is not C-contiguous") }
        if !flags.contains(.shape) && flags.contains(.format) {
            throw t.raise(.bufferError, "memoryview: cannot cast to unsigned bytes if the format flag is present")
        }
        view.exports += 1
        lent.pointee = view.geometry
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
            do throws(Raised) { right = try t.newMemoryView(w) } catch {
                _ = t.takePending()
                return .notImplemented
            }
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
            try walk(left, right, left.step(p, i, axis), right.step(q, i, axis), axis + 1, body)
        }
    }
}
