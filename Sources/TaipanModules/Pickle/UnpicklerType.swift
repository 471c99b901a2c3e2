// `_pickle.Unpickler` and the proxy through which programs see its memo.
//
//   values  1 memo: a buffer of objects by number   2 memo of numbers far beyond the rest: a dict   3 persistent_load   4 read
//           5 readline   6 readinto   7 peek   8 iterator of out-of-band buffers   9 encoding   10 errors   11 input read ahead
//   raw    12 entries in the memo   13 protocol   14 fix_imports   15 position in the input   16 how much of it was only peeked at

import TaipanRuntime

struct UnpicklerObject {
    let cell: Cell
    init(_ cell: Cell) { self.cell = cell }
    init(_ value: Value) { cell = value.cell }
    var value: Value { Value(cell) }
    @inline(__always) var memo: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    var farMemo: Value { get { cell[2] } nonmutating set { cell[2] = newValue } }
    var persistentLoad: Value { get { cell[3] } nonmutating set { cell[3] = newValue } }
    var read: Value { get { cell[4] } nonmutating set { cell[4] = newValue } }
    var readLine: Value { get { cell[5] } nonmutating set { cell[5] = newValue } }
    var readInto: Value { get { cell[6] } nonmutating set { cell[6] = newValue } }
    var peek: Value { get { cell[7] } nonmutating set { cell[7] = newValue } }
    var buffers: Value { get { cell[8] } nonmutating set { cell[8] = newValue } }
    var encoding: Value { get { cell[9] } nonmutating set { cell[9] = newValue } }
    var errors: Value { get { cell[10] } nonmutating set { cell[10] = newValue } }
    /// A bytes object, or unbound.
    var input: Value { get { cell[11] } nonmutating set { cell[11] = newValue } }
    @inline(__always) var memoCount: Int { get { cell.raw(12) } nonmutating set { cell.setRaw(newValue, at: 12) } }
    var level: Int { get { cell.raw(13) } nonmutating set { cell.setRaw(newValue, at: 13) } }
    var fixesImports: Bool { get { cell.raw(14) != 0 } nonmutating set { cell.setRaw(newValue ? 1 : 0, at: 14) } }
    var position: Int { get { cell.raw(15) } nonmutating set { cell.setRaw(newValue, at: 15) } }
    /// Where in the input the file itself stands: what is between that and the position must still be read from it.
    var fetched: Int { get { cell.raw(16) } nonmutating set { cell.setRaw(newValue, at: 16) } }
    static var layout: NativeLayout { NativeLayout(valueWords: 11, bytes: 136) }

    func setUp(_ t: Thread, fixImports: Value, encoding: Value, errors: Value, buffers: Value) throws(Raised) {
        fixesImports = fixImports.isUnbound ? true : try t.truth(fixImports)
        self.encoding = try text(t, encoding, "ASCII", "encoding")
        self.errors = try text(t, errors, "strict", "errors")
        self.buffers = buffers.isNoneOrUnbound ? .unbound : try t.iter(buffers)
    }

    private func text(_ t: Thread, _ value: Value, _ fallback: StaticString, _ what: StaticString) throws(Raised) -> Value {
        if value.isUnbound { return t.intern(fallback) }
        if value.isKind(.str) { return value }
        throw t.raise(.typeError, "Unpickler() argument '\(what)' must be str, not \(value.isNone ? "None" : t.typeName(value))")
    }

    func setFile(_ t: Thread, _ file: Value) throws(Raised) {
        peek = try t.getattrOrUnbound(file, t.intern("peek"))
        readInto = try t.getattrOrUnbound(file, t.intern("readinto"))
        read = try t.getattrOrUnbound(file, t.intern("read"))
        readLine = try t.getattrOrUnbound(file, t.name(.readline))
        if read.isUnbound || readLine.isUnbound {
            for word in 4...7 { cell[word] = .unbound }
            throw t.raise(.typeError, "file must have 'read' and 'readline' attributes")
        }
    }

    // MARK: Memo

