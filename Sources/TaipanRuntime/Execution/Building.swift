// Building and taking apart containers; formatting; pattern matching helpers; intrinsics.

extension Thread {
    @inline(never)
    func buildSet(_ items: UnsafeMutablePointer<Value>, _ count: Int) throws(Raised) -> Value {
        let made = try newSet()
        for i in 0..<count { try setAdd(made, items[i]) }
        return made
    }

    /// BUILD_MAP: `count` words, key and value in turn.
    @inline(never)
    func buildMap(_ items: UnsafeMutablePointer<Value>, _ count: Int) throws(Raised) -> Value {
        let made = newDict()
        if count > 0 { try made.resize(self, forAdditional: count / 2) }
        for i in stride(from: 0, to: count, by: 2) { try set(made, items[i], items[i + 1]) }
        return made.value
    }

    @inline(never)
    func buildConstKeyMap(_ items: UnsafeMutablePointer<Value>, _ count: Int) throws(Raised) -> Value {
        guard items[count].isKind(.tuple), TupleObject(items[count]).count == count else { throw malformedCode() }
        let keys = TupleObject(items[count])
        let made = newDict()
        try made.resize(self, forAdditional: count)
        for i in 0..<count { try set(made, keys[i], items[i]) }
        return made.value
    }

    @inline(never)
    func buildString(_ items: UnsafeMutablePointer<Value>, _ count: Int) throws(Raised) -> Value {
        var length = 0
        var maximum: UInt32 = 0
        for i in 0..<count {
            if !items[i].isKind(.str) { throw malformedCode() }
            let s = StrObject(items[i])
            length += s.count
            maximum |= s.isASCII ? 0x7F : s.width == 1 ? 0xFF : s.width == 2 ? 0xFFFF : 0x10FFFF
        }
        let made = try newStr(count: length, maximum: maximum)
        var at = 0
        for i in 0..<count {
            let s = StrObject(items[i])
            made.copy(s, at: at)
            at += s.count
        }
        return made.value
    }

    @inline(never)
    func listExtend(_ list: ListObject, _ iterable: Value) throws(Raised) {
        let slots = type(of: iterable).slots
        if !slots.pointee.iter.isSet && !isSequence(iterable) {
            throw raise(.typeError, "Value after * must be an iterable, not \(typeName(iterable))")
        }
        if iterable == list.value {
            // `l.extend(l)` doubles; what is appended is not met again.
            for i in 0..<list.count { try append(list, list[i]) }
            return
        }
        try forEach(iterable) { (item) throws(Raised) in try append(list, item) }
    }

    @inline(never)
    func setUpdate(_ set: Value, _ iterable: Value) throws(Raised) {
        try forEach(iterable) { (item) throws(Raised) in try setAdd(set, item) }
    }

    /// DICT_UPDATE: `{**mapping}`.
    @inline(never)
    func dictUpdate(_ dict: DictObject, _ mapping: Value) throws(Raised) {
        if try isMappingLike(mapping) { return try mergeMapping(dict, mapping, unique: .unbound) }
        throw raise(.typeError, "'\(typeName(mapping))' object is not a mapping")
    }

    /// DICT_MERGE: `f(**mapping)`; a key given twice is an error that names the callable.
    @inline(never)
    func dictMerge(_ dict: DictObject, _ mapping: Value, _ callee: Value) throws(Raised) {
        if try !isMappingLike(mapping) {
            throw raise(.typeError, "\(functionText(callee)) argument after ** must be a mapping, not \(typeName(mapping))")
        }
        try mergeMapping(dict, mapping, unique: callee)
    }

    /// A dict, or anything with `keys`.
    private func isMappingLike(_ value: Value) throws(Raised) -> Bool {
        if value.isKind(.dict) { return true }
        return try getattrOrUnbound(value, name(.keys)).isBound
    }

    private func mergeMapping(_ dict: DictObject, _ mapping: Value, unique callee: Value) throws(Raised) {
        if mapping.hasLayout(.dict) {
            let source = DictObject(mapping)
            var i = 0
            while i < source.entryCount {
                let entry = source.entry(i)
                if entry.key.isBound {
                    try checkUnique(dict, entry.key, callee)
                    try dict.set(self, entry.key, entry.hash, entry.value)
                }
                i += 1
            }
            return
        }
        let keys = try callMethod(mapping, name(.keys))
        try forEach(keys) { (key) throws(Raised) in
            try checkUnique(dict, key, callee)
            try set(dict, key, try getItem(mapping, key))
        }
    }

