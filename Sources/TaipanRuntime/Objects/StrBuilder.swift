// Text under construction: a growable buffer in malloc memory that widens when a character asks for it. It
// holds no values, so that it may live across allocations; leaving its scope frees it.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanUnicode

/// Collects the pieces of a str. Memory trouble is reported by `finish`.
public struct StrBuilder: ~Copyable {
    public var sink = CodePointSink()

    public init() {}

    public var count: Int { sink.count }

    public mutating func append(_ c: UInt32) { sink.append(c) }
    /// Appends a str (or instance of a subclass).
    public mutating func append(_ text: Value) { sink.append(contentsOf: StrObject(text).points) }
    public mutating func append(_ text: CodePoints) { sink.append(contentsOf: text) }
    public mutating func append(_ text: StaticString) {
        sink.append(contentsOf: CodePoints(base: text.utf8Start, count: text.utf8CodeUnitCount, width: 1))
    }
    public mutating func append(_ text: String) { for c in text.unicodeScalars { sink.append(c.value) } }
    public mutating func append(_ units: [UInt32]) { units.withUnsafeBufferPointer { sink.append(contentsOf: CodePoints($0)) } }
    /// Appends ASCII or Latin-1 bytes.
    public mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { sink.append(contentsOf: CodePoints($0)) } }
    /// Appends an int's decimal digits.
    public mutating func append(decimal n: Int) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            guard let end = digits.baseAddress.map({ $0 + 20 }) else { return }
            var left = n.magnitude, count = 0
            repeat {
                count += 1
                (end - count).pointee = 0x30 + UInt8(truncatingIfNeeded: left % 10)
                left /= 10
            } while left > 0
            if n < 0 { sink.append(0x2D) }
            sink.append(contentsOf: CodePoints(base: end - count, count: count, width: 1))
        }
    }

    /// Appends `c` `count` times.
    public mutating func append(_ c: UInt32, count: Int) {
        if count <= 0 { return }
        sink.reserve(count, mask: c)
        var left = count
        while left > 0 && !sink.isOutOfMemory {
            sink.append(c)
            left -= 1
        }
    }

    /// The str.
    /// - Throws: MemoryError.
    public func finish(_ t: Thread) throws(Raised) -> Value {
        if sink.isOutOfMemory { throw t.memoryError() }
        return try t.newStr(sink.withText { $0 })
    }

    /// The str: `whole` itself where it is an exact str with just this text, as formatting that adds nothing gives its operand back.
    /// - Throws: MemoryError.
    public func finish(_ t: Thread, sharing whole: Value) throws(Raised) -> Value {
        if whole.hasLayout(.str) && StrObject(whole).count == sink.count && !sink.isOutOfMemory {
            let text = StrObject(whole).points
            let isSame = sink.withText { made in
                made.width == text.width && memcmp(made.base, text.base, text.count * text.width) == 0
            }
            if isSame { return whole }
        }
        return try finish(t)
    }
}

extension StrObject {
    /// The units, borrowed while the cell lives.
    public var points: CodePoints { CodePoints(base: data, count: count, width: width) }
}

extension BytesObject {
    /// The bytes as text of one byte a character.
    public var points: CodePoints { CodePoints(base: data, count: count, width: 1) }
}

extension CodePoints {
    /// No text.
    static var empty: CodePoints { CodePoints(UnsafeBufferPointer<UInt8>(start: nil, count: 0)) }

    init(_ text: StaticString) { self.init(base: text.utf8Start, count: text.utf8CodeUnitCount, width: 1) }

    /// The units of text one byte wide.
    var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base.assumingMemoryBound(to: UInt8.self), count: count) }
}

extension Thread {
    /// The str of a run of code points; empty and single Latin-1 ones are shared.
    public func newStr(_ text: CodePoints) throws(Raised) -> Value {
        if text.count == 0 { return objects.pointee.emptyStr }
        if text.count == 1 { return character(text[0]) }
        let made = try newStr(count: text.count, maximum: text.mask())
        text.copy(to: made.data, width: made.width)
        return made.value
    }

    /// The str of code points in Swift memory.
    public func str(units: [UInt32]) throws(Raised) -> Value {
        try units.withUnsafeBufferPointer { (buffer) throws(Raised) in try newStr(CodePoints(buffer)) }
    }

    /// `s[from:to]`, both in range; `s` itself when that is all of an exact str.
    public func substring(_ s: Value, _ from: Int, _ to: Int) throws(Raised) -> Value {
        let text = StrObject(s)
        if from == 0 && to == text.count && s.hasLayout(.str) { return s }
        let count = to &- from
        if count > 1 && text.isASCII {
            let made = try newStr(count: count, maximum: 0)
            memcpy(made.data, text.data + from, count)
            return made.value
        }
        return try newStr(text.points.slice(from, to))
    }

