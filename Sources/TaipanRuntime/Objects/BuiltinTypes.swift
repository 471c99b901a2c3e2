// The builtin types in one order: the n-th type's own layout has id n + 1, so that the layout of a builtin
// type is a compile-time constant.

/// The builtin types of one interpreter, each a type object. All words are values: the whole struct is a root.
public struct BuiltinTypes {
    public var object: Value
    public var type: Value
    public var int: Value
    public var bool: Value
    public var float: Value
    public var complex: Value
    public var str: Value
    public var bytes: Value
    public var bytearray: Value
    public var memoryview: Value
    public var list: Value
    public var tuple: Value
    public var dict: Value
    public var set: Value
    public var frozenset: Value
    public var range: Value
    public var slice: Value
    public var NoneType: Value
    public var ellipsis: Value
    public var NotImplementedType: Value
    public var function: Value
    public var builtinFunction: Value
    public var method: Value
    public var methodDescriptor: Value
    public var wrapperDescriptor: Value
    public var methodWrapper: Value
    public var classMethodDescriptor: Value
    public var getSetDescriptor: Value
    public var memberDescriptor: Value
    public var staticMethod: Value
    public var classMethod: Value
    public var property: Value
    public var superType: Value
    public var module: Value
    public var code: Value
    public var frame: Value
    public var traceback: Value
    public var generator: Value
    public var coroutine: Value
    public var coroutineWrapper: Value
    public var asyncGenerator: Value
    public var asyncGeneratorASend: Value
    public var asyncGeneratorAThrow: Value
    public var anextAwaitable: Value
    public var asyncGeneratorWrappedValue: Value
    public var cell: Value
    public var mappingProxy: Value
    public var listIterator: Value
    public var listReverseIterator: Value
    public var tupleIterator: Value
    public var strIterator: Value
    public var bytesIterator: Value
    public var bytearrayIterator: Value
    public var rangeIterator: Value
    public var longRangeIterator: Value
    public var memoryIterator: Value
    public var dictKeys: Value
    public var dictValues: Value
    public var dictItems: Value
    public var dictKeyIterator: Value
    public var dictValueIterator: Value
    public var dictItemIterator: Value
    public var dictReverseKeyIterator: Value
    public var dictReverseValueIterator: Value
    public var dictReverseItemIterator: Value
    public var setIterator: Value
    public var callableIterator: Value
    public var sequenceIterator: Value
    public var enumerate: Value
    public var reversed: Value
    public var zip: Value
    public var map: Value
    public var filter: Value
    public var weakReference: Value
    public var weakProxy: Value
    public var weakCallableProxy: Value
    public var simpleNamespace: Value
    public var genericAlias: Value
    public var unionType: Value
    public var typeVar: Value
    public var paramSpec: Value
    public var paramSpecArgs: Value
    public var paramSpecKwargs: Value
    public var typeVarTuple: Value
    public var typeAlias: Value
    public var generic: Value
    public var genericAliasIterator: Value
    public var codeLineIterator: Value
    public var codePositionIterator: Value
    public var frameLocalsProxy: Value
    public var symtableEntry: Value
    public var valueBuffer: Value
    public var dictTable: Value
    public var setTable: Value
    public var attributeSlots: Value
    public var nativeBox: Value
    public var baseException: Value
    public var exception: Value
    public var baseExceptionGroup: Value
    public var exceptionGroup: Value
    public var generatorExit: Value
    public var keyboardInterrupt: Value
    public var systemExit: Value
    public var arithmeticError: Value
    public var floatingPointError: Value
    public var overflowError: Value
    public var zeroDivisionError: Value
    public var assertionError: Value
    public var attributeError: Value
    public var bufferError: Value
    public var eofError: Value
    public var importError: Value
    public var moduleNotFoundError: Value
    public var lookupError: Value
    public var indexError: Value
    public var keyError: Value
    public var memoryError: Value
    public var nameError: Value
    public var unboundLocalError: Value
    public var osError: Value
    public var blockingIOError: Value
    public var childProcessError: Value
    public var connectionError: Value
    public var brokenPipeError: Value
    public var connectionAbortedError: Value
    public var connectionRefusedError: Value
    public var connectionResetError: Value
    public var fileExistsError: Value
    public var fileNotFoundError: Value
    public var interruptedError: Value
    public var isADirectoryError: Value
    public var notADirectoryError: Value
    public var permissionError: Value
    public var processLookupError: Value
    public var timeoutError: Value
    public var referenceError: Value
    public var runtimeError: Value
    public var notImplementedError: Value
    public var recursionError: Value
    public var stopAsyncIteration: Value
    public var stopIteration: Value
    public var syntaxError: Value
    public var indentationError: Value
    public var tabError: Value
    public var systemError: Value
    public var typeError: Value
    public var valueError: Value
    public var unicodeError: Value
    public var unicodeDecodeError: Value
    public var unicodeEncodeError: Value
    public var unicodeTranslateError: Value
    public var warning: Value
    public var bytesWarning: Value
    public var deprecationWarning: Value
    public var encodingWarning: Value
    public var futureWarning: Value
    public var importWarning: Value
    public var pendingDeprecationWarning: Value
    public var resourceWarning: Value
    public var runtimeWarning: Value
    public var syntaxWarning: Value
    public var unicodeWarning: Value
    public var userWarning: Value
}

