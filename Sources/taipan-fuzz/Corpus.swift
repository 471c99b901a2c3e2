// Where inputs come from: files of a folder, and a random number generator.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The files below a folder whose names end in a suffix.
struct Corpus {
    private(set) var paths: [String] = []

    init(folder: String, suffix: String) {
        if !folder.isEmpty { collect(folder, suffix) }
        paths.sort()
    }

    private mutating func collect(_ folder: String, _ suffix: String) {
        guard let directory = opendir(folder) else { return }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name == "." || name == ".." { continue }
            let path = folder + "/" + name
            var info = stat()
            if lstat(path, &info) != 0 { continue }
            if info.st_mode & S_IFMT == S_IFDIR {
                collect(path, suffix)
            } else if name.hasSuffix(suffix) {
                paths.append(path)
            }
        }
    }

    /// The bytes of a file, empty when there is none.
    func pick(_ random: inout SplitMix) -> [UInt8] {
        paths.isEmpty ? [] : readFile(paths[random.below(paths.count)]) ?? []
    }
}

func readFile(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let n = fread(&chunk, 1, chunk.count, file)
        if n == 0 { return bytes }
        bytes += chunk[..<n]
    }
}

/// SplitMix64: a small generator whose every state is good.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    /// A generator for one case of a run, so that a case can be made again without those before it.
    init(seed: UInt64, number: Int) {
        state = seed &* 0x2545_F491_4F6C_DD1D ^ UInt64(truncatingIfNeeded: number) &* 0x9E37_79B9_7F4A_7C15
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(limit, 1))) }

    /// True once in `n` times.
    mutating func oneIn(_ n: Int) -> Bool { below(n) == 0 }

    /// A number up to `limit`, small ones as likely as large ones.
    mutating func magnitude(_ limit: Int) -> Int {
        let bits = below(Int.bitWidth - limit.leadingZeroBitCount) + 1
        return min(limit, below(1 << bits) + 1)
    }
}
