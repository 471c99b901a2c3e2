// Objects that are taken apart: persistent ids, `reducer_override`, the dispatch table, `__reduce_ex__`, and how what these
// return is written (PEP 307).

import TaipanRuntime

extension PickleWriter {
    // MARK: Persistent ids

    /// Asks for the object's persistent id; true when it has one, which is then written in its place.
    mutating func savePersistent(_ object: Value) throws(Raised) -> Bool {
        let id = try t.call(pickler.persistentID, object)
        if id.isNone { return false }
        if isBinary {
            try save(id, isPersistentID: true)
            try put(PickleOpcode.binPersistentID)
            return true
        }
        let text = try t.strOf(id)
        if !StrObject(text).isASCII { throw t.picklingError("persistent IDs in protocol 0 must be ASCII strings") }
        try put(PickleOpcode.persistentID, line: t.string(text))
        return true
    }

    // MARK: Who says how

    /// An object of a type without opcodes of its own.
    mutating func saveByReduction(_ object: Value) throws(Raised) {
        if pickler.reducerOverride.isBound {
            let reduced = try t.call(pickler.reducerOverride, object)
            if !reduced.isNotImplemented { return try save(reduction: reduced, of: object) }
        }
        let type = t.type(of: object)
        if type.value == t.types.pointee.type { return try saveType(object) }
        if type.value == t.types.pointee.function { return try saveGlobal(object, name: .unbound) }
        let reducer = try registeredReducer(type.value)
        if reducer.isBound { return try save(reduction: try t.call(reducer, object), of: object) }
        if t.isSubtype(type, of: t.types.pointee.type) { return try saveGlobal(object, name: .unbound) }
        try save(reduction: try reduce(object), of: object)
    }

    private func registeredReducer(_ type: Value) throws(Raised) -> Value {
        if pickler.dispatchTable.isUnbound { return try t.get(DictObject(state[.dispatchTable]), type) }
        do throws(Raised) { return try t.getItem(pickler.dispatchTable, type) } catch {
            try t.swallow(.keyError, error)
            return .unbound
        }
    }

    private func reduce(_ object: Value) throws(Raised) -> Value {
        let extended = try t.getattrOrUnbound(object, t.name(.__reduce_ex__))
        if extended.isBound { return try t.call(extended, Value(smallInt: level)) }
        let plain = try t.getattrOrUnbound(object, t.name(.__reduce__))
        if plain.isBound { return try t.call(plain) }
        throw t.picklingError("can't pickle '\(t.typeName(object))' object: \(try t.reprText(object))")
    }

    /// What a reduce function returned: the name of a global, or a tuple.
    private mutating func save(reduction: Value, of object: Value) throws(Raised) {
        if reduction.isKind(.str) { return try saveGlobal(object, name: reduction) }
        if !reduction.isKind(.tuple) { throw t.picklingError("__reduce__ must return a string or tuple") }
        try save(reduced: reduction, of: object)
    }

    // MARK: Tuples of two to six

    /// Writes `(callable, arguments, state, list items, dict items, state setter)`. `object` is unbound when it is not to be
    /// remembered.
    mutating func save(reduced: Value, of object: Value) throws(Raised) {
        let parts = TupleObject(reduced)
        if parts.count < 2 || parts.count > 6 { throw t.picklingError("tuple returned by __reduce__ must contain 2 through 6 elements") }
        func part(_ i: Int) -> Value { i < parts.count && !parts[i].isNone ? parts[i] : .unbound }
        let callable = parts[0], arguments = parts[1]
        if !t.type(of: callable).slots.pointee.call.isSet { throw t.picklingError("first item of the tuple returned by __reduce__ must be callable") }
        if !arguments.isKind(.tuple) { throw t.picklingError("second item of the tuple returned by __reduce__ must be a tuple") }
        try checkIterator(part(3), "fourth")
        try checkIterator(part(4), "fifth")
        let setter = part(5)
        if setter.isBound && !t.type(of: setter).slots.pointee.call.isSet {
            throw t.picklingError("sixth element of the tuple returned by __reduce__ must be a function, not \(t.typeName(setter))")
        }
        try saveCreation(callable, TupleObject(arguments), of: object)
        if object.isBound {
            let known = pickler.memoNumber(object)
            if known >= 0 {
                // The arguments refer back to the object: it was made while they were written.
                try put(PickleOpcode.pop)
                return try get(known)
            }
            try memoize(object)
        }
        if part(3).isBound { try saveItems(of: part(3)) }
        if part(4).isBound { try saveEntries(of: part(4)) }
        if part(2).isBound { try save(state: part(2), of: object, setter: setter) }
    }

