// `.pyc` files: sixteen bytes of header (magic number, flags, then time and size of the source or its hash; PEP 552) and a
// marshalled code object.

/// The header of a `.pyc` file.
public struct PycHeader: Sendable, Equatable {
    /// How a `.pyc` file is tied to its source.
    public enum Validation: Sendable, Equatable {
        /// The source's modification time in seconds and its size, both as their lower 32 bits.
        case timestamp(time: UInt32, size: UInt32)
        /// The SipHash of the source; `checked` says whether it is to be compared.
        case hash(UInt64, checked: Bool)
    }

    /// The magic number of CPython 3.12: 3531, CR, LF.
    public static var magic: [UInt8] { [0xCB, 0x0D, 0x0D, 0x0A] }
    /// The length of a header.
    public static var size: Int { 16 }

    public var validation: Validation

    public init(_ validation: Validation) { self.validation = validation }

    /// Reads a header.
    /// - Returns: nil for data that is too short, of another version or with unknown flags.
    public init?(_ data: [UInt8]) {
        guard data.count >= Self.size, data[..<4].elementsEqual(Self.magic) else { return nil }
        func number(_ start: Int) -> UInt32 {
            var value = UInt32(0)
            for i in 0..<4 { value |= UInt32(data[start + i]) << UInt32(8 * i) }
            return value
        }
        switch number(4) {
        case 0: validation = .timestamp(time: number(8), size: number(12))
        case let flags where flags == 1 || flags == 3:
            validation = .hash(UInt64(number(8)) | UInt64(number(12)) << 32, checked: flags == 3)
        default: return nil
        }
    }

    /// The sixteen bytes.
    public var bytes: [UInt8] {
        let flags: UInt32
        let first: UInt32
        let second: UInt32
        switch validation {
        case .timestamp(let time, let size):
            flags = 0
            first = time
            second = size
        case .hash(let hash, let checked):
            flags = checked ? 3 : 1
            first = UInt32(truncatingIfNeeded: hash)
            second = UInt32(truncatingIfNeeded: hash >> 32)
        }
        var result = Self.magic
        for number in [flags, first, second] {
            for shift in stride(from: 0, to: 32, by: 8) { result.append(UInt8(truncatingIfNeeded: number >> UInt32(shift))) }
        }
        return result
    }
}

extension Marshal {
    /// The whole `.pyc` file of `code`.
    public static func pyc(_ code: CodeObject, _ validation: PycHeader.Validation) throws(MarshalFailure) -> [UInt8] {
        PycHeader(validation).bytes + (try write(.code(code)))
    }

    /// The code object of a `.pyc` file whose header has been looked at.
    public static func code(ofPyc data: [UInt8]) throws(MarshalFailure) -> CodeObject {
        guard data.count >= PycHeader.size else { throw MarshalFailure(.eof, "EOF read where object expected") }
        guard case .code(let code) = try read(data[PycHeader.size...]) else {
            throw MarshalFailure(.type, "non-code object in pyc file")
        }
        return code
    }
}
