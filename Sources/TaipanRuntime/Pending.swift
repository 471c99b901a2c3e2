// Entry points whose real bodies are on their way. Each is replaced where its noun lives.

extension Thread {
}

extension Thread {
    func warnNeverAwaited(_ generator: GeneratorObject) throws(Raised) {
        try warn(category: types.pointee.runtimeWarning, message: "coroutine '\(string(generator.qualname))' was never awaited")
    }
}
