// `_bisect`: binary search in sorted sequences.

import TaipanRuntime

enum BisectModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        m.str("__doc__", "Bisection algorithms.\n\nThis module provides support for maintaining a list in sorted order without\nhaving to sort the list after each insertion. For long lists of items with\nexpensive comparison operations, this can be an improvement over the more\ncommon approach.\n")
        m.function("bisect_right", "($module, /, a, x, lo=0, hi=None, *, key=None)", "Return the index where to insert item x in list a, assuming a is sorted.\n\nThe return value i is such that all e in a[:i] have e <= x, and all e in\na[i:] have e > x.  So if x already appears in the list, a.insert(i, x) will\ninsert just after the rightmost x already there.") { (t, a) throws(Raised) in
            t.int(try search(t, a, a[1], isRight: true))
        }
        m.function("bisect_left", "($module, /, a, x, lo=0, hi=None, *, key=None)", "Return the index where to insert item x in list a, assuming a is sorted.\n\nThe return value i is such that all e in a[:i] have e < x, and all e in\na[i:] have e >= x.  So if x already appears in the list, a.insert(i, x) will\ninsert just before the leftmost x already there.") { (t, a) throws(Raised) in
            t.int(try search(t, a, a[1], isRight: false))
        }
        m.function("insort_right", "($module, /, a, x, lo=0, hi=None, *, key=None)", "Insert item x in list a, and keep it sorted assuming a is sorted.\n\nIf x is already in a, insert it to the right of the rightmost x.") { (t, a) throws(Raised) in
            try insert(t, a, isRight: true)
        }
        m.function("insort_left", "($module, /, a, x, lo=0, hi=None, *, key=None)", "Insert item x in list a, and keep it sorted assuming a is sorted.\n\nIf x is already in a, insert it to the left of the leftmost x.") { (t, a) throws(Raised) in
            try insert(t, a, isRight: false)
        }
    }

    private static func search(_ t: Thread, _ a: Arguments, _ x: Value, isRight: Bool) throws(Raised) -> Int {
        let sequence = a[0], key = a[4]
        var low = a[2].isUnbound ? 0 : try t.index(a[2])
        if low < 0 { throw t.raise(.valueError, "lo must be non-negative") }
        var high = a[3].isNoneOrUnbound ? try t.length(sequence) : try t.index(a[3])
        while low < high {
            let middle = Int((UInt(bitPattern: low) &+ UInt(bitPattern: high)) / 2)
            var item = sequence.hasLayout(.list) && middle < ListObject(sequence).count ? ListObject(sequence)[middle] : try t.getItem(sequence, t.int(middle))
            if !key.isNoneOrUnbound { item = try t.call(key, item) }
            if isRight {
                if try t.isLess(x, item) { high = middle } else { low = middle &+ 1 }
            } else {
                if try t.isLess(item, x) { low = middle &+ 1 } else { high = middle }
            }
        }
        return low
    }

    private static func insert(_ t: Thread, _ a: Arguments, isRight: Bool) throws(Raised) -> Value {
        let x: Value = a[4].isNoneOrUnbound ? a[1] : try t.call(a[4], a[1])
        let index = try search(t, a, x, isRight: isRight)
        if a[0].hasLayout(.list) {
            try t.listInsert(ListObject(a[0]), index, a[1])
        } else {
            _ = try t.callMethod(a[0], t.intern("insert"), t.int(index), a[1])
        }
        return .none
    }
}
