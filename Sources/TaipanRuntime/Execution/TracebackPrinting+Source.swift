// The frames of a traceback with their source lines, and the marks under the part that failed.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanSyntax
import TaipanUnicode

extension ExceptionDisplay {
    /// `sys.tracebacklimit`, 1000 by default.
    func tracebackLimit() -> Int {
        let limit = t.sysAttribute(t.intern("tracebacklimit"))
        if limit.isUnbound || !t.isInt(limit) { return 1000 }
        return t.machineInt(limit) ?? (limit.hasLayout(.int) && IntObject(limit).isNegative ? 0 : Int.max)
    }

    /// The frames, the innermost `limit` ones; a frame that repeats is counted.
    mutating func showTraceback(_ first: Value, limit: Int) {
        var depth = 0
        var at = first
        while at.isBound {
            depth += 1
            at = TracebackObject(at).next
        }
        at = first
        while at.isBound && depth > limit {
            depth -= 1
            at = TracebackObject(at).next
        }
        var lastFile = Value.unbound, lastName = Value.unbound, lastLine = -1, repeats = 0
        while at.isBound {
            let traceback = TracebackObject(at)
            let code = t.frameCode(traceback.frame)
            let file = codeAttribute(code, "co_filename"), name = codeAttribute(code, "co_name")
            let line = traceback.line >= 0 ? traceback.line : t.codePosition(code: code, lasti: traceback.lasti).line
            if file != lastFile || name != lastName || line != lastLine {
                showRepeats(repeats)
                lastFile = file
                lastName = name
                lastLine = line
                repeats = 0
            }
            repeats += 1
            if repeats <= 3 { showFrame(code, file, name, line, traceback.lasti) }
            at = traceback.next
        }
        showRepeats(repeats)
    }

    private mutating func showRepeats(_ count: Int) {
        if count <= 3 { return }
        add("  [Previous line repeated \(count - 3) more time\(count - 3 > 1 ? "s" : "")]\n")
    }

    private func codeAttribute(_ code: Value, _ name: StaticString) -> Value {
        if code.isUnbound { return .unbound }
        let value = quietly { (t) throws(Raised) in try t.getattr(code, t.intern(name)) }
        return value.isKind(.str) ? value : .unbound
    }

    private mutating func showFrame(_ code: Value, _ file: Value, _ name: Value, _ line: Int, _ lasti: Int) {
        if file.isUnbound || name.isUnbound { return }
        margin()
        add("  File \"")
        add(str: file)
        add("\", line \(line), in ")
        add(str: name)
        add("\n")
        // At the very end CPython can open no more files.
        if t.interp.pointee.isFinalizing { return }
        guard let source = sourceLine(file, line) else { return }
        let blank = source.prefix { $0 == 0x20 || $0 == 0x09 || $0 == 0x0C }.count
        margin()
        add("    ")
        text += source[(source.startIndex + blank)...]
        add("\n")
        let position = t.codePosition(code: code, lasti: lasti)
        if position.line <= 0 || position.endLine <= 0 || position.column < 0 || position.endColumn < 0 { return }
        showMarks(Array(source), blank, position)
    }

    // MARK: Marks

    /// The line of `^` (and `~` around the operator) below a source line whose first `blank` bytes were not shown.
    private mutating func showMarks(_ line: [UInt8], _ blank: Int, _ position: (line: Int, endLine: Int, column: Int, endColumn: Int)) {
        let start = min(position.column, line.count)
        var end = line.count
        var anchors: (left: Int, right: Int)?
        if position.line == position.endLine {
            end = max(min(position.endColumn, line.count), start)
            let segment = Array(line[start..<end])
            if let found = ExceptionDisplay.anchors(segment) { anchors = (start + min(found.left, segment.count), start + min(found.right, segment.count)) }
        } else {
            // An expression of several lines: to the end of this one.
            while end > 0 && ExceptionDisplay.isBlank(line[end - 1]) { end -= 1 }
        }
        // A whole line needs no marks.
        if anchors == nil && start <= blank && end == line.count { return }
        margin()
        add("    ")
        add(repeating: " ", ExceptionDisplay.width(line[min(blank, start)..<start]))
        if let anchors {
            add(repeating: "~", ExceptionDisplay.width(line[start..<anchors.left]))
            add(repeating: "^", ExceptionDisplay.width(line[anchors.left..<anchors.right]))
            add(repeating: "~", ExceptionDisplay.width(line[anchors.right..<max(end, anchors.right)]))
        } else {
            add(repeating: "^", ExceptionDisplay.width(line[start..<max(end, start)]))
        }
        add("\n")
    }

    private mutating func add(repeating mark: StaticString, _ count: Int) {
        for _ in 0..<count { add(mark) }
    }

