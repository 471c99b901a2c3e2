// `_socket`: the module, and its functions over names and numbers. The type is in SocketType.swift.

import CTaipan
#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

enum SocketModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        let t = m.t
        m.str("__doc__", "Implementation module for socket operations.\n\nSee the socket module for documentation.")
        let socket = try m.type("socket", flags: TypeFlag.base, SocketObject.cells, SocketType.define)
        m.set("SocketType", socket.value)
        try t.keep("_socket", try t.row(1).adding(socket.value).tuple.value)
        m.set("error", t.types.pointee.osError)
        m.set("timeout", t.types.pointee.timeoutError)
        m.set("has_ipv6", .true)
        let errors = try t.newTuple(2)
        for (i, name) in (["gaierror", "herror"] as [StaticString]).enumerated() {
            let namespace = t.newDict()
            try namespace.setString(t, t.name(.__module__), t.intern("socket"))
            errors[i] = try t.call(t.types.pointee.type, t.intern(name), try t.tuple(t.types.pointee.osError), namespace.value)
            m.set(name, errors[i])
        }
        try t.keep("_socket.errors", errors.value)
        #if os(Linux)
        try PosixModule.forEachEntry(SocketConstants.table) { (name, n) throws(Raised) in try m.dict.setString(t, t.intern(t.str(utf8: name)), t.int(n)) }
        SocketConstants.defineNegative(m)
        #else
        defineCommonConstants(m)
        #endif
        defineSockets(m)
        defineNumbers(m)
        SocketNames.define(m)
    }

    #if !os(Linux)
    private static func defineCommonConstants(_ m: ModuleBuilder) {
        for (name, n) in [("AF_UNSPEC", AF_UNSPEC), ("AF_INET", AF_INET), ("AF_INET6", AF_INET6), ("AF_UNIX", AF_UNIX), ("SOCK_STREAM", SOCK_STREAM), ("SOCK_DGRAM", SOCK_DGRAM),
                          ("SOCK_RAW", SOCK_RAW), ("SOL_SOCKET", SOL_SOCKET), ("SO_REUSEADDR", SO_REUSEADDR), ("SO_REUSEPORT", SO_REUSEPORT), ("SO_KEEPALIVE", SO_KEEPALIVE),
                          ("SO_ERROR", SO_ERROR), ("SO_TYPE", SO_TYPE), ("SO_BROADCAST", SO_BROADCAST), ("SO_SNDBUF", SO_SNDBUF), ("SO_RCVBUF", SO_RCVBUF),
                          ("SHUT_RD", SHUT_RD), ("SHUT_WR", SHUT_WR), ("SHUT_RDWR", SHUT_RDWR), ("SOMAXCONN", SOMAXCONN), ("MSG_PEEK", MSG_PEEK), ("MSG_OOB", MSG_OOB),
                          ("IPPROTO_TCP", IPPROTO_TCP), ("IPPROTO_UDP", IPPROTO_UDP), ("IPPROTO_IPV6", IPPROTO_IPV6), ("IPV6_V6ONLY", IPV6_V6ONLY), ("TCP_NODELAY", TCP_NODELAY),
                          ("AI_PASSIVE", AI_PASSIVE), ("AI_CANONNAME", AI_CANONNAME), ("AI_NUMERICHOST", AI_NUMERICHOST), ("AI_ADDRCONFIG", AI_ADDRCONFIG),
                          ("NI_NUMERICHOST", NI_NUMERICHOST), ("NI_NUMERICSERV", NI_NUMERICSERV), ("EAI_NONAME", EAI_NONAME)] as [(StaticString, Int32)] {
            m.int(name, Int(n))
        }
    }
    #endif

    // MARK: Descriptors

    private static func defineSockets(_ m: ModuleBuilder) {
        m.function("socketpair", "!($module, family=None, type=SOCK_STREAM, proto=0, /)", "socketpair([family[, type [, proto]]]) -> (socket object, socket object)\n\nCreate a pair of connected sockets.") { (t, a) throws(Raised) in
            let family = a[0].isUnbound ? AF_UNIX : try t.cInt(a[0])
            let type = a[1].isUnbound ? Int32(1) : try t.cInt(a[1])
            let proto = a[2].isUnbound ? Int32(0) : try t.cInt(a[2])
            var ends: [Int32] = [0, 0]
            #if os(Linux)
            let code = socketpair(family, type | 0o2000000, proto, &ends)
            #else
            let code = socketpair(family, type, proto, &ends)
            #endif
            if code < 0 { throw t.osError(ctaipan_get_errno()) }
            let made = try t.newTuple(2)
            for i in 0..<2 {
                let s = SocketObject(Value(t.allocate(t.kept("_socket", 0))))
                try t.setUp(s, ends[i], family, type, proto)
                made[i] = s.value
            }
            return made.value
        }
        m.function("close", "!($module, fd, /)", "close(integer) -> None\n\nClose an integer socket file descriptor.") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0])
            if t.blocking({ close(fd) }) < 0 && ctaipan_get_errno() != ECONNRESET { throw t.osError(ctaipan_get_errno()) }
            return .none
        }
        m.function("dup", "!($module, fd, /)", "dup(integer) -> integer\n\nDuplicate an integer socket file descriptor.") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[0])
            return t.int(Int(try t.systemCall32 { ctaipan_fcntl(fd, F_DUPFD_CLOEXEC, 0) }))
        }
        m.function("getdefaulttimeout", "!($module, /)", "getdefaulttimeout() -> timeout") { (t, _) in
            let kept = t.kept("_socket.timeout")
            return SocketType.timeoutValue(t, kept.isSmallInt ? kept.smallInt : -1)
        }
        m.function("setdefaulttimeout", "!($module, timeout, /)", "setdefaulttimeout(timeout)") { (t, a) throws(Raised) in
            try t.keep("_socket.timeout", Value(smallInt: try SocketType.timeoutArgument(t, a[0])))
            return .none
        }
        m.function("CMSG_LEN", "!($module, length, /)", "CMSG_LEN(length) -> control message length") { (t, a) throws(Raised) in
            let n = try t.index(a[0])
            if n < 0 || n > Int(Int32.max) - 64 { throw t.raise(.overflowError, "CMSG_LEN() argument out of range") }
            return t.int(ctaipan_control_length(n))
        }
        m.function("CMSG_SPACE", "!($module, length, /)", "CMSG_SPACE(length) -> buffer size") { (t, a) throws(Raised) in
            let n = try t.index(a[0])
            if n < 0 || n > Int(Int32.max) - 64 { throw t.raise(.overflowError, "CMSG_SPACE() argument out of range") }
            return t.int(ctaipan_control_space(n))
        }
    }

    // MARK: Byte order

    private static func short(_ t: Thread, _ value: Value, _ name: StaticString) throws(Raised) -> Value {
        let n = try t.cInt(value)
        if n < 0 { throw t.raise(.overflowError, "\(name): can't convert negative Python int to C 16-bit unsigned integer") }
        if n > 0xFFFF { throw t.raise(.overflowError, "\(name): Python int too large to convert to C 16-bit unsigned integer") }
        return t.int(Int(UInt16(n).bigEndian))
    }

    private static func long(_ t: Thread, _ value: Value) throws(Raised) -> Value {
        if !t.isInt(value) { throw t.raise(.typeError, "expected int, \(t.typeName(value)) found") }
        if t.intIsNegative(value) { throw t.raise(.overflowError, "can't convert negative value to unsigned int") }
        guard let n = t.machineInt(value), n <= 0xFFFF_FFFF else { throw t.raise(.overflowError, "int larger than 32 bits") }
        return t.int(Int(UInt32(n).bigEndian))
    }

    private static func defineNumbers(_ m: ModuleBuilder) {
        m.function("htons", "!($module, x, /)", "htons(integer) -> integer") { (t, a) throws(Raised) in try short(t, a[0], "htons") }
        m.function("ntohs", "!($module, x, /)", "ntohs(integer) -> integer") { (t, a) throws(Raised) in try short(t, a[0], "ntohs") }
        m.function("htonl", "!($module, x, /)", "htonl(integer) -> integer") { (t, a) throws(Raised) in try long(t, a[0]) }
        m.function("ntohl", "!($module, x, /)", "ntohl(integer) -> integer") { (t, a) throws(Raised) in try long(t, a[0]) }
        m.function("inet_aton", "!($module, string, /)", "inet_aton(string) -> bytes giving packed 32-bit IP representation") { (t, a) throws(Raised) in
            if !a[0].isKind(.str) { throw t.raise(.typeError, "inet_aton() argument 1 must be str, not \(t.typeName(a[0]))") }
            var address = in_addr()
            if inet_aton(t.string(a[0]), &address) == 0 { throw t.raise(.osError, "illegal IP address string passed to inet_aton") }
            return try withUnsafeBytes(of: &address) { (raw) throws(Raised) in try t.bytes(Array(raw)) }
        }
        m.function("inet_ntoa", "!($module, packed_ip, /)", "inet_ntoa(packed_ip) -> ip_address_string") { (t, a) throws(Raised) in
            let view = try t.buffer(of: a[0])
            defer { t.release(view) }
            if view.count != 4 { throw t.raise(.osError, "packed IP wrong length") }
            let b = view.bytes
            return t.str("\(b[0]).\(b[1]).\(b[2]).\(b[3])")
        }
        m.function("inet_pton", "!($module, af, ip, /)", "inet_pton(af, ip) -> packed IP address string") { (t, a) throws(Raised) in
            let family = try t.cInt(a[0])
            if !a[1].isKind(.str) { throw t.raise(.typeError, "inet_pton() argument 2 must be str, not \(t.typeName(a[1]))") }
            var bytes = [UInt8](repeating: 0, count: 16)
            let code = inet_pton(family, t.string(a[1]), &bytes)
            if code < 0 { throw t.osError(ctaipan_get_errno()) }
            if code == 0 { throw t.raise(.osError, "illegal IP address string passed to inet_pton") }
            return try t.bytes(Array(bytes.prefix(family == AF_INET ? 4 : 16)))
        }
        m.function("inet_ntop", "!($module, af, packed_ip, /)", "inet_ntop(af, packed_ip) -> string formatted IP address") { (t, a) throws(Raised) in
            let family = try t.cInt(a[0])
            let view = try t.buffer(of: a[1])
            defer { t.release(view) }
            if family != AF_INET && family != AF_INET6 { throw t.raise(.valueError, "unknown address family \(family)") }
            if view.count != (family == AF_INET ? 4 : 16) { throw t.raise(.valueError, "invalid length of packed IP address string") }
            var text = [CChar](repeating: 0, count: 64)
            if inet_ntop(family, view.base, &text, 64) == nil { throw t.osError(ctaipan_get_errno()) }
            return try t.systemText(text, asBytes: false)
        }
    }
}

