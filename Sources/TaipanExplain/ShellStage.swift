// Stage 1: what the shell did before this program ran, found out by doing it once more: the folders of PATH one after the other, the
// symbolic links of the file that was found, and what else there is called Python.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension ExplainStages {
    /// How the shell found the executable of this process.
    ///
    /// - Parameters:
    ///   - arguments: the command line, the typed word first.
    ///   - mode: `file`, `command`, `module` or `stdin`, as in `CommandRecord`.
    ///   - script: the path of the script in mode `file`.
    public static func shell(arguments: [String], mode: String, script: String) -> ShellRecord {
        var search = ShellSearch(word: FilePath(arguments.first ?? ""))
        search.look()
        search.findExecutable()
        search.findOthers()
        if mode == "file" { search.readShebang(of: FilePath(script), typed: arguments.first ?? "") }
        search.readEnvironment()
        return search.record
    }
}

private struct ShellSearch {
    let word: FilePath
    let folders: [FilePath]
    var record = ShellRecord()
    /// The file that the shell started, links not followed.
    private var hit: FilePath?

    init(word: FilePath) {
        self.word = word
        folders = Self.searchPath()
        record.typed = word.text
        record.isPath = word.bytes.contains(UInt8(ascii: "/"))
    }

    /// The folders of PATH; where there is no PATH, those that the system takes. An empty entry is the current folder.
    private static func searchPath() -> [FilePath] {
        guard let value = getenv("PATH") else { return [FilePath("/bin"), FilePath("/usr/bin")] }
        let bytes = UnsafeBufferPointer(start: UnsafeRawPointer(value).assumingMemoryBound(to: UInt8.self), count: strlen(value))
        return bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map { $0.isEmpty ? FilePath(".") : FilePath($0) }
    }

    // MARK: The search

    /// Goes through the folders as `execvp` does.
    mutating func look() {
        if record.isPath {
            hit = word
        } else if !word.bytes.isEmpty {
            for folder in folders {
                var look = ShellRecord.Look()
                let file = folder.appending(word)
                look.folder = folder.text
                look.file = file.text
                look.result = hit == nil ? Self.result(folder, file) : "not searched"
                if look.result == "found" { hit = file }
                record.looks.append(look)
            }
        }
        record.hit = hit?.text ?? ""
    }

    private static func result(_ folder: FilePath, _ file: FilePath) -> String {
        if !folder.isFolder { return "no such folder" }
        if file.status == nil { return "missing" }
        return file.isFile && file.isExecutable ? "found" : "not executable"
    }

    /// Follows the links from the hit. The word that a program is told need not be the one that was typed: the system knows the file that runs.
    mutating func findExecutable() {
        let running = FilePath("/proc/self/exe").linkTarget
        var end = hit
        if let hit {
            let chain = Self.links(from: hit)
            record.links = chain.links
            end = chain.end
        }
        if let running, end.map({ !$0.isSame(as: running) }) ?? true {
            // What was found is not what runs.
            record.executable = running.text
        } else {
            record.executable = (running ?? end)?.text ?? ""
        }
    }

    /// The symbolic links from a file to the true one; a loop ends after forty, as it does for the system.
    private static func links(from file: FilePath) -> (links: [ShellRecord.Link], end: FilePath) {
        var links: [ShellRecord.Link] = []
        var at = file
        while links.count < 40, let target = at.linkTarget {
            let next = target.isAbsolute ? target : at.folder.appending(target)
            var link = ShellRecord.Link()
            link.from = at.text
            link.to = next.text
            links.append(link)
            at = next
        }
        return (links, at)
    }

    // MARK: Others

    /// Other Pythons on the PATH, with what they say of their version. More than a screen of them is of no use.
    mutating func findOthers() {
        var found: [FilePath] = []
        for folder in Self.unique(folders) {
            let names = ["python", "python3"] + Self.versioned(in: folder) + ["pypy3", "taipan"]
            for name in names {
                let file = folder.appending(FilePath(name))
                if file.isFile, file.isExecutable, !(hit.map { file.bytes == $0.bytes } ?? false), !found.contains(file) { found.append(file) }
            }
        }
        found = Array(found.prefix(32))
        var answers: [FilePath: String] = [:]
        var asked: [FilePath] = []
        for file in found {
            let end = Self.answering(for: file)
            if answers[end] != nil || asked.contains(end) { continue }
            if let known = Self.versionWithoutAsking(end) { answers[end] = known } else { asked.append(end) }
        }
        for (file, version) in zip(asked, VersionQuestion.ask(asked)) { answers[file] = version }
        for file in found {
            var python = ShellRecord.Python()
            python.path = file.text
            python.version = answers[Self.answering(for: file)] ?? ""
            python.links = Self.links(from: file).links
            record.pythons.append(python)
        }
    }

