// What is alive, by type: for whoever explains a run.

/// How many objects of a type there are, and the bytes that they take.
public struct CensusEntry: Sendable {
    public var type: String
    public var count: Int
    public var bytes: Int
}

extension Thread {
    /// Collects, and counts what is left, types with the most objects first. Finalizers that become due wait as after any collection.
    public func census() -> [CensusEntry] {
        heap.collect()
        let layouts = interp.pointee.layouts
        let counts = UnsafeMutablePointer<(count: Int, bytes: Int)>.allocate(capacity: layouts.count)
        counts.initialize(repeating: (0, 0), count: layouts.count)
        defer { counts.deallocate() }
        heap.forEachLive { cell, bytes in
            let i = Int(cell.layout.rawValue)
            if i < layouts.count {
                counts[i].count += 1
                counts[i].bytes += bytes
            }
        }
        var byName: [String: CensusEntry] = [:]
        for i in 1..<max(layouts.count, 1) where counts[i].count > 0 {
            let type = layouts.base[i].type
            let name = type.isKind(.type) ? qualifiedTypeName(TypeObject(type)) : "internal"
            var entry = byName[name] ?? CensusEntry(type: name, count: 0, bytes: 0)
            entry.count += counts[i].count
            entry.bytes += counts[i].bytes
            byName[name] = entry
        }
        return byName.values.sorted { $0.count != $1.count ? $0.count > $1.count : $0.type < $1.type }
    }
}

extension UnsafeMutablePointer where Pointee == HeapState {
    /// Right behind a collection: calls `body` with every cell that it left, and the bytes it occupies.
    fileprivate func forEachLive(_ body: (Cell, Int) -> Void) {
        forEachBlock { block in
            var i = block.firstCell(allocated: true, from: 0)
            while i < Int(block.pointee.cellCount) {
                body(Cell(block.cell(at: i)), Int(block.pointee.cellSize))
                i = block.firstCell(allocated: true, from: i + 1)
            }
        }
        var large = pointee.large
        while let one = large {
            body(Cell(UnsafeMutableRawPointer(one) + LargeHeader.size), one.pointee.bytes)
            large = one.pointee.next
        }
    }
}
