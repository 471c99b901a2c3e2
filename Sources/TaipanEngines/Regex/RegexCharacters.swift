// Character classes and case mappings of the matcher: ASCII, the C locale's, Unicode 15.0.
#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanUnicode

/// Case and category questions about one code point, in the three modes of `re`.
public enum RegexCharacters {
    /// Lower case in ASCII mode.
    @inline(__always)
    public static func lowerASCII(_ ch: UInt32) -> UInt32 {
        ch &- 65 < 26 ? ch &+ 32 : ch
    }

    /// Lower case by Unicode's simple mapping.
    @inline(__always)
    public static func lowerUnicode(_ ch: UInt32) -> UInt32 {
        ch < 128 ? lowerASCII(ch) : UnicodeProperties.toLower(ch)
    }

    /// Upper case by Unicode's simple mapping.
    @inline(__always)
    public static func upperUnicode(_ ch: UInt32) -> UInt32 {
        ch < 128 ? (ch &- 97 < 26 ? ch &- 32 : ch) : UnicodeProperties.toUpper(ch)
    }

    /// Lower case as the C locale has it; code points past one byte stay as they are.
    public static func lowerLocale(_ ch: UInt32) -> UInt32 {
        ch < 256 ? UInt32(truncatingIfNeeded: tolower(Int32(ch))) : ch
    }

    /// Upper case as the C locale has it.
    public static func upperLocale(_ ch: UInt32) -> UInt32 {
        ch < 256 ? UInt32(truncatingIfNeeded: toupper(Int32(ch))) : ch
    }

    /// Does case matter to this code point in ASCII mode?
    public static func isCasedASCII(_ ch: UInt32) -> Bool {
        (ch | 32) &- 97 < 26 && ch < 128
    }

    /// Does case matter to this code point in Unicode mode?
    public static func isCasedUnicode(_ ch: UInt32) -> Bool {
        lowerUnicode(ch) != ch || upperUnicode(ch) != ch
    }

    @inline(__always)
    static func isWordASCII(_ ch: UInt32) -> Bool {
        (ch | 32) &- 97 < 26 && ch < 128 || ch &- 48 < 10 || ch == 95
    }

    static func isWordLocale(_ ch: UInt32) -> Bool {
        ch < 256 && isalnum(Int32(ch)) != 0 || ch == 95
    }

    @inline(__always)
    static func isWordUnicode(_ ch: UInt32) -> Bool {
        ch < 128 ? isWordASCII(ch) : UnicodeProperties.isAlphanumeric(ch)
    }

    static func isSpaceASCII(_ ch: UInt32) -> Bool {
        ch == 32 || ch &- 9 < 5
    }

    /// Is `ch` in the category numbered `code`? Unknown numbers hold nothing.
    static func isIn(category code: UInt32, _ ch: UInt32) -> Bool {
        switch code {
        case 0: return ch &- 48 < 10
        case 1: return !(ch &- 48 < 10)
        case 2: return isSpaceASCII(ch)
        case 3: return !isSpaceASCII(ch)
        case 4: return isWordASCII(ch)
        case 5: return !isWordASCII(ch)
        case 6: return ch == 10
        case 7: return ch != 10
        case 8: return isWordLocale(ch)
        case 9: return !isWordLocale(ch)
        case 10: return UnicodeProperties.isDecimal(ch)
        case 11: return !UnicodeProperties.isDecimal(ch)
        case 12: return UnicodeProperties.isSpace(ch)
        case 13: return !UnicodeProperties.isSpace(ch)
        case 14: return isWordUnicode(ch)
        case 15: return !isWordUnicode(ch)
        case 16: return UnicodeProperties.isLineBreak(ch)
        case 17: return !UnicodeProperties.isLineBreak(ch)
        default: return false
        }
    }
}