    private func checkUnique(_ dict: DictObject, _ key: Value, _ callee: Value) throws(Raised) {
        if callee.isUnbound { return }
        if try get(dict, key).isBound {
            throw raise(.typeError, "\(functionText(callee)) got multiple values for keyword argument '\(string(try strOf(key)))'")
        }
    }

    // MARK: Unpacking

    /// UNPACK_SEQUENCE into `slots[count - 1]` … `slots[0]`.
    @inline(never)
    func unpackSequence(_ value: Value, _ count: Int, _ slots: UnsafeMutablePointer<Value>) throws(Raised) {
        try unpack(value, count, first: slots + (count - 1), step: -1)
    }

    /// The same for items that go on into locals: the first goes to the lowest slot.
    @inline(never)
    func unpackForward(_ value: Value, _ count: Int, _ slots: UnsafeMutablePointer<Value>) throws(Raised) {
        try unpack(value, count, first: slots, step: 1)
    }

    private func unpack(_ value: Value, _ count: Int, first: UnsafeMutablePointer<Value>, step: Int) throws(Raised) {
        if value.hasLayout(.list) && ListObject(value).count == count {
            for i in 0..<count { first[i * step] = ListObject(value)[i] }
            return
        }
        let iterator = try unpackIterator(value)
        for i in 0..<count {
            let item = try next(iterator)
            if item.isUnbound { throw raise(.valueError, "not enough values to unpack (expected \(count), got \(i))") }
            first[i * step] = item
        }
        if try next(iterator).isBound { throw raise(.valueError, "too many values to unpack (expected \(count))") }
    }

    private func unpackIterator(_ value: Value) throws(Raised) -> Value {
        if !type(of: value).slots.pointee.iter.isSet && !isSequence(value) { throw raise(.typeError, "cannot unpack non-iterable \(typeName(value)) object") }
        return try iter(value)
    }

    /// UNPACK_EX: `before` items, a list of the middle, `after` items; the first goes to the topmost slot.
    @inline(never)
    func unpackEx(_ value: Value, _ before: Int, _ after: Int, _ slots: UnsafeMutablePointer<Value>) throws(Raised) {
        let total = before + 1 + after
        let iterator = try unpackIterator(value)
        for i in 0..<before {
            let item = try next(iterator)
            if item.isUnbound { throw raise(.valueError, "not enough values to unpack (expected at least \(before + after), got \(i))") }
            slots[total - 1 - i] = item
        }
        let middle = try listFrom(iterator)
        if middle.count < after {
            throw raise(.valueError, "not enough values to unpack (expected at least \(before + after), got \(before + middle.count))")
        }
        slots[after] = middle.value
        for i in 0..<after { slots[after - 1 - i] = middle[middle.count - after + i] }
        for i in (middle.count - after)..<middle.count { middle[i] = .unbound }
        middle.count -= after
    }

    // MARK: Slices

    /// The bounds of a slice by small ints and None, fitted to `length`; nil for other bounds.
    private func plainBounds(_ start: Value, _ stop: Value, _ length: Int) -> (from: Int, to: Int)? {
        var from = 0, to = length
        if start.isSmallInt {
            from = start.smallInt < 0 ? max(0, start.smallInt &+ length) : min(start.smallInt, length)
        } else if !start.isNone {
            return nil
        }
        if stop.isSmallInt {
            to = stop.smallInt < 0 ? max(0, stop.smallInt &+ length) : min(stop.smallInt, length)
        } else if !stop.isNone {
            return nil
        }
        return (from, max(from, to))
    }

    /// BINARY_SLICE: lists and tuples with plain bounds need no slice object.
    @inline(never)
    func slice(_ container: Value, _ start: Value, _ stop: Value) throws(Raised) -> Value {
        if container.hasLayout(.list), let bounds = plainBounds(start, stop, ListObject(container).count) {
            return try listSlice(ListObject(container), bounds.from, bounds.to)
        }
        if container.hasLayout(.tuple), let bounds = plainBounds(start, stop, TupleObject(container).count) {
            if bounds.to &- bounds.from == TupleObject(container).count { return container }
            return try tuple(TupleObject(container).items + bounds.from, bounds.to &- bounds.from)
        }
        return try getItem(container, newSlice(start, stop))
    }

