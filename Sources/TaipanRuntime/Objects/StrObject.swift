// The str cell, in CPython's flexible form: every code point takes 1, 2 or 4 bytes, whichever the
// widest needs. Canonical: a string is never stored wider than it must be, so equal strings have
// equal bytes.
//
//   word 1  hash, 0 while unknown     word 2  length in code points     word 3…  the units

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanNumbers

@frozen public struct StrObject: BitwiseCopyable {
    public let cell: Cell
    @inlinable @inline(__always) public init(_ cell: Cell) { self.cell = cell }
    /// `value` must be a str.
    @inlinable @inline(__always) public init(_ value: Value) { cell = value.cell }
    @inlinable @inline(__always) public var value: Value { Value(cell) }

    @inlinable @inline(__always) public var count: Int { cell.raw(2) }
    /// Bytes a code point takes: 1, 2 or 4.
    @inlinable @inline(__always) public var width: Int { 1 &<< Int((cell.header >> 44) & 3) }
    @inlinable @inline(__always) public var isASCII: Bool { cell.has(CellFlag.typeBit2) }
    @inlinable @inline(__always) public var isInterned: Bool { cell.has(CellFlag.typeBit3) }
    @inlinable @inline(__always) public var data: UnsafeMutableRawPointer { cell.address + 24 }
    @inlinable @inline(__always) public var units8: UnsafeMutablePointer<UInt8> { data.assumingMemoryBound(to: UInt8.self) }
    @inlinable @inline(__always) public var units16: UnsafeMutablePointer<UInt16> { data.assumingMemoryBound(to: UInt16.self) }
    @inlinable @inline(__always) public var units32: UnsafeMutablePointer<UInt32> { data.assumingMemoryBound(to: UInt32.self) }

    /// Code point `i`, which must be in range.
    @inlinable @inline(__always) public subscript(_ i: Int) -> UInt32 {
        switch width {
        case 1: UInt32(units8[i])
        case 2: UInt32(units16[i])
        default: units32[i]
        }
    }

    /// Same code points.
    @inlinable public func equals(_ other: StrObject) -> Bool {
        if cell == other.cell { return true }
        if count != other.count || width != other.width { return false }
        return memcmp(data, other.data, count &* width) == 0
    }

    /// Compares with ASCII text.
    public func equals(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount && width == 1 && memcmp(data, text.utf8Start, count) == 0
    }

    /// Order by code points: negative, zero, positive.
    public func compare(_ other: StrObject) -> Int {
        let shared = min(count, other.count)
        if width == 1 && other.width == 1 {
            let order = Int(memcmp(data, other.data, shared))
            return order != 0 ? order : count - other.count
        }
        for i in 0..<shared {
            let a = self[i], b = other[i]
            if a != b { return a < b ? -1 : 1 }
        }
        return count - other.count
    }
}

extension Thread {
    /// Header bits of a str with units of `width` bytes.
    @inline(__always) static func strHeader(width: Int, isASCII: Bool) -> UInt {
        UInt(LayoutID.str.rawValue) | UInt(CellKind.str.rawValue) << 32 | UInt(width >> 1) << 44 | (isASCII ? CellFlag.typeBit2 : 0)
    }

    /// A fresh string for `count` code points whose widest is `maximum`; its units are zero and are the caller's to fill.
    /// - Throws: MemoryError.
    @inline(never) public func newStr(count: Int, maximum: UInt32) throws(Raised) -> StrObject {
        let width = maximum < 256 ? 1 : maximum < 65536 ? 2 : 4
        let header = Thread.strHeader(width: width, isASCII: maximum < 128)
        guard count < Int.max / 8 - 64, let cell = heap.allocateAnySize(header: header, bytes: 24 + count * width) else {
            throw memoryError()
        }
        cell.setRaw(count, at: 2)
        return StrObject(cell)
    }

    /// The str of Swift text. Memory trouble is reported at the next safe point.
    @inline(never) public func str(_ text: String) -> Value {
        var text = text
        return text.withUTF8 { self.str(utf8: $0) }
    }

