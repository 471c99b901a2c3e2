// A code unit under construction: a module, class body, function, lambda, comprehension or one of the scopes of
// type parameters. Holds its instructions, tables of names and constants, and the stack of open blocks.
import TaipanBytecode
import TaipanSyntax

enum UnitKind {
    case module, classBody, function, asyncFunction, lambda, comprehension, typeParameters
}

/// Names with numbers, in the order in which they were met.
struct NameTable {
    private(set) var names: [String] = []
    private var places: [String: Int] = [:]

    init() {}

    init(_ names: [String]) {
        for name in names { _ = add(name) }
    }

    var count: Int { names.count }

    func place(of name: String) -> Int? { places[name] }

    mutating func add(_ name: String) -> Int {
        if let place = places[name] { return place }
        places[name] = names.count
        names.append(name)
        return names.count - 1
    }
}

/// A place to jump to; -1 is none.
struct Label: Equatable {
    var id: Int32
    static var none: Label { Label(id: -1) }
}

/// A construct that `break`, `continue` and `return` have to leave properly.
struct OpenBlock {
    enum Kind {
        case whileLoop, forLoop, tryExcept, finallyTry, finallyEnd, with, asyncWith, handlerCleanup, popValue
        case exceptionHandler, exceptionGroupHandler, asyncComprehension
    }

    var kind: Kind
    /// Where `continue` goes.
    var start = Label.none
    /// Where `break` goes.
    var exit = Label.none
    /// The `finally` body.
    var finalBody: [Statement] = []
    /// The name that an `except … as name` unbinds.
    var name: String?
    /// The `with` statement's place.
    var location = SourceRange.none
}

/// The compilation state of one code object.
final class CodeUnit {
    let kind: UnitKind
    let scope: Scope
    let name: String
    var qualname: String
    /// The class whose private names are mangled here.
    var privateName: String?
    let firstLine: Int
    var argumentCount = 0
    var positionalOnlyCount = 0
    var keywordOnlyCount = 0

    var code: [CompiledInstruction] = []
    /// The index of the instruction each label stands before; -1 until it is placed.
    var labels: [Int32] = []
    var constants = ConstantTable()
    var names = NameTable()
    var localNames: NameTable
    let cellNames: NameTable
    /// Numbered after the cells.
    let freeNames: NameTable
    /// Names of a module or class that live in fast slots while an inlined comprehension runs.
    var hiddenLocals: Set<String> = []
    /// All that ever did.
    var everHidden: Set<String> = []
    var inlinedComprehensions = 0
    var open: [OpenBlock] = []

    convenience init(kind: UnitKind, scope: Scope, name: String, privateName: String?, firstLine: Int) {
        var cells: [String] = []
        var frees: [String] = []
        for i in 0..<scope.symbols.count {
            let symbol = scope.symbols[i]
            let name = scope.symbols.names[i]
            if symbol.placement == .cell || symbol.flags.contains(.comprehensionCell) { cells.append(name) }
            if symbol.placement == .free || symbol.flags.contains(.freeInClass) { frees.append(name) }
        }
        cells.sort(by: codePointOrder)
        frees.sort(by: codePointOrder)
        if scope.needsClassCell { cells.append("__class__") }
        if scope.needsClassDict { cells.append("__classdict__") }
        self.init(kind: kind, scope: scope, name: name, firstLine: firstLine, cells: cells, frees: frees)
        self.privateName = privateName
    }

    init(kind: UnitKind, scope: Scope, name: String, firstLine: Int, cells: [String], frees: [String]) {
        self.kind = kind
        self.scope = scope
        self.name = name
        qualname = name
        self.firstLine = firstLine
        localNames = NameTable(scope.parameters)
        cellNames = NameTable(cells)
        freeNames = NameTable(frees)
    }

    func mangle(_ name: String) -> String { mangled(name, in: privateName) }
}

/// The order in which Python sorts strings.
func codePointOrder(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
