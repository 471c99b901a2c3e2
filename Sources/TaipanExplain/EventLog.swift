// What happened besides instructions: start-up, imports, output, collections, the end. Lists that a program could make long have limits.

import TaipanRuntime

struct EventLog {
    static var importLimit: Int { 5000 }
    static var handoverLimit: Int { 2000 }
    static var collectionLimit: Int { 1000 }
    static var finalizedLimit: Int { 2000 }
    static var exitLimit: Int { 1000 }

    // Start-up.
    var startSteps: [StartupRecord.Step] = []
    private var lastTime = 0.0
    private var lastBytes = 0

    // Imports: those that are done or under way; those under way, innermost last, with the instruction that asked.
    var imports: [ImportRecord] = []
    var openImports: [(index: Int, step: Int)] = []

    var collections: [ExecutionRecord.Collection] = []
    var handovers: [ExecutionRecord.Handover] = []
    /// Bytes allocated up to the last collection, and what it left.
    var allocated = 0
    var left = 0

    var output = OutputLog()
    var exitFunctions: [OutputRecord.ExitFunction] = []
    var finalized: [OutputRecord.Finalized] = []

    mutating func start() { lastTime = Thread.clockMicroseconds() }

    /// A step of start-up is done; what was allocated since the one before is its own.
    mutating func startedUp(_ name: String, _ detail: String, bytes: Int) {
        let time = Thread.clockMicroseconds()
        var step = StartupRecord.Step()
        step.name = name
        step.detail = detail
        step.microseconds = time - lastTime
        step.bytes = max(0, bytes - lastBytes)
        startSteps.append(step)
        lastTime = Thread.clockMicroseconds()
        lastBytes = bytes
    }
}

/// Text that went into the standard streams, and when it reached their descriptors.
struct OutputLog {
    /// Of text, the first and the last bytes that are kept; how many writes of either.
    static var firstBytes: Int { 64 << 10 }
    static var lastBytes: Int { 16 << 10 }
    static var firstCount: Int { 5000 }
    static var lastCount: Int { 1000 }
    static var transferCount: Int { 2000 }

    struct Kept {
        var write: OutputRecord.Write
        /// Number of the transfer that took it, from 1.
        var transfer = 0
        var byteCount: Int
    }
    /// What still waits in a stream's buffers.
    struct Waiting {
        /// Number of the write.
        var write: Int
        var bytes: Int
    }

    private(set) var first: [Kept] = []
    private(set) var last: [Kept] = []
    /// The place in `last` where the kept ones begin, and the number of the write there.
    private var lastStart = 0
    private var lastNumber = 0
    private var keptFirst = 0
    private var keptLast = 0
    private var writeCount = 0
    private var isFirstFull = false
    private(set) var omittedWrites = 0
    private(set) var omittedBytes = 0
    private var waiting: [[Waiting]] = [[], [], []]
    private var transfers: [OutputRecord.Transfer] = []
    private var lastTransfers: [OutputRecord.Transfer] = []
    private var transferTotal = 0

    /// Notes a write. `text` gives its text, cut to so many bytes.
    mutating func wrote(_ stream: Int, step: Int, file: String, line: Int, byteCount: Int, _ text: (_ most: Int) -> String) {
        writeCount += 1
        waiting[stream].append(Waiting(write: writeCount, bytes: byteCount))
        // Text that went past the streams leaves what waits behind what is really there.
        if waiting[stream].count > 100_000 { waiting[stream].removeFirst(50_000) }
        let room = isFirstFull ? OutputLog.lastBytes / 2 : OutputLog.firstBytes - keptFirst
        var write = OutputRecord.Write()
        write.step = step
        write.stream = stream == 1 ? "stdout" : "stderr"
        write.text = text(room)
        write.file = file
        write.line = line
        let kept = min(byteCount, room)
        omittedBytes += byteCount - kept
        if !isFirstFull {
            first.append(Kept(write: write, byteCount: kept))
            keptFirst += kept
            isFirstFull = keptFirst >= OutputLog.firstBytes || first.count >= OutputLog.firstCount
            return
        }
        if last.count == lastStart { lastNumber = writeCount }
        last.append(Kept(write: write, byteCount: kept))
        keptLast += kept
        while keptLast > OutputLog.lastBytes || last.count - lastStart > OutputLog.lastCount {
            keptLast -= last[lastStart].byteCount
            omittedBytes += last[lastStart].byteCount
            omittedWrites += 1
            last[lastStart].write.text = ""
            lastStart += 1
            lastNumber += 1
        }
        if lastStart > 4096 {
            last.removeFirst(lastStart)
            lastStart = 0
        }
    }

    mutating func transferred(_ transfer: OutputRecord.Transfer) {
        transferTotal += 1
        if transfers.count < OutputLog.transferCount { transfers.append(transfer) } else {
            lastTransfers.append(transfer)
            if lastTransfers.count >= 2 * OutputLog.transferCount { lastTransfers.removeFirst(OutputLog.transferCount) }
        }
        if transfer.descriptor != 1 && transfer.descriptor != 2 { return }
        var bytes = transfer.byteCount, done = 0
        let queue = waiting[transfer.descriptor]
        while done < queue.count && (bytes > 0 || queue[done].bytes == 0) {
            reached(queue[done].write)
            if queue[done].bytes > bytes {
                waiting[transfer.descriptor][done].bytes -= bytes
                break
            }
            bytes -= queue[done].bytes
            done += 1
        }
        if done > 0 { waiting[transfer.descriptor].removeFirst(done) }
    }

    /// The write's first bytes went with the last transfer.
    private mutating func reached(_ number: Int) {
        if number <= first.count {
            if first[number - 1].transfer == 0 { first[number - 1].transfer = transferTotal }
        } else if number >= lastNumber && last.count > lastStart {
            let i = lastStart + number - lastNumber
            if i < last.count && last[i].transfer == 0 { last[i].transfer = transferTotal }
        }
    }

    /// Fills the record. Transfers that were not kept are left out.
    func fill(_ record: inout OutputRecord) {
        let lastKept = Array(lastTransfers.suffix(OutputLog.transferCount))
        record.transfers = transfers + lastKept
        let lastFirst = transferTotal - lastKept.count
        func index(_ number: Int) -> Int? {
            if number == 0 { return nil }
            if number <= transfers.count { return number - 1 }
            return number > lastFirst ? transfers.count + number - lastFirst - 1 : nil
        }
        record.writes = (first + last[lastStart...]).map {
            var write = $0.write
            write.transfer = index($0.transfer)
            return write
        }
        record.omittedWrites = omittedWrites
        record.omittedBytes = omittedBytes
    }
}
