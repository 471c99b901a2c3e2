// The cell of array.array, and how its items are read and written.
//
//   word 1  storage: a bytes cell with room for more, or unbound
//   raw: word 2  length in items     word 3  buffers lent out     word 4  typecode, an ASCII letter     word 5  bytes of an item
//
// While buffers are lent out the length does not change (BufferError).

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

struct ArrayObject: BitwiseCopyable {
    let cell: Cell
    @inline(__always) init(_ value: Value) { cell = value.cell }
    @inline(__always) init(_ cell: Cell) { self.cell = cell }
    @inline(__always) var value: Value { Value(cell) }
    @inline(__always) var storage: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    @inline(__always) var count: Int { get { cell.raw(2) } nonmutating set { cell.setRaw(newValue, at: 2) } }
    var exports: Int { get { cell.raw(3) } nonmutating set { cell.setRaw(newValue, at: 3) } }
    @inline(__always) var code: UInt8 { get { UInt8(truncatingIfNeeded: cell.raw(4)) } nonmutating set { cell.setRaw(Int(newValue), at: 4) } }
    @inline(__always) var itemSize: Int { get { cell.raw(5) } nonmutating set { cell.setRaw(newValue, at: 5) } }
    /// The items; valid until the length changes. Meaningless when the array is empty.
    @inline(__always) var data: UnsafeMutableRawPointer {
        storage.isUnbound ? cell.address : UnsafeMutableRawPointer(BytesObject(storage).data)
    }
    var byteCount: Int { count &* itemSize }
    var capacity: Int { storage.isUnbound ? 0 : BytesObject(storage).count }
    var codeText: Character { Character(UnicodeScalar(code)) }
    static var cells: NativeLayout { NativeLayout(valueWords: 1, bytes: 48) }

    /// Bytes of an item with typecode `code`; 0 when there is no such typecode.
    static func itemSize(_ code: UInt8) -> Int {
        switch code {
        case 0x62, 0x42: 1
        case 0x68, 0x48: 2
        case 0x75, 0x69, 0x49, 0x66: 4
        case 0x6C, 0x4C, 0x71, 0x51, 0x64: 8
        default: 0
        }
    }

    /// True for the typecodes whose items compare as machine integers.
    var isInteger: Bool { code != 0x66 && code != 0x64 }
}

// MARK: - Items

extension Thread {
    /// Item `i`, which must be in range.
    @inline(__always) func arrayItem(_ array: ArrayObject, _ i: Int) throws(Raised) -> Value {
        try arrayItem(array.code, UnsafeRawPointer(array.data) + i &* array.itemSize)
    }

    /// The item of typecode `code` at `p`.
    func arrayItem(_ code: UInt8, _ p: UnsafeRawPointer) throws(Raised) -> Value {
        switch code {
        case 0x62: return Value(smallInt: Int(p.load(as: Int8.self)))
        case 0x42: return Value(smallInt: Int(p.load(as: UInt8.self)))
        case 0x68: return Value(smallInt: Int(p.loadUnaligned(as: Int16.self)))
        case 0x48: return Value(smallInt: Int(p.loadUnaligned(as: UInt16.self)))
        case 0x69: return Value(smallInt: Int(p.loadUnaligned(as: Int32.self)))
        case 0x49: return Value(smallInt: Int(p.loadUnaligned(as: UInt32.self)))
        case 0x6C, 0x71: return int(p.loadUnaligned(as: Int.self))
        case 0x4C, 0x51: return int(p.loadUnaligned(as: UInt.self))
        case 0x66: return float(Double(p.loadUnaligned(as: Float.self)))
        case 0x64: return float(p.loadUnaligned(as: Double.self))
        default:
            let c = p.loadUnaligned(as: UInt32.self)
            try checkCharacter(c)
            return character(c)
        }
    }

    func checkCharacter(_ c: UInt32) throws(Raised) {
        if c > 0x10FFFF { throw raise(.valueError, "character U+\(String(c, radix: 16)) is not in range [U+0000; U+10ffff]") }
    }

