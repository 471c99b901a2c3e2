// The prompt: reads statements from standard input, one at a time, runs them and shows their values.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanBytecode
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
        } catch { if let status = showInteractive(options) { return status } }
        // What `from __future__ import` has switched on stays so.
        var futures = CodeFlags()
        while true {
            do throws(Raised) {
                guard let source = try readStatement(futures) else {
                    options.explanation?.promptEnds()
                    return 0
                }
                if !source.isEmpty { try runInteractive(source, &futures) }
            } catch { if let status = showInteractive(options) { return status } }
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
    private func showInteractive(_ options: CommandOptions) -> Int32? {
        let exception = takePending()
        guard exception.isBound else { return nil }
        if isInstance(exception, of: types.pointee.systemExit) {
            options.explanation?.ends(self, exception)
            return systemExitStatus(exception)
        }
        _ = restore(exception)
        reportUncaught()
        let second = takePending()
        return second.isBound ? systemExitStatus(second) : nil
    }

    private func runInteractive(_ source: [UInt8], _ futures: inout CodeFlags) throws(Raised) {
        var parser = ParserOptions()
        parser.mode = .interactive
        parser.barryAsFLUFL = futures.contains(.futureBarryAsBDFL)
        var options = CompilerOptions()
        options.futures = futures
        options.optimize = interp.pointee.config.optimizationLevel
        let code = try compile(source, str("<stdin>"), parser, options)
        futures.formUnion(CodeFlags(rawValue: code.flags).intersection(.allFutures))
        let main = objects.pointee.mainModule.cell[1]
        _ = try runCode(code.value, globals: main, locals: main, closure: .none)
        try checkSignals()
    }

    // MARK: Input

    /// The lines of one statement; nil at the end of the input, empty for nothing but a blank line or a comment.
    private func readStatement(_ futures: CodeFlags) throws(Raised) -> [UInt8]? {
        var statement = InteractiveStatement()
        while true {
            guard let line = try readPromptedLine(isFirst: statement.source.isEmpty) else {
                "\n".write(to: 2)
                return statement.source.isEmpty ? nil : statement.source
            }
            statement.add(line)
            if line.last != 0x0A { return statement.source + [0x0A] }
            if statement.isEmpty { return [] }
            if !statement.isOpen && (!statement.isCompound || statement.endsBlank) { return statement.source }
            if line.first != 0x40 && hasEarlyError(statement.source, futures) { return statement.source }
        }
    }

    /// Whether a statement that has not ended is wrong already, so that no further line can mend it.
    private func hasEarlyError(_ source: [UInt8], _ futures: CodeFlags) -> Bool {
        var parser = ParserOptions()
        parser.mode = .interactive
        parser.barryAsFLUFL = futures.contains(.futureBarryAsBDFL)
        do throws(SyntaxFailure) {
            _ = try parseModule(source: source, filename: "<stdin>", options: parser)
            return false
        } catch {
            let lines = source.reduce(0) { $1 == 0x0A ? $0 + 1 : $0 }
            guard let line = error.line, line <= lines else { return false }
            // What the next lines may bring.
            for start in ["expected an indented block", "expected 'except' or 'finally' block", "unexpected EOF", "unterminated"]
            where error.message.hasPrefix(start) { return false }
            if error.message.hasSuffix("was never closed") { return false }
            return line == lines || error.kind != .indentationError
        }
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

/// The lines of a statement so far, looked at as far as is needed to see where it ends: brackets, strings, line joining.
struct InteractiveStatement {
    private(set) var source: [UInt8] = []
    private var depth = 0
    /// The quote of an open triple-quoted string.
    private var quote: UInt8 = 0
    private var isJoined = false
    /// The last line was blank, outside brackets and strings.
    private(set) var endsBlank = false

    /// A bracket, a string or a joined line goes on in the next line.
    var isOpen: Bool { depth > 0 || quote != 0 || isJoined }

    /// Nothing but blanks and comments so far.
    var isEmpty: Bool {
        !isOpen && source.split(separator: 0x0A).allSatisfy { line in
            let first = line.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0C && $0 != 0x0D }
            return first == nil || first == 0x23
        }
    }

    /// A statement with a block, which ends with a blank line.
    var isCompound: Bool {
        let word = source.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A }
        if word.first == 0x40 { return true }
        let name = String(decoding: word.prefix { $0 >= 0x61 && $0 <= 0x7A }, as: UTF8.self)
        if ["if", "while", "for", "try", "with", "def", "class", "async"].contains(name) { return true }
        guard name == "match" else { return false }
        // A soft keyword: the line ends with a colon when it opens a block.
        let line = word.prefix { $0 != 0x0A }
        return line.last { $0 != 0x20 } == 0x3A
    }

    mutating func add(_ line: [UInt8]) {
        endsBlank = !isOpen && line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0C || $0 == 0x0D }
        source += line
        isJoined = false
        var i = 0
        while i < line.count {
            let c = line[i]
            if quote != 0 {
                if c == 0x5C { i += 1 } else if c == quote && i + 2 < line.count && line[i + 1] == quote && line[i + 2] == quote {
                    quote = 0
                    i += 2
                }
            } else if c == 0x22 || c == 0x27 {
                if i + 2 < line.count && line[i + 1] == c && line[i + 2] == c {
                    quote = c
                    i += 2
                } else {
                    i += 1
                    while i < line.count && line[i] != c && line[i] != 0x0A { i += line[i] == 0x5C ? 2 : 1 }
                }
            } else if c == 0x23 {
                return
            } else if c == 0x28 || c == 0x5B || c == 0x7B {
                depth += 1
            } else if c == 0x29 || c == 0x5D || c == 0x7D {
                depth = max(0, depth - 1)
            } else if c == 0x5C && i + 2 == line.count && line[i + 1] == 0x0A {
                isJoined = true
            }
            i += 1
        }
    }
}
