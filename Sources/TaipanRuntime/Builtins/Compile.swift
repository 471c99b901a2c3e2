// From source text or a tree to a code object of this interpreter: the runtime's one way to the parser and the compiler.

import TaipanBytecode
import TaipanCompiler
import TaipanSyntax

/// The flags of `compile` beyond the `__future__` bits.
enum CompileFlags {
    static var dontImplyDedent: Int { 0x0200 }
    static var onlyTree: Int { 0x0400 }
    static var ignoreCookie: Int { 0x0800 }
    static var typeComments: Int { 0x1000 }
    static var topLevelAwait: Int { 0x2000 }
    static var allowIncompleteInput: Int { 0x4000 }
    /// What a program may pass.
    static var known: Int { CodeFlags.allFutures.rawValue | 0x10 | dontImplyDedent | onlyTree | typeComments | topLevelAwait | allowIncompleteInput }
}

extension Thread {
    /// Compiles `source` (str, bytes, a buffer, a tree) as the builtin `compile` does; `flags` are CPython's, `inherits` adds the caller's
    /// future flags. Gives a code object, or a tree when the flags ask for one.
    public func compileSource(_ source: Value, filename: Value, mode: CompileMode, flags: Int, inherits: Bool, optimize: Int, featureVersion: Int) throws(Raised) -> Value {
        var flags = flags
        if inherits, let fp = state.pointee.frame { flags |= CodeCell(fp.frameLowered.pointee.code).flags & CodeFlags.allFutures.rawValue }
        if isAudited { try audit("compile", source.isKind(.str) || source.isKind(.bytes) ? source : .none, filename) }
        var options = CompilerOptions()
        options.optimize = optimize < 0 ? interp.pointee.config.optimizationLevel : optimize
        options.futures = CodeFlags(rawValue: flags & CodeFlags.allFutures.rawValue)
        options.topLevelAwait = flags & CompileFlags.topLevelAwait != 0
        if try isTree(source) {
            if flags & CompileFlags.onlyTree != 0 { return source }
            let module = try readTree(source, mode: mode)
            return try compile(filename, options) { (options) throws(SyntaxFailure) in
                try TaipanCompiler.compile(module: module, filename: "", options: options)
            }.value
        }
        let bytes = try sourceBytes(source)
        let parser = parserOptions(mode, flags, isText: source.isKind(.str), featureVersion: featureVersion)
        if flags & CompileFlags.onlyTree == 0 { return try compile(bytes, filename, parser, options).value }
        let module = try parse(bytes, filename, parser, options)
        var writer = try TreeWriter(self)
        return try writer.module(module)
    }

    /// What the compiler's generator writes for a tree, before the flow graph.
    public func generatedInstructions(of tree: Value, filename: Value, mode: CompileMode, optimize: Int) throws(Raised) -> StagedUnit {
        if try !isTree(tree) { throw raise(.typeError, "expected an AST") }
        let module = try readTree(tree, mode: mode)
        var options = CompilerOptions()
        options.optimize = optimize < 0 ? interp.pointee.config.optimizationLevel : optimize
        let name = string(filename)
        return try withWarnings(filename, options) { (options) throws(SyntaxFailure) in
            try CompilerStages.generate(module: module, filename: name, options: options)
        }
    }

    private func isTree(_ source: Value) throws(Raised) -> Bool {
        if !source.isCell || source.isKind(.str) || source.isKind(.bytes) || kept("_ast types").isUnbound { return false }
        return isInstance(source, of: DictObject(kept("_ast types")).findString(self, intern("AST")))
    }

    private func parserOptions(_ mode: CompileMode, _ flags: Int, isText: Bool, featureVersion: Int) -> ParserOptions {
        var parser = ParserOptions()
        parser.mode = switch mode {
        case .exec: .file
        case .eval: .expression
        case .single: .interactive
        case .funcType: .functionType
        }
        parser.ignoreCookie = isText
        parser.dontImplyDedent = flags & CompileFlags.dontImplyDedent != 0
        parser.typeComments = flags & CompileFlags.typeComments != 0
        parser.allowIncompleteInput = flags & CompileFlags.allowIncompleteInput != 0
        parser.barryAsFLUFL = flags & CodeFlags.futureBarryAsBDFL.rawValue != 0
        if featureVersion >= 0 && flags & CompileFlags.onlyTree != 0 { parser.featureVersion = featureVersion }
        return parser
    }

