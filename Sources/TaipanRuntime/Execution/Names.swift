// Global, local and enclosing names; the cold halves of the name instructions.

extension Thread {
    private func codeName(_ fp: UnsafeMutablePointer<Value>, _ index: Int) -> Value { fp.frameLowered.pointee.names[index] }

    /// LOAD_GLOBAL, caching the place of the value. `cache` points at three words: version of the globals, address of the value, version of the builtins.
    @inline(never)
    func loadGlobal(_ fp: UnsafeMutablePointer<Value>, _ index: Int, _ cache: UnsafeMutablePointer<UInt64>) throws(Raised) -> Value {
        let name = codeName(fp, index)
        let globals = DictObject(fp.frameFunction.globals)
        let builtins = fp.frameFunction.builtins
        if globals.cell.layout != .dict || !builtins.hasLayout(.dict) {
            // Subclasses may find names in ways of their own.
            var found = try namespaceItem(globals.value, name)
            if found.isUnbound && builtins.isBound { found = try namespaceItem(builtins, name) }
            if found.isBound { return found }
            throw missingName(name)
        }
        var i = globals.findStringEntry(self, name)
        if i >= 0 {
            cache[0] = UInt64(version(of: globals))
            cache[1] = UInt64(UInt(bitPattern: DictTable(globals.table).entries + i) + 16)
            become(cache, .loadGlobalModule, .unbound)
            return globals.entry(i).value
        }
        if builtins.isKind(.dict) {
            let dict = DictObject(builtins)
            i = dict.findStringEntry(self, name)
            if i >= 0 {
                if globals.cell.layout == .dict && dict.cell.layout == .dict {
                    cache[0] = UInt64(version(of: globals))
                    cache[1] = UInt64(UInt(bitPattern: DictTable(dict.table).entries + i) + 16)
                    cache[2] = UInt64(version(of: dict))
                    become(cache, .loadGlobalBuiltin, .unbound)
                }
                return dict.entry(i).value
            }
        }
        return try globalOfOddName(fp, name)
    }

    /// A name that no exact str in the globals or builtins spells. A program may have put in another key that equals it.
    @inline(never)
    private func globalOfOddName(_ fp: UnsafeMutablePointer<Value>, _ name: Value) throws(Raised) -> Value {
        var found = try get(DictObject(fp.frameFunction.globals), name)
        let builtins = fp.frameFunction.builtins
        if found.isUnbound && builtins.isKind(.dict) { found = try get(DictObject(builtins), name) }
        if found.isUnbound { throw missingName(name) }
        return found
    }

    func missingName(_ name: Value) -> Raised {
        let text = string(name)
        // The message shows 200 bytes at most.
        let shown = text.utf8.count > 200 ? String(decoding: text.utf8.prefix(200), as: UTF8.self) : text
        return nameError(.nameError, "name '\(shown)' is not defined", text)
    }

    @inline(never)
    func storeGlobal(_ fp: UnsafeMutablePointer<Value>, _ index: Int, _ value: Value) throws(Raised) {
        try store(DictObject(fp.frameFunction.globals), codeName(fp, index), value)
    }

    /// Binds a name in a namespace; what it replaces may be dead then.
    private func store(_ namespace: DictObject, _ name: Value, _ value: Value) throws(Raised) {
        let i = namespace.findStringEntry(self, name)
        if i < 0 { return try namespace.setString(self, name, value) }
        let old = namespace.entry(i).value
        DictTable(namespace.table).entries[i].value = value
        if old.isCell && old.cell.header & CellFlag.isNoticed != 0 { dropped(old.cell.header) }
    }

    @inline(never)
    func deleteGlobal(_ fp: UnsafeMutablePointer<Value>, _ index: Int) throws(Raised) {
        let dict = DictObject(fp.frameFunction.globals)
        let i = dict.findStringEntry(self, codeName(fp, index))
        if i < 0 { throw missingName(codeName(fp, index)) }
        let old = dict.removeEntry(i)
        if old.isCell { dropped(old.cell.header) }
    }

    /// The namespace of a module or class body: an exact dict, or any mapping.
    private func namespaceItem(_ namespace: Value, _ name: Value) throws(Raised) -> Value {
        if namespace.hasLayout(.dict) { return DictObject(namespace).findString(self, name) }
        do throws(Raised) {
            return try getItem(namespace, name)
        } catch {
            try swallow(.keyError, error)
            return .unbound
        }
    }

    @inline(never)
    func loadName(_ fp: UnsafeMutablePointer<Value>, _ index: Int) throws(Raised) -> Value {
        let name = codeName(fp, index)
        let namespace = fp[FrameHeader.namespace]
        if namespace.isBound {
            let found = try namespaceItem(namespace, name)
            if found.isBound { return found }
        }
        return try globalOrBuiltin(fp, name)
    }

    private func globalOrBuiltin(_ fp: UnsafeMutablePointer<Value>, _ name: Value) throws(Raised) -> Value {
        var found = DictObject(fp.frameFunction.globals).findString(self, name)
        if found.isBound { return found }
        let builtins = fp.frameFunction.builtins
        found = builtins.isBound ? try namespaceItem(builtins, name) : .unbound
        return found.isBound ? found : try globalOfOddName(fp, name)
    }

