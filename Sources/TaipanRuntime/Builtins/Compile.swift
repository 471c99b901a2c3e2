// From source text to a code object of this interpreter: the runtime's one way to the compiler.

import TaipanBytecode
import TaipanCompiler
import TaipanSyntax

extension Thread {
    /// Compiles `source` (str, bytes, a buffer) as the builtin `compile` does; `flags` are CPython's, `inherits` adds the caller's future
    /// flags. Gives a code object.
    public func compileSource(_ source: Value, filename: Value, mode: CompileMode, flags: Int, inherits: Bool, optimize: Int, featureVersion: Int) throws(Raised) -> Value {
        if flags & 0x0400 != 0 { throw raise(.notImplementedError, "compile() to a tree (PyCF_ONLY_AST) is not there yet") }
        let bytes = try sourceBytes(source)
        var futures = flags & CodeFlags.allFutures.rawValue
        if inherits, let fp = state.pointee.frame { futures |= CodeCell(fp.frameLowered.pointee.code).flags & CodeFlags.allFutures.rawValue }
        var parser = ParserOptions()
        parser.mode = mode == .exec ? .file : mode == .eval ? .expression : .interactive
        parser.ignoreCookie = source.isKind(.str) || flags & 0x0100 != 0
        var options = CompilerOptions()
        options.optimize = optimize < 0 ? interp.pointee.config.optimizationLevel : optimize
        options.futures = CodeFlags(rawValue: futures)
        options.topLevelAwait = flags & 0x2000 != 0
        return try compile(bytes, filename, parser, options).value
    }

    /// Compiles the bytes of a file or a script. Raises the SyntaxError.
    public func compile(_ bytes: [UInt8], _ filename: Value, _ parser: ParserOptions, _ options: CompilerOptions) throws(Raised) -> CodeCell {
        var options = options
        var parser = parser
        let text = string(filename)
        parser.maxIntDigits = interp.pointee.maxStrDigits
        parser.lineOfFile = { SourceLines.line($0, of: text) }
        options.lineOfFile = parser.lineOfFile
        var failure: SyntaxFailure?
        var warningRaised = false
        options.warn = { (note) throws(SyntaxFailure) in
            do throws(Raised) {
                try self.warnExplicitly(note.category == .syntaxWarning ? self.types.pointee.syntaxWarning : self.types.pointee.deprecationWarning,
                                        note.message, filename: filename, line: note.line)
            } catch {
                // A warning turned into an error is the SyntaxError at that place.
                if self.pendingIs(.warning) {
                    _ = self.takePending()
                    throw note.failure
                }
                warningRaised = true
                throw note.failure
            }
        }
        do throws(SyntaxFailure) {
            let code = try TaipanCompiler.compile(source: bytes, filename: text, parser: parser, options: options)
            return try newCodeOrFail(code)
        } catch { failure = error }
        if warningRaised { throw Raised() }
        if state.pointee.pending.isBound { throw Raised() }
        guard let failure else { throw memoryError() }
        throw raise(failure, filename)
    }

    private func newCodeOrFail(_ code: CodeObject) throws(SyntaxFailure) -> CodeCell {
        do throws(Raised) {
            return try newCode(code)
        } catch { throw SyntaxFailure(.memoryError, "") }
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
        case .unicodeDecodeError: .unicodeError
        }
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
    private func sourceBytes(_ source: Value) throws(Raised) -> [UInt8] {
        if source.isKind(.str) {
            let s = StrObject(source)
            for i in 0..<s.count where s[i] >= 0xD800 && s[i] <= 0xDFFF {
                return try Array(BytesObject(try callMethod(source, name(.encode), intern("utf-8"))).buffer)
            }
            return wtf8(source)
        }
        if source.isKind(.bytes) { return Array(BytesObject(source).buffer) }
        let slot = type(of: source).slots.pointee.buffer
        if !slot.isSet { throw raise(.typeError, "compile() arg 1 must be a string, bytes or AST object") }
        let view = try slot(self, source, false)
        return Array(UnsafeRawBufferPointer(start: view.base, count: view.count))
    }
}
