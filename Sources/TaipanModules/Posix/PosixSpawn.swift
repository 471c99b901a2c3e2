// Starting programs: `posix_spawn`, and `_posixsubprocess.fork_exec`, on which subprocess stands.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import CTaipan
import TaipanRuntime

enum PosixSpawn {
    static func define(_ b: ModuleBuilder) {
        b.function("posix_spawn", "($module, path, argv, env, /, *, file_actions=(),\n            setpgroup=<unrepresentable>, resetids=False, setsid=False,\n            setsigmask=(), setsigdef=(), scheduler=<unrepresentable>)") { (t, a) throws(Raised) in
            try spawn(t, a, "posix_spawn", searches: false)
        }
        b.function("posix_spawnp", "($module, path, argv, env, /, *, file_actions=(),\n             setpgroup=<unrepresentable>, resetids=False, setsid=False,\n             setsigmask=(), setsigdef=(), scheduler=<unrepresentable>)") { (t, a) throws(Raised) in
            try spawn(t, a, "posix_spawnp", searches: true)
        }
    }

    private static func spawn(_ t: Thread, _ a: Arguments, _ function: String, searches: Bool) throws(Raised) -> Value {
        t.settleDropped("posix_spawn")
        let path = try t.pathArgument(a[0], function)
        let arguments = try PosixProcess.argumentVector(t, a[1], function, kinds: "tuple or list", label: "\(function): argv")
        let environment: CStringArray? = a[2].isNone ? nil : try PosixProcess.environmentVector(t, a[2], function)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        if a[3].isBound && !a[3].isNone { try addActions(t, a[3], &actions) }
        try setAttributes(t, a, function, &attributes)
        var pid: pid_t = 0
        let code: Int32 = t.blocking {
            let environmentPointers = environment?.pointers
            if let environmentPointers {
                return searches ? posix_spawnp(&pid, path.bytes, &actions, &attributes, arguments.pointers, environmentPointers)
                    : posix_spawn(&pid, path.bytes, &actions, &attributes, arguments.pointers, environmentPointers)
            }
            return searches ? posix_spawnp(&pid, path.bytes, &actions, &attributes, arguments.pointers, ctaipan_environ())
                : posix_spawn(&pid, path.bytes, &actions, &attributes, arguments.pointers, ctaipan_environ())
        }
        if code != 0 { throw t.osError(code, path.object) }
        return t.int(Int(pid))
    }

    private static func addActions(_ t: Thread, _ value: Value, _ actions: inout posix_spawn_file_actions_t) throws(Raised) {
        let items: TupleObject
        do throws(Raised) {
            items = try t.tupleFrom(value)
        } catch { throw t.raise(.typeError, "file_actions must be a sequence or None") }
        for i in 0..<items.count {
            guard items[i].isKind(.tuple), TupleObject(items[i]).count > 0 else { throw t.raise(.typeError, "Each file_actions element must be a non-empty tuple") }
            let action = TupleObject(items[i])
            guard t.isInt(action[0]) else { throw t.raise(.typeError, "Each file_actions element must be a non-empty tuple") }
            switch try t.index(action[0]) {
            case 0:
                if action.count != 5 { throw t.raise(.typeError, "A open file_action tuple must have 5 elements") }
                let path = try t.fileSystemBytes(action[2])
                posix_spawn_file_actions_addopen(&actions, try t.cInt(action[1]), path, try t.cInt(action[3]), mode_t(truncatingIfNeeded: try t.index(action[4])))
            case 1:
                if action.count != 2 { throw t.raise(.typeError, "A close file_action tuple must have 2 elements") }
                posix_spawn_file_actions_addclose(&actions, try t.cInt(action[1]))
            case 2:
                if action.count != 3 { throw t.raise(.typeError, "A dup2 file_action tuple must have 3 elements") }
                posix_spawn_file_actions_adddup2(&actions, try t.cInt(action[1]), try t.cInt(action[2]))
            default: throw t.raise(.typeError, "Unknown file_actions identifier")
            }
        }
    }

