// `_string`: how `string.Formatter` sees format strings.

import TaipanRuntime
import TaipanUnicode

public enum StringModule {
    /// Fills the module.
    public static func define(_ m: ModuleBuilder) throws(Raised) {
        // Word 1 the format string, word 2 (raw) the position of the next piece.
        let parser = try m.type("formatteriterator", export: false, NativeLayout(valueWords: 1, bytes: 24)) { b in
            b.slots.pointee.iter = UnarySlot { (_, v) in v }
            b.slots.pointee.next = UnarySlot(StringModule.nextPiece)
        }
        // Word 1 the field name, word 2 (raw) the position of the next step.
        let steps = try m.type("fieldnameiterator", export: false, NativeLayout(valueWords: 1, bytes: 24)) { b in
            b.slots.pointee.iter = UnarySlot { (_, v) in v }
            b.slots.pointee.next = UnarySlot(StringModule.nextStep)
        }
        try m.t.keep("_string", try m.t.tuple(parser.value, steps.value))
        m.rawFunction("formatter_parser", "", "parse the argument as a format string") { (t, a) throws(Raised) in
            if a.count != 1 { throw t.raise(.typeError, "_string.formatter_parser() takes exactly one argument (\(a.count) given)") }
            if !a[0].isKind(.str) { throw t.raise(.typeError, "expected str, got \(t.typeName(a[0]))") }
            return newIterator(t, 0, a[0], 0)
        }
        m.rawFunction("formatter_field_name_split", "", "split the argument as a field name") { (t, a) throws(Raised) in
            if a.count != 1 { throw t.raise(.typeError, "_string.formatter_field_name_split() takes exactly one argument (\(a.count) given)") }
            if !a[0].isKind(.str) { throw t.raise(.typeError, "expected str, got \(t.typeName(a[0]))") }
            let points = StrObject(a[0]).points
            let split = try t.splitFieldName(points, 0..<points.count)
            let first = split.index >= 0 ? t.int(split.index) : try t.substring(a[0], split.first.lowerBound, split.first.upperBound)
            return try t.tuple(first, newIterator(t, 1, a[0], split.first.upperBound))
        }
    }

    private static func newIterator(_ t: Thread, _ which: Int, _ text: Value, _ position: Int) -> Value {
        let cell = t.allocate(TypeObject(TupleObject(t.kept("_string"))[which]))
        cell[1] = text
        cell.setRaw(position, at: 2)
        return Value(cell)
    }

    private static func nextPiece(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        let text = v.cell[1]
        let points = StrObject(text).points
        var pieces = FormatPieces(points, v.cell.raw(2)..<points.count)
        let found = try pieces.next(t)
        v.cell.setRaw(pieces.position, at: 2)
        guard let piece = found else { return .unbound }
        let made = try t.newTuple(4)
        made[0] = try t.newStr(points.slice(piece.literal.lowerBound, piece.literal.upperBound))
        for i in 1...3 { made[i] = .none }
        if piece.hasField {
            made[1] = try t.newStr(points.slice(piece.name.lowerBound, piece.name.upperBound))
            made[2] = try t.newStr(points.slice(piece.spec.lowerBound, piece.spec.upperBound))
            if piece.conversion != 0 { made[3] = t.character(piece.conversion) }
        }
        return made.value
    }

    private static func nextStep(_ t: Thread, _ v: Value) throws(Raised) -> Value {
        let points = StrObject(v.cell[1]).points
        var steps = FieldSteps(points, v.cell.raw(2)..<points.count)
        let found = try steps.next(t)
        v.cell.setRaw(steps.position, at: 2)
        guard let step = found else { return .unbound }
        let key = step.index >= 0 ? t.int(step.index) : try t.newStr(points.slice(step.name.lowerBound, step.name.upperBound))
        return try t.tuple(Value(step.isAttribute), key)
    }
}
