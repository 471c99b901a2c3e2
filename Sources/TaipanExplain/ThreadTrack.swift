// The recorder's picture of each thread's frames: who called whom, since when, and which recorded instruction each is at.

import TaipanRuntime

/// A frame whose instructions are recorded one by one, apart from its life: what `ExecutionRecord.Frame` says, by numbers of the run.
struct FrameNumber {
    /// From 1; 0 for frames that are only counted.
    var number = 0
    var code = 0
    var caller = 0
    var depth = 0
    var thread = 0
}

/// One activation.
struct ShadowFrame {
    /// Address of the frame's slots.
    var slots: UInt
    var track: UnsafeMutablePointer<CodeTrack>
    var frame: FrameNumber
    /// When it was entered or went on, and what it called since then has taken.
    var start: Double
    var inside = 0.0
    /// The unit at which its current line starts.
    var lineUnit: Int
    /// Number of the instruction of it that was recorded last, 0 for none.
    var lastStep = 0
    /// The frame is an activation within an earlier one of the same function.
    var isNested: Bool
}

/// A thread; trivial memory, for every instruction looks at it.
struct ThreadTrack {
    let state: UnsafeMutablePointer<ThreadState>
    let number: Int
    private(set) var frames: UnsafeMutablePointer<ShadowFrame>
    private(set) var count = 0
    private var capacity = 64
    /// Number of the instruction recorded last; what happens now happens in it.
    var currentStep = 0
    /// The frame of a generator that has just been made, until the generator is seen.
    var newborn: ShadowFrame?

    init(_ state: UnsafeMutablePointer<ThreadState>, _ number: Int) {
        self.state = state
        self.number = number
        frames = .allocate(capacity: capacity)
    }

    func free() { frames.deallocate() }

    /// The innermost frame; there must be one.
    @inline(__always) var top: UnsafeMutablePointer<ShadowFrame> { frames + (count &- 1) }

    /// The innermost frame that is recorded one by one.
    var innermostDetailed: UnsafeMutablePointer<ShadowFrame>? {
        var i = count - 1
        while i >= 0 {
            if frames[i].frame.number != 0 { return frames + i }
            i -= 1
        }
        return nil
    }

    /// Index of the frame whose slots are at `slots`, or -1.
    func index(of slots: UInt) -> Int {
        var i = count - 1
        while i >= 0 && frames[i].slots != slots { i -= 1 }
        return i
    }

    mutating func push(_ frame: ShadowFrame) {
        if count == capacity {
            let bigger = UnsafeMutablePointer<ShadowFrame>.allocate(capacity: capacity * 2)
            bigger.update(from: frames, count: count)
            frames.deallocate()
            frames = bigger
            capacity *= 2
        }
        frames[count] = frame
        count += 1
    }

    @discardableResult mutating func pop() -> ShadowFrame {
        count -= 1
        return frames[count]
    }
}
