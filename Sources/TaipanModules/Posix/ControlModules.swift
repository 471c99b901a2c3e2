// `fcntl` and `resource`: control over descriptors and over what a process may use.

import CTaipan
#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

enum ControlModules {
    // MARK: fcntl

    static func defineFcntl(_ m: ModuleBuilder) throws(Raised) {
        m.str("__doc__", "This module performs file control and I/O control on file\ndescriptors.")
        m.function("fcntl", "($module, fd, cmd, arg=0, /)", "Perform the operation `cmd` on file descriptor fd.") { (t, a) throws(Raised) in
            try t.audit("fcntl.fcntl", a[0], a[1], a[2].orInt(0))
            let fd = try t.fileDescriptor(a[0]), command = try t.cInt(a[1])
            if a[2].isBound && !t.isInt(a[2]) && (a[2].isKind(.str) || t.hasBuffer(a[2])) {
                var bytes = try argumentBytes(t, a[2], "fcntl")
                let count = bytes.count
                bytes += [UInt8](repeating: 0, count: 1024 - count)
                try t.systemCall32 { bytes.withUnsafeMutableBytes { ctaipan_fcntl(fd, command, Int(bitPattern: $0.baseAddress)) } }
                return try t.bytes(Array(bytes.prefix(count)))
            }
            let argument = a[2].isUnbound ? 0 : try wordArgument(t, a[2])
            return t.int(Int(try t.systemCall32 { ctaipan_fcntl(fd, command, argument) }))
        }
        m.function("ioctl", "($module, fd, request, arg=0, mutate_flag=True, /)", "Perform the operation request on file descriptor fd.") { (t, a) throws(Raised) in
            try t.audit("fcntl.ioctl", a[0], a[1], a[2].orInt(0))
            return try ioctl(t, a)
        }
        m.function("flock", "($module, fd, operation, /)", "Perform the lock operation `operation` on file descriptor `fd`.") { (t, a) throws(Raised) in
            try t.audit("fcntl.flock", a[0], a[1])
            let fd = try t.fileDescriptor(a[0]), operation = try t.cInt(a[1])
            try t.systemCall32 { flock(fd, operation) }
            return .none
        }
        m.function("lockf", "($module, fd, cmd, len=0, start=0, whence=0, /)", "A wrapper around the fcntl() locking calls.") { (t, a) throws(Raised) in
            try t.audit("fcntl.lockf", a[0], a[1], a[2].orInt(0), a[3].orInt(0), a[4].orInt(0))
            let fd = try t.fileDescriptor(a[0]), command = try t.cInt(a[1])
            var lock = Glibc.flock()
            if command == 8 {
                lock.l_type = Int16(F_UNLCK)
            } else if command & 1 != 0 {
                lock.l_type = Int16(F_RDLCK)
            } else if command & 2 != 0 {
                lock.l_type = Int16(F_WRLCK)
            } else {
                throw t.raise(.valueError, "unrecognized lockf argument")
            }
            lock.l_len = a[2].isUnbound ? 0 : try t.index(a[2])
            lock.l_start = a[3].isUnbound ? 0 : try t.index(a[3])
            lock.l_whence = Int16(a[4].isUnbound ? 0 : try t.cInt(a[4]))
            let operation = command & 4 != 0 ? F_SETLK : F_SETLKW
            try withUnsafeMutablePointer(to: &lock) { (p) throws(Raised) in
                _ = try t.systemCall32 { ctaipan_fcntl(fd, operation, Int(bitPattern: p)) }
            }
            return .none
        }
        try PosixModule.forEachEntry(fcntlConstants) { (name, n) throws(Raised) in try m.dict.setString(m.t, m.t.intern(m.t.str(utf8: name)), m.t.int(n)) }
    }

    private static func wordArgument(_ t: Thread, _ value: Value) throws(Raised) -> Int {
        let n = try t.index(value)
        if n > Int(UInt32.max) || n < Int(Int32.min) { throw t.raise(.overflowError, "unsigned int is greater than maximum") }
        return n
    }

    private static func argumentBytes(_ t: Thread, _ value: Value, _ function: String) throws(Raised) -> [UInt8] {
        let source: Value = value.isKind(.str) ? try t.callMethod(value, t.intern("encode")) : value
        let view = try t.buffer(of: source)
        defer { t.release(view) }
        if view.count > 1024 { throw t.raise(.valueError, "\(function) string arg too long") }
        return Array(view.bytes)
    }

