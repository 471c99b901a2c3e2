// The type of Python functions.

extension Thread {
    func defineFunctionType() {
        let cells = NativeLayout(valueWords: FunctionObject.valueWords, bytes: FunctionObject.bytes, dictWord: 10)
        defineType(.function, "function", flags: TypeFlag.methodDescriptor | TypeFlag.hasWeakReferences | TypeFlag.vectorcall, cells) { b in
            b.doc("function(code, globals, name=None, argdefs=None, closure=None)\n--\n\nCreate a function object.\n\n  code\n    a code object\n  globals\n    the globals dictionary\n  name\n    a string that overrides the name from the code object\n  argdefs\n    a tuple that specifies the default argument values\n  closure\n    a tuple that supplies the bindings for free variables")
            let s = b.slots
            s.pointee.call = CallSlot(Thread.callFunctionObject)
            s.pointee.new = CallSlot(Thread.functionNew)
            s.pointee.repr = UnarySlot { (t, v) throws(Raised) in
                t.str("<function \(t.string(FunctionObject(v).qualname)) at 0x\(String(v.bits, radix: 16))>")
            }
            s.pointee.descriptorGet = TernarySlot { (t, function, object, _) throws(Raised) in
                object.isUnbound || object.isNone ? function : t.newMethod(function, object)
            }
            defineFunctionAttributes(b)
        }
    }

    private func defineFunctionAttributes(_ b: TypeBuilder) {
        b.member("__closure__", word: 8)
        b.member("__doc__", word: 9, readOnly: false)
        b.member("__globals__", word: 2)
        b.member("__module__", word: 12, readOnly: false)
        b.member("__builtins__", word: 3)
        b.getset("__code__", get: { (t, v) throws(Raised) in
            try t.audit("object.__getattr__", v, t.intern("__code__"))
            return FunctionObject(v).code
        }, set: { (t, v, new) throws(Raised) in try t.setFunctionCode(v, new) })
        b.getset("__defaults__", get: { (t, v) throws(Raised) in
            try t.audit("object.__getattr__", v, t.intern("__defaults__"))
            return FunctionObject(v).defaults.orNone
        }, set: { (t, v, new) throws(Raised) in
            if !new.isNoneOrUnbound && !new.isKind(.tuple) { throw t.raise(.typeError, "__defaults__ must be set to a tuple object") }
            try t.auditAttribute(v, t.intern("__defaults__"), new)
            FunctionObject(v).defaults = new.isNoneOrUnbound ? .unbound : new
        })
        b.getset("__kwdefaults__", get: { (t, v) throws(Raised) in
            try t.audit("object.__getattr__", v, t.intern("__kwdefaults__"))
            return FunctionObject(v).kwdefaults.orNone
        }, set: { (t, v, new) throws(Raised) in
            if !new.isNoneOrUnbound && !new.isKind(.dict) { throw t.raise(.typeError, "__kwdefaults__ must be set to a dict object") }
            try t.auditAttribute(v, t.intern("__kwdefaults__"), new)
            FunctionObject(v).kwdefaults = new.isNoneOrUnbound ? .unbound : new
        })
        b.getset("__annotations__", get: { (t, v) throws(Raised) in try t.functionAnnotations(FunctionObject(v)) }, set: { (t, v, new) throws(Raised) in
            if !new.isNoneOrUnbound && !new.isKind(.dict) { throw t.raise(.typeError, "__annotations__ must be set to a dict object") }
            FunctionObject(v).annotations = new.isNoneOrUnbound ? .unbound : new
        })
        b.getset("__name__", get: { (_, v) throws(Raised) in FunctionObject(v).name }, set: { (t, v, new) throws(Raised) in
            if !new.isKind(.str) { throw t.raise(.typeError, "__name__ must be set to a string object") }
            FunctionObject(v).name = new
        })
        b.getset("__qualname__", get: { (_, v) throws(Raised) in FunctionObject(v).qualname }, set: { (t, v, new) throws(Raised) in
            if !new.isKind(.str) { throw t.raise(.typeError, "__qualname__ must be set to a string object") }
            FunctionObject(v).qualname = new
        })
        b.getset("__type_params__", get: { (t, v) throws(Raised) in
            FunctionObject(v).typeParameters.isUnbound ? t.objects.pointee.emptyTuple : FunctionObject(v).typeParameters
        }, set: { (t, v, new) throws(Raised) in
            if !new.isKind(.tuple) { throw t.raise(.typeError, "__type_params__ must be set to a tuple") }
            FunctionObject(v).typeParameters = new
        })
        addDictGetSet(b)
    }

