// DEFLATE (RFC 1951) with zlib's (RFC 1950) and gzip's (RFC 1952) wrappings, resumable at any byte.
//
// Resuming needs no coroutine: a step that runs out of input puts the bit buffer back to where the step began and
// waits. Only headers can be longer than the bit buffer; their bytes are held until there are enough.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// How a call of `Inflater.inflate` ended.
public enum InflateStatus: Equatable, Sendable {
    /// All input is used; more is needed.
    case needsInput
    /// The output limit is reached.
    case outputFull
    /// The stream has ended; what was not consumed stands behind it.
    case finished
    /// The data is damaged; zlib's words.
    case failed(String)
    /// The stream asks for a preset dictionary; set it and go on (zlib only).
    case needsDictionary
    /// Memory is exhausted.
    case outOfMemory
}

/// What stands around the DEFLATE data.
public enum InflateWrapping: Sendable {
    case raw, zlib, gzip
    /// zlib or gzip, by the first byte.
    case either
}

/// A decompressor. Holds raw memory: `deallocate()` when done. Not to be copied while in use.
public struct Inflater {
    private enum Stage { case header, block, stored, symbols, trailer, done }

    private let wrapping: InflateWrapping
    private var isGzip = false
    private var stage: Stage
    private var isLast = false
    private var bits: UInt64 = 0
    private var bitCount = 0
    private var input: UnsafePointer<UInt8>
    private var at = 0
    private var inputEnd = 0
    private var held: [UInt8] = []
    private var storedLeft = 0
    private var copyLeft = 0
    private var copyDistance = 0
    private var literals = HuffmanTable()
    private var distances = HuffmanTable()
    private var check: UInt32 = 1
    private var checkedTo = 0
    private var total: UInt64 = 0
    private var hasDictionary = false
    private var isAwaitingDictionary = false
    /// Adler-32 of the dictionary asked for.
    public private(set) var dictionaryID: UInt32 = 0
    /// Largest window the zlib header may ask for.
    private let windowBits: Int

    /// All output not yet drained, behind up to 32 KiB of history.
    private var out: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private var end = 0
    private var drained = 0

    /// A decompressor for one stream.
    public init(_ wrapping: InflateWrapping, windowBits: Int = 15) {
        self.wrapping = wrapping
        self.windowBits = windowBits == 0 ? 15 : windowBits
        stage = wrapping == .raw ? .block : .header
        input = UnsafePointer(bitPattern: 8).unsafelyUnwrapped
        capacity = 1 << 12
        out = malloc(capacity)?.assumingMemoryBound(to: UInt8.self) ?? UnsafeMutablePointer(bitPattern: 8).unsafelyUnwrapped
    }

    /// Frees all memory.
    public func deallocate() {
        if capacity > 0 { free(out) }
        literals.deallocate()
        distances.deallocate()
    }

    /// A copy that goes on independently (`Decompress.copy()`); nil if memory is exhausted.
    public func copy() -> Inflater? {
        guard let memory = malloc(max(capacity, 1)) else { return nil }
        memcpy(memory, out, end)
        var twin = self
        twin.out = memory.assumingMemoryBound(to: UInt8.self)
        twin.capacity = max(capacity, 1)
        twin.literals = literals.copy()
        twin.distances = distances.copy()
        return twin
    }

