// Stages 3 to 5 as text: tokens, tree and scopes, bytecode and imports.
import TaipanSyntax

/// How many lines of a long list the terminal gets; the JSON has all.
private let listLimit = 400

private func rest(_ count: Int, _ noun: String) -> String {
    count > 0 ? "  … and \(PlainText.count(count, noun)) more; --explain=json has them.\n" : ""
}

extension SourceRecord {
    func tell() -> String {
        if text.isEmpty, let error { return "  \(PlainText.cut(file, to: 96))\n" + error.tell() }
        var out = "  \(PlainText.cut(file, to: 96))\n  \(PlainText.count(byteCount, "byte")), \(PlainText.count(lineCount, "line"))"
        out += newlines == "none" ? "" : newlines == "mixed" ? " with mixed ends" : " ending in \(newlines)"
        out += ", encoding \(PlainText.cut(encoding, to: 20))"
        out += encodingFrom == "default" ? " (nothing says otherwise)\n" : encodingFrom.hasPrefix("line") ? " (declared on \(encodingFrom))\n" : " (\(encodingFrom))\n"
        var table = TextTable([(.left, 16), (.left, 14), (.left, 16), (.left, 48)])
        table.add("place", "kind", "exact kind", "text")
        for token in tokens.prefix(listLimit) { table.add(token.span.text, token.kind, token.exact == token.kind ? "" : token.exact, Self.text(of: token)) }
        out += table.text()
        out += rest(tokens.count - min(tokens.count, listLimit) + omittedTokens, "token")
        if let error { out += error.tell() }
        return out
    }

    /// Blocks are made visible: a bar for each one that the token is in.
    private static func text(of token: Token) -> String {
        let bars = String(repeating: "| ", count: min(token.depth, 16))
        switch token.kind {
        case "INDENT": return bars + "(a block begins)"
        case "DEDENT": return bars + "(the block ends)"
        default: return bars + token.text
        }
    }
}

extension TreeRecord {
    func text() -> String {
        var out = nodeLines()
        if let error { out += error.tell() }
        if !folds.isEmpty {
            var table = TextTable([(.left, 14), (.left, 40), (.left, 38)], indent: 4)
            for fold in folds.prefix(listLimit) {
                let place = nodes.indices.contains(fold.node) ? nodes[fold.node].span?.text ?? "" : ""
                table.add(place, fold.before, fold.after.isEmpty ? "left out" : "=> " + fold.after)
            }
            out += "  What the compiler replaces before it goes on:\n" + table.text() + rest(folds.count - listLimit, "expression")
        }
        return out + scopeLines()
    }

    private func nodeLines() -> String {
        var after: [Int: String] = [:]
        for fold in folds { after[fold.node] = fold.after.isEmpty ? "left out" : fold.after }
        var depths: [Int] = []
        var table = TextTable([(.left, 16), (.left, 78)])
        for (i, node) in nodes.enumerated() {
            depths.append(node.parent < 0 ? 0 : depths[node.parent] + 1)
            if i >= listLimit { continue }
            var text = String(repeating: "  ", count: min(depths[i], 20))
            if !node.field.isEmpty { text += node.field + (node.index >= 0 ? "[\(node.index)]" : "") + ": " }
            text += node.type
            if !node.fields.isEmpty { text += "(" + node.fields.map { "\($0.name)=\($0.value)" }.joined(separator: ", ") + ")" }
            if let after = after[i] { text += "   => \(after)" }
            table.add(node.span?.text ?? "", text)
        }
        return table.text() + rest(nodes.count - min(nodes.count, listLimit) + omittedNodes, "node")
    }

    private func scopeLines() -> String {
        var out = "", room = 1000
        for (i, scope) in scopes.enumerated() {
            if room <= 0 { return out + "  … and \(PlainText.count(scopes.count - i, "scope")) more; --explain=json has them.\n" }
            out += "  Names of the \(scope.kind)" + (scope.kind == "module" ? "" : " \(PlainText.cut(scope.name, to: 50)), line \(scope.line)") + ":\n"
            var table = TextTable([(.left, 20), (.left, 15), (.left, 56)], indent: 4, wraps: true)
            for symbol in scope.symbols.prefix(max(0, room)) { table.add(symbol.name, symbol.scope, symbol.reason) }
            if scope.symbols.count > max(0, room) { table.add("…", "", "\(PlainText.count(scope.symbols.count - max(0, room), "name")) more; --explain=json has them") }
            // Scopes without names take lines too.
            room -= max(1, scope.symbols.count)
            out += table.isEmpty ? "    none\n" : table.text()
        }
        return out
    }
}