    /// `__annotations__`: the compiler's tuple becomes a dict when it is first asked for.
    private func functionAnnotations(_ function: FunctionObject) throws(Raised) -> Value {
        if function.annotations.isKind(.dict) { return function.annotations }
        let made = newDict()
        if function.annotations.isKind(.tuple) {
            let pairs = TupleObject(function.annotations)
            for i in stride(from: 0, to: pairs.count, by: 2) { try set(made, pairs[i], pairs[i + 1]) }
        }
        function.annotations = made.value
        return made.value
    }

    private func setFunctionCode(_ value: Value, _ new: Value) throws(Raised) {
        if !new.hasLayout(.code) { throw raise(.typeError, "__code__ must be set to a code object") }
        let function = FunctionObject(value)
        let free = freeVariableCount(CodeCell(new)), have = function.closure.isNoneOrUnbound ? 0 : TupleObject(function.closure).count
        if free != have { throw raise(.valueError, "\(string(function.name))() requires a code object with \(have) free vars, not \(free)") }
        try audit("object.__setattr__", value, intern("__code__"), new)
        function.code = new
        function.lowered = nil
    }

    func freeVariableCount(_ code: CodeCell) -> Int {
        let kinds = BytesObject(code.localspluskinds)
        var n = 0
        for i in 0..<kinds.count where kinds.data[i] & 0x80 != 0 { n += 1 }
        return n
    }

    /// `types.FunctionType(code, globals, name=None, argdefs=None, closure=None)`.
    static func functionNew(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        var given = (code: Value.unbound, globals: Value.unbound, name: Value.none, defaults: Value.none, closure: Value.none)
        for i in 0..<min(a.count, 5) { try t.place(i, a[i], &given) }
        if a.count > 5 { throw t.raise(.typeError, "function() takes at most 5 arguments (\(a.count) given)") }
        if a.keywords.isBound {
            let names = TupleObject(a.keywords)
            for k in 0..<names.count {
                guard let i = ["code", "globals", "name", "argdefs", "closure"].firstIndex(of: t.string(names[k])) else {
                    throw t.raise(.typeError, "'\(t.string(names[k]))' is an invalid keyword argument for function()")
                }
                try t.place(i, a[a.count + k], &given)
            }
        }
        if given.code.isUnbound { throw t.raise(.typeError, "function() missing required argument 'code' (pos 1)") }
        if given.globals.isUnbound { throw t.raise(.typeError, "function() missing required argument 'globals' (pos 2)") }
        if !given.code.hasLayout(.code) { throw t.raise(.typeError, "function() argument 'code' must be code, not \(t.typeName(given.code))") }
        if !given.globals.isKind(.dict) { throw t.raise(.typeError, "function() argument 'globals' must be dict, not \(t.typeName(given.globals))") }
        return try t.makeFunctionObject(given)
    }

    private func place(_ i: Int, _ value: Value, _ given: inout (code: Value, globals: Value, name: Value, defaults: Value, closure: Value)) throws(Raised) {
        switch i {
        case 0: given.code = value
        case 1: given.globals = value
        case 2: given.name = value
        case 3: given.defaults = value
        default: given.closure = value
        }
    }

    private func makeFunctionObject(_ given: (code: Value, globals: Value, name: Value, defaults: Value, closure: Value)) throws(Raised) -> Value {
        if !given.name.isNone && !given.name.isKind(.str) { throw raise(.typeError, "arg 3 (name) must be None or string") }
        if !given.defaults.isNone && !given.defaults.isKind(.tuple) { throw raise(.typeError, "arg 4 (defaults) must be None or tuple") }
        let free = freeVariableCount(CodeCell(given.code))
        if !given.closure.isKind(.tuple) {
            if free > 0 && given.closure.isNone { throw raise(.typeError, "arg 5 (closure) must be tuple") }
            if !given.closure.isNone { throw raise(.typeError, "arg 5 (closure) must be None or tuple") }
        }
        let have = given.closure.isNone ? 0 : TupleObject(given.closure).count
        if have != free { throw raise(.valueError, "\(string(CodeCell(given.code).name)) requires closure of length \(free), not \(have)") }
        for i in 0..<have where !TupleObject(given.closure)[i].hasLayout(.cell) {
            throw raise(.typeError, "arg 5 (closure) expected cell, found \(typeName(TupleObject(given.closure)[i]))")
        }
        try audit("function.__new__", given.code)
        let made = try newFunction(CodeCell(given.code), globals: given.globals)
        if given.name.isKind(.str) { made.name = given.name }
        if given.defaults.isKind(.tuple) { made.defaults = given.defaults }
        if given.closure.isKind(.tuple) { made.closure = given.closure }
        return made.value
    }
}
