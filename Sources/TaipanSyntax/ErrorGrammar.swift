// The rules of `ErrorRules`, read into a form that `ErrorFinder` can follow.

/// What an expression is called in error messages, and other kinds of results.
enum NodeKind: UInt8 {
    case other, sequence, token, keyword, unpacking, args, clause, inPair, middle
    case name, attribute, `subscript`, starred, list, tuple, lambda, call, operation, generatorExp, yield, await
    case listComp, setComp, dictComp, dict, set, joinedStr, literal, bytes, `true`, `false`, none, ellipsis
    case compare, ifExp, namedExpr

    static let byName: [String: NodeKind] = [
        "Other": .other, "Sequence": .sequence, "Keyword": .keyword, "Unpacking": .unpacking, "Args": .args,
        "Clause": .clause, "In": .inPair, "Attribute": .attribute, "Subscript": .subscript, "Starred": .starred,
        "List": .list, "Tuple": .tuple, "Lambda": .lambda, "Call": .call, "Operation": .operation,
        "GeneratorExp": .generatorExp, "Yield": .yield, "Await": .await, "ListComp": .listComp, "SetComp": .setComp,
        "DictComp": .dictComp, "Dict": .dict, "Set": .set, "JoinedStr": .joinedStr, "True": .true, "False": .false,
        "None": .none, "Ellipsis": .ellipsis, "Compare": .compare, "IfExp": .ifExp, "NamedExpr": .namedExpr,
    ]

    /// The name of the expression for a reader.
    var described: String {
        switch self {
        case .attribute: return "attribute"
        case .subscript: return "subscript"
        case .starred: return "starred"
        case .name: return "name"
        case .list: return "list"
        case .tuple: return "tuple"
        case .lambda: return "lambda"
        case .call: return "function call"
        case .operation: return "expression"
        case .generatorExp: return "generator expression"
        case .yield: return "yield expression"
        case .await: return "await expression"
        case .listComp: return "list comprehension"
        case .setComp: return "set comprehension"
        case .dictComp: return "dict comprehension"
        case .dict: return "dict literal"
        case .set: return "set display"
        case .joinedStr: return "f-string expression"
        case .true: return "True"
        case .false: return "False"
        case .none: return "None"
        case .ellipsis: return "ellipsis"
        case .compare: return "comparison"
        case .ifExp: return "conditional expression"
        case .namedExpr: return "named expression"
        default: return "literal"
        }
    }
}

/// What happens when an alternative has matched.
enum ErrorAction: Sendable {
    case pass
    case build(NodeKind)
    /// Raises; `place` is `at`, `range`, `from`, `last`, `next`, `indent` or `target` and names captures.
    case raise(place: String, captures: [UInt8], message: String)
    case act(String, argument: String)
}

indirect enum ErrorItem: Sendable {
    case token(TokenKind)
    case soft(UInt32)
    case anySoft
    case notEqual
    case plain
    case rule(Int)
    case badRule(Int)
    case group([ErrorAlternative])
    case optional(ErrorItem)
    case many(ErrorItem)
    case some(ErrorItem)
    case separated(TokenKind, ErrorItem)
    case ahead(ErrorItem, Bool)
    case forced(TokenKind, String)
    case cut
    /// What needs a minor version of Python 3.
    case version(Int, String)
}

/// The kinds of tokens that something can start with.
struct TokenSet: Equatable, Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    static let all = TokenSet(low: .max, high: .max)

    init() {}

    private init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    var isAll: Bool { high == .max }

    mutating func insert(_ kind: TokenKind) {
        let n = UInt64(kind.rawValue)
        if n < 64 { low |= 1 << n } else { high |= 1 << (n - 64) }
    }

    mutating func formUnion(_ other: TokenSet) {
        low |= other.low
        high |= other.high
    }

    @inline(__always)
    func contains(_ kind: TokenKind) -> Bool {
        let n = UInt64(kind.rawValue)
        return (n < 64 ? low >> n : high >> (n & 63)) & 1 != 0
    }
}

struct ErrorAlternative: Sendable {
    /// What it can start with; all if it can be empty. An alternative that cannot start here is not tried, which
    /// changes nothing, for it would ask for no more than the next token.
    var first = TokenSet()
    var items: [(item: ErrorItem, capture: UInt8)] = []
    var action = ErrorAction.pass

    /// Whether all items but one only look ahead, so that the result is that one's.
    var hasOneValue: Bool {
        var n = 0
        for (item, _) in items {
            switch item {
            case .ahead, .cut, .version: break
            default: n += 1
            }
        }
        return n == 1
    }
}

struct ErrorRule: Sendable {
    var name = ""
    var alternatives: [ErrorAlternative] = []
    var first = TokenSet()
    var isMemoised = false
    var isLeftRecursive = false
}

struct ErrorGrammar: Sendable {
    /// Read once, when the first error is looked for.
    static let shared = ErrorGrammar(ErrorRules.text)

