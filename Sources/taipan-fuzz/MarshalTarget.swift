// Readers of marshal data and of code objects' tables on damaged `.pyc` files: every input gives a constant or an error, with memory in
// proportion to the input.

import TaipanBytecode

struct MarshalTarget: FuzzTarget {
    static var suffix: String { ".pyc" }
    private let corpus: Corpus

    init(corpus: Corpus) { self.corpus = corpus }

    /// Type codes and sizes that lead far.
    private static let spare: [[UInt8]] = [
        [0xA9, 0xFF], [0x28, 0xFF, 0xFF, 0xFF, 0x7F], [0x5B, 0xFF, 0xFF, 0xFF, 0x7F], [0x3E, 0xFF, 0xFF, 0xFF, 0x7F], [0x6C, 0xFF, 0xFF, 0xFF, 0x7F],
        [0x6C, 0, 0, 0, 0x80], [0x73, 0xFF, 0xFF, 0xFF, 0x7F], [0x75, 0, 0, 0, 0x80], [0x72, 0, 0, 0, 0], [0x72, 0xFF, 0xFF, 0xFF, 0xFF], [0xE3], [0x7B],
        [0x30], [0x66, 3, 0x31, 0x65, 0x39], [0x78, 1, 0x31], [0x69, 0, 0, 0, 0x80], [0x49, 0, 0, 0, 0, 0, 0, 0, 0x80], [0x29, 1], [0xA9, 1],
    ]

    func input(_ random: inout SplitMix) -> [UInt8] {
        var bytes: [UInt8]
        switch random.below(10) {
        case 0: bytes = (0..<random.magnitude(300)).flatMap { _ in MarshalTarget.spare[random.below(MarshalTarget.spare.count)] }
        case 1: bytes = [UInt8](repeating: 0xA9, count: random.magnitude(8000)).flatMap { [$0, 1] }
        case 2: bytes = (0..<random.magnitude(2000)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        default:
            let file = corpus.pick(&random)
            bytes = random.oneIn(8) ? file : Array(file.prefix(16 + random.magnitude(20_000)))
        }
        let other = random.oneIn(4) ? corpus.pick(&random) : bytes
        for _ in 0..<random.magnitude(6) {
            if random.oneIn(4) && !bytes.isEmpty {
                let at = random.below(bytes.count), piece = MarshalTarget.spare[random.below(MarshalTarget.spare.count)]
                bytes.replaceSubrange(at..<min(bytes.count, at + piece.count), with: piece)
            } else if !other.isEmpty {
                Mutation.apply(&bytes, other: other, &random)
            }
        }
        return bytes
    }

    func run(_ input: [UInt8]) {
        _ = PycHeader(input)
        do throws(MarshalFailure) {
            if case .code(let code) = try Marshal.read(input.dropFirst(PycHeader.size)) { check(code) }
        } catch {
            // An error is as good an answer as an object.
        }
    }

    /// Whatever the code holds, its tables can be read and it can be written.
    private func check(_ code: CodeObject) {
        _ = code.listing(nested: false)
        _ = LocationTable.lines(of: code)
        for entry in ExceptionTable(code.exceptiontable) { _ = ExceptionTable.handler(in: code.exceptiontable, at: entry.start) }
        for case .code(let inner) in code.consts { check(inner) }
        do throws(MarshalFailure) {
            let data = try Marshal.write(.code(code))
            _ = try Marshal.read(data[...])
        } catch {
            // Too deep, perhaps.
        }
    }
}
