// The cache of compiled modules: where a source's `.pyc` lies (PEP 3147), whether it still fits the source (PEP 552), and writing it so
// that nobody ever sees half of one. A cache that cannot be read or written does no harm.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanBytecode
import TaipanCompiler
import TaipanNumbers
import TaipanSyntax

/// What a `.pyc` file is tied to.
public enum PycSource {
    /// The key of the hash of sources: the magic number.
    static var key: UInt64 { 0x0A0D_0DCB }

    /// The eight bytes of `_imp.source_hash`.
    public static func hash(_ source: UnsafeBufferPointer<UInt8>, key: UInt64) -> [UInt8] {
        let empty: UInt8 = 0
        let value = withUnsafePointer(to: empty) { SipHash(k0: key, k1: 0).raw(source.baseAddress ?? $0, source.count) }
        return (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    static func hash(_ source: [UInt8]) -> UInt64 {
        source.withUnsafeBufferPointer { hash($0, key: key) }.enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }
    }
}

extension Thread {
    /// The code of a source file: from its cache if that fits, else compiled (and then cached).
    func loadCode(_ file: String, _ fileValue: Value, cached: String?) throws(Raised) -> CodeCell {
        var info = stat()
        if stat(file, &info) != 0 { throw osError(errno, fileValue) }
        if isAudited { try audit("open", cached.map { str($0) } ?? fileValue, str("r"), int(Int(O_RDONLY | O_CLOEXEC))) }
        let time = UInt32(truncatingIfNeeded: modificationTime(info)), size = UInt32(truncatingIfNeeded: Int(info.st_size))
        var source: [UInt8]?
        var validation = PycHeader.Validation.timestamp(time: time, size: size)
        var reason: StaticString = "no place for a cache"
        let data = cached.flatMap { SourceFile.read($0) }
        if cached != nil { reason = data == nil ? SourceFile.lastError == ENOENT ? "no such file" : "unreadable" : "damaged" }
        if let data, data.count >= 4, !data[..<4].elementsEqual(PycHeader.magic) { reason = "other magic number" }
        if let cached, let data, let header = PycHeader(data) {
            switch header.validation {
            case .timestamp(let cachedTime, let cachedSize):
                if cachedTime == time && cachedSize == size {
                    tellCached("fits: time and size", file, cached)
                    return try loadCached(data, cached, fileValue, file)
                }
                reason = cachedTime == time ? "size differs" : "time differs"
            case .hash(let hash, let checked):
                let policy = hashPolicy()
                if policy == "never" || (!checked && policy != "always") {
                    tellCached("its hash need not be checked", file, cached)
                    return try loadCached(data, cached, fileValue, file)
                }
                guard let bytes = SourceFile.read(file) else { throw osError(errno, fileValue) }
                if PycSource.hash(bytes) == hash {
                    tellCached("fits: hash", file, cached)
                    return try loadCached(data, cached, fileValue, file)
                }
                reason = "hash differs"
                source = bytes
                validation = .hash(PycSource.hash(bytes), checked: checked)
            }
        }
        guard let bytes = source ?? SourceFile.read(file) else { throw osError(errno, fileValue) }
        tell(.importFound(ImportFinding(result: "compiled", reason: "\(reason)", source: file, cache: cached ?? "")))
        if isAudited { try audit("compile", try self.bytes(bytes), fileValue) }
        var options = CompilerOptions()
        options.optimize = interp.pointee.config.optimizationLevel
        let exact = try tellingFailure("its source cannot be compiled", file, cached ?? "") { (t) throws(Raised) in
            try t.compileExactly(bytes, fileValue, ParserOptions(), options)
        }
        let code = try newCode(exact, fileValue)
        if let cached, writesBytecode() { cache(exact, cached, validation, mode: info.st_mode) }
        return code
    }

