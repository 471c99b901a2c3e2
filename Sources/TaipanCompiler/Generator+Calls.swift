// Code for calls, and for `super()` attributes, which skip making the super object.
import TaipanBytecode
import TaipanSyntax

extension Generator {
    func visitCall(
        _ expression: Expression, _ function: Expression, _ args: [Expression], _ keywords: [Keyword]
    ) throws(Failure) {
        try checkKeywords(keywords)
        if try visitMethodCall(expression, function, args, keywords) { return }
        try checkCallee(function)
        emit(.pushNull, SourceRange(function.position))
        try visit(function)
        try finishCall(SourceRange(expression.position), 0, args, keywords)
    }

    /// `a.b(…)` with plain arguments looks the method up without binding it.
    private func visitMethodCall(
        _ expression: Expression, _ function: Expression, _ args: [Expression], _ keywords: [Keyword]
    ) throws(Failure) -> Bool {
        guard case .attribute(let object, let attr, .load) = function.kind else { return false }
        if case .name(let id, _) = object.kind, table.top.symbols[id]?.flags.contains(.imported) == true { return false }
        if args.count + keywords.count + (keywords.isEmpty ? 0 : 1) >= stackUseGuideline { return false }
        for argument in args {
            if case .starred = argument.kind { return false }
        }
        for keyword in keywords where keyword.name == nil { return false }

        let location = SourceRange(function.position)
        let member = memberLocation(location, function, attr)
        if let arguments = superArguments(object, attr) {
            try loadSuper(object, arguments)
            emitName(arguments.isEmpty ? .loadZeroSuperMethod : .loadSuperMethod, attr, location)
            emit(.nop, member)
        } else {
            try visit(object)
            emitName(.loadMethod, attr, member)
        }
        try visit(args)
        let whole = SourceRange(expression.position)
        try visitKeywords(keywords, member)
        emit(.call, args.count + keywords.count, memberLocation(whole, function, attr))
        return true
    }

    private func visitKeywords(_ keywords: [Keyword], _ location: SourceRange) throws(Failure) {
        if keywords.isEmpty { return }
        for keyword in keywords { try visit(keyword.value) }
        let names: [Constant] = keywords.map { .name($0.name ?? "") }
        emit(.kwNames, unit.constants.add(.tuple(names)), location)
    }

    /// The rest of a call whose callee, NULL and `pushed` arguments lie on the stack.
    func finishCall(
        _ location: SourceRange, _ pushed: Int, _ args: [Expression], _ keywords: [Keyword]
    ) throws(Failure) {
        let hasStar = args.contains { if case .starred = $0.kind { true } else { false } }
        let hasDoubleStar = keywords.contains { $0.name == nil }
        if args.count + keywords.count * 2 <= stackUseGuideline && !hasStar && !hasDoubleStar {
            try visit(args)
            try visitKeywords(keywords, location)
            return emit(.call, pushed + args.count + keywords.count, location)
        }
        if pushed == 0, args.count == 1, case .starred(let value, _) = args[0].kind {
            try visit(value)
        } else {
            try unpackStarred(
                location, args, pushed: pushed, build: .buildList, add: .listAppend, extend: .listExtend, isTuple: true)
        }
        if !keywords.isEmpty { try buildKeywords(location, keywords) }
        emit(.callFunctionEx, keywords.isEmpty ? 0 : 1, location)
    }

    private func buildKeywords(_ location: SourceRange, _ keywords: [Keyword]) throws(Failure) {
        var hasDict = false
        var pending = 0
        for (i, keyword) in keywords.enumerated() {
            if keyword.name != nil {
                pending += 1
                continue
            }
            if pending > 0 {
                try buildPart(location, keywords[i - pending..<i])
                if hasDict { emit(.dictMerge, 1, location) }
                hasDict = true
                pending = 0
            }
            if !hasDict {
                emit(.buildMap, 0, location)
                hasDict = true
            }
            try visit(keyword.value)
            emit(.dictMerge, 1, location)
        }
        if pending > 0 {
            try buildPart(location, keywords.suffix(pending))
            if hasDict { emit(.dictMerge, 1, location) }
        }
    }

    private func buildPart(_ location: SourceRange, _ keywords: ArraySlice<Keyword>) throws(Failure) {
        let n = keywords.count
        let isBig = n * 2 > stackUseGuideline
        if n > 1 && !isBig {
            for keyword in keywords { try visit(keyword.value) }
            load(.tuple(keywords.map { .name($0.name ?? "") }), location)
            return emit(.buildConstKeyMap, n, location)
        }
        if isBig { emit(.buildMap, 0, .none) }
        for keyword in keywords {
            load(.name(keyword.name ?? ""), location)
            try visit(keyword.value)
            if isBig { emit(.mapAdd, 1, .none) }
        }
        if !isBig { emit(.buildMap, n, location) }
    }

    func checkKeywords(_ keywords: [Keyword]) throws(Failure) {
        for (i, keyword) in keywords.enumerated() {
            guard let name = keyword.name else { continue }
            try checkBinding(name, .store, keyword.position)
            for other in keywords[(i + 1)...] where other.name == name {
                throw .syntax("keyword argument repeated: \(name)", other.position)
            }
        }
    }

    // MARK: super

    /// The arguments of `super(…)` if `value.attr` can be looked up without making the super object.
    func superArguments(_ value: Expression, _ attr: String) -> [Expression]? {
        guard case .call(let function, let args, let keywords) = value.kind, keywords.isEmpty, attr != "__class__",
            case .name("super", _) = function.kind,
            unit.scope.placement(of: "super") == .globalImplicit, table.top.placement(of: "super") == .unknown
        else { return nil }
        if args.count == 2 {
            for argument in args {
                if case .starred = argument.kind { return nil }
            }
            return args
        }
        guard args.isEmpty, unit.argumentCount + unit.positionalOnlyCount > 0,
            unit.scope.placement(of: "__class__") == .free
        else { return nil }
        return args
    }

    func loadSuper(_ value: Expression, _ args: [Expression]) throws(Failure) {
        guard case .call(let function, _, _) = value.kind else { return }
        variable("super", .load, SourceRange(function.position))
        if !args.isEmpty { return try visit(args) }
        let location = SourceRange(value.position)
        emit(.loadDeref, freePlace("__class__") ?? 0, location)
        // The first parameter can be a cell. Its name is mangled already, which mangling again leaves alone.
        if let first = unit.localNames.names.first { variable(first, .load, location) }
    }
}
