// `_imp`: what importlib asks of the interpreter. No modules are frozen, and extension modules cannot be loaded.

import TaipanRuntime

enum ImpModule {
    /// The code object in marshal data that the caller has.
    private static func frozenObject(_ t: Thread, _ name: Value, _ data: Value) throws(Raised) -> Value {
        let view = try t.buffer(of: data)
        defer { t.release(view) }
        let shown = try t.reprText(name)
        let object: Value
        do throws(Raised) { object = try t.unmarshal(view.bytes) } catch {
            _ = t.takePending()
            throw t.importError(.importError, "Frozen object named \(shown) is invalid", name: name)
        }
        if !object.hasLayout(.code) { throw t.raise(.typeError, "frozen object \(shown) is not a code object") }
        return object
    }

    static func define(_ m: ModuleBuilder) throws(Raised) {
        m.set("check_hash_based_pycs", m.t.str(m.t.interp.pointee.config.checkHashBasedPycs))
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
            m.function(name, "($module, name, data=None, /)") { (t, a) throws(Raised) in
                if a[1].isBound && !a[1].isNone { return try frozenObject(t, a[0], a[1]) }
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
        m.function("_fix_co_filename", "($module, code, path, /)") { (t, a) throws(Raised) in
            if !a[0].hasLayout(.code) { throw t.raise(.typeError, "_fix_co_filename() argument 1 must be code, not \(t.typeName(a[0]))") }
            if !a[1].isKind(.str) { throw t.raise(.typeError, "_fix_co_filename() argument 2 must be str, not \(t.typeName(a[1]))") }
            try t.setFilename(CodeCell(a[0]), a[1])
            return .none
        }
        m.function("_override_multi_interp_extensions_check", "($module, override, /)") { (t, _) throws(Raised) in t.int(0) }
        m.function("_frozen_module_names", "($module, /)") { (t, _) throws(Raised) in try t.newList().value }
        for name in ["create_dynamic", "exec_dynamic"] as [StaticString] {
            m.rawFunction(name) { (t, _) throws(Raised) in throw t.raise(.importError, "extension modules cannot be loaded") }
        }
        m.function("source_hash", "($module, /, key, source)") { (t, a) throws(Raised) in
            let key = try t.index(a[0], overflow: .overflowError)
            let view = try t.buffer(of: a[1])
            defer { t.release(view) }
            return try t.bytes(PycSource.hash(view.bytes, key: UInt64(bitPattern: Int64(key))))
        }
    }
}
