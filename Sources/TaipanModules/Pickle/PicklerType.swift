// `_pickle.Pickler` and the proxy through which programs see its memo.
//
//   values  1 memo   2 persistent_id   3 dispatch_table   4 write   5 buffer_callback   6 reducer_override   7 objects being
//           pickled in fast mode   8 bin (0 or 1)   9 fast (an int)
//   raw    10 entries in the memo   11 protocol   12 fix_imports   13 nesting in fast mode

import TaipanRuntime

struct PicklerObject {
    let cell: Cell
    init(_ cell: Cell) { self.cell = cell }
    init(_ value: Value) { cell = value.cell }
    var value: Value { Value(cell) }
    @inline(__always) var memo: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    var persistentID: Value { get { cell[2] } nonmutating set { cell[2] = newValue } }
    var dispatchTable: Value { get { cell[3] } nonmutating set { cell[3] = newValue } }
    var write: Value { get { cell[4] } nonmutating set { cell[4] = newValue } }
    var bufferCallback: Value { get { cell[5] } nonmutating set { cell[5] = newValue } }
    var reducerOverride: Value { get { cell[6] } nonmutating set { cell[6] = newValue } }
    var fastObjects: Value { get { cell[7] } nonmutating set { cell[7] = newValue } }
    @inline(__always) var isBinary: Bool { cell[8].isSmallInt && cell[8].smallInt != 0 }
    @inline(__always) var isFast: Bool { cell[9].isSmallInt && cell[9].smallInt != 0 }
    @inline(__always) var memoCount: Int { get { cell.raw(10) } nonmutating set { cell.setRaw(newValue, at: 10) } }
    @inline(__always) var level: Int { get { cell.raw(11) } nonmutating set { cell.setRaw(newValue, at: 11) } }
    var fixesImports: Bool { get { cell.raw(12) != 0 } nonmutating set { cell.setRaw(newValue ? 1 : 0, at: 12) } }
    var fastNesting: Int { get { cell.raw(13) } nonmutating set { cell.setRaw(newValue, at: 13) } }
    static var layout: NativeLayout { NativeLayout(valueWords: 9, bytes: 112) }

    func setUp(_ t: Thread, protocol level: Value, fixImports: Value, bufferCallback: Value) throws(Raised) {
        var number = PickleOpcode.defaultProtocol
        if !level.isNoneOrUnbound {
            number = try t.index(level)
            if number < 0 {
                number = PickleOpcode.highestProtocol
            } else if number > PickleOpcode.highestProtocol {
                throw t.raise(.valueError, "pickle protocol must be <= \(PickleOpcode.highestProtocol)")
            }
        }
        self.level = number
        cell[8] = Value(smallInt: number > 0 ? 1 : 0)
        cell[9] = Value(smallInt: 0)
        fixesImports = fixImports.isUnbound ? number < 3 : try t.truth(fixImports) && number < 3
        if !bufferCallback.isNoneOrUnbound {
            if number < 5 { throw t.raise(.valueError, "buffer_callback needs protocol >= 5") }
            self.bufferCallback = bufferCallback
        } else {
            self.bufferCallback = .unbound
        }
    }

    func setFile(_ t: Thread, _ file: Value) throws(Raised) {
        write = try t.getattrOrUnbound(file, t.name(.write))
        if write.isUnbound { throw t.raise(.typeError, "file must have a 'write' attribute") }
    }
}

extension Thread {
    /// `Pickler.__init__`, called with bound arguments.
    static func initPickler(_ t: Thread, _ a: Arguments) throws(Raised) -> Value {
        let pickler = PicklerObject(a[0])
        if pickler.write.isBound {
            for word in 1...7 { pickler.cell[word] = .unbound }
            pickler.memoCount = 0
        }
        try pickler.setUp(t, protocol: a[2], fixImports: a[3], bufferCallback: .unbound)
        try pickler.setFile(t, a[1])
        try pickler.setUp(t, protocol: a[2], fixImports: a[3], bufferCallback: a[4])
        pickler.clearMemo()
        pickler.fastNesting = 0
        pickler.fastObjects = .unbound
        pickler.persistentID = try t.getattrOrUnbound(a[0], t.intern("persistent_id"))
        pickler.dispatchTable = try t.getattrOrUnbound(a[0], t.intern("dispatch_table"))
        return .none
    }

    /// Binds the arguments that an `__init__` slot got to the signature of the kept method `entry`, and calls it.
    func callPickleInit(_ entry: PickleEntry, _ receiver: Value, _ a: Arguments) throws(Raised) {
        let extra = a.keywords.isUnbound ? 0 : TupleObject(a.keywords).count
        let base = try pushScratch(a.count + extra + 1)
        defer { popScratch(base) }
        base[0] = receiver
        for i in 0..<(a.count + extra) { base[i + 1] = a[i] }
        _ = try callNative(NativeFunction(PickleState(self)[entry]), Arguments(base, a.count + 1, a.keywords), receiver: true)
    }

