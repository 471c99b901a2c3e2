// The record of one run: what each of the seven stages of `python script.py` did. Plain values: the terminal's text, the JSON and the page are
// three ways to write it down, and a Swift program can read it as it is. documentation/explain-record.md describes the JSON, which has the
// names of these fields in snake case.

/// Everything that was recorded of one run.
public struct ExplainRecord: Sendable {
    /// The version of the JSON's schema; it grows when a field changes its meaning or goes.
    public static let schemaVersion = 1

    public var command = CommandRecord()
    /// Stages that were not picked, or not reached, are nil.
    public var shell: ShellRecord?
    public var startup: StartupRecord?
    public var source: SourceRecord?
    public var tree: TreeRecord?
    public var bytecode: BytecodeRecord?
    public var execution: ExecutionRecord?
    public var output: OutputRecord?
    /// Microseconds of each stage, in order, as far as the run came.
    public var times: [StageTime] = []
    /// The exit status; nil when the run is not over.
    public var exitStatus: Int?
    /// How the run ended: "end of program", "SystemExit", "uncaught exception", "os._exit", "os.abort", "interrupted", "syntax error", "exec",
    /// "signal", "not started".
    public var ending = ""
    /// What the record was cut by, in words; a page leaves out parts of a record that would make it too large.
    public var leftOut: [String] = []

    public init() {}
}

/// The seven stages. The raw value is the name that `--explain=` and the JSON use.
public enum ExplainStage: String, Sendable, CaseIterable {
    case shell, startup, tokens, ast, bytecode, execution, output
}

public struct StageTime: Sendable {
    public var stage: ExplainStage
    public var microseconds: Double

    public init(stage: ExplainStage, microseconds: Double) {
        self.stage = stage
        self.microseconds = microseconds
    }
}

/// What was asked for.
public struct CommandRecord: Sendable {
    /// The whole command line.
    public var arguments: [String] = []
    /// "file", "command", "module" or "stdin".
    public var mode = "file"
    /// The path, the module's name, `<string>` or `<stdin>`.
    public var script = ""
    public var folder = ""
    public var version = "3.12.1"

    public init() {}
}

// MARK: 1 The shell finds Python

public struct ShellRecord: Sendable {
    /// One folder of PATH.
    public struct Look: Sendable {
        public var folder = ""
        /// The file that was looked for there.
        public var file = ""
        /// "found", "missing", "not executable", "no such folder", or "not searched" behind the hit.
        public var result = ""
        public init() {}
    }
    public struct Link: Sendable {
        public var from = ""
        public var to = ""
        public init() {}
    }
    /// Another Python on the PATH.
    public struct Python: Sendable {
        public var path = ""
        /// What `--version` says, or why it says nothing.
        public var version = ""
        public var links: [Link] = []
        public init() {}
    }
    public struct Shebang: Sendable {
        public var line = ""
        /// The command that the line names.
        public var interpreter = ""
        /// Whether the system started this run through it, or why it does not matter.
        public var isUsed = false
        public var remark = ""
        public init() {}
    }
    public struct VirtualEnvironment: Sendable {
        public var file = ""
        public var settings: [(name: String, value: String)] = []
        public init() {}
    }

    /// The word that was typed.
    public var typed = ""
    /// True when the word has a slash, so that no folder is searched.
    public var isPath = false
    public var looks: [Look] = []
    /// The file that runs, before and after following its symbolic links.
    public var hit = ""
    public var links: [Link] = []
    public var executable = ""
    public var pythons: [Python] = []
    public var shebang: Shebang?
    public var environment: VirtualEnvironment?

    public init() {}
}

// MARK: 2 Start-up

public struct StartupRecord: Sendable {
    public struct Step: Sendable {
        /// "heap", "types", "exceptions", "builtins", "sys", "import system", "streams", "site", …
        public var name = ""
        public var detail = ""
        public var microseconds = 0.0
        /// Bytes of objects that the step allocated.
        public var bytes = 0
        public init() {}
    }
    public struct PathEntry: Sendable {
        public var entry = ""
        /// Where it came from: "the script's folder", "PYTHONPATH", "the library", "site-packages", "a .pth file", …
        public var origin = ""
        public var exists = false
        public init() {}
    }
    /// An environment variable or an option that took effect.
    public struct Setting: Sendable {
        public var name = ""
        public var value = ""
        public var effect = ""
        public init() {}
    }

