// Paths as the system has them: bytes, of any encoding. Only what is shown becomes text.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

struct FilePath: Hashable {
    let bytes: [UInt8]

    init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    init(_ text: String) { bytes = Array(text.utf8) }

    /// For people: U+FFFD where the bytes are not UTF-8.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    var isAbsolute: Bool { bytes.first == UInt8(ascii: "/") }

    /// The last component.
    var name: String {
        String(decoding: bytes.lastIndex(of: UInt8(ascii: "/")).map { bytes[($0 + 1)...] } ?? bytes[...], as: UTF8.self)
    }

    /// All but the last component: `.` for a bare name.
    var folder: FilePath {
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return FilePath(".") }
        return FilePath(slash == 0 ? bytes[...0] : bytes[..<slash])
    }

    func appending(_ name: FilePath) -> FilePath {
        if bytes.isEmpty { return name }
        return FilePath(bytes.last == UInt8(ascii: "/") ? bytes + name.bytes : bytes + [UInt8(ascii: "/")] + name.bytes)
    }

    func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        var terminated = bytes.map { CChar(bitPattern: $0) }
        terminated.append(0)
        return terminated.withUnsafeBufferPointer { buffer in
            // The array has at least its zero, so there is an address.
            buffer.baseAddress.map(body) ?? body("")
        }
    }

    // MARK: What is there

    /// What the path names, links followed.
    var status: stat? {
        var found = stat()
        return withCString { stat($0, &found) } == 0 ? found : nil
    }

    var isFile: Bool { (status?.st_mode ?? 0) & S_IFMT == S_IFREG }

    var isFolder: Bool { (status?.st_mode ?? 0) & S_IFMT == S_IFDIR }

    var isExecutable: Bool { withCString { access($0, X_OK) } == 0 }

    /// Whether two paths name the same file.
    func isSame(as other: FilePath) -> Bool {
        guard let a = status, let b = other.status else { return false }
        return a.st_dev == b.st_dev && a.st_ino == b.st_ino
    }

    /// What a symbolic link says; nil when it is none.
    var linkTarget: FilePath? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { out -> Int in
            guard let room = out.bindMemory(to: CChar.self).baseAddress else { return 0 }
            return withCString { readlink($0, room, out.count) }
        }
        return count > 0 ? FilePath(buffer[..<count]) : nil
    }

    /// The names in a folder; empty where it cannot be read.
    var entries: [FilePath] {
        guard let folder = withCString({ opendir($0) }) else { return [] }
        defer { closedir(folder) }
        var names: [FilePath] = []
        while let entry = readdir(folder) {
            withUnsafeBytes(of: &entry.pointee.d_name) { name in names.append(FilePath(name.prefix { $0 != 0 })) }
        }
        return names
    }

    /// The first `limit` bytes of the file; nil where it cannot be read.
    func start(limit: Int) -> [UInt8]? {
        let descriptor = withCString { open($0, O_RDONLY | O_CLOEXEC) }
        if descriptor < 0 { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit)
        var filled = 0
        while filled < limit {
            let count = bytes.withUnsafeMutableBytes { out in out.baseAddress.map { read(descriptor, $0 + filled, limit - filled) } ?? 0 }
            if count <= 0 { break }
            filled += count
        }
        return Array(bytes[..<filled])
    }
}