/// The functions that ask the resolver and the system's tables.
enum SocketNames {
    static func define(_ m: ModuleBuilder) {
        m.function("getaddrinfo", "!($module, /, host, port, family=0, type=0, proto=0, flags=0)", "getaddrinfo(host, port [, family, type, proto, flags])\n    -> list of (family, type, proto, canonname, sockaddr)\n\nResolve host and port into addrinfo struct.", addressInfo)
        m.function("getnameinfo", "!($module, sockaddr, flags, /)", "getnameinfo(sockaddr, flags) --> (host, port)\n\nGet host and port for a sockaddr.", nameInfo)
        m.function("gethostname", "!($module, /)", "gethostname() -> string\n\nReturn the current host name.") { (t, a) throws(Raised) in
            try t.audit("socket.gethostname")
            var name = [CChar](repeating: 0, count: 1024)
            if gethostname(&name, 1023) < 0 { throw t.osError(ctaipan_get_errno()) }
            return try t.systemText(name, asBytes: false)
        }
        m.function("gethostbyname", "!($module, host, /)", "gethostbyname(host) -> address\n\nReturn the IP address (a string of the form '255.255.255.255') for a host.") { (t, a) throws(Raised) in
            try t.audit("socket.gethostbyname", a[0])
            return TupleObject(try t.addressValue(try t.resolve(try t.hostArgument(a[0]), AF_INET)))[0]
        }
        m.function("gethostbyname_ex", "!($module, host, /)", "gethostbyname_ex(host) -> (name, aliaslist, addresslist)") { (t, a) throws(Raised) in
            try t.audit("socket.gethostbyname", a[0])
            let host = try t.hostArgument(a[0])
            return try t.tuple(try t.systemText(host, asBytes: false), try t.newList().value, try t.list1(TupleObject(try t.addressValue(try t.resolve(host, AF_INET)))[0]))
        }
        m.function("gethostbyaddr", "!($module, host, /)", "gethostbyaddr(host) -> (name, aliaslist, addresslist)") { (t, a) throws(Raised) in
            try t.audit("socket.gethostbyaddr", a[0])
            var address = try t.resolve(try t.hostArgument(a[0]), AF_UNSPEC)
            var name = [CChar](repeating: 0, count: 1025)
            let code = t.blocking { address.withPointer { p, n in getnameinfo(p, n.pointee, &name, 1025, nil, 0, 8) } }
            if code != 0 { throw t.addressError(code) }
            return try t.tuple(try t.systemText(name, asBytes: false), try t.newList().value, try t.list1(TupleObject(try t.addressValue(address))[0]))
        }
        defineTables(m)
        defineInterfaces(m)
    }

