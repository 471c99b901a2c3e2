// Collections that the program asks for or that it can see: they should find dead what the program has dropped. Native code that was called
// straight from the interpreter's loop holds nothing that its slots do not hold too, so the native stack is scanned only behind the loop.

import CTaipan

extension Thread {
    /// Where to begin the scan of the native stack when the interpreter's loop has called us and nothing of the native frames since then
    /// holds a reference of its own; 0 where that is not known.
    var loopScanStart: UInt {
        let count = state.pointee.loopFrameCount
        return count > 0 && state.pointee.frame != nil ? state.pointee.loopFrames[count &- 1].high : 0
    }

    /// What the running Python frame is in the midst of calling, or unbound when its instruction is no call. Native code that finds itself
    /// here was called by the loop, with no other native code in between.
    public var calleeOfLoop: Value {
        guard let fp = state.pointee.frame, !heap.pointee.isFinalizing, fp.frameWordIndex < fp.frameLowered.pointee.wordCount else { return .unbound }
        let ip = fp.frameIP
        let first = Int(truncatingIfNeeded: (ip.pointee >> 16) & 0xFFFF)
        let second: Int
        switch UInt8(truncatingIfNeeded: ip.pointee) {
        case Op.callPlain.rawValue: return fp[first + 1 + FrameHeader.size]
        case Op.call.rawValue: second = first + 1 + FrameHeader.size
        case Op.callCopy.rawValue: second = first + 1 + (ip[1] >> 32 != 0 ? FrameHeader.size : 0)
        case Op.observe.rawValue where UInt8(truncatingIfNeeded: ip.pointee >> 16) == ObservedPoint.call.rawValue:
            // An observed call of a native function: what the observer holds of it is in the slots too.
            let place = Int(truncatingIfNeeded: (ip.pointee >> 32) & 0xFFFF)
            return fp[place].isUnbound ? fp[Int(truncatingIfNeeded: ip.pointee >> 48)] : fp[place]
        default: return .unbound
        }
        return fp[first].isUnbound ? fp[second] : fp[first]
    }

    /// Collects now, for a program that wants to see the result: with as few stale references as can be. With `fromLoop`, the native
    /// function that asks for it was called by the interpreter's loop.
    public func collectExactly(fromLoop: Bool) {
        // Pointers that finished calls left on the native stack must not keep anything alive.
        ctaipan_clear_dead_stack(64 << 10)
        interp.pointee.collectionReason = "gc.collect"
        heap.collect(scanStart: fromLoop ? loopScanStart : 0)
        interp.pointee.collectionReason = "allocation"
    }
}
