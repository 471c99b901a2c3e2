// How compilation fails after parsing; `compile` turns this into the `SyntaxFailure` that its callers see.
import TaipanSyntax

/// Why a tree could not be compiled.
enum Failure: Error {
    /// A SyntaxError: its message and where.
    case syntax(String, SourceSpan)
    /// The same where CPython gives no end.
    case syntaxStart(String, SourceSpan)
    /// A SyntaxError to which CPython gives no place.
    case syntaxAnywhere(String)
    /// RecursionError "maximum recursion depth exceeded during compilation".
    case recursion
    /// MemoryError.
    case memory
    /// OverflowError, with its text.
    case overflow(String)
    /// What the warning handler threw.
    case warning(SyntaxFailure)
}