    public var steps: [Step] = []
    public var path: [PathEntry] = []
    public var variables: [Setting] = []
    public var options: [Setting] = []

    public init() {}
}

// MARK: 3 Source and tokens

/// A place in the source: lines count from 1, columns from 0.
public struct SpanRecord: Sendable, Equatable {
    public var line = 0
    public var column = 0
    public var endLine = 0
    public var endColumn = 0

    public init(_ line: Int, _ column: Int, _ endLine: Int, _ endColumn: Int) {
        self.line = line
        self.column = column
        self.endLine = endLine
        self.endColumn = endColumn
    }
}

/// An error that ended a stage.
public struct SyntaxErrorRecord: Sendable {
    /// "SyntaxError", "IndentationError", "TabError", …
    public var type = ""
    public var message = ""
    /// Columns count characters.
    public var span: SpanRecord?
    /// The line that the error shows.
    public var text = ""

    public init() {}
}

public struct SourceRecord: Sendable {
    /// As `tokenize` has it: comments and blank lines are tokens too.
    public struct Token: Sendable {
        /// `tokenize`'s name of the type: ENCODING, NAME, NUMBER, OP, INDENT, …
        public var kind = ""
        /// The exact type: PLUS for an OP that is `+`.
        public var exact = ""
        public var text = ""
        /// Columns count characters.
        public var span = SpanRecord(0, 0, 0, 0)
        /// How many blocks deep the token is.
        public var depth = 0
        public init() {}
    }

    public var file = ""
    public var byteCount = 0
    public var encoding = "utf-8"
    /// "default", "byte order mark", or "line N" with the declaration's line.
    public var encodingFrom = "default"
    public var lineCount = 0
    /// "\\n", "\\r\\n", "\\r", "mixed" or "none".
    public var newlines = ""
    /// The decoded source; what cannot be decoded is U+FFFD.
    public var text = ""
    public var tokens: [Token] = []
    /// Tokens that were left out because there are too many; 0 when all are here.
    public var omittedTokens = 0
    public var error: SyntaxErrorRecord?

    public init() {}
}

// MARK: 4 Tree

public struct TreeRecord: Sendable {
    /// A node of the tree as read, before folding. Nodes are listed depth first, so a node's children follow it.
    public struct Node: Sendable {
        /// Index of the parent, -1 for the root.
        public var parent = -1
        /// The field of the parent that holds the node, and its place there when the field is a list, else -1.
        public var field = ""
        public var index = -1
        /// The class of module `ast`.
        public var type = ""
        /// Columns count UTF-8 bytes, as in `ast`; nil for nodes that have no place.
        public var span: SpanRecord?
        /// The fields that are no nodes, with their `repr`.
        public var fields: [(name: String, value: String)] = []
        public init() {}
    }
    /// An expression that the compiler replaced.
    public struct Fold: Sendable {
        /// Index of the node.
        public var node = 0
        public var before = ""
        public var after = ""
        public init() {}
    }
    public struct Symbol: Sendable {
        public var name = ""
        /// "local", "cell", "free", "global explicit" or "global implicit".
        public var scope = ""
        /// Why, in words: "assigned on line 3, used by the inner function f".
        public var reason = ""
        public init() {}
    }
    public struct Scope: Sendable {
        /// Index of the enclosing scope, -1 for the module.
        public var parent = -1
        /// "module", "function", "class", "annotation", "TypeVar bound", "type alias" or "type parameters".
        public var kind = ""
        public var name = ""
        public var line = 0
        public var symbols: [Symbol] = []
        public init() {}
    }

    public var nodes: [Node] = []
    public var omittedNodes = 0
    /// What `ast.dump(tree, indent=2)` prints.
    public var dump = ""
    public var folds: [Fold] = []
    public var scopes: [Scope] = []
    public var error: SyntaxErrorRecord?

    public init() {}
}

// MARK: 5 Bytecode and cache

