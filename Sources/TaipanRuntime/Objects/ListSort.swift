// Sorting: a stable merge sort over natural runs. Short runs are filled up by binary insertion, the order of merges
// follows the powers of the boundaries between runs (Munro and Wild's powersort), and merges gallop where one side keeps winning.
//
// While a list is sorted its items are in a buffer that only the sort knows, and the list looks empty. Whatever a
// comparison raises, the buffer stays a permutation of the items.

/// How items are compared; one conforming type for each kind of list, so that the sort is compiled for it.
protocol SortOrder {
    func less(_ t: Thread, _ a: Value, _ b: Value) throws(Raised) -> Bool
}

/// Small ints: their words compare as the numbers do.
struct SmallIntOrder: SortOrder {
    @inline(__always) func less(_ t: Thread, _ a: Value, _ b: Value) throws(Raised) -> Bool { Int(bitPattern: a.bits) < Int(bitPattern: b.bits) }
}

struct SmallFloatOrder: SortOrder {
    @inline(__always) func less(_ t: Thread, _ a: Value, _ b: Value) throws(Raised) -> Bool { a.smallFloat < b.smallFloat }
}

struct StrOrder: SortOrder {
    @inline(__always) func less(_ t: Thread, _ a: Value, _ b: Value) throws(Raised) -> Bool { StrObject(a).compare(StrObject(b)) < 0 }
}

struct AnyOrder: SortOrder {
    func less(_ t: Thread, _ a: Value, _ b: Value) throws(Raised) -> Bool { try t.isLess(a, b) }
}

extension Thread {
    /// `a < b` as a truth value, quick for what is commonly sorted.
    public func isLess(_ a: Value, _ b: Value) throws(Raised) -> Bool {
        if a.isSmallInt && b.isSmallInt { return Int(bitPattern: a.bits) < Int(bitPattern: b.bits) }
        if a.isSmallFloat && b.isSmallFloat { return a.smallFloat < b.smallFloat }
        if a.isCell && b.isCell && a.cell.layout == b.cell.layout {
            if a.cell.layout == .str { return StrObject(a).compare(StrObject(b)) < 0 }
            if a.cell.layout == .tuple { return try isLess(TupleObject(a), TupleObject(b)) }
        }
        return try truth(try compare(a, b, .less))
    }

    private func isLess(_ a: TupleObject, _ b: TupleObject) throws(Raised) -> Bool {
        try enterRecursion(" in comparison")
        defer { leaveRecursion() }
        let shared = min(a.count, b.count)
        for i in 0..<shared {
            let x = a[i], y = b[i]
            if !(try equals(x, y)) { return try isLess(x, y) }
        }
        return a.count < b.count
    }

    /// `list.sort(key=key, reverse=reverse)`; a key of unbound is none.
    public func sort(_ list: ListObject, key: Value, reverse: Bool) throws(Raised) {
        let count = list.count
        if count < 2 && key.isUnbound { return }
        let held = list.buffer
        // Any change gives the list another buffer than this empty one, even clearing it.
        let mark = try newValueBuffer(0).value
        list.buffer = mark
        list.count = 0
        var failure = false
        do throws(Raised) {
            if count > 0 { try sortItems(ValueBuffer(held).items, count, key, reverse) }
        } catch { failure = true }
        let wasChanged = list.buffer != mark || list.count != 0
        list.buffer = held
        list.count = count
        if failure { throw Raised() }
        if wasChanged { throw raise(.valueError, "list modified during sort") }
    }

    private func sortItems(_ items: UnsafeMutablePointer<Value>, _ count: Int, _ key: Value, _ reverse: Bool) throws(Raised) {
        if key.isUnbound {
            return try sortTurned(items, items, count, reverse)
        }
        let keys = try newValueBuffer(count)
        for i in 0..<count { keys.items[i] = try call(key, items[i]) }
        try sortTurned(keys.items, items, count, reverse)
    }

    /// A reversed sort is the sort of the items turned round, turned round: equal items keep their order.
    private func sortTurned(_ keys: UnsafeMutablePointer<Value>, _ items: UnsafeMutablePointer<Value>, _ count: Int, _ reverse: Bool) throws(Raised) {
        if !reverse { return try sortBy(keys, items, count) }
        Thread.reverse(items, count)
        if keys != items { Thread.reverse(keys, count) }
        var failed = false
        do throws(Raised) { try sortBy(keys, items, count) } catch { failed = true }
        Thread.reverse(items, count)
        if failed { throw Raised() }
    }

