// `_abc`: registration and caching behind `abc.ABCMeta`.
//
// An abstract class keeps an `_abc_data` object in `_abc_impl`: three dicts from a class's identity to a weak
// reference to it. An identity may be used again after its class died, so the reference decides.

import TaipanRuntime

/// Counts registrations: a negative cache made before the last one is out of date.
private final class ABCState {
    var counter = 0
}

/// `_abc_data`: words registry, cache, negative cache (dicts or unbound), counter of the negative cache (small int).
private struct ABCData {
    let cell: Cell
    init(_ value: Value) { cell = value.cell }
    static var registry: Int { 1 }
    static var cache: Int { 2 }
    static var negativeCache: Int { 3 }
    var negativeVersion: Int { get { cell[4].smallInt } nonmutating set { cell[4] = Value(smallInt: newValue) } }

    func has(_ t: Thread, _ word: Int, _ type: Value) throws(Raised) -> Bool {
        if cell[word].isUnbound { return false }
        let found = try t.get(DictObject(cell[word]), t.identity(type))
        return found.isBound && WeakReference(found.cell).referent == type
    }

    func add(_ t: Thread, _ word: Int, _ type: Value) throws(Raised) {
        if cell[word].isUnbound { cell[word] = t.newDict().value }
        try t.set(DictObject(cell[word]), t.identity(type), t.newWeakReference(type, callback: .unbound).value)
    }

    /// The living classes of a registry or cache, as a list.
    func classes(_ t: Thread, _ word: Int) throws(Raised) -> ListObject {
        let list = try t.newList()
        if cell[word].isUnbound { return list }
        let dict = DictObject(cell[word])
        for i in 0..<dict.entryCount where dict.entry(i).key.isBound {
            let referent = WeakReference(dict.entry(i).value.cell).referent
            if referent.isBound { try t.append(list, referent) }
        }
        return list
    }
}

enum ABCModule {
    static func define(_ b: ModuleBuilder) throws(Raised) {
        b.str("__doc__", "Module contains faster C implementation of abc.ABCMeta")
        let data = try b.type("_abc_data", export: false, .values(4)) { b in b.doc("Internal state held by ABC machinery.") }
        b.set("_abc_data", data.value)
        b.function("get_cache_token", "($module, /)", "The token that changes with every registration.") { (t, _) in t.int(t.abcState.counter) }
        b.function("_abc_init", "($module, self, /)", "Internal ABC helper for class set-up.") { (t, a) throws(Raised) in
            try t.initializeABC(a[0])
            return .none
        }
        b.function("_reset_registry", "($module, self, /)") { (t, a) throws(Raised) in
            try t.abcData(a[0]).cell[ABCData.registry] = .unbound
            return .none
        }
        b.function("_reset_caches", "($module, self, /)") { (t, a) throws(Raised) in
            let data = try t.abcData(a[0])
            data.cell[ABCData.cache] = .unbound
            data.cell[ABCData.negativeCache] = .unbound
            return .none
        }
        b.function("_get_dump", "($module, self, /)") { (t, a) throws(Raised) in try t.dumpABC(try t.abcData(a[0])) }
        b.function("_abc_register", "($module, self, subclass, /)") { (t, a) throws(Raised) in try t.registerABC(a[0], a[1]) }
        b.function("_abc_instancecheck", "($module, self, instance, /)") { (t, a) throws(Raised) in try t.checkABCInstance(a[0], a[1]) }
        b.function("_abc_subclasscheck", "($module, self, subclass, /)") { (t, a) throws(Raised) in Value(try t.checkABCSubclass(a[0], a[1])) }
    }
}

extension Thread {
    fileprivate var abcState: ABCState {
        if let state = interp.pointee.moduleStates["_abc"] as? ABCState { return state }
        let state = ABCState()
        interp.pointee.moduleStates["_abc"] = state
        return state
    }

    fileprivate func abcData(_ type: Value) throws(Raised) -> ABCData {
        let data = try getattr(type, intern("_abc_impl"))
        if self.type(of: data).value != (try abcDataType()) { throw raise(.typeError, "_abc_impl is set to a wrong type") }
        return ABCData(data)
    }

    private func abcDataType() throws(Raised) -> Value {
        let module = try importModule(intern("_abc"), .none, objects.pointee.emptyTuple, 0)
        return try getattr(module, intern("_abc_data"))
    }

    // MARK: Set-up

    fileprivate func initializeABC(_ type: Value) throws(Raised) {
        try computeAbstractMethods(type)
        let data = Value(allocate(TypeObject(try abcDataType())))
        ABCData(data).negativeVersion = abcState.counter
        try setattr(type, intern("_abc_impl"), data)
        if !type.isKind(.type) { return }
        // Patterns of `match` ask whether a class is a sequence or a mapping; the library says so with CPython's flag bits.
        let key = intern("__abc_tpflags__")
        let flags = DictObject(TypeObject(type).dict).findString(self, key)
        if flags.isUnbound || !flags.isSmallInt { return }
        if flags.smallInt & TypeFlag.sequence != 0 && flags.smallInt & TypeFlag.mapping != 0 {
            throw raise(.typeError, "__abc_tpflags__ cannot be both Py_TPFLAGS_SEQUENCE and Py_TPFLAGS_MAPPING")
        }
        setCollectionFlags(TypeObject(type), flags.smallInt & (TypeFlag.sequence | TypeFlag.mapping))
        try setattr(type, key, .unbound)
    }

