// `select`: waiting for descriptors with select, poll and epoll.

import CTaipan
#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

enum SelectModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        let t = m.t
        m.set("error", t.types.pointee.osError)
        m.str("__doc__", "This module supports asynchronous I/O on multiple file descriptors.")
        m.function("select", "($module, rlist, wlist, xlist, timeout=None, /)", "Wait until one or more file descriptors are ready for some kind of I/O.", select)
        let poll = try m.type("poll", flags: TypeFlag.noInstantiation, export: false, .values(1), definePoll)
        m.function("poll", "($module, /)", "Returns a polling object.") { (t, _) in
            let made = t.allocate(t.kept("select", 0))
            made[1] = t.newDict().value
            return Value(made)
        }
        #if os(Linux)
        let epoll = try m.type("epoll", flags: TypeFlag.base, NativeLayout(valueWords: 0, bytes: 16), EpollType.define)
        try t.keep("select", try t.row(2).adding(poll.value).adding(epoll.value).tuple.value)
        try PosixModule.forEachEntry(linuxConstants) { (name, n) throws(Raised) in try m.dict.setString(t, t.intern(t.str(utf8: name)), t.int(n)) }
        #else
        try t.keep("select", try t.row(1).adding(poll.value).tuple.value)
        for (name, n) in [("POLLERR", POLLERR), ("POLLHUP", POLLHUP), ("POLLIN", POLLIN), ("POLLNVAL", POLLNVAL), ("POLLOUT", POLLOUT), ("POLLPRI", POLLPRI)] as [(StaticString, Int32)] {
            m.int(name, Int(n))
        }
        m.int("PIPE_BUF", 512)
        #endif
    }

    private static var linuxConstants: StaticString {
        """
        EPOLLERR 8;EPOLLET 2147483648;EPOLLEXCLUSIVE 268435456;EPOLLHUP 16;EPOLLIN 1;EPOLLMSG 1024;EPOLLONESHOT 1073741824;EPOLLOUT 4;EPOLLPRI 2;\
        EPOLLRDBAND 128;EPOLLRDHUP 8192;EPOLLRDNORM 64;EPOLLWRBAND 512;EPOLLWRNORM 256;EPOLL_CLOEXEC 524288;PIPE_BUF 4096;POLLERR 8;POLLHUP 16;POLLIN 1;\
        POLLMSG 1024;POLLNVAL 32;POLLOUT 4;POLLPRI 2;POLLRDBAND 128;POLLRDHUP 8192;POLLRDNORM 64;POLLWRBAND 512;POLLWRNORM 256
        """
    }

    // MARK: select

    private static var select: NativeBody {
        { (t, a) throws(Raised) in
            let nanoseconds = a[3].isNoneOrUnbound ? -1 : try t.waitingTime(a[3], "timeout must be a float or None")
            if nanoseconds < 0 && !a[3].isNoneOrUnbound { throw t.raise(.valueError, "timeout must be non-negative") }
            var entries: [pollfd] = []
            let objects = try t.newList()
            var ends: [Int] = []
            let wanted: [Int16] = [Int16(POLLIN), Int16(POLLOUT), Int16(POLLPRI)]
            for k in 0..<3 {
                if !t.type(of: a[k]).slots.pointee.iter.isSet && !t.isSequence(a[k]) { throw t.raise(.typeError, "arguments 1-3 must be sequences") }
                let items = try t.tupleFrom(a[k])
                for i in 0..<items.count {
                    let fd = try t.fileDescriptor(items[i])
                    if fd >= 1024 { throw t.raise(.valueError, "filedescriptor out of range in select()") }
                    if i >= 1024 { throw t.raise(.valueError, "too many file descriptors in select()") }
                    entries.append(pollfd(fd: fd, events: wanted[k], revents: 0))
                    try t.append(objects, items[i])
                }
                ends.append(entries.count)
            }
            _ = try t.waitForDescriptors(&entries, nanoseconds)
            for entry in entries where entry.revents & Int16(POLLNVAL) != 0 { throw t.osError(EBADF) }
            return try ready(t, entries, objects, ends)
        }
    }

    /// The three lists of objects whose descriptors are ready.
    private static func ready(_ t: Thread, _ entries: [pollfd], _ objects: ListObject, _ ends: [Int]) throws(Raised) -> Value {
        let signs: [Int32] = [POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, POLLPRI]
        let lists = try t.newTuple(3)
        var i = 0
        for k in 0..<3 {
            let list = try t.newList()
            lists[k] = list.value
            while i < ends[k] {
                if Int32(entries[i].revents) & signs[k] != 0 { try t.append(list, objects[i]) }
                i += 1
            }
        }
        return lists.value
    }

    // MARK: poll: word 1 a dict from descriptor to events

    private static func events(_ t: Thread, _ value: Value, _ whenLeftOut: Int) throws(Raised) -> Value {
        if value.isUnbound { return Value(smallInt: whenLeftOut) }
        let number = try t.indexValue(value)
        guard let n = t.machineInt(number) else { throw t.raise(.overflowError, "Python int too large to convert to C unsigned short") }
        if n < 0 { throw t.raise(.valueError, "value must be positive") }
        if n > 0xFFFF { throw t.raise(.overflowError, "Python int too large to convert to C unsigned short") }
        return Value(smallInt: n)
    }

    private static func definePoll(_ b: TypeBuilder) {
        b.method("register", "($self, fd,\n         eventmask=select.POLLIN | select.POLLPRI | select.POLLOUT, /)", "Register a file descriptor with the polling object.") { (t, a) throws(Raised) in
            let fd = try t.fileDescriptor(a[1])
            try t.set(DictObject(a[0].cell[1]), t.int(Int(fd)), try events(t, a[2], 7))
            return .none
        }
        b.method("modify", "($self, fd, eventmask, /)", "Modify an already registered file descriptor.") { (t, a) throws(Raised) in
            let fd = t.int(Int(try t.fileDescriptor(a[1])))
            let mask = try events(t, a[2], 0)
            if try t.get(DictObject(a[0].cell[1]), fd).isUnbound { throw t.osError(ENOENT) }
            try t.set(DictObject(a[0].cell[1]), fd, mask)
            return .none
        }
        b.method("unregister", "($self, fd, /)", "Remove a file descriptor being tracked by the polling object.") { (t, a) throws(Raised) in
            let fd = t.int(Int(try t.fileDescriptor(a[1])))
            if try t.get(DictObject(a[0].cell[1]), fd).isUnbound { throw t.keyError(fd) }
            _ = try t.remove(DictObject(a[0].cell[1]), fd)
            return .none
        }
        b.method("poll", "($self, timeout=None, /)", "Polls the set of registered file descriptors.") { (t, a) throws(Raised) in
            let nanoseconds = try t.milliseconds(a[1])
            var entries: [pollfd] = []
            let dict = DictObject(a[0].cell[1])
            for i in 0..<dict.entryCount where dict.entry(i).key.isBound {
                entries.append(pollfd(fd: Int32(dict.entry(i).key.smallInt), events: Int16(bitPattern: UInt16(dict.entry(i).value.smallInt)), revents: 0))
            }
            _ = try t.waitForDescriptors(&entries, nanoseconds)
            let list = try t.newList()
            for entry in entries where entry.revents != 0 {
                try t.append(list, try t.tuple(t.int(Int(entry.fd)), t.int(Int(UInt16(bitPattern: entry.revents)))))
            }
            return list.value
        }
    }
}