    /// The value itself when it is exactly a str, a plain copy for instances of subclasses.
    public func exactStr(_ s: Value) throws(Raised) -> Value { s.hasLayout(.str) ? s : try newStr(StrObject(s).points) }

    /// `a + b`, both strs.
    public func concat(_ a: Value, _ b: Value) throws(Raised) -> Value {
        let left = StrObject(a), right = StrObject(b)
        if right.count == 0 && a.hasLayout(.str) { return a }
        if left.count == 0 && b.hasLayout(.str) { return b }
        let (count, overflow) = left.count.addingReportingOverflow(right.count)
        if overflow { throw raise(.overflowError, "strings are too large to concat") }
        if left.isASCII && right.isASCII {
            let made = try newStr(count: count, maximum: 0)
            memcpy(made.data, left.data, left.count)
            memcpy(made.data + left.count, right.data, right.count)
            return made.value
        }
        // Canonical width: the wider operand's, and ASCII only if both are.
        let width = max(left.width, right.width)
        let made = try newStr(count: count, maximum: width == 1 ? 0xFF : width == 2 ? 0xFFFF : 0x10FFFF)
        left.points.copy(to: made.data, width: width)
        right.points.copy(to: made.data + left.count * width, width: width)
        return made.value
    }

    /// The concatenation of `count` strs in consecutive words, as f-strings build them.
    public func joinStrs(_ parts: UnsafePointer<Value>, _ count: Int) throws(Raised) -> Value {
        if count == 0 { return objects.pointee.emptyStr }
        if count == 1 { return try exactStr(parts[0]) }
        var length = 0, width = 1
        var ascii = true
        for i in 0..<count {
            let s = StrObject(parts[i])
            let (sum, overflow) = length.addingReportingOverflow(s.count)
            if overflow { throw raise(.overflowError, "join() result is too long for a Python string") }
            length = sum
            width = max(width, s.width)
            ascii = ascii && s.isASCII
        }
        if length == 0 { return objects.pointee.emptyStr }
        if length == 1 { for i in 0..<count where StrObject(parts[i]).count == 1 { return character(StrObject(parts[i])[0]) } }
        let made = try newStr(count: length, maximum: ascii ? 0 : width == 1 ? 0xFF : width == 2 ? 0xFFFF : 0x10FFFF)
        var at = 0
        for i in 0..<count {
            let s = StrObject(parts[i])
            s.points.copy(to: made.data + at * width, width: width)
            at += s.count
        }
        return made.value
    }

    /// `separator.join(items)`; `items` any iterable.
    public func join(_ separator: Value, _ items: Value) throws(Raised) -> Value {
        let parts: UnsafeMutablePointer<Value>
        let count: Int
        let sequence = try sequenceForJoin(items)
        if sequence.isKind(.tuple) {
            parts = TupleObject(sequence).items
            count = TupleObject(sequence).count
        } else {
            let list = ListObject(sequence)
            count = list.count
            if count == 0 { return objects.pointee.emptyStr }
            parts = list.items
        }
        for i in 0..<count where !parts[i].isKind(.str) {
            throw raise(.typeError, "sequence item \(i): expected str instance, \(typeName(parts[i])) found")
        }
        if count == 0 { return objects.pointee.emptyStr }
        if count == 1 && parts[0].hasLayout(.str) { return parts[0] }
        let made = try joinParts(StrObject(separator), parts, count)
        return withExtended(sequence, made)
    }

    private func joinParts(_ separator: StrObject, _ parts: UnsafeMutablePointer<Value>, _ count: Int) throws(Raised) -> Value {
        if separator.count == 0 { return try joinStrs(parts, count) }
        var length = 0, width = count > 1 ? separator.width : 1
        var ascii = count < 2 || separator.isASCII
        for i in 0..<count {
            let s = StrObject(parts[i])
            let (sum, overflow) = length.addingReportingOverflow(s.count &+ (i > 0 ? separator.count : 0))
            if overflow { throw raise(.overflowError, "join() result is too long for a Python string") }
            length = sum
            width = max(width, s.width)
            ascii = ascii && s.isASCII
        }
        if length <= 1 {
            var builder = StrBuilder()
            for i in 0..<count {
                if i > 0 { builder.append(separator.value) }
                builder.append(parts[i])
            }
            return try builder.finish(self)
        }
        let made = try newStr(count: length, maximum: ascii ? 0 : width == 1 ? 0xFF : width == 2 ? 0xFFFF : 0x10FFFF)
        var target = made.data
        for i in 0..<count {
            if i > 0 {
                separator.points.copy(to: target, width: width)
                target += separator.count * width
            }
            let s = StrObject(parts[i])
            s.points.copy(to: target, width: width)
            target += s.count * width
        }
        return made.value
    }

    /// Keeps `owner` on the stack up to here.
    @inline(never) func withExtended(_ owner: Value, _ result: Value) -> Value { owner.isUnbound ? owner : result }

