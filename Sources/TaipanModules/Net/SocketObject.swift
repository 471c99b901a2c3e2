// The cell of `_socket.socket`, socket addresses, and waiting with a timeout.
//
//   raw: word 1  descriptor, -1 when closed     word 2  family     word 3  type     word 4  protocol
//        word 5  timeout in nanoseconds: -1 blocks, 0 never waits

import CTaipan
#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

struct SocketObject: BitwiseCopyable {
    let cell: Cell
    init(_ value: Value) { cell = value.cell }
    var value: Value { Value(cell) }
    var fd: Int32 { get { Int32(truncatingIfNeeded: cell.raw(1)) } nonmutating set { cell.setRaw(Int(newValue), at: 1) } }
    var family: Int32 { get { Int32(truncatingIfNeeded: cell.raw(2)) } nonmutating set { cell.setRaw(Int(newValue), at: 2) } }
    var type: Int32 { get { Int32(truncatingIfNeeded: cell.raw(3)) } nonmutating set { cell.setRaw(Int(newValue), at: 3) } }
    var proto: Int32 { get { Int32(truncatingIfNeeded: cell.raw(4)) } nonmutating set { cell.setRaw(Int(newValue), at: 4) } }
    var timeout: Int { get { cell.raw(5) } nonmutating set { cell.setRaw(newValue, at: 5) } }
    static var cells: NativeLayout { NativeLayout(valueWords: 0, bytes: 48) }
}

/// A socket address of any family, with its length.
struct SocketAddress {
    var storage = sockaddr_storage()
    var length: UInt32 = UInt32(MemoryLayout<sockaddr_storage>.size)

    var family: Int32 { Int32(storage.ss_family) }

    mutating func withPointer<R>(_ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<UInt32>) -> R) -> R {
        var count = length
        let result = withUnsafeMutablePointer(to: &storage) { p in
            p.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &count) }
        }
        length = count
        return result
    }

    /// Reads or writes the storage as another C struct.
    mutating func with<S, R>(_ kind: S.Type, _ body: (UnsafeMutablePointer<S>) -> R) -> R {
        withUnsafeMutablePointer(to: &storage) { p in p.withMemoryRebound(to: kind, capacity: 1, body) }
    }

    /// A copy of the first `count` bytes at `p`.
    init(copying p: UnsafeRawPointer, _ count: Int) {
        let kept = min(count, MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutableBytes(of: &storage) { $0.baseAddress?.copyMemory(from: p, byteCount: kept) }
        length = UInt32(kept)
    }

    init() {}
}

extension Thread {
    // MARK: Errors

    /// `gaierror(code, text)`.
    func addressError(_ code: Int32) -> Raised {
        if code == EAI_SYSTEM { return osError(ctaipan_get_errno()) }
        do throws(Raised) {
            return raise(exception: try call(TupleObject(kept("_socket.errors"))[0], int(Int(code)), str(String(cString: gai_strerror(code)))))
        } catch { return error }
    }

    // MARK: Addresses out

    /// The Python form of an address: (host, port), (host, port, flow, scope), a path.
    func addressValue(_ given: SocketAddress) throws(Raised) -> Value {
        var address = given
        if address.length == 0 { return .none }
        switch address.family {
        case AF_INET:
            let (host, port): (in_addr, UInt16) = address.with(sockaddr_in.self) { ($0.pointee.sin_addr, UInt16(bigEndian: $0.pointee.sin_port)) }
            return try tuple(try hostText(AF_INET, host), int(Int(port)))
        case AF_INET6:
            let parts: (in6_addr, UInt16, UInt32, UInt32) = address.with(sockaddr_in6.self) {
                ($0.pointee.sin6_addr, UInt16(bigEndian: $0.pointee.sin6_port), UInt32(bigEndian: $0.pointee.sin6_flowinfo), $0.pointee.sin6_scope_id)
            }
            let made = try newTuple(4)
            made[0] = try numericName(address)
            made[1] = int(Int(parts.1))
            made[2] = int(Int(parts.2))
            made[3] = int(Int(parts.3))
            return made.value
        case AF_UNIX: return try pathValue(&address)
        default:
            let count = max(Int(address.length) - 2, 0)
            let bytes: [UInt8] = withUnsafeBytes(of: &address.storage) { raw in Array(raw[2..<(2 + min(count, raw.count - 2))]) }
            return try tuple(int(Int(address.family)), try self.bytes(bytes))
        }
    }

    /// A numeric host with its scope, as getnameinfo writes it.
    private func numericName(_ given: SocketAddress) throws(Raised) -> Value {
        var address = given
        var host = [CChar](repeating: 0, count: 1025)
        let code = address.withPointer { p, n in getnameinfo(p, n.pointee, &host, 1025, nil, 0, NI_NUMERICHOST) }
        if code != 0 { throw addressError(code) }
        return try systemText(host, asBytes: false)
    }

