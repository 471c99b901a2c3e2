// The module `builtins`: its table of names. The functions are in this folder, a file a family.

extension Thread {
    /// Makes the module and its dict, and puts every builtin into it. The builtin types must be defined.
    func defineBuiltinsModule() {
        let dict = newDict()
        objects.pointee.builtins = dict.value
        let module = moduleOver(dict)
        objects.pointee.builtinsModule = module
        let b = ModuleBuilder(t: self, module: module, dict: dict, name: str("builtins"))
        b.set("__name__", b.name)
        b.str("__doc__", "Built-in functions, types, exceptions, and other objects.\n\nThis module provides direct access to all 'built-in'\nidentifiers of Python; for example, builtins.len is\nthe full name for the built-in function len().\n\nThis module is not normally accessed explicitly by most\napplications, but can be useful in modules that provide\nobjects with the same name as a builtin and need a reference\nto the built-in of that name.")
        b.str("__package__", "")
        b.set("__loader__", .none)
        b.set("__spec__", .none)
        defineClassAndImportBuiltins(b)
        defineNumberBuiltins(b)
        defineIterationBuiltins(b)
        defineCodeBuiltins(b)
        defineAttributeBuiltins(b)
        defineOutputBuiltins(b)
        addBuiltinConstants(b)
        addBuiltinTypes(b)
        addBuiltinExceptions(b)
        objects.pointee.buildClass = dict.findString(self, name(.__build_class__))
        objects.pointee.importFunction = dict.findString(self, name(.__import__))
    }

    private func addBuiltinConstants(_ b: ModuleBuilder) {
        b.set("None", .none)
        b.set("Ellipsis", .ellipsis)
        b.set("NotImplemented", .notImplemented)
        b.set("False", .false)
        b.set("True", .true)
    }

    private func addBuiltinTypes(_ b: ModuleBuilder) {
        let list = types.pointee
        b.set("bool", list.bool)
        b.set("memoryview", list.memoryview)
        b.set("bytearray", list.bytearray)
        b.set("bytes", list.bytes)
        b.set("classmethod", list.classMethod)
        b.set("complex", list.complex)
        b.set("dict", list.dict)
        b.set("enumerate", list.enumerate)
        b.set("filter", list.filter)
        b.set("float", list.float)
        b.set("frozenset", list.frozenset)
        b.set("property", list.property)
        b.set("int", list.int)
        b.set("list", list.list)
        b.set("map", list.map)
        b.set("object", list.object)
        b.set("range", list.range)
        b.set("reversed", list.reversed)
        b.set("set", list.set)
        b.set("slice", list.slice)
        b.set("staticmethod", list.staticMethod)
        b.set("str", list.str)
        b.set("super", list.superType)
        b.set("tuple", list.tuple)
        b.set("type", list.type)
        b.set("zip", list.zip)
        b.set("__debug__", Value(interp.pointee.config.optimizationLevel == 0))
    }

    private func addBuiltinExceptions(_ b: ModuleBuilder) {
        let order: [ExceptionKind] = [
            .baseException, .baseExceptionGroup, .exception, .generatorExit, .keyboardInterrupt, .systemExit, .arithmeticError, .assertionError,
            .attributeError, .bufferError, .eofError, .importError, .lookupError, .memoryError, .nameError, .osError, .referenceError, .runtimeError,
            .stopAsyncIteration, .stopIteration, .syntaxError, .systemError, .typeError, .valueError, .warning, .floatingPointError, .overflowError,
            .zeroDivisionError, .bytesWarning, .deprecationWarning, .encodingWarning, .futureWarning, .importWarning, .pendingDeprecationWarning,
            .resourceWarning, .runtimeWarning, .syntaxWarning, .unicodeWarning, .userWarning, .blockingIOError, .childProcessError, .connectionError,
            .fileExistsError, .fileNotFoundError, .interruptedError, .isADirectoryError, .notADirectoryError, .permissionError, .processLookupError,
            .timeoutError, .indentationError, .indexError, .keyError, .moduleNotFoundError, .notImplementedError, .recursionError, .unboundLocalError,
            .unicodeError, .brokenPipeError, .connectionAbortedError, .connectionRefusedError, .connectionResetError, .tabError, .unicodeDecodeError,
            .unicodeEncodeError, .unicodeTranslateError, .exceptionGroup,
        ]
        for kind in order { b.add(TypeObject(types[kind]).name, types[kind]) }
        b.set("EnvironmentError", types.pointee.osError)
        b.set("IOError", types.pointee.osError)
    }
}

extension ModuleBuilder {
    /// Adds a name that is a str already.
    public func add(_ name: Value, _ value: Value) { try? dict.setString(t, name, value) }
}
