// `_io`: the module itself. Its types are made once an interpreter, when the standard streams are (before anything
// imports the module), and are reached through one buffer of values among the well-known objects.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

/// What `_io` keeps: its types, and the functions behind `__init__` whose arguments are bound by signature.
enum IOEntry: Int {
    case ioBase, rawIOBase, bufferedIOBase, textIOBase, fileIO, bytesIO, bytesIOBuffer, bufferedReader, bufferedWriter, bufferedRWPair
    case bufferedRandom, newlineDecoder, stringIO, textIOWrapper, unsupportedOperation
    case fileIOInit, bytesIOInit, bufferedReaderInit, bufferedWriterInit, bufferedRandomInit, bufferedRWPairInit, newlineDecoderInit, stringIOInit
    case textIOWrapperInit
    /// `open`, which is the builtin too.
    case openFunction
    static var count: Int { IOEntry.openFunction.rawValue + 1 }
}

extension Thread {
    /// A type (or function) of `_io`.
    @inline(__always) func io(_ entry: IOEntry) -> Value { ValueBuffer(objects.pointee.ioState).items[entry.rawValue] }

    func setIO(_ entry: IOEntry, _ value: Value) { ValueBuffer(objects.pointee.ioState).items[entry.rawValue] = value }

    /// True when the value's type is exactly that type of `_io`.
    @inline(__always) func isExactly(_ value: Value, _ entry: IOEntry) -> Bool { type(of: value).value == io(entry) }

    /// Makes the types of `_io` unless they are there.
    func prepareIO() throws(Raised) {
        if objects.pointee.ioState.isBound { return }
        objects.pointee.ioState = try newValueBuffer(IOEntry.count).value
        try defineIOBaseTypes()
        try defineFileIO()
        try defineBytesIO()
        try defineBufferedTypes()
        try defineBufferedRWPair()
        try defineNewlineDecoder()
        try defineStringIO()
        try defineTextIOWrapper()
        defineOpenFunction()
        if objects.pointee.builtins.isBound { try DictObject(objects.pointee.builtins).setString(self, name(.open), io(.openFunction)) }
    }

    /// `open`: one function object for `_io`, `io` and `builtins`.
    private func defineOpenFunction() {
        let function = newNative(.builtinFunction, name(.open), "($module, /, file, mode='r', buffering=-1, encoding=None, errors=None,\n     newline=None, closefd=True, opener=None)",
                   "Open file and return a stream.  Raise OSError upon failure.", 0) { (t, a) throws(Raised) in
            t.settleDropped("open")
            let mode = a[1]
            if mode.isBound && !mode.isKind(.str) { throw t.raise(.typeError, "open() argument 'mode' must be str, not \(t.argumentTypeName(mode))") }
            let buffering = a[2].isBound ? try t.index(a[2]) : -1
            return try t.openFile(a[0], mode: mode.isBound ? t.string(mode) : "r", buffering: buffering, encoding: a[3], errors: a[4], newline: a[5],
                                  closefd: a[6].isUnbound ? true : try t.truth(a[6]), opener: a[7])
        }
        function.module = intern("_io")
        setIO(.openFunction, function.value)
    }

    /// A type of `_io`; all may be subclassed and weakly referenced.
    func defineIOType(_ entry: IOEntry, _ name: StaticString, base: IOEntry?, _ cells: NativeLayout, flags: Int = TypeFlag.base | TypeFlag.hasWeakReferences,
                      _ configure: (TypeBuilder) -> Void) throws(Raised) {
        let made = try newNativeType(name, moduleName: intern("_io"), base: base.map { io($0) }, flags: flags, cells, configure)
        setIO(entry, made.value)
    }

    /// A function that takes the receiver first and whose other arguments are bound to `signature`: the body of an `__init__`.
    func defineIOInit(_ entry: IOEntry, _ name: StaticString, _ signature: StaticString, _ body: @escaping NativeBody) {
        setIO(entry, newNative(.methodDescriptor, intern(name), signature, "", 0, body).value)
    }

