// `_ast`: the node classes that the runtime makes trees of, and the flags of `compile`.

import TaipanRuntime

enum ASTModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        let types = try m.t.treeNodeTypes()
        try m.dict.setString(m.t, m.t.intern("AST"), types.findString(m.t, m.t.intern("AST")))
        m.int("PyCF_ALLOW_TOP_LEVEL_AWAIT", 0x2000)
        m.int("PyCF_ONLY_AST", 0x0400)
        m.int("PyCF_TYPE_COMMENTS", 0x1000)
        for i in 0..<types.entryCount where types.entry(i).key.isBound { try m.dict.setString(m.t, types.entry(i).key, types.entry(i).value) }
    }
}
