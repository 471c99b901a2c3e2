// `_contextvars` (PEP 567): contexts, their variables, and tokens.
//
//   Context     word 1  root of the map from variable to value     word 2  the context that was current before it was entered
//               raw word 3  1 while it is entered     4  number of variables
//   ContextVar  words: name, default (or unbound)
//   Token       words: variable, context, old value (or unbound), True once used
//
// The current context is in the thread state; unbound stands for an empty one that nobody has asked for.

import TaipanRuntime

struct ContextObject: BitwiseCopyable {
    let cell: Cell
    init(_ value: Value) { cell = value.cell }
    var value: Value { Value(cell) }
    var previous: Value { get { cell[2] } nonmutating set { cell[2] = newValue } }
    var isEntered: Bool {
        get { cell.raw(3) != 0 }
        nonmutating set { cell.setRaw(newValue ? 1 : 0, at: 3) }
    }
    var count: Int { cell.raw(4) }
    func map(_ t: Thread) -> PersistentMap { PersistentMap(t, root: cell[1], count: cell.raw(4)) }
    func setMap(_ map: PersistentMap) {
        cell[1] = map.root
        cell.setRaw(map.count, at: 4)
    }
}

extension Thread {
    private var contextType: TypeObject { kept("_contextvars", 0) }
    func isContext(_ value: Value) -> Bool { value.isCell && type(of: value) == contextType }
    func isContextVariable(_ value: Value) -> Bool { value.isCell && type(of: value) == kept("_contextvars", 1) }
    func isToken(_ value: Value) -> Bool { value.isCell && type(of: value) == kept("_contextvars", 2) }

    func newContext() -> ContextObject { ContextObject(Value(allocate(contextType))) }

    /// The running thread's context.
    func currentContext() -> ContextObject {
        if state.pointee.contextVariables.isUnbound { state.pointee.contextVariables = newContext().value }
        return ContextObject(state.pointee.contextVariables)
    }

    /// A context with the same variables: the map is shared, for it never changes.
    func copy(_ context: ContextObject) -> Value {
        let made = newContext()
        made.setMap(context.map(self))
        return made.value
    }

    /// The value of a variable in a context, or unbound.
    func contextValue(_ context: ContextObject, _ variable: Value) throws(Raised) -> Value { try context.map(self).find(variable) }

    private func setContextValue(_ context: ContextObject, _ variable: Value, _ value: Value) throws(Raised) {
        var map = context.map(self)
        try map.set(variable, value)
        context.setMap(map)
    }

    /// Sets a variable in the current context; gives the token that undoes it.
    func setContextVariable(_ variable: Value, _ value: Value) throws(Raised) -> Value {
        let context = currentContext()
        let token = allocate(kept("_contextvars", 2))
        token[1] = variable
        token[2] = context.value
        token[3] = try contextValue(context, variable)
        try setContextValue(context, variable, value)
        return Value(token)
    }

    func resetContextVariable(_ variable: Value, _ token: Value) throws(Raised) {
        if !isToken(token) { throw raise(.typeError, "expected an instance of Token, got \(try reprText(token))") }
        if token.cell[4].isTrue { throw raise(.runtimeError, "\(try reprText(token)) has already been used once") }
        if token.cell[1] != variable { throw raise(.valueError, "\(try reprText(token)) was created by a different ContextVar") }
        let context = currentContext()
        if token.cell[2] != context.value { throw raise(.valueError, "\(try reprText(token)) was created in a different Context") }
        token.cell[4] = .true
        if token.cell[3].isBound {
            try setContextValue(context, variable, token.cell[3])
        } else {
            var map = context.map(self)
            _ = try map.remove(variable)
            context.setMap(map)
        }
    }

    /// `context.run(callable, …)`.
    func run(in context: ContextObject, _ callable: Value, _ a: Arguments) throws(Raised) -> Value {
        if context.isEntered { throw raise(.runtimeError, "cannot enter context: \(try reprText(context.value)) is already entered") }
        context.previous = currentContext().value
        context.isEntered = true
        state.pointee.contextVariables = context.value
        defer {
            state.pointee.contextVariables = context.previous
            context.previous = .unbound
            context.isEntered = false
        }
        return try call(callable, a)
    }
}

