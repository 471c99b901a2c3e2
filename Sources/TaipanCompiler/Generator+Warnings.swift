// The SyntaxWarnings about code that cannot mean what it says.
import TaipanSyntax

extension Generator {
    /// The type of a display or literal, by name; nil where it cannot be told.
    private static func typeName(_ expression: Expression) -> String? {
        switch expression.kind {
        case .tuple: "tuple"
        case .list, .listComp: "list"
        case .dict, .dictComp: "dict"
        case .set, .setComp: "set"
        case .generatorExp: "generator"
        case .lambda: "function"
        case .joinedStr, .formattedValue: "str"
        case .constant(let value, _): ConstantText.typeName(value)
        default: nil
        }
    }

    func checkCallee(_ function: Expression) throws(Failure) {
        switch function.kind {
        case .constant, .tuple, .list, .listComp, .dict, .dictComp, .set, .setComp, .generatorExp, .joinedStr, .formattedValue:
            try warn(
                "'\(Self.typeName(function) ?? "")' object is not callable; perhaps you missed a comma?", function.position)
        default: return
        }
    }

    func checkSubscripted(_ value: Expression) throws(Failure) {
        switch value.kind {
        case .constant(let constant, _):
            switch constant {
            case .str, .bytes, .tuple: return
            default: break
            }
        case .set, .setComp, .generatorExp, .lambda: break
        default: return
        }
        try warn("'\(Self.typeName(value) ?? "")' object is not subscriptable; perhaps you missed a comma?", value.position)
    }

    func checkIndex(_ value: Expression, _ index: Expression) throws(Failure) {
        if case .slice = index.kind { return }
        guard let type = Self.typeName(index), type != "int", type != "bool" else { return }
        switch value.kind {
        case .constant(let constant, _):
            switch constant {
            case .str, .bytes, .tuple: break
            default: return
            }
        case .tuple, .list, .listComp, .joinedStr, .formattedValue: break
        default: return
        }
        try warn(
            "\(Self.typeName(value) ?? "") indices must be integers or slices, not \(type); perhaps you missed a comma?",
            value.position)
    }

    /// `is` with a literal; a chain is warned about once.
    func checkCompare(
        _ expression: Expression, _ left: Expression, _ ops: [ComparisonOperator], _ comparators: [Expression]
    ) throws(Failure) {
        var previous = left
        for (op, right) in zip(ops, comparators) {
            defer { previous = right }
            guard op == .is || op == .isNot else { continue }
            guard Self.isLiteral(previous) || Self.isLiteral(right) else { continue }
            let literal = Self.isLiteral(previous) ? previous : right
            let type = Self.typeName(literal) ?? ""
            return try warn(
                op == .is
                    ? "\"is\" with '\(type)' literal. Did you mean \"==\"?"
                    : "\"is not\" with '\(type)' literal. Did you mean \"!=\"?", expression.position)
        }
    }

    private static func isLiteral(_ expression: Expression) -> Bool {
        guard case .constant(let value, _) = expression.kind else { return false }
        switch value {
        case .none, .true, .false, .ellipsis: return false
        default: return true
        }
    }
}