    /// Calls such a function with the arguments that an `__init__` slot got.
    func callIOInit(_ entry: IOEntry, _ receiver: Value, _ arguments: Arguments) throws(Raised) {
        let extra = arguments.keywords.isUnbound ? 0 : TupleObject(arguments.keywords).count
        let base = try pushScratch(arguments.count + extra + 1)
        defer { popScratch(base) }
        base[0] = receiver
        for i in 0..<(arguments.count + extra) { base[i + 1] = arguments[i] }
        _ = try callNative(NativeFunction(io(entry)), Arguments(base, arguments.count + 1, arguments.keywords), receiver: true)
    }

    /// `io.UnsupportedOperation`, made by a class statement's means: it derives from OSError and ValueError.
    func unsupportedOperationType() throws(Raised) -> Value {
        let known = io(.unsupportedOperation)
        if known.isBound { return known }
        let namespace = newDict()
        try namespace.setString(self, name(.__module__), name(.io))
        let bases = try tuple(types.pointee.osError, types.pointee.valueError)
        let made = try call(types.pointee.type, intern("UnsupportedOperation"), bases, namespace.value)
        setIO(.unsupportedOperation, made)
        return made
    }

    /// UnsupportedOperation with a message.
    func unsupported(_ message: String) -> Raised {
        do throws(Raised) {
            let type = try unsupportedOperationType()
            return raise(exception: try call(type, str(message)))
        } catch { return error }
    }

    /// An optional size: None and "not given" are -1.
    func optionalSize(_ value: Value) throws(Raised) -> Int {
        if value.isNoneOrUnbound { return -1 }
        if value.isSmallInt { return value.smallInt }
        if !type(of: value).slots.pointee.index.isSet {
            throw raise(.typeError, "argument should be integer or None, not '\(typeName(value))'")
        }
        return try index(value)
    }
}

/// The buffer size of `open` when nothing says otherwise.
let defaultBufferSize = 8192

public enum IOModule {
    public static func define(_ b: ModuleBuilder) throws(Raised) {
        let t = b.t
        try t.prepareIO()
        b.set("_IOBase", t.io(.ioBase))
        b.set("_RawIOBase", t.io(.rawIOBase))
        b.set("_BufferedIOBase", t.io(.bufferedIOBase))
        b.set("_TextIOBase", t.io(.textIOBase))
        b.set("FileIO", t.io(.fileIO))
        b.set("BytesIO", t.io(.bytesIO))
        b.set("_BytesIOBuffer", t.io(.bytesIOBuffer))
        b.set("BufferedReader", t.io(.bufferedReader))
        b.set("BufferedWriter", t.io(.bufferedWriter))
        b.set("BufferedRWPair", t.io(.bufferedRWPair))
        b.set("BufferedRandom", t.io(.bufferedRandom))
        b.set("IncrementalNewlineDecoder", t.io(.newlineDecoder))
        b.set("StringIO", t.io(.stringIO))
        b.set("TextIOWrapper", t.io(.textIOWrapper))
        b.set("UnsupportedOperation", try t.unsupportedOperationType())
        b.set("BlockingIOError", t.types.pointee.blockingIOError)
        NativeFunction(t.io(.openFunction)).bound = b.module
        b.set("open", t.io(.openFunction))
        b.int("DEFAULT_BUFFER_SIZE", defaultBufferSize)
        defineFunctions(b)
    }