    /// The columns that a terminal gives to UTF-8: characters of East Asian width take two.
    private static func width(_ bytes: ArraySlice<UInt8>) -> Int {
        if bytes.allSatisfy({ $0 < 0x80 }) { return bytes.count }
        return String(decoding: bytes, as: UTF8.self).unicodeScalars.reduce(0) { $0 + (UnicodeProperties.isWide($1.value) ? 2 : 1) }
    }

    private static func isBlank(_ c: UInt8) -> Bool { c == 0x20 || c == 0x09 || c == 0x0C }

    /// Byte offsets around the operator of a binary operation, or around the brackets of a subscript, when the segment is one of these.
    private static func anchors(_ segment: [UInt8]) -> (left: Int, right: Int)? {
        guard let parsed = try? parseModule(source: segment), case .module(let body, _) = parsed.module.kind, body.count == 1,
              case .expr(let value) = body[0].kind else { return nil }
        switch value.kind {
        case .binOp(let left, _, let right):
            return operatorAnchors(segment, Int(left.position.endColumn), Int(right.position.column))
        case .subscript(let object, let slice, _):
            var from = Int(object.position.endColumn), to = Int(slice.position.endColumn) + 1
            while from < segment.count && segment[from] != 0x5B { from += 1 }
            while to < segment.count && segment[to] != 0x5D { to += 1 }
            if to < segment.count { to += 1 }
            return (from, to)
        default:
            return nil
        }
    }

    private static func operatorAnchors(_ segment: [UInt8], _ from: Int, _ to: Int) -> (left: Int, right: Int)? {
        var found: (left: Int, right: Int)?
        var i = from
        while i < to && i < segment.count {
            defer { i += 1 }
            if isBlank(segment[i]) { continue }
            found = (i, i + 1)
            if i + 1 < to && !isBlank(segment[i + 1]) { found = (i, i + 2) }
            // A parenthesis that closes the left operand is not the operator.
            if i + 1 < to && segment[i] == 0x29 { continue }
            break
        }
        return found
    }

    // MARK: Source lines

    /// Line number `number` of a file, without its line break; nil when it cannot be read.
    mutating func sourceLine(_ file: Value, _ number: Int) -> ArraySlice<UInt8>? {
        let name = t.wtf8(file)
        if number <= 0 || name.isEmpty || (name.first == 0x3C && name.last == 0x3E) { return nil }
        if name != sourceName || source == nil {
            sourceName = name
            source = t.readSourceFile(name)
        }
        guard let source else { return nil }
        var line = 1, start = 0
        while line < number {
            guard let next = ExceptionDisplay.behindBreak(source, start) else { return nil }
            start = next
            line += 1
        }
        if start >= source.count { return nil }
        var end = start
        while end < source.count && source[end] != 0x0A && source[end] != 0x0D { end += 1 }
        return source[start..<end]
    }

    private static func behindBreak(_ source: [UInt8], _ start: Int) -> Int? {
        var i = start
        while i < source.count {
            if source[i] == 0x0A { return i + 1 }
            if source[i] == 0x0D { return i + 1 < source.count && source[i + 1] == 0x0A ? i + 2 : i + 1 }
            i += 1
        }
        return nil
    }
}

extension Thread {
    /// The bytes of a source file as UTF-8, found at its path or by its tail below `sys.path`; nil when there is none.
    public func readSourceFile(_ name: [UInt8]) -> [UInt8]? {
        if let bytes = Thread.readFile(name) { return Thread.decodedSource(bytes) }
        let tail = Array(name[((name.lastIndex(of: 0x2F) ?? -1) + 1)...])
        let path = sysAttribute(self.name(.path))
        if path.isUnbound || !path.isKind(.list) { return nil }
        for i in 0..<ListObject(path).count where ListObject(path)[i].isKind(.str) {
            var folder = wtf8(ListObject(path)[i])
            if folder.isEmpty { continue }
            if folder.last != 0x2F { folder.append(0x2F) }
            if let bytes = Thread.readFile(folder + tail) { return Thread.decodedSource(bytes) }
        }
        return nil
    }

    /// All of a regular file, or nil.
    static func readFile(_ name: [UInt8]) -> [UInt8]? {
        let descriptor = (name + [0]).withUnsafeBufferPointer { path in
            path.withMemoryRebound(to: CChar.self) { open($0.baseAddress.unsafelyUnwrapped, O_RDONLY | O_CLOEXEC) }
        }
        if descriptor < 0 { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let n = read(descriptor, &chunk, chunk.count)
            if n < 0 { return nil }
            if n == 0 { return bytes }
            bytes += chunk[..<n]
        }
    }

    /// UTF-8 of a source: the byte order mark goes, Latin-1 (by its coding line, or as what is left when it is no UTF-8) is converted.
    private static func decodedSource(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        if bytes.allSatisfy({ $0 < 0x80 }) || String(validating: bytes, as: UTF8.self) != nil { return bytes }
        var out: [UInt8] = []
        for c in bytes { appendUTF8(UInt32(c), &out) }
        return out
    }
}
