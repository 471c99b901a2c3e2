// Changes to bytes that know nothing of what they mean.

enum Mutation {
    private static let interesting: [UInt8] = [0, 1, 9, 10, 12, 13, 26, 34, 35, 39, 40, 41, 92, 123, 125, 127, 128, 0xBF, 0xC0, 0xED, 0xEF, 0xF4, 0xFE, 255]

    /// Changes one place or range of `bytes`; `other` is something to take pieces from.
    static func apply(_ bytes: inout [UInt8], other: [UInt8], _ random: inout SplitMix) {
        if bytes.isEmpty {
            bytes = Array(other.prefix(64))
            return
        }
        let at = random.below(bytes.count)
        let length = min(random.magnitude(256), bytes.count - at)
        switch random.below(9) {
        case 0: bytes[at] ^= 1 << UInt8(random.below(8))
        case 1: bytes[at] = interesting[random.below(interesting.count)]
        case 2: bytes.insert(interesting[random.below(interesting.count)], at: at)
        case 3: bytes.removeSubrange(at..<at + length)
        case 4: bytes.removeSubrange(at...)
        case 5: bytes.insert(contentsOf: bytes[at..<at + length], at: random.below(bytes.count))
        case 6: bytes.insert(contentsOf: piece(of: other, &random), at: at)
        case 7: bytes.replaceSubrange(at..<at + length, with: piece(of: other, &random))
        default: for i in at..<at + min(length, 8) { bytes[i] = UInt8(truncatingIfNeeded: random.next()) }
        }
    }

    static func piece(of bytes: [UInt8], _ random: inout SplitMix) -> ArraySlice<UInt8> {
        let at = random.below(bytes.count)
        return bytes[at..<min(bytes.count, at + random.magnitude(512))]
    }
}
