// `array.array`: its methods, files and pickling.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

extension ArrayModule {
    static func defineMethods(_ b: TypeBuilder) {
        b.getset("typecode", "the typecode character used to create the array", get: { (t, v) in t.character(UInt32(ArrayObject(v).code)) })
        b.getset("itemsize", "the size, in bytes, of one array item", get: { (t, v) in t.int(ArrayObject(v).itemSize) })
        b.method("append", "($self, v, /)", "Append new value v to the end of the array.") { (t, a) throws(Raised) in
            try t.append(ArrayObject(a[0]), a[1])
            return .none
        }
        b.method("extend", "($self, bb, /)", "Append items to the end of the array.") { (t, a) throws(Raised) in
            try t.extend(ArrayObject(a[0]), a[1])
            return .none
        }
        b.method("insert", "($self, i, v, /)", "Insert a new item v into the array before position i.") { (t, a) throws(Raised) in
            try t.insert(ArrayObject(a[0]), try t.index(a[1]), a[2])
            return .none
        }
        b.method("pop", "($self, i=-1, /)", "Return the i-th element and delete it from the array.\n\ni defaults to -1.") { (t, a) throws(Raised) in
            let array = ArrayObject(a[0])
            var i = a[1].isUnbound ? -1 : try t.index(a[1])
            if array.count == 0 { throw t.raise(.indexError, "pop from empty array") }
            if i < 0 { i = i &+ array.count }
            if i < 0 || i >= array.count { throw t.raise(.indexError, "pop index out of range") }
            let item = try t.arrayItem(array, i)
            try t.removeItems(array, i, i &+ 1)
            return item
        }
        b.method("remove", "($self, v, /)", "Remove the first occurrence of v in the array.") { (t, a) throws(Raised) in
            let array = ArrayObject(a[0])
            let i = try find(t, array, a[1], 0, Int.max)
            if i < 0 { throw t.raise(.valueError, "array.remove(x): x not in array") }
            try t.removeItems(array, i, min(i &+ 1, array.count))
            return .none
        }
        b.method("index", "($self, v, start=0, stop=sys.maxsize, /)", "Return index of first occurrence of v in the array.\n\nRaise ValueError if the value is not present.") { (t, a) throws(Raised) in
            let array = ArrayObject(a[0])
            var from = try bound(t, a[2], 0), to = try bound(t, a[3], Int.max)
            if from < 0 { from = max(from &+ array.count, 0) }
            if to < 0 { to = to &+ array.count }
            let i = try find(t, array, a[1], from, to)
            if i < 0 { throw t.raise(.valueError, "array.index(x): x not in array") }
            return t.int(i)
        }
        b.method("count", "($self, v, /)", "Return number of occurrences of v in the array.") { (t, a) throws(Raised) in
            let array = ArrayObject(a[0])
            var i = 0, found = 0
            while i < array.count {
                if try t.equals(try t.arrayItem(array, i), a[1]) { found += 1 }
                i = i &+ 1
            }
            return t.int(found)
        }
        b.method("reverse", "($self, /)", "Reverse the order of the items in the array.") { (_, a) in
            let array = ArrayObject(a[0]), size = array.itemSize
            var low = 0, high = array.count &- 1
            while low < high {
                for k in 0..<size {
                    let x = array.data + (low &* size &+ k), y = array.data + (high &* size &+ k)
                    let kept = x.load(as: UInt8.self)
                    x.storeBytes(of: y.load(as: UInt8.self), as: UInt8.self)
                    y.storeBytes(of: kept, as: UInt8.self)
                }
                low = low &+ 1
                high = high &- 1
            }
            return .none
        }
        for name: StaticString in ["__copy__", "__deepcopy__"] {
            let signature: StaticString = name.utf8CodeUnitCount == 8 ? "($self, /)" : "($self, unused, /)"
            b.method(name, signature, "Return a copy of the array.") { (t, a) throws(Raised) in
                try t.arraySlice(ArrayObject(a[0]), 0, ArrayObject(a[0]).count).value
            }
        }
    }

