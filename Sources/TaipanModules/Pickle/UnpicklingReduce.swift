// Opcodes that call: classes and functions by name, instances, REDUCE, BUILD, the extension registry, persistent ids. And what is
// no opcode.

import TaipanRuntime

extension PickleReader {
    mutating func runCalling(_ opcode: UInt8) throws(Raised) {
        switch opcode {
        case PickleOpcode.reduce: try loadReduce()
        case PickleOpcode.build: try loadBuild()
        case PickleOpcode.newObject: try loadNewObject(takesKeywords: false)
        case PickleOpcode.newObjectEx: try loadNewObject(takesKeywords: true)
        case PickleOpcode.stackGlobal: try loadStackGlobal()
        case PickleOpcode.global: try loadGlobal()
        case PickleOpcode.inst: try loadInstance()
        case PickleOpcode.object: try loadObject()
        case PickleOpcode.persistentID: try loadPersistent()
        case PickleOpcode.binPersistentID: try loadBinPersistent()
        case PickleOpcode.ext1: try loadExtension(Int(try take(1)[0]))
        case PickleOpcode.ext2: try loadExtension(try number(bytes: 2))
        case PickleOpcode.ext4: try loadExtension(try signedNumber())
        default: throw invalid(opcode)
        }
    }

    private func invalid(_ opcode: UInt8) -> Raised {
        let isPlain = opcode >= 0x20 && opcode < 0x7F && opcode != 0x27 && opcode != 0x5C
        let digits = String(opcode, radix: 16)
        let shown = isPlain ? String(Character(Unicode.Scalar(opcode))) : "\\x" + (digits.count < 2 ? "0" : "") + digits
        return t.unpicklingError("invalid load key, '\(shown)'.")
    }

    // MARK: Globals

    /// `find_class`, a method that subclasses override.
    private func findClass(_ module: Value, _ name: Value) throws(Raised) -> Value {
        if t.isExactly(unpickler.value, state[.unpickler]) { return try t.findClass(unpickler, module, name) }
        return try t.call(try t.getattr(unpickler.value, t.intern("find_class")), module, name)
    }

    private mutating func loadStackGlobal() throws(Raised) {
        let name = try pop()
        let module = try pop()
        if !name.hasLayout(.str) || !module.hasLayout(.str) { throw t.unpicklingError("STACK_GLOBAL requires str") }
        try push(try findClass(module, name))
    }

    /// A line as text, without its newline.
    private mutating func word(_ codec: NativeCodec) throws(Raised) -> Value {
        let text = try line(least: 2)
        let copy = try t.bytes(text.baseAddress, text.count - 1)
        return try t.decode(codec, copy, BytesObject(copy).buffer, .none).text
    }

    private mutating func loadGlobal() throws(Raised) {
        let module = try word(.utf8)
        let name = try word(.utf8)
        try push(try findClass(module, name))
    }

    private mutating func loadExtension(_ code: Int) throws(Raised) {
        if code <= 0 { throw t.unpicklingError("EXT specifies code <= 0") }
        let key = t.int(code)
        let known = try t.get(DictObject(state[.extensionCache]), key)
        if known.isBound { return try push(known) }
        let pair = try t.get(DictObject(state[.invertedRegistry]), key)
        if pair.isUnbound { throw t.raise(.valueError, "unregistered extension code \(code)") }
        guard pair.isKind(.tuple), TupleObject(pair).count == 2, TupleObject(pair)[0].isKind(.str), TupleObject(pair)[1].isKind(.str) else {
            throw t.raise(.valueError, "_inverted_registry[\(code)] isn't a 2-tuple of strings")
        }
        let found = try findClass(TupleObject(pair)[0], TupleObject(pair)[1])
        try t.set(DictObject(state[.extensionCache]), key, found)
        try push(found)
    }

    // MARK: Persistent ids

    private mutating func loadPersistent() throws(Raised) {
        let load = try persistentLoad()
        let text = try line(least: 1)
        for c in text where c >= 0x80 { throw t.unpicklingError("persistent IDs in protocol 0 must be ASCII strings") }
        let id = try t.newStr(count: text.count - 1, maximum: 127)
        for i in 0..<(text.count - 1) { id.units8[i] = text[i] }
        try push(try t.call(load, id.value))
    }

    private mutating func loadBinPersistent() throws(Raised) {
        let load = try persistentLoad()
        let id = try pop()
        try push(try t.call(load, id))
    }

    private func persistentLoad() throws(Raised) -> Value {
        if unpickler.persistentLoad.isBound { return unpickler.persistentLoad }
        throw t.unpicklingError("A load persistent id instruction was encountered, but no persistent_load function was specified.")
    }

    // MARK: Instances

    private mutating func loadReduce() throws(Raised) {
        let arguments = try pop()
        let callable = try pop()
        if !arguments.isKind(.tuple) { throw t.raise(.typeError, "argument list must be a tuple") }
        try push(try t.call(callable, tuple: arguments))
    }

