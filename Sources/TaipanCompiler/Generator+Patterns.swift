// Code for `match`. While patterns are tested, captured values wait on the stack under the subject; a failing test
// jumps to the label that pops as many values as lie there.
import TaipanBytecode
import TaipanSyntax

/// The state of one alternative.
struct PatternContext {
    /// Names captured so far; their values lie on the stack in this order.
    var stores: [String] = []
    var allowsIrrefutable = false
    /// `failPop[n]` pops n values and goes on with the next case.
    var failPop: [Label] = []
    /// How many values lie above the captured ones.
    var onTop = 0
}

extension Generator {
    func visitMatch(_ subject: Expression, _ cases: [MatchCase]) throws(Failure) {
        try visit(subject)
        let end = label()
        guard let last = cases.last else { return }
        let hasDefault = Self.isWildcard(last.pattern) && cases.count > 1
        let tested = cases.count - (hasDefault ? 1 : 0)
        for (i, item) in cases.prefix(tested).enumerated() {
            let location = SourceRange(item.pattern.position)
            let isLast = i == tested - 1
            // The last case consumes the subject itself.
            if !isLast { emit(.copy, 1, location) }
            var context = PatternContext()
            context.allowsIrrefutable = item.guardExpr != nil || i == cases.count - 1
            try visit(item.pattern, &context)
            for name in context.stores { variable(name, .store, location) }
            if let test = item.guardExpr {
                ensureFailPop(0, &context)
                try branch(test, context.failPop[0], when: false, location)
            }
            if !isLast { emit(.popTop, location) }
            try visit(item.body)
            jump(.jump, end, .none)
            placeFailPop(location, &context)
        }
        if hasDefault {
            let location = SourceRange(last.pattern.position)
            emit(tested == 0 ? .popTop : .nop, location)
            if let test = last.guardExpr { try branch(test, end, when: false, location) }
            try visit(last.body)
        }
        place(end)
    }

    private static func isWildcard(_ pattern: Pattern) -> Bool {
        if case .as(nil, nil) = pattern.kind { return true }
        return false
    }

    private static func isStarWildcard(_ pattern: Pattern) -> Bool {
        if case .star(nil) = pattern.kind { return true }
        return false
    }

    // MARK: Failing

    private func ensureFailPop(_ n: Int, _ context: inout PatternContext) {
        while context.failPop.count <= n { context.failPop.append(label()) }
    }

    private func fail(_ opcode: Opcode, _ location: SourceRange, _ context: inout PatternContext) {
        let pops = context.onTop + context.stores.count
        ensureFailPop(pops, &context)
        jump(opcode, context.failPop[pops], location)
    }

    private func placeFailPop(_ location: SourceRange, _ context: inout PatternContext) {
        guard !context.failPop.isEmpty else { return }
        for target in context.failPop.dropFirst().reversed() {
            place(target)
            emit(.popTop, location)
        }
        place(context.failPop[0])
        context.failPop = []
    }

    // MARK: Capturing

    private func rotate(_ count: Int, _ location: SourceRange) {
        var n = count
        while n > 1 {
            emit(.swap, n, location)
            n -= 1
        }
    }

    private func capture(_ name: String?, _ span: SourceSpan, _ context: inout PatternContext) throws(Failure) {
        let location = SourceRange(span)
        guard let name else { return emit(.popTop, location) }
        try checkBinding(name, .store, span)
        if context.stores.contains(name) { throw duplicate(name, span) }
        rotate(context.onTop + context.stores.count + 1, location)
        context.stores.append(name)
    }

    private func duplicate(_ name: String, _ span: SourceSpan) -> Failure {
        .syntax("multiple assignments to name '\(name)' in pattern", span)
    }

    // MARK: Patterns

    private func visit(_ pattern: Pattern, _ context: inout PatternContext) throws(Failure) {
        try deeper()
        defer { depth -= 1 }
        let location = SourceRange(pattern.position)
        switch pattern.kind {
        case .value(let value):
            if case .joinedStr = value.kind { throw .syntax("patterns may only match literals and attribute lookups", pattern.position) }
            try visit(value)
            compare(.eq, location)
            fail(.popJumpIfFalse, location, &context)
        case .singleton(let value):
            load(Constant(value), location)
            compare(.is, location)
            fail(.popJumpIfFalse, location, &context)
        case .sequence(let patterns): try visitSequence(pattern.position, patterns, &context)
        case .mapping(let keys, let patterns, let rest): try visitMapping(pattern.position, keys, patterns, rest, &context)
        case .class(let cls, let patterns, let attributes, let keywordPatterns):
            try visitClass(pattern.position, cls, patterns, attributes, keywordPatterns, &context)
        case .star(let name): try capture(name, pattern.position, &context)
        case .as(let inner, let name):
            guard let inner else {
                if !context.allowsIrrefutable {
                    throw .syntax(
                        name.map { "name capture '\($0)' makes remaining patterns unreachable" }
                            ?? "wildcard makes remaining patterns unreachable", pattern.position)
                }
                return try capture(name, pattern.position, &context)
            }
            context.onTop += 1
            emit(.copy, 1, location)
            try visit(inner, &context)
            context.onTop -= 1
            try capture(name, pattern.position, &context)
        case .or(let patterns): try visitOr(pattern.position, patterns, &context)
        }
    }

