// An expression as source text again, as `from __future__ import annotations` stores annotations.
//
// The text is CPython's, down to spaces and parentheses: a child is put in parentheses when it binds
// less tightly than its place asks for.

/// Turns expressions into source text.
public struct Unparse {
    /// How tightly an expression binds, from loosest to tightest.
    enum Level: Int, Comparable {
        case tuple, test, or, and, not, comparison, bitOr, bitXor, bitAnd, shift, arithmetic, term, factor, power
        case await, atom

        static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }

        /// The next tighter level.
        var tighter: Level { Level(rawValue: rawValue + 1) ?? .atom }
    }

    /// Bytes that a text may have. Each f-string inside another doubles the backslashes of what it holds, so fifty of them would fill any
    /// memory.
    private static var limit: Int { 1 << 26 }

    private var out: [UInt8] = []
    private var isTooLong = false

    private init() {}

    /// The source text of an expression, as an annotation has it; nil when it would have more than 64 MB.
    public static func text(_ e: Expression) -> String? {
        bytes(e).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The same as UTF-8, which may hold lone surrogates.
    public static func bytes(_ e: Expression) -> [UInt8]? {
        var unparse = Unparse()
        unparse.expression(e, .test)
        return unparse.isTooLong ? nil : unparse.out
    }

    /// What `body` writes, or nothing once there is too much.
    private mutating func apart(_ body: (inout Unparse) -> Void) -> [UInt8] {
        if isTooLong { return [] }
        var inner = Unparse()
        body(&inner)
        isTooLong = inner.isTooLong || inner.out.count > Unparse.limit
        return isTooLong ? [] : inner.out
    }

    // MARK: Pieces

    private mutating func put(_ text: StaticString) {
        text.withUTF8Buffer { out.append(contentsOf: $0) }
    }

    private mutating func put(_ text: String) { out.append(contentsOf: text.utf8) }

    private mutating func list(_ items: [Expression], _ level: Level) {
        for (i, item) in items.enumerated() {
            if i > 0 { put(", ") }
            expression(item, level)
        }
    }

    /// Writes what `body` writes, in parentheses if this kind of expression is too loose for its place.
    private mutating func group(_ level: Level, _ own: Level, _ body: (inout Unparse) -> Void) {
        if level > own { put("(") }
        body(&self)
        if level > own { put(")") }
    }

    // MARK: Expressions

    private mutating func expression(_ e: Expression, _ level: Level) {
        switch e.kind {
        case .boolOp(let op, let values):
            let own: Level = op == .and ? .and : .or
            group(level, own) {
                for (i, value) in values.enumerated() {
                    if i > 0 { $0.put(op == .and ? " and " : " or ") }
                    $0.expression(value, own.tighter)
                }
            }
        case .binOp(let left, let op, let right):
            let (text, own) = Unparse.sign(op)
            group(level, own) {
                $0.expression(left, op == .pow ? own.tighter : own)
                $0.put(text)
                $0.expression(right, op == .pow ? own : own.tighter)
            }
        case .unaryOp(let op, let operand):
            let own: Level = op == .not ? .not : .factor
            group(level, own) {
                $0.put(op == .not ? "not " : op == .uSub ? "-" : op == .uAdd ? "+" : "~")
                $0.expression(operand, own)
            }
        case .lambda(let arguments, let body):
            group(level, .test) {
                $0.put("lambda")
                $0.parameters(arguments)
                $0.put(": ")
                $0.expression(body, .test)
            }
        case .ifExp(let test, let body, let orelse):
            group(level, .test) {
                $0.expression(body, .or)
                $0.put(" if ")
                $0.expression(test, .or)
                $0.put(" else ")
                $0.expression(orelse, .test)
            }
        case .compare(let left, let ops, let comparators):
            group(level, .comparison) {
                $0.expression(left, .bitOr)
                for (op, operand) in zip(ops, comparators) {
                    $0.put(Unparse.sign(op))
                    $0.expression(operand, .bitOr)
                }
            }
        case .namedExpr(let target, let value):
            group(level, .tuple) {
                $0.expression(target, .atom)
                $0.put(" := ")
                $0.expression(value, .atom)
            }
        case .await(let value):
            group(level, .await) {
                $0.put("await ")
                $0.expression(value, .atom)
            }
        case .yield(let value):
            put("(yield")
            if let value {
                put(" ")
                expression(value, .test)
            }
            put(")")
        case .yieldFrom(let value):
            put("(yield from ")
            expression(value, .test)
            put(")")
        default: primary(e, level)
        }
    }

    private mutating func primary(_ e: Expression, _ level: Level) {
        switch e.kind {
        case .call(let function, let args, let keywords): call(function, args, keywords)
        case .attribute(let value, let attr, _):
            expression(value, .atom)
            // A space keeps `1 .real` from being read as a float.
            if case .constant(.int, _) = value.kind { put(" ") }
            put(".")
            put(attr)
        case .subscript(let value, let slice, _): item(value, slice)
        case .starred(let value, _):
            put("*")
            expression(value, .bitOr)
        case .name(let id, _): put(id)
        case .constant(let value, let isUnicodePrefixed):
            if isUnicodePrefixed { put("u") }
            constant(value)
        case .joinedStr(let values): fstring(values)
        case .formattedValue(let value, let conversion, let spec):
            var inner = Unparse()
            inner.field(value, conversion, spec)
            put("f")
            put(ConstantText.string(inner.out))
        default: display(e, level)
        }
    }

    private mutating func display(_ e: Expression, _ level: Level) {
        switch e.kind {
        case .list(let elts, _):
            put("[")
            list(elts, .test)
            put("]")
        case .set(let elts):
            put("{")
            list(elts, .test)
            put("}")
        case .tuple(let elts, _):
            if elts.isEmpty { return put("()") }
            group(level, .tuple) {
                $0.list(elts, .test)
                if elts.count == 1 { $0.put(",") }
            }
        case .dict(let keys, let values): dict(keys, values)
        case .listComp(let elt, let generators): comprehension("[", elt, generators, "]")
        case .setComp(let elt, let generators): comprehension("{", elt, generators, "}")
        case .generatorExp(let elt, let generators): comprehension("(", elt, generators, ")")
        case .dictComp(let key, let value, let generators):
            put("{")
            expression(key, .test)
            put(": ")
            expression(value, .test)
            self.generators(generators)
            put("}")
        case .slice(let lower, let upper, let step):
            if let lower { expression(lower, .test) }
            put(":")
            if let upper { expression(upper, .test) }
            if let step {
                put(":")
                expression(step, .test)
            }
        default: break
        }
    }

    private mutating func dict(_ keys: [Expression?], _ values: [Expression]) {
        put("{")
        for (i, value) in values.enumerated() {
            if i > 0 { put(", ") }
            if let key = keys[i] {
                expression(key, .test)
                put(": ")
                expression(value, .test)
            } else {
                put("**")
                expression(value, .bitOr)
            }
        }
        put("}")
    }

    private mutating func comprehension(_ open: StaticString, _ elt: Expression, _ list: [Comprehension], _ close: StaticString) {
        put(open)
        expression(elt, .test)
        generators(list)
        put(close)
    }

    private mutating func generators(_ list: [Comprehension]) {
        for item in list {
            put(item.isAsync ? " async for " : " for ")
            expression(item.target, .tuple)
            put(" in ")
            expression(item.iterable, .or)
            for test in item.ifs {
                put(" if ")
                expression(test, .or)
            }
        }
    }

    private mutating func call(_ function: Expression, _ args: [Expression], _ keywords: [Keyword]) {
        expression(function, .atom)
        if args.count == 1, keywords.isEmpty, case .generatorExp = args[0].kind {
            return expression(args[0], .test)
        }
        put("(")
        list(args, .test)
        for (i, keyword) in keywords.enumerated() {
            if i > 0 || !args.isEmpty { put(", ") }
            if let name = keyword.name {
                put(name)
                put("=")
            } else {
                put("**")
            }
            expression(keyword.value, .test)
        }
        put(")")
    }

    private mutating func item(_ value: Expression, _ slice: Expression) {
        expression(value, .atom)
        put("[")
        expression(slice, .tuple)
        put("]")
    }

    private mutating func constant(_ value: ConstantValue) {
        switch value {
        case .ellipsis: put("...")
        case .float, .complex, .complexPair:
            // An infinity is written as a literal that overflows.
            let text = Array(ConstantText.repr(value).utf8)
            var i = 0
            while i < text.count {
                if i + 3 <= text.count, text[i] == 105, text[i + 1] == 110, text[i + 2] == 102 {
                    put("1e309")
                    i += 3
                } else {
                    out.append(text[i])
                    i += 1
                }
            }
        default: put(ConstantText.repr(value))
        }
    }

    // MARK: f-strings

    private mutating func fstring(_ values: [Expression]) {
        let body = apart { $0.fstringBody(values) }
        put("f")
        put(ConstantText.string(body))
    }

    private mutating func fstringBody(_ values: [Expression]) {
        for value in values {
            switch value.kind {
            case .constant(.str(let text), _):
                for c in text {
                    if c == 123 || c == 125 { out.append(c) }
                    out.append(c)
                }
            case .formattedValue(let inner, let conversion, let spec): field(inner, conversion, spec)
            case .joinedStr(let inner): fstring(inner)
            default: break
            }
        }
    }

    private mutating func field(_ value: Expression, _ conversion: Int, _ spec: Expression?) {
        let text = apart { $0.expression(value, .or) }
        put(text.first == 123 ? "{ " : "{")
        out += text
        if conversion > 0 {
            put("!")
            out.append(UInt8(truncatingIfNeeded: conversion))
        }
        if let spec {
            put(":")
            if case .joinedStr(let parts) = spec.kind { fstringBody(parts) } else { fstringBody([spec]) }
        }
        put("}")
    }

    // MARK: Parameters

    private mutating func parameters(_ a: Arguments) {
        var isFirst = true
        func separate(_ unparse: inout Unparse) {
            if !isFirst { unparse.put(", ") }
            isFirst = false
        }
        let positional = a.posonlyargs + a.args
        // CPython puts the space only before positional parameters: `lambda*args: args`.
        if !positional.isEmpty { put(" ") }
        let firstDefault = positional.count - a.defaults.count
        for (i, parameter) in positional.enumerated() {
            separate(&self)
            self.parameter(parameter)
            if i >= firstDefault {
                put("=")
                expression(a.defaults[i - firstDefault], .test)
            }
            if i + 1 == a.posonlyargs.count { put(", /") }
        }
        if a.vararg != nil || !a.kwonlyargs.isEmpty {
            separate(&self)
            put("*")
            if let vararg = a.vararg { parameter(vararg) }
        }
        for (i, parameter) in a.kwonlyargs.enumerated() {
            separate(&self)
            self.parameter(parameter)
            if i < a.kwDefaults.count, let value = a.kwDefaults[i] {
                put("=")
                expression(value, .test)
            }
        }
        if let kwarg = a.kwarg {
            separate(&self)
            put("**")
            parameter(kwarg)
        }
    }

    private mutating func parameter(_ p: Parameter) {
        put(p.name)
        if let annotation = p.annotation {
            put(": ")
            expression(annotation, .test)
        }
    }

    // MARK: Operators

    private static func sign(_ op: BinaryOperator) -> (StaticString, Level) {
        switch op {
        case .add: return (" + ", .arithmetic)
        case .sub: return (" - ", .arithmetic)
        case .mult: return (" * ", .term)
        case .matMult: return (" @ ", .term)
        case .div: return (" / ", .term)
        case .mod: return (" % ", .term)
        case .floorDiv: return (" // ", .term)
        case .lShift: return (" << ", .shift)
        case .rShift: return (" >> ", .shift)
        case .bitOr: return (" | ", .bitOr)
        case .bitXor: return (" ^ ", .bitXor)
        case .bitAnd: return (" & ", .bitAnd)
        case .pow: return (" ** ", .power)
        }
    }

    private static func sign(_ op: ComparisonOperator) -> StaticString {
        switch op {
        case .eq: return " == "
        case .notEq: return " != "
        case .lt: return " < "
        case .ltE: return " <= "
        case .gt: return " > "
        case .gtE: return " >= "
        case .is: return " is "
        case .isNot: return " is not "
        case .in: return " in "
        case .notIn: return " not in "
        }
    }
}