    /// A start or stop of `index`, cut to a machine integer.
    private static func bound(_ t: Thread, _ value: Value, _ whenLeftOut: Int) throws(Raised) -> Int {
        if value.isUnbound { return whenLeftOut }
        if !t.isInt(value) && !t.type(of: value).slots.pointee.index.isSet {
            throw t.raise(.typeError, "slice indices must be integers or have an __index__ method")
        }
        let number = try t.indexValue(value)
        return t.machineInt(number) ?? (t.intIsNegative(number) ? Int.min : Int.max)
    }

    // MARK: Conversions

    static func defineConversions(_ b: TypeBuilder) {
        b.method("buffer_info", "($self, /)", "Return a tuple (address, length) giving the current memory address and the length in items of the buffer used to hold array's contents.\n\nThe length should be multiplied by the itemsize attribute to calculate\nthe buffer length in bytes.") { (t, a) throws(Raised) in
            let array = ArrayObject(a[0])
            return try t.tuple(t.int(array.count == 0 ? 0 : Int(bitPattern: array.data)), t.int(array.count))
        }
        b.method("byteswap", "($self, /)", "Byteswap all items of the array.\n\nIf the items in the array are not 1, 2, 4, or 8 bytes in size, RuntimeError is\nraised.") { (_, a) in
            swapBytes(ArrayObject(a[0]))
            return .none
        }
        b.method("tolist", "($self, /)", "Convert array to an ordinary list with the same items.") { (t, a) throws(Raised) in try t.arrayList(ArrayObject(a[0])) }
        b.method("fromlist", "($self, list, /)", "Append items to array from list.") { (t, a) throws(Raised) in
            try appendList(t, ArrayObject(a[0]), a[1])
            return .none
        }
        b.method("tobytes", "($self, /)", "Convert the array to an array of machine values and return the bytes representation.") { (t, a) throws(Raised) in
            try t.bytes(UnsafePointer(ArrayObject(a[0]).data.assumingMemoryBound(to: UInt8.self)), ArrayObject(a[0]).byteCount)
        }
        b.method("frombytes", "($self, buffer, /)", "Appends items from the string, interpreting it as an array of machine values, as if it had been read from a file using the fromfile() method.") { (t, a) throws(Raised) in
            try appendBytes(t, ArrayObject(a[0]), a[1])
            return .none
        }
        b.method("tounicode", "($self, /)", "Extends this array with data from the unicode string ustr.\n\nConvert the array to a unicode string.  The array must be a unicode type array;\notherwise a ValueError is raised.  Use array.tobytes().decode() to obtain a\nunicode string from an array of some other type.") { (t, a) throws(Raised) in
            if ArrayObject(a[0]).code != 0x75 { throw t.raise(.valueError, "tounicode() may only be called on unicode type arrays") }
            return try t.arrayText(ArrayObject(a[0]))
        }
        b.method("fromunicode", "($self, ustr, /)", "Extends this array with data from the unicode string ustr.\n\nThe array must be a unicode type array; otherwise a ValueError is raised.\nUse array.frombytes(ustr.encode(...)) to append Unicode data to an array of\nsome other type.") { (t, a) throws(Raised) in
            if !a[1].isKind(.str) { throw t.raise(.typeError, "fromunicode() argument must be str, not \(t.typeName(a[1]))") }
            if ArrayObject(a[0]).code != 0x75 { throw t.raise(.valueError, "fromunicode() may only be called on unicode type arrays") }
            try t.appendText(ArrayObject(a[0]), a[1])
            return .none
        }
        defineFiles(b)
        b.method("__reduce_ex__", "($self, value, /)", "Return state information for pickling.", reduce)
        b.method("__sizeof__", "($self, /)", "Size of the array in memory, in bytes.") { (t, a) in t.int(64 + ArrayObject(a[0]).capacity) }
    }