    func hostText<A>(_ family: Int32, _ address: A) throws(Raised) -> Value {
        var address = address
        var text = [CChar](repeating: 0, count: 64)
        if inet_ntop(family, &address, &text, 64) == nil { throw osError(ctaipan_get_errno()) }
        return try systemText(text, asBytes: false)
    }

    private func pathValue(_ address: inout SocketAddress) throws(Raised) -> Value {
        let count = Int(address.length) - 2
        let bytes: [UInt8] = withUnsafeBytes(of: &address.storage) { raw in count > 0 ? Array(raw[2..<(2 + min(count, raw.count - 2))]) : [] }
        // Linux: a name that begins with a zero byte is in the abstract namespace, and all of it counts.
        if let first = bytes.first, first == 0 { return try self.bytes(bytes) }
        let path = bytes.prefix { $0 != 0 }
        return Array(path).withUnsafeBufferPointer { decodeFileSystem($0) }
    }

    // MARK: Addresses in

    /// The address that a method of a socket is given.
    func socketAddress(_ s: SocketObject, _ value: Value, _ function: StaticString) throws(Raised) -> SocketAddress {
        switch s.family {
        case AF_INET: return try internetAddress(value, function)
        case AF_INET6: return try internet6Address(value, function)
        case AF_UNIX: return try unixAddress(value)
        default: throw raise(.osError, "\(function)(): bad family")
        }
    }

    private func port(_ value: Value, _ function: StaticString) throws(Raised) -> UInt16 {
        let n = try cInt(value)
        if n < 0 || n > 0xFFFF { throw raise(.overflowError, "\(function)(): port must be 0-65535.") }
        return UInt16(n)
    }

    private func internetAddress(_ value: Value, _ function: StaticString) throws(Raised) -> SocketAddress {
        if !value.isKind(.tuple) { throw raise(.typeError, "\(function)(): AF_INET address must be tuple, not \(typeName(value))") }
        let parts = TupleObject(value)
        if parts.count != 2 { throw raise(.typeError, "AF_INET address must be a pair (host, port)") }
        let host = try hostArgument(parts[0])
        let number = try cInt(parts[1])
        var address = try resolve(host, AF_INET)
        if number < 0 || number > 0xFFFF { throw raise(.overflowError, "\(function)(): port must be 0-65535.") }
        address.with(sockaddr_in.self) { $0.pointee.sin_port = UInt16(number).bigEndian }
        return address
    }

    private func internet6Address(_ value: Value, _ function: StaticString) throws(Raised) -> SocketAddress {
        if !value.isKind(.tuple) { throw raise(.typeError, "\(function)(): AF_INET6 address must be tuple, not \(typeName(value))") }
        let parts = TupleObject(value)
        if parts.count < 2 || parts.count > 4 { throw raise(.typeError, "AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])") }
        let host = try hostArgument(parts[0])
        var address = try resolve(host, AF_INET6)
        let number = try port(parts[1], function)
        let flow = parts.count > 2 ? try index(parts[2]) : 0
        if flow < 0 || flow > 0xFFFFF { throw raise(.overflowError, "\(function)(): flowinfo must be 0-1048575.") }
        let scope = parts.count > 3 ? try index(parts[3]) : 0
        address.with(sockaddr_in6.self) { p in
            p.pointee.sin6_port = number.bigEndian
            p.pointee.sin6_flowinfo = UInt32(flow).bigEndian
            if parts.count > 3 { p.pointee.sin6_scope_id = UInt32(truncatingIfNeeded: scope) }
        }
        return address
    }

    private func unixAddress(_ value: Value) throws(Raised) -> SocketAddress {
        let path: Value = value.isKind(.str) ? try bytes(try fileSystemBytes(value).dropLast().map { UInt8(bitPattern: $0) }) : value
        let view = try buffer(of: path)
        defer { release(view) }
        var address = SocketAddress()
        address.storage.ss_family = sa_family_t(AF_UNIX)
        let limit = MemoryLayout<sockaddr_un>.size - 2
        let isAbstract = view.count > 0 && view.bytes[0] == 0
        if view.count > limit || (!isAbstract && view.count >= limit) { throw raise(.osError, "AF_UNIX path too long") }
        withUnsafeMutableBytes(of: &address.storage) { raw in for i in 0..<view.count { raw[2 + i] = view.bytes[i] } }
        address.length = UInt32(2 + view.count + (isAbstract || view.count == 0 ? 0 : 1))
        return address
    }