extension LayoutID {
    /// Marks a free cell.
    @inlinable @inline(__always) public static var free: LayoutID { LayoutID(rawValue: 0) }
    @inlinable @inline(__always) public static var object: LayoutID { LayoutID(rawValue: 1) }
    @inlinable @inline(__always) public static var type: LayoutID { LayoutID(rawValue: 2) }
    @inlinable @inline(__always) public static var int: LayoutID { LayoutID(rawValue: 3) }
    @inlinable @inline(__always) public static var bool: LayoutID { LayoutID(rawValue: 4) }
    @inlinable @inline(__always) public static var float: LayoutID { LayoutID(rawValue: 5) }
    @inlinable @inline(__always) public static var complex: LayoutID { LayoutID(rawValue: 6) }
    @inlinable @inline(__always) public static var str: LayoutID { LayoutID(rawValue: 7) }
    @inlinable @inline(__always) public static var bytes: LayoutID { LayoutID(rawValue: 8) }
    @inlinable @inline(__always) public static var bytearray: LayoutID { LayoutID(rawValue: 9) }
    @inlinable @inline(__always) public static var memoryview: LayoutID { LayoutID(rawValue: 10) }
    @inlinable @inline(__always) public static var list: LayoutID { LayoutID(rawValue: 11) }
    @inlinable @inline(__always) public static var tuple: LayoutID { LayoutID(rawValue: 12) }
    @inlinable @inline(__always) public static var dict: LayoutID { LayoutID(rawValue: 13) }
    @inlinable @inline(__always) public static var set: LayoutID { LayoutID(rawValue: 14) }
    @inlinable @inline(__always) public static var frozenset: LayoutID { LayoutID(rawValue: 15) }
    @inlinable @inline(__always) public static var range: LayoutID { LayoutID(rawValue: 16) }
    @inlinable @inline(__always) public static var slice: LayoutID { LayoutID(rawValue: 17) }
    @inlinable @inline(__always) public static var NoneType: LayoutID { LayoutID(rawValue: 18) }
    @inlinable @inline(__always) public static var ellipsis: LayoutID { LayoutID(rawValue: 19) }
    @inlinable @inline(__always) public static var NotImplementedType: LayoutID { LayoutID(rawValue: 20) }
    @inlinable @inline(__always) public static var function: LayoutID { LayoutID(rawValue: 21) }
    @inlinable @inline(__always) public static var builtinFunction: LayoutID { LayoutID(rawValue: 22) }
    @inlinable @inline(__always) public static var method: LayoutID { LayoutID(rawValue: 23) }
    @inlinable @inline(__always) public static var methodDescriptor: LayoutID { LayoutID(rawValue: 24) }
    @inlinable @inline(__always) public static var wrapperDescriptor: LayoutID { LayoutID(rawValue: 25) }
    @inlinable @inline(__always) public static var methodWrapper: LayoutID { LayoutID(rawValue: 26) }
    @inlinable @inline(__always) public static var classMethodDescriptor: LayoutID { LayoutID(rawValue: 27) }
    @inlinable @inline(__always) public static var getSetDescriptor: LayoutID { LayoutID(rawValue: 28) }
    @inlinable @inline(__always) public static var memberDescriptor: LayoutID { LayoutID(rawValue: 29) }
    @inlinable @inline(__always) public static var staticMethod: LayoutID { LayoutID(rawValue: 30) }
    @inlinable @inline(__always) public static var classMethod: LayoutID { LayoutID(rawValue: 31) }
    @inlinable @inline(__always) public static var property: LayoutID { LayoutID(rawValue: 32) }
    @inlinable @inline(__always) public static var superType: LayoutID { LayoutID(rawValue: 33) }
    @inlinable @inline(__always) public static var module: LayoutID { LayoutID(rawValue: 34) }
    @inlinable @inline(__always) public static var code: LayoutID { LayoutID(rawValue: 35) }
    @inlinable @inline(__always) public static var frame: LayoutID { LayoutID(rawValue: 36) }
    @inlinable @inline(__always) public static var traceback: LayoutID { LayoutID(rawValue: 37) }
    @inlinable @inline(__always) public static var generator: LayoutID { LayoutID(rawValue: 38) }
    @inlinable @inline(__always) public static var coroutine: LayoutID { LayoutID(rawValue: 39) }
    @inlinable @inline(__always) public static var coroutineWrapper: LayoutID { LayoutID(rawValue: 40) }
    @inlinable @inline(__always) public static var asyncGenerator: LayoutID { LayoutID(rawValue: 41) }
    @inlinable @inline(__always) public static var asyncGeneratorASend: LayoutID { LayoutID(rawValue: 42) }
    @inlinable @inline(__always) public static var asyncGeneratorAThrow: LayoutID { LayoutID(rawValue: 43) }
    @inlinable @inline(__always) public static var anextAwaitable: LayoutID { LayoutID(rawValue: 44) }
    @inlinable @inline(__always) public static var asyncGeneratorWrappedValue: LayoutID { LayoutID(rawValue: 45) }
    @inlinable @inline(__always) public static var cell: LayoutID { LayoutID(rawValue: 46) }
    @inlinable @inline(__always) public static var mappingProxy: LayoutID { LayoutID(rawValue: 47) }
    @inlinable @inline(__always) public static var listIterator: LayoutID { LayoutID(rawValue: 48) }
    @inlinable @inline(__always) public static var listReverseIterator: LayoutID { LayoutID(rawValue: 49) }
    @inlinable @inline(__always) public static var tupleIterator: LayoutID { LayoutID(rawValue: 50) }
    @inlinable @inline(__always) public static var strIterator: LayoutID { LayoutID(rawValue: 51) }
    @inlinable @inline(__always) public static var bytesIterator: LayoutID { LayoutID(rawValue: 52) }
    @inlinable @inline(__always) public static var bytearrayIterator: LayoutID { LayoutID(rawValue: 53) }
    @inlinable @inline(__always) public static var rangeIterator: LayoutID { LayoutID(rawValue: 54) }
    @inlinable @inline(__always) public static var longRangeIterator: LayoutID { LayoutID(rawValue: 55) }
    @inlinable @inline(__always) public static var memoryIterator: LayoutID { LayoutID(rawValue: 56) }
    @inlinable @inline(__always) public static var dictKeys: LayoutID { LayoutID(rawValue: 57) }
    @inlinable @inline(__always) public static var dictValues: LayoutID { LayoutID(rawValue: 58) }
    @inlinable @inline(__always) public static var dictItems: LayoutID { LayoutID(rawValue: 59) }
    @inlinable @inline(__always) public static var dictKeyIterator: LayoutID { LayoutID(rawValue: 60) }
    @inlinable @inline(__always) public static var dictValueIterator: LayoutID { LayoutID(rawValue: 61) }
    @inlinable @inline(__always) public static var dictItemIterator: LayoutID { LayoutID(rawValue: 62) }
    @inlinable @inline(__always) public static var dictReverseKeyIterator: LayoutID { LayoutID(rawValue: 63) }
    @inlinable @inline(__always) public static var dictReverseValueIterator: LayoutID { LayoutID(rawValue: 64) }
    @inlinable @inline(__always) public static var dictReverseItemIterator: LayoutID { LayoutID(rawValue: 65) }
    @inlinable @inline(__always) public static var setIterator: LayoutID { LayoutID(rawValue: 66) }
    @inlinable @inline(__always) public static var callableIterator: LayoutID { LayoutID(rawValue: 67) }
    @inlinable @inline(__always) public static var sequenceIterator: LayoutID { LayoutID(rawValue: 68) }
    @inlinable @inline(__always) public static var enumerate: LayoutID { LayoutID(rawValue: 69) }
    @inlinable @inline(__always) public static var reversed: LayoutID { LayoutID(rawValue: 70) }
    @inlinable @inline(__always) public static var zip: LayoutID { LayoutID(rawValue: 71) }
    @inlinable @inline(__always) public static var map: LayoutID { LayoutID(rawValue: 72) }
    @inlinable @inline(__always) public static var filter: LayoutID { LayoutID(rawValue: 73) }
    @inlinable @inline(__always) public static var weakReference: LayoutID { LayoutID(rawValue: 74) }
    @inlinable @inline(__always) public static var weakProxy: LayoutID { LayoutID(rawValue: 75) }
    @inlinable @inline(__always) public static var weakCallableProxy: LayoutID { LayoutID(rawValue: 76) }
    @inlinable @inline(__always) public static var simpleNamespace: LayoutID { LayoutID(rawValue: 77) }
    @inlinable @inline(__always) public static var genericAlias: LayoutID { LayoutID(rawValue: 78) }
    @inlinable @inline(__always) public static var unionType: LayoutID { LayoutID(rawValue: 79) }
    @inlinable @inline(__always) public static var typeVar: LayoutID { LayoutID(rawValue: 80) }
    @inlinable @inline(__always) public static var paramSpec: LayoutID { LayoutID(rawValue: 81) }
    @inlinable @inline(__always) public static var paramSpecArgs: LayoutID { LayoutID(rawValue: 82) }
    @inlinable @inline(__always) public static var paramSpecKwargs: LayoutID { LayoutID(rawValue: 83) }
    @inlinable @inline(__always) public static var typeVarTuple: LayoutID { LayoutID(rawValue: 84) }
    @inlinable @inline(__always) public static var typeAlias: LayoutID { LayoutID(rawValue: 85) }
    @inlinable @inline(__always) public static var generic: LayoutID { LayoutID(rawValue: 86) }
    @inlinable @inline(__always) public static var genericAliasIterator: LayoutID { LayoutID(rawValue: 87) }
    @inlinable @inline(__always) public static var codeLineIterator: LayoutID { LayoutID(rawValue: 88) }
    @inlinable @inline(__always) public static var codePositionIterator: LayoutID { LayoutID(rawValue: 89) }
    @inlinable @inline(__always) public static var frameLocalsProxy: LayoutID { LayoutID(rawValue: 90) }
    @inlinable @inline(__always) public static var symtableEntry: LayoutID { LayoutID(rawValue: 91) }
    @inlinable @inline(__always) public static var valueBuffer: LayoutID { LayoutID(rawValue: 92) }
    @inlinable @inline(__always) public static var dictTable: LayoutID { LayoutID(rawValue: 93) }
    @inlinable @inline(__always) public static var setTable: LayoutID { LayoutID(rawValue: 94) }
    @inlinable @inline(__always) public static var attributeSlots: LayoutID { LayoutID(rawValue: 95) }
    @inlinable @inline(__always) public static var nativeBox: LayoutID { LayoutID(rawValue: 96) }
    @inlinable @inline(__always) public static var baseException: LayoutID { LayoutID(rawValue: 97) }
    @inlinable @inline(__always) public static var exception: LayoutID { LayoutID(rawValue: 98) }
    @inlinable @inline(__always) public static var baseExceptionGroup: LayoutID { LayoutID(rawValue: 99) }
    @inlinable @inline(__always) public static var exceptionGroup: LayoutID { LayoutID(rawValue: 100) }
    @inlinable @inline(__always) public static var generatorExit: LayoutID { LayoutID(rawValue: 101) }
    @inlinable @inline(__always) public static var keyboardInterrupt: LayoutID { LayoutID(rawValue: 102) }
    @inlinable @inline(__always) public static var systemExit: LayoutID { LayoutID(rawValue: 103) }
    @inlinable @inline(__always) public static var arithmeticError: LayoutID { LayoutID(rawValue: 104) }
    @inlinable @inline(__always) public static var floatingPointError: LayoutID { LayoutID(rawValue: 105) }
    @inlinable @inline(__always) public static var overflowError: LayoutID { LayoutID(rawValue: 106) }
    @inlinable @inline(__always) public static var zeroDivisionError: LayoutID { LayoutID(rawValue: 107) }
    @inlinable @inline(__always) public static var assertionError: LayoutID { LayoutID(rawValue: 108) }
    @inlinable @inline(__always) public static var attributeError: LayoutID { LayoutID(rawValue: 109) }
    @inlinable @inline(__always) public static var bufferError: LayoutID { LayoutID(rawValue: 110) }
    @inlinable @inline(__always) public static var eofError: LayoutID { LayoutID(rawValue: 111) }
    @inlinable @inline(__always) public static var importError: LayoutID { LayoutID(rawValue: 112) }
    @inlinable @inline(__always) public static var moduleNotFoundError: LayoutID { LayoutID(rawValue: 113) }
    @inlinable @inline(__always) public static var lookupError: LayoutID { LayoutID(rawValue: 114) }
    @inlinable @inline(__always) public static var indexError: LayoutID { LayoutID(rawValue: 115) }
    @inlinable @inline(__always) public static var keyError: LayoutID { LayoutID(rawValue: 116) }
    @inlinable @inline(__always) public static var memoryError: LayoutID { LayoutID(rawValue: 117) }
    @inlinable @inline(__always) public static var nameError: LayoutID { LayoutID(rawValue: 118) }
    @inlinable @inline(__always) public static var unboundLocalError: LayoutID { LayoutID(rawValue: 119) }
    @inlinable @inline(__always) public static var osError: LayoutID { LayoutID(rawValue: 120) }
    @inlinable @inline(__always) public static var blockingIOError: LayoutID { LayoutID(rawValue: 121) }
    @inlinable @inline(__always) public static var childProcessError: LayoutID { LayoutID(rawValue: 122) }
    @inlinable @inline(__always) public static var connectionError: LayoutID { LayoutID(rawValue: 123) }
    @inlinable @inline(__always) public static var brokenPipeError: LayoutID { LayoutID(rawValue: 124) }
    @inlinable @inline(__always) public static var connectionAbortedError: LayoutID { LayoutID(rawValue: 125) }
    @inlinable @inline(__always) public static var connectionRefusedError: LayoutID { LayoutID(rawValue: 126) }
    @inlinable @inline(__always) public static var connectionResetError: LayoutID { LayoutID(rawValue: 127) }
    @inlinable @inline(__always) public static var fileExistsError: LayoutID { LayoutID(rawValue: 128) }
    @inlinable @inline(__always) public static var fileNotFoundError: LayoutID { LayoutID(rawValue: 129) }
    @inlinable @inline(__always) public static var interruptedError: LayoutID { LayoutID(rawValue: 130) }
    @inlinable @inline(__always) public static var isADirectoryError: LayoutID { LayoutID(rawValue: 131) }
    @inlinable @inline(__always) public static var notADirectoryError: LayoutID { LayoutID(rawValue: 132) }
    @inlinable @inline(__always) public static var permissionError: LayoutID { LayoutID(rawValue: 133) }
    @inlinable @inline(__always) public static var processLookupError: LayoutID { LayoutID(rawValue: 134) }
    @inlinable @inline(__always) public static var timeoutError: LayoutID { LayoutID(rawValue: 135) }
    @inlinable @inline(__always) public static var referenceError: LayoutID { LayoutID(rawValue: 136) }
    @inlinable @inline(__always) public static var runtimeError: LayoutID { LayoutID(rawValue: 137) }
    @inlinable @inline(__always) public static var notImplementedError: LayoutID { LayoutID(rawValue: 138) }
    @inlinable @inline(__always) public static var recursionError: LayoutID { LayoutID(rawValue: 139) }
    @inlinable @inline(__always) public static var stopAsyncIteration: LayoutID { LayoutID(rawValue: 140) }
    @inlinable @inline(__always) public static var stopIteration: LayoutID { LayoutID(rawValue: 141) }
    @inlinable @inline(__always) public static var syntaxError: LayoutID { LayoutID(rawValue: 142) }
    @inlinable @inline(__always) public static var indentationError: LayoutID { LayoutID(rawValue: 143) }
    @inlinable @inline(__always) public static var tabError: LayoutID { LayoutID(rawValue: 144) }
    @inlinable @inline(__always) public static var systemError: LayoutID { LayoutID(rawValue: 145) }
    @inlinable @inline(__always) public static var typeError: LayoutID { LayoutID(rawValue: 146) }
    @inlinable @inline(__always) public static var valueError: LayoutID { LayoutID(rawValue: 147) }
    @inlinable @inline(__always) public static var unicodeError: LayoutID { LayoutID(rawValue: 148) }
    @inlinable @inline(__always) public static var unicodeDecodeError: LayoutID { LayoutID(rawValue: 149) }
    @inlinable @inline(__always) public static var unicodeEncodeError: LayoutID { LayoutID(rawValue: 150) }
    @inlinable @inline(__always) public static var unicodeTranslateError: LayoutID { LayoutID(rawValue: 151) }
    @inlinable @inline(__always) public static var warning: LayoutID { LayoutID(rawValue: 152) }
    @inlinable @inline(__always) public static var bytesWarning: LayoutID { LayoutID(rawValue: 153) }
    @inlinable @inline(__always) public static var deprecationWarning: LayoutID { LayoutID(rawValue: 154) }
    @inlinable @inline(__always) public static var encodingWarning: LayoutID { LayoutID(rawValue: 155) }
    @inlinable @inline(__always) public static var futureWarning: LayoutID { LayoutID(rawValue: 156) }
    @inlinable @inline(__always) public static var importWarning: LayoutID { LayoutID(rawValue: 157) }
    @inlinable @inline(__always) public static var pendingDeprecationWarning: LayoutID { LayoutID(rawValue: 158) }
    @inlinable @inline(__always) public static var resourceWarning: LayoutID { LayoutID(rawValue: 159) }
    @inlinable @inline(__always) public static var runtimeWarning: LayoutID { LayoutID(rawValue: 160) }
    @inlinable @inline(__always) public static var syntaxWarning: LayoutID { LayoutID(rawValue: 161) }
    @inlinable @inline(__always) public static var unicodeWarning: LayoutID { LayoutID(rawValue: 162) }
    @inlinable @inline(__always) public static var userWarning: LayoutID { LayoutID(rawValue: 163) }
    /// The first id that is not a builtin type's own.
    static var firstDynamic: Int { 164 }
}

