// Status of files, and what changes it: stat, access, chmod, chown, utime, truncate.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import CTaipan
import TaipanRuntime

extension Thread {
    /// `os.stat_result` of a status.
    func statResult(_ s: stat) throws(Raised) -> Value {
        #if os(Linux)
        let times = [s.st_atim, s.st_mtim, s.st_ctim]
        #else
        let times = [s.st_atimespec, s.st_mtimespec, s.st_ctimespec]
        #endif
        let cell = try newStructSequence(TypeObject(posix(.statResult)))
        cell[2] = int(Int(s.st_mode))
        cell[3] = int(UInt(s.st_ino))
        cell[4] = int(UInt(s.st_dev))
        cell[5] = int(Int(s.st_nlink))
        cell[6] = idValue(s.st_uid)
        cell[7] = idValue(s.st_gid)
        cell[8] = int(Int(s.st_size))
        for i in 0..<3 {
            let seconds = times[i].tv_sec, nanoseconds = times[i].tv_nsec
            cell[9 + i] = int(Int(seconds))
            cell[12 + i] = float(Double(seconds) + 1e-9 * Double(nanoseconds))
            let (product, overflow) = Int(seconds).multipliedReportingOverflow(by: 1_000_000_000)
            if overflow {
                let wide = try TypeObject(types.pointee.int).slots.pointee.multiply(self, int(Int(seconds)), int(1_000_000_000))
                cell[15 + i] = try TypeObject(types.pointee.int).slots.pointee.add(self, wide, int(Int(nanoseconds)))
            } else {
                cell[15 + i] = int(product + Int(nanoseconds))
            }
        }
        cell[18] = int(Int(s.st_blksize))
        cell[19] = int(Int(s.st_blocks))
        cell[20] = int(UInt(s.st_rdev))
        return Value(cell)
    }

    func statPath(_ path: PathArgument, _ function: String, directory: Int32, follows: Bool) throws(Raised) -> Value {
        try checkPathCombination(function, path, directory: directory, follows: follows)
        var status = stat()
        // -1 is how CPython marks "no descriptor": the path it has then is no address.
        if path.isDescriptor && path.fd == -1 { throw osError(EFAULT, path.object) }
        try systemCall32(path.object) {
            path.isDescriptor ? fstat(path.fd, &status) : fstatat(directory, path.bytes, &status, follows ? 0 : AT_SYMLINK_NOFOLLOW)
        }
        return try statResult(status)
    }
}

