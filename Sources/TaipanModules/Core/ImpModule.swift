// `_imp`: what importlib asks of the interpreter. No modules are frozen, and extension modules cannot be loaded.

import TaipanRuntime

enum ImpModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        m.set("check_hash_based_pycs", m.t.str("default"))
        for name in ["acquire_lock", "release_lock"] as [StaticString] {
            m.function(name, "($module, /)") { (_, _) throws(Raised) in .none }
        }
        m.function("lock_held", "($module, /)") { (_, _) throws(Raised) in .false }
        m.function("extension_suffixes", "($module, /)") { (t, _) throws(Raised) in try t.newList().value }
        for name in ["is_frozen", "is_frozen_package"] as [StaticString] {
            m.function(name, "($module, name, /)") { (_, _) throws(Raised) in .false }
        }
        m.function("find_frozen", "($module, name, /, *, withdata=False)") { (_, _) throws(Raised) in .none }
        for name in ["init_frozen", "get_frozen_object"] as [StaticString] {
            m.function(name, "($module, name, /)") { (t, a) throws(Raised) in
                throw t.raise(.importError, "No such frozen object named \(t.string(try t.strOf(a[0])))")
            }
        }
        m.function("is_builtin", "($module, name, /)") { (t, a) throws(Raised) in
            if !a[0].isKind(.str) { throw t.raise(.typeError, "is_builtin() argument must be str, not \(t.typeName(a[0]))") }
            return t.int(t.interp.pointee.nativeModules[t.string(a[0])] != nil ? 1 : ["sys", "builtins"].contains(t.string(a[0])) ? -1 : 0)
        }
        m.function("create_builtin", "($module, spec, /)") { (t, a) throws(Raised) in
            try t.importBuiltin(t.string(try t.getattr(a[0], t.intern("name"))))
        }
        m.function("exec_builtin", "($module, mod, /)") { (t, _) throws(Raised) in t.int(0) }
        m.function("_override_frozen_modules_for_tests", "($module, override, /)") { (_, _) throws(Raised) in .none }
        m.function("_fix_co_filename", "($module, code, path, /)") { (_, _) throws(Raised) in .none }
        for name in ["create_dynamic", "exec_dynamic"] as [StaticString] {
            m.rawFunction(name) { (t, _) throws(Raised) in throw t.raise(.importError, "extension modules cannot be loaded") }
        }
        m.rawFunction("source_hash") { (t, _) throws(Raised) in throw t.raise(.notImplementedError, "_imp.source_hash is not there yet") }
    }
}

/// `marshal`: the format is in TaipanBytecode; the module's functions are not there yet and say so.
enum MarshalModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        m.int("version", 4)
        for name in ["load", "loads", "dump", "dumps"] as [StaticString] {
            m.rawFunction(name) { (t, _) throws(Raised) in throw t.raise(.notImplementedError, "the functions of marshal are not there yet") }
        }
    }
}