    /// A pattern inside another may be irrefutable.
    private func visitInner(_ pattern: Pattern, _ context: inout PatternContext) throws(Failure) {
        let allowed = context.allowsIrrefutable
        context.allowsIrrefutable = true
        try visit(pattern, &context)
        context.allowsIrrefutable = allowed
    }

    private func visitSequence(
        _ span: SourceSpan, _ patterns: [Pattern], _ context: inout PatternContext
    ) throws(Failure) {
        let location = SourceRange(span)
        var star: Int?
        var onlyWildcards = true
        var starIsWildcard = false
        for (i, pattern) in patterns.enumerated() {
            if case .star = pattern.kind {
                if star != nil { throw .syntax("multiple starred names in sequence pattern", span) }
                starIsWildcard = Self.isStarWildcard(pattern)
                onlyWildcards = onlyWildcards && starIsWildcard
                star = i
            } else {
                onlyWildcards = onlyWildcards && Self.isWildcard(pattern)
            }
        }
        context.onTop += 1
        emit(.matchSequence, location)
        fail(.popJumpIfFalse, location, &context)
        if star == nil {
            checkLength(patterns.count, .eq, location, &context)
        } else if patterns.count > 1 {
            checkLength(patterns.count - 1, .gtE, location, &context)
        }
        context.onTop -= 1
        if onlyWildcards {
            emit(.popTop, location)
        } else if let star, starIsWildcard {
            try visitByIndex(location, patterns, star, &context)
        } else {
            try visitUnpacked(span, patterns, star, &context)
        }
    }

    private func checkLength(
        _ length: Int, _ op: ComparisonOperator, _ location: SourceRange, _ context: inout PatternContext
    ) {
        emit(.getLen, location)
        load(.small(length), location)
        compare(op, location)
        fail(.popJumpIfFalse, location, &context)
    }

    private func visitUnpacked(
        _ span: SourceSpan, _ patterns: [Pattern], _ star: Int?, _ context: inout PatternContext
    ) throws(Failure) {
        let location = SourceRange(span)
        if let star {
            if star >= 256 || patterns.count - star - 1 >= Int(Int32.max) >> 8 {
                throw .syntax("too many expressions in star-unpacking sequence pattern", span)
            }
            emit(.unpackEx, star + (patterns.count - star - 1) << 8, location)
        } else {
            emit(.unpackSequence, patterns.count, location)
        }
        context.onTop += patterns.count
        for pattern in patterns {
            context.onTop -= 1
            try visitInner(pattern, &context)
        }
    }

    /// With a `*_`, elements are fetched one by one; those behind it by an index from the length.
    private func visitByIndex(
        _ location: SourceRange, _ patterns: [Pattern], _ star: Int, _ context: inout PatternContext
    ) throws(Failure) {
        context.onTop += 1
        for (i, pattern) in patterns.enumerated() where i != star && !Self.isWildcard(pattern) {
            emit(.copy, 1, location)
            if i < star {
                load(.small(i), location)
            } else {
                emit(.getLen, location)
                load(.small(patterns.count - i), location)
                emit(.binaryOp, BinaryOperator.sub.number, location)
            }
            emit(.binarySubscr, location)
            try visitInner(pattern, &context)
        }
        context.onTop -= 1
        emit(.popTop, location)
    }

