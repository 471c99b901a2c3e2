// The method resolution order (C3), and what follows when a class gets other bases.

extension Thread {
    /// The mro of a class: its metatype's `mro()`, checked when that is not `type`'s own.
    func computeMRO(_ type: TypeObject) throws(Raised) -> TupleObject { try computeMRO(type, allowOverride: true) }

    private func computeMRO(_ type: TypeObject, allowOverride: Bool) throws(Raised) -> TupleObject {
        let own = DictObject(TypeObject(types.pointee.type).dict).findString(self, intern("mro"))
        let metatype = self.type(of: type.value)
        if metatype.value == types.pointee.type || lookup(metatype, intern("mro")) == own || isComputing(type) { return try linearize(type) }
        type.cell.set(CellFlag.typeBit0)
        defer { type.cell.clear(CellFlag.typeBit0) }
        let made = try tupleFrom(callSpecial(type.value, intern("mro")))
        let solid = solidBase(type)
        for i in 0..<made.count {
            if !isType(made[i]) { throw raise(.typeError, "mro() returned a non-class ('\(typeName(made[i]))')") }
            if !isSubtype(solid, of: solidBase(TypeObject(made[i])).value) {
                throw raise(.typeError, "mro() returned base with unsuitable layout ('\(string(TypeObject(made[i]).name))')")
            }
        }
        return made
    }

    /// An overriding `mro()` calls `type.mro`, which must not ask it again.
    private func isComputing(_ type: TypeObject) -> Bool { type.cell.has(CellFlag.typeBit0) }

    /// C3: the class, then the merge of the bases' orders and the list of bases.
    private func linearize(_ type: TypeObject) throws(Raised) -> TupleObject {
        let bases = TupleObject(type.bases)
        for i in 0..<bases.count where TypeObject(bases[i]).mro.isUnbound {
            throw raise(.typeError, "Cannot extend an incomplete type '\(string(TypeObject(bases[i]).name))'")
        }
        if bases.count == 1 { return try prepend(type.value, TypeObject(bases[0]).mro) }
        for i in 0..<bases.count {
            for j in 0..<i where bases[i] == bases[j] { throw raise(.typeError, "duplicate base class \(string(TypeObject(bases[i]).name))") }
        }
        var lists: [[UInt]] = []
        for i in 0..<bases.count {
            let mro = TupleObject(TypeObject(bases[i]).mro)
            // kept alive: by the bases
            lists.append((0..<mro.count).map { mro[$0].bits })
        }
        // kept alive: by the tuple of bases
        lists.append((0..<bases.count).map { bases[$0].bits })
        let merged = try merge(lists)
        let made = try newTuple(merged.count + 1)
        made[0] = type.value
        for i in merged.indices { made[i + 1] = Value(bits: merged[i]) }
        return made
    }

    private func prepend(_ first: Value, _ rest: Value) throws(Raised) -> TupleObject {
        let tail = TupleObject(rest)
        let made = try newTuple(tail.count + 1)
        made[0] = first
        for i in 0..<tail.count { made[i + 1] = tail[i] }
        return made
    }

    private func merge(_ lists: [[UInt]]) throws(Raised) -> [UInt] {
        var heads = [Int](repeating: 0, count: lists.count)
        var merged: [UInt] = []
        while true {
            var isDone = true
            var chosen: UInt = 0
            for i in lists.indices where heads[i] < lists[i].count {
                isDone = false
                let candidate = lists[i][heads[i]]
                let isBlocked = lists.indices.contains { j in heads[j] < lists[j].count && lists[j][(heads[j] + 1)...].contains(candidate) }
                if !isBlocked {
                    chosen = candidate
                    break
                }
            }
            if isDone { return merged }
            if chosen == 0 { throw inconsistent(lists, heads) }
            merged.append(chosen)
            for i in lists.indices where heads[i] < lists[i].count && lists[i][heads[i]] == chosen { heads[i] += 1 }
        }
    }

    private func inconsistent(_ lists: [[UInt]], _ heads: [Int]) -> Raised {
        var seen: [UInt] = []
        for i in lists.indices where heads[i] < lists[i].count && !seen.contains(lists[i][heads[i]]) { seen.append(lists[i][heads[i]]) }
        let names = seen.map { string(TypeObject(Value(bits: $0)).name) }.joined(separator: ", ")
        return raise(.typeError, "Cannot create a consistent method resolution\norder (MRO) for bases \(names)")
    }

    // MARK: Other bases