    private func sequenceForJoin(_ items: Value) throws(Raised) -> Value {
        if items.isKind(.tuple) || items.isKind(.list) { return items }
        let iterator: Value
        do throws(Raised) {
            iterator = try iter(items)
        } catch {
            try swallow(.typeError, error)
            throw raise(.typeError, "can only join an iterable")
        }
        return try listFrom(iterator).value
    }

    // MARK: Arguments of text methods

    /// `operator.index(value)`, clamped to a machine integer.
    func clampedIndex(_ value: Value) throws(Raised) -> Int {
        if value.isSmallInt { return value.smallInt }
        let number = try indexValue(value)
        return machineInt(number) ?? (IntObject(number).isNegative ? Int.min : Int.max)
    }

    /// A bound of a slice: None or an index, clamped.
    func sliceBound(_ value: Value, _ none: Int) throws(Raised) -> Int {
        if value.isNoneOrUnbound { return none }
        if value.isSmallInt { return value.smallInt }
        if !isInt(value) && !type(of: value).slots.pointee.index.isSet {
            throw raise(.typeError, "slice indices must be integers or None or have an __index__ method")
        }
        return try clampedIndex(value)
    }

    /// Optional `start` and `end` of find, count, startswith …, brought into `0...count`. May give start > end.
    func searchRange(_ start: Value, _ end: Value, _ count: Int) throws(Raised) -> (start: Int, end: Int) {
        var from = try sliceBound(start, 0)
        var to = try sliceBound(end, Int.max)
        if to > count {
            to = count
        } else if to < 0 {
            to = max(to &+ count, 0)
        }
        if from < 0 { from = max(from &+ count, 0) }
        return (from, to)
    }

    /// A slice object's start, step and item count for a sequence of `count` items. Nothing of the sequence is read before its bounds are known.
    func textSlice(_ key: Value, _ length: () -> Int) throws(Raised) -> (start: Int, step: Int, count: Int) {
        let slice = key.cell
        var step = 1
        if !slice[3].isNoneOrUnbound {
            step = try sliceBound(slice[3], 1)
            if step == 0 { throw raise(.valueError, "slice step cannot be zero") }
            if step == Int.min { step = -Int.max }
        }
        var start = try sliceBound(slice[1], step < 0 ? Int.max : 0)
        var stop = try sliceBound(slice[2], step < 0 ? Int.min : Int.max)
        let count = length()
        let stopIsAbsent = slice[2].isNoneOrUnbound
        if start < 0 {
            start = start &+ count
            if start < 0 { start = step < 0 ? -1 : 0 }
        } else if start >= count {
            start = step < 0 ? count - 1 : count
        }
        if stop < 0 {
            stop = stopIsAbsent && step < 0 ? -1 : stop &+ count
            if stop < 0 { stop = step < 0 ? -1 : 0 }
        } else if stop >= count {
            stop = step < 0 ? count - 1 : count
        }
        if step < 0 { return (start, step, stop < start ? (start - stop - 1) / -step + 1 : 0) }
        return (start, step, start < stop ? (stop - start - 1) / step + 1 : 0)
    }

    /// Binds the arguments of a constructor or oddly parsed function to `names`, into `out` (as many unbound words).
    func bind(_ a: Arguments, _ names: [StaticString], _ function: String, required: Int = 0, _ out: UnsafeMutablePointer<Value>) throws(Raised) {
        let keywords = a.keywords.isUnbound ? 0 : TupleObject(a.keywords).count
        if a.count + keywords > names.count {
            throw raise(.typeError, "\(function)() takes at most \(names.count) \(a.count == 0 ? "keyword " : "")argument\(names.count == 1 ? "" : "s") (\(a.count + keywords) given)")
        }
        for i in 0..<a.count { out[i] = a[i] }
        for k in 0..<keywords {
            let key = TupleObject(a.keywords)[k]
            guard let i = names.firstIndex(where: { StrObject(key).equals($0) }) else {
                throw raise(.typeError, "'\(string(key))' is an invalid keyword argument for \(function)()")
            }
            if i < a.count {
                throw raise(.typeError, "argument for \(function)() given by name ('\(string(key))') and position (\(i + 1))")
            }
            out[i] = a[a.count + k]
        }
        for i in 0..<required where out[i].isUnbound {
            throw raise(.typeError, "\(function)() missing required argument '\(names[i])' (pos \(i + 1))")
        }
    }

    /// "NAME() argument N must be str, not X" unless `value` is a str.
    func requireStr(_ value: Value, _ function: StaticString, _ argument: StaticString) throws(Raised) {
        if value.isKind(.str) { return }
        let what = argument.utf8CodeUnitCount == 0 ? "" : " \(argument)"
        throw raise(.typeError, "\(function)() argument\(what) must be str, not \(value.isNone ? "None" : typeName(value))")
    }
}
