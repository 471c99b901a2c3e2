// Asking programs for their version: a few at once, each started without a shell, with nothing to read, and ended when the time is over.

import CTaipan
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A program that was started with `--version`.
struct VersionQuestion {
    private var process: pid_t = 0
    private var pipe: Int32 = -1
    private var answer: [UInt8] = []
    /// Why there is no answer.
    private var problem = ""

    /// When the program's time is over.
    private var deadline = 0

    /// What each of the programs says, in the same order. Several run at a time, each for at most 0.3 seconds; after 0.5 in all the others are
    /// not asked any more. True Pythons take some milliseconds.
    static func ask(_ programs: [FilePath], milliseconds: Int = 300, inAll: Int = 500, atOnce: Int = 8) -> [String] {
        var answers = [String](repeating: "not asked: the others took too long", count: programs.count)
        var running: [(place: Int, question: VersionQuestion)] = []
        var next = 0
        let end = now() + inAll
        while true {
            while running.count < atOnce, next < programs.count, now() < end {
                running.append((next, VersionQuestion(programs[next], deadline: min(end, now() + milliseconds))))
                next += 1
            }
            if running.isEmpty { return answers }
            listen(&running)
            for i in running.indices.reversed() where running[i].question.isOver {
                running[i].question.end()
                answers[running[i].place] = running[i].question.words
                running.remove(at: i)
            }
        }
    }

    /// The program closed its output, could not be started, or has had its time.
    private var isOver: Bool { pipe < 0 || Self.now() >= deadline }

    private static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int(time.tv_sec) * 1000 + Int(time.tv_nsec) / 1_000_000
    }

    /// Waits until one of the programs writes or has had its time.
    private static func listen(_ running: inout [(place: Int, question: VersionQuestion)]) {
        if running.contains(where: { $0.question.isOver }) { return }
        var waiting = running.map { pollfd(fd: $0.question.pipe, events: Int16(POLLIN), revents: 0) }
        let first = running.map(\.question.deadline).min() ?? 0
        if poll(&waiting, nfds_t(waiting.count), Int32(clamping: max(1, first - now()))) <= 0 { return }
        for i in running.indices where waiting[i].revents != 0 { running[i].question.receive() }
    }

    // MARK: One program

    private init(_ program: FilePath, deadline: Int) {
        self.deadline = deadline
        var ends: [Int32] = [-1, -1]
        guard Self.openPipe(&ends) else {
            problem = "cannot be asked: \(String(cString: strerror(errno)))"
            return
        }
        let failure = Self.start(program, output: ends[1], &process)
        close(ends[1])
        if failure == 0 {
            pipe = ends[0]
        } else {
            process = 0
            problem = "cannot be started: \(String(cString: strerror(failure)))"
            close(ends[0])
        }
    }

    private static func openPipe(_ ends: inout [Int32]) -> Bool {
        guard makePipe(&ends) == 0 else { return false }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return true
    }

    private static func start(_ program: FilePath, output: Int32, _ process: inout pid_t) -> Int32 {
        #if canImport(Darwin)
        var actions: posix_spawn_file_actions_t?
        #else
        var actions = posix_spawn_file_actions_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        return program.withCString { path in
            var word = Array("--version".utf8CString)
            return word.withUnsafeMutableBufferPointer { word in
                var arguments: [UnsafeMutablePointer<CChar>?] = [UnsafeMutablePointer(mutating: path), word.baseAddress, nil]
                return posix_spawn(&process, path, &actions, nil, &arguments, ctaipan_environ())
            }
        }
    }

    /// Takes what the program wrote.
    private mutating func receive() {
        var chunk = [UInt8](repeating: 0, count: 512)
        let count = read(pipe, &chunk, chunk.count)
        if count > 0 && answer.count < 4096 { return answer += chunk[..<count] }
        if count < 0 && errno == EINTR { return }
        close(pipe)
        pipe = -1
    }

    /// Ends the program if it still runs.
    private mutating func end() {
        if process == 0 { return }
        if pipe >= 0 {
            if !answer.contains(10) { problem = "did not answer in time" }
            close(pipe)
            pipe = -1
        }
        var status: Int32 = 0
        if waitpid(process, &status, WNOHANG) == 0 {
            // It closed its output or has had its time.
            usleep(2000)
            if waitpid(process, &status, WNOHANG) == 0 {
                kill(process, SIGKILL)
                while waitpid(process, &status, 0) < 0 && errno == EINTR {}
            }
        }
        if problem.isEmpty, status & 0x7F == 0, status >> 8 & 0xFF != 0 { problem = "ends with exit status \(status >> 8 & 0xFF)" }
    }

    /// The first line of the answer, or why there is none.
    private var words: String {
        let line = answer.prefix { $0 != 10 && $0 != 13 }
        let text = String(decoding: line.prefix(100), as: UTF8.self)
        if problem.isEmpty { return text.isEmpty ? "says nothing" : text }
        return text.isEmpty ? problem : "\(problem): \(text)"
    }
}

/// `pipe`, which a field of the same name hides.
private func makePipe(_ ends: inout [Int32]) -> Int32 { pipe(&ends) }