extension Thread {
    /// A time in seconds as nanoseconds, rounded away from zero.
    func waitingTime(_ value: Value, _ complaint: StaticString) throws(Raised) -> Int {
        if isFloat(value) {
            let d = double(value)
            if d.isNaN { throw raise(.valueError, "Invalid value NaN (not a number)") }
            let n = (d * 1e9).rounded(.awayFromZero)
            if n >= 9.2233720368547748e18 || n <= -9.2233720368547748e18 { throw raise(.overflowError, "timestamp out of range for platform time_t") }
            return Int(n)
        }
        if !isInt(value) && !type(of: value).slots.pointee.index.isSet { throw raise(.typeError, complaint.description) }
        guard let n = machineInt(try indexValue(value)) else { throw raise(.overflowError, "timestamp too large to convert to C _PyTime_t") }
        let (product, overflow) = n.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { throw raise(.overflowError, "timestamp too large to convert to C _PyTime_t") }
        return product
    }

    /// The timeout of `poll()`: milliseconds, as nanoseconds; -1 is for ever.
    func milliseconds(_ value: Value) throws(Raised) -> Int {
        if value.isNoneOrUnbound { return -1 }
        let n: Int
        if isFloat(value) {
            if double(value).isNaN { throw raise(.valueError, "Invalid value NaN (not a number)") }
            let d = (double(value) * 1e6).rounded(.awayFromZero)
            if d >= 9.2233720368547748e18 || d <= -9.2233720368547748e18 { throw raise(.overflowError, "timestamp out of range for platform time_t") }
            n = Int(d)
        } else {
            if !isInt(value) && !type(of: value).slots.pointee.index.isSet { throw raise(.typeError, "timeout must be an integer or None") }
            guard let whole = machineInt(try indexValue(value)) else { throw raise(.overflowError, "timestamp too large to convert to C _PyTime_t") }
            let (product, overflow) = whole.multipliedReportingOverflow(by: 1_000_000)
            if overflow { throw raise(.overflowError, "timeout is too large") }
            n = product
        }
        if n / 1_000_000 > Int(Int32.max) { throw raise(.overflowError, "timeout is too large") }
        return n < 0 ? -1 : n
    }