    /// Numbers up to this far beyond the entries go to the buffer: its size stays in proportion to what was read.
    private static var slack: Int { 1024 }

    @inline(__always) func memoized(_ t: Thread, _ number: Int) -> Value {
        if memo.isBound {
            let buffer = ValueBuffer(memo)
            if number >= 0 && number < buffer.capacity && buffer.items[number].isBound { return buffer.items[number] }
        }
        return farMemo.isUnbound ? .unbound : memoizedFar(t, number)
    }

    private func memoizedFar(_ t: Thread, _ number: Int) -> Value {
        // Keys are ints: looking one up calls no code.
        do throws(Raised) { return try t.get(DictObject(farMemo), t.int(number)) } catch {
            _ = t.takePending()
            return .unbound
        }
    }

    @inline(__always) func memoize(_ t: Thread, _ number: Int, _ object: Value) throws(Raised) {
        if memo.isBound && number < ValueBuffer(memo).capacity {
            let buffer = ValueBuffer(memo)
            if buffer.items[number].isUnbound { memoCount = memoCount &+ 1 }
            buffer.cell.store(object, at: number &+ 2)
            return
        }
        try memoizeBeyond(t, number, object)
    }

    private func memoizeBeyond(_ t: Thread, _ number: Int, _ object: Value) throws(Raised) {
        if number > (memoCount + UnpicklerObject.slack) * 2 {
            if farMemo.isUnbound { farMemo = t.newDict().value }
            if memoized(t, number).isUnbound { memoCount += 1 }
            return try t.set(DictObject(farMemo), t.int(number), object)
        }
        let bigger = try t.newValueBuffer(max(32, number + number / 2 + 8))
        if memo.isBound {
            let old = ValueBuffer(memo)
            for i in 0..<old.capacity { bigger.cell.store(old.items[i], at: i + 2) }
        }
        memo = bigger.value
        if memoized(t, number).isUnbound { memoCount += 1 }
        bigger.cell.store(object, at: number + 2)
    }

    func clearMemo() {
        memo = .unbound
        farMemo = .unbound
        memoCount = 0
    }

    /// `{number: object}`.
    func memoDict(_ t: Thread) throws(Raised) -> Value {
        let made = t.newDict()
        if memo.isBound {
            let buffer = ValueBuffer(memo)
            for i in 0..<buffer.capacity where buffer.items[i].isBound { try t.set(made, t.int(i), buffer.items[i]) }
        }
        if farMemo.isBound {
            let dict = DictObject(farMemo)
            for i in 0..<dict.entryCount where dict.entry(i).key.isBound {
                if try t.get(made, dict.entry(i).key).isUnbound { try t.set(made, dict.entry(i).key, dict.entry(i).value) }
            }
        }
        return made.value
    }
}

extension Thread {
    /// `Unpickler.__init__`, called with bound arguments.
    static func initUnpickler(_ t: Thread, _ a: Arguments) throws(Raised) -> Value {
        let unpickler = UnpicklerObject(a[0])
        for word in 1...11 { unpickler.cell[word] = .unbound }
        unpickler.position = 0
        unpickler.fetched = 0
        unpickler.memoCount = 0
        unpickler.level = 0
        try unpickler.setFile(t, a[1])
        try unpickler.setUp(t, fixImports: a[2], encoding: a[3], errors: a[4], buffers: a[5])
        unpickler.persistentLoad = try t.getattrOrUnbound(a[0], t.intern("persistent_load"))
        return .none
    }

