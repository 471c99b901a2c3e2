// Entry points that the builtins call and whose real bodies are on their way.

extension Thread {
    // Interpreter: code, scopes, modules.
    /// `io.open`, its arguments bound: file, mode, buffering, encoding, errors, newline, closefd, opener.
    func openFile(_ a: Arguments) throws(Raised) -> Value { throw raise(.notImplementedError, "open") }
}
