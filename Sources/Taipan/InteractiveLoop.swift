// The prompt: reads statements from standard input, one at a time, runs them and shows their values.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanCompiler
import TaipanRuntime
import TaipanSyntax

extension Thread {
    /// Prompts until the input ends or SystemExit leaves. Gives the exit status.
    func runInteractiveLoop(_ options: CommandOptions) -> Int32 {
        let sys = DictObject(objects.pointee.sysDict)
        do throws(Raised) {
            if sys.findString(self, intern("ps1")).isUnbound { try sys.setString(self, intern("ps1"), str(">>> ")) }
            if sys.findString(self, intern("ps2")).isUnbound { try sys.setString(self, intern("ps2"), str("... ")) }
            try runStartupFile(options)
        } catch { if let status = showInteractive() { return status } }
        while true {
            do throws(Raised) {
                guard let source = try readStatement() else { return 0 }
                if !source.isEmpty { try runInteractive(source) }
            } catch { if let status = showInteractive() { return status } }
            _ = flushStandardStreams()
        }
    }

    /// `PYTHONSTARTUP`.
    private func runStartupFile(_ options: CommandOptions) throws(Raised) {
        if options.configuration.ignoresEnvironment { return }
        guard let variable = getenv("PYTHONSTARTUP"), variable[0] != 0 else { return }
        let path = String(cString: variable)
        let fd = open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0, let bytes = SourceText.readAll(fd) else {
            let code = errno
            writeStandardError(Array("Could not open PYTHONSTARTUP\n".utf8))
            throw osError(code, str(path))
        }
        close(fd)
        let code = try compile(bytes, str(path), ParserOptions(), CompilerOptions())
        let main = objects.pointee.mainModule.cell[1]
        _ = try runCode(code.value, globals: main, locals: main, closure: .none)
    }

    /// Shows the pending exception; a status when it was SystemExit.
    private func showInteractive() -> Int32? {
        let exception = takePending()
        guard exception.isBound else { return nil }
        if isInstance(exception, of: types.pointee.systemExit) { return systemExitStatus(exception) }
        _ = restore(exception)
        reportUncaught()
        let second = takePending()
        return second.isBound ? systemExitStatus(second) : nil
    }

    private func runInteractive(_ source: [UInt8]) throws(Raised) {
        var parser = ParserOptions()
        parser.mode = .interactive
        var options = CompilerOptions()
        options.optimize = interp.pointee.config.optimizationLevel
        let code = try compile(source, str("<stdin>"), parser, options)
        let main = objects.pointee.mainModule.cell[1]
        _ = try runCode(code.value, globals: main, locals: main, closure: .none)
        try checkSignals()
    }

    // MARK: Input

    /// The lines of one statement; nil at the end of the input, empty for nothing but a blank line.
    private func readStatement() throws(Raised) -> [UInt8]? {
        var source: [UInt8] = []
        while true {
            guard let line = try readPromptedLine(isFirst: source.isEmpty) else { return source.isEmpty ? nil : source }
            source += line
            if line.last != 0x0A { return source + [0x0A] }
            if source.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0C }) { return [] }
            if !isIncomplete(source, line) { return source }
        }
    }

    /// Whether the statement needs another line: the parser ran out of input, or a block is open that a blank line would end.
    private func isIncomplete(_ source: [UInt8], _ line: [UInt8]) -> Bool {
        var parser = ParserOptions()
        parser.mode = .interactive
        parser.allowIncompleteInput = true
        parser.dontImplyDedent = true
        do throws(SyntaxFailure) {
            _ = try parseModule(source: source, filename: "<stdin>", options: parser)
            return false
        } catch { return error.kind == .incompleteInputError }
    }

    /// A line with its newline, after the prompt, which goes to standard error as CPython's does without a line editor. Nil at the end.
    private func readPromptedLine(isFirst: Bool) throws(Raised) -> [UInt8]? {
        let prompt = DictObject(objects.pointee.sysDict).findString(self, intern(isFirst ? "ps1" : "ps2"))
        if prompt.isBound { string(try strOf(prompt)).write(to: 2) }
        var line: [UInt8] = []
        while true {
            var byte: UInt8 = 0
            let n = read(0, &byte, 1)
            if n < 0 {
                if errno != EINTR { return line.isEmpty ? nil : line }
                do throws(Raised) { try checkSignals() } catch {
                    "\n".write(to: 2)
                    throw error
                }
                continue
            }
            if n == 0 { return line.isEmpty ? nil : line }
            line.append(byte)
            if byte == 0x0A { return line }
        }
    }
}
