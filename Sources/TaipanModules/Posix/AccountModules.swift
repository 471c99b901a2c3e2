// `pwd` and `grp`: the system's tables of users and groups.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

enum AccountModules {
    // MARK: pwd

    static func defineUsers(_ m: ModuleBuilder) throws(Raised) {
        let t = m.t
        m.str("__doc__", "This module provides access to the Unix password database.")
        let type = try t.newStructSequenceType("struct_passwd", module: "pwd", doc: "pwd.struct_passwd: Results from getpw*() routines.",
                                               StructSequenceLayout(["pw_name", "pw_passwd", "pw_uid", "pw_gid", "pw_gecos", "pw_dir", "pw_shell"]))
        m.set("struct_passwd", type.value)
        try t.keep("pwd", try t.tuple(type.value))
        m.function("getpwuid", "($module, uidobj, /)", "Return the password database entry for the given numeric user ID.") { (t, a) throws(Raised) in
            let id = try t.idArgument(a[0], "uid")
            guard let entry = t.blocking({ getpwuid(id) }) else { throw t.raise(.keyError, "getpwuid(): uid not found: \(t.string(try t.strOf(a[0])))") }
            return try user(t, entry)
        }
        m.function("getpwnam", "($module, name, /)", "Return the password database entry for the given user name.") { (t, a) throws(Raised) in
            if !a[0].isKind(.str) { throw t.raise(.typeError, "getpwnam() argument must be str, not \(t.typeName(a[0]))") }
            let name = try t.fileSystemBytes(a[0])
            guard let entry = t.blocking({ getpwnam(name) }) else { throw t.raise(.keyError, "getpwnam(): name not found: \(try t.reprText(a[0]))") }
            return try user(t, entry)
        }
        m.function("getpwall", "($module, /)", "Return a list of all available password database entries, in arbitrary order.") { (t, _) throws(Raised) in
            let list = try t.newList()
            setpwent()
            defer { endpwent() }
            while let entry = getpwent() { try t.append(list, try user(t, entry)) }
            return list.value
        }
    }

    private static func text(_ t: Thread, _ text: UnsafeMutablePointer<CChar>?) throws(Raised) -> Value {
        guard let text else { return .none }
        return try t.systemText(text, asBytes: false)
    }

    private static func user(_ t: Thread, _ entry: UnsafeMutablePointer<passwd>) throws(Raised) -> Value {
        let cell = try t.newStructSequence(t.kept("pwd", 0))
        cell[2] = try text(t, entry.pointee.pw_name)
        cell[3] = try text(t, entry.pointee.pw_passwd)
        cell[4] = t.idValue(entry.pointee.pw_uid)
        cell[5] = t.idValue(entry.pointee.pw_gid)
        cell[6] = try text(t, entry.pointee.pw_gecos)
        cell[7] = try text(t, entry.pointee.pw_dir)
        cell[8] = try text(t, entry.pointee.pw_shell)
        return Value(cell)
    }

    // MARK: grp

    static func defineGroups(_ m: ModuleBuilder) throws(Raised) {
        let t = m.t
        m.str("__doc__", "Access to the Unix group database.")
        let type = try t.newStructSequenceType("struct_group", module: "grp", doc: "grp.struct_group: Results from getgr*() routines.",
                                               StructSequenceLayout(["gr_name", "gr_passwd", "gr_gid", "gr_mem"]))
        m.set("struct_group", type.value)
        try t.keep("grp", try t.tuple(type.value))
        m.function("getgrgid", "($module, /, id)", "Return the group database entry for the given numeric group ID.") { (t, a) throws(Raised) in
            let id = try t.idArgument(a[0], "gid")
            guard let entry = t.blocking({ getgrgid(id) }) else { throw t.raise(.keyError, "getgrgid(): gid not found: \(t.string(try t.strOf(a[0])))") }
            return try group(t, entry)
        }
        m.function("getgrnam", "($module, /, name)", "Return the group database entry for the given group name.") { (t, a) throws(Raised) in
            if !a[0].isKind(.str) { throw t.raise(.typeError, "getgrnam() argument 'name' must be str, not \(t.typeName(a[0]))") }
            let name = try t.fileSystemBytes(a[0])
            guard let entry = t.blocking({ getgrnam(name) }) else { throw t.raise(.keyError, "getgrnam(): name not found: \(try t.reprText(a[0]))") }
            return try group(t, entry)
        }
        m.function("getgrall", "($module, /)", "Return a list of all available group entries, in arbitrary order.") { (t, _) throws(Raised) in
            let list = try t.newList()
            setgrent()
            defer { endgrent() }
            while let entry = getgrent() { try t.append(list, try group(t, entry)) }
            return list.value
        }
    }

    private static func group(_ t: Thread, _ entry: UnsafeMutablePointer<group>) throws(Raised) -> Value {
        let cell = try t.newStructSequence(t.kept("grp", 0))
        cell[2] = try text(t, entry.pointee.gr_name)
        cell[3] = try text(t, entry.pointee.gr_passwd)
        cell[4] = t.idValue(entry.pointee.gr_gid)
        let members = try t.newList()
        var at = entry.pointee.gr_mem
        while let one = at?.pointee {
            try t.append(members, try text(t, one))
            at = at?.advanced(by: 1)
        }
        cell[5] = members.value
        return Value(cell)
    }
}