    private static var addressInfo: NativeBody {
        { (t, a) throws(Raised) in
            try t.audit("socket.getaddrinfo", a[0], a[1], a[2].orInt(0), a[3].orInt(0), a[4].orInt(0))
            var host: [CChar]?
            if !a[0].isNone {
                if !a[0].isKind(.str) && !a[0].isKind(.bytes) { throw t.raise(.typeError, "getaddrinfo() argument 1 must be string or None") }
                host = a[0].isKind(.str) ? try t.hostArgument(try t.callMethod(a[0], t.intern("encode"), t.str("idna"))) : try t.hostArgument(a[0])
            }
            var service: [CChar]?
            if t.isInt(a[1]) {
                service = t.string(try t.strOf(try t.plainInt(a[1]))).utf8CString.map { $0 }
            } else if a[1].isKind(.str) {
                service = t.string(a[1]).utf8CString.map { $0 }
            } else if a[1].isKind(.bytes) {
                service = BytesObject(a[1]).buffer.map { CChar(bitPattern: $0) } + [0]
            } else if !a[1].isNone {
                throw t.raise(.osError, "Int or String expected")
            }
            var hints = addrinfo()
            hints.ai_family = a[2].isUnbound ? 0 : try t.cInt(a[2])
            hints.ai_socktype = a[3].isUnbound ? 0 : try t.cInt(a[3])
            hints.ai_protocol = a[4].isUnbound ? 0 : try t.cInt(a[4])
            hints.ai_flags = a[5].isUnbound ? 0 : try t.cInt(a[5])
            var found: UnsafeMutablePointer<addrinfo>?
            let code = t.blocking { t.withOptionalText(host) { name in t.withOptionalText(service) { getaddrinfo(name, $0, &hints, &found) } } }
            if code != 0 { throw t.addressError(code) }
            defer { freeaddrinfo(found) }
            let list = try t.newList()
            var at = found
            while let one = at {
                let made = try t.newTuple(5)
                made[0] = t.int(Int(one.pointee.ai_family))
                made[1] = t.int(Int(one.pointee.ai_socktype))
                made[2] = t.int(Int(one.pointee.ai_protocol))
                made[3] = try one.pointee.ai_canonname.map { (name) throws(Raised) in try t.systemText(name, asBytes: false) } ?? t.objects.pointee.emptyStr
                made[4] = try one.pointee.ai_addr.map { (p) throws(Raised) in try t.addressValue(SocketAddress(copying: UnsafeRawPointer(p), Int(one.pointee.ai_addrlen))) } ?? .none
                try t.append(list, made.value)
                at = one.pointee.ai_next
            }
            return list.value
        }
    }

