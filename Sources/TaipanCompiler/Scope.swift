// One scope of a program: its names, what is known of each, and its inner scopes. Built by `ScopeBuilder`, decided by
// `ScopeAnalysis`, read by the generator.
import TaipanSyntax

/// What is known of a name in one scope: how it is used, and after analysis where it lives.
struct SymbolFlags: OptionSet {
    let rawValue: UInt32

    static var global: SymbolFlags { SymbolFlags(rawValue: 1) }
    static var local: SymbolFlags { SymbolFlags(rawValue: 2) }
    static var parameter: SymbolFlags { SymbolFlags(rawValue: 4) }
    static var nonlocal: SymbolFlags { SymbolFlags(rawValue: 8) }
    static var used: SymbolFlags { SymbolFlags(rawValue: 0x10) }
    /// Free in a method while also bound in the class.
    static var freeInClass: SymbolFlags { SymbolFlags(rawValue: 0x40) }
    static var imported: SymbolFlags { SymbolFlags(rawValue: 0x80) }
    static var annotated: SymbolFlags { SymbolFlags(rawValue: 0x100) }
    /// The target of a comprehension's `for`.
    static var comprehensionTarget: SymbolFlags { SymbolFlags(rawValue: 0x200) }
    static var typeParameter: SymbolFlags { SymbolFlags(rawValue: 0x400) }
    /// A cell made by a comprehension that was inlined here.
    static var comprehensionCell: SymbolFlags { SymbolFlags(rawValue: 0x800) }

    static var bound: SymbolFlags { [.local, .parameter, .imported, .typeParameter] }
}

/// Where a name lives.
enum Placement: UInt8 {
    case unknown, local, globalExplicit, globalImplicit, free, cell
}

/// One name of a scope.
struct Symbol {
    var flags: SymbolFlags
    var placement: Placement = .unknown
}

/// The names of a scope, in the order in which they were first met.
struct SymbolMap {
    private(set) var names: [String] = []
    private(set) var symbols: [Symbol] = []
    private var places: [String: Int] = [:]

    var count: Int { names.count }

    subscript(index: Int) -> Symbol {
        get { symbols[index] }
        set { symbols[index] = newValue }
    }

    subscript(name: String) -> Symbol? { places[name].map { symbols[$0] } }

    func index(of name: String) -> Int? { places[name] }

    mutating func set(_ name: String, _ symbol: Symbol) {
        if let place = places[name] {
            symbols[place] = symbol
        } else {
            places[name] = names.count
            names.append(name)
            symbols.append(symbol)
        }
    }
}

enum ScopeKind: UInt8 {
    case module, classBody, function, annotation, typeVarBound, typeAlias, typeParameters

    /// Whether its names live in fast slots.
    var isFunctionLike: Bool { self != .module && self != .classBody && self != .annotation }
}

enum ComprehensionKind: UInt8 {
    case none, list, set, dict, generator
}

/// A node of the tree that opens a scope. One node can open several, hence the role.
struct ScopeKey: Hashable {
    enum Role: UInt8 { case body, typeParameters, bound }
    let node: ObjectIdentifier
    let role: Role

    init(_ node: AnyObject, _ role: Role = .body) {
        self.node = ObjectIdentifier(node)
        self.role = role
    }
}

/// One place in a scope where a name is bound, used or declared.
public struct NameSite: Sendable {
    /// What happens to the name there.
    public enum Act: String, Sendable {
        case used, assigned, deleted, defined, imported, parameter, annotated
        /// The name behind `as` of an `except`.
        case caught
        /// A target of a comprehension's `for`.
        case iterated
        case typeParameter
        case declaredGlobal, declaredNonlocal
    }

    /// The name, mangled.
    public var name: String
    public var act: Act
    public var line: Int
}

/// A scope.
final class Scope {
    let kind: ScopeKind
    let name: String
    let span: SourceSpan
    let isNested: Bool
    var symbols = SymbolMap()
    /// The parameters, in order.
    var parameters: [String] = []
    var children: [Scope] = []
    /// `global` and `nonlocal` statements, for error positions.
    var directives: [(name: String, span: SourceSpan)] = []
    /// Where its names are met, in order, if that was asked for.
    var sites: [NameSite] = []
    var comprehension = ComprehensionKind.none
    var isGenerator = false
    var isCoroutine = false
    var hasVarArguments = false
    var hasVarKeywords = false
    var hasFree = false
    var childHasFree = false
    var needsClassCell = false
    var needsClassDict = false
    var seesClassScope = false
    /// Set for a comprehension whose code goes into the enclosing scope (PEP 709).
    var isInlined = false
    /// Nesting of `iter` expressions of comprehensions around this point.
    var iterableDepth = 0
    var isInTarget = false

    init(kind: ScopeKind, name: String, span: SourceSpan, isNested: Bool) {
        self.kind = kind
        self.name = name
        self.span = span
        self.isNested = isNested
    }

    /// Where `name` (mangled) lives, `.unknown` when the scope does not know it.
    func placement(of name: String) -> Placement { symbols[name]?.placement ?? .unknown }
}

/// All scopes of a module.
struct ScopeTable {
    let top: Scope
    let scopes: [ScopeKey: Scope]
}

/// `__name` inside class `owner` becomes `_owner__name`.
func mangled(_ name: String, in owner: String?) -> String {
    guard let owner, name.utf8.first == 0x5F else { return name }
    let bytes = name.utf8
    guard bytes.count > 2, bytes.starts(with: [0x5F, 0x5F]), !bytes.contains(0x2E) else { return name }
    if bytes.suffix(2).elementsEqual([0x5F, 0x5F]) { return name }
    let stripped = owner.drop { $0 == "_" }
    if stripped.isEmpty { return name }
    return "_" + stripped + name
}