    private static func setAttributes(_ t: Thread, _ a: Arguments, _ function: String, _ attributes: inout posix_spawnattr_t) throws(Raised) {
        var flags: Int32 = 0
        if a[4].isBound && !a[4].isNone {
            posix_spawnattr_setpgroup(&attributes, try t.cInt(a[4]))
            flags |= Int32(POSIX_SPAWN_SETPGROUP)
        }
        if try t.flag(a[5], false) { flags |= Int32(POSIX_SPAWN_RESETIDS) }
        if try t.flag(a[6], false) { flags |= 0x80 }
        if a[7].isBound {
            var set = try signalSet(t, a[7])
            posix_spawnattr_setsigmask(&attributes, &set)
            flags |= Int32(POSIX_SPAWN_SETSIGMASK)
        }
        if a[8].isBound {
            var set = try signalSet(t, a[8])
            posix_spawnattr_setsigdefault(&attributes, &set)
            flags |= Int32(POSIX_SPAWN_SETSIGDEF)
        }
        #if os(Linux)
        if a[9].isBound && !a[9].isNone {
            guard a[9].isKind(.tuple), TupleObject(a[9]).count == 2 else { throw t.raise(.typeError, "\(function): scheduler must be a tuple or None") }
            var parameter = sched_param()
            parameter.sched_priority = try t.cInt(TupleObject(a[9])[1].cell[2])
            if !TupleObject(a[9])[0].isNone {
                posix_spawnattr_setschedpolicy(&attributes, try t.cInt(TupleObject(a[9])[0]))
                flags |= Int32(POSIX_SPAWN_SETSCHEDULER)
            }
            posix_spawnattr_setschedparam(&attributes, &parameter)
            flags |= Int32(POSIX_SPAWN_SETSCHEDPARAM)
        }
        #endif
        posix_spawnattr_setflags(&attributes, Int16(truncatingIfNeeded: flags))
    }

    private static func signalSet(_ t: Thread, _ value: Value) throws(Raised) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        try t.forEach(value) { (item) throws(Raised) in
            let n = try t.index(item)
            if n <= 0 || n >= 65 { throw t.raise(.valueError, "signal number \(n) out of range [1; 64]") }
            sigaddset(&set, Int32(n))
        }
        return set
    }
}

/// `_posixsubprocess`.
public enum PosixSubprocessModule {
    public static func define(_ b: ModuleBuilder) throws(Raised) {
        b.function("fork_exec", "($module, args, executable_list, close_fds, pass_fds, cwd, env,\n          p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite,\n          errpipe_read, errpipe_write, restore_signals, call_setsid,\n          pgid_to_set, gid, extra_groups, uid, child_umask, preexec_fn,\n          allow_vfork, /)", "Spawn a fresh new child process.") { (t, a) throws(Raised) in try forkExec(t, a) }
    }

    private static func strings(_ t: Thread, _ value: Value) throws(Raised) -> CStringArray {
        let made = CStringArray()
        let items = try t.tupleFrom(value)
        for i in 0..<items.count { made.append(try t.fileSystemBytes(items[i])) }
        made.finish()
        return made
    }

