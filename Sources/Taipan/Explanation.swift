// `--explain`: one explained run of the command. Gathers the stages, writes what can be told before the program starts, and the rest when it
// has ended, however it ends.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanBytecode
import TaipanExplain
import TaipanRuntime
import TaipanSyntax

final class Explanation {
    let options: ExplainOptions
    let recorder: ExplainRecorder
    private let command: CommandOptions
    /// The descriptor that texts go to, or -1 when it could not be opened.
    private var descriptor: Int32 = -1
    private var path: String?
    private let process = getpid()
    private var hasToldBefore = false
    private var hasWritten = false
    private var isReopened = false
    private var isRead = false
    /// The program's code is looked for where it begins to run: for `-m`, folders, archives and compiled files.
    private var isSought = false
    private var hasComplained = false
    private var times: [ExplainStage: Double] = [:]
    private var executionStart = 0.0
    private var executionEnd = 0.0

    /// - Returns: nil when the output file cannot be written; `errno` says why, EEXIST that it is the program.
    init?(_ options: ExplainOptions, _ command: CommandOptions) {
        self.options = options
        self.command = command
        recorder = ExplainRecorder(limit: options.limit, tellsAttributes: options.tellsAttributes)
        if let file = outputFile { path = SitePaths.absolute(file) }
        descriptor = openOutput(truncating: true)
        if descriptor < 0 { return nil }
        recorder.onProcessEnd = { [unowned self] _, _ in write() }
        describeCommand()
        recorder.startupBegins()
    }

    private func picks(_ stages: ExplainStage...) -> Bool { stages.contains { options.pickedStages.contains($0) } }

    /// Texts show lines of the source beside instructions; the page shows it always.
    private var needsSource: Bool {
        picks(.tokens, .ast) || options.format == .html || options.format == .text && picks(.bytecode, .execution)
    }

    /// Instructions have to be watched to be told, to say which of them wrote something, and to find the code of a module that `-m` runs.
    private var watchesInstructions: Bool {
        if picks(.execution, .output) { return true }
        return !isRead && (needsSource || picks(.bytecode))
    }

    /// How many tokens and nodes are kept: JSON has all of them, and the other forms show fewer than these.
    private var listLimit: Int { options.format == .json ? Int.max : 20_000 }

    var outputFile: String? { options.output ?? (options.format == .html ? "explain.html" : nil) }

    /// Opens the file, or standard error once more, under a number that is out of the program's way: what it opens gets the numbers that it
    /// would get anyhow, and what it does to standard error is its own affair.
    private func openOutput(truncating: Bool) -> Int32 {
        if overwritesScript {
            errno = EEXIST
            return -1
        }
        let opened = path.map { open($0, O_WRONLY | O_CREAT | O_CLOEXEC | (truncating ? O_TRUNC : O_APPEND), 0o666) } ?? 2
        if opened < 0 { return -1 }
        for lowest in [500, 100, 20] as [Int32] {
            let moved = fcntl(opened, F_DUPFD_CLOEXEC, lowest)
            if moved < 0 { continue }
            if path != nil { close(opened) }
            return moved
        }
        // A standard error that is closed must stay so: its number will be that of a file of the program's.
        return path == nil && errno == EBADF ? -1 : opened
    }

