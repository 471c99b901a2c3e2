// `binascii`: bytes as text and back, checksums. The codings are TaipanEngines'.

import TaipanEngines
import TaipanRuntime

enum BinasciiModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        let error = try m.exception("Error", base: m.t.types.pointee.valueError)
        try m.exception("Incomplete", base: m.t.types.pointee.exception)
        try m.t.keepModuleObject("binascii", error)
        defineHexadecimal(m)
        defineBase64(m)
        defineOthers(m)
    }

    private static func defineHexadecimal(_ m: ModuleBuilder) {
        m.function("b2a_hex", "($module, /, data, sep=<unrepresentable>, bytes_per_sep=1)", "Bytes in hexadecimal.") { (t, a) throws(Raised) in try t.hexlify(a) }
        m.function("hexlify", "($module, /, data, sep=<unrepresentable>, bytes_per_sep=1)", "Bytes in hexadecimal.") { (t, a) throws(Raised) in try t.hexlify(a) }
        m.function("a2b_hex", "($module, hexstr, /)", "The bytes that hexadecimal digits spell.") { (t, a) throws(Raised) in
            try t.decoded(a[0]) { (text) throws(BinaryTextError) in try BinaryText.unhex(text) }
        }
        m.function("unhexlify", "($module, hexstr, /)", "The bytes that hexadecimal digits spell.") { (t, a) throws(Raised) in
            try t.decoded(a[0]) { (text) throws(BinaryTextError) in try BinaryText.unhex(text) }
        }
    }

    private static func defineBase64(_ m: ModuleBuilder) {
        m.function("b2a_base64", "($module, data, /, *, newline=True)", "A line of base64.") { (t, a) throws(Raised) in
            let newline = a[1].isUnbound ? true : try t.truth(a[1])
            return try t.encoded(a[0]) { (raw) throws(BinaryTextError) in BinaryText.base64(raw, newline: newline) }
        }
        m.function("a2b_base64", "($module, data, /, *, strict_mode=False)", "The bytes of base64 text.") { (t, a) throws(Raised) in
            let strict = a[1].isUnbound ? false : try t.truth(a[1])
            return try t.decoded(a[0]) { (text) throws(BinaryTextError) in try BinaryText.unbase64(text, strict: strict) }
        }
        m.function("b2a_uu", "($module, data, /, *, backtick=False)", "A line of uuencoded text.") { (t, a) throws(Raised) in
            let backtick = a[1].isUnbound ? false : try t.truth(a[1])
            return try t.encoded(a[0]) { (raw) throws(BinaryTextError) in try BinaryText.uu(raw, backtick: backtick) }
        }
        m.function("a2b_uu", "($module, data, /)", "The bytes of a uuencoded line.") { (t, a) throws(Raised) in
            try t.decoded(a[0]) { (text) throws(BinaryTextError) in try BinaryText.unuu(text) }
        }
    }

    private static func defineOthers(_ m: ModuleBuilder) {
        m.function("a2b_qp", "($module, /, data, header=False)", "The bytes of quoted-printable text.") { (t, a) throws(Raised) in
            let header = a[1].isUnbound ? false : try t.truth(a[1])
            return try t.decoded(a[0]) { (text) throws(BinaryTextError) in BinaryText.unquote(text, header: header) }
        }
        m.function("b2a_qp", "($module, /, data, quotetabs=False, istext=True, header=False)", "Bytes as quoted-printable text.") { (t, a) throws(Raised) in
            let tabs = a[1].isUnbound ? false : try t.truth(a[1])
            let isText = a[2].isUnbound ? true : try t.truth(a[2])
            let header = a[3].isUnbound ? false : try t.truth(a[3])
            return try t.encoded(a[0]) { (raw) throws(BinaryTextError) in BinaryText.quote(raw, tabs: tabs, isText: isText, header: header) }
        }
        m.function("crc32", "($module, data, crc=0, /)", "CRC-32 of the bytes, continued from crc.") { (t, a) throws(Raised) in
            let start = a[1].isUnbound ? 0 : try t.lowBits(a[1])
            return try t.withBytes(of: a[0]) { (raw) throws(Raised) in t.int(Int(Checksum.crc32(raw, from: UInt32(truncatingIfNeeded: start)))) }
        }
        m.function("crc_hqx", "($module, data, crc, /)", "CRC-CCITT of the bytes, continued from crc.") { (t, a) throws(Raised) in
            let start = try t.lowBits(a[1])
            return try t.withBytes(of: a[0]) { (raw) throws(Raised) in t.int(Int(Checksum.crcHqx(raw, from: UInt32(truncatingIfNeeded: start) & 0xFFFF))) }
        }
    }
}

extension Thread {
    /// The low 64 bits of an int.
    func lowBits(_ value: Value) throws(Raised) -> UInt64 {
        let number = try indexValue(value)
        return try withInt(number) { (n) throws(Raised) in
            let low = n.count == 0 ? 0 : n.limbs[0]
            return n.isNegative ? 0 &- low : low
        }
    }

    fileprivate func encoded(_ data: Value, _ body: (BinaryText.Bytes) throws(BinaryTextError) -> [UInt8]) throws(Raised) -> Value {
        let made = try withBytes(of: data) { (raw) throws(Raised) in try coded(raw.bindMemory(to: UInt8.self), body) }
        return try bytes(made)
    }

    /// Decodes an ASCII str or a bytes-like object.
    fileprivate func decoded(_ text: Value, _ body: (BinaryText.Bytes) throws(BinaryTextError) -> [UInt8]) throws(Raised) -> Value {
        if text.isKind(.str) {
            let s = StrObject(text)
            if !s.isASCII && s.count > 0 { throw raise(.valueError, "string argument should contain only ASCII characters") }
            return try bytes(try coded(UnsafeBufferPointer(start: s.units8, count: s.count), body))
        }
        if !hasBuffer(text) { throw raise(.typeError, "argument should be bytes, buffer or ASCII string, not '\(typeName(text))'") }
        return try encoded(text, body)
    }

    private func coded(_ raw: BinaryText.Bytes, _ body: (BinaryText.Bytes) throws(BinaryTextError) -> [UInt8]) throws(Raised) -> [UInt8] {
        do throws(BinaryTextError) { return try body(raw) } catch { throw raise(type: moduleObject("binascii"), str(error.text)) }
    }

    fileprivate func hexlify(_ a: Arguments) throws(Raised) -> Value {
        let group = a[2].isUnbound ? 1 : try index(a[2])
        let separator = a[1].isUnbound ? nil : try hexSeparator(a[1])
        return try encoded(a[0]) { (raw) throws(BinaryTextError) in BinaryText.hex(raw, separator: separator, group: group) }
    }

    private func hexSeparator(_ value: Value) throws(Raised) -> UInt8 {
        let c: UInt32
        if value.isKind(.str) {
            if StrObject(value).count != 1 { throw raise(.valueError, "sep must be length 1.") }
            c = StrObject(value)[0]
        } else if value.isKind(.bytes) {
            if BytesObject(value).count != 1 { throw raise(.valueError, "sep must be length 1.") }
            c = UInt32(BytesObject(value).data[0])
        } else {
            throw raise(.typeError, "sep must be str or bytes.")
        }
        if c > 127 { throw raise(.valueError, "sep must be ASCII.") }
        return UInt8(c)
    }
}
