// File descriptors: opening, closing, copying, pipes, flags; moving bytes.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import CTaipan
import TaipanRuntime

enum PosixDescriptors {
    static func define(_ b: ModuleBuilder) {
        b.function("open", "($module, /, path, flags, mode=511, *, dir_fd=None)", "Open a file for low level IO.  Returns a file descriptor (integer).") { (t, a) throws(Raised) in
            try t.audit("open", a[0], .none, a[1])
            let path = try t.pathArgument(a[0], "open")
            let flags = try t.cInt(a[1]) | O_CLOEXEC
            let mode = UInt32(truncatingIfNeeded: a[2].isUnbound ? 0o777 : try t.cInt(a[2]))
            let directory = try t.directoryArgument(a[3])
            return t.int(Int(try t.systemCall32(path.object) { ctaipan_openat(directory, path.bytes, flags, mode) }))
        }
        b.function("close", "($module, /, fd)", "Close a file descriptor.") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0])
            if t.blocking({ close(fd) }) < 0 {
                let code = ctaipan_get_errno()
                if code != EINTR { throw t.osError(code) }
            }
            return .none
        }
        b.function("closerange", "($module, fd_low, fd_high, /)") { (t, a) throws(Raised) in
            let low = try t.cInt(a[0]), high = try t.cInt(a[1])
            var fd = max(low, 0)
            // No more than the system's limit can be open.
            let limit = min(high, Int32(truncatingIfNeeded: max(sysconf(Int32(_SC_OPEN_MAX)), 1024)))
            while fd < limit {
                close(fd)
                fd += 1
            }
            return .none
        }
        b.function("dup", "($module, fd, /)", "Return a duplicate of a file descriptor.") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0])
            return t.int(Int(try t.systemCall32 { ctaipan_fcntl(fd, F_DUPFD_CLOEXEC, 0) }))
        }
        b.function("dup2", "($module, /, fd, fd2, inheritable=True)", "Duplicate file descriptor.") { (t, a) throws(Raised) in
            let from = try t.cInt(a[0]), to = try t.cInt(a[1])
            let inheritable = try t.flag(a[2], true)
            if from < 0 || to < 0 { throw t.osError(EBADF) }
            let fd = try t.systemCall32 { dup2(from, to) }
            if !inheritable { t.setInheritable(fd, false) }
            return t.int(Int(fd))
        }
        b.function("pipe", "($module, /)", "Create a pipe.") { (t, a) throws(Raised) in try pair(t, O_CLOEXEC) }
        b.function("pipe2", "($module, flags, /)", "Create a pipe with flags set atomically.") { (t, a) throws(Raised) in try pair(t, try t.cInt(a[0])) }
        b.function("isatty", "($module, fd, /)", "Return True if the fd is connected to a terminal.") { (t, a) throws(Raised) in
            Value(isatty(try t.cInt(a[0])) != 0)
        }
        b.function("fsync", "($module, /, fd)", "Force write of fd to disk.") { (t, a) throws(Raised) in
            let fd = try t.fileDescriptor(a[0])
            try t.systemCall32 { fsync(fd) }
            return .none
        }
        b.function("fdatasync", "($module, /, fd)", "Force write of fd to disk without forcing update of metadata.") { (t, a) throws(Raised) in
            let fd = try t.fileDescriptor(a[0])
            #if os(Linux)
            try t.systemCall32 { fdatasync(fd) }
            #else
            try t.systemCall32 { fsync(fd) }
            #endif
            return .none
        }
        b.function("sync", "($module, /)", "Force write of everything to disk.") { (t, a) throws(Raised) in
            _ = t.blocking { sync() }
            return .none
        }
        b.function("ftruncate", "($module, fd, length, /)", "Truncate a file, specified by file descriptor, to a specific length.") { (t, a) throws(Raised) in
            try t.audit("os.truncate", a[0], a[1])
            let fd = try t.cInt(a[0]), length = try t.index(a[1])
            try t.systemCall32 { ftruncate(fd, off_t(length)) }
            return .none
        }
        defineFlags(b)
    }

    private static func pair(_ t: Thread, _ flags: Int32) throws(Raised) -> Value {
        var ends: [Int32] = [0, 0]
        #if os(Linux)
        try t.systemCall32 { pipe2(&ends, flags) }
        #else
        try t.systemCall32 { pipe(&ends) }
        for fd in ends { t.setInheritable(fd, flags & O_CLOEXEC == 0) }
        #endif
        return try t.tuple(t.int(Int(ends[0])), t.int(Int(ends[1])))
    }

    private static func defineFlags(_ b: ModuleBuilder) {
        b.function("get_inheritable", "($module, fd, /)") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0])
            return Value(try t.systemCall32 { ctaipan_fcntl(fd, F_GETFD, 0) } & FD_CLOEXEC == 0)
        }
        b.function("set_inheritable", "($module, fd, inheritable, /)") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0])
            let inheritable = try t.truth(a[1])
            let flags = try t.systemCall32 { ctaipan_fcntl(fd, F_GETFD, 0) }
            try t.systemCall32 { ctaipan_fcntl(fd, F_SETFD, Int(inheritable ? flags & ~FD_CLOEXEC : flags | FD_CLOEXEC)) }
            return .none
        }
        b.function("get_blocking", "($module, fd, /)") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0])
            return Value(try t.systemCall32 { ctaipan_fcntl(fd, F_GETFL, 0) } & O_NONBLOCK == 0)
        }
        b.function("set_blocking", "($module, fd, blocking, /)") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0])
            let blocks = try t.truth(a[1])
            let flags = try t.systemCall32 { ctaipan_fcntl(fd, F_GETFL, 0) }
            try t.systemCall32 { ctaipan_fcntl(fd, F_SETFL, Int(blocks ? flags & ~O_NONBLOCK : flags | O_NONBLOCK)) }
            return .none
        }
        b.function("device_encoding", "($module, /, fd)") { (t, a) throws(Raised) in
            if isatty(try t.cInt(a[0])) == 0 { return .none }
            return t.str(t.localeEncoding)
        }
        b.function("ttyname", "($module, fd, /)") { (t, a) throws(Raised) in
            var text = [CChar](repeating: 0, count: 1024)
            let code = ttyname_r(try t.cInt(a[0]), &text, 1024)
            if code != 0 { throw t.osError(code) }
            return try t.systemText(text, asBytes: false)
        }
        b.function("ctermid", "($module, /)") { (t, a) throws(Raised) in t.str("/dev/tty") }
        b.function("openpty", "($module, /)") { (t, a) throws(Raised) in
            let controller = try t.systemCall32 { posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC) }
            var text = [CChar](repeating: 0, count: 1024)
            if grantpt(controller) < 0 || unlockpt(controller) < 0 || ptsname_r(controller, &text, 1024) != 0 {
                let code = ctaipan_get_errno()
                close(controller)
                throw t.osError(code)
            }
            let follower = try t.systemCall32 { ctaipan_open(text, O_RDWR | O_NOCTTY | O_CLOEXEC, 0) }
            return try t.tuple(t.int(Int(controller)), t.int(Int(follower)))
        }
        b.function("lockf", "($module, fd, command, length, /)") { (t, a) throws(Raised) in
            try t.audit("os.lockf", a[0], a[1], a[2])
            let fd = try t.cInt(a[0]), command = try t.cInt(a[1]), length = try t.index(a[2])
            try t.systemCall32 { lockf(fd, command, off_t(length)) }
            return .none
        }
    }

    static func defineTransfers(_ b: ModuleBuilder) {
        b.function("read", "($module, fd, length, /)", "Read from a file descriptor.  Returns a bytes object.") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0]), length = try t.index(a[1])
            if length < 0 { throw t.osError(EINVAL) }
            let area = try t.newBytes(min(length, largestTransfer))
            let n = try t.systemCall { read(fd, area.data, area.count) }
            return n == area.count ? area.value : try t.bytes(area.data, n)
        }
        b.function("pread", "($module, fd, length, offset, /)") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0]), length = try t.index(a[1]), offset = try t.index(a[2])
            if length < 0 { throw t.osError(EINVAL) }
            let area = try t.newBytes(min(length, largestTransfer))
            let n = try t.systemCall { pread(fd, area.data, area.count, off_t(offset)) }
            return n == area.count ? area.value : try t.bytes(area.data, n)
        }
        b.function("write", "($module, fd, data, /)", "Write a bytes object to a file descriptor.") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0])
            let view = try t.lend(a[1])
            defer { t.giveBack(view) }
            let start = t.interp.pointee.runObserver == nil ? 0 : Thread.clockMicroseconds()
            let count = try t.systemCall { writeToDescriptor(fd, view.base, min(view.count, largestTransfer)) }
            t.tell(.transferred(descriptor: Int(fd), byteCount: count, reason: "os.write", microseconds: Thread.clockMicroseconds() - start))
            return t.int(count)
        }
        b.function("pwrite", "($module, fd, buffer, offset, /)") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0]), offset = try t.index(a[2])
            let view = try t.lend(a[1])
            defer { t.giveBack(view) }
            return t.int(try t.systemCall { pwrite(fd, view.base, view.count, off_t(offset)) })
        }
        b.function("readv", "($module, fd, buffers, /)") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0])
            return try withVectors(t, a[1], "readv", writable: true) { readv(fd, $0, $1) }
        }
        b.function("writev", "($module, fd, buffers, /)") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0])
            return try withVectors(t, a[1], "writev", writable: false) { writev(fd, $0, $1) }
        }
        b.function("preadv", "($module, fd, buffers, offset, flags=0, /)") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0]), offset = try t.index(a[2])
            return try withVectors(t, a[1], "preadv", writable: true) { preadv(fd, $0, $1, off_t(offset)) }
        }
        b.function("pwritev", "($module, fd, buffers, offset, flags=0, /)") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0]), offset = try t.index(a[2])
            return try withVectors(t, a[1], "pwritev", writable: false) { pwritev(fd, $0, $1, off_t(offset)) }
        }
        b.function("lseek", "($module, fd, position, whence, /)", "Set the position of a file descriptor.  Return the new position.") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0]), position = try t.index(a[1]), whence = try t.cInt(a[2])
            return t.int(try t.systemCall { Int(lseek(fd, off_t(position), whence)) })
        }
        #if os(Linux)
        defineLinuxTransfers(b)
        #endif
    }

    /// Lends the buffers of a sequence to a vectored call.
    private static func withVectors(_ t: Thread, _ sequence: Value, _ function: String, writable: Bool,
                                    _ body: (UnsafePointer<iovec>, Int32) -> Int) throws(Raised) -> Value {
        if !t.isSequence(sequence) { throw t.raise(.typeError, "\(function)() arg 2 must be a sequence") }
        let items = try t.tupleFrom(sequence)
        var vectors: [iovec] = []
        // The owners to give buffers back to: kept alive by the tuple.
        let owners = try t.newTuple(items.count)
        defer { for i in 0..<vectors.count where owners[i].isBound { t.giveBack(BufferView(base: nil, count: 0, isReadOnly: true, owner: owners[i])) } }
        for i in 0..<items.count {
            let view = writable ? try t.lendWritable(items[i], "read-write buffer:") : try t.lend(items[i])
            owners[i] = view.owner
            vectors.append(iovec(iov_base: view.base, iov_len: view.count))
        }
        return t.int(try t.systemCall { body(vectors, Int32(vectors.count)) })
    }

    #if os(Linux)
    private static func defineLinuxTransfers(_ b: ModuleBuilder) {
        b.function("sendfile", "($module, /, out_fd, in_fd, offset, count)") { (t, a) throws(Raised) in
            let out = try t.cInt(a[0]), from = try t.cInt(a[1]), count = try t.index(a[3])
            if a[2].isNone { return t.int(try t.systemCall { sendfile(out, from, nil, count) }) }
            var offset = off_t(try t.index(a[2]))
            return t.int(try t.systemCall { sendfile(out, from, &offset, count) })
        }
        b.function("copy_file_range", "($module, /, src, dst, count, offset_src=None,\n                offset_dst=None)") { (t, a) throws(Raised) in
            let from = try t.cInt(a[0]), to = try t.cInt(a[1]), count = try t.index(a[2])
            if count < 0 { throw t.raise(.valueError, "negative value for 'count' not allowed") }
            var fromOffset: Int64 = a[3].isNoneOrUnbound ? 0 : Int64(try t.index(a[3]))
            var toOffset: Int64 = a[4].isNoneOrUnbound ? 0 : Int64(try t.index(a[4]))
            let usesFrom = !a[3].isNoneOrUnbound, usesTo = !a[4].isNoneOrUnbound
            return t.int(try t.systemCall {
                withUnsafeMutablePointer(to: &fromOffset) { first in
                    withUnsafeMutablePointer(to: &toOffset) { second in
                        copy_file_range(from, usesFrom ? first : nil, to, usesTo ? second : nil, count, 0)
                    }
                }
            })
        }
        b.function("posix_fallocate", "($module, fd, offset, length, /)") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0]), offset = try t.index(a[1]), length = try t.index(a[2])
            let code = t.blocking { posix_fallocate(fd, off_t(offset), off_t(length)) }
            if code != 0 { throw t.osError(code) }
            return .none
        }
        b.function("posix_fadvise", "($module, fd, offset, length, advice, /)") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0]), offset = try t.index(a[1]), length = try t.index(a[2]), advice = try t.cInt(a[3])
            let code = t.blocking { posix_fadvise(fd, off_t(offset), off_t(length), advice) }
            if code != 0 { throw t.osError(code) }
            return .none
        }
        b.function("memfd_create", "($module, /, name, flags=MFD_CLOEXEC)") { (t, a) throws(Raised) in
            let name = try t.fileSystemBytes(a[0])
            let flags: UInt32 = a[1].isUnbound ? 1 : UInt32(truncatingIfNeeded: try t.index(a[1]))
            return t.int(Int(try t.systemCall32 { memfd_create(name, flags) }))
        }
        b.function("eventfd", "($module, /, initval, flags=EFD_CLOEXEC)") { (t, a) throws(Raised) in
            let initial = UInt32(truncatingIfNeeded: try t.index(a[0]))
            let flags: Int32 = a[1].isUnbound ? 0x80000 : try t.cInt(a[1])
            return t.int(Int(try t.systemCall32 { eventfd(initial, flags) }))
        }
        b.function("eventfd_read", "($module, /, fd)") { (t, a) throws(Raised) in
            let fd = try t.fileDescriptor(a[0])
            var count: UInt64 = 0
            try t.systemCall { read(fd, &count, 8) == 8 ? 8 : -1 }
            return t.int(UInt(count))
        }
        b.function("eventfd_write", "($module, /, fd, value)") { (t, a) throws(Raised) in
            let fd = try t.fileDescriptor(a[0])
            var count = UInt64(truncatingIfNeeded: try t.index(a[1]))
            try t.systemCall { writeToDescriptor(fd, &count, 8) == 8 ? 8 : -1 }
            return .none
        }
    }
    #endif
}
