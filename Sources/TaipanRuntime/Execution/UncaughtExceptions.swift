// Exceptions nobody catches: those that end the program go to `sys.excepthook`, those that cannot be raised anywhere
// (finalizers, callbacks) to `sys.unraisablehook`.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension Thread {
    /// Writes to `sys.stderr`, or to descriptor 2 when that is not a file (yet).
    public func writeStandardError(_ text: [UInt8]) {
        let pending = takePending()
        defer { state.pointee.pending = pending }
        let file = sysAttribute(name(.stderr))
        // A program that sets it to None wants silence.
        if file.isNone { return }
        if file.isUnbound {
            text.withUnsafeBufferPointer { _ = Thread.writeAll(2, $0) }
            return
        }
        do throws(Raised) {
            try write(str(wtf8: text), to: file)
            _ = try callMethod(file, name(.flush))
        } catch { _ = takePending() }
    }

    static func writeAll(_ descriptor: Int32, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var done = 0
        while done < bytes.count {
            let n = systemWrite(descriptor, bytes.baseAddress.unsafelyUnwrapped + done, bytes.count - done)
            if n < 0 { return false }
            done += n
        }
        return true
    }

    /// Shows the pending exception through `sys.excepthook` and clears it (`PyErr_PrintEx`). With `setLast`, `sys.last_exc` and its kin remember it.
    /// SystemExit is the caller's to see first, with `systemExitStatus`.
    public func reportUncaught(setLast: Bool = true) {
        let exception = takePending()
        if exception.isUnbound { return }
        let traceback = Thread.noneIfUnbound(ExceptionObject(exception).traceback)
        let type = self.type(of: exception).value
        if setLast && objects.pointee.sysDict.isBound {
            let sys = DictObject(objects.pointee.sysDict)
            try? sys.setString(self, name(.last_exc), exception)
            try? sys.setString(self, name(.last_type), type)
            try? sys.setString(self, name(.last_value), exception)
            try? sys.setString(self, name(.last_traceback), traceback)
        }
        let hook = sysAttribute(name(.excepthook))
        if hook.isUnbound {
            writeStandardError(Array("sys.excepthook is missing\n".utf8))
            return displayUncaught(exception)
        }
        do throws(Raised) { try audit("sys.excepthook", hook, type, exception, traceback) } catch {
            // A hook may refuse: RuntimeError says no more, others are shown.
            let refusal = takePending()
            if isInstance(refusal, of: types.pointee.runtimeError) { return }
            _ = restore(refusal)
            reportUnraisable(.unbound, message: "Exception ignored in audit hook")
        }
        do throws(Raised) {
            _ = try call(hook, type, exception, traceback)
        } catch {
            let second = takePending()
            if isInstance(second, of: types.pointee.systemExit) {
                _ = restore(second)
                return
            }
            writeStandardError(Array("Error in sys.excepthook:\n".utf8))
            displayUncaught(second)
            writeStandardError(Array("\nOriginal exception was:\n".utf8))
            displayUncaught(exception)
        }
    }

    /// Prints an exception to standard error, asking no hook.
    public func displayUncaught(_ exception: Value) {
        guard let text = try? exceptionText(exception) else {
            _ = takePending()
            return
        }
        writeStandardError(text)
    }

    /// The exit status that a SystemExit asks for; a code that is no int is printed to standard error.
    public func systemExitStatus(_ exception: Value) -> Int32 {
        var code = exception
        if exception.isKind(.exception) {
            code = quietAttribute(exception, name(.code))
            if code.isUnbound { code = exception }
        }
        if code.isNone { return 0 }
        if isInt(code) {
            if let n = machineInt(code) { return Int32(truncatingIfNeeded: n) & 0xFF }
            writeStandardError(Array("OverflowError: Python int too large to convert to C long\n".utf8))
            return 255
        }
        if let text = try? strOf(code) { writeStandardError(wtf8(text) + [0x0A]) } else { _ = takePending() }
        return 1
    }

    private func quietAttribute(_ value: Value, _ name: Value) -> Value {
        do throws(Raised) { return try getattrOrUnbound(value, name) } catch {
            _ = takePending()
            return .unbound
        }
    }

    // MARK: Unraisable

    /// Reports the pending exception, which cannot travel further, through `sys.unraisablehook`, and clears it.
    /// `message` replaces "Exception ignored in"; `object` is what it happened in, or unbound.
    public func reportUnraisable(_ object: Value, message: String? = nil) {
        let exception = takePending()
        if exception.isUnbound { return }
        placeUnraisable(ExceptionObject(exception))
        let hook = sysAttribute(name(.unraisablehook))
        let text: Value = message.map { str($0) } ?? .none
        if hook.isNoneOrUnbound {
            writeStandardError(unraisableText(type(of: exception).value, exception, ExceptionObject(exception).traceback, text, object))
            return
        }
        do throws(Raised) {
            let arguments = try unraisableArguments(exception, text, Thread.noneIfUnbound(object))
            try audit("sys.unraisablehook", hook, arguments)
            _ = try call(hook, arguments)
        } catch {
            let second = takePending()
            var out = Array("Exception ignored in sys.unraisablehook: ".utf8)
            if let name = try? repr(hook) { out += wtf8(name) } else { _ = takePending() }
            writeStandardError(out + [0x0A])
            displayUncaught(second)
        }
    }

    /// An exception that native code raised and nobody unwound gets the place where the program is.
    private func placeUnraisable(_ exception: ExceptionObject) {
        guard exception.traceback.isUnbound, let fp = state.pointee.frame else { return }
        let frame = frameObjectIfPossible(fp)
        if frame.isUnbound { return }
        let object = FrameObject(frame)
        exception.traceback = newTraceback(next: .unbound, frame: frame, lasti: frameUnit(object) * 2, line: frameLine(object))
    }

    /// The type of what `sys.unraisablehook` is called with.
    func newUnraisableArgumentsType() throws(Raised) -> TypeObject {
        try newStructSequenceType("UnraisableHookArgs", module: "sys", doc: "What sys.unraisablehook is called with.",
                                  StructSequenceLayout(["exc_type", "exc_value", "exc_traceback", "err_msg", "object"]))
    }

    private func unraisableArguments(_ exception: Value, _ message: Value, _ object: Value) throws(Raised) -> Value {
        var type = sysAttribute(intern("UnraisableHookArgs"))
        if !type.isKind(.type) { type = try newUnraisableArgumentsType().value }
        let traceback = Thread.noneIfUnbound(ExceptionObject(exception).traceback)
        return try structSequence(type, try row(5).adding(self.type(of: exception).value).adding(exception).adding(traceback).adding(message).adding(object))
    }

    /// What the default `sys.unraisablehook` prints.
    public func unraisableText(_ type: Value, _ exception: Value, _ traceback: Value, _ message: Value, _ object: Value) -> [UInt8] {
        guard var display = try? ExceptionDisplay(self) else {
            _ = takePending()
            return []
        }
        if !object.isNoneOrUnbound {
            if message.isKind(.str) {
                display.add(str: message)
                display.add(": ")
            } else {
                display.add("Exception ignored in: ")
            }
            let text = display.quietly { (t) throws(Raised) in try t.repr(object) }
            if text.isUnbound { display.add("<object repr() failed>") } else { display.add(str: text) }
            display.add("\n")
        } else if message.isKind(.str) {
            display.add(str: message)
            display.add(":\n")
        }
        if traceback.isBound && traceback.hasLayout(.traceback) {
            let limit = display.tracebackLimit()
            if limit > 0 {
                display.add("Traceback (most recent call last):\n")
                display.showTraceback(traceback, limit: limit)
            }
        }
        if type.isNoneOrUnbound || !type.isKind(.type) { return display.text }
        display.showTypeName(TypeObject(type))
        if !exception.isNoneOrUnbound {
            display.add(": ")
            let text = display.quietly { (t) throws(Raised) in try t.strOf(exception) }
            if text.isUnbound { display.add("<exception str() failed>") } else { display.add(str: text) }
        }
        display.add("\n")
        return display.text
    }
}

/// `write(2)`; a function of its own because `write` is also a method of `Thread`.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int { write(descriptor, bytes, count) }