    /// `C.__bases__ = bases`.
    func setBases(_ value: Value, _ new: Value) throws(Raised) {
        let type = TypeObject(value)
        let label = string(type.name)
        if type.has(TypeFlag.immutable) { throw raise(.typeError, "cannot set '__bases__' attribute of immutable type '\(label)'") }
        if new.isUnbound { throw raise(.typeError, "cannot delete '__bases__' attribute of immutable type '\(label)'") }
        try audit("object.__setattr__", value, name(.__bases__), new)
        if !new.isKind(.tuple) { throw raise(.typeError, "can only assign tuple to \(label).__bases__, not \(typeName(new))") }
        let bases = TupleObject(new)
        if bases.count == 0 { throw raise(.typeError, "can only assign non-empty tuple to \(label).__bases__, not ()") }
        for i in 0..<bases.count {
            if !isType(bases[i]) { throw raise(.typeError, "\(label).__bases__ must be tuple of classes, not '\(typeName(bases[i]))'") }
            if isSubtype(TypeObject(bases[i]), of: value) || derives(TypeObject(bases[i]), from: type) { throw raise(.typeError, "a __bases__ item causes an inheritance cycle") }
        }
        let base = try bestBase(new)
        try checkSameLayout(TypeObject(type.base), base, "__bases__")
        let oldBases = type.bases, oldBase = type.base
        type.bases = new
        type.base = base.value
        do throws(Raised) {
            try recomputeMRO(type)
        } catch {
            let exception = takePending()
            type.bases = oldBases
            type.base = oldBase
            try? recomputeMRO(type)
            throw restore(exception)
        }
        // A `mro()` of the metatype may have set the bases itself: then that call has done the rest.
        if type.bases != new { return }
        moveSubclass(type, from: TupleObject(oldBases), to: bases)
        type.version = 1
        typeChanged(type)
        refreshTree(type)
        flushInlineCaches()
    }

    /// Through the chain of bases: the mro may be on its way.
    private func derives(_ type: TypeObject, from base: TypeObject) -> Bool {
        var at = type
        while at != base {
            if at.base.isNoneOrUnbound { return false }
            at = TypeObject(at.base)
        }
        return true
    }

    private func refreshTree(_ type: TypeObject) {
        refreshSlots(type)
        forEachSubclass(type) { refreshTree($0) }
    }

    private func recomputeMRO(_ type: TypeObject) throws(Raised) {
        type.mro = try computeMRO(type).value
        type.version = 1
        typeChanged(type)
        var failed = false
        forEachSubclass(type) { one in
            do throws(Raised) { if !failed { try recomputeMRO(one) } } catch { failed = true }
        }
        if failed { throw Raised() }
    }

    private func moveSubclass(_ type: TypeObject, from old: TupleObject, to new: TupleObject) {
        for i in 0..<old.count { forgetSubclass(TypeObject(old[i]), type) }
        for i in 0..<new.count { recordSubclass(TypeObject(new[i]), type) }
    }

    private func forgetSubclass(_ base: TypeObject, _ type: TypeObject) {
        guard base.subclasses.isBound else { return }
        let list = ListObject(base.subclasses)
        var kept = 0
        for i in 0..<list.count where WeakReference(list[i].cell).referent != type.value {
            list[kept] = list[i]
            kept += 1
        }
        for i in kept..<max(kept, list.count) { list[i] = .unbound }
        list.count = kept
    }

    /// Instances of `new` have the same fixed words as instances of `old`.
    func checkSameLayout(_ old: TypeObject, _ new: TypeObject, _ attribute: StaticString) throws(Raised) {
        if old.has(TypeFlag.heap) != new.has(TypeFlag.heap) || old.nativeBase != new.nativeBase {
            throw raise(.typeError, "\(attribute) assignment: '\(string(new.name))' deallocator differs from '\(string(old.name))'")
        }
        var same = old.basicSize == new.basicSize && old.has(TypeFlag.hasDict) == new.has(TypeFlag.hasDict)
            && old.has(TypeFlag.hasWeakReferences) == new.has(TypeFlag.hasWeakReferences)
        if same { same = try sameMembers(old, new) }
        if !same {
            throw raise(.typeError, "\(attribute) assignment: '\(string(new.name))' object layout differs from '\(string(old.name))'")
        }
    }

    /// Stripped of classes that add nothing, the two are one class, or add the same to one base.
    private func sameMembers(_ a: TypeObject, _ b: TypeObject) throws(Raised) -> Bool {
        let a = withAdditions(a), b = withAdditions(b)
        if a == b { return true }
        if !a.has(TypeFlag.heap) || !b.has(TypeFlag.heap) || a.base != b.base { return false }
        let left = a.slotNames.isUnbound ? objects.pointee.emptyTuple : a.slotNames
        let right = b.slotNames.isUnbound ? objects.pointee.emptyTuple : b.slotNames
        return try equals(left, right)
    }

    /// The nearest class from `type` on that gives instances more than its base does, or is native.
    private func withAdditions(_ type: TypeObject) -> TypeObject {
        var at = type
        while at.has(TypeFlag.heap) {
            let base = TypeObject(at.base)
            if at.slotNames.isBound && TupleObject(at.slotNames).count > 0 { return at }
            let shared = TypeFlag.hasDict | TypeFlag.hasWeakReferences
            if at.flags & shared != base.flags & shared { return at }
            at = base
        }
        return at
    }
}
