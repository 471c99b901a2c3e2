// Entry points whose real bodies are on their way. Each is replaced where its noun lives.

extension Thread {
    func newGenericAlias(_ origin: Value, _ arguments: Value) throws(Raised) -> Value { throw raise(.notImplementedError, "GenericAlias") }
    func newSequenceIterator(_ sequence: Value) -> Value { .none }
    /// Source position of the instruction at byte offset `lasti` of a code object, from its location table (interpreter). Lines count from 1, 0 is none;
    /// columns are UTF-8 byte offsets, -1 for none.
    func codePosition(code: Value, lasti: Int) -> (line: Int, endLine: Int, column: Int, endColumn: Int) { (0, 0, -1, -1) }
    /// `super()` without arguments: the class in the running function's `__class__` cell and the function's first argument.
    func superFromFrame() throws(Raised) -> (Value, Value) { throw raise(.runtimeError, "super(): no arguments") }
    /// `int | str`: a union type (PEP 604).
    static func unionOr(_ t: Thread, _ l: Value, _ r: Value) throws(Raised) -> Value { .notImplemented }
    /// The globals of the running frame, or unbound.
    func currentGlobals() -> Value { .unbound }
    /// Runs a class body with `namespace` as its locals; gives what the body returns (the `__class__` cell or None).
    func runClassBody(_ function: Value, _ namespace: Value) throws(Raised) -> Value { throw raise(.notImplementedError, "runClassBody") }
    /// Makes every inline cache of attributes start over.
    func flushInlineCaches() {}
    /// How many distinct names the functions in a class body store into attributes of their first argument.
    func storedAttributeCount(_ namespace: DictObject) -> Int { 4 }
}

enum SipHash13 {
    static func hash(_ bytes: UnsafeRawBufferPointer, _ k0: UInt64, _ k1: UInt64) -> Int { var h = 0; for b in bytes { h = h &* 31 &+ Int(b) }; return h == 0 ? 1 : h }
}

extension Thread {
    func newComplex(_ real: Double, _ imaginary: Double) -> Value { .none }
}
