// A record cut to a size. The page of a program with ten thousand functions must open as fast as that of a small one, so parts of its record
// are left out of it, evenly, and said to be. Indices stay right: whatever an index points to is kept, or the index says "none".

extension ExplainRecord {
    /// The page holds less than this; the script and the style come on top.
    static var pageLimit: Int { 4_600_000 }

    /// About how many bytes of JSON it is.
    var roughSize: Int {
        var size = (source?.text.utf8.count ?? 0) + (source?.tokens.count ?? 0) * 80 + (tree?.nodes.count ?? 0) * 130 + (tree?.dump.utf8.count ?? 0)
        for scope in tree?.scopes ?? [] { size += 60 + scope.symbols.count * 90 }
        for code in bytecode?.codes ?? [] { size += 400 + code.instructions.count * 180 + code.raw.count * 90 + code.register.count * 50 + code.listing.utf8.count }
        return size + (execution?.steps.count ?? 0) * 300 + (output?.writes.count ?? 0) * 130
    }

    /// The record with parts left out: the more of each, the higher `divisor` is. `leftOut` tells what went.
    func cut(_ divisor: Int) -> ExplainRecord {
        var made = self
        var cutter = RecordCutter(divisor: divisor)
        cutter.cut(&made)
        made.leftOut = cutter.leftOut
        return made
    }
}

private struct RecordCutter {
    let divisor: Int
    var leftOut: [String] = []

    /// So many of something, and at least a few.
    private func most(_ count: Int) -> Int { max(count / divisor, 20) }

    mutating func cut(_ record: inout ExplainRecord) {
        record.command.arguments = record.command.arguments.prefix(most(2000)).map { text($0, 4000) }
        record.command.script = text(record.command.script, 4000)
        if let source = record.source { record.source = cut(source) }
        if let tree = record.tree { record.tree = cut(tree) }
        if let execution = record.execution { record.execution = cut(execution) }
        if let bytecode = record.bytecode {
            record.bytecode = cut(bytecode, &record.execution)
        }
        if let output = record.output { record.output = cut(output) }
    }

    /// Notes what is cut to `kept` of `count`.
    private mutating func note(_ what: String, _ kept: Int, _ count: Int) {
        if kept < count { leftOut.append("\(what): \(PlainText.grouped(count - kept)) of \(PlainText.grouped(count))") }
    }

    /// - Parameter omitted: how many there are that the record does not have in the first place.
    private mutating func first<Item>(_ items: [Item], _ count: Int, _ what: String, omitted: Int = 0) -> [Item] {
        let kept = min(items.count, most(count))
        note(what, kept, items.count + omitted)
        return kept == items.count ? items : Array(items[..<kept])
    }

    private func text(_ text: String, _ count: Int = 1000) -> String {
        let limit = max(count / divisor, 80)
        return text.utf8.count <= limit ? text : PlainText.shortened(text, to: limit)
    }

    // MARK: Source and tree

    private mutating func cut(_ source: SourceRecord) -> SourceRecord {
        var made = source
        let bytes = Array(source.text.utf8)
        if bytes.count > most(1_000_000) {
            var end = most(1_000_000)
            // Whole lines, or at least whole characters.
            if let line = bytes[..<end].lastIndex(of: 10) { end = line + 1 }
            while end > 0 && bytes[end] & 0xC0 == 0x80 { end -= 1 }
            made.text = String(decoding: bytes[..<end], as: UTF8.self)
            note("bytes of the source", end, bytes.count)
        }
        made.tokens = first(source.tokens, 16_000, "tokens", omitted: source.omittedTokens)
        made.omittedTokens += source.tokens.count - made.tokens.count
        for i in made.tokens.indices { made.tokens[i].text = text(made.tokens[i].text) }
        return made
    }

    private mutating func cut(_ tree: TreeRecord) -> TreeRecord {
        var made = tree
        made.nodes = first(tree.nodes, 10_000, "nodes of the tree", omitted: tree.omittedNodes)
        made.omittedNodes += tree.nodes.count - made.nodes.count
        for i in made.nodes.indices { made.nodes[i].fields = made.nodes[i].fields.map { ($0.name, text($0.value)) } }
        if made.omittedNodes > 0 || tree.dump.utf8.count > most(400_000) { made.dump = "" }
        made.folds = first(tree.folds.filter { $0.node < made.nodes.count }, 2000, "folded expressions")
        for i in made.folds.indices { (made.folds[i].before, made.folds[i].after) = (text(made.folds[i].before), text(made.folds[i].after)) }
        made.scopes = first(tree.scopes, 2000, "scopes")
        var room = most(4000)
        let names = made.scopes.reduce(0) { $0 + $1.symbols.count }
        note("names in scopes", min(room, names), names)
        for i in made.scopes.indices {
            made.scopes[i].symbols = made.scopes[i].symbols.prefix(room).map { symbol in
                var cut = symbol
                cut.name = text(symbol.name, 200)
                cut.reason = text(symbol.reason)
                return cut
            }
            room -= made.scopes[i].symbols.count
        }
        return made
    }

    // MARK: Bytecode

