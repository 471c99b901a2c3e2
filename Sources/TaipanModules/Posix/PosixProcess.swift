// Processes: ids, fork and exec, waiting, signals, scheduling.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import CTaipan
import TaipanRuntime

/// C strings in memory of their own, as exec wants them.
final class CStringArray {
    private(set) var pointers: [UnsafeMutablePointer<CChar>?] = []
    func append(_ text: [CChar]) { pointers.append(strdup(text)) }
    func finish() { pointers.append(nil) }
    deinit { for pointer in pointers { free(pointer) } }
}

enum PosixProcess {
    static func define(_ b: ModuleBuilder) {
        b.function("fork", "($module, /)", "Fork a child process.\n\nReturn 0 to child process and PID of child to parent process.") { (t, a) throws(Raised) in
            try t.audit("os.fork")
            try callForkHooks(t, .forkBefore, reversed: true)
            let pid = ctaipan_fork()
            let code = ctaipan_get_errno()
            if pid == 0 {
                t.forgetOtherThreads()
                t.forgetRunObserver()
            }
            try callForkHooks(t, pid == 0 ? .forkInChild : .forkInParent, reversed: false)
            if pid < 0 { throw t.osError(code) }
            return t.int(Int(pid))
        }
        b.function("forkpty", "($module, /)", "Fork a new process with a new pseudo-terminal as controlling tty.\n\nReturns a tuple of (pid, master_fd).\nLike fork(), return pid of 0 to the child process,\nand pid of child to the parent process.\nTo both, return fd of newly opened pseudo-terminal.") { (t, _) throws(Raised) in
            try t.audit("os.forkpty")
            try callForkHooks(t, .forkBefore, reversed: true)
            var controller: Int32 = -1
            let pid = ctaipan_forkpty(&controller)
            let code = ctaipan_get_errno()
            if pid == 0 { t.forgetRunObserver() }
            try callForkHooks(t, pid == 0 ? .forkInChild : .forkInParent, reversed: false)
            if pid < 0 { throw t.osError(code) }
            return try t.tuple(t.int(Int(pid)), t.int(Int(controller)))
        }
        b.function("register_at_fork", "($module, /, *, before=<unrepresentable>,\n                 after_in_child=<unrepresentable>,\n                 after_in_parent=<unrepresentable>)") { (t, a) throws(Raised) in
            if a[0].isUnbound && a[1].isUnbound && a[2].isUnbound { throw t.raise(.typeError, "At least one argument is required.") }
            for (i, label) in ["before", "after_in_child", "after_in_parent"].enumerated() where a[i].isBound {
                if !t.type(of: a[i]).slots.pointee.call.isSet { throw t.raise(.typeError, "'\(label)' must be callable, not \(t.typeName(a[i]))") }
            }
            for (i, entry) in [PosixEntry.forkBefore, .forkInChild, .forkInParent].enumerated() where a[i].isBound {
                if t.posix(entry).isUnbound { t.setPosix(entry, try t.newList().value) }
                try t.append(ListObject(t.posix(entry)), a[i])
            }
            return .none
        }
        b.function("_exit", "($module, /, status)", "Exit to the system with specified status, without normal exit processing.") { (t, a) throws(Raised) in
            let status = try t.cInt(a[0])
            t.tell(.processEnds(how: "os._exit", status: Int(status) & 0xFF))
            _exit(status)
        }
        b.function("abort", "($module, /)", "Abort the interpreter immediately.") { (t, a) throws(Raised) in
            t.tell(.processEnds(how: "os.abort", status: -Int(SIGABRT)))
            abort()
        }
        b.function("execv", "($module, path, argv, /)", "Execute an executable path with arguments, replacing current process.") { (t, a) throws(Raised) in
            try t.audit("os.exec", a[0], a[1], .none)
            let path = try t.pathArgument(a[0], "execv")
            let arguments = try argumentVector(t, a[1], "execv", kinds: "tuple or list")
            if access(path.bytes, X_OK) == 0 { t.tell(.processEnds(how: "exec", status: 0)) }
            _ = execv(path.bytes, arguments.pointers)
            throw t.osError(ctaipan_get_errno(), path.object)
        }
        b.function("execve", "($module, /, path, argv, env)", "Execute an executable path with arguments, replacing current process.") { (t, a) throws(Raised) in
            try t.audit("os.exec", a[0], a[1], a[2])
            let path = try t.pathArgument(a[0], "execve", allowsDescriptor: true)
            let arguments = try argumentVector(t, a[1], "execve", kinds: "tuple or list", label: "execve: argv")
            let environment = try environmentVector(t, a[2], "execve")
            if path.isDescriptor || access(path.bytes, X_OK) == 0 { t.tell(.processEnds(how: "exec", status: 0)) }
            if path.isDescriptor { _ = fexecve(path.fd, arguments.pointers, environment.pointers) } else { _ = execve(path.bytes, arguments.pointers, environment.pointers) }
            throw t.osError(ctaipan_get_errno(), path.object)
        }
        b.function("system", "($module, /, command)", "Execute the command in a subshell.") { (t, a) throws(Raised) in
            t.settleDropped("system")
            try t.audit("os.system", a[0])
            let command = try t.fileSystemBytes(a[0])
            return t.int(Int(t.blocking { runShell(command) }))
        }
        b.function("kill", "($module, pid, signal, /)", "Kill a process with a signal.") { (t, a) throws(Raised) in
            try t.audit("os.kill", a[0], a[1])
            let pid = try t.cInt(a[0]), number = try t.cInt(a[1])
            try t.systemCall32 { kill(pid, number) }
            try t.checkSignals()
            return .none
        }
        b.function("killpg", "($module, pgid, signal, /)", "Kill a process group with a signal.") { (t, a) throws(Raised) in
            try t.audit("os.killpg", a[0], a[1])
            let pid = try t.cInt(a[0]), number = try t.cInt(a[1])
            try t.systemCall32 { killpg(pid, number) }
            try t.checkSignals()
            return .none
        }
        defineWaiting(b)
        PosixSpawn.define(b)
    }