    /// Where the names of module and class code are; a function made over such code keeps them in its globals.
    private func namespace(_ fp: UnsafeMutablePointer<Value>) -> Value {
        let namespace = fp[FrameHeader.namespace]
        return namespace.isUnbound ? fp.frameFunction.globals : namespace
    }

    @inline(never)
    func storeName(_ fp: UnsafeMutablePointer<Value>, _ index: Int, _ value: Value) throws(Raised) {
        let namespace = namespace(fp)
        if namespace.hasLayout(.dict) { return try store(DictObject(namespace), codeName(fp, index), value) }
        try setItem(namespace, codeName(fp, index), value)
    }

    @inline(never)
    func deleteName(_ fp: UnsafeMutablePointer<Value>, _ index: Int) throws(Raised) {
        let namespace = namespace(fp)
        let name = codeName(fp, index)
        if namespace.hasLayout(.dict) {
            let i = DictObject(namespace).findStringEntry(self, name)
            if i < 0 { throw missingName(name) }
            let old = DictObject(namespace).removeEntry(i)
            if old.isCell { dropped(old.cell.header) }
            return
        }
        do throws(Raised) {
            try deleteItem(namespace, name)
        } catch {
            try swallow(.keyError, error)
            throw missingName(name)
        }
    }

    @inline(never)
    func loadLocals(_ fp: UnsafeMutablePointer<Value>) throws(Raised) -> Value {
        namespace(fp)
    }

    @inline(never)
    func loadFromDictOrGlobals(_ fp: UnsafeMutablePointer<Value>, _ dict: Value, _ index: Int) throws(Raised) -> Value {
        let found = try namespaceItem(dict, codeName(fp, index))
        return found.isBound ? found : try globalOrBuiltin(fp, codeName(fp, index))
    }

    @inline(never)
    func loadFromDictOrDeref(_ fp: UnsafeMutablePointer<Value>, _ dict: Value, _ slot: Int) throws(Raised) -> Value {
        let name = TupleObject(CodeCell(fp.frameLowered.pointee.code).localsplusnames)[slot]
        let found = try namespaceItem(dict, name)
        if found.isBound { return found }
        let contents = fp[slot].cell[1]
        if contents.isUnbound { try unboundCell(fp, slot) }
        return contents
    }

    @inline(never)
    func setupAnnotations(_ fp: UnsafeMutablePointer<Value>) throws(Raised) {
        let namespace = namespace(fp)
        let key = name(.__annotations__)
        if try namespaceItem(namespace, key).isBound { return }
        if namespace.hasLayout(.dict) { return try DictObject(namespace).setString(self, key, newDict().value) }
        try setItem(namespace, key, newDict().value)
    }

    // MARK: Cells

    /// COPY_FREE_VARS: the closure's cells go to the last `count` local slots.
    func copyFreeVariables(_ fp: UnsafeMutablePointer<Value>, _ count: Int) throws(Raised) {
        let cells = fp.frameFunction.closure
        guard cells.isKind(.tuple), TupleObject(cells).count == count else { throw malformedCode() }
        let closure = TupleObject(cells)
        let first = fp.frameLowered.pointee.localCount - count
        for i in 0..<count {
            if !closure[i].hasLayout(.cell) { throw malformedCode() }
            fp[first + i] = closure[i]
        }
    }

    // MARK: Functions and classes

    /// MAKE_FUNCTION: operands from `operands` on: defaults, keyword defaults, annotations, closure as the flags say, then the code.
    @inline(never)
    func makeFunction(_ fp: UnsafeMutablePointer<Value>, _ flags: Int, _ operands: UnsafeMutablePointer<Value>) throws(Raised) -> Value {
        guard operands[flags.nonzeroBitCount].hasLayout(.code) else { throw malformedCode() }
        let code = CodeCell(operands[flags.nonzeroBitCount])
        let made = try newFunction(code, globals: fp.frameFunction.globals)
        made.lowered = code.lowered
        var n = 0
        if flags & 1 != 0 {
            if !operands[n].isKind(.tuple) { throw malformedCode() }
            made.defaults = operands[n]
            n += 1
        }
        if flags & 2 != 0 {
            if !operands[n].isKind(.dict) { throw malformedCode() }
            made.kwdefaults = operands[n]
            n += 1
        }
        if flags & 4 != 0 {
            if !operands[n].isKind(.tuple) { throw malformedCode() }
            made.annotations = operands[n]
            n += 1
        }
        if flags & 8 != 0 {
            if !operands[n].isKind(.tuple) { throw malformedCode() }
            made.closure = operands[n]
        }
        return made.value
    }

    @inline(never)
    func loadBuildClass(_ fp: UnsafeMutablePointer<Value>) throws(Raised) -> Value {
        let builtins = fp.frameFunction.builtins
        let found = builtins.isBound ? try namespaceItem(builtins, name(.__build_class__)) : .unbound
        if found.isUnbound { throw raise(.nameError, "__build_class__ not found") }
        return found
    }
}
