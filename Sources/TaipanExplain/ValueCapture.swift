// What values look like at one moment, taken down in a few words each. Taking down is what the recorder does at every instruction, so no text
// is made: numbers and short texts, which never change, are kept as they are, containers as their first items, everything else by the name
// of its kind. `ValueText` makes texts of the words later. Nothing here runs Python code, allocates Python objects, or keeps anything alive
// whose end a program could notice.
//
// An entry is a word with tag and count, then its payload:
//
//   null, elided         nothing follows
//   plain                the value itself
//   text, bytes          the first 62 units, two a word; the count is the whole length
//   number               the count is the bits of a large int
//   list, tuple, …       how many items follow as entries; the count is the whole length
//   named                a name; the count is the kind
//   object, type         the names of the class and of its module
//   exception            the name of its class, then its arguments as an entry

import TaipanRuntime

enum CaptureTag {
    static var null: Int { 0 }
    static var elided: Int { 1 }
    static var plain: Int { 2 }
    static var text: Int { 3 }
    static var bytes: Int { 4 }
    static var number: Int { 5 }
    static var list: Int { 6 }
    static var tuple: Int { 7 }
    static var dict: Int { 8 }
    static var set: Int { 9 }
    static var frozenset: Int { 10 }
    static var named: Int { 11 }
    static var object: Int { 12 }
    static var exception: Int { 13 }
    static var cell: Int { 14 }
    static var type: Int { 15 }
}

/// What a name belongs to.
enum NamedKind: Int {
    case function, builtinFunction, method, builtinMethod, module, generator, coroutine, asyncGenerator, code
}

/// Writes entries one behind the other.
struct ValueCapture {
    let t: Thread
    /// Kept alive: the memory that `words` points into is a root.
    let words: UnsafeMutablePointer<Value>
    let capacity: Int
    private(set) var count = 0

    /// The units of a long text that are kept, and what counts as long.
    static var textUnits: Int { 62 }
    static var plainLimit: Int { 100 }
    /// Items of a container that are kept, in the outermost and further in; how deep that goes.
    static var itemLimit: Int { 8 }
    static var innerItemLimit: Int { 4 }
    static var depthLimit: Int { 3 }
    /// Places of a dict or set that are looked at for items.
    static var searchLimit: Int { 128 }

    init(_ t: Thread, _ words: UnsafeMutablePointer<Value>, _ capacity: Int) {
        self.t = t
        self.words = words
        self.capacity = capacity
    }

    @inline(__always) private mutating func head(_ tag: Int, _ n: Int = 0) {
        words[count] = Value(smallInt: tag | n << 8)
        count &+= 1
    }

    @inline(__always) private mutating func put(_ value: Value) {
        words[count] = value
        count &+= 1
    }

    private var room: Int { capacity - count }

    /// Takes `value` down; where there is no room left, only that it was there. Always takes at least a word, for which there must be room.
    @inline(__always) mutating func add(_ value: Value) {
        if value.isUnbound { return head(CaptureTag.null) }
        if room < 4 { return head(CaptureTag.elided) }
        if !value.isCell {
            head(CaptureTag.plain)
            return put(value)
        }
        addCell(value, 0)
    }

    /// Takes `value` down so that `rest` more entries have room for a word each.
    mutating func addWithin(_ value: Value, reserving rest: Int) {
        var inner = ValueCapture(t, words + count, capacity - count - rest)
        inner.add(value)
        count += inner.count
    }

    mutating func addElided() { head(CaptureTag.elided) }

    private mutating func addNested(_ value: Value, _ depth: Int) {
        if value.isUnbound { return head(CaptureTag.null) }
        if room < 4 { return head(CaptureTag.elided) }
        if !value.isCell {
            head(CaptureTag.plain)
            return put(value)
        }
        addCell(value, depth)
    }

    private mutating func addCell(_ value: Value, _ depth: Int) {
        switch value.cell.layout {
        case .str: addText(StrObject(value))
        case .int: addNumber(value)
        case .float, .complex, .range: plain(value)
        case .bytes: addBytes(value)
        case .tuple: addItems(CaptureTag.tuple, TupleObject(value).count, TupleObject(value).items, depth)
        case .list: addItems(CaptureTag.list, ListObject(value).count, ListObject(value).count > 0 ? ListObject(value).items : words, depth)
        case .dict: addDict(DictObject(value), depth)
        case .set: addSet(CaptureTag.set, SetObject(value), depth)
        case .frozenset: addSet(CaptureTag.frozenset, SetObject(value), depth)
        case .cell:
            head(CaptureTag.cell)
            addNested(value.cell[1], depth + 1)
        default: addNamed(value, depth)
        }
    }

    private mutating func plain(_ value: Value) {
        head(CaptureTag.plain)
        put(value)
    }

    private mutating func addNumber(_ value: Value) {
        let number = IntObject(value)
        if number.limbCount <= 4 { return plain(value) }
        let top = number.limbs[number.limbCount - 1]
        head(CaptureTag.number, (number.limbCount * 64 - top.leadingZeroBitCount) << 1 | (number.isNegative ? 1 : 0))
    }

    private mutating func addText(_ s: StrObject) {
        if s.count <= ValueCapture.plainLimit { return plain(s.value) }
        if room < ValueCapture.textUnits / 2 + 2 { return head(CaptureTag.elided) }
        head(CaptureTag.text, s.count)
        for i in stride(from: 0, to: ValueCapture.textUnits, by: 2) { put(Value(smallInt: Int(s[i]) | Int(s[i + 1]) << 31)) }
    }

