// `atexit`: functions to call when the interpreter ends. The interpreter keeps them, see `runExitFunctions`.

import TaipanRuntime

enum AtexitModule {
    static func define(_ b: ModuleBuilder) throws(Raised) {
        b.str("__doc__", "allow programmer to define multiple exit functions to be executed\nupon normal program termination.\n\nTwo public functions, register and unregister, are defined.\n")
        b.rawFunction("register", "", "register(func, *args, **kwargs) -> func\n\nRegister a function to be called at exit.") { (t, a) throws(Raised) in
            if a.count == 0 { throw t.raise(.typeError, "register() takes at least 1 argument (0 given)") }
            if !t.type(of: a[0]).slots.pointee.call.isSet { throw t.raise(.typeError, "the first argument must be callable") }
            let keywords = t.newDict()
            if a.keywords.isBound {
                let names = TupleObject(a.keywords)
                for i in 0..<names.count { try t.set(keywords, names[i], a[a.count + i]) }
            }
            try t.registerExitFunction(a[0], try t.tuple(a.base + 1, a.count - 1), keywords.value)
            return a[0]
        }
        b.rawFunction("_clear", "", "Forget all registered functions.") { (t, _) in
            t.objects.pointee.atexitCallbacks = .unbound
            return .none
        }
        b.function("unregister", "!($module, object, /)", "Forget a function, however often it was registered.") { (t, a) throws(Raised) in
            try t.unregisterExitFunction(a[0])
            return .none
        }
        b.rawFunction("_run_exitfuncs", "", "Call the registered functions, the last one first.") { (t, _) throws(Raised) in
            t.runExitFunctions()
            return .none
        }
        b.rawFunction("_ncallbacks", "", "The number of registered functions.") { (t, _) in
            let list = t.objects.pointee.atexitCallbacks
            return Value(smallInt: list.isUnbound ? 0 : ListObject(list).count)
        }
    }
}
