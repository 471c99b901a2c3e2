// Stages 6 and 7 as text: the trace with its counts, output and clean-up.

extension ExecutionRecord {
    func text(bytecode: BytecodeRecord?, source: SourceRecord?) -> String {
        var out = "  \(PlainText.count(total, "instruction")) ran"
        out += steps.count < total ? "; the first \(PlainText.grouped(firstLimit)) and the last \(PlainText.grouped(lastLimit)) are told.\n" : ".\n"
        if !steps.isEmpty { out += TraceText.text(self, bytecode?.codes ?? [], source) }
        out += functionLines() + lineLines() + specializationLines(bytecode?.codes ?? []) + memoryLines()
        if !handovers.isEmpty {
            var table = TextTable([(.right, 12), (.left, 40)], indent: 4)
            for item in handovers.prefix(100) { table.add(PlainText.grouped(item.step), "thread \(item.from) -> thread \(item.to)") }
            out += "  The interpreter's lock went from thread to thread, at instruction:\n" + table.text() + Self.more(handovers.count, 100, "time")
        }
        if !uncaught.isEmpty {
            out += "  An exception that nobody caught:\n"
            for line in uncaught.split(separator: "\n") { out += "    " + PlainText.cut(String(line), to: 96) + "\n" }
        }
        return out
    }

    private static func more(_ count: Int, _ limit: Int, _ noun: String) -> String {
        count > limit ? "    … and \(PlainText.count(count - limit, noun)) more; --explain=json has them.\n" : ""
    }

    private func functionLines() -> String {
        if functions.isEmpty { return "" }
        var table = TextTable([(.left, 44), (.right, 8), (.right, 12), (.right, 10), (.right, 10)], indent: 4)
        table.add("function", "calls", "instructions", "own", "all")
        let sorted = functions.sorted { $0.instructions > $1.instructions }
        for item in sorted.prefix(30) {
            table.add(
                "\(item.name) (\(FilePath(item.file).name):\(item.line))", PlainText.grouped(item.calls), PlainText.grouped(item.instructions),
                PlainText.time(item.ownMicroseconds), PlainText.time(item.microseconds))
        }
        return "  Functions, by instructions:\n" + table.text() + Self.more(functions.count, 30, "function")
    }

    private func lineLines() -> String {
        if lines.isEmpty { return "" }
        var table = TextTable([(.left, 40), (.right, 14), (.right, 10)], indent: 4)
        table.add("line", "instructions", "time")
        let sorted = lines.sorted { $0.instructions > $1.instructions }
        for item in sorted.prefix(20) {
            table.add("\(FilePath(item.file).name):\(item.line)", PlainText.grouped(item.instructions), PlainText.time(item.microseconds))
        }
        return "  Lines, by instructions:\n" + table.text() + Self.more(lines.count, 20, "line")
    }

    private func specializationLines(_ codes: [CodeRecord]) -> String {
        if specializations.isEmpty { return "" }
        var table = TextTable([(.left, 30), (.right, 6), (.left, 20), (.left, 34)], indent: 4, wraps: true)
        for item in specializations.prefix(60) {
            table.add(codes.indices.contains(item.code) ? codes[item.code].qualifiedName : "", String(item.offset), item.opcode, item.became)
        }
        return "  Instructions whose cache was filled:\n" + table.text() + Self.more(specializations.count, 60, "instruction")
    }

    private func memoryLines() -> String {
        var out = "  Objects of \(PlainText.count(allocatedBytes, "byte")) were made; \(PlainText.count(collections.count, "collection")).\n"
        var table = TextTable([(.right, 10), (.right, 8), (.left, 40), (.left, 30)], indent: 4)
        for item in collections.prefix(60) {
            table.add(
                PlainText.grouped(item.step), PlainText.time(item.microseconds), item.reason,
                "\(PlainText.grouped(item.bytesBefore)) B -> \(PlainText.grouped(item.bytesAfter)) B")
        }
        out += table.text() + Self.more(collections.count, 60, "collection")
        return out
    }
}

extension OutputRecord {
    func text() -> String {
        var out = writes.isEmpty ? "  Nothing was written.\n" : writeLines()
        if omittedWrites > 0 { out += "  … and \(PlainText.count(omittedWrites, "write")) of \(PlainText.count(omittedBytes, "byte")) that are not in the record.\n" }
        if !transfers.isEmpty {
            var table = TextTable([(.right, 4), (.right, 12), (.right, 10), (.right, 12), (.left, 16), (.right, 10)], indent: 4)
            table.add("no.", "instruction", "descriptor", "bytes", "because of", "took")
            for (i, item) in transfers.prefix(100).enumerated() {
                table.add(
                    String(i + 1), PlainText.grouped(item.step), String(item.descriptor), PlainText.grouped(item.byteCount), item.reason,
                    PlainText.time(item.microseconds))
            }
            out += "  Transfers to the system:\n" + table.text()
            if transfers.count > 100 { out += "    … and \(PlainText.count(transfers.count - 100, "transfer")) more; --explain=json has them.\n" }
        }
        return out + endLines()
    }

    private func writeLines() -> String {
        var table = TextTable([(.right, 12), (.left, 6), (.left, 24), (.left, 36), (.left, 14)], indent: 4)
        table.add("instruction", "stream", "from", "text", "left with")
        for item in writes.prefix(200) {
            let reached = item.transfer.map { "transfer \($0 + 1)" } ?? "never"
            table.add(
                PlainText.grouped(item.step), item.stream, item.file.isEmpty ? "" : "\(FilePath(item.file).name):\(item.line)", "\"\(item.text)\"", reached)
        }
        return "  What the program wrote:\n" + table.text()
            + (writes.count > 200 ? "    … and \(PlainText.count(writes.count - 200, "write")) more; --explain=json has them.\n" : "")
    }

    private func endLines() -> String {
        var out = ""
        if !exitFunctions.isEmpty {
            var table = TextTable([(.left, 60), (.right, 10)], indent: 4)
            for item in exitFunctions { table.add(item.name, PlainText.time(item.microseconds)) }
            out += "  Functions of atexit, as they ran:\n" + table.text()
        }
        if !finalized.isEmpty {
            var table = TextTable([(.left, 40), (.left, 40)], indent: 4)
            for item in finalized.prefix(100) { table.add(item.type, item.action) }
            out += "  Finalised, in this order:\n" + table.text()
            if finalized.count > 100 { out += "    … and \(PlainText.count(finalized.count - 100, "object")) more; --explain=json has them.\n" }
        }
        if !alive.isEmpty {
            var table = TextTable([(.left, 40), (.right, 12), (.right, 16)], indent: 4)
            for item in alive.sorted(by: { $0.bytes > $1.bytes }).prefix(20) {
                table.add(item.type, PlainText.grouped(item.count), PlainText.grouped(item.bytes) + " B")
            }
            out += "  Alive at exit:\n" + table.text()
            if alive.count > 20 { out += "    … and \(PlainText.count(alive.count - 20, "type")) more; --explain=json has them.\n" }
        }
        return out
    }
}