    func definePickler(_ b: TypeBuilder) {
        b.doc("Pickler(file, protocol=None, fix_imports=True, buffer_callback=None)\n--\n\nWrites objects to a binary file in a form from which an Unpickler makes them again.\n\nprotocol is 0 to 5, 4 when it is None, and the highest when negative. With fix_imports,\nprotocols below 3 name modules as Python 2 did. From protocol 5 on, buffer_callback is\ncalled with each PickleBuffer; when it returns something false, the buffer's bytes stay\nout of the file.")
        b.slots.pointee.new = CallSlot { (t, type, a) in
            let cell = t.allocate(TypeObject(type))
            cell[8] = Value(smallInt: 0)
            cell[9] = Value(smallInt: 0)
            return Value(cell)
        }
        b.slots.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in try t.callPickleInit(.picklerInit, v, a) }
        b.method("dump", "($self, obj, /)", "Writes the pickle of obj to the file.") { (t, a) throws(Raised) in
            let pickler = PicklerObject(a[0])
            if pickler.write.isUnbound {
                throw t.picklingError("Pickler.__init__() was not called by \(t.typeName(a[0])).__init__()")
            }
            try PickleWriter.dump(t, pickler, a[1])
            return .none
        }
        b.method("clear_memo", "($self, /)", "Forgets which objects were pickled already.") { (t, a) in
            PicklerObject(a[0]).clearMemo()
            return .none
        }
        b.method("__sizeof__", "($self, /)", "Bytes that the pickler and its memo take.") { (t, a) in
            let pickler = PicklerObject(a[0])
            return t.int(PicklerObject.layout.bytes + (pickler.memo.isUnbound ? 0 : ValueBuffer(pickler.memo).capacity * 8))
        }
        b.intMember("bin", word: 8)
        b.intMember("fast", word: 9)
        b.member("dispatch_table", word: 3, readOnly: false, noneWhenUnbound: false)
        b.getset("memo", get: { (t, v) in
            let proxy = t.allocate(TypeObject(PickleState(t)[.picklerMemo]))
            proxy[1] = v
            return Value(proxy)
        }, set: { (t, v, new) throws(Raised) in try t.setPicklerMemo(PicklerObject(v), new) })
        b.getset("persistent_id", get: { (t, v) throws(Raised) in
            let method = PicklerObject(v).persistentID
            if method.isUnbound { throw t.raise(.attributeError, "persistent_id") }
            return method
        }, set: { (t, v, new) throws(Raised) in
            if new.isUnbound { throw t.raise(.typeError, "attribute deletion is not supported") }
            if !t.type(of: new).slots.pointee.call.isSet { throw t.raise(.typeError, "persistent_id must be a callable taking one argument") }
            PicklerObject(v).persistentID = new
        })
    }

    private func setPicklerMemo(_ pickler: PicklerObject, _ new: Value) throws(Raised) {
        if new.isUnbound { throw raise(.typeError, "attribute deletion is not supported") }
        if isExactly(new, PickleState(self)[.picklerMemo]) {
            // A copy: both picklers go on by themselves.
            let source = PicklerObject(new.cell[1])
            let made = PicklerObject(allocate(TypeObject(PickleState(self)[.pickler])))
            try source.forEachInMemo { (object, number) throws(Raised) in try made.setMemo(self, object, number) }
            pickler.memo = made.memo
            pickler.memoCount = made.memoCount
            return
        }
        if !new.isKind(.dict) {
            throw raise(.typeError, "'memo' attribute must be a PicklerMemoProxy object or dict, not \(typeName(new))")
        }
        let made = PicklerObject(allocate(TypeObject(PickleState(self)[.pickler])))
        let dict = DictObject(new)
        for i in 0..<dict.entryCount where dict.entry(i).key.isBound {
            let pair = dict.entry(i).value
            if !pair.isKind(.tuple) || TupleObject(pair).count != 2 { throw raise(.typeError, "'memo' values must be 2-item tuples") }
            try made.setMemo(self, TupleObject(pair)[1], try index(TupleObject(pair)[0]))
        }
        pickler.memo = made.memo
        pickler.memoCount = made.memoCount
    }

    func definePicklerMemo(_ b: TypeBuilder) {
        b.constant("__hash__", .none)
        b.slots.pointee.hash = IntSlot { (t, v) throws(Raised) in throw t.raise(.typeError, "unhashable type: '\(t.typeName(v))'") }
        b.method("clear", "($self, /)", "Forgets everything.") { (t, a) in
            PicklerObject(a[0].cell[1]).clearMemo()
            return .none
        }
        b.method("copy", "($self, /)", "The memo as a dict: identities to pairs of number and object.") { (t, a) throws(Raised) in
            try PicklerObject(a[0].cell[1]).memoDict(t)
        }
        b.method("__reduce__", "($self, /)", "Pickles as a dict.") { (t, a) throws(Raised) in
            try t.tuple(t.types.pointee.dict, try t.tuple(try PicklerObject(a[0].cell[1]).memoDict(t)))
        }
    }
}
