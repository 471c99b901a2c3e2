// Which opcodes stand for which object: the builtin types. What has a reduce function is in PicklingReduce.swift, classes and
// functions in PicklingGlobals.swift.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanNumbers
import TaipanRuntime
import TaipanUnicode

extension PickleWriter {
    /// Items written under one mark.
    static var batchSize: Int { 1000 }

    /// Writes one object. `isPersistentID`: it is a persistent id, which has none itself.
    mutating func save(_ object: Value, isPersistentID: Bool = false) throws(Raised) {
        try boundary()
        if pickler.persistentID.isBound && !isPersistentID, try savePersistent(object) { return }
        if !object.isCell {
            if object.isSmallInt { return try save(int: object.smallInt) }
            if object.isNone { return try put(PickleOpcode.none) }
            if object.isBool { return try saveBool(object.isTrue) }
            if object.isSmallFloat { return try saveFloat(object.smallFloat) }
        } else if object.hasLayout(.int) {
            return try saveLong(object)
        } else if object.hasLayout(.float) {
            return try saveFloat(t.double(object))
        }
        let known = pickler.memoNumber(object)
        if known >= 0 { return try get(known) }
        if object.isCell {
            switch object.cell.layout {
            case .str: return try saveStr(object)
            case .bytes: return try saveBytes(object)
            default: break
            }
        }
        try t.enterRecursion(" while pickling an object")
        defer { t.leaveRecursion() }
        if object.isCell {
            switch object.cell.layout {
            case .dict: return try saveDict(object)
            case .set: return try saveSet(object)
            case .frozenset: return try saveFrozenSet(object)
            case .list: return try saveList(object)
            case .tuple: return try saveTuple(object)
            case .bytearray: return try saveByteArray(object)
            default: break
            }
            if t.isExactly(object, state[.pickleBuffer]) { return try saveBuffer(object) }
        }
        try saveByReduction(object)
    }

    // MARK: Numbers

    private mutating func saveBool(_ flag: Bool) throws(Raised) {
        if level >= 2 { return try put(flag ? PickleOpcode.newTrue : PickleOpcode.newFalse) }
        try put(PickleOpcode.int, line: flag ? "01" : "00")
    }

    private mutating func save(int n: Int) throws(Raised) {
        guard let small = Int32(exactly: n) else { return try saveLong(t.int(n)) }
        if !isBinary { return try put(PickleOpcode.int, line: "\(n)") }
        if n >= 0 && n < 256 { return try put(PickleOpcode.binInt1, UInt8(truncatingIfNeeded: n)) }
        if n >= 0 && n < 65536 { return try put(PickleOpcode.binInt2, UInt64(n), bytes: 2) }
        try put(PickleOpcode.binInt, UInt64(UInt32(bitPattern: small)), bytes: 4)
    }

    /// An int of more than 32 bits.
    private mutating func saveLong(_ value: Value) throws(Raised) {
        if level < 2 { return try put(PickleOpcode.long, line: "\(t.string(try t.intText(value)))L") }
        let bytes = try t.withInt(value) { (n) in PickleWriter.twosComplement(n) }
        if bytes.count < 256 {
            try put(PickleOpcode.long1, UInt8(truncatingIfNeeded: bytes.count))
        } else {
            if bytes.count > Int(Int32.max) { throw t.raise(.overflowError, "int too large to pickle") }
            try put(PickleOpcode.long4, UInt64(bytes.count), bytes: 4)
        }
        try put(bytes)
    }

