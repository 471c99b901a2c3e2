// `_heapq`: binary heaps in lists. Items move up and down by `<` alone; a comparison that changes the list's size is an error.

import TaipanRuntime

enum HeapqModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        m.str("__doc__", "Heap queue algorithm (a.k.a. priority queue).")
        m.str("__about__", "Heap queues: item k is not greater than items 2*k+1 and 2*k+2, so that item 0 is the smallest.\n")
        m.function("heappush", "($module, heap, item, /)", "Push item onto heap, maintaining the heap invariant.") { (t, a) throws(Raised) in
            let heap = try list(t, a[0])
            try t.append(heap, a[1])
            try siftDown(t, heap, 0, heap.count - 1, false)
            return .none
        }
        m.function("heappop", "($module, heap, /)", "Pop the smallest item off the heap, maintaining the heap invariant.") { (t, a) throws(Raised) in try pop(t, try list(t, a[0]), false) }
        m.function("_heappop_max", "($module, heap, /)", "Maxheap variant of heappop.") { (t, a) throws(Raised) in try pop(t, try list(t, a[0]), true) }
        m.function("heapreplace", "($module, heap, item, /)", "Pop and return the current smallest value, and add the new item.\n\nThis is more efficient than heappop() followed by heappush(), and can be\nmore appropriate when using a fixed-size heap.  Note that the value\nreturned may be larger than item!  That constrains reasonable uses of\nthis routine unless written as part of a conditional replacement:\n\n    if item > heap[0]:\n        item = heapreplace(heap, item)") { (t, a) throws(Raised) in
            try replace(t, try list(t, a[0]), a[1], false)
        }
        m.function("_heapreplace_max", "($module, heap, item, /)", "Maxheap variant of heapreplace.") { (t, a) throws(Raised) in try replace(t, try list(t, a[0]), a[1], true) }
        m.function("heappushpop", "($module, heap, item, /)", "Push item on the heap, then pop and return the smallest item from the heap.\n\nThe combined action runs more efficiently than heappush() followed by\na separate call to heappop().") { (t, a) throws(Raised) in
            let heap = try list(t, a[0])
            if heap.count == 0 { return a[1] }
            let first = heap[0]
            if !(try t.isLess(first, a[1])) { return a[1] }
            if heap.count == 0 { throw t.raise(.indexError, "index out of range") }
            heap[0] = a[1]
            try siftUp(t, heap, 0, false)
            return first
        }
        m.function("heapify", "($module, heap, /)", "Transform list into a heap, in-place, in O(len(heap)) time.") { (t, a) throws(Raised) in try heapify(t, try list(t, a[0]), false) }
        m.function("_heapify_max", "($module, heap, /)", "Maxheap variant of heapify.") { (t, a) throws(Raised) in try heapify(t, try list(t, a[0]), true) }
    }

    private static func list(_ t: Thread, _ value: Value) throws(Raised) -> ListObject {
        if value.isKind(.list) { return ListObject(value) }
        throw t.raise(.typeError, "heap argument must be a list, not \(t.typeName(value))")
    }

    @inline(__always) private static func before(_ t: Thread, _ a: Value, _ b: Value, _ isMax: Bool) throws(Raised) -> Bool {
        isMax ? try t.isLess(b, a) : try t.isLess(a, b)
    }

    /// Moves the item at `position` towards `start` until its parent does not come after it.
    private static func siftDown(_ t: Thread, _ heap: ListObject, _ start: Int, _ position: Int, _ isMax: Bool) throws(Raised) {
        let count = heap.count
        if position >= count { throw t.raise(.indexError, "index out of range") }
        var at = position
        while at > start {
            let parent = (at &- 1) >> 1
            let isBefore = try before(t, heap[at], heap[parent], isMax)
            if heap.count != count { throw t.raise(.runtimeError, "list changed size during iteration") }
            if !isBefore { break }
            let item = heap[at]
            heap[at] = heap[parent]
            heap[parent] = item
            at = parent
        }
    }

    /// Moves the item at `position` down to a leaf along the smaller children, then back up to its place.
    private static func siftUp(_ t: Thread, _ heap: ListObject, _ position: Int, _ isMax: Bool) throws(Raised) {
        let count = heap.count
        if position >= count { throw t.raise(.indexError, "index out of range") }
        var at = position
        let limit = count >> 1
        while at < limit {
            var child = 2 &* at &+ 1
            if child &+ 1 < count {
                let isBefore = try before(t, heap[child], heap[child &+ 1], isMax)
                if heap.count != count { throw t.raise(.runtimeError, "list changed size during iteration") }
                if !isBefore { child = child &+ 1 }
            }
            let item = heap[child]
            heap[child] = heap[at]
            heap[at] = item
            at = child
        }
        try siftDown(t, heap, position, at, isMax)
    }

    private static func pop(_ t: Thread, _ heap: ListObject, _ isMax: Bool) throws(Raised) -> Value {
        if heap.count == 0 { throw t.raise(.indexError, "index out of range") }
        let last = try t.listPop(heap)
        if heap.count == 0 { return last }
        let first = heap[0]
        heap[0] = last
        try siftUp(t, heap, 0, isMax)
        return first
    }

    private static func replace(_ t: Thread, _ heap: ListObject, _ item: Value, _ isMax: Bool) throws(Raised) -> Value {
        if heap.count == 0 { throw t.raise(.indexError, "index out of range") }
        let first = heap[0]
        heap[0] = item
        try siftUp(t, heap, 0, isMax)
        return first
    }

    private static func heapify(_ t: Thread, _ heap: ListObject, _ isMax: Bool) throws(Raised) -> Value {
        var i = heap.count >> 1 &- 1
        while i >= 0 {
            try siftUp(t, heap, i, isMax)
            i = i &- 1
        }
        return .none
    }
}
