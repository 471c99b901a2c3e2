// `_tokenize`: the iterator over tokens that the library's `tokenize` reads. The lines are fetched when the first token is asked
// for; an error of the reader or of the source is raised where it stands among the tokens.
//
// Cell: 1 readline, 2 encoding or None, 3 the list of token tuples or unbound, 4 the exception that ends them or unbound; raw: 5 index, 6 extra.

import TaipanRuntime
import TaipanSyntax

enum TokenizeModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        try m.type("TokenizerIter", NativeLayout(valueWords: 4, bytes: 56)) { b in
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in try make(t, type, a) }
            b.t.iterator(b) { (t, v) throws(Raised) in try next(t, v.cell) }
        }
    }

    private static func make(_ t: Thread, _ type: Value, _ a: TaipanRuntime.Arguments) throws(Raised) -> Value {
        if a.count != 1 { throw t.raise(.typeError, "tokenizeriter() takes exactly 1 positional argument (\(a.count) given)") }
        var encoding = Value.none, extra = Value.unbound
        if a.keywords.isBound {
            let names = TupleObject(a.keywords)
            for i in 0..<names.count {
                switch t.string(names[i]) {
                case "encoding": encoding = a[1 + i]
                case "extra_tokens": extra = a[1 + i]
                default: throw t.raise(.typeError, "tokenizeriter() got an unexpected keyword argument '\(t.string(names[i]))'")
                }
            }
        }
        if extra.isUnbound { throw t.raise(.typeError, "tokenizeriter() missing required argument 'extra_tokens' (pos 2)") }
        if !encoding.isNone && !encoding.isKind(.str) { throw t.raise(.typeError, "tokenizeriter() argument 'encoding' must be str, not \(t.typeName(encoding))") }
        let wantsExtra = try t.truth(extra)
        let cell = t.allocate(TypeObject(type))
        cell[1] = a[0]
        cell[2] = encoding
        cell.setRaw(wantsExtra ? 1 : 0, at: 6)
        return Value(cell)
    }

    private static func next(_ t: Thread, _ cell: Cell) throws(Raised) -> Value {
        if cell[3].isUnbound { try fill(t, cell) }
        let tokens = ListObject(cell[3])
        let i = cell.raw(5)
        if i < tokens.count {
            cell.setRaw(i + 1, at: 5)
            return tokens[i]
        }
        let failure = cell[4]
        if failure.isUnbound { return .unbound }
        cell[4] = .unbound
        throw t.raise(exception: failure)
    }

    // MARK: Reading

    /// Reads all lines and all tokens.
    private static func fill(_ t: Thread, _ cell: Cell) throws(Raised) {
        let tokens = try t.newList()
        cell[3] = tokens.value
        var source: [UInt8] = []
        var firstAdded = Int.max
        var null: (line: Int, text: ArraySlice<UInt8>)?
        do throws(Raised) {
            var line = 0
            while null == nil, let bytes = try readLine(t, cell), !bytes.isEmpty {
                line += 1
                if let end = bytes.firstIndex(of: 0) {
                    null = (line, bytes[..<end])
                    break
                }
                source += bytes
                if bytes.last != 10 {
                    firstAdded = min(firstAdded, source.count)
                    source.append(10)
                }
            }
        } catch { cell[4] = t.takePending() }
        let reader = TokenReader(source, firstAddedNewline: firstAdded, extraTokens: cell.raw(6) != 0)
        let isCut = cell[4].isBound || null != nil
        do throws(SyntaxFailure) {
            var line = (range: 0..<0, value: t.objects.pointee.emptyStr)
            while let token = try reader.next() {
                // Where the source is cut short, what the end of it makes of it does not count.
                if isCut && (token.type == 0 || token.sourceLine.isEmpty) { break }
                do throws(Raised) { try append(t, tokens, token, source, &line) } catch {
                    cell[4] = t.takePending()
                    return
                }
            }
        } catch {
            if !isCut { cell[4] = exception(t, error) }
        }
        if let null {
            let text = String(decoding: null.text, as: UTF8.self)
            cell[4] = exception(t, SyntaxFailure(.syntaxError, "source code cannot contain null bytes", line: null.line, offset: 0, endLine: null.line,
                                                 endOffset: 0, text: text))
        }
    }

    /// The next line as UTF-8; nil at the end.
    private static func readLine(_ t: Thread, _ cell: Cell) throws(Raised) -> [UInt8]? {
        let line: Value
        do throws(Raised) { line = try t.call(cell[1]) } catch {
            try t.swallow(.stopIteration, error)
            return nil
        }
        if cell[2].isNone {
            if !line.isKind(.str) { throw t.raise(.typeError, "readline() returned a non-string object") }
            return Array(BytesObject(try t.encodeText(line, t.intern("utf-8"), t.intern("strict"))).buffer)
        }
        if !line.isKind(.bytes) { throw t.raise(.typeError, "readline() returned a non-bytes object") }
        return t.wtf8(try t.decodeText(line, cell[2], t.intern("replace")))
    }

    private static func append(_ t: Thread, _ tokens: ListObject, _ token: TokenRecord, _ source: [UInt8],
                               _ line: inout (range: Range<Int>, value: Value)) throws(Raised) {
        if line.range != token.sourceLine { line = (token.sourceLine, text(t, source, token.sourceLine)) }
        let made = try t.newTuple(5)
        made[0] = t.int(token.type)
        made[1] = token.fixedText.map { t.str($0) } ?? text(t, source, token.text)
        made[2] = try t.tuple(t.int(token.line), t.int(token.column))
        made[3] = try t.tuple(t.int(token.endLine), t.int(token.endColumn))
        made[4] = line.value
        try t.append(tokens, made.value)
    }

    private static func text(_ t: Thread, _ source: [UInt8], _ range: Range<Int>) -> Value {
        source.withUnsafeBufferPointer { t.str(utf8: UnsafeBufferPointer(rebasing: $0[range.clamped(to: 0..<source.count)])) }
    }

    /// The SyntaxError of the tokenizer. Where it names no text, only its attributes say where.
    private static func exception(_ t: Thread, _ failure: SyntaxFailure) -> Value {
        if failure.kind == .incompleteInputError {
            do throws(Raised) {
                let made = try t.call(t.types.pointee.syntaxError, t.str(failure.message))
                try t.setattr(made, t.intern("filename"), t.str("<string>"))
                try t.setattr(made, t.intern("lineno"), t.int(failure.line ?? 0))
                try t.setattr(made, t.intern("offset"), t.int(failure.offset ?? 0))
                return made
            } catch { return t.takePending() }
        }
        _ = t.raise(failure, t.str("<string>"))
        return t.takePending()
    }
}
