// The builtin exception types: BaseException, what every exception has, and the many classes that
// add nothing but a name. Types with fields of their own are in ExceptionTypes+….swift.
//
// Invariant: `args` of an exception cell is always a tuple. All words of an exception are values.

extension NativeLayout {
    /// Cells of an exception type with `fields` words of its own.
    static func exception(fields: Int) -> NativeLayout {
        let words = ExceptionObject.firstField - 1 + fields
        return NativeLayout(valueWords: Int32(words), bytes: 8 + words * 8, kind: .exception, dictWord: 1)
    }
}

extension Thread {
    /// Defines all exception types, bases first, and the MemoryError that is raised when there is no memory.
    func defineExceptionTypes() {
        defineBaseException()
        defineExceptionGroups()
        plainException(.exception, "Exception", .baseException, "Common base class for all non-exit exceptions.")
        defineExceptionGroupType()
        plainException(.generatorExit, "GeneratorExit", .baseException, "Request that a generator exit.")
        plainException(.keyboardInterrupt, "KeyboardInterrupt", .baseException, "Program interrupted by user.")
        defineSystemExit()
        defineStopIteration()
        definePlainErrors()
        defineNameErrors()
        defineImportErrors()
        defineOSErrors()
        defineSyntaxErrors()
        defineUnicodeErrors()
        defineWarningTypes()
        let memoryError = allocate(TypeObject(types.pointee.memoryError))
        memoryError[2] = objects.pointee.emptyTuple
        objects.pointee.memoryErrorInstance = Value(memoryError)
    }

    /// A type that adds nothing to its base but its name.
    private func plainException(_ layout: LayoutID, _ name: StaticString, _ base: LayoutID, _ doc: StaticString) {
        defineType(layout, name, base: types[base], flags: TypeFlag.base, .exception(fields: 0)) { b in
            b.doc(doc)
            b.slots.pointee.new = TypeObject(types.pointee.baseException).slots.pointee.new
            b.slots.pointee.initialize = TypeObject(types.pointee.baseException).slots.pointee.initialize
        }
    }

    private func definePlainErrors() {
        plainException(.stopAsyncIteration, "StopAsyncIteration", .exception, "Signal the end from iterator.__anext__().")
        plainException(.arithmeticError, "ArithmeticError", .exception, "Base class for arithmetic errors.")
        plainException(.floatingPointError, "FloatingPointError", .arithmeticError, "Floating point operation failed.")
        plainException(.overflowError, "OverflowError", .arithmeticError, "Result too large to be represented.")
        plainException(.zeroDivisionError, "ZeroDivisionError", .arithmeticError, "Second argument to a division or modulo operation was zero.")
        plainException(.assertionError, "AssertionError", .exception, "Assertion failed.")
        plainException(.bufferError, "BufferError", .exception, "Buffer error.")
        plainException(.eofError, "EOFError", .exception, "Read beyond end of file.")
        plainException(.lookupError, "LookupError", .exception, "Base class for lookup errors.")
        plainException(.indexError, "IndexError", .lookupError, "Sequence index out of range.")
        defineType(.keyError, "KeyError", base: types.pointee.lookupError, flags: TypeFlag.base, .exception(fields: 0)) { b in
            b.doc("Mapping key not found.")
            b.slots.pointee.initialize = TypeObject(types.pointee.baseException).slots.pointee.initialize
            b.slots.pointee.str = UnarySlot(Thread.keyErrorStr)
        }
        plainException(.memoryError, "MemoryError", .exception, "Out of memory.")
        plainException(.referenceError, "ReferenceError", .exception, "Weak ref proxy used after referent went away.")
        plainException(.runtimeError, "RuntimeError", .exception, "Unspecified run-time error.")
        plainException(.notImplementedError, "NotImplementedError", .runtimeError, "Method or function hasn't been implemented yet.")
        plainException(.recursionError, "RecursionError", .runtimeError, "Recursion limit exceeded.")
        plainException(.systemError, "SystemError", .exception,
                       "Internal error in the Python interpreter.\n\nPlease report this to the Python maintainer, along with the traceback,\nthe Python version, and the hardware/OS platform and version.")
        plainException(.typeError, "TypeError", .exception, "Inappropriate argument type.")
        plainException(.valueError, "ValueError", .exception, "Inappropriate argument value (of correct type).")
        plainException(.unicodeError, "UnicodeError", .valueError, "Unicode related error.")
    }

