// Decides where each name lives, from the module inwards: a scope's own bindings first, then what is bound around
// it; on the way back free names become cells, and comprehensions are merged into the scope that holds them (PEP 709).
import TaipanSyntax

struct ScopeAnalysis {
    /// What the enclosing scopes bind, as seen from one scope.
    private struct Surroundings {
        /// Names bound by enclosing functions; nil at module level, where `nonlocal` makes no sense.
        var bound: Set<String>?
        var global: Set<String> = []
        var typeParameters: Set<String> = []
    }

    static func run(_ top: Scope) throws(Failure) {
        var analysis = ScopeAnalysis()
        var around = Surroundings(bound: nil)
        _ = try analysis.analyze(top, &around, classScope: nil)
    }

    /// Analyzes `scope` and returns the names that are free in it or below.
    private mutating func analyze(_ scope: Scope, _ around: inout Surroundings, classScope: Scope?) throws(Failure) -> Set<String> {
        var placements = [Placement](repeating: .unknown, count: scope.symbols.count)
        var local: Set<String> = []
        var free: Set<String> = []
        var inner = Surroundings(bound: [])
        var inlinedCells: Set<String> = []
        let isClass = scope.kind == .classBody

        if isClass {
            inner.global = around.global
            inner.bound = around.bound ?? []
        }
        for i in 0..<scope.symbols.count {
            placements[i] = try place(scope, scope.symbols.names[i], scope.symbols[i].flags, &around, &local, &free, classScope)
        }
        if isClass {
            inner.bound?.insert("__class__")
            inner.bound?.insert("__classdict__")
        } else {
            if scope.kind.isFunctionLike { inner.bound = local }
            if let bound = around.bound { inner.bound?.formUnion(bound) }
            inner.global.formUnion(around.global)
        }
        inner.typeParameters = around.typeParameters

        for child in scope.children {
            var seenClass: Scope?
            if child.seesClassScope { seenClass = isClass ? scope : classScope }
            var copy = inner
            var childFree = try analyze(child, &copy, classScope: seenClass)
            if child.comprehension != .none && !child.isGenerator && !scope.seesClassScope {
                merge(child, into: scope, &placements, &childFree, &inlinedCells)
                child.isInlined = true
            }
            free.formUnion(childFree)
            if child.hasFree || child.childHasFree { scope.childHasFree = true }
        }
        if scope.children.contains(where: \.isInlined) {
            scope.children = scope.children.flatMap { $0.isInlined ? $0.children : [$0] }
        }

        if scope.kind.isFunctionLike {
            for i in 0..<placements.count where placements[i] == .local {
                let name = scope.symbols.names[i]
                guard free.contains(name) || inlinedCells.contains(name) else { continue }
                placements[i] = .cell
                free.remove(name)
            }
        } else if isClass {
            if free.remove("__class__") != nil { scope.needsClassCell = true }
            if free.remove("__classdict__") != nil { scope.needsClassDict = true }
        }
        update(scope, placements, around.bound, free, inlinedCells)
        return free
    }

    /// Decides one name from how the scope itself uses it.
    private func place(
        _ scope: Scope, _ name: String, _ flags: SymbolFlags, _ around: inout Surroundings, _ local: inout Set<String>,
        _ free: inout Set<String>, _ classScope: Scope?
    ) throws(Failure) -> Placement {
        if flags.contains(.global) {
            if flags.contains(.nonlocal) { throw directive(scope, name, "name '\(name)' is nonlocal and global") }
            around.global.insert(name)
            around.bound?.remove(name)
            return .globalExplicit
        }
        if flags.contains(.nonlocal) {
            guard let bound = around.bound else {
                throw directive(scope, name, "nonlocal declaration not allowed at module level")
            }
            if !bound.contains(name) { throw directive(scope, name, "no binding for nonlocal '\(name)' found") }
            if around.typeParameters.contains(name) {
                throw directive(scope, name, "nonlocal binding not allowed for type parameter '\(name)'")
            }
            scope.hasFree = true
            free.insert(name)
            return .free
        }
        if !flags.isDisjoint(with: .bound) {
            local.insert(name)
            around.global.remove(name)
            if flags.contains(.typeParameter) {
                around.typeParameters.insert(name)
            } else {
                around.typeParameters.remove(name)
            }
            return .local
        }
        if let classScope, let outer = classScope.symbols[name]?.flags {
            // Bound both by the class just around this scope and perhaps by a function further out: only the class
            // dictionary and the globals are asked.
            if outer.contains(.global) { return .globalExplicit }
            if !outer.isDisjoint(with: .bound) && !outer.contains(.nonlocal) { return .globalImplicit }
        }
        if let bound = around.bound, bound.contains(name) {
            scope.hasFree = true
            free.insert(name)
            return .free
        }
        if around.global.contains(name) { return .globalImplicit }
        if scope.isNested { scope.hasFree = true }
        return .globalImplicit
    }

    /// Moves the names of comprehension `inner` into `scope`.
    private func merge(
        _ inner: Scope, into scope: Scope, _ placements: inout [Placement], _ innerFree: inout Set<String>,
        _ inlinedCells: inout Set<String>
    ) {
        scope.sites += inner.sites
        for i in 0..<inner.symbols.count {
            let name = inner.symbols.names[i]
            let symbol = inner.symbols[i]
            if symbol.flags.contains(.parameter) { continue }
            var placement = symbol.placement
            if placement == .cell || symbol.flags.contains(.comprehensionCell) { inlinedCells.insert(name) }
            if let existing = scope.symbols[name] {
                // What was free in the comprehension and is local here is simply that local, unless an inner function
                // captures it or this is a class body.
                if !existing.flags.isDisjoint(with: .bound) && scope.kind != .classBody
                    && !inner.children.contains(where: { $0.placement(of: name) == .free }) {
                    innerFree.remove(name)
                }
            } else {
                if placement == .free && scope.kind == .classBody && name == "__class__" {
                    placement = .globalImplicit
                    innerFree.remove(name)
                }
                scope.symbols.set(name, Symbol(flags: symbol.flags))
                placements.append(placement)
            }
        }
    }

    private func update(
        _ scope: Scope, _ placements: [Placement], _ bound: Set<String>?, _ free: Set<String>, _ inlinedCells: Set<String>
    ) {
        let marksClass = scope.kind == .classBody || scope.seesClassScope
        for i in 0..<placements.count {
            scope.symbols[i].placement = placements[i]
            if inlinedCells.contains(scope.symbols.names[i]) { scope.symbols[i].flags.insert(.comprehensionCell) }
        }
        // CPython takes the order of a set, which changes from run to run; here it is always the same.
        for name in free.sorted(by: codePointOrder) {
            if let i = scope.symbols.index(of: name) {
                if marksClass { scope.symbols[i].flags.insert(.freeInClass) }
            } else if bound == nil || bound?.contains(name) == true {
                scope.symbols.set(name, Symbol(flags: [], placement: .free))
            }
        }
    }

    private func directive(_ scope: Scope, _ name: String, _ message: String) -> Failure {
        for directive in scope.directives where directive.name == name { return .syntax(message, directive.span) }
        return .syntax(message, scope.span)
    }
}
