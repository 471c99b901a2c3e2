// The JSON of a record: every field of ExplainRecord.swift, under its name in snake case and in its order. documentation/explain-record.md
// describes it.

extension ExplainRecord {
    /// The whole record as compact JSON in UTF-8: one object whose member `taipan_explain` is `schemaVersion`.
    public func json() -> [UInt8] {
        var out = JSONWriter()
        out.record(self)
        return out.bytes
    }

    /// The same in pieces, as they come: a large record's JSON takes no memory.
    public func writeJSON(to send: @escaping ([UInt8]) -> Void) {
        var out = JSONWriter(sendingTo: send)
        out.record(self)
        out.finish()
    }
}

extension ExplainRecord: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("taipan_explain", Self.schemaVersion)
        out.field("command", command)
        out.field("shell", shell)
        out.field("startup", startup)
        out.field("source", source)
        out.field("tree", tree)
        out.field("bytecode", bytecode)
        out.field("execution", execution)
        out.field("output", output)
        out.field("times", times)
        out.field("exit_status", exitStatus)
        out.field("ending", ending)
        out.field("left_out", leftOut)
    }
}

extension StageTime: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("stage", stage.rawValue)
        out.field("microseconds", microseconds)
    }
}

extension CommandRecord: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("arguments", arguments)
        out.field("mode", mode)
        out.field("script", script)
        out.field("folder", folder)
        out.field("version", version)
    }
}

// MARK: 1 The shell finds Python

extension ShellRecord: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("typed", typed)
        out.field("is_path", isPath)
        out.field("looks", looks)
        out.field("hit", hit)
        out.field("links", links)
        out.field("executable", executable)
        out.field("pythons", pythons)
        out.field("shebang", shebang)
        out.field("environment", environment)
    }
}

extension ShellRecord.Look: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("folder", folder)
        out.field("file", file)
        out.field("result", result)
    }
}

extension ShellRecord.Link: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("from", from)
        out.field("to", to)
    }
}

extension ShellRecord.Python: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("path", path)
        out.field("version", version)
        out.field("links", links)
    }
}

extension ShellRecord.Shebang: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("line", line)
        out.field("interpreter", interpreter)
        out.field("is_used", isUsed)
        out.field("remark", remark)
    }
}

extension ShellRecord.VirtualEnvironment: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("file", file)
        out.field("settings", settings)
    }
}

// MARK: 2 Start-up

extension StartupRecord: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("steps", steps)
        out.field("path", path)
        out.field("variables", variables)
        out.field("options", options)
    }
}

extension StartupRecord.Step: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("name", name)
        out.field("detail", detail)
        out.field("microseconds", microseconds)
        out.field("bytes", bytes)
    }
}

extension StartupRecord.PathEntry: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("entry", entry)
        out.field("origin", origin)
        out.field("exists", exists)
    }
}

extension StartupRecord.Setting: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("name", name)
        out.field("value", value)
        out.field("effect", effect)
    }
}

// MARK: 3 Source and tokens

extension SyntaxErrorRecord: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("type", type)
        out.field("message", message)
        out.field("span", span)
        out.field("text", text)
    }
}

extension SourceRecord: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("file", file)
        out.field("byte_count", byteCount)
        out.field("encoding", encoding)
        out.field("encoding_from", encodingFrom)
        out.field("line_count", lineCount)
        out.field("newlines", newlines)
        out.field("text", text)
        out.field("tokens", tokens)
        out.field("omitted_tokens", omittedTokens)
        out.field("error", error)
    }
}

extension SourceRecord.Token: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("kind", kind)
        out.field("exact", exact)
        out.field("text", text)
        out.field("span", span)
        out.field("depth", depth)
    }
}

// MARK: 4 Tree

extension TreeRecord: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("nodes", nodes)
        out.field("omitted_nodes", omittedNodes)
        out.field("dump", dump)
        out.field("folds", folds)
        out.field("scopes", scopes)
        out.field("error", error)
    }
}

extension TreeRecord.Node: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("parent", parent)
        out.field("field", field)
        out.field("index", index)
        out.field("type", type)
        out.field("span", span)
        out.field("fields", fields)
    }
}

extension TreeRecord.Fold: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("node", node)
        out.field("before", before)
        out.field("after", after)
    }
}

extension TreeRecord.Symbol: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("name", name)
        out.field("scope", scope)
        out.field("reason", reason)
    }
}

extension TreeRecord.Scope: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("parent", parent)
        out.field("kind", kind)
        out.field("name", name)
        out.field("line", line)
        out.field("symbols", symbols)
    }
}

// MARK: 5 Bytecode and cache

extension CodeRecord: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("parent", parent)
        out.field("name", name)
        out.field("qualified_name", qualifiedName)
        out.field("file", file)
        out.field("first_line", firstLine)
        out.field("flags", flags)
        out.field("stack_size", stackSize)
        out.field("constants", constants)
        out.field("names", names)
        out.field("local_names", localNames)
        out.field("cell_names", cellNames)
        out.field("free_names", freeNames)
        out.field("instructions", instructions)
        out.field("raw", raw)
        out.field("handlers", handlers)
        out.field("register", register)
        out.field("listing", listing)
    }
}

