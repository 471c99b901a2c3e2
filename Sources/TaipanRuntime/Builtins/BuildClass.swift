// `__build_class__`, which the class statement calls, and `__import__`.

extension Thread {
    func defineClassAndImportBuiltins(_ b: ModuleBuilder) {
        b.rawFunction("__build_class__", "", "__build_class__(func, name, /, *bases, [metaclass], **kwds) -> class\n\nWhat the class statement calls.") { (t, a) throws(Raised) in
            try t.buildClass(a)
        }
        b.function("__import__", "($module, /, name, globals=None, locals=None, fromlist=(),\n           level=0)",
                   "Import a module. importlib.import_module() is the function for programs.") { (t, a) throws(Raised) in
            let level = a[4].isUnbound ? 0 : try t.index(a[4], overflow: .overflowError)
            return try t.importModule(a[0], Thread.noneIfUnbound(a[1]), a[3].isUnbound ? t.objects.pointee.emptyTuple : a[3], level)
        }
    }

    /// Makes a class from the function of its body, its name, bases and keywords (PEP 3115, PEP 560).
    func buildClass(_ a: Arguments) throws(Raised) -> Value {
        if a.count < 2 { throw raise(.typeError, "__build_class__: not enough arguments") }
        let function = a[0], className = a[1]
        if !function.hasLayout(.function) { throw raise(.typeError, "__build_class__: func must be a function") }
        if !className.isKind(.str) { throw raise(.typeError, "__build_class__: name is not a string") }
        let original = try tuple(a.base + 2, a.count - 2)
        let bases = try resolvedBases(original)
        let (keywords, explicit) = try classKeywords(a)
        var metaclass = explicit
        if metaclass.isUnbound {
            metaclass = TupleObject(bases).count == 0 ? types.pointee.type : type(of: TupleObject(bases)[0]).value
        }
        if metaclass.isKind(.type) { metaclass = try winningMetaclass(metaclass, bases) }
        let namespace = try preparedNamespace(metaclass, className, bases, keywords)
        let cell = try runClassBody(function, namespace)
        if bases != original { try setItem(namespace, name(.__orig_bases__), original) }
        let made = try call(metaclass, tuple: try tuple(className, bases, namespace), keywords: keywords)
        if made.isKind(.type) && cell.isBound && cell.hasLayout(.cell) { try checkClassCell(cell, made, className) }
        return made
    }

    private func classKeywords(_ a: Arguments) throws(Raised) -> (keywords: Value, metaclass: Value) {
        if a.keywords.isUnbound || TupleObject(a.keywords).count == 0 { return (.unbound, .unbound) }
        let names = TupleObject(a.keywords)
        let dict = newDict()
        var metaclass = Value.unbound
        for i in 0..<names.count {
            if StrObject(names[i]).equals("metaclass") {
                metaclass = a[a.count + i]
            } else {
                try set(dict, names[i], a[a.count + i])
            }
        }
        return (dict.count == 0 ? .unbound : dict.value, metaclass)
    }

    /// Bases that are no classes give the real ones with `__mro_entries__`. The same tuple when nothing changes.
    public func resolvedBases(_ bases: Value) throws(Raised) -> Value {
        let items = TupleObject(bases)
        var i = 0
        while i < items.count && items[i].isKind(.type) { i += 1 }
        if i == items.count { return bases }
        let made = try newList(capacity: items.count)
        var changed = false
        for i in 0..<items.count {
            let base = items[i]
            let method = base.isKind(.type) ? Value.unbound : try getattrOrUnbound(base, name(.__mro_entries__))
            if method.isUnbound {
                try append(made, base)
                continue
            }
            let entries = try call(method, bases)
            if !entries.isKind(.tuple) { throw raise(.typeError, "__mro_entries__ must return a tuple") }
            changed = true
            for j in 0..<TupleObject(entries).count { try append(made, TupleObject(entries)[j]) }
        }
        return changed ? try tupleFrom(made.value).value : bases
    }

    /// The most derived of the metaclass and the bases' types.
    public func winningMetaclass(_ metaclass: Value, _ bases: Value) throws(Raised) -> Value {
        var winner = metaclass
        let items = TupleObject(bases)
        for i in 0..<items.count {
            let candidate = type(of: items[i])
            if isSubtype(TypeObject(winner), of: candidate.value) { continue }
            if isSubtype(candidate, of: winner) {
                winner = candidate.value
                continue
            }
            throw raise(.typeError, "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the metaclasses of all its bases")
        }
        return winner
    }

    private func preparedNamespace(_ metaclass: Value, _ className: Value, _ bases: Value, _ keywords: Value) throws(Raised) -> Value {
        if metaclass == types.pointee.type { return newDict().value }
        let prepare = try getattrOrUnbound(metaclass, name(.__prepare__))
        if prepare.isUnbound { return newDict().value }
        let namespace = try call(prepare, tuple: try tuple(className, bases), keywords: keywords)
        if namespace.isKind(.dict) || isMapping(namespace) { return namespace }
        let label = metaclass.isKind(.type) ? string(TypeObject(metaclass).name) : "<metaclass>"
        throw raise(.typeError, "\(label).__prepare__() must return a mapping, not \(typeName(namespace))")
    }

    /// The body's `__class__` cell must hold the class by now.
    private func checkClassCell(_ cell: Value, _ made: Value, _ className: Value) throws(Raised) {
        let held = cell.cell[1]
        if held == made { return }
        if held.isUnbound {
            throw raise(.runtimeError, "__class__ not set defining \(try reprText(className)) as \(try reprText(made)). Was __classcell__ propagated to type.__new__?")
        }
        throw raise(.typeError, "__class__ set to \(try reprText(held)) defining \(try reprText(className)) as \(try reprText(made))")
    }
}
