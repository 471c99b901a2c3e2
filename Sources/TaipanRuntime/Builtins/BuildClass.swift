// `__build_class__`, which the class statement calls, and `__import__`.

extension Thread {
    func defineClassAndImportBuiltins(_ b: ModuleBuilder) {
        b.rawFunction("__build_class__", "", "__build_class__(func, name, /, *bases, [metaclass], **kwds) -> class\n\nWhat the class statement calls.") { (t, a) throws(Raised) in
            try t.buildClass(a)
        }
        b.function("__import__", "($module, /, name, globals=None, locals=None, fromlist=(),\n           level=0)",
                   "Import a module. importlib.import_module() is the function for programs.") { (t, a) throws(Raised) in
            let level = a[4].isUnbound ? 0 : try t.index(a[4], overflow: .overflowError)
            return try t.importModule(a[0], Thread.noneIfUnbound(a[1]), a[3].isUnbound ? t.objects.pointee.emptyTuple : a[3], level)
        }
    }
}