    static func callForkHooks(_ t: Thread, _ entry: PosixEntry, reversed: Bool) throws(Raised) {
        if t.objects.pointee.posixState.isUnbound || t.posix(entry).isUnbound { return }
        let hooks = try t.tupleFrom(t.posix(entry))
        for i in 0..<hooks.count {
            do throws(Raised) {
                _ = try t.call(hooks[reversed ? hooks.count - 1 - i : i])
            } catch { t.reportUnraisable(hooks[reversed ? hooks.count - 1 - i : i]) }
        }
    }

    /// The argument vector of exec.
    static func argumentVector(_ t: Thread, _ value: Value, _ function: String, kinds: String, label: String? = nil) throws(Raised) -> CStringArray {
        let place = label ?? "\(function)() arg 2"
        if !value.isKind(.tuple) && !value.isKind(.list) { throw t.raise(.typeError, "\(place) must be a \(kinds)") }
        let items = try t.tupleFrom(value)
        if items.count == 0 { throw t.raise(.valueError, "\(place) must not be empty") }
        let made = CStringArray()
        for i in 0..<items.count { made.append(try t.fileSystemBytes(items[i])) }
        if let first = made.pointers[0], first[0] == 0 { throw t.raise(.valueError, "\(place) first element cannot be empty") }
        made.finish()
        return made
    }