    private mutating func loadNewObject(takesKeywords: Bool) throws(Raised) {
        let keywords = takesKeywords ? try pop() : .unbound
        let arguments = try pop()
        let type = try pop()
        let what: StaticString = takesKeywords ? "NEWOBJ_EX" : "NEWOBJ"
        if !t.isType(type) { throw t.unpicklingError("\(what) class argument must be a type, not \(t.typeName(type))") }
        let new = TypeObject(type).slots.pointee.new
        if !new.isSet { throw t.unpicklingError("\(what) class argument '\(t.string(TypeObject(type).name))' doesn't have __new__") }
        if !arguments.isKind(.tuple) { throw t.unpicklingError("\(what) args argument must be a tuple, not \(t.typeName(arguments))") }
        if takesKeywords && !keywords.isKind(.dict) {
            throw t.unpicklingError("\(what) kwargs argument must be a dict, not \(t.typeName(keywords))")
        }
        if keywords.isBound && DictObject(keywords).count > 0 {
            let given = TupleObject(arguments)
            let all = try t.newTuple(given.count + 1)
            all[0] = type
            for i in 0..<given.count { all[i + 1] = given[i] }
            return try push(try t.call(try t.getattr(type, .__new__), tuple: all.value, keywords: keywords))
        }
        let given = TupleObject(arguments)
        try push(try new(t, type, Arguments(given.items, given.count)))
    }

    /// INST and OBJ: a class of Python 2, made without a call when there are no arguments.
    private func instantiate(_ type: Value, _ arguments: Value) throws(Raised) -> Value {
        if TupleObject(arguments).count == 0 && t.isType(type), try t.getattrOrUnbound(type, t.intern("__getinitargs__")).isUnbound {
            return try t.callMethod(type, t.name(.__new__), type)
        }
        return try t.call(type, tuple: arguments)
    }

    private mutating func loadObject() throws(Raised) {
        let mark = try popMark()
        if depth - mark < 1 { throw underflow() }
        let arguments = try popTuple(from: mark + 1)
        let type = try pop()
        try push(try instantiate(type, arguments))
    }

    private mutating func loadInstance() throws(Raised) {
        let mark = try popMark()
        let module = try word(.ascii)
        let name = try word(.ascii)
        let type = try findClass(module, name)
        try push(try instantiate(type, try popTuple(from: mark)))
    }

    // MARK: BUILD

    private mutating func loadBuild() throws(Raised) {
        try require(2)
        var state = try pop()
        let object = try top()
        let setState = try t.getattrOrUnbound(object, t.intern("__setstate__"))
        if setState.isBound {
            _ = try t.call(setState, state)
            return
        }
        var slots = Value.unbound
        if state.isKind(.tuple) && TupleObject(state).count == 2 {
            slots = TupleObject(state)[1]
            state = TupleObject(state)[0]
        }
        if !state.isNone { try update(object, state) }
        if slots.isNoneOrUnbound { return }
        if !slots.isKind(.dict) { throw t.unpicklingError("slot state is not a dictionary") }
        let dict = DictObject(slots)
        for i in 0..<dict.entryCount where dict.entry(i).key.isBound {
            let key = dict.entry(i).key
            if !key.isKind(.str) { throw t.raise(.typeError, "attribute name must be string, not '\(t.typeName(key))'") }
            try t.setattr(object, key.hasLayout(.str) ? t.intern(key) : key, dict.entry(i).value)
        }
    }

    /// Puts the attributes of `state` in the object's `__dict__`.
    private func update(_ object: Value, _ state: Value) throws(Raised) {
        if !state.isKind(.dict) { throw t.unpicklingError("state is not a dictionary") }
        if try t.setAttributes(of: object, from: DictObject(state)) { return }
        let dict = try t.getattr(object, .__dict__)
        let source = DictObject(state)
        for i in 0..<source.entryCount where source.entry(i).key.isBound {
            let entry = source.entry(i)
            try t.setItem(dict, entry.key.hasLayout(.str) ? t.intern(entry.key) : entry.key, entry.value)
        }
    }
}

extension Thread {
    /// `Unpickler.find_class`.
    func findClass(_ unpickler: UnpicklerObject, _ moduleName: Value, _ globalName: Value) throws(Raised) -> Value {
        var moduleName = moduleName, globalName = globalName
        if unpickler.level < 3 && unpickler.fixesImports { try renameForPython3(&moduleName, &globalName) }
        let module = try importForPickle(moduleName)
        if unpickler.level < 4 { return try getattr(module, globalName.hasLayout(.str) ? intern(globalName) : globalName) }
        let s = StrObject(globalName)
        if !globalName.hasLayout(.str) || (0..<s.count).contains(where: { s[$0] == 0x2E }) {
            let found = try follow(try dottedPath(globalName, of: module), from: module).found
            if found.isBound { return found }
        } else {
            let found = try getattrOrUnbound(module, intern(globalName))
            if found.isBound { return found }
            _ = try dottedPath(globalName, of: module)
        }
        throw raise(.attributeError, "Can't get attribute \(try reprText(globalName)) on \(try reprText(module))")
    }

    /// Names of Python 2 become those of Python 3.
    private func renameForPython3(_ moduleName: inout Value, _ globalName: inout Value) throws(Raised) {
        let state = PickleState(self)
        let pair = try get(DictObject(state[.names2to3]), try tuple(moduleName, globalName))
        if pair.isBound {
            guard pair.isKind(.tuple), TupleObject(pair).count == 2 else {
                throw raise(.runtimeError, "_compat_pickle.NAME_MAPPING values should be 2-tuples, not \(typeName(pair))")
            }
            let (module, name) = (TupleObject(pair)[0], TupleObject(pair)[1])
            if !module.isKind(.str) || !name.isKind(.str) {
                throw raise(.runtimeError, "_compat_pickle.NAME_MAPPING values should be pairs of str, not (\(typeName(module)), \(typeName(name)))")
            }
            (moduleName, globalName) = (module, name)
            return
        }
        let module = try get(DictObject(state[.modules2to3]), moduleName)
        if module.isUnbound { return }
        if !module.isKind(.str) { throw raise(.runtimeError, "_compat_pickle.IMPORT_MAPPING values should be strings, not \(typeName(module))") }
        moduleName = module
    }
}