    private static func defineFunctions(_ b: ModuleBuilder) {
        b.function("open_code", "($module, /, path)",
                   "Opens the provided file with the intent to import the contents.\n\nThis may perform extra validation beyond open(), but is otherwise interchangeable\nwith calling open(path, 'rb').") { (t, a) throws(Raised) in
            if !a[0].isKind(.str) { throw t.raise(.typeError, "open_code() argument 'path' must be str, not \(t.argumentTypeName(a[0]))") }
            return try t.openFile(a[0], mode: "rb")
        }
        b.function("text_encoding", "($module, encoding, stacklevel=2, /)",
                   "A helper function to choose the text encoding.\n\nWhen encoding is not None, this function returns it.\nOtherwise, this function returns the default text encoding\n(i.e. \"locale\" or \"utf-8\" depends on UTF-8 mode).\n\nThis function emits an EncodingWarning if encoding is None and\nsys.flags.warn_default_encoding is true.\n\nThis can be used in APIs with an encoding=None parameter.\nHowever, please consider using encoding=\"utf-8\" for new APIs.") { (t, a) throws(Raised) in
            if !a[0].isNone { return a[0] }
            if t.interp.pointee.config.warnDefaultEncoding {
                try t.warn(.encodingWarning, "'encoding' argument not specified", stackLevel: a[1].isBound ? try t.index(a[1]) : 2)
            }
            return t.interp.pointee.config.utf8Mode ? t.str("utf-8") : t.str("locale")
        }
    }
}

extension Thread {
    /// The type's name in "must be str, not X": None is itself.
    func argumentTypeName(_ value: Value) -> String { value.isNone ? "None" : typeName(value) }

    /// `io.open`.
    public func openFile(_ file: Value, mode: String = "r", buffering: Int = -1, encoding: Value = .none, errors: Value = .none, newline: Value = .none,
                         closefd: Bool = true, opener: Value = .none) throws(Raised) -> Value {
        try prepareIO()
        let path = isNumber(file) ? file : try fileSystemPath(file)
        if !path.isKind(.str) && !path.isKind(.bytes) && !isNumber(path) { throw raise(.typeError, "invalid file: \(try reprText(file))") }
        let parsed = try OpenMode(self, mode)
        try parsed.check(self, encoding: encoding, errors: errors, newline: newline)
        if parsed.isBinary && buffering == 1 {
            try warn(.runtimeWarning, "line buffering (buffering=1) isn't supported in binary mode, the default buffer size will be used")
        }
        let raw = try call(io(.fileIO), path, str(parsed.rawMode), Value(closefd), opener.isUnbound ? .none : opener)
        var result = raw
        do throws(Raised) {
            return try wrapFile(raw, &result, parsed, mode, buffering, encoding, errors, newline)
        } catch {
            return try closeAfterFailure(result, error)
        }
    }

    private func wrapFile(_ raw: Value, _ result: inout Value, _ parsed: OpenMode, _ mode: String, _ buffering: Int, _ encoding: Value, _ errors: Value,
                          _ newline: Value) throws(Raised) -> Value {
        var buffering = buffering
        let isTerminal = buffering < 0 ? try truth(try callMethod(raw, name(.isatty))) : false
        let isLineBuffered = buffering == 1 || isTerminal
        if isLineBuffered { buffering = -1 }
        if buffering < 0 { buffering = try index(try getattr(raw, intern("_blksize"))) }
        if buffering < 0 { throw raise(.valueError, "invalid buffering size") }
        if buffering == 0 {
            if !parsed.isBinary { throw raise(.valueError, "can't have unbuffered text I/O") }
            return raw
        }
        let kind: IOEntry
        if parsed.isUpdating {
            kind = .bufferedRandom
        } else if parsed.isCreating || parsed.isWriting || parsed.isAppending {
            kind = .bufferedWriter
        } else if parsed.isReading {
            kind = .bufferedReader
        } else {
            throw raise(.valueError, "unknown mode: '\(mode)'")
        }
        let buffer = try call(io(kind), raw, int(buffering))
        result = buffer
        if parsed.isBinary { return buffer }
        let wrapper = try call(io(.textIOWrapper), buffer, encoding.isUnbound ? .none : encoding, errors.isUnbound ? .none : errors, newline.isUnbound ? .none : newline, Value(isLineBuffered))
        result = wrapper
        try setattr(wrapper, name(.mode), str(mode))
        return wrapper
    }

