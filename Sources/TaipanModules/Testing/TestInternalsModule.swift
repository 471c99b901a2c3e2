// `_testinternalcapi`: the few facts about the interpreter that CPython's test support asks for, and the stages of the compiler.

import TaipanRuntime

enum TestInternalsModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        m.int("SIZEOF_PYGC_HEAD", 16)
        m.function("get_config", "($module, /)", "Settings of the interpreter.") { (t, _) throws(Raised) in
            let config = t.interp.pointee.config
            let made = t.newDict()
            try made.setString(t, t.intern("code_debug_ranges"), t.int(t.keepsColumns() ? 1 : 0))
            try made.setString(t, t.intern("optimization_level"), t.int(config.optimizationLevel))
            try made.setString(t, t.intern("write_bytecode"), t.int(config.dontWriteBytecode ? 0 : 1))
            try made.setString(t, t.intern("int_max_str_digits"), t.int(t.interp.pointee.maxStrDigits))
            return made.value
        }
        m.function("get_recursion_depth", "($module, /)", "How deep calls are nested.") { (t, _) throws(Raised) in
            t.int(t.state.pointee.recursionLimit - t.state.pointee.recursionRemaining)
        }
        CompilerStagesFunctions.define(m)
    }
}
