// The last instructions of a run: a ring of places, each with the words of its stack, texts made only at the end.

import TaipanRuntime

struct RingStep {
    var number = 0
    var frame = FrameNumber()
    var unit = 0
    var track: UnsafeMutablePointer<CodeTrack>?
    var microseconds = 0.0
    var stackDepth = 0
    /// Number of the next recorded instruction of the same frame, 0 while there is none.
    var next = 0
    var wasRaised = false
}

struct StepRing {
    let capacity: Int
    /// Kept alive: the recorder's roots.
    private let words: UnsafeMutablePointer<Value>
    private var steps: UnsafeMutablePointer<RingStep>
    private var events: [[ExecutionRecord.Event]]
    private var place = 0

    /// Words of one instruction.
    static var wordCount: Int { 256 }

    init(_ capacity: Int, _ words: UnsafeMutablePointer<Value>) {
        self.capacity = capacity
        self.words = words
        steps = .allocate(capacity: max(capacity, 1))
        steps.initialize(repeating: RingStep(), count: max(capacity, 1))
        events = Array(repeating: [], count: capacity)
    }

    func free() { steps.deallocate() }

    /// Takes the oldest place for a new instruction: gives the place and its words.
    mutating func take() -> (UnsafeMutablePointer<RingStep>, UnsafeMutablePointer<Value>) {
        let taken = place
        place = place + 1 == capacity ? 0 : place + 1
        if !events[taken].isEmpty { events[taken].removeAll(keepingCapacity: true) }
        return (steps + taken, words + taken * StepRing.wordCount)
    }

    /// The place of instruction `number`, if it is still there. Numbers of recorded instructions rise with the places.
    func index(of number: Int) -> Int? {
        if capacity == 0 || number == 0 { return nil }
        // Most often it is the last one.
        var i = place == 0 ? capacity - 1 : place - 1
        if steps[i].number == number { return i }
        var low = 0, high = capacity
        while low < high {
            let middle = (low + high) / 2
            i = (place + middle) % capacity
            if steps[i].number < number { low = middle + 1 } else { high = middle }
        }
        if low == capacity { return nil }
        i = (place + low) % capacity
        return steps[i].number == number ? i : nil
    }

    func step(at index: Int) -> UnsafeMutablePointer<RingStep> { steps + index }

    func words(at index: Int) -> UnsafeMutablePointer<Value> { words + index * StepRing.wordCount }

    func events(at index: Int) -> [ExecutionRecord.Event] { events[index] }

    mutating func add(_ event: ExecutionRecord.Event, at index: Int) {
        if events[index].count < ExplainRecorder.eventLimit { events[index].append(event) }
    }

    /// Places in the order of their numbers.
    var order: [Int] {
        (0..<capacity).map { (place + $0) % capacity }.filter { steps[$0].number != 0 }
    }
}
