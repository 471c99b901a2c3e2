// Folders and the names in them: making, removing, renaming, linking, the working directory.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import CTaipan
import TaipanRuntime

enum PosixFolders {
    static func define(_ b: ModuleBuilder) {
        b.function("mkdir", "($module, /, path, mode=511, *, dir_fd=None)", "Create a directory.") { (t, a) throws(Raised) in
            try t.audit("os.mkdir", a[0], a[1].orInt(0o777), a[2].orInt(-1))
            let path = try t.pathArgument(a[0], "mkdir")
            let mode = mode_t(truncatingIfNeeded: a[1].isUnbound ? 0o777 : try t.cInt(a[1]))
            let directory = try t.directoryArgument(a[2])
            try t.systemCall32(path.object) { mkdirat(directory, path.bytes, mode) }
            return .none
        }
        b.function("rmdir", "($module, /, path, *, dir_fd=None)", "Remove a directory.") { (t, a) throws(Raised) in
            try t.audit("os.rmdir", a[0], a[1].orInt(-1))
            let path = try t.pathArgument(a[0], "rmdir")
            let directory = try t.directoryArgument(a[1])
            try t.systemCall32(path.object) { unlinkat(directory, path.bytes, AT_REMOVEDIR) }
            return .none
        }
        b.function("unlink", "($module, /, path, *, dir_fd=None)", "Remove a file (same as remove()).") { (t, a) throws(Raised) in
            try t.audit("os.remove", a[0], a[1].orInt(-1))
            let path = try t.pathArgument(a[0], "unlink")
            let directory = try t.directoryArgument(a[1])
            try t.systemCall32(path.object) { unlinkat(directory, path.bytes, 0) }
            return .none
        }
        b.function("remove", "($module, /, path, *, dir_fd=None)", "Remove a file (same as unlink()).") { (t, a) throws(Raised) in
            try t.audit("os.remove", a[0], a[1].orInt(-1))
            let path = try t.pathArgument(a[0], "remove")
            let directory = try t.directoryArgument(a[1])
            try t.systemCall32(path.object) { unlinkat(directory, path.bytes, 0) }
            return .none
        }
        b.function("listdir", "($module, /, path=None)", "Return a list containing the names of the files in the directory.") { (t, a) throws(Raised) in
            try t.audit("os.listdir", a[0].orNone)
            return try list(t, try t.pathArgument(a[0], "listdir", allowsDescriptor: true, nullable: true))
        }
        b.function("scandir", "($module, /, path=None)", "Return an iterator of DirEntry objects for given path.") { (t, a) throws(Raised) in
            try t.audit("os.scandir", a[0].orNone)
            return try t.newScandir(a[0], try t.pathArgument(a[0], "scandir", allowsDescriptor: true, nullable: true))
        }
        b.function("getcwd", "($module, /)", "Return a unicode string representing the current working directory.") { (t, a) throws(Raised) in try workingDirectory(t, asBytes: false) }
        b.function("getcwdb", "($module, /)", "Return a bytes string representing the current working directory.") { (t, a) throws(Raised) in try workingDirectory(t, asBytes: true) }
        b.function("chdir", "($module, /, path)", "Change the current working directory to the specified path.") { (t, a) throws(Raised) in
            try t.audit("os.chdir", a[0])
            let path = try t.pathArgument(a[0], "chdir", allowsDescriptor: true)
            try t.systemCall32(path.object) { path.isDescriptor ? fchdir(path.fd) : chdir(path.bytes) }
            return .none
        }
        b.function("fchdir", "($module, /, fd)", "Change to the directory of the given file descriptor.") { (t, a) throws(Raised) in
            try t.audit("os.chdir", a[0])
            let fd = try t.fileDescriptor(a[0])
            try t.systemCall32 { fchdir(fd) }
            return .none
        }
        b.function("chroot", "($module, /, path)", "Change root directory to path.") { (t, a) throws(Raised) in
            let path = try t.pathArgument(a[0], "chroot")
            try t.systemCall32(path.object) { chroot(path.bytes) }
            return .none
        }
        b.function("fspath", "($module, /, path)", "Return the file system path representation of the object.") { (t, a) throws(Raised) in try t.fileSystemPath(a[0]) }
    }

