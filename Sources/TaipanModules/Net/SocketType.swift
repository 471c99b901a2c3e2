// `_socket.socket`: making, connecting and options. Moving data is in SocketTransfers.swift.

import CTaipan
#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

enum SocketType {
    private static var stream: Int32 { 1 }

    static func define(_ b: TypeBuilder) {
        b.doc("socket(family=AF_INET, type=SOCK_STREAM, proto=0) -> socket object\nsocket(family=-1, type=-1, proto=-1, fileno=None) -> socket object\n\nA socket: an endpoint of communication.")
        b.slots.pointee.new = CallSlot { (t, type, _) in
            let made = SocketObject(Value(t.allocate(TypeObject(type))))
            made.fd = -1
            made.timeout = -1
            return made.value
        }
        b.slots.pointee.initialize = InitSlot(initialize)
        b.slots.pointee.finalize = ActionSlot(finalize)
        b.slots.pointee.repr = UnarySlot { (t, v) in
            let s = SocketObject(v)
            return t.str("<socket object, fd=\(s.fd), family=\(s.family), type=\(s.type), proto=\(s.proto)>")
        }
        b.member("family", "the socket family", get: { (t, v) in t.int(Int(SocketObject(v).family)) })
        b.member("type", "the socket type", get: { (t, v) in t.int(Int(SocketObject(v).type)) })
        b.member("proto", "the socket protocol", get: { (t, v) in t.int(Int(SocketObject(v).proto)) })
        b.getset("timeout", "the socket timeout", get: { (t, v) in timeoutValue(t, SocketObject(v).timeout) })
        defineConnecting(b)
        defineState(b)
        defineOptions(b)
        SocketTransfers.define(b)
    }

    static func timeoutValue(_ t: Thread, _ nanoseconds: Int) -> Value {
        nanoseconds < 0 ? .none : t.float(Double(nanoseconds) / 1e9)
    }

    /// A timeout argument: None is -1.
    static func timeoutArgument(_ t: Thread, _ value: Value) throws(Raised) -> Int {
        if value.isNone { return -1 }
        let n = try t.waitingTime(value, "")
        if n < 0 { throw t.raise(.valueError, "Timeout value out of range") }
        return n
    }

    private static func finalize(_ t: Thread, _ v: Value) throws(Raised) {
        let s = SocketObject(v)
        if s.fd < 0 { return }
        do throws(Raised) { try t.warn(.resourceWarning, "unclosed \(try t.reprText(v))", source: v) } catch { _ = t.takePending() }
        let fd = s.fd
        s.fd = -1
        close(fd)
    }

    // MARK: Making

    private static func initialize(_ t: Thread, _ v: Value, _ a: Arguments) throws(Raised) {
        let bound = try t.pushScratch(4)
        defer { t.popScratch(bound) }
        try t.bindNames(a, "socket", ["family", "type", "proto", "fileno"], required: 0, bound)
        var family = bound[0].isUnbound ? Int32(-1) : try t.cInt(bound[0])
        var type = bound[1].isUnbound ? Int32(-1) : try t.cInt(bound[1])
        var proto = bound[2].isUnbound ? Int32(-1) : try t.cInt(bound[2])
        var fd: Int32 = -1
        try t.audit("socket.__new__", v, t.int(Int(family)), t.int(Int(type)), t.int(Int(proto)))
        if bound[3].isNoneOrUnbound {
            if family == -1 { family = AF_INET }
            if type == -1 { type = stream }
            if proto == -1 { proto = 0 }
            #if os(Linux)
            fd = t.blocking { socket(family, type | 0o2000000, proto) }
            #else
            fd = t.blocking { socket(family, type, proto) }
            if fd >= 0 { _ = ctaipan_fcntl(fd, F_SETFD, Int(FD_CLOEXEC)) }
            #endif
            if fd < 0 { throw t.osError(ctaipan_get_errno()) }
        } else {
            if t.isFloat(bound[3]) { throw t.raise(.typeError, "integer argument expected, got float") }
            fd = try t.cInt(bound[3])
            if fd < 0 { throw t.raise(.valueError, "negative file descriptor") }
            try detect(t, fd, &family, &type, &proto)
        }
        try t.setUp(SocketObject(v), fd, family, type, proto)
    }

