// How an uncaught exception is shown: byte for byte what CPython 3.12's built-in display prints. The text is put
// together first and written in one piece.

/// The state of one display: the text so far, what was shown already, and the tree of exception groups.
struct ExceptionDisplay {
    let t: Thread
    var text: [UInt8] = []
    /// Exceptions already shown or on the way: a list value.
    let seen: ListObject
    /// Depth in the tree of groups; 0 outside.
    var groupDepth = 0
    var needsClosing = false
    /// Lines of the file that was read last: neighbouring frames are often in one file.
    var sourceName: [UInt8] = []
    var source: [UInt8]?

    static var maximumGroupWidth: Int { 15 }
    static var maximumGroupDepth: Int { 10 }

    init(_ t: Thread) throws(Raised) {
        self.t = t
        seen = try t.newList()
    }

    mutating func add(_ s: StaticString) { text += UnsafeBufferPointer(start: s.utf8Start, count: s.utf8CodeUnitCount) }
    mutating func add(_ s: String) { text += Array(s.utf8) }
    mutating func add(str value: Value) { text += t.wtf8(value) }

    private mutating func indent(_ count: Int) { text += [UInt8](repeating: 0x20, count: count) }

    /// The tree's border in front of a line.
    mutating func margin() { margin(groupDepth > 0 ? "| " : "") }
    private mutating func margin(_ border: StaticString) {
        indent(groupDepth * 2)
        add(border)
    }

    private func hasSeen(_ exception: Value) -> Bool {
        for i in 0..<seen.count where seen[i] == exception { return true }
        return false
    }

    // MARK: Chains

    /// The exception, after those that led to it.
    mutating func showChain(_ exception: Value) throws(Raised) {
        try t.enterRecursion(" in print_exception_recursive")
        defer { t.leaveRecursion() }
        if exception.isKind(.exception) { try showCauses(ExceptionObject(exception)) }
        if t.isExceptionGroup(exception) {
            try showGroup(exception)
        } else {
            try showOne(exception)
        }
    }

    private mutating func showCauses(_ exception: ExceptionObject) throws(Raised) {
        try t.append(seen, exception.value)
        if exception.cause.isBound {
            if !hasSeen(exception.cause) {
                try showBefore(exception.cause, "The above exception was the direct cause of the following exception:\n")
            }
        } else if exception.context.isBound && !exception.suppressContext && !hasSeen(exception.context) {
            try showBefore(exception.context, "During handling of the above exception, another exception occurred:\n")
        }
    }

    private mutating func showBefore(_ exception: Value, _ message: StaticString) throws(Raised) {
        let closing = needsClosing
        try showChain(exception)
        needsClosing = closing
        margin()
        add("\n")
        margin()
        add(message)
        margin()
        add("\n")
    }

    // MARK: Groups

    private mutating func showGroup(_ group: Value) throws(Raised) {
        if groupDepth > ExceptionDisplay.maximumGroupDepth {
            margin()
            return add("... (max_group_depth is \(ExceptionDisplay.maximumGroupDepth))\n")
        }
        if groupDepth == 0 { groupDepth = 1 }
        try showOne(group)
        let exceptions = ExceptionGroupObject(group).exceptions
        let width = ExceptionDisplay.maximumGroupWidth
        let count = exceptions.count <= width ? exceptions.count : width + 1
        needsClosing = false
        for i in 0..<count {
            let isLast = i == count - 1
            if isLast { needsClosing = true }
            indent(groupDepth * 2)
            add(i == 0 ? "+-" : "  ")
            add(i < width ? "+---------------- \(i + 1) ----------------\n" : "+---------------- ... ----------------\n")
            groupDepth += 1
            if i < width {
                try showChain(exceptions[i])
            } else {
                let rest = exceptions.count - width
                margin()
                add("and \(rest) more exception\(rest > 1 ? "s" : "")\n")
            }
            if isLast && needsClosing {
                indent(groupDepth * 2)
                add("+------------------------------------\n")
                needsClosing = false
            }
            groupDepth -= 1
        }
        if groupDepth == 1 { groupDepth = 0 }
    }

    // MARK: One exception