    private static func forkExec(_ t: Thread, _ a: Arguments) throws(Raised) -> Value {
        t.settleDropped("fork_exec")
        let close = try t.truth(a[2])
        var kept: [Int32] = []
        if !a[3].isKind(.tuple) { throw t.raise(.typeError, "fork_exec() argument 4 must be tuple, not \(t.typeName(a[3]))") }
        for i in 0..<TupleObject(a[3]).count {
            let item = TupleObject(a[3])[i]
            guard t.isInt(item), let n = t.machineInt(item), n >= 0, n <= Int(Int32.max), kept.last.map({ Int($0) < n }) ?? true else {
                throw t.raise(.valueError, "bad value(s) in fds_to_keep")
            }
            kept.append(Int32(n))
        }
        var descriptors: [Int32] = []
        for i in 6...13 { descriptors.append(try t.cInt(a[i])) }
        if close && descriptors[7] < 3 { throw t.raise(.valueError, "errpipe_write must be >= 3") }
        let arguments = try strings(t, a[0])
        let executables = try strings(t, a[1])
        let environment: CStringArray? = a[5].isNone ? nil : try strings(t, a[5])
        let directory: [CChar]? = a[4].isNone ? nil : try t.fileSystemBytes(a[4])
        var groups: [UInt32] = []
        let setsGroups = !a[18].isNone
        if setsGroups {
            if !a[18].isKind(.list) { throw t.raise(.typeError, "setgroups argument must be a sequence") }
            let items = try t.tupleFrom(a[18])
            for i in 0..<items.count { groups.append(try t.idArgument(items[i], "gid")) }
        }
        var child = ctaipan_child()
        child.input_read = descriptors[0]
        child.input_write = descriptors[1]
        child.output_read = descriptors[2]
        child.output_write = descriptors[3]
        child.error_read = descriptors[4]
        child.error_write = descriptors[5]
        child.failure_read = descriptors[6]
        child.failure_write = descriptors[7]
        child.close_others = close ? 1 : 0
        child.restore_signals = try t.truth(a[14]) ? 1 : 0
        child.new_session = try t.truth(a[15]) ? 1 : 0
        child.group = try t.cInt(a[16])
        if !a[17].isNone {
            child.sets_group = 1
            child.group_id = try t.idArgument(a[17], "gid")
        }
        child.sets_groups = setsGroups ? 1 : 0
        if !a[19].isNone {
            child.sets_user = 1
            child.user_id = try t.idArgument(a[19], "uid")
        }
        child.umask = try t.cInt(a[20])
        let hook = a[21]
        if !hook.isNone { try PosixProcess.callForkHooks(t, .forkBefore, reversed: true) }
        let pid = start(t, child, arguments, executables, environment, directory, kept, groups, hook)
        let code = ctaipan_get_errno()
        if !hook.isNone { try PosixProcess.callForkHooks(t, .forkInParent, reversed: false) }
        if pid < 0 { throw t.osError(code) }
        return t.int(Int(pid))
    }

    /// The thread and the `preexec_fn`, for the child.
    private struct Hook {
        var thread: Thread
        var function: Value
    }

    private static func start(_ t: Thread, _ plan: ctaipan_child, _ arguments: CStringArray, _ executables: CStringArray, _ environment: CStringArray?,
                              _ directory: [CChar]?, _ kept: [Int32], _ groups: [UInt32], _ hook: Value) -> Int32 {
        var child = plan
        var context = Hook(thread: t, function: hook)
        let directoryText = directory ?? [0]
        let environmentPointers = environment?.pointers ?? [nil]
        return arguments.pointers.withUnsafeBufferPointer { argv in
            executables.pointers.withUnsafeBufferPointer { paths in
                environmentPointers.withUnsafeBufferPointer { env in
                    directoryText.withUnsafeBufferPointer { folder in
                        kept.withUnsafeBufferPointer { keep in
                            groups.withUnsafeBufferPointer { ids in
                                child.arguments = argv.baseAddress
                                child.executables = paths.baseAddress
                                child.environment = environment == nil ? nil : env.baseAddress
                                child.directory = directory == nil ? nil : folder.baseAddress
                                child.kept = keep.baseAddress
                                child.kept_count = keep.count
                                child.groups = ids.baseAddress
                                child.group_count = ids.count
                                if hook.isNone { return ctaipan_fork_exec(&child, nil, nil) }
                                return ctaipan_fork_exec(&child, { raw in
                                    guard let hook = raw?.assumingMemoryBound(to: Hook.self).pointee else { return 1 }
                                    hook.thread.forgetOtherThreads()
                                    hook.thread.forgetRunObserver()
                                    do throws(Raised) {
                                        try PosixProcess.callForkHooks(hook.thread, .forkInChild, reversed: false)
                                        _ = try hook.thread.call(hook.function)
                                        return 0
                                    } catch {
                                        _ = hook.thread.takePending()
                                        return 1
                                    }
                                }, &context)
                            }
                        }
                    }
                }
            }
        }
    }
}