    /// The shortest two's complement form, least significant byte first.
    private static func twosComplement(_ n: IntView) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(n.count * 8 + 1)
        var carry = n.isNegative
        for i in 0..<n.count {
            var limb = n.limbs[i]
            if n.isNegative {
                limb = ~limb
                if carry { (limb, carry) = limb.addingReportingOverflow(1) }
            }
            for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: limb >> UInt64(shift * 8))) }
        }
        let sign: UInt8 = n.isNegative ? 0xFF : 0
        bytes.append(sign)
        while bytes.count > 1 && bytes[bytes.count - 1] == sign && (bytes[bytes.count - 2] ^ sign) < 0x80 { bytes.removeLast() }
        return bytes
    }

    private mutating func saveFloat(_ d: Double) throws(Raised) {
        if isBinary { return try put(PickleOpcode.binFloat, d.bitPattern.byteSwapped, bytes: 8) }
        try put(PickleOpcode.float, line: FloatText.repr(d))
    }

    // MARK: Texts and bytes

    private mutating func saveStr(_ value: Value) throws(Raised) {
        let s = StrObject(value)
        if !isBinary {
            try put(PickleOpcode.unicode)
            try put(PickleWriter.rawEscaped(s.points))
        } else if s.isASCII {
            try putText(s.units8, s.count, payload: .unbound)
        } else {
            let encoded = t.wtf8(value)
            try encoded.withUnsafeBufferPointer { (bytes) throws(Raised) in
                if let base = bytes.baseAddress { try putText(base, bytes.count, payload: .unbound) }
            }
        }
        try memoize(value)
    }

    /// The opcode for text in UTF-8.
    private mutating func putText(_ bytes: UnsafePointer<UInt8>, _ n: Int, payload: Value) throws(Raised) {
        if n < 256 && level >= 4 {
            try put(PickleOpcode.shortBinUnicode, UInt8(truncatingIfNeeded: n))
            try put(raw: bytes, n)
        } else if n <= 0xFFFF_FFFF {
            try put(PickleOpcode.binUnicode, size: n, sizeBytes: 4, bytes, payload: payload)
        } else if level >= 4 {
            try put(PickleOpcode.binUnicode8, size: n, sizeBytes: 8, bytes, payload: payload)
        } else {
            throw t.raise(.overflowError, "serializing a string larger than 4 GiB requires pickle protocol 4 or higher")
        }
    }

    /// raw_unicode_escape and a newline; characters that would end the line or start an escape are escaped too.
    private static func rawEscaped(_ text: CodePoints) -> [UInt8] {
        var out: [UInt8] = []
        func appendHex(_ c: UInt32, _ digits: Int) {
            for i in (0..<digits).reversed() {
                let digit = UInt8(truncatingIfNeeded: c >> UInt32(i * 4)) & 15
                out.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
            }
        }
        for i in 0..<text.count {
            let c = text[i]
            if c >= 0x10000 {
                out += [0x5C, 0x55]
                appendHex(c, 8)
            } else if c >= 0x100 || c == 0x5C || c == 0 || c == 0x0A || c == 0x0D || c == 0x1A {
                out += [0x5C, 0x75]
                appendHex(c, 4)
            } else {
                out.append(UInt8(c))
            }
        }
        out.append(0x0A)
        return out
    }

    private mutating func saveBytes(_ value: Value) throws(Raised) {
        let b = BytesObject(value)
        if level >= 3 { return try save(bytes: b.data, b.count, of: value, payload: value) }
        // Python 2 has no such object: it gets the bytes from the text of the same characters.
        let reduced: Value
        if b.count == 0 {
            reduced = try t.tuple(t.types.pointee.bytes, try t.newTuple(0).value)
        } else {
            let text = try t.newStr(b.points)
            reduced = try t.tuple(state[.codecsEncode], try t.tuple(text, t.intern("latin1")))
        }
        try save(reduced: reduced, of: value)
    }

    /// `n` bytes as bytes, and `object` in the memo.
    private mutating func save(bytes: UnsafePointer<UInt8>, _ n: Int, of object: Value, payload: Value) throws(Raised) {
        if n < 256 {
            try put(PickleOpcode.shortBinBytes, UInt8(truncatingIfNeeded: n))
            try put(raw: bytes, n)
        } else if n <= 0xFFFF_FFFF {
            try put(PickleOpcode.binBytes, size: n, sizeBytes: 4, bytes, payload: payload)
        } else if level >= 4 {
            try put(PickleOpcode.binBytes8, size: n, sizeBytes: 8, bytes, payload: payload)
        } else {
            throw t.raise(.overflowError, "serializing a bytes object larger than 4 GiB requires pickle protocol 4 or higher")
        }
        try memoize(object)
    }

    private mutating func saveByteArray(_ value: Value) throws(Raised) {
        let array = ByteArrayObject(value)
        if level >= 5 {
            let view = try t.buffer(of: value)
            defer { t.release(view) }
            try put(PickleOpcode.byteArray8, size: array.count, sizeBytes: 8, array.data, payload: array.count >= 1 << 16 ? value : .unbound)
            return try memoize(value)
        }
        let arguments = array.count == 0 ? try t.newTuple(0).value : try t.tuple(try t.bytes(array.data, array.count))
        try save(reduced: try t.tuple(t.types.pointee.bytearray, arguments), of: value)
    }

    /// A PickleBuffer: out of band when the callback keeps it, as bytes or bytearray otherwise.
    private mutating func saveBuffer(_ value: Value) throws(Raised) {
        if level < 5 { throw t.picklingError("PickleBuffer can only pickled with protocol >= 5") }
        let source = try t.openPickleBuffer(PickleBufferObject(value))
        if !source.isContiguous { throw t.picklingError("PickleBuffer can not be pickled when pointing to a non-contiguous buffer") }
        var inBand = true
        if pickler.bufferCallback.isBound { inBand = try t.truth(try t.call(pickler.bufferCallback, value)) }
        if !inBand {
            try put(PickleOpcode.nextBuffer)
            if source.isReadOnly { try put(PickleOpcode.readOnlyBuffer) }
            return
        }
        let bytes = UnsafePointer(source.base.assumingMemoryBound(to: UInt8.self))
        if source.isReadOnly { return try save(bytes: bytes, source.byteCount, of: value, payload: .unbound) }
        try put(PickleOpcode.byteArray8, size: source.byteCount, sizeBytes: 8, bytes, payload: .unbound)
        try memoize(value)
    }

    // MARK: Tuples

    private mutating func saveTuple(_ value: Value) throws(Raised) {
        let items = TupleObject(value), n = items.count
        if n == 0 {
            if isBinary { return try put(PickleOpcode.emptyTuple) }
            return try put(PickleOpcode.mark, PickleOpcode.tuple)
        }
        let isShort = n <= 3 && level >= 2
        if !isShort { try put(PickleOpcode.mark) }
        for i in 0..<n { try save(items[i]) }
        let known = pickler.memoNumber(value)
        if known >= 0 {
            // The items refer back to the tuple: what they left on the stack goes, the tuple is in the memo by now.
            if !isShort && isBinary {
                try put(PickleOpcode.popMark)
            } else {
                for _ in 0..<(isShort ? n : n + 1) { try put(PickleOpcode.pop) }
            }
            return try get(known)
        }
        try put(isShort ? PickleOpcode.tuple1 + UInt8(truncatingIfNeeded: n - 1) : PickleOpcode.tuple)
        try memoize(value)
    }

    // MARK: Lists

    private mutating func saveList(_ value: Value) throws(Raised) {
        try enterFast(value)
        if isBinary { try put(PickleOpcode.emptyList) } else { try put(PickleOpcode.mark, PickleOpcode.list) }
        try memoize(value)
        if ListObject(value).count > 0 {
            try t.enterRecursion(" while pickling an object")
            defer { t.leaveRecursion() }
            if level > 0 { try saveItems(list: ListObject(value)) } else { try saveItems(of: try t.iter(value)) }
        }
        leaveFast(value)
    }

    /// Items of an exact list, which is asked anew for each: pickling one may change it.
    private mutating func saveItems(list: ListObject) throws(Raised) {
        if list.count == 1 {
            try save(list[0])
            return try put(PickleOpcode.append)
        }
        var i = 0
        repeat {
            try put(PickleOpcode.mark)
            var batch = 0
            while i < list.count {
                try save(list[i])
                i += 1
                batch += 1
                if batch == PickleWriter.batchSize { break }
            }
            try put(PickleOpcode.appends)
        } while i < list.count
    }

    /// Items of an iterator, appended to the list (or what is like one) on the stack.
    mutating func saveItems(of iterator: Value) throws(Raised) { try saveBatches(of: iterator, arePairs: false) }

    /// Items for the list, or keys and values for the dict, on top of the stack: one by one in protocol 0, by batches later, where the last
    /// one may be single.
    private mutating func saveBatches(of iterator: Value, arePairs: Bool) throws(Raised) {
        let one = arePairs ? PickleOpcode.setItem : PickleOpcode.append
        if level == 0 {
            while true {
                let element = try t.next(iterator)
                if element.isUnbound { return }
                try saveElement(element, isPair: arePairs)
                try put(one)
            }
        }
        var batch = 0
        repeat {
            let first = try t.next(iterator)
            if first.isUnbound { return }
            var element = try t.next(iterator)
            if element.isUnbound {
                try saveElement(first, isPair: arePairs)
                return try put(one)
            }
            try put(PickleOpcode.mark)
            try saveElement(first, isPair: arePairs)
            batch = 1
            while element.isBound {
                try saveElement(element, isPair: arePairs)
                batch += 1
                if batch == PickleWriter.batchSize { break }
                element = try t.next(iterator)
            }
            try put(arePairs ? PickleOpcode.setItems : PickleOpcode.appends)
        } while batch == PickleWriter.batchSize
    }

    private mutating func saveElement(_ element: Value, isPair: Bool) throws(Raised) {
        if isPair { try savePair(element) } else { try save(element) }
    }

    // MARK: Dicts

    private mutating func saveDict(_ value: Value) throws(Raised) {
        try enterFast(value)
        if isBinary { try put(PickleOpcode.emptyDict) } else { try put(PickleOpcode.mark, PickleOpcode.dict) }
        try memoize(value)
        if DictObject(value).count > 0 {
            try t.enterRecursion(" while pickling an object")
            defer { t.leaveRecursion() }
            if level > 0 { try saveEntries(dict: DictObject(value)) } else { try saveEntries(of: try t.iter(try t.callMethod(value, t.name(.items)))) }
        }
        leaveFast(value)
    }

    private mutating func saveEntries(dict: DictObject) throws(Raised) {
        let size = dict.count
        var i = 0
        if size == 1 {
            while dict.entry(i).key.isUnbound { i += 1 }
            let entry = dict.entry(i)
            try save(entry.key)
            try save(entry.value)
            return try put(PickleOpcode.setItem)
        }
        var batch = 0
        repeat {
            batch = 0
            try put(PickleOpcode.mark)
            while i < dict.entryCount {
                let entry = dict.entry(i)
                i += 1
                if entry.key.isUnbound { continue }
                try save(entry.key)
                try save(entry.value)
                batch += 1
                if batch == PickleWriter.batchSize { break }
            }
            try put(PickleOpcode.setItems)
            if dict.count != size { throw t.raise(.runtimeError, "dictionary changed size during iteration") }
        } while batch == PickleWriter.batchSize
    }

    private mutating func savePair(_ pair: Value) throws(Raised) {
        if !pair.isKind(.tuple) || TupleObject(pair).count != 2 { throw t.raise(.typeError, "dict items iterator must return 2-tuples") }
        try save(TupleObject(pair)[0])
        try save(TupleObject(pair)[1])
    }

    /// Pairs of an iterator, set in the dict (or what is like one) on the stack.
    mutating func saveEntries(of iterator: Value) throws(Raised) { try saveBatches(of: iterator, arePairs: true) }

    // MARK: Sets

    private mutating func saveSet(_ value: Value) throws(Raised) {
        if level < 4 { return try saveAsItems(value, t.types.pointee.set) }
        try put(PickleOpcode.emptySet)
        try memoize(value)
        let set = SetObject(value), size = set.count
        if size == 0 { return }
        var i = 0, batch = 0
        repeat {
            batch = 0
            try put(PickleOpcode.mark)
            while i < set.slotCount {
                let key = set.key(at: i)
                i += 1
                if key.isUnbound { continue }
                try save(key)
                batch += 1
                if batch == PickleWriter.batchSize { break }
            }
            try put(PickleOpcode.addItems)
            if set.count != size { throw t.raise(.runtimeError, "set changed size during iteration") }
        } while batch == PickleWriter.batchSize
    }

    private mutating func saveFrozenSet(_ value: Value) throws(Raised) {
        if level < 4 { return try saveAsItems(value, t.types.pointee.frozenset) }
        try put(PickleOpcode.mark)
        let set = SetObject(value)
        for i in 0..<set.slotCount {
            let key = set.key(at: i)
            if key.isBound { try save(key) }
        }
        let known = pickler.memoNumber(value)
        if known >= 0 {
            try put(PickleOpcode.popMark)
            return try get(known)
        }
        try put(PickleOpcode.frozenSet)
        try memoize(value)
    }

    /// Before protocol 4: the type called with a list of the items.
    private mutating func saveAsItems(_ value: Value, _ type: Value) throws(Raised) {
        let items = try t.listFrom(value)
        try save(reduced: try t.tuple(type, try t.tuple(items.value)), of: value)
    }

    // MARK: Fast mode

    /// Without a memo a cycle would never end: deep down, the containers on the way are remembered.
    private func enterFast(_ value: Value) throws(Raised) {
        if !pickler.isFast { return }
        pickler.fastNesting += 1
        if pickler.fastNesting < 50 { return }
        if pickler.fastObjects.isUnbound { pickler.fastObjects = t.newDict().value }
        let key = t.identity(value)
        if try t.get(DictObject(pickler.fastObjects), key).isBound {
            let address = "0x" + String(value.bits, radix: 16)
            throw t.raise(.valueError, "fast mode: can't pickle cyclic objects including object type \(t.typeName(value)) at \(address)")
        }
        try t.set(DictObject(pickler.fastObjects), key, .none)
    }

    private func leaveFast(_ value: Value) {
        if !pickler.isFast { return }
        let nesting = pickler.fastNesting
        pickler.fastNesting = nesting - 1
        if nesting < 50 || pickler.fastObjects.isUnbound { return }
        // An int that was entered: removing it cannot fail.
        do throws(Raised) { _ = try t.remove(DictObject(pickler.fastObjects), t.identity(value)) } catch { _ = t.takePending() }
    }
}