    private mutating func showOne(_ exception: Value) throws(Raised) {
        if !exception.isKind(.exception) {
            margin()
            return add("TypeError: print_exception(): Exception expected for value, \(t.typeName(exception)) found\n")
        }
        try showTracebackOf(exception)
        let notes = quietly { (t) throws(Raised) in try t.getattrOrUnbound(exception, t.name(.__notes__)) }
        let message = try showSyntaxPlace(exception)
        try showMessage(exception, message)
        if message == exception {
            let suggestion = t.suggestion(for: exception)
            if suggestion.isBound { add(str: suggestion) }
        }
        add("\n")
        if notes.isBound { try showNotes(notes) }
    }

    private mutating func showTracebackOf(_ exception: Value) throws(Raised) {
        let traceback = ExceptionObject(exception).traceback
        if traceback.isUnbound { return }
        let isGroup = t.isExceptionGroup(exception)
        let border: StaticString = isGroup && groupDepth == 1 ? "+ " : groupDepth > 0 ? "| " : ""
        let limit = tracebackLimit()
        if limit <= 0 { return }
        margin(border)
        add(isGroup ? "Exception Group Traceback (most recent call last):\n" : "Traceback (most recent call last):\n")
        showTraceback(traceback, limit: limit)
    }

    /// Runs `body`; whatever it raises is dropped and the answer unbound.
    func quietly(_ body: (Thread) throws(Raised) -> Value) -> Value {
        do throws(Raised) { return try body(t) } catch {
            _ = t.takePending()
            return .unbound
        }
    }

    /// `module.QualName: text`; `message` stands for the exception when a syntax error showed its place before.
    private mutating func showMessage(_ exception: Value, _ message: Value) throws(Raised) {
        margin()
        showTypeName(t.type(of: exception))
        if message.isNone { return }
        let text = quietly { (t) throws(Raised) in try t.strOf(message) }
        if text.isUnbound { return add(": <exception str() failed>") }
        if StrObject(text).count > 0 {
            add(": ")
            add(str: text)
        }
    }

    mutating func showTypeName(_ type: TypeObject) {
        let module = quietly { (t) throws(Raised) in try t.getattr(type.value, t.name(.__module__)) }
        if module.isUnbound || !module.isKind(.str) {
            add("<unknown>.")
        } else if !StrObject(module).equals("builtins") && !StrObject(module).equals("__main__") {
            add(str: module)
            add(".")
        }
        add(str: type.qualname)
    }

    private mutating func showNotes(_ notes: Value) throws(Raised) {
        if !t.isSequence(notes) || notes.isKind(.str) || notes.isKind(.bytes) {
            margin()
            let text = quietly { (t) throws(Raised) in try t.repr(notes) }
            if text.isUnbound { add("<__notes__ repr() failed>") } else { add(str: text) }
            return add("\n")
        }
        let count = try t.length(notes)
        for i in 0..<max(count, 0) {
            let note = try t.getItem(notes, t.int(i))
            let text = quietly { (t) throws(Raised) in try t.strOf(note) }
            if text.isUnbound { add("<note str() failed>") } else { showLines(t.wtf8(text)) }
            add("\n")
        }
    }

    /// Every line of a note gets the margin.
    private mutating func showLines(_ bytes: [UInt8]) {
        var start = 0
        while start < bytes.count {
            let end = ExceptionDisplay.lineEnd(bytes, start)
            margin()
            text += bytes[start..<end]
            start = end
        }
    }

    /// Behind the line break that ends the line at `start`, by str.splitlines' rules.
    private static func lineEnd(_ bytes: [UInt8], _ start: Int) -> Int {
        var i = start
        while i < bytes.count {
            let c = bytes[i]
            if c == 0x0D { return i + 1 < bytes.count && bytes[i + 1] == 0x0A ? i + 2 : i + 1 }
            if (c >= 0x0A && c <= 0x0C) || (c >= 0x1C && c <= 0x1E) { return i + 1 }
            if c == 0xC2 && i + 1 < bytes.count && bytes[i + 1] == 0x85 { return i + 2 }
            if c == 0xE2 && i + 2 < bytes.count && bytes[i + 1] == 0x80 && (bytes[i + 2] == 0xA8 || bytes[i + 2] == 0xA9) { return i + 3 }
            i += 1
        }
        return i
    }

    // MARK: Syntax errors