    private static func ioctl(_ t: Thread, _ a: Arguments) throws(Raised) -> Value {
        let fd = try t.fileDescriptor(a[0])
        let request = UInt(bitPattern: try t.index(a[1]))
        if a[2].isUnbound || t.isInt(a[2]) {
            let argument = a[2].isUnbound ? 0 : try wordArgument(t, a[2])
            return t.int(Int(try t.systemCall32 { ctaipan_ioctl(fd, request, UnsafeMutableRawPointer(bitPattern: argument)) }))
        }
        let mutates = a[3].isUnbound ? true : try t.truth(a[3])
        if mutates && !a[2].isKind(.str) && !a[2].isKind(.bytes), t.hasBuffer(a[2]) {
            let view = try t.buffer(of: a[2], writable: true)
            defer { t.release(view) }
            if !view.isReadOnly {
                // Short buffers are worked on in a copy with room: a request may write more than its caller thought.
                if view.count >= 1024 { return t.int(Int(try t.systemCall32 { ctaipan_ioctl(fd, request, view.base) })) }
                var bytes = Array(view.bytes) + [UInt8](repeating: 0, count: 1024 - view.count)
                let result = try t.systemCall32 { bytes.withUnsafeMutableBytes { ctaipan_ioctl(fd, request, $0.baseAddress) } }
                let target = view.mutableBytes
                for i in 0..<target.count { target[i] = bytes[i] }
                return t.int(Int(result))
            }
        }
        var bytes = try argumentBytes(t, a[2], "ioctl")
        let count = bytes.count
        bytes += [UInt8](repeating: 0, count: 1024 - count)
        try t.systemCall32 { bytes.withUnsafeMutableBytes { ctaipan_ioctl(fd, request, $0.baseAddress) } }
        return try t.bytes(Array(bytes.prefix(count)))
    }

    private static var fcntlConstants: StaticString {
        """
        DN_ACCESS 1;DN_ATTRIB 32;DN_CREATE 4;DN_DELETE 8;DN_MODIFY 2;DN_MULTISHOT 2147483648;DN_RENAME 16;FASYNC 8192;FD_CLOEXEC 1;\
        FICLONE 1074041865;FICLONERANGE 1075876877;F_ADD_SEALS 1033;F_DUPFD 0;F_DUPFD_CLOEXEC 1030;F_EXLCK 4;F_GETFD 1;F_GETFL 3;F_GETLEASE 1025;\
        F_GETLK 5;F_GETLK64 5;F_GETOWN 9;F_GETPIPE_SZ 1032;F_GETSIG 11;F_GET_SEALS 1034;F_NOTIFY 1026;F_OFD_GETLK 36;F_OFD_SETLK 37;F_OFD_SETLKW 38;\
        F_RDLCK 0;F_SEAL_GROW 4;F_SEAL_SEAL 1;F_SEAL_SHRINK 2;F_SEAL_WRITE 8;F_SETFD 2;F_SETFL 4;F_SETLEASE 1024;F_SETLK 6;F_SETLK64 6;F_SETLKW 7;\
        F_SETLKW64 7;F_SETOWN 8;F_SETPIPE_SZ 1031;F_SETSIG 10;F_SHLCK 8;F_UNLCK 2;F_WRLCK 1;LOCK_EX 2;LOCK_MAND 32;LOCK_NB 4;LOCK_READ 64;LOCK_RW 192;\
        LOCK_SH 1;LOCK_UN 8;LOCK_WRITE 128
        """
    }

    // MARK: resource

