// Entry points whose real bodies are on their way. Each is replaced where its noun lives.
#if canImport(Glibc)
import Glibc
#endif

extension Thread {
    func coroutineOrigin() throws(Raised) -> Value { .unbound }
}

extension Thread {
    func warnNeverAwaited(_ generator: GeneratorObject) throws(Raised) {
        try warn(category: types.pointee.runtimeWarning, message: "coroutine '\(string(generator.qualname))' was never awaited")
    }
}

extension Thread {
    public func newStructSequence(_ typeName: StaticString, _ module: StaticString, _ fields: [StaticString], _ values: [UInt]) throws(Raised) -> Value {
        let dict = newDict()
        for i in fields.indices { try dict.setString(self, intern(fields[i]), Value(bits: values[i])) }
        let made = try newTuple(values.count)
        for i in values.indices { made[i] = Value(bits: values[i]) }
        return made.value
    }
}
