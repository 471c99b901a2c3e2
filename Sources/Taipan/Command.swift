// What the command does between its start and its exit status. Here, so that a program can embed a `python`-like command of its own.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import CTaipan
import TaipanCompiler
import TaipanEngines
import TaipanExplain
import TaipanModules
import TaipanRuntime
import TaipanSyntax

/// Runs `body` on a thread with a stack of `bytes`, and waits for it: Python's native recursion needs room.
public func runOnLargeStack(bytes: Int, _ body: @escaping () -> Void) {
    final class Box {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, bytes)
    var thread = pthread_t()
    let context = Unmanaged.passRetained(Box(body)).toOpaque()
    let status = pthread_create(&thread, &attributes, { raw in
        Unmanaged<Box>.fromOpaque(raw.unsafelyUnwrapped).takeRetainedValue().body()
        return nil
    }, context)
    pthread_attr_destroy(&attributes)
    if status != 0 { return }
    // Signals go to the thread that handles them: `os.kill` of the own process has its effect before it returns.
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, nil)
    pthread_join(thread, nil)
}

/// The command `taipan`.
public enum Command {
    /// Runs a whole command line (the program's name first). Gives the exit status.
    public static func run(_ arguments: [String], stackBytes: Int) -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        // Large objects come and go, and new pages are dear.
        ctaipan_keep_freed_memory(32 << 20, 4 << 20)
        var options = CommandOptions()
        if let answer = options.parse(arguments) {
            answer.text.write(to: answer.isError ? 2 : 1)
            return answer.isError ? 2 : 0
        }
        if let failure = options.applyEnvironment() { return fatal(failure, failure.hasPrefix("preconfig") ? "preinitializing" : "preinitialized") }
        var info = stat()
        if fstat(0, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR {
            return fatal("init_sys_streams: <stdin> is a directory, cannot continue", "core initialized")
        }
        if let wanted = options.explain {
            options.explanation = Explanation(wanted, options)
            if options.explanation == nil {
                // What is wrong with the explanation is no reason not to run the program.
                let reason = errno == EEXIST ? "it is the program itself" : String(cString: strerror(errno))
                "\(options.program): can't write the explanation to '\(wanted.output ?? "explain.html")': \(reason); running without it\n".write(to: 2)
            }
        }
        guard let t = Thread.createInterpreter(options.configuration, stackBytes: stackBytes, observer: options.explanation?.recorder) else {
            "Fatal Python error: out of memory\n".write(to: 2)
            return 1
        }
        if options.printsImportTimes { t.printImportTimes() }
        do throws(Raised) {
            try t.start(registerModules: registerNativeModules) { (t) throws(Raised) in try t.createStandardStreams() }
            try Signals.install(t)
            if options.explanation != nil { Signals.watchEndings() }
            if !options.configuration.warnOptions.isEmpty { _ = try t.importAbsolute("warnings") }
            if !options.configuration.noSite {
                try t.runSite()
                t.tell(.startedUp(step: "site", detail: "site-packages, .pth files, quit, help and the like"))
            }
            options.explanation?.startedUp(t)
        } catch {
            "Fatal Python error: init_sys_streams: can't initialize sys standard streams\n".write(to: 2)
            t.reportUncaught()
            return 1
        }
        return t.finish(t.runCommand(options)) { options.explanation?.finish(t, $0) }
    }

    /// Says why the interpreter cannot start.
    private static func fatal(_ message: String, _ state: String) -> Int32 {
        let threads = state == "core initialized" ? "Current thread 0x\(String(UInt(getpid().magnitude), radix: 16)) (most recent call first):\n  <no Python frame>\n" : ""
        "Fatal Python error: \(message)\nPython runtime state: \(state)\n\n\(threads)".write(to: 2)
        return 1
    }

    /// The native stack that the command asks for.
    public static var stackBytes: Int { AddressSpace.stackBytes(256 << 20) }
}

extension String {
    /// Writes the text to a descriptor.
    func write(to fd: Int32) {
        var text = self
        text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let n = Glibc.write(fd, bytes.baseAddress! + done, bytes.count - done)
                if n <= 0 { return }
                done += n
            }
        }
    }
}

extension Thread {
    /// Runs what the options ask for: gives the exit status so far.
    func runCommand(_ options: CommandOptions) -> Int32 {
        defer { options.explanation?.ranMain() }
        let isInteractive = options.configuration.isInteractive || isatty(0) != 0
        var status: Int32 = 0
        if case .standardInput = options.source, isInteractive {
            do throws(Raised) { try prependPath("", options) } catch { return exitStatus(takePending()) }
            if !options.configuration.isQuiet { showBanner(options) }
            do throws(Raised) { try options.explanation?.begin(self) } catch { return exitStatus(takePending()) }
            return runInteractiveLoop(options)
        }
        status = runMain(options)
        // A script may ask for the prompt too.
        let inspects = options.configuration.inspects || (!options.configuration.ignoresEnvironment && getenv("PYTHONINSPECT").map { $0[0] != 0 } == true)
        guard inspects, isInteractive else { return status }
        if case .standardInput = options.source { return status }
        return runInteractiveLoop(options)
    }