    private func checkIterator(_ value: Value, _ which: StaticString) throws(Raised) {
        if value.isUnbound || t.type(of: value).slots.pointee.next.isSet { return }
        throw t.picklingError("\(which) element of the tuple returned by __reduce__ must be an iterator, not \(t.typeName(value))")
    }

    private mutating func save(state: Value, of object: Value, setter: Value) throws(Raised) {
        if setter.isUnbound {
            try save(state)
            return try put(PickleOpcode.build)
        }
        try save(setter)
        try save(object)
        try save(state)
        try put(PickleOpcode.tuple2)
        try put(PickleOpcode.reduce)
        try put(PickleOpcode.pop)
    }

    /// The opcodes that make the object: from protocol 2 on there are some for `copyreg.__newobj__` and `__newobj_ex__`.
    private mutating func saveCreation(_ callable: Value, _ arguments: TupleObject, of object: Value) throws(Raised) {
        if level >= 2 {
            let name = try t.getattrOrUnbound(callable, t.name(.__name__))
            if name.isKind(.str) {
                if StrObject(name).equals("__newobj_ex__") { return try saveNewObjectEx(arguments) }
                if StrObject(name).equals("__newobj__") { return try saveNewObject(arguments, of: object) }
            }
        }
        try save(callable)
        try save(arguments.value)
        try put(PickleOpcode.reduce)
    }

    private mutating func saveNewObject(_ arguments: TupleObject, of object: Value) throws(Raised) {
        if arguments.count < 1 { throw t.picklingError("__newobj__ arglist is empty") }
        let type = arguments[0]
        if try t.getattrOrUnbound(type, t.name(.__new__)).isUnbound { throw t.picklingError("args[0] from __newobj__ args does not have __new__") }
        if object.isBound, try t.getattr(object, .__class__) != type { throw t.picklingError("args[0] from __newobj__ args has the wrong class") }
        let rest = try t.tuple(arguments.items + 1, arguments.count - 1)
        try save(type)
        try save(rest)
        try put(PickleOpcode.newObject)
    }

    private mutating func saveNewObjectEx(_ arguments: TupleObject) throws(Raised) {
        if arguments.count != 3 { throw t.picklingError("length of the NEWOBJ_EX argument tuple must be exactly 3, not \(arguments.count)") }
        let type = arguments[0], positional = arguments[1], keywords = arguments[2]
        if !t.isType(type) { throw t.picklingError("first item from NEWOBJ_EX argument tuple must be a class, not \(t.typeName(type))") }
        if !positional.isKind(.tuple) { throw t.picklingError("second item from NEWOBJ_EX argument tuple must be a tuple, not \(t.typeName(positional))") }
        if !keywords.isKind(.dict) { throw t.picklingError("third item from NEWOBJ_EX argument tuple must be a dict, not \(t.typeName(keywords))") }
        if level >= 4 {
            try save(type)
            try save(positional)
            try save(keywords)
            return try put(PickleOpcode.newObjectEx)
        }
        // Older protocols call `functools.partial(type.__new__, type, *args, **kwargs)`.
        let given = TupleObject(positional)
        let bound = try t.newTuple(given.count + 2)
        bound[0] = try t.getattr(type, .__new__)
        bound[1] = type
        for i in 0..<given.count { bound[i + 2] = given[i] }
        try save(try t.call(state[.partial], tuple: bound.value, keywords: keywords))
        try save(try t.newTuple(0).value)
        try put(PickleOpcode.reduce)
    }
}
