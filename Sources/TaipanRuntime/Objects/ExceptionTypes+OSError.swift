// OSError and its subclasses: `OSError(errno, …)` makes the subclass that fits the number.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// View of an OSError cell.
struct OSErrorObject {
    let cell: Cell
    init(_ value: Value) { cell = value.cell }
    var errno: Value { get { cell[8] } nonmutating set { cell[8] = newValue } }
    var strerror: Value { get { cell[9] } nonmutating set { cell[9] = newValue } }
    var filename: Value { get { cell[10] } nonmutating set { cell[10] = newValue } }
    var filename2: Value { get { cell[11] } nonmutating set { cell[11] = newValue } }
    /// Small int, or unbound.
    var written: Value { get { cell[12] } nonmutating set { cell[12] = newValue } }
    static var fields: Int { 5 }
}

extension Thread {
    func defineOSErrors() {
        defineType(.osError, "OSError", base: types.pointee.exception, flags: TypeFlag.base, .exception(fields: OSErrorObject.fields)) { b in
            b.doc("Base class for I/O related errors.")
            b.slots.pointee.new = CallSlot(Thread.osErrorNew)
            b.slots.pointee.initialize = InitSlot(Thread.osErrorInit)
            b.slots.pointee.str = UnarySlot(Thread.osErrorStr)
            b.member("errno", word: 8, readOnly: false, "POSIX exception code")
            b.member("strerror", word: 9, readOnly: false, "exception strerror")
            b.member("filename", word: 10, readOnly: false, "exception filename")
            b.member("filename2", word: 11, readOnly: false, "second exception filename")
            b.getset("characters_written", get: Thread.charactersWritten, set: Thread.setCharactersWritten)
            b.method("__reduce__", "!($self, /)") { (t, a) throws(Raised) in try t.reduceOSError(a[0]) }
        }
        subclass(.blockingIOError, "BlockingIOError", .osError, "I/O operation would block.")
        subclass(.childProcessError, "ChildProcessError", .osError, "Child process error.")
        subclass(.connectionError, "ConnectionError", .osError, "Connection error.")
        subclass(.fileExistsError, "FileExistsError", .osError, "File already exists.")
        subclass(.fileNotFoundError, "FileNotFoundError", .osError, "File not found.")
        subclass(.interruptedError, "InterruptedError", .osError, "Interrupted by signal.")
        subclass(.isADirectoryError, "IsADirectoryError", .osError, "Operation doesn't work on directories.")
        subclass(.notADirectoryError, "NotADirectoryError", .osError, "Operation only works on directories.")
        subclass(.permissionError, "PermissionError", .osError, "Not enough permissions.")
        subclass(.processLookupError, "ProcessLookupError", .osError, "Process not found.")
        subclass(.timeoutError, "TimeoutError", .osError, "Timeout expired.")
        subclass(.brokenPipeError, "BrokenPipeError", .connectionError, "Broken pipe.")
        subclass(.connectionAbortedError, "ConnectionAbortedError", .connectionError, "Connection aborted.")
        subclass(.connectionRefusedError, "ConnectionRefusedError", .connectionError, "Connection refused.")
        subclass(.connectionResetError, "ConnectionResetError", .connectionError, "Connection reset.")
    }

    private func subclass(_ layout: LayoutID, _ name: StaticString, _ base: LayoutID, _ doc: StaticString) {
        defineType(layout, name, base: types[base], flags: TypeFlag.base, .exception(fields: OSErrorObject.fields)) { b in
            b.doc(doc)
            b.slots.pointee.initialize = TypeObject(types.pointee.osError).slots.pointee.initialize
        }
    }

    /// The subclass that stands for an error number, or unbound.
    private func osErrorType(errno code: Int) -> Value {
        guard let code = Int32(exactly: code) else { return .unbound }
        switch code {
        case EAGAIN, EALREADY, EINPROGRESS: return types.pointee.blockingIOError
        case EPIPE, ESHUTDOWN: return types.pointee.brokenPipeError
        case ECHILD: return types.pointee.childProcessError
        case ECONNABORTED: return types.pointee.connectionAbortedError
        case ECONNREFUSED: return types.pointee.connectionRefusedError
        case ECONNRESET: return types.pointee.connectionResetError
        case EEXIST: return types.pointee.fileExistsError
        case ENOENT: return types.pointee.fileNotFoundError
        case EISDIR: return types.pointee.isADirectoryError
        case ENOTDIR: return types.pointee.notADirectoryError
        case EINTR: return types.pointee.interruptedError
        case EACCES, EPERM: return types.pointee.permissionError
        case ESRCH: return types.pointee.processLookupError
        case ETIMEDOUT: return types.pointee.timeoutError
        default: return code == EWOULDBLOCK ? types.pointee.blockingIOError : .unbound
        }
    }

