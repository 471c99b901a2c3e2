// Bytes as text and back: hexadecimal, base64, uu, quoted-printable, as `binascii` has them.

/// What is wrong with text that should decode (binascii.Error, or ValueError for `sep`).
public struct BinaryTextError: Error, Equatable, Sendable {
    /// CPython's message.
    public let text: String

    init(_ text: String) { self.text = text }
}

/// The codings of `binascii`. Input is any bytes; nothing is kept.
public enum BinaryText {
    public typealias Bytes = UnsafeBufferPointer<UInt8>

    @inline(__always)
    static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? value &+ 48 : value &+ 87 }

    /// Value of a hexadecimal digit, nil if it is none.
    @inline(__always)
    static func hexValue(_ digit: UInt8) -> UInt8? {
        if digit &- 48 < 10 { return digit &- 48 }
        let letter = digit | 32
        return letter &- 97 < 6 ? letter &- 87 : nil
    }

    // MARK: Hexadecimal

    /// `binascii.hexlify`, `bytes.hex`: with `separator` between groups of `|group|` bytes, counted from the right
    /// if `group` is positive, from the left if negative. 0: no separators.
    public static func hex(_ bytes: Bytes, separator: UInt8? = nil, group: Int = 1) -> [UInt8] {
        let size = group == .min ? Int.max : abs(group)
        guard let separator, size > 0, size < bytes.count else {
            return [UInt8](unsafeUninitializedCapacity: bytes.count &* 2) { out, count in
                for k in 0..<bytes.count {
                    out[2 &* k] = hexDigit(bytes[k] >> 4)
                    out[2 &* k &+ 1] = hexDigit(bytes[k] & 15)
                }
                count = bytes.count &* 2
            }
        }
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count &* 2 &+ bytes.count / size)
        for k in 0..<bytes.count {
            let isBreak = group > 0 ? (bytes.count &- k) % size == 0 : k % size == 0
            if k > 0 && isBreak { out.append(separator) }
            out.append(hexDigit(bytes[k] >> 4))
            out.append(hexDigit(bytes[k] & 15))
        }
        return out
    }

    /// `binascii.unhexlify`.
    public static func unhex(_ text: Bytes) throws(BinaryTextError) -> [UInt8] {
        guard text.count & 1 == 0 else { throw BinaryTextError("Odd-length string") }
        var out: [UInt8] = []
        out.reserveCapacity(text.count / 2)
        var at = 0
        while at < text.count {
            guard let high = hexValue(text[at]), let low = hexValue(text[at &+ 1]) else {
                throw BinaryTextError("Non-hexadecimal digit found")
            }
            out.append(high << 4 | low)
            at &+= 2
        }
        return out
    }

    // MARK: Base64

    @inline(__always)
    private static func base64Digit(_ value: UInt32) -> UInt8 {
        let v = UInt8(truncatingIfNeeded: value & 63)
        switch v {
        case 0..<26: return v &+ 65
        case 26..<52: return v &+ 71
        case 52..<62: return v &- 4
        case 62: return 43
        default: return 47
        }
    }

    @inline(__always)
    private static func base64Value(_ ch: UInt8) -> UInt32? {
        switch ch {
        case 65...90: return UInt32(ch) &- 65
        case 97...122: return UInt32(ch) &- 71
        case 48...57: return UInt32(ch) &+ 4
        case 43: return 62
        case 47: return 63
        default: return nil
        }
    }

    /// `binascii.b2a_base64`.
    public static func base64(_ bytes: Bytes, newline: Bool) -> [UInt8] {
        let length = (bytes.count &+ 2) / 3 &* 4 &+ (newline ? 1 : 0)
        return [UInt8](unsafeUninitializedCapacity: length) { out, count in
            var at = 0, to = 0
            while at < bytes.count {
                let left = bytes.count &- at
                var group = UInt32(bytes[at]) << 16
                if left > 1 { group |= UInt32(bytes[at &+ 1]) << 8 }
                if left > 2 { group |= UInt32(bytes[at &+ 2]) }
                out[to] = base64Digit(group >> 18)
                out[to &+ 1] = base64Digit(group >> 12)
                out[to &+ 2] = left > 1 ? base64Digit(group >> 6) : 61
                out[to &+ 3] = left > 2 ? base64Digit(group) : 61
                at &+= 3
                to &+= 4
            }
            if newline { out[to] = 10 }
            count = length
        }
    }

    /// `binascii.a2b_base64`: without `strict`, characters of no meaning are passed over.
    public static func unbase64(_ text: Bytes, strict: Bool) throws(BinaryTextError) -> [UInt8] {
        if strict && text.first == 61 { throw BinaryTextError("Leading padding not allowed") }
        var out: [UInt8] = []
        out.reserveCapacity(text.count / 4 &* 3 &+ 3)
        var place = 0, pads = 0, left: UInt32 = 0
        var isPadded = false
        for at in 0..<text.count {
            if text[at] == 61 {
                isPadded = true
                if place >= 2 {
                    pads &+= 1
                    if place &+ pads >= 4 {
                        if strict && at &+ 1 < text.count { throw BinaryTextError("Excess data after padding") }
                        return out
                    }
                }
                continue
            }
            guard let value = base64Value(text[at]) else {
                if strict { throw BinaryTextError("Only base64 data is allowed") }
                continue
            }
            if strict && isPadded { throw BinaryTextError("Discontinuous padding not allowed") }
            pads = 0
            left = left << 6 | value
            if place > 0 { out.append(UInt8(truncatingIfNeeded: left >> UInt32(6 &- 2 &* place))) }
            place = (place &+ 1) & 3
        }
        if place == 1 {
            throw BinaryTextError("Invalid base64-encoded string: number of data characters ("
                + String(out.count / 3 &* 4 &+ 1) + ") cannot be 1 more than a multiple of 4")
        }
        if place != 0 { throw BinaryTextError("Incorrect padding") }
        return out
    }

    // MARK: uu

    /// `binascii.b2a_uu`: one line.
    public static func uu(_ bytes: Bytes, backtick: Bool) throws(BinaryTextError) -> [UInt8] {
        guard bytes.count <= 45 else { throw BinaryTextError("At most 45 bytes at once") }
        func digit(_ value: UInt32) -> UInt8 {
            let v = UInt8(truncatingIfNeeded: value & 63)
            return v == 0 && backtick ? 96 : v &+ 32
        }
        var out: [UInt8] = [digit(UInt32(bytes.count))]
        var at = 0
        while at < bytes.count {
            var group: UInt32 = 0
            for k in 0..<3 { group = group << 8 | (at &+ k < bytes.count ? UInt32(bytes[at &+ k]) : 0) }
            for shift in [UInt32(18), 12, 6, 0] { out.append(digit(group >> shift)) }
            at &+= 3
        }
        out.append(10)
        return out
    }

    /// `binascii.a2b_uu`: one line. A line that lost its trailing blanks decodes too.
    public static func unuu(_ text: Bytes) throws(BinaryTextError) -> [UInt8] {
        var left = Int((text.first ?? 0) &- 32) & 63
        var out: [UInt8] = []
        var at = 1
        var bits: UInt32 = 0, bitCount: UInt32 = 0
        while left > 0 {
            var value: UInt32 = 0
            if at < text.count && text[at] != 10 && text[at] != 13 {
                guard text[at] >= 32, text[at] <= 96 else { throw BinaryTextError("Illegal char") }
                value = UInt32(text[at] &- 32) & 63
            }
            at &+= 1
            bits = bits << 6 | value
            bitCount &+= 6
            if bitCount >= 8 {
                bitCount &-= 8
                out.append(UInt8(truncatingIfNeeded: bits >> bitCount))
                left &-= 1
            }
        }
        while at < text.count {
            guard [32, 96, 10, 13].contains(text[at]) else { throw BinaryTextError("Trailing garbage") }
            at &+= 1
        }
        return out
    }

    // MARK: Quoted-printable

    /// `binascii.a2b_qp`.
    public static func unquote(_ text: Bytes, header: Bool) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var at = 0
        while at < text.count {
            let ch = text[at]
            at &+= 1
            guard ch == 61 else {
                out.append(header && ch == 95 ? 32 : ch)
                continue
            }
            guard at < text.count else { break }
            if text[at] == 10 || text[at] == 13 {
                // A soft line break: up to and with the newline.
                while at < text.count && text[at] != 10 { at &+= 1 }
                at &+= 1
            } else if text[at] == 61 {
                out.append(61)
                at &+= 1
            } else if at &+ 1 < text.count, let high = hexValue(text[at]), let low = hexValue(text[at &+ 1]) {
                out.append(high << 4 | low)
                at &+= 2
            } else {
                out.append(61)
            }
        }
        return out
    }

    /// `binascii.b2a_qp`.
    public static func quote(_ bytes: Bytes, tabs: Bool, isText: Bool, header: Bool) -> [UInt8] {
        var quoter = QuotedPrintable(bytes, tabs, isText, header)
        quoter.run()
        return quoter.out
    }
}

