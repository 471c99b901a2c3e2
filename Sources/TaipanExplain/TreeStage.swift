// Stage 4: the tree as read, what folding replaces in it, and the scopes. The tree is listed before it is folded; the folding changes
// nodes in place, so afterwards the same nodes tell what became of them.
import TaipanCompiler
import TaipanSyntax

extension ExplainStages {
    /// The tree of a source. A tree with more than `limit` nodes is cut there and has no dump, and neither has one that is so deep that
    /// `ast.dump` ends with RecursionError.
    public static func tree(bytes: [UInt8], file: String, parser: ParserOptions, optimize: Int, limit: Int = 20_000) -> TreeRecord {
        var record = TreeRecord()
        do throws(SyntaxFailure) {
            let module = try parseModule(source: bytes, filename: file, options: parser).module
            var walk = TreeWalk(limit: limit)
            walk.visit(.module(module), parent: -1, field: "", index: -1, depth: 0)
            record.nodes = walk.nodes
            record.omittedNodes = walk.omitted
            if walk.omitted == 0 && walk.deepest < 900 { record.dump = TreeDump.text(module) }
            var options = CompilerOptions()
            options.optimize = optimize
            options.lineOfFile = parser.lineOfFile
            let table = try symbolTables(of: module, options: options, recordsSites: true)
            record.scopes = ScopeWords.scopes(of: table)
            let text = try SourceText.decoded(bytes, options: parser)
            let lines = SourceLines(SourceText.normalised(text, addNewline: true))
            let before = walk.expressions.map { TreeItem.expression($0.expression).view.type }
            try CompilerStages.fold(module: module, options: options)
            record.folds = folds(walk, before, lines, optimize)
        } catch {
            record.error = SyntaxErrorRecord(error)
        }
        return record
    }

    /// What became of the expressions, and of the statements that `-O` and `-OO` leave out.
    private static func folds(_ walk: TreeWalk, _ before: [StaticString], _ lines: SourceLines, _ optimize: Int) -> [TreeRecord.Fold] {
        var folds: [TreeRecord.Fold] = []
        func add(_ node: Int, _ after: String) {
            var fold = TreeRecord.Fold()
            fold.node = node
            fold.before = walk.nodes[node].span.map { lines.text($0) } ?? ""
            fold.after = after
            folds.append(fold)
        }
        for (i, item) in walk.expressions.enumerated() where "\(TreeItem.expression(item.expression).view.type)" != "\(before[i])" {
            if case .constant(let value, _) = item.expression.kind {
                add(item.node, ConstantText.repr(value))
            } else {
                add(item.node, Unparse.text(item.expression) ?? "an expression of too much text")
            }
        }
        if optimize >= 1 { for node in walk.asserts { add(node, "") } }
        if optimize >= 2 { for node in walk.docstrings { add(node, "") } }
        return folds.sorted { $0.node < $1.node }
    }
}

/// Lists the nodes of a tree, depth first.
private struct TreeWalk {
    let limit: Int
    var nodes: [TreeRecord.Node] = []
    var omitted = 0
    var deepest = 0
    /// The listed expressions, with the index of their node.
    var expressions: [(node: Int, expression: Expression)] = []
    var asserts: [Int] = []
    var docstrings: [Int] = []

    init(limit: Int) { self.limit = limit }

    mutating func visit(_ item: TreeItem, parent: Int, field: String, index: Int, depth: Int) {
        // Deeper trees end the compiler with RecursionError; what is below counts as one node.
        if nodes.count >= limit || depth > 3000 {
            omitted += 1
            if depth <= 3000 { children(item, -1, depth) }
            return
        }
        deepest = max(deepest, depth)
        let view = item.view
        var node = TreeRecord.Node()
        node.parent = parent
        node.field = field
        node.index = index
        node.type = "\(view.type)"
        node.span = view.span.map { SpanRecord($0) }
        node.fields = Self.plainFields(of: view)
        let place = nodes.count
        nodes.append(node)
        note(item, place)
        children(item, place, depth)
    }

    private mutating func children(_ item: TreeItem, _ place: Int, _ depth: Int) {
        for field in item.view.fields {
            switch field.value {
            case .node(let child): visit(child, parent: place, field: "\(field.name)", index: -1, depth: depth + 1)
            case .nodes(let children):
                for (i, child) in children.enumerated() {
                    if let child { visit(child, parent: place, field: "\(field.name)", index: i, depth: depth + 1) }
                }
            default: break
            }
        }
    }

    private static func plainFields(of view: TreeView) -> [(name: String, value: String)] {
        view.fields.compactMap { field in
            switch field.value {
            case .text(let text): ("\(field.name)", text)
            case .texts(let texts) where !texts.isEmpty: ("\(field.name)", "[" + texts.joined(separator: ", ") + "]")
            default: nil
            }
        }
    }

    /// Keeps what later steps ask for.
    private mutating func note(_ item: TreeItem, _ place: Int) {
        if case .expression(let expression) = item { expressions.append((place, expression)) }
        guard case .statement(let statement) = item else { return }
        switch statement.kind {
        case .assert: asserts.append(place)
        case .expr(let value):
            let node = nodes[place]
            guard case .constant(.str, _) = value.kind, node.field == "body", node.index == 0, node.parent >= 0 else { return }
            if ["Module", "FunctionDef", "AsyncFunctionDef", "ClassDef"].contains(nodes[node.parent].type) { docstrings.append(place) }
        default: break
        }
    }
}

extension SpanRecord {
    init(_ span: SourceSpan) { self.init(Int(span.line), Int(span.column), Int(span.endLine), Int(span.endColumn)) }
}

extension SyntaxErrorRecord {
    /// The error of a parser or compiler, whose columns count from 1; 0 and -1 stand for the line as a whole.
    public init(_ failure: SyntaxFailure) {
        type = failure.kind == .incompleteInputError ? "SyntaxError" : failure.kind.rawValue
        message = failure.message
        text = failure.text ?? ""
        guard let line = failure.line, line > 0 else { return }
        let column = max(0, (failure.offset ?? 1) - 1)
        let endLine = max(line, failure.endLine ?? line)
        var endColumn = (failure.endOffset ?? 0) - 1
        if endColumn < 0 || endLine == line && endColumn <= column { endColumn = column + 1 }
        span = SpanRecord(line, column, endLine, endColumn)
    }
}
