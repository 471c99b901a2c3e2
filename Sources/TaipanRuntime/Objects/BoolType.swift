// `bool`: the two immediates False and True, a subclass of int.

import TaipanNumbers

extension Thread {
    func defineBoolType() {
        defineType(.bool, "bool", base: types.pointee.int, flags: TypeFlag.matchSelf,
                   NativeLayout(valueWords: 0, bytes: 24, kind: .int, isVariable: true)) { b in
            b.doc("bool(x) -> bool\n\nTrue when x counts as true, False otherwise. There are no other bools, and the class cannot be subclassed.")
            let s = b.slots
            s.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                if a.keywords.isBound && TupleObject(a.keywords).count > 0 { throw t.raise(.typeError, "bool() takes no keyword arguments") }
                if a.count > 1 { throw t.raise(.typeError, "bool expected at most 1 argument, got \(a.count)") }
                return a.count == 0 ? .false : Value(try t.truth(a[0]))
            }
            s.pointee.repr = UnarySlot { (t, v) in t.name(v.isTrue ? .True : .False) }
            s.pointee.and = BinarySlot { (t, l, r) throws(Raised) in try t.boolBitwise(.and, l, r) }
            s.pointee.or = BinarySlot { (t, l, r) throws(Raised) in try t.boolBitwise(.or, l, r) }
            s.pointee.xor = BinarySlot { (t, l, r) throws(Raised) in try t.boolBitwise(.xor, l, r) }
            s.pointee.invert = UnarySlot { (t, v) throws(Raised) in
                try t.warn(.deprecationWarning, "Bitwise inversion '~' on bool is deprecated. This returns the bitwise inversion of the underlying int object and is usually not what you expect from negating a bool. Use the 'not' operator for boolean negation or ~int(x) if you really want the bitwise inversion of the underlying int.")
                return try t.intInvert(v)
            }
        }
    }
}

extension Thread {
    /// `&`, `|` and `^`: of two bools a bool, else as ints.
    func boolBitwise(_ operation: Limbs.BitOperation, _ left: Value, _ right: Value) throws(Raised) -> Value {
        if left.isBool && right.isBool {
            switch operation {
            case .and: return Value(left.isTrue && right.isTrue)
            case .or: return Value(left.isTrue || right.isTrue)
            case .xor: return Value(left != right)
            }
        }
        return areInts(left, right) ? try intBitwise(operation, left, right) : .notImplemented
    }
}
