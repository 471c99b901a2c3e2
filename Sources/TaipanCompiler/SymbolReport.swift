// What the symbol tables of a source say, in the numbers of the library's module `symtable`.
import TaipanBytecode
import TaipanSyntax

/// One scope with its names and inner scopes.
public struct SymbolReport: Sendable {
    /// 0 function, 1 class, 2 module, 3 annotation, 4 TypeVar bound, 5 type alias, 6 type parameters.
    public var type: Int
    public var name: String
    public var line: Int
    public var isNested: Bool
    /// Each name with how it is used (low twelve bits) and where it lives (the bits above).
    public var symbols: [(name: String, flags: Int)]
    public var parameters: [String]
    /// Where the names are met, in order, if that was asked for. An inlined comprehension's come behind those of the scope that it went into.
    public var sites: [NameSite]
    public var children: [SymbolReport]

    init(_ scope: Scope) {
        type = switch scope.kind {
        case .function: 0
        case .classBody: 1
        case .module: 2
        case .annotation: 3
        case .typeVarBound: 4
        case .typeAlias: 5
        case .typeParameters: 6
        }
        name = scope.name
        line = Int(scope.span.line)
        isNested = scope.isNested
        symbols = []
        for i in 0..<scope.symbols.count {
            let symbol = scope.symbols[i]
            symbols.append((scope.symbols.names[i], Int(symbol.flags.rawValue) | Int(symbol.placement.rawValue) << 12))
        }
        parameters = scope.parameters
        sites = scope.sites
        children = scope.children.map { SymbolReport($0) }
    }
}

/// The symbol tables of a source, outermost first.
/// - Throws: the SyntaxError of the parser or of the tables.
public func symbolTables(
    source: [UInt8], filename: String, parser: ParserOptions, options: CompilerOptions = CompilerOptions()
) throws(SyntaxFailure) -> SymbolReport {
    try symbolTables(of: try parse(source: source, filename: filename, parser: parser, options: options), options: options)
}

/// The symbol tables of a tree, outermost first; with `recordsSites` they say where each name is met.
/// - Throws: the SyntaxError of the tables.
public func symbolTables(
    of module: Module, options: CompilerOptions = CompilerOptions(), recordsSites: Bool = false
) throws(SyntaxFailure) -> SymbolReport {
    do throws(Failure) {
        let (found, _) = try futureFeatures(of: module)
        let table = try ScopeBuilder.build(
            module, futureAnnotations: found.contains(.futureAnnotations), depthLimit: options.depthLimit, recordsSites: recordsSites)
        return SymbolReport(table.top)
    } catch {
        throw error.reported(options.lineOfFile)
    }
}
