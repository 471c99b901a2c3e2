// Entry points whose real bodies are on their way. Each is replaced where its noun lives.

extension Thread {
    func newGenericAlias(_ origin: Value, _ arguments: Value) throws(Raised) -> Value { throw raise(.notImplementedError, "GenericAlias") }
    func newSequenceIterator(_ sequence: Value) -> Value { .none }
    func moduleAttributeError(_ module: Value, _ name: Value) -> Raised { attributeError("module has no attribute '\(string(name))'", module, name) }
    func abstractInstantiation(_ type: TypeObject) throws(Raised) -> Raised { raise(.typeError, "abstract") }
    func defineObjectMethods(_ b: TypeBuilder) {}
    func addSlotWrappers(_ type: TypeObject) {}
    /// Source position of the instruction at byte offset `lasti` of a code object, from its location table (interpreter). Lines count from 1, 0 is none;
    /// columns are UTF-8 byte offsets, -1 for none.
    func codePosition(code: Value, lasti: Int) -> (line: Int, endLine: Int, column: Int, endColumn: Int) { (0, 0, -1, -1) }
}

enum SipHash13 {
    static func hash(_ bytes: UnsafeRawBufferPointer, _ k0: UInt64, _ k1: UInt64) -> Int { var h = 0; for b in bytes { h = h &* 31 &+ Int(b) }; return h == 0 ? 1 : h }
}

extension Thread {
    func newComplex(_ real: Double, _ imaginary: Double) -> Value { .none }
}