extension CodeRecord.Instruction: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("offset", offset)
        out.field("opcode", opcode)
        out.field("argument", argument)
        out.field("meaning", meaning)
        out.field("target", target)
        out.field("is_jump_target", isJumpTarget)
        out.field("line", line)
        out.field("span", span)
        out.field("start", start)
        out.field("depth", depth)
    }
}

extension CodeRecord.RawInstruction: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("opcode", opcode)
        out.field("argument", argument)
        out.field("meaning", meaning)
        out.field("target", target)
        out.field("line", line)
    }
}

extension CodeRecord.Handler: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("start", start)
        out.field("end", end)
        out.field("target", target)
        out.field("depth", depth)
        out.field("keeps_instruction", keepsInstruction)
        out.field("words", words)
    }
}

extension CodeRecord.RegisterWord: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("offset", offset)
        out.field("text", text)
    }
}

extension ImportRecord: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("name", name)
        out.field("result", result)
        out.field("reason", reason)
        out.field("source", source)
        out.field("cache", cache)
        out.field("depth", depth)
        out.field("step", step)
        out.field("microseconds", microseconds)
        out.field("own_microseconds", ownMicroseconds)
    }
}

extension BytecodeRecord: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("codes", codes)
        out.field("script_code_count", scriptCodeCount)
        out.field("imports", imports)
        out.field("error", error)
    }
}

// MARK: 6 Execution

extension ExecutionRecord: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("total", total)
        out.field("first_limit", firstLimit)
        out.field("last_limit", lastLimit)
        out.field("frames", frames)
        out.field("steps", steps)
        out.field("functions", functions)
        out.field("lines", lines)
        out.field("specializations", specializations)
        out.field("allocated_bytes", allocatedBytes)
        out.field("collections", collections)
        out.field("handovers", handovers)
        out.field("uncaught", uncaught)
    }
}

extension ExecutionRecord.Frame: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("code", code)
        out.field("caller", caller)
        out.field("depth", depth)
        out.field("thread", thread)
    }
}

extension ExecutionRecord.Change: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("name", name)
        out.field("kind", kind)
        out.field("value", value)
    }
}

extension ExecutionRecord.Event: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("kind", kind)
        out.field("frame", frame)
        out.field("text", text)
        out.field("steps", steps)
    }
}

extension ExecutionRecord.Step: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("number", number)
        out.field("frame", frame)
        out.field("offset", offset)
        out.field("before", before)
        out.field("after", after)
        out.field("changes", changes)
        out.field("events", events)
        out.field("microseconds", microseconds)
    }
}

extension ExecutionRecord.FunctionCount: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("name", name)
        out.field("file", file)
        out.field("line", line)
        out.field("calls", calls)
        out.field("instructions", instructions)
        out.field("microseconds", microseconds)
        out.field("own_microseconds", ownMicroseconds)
    }
}

extension ExecutionRecord.LineCount: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("file", file)
        out.field("line", line)
        out.field("instructions", instructions)
        out.field("microseconds", microseconds)
    }
}

extension ExecutionRecord.Specialization: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("code", code)
        out.field("offset", offset)
        out.field("opcode", opcode)
        out.field("became", became)
    }
}

extension ExecutionRecord.Collection: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("step", step)
        out.field("reason", reason)
        out.field("microseconds", microseconds)
        out.field("bytes_before", bytesBefore)
        out.field("bytes_after", bytesAfter)
    }
}

extension ExecutionRecord.Handover: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("step", step)
        out.field("from", from)
        out.field("to", to)
    }
}

// MARK: 7 Output and clean-up

extension OutputRecord: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("writes", writes)
        out.field("omitted_writes", omittedWrites)
        out.field("omitted_bytes", omittedBytes)
        out.field("transfers", transfers)
        out.field("exit_functions", exitFunctions)
        out.field("finalized", finalized)
        out.field("alive", alive)
    }
}

extension OutputRecord.Write: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("step", step)
        out.field("stream", stream)
        out.field("text", text)
        out.field("file", file)
        out.field("line", line)
        out.field("transfer", transfer)
    }
}

extension OutputRecord.Transfer: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("step", step)
        out.field("descriptor", descriptor)
        out.field("byte_count", byteCount)
        out.field("reason", reason)
        out.field("microseconds", microseconds)
    }
}

extension OutputRecord.ExitFunction: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("name", name)
        out.field("microseconds", microseconds)
    }
}

extension OutputRecord.Finalized: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("type", type)
        out.field("action", action)
    }
}

extension OutputRecord.Alive: JSONRecord {
    func writeFields(_ out: inout JSONWriter) {
        out.field("type", type)
        out.field("count", count)
        out.field("bytes", bytes)
    }
}
