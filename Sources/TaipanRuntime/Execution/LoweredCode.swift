// The running form of a code object: register code. An instruction is one word,
// `op:16 a:16 b:16 c:16`, followed by the extra words its line below names. a, b and c are frame slots unless said otherwise.
//
// Every instruction that pushes a frame has exactly one extra word, so that returning to it means `saved ip + 1`.

/// The register instructions. Dense numbers: the interpreter's switch is one jump table.
enum Op: UInt8 {
    // Moves. const: bc is an index of constants.
    // storeNone: like loadConst, over a local; storeCellNone: into cell a. Both look at what they replace.
    case move, loadConst, storeNone, loadLocalCheck, deleteLocal, clear, swap
    // Arithmetic: a = b op c. The K forms take constant c. binary: + word, the operator number of BINARY_OP.
    case add, addK, subtract, subtractK, multiply, multiplyK, binary, floorDivide, remainder, and, or, trueDivide
    case floorDivideK, remainderK, andK, trueDivideK, binaryK
    case negative, positive, invert, not
    // Comparison: a = b op c, and compare and branch: jump when (a op b) == bit 0 of c; bit 1: the operands were exchanged; + word, distance.
    case less, lessEqual, equal, notEqual, greater, greaterEqual
    case jumpLess, jumpLessEqual, jumpEqual, jumpNotEqual, jumpGreater, jumpGreaterEqual
    case jumpLessK, jumpLessEqualK, jumpEqualK, jumpNotEqualK, jumpGreaterK, jumpGreaterEqualK
    // is: a = (b is c) when the extra word is 0, else not; jumpIs: jump when (a is b) == c. contains: + word, 1 to invert.
    case identical, jumpIdentical, contains
    // Jumps: distance in bc, from the next instruction.
    case jump, jumpBack, jumpIfTrue, jumpIfFalse, jumpIfNone, jumpIfNotNone
    // Names. bc is the name. loadGlobal: a; + three words of cache.
    case loadGlobal, loadGlobalModule, loadGlobalBuiltin, storeGlobal, deleteGlobal
    case loadName, storeName, deleteName, loadLocals, loadFromDictOrGlobals, loadFromDictOrDeref, setupAnnotations
    // Cells. a = contents of cell in b (+ nothing); storeCell: cell a, value b.
    case makeCell, copyFreeVars, loadCell, storeCell, storeCellNone, deleteCell
    // Attributes: loadAttr a = b.name (loadAttrSlots: at the slots of up to three layouts); storeAttr a.name = b (c: b is None; storeAttrNone looks at what it replaces); + name word, three words of cache.
    case loadAttr, loadAttrSlot, loadAttrSlots, loadAttrModule, loadAttrType, loadAttrClass, loadAttrProperty, storeAttr, storeAttrSlot, storeAttrNone, storeAttrAdd, deleteAttr
    // loadMethod: a method or unbound, c self or attribute, of object b; + name word, three words of cache.
    case loadMethod, loadMethodCached, loadMethodType, loadMethodSlot, loadMethodModule, loadMethodClass, loadMethodClassBound
    // loadSuperAttr: a; b first of three (super, class, self); c second destination or 0xFFFF; + word: name << 1 | super has its arguments.
    case loadSuperAttr
    // Subscripts. storeSubscript a[b] = c.
    case subscript_, subscriptK, storeSubscript, deleteSubscript, slice, storeSlice, buildSlice
    // Calls: a first of the callable's two places, b argument count, c destination; + word: index of the keyword names plus 1, or 0.
    // In place: the header's gap lies behind the first place. The copy form has no gap (or a generator's frame) and copies.
    // callPlain: in place, positional arguments only, and the callable is known to be in the second place.
    case call, callPlain, callCopy, callFunctionEx
    case makeFunction, returnValue, returnConst, returnGenerator, yieldValue
    // Iteration. forIter: iterator a, destination b; + word, distance when exhausted. send: receiver a, value b, result c; + distance.
    // forLoop ends a loop over iterator a: takes the next item of a range or list and goes to the body (distance in the low half of the word),
    // otherwise to the forIter at the head (high half).
    case getIter, forIter, forLoop, send, getYieldFromIter, getAwaitable, getAsyncIter, getAsyncNext, endAsyncFor, cleanupThrow
    // Building: a = of b items from slot c.
    case buildTuple, buildList, buildSet, buildMap, buildConstKeyMap, buildString
    case listAppend, setAdd, mapAdd, listExtend, setUpdate, dictMerge, dictUpdate
    // unpackLocals: tuple a of b (2…4) items into the slots named in the word; c is scratch.
    case unpackSequence, unpackLocals, unpackEx, formatValue
    // Exceptions.
    case raise, reraise, pushExceptionInfo, popExcept, checkExceptionMatch, checkGroupMatch, withExceptStart, beforeWith, beforeAsyncWith
    case loadAssertionError, loadBuildClass
    // Imports and patterns.
    case importName, importFrom, matchClass, matchMapping, matchSequence, matchKeys, getLen
    case intrinsic1, intrinsic2
    // checkLayout: the cell in a has layout bc, else the code is malformed. unknown: a number that is no instruction, in a; raises when it is reached.
    case checkLayout, unknown
    // The exact form only. observe: reports what an instruction is about to do or has done; a is the ObservedPoint, b and c are its operands.
    // enterExact stands in for an instruction of the ordinary form while somebody observes, and goes on in the exact form.
    case observe, enterExact
}