    /// Codes that instructions of the record ran in are kept before others.
    private mutating func cut(_ bytecode: BytecodeRecord, _ execution: inout ExecutionRecord?) -> BytecodeRecord {
        var made = bytecode
        let ran = Set((execution?.frames ?? []).map(\.code))
        var kept = Set(ran.sorted().prefix(most(1200)))
        for i in bytecode.codes.indices.prefix(most(1200)) where i < bytecode.scriptCodeCount { kept.insert(i) }
        note("code objects", kept.count, bytecode.codes.count)
        let order = kept.filter { bytecode.codes.indices.contains($0) }.sorted()
        var places: [Int: Int] = [:]
        for (place, index) in order.enumerated() { places[index] = place }
        var room = most(9000)
        let count = bytecode.codes.reduce(0) { $0 + $1.instructions.count }
        var shown: [Int: CodeRecord] = [:]
        for index in order.filter({ ran.contains($0) }) + order.filter({ !ran.contains($0) }) { shown[index] = cut(bytecode.codes[index], &room) }
        made.codes = order.compactMap { shown[$0] }
        note("instructions", made.codes.reduce(0) { $0 + $1.instructions.count }, count)
        for i in made.codes.indices { made.codes[i].parent = places[made.codes[i].parent] ?? -1 }
        made.scriptCodeCount = order.count { $0 < bytecode.scriptCodeCount }
        made.imports = first(bytecode.imports, 2000, "imports")
        if var cut = execution {
            for i in cut.frames.indices { cut.frames[i].code = places[cut.frames[i].code] ?? -1 }
            cut.specializations = cut.specializations.compactMap { item in
                guard let place = places[item.code] else { return nil }
                var moved = item
                moved.code = place
                return moved
            }
            cut.specializations = first(cut.specializations, 2000, "filled caches")
            execution = cut
        }
        return made
    }

    private mutating func cut(_ code: CodeRecord, _ room: inout Int) -> CodeRecord {
        var made = code
        let share = min(room, code.instructions.count)
        room -= share
        made.instructions = Array(code.instructions.prefix(share))
        for i in made.instructions.indices { made.instructions[i].meaning = text(made.instructions[i].meaning, 400) }
        // What was generated has targets by index: all of it or nothing.
        made.raw = code.raw.count <= share + share / 2 + 20 && share > 0 ? code.raw : []
        for i in made.raw.indices { made.raw[i].meaning = text(made.raw[i].meaning, 400) }
        made.register = Array(code.register.prefix(2 * share))
        made.listing = share == code.instructions.count && code.listing.utf8.count < most(40_000) ? code.listing : ""
        made.constants = code.constants.prefix(most(400)).map { text($0, 400) }
        made.names = code.names.prefix(most(400)).map { text($0, 400) }
        made.localNames = code.localNames.prefix(most(400)).map { text($0, 400) }
        made.cellNames = code.cellNames.prefix(most(400)).map { text($0, 400) }
        made.freeNames = code.freeNames.prefix(most(400)).map { text($0, 400) }
        made.handlers = Array(code.handlers.prefix(most(400)))
        return made
    }

    // MARK: The run

    private mutating func cut(_ execution: ExecutionRecord) -> ExecutionRecord {
        var made = execution
        let last = min(execution.lastLimit, execution.steps.count), kept = max(most(2400), last)
        if execution.steps.count > kept {
            made.firstLimit = kept - last
            made.steps = Array(execution.steps.prefix(kept - last) + execution.steps.suffix(last))
            note("instructions that ran, of those told one by one", kept, execution.steps.count)
        }
        for i in made.steps.indices {
            made.steps[i].before = stack(made.steps[i].before)
            made.steps[i].after = made.steps[i].after.map { stack($0) }
            made.steps[i].events = Array(made.steps[i].events.prefix(max(64 / divisor, 4)))
        }
        made = keepFrames(made)
        made.functions = first(execution.functions, 1000, "functions")
        made.lines = first(execution.lines, 4000, "lines with counts")
        made.collections = first(execution.collections, 1000, "collections")
        made.handovers = first(execution.handovers, 2000, "hand-overs of the lock")
        made.uncaught = text(execution.uncaught, 20_000)
        return made
    }

    /// Of a recursion that is very deep, the frames in which instructions are told.
    private mutating func keepFrames(_ execution: ExecutionRecord) -> ExecutionRecord {
        var made = execution
        if execution.frames.count <= most(12_000) { return made }
        let order = Set(execution.steps.map(\.frame)).filter { execution.frames.indices.contains($0) }.sorted()
        note("frames", order.count, execution.frames.count)
        var places: [Int: Int] = [:]
        for (place, index) in order.enumerated() { places[index] = place }
        made.frames = order.map { index in
            var frame = execution.frames[index]
            frame.caller = places[frame.caller] ?? -1
            return frame
        }
        for i in made.steps.indices {
            made.steps[i].frame = places[made.steps[i].frame] ?? -1
            for j in made.steps[i].events.indices { made.steps[i].events[j].frame = places[made.steps[i].events[j].frame] ?? -1 }
        }
        return made
    }

    /// The upper end of a deep stack; what lies below shows as one entry.
    private func stack(_ entries: [String]) -> [String] {
        let most = max(40 / divisor, 6)
        return entries.count <= most ? entries : ["… \(entries.count - most) more"] + entries.suffix(most)
    }

    private mutating func cut(_ output: OutputRecord) -> OutputRecord {
        var made = output
        made.transfers = first(output.transfers, 4000, "transfers")
        let kept = min(output.writes.count, most(6000))
        note("writes", kept, output.writes.count)
        made.omittedWrites += output.writes.count - kept
        made.omittedBytes += output.writes[kept...].reduce(0) { $0 + $1.text.utf8.count }
        made.writes = output.writes[..<kept].map { write in
            var moved = write
            if let transfer = write.transfer, transfer >= made.transfers.count { moved.transfer = nil }
            return moved
        }
        made.finalized = first(output.finalized, 2000, "finalized objects")
        made.exitFunctions = first(output.exitFunctions, 1000, "exit functions")
        made.alive = first(output.alive, 200, "types of objects alive")
        return made
    }
}
