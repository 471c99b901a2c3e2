// `sub`, `subn` and `expand`: replacements by text, by template and by function.

import TaipanEngines
import TaipanRuntime

extension Thread {
    func isTemplate(_ value: Value, _ pattern: PatternObject) -> Bool { type(of: value) == pattern.type(.template) }

    /// `re._compile_template(pattern, template)`: a template object, or the text itself when it has no groups in it.
    func compileTemplate(_ pattern: PatternObject, _ template: Value) throws(Raised) -> Value {
        let function = try getattr(try regexModule(), intern("_compile_template"))
        do throws(Raised) { return try call(function, pattern.value, template) } catch {
            // Unhashable or odd texts cannot be cached: try again with the plain str or bytes.
            if !pendingIs(.typeError) { throw error }
            if template.isKind(.str) && !template.hasLayout(.str) {
                _ = takePending()
                return try call(function, pattern.value, try exactStr(template))
            }
            if hasBuffer(template) && !template.hasLayout(.bytes) {
                _ = takePending()
                return try call(function, pattern.value, try bytesFrom(template))
            }
            throw error
        }
    }

    private func regexModule() throws(Raised) -> Value {
        if objects.pointee.modules.isBound {
            let found = DictObject(objects.pointee.modules).findString(self, intern("re"))
            if found.isBound { return found }
        }
        let importer = DictObject(objects.pointee.builtins).findString(self, intern("__import__"))
        return try call(importer, intern("re"))
    }

    /// The template with the match's groups in their places.
    func expand(_ template: Value, _ m: MatchObject) throws(Raised) -> Value {
        let parts = TupleObject(template.cell[1])
        if parts.count == 1 { return parts[0] }
        let pieces = try newList(capacity: parts.count)
        try append(pieces, parts[0])
        var i = 1
        while i + 1 < parts.count {
            guard let number = machineInt(parts[i]), number < m.groupCount else { throw raise(.indexError, "no such group") }
            let text = try group(m, number, .none)
            if !text.isNone { try append(pieces, text) }
            try append(pieces, parts[i + 1])
            i += 2
        }
        return try joined(pieces, isBytes: !m.string.isKind(.str))
    }

    /// The pieces in a row.
    private func joined(_ pieces: ListObject, isBytes: Bool) throws(Raised) -> Value {
        if !isBytes { return try join(objects.pointee.emptyStr, pieces.value) }
        return try callMethod(objects.pointee.emptyBytes, intern("join"), pieces.value)
    }

    private enum Replacement { case text, template, function }

    /// `pattern.subn(replacement, text, limit)`; 0 is no limit.
    func substitute(_ pattern: PatternObject, _ replacement: Value, _ text: Value, _ limit: Int) throws(Raised) -> (text: Value, count: Int) {
        var filter = replacement
        var kind = Replacement.function
        if !type(of: replacement).slots.pointee.call.isSet {
            if !isLiteral(replacement) { filter = try compileTemplate(pattern, replacement) }
            kind = isTemplate(filter, pattern) ? .template : .text
            if kind == .template && TupleObject(filter.cell[1]).count == 1 {
                filter = TupleObject(filter.cell[1])[0]
                kind = .text
            }
        }
        let pieces = try newList()
        var count = 0
        let result = try withState(pattern, text) { (subject, state) throws(Raised) in
            var done = 0
            let from = state.start
            while limit == 0 || count < limit, try run(&state, { $0.search() }) {
                if done < state.start { try append(pieces, try slice(subject, done, state.start)) }
                let item = try replaced(kind, filter, pattern, subject, state, from)
                if !item.isNone { try append(pieces, item) }
                done = state.position
                count += 1
                state.advance()
            }
            if done < state.end { try append(pieces, try slice(subject, done, state.end)) }
            return pieces.count == 0 ? try slice(subject, 0, 0) : try joined(pieces, isBytes: subject.isBytes)
        }
        return (result, count)
    }

    private func replaced(_ kind: Replacement, _ filter: Value, _ pattern: PatternObject, _ subject: Subject, _ state: RegexState,
                          _ from: Int) throws(Raised) -> Value {
        switch kind {
        case .text: return filter
        case .template: return try expand(filter, MatchObject(try newMatch(pattern, subject, state, from)))
        case .function: return try call(filter, try newMatch(pattern, subject, state, from))
        }
    }

    /// Text without a backslash stands for itself.
    private func isLiteral(_ value: Value) -> Bool {
        do throws(Raised) {
            let subject = try openSubject(value)
            defer { closeSubject(subject) }
            for i in 0..<subject.count where unit(subject, i) == 0x5C { return false }
            return true
        } catch {
            _ = takePending()
            return false
        }
    }

    private func unit(_ subject: Subject, _ i: Int) -> UInt32 {
        switch subject.width {
        case 1: UInt32(subject.base.load(fromByteOffset: i, as: UInt8.self))
        case 2: UInt32(subject.base.load(fromByteOffset: i * 2, as: UInt16.self))
        default: subject.base.load(fromByteOffset: i * 4, as: UInt32.self)
        }
    }
}