    private static var nameInfo: NativeBody {
        { (t, a) throws(Raised) in
            try t.audit("socket.getnameinfo", a[0])
            if !a[0].isKind(.tuple) { throw t.raise(.typeError, "getnameinfo() argument 1 must be a tuple") }
            let parts = TupleObject(a[0])
            if parts.count < 2 || parts.count > 4 { throw t.raise(.typeError, "getnameinfo(): illegal sockaddr argument") }
            let flags = try t.cInt(a[1])
            if !parts[0].isKind(.str) { throw t.raise(.typeError, "getnameinfo(): illegal sockaddr argument") }
            let port = try t.cInt(parts[1])
            let flow = parts.count > 2 ? try t.index(parts[2]) : 0
            if flow < 0 || flow > 0xFFFFF { throw t.raise(.overflowError, "getnameinfo(): flowinfo must be 0-1048575.") }
            let scope = parts.count > 3 ? try t.index(parts[3]) : 0
            var hints = addrinfo()
            hints.ai_family = AF_UNSPEC
            hints.ai_socktype = 2
            hints.ai_flags = AI_NUMERICHOST
            var found: UnsafeMutablePointer<addrinfo>?
            let host = t.string(parts[0]), service = String(port)
            var code = t.blocking { getaddrinfo(host, service, &hints, &found) }
            if code != 0 { throw t.addressError(code) }
            defer { freeaddrinfo(found) }
            guard let first = found, let p = first.pointee.ai_addr else { throw t.addressError(EAI_NONAME) }
            if first.pointee.ai_next != nil { throw t.raise(.osError, "sockaddr resolved to multiple addresses") }
            var address = SocketAddress(copying: UnsafeRawPointer(p), Int(first.pointee.ai_addrlen))
            if address.family == AF_INET && parts.count != 2 { throw t.raise(.osError, "IPv4 sockaddr must be 2 tuple") }
            if address.family == AF_INET6 {
                address.with(sockaddr_in6.self) { q in
                    q.pointee.sin6_flowinfo = UInt32(flow).bigEndian
                    q.pointee.sin6_scope_id = UInt32(truncatingIfNeeded: scope)
                }
            }
            var hostText = [CChar](repeating: 0, count: 1025), serviceText = [CChar](repeating: 0, count: 32)
            code = t.blocking { address.withPointer { q, n in getnameinfo(q, n.pointee, &hostText, 1025, &serviceText, 32, flags) } }
            if code != 0 { throw t.addressError(code) }
            return try t.tuple(try t.systemText(hostText, asBytes: false), try t.systemText(serviceText, asBytes: false))
        }
    }