    private static func swapBytes(_ array: ArrayObject) {
        let size = array.itemSize
        for i in 0..<(size == 1 ? 0 : array.count) {
            let p = array.data + i &* size
            switch size {
            case 2: p.storeBytes(of: p.loadUnaligned(as: UInt16.self).byteSwapped, as: UInt16.self)
            case 4: p.storeBytes(of: p.loadUnaligned(as: UInt32.self).byteSwapped, as: UInt32.self)
            default: p.storeBytes(of: p.loadUnaligned(as: UInt64.self).byteSwapped, as: UInt64.self)
            }
        }
    }

    /// `fromlist`: all or nothing.
    private static func appendList(_ t: Thread, _ array: ArrayObject, _ source: Value) throws(Raised) {
        if !source.isKind(.list) { throw t.raise(.typeError, "arg must be list") }
        let list = ListObject(source)
        let count = list.count, old = array.count, size = array.itemSize
        if count == 0 { return }
        try t.resize(array, old &+ count)
        memset(array.data + old &* size, 0, count &* size)
        do throws(Raised) {
            for i in 0..<count {
                let bits = try t.arrayBits(array.code, list[i])
                if list.count != count { throw t.raise(.runtimeError, "list changed size during iteration") }
                if old &+ i < array.count { t.storeArrayBits(bits, size, array.data + (old &+ i) &* size) }
            }
        } catch {
            let pending = t.takePending()
            do throws(Raised) { try t.resize(array, old) } catch { _ = t.takePending() }
            throw t.restore(pending)
        }
    }

    private static func defineFiles(_ b: TypeBuilder) {
        b.method("fromfile", "($self, f, n, /)", "Read n objects from the file object f and append them to the end of the array.") { (t, a) throws(Raised) in
            let array = ArrayObject(a[0])
            let n = try t.index(a[2])
            if n < 0 { throw t.raise(.valueError, "negative count") }
            let (count, overflow) = n.multipliedReportingOverflow(by: array.itemSize)
            if overflow { throw t.memoryError() }
            let data = try t.callMethod(a[1], t.intern("read"), t.int(count))
            if !data.isKind(.bytes) { throw t.raise(.typeError, "read() didn't return bytes") }
            try appendBytes(t, array, data)
            if BytesObject(data).count != count { throw t.raise(.eofError, "read() didn't return enough bytes") }
            return .none
        }
        b.method("tofile", "($self, f, /)", "Write all items (as machine values) to the file object f.") { (t, a) throws(Raised) in
            let array = ArrayObject(a[0])
            var done = 0
            // The file may change the array while it is written.
            while done < array.byteCount {
                let step = min(65536, array.byteCount &- done)
                let part = try t.bytes(UnsafePointer((array.data + done).assumingMemoryBound(to: UInt8.self)), step)
                _ = try t.callMethod(a[1], t.intern("write"), part)
                done += step
            }
            return .none
        }
    }

    // MARK: Pickling

    /// Machine format code of an array's items on a little-endian machine (the numbers are CPython's pickle format).
    private static func machineFormat(_ code: UInt8) -> Int {
        switch code {
        case 0x42: 0
        case 0x62: 1
        case 0x48: 2
        case 0x68: 4
        case 0x49: 6
        case 0x69: 8
        case 0x4C, 0x51: 10
        case 0x6C, 0x71: 12
        case 0x66: 14
        case 0x64: 16
        default: 20
        }
    }

    private static var reduce: NativeBody {
        { (t, a) throws(Raised) in
            let array = ArrayObject(a[0])
            if !t.isInt(a[1]) { throw t.raise(.typeError, "__reduce_ex__ argument should be an integer") }
            guard let level = t.machineInt(a[1]) else { throw t.raise(.overflowError, "Python int too large to convert to C long") }
            let found = try t.getattrOrUnbound(a[0], t.intern("__dict__"))
            let dict: Value = found.isUnbound ? .none : found
            let code = t.character(UInt32(array.code))
            if level < 3 {
                return try t.tuple(t.type(of: a[0]).value, try t.tuple(code, try t.arrayList(array)), dict)
            }
            let data = try t.callMethod(a[0], t.intern("tobytes"))
            let arguments = try t.newTuple(4)
            arguments[0] = t.type(of: a[0]).value
            arguments[1] = code
            arguments[2] = t.int(machineFormat(array.code))
            arguments[3] = data
            let module = try t.importAbsolute("array")
            return try t.tuple(try t.getattr(module, t.intern("_array_reconstructor")), arguments.value, dict)
        }
    }

