// What str, bytes and bytearray share: splitting, stripping, searching, replacing and padding, over a
// borrowed run of code points (bytes are code points one byte wide).

import TaipanUnicode

/// Which of the three text types a method works on, and makes.
enum TextFlavor {
    case str, bytes, bytearray
    var kind: TextKind { self == .str ? .text : .bytes }
}

/// The receiver of a text method.
struct TextSource {
    let value: Value
    let points: CodePoints
    let flavor: TextFlavor

    init(_ t: Thread, _ value: Value) {
        self.value = value
        if value.isKind(.str) {
            points = StrObject(value).points
            flavor = .str
        } else if value.isKind(.bytes) {
            points = BytesObject(value).points
            flavor = .bytes
        } else {
            points = ByteArrayObject(value).points
            flavor = .bytearray
        }
    }

    var count: Int { points.count }
}

extension Thread {
    /// A fresh str, bytes or bytearray of `text`.
    func newText(_ text: CodePoints, _ flavor: TextFlavor) throws(Raised) -> Value {
        switch flavor {
        case .str: return try newStr(text)
        case .bytes:
            if text.count == 0 { return objects.pointee.emptyBytes }
            return try bytes(text.base.assumingMemoryBound(to: UInt8.self), text.count)
        case .bytearray: return try newByteArray(text.base.assumingMemoryBound(to: UInt8.self), text.count).value
        }
    }

    /// Part of the receiver; the receiver itself when that is all of it and it is exactly a str or bytes.
    func part(_ source: TextSource, _ from: Int, _ to: Int) throws(Raised) -> Value {
        switch source.flavor {
        case .str: return try substring(source.value, from, to)
        case .bytes where from == 0 && to == source.count && source.value.hasLayout(.bytes): return source.value
        default: return try newText(source.points.slice(from, to), source.flavor)
        }
    }

    /// All of the receiver, as an object that is exactly a str, bytes or (always fresh) bytearray.
    func whole(_ source: TextSource) throws(Raised) -> Value { try part(source, 0, source.count) }

    func finish(_ builder: borrowing StrBuilder, _ flavor: TextFlavor) throws(Raised) -> Value {
        if builder.sink.isOutOfMemory { throw memoryError() }
        return try newText(builder.sink.withText { $0 }, flavor)
    }

    // MARK: Splitting

    /// `split(sep, maxsplit)`; no separator means runs of white space.
    func split(_ source: TextSource, _ separator: CodePoints?, _ limit: Int) throws(Raised) -> Value {
        let list = try newList()
        var left = limit < 0 ? Int.max : limit
        guard let separator else {
            var at = 0
            while left > 0, let word = TextBoundaries.word(source.points, from: at, source.flavor.kind) {
                try append(list, try part(source, word.lowerBound, word.upperBound))
                at = word.upperBound
                left -= 1
            }
            let rest = TextBoundaries.skipSpace(source.points, from: at, source.flavor.kind)
            if rest < source.count { try append(list, try part(source, rest, source.count)) }
            return list.value
        }
        if separator.count == 0 { throw raise(.valueError, "empty separator") }
        var at = 0
        while left > 0 {
            let found = TextSearch.find(separator, in: source.points, from: at, to: source.count)
            if found < 0 { break }
            try append(list, try part(source, at, found))
            at = found + separator.count
            left -= 1
        }
        try append(list, try part(source, at, source.count))
        return list.value
    }

    /// `rsplit(sep, maxsplit)`.
    func rsplit(_ source: TextSource, _ separator: CodePoints?, _ limit: Int) throws(Raised) -> Value {
        let list = try newList()
        var left = limit < 0 ? Int.max : limit
        var end = source.count
        if let separator {
            if separator.count == 0 { throw raise(.valueError, "empty separator") }
            while left > 0 {
                let found = TextSearch.rfind(separator, in: source.points, from: 0, to: end)
                if found < 0 { break }
                try append(list, try part(source, found + separator.count, end))
                end = found
                left -= 1
            }
            try append(list, try part(source, 0, end))
        } else {
            while left > 0, let word = TextBoundaries.wordBackward(source.points, from: end, source.flavor.kind) {
                try append(list, try part(source, word.lowerBound, word.upperBound))
                end = word.lowerBound
                left -= 1
            }
            let rest = TextBoundaries.skipSpaceBackward(source.points, from: end, source.flavor.kind)
            if rest > 0 { try append(list, try part(source, 0, rest)) }
        }
        var i = 0, j = list.count - 1
        while i < j {
            let item = list[i]
            list[i] = list[j]
            list[j] = item
            i += 1
            j -= 1
        }
        return list.value
    }