    private static func workingDirectory(_ t: Thread, asBytes: Bool) throws(Raised) -> Value {
        guard let text = t.blocking({ getcwd(nil, 0) }) else { throw t.osError(ctaipan_get_errno()) }
        defer { free(text) }
        return try t.systemText(text, asBytes: asBytes)
    }

    private static func list(_ t: Thread, _ path: PathArgument) throws(Raised) -> Value {
        guard let folder = try t.openFolder(path) else { throw t.osError(ctaipan_get_errno(), path.object) }
        defer {
            // A descriptor that was given is read from its start next time.
            if path.isDescriptor { rewinddir(folder) }
            closedir(folder)
        }
        let names = try t.newList()
        while true {
            ctaipan_set_errno(0)
            guard let entry = t.blocking({ readdir(folder) }) else {
                let code = ctaipan_get_errno()
                if code != 0 { throw t.osError(code, path.object) }
                return names.value
            }
            let name = entryName(entry)
            if isDots(name) { continue }
            try t.append(names, try t.systemText(name, asBytes: path.isBytes))
        }
    }

    static func entryName(_ entry: UnsafeMutablePointer<dirent>) -> UnsafePointer<CChar> {
        UnsafePointer((UnsafeMutableRawPointer(entry) + (MemoryLayout<dirent>.offset(of: \.d_name) ?? 0)).assumingMemoryBound(to: CChar.self))
    }

    static func isDots(_ name: UnsafePointer<CChar>) -> Bool { name[0] == 46 && (name[1] == 0 || (name[1] == 46 && name[2] == 0)) }

    static func defineLinks(_ b: ModuleBuilder) {
        b.function("rename", "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None)", "Rename a file or directory.") { (t, a) throws(Raised) in
            try t.audit("os.rename", a[0], a[1], a[2].orInt(-1), a[3].orInt(-1))
            return try rename(t, a, "rename")
        }
        b.function("replace", "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None)", "Rename a file or directory, overwriting the destination.") { (t, a) throws(Raised) in
            try t.audit("os.rename", a[0], a[1], a[2].orInt(-1), a[3].orInt(-1))
            return try rename(t, a, "replace")
        }
        b.function("link", "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None,\n     follow_symlinks=True)", "Create a hard link to a file.") { (t, a) throws(Raised) in
            try t.audit("os.link", a[0], a[1], a[2].orInt(-1), a[3].orInt(-1))
            let from = try t.pathArgument(a[0], "link", "src"), to = try t.pathArgument(a[1], "link", "dst")
            let fromDirectory = try t.directoryArgument(a[2]), toDirectory = try t.directoryArgument(a[3])
            let given = a[4].isBound
            let follows = try t.flag(a[4], true)
            // Left out, link(2) itself decides about symbolic links.
            let flags: Int32 = given && follows ? AT_SYMLINK_FOLLOW : 0
            try t.systemCall32(from.object, to.object) { linkat(fromDirectory, from.bytes, toDirectory, to.bytes, flags) }
            return .none
        }
        b.function("symlink", "($module, /, src, dst, target_is_directory=False, *, dir_fd=None)", "Create a symbolic link pointing to src named dst.") { (t, a) throws(Raised) in
            try t.audit("os.symlink", a[0], a[1], a[3].orInt(-1))
            let from = try t.pathArgument(a[0], "symlink", "src"), to = try t.pathArgument(a[1], "symlink", "dst")
            let directory = try t.directoryArgument(a[3])
            try t.systemCall32(from.object, to.object) { symlinkat(from.bytes, directory, to.bytes) }
            return .none
        }
        b.function("readlink", "($module, /, path, *, dir_fd=None)", "Return a string representing the path to which the symbolic link points.") { (t, a) throws(Raised) in
            let path = try t.pathArgument(a[0], "readlink")
            let directory = try t.directoryArgument(a[1])
            var target = [CChar](repeating: 0, count: 4097)
            let n = try t.systemCall(path.object) { readlinkat(directory, path.bytes, &target, 4096) }
            target[min(n, 4096)] = 0
            return try t.systemText(target, asBytes: path.isBytes)
        }
        b.function("mkfifo", "($module, /, path, mode=438, *, dir_fd=None)", "Create a \"fifo\" (a POSIX named pipe).") { (t, a) throws(Raised) in
            let path = try t.pathArgument(a[0], "mkfifo")
            let mode = mode_t(truncatingIfNeeded: a[1].isUnbound ? 0o666 : try t.cInt(a[1]))
            let directory = try t.directoryArgument(a[2])
            try t.systemCall32(path.object) { mkfifoat(directory, path.bytes, mode) }
            return .none
        }
        b.function("mknod", "($module, /, path, mode=384, device=0, *, dir_fd=None)", "Create a node in the file system.") { (t, a) throws(Raised) in
            let path = try t.pathArgument(a[0], "mknod")
            let mode = mode_t(truncatingIfNeeded: a[1].isUnbound ? 0o600 : try t.cInt(a[1]))
            let device = dev_t(truncatingIfNeeded: a[2].isUnbound ? 0 : try t.index(a[2]))
            let directory = try t.directoryArgument(a[3])
            try t.systemCall32(path.object) { mknodat(directory, path.bytes, mode, device) }
            return .none
        }
        b.function("_path_normpath", "($module, /, path)", "Basic path normalization.") { (t, a) throws(Raised) in
            let path = try t.pathArgument(a[0], "_path_normpath")
            let text = path.bytes.dropLast().map { UInt8(bitPattern: $0) }
            let clean = normalized(text)
            if path.isBytes { return try t.bytes(clean) }
            return clean.withUnsafeBufferPointer { t.decodeFileSystem($0) }
        }
    }