    private static func defineTables(_ m: ModuleBuilder) {
        m.function("getservbyname", "!($module, servicename, protocolname=None, /)", "getservbyname(servicename[, protocolname]) -> integer") { (t, a) throws(Raised) in
            try t.audit("socket.getservbyname", a[0], a[1].isUnbound ? t.objects.pointee.emptyStr : a[1])
            let proto: [CChar]? = a[1].isUnbound ? nil : t.string(a[1]).utf8CString.map { $0 }
            guard let entry = t.withOptionalText(proto, { getservbyname(t.string(a[0]), $0) }) else { throw t.raise(.osError, "service/proto not found") }
            return t.int(Int(UInt16(truncatingIfNeeded: entry.pointee.s_port).byteSwapped))
        }
        m.function("getservbyport", "!($module, port, protocolname=None, /)", "getservbyport(port[, protocolname]) -> string") { (t, a) throws(Raised) in
            try t.audit("socket.getservbyport", a[0], a[1].isUnbound ? t.objects.pointee.emptyStr : a[1])
            let port = try t.cInt(a[0])
            if port < 0 || port > 0xFFFF { throw t.raise(.overflowError, "getservbyport: port must be 0-65535.") }
            let proto: [CChar]? = a[1].isUnbound ? nil : t.string(a[1]).utf8CString.map { $0 }
            guard let entry = t.withOptionalText(proto, { getservbyport(Int32(UInt16(port).bigEndian), $0) }) else { throw t.raise(.osError, "port/proto not found") }
            return try t.systemText(entry.pointee.s_name, asBytes: false)
        }
        m.function("getprotobyname", "!($module, name, /)", "getprotobyname(name) -> integer") { (t, a) throws(Raised) in
            guard let entry = getprotobyname(t.string(a[0])) else { throw t.raise(.osError, "protocol not found") }
            return t.int(Int(entry.pointee.p_proto))
        }
    }

    private static func defineInterfaces(_ m: ModuleBuilder) {
        m.function("if_nameindex", "!($module, /)", "if_nameindex()\n\nReturns a list of network interface information (index, name) tuples.") { (t, _) throws(Raised) in
            guard let all = if_nameindex() else { throw t.osError(ctaipan_get_errno()) }
            defer { if_freenameindex(all) }
            let list = try t.newList()
            var i = 0
            while all[i].if_index != 0, let name = all[i].if_name {
                try t.append(list, try t.tuple(t.int(Int(all[i].if_index)), try t.systemText(name, asBytes: false)))
                i += 1
            }
            return list.value
        }
        m.function("if_nametoindex", "!($module, oname, /)", "Returns the interface index corresponding to the interface name if_name.") { (t, a) throws(Raised) in
            let name = try t.fileSystemBytes(a[0])
            let n = if_nametoindex(name)
            if n == 0 { throw t.raise(.osError, "no interface with this name") }
            return t.int(Int(n))
        }
        m.function("if_indextoname", "!($module, if_index, /)", "Returns the interface name corresponding to the interface index if_index.") { (t, a) throws(Raised) in
            let n = try t.index(a[0])
            if n < 0 { throw t.raise(.overflowError, "can't convert negative value to unsigned int") }
            var name = [CChar](repeating: 0, count: 64)
            if if_indextoname(UInt32(truncatingIfNeeded: n), &name) == nil { throw t.osError(ctaipan_get_errno()) }
            return try t.systemText(name, asBytes: false)
        }
    }
}