    private func loadCached(_ data: [UInt8], _ cached: String, _ fileValue: Value, _ file: String) throws(Raised) -> CodeCell {
        try tellingFailure("its cache is damaged", file, cached) { (t) throws(Raised) in try t.loadCode(data, cached, fileValue) }
    }

    /// Runs `load`; when it fails, nothing of the module has run, and observers are told why.
    private func tellingFailure<Result>(_ reason: StaticString, _ file: String, _ cached: String, _ load: (Thread) throws(Raised) -> Result) throws(Raised) -> Result {
        do throws(Raised) { return try load(self) } catch {
            tell(.importFound(ImportFinding(result: ImportFinding.unusable, reason: "\(reason)", source: file, cache: cached)))
            throw error
        }
    }

    private func tellCached(_ reason: StaticString, _ file: String, _ cached: String) {
        tell(.importFound(ImportFinding(result: "cached", reason: "\(reason)", source: file, cache: cached)))
    }

    /// The code of a `.pyc` file that is run as a script.
    public func scriptCode(_ data: [UInt8]) throws(Raised) -> CodeCell {
        if data.count < PycHeader.size || !data[..<4].elementsEqual(PycHeader.magic) { throw raise(.runtimeError, "Bad magic number in .pyc file") }
        let object = try withBytes(data) { (bytes) throws(Raised) in try unmarshal(UnsafeBufferPointer(rebasing: bytes[PycHeader.size...])) }
        if !object.hasLayout(.code) { throw raise(.runtimeError, "Bad code object in .pyc file") }
        return CodeCell(object)
    }

    /// The code of a module that has no source.
    func loadSourceless(_ file: String, _ fileValue: Value, _ key: Value) throws(Raised) -> CodeCell {
        guard let data = SourceFile.read(file) else { throw osError(errno, fileValue) }
        let shown = try reprText(key)
        if data.count < 4 || !data[..<4].elementsEqual(PycHeader.magic) {
            throw importError(.importError, "bad magic number in \(shown): \(try reprText(try bytes(Array(data.prefix(4)))))", name: key, path: fileValue)
        }
        if data.count < PycHeader.size { throw raise(.eofError, "reached EOF while reading pyc header of \(shown)") }
        let flags = data[4...7].enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        tell(.importFound(ImportFinding(result: "without source", reason: "there is only a .pyc file", source: "", cache: file)))
        if flags & ~3 != 0 { throw importError(.importError, "invalid flags \(flags) in \(shown)", name: key, path: fileValue) }
        return try loadCode(data, file, .unbound)
    }

    /// The code in the data of a `.pyc` file whose header has been looked at.
    func loadCode(_ data: [UInt8], _ path: String, _ fileValue: Value) throws(Raised) -> CodeCell {
        let object = try withBytes(data) { (bytes) throws(Raised) in try unmarshal(UnsafeBufferPointer(rebasing: bytes[PycHeader.size...])) }
        if !object.hasLayout(.code) { throw importError(.importError, "Non-code object in \(try reprText(str(path)))", name: .none, path: str(path)) }
        if fileValue.isBound && fileValue.isKind(.str) { try setFilename(CodeCell(object), fileValue) }
        return CodeCell(object)
    }

    private func withBytes<Result>(_ data: [UInt8], _ body: (UnsafeBufferPointer<UInt8>) throws(Raised) -> Result) throws(Raised) -> Result {
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: data.count)
        defer { copy.deallocate() }
        _ = copy.initialize(from: data)
        return try body(UnsafeBufferPointer(copy))
    }

    private func modificationTime(_ info: stat) -> Int {
        #if canImport(Glibc)
        Int(info.st_mtim.tv_sec)
        #else
        Int(info.st_mtimespec.tv_sec)
        #endif
    }

