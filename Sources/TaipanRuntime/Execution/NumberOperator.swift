// Names for the numbers of BINARY_OP, for native code.

/// A binary operator, by its number in BINARY_OP; `divmod` comes after them.
public enum NumberOperator: Int, Sendable {
    case add = 0, and, floorDivide, leftShift, matrixMultiply, multiply, remainder, or, power, rightShift, subtract, trueDivide, xor, divmod
}

extension Thread {
    /// `left OP right`.
    @inline(__always) public func binary(_ op: NumberOperator, _ left: Value, _ right: Value) throws(Raised) -> Value {
        try binary(op.rawValue, left, right)
    }

    /// `left OP= right`.
    @inline(__always) public func inPlace(_ op: NumberOperator, _ left: Value, _ right: Value) throws(Raised) -> Value {
        try inPlace(op.rawValue, left, right)
    }
}
