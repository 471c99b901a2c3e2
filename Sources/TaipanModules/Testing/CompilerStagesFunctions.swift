// The functions of `_testinternalcapi` that open the compiler's stages to Python: instructions as tuples
// (opcode, argument, line, end line, column, end column), in which a jump's argument is the index of an instruction.

import TaipanBytecode
import TaipanCompiler
import TaipanRuntime

enum CompilerStagesFunctions {
    static func define(_ m: ModuleBuilder) {
        m.function("compiler_codegen", "($module, /, ast, filename, optimize, compile_mode=0)", "Apply compiler code generation to an AST.") { (t, a) throws(Raised) in
            if !a[1].isKind(.str) { throw t.raise(.typeError, "compiler_codegen() argument 'filename' must be str, not \(t.typeName(a[1]))") }
            let optimize = try t.index(a[2], overflow: .overflowError)
            let mode = a[3].isUnbound ? 0 : try t.index(a[3], overflow: .overflowError)
            guard let mode = [CompileMode.exec, .eval, .single][mode: mode] else { throw t.raise(.valueError, "compile_mode is out of range") }
            let unit = try t.generatedInstructions(of: a[0], filename: a[1], mode: mode, optimize: optimize)
            return try t.tuple(t.stagedList(unit.instructions), t.metadata(unit))
        }
        m.function("optimize_cfg", "($module, /, instructions, consts, nlocals)", "Apply compiler optimizations to an instruction list.") { (t, a) throws(Raised) in
            let instructions = try t.stagedInstructions(a[0])
            if !a[1].isKind(.list) { throw t.raise(.typeError, "optimize_cfg() argument 'consts' must be list, not \(t.typeName(a[1]))") }
            let consts = ListObject(a[1])
            var constants: [Constant] = []
            for i in 0..<consts.count { constants.append(try t.exactConstant(consts[i])) }
            let locals = try t.index(a[2], overflow: .overflowError)
            guard let result = CompilerStages.optimize(instructions, constants: constants, localCount: locals) else {
                throw t.raise(.valueError, "an argument of an instruction is out of range")
            }
            let left = try t.newList()
            for constant in result.constants { try t.append(left, try t.constant(constant)) }
            try t.setItem(a[1], t.newSlice(.none, .none), left.value)
            return try t.stagedList(result.instructions)
        }
        m.function("assemble_code_object", "($module, /, filename, instructions, metadata)", "Create a code object for the given instructions.") { (t, a) throws(Raised) in
            if !a[0].isKind(.str) { throw t.raise(.typeError, "assemble_code_object() argument 'filename' must be str, not \(t.typeName(a[0]))") }
            if !a[2].isKind(.dict) { throw t.raise(.typeError, "assemble_code_object() argument 'metadata' must be dict, not \(t.typeName(a[2]))") }
            var unit = try t.unit(metadata: DictObject(a[2]))
            unit.instructions = try t.stagedInstructions(a[1])
            guard let code = CompilerStages.assemble(unit, filename: t.string(a[0])) else {
                throw t.raise(.valueError, "an argument of an instruction is out of range")
            }
            return try t.newCode(code).value
        }
    }
}

extension Array {
    fileprivate subscript(mode index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}

extension Thread {
    fileprivate func stagedList(_ instructions: [StagedInstruction]) throws(Raised) -> Value {
        let list = try newList()
        for instruction in instructions {
            let one = try newTuple(6)
            let place = instruction.location
            for (i, n) in [Int(instruction.opcode.rawValue), instruction.argument, Int(place.line), Int(place.endLine), Int(place.column), Int(place.endColumn)].enumerated() {
                one[i] = int(n)
            }
            try append(list, one.value)
        }
        return list.value
    }

    fileprivate func stagedInstructions(_ value: Value) throws(Raised) -> [StagedInstruction] {
        if !value.isKind(.list) { throw raise(.typeError, "instructions must be a list") }
        var made: [StagedInstruction] = []
        let items = ListObject(value)
        for i in 0..<items.count {
            let item = items[i]
            guard item.isKind(.tuple), TupleObject(item).count == 6 else { throw raise(.valueError, "expected a 6-tuple") }
            let number = try index(TupleObject(item)[0], overflow: .overflowError)
            guard let opcode = Opcode(rawValue: UInt16(clamping: number)) else { throw raise(.valueError, "invalid opcode") }
            var rest: [Int] = []
            // Without an argument anything may stand in its place.
            for n in 1..<6 { rest.append(n == 1 && !opcode.hasArgument ? 0 : try index(TupleObject(item)[n], overflow: .overflowError)) }
            made.append(StagedInstruction(opcode, rest[0], SourceRange(line: rest[1], endLine: rest[2], column: rest[3], endColumn: rest[4])))
        }
        return made
    }

