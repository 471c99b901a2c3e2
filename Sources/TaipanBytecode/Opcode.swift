// The instruction set of Python 3.12 as one table: number, name, cache units, stack effect, operand kind. The
// disassembler, the compiler's flow graph and stack-depth pass, the lowering and the tests all read it here.

/// One instruction of CPython 3.12. The raw value is the number found in `co_code`; values from 256 on are
/// pseudo instructions, which only the compiler sees.
public enum Opcode: UInt16, Sendable {
    case cache = 0
    case popTop = 1
    case pushNull = 2
    case interpreterExit = 3
    case endFor = 4
    case endSend = 5
    case nop = 9
    case unaryNegative = 11
    case unaryNot = 12
    case unaryInvert = 15
    case reserved = 17
    case binarySubscr = 25
    case binarySlice = 26
    case storeSlice = 27
    case getLen = 30
    case matchMapping = 31
    case matchSequence = 32
    case matchKeys = 33
    case pushExcInfo = 35
    case checkExcMatch = 36
    case checkEgMatch = 37
    case withExceptStart = 49
    case getAiter = 50
    case getAnext = 51
    case beforeAsyncWith = 52
    case beforeWith = 53
    case endAsyncFor = 54
    case cleanupThrow = 55
    case storeSubscr = 60
    case deleteSubscr = 61
    case getIter = 68
    case getYieldFromIter = 69
    case loadBuildClass = 71
    case loadAssertionError = 74
    case returnGenerator = 75
    case returnValue = 83
    case setupAnnotations = 85
    case loadLocals = 87
    case popExcept = 89
    case storeName = 90
    case deleteName = 91
    case unpackSequence = 92
    case forIter = 93
    case unpackEx = 94
    case storeAttr = 95
    case deleteAttr = 96
    case storeGlobal = 97
    case deleteGlobal = 98
    case swap = 99
    case loadConst = 100
    case loadName = 101
    case buildTuple = 102
    case buildList = 103
    case buildSet = 104
    case buildMap = 105
    case loadAttr = 106
    case compareOp = 107
    case importName = 108
    case importFrom = 109
    case jumpForward = 110
    case popJumpIfFalse = 114
    case popJumpIfTrue = 115
    case loadGlobal = 116
    case isOp = 117
    case containsOp = 118
    case reraise = 119
    case copy = 120
    case returnConst = 121
    case binaryOp = 122
    case send = 123
    case loadFast = 124
    case storeFast = 125
    case deleteFast = 126
    case loadFastCheck = 127
    case popJumpIfNotNone = 128
    case popJumpIfNone = 129
    case raiseVarargs = 130
    case getAwaitable = 131
    case makeFunction = 132
    case buildSlice = 133
    case jumpBackwardNoInterrupt = 134
    case makeCell = 135
    case loadClosure = 136
    case loadDeref = 137
    case storeDeref = 138
    case deleteDeref = 139
    case jumpBackward = 140
    case loadSuperAttr = 141
    case callFunctionEx = 142
    case loadFastAndClear = 143
    case extendedArg = 144
    case listAppend = 145
    case setAdd = 146
    case mapAdd = 147
    case copyFreeVars = 149
    case yieldValue = 150
    case resume = 151
    case matchClass = 152
    case formatValue = 155
    case buildConstKeyMap = 156
    case buildString = 157
    case listExtend = 162
    case setUpdate = 163
    case dictMerge = 164
    case dictUpdate = 165
    case call = 171
    case kwNames = 172
    case callIntrinsic1 = 173
    case callIntrinsic2 = 174
    case loadFromDictOrGlobals = 175
    case loadFromDictOrDeref = 176
    case setupFinally = 256
    case setupCleanup = 257
    case setupWith = 258
    case popBlock = 259
    case jump = 260
    case jumpNoInterrupt = 261
    case loadMethod = 262
    case loadSuperMethod = 263
    case loadZeroSuperMethod = 264
    case loadZeroSuperAttr = 265
    case storeFastMaybeNull = 266
}

/// How an instruction changes the depth of the value stack.
public enum StackEffect: Sendable {
    /// Always the same.
    case fixed(Int)
    /// The base less the argument.
    case popsArgument(Int)
    /// The base plus the argument.
    case pushesArgument(Int)
    /// The base plus the argument's lowest bit (a NULL or self slot).
    case pushesLowBit(Int)
    /// Zero when falling through, this much for the handler that the instruction names.
    case onJump(Int)
    case popsPairs, unpackEx, makeFunction, buildSlice, callFunctionEx, formatValue
}