    private func defineWarningTypes() {
        plainException(.warning, "Warning", .exception, "Base class for warning categories.")
        plainException(.bytesWarning, "BytesWarning", .warning,
                       "Base class for warnings about bytes and buffer related problems, mostly\nrelated to conversion from str or comparing to str.")
        plainException(.deprecationWarning, "DeprecationWarning", .warning, "Base class for warnings about deprecated features.")
        plainException(.encodingWarning, "EncodingWarning", .warning, "Base class for warnings about encodings.")
        plainException(.futureWarning, "FutureWarning", .warning,
                       "Base class for warnings about constructs that will change semantically\nin the future.")
        plainException(.importWarning, "ImportWarning", .warning, "Base class for warnings about probable mistakes in module imports")
        plainException(.pendingDeprecationWarning, "PendingDeprecationWarning", .warning,
                       "Base class for warnings about features which will be deprecated\nin the future.")
        plainException(.resourceWarning, "ResourceWarning", .warning, "Base class for warnings about resource usage.")
        plainException(.runtimeWarning, "RuntimeWarning", .warning, "Base class for warnings about dubious runtime behavior.")
        plainException(.syntaxWarning, "SyntaxWarning", .warning, "Base class for warnings about dubious syntax.")
        plainException(.unicodeWarning, "UnicodeWarning", .warning,
                       "Base class for warnings about Unicode related problems, mostly\nrelated to conversion problems.")
        plainException(.userWarning, "UserWarning", .warning, "Base class for warnings generated by user code.")
    }

    // MARK: BaseException

    private func defineBaseException() {
        defineType(.baseException, "BaseException", flags: TypeFlag.base, .exception(fields: 0)) { b in
            b.doc("Common base class for all exceptions")
            b.slots.pointee.new = CallSlot(Thread.baseExceptionNew)
            b.slots.pointee.initialize = InitSlot(Thread.baseExceptionInit)
            b.slots.pointee.str = UnarySlot(Thread.baseExceptionStr)
            b.slots.pointee.repr = UnarySlot(Thread.baseExceptionRepr)
            b.method("__reduce__", "!($self, /)") { (t, a) throws(Raised) in try t.reduceException(a[0], ExceptionObject(a[0]).arguments) }
            b.method("__setstate__", "!($self, state, /)") { (t, a) throws(Raised) in try t.setExceptionState(a[0], a[1]) }
            b.method("with_traceback", "!($self, object, /)", "Exception.with_traceback(tb) --\n    set self.__traceback__ to tb and return self.") { (t, a) throws(Raised) in
                try t.setTraceback(a[0], a[1])
                return a[0]
            }
            b.method("add_note", "!($self, object, /)", "Exception.add_note(note) --\n    add a note to the exception") { (t, a) throws(Raised) in
                try t.addNote(a[0], a[1])
                return .none
            }
            defineBaseExceptionAttributes(b)
        }
    }