    @inline(never) public func str(_ text: StaticString) -> Value {
        str(utf8: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// The str of WTF-8: UTF-8 in which lone surrogates may be encoded too. The bytes must be well formed.
    @inline(never) public func str(utf8 bytes: UnsafeBufferPointer<UInt8>) -> Value {
        var maximum: UInt32 = 0
        var count = 0
        var reader = UTF8Reader(bytes)
        while let c = reader.next() {
            maximum |= c
            count += 1
        }
        if count <= 1 { if let shared = sharedStr(bytes, count) { return shared } }
        // The or of all code points has the widest one's size, but ASCII-ness and width limits agree with it.
        guard let made = try? newStr(count: count, maximum: maximum) else {
            heap.pointee.isExhausted = true
            state.pointee.pending = .unbound
            return name(.underscore)
        }
        if maximum < 128 {
            if count > 0 { memcpy(made.data, bytes.baseAddress!, count) }
            return made.value
        }
        reader = UTF8Reader(bytes)
        var i = 0
        while let c = reader.next() {
            made.store(c, at: i)
            i += 1
        }
        return made.value
    }

    private func sharedStr(_ bytes: UnsafeBufferPointer<UInt8>, _ count: Int) -> Value? {
        if count == 0 { return objects.pointee.emptyStr.isBound ? objects.pointee.emptyStr : nil }
        var reader = UTF8Reader(bytes)
        guard let c = reader.next(), c < 256, objects.pointee.emptyStr.isBound else { return nil }
        return character(c)
    }

    /// The one-character string of `c`; Latin-1 ones are shared.
    @inline(never) public func character(_ c: UInt32) -> Value {
        if c < 256 {
            let shared = (interp.pointee.latin1 + Int(c)).pointee
            if shared.isBound { return shared }
        }
        guard let made = try? newStr(count: 1, maximum: c) else { return name(.underscore) }
        made.store(c, at: 0)
        if c < 256 { interp.pointee.latin1[Int(c)] = intern(made.value) }
        return c < 256 ? interp.pointee.latin1[Int(c)] : made.value
    }

    /// Swift text of a str; lone surrogates become U+FFFD.
    @inline(never) public func string(_ value: Value) -> String {
        let s = StrObject(value)
        if s.isASCII { return String(decoding: UnsafeBufferPointer(start: s.units8, count: s.count), as: UTF8.self) }
        var text = String.UnicodeScalarView()
        for i in 0..<s.count { text.append(Unicode.Scalar(s[i]) ?? "\u{FFFD}") }
        return String(text)
    }

    /// WTF-8 of a str: UTF-8, with lone surrogates encoded as if they were characters.
    @inline(never) public func wtf8(_ value: Value) -> [UInt8] {
        let s = StrObject(value)
        if s.isASCII { return Array(UnsafeBufferPointer(start: s.units8, count: s.count)) }
        var out: [UInt8] = []
        out.reserveCapacity(s.count * 2)
        for i in 0..<s.count { appendUTF8(s[i], &out) }
        return out
    }

    /// CPython's string hash (SipHash-1-3 over the units), cached in the cell. 0 for the empty string.
    @inline(__always) public func hash(str s: StrObject) -> Int {
        let known = s.cell.raw(1)
        return known != 0 ? known : computeHash(s)
    }

    @inline(never) func computeHash(_ s: StrObject) -> Int {
        let hash = hashBytes(UnsafeRawBufferPointer(start: s.data, count: s.count * s.width))
        s.cell.setRaw(hash, at: 1)
        return hash
    }

    // MARK: Interning

    /// The one string equal to `value` that identity comparison may be used on. `value` must be an exact str.
    @inline(never) public func intern(_ value: Value) -> Value {
        let s = StrObject(value)
        if s.isInterned { return value }
        return interp.pointee.interned.intern(s, hash(str: s))
    }

    @inline(never) public func intern(_ text: StaticString) -> Value {
        let bytes = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        let hash = hashBytes(UnsafeRawBufferPointer(bytes))
        if let found = interp.pointee.interned.find(bytes, hash) { return found }
        return intern(str(utf8: bytes))
    }

    @inline(never) public func intern(_ text: String) -> Value { intern(str(text)) }

    /// SipHash-1-3 with the interpreter's key; -1 becomes -2, no bytes hash to 0.
    public func hashBytes(_ bytes: UnsafeRawBufferPointer) -> Int {
        if bytes.count == 0 { return 0 }
        return SipHash(k0: interp.pointee.hashKey0, k1: interp.pointee.hashKey1).hash(bytes.baseAddress.unsafelyUnwrapped, bytes.count)
    }
}

extension StrObject {
    /// Writes code point `c`, which must fit the width.
    @inlinable @inline(__always) public func store(_ c: UInt32, at i: Int) {
        switch width {
        case 1: units8[i] = UInt8(truncatingIfNeeded: c)
        case 2: units16[i] = UInt16(truncatingIfNeeded: c)
        default: units32[i] = c
        }
    }
}

/// Appends the UTF-8 (or WTF-8) of `c`.
@inlinable public func appendUTF8(_ c: UInt32, _ out: inout [UInt8]) {
    if c < 0x80 {
        out.append(UInt8(c))
    } else if c < 0x800 {
        out.append(UInt8(0xC0 | c >> 6))
        out.append(UInt8(0x80 | c & 0x3F))
    } else if c < 0x10000 {
        out.append(UInt8(0xE0 | c >> 12))
        out.append(UInt8(0x80 | (c >> 6) & 0x3F))
        out.append(UInt8(0x80 | c & 0x3F))
    } else {
        out.append(UInt8(truncatingIfNeeded: 0xF0 | c >> 18))
        out.append(UInt8(0x80 | (c >> 12) & 0x3F))
        out.append(UInt8(0x80 | (c >> 6) & 0x3F))
        out.append(UInt8(0x80 | c & 0x3F))
    }
}

/// Reads code points from well-formed WTF-8.
struct UTF8Reader {
    let bytes: UnsafeBufferPointer<UInt8>
    var at = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    @inline(__always) mutating func next() -> UInt32? {
        guard at < bytes.count else { return nil }
        let first = UInt32(bytes[at])
        at += 1
        if first < 0x80 { return first }
        let length = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1
        var c = first & (0x3F >> UInt32(length))
        for _ in 0..<length where at < bytes.count {
            c = c << 6 | UInt32(bytes[at] & 0x3F)
            at += 1
        }
        return c
    }
}

/// The interned strings: open addressing in malloc memory. Interned strings live as long as the interpreter.
public struct InternTable {
    var slots: UnsafeMutablePointer<Value>
    var capacity: Int
    var count: Int

    init() {
        capacity = 8192
        count = 0
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: .unbound, count: capacity)
    }

    mutating func intern(_ s: StrObject, _ hash: Int) -> Value {
        var i = hash & (capacity - 1)
        while slots[i].isBound {
            if StrObject(slots[i]).equals(s) { return slots[i] }
            i = (i + 1) & (capacity - 1)
        }
        s.cell.set(CellFlag.typeBit3)
        slots[i] = s.value
        count += 1
        if count * 2 > capacity { grow() }
        return s.value
    }

    func find(_ bytes: UnsafeBufferPointer<UInt8>, _ hash: Int) -> Value? {
        var i = hash & (capacity - 1)
        while slots[i].isBound {
            let s = StrObject(slots[i])
            if s.count == bytes.count && s.width == 1 && (s.count == 0 || memcmp(s.data, bytes.baseAddress!, s.count) == 0) { return slots[i] }
            i = (i + 1) & (capacity - 1)
        }
        return nil
    }

    private mutating func grow() {
        let old = slots, oldCapacity = capacity
        capacity *= 2
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: .unbound, count: capacity)
        for i in 0..<oldCapacity where old[i].isBound {
            var j = StrObject(old[i]).cell.raw(1) & (capacity - 1)
            while slots[j].isBound { j = (j + 1) & (capacity - 1) }
            slots[j] = old[i]
        }
        old.deallocate()
    }

    func markAll(_ marker: inout Marker) { marker.markRange(slots, capacity) }
}