    private mutating func addBytes(_ value: Value) {
        let bytes = BytesObject(value)
        if bytes.count <= ValueCapture.plainLimit { return plain(value) }
        if room < ValueCapture.textUnits / 2 + 2 { return head(CaptureTag.elided) }
        head(CaptureTag.bytes, bytes.count)
        for i in stride(from: 0, to: ValueCapture.textUnits, by: 2) { put(Value(smallInt: Int(bytes.data[i]) | Int(bytes.data[i + 1]) << 31)) }
    }

    /// How many of `count` items are taken down.
    private func shown(_ count: Int, _ depth: Int) -> Int {
        if depth >= ValueCapture.depthLimit { return 0 }
        return min(count, depth == 0 ? ValueCapture.itemLimit : ValueCapture.innerItemLimit, max(0, (room - 2) / 3))
    }

    private mutating func addItems(_ tag: Int, _ count: Int, _ items: UnsafeMutablePointer<Value>, _ depth: Int) {
        let n = shown(count, depth)
        head(tag, count)
        put(Value(smallInt: n))
        for i in 0..<n { addReserving(items[i], depth + 1, n - 1 - i) }
    }

    /// Takes an item down so that `rest` more entries have room.
    private mutating func addReserving(_ value: Value, _ depth: Int, _ rest: Int) {
        if room - rest < 6 + 2 * rest { return head(value.isUnbound ? CaptureTag.null : CaptureTag.elided) }
        var inner = ValueCapture(t, words + count, room - 2 * rest)
        inner.addNested(value, depth)
        count += inner.count
    }

    private mutating func addDict(_ dict: DictObject, _ depth: Int) {
        let n = shown(dict.count, depth) / (depth == 0 ? 1 : 2)
        head(CaptureTag.dict, dict.count)
        let place = count
        put(Value(smallInt: 0))
        var taken = 0, i = 0
        while taken < n && i < min(dict.entryCount, ValueCapture.searchLimit) && room > 12 {
            let entry = dict.entry(i)
            i += 1
            if entry.key.isUnbound { continue }
            addReserving(entry.key, depth + 1, 1)
            addNested(entry.value, depth + 1)
            taken += 1
        }
        words[place] = Value(smallInt: taken)
    }

    private mutating func addSet(_ tag: Int, _ set: SetObject, _ depth: Int) {
        let n = shown(set.count, depth)
        head(tag, set.count)
        let place = count
        put(Value(smallInt: 0))
        var taken = 0, i = 0
        while taken < n && i < min(set.slotCount, ValueCapture.searchLimit) && room > 8 {
            let key = set.key(at: i)
            i += 1
            if key.isUnbound { continue }
            addNested(key, depth + 1)
            taken += 1
        }
        words[place] = Value(smallInt: taken)
    }

    // MARK: Things with names

    private mutating func addNamed(_ value: Value, _ depth: Int) {
        switch value.cell.layout {
        case .function: named(.function, FunctionObject(value).qualname)
        case .builtinFunction:
            let function = NativeFunction(value)
            let isMethod = function.bound.isBound && !function.bound.hasLayout(.module) && !function.bound.isNone
            named(isMethod ? .builtinMethod : .builtinFunction, function.name)
        case .methodDescriptor: named(.builtinMethod, NativeFunction(value).name)
        case .method: named(.method, value.cell[1].hasLayout(.function) ? FunctionObject(value.cell[1]).qualname : .unbound)
        case .module: named(.module, value.cell[1].isBound ? DictObject(value.cell[1]).findString(t, t.name(.__name__)) : .unbound)
        case .generator: named(.generator, GeneratorObject(value).qualname)
        case .coroutine: named(.coroutine, GeneratorObject(value).qualname)
        case .asyncGenerator: named(.asyncGenerator, GeneratorObject(value).qualname)
        case .code: named(.code, CodeCell(value).qualname)
        default:
            if value.isKind(.type) { return addClass(TypeObject(value)) }
            if value.isKind(.exception) { return addException(value, depth) }
            addObject(t.type(of: value))
        }
    }

    private func shortText(_ value: Value) -> Value { value.hasLayout(.str) && StrObject(value).count <= 200 ? value : .none }

    private mutating func named(_ kind: NamedKind, _ name: Value) {
        head(CaptureTag.named, kind.rawValue)
        put(shortText(name))
    }

    private func moduleName(_ type: TypeObject) -> Value {
        if type.has(TypeFlag.heap), type.dict.isBound { return shortText(DictObject(type.dict).findString(t, t.name(.__module__))) }
        return shortText(type.moduleName)
    }

    private func className(_ type: TypeObject) -> Value { shortText(type.qualname.isBound ? type.qualname : type.name) }

    private mutating func addClass(_ type: TypeObject) {
        head(CaptureTag.type)
        put(className(type))
        put(moduleName(type))
    }

    private mutating func addObject(_ type: TypeObject) {
        head(CaptureTag.object)
        put(className(type))
        put(moduleName(type))
    }

    private mutating func addException(_ value: Value, _ depth: Int) {
        head(CaptureTag.exception)
        put(className(t.type(of: value)))
        if room < 3 { return head(CaptureTag.elided) }
        addNested(ExceptionObject(value).arguments, depth + 1)
    }
}