    /// Fills what is -1 from what the system knows of the descriptor.
    private static func detect(_ t: Thread, _ fd: Int32, _ family: inout Int32, _ type: inout Int32, _ proto: inout Int32) throws(Raised) {
        var address = SocketAddress()
        if address.withPointer({ p, n in getsockname(fd, p, n) }) < 0 {
            if family == -1 || ctaipan_get_errno() == EBADF || ctaipan_get_errno() == ENOTSOCK { throw t.osError(ctaipan_get_errno()) }
        } else if family == -1 {
            family = address.family
        }
        if type == -1 { type = try intOption(t, fd, SO_TYPE) }
        #if os(Linux)
        if proto == -1 { proto = try intOption(t, fd, 38) }
        #else
        if proto == -1 { proto = 0 }
        #endif
    }

    private static func intOption(_ t: Thread, _ fd: Int32, _ option: Int32) throws(Raised) -> Int32 {
        var n: Int32 = 0
        var length = socklen_t(4)
        if getsockopt(fd, SOL_SOCKET, option, &n, &length) < 0 { throw t.osError(ctaipan_get_errno()) }
        return n
    }

    // MARK: Connecting

    private static func defineConnecting(_ b: TypeBuilder) {
        b.method("_accept", "!($self, /)", "_accept() -> (integer, address info)\n\nWait for an incoming connection.") { (t, a) throws(Raised) in
            let s = SocketObject(a[0])
            var address = SocketAddress()
            let fd = try t.socketCall(s, writing: false) { Int(address.withPointer { p, n in ctaipan_accept(s.fd, p, n) }) }
            do throws(Raised) {
                return try t.tuple(t.int(fd), try t.addressValue(address))
            } catch {
                close(Int32(fd))
                throw error
            }
        }
        b.method("bind", "!($self, address, /)", "bind(address)\n\nBind the socket to a local address.") { (t, a) throws(Raised) in
            try t.audit("socket.bind", a[0], a[1])
            let s = SocketObject(a[0])
            var address = try t.socketAddress(s, a[1], "bind")
            if t.blocking({ address.withPointer { p, n in bind(s.fd, p, n.pointee) } }) < 0 { throw t.osError(ctaipan_get_errno()) }
            return .none
        }
        b.method("connect", "!($self, address, /)", "connect(address)\n\nConnect the socket to a remote address.") { (t, a) throws(Raised) in
            try t.audit("socket.connect", a[0], a[1])
            let code = try connectTo(t, SocketObject(a[0]), try t.socketAddress(SocketObject(a[0]), a[1], "connect"), raises: true)
            if code != 0 { throw t.osError(code) }
            return .none
        }
        b.method("connect_ex", "!($self, address, /)", "connect_ex(address) -> errno\n\nLike connect(address), but returns an error code.") { (t, a) throws(Raised) in
            try t.audit("socket.connect", a[0], a[1])
            return t.int(Int(try connectTo(t, SocketObject(a[0]), try t.socketAddress(SocketObject(a[0]), a[1], "connect_ex"), raises: false)))
        }
        b.method("listen", "!($self, backlog=128, /)", "listen([backlog])\n\nEnable a server to accept connections.") { (t, a) throws(Raised) in
            let backlog = a[1].isUnbound ? 128 : max(try t.cInt(a[1]), 0)
            if t.blocking({ listen(SocketObject(a[0]).fd, backlog) }) < 0 { throw t.osError(ctaipan_get_errno()) }
            return .none
        }
        b.method("shutdown", "!($self, how, /)", "shutdown(flag)\n\nShut down the reading side, the writing side or both.") { (t, a) throws(Raised) in
            let how = try t.cInt(a[1])
            if t.blocking({ shutdown(SocketObject(a[0]).fd, how) }) < 0 { throw t.osError(ctaipan_get_errno()) }
            return .none
        }
        b.method("getsockname", "!($self, /)", "getsockname() -> address info\n\nReturn the address of the local endpoint.") { (t, a) throws(Raised) in
            var address = SocketAddress()
            if address.withPointer({ p, n in getsockname(SocketObject(a[0]).fd, p, n) }) < 0 { throw t.osError(ctaipan_get_errno()) }
            return try t.addressValue(address)
        }
        b.method("getpeername", "!($self, /)", "getpeername() -> address info\n\nReturn the address of the remote endpoint.") { (t, a) throws(Raised) in
            var address = SocketAddress()
            if address.withPointer({ p, n in getpeername(SocketObject(a[0]).fd, p, n) }) < 0 { throw t.osError(ctaipan_get_errno()) }
            return try t.addressValue(address)
        }
    }