    /// The bits of `value` as an item of typecode `code`. May run `__index__` or `__float__`.
    func arrayBits(_ code: UInt8, _ value: Value) throws(Raised) -> UInt64 {
        switch code {
        case 0x62:
            let n = try arrayInt(value, Int(Int16.min), Int(Int16.max), "signed short integer")
            return try bounded(n, -128, 127, "signed char")
        case 0x42: return try bounded(try arrayLong(value), 0, 255, "unsigned byte integer")
        case 0x68: return UInt64(bitPattern: Int64(try arrayInt(value, Int(Int16.min), Int(Int16.max), "signed short integer")))
        case 0x48:
            let n = try arrayInt(value, Int(Int32.min), Int(Int32.max), "signed integer")
            return try bounded(n, 0, 0xFFFF, "unsigned short")
        case 0x69: return UInt64(bitPattern: Int64(try arrayInt(value, Int(Int32.min), Int(Int32.max), "signed integer")))
        case 0x49:
            let n = try arrayUnsigned(value, "can't convert negative value to unsigned int", "Python int too large to convert to C unsigned long")
            if n > 0xFFFF_FFFF { throw raise(.overflowError, "unsigned int is greater than maximum") }
            return n
        case 0x6C: return UInt64(bitPattern: Int64(try arrayLong(value)))
        case 0x4C: return try arrayUnsigned(value, "can't convert negative value to unsigned int", "Python int too large to convert to C unsigned long")
        case 0x71:
            guard let n = machineInt(try indexValue(value)) else { throw raise(.overflowError, "int too big to convert") }
            return UInt64(bitPattern: Int64(n))
        case 0x51: return try arrayUnsigned(value, "can't convert negative int to unsigned", "int too big to convert")
        case 0x66: return UInt64(Float(try arrayDouble(value)).bitPattern)
        case 0x64: return try arrayDouble(value).bitPattern
        default:
            if !value.isKind(.str) || StrObject(value).count != 1 { throw raise(.typeError, "array item must be unicode character") }
            return UInt64(StrObject(value)[0])
        }
    }

    private func arrayDouble(_ value: Value) throws(Raised) -> Double { value.isSmallFloat ? value.smallFloat : try toDouble(value) }

    private func arrayLong(_ value: Value) throws(Raised) -> Int {
        if value.isSmallInt { return value.smallInt }
        guard let n = machineInt(try indexValue(value)) else { throw raise(.overflowError, "Python int too large to convert to C long") }
        return n
    }

    private func arrayInt(_ value: Value, _ least: Int, _ most: Int, _ label: StaticString) throws(Raised) -> Int {
        let n = try arrayLong(value)
        if n < least { throw raise(.overflowError, "\(label) is less than minimum") }
        if n > most { throw raise(.overflowError, "\(label) is greater than maximum") }
        return n
    }

    private func bounded(_ n: Int, _ least: Int, _ most: Int, _ label: StaticString) throws(Raised) -> UInt64 {
        if n < least { throw raise(.overflowError, "\(label) is less than minimum") }
        if n > most { throw raise(.overflowError, "\(label) is greater than maximum") }
        return UInt64(bitPattern: Int64(n))
    }

    private func arrayUnsigned(_ value: Value, _ negative: StaticString, _ large: StaticString) throws(Raised) -> UInt64 {
        let number = try indexValue(value)
        if intIsNegative(number) { throw raise(.overflowError, negative.description) }
        if let n = machineInt(number) { return UInt64(n) }
        let limb = try withInt(number) { (n) throws(Raised) in n.count == 1 ? n.limbs[0] : 0 }
        if limb == 0 { throw raise(.overflowError, large.description) }
        return limb
    }

    /// Writes bits that `arrayBits` made.
    @inline(__always) func storeArrayBits(_ bits: UInt64, _ size: Int, _ p: UnsafeMutableRawPointer) {
        switch size {
        case 1: p.storeBytes(of: UInt8(truncatingIfNeeded: bits), as: UInt8.self)
        case 2: p.storeBytes(of: UInt16(truncatingIfNeeded: bits), as: UInt16.self)
        case 4: p.storeBytes(of: UInt32(truncatingIfNeeded: bits), as: UInt32.self)
        default: p.storeBytes(of: bits, as: UInt64.self)
        }
    }

    // MARK: - Length

    /// Changes the length; new items at the end are undefined.
    /// - Throws: BufferError while buffers are lent out.
    func resize(_ array: ArrayObject, _ count: Int) throws(Raised) {
        if count == array.count { return }
        try checkResizable(array)
        let (needed, overflow) = count.multipliedReportingOverflow(by: array.itemSize)
        if overflow || needed > Int.max / 2 { throw memoryError() }
        if needed > array.capacity || (needed < array.capacity / 2 && array.capacity > 64) {
            // A sixteenth more than asked for, as CPython reserves.
            let spare: Int = array.count > 0 && count > array.count ? ((count >> 4) + (count < 8 ? 3 : 7)) * array.itemSize : 0
            let storage: Value = needed > 0 ? try newBytes(needed + spare).value : .unbound
            let kept = min(needed, array.byteCount)
            if storage.isBound && kept > 0 { memcpy(BytesObject(storage).data, array.data, kept) }
            array.storage = storage
        }
        array.count = count
    }