public struct CodeRecord: Sendable {
    public struct Instruction: Sendable {
        public var offset = 0
        public var opcode = ""
        /// nil where the opcode has none.
        public var argument: Int?
        /// What `dis` shows in parentheses.
        public var meaning = ""
        /// The offset that it jumps to.
        public var target: Int?
        public var isJumpTarget = false
        public var line: Int?
        /// Columns count UTF-8 bytes.
        public var span: SpanRecord?
        /// Where a jump to it goes: its first `EXTENDED_ARG`, or `offset`.
        public var start = 0
        /// Entries on the stack before it, -1 where it cannot be reached.
        public var depth = -1
        public init() {}
    }
    /// An instruction as generated, before the flow graph: its argument, when it jumps, is an index into the same list.
    public struct RawInstruction: Sendable {
        public var opcode = ""
        public var argument: Int?
        public var meaning = ""
        public var target: Int?
        public var line: Int?
        public init() {}
    }
    public struct Handler: Sendable {
        public var start = 0
        public var end = 0
        public var target = 0
        public var depth = 0
        public var keepsInstruction = false
        /// In words: "an exception on lines 3 to 5 goes to line 6".
        public var words = ""
        public init() {}
    }
    /// A word of Taipan's register code.
    public struct RegisterWord: Sendable {
        /// Offset of the bytecode instruction that it came from, nil for cache words.
        public var offset: Int?
        public var text = ""
        public init() {}
    }

    /// Index of the code that holds this one among its constants, -1 for the outermost.
    public var parent = -1
    public var name = ""
    public var qualifiedName = ""
    public var file = ""
    public var firstLine = 0
    public var flags: [String] = []
    public var stackSize = 0
    /// `repr` of each.
    public var constants: [String] = []
    public var names: [String] = []
    public var localNames: [String] = []
    public var cellNames: [String] = []
    public var freeNames: [String] = []
    public var instructions: [Instruction] = []
    /// Empty for code that was not compiled in this run.
    public var raw: [RawInstruction] = []
    public var handlers: [Handler] = []
    /// Empty for code that was not run.
    public var register: [RegisterWord] = []
    /// What `dis.dis` prints for this code alone; empty for code of other files.
    public var listing = ""

    public init() {}
}

/// One import that was not already done.
public struct ImportRecord: Sendable {
    public var name = ""
    /// "cached", "compiled", "built-in", "without source", "namespace", "failed", "by a finder of the program".
    public var result = ""
    /// Why: "fits: time and size", "no such file", "time differs", "size differs", "hash differs", "other magic number", "damaged", …
    public var reason = ""
    public var source = ""
    public var cache = ""
    /// How many imports were under way around it.
    public var depth = 0
    /// Number of the instruction that asked for it; 0 before the first.
    public var step = 0
    /// All of it, and without the imports inside it.
    public var microseconds = 0.0
    public var ownMicroseconds = 0.0

    public init() {}
}

public struct BytecodeRecord: Sendable {
    /// The script's code objects first, outermost first, in the order of `dis`; behind them those of other files in which recorded
    /// instructions ran.
    public var codes: [CodeRecord] = []
    /// How many of them are the script's.
    public var scriptCodeCount = 0
    public var imports: [ImportRecord] = []
    public var error: SyntaxErrorRecord?

    public init() {}
}

// MARK: 6 Execution

