// Code for expressions, except calls, definitions and comprehensions.
import TaipanBytecode
import TaipanSyntax

/// Where a display or call would need more stack than this, it is built piece by piece.
let stackUseGuideline = 30

extension Generator {
    func visit(_ expressions: [Expression]) throws(Failure) {
        for expression in expressions { try visit(expression) }
    }

    func visit(_ expression: Expression) throws(Failure) {
        try deeper()
        defer { depth -= 1 }
        let location = SourceRange(expression.position)
        switch expression.kind {
        case .name(let id, let context):
            try checkBinding(id, context, expression.position)
            variable(id, context, location)
        case .constant(let value, _): load(Constant(value), location)
        case .attribute(let value, let attr, let context): try visitAttribute(expression, value, attr, context)
        case .call(let function, let args, let keywords): try visitCall(expression, function, args, keywords)
        case .subscript(let value, let slice, let context): try visitSubscript(location, value, slice, context)
        case .binOp(let left, let op, let right):
            try visit(left)
            try visit(right)
            emit(.binaryOp, op.number, location)
        case .unaryOp(let op, let operand):
            try visit(operand)
            switch op {
            case .invert: emit(.unaryInvert, location)
            case .not: emit(.unaryNot, location)
            case .uAdd: emit(.callIntrinsic1, Intrinsic.unaryPositive, location)
            case .uSub: emit(.unaryNegative, location)
            }
        case .compare(let left, let ops, let comparators): try visitCompare(expression, left, ops, comparators)
        case .boolOp(let op, let values): try visitBoolean(location, op, values)
        case .ifExp(let test, let body, let orelse):
            let end = label(), next = label()
            try branch(test, next, when: false, location)
            try visit(body)
            jump(.jump, end, .none)
            place(next)
            try visit(orelse)
            place(end)
        case .tuple(let elts, let context):
            try visitSequence(location, elts, context, build: .buildList, add: .listAppend, extend: .listExtend, isTuple: true)
        case .list(let elts, let context):
            try visitSequence(location, elts, context, build: .buildList, add: .listAppend, extend: .listExtend, isTuple: false)
        case .set(let elts):
            try unpackStarred(location, elts, pushed: 0, build: .buildSet, add: .setAdd, extend: .setUpdate, isTuple: false)
        case .dict(let keys, let values): try visitDict(location, keys, values)
        case .joinedStr(let values): try visitJoined(location, values)
        case .formattedValue(let value, let conversion, let spec): try visitFormatted(location, value, conversion, spec)
        case .slice(let lower, let upper, let step):
            try visitBounds(lower, upper, expression.position)
            if let step { try visit(step) }
            emit(.buildSlice, step == nil ? 2 : 3, location)
        case .starred(_, let context):
            throw .syntax(
                context == .store
                    ? "starred assignment target must be in a list or tuple" : "can't use starred expression here",
                expression.position)
        case .namedExpr(let target, let value):
            try visit(value)
            emit(.copy, 1, location)
            try visit(target)
        case .lambda(let arguments, let body): try visitLambda(expression, arguments, body)
        case .listComp(let elt, let generators):
            try visitComprehension(expression, .list, "<listcomp>", generators, elt, nil)
        case .setComp(let elt, let generators):
            try visitComprehension(expression, .set, "<setcomp>", generators, elt, nil)
        case .dictComp(let key, let value, let generators):
            try visitComprehension(expression, .dict, "<dictcomp>", generators, key, value)
        case .generatorExp(let elt, let generators):
            try visitComprehension(expression, .generator, "<genexpr>", generators, elt, nil)
        case .yield, .yieldFrom, .await: try visitSuspension(expression, location)
        }
    }

    private func visitSuspension(_ expression: Expression, _ location: SourceRange) throws(Failure) {
        switch expression.kind {
        case .yield(let value):
            if !unit.scope.kind.isFunctionLike { throw .syntax("'yield' outside function", expression.position) }
            if let value { try visit(value) } else { load(.none, location) }
            yieldValue(location)
        case .yieldFrom(let value):
            if !unit.scope.kind.isFunctionLike { throw .syntax("'yield' outside function", expression.position) }
            if unit.kind == .asyncFunction { throw .syntax("'yield from' inside async function", expression.position) }
            try visit(value)
            emit(.getYieldFromIter, location)
            load(.none, location)
            yieldFrom(location, await: false)
        case .await(let value):
            if !allowsTopLevelAwait {
                if !unit.scope.kind.isFunctionLike { throw .syntax("'await' outside function", expression.position) }
                if unit.kind != .asyncFunction && unit.kind != .comprehension {
                    throw .syntax("'await' outside async function", expression.position)
                }
            }
            try visit(value)
            emit(.getAwaitable, 0, location)
            load(.none, location)
            yieldFrom(location, await: true)
        default: break
        }
    }

