// Exceptions that say what was not found: NameError, AttributeError, ImportError.

extension Thread {
    /// Stores the keyword arguments of a call into fields: `names[i]` goes to word `firstField + offset + i`.
    private func storeFields(_ exception: Value, _ a: Arguments, _ typeName: StaticString, _ names: [StaticString], offset: Int = 0) throws(Raised) {
        if a.keywords.isUnbound { return }
        let keywords = TupleObject(a.keywords)
        try limitKeywords(keywords.count, names.count, typeName)
        for k in 0..<keywords.count {
            var found = false
            for i in names.indices where StrObject(keywords[k]).equals(names[i]) {
                exception.cell[ExceptionObject.firstField + offset + i] = a[a.count + k]
                found = true
            }
            if !found { throw raise(.typeError, "'\(string(keywords[k]))' is an invalid keyword argument for \(typeName)()") }
        }
    }

    private func clearFields(_ exception: Value, _ count: Int) {
        for i in 0..<count { exception.cell[ExceptionObject.firstField + i] = .unbound }
    }

    // MARK: NameError, AttributeError

    func defineNameErrors() {
        let first = ExceptionObject.firstField
        defineType(.nameError, "NameError", base: types.pointee.exception, flags: TypeFlag.base, .exception(fields: 1)) { b in
            b.doc("Name not found globally.")
            b.slots.pointee.initialize = InitSlot(Thread.nameErrorInit)
            b.slots.pointee.str = UnarySlot(Thread.baseExceptionStr)
            b.member("name", word: first, readOnly: false, "name")
        }
        defineType(.unboundLocalError, "UnboundLocalError", base: types.pointee.nameError, flags: TypeFlag.base, .exception(fields: 1)) { b in
            b.doc("Local name referenced but not bound to a value.")
            b.slots.pointee.initialize = InitSlot(Thread.nameErrorInit)
        }
        defineType(.attributeError, "AttributeError", base: types.pointee.exception, flags: TypeFlag.base, .exception(fields: 2)) { b in
            b.doc("Attribute not found.")
            b.slots.pointee.initialize = InitSlot { (t, e, a) throws(Raised) in
                try t.setArguments(e, a)
                t.clearFields(e, 2)
                try t.storeFields(e, a, "AttributeError", ["name", "obj"])
            }
            b.slots.pointee.str = UnarySlot(Thread.baseExceptionStr)
            b.member("name", word: first, readOnly: false, "attribute name")
            b.member("obj", word: first + 1, readOnly: false, "object")
            b.method("__getstate__", "!($self, /)") { (t, a) throws(Raised) in try t.attributeErrorState(a[0]) }
            b.method("__reduce__", "!($self, /)") { (t, a) throws(Raised) in
                let state = try t.attributeErrorState(a[0])
                return try t.tuple(t.type(of: a[0]).value, ExceptionObject(a[0]).arguments, state)
            }
        }
    }

    private static func nameErrorInit(_ t: Thread, _ e: Value, _ a: Arguments) throws(Raised) {
        try t.setArguments(e, a)
        t.clearFields(e, 1)
        try t.storeFields(e, a, "NameError", ["name"])
    }

    /// The pickled state leaves `obj` out: it may be anything.
    private func attributeErrorState(_ exception: Value) throws(Raised) -> Value {
        let state = try exceptionDictCopy(exception)
        let name = exception.cell[ExceptionObject.firstField]
        if name.isBound { try state.setString(self, intern("name"), name) }
        try state.setString(self, intern("args"), ExceptionObject(exception).arguments)
        return state.value
    }

    private func exceptionDictCopy(_ exception: Value) throws(Raised) -> DictObject {
        let dict = ExceptionObject(exception).dict
        return dict.isUnbound ? newDict() : try copy(DictObject(dict))
    }

    // MARK: ImportError

    /// Words of an ImportError, from `firstField`: name, path, name_from, msg.
    func defineImportErrors() {
        let first = ExceptionObject.firstField
        defineType(.importError, "ImportError", base: types.pointee.exception, flags: TypeFlag.base, .exception(fields: 4)) { b in
            b.doc("Import can't find module, or can't find name in module.")
            b.slots.pointee.initialize = InitSlot(Thread.importErrorInit)
            b.slots.pointee.str = UnarySlot { (t, e) throws(Raised) in
                let message = e.cell[ExceptionObject.firstField + 3]
                return message.hasLayout(.str) ? message : try Thread.baseExceptionStr(t, e)
            }
            b.member("msg", word: first + 3, readOnly: false, "exception message")
            b.member("name", word: first, readOnly: false, "module name")
            b.member("path", word: first + 1, readOnly: false, "module path")
            b.member("name_from", word: first + 2, readOnly: false, "name imported from module")
            b.method("__reduce__", "!($self, /)") { (t, a) throws(Raised) in try t.reduceImportError(a[0]) }
        }
        defineType(.moduleNotFoundError, "ModuleNotFoundError", base: types.pointee.importError, flags: TypeFlag.base, .exception(fields: 4)) { b in
            b.doc("Module not found.")
            b.slots.pointee.initialize = InitSlot(Thread.importErrorInit)
        }
    }

    private static func importErrorInit(_ t: Thread, _ e: Value, _ a: Arguments) throws(Raised) {
        try t.setArguments(e, a)
        t.clearFields(e, 4)
        try t.storeFields(e, a, "ImportError", ["name", "path", "name_from"])
        if a.count == 1 { e.cell[ExceptionObject.firstField + 3] = a[0] }
    }

    private func reduceImportError(_ exception: Value) throws(Raised) -> Value {
        let first = ExceptionObject.firstField
        let arguments = ExceptionObject(exception).arguments
        let name = exception.cell[first], path = exception.cell[first + 1], from = exception.cell[first + 2]
        if name.isUnbound && path.isUnbound && from.isUnbound { return try reduceException(exception, arguments) }
        let state = try exceptionDictCopy(exception)
        if name.isBound { try state.setString(self, intern("name"), name) }
        if path.isBound { try state.setString(self, intern("path"), path) }
        if from.isBound { try state.setString(self, intern("name_from"), from) }
        return try tuple(type(of: exception).value, arguments, state.value)
    }

    /// ImportError or ModuleNotFoundError with its fields set; unbound ones stay None.
    public func importError(_ kind: ExceptionKind, _ text: String, name: Value = .unbound, path: Value = .unbound, nameFrom: Value = .unbound) -> Raised {
        do throws(Raised) {
            let made = try newException(TypeObject(types[kind]), str(text))
            made.cell[ExceptionObject.firstField] = name
            made.cell[ExceptionObject.firstField + 1] = path
            made.cell[ExceptionObject.firstField + 2] = nameFrom
            return raise(exception: made)
        } catch { return error }
    }
}