/// What ran, from the first instruction of the program's own code to the end of the process: on every thread, in `atexit` functions and
/// finalizers too. All instructions are counted, those of imported library modules with them, in `total`, `functions` and `lines`. One by one are
/// told those of the program: the script's file, and every other file that does not lie below the library's folder. What they call in the
/// library shows as an event that names it.
///
/// Instructions are those of `dis`, RESUME and what stands in front of it included; EXTENDED_ARG belongs to the instruction behind it.
/// `sys.settrace` has no opcode events for those up to a frame's first RESUME, nor for later ones.
///
/// The clock is read at each of the first instructions, and from there on where a line may start and where frames are entered and left; an
/// instruction among the last ones has the time of the reading before it. Values are texts of at most 80 characters, without addresses, in
/// which "…" stands for what was left out; no `__repr__` is called, so that instances of a program's classes show as `<module.Class object>`.
public struct ExecutionRecord: Sendable {
    public struct Frame: Sendable {
        /// Index into `BytecodeRecord.codes`.
        public var code = 0
        /// The frame that called, -1 for the first of a thread.
        public var caller = -1
        public var depth = 0
        /// 1 for the main thread.
        public var thread = 1
        public init() {}
    }
    public struct Change: Sendable {
        public var name = ""
        /// "local", "global", "cell", "name" (of a class body).
        public var kind = ""
        /// nil when the name went.
        public var value: String?
        public init() {}
    }
    /// Something that happened during an instruction.
    public struct Event: Sendable {
        /// "call" (of Python code), "native call", "return", "yield", "raise", "handler", "unwind", "import", "write", "collection",
        /// "finalize", "thread", "attribute", "specialize".
        public var kind = ""
        /// The frame that was entered, for a call; else -1.
        public var frame = -1
        /// In words: "f(1, 2)", "ValueError: no", "to offset 40, line 7", the text that was written.
        public var text = ""
        /// The single steps of an attribute's look-up.
        public var steps: [String] = []
        public init() {}
    }
    public struct Step: Sendable {
        /// The instruction's number in the run, from 1.
        public var number = 0
        /// Index into `frames`.
        public var frame = 0
        public var offset = 0
        /// `repr`s of the stack, bottom first; "NULL" where it holds nothing. `after` is nil when the frame ended.
        public var before: [String] = []
        public var after: [String]?
        public var changes: [Change] = []
        public var events: [Event] = []
        /// Since the program's first instruction.
        public var microseconds = 0.0
        public init() {}
    }
    public struct FunctionCount: Sendable {
        public var name = ""
        public var file = ""
        public var line = 0
        public var calls = 0
        public var instructions = 0
        /// With and without what it called.
        public var microseconds = 0.0
        public var ownMicroseconds = 0.0
        public init() {}
    }
    public struct LineCount: Sendable {
        public var file = ""
        public var line = 0
        public var instructions = 0
        public var microseconds = 0.0
        public init() {}
    }
    /// An instruction whose inline cache was filled.
    public struct Specialization: Sendable {
        /// Index into `BytecodeRecord.codes`.
        public var code = 0
        public var offset = 0
        public var opcode = ""
        /// The register instruction that stands there now, in words.
        public var became = ""
        public init() {}
    }
    public struct Collection: Sendable {
        /// Number of the instruction that it happened in.
        public var step = 0
        public var reason = ""
        public var microseconds = 0.0
        public var bytesBefore = 0
        public var bytesAfter = 0
        public init() {}
    }
    public struct Handover: Sendable {
        public var step = 0
        public var from = 0
        public var to = 0
        public init() {}
    }

    /// Instructions that ran in all.
    public var total = 0
    /// How many of the first and of the last were kept.
    public var firstLimit = 2000
    public var lastLimit = 200
    public var frames: [Frame] = []
    /// The first ones, then the last ones; what `number` skips between them was counted only.
    public var steps: [Step] = []
    public var functions: [FunctionCount] = []
    public var lines: [LineCount] = []
    public var specializations: [Specialization] = []
    public var allocatedBytes = 0
    public var collections: [Collection] = []
    public var handovers: [Handover] = []
    /// The exception that ended the program, as its traceback prints; empty when none did.
    public var uncaught = ""

    public init() {}
}

// MARK: 7 Output and clean-up

public struct OutputRecord: Sendable {
    /// A piece of text that the program gave to a standard stream.
    public struct Write: Sendable {
        /// Number of the instruction; 0 before the first, and the total where it came after the last.
        public var step = 0
        /// "stdout" or "stderr".
        public var stream = ""
        public var text = ""
        public var file = ""
        public var line = 0
        /// Index of the first transfer that took it to the descriptor, nil if it never got there.
        public var transfer: Int?
        public init() {}
    }
    /// One `write` to a descriptor.
    public struct Transfer: Sendable {
        public var step = 0
        public var descriptor = 1
        public var byteCount = 0
        /// "buffer full", "end of line", "flush", "no buffer", "at exit", "os.write".
        public var reason = ""
        public var microseconds = 0.0
        public init() {}
    }
    public struct ExitFunction: Sendable {
        public var name = ""
        public var microseconds = 0.0
        public init() {}
    }
    public struct Finalized: Sendable {
        /// The type of the object and what was done: "closed", "__del__", "weak reference callback".
        public var type = ""
        public var action = ""
        public init() {}
    }
    public struct Alive: Sendable {
        public var type = ""
        public var count = 0
        public var bytes = 0
        public init() {}
    }

    public var writes: [Write] = []
    /// Writes and bytes that were left out because there was too much.
    public var omittedWrites = 0
    public var omittedBytes = 0
    public var transfers: [Transfer] = []
    public var exitFunctions: [ExitFunction] = []
    public var finalized: [Finalized] = []
    public var alive: [Alive] = []

    public init() {}
}