    /// Yields the top of the stack, wrapped in an asynchronous generator.
    func yieldValue(_ location: SourceRange) {
        if unit.scope.isGenerator && unit.scope.isCoroutine { emit(.callIntrinsic1, Intrinsic.asyncGenWrap, location) }
        emit(.yieldValue, 0, location)
        emit(.resume, 1, location)
    }

    // MARK: Attributes and items

    /// For an attribute on another line than its object: the place of the attribute's name.
    func memberLocation(_ location: SourceRange, _ attribute: Expression, _ name: String) -> SourceRange {
        let end = attribute.position
        guard location.line != end.endLine else { return location }
        var result = location
        result.line = end.endLine
        let length = Int32(clamping: name.unicodeScalars.count)
        if length <= end.endColumn {
            result.column = end.endColumn - length
        } else {
            result.column = -1
            result.endColumn = -1
        }
        result.endLine = max(result.line, result.endLine)
        return result
    }

    private func visitAttribute(
        _ expression: Expression, _ value: Expression, _ attr: String, _ context: ExpressionContext
    ) throws(Failure) {
        let location = SourceRange(expression.position)
        if context == .load, let arguments = superArguments(value, attr) {
            try loadSuper(value, arguments)
            emitName(arguments.isEmpty ? .loadZeroSuperAttr : .loadSuperAttr, attr, location)
            return emit(.nop, memberLocation(location, expression, attr))
        }
        try visit(value)
        let member = memberLocation(location, expression, attr)
        switch context {
        case .load: emitName(.loadAttr, attr, member)
        case .store:
            try checkBinding(attr, .store, expression.position)
            emitName(.storeAttr, attr, member)
        case .del:
            try checkBinding(attr, .del, expression.position)
            emitName(.deleteAttr, attr, member)
        }
    }

    private func visitSubscript(
        _ location: SourceRange, _ value: Expression, _ slice: Expression, _ context: ExpressionContext
    ) throws(Failure) {
        if context == .load {
            try checkSubscripted(value)
            try checkIndex(value, slice)
        }
        try visit(value)
        if context != .del, case .slice(let lower, let upper, nil) = slice.kind {
            try visitBounds(lower, upper, slice.position)
            return emit(context == .load ? .binarySlice : .storeSlice, location)
        }
        try visit(slice)
        switch context {
        case .load: emit(.binarySubscr, location)
        case .store: emit(.storeSubscr, location)
        case .del: emit(.deleteSubscr, location)
        }
    }

    func visitBounds(_ lower: Expression?, _ upper: Expression?, _ span: SourceSpan) throws(Failure) {
        if let lower { try visit(lower) } else { load(.none, SourceRange(span)) }
        if let upper { try visit(upper) } else { load(.none, SourceRange(span)) }
    }

    // MARK: Conditions

    private func visitBoolean(_ location: SourceRange, _ op: BooleanOperator, _ values: [Expression]) throws(Failure) {
        let end = label()
        for (i, value) in values.enumerated() {
            try visit(value)
            if i + 1 < values.count {
                emit(.copy, 1, location)
                jump(op == .and ? .popJumpIfFalse : .popJumpIfTrue, end, location)
                emit(.popTop, location)
            }
        }
        place(end)
    }

    func compare(_ op: ComparisonOperator, _ location: SourceRange) {
        switch op {
        // The low bits say which outcomes make it true: 1 unordered, 2 less, 4 greater, 8 equal.
        case .lt: emit(.compareOp, 0 << 4 | 2, location)
        case .ltE: emit(.compareOp, 1 << 4 | 10, location)
        case .eq: emit(.compareOp, 2 << 4 | 8, location)
        case .notEq: emit(.compareOp, 3 << 4 | 7, location)
        case .gt: emit(.compareOp, 4 << 4 | 4, location)
        case .gtE: emit(.compareOp, 5 << 4 | 12, location)
        case .is: emit(.isOp, 0, location)
        case .isNot: emit(.isOp, 1, location)
        case .in: emit(.containsOp, 0, location)
        case .notIn: emit(.containsOp, 1, location)
        }
    }