    private func showBanner(_ options: CommandOptions) {
        var text = "Python \(InterpreterConfiguration.versionText) on linux\n"
        if !options.configuration.noSite { text += "Type \"help\", \"copyright\", \"credits\" or \"license\" for more information.\n" }
        text.write(to: 2)
    }

    private func runMain(_ options: CommandOptions) -> Int32 {
        do throws(Raised) {
            switch options.source {
            case .command(let text):
                try prependPath("", options)
                try runSource(Array(text.utf8) + [0x0A], "<string>", options, isText: true)
            case .file(let path): return try runFile(path, options)
            case .module(let moduleName):
                try prependPath(currentFolder(), options)
                try runModule(moduleName, options)
            case .standardInput:
                try prependPath("", options)
                // Without a standard input there is nothing to run.
                if var bytes = SourceText.readAll(0) {
                    if options.skipsFirstLine { SourceText.dropFirstLine(&bytes) }
                    try runSource(bytes, "<stdin>", options)
                }
            }
            try checkSignals()
            return 0
        } catch {
            let exception = takePending()
            options.explanation?.ends(self, exception)
            // With `-i`, even SystemExit leads to the prompt.
            if options.configuration.inspects && isInstance(exception, of: types.pointee.systemExit) {
                _ = restore(exception)
                reportUncaught()
                return 0
            }
            return exitStatus(exception)
        }
    }

    private func currentFolder() -> String {
        guard let path = getcwd(nil, 0) else { return "" }
        defer { free(path) }
        return String(cString: path)
    }

    private func prependPath(_ folder: String, _ options: CommandOptions) throws(Raised) {
        if options.configuration.safePath { return }
        let path = DictObject(objects.pointee.sysDict).findString(self, intern("path"))
        if path.isKind(.list) { _ = try callMethod(path, name(.insert), int(0), str(folder)) }
    }

    private func runFile(_ path: String, _ options: CommandOptions) throws(Raised) -> Int32 {
        var info = stat()
        if stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR {
            if access(path + "/__main__.py", R_OK) != 0 {
                "\(options.configuration.executable): can't find '__main__' module in '\(path)'\n".write(to: 2)
                return 1
            }
            try prependPath(SitePaths.absolute(path), options)
            try runModule("__main__", options)
            return 0
        }
        if SourceText.isArchive(path) {
            try prependPath(SitePaths.absolute(path), options)
            let hooks = DictObject(objects.pointee.sysDict).findString(self, intern("path_hooks"))
            if hooks.isKind(.list) { _ = try callMethod(hooks, name(.insert), int(0), try getattr(try importAbsolute("zipimport"), intern("zipimporter"))) }
            try runModule("__main__", options)
            return 0
        }
        let fd = open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0, var bytes = SourceText.readAll(fd) else {
            let code = errno
            "\(options.configuration.executable): can't open file '\(absolute(path))': [Errno \(code)] \(String(cString: strerror(code)))\n".write(to: 2)
            return 2
        }
        close(fd)
        if isArchive(bytes) {
            // An archive with a `__main__` runs like a folder.
            try prependPath(path, options)
            try runModule("__main__", options)
            return 0
        }
        if options.skipsFirstLine { SourceText.dropFirstLine(&bytes) }
        let resolved = LibraryLocation.resolve(path)
        try prependPath(resolved.lastIndex(of: "/").map { String(resolved[..<$0]) } ?? "", options)
        let main = DictObject(objects.pointee.mainModule.cell[1])
        try main.setString(self, name(.__file__), str(absolute(path)))
        try main.setString(self, name(.__cached__), .none)
        try runSource(bytes, absolute(path), options)
        try checkSignals()
        return 0
    }

    /// Whether a file ends in the directory of a ZIP archive.
    private func isArchive(_ bytes: [UInt8]) -> Bool {
        var at = bytes.count - 22
        let lowest = max(0, at - 65535)
        while at >= lowest {
            if bytes[at] == 0x50 && bytes[at + 1] == 0x4B && bytes[at + 2] == 5 && bytes[at + 3] == 6 {
                return at + 22 + Int(bytes[at + 20]) + Int(bytes[at + 21]) << 8 == bytes.count
            }
            at -= 1
        }
        return false
    }

