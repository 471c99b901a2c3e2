// The rest of `posix`: the environment, random bytes, configuration, times, the terminal's size, device numbers.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import CTaipan
import TaipanRuntime

enum PosixSystem {
    static func define(_ b: ModuleBuilder) {
        defineEnvironment(b)
        defineRandom(b)
        defineConfiguration(b)
        defineTimes(b)
        defineAttributes(b)
    }

    private static func defineEnvironment(_ b: ModuleBuilder) {
        b.function("putenv", "($module, name, value, /)", "Change or add an environment variable.") { (t, a) throws(Raised) in
            try t.audit("os.putenv", a[0], a[1])
            let name = try t.fileSystemBytes(a[0]), value = try t.fileSystemBytes(a[1])
            if name.contains(61) { throw t.raise(.valueError, "illegal environment variable name") }
            try t.systemCall32 { setenv(name, value, 1) }
            return .none
        }
        b.function("unsetenv", "($module, name, /)", "Delete an environment variable.") { (t, a) throws(Raised) in
            try t.audit("os.unsetenv", a[0])
            let name = try t.fileSystemBytes(a[0])
            try t.systemCall32 { unsetenv(name) }
            return .none
        }
        b.function("strerror", "($module, code, /)", "Translate an error code to a message string.") { (t, a) throws(Raised) in t.str(t.systemErrorText(try t.cInt(a[0]))) }
    }

    private static func defineRandom(_ b: ModuleBuilder) {
        b.function("urandom", "($module, size, /)", "Return a bytes object containing random bytes suitable for cryptographic use.") { (t, a) throws(Raised) in
            let size = try t.index(a[0])
            if size < 0 { throw t.raise(.valueError, "negative argument not allowed") }
            let made = try t.newBytes(size)
            var done = 0
            while done < size {
                #if os(Linux)
                done += try t.systemCall { Int(getrandom(made.data + done, min(size - done, 1 << 20), 0)) }
                #else
                let n = min(size - done, 256)
                try t.systemCall32 { getentropy(made.data + done, n) }
                done += n
                #endif
            }
            return made.value
        }
        #if os(Linux)
        b.function("getrandom", "($module, /, size, flags=0)", "Obtain a series of random bytes.") { (t, a) throws(Raised) in
            let size = try t.index(a[0])
            let flags: UInt32 = a[1].isUnbound ? 0 : UInt32(bitPattern: try t.cInt(a[1]))
            if size < 0 { throw t.osError(EINVAL) }
            let made = try t.newBytes(size)
            let n = try t.systemCall { Int(getrandom(made.data, size, flags)) }
            return n == size ? made.value : try t.bytes(made.data, n)
        }
        #endif
    }