    private func visitCompare(
        _ expression: Expression, _ left: Expression, _ ops: [ComparisonOperator], _ comparators: [Expression]
    ) throws(Failure) {
        try checkCompare(expression, left, ops, comparators)
        let location = SourceRange(expression.position)
        try visit(left)
        let n = ops.count - 1
        if n == 0 {
            try visit(comparators[0])
            return compare(ops[0], location)
        }
        let cleanup = label()
        for i in 0..<n {
            try visit(comparators[i])
            emit(.swap, 2, location)
            emit(.copy, 2, location)
            compare(ops[i], location)
            emit(.copy, 1, location)
            jump(.popJumpIfFalse, cleanup, location)
            emit(.popTop, location)
        }
        try visit(comparators[n])
        compare(ops[n], location)
        let end = label()
        jump(.jump, end, .none)
        place(cleanup)
        emit(.swap, 2, location)
        emit(.popTop, location)
        place(end)
    }

    /// Jumps to `target` if the truth of `expression` is `condition`, without making a bool of it.
    func branch(_ expression: Expression, _ target: Label, when condition: Bool, _ location: SourceRange) throws(Failure) {
        try deeper()
        defer { depth -= 1 }
        switch expression.kind {
        case .unaryOp(.not, let operand): return try branch(operand, target, when: !condition, location)
        case .boolOp(let op, let values):
            let decides = op == .or
            let next = decides == condition ? target : label()
            for value in values.dropLast() { try branch(value, next, when: decides, location) }
            if let last = values.last { try branch(last, target, when: condition, location) }
            if next != target { place(next) }
            return
        case .ifExp(let test, let body, let orelse):
            let end = label(), next = label()
            try branch(test, next, when: false, location)
            try branch(body, target, when: condition, location)
            jump(.jump, end, .none)
            place(next)
            try branch(orelse, target, when: condition, location)
            return place(end)
        case .compare(let left, let ops, let comparators) where ops.count > 1:
            return try branchChain(expression, left, ops, comparators, target, condition)
        default: break
        }
        try visit(expression)
        jump(condition ? .popJumpIfTrue : .popJumpIfFalse, target, SourceRange(expression.position))
    }

    private func branchChain(
        _ expression: Expression, _ left: Expression, _ ops: [ComparisonOperator], _ comparators: [Expression],
        _ target: Label, _ condition: Bool
    ) throws(Failure) {
        try checkCompare(expression, left, ops, comparators)
        let location = SourceRange(expression.position)
        let cleanup = label()
        let n = ops.count - 1
        try visit(left)
        for i in 0..<n {
            try visit(comparators[i])
            emit(.swap, 2, location)
            emit(.copy, 2, location)
            compare(ops[i], location)
            jump(.popJumpIfFalse, cleanup, location)
        }
        try visit(comparators[n])
        compare(ops[n], location)
        jump(condition ? .popJumpIfTrue : .popJumpIfFalse, target, location)
        let end = label()
        jump(.jump, end, .none)
        place(cleanup)
        emit(.popTop, location)
        if !condition { jump(.jump, target, .none) }
        place(end)
    }

    // MARK: Displays

    private func visitSequence(
        _ location: SourceRange, _ elts: [Expression], _ context: ExpressionContext, build: Opcode, add: Opcode,
        extend: Opcode, isTuple: Bool
    ) throws(Failure) {
        switch context {
        case .load: try unpackStarred(location, elts, pushed: 0, build: build, add: add, extend: extend, isTuple: isTuple)
        case .del: try visit(elts)
        case .store:
            try takeApart(location, elts)
            for element in elts {
                if case .starred(let value, _) = element.kind { try visit(value) } else { try visit(element) }
            }
        }
    }

    private func takeApart(_ location: SourceRange, _ elts: [Expression]) throws(Failure) {
        var star: Int?
        for (i, element) in elts.enumerated() {
            guard case .starred = element.kind else { continue }
            if star != nil { throw .syntax("multiple starred expressions in assignment", Self.span(location)) }
            if i >= 256 || elts.count - i - 1 >= Int(Int32.max) >> 8 {
                throw .syntax("too many expressions in star-unpacking assignment", Self.span(location))
            }
            star = i
        }
        if let star {
            emit(.unpackEx, star + (elts.count - star - 1) << 8, location)
        } else {
            emit(.unpackSequence, elts.count, location)
        }
    }

    static func span(_ location: SourceRange) -> SourceSpan {
        SourceSpan(line: location.line, column: location.column, endLine: location.endLine, endColumn: location.endColumn)
    }

    static func constants(_ expressions: ArraySlice<Expression>) -> [Constant]? {
        var result: [Constant] = []
        for expression in expressions {
            guard case .constant(let value, _) = expression.kind else { return nil }
            result.append(Constant(value))
        }
        return result
    }