    /// Compiles the bytes of a file or a script. Raises the SyntaxError.
    public func compile(_ bytes: [UInt8], _ filename: Value, _ parser: ParserOptions, _ options: CompilerOptions) throws(Raised) -> CodeCell {
        try newCode(try compileExactly(bytes, filename, parser, options), filename)
    }

    /// The exact form of what `bytes` compile to, for whoever writes it to a file.
    func compileExactly(_ bytes: [UInt8], _ filename: Value, _ parser: ParserOptions, _ options: CompilerOptions) throws(Raised) -> CodeObject {
        let parser = hooked(parser, filename)
        let name = string(filename)
        return try withWarnings(filename, options) { (options) throws(SyntaxFailure) in
            try TaipanCompiler.compile(source: bytes, filename: name, parser: parser, options: options)
        }
    }

    private func compile(_ filename: Value, _ options: CompilerOptions, _ body: (CompilerOptions) throws(SyntaxFailure) -> CodeObject) throws(Raised) -> CodeCell {
        try newCode(try withWarnings(filename, options, body), filename)
    }

    private func parse(_ bytes: [UInt8], _ filename: Value, _ parser: ParserOptions, _ options: CompilerOptions) throws(Raised) -> Module {
        let parser = hooked(parser, filename)
        let name = string(filename)
        return try withWarnings(filename, options) { (options) throws(SyntaxFailure) in
            try TaipanCompiler.parse(source: bytes, filename: name, parser: parser, options: options)
        }
    }

    /// The symbol tables of a source, for the module `_symtable`.
    public func symbolTables(of source: Value, filename: Value, mode: CompileMode) throws(Raised) -> SymbolReport {
        let filename = try pathText(filename)
        let bytes = try sourceBytes(source, "symtable", "string or bytes")
        let parser = hooked(parserOptions(mode, 0, isText: source.isKind(.str), featureVersion: -1), filename)
        let name = string(filename)
        return try withWarnings(filename, CompilerOptions()) { (options) throws(SyntaxFailure) in
            try TaipanCompiler.symbolTables(source: bytes, filename: name, parser: parser, options: options)
        }
    }

    /// The parser's hooks into this interpreter: codecs, the file on disk, the limit of digits.
    public func hooked(_ parser: ParserOptions, _ filename: Value) -> ParserOptions {
        var parser = parser
        parser.maxIntDigits = interp.pointee.maxStrDigits
        let found = FoundEncoding()
        let reader = lineReader(filename)
        parser.lineOfFile = { line in
            guard let bytes = reader(line), let encoding = found.name else { return reader(line) }
            return self.decodeLine(bytes, encoding)
        }
        parser.decode = { (encoding, source) throws(SyntaxFailure) in
            found.name = encoding
            do throws(Raised) { return try self.decodeSource(encoding, source) } catch { throw self.decodeFailure(encoding) }
        }
        return parser
    }

    /// The encoding that a source turned out to declare.
    private final class FoundEncoding { var name: String? }

    private func decodeLine(_ line: [UInt8], _ encoding: String) -> [UInt8] {
        do throws(Raised) { return wtf8(try decodeText(try bytes(line), str(encoding), intern("replace"))) } catch {
            _ = takePending()
            return line
        }
    }

    /// A source in any codec as UTF-8; nil when there is no such codec.
    private func decodeSource(_ encoding: String, _ source: [UInt8]) throws(Raised) -> [UInt8]? {
        let name = str(encoding)
        do throws(Raised) { _ = try lookupCodec(name) } catch {
            try swallow(.lookupError, error)
            return nil
        }
        return wtf8(try decodeText(try bytes(source), name, intern("strict")))
    }

    /// What a codec's error becomes: a SyntaxError with its text.
    private func decodeFailure(_ encoding: String) -> SyntaxFailure {
        let exception = takePending()
        guard exception.isBound, pendingText(exception) != nil else { return SyntaxFailure(.syntaxError, "encoding problem: \(encoding)") }
        let text = pendingText(exception) ?? ""
        if isInstance(exception, of: types.pointee.unicodeDecodeError) { return SyntaxFailure(.syntaxError, "(unicode error) \(text)", line: 0, offset: -1) }
        return SyntaxFailure(.syntaxError, text, line: 0, offset: -1)
    }