enum ContextvarsModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        m.str("__doc__", "Context Variables")
        let context = try m.type("Context", NativeLayout(valueWords: 2, bytes: 40), defineContext)
        let variable = try m.type("ContextVar", .values(2), defineVariable)
        let token = try m.type("Token", .values(4), defineToken)
        var kinds = try m.t.row(6).adding(context.value).adding(variable.value).adding(token.value)
        for name: StaticString in ["keys", "values", "items"] {
            let made = try m.t.newNativeType(name, moduleName: m.t.intern("builtins"), flags: TypeFlag.noInstantiation, NativeLayout(valueWords: 1, bytes: 24), defineIterator)
            kinds = kinds.adding(made.value)
        }
        try m.t.keep("_contextvars", kinds.tuple.value)
        let missing = try m.t.newNativeType("Token.MISSING", moduleName: m.t.intern("builtins"), flags: TypeFlag.noInstantiation, .values(0)) { b in
            b.slots.pointee.repr = UnarySlot { (t, _) in t.str("<Token.MISSING>") }
        }
        let sentinel = Value(m.t.allocate(missing))
        try m.t.keep("_contextvars.missing", sentinel)
        try DictObject(token.dict).setString(m.t, m.t.intern("MISSING"), sentinel)
        m.function("copy_context", "($module, /)") { (t, _) in t.copy(t.currentContext()) }
    }

    // MARK: Context

    private static func checkKey(_ t: Thread, _ key: Value) throws(Raised) {
        if !t.isContextVariable(key) { throw t.raise(.typeError, "a ContextVar key was expected, got \(try t.reprText(key))") }
    }

    private static func defineContext(_ b: TypeBuilder) {
        let s = b.slots
        s.pointee.new = CallSlot { (t, _, a) throws(Raised) in
            if a.count > 0 || (a.keywords.isBound && TupleObject(a.keywords).count > 0) { throw t.raise(.typeError, "Context() does not accept any arguments") }
            return t.newContext().value
        }
        s.pointee.length = IntSlot { (_, v) in ContextObject(v).count }
        s.pointee.getItem = BinarySlot { (t, v, key) throws(Raised) in
            try checkKey(t, key)
            let found = try t.contextValue(ContextObject(v), key)
            if found.isUnbound { throw t.keyError(key) }
            return found
        }
        s.pointee.contains = ContainsSlot { (t, v, key) throws(Raised) in
            try checkKey(t, key)
            return try t.contextValue(ContextObject(v), key).isBound
        }
        s.pointee.iter = UnarySlot { (t, v) throws(Raised) in try iterator(t, v, 0) }
        s.pointee.compare = CompareSlot { (t, v, w, op) throws(Raised) in
            if (op != .equal && op != .notEqual) || !t.isContext(v) || !t.isContext(w) { return .notImplemented }
            return Value(try ContextObject(v).map(t).equals(ContextObject(w).map(t)) == (op == .equal))
        }
        b.constant("__hash__", .none)
        b.method("get", "($self, key, default=None, /)", "Return the value for `key` if `key` has the value in the context object.\n\nIf `key` does not exist, return `default`. If `default` is not given,\nreturn None.") { (t, a) throws(Raised) in
            try checkKey(t, a[1])
            let found = try t.contextValue(ContextObject(a[0]), a[1])
            return found.isBound ? found : a[2].isUnbound ? .none : a[2]
        }
        b.method("copy", "($self, /)", "Return a shallow copy of the context object.") { (t, a) in t.copy(ContextObject(a[0])) }
        b.method("keys", "($self, /)", "Return a list of all variables in the context object.") { (t, a) throws(Raised) in try iterator(t, a[0], 0) }
        b.method("values", "($self, /)", "Return a list of all variables' values in the context object.") { (t, a) throws(Raised) in try iterator(t, a[0], 1) }
        b.method("items", "($self, /)", "Return all variables and their values in the context object.\n\nThe result is returned as a list of 2-tuples (variable, value).") { (t, a) throws(Raised) in try iterator(t, a[0], 2) }
        b.rawMethod("run", "", "Call a function in the context.") { (t, a) throws(Raised) in
            if a.count < 2 { throw t.raise(.typeError, "run() missing 1 required positional argument") }
            return try t.run(in: ContextObject(a[0]), a[1], a.dropFirst.dropFirst)
        }
    }

    /// An iterator over what the context holds now: keys (0), values (1) or items (2).
    private static func iterator(_ t: Thread, _ context: Value, _ kind: Int) throws(Raised) -> Value {
        try iterator(t, ContextObject(context).map(t), kind)
    }

    /// An iterator over a map that knows how much there is.
    static func iterator(_ t: Thread, _ map: PersistentMap, _ kind: Int) throws(Raised) -> Value {
        let list = try map.list(kind)
        let made = t.allocate(t.kept("_contextvars", 3 + kind))
        made[1] = list.value
        return Value(made)
    }

    private static func defineIterator(_ b: TypeBuilder) {
        b.slots.pointee.length = IntSlot { (_, v) in ListObject(v.cell[1]).count }
        b.slots.pointee.iter = UnarySlot { (_, v) in v }
        b.slots.pointee.next = UnarySlot { (_, v) in
            let list = ListObject(v.cell[1]), i = v.cell.raw(2)
            if i >= list.count { return .unbound }
            v.cell.setRaw(i &+ 1, at: 2)
            return list[i]
        }
    }

    // MARK: ContextVar

    private static func defineVariable(_ b: TypeBuilder) {
        b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
            if a.count > 1 { throw t.raise(.typeError, "ContextVar() takes at most 1 positional argument (\(a.count) given)") }
            if a.count < 1 { throw t.raise(.typeError, "ContextVar() takes exactly 1 positional argument (0 given)") }
            let bound = try t.pushScratch(2)
            defer { t.popScratch(bound) }
            try t.bindNames(a, "ContextVar", ["", "default"], required: 1, bound)
            if !bound[0].isKind(.str) { throw t.raise(.typeError, "context variable name must be a str") }
            let made = t.allocate(TypeObject(type))
            made[1] = bound[0]
            made[2] = bound[1]
            return Value(made)
        }
        b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in
            if !(try t.enterRepr(v)) { return t.str("...") }
            defer { t.leaveRepr(v) }
            let initial = v.cell[2].isBound ? " default=\(try t.reprText(v.cell[2]))" : ""
            return t.str("<ContextVar name=\(try t.reprText(v.cell[1]))\(initial) at 0x\(String(v.bits, radix: 16))>")
        }
        b.member("name", word: 1)
        b.t.addClassGetItem(b)
        b.method("get", "($self, default=<unrepresentable>, /)", "Return a value for the context variable for the current context.\n\nIf there is no value for the variable in the current context, the method will:\n * return the value of the default argument of the method, if provided; or\n * return the default value for the context variable, if it was created\n   with one; or\n * raise a LookupError.") { (t, a) throws(Raised) in
            if t.state.pointee.contextVariables.isBound {
                let found = try t.contextValue(t.currentContext(), a[0])
                if found.isBound { return found }
            }
            if a[1].isBound { return a[1] }
            if a[0].cell[2].isBound { return a[0].cell[2] }
            throw t.raise(.lookupError, a[0])
        }
        b.method("set", "($self, value, /)", "Call to set a new value for the context variable in the current context.\n\nThe required *value* argument is the new value for the context variable.\n\nReturns a Token object that can be used to restore the variable to its previous\nvalue via the `ContextVar.reset()` method.") { (t, a) throws(Raised) in try t.setContextVariable(a[0], a[1]) }
        b.method("reset", "($self, token, /)", "Reset the context variable.\n\nThe variable is reset to the value it had before the `ContextVar.set()` that\ncreated the token was used.") { (t, a) throws(Raised) in
            try t.resetContextVariable(a[0], a[1])
            return .none
        }
    }

    // MARK: Token

    private static func defineToken(_ b: TypeBuilder) {
        b.slots.pointee.new = CallSlot { (t, _, _) throws(Raised) in throw t.raise(.runtimeError, "Tokens can only be created by ContextVars") }
        b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in
            t.str("<Token\(v.cell[4].isTrue ? " used" : "") var=\(try t.reprText(v.cell[1])) at 0x\(String(v.bits, radix: 16))>")
        }
        b.slots.pointee.compare = CompareSlot { (_, _, _, _) in .notImplemented }
        b.constant("__hash__", .none)
        b.getset("var", get: { (_, v) in v.cell[1] })
        b.getset("old_value", get: { (t, v) in v.cell[3].isBound ? v.cell[3] : t.kept("_contextvars.missing") })
        b.t.addClassGetItem(b)
    }
}
