// compile, eval, exec, globals, locals.

/// What the source handed to the compiler is.
public enum CompileMode: Sendable {
    case exec, eval, single, funcType
}

extension Thread {
    func defineCodeBuiltins(_ b: ModuleBuilder) {
        b.function("compile", "($module, /, source, filename, mode, flags=0,\n        dont_inherit=False, optimize=-1, *, _feature_version=-1)",
                   "Compile source into a code object that exec() or eval() can run, or into a tree.") { (t, a) throws(Raised) in try t.compileBuiltin(a) }
        b.function("eval", "($module, source, globals=None, locals=None, /)", "Evaluate an expression, given as text or code, in the scope of globals and locals.") { (t, a) throws(Raised) in
            try t.evalBuiltin(a[0], Thread.noneIfUnbound(a[1]), Thread.noneIfUnbound(a[2]))
        }
        b.function("exec", "($module, source, globals=None, locals=None, /, *, closure=None)", "Execute statements, given as text or code, in the scope of globals and locals.") { (t, a) throws(Raised) in
            try t.execBuiltin(a[0], Thread.noneIfUnbound(a[1]), Thread.noneIfUnbound(a[2]), Thread.noneIfUnbound(a[3]))
        }
        b.function("globals", "($module, /)", "The dictionary of the current scope's global variables.") { (t, _) throws(Raised) in try t.currentGlobals() }
        b.function("locals", "($module, /)", "A dictionary of the current scope's local variables.") { (t, _) throws(Raised) in try t.currentLocals() }
    }

    private func compileBuiltin(_ a: Arguments) throws(Raised) -> Value {
        let filename = try pathText(a[1])
        if !a[2].isKind(.str) { throw raise(.typeError, "compile() argument 'mode' must be str, not \(a[2].isNone ? "None" : typeName(a[2]))") }
        let flags = a[3].isUnbound ? 0 : try index(a[3], overflow: .overflowError)
        let inherits = a[4].isUnbound ? true : !(try truth(a[4]))
        let optimize = a[5].isUnbound ? -1 : try index(a[5], overflow: .overflowError)
        let version = a[6].isUnbound ? -1 : try index(a[6], overflow: .overflowError)
        if flags & ~CompileFlags.known != 0 { throw raise(.valueError, "compile(): unrecognised flags") }
        if optimize < -1 || optimize > 2 { throw raise(.valueError, "compile(): invalid optimize value") }
        let onlyTree = flags & 0x0400 != 0
        let text = StrObject(a[2])
        let mode: CompileMode
        if text.equals("exec") {
            mode = .exec
        } else if text.equals("eval") {
            mode = .eval
        } else if text.equals("single") {
            mode = .single
        } else if text.equals("func_type") {
            if !onlyTree { throw raise(.valueError, "compile() mode 'func_type' requires flag PyCF_ONLY_AST") }
            mode = .funcType
        } else {
            throw raise(.valueError, onlyTree ? "compile() mode must be 'exec', 'eval', 'single' or 'func_type'" : "compile() mode must be 'exec', 'eval' or 'single'")
        }
        return try compileSource(a[0], filename: filename, mode: mode, flags: flags, inherits: inherits, optimize: optimize, featureVersion: version)
    }

    /// A path given as str, bytes or with `__fspath__`, as str.
    func pathText(_ value: Value) throws(Raised) -> Value {
        var path = value
        if !path.isKind(.str) && !path.isKind(.bytes) {
            path = try callSpecial(value, name(.__fspath__))
            if path.isUnbound { throw raise(.typeError, "expected str, bytes or os.PathLike object, not \(typeName(value))") }
        }
        if path.isKind(.str) { return path }
        if path.isKind(.bytes) { return try callMethod(path, name(.decode), intern("utf-8"), name(.surrogateescape)) }
        throw raise(.typeError, "expected \(typeName(value)).__fspath__() to return str or bytes, not \(typeName(path))")
    }