    private func defineBaseExceptionAttributes(_ b: TypeBuilder) {
        b.member("__suppress_context__", get: { (t, e) in Value(ExceptionObject(e).suppressContext) },
                 set: { (t, e, new) throws(Raised) in
                     if new.isUnbound { throw t.raise(.typeError, "can't delete numeric/char attribute") }
                     if !new.isBool { throw t.raise(.typeError, "attribute value type must be bool") }
                     ExceptionObject(e).suppressContext = new.isTrue
                 })
        b.getset("__dict__", get: { (t, e) throws(Raised) in try t.attributeDict(e.cell).value },
                 set: { (t, e, new) throws(Raised) in
                     if new.isUnbound { throw t.raise(.typeError, "cannot delete __dict__") }
                     if !new.isKind(.dict) { throw t.raise(.typeError, "__dict__ must be set to a dictionary, not a '\(t.typeName(new))'") }
                     try t.setAttributeDict(e.cell, new)
                 })
        b.getset("args", get: { (t, e) in ExceptionObject(e).arguments },
                 set: { (t, e, new) throws(Raised) in
                     if new.isUnbound { throw t.raise(.typeError, "args may not be deleted") }
                     ExceptionObject(e).arguments = try t.tupleFrom(new).value
                 })
        b.getset("__traceback__", get: { (t, e) in Thread.noneIfUnbound(ExceptionObject(e).traceback) },
                 set: { (t, e, new) throws(Raised) in
                     if new.isUnbound { throw t.raise(.typeError, "__traceback__ may not be deleted") }
                     try t.setTraceback(e, new)
                 })
        b.getset("__context__", "exception context", get: { (t, e) in Thread.noneIfUnbound(ExceptionObject(e).context) },
                 set: { (t, e, new) throws(Raised) in
                     if new.isUnbound { throw t.raise(.typeError, "__context__ may not be deleted") }
                     if !new.isNone && !new.isKind(.exception) {
                         throw t.raise(.typeError, "exception context must be None or derive from BaseException")
                     }
                     ExceptionObject(e).context = new.isNone ? .unbound : new
                 })
        b.getset("__cause__", "exception cause", get: { (t, e) in Thread.noneIfUnbound(ExceptionObject(e).cause) },
                 set: { (t, e, new) throws(Raised) in
                     if new.isUnbound { throw t.raise(.typeError, "__cause__ may not be deleted") }
                     if !new.isNone && !new.isKind(.exception) {
                         throw t.raise(.typeError, "exception cause must be None or derive from BaseException")
                     }
                     ExceptionObject(e).cause = new.isNone ? .unbound : new
                     ExceptionObject(e).suppressContext = true
                 })
    }

    public static func noneIfUnbound(_ value: Value) -> Value { value.isUnbound ? .none : value }

    static func baseExceptionNew(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        let arguments = try t.tuple(a.base, a.count)
        let cell = t.allocate(TypeObject(type))
        cell[2] = arguments
        return Value(cell)
    }

    static func baseExceptionInit(_ t: Thread, _ exception: Value, _ a: Arguments) throws(Raised) {
        if a.keywords.isBound { try t.refuseKeywords(exception, a) }
        try t.setArguments(exception, a)
    }

    /// Sets `args`; nothing is allocated when `__new__` has already stored the same ones.
    func setArguments(_ exception: Value, _ a: Arguments) throws(Raised) {
        let old = ExceptionObject(exception).arguments
        if old.isBound && TupleObject(old).count == a.count {
            var i = 0
            while i < a.count && TupleObject(old)[i] == a[i] { i += 1 }
            if i == a.count { return }
        }
        ExceptionObject(exception).arguments = try tuple(a.base, a.count)
    }

    /// TypeError when the call gave keywords.
    func refuseKeywords(_ exception: Value, _ a: Arguments) throws(Raised) { try refuseKeywords(type: type(of: exception), a) }

    func refuseKeywords(type: TypeObject, _ a: Arguments) throws(Raised) {
        if a.keywords.isUnbound || TupleObject(a.keywords).count == 0 { return }
        throw raise(.typeError, "\(string(type.name))() takes no keyword arguments")
    }

    static func baseExceptionStr(_ t: Thread, _ exception: Value) throws(Raised) -> Value {
        let arguments = TupleObject(ExceptionObject(exception).arguments)
        switch arguments.count {
        case 0: return t.objects.pointee.emptyStr
        case 1: return try t.strOf(arguments[0])
        default: return try t.strOf(arguments.value)
        }
    }

    static func baseExceptionRepr(_ t: Thread, _ exception: Value) throws(Raised) -> Value {
        let arguments = TupleObject(ExceptionObject(exception).arguments)
        let name = t.type(of: exception).name
        if arguments.count == 1 { return t.str(wtf8: t.wtf8(name) + [0x28] + t.wtf8(try t.repr(arguments[0])) + [0x29]) }
        return t.str(wtf8: t.wtf8(name) + t.wtf8(try t.repr(arguments.value)))
    }

    /// The str of WTF-8 bytes: how texts that may hold lone surrogates are put together.
    public func str(wtf8 bytes: [UInt8]) -> Value { bytes.withUnsafeBufferPointer { str(utf8: $0) } }