    /// Chooses the order by what all keys are.
    private func sortBy(_ keys: UnsafeMutablePointer<Value>, _ items: UnsafeMutablePointer<Value>, _ count: Int) throws(Raised) {
        if count < 2 { return }
        var allInts = true, allFloats = true, allStrs = true
        for i in 0..<count {
            let one = keys[i]
            allInts = allInts && one.isSmallInt
            allFloats = allFloats && one.isSmallFloat
            allStrs = allStrs && one.hasLayout(.str)
            if !(allInts || allFloats || allStrs) { break }
        }
        if allInts { return try merge(SmallIntOrder(), keys, items, count) }
        if allFloats { return try merge(SmallFloatOrder(), keys, items, count) }
        if allStrs { return try merge(StrOrder(), keys, items, count) }
        try merge(AnyOrder(), keys, items, count)
    }

    private func merge<Order: SortOrder>(_ order: Order, _ keys: UnsafeMutablePointer<Value>, _ items: UnsafeMutablePointer<Value>, _ count: Int) throws(Raised) {
        let hasItems = keys != items
        // Fewer than 64 items are one run: nothing is merged.
        let room = try newValueBuffer(count < 64 ? 1 : hasItems ? count &+ 2 : count / 2 &+ 1)
        var sorter = MergeSorter(t: self, order: order, keys: keys, items: items, hasItems: hasItems, spareKeys: room.items,
                                 spareItems: room.items + (hasItems ? count / 2 &+ 1 : 0), count: count)
        try sorter.sort()
    }
}

/// One sort under way.
struct MergeSorter<Order: SortOrder> {
    let t: Thread
    let order: Order
    let keys: UnsafeMutablePointer<Value>
    /// What moves with the keys; the keys themselves when `hasItems` is false.
    let items: UnsafeMutablePointer<Value>
    let hasItems: Bool
    let spareKeys: UnsafeMutablePointer<Value>
    let spareItems: UnsafeMutablePointer<Value>
    let count: Int
    var minGallop = 7
    /// Where the merge under way stands.
    private var i = 0, j = 0, k = 0
    /// Runs waiting to be merged: start, length, and the power of the boundary to the run after.
    var runs: [(start: Int, length: Int, power: Int)] = []

    init(t: Thread, order: Order, keys: UnsafeMutablePointer<Value>, items: UnsafeMutablePointer<Value>, hasItems: Bool,
         spareKeys: UnsafeMutablePointer<Value>, spareItems: UnsafeMutablePointer<Value>, count: Int) {
        self.t = t
        self.order = order
        self.keys = keys
        self.items = items
        self.hasItems = hasItems
        self.spareKeys = spareKeys
        self.spareItems = spareItems
        self.count = count
    }

    @inline(__always) func less(_ a: Value, _ b: Value) throws(Raised) -> Bool { try order.less(t, a, b) }

    mutating func sort() throws(Raised) {
        let minimum = MergeSorter.minimumRun(count)
        var at = 0
        while at < count {
            var length = try countRun(at)
            let wanted = min(minimum, count &- at)
            if length < wanted {
                try insertionSort(at, at &+ wanted, sorted: at &+ length)
                length = wanted
            }
            try push(at, length)
            at = at &+ length
        }
        while runs.count > 1 { try mergeTop() }
    }

    /// A length between 32 and 64 of which `n` is just below a power of two many.
    static func minimumRun(_ n: Int) -> Int {
        var n = n, odd = 0
        while n >= 64 {
            odd |= n & 1
            n >>= 1
        }
        return n &+ odd
    }

    /// Length of the run that begins at `start`; a strictly falling one is turned round.
    private func countRun(_ start: Int) throws(Raised) -> Int {
        var end = start &+ 1
        if end >= count { return 1 }
        if try less(keys[end], keys[start]) {
            end = end &+ 1
            while end < count {
                if !(try less(keys[end], keys[end &- 1])) { break }
                end = end &+ 1
            }
            Thread.reverse(keys + start, end &- start)
            if hasItems { Thread.reverse(items + start, end &- start) }
        } else {
            end = end &+ 1
            while end < count {
                if try less(keys[end], keys[end &- 1]) { break }
                end = end &+ 1
            }
        }
        return end &- start
    }

