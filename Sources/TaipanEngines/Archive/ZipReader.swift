// Reading ZIP archives: the central directory, and single entries stored or deflated. Nothing is written, nothing
// encrypted is read. Everything is checked against the size of the archive, so damaged files cannot lead outside it.

/// Why an archive or an entry cannot be read.
public enum ZipError: Error, Equatable, Sendable {
    case notAnArchive, badDirectory, badEntry, unsupported, encrypted, badData(String), badChecksum, outOfMemory
}

/// One file of an archive, from its central directory.
public struct ZipEntry: Sendable {
    /// The name as it stands in the archive; UTF-8 if `isUTF8`, else code page 437.
    public let name: [UInt8]
    public let isUTF8: Bool
    public let isEncrypted: Bool
    /// 0 stored, 8 deflated.
    public let method: Int
    public let crc: UInt32
    public let compressedSize: Int
    public let size: Int
    /// MS-DOS time and date of the last change.
    public let time: Int
    public let date: Int
    /// Where the local header stands in the file.
    let headerOffset: Int
}

/// An archive that lies in memory.
public struct ZipReader {
    let bytes: UnsafeRawBufferPointer
    /// The entries, in the directory's order.
    public let entries: [ZipEntry]
    /// Bytes in front of the archive (a self-extracting script, say).
    public let prefix: Int

    /// Reads the directory of the archive in `bytes`, which must outlive the reader.
    public init(_ bytes: UnsafeRawBufferPointer) throws(ZipError) {
        self.bytes = bytes
        guard let end = ZipReader.findEnd(bytes) else { throw .notAnArchive }
        var count = Int(ZipReader.word16(bytes, end &+ 10))
        var size = Int(ZipReader.word32(bytes, end &+ 12))
        var offset = Int(ZipReader.word32(bytes, end &+ 16))
        var directoryEnd = end
        if end >= 20, ZipReader.word32(bytes, end &- 20) == 0x0706_4B50, end >= 76,
           ZipReader.word32(bytes, end &- 76) == 0x0606_4B50 {
            let base = end &- 76
            count = Int(truncatingIfNeeded: ZipReader.word64(bytes, base &+ 32) & 0xFFFF_FFFF)
            size = Int(truncatingIfNeeded: ZipReader.word64(bytes, base &+ 40))
            offset = Int(truncatingIfNeeded: ZipReader.word64(bytes, base &+ 48))
            directoryEnd = base
        }
        guard size >= 0, offset >= 0, size <= directoryEnd, offset <= directoryEnd &- size else { throw .badDirectory }
        let start = directoryEnd &- size
        prefix = start &- offset
        entries = try ZipReader.readDirectory(bytes, from: start, to: directoryEnd, count: count)
    }

    private static func readDirectory(
        _ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int, count: Int
    ) throws(ZipError) -> [ZipEntry] {
        var entries: [ZipEntry] = []
        var at = start
        for _ in 0..<count {
            guard at &+ 46 <= end, word32(bytes, at) == 0x0201_4B50 else { throw .badDirectory }
            let nameLength = Int(word16(bytes, at &+ 28))
            let next = at &+ 46 &+ nameLength &+ Int(word16(bytes, at &+ 30)) &+ Int(word16(bytes, at &+ 32))
            guard next <= end else { throw .badDirectory }
            let flags = word16(bytes, at &+ 8)
            var sizes = (Int(word32(bytes, at &+ 20)), Int(word32(bytes, at &+ 24)), Int(word32(bytes, at &+ 42)))
            readZip64(bytes, at &+ 46 &+ nameLength, Int(word16(bytes, at &+ 30)), &sizes)
            entries.append(ZipEntry(
                name: Array(bytes[(at &+ 46)..<(at &+ 46 &+ nameLength)]), isUTF8: flags & 0x800 != 0,
                isEncrypted: flags & 1 != 0, method: Int(word16(bytes, at &+ 10)), crc: word32(bytes, at &+ 16),
                compressedSize: sizes.0, size: sizes.1, time: Int(word16(bytes, at &+ 12)),
                date: Int(word16(bytes, at &+ 14)), headerOffset: sizes.2))
            at = next
        }
        return entries
    }

    /// Takes sizes and offset that do not fit 32 bits from the extra field 1: only those are there, in this order.
    private static func readZip64(
        _ bytes: UnsafeRawBufferPointer, _ start: Int, _ length: Int, _ sizes: inout (Int, Int, Int)
    ) {
        var at = start
        while at &+ 4 <= start &+ length {
            let field = Int(word16(bytes, at &+ 2))
            if word16(bytes, at) == 1 && at &+ 4 &+ field <= start &+ length {
                var here = at &+ 4
                func next(_ value: Int) -> Int {
                    guard value == 0xFFFF_FFFF, here &+ 8 <= at &+ 4 &+ field else { return value }
                    defer { here &+= 8 }
                    return Int(truncatingIfNeeded: word64(bytes, here))
                }
                let size = next(sizes.1)
                let compressed = next(sizes.0)
                sizes = (compressed, size, next(sizes.2))
                return
            }
            at &+= 4 &+ field
        }
    }

    /// The contents of an entry; checks its CRC.
    public func read(_ entry: ZipEntry) throws(ZipError) -> [UInt8] {
        if entry.isEncrypted { throw .encrypted }
        let header = prefix &+ entry.headerOffset
        guard entry.headerOffset >= 0, header >= 0, header <= bytes.count &- 30,
              ZipReader.word32(bytes, header) == 0x0403_4B50 else { throw .badEntry }
        let start = header &+ 30 &+ Int(ZipReader.word16(bytes, header &+ 26)) &+ Int(ZipReader.word16(bytes, header &+ 28))
        guard entry.compressedSize >= 0, start <= bytes.count, entry.compressedSize <= bytes.count &- start else { throw .badEntry }
        let data = UnsafeRawBufferPointer(rebasing: bytes[start..<(start &+ entry.compressedSize)])
        let contents: [UInt8]
        switch entry.method {
        case 0: contents = Array(data)
        case 8: contents = try ZipReader.inflate(data)
        default: throw .unsupported
        }
        let crc = contents.withUnsafeBytes { Checksum.crc32($0) }
        guard crc == entry.crc else { throw .badChecksum }
        return contents
    }

    private static func inflate(_ data: UnsafeRawBufferPointer) throws(ZipError) -> [UInt8] {
        var inflater = Inflater(.raw)
        defer { inflater.deallocate() }
        switch inflater.inflate(data).status {
        case .finished: return Array(inflater.output)
        case .failed(let text): throw .badData(text)
        case .outOfMemory: throw .outOfMemory
        default: throw .badData("incomplete or truncated stream")
        }
    }

    /// Where the end-of-directory record stands: at the very end, or before an archive comment.
    private static func findEnd(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var at = bytes.count &- 22
        let lowest = max(0, at &- 65535)
        while at >= lowest {
            if word32(bytes, at) == 0x0605_4B50 && at &+ 22 &+ Int(word16(bytes, at &+ 20)) == bytes.count { return at }
            at &-= 1
        }
        return nil
    }

    private static func word16(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt16 {
        UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt16.self))
    }

    private static func word32(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt32 {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
    }

    private static func word64(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
    }
}