    private(set) var rules: [ErrorRule] = []
    private(set) var numbers: [String: Int] = [:]
    /// The rule for an expression without looking for mistakes.
    private(set) var plain = 0

    init(_ text: StaticString) {
        let bytes = text.withUTF8Buffer { Array($0) }
        rules.reserveCapacity(256)
        let lines = bytes.split(separator: 10)
        var bodies: [ArraySlice<UInt8>] = []
        for line in lines {
            guard let colon = line.firstIndex(of: 58) else { continue }
            var rule = ErrorRule()
            var head = line[line.startIndex..<colon]
            if head.last == 33 {
                rule.isMemoised = true
                head = head.dropLast()
            } else if head.last == 60 {
                rule.isLeftRecursive = true
                head = head.dropLast()
            }
            rule.name = String(decoding: head, as: UTF8.self)
            numbers[rule.name] = rules.count
            rules.append(rule)
            bodies.append(line[(colon + 1)...])
        }
        for (i, body) in bodies.enumerated() {
            var reader = RuleReader(text: Array(body), numbers: numbers)
            rules[i].alternatives = reader.alternatives(isGroup: false)
        }
        plain = numbers["plainExpression"] ?? 0
        findFirstTokens()
    }

    /// Repeats until nothing changes, because rules refer to each other.
    private mutating func findFirstTokens() {
        var changed = true
        while changed {
            changed = false
            for i in rules.indices {
                var found = TokenSet()
                for k in rules[i].alternatives.indices {
                    rules[i].alternatives[k] = withFirst(rules[i].alternatives[k])
                    found.formUnion(rules[i].alternatives[k].first)
                }
                if found != rules[i].first {
                    rules[i].first = found
                    changed = true
                }
            }
        }
    }

    private func withFirst(_ alternative: ErrorAlternative) -> ErrorAlternative {
        var result = alternative
        result.first = TokenSet()
        var isOpen = true
        for k in result.items.indices {
            result.items[k].item = withFirst(result.items[k].item)
            if !isOpen { continue }
            let (set, canBeEmpty) = first(result.items[k].item)
            result.first.formUnion(set)
            isOpen = canBeEmpty
        }
        if isOpen { result.first = .all }
        return result
    }

    private func withFirst(_ item: ErrorItem) -> ErrorItem {
        switch item {
        case .group(let list): return .group(list.map { withFirst($0) })
        case .optional(let inner): return .optional(withFirst(inner))
        case .many(let inner): return .many(withFirst(inner))
        case .some(let inner): return .some(withFirst(inner))
        case .separated(let separator, let inner): return .separated(separator, withFirst(inner))
        case .ahead(let inner, let wanted): return .ahead(withFirst(inner), wanted)
        default: return item
        }
    }

    private func first(_ item: ErrorItem) -> (TokenSet, canBeEmpty: Bool) {
        var set = TokenSet()
        switch item {
        case .token(let kind): set.insert(kind)
        case .soft, .anySoft: set.insert(.name)
        case .notEqual: set.insert(.notEqual)
        case .plain: return (rules[plain].first, false)
        case .rule(let number), .badRule(let number): return (rules[number].first, false)
        case .group(let list):
            for alternative in list { set.formUnion(withFirst(alternative).first) }
        case .optional(let inner), .many(let inner): return (first(inner).0, true)
        case .some(let inner), .separated(_, let inner): return first(inner)
        case .ahead, .cut, .version: return (set, true)
        case .forced: return (.all, false)
        }
        return (set, false)
    }
}

/// Reads the body of one rule.
private struct RuleReader {
    let text: [UInt8]
    let numbers: [String: Int]
    var at = 0

    init(text: [UInt8], numbers: [String: Int]) {
        self.text = text
        self.numbers = numbers
    }

    private var c: UInt8 { at < text.count ? text[at] : 0 }

    private mutating func skip() {
        while c == 32 { at += 1 }
    }

    private mutating func word() -> String {
        let start = at
        while (c | 32 >= 97 && c | 32 <= 122) || (c >= 48 && c <= 57) { at += 1 }
        return String(decoding: text[start..<at], as: UTF8.self)
    }

    private mutating func quoted() -> String {
        let quote = c
        at += 1
        let start = at
        while c != quote { at += 1 }
        at += 1
        return String(decoding: text[start..<at - 1], as: UTF8.self)
    }

    mutating func alternatives(isGroup: Bool) -> [ErrorAlternative] {
        var list = [ErrorAlternative()]
        while true {
            skip()
            if at >= text.count { return list }
            if c == 41 {
                at += 1
                return list
            }
            if c == 124 {
                at += 1
                list.append(ErrorAlternative())
            } else if c == 45 && at + 1 < text.count && text[at + 1] == 62 {
                at += 2
                list[list.count - 1].action = action(isGroup)
            } else {
                list[list.count - 1].items.append(item())
            }
        }
    }