    /// BUILD_SLICE that `next`, the next instruction, subscribes a list with: with plain bounds that needs no slice object. False, with nothing
    /// done, for anything else.
    @inline(never)
    func sliceAtOnce(_ fp: UnsafeMutablePointer<Value>, _ next: UInt64, _ bounds: UnsafeMutablePointer<Value>) throws(Raised) -> Bool {
        let container = fp[Int(truncatingIfNeeded: (next >> 32) & 0xFFFF)]
        guard container.hasLayout(.list), bounds[2].isSmallInt, bounds[2].smallInt != 0, bounds[0].isNone || bounds[0].isSmallInt,
              bounds[1].isNone || bounds[1].isSmallInt else { return false }
        let step = bounds[2].smallInt
        var part = SliceIndices(start: bounds[0].isNone ? (step < 0 ? Int.max : 0) : bounds[0].smallInt,
                                stop: bounds[1].isNone ? (step < 0 ? Int.min : Int.max) : bounds[1].smallInt, step: step, count: 0)
        part.fit(ListObject(container).count)
        fp[Int(truncatingIfNeeded: (next >> 16) & 0xFFFF)] = try listSlice(ListObject(container), part)
        return true
    }

    /// STORE_SLICE.
    @inline(never)
    func storeSlice(_ container: Value, _ start: Value, _ stop: Value, _ value: Value) throws(Raised) {
        if container.hasLayout(.list) && value.hasLayout(.list) && container != value,
           let bounds = plainBounds(start, stop, ListObject(container).count) {
            return try listReplace(ListObject(container), bounds.from, bounds.to, ListObject(value))
        }
        try setItem(container, newSlice(start, stop), value)
    }

    // MARK: Formatting

    /// FORMAT_VALUE: conversion 0 none, 1 str, 2 repr, 3 ascii; `spec` may be unbound.
    @inline(never)
    func formatValue(_ value: Value, _ spec: Value, _ conversion: Int) throws(Raised) -> Value {
        if spec.isBound && !spec.isKind(.str) { throw malformedCode() }
        let converted: Value = switch conversion {
        case 1: try strOf(value)
        case 2: try repr(value)
        case 3: try ascii(value)
        default: value
        }
        if spec.isUnbound && converted.hasLayout(.str) { return converted }
        return try format(converted, spec.isUnbound ? objects.pointee.emptyStr : spec)
    }

    // MARK: Pattern matching

    /// MATCH_KEYS: a tuple of the values of all `keys`, or None.
    @inline(never)
    func matchKeys(_ subject: Value, _ keys: Value) throws(Raised) -> Value {
        if !keys.isKind(.tuple) { throw malformedCode() }
        let keys = TupleObject(keys)
        let values = try newTuple(keys.count)
        if keys.count == 0 { return values.value }
        let seen = try newSet()
        let get = try getattr(subject, name(.get))
        let dummy = try newList().value
        for i in 0..<keys.count {
            if try setContains(seen, keys[i]) { throw raise(.valueError, "mapping pattern checks duplicate key (\(try reprText(keys[i])))") }
            try setAdd(seen, keys[i])
            let value = try call(get, keys[i], dummy)
            if value == dummy { return .none }
            values[i] = value
        }
        return values.value
    }

    /// MATCH_CLASS: a tuple of the attributes that the sub-patterns look at, or None.
    @inline(never)
    func matchClass(_ subject: Value, _ type: Value, _ names: Value, _ positional: Int) throws(Raised) -> Value {
        if !names.isKind(.tuple) { throw malformedCode() }
        if !type.isKind(.type) { throw raise(.typeError, "called match pattern must be a class") }
        if !(try isInstance(subject, ofClassInfo: type)) { return .none }
        let found = try newList(capacity: positional + TupleObject(names).count)
        let seen = try newSet()
        if positional > 0 {
            let matches = try matchPositional(subject, type, positional, found, seen)
            if !matches { return .none }
        }
        let keywords = TupleObject(names)
        for i in 0..<keywords.count {
            let value = try matchAttribute(subject, type, keywords[i], seen)
            if value.isUnbound { return .none }
            try append(found, value)
        }
        return try tupleFrom(found.value).value
    }

    private func matchPositional(_ subject: Value, _ type: Value, _ count: Int, _ found: ListObject, _ seen: Value) throws(Raised) -> Bool {
        let typeText = string(TypeObject(type).name)
        let matchArgs = try getattrOrUnbound(type, name(.__match_args__))
        var allowed = 0
        if matchArgs.isBound {
            if !matchArgs.hasLayout(.tuple) { throw raise(.typeError, "\(typeText).__match_args__ must be a tuple (got \(typeName(matchArgs)))") }
            allowed = TupleObject(matchArgs).count
        } else if TypeObject(type).has(TypeFlag.matchSelf) {
            allowed = 1
        }
        if allowed < count {
            throw raise(.typeError, "\(typeText)() accepts \(allowed) positional sub-pattern\(allowed == 1 ? "" : "s") (\(count) given)")
        }
        if matchArgs.isUnbound {
            try append(found, subject)
            return true
        }
        for i in 0..<count {
            let name = TupleObject(matchArgs)[i]
            if !name.isKind(.str) { throw raise(.typeError, "__match_args__ elements must be strings (got \(typeName(name)))") }
            let value = try matchAttribute(subject, type, name, seen)
            if value.isUnbound { return false }
            try append(found, value)
        }
        return true
    }