    private func pendingText(_ exception: Value) -> String? {
        do throws(Raised) { return string(try strOf(exception)) } catch {
            _ = takePending()
            return nil
        }
    }

    /// Reads lines of the file named `filename`, for the text of errors.
    private func lineReader(_ filename: Value) -> (Int) -> [UInt8]? {
        let path = string(filename)
        return { SourceLines.line($0, of: path) }
    }

    /// Runs a compilation whose warnings go through `warnings`, and raises its failure.
    private func withWarnings<Result>(_ filename: Value, _ options: CompilerOptions, _ body: (CompilerOptions) throws(SyntaxFailure) -> Result) throws(Raised) -> Result {
        var options = options
        options.lineOfFile = lineReader(filename)
        options.foldsBoolInversion = {
            do throws(Raised) { _ = try self.invert(.true) } catch {
                _ = self.takePending()
                return false
            }
            return true
        }
        // A warning that became some other exception than a warning is pending when the compilation stops.
        let warnings = WarningState()
        options.warn = { (note) throws(SyntaxFailure) in
            do throws(Raised) { try self.issue(note, filename) } catch {
                // A warning turned into an error is the SyntaxError at that place.
                if self.pendingIs(.warning) { _ = self.takePending() } else { warnings.isRaised = true }
                throw note.failure
            }
        }
        do throws(SyntaxFailure) { return try body(options) } catch {
            if warnings.isRaised { throw Raised() }
            throw raise(error, filename)
        }
    }

    private final class WarningState { var isRaised = false }

    private func issue(_ note: SyntaxNote, _ filename: Value) throws(Raised) {
        let category = note.category == .syntaxWarning ? types.pointee.syntaxWarning : types.pointee.deprecationWarning
        try warnExplicitly(category, note.message, filename: filename, line: note.line)
    }

    /// The Python exception of a failed parse.
    public func raise(_ failure: SyntaxFailure, _ filename: Value) -> Raised {
        let kind: ExceptionKind = switch failure.kind {
        case .syntaxError, .incompleteInputError: .syntaxError
        case .indentationError: .indentationError
        case .tabError: .tabError
        case .memoryError: .memoryError
        case .recursionError: .recursionError
        case .valueError: .valueError
        case .overflowError: .overflowError
        case .lookupError: .lookupError
        case .typeError: .typeError
        case .unicodeDecodeError: .unicodeError
        }
        if kind == .memoryError && failure.message.isEmpty { return memoryError() }
        guard kind == .syntaxError || kind == .indentationError || kind == .tabError else { return raise(kind, failure.message) }
        if failure.line == nil { return raise(kind, failure.message) }
        do throws(Raised) {
            let place = try newTuple(6)
            place[0] = filename
            place[1] = failure.line.map { int($0) } ?? .none
            place[2] = failure.offset.map { int($0) } ?? .none
            place[3] = failure.text.map { str($0) } ?? .none
            place[4] = failure.endLine.map { int($0) } ?? .none
            place[5] = failure.endOffset.map { int($0) } ?? .none
            return raise(exception: try call(types[kind], str(failure.message), place.value))
        } catch { return error }
    }

    /// The bytes of a source argument: UTF-8 of a str, or what a bytes-like object holds.
    private func sourceBytes(_ source: Value, _ function: StaticString = "compile", _ wanted: StaticString = "string, bytes or AST object") throws(Raised) -> [UInt8] {
        if source.isKind(.str) {
            let s = StrObject(source)
            for i in 0..<s.count where s[i] >= 0xD800 && s[i] <= 0xDFFF {
                let encoded = try callMethod(source, name(.encode), intern("utf-8"))
                return Array(BytesObject(encoded).buffer)
            }
            return wtf8(source)
        }
        if source.isKind(.bytes) { return Array(BytesObject(source).buffer) }
        let slot = type(of: source).slots.pointee.buffer
        if !slot.isSet { throw raise(.typeError, "\(function)() arg 1 must be a \(wanted)") }
        let view = try buffer(of: source)
        defer { release(view) }
        return Array(view.bytes)
    }
}
