// The interpreter: one switch over the running form. `fp`, `ip` and `k` (constants) stay in registers because every
// cold path is a function that takes values, not addresses of these locals.
//
// Invariants: whatever may raise, allocate or call stores `ip` in the frame header first; `state.frame` is
// the running frame; `state.stackTop` is the first word above it. A throw lands in the one handler at the end,
// which asks `unwind` where to go on. The loop's own native frame is no root (see `loopFrames`): what an instruction still needs after a
// call must be in a slot.

import CTaipan

extension Thread {
    /// Runs the frame at `start`, which is the running frame and has the entry flag, until it returns or yields.
    /// With `raising`, the pending exception is raised at the frame's current instruction first.
    @inline(never)
    func run(_ start: UnsafeMutablePointer<Value>, raising: Bool = false) throws(Raised) -> Value {
        let state = self.state
        enterLoop(ctaipan_own_frame())
        defer { state.pointee.loopFrameCount &-= 1 }
        var fp = start
        var ip = fp.frameIP + 1
        var k = fp.frameLowered.pointee.constants
        var raiseNow = raising
        while true {
            do throws(Raised) {
                if raiseNow {
                    raiseNow = false
                    throw Raised()
                }
                while true {
                    let i = ip.pointee
                    // Decoded where they are used: most instructions need two of them, and registers are few.
                    var a: Int { Int(truncatingIfNeeded: (i >> 16) & 0xFFFF) }
                    var b: Int { Int(truncatingIfNeeded: (i >> 32) & 0xFFFF) }
                    var c: Int { Int(truncatingIfNeeded: i >> 48) }
                    switch unsafeBitCast(UInt8(truncatingIfNeeded: i), to: Op.self) {
                    // MARK: Moves
                    case .move:
                        fp[a] = fp[b]
                        ip += 1
                    case .loadConst:
                        fp[a] = k[Int(truncatingIfNeeded: i >> 32)]
                        ip += 1
                    case .storeNone:
                        let v = fp[a]
                        fp[a] = .none
                        if v.isCell && v.cell.header & CellFlag.isNoticed != 0 {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            dropped(v.cell.header)
                        }
                        ip += 1
                    case .loadLocalCheck:
                        let v = fp[b]
                        if v.isUnbound {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            try unboundLocal(fp, b)
                        }
                        fp[a] = v
                        ip += 1
                    case .deleteLocal:
                        let v = fp[a]
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        if v.isUnbound { try unboundLocal(fp, a) }
                        fp[a] = .unbound
                        if v.isCell { dropped(v.cell.header) }
                        ip += 1
                    case .clear:
                        fp[a] = .unbound
                        ip += 1
                    case .swap:
                        let v = fp[a]
                        fp[a] = fp[b]
                        fp[b] = v
                        ip += 1

                    // MARK: Arithmetic
                    case .add:
                        let l = fp[b], r = fp[c]
                        if l.bits & r.bits & 1 != 0 {
                            let (sum, overflow) = Int(bitPattern: l.bits).addingReportingOverflow(Int(bitPattern: r.bits &- 1))
                            if !overflow {
                                fp[a] = Value(bits: UInt(bitPattern: sum))
                                ip += 2
                                continue
                            }
                        } else if l.isSmallFloat && r.isSmallFloat {
                            let v = Value(smallFloat: l.smallFloat + r.smallFloat)
                            if v.isBound {
                                fp[a] = v
                                ip += 2
                                continue
                            }
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try binarySlowly(Int(truncatingIfNeeded: ip[1]), l, r)
                        ip += 2
                    case .addK:
                        let l = fp[b], r = k[c]
                        if l.bits & r.bits & 1 != 0 {
                            let (sum, overflow) = Int(bitPattern: l.bits).addingReportingOverflow(Int(bitPattern: r.bits &- 1))
                            if !overflow {
                                fp[a] = Value(bits: UInt(bitPattern: sum))
                                ip += 2
                                continue
                            }
                        } else if l.isSmallFloat && r.isSmallFloat {
                            let v = Value(smallFloat: l.smallFloat + r.smallFloat)
                            if v.isBound {
                                fp[a] = v
                                ip += 2
                                continue
                            }
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try binarySlowly(Int(truncatingIfNeeded: ip[1]), l, r)
                        ip += 2
                    case .subtract:
                        let l = fp[b], r = fp[c]
                        if l.bits & r.bits & 1 != 0 {
                            let (difference, overflow) = Int(bitPattern: l.bits).subtractingReportingOverflow(Int(bitPattern: r.bits &- 1))
                            if !overflow {
                                fp[a] = Value(bits: UInt(bitPattern: difference))
                                ip += 2
                                continue
                            }
                        } else if l.isSmallFloat && r.isSmallFloat {
                            let v = Value(smallFloat: l.smallFloat - r.smallFloat)
                            if v.isBound {
                                fp[a] = v
                                ip += 2
                                continue
                            }
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try binarySlowly(Int(truncatingIfNeeded: ip[1]), l, r)
                        ip += 2
                    case .subtractK:
                        let l = fp[b], r = k[c]
                        if l.bits & r.bits & 1 != 0 {
                            let (difference, overflow) = Int(bitPattern: l.bits).subtractingReportingOverflow(Int(bitPattern: r.bits &- 1))
                            if !overflow {
                                fp[a] = Value(bits: UInt(bitPattern: difference))
                                ip += 2
                                continue
                            }
                        } else if l.isSmallFloat && r.isSmallFloat {
                            let v = Value(smallFloat: l.smallFloat - r.smallFloat)
                            if v.isBound {
                                fp[a] = v
                                ip += 2
                                continue
                            }
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try binarySlowly(Int(truncatingIfNeeded: ip[1]), l, r)
                        ip += 2
                    case .multiply:
                        let l = fp[b], r = fp[c]
                        if l.bits & r.bits & 1 != 0 {
                            let (product, overflow) = l.smallInt.multipliedReportingOverflow(by: Int(bitPattern: r.bits &- 1))
                            if !overflow {
                                fp[a] = Value(bits: UInt(bitPattern: product) | 1)
                                ip += 2
                                continue
                            }
                        } else if l.isSmallFloat && r.isSmallFloat {
                            let v = Value(smallFloat: l.smallFloat * r.smallFloat)
                            if v.isBound {
                                fp[a] = v
                                ip += 2
                                continue
                            }
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try binarySlowly(Int(truncatingIfNeeded: ip[1]), l, r)
                        ip += 2
                    case .multiplyK:
                        let l = fp[b], r = k[c]
                        if l.bits & r.bits & 1 != 0 {
                            let (product, overflow) = l.smallInt.multipliedReportingOverflow(by: Int(bitPattern: r.bits &- 1))
                            if !overflow {
                                fp[a] = Value(bits: UInt(bitPattern: product) | 1)
                                ip += 2
                                continue
                            }
                        } else if l.isSmallFloat && r.isSmallFloat {
                            let v = Value(smallFloat: l.smallFloat * r.smallFloat)
                            if v.isBound {
                                fp[a] = v
                                ip += 2
                                continue
                            }
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try binarySlowly(Int(truncatingIfNeeded: ip[1]), l, r)
                        ip += 2
                    case .trueDivide:
                        let l = fp[b], r = fp[c]
                        if l.isSmallFloat && r.isSmallFloat && r.bits != 0x8000_0000_0000_0002 {
                            let v = Value(smallFloat: l.smallFloat / r.smallFloat)
                            if v.isBound {
                                fp[a] = v
                                ip += 2
                                continue
                            }
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try binarySlowly(Int(truncatingIfNeeded: ip[1]), l, r)
                        ip += 2
                    case .floorDivide, .floorDivideK:
                        let l = fp[b]
                        let r = UInt8(truncatingIfNeeded: i) == Op.floorDivideK.rawValue ? k[c] : fp[c]
                        if l.bits & r.bits & 1 != 0 && l.smallInt >= 0 && r.smallInt > 0 {
                            fp[a] = Value(smallInt: Int(bitPattern: UInt(bitPattern: l.smallInt) / UInt(bitPattern: r.smallInt)))
                            ip += 2
                            continue
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try binarySlowly(Int(truncatingIfNeeded: ip[1]), l, r)
                        ip += 2
                    case .remainder, .remainderK:
                        let l = fp[b]
                        let r = UInt8(truncatingIfNeeded: i) == Op.remainderK.rawValue ? k[c] : fp[c]
                        if l.bits & r.bits & 1 != 0 && l.smallInt >= 0 && r.smallInt > 0 {
                            fp[a] = Value(smallInt: Int(bitPattern: UInt(bitPattern: l.smallInt) % UInt(bitPattern: r.smallInt)))
                            ip += 2
                            continue
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try binarySlowly(Int(truncatingIfNeeded: ip[1]), l, r)
                        ip += 2
                    case .and, .andK:
                        let l = fp[b]
                        let r = UInt8(truncatingIfNeeded: i) == Op.andK.rawValue ? k[c] : fp[c]
                        if l.bits & r.bits & 1 != 0 {
                            fp[a] = Value(bits: l.bits & r.bits)
                            ip += 2
                            continue
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try binarySlowly(Int(truncatingIfNeeded: ip[1]), l, r)
                        ip += 2
                    case .trueDivideK, .binaryK:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try binarySlowly(Int(truncatingIfNeeded: ip[1]), fp[b], k[c])
                        ip += 2
                    case .or:
                        let l = fp[b], r = fp[c]
                        if l.bits & r.bits & 1 != 0 {
                            fp[a] = Value(bits: l.bits | r.bits)
                            ip += 2
                            continue
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try binarySlowly(Int(truncatingIfNeeded: ip[1]), l, r)
                        ip += 2
                    case .binary:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try binarySlowly(Int(truncatingIfNeeded: ip[1]), fp[b], fp[c])
                        ip += 2
                    case .negative:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try negative(fp[b])
                        ip += 1
                    case .positive:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try positive(fp[b])
                        ip += 1
                    case .invert:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try invert(fp[b])
                        ip += 1
                    case .not:
                        let v = fp[b]
                        if v.isTrue {
                            fp[a] = .false
                        } else if v.isFalse || v.isNone {
                            fp[a] = .true
                        } else {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            fp[a] = Value(!(try truthSlowly(v)))
                        }
                        ip += 1

                    // MARK: Comparison
                    case .less, .lessEqual, .equal, .notEqual, .greater, .greaterEqual:
                        let l = fp[b], r = fp[c]
                        let op = UInt8(truncatingIfNeeded: i) &- Op.less.rawValue
                        if l.bits & r.bits & 1 != 0 {
                            fp[a] = Value(Thread.compareInts(op, l, r))
                            ip += 1
                            continue
                        }
                        if l.isSmallFloat && r.isSmallFloat {
                            fp[a] = Value(Thread.compareFloats(op, l, r))
                            ip += 1
                            continue
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try compareSlowly(op, l, r)
                        ip += 1
                    case .jumpLess:
                        let l = fp[a], r = fp[b]
                        let distance = Int(truncatingIfNeeded: Int64(bitPattern: ip[1]))
                        var holds: Bool
                        if l.bits & r.bits & 1 != 0 {
                            holds = Int(bitPattern: l.bits) < Int(bitPattern: r.bits)
                        } else if l.isSmallFloat && r.isSmallFloat {
                            holds = l.smallFloat < r.smallFloat
                        } else {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            holds = try compareTruth(0, l, r, c)
                        }
                        ip += 2
                        if holds == (c & 1 != 0) {
                            if distance < 0 && state.pointee.breaker != 0 {
                                fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip - 1))
                                try safePoint()
                            }
                            ip += distance
                        }
                    case .jumpLessK:
                        let l = fp[a], r = k[b]
                        let distance = Int(truncatingIfNeeded: Int64(bitPattern: ip[1]))
                        var holds: Bool
                        if l.bits & r.bits & 1 != 0 {
                            holds = Int(bitPattern: l.bits) < Int(bitPattern: r.bits)
                        } else if l.isSmallFloat && r.isSmallFloat {
                            holds = l.smallFloat < r.smallFloat
                        } else {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            holds = try compareTruth(0, l, r, c)
                        }
                        ip += 2
                        if holds == (c & 1 != 0) {
                            if distance < 0 && state.pointee.breaker != 0 {
                                fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip - 1))
                                try safePoint()
                            }
                            ip += distance
                        }
                    case .jumpEqual, .jumpEqualK:
                        let l = fp[a]
                        let r = UInt8(truncatingIfNeeded: i) == Op.jumpEqual.rawValue ? fp[b] : k[b]
                        let distance = Int(truncatingIfNeeded: Int64(bitPattern: ip[1]))
                        var holds: Bool
                        if l.bits & r.bits & 1 != 0 {
                            holds = l.bits == r.bits
                        } else {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            holds = try compareTruth(2, l, r, c)
                        }
                        ip += 2
                        if holds == (c & 1 != 0) {
                            if distance < 0 && state.pointee.breaker != 0 {
                                fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip - 1))
                                try safePoint()
                            }
                            ip += distance
                        }
                    case .jumpLessEqual, .jumpNotEqual, .jumpGreater, .jumpGreaterEqual:
                        let l = fp[a], r = fp[b]
                        let op = UInt8(truncatingIfNeeded: i) &- Op.jumpLess.rawValue
                        let distance = Int(truncatingIfNeeded: Int64(bitPattern: ip[1]))
                        var holds: Bool
                        if l.bits & r.bits & 1 != 0 {
                            holds = Thread.compareInts(op, l, r)
                        } else {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            holds = try compareTruth(op, l, r, c)
                        }
                        ip += 2
                        if holds == (c & 1 != 0) {
                            if distance < 0 && state.pointee.breaker != 0 {
                                fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip - 1))
                                try safePoint()
                            }
                            ip += distance
                        }
                    case .jumpLessEqualK, .jumpNotEqualK, .jumpGreaterK, .jumpGreaterEqualK:
                        let l = fp[a], r = k[b]
                        let op = UInt8(truncatingIfNeeded: i) &- Op.jumpLessK.rawValue
                        let distance = Int(truncatingIfNeeded: Int64(bitPattern: ip[1]))
                        var holds: Bool
                        if l.bits & r.bits & 1 != 0 {
                            holds = Thread.compareInts(op, l, r)
                        } else {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            holds = try compareTruth(op, l, r, c)
                        }
                        ip += 2
                        if holds == (c & 1 != 0) {
                            if distance < 0 && state.pointee.breaker != 0 {
                                fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip - 1))
                                try safePoint()
                            }
                            ip += distance
                        }
                    case .identical:
                        fp[a] = Value((fp[b] == fp[c]) != (ip[1] != 0))
                        ip += 2
                    case .jumpIdentical:
                        let distance = Int(truncatingIfNeeded: Int64(bitPattern: ip[1]))
                        ip += 2
                        if (fp[a] == fp[b]) == (c != 0) { ip += distance }
                    case .contains:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        let found = try contains(fp[c], fp[b])
                        fp[a] = Value(found != (ip[1] != 0))
                        ip += 2

                    // MARK: Jumps
                    case .jump:
                        ip += 1 &+ Int(Int32(truncatingIfNeeded: i >> 32))
                    case .jumpBack:
                        if state.pointee.breaker != 0 {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            try safePoint()
                        }
                        ip += 1 &+ Int(Int32(truncatingIfNeeded: i >> 32))
                    case .jumpIfTrue:
                        let v = fp[a]
                        let holds: Bool
                        if v.isTrue {
                            holds = true
                        } else if v.isFalse || v.isNone {
                            holds = false
                        } else {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            holds = try truthSlowly(v)
                        }
                        if holds {
                            let distance = Int(Int32(truncatingIfNeeded: i >> 32))
                            if distance < 0 && state.pointee.breaker != 0 {
                                fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                                try safePoint()
                            }
                            ip += distance
                        }
                        ip += 1
                    case .jumpIfFalse:
                        let v = fp[a]
                        let holds: Bool
                        if v.isTrue {
                            holds = true
                        } else if v.isFalse || v.isNone {
                            holds = false
                        } else {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            holds = try truthSlowly(v)
                        }
                        if !holds {
                            let distance = Int(Int32(truncatingIfNeeded: i >> 32))
                            if distance < 0 && state.pointee.breaker != 0 {
                                fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                                try safePoint()
                            }
                            ip += distance
                        }
                        ip += 1
                    case .jumpIfNone:
                        if fp[a].isNone { ip += Int(Int32(truncatingIfNeeded: i >> 32)) }
                        ip += 1
                    case .jumpIfNotNone:
                        if !fp[a].isNone { ip += Int(Int32(truncatingIfNeeded: i >> 32)) }
                        ip += 1

                    // MARK: Names
                    case .loadGlobal:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try loadGlobal(fp, Int(truncatingIfNeeded: i >> 32), ip + 1)
                        ip += 4
                    case .loadGlobalModule:
                        let globals = DictObject(fp.frameFunction.globals)
                        if globals.version == Int(bitPattern: UInt(ip[1])) {
                            fp[a] = UnsafePointer<Value>(bitPattern: UInt(ip[2])).unsafelyUnwrapped.pointee
                        } else {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            fp[a] = try loadGlobal(fp, Int(truncatingIfNeeded: i >> 32), ip + 1)
                        }
                        ip += 4
                    case .loadGlobalBuiltin:
                        let function = fp.frameFunction
                        if DictObject(function.globals).version == Int(bitPattern: UInt(ip[1])) && DictObject(function.builtins).version == Int(bitPattern: UInt(ip[3])) {
                            fp[a] = UnsafePointer<Value>(bitPattern: UInt(ip[2])).unsafelyUnwrapped.pointee
                        } else {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            fp[a] = try loadGlobal(fp, Int(truncatingIfNeeded: i >> 32), ip + 1)
                        }
                        ip += 4
                    case .storeGlobal:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try storeGlobal(fp, Int(truncatingIfNeeded: i >> 32), fp[a])
                        ip += 1
                    case .deleteGlobal:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try deleteGlobal(fp, Int(truncatingIfNeeded: i >> 32))
                        ip += 1
                    case .loadName:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try loadName(fp, Int(truncatingIfNeeded: i >> 32))
                        ip += 1
                    case .storeName:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try storeName(fp, Int(truncatingIfNeeded: i >> 32), fp[a])
                        ip += 1
                    case .deleteName:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try deleteName(fp, Int(truncatingIfNeeded: i >> 32))
                        ip += 1
                    case .loadLocals:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try loadLocals(fp)
                        ip += 1
                    case .loadFromDictOrGlobals:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try loadFromDictOrGlobals(fp, fp[a], Int(truncatingIfNeeded: i >> 32))
                        ip += 1
                    case .loadFromDictOrDeref:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try loadFromDictOrDeref(fp, fp[a], Int(truncatingIfNeeded: i >> 32))
                        ip += 1
                    case .setupAnnotations:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try setupAnnotations(fp)
                        ip += 1

                    // MARK: Cells
                    case .makeCell:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = newCell(fp[a])
                        ip += 1
                    case .copyFreeVars:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try copyFreeVariables(fp, a)
                        ip += 1
                    case .loadCell:
                        let v = fp[b].cell[1]
                        if v.isUnbound {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            try unboundCell(fp, b)
                        }
                        fp[a] = v
                        ip += 1
                    case .storeCell:
                        fp[a].cell[1] = fp[b]
                        ip += 1
                    case .storeCellNone:
                        let v = fp[a].cell[1]
                        fp[a].cell[1] = .none
                        if v.isCell && v.cell.header & CellFlag.isNoticed != 0 {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            dropped(v.cell.header)
                        }
                        ip += 1
                    case .deleteCell:
                        let v = fp[a].cell[1]
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        if v.isUnbound { try unboundCell(fp, a) }
                        fp[a].cell[1] = .unbound
                        if v.isCell { dropped(v.cell.header) }
                        ip += 1

                    // MARK: Attributes
                    case .loadAttr:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try loadAttr(fp, fp[b], ip + 1)
                        ip += 5
                    case .loadAttrSlot:
                        let object = fp[b]
                        if object.isCell && object.cell.layout.rawValue == UInt32(truncatingIfNeeded: ip[2]) {
                            let v = object.cell[Int(truncatingIfNeeded: ip[2] >> 32)]
                            if v.isBound {
                                fp[a] = v
                                ip += 5
                                continue
                            }
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try loadAttr(fp, object, ip + 1)
                        ip += 5
                    case .loadAttrSlots:
                        let object = fp[b]
                        if object.isCell {
                            let layout = object.cell.layout.rawValue
                            var place = ip[2]
                            if UInt32(truncatingIfNeeded: place) != layout {
                                place = ip[3]
                                if UInt32(truncatingIfNeeded: place) != layout { place = ip[4] }
                            }
                            if UInt32(truncatingIfNeeded: place) == layout {
                                let v = object.cell[Int(truncatingIfNeeded: place >> 32)]
                                if v.isBound {
                                    fp[a] = v
                                    ip += 5
                                    continue
                                }
                            }
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try loadAttr(fp, object, ip + 1)
                        ip += 5
                    case .loadAttrClass:
                        let object = fp[b]
                        if object.bits == UInt(ip[4]) && TypeObject(object).version == Int(bitPattern: UInt(ip[2])) {
                            fp[a] = Value(bits: UInt(ip[3]))
                        } else {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            fp[a] = try loadAttr(fp, object, ip + 1)
                        }
                        ip += 5
                    case .loadAttrProperty:
                        let object = fp[b]
                        if object.isCell && object.cell.layout.rawValue == UInt32(truncatingIfNeeded: ip[2])
                            && TypeObject(Value(bits: UInt(ip[4]))).version == Int(truncatingIfNeeded: ip[2] >> 32) {
                            // Returning goes to the saved ip's next word: the end of the cache.
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip + 3))
                            fp = try enterProperty(fp, Value(bits: UInt(ip[3])), object, a)
                            ip = fp.frameIP + 1
                            k = fp.frameLowered.pointee.constants
                            continue
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try loadAttr(fp, object, ip + 1)
                        ip += 5
                    case .loadAttrModule:
                        let object = fp[b]
                        if object.hasLayout(.module) && DictObject(object.cell[1]).version == Int(bitPattern: UInt(ip[2])) {
                            fp[a] = UnsafePointer<Value>(bitPattern: UInt(ip[3])).unsafelyUnwrapped.pointee
                        } else {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            fp[a] = try loadAttr(fp, object, ip + 1)
                        }
                        ip += 5
                    case .loadAttrType:
                        let object = fp[b]
                        if object.isCell && object.cell.layout.rawValue == UInt32(truncatingIfNeeded: ip[2])
                            && TypeObject(Value(bits: UInt(ip[4]))).version == Int(truncatingIfNeeded: ip[2] >> 32) {
                            fp[a] = Value(bits: UInt(ip[3]))
                        } else {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            fp[a] = try loadAttr(fp, object, ip + 1)
                        }
                        ip += 5
                    case .loadMethod:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try loadMethod(fp, a, fp[b], c, ip + 1)
                        ip += 5
                    case .loadMethodCached:
                        let object = fp[b]
                        if object.isCell && object.cell.layout.rawValue == UInt32(truncatingIfNeeded: ip[2])
                            && TypeObject(Value(bits: UInt(ip[4]))).version == Int(truncatingIfNeeded: ip[2] >> 32) {
                            fp[a] = Value(bits: UInt(ip[3]))
                            fp[c] = object
                        } else {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            try loadMethod(fp, a, object, c, ip + 1)
                        }
                        ip += 5
                    case .loadMethodType:
                        let object = fp[b]
                        if object.isCell && object.cell.layout.rawValue == UInt32(truncatingIfNeeded: ip[2])
                            && TypeObject(Value(bits: UInt(ip[4]))).version == Int(truncatingIfNeeded: ip[2] >> 32) {
                            fp[a] = .unbound
                            fp[c] = Value(bits: UInt(ip[3]))
                        } else {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            try loadMethod(fp, a, object, c, ip + 1)
                        }
                        ip += 5
                    case .loadMethodSlot:
                        let object = fp[b]
                        if object.isCell && object.cell.layout.rawValue == UInt32(truncatingIfNeeded: ip[2]) {
                            let v = object.cell[Int(truncatingIfNeeded: ip[2] >> 32)]
                            if v.isBound {
                                fp[a] = .unbound
                                fp[c] = v
                                ip += 5
                                continue
                            }
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try loadMethod(fp, a, object, c, ip + 1)
                        ip += 5
                    case .loadMethodModule:
                        let object = fp[b]
                        if object.hasLayout(.module) && DictObject(object.cell[1]).version == Int(bitPattern: UInt(ip[2])) {
                            fp[a] = .unbound
                            fp[c] = UnsafePointer<Value>(bitPattern: UInt(ip[3])).unsafelyUnwrapped.pointee
                        } else {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            try loadMethod(fp, a, object, c, ip + 1)
                        }
                        ip += 5
                    case .loadMethodClass, .loadMethodClassBound:
                        let object = fp[b]
                        if object.bits == UInt(ip[4]) && TypeObject(object).version == Int(bitPattern: UInt(ip[2])) {
                            let binds = UInt8(truncatingIfNeeded: i) == Op.loadMethodClassBound.rawValue
                            fp[a] = binds ? Value(bits: UInt(ip[3])) : .unbound
                            fp[c] = binds ? object : Value(bits: UInt(ip[3]))
                        } else {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            try loadMethod(fp, a, object, c, ip + 1)
                        }
                        ip += 5
                    case .storeAttr:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try storeAttr(fp, fp[a], fp[b], ip + 1)
                        ip += 5
                    case .storeAttrSlot:
                        let object = fp[a]
                        if object.isCell && object.cell.layout.rawValue == UInt32(truncatingIfNeeded: ip[2]) {
                            object.cell.store(fp[b], at: Int(truncatingIfNeeded: ip[2] >> 32))
                        } else {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            try storeAttr(fp, object, fp[b], ip + 1)
                        }
                        ip += 5
                    case .storeAttrNone:
                        let object = fp[a], new = fp[b]
                        if object.isCell && object.cell.layout.rawValue == UInt32(truncatingIfNeeded: ip[2]) {
                            let v = object.cell[Int(truncatingIfNeeded: ip[2] >> 32)]
                            object.cell.store(new, at: Int(truncatingIfNeeded: ip[2] >> 32))
                            if v.isCell && v.cell.header & CellFlag.isNoticed != 0 {
                                fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                                dropped(v.cell.header)
                            }
                        } else {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            try storeAttr(fp, object, new, ip + 1)
                        }
                        ip += 5
                    case .storeAttrAdd:
                        let object = fp[a]
                        if object.isCell && object.cell.layout.rawValue == UInt32(truncatingIfNeeded: ip[2]) {
                            object.cell.store(fp[b], at: Int(truncatingIfNeeded: ip[2] >> 32))
                            object.cell.layout = LayoutID(rawValue: UInt32(truncatingIfNeeded: ip[3]))
                        } else {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            try storeAttr(fp, object, fp[b], ip + 1)
                        }
                        ip += 5
                    case .deleteAttr:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try deleteAttribute(fp[a], fp.frameLowered.pointee.names[Int(ip[1])])
                        ip += 2
                    case .loadSuperAttr:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try loadSuperAttr(fp, a, b, c, ip + 1)
                        ip += 2

                    // MARK: Subscripts
                    case .subscript_, .subscriptK:
                        let container = fp[b]
                        let key = UInt8(truncatingIfNeeded: i) == Op.subscriptK.rawValue ? k[c] : fp[c]
                        if container.isCell && key.isSmallInt {
                            let n = key.smallInt
                            if container.cell.layout == .list {
                                let list = ListObject(container)
                                let count = list.count
                                if UInt(bitPattern: n) < UInt(bitPattern: count) {
                                    fp[a] = list.items[n]
                                    ip += 1
                                    continue
                                }
                                if n < 0 && n &+ count >= 0 {
                                    fp[a] = list.items[n &+ count]
                                    ip += 1
                                    continue
                                }
                            } else if container.cell.layout == .tuple {
                                let tuple = TupleObject(container)
                                if UInt(bitPattern: n) < UInt(bitPattern: tuple.count) {
                                    fp[a] = tuple[n]
                                    ip += 1
                                    continue
                                }
                            }
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        if let entered = try enterSubscript(fp, container, key, a) {
                            fp = entered
                            ip = fp.frameIP + 1
                            k = fp.frameLowered.pointee.constants
                        } else {
                            ip += 1
                        }
                    case .storeSubscript:
                        let container = fp[a], key = fp[b]
                        if key.isSmallInt && container.hasLayout(.list) {
                            let list = ListObject(container)
                            if UInt(bitPattern: key.smallInt) < UInt(bitPattern: list.count) {
                                list[key.smallInt] = fp[c]
                                ip += 1
                                continue
                            }
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try storeSubscriptSlowly(container, key, fp[c])
                        ip += 1
                    case .deleteSubscript:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try deleteSubscript(fp[a], fp[b])
                        ip += 1
                    case .slice:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try slice(fp[b], fp[b + 1], fp[b + 2])
                        ip += 1
                    case .storeSlice:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try storeSlice(fp[a + 1], fp[a + 2], fp[a + 3], fp[a])
                        ip += 1
                    case .buildSlice:
                        let next = ip[1]
                        if b == 3 && UInt8(truncatingIfNeeded: next) == Op.subscript_.rawValue && Int(truncatingIfNeeded: next >> 48) == a {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip + 1))
                            if try sliceAtOnce(fp, next, fp + c) {
                                ip += 2
                                continue
                            }
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = newSlice(fp[c], fp[c + 1], b == 3 ? fp[c + 2] : .none)
                        ip += 1

                    // MARK: Calls
                    case .callPlain:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        let arguments = fp + (a &+ 2 &+ FrameHeader.size)
                        let callee = arguments[FrameHeader.function]
                        if callee.hasLayout(.function), let lowered = FunctionObject(callee).lowered, lowered.pointee.simpleArgumentCount == b,
                           state.pointee.recursionRemaining > 0, arguments + lowered.pointee.frameSize < state.pointee.stackLimit, state.pointee.breaker == 0 {
                            // The hot path: arguments are where the callee's first locals are, and the callee is where its header wants it.
                            state.pointee.recursionRemaining &-= 1
                            arguments[FrameHeader.lowered] = Value(bits: UInt(bitPattern: lowered))
                            arguments[FrameHeader.caller] = Value(bits: UInt(bitPattern: fp))
                            arguments[FrameHeader.flags] = Value(bits: UInt(bitPattern: c) << 16)
                            arguments[FrameHeader.object] = .unbound
                            arguments[FrameHeader.namespace] = .unbound
                            var n = b
                            let locals = lowered.pointee.localCount
                            while n < locals {
                                arguments[n] = .unbound
                                n &+= 1
                            }
                            fp = arguments
                            ip = lowered.pointee.words
                            k = lowered.pointee.constants
                            state.pointee.frame = fp
                            state.pointee.stackTop = fp + lowered.pointee.frameSize
                            continue
                        }
                        if b == 1 && callee.hasLayout(.builtinFunction) && NativeFunction(callee).arity.shortcut == Shortcut.length && arguments.pointee.hasLayout(.list) {
                            fp[c] = Value(smallInt: ListObject(arguments.pointee).count)
                            ip += 2
                            continue
                        }
                        if let entered = try enterCall(fp, callee, arguments, b, 0, c, overlay: true) {
                            fp = entered
                            ip = fp.frameIP + 1
                            k = fp.frameLowered.pointee.constants
                        } else {
                            ip += 2
                        }
                    case .call:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        let first = fp[a]
                        var callee = first
                        var arguments = fp + (a &+ 1 &+ FrameHeader.size)
                        var count = b
                        if first.isUnbound {
                            callee = arguments.pointee
                            arguments += 1
                        } else {
                            count &+= 1
                        }
                        let keywords = UInt32(truncatingIfNeeded: ip[1])
                        if keywords == 0 && callee.hasLayout(.function), let lowered = FunctionObject(callee).lowered,
                           lowered.pointee.simpleArgumentCount == count,
                           state.pointee.recursionRemaining > 0, arguments + lowered.pointee.frameSize < state.pointee.stackLimit, state.pointee.breaker == 0 {
                            // The hot path: arguments are where the callee's first locals are.
                            state.pointee.recursionRemaining &-= 1
                            arguments[FrameHeader.function] = callee
                            arguments[FrameHeader.lowered] = Value(bits: UInt(bitPattern: lowered))
                            arguments[FrameHeader.caller] = Value(bits: UInt(bitPattern: fp))
                            arguments[FrameHeader.flags] = Value(bits: UInt(bitPattern: c) << 16)
                            arguments[FrameHeader.object] = .unbound
                            arguments[FrameHeader.namespace] = .unbound
                            var n = count
                            let locals = lowered.pointee.localCount
                            while n < locals {
                                arguments[n] = .unbound
                                n &+= 1
                            }
                            fp = arguments
                            ip = lowered.pointee.words
                            k = lowered.pointee.constants
                            state.pointee.frame = fp
                            state.pointee.stackTop = fp + lowered.pointee.frameSize
                            continue
                        }
                        if let entered = try enterCall(fp, callee, arguments, count, Int(keywords), c, overlay: true) {
                            fp = entered
                            ip = fp.frameIP + 1
                            k = fp.frameLowered.pointee.constants
                        } else {
                            ip += 2
                        }
                    case .callCopy:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        let first = fp[a]
                        var callee = first
                        var arguments = fp + (a &+ 1 &+ (ip[1] >> 32 != 0 ? FrameHeader.size : 0))
                        var count = b
                        if first.isUnbound {
                            callee = arguments.pointee
                            arguments += 1
                        } else {
                            count &+= 1
                        }
                        if let entered = try enterCall(fp, callee, arguments, count, Int(UInt32(truncatingIfNeeded: ip[1])), c, overlay: false) {
                            fp = entered
                            ip = fp.frameIP + 1
                            k = fp.frameLowered.pointee.constants
                        } else {
                            ip += 2
                        }
                    case .callFunctionEx:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        if let entered = try callFunctionEx(fp, a, fp[b], fp[c], ip[1] != 0 ? fp[c + 1] : .unbound) {
                            fp = entered
                            ip = fp.frameIP + 1
                            k = fp.frameLowered.pointee.constants
                        } else {
                            ip += 2
                        }
                    case .makeFunction:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try makeFunction(fp, b, fp + c)
                        ip += 1
                    case .returnValue, .returnConst:
                        let result = UInt8(truncatingIfNeeded: i) == Op.returnValue.rawValue ? fp[a] : k[Int(truncatingIfNeeded: i >> 32)]
                        let flags = fp.frameFlags
                        if flags & 0xFFFF == 0 {
                            let caller = fp.frameCaller.unsafelyUnwrapped
                            let lowered = caller.frameLowered
                            state.pointee.recursionRemaining &+= 1
                            state.pointee.frame = caller
                            state.pointee.stackTop = caller + lowered.pointee.frameSize
                            caller[Int(bitPattern: flags >> 16)] = result
                            ip = caller.frameIP + 2
                            k = lowered.pointee.constants
                            fp = caller
                            continue
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        if let caller = try leaveFrame(fp, result) {
                            fp = caller
                            ip = fp.frameIP + 1
                            k = fp.frameLowered.pointee.constants
                        } else {
                            return result
                        }
                    case .returnGenerator:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        let generator = try newGenerator(fp)
                        if let caller = try leaveFrame(fp, generator) {
                            fp = caller
                            ip = fp.frameIP + 1
                            k = fp.frameLowered.pointee.constants
                        } else {
                            return generator
                        }
                    case .yieldValue:
                        let result = fp[a]
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        let flags = fp.frameFlags
                        if flags & FrameFlag.gathering != 0 {
                            // What was yielded is taken; either the generator goes on or its consumer does.
                            fp = try gather(fp, result)
                            ip = fp.frameIP + 1
                            k = fp.frameLowered.pointee.constants
                            continue
                        }
                        let caller = fp.frameCaller
                        suspendGenerator(fp)
                        if flags & FrameFlag.entry != 0 { return result }
                        fp = caller.unsafelyUnwrapped
                        fp[Int(bitPattern: flags >> 16)] = result
                        ip = fp.frameIP + 2
                        k = fp.frameLowered.pointee.constants

                    // MARK: Iteration
                    case .getIter:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try iter(fp[b])
                        ip += 1
                    case .forIter:
                        let iterator = fp[a]
                        let layout: LayoutID = iterator.isCell ? iterator.cell.layout : .free
                        if layout == .rangeIterator {
                            let cell = iterator.cell
                            let remaining = cell.raw(RangeIteratorLayout.remaining)
                            if remaining > 0 {
                                let n = cell.raw(RangeIteratorLayout.current)
                                cell.setRaw(remaining &- 1, at: RangeIteratorLayout.remaining)
                                cell.setRaw(n &+ cell.raw(RangeIteratorLayout.step), at: RangeIteratorLayout.current)
                                fp[b] = int(n)
                                ip += 2
                            } else {
                                ip += 2 &+ Int(truncatingIfNeeded: Int64(bitPattern: ip[1]))
                            }
                            continue
                        }
                        if layout == .listIterator {
                            let cell = iterator.cell
                            if cell[1].hasLayout(.list) {
                                let n = cell.raw(2)
                                let list = ListObject(cell[1])
                                if UInt(bitPattern: n) < UInt(bitPattern: list.count) {
                                    cell.setRaw(n &+ 1, at: 2)
                                    fp[b] = list.items[n]
                                    ip += 2
                                    continue
                                }
                            }
                        } else if layout == .tupleIterator {
                            let cell = iterator.cell
                            if cell[1].hasLayout(.tuple) {
                                let n = cell.raw(2)
                                let tuple = TupleObject(cell[1])
                                if UInt(bitPattern: n) < UInt(bitPattern: tuple.count) {
                                    cell.setRaw(n &+ 1, at: 2)
                                    fp[b] = tuple.items[n]
                                    ip += 2
                                    continue
                                }
                            }
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        if layout == .generator, let entered = try enterGenerator(fp, iterator, .none, b, FrameFlag.fromForIter) {
                            fp = entered
                            ip = fp.frameIP + 1
                            k = fp.frameLowered.pointee.constants
                            continue
                        }
                        let item = try next(iterator)
                        let distance = Int(truncatingIfNeeded: Int64(bitPattern: ip[1]))
                        ip += 2
                        if item.isBound { fp[b] = item } else { ip += distance }
                    case .forLoop:
                        if state.pointee.breaker != 0 {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            try safePoint()
                        }
                        let iterator = fp[a]
                        let distances = ip[1]
                        ip += 2
                        let layout: LayoutID = iterator.isCell ? iterator.cell.layout : .free
                        if layout == .rangeIterator {
                            let cell = iterator.cell
                            let remaining = cell.raw(RangeIteratorLayout.remaining)
                            if remaining > 0 {
                                let n = cell.raw(RangeIteratorLayout.current)
                                cell.setRaw(remaining &- 1, at: RangeIteratorLayout.remaining)
                                cell.setRaw(n &+ cell.raw(RangeIteratorLayout.step), at: RangeIteratorLayout.current)
                                fp[b] = int(n)
                                ip += Int(Int32(truncatingIfNeeded: distances))
                                continue
                            }
                        } else if layout == .listIterator {
                            let cell = iterator.cell
                            if cell[1].hasLayout(.list) {
                                let n = cell.raw(2)
                                let list = ListObject(cell[1])
                                if UInt(bitPattern: n) < UInt(bitPattern: list.count) {
                                    cell.setRaw(n &+ 1, at: 2)
                                    fp[b] = list.items[n]
                                    ip += Int(Int32(truncatingIfNeeded: distances))
                                    continue
                                }
                            }
                        } else if layout == .tupleIterator {
                            let cell = iterator.cell
                            if cell[1].hasLayout(.tuple) {
                                let n = cell.raw(2)
                                let tuple = TupleObject(cell[1])
                                if UInt(bitPattern: n) < UInt(bitPattern: tuple.count) {
                                    cell.setRaw(n &+ 1, at: 2)
                                    fp[b] = tuple.items[n]
                                    ip += Int(Int32(truncatingIfNeeded: distances))
                                    continue
                                }
                            }
                        }
                        ip += Int(Int32(truncatingIfNeeded: distances >> 32))
                    case .send:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        let receiver = fp[a]
                        if receiver.hasLayout(.generator) || receiver.hasLayout(.coroutine),
                           let entered = try enterGenerator(fp, receiver, fp[b], c, FrameFlag.fromSend) {
                            fp = entered
                            ip = fp.frameIP + 1
                            k = fp.frameLowered.pointee.constants
                            continue
                        }
                        let (value, isReturn) = try sendSlowly(receiver, fp[b])
                        fp[c] = value
                        let distance = Int(truncatingIfNeeded: Int64(bitPattern: ip[1]))
                        ip += 2
                        if isReturn { ip += distance }
                    case .getYieldFromIter:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try getYieldFromIter(fp, fp[a])
                        ip += 1
                    case .getAwaitable:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try getAwaitable(fp[a], b)
                        ip += 1
                    case .getAsyncIter:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try getAsyncIter(fp[a])
                        ip += 1
                    case .getAsyncNext:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try getAsyncNext(fp[b])
                        ip += 1
                    case .endAsyncFor:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try endAsyncFor(fp[a])
                        ip += 1
                    case .cleanupThrow:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        let value = try cleanupThrow(fp[c])
                        fp[a] = .none
                        fp[b] = value
                        ip += 1

                    // MARK: Building
                    case .buildTuple:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try tuple(fp + c, b)
                        ip += 1
                    case .buildList:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try list(fp + c, b)
                        ip += 1
                    case .buildSet:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try buildSet(fp + c, b)
                        ip += 1
                    case .buildMap:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try buildMap(fp + c, b)
                        ip += 1
                    case .buildConstKeyMap:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try buildConstKeyMap(fp + c, b)
                        ip += 1
                    case .buildString:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try buildString(fp + c, b)
                        ip += 1
                    case .listAppend:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try append(ListObject(fp[a]), fp[b])
                        ip += 1
                    case .setAdd:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try setAdd(fp[a], fp[b])
                        ip += 1
                    case .mapAdd:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try set(DictObject(fp[a]), fp[b], fp[c])
                        ip += 1
                    case .listExtend:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try listExtend(ListObject(fp[a]), fp[b])
                        ip += 1
                    case .setUpdate:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try setUpdate(fp[a], fp[b])
                        ip += 1
                    case .dictMerge:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try dictMerge(DictObject(fp[a]), fp[b], fp[c])
                        ip += 1
                    case .dictUpdate:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try dictUpdate(DictObject(fp[a]), fp[b])
                        ip += 1
                    case .unpackSequence:
                        let value = fp[a]
                        if value.hasLayout(.tuple) && TupleObject(value).count == b {
                            let items = TupleObject(value).items
                            var n = 0
                            while n < b {
                                fp[c &+ b &- 1 &- n] = items[n]
                                n &+= 1
                            }
                            ip += 1
                            continue
                        }
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try unpackSequence(value, b, fp + c)
                        ip += 1
                    case .unpackLocals:
                        let value = fp[a]
                        let places = ip[1]
                        let items: UnsafeMutablePointer<Value>
                        if value.hasLayout(.tuple) && TupleObject(value).count == b {
                            items = TupleObject(value).items
                        } else if value.hasLayout(.list) && ListObject(value).count == b {
                            items = ListObject(value).items
                        } else {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            items = fp + c
                            try unpackForward(value, b, items)
                        }
                        ip += 2
                        fp[Int(truncatingIfNeeded: places & 0xFFFF)] = items[0]
                        fp[Int(truncatingIfNeeded: (places >> 16) & 0xFFFF)] = items[1]
                        if b > 2 {
                            fp[Int(truncatingIfNeeded: (places >> 32) & 0xFFFF)] = items[2]
                            if b > 3 { fp[Int(truncatingIfNeeded: places >> 48)] = items[3] }
                        }
                    case .unpackEx:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try unpackEx(fp[a], b, c, fp + Int(ip[1]))
                        ip += 2
                    case .formatValue:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try formatValue(fp[b], c == 0xFFFF ? .unbound : fp[c], Int(ip[1]))
                        ip += 2

                    // MARK: Exceptions
                    case .raise:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try raiseStatement(a > 0 ? fp[b] : .unbound, a > 1 ? fp[b + 1] : .unbound)
                        ip += 1
                    case .reraise:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try reraise(fp, fp[a], b > 0 ? fp[c] : .unbound)
                        ip += 1
                    case .pushExceptionInfo:
                        let exception = fp[a]
                        if !exception.isKind(.exception) {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            throw malformedCode()
                        }
                        let handled = state.pointee.handled
                        fp[a] = handled.pointee.value.isUnbound ? .none : handled.pointee.value
                        fp[b] = exception
                        handled.pointee.value = exception
                        ip += 1
                    case .popExcept:
                        let previous = fp[a]
                        if !previous.isNone && !previous.isKind(.exception) {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            throw malformedCode()
                        }
                        state.pointee.handled.pointee.value = previous.isNone ? .unbound : previous
                        ip += 1
                    case .checkExceptionMatch:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = Value(try handlerMatches(fp[b], fp[c]))
                        ip += 1
                    case .checkGroupMatch:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try checkGroupMatch(fp, a, b, fp[c])
                        ip += 1
                    case .withExceptStart:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try withExceptStart(fp[b], fp[c])
                        ip += 1
                    case .beforeWith:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try beforeWith(fp, fp[b], a, c)
                        ip += 1
                    case .beforeAsyncWith:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try beforeAsyncWith(fp, fp[b], a, c)
                        ip += 1
                    case .loadAssertionError:
                        fp[a] = types.pointee.assertionError
                        ip += 1
                    case .loadBuildClass:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try loadBuildClass(fp)
                        ip += 1

                    // MARK: Imports, patterns, intrinsics
                    case .importName:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try importName(fp, Int(ip[1]), fp[b], fp[c])
                        ip += 2
                    case .importFrom:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try importFrom(fp[b], fp.frameLowered.pointee.names[Int(ip[1])])
                        ip += 2
                    case .matchClass:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try matchClass(fp[a], fp[b], fp[c], Int(ip[1]))
                        ip += 2
                    case .matchMapping:
                        fp[a] = Value(type(of: fp[b]).has(TypeFlag.mapping))
                        ip += 1
                    case .matchSequence:
                        fp[a] = Value(type(of: fp[b]).has(TypeFlag.sequence))
                        ip += 1
                    case .matchKeys:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try matchKeys(fp[b], fp[c])
                        ip += 1
                    case .getLen:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = int(try length(fp[b]))
                        ip += 1
                    case .intrinsic1:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try intrinsic1(fp, c, fp[b])
                        ip += 1
                    case .intrinsic2:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        fp[a] = try intrinsic2(Int(ip[1]), fp[b], fp[c])
                        ip += 2
                    case .checkLayout:
                        if !fp[a].hasLayout(LayoutID(rawValue: UInt32(truncatingIfNeeded: i >> 32))) {
                            fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                            throw malformedCode()
                        }
                        ip += 1
                    case .unknown:
                        fp[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip))
                        try unknownInstruction(a)
                        ip += 1
                    case .observe, .enterExact:
                        if UInt8(truncatingIfNeeded: i) == Op.observe.rawValue { try observe(fp, ip) } else { try enterExact(fp, ip) }
                        ip = fp.frameIP + 1
                        k = fp.frameLowered.pointee.constants
                    }
                }
            } catch {
                guard let handler = unwind() else { throw error }
                fp = handler
                ip = fp.frameIP + 1
                k = fp.frameLowered.pointee.constants
            }
        }
    }

    @inline(__always) private func enterLoop(_ frame: ctaipan_stack_range) {
        if state.pointee.loopFrameCount == state.pointee.loopFrameCapacity { growLoopFrames() }
        state.pointee.loopFrames[state.pointee.loopFrameCount] = frame
        state.pointee.loopFrameCount &+= 1
    }

    @inline(never) private func growLoopFrames() {
        let bigger: UnsafeMutablePointer<ctaipan_stack_range> = .allocate(capacity: state.pointee.loopFrameCapacity * 2)
        bigger.update(from: state.pointee.loopFrames, count: state.pointee.loopFrameCount)
        state.pointee.loopFrames.deallocate()
        state.pointee.loopFrames = bigger
        state.pointee.loopFrameCapacity *= 2
    }

    /// Whether comparison `op` holds for operands of which the left is less, equal or greater: a table of three bits an operator
    /// (< <= == != > >=), so that the six need no branch.
    @inline(__always) private static func holds(_ op: UInt8, equal: Bool, greater: Bool) -> Bool {
        let table: UInt32 = 0b110_100_101_010_011_001
        let order: UInt32 = (greater ? 2 : 0) | (equal ? 1 : 0)
        return (table &>> (UInt32(op) &* 3 &+ order)) & 1 != 0
    }

    /// Orders two small floats, which are never nan.
    @inline(__always) static func compareFloats(_ op: UInt8, _ l: Value, _ r: Value) -> Bool {
        let x = l.smallFloat, y = r.smallFloat
        return holds(op, equal: x == y, greater: x > y)
    }

    /// Orders two small ints; op as in COMPARE_OP: < <= == != > >=.
    @inline(__always) static func compareInts(_ op: UInt8, _ l: Value, _ r: Value) -> Bool {
        holds(op, equal: l.bits == r.bits, greater: Int(bitPattern: l.bits) > Int(bitPattern: r.bits))
    }
}