    /// File, line, source text and caret of a syntax error. Gives what to show as the message: the exception itself when it is none.
    private mutating func showSyntaxPlace(_ exception: Value) throws(Raised) -> Value {
        let t = self.t
        if quietly({ (t) throws(Raised) in try t.getattrOrUnbound(exception, t.name(.print_file_and_line)) }).isUnbound { return exception }
        func attribute(_ name: WellKnownName) -> Value {
            let value = quietly { (t) throws(Raised) in try t.getattrOrUnbound(exception, t.name(name)) }
            return value
        }
        func number(_ value: Value) -> Int? { value.isBound && t.isInt(value) ? t.machineInt(value) : nil }
        let message = attribute(.msg), filename = attribute(.filename)
        guard message.isBound, filename.isBound, let line = number(attribute(.lineno)) else { return exception }
        let offsetValue = attribute(.offset)
        guard offsetValue.isBound else { return exception }
        let offset = offsetValue.isNone ? -1 : number(offsetValue)
        guard let offset else { return exception }
        let endLineValue = attribute(.end_lineno), endOffsetValue = attribute(.end_offset)
        let endLine = endLineValue.isNoneOrUnbound ? line : number(endLineValue)
        var endOffset = endOffsetValue.isNoneOrUnbound ? -1 : number(endOffsetValue)
        guard let endLine, endOffset != nil else { return exception }
        let source = attribute(.text)
        guard source.isBound else { return exception }
        margin()
        add("  File \"")
        let shown = filename.isNone ? t.intern("<string>") : filename
        add(str: quietly { (t) throws(Raised) in try t.strOf(shown) }.isUnbound ? t.intern("<string>") : try t.strOf(shown))
        add("\", line \(line)\n")
        if source.isKind(.str) {
            let bytes = t.wtf8(source)
            if endLine > line { endOffset = bytes.count }
            // Only a plain SyntaxError shows how far its place reaches.
            if t.type(of: exception).value != t.types.pointee.syntaxError { endOffset = -1 }
            showErrorText(bytes, offset, endOffset ?? -1)
        }
        return message
    }

    /// The line and the carets under it. Offsets count from 1.
    private mutating func showErrorText(_ bytes: [UInt8], _ offset: Int, _ endOffset: Int) {
        var offset = min(offset, bytes.count + 1)
        let endOffset = min(endOffset, bytes.count + 1)
        let carets = endOffset > 0 && endOffset > offset ? endOffset - offset : 1
        offset -= 1
        var line = bytes[...]
        // Only the last line matters, when the text has several.
        if offset > 0 && offset == line.count && line.last == 0x0A { offset -= 1 }
        while let newline = line.firstIndex(of: 0x0A) {
            let length = newline - line.startIndex
            if length >= offset { break }
            line = line[(newline + 1)...]
            offset -= length + 1
        }
        while let c = line.first, c == 0x20 || c == 0x09 || c == 0x0C {
            line = line.dropFirst()
            offset -= 1
        }
        margin()
        add("    ")
        text += line
        if line.last != 0x0A { add("\n") }
        if offset < 0 { return }
        margin()
        add("    ")
        indent(offset)
        text += [UInt8](repeating: 0x5E, count: carets)
        add("\n")
    }
}

extension Thread {
    /// The text that an uncaught exception prints, as WTF-8.
    public func exceptionText(_ exception: Value) throws(Raised) -> [UInt8] {
        var display = try ExceptionDisplay(self)
        try display.showChain(exception)
        return display.text
    }

    /// Writes a traceback as it stands above an uncaught exception, with its headline.
    public func printTraceback(_ traceback: Value, to file: Value) throws(Raised) {
        var display = try ExceptionDisplay(self)
        display.add("Traceback (most recent call last):\n")
        display.showTraceback(traceback, limit: display.tracebackLimit())
        try write(str(wtf8: display.text), to: file)
    }

    /// Prints an exception as an uncaught one to a file object, and flushes it: what `sys.excepthook` does by default.
    public func printException(_ exception: Value, to file: Value) throws(Raised) {
        let text: [UInt8]
        do throws(Raised) {
            text = try exceptionText(exception)
        } catch {
            _ = takePending()
            return
        }
        try write(str(wtf8: text), to: file)
        do throws(Raised) { _ = try callMethod(file, name(.flush)) } catch { _ = takePending() }
    }
}