    func checkResizable(_ array: ArrayObject) throws(Raised) {
        if array.exports > 0 { collectLentBuffers() }
        if array.exports > 0 { throw raise(.bufferError, "cannot resize an array that is exporting buffers") }
    }

    /// Appends one item.
    func append(_ array: ArrayObject, _ value: Value) throws(Raised) {
        let bits = try arrayBits(array.code, value)
        let count = array.count
        try resize(array, count &+ 1)
        storeArrayBits(bits, array.itemSize, array.data + count &* array.itemSize)
    }

    /// Inserts one item before position `at`, which is cut to the length.
    func insert(_ array: ArrayObject, _ at: Int, _ value: Value) throws(Raised) {
        let bits = try arrayBits(array.code, value)
        let count = array.count, size = array.itemSize
        var i = at
        if i < 0 { i = max(i &+ count, 0) }
        if i > count { i = count }
        try resize(array, count &+ 1)
        memmove(array.data + (i &+ 1) &* size, array.data + i &* size, (count &- i) &* size)
        storeArrayBits(bits, size, array.data + i &* size)
    }

    /// Removes the items `from..<to`.
    func removeItems(_ array: ArrayObject, _ from: Int, _ to: Int) throws(Raised) {
        if from >= to { return }
        try checkResizable(array)
        let size = array.itemSize, count = array.count
        if count > to { memmove(array.data + from &* size, array.data + to &* size, (count &- to) &* size) }
        try resize(array, count &- (to &- from))
    }

    /// Appends raw bytes, whose count is a multiple of the item size.
    func appendBytes(_ array: ArrayObject, _ bytes: UnsafeBufferPointer<UInt8>) throws(Raised) {
        if bytes.count == 0 { return }
        let old = array.count
        let (total, overflow) = old.addingReportingOverflow(bytes.count / array.itemSize)
        if overflow { throw memoryError() }
        try resize(array, total)
        if let base = bytes.baseAddress { memcpy(array.data + old &* array.itemSize, base, bytes.count) }
    }

    /// `array.extend(iterable)`.
    func extend(_ array: ArrayObject, _ source: Value) throws(Raised) {
        if !isArray(source) {
            let iterator = try iter(source)
            while true {
                let item = try next(iterator)
                if item.isUnbound { return }
                try append(array, item)
            }
        }
        let other = ArrayObject(source)
        if other.code != array.code { throw raise(.typeError, "can only extend with array of same kind") }
        let old = array.count, more = other.count, size = array.itemSize
        if more == 0 { return }
        let (total, overflow) = old.addingReportingOverflow(more)
        if overflow { throw memoryError() }
        try resize(array, total)
        memcpy(array.data + old &* size, other.data, more &* size)
    }

    // MARK: - Making arrays

    var arrayType: TypeObject { kept("array", 0) }

    func isArray(_ value: Value) -> Bool { value.isCell && isInstance(value, of: arrayType.value) }

    /// A plain array of `count` items, to be filled.
    func newArray(_ code: UInt8, count: Int) throws(Raised) -> ArrayObject { try newArray(arrayType, code, count: count) }

    func newArray(_ type: TypeObject, _ code: UInt8, count: Int) throws(Raised) -> ArrayObject {
        let made = ArrayObject(allocate(type))
        made.code = code
        made.itemSize = ArrayObject.itemSize(code)
        try resize(made, count)
        return made
    }

    /// The items `from..<to` as a new plain array.
    func arraySlice(_ array: ArrayObject, _ from: Int, _ to: Int) throws(Raised) -> ArrayObject {
        let made = try newArray(array.code, count: max(to - from, 0))
        if made.count > 0 { memcpy(made.data, array.data + from &* array.itemSize, made.byteCount) }
        return made
    }

    /// `array.tolist()`.
    func arrayList(_ array: ArrayObject) throws(Raised) -> Value {
        let list = try newList(capacity: array.count)
        for i in 0..<array.count { try append(list, try arrayItem(array, i)) }
        return list.value
    }

    /// The text of an array with typecode u.
    func arrayText(_ array: ArrayObject) throws(Raised) -> Value {
        var units: [UInt32] = []
        units.reserveCapacity(array.count)
        for i in 0..<array.count {
            let c = (array.data + i &* 4).loadUnaligned(as: UInt32.self)
            try checkCharacter(c)
            units.append(c)
        }
        return try str(units: units)
    }

    /// Appends the characters of a str to an array with typecode u.
    func appendText(_ array: ArrayObject, _ text: Value) throws(Raised) {
        let s = StrObject(text)
        let old = array.count
        try resize(array, old &+ s.count)
        for i in 0..<s.count { (array.data + (old &+ i) &* 4).storeBytes(of: UInt32(s[i]), as: UInt32.self) }
    }
}