    private static func defineConfiguration(_ b: ModuleBuilder) {
        b.function("sysconf", "($module, name, /)", "Return an integer-valued system configuration variable.") { (t, a) throws(Raised) in
            let name = try PosixModule.configurationName(t, a[0], PosixConstants.sysconf)
            ctaipan_set_errno(0)
            let n = sysconf(name)
            if n == -1 && ctaipan_get_errno() != 0 { throw t.osError(ctaipan_get_errno()) }
            return t.int(n)
        }
        b.function("confstr", "($module, name, /)", "Return a string-valued system configuration variable.") { (t, a) throws(Raised) in
            let name = try PosixModule.configurationName(t, a[0], PosixConstants.confstr)
            ctaipan_set_errno(0)
            let size = confstr(name, nil, 0)
            if size == 0 {
                if ctaipan_get_errno() != 0 { throw t.osError(ctaipan_get_errno()) }
                return .none
            }
            var text = [CChar](repeating: 0, count: size + 1)
            _ = confstr(name, &text, size)
            return try t.systemText(text, asBytes: false)
        }
        b.function("pathconf", "($module, /, path, name)", "Return the configuration limit name for the file or directory path.") { (t, a) throws(Raised) in
            let path = try t.pathArgument(a[0], "pathconf", allowsDescriptor: true)
            let name = try PosixModule.configurationName(t, a[1], PosixConstants.pathconf)
            ctaipan_set_errno(0)
            let n = path.isDescriptor ? fpathconf(path.fd, name) : pathconf(path.bytes, name)
            if n == -1 && ctaipan_get_errno() != 0 { throw ctaipan_get_errno() == EINVAL ? t.osError(EINVAL) : t.osError(ctaipan_get_errno(), path.object) }
            return t.int(n)
        }
        b.function("fpathconf", "($module, fd, name, /)", "Return the configuration limit name for the file descriptor fd.") { (t, a) throws(Raised) in
            let fd = try t.fileDescriptor(a[0])
            let name = try PosixModule.configurationName(t, a[1], PosixConstants.pathconf)
            ctaipan_set_errno(0)
            let n = fpathconf(fd, name)
            if n == -1 && ctaipan_get_errno() != 0 { throw t.osError(ctaipan_get_errno()) }
            return t.int(n)
        }
        b.function("cpu_count", "($module, /)", "Return the number of CPUs in the system; return None if indeterminable.") { (t, a) throws(Raised) in
            let n = sysconf(Int32(_SC_NPROCESSORS_ONLN))
            return n > 0 ? t.int(n) : .none
        }
        b.function("getloadavg", "($module, /)", "Return average recent system load information.") { (t, a) throws(Raised) in
            var loads = [Double](repeating: 0, count: 3)
            if getloadavg(&loads, 3) != 3 { throw t.raise(.osError, "Load averages are unobtainable") }
            return try t.tuple(t.float(loads[0]), t.float(loads[1]), t.float(loads[2]))
        }
        b.function("get_terminal_size", "($module, fd=<unrepresentable>, /)", "Return the size of the terminal window as (columns, lines).") { (t, a) throws(Raised) in
            let fd: Int32 = a[0].isUnbound ? 1 : try t.cInt(a[0])
            var size = winsize()
            if ctaipan_ioctl(fd, UInt(TIOCGWINSZ), &size) < 0 { throw t.osError(ctaipan_get_errno()) }
            return try t.structSequence(t.posix(.terminalSize), try t.row(2).adding(t.int(Int(size.ws_col))).adding(t.int(Int(size.ws_row))))
        }
        b.function("major", "($module, device, /)") { (t, a) throws(Raised) in
            let device = UInt64(bitPattern: Int64(try t.index(a[0])))
            return t.int(Int((device >> 8) & 0xFFF | (device >> 32) & 0xFFFF_F000))
        }
        b.function("minor", "($module, device, /)") { (t, a) throws(Raised) in
            let device = UInt64(bitPattern: Int64(try t.index(a[0])))
            return t.int(Int(device & 0xFF | (device >> 12) & 0xFFFF_FF00))
        }
        b.function("makedev", "($module, major, minor, /)") { (t, a) throws(Raised) in
            let major = UInt64(UInt32(bitPattern: try t.cInt(a[0]))), minor = UInt64(UInt32(bitPattern: try t.cInt(a[1])))
            let device: UInt64 = (major & 0xFFF) << 8 | (major & 0xFFFF_F000) << 32 | (minor & 0xFF) | (minor & 0xFFFF_FF00) << 12
            return t.int(UInt(device))
        }
    }

    private static func defineTimes(_ b: ModuleBuilder) {
        b.function("times", "($module, /)", "Return a collection containing process timing information.") { (t, a) throws(Raised) in
            var usage = tms()
            ctaipan_set_errno(0)
            let elapsed = times(&usage)
            if Int(elapsed) == -1 && ctaipan_get_errno() != 0 { throw t.osError(ctaipan_get_errno()) }
            let ticks = Double(max(sysconf(Int32(_SC_CLK_TCK)), 1))
            func seconds(_ n: Int) -> Value { t.float(Double(n) / ticks) }
            let fields = try t.row(5).adding(seconds(Int(usage.tms_utime))).adding(seconds(Int(usage.tms_stime))).adding(seconds(Int(usage.tms_cutime)))
                .adding(seconds(Int(usage.tms_cstime))).adding(seconds(Int(elapsed)))
            return try t.structSequence(t.posix(.timesResult), fields)
        }
        b.function("uname", "($module, /)", "Return an object identifying the current operating system.") { (t, a) throws(Raised) in
            var names = utsname()
            try t.systemCall32 { uname(&names) }
            func text<Field>(_ field: inout Field) -> Value {
                withUnsafeBytes(of: &field) { raw in
                    let bytes = raw.bindMemory(to: UInt8.self)
                    let count = bytes.firstIndex(of: 0) ?? bytes.count
                    return t.decodeFileSystem(UnsafeBufferPointer(rebasing: bytes[0..<count]))
                }
            }
            let fields = try t.row(5).adding(text(&names.sysname)).adding(text(&names.nodename)).adding(text(&names.release)).adding(text(&names.version))
                .adding(text(&names.machine))
            return try t.structSequence(t.posix(.unameResult), fields)
        }
    }

