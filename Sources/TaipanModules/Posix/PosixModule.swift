// `posix`: the module, its types and tables.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import CTaipan
import TaipanRuntime

/// What the module keeps.
enum PosixEntry: Int {
    case statResult, statvfsResult, terminalSize, timesResult, unameResult, schedParam, waitidResult, dirEntry, scandirIterator
    case forkBefore, forkInChild, forkInParent
    static var count: Int { PosixEntry.forkInParent.rawValue + 1 }
}

extension Thread {
    func posix(_ entry: PosixEntry) -> Value { ValueBuffer(objects.pointee.posixState).items[entry.rawValue] }
    func setPosix(_ entry: PosixEntry, _ value: Value) { ValueBuffer(objects.pointee.posixState).items[entry.rawValue] = value }

    /// Makes the module's types unless they are there.
    func preparePosix() throws(Raised) {
        if objects.pointee.posixState.isBound { return }
        objects.pointee.posixState = try newValueBuffer(PosixEntry.count).value
        try definePosixSequences()
        try defineDirEntry()
        try defineScandirIterator()
    }

    private func definePosixSequences() throws(Raised) {
        let stat = try newStructSequenceType(
            "stat_result", module: "os",
            doc: "stat_result: Result from stat, fstat, or lstat.\n\nThis object may be accessed either as a tuple of\n  (mode, ino, dev, nlink, uid, gid, size, atime, mtime, ctime)\nor via the attributes st_mode, st_ino, st_dev, st_nlink, st_uid, and so on.\n\nPosix/windows: If your platform supports st_blksize, st_blocks, st_rdev,\nor st_flags, they are available as attributes only.\n\nSee os.stat for more information.",
            StructSequenceLayout(["st_mode", "st_ino", "st_dev", "st_nlink", "st_uid", "st_gid", "st_size", "", "", "", "st_atime", "st_mtime", "st_ctime",
                                  "st_atime_ns", "st_mtime_ns", "st_ctime_ns", "st_blksize", "st_blocks", "st_rdev"], visible: 10)) { b in
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                let made = try Thread.structSequenceNew(t, type, a)
                // The times as floats default to those as ints.
                for i in 7...9 where made.cell[i + 5].isNone { made.cell[i + 5] = made.cell[i + 2] }
                return made
            }
        }
        setPosix(.statResult, stat.value)
        let statvfs = try newStructSequenceType(
            "statvfs_result", module: "os",
            doc: "statvfs_result: Result from statvfs or fstatvfs.\n\nThis object may be accessed either as a tuple of\n  (bsize, frsize, blocks, bfree, bavail, files, ffree, favail, flag, namemax),\nor via the attributes f_bsize, f_frsize, f_blocks, f_bfree, and so on.\n\nSee os.statvfs for more information.",
            StructSequenceLayout(["f_bsize", "f_frsize", "f_blocks", "f_bfree", "f_bavail", "f_files", "f_ffree", "f_favail", "f_flag", "f_namemax", "f_fsid"], visible: 10))
        setPosix(.statvfsResult, statvfs.value)
        setPosix(.terminalSize, try newStructSequenceType("terminal_size", module: "os", doc: "A tuple of (columns, lines) for holding terminal window size",
                                                          StructSequenceLayout(["columns", "lines"])).value)
        setPosix(.timesResult, try newStructSequenceType(
            "times_result", module: "posix",
            doc: "times_result: Result from os.times().\n\nThis object may be accessed either as a tuple of\n  (user, system, children_user, children_system, elapsed),\nor via the attributes user, system, children_user, children_system,\nand elapsed.\n\nSee os.times for more information.",
            StructSequenceLayout(["user", "system", "children_user", "children_system", "elapsed"])).value)
        setPosix(.unameResult, try newStructSequenceType(
            "uname_result", module: "posix",
            doc: "uname_result: Result from os.uname().\n\nThis object may be accessed either as a tuple of\n  (sysname, nodename, release, version, machine),\nor via the attributes sysname, nodename, release, version, and machine.\n\nSee os.uname for more information.",
            StructSequenceLayout(["sysname", "nodename", "release", "version", "machine"])).value)
        setPosix(.schedParam, try newStructSequenceType("sched_param", module: "posix", doc: "Currently has only one field: sched_priority",
                                                        StructSequenceLayout(["sched_priority"])) { b in
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                if a.count != 1 || a.keywords.isBound { throw t.raise(.typeError, "sched_param() missing required argument 'sched_priority' (pos 1)") }
                return try t.structSequence(type, try t.row(1).adding(a[0]))
            }
            b.method("__reduce__", "!($self, /)") { (t, a) throws(Raised) in
                try t.tuple(t.type(of: a[0]).value, try t.tuple(TupleObject(a[0])[0]))
            }
        }.value)
        setPosix(.waitidResult, try newStructSequenceType(
            "waitid_result", module: "posix",
            doc: "waitid_result: Result from waitid.\n\nThis object may be accessed either as a tuple of\n  (si_pid, si_uid, si_signo, si_status, si_code),\nor via the attributes si_pid, si_uid, and so on.\n\nSee os.waitid for more information.",
            StructSequenceLayout(["si_pid", "si_uid", "si_signo", "si_status", "si_code"])).value)
    }
}

