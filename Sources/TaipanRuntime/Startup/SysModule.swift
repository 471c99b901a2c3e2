// The module `sys`.

import CTaipan
#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension Thread {
    /// Makes `sys` and its dict, without the standard streams and the path.
    func defineSysModule() throws(Raised) {
        let dict = newDict()
        objects.pointee.sysDict = dict.value
        let module = moduleOver(dict)
        objects.pointee.sysModule = module
        let b = ModuleBuilder(t: self, module: module, dict: dict, name: intern("sys"))
        b.set("__name__", intern("sys"))
        b.str("__doc__", "This module provides access to some objects used or maintained by the\ninterpreter and to functions that interact strongly with the interpreter.")
        b.str("__package__", "")
        b.set("__loader__", .none)
        b.set("__spec__", .none)
        b.set("modules", objects.pointee.modules)
        try defineSysConstants(b)
        try defineSysInformation(b)
        defineSysExceptionFunctions(b)
        defineSysFunctions(b)
        defineSysDebugging(b)
        defineSysTracing(b)
        try defineMonitoring(b)
        try defineSysConfiguration(b)
    }

    private func defineSysConstants(_ b: ModuleBuilder) throws(Raised) {
        b.set("version", str(InterpreterConfiguration.versionText))
        b.int("hexversion", 0x030C01F0)
        b.int("api_version", 1013)
        b.str("copyright", "Copyright (c) the authors of Taipan.\nAll Rights Reserved.")
        b.int("maxsize", Int.max)
        b.int("maxunicode", 0x10FFFF)
        b.str("byteorder", "little")
        b.str("platform", "linux")
        b.str("platlibdir", "lib")
        b.str("abiflags", "")
        b.str("float_repr_style", "short")
        b.set("ps1", .unbound)
        b.set("meta_path", try initialFinders())
        for name in ["path_hooks", "warnoptions"] as [StaticString] { b.set(name, try newList().value) }
        b.set("path_importer_cache", newDict().value)
        b.set("_xoptions", newDict().value)
        b.set("dont_write_bytecode", Value(interp.pointee.config.dontWriteBytecode))
        b.set("pycache_prefix", interp.pointee.config.pycachePrefix.map { str($0) } ?? .none)
        b.set("_git", try tuple(str("CPython"), str(""), str("")))
        b.set("_framework", objects.pointee.emptyStr)
        b.set("tracebacklimit", .unbound)
        for name in ["ps1", "tracebacklimit"] as [StaticString] { _ = try remove(b.dict, intern(name)) }
    }

    /// A tuple type with named fields and an instance of it.
    private func namedTuple(_ typeName: StaticString, _ fields: [StaticString], _ values: Row, _ module: StaticString = "sys", canCreate: Bool = true) throws(Raised) -> Value {
        try structSequence(try newStructSequenceType(typeName, module: module, doc: "", StructSequenceLayout(fields), canCreate: canCreate).value, values)
    }

    private func flagsRow(_ c: InterpreterConfiguration) throws(Raised) -> Row {
        func bit(_ flag: Bool) -> Value { Value(smallInt: flag ? 1 : 0) }
        let first = try row(18).adding(int(c.parserDebug)).adding(bit(c.inspects)).adding(bit(c.isInteractive)).adding(int(c.optimizationLevel))
            .adding(bit(c.dontWriteBytecode)).adding(bit(c.noUserSite)).adding(bit(c.noSite)).adding(bit(c.ignoresEnvironment))
        return first.adding(int(c.verbosity)).adding(int(c.bytesWarning)).adding(bit(c.isQuiet)).adding(bit(c.hashSeed != 0)).adding(bit(c.isIsolated))
            .adding(Value(c.devMode)).adding(bit(c.utf8Mode)).adding(bit(c.warnDefaultEncoding)).adding(Value(c.safePath)).adding(int(interp.pointee.maxStrDigits))
    }

    private func defineSysInformation(_ b: ModuleBuilder) throws(Raised) {
        let version = try namedTuple("version_info", ["major", "minor", "micro", "releaselevel", "serial"],
                                     try row(5).adding(int(3)).adding(int(12)).adding(int(1)).adding(str("final")).adding(int(0)), canCreate: false)
        b.set("version_info", version)
        b.set("float_info", try namedTuple("float_info", ["max", "max_exp", "max_10_exp", "min", "min_exp", "min_10_exp", "dig", "mant_dig", "epsilon", "radix", "rounds"],
                                           try row(11).adding(float(Double.greatestFiniteMagnitude)).adding(int(1024)).adding(int(308)).adding(float(Double.leastNormalMagnitude)).adding(int(-1021)).adding(int(-307)).adding(int(15)).adding(int(53)).adding(float(Double.ulpOfOne)).adding(int(2)).adding(int(1))))
        b.set("int_info", try namedTuple("int_info", ["bits_per_digit", "sizeof_digit", "default_max_str_digits", "str_digits_check_threshold"],
                                         try row(4).adding(int(30)).adding(int(4)).adding(int(4300)).adding(int(640))))
        b.set("hash_info", try namedTuple("hash_info", ["width", "modulus", "inf", "nan", "imag", "algorithm", "hash_bits", "seed_bits", "cutoff"],
                                          try row(9).adding(int(64)).adding(int((1 << 61) - 1)).adding(int(314159)).adding(int(0)).adding(int(1_000_003)).adding(str("siphash13")).adding(int(64)).adding(int(128)).adding(int(0))))
        b.set("thread_info", try namedTuple("thread_info", ["name", "lock", "version"], try row(3).adding(str("pthread")).adding(str("semaphore")).adding(str("NPTL 2.36"))))
        let c = interp.pointee.config
        b.set("flags", try namedTuple("flags", ["debug", "inspect", "interactive", "optimize", "dont_write_bytecode", "no_user_site", "no_site", "ignore_environment", "verbose",
                                                "bytes_warning", "quiet", "hash_randomization", "isolated", "dev_mode", "utf8_mode", "warn_default_encoding", "safe_path", "int_max_str_digits"],
                                      try flagsRow(c), canCreate: false))
        let implementation = newDict()
        try implementation.setString(self, intern("name"), str("cpython"))
        try implementation.setString(self, intern("cache_tag"), str("cpython-312"))
        try implementation.setString(self, intern("version"), version)
        try implementation.setString(self, intern("hexversion"), int(0x030C01F0))
        try implementation.setString(self, intern("_multiarch"), str("x86_64-linux-gnu"))
        b.set("implementation", newSimpleNamespace(implementation))
    }

    private func defineSysExceptionFunctions(_ b: ModuleBuilder) {
        b.function("exc_info", "($module, /)", "Return current exception information: (type, value, traceback).") { (t, _) throws(Raised) in
            let e = t.handledException
            if e.isUnbound { return try t.tuple(.none, .none, .none) }
            let traceback = ExceptionObject(e).traceback
            return try t.tuple(t.type(of: e).value, e, traceback.isUnbound ? .none : traceback)
        }
        b.function("exception", "($module, /)", "Return the current exception.") { (t, _) throws(Raised) in
            let e = t.handledException
            return e.isUnbound ? .none : e
        }
        b.function("exit", "($module, status=None, /)", "Exit the interpreter by raising SystemExit(status).") { (t, a) throws(Raised) in
            // A tuple is the exception's arguments.
            if a[0].isBound && a[0].isKind(.tuple) { throw t.raise(exception: try t.call(t.types.pointee.systemExit, tuple: a[0])) }
            throw a[0].isNoneOrUnbound ? t.raise(.systemExit) : t.raise(type: t.types.pointee.systemExit, a[0])
        }
        b.function("_getframe", "($module, depth=0, /)", "Return a frame object from the call stack.") { (t, a) throws(Raised) in
            var depth = a[0].isUnbound ? 0 : try t.index(a[0])
            var frame = t.state.pointee.frame
            while depth > 0, let one = frame {
                frame = one.frameCaller
                depth -= 1
            }
            guard let frame else { throw t.raise(.valueError, "call stack is not deep enough") }
            let object = try t.frameObject(frame)
            try t.audit("sys._getframe", object)
            return object
        }
        b.function("_getframemodulename", "($module, /, depth=0)", "Return the name of the module for a calling frame.") { (t, a) throws(Raised) in
            var depth = a[0].isUnbound ? 0 : try t.index(a[0])
            try t.audit("sys._getframemodulename", t.int(depth))
            var frame = t.state.pointee.frame
            while depth > 0, let one = frame {
                frame = one.frameCaller
                depth -= 1
            }
            guard let frame else { return .none }
            return frame.frameFunction.module
        }
    }

    private func defineSysFunctions(_ b: ModuleBuilder) {
        b.function("intern", "($module, string, /)", "``Intern'' the given string.") { (t, a) throws(Raised) in
            if !a[0].isKind(.str) { throw t.raise(.typeError, "intern() argument must be str, not \(t.typeName(a[0]))") }
            if !a[0].hasLayout(.str) { throw t.raise(.typeError, "can't intern \(t.typeName(a[0]))") }
            return t.intern(a[0])
        }
        b.function("getdefaultencoding", "($module, /)", "Return the current default encoding.") { (t, _) throws(Raised) in t.str("utf-8") }
        b.function("getfilesystemencoding", "($module, /)", "Return the encoding of file names.") { (t, _) throws(Raised) in t.str("utf-8") }
        b.function("getfilesystemencodeerrors", "($module, /)", "Return the error mode of file names.") { (t, _) throws(Raised) in t.str("surrogateescape") }
        b.function("getrecursionlimit", "($module, /)", "Return the current value of the recursion limit.") { (t, _) throws(Raised) in t.int(t.state.pointee.recursionLimit) }
        b.function("setrecursionlimit", "($module, limit, /)", "Set the maximum depth of the Python interpreter stack to n.") { (t, a) throws(Raised) in
            let isHuge = t.isInt(a[0]) && t.machineInt(a[0]) == nil
            let limit = isHuge ? Int.max : try t.index(a[0], overflow: .overflowError)
            if limit > Int(Int32.max) || limit < Int(Int32.min) { throw t.raise(.overflowError, "Python int too large to convert to C int") }
            if limit < 1 { throw t.raise(.valueError, "recursion limit must be greater or equal than 1") }
            let depth = t.state.pointee.recursionLimit - t.state.pointee.recursionRemaining
            if depth >= limit { throw t.raise(.recursionError, "cannot set the recursion limit to \(limit) at the recursion depth \(depth): the limit is too low") }
            t.state.pointee.recursionRemaining += limit - t.state.pointee.recursionLimit
            t.state.pointee.recursionLimit = limit
            return .none
        }
        b.function("getrefcount", "($module, object, /)", "Return a reference count; Taipan does not count references.") { (_, _) throws(Raised) in Value(smallInt: 2) }
        b.function("getsizeof", "!($module, /, object, default=<unrepresentable>)", "Return the size of object in bytes.") { (t, a) throws(Raised) in
            let size = try t.callSpecial(a[0], t.intern("__sizeof__"))
            if size.isUnbound || !t.isInt(size) {
                if a[1].isBound { return a[1] }
                throw t.raise(.typeError, size.isUnbound ? "Type \(t.typeName(a[0])) doesn't define __sizeof__" : "'\(t.typeName(size))' object cannot be interpreted as an integer")
            }
            if t.intIsNegative(size) { throw t.raise(.valueError, "__sizeof__() should return >= 0") }
            // CPython's collector keeps two words in front of what it tracks.
            guard t.type(of: a[0]).hasCollectorHeader, let bytes = t.machineInt(size), bytes <= Int.max - 16 else { return size }
            return t.int(bytes + 16)
        }
        b.function("is_finalizing", "($module, /)", "Return True if Python is exiting.") { (t, _) throws(Raised) in Value(t.interp.pointee.isFinalizing) }
        b.function("get_int_max_str_digits", "($module, /)", "Return the maximum string digits limit.") { (t, _) throws(Raised) in t.int(t.interp.pointee.maxStrDigits) }
        b.function("set_int_max_str_digits", "($module, /, maxdigits)", "Set the maximum string digits limit.") { (t, a) throws(Raised) in
            let n = try t.index(a[0])
            if n != 0 && n < 640 { throw t.raise(.valueError, "maxdigits must be 0 or larger than 640") }
            t.interp.pointee.maxStrDigits = n
            return .none
        }
        b.function("getswitchinterval", "($module, /)", "Return the current thread switch interval.") { (t, _) throws(Raised) in
            t.float(Double(ctaipan_lock_interval(t.interp.pointee.lock)) / 1e9)
        }
        b.function("setswitchinterval", "($module, interval, /)", "Set the ideal thread switching delay.") { (t, a) throws(Raised) in
            let seconds = try t.toDouble(a[0])
            if !(seconds > 0) { throw t.raise(.valueError, "switch interval must be strictly positive") }
            ctaipan_lock_set_interval(t.interp.pointee.lock, Int64(min(seconds * 1e9, 4e15)))
            return .none
        }
        b.function("getallocatedblocks", "($module, /)", "Return the number of memory blocks currently allocated.") { (t, _) throws(Raised) in t.int(t.allocatedBytes / 64) }
        b.rawFunction("audit", "", "Passes the event to any hooks that are attached.") { (t, a) throws(Raised) in try t.auditFunction(a) }
        b.function("addaudithook", "($module, /, hook)", "Adds a new audit hook callback.") { (t, a) throws(Raised) in
            try t.addAuditHook(a[0])
            return .none
        }
        b.function("get_asyncgen_hooks", "($module, /)") { (t, _) throws(Raised) in
            try t.structSequence(try t.newStructSequenceType("asyncgen_hooks", module: "sys", doc: "", StructSequenceLayout(["firstiter", "finalizer"])).value,
                                 try t.row(2).adding(t.state.pointee.asyncGenFirstIter.isUnbound ? .none : t.state.pointee.asyncGenFirstIter)
                                     .adding(t.state.pointee.asyncGenFinalizer.isUnbound ? .none : t.state.pointee.asyncGenFinalizer))
        }
        b.function("set_asyncgen_hooks", "!($module, /, firstiter=None, finalizer=None)") { (t, a) throws(Raised) in
            if !a[1].isNoneOrUnbound && !t.type(of: a[1]).slots.pointee.call.isSet { throw t.raise(.typeError, "callable finalizer expected, got \(t.typeName(a[1]))") }
            if !a[0].isNoneOrUnbound && !t.type(of: a[0]).slots.pointee.call.isSet { throw t.raise(.typeError, "callable firstiter expected, got \(t.typeName(a[0]))") }
            if a[1].isBound {
                try t.audit("sys.set_asyncgen_hook_finalizer")
                t.state.pointee.asyncGenFinalizer = a[1].isNone ? .unbound : a[1]
            }
            if a[0].isBound {
                try t.audit("sys.set_asyncgen_hook_firstiter")
                t.state.pointee.asyncGenFirstIter = a[0].isNone ? .unbound : a[0]
            }
            return .none
        }
        b.function("get_coroutine_origin_tracking_depth", "($module, /)") { (t, _) throws(Raised) in t.int(t.state.pointee.coroutineOriginDepth) }
        b.function("set_coroutine_origin_tracking_depth", "($module, /, depth)") { (t, a) throws(Raised) in
            let depth = try t.index(a[0], overflow: .overflowError)
            if depth < 0 { throw t.raise(.valueError, "depth must be >= 0") }
            t.state.pointee.coroutineOriginDepth = depth
            return .none
        }
        b.function("displayhook", "($module, object, /)", "Print an object to sys.stdout and also save it in builtins._") { (t, a) throws(Raised) in
            try t.defaultDisplayHook(a[0])
            return .none
        }
        b.function("excepthook", "($module, exctype, value, traceback, /)", "Handle an exception by displaying it with a traceback on sys.stderr.") { (t, a) throws(Raised) in
            if a[1].isKind(.exception) && a[2].hasLayout(.traceback) && ExceptionObject(a[1]).traceback.isUnbound { ExceptionObject(a[1]).traceback = a[2] }
            t.displayUncaught(a[1])
            return .none
        }
        b.function("unraisablehook", "($module, unraisable, /)", "Handle an unraisable exception.") { (t, a) throws(Raised) in
            if t.type(of: a[0]).value != t.sysAttribute(t.intern("UnraisableHookArgs")) {
                throw t.raise(.typeError, "sys.unraisablehook argument type must be UnraisableHookArgs")
            }
            let type = try t.getattr(a[0], t.intern("exc_type")), exception = try t.getattr(a[0], t.intern("exc_value"))
            let traceback = try t.getattr(a[0], t.intern("exc_traceback"))
            let message = try t.getattr(a[0], t.intern("err_msg")), object = try t.getattr(a[0], t.intern("object"))
            t.writeStandardError(t.unraisableText(type, exception, traceback, message, object))
            return .none
        }
        if let type = try? newUnraisableArgumentsType() { b.set("UnraisableHookArgs", type.value) }
        for name in ["displayhook", "excepthook", "unraisablehook"] as [StaticString] {
            let value = b.dict.findString(self, intern(name))
            try? b.dict.setString(self, intern("__\(name)__"), value)
        }
    }

    /// `sys.displayhook` as it comes: repr to stdout, and `builtins._`.
    func defaultDisplayHook(_ value: Value) throws(Raised) {
        if value.isNone { return }
        let builtins = DictObject(objects.pointee.builtins)
        try builtins.setString(self, intern("_"), .none)
        let out = DictObject(objects.pointee.sysDict).findString(self, intern("stdout"))
        if out.isNoneOrUnbound { throw raise(.runtimeError, "lost sys.stdout") }
        _ = try callMethod(out, name(.write), try repr(value))
        _ = try callMethod(out, name(.write), str("\n"))
        try builtins.setString(self, intern("_"), value)
    }

    /// What an interactive expression statement does with its value.
    func displayHook(_ value: Value) throws(Raised) {
        let hook = DictObject(objects.pointee.sysDict).findString(self, intern("displayhook"))
        if hook.isUnbound { throw raise(.runtimeError, "lost sys.displayhook") }
        _ = try call(hook, value)
    }

    private func defineSysConfiguration(_ b: ModuleBuilder) throws(Raised) {
        let config = interp.pointee.config
        let arguments = try newList()
        for argument in config.arguments { try append(arguments, str(argument)) }
        b.set("argv", arguments.value)
        let original = try newList()
        for argument in config.originalArguments { try append(original, str(argument)) }
        b.set("orig_argv", original.value)
        b.set("executable", str(config.executable))
        b.set("_base_executable", str(config.executable))
        for name in ["base_prefix", "base_exec_prefix"] as [StaticString] { b.set(name, str(config.libraryPrefix)) }
        for name in ["prefix", "exec_prefix"] as [StaticString] { b.set(name, str(config.venvPrefix.isEmpty ? config.libraryPrefix : config.venvPrefix)) }
        b.set("_stdlib_dir", str(config.libraryPath))
        let warnings = try newList()
        for option in config.warnOptions { try append(warnings, str(option)) }
        b.set("warnoptions", warnings.value)
        let options = newDict()
        for (key, value) in config.xOptions { try set(options, str(key), value.map { str($0) } ?? .true) }
        b.set("_xoptions", options.value)
        var names: [String] = ["builtins", "sys"] + interp.pointee.nativeModules.keys
        names.sort()
        let builtinNames = try newList()
        for name in names { try append(builtinNames, str(name)) }
        b.set("builtin_module_names", try tupleFrom(builtinNames.value).value)
        let libraryNames = try newList(capacity: LibraryNames.modules.count)
        for name in LibraryNames.modules { try append(libraryNames, intern(name)) }
        b.set("stdlib_module_names", try call(types.pointee.frozenset, libraryNames.value))
    }
}
