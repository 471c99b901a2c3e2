// `_operator`: the operators as functions, and the getters.

import TaipanRuntime

enum OperatorModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        m.str("__doc__", "Operator interface.\n\nThis module exports a set of functions implemented in C corresponding\nto the intrinsic operators of Python.  For example, operator.add(x, y)\nis equivalent to the expression x+y.")
        defineComparisons(m)
        defineArithmetic(m)
        defineInPlace(m)
        defineSequences(m)
        defineUnary(m)
        try defineGetters(m)
    }

    private static func defineComparisons(_ m: ModuleBuilder) {
        m.function("lt", "($module, a, b, /)", "Same as a < b.") { (t, a) throws(Raised) in try t.compare(a[0], a[1], .less) }
        m.function("le", "($module, a, b, /)", "Same as a <= b.") { (t, a) throws(Raised) in try t.compare(a[0], a[1], .lessEqual) }
        m.function("eq", "($module, a, b, /)", "Same as a == b.") { (t, a) throws(Raised) in try t.compare(a[0], a[1], .equal) }
        m.function("ne", "($module, a, b, /)", "Same as a != b.") { (t, a) throws(Raised) in try t.compare(a[0], a[1], .notEqual) }
        m.function("gt", "($module, a, b, /)", "Same as a > b.") { (t, a) throws(Raised) in try t.compare(a[0], a[1], .greater) }
        m.function("ge", "($module, a, b, /)", "Same as a >= b.") { (t, a) throws(Raised) in try t.compare(a[0], a[1], .greaterEqual) }
        m.function("is_", "($module, a, b, /)", "Same as a is b.") { (t, a) in Value(a[0] == a[1]) }
        m.function("is_not", "($module, a, b, /)", "Same as a is not b.") { (t, a) in Value(a[0] != a[1]) }
        m.function("truth", "($module, a, /)", "Return True if a is true, False otherwise.") { (t, a) throws(Raised) in Value(try t.truth(a[0])) }
        m.function("not_", "($module, a, /)", "Same as not a.") { (t, a) throws(Raised) in Value(!(try t.truth(a[0]))) }
    }

    private static func defineArithmetic(_ m: ModuleBuilder) {
        m.function("add", "($module, a, b, /)", "Same as a + b.") { (t, a) throws(Raised) in try t.binary(.add, a[0], a[1]) }
        m.function("sub", "($module, a, b, /)", "Same as a - b.") { (t, a) throws(Raised) in try t.binary(.subtract, a[0], a[1]) }
        m.function("mul", "($module, a, b, /)", "Same as a * b.") { (t, a) throws(Raised) in try t.binary(.multiply, a[0], a[1]) }
        m.function("matmul", "($module, a, b, /)", "Same as a @ b.") { (t, a) throws(Raised) in try t.binary(.matrixMultiply, a[0], a[1]) }
        m.function("floordiv", "($module, a, b, /)", "Same as a // b.") { (t, a) throws(Raised) in try t.binary(.floorDivide, a[0], a[1]) }
        m.function("truediv", "($module, a, b, /)", "Same as a / b.") { (t, a) throws(Raised) in try t.binary(.trueDivide, a[0], a[1]) }
        m.function("mod", "($module, a, b, /)", "Same as a % b.") { (t, a) throws(Raised) in try t.binary(.remainder, a[0], a[1]) }
        m.function("pow", "($module, a, b, /)", "Same as a ** b.") { (t, a) throws(Raised) in try t.binary(.power, a[0], a[1]) }
        m.function("lshift", "($module, a, b, /)", "Same as a << b.") { (t, a) throws(Raised) in try t.binary(.leftShift, a[0], a[1]) }
        m.function("rshift", "($module, a, b, /)", "Same as a >> b.") { (t, a) throws(Raised) in try t.binary(.rightShift, a[0], a[1]) }
        m.function("and_", "($module, a, b, /)", "Same as a & b.") { (t, a) throws(Raised) in try t.binary(.and, a[0], a[1]) }
        m.function("xor", "($module, a, b, /)", "Same as a ^ b.") { (t, a) throws(Raised) in try t.binary(.xor, a[0], a[1]) }
        m.function("or_", "($module, a, b, /)", "Same as a | b.") { (t, a) throws(Raised) in try t.binary(.or, a[0], a[1]) }
    }

    private static func defineInPlace(_ m: ModuleBuilder) {
        m.function("iadd", "($module, a, b, /)", "Same as a += b.") { (t, a) throws(Raised) in try t.inPlace(.add, a[0], a[1]) }
        m.function("isub", "($module, a, b, /)", "Same as a -= b.") { (t, a) throws(Raised) in try t.inPlace(.subtract, a[0], a[1]) }
        m.function("imul", "($module, a, b, /)", "Same as a *= b.") { (t, a) throws(Raised) in try t.inPlace(.multiply, a[0], a[1]) }
        m.function("imatmul", "($module, a, b, /)", "Same as a @= b.") { (t, a) throws(Raised) in try t.inPlace(.matrixMultiply, a[0], a[1]) }
        m.function("ifloordiv", "($module, a, b, /)", "Same as a //= b.") { (t, a) throws(Raised) in try t.inPlace(.floorDivide, a[0], a[1]) }
        m.function("itruediv", "($module, a, b, /)", "Same as a /= b.") { (t, a) throws(Raised) in try t.inPlace(.trueDivide, a[0], a[1]) }
        m.function("imod", "($module, a, b, /)", "Same as a %= b.") { (t, a) throws(Raised) in try t.inPlace(.remainder, a[0], a[1]) }
        m.function("ipow", "($module, a, b, /)", "Same as a **= b.") { (t, a) throws(Raised) in try t.inPlace(.power, a[0], a[1]) }
        m.function("ilshift", "($module, a, b, /)", "Same as a <<= b.") { (t, a) throws(Raised) in try t.inPlace(.leftShift, a[0], a[1]) }
        m.function("irshift", "($module, a, b, /)", "Same as a >>= b.") { (t, a) throws(Raised) in try t.inPlace(.rightShift, a[0], a[1]) }
        m.function("iand", "($module, a, b, /)", "Same as a &= b.") { (t, a) throws(Raised) in try t.inPlace(.and, a[0], a[1]) }
        m.function("ixor", "($module, a, b, /)", "Same as a ^= b.") { (t, a) throws(Raised) in try t.inPlace(.xor, a[0], a[1]) }
        m.function("ior", "($module, a, b, /)", "Same as a |= b.") { (t, a) throws(Raised) in try t.inPlace(.or, a[0], a[1]) }
        m.function("iconcat", "($module, a, b, /)", "Same as a += b, for a and b sequences.") { (t, a) throws(Raised) in
            try requireSequence(t, a[0])
            return try t.inPlace(.add, a[0], a[1])
        }
    }

    private static func requireSequence(_ t: Thread, _ value: Value) throws(Raised) {
        if !t.isSequence(value) { throw t.raise(.typeError, "'\(t.typeName(value))' object can't be concatenated") }
    }

    private static func defineSequences(_ m: ModuleBuilder) {
        m.function("concat", "($module, a, b, /)", "Same as a + b, for a and b sequences.") { (t, a) throws(Raised) in
            try requireSequence(t, a[0])
            return try t.binary(.add, a[0], a[1])
        }
        m.function("contains", "($module, a, b, /)", "Same as b in a (note reversed operands).") { (t, a) throws(Raised) in Value(try t.contains(a[0], a[1])) }
        m.function("countOf", "($module, a, b, /)", "Return the number of items in a which are, or which equal, b.") { (t, a) throws(Raised) in
            try requireIterable(t, a[0])
            var n = 0
            try t.forEach(a[0]) { (item) throws(Raised) in if try t.equals(item, a[1]) { n += 1 } }
            return Value(smallInt: n)
        }
        m.function("indexOf", "($module, a, b, /)", "Return the first index of b in a.") { (t, a) throws(Raised) in
            try requireIterable(t, a[0])
            let iterator = try t.iter(a[0])
            var n = 0
            while true {
                let item = try t.next(iterator)
                if item.isUnbound { throw t.raise(.valueError, "sequence.index(x): x not in sequence") }
                if try t.equals(item, a[1]) { return Value(smallInt: n) }
                n += 1
            }
        }
        m.function("getitem", "($module, a, b, /)", "Same as a[b].") { (t, a) throws(Raised) in try t.getItem(a[0], a[1]) }
        m.function("setitem", "($module, a, b, c, /)", "Same as a[b] = c.") { (t, a) throws(Raised) in
            try t.setItem(a[0], a[1], a[2])
            return .none
        }
        m.function("delitem", "($module, a, b, /)", "Same as del a[b].") { (t, a) throws(Raised) in
            try t.deleteItem(a[0], a[1])
            return .none
        }
        m.function("length_hint", "($module, obj, default=0, /)", "Return an estimate of the number of items in obj.\n\nThis is useful for presizing containers when building from an iterable.\n\nIf the object supports len(), the result will be exact.\nOtherwise, it may over- or under-estimate by an arbitrary amount.") { (t, a) throws(Raised) in
            if a[1].isBound && !t.isInt(a[1]) { throw t.raise(.typeError, "'\(t.typeName(a[1]))' object cannot be interpreted as an integer") }
            return t.int(try t.lengthHint(a[0], a[1].isUnbound ? 0 : try t.index(a[1])))
        }
        m.rawFunction("call", "($module, obj, /, *args, **kwargs)", "Same as obj(*args, **kwargs).") { (t, a) throws(Raised) in
            if a.count == 0 { throw t.raise(.typeError, "call expected at least 1 argument, got 0") }
            return try t.call(a[0], a.dropFirst)
        }
    }

    private static func requireIterable(_ t: Thread, _ value: Value) throws(Raised) {
        if !t.type(of: value).slots.pointee.iter.isSet && !t.isSequence(value) {
            throw t.raise(.typeError, "argument of type '\(t.typeName(value))' is not iterable")
        }
    }

    private static func defineUnary(_ m: ModuleBuilder) {
        m.function("neg", "($module, a, /)", "Same as -a.") { (t, a) throws(Raised) in try t.negative(a[0]) }
        m.function("pos", "($module, a, /)", "Same as +a.") { (t, a) throws(Raised) in try t.positive(a[0]) }
        m.function("inv", "($module, a, /)", "Same as ~a.") { (t, a) throws(Raised) in try t.invert(a[0]) }
        m.function("invert", "($module, a, /)", "Same as ~a.") { (t, a) throws(Raised) in try t.invert(a[0]) }
        m.function("abs", "($module, a, /)", "Same as abs(a).") { (t, a) throws(Raised) in
            let slot = t.type(of: a[0]).slots.pointee.absolute
            if slot.isSet { return try slot(t, a[0]) }
            throw t.raise(.typeError, "bad operand type for abs(): '\(t.typeName(a[0]))'")
        }
        m.function("index", "($module, a, /)", "Same as a.__index__()") { (t, a) throws(Raised) in try t.indexValue(a[0]) }
        m.function("_compare_digest", "($module, a, b, /)", "Return 'a == b'.\n\nThis function uses an approach designed to prevent\ntiming analysis, making it appropriate for cryptography.\n\na and b must both be of the same type: either str (ASCII only),\nor any bytes-like object.") { (t, a) throws(Raised) in
            try compareDigest(t, a[0], a[1])
        }
    }

    private static func compareDigest(_ t: Thread, _ a: Value, _ b: Value) throws(Raised) -> Value {
        if a.isKind(.str) && b.isKind(.str) {
            let x = StrObject(a), y = StrObject(b)
            if !x.isASCII || !y.isASCII { throw t.raise(.typeError, "comparing strings with non-ASCII characters is not supported") }
            return Value(sameBytes(UnsafeRawBufferPointer(start: x.data, count: x.count), UnsafeRawBufferPointer(start: y.data, count: y.count)))
        }
        let mine = t.type(of: a).slots, theirs = t.type(of: b).slots
        if !mine.pointee.buffer.isSet || !theirs.pointee.buffer.isSet {
            throw t.raise(.typeError, "unsupported operand types(s) or combination of types: '\(t.typeName(a))' and '\(t.typeName(b))'")
        }
        let x = try t.buffer(of: a)
        defer { t.release(x) }
        let y = try t.buffer(of: b)
        defer { t.release(y) }
        return Value(sameBytes(UnsafeRawBufferPointer(start: x.base, count: x.count), UnsafeRawBufferPointer(start: y.base, count: y.count)))
    }

    /// Takes as long whichever bytes differ.
    private static func sameBytes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
        var difference: UInt8 = a.count == b.count ? 0 : 1
        let left = a.count == b.count ? a : b
        for i in 0..<b.count { difference |= left[i] ^ b[i] }
        return difference == 0
    }

    // MARK: Getters: word 1 the items (a tuple); methodcaller: word 1 name, word 2 arguments (a tuple), word 3 keywords (a dict or unbound)

    private static func defineGetters(_ m: ModuleBuilder) throws(Raised) {
        let t = m.t
        let itemGetter = try t.newNativeType("itemgetter", moduleName: t.intern("operator"), .values(1)) { b in
            b.doc("itemgetter(item, /, *items)\n--\n\nReturn a callable object that fetches the given item(s) from its operand.\nAfter f = itemgetter(2), the call f(r) returns r[2].\nAfter g = itemgetter(2, 5, 3), the call g(r) returns (r[2], r[5], r[3])")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                try t.refuseKeywords(a, "itemgetter")
                if a.count == 0 { throw t.raise(.typeError, "itemgetter expected at least 1 argument, got 0") }
                let made = t.allocate(TypeObject(type))
                made[1] = try t.tuple(a.base, a.count)
                return Value(made)
            }
            b.slots.pointee.call = CallSlot { (t, v, a) throws(Raised) in
                try t.positionalOnly(a, "itemgetter", 1, 1)
                let items = TupleObject(v.cell[1])
                if items.count == 1 { return try t.getItem(a[0], items[0]) }
                let made = try t.newTuple(items.count)
                for i in 0..<items.count { made[i] = try t.getItem(a[0], items[i]) }
                return made.value
            }
            defineGetterTexts(b)
        }
        let attrGetter = try t.newNativeType("attrgetter", moduleName: t.intern("operator"), .values(2)) { b in
            b.doc("attrgetter(attr, /, *attrs)\n--\n\nReturn a callable object that fetches the given attribute(s) from its operand.\nAfter f = attrgetter('name'), the call f(r) returns r.name.\nAfter g = attrgetter('name', 'date'), the call g(r) returns (r.name, r.date).\nAfter h = attrgetter('name.first', 'name.last'), the call h(r) returns\n(r.name.first, r.name.last).")
            b.slots.pointee.new = CallSlot(newAttrGetter)
            b.slots.pointee.call = CallSlot { (t, v, a) throws(Raised) in
                try t.positionalOnly(a, "attrgetter", 1, 1)
                let paths = TupleObject(v.cell[2])
                if paths.count == 1 { return try follow(t, a[0], TupleObject(paths[0])) }
                let made = try t.newTuple(paths.count)
                for i in 0..<paths.count { made[i] = try follow(t, a[0], TupleObject(paths[i])) }
                return made.value
            }
            defineGetterTexts(b)
        }
        let methodCaller = try t.newNativeType("methodcaller", moduleName: t.intern("operator"), .values(3)) { b in
            b.doc("methodcaller(name, /, *args, **kwargs)\n--\n\nReturn a callable object that calls the given method on its operand.\nAfter f = methodcaller('name'), the call f(r) returns r.name().\nAfter g = methodcaller('name', 'date', foo=1), the call g(r) returns\nr.name('date', foo=1).")
            b.slots.pointee.new = CallSlot(newMethodCaller)
            b.slots.pointee.call = CallSlot { (t, v, a) throws(Raised) in
                try t.positionalOnly(a, "methodcaller", 1, 1)
                return try t.call(try t.getattr(a[0], v.cell[1]), tuple: v.cell[2], keywords: v.cell[3])
            }
            b.slots.pointee.repr = UnarySlot(methodCallerRepr)
            b.method("__reduce__", "!($self, /)", "Return state information for pickling") { (t, a) throws(Raised) in try reduceMethodCaller(t, a[0]) }
        }
        m.set("itemgetter", itemGetter.value)
        m.set("attrgetter", attrGetter.value)
        m.set("methodcaller", methodCaller.value)
    }

    private static func defineGetterTexts(_ b: TypeBuilder) {
        b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in
            let items = TupleObject(v.cell[1])
            var text = StrBuilder()
            text.append("operator." + t.string(t.type(of: v).name) + "(")
            for i in 0..<items.count {
                if i > 0 { text.append(", ") }
                text.append(try t.repr(items[i]))
            }
            text.append(")")
            return try text.finish(t)
        }
        b.method("__reduce__", "!($self, /)", "Return state information for pickling") { (t, a) throws(Raised) in
            try t.tuple(t.type(of: a[0]).value, a[0].cell[1])
        }
    }

    /// Word 2 is a tuple of tuples: the names on the way to each attribute.
    private static func newAttrGetter(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        try t.refuseKeywords(a, "attrgetter")
        if a.count == 0 { throw t.raise(.typeError, "attrgetter expected at least 1 argument, got 0") }
        let paths = try t.newTuple(a.count)
        for i in 0..<a.count {
            if !a[i].isKind(.str) { throw t.raise(.typeError, "attribute name must be a string") }
            let parts = try t.callMethod(a[i], t.intern("split"), t.str("."))
            let names = try t.newTuple(ListObject(parts).count)
            for k in 0..<names.count { names[k] = t.intern(ListObject(parts)[k]) }
            paths[i] = names.value
        }
        let made = t.allocate(TypeObject(type))
        made[1] = try t.tuple(a.base, a.count)
        made[2] = paths.value
        return Value(made)
    }

    private static func follow(_ t: Thread, _ value: Value, _ names: TupleObject) throws(Raised) -> Value {
        var at = value
        for i in 0..<names.count { at = try t.getattr(at, names[i]) }
        return at
    }

    private static func newMethodCaller(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        if a.count == 0 { throw t.raise(.typeError, "methodcaller needs at least one argument, the method name") }
        if !a[0].isKind(.str) { throw t.raise(.typeError, "method name must be a string") }
        let made = t.allocate(TypeObject(type))
        made[1] = a[0].hasLayout(.str) ? t.intern(a[0]) : a[0]
        made[2] = try t.tuple(a.base + 1, a.count - 1)
        if a.keywords.isBound {
            let keywords = t.newDict(), names = TupleObject(a.keywords)
            for i in 0..<names.count { try t.set(keywords, names[i], a[a.count + i]) }
            made[3] = keywords.value
        }
        return Value(made)
    }

    private static func methodCallerRepr(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        if !(try t.enterRepr(v)) { return t.str("operator.methodcaller(...)") }
        defer { t.leaveRepr(v) }
        var text = StrBuilder()
        text.append("operator.methodcaller(")
        text.append(try t.repr(v.cell[1]))
        let arguments = TupleObject(v.cell[2])
        for i in 0..<arguments.count {
            text.append(", ")
            text.append(try t.repr(arguments[i]))
        }
        if v.cell[3].isBound {
            let keywords = DictObject(v.cell[3])
            for i in 0..<keywords.entryCount where keywords.entry(i).key.isBound {
                text.append(", ")
                text.append(keywords.entry(i).key)
                text.append("=")
                text.append(try t.repr(keywords.entry(i).value))
            }
        }
        text.append(")")
        return try text.finish(t)
    }

    private static func reduceMethodCaller(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        let arguments = TupleObject(v.cell[2])
        let all = try t.newTuple(arguments.count &+ 1)
        all[0] = v.cell[1]
        for i in 0..<arguments.count { all[i &+ 1] = arguments[i] }
        if v.cell[3].isUnbound || DictObject(v.cell[3]).count == 0 { return try t.tuple(t.type(of: v).value, all.value) }
        // The keywords go into a partial of the type.
        let functools = try t.call(try t.builtinFunction("__import__"), t.str("functools"))
        let partial = try t.getattr(functools, t.intern("partial"))
        let made = try t.call(partial, tuple: try t.tuple(t.type(of: v).value, v.cell[1]), keywords: v.cell[3])
        return try t.tuple(made, v.cell[2])
    }
}