/// What the argument of an instruction means.
public enum OperandKind: Sendable {
    /// No argument at all.
    case none
    /// A count, flag or operator number.
    case number
    /// An index into `co_consts`.
    case constant
    /// An index into `co_names` (shifted for `LOAD_GLOBAL`, `LOAD_ATTR` and `LOAD_SUPER_ATTR`).
    case name
    /// An index into the fast locals: a plain local.
    case local
    /// An index into the fast locals: a cell or free variable.
    case cell
    /// A distance in code units, from the instruction after this one and its caches.
    case jump
    /// A comparison, in the upper four bits.
    case compare
    /// A handler block; pseudo instructions only.
    case handler
}

/// One line of the instruction table.
public struct OpcodeInfo: Sendable {
    /// CPython's name.
    public let name: StaticString
    /// How many `CACHE` units follow the instruction in `co_code`.
    public let caches: Int
    /// The stack effect.
    public let effect: StackEffect
    /// The meaning of the argument.
    public let operand: OperandKind

    init(_ name: StaticString, _ caches: Int, _ effect: StackEffect, _ operand: OperandKind) {
        self.name = name
        self.caches = caches
        self.effect = effect
        self.operand = operand
    }
}

extension Opcode {
    /// This instruction's line of the table.
    public var info: OpcodeInfo {
        switch self {
        case .cache: OpcodeInfo("CACHE", 0, .fixed(0), .none)
        case .popTop: OpcodeInfo("POP_TOP", 0, .fixed(-1), .none)
        case .pushNull: OpcodeInfo("PUSH_NULL", 0, .fixed(1), .none)
        case .interpreterExit: OpcodeInfo("INTERPRETER_EXIT", 0, .fixed(-1), .none)
        case .endFor: OpcodeInfo("END_FOR", 0, .fixed(-2), .none)
        case .endSend: OpcodeInfo("END_SEND", 0, .fixed(-1), .none)
        case .nop: OpcodeInfo("NOP", 0, .fixed(0), .none)
        case .unaryNegative: OpcodeInfo("UNARY_NEGATIVE", 0, .fixed(0), .none)
        case .unaryNot: OpcodeInfo("UNARY_NOT", 0, .fixed(0), .none)
        case .unaryInvert: OpcodeInfo("UNARY_INVERT", 0, .fixed(0), .none)
        case .reserved: OpcodeInfo("RESERVED", 0, .fixed(0), .none)
        case .binarySubscr: OpcodeInfo("BINARY_SUBSCR", 1, .fixed(-1), .none)
        case .binarySlice: OpcodeInfo("BINARY_SLICE", 0, .fixed(-2), .none)
        case .storeSlice: OpcodeInfo("STORE_SLICE", 0, .fixed(-4), .none)
        case .getLen: OpcodeInfo("GET_LEN", 0, .fixed(1), .none)
        case .matchMapping: OpcodeInfo("MATCH_MAPPING", 0, .fixed(1), .none)
        case .matchSequence: OpcodeInfo("MATCH_SEQUENCE", 0, .fixed(1), .none)
        case .matchKeys: OpcodeInfo("MATCH_KEYS", 0, .fixed(1), .none)
        case .pushExcInfo: OpcodeInfo("PUSH_EXC_INFO", 0, .fixed(1), .none)
        case .checkExcMatch: OpcodeInfo("CHECK_EXC_MATCH", 0, .fixed(0), .none)
        case .checkEgMatch: OpcodeInfo("CHECK_EG_MATCH", 0, .fixed(0), .none)
        case .withExceptStart: OpcodeInfo("WITH_EXCEPT_START", 0, .fixed(1), .none)
        case .getAiter: OpcodeInfo("GET_AITER", 0, .fixed(0), .none)
        case .getAnext: OpcodeInfo("GET_ANEXT", 0, .fixed(1), .none)
        case .beforeAsyncWith: OpcodeInfo("BEFORE_ASYNC_WITH", 0, .fixed(1), .none)
        case .beforeWith: OpcodeInfo("BEFORE_WITH", 0, .fixed(1), .none)
        case .endAsyncFor: OpcodeInfo("END_ASYNC_FOR", 0, .fixed(-2), .none)
        case .cleanupThrow: OpcodeInfo("CLEANUP_THROW", 0, .fixed(-1), .none)
        case .storeSubscr: OpcodeInfo("STORE_SUBSCR", 1, .fixed(-3), .none)
        case .deleteSubscr: OpcodeInfo("DELETE_SUBSCR", 0, .fixed(-2), .none)
        case .getIter: OpcodeInfo("GET_ITER", 0, .fixed(0), .none)
        case .getYieldFromIter: OpcodeInfo("GET_YIELD_FROM_ITER", 0, .fixed(0), .none)
        case .loadBuildClass: OpcodeInfo("LOAD_BUILD_CLASS", 0, .fixed(1), .none)
        case .loadAssertionError: OpcodeInfo("LOAD_ASSERTION_ERROR", 0, .fixed(1), .none)
        case .returnGenerator: OpcodeInfo("RETURN_GENERATOR", 0, .fixed(0), .none)
        case .returnValue: OpcodeInfo("RETURN_VALUE", 0, .fixed(-1), .none)
        case .setupAnnotations: OpcodeInfo("SETUP_ANNOTATIONS", 0, .fixed(0), .none)
        case .loadLocals: OpcodeInfo("LOAD_LOCALS", 0, .fixed(1), .none)
        case .popExcept: OpcodeInfo("POP_EXCEPT", 0, .fixed(-1), .none)
        case .storeName: OpcodeInfo("STORE_NAME", 0, .fixed(-1), .name)
        case .deleteName: OpcodeInfo("DELETE_NAME", 0, .fixed(0), .name)
        case .unpackSequence: OpcodeInfo("UNPACK_SEQUENCE", 1, .pushesArgument(-1), .number)
        case .forIter: OpcodeInfo("FOR_ITER", 1, .fixed(1), .jump)
        case .unpackEx: OpcodeInfo("UNPACK_EX", 0, .unpackEx, .number)
        case .storeAttr: OpcodeInfo("STORE_ATTR", 4, .fixed(-2), .name)
        case .deleteAttr: OpcodeInfo("DELETE_ATTR", 0, .fixed(-1), .name)
        case .storeGlobal: OpcodeInfo("STORE_GLOBAL", 0, .fixed(-1), .name)
        case .deleteGlobal: OpcodeInfo("DELETE_GLOBAL", 0, .fixed(0), .name)
        case .swap: OpcodeInfo("SWAP", 0, .fixed(0), .number)
        case .loadConst: OpcodeInfo("LOAD_CONST", 0, .fixed(1), .constant)
        case .loadName: OpcodeInfo("LOAD_NAME", 0, .fixed(1), .name)
        case .buildTuple: OpcodeInfo("BUILD_TUPLE", 0, .popsArgument(1), .number)
        case .buildList: OpcodeInfo("BUILD_LIST", 0, .popsArgument(1), .number)
        case .buildSet: OpcodeInfo("BUILD_SET", 0, .popsArgument(1), .number)
        case .buildMap: OpcodeInfo("BUILD_MAP", 0, .popsPairs, .number)
        case .loadAttr: OpcodeInfo("LOAD_ATTR", 9, .pushesLowBit(0), .name)
        case .compareOp: OpcodeInfo("COMPARE_OP", 1, .fixed(-1), .compare)
        case .importName: OpcodeInfo("IMPORT_NAME", 0, .fixed(-1), .name)
        case .importFrom: OpcodeInfo("IMPORT_FROM", 0, .fixed(1), .name)
        case .jumpForward: OpcodeInfo("JUMP_FORWARD", 0, .fixed(0), .jump)
        case .popJumpIfFalse: OpcodeInfo("POP_JUMP_IF_FALSE", 0, .fixed(-1), .jump)
        case .popJumpIfTrue: OpcodeInfo("POP_JUMP_IF_TRUE", 0, .fixed(-1), .jump)
        case .loadGlobal: OpcodeInfo("LOAD_GLOBAL", 4, .pushesLowBit(1), .name)
        case .isOp: OpcodeInfo("IS_OP", 0, .fixed(-1), .number)
        case .containsOp: OpcodeInfo("CONTAINS_OP", 0, .fixed(-1), .number)
        case .reraise: OpcodeInfo("RERAISE", 0, .fixed(-1), .number)
        case .copy: OpcodeInfo("COPY", 0, .fixed(1), .number)
        case .returnConst: OpcodeInfo("RETURN_CONST", 0, .fixed(0), .constant)
        case .binaryOp: OpcodeInfo("BINARY_OP", 1, .fixed(-1), .number)
        case .send: OpcodeInfo("SEND", 1, .fixed(0), .jump)
        case .loadFast: OpcodeInfo("LOAD_FAST", 0, .fixed(1), .local)
        case .storeFast: OpcodeInfo("STORE_FAST", 0, .fixed(-1), .local)
        case .deleteFast: OpcodeInfo("DELETE_FAST", 0, .fixed(0), .local)
        case .loadFastCheck: OpcodeInfo("LOAD_FAST_CHECK", 0, .fixed(1), .local)
        case .popJumpIfNotNone: OpcodeInfo("POP_JUMP_IF_NOT_NONE", 0, .fixed(-1), .jump)
        case .popJumpIfNone: OpcodeInfo("POP_JUMP_IF_NONE", 0, .fixed(-1), .jump)
        case .raiseVarargs: OpcodeInfo("RAISE_VARARGS", 0, .popsArgument(0), .number)
        case .getAwaitable: OpcodeInfo("GET_AWAITABLE", 0, .fixed(0), .number)
        case .makeFunction: OpcodeInfo("MAKE_FUNCTION", 0, .makeFunction, .number)
        case .buildSlice: OpcodeInfo("BUILD_SLICE", 0, .buildSlice, .number)
        case .jumpBackwardNoInterrupt: OpcodeInfo("JUMP_BACKWARD_NO_INTERRUPT", 0, .fixed(0), .jump)
        case .makeCell: OpcodeInfo("MAKE_CELL", 0, .fixed(0), .cell)
        case .loadClosure: OpcodeInfo("LOAD_CLOSURE", 0, .fixed(1), .cell)
        case .loadDeref: OpcodeInfo("LOAD_DEREF", 0, .fixed(1), .cell)
        case .storeDeref: OpcodeInfo("STORE_DEREF", 0, .fixed(-1), .cell)
        case .deleteDeref: OpcodeInfo("DELETE_DEREF", 0, .fixed(0), .cell)
        case .jumpBackward: OpcodeInfo("JUMP_BACKWARD", 0, .fixed(0), .jump)
        case .loadSuperAttr: OpcodeInfo("LOAD_SUPER_ATTR", 1, .pushesLowBit(-2), .name)
        case .callFunctionEx: OpcodeInfo("CALL_FUNCTION_EX", 0, .callFunctionEx, .number)
        case .loadFastAndClear: OpcodeInfo("LOAD_FAST_AND_CLEAR", 0, .fixed(1), .local)
        case .extendedArg: OpcodeInfo("EXTENDED_ARG", 0, .fixed(0), .number)
        case .listAppend: OpcodeInfo("LIST_APPEND", 0, .fixed(-1), .number)
        case .setAdd: OpcodeInfo("SET_ADD", 0, .fixed(-1), .number)
        case .mapAdd: OpcodeInfo("MAP_ADD", 0, .fixed(-2), .number)
        case .copyFreeVars: OpcodeInfo("COPY_FREE_VARS", 0, .fixed(0), .number)
        case .yieldValue: OpcodeInfo("YIELD_VALUE", 0, .fixed(0), .number)
        case .resume: OpcodeInfo("RESUME", 0, .fixed(0), .number)
        case .matchClass: OpcodeInfo("MATCH_CLASS", 0, .fixed(-2), .number)
        case .formatValue: OpcodeInfo("FORMAT_VALUE", 0, .formatValue, .number)
        case .buildConstKeyMap: OpcodeInfo("BUILD_CONST_KEY_MAP", 0, .popsArgument(0), .number)
        case .buildString: OpcodeInfo("BUILD_STRING", 0, .popsArgument(1), .number)
        case .listExtend: OpcodeInfo("LIST_EXTEND", 0, .fixed(-1), .number)
        case .setUpdate: OpcodeInfo("SET_UPDATE", 0, .fixed(-1), .number)
        case .dictMerge: OpcodeInfo("DICT_MERGE", 0, .fixed(-1), .number)
        case .dictUpdate: OpcodeInfo("DICT_UPDATE", 0, .fixed(-1), .number)
        case .call: OpcodeInfo("CALL", 3, .popsArgument(-1), .number)
        case .kwNames: OpcodeInfo("KW_NAMES", 0, .fixed(0), .constant)
        case .callIntrinsic1: OpcodeInfo("CALL_INTRINSIC_1", 0, .fixed(0), .number)
        case .callIntrinsic2: OpcodeInfo("CALL_INTRINSIC_2", 0, .fixed(-1), .number)
        case .loadFromDictOrGlobals: OpcodeInfo("LOAD_FROM_DICT_OR_GLOBALS", 0, .fixed(0), .name)
        case .loadFromDictOrDeref: OpcodeInfo("LOAD_FROM_DICT_OR_DEREF", 0, .fixed(0), .cell)
        case .setupFinally: OpcodeInfo("SETUP_FINALLY", 0, .onJump(1), .handler)
        case .setupCleanup: OpcodeInfo("SETUP_CLEANUP", 0, .onJump(2), .handler)
        case .setupWith: OpcodeInfo("SETUP_WITH", 0, .onJump(1), .handler)
        case .popBlock: OpcodeInfo("POP_BLOCK", 0, .fixed(0), .none)
        case .jump: OpcodeInfo("JUMP", 0, .fixed(0), .jump)
        case .jumpNoInterrupt: OpcodeInfo("JUMP_NO_INTERRUPT", 0, .fixed(0), .jump)
        case .loadMethod: OpcodeInfo("LOAD_METHOD", 0, .fixed(1), .name)
        case .loadSuperMethod: OpcodeInfo("LOAD_SUPER_METHOD", 0, .fixed(-1), .name)
        case .loadZeroSuperMethod: OpcodeInfo("LOAD_ZERO_SUPER_METHOD", 0, .fixed(-1), .name)
        case .loadZeroSuperAttr: OpcodeInfo("LOAD_ZERO_SUPER_ATTR", 0, .fixed(-1), .name)
        case .storeFastMaybeNull: OpcodeInfo("STORE_FAST_MAYBE_NULL", 0, .fixed(-1), .local)
        }
    }