public enum PosixModule {
    public static func define(_ b: ModuleBuilder) throws(Raised) {
        let t = b.t
        try t.preparePosix()
        b.set("__doc__", t.str("This module provides access to operating system functionality that is\nstandardized by the C Standard and the POSIX standard (a thinly\ndisguised Unix interface).  Refer to the library manual and\ncorresponding Unix manual entries for more information on calls."))
        b.set("stat_result", t.posix(.statResult))
        b.set("statvfs_result", t.posix(.statvfsResult))
        b.set("terminal_size", t.posix(.terminalSize))
        b.set("times_result", t.posix(.timesResult))
        b.set("uname_result", t.posix(.unameResult))
        b.set("sched_param", t.posix(.schedParam))
        b.set("waitid_result", t.posix(.waitidResult))
        b.set("DirEntry", t.posix(.dirEntry))
        b.set("error", t.types.pointee.osError)
        b.set("environ", try environment(t))
        try defineTables(b)
        PosixStat.define(b)
        PosixStat.defineChanges(b)
        PosixFolders.define(b)
        PosixFolders.defineLinks(b)
        PosixDescriptors.define(b)
        PosixDescriptors.defineTransfers(b)
        PosixProcess.define(b)
        PosixProcess.defineIdentity(b)
        PosixProcess.defineScheduling(b)
        PosixSystem.define(b)
    }

    /// The environment as a dict of bytes.
    private static func environment(_ t: Thread) throws(Raised) -> Value {
        let dict = t.newDict()
        guard var at = ctaipan_environ() else { return dict.value }
        while let entry = at.pointee {
            at += 1
            guard let equals = strchr(entry + 1, 61) else { continue }
            let length = equals - entry
            let key = try t.bytes(UnsafeRawPointer(entry).assumingMemoryBound(to: UInt8.self), length)
            let value = try t.bytes(UnsafeRawPointer(equals + 1).assumingMemoryBound(to: UInt8.self), Int(strlen(equals + 1)))
            if try t.get(dict, key).isUnbound { try t.set(dict, key, value) }
        }
        return dict.value
    }

    /// Calls `body` with every "NAME value" of a table.
    static func forEachEntry(_ table: StaticString, _ body: (UnsafeBufferPointer<UInt8>, Int) throws(Raised) -> Void) throws(Raised) {
        let text = UnsafeBufferPointer(start: table.utf8Start, count: table.utf8CodeUnitCount)
        var start = 0
        while start < text.count {
            var space = start
            while text[space] != 32 { space += 1 }
            var n = 0
            var i = space + 1
            while i < text.count && text[i] != 59 {
                n = n * 10 + Int(text[i]) - 48
                i += 1
            }
            try body(UnsafeBufferPointer(rebasing: text[start..<space]), n)
            start = i + 1
        }
    }

    private static func defineTables(_ b: ModuleBuilder) throws(Raised) {
        let t = b.t
        try forEachEntry(PosixConstants.constants) { (name, n) throws(Raised) in
            try b.dict.setString(t, t.intern(t.str(utf8: name)), t.int(n))
        }
        for (label, table) in [("sysconf_names", PosixConstants.sysconf), ("confstr_names", PosixConstants.confstr), ("pathconf_names", PosixConstants.pathconf)] as [(StaticString, StaticString)] {
            let dict = t.newDict()
            try forEachEntry(table) { (name, n) throws(Raised) in try dict.setString(t, t.str(utf8: name), t.int(n)) }
            b.set(label, dict.value)
        }
        let functions = ["EVENTFD", "FACCESSAT", "FCHDIR", "FCHMOD", "FCHMODAT", "FCHOWN", "FCHOWNAT", "FEXECVE", "FDOPENDIR", "FPATHCONF", "FSTATAT", "FSTATVFS",
                         "FTRUNCATE", "FUTIMENS", "FUTIMES", "FUTIMESAT", "LINKAT", "LCHOWN", "LSTAT", "LUTIMES", "MEMFD_CREATE", "MKDIRAT", "MKFIFOAT", "MKNODAT",
                         "OPENAT", "READLINKAT", "RENAMEAT", "SYMLINKAT", "UNLINKAT", "UTIMENSAT"]
        let list = try t.newList()
        for function in functions { try t.append(list, t.str("HAVE_" + function)) }
        b.set("_have_functions", list.value)
    }

    /// A configuration name: an int, or a name in `table`.
    static func configurationName(_ t: Thread, _ value: Value, _ table: StaticString) throws(Raised) -> Int32 {
        if t.isInt(value) { return try t.cInt(value) }
        if !value.isKind(.str) { throw t.raise(.typeError, "configuration names must be strings or integers") }
        let wanted = Array(t.string(value).utf8)
        var found: Int32 = -1
        try forEachEntry(table) { (name, n) throws(Raised) in
            if name.count == wanted.count && name.elementsEqual(wanted) { found = Int32(n) }
        }
        if found < 0 { throw t.raise(.valueError, "unrecognized configuration name") }
        return found
    }
}

extension Thread {
    /// The modules of the operating system and the C library.
    func registerSystemModules() {
        interp.pointee.nativeModules["posix"] = NativeModuleDefinition(PosixModule.define)
        interp.pointee.nativeModules["_posixsubprocess"] = NativeModuleDefinition(PosixSubprocessModule.define)
        interp.pointee.nativeModules["time"] = NativeModuleDefinition(TimeModule.define)
        interp.pointee.nativeModules["_locale"] = NativeModuleDefinition(LocaleModule.define)
    }
}
