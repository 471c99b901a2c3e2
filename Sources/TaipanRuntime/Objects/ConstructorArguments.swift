// Argument checks of constructors, which get their arguments as they come: the wording is that of CPython's own parsers.

extension Thread {
    /// "NAME() takes no keyword arguments" when there are some.
    @inline(__always) public func refuseKeywords(_ a: Arguments, _ function: StaticString) throws(Raised) {
        if a.keywords.isBound && TupleObject(a.keywords).count > 0 { throw raise(.typeError, "\(function)() takes no keyword arguments") }
    }

    /// "NAME expected at most 1 argument, got 2" and the like, unless the count of positional arguments is in range.
    @inline(__always) public func checkPositionalCount(_ a: Arguments, _ function: StaticString, _ least: Int, _ most: Int) throws(Raised) {
        if a.count < least || a.count > most { throw wrongCount(a.count, function, least, most) }
    }

    @inline(never) func wrongCount(_ count: Int, _ function: StaticString, _ least: Int, _ most: Int) -> Raised {
        let bound = count < least ? least : most
        let word = least == most ? "" : count < least ? "at least " : "at most "
        return raise(.typeError, "\(function) expected \(word)\(bound) argument\(bound == 1 ? "" : "s"), got \(count)")
    }

    /// Positional arguments only, `least...most` of them, for exact types; subclasses may take keywords in their `__init__`.
    @inline(__always) public func positionalOnly(_ a: Arguments, _ function: StaticString, _ least: Int, _ most: Int) throws(Raised) {
        try refuseKeywords(a, function)
        try checkPositionalCount(a, function, least, most)
    }

    /// True for `base` and for subclasses without an `__init__` of their own: keywords that `base` does not take are refused for these.
    func initializesLike(_ type: Value, _ base: Value) -> Bool {
        TypeObject(type).slots.pointee.initialize.address == TypeObject(base).slots.pointee.initialize.address
    }

    /// Brings arguments into the order of `names` (which may all be given by keyword), as many words at `out`, which must be unbound.
    public func bindNames(_ a: Arguments, _ function: StaticString, _ names: [StaticString], required: Int, _ out: UnsafeMutablePointer<Value>) throws(Raised) {
        let keywords = a.keywords.isUnbound ? 0 : TupleObject(a.keywords).count
        if a.count + keywords > names.count {
            let what = a.count == 0 ? "keyword " : ""
            throw raise(.typeError, "\(function)() takes at most \(names.count) \(what)argument\(names.count == 1 ? "" : "s") (\(a.count + keywords) given)")
        }
        for i in 0..<max(a.count, 0) { out[i] = a[i] }
        for k in 0..<keywords {
            let key = TupleObject(a.keywords)[k]
            guard let i = names.firstIndex(where: { StrObject(key).equals($0) }) else {
                throw raise(.typeError, "'\(string(key))' is an invalid keyword argument for \(function)()")
            }
            if out[i].isBound { throw raise(.typeError, "argument for \(function)() given by name ('\(string(key))') and position (\(i + 1))") }
            out[i] = a[a.count + k]
        }
        for i in 0..<required where out[i].isUnbound {
            throw raise(.typeError, "\(function)() missing required argument '\(names[i])' (pos \(i + 1))")
        }
    }

    /// "NAME() takes at most 2 keyword arguments (3 given)" when there are more: counted before they are looked at.
    func limitKeywords(_ given: Int, _ most: Int, _ function: StaticString) throws(Raised) {
        if given > most { throw raise(.typeError, "\(function)() takes at most \(most) keyword argument\(most == 1 ? "" : "s") (\(given) given)") }
    }

    /// The value of the one keyword that `function` takes; unbound when it is not given.
    public func onlyKeyword(_ a: Arguments, _ function: StaticString, _ name: StaticString) throws(Raised) -> Value {
        if a.keywords.isUnbound { return .unbound }
        let names = TupleObject(a.keywords)
        try limitKeywords(names.count, 1, function)
        for k in 0..<names.count where !StrObject(names[k]).equals(name) {
            throw raise(.typeError, "'\(string(names[k]))' is an invalid keyword argument for \(function)()")
        }
        return names.count > 0 ? a[a.count] : .unbound
    }

    /// How many items `value` says it will give (`__len__`, `__length_hint__`), or `fallback`.
    public func lengthHint(_ value: Value, _ fallback: Int) throws(Raised) -> Int {
        if value.hasLayout(.generator) { return fallback }
        let slots = type(of: value).slots
        if slots.pointee.length.isSet {
            do throws(Raised) { return try slots.pointee.length(self, value) } catch { try swallow(.typeError, error) }
        }
        let hint: Value
        do throws(Raised) {
            hint = try callSpecial(value, name(.__length_hint__))
        } catch {
            try swallow(.typeError, error)
            return fallback
        }
        if hint.isUnbound || hint.isNotImplemented { return fallback }
        if !isInt(hint) { throw raise(.typeError, "__length_hint__ must be an integer, not \(typeName(hint))") }
        guard let n = machineInt(hint) else { throw raise(.overflowError, "Python int too large to convert to C ssize_t") }
        if n < 0 { throw raise(.valueError, "__length_hint__() should return >= 0") }
        return n
    }

    /// A function of the builtins module, for `__reduce__`. Looking it up may run code: a program can put any key there.
    public func builtinFunction(_ name: StaticString) throws(Raised) -> Value {
        let dict = objects.pointee.builtins
        let found: Value = dict.isUnbound ? .unbound : try get(DictObject(dict), intern(name))
        if found.isBound { return found }
        throw raise(.attributeError, "\(name)")
    }
}

extension Thread {
    /// For raw methods: keywords are refused, and `least...most` arguments wanted besides the receiver.
    @inline(__always) public func checkMethod(_ a: Arguments, _ type: StaticString, _ method: StaticString, _ least: Int, _ most: Int) throws(Raised) {
        let given = a.count &- 1
        if given < least || given > most || a.keywords.isBound { try methodMismatch(a, type, method, least, most) }
    }

    @inline(never) private func methodMismatch(_ a: Arguments, _ type: StaticString, _ method: StaticString, _ least: Int, _ most: Int) throws(Raised) {
        if a.keywords.isBound && TupleObject(a.keywords).count > 0 { throw raise(.typeError, "\(type).\(method)() takes no keyword arguments") }
        let given = a.count &- 1
        if given < least || given > most { throw wrongCount(given, method, least, most) }
    }
}