    /// Sorts `from..<to`, whose first items up to `sorted` are in order.
    private func insertionSort(_ from: Int, _ to: Int, sorted: Int) throws(Raised) {
        for i in sorted..<to {
            let pivot = keys[i]
            var low = from, high = i
            while low < high {
                let middle = (low &+ high) >> 1
                if try less(pivot, keys[middle]) { high = middle } else { low = middle &+ 1 }
            }
            if low == i { continue }
            Thread.move(keys + low + 1, keys + low, i &- low)
            keys[low] = pivot
            if hasItems {
                let item = items[i]
                Thread.move(items + low + 1, items + low, i &- low)
                items[low] = item
            }
        }
    }

    // MARK: Runs

    private mutating func push(_ start: Int, _ length: Int) throws(Raised) {
        if let last = runs.last {
            let power = MergeSorter.power(last.start, last.length, length, count)
            while runs.count > 1 && runs[runs.count - 2].power > power { try mergeTop() }
            runs[runs.count - 1].power = power
        }
        runs.append((start, length, 0))
    }

    /// Depth at which the midpoints of two neighbouring runs part in a perfectly balanced tree over `n` items.
    private static func power(_ start: Int, _ first: Int, _ second: Int, _ n: Int) -> Int {
        var a = 2 &* start &+ first
        var b = a &+ first &+ second
        var depth = 0
        while true {
            depth = depth &+ 1
            if a >= n {
                a = a &- n
                b = b &- n
            } else if b >= n {
                return depth
            }
            a = a &<< 1
            b = b &<< 1
        }
    }

    private mutating func mergeTop() throws(Raised) {
        let right = runs.removeLast()
        let left = runs.removeLast()
        runs.append((left.start, left.length &+ right.length, right.power))
        let middle = right.start, end = right.start &+ right.length
        // What is in place already at both ends stays.
        let from = try gallopRight(keys[middle], keys, left.start, middle, fromEnd: false)
        if from == middle { return }
        let to = try gallopLeft(keys[middle &- 1], keys, middle, end, fromEnd: true)
        if to == middle { return }
        if middle &- from <= to &- middle {
            try mergeLow(from, middle, to)
        } else {
            try mergeHigh(from, middle, to)
        }
    }

    // MARK: Galloping

    /// First index in `low..<high` of `base` whose item is greater than `key`, or `high`.
    private func gallopRight(_ key: Value, _ base: UnsafeMutablePointer<Value>, _ low: Int, _ high: Int, fromEnd: Bool) throws(Raised) -> Int {
        var low = low, high = high, step = 1
        if fromEnd {
            while high &- step >= low {
                if try less(key, base[high &- step]) {
                    high = high &- step
                    step = step &<< 1
                } else {
                    low = high &- step &+ 1
                    break
                }
            }
        } else {
            while low &+ step <= high {
                if try less(key, base[low &+ step &- 1]) {
                    high = low &+ step &- 1
                    break
                }
                low = low &+ step
                step = step &<< 1
            }
        }
        while low < high {
            let middle = (low &+ high) >> 1
            if try less(key, base[middle]) { high = middle } else { low = middle &+ 1 }
        }
        return low
    }

    /// First index in `low..<high` of `base` whose item is not less than `key`, or `high`.
    private func gallopLeft(_ key: Value, _ base: UnsafeMutablePointer<Value>, _ low: Int, _ high: Int, fromEnd: Bool) throws(Raised) -> Int {
        var low = low, high = high, step = 1
        if fromEnd {
            while high &- step >= low {
                if try less(base[high &- step], key) {
                    low = high &- step &+ 1
                    break
                }
                high = high &- step
                step = step &<< 1
            }
        } else {
            while low &+ step <= high {
                if try less(base[low &+ step &- 1], key) {
                    low = low &+ step
                    step = step &<< 1
                } else {
                    high = low &+ step &- 1
                    break
                }
            }
        }
        while low < high {
            let middle = (low &+ high) >> 1
            if try less(base[middle], key) { low = middle &+ 1 } else { high = middle }
        }
        return low
    }

    // MARK: Merging

    @inline(__always) private func copy(_ to: Int, _ from: Int, _ n: Int) {
        Thread.move(keys + to, keys + from, n)
        if hasItems { Thread.move(items + to, items + from, n) }
    }
    @inline(__always) private func save(_ from: Int, _ n: Int) {
        Thread.move(spareKeys, keys + from, n)
        if hasItems { Thread.move(spareItems, items + from, n) }
    }
    @inline(__always) private func restore(_ to: Int, _ from: Int, _ n: Int) {
        if n <= 0 { return }
        Thread.move(keys + to, spareKeys + from, n)
        if hasItems { Thread.move(items + to, spareItems + from, n) }
    }

