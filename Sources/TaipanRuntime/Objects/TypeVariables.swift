// Type variables (PEP 484, 612, 646, 695): TypeVar, ParamSpec, TypeVarTuple and `Generic`. What only typing can
// answer is asked from the typing module, as CPython does.
//
//   TypeVar, ParamSpec   word 1 name   2 bound   3 function that computes the bound   4 constraints   5 function that computes them
//                        6 covariant   7 contravariant   8 infer variance   9 attribute dict
//   TypeVarTuple         word 1 name   2 attribute dict

extension Thread {
    func defineTypeVariableTypes() {
        defineTypeVarType()
        defineParamSpecType()
        defineParamSpecPartTypes()
        defineTypeVarTupleType()
        defineGenericType()
    }

    /// A type variable as PEP 695 syntax makes it: variance is inferred, bound and constraints are functions called when asked for.
    /// `layout` is typeVar, paramSpec or typeVarTuple.
    func newTypeVariable(_ variableName: Value, _ layout: LayoutID, bound: Value = .unbound, constraints: Value = .unbound) throws(Raised) -> Value {
        let cell = allocate(TypeObject(types[layout]))
        cell[1] = variableName
        if layout != .typeVarTuple {
            cell[3] = bound
            cell[5] = constraints
            cell[6] = .false
            cell[7] = .false
            cell[8] = .true
        }
        return Value(cell)
    }

    /// `typing.name(arguments…)`.
    func callTyping(_ function: StaticString, _ a: Value, _ b: Value = .unbound, _ c: Value = .unbound) throws(Raised) -> Value {
        let callable = try getattr(importModule("typing"), intern(function))
        if b.isUnbound { return try call(callable, a) }
        return c.isUnbound ? try call(callable, a, b) : try call(callable, a, b, c)
    }

    /// `Generic[params]` for a class statement with type parameters.
    func subscriptGeneric(_ parameters: Value) throws(Raised) -> Value {
        let items = TupleObject(parameters)
        let made = try newTuple(items.count)
        for i in 0..<items.count { made[i] = items[i].hasLayout(.typeVarTuple) ? try unpackTypeVarTuple(items[i]) : items[i] }
        return try callTyping("_GenericAlias", types.pointee.generic, made.value)
    }

    /// `typing.Unpack[v]`.
    func unpackTypeVarTuple(_ v: Value) throws(Raised) -> Value {
        try getItem(getattr(importModule("typing"), intern("Unpack")), v)
    }

    /// `__module__` of a variable that is made by a call: the caller's.
    private func setCallerModule(_ v: Value) throws(Raised) {
        let module = try callerModule()
        try setInstanceAttribute(v.cell, name(.__module__), module)
    }

    /// `__name__` of the running module, or None.
    func callerModule() throws(Raised) -> Value {
        let globals = currentGlobalsOrUnbound()
        if globals.isUnbound { return .none }
        let found = DictObject(globals).findString(self, name(.__name__))
        return found.isUnbound ? .none : found
    }

