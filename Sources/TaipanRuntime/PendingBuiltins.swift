// Entry points that the builtins call and whose real bodies are on their way.

extension Thread {
    // Interpreter: code, scopes, modules.
    /// Compiles `source` (str, bytes, buffer or an `ast` node) as the builtin `compile` does; `flags` are CPython's, `inherits` adds the caller's future
    /// flags; 0x0400 asks for a tree. Gives a code object (or a tree).
    func compileSource(_ source: Value, filename: Value, mode: CompileMode, flags: Int, inherits: Bool, optimize: Int, featureVersion: Int) throws(Raised) -> Value {
        throw raise(.notImplementedError, "compile")
    }
    func importModule(_ name: Value, _ globals: Value, _ fromlist: Value, _ level: Int) throws(Raised) -> Value { throw raise(.importError, "import") }
    func newAnextAwaitable(_ awaitable: Value, _ otherwise: Value) throws(Raised) -> Value { throw raise(.notImplementedError, "anext") }
    /// `io.open`, its arguments bound: file, mode, buffering, encoding, errors, newline, closefd, opener.
    func openFile(_ a: Arguments) throws(Raised) -> Value { throw raise(.notImplementedError, "open") }
    /// The module object around a dict.
    func newModuleObject(_ name: Value, _ dict: DictObject) -> Value { .none }
    /// `iter(callable, sentinel)`.
    func newCallableIterator(_ callable: Value, _ sentinel: Value) -> Value { .none }
    func warn(category: Value, message: String, stackLevel: Int = 1) throws(Raised) {}
}