/// One quoted-printable encoding: lines of at most 76 characters.
private struct QuotedPrintable {
    let bytes: UnsafeBufferPointer<UInt8>
    let tabs: Bool, isText: Bool, header: Bool
    /// Line ends are written the way the first one of the input is.
    let usesReturn: Bool
    var out: [UInt8] = []
    var column = 0
    var at = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>, _ tabs: Bool, _ isText: Bool, _ header: Bool) {
        self.bytes = bytes
        self.tabs = tabs
        self.isText = isText
        self.header = header
        let first = bytes.firstIndex(of: 10)
        usesReturn = first.map { $0 > 0 && bytes[$0 &- 1] == 13 } ?? false
    }

    private func peek(_ index: Int) -> UInt8? { index < bytes.count ? bytes[index] : nil }

    private func needsQuoting(_ ch: UInt8) -> Bool {
        if ch > 126 || ch == 61 || header && ch == 95 { return true }
        let next = peek(at &+ 1)
        if ch == 46 && column == 0 && (next == nil || next == 10 || next == 13 || next == 0) { return true }
        if ch == 10 || ch == 13 { return !isText }
        if ch == 9 || ch == 32 { return next == nil || tabs }
        return ch < 33
    }

    private mutating func lineEnd() {
        if usesReturn { out.append(13) }
        out.append(10)
        column = 0
    }

    private mutating func softBreak() {
        out.append(61)
        lineEnd()
    }

    private mutating func escape(_ ch: UInt8) {
        func digit(_ v: UInt8) -> UInt8 { v < 10 ? v &+ 48 : v &+ 55 }
        out.append(61)
        out.append(digit(ch >> 4))
        out.append(digit(ch & 15))
    }

    mutating func run() {
        while at < bytes.count {
            let ch = bytes[at]
            if needsQuoting(ch) {
                if column &+ 3 >= 76 { softBreak() }
                escape(ch)
                at &+= 1
                column &+= 3
            } else if isText && (ch == 10 || ch == 13 && peek(at &+ 1) == 10) {
                if let last = out.last, last == 32 || last == 9 {
                    out.removeLast()
                    escape(last)
                }
                lineEnd()
                at &+= ch == 13 ? 2 : 1
            } else {
                if let next = peek(at &+ 1), next != 10, column &+ 1 >= 76 { softBreak() }
                column &+= 1
                out.append(header && ch == 32 ? 95 : ch)
                at &+= 1
            }
        }
    }
}