    /// Merges `from..<middle` with `middle..<to`; the left part is the shorter and waits in the spare words.
    private mutating func mergeLow(_ from: Int, _ middle: Int, _ to: Int) throws(Raised) {
        let n = middle &- from
        save(from, n)
        i = 0
        j = middle
        k = from
        var failed = false
        do throws(Raised) { try mergeUpwards(n, to) } catch { failed = true }
        // The gap k..<j has room for just what is left in the spare words.
        restore(k, i, n &- i)
        if failed { throw Raised() }
    }

    private mutating func mergeUpwards(_ n: Int, _ to: Int) throws(Raised) {
        while true {
            var wins = 0
            var leftWon = false
            while true {
                let isRight = try less(keys[j], spareKeys[i])
                if isRight {
                    copyOne(k, j)
                    j = j &+ 1
                } else {
                    restoreOne(k, i)
                    i = i &+ 1
                }
                k = k &+ 1
                if j == to || i == n { return }
                wins = leftWon == !isRight ? wins &+ 1 : 1
                leftWon = !isRight
                if wins >= minGallop { break }
            }
            while true {
                let left = try gallopRight(keys[j], spareKeys, i, n, fromEnd: false) &- i
                restore(k, i, left)
                i = i &+ left
                k = k &+ left
                if i == n { return }
                copyOne(k, j)
                j = j &+ 1
                k = k &+ 1
                if j == to { return }
                let right = try gallopLeft(spareKeys[i], keys, j, to, fromEnd: false) &- j
                copy(k, j, right)
                j = j &+ right
                k = k &+ right
                if j == to { return }
                restoreOne(k, i)
                i = i &+ 1
                k = k &+ 1
                if i == n { return }
                if left < 7 && right < 7 { break }
                if minGallop > 1 { minGallop = minGallop &- 1 }
            }
            minGallop = minGallop &+ 2
        }
    }

    @inline(__always) private func copyOne(_ to: Int, _ from: Int) {
        keys[to] = keys[from]
        if hasItems { items[to] = items[from] }
    }
    @inline(__always) private func restoreOne(_ to: Int, _ from: Int) {
        keys[to] = spareKeys[from]
        if hasItems { items[to] = spareItems[from] }
    }

    /// Merges `from..<middle` with `middle..<to`, from the end; the right part is the shorter and waits in the spare words.
    private mutating func mergeHigh(_ from: Int, _ middle: Int, _ to: Int) throws(Raised) {
        let n = to &- middle
        save(middle, n)
        // Left items not yet placed: from..<i; right ones: 0..<j of the spare words; free places: i..<k.
        i = middle
        j = n
        k = to
        var failed = false
        do throws(Raised) { try mergeDownwards(from) } catch { failed = true }
        restore(i, 0, j)
        if failed { throw Raised() }
    }

    private mutating func mergeDownwards(_ from: Int) throws(Raised) {
        while true {
            var wins = 0
            var leftWon = false
            while true {
                let isLeft = try less(spareKeys[j &- 1], keys[i &- 1])
                k = k &- 1
                if isLeft {
                    i = i &- 1
                    copyOne(k, i)
                } else {
                    j = j &- 1
                    restoreOne(k, j)
                }
                if i == from || j == 0 { return }
                wins = leftWon == isLeft ? wins &+ 1 : 1
                leftWon = isLeft
                if wins >= minGallop { break }
            }
            while true {
                let left = i &- (try gallopRight(spareKeys[j &- 1], keys, from, i, fromEnd: true))
                i = i &- left
                k = k &- left
                copy(k, i, left)
                if i == from { return }
                j = j &- 1
                k = k &- 1
                restoreOne(k, j)
                if j == 0 { return }
                let right = j &- (try gallopLeft(keys[i &- 1], spareKeys, 0, j, fromEnd: true))
                j = j &- right
                k = k &- right
                restore(k, j, right)
                if j == 0 { return }
                i = i &- 1
                k = k &- 1
                copyOne(k, i)
                if i == from { return }
                if left < 7 && right < 7 { break }
                if minGallop > 1 { minGallop = minGallop &- 1 }
            }
            minGallop = minGallop &+ 2
        }
    }
}
