// Finding out what is wrong with a source that the parser rejected.

func describeError(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ classes: UnsafeMutablePointer<UInt8>,
                   _ options: ParserOptions, _ tokens: UnsafeBufferPointer<Token>) -> SyntaxFailure {
    SyntaxFailure(.syntaxError, "invalid syntax")
}