    /// True when a Python class overrides `__init__` but not `__new__`: then `__init__` reads the arguments, which its override may have changed.
    private func readsArgumentsInInit(_ type: TypeObject) -> Bool {
        let own = TypeObject(types.pointee.osError).slots
        return type.slots.pointee.initialize.address != own.pointee.initialize.address && type.slots.pointee.new.address == own.pointee.new.address
    }

    private static func osErrorNew(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        var type = TypeObject(type)
        let later = t.readsArgumentsInInit(type)
        if !later {
            try t.refuseKeywords(type: type, a)
            if type.value == t.types.pointee.osError && a.count >= 2 && a.count <= 5 && t.isInt(a[0]), let code = t.machineInt(a[0]) {
                let special = t.osErrorType(errno: code)
                if special.isBound { type = TypeObject(special) }
            }
        }
        let made = Value(t.allocate(type))
        ExceptionObject(made).arguments = t.objects.pointee.emptyTuple
        if !later { try t.fillOSError(made, a) }
        return made
    }

    private static func osErrorInit(_ t: Thread, _ e: Value, _ a: Arguments) throws(Raised) {
        if !t.readsArgumentsInInit(t.type(of: e)) { return }
        try t.refuseKeywords(e, a)
        try t.fillOSError(e, a)
    }

    private func fillOSError(_ exception: Value, _ a: Arguments) throws(Raised) {
        let error = OSErrorObject(exception)
        var kept = a.count
        if a.count >= 2 && a.count <= 5 {
            error.errno = a[0]
            error.strerror = a[1]
            if a.count > 2 && !a[2].isNone {
                if exception.hasLayout(.blockingIOError), type(of: a[2]).slots.pointee.index.isSet || isInt(a[2]) {
                    error.written = Value(smallInt: try index(a[2], overflow: .valueError))
                } else {
                    error.filename = a[2]
                    if a.count > 4 && !a[4].isNone { error.filename2 = a[4] }
                    kept = 2
                }
            }
        }
        ExceptionObject(exception).arguments = try tuple(a.base, kept)
    }

    private static func osErrorStr(_ t: Thread, _ e: Value) throws(Raised) -> Value {
        let error = OSErrorObject(e)
        if error.filename.isUnbound && (error.errno.isUnbound || error.strerror.isUnbound) { return try baseExceptionStr(t, e) }
        var text: [UInt8] = Array("[Errno ".utf8)
        text += t.wtf8(try t.strOf(noneIfUnbound(error.errno)))
        text += Array("] ".utf8)
        text += t.wtf8(try t.strOf(noneIfUnbound(error.strerror)))
        if error.filename.isBound {
            text += Array(": ".utf8)
            text += t.wtf8(try t.repr(error.filename))
            if error.filename2.isBound {
                text += Array(" -> ".utf8)
                text += t.wtf8(try t.repr(error.filename2))
            }
        }
        return t.str(wtf8: text)
    }

    private static func charactersWritten(_ t: Thread, _ e: Value) throws(Raised) -> Value {
        let written = OSErrorObject(e).written
        if written.isUnbound { throw t.raise(.attributeError, "characters_written") }
        return written
    }

    private static func setCharactersWritten(_ t: Thread, _ e: Value, _ new: Value) throws(Raised) {
        if new.isUnbound {
            if OSErrorObject(e).written.isUnbound { throw t.raise(.attributeError, "characters_written") }
            OSErrorObject(e).written = .unbound
            return
        }
        OSErrorObject(e).written = Value(smallInt: try t.index(new, overflow: .valueError))
    }

    private func reduceOSError(_ exception: Value) throws(Raised) -> Value {
        let error = OSErrorObject(exception)
        let arguments = TupleObject(ExceptionObject(exception).arguments)
        if arguments.count != 2 || error.filename.isUnbound { return try reduceException(exception, arguments.value) }
        if error.filename2.isUnbound {
            return try reduceException(exception, try tuple(arguments[0], arguments[1], error.filename))
        }
        let full = try newTuple(5)
        full[0] = arguments[0]
        full[1] = arguments[1]
        full[2] = error.filename
        full[3] = .none
        full[4] = error.filename2
        return try reduceException(exception, full.value)
    }

    /// `os.strerror(code)`.
    public func systemErrorText(_ code: Int32) -> String {
        guard let text = strerror(code) else { return "Unknown error \(code)" }
        return String(cString: text)
    }
}
