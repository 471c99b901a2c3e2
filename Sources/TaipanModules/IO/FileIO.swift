// FileIO: a raw stream over a file descriptor.
//
//   word 1 attribute dict    words 2… raw: descriptor (-1 closed), flags, seekable (-1 unknown), block size

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import CTaipan
import TaipanRuntime

struct FileIOObject {
    let cell: Cell
    init(_ value: Value) { cell = value.cell }
    /// The descriptor plus one, so that a zeroed cell is a closed file.
    var fd: Int32 {
        get { Int32(truncatingIfNeeded: cell.raw(2) - 1) }
        nonmutating set { cell.setRaw(Int(newValue) + 1, at: 2) }
    }
    var flags: Int { get { cell.raw(3) } nonmutating set { cell.setRaw(newValue, at: 3) } }
    func has(_ flag: Int) -> Bool { flags & flag != 0 }
    func set(_ flag: Int, _ on: Bool) { flags = on ? flags | flag : flags & ~flag }
    var blockSize: Int { get { cell.raw(4) } nonmutating set { cell.setRaw(newValue, at: 4) } }

    static let created = 1, readable = 2, writable = 4, appending = 8, closesDescriptor = 16, finalizing = 32, knowsSeekable = 64, isSeekable = 128
    /// A buffer over this file closes it when both die.
    static let isWrapped = 256
    static var layout: NativeLayout { NativeLayout(valueWords: 1, bytes: 40, dictWord: 1) }

    var mode: String {
        if has(FileIOObject.created) { return has(FileIOObject.readable) ? "xb+" : "xb" }
        if has(FileIOObject.appending) { return has(FileIOObject.readable) ? "ab+" : "ab" }
        if has(FileIOObject.readable) { return has(FileIOObject.writable) ? "rb+" : "rb" }
        return "wb"
    }
}

/// The most bytes that one read or write asks for.
let largestTransfer = 0x7fff_f000

/// write(2), under a name that methods called `write` do not hide.
func writeToDescriptor(_ fd: Int32, _ source: UnsafeRawPointer?, _ count: Int) -> Int { write(fd, source, count) }