    /// poll(2) until something is ready or the time is over, again after signals. Gives the number of ready entries.
    func waitForDescriptors(_ entries: inout [pollfd], _ nanoseconds: Int) throws(Raised) -> Int {
        let start = monotonicNow()
        var left = nanoseconds
        while true {
            let wait: Int32 = left < 0 ? -1 : Int32(clamping: (left + 999_999) / 1_000_000)
            let count = entries.withUnsafeMutableBufferPointer { list in blocking { poll(list.baseAddress, nfds_t(list.count), wait) } }
            if count >= 0 { return Int(count) }
            let code = ctaipan_get_errno()
            if code != EINTR { throw osError(code) }
            try checkSignals()
            if nanoseconds >= 0 { left = max(nanoseconds - (monotonicNow() - start), 0) }
        }
    }

    func monotonicNow() -> Int {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int(now.tv_sec) &* 1_000_000_000 &+ Int(now.tv_nsec)
    }
}

#if os(Linux)
/// `select.epoll`: raw word 1 the descriptor, -1 once closed.
enum EpollType {
    private static func descriptor(_ t: Thread, _ v: Value) throws(Raised) -> Int32 {
        let fd = Int32(v.cell.raw(1))
        if fd < 0 { throw t.raise(.valueError, "I/O operation on closed epoll object") }
        return fd
    }

    private static func close(_ v: Value) -> Int32 {
        let fd = Int32(v.cell.raw(1))
        if fd < 0 { return 0 }
        v.cell.setRaw(-1, at: 1)
        return Glibc.close(fd)
    }

    private static func make(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        let bound = try t.pushScratch(2)
        defer { t.popScratch(bound) }
        try t.bindNames(a, "epoll", ["sizehint", "flags"], required: 0, bound)
        let size = bound[0].isUnbound ? -1 : try t.cInt(bound[0])
        let flags = bound[1].isUnbound ? 0 : try t.cInt(bound[1])
        if size != -1 && size <= 0 { throw t.raise(.valueError, "negative sizehint") }
        if flags != 0 && flags != 524288 { throw t.raise(.osError, "invalid flags") }
        let fd = ctaipan_epoll_create()
        if fd < 0 { throw t.osError(ctaipan_get_errno()) }
        let made = t.allocate(TypeObject(type))
        made.setRaw(Int(fd), at: 1)
        return Value(made)
    }

    private static func control(_ t: Thread, _ v: Value, _ operation: Int32, _ target: Value, _ mask: Value, _ whenLeftOut: UInt32) throws(Raised) {
        let epoll = try descriptor(t, v)
        let fd = try t.fileDescriptor(target)
        var events = whenLeftOut
        if mask.isBound { events = UInt32(truncatingIfNeeded: try t.index(mask)) }
        let code = ctaipan_epoll_control(epoll, operation, fd, events)
        if code < 0 { throw t.osError(ctaipan_get_errno()) }
    }

