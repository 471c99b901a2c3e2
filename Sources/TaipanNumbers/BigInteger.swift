// Integers of any size: sign and magnitude.

/// An integer of any size. Invariant: the magnitude's limbs are little endian, without trailing zero limbs; zero
/// is empty and not negative.
public struct BigInteger: Equatable, Sendable {
    public var isNegative: Bool
    public var magnitude: [UInt64]

    public init(isNegative: Bool, magnitude: [UInt64]) {
        self.isNegative = isNegative
        self.magnitude = magnitude
    }
}
