// The native modules by name. An interpreter makes a module when it is first imported.

import TaipanRuntime

/// Tells the interpreter of `t` how to make the native modules.
public func registerNativeModules(_ t: Thread) {
    t.registerCoreModules()
    t.registerSystemModules()
    t.interp.pointee.nativeModules["_io"] = NativeModuleDefinition(IOModule.define)
    t.interp.pointee.nativeModules["_sre"] = NativeModuleDefinition(SREModule.define)
    t.interp.pointee.nativeModules["_codecs"] = NativeModuleDefinition(CodecsModule.define)
    t.interp.pointee.nativeModules["_string"] = NativeModuleDefinition(StringModule.define)
    t.interp.pointee.nativeModules["unicodedata"] = NativeModuleDefinition(UnicodedataModule.define)
    t.interp.pointee.nativeModules["itertools"] = NativeModuleDefinition(ItertoolsModule.define)
    t.interp.pointee.nativeModules["_operator"] = NativeModuleDefinition(OperatorModule.define)
    t.interp.pointee.nativeModules["_functools"] = NativeModuleDefinition(FunctoolsModule.define)
    t.interp.pointee.nativeModules["_collections"] = NativeModuleDefinition(CollectionsModule.define)
    t.interp.pointee.nativeModules["_heapq"] = NativeModuleDefinition(HeapqModule.define)
    t.interp.pointee.nativeModules["_bisect"] = NativeModuleDefinition(BisectModule.define)
    t.interp.pointee.nativeModules["math"] = NativeModuleDefinition(MathModule.define)
    t.interp.pointee.nativeModules["cmath"] = NativeModuleDefinition(ComplexMathModule.define)
    t.interp.pointee.nativeModules["_random"] = NativeModuleDefinition(RandomModule.define)
    t.interp.pointee.nativeModules["_contextvars"] = NativeModuleDefinition(ContextvarsModule.define)
    t.interp.pointee.nativeModules["select"] = NativeModuleDefinition(SelectModule.define)
    t.interp.pointee.nativeModules["_socket"] = NativeModuleDefinition(SocketModule.define)
    t.interp.pointee.nativeModules["array"] = NativeModuleDefinition(ArrayModule.define)
    t.interp.pointee.nativeModules["_struct"] = NativeModuleDefinition(StructModule.define)
    t.interp.pointee.nativeModules["binascii"] = NativeModuleDefinition(BinasciiModule.define)
    t.interp.pointee.nativeModules["_sha3"] = NativeModuleDefinition(Sha3Module.define)
    t.interp.pointee.nativeModules["_blake2"] = NativeModuleDefinition(Blake2Module.define)
    t.interp.pointee.nativeModules["_csv"] = NativeModuleDefinition(CsvModule.define)
    t.interp.pointee.nativeModules["_md5"] = NativeModuleDefinition(HashModules.defineMD5)
    t.interp.pointee.nativeModules["_sha1"] = NativeModuleDefinition(HashModules.defineSHA1)
    t.interp.pointee.nativeModules["_sha2"] = NativeModuleDefinition(HashModules.defineSHA2)
}