    static func defineResource(_ m: ModuleBuilder) throws(Raised) {
        let t = m.t
        m.set("error", t.types.pointee.osError)
        let type = try t.newStructSequenceType("struct_rusage", module: "resource", doc: "struct_rusage: Result from getrusage.\n\nThis object may be accessed either as a tuple of\n    (utime,stime,maxrss,ixrss,idrss,isrss,minflt,majflt,\n    nswap,inblock,oublock,msgsnd,msgrcv,nsignals,nvcsw,nivcsw)\nor via the attributes ru_utime, ru_stime, ru_maxrss, and so on.",
                                               StructSequenceLayout(["ru_utime", "ru_stime", "ru_maxrss", "ru_ixrss", "ru_idrss", "ru_isrss", "ru_minflt", "ru_majflt", "ru_nswap", "ru_inblock", "ru_oublock", "ru_msgsnd", "ru_msgrcv", "ru_nsignals", "ru_nvcsw", "ru_nivcsw"]))
        m.set("struct_rusage", type.value)
        try t.keep("resource", try t.tuple(type.value))
        m.function("getrusage", "($module, who, /)") { (t, a) throws(Raised) in
            var usage = rusage()
            let who = try t.cInt(a[0])
            if ctaipan_getrusage(who, &usage) != 0 {
                if ctaipan_get_errno() == EINVAL { throw t.raise(.valueError, "invalid who parameter") }
                throw t.osError(ctaipan_get_errno())
            }
            let cell = try t.newStructSequence(t.kept("resource", 0))
            cell[2] = t.float(Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) * 1e-6)
            cell[3] = t.float(Double(usage.ru_stime.tv_sec) + Double(usage.ru_stime.tv_usec) * 1e-6)
            let counts: [Int] = [usage.ru_maxrss, usage.ru_ixrss, usage.ru_idrss, usage.ru_isrss, usage.ru_minflt, usage.ru_majflt, usage.ru_nswap,
                                 usage.ru_inblock, usage.ru_oublock, usage.ru_msgsnd, usage.ru_msgrcv, usage.ru_nsignals, usage.ru_nvcsw, usage.ru_nivcsw]
            for i in counts.indices { cell[4 + i] = t.int(counts[i]) }
            return Value(cell)
        }
        m.function("getrlimit", "($module, resource, /)") { (t, a) throws(Raised) in try limits(t, 0, try t.cInt(a[0]), .unbound) }
        m.function("setrlimit", "($module, resource, limits, /)") { (t, a) throws(Raised) in
            try t.audit("resource.setrlimit", a[0], a[1])
            _ = try limits(t, 0, try t.cInt(a[0]), a[1])
            return .none
        }
        m.function("prlimit", "($module, pid, resource, limits=None, /)") { (t, a) throws(Raised) in
            try t.audit("resource.prlimit", a[0], a[1], a[2].orNone)
            return try limits(t, try t.cInt(a[0]), try t.cInt(a[1]), a[2].isNoneOrUnbound ? .unbound : a[2])
        }
        m.function("getpagesize", "($module, /)") { (t, _) in t.int(Int(sysconf(Int32(_SC_PAGESIZE)))) }
        for (name, n) in [("RLIMIT_AS", 9), ("RLIMIT_CORE", 4), ("RLIMIT_CPU", 0), ("RLIMIT_DATA", 2), ("RLIMIT_FSIZE", 1), ("RLIMIT_MEMLOCK", 8), ("RLIMIT_MSGQUEUE", 12),
                          ("RLIMIT_NICE", 13), ("RLIMIT_NOFILE", 7), ("RLIMIT_NPROC", 6), ("RLIMIT_OFILE", 7), ("RLIMIT_RSS", 5), ("RLIMIT_RTPRIO", 14), ("RLIMIT_RTTIME", 15),
                          ("RLIMIT_SIGPENDING", 11), ("RLIMIT_STACK", 3), ("RLIM_INFINITY", -1), ("RUSAGE_CHILDREN", -1), ("RUSAGE_SELF", 0), ("RUSAGE_THREAD", 1)] as [(StaticString, Int)] {
            m.int(name, n)
        }
    }

    /// Reads the limits of a resource, after setting them when new ones are given. Gives the ones before.
    private static func limits(_ t: Thread, _ pid: Int32, _ resource: Int32, _ new: Value) throws(Raised) -> Value {
        if resource < 0 || resource >= 16 { throw t.raise(.valueError, "invalid resource specified") }
        var soft: Int = 0, hard: Int = 0, oldSoft: Int = 0, oldHard: Int = 0
        if new.isBound {
            let pair = try t.tupleFrom(new)
            if pair.count != 2 { throw t.raise(.valueError, "expected a tuple of 2 integers") }
            soft = try t.index(pair[0])
            hard = try t.index(pair[1])
        }
        if ctaipan_limits(pid, resource, new.isBound ? 1 : 0, soft, hard, &oldSoft, &oldHard) != 0 {
            let code = ctaipan_get_errno()
            if code == EINVAL { throw t.raise(.valueError, "current limit exceeds maximum limit") }
            if code == EPERM && pid == 0 { throw t.raise(.valueError, "not allowed to raise maximum limit") }
            throw t.osError(code)
        }
        return try t.tuple(t.int(oldSoft), t.int(oldHard))
    }
}
