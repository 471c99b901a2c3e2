// `_testcapi`: calling. Functions and methods of each calling convention, callable types, and calls from native code.
// Taipan has one calling convention for native callables, arguments in place: what CPython calls vectorcall. A type that
// declares it says so in its flags.

import TaipanRuntime

extension TestCAPIModule {
    static func defineCalls(_ m: ModuleBuilder) throws(Raised) {
        m.function("meth_varargs", "($module, /, *args)") { (t, a) throws(Raised) in try t.tuple(try module(t), a[0]) }
        m.function("meth_varargs_keywords", "($module, /, *args, **kwargs)") { (t, a) throws(Raised) in try withKeywords(t, try module(t), a[0], a[1]) }
        m.function("meth_o", "($module, arg, /)") { (t, a) throws(Raised) in try t.tuple(try module(t), a[0]) }
        m.function("meth_noargs", "($module, /)") { (t, _) throws(Raised) in try module(t) }
        m.function("meth_fastcall", "($module, /, *args)") { (t, a) throws(Raised) in try t.tuple(try module(t), a[0]) }
        m.function("meth_fastcall_keywords", "($module, /, *args, **kwargs)") { (t, a) throws(Raised) in try withKeywords(t, try module(t), a[0], a[1]) }
        try defineMethodTypes(m)
        try defineCallables(m)
        defineCallers(m)
    }

    private static func module(_ t: Thread) throws(Raised) -> Value { try t.importAbsolute("_testcapi") }

    /// `(self, args, kwargs)`, None when there are no keywords.
    private static func withKeywords(_ t: Thread, _ receiver: Value, _ args: Value, _ keywords: Value) throws(Raised) -> Value {
        try t.tuple(receiver, args, DictObject(keywords).count == 0 ? .none : keywords)
    }

    // MARK: Methods of each convention

    private static func defineMethodTypes(_ m: ModuleBuilder) throws(Raised) {
        let t = m.t
        let instance = try m.type("MethInstance", .leaf(bytes: 8)) { b in
            b.doc("Class with normal (instance) methods to test calling conventions")
            b.method("meth_varargs", "($self, /, *args)") { (t, a) throws(Raised) in try t.tuple(a[0], a[1]) }
            b.method("meth_varargs_keywords", "($self, /, *args, **kwargs)") { (t, a) throws(Raised) in try withKeywords(t, a[0], a[1], a[2]) }
            b.method("meth_o", "($self, arg, /)") { (t, a) throws(Raised) in try t.tuple(a[0], a[1]) }
            b.method("meth_noargs", "($self, /)") { (_, a) in a[0] }
            b.method("meth_fastcall", "($self, /, *args)") { (t, a) throws(Raised) in try t.tuple(a[0], a[1]) }
            b.method("meth_fastcall_keywords", "($self, /, *args, **kwargs)") { (t, a) throws(Raised) in try withKeywords(t, a[0], a[1], a[2]) }
        }
        let shared = try m.type("MethClass", .leaf(bytes: 8)) { b in
            b.doc("Class with class methods to test calling conventions")
            b.classMethod("meth_varargs", "($type, /, *args)") { (t, a) throws(Raised) in try t.tuple(a[0], a[1]) }
            b.classMethod("meth_varargs_keywords", "($type, /, *args, **kwargs)") { (t, a) throws(Raised) in try withKeywords(t, a[0], a[1], a[2]) }
            b.classMethod("meth_o", "($type, arg, /)") { (t, a) throws(Raised) in try t.tuple(a[0], a[1]) }
            b.classMethod("meth_noargs", "($type, /)") { (_, a) in a[0] }
            b.classMethod("meth_fastcall", "($type, /, *args)") { (t, a) throws(Raised) in try t.tuple(a[0], a[1]) }
            b.classMethod("meth_fastcall_keywords", "($type, /, *args, **kwargs)") { (t, a) throws(Raised) in try withKeywords(t, a[0], a[1], a[2]) }
        }
        let free = try m.type("MethStatic", .leaf(bytes: 8)) { b in
            b.doc("Class with static methods to test calling conventions")
            b.staticMethod("meth_varargs", "(*args)") { (t, a) throws(Raised) in try t.tuple(.none, a[0]) }
            b.staticMethod("meth_varargs_keywords", "(*args, **kwargs)") { (t, a) throws(Raised) in try withKeywords(t, .none, a[0], a[1]) }
            b.staticMethod("meth_o", "(arg, /)") { (t, a) throws(Raised) in try t.tuple(.none, a[0]) }
            b.staticMethod("meth_noargs", "()") { (_, _) in .none }
            b.staticMethod("meth_fastcall", "(*args)") { (t, a) throws(Raised) in try t.tuple(.none, a[0]) }
            b.staticMethod("meth_fastcall_keywords", "(*args, **kwargs)") { (t, a) throws(Raised) in try withKeywords(t, .none, a[0], a[1]) }
        }
        for type in [instance, shared, free] { type.slots.pointee.new = CallSlot { (t, type, _) in Value(t.allocate(TypeObject(type))) } }
        _ = t
    }