    static func define(_ b: TypeBuilder) {
        b.doc("select.epoll(sizehint=-1, flags=0)\n\nReturns an epolling object.")
        b.slots.pointee.new = CallSlot(make)
        b.slots.pointee.finalize = ActionSlot { (_, v) in _ = close(v) }
        b.classMethod("fromfd", "($type, fd, /)", "Create an epoll object from a given control fd.") { (t, a) throws(Raised) in
            let fd = try t.cInt(a[1])
            let made = t.allocate(TypeObject(a[0]))
            made.setRaw(Int(fd), at: 1)
            return Value(made)
        }
        b.method("close", "($self, /)", "Close the epoll control file descriptor.") { (t, a) throws(Raised) in
            if close(a[0]) < 0 { throw t.osError(ctaipan_get_errno()) }
            return .none
        }
        b.method("fileno", "($self, /)", "Return the epoll control file descriptor.") { (t, a) throws(Raised) in t.int(Int(try descriptor(t, a[0]))) }
        b.getset("closed", "True if the epoll handler is closed", get: { (_, v) in Value(v.cell.raw(1) < 0) })
        b.method("register", "($self, /, fd,\n         eventmask=select.EPOLLIN | select.EPOLLPRI | select.EPOLLOUT)", "Registers a new fd or raises an OSError if the fd is already registered.") { (t, a) throws(Raised) in
            try control(t, a[0], 1, a[1], a[2], 7)
            return .none
        }
        b.method("modify", "($self, /, fd, eventmask)", "Modify event mask for a registered file descriptor.") { (t, a) throws(Raised) in
            try control(t, a[0], 3, a[1], a[2], 0)
            return .none
        }
        b.method("unregister", "($self, /, fd)", "Remove a registered file descriptor from the epoll object.") { (t, a) throws(Raised) in
            try control(t, a[0], 2, a[1], .unbound, 0)
            return .none
        }
        b.method("poll", "($self, /, timeout=None, maxevents=-1)", "Wait for events on the epoll file descriptor.", wait)
        b.method("__enter__", "($self, /)") { (t, a) throws(Raised) in
            _ = try descriptor(t, a[0])
            return a[0]
        }
        b.method("__exit__", "($self, exc_type=None, exc_value=None, exc_tb=None, /)") { (_, a) in
            _ = close(a[0])
            return .none
        }
    }

    private static var wait: NativeBody {
        { (t, a) throws(Raised) in
            let epoll = try descriptor(t, a[0])
            var total = -1
            if !a[1].isNoneOrUnbound {
                total = try t.waitingTime(a[1], "timeout must be an integer or None")
                if total < 0 { total = -1 }
            }
            var capacity = a[2].isUnbound ? Int32(-1) : try t.cInt(a[2])
            if capacity == -1 { capacity = 1023 }
            if capacity < 1 { throw t.raise(.valueError, "maxevents must be greater than 0, got \(capacity)") }
            if capacity > 1 << 20 { capacity = 1 << 20 }
            var fds = [Int32](repeating: 0, count: Int(capacity))
            var events = [UInt32](repeating: 0, count: Int(capacity))
            let start = t.monotonicNow()
            var left = total
            var count: Int32 = 0
            while true {
                let wait: Int32 = left < 0 ? -1 : Int32(clamping: (left + 999_999) / 1_000_000)
                count = t.blocking { ctaipan_epoll_wait(epoll, &fds, &events, capacity, wait) }
                if count >= 0 { break }
                let code = ctaipan_get_errno()
                if code != EINTR { throw t.osError(code) }
                try t.checkSignals()
                if total >= 0 { left = max(total - (t.monotonicNow() - start), 0) }
            }
            let list = try t.newList(capacity: Int(count))
            for i in 0..<Int(count) { try t.append(list, try t.tuple(t.int(Int(fds[i])), t.int(Int(events[i])))) }
            return list.value
        }
    }
}
#endif