    func splitlines(_ source: TextSource, keepEnds: Bool) throws(Raised) -> Value {
        let list = try newList()
        var at = 0
        while let line = TextBoundaries.line(source.points, from: at, source.flavor.kind) {
            try append(list, try part(source, at, keepEnds ? line.next : line.end))
            at = line.next
        }
        return list.value
    }

    /// `partition` and `rpartition`; `separator` is what stands in the middle of the result.
    func partition(_ source: TextSource, _ separator: Value, _ points: CodePoints, fromRight: Bool) throws(Raised) -> Value {
        if points.count == 0 { throw raise(.valueError, "empty separator") }
        let found = fromRight ? TextSearch.rfind(points, in: source.points, from: 0, to: source.count)
            : TextSearch.find(points, in: source.points, from: 0, to: source.count)
        if found < 0 {
            let all = try whole(source)
            let a = try newText(.empty, source.flavor), b = try newText(.empty, source.flavor)
            return fromRight ? try tuple(a, b, all) : try tuple(all, a, b)
        }
        let before = try part(source, 0, found)
        let middle = source.flavor == .bytearray ? try newText(points, .bytearray) : separator
        return try tuple(before, middle, try part(source, found + points.count, source.count))
    }

    // MARK: Replacing and padding

    func replace(_ source: TextSource, _ old: CodePoints, _ new: CodePoints, _ limit: Int) throws(Raised) -> Value {
        var left = limit < 0 ? Int.max : limit
        if left == 0 || source.count < old.count || (old.count == 0 && new.count == 0) || CodePoints.isEqual(old, new) {
            return try whole(source)
        }
        if old.count > 0 && source.flavor == .str && StrObject(source.value).isASCII && old.width == 1 && new.width == 1 && new.mask() < 128 {
            return try replaceASCII(source, old, new, left)
        }
        if new.count > old.count {
            let times = TextSearch.count(old, in: source.points, from: 0, to: source.count, limit: left)
            if times == 0 { return try whole(source) }
            let (growth, overflow) = times.multipliedReportingOverflow(by: new.count - old.count)
            if overflow || source.count.addingReportingOverflow(growth).overflow {
                throw raise(.overflowError, source.flavor == .str ? "replace string is too long" : "replace bytes is too long")
            }
        }
        var builder = StrBuilder()
        if old.count == 0 {
            for i in 0..<source.count {
                if left > 0 {
                    builder.append(new)
                    left -= 1
                }
                builder.append(source.points[i])
            }
            if left > 0 { builder.append(new) }
            return try finish(builder, source.flavor)
        }
        var at = 0
        while left > 0 {
            let found = TextSearch.find(old, in: source.points, from: at, to: source.count)
            if found < 0 { break }
            builder.append(source.points.slice(at, found))
            builder.append(new)
            at = found + old.count
            left -= 1
        }
        if at == 0 { return try whole(source) }
        builder.append(source.points.slice(at, source.count))
        return try finish(builder, source.flavor)
    }

    /// The places are counted first, so that the result is filled where it stays.
    private func replaceASCII(_ source: TextSource, _ old: CodePoints, _ new: CodePoints, _ limit: Int) throws(Raised) -> Value {
        let text = source.points
        let times = TextSearch.count(old, in: text, from: 0, to: text.count, limit: limit)
        if times == 0 { return try whole(source) }
        let (growth, overflow) = times.multipliedReportingOverflow(by: new.count - old.count)
        if overflow || text.count.addingReportingOverflow(growth).overflow { throw raise(.overflowError, "replace string is too long") }
        let made = try newStr(count: text.count + growth, maximum: 0)
        var target = made.units8
        var at = 0
        for _ in 0..<times {
            let found = TextSearch.find(old, in: text, from: at, to: text.count)
            target = copyUnits(text, at, found, target)
            target = copyUnits(new, 0, new.count, target)
            at = found + old.count
        }
        _ = copyUnits(text, at, text.count, target)
        return withExtended(source.value, made.value)
    }

    /// Copies one-byte units `[from, to)` and gives the place behind them.
    @inline(__always) private func copyUnits(_ text: CodePoints, _ from: Int, _ to: Int, _ target: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        text.slice(from, to).copy(to: target, width: 1)
        return target + (to &- from)
    }

    /// The receiver between `left` and `right` times `fill`.
    func pad(_ source: TextSource, _ left: Int, _ right: Int, _ fill: UInt32) throws(Raised) -> Value {
        if left <= 0 && right <= 0 { return try whole(source) }
        let (sum, overflow) = max(left, 0).addingReportingOverflow(max(right, 0))
        if overflow || sum.addingReportingOverflow(source.count).overflow { throw raise(.overflowError, "padded string is too long") }
        var builder = StrBuilder()
        builder.append(fill, count: left)
        builder.append(source.points)
        builder.append(fill, count: right)
        return try finish(builder, source.flavor)
    }

