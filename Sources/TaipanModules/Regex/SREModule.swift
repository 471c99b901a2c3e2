// `_sre`: what `re` is built on. The matching itself is TaipanEngines' Regex; here are the Python objects around it.
//
// The module's types are kept in a tuple that every pattern holds, in the order of SREType.

import TaipanEngines
import TaipanRuntime

/// Places in the tuple of the module's types.
enum SREType: Int {
    case pattern, match, scanner, template, iterator
    static var count: Int { 5 }
}

enum SREModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        let types = try m.t.newTuple(SREType.count)
        types[SREType.pattern.rawValue] = try m.t.newPatternType().value
        types[SREType.match.rawValue] = try m.t.newMatchType().value
        types[SREType.scanner.rawValue] = try m.t.newScannerType().value
        types[SREType.template.rawValue] = try m.t.newTemplateType(m.name).value
        types[SREType.iterator.rawValue] = try m.t.newMatchIteratorType().value
        try m.t.keepModuleObject("_sre", types.value)
        m.int("MAGIC", RegexLimits.magic)
        m.int("CODESIZE", 4)
        m.int("MAXREPEAT", Int(RegexLimits.maxRepeat))
        m.int("MAXGROUPS", RegexLimits.maxGroups)
        m.str("copyright", " SRE 2.2.2 Copyright (c) 1997-2002 by Secret Labs AB ")
        defineCharacterFunctions(m)
        m.function("getcodesize", "($module, /)", "Bytes of a code word.") { (t, a) in t.int(4) }
        m.function("compile", "($module, /, pattern, flags, code, groups, groupindex,\n        indexgroup)", "A pattern object from code words.") { (t, a) throws(Raised) in
            try t.compilePattern(a)
        }
        m.function("template", "($module, pattern, template, /)", "A replacement, from the list of its literals and group numbers in turn.") { (t, a) throws(Raised) in
            try t.newTemplate(a[1])
        }
    }

    private static func defineCharacterFunctions(_ m: ModuleBuilder) {
        m.function("ascii_iscased", "($module, character, /)") { (t, a) throws(Raised) in
            Value(RegexCharacters.isCasedASCII(UInt32(truncatingIfNeeded: try t.index(a[0]))))
        }
        m.function("unicode_iscased", "($module, character, /)") { (t, a) throws(Raised) in
            Value(RegexCharacters.isCasedUnicode(UInt32(truncatingIfNeeded: try t.index(a[0]))))
        }
        m.function("ascii_tolower", "($module, character, /)") { (t, a) throws(Raised) in
            t.int(Int(RegexCharacters.lowerASCII(UInt32(truncatingIfNeeded: try t.index(a[0])))))
        }
        m.function("unicode_tolower", "($module, character, /)") { (t, a) throws(Raised) in
            t.int(Int(RegexCharacters.lowerUnicode(UInt32(truncatingIfNeeded: try t.index(a[0])))))
        }
    }
}

extension Thread {
    /// Remembers a module's value for its native code.
    func keepModuleObject(_ module: StaticString, _ value: Value) throws(Raised) {
        if objects.pointee.moduleObjects.isUnbound { objects.pointee.moduleObjects = newDict().value }
        try DictObject(objects.pointee.moduleObjects).setString(self, intern(module), value)
    }

    /// What `keepModuleObject` remembered, or unbound.
    func moduleObject(_ module: StaticString) -> Value {
        if objects.pointee.moduleObjects.isUnbound { return .unbound }
        return DictObject(objects.pointee.moduleObjects).findString(self, intern(module))
    }

    /// `_sre.compile(pattern, flags, code, groups, groupindex, indexgroup)`.
    func compilePattern(_ a: Arguments) throws(Raised) -> Value {
        let flags = try index(a[1])
        if !a[2].isKind(.list) { throw raise(.typeError, "compile() argument 'code' must be list, not \(typeName(a[2]))") }
        let groups = try index(a[3])
        if !a[4].isKind(.dict) { throw raise(.typeError, "compile() argument 'groupindex' must be dict, not \(typeName(a[4]))") }
        if !a[5].isKind(.tuple) { throw raise(.typeError, "compile() argument 'indexgroup' must be tuple, not \(typeName(a[5]))") }
        let code = try codeWords(ListObject(a[2]))
        var isBytes = 0
        if !a[0].isNone {
            let subject = try openSubject(a[0])
            isBytes = subject.isBytes ? 1 : 0
            closeSubject(subject)
        } else {
            isBytes = -1
        }
        let types = moduleObject("_sre")
        let made = PatternObject(allocate(TypeObject(TupleObject(types)[SREType.pattern.rawValue])))
        hasIdleFinalizer(made.value)
        made.pattern = a[0]
        made.flags = int(flags)
        made.groups = int(groups)
        made.groupIndex = a[4]
        made.indexGroup = a[5]
        made.types = types
        made.code = code
        made.isBytes = isBytes
        _ = try program(made)
        return made.value
    }

    /// The code words of a list, as bytes of a bytes object.
    private func codeWords(_ list: ListObject) throws(Raised) -> Value {
        let made = try newBytes(list.count * 4)
        let words = UnsafeMutableRawPointer(made.data).assumingMemoryBound(to: UInt32.self)
        for i in 0..<list.count {
            if !isInt(list[i]) { throw raise(.typeError, "an integer is required") }
            guard let n = machineInt(list[i]) else { throw raise(.overflowError, "Python int too large to convert to C unsigned long") }
            if n < 0 { throw raise(.overflowError, "can't convert negative value to unsigned int") }
            if n > Int(UInt32.max) { throw raise(.overflowError, "regular expression code size limit exceeded") }
            words[i] = UInt32(n)
        }
        return made.value
    }

    // MARK: Templates

    func newTemplateType(_ module: Value) throws(Raised) -> TypeObject {
        try newNativeType("SRE_Template", moduleName: module, flags: TypeFlag.noInstantiation, .values(1)) { _ in }
    }

    /// A template cell holds a tuple: a literal, then a group number and a literal in turn.
    func newTemplate(_ list: Value) throws(Raised) -> Value {
        if !list.isKind(.list) { throw raise(.typeError, "template() argument 2 must be list, not \(typeName(list))") }
        let parts = try tupleFrom(list)
        if parts.count & 1 == 0 { throw raise(.typeError, "invalid template") }
        var i = 1
        while i < parts.count {
            guard isInt(parts[i]), let n = machineInt(parts[i]), n >= 0 else { throw raise(.typeError, "invalid template") }
            i += 2
        }
        let cell = allocate(TypeObject(TupleObject(moduleObject("_sre"))[SREType.template.rawValue]))
        cell[1] = parts.value
        return Value(cell)
    }
}
