// The compiler's door: from a tree or a source to a code object.
import TaipanBytecode
import TaipanSyntax

/// What `compile` is asked for; the defaults are those of `compile(source, name, "exec")` without `-O`.
public struct CompilerOptions {
    /// 0: as written; 1: no `assert`, `__debug__` is false; 2: no docstrings either.
    public var optimize = 0
    /// `__future__` features that are on from the start, as in code that inherits them.
    public var futures: CodeFlags = []
    /// `PyCF_ALLOW_TOP_LEVEL_AWAIT`.
    public var topLevelAwait = false
    /// How deep statements and expressions may nest before RecursionError. CPython 3.12 allows this many at the start of a
    /// program; a native stack of 64 MB is enough for three times as many.
    public var depthLimit = 2996
    /// Gives a line of the file that is compiled, for error messages; CPython takes it from the file on disk, and shows
    /// none where there is no such file.
    public var lineOfFile: ((_ line: Int) -> [UInt8]?)?
    /// Gets each SyntaxWarning, in order. To make it an error, throw its `failure`.
    public var warn: (SyntaxNote) throws(SyntaxFailure) -> Void = { _ throws(SyntaxFailure) in }

    /// Asked before `~True` or `~False` is folded: such an operation warns wherever it is carried out. False leaves it to the program.
    public var foldsBoolInversion: () -> Bool = { true }

    public init() {}
}

/// Compiles a tree to the code object that CPython 3.12 makes of it. The tree is changed on the way (constants are
/// folded) and not to be used for anything else afterwards.
///
/// - Parameters:
///   - module: what the parser made, in any mode but `functionType`.
///   - filename: `co_filename` of all code objects.
/// - Throws: the SyntaxError, or a RecursionError for a tree that is too deep.
public func compile(
    module: Module, filename: String, options: CompilerOptions = CompilerOptions()
) throws(SyntaxFailure) -> CodeObject {
    do throws(Failure) {
        return try generator(for: module, filename: filename, options: options).run(module)
    } catch {
        throw error.reported(options.lineOfFile)
    }
}

/// The passes over the tree, and the generator that goes on from there.
func generator(for module: Module, filename: String, options: CompilerOptions) throws(Failure) -> Generator {
    let (found, last) = try futureFeatures(of: module)
    let futures = found.union(options.futures.intersection(.allFutures))
    let annotations = futures.contains(.futureAnnotations)
    try ConstantFolding.run(module, options: options, futureAnnotations: annotations)
    let table = try ScopeBuilder.build(module, futureAnnotations: annotations, depthLimit: options.depthLimit)
    let generatorOptions = GeneratorOptions(
        filename: filename, futures: futures, optimize: options.optimize, topLevelAwait: options.topLevelAwait,
        depthLimit: options.depthLimit, warn: options.warn)
    return Generator(table: table, options: generatorOptions, lastFuture: last)
}

/// Parses and compiles a source.
///
/// - Parameters:
///   - source: the bytes of the file.
///   - filename: the name for errors and code objects.
///   - parser: the parser's mode and flags.
///   - options: the compiler's options; its `warn` gets the parser's warnings too.
/// - Throws: the error that CPython's `compile` raises.
public func compile(
    source: [UInt8], filename: String, parser: ParserOptions = ParserOptions(),
    options: CompilerOptions = CompilerOptions()
) throws(SyntaxFailure) -> CodeObject {
    try compile(
        module: try parse(source: source, filename: filename, parser: parser, options: options), filename: filename,
        options: options)
}

/// Parses a source; its warnings, also those that come before an error, go to `options.warn`.
///
/// - Throws: the error that CPython's `compile` raises.
public func parse(
    source: [UInt8], filename: String, parser: ParserOptions = ParserOptions(),
    options: CompilerOptions = CompilerOptions()
) throws(SyntaxFailure) -> Module {
    let parsed: ParsedSource
    do throws(SyntaxFailure) {
        parsed = try parseModule(source: source, filename: filename, options: parser)
    } catch {
        for note in error.notes {
            do throws(SyntaxFailure) { try options.warn(note) } catch let raised { throw error.isInTokens ? error : raised }
        }
        throw error
    }
    for note in parsed.notes { try options.warn(note) }
    return parsed.module
}

/// The features that `from __future__` statements at the top turn on, and where the last such statement begins.
func futureFeatures(of module: Module) throws(Failure) -> (CodeFlags, (line: Int32, column: Int32)) {
    let body: [Statement]
    switch module.kind {
    case .module(let statements, _), .interactive(let statements): body = statements
    default: return ([], (-1, -1))
    }
    var features: CodeFlags = []
    var last: (line: Int32, column: Int32) = (-1, -1)
    for (i, statement) in body.enumerated() {
        if i == 0, docstring(of: body) != nil { continue }
        guard case .importFrom("__future__", let names, let level) = statement.kind, level == 0 else { break }
        last = (statement.position.line, statement.position.column)
        for alias in names { features.formUnion(try futureFeature(alias.name, statement.position)) }
    }
    return (features, last)
}

private func futureFeature(_ name: String, _ span: SourceSpan) throws(Failure) -> CodeFlags {
    switch name {
    case "nested_scopes", "generators", "division", "absolute_import", "with_statement", "print_function",
        "unicode_literals", "generator_stop":
        return []
    case "barry_as_FLUFL": return .futureBarryAsBDFL
    case "annotations": return .futureAnnotations
    case "braces": throw .syntaxStart("not a chance", span)
    default: throw .syntaxStart("future feature \(name) is not defined", span)
    }
}

extension Failure {
    /// The error as CPython shows it; columns are bytes of UTF-8, counted from 1.
    func reported(_ lineOfFile: ((Int) -> [UInt8]?)?) -> SyntaxFailure {
        switch self {
        case .recursion: return SyntaxFailure(.recursionError, "maximum recursion depth exceeded during compilation")
        case .memory: return SyntaxFailure(.memoryError, "")
        case .syntaxAnywhere(let message): return SyntaxFailure(.syntaxError, message)
        case .overflow(let message): return SyntaxFailure(.overflowError, message)
        case .warning(var failure):
            if failure.text == nil, let line = failure.line { failure.text = lineOfFile?(line).map { String(decoding: $0, as: UTF8.self) } }
            return failure
        case .syntax(let message, let span), .syntaxStart(let message, let span):
            var failure = SyntaxFailure(
                .syntaxError, message, line: Int(span.line), offset: Int(span.column) + 1, endLine: Int(span.endLine),
                endOffset: Int(span.endColumn) + 1)
            if case .syntaxStart = self {
                failure.endLine = failure.line
                failure.endOffset = nil
            }
            failure.text = lineOfFile?(Int(span.line)).map { String(decoding: $0, as: UTF8.self) }
            return failure
        }
    }
}
