// `_socket.socket`: sending and receiving.

import CTaipan
#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

enum SocketTransfers {
    static func define(_ b: TypeBuilder) {
        defineReceiving(b)
        defineSending(b)
        defineMessages(b)
    }

    private static func flags(_ t: Thread, _ value: Value) throws(Raised) -> Int32 { value.isUnbound ? 0 : try t.cInt(value) }

    // MARK: Receiving

    /// Receives into fresh bytes; `address` is filled when it is wanted.
    private static func receive(_ t: Thread, _ s: SocketObject, _ count: Int, _ flags: Int32, _ address: UnsafeMutablePointer<SocketAddress>?) throws(Raised) -> Value {
        let made = try t.newBytes(count)
        let got = try t.socketCall(s, writing: false) {
            if let address {
                address.pointee.length = UInt32(MemoryLayout<sockaddr_storage>.size)
                return address.pointee.withPointer { p, n in recvfrom(s.fd, made.data, count, flags, p, n) }
            }
            return recv(s.fd, made.data, count, flags)
        }
        return got == count ? made.value : try t.bytes(UnsafePointer(made.data), got)
    }

    /// Receives into a buffer that the caller lends.
    private static func receiveInto(_ t: Thread, _ s: SocketObject, _ target: Value, _ wanted: Int, _ flags: Int32, _ address: UnsafeMutablePointer<SocketAddress>?,
                                    _ name: StaticString, _ small: StaticString) throws(Raised) -> Int {
        let view = try t.buffer(of: target, writable: true)
        defer { t.release(view) }
        if wanted < 0 { throw t.raise(.valueError, "negative buffersize in \(name)") }
        if view.count < wanted { throw t.raise(.valueError, small.description) }
        let count = wanted == 0 ? view.count : wanted
        return try t.socketCall(s, writing: false) {
            if let address {
                address.pointee.length = UInt32(MemoryLayout<sockaddr_storage>.size)
                return address.pointee.withPointer { p, n in recvfrom(s.fd, view.base, count, flags, p, n) }
            }
            return recv(s.fd, view.base, count, flags)
        }
    }

    private static func defineReceiving(_ b: TypeBuilder) {
        b.method("recv", "!($self, buffersize, flags=0, /)", "recv(buffersize[, flags]) -> data\n\nReceive up to buffersize bytes from the socket.") { (t, a) throws(Raised) in
            let count = try t.index(a[1]), flags = try flags(t, a[2])
            if count < 0 { throw t.raise(.valueError, "negative buffersize in recv") }
            return try receive(t, SocketObject(a[0]), count, flags, nil)
        }
        b.method("recvfrom", "!($self, buffersize, flags=0, /)", "recvfrom(buffersize[, flags]) -> (data, address info)\n\nLike recv, with the sender's address.") { (t, a) throws(Raised) in
            let count = try t.index(a[1]), flags = try flags(t, a[2])
            if count < 0 { throw t.raise(.valueError, "negative buffersize in recvfrom") }
            var address = SocketAddress()
            let data = try receive(t, SocketObject(a[0]), count, flags, &address)
            return try t.tuple(data, try t.addressValue(address))
        }
        b.method("recv_into", "!($self, /, buffer, nbytes=0, flags=0)", "recv_into(buffer, [nbytes[, flags]]) -> nbytes_read\n\nLike recv, into a buffer.") { (t, a) throws(Raised) in
            t.int(try receiveInto(t, SocketObject(a[0]), a[1], a[2].isUnbound ? 0 : try t.index(a[2]), try flags(t, a[3]), nil, "recv_into", "buffer too small for requested bytes"))
        }
        b.method("recvfrom_into", "!($self, /, buffer, nbytes=0, flags=0)", "recvfrom_into(buffer[, nbytes[, flags]]) -> (nbytes, address info)\n\nLike recv_into, with the sender's address.") { (t, a) throws(Raised) in
            var address = SocketAddress()
            let n = try receiveInto(t, SocketObject(a[0]), a[1], a[2].isUnbound ? 0 : try t.index(a[2]), try flags(t, a[3]), &address, "recvfrom_into", "nbytes is greater than the length of the buffer")
            return try t.tuple(t.int(n), try t.addressValue(address))
        }
    }

    // MARK: Sending

