// Classes, functions and other objects that are pickled as the module and name under which they are found.

import TaipanRuntime

extension Thread {
    /// The parts of a dotted name. AttributeError for what is local to a function, which no name reaches from outside.
    func dottedPath(_ name: Value, of object: Value) throws(Raised) -> ListObject {
        let parts = ListObject(try callMethod(name, intern("split"), character(0x2E)))
        for i in 0..<parts.count where StrObject(parts[i]).equals("<locals>") {
            if object.isUnbound { throw raise(.attributeError, "Can't get local object \(try reprText(name))") }
            throw raise(.attributeError, "Can't get local attribute \(try reprText(name)) on \(try reprText(object))")
        }
        return parts
    }

    /// What the path leads to from `module`, and the object that has the last name; unbound when it leads nowhere.
    func follow(_ path: ListObject, from module: Value) throws(Raised) -> (found: Value, parent: Value) {
        var at = module, parent = Value.unbound
        for i in 0..<path.count {
            parent = at
            at = try getattrOrUnbound(parent, path[i].hasLayout(.str) ? intern(path[i]) : path[i])
            if at.isUnbound { return (.unbound, parent) }
        }
        return (at, parent)
    }

    /// `import name`: the module itself, not its package.
    func importForPickle(_ name: Value) throws(Raised) -> Value {
        if name.hasLayout(.str) {
            let known = try get(DictObject(objects.pointee.modules), name)
            if known.isBound && !known.isNone { return known }
        } else if !name.isKind(.str) {
            throw raise(.typeError, "__import__() argument 1 must be str, not \(typeName(name))")
        }
        if StrObject(name).count == 0 { throw raise(.valueError, "Empty module name") }
        let parts = try list1(name)
        _ = try call(builtinFunction("__import__"), name, newDict().value, newDict().value, parts, Value(smallInt: 0))
        let found = try get(DictObject(objects.pointee.modules), name)
        if found.isUnbound { throw keyError(name) }
        return found
    }
}

extension PickleWriter {
    /// A class: those of None, Ellipsis and NotImplemented have no name, so they are got from their objects.
    mutating func saveType(_ type: Value) throws(Raised) {
        var instance = Value.unbound
        if type == t.types.pointee.NoneType { instance = .none }
        if type == t.types.pointee.ellipsis { instance = .ellipsis }
        if type == t.types.pointee.NotImplementedType { instance = .notImplemented }
        if instance.isUnbound { return try saveGlobal(type, name: .unbound) }
        try save(reduced: try t.tuple(t.types.pointee.type, try t.tuple(instance)), of: type)
    }

    /// Writes module and name of `object`; the name is its own unless `name` is bound.
    mutating func saveGlobal(_ object: Value, name: Value) throws(Raised) {
        var globalName = name
        if globalName.isUnbound { globalName = try t.getattrOrUnbound(object, t.name(.__qualname__)) }
        if globalName.isUnbound { globalName = try t.getattr(object, .__name__) }
        let path = try t.dottedPath(globalName, of: .unbound)
        let moduleName = try moduleName(of: object, path)
        let module: Value
        do throws(Raised) { module = try t.importForPickle(moduleName) } catch {
            let cause = t.takePending()
            _ = cause
            throw t.picklingError("Can't pickle \(try t.reprText(object)): import of module \(try t.reprText(moduleName)) failed")
        }
        let (found, parent) = try t.follow(path, from: module)
        // `Class.module.Class` is the last name, when the parts before it lead back to the module.
        let plainName = parent == module ? path[path.count - 1] : globalName
        if found.isUnbound {
            throw t.picklingError("Can't pickle \(try t.reprText(object)): attribute lookup \(t.string(try t.strOf(globalName))) on \(t.string(try t.strOf(moduleName))) failed")
        }
        if found != object {
            throw t.picklingError("Can't pickle \(try t.reprText(object)): it's not the same object as \(t.string(try t.strOf(moduleName))).\(t.string(try t.strOf(globalName)))")
        }
        if level >= 2, try saveExtension(object, moduleName, globalName) { return }
        if level >= 4 {
            try save(moduleName)
            try save(plainName)
            try put(PickleOpcode.stackGlobal)
        } else if parent != module {
            // Older protocols know no dotted names.
            return try save(reduced: try t.tuple(state[.getattr], try t.tuple(parent, path[path.count - 1])), of: object)
        } else {
            try saveOldGlobal(moduleName, plainName)
        }
        try memoize(object)
    }