    /// Connects; gives an errno, 0 when connected.
    private static func connectTo(_ t: Thread, _ s: SocketObject, _ target: SocketAddress, raises: Bool) throws(Raised) -> Int32 {
        var address = target
        if t.blocking({ address.withPointer { p, n in connect(s.fd, p, n.pointee) } }) == 0 { return 0 }
        let code = ctaipan_get_errno()
        let waits: Bool
        if code == EINTR {
            try t.checkSignals()
            waits = s.timeout != 0
        } else {
            waits = s.timeout > 0 && code == EINPROGRESS
        }
        if !waits { return code }
        var entries = [pollfd(fd: s.fd, events: Int16(POLLOUT), revents: 0)]
        if try t.waitForDescriptors(&entries, s.timeout) == 0 {
            if raises { throw t.raise(.timeoutError, "timed out") }
            return EWOULDBLOCK
        }
        let result = try intOption(t, s.fd, SO_ERROR)
        return result == EISCONN ? 0 : result
    }

    // MARK: State

    private static func defineState(_ b: TypeBuilder) {
        b.method("close", "!($self, /)", "close()\n\nClose the socket.") { (t, a) throws(Raised) in
            let s = SocketObject(a[0])
            let fd = s.fd
            if fd < 0 { return .none }
            s.fd = -1
            t.hasIdleFinalizer(a[0])
            if t.blocking({ close(fd) }) < 0 && ctaipan_get_errno() != ECONNRESET { throw t.osError(ctaipan_get_errno()) }
            return .none
        }
        b.method("detach", "!($self, /)", "detach()\n\nClose the socket object without closing the descriptor, which is returned.") { (t, a) in
            let s = SocketObject(a[0])
            let fd = s.fd
            s.fd = -1
            return t.int(Int(fd))
        }
        b.method("fileno", "!($self, /)", "fileno() -> integer\n\nReturn the file descriptor of the socket.") { (t, a) in t.int(Int(SocketObject(a[0]).fd)) }
        b.method("setblocking", "!($self, flag, /)", "setblocking(flag)\n\nTrue: block for ever; False: never wait.") { (t, a) throws(Raised) in
            try t.setTimeout(SocketObject(a[0]), try t.truth(a[1]) ? -1 : 0)
            return .none
        }
        b.method("getblocking", "!($self, /)", "getblocking()\n\nWhether the socket waits.") { (_, a) in Value(SocketObject(a[0]).timeout != 0) }
        b.method("settimeout", "!($self, timeout, /)", "settimeout(timeout)\n\nSet the timeout in seconds; None waits for ever.") { (t, a) throws(Raised) in
            try t.setTimeout(SocketObject(a[0]), try timeoutArgument(t, a[1]))
            return .none
        }
        b.method("gettimeout", "!($self, /)", "gettimeout() -> timeout\n\nThe timeout in seconds, or None.") { (t, a) in timeoutValue(t, SocketObject(a[0]).timeout) }
    }

    // MARK: Options

