// `_ast`: the node classes with their fields, constructors and attributes. Trees made by the parser (PyCF_ONLY_AST) are
// not converted to them yet: `compile` says so.

import TaipanRuntime

enum ASTModule {
    /// Name, base, fields, fields that default to None, attributes ("-": the base's).
    private static var nodes: [StaticString] { [
    ] }

    static func define(_ m: ModuleBuilder) throws(Raised) {
        let t = m.t
        m.int("PyCF_ONLY_AST", 0x0400)
        m.int("PyCF_TYPE_COMMENTS", 0x1000)
        m.int("PyCF_ALLOW_TOP_LEVEL_AWAIT", 0x2000)
        let base = try t.newNativeType("AST", moduleName: t.intern("ast"), flags: TypeFlag.base | TypeFlag.hasWeakReferences, .values(1, dictWord: 1)) { b in
            b.slots.pointee.initialize = InitSlot(initialize)
            b.constant("_fields", t.objects.pointee.emptyTuple)
            b.constant("_attributes", t.objects.pointee.emptyTuple)
            b.constant("__match_args__", t.objects.pointee.emptyTuple)
            b.method("__reduce__", "($self, /)") { (t, a) throws(Raised) in
                let state = try t.getattr(a[0], .__dict__)
                return try t.tuple(t.type(of: a[0]).value, t.objects.pointee.emptyTuple, state)
            }
        }
        m.set("AST", base.value)
        for node in nodes { try defineNode(m, "\(node)") }
    }

    private static func defineNode(_ m: ModuleBuilder, _ row: String) throws(Raised) {
        let t = m.t
        let parts = row.split(separator: "|", omittingEmptySubsequences: false)
        let namespace = t.newDict()
        let fields = try names(t, parts[2])
        try namespace.setString(t, t.name(.__module__), t.intern("ast"))
        try namespace.setString(t, t.intern("_fields"), fields)
        try namespace.setString(t, t.name(.__match_args__), fields)
        for optional in parts[3].split(separator: " ") { try namespace.setString(t, t.intern(String(optional)), .none) }
        if parts[4] != "-" {
            try namespace.setString(t, t.intern("_attributes"), try names(t, parts[4]))
            for optional in parts[4].split(separator: " ") where optional.hasPrefix("end_") { try namespace.setString(t, t.intern(String(optional)), .none) }
        }
        let base = m.dict.findString(t, t.intern(String(parts[1])))
        let made = try t.call(t.types.pointee.type, t.intern(String(parts[0])), try t.tuple(base), namespace.value)
        try m.dict.setString(t, t.intern(String(parts[0])), made)
    }

    private static func names(_ t: Thread, _ text: Substring) throws(Raised) -> Value {
        let list = try t.newList()
        for name in text.split(separator: " ") { try t.append(list, t.intern(String(name))) }
        return try t.tupleFrom(list.value).value
    }

    /// `Node(field, …, name=value, …)`.
    private static func initialize(_ t: Thread, _ node: Value, _ a: Arguments) throws(Raised) {
        let fields = try t.tupleFrom(try t.getattr(node, t.intern("_fields")))
        if a.count > fields.count {
            throw t.raise(.typeError, "\(t.typeName(node)) constructor takes at most \(fields.count) positional argument\(fields.count == 1 ? "" : "s")")
        }
        for i in 0..<a.count { try t.setattr(node, t.intern(fields[i]), a[i]) }
        if a.keywords.isUnbound { return }
        let keys = TupleObject(a.keywords)
        for k in 0..<keys.count {
            for i in 0..<a.count where StrObject(fields[i]).equals(StrObject(keys[k])) {
                throw t.raise(.typeError, "\(t.typeName(node)) got multiple values for argument '\(t.string(keys[k]))'")
            }
            try t.setattr(node, t.intern(keys[k]), a[a.count + k])
        }
    }
}

/// `_tokenize`: the iterator over tokens is not there yet and says so.
enum TokenizeModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        m.rawFunction("TokenizerIter") { (t, _) throws(Raised) in
            throw t.raise(.notImplementedError, "_tokenize.TokenizerIter is not there yet")
        }
    }
}