    /// center: the odd space goes left when both the padding and the width are odd.
    func center(_ source: TextSource, _ width: Int, _ fill: UInt32) throws(Raised) -> Value {
        if width <= source.count { return try whole(source) }
        let margin = width - source.count
        let left = margin / 2 + (margin & width & 1)
        return try pad(source, left, margin - left, fill)
    }

    func zfill(_ source: TextSource, _ width: Int) throws(Raised) -> Value {
        if width <= source.count { return try whole(source) }
        let fill = width - source.count
        var builder = StrBuilder()
        var start = 0
        if source.count > 0 && (source.points[0] == 0x2B || source.points[0] == 0x2D) {
            builder.append(source.points[0])
            start = 1
        }
        builder.append(0x30, count: fill)
        builder.append(source.points.slice(start, source.count))
        return try finish(builder, source.flavor)
    }

    func expandtabs(_ source: TextSource, _ tab: Int) throws(Raised) -> Value {
        if TextSearch.find(unit: 9, in: source.points, from: 0, to: source.count) < 0 { return try whole(source) }
        var builder = StrBuilder()
        var column = 0
        for i in 0..<source.count {
            let c = source.points[i]
            if c == 9 {
                if tab > 0 {
                    let step = tab - column % tab
                    if builder.count.addingReportingOverflow(step).overflow { throw raise(.overflowError, source.flavor == .str ? "new string is too long" : "result too long") }
                    column = column &+ step
                    builder.append(0x20, count: step)
                }
            } else {
                column = c == 10 || c == 13 ? 0 : column &+ 1
                builder.append(c)
            }
            if builder.sink.isOutOfMemory { throw memoryError() }
        }
        return try finish(builder, source.flavor)
    }

    /// `source * n`.
    func repeatText(_ source: TextSource, _ n: Int) throws(Raised) -> Value {
        if n <= 0 || source.count == 0 { return try newText(.empty, source.flavor) }
        if n == 1 { return try whole(source) }
        let (count, overflow) = source.count.multipliedReportingOverflow(by: n)
        if overflow {
            if source.flavor == .str { throw raise(.overflowError, "repeated string is too long") }
            if source.flavor == .bytes { throw raise(.overflowError, "repeated bytes are too long") }
            throw memoryError()
        }
        let width = source.points.width
        let target: UnsafeMutableRawPointer, made: Value
        switch source.flavor {
        case .str:
            let s = StrObject(source.value)
            let fresh = try newStr(count: count, maximum: s.isASCII ? 0 : width == 1 ? 0xFF : width == 2 ? 0xFFFF : 0x10FFFF)
            (made, target) = (fresh.value, fresh.data)
        case .bytes:
            let fresh = try newBytes(count)
            (made, target) = (fresh.value, UnsafeMutableRawPointer(fresh.data))
        case .bytearray:
            let fresh = try newByteArray(count: count)
            (made, target) = (fresh.value, UnsafeMutableRawPointer(fresh.data))
        }
        repeatUnits(source.points, into: target, bytes: count * width)
        return made
    }

    /// Fills `bytes` bytes with copies of `text`, doubling what is there.
    private func repeatUnits(_ text: CodePoints, into target: UnsafeMutableRawPointer, bytes: Int) {
        var done = text.count * text.width
        target.copyMemory(from: text.base, byteCount: done)
        while done < bytes {
            let step = min(done, bytes - done)
            (target + done).copyMemory(from: target, byteCount: step)
            done += step
        }
    }

    // MARK: Method tables

    /// Checks the arguments of find, count, startswith …: one to three, no keywords.
    func checkSearchArguments(_ a: Arguments, _ name: StaticString, _ type: StaticString) throws(Raised) {
        if a.keywords.isBound { throw raise(.typeError, "\(type).\(name)() takes no keyword arguments") }
        if a.count < 2 { throw raise(.typeError, "\(name)() takes at least 1 argument (0 given)") }
        if a.count > 4 { throw raise(.typeError, "\(name)() takes at most 3 arguments (\(a.count - 1) given)") }
    }

    /// `startswith` or `endswith` for one affix.
    func hasAffix(_ text: CodePoints, _ affix: CodePoints, _ range: (start: Int, end: Int), atEnd: Bool) -> Bool {
        let room = range.end - range.start
        if affix.count > room || room < 0 { return false }
        if affix.count == 0 { return true }
        let at = atEnd ? range.end - affix.count : range.start
        return CodePoints.isEqual(text.slice(at, at + affix.count), affix)
    }
}
