// `_functools`: reduce, partial, cmp_to_key, and the wrapper behind lru_cache.

import TaipanRuntime

enum FunctoolsModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        m.str("__doc__", "Tools that operate on functions.")
        m.rawFunction("reduce", "", "reduce(function, iterable[, initial], /) -> value\n\nApply a function of two arguments to the items of an iterable, from left to right,\nso as to reduce the iterable to a single value. If initial is present, it is placed before the items of the iterable in the calculation,\nand serves as a default when the iterable is empty.") { (t, a) throws(Raised) in
            try t.positionalOnly(a, "reduce", 2, 3)
            let iterator: Value
            do throws(Raised) {
                iterator = try t.iter(a[1])
            } catch {
                try t.swallow(.typeError, error)
                throw t.raise(.typeError, "reduce() arg 2 must support iteration")
            }
            var result: Value = a.count > 2 ? a[2] : .unbound
            while true {
                let item = try t.next(iterator)
                if item.isUnbound { break }
                result = result.isUnbound ? item : try t.call(a[0], result, item)
            }
            if result.isUnbound { throw t.raise(.typeError, "reduce() of empty iterable with no initial value") }
            return result
        }
        try definePartial(m)
        try defineKeyWrapper(m)
        try defineLRUCache(m)
    }

    // MARK: partial: words 1 func, 2 args (a tuple), 3 keywords (a dict), 4 the attribute dict

    private static func definePartial(_ m: ModuleBuilder) throws(Raised) {
        let flags: Int = TypeFlag.base | TypeFlag.hasWeakReferences
        let partial = try m.t.newNativeType("partial", moduleName: m.t.intern("functools"), flags: flags, .values(4, dictWord: 4)) { b in
            b.doc("partial(func, *args, **keywords) - new function with partial application\n    of the given arguments and keywords.\n")
            b.slots.pointee.new = CallSlot(newPartial)
            b.slots.pointee.call = CallSlot(callPartial)
            b.slots.pointee.repr = UnarySlot(partialRepr)
            b.member("func", word: 1, "function object to use in future partial calls")
            b.member("args", word: 2, "tuple of arguments to future partial calls")
            b.member("keywords", word: 3, "dictionary of keyword arguments to future partial calls")
            b.method("__reduce__", "!($self, /)", "") { (t, a) throws(Raised) in
                let c = a[0].cell
                let state = try t.newTuple(4)
                state[0] = c[1]
                state[1] = c[2]
                state[2] = c[3]
                state[3] = try dictOrNone(t, a[0])
                return try t.tuple(t.type(of: a[0]).value, try t.tuple(c[1]), state.value)
            }
            b.method("__setstate__", "!($self, object, /)", "") { (t, a) throws(Raised) in
                try setPartialState(t, a[0], a[1])
                return .none
            }
            m.t.addClassGetItem(b)
        }
        m.set("partial", partial.value)
        try m.t.keep("functools.partial", try m.t.row(1).adding(partial.value).tuple.value)
    }

    /// The instance's attribute dict when it has attributes, else None.
    private static func dictOrNone(_ t: Thread, _ value: Value) throws(Raised) -> Value {
        let dict = try t.getattrOrUnbound(value, t.name(.__dict__))
        return dict.isKind(.dict) && DictObject(dict).count > 0 ? dict : .none
    }

    private static func newPartial(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        if a.count < 1 { throw t.raise(.typeError, "type 'partial' takes at least one argument") }
        var function = a[0]
        if !t.type(of: function).slots.pointee.call.isSet { throw t.raise(.typeError, "the first argument must be callable") }
        var head = TupleObject(t.objects.pointee.emptyTuple)
        let keywords: DictObject
        // A partial of a plain partial is one partial.
        var isPlain = t.type(of: function) == t.kept("functools.partial", 0) && type == t.kept("functools.partial", 0).value
        if isPlain { isPlain = try dictOrNone(t, function).isNone }
        if isPlain {
            head = TupleObject(function.cell[2])
            keywords = try t.copy(DictObject(function.cell[3]))
            function = function.cell[1]
        } else {
            keywords = t.newDict()
        }
        let arguments = try t.newTuple(head.count &+ a.count &- 1)
        for i in 0..<head.count { arguments[i] = head[i] }
        for i in 1..<max(a.count, 1) { arguments[head.count &+ i &- 1] = a[i] }
        if a.keywords.isBound {
            let names = TupleObject(a.keywords)
            for i in 0..<names.count { try t.set(keywords, names[i], a[a.count &+ i]) }
        }
        let made = t.allocate(TypeObject(type))
        made[1] = function
        made[2] = arguments.value
        made[3] = keywords.value
        return Value(made)
    }

    private static func callPartial(_ t: Thread, _ v: Value, _ a: Arguments) throws(Raised) -> Value {
        let head = TupleObject(v.cell[2]), own = DictObject(v.cell[3])
        let given = a.keywords.isUnbound ? 0 : TupleObject(a.keywords).count
        let positional = head.count &+ a.count
        let base = try t.pushScratch(positional &+ own.count &+ given)
        defer { t.popScratch(base) }
        for i in 0..<head.count { base[i] = head[i] }
        for i in 0..<max(a.count, 0) { base[head.count &+ i] = a[i] }
        if own.count == 0 {
            for i in 0..<given { base[positional &+ i] = a[a.count &+ i] }
            return try t.call(v.cell[1], Arguments(base, positional, a.keywords))
        }
        // Keywords of the call win, in the partial's order.
        let merged = try t.copy(own)
        for i in 0..<given { try t.set(merged, TupleObject(a.keywords)[i], a[a.count &+ i]) }
        let names = try t.newTuple(merged.count)
        var n = 0
        for i in 0..<merged.entryCount where merged.entry(i).key.isBound {
            let entry = merged.entry(i)
            if !entry.key.isKind(.str) { throw t.raise(.typeError, "keywords must be strings") }
            names[n] = entry.key
            base[positional &+ n] = entry.value
            n = n &+ 1
        }
        return try t.call(v.cell[1], Arguments(base, positional, names.value))
    }

    private static func partialRepr(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        if !(try t.enterRepr(v)) { return t.str("...") }
        defer { t.leaveRepr(v) }
        var text = StrBuilder()
        text.append(t.typeName(v))
        text.append("(")
        text.append(try t.repr(v.cell[1]))
        let arguments = TupleObject(v.cell[2])
        for i in 0..<arguments.count {
            text.append(", ")
            text.append(try t.repr(arguments[i]))
        }
        let keywords = DictObject(v.cell[3])
        for i in 0..<keywords.entryCount where keywords.entry(i).key.isBound {
            // The key's `__str__` may change the dict.
            let entry = keywords.entry(i)
            text.append(", ")
            text.append(try t.strOf(entry.key))
            text.append("=")
            text.append(try t.repr(entry.value))
        }
        text.append(")")
        return try text.finish(t)
    }

    private static func setPartialState(_ t: Thread, _ v: Value, _ state: Value) throws(Raised) {
        if !state.isKind(.tuple) || TupleObject(state).count != 4 { throw t.raise(.typeError, "invalid partial state") }
        let items = TupleObject(state)
        if !t.type(of: items[0]).slots.pointee.call.isSet || !items[1].isKind(.tuple) || !(items[2].isNone || items[2].isKind(.dict)) {
            throw t.raise(.typeError, "invalid partial state")
        }
        v.cell[1] = items[0]
        v.cell[2] = items[1].hasLayout(.tuple) ? items[1] : try t.tuple(TupleObject(items[1]).items, TupleObject(items[1]).count)
        v.cell[3] = items[2].isNone ? t.newDict().value : items[2].hasLayout(.dict) ? items[2] : try t.copy(DictObject(items[2])).value
        let dict: Value = items[3].isNone ? t.newDict().value : items[3]
        try t.setattr(v, t.name(.__dict__), dict)
    }

    // MARK: cmp_to_key: words 1 the comparing function, 2 the object or unbound

    private static func defineKeyWrapper(_ m: ModuleBuilder) throws(Raised) {
        let wrapper = try m.t.newNativeType("KeyWrapper", moduleName: m.t.intern("functools"), flags: TypeFlag.noInstantiation, .values(2)) { b in
            b.slots.pointee.call = CallSlot { (t, v, a) throws(Raised) in
                let bound = try t.pushScratch(1)
                defer { t.popScratch(bound) }
                try t.bindNames(a, "K", ["obj"], required: 1, bound)
                let made = t.allocate(t.type(of: v))
                made[1] = v.cell[1]
                made[2] = bound[0]
                return Value(made)
            }
            b.slots.pointee.compare = CompareSlot { (t, l, r, op) throws(Raised) in
                if t.type(of: r) != t.type(of: l) { throw t.raise(.typeError, "other argument must be K instance") }
                let x = l.cell[2], y = r.cell[2]
                if x.isUnbound || y.isUnbound { throw t.raise(.attributeError, "object") }
                let order = try t.call(l.cell[1], x, y)
                return try t.compare(order, Value(smallInt: 0), op)
            }
            b.member("obj", word: 2, readOnly: false, "Value wrapped by a key function.")
        }
        try m.t.keep("functools.KeyWrapper", try m.t.row(1).adding(wrapper.value).tuple.value)
        m.function("cmp_to_key", "($module, /, mycmp)", "Convert a cmp= function into a key= function.\n\n  mycmp\n    Function that compares two objects.") { (t, a) throws(Raised) in
            let made = t.allocate(t.kept("functools.KeyWrapper", 0))
            made[1] = a[0]
            return Value(made)
        }
    }
}
