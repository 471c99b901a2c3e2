// Prints what Taipan knows of a Python source without running it: tokens, tree, scopes, bytecode.
//
//     swift run explain-source examples/pipeline.py              # for people
//     swift run explain-source --json examples/pipeline.py       # documentation/explain-record.md describes it
//
// -O and -OO compile as Python does with these options; --limit=N keeps N tokens and nodes; --shell WORD adds how WORD is found on the PATH.

import TaipanBytecode
import TaipanCompiler
import TaipanExplain
import TaipanSyntax

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

func contents(of path: String) -> [UInt8]? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&chunk, 1, chunk.count, file)
        if count == 0 { return bytes }
        bytes += chunk[..<count]
    }
}

func send(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count <= 0 { return }
        rest = rest.dropFirst(count)
    }
}

struct Request {
    var path = ""
    var asJSON = false
    var optimize = 0
    var limit = 20_000
    var word: String?

    init(_ arguments: [String]) {
        var words = arguments[...]
        while let word = words.popFirst() {
            switch word {
            case "--json": asJSON = true
            case "-O": optimize = 1
            case "-OO": optimize = 2
            case "--shell": self.word = words.popFirst()
            default:
                if word.hasPrefix("--limit=") { limit = Int(word.dropFirst(8)) ?? limit } else { path = word }
            }
        }
    }
}

func explain(_ source: [UInt8], _ request: Request) -> ExplainRecord {
    var record = ExplainRecord()
    record.command.arguments = CommandLine.arguments
    record.command.script = request.path
    if let word = request.word { record.shell = ExplainStages.shell(arguments: [word], mode: "file", script: request.path) }
    record.source = ExplainStages.source(bytes: source, file: request.path, ignoresCookie: false, limit: request.limit)
    let parser = ParserOptions()
    record.tree = ExplainStages.tree(bytes: source, file: request.path, parser: parser, optimize: request.optimize, limit: request.limit)
    var options = CompilerOptions()
    options.optimize = request.optimize
    var bytecode = BytecodeRecord()
    do {
        let code = try compile(source: source, filename: request.path, parser: parser, options: options)
        bytecode.codes = ExplainStages.codes(code, source: source, parser: parser, optimize: request.optimize)
        bytecode.scriptCodeCount = bytecode.codes.count
    } catch {
        record.ending = "syntax error"
        bytecode.error = SyntaxErrorRecord(error)
    }
    record.bytecode = bytecode
    return record
}

let request = Request(Array(CommandLine.arguments.dropFirst()))
guard let source = contents(of: request.path) else {
    send(Array("explain-source: cannot read \(request.path)\n".utf8), to: 2)
    exit(2)
}
let record = explain(source, request)
let stages: Set<ExplainStage> = request.word == nil ? [.tokens, .ast, .bytecode] : [.shell, .tokens, .ast, .bytecode]
send(request.asJSON ? record.json() : Array(record.text(stages).utf8), to: 1)
