// A run: a supervisor starts workers, one after another, and goes on behind the input that ended one.
//
// Invariant: a worker writes each input into a file that both map before it touches it, so the input survives whatever it does.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Something that must not crash or hang on any input.
protocol FuzzTarget {
    /// How the names of corpus files end.
    static var suffix: String { get }
    init(corpus: Corpus)
    /// The input of a case.
    func input(_ random: inout SplitMix) -> [UInt8]
    func run(_ input: [UInt8])
}

/// What can be fuzzed, by name.
func fuzzTargets() -> [String: any FuzzTarget.Type] { ["marshal": MarshalTarget.self, "syntax": SyntaxTarget.self] }

#if DEBUG
/// Code without optimisation takes more of everything.
private let stackBytes = 1 << 30
private let secondsPerCase: UInt32 = 60
#else
private let stackBytes = 64 << 20
private let secondsPerCase: UInt32 = 10
#endif

/// The number and the bytes of the case at work, in a mapped file: number, length, then the bytes.
struct SharedInput {
    static let capacity = 8 << 20
    private let base: UnsafeMutableRawPointer

    /// Opens the file, and makes it if there is none.
    init?(path: String) {
        let file = open(path, O_RDWR | O_CREAT, 0o600)
        if file < 0 { return nil }
        defer { close(file) }
        guard ftruncate(file, off_t(SharedInput.capacity + 24)) == 0,
              let base = mmap(nil, SharedInput.capacity + 24, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), base != MAP_FAILED
        else { return nil }
        self.base = base
    }

    var number: Int { base.load(as: Int.self) }
    var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: base + 16, count: min(base.load(fromByteOffset: 8, as: Int.self), SharedInput.capacity))) }

    func set(_ number: Int, _ bytes: [UInt8] = []) {
        let kept = bytes.prefix(SharedInput.capacity)
        base.storeBytes(of: number, as: Int.self)
        base.storeBytes(of: kept.count, toByteOffset: 8, as: Int.self)
        kept.withUnsafeBytes { (base + 16).copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(base), byteCount: $0.count) }
    }
}

func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Runs `body` on a thread with the stack that `taipan` gives its own.
func runOnLargeStack(_ body: @escaping () -> Void) {
    final class Box {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, stackBytes)
    defer { pthread_attr_destroy(&attributes) }
    let context = Unmanaged.passRetained(Box(body)).toOpaque()
    #if canImport(Darwin)
    var thread: pthread_t?
    let entry: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = { raw in
        Unmanaged<Box>.fromOpaque(raw).takeRetainedValue().body()
        return nil
    }
    if pthread_create(&thread, &attributes, entry, context) == 0, let thread { pthread_join(thread, nil) }
    #else
    var thread = pthread_t()
    let status = pthread_create(&thread, &attributes, { raw in
        if let raw { Unmanaged<Box>.fromOpaque(raw).takeRetainedValue().body() }
        return nil
    }, context)
    if status == 0 { pthread_join(thread, nil) }
    #endif
}

/// The worker: cases from `first` on until the time is over.
func work(_ target: any FuzzTarget.Type, seconds: Double, seed: UInt64, folder: String, first: Int, shared: SharedInput) -> Int32 {
    let end = now() + seconds
    shared.set(first)
    let fuzzer = target.init(corpus: Corpus(folder: folder, suffix: target.suffix))
    runOnLargeStack {
        var number = first
        while now() < end {
            var random = SplitMix(seed: seed, number: number)
            let input = fuzzer.input(&random)
            shared.set(number, input)
            alarm(secondsPerCase)
            fuzzer.run(input)
            alarm(0)
            number += 1
        }
        shared.set(number)
    }
    return 0
}

/// Starts workers until the time is over, keeps what ended them, and prints the sum.
func supervise(_ program: String, name: String, seconds: Double, seed: UInt64, folder: String) -> Int32 {
    let temporary = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    let path = "\(temporary)/taipan-fuzz-\(name)-\(getpid())"
    guard let shared = SharedInput(path: path) else {
        print("cannot write \(path)")
        return 2
    }
    defer { unlink(path) }
    let end = now() + seconds
    var next = 0, failures = 0
    while now() < end {
        guard let status = runWorker([program, name, String(end - now()), String(seed), folder, String(next), path]) else {
            print("cannot start \(program)")
            return 2
        }
        next = shared.number
        if status == 0 { break }
        failures += 1
        let kept = "\(temporary)/taipan-fuzz-\(name)-\(seed)-\(next)"
        let file = fopen(kept, "wb")
        if let file {
            fwrite(shared.bytes, 1, shared.bytes.count, file)
            fclose(file)
        }
        let what = status & 0x7F == SIGALRM ? "hangs" : status & 0x7F != 0 ? "ends by signal \(status & 0x7F)" : "exits with \(status >> 8)"
        print("\(name): case \(next) of seed \(seed) \(what): \(kept)")
        next += 1
    }
    print("\(name): \(next) cases, \(failures) failures")
    return failures == 0 ? 0 : 1
}

/// Runs a program to its end; its wait status, nil if it did not start.
private func runWorker(_ arguments: [String]) -> Int32? {
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    var process = pid_t()
    if posix_spawnp(&process, arguments[0], nil, nil, &pointers, environ) != 0 { return nil }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 {
        if errno != EINTR { return nil }
    }
    return status
}