    /// "NAME=value" strings of a mapping.
    static func environmentVector(_ t: Thread, _ mapping: Value, _ function: String) throws(Raised) -> CStringArray {
        let type = t.type(of: mapping)
        if !type.slots.pointee.getItem.isSet { throw t.raise(.typeError, "\(function): environment must be a mapping object") }
        let keys = try t.listFrom(try t.callMethod(mapping, t.name(.keys)))
        let values = try t.listFrom(try t.callMethod(mapping, t.name(.values)))
        let made = CStringArray()
        for i in 0..<min(keys.count, values.count) {
            let key = try t.fileSystemBytes(keys[i])
            let value = try t.fileSystemBytes(values[i])
            if key.count == 1 || key.dropFirst().contains(61) { throw t.raise(.valueError, "illegal environment variable name") }
            made.append(key.dropLast() + [61] + value)
        }
        made.finish()
        return made
    }

    /// system(3) by hand, with the signals it sets.
    private static func runShell(_ command: [CChar]) -> Int32 { command.withUnsafeBufferPointer { system($0.baseAddress) } }

    // MARK: Waiting

    private static func defineWaiting(_ b: ModuleBuilder) {
        b.function("waitpid", "($module, pid, options, /)", "Wait for completion of a given child process.") { (t, a) throws(Raised) in
            let pid = try t.cInt(a[0]), options = try t.cInt(a[1])
            var status: Int32 = 0
            let done = try t.systemCall32 { waitpid(pid, &status, options) }
            return try t.tuple(t.int(Int(done)), t.int(Int(status)))
        }
        b.function("wait", "($module, /)", "Wait for completion of a child process.") { (t, a) throws(Raised) in
            var status: Int32 = 0
            let done = try t.systemCall32 { wait(&status) }
            return try t.tuple(t.int(Int(done)), t.int(Int(status)))
        }
        b.function("wait3", "($module, /, options)") { (t, a) throws(Raised) in
            let options = try t.cInt(a[0])
            var status: Int32 = 0
            var usage = rusage()
            let done = try t.systemCall32 { wait3(&status, options, &usage) }
            return try waitAnswer(t, done, status, usage)
        }
        b.function("wait4", "($module, /, pid, options)") { (t, a) throws(Raised) in
            let pid = try t.cInt(a[0]), options = try t.cInt(a[1])
            var status: Int32 = 0
            var usage = rusage()
            let done = try t.systemCall32 { wait4(pid, &status, options, &usage) }
            return try waitAnswer(t, done, status, usage)
        }
        #if os(Linux)
        b.function("waitid", "($module, idtype, id, options, /)") { (t, a) throws(Raised) in
            let kind = try t.cInt(a[0]), id = try t.cInt(a[1]), options = try t.cInt(a[2])
            // siginfo_t: signal, errno, code, then (aligned to 8) pid, uid, status.
            var info = [Int32](repeating: 0, count: 32)
            try t.systemCall32 {
                info.withUnsafeMutableBytes { raw in
                    waitid(idtype_t(UInt32(bitPattern: kind)), id_t(bitPattern: id), raw.baseAddress?.assumingMemoryBound(to: siginfo_t.self), options)
                }
            }
            if info[4] == 0 { return .none }
            return try t.structSequence(t.posix(.waitidResult), try t.row(5).adding(t.int(Int(info[4]))).adding(t.int(Int(info[5])))
                .adding(t.int(Int(info[0]))).adding(t.int(Int(info[6]))).adding(t.int(Int(info[2]))))
        }
        b.function("pidfd_open", "($module, /, pid, flags=0)") { (t, a) throws(Raised) in
            let pid = try t.cInt(a[0])
            let flags: UInt32 = a[1].isUnbound ? 0 : UInt32(truncatingIfNeeded: try t.index(a[1]))
            return t.int(Int(try t.systemCall32 { ctaipan_pidfd_open(pid, flags) }))
        }
        #endif
        b.function("WIFEXITED", "($module, /, status)") { (t, a) throws(Raised) in Value(try t.cInt(a[0]) & 0x7F == 0) }
        b.function("WEXITSTATUS", "($module, /, status)") { (t, a) throws(Raised) in t.int(Int((try t.cInt(a[0]) >> 8) & 0xFF)) }
        b.function("WIFSIGNALED", "($module, /, status)") { (t, a) throws(Raised) in
            let low = try t.cInt(a[0]) & 0x7F
            return Value(low != 0 && low != 0x7F)
        }
        b.function("WTERMSIG", "($module, /, status)") { (t, a) throws(Raised) in t.int(Int(try t.cInt(a[0]) & 0x7F)) }
        b.function("WIFSTOPPED", "($module, /, status)") { (t, a) throws(Raised) in Value(try t.cInt(a[0]) & 0xFF == 0x7F) }
        b.function("WSTOPSIG", "($module, /, status)") { (t, a) throws(Raised) in t.int(Int((try t.cInt(a[0]) >> 8) & 0xFF)) }
        b.function("WIFCONTINUED", "($module, /, status)") { (t, a) throws(Raised) in Value(try t.cInt(a[0]) == 0xFFFF) }
        b.function("WCOREDUMP", "($module, status, /)") { (t, a) throws(Raised) in Value(try t.cInt(a[0]) & 0x80 != 0) }
        b.function("waitstatus_to_exitcode", "($module, /, status)", "Convert a wait status to an exit code.") { (t, a) throws(Raised) in
            let status = try t.cInt(a[0])
            let low = status & 0x7F
            if low == 0 { return t.int(Int((status >> 8) & 0xFF)) }
            if status & 0xFF == 0x7F { throw t.raise(.valueError, "process stopped by delivery of signal \((status >> 8) & 0xFF)") }
            if low != 0x7F { return t.int(-Int(low)) }
            throw t.raise(.valueError, "invalid wait status: \(status)")
        }
    }