    /// Whether the file is the program itself, which would be gone before it is read.
    private var overwritesScript: Bool {
        guard let path, case .file(let script) = command.source else { return false }
        var one = stat(), other = stat()
        return stat(path, &one) == 0 && stat(script, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino
    }

    private func describeCommand() {
        var told = CommandRecord()
        told.arguments = command.configuration.originalArguments
        switch command.source {
        case .command: (told.mode, told.script) = ("command", "<string>")
        case .module(let name): (told.mode, told.script) = ("module", name)
        case .file(let path): (told.mode, told.script) = ("file", path)
        case .standardInput: (told.mode, told.script) = ("stdin", "<stdin>")
        }
        if let path = getcwd(nil, 0) {
            told.folder = String(cString: path)
            free(path)
        }
        recorder.record.command = told
        timing(.shell) {
            if options.pickedStages.contains(.shell) {
                recorder.record.shell = ExplainStages.shell(arguments: told.arguments, mode: told.mode, script: told.script)
            }
        }
    }

    private func timing(_ stage: ExplainStage, _ body: () -> Void) {
        let start = Thread.clockMicroseconds()
        body()
        times[stage, default: 0] += Thread.clockMicroseconds() - start
    }

    // MARK: Before the program

    /// Start-up is done.
    func startedUp(_ t: Thread) {
        var startup = recorder.record.startup ?? StartupRecord()
        StartupDescription(t, command).fill(&startup)
        recorder.record.startup = startup
        times[.startup] = recorder.startupMicroseconds
    }

    /// The script was read: its tokens and its tree.
    func read(_ bytes: [UInt8], _ file: String, _ parser: ParserOptions, _ optimize: Int) {
        recorder.scriptFile = file
        isRead = true
        if needsSource {
            timing(.tokens) {
                recorder.record.source = ExplainStages.source(
                    bytes: bytes, file: file, ignoresCookie: parser.ignoreCookie, decode: parser.decode, limit: listLimit)
            }
        }
        if picks(.ast) {
            timing(.ast) {
                recorder.record.tree = ExplainStages.tree(bytes: bytes, file: file, parser: parser, optimize: optimize, limit: listLimit)
            }
        }
    }

    /// It was compiled: nothing of it has run yet.
    func compiled(_ t: Thread, _ code: CodeCell, _ bytes: [UInt8], _ parser: ParserOptions, _ optimize: Int) throws(Raised) {
        if picks(.bytecode, .execution) {
            let exact = try t.exactCode(code)
            timing(.bytecode) {
                var bytecode = BytecodeRecord()
                bytecode.codes = ExplainStages.codes(exact, source: bytes, parser: parser, optimize: optimize)
                bytecode.scriptCodeCount = bytecode.codes.count
                recorder.record.bytecode = bytecode
            }
        }
        recorder.useScript(t, code)
        tellBefore()
    }

    /// Starts to watch; code that is not read here (`-m`, folders, archives) is described when it begins to run.
    func begin(_ t: Thread) throws(Raised) {
        executionStart = Thread.clockMicroseconds()
        if !isRead {
            isSought = watchesInstructions
            recorder.onScriptFound = { [unowned self] (t, code) in describeFound(t, code) }
        }
        if watchesInstructions { try recorder.begin(t) }
    }

    private func describeFound(_ t: Thread, _ code: CodeCell) {
        isSought = false
        let bytes = readFound(t.string(code.filename), t.interp.pointee.config.optimizationLevel)
        let optimize = t.interp.pointee.config.optimizationLevel
        do throws(Raised) { try compiled(t, code, bytes, ParserOptions(), optimize) } catch { _ = t.takePending() }
    }

    /// Reads the source of code that is about to run. It may be gone, or never have been where the code says.
    private func readFound(_ file: String, _ optimize: Int) -> [UInt8] {
        if let bytes = SourceText.bytes(ofFile: file) {
            read(bytes, file, ParserOptions(), optimize)
            return bytes
        }
        var error = SyntaxErrorRecord()
        error.type = "FileNotFoundError"
        error.message = file.hasPrefix("<") ? "no file holds what is typed at a prompt or made by a program" : "the source is not there; the code is run as it was compiled"
        if needsSource {
            var source = SourceRecord()
            source.file = file
            source.newlines = "none"
            source.error = error
            recorder.record.source = source
        }
        if picks(.ast) {
            var tree = TreeRecord()
            tree.error = error
            recorder.record.tree = tree
        }
        return []
    }

    /// Texts of the first five stages.
    private func tellBefore() {
        if hasToldBefore || options.format != .text { return }
        hasToldBefore = true
        recorder.fillStartup()
        put(Array(picked(recorder.record).text(options.pickedStages.subtracting([.execution, .output])).utf8))
    }

    // MARK: The end

    /// The program ends with an exception, which is about to be shown.
    func ends(_ t: Thread, _ exception: Value) {
        if exception.isUnbound { return }
        if t.isInstance(exception, of: t.types.pointee.systemExit) {
            // What looks for the program gives up by SystemExit when it is not there.
            recorder.record.ending = isSought ? "not started" : "SystemExit"
            return
        }
        recorder.watchUncaught()
        if t.isInstance(exception, of: t.types.pointee.keyboardInterrupt) {
            recorder.record.ending = "interrupted"
        } else if executionStart == 0 || isSought && isFromCompiler(t, exception) {
            if isSought { _ = readFound(errorText(t, exception, "filename"), t.interp.pointee.config.optimizationLevel) }
            recorder.record.ending = "syntax error"
            var bytecode = BytecodeRecord()
            bytecode.error = recorder.record.tree?.error ?? recorder.record.source?.error ?? syntaxError(t, exception)
            recorder.record.bytecode = bytecode
        } else {
            recorder.record.ending = "uncaught exception"
        }
    }

    /// The end of the input at a prompt ends the run, whatever was raised before.
    func promptEnds() { recorder.record.ending = "end of program" }

    /// Whether it is a SyntaxError of no class of a program's own, whose fields can be read without running anything.
    private func isFromCompiler(_ t: Thread, _ exception: Value) -> Bool {
        t.isInstance(exception, of: t.types.pointee.syntaxError) && !t.type(of: exception).has(TypeFlag.heap)
    }

    private func errorField(_ t: Thread, _ exception: Value, _ name: String) -> Value {
        do throws(Raised) { return try t.getattr(exception, t.intern(name)) } catch {
            _ = t.takePending()
            return .unbound
        }
    }

    private func errorText(_ t: Thread, _ exception: Value, _ name: String) -> String {
        let value = errorField(t, exception, name)
        return value.isKind(.str) ? t.string(value) : ""
    }

    /// What a SyntaxError of the compiler says.
    private func syntaxError(_ t: Thread, _ exception: Value) -> SyntaxErrorRecord? {
        if !isFromCompiler(t, exception) { return nil }
        func number(_ name: String) -> Int {
            let value = errorField(t, exception, name)
            return value.isSmallInt ? value.smallInt : 0
        }
        var made = SyntaxErrorRecord()
        made.type = t.typeName(exception)
        made.message = errorText(t, exception, "msg")
        made.text = errorText(t, exception, "text")
        if number("lineno") > 0 {
            made.span = SpanRecord(number("lineno"), max(0, number("offset") - 1), number("end_lineno"), max(0, number("end_offset") - 1))
        }
        return made
    }

    /// What the program left has been shown; the end of the interpreter comes next.
    func ranMain() {
        recorder.stopWatchingUncaught()
        executionEnd = Thread.clockMicroseconds()
    }

    /// Everything is over.
    func finish(_ t: Thread, _ status: Int32) {
        if getpid() != process || recorder.isForked { return }
        if recorder.record.ending.isEmpty { recorder.record.ending = executionStart > 0 ? "end of program" : "not started" }
        recorder.record.exitStatus = Int(status)
        recorder.finish(t)
        write()
    }

    private func write() {
        if getpid() != process { return }
        let now = Thread.clockMicroseconds()
        if executionStart > 0 { times[.execution] = (executionEnd > 0 ? executionEnd : now) - executionStart }
        if executionEnd > 0 { times[.output] = now - executionEnd }
        recorder.record.times = ExplainStage.allCases.compactMap { stage in times[stage].map { StageTime(stage: stage, microseconds: $0) } }
        tellBefore()
        let record = picked(recorder.record)
        switch options.format {
        case .text: put(Array(record.text(options.pickedStages.intersection([.execution, .output])).utf8))
        case .json: replacing { record.writeJSON { [unowned self] in put($0) } }
        case .html:
            replacing { put(record.page()) }
            if options.output == nil && !hasWritten { "taipan: the page is in explain.html\n".write(to: 2) }
        }
        hasWritten = true
    }

    /// Stages that were not asked for go.
    private func picked(_ record: ExplainRecord) -> ExplainRecord {
        var made = record
        let stages = options.pickedStages
        if !stages.contains(.shell) { made.shell = nil }
        if !stages.contains(.startup) { made.startup = nil }
        if !needsSource { made.source = nil }
        if !stages.contains(.ast) { made.tree = nil }
        if !stages.contains(.bytecode) && !stages.contains(.execution) { made.bytecode = nil }
        if !stages.contains(.execution) { made.execution = nil }
        if !stages.contains(.output) { made.output = nil }
        return made
    }

    /// A record is written whole: one that was written before a failed `exec` is replaced, where that can be.
    private func replacing(_ write: () -> Void) {
        if outputFile != nil {
            ftruncate(descriptor, 0)
            lseek(descriptor, 0, SEEK_SET)
        } else if hasWritten {
            return
        }
        write()
    }

    private func put(_ bytes: [UInt8]) {
        var done = 0
        while done < bytes.count {
            let n = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress.unsafelyUnwrapped + done, bytes.count - done) }
            if n < 0 && errno == EINTR { continue }
            if n < 0 && errno == EBADF && path != nil && !isReopened {
                // The program closed every descriptor there is.
                isReopened = true
                descriptor = openOutput(truncating: false)
                continue
            }
            if n <= 0 { return complain(errno) }
            done += n
        }
    }

    /// The explanation is not whole: its reader hears of it, once, unless it was to go to standard error, which is not there any more.
    private func complain(_ error: Int32) {
        guard let path, !hasComplained else { return }
        hasComplained = true
        "\(command.program): can't write the explanation to '\(path)': \(String(cString: strerror(error)))\n".write(to: 2)
    }
}