    /// The `__module__` of `object`, or the first module that has it under its name.
    private func moduleName(of object: Value, _ path: ListObject) throws(Raised) -> Value {
        let own = try t.getattrOrUnbound(object, t.name(.__module__))
        if own.isBound && !own.isNone { return own }
        let modules = t.objects.pointee.modules
        let names = try t.listFrom(modules)
        for i in 0..<names.count {
            let name = names[i]
            if name.hasLayout(.str) && StrObject(name).equals("__main__") { continue }
            let module = try t.get(DictObject(modules), name)
            if module.isNoneOrUnbound { continue }
            if try t.follow(path, from: module).found == object { return name }
        }
        return t.intern("__main__")
    }

    /// An object of the extension registry: its code. False when it is not there.
    private mutating func saveExtension(_ object: Value, _ moduleName: Value, _ globalName: Value) throws(Raised) -> Bool {
        let code = try t.get(DictObject(state[.extensionRegistry]), try t.tuple(moduleName, globalName))
        if code.isUnbound { return false }
        if !code.isSmallInt && !code.hasLayout(.int) {
            throw t.picklingError("Can't pickle \(try t.reprText(object)): extension code \(try t.reprText(code)) isn't an integer")
        }
        guard let n = t.machineInt(code), n > 0, n <= 0x7FFF_FFFF else {
            throw t.raise(.runtimeError, "Can't pickle \(try t.reprText(object)): extension code \(t.string(try t.repr(code))) is out of range")
        }
        if n < 256 {
            try put(PickleOpcode.ext1, UInt8(truncatingIfNeeded: n))
        } else if n < 65536 {
            try put(PickleOpcode.ext2, UInt64(n), bytes: 2)
        } else {
            try put(PickleOpcode.ext4, UInt64(n), bytes: 4)
        }
        return true
    }

    /// GLOBAL: two lines, in UTF-8 for protocol 3 and in ASCII before, when modules may have to be called what Python 2 calls them.
    private mutating func saveOldGlobal(_ moduleName: Value, _ globalName: Value) throws(Raised) {
        var moduleName = moduleName, globalName = globalName
        if pickler.fixesImports && level < 3 { try renameForPython2(&moduleName, &globalName) }
        try put(PickleOpcode.global)
        try put(try line(moduleName, "module"))
        try put(try line(globalName, "global"))
    }

    private func line(_ name: Value, _ what: StaticString) throws(Raised) -> [UInt8] {
        let isEncodable: Bool
        if level >= 3 {
            let s = StrObject(name)
            isEncodable = !(0..<s.count).contains { s[$0] & 0xFFFF_F800 == 0xD800 }
        } else {
            isEncodable = StrObject(name).isASCII
        }
        if !isEncodable { throw t.picklingError("can't pickle \(what) identifier '\(t.string(name))' using pickle protocol \(level)") }
        return t.wtf8(name) + [0x0A]
    }

    private func renameForPython2(_ moduleName: inout Value, _ globalName: inout Value) throws(Raised) {
        let pair = try t.get(DictObject(state[.names3to2]), try t.tuple(moduleName, globalName))
        if pair.isBound {
            if !pair.isKind(.tuple) || TupleObject(pair).count != 2 {
                throw t.raise(.runtimeError, "_compat_pickle.REVERSE_NAME_MAPPING values should be 2-tuples, not \(t.typeName(pair))")
            }
            let (module, name) = (TupleObject(pair)[0], TupleObject(pair)[1])
            if !module.isKind(.str) || !name.isKind(.str) {
                throw t.raise(.runtimeError, "_compat_pickle.REVERSE_NAME_MAPPING values should be pairs of str, not (\(t.typeName(module)), \(t.typeName(name)))")
            }
            (moduleName, globalName) = (module, name)
            return
        }
        let module = try t.get(DictObject(state[.modules3to2]), moduleName)
        if module.isUnbound { return }
        if !module.isKind(.str) {
            throw t.raise(.runtimeError, "_compat_pickle.REVERSE_IMPORT_MAPPING values should be strings, not \(t.typeName(module))")
        }
        moduleName = module
    }
}
