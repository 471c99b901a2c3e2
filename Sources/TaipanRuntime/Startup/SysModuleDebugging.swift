// `sys`: what debuggers and curious programs ask for.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension Thread {
    func defineSysDebugging(_ b: ModuleBuilder) {
        for name: StaticString in ["breakpointhook", "__breakpointhook__"] {
            b.rawFunction(name, "", "breakpointhook(*args, **kws)\n\nThis hook function is called by built-in breakpoint().") { (t, a) throws(Raised) in try t.breakpointHook(a) }
        }
        b.function("call_tracing", "($module, func, args, /)", "Call func(*args), while tracing is enabled.\n\nThe tracing state is saved, and restored afterwards.  This is intended\nto be called from a debugger from a checkpoint, to recursively debug\nsome other code.") { (t, a) throws(Raised) in
            if !a[1].isKind(.tuple) { throw t.raise(.typeError, "call_tracing() argument 2 must be tuple, not \(t.typeName(a[1]))") }
            return try t.callTracing(a[0], a[1])
        }
        b.function("_clear_type_cache", "($module, /)", "Clear the internal type lookup cache.") { (_, _) in .none }
        b.function("_current_frames", "($module, /)", "Return a dict mapping each thread's thread id to its current stack frame.") { (t, _) throws(Raised) in
            try t.audit("sys._current_frames")
            let made = t.newDict()
            try t.forEachThread { (one) throws(Raised) in
                if let frame = one.state.pointee.frame { try t.set(made, t.int(one.state.pointee.identifier), try t.frameObject(frame)) }
            }
            return made.value
        }
        b.function("_current_exceptions", "($module, /)", "Return a dict mapping each thread's identifier to its current raised exception.") { (t, _) throws(Raised) in
            try t.audit("sys._current_exceptions")
            let made = t.newDict()
            try t.forEachThread { (one) throws(Raised) in
                let handled = one.handledException
                try t.set(made, t.int(one.state.pointee.identifier), handled.isUnbound ? .none : handled)
            }
            return made.value
        }
        b.function("getdlopenflags", "($module, /)", "Return the current value of the flags that are used for dlopen calls.") { (t, _) in t.int(Int(t.interp.pointee.dlopenFlags)) }
        b.function("setdlopenflags", "($module, flags, /)", "Set the flags used by the interpreter for dlopen calls.") { (t, a) throws(Raised) in
            t.interp.pointee.dlopenFlags = Int32(truncatingIfNeeded: try t.index(a[0], overflow: .overflowError))
            return .none
        }
        b.function("getunicodeinternedsize", "($module, /)", "Return the number of elements of the unicode interned dictionary") { (t, _) in t.int(t.interp.pointee.interned.count) }
        b.function("is_stack_trampoline_active", "($module, /)", "Return *True* if a stack profiler trampoline is active.") { (_, _) in .false }
        b.function("deactivate_stack_trampoline", "($module, /)", "Deactivate the current stack profiler trampoline backend.") { (_, _) in .none }
        b.function("activate_stack_trampoline", "($module, backend, /)", "Activate stack profiler trampoline *backend*.") { (t, a) throws(Raised) in
            throw t.raise(.valueError, "perf trampoline not available")
        }
    }

    func defineSysTracing(_ b: ModuleBuilder) {
        b.function("gettrace", "($module, /)", "Return the global debug tracing function set with sys.settrace.\n\nSee the debugger chapter in the library manual.") { (t, _) throws(Raised) in
            t.state.pointee.traceFunction.isUnbound ? .none : t.state.pointee.traceFunction
        }
        b.function("getprofile", "($module, /)", "Return the profiling function set with sys.setprofile.\n\nSee the profiler chapter in the library manual.") { (t, _) throws(Raised) in
            t.state.pointee.profileFunction.isUnbound ? .none : t.state.pointee.profileFunction
        }
        b.rawFunction("settrace", "", "settrace(function)\n\nSet the global debug tracing function.  It will be called on each\nfunction call.  See the debugger chapter in the library manual.") { (t, a) throws(Raised) in
            try t.audit("sys.settrace")
            let old = t.state.pointee.traceFunction
            try t.setTrace(try t.observingFunction(a, "settrace"))
            t.settleReplaced(old, "settrace")
            return .none
        }
        b.rawFunction("setprofile", "", "setprofile(function)\n\nSet the profiling function.  It will be called on each function call\nand return.  See the profiler chapter in the library manual.") { (t, a) throws(Raised) in
            try t.audit("sys.setprofile")
            let old = t.state.pointee.profileFunction
            try t.setProfile(try t.observingFunction(a, "setprofile"))
            t.settleReplaced(old, "setprofile")
            return .none
        }
        b.function("_settraceallthreads", "($module, arg, /)", "Set the global debug tracing function in all running threads belonging to the current interpreter.\n\nIt will be called on each function call. See the debugger chapter\nin the library manual.") { (t, a) throws(Raised) in
            try t.forEachThread { (one) throws(Raised) in try one.setTrace(a[0].isNone ? .unbound : a[0]) }
            return .none
        }
        b.function("_setprofileallthreads", "($module, arg, /)", "Set the profiling function in all running threads belonging to the current interpreter.\n\nIt will be called on each function call and return.  See the profiler chapter\nin the library manual.") { (t, a) throws(Raised) in
            try t.forEachThread { (one) throws(Raised) in try one.setProfile(a[0].isNone ? .unbound : a[0]) }
            return .none
        }
    }

    /// The one argument of settrace and setprofile; None is unbound.
    private func observingFunction(_ a: Arguments, _ name: String) throws(Raised) -> Value {
        if a.keywords.isBound { throw raise(.typeError, "sys.\(name)() takes no keyword arguments") }
        if a.count != 1 { throw raise(.typeError, "sys.\(name)() takes exactly one argument (\(a.count) given)") }
        return a[0].isNone ? .unbound : a[0]
    }

    /// Calls what `PYTHONBREAKPOINT` names, `pdb.set_trace` by default.
    private func breakpointHook(_ a: Arguments) throws(Raised) -> Value {
        var target = "pdb.set_trace"
        if !interp.pointee.config.ignoresEnvironment, let setting = getenv("PYTHONBREAKPOINT") {
            let text = String(cString: setting)
            if text == "0" { return .none }
            if !text.isEmpty { target = text }
        }
        let dot = target.lastIndex(of: ".")
        let moduleName = dot.map { String(target[..<$0]) } ?? "builtins"
        let attribute = dot.map { String(target[target.index(after: $0)...]) } ?? target
        let hook: Value
        do throws(Raised) {
            hook = try getattr(try importAbsolute(moduleName), intern(attribute))
        } catch {
            if !pendingIs(.importError) && !pendingIs(.attributeError) && !pendingIs(.valueError) { throw error }
            _ = takePending()
            try warn(.runtimeWarning, "Ignoring unimportable $PYTHONBREAKPOINT: \"\(target)\"")
            return .none
        }
        return try call(hook, a)
    }
}
