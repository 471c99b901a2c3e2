// Where each name lives and why, in words. The compiler's tables decide; here the places where a name is met become a sentence.
import TaipanCompiler

struct ScopeWords {
    private struct Entry {
        let report: SymbolReport
        let parent: Int
        var children: [Int] = []
        /// By name: the places at which it is met, and what it is.
        let sites: [String: [NameSite]]
        let flags: [String: Int]

        init(report: SymbolReport, parent: Int) {
            self.report = report
            self.parent = parent
            sites = Dictionary(grouping: report.sites) { $0.name }
            flags = Dictionary(report.symbols.map { ($0.name, $0.flags) }) { first, _ in first }
        }
    }

    private enum Place: Int {
        case unknown, local, globalExplicit, globalImplicit, free, cell
    }

    private var entries: [Entry] = []

    /// The scopes of a source, depth first, with the reasons.
    static func scopes(of table: SymbolReport) -> [TreeRecord.Scope] {
        var words = ScopeWords()
        words.add(table, parent: -1)
        return words.entries.indices.map { words.scope($0) }
    }

    private mutating func add(_ report: SymbolReport, parent: Int) {
        let place = entries.count
        entries.append(Entry(report: report, parent: parent))
        if parent >= 0 { entries[parent].children.append(place) }
        for child in report.children { add(child, parent: place) }
    }

    private func scope(_ index: Int) -> TreeRecord.Scope {
        let report = entries[index].report
        var scope = TreeRecord.Scope()
        scope.parent = entries[index].parent
        scope.kind = Self.kind(report.type)
        scope.name = report.name
        scope.line = report.line
        scope.symbols = report.symbols.map { symbol in
            var record = TreeRecord.Symbol()
            record.name = symbol.name
            let place = Self.place(symbol.flags)
            record.scope = Self.name(of: place)
            record.reason = reason(index, symbol.name, place)
            return record
        }
        return scope
    }

    private static func kind(_ type: Int) -> String {
        switch type {
        case 0: "function"
        case 1: "class"
        case 2: "module"
        case 3: "annotation"
        case 4: "TypeVar bound"
        case 5: "type alias"
        default: "type parameters"
        }
    }

    private static func place(_ flags: Int) -> Place { Place(rawValue: flags >> 12) ?? .unknown }

    private static func name(of place: Place) -> String {
        switch place {
        case .local: "local"
        case .cell: "cell"
        case .free: "free"
        case .globalExplicit: "global explicit"
        case .globalImplicit, .unknown: "global implicit"
        }
    }

    // MARK: Reasons

    private func reason(_ index: Int, _ name: String, _ place: Place) -> String {
        let acts = acts(index, name)
        var parts = Self.bindings(acts)
        switch place {
        case .local:
            if parts.isEmpty { parts.append("belongs to this scope") }
        case .cell:
            let users = users(index, name)
            parts.append(users.isEmpty ? "kept for an inner function" : "used by the inner \(users.joined(separator: ", "))")
        case .free:
            if parts.isEmpty { parts += Self.uses(acts) }
            if parts.isEmpty { parts.append("passed on to the inner \(users(index, name).joined(separator: ", "))") }
            parts.append(owner(index, name).map { "belongs to the \($0)" } ?? "belongs to an outer function")
        case .globalExplicit:
            if acts.isEmpty || !acts.contains(where: { $0.act == .declaredGlobal }) {
                let declarers = entries.indices.filter { $0 != index && self.acts($0, name).contains { $0.act == .declaredGlobal } }
                if !declarers.isEmpty { parts.append("declared global in \(declarers.map { title($0) }.joined(separator: ", "))") }
            }
            if parts.isEmpty { parts += Self.uses(acts) }
        case .globalImplicit, .unknown:
            parts = Self.uses(acts) + parts
            parts.append(elsewhere(index, name))
        }
        return parts.joined(separator: ", ")
    }

    private func acts(_ index: Int, _ name: String) -> [NameSite] {
        entries[index].sites[name] ?? []
    }

    /// What binds or declares the name.
    private static func bindings(_ acts: [NameSite]) -> [String] {
        let words: [(NameSite.Act, String)] = [
            (.parameter, "parameter"), (.typeParameter, "type parameter"), (.declaredGlobal, "declared global"),
            (.declaredNonlocal, "declared nonlocal"), (.imported, "imported"), (.defined, "defined"), (.annotated, "annotated"),
            (.assigned, "assigned"), (.iterated, "target of a comprehension"), (.caught, "bound by except"), (.deleted, "deleted"),
        ]
        return words.compactMap { act, word in
            let lines = lines(acts, act)
            if lines.isEmpty { return nil }
            return act == .parameter || act == .typeParameter ? word : word + " " + list(lines)
        }
    }

    private static func uses(_ acts: [NameSite]) -> [String] {
        let lines = lines(acts, .used)
        return lines.isEmpty ? [] : ["used " + list(lines)]
    }

    private static func lines(_ acts: [NameSite], _ act: NameSite.Act) -> [Int] {
        var lines: [Int] = [], known: Set<Int> = []
        for site in acts where site.act == act && known.insert(site.line).inserted { lines.append(site.line) }
        return lines
    }

    /// "on line 3", "on lines 3 and 5", "on lines 3, 5, 7 and 4 more".
    private static func list(_ lines: [Int]) -> String {
        switch lines.count {
        case 1: "on line \(lines[0])"
        case 2: "on lines \(lines[0]) and \(lines[1])"
        case 3: "on lines \(lines[0]), \(lines[1]) and \(lines[2])"
        default: "on lines \(lines[0]), \(lines[1]), \(lines[2]) and \(lines.count - 3) more"
        }
    }

    // MARK: Other scopes

    private func title(_ index: Int) -> String {
        let report = entries[index].report
        let kind = Self.kind(report.type)
        return kind == "module" ? "module" : "\(kind) \(report.name)"
    }

    private func place(_ index: Int, _ name: String) -> Place? {
        entries[index].flags[name].map { Self.place($0) }
    }

    /// The scopes below that use the name as this one's: those that mention it themselves.
    private func users(_ index: Int, _ name: String) -> [String] {
        var found: [String] = []
        for child in entries[index].children where place(child, name) == .free || entries[child].report.type == 1 {
            if place(child, name) == .free, !acts(child, name).isEmpty {
                found.append(title(child))
            } else {
                found += users(child, name)
            }
        }
        return found
    }

    /// The scope that a free name belongs to.
    private func owner(_ index: Int, _ name: String) -> String? {
        var at = entries[index].parent
        while at >= 0 {
            if place(at, name) == .cell { return title(at) }
            if entries[at].report.type == 1 && (name == "__class__" || name == "__classdict__") { return title(at) }
            at = entries[at].parent
        }
        return nil
    }

    /// Where a name comes from that nothing here binds.
    private func elsewhere(_ index: Int, _ name: String) -> String {
        let module = Self.bindings(acts(0, name))
        if index > 0, !module.isEmpty { return "not assigned here: the module's, \(module.joined(separator: ", "))" }
        if index > 0, place(0, name) == .globalExplicit { return "not assigned here: the module's" }
        return "not assigned here\(index > 0 ? " nor in the module" : ""): a builtin, or put there while the program runs"
    }
}