    private func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : currentFolder() + "/" + path }

    private func runSource(_ bytes: [UInt8], _ filename: String, _ command: CommandOptions, isText: Bool = false) throws(Raised) {
        if filename.hasSuffix(".pyc") || (bytes.count > 3 && bytes[..<4].elementsEqual([0xCB, 0x0D, 0x0D, 0x0A])) {
            let main = objects.pointee.mainModule.cell[1]
            try command.explanation?.begin(self)
            _ = try runCode(try scriptCode(bytes).value, globals: main, locals: main, closure: .none)
            return
        }
        var parser = ParserOptions()
        parser.isFile = !isText
        parser.ignoreCookie = isText
        var options = CompilerOptions()
        options.optimize = interp.pointee.config.optimizationLevel
        command.explanation?.read(bytes, filename, hooked(parser, str(filename)), options.optimize)
        let code = try compile(bytes, str(filename), parser, options)
        if let explanation = command.explanation {
            try explanation.compiled(self, code, bytes, hooked(parser, str(filename)), options.optimize)
            try explanation.begin(self)
        }
        let main = objects.pointee.mainModule.cell[1]
        _ = try runCode(code.value, globals: main, locals: main, closure: .none)
    }

    /// `-m`: through the library's runpy.
    private func runModule(_ moduleName: String, _ options: CommandOptions) throws(Raised) {
        try options.explanation?.begin(self)
        let runpy = try importAbsolute("runpy")
        let run = try getattr(runpy, intern("_run_module_as_main"))
        _ = try call(run, str(moduleName), Value(moduleName != "__main__"))
    }

    // MARK: The end

    /// The exit status of an exception that reached the top: SystemExit's, or 1 after the traceback.
    func exitStatus(_ exception: Value) -> Int32 {
        guard exception.isBound, isInstance(exception, of: types.pointee.systemExit) else {
            if exception.isBound { _ = restore(exception) }
            reportUncaught()
            let second = takePending()
            if second.isBound { return systemExitStatus(second) }
            if exception.isBound && isInstance(exception, of: types.pointee.keyboardInterrupt) { return interruptedStatus }
            return 1
        }
        return systemExitStatus(exception)
    }

    /// Marks "end by SIGINT": the parent sees a signal, as with CPython.
    private var interruptedStatus: Int32 { -Int32(SIGINT) }

    /// Everything CPython does at exit: threads, atexit, flushing, finalizers. Gives the final status.
    /// - Parameter whenDone: called at the very end, with the status; below 0 it is a signal to die by.
    func finish(_ status: Int32, _ whenDone: (Int32) -> Void = { _ in }) -> Int32 {
        var status = status
        var isGood = true
        let modules = DictObject(objects.pointee.modules)
        let threading = modules.findString(self, name(.threading))
        do throws(Raised) {
            if threading.isBound && !threading.isNone { _ = try callMethod(threading, name(._shutdown)) }
        } catch { reportUnraisable(threading) }
        runExitFunctions()
        if !flushStandardStreams() { isGood = false }
        stopOtherThreads()
        runFinalizersAtExit()
        restoreStandardStreams()
        if !flushStandardStreams() { isGood = false }
        if !isGood && status >= 0 { status = 120 }
        whenDone(status)
        if status < 0 {
            signal(-status, SIG_DFL)
            kill(getpid(), -status)
        }
        return status
    }
}

extension Thread {
    /// What a program put in place of the standard streams goes; what it wrote through them is still in the real ones.
    private func restoreStandardStreams() {
        let sys = DictObject(objects.pointee.sysDict)
        for (plain, original) in [("stdin", "__stdin__"), ("stdout", "__stdout__"), ("stderr", "__stderr__")] {
            let stream = sys.findString(self, intern(original))
            if stream.isBound { try? sys.setString(self, intern(plain), stream) }
        }
    }
}

enum SourceText {
    /// Whether the file is a zip archive, which is run through its `__main__`.
    static func isArchive(_ path: String) -> Bool {
        let fd = open(path, O_RDONLY | O_CLOEXEC)
        if fd < 0 { return false }
        defer { close(fd) }
        var head = [UInt8](repeating: 0, count: 4)
        return read(fd, &head, 4) == 4 && head == [0x50, 0x4B, 3, 4]
    }

    /// `-x`: the first line becomes empty, so that line numbers stay.
    static func dropFirstLine(_ bytes: inout [UInt8]) {
        if let end = bytes.firstIndex(of: 0x0A) { bytes.removeSubrange(0..<end) } else { bytes = [] }
    }

    /// The bytes of a file, or of an entry of the archive that its path leads into; nil where neither is there.
    static func bytes(ofFile path: String) -> [UInt8]? {
        if let bytes = plainBytes(ofFile: path) { return bytes }
        var archive = path
        while let slash = archive.lastIndex(of: "/"), slash != archive.startIndex {
            archive = String(archive[..<slash])
            guard let bytes = plainBytes(ofFile: archive) else { continue }
            let entry = Array(path.utf8.dropFirst(archive.utf8.count + 1))
            return bytes.withUnsafeBytes { data in
                guard let reader = try? ZipReader(data), let found = reader.entries.last(where: { $0.name == entry }) else { return nil }
                return try? reader.read(found)
            }
        }
        return nil
    }

    private static func plainBytes(ofFile path: String) -> [UInt8]? {
        let fd = open(path, O_RDONLY | O_CLOEXEC)
        if fd < 0 { return nil }
        defer { close(fd) }
        return readAll(fd)
    }

    /// All bytes of a descriptor, nil on an error.
    static func readAll(_ fd: Int32) -> [UInt8]? {
        var out: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let n = read(fd, &buffer, buffer.count)
            if n < 0 && errno == EINTR { continue }
            if n < 0 { return nil }
            if n == 0 { return out }
            out.append(contentsOf: buffer[0..<n])
        }
    }
}
