// `_ast`: the node classes with their fields, constructors and attributes. Trees made by the parser (PyCF_ONLY_AST) are
// not converted to them yet: `compile` says so.

import TaipanRuntime

enum ASTModule {
    /// Name, base, fields, fields that default to None, attributes ("-": the base's).
    private static var nodes: [StaticString] { [
        "alias|AST|name asname|asname|lineno col_offset end_lineno end_col_offset",
        "arg|AST|arg annotation type_comment|annotation type_comment|lineno col_offset end_lineno end_col_offset",
        "arguments|AST|posonlyargs args vararg kwonlyargs kw_defaults kwarg defaults|vararg kwarg|",
        "boolop|AST|||",
        "And|boolop|||-",
        "Or|boolop|||-",
        "cmpop|AST|||",
        "Eq|cmpop|||-",
        "Gt|cmpop|||-",
        "GtE|cmpop|||-",
        "In|cmpop|||-",
        "Is|cmpop|||-",
        "IsNot|cmpop|||-",
        "Lt|cmpop|||-",
        "LtE|cmpop|||-",
        "NotEq|cmpop|||-",
        "NotIn|cmpop|||-",
        "comprehension|AST|target iter ifs is_async||",
        "excepthandler|AST|||lineno col_offset end_lineno end_col_offset",
        "ExceptHandler|excepthandler|type name body|type name|-",
        "expr|AST|||lineno col_offset end_lineno end_col_offset",
        "Attribute|expr|value attr ctx||-",
        "Await|expr|value||-",
        "BinOp|expr|left op right||-",
        "BoolOp|expr|op values||-",
        "Call|expr|func args keywords||-",
        "Compare|expr|left ops comparators||-",
        "Constant|expr|value kind|kind|-",
        "Dict|expr|keys values||-",
        "DictComp|expr|key value generators||-",
        "FormattedValue|expr|value conversion format_spec|format_spec|-",
        "GeneratorExp|expr|elt generators||-",
        "IfExp|expr|test body orelse||-",
        "JoinedStr|expr|values||-",
        "Lambda|expr|args body||-",
        "List|expr|elts ctx||-",
        "ListComp|expr|elt generators||-",
        "Name|expr|id ctx||-",
        "NamedExpr|expr|target value||-",
        "Set|expr|elts||-",
        "SetComp|expr|elt generators||-",
        "Slice|expr|lower upper step|lower upper step|-",
        "Starred|expr|value ctx||-",
        "Subscript|expr|value slice ctx||-",
        "Tuple|expr|elts ctx||-",
        "UnaryOp|expr|op operand||-",
        "Yield|expr|value|value|-",
        "YieldFrom|expr|value||-",
        "expr_context|AST|||",
        "Del|expr_context|||-",
        "Load|expr_context|||-",
        "Store|expr_context|||-",
        "keyword|AST|arg value|arg|lineno col_offset end_lineno end_col_offset",
        "match_case|AST|pattern guard body|guard|",
        "mod|AST|||",
        "Expression|mod|body||-",
        "FunctionType|mod|argtypes returns||-",
        "Interactive|mod|body||-",
        "Module|mod|body type_ignores||-",
        "operator|AST|||",
        "Add|operator|||-",
        "BitAnd|operator|||-",
        "BitOr|operator|||-",
        "BitXor|operator|||-",
        "Div|operator|||-",
        "FloorDiv|operator|||-",
        "LShift|operator|||-",
        "MatMult|operator|||-",
        "Mod|operator|||-",
        "Mult|operator|||-",
        "Pow|operator|||-",
        "RShift|operator|||-",
        "Sub|operator|||-",
        "pattern|AST|||lineno col_offset end_lineno end_col_offset",
        "MatchAs|pattern|pattern name|pattern name|-",
        "MatchClass|pattern|cls patterns kwd_attrs kwd_patterns||-",
        "MatchMapping|pattern|keys patterns rest|rest|-",
        "MatchOr|pattern|patterns||-",
        "MatchSequence|pattern|patterns||-",
        "MatchSingleton|pattern|value||-",
        "MatchStar|pattern|name|name|-",
        "MatchValue|pattern|value||-",
        "stmt|AST|||lineno col_offset end_lineno end_col_offset",
        "AnnAssign|stmt|target annotation value simple|value|-",
        "Assert|stmt|test msg|msg|-",
        "Assign|stmt|targets value type_comment|type_comment|-",
        "AsyncFor|stmt|target iter body orelse type_comment|type_comment|-",
        "AsyncFunctionDef|stmt|name args body decorator_list returns type_comment type_params|returns type_comment|-",
        "AsyncWith|stmt|items body type_comment|type_comment|-",
        "AugAssign|stmt|target op value||-",
        "Break|stmt|||-",
        "ClassDef|stmt|name bases keywords body decorator_list type_params||-",
        "Continue|stmt|||-",
        "Delete|stmt|targets||-",
        "Expr|stmt|value||-",
        "For|stmt|target iter body orelse type_comment|type_comment|-",
        "FunctionDef|stmt|name args body decorator_list returns type_comment type_params|returns type_comment|-",
        "Global|stmt|names||-",
        "If|stmt|test body orelse||-",
        "Import|stmt|names||-",
        "ImportFrom|stmt|module names level|module level|-",
        "Match|stmt|subject cases||-",
        "Nonlocal|stmt|names||-",
        "Pass|stmt|||-",
        "Raise|stmt|exc cause|exc cause|-",
        "Return|stmt|value|value|-",
        "Try|stmt|body handlers orelse finalbody||-",
        "TryStar|stmt|body handlers orelse finalbody||-",
        "TypeAlias|stmt|name type_params value||-",
        "While|stmt|test body orelse||-",
        "With|stmt|items body type_comment|type_comment|-",
        "type_ignore|AST|||",
        "TypeIgnore|type_ignore|lineno tag||-",
        "type_param|AST|||lineno col_offset end_lineno end_col_offset",
        "ParamSpec|type_param|name||-",
        "TypeVar|type_param|name bound|bound|-",
        "TypeVarTuple|type_param|name||-",
        "unaryop|AST|||",
        "Invert|unaryop|||-",
        "Not|unaryop|||-",
        "UAdd|unaryop|||-",
        "USub|unaryop|||-",
        "withitem|AST|context_expr optional_vars|optional_vars|",
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