    private static func defineSending(_ b: TypeBuilder) {
        b.method("send", "!($self, data, flags=0, /)", "send(data[, flags]) -> count\n\nSend bytes; says how many went.") { (t, a) throws(Raised) in
            let view = try t.buffer(of: a[1])
            defer { t.release(view) }
            let flags = try flags(t, a[2]), fd = SocketObject(a[0]).fd
            return t.int(try t.socketCall(SocketObject(a[0]), writing: true) { send(fd, view.base, view.count, flags) })
        }
        b.method("sendall", "!($self, data, flags=0, /)", "sendall(data[, flags])\n\nSend all bytes.") { (t, a) throws(Raised) in
            let s = SocketObject(a[0])
            let view = try t.buffer(of: a[1])
            defer { t.release(view) }
            let flags = try flags(t, a[2])
            let deadline = t.monotonicNow() &+ max(s.timeout, 0)
            var done = 0
            while true {
                let n = try t.socketCall(s, writing: true, deadline: deadline) { send(s.fd, view.base.map { $0 + done }, view.count - done, flags) }
                done += n
                try t.checkSignals()
                if done >= view.count { return .none }
            }
        }
        b.rawMethod("sendto", "", "sendto(data[, flags], address) -> count\n\nSend to an address.") { (t, a) throws(Raised) in
            if a.count < 3 || a.count > 4 { throw t.raise(.typeError, "sendto() takes 2 or 3 arguments (\(a.count - 1) given)") }
            try t.audit("socket.sendto", a[0], a[a.count - 1])
            let s = SocketObject(a[0])
            let view = try t.buffer(of: a[1])
            defer { t.release(view) }
            let flags = a.count == 4 ? try t.cInt(a[2]) : 0
            var address = try t.socketAddress(s, a[a.count - 1], "sendto")
            return t.int(try t.socketCall(s, writing: true) { address.withPointer { p, n in sendto(s.fd, view.base, view.count, flags, p, n.pointee) } })
        }
    }

    // MARK: Messages

    /// Views of several buffers; give them back with `release`.
    private struct Pieces {
        var views: [UnsafeMutableRawPointer?] = []
        var sizes: [Int] = []
        /// The lenders, in a list that the collector sees.
        var owners: ListObject
    }

    private static func pieces(_ t: Thread, _ buffers: Value, writable: Bool) throws(Raised) -> Pieces {
        let items = try t.listFrom(buffers)
        var made = Pieces(owners: try t.newList())
        for i in 0..<items.count {
            do throws(Raised) {
                let view = try t.buffer(of: items[i], writable: writable)
                made.views.append(view.base)
                made.sizes.append(view.count)
                try t.append(made.owners, view.owner)
            } catch {
                let pending = t.takePending()
                release(t, made)
                throw t.restore(pending)
            }
        }
        return made
    }

    private static func release(_ t: Thread, _ pieces: Pieces) {
        for i in 0..<pieces.owners.count { t.release(BufferView(base: nil, count: 0, isReadOnly: true, owner: pieces.owners[i])) }
    }

    /// The bytes of ancillary data: (level, type, data) each.
    private static func control(_ t: Thread, _ value: Value) throws(Raised) -> [UInt8] {
        var bytes: [UInt8] = []
        if value.isUnbound { return bytes }
        try t.forEach(value) { (item) throws(Raised) in
            let parts = try t.tupleFrom(item)
            if parts.count != 3 { throw t.raise(.typeError, "[sendmsg() ancillary data items] must be sequences of length 3") }
            let level = try t.cInt(parts[0]), type = try t.cInt(parts[1])
            let view = try t.buffer(of: parts[2])
            defer { t.release(view) }
            let at = bytes.count
            bytes += [UInt8](repeating: 0, count: ctaipan_control_space(view.count))
            let capacity = bytes.count
            bytes.withUnsafeMutableBytes { raw in _ = ctaipan_control_put(raw.baseAddress, capacity, at, level, type, view.base, view.count) }
        }
        return bytes
    }