    /// The file that answers for a link, so that each is asked once. A launcher that goes by the name of the link answers itself.
    private static func answering(for file: FilePath) -> FilePath {
        let end = links(from: file).end
        return ["python", "pypy", "taipan"].contains { end.name.hasPrefix($0) } ? end : file
    }

    /// What need not be asked: this program itself, and scripts that have the version in their name. Those are launchers of version managers,
    /// which take a long time to find out what they launch.
    private static func versionWithoutAsking(_ end: FilePath) -> String? {
        if let running = FilePath("/proc/self/exe").linkTarget, end.isSame(as: running) { return "Python 3.12.1, this very program" }
        guard let start = end.start(limit: 256), start.starts(with: [0x23, 0x21]) else { return nil }
        guard let dot = end.name.firstIndex(of: "."), end.name.hasPrefix("python3.") else { return nil }
        let interpreter = String(decoding: start.dropFirst(2).prefix { $0 != 10 && $0 != 13 }, as: UTF8.self)
        return "3\(end.name[dot...]) by its name; a script of \(PlainText.cut(interpreter, to: 40))"
    }

    /// Folders that are there, each once.
    private static func unique(_ folders: [FilePath]) -> [FilePath] {
        var kept: [FilePath] = []
        for folder in folders where folder.isFolder && !kept.contains(where: { $0.isSame(as: folder) }) { kept.append(folder) }
        return kept
    }

    /// `python3.N`, in the order of N.
    private static func versioned(in folder: FilePath) -> [String] {
        let numbers = folder.entries.compactMap { entry -> Int? in
            let name = entry.text
            guard name.hasPrefix("python3.") else { return nil }
            let rest = name.dropFirst(8)
            return rest.utf8.allSatisfy { $0 >= 48 && $0 <= 57 } ? Int(rest) : nil
        }
        return numbers.sorted().map { "python3.\($0)" }
    }

    // MARK: Files that may matter

    /// The script's first line, if it names an interpreter.
    mutating func readShebang(of script: FilePath, typed: String) {
        guard let start = script.start(limit: 256), start.starts(with: [0x23, 0x21]) else { return }
        var shebang = ShellRecord.Shebang()
        let line = start.prefix { $0 != 10 && $0 != 13 }
        shebang.line = String(decoding: line, as: UTF8.self)
        let words = line.dropFirst(2).split { $0 == 32 || $0 == 9 }.map { String(decoding: $0, as: UTF8.self) }
        shebang.interpreter = words.first ?? ""
        if FilePath(shebang.interpreter).name == "env" { shebang.interpreter = words.dropFirst().first { !$0.hasPrefix("-") && !$0.contains("=") } ?? shebang.interpreter }
        (shebang.isUsed, shebang.remark) = Self.use(of: script, shebang)
        record.shebang = shebang
    }

    /// Shells leave the file that they started in the variable `_`; the system puts the interpreter before it.
    private static func use(of script: FilePath, _ shebang: ShellRecord.Shebang) -> (Bool, String) {
        if !script.isExecutable { return (false, "not used: the script is not executable, so the interpreter was named on the command line") }
        if let started = getenv("_") {
            let file = FilePath(UnsafeBufferPointer(start: UnsafeRawPointer(started).assumingMemoryBound(to: UInt8.self), count: strlen(started)))
            if file.isSame(as: script) { return (true, "used: the script itself was executed, and the system started this interpreter for it") }
            return (false, "not used: the interpreter was named on the command line; it matters when the script itself is executed")
        }
        return (false, "it matters only when the script itself is executed, and nothing says that it was")
    }

    /// `pyvenv.cfg` beside the executable or one folder above, links not followed.
    mutating func readEnvironment() {
        guard let hit else { return }
        for folder in [hit.folder, hit.folder.isAbsolute ? hit.folder.folder : hit.folder.appending(FilePath(".."))] {
            let file = folder.appending(FilePath("pyvenv.cfg"))
            guard let text = file.start(limit: 1 << 16) else { continue }
            var environment = ShellRecord.VirtualEnvironment()
            environment.file = file.text
            for line in String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline) {
                let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                if parts.count == 2 { environment.settings.append((Self.trimmed(parts[0]), Self.trimmed(parts[1]))) }
            }
            record.environment = environment
            return
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
