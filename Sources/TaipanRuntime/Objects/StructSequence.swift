// Struct sequences: tuples whose items have names, such as os.stat_result. Items past the tuple's length are reached by name only.
// The cell is a tuple cell whose length is the number of visible items, with the others behind them.

/// What the fields of a struct sequence are called.
public struct StructSequenceLayout {
    /// Names by position; an empty name is a field without one.
    public var names: [StaticString]
    /// How many of them are items of the tuple.
    public var visible: Int
    public init(_ names: [StaticString], visible: Int? = nil) {
        self.names = names
        self.visible = visible ?? names.count
    }
}

extension Thread {
    /// Makes a struct sequence type. `configure` may add to it; such types cannot be subclassed.
    public func newStructSequenceType(_ name: StaticString, module: StaticString, doc: StaticString, _ fields: StructSequenceLayout,
                                      canCreate: Bool = true, _ configure: (TypeBuilder) -> Void = { _ in }) throws(Raised) -> TypeObject {
        let cells = NativeLayout(valueWords: LayoutInfo.allWords, bytes: 16 + fields.names.count * 8, kind: .tuple, isVariable: true)
        return try newNativeType(name, moduleName: intern(module), base: types.pointee.tuple, flags: canCreate ? 0 : TypeFlag.noInstantiation, cells) { b in
            b.doc(doc)
            var unnamed = 0
            for (i, field) in fields.names.enumerated() {
                if field.utf8CodeUnitCount == 0 { unnamed += 1 } else { b.member(field, word: i + 2) }
            }
            b.constant("n_sequence_fields", Value(smallInt: fields.visible))
            b.constant("n_fields", Value(smallInt: fields.names.count))
            b.constant("n_unnamed_fields", Value(smallInt: unnamed))
            if let match = try? newTuple(fields.visible - unnamed) {
                for i in 0..<match.count { match[i] = intern(fields.names[i]) }
                b.constant("__match_args__", match.value)
            }
            b.slots.pointee.repr = UnarySlot(Thread.structSequenceRepr)
            if canCreate { b.slots.pointee.new = CallSlot(Thread.structSequenceNew) }
            b.method("__reduce__", "!($self, /)") { (t, a) throws(Raised) in try t.structSequenceReduce(a[0]) }
            configure(b)
        }
    }

    private func structCount(_ type: TypeObject, _ key: StaticString) -> Int {
        let found = DictObject(type.dict).findString(self, intern(key))
        return found.isSmallInt ? found.smallInt : 0
    }

    /// An instance whose fields are None; field `i` is word `i + 2` of the cell.
    public func newStructSequence(_ type: TypeObject) throws(Raised) -> Cell {
        let total = structCount(type, "n_fields")
        let cell = try allocate(type, bytes: 16 + total * 8)
        cell[1] = Value(smallInt: structCount(type, "n_sequence_fields"))
        for i in 0..<total { cell[i + 2] = .none }
        return cell
    }

    /// An instance with the given fields in order.
    public func structSequence(_ type: Value, _ fields: Row) throws(Raised) -> Value {
        let cell = try newStructSequence(TypeObject(type))
        for i in 0..<fields.count { cell[i + 2] = fields.tuple[i] }
        return Value(cell)
    }

    /// An empty row with room for `capacity` values.
    public func row(_ capacity: Int) throws(Raised) -> Row { Row(tuple: try newTuple(capacity), count: 0) }

    /// The n-th named field, in order of declaration, or nil.
    private func forEachStructField(_ type: TypeObject, _ body: (_ n: Int, _ name: Value, _ word: Int) throws(Raised) -> Void) throws(Raised) {
        let dict = DictObject(type.dict)
        var n = 0
        for i in 0..<dict.entryCount where dict.entry(i).value.hasLayout(.memberDescriptor) {
            try body(n, dict.entry(i).key, MemberDescriptor(dict.entry(i).value.cell).word)
            n += 1
        }
    }

    /// `module.name` as messages show it.
    private func structLabel(_ type: TypeObject) -> String {
        let module = type.moduleName.isKind(.str) ? string(type.moduleName) : ""
        return module.isEmpty || module == "builtins" ? string(type.name) : "\(module).\(string(type.name))"
    }

