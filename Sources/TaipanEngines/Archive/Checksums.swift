// CRC-32 and Adler-32 (zlib, binascii), CRC-CCITT (binascii.crc_hqx).
import CTaipanTables

/// Checksums over bytes, each continued from an earlier value.
public enum Checksum {
    /// CRC-32 as `zlib.crc32` and `binascii.crc32` compute it; begin with 0.
    public static func crc32(_ bytes: UnsafeRawBufferPointer, from start: UInt32 = 0) -> UInt32 {
        guard let base = bytes.baseAddress else { return start }
        var crc = ~start, i = 0
        let end = bytes.count
        while end &- i >= 8 {
            let low = UInt32(littleEndian: base.loadUnaligned(fromByteOffset: i, as: UInt32.self)) ^ crc
            let high = UInt32(littleEndian: base.loadUnaligned(fromByteOffset: i &+ 4, as: UInt32.self))
            let a = taipan_crc32_entry(1792 | low & 0xFF) ^ taipan_crc32_entry(1536 | low >> 8 & 0xFF)
            let b = taipan_crc32_entry(1280 | low >> 16 & 0xFF) ^ taipan_crc32_entry(1024 | low >> 24)
            let c = taipan_crc32_entry(768 | high & 0xFF) ^ taipan_crc32_entry(512 | high >> 8 & 0xFF)
            let d = taipan_crc32_entry(256 | high >> 16 & 0xFF) ^ taipan_crc32_entry(high >> 24)
            crc = a ^ b ^ c ^ d
            i &+= 8
        }
        while i < end {
            let byte = UInt32(base.load(fromByteOffset: i, as: UInt8.self))
            crc = crc >> 8 ^ taipan_crc32_entry((crc ^ byte) & 0xFF)
            i &+= 1
        }
        return ~crc
    }

    /// Adler-32 as `zlib.adler32` computes it; begin with 1.
    public static func adler32(_ bytes: UnsafeRawBufferPointer, from start: UInt32 = 1) -> UInt32 {
        var a = start & 0xFFFF, b = start >> 16
        var i = 0
        while i < bytes.count {
            // 5552 is the most bytes whose sums stay below 2^32.
            let stop = min(bytes.count, i &+ 5552)
            while i < stop {
                a &+= UInt32(bytes[i])
                b &+= a
                i &+= 1
            }
            a %= 65521
            b %= 65521
        }
        return b << 16 | a
    }

    /// CRC-CCITT (polynomial 0x1021, high bit first) as `binascii.crc_hqx` computes it.
    public static func crcHqx(_ bytes: UnsafeRawBufferPointer, from start: UInt32) -> UInt32 {
        var crc = start & 0xFFFF
        for byte in bytes {
            crc ^= UInt32(byte) << 8
            for _ in 0..<8 {
                crc = crc & 0x8000 != 0 ? (crc << 1 ^ 0x1021) & 0xFFFF : crc << 1
            }
        }
        return crc
    }
}