    /// `_imp.check_hash_based_pycs`.
    private func hashPolicy() -> String {
        let module = DictObject(objects.pointee.modules).findString(self, intern("_imp"))
        if module.isNoneOrUnbound || !module.hasLayout(.module) { return interp.pointee.config.checkHashBasedPycs }
        let policy = DictObject(module.cell[1]).findString(self, intern("check_hash_based_pycs"))
        return policy.isBound && policy.isKind(.str) ? string(policy) : "default"
    }

    private func writesBytecode() -> Bool {
        let flag = DictObject(objects.pointee.sysDict).findString(self, intern("dont_write_bytecode"))
        if flag.isUnbound { return !interp.pointee.config.dontWriteBytecode }
        do throws(Raised) { return try !truth(flag) } catch {
            _ = takePending()
            return false
        }
    }

    /// Writes the cache; whatever goes wrong leaves things as they were.
    private func cache(_ code: CodeObject, _ path: String, _ validation: PycHeader.Validation, mode: mode_t) {
        guard let data = try? Marshal.pyc(code, validation), let slash = path.lastIndex(of: "/") else { return }
        if !SourceFile.makeFolders(String(path[..<slash])) { return }
        SourceFile.writeAtomically(data, path, mode: (mode | 0o200) & 0o666)
    }

    /// Where the cache of a source file lies; nil when there is none to be.
    func cachePath(_ file: String) -> String? {
        let prefix = DictObject(objects.pointee.sysDict).findString(self, intern("pycache_prefix"))
        let level = interp.pointee.config.optimizationLevel
        if prefix.isNoneOrUnbound || !prefix.isKind(.str) { return SourceFile.cachePath(file, level) }
        // The whole path of the source goes below the prefix.
        let name = SourceFile.cachePath(file, level).replacing("/__pycache__/", by: "/")
        let absolute = name.utf8.first == 0x2F ? name : SourceFile.currentFolder() + "/" + name
        return string(prefix) + absolute
    }
}

extension String {
    /// Replaces the last occurrence of `part`.
    fileprivate func replacing(_ part: String, by other: String) -> String {
        let bytes = Array(utf8), wanted = Array(part.utf8)
        var i = bytes.count - wanted.count
        while i >= 0 {
            if bytes[i..<i + wanted.count].elementsEqual(wanted) {
                return String(decoding: bytes[..<i] + Array(other.utf8) + bytes[(i + wanted.count)...], as: UTF8.self)
            }
            i -= 1
        }
        return self
    }
}

extension SourceFile {
    static func currentFolder() -> String {
        guard let path = getcwd(nil, 0) else { return "" }
        defer { free(path) }
        return String(cString: path)
    }

    /// Whether a path is a file or would lie in one, as a folder in an archive does.
    static func isInsideFile(_ path: String) -> Bool {
        var path = path
        while !path.isEmpty {
            var info = stat()
            if stat(path, &info) == 0 { return info.st_mode & S_IFMT == S_IFREG }
            guard let slash = path.lastIndex(of: "/") else { return false }
            path = String(path[..<slash])
        }
        return false
    }

    /// Makes a folder and those above it that are missing.
    static func makeFolders(_ path: String) -> Bool {
        if path.isEmpty || isFolder(path) { return true }
        if let slash = path.lastIndex(of: "/"), !makeFolders(String(path[..<slash])) { return false }
        return mkdir(path, 0o777) == 0 || errno == EEXIST
    }

    /// Writes a file under another name first, then gives it its own.
    static func writeAtomically(_ data: [UInt8], _ path: String, mode: mode_t) {
        let temporary = "\(path).\(getpid())\(UInt(bitPattern: data.count))"
        let fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        if fd < 0 { return }
        var done = 0
        while done < data.count {
            let n = data.withUnsafeBytes { write(fd, $0.baseAddress.unsafelyUnwrapped + done, data.count - done) }
            if n < 0 && errno == EINTR { continue }
            if n <= 0 { break }
            done += n
        }
        close(fd)
        if done < data.count || rename(temporary, path) != 0 { unlink(temporary) }
    }
}