    private func evalBuiltin(_ source: Value, _ globals: Value, _ locals: Value) throws(Raised) -> Value {
        if !locals.isNone && !isMapping(locals) { throw raise(.typeError, "locals must be a mapping") }
        if !globals.isNone && !globals.isKind(.dict) {
            throw raise(.typeError, isMapping(globals) ? "globals must be a real dict; try eval(code, {}, mapping)" : "globals must be a dict")
        }
        let (globals, locals) = try scope(globals, locals)
        if source.hasLayout(.code) {
            try audit("exec", source)
            if codeFreeCount(source) > 0 { throw raise(.typeError, "code object passed to eval() may not contain free variables") }
            return try runCode(source, globals: globals, locals: locals, closure: .none)
        }
        try checkSource(source, "eval")
        let code = try compileSource(try strippedExpression(source), filename: intern("<string>"), mode: .eval, flags: 0, inherits: true, optimize: -1, featureVersion: -1)
        try audit("exec", code)
        return try runCode(code, globals: globals, locals: locals, closure: .none)
    }

    private func execBuiltin(_ source: Value, _ globals: Value, _ locals: Value, _ closure: Value) throws(Raised) -> Value {
        if !globals.isNone && !globals.isKind(.dict) { throw raise(.typeError, "exec() globals must be a dict, not \(typeName(globals))") }
        if !locals.isNone && !isMapping(locals) { throw raise(.typeError, "locals must be a mapping or None, not \(typeName(locals))") }
        let (globals, locals) = try scope(globals, locals)
        if source.hasLayout(.code) {
            try checkClosure(closure, codeFreeCount(source))
            try audit("exec", source)
            _ = try runCode(source, globals: globals, locals: locals, closure: closure)
            return .none
        }
        if !closure.isNone { throw raise(.typeError, "closure can only be used when source is a code object") }
        try checkSource(source, "exec")
        let code = try compileSource(source, filename: intern("<string>"), mode: .exec, flags: 0, inherits: true, optimize: -1, featureVersion: -1)
        try audit("exec", code)
        _ = try runCode(code, globals: globals, locals: locals, closure: .none)
        return .none
    }

    /// The scopes to run in, `__builtins__` among the globals.
    private func scope(_ globals: Value, _ locals: Value) throws(Raised) -> (Value, Value) {
        var globals = globals, locals = locals
        if globals.isNone {
            globals = try currentGlobals()
            if locals.isNone { locals = try currentLocals() }
        } else if locals.isNone {
            locals = globals
        }
        let dict = DictObject(globals)
        if dict.findString(self, name(.__builtins__)).isUnbound { try dict.setString(self, name(.__builtins__), objects.pointee.builtins) }
        return (globals, locals)
    }

    private func checkSource(_ source: Value, _ function: StaticString) throws(Raised) {
        if source.isKind(.str) || source.isKind(.bytes) { return }
        if source.isCell && type(of: source).slots.pointee.buffer.isSet { return }
        throw raise(.typeError, "\(function)() arg 1 must be a string, bytes or code object")
    }

    /// eval() skips blanks before the expression.
    private func strippedExpression(_ source: Value) throws(Raised) -> Value {
        if !source.isKind(.str) { return source }
        let s = StrObject(source)
        var skip = 0
        while skip < s.count && (s[skip] == 0x20 || s[skip] == 0x09) { skip += 1 }
        if skip == 0 { return source }
        return str(wtf8: Array(wtf8(source)[skip...]))
    }

    private func codeFreeCount(_ code: Value) -> Int {
        guard let names = try? getattr(code, intern("co_freevars")), names.isKind(.tuple) else { return 0 }
        return TupleObject(names).count
    }

    private func checkClosure(_ closure: Value, _ count: Int) throws(Raised) {
        if count == 0 {
            if !closure.isNone { throw raise(.typeError, "cannot use a closure with this code object") }
            return
        }
        var fits = closure.hasLayout(.tuple) && TupleObject(closure).count == count
        if fits { for i in 0..<count where !TupleObject(closure)[i].hasLayout(.cell) { fits = false } }
        if !fits { throw raise(.typeError, "code object requires a closure of exactly length \(count)") }
    }
}