enum PosixStat {
    static func define(_ b: ModuleBuilder) {
        b.function("stat", "($module, /, path, *, dir_fd=None, follow_symlinks=True)", "Perform a stat system call on the given path.") { (t, a) throws(Raised) in
            t.settleDropped("stat")
            let path = try t.pathArgument(a[0], "stat", allowsDescriptor: true)
            return try t.statPath(path, "stat", directory: try t.directoryArgument(a[1]), follows: try t.flag(a[2], true))
        }
        b.function("lstat", "($module, /, path, *, dir_fd=None)", "Perform a stat system call on the given path, without following symbolic links.") { (t, a) throws(Raised) in
            let path = try t.pathArgument(a[0], "lstat")
            return try t.statPath(path, "lstat", directory: try t.directoryArgument(a[1]), follows: false)
        }
        b.function("fstat", "($module, /, fd)", "Perform a stat system call on the given file descriptor.") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0])
            var status = stat()
            try t.systemCall32 { fstat(fd, &status) }
            return try t.statResult(status)
        }
        b.function("statvfs", "($module, /, path)", "Perform a statvfs system call on the given path.") { (t, a) throws(Raised) in
            let path = try t.pathArgument(a[0], "statvfs", allowsDescriptor: true)
            var status = statvfs()
            try t.systemCall32(path.object) { path.isDescriptor ? fstatvfs(path.fd, &status) : statvfs(path.bytes, &status) }
            return try statvfsResult(t, status)
        }
        b.function("fstatvfs", "($module, fd, /)", "Perform an fstatvfs system call on the given fd.") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0])
            var status = statvfs()
            try t.systemCall32 { fstatvfs(fd, &status) }
            return try statvfsResult(t, status)
        }
        b.function("access", "($module, /, path, mode, *, dir_fd=None, effective_ids=False,\n       follow_symlinks=True)", "Use the real uid/gid to test for access to a path.") { (t, a) throws(Raised) in
            let path = try t.pathArgument(a[0], "access")
            let mode = try t.cInt(a[1])
            let directory = try t.directoryArgument(a[2])
            let flags: Int32 = (try t.flag(a[3], false) ? AT_EACCESS : 0) | (try t.flag(a[4], true) ? 0 : AT_SYMLINK_NOFOLLOW)
            return Value(t.blocking { faccessat(directory, path.bytes, mode, flags) } == 0)
        }
        b.function("umask", "($module, mask, /)", "Set the current numeric umask and return the previous umask.") { (t, a) throws(Raised) in
            t.int(Int(umask(mode_t(truncatingIfNeeded: try t.cInt(a[0])))))
        }
    }

    private static func statvfsResult(_ t: Thread, _ s: statvfs) throws(Raised) -> Value {
        #if os(Linux)
        let identifier = UInt(s.f_fsid)
        #else
        let identifier = UInt(s.f_fsid)
        #endif
        let numbers: [UInt] = [UInt(s.f_bsize), UInt(s.f_frsize), UInt(s.f_blocks), UInt(s.f_bfree), UInt(s.f_bavail), UInt(s.f_files), UInt(s.f_ffree),
                               UInt(s.f_favail), UInt(s.f_flag), UInt(s.f_namemax), identifier]
        let cell = try t.newStructSequence(TypeObject(t.posix(.statvfsResult)))
        for i in numbers.indices { cell[i + 2] = t.int(numbers[i]) }
        return Value(cell)
    }

    static func defineChanges(_ b: ModuleBuilder) {
        b.function("chmod", "($module, /, path, mode, *, dir_fd=None, follow_symlinks=True)", "Change the access permissions of a file.") { (t, a) throws(Raised) in
            try t.audit("os.chmod", a[0], a[1], a[2].orInt(-1))
            let path = try t.pathArgument(a[0], "chmod", allowsDescriptor: true)
            let mode = mode_t(truncatingIfNeeded: try t.cInt(a[1]))
            let directory = try t.directoryArgument(a[2])
            let follows = try t.flag(a[3], true)
            if !follows && !path.isDescriptor {
                // Linux has no such call on links; say so as CPython does.
                if t.blocking({ fchmodat(directory, path.bytes, mode, AT_SYMLINK_NOFOLLOW) }) == 0 { return .none }
                let code = ctaipan_get_errno()
                if code == ENOTSUP || code == EOPNOTSUPP {
                    if directory != AT_FDCWD { throw t.raise(.valueError, "chmod: cannot use dir_fd and follow_symlinks together") }
                    throw t.raise(.notImplementedError, "chmod: follow_symlinks unavailable on this platform")
                }
                throw t.osError(code, path.object)
            }
            try t.systemCall32(path.object) { path.isDescriptor ? fchmod(path.fd, mode) : fchmodat(directory, path.bytes, mode, 0) }
            return .none
        }
        b.function("fchmod", "($module, /, fd, mode)") { (t, a) throws(Raised) in
            try t.audit("os.chmod", a[0], a[1], Value(smallInt: -1))
            let fd = try t.cInt(a[0]), mode = mode_t(truncatingIfNeeded: try t.cInt(a[1]))
            try t.systemCall32 { fchmod(fd, mode) }
            return .none
        }
        b.function("chown", "($module, /, path, uid, gid, *, dir_fd=None, follow_symlinks=True)", "Change the owner and group id of path to the numeric uid and gid.") { (t, a) throws(Raised) in
            try t.audit("os.chown", a[0], a[1], a[2], a[3].orInt(-1))
            let path = try t.pathArgument(a[0], "chown", allowsDescriptor: true)
            let uid = try t.idArgument(a[1], "uid"), gid = try t.idArgument(a[2], "gid")
            let directory = try t.directoryArgument(a[3])
            let follows = try t.flag(a[4], true)
            try t.checkPathCombination("chown", path, directory: directory, follows: follows)
            try t.systemCall32(path.object) {
                path.isDescriptor ? fchown(path.fd, uid, gid) : fchownat(directory, path.bytes, uid, gid, follows ? 0 : AT_SYMLINK_NOFOLLOW)
            }
            return .none
        }
        b.function("lchown", "($module, /, path, uid, gid)") { (t, a) throws(Raised) in
            try t.audit("os.chown", a[0], a[1], a[2], Value(smallInt: -1))
            let path = try t.pathArgument(a[0], "lchown")
            let uid = try t.idArgument(a[1], "uid"), gid = try t.idArgument(a[2], "gid")
            try t.systemCall32(path.object) { lchown(path.bytes, uid, gid) }
            return .none
        }
        b.function("fchown", "($module, /, fd, uid, gid)") { (t, a) throws(Raised) in
            try t.audit("os.chown", a[0], a[1], a[2], Value(smallInt: -1))
            let fd = try t.cInt(a[0])
            let uid = try t.idArgument(a[1], "uid"), gid = try t.idArgument(a[2], "gid")
            try t.systemCall32 { fchown(fd, uid, gid) }
            return .none
        }
        b.function("truncate", "($module, /, path, length)", "Truncate a file, specified by path, to a specific length.") { (t, a) throws(Raised) in
            try t.audit("os.truncate", a[0], a[1])
            let path = try t.pathArgument(a[0], "truncate", allowsDescriptor: true)
            let length = try t.index(a[1])
            try t.systemCall32(path.object) { path.isDescriptor ? ftruncate(path.fd, off_t(length)) : truncate(path.bytes, off_t(length)) }
            return .none
        }
        b.function("utime", "($module, /, path, times=None, *, ns=<unrepresentable>,\n      dir_fd=None, follow_symlinks=True)", "Set the access and modified time of path.") { (t, a) throws(Raised) in
            try t.audit("os.utime", a[0], a[1].orNone, a[2].orNone, a[3].orInt(-1))
            let path = try t.pathArgument(a[0], "utime", allowsDescriptor: true)
            let directory = try t.directoryArgument(a[3])
            let follows = try t.flag(a[4], true)
            var times = try fileTimes(t, a[1], a[2])
            try t.checkPathCombination("utime", path, directory: directory, follows: follows)
            try t.systemCall32(path.object) {
                path.isDescriptor ? futimens(path.fd, &times) : utimensat(directory, path.bytes, &times, follows ? 0 : AT_SYMLINK_NOFOLLOW)
            }
            return .none
        }
    }

    /// The two times of `utime`: seconds, or nanoseconds, or now.
    private static func fileTimes(_ t: Thread, _ times: Value, _ ns: Value) throws(Raised) -> [timespec] {
        if !times.isNoneOrUnbound && ns.isBound { throw t.raise(.valueError, "utime: you may specify either 'times' or 'ns' but not both") }
        if !times.isNoneOrUnbound {
            if !times.isKind(.tuple) || TupleObject(times).count != 2 {
                throw t.raise(.typeError, "utime: 'times' must be either a tuple of two ints or None")
            }
            return [try t.timespecArgument(TupleObject(times)[0]), try t.timespecArgument(TupleObject(times)[1])]
        }
        if ns.isBound {
            if !ns.isKind(.tuple) || TupleObject(ns).count != 2 { throw t.raise(.typeError, "utime: 'ns' must be a tuple of two ints") }
            var made: [timespec] = []
            for i in 0..<2 {
                let item = TupleObject(ns)[i]
                let pair = try t.call(DictObject(t.objects.pointee.builtins).findString(t, t.intern("divmod")), item, Value(smallInt: 1_000_000_000))
                if !pair.isKind(.tuple) || TupleObject(pair).count != 2 {
                    throw t.raise(.typeError, "\(t.typeName(item)).__divmod__() must return a 2-tuple, not \(t.typeName(pair))")
                }
                guard let seconds = t.machineInt(try t.indexValue(TupleObject(pair)[0])) else { throw t.raise(.overflowError, "timestamp out of range for platform time_t") }
                made.append(timespec(tv_sec: seconds, tv_nsec: try t.index(TupleObject(pair)[1])))
            }
            return made
        }
        #if os(Linux)
        let now = (1 << 30) - 1
        #else
        let now = -1
        #endif
        return [timespec(tv_sec: 0, tv_nsec: now), timespec(tv_sec: 0, tv_nsec: now)]
    }
}

extension Thread {
    /// Seconds since the epoch, int or float, rounded down to nanoseconds.
    func timespecArgument(_ value: Value) throws(Raised) -> timespec {
        if isFloat(value) {
            let d = double(value)
            if d.isNaN { throw raise(.valueError, "Invalid value NaN (not a number)") }
            var whole = d.rounded(.down)
            var rest = ((d - whole) * 1e9).rounded(.down)
            if rest >= 1e9 {
                rest -= 1e9
                whole += 1
            }
            if whole >= 9.2233720368547758e18 || whole < -9.2233720368547758e18 { throw raise(.overflowError, "timestamp out of range for platform time_t") }
            return timespec(tv_sec: Int(whole), tv_nsec: Int(rest))
        }
        guard let n = machineInt(try indexValue(value)) else { throw raise(.overflowError, "timestamp out of range for platform time_t") }
        return timespec(tv_sec: n, tv_nsec: 0)
    }
}