    fileprivate func metadata(_ unit: StagedUnit) throws(Raised) -> Value {
        let made = newDict()
        try made.setString(self, intern("name"), str(unit.name))
        if unit.qualname != unit.name { try made.setString(self, intern("qualname"), str(unit.qualname)) }
        let consts = newDict()
        for (i, constant) in unit.constants.enumerated() { try set(consts, try self.constant(constant), int(i)) }
        try made.setString(self, intern("consts"), consts.value)
        let tables: [(StaticString, [String])] = [("names", unit.names), ("varnames", unit.localNames), ("cellvars", unit.cellNames), ("freevars", unit.freeNames)]
        for (key, names) in tables {
            let table = newDict()
            for (i, name) in names.enumerated() { try table.setString(self, intern(name), int(i)) }
            try made.setString(self, intern(key), table.value)
        }
        try made.setString(self, intern("argcount"), int(unit.argumentCount))
        try made.setString(self, intern("posonlyargcount"), int(unit.positionalOnlyCount))
        try made.setString(self, intern("kwonlyargcount"), int(unit.keywordOnlyCount))
        return made.value
    }

    fileprivate func unit(metadata: DictObject) throws(Raised) -> StagedUnit {
        var unit = StagedUnit()
        unit.name = try text(metadata, "name")
        unit.qualname = try text(metadata, "qualname")
        let consts = try table(metadata, "consts")
        for i in 0..<consts.count { unit.constants.append(try exactConstant(consts[i])) }
        unit.names = try texts(metadata, "names")
        unit.localNames = try texts(metadata, "varnames")
        unit.cellNames = try texts(metadata, "cellvars")
        unit.freeNames = try texts(metadata, "freevars")
        unit.hiddenNames = try texts(metadata, "fasthidden")
        unit.argumentCount = try number(metadata, "argcount")
        unit.positionalOnlyCount = try number(metadata, "posonlyargcount")
        unit.keywordOnlyCount = try number(metadata, "kwonlyargcount")
        unit.firstLine = try number(metadata, "firstlineno")
        if unit.argumentCount + unit.keywordOnlyCount > unit.localNames.count || unit.positionalOnlyCount > unit.argumentCount {
            throw raise(.valueError, "code: co_varnames is too small")
        }
        return unit
    }

    private func entry(_ metadata: DictObject, _ key: StaticString) throws(Raised) -> Value {
        let found = metadata.findString(self, intern(key))
        if found.isUnbound { throw raise(exception: try call(types.pointee.keyError, intern(key))) }
        return found
    }

    private func text(_ metadata: DictObject, _ key: StaticString) throws(Raised) -> String {
        let found = try entry(metadata, key)
        if !found.isKind(.str) { throw raise(.typeError, "\(key) must be str, not \(typeName(found))") }
        return string(found)
    }

    private func number(_ metadata: DictObject, _ key: StaticString) throws(Raised) -> Int {
        let n = try index(try entry(metadata, key), overflow: .overflowError)
        if n < 0 || n > Int(Int32.max) { throw raise(.valueError, "\(key) is out of range") }
        return n
    }

    /// The keys of a table, by their numbers; a list counts as one that is numbered already.
    private func table(_ metadata: DictObject, _ key: StaticString) throws(Raised) -> ListObject {
        let found = try entry(metadata, key)
        if found.isKind(.list) { return ListObject(found) }
        if !found.isKind(.dict) { throw raise(.typeError, "\(key) must be dict, not \(typeName(found))") }
        let dict = DictObject(found)
        let keys = try newList()
        for _ in 0..<dict.count { try append(keys, .none) }
        for i in 0..<dict.entryCount where dict.entry(i).key.isBound {
            let place = try index(dict.entry(i).value, overflow: .overflowError)
            if place < 0 || place >= keys.count { throw raise(.valueError, "\(key) is not numbered from 0 on") }
            keys[place] = dict.entry(i).key
        }
        return keys
    }

    private func texts(_ metadata: DictObject, _ key: StaticString) throws(Raised) -> [String] {
        let keys = try table(metadata, key)
        var made: [String] = []
        for i in 0..<keys.count {
            if !keys[i].isKind(.str) { throw raise(.typeError, "\(key) must hold strings") }
            made.append(string(keys[i]))
        }
        return made
    }
}
