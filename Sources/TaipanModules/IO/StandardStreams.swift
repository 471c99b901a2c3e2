// sys.stdin, sys.stdout and sys.stderr: made when an interpreter starts, flushed when it ends.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import CTaipan
import TaipanRuntime

extension Thread {
    /// The locale's character set, as nl_langinfo(CODESET) names it.
    public var localeCodeset: String {
        guard let text = nl_langinfo(nl_item(CODESET)) else { return "utf-8" }
        let name = String(cString: text)
        return name.isEmpty ? "utf-8" : name
    }

    /// The encoding of text files when none is given: the locale's, or UTF-8 in UTF-8 mode.
    public var localeEncoding: String { interp.pointee.config.utf8Mode ? "utf-8" : localeCodeset }

    /// True in the C or POSIX locale.
    private var isCLocale: Bool {
        guard let text = setlocale(LC_CTYPE, nil) else { return true }
        let name = String(cString: text)
        return name == "C" || name == "POSIX"
    }

    /// Turns UTF-8 mode on in the C and POSIX locales (PEP 540), or as PYTHONUTF8 says; to be called before the standard streams are made.
    public func chooseLocaleEncoding() {
        setlocale(LC_CTYPE, "")
        if interp.pointee.config.utf8Mode { return }
        if let (_, text) = interp.pointee.config.xOptions.first(where: { $0.0 == "utf8" }) {
            interp.pointee.config.utf8Mode = text != "0"
            return
        }
        if !interp.pointee.config.ignoresEnvironment, let text = getenv("PYTHONUTF8"), text[0] != 0 {
            interp.pointee.config.utf8Mode = String(cString: text) == "1"
            return
        }
        if isCLocale { interp.pointee.config.utf8Mode = true }
    }

    /// Makes the three streams and puts them into `sys`.
    public func createStandardStreams() throws(Raised) {
        try prepareIO()
        chooseLocaleEncoding()
        let (encoding, errors) = standardEncoding()
        let interactive = interp.pointee.config.isInteractive
        objects.pointee.stdin = try standardStream(0, "<stdin>", isWriting: false, encoding, errors, interactive)
        objects.pointee.stdout = try standardStream(1, "<stdout>", isWriting: true, encoding, errors, interactive)
        objects.pointee.stderr = try standardStream(2, "<stderr>", isWriting: true, encoding, "backslashreplace", interactive)
        if objects.pointee.sysDict.isUnbound { return }
        let sys = DictObject(objects.pointee.sysDict)
        try name(sys, "stdin", "__stdin__", objects.pointee.stdin)
        try name(sys, "stdout", "__stdout__", objects.pointee.stdout)
        try name(sys, "stderr", "__stderr__", objects.pointee.stderr)
    }

    private func name(_ sys: DictObject, _ plain: StaticString, _ original: StaticString, _ stream: Value) throws(Raised) {
        try sys.setString(self, intern(plain), stream)
        try sys.setString(self, intern(original), stream)
    }

    /// Encoding and error handler of the standard streams: PYTHONIOENCODING, else the locale's.
    private func standardEncoding() -> (String, String) {
        var encoding = "", errors = ""
        if !interp.pointee.config.ignoresEnvironment, let text = getenv("PYTHONIOENCODING"), text[0] != 0 {
            let parts = String(cString: text).split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            encoding = String(parts[0])
            if parts.count > 1 { errors = String(parts[1]) }
            // An encoding without a handler is strict.
            if errors.isEmpty && !encoding.isEmpty { errors = "strict" }
        }
        if encoding.isEmpty { encoding = NativeEncoding(localeEncoding) == .utf8 ? "utf-8" : localeEncoding }
        if errors.isEmpty {
            let locale = setlocale(LC_CTYPE, nil).map { String(cString: $0) } ?? "C"
            let escapes = interp.pointee.config.utf8Mode || ["C", "POSIX", "C.UTF-8", "C.utf8", "UTF-8"].contains(locale)
            errors = escapes ? "surrogateescape" : "strict"
        }
        return (encoding, errors)
    }

    private func standardStream(_ fd: Int32, _ label: StaticString, isWriting: Bool, _ encoding: String, _ errors: String, _ interactive: Bool) throws(Raised) -> Value {
        // A descriptor that is not open gives None.
        if ctaipan_fcntl(fd, F_GETFD, 0) < 0 { return .none }
        let unbuffered = interp.pointee.config.isUnbuffered && isWriting
        let raw: Value, buffer: Value
        do throws(Raised) {
            raw = try call(io(.fileIO), Value(smallInt: Int(fd)), str(isWriting ? "w" : "r"), Value.false)
        } catch {
            // A directory or the like as standard stream.
            try swallow(.osError, error)
            return .none
        }
        try setattr(raw, name(.name), str(label))
        if unbuffered {
            buffer = raw
        } else {
            let size = FileIOObject(raw).blockSize
            buffer = try call(io(isWriting ? .bufferedWriter : .bufferedReader), raw, int(size))
        }
        let isTerminal = isatty(fd) != 0
        let lineBuffering = !unbuffered && isWriting && (fd == 2 || isTerminal || interactive)
        let wrapper = try call(io(.textIOWrapper), buffer, str(encoding), str(errors), (isWriting ? str("\n") : Value.none), Value(lineBuffering), Value(unbuffered))
        try setattr(wrapper, name(.mode), str(isWriting ? "w" : "r"))
        return wrapper
    }

    /// Flushes sys.stdout and sys.stderr. False when stdout could not be: the exit status is 120 then.
    public func flushStandardStreams() -> Bool {
        var isGood = true
        interp.pointee.transferReason = "at exit"
        defer { interp.pointee.transferReason = nil }
        for (label, isOut) in [("stdout", true), ("stderr", false)] as [(String, Bool)] {
            guard objects.pointee.sysDict.isBound else { continue }
            let stream = DictObject(objects.pointee.sysDict).findString(self, intern(label))
            if stream.isNoneOrUnbound { continue }
            do throws(Raised) {
                if try truth(try getattr(stream, name(.closed))) { continue }
            } catch { _ = takePending() }
            do throws(Raised) {
                _ = try callMethod(stream, name(.flush))
            } catch {
                if isOut { reportUnraisable(stream) } else { _ = takePending() }
                isGood = false
            }
        }
        return isGood
    }

    /// Writes to sys.stderr, or to the descriptor when there is no such object or it fails. Raises nothing.
    public func writeToStandardError(_ text: String) {
        let pending = takePending()
        defer { if pending.isBound { _ = restore(pending) } }
        if objects.pointee.sysDict.isBound {
            let stream = DictObject(objects.pointee.sysDict).findString(self, name(.stderr))
            if stream.isBound {
                if stream.isNone { return }
                do throws(Raised) {
                    _ = try callMethod(stream, name(.write), str(text))
                    return
                } catch { _ = takePending() }
            }
        }
        var text = text
        text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let n = writeToDescriptor(2, bytes.baseAddress.map { UnsafeRawPointer($0 + done) }, bytes.count - done)
                if n <= 0 { return }
                done += n
            }
        }
    }
}