    /// Extended attributes.
    private static func defineAttributes(_ b: ModuleBuilder) {
        #if os(Linux)
        b.function("getxattr", "($module, /, path, attribute, *, follow_symlinks=True)") { (t, a) throws(Raised) in
            try t.audit("os.getxattr", a[0], a[1])
            let path = try t.pathArgument(a[0], "getxattr", allowsDescriptor: true)
            let attribute = try t.pathArgument(a[1], "getxattr", "attribute")
            let follows = try t.flag(a[2], true)
            if path.isDescriptor && !follows { throw t.raise(.valueError, "getxattr: cannot use fd and follow_symlinks together") }
            let area = try t.newBytes(65536)
            let n = try t.systemCall(path.object) {
                path.isDescriptor ? fgetxattr(path.fd, attribute.bytes, area.data, area.count)
                    : follows ? getxattr(path.bytes, attribute.bytes, area.data, area.count) : lgetxattr(path.bytes, attribute.bytes, area.data, area.count)
            }
            return try t.bytes(area.data, n)
        }
        b.function("setxattr", "($module, /, path, attribute, value, flags=0, *,\n         follow_symlinks=True)") { (t, a) throws(Raised) in
            try t.audit("os.setxattr", a[0], a[1], a[2], a[3].orInt(0))
            let path = try t.pathArgument(a[0], "setxattr", allowsDescriptor: true)
            let attribute = try t.pathArgument(a[1], "setxattr", "attribute")
            let flags: Int32 = a[3].isUnbound ? 0 : try t.cInt(a[3])
            let follows = try t.flag(a[4], true)
            if path.isDescriptor && !follows { throw t.raise(.valueError, "setxattr: cannot use fd and follow_symlinks together") }
            let view = try t.lend(a[2])
            defer { t.giveBack(view) }
            try t.systemCall32(path.object) {
                path.isDescriptor ? fsetxattr(path.fd, attribute.bytes, view.base, view.count, flags)
                    : follows ? setxattr(path.bytes, attribute.bytes, view.base, view.count, flags) : lsetxattr(path.bytes, attribute.bytes, view.base, view.count, flags)
            }
            return .none
        }
        b.function("removexattr", "($module, /, path, attribute, *, follow_symlinks=True)") { (t, a) throws(Raised) in
            try t.audit("os.removexattr", a[0], a[1])
            let path = try t.pathArgument(a[0], "removexattr", allowsDescriptor: true)
            let attribute = try t.pathArgument(a[1], "removexattr", "attribute")
            let follows = try t.flag(a[2], true)
            if path.isDescriptor && !follows { throw t.raise(.valueError, "removexattr: cannot use fd and follow_symlinks together") }
            try t.systemCall32(path.object) {
                path.isDescriptor ? fremovexattr(path.fd, attribute.bytes) : follows ? removexattr(path.bytes, attribute.bytes) : lremovexattr(path.bytes, attribute.bytes)
            }
            return .none
        }
        b.function("listxattr", "($module, /, path=None, *, follow_symlinks=True)") { (t, a) throws(Raised) in
            try t.audit("os.listxattr", a[0].orNone)
            let path = try t.pathArgument(a[0], "listxattr", allowsDescriptor: true, nullable: true)
            let follows = try t.flag(a[1], true)
            if path.isDescriptor && !follows { throw t.raise(.valueError, "listxattr: cannot use fd and follow_symlinks together") }
            var area = [CChar](repeating: 0, count: 65536)
            let n = try t.systemCall(path.object) {
                path.isDescriptor ? flistxattr(path.fd, &area, 65536) : follows ? listxattr(path.bytes, &area, 65536) : llistxattr(path.bytes, &area, 65536)
            }
            let list = try t.newList()
            for part in area[0..<n].split(separator: 0) {
                let text = part.map { UInt8(bitPattern: $0) }
                try t.append(list, text.withUnsafeBufferPointer { t.decodeFileSystem($0) })
            }
            return list.value
        }
        #endif
    }
}

extension Thread {
    /// `<class 'x'>`.
    func reprTypeText(_ value: Value) -> String {
        do throws(Raised) { return try reprText(type(of: value).value) } catch {
            _ = takePending()
            return ""
        }
    }
}