    private static func defineOptions(_ b: TypeBuilder) {
        b.method("getsockopt", "!($self, level, option, buffersize=0, /)", "getsockopt(level, option[, buffersize]) -> value\n\nGet a socket option: an int, or bytes when a size is given.") { (t, a) throws(Raised) in
            let s = SocketObject(a[0])
            let level = try t.cInt(a[1]), option = try t.cInt(a[2]), size = a[3].isUnbound ? 0 : try t.cInt(a[3])
            if size == 0 {
                var n: Int32 = 0
                var length = socklen_t(4)
                if getsockopt(s.fd, level, option, &n, &length) < 0 { throw t.osError(ctaipan_get_errno()) }
                return t.int(Int(n))
            }
            if size < 0 || size > 1024 { throw t.raise(.osError, "getsockopt buflen out of range") }
            var bytes = [UInt8](repeating: 0, count: Int(size))
            var length = socklen_t(size)
            if getsockopt(s.fd, level, option, &bytes, &length) < 0 { throw t.osError(ctaipan_get_errno()) }
            return try t.bytes(Array(bytes.prefix(Int(length))))
        }
        b.rawMethod("setsockopt", "", "setsockopt(level, option, value: int)\nsetsockopt(level, option, value: buffer)\nsetsockopt(level, option, None, optlen: int)\n\nSet a socket option.") { (t, a) throws(Raised) in
            if a.count < 4 || a.count > 5 { throw t.raise(.typeError, "setsockopt() takes \(a.count < 4 ? "at least 3" : "at most 4") arguments (\(a.count - 1) given)") }
            let s = SocketObject(a[0])
            let level = try t.cInt(a[1]), option = try t.cInt(a[2])
            let result: Int32
            if a.count == 5 {
                if !a[3].isNone { throw t.raise(.typeError, "setsockopt() argument 3 must be None, not \(t.typeName(a[3]))") }
                result = setsockopt(s.fd, level, option, nil, socklen_t(max(try t.cInt(a[4]), 0)))
            } else if t.isInt(a[3]) || t.type(of: a[3]).slots.pointee.index.isSet {
                var n = try t.cInt(a[3])
                result = setsockopt(s.fd, level, option, &n, 4)
            } else {
                let view = try t.buffer(of: a[3])
                defer { t.release(view) }
                result = setsockopt(s.fd, level, option, view.bytes.baseAddress, socklen_t(view.count))
            }
            if result < 0 { throw t.osError(ctaipan_get_errno()) }
            return .none
        }
    }
}

extension Thread {
    /// Fills a socket object and gives it the default timeout.
    func setUp(_ s: SocketObject, _ fd: Int32, _ family: Int32, _ type: Int32, _ proto: Int32) throws(Raised) {
        s.fd = fd
        s.family = family
        s.proto = proto
        #if os(Linux)
        s.type = type & ~Int32(0o2004000)
        let nonblocking = type & 0o4000 != 0
        #else
        s.type = type
        let nonblocking = false
        #endif
        let initial = kept("_socket.timeout")
        s.timeout = nonblocking ? 0 : initial.isSmallInt ? initial.smallInt : -1
        if !nonblocking && s.timeout >= 0 { try setNonblocking(fd, true) }
    }

    func setTimeout(_ s: SocketObject, _ nanoseconds: Int) throws(Raised) {
        s.timeout = nanoseconds
        try setNonblocking(s.fd, nanoseconds >= 0)
    }

    private func setNonblocking(_ fd: Int32, _ flag: Bool) throws(Raised) {
        let flags = ctaipan_fcntl(fd, F_GETFL, 0)
        if flags < 0 { throw osError(ctaipan_get_errno()) }
        let wanted = flag ? flags | O_NONBLOCK : flags & ~O_NONBLOCK
        if wanted != flags && ctaipan_fcntl(fd, F_SETFL, Int(wanted)) < 0 { throw osError(ctaipan_get_errno()) }
    }
}