    /// What was produced and not drained.
    public var output: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: out + drained, count: end &- drained)
    }

    /// Forgets the output so far, but for what later data may refer to.
    public mutating func drain() {
        let keep = min(end, 32768)
        updateCheck()
        if end > 1 << 17 {
            memmove(out, out + (end &- keep), keep)
            end = keep
            checkedTo = keep
        }
        drained = end
    }

    /// Gives the preset dictionary (zlib: after `.needsDictionary`; raw: before the first byte).
    /// False if it is not the one asked for.
    public mutating func setDictionary(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if wrapping != .raw && Checksum.adler32(bytes) != dictionaryID { return false }
        for byte in bytes.suffix(32768) { if !append(byte) { return false } }
        drained = end
        checkedTo = end
        hasDictionary = true
        return true
    }

    /// Decompresses; stops when more than `limit` bytes of output stand undrained.
    public mutating func inflate(_ bytes: UnsafeRawBufferPointer, limit: Int = .max) -> (consumed: Int, status: InflateStatus) {
        if held.isEmpty { return inflateNow(bytes, bytes.count, limit) }
        let joined = held + bytes
        held = []
        return joined.withUnsafeBytes { inflateNow($0, bytes.count, limit) }
    }

    private mutating func inflateNow(
        _ bytes: UnsafeRawBufferPointer, _ given: Int, _ limit: Int
    ) -> (consumed: Int, status: InflateStatus) {
        if let base = bytes.baseAddress { input = base.assumingMemoryBound(to: UInt8.self) }
        at = 0
        inputEnd = bytes.count
        var status = advance(limit > Int.max &- drained ? Int.max : drained &+ limit)
        if status == .needsInput && stage == .done { status = .finished }
        if status == .needsInput {
            held = Array(UnsafeBufferPointer(start: input + at, count: inputEnd &- at))
            return (given, status)
        }
        at &-= bitCount >> 3
        bitCount &= 7
        bits &= 1 << UInt64(bitCount) &- 1
        return (given &- (inputEnd &- at), status)
    }

    // MARK: Bits

    @inline(__always)
    private mutating func refill() {
        while bitCount <= 56 && at < inputEnd {
            bits |= UInt64(input[at]) << UInt64(bitCount)
            at &+= 1
            bitCount &+= 8
        }
    }

    @inline(__always)
    private mutating func drop(_ count: Int) {
        bits >>= UInt64(count)
        bitCount &-= count
    }

    /// The next `count` (up to 32) bits, nil if there are not so many.
    @inline(__always)
    private mutating func take(_ count: Int) -> Int? {
        if bitCount < count {
            refill()
            if bitCount < count { return nil }
        }
        let value = Int(truncatingIfNeeded: bits & (1 << UInt64(count) &- 1))
        drop(count)
        return value
    }

    // MARK: Output

    @inline(__always)
    private mutating func append(_ byte: UInt8) -> Bool {
        if end == capacity && !grow(1) { return false }
        out[end] = byte
        end &+= 1
        return true
    }

    @inline(never)
    private mutating func grow(_ extra: Int) -> Bool {
        let wanted = max(capacity &* 2, end &+ extra, 1 << 12)
        guard let bigger = realloc(capacity > 0 ? out : nil, wanted) else { return false }
        out = bigger.assumingMemoryBound(to: UInt8.self)
        capacity = wanted
        return true
    }

    private mutating func updateCheck() {
        let fresh = UnsafeRawBufferPointer(start: out + checkedTo, count: end &- checkedTo)
        if isGzip {
            check = Checksum.crc32(fresh, from: check)
        } else if wrapping != .raw {
            check = Checksum.adler32(fresh, from: check)
        }
        total &+= UInt64(fresh.count)
        checkedTo = end
    }

    // MARK: Stages

    private mutating func advance(_ stop: Int) -> InflateStatus {
        while true {
            let saved = (at, bits, bitCount)
            let status: InflateStatus?
            switch stage {
            case .header: status = header()
            case .block: status = block()
            case .stored: status = stored(stop)
            case .symbols: status = symbols(stop)
            case .trailer: status = trailer()
            case .done: return .finished
            }
            guard let status else { continue }
            if status == .needsInput && (stage == .header || stage == .block || stage == .trailer) {
                (at, bits, bitCount) = saved
            }
            return status
        }
    }

    private mutating func header() -> InflateStatus? {
        if isAwaitingDictionary {
            guard hasDictionary else { return .needsDictionary }
            stage = .block
            check = 1
            return nil
        }
        guard let first = take(8) else { return .needsInput }
        guard let second = take(8) else { return .needsInput }
        if wrapping != .zlib && first == 0x1F && second == 0x8B { return gzipHeader() }
        if wrapping == .gzip || (first << 8 | second) % 31 != 0 { return .failed("incorrect header check") }
        if first & 15 != 8 { return .failed("unknown compression method") }
        if first >> 4 &+ 8 > windowBits { return .failed("invalid window size") }
        if second & 0x20 != 0 {
            guard let high = take(16), let low = take(16) else { return .needsInput }
            dictionaryID = UInt32(truncatingIfNeeded: high).byteSwapped | UInt32(truncatingIfNeeded: low).byteSwapped >> 16
            isAwaitingDictionary = true
            return nil
        }
        stage = .block
        return nil
    }

    private mutating func gzipHeader() -> InflateStatus? {
        guard let method = take(8), let flags = take(8), take(32) != nil, take(16) != nil else { return .needsInput }
        if method != 8 { return .failed("unknown compression method") }
        if flags & 0xE0 != 0 { return .failed("unknown header flags set") }
        if flags & 4 != 0 {
            guard let extra = take(16) else { return .needsInput }
            for _ in 0..<extra { guard take(8) != nil else { return .needsInput } }
        }
        for flag in [8, 16] where flags & flag != 0 {
            while true {
                guard let byte = take(8) else { return .needsInput }
                if byte == 0 { break }
            }
        }
        if flags & 2 != 0 { guard take(16) != nil else { return .needsInput } }
        isGzip = true
        check = 0
        stage = .block
        return nil
    }

    private mutating func block() -> InflateStatus? {
        if isLast {
            stage = wrapping == .raw ? .done : .trailer
            drop(bitCount & 7)
            return nil
        }
        guard let head = take(3) else { return .needsInput }
        switch head >> 1 {
        case 0:
            drop(bitCount & 7)
            guard let length = take(16), let inverse = take(16) else { return .needsInput }
            if length ^ 0xFFFF != inverse { return .failed("invalid stored block lengths") }
            storedLeft = length
            stage = .stored
        case 1:
            fixedCodes()
            stage = .symbols
        case 2:
            if let status = dynamicCodes() { return status }
            stage = .symbols
        default:
            return .failed("invalid block type")
        }
        isLast = head & 1 != 0
        return nil
    }

    private mutating func stored(_ stop: Int) -> InflateStatus? {
        while storedLeft > 0 {
            if end >= stop { return .outputFull }
            if bitCount >= 8 {
                guard append(UInt8(truncatingIfNeeded: bits)) else { return .outOfMemory }
                drop(8)
                storedLeft &-= 1
                continue
            }
            let run = min(storedLeft, inputEnd &- at, stop &- end)
            if run <= 0 { return .needsInput }
            if end &+ run > capacity && !grow(run) { return .outOfMemory }
            memcpy(out + end, input + at, run)
            end &+= run
            at &+= run
            storedLeft &-= run
        }
        stage = .block
        return nil
    }

    private func fixedCodes() {
        var lengths = [UInt8](repeating: 8, count: 288)
        for k in 144..<256 { lengths[k] = 9 }
        for k in 256..<280 { lengths[k] = 7 }
        _ = literals.set(lengths, 288, lone: true)
        _ = distances.set([UInt8](repeating: 5, count: 32), 32, lone: true)
    }

    private mutating func dynamicCodes() -> InflateStatus? {
        guard let hlit = take(5), let hdist = take(5), let hclen = take(4) else { return .needsInput }
        let literalCount = hlit &+ 257, distanceCount = hdist &+ 1
        if literalCount > 286 || distanceCount > 30 { return .failed("too many length or distance symbols") }
        var lengths = [UInt8](repeating: 0, count: 320)
        let order: [Int] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
        for k in 0..<(hclen &+ 4) {
            guard let length = take(3) else { return .needsInput }
            lengths[order[k]] = UInt8(truncatingIfNeeded: length)
        }
        guard literals.set(lengths, 19, lone: false) else { return .failed("invalid code lengths set") }
        lengths = [UInt8](repeating: 0, count: 320)
        var done = 0
        while done < literalCount &+ distanceCount {
            refill()
            let (symbol, length) = literals.decode(bits)
            if length > bitCount && bitCount < 15 { return .needsInput }
            if length == 16 { return .failed("invalid code lengths set") }
            drop(length)
            if symbol < 16 {
                lengths[done] = UInt8(truncatingIfNeeded: symbol)
                done &+= 1
                continue
            }
            guard let extra = take(symbol == 16 ? 2 : symbol == 17 ? 3 : 7) else { return .needsInput }
            let count = extra &+ (symbol == 18 ? 11 : 3)
            if symbol == 16 && done == 0 || done &+ count > literalCount &+ distanceCount {
                return .failed("invalid bit length repeat")
            }
            let value = symbol == 16 ? lengths[done &- 1] : 0
            for _ in 0..<count {
                lengths[done] = value
                done &+= 1
            }
        }
        if lengths[256] == 0 { return .failed("invalid code -- missing end-of-block") }
        guard literals.set(lengths, literalCount, lone: true) else { return .failed("invalid literal/lengths set") }
        let rest = Array(lengths[literalCount..<(literalCount &+ distanceCount)])
        guard distances.set(rest, distanceCount, lone: true) else { return .failed("invalid distances set") }
        return nil
    }

    private mutating func symbols(_ stop: Int) -> InflateStatus? {
        while true {
            if copyLeft > 0, let status = copyRun(stop) { return status }
            if end >= stop { return .outputFull }
            refill()
            let saved = (bits, bitCount)
            let (symbol, length) = literals.decode(bits)
            if length > bitCount {
                return length < 16 || bitCount < 15 ? .needsInput : .failed("invalid literal/length code")
            }
            if length == 16 { return .failed("invalid literal/length code") }
            drop(length)
            if symbol < 256 {
                guard append(UInt8(truncatingIfNeeded: symbol)) else { return .outOfMemory }
                continue
            }
            if symbol == 256 {
                stage = .block
                return nil
            }
            if symbol > 285 { return .failed("invalid literal/length code") }
            let status = reference(symbol)
            if status == .needsInput { (bits, bitCount) = saved }
            if let status { return status }
        }
    }

    /// Reads the rest of a back reference: extra length bits, distance.
    private mutating func reference(_ symbol: Int) -> InflateStatus? {
        var length = symbol &- 254
        if symbol == 285 {
            length = 258
        } else if symbol >= 265 {
            let extra = (symbol &- 261) >> 2
            guard bitCount >= extra else { return .needsInput }
            length = (4 | (symbol &- 261) & 3) << extra &+ 3 &+ Int(truncatingIfNeeded: bits & (1 << UInt64(extra) &- 1))
            drop(extra)
        }
        let (code, size) = distances.decode(bits)
        if size > bitCount { return size < 16 || bitCount < 15 ? .needsInput : .failed("invalid distance code") }
        if size == 16 || code > 29 { return .failed("invalid distance code") }
        drop(size)
        var distance = code &+ 1
        if code >= 4 {
            let extra = code >> 1 &- 1
            guard bitCount >= extra else { return .needsInput }
            distance = (2 | code & 1) << extra &+ 1 &+ Int(truncatingIfNeeded: bits & (1 << UInt64(extra) &- 1))
            drop(extra)
        }
        if distance > end { return .failed("invalid distance too far back") }
        copyLeft = length
        copyDistance = distance
        return nil
    }

    @inline(__always)
    private mutating func copyRun(_ stop: Int) -> InflateStatus? {
        let run = min(copyLeft, stop &- end)
        if run > 0 {
            if end &+ run > capacity && !grow(run) { return .outOfMemory }
            let target = out + end, source = target - copyDistance
            if copyDistance >= run {
                memcpy(target, source, run)
            } else {
                for k in 0..<run { target[k] = source[k] }
            }
            end &+= run
            copyLeft &-= run
        }
        return copyLeft > 0 ? .outputFull : nil
    }

    private mutating func trailer() -> InflateStatus? {
        guard let first = take(32) else { return .needsInput }
        updateCheck()
        let word = UInt32(truncatingIfNeeded: first)
        if (isGzip ? word : word.byteSwapped) != check { return .failed("incorrect data check") }
        if isGzip {
            guard let length = take(32) else { return .needsInput }
            if UInt32(truncatingIfNeeded: length) != UInt32(truncatingIfNeeded: total) { return .failed("incorrect length check") }
        }
        stage = .done
        return nil
    }
}
