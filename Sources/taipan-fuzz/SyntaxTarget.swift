// Tokenizer, parser, tree texts and compiler on mutated sources: every input gives a tree or an error.

import TaipanBytecode
import TaipanCompiler
import TaipanSyntax

struct SyntaxTarget: FuzzTarget {
    static var suffix: String { ".py" }
    private let corpus: Corpus

    init(corpus: Corpus) { self.corpus = corpus }

    // MARK: Inputs

    /// Pieces that tokens are replaced by.
    private static let spare: [StaticString] = [
        "(", ")", "[", "]", "{", "}", ":", ",", ".", "=", "==", "*", "**", "->", ":=", "@", "!", "$", "...", "~", "<>", ";",
        " if ", " else ", " for ", " in ", " not ", " is ", " lambda ", " def ", " class ", " return ", " yield ", " await ", " async ",
        " from ", " import ", " as ", " with ", " try:", " except ", " except* ", " finally:", " del ", " global ", " nonlocal ", " match ",
        " case ", " type ", " _ ", " None ", " True ", " __debug__ ", "0777", "1_", "0b2", "1.e", "1e999", "0x", "1j", "9" , "'a'", "\"", "'''",
        "\"\"\"", "f'", "f'{", "f'''{", "rb'", "b'\\xff'", "'\\N{DASH}'", "'\\N{", "'\\ud800'", "'\\q'", "!r", "=}", "{{", "}}", "\n", "\n    ",
        "\n\t", "\r", "\r\n", "\t", "\\", "\\\n", "\u{c}", "#", "# type: int\n", "# type: ignore[x]\n", "# coding: latin-1\n", "\u{feff}", "é", "℘",
        "º", "\u{10ffff}", "from __future__ import annotations\n", "from __future__ import barry_as_FLUFL\n",
    ]

    /// What is repeated to nest deeply or to make long chains, and what closes it.
    private static let nests: [(open: StaticString, close: StaticString)] = [
        ("(", ")"), ("[", "]"), ("{", "}"), ("{1:", "}"), ("-", ""), ("not ", ""), ("~", ""), ("lambda: ", ""), ("lambda x=", ":0"), ("f'{", "}'"),
        ("f'{x:{", "}}'"), ("f'''{", "}'''"), ("f\"{f'{", "}'}\""), ("a.", ""), ("a(", ")"), ("a[", "]"), ("1+", ""), ("1**", ""), ("a if b else ", ""),
        ("a and ", ""), ("a<", ""), ("a:=", ""), ("(a:=", ")"), ("*", ""), ("**", ""), ("await ", ""), ("yield ", ""), ("(yield ", ")"), ("x = ", ""),
        ("a,", ""), ("'a' ", ""), ("f'a' ", ""), ("[a for a in ", "]"), ("if a: pass\nel", ""), ("a\n", ""), ("(\n", ")"), ("case [", "]"),
        ("@a\n", ""), ("while a: ", ""), ("class A: ", ""), ("import a.", ""), ("with a, ", ""), ("(a, ", ")"), ("(a)(", ")"), ("a|", ""),
        ("match a:\n case ", ""), ("\\\n", ""), ("\n", ""), (";", ""), ("x[a:", "]"), ("*a, ", ""), ("{**", "}"), ("print ", ""), ("async ", ""),
    ]

