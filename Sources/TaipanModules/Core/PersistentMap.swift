// A map that is never changed: setting and deleting give another map, which shares what is the same (a hash array mapped trie, as PEP 567
// asks of contexts, so that copying one costs nothing).
//
// A node is a tuple that no program sees, told apart by its first item:
//   int    a branch: bitmap of the children there are, then these, in order of the five bits of the hash that the level looks at
//   None   a leaf: hash, key, value                True   a collision: hash, then key, value, key, value …
// The hash is folded to 32 bits; an unbound root is the empty map.

import TaipanRuntime

struct PersistentMap {
    let t: Thread
    var root: Value
    var count: Int

    init(_ t: Thread, root: Value, count: Int) {
        self.t = t
        self.root = root
        self.count = count
    }

    private func folded(_ key: Value) throws(Raised) -> UInt32 {
        let hash = UInt64(bitPattern: Int64(try t.hash(key)))
        return UInt32(truncatingIfNeeded: hash) ^ UInt32(truncatingIfNeeded: hash >> 32)
    }

    private static func bit(_ hash: UInt32, _ shift: UInt32) -> UInt32 { 1 << ((hash >> shift) & 31) }

    private static func bitmap(_ node: TupleObject) -> UInt32 { UInt32(truncatingIfNeeded: node[0].smallInt) }

    /// Place of the child for `bit` in a branch.
    private static func place(_ bitmap: UInt32, _ bit: UInt32) -> Int { 1 + (bitmap & (bit - 1)).nonzeroBitCount }

    private static func hash(_ node: TupleObject) -> UInt32 { UInt32(truncatingIfNeeded: node[1].smallInt) }

    /// The value of a key, or unbound.
    func find(_ key: Value) throws(Raised) -> Value {
        let hash = try folded(key)
        var at = root
        var shift: UInt32 = 0
        while at.isBound {
            let node = TupleObject(at)
            if !node[0].isSmallInt {
                let i = try position(node, key)
                return i < 0 ? .unbound : node[i + 1]
            }
            let bit = PersistentMap.bit(hash, shift)
            let bitmap = PersistentMap.bitmap(node)
            if bitmap & bit == 0 { return .unbound }
            at = node[PersistentMap.place(bitmap, bit)]
            shift += 5
        }
        return .unbound
    }

    /// Where a leaf or collision has the key, -1 when it has not.
    private func position(_ node: TupleObject, _ key: Value) throws(Raised) -> Int {
        var i = 2
        while i < node.count {
            if try t.equals(key, node[i]) { return i }
            i += 2
        }
        return -1
    }

    // MARK: Setting

    /// Sets a key; the root stays the same when it had the very value.
    mutating func set(_ key: Value, _ value: Value) throws(Raised) {
        let hash = try folded(key)
        var added = false
        root = try root.isUnbound ? leaf(hash, key, value) : set(root, 0, hash, key, value, &added)
        if count == 0 || added { count += 1 }
    }

    private func leaf(_ hash: UInt32, _ key: Value, _ value: Value) throws(Raised) -> Value {
        let made = try t.newTuple(4)
        made[0] = .none
        made[1] = Value(smallInt: Int(hash))
        made[2] = key
        made[3] = value
        return made.value
    }

    private func set(_ at: Value, _ shift: UInt32, _ hash: UInt32, _ key: Value, _ value: Value, _ added: inout Bool) throws(Raised) -> Value {
        let node = TupleObject(at)
        if !node[0].isSmallInt { return try setLeaf(at, shift, hash, key, value, &added) }
        let bit = PersistentMap.bit(hash, shift), bitmap = PersistentMap.bitmap(node)
        let place = PersistentMap.place(bitmap, bit)
        if bitmap & bit != 0 {
            let child = try set(node[place], shift + 5, hash, key, value, &added)
            if child == node[place] { return at }
            let made = try t.tuple(node.items, node.count)
            TupleObject(made)[place] = child
            return made
        }
        added = true
        let made = try t.newTuple(node.count + 1)
        made[0] = Value(smallInt: Int(bitmap | bit))
        for i in 1..<place { made[i] = node[i] }
        made[place] = try leaf(hash, key, value)
        for i in place..<node.count { made[i + 1] = node[i] }
        return made.value
    }