    func defineUnpickler(_ b: TypeBuilder) {
        b.doc("Unpickler(file, *, fix_imports=True, encoding='ASCII', errors='strict',\n          buffers=())\n--\n\nMakes objects again from what a Pickler wrote to a binary file.\n\nThe file has read() and readline(), and may have readinto() and peek(). encoding and\nerrors say how strings of Python 2 are decoded; with encoding='bytes' they stay bytes.\nbuffers gives the buffers that the pickler's buffer_callback kept.")
        b.slots.pointee.new = CallSlot { (t, type, a) in Value(t.allocate(TypeObject(type))) }
        b.slots.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in try t.callPickleInit(.unpicklerInit, v, a) }
        b.method("load", "($self, /)", "Reads one pickle from the file and returns its object.") { (t, a) throws(Raised) in
            let unpickler = UnpicklerObject(a[0])
            if unpickler.read.isUnbound {
                throw t.unpicklingError("Unpickler.__init__() was not called by \(t.typeName(a[0])).__init__()")
            }
            return try PickleReader.load(t, unpickler)
        }
        b.method("find_class", "($self, module_name, global_name, /)", "The object of that name in the module, which is imported if need be.\n\nSubclasses override this to say what may be loaded.") { (t, a) throws(Raised) in
            try t.findClass(UnpicklerObject(a[0]), a[1], a[2])
        }
        b.method("__sizeof__", "($self, /)", "Bytes that the unpickler and its memo take.") { (t, a) in
            let unpickler = UnpicklerObject(a[0])
            return t.int(UnpicklerObject.layout.bytes + (unpickler.memo.isUnbound ? 0 : ValueBuffer(unpickler.memo).capacity * 8))
        }
        b.getset("memo", get: { (t, v) in
            let proxy = t.allocate(TypeObject(PickleState(t)[.unpicklerMemo]))
            proxy[1] = v
            return Value(proxy)
        }, set: { (t, v, new) throws(Raised) in try t.setUnpicklerMemo(UnpicklerObject(v), new) })
        b.getset("persistent_load", get: { (t, v) throws(Raised) in
            let method = UnpicklerObject(v).persistentLoad
            if method.isUnbound { throw t.raise(.attributeError, "persistent_load") }
            return method
        }, set: { (t, v, new) throws(Raised) in
            if new.isUnbound { throw t.raise(.typeError, "attribute deletion is not supported") }
            if !t.type(of: new).slots.pointee.call.isSet { throw t.raise(.typeError, "persistent_load must be a callable taking one argument") }
            UnpicklerObject(v).persistentLoad = new
        })
    }

    private func setUnpicklerMemo(_ unpickler: UnpicklerObject, _ new: Value) throws(Raised) {
        if new.isUnbound { throw raise(.typeError, "attribute deletion is not supported") }
        var source = new
        if isExactly(new, PickleState(self)[.unpicklerMemo]) {
            source = try UnpicklerObject(new.cell[1]).memoDict(self)
        } else if !new.isKind(.dict) {
            throw raise(.typeError, "'memo' attribute must be an UnpicklerMemoProxy object or dict, not \(typeName(new))")
        }
        let made = UnpicklerObject(allocate(TypeObject(PickleState(self)[.unpickler])))
        let dict = DictObject(source)
        for i in 0..<dict.entryCount where dict.entry(i).key.isBound {
            let key = dict.entry(i).key
            if !isInt(key) { throw raise(.typeError, "memo key must be integers") }
            let number = try index(key)
            if number < 0 { throw raise(.valueError, "memo key must be positive integers.") }
            try made.memoize(self, number, dict.entry(i).value)
        }
        unpickler.memo = made.memo
        unpickler.farMemo = made.farMemo
        unpickler.memoCount = made.memoCount
    }

    func defineUnpicklerMemo(_ b: TypeBuilder) {
        b.constant("__hash__", .none)
        b.slots.pointee.hash = IntSlot { (t, v) throws(Raised) in throw t.raise(.typeError, "unhashable type: '\(t.typeName(v))'") }
        b.method("clear", "($self, /)", "Forgets everything.") { (t, a) in
            UnpicklerObject(a[0].cell[1]).clearMemo()
            return .none
        }
        b.method("copy", "($self, /)", "The memo as a dict of numbers to objects.") { (t, a) throws(Raised) in
            try UnpicklerObject(a[0].cell[1]).memoDict(t)
        }
        b.method("__reduce__", "($self, /)", "Pickles as a dict.") { (t, a) throws(Raised) in
            try t.tuple(t.types.pointee.dict, try t.tuple(try UnpicklerObject(a[0].cell[1]).memoDict(t)))
        }
    }
}
