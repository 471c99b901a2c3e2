// What `scandir` gives: DirEntry, and the iterator over them.
//
//   DirEntry         words 1 name  2 path  3 stat  4 lstat;  raw: 5 d_type  6 inode  7 directory's descriptor (-1: none)
//   ScandirIterator  words 1 path argument (unbound for None);  raw: 2 DIR pointer  3 flags: 1 bytes, 2 descriptor

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import CTaipan
import TaipanRuntime

extension Thread {
    // MARK: Entries

    func defineDirEntry() throws(Raised) {
        let type = try newNativeType("DirEntry", moduleName: intern("posix"), flags: TypeFlag.noInstantiation, NativeLayout(valueWords: 4, bytes: 64)) { b in
            b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in t.str("<DirEntry \(try t.reprText(v.cell[1]))>") }
            b.member("name", word: 1, "the entry's base filename, relative to scandir() \"path\" argument")
            b.member("path", word: 2, "the entry's full path name; equivalent to os.path.join(scandir_path, entry.name)")
            b.method("is_dir", "($self, /, *, follow_symlinks=True)", "Return True if the entry is a directory; cached per entry.") { (t, a) throws(Raised) in
                Value(try t.entry(a[0], is: S_IFDIR, follows: try t.flag(a[1], true)))
            }
            b.method("is_file", "($self, /, *, follow_symlinks=True)", "Return True if the entry is a file; cached per entry.") { (t, a) throws(Raised) in
                Value(try t.entry(a[0], is: S_IFREG, follows: try t.flag(a[1], true)))
            }
            b.method("is_symlink", "($self, /)", "Return True if the entry is a symbolic link; cached per entry.") { (t, a) throws(Raised) in
                if a[0].cell.raw(5) != Int(DT_UNKNOWN) { return Value(a[0].cell.raw(5) == Int(DT_LNK)) }
                return Value(try t.entry(a[0], is: S_IFLNK, follows: false))
            }
            b.method("is_junction", "($self, /)", "Return True if the entry is a junction; cached per entry.") { (t, a) throws(Raised) in .false }
            b.method("stat", "($self, /, *, follow_symlinks=True)", "Return stat_result object for the entry; cached per entry.") { (t, a) throws(Raised) in
                try t.entryStatus(a[0], follows: try t.flag(a[1], true))
            }
            b.method("inode", "($self, /)", "Return inode of the entry; cached per entry.") { (t, a) throws(Raised) in t.int(UInt(bitPattern: a[0].cell.raw(6))) }
            b.method("__fspath__", "($self, /)", "Returns the path for the entry.") { (t, a) throws(Raised) in a[0].cell[2] }
            b.classMethod("__class_getitem__", "!($type, object, /)", "See PEP 585") { (t, a) throws(Raised) in
                try t.call(t.types.pointee.genericAlias, a[0], a[1])
            }
        }
        setPosix(.dirEntry, type.value)
    }

    private func isLink(_ v: Value) throws(Raised) -> Bool {
        let kind = v.cell.raw(5)
        if kind != Int(DT_UNKNOWN) { return kind == Int(DT_LNK) }
        return try entry(v, is: S_IFLNK, follows: false)
    }

    /// `stat` of the entry, remembered.
    func entryStatus(_ v: Value, follows: Bool) throws(Raised) -> Value {
        let cell = v.cell
        if follows && cell[3].isBound { return cell[3] }
        if !follows && cell[4].isBound { return cell[4] }
        if follows, try !isLink(v) {
            let own = try entryStatus(v, follows: false)
            cell[3] = own
            return own
        }
        let directory = cell.raw(7) >= 0 ? Int32(truncatingIfNeeded: cell.raw(7)) : AT_FDCWD
        let path = try pathArgument(cell.raw(7) >= 0 ? cell[1] : cell[2], "DirEntry")
        let status = try statPath(path, "DirEntry", directory: directory, follows: follows)
        cell[follows ? 3 : 4] = status
        return status
    }

    /// True when the entry is of that kind; false when it is not there any more.
    private func entry(_ v: Value, is kind: mode_t, follows: Bool) throws(Raised) -> Bool {
        let known = v.cell.raw(5)
        let needsStatus = known == Int(DT_UNKNOWN) || (follows && known == Int(DT_LNK))
        if !needsStatus {
            return known == Int(kind == S_IFDIR ? DT_DIR : kind == S_IFREG ? DT_REG : DT_LNK)
        }
        do throws(Raised) {
            let status = try entryStatus(v, follows: follows)
            return mode_t(truncatingIfNeeded: try index(status.cell[2])) & S_IFMT == kind
        } catch {
            try swallow(.fileNotFoundError, error)
            return false
        }
    }

    // MARK: The iterator

    func defineScandirIterator() throws(Raised) {
        let type = try newNativeType("ScandirIterator", moduleName: intern("posix"), flags: TypeFlag.noInstantiation, NativeLayout(valueWords: 1, bytes: 32)) { b in
            b.slots.pointee.iter = UnarySlot { (t, v) throws(Raised) in v }
            b.slots.pointee.next = UnarySlot { (t, v) throws(Raised) in try t.nextEntry(v) }
            b.slots.pointee.finalize = ActionSlot { (t, v) throws(Raised) in
                if v.cell.raw(2) == 0 { return }
                let pending = t.takePending()
                do throws(Raised) {
                    try t.warn(.resourceWarning, "unclosed scandir iterator \(try t.reprText(v))", source: v)
                } catch { t.reportUnraisable(v) }
                t.closeFolder(v)
                if pending.isBound { _ = t.restore(pending) }
            }
            b.method("close", "($self, /)") { (t, a) throws(Raised) in
                t.closeFolder(a[0])
                return .none
            }
            b.method("__enter__", "($self, /)") { (t, a) throws(Raised) in a[0] }
            b.rawMethod("__exit__") { (t, a) throws(Raised) in
                t.closeFolder(a[0])
                return .none
            }
        }
        setPosix(.scandirIterator, type.value)
    }

    private func folder(_ v: Value) -> FolderPointer? { FolderPointer(bitPattern: v.cell.raw(2)) }

    private func closeFolder(_ v: Value) {
        guard let folder = folder(v) else { return }
        v.cell.setRaw(0, at: 2)
        if v.cell.raw(3) & 2 != 0 { rewinddir(folder) }
        closedir(folder)
        hasIdleFinalizer(v)
    }

    func newScandir(_ argument: Value, _ path: PathArgument) throws(Raised) -> Value {
        let iterator = Value(allocate(TypeObject(posix(.scandirIterator))))
        iterator.cell[1] = path.object
        guard let folder = try openFolder(path) else { throw osError(ctaipan_get_errno(), path.object) }
        iterator.cell.setRaw(Int(bitPattern: folder), at: 2)
        // A given descriptor is what its entries are looked up in, also when the iterator and its copy are closed.
        iterator.cell.setRaw((path.isBytes ? 1 : 0) | (path.isDescriptor ? 2 | Int(path.fd) << 8 : 0), at: 3)
        return iterator
    }

    private func nextEntry(_ v: Value) throws(Raised) -> Value {
        guard let folder = folder(v) else { return .unbound }
        while true {
            ctaipan_set_errno(0)
            guard let entry = blocking({ readdir(folder) }) else {
                let code = ctaipan_get_errno()
                closeFolder(v)
                if code != 0 { throw osError(code, v.cell[1]) }
                return .unbound
            }
            let name = PosixFolders.entryName(entry)
            if PosixFolders.isDots(name) { continue }
            return try newEntry(v, entry, name)
        }
    }

    private func newEntry(_ v: Value, _ entry: UnsafeMutablePointer<dirent>, _ name: UnsafePointer<CChar>) throws(Raised) -> Value {
        let isBytes = v.cell.raw(3) & 1 != 0
        let isDescriptor = v.cell.raw(3) & 2 != 0
        let type = Int(entry.pointee.d_type), inode = entry.pointee.d_ino
        let label = try systemText(name, asBytes: isBytes)
        var path = label
        if !isDescriptor {
            var text: [UInt8] = v.cell[1].isUnbound ? [46] : try fileSystemBytes(v.cell[1]).dropLast().map { UInt8(bitPattern: $0) }
            if let last = text.last, last != 47 { text.append(47) }
            text.append(contentsOf: UnsafeBufferPointer(start: UnsafeRawPointer(name).assumingMemoryBound(to: UInt8.self), count: Int(strlen(name))))
            path = isBytes ? try bytes(text) : text.withUnsafeBufferPointer { decodeFileSystem($0) }
        }
        let cell = allocate(TypeObject(posix(.dirEntry)))
        cell[1] = label
        cell[2] = path
        cell.setRaw(type, at: 5)
        cell.setRaw(Int(bitPattern: UInt(inode)), at: 6)
        cell.setRaw(isDescriptor ? v.cell.raw(3) >> 8 : -1, at: 7)
        return Value(cell)
    }
}