    private func setLeaf(_ at: Value, _ shift: UInt32, _ hash: UInt32, _ key: Value, _ value: Value, _ added: inout Bool) throws(Raised) -> Value {
        let node = TupleObject(at)
        let i = try position(node, key)
        if i >= 0 {
            if node[i + 1] == value { return at }
            let made = try t.tuple(node.items, node.count)
            TupleObject(made)[i + 1] = value
            return made
        }
        added = true
        if PersistentMap.hash(node) != hash { return try split(at, try leaf(hash, key, value), shift) }
        let made = try t.newTuple(node.count + 2)
        made[0] = .true
        for k in 1..<node.count { made[k] = node[k] }
        made[node.count] = key
        made[node.count + 1] = value
        return made.value
    }

    /// A branch over two leaves (or collisions) of different hashes.
    private func split(_ a: Value, _ b: Value, _ shift: UInt32) throws(Raised) -> Value {
        let first = PersistentMap.bit(PersistentMap.hash(TupleObject(a)), shift), second = PersistentMap.bit(PersistentMap.hash(TupleObject(b)), shift)
        if first == second { return try t.tuple(Value(smallInt: Int(first)), try split(a, b, shift + 5)) }
        return try t.tuple(Value(smallInt: Int(first | second)), first < second ? a : b, first < second ? b : a)
    }

    // MARK: Deleting

    /// Removes a key; false when there is none.
    mutating func remove(_ key: Value) throws(Raised) -> Bool {
        if root.isUnbound { return false }
        let hash = try folded(key)
        let rest = try remove(root, 0, hash, key)
        if rest == root { return false }
        root = rest
        count -= 1
        return true
    }

    /// The node without the key: itself when it has none, unbound when nothing is left.
    private func remove(_ at: Value, _ shift: UInt32, _ hash: UInt32, _ key: Value) throws(Raised) -> Value {
        let node = TupleObject(at)
        if !node[0].isSmallInt { return try removeFromLeaf(at, key) }
        let bit = PersistentMap.bit(hash, shift), bitmap = PersistentMap.bitmap(node)
        if bitmap & bit == 0 { return at }
        let place = PersistentMap.place(bitmap, bit)
        let child = try remove(node[place], shift + 5, hash, key)
        if child == node[place] { return at }
        if child.isBound {
            // A branch over a single leaf is that leaf.
            if node.count == 2 && !TupleObject(child)[0].isSmallInt { return child }
            let made = try t.tuple(node.items, node.count)
            TupleObject(made)[place] = child
            return made
        }
        if node.count == 2 { return .unbound }
        if node.count == 3 {
            let other = node[3 - place]
            if !TupleObject(other)[0].isSmallInt { return other }
        }
        let made = try t.newTuple(node.count - 1)
        made[0] = Value(smallInt: Int(bitmap & ~bit))
        for i in 1..<place { made[i] = node[i] }
        for i in (place + 1)..<node.count { made[i - 1] = node[i] }
        return made.value
    }

    private func removeFromLeaf(_ at: Value, _ key: Value) throws(Raised) -> Value {
        let node = TupleObject(at)
        let i = try position(node, key)
        if i < 0 { return at }
        if node.count == 4 { return .unbound }
        let made = try t.newTuple(node.count - 2)
        made[0] = node.count == 6 ? .none : .true
        for k in 1..<i { made[k] = node[k] }
        for k in (i + 2)..<node.count { made[k - 2] = node[k] }
        return made.value
    }

    // MARK: All of it

    /// Calls `body` with each key and value.
    func forEach(_ body: (Value, Value) throws(Raised) -> Void) throws(Raised) {
        if root.isBound { try walk(root, body) }
    }

    private func walk(_ at: Value, _ body: (Value, Value) throws(Raised) -> Void) throws(Raised) {
        let node = TupleObject(at)
        if node[0].isSmallInt {
            for i in 1..<node.count { try walk(node[i], body) }
            return
        }
        var i = 2
        while i < node.count {
            try body(node[i], node[i + 1])
            i += 2
        }
    }

    /// The keys (0), values (1) or items (2), as a list.
    func list(_ kind: Int) throws(Raised) -> ListObject {
        let made = try t.newList(capacity: count)
        try forEach { (key, value) throws(Raised) in try t.append(made, kind == 0 ? key : kind == 1 ? value : try t.tuple(key, value)) }
        return made
    }

    /// The same keys with equal values.
    func equals(_ other: PersistentMap) throws(Raised) -> Bool {
        if count != other.count { return false }
        if root == other.root { return true }
        var same = true
        try forEach { (key, value) throws(Raised) in
            if !same { return }
            let theirs = try other.find(key)
            if theirs.isUnbound {
                same = false
            } else {
                same = try t.equals(value, theirs)
            }
        }
        return same
    }
}
