// `_typing`: the types behind `typing` that are the interpreter's own.

import TaipanRuntime

enum TypingModule {
    static func define(_ b: ModuleBuilder) throws(Raised) {
        b.str("__doc__", "Accelerators for the typing module.\n")
        b.function("_idfunc", "($module, x, /)") { (_, a) in a[0] }
        b.set("TypeVar", b.t.types.pointee.typeVar)
        b.set("TypeVarTuple", b.t.types.pointee.typeVarTuple)
        b.set("ParamSpec", b.t.types.pointee.paramSpec)
        b.set("ParamSpecArgs", b.t.types.pointee.paramSpecArgs)
        b.set("ParamSpecKwargs", b.t.types.pointee.paramSpecKwargs)
        b.set("Generic", b.t.types.pointee.generic)
        b.set("TypeAliasType", b.t.types.pointee.typeAlias)
    }
}