    static func defineReconstructor(_ m: ModuleBuilder) {
        m.function("_array_reconstructor", "($module, arraytype, typecode, mformat_code, items,\n                     /)", "Internal. Used for pickling support.") { (t, a) throws(Raised) in
            if !a[1].isKind(.str) || StrObject(a[1]).count != 1 {
                throw t.raise(.typeError, "_array_reconstructor() argument 2 must be a unicode character, not \(t.typeName(a[1]))")
            }
            let format = try t.index(a[2])
            if !t.isType(a[0]) { throw t.raise(.typeError, "first argument must be a type object, not \(t.typeName(a[0]))") }
            if !t.isSubtype(TypeObject(a[0]), of: t.arrayType.value) {
                throw t.raise(.typeError, "\(t.string(TypeObject(a[0]).name)) is not a subtype of array.array")
            }
            let code: UInt8 = StrObject(a[1])[0] < 128 ? UInt8(StrObject(a[1])[0]) : 0
            if ArrayObject.itemSize(code) == 0 { throw t.raise(.valueError, "second argument must be a valid type code") }
            if format < 0 || format > 21 { throw t.raise(.valueError, "third argument must be a valid machine format code.") }
            if !a[3].isKind(.bytes) { throw t.raise(.typeError, "fourth argument should be bytes, not \(t.typeName(a[3]))") }
            return try rebuild(t, a[0], code, format, a[3])
        }
    }

    /// The array that was pickled, perhaps on a machine whose items look otherwise.
    private static func rebuild(_ t: Thread, _ type: Value, _ code: UInt8, _ format: Int, _ data: Value) throws(Raised) -> Value {
        if format == machineFormat(code) {
            let made = try t.newArray(TypeObject(type), code, count: 0)
            try appendBytes(t, made, data)
            return made.value
        }
        if format >= 18 {
            let codecs: [StaticString] = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]
            let text = try t.callMethod(data, t.intern("decode"), t.str(codecs[format - 18]))
            return try t.call(type, t.character(UInt32(code)), text)
        }
        // Codes 0…13: unsigned and signed integers of 1, 2, 4, 8 bytes, each in both orders from 2 bytes on; then floats.
        let sizes: [Int] = [1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 8, 8, 8, 8, 4, 4, 8, 8]
        let size = sizes[format], isBig = format > 1 && format & 1 == 1
        let bytes = BytesObject(data)
        if bytes.count % size != 0 { throw t.raise(.valueError, "bytes length not a multiple of item size") }
        let isSigned = format < 14 && (format == 1 || (format > 1 && format & 3 < 2 && format > 3))
        let natural: UInt8
        switch (format >= 14, size, isSigned) {
        case (true, 4, _): natural = 0x66
        case (true, _, _): natural = 0x64
        case (_, 1, true): natural = 0x62
        case (_, 1, false): natural = 0x42
        case (_, 2, true): natural = 0x68
        case (_, 2, false): natural = 0x48
        case (_, 4, true): natural = 0x69
        case (_, 4, false): natural = 0x49
        case (_, _, true): natural = 0x6C
        default: natural = 0x4C
        }
        let items = try t.newArray(natural, count: bytes.count / size)
        if items.count > 0 { memcpy(items.data, bytes.data, bytes.count) }
        if isBig { swapBytes(items) }
        // Integers go to the typecode that holds them here; floats keep the typecode they had.
        return try t.call(type, t.character(UInt32(format < 14 ? natural : code)), try t.arrayList(items))
    }
}