    /// A host as the C library takes it: str (in IDNA form), bytes or bytearray. Ends with 0.
    func hostArgument(_ value: Value) throws(Raised) -> [CChar] {
        var bytes = value
        if value.isKind(.str) {
            bytes = try callMethod(value, intern("encode"), str(StrObject(value).isASCII ? "ascii" : "idna"))
        } else if !value.isKind(.bytes) && !isByteArray(value) {
            throw raise(.typeError, "str, bytes or bytearray expected, not \(typeName(value))")
        }
        let view = try buffer(of: bytes)
        defer { release(view) }
        if view.bytes.contains(0) { throw raise(.typeError, "host name must not contain null character") }
        return view.bytes.map { CChar(bitPattern: $0) } + [0]
    }

    /// The address of a host, without a port.
    func resolve(_ host: [CChar], _ family: Int32) throws(Raised) -> SocketAddress {
        if host.count == 1 { return try lookUp(nil, "0", family, SOCK_DGRAM_VALUE, AI_PASSIVE) }
        let text = host.dropLast().map { UInt8(bitPattern: $0) }
        var address = SocketAddress()
        if text == Array("<broadcast>".utf8) || text == Array("255.255.255.255".utf8) {
            if family != AF_INET && family != AF_UNSPEC { throw raise(.osError, "address family mismatched") }
            address.storage.ss_family = sa_family_t(AF_INET)
            address.length = UInt32(MemoryLayout<sockaddr_in>.size)
            address.with(sockaddr_in.self) { $0.pointee.sin_addr.s_addr = UInt32.max }
            return address
        }
        if family == AF_INET || family == AF_UNSPEC {
            address.storage.ss_family = sa_family_t(AF_INET)
            if address.with(sockaddr_in.self, { inet_pton(AF_INET, host, &$0.pointee.sin_addr) }) == 1 {
                address.length = UInt32(MemoryLayout<sockaddr_in>.size)
                return address
            }
        }
        if (family == AF_INET6 || family == AF_UNSPEC) && !text.contains(0x25) {
            address.storage.ss_family = sa_family_t(AF_INET6)
            if address.with(sockaddr_in6.self, { inet_pton(AF_INET6, host, &$0.pointee.sin6_addr) }) == 1 {
                address.length = UInt32(MemoryLayout<sockaddr_in6>.size)
                return address
            }
        }
        return try lookUp(host, nil, family, 0, 0)
    }

    private var SOCK_DGRAM_VALUE: Int32 { 2 }

    /// The first answer of getaddrinfo.
    private func lookUp(_ host: [CChar]?, _ service: String?, _ family: Int32, _ type: Int32, _ flags: Int32) throws(Raised) -> SocketAddress {
        var hints = addrinfo()
        hints.ai_family = family
        hints.ai_socktype = type
        hints.ai_flags = flags
        var found: UnsafeMutablePointer<addrinfo>?
        let code = blocking { withOptionalText(host) { name in withOptionalText(service.map { $0.utf8CString.map { $0 } }) { getaddrinfo(name, $0, &hints, &found) } } }
        if code != 0 { throw addressError(code) }
        defer { freeaddrinfo(found) }
        guard let first = found, let address = first.pointee.ai_addr else { throw addressError(EAI_NONAME) }
        if host == nil && first.pointee.ai_next != nil { throw raise(.osError, "wildcard resolved to multiple address") }
        return SocketAddress(copying: UnsafeRawPointer(address), Int(first.pointee.ai_addrlen))
    }

    func withOptionalText<R>(_ text: [CChar]?, _ body: (UnsafePointer<CChar>?) -> R) -> R {
        guard let text else { return body(nil) }
        return text.withUnsafeBufferPointer { body($0.baseAddress) }
    }

    // MARK: Waiting

    /// Waits until the socket is ready, at most until `deadline` (a monotonic time).
    /// - Throws: TimeoutError.
    func wait(_ s: SocketObject, writing: Bool, deadline: Int) throws(Raised) {
        let left = deadline - monotonicNow()
        if left < 0 { throw raise(.timeoutError, "timed out") }
        var entries = [pollfd(fd: s.fd, events: Int16(writing ? POLLOUT : POLLIN), revents: 0)]
        if try waitForDescriptors(&entries, left) == 0 { throw raise(.timeoutError, "timed out") }
    }

    /// A system call on a socket, which waits first when the socket has a timeout.
    func socketCall(_ s: SocketObject, writing: Bool, deadline given: Int? = nil, _ body: () -> Int) throws(Raised) -> Int {
        let deadline: Int = s.timeout > 0 ? given ?? monotonicNow() &+ s.timeout : 0
        while true {
            if s.timeout > 0 { try wait(s, writing: writing, deadline: deadline) }
            let n = blocking(body)
            if n >= 0 { return n }
            let code = ctaipan_get_errno()
            if code == EINTR {
                try checkSignals()
            } else if s.timeout <= 0 || (code != EAGAIN && code != EWOULDBLOCK) {
                throw osError(code)
            }
        }
    }
}
