// Builtins about objects and their attributes.

extension Thread {
    func defineAttributeBuiltins(_ b: ModuleBuilder) {
        b.function("callable", "($module, obj, /)", "Tell whether an object can be called.") { (t, a) in
            Value(t.type(of: a[0]).slots.pointee.call.isSet)
        }
        b.rawFunction("getattr", "($module, object, name, default=<unrepresentable>, /)", "Get a named attribute; `default` is the answer when there is none.") { (t, a) throws(Raised) in
            try t.checkCount(a, "getattr", 2, 3)
            let name = try t.attributeName(a[1])
            if a.count == 2 { return try t.getattr(a[0], name) }
            let found = try t.getattrOrUnbound(a[0], name)
            return found.isBound ? found : a[2]
        }
        b.function("hasattr", "($module, obj, name, /)", "Tell whether an object has an attribute of the given name.") { (t, a) throws(Raised) in
            Value(try t.getattrOrUnbound(a[0], try t.attributeName(a[1])).isBound)
        }
        b.function("setattr", "($module, obj, name, value, /)", "Set the named attribute of an object.") { (t, a) throws(Raised) in
            try t.setattr(a[0], try t.attributeName(a[1]), a[2])
            return .none
        }
        b.function("delattr", "($module, obj, name, /)", "Delete the named attribute of an object.") { (t, a) throws(Raised) in
            try t.setattr(a[0], try t.attributeName(a[1]), .unbound)
            return .none
        }
        b.function("hash", "($module, obj, /)", "The hash of an object.") { (t, a) throws(Raised) in
            try t.enterRecursion(" while calling a Python object")
            defer { t.leaveRecursion() }
            return t.int(try t.hash(a[0]))
        }
        b.function("id", "($module, obj, /)", "The identity of an object: no other that lives at the same time has it.") { (t, a) throws(Raised) in
            try t.audit("builtins.id", t.identity(a[0]))
            return t.identity(a[0])
        }
        b.function("isinstance", "($module, obj, class_or_tuple, /)", "Tell whether an object is an instance of a class, or of one of several.") { (t, a) throws(Raised) in
            Value(try t.objectIsInstance(a[0], a[1]))
        }
        b.function("issubclass", "($module, cls, class_or_tuple, /)", "Tell whether a class derives from another, or from one of several.") { (t, a) throws(Raised) in
            Value(try t.objectIsSubclass(a[0], a[1]))
        }
        b.rawFunction("dir", "($module, arg=<unrepresentable>, /)", "dir([object]) -> list of strings\n\nThe sorted names of an object's attributes, or of the current scope.") { (t, a) throws(Raised) in
            try t.checkCount(a, "dir", 0, 1)
            return a.count == 0 ? try t.sortedNames(try t.callMethod(try t.currentLocals(), t.intern("keys"))) : try t.dir(a[0])
        }
        b.rawFunction("vars", "($module, object=<unrepresentable>, /)", "vars([object]) -> dictionary\n\nThe `__dict__` of an object, or the local variables.") { (t, a) throws(Raised) in
            try t.checkCount(a, "vars", 0, 1)
            if a.count == 0 { return try t.currentLocals() }
            let dict = try t.getattrOrUnbound(a[0], t.name(.__dict__))
            if dict.isUnbound { throw t.raise(.typeError, "vars() argument must have __dict__ attribute") }
            return dict
        }
        b.function("repr", "($module, obj, /)", "The text that represents an object.") { (t, a) throws(Raised) in
            try t.enterRecursion(" while calling a Python object")
            defer { t.leaveRecursion() }
            return try t.repr(a[0])
        }
        b.function("ascii", "($module, obj, /)", "Like repr(), with everything but ASCII escaped.") { (t, a) throws(Raised) in try t.ascii(a[0]) }
        b.function("format", "($module, value, format_spec='', /)", "Format a value: type(value).__format__(value, format_spec).") { (t, a) throws(Raised) in
            if a[1].isBound && !a[1].isKind(.str) {
                throw t.raise(.typeError, "format() argument 2 must be str, not \(a[1].isNone ? "None" : t.typeName(a[1]))")
            }
            return try t.format(a[0], a[1].isUnbound ? t.objects.pointee.emptyStr : a[1])
        }
    }

    /// TypeError as for a function of positional-only parameters called with the wrong count, or with keywords.
    func checkCount(_ a: Arguments, _ name: StaticString, _ least: Int, _ most: Int) throws(Raised) {
        if a.keywords.isBound && TupleObject(a.keywords).count > 0 { throw raise(.typeError, "\(name)() takes no keyword arguments") }
        if a.count >= least && a.count <= most { return }
        let bound = a.count < least ? least : most
        let word = least == most ? "" : a.count < least ? "at least " : "at most "
        throw raise(.typeError, "\(name) expected \(word)\(bound) argument\(bound == 1 ? "" : "s"), got \(a.count)")
    }

    /// `dir(value)`: what `__dir__` says, sorted.
    public func dir(_ value: Value) throws(Raised) -> Value {
        let names = try callSpecial(value, name(.__dir__))
        if names.isUnbound { throw raise(.typeError, "object does not provide __dir__") }
        return try sortedNames(names)
    }

    private func sortedNames(_ names: Value) throws(Raised) -> Value {
        let list = names.hasLayout(.list) ? try listFrom(names) : try listFrom(names)
        _ = try callMethod(list.value, intern("sort"))
        return list.value
    }

    /// `ascii(value)`.
    public func ascii(_ value: Value) throws(Raised) -> Value {
        let text = try repr(value)
        let s = StrObject(text)
        if s.isASCII { return text }
        var out: [UInt8] = []
        out.reserveCapacity(s.count * 2)
        for i in 0..<s.count {
            let c = s[i]
            if c < 128 {
                out.append(UInt8(c))
            } else {
                let width = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8
                let digits = String(c, radix: 16)
                out += [0x5C, width == 2 ? 0x78 : width == 4 ? 0x75 : 0x55]
                out += [UInt8](repeating: 0x30, count: width - digits.utf8.count)
                out += Array(digits.utf8)
            }
        }
        return str(wtf8: out)
    }
}