    // MARK: Callable types

    private static func defineCallables(_ m: ModuleBuilder) throws(Raised) {
        let descriptor = TypeFlag.base | TypeFlag.methodDescriptor
        let base = try m.type("MethodDescriptorBase", flags: descriptor | TypeFlag.vectorcall, .leaf(bytes: 8)) { b in
            b.slots.pointee.new = CallSlot { (t, type, _) in Value(t.allocate(TypeObject(type))) }
            b.slots.pointee.call = CallSlot { (_, _, _) in .true }
            b.slots.pointee.descriptorGet = TernarySlot { (t, v, object, _) throws(Raised) in
                object.isNoneOrUnbound ? v : try t.call(t.types.pointee.method, v, object)
            }
        }
        try m.type("MethodDescriptorDerived", base: base.value, flags: descriptor, .leaf(bytes: 8)) { _ in }
        try m.type("MethodDescriptorNopGet", base: base.value, flags: TypeFlag.base, .leaf(bytes: 8)) { b in
            b.slots.pointee.call = CallSlot { (t, _, a) throws(Raised) in try t.tuple(a.base, a.count) }
            b.slots.pointee.descriptorGet = TernarySlot { (_, v, _, _) in v }
        }
        try m.type("MethodDescriptor2", base: base.value, flags: TypeFlag.base | TypeFlag.vectorcall, .leaf(bytes: 16)) { b in
            b.slots.pointee.call = CallSlot { (_, _, _) in .false }
        }
        try m.type("LimitedVectorCallClass", flags: TypeFlag.vectorcall, .leaf(bytes: 8)) { b in
            b.slots.pointee.new = CallSlot { (t, type, _) in Value(t.allocate(TypeObject(type))) }
            b.slots.pointee.call = CallSlot { (t, _, _) in t.str("vectorcall called") }
        }
        m.function("make_vectorcall_class", "($module, base=None, /)") { (t, a) throws(Raised) in try makeVectorcallClass(t, a[0]) }
        m.function("has_vectorcall_flag", "($module, type, /)") { (t, a) throws(Raised) in
            if !t.isType(a[0]) { throw t.raise(.typeError, "has_vectorcall_flag() argument must be type, not \(t.typeName(a[0]))") }
            return Value(t.declaresVectorcall(TypeObject(a[0])))
        }
    }

    /// A class whose instances call natively: one way until `set_vectorcall`, another way after it.
    private static func makeVectorcallClass(_ t: Thread, _ base: Value) throws(Raised) -> Value {
        let parent = base.isNoneOrUnbound ? t.types.pointee.object : base
        let made = try t.newNativeType("VectorCallClass", moduleName: t.str("_testcapi"), base: parent, flags: TypeFlag.base | TypeFlag.vectorcall,
                                       .leaf(bytes: 16)) { b in
            b.slots.pointee.new = CallSlot { (t, type, _) in Value(t.allocate(TypeObject(type))) }
            b.slots.pointee.call = CallSlot { (t, v, _) in t.str(v.cell.raw(1) == 0 ? "tp_call" : "vectorcall") }
            b.method("set_vectorcall", "($self, type, /)") { (t, a) throws(Raised) in
                if !t.isType(a[1]) || !t.isInstance(a[0], of: a[1]) { throw t.raise(.typeError, "argument must be the instance's type") }
                a[0].cell.setRaw(1, at: 1)
                return .none
            }
        }
        made.flags &= ~TypeFlag.immutable
        return made.value
    }

