// The weak reference cell and its relatives. The referent is kept as a raw word that the
// collector does not follow; the heap's list of weak references is how it is cleared.

@frozen public struct WeakReference: BitwiseCopyable {
    public let cell: Cell
    public init(_ cell: Cell) { self.cell = cell }
    public var value: Value { Value(cell) }
    /// Word 1: callback (or unbound). Word 2: the referent's address, raw. Word 3: the cached hash, raw, -1 while unknown.
    static var callbackWord: Int { 1 }
    static var referentWord: Int { 2 }
    public var callback: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    /// The referent, or unbound when it is gone.
    public var referent: Value { Value(bits: UInt(bitPattern: cell.raw(2))) }
    public func clear() { cell.setRaw(0, at: 2) }
    static var bytes: Int { 32 }
}

extension Thread {
    /// A fresh weak reference of `type`'s layout. `referent` must be a cell; whether its type allows it is the caller's to check.
    public func newWeakReference(_ referent: Value, callback: Value, layout: LayoutID = .weakReference) -> WeakReference {
        let cell = heap.allocate(header: UInt(layout.rawValue), bytes: max(WeakReference.bytes, instanceBytes(layout)))
        cell[1] = callback
        cell.setRaw(Int(bitPattern: referent.bits), at: 2)
        cell.setRaw(-1, at: 3)
        referent.cell.set(CellFlag.weaklyReferenced)
        watchFrame(state.pointee.frame)
        heap.pointee.weakReferences.append(UInt(bitPattern: cell.address))
        return WeakReference(cell)
    }

    /// The live weak references to `referent`, in order of creation: for `weakref.getweakrefs`, and to share plain ones.
    public func forEachWeakReference(to referent: Value, _ body: (WeakReference) -> Void) {
        guard referent.isCell, referent.cell.has(CellFlag.weaklyReferenced) else { return }
        let list = heap.pointee.weakReferences
        for i in 0..<list.count {
            let reference = WeakReference(Cell(UnsafeMutableRawPointer(bitPattern: list.base[i]).unsafelyUnwrapped))
            if reference.referent == referent { body(reference) }
        }
    }
}
