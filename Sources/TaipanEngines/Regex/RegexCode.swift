// The code words that Python's `re._compiler` emits (MAGIC 20221023): operators, positions, categories,
// flags of the INFO block. The numbers are the library's; raw values follow declaration order.

/// An operator of compiled pattern code.
enum RegexOpcode: UInt8 {
    case failure, success, any, anyAll, assert, assertNot, at, branch, category, charset, bigCharset
    case groupRef, groupRefExists, `in`, info, jump, literal, mark, maxUntil, minUntil, notLiteral, negate, range
    case `repeat`, repeatOne, subpattern, minRepeatOne, atomicGroup, possessiveRepeat, possessiveRepeatOne
    case groupRefIgnore, inIgnore, literalIgnore, notLiteralIgnore
    case groupRefLocIgnore, inLocIgnore, literalLocIgnore, notLiteralLocIgnore
    case groupRefUniIgnore, inUniIgnore, literalUniIgnore, notLiteralUniIgnore, rangeUniIgnore

    /// One more than the largest operator.
    static let limit: UInt32 = 43

    /// The operator of a code word that validation has passed.
    @inline(__always)
    static func of(_ word: UInt32) -> RegexOpcode {
        unsafeBitCast(UInt8(truncatingIfNeeded: word), to: RegexOpcode.self)
    }
}

/// Operand of AT.
enum RegexPosition: UInt8 {
    case beginning, beginningLine, beginningString, boundary, nonBoundary, end, endLine, endString
    case locBoundary, locNonBoundary, uniBoundary, uniNonBoundary

    static let limit: UInt32 = 12
}

/// Operand of CATEGORY. Odd values negate the one before.
enum RegexCategory: UInt8 {
    case digit, notDigit, space, notSpace, word, notWord, linebreak, notLinebreak, locWord, locNotWord
    case uniDigit, uniNotDigit, uniSpace, uniNotSpace, uniWord, uniNotWord, uniLinebreak, uniNotLinebreak

    static let limit: UInt32 = 18
}

/// Constants that the pattern compiler and the matcher share.
public enum RegexLimits {
    /// Version of the code format.
    public static let magic = 20_221_023
    /// Repeat count that means "no limit".
    public static let maxRepeat: UInt32 = 0xFFFF_FFFF
    /// Largest number of groups (half of what fits a code word, as two marks make a group).
    public static let maxGroups = 0x3FFF_FFFF
}

/// Flags in the INFO block.
enum RegexInfo {
    static let prefix: UInt32 = 1
    static let literal: UInt32 = 2
    static let charset: UInt32 = 4
}
