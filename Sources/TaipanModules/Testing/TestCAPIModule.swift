// `_testcapi`: CPython's own tests reach below the language through this module. What is here does over our runtime what
// CPython's does over its C functions; what belongs to C alone (argument parsing, reference counts) is absent.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

enum TestCAPIModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        defineLimits(m)
        defineContainers(m)
        defineTypeFunctions(m)
        defineErrors(m)
        defineFrames(m)
        defineDocumented(m)
        defineMarshal(m)
        try defineCalls(m)
        try defineTypes(m)
        try TestMap.define(m)
        _ = try m.exception("error", base: m.t.types.pointee.exception)
    }

    private static func defineLimits(_ m: ModuleBuilder) {
        m.int("CHAR_MIN", -128)
        m.int("CHAR_MAX", 127)
        m.int("UCHAR_MAX", 255)
        m.int("SHRT_MIN", Int(Int16.min))
        m.int("SHRT_MAX", Int(Int16.max))
        m.int("USHRT_MAX", Int(UInt16.max))
        m.int("INT_MIN", Int(Int32.min))
        m.int("INT_MAX", Int(Int32.max))
        m.int("UINT_MAX", Int(UInt32.max))
        for name in ["LONG_MIN", "LLONG_MIN", "PY_SSIZE_T_MIN"] as [StaticString] { m.int(name, Int.min) }
        for name in ["LONG_MAX", "LLONG_MAX", "PY_SSIZE_T_MAX"] as [StaticString] { m.int(name, Int.max) }
        for name in ["ULONG_MAX", "ULLONG_MAX", "SIZE_MAX"] as [StaticString] { m.set(name, m.t.int(UInt.max)) }
        m.set("FLT_MAX", m.t.float(Double(Float.greatestFiniteMagnitude)))
        m.set("FLT_MIN", m.t.float(Double(Float.leastNormalMagnitude)))
        m.set("DBL_MAX", m.t.float(Double.greatestFiniteMagnitude))
        m.set("DBL_MIN", m.t.float(Double.leastNormalMagnitude))
        m.int("SIZEOF_WCHAR_T", 4)
        m.int("SIZEOF_VOID_P", 8)
        m.int("SIZEOF_TIME_T", 8)
        m.int("SIZEOF_PID_T", 4)
        m.set("LIMITED_API_AVAILABLE", .true)
        m.set("WITH_PYMALLOC", .false)
        m.int("the_number_three", 3)
        m.function("pymem_getallocatorsname", "($module, /)") { (t, _) in t.str("taipan") }
        m.function("W_STOPCODE", "($module, sig, /)") { (t, a) throws(Raised) in t.int((try t.index(a[0]) & 0xFF) << 8 | 0x7F) }
        m.function("set_errno", "($module, value, /)") { (t, a) throws(Raised) in
            errno = Int32(truncatingIfNeeded: try t.index(a[0]))
            return .none
        }
    }

    // MARK: Sequences, attributes, dicts

    private static func defineContainers(_ m: ModuleBuilder) {
        m.function("sequence_getitem", "($module, sequence, index, /)") { (t, a) throws(Raised) in
            try t.getItem(try checkedSequence(t, a[0], "is not a sequence", "does not support indexing"), t.int(try position(t, a[0], a[1])))
        }
        m.function("sequence_setitem", "($module, sequence, index, value, /)") { (t, a) throws(Raised) in
            try t.setItem(try checkedSequence(t, a[0], "is not a sequence", "does not support item assignment"), t.int(try position(t, a[0], a[1])), a[2])
            return .none
        }
        m.function("sequence_delitem", "($module, sequence, index, /)") { (t, a) throws(Raised) in
            let sequence = try checkedSequence(t, a[0], "is not a sequence", "doesn't support item deletion")
            try t.deleteItem(sequence, t.int(try position(t, a[0], a[1])))
            return .none
        }
        m.function("getbuffer_with_null_view", "($module, object, /)") { (t, a) throws(Raised) in
            if !t.hasBuffer(a[0]) { throw t.raise(.typeError, "a bytes-like object is required, not '\(t.typeName(a[0]))'") }
            throw t.raise(.bufferError, "PyObject_GetBuffer: view==NULL argument is obsolete")
        }
        m.function("object_hasattrstring", "($module, object, name, /)") { (t, a) throws(Raised) in
            let name = t.intern(t.str(utf8: BytesObject(try t.bytesFrom(a[1])).buffer))
            do throws(Raised) {
                return t.int(try t.getattrOrUnbound(a[0], name).isBound ? 1 : 0)
            } catch {
                // The C function has no way to say that it failed.
                _ = t.takePending()
                return t.int(0)
            }
        }
        m.function("dict_getitem_knownhash", "($module, dict, key, hash, /)") { (t, a) throws(Raised) in
            if !a[0].isKind(.dict) { throw t.raise(.systemError, "bad argument to internal function") }
            let dict = DictObject(a[0])
            let place = try dict.findEntry(t, a[1], try t.index(a[2]))
            if place < 0 { throw t.keyError(a[1]) }
            return dict.entry(place).value
        }
        m.function("PyBuffer_SizeFromFormat", "($module, format, /)") { (t, a) throws(Raised) in
            try t.callMethod(try t.importAbsolute("struct"), t.intern("calcsize"), a[0])
        }
        m.function("codec_incrementalencoder", "($module, encoding, errors='strict', /)") { (t, a) throws(Raised) in
            try incremental(t, a, "incrementalencoder")
        }
        m.function("codec_incrementaldecoder", "($module, encoding, errors='strict', /)") { (t, a) throws(Raised) in
            try incremental(t, a, "incrementaldecoder")
        }
    }

    private static func incremental(_ t: Thread, _ a: Arguments, _ kind: String) throws(Raised) -> Value {
        let found = try t.callMethod(try t.importAbsolute("codecs"), t.intern("lookup"), a[0])
        let factory = try t.getattr(found, t.intern(kind))
        return a[1].isUnbound ? try t.call(factory) : try t.call(factory, a[1])
    }

    /// `PySequence_GetItem` and its like take anything with `__getitem__` that is no mapping.
    private static func checkedSequence(_ t: Thread, _ value: Value, _ mapping: String, _ other: String) throws(Raised) -> Value {
        if t.isSequence(value) { return value }
        throw t.raise(.typeError, "'\(t.typeName(value))' object \(t.type(of: value).slots.pointee.getItem.isSet ? mapping : other)")
    }

    /// The index as the C functions see it: negative ones have had the length added, once, and are not looked at again.
    private static func position(_ t: Thread, _ sequence: Value, _ index: Value) throws(Raised) -> Int {
        let i = try t.index(index)
        if i >= 0 { return i }
        let (sum, _) = i.addingReportingOverflow(try t.length(sequence))
        return sum < 0 ? Int.max : sum
    }

    // MARK: Types and code

    private static func defineTypeFunctions(_ m: ModuleBuilder) {
        m.function("type_get_version", "($module, type, /)") { (t, a) throws(Raised) in t.int(try checkedType(t, a[0]).version) }
        m.function("type_assign_version", "($module, type, /)") { (t, a) throws(Raised) in
            t.int(t.assignVersion(try checkedType(t, a[0])) != 0 ? 1 : 0)
        }
        m.function("code_newempty", "($module, filename, funcname, firstlineno, /)") { (t, a) throws(Raised) in
            // What runs instead of an empty body is `raise AssertionError`.
            let keywords = t.newDict()
            try keywords.setString(t, t.intern("co_filename"), a[0])
            try keywords.setString(t, t.intern("co_name"), a[1])
            try keywords.setString(t, t.intern("co_qualname"), a[1])
            try keywords.setString(t, t.intern("co_firstlineno"), a[2])
            let code = try t.call(try t.getattr(try t.importAbsolute("builtins"), t.intern("compile")), t.str("assert 0"), t.str(""), t.str("exec"))
            return try t.call(try t.getattr(code, t.intern("replace")), tuple: try t.newTuple(0).value, keywords: keywords.value)
        }
        m.function("create_cfunction", "($module, /)") { (t, _) in
            t.newNative(.builtinFunction, t.intern("create_cfunction"), "($module, /)", "", 0) { (t, _) in .none }.value
        }
    }

    private static func checkedType(_ t: Thread, _ value: Value) throws(Raised) -> TypeObject {
        if !t.isType(value) { throw t.raise(.typeError, "argument must be a type") }
        return TypeObject(value)
    }

    // MARK: Functions for the tests of signatures

    private static func defineDocumented(_ m: ModuleBuilder) {
        m.rawFunction("docstring_empty") { (_, _) in .none }
        m.rawFunction("docstring_no_signature", "", "This docstring has no signature.") { (_, _) in .none }
        m.function("docstring_with_signature", "($module, sig, /)", "This docstring has a valid signature.") { (_, _) in .none }
        m.function("docstring_with_signature_but_no_doc", "($module, sig, /)") { (_, _) in .none }
        m.function("docstring_with_signature_with_defaults",
                   "($module, s='avocado',\n        b=b'bytes', d=3.14, i=35, n=None, t=True, f=False,\n        local=the_number_three, sys=sys.maxsize,\n        exp=sys.maxsize - 1)",
                   "\n\n\nThis docstring has a valid signature with parameters,\nand the parameters take defaults of varying types.") { (_, _) in .none }
        m.rawFunction("test_with_docstring", "", "This is a pretty normal docstring.") { (_, _) in .none }
    }
}