    private static func waitAnswer(_ t: Thread, _ pid: Int32, _ status: Int32, _ usage: rusage) throws(Raised) -> Value {
        let module = try t.importModule(t.str("resource"), .unbound, .unbound, 0)
        func seconds(_ time: timeval) -> Value { t.float(Double(time.tv_sec) + Double(time.tv_usec) * 1e-6) }
        var fields = try t.row(16).adding(seconds(usage.ru_utime)).adding(seconds(usage.ru_stime))
        for n in [usage.ru_maxrss, usage.ru_ixrss, usage.ru_idrss, usage.ru_isrss, usage.ru_minflt, usage.ru_majflt, usage.ru_nswap, usage.ru_inblock,
                  usage.ru_oublock, usage.ru_msgsnd, usage.ru_msgrcv, usage.ru_nsignals, usage.ru_nvcsw, usage.ru_nivcsw] { fields = fields.adding(t.int(Int(n))) }
        let made = try t.call(try t.getattr(module, t.intern("struct_rusage")), fields.tuple.value)
        return try t.tuple(t.int(Int(pid)), t.int(Int(status)), made)
    }

    // MARK: Identity

    static func defineIdentity(_ b: ModuleBuilder) {
        b.function("getpid", "($module, /)", "Return the current process id.") { (t, a) throws(Raised) in t.int(Int(getpid())) }
        b.function("getppid", "($module, /)", "Return the parent's process id.") { (t, a) throws(Raised) in t.int(Int(getppid())) }
        b.function("getuid", "($module, /)") { (t, a) throws(Raised) in t.idValue(getuid()) }
        b.function("geteuid", "($module, /)") { (t, a) throws(Raised) in t.idValue(geteuid()) }
        b.function("getgid", "($module, /)") { (t, a) throws(Raised) in t.idValue(getgid()) }
        b.function("getegid", "($module, /)") { (t, a) throws(Raised) in t.idValue(getegid()) }
        b.function("getpgrp", "($module, /)") { (t, a) throws(Raised) in t.int(Int(getpgrp())) }
        b.function("getpgid", "($module, /, pid)") { (t, a) throws(Raised) in
            let pid = try t.cInt(a[0])
            return t.int(Int(try t.systemCall32 { getpgid(pid) }))
        }
        b.function("getsid", "($module, pid, /)") { (t, a) throws(Raised) in
            let pid = try t.cInt(a[0])
            return t.int(Int(try t.systemCall32 { getsid(pid) }))
        }
        b.function("setsid", "($module, /)") { (t, a) throws(Raised) in
            try t.systemCall32 { setsid() }
            return .none
        }
        b.function("setpgid", "($module, pid, pgrp, /)") { (t, a) throws(Raised) in
            let pid = try t.cInt(a[0]), group = try t.cInt(a[1])
            try t.systemCall32 { setpgid(pid, group) }
            return .none
        }
        b.function("setpgrp", "($module, /)") { (t, a) throws(Raised) in
            try t.systemCall32 { setpgid(0, 0) }
            return .none
        }
        b.function("tcgetpgrp", "($module, fd, /)") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0])
            return t.int(Int(try t.systemCall32 { tcgetpgrp(fd) }))
        }
        b.function("tcsetpgrp", "($module, fd, pgid, /)") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0]), group = try t.cInt(a[1])
            try t.systemCall32 { tcsetpgrp(fd, group) }
            return .none
        }
        defineIds(b)
        b.function("getgroups", "($module, /)") { (t, a) throws(Raised) in
            let count = try t.systemCall32 { getgroups(0, nil) }
            var groups = [gid_t](repeating: 0, count: max(Int(count), 1))
            let n = try t.systemCall32 { getgroups(count, &groups) }
            let list = try t.newList()
            for i in 0..<Int(n) { try t.append(list, t.idValue(groups[i])) }
            return list.value
        }
        b.function("setgroups", "($module, groups, /)") { (t, a) throws(Raised) in
            if !t.isSequence(a[0]) { throw t.raise(.typeError, "setgroups argument must be a sequence") }
            let items = try t.tupleFrom(a[0])
            var groups: [gid_t] = []
            for i in 0..<items.count { groups.append(try t.idArgument(items[i], "gid")) }
            try t.systemCall32 { setgroups(groups.count, groups) }
            return .none
        }
        b.function("getgrouplist", "($module, user, group, /)") { (t, a) throws(Raised) in
            let user = try t.fileSystemBytes(a[0]), group = try t.idArgument(a[1], "gid")
            var count: Int32 = 1024
            var groups = [gid_t](repeating: 0, count: 1024)
            if getgrouplist(user, group, &groups, &count) < 0 { throw t.osError(ctaipan_get_errno()) }
            let list = try t.newList()
            for i in 0..<Int(count) { try t.append(list, t.idValue(groups[i])) }
            return list.value
        }
        b.function("initgroups", "($module, username, gid, /)") { (t, a) throws(Raised) in
            let user = try t.fileSystemBytes(a[0]), group = try t.idArgument(a[1], "gid")
            try t.systemCall32 { initgroups(user, group) }
            return .none
        }
        b.function("getlogin", "($module, /)") { (t, a) throws(Raised) in
            var text = [CChar](repeating: 0, count: 256)
            let code = getlogin_r(&text, 256)
            if code != 0 { throw t.osError(code) }
            return try t.systemText(text, asBytes: false)
        }
    }

    private static func defineIds(_ b: ModuleBuilder) {
        b.function("setuid", "($module, uid, /)") { (t, a) throws(Raised) in
            let id = try t.idArgument(a[0], "uid")
            try t.systemCall32 { setuid(id) }
            return .none
        }
        b.function("seteuid", "($module, euid, /)") { (t, a) throws(Raised) in
            let id = try t.idArgument(a[0], "uid")
            try t.systemCall32 { seteuid(id) }
            return .none
        }
        b.function("setgid", "($module, gid, /)") { (t, a) throws(Raised) in
            let id = try t.idArgument(a[0], "gid")
            try t.systemCall32 { setgid(id) }
            return .none
        }
        b.function("setegid", "($module, egid, /)") { (t, a) throws(Raised) in
            let id = try t.idArgument(a[0], "gid")
            try t.systemCall32 { setegid(id) }
            return .none
        }
        b.function("setreuid", "($module, ruid, euid, /)") { (t, a) throws(Raised) in
            let real = try t.idArgument(a[0], "uid"), effective = try t.idArgument(a[1], "uid")
            try t.systemCall32 { setreuid(real, effective) }
            return .none
        }
        b.function("setregid", "($module, rgid, egid, /)") { (t, a) throws(Raised) in
            let real = try t.idArgument(a[0], "gid"), effective = try t.idArgument(a[1], "gid")
            try t.systemCall32 { setregid(real, effective) }
            return .none
        }
        #if os(Linux)
        b.function("setresuid", "($module, ruid, euid, suid, /)") { (t, a) throws(Raised) in
            let real = try t.idArgument(a[0], "uid"), effective = try t.idArgument(a[1], "uid"), saved = try t.idArgument(a[2], "uid")
            try t.systemCall32 { setresuid(real, effective, saved) }
            return .none
        }
        b.function("setresgid", "($module, rgid, egid, sgid, /)") { (t, a) throws(Raised) in
            let real = try t.idArgument(a[0], "gid"), effective = try t.idArgument(a[1], "gid"), saved = try t.idArgument(a[2], "gid")
            try t.systemCall32 { setresgid(real, effective, saved) }
            return .none
        }
        b.function("getresuid", "($module, /)") { (t, a) throws(Raised) in
            var ids: (uid_t, uid_t, uid_t) = (0, 0, 0)
            try t.systemCall32 { getresuid(&ids.0, &ids.1, &ids.2) }
            return try t.tuple(t.idValue(ids.0), t.idValue(ids.1), t.idValue(ids.2))
        }
        b.function("getresgid", "($module, /)") { (t, a) throws(Raised) in
            var ids: (gid_t, gid_t, gid_t) = (0, 0, 0)
            try t.systemCall32 { getresgid(&ids.0, &ids.1, &ids.2) }
            return try t.tuple(t.idValue(ids.0), t.idValue(ids.1), t.idValue(ids.2))
        }
        #endif
    }

    // MARK: Scheduling

    static func defineScheduling(_ b: ModuleBuilder) {
        b.function("nice", "($module, increment, /)") { (t, a) throws(Raised) in
            let n = try t.cInt(a[0])
            ctaipan_set_errno(0)
            let value = nice(n)
            if value == -1 && ctaipan_get_errno() != 0 { throw t.osError(ctaipan_get_errno()) }
            return t.int(Int(value))
        }
        b.function("sched_yield", "($module, /)") { (t, a) throws(Raised) in
            _ = t.blocking { sched_yield() }
            return .none
        }
        b.function("sched_get_priority_max", "($module, /, policy)") { (t, a) throws(Raised) in
            let policy = try t.cInt(a[0])
            return t.int(Int(try t.systemCall32 { sched_get_priority_max(policy) }))
        }
        b.function("sched_get_priority_min", "($module, /, policy)") { (t, a) throws(Raised) in
            let policy = try t.cInt(a[0])
            return t.int(Int(try t.systemCall32 { sched_get_priority_min(policy) }))
        }
        #if os(Linux)
        b.function("getpriority", "($module, /, which, who)") { (t, a) throws(Raised) in
            let which = try t.cInt(a[0]), who = try t.cInt(a[1])
            ctaipan_set_errno(0)
            let value = getpriority(__priority_which_t(UInt32(bitPattern: which)), id_t(bitPattern: who))
            if ctaipan_get_errno() != 0 { throw t.osError(ctaipan_get_errno()) }
            return t.int(Int(value))
        }
        b.function("setpriority", "($module, /, which, who, priority)") { (t, a) throws(Raised) in
            let which = try t.cInt(a[0]), who = try t.cInt(a[1]), priority = try t.cInt(a[2])
            try t.systemCall32 { setpriority(__priority_which_t(UInt32(bitPattern: which)), id_t(bitPattern: who), priority) }
            return .none
        }
        b.function("sched_getscheduler", "($module, pid, /)") { (t, a) throws(Raised) in
            let pid = try t.cInt(a[0])
            return t.int(Int(try t.systemCall32 { sched_getscheduler(pid) }))
        }
        b.function("sched_setscheduler", "($module, pid, policy, param, /)") { (t, a) throws(Raised) in
            let pid = try t.cInt(a[0]), policy = try t.cInt(a[1])
            var parameter = try schedParam(t, a[2])
            try t.systemCall32 { sched_setscheduler(pid, policy, &parameter) }
            return .none
        }
        b.function("sched_getparam", "($module, pid, /)") { (t, a) throws(Raised) in
            let pid = try t.cInt(a[0])
            var parameter = sched_param()
            try t.systemCall32 { sched_getparam(pid, &parameter) }
            return try t.structSequence(t.posix(.schedParam), try t.row(1).adding(t.int(Int(parameter.sched_priority))))
        }
        b.function("sched_setparam", "($module, pid, param, /)") { (t, a) throws(Raised) in
            let pid = try t.cInt(a[0])
            var parameter = try schedParam(t, a[1])
            try t.systemCall32 { sched_setparam(pid, &parameter) }
            return .none
        }
        b.function("sched_rr_get_interval", "($module, pid, /)") { (t, a) throws(Raised) in
            let pid = try t.cInt(a[0])
            var interval = timespec()
            try t.systemCall32 { sched_rr_get_interval(pid, &interval) }
            return t.float(Double(interval.tv_sec) + 1e-9 * Double(interval.tv_nsec))
        }
        b.function("sched_getaffinity", "($module, pid, /)") { (t, a) throws(Raised) in
            let pid = try t.cInt(a[0])
            let list = try t.newList()
            for cpu in try processors(t, pid) { try t.append(list, t.int(cpu)) }
            return try t.call(t.types.pointee.set, list.value)
        }
        b.function("sched_setaffinity", "($module, pid, mask, /)") { (t, a) throws(Raised) in
            let pid = try t.cInt(a[0])
            var set = [UInt64](repeating: 0, count: 128)
            try t.forEach(a[1]) { (item) throws(Raised) in
                if !t.isInt(item) { throw t.raise(.typeError, "expected an iterator of ints, but iterator yielded \(t.type(of: item).value.isUnbound ? "" : t.reprTypeText(item))") }
                let cpu = try t.index(item)
                if cpu < 0 { throw t.raise(.valueError, "negative CPU number") }
                if cpu >= 8192 { throw t.osError(EINVAL) }
                set[cpu >> 6] |= 1 << UInt64(cpu & 63)
            }
            try t.systemCall32 {
                set.withUnsafeMutableBytes { ctaipan_set_affinity(pid, 1024, $0.baseAddress) }
            }
            return .none
        }
        #endif
    }

    #if os(Linux)
    private static func schedParam(_ t: Thread, _ value: Value) throws(Raised) -> sched_param {
        if t.type(of: value).value != t.posix(.schedParam) { throw t.raise(.typeError, "must have a sched_param object") }
        var made = sched_param()
        guard t.isInt(value.cell[2]) else { throw t.raise(.typeError, "an integer is required (got type \(t.typeName(value.cell[2])))") }
        made.sched_priority = try t.cInt(value.cell[2])
        return made
    }

    /// Numbers of the processors that the process may run on.
    static func processors(_ t: Thread, _ pid: Int32) throws(Raised) -> [Int] {
        var set = [UInt64](repeating: 0, count: 128)
        try t.systemCall32 {
            set.withUnsafeMutableBytes { ctaipan_get_affinity(pid, 1024, $0.baseAddress) }
        }
        return (0..<8192).filter { set[$0 >> 6] & (1 << UInt64($0 & 63)) != 0 }
    }
    #endif
}