    private mutating func item() -> (item: ErrorItem, capture: UInt8) {
        skip()
        var capture: UInt8 = 0
        if at + 1 < text.count, c >= 97, c <= 122, text[at + 1] == 58 {
            capture = c
            at += 2
        }
        var item = prefixed()
        while true {
            switch c {
            case 63: item = .optional(item)
            case 42: item = .many(item)
            case 43: item = .some(item)
            default: return (item, capture)
            }
            at += 1
        }
    }

    private mutating func prefixed() -> ErrorItem {
        switch c {
        case 38 where text[at + 1] == 38:
            at += 2
            let sign = quoted()
            return .forced(RuleReader.kinds[sign] ?? .op, sign)
        case 38:
            at += 1
            return .ahead(prefixed(), true)
        case 33:
            at += 1
            return .ahead(prefixed(), false)
        case 126:
            at += 1
            return .cut
        case 123:
            at += 1
            var minor = 0
            while c != 32 {
                minor = minor * 10 + Int(c - 48)
                at += 1
            }
            let start = at + 1
            while c != 125 { at += 1 }
            at += 1
            return .version(minor, String(decoding: text[start..<at - 1], as: UTF8.self))
        case 60:
            at += 1
            let sign = quoted()
            at += 1
            return .separated(RuleReader.kinds[sign] ?? .op, prefixed())
        case 40:
            at += 1
            return .group(alternatives(isGroup: true))
        case 39: return .token(RuleReader.kinds[quoted()] ?? .op)
        case 34: return .soft(RuleReader.softs[quoted()] ?? NameTable.underscore)
        case 37:
            at += 1
            return .badRule(numbers[word()] ?? 0)
        default: return named(word())
        }
    }

    private func named(_ name: String) -> ErrorItem {
        switch name {
        case "NAME": return .token(.name)
        case "NUMBER": return .token(.number)
        case "STRING": return .token(.string)
        case "NEWLINE": return .token(.newline)
        case "INDENT": return .token(.indent)
        case "DEDENT": return .token(.dedent)
        case "END": return .token(.endMarker)
        case "FSTART": return .token(.fstringStart)
        case "FMIDDLE": return .token(.fstringMiddle)
        case "FEND": return .token(.fstringEnd)
        case "TYPECOMMENT": return .token(.typeComment)
        case "NOTEQUAL": return .notEqual
        case "SOFTKEYWORD": return .anySoft
        case "PLAIN": return .plain
        default: return .rule(numbers[name] ?? 0)
        }
    }

    private mutating func action(_ isGroup: Bool) -> ErrorAction {
        skip()
        let verb = word()
        if let kind = NodeKind.byName[verb] { return .build(kind) }
        if verb == "act" {
            skip()
            let name = word()
            skip()
            return .act(name, argument: word())
        }
        var captures: [UInt8] = []
        if c == 40 {
            while c != 41 {
                if c >= 97 && c <= 122 { captures.append(c) }
                at += 1
            }
            at += 1
        }
        skip()
        let start = at
        while at < text.count, !(c == 32 && at + 2 < text.count && text[at + 1] == 124 && text[at + 2] == 32) { at += 1 }
        return .raise(place: verb, captures: captures, message: String(decoding: text[start..<at], as: UTF8.self))
    }

    static let softs: [String: UInt32] = [
        "match": NameTable.match, "case": NameTable.case, "type": NameTable.type, "_": NameTable.underscore,
    ]

    static let kinds: [String: TokenKind] = {
        var table: [String: TokenKind] = [
            "(": .lpar, ")": .rpar, "[": .lsqb, "]": .rsqb, "{": .lbrace, "}": .rbrace, ":": .colon, ",": .comma,
            ";": .semi, ".": .dot, "=": .equal, "->": .arrow, ":=": .colonEqual, "!": .exclamation, "...": .ellipsis,
            "+": .plus, "-": .minus, "*": .star, "/": .slash, "//": .doubleSlash, "%": .percent, "@": .at,
            "<<": .leftShift, ">>": .rightShift, "&": .amper, "|": .vbar, "^": .circumflex, "**": .doubleStar,
            "+=": .plusEqual, "-=": .minEqual, "*=": .starEqual, "/=": .slashEqual, "//=": .doubleSlashEqual,
            "%=": .percentEqual, "@=": .atEqual, "<<=": .leftShiftEqual, ">>=": .rightShiftEqual, "&=": .amperEqual,
            "|=": .vbarEqual, "^=": .circumflexEqual, "**=": .doubleStarEqual, "==": .eqEqual, "<": .less,
            ">": .greater, "<=": .lessEqual, ">=": .greaterEqual, "~": .tilde,
        ]
        for (i, word) in NameTable.keywords.enumerated() {
            table["\(word)"] = TokenKind(rawValue: TokenKind.kwFalse.rawValue + UInt8(i))
        }
        return table
    }()
}
