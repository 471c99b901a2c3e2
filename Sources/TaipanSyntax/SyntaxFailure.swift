// What parsing can be asked for, and how it fails.

/// An error found in a source text, with the fields CPython's `SyntaxError` has.
public struct SyntaxFailure: Error, Equatable, Sendable {
    /// The Python exception class to raise.
    public enum Kind: String, Sendable {
        case syntaxError = "SyntaxError"
        case indentationError = "IndentationError"
        case tabError = "TabError"
        case incompleteInputError = "_IncompleteInputError"
        case memoryError = "MemoryError"
        case recursionError = "RecursionError"
        case valueError = "ValueError"
        case overflowError = "OverflowError"
        case lookupError = "LookupError"
        case typeError = "TypeError"
        case unicodeDecodeError = "UnicodeDecodeError"
    }

    /// The exception's class.
    public var kind: Kind
    /// The exception's message.
    public var message: String
    /// Line, counted from 1; nil when the error has no place (MemoryError, null bytes).
    public var line: Int?
    /// Column in characters, counted from 1; 0 and -1 mean what they mean in CPython: the line as a whole.
    public var offset: Int?
    /// The line on which the place of the error ends.
    public var endLine: Int?
    /// The column behind the place of the error, in characters from 1; 0 and -1 as for `offset`.
    public var endOffset: Int?
    /// The text of the line.
    public var text: String?
    /// The warnings that reading gave before it came to the error.
    public var notes: [SyntaxNote] = []
    /// The source does not even consist of tokens. Such an error stands also when one of `notes` is made an error.
    public var isInTokens = false

    /// An error; without a line it has no place.
    public init(_ kind: Kind, _ message: String, line: Int? = nil, offset: Int? = nil, endLine: Int? = nil,
                endOffset: Int? = nil, text: String? = nil) {
        self.kind = kind
        self.message = message
        self.line = line
        self.offset = offset
        self.endLine = endLine
        self.endOffset = endOffset
        self.text = text
    }
}

/// A `SyntaxWarning` or `DeprecationWarning` that reading a source gave, in the order of the source.
public struct SyntaxNote: Equatable, Sendable {
    /// The Python warning class.
    public enum Category: String, Sendable {
        case syntaxWarning = "SyntaxWarning"
        case deprecationWarning = "DeprecationWarning"
    }

    /// The warning's class.
    public var category: Category
    /// The warning's message.
    public var message: String
    /// The line that is warned about, counted from 1.
    public var line: Int
    /// Where the warning becomes an error (`-W error`): message, columns and text for the SyntaxError.
    public var failure: SyntaxFailure

    /// A warning and the error that it may become.
    public init(category: Category, message: String, line: Int, failure: SyntaxFailure) {
        self.category = category
        self.message = message
        self.line = line
        self.failure = failure
    }
}

/// The start symbol: what kind of source is parsed.
public enum ParserMode: Sendable {
    /// A file (`exec`).
    case file
    /// One expression (`eval`).
    case expression
    /// One interactive statement (`single`).
    case interactive
    /// A signature type comment (`func_type`).
    case functionType
}

/// A line that cannot be read, and what is then raised. A class, so that it takes little room on a stack that may be deep.
final class UnreadableLine {
    let failure: SyntaxFailure

    init(_ failure: SyntaxFailure) { self.failure = failure }
}

/// Options of a parse; the defaults are those of `compile(source, name, "exec")`.
public struct ParserOptions {
    /// What kind of source it is.
    public var mode: ParserMode = .file
    /// Keep type comments (`PyCF_TYPE_COMMENTS`).
    public var typeComments = false
    /// The minor version of Python 3 whose syntax is accepted.
    public var featureVersion = 12
    /// `PyCF_DONT_IMPLY_DEDENT`: at the end of interactive input, dedents need an empty line.
    public var dontImplyDedent = false
    /// `PyCF_ALLOW_INCOMPLETE_INPUT`: an error at the very end of the source is `incompleteInputError`-like.
    public var allowIncompleteInput = false
    /// `from __future__ import barry_as_FLUFL`: `<>` instead of `!=`.
    public var barryAsFLUFL = false
    /// Deepest nesting, in CPython's units (rules of its grammar).
    public var depthLimit = 6000
    /// Most decimal digits of an int literal (`sys.set_int_max_str_digits`); 0 is no limit.
    public var maxIntDigits = 4300
    /// The source is already text: a coding cookie in it means nothing (`PyCF_IGNORE_COOKIE`).
    public var ignoreCookie = false
    /// The bytes were read from a file that is run directly, which has its own messages for undecodable bytes.
    public var isFile = false
    /// Decodes source bytes in a codec that is not built in to UTF-8; nil or a nil answer is an unknown encoding.
    public var decode: ((_ encoding: String, _ source: [UInt8]) throws(SyntaxFailure) -> [UInt8]?)?
    /// Reads a line of the file on disk for error messages, as CPython does in mode `file`; nil uses the source at hand.
    public var lineOfFile: ((_ line: Int) -> [UInt8]?)?
    /// Looks a character name up for `\N{…}`, giving its code points; nil says "unknown".
    public var characterNamed: ((_ name: String) -> [UInt32]?)?

    /// Whether some bytes are not UTF-8, so that names and strings have to be checked.
    var hasInvalidBytes = false
    /// What is wrong with the line behind the text: it is raised when the tokenizer wants that line.
    var failureAtEnd: UnreadableLine?
    /// Whether the source is text or declares its encoding, which decides the unit of columns in errors.
    var knowsEncoding = false

    /// The defaults.
    public init() {}
}