    private func visitMapping(
        _ span: SourceSpan, _ keys: [Expression], _ patterns: [Pattern], _ rest: String?, _ context: inout PatternContext
    ) throws(Failure) {
        let location = SourceRange(span)
        context.onTop += 1
        emit(.matchMapping, location)
        fail(.popJumpIfFalse, location, &context)
        if keys.isEmpty && rest == nil {
            context.onTop -= 1
            return emit(.popTop, location)
        }
        if !keys.isEmpty { checkLength(keys.count, .gtE, location, &context) }
        var seen: Set<EqualityKey> = []
        for key in keys {
            if case .joinedStr = key.kind { throw .syntax("mapping pattern keys may only match literals and attribute lookups", span) }
            if case .constant(let value, _) = key.kind, !seen.insert(EqualityKey(value)).inserted {
                throw .syntax("mapping pattern checks duplicate key (\(ConstantText.repr(value)))", span)
            }
            try visit(key)
        }
        emit(.buildTuple, keys.count, location)
        emit(.matchKeys, location)
        context.onTop += 2
        emit(.copy, 1, location)
        load(.none, location)
        emit(.isOp, 1, location)
        fail(.popJumpIfFalse, location, &context)
        emit(.unpackSequence, keys.count, location)
        context.onTop += keys.count - 1
        for pattern in patterns {
            context.onTop -= 1
            try visitInner(pattern, &context)
        }
        context.onTop -= 2
        if let rest {
            // A copy of the mapping, without the keys that matched.
            emit(.buildMap, 0, location)
            emit(.swap, 3, location)
            emit(.dictUpdate, 2, location)
            emit(.unpackSequence, keys.count, location)
            for n in stride(from: keys.count, to: 0, by: -1) {
                emit(.copy, 1 + n, location)
                emit(.swap, 2, location)
                emit(.deleteSubscr, location)
            }
            try capture(rest, span, &context)
        } else {
            emit(.popTop, location)
            emit(.popTop, location)
        }
    }

    private func visitClass(
        _ span: SourceSpan, _ cls: Expression, _ patterns: [Pattern], _ attributes: [String], _ keywordPatterns: [Pattern],
        _ context: inout PatternContext
    ) throws(Failure) {
        let location = SourceRange(span)
        for (i, name) in attributes.enumerated() {
            try checkBinding(name, .store, keywordPatterns[i].position)
            for j in (i + 1)..<max(i + 1, attributes.count) where attributes[j] == name {
                throw .syntax("attribute name repeated in class pattern: \(name)", keywordPatterns[j].position)
            }
        }
        try visit(cls)
        load(.tuple(attributes.map { .name($0) }), location)
        emit(.matchClass, patterns.count, location)
        emit(.copy, 1, location)
        load(.none, location)
        emit(.isOp, 1, location)
        context.onTop += 1
        fail(.popJumpIfFalse, location, &context)
        let all = patterns + keywordPatterns
        emit(.unpackSequence, all.count, location)
        context.onTop += all.count - 1
        for pattern in all {
            context.onTop -= 1
            if Self.isWildcard(pattern) {
                emit(.popTop, location)
            } else {
                try visitInner(pattern, &context)
            }
        }
    }

    private func visitOr(_ span: SourceSpan, _ patterns: [Pattern], _ context: inout PatternContext) throws(Failure) {
        let end = label()
        var control: [String] = []
        for (i, alternative) in patterns.enumerated() {
            let location = SourceRange(alternative.position)
            var inner = PatternContext()
            inner.allowsIrrefutable = i == patterns.count - 1 && context.allowsIrrefutable
            emit(.copy, 1, location)
            try visit(alternative, &inner)
            if i == 0 {
                control = inner.stores
            } else {
                try reorder(&inner, like: control, location, span)
            }
            jump(.jump, end, location)
            placeFailPop(location, &inner)
        }
        let location = SourceRange(span)
        emit(.popTop, location)
        fail(.jump, location, &context)
        place(end)
        let rotations = control.count + 1 + context.onTop + context.stores.count
        for name in control {
            rotate(rotations, location)
            if context.stores.contains(name) { throw duplicate(name, span) }
            context.stores.append(name)
        }
        emit(.popTop, location)
    }

    /// Brings the values captured by one alternative into the order of the first.
    private func reorder(
        _ inner: inout PatternContext, like control: [String], _ location: SourceRange, _ span: SourceSpan
    ) throws(Failure) {
        guard inner.stores.count == control.count else {
            throw .syntax("alternative patterns bind different names", span)
        }
        for wanted in control.indices.reversed() {
            guard let found = inner.stores.firstIndex(of: control[wanted]) else {
                throw .syntax("alternative patterns bind different names", span)
            }
            if found == wanted { continue }
            let moved = Array(inner.stores[...found])
            inner.stores.removeFirst(found + 1)
            inner.stores.insert(contentsOf: moved, at: wanted - found)
            for _ in 0...found { rotate(wanted + 1, location) }
        }
    }
}