    func input(_ random: inout SplitMix) -> [UInt8] {
        switch random.below(12) {
        case 0: return nested(&random)
        case 1: return (0..<random.magnitude(2000)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        case 2: return (0..<random.magnitude(400)).flatMap { _ in piece(&random) }
        default: return mutated(&random)
        }
    }

    private func piece(_ random: inout SplitMix) -> [UInt8] {
        let text = SyntaxTarget.spare[random.below(SyntaxTarget.spare.count)]
        return Array(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private func nested(_ random: inout SplitMix) -> [UInt8] {
        var bytes: [UInt8] = []
        var closing: [StaticString] = []
        for _ in 0..<random.magnitude(3) {
            let nest = SyntaxTarget.nests[random.below(SyntaxTarget.nests.count)]
            let isIndented = random.oneIn(8)
            for level in 0..<random.magnitude(60_000) {
                if isIndented && level < 110 { bytes += [UInt8](repeating: 32, count: level) }
                bytes += UnsafeBufferPointer(start: nest.open.utf8Start, count: nest.open.utf8CodeUnitCount)
                closing.append(nest.close)
            }
        }
        if !random.oneIn(3) { bytes.append(UInt8(ascii: "1")) }
        if !random.oneIn(3) {
            for close in closing.reversed() { bytes += UnsafeBufferPointer(start: close.utf8Start, count: close.utf8CodeUnitCount) }
        }
        if random.oneIn(3) { Mutation.apply(&bytes, other: bytes, &random) }
        return bytes
    }

    /// A part of a file, from a line's start on, with changes to its tokens or bytes.
    private func mutated(_ random: inout SplitMix) -> [UInt8] {
        let file = corpus.pick(&random)
        var from = random.oneIn(4) ? 0 : random.below(file.count)
        while from > 0 && file[from - 1] != 10 { from -= 1 }
        let size = random.oneIn(20) ? file.count : random.magnitude(4000)
        var bytes = Array(file[from..<min(file.count, from + size)])
        let other = random.oneIn(4) ? corpus.pick(&random) : file
        for _ in 0..<random.magnitude(6) {
            if random.oneIn(3) {
                Mutation.apply(&bytes, other: other, &random)
            } else {
                changeToken(&bytes, &random)
            }
        }
        return bytes
    }

    private func changeToken(_ bytes: inout [UInt8], _ random: inout SplitMix) {
        let spans = tokenSpans(bytes)
        if spans.isEmpty { return }
        let span = spans[random.below(spans.count)], other = spans[random.below(spans.count)]
        switch random.below(5) {
        case 0: bytes.removeSubrange(span)
        case 1: bytes.insert(contentsOf: bytes[span] + [32], at: span.lowerBound)
        case 2: bytes.replaceSubrange(span, with: Array(bytes[other]))
        case 3: bytes.replaceSubrange(span, with: piece(&random))
        default: bytes.insert(contentsOf: piece(&random), at: span.lowerBound)
        }
    }

    private func tokenSpans(_ bytes: [UInt8]) -> [Range<Int>] {
        let reader = TokenReader(bytes + [10], firstAddedNewline: bytes.count, extraTokens: true)
        var spans: [Range<Int>] = []
        do throws(SyntaxFailure) {
            while spans.count < 2000, let record = try reader.next() {
                if record.text.upperBound <= bytes.count && !record.text.isEmpty { spans.append(record.text) }
            }
        } catch {
            // The tokens up to the error will do.
        }
        return spans
    }

    // MARK: The stages

    func run(_ input: [UInt8]) {
        var random = SplitMix(seed: UInt64(input.count), number: input.reduce(0) { $0 &* 31 &+ Int($1) })
        _ = tokenSpans(input)
        var options = ParserOptions()
        options.mode = random.oneIn(3) ? [.expression, .interactive, .functionType][random.below(3)] : .file
        options.typeComments = random.oneIn(3)
        options.featureVersion = random.oneIn(4) ? random.below(14) : 12
        options.dontImplyDedent = random.oneIn(6)
        options.allowIncompleteInput = random.oneIn(6)
        options.ignoreCookie = random.oneIn(4)
        options.isFile = random.oneIn(4)
        do throws(SyntaxFailure) {
            let parsed = try parseModule(source: input, filename: "fuzz.py", options: options)
            lookAt(parsed.module, size: input.count)
            if case .functionType = parsed.module.kind { return }
            var compiler = CompilerOptions()
            compiler.optimize = random.below(3)
            compiler.topLevelAwait = random.oneIn(6)
            check(try compile(module: parsed.module, filename: "fuzz.py", options: compiler))
        } catch {
            // An error is as good an answer as a tree.
        }
    }

    /// Walks the tree and makes its texts. A dump's indentation grows with the square of the depth: only small sources.
    private func lookAt(_ module: Module, size: Int) {
        if size > 8192 { return }
        _ = ASTDump.text(module)
        if case .expression(let body) = module.kind { _ = Unparse.bytes(body) }
        var counter = NodeCounter()
        counter.visit(module)
    }

    private struct NodeCounter: TreeVisitor {
        var count = 0
        mutating func visit(_ expression: Expression) {
            count += 1
            visitChildren(of: expression)
        }
    }

    /// The code's tables can be read, and it comes back from marshal as it was.
    private func check(_ code: CodeObject) {
        _ = code.listing()
        _ = LocationTable.lines(of: code)
        do throws(MarshalFailure) {
            let data = try Marshal.write(.code(code))
            let copy = try Marshal.write(try Marshal.read(data[...]))
            precondition(copy == data, "marshal changes the code")
        } catch {
            // Code nests deeper than marshal does, in CPython too.
            precondition(error.message.contains("too deeply nested"), "marshal refuses code: \(error)")
        }
    }
}
