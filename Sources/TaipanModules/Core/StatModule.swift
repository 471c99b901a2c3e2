// `_stat`: constants and tests of file modes.

import TaipanRuntime

enum StatModule {
    static func define(_ b: ModuleBuilder) throws(Raised) {
        b.str("__doc__", "Constants and functions for interpreting file modes.")
        for (name, value) in constants { b.int(name, value) }
        test(b, "S_ISDIR") { (t, a) throws(Raised) in try t.hasFileType(a[0], 0o040000) }
        test(b, "S_ISCHR") { (t, a) throws(Raised) in try t.hasFileType(a[0], 0o020000) }
        test(b, "S_ISBLK") { (t, a) throws(Raised) in try t.hasFileType(a[0], 0o060000) }
        test(b, "S_ISREG") { (t, a) throws(Raised) in try t.hasFileType(a[0], 0o100000) }
        test(b, "S_ISFIFO") { (t, a) throws(Raised) in try t.hasFileType(a[0], 0o010000) }
        test(b, "S_ISLNK") { (t, a) throws(Raised) in try t.hasFileType(a[0], 0o120000) }
        test(b, "S_ISSOCK") { (t, a) throws(Raised) in try t.hasFileType(a[0], 0o140000) }
        // Kinds of file that other systems have.
        test(b, "S_ISDOOR") { (t, a) throws(Raised) in try t.hasFileType(a[0], -1) }
        test(b, "S_ISPORT") { (t, a) throws(Raised) in try t.hasFileType(a[0], -1) }
        test(b, "S_ISWHT") { (t, a) throws(Raised) in try t.hasFileType(a[0], -1) }
        b.function("S_IMODE", "!($module, object, /)", "The permission bits of a mode.") { (t, a) throws(Raised) in t.int(try t.fileMode(a[0]) & 0o7777) }
        b.function("S_IFMT", "!($module, object, /)", "The file type of a mode.") { (t, a) throws(Raised) in t.int(try t.fileMode(a[0]) & 0o170000) }
        b.function("filemode", "!($module, object, /)", "A mode as `ls` shows it: -rwxrwxrwx.") { (t, a) throws(Raised) in t.str(wtf8: StatModule.text(try t.fileMode(a[0]))) }
    }

    private static func test(_ b: ModuleBuilder, _ name: StaticString, _ body: @escaping NativeBody) {
        b.function(name, "($module, object, /)", "Whether a mode is of this type.", body)
    }

    private static func text(_ mode: Int) -> [UInt8] {
        let kind: UInt8
        switch mode & 0o170000 {
        case 0o100000: kind = 0x2D
        case 0o040000: kind = 0x64
        case 0o120000: kind = 0x6C
        case 0o060000: kind = 0x62
        case 0o020000: kind = 0x63
        case 0o010000: kind = 0x70
        case 0o140000: kind = 0x73
        default: kind = 0x3F
        }
        var out: [UInt8] = [kind]
        for (shift, special, letter) in [(6, 0o4000, UInt8(0x73)), (3, 0o2000, 0x73), (0, 0o1000, 0x74)] {
            let bits = mode >> shift
            out.append(bits & 4 != 0 ? 0x72 : 0x2D)
            out.append(bits & 2 != 0 ? 0x77 : 0x2D)
            if mode & special != 0 {
                out.append(bits & 1 != 0 ? letter : letter - 32)
            } else {
                out.append(bits & 1 != 0 ? 0x78 : 0x2D)
            }
        }
        return out
    }

    private static var constants: [(StaticString, Int)] {
        [
            ("S_IFDIR", 0o040000), ("S_IFCHR", 0o020000), ("S_IFBLK", 0o060000), ("S_IFREG", 0o100000), ("S_IFIFO", 0o010000),
            ("S_IFLNK", 0o120000), ("S_IFSOCK", 0o140000), ("S_IFDOOR", 0), ("S_IFPORT", 0), ("S_IFWHT", 0),
            ("S_ISUID", 0o4000), ("S_ISGID", 0o2000), ("S_ISVTX", 0o1000), ("S_ENFMT", 0o2000), ("S_IREAD", 0o400), ("S_IWRITE", 0o200),
            ("S_IEXEC", 0o100), ("S_IRWXU", 0o700), ("S_IRUSR", 0o400), ("S_IWUSR", 0o200), ("S_IXUSR", 0o100), ("S_IRWXG", 0o70),
            ("S_IRGRP", 0o40), ("S_IWGRP", 0o20), ("S_IXGRP", 0o10), ("S_IRWXO", 7), ("S_IROTH", 4), ("S_IWOTH", 2), ("S_IXOTH", 1),
            ("UF_NODUMP", 1), ("UF_IMMUTABLE", 2), ("UF_APPEND", 4), ("UF_OPAQUE", 8), ("UF_NOUNLINK", 16), ("UF_COMPRESSED", 32),
            ("UF_HIDDEN", 32768), ("SF_ARCHIVED", 65536), ("SF_IMMUTABLE", 131072), ("SF_APPEND", 262144), ("SF_NOUNLINK", 1048576),
            ("SF_SNAPSHOT", 2097152), ("ST_MODE", 0), ("ST_INO", 1), ("ST_DEV", 2), ("ST_NLINK", 3), ("ST_UID", 4), ("ST_GID", 5),
            ("ST_SIZE", 6), ("ST_ATIME", 7), ("ST_MTIME", 8), ("ST_CTIME", 9),
        ]
    }
}

extension Thread {
    fileprivate func fileMode(_ value: Value) throws(Raised) -> Int {
        if !isInt(value) { throw raise(.typeError, "an integer is required (got type \(typeName(value)))") }
        guard let mode = machineInt(value) else { throw raise(.overflowError, "Python int too large to convert to C unsigned long") }
        if mode < 0 { throw raise(.overflowError, "can't convert negative value to unsigned int") }
        if mode > Int(UInt32.max) { throw raise(.overflowError, "mode out of range") }
        return mode
    }

    fileprivate func hasFileType(_ value: Value, _ type: Int) throws(Raised) -> Value { Value(try fileMode(value) & 0o170000 == type) }
}