    /// The values of constants, each once.
    private static func distinct(_ elts: [Expression]) -> [ConstantValue] {
        var seen: Set<EqualityKey> = []
        return elts.compactMap(\.constant).filter { seen.insert(EqualityKey($0)).inserted }
    }

    /// Builds a list, set or tuple; `pushed` values lie on the stack already.
    func unpackStarred(
        _ location: SourceRange, _ elts: [Expression], pushed: Int, build: Opcode, add: Opcode, extend: Opcode, isTuple: Bool
    ) throws(Failure) {
        if elts.count > 2, let constants = Self.constants(elts[...]) {
            if isTuple && pushed == 0 { return load(.tuple(constants), location) }
            emit(build, pushed, location)
            load(add == .setAdd ? Constant(.frozenset(Self.distinct(elts))) : .tuple(constants), location)
            emit(extend, 1, location)
            if isTuple { emit(.callIntrinsic1, Intrinsic.listToTuple, location) }
            return
        }
        let isBig = elts.count + pushed > stackUseGuideline
        let hasStar = elts.contains { if case .starred = $0.kind { true } else { false } }
        if !hasStar && !isBig {
            try visit(elts)
            return emit(isTuple ? .buildTuple : build, elts.count + pushed, location)
        }
        var isBuilt = false
        if isBig {
            emit(build, pushed, location)
            isBuilt = true
        }
        for (i, element) in elts.enumerated() {
            if case .starred(let value, _) = element.kind {
                if !isBuilt {
                    emit(build, i + pushed, location)
                    isBuilt = true
                }
                try visit(value)
                emit(extend, 1, location)
            } else {
                try visit(element)
                if isBuilt { emit(add, 1, location) }
            }
        }
        if isTuple { emit(.callIntrinsic1, Intrinsic.listToTuple, location) }
    }

    private func visitDict(_ location: SourceRange, _ keys: [Expression?], _ values: [Expression]) throws(Failure) {
        var hasDict = false
        var pending = 0
        func merge() {
            if hasDict { emit(.dictUpdate, 1, location) }
            hasDict = true
            pending = 0
        }
        for i in values.indices {
            if keys[i] == nil {
                if pending > 0 {
                    try visitItems(location, keys, values, i - pending, i)
                    merge()
                }
                if !hasDict {
                    emit(.buildMap, 0, location)
                    hasDict = true
                }
                try visit(values[i])
                emit(.dictUpdate, 1, location)
            } else if pending * 2 > stackUseGuideline {
                try visitItems(location, keys, values, i - pending, i + 1)
                merge()
            } else {
                pending += 1
            }
        }
        if pending > 0 {
            try visitItems(location, keys, values, values.count - pending, values.count)
            merge()
        }
        if !hasDict { emit(.buildMap, 0, location) }
    }

    private func visitItems(
        _ location: SourceRange, _ keys: [Expression?], _ values: [Expression], _ begin: Int, _ end: Int
    ) throws(Failure) {
        let n = end - begin
        let isBig = n * 2 > stackUseGuideline
        let present = keys[begin..<end].compactMap { $0 }
        if n > 1, !isBig, let names = Self.constants(present[...]) {
            try visit(Array(values[begin..<end]))
            load(.tuple(names), location)
            return emit(.buildConstKeyMap, n, location)
        }
        if isBig { emit(.buildMap, 0, location) }
        for (key, value) in zip(present, values[begin..<end]) {
            try visit(key)
            try visit(value)
            if isBig { emit(.mapAdd, 1, location) }
        }
        if !isBig { emit(.buildMap, n, location) }
    }

    // MARK: Formatted strings

    private func visitJoined(_ location: SourceRange, _ values: [Expression]) throws(Failure) {
        if values.count > stackUseGuideline {
            load(.str([], interned: true), location)
            emitName(.loadMethod, "join", location)
            emit(.buildList, 0, location)
            for value in values {
                try visit(value)
                emit(.listAppend, 1, location)
            }
            return emit(.call, 1, location)
        }
        try visit(values)
        if values.count != 1 { emit(.buildString, values.count, location) }
    }

    private func visitFormatted(
        _ location: SourceRange, _ value: Expression, _ conversion: Int, _ spec: Expression?
    ) throws(Failure) {
        try visit(value)
        var argument: Int
        switch conversion {
        case 0x73: argument = 1
        case 0x72: argument = 2
        case 0x61: argument = 3
        default: argument = 0
        }
        if let spec {
            try visit(spec)
            argument |= 4
        }
        emit(.formatValue, argument, location)
    }
}
