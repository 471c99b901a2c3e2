// Paths as the functions of `posix` take them, system calls that are tried again, and the errors of both.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import CTaipan
import TaipanRuntime

/// A path argument: a path, or an open descriptor where the function allows one.
struct PathArgument {
    var bytes: [CChar] = [0]
    /// The descriptor, -1 for a path.
    var fd: Int32 = -1
    /// What errors name, and whether answers are bytes.
    var object = Value.unbound
    var isBytes = false
    var isDescriptor: Bool { isGivenDescriptor }
    var isGivenDescriptor = false
}

extension Thread {
    /// Reads a path argument; `function` and `label` are for messages.
    func pathArgument(_ value: Value, _ function: String, _ label: String = "path", allowsDescriptor: Bool = false, nullable: Bool = false) throws(Raised) -> PathArgument {
        var made = PathArgument()
        made.object = value
        if value.isNoneOrUnbound && nullable {
            made.bytes = [46, 0]
            made.object = .unbound
            return made
        }
        if !value.isKind(.str) && !value.isKind(.bytes) {
            if allowsDescriptor && !value.isNone && type(of: value).slots.pointee.index.isSet {
                made.fd = try descriptorNumber(value)
                made.isGivenDescriptor = true
                return made
            }
            let path = try callSpecial(value, name(.__fspath__))
            if path.isUnbound {
                let kinds: String = allowsDescriptor && nullable ? "string, bytes, os.PathLike, integer or None" : allowsDescriptor ? "string, bytes, os.PathLike or integer"
                    : nullable ? "string, bytes, os.PathLike or None" : "string, bytes or os.PathLike"
                throw raise(.typeError, "\(function): \(label) should be \(kinds), not \(typeName(value))")
            }
            if !path.isKind(.str) && !path.isKind(.bytes) {
                throw raise(.typeError, "expected \(typeName(value)).__fspath__() to return str or bytes, not \(typeName(path))")
            }
            made.object = path
        }
        made.isBytes = made.object.isKind(.bytes)
        var text = made.isBytes ? Array(BytesObject(made.object).buffer) : try encodeFileSystem(made.object)
        if text.contains(0) {
            throw raise(.valueError, made.isBytes ? "\(function): embedded null character in \(label)" : "embedded null byte")
        }
        text.append(0)
        made.bytes = text.map { CChar(bitPattern: $0) }
        return made
    }

    /// An int that is a descriptor.
    func descriptorNumber(_ value: Value) throws(Raised) -> Int32 {
        let number = try indexValue(value)
        guard let n = machineInt(number), n <= Int(Int32.max) else {
            throw raise(.overflowError, try holds(number, .less, Value(smallInt: 0)) ? "fd is less than minimum" : "fd is greater than maximum")
        }
        if n < Int(Int32.min) { throw raise(.overflowError, "fd is less than minimum") }
        return Int32(n)
    }

    /// The `dir_fd` argument.
    func directoryArgument(_ value: Value) throws(Raised) -> Int32 {
        if value.isNoneOrUnbound { return AT_FDCWD }
        if !type(of: value).slots.pointee.index.isSet {
            throw raise(.typeError, "argument should be integer or None, not \(typeName(value))")
        }
        return try descriptorNumber(value)
    }

    /// A C int argument.
    func cInt(_ value: Value) throws(Raised) -> Int32 {
        if value.isSmallInt, let n = Int32(exactly: value.smallInt) { return n }
        let number = try indexValue(value)
        guard let n = machineInt(number), let small = Int32(exactly: n) else {
            throw raise(.overflowError, "Python int too large to convert to C int")
        }
        return small
    }

    /// A descriptor argument: an int or an object with `fileno()` (`PyObject_AsFileDescriptor`).
    func fileDescriptor(_ value: Value) throws(Raised) -> Int32 {
        var number = value
        if !isInt(value) {
            let method = try getattrOrUnbound(value, name(.fileno))
            if method.isUnbound { throw raise(.typeError, "argument must be an int, or have a fileno() method.") }
            number = try call(method)
            if !isInt(number) { throw raise(.typeError, "fileno() returned a non-integer") }
        }
        let fd = try cInt(number)
        if fd < 0 { throw raise(.valueError, "file descriptor cannot be a negative integer (\(fd))") }
        return fd
    }

    /// A user or group id; -1 is "leave it".
    func idArgument(_ value: Value, _ word: String) throws(Raised) -> UInt32 {
        if !isInt(value) && !type(of: value).slots.pointee.index.isSet { throw raise(.typeError, "\(word) should be integer, not \(typeName(value))") }
        let number = try indexValue(value)
        guard let n = machineInt(number) else {
            throw raise(.overflowError, try holds(number, .less, Value(smallInt: 0)) ? "\(word) is less than minimum" : "\(word) is greater than maximum")
        }
        if n == -1 { return UInt32.max }
        if n < 0 { throw raise(.overflowError, "\(word) is less than minimum") }
        if n > Int(UInt32.max) { throw raise(.overflowError, "\(word) is greater than maximum") }
        return UInt32(n)
    }

    func idValue(_ id: UInt32) -> Value { id == UInt32.max ? Value(smallInt: -1) : Value(smallInt: Int(id)) }

    /// Makes a system call that gives -1 on failure, again after a signal.
    @discardableResult
    func systemCall(_ path: Value = .unbound, _ second: Value = .unbound, _ body: () -> Int) throws(Raised) -> Int {
        while true {
            let n = blocking(body)
            if n != -1 { return n }
            let code = ctaipan_get_errno()
            if code != EINTR { throw osError(code, path, second) }
            try checkSignals()
        }
    }

    /// `systemCall` for functions that give a C int.
    @discardableResult
    func systemCall32(_ path: Value = .unbound, _ second: Value = .unbound, _ body: () -> Int32) throws(Raised) -> Int32 {
        Int32(truncatingIfNeeded: try systemCall(path, second) { Int(body()) })
    }

    /// A C string from the system as str, or as bytes.
    func systemText(_ text: UnsafePointer<CChar>, asBytes: Bool) throws(Raised) -> Value {
        let count = strlen(text)
        let bytes = UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self)
        return asBytes ? try self.bytes(bytes, count) : decodeFileSystem(UnsafeBufferPointer(start: bytes, count: count))
    }

    /// Follow-symlinks arguments that go with neither a descriptor nor, for some functions, a directory.
    func checkPathCombination(_ function: String, _ path: PathArgument, directory: Int32, follows: Bool) throws(Raised) {
        if path.isDescriptor && directory != AT_FDCWD { throw raise(.valueError, "\(function): can't specify dir_fd without matching path") }
        if path.isDescriptor && !follows { throw raise(.valueError, "\(function): cannot use fd and follow_symlinks together") }
    }

    /// An optional flag, true when left out unless said otherwise.
    func flag(_ value: Value, _ whenLeftOut: Bool) throws(Raised) -> Bool { value.isUnbound ? whenLeftOut : try truth(value) }
}