/// One protected range, in words of the running code.
struct HandlerRange {
    var start: Int32
    var end: Int32
    var target: Int32
    /// Slot for the instruction's exact offset (`lasti`), or -1; slot for the exception.
    var lastiSlot: Int32
    var exceptionSlot: Int32
}

/// The running form, in malloc memory; owned by the interpreter and freed with its code object or with it.
struct LoweredCode {
    var next: UnsafeMutablePointer<LoweredCode>?
    /// The code cell.
    var code: Value
    var words: UnsafeMutablePointer<UInt64>
    var wordCount: Int
    /// Constants: the code's `co_consts` items.
    var constants: UnsafeMutablePointer<Value>
    var names: UnsafeMutablePointer<Value>
    /// Per word: the exact offset in code units of the instruction it came from, and the first slot that is dead there.
    var offsets: UnsafeMutablePointer<UInt32>
    var liveLimits: UnsafeMutablePointer<UInt16>
    /// Per word: which temporaries below that slot hold something, as an index of `temporaryMaps`. Bit n of a map is slot localCount + n;
    /// the last bit stands for all from there on.
    var temporaryMapAt: UnsafeMutablePointer<UInt16>
    var temporaryMaps: UnsafeMutablePointer<UInt64>
    var handlers: UnsafeMutablePointer<HandlerRange>
    var handlerCount: Int
    /// Slots of a frame: locals, cells, free variables, temporaries.
    var frameSize: Int
    var localCount: Int
    /// Positional parameters when a call with just that many positional arguments needs no binding; -1 otherwise.
    var simpleArgumentCount: Int
    /// Parameters of code without star parameters, -1 for others; the positional ones, and those that no keyword names.
    var parameterCount: Int
    var positionalCount: Int
    var positionalOnlyCount: Int
    var isGenerator: Bool
    /// What observers need of the code, once one saw it run; the exact form shares it with the ordinary one, which owns it.
    var observed: UnsafeMutablePointer<ObservedCode>?

    func free() {
        if let observed, observed.pointee.exact.pointee.words != words {
            observed.pointee.exact.pointee.free()
            observed.pointee.exact.deallocate()
            observed.pointee.free()
            observed.deinitialize(count: 1)
            observed.deallocate()
        }
        words.deallocate()
        offsets.deallocate()
        liveLimits.deallocate()
        temporaryMapAt.deallocate()
        temporaryMaps.deallocate()
        handlers.deallocate()
    }
}

/// The words below a frame's slot 0.
enum FrameHeader {
    static var size: Int { 7 }
    static var function: Int { -1 }
    /// Address of the LoweredCode.
    static var lowered: Int { -2 }
    /// Slot 0 of the caller's frame, or 0.
    static var caller: Int { -3 }
    /// Address of the instruction being executed; of the word before the next one where a frame is entered.
    static var ip: Int { -4 }
    /// FrameFlag bits, and the caller's destination slot from bit 16 on.
    static var flags: Int { -5 }
    /// The frame object, once asked for.
    static var object: Int { -6 }
    /// The namespace of module and class bodies; the new instance in an `__init__` frame.
    static var namespace: Int { -7 }
}

enum FrameFlag {
    /// Returning leaves the native `run`.
    static var entry: UInt { 1 }
    /// An `__init__` of an instantiation: the result is the instance.
    static var initialize: UInt { 2 }
    /// A generator's frame, resumed by FOR_ITER, or by SEND.
    static var generator: UInt { 4 }
    static var fromForIter: UInt { 8 }
    static var fromSend: UInt { 16 }
    /// There is a frame object.
    static var hasObject: UInt { 32 }
    /// The caller is a generator's frame: the frames above it lie on the VM stack all the same.
    static var fromGenerator: UInt { 64 }
    /// The function has made something whose death could be noticed.
    static var watched: UInt { 128 }
    /// A `__getitem__` entered by a subscript, an instruction without a second word.
    static var fromSubscript: UInt { 256 }
    /// Three bits: the Shortcut that gathers what the generator yields.
    static var gathering: UInt { 7 << 9 }
}

extension UnsafeMutablePointer where Pointee == Value {
    @inline(__always) var frameLowered: UnsafeMutablePointer<LoweredCode> {
        UnsafeMutablePointer<LoweredCode>(bitPattern: self[FrameHeader.lowered].bits).unsafelyUnwrapped
    }
    @inline(__always) var frameFlags: UInt { self[FrameHeader.flags].bits }
    @inline(__always) var gatheringKind: Int { Int(bitPattern: (frameFlags & FrameFlag.gathering) >> 9) }
    @inline(__always) var frameCaller: UnsafeMutablePointer<Value>? { UnsafeMutablePointer(bitPattern: self[FrameHeader.caller].bits) }
    @inline(__always) var frameIP: UnsafeMutablePointer<UInt64> { UnsafeMutablePointer<UInt64>(bitPattern: self[FrameHeader.ip].bits).unsafelyUnwrapped }
    @inline(__always) var frameFunction: FunctionObject { FunctionObject(self[FrameHeader.function]) }
    /// Word index of the instruction that the frame is at.
    var frameWordIndex: Int { Swift.max(0, frameIP - frameLowered.pointee.words) }
    /// Exact offset in code units of the instruction that the frame is at.
    var frameUnitOffset: Int { Int(frameLowered.pointee.offsets[frameWordIndex]) }
}