    private func matchAttribute(_ subject: Value, _ type: Value, _ name: Value, _ seen: Value) throws(Raised) -> Value {
        if !name.isKind(.str) { throw malformedCode() }
        if try setContains(seen, name) {
            throw raise(.typeError, "\(string(TypeObject(type).name))() got multiple sub-patterns for attribute \(try reprText(name))")
        }
        try setAdd(seen, name)
        return try getattrOrUnbound(subject, name.hasLayout(.str) ? intern(name) : name)
    }

    // MARK: Intrinsics

    @inline(never)
    func intrinsic1(_ fp: UnsafeMutablePointer<Value>, _ number: Int, _ value: Value) throws(Raised) -> Value {
        switch number {
        case 1:
            try displayHook(value)
            return .none
        case 2:
            try importStar(fp, value)
            return .none
        case 3: return try stopIterationError(fp, value)
        case 4: return newAsyncGeneratorValue(value)
        case 5: return try positive(value)
        case 6: return try tupleFrom(value).value
        case 7...9:
            if !value.isKind(.str) { throw malformedCode() }
            return try newTypeVariable(value, number == 7 ? .typeVar : number == 8 ? .paramSpec : .typeVarTuple)
        case 10:
            if !value.isKind(.tuple) { throw malformedCode() }
            return try subscriptGeneric(value)
        case 11:
            if !isTypeAlias(value) { throw malformedCode() }
            return try newTypeAlias(value)
        default: throw raise(.systemError, "unknown intrinsic \(number)")
        }
    }

    @inline(never)
    func intrinsic2(_ number: Int, _ first: Value, _ second: Value) throws(Raised) -> Value {
        switch number {
        case 1:
            if !first.isKind(.exception) || !second.hasLayout(.list) { throw malformedCode() }
            return try prepareReraiseStar(first, second)
        case 2, 3:
            if !first.isKind(.str) { throw malformedCode() }
            return number == 2 ? try newTypeVariable(first, .typeVar, bound: second) : try newTypeVariable(first, .typeVar, constraints: second)
        case 4:
            if !first.hasLayout(.function) || !second.isKind(.tuple) { throw malformedCode() }
            FunctionObject(first).typeParameters = second
            return first
        default: throw raise(.systemError, "unknown intrinsic \(number)")
        }
    }

    /// The parts of a `type` statement: its name, its parameters or None, the function that computes it.
    private func isTypeAlias(_ parts: Value) -> Bool {
        guard parts.isKind(.tuple), TupleObject(parts).count == 3 else { return false }
        let items = TupleObject(parts)
        return items[0].isKind(.str) && (items[1].isNone || items[1].isKind(.tuple))
    }

    /// StopIteration that leaves a generator becomes RuntimeError (PEP 479).
    private func stopIterationError(_ fp: UnsafeMutablePointer<Value>, _ exception: Value) throws(Raised) -> Value {
        let flags = CodeCell(fp.frameLowered.pointee.code).flags
        let what = flags & 0x200 != 0 ? "async generator" : flags & 0x80 != 0 ? "coroutine" : "generator"
        let text: String
        if isInstance(exception, of: types.pointee.stopIteration) {
            text = "\(what) raised StopIteration"
        } else if flags & 0x200 != 0 && isInstance(exception, of: types.pointee.stopAsyncIteration) {
            text = "async generator raised StopAsyncIteration"
        } else {
            return exception
        }
        let made = try call(types.pointee.runtimeError, str(text))
        ExceptionObject(made).cause = exception
        ExceptionObject(made).context = exception
        ExceptionObject(made).suppressContext = true
        return made
    }
}

extension StrObject {
    /// Copies `source`, whose width is at most this one's, to position `at`.
    func copy(_ source: StrObject, at: Int) {
        if source.width == width {
            (data + at * width).copyMemory(from: source.data, byteCount: source.count * width)
            return
        }
        for i in 0..<source.count { store(source[i], at: at + i) }
    }
}
