// What list operations do to the items. Public ones are what the interpreter calls directly. Items past the length are unbound.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension Thread {
    /// Copies `count` words, which may overlap.
    @inline(__always) static func move(_ to: UnsafeMutablePointer<Value>, _ from: UnsafeMutablePointer<Value>, _ count: Int) {
        memmove(to, from, count &* 8)
    }

    static func reverse(_ items: UnsafeMutablePointer<Value>, _ count: Int) {
        var low = 0, high = count &- 1
        while low < high {
            let kept = items[low]
            items[low] = items[high]
            items[high] = kept
            low = low &+ 1
            high = high &- 1
        }
    }

    // MARK: Reading

    /// `list[key]`: an int or a slice.
    @inline(__always) public func listGet(_ list: ListObject, _ key: Value) throws(Raised) -> Value {
        if key.isSmallInt {
            var i = key.smallInt
            if i < 0 { i = i &+ list.count }
            if UInt(bitPattern: i) < UInt(bitPattern: list.count) { return list[i] }
        }
        return try listGetSlowly(list, key)
    }

    @inline(never) func listGetSlowly(_ list: ListObject, _ key: Value) throws(Raised) -> Value {
        if key.hasLayout(.slice) {
            var part = try unpackSlice(SliceObject(key))
            part.fit(list.count)
            return try listSlice(list, part)
        }
        var i = try sequenceIndex(key, "list")
        if i < 0 { i = i &+ list.count }
        if UInt(bitPattern: i) < UInt(bitPattern: list.count) { return list[i] }
        throw raise(.indexError, "list index out of range")
    }

    /// A subscript of a sequence as a machine integer. Raises TypeError "KIND indices must be integers or slices, not X", or IndexError when it is huge.
    func sequenceIndex(_ key: Value, _ kind: StaticString) throws(Raised) -> Int {
        if key.isSmallInt { return key.smallInt }
        if !isInt(key) && !type(of: key).slots.pointee.index.isSet {
            throw raise(.typeError, "\(kind) indices must be integers or slices, not \(typeName(key))")
        }
        return try index(key, overflow: .indexError)
    }

    /// `list[from:to]`, bounds in range.
    public func listSlice(_ list: ListObject, _ from: Int, _ to: Int) throws(Raised) -> Value {
        let count = max(to &- from, 0)
        let made = try newList(capacity: count)
        if count > 0 { Thread.move(made.items, list.items + from, count) }
        made.count = count
        return made.value
    }

    /// The items at fitted indices.
    func listSlice(_ list: ListObject, _ part: SliceIndices) throws(Raised) -> Value {
        if part.step == 1 { return try listSlice(list, part.start, part.start &+ part.count) }
        let made = try newList(capacity: part.count)
        if part.count > 0 {
            let to = made.items, from = list.items
            var at = part.start, i = 0
            while i < part.count {
                to[i] = from[at]
                at = at &+ part.step
                i = i &+ 1
            }
        }
        made.count = part.count
        return made.value
    }

    /// Index of the first item equal to `item` from `from` on and below `to`, or -1.
    func listFind(_ list: ListObject, _ item: Value, _ from: Int, _ to: Int) throws(Raised) -> Int {
        var i = from
        while i < to && i < list.count {
            if try equals(list[i], item) { return i }
            i = i &+ 1
        }
        return -1
    }

    // MARK: Writing

    /// `list[key] = value`; unbound deletes.
    @inline(__always) public func listSet(_ list: ListObject, _ key: Value, _ value: Value) throws(Raised) {
        if key.isSmallInt && value.isBound {
            var i = key.smallInt
            if i < 0 { i = i &+ list.count }
            if UInt(bitPattern: i) < UInt(bitPattern: list.count) {
                list[i] = value
                return
            }
        }
        try listSetSlowly(list, key, value)
    }

    @inline(never) func listSetSlowly(_ list: ListObject, _ key: Value, _ value: Value) throws(Raised) {
        if key.hasLayout(.slice) { return try listSetSlice(list, SliceObject(key), value) }
        var i = try sequenceIndex(key, "list")
        if i < 0 { i = i &+ list.count }
        if UInt(bitPattern: i) >= UInt(bitPattern: list.count) { throw raise(.indexError, "list assignment index out of range") }
        if value.isBound { list[i] = value } else { listDelete(list, i, i &+ 1) }
    }

    /// Removes the items `from..<to`, which must be in range.
    func listDelete(_ list: ListObject, _ from: Int, _ to: Int) {
        let count = list.count, gone = to &- from
        if gone <= 0 { return }
        // The first few tell whether the rest is worth a look.
        for i in from..<min(to, from &+ 8) { noteDropped(list[i]) }
        if gone == count {
            list.buffer = .unbound
            list.count = 0
            return
        }
        let items = list.items
        Thread.move(items + from, items + to, count &- to)
        for i in (count &- gone)..<count { items[i] = .unbound }
        list.count = count &- gone
        shrink(list)
    }

    /// Gives memory back when less than a quarter of it is used.
    @inline(__always) private func shrink(_ list: ListObject) {
        let capacity = list.capacity
        if capacity > 64 && list.count < capacity >> 2 { shrinkSlowly(list) }
    }

    @inline(never) private func shrinkSlowly(_ list: ListObject) {
        guard let buffer = try? newValueBuffer(list.count &+ list.count >> 3 &+ 6) else {
            state.pointee.pending = .unbound
            return
        }
        Thread.move(buffer.items, list.items, list.count)
        list.buffer = buffer.value
    }

    private func listSetSlice(_ list: ListObject, _ slice: SliceObject, _ value: Value) throws(Raised) {
        var part = try unpackSlice(slice)
        if part.step == 1 {
            if value.isUnbound {
                part.fit(list.count)
                return listDelete(list, part.start, part.start &+ part.count)
            }
            let items = try sequenceItems(value, "can only assign an iterable", list)
            part.fit(list.count)
            return try listReplace(list, part.start, part.start &+ part.count, items)
        }
        if value.isUnbound {
            part.fit(list.count)
            return listDeleteExtended(list, part)
        }
        let items = try sequenceItems(value, "must assign iterable to extended slice", list)
        part.fit(list.count)
        if items.count != part.count {
            throw raise(.valueError, "attempt to assign sequence of size \(items.count) to extended slice of size \(part.count)")
        }
        var at = part.start
        for i in 0..<part.count {
            list[at] = items[i]
            at = at &+ part.step
        }
    }

    /// The items of an iterable as a list that is not `target` itself. `complaint` is the TypeError when it is no iterable.
    private func sequenceItems(_ value: Value, _ complaint: StaticString, _ target: ListObject) throws(Raised) -> ListObject {
        if value.hasLayout(.list) && value != target.value { return ListObject(value) }
        if value.isKind(.list) && value == target.value { return ListObject(try listSlice(target, 0, target.count)) }
        if !value.hasLayout(.tuple) {
            if !type(of: value).slots.pointee.iter.isSet && !isSequence(value) { throw raise(.typeError, complaint.description) }
        }
        let made = try newList()
        try extend(made, value)
        return made
    }

    /// `list[from:to] = items`.
    public func listReplace(_ list: ListObject, _ from: Int, _ to: Int, _ items: ListObject) throws(Raised) {
        let end = max(from, to)
        let added = items.count, gone = end &- from, count = list.count
        let newCount = count &- gone &+ added
        if newCount == 0 {
            list.buffer = .unbound
            list.count = 0
            return
        }
        if newCount > list.capacity { try growList(list, newCount) }
        let target = list.items
        Thread.move(target + from + added, target + end, count &- end)
        if added > 0 { Thread.move(target + from, items.items, added) }
        if newCount < count { for i in newCount..<count { target[i] = .unbound } }
        list.count = newCount
        if newCount < count { shrink(list) }
    }

    private func listDeleteExtended(_ list: ListObject, _ part: SliceIndices) {
        if part.count == 0 { return }
        // The same items, walked upwards.
        let step = abs(part.step)
        let first = part.step < 0 ? part.start &+ part.step &* (part.count &- 1) : part.start
        let items = list.items, count = list.count
        var to = first, next = first, left = part.count
        for from in first..<count {
            if left > 0 && from == next {
                left = left &- 1
                next = next &+ step
            } else {
                items[to] = items[from]
                to = to &+ 1
            }
        }
        for i in to..<count { items[i] = .unbound }
        list.count = to
        shrink(list)
    }

    public func listInsert(_ list: ListObject, _ index: Int, _ value: Value) throws(Raised) {
        let count = list.count
        var i = index
        if i < 0 { i = max(i &+ count, 0) }
        if i > count { i = count }
        if count >= list.capacity { try growList(list, count &+ 1) }
        let items = list.items
        Thread.move(items + i + 1, items + i, count &- i)
        list[i] = value
        list.count = count &+ 1
    }

    /// `list.pop(index)`.
    @inline(__always) public func listPop(_ list: ListObject, _ index: Int = -1) throws(Raised) -> Value {
        let count = list.count
        if count == 0 { throw raise(.indexError, "pop from empty list") }
        let i = index < 0 ? index &+ count : index
        if UInt(bitPattern: i) >= UInt(bitPattern: count) { throw raise(.indexError, "pop index out of range") }
        let value = list[i]
        if i == count &- 1 {
            list[i] = .unbound
            list.count = i
            shrink(list)
        } else {
            listDelete(list, i, i &+ 1)
        }
        return value
    }

    /// `list.extend(iterable)`.
    public func extend(_ list: ListObject, _ iterable: Value) throws(Raised) {
        if iterable.hasLayout(.list) || iterable.hasLayout(.tuple) || iterable == list.value {
            let isTuple = iterable.hasLayout(.tuple)
            let added = isTuple ? TupleObject(iterable).count : ListObject(iterable).count
            if added == 0 { return }
            let count = list.count
            if count &+ added > list.capacity {
                if count == 0 { list.buffer = try newValueBuffer(added).value } else { try growList(list, count &+ added) }
            }
            let from = isTuple ? TupleObject(iterable).items : ListObject(iterable).items
            Thread.move(list.items + count, from, added)
            list.count = count &+ added
            return
        }
        try extendSlowly(list, iterable)
    }

    @inline(never) private func extendSlowly(_ list: ListObject, _ iterable: Value) throws(Raised) {
        let iterator = try iter(iterable)
        let hint = try lengthHint(iterable, 8)
        let room = hint.addingReportingOverflow(list.count)
        // A hint that cannot be right is found out when the items come; one that is merely huge fails here, as in CPython.
        if !room.overflow && room.partialValue > list.capacity {
            if list.count == 0 && list.buffer.isUnbound { list.buffer = try newValueBuffer(hint).value } else { try growList(list, room.partialValue) }
        }
        let next = type(of: iterator).slots.pointee.next
        while true {
            let item = try next(self, iterator)
            if item.isUnbound { break }
            try append(list, item)
        }
        if list.count == 0 { list.buffer = .unbound }
    }

    // MARK: Repeating

    func listRepeat(_ list: ListObject, _ times: Int) throws(Raised) -> Value {
        let count = list.count
        if count == 0 || times <= 0 { return try newList().value }
        let (total, overflow) = count.multipliedReportingOverflow(by: times)
        if overflow { throw memoryError() }
        let made = try newList(capacity: total)
        Thread.fill(made.items, list.items, count, total)
        made.count = total
        return made.value
    }

    func listRepeatInPlace(_ list: ListObject, _ times: Int) throws(Raised) {
        let count = list.count
        if count == 0 || times == 1 { return }
        if times <= 0 {
            list.buffer = .unbound
            list.count = 0
            return
        }
        let (total, overflow) = count.multipliedReportingOverflow(by: times)
        if overflow { throw memoryError() }
        if total > list.capacity { try growList(list, total) }
        Thread.fill(list.items, list.items, count, total)
        list.count = total
    }

    /// Fills `total` words with copies of the `count` at `from`.
    static func fill(_ to: UnsafeMutablePointer<Value>, _ from: UnsafeMutablePointer<Value>, _ count: Int, _ total: Int) {
        if count == 1 {
            let one = from[0]
            for i in 0..<total { to[i] = one }
            return
        }
        if to != from { memcpy(to, from, count &* 8) }
        var done = count
        while done < total {
            let part = min(done, total &- done)
            memcpy(to + done, to, part &* 8)
            done = done &+ part
        }
    }
}