extension BytecodeRecord {
    func text(source: SourceRecord?) -> String {
        var out = ""
        let lines = SourceLines(SourceText.normalised(Array((source?.text ?? "").utf8), addNewline: true))
        var room = 2000
        for (i, code) in codes.prefix(scriptCodeCount).enumerated() {
            if room <= 0 {
                out += "  … and \(PlainText.count(scriptCodeCount - i, "code object")) more; --explain=json has them.\n"
                break
            }
            out += code.tell(lines, first: room)
            room -= code.instructions.count
        }
        if scriptCodeCount == 0 && error == nil { out += "  No bytecode.\n" }
        if let error { out += error.tell() }
        if codes.count > scriptCodeCount { out += "  And \(PlainText.count(codes.count - scriptCodeCount, "code object")) of other files, in which recorded instructions ran.\n" }
        if !imports.isEmpty {
            var table = TextTable([(.left, 34), (.left, 14), (.left, 22), (.right, 10), (.right, 10)], indent: 4)
            table.add("import", "how", "why", "own", "all")
            for item in imports.prefix(listLimit) {
                table.add(
                    String(repeating: "  ", count: min(item.depth, 10)) + item.name, item.result, item.reason, PlainText.time(item.ownMicroseconds),
                    PlainText.time(item.microseconds))
            }
            out += "  Imports:\n" + table.text() + rest(imports.count - listLimit, "import") + importFiles()
        }
        return out
    }

    private func importFiles() -> String {
        let files = imports.prefix(listLimit).filter { !$0.cache.isEmpty }
        if files.isEmpty { return "" }
        var out = "  Caches:\n"
        for item in files { out += "    " + PlainText.cut(item.name, to: 40) + ":\n      " + PlainText.cut(item.cache, to: 94) + "\n" }
        return out
    }
}

extension CodeRecord {
    /// - Parameter first: how many instructions to show at most.
    func tell(_ lines: SourceLines, first: Int) -> String {
        if instructions.count > first {
            var start = self
            start.instructions = Array(instructions.prefix(first))
            let place = raw.firstIndex { ($0.line ?? 0) > (start.instructions.last?.line ?? 0) } ?? raw.count
            start.raw = Array(raw.prefix(min(place, 2 * first)))
            start.register = Array(register.prefix(2 * first))
            start.handlers = Array(handlers.prefix(200))
            return start.tell(lines, first: first) + "    … and \(PlainText.count(instructions.count - first, "instruction")) more; --explain=json has them.\n\n"
        }
        var out = "  Code \(PlainText.cut(qualifiedName, to: 76)), line \(firstLine)\n"
        out += "    stack of \(PlainText.count(stackSize, "entry", "entries"))" + (flags.isEmpty ? "" : ", \(flags.joined(separator: " "))") + "\n"
        out += names("constants", constants.enumerated().map { "\($0.offset): \($0.element)" }) + names("names", self.names)
        out += names("locals", localNames) + names("cells", cellNames) + names("free", freeNames)
        out += sideBySide(lines)
        if !handlers.isEmpty {
            out += "    Exceptions:\n"
            var table = TextTable([(.left, 20), (.left, 68)], indent: 6, wraps: true)
            for handler in handlers { table.add("offsets \(handler.start)-\(handler.end - 2)", handler.words) }
            out += table.text()
        }
        return out + registerLines() + "\n"
    }

    private func names(_ title: String, _ items: [String]) -> String {
        items.isEmpty ? "" : "    \(title): " + PlainText.cut(items.joined(separator: ", "), to: 84) + "\n"
    }