    static func structSequenceRepr(_ t: Thread, _ value: Value) throws(Raised) -> Value {
        let type = t.type(of: value)
        let items = TupleObject(value)
        var text = t.structLabel(type) + "("
        try t.forEachStructField(type) { (n, name, _) throws(Raised) in
            if n >= items.count { return }
            text += (n > 0 ? ", " : "") + t.string(name) + "=" + (try t.reprText(items[n]))
        }
        return t.str(text + ")")
    }

    /// `type(sequence, dict={})`.
    public static func structSequenceNew(_ t: Thread, _ typeValue: Value, _ a: Arguments) throws(Raised) -> Value {
        let type = TypeObject(typeValue)
        let (sequence, extra) = try t.structArguments(type, a)
        if !t.type(of: sequence).slots.pointee.iter.isSet && !t.isSequence(sequence) { throw t.raise(.typeError, "constructor requires a sequence") }
        if extra.isBound && !extra.isKind(.dict) { throw t.raise(.typeError, "\(t.structLabel(type))() takes a dict as second arg, if any") }
        let items = try t.tupleFrom(sequence)
        let visible = t.structCount(type, "n_sequence_fields"), total = t.structCount(type, "n_fields")
        if items.count < visible || items.count > total {
            let bound: String = visible == total ? "a \(visible)" : items.count < visible ? "an at least \(visible)" : "an at most \(total)"
            throw t.raise(.typeError, "\(t.structLabel(type))() takes \(bound)-sequence (\(items.count)-sequence given)")
        }
        let cell = try t.newStructSequence(type)
        for i in 0..<items.count { cell[i + 2] = items[i] }
        if extra.isUnbound { return Value(cell) }
        var used = 0
        try t.forEachStructField(type) { (_, name, word) throws(Raised) in
            if word - 2 < items.count { return }
            let found = try t.get(DictObject(extra), name)
            if found.isBound {
                cell[word] = found
                used += 1
            }
        }
        if used < DictObject(extra).count { throw t.raise(.typeError, "\(t.structLabel(type))() got duplicate or unexpected field name(s)") }
        return Value(cell)
    }

    private func structArguments(_ type: TypeObject, _ a: Arguments) throws(Raised) -> (Value, Value) {
        var sequence: Value = a.count > 0 ? a[0] : .unbound
        var extra: Value = a.count > 1 ? a[1] : .unbound
        if a.count > 2 { throw raise(.typeError, "\(string(type.name))() takes at most 2 arguments (\(a.count) given)") }
        if a.keywords.isBound {
            for i in 0..<TupleObject(a.keywords).count {
                let key = string(TupleObject(a.keywords)[i])
                if key == "sequence" && sequence.isUnbound {
                    sequence = a[a.count + i]
                } else if key == "dict" && extra.isUnbound {
                    extra = a[a.count + i]
                } else {
                    throw raise(.typeError, "\(string(type.name))() got an unexpected keyword argument '\(key)'")
                }
            }
        }
        if sequence.isUnbound { throw raise(.typeError, "\(string(type.name))() missing required argument 'sequence' (pos 1)") }
        return (sequence, extra)
    }

    /// For pickling: the visible items, and the others by name.
    private func structSequenceReduce(_ value: Value) throws(Raised) -> Value {
        let type = type(of: value)
        let items = TupleObject(value)
        let plain = try newTuple(items.count)
        for i in 0..<items.count { plain[i] = items[i] }
        let hidden = newDict()
        try forEachStructField(type) { (_, name, word) throws(Raised) in
            if word - 2 >= items.count { try hidden.setString(self, name, value.cell[word]) }
        }
        return try tuple(type.value, try tuple(plain.value, hidden.value))
    }
}

/// Values one after the other, in a tuple that the collector sees while the next one is made: `try t.row(2).adding(a).adding(b)`.
public struct Row: BitwiseCopyable {
    public let tuple: TupleObject
    public let count: Int

    /// The row with `value` behind the others. There must be room for it.
    public func adding(_ value: Value) -> Row {
        tuple[count] = value
        return Row(tuple: tuple, count: count &+ 1)
    }
}