    /// The path without empty parts, "." and parts that ".." undoes (posixpath.normpath).
    private static func normalized(_ path: [UInt8]) -> [UInt8] {
        if path.isEmpty { return [46] }
        var slashes = 0
        while slashes < path.count && path[slashes] == 47 { slashes += 1 }
        // Exactly two leading slashes are kept.
        let lead = slashes == 0 ? 0 : slashes == 2 ? 2 : 1
        var parts: [ArraySlice<UInt8>] = []
        for part in path.split(separator: 47) {
            if part.elementsEqual([46]) { continue }
            if part.elementsEqual([46, 46]) {
                if let last = parts.last, !last.elementsEqual([46, 46]) {
                    parts.removeLast()
                    continue
                }
                if lead > 0 { continue }
            }
            parts.append(part)
        }
        let out: [UInt8] = [UInt8](repeating: 47, count: lead) + Array(parts.joined(separator: [47]))
        return out.isEmpty ? [46] : out
    }

    private static func rename(_ t: Thread, _ a: Arguments, _ function: String) throws(Raised) -> Value {
        t.settleDropped("rename")
        let from = try t.pathArgument(a[0], function, "src"), to = try t.pathArgument(a[1], function, "dst")
        let fromDirectory = try t.directoryArgument(a[2]), toDirectory = try t.directoryArgument(a[3])
        try t.systemCall32(from.object, to.object) { renameat(fromDirectory, from.bytes, toDirectory, to.bytes) }
        return .none
    }
}

#if os(Linux)
typealias FolderPointer = OpaquePointer
#else
typealias FolderPointer = UnsafeMutablePointer<DIR>
#endif

extension Thread {
    /// opendir(3), for a descriptor on a copy of it. Nil with errno set on failure.
    func openFolder(_ path: PathArgument) throws(Raised) -> FolderPointer? {
        if !path.isDescriptor { return blocking { opendir(path.bytes) } }
        let copy = ctaipan_fcntl(path.fd, F_DUPFD_CLOEXEC, 0)
        if copy < 0 { return nil }
        guard let folder = blocking({ fdopendir(copy) }) else {
            let code = ctaipan_get_errno()
            close(copy)
            ctaipan_set_errno(code)
            return nil
        }
        return folder
    }
}
