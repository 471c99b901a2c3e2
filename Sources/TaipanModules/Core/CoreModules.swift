// The modules of this folder: what the interpreter itself shows to programs.

import TaipanRuntime

extension Thread {
    /// Makes them known to the interpreter.
    func registerCoreModules() {
        interp.pointee.nativeModules["_imp"] = NativeModuleDefinition(ImpModule.define)
        interp.pointee.nativeModules["marshal"] = NativeModuleDefinition(MarshalModule.define)
        interp.pointee.nativeModules["_ast"] = NativeModuleDefinition(ASTModule.define)
        interp.pointee.nativeModules["_tokenize"] = NativeModuleDefinition(TokenizeModule.define)
        interp.pointee.nativeModules["_testinternalcapi"] = NativeModuleDefinition(TestInternalsModule.define)
        interp.pointee.nativeModules["_opcode"] = NativeModuleDefinition(OpcodeModule.define)
        interp.pointee.nativeModules["_symtable"] = NativeModuleDefinition(SymtableModule.define)
        interp.pointee.nativeModules["_tracemalloc"] = NativeModuleDefinition(TraceMallocModule.define)
        interp.pointee.nativeModules["_warnings"] = NativeModuleDefinition(WarningsModule.define)
        interp.pointee.nativeModules["errno"] = NativeModuleDefinition(ErrnoModule.define)
        interp.pointee.nativeModules["_abc"] = NativeModuleDefinition(ABCModule.define)
        interp.pointee.nativeModules["_typing"] = NativeModuleDefinition(TypingModule.define)
        interp.pointee.nativeModules["atexit"] = NativeModuleDefinition(AtexitModule.define)
        interp.pointee.nativeModules["gc"] = NativeModuleDefinition(GCModule.define)
        interp.pointee.nativeModules["_weakref"] = NativeModuleDefinition(WeakrefModule.define)
        interp.pointee.nativeModules["_thread"] = NativeModuleDefinition(ThreadModule.define)
        interp.pointee.nativeModules["_signal"] = NativeModuleDefinition(SignalModule.define)
        interp.pointee.nativeModules["_stat"] = NativeModuleDefinition(StatModule.define)
    }
}