    private func addVariance(_ b: TypeBuilder) {
        b.member("__name__", word: 1)
        b.member("__covariant__", word: 6)
        b.member("__contravariant__", word: 7)
        b.member("__infer_variance__", word: 8)
        b.constant("__module__", intern("typing"))
        b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in
            let label = t.string(v.cell[1])
            if v.cell[8].isTrue { return v.cell[1] }
            return t.str((v.cell[6].isTrue ? "+" : v.cell[7].isTrue ? "-" : "~") + label)
        }
        b.slots.pointee.or = BinarySlot { (t, l, r) throws(Raised) in try t.callTyping("_make_union", l, r) }
        b.method("__reduce__", "($self, /)") { (t, a) in a[0].cell[1] }
    }

    private func addNoSubclass(_ b: TypeBuilder, _ body: @escaping NativeBody) { b.method("__mro_entries__", "!($self, bases, /)", "", body) }

    /// `bound`, covariant, contravariant and infer_variance of a call.
    private func fillVariance(_ cell: Cell, _ a: Arguments, at first: Int) throws(Raised) {
        let covariant = a[first + 1].isUnbound ? false : try truth(a[first + 1])
        let contravariant = a[first + 2].isUnbound ? false : try truth(a[first + 2])
        let infers = a[first + 3].isUnbound ? false : try truth(a[first + 3])
        if covariant && contravariant { throw raise(.valueError, "Bivariant types are not supported.") }
        if infers && (covariant || contravariant) { throw raise(.valueError, "Variance cannot be specified with infer_variance.") }
        cell[2] = a[first].isNoneOrUnbound ? .none : try callTyping("_type_check", a[first], str("Bound must be a type."))
        cell[6] = Value(covariant)
        cell[7] = Value(contravariant)
        cell[8] = Value(infers)
    }

    /// A constructor whose signature is checked like a native function's: kept in the dict under a name that no program can spell.
    private func callSigned(_ type: Value, _ key: StaticString, _ a: Arguments) throws(Raised) -> Value {
        let function = DictObject(TypeObject(type).dict).findString(self, intern(key))
        return try callNative(NativeFunction(function), a, receiver: false)
    }

    // MARK: TypeVar

    private func defineTypeVarType() {
        let maker = newNative(.builtinFunction, intern("typevar"), "(name, *constraints, bound=None, covariant=False, contravariant=False, infer_variance=False)", "", 0) {
            (t, a) throws(Raised) in try t.makeTypeVar(a)
        }
        defineType(.typeVar, "TypeVar", module: "typing", flags: TypeFlag.hasWeakReferences | TypeFlag.madeAtRunTime, .values(9, dictWord: 9)) { b in
            b.doc("Type variable.")
            addVariance(b)
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in try t.callSigned(t.types.pointee.typeVar, " new", a) }
            b.constant(" new", maker.value)
            b.getset("__bound__", get: { (t, v) throws(Raised) in
                if v.cell[2].isUnbound { v.cell[2] = v.cell[3].isUnbound ? .none : try t.call(v.cell[3]) }
                return v.cell[2]
            })
            b.getset("__constraints__", get: { (t, v) throws(Raised) in
                if v.cell[4].isUnbound { v.cell[4] = v.cell[5].isUnbound ? t.objects.pointee.emptyTuple : try t.call(v.cell[5]) }
                return v.cell[4]
            })
            b.method("__typing_subst__", "($self, /, arg)") { (t, a) throws(Raised) in try t.callTyping("_typevar_subst", a[0], a[1]) }
            addNoSubclass(b) { (t, a) throws(Raised) in throw t.raise(.typeError, "Cannot subclass an instance of TypeVar") }
        }
    }

    private func makeTypeVar(_ a: Arguments) throws(Raised) -> Value {
        // Parameters in order: name, bound, covariant, contravariant, infer_variance; then the tuple of constraints.
        if !a[0].isKind(.str) { throw raise(.typeError, "typevar() argument 'name' must be str, not \(typeName(a[0]))") }
        let cell = allocate(TypeObject(types.pointee.typeVar))
        cell[1] = a[0]
        try fillVariance(cell, a, at: 1)
        let constraints = TupleObject(a[5])
        if constraints.count == 1 { throw raise(.typeError, "A single constraint is not allowed") }
        if constraints.count > 1 && !cell[2].isNone { throw raise(.typeError, "Constraints cannot be combined with bound=...") }
        let checked = try newTuple(constraints.count)
        for i in 0..<constraints.count {
            checked[i] = try callTyping("_type_check", constraints[i], str("TypeVar(name, constraint, ...): constraints must be types."))
        }
        cell[4] = checked.value
        try setCallerModule(Value(cell))
        return Value(cell)
    }

    // MARK: ParamSpec

    private func defineParamSpecType() {
        let maker = newNative(.builtinFunction, intern("paramspec"), "(name, *, bound=None, covariant=False, contravariant=False, infer_variance=False)", "", 0) {
            (t, a) throws(Raised) in
            if !a[0].isKind(.str) { throw t.raise(.typeError, "paramspec() argument 'name' must be str, not \(t.typeName(a[0]))") }
            let cell = t.allocate(TypeObject(t.types.pointee.paramSpec))
            cell[1] = a[0]
            try t.fillVariance(cell, a, at: 1)
            try t.setCallerModule(Value(cell))
            return Value(cell)
        }
        defineType(.paramSpec, "ParamSpec", module: "typing", flags: TypeFlag.hasWeakReferences | TypeFlag.madeAtRunTime, .values(9, dictWord: 9)) { b in
            b.doc("A parameter specification: stands for the parameters of a callable (PEP 612).\n\n    def logged[**P, R](function: Callable[P, R]) -> Callable[P, R]: ...\n\nmakes one; so does a call, for code that older versions run too:\n\n    >>> P = ParamSpec('P')\n    >>> P, P.__name__\n    (~P, 'P')\n\nIt is allowed as the first argument of Callable, as the last of Concatenate, and as\nargument of a generic class. Only those that are global variables can be pickled.\n")
            addVariance(b)
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in try t.callSigned(t.types.pointee.paramSpec, " new", a) }
            b.constant(" new", maker.value)
            b.member("__bound__", word: 2)
            b.getset("args", "Represents positional arguments.", get: { (t, v) in t.newParamSpecPart(v, .paramSpecArgs) })
            b.getset("kwargs", "Represents keyword arguments.", get: { (t, v) in t.newParamSpecPart(v, .paramSpecKwargs) })
            b.method("__typing_subst__", "($self, /, arg)") { (t, a) throws(Raised) in try t.callTyping("_paramspec_subst", a[0], a[1]) }
            b.method("__typing_prepare_subst__", "($self, /, alias, args)") { (t, a) throws(Raised) in try t.callTyping("_paramspec_prepare_subst", a[0], a[1], a[2]) }
            addNoSubclass(b) { (t, a) throws(Raised) in throw t.raise(.typeError, "Cannot subclass an instance of ParamSpec") }
        }
    }

    private func newParamSpecPart(_ origin: Value, _ layout: LayoutID) -> Value {
        let cell = heap.allocate(header: UInt(layout.rawValue), bytes: 16)
        cell[1] = origin
        return Value(cell)
    }

    private func defineParamSpecPartTypes() {
        defineType(.paramSpecArgs, "ParamSpecArgs", module: "typing", flags: TypeFlag.hasWeakReferences | TypeFlag.madeAtRunTime, .values(1)) { b in
            b.doc("What `*args` is annotated with in a function that forwards its parameters.\n\n    >>> P = ParamSpec('P')\n    >>> P.args\n    P.args\n    >>> P.args.__origin__ is P\n    True\n")
            addPartMembers(b)
            addNoSubclass(b) { (t, a) throws(Raised) in throw t.raise(.typeError, "Cannot subclass an instance of ParamSpecArgs") }
        }
        defineType(.paramSpecKwargs, "ParamSpecKwargs", module: "typing", flags: TypeFlag.hasWeakReferences | TypeFlag.madeAtRunTime, .values(1)) { b in
            b.doc("What `**kwargs` is annotated with in a function that forwards its parameters.\n\n    >>> P = ParamSpec('P')\n    >>> P.kwargs\n    P.kwargs\n    >>> P.kwargs.__origin__ is P\n    True\n")
            addPartMembers(b)
            addNoSubclass(b) { (t, a) throws(Raised) in throw t.raise(.typeError, "Cannot subclass an instance of ParamSpecKwargs") }
        }
    }

    private func addPartMembers(_ b: TypeBuilder) {
        b.member("__origin__", word: 1)
        b.constant("__module__", intern("typing"))
        b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
            let label = t.string(TypeObject(type).name).lowercased()
            if a.count == 1 && a.keywords.isUnbound { return t.newParamSpecPart(a[0], TypeObject(type).instanceLayout) }
            if a.count == 0 && a.keywords.isBound && TupleObject(a.keywords).count == 1 && t.string(TupleObject(a.keywords)[0]) == "origin" {
                return t.newParamSpecPart(a.base[0], TypeObject(type).instanceLayout)
            }
            if a.count == 0 { throw t.raise(.typeError, "\(label)() missing required argument 'origin' (pos 1)") }
            throw t.raise(.typeError, "\(label)() takes exactly 1 argument (\(a.count) given)")
        }
        b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in
            let suffix = v.hasLayout(.paramSpecArgs) ? ".args" : ".kwargs"
            if v.cell[1].hasLayout(.paramSpec) { return t.str(t.string(v.cell[1].cell[1]) + suffix) }
            return t.str(try t.reprText(v.cell[1]) + suffix)
        }
        b.slots.pointee.compare = CompareSlot { (t, l, r, op) throws(Raised) in
            if op != .equal && op != .notEqual || !l.isCell || !r.isCell || l.cell.layout != r.cell.layout { return .notImplemented }
            return try t.compare(l.cell[1], r.cell[1], op)
        }
    }

    // MARK: TypeVarTuple

    private func defineTypeVarTupleType() {
        let maker = newNative(.builtinFunction, intern("typevartuple"), "(name)", "", 0) { (t, a) throws(Raised) in
            if !a[0].isKind(.str) { throw t.raise(.typeError, "typevartuple() argument 'name' must be str, not \(t.typeName(a[0]))") }
            let made = try t.newTypeVariable(a[0], .typeVarTuple)
            try t.setCallerModule(made)
            return made
        }
        defineType(.typeVarTuple, "TypeVarTuple", module: "typing", flags: TypeFlag.hasWeakReferences | TypeFlag.madeAtRunTime, .values(2, dictWord: 2)) { b in
            b.doc("Type variable tuple.")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in try t.callSigned(t.types.pointee.typeVarTuple, " new", a) }
            b.constant(" new", maker.value)
            b.member("__name__", word: 1)
            b.constant("__module__", intern("typing"))
            b.slots.pointee.repr = UnarySlot { (t, v) in v.cell[1] }
            b.slots.pointee.iter = UnarySlot { (t, v) throws(Raised) in try t.iter(t.tuple(t.unpackTypeVarTuple(v))) }
            b.method("__typing_subst__", "($self, /, arg)") { (t, a) throws(Raised) in throw t.raise(.typeError, "Substitution of bare TypeVarTuple is not supported") }
            b.method("__typing_prepare_subst__", "($self, /, alias, args)") { (t, a) throws(Raised) in try t.callTyping("_typevartuple_prepare_subst", a[0], a[1], a[2]) }
            b.method("__reduce__", "($self, /)") { (t, a) in a[0].cell[1] }
            addNoSubclass(b) { (t, a) throws(Raised) in throw t.raise(.typeError, "Cannot subclass an instance of TypeVarTuple") }
        }
    }

    // MARK: Generic

    private func defineGenericType() {
        defineType(.generic, "Generic", module: "typing", flags: TypeFlag.base, .values(0)) { b in
            b.doc("Abstract base class for generic types\n\nOn Python 3.12 and newer, generic classes implicitly inherit from\nGeneric when they declare a parameter list after the class's name::\n\n    class Mapping[KT, VT]:\n        def __getitem__(self, key: KT) -> VT:\n            ...\n            # Etc.\n\nOn older versions of Python, however, generic classes have to\nexplicitly inherit from Generic.\n\nAfter a class has been declared to be generic, it can then be used as\nfollows::\n\n    def lookup_name[KT, VT](mapping: Mapping[KT, VT], key: KT, default: VT) -> VT:\n        try:\n            return mapping[key]\n        except KeyError:\n            return default\n")
            b.constant("__module__", intern("typing"))
            for (method, function) in [("__class_getitem__", 0), ("__init_subclass__", 1)] as [(StaticString, Int)] {
                if function == 0 {
                    b.classMethod(method, "($cls, /, *args, **kwargs)", "Parameterizes a generic class.") { (t, a) throws(Raised) in try t.callGenericHook("_generic_class_getitem", a) }
                } else {
                    b.classMethod(method, "($cls, /, *args, **kwargs)", "Function to initialize subclasses.") { (t, a) throws(Raised) in try t.callGenericHook("_generic_init_subclass", a) }
                }
            }
        }
        // It has no constructor of its own, but plain instances.
        let type = TypeObject(types.pointee.generic)
        type.flags = type.flags & ~(TypeFlag.noInstantiation | TypeFlag.immutable) | TypeFlag.madeAtRunTime
        type.slots.pointee.new = TypeObject(types.pointee.object).slots.pointee.new
    }

    /// `typing.function(cls, *args, **kwargs)`.
    private func callGenericHook(_ function: StaticString, _ a: Arguments) throws(Raised) -> Value {
        let arguments = TupleObject(a[1])
        let all = try newTuple(arguments.count + 1)
        all[0] = a[0]
        for i in 0..<arguments.count { all[i + 1] = arguments[i] }
        return try call(getattr(importModule("typing"), intern(function)), tuple: all.value, keywords: a[2])
    }
}