    /// Closes `stream` and passes the pending error on.
    private func closeAfterFailure(_ stream: Value, _ error: Raised) throws(Raised) -> Value {
        let pending = takePending()
        do throws(Raised) {
            _ = try callMethod(stream, name(.close))
        } catch {
            throw chain(pending)
        }
        throw restore(pending)
    }

    /// A second error is pending: the first becomes its context.
    func chain(_ first: Value) -> Raised {
        let second = state.pointee.pending
        if second.isBound && second != first {
            // The innermost context of the second is where the first belongs.
            var at = second
            while ExceptionObject(at).context.isBound && ExceptionObject(at).context != first { at = ExceptionObject(at).context }
            if at != first { ExceptionObject(at).context = first }
        }
        return Raised()
    }

    /// Has an index, an int or a float conversion (`PyNumber_Check`).
    func isNumber(_ value: Value) -> Bool {
        if value.isSmallInt { return true }
        let slots = type(of: value).slots
        return slots.pointee.index.isSet || slots.pointee.int.isSet || slots.pointee.float.isSet
    }

    /// `os.fspath(value)`: a str or bytes.
    public func fileSystemPath(_ value: Value) throws(Raised) -> Value {
        if value.isKind(.str) || value.isKind(.bytes) { return value }
        let path = try callSpecial(value, name(.__fspath__))
        if path.isUnbound { throw raise(.typeError, "expected str, bytes or os.PathLike object, not \(typeName(value))") }
        if path.isKind(.str) || path.isKind(.bytes) { return path }
        throw raise(.typeError, "expected \(typeName(value)).__fspath__() to return str or bytes, not \(typeName(path))")
    }
}

/// A mode of `open`, taken apart.
struct OpenMode {
    var isCreating = false, isReading = false, isWriting = false, isAppending = false, isUpdating = false, isText = false, isBinary = false

    init(_ t: Thread, _ mode: String) throws(Raised) {
        var seen: Set<UInt8> = []
        for c in mode.utf8 {
            switch c {
            case UInt8(ascii: "x"): isCreating = true
            case UInt8(ascii: "r"): isReading = true
            case UInt8(ascii: "w"): isWriting = true
            case UInt8(ascii: "a"): isAppending = true
            case UInt8(ascii: "+"): isUpdating = true
            case UInt8(ascii: "t"): isText = true
            case UInt8(ascii: "b"): isBinary = true
            default: throw t.raise(.valueError, "invalid mode: '\(mode)'")
            }
            if !seen.insert(c).inserted { throw t.raise(.valueError, "invalid mode: '\(mode)'") }
        }
    }

    var rawMode: String {
        (isCreating ? "x" : "") + (isReading ? "r" : "") + (isWriting ? "w" : "") + (isAppending ? "a" : "") + (isUpdating ? "+" : "")
    }

    func check(_ t: Thread, encoding: Value, errors: Value, newline: Value) throws(Raised) {
        if isText && isBinary { throw t.raise(.valueError, "can't have text and binary mode at once") }
        let count: Int = (isCreating ? 1 : 0) + (isReading ? 1 : 0) + (isWriting ? 1 : 0) + (isAppending ? 1 : 0)
        if count > 1 { throw t.raise(.valueError, "must have exactly one of create/read/write/append mode") }
        if !isBinary { return }
        if !encoding.isNoneOrUnbound { throw t.raise(.valueError, "binary mode doesn't take an encoding argument") }
        if !errors.isNoneOrUnbound { throw t.raise(.valueError, "binary mode doesn't take an errors argument") }
        if !newline.isNoneOrUnbound { throw t.raise(.valueError, "binary mode doesn't take a newline argument") }
    }
}