    // MARK: Calls

    private static func defineCallers(_ m: ModuleBuilder) {
        m.function("pyobject_fastcall", "($module, func, args, /)") { (t, a) throws(Raised) in
            try t.call(a[0], tuple: try positional(t, a[1]))
        }
        m.function("pyobject_fastcalldict", "($module, func, args, kwargs, /)") { (t, a) throws(Raised) in
            if !a[2].isNone && !a[2].isKind(.dict) { throw t.raise(.typeError, "kwnames must be None or a dictionary") }
            return try t.call(a[0], tuple: try positional(t, a[1]), keywords: a[2].isNone ? .unbound : a[2])
        }
        m.function("pyobject_vectorcall", "($module, func, args, kwnames, /)") { (t, a) throws(Raised) in
            let values = TupleObject(try positional(t, a[1]))
            if !a[2].isNone && !a[2].isKind(.tuple) { throw t.raise(.typeError, "kwnames must be None or a tuple") }
            let names = a[2].isNone ? 0 : TupleObject(a[2]).count
            if names > values.count { throw t.raise(.valueError, "kwnames longer than args") }
            let base = try t.pushScratch(values.count)
            defer { t.popScratch(base) }
            for i in 0..<values.count { base[i] = values[i] }
            return try t.call(a[0], Arguments(base, values.count - names, names == 0 ? .unbound : a[2]))
        }
        m.function("pyvectorcall_call", "($module, func, args, kwargs=None, /)") { (t, a) throws(Raised) in
            if !a[1].isKind(.tuple) { throw t.raise(.typeError, "args must be a tuple") }
            if !a[2].isNoneOrUnbound && !a[2].isKind(.dict) { throw t.raise(.typeError, "kwargs must be a dict") }
            if !t.declaresVectorcall(t.type(of: a[0])) { throw t.raise(.typeError, "'\(t.typeName(a[0]))' object does not support vectorcall") }
            return try t.call(a[0], tuple: a[1], keywords: a[2].isNoneOrUnbound ? .unbound : a[2])
        }
        m.function("call_vectorcall", "($module, callable, /)") { (t, a) throws(Raised) in try callFooBaz(t, a[0]) }
        m.function("call_vectorcall_method", "($module, object, /)") { (t, a) throws(Raised) in try callFooBaz(t, try t.getattr(a[0], t.intern("f"))) }
        m.function("function_setvectorcall", "($module, func, /)") { (t, a) throws(Raised) in
            if !a[0].hasLayout(.function) { throw t.raise(.typeError, "'func' must be a function") }
            // A function's entry point is its code.
            let code = try t.call(try t.getattr(try t.importAbsolute("builtins"), t.intern("eval")), t.str("(lambda *args, **kwargs: 'overridden').__code__"))
            try t.setattr(a[0], t.intern("__code__"), code)
            return .none
        }
        m.function("bad_get", "($module, self, obj, cls, /)") { (t, a) throws(Raised) in try t.call(a[2]) }
        m.function("raise_SIGINT_then_send_None", "($module, generator, /)") { (t, a) throws(Raised) in
            _ = try t.callMethod(try t.importAbsolute("signal"), t.intern("raise_signal"), t.int(2))
            return try t.callMethod(a[0], t.intern("send"), .none)
        }
    }

    private static func positional(_ t: Thread, _ args: Value) throws(Raised) -> Value {
        if args.isNone { return try t.newTuple(0).value }
        if !args.isKind(.tuple) { throw t.raise(.typeError, "args must be None or a tuple") }
        return args
    }

    /// `callable("foo", baz="bar")`.
    private static func callFooBaz(_ t: Thread, _ callable: Value) throws(Raised) -> Value {
        let keywords = t.newDict()
        try keywords.setString(t, t.intern("baz"), t.str("bar"))
        return try t.call(callable, tuple: try t.tuple(t.str("foo")), keywords: keywords.value)
    }
}