    private static func keyErrorStr(_ t: Thread, _ exception: Value) throws(Raised) -> Value {
        let arguments = TupleObject(ExceptionObject(exception).arguments)
        // The repr tells the missing key '' from no message.
        return arguments.count == 1 ? try t.repr(arguments[0]) : try baseExceptionStr(t, exception)
    }

    /// `(type, args)` or `(type, args, dict)`.
    func reduceException(_ exception: Value, _ arguments: Value) throws(Raised) -> Value {
        let type = self.type(of: exception).value, dict = ExceptionObject(exception).dict
        return dict.isUnbound ? try tuple(type, arguments) : try tuple(type, arguments, dict)
    }

    private func setExceptionState(_ exception: Value, _ state: Value) throws(Raised) -> Value {
        if state.isNone { return .none }
        if !state.isKind(.dict) { throw raise(.typeError, "state is not a dictionary") }
        let dict = DictObject(state)
        var i = 0
        while i < dict.entryCount {
            let entry = dict.entry(i)
            i += 1
            if entry.key.isUnbound { continue }
            if !entry.key.isKind(.str) { throw raise(.typeError, "attribute name must be string, not '\(typeName(entry.key))'") }
            try setattr(exception, entry.key.hasLayout(.str) ? intern(entry.key) : entry.key, entry.value)
        }
        return .none
    }

    func setTraceback(_ exception: Value, _ new: Value) throws(Raised) {
        if !new.isNone && !new.hasLayout(.traceback) { throw raise(.typeError, "__traceback__ must be a traceback or None") }
        ExceptionObject(exception).traceback = new.isNone ? .unbound : new
    }

    private func addNote(_ exception: Value, _ note: Value) throws(Raised) {
        if !note.isKind(.str) { throw raise(.typeError, "note must be a str, not '\(typeName(note))'") }
        var notes = try getattrOrUnbound(exception, name(.__notes__))
        if notes.isUnbound {
            notes = try newList().value
            try setattr(exception, name(.__notes__), notes)
        }
        if !notes.isKind(.list) { throw raise(.typeError, "Cannot add note: __notes__ is not a list") }
        try append(ListObject(notes), note)
    }

    // MARK: Making

    /// `type(argument)` of an exception type, argument unbound for none. Plain types are made without a call.
    public func newException(_ type: TypeObject, _ argument: Value) throws(Raised) -> Value {
        let plain = TypeObject(types.pointee.baseException).slots
        if type.slots.pointee.new.address == plain.pointee.new.address && type.slots.pointee.initialize.address == plain.pointee.initialize.address {
            let arguments = argument.isUnbound ? objects.pointee.emptyTuple : try tuple(argument)
            let cell = allocate(type)
            cell[2] = arguments
            return Value(cell)
        }
        return argument.isUnbound ? try call(type.value) : try call(type.value, argument)
    }

    // MARK: One field: StopIteration, SystemExit

    private func defineStopIteration() {
        defineType(.stopIteration, "StopIteration", base: types.pointee.exception, flags: TypeFlag.base, .exception(fields: 1)) { b in
            b.doc("Signal the end from iterator.__next__().")
            b.slots.pointee.initialize = InitSlot { (t, e, a) throws(Raised) in
                try Thread.baseExceptionInit(t, e, a)
                e.cell[ExceptionObject.firstField] = a.count > 0 ? a[0] : .none
            }
            b.member("value", word: ExceptionObject.firstField, readOnly: false, "generator return value")
        }
    }

    private func defineSystemExit() {
        defineType(.systemExit, "SystemExit", base: types.pointee.baseException, flags: TypeFlag.base, .exception(fields: 1)) { b in
            b.doc("Request to exit from the interpreter.")
            b.slots.pointee.initialize = InitSlot { (t, e, a) throws(Raised) in
                try Thread.baseExceptionInit(t, e, a)
                if a.count == 1 { e.cell[ExceptionObject.firstField] = a[0] }
                if a.count > 1 { e.cell[ExceptionObject.firstField] = ExceptionObject(e).arguments }
            }
            b.member("code", word: ExceptionObject.firstField, readOnly: false, "exception code")
        }
    }
}
