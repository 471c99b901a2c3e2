// Prints every function of the Python source on standard input with its span:
//
//     swift run function-spans < examples/pipeline.py

import TaipanSyntax

struct FunctionPrinter: TreeVisitor {
    var path: [String] = []

    mutating func visit(_ statement: Statement) {
        switch statement.kind {
        case .functionDef(let function):
            path.append(function.name)
            let span = statement.position
            print("\(path.joined(separator: ".")) \(span.line):\(span.column)-\(span.endLine):\(span.endColumn)")
        case .classDef(let definition):
            path.append(definition.name)
        default:
            visitChildren(of: statement)
            return
        }
        visitChildren(of: statement)
        path.removeLast()
    }
}

var source: [UInt8] = []
while let line = readLine(strippingNewline: false) { source += Array(line.utf8) }
do {
    let parsed = try parseModule(source: source, filename: "<stdin>")
    var printer = FunctionPrinter()
    printer.visit(parsed.module)
} catch {
    print("\(error.kind.rawValue): \(error.message), line \(error.line ?? 0)")
}