    private static func defineMessages(_ b: TypeBuilder) {
        b.method("sendmsg", "!($self, buffers, ancdata=(), flags=0, address=None, /)", "sendmsg(buffers[, ancdata[, flags[, address]]]) -> count\n\nSend data gathered from buffers, with ancillary data.") { (t, a) throws(Raised) in
            try t.audit("socket.sendmsg", a[0], a[4].orNone)
            let s = SocketObject(a[0])
            let flags = try flags(t, a[3])
            var address: SocketAddress? = a[4].isNoneOrUnbound ? nil : try t.socketAddress(s, a[4], "sendmsg")
            var control = try control(t, a[2])
            let parts = try pieces(t, a[1], writable: false)
            defer { release(t, parts) }
            let count = control.count
            return t.int(try t.socketCall(s, writing: true) {
                control.withUnsafeMutableBytes { raw in
                    if address != nil {
                        return address?.withPointer { p, n in ctaipan_send_message(s.fd, parts.views, parts.sizes, parts.sizes.count, raw.baseAddress, count, p, n.pointee, flags) } ?? -1
                    }
                    return ctaipan_send_message(s.fd, parts.views, parts.sizes, parts.sizes.count, raw.baseAddress, count, nil, 0, flags)
                }
            })
        }
        b.method("recvmsg", "!($self, bufsize, ancbufsize=0, flags=0, /)", "recvmsg(bufsize[, ancbufsize[, flags]]) -> (data, ancdata, msg_flags, address)\n\nReceive data and ancillary data.") { (t, a) throws(Raised) in
            let count = try t.index(a[1])
            if count < 0 { throw t.raise(.valueError, "negative buffer size in recvmsg()") }
            let made = try t.newBytes(count)
            let parts = Pieces(views: [UnsafeMutableRawPointer(made.data)], sizes: [count], owners: try t.newList())
            let (got, rest) = try receiveMessage(t, SocketObject(a[0]), parts, a[2], a[3])
            rest[0] = got == count ? made.value : try t.bytes(UnsafePointer(made.data), got)
            return rest.value
        }
        b.method("recvmsg_into", "!($self, buffers, ancbufsize=0, flags=0, /)", "recvmsg_into(buffers[, ancbufsize[, flags]]) -> (nbytes, ancdata, msg_flags, address)\n\nLike recvmsg, scattering the data into buffers.") { (t, a) throws(Raised) in
            let parts = try pieces(t, a[1], writable: true)
            defer { release(t, parts) }
            let (got, rest) = try receiveMessage(t, SocketObject(a[0]), parts, a[2], a[3])
            rest[0] = t.int(got)
            return rest.value
        }
    }

    /// The count of bytes received, and a tuple (to be filled, ancillary data, flags, address).
    private static func receiveMessage(_ t: Thread, _ s: SocketObject, _ parts: Pieces, _ room: Value, _ flagsValue: Value) throws(Raised) -> (Int, TupleObject) {
        let capacity = room.isUnbound ? 0 : try t.index(room)
        if capacity < 0 || capacity > Int(Int32.max) { throw t.raise(.valueError, "invalid ancillary data buffer length") }
        let flags = try flags(t, flagsValue)
        var control = [UInt8](repeating: 0, count: capacity)
        var address = SocketAddress()
        var used = capacity
        var seen: Int32 = 0
        let got = try t.socketCall(s, writing: false) {
            used = capacity
            address.length = UInt32(MemoryLayout<sockaddr_storage>.size)
            return control.withUnsafeMutableBytes { raw in
                address.withPointer { p, n in ctaipan_receive_message(s.fd, parts.views, parts.sizes, parts.sizes.count, raw.baseAddress, &used, p, n, flags, &seen) }
            }
        }
        let list = try t.newList()
        let filled = used
        var offset = 0
        while true {
            var count = 0
            var level: Int32 = 0, type: Int32 = 0
            let piece: [UInt8]? = control.withUnsafeMutableBytes { raw in
                var data: UnsafePointer<UInt8>?
                if ctaipan_control_get(raw.baseAddress, filled, &offset, &level, &type, &data, &count) == 0 { return nil }
                return Array(UnsafeBufferPointer(start: data, count: count))
            }
            guard let piece else { break }
            try t.append(list, try t.tuple(t.int(Int(level)), t.int(Int(type)), try t.bytes(piece)))
        }
        let rest = try t.newTuple(4)
        rest[1] = list.value
        rest[2] = t.int(Int(seen))
        rest[3] = try t.addressValue(address)
        return (got, rest)
    }
}
