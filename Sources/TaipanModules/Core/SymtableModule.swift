// `_symtable`: the compiler's symbol tables as objects.

import TaipanCompiler
import TaipanRuntime

enum SymtableModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        let t = m.t
        let type = try t.newNativeType("symtable entry", moduleName: t.intern("builtins"), .values(8)) { b in
            for (i, name) in (["id", "name", "symbols", "varnames", "children", "nested", "type", "lineno"] as [StaticString]).enumerated() {
                b.member(name, word: i + 1)
            }
            b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in
                t.str("<symtable entry \(t.string(v.cell[2]))(\(t.string(try t.strOf(v.cell[1])))), line \(t.string(try t.strOf(v.cell[8])))>")
            }
        }
        try t.keep("_symtable", type.value)
        for (name, value) in constants { try m.dict.setString(t, t.intern(name), t.int(value)) }
        m.function("symtable", "($module, source, filename, startstr, /)", "Return symbol and scope dictionaries used internally by compiler.") { (t, a) throws(Raised) in
            if !a[2].isKind(.str) { throw t.raise(.typeError, "symtable() argument 3 must be str, not \(t.typeName(a[2]))") }
            let mode: CompileMode
            switch t.string(a[2]) {
            case "exec": mode = .exec
            case "eval": mode = .eval
            case "single": mode = .single
            default: throw t.raise(.valueError, "symtable() arg 3 must be 'exec' or 'eval' or 'single'")
            }
            return try entry(t, try t.symbolTables(of: a[0], filename: a[1], mode: mode))
        }
    }

    private static var constants: [(StaticString, Int)] { [
        ("USE", 16), ("DEF_GLOBAL", 1), ("DEF_NONLOCAL", 8), ("DEF_LOCAL", 2), ("DEF_PARAM", 4), ("DEF_FREE", 32),
        ("DEF_FREE_CLASS", 64), ("DEF_IMPORT", 128), ("DEF_BOUND", 134), ("DEF_ANNOT", 256), ("TYPE_FUNCTION", 0), ("TYPE_CLASS", 1), ("TYPE_MODULE", 2),
        ("TYPE_ANNOTATION", 3), ("TYPE_TYPE_VAR_BOUND", 4), ("TYPE_TYPE_ALIAS", 5), ("TYPE_TYPE_PARAM", 6), ("LOCAL", 1), ("GLOBAL_EXPLICIT", 2),
        ("GLOBAL_IMPLICIT", 3), ("FREE", 4), ("CELL", 5), ("SCOPE_OFF", 12), ("SCOPE_MASK", 15),
    ] }

    private static func entry(_ t: Thread, _ report: SymbolReport) throws(Raised) -> Value {
        let cell = t.allocate(TypeObject(t.kept("_symtable")))
        cell[1] = t.int(UInt(bitPattern: cell.address))
        cell[2] = t.str(report.name)
        let symbols = t.newDict()
        cell[3] = symbols.value
        for symbol in report.symbols { try symbols.setString(t, t.intern(symbol.name), t.int(symbol.flags)) }
        let names = try t.newList()
        cell[4] = names.value
        for name in report.parameters { try t.append(names, t.intern(name)) }
        let children = try t.newList()
        cell[5] = children.value
        for child in report.children { try t.append(children, try entry(t, child)) }
        cell[6] = t.int(report.isNested ? 1 : 0)
        cell[7] = t.int(report.type)
        cell[8] = t.int(report.line)
        return Value(cell)
    }
}