extension Thread {
    func defineFileIO() throws(Raised) {
        defineIOInit(.fileIOInit, "FileIO", "($self, file, mode='r', closefd=True, opener=None)") { (t, a) throws(Raised) in
            try t.initFileIO(a)
            return .none
        }
        try defineIOType(.fileIO, "FileIO", base: .rawIOBase, FileIOObject.layout) { b in
            b.doc("FileIO(file, mode='r', closefd=True, opener=None)\n--\n\nOpen a file.\n\nThe mode can be 'r' (default), 'w', 'x' or 'a' for reading,\nwriting, exclusive creation or appending.  The file will be created if it\ndoesn't exist when opened for writing or appending; it will be truncated\nwhen opened for writing.  A FileExistsError will be raised if it already\nexists when opened for creating. Opening a file for creating implies\nwriting so this mode behaves in a similar way to 'w'.Add a '+' to the mode\nto allow simultaneous reading and writing. A custom opener can be used by\npassing a callable as *opener*. The underlying file descriptor for the file\nobject is then obtained by calling opener with (*name*, *flags*).\n*opener* must return an open file descriptor (passing os.open as *opener*\nresults in functionality similar to passing None).")
            b.slots.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in try t.callIOInit(.fileIOInit, v, a) }
            b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in try t.reprFileIO(v) }
            defineFileIOTransfers(b)
            defineFileIOMethods(b)
        }
    }

    // MARK: Opening

    private func initFileIO(_ a: Arguments) throws(Raised) {
        let file = FileIOObject(a[0])
        if file.fd >= 0 {
            if file.has(FileIOObject.closesDescriptor) { try closeDescriptor(file) } else { file.fd = -1 }
        }
        file.flags = 0
        let closes = a[3].isUnbound ? true : try truth(a[3])
        var modeText = "r"
        if a[2].isBound {
            if !a[2].isKind(.str) { throw raise(.typeError, "FileIO() argument 'mode' must be str, not \(argumentTypeName(a[2]))") }
            modeText = string(a[2])
        }
        var descriptor: Int32 = -1
        if isInt(a[1]) || type(of: a[1]).slots.pointee.index.isSet {
            let n = try index(a[1])
            if n < 0 { throw raise(.valueError, "negative file descriptor") }
            descriptor = Int32(truncatingIfNeeded: n)
        }
        let path: [CChar] = descriptor < 0 ? try fileSystemBytes(a[1]) : []
        let openFlags = try parseMode(file, modeText)
        try audit("open", a[1], a[2].isBound ? a[2] : str("r"), int(Int(openFlags)))
        let isOwn: Bool
        if descriptor >= 0 {
            file.fd = descriptor
            file.set(FileIOObject.closesDescriptor, closes)
            isOwn = false
        } else {
            file.set(FileIOObject.closesDescriptor, true)
            if !closes { throw raise(.valueError, "Cannot use closefd=False with file name") }
            try openDescriptor(file, a[1], path, openFlags, opener: a[4])
            isOwn = true
        }
        do throws(Raised) {
            try inspectDescriptor(file, a[1])
            try setattr(a[0], name(.name), a[1])
            if file.has(FileIOObject.appending) { _ = try seekDescriptor(file, 0, SEEK_END, unseekableIsError: false) }
        } catch {
            if !isOwn { file.fd = -1 }
            if file.fd >= 0 {
                close(file.fd)
                file.fd = -1
            }
            throw error
        }
    }

    /// Reads a FileIO mode: sets the object's flags and gives those of open(2).
    private func parseMode(_ file: FileIOObject, _ mode: String) throws(Raised) -> Int32 {
        var main = false, plus = false
        var flags: Int32 = 0
        let bad = "Must have exactly one of create/read/write/append mode and at most one plus"
        for c in mode.utf8 {
            switch c {
            case UInt8(ascii: "x"), UInt8(ascii: "r"), UInt8(ascii: "w"), UInt8(ascii: "a"):
                if main { throw raise(.valueError, bad) }
                main = true
                file.set(FileIOObject.readable, c == UInt8(ascii: "r"))
                file.set(FileIOObject.writable, c != UInt8(ascii: "r"))
                file.set(FileIOObject.created, c == UInt8(ascii: "x"))
                file.set(FileIOObject.appending, c == UInt8(ascii: "a"))
                flags |= c == UInt8(ascii: "x") ? O_EXCL | O_CREAT : c == UInt8(ascii: "w") ? O_CREAT | O_TRUNC : c == UInt8(ascii: "a") ? O_APPEND | O_CREAT : 0
            case UInt8(ascii: "b"): break
            case UInt8(ascii: "+"):
                if plus { throw raise(.valueError, bad) }
                plus = true
            default: throw raise(.valueError, "invalid mode: \(mode)")
            }
        }
        if !main { throw raise(.valueError, bad) }
        if plus {
            file.set(FileIOObject.readable, true)
            file.set(FileIOObject.writable, true)
        }
        let access: Int32 = file.has(FileIOObject.readable) && file.has(FileIOObject.writable) ? O_RDWR : file.has(FileIOObject.readable) ? O_RDONLY : O_WRONLY
        return flags | access | O_CLOEXEC
    }

    private func openDescriptor(_ file: FileIOObject, _ name: Value, _ path: [CChar], _ flags: Int32, opener: Value) throws(Raised) {
        if opener.isNoneOrUnbound {
            while true {
                let fd: Int32 = blocking { ctaipan_open(path, flags, 0o666) }
                if fd >= 0 {
                    file.fd = fd
                    return
                }
                let code = ctaipan_get_errno()
                if code != EINTR { throw osError(code, name) }
                try checkSignals()
            }
        }
        let answer = try call(opener, name, int(Int(flags)))
        if !isInt(answer) { throw raise(.typeError, "expected integer from opener") }
        let fd = Int32(truncatingIfNeeded: try index(answer))
        if fd < 0 { throw raise(.valueError, "opener returned \(fd)") }
        file.fd = fd
        setInheritable(fd, false)
    }

    func setInheritable(_ fd: Int32, _ inheritable: Bool) {
        let flags = ctaipan_fcntl(fd, F_GETFD, 0)
        if flags < 0 { return }
        let wanted = inheritable ? flags & ~FD_CLOEXEC : flags | FD_CLOEXEC
        if wanted != flags { _ = ctaipan_fcntl(fd, F_SETFD, Int(wanted)) }
    }

    /// A descriptor must be open and no directory; its block size becomes the buffer size.
    private func inspectDescriptor(_ file: FileIOObject, _ name: Value) throws(Raised) {
        file.blockSize = defaultBufferSize
        var status = stat()
        let fd = file.fd
        if blocking({ fstat(fd, &status) }) < 0 {
            let code = ctaipan_get_errno()
            if code == EBADF { throw osError(code, name) }
            return
        }
        if status.st_mode & S_IFMT == S_IFDIR { throw osError(EISDIR, name) }
        if status.st_blksize > 1 { file.blockSize = Int(status.st_blksize) }
    }

    /// The path as a zero-terminated string in the file system's encoding (`PyUnicode_FSConverter`).
    /// - Throws: TypeError, ValueError "embedded null byte".
    public func fileSystemBytes(_ value: Value) throws(Raised) -> [CChar] {
        let path = try fileSystemPath(value)
        var out: [UInt8]
        if path.isKind(.bytes) {
            out = Array(BytesObject(path).buffer)
        } else {
            out = try encodeFileSystem(path)
        }
        if out.contains(0) { throw raise(.valueError, "embedded null byte") }
        out.append(0)
        return out.map { CChar(bitPattern: $0) }
    }

    /// UTF-8 with `surrogateescape`.
    public func encodeFileSystem(_ text: Value) throws(Raised) -> [UInt8] {
        let s = StrObject(text)
        if s.isASCII { return Array(UnsafeBufferPointer(start: s.units8, count: s.count)) }
        var out: [UInt8] = []
        out.reserveCapacity(s.count * 2)
        for i in 0..<s.count {
            let c = s[i]
            if c >= 0xDC80 && c <= 0xDCFF {
                out.append(UInt8(truncatingIfNeeded: c))
            } else if c >= 0xD800 && c <= 0xDFFF {
                throw raise(exception: try call(types.pointee.unicodeEncodeError, str("utf-8"), text, int(i), int(i + 1), str("surrogates not allowed")))
            } else {
                appendUTF8(c, &out)
            }
        }
        return out
    }

    /// The str of file-system bytes: UTF-8, other bytes as lone surrogates.
    public func decodeFileSystem(_ bytes: UnsafeBufferPointer<UInt8>) -> Value {
        let decoded = NativeText.decode(self, .utf8, bytes, isFinal: true, strict: false)
        return decoded.isBound ? decoded : str("")
    }

    // MARK: State

    private func checkOpen(_ file: FileIOObject) throws(Raised) {
        if file.fd < 0 { throw raise(.valueError, "I/O operation on closed file") }
    }

    private func checkReadable(_ file: FileIOObject) throws(Raised) {
        try checkOpen(file)
        if !file.has(FileIOObject.readable) { throw unsupported("File not open for reading") }
    }

    private func checkWritable(_ file: FileIOObject) throws(Raised) {
        try checkOpen(file)
        if !file.has(FileIOObject.writable) { throw unsupported("File not open for writing") }
    }

    private func reprFileIO(_ v: Value) throws(Raised) -> Value {
        let file = FileIOObject(v)
        if file.fd < 0 { return str("<_io.FileIO [closed]>") }
        let closefd = file.has(FileIOObject.closesDescriptor) ? "True" : "False"
        let fileName = try getattrOrUnbound(v, name(.name))
        if fileName.isUnbound { return str("<_io.FileIO fd=\(file.fd) mode='\(file.mode)' closefd=\(closefd)>") }
        if try !enterRepr(v) { throw raise(.runtimeError, "reentrant call inside \(typeName(v)).__repr__") }
        defer { leaveRepr(v) }
        return str("<_io.FileIO name=\(try reprText(fileName)) mode='\(file.mode)' closefd=\(closefd)>")
    }

    private func closeDescriptor(_ file: FileIOObject) throws(Raised) {
        let fd = file.fd
        if fd < 0 { return }
        file.fd = -1
        if blocking({ close(fd) }) < 0 {
            let code = ctaipan_get_errno()
            // An interrupted close has closed.
            if code != EINTR { throw osError(code) }
        }
    }

    /// `FileIO.close`.
    func closeFileIO(_ v: Value) throws(Raised) {
        let file = FileIOObject(v)
        var first = Value.unbound
        do throws(Raised) {
            try Thread.closeIOBase(self, v)
        } catch { first = takePending() }
        if !file.has(FileIOObject.closesDescriptor) {
            file.fd = -1
        } else {
            if file.has(FileIOObject.finalizing) { try warnUnclosed(v, v) }
            do throws(Raised) {
                try closeDescriptor(file)
            } catch {
                if first.isBound { throw chain(first) }
                throw error
            }
        }
        hasIdleFinalizer(v)
        if first.isBound { throw restore(first) }
    }

    /// ResourceWarning for a file that died open.
    private func warnUnclosed(_ v: Value, _ source: Value) throws(Raised) {
        let file = FileIOObject(v)
        if file.fd < 0 || !file.has(FileIOObject.closesDescriptor) { return }
        let pending = takePending()
        do throws(Raised) {
            try warn(.resourceWarning, "unclosed file \(try reprText(source))", source: source)
        } catch { reportUnraisable(v) }
        if pending.isBound { _ = restore(pending) }
    }

    // MARK: Moving bytes

    /// read(2), again after a signal. Gives the count, or nil when it would block.
    func readDescriptor(_ fd: Int32, _ target: UnsafeMutableRawPointer?, _ count: Int) throws(Raised) -> Int? {
        while true {
            let n = blocking { read(fd, target, min(count, largestTransfer)) }
            if n >= 0 { return n }
            let code = ctaipan_get_errno()
            if code == EAGAIN { return nil }
            if code != EINTR { throw osError(code) }
            try checkSignals()
        }
    }

    /// write(2), again after a signal. Gives the count, or nil when it would block.
    func writeDescriptor(_ fd: Int32, _ source: UnsafeRawPointer?, _ count: Int) throws(Raised) -> Int? {
        while true {
            let start = interp.pointee.runObserver == nil ? 0 : Thread.clockMicroseconds()
            let n = blocking { writeToDescriptor(fd, source, min(count, largestTransfer)) }
            if n >= 0 {
                tell(.transferred(descriptor: Int(fd), byteCount: n, reason: interp.pointee.transferReason ?? "buffer full",
                                  microseconds: Thread.clockMicroseconds() - start))
                return n
            }
            let code = ctaipan_get_errno()
            if code == EAGAIN { return nil }
            if code != EINTR { throw osError(code) }
            try checkSignals()
        }
    }

    /// FileIO's own `readinto`, for memory: nil when it would block.
    func readFileIO(_ v: Value, _ target: UnsafeMutableRawPointer, _ count: Int) throws(Raised) -> Int? {
        let file = FileIOObject(v)
        try checkReadable(file)
        return try readDescriptor(file.fd, target, count)
    }

    /// FileIO's own `write`.
    func writeFileIO(_ v: Value, _ source: UnsafeRawPointer, _ count: Int) throws(Raised) -> Int? {
        let file = FileIOObject(v)
        try checkWritable(file)
        return try writeDescriptor(file.fd, source, count)
    }

    /// `FileIO.readall`.
    func readAllFileIO(_ v: Value) throws(Raised) -> Value {
        let file = FileIOObject(v)
        try checkOpen(file)
        var status = stat()
        var size = defaultBufferSize
        let position = lseek(file.fd, 0, SEEK_CUR)
        if fstat(file.fd, &status) == 0, Int(status.st_size) < Int.max - 1 {
            let end = Int(status.st_size)
            // One byte more than there is, so that the end is seen without another round.
            if position >= 0 && end >= Int(position) { size = end - Int(position) + 1 } else { size = max(end, 0) + 1 }
        }
        var area = try newBytes(size)
        var used = 0
        while true {
            if used >= area.count {
                let bigger = try newBytes(used + max(used > 65536 ? used >> 3 : used &+ 256, 65536))
                bigger.data.update(from: area.data, count: used)
                area = bigger
            }
            guard let n = try readDescriptor(file.fd, area.data + used, area.count - used) else {
                if used == 0 { return .none }
                break
            }
            if n == 0 { break }
            used += n
        }
        return try bytes(area.data, used)
    }

    private func defineFileIOTransfers(_ b: TypeBuilder) {
        b.method("readinto", "($self, buffer, /)", "Same as RawIOBase.readinto().") { (t, a) throws(Raised) in
            let file = FileIOObject(a[0])
            try t.checkReadable(file)
            let view = try t.lendWritable(a[1], "readinto() argument")
            defer { t.giveBack(view) }
            return try t.readDescriptor(file.fd, view.base, view.count).map { t.int($0) } ?? .none
        }
        b.method("readall", "($self, /)", "Read all data from the file, returned as bytes.\n\nIn non-blocking mode, returns as much as is immediately available,\nor None if no data is available.  Return an empty bytes object at EOF.") { (t, a) throws(Raised) in try t.readAllFileIO(a[0]) }
        b.method("read", "($self, size=-1, /)", "Read at most size bytes, returned as bytes.\n\nOnly makes one system call, so less data may be returned than requested.\nIn non-blocking mode, returns None if no data is available.\nReturn an empty bytes object at EOF.") { (t, a) throws(Raised) in
            let file = FileIOObject(a[0])
            try t.checkReadable(file)
            let size = try t.optionalSize(a[1])
            if size < 0 { return try t.readAllFileIO(a[0]) }
            let area = try t.newBytes(min(size, largestTransfer))
            guard let n = try t.readDescriptor(file.fd, area.data, area.count) else { return .none }
            return n == area.count ? area.value : try t.bytes(area.data, n)
        }
        b.method("write", "($self, b, /)", "Write buffer b to file, return number of bytes written.\n\nOnly makes one system call, so not all of the data may be written.\nThe number of bytes actually written is returned.  In non-blocking mode,\nreturns None if the write would block.") { (t, a) throws(Raised) in
            let file = FileIOObject(a[0])
            try t.checkWritable(file)
            let view = try t.lend(a[1])
            defer { t.giveBack(view) }
            return try t.writeDescriptor(file.fd, view.base, view.count).map { t.int($0) } ?? .none
        }
    }

    /// lseek(2) that also remembers whether the file can seek.
    func seekDescriptor(_ file: FileIOObject, _ offset: Int, _ whence: Int32, unseekableIsError: Bool = true) throws(Raised) -> Int {
        let fd = file.fd
        let position = blocking { lseek(fd, off_t(offset), whence) }
        if !file.has(FileIOObject.knowsSeekable) {
            file.set(FileIOObject.knowsSeekable, true)
            file.set(FileIOObject.isSeekable, position >= 0)
        }
        if position < 0 && unseekableIsError { throw osError(ctaipan_get_errno()) }
        return Int(position)
    }

    private func defineFileIOMethods(_ b: TypeBuilder) {
        b.method("seek", "($self, pos, whence=0, /)", "Move to new file position and return the file position.") { (t, a) throws(Raised) in
            let file = FileIOObject(a[0])
            try t.checkOpen(file)
            if t.isFloat(a[1]) { throw t.raise(.typeError, "an integer is required") }
            let offset = try t.index(a[1])
            let whence = a[2].isBound ? try t.index(a[2]) : 0
            return t.int(try t.seekDescriptor(file, offset, Int32(truncatingIfNeeded: whence)))
        }
        b.method("tell", "($self, /)", "Current file position.\n\nCan raise OSError for non seekable files.") { (t, a) throws(Raised) in
            let file = FileIOObject(a[0])
            try t.checkOpen(file)
            return t.int(try t.seekDescriptor(file, 0, SEEK_CUR))
        }
        b.method("truncate", "($self, size=None, /)", "Truncate the file to at most size bytes and return the truncated size.\n\nSize defaults to the current file position, as returned by tell().\nThe current file position is changed to the value of size.") { (t, a) throws(Raised) in
            let file = FileIOObject(a[0])
            try t.checkWritable(file)
            let size: Int
            if a[1].isNoneOrUnbound { size = try t.seekDescriptor(file, 0, SEEK_CUR) } else { size = try t.index(a[1]) }
            while t.blocking({ ftruncate(file.fd, off_t(size)) }) != 0 {
                let code = ctaipan_get_errno()
                if code != EINTR { throw t.osError(code) }
                try t.checkSignals()
            }
            return t.int(size)
        }
        b.method("close", "($self, /)", "Close the file.\n\nA closed file cannot be used for further I/O operations.  close() may be\ncalled more than once without error.") { (t, a) throws(Raised) in
            try t.closeFileIO(a[0])
            return .none
        }
        b.method("seekable", "($self, /)", "True if file supports random-access.") { (t, a) throws(Raised) in
            let file = FileIOObject(a[0])
            try t.checkOpen(file)
            return Value(try t.isSeekable(file))
        }
        b.method("readable", "($self, /)", "True if file was opened in a read mode.") { (t, a) throws(Raised) in
            try t.checkOpen(FileIOObject(a[0]))
            return Value(FileIOObject(a[0]).has(FileIOObject.readable))
        }
        b.method("writable", "($self, /)", "True if file was opened in a write mode.") { (t, a) throws(Raised) in
            try t.checkOpen(FileIOObject(a[0]))
            return Value(FileIOObject(a[0]).has(FileIOObject.writable))
        }
        b.method("fileno", "($self, /)", "Return the underlying file descriptor (an integer).") { (t, a) throws(Raised) in
            try t.checkOpen(FileIOObject(a[0]))
            return t.int(Int(FileIOObject(a[0]).fd))
        }
        b.method("isatty", "($self, /)", "True if the file is connected to a TTY device.") { (t, a) throws(Raised) in
            try t.checkOpen(FileIOObject(a[0]))
            return Value(isatty(FileIOObject(a[0]).fd) != 0)
        }
        b.method("_dealloc_warn", "!($self, source, /)") { (t, a) throws(Raised) in
            try t.warnUnclosed(a[0], a[1])
            return .none
        }
        b.method("__getstate__", "($self, /)") { (t, a) throws(Raised) in throw t.cannotPickle(a[0]) }
        b.getset("closed", "True if the file is closed", get: { (t, v) throws(Raised) in Value(FileIOObject(v).fd < 0) })
        b.getset("closefd", "True if the file descriptor will be closed by close().", get: { (t, v) throws(Raised) in
            Value(FileIOObject(v).has(FileIOObject.closesDescriptor))
        })
        b.getset("mode", "String giving the file mode", get: { (t, v) throws(Raised) in t.str(FileIOObject(v).mode) })
        b.member("_blksize", get: { (t, v) throws(Raised) in t.int(FileIOObject(v).blockSize) })
        b.member("_finalizing", get: { (t, v) throws(Raised) in Value(FileIOObject(v).has(FileIOObject.finalizing)) },
                 set: { (t, v, new) throws(Raised) in FileIOObject(v).set(FileIOObject.finalizing, try t.truth(new)) })
    }

    func isSeekable(_ file: FileIOObject) throws(Raised) -> Bool {
        if !file.has(FileIOObject.knowsSeekable) { _ = try seekDescriptor(file, 0, SEEK_CUR, unseekableIsError: false) }
        return file.has(FileIOObject.isSeekable)
    }

    /// TypeError of streams that `pickle` and `copy` refuse.
    func cannotPickle(_ v: Value) -> Raised { raise(.typeError, "cannot pickle '\(typeName(v))' instances") }
}