    /// The instructions as generated, left, and the final ones, right, in their order, under the lines that they belong to.
    private func sideBySide(_ lines: SourceLines) -> String {
        let targets = Set(raw.compactMap(\.target))
        let left = Self.runs(raw.map(\.line)), right = Self.runs(instructions.map(\.line))
        var out = "    " + PlainText.pad(raw.isEmpty ? "" : "as generated", to: 44) + "final, with the entries on the stack before it\n"
        for (a, b) in Self.aligned(left, right) {
            let line = (a ?? b)?.line
            out += line.map { "    \($0): \($0 == 0 ? "(before the first line)" : PlainText.cut(lines.line($0), to: 88))\n" } ?? "    no line\n"
            let a = a?.range ?? 0..<0, b = b?.range ?? 0..<0
            for row in 0..<max(a.count, b.count) {
                let i = a.lowerBound + row, j = b.lowerBound + row
                var text = "      " + PlainText.pad(row < a.count ? PlainText.cut(Self.text(raw[i], i, isTarget: targets.contains(i)), to: 41) : "", to: 42)
                if row < b.count { text += Self.text(instructions[j]) }
                while text.last == " " { text.removeLast() }
                out += text + "\n"
            }
        }
        return out
    }

    private typealias Run = (line: Int?, range: Range<Int>)

    /// Neighbours of one line; an instruction without a line belongs to what stands before it.
    private static func runs(_ lines: [Int?]) -> [Run] {
        var runs: [Run] = []
        for (i, line) in lines.enumerated() {
            if let last = runs.last, line == nil || line == last.line {
                runs[runs.count - 1].range = last.range.lowerBound..<(i + 1)
            } else {
                runs.append((line, i..<(i + 1)))
            }
        }
        return runs
    }

    /// Pairs of runs of the same line, as many as there can be in order, and the others between them.
    private static func aligned(_ left: [Run], _ right: [Run]) -> [(Run?, Run?)] {
        // Longest common subsequence; too long a list is told without pairs.
        guard left.count * right.count <= 4_000_000 else { return left.map { ($0, nil) } + right.map { (nil, $0) } }
        let width = right.count + 1
        var longest = [Int32](repeating: 0, count: (left.count + 1) * width)
        for i in left.indices.reversed() {
            for j in right.indices.reversed() {
                longest[i * width + j] = left[i].line == right[j].line
                    ? longest[(i + 1) * width + j + 1] + 1 : max(longest[(i + 1) * width + j], longest[i * width + j + 1])
            }
        }
        var pairs: [(Run?, Run?)] = []
        var i = 0, j = 0
        while i < left.count || j < right.count {
            if i < left.count, j < right.count, left[i].line == right[j].line {
                pairs.append((left[i], right[j]))
                i += 1
                j += 1
            } else if i < left.count, j == right.count || longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
                pairs.append((left[i], nil))
                i += 1
            } else {
                pairs.append((nil, right[j]))
                j += 1
            }
        }
        return pairs
    }

    private static func text(_ item: RawInstruction, _ index: Int, isTarget: Bool) -> String {
        var text = (isTarget ? ">>" : "  ") + PlainText.pad(String(index), to: 4, .right) + " " + item.opcode
        if item.target != nil { return text + " \(item.meaning)" }
        if !item.meaning.isEmpty { text += " (\(item.meaning))" } else if let argument = item.argument { text += " \(argument)" }
        return text
    }

    private static func text(_ item: Instruction) -> String {
        var text = item.opcode
        if let argument = item.argument { text += " \(argument)" }
        if !item.meaning.isEmpty { text += " (\(item.meaning))" }
        let depth = item.depth < 0 ? "never" : "[\(item.depth)]"
        return (item.isJumpTarget ? ">>" : "  ") + PlainText.pad(String(item.offset), to: 5, .right) + " " + PlainText.pad(PlainText.cut(text, to: 38), to: 38) + " " + depth
    }

    private func registerLines() -> String {
        if register.isEmpty { return "" }
        var opcodes: [Int: String] = [:]
        for item in instructions { opcodes[item.offset] = item.opcode }
        var table = TextTable([(.right, 6), (.left, 26), (.left, 58)], indent: 6)
        var last: Int?
        for word in register {
            let isNew = word.offset != nil && word.offset != last
            table.add(isNew ? "\(word.offset ?? 0)" : "", isNew ? word.offset.flatMap { opcodes[$0] } ?? "" : "", word.text)
            if word.offset != nil { last = word.offset }
        }
        return "    Register code, beside the instruction that each word came from:\n" + table.text()
    }
}
