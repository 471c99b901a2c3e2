// `errno`: the system's error numbers by name, and the names by number.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

enum ErrnoModule {
    static func define(_ b: ModuleBuilder) throws(Raised) {
        let names = b.t.newDict()
        b.set("errorcode", names.value)
        for (name, code) in portable + special {
            let key = b.t.int(Int(code))
            b.set(name, key)
            // Of two names for one number the last one counts, as CPython has it.
            try b.t.set(names, key, b.t.intern(name))
        }
    }

    /// What POSIX systems share.
    private static var portable: [(StaticString, Int32)] {
        [
            ("ENODEV", ENODEV), ("EHOSTUNREACH", EHOSTUNREACH), ("ENOMSG", ENOMSG), ("ENODATA", ENODATA), ("ENOTBLK", ENOTBLK), ("ENOSYS", ENOSYS),
            ("EPIPE", EPIPE), ("EINVAL", EINVAL), ("EOVERFLOW", EOVERFLOW), ("EINTR", EINTR), ("EUSERS", EUSERS), ("ENOTEMPTY", ENOTEMPTY),
            ("ENOBUFS", ENOBUFS), ("EPROTO", EPROTO), ("EREMOTE", EREMOTE), ("ECHILD", ECHILD), ("ELOOP", ELOOP), ("EXDEV", EXDEV), ("E2BIG", E2BIG),
            ("ESRCH", ESRCH), ("EMSGSIZE", EMSGSIZE), ("EAFNOSUPPORT", EAFNOSUPPORT), ("EHOSTDOWN", EHOSTDOWN), ("EPFNOSUPPORT", EPFNOSUPPORT),
            ("ENOPROTOOPT", ENOPROTOOPT), ("EBUSY", EBUSY), ("EWOULDBLOCK", EAGAIN), ("EISCONN", EISCONN), ("ESHUTDOWN", ESHUTDOWN),
            ("EBADF", EBADF), ("EMULTIHOP", EMULTIHOP), ("EIO", EIO), ("EPROTOTYPE", EPROTOTYPE), ("ENOSPC", ENOSPC), ("ENOEXEC", ENOEXEC),
            ("EALREADY", EALREADY), ("ENETDOWN", ENETDOWN), ("EACCES", EACCES), ("EILSEQ", EILSEQ), ("ENOTDIR", ENOTDIR), ("EPERM", EPERM),
            ("EDOM", EDOM), ("ECONNREFUSED", ECONNREFUSED), ("EISDIR", EISDIR), ("EPROTONOSUPPORT", EPROTONOSUPPORT), ("EROFS", EROFS),
            ("EADDRNOTAVAIL", EADDRNOTAVAIL), ("EIDRM", EIDRM), ("EBADMSG", EBADMSG), ("ENFILE", ENFILE), ("ESPIPE", ESPIPE), ("ENOLINK", ENOLINK),
            ("ENETRESET", ENETRESET), ("ETIMEDOUT", ETIMEDOUT), ("ENOENT", ENOENT), ("EEXIST", EEXIST), ("EDQUOT", EDQUOT), ("ENOSTR", ENOSTR),
            ("EFAULT", EFAULT), ("EFBIG", EFBIG), ("EDEADLK", EDEADLK), ("ENOTCONN", ENOTCONN), ("EDESTADDRREQ", EDESTADDRREQ), ("ENOLCK", ENOLCK),
            ("ECONNABORTED", ECONNABORTED), ("ENETUNREACH", ENETUNREACH), ("ESTALE", ESTALE), ("ENOSR", ENOSR), ("ENOMEM", ENOMEM),
            ("ENOTSOCK", ENOTSOCK), ("EMLINK", EMLINK), ("ERANGE", ERANGE), ("ECONNRESET", ECONNRESET), ("EADDRINUSE", EADDRINUSE),
            ("EOPNOTSUPP", EOPNOTSUPP), ("EAGAIN", EAGAIN), ("ENAMETOOLONG", ENAMETOOLONG), ("ENOTTY", ENOTTY), ("ESOCKTNOSUPPORT", ESOCKTNOSUPPORT),
            ("ETIME", ETIME), ("ETOOMANYREFS", ETOOMANYREFS), ("EMFILE", EMFILE), ("ETXTBSY", ETXTBSY), ("EINPROGRESS", EINPROGRESS),
            ("ENXIO", ENXIO), ("ECANCELED", ECANCELED), ("EOWNERDEAD", EOWNERDEAD), ("ENOTRECOVERABLE", ENOTRECOVERABLE), ("ENOTSUP", ENOTSUP),
        ]
    }

    private static var special: [(StaticString, Int32)] {
        #if os(Linux)
        return [
            ("ENOCSI", ENOCSI), ("EUCLEAN", EUCLEAN), ("EL2NSYNC", EL2NSYNC), ("EL2HLT", EL2HLT), ("EADV", EADV), ("ENAVAIL", ENAVAIL),
            ("EBADR", EBADR), ("EBADFD", EBADFD), ("EDOTDOT", EDOTDOT), ("ENOANO", ENOANO), ("ECHRNG", ECHRNG), ("ELIBBAD", ELIBBAD),
            ("ENONET", ENONET), ("EBADE", EBADE), ("EUNATCH", EUNATCH), ("ENOTNAM", ENOTNAM), ("ELNRNG", ELNRNG), ("ENOTUNIQ", ENOTUNIQ),
            ("EXFULL", EXFULL), ("ECOMM", ECOMM), ("ESRMNT", ESRMNT), ("EREMOTEIO", EREMOTEIO), ("EL3RST", EL3RST), ("ELIBMAX", ELIBMAX),
            ("EBADSLT", EBADSLT), ("EBADRQC", EBADRQC), ("ELIBACC", ELIBACC), ("ELIBSCN", ELIBSCN), ("EISNAM", EISNAM), ("ESTRPIPE", ESTRPIPE),
            ("ELIBEXEC", ELIBEXEC), ("EL3HLT", EL3HLT), ("EREMCHG", EREMCHG), ("ERESTART", ERESTART), ("EBFONT", EBFONT), ("EDEADLOCK", EDEADLK),
            ("ENOPKG", ENOPKG), ("ENOMEDIUM", ENOMEDIUM), ("EMEDIUMTYPE", EMEDIUMTYPE), ("ENOKEY", ENOKEY), ("EKEYEXPIRED", EKEYEXPIRED),
            ("EKEYREVOKED", EKEYREVOKED), ("EKEYREJECTED", EKEYREJECTED), ("ERFKILL", ERFKILL),
        ]
        #else
        return []
        #endif
    }
}