/// The builtin exception types, by their place in `BuiltinTypes`.
public enum ExceptionKind: UInt16 {
    case baseException = 96
    case exception = 97
    case baseExceptionGroup = 98
    case exceptionGroup = 99
    case generatorExit = 100
    case keyboardInterrupt = 101
    case systemExit = 102
    case arithmeticError = 103
    case floatingPointError = 104
    case overflowError = 105
    case zeroDivisionError = 106
    case assertionError = 107
    case attributeError = 108
    case bufferError = 109
    case eofError = 110
    case importError = 111
    case moduleNotFoundError = 112
    case lookupError = 113
    case indexError = 114
    case keyError = 115
    case memoryError = 116
    case nameError = 117
    case unboundLocalError = 118
    case osError = 119
    case blockingIOError = 120
    case childProcessError = 121
    case connectionError = 122
    case brokenPipeError = 123
    case connectionAbortedError = 124
    case connectionRefusedError = 125
    case connectionResetError = 126
    case fileExistsError = 127
    case fileNotFoundError = 128
    case interruptedError = 129
    case isADirectoryError = 130
    case notADirectoryError = 131
    case permissionError = 132
    case processLookupError = 133
    case timeoutError = 134
    case referenceError = 135
    case runtimeError = 136
    case notImplementedError = 137
    case recursionError = 138
    case stopAsyncIteration = 139
    case stopIteration = 140
    case syntaxError = 141
    case indentationError = 142
    case tabError = 143
    case systemError = 144
    case typeError = 145
    case valueError = 146
    case unicodeError = 147
    case unicodeDecodeError = 148
    case unicodeEncodeError = 149
    case unicodeTranslateError = 150
    case warning = 151
    case bytesWarning = 152
    case deprecationWarning = 153
    case encodingWarning = 154
    case futureWarning = 155
    case importWarning = 156
    case pendingDeprecationWarning = 157
    case resourceWarning = 158
    case runtimeWarning = 159
    case syntaxWarning = 160
    case unicodeWarning = 161
    case userWarning = 162
}

extension UnsafeMutablePointer where Pointee == BuiltinTypes {
    /// The type object of an exception kind.
    @inlinable public subscript(_ kind: ExceptionKind) -> Value {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: Value.self)[Int(kind.rawValue)]
    }
    /// The type object whose own layout is `layout`.
    @inlinable public subscript(_ layout: LayoutID) -> Value {
        get { UnsafeMutableRawPointer(self).assumingMemoryBound(to: Value.self)[Int(layout.rawValue) - 1] }
        nonmutating set { UnsafeMutableRawPointer(self).assumingMemoryBound(to: Value.self)[Int(layout.rawValue) - 1] = newValue }
    }
}
