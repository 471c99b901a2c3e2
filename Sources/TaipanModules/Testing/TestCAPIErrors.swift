// `_testcapi`: raising and printing exceptions, frames, tracing.

import TaipanRuntime

extension TestCAPIModule {
    static func defineErrors(_ m: ModuleBuilder) {
        m.function("raise_exception", "($module, exception, count, /)") { (t, a) throws(Raised) in
            let count = try t.index(a[1])
            let arguments = try t.newTuple(max(count, 0))
            for i in 0..<max(count, 0) { arguments[i] = t.int(i) }
            if !t.isType(a[0]) || !t.isSubtype(TypeObject(a[0]), of: t.types.pointee.baseException) {
                throw t.raise(.systemError, "_PyErr_SetObject: exception \(try t.reprText(a[0])) is not a BaseException subclass")
            }
            throw t.raise(exception: try t.call(a[0], tuple: arguments.value))
        }
        m.function("raise_memoryerror", "($module, /)") { (t, _) throws(Raised) in throw t.memoryError() }
        m.function("make_exception_with_doc", "($module, /, name, doc=<unrepresentable>, base=<unrepresentable>, dict=<unrepresentable>)", "", makeException)
        m.function("exception_print", "($module, exception, legacy=0, /)") { (t, a) throws(Raised) in
            if a[0].isKind(.exception) {
                t.displayUncaught(a[0])
            } else {
                t.writeStandardError(Array("TypeError: print_exception(): Exception expected for value, \(t.typeName(a[0])) found\n".utf8))
            }
            return .none
        }
        m.function("traceback_print", "($module, traceback, file, /)") { (t, a) throws(Raised) in
            if !a[0].hasLayout(.traceback) { throw t.raise(.systemError, "bad argument to internal function") }
            try t.printTraceback(a[0], to: a[1])
            return .none
        }
        m.function("write_unraisable_exc", "($module, exception, err_msg, object, /)") { (t, a) throws(Raised) in
            let message: String? = a[1].isNone ? nil : "Exception ignored " + t.string(a[1])
            _ = t.restore(a[0])
            t.reportUnraisable(a[2], message: message)
            return .none
        }
        defineTracers(m)
    }

    /// `PyErr_NewExceptionWithDoc`.
    private static func makeException(_ t: Thread, _ a: Arguments) throws(Raised) -> Value {
        let parts = t.string(a[0]).utf8.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard parts.count > 1, let last = parts.last else { throw t.raise(.systemError, "PyErr_NewException: name must be module.class") }
        let namespace = a[3].isNoneOrUnbound ? t.newDict() : DictObject(a[3])
        if namespace.findString(t, t.name(.__module__)).isUnbound {
            try namespace.setString(t, t.name(.__module__), t.str(parts.dropLast().map { String(Substring($0)) }.joined(separator: ".")))
        }
        if !a[1].isNoneOrUnbound { try namespace.setString(t, t.name(.__doc__), a[1]) }
        let bases = a[2].isNoneOrUnbound ? try t.tuple(t.types.pointee.exception) : a[2].isKind(.tuple) ? a[2] : try t.tuple(a[2])
        return try t.call(t.types.pointee.type, t.str(String(Substring(last))), bases, namespace.value)
    }

    // MARK: Tracing with a native function

    private static func defineTracers(_ m: ModuleBuilder) {
        m.function("settrace_to_record", "($module, list, /)") { (t, a) throws(Raised) in
            let tracer = t.newNative(.builtinFunction, t.intern("recorder"), "(list, frame, event, arg, /)", "", 0, recordEvent)
            try setTrace(t, try t.call(t.types.pointee.method, tracer.value, a[0]))
            return .none
        }
        m.function("settrace_to_error", "($module, list, /)") { (t, a) throws(Raised) in
            let tracer = t.newNative(.builtinFunction, t.intern("error"), "(frame, event, arg, /)", "", 0) { (t, _) throws(Raised) in
                throw t.raise(.exception, "an exception")
            }
            try setTrace(t, tracer.value)
            return .none
        }
    }

    private static func setTrace(_ t: Thread, _ function: Value) throws(Raised) {
        _ = try t.callMethod(try t.importAbsolute("sys"), t.intern("settrace"), function)
    }

    /// `(list, frame, event, argument)`: appends the line, the event's number and the argument.
    private static func recordEvent(_ t: Thread, _ a: Arguments) throws(Raised) -> Value {
        let names = ["call", "exception", "line", "return", "c_call", "c_exception", "c_return", "opcode"]
        let number = names.firstIndex(of: t.string(a[2])) ?? -1
        try t.append(ListObject(a[0]), try t.tuple(try t.getattr(a[1], t.intern("f_lineno")), t.int(number), a[3]))
        let tracer = try t.callMethod(try t.importAbsolute("sys"), t.intern("gettrace"))
        return tracer
    }

    // MARK: Frames

    static func defineFrames(_ m: ModuleBuilder) {
        m.function("frame_getlocals", "($module, frame, /)") { (t, a) throws(Raised) in try frameAttribute(t, a[0], "f_locals") }
        m.function("frame_getglobals", "($module, frame, /)") { (t, a) throws(Raised) in try frameAttribute(t, a[0], "f_globals") }
        m.function("frame_getbuiltins", "($module, frame, /)") { (t, a) throws(Raised) in try frameAttribute(t, a[0], "f_builtins") }
        m.function("frame_getlasti", "($module, frame, /)") { (t, a) throws(Raised) in try frameAttribute(t, a[0], "f_lasti") }
        m.function("frame_getgenerator", "($module, frame, /)") { (t, a) throws(Raised) in t.frameGenerator(FrameObject(try checkedFrame(t, a[0]))) }
        m.function("frame_getvar", "($module, frame, name, /)") { (t, a) throws(Raised) in
            if !a[1].isKind(.str) { throw t.raise(.typeError, "name must be str, not \(t.typeName(a[1]))") }
            return try frameVariable(t, a[0], a[1])
        }
        m.function("frame_getvarstring", "($module, frame, name, /)") { (t, a) throws(Raised) in
            try frameVariable(t, a[0], t.str(utf8: BytesObject(try t.bytesFrom(a[1])).buffer))
        }
        m.function("frame_new", "($module, code, globals, locals, /)") { (t, a) throws(Raised) in
            if !a[0].hasLayout(.code) { throw t.raise(.typeError, "argument must be a code object") }
            let function = try t.call(t.types.pointee.function, a[0], a[1])
            return t.newFrameObject(function: function, code: a[0], locals: a[2])
        }
    }

    private static func checkedFrame(_ t: Thread, _ frame: Value) throws(Raised) -> Value {
        if !frame.hasLayout(.frame) { throw t.raise(.typeError, "argument must be a frame") }
        return frame
    }

    private static func frameAttribute(_ t: Thread, _ frame: Value, _ name: String) throws(Raised) -> Value {
        try t.getattr(try checkedFrame(t, frame), t.intern(name))
    }

    private static func frameVariable(_ t: Thread, _ frame: Value, _ name: Value) throws(Raised) -> Value {
        let locals = try frameAttribute(t, frame, "f_locals")
        if try !t.contains(locals, name) { throw t.raise(.nameError, "variable \(try t.reprText(name)) does not exist") }
        return try t.getItem(locals, name)
    }
}