    private func setCollectionFlags(_ type: TypeObject, _ flags: Int) {
        // Builtin types say for themselves what they are: a str is registered as a Sequence, but no sequence to `match`.
        if flags == 0 || type.has(TypeFlag.immutable) { return }
        type.flags = type.flags & ~(TypeFlag.sequence | TypeFlag.mapping) | flags
        forEachSubclass(type) { setCollectionFlags($0, flags) }
    }

    private func isAbstract(_ value: Value) throws(Raised) -> Bool {
        let mark = try getattrOrUnbound(value, name(.__isabstractmethod__))
        return mark.isBound ? try truth(mark) : false
    }

    private func computeAbstractMethods(_ type: Value) throws(Raised) {
        let names = try newList()
        let namespace = try listFrom(try callMethod(try getattr(type, .__dict__), intern("items")))
        for i in 0..<namespace.count {
            let pair = TupleObject(namespace[i])
            if try isAbstract(pair[1]) { try append(names, pair[0]) }
        }
        let bases = try getattr(type, .__bases__)
        if !bases.isKind(.tuple) { throw raise(.typeError, "__bases__ is not tuple") }
        for i in 0..<TupleObject(bases).count {
            let inherited = try getattrOrUnbound(TupleObject(bases)[i], name(.__abstractmethods__))
            if inherited.isUnbound { continue }
            try forEach(inherited) { (key) throws(Raised) in
                let value = try getattrOrUnbound(type, try attributeName(key))
                if value.isBound, try isAbstract(value) { try append(names, key) }
            }
        }
        try setattr(type, name(.__abstractmethods__), try call(types.pointee.frozenset, names.value))
    }

    // MARK: Registration and checks

    fileprivate func registerABC(_ type: Value, _ subclass: Value) throws(Raised) -> Value {
        if !subclass.isKind(.type) { throw raise(.typeError, "Can only register classes") }
        if try objectIsSubclass(subclass, type) { return subclass }
        if try objectIsSubclass(type, subclass) { throw raise(.runtimeError, "Refusing to create an inheritance cycle") }
        try abcData(type).add(self, ABCData.registry, subclass)
        abcState.counter += 1
        if type.isKind(.type) { setCollectionFlags(TypeObject(subclass), TypeObject(type).flags & (TypeFlag.sequence | TypeFlag.mapping)) }
        return subclass
    }

    fileprivate func checkABCInstance(_ type: Value, _ instance: Value) throws(Raised) -> Value {
        let data = try abcData(type)
        let claimed = try getattr(instance, .__class__)
        if claimed.isKind(.type), try data.has(self, ABCData.cache, claimed) { return .true }
        let real = self.type(of: instance).value
        let check = intern("__subclasscheck__")
        if real == claimed {
            if data.negativeVersion == abcState.counter, try data.has(self, ABCData.negativeCache, real) { return .false }
            return try callMethod(type, check, real)
        }
        let answer = try callMethod(type, check, claimed)
        return try truth(answer) ? answer : try callMethod(type, check, real)
    }

    fileprivate func checkABCSubclass(_ type: Value, _ subclass: Value) throws(Raised) -> Bool {
        if !subclass.isKind(.type) { throw raise(.typeError, "issubclass() arg 1 must be a class") }
        let data = try abcData(type)
        if try data.has(self, ABCData.cache, subclass) { return true }
        if data.negativeVersion < abcState.counter {
            data.cell[ABCData.negativeCache] = .unbound
            data.negativeVersion = abcState.counter
        } else if try data.has(self, ABCData.negativeCache, subclass) {
            return false
        }
        let answer = try callMethod(type, intern("__subclasshook__"), subclass)
        if answer.isTrue || answer.isFalse {
            try data.add(self, answer.isTrue ? ABCData.cache : ABCData.negativeCache, subclass)
            return answer.isTrue
        }
        if !answer.isNotImplemented { throw raise(.assertionError, "__subclasshook__ must return either False, True, or NotImplemented") }
        let isDerived = isSubtype(TypeObject(subclass), of: type) ? true : try isVirtualSubclass(type, subclass, data)
        if isDerived {
            try data.add(self, ABCData.cache, subclass)
            return true
        }
        try data.add(self, ABCData.negativeCache, subclass)
        return false
    }

    /// Registered classes first, then the subclasses of the abstract class.
    private func isVirtualSubclass(_ type: Value, _ subclass: Value, _ data: ABCData) throws(Raised) -> Bool {
        let registered = try data.classes(self, ABCData.registry)
        for i in 0..<registered.count where try objectIsSubclass(subclass, registered[i]) { return true }
        let derived = try callMethod(type, intern("__subclasses__"))
        if !derived.isKind(.list) { throw raise(.typeError, "__subclasses__() must return a list") }
        for i in 0..<ListObject(derived).count where try objectIsSubclass(subclass, ListObject(derived)[i]) { return true }
        return false
    }

    fileprivate func dumpABC(_ data: ABCData) throws(Raised) -> Value {
        let dump = try newTuple(4)
        for word in 1...3 {
            let classes = try data.classes(self, word)
            for i in 0..<classes.count { classes[i] = newWeakReference(classes[i], callback: .unbound).value }
            dump[word - 1] = try call(types.pointee.set, classes.value)
        }
        dump[3] = int(data.negativeVersion)
        return dump.value
    }
}