    /// CPython's name of the instruction.
    public var name: String { "\(info.name)" }

    /// How many `CACHE` units follow the instruction.
    public var cacheUnits: Int {
        switch self {
        case .binarySubscr, .storeSubscr, .unpackSequence, .forIter, .compareOp, .binaryOp, .send, .loadSuperAttr: 1
        case .call: 3
        case .storeAttr, .loadGlobal: 4
        case .loadAttr: 9
        default: 0
        }
    }

    /// Whether the instruction uses its argument.
    public var hasArgument: Bool { rawValue >= 90 && self != .popBlock }

    /// Whether this is one of the compiler's own instructions.
    public var isPseudo: Bool { rawValue >= 256 }

    /// Whether the argument is a jump distance.
    public var isJump: Bool {
        if case .jump = info.operand { return true }
        return false
    }

    /// The change in stack depth, with `argument`; `jumping` asks for the depth at the target.
    /// The same numbers as `dis.stack_effect`.
    public func stackEffect(_ argument: Int, jumping: Bool) -> Int {
        switch info.effect {
        case .fixed(let n): n
        case .popsArgument(let base): base - argument
        case .pushesArgument(let base): base + argument
        case .pushesLowBit(let base): base + (argument & 1)
        case .onJump(let n): jumping ? n : 0
        case .popsPairs: 1 - 2 * argument
        case .unpackEx: (argument & 0xFF) + (argument >> 8)
        case .makeFunction: -(argument & 0xF).nonzeroBitCount
        case .buildSlice: argument == 3 ? -2 : -1
        case .callFunctionEx: -2 - (argument & 1)
        case .formatValue: argument & 4 != 0 ? -1 : 0
        }
    }
}

extension Opcode {
    /// CPython's symbols for the arguments of `BINARY_OP`, by number.
    public static func binaryOperator(_ number: Int) -> StaticString {
        switch number {
        case 0: "+"
        case 1: "&"
        case 2: "//"
        case 3: "<<"
        case 4: "@"
        case 5: "*"
        case 6: "%"
        case 7: "|"
        case 8: "**"
        case 9: ">>"
        case 10: "-"
        case 11: "/"
        case 12: "^"
        case 13: "+="
        case 14: "&="
        case 15: "//="
        case 16: "<<="
        case 17: "@="
        case 18: "*="
        case 19: "%="
        case 20: "|="
        case 21: "**="
        case 22: ">>="
        case 23: "-="
        case 24: "/="
        case 25: "^="
        default: "?"
        }
    }

    /// CPython's symbols for the comparisons of `COMPARE_OP`, by number (the argument's upper four bits).
    public static func comparison(_ number: Int) -> StaticString {
        switch number {
        case 0: "<"
        case 1: "<="
        case 2: "=="
        case 3: "!="
        case 4: ">"
        case 5: ">="
        default: "?"
        }
    }
}
