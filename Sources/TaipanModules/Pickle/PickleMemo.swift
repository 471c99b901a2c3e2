// The memo of a pickler: objects by identity, with the number under which a pickle refers to each. A ValueBuffer is the table,
// so that what is in the memo stays alive: slot i has the object at 2i and its number, a small int, at 2i + 1.

import TaipanRuntime

extension PicklerObject {
    private static var firstSize: Int { 32 }

    /// Where the object is, or where it would go.
    @inline(__always) private static func place(_ table: ValueBuffer, _ object: Value) -> Int {
        let mask = table.capacity / 2 &- 1
        let items = table.items
        var i = Int(truncatingIfNeeded: (object.bits >> 3) &* 0x9E37_79B9_7F4A_7C15 >> 20) & mask
        while items[i &* 2].isBound && items[i &* 2] != object { i = (i &+ 1) & mask }
        return i
    }

    /// The object's number, or -1.
    @inline(__always) func memoNumber(_ object: Value) -> Int {
        if memo.isUnbound { return -1 }
        let table = ValueBuffer(memo)
        let i = PicklerObject.place(table, object)
        return table.items[i &* 2].isBound ? table.items[i &* 2 &+ 1].smallInt : -1
    }

    /// Enters the object under a number.
    func setMemo(_ t: Thread, _ object: Value, _ number: Int) throws(Raised) {
        if memo.isUnbound { memo = try t.newValueBuffer(PicklerObject.firstSize * 2).value }
        if (memoCount &+ 1) &* 3 > ValueBuffer(memo).capacity { try growMemo(t) }
        let table = ValueBuffer(memo)
        let i = PicklerObject.place(table, object)
        if table.items[i &* 2].isUnbound { memoCount = memoCount &+ 1 }
        table.cell.store(object, at: 2 &+ i &* 2)
        table.cell.store(Value(smallInt: number), at: 3 &+ i &* 2)
    }

    private func growMemo(_ t: Thread) throws(Raised) {
        let old = ValueBuffer(memo)
        let bigger = try t.newValueBuffer(old.capacity * (old.capacity < 1 << 16 ? 4 : 2))
        for i in 0..<(old.capacity / 2) where old.items[i * 2].isBound {
            let j = PicklerObject.place(bigger, old.items[i * 2])
            bigger.cell.store(old.items[i * 2], at: 2 + j * 2)
            bigger.cell.store(old.items[i * 2 + 1], at: 3 + j * 2)
        }
        memo = bigger.value
    }

    func clearMemo() {
        memo = .unbound
        memoCount = 0
    }

    /// Calls `body` with every object and its number.
    func forEachInMemo(_ body: (Value, Int) throws(Raised) -> Void) throws(Raised) {
        if memo.isUnbound { return }
        let table = ValueBuffer(memo)
        for i in 0..<(table.capacity / 2) where table.items[i * 2].isBound { try body(table.items[i * 2], table.items[i * 2 + 1].smallInt) }
    }

    /// `{id(object): (number, object)}`.
    func memoDict(_ t: Thread) throws(Raised) -> Value {
        let made = t.newDict()
        try forEachInMemo { (object, number) throws(Raised) in
            try t.set(made, t.identity(object), try t.tuple(t.int(number), object))
        }
        return made.value
    }
}
