// The descriptors that Python code makes: bound methods, static and class methods, properties, and closure cells.

extension Thread {
    // MARK: method

    /// A bound method: word 1 the function, word 2 the receiver.
    public func newMethod(_ function: Value, _ receiver: Value) -> Value {
        let cell = heap.allocate(header: UInt(LayoutID.method.rawValue), bytes: 24)
        cell[1] = function
        cell[2] = receiver
        return Value(cell)
    }

    func defineMethodType() {
        defineType(.method, "method", flags: TypeFlag.hasWeakReferences | TypeFlag.vectorcall, .values(2)) { b in
            b.doc("method(function, instance, /)\n--\n\nCreate a bound instance method object.")
            let s = b.slots
            s.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                if a.keywords.isBound && TupleObject(a.keywords).count > 0 { throw t.raise(.typeError, "method() takes no keyword arguments") }
                if a.count != 2 { throw t.raise(.typeError, "method expected 2 arguments, got \(a.count)") }
                if !t.type(of: a[0]).slots.pointee.call.isSet { throw t.raise(.typeError, "first argument must be callable") }
                if a[1].isNone { throw t.raise(.typeError, "instance must not be None") }
                return t.newMethod(a[0], a[1])
            }
            s.pointee.call = CallSlot { (t, v, a) throws(Raised) in try t.callPrepending(v.cell[1], v.cell[2], a) }
            s.pointee.repr = UnarySlot { (t, v) throws(Raised) in
                var label = try t.getattrOrUnbound(v.cell[1], t.name(.__qualname__))
                if !label.isKind(.str) { label = try t.getattrOrUnbound(v.cell[1], t.name(.__name__)) }
                return t.str("<bound method \(label.isKind(.str) ? t.string(label) : "?") of \(try t.reprText(v.cell[2]))>")
            }
            s.pointee.hash = IntSlot { (t, v) throws(Raised) in
                let hash = t.identityHash(v.cell[2]) ^ (try t.hash(v.cell[1]))
                return hash == -1 ? -2 : hash
            }
            s.pointee.compare = CompareSlot { (t, l, r, op) throws(Raised) in
                if op != .equal && op != .notEqual || !r.hasLayout(.method) || !l.hasLayout(.method) { return .notImplemented }
                var same = l.cell[2] == r.cell[2]
                if same { same = try t.equals(l.cell[1], r.cell[1]) }
                return Value(same == (op == .equal))
            }
            s.pointee.getattr = BinarySlot { (t, v, name) throws(Raised) in
                let found = t.lookup(t.type(of: v), name)
                if found.isBound {
                    let get = t.type(of: found).slots.pointee.descriptorGet
                    return get.isSet ? try get(t, found, v, t.type(of: v).value) : found
                }
                return try t.getattr(v.cell[1], name)
            }
            s.pointee.setattr = StoreSlot(Thread.genericSetattr)
            b.member("__func__", word: 1, "the function (or other callable) implementing a method")
            b.member("__self__", word: 2, "the instance to which a method is bound")
            b.getset("__doc__", get: { (t, v) throws(Raised) in try t.getattr(v.cell[1], .__doc__) })
            b.method("__reduce__", "($self, /)") { (t, a) throws(Raised) in
                try t.tuple(t.builtin("getattr"), try t.tuple(a[0].cell[2], try t.getattr(a[0].cell[1], .__name__)))
            }
        }
    }

    // MARK: staticmethod and classmethod

    /// `staticmethod(function)`, without copying attributes: for functions that a class body makes implicitly static.
    func newStaticMethod(_ function: Value) throws(Raised) -> Value {
        let cell = allocate(TypeObject(types.pointee.staticMethod))
        cell[1] = function
        try copyWrapperAttributes(Value(cell), function)
        return Value(cell)
    }

    func newClassMethod(_ function: Value) throws(Raised) -> Value {
        let cell = allocate(TypeObject(types.pointee.classMethod))
        cell[1] = function
        try copyWrapperAttributes(Value(cell), function)
        return Value(cell)
    }

    /// `functools.update_wrapper`'s attributes, where the wrapped callable has them.
    private func copyWrapperAttributes(_ wrapper: Value, _ wrapped: Value) throws(Raised) {
        for attribute in [WellKnownName.__module__, .__name__, .__qualname__, .__doc__, .__annotations__] {
            let value = try getattrOrUnbound(wrapped, name(attribute))
            if value.isBound { try attributeDict(wrapper.cell).setString(self, name(attribute), value) }
        }
    }

    func defineStaticAndClassMethodTypes() {
        defineType(.staticMethod, "staticmethod", flags: TypeFlag.base, .values(2, dictWord: 2)) { b in
            b.doc("staticmethod(function) -> method\n\nConvert a function to be a static method.\n\nA static method does not receive an implicit first argument.\nTo declare a static method, use this idiom:\n\n     class C:\n         @staticmethod\n         def f(arg1, arg2, argN):\n             ...\n\nIt can be called either on the class (e.g. C.f()) or on an instance\n(e.g. C().f()). Both the class and the instance are ignored, and\nneither is passed implicitly as the first argument to the method.\n\nStatic methods in Python are similar to those found in Java or C++.\nFor a more advanced concept, see the classmethod builtin.")
            b.slots.pointee.descriptorGet = TernarySlot { (t, v, object, type) throws(Raised) in
                if v.cell[1].isUnbound { throw t.raise(.runtimeError, "uninitialized staticmethod object") }
                return v.cell[1]
            }
            b.slots.pointee.call = CallSlot { (t, v, a) throws(Raised) in try t.call(v.cell[1], a) }
            addWrapperParts(b)
        }
        defineType(.classMethod, "classmethod", flags: TypeFlag.base, .values(2, dictWord: 2)) { b in
            b.doc("classmethod(function) -> method\n\nConvert a function to be a class method.\n\nA class method receives the class as implicit first argument,\njust like an instance method receives the instance.\nTo declare a class method, use this idiom:\n\n  class C:\n      @classmethod\n      def f(cls, arg1, arg2, argN):\n          ...\n\nIt can be called either on the class (e.g. C.f()) or on an instance\n(e.g. C().f()).  The instance is ignored except for its class.\nIf a class method is called for a derived class, the derived class\nobject is passed as the implied first argument.\n\nClass methods are different than C++ or Java static methods.\nIf you want those, see the staticmethod builtin.")
            b.slots.pointee.descriptorGet = TernarySlot { (t, v, object, type) throws(Raised) in
                let function = v.cell[1]
                if function.isUnbound { throw t.raise(.runtimeError, "uninitialized classmethod object") }
                let type = type.isUnbound ? t.type(of: object).value : type
                if function.hasLayout(.function) { return t.newMethod(function, type) }
                let get = t.type(of: function).slots.pointee.descriptorGet
                return get.isSet ? try get(t, function, type, type) : t.newMethod(function, type)
            }
            addWrapperParts(b)
        }
    }

    /// What staticmethod and classmethod share. Word 1 the callable, word 2 the attribute dict.
    private func addWrapperParts(_ b: TypeBuilder) {
        b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in Value(t.allocate(TypeObject(type))) }
        b.slots.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in
            let label = t.isInstance(v, of: t.types.pointee.staticMethod) ? "staticmethod" : "classmethod"
            if a.keywords.isBound && TupleObject(a.keywords).count > 0 { throw t.raise(.typeError, "\(label)() takes no keyword arguments") }
            if a.count != 1 { throw t.raise(.typeError, "\(label) expected 1 argument, got \(a.count)") }
            v.cell[1] = a[0]
            try t.copyWrapperAttributes(v, a[0])
        }
        b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in
            let label = t.isInstance(v, of: t.types.pointee.staticMethod) ? "staticmethod" : "classmethod"
            return t.str("<\(label)(\(v.cell[1].isUnbound ? "NULL" : try t.reprText(v.cell[1])))>")
        }
        b.member("__func__", word: 1)
        b.member("__wrapped__", word: 1)
        b.getset("__isabstractmethod__", get: { (t, v) throws(Raised) in Value(try t.isAbstractMethod(v.cell[1])) })
        addDictGetSet(b)
    }

    /// The `__dict__` attribute of a builtin type whose instances have one.
    func addDictGetSet(_ b: TypeBuilder) {
        b.getset("__dict__", get: { (t, v) throws(Raised) in try Thread.getInstanceDict(t, v) },
                 set: { (t, v, new) throws(Raised) in try Thread.setInstanceDict(t, v, new) })
    }

    /// The truth of `__isabstractmethod__`, false when there is none.
    func isAbstractMethod(_ value: Value) throws(Raised) -> Bool {
        if value.isUnbound { return false }
        let flag = try getattrOrUnbound(value, name(.__isabstractmethod__))
        return flag.isBound ? try truth(flag) : false
    }

    // MARK: cell

    /// A closure cell: word 1 the contents, unbound when empty.
    public func newCell(_ contents: Value = .unbound) -> Value {
        let cell = heap.allocate(header: UInt(LayoutID.cell.rawValue), bytes: 16)
        cell[1] = contents
        return Value(cell)
    }

    func defineCellType() {
        defineType(.cell, "cell", .values(1)) { b in
            b.doc("cell([contents])\n--\n\nCreate a new cell object.\n\n  contents\n    the contents of the cell. If not specified, the cell will be empty,\n    and \nfurther attempts to access its cell_contents attribute will\n    raise a ValueError.")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                if a.keywords.isBound && TupleObject(a.keywords).count > 0 { throw t.raise(.typeError, "cell() takes no keyword arguments") }
                if a.count > 1 { throw t.raise(.typeError, "cell expected at most 1 argument, got \(a.count)") }
                return t.newCell(a.count == 1 ? a[0] : .unbound)
            }
            b.slots.pointee.repr = UnarySlot { (t, v) in
                let contents = v.cell[1]
                if contents.isUnbound { return t.str("<cell at \(t.addressText(v)): empty>") }
                return t.str("<cell at \(t.addressText(v)): \(t.typeName(contents)) object at \(t.addressText(contents))>")
            }
            b.slots.pointee.compare = CompareSlot { (t, l, r, op) throws(Raised) in
                if !l.hasLayout(.cell) || !r.hasLayout(.cell) { return .notImplemented }
                let a = l.cell[1], c = r.cell[1]
                if a.isBound && c.isBound { return try t.compare(a, c, op) }
                return Value(op.holds((a.isUnbound ? 0 : 1) - (c.isUnbound ? 0 : 1)))
            }
            b.getset("cell_contents", get: { (t, v) throws(Raised) in
                if v.cell[1].isUnbound { throw t.raise(.valueError, "Cell is empty") }
                return v.cell[1]
            }, set: { (t, v, new) in v.cell[1] = new })
        }
    }
}
