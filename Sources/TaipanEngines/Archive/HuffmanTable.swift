// One Huffman code of a DEFLATE block, decoded by table for short codes and canonically for long ones.

/// Decodes the symbols of one code. Memory of its own.
struct HuffmanTable {
    static let fastBits = 10
    /// Reversed code → length | symbol << 4; 0 where the code is longer, or none.
    let fast: UnsafeMutablePointer<UInt16>
    /// Codes of each length, then the symbols in canonical order.
    let counts: UnsafeMutablePointer<UInt16>
    let symbols: UnsafeMutablePointer<UInt16>

    init() {
        fast = .allocate(capacity: 1 << HuffmanTable.fastBits)
        counts = .allocate(capacity: 16)
        symbols = .allocate(capacity: 320)
    }

    func deallocate() {
        fast.deallocate()
        counts.deallocate()
        symbols.deallocate()
    }

    /// The same code in other memory.
    func copy() -> HuffmanTable {
        let twin = HuffmanTable()
        twin.fast.update(from: fast, count: 1 << HuffmanTable.fastBits)
        twin.counts.update(from: counts, count: 16)
        twin.symbols.update(from: symbols, count: 320)
        return twin
    }

    /// Sets the code from its lengths. False if it is over-full, or incomplete where that is not allowed
    /// (as in zlib, a lone code of one bit is allowed where `lone` is true, and an empty code always).
    func set(_ lengths: UnsafePointer<UInt8>, _ count: Int, lone: Bool) -> Bool {
        counts.update(repeating: 0, count: 16)
        for k in 0..<count { counts[Int(lengths[k])] &+= 1 }
        fast.update(repeating: 0, count: 1 << HuffmanTable.fastBits)
        var left = 1, longest = 0
        for length in 1...15 {
            left = left &* 2 &- Int(counts[length])
            if left < 0 { return false }
            if counts[length] > 0 { longest = length }
        }
        if left > 0 && longest > 0 && !(lone && longest == 1) { return false }
        var offsets = [Int](repeating: 0, count: 17), codes = [Int](repeating: 0, count: 17)
        for length in 1...15 {
            offsets[length &+ 1] = offsets[length] &+ Int(counts[length])
            codes[length &+ 1] = (codes[length] &+ Int(counts[length])) &* 2
        }
        for symbol in 0..<count where lengths[symbol] != 0 {
            let length = Int(lengths[symbol])
            symbols[offsets[length]] = UInt16(truncatingIfNeeded: symbol)
            offsets[length] &+= 1
            if length <= HuffmanTable.fastBits {
                fill(UInt16(truncatingIfNeeded: length | symbol << 4), reversed(codes[length], length), length)
            }
            codes[length] &+= 1
        }
        return true
    }

    private func reversed(_ code: Int, _ length: Int) -> Int {
        var result = 0
        for bit in 0..<length where code >> bit & 1 != 0 { result |= 1 << (length &- 1 &- bit) }
        return result
    }

    private func fill(_ entry: UInt16, _ first: Int, _ length: Int) {
        var at = first
        while at < 1 << HuffmanTable.fastBits {
            fast[at] = entry
            at &+= 1 << length
        }
    }

    /// The symbol at the low end of `bits` and its length; length 16 if no code fits.
    @inline(__always)
    func decode(_ bits: UInt64) -> (symbol: Int, length: Int) {
        let entry = Int(fast[Int(truncatingIfNeeded: bits) & (1 << HuffmanTable.fastBits &- 1)])
        return entry != 0 ? (entry >> 4, entry & 15) : decodeLong(bits)
    }

    @inline(never)
    private func decodeLong(_ bits: UInt64) -> (symbol: Int, length: Int) {
        var code = 0, first = 0, index = 0
        for length in 1...15 {
            code |= Int(truncatingIfNeeded: bits >> UInt64(length &- 1)) & 1
            let count = Int(counts[length])
            if code &- count < first { return (Int(symbols[index &+ code &- first]), length) }
            index &+= count
            first = (first &+ count) &* 2
            code &*= 2
        }
        return (0, 16)
    }
}
