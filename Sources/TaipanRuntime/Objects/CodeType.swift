// The type of code objects and of frames: the attributes that programs read.

import TaipanBytecode

extension Thread {
    func defineCodeTypes() {
        defineType(.code, "code", flags: TypeFlag.hasWeakReferences, NativeLayout(valueWords: CodeCell.valueWords, bytes: CodeCell.bytes)) { b in
            b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in
                let code = CodeCell(v)
                return t.str("<code object \(t.string(code.name)) at 0x\(String(v.bits, radix: 16)), file \"\(t.string(code.filename))\", line \(code.firstlineno)>")
            }
            defineCodeFields(b)
        }
        defineType(.frame, "frame", NativeLayout(valueWords: FrameObject.valueWords, bytes: FrameObject.bytes)) { b in
            b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in
                let code = CodeCell(FrameObject(v).code)
                return t.str("<frame at 0x\(String(v.bits, radix: 16)), file '\(t.string(code.filename))', line \(t.frameLine(FrameObject(v))), code \(t.string(code.name))>")
            }
            b.getset("f_back", get: { (t, v) throws(Raised) in try t.frameBack(FrameObject(v)) })
            b.member("f_code", word: 2)
            b.getset("f_globals", get: { (_, v) throws(Raised) in FunctionObject(FrameObject(v).function).globals })
            b.getset("f_builtins", get: { (_, v) throws(Raised) in FunctionObject(FrameObject(v).function).builtins })
            b.getset("f_locals", get: { (t, v) throws(Raised) in try t.frameLocals(FrameObject(v)) })
            b.getset("f_lineno", get: { (t, v) throws(Raised) in
                let line = t.frameLine(FrameObject(v))
                return line == 0 ? .none : t.int(line)
            })
            b.getset("f_lasti", get: { (t, v) throws(Raised) in t.int(t.frameUnit(FrameObject(v)) * 2) })
            b.member("f_trace", word: 6, readOnly: false)
            b.getset("f_trace_lines", get: { (_, _) throws(Raised) in .true })
            b.getset("f_trace_opcodes", get: { (_, _) throws(Raised) in .false })
            b.method("clear", "($self, /)") { (t, a) throws(Raised) in
                let frame = FrameObject(a[0])
                if let fp = frame.frame {
                    if fp.frameFlags & FrameFlag.generator == 0 || GeneratorObject(Value(Cell(UnsafeMutableRawPointer(fp - GeneratorObject.frameWord)))).state == GeneratorObject.running {
                        throw t.raise(.runtimeError, "cannot clear an executing frame")
                    }
                    _ = try t.generatorClose(GeneratorObject(Value(Cell(UnsafeMutableRawPointer(fp - GeneratorObject.frameWord)))))
                }
                frame.savedLocals = .unbound
                frame.locals = .unbound
                return .none
            }
        }
    }

    private func defineCodeFields(_ b: TypeBuilder) {
        b.member("co_code", word: 1)
        b.member("_co_code_adaptive", word: 1)
        b.member("co_consts", word: 2)
        b.member("co_names", word: 3)
        b.member("co_filename", word: 6)
        b.member("co_name", word: 7)
        b.member("co_qualname", word: 8)
        b.member("co_linetable", word: 9)
        b.member("co_exceptiontable", word: 10)
        b.getset("co_argcount", get: { (t, v) throws(Raised) in t.int(CodeCell(v).argcount) })
        b.getset("co_posonlyargcount", get: { (t, v) throws(Raised) in t.int(CodeCell(v).posonlyargcount) })
        b.getset("co_kwonlyargcount", get: { (t, v) throws(Raised) in t.int(CodeCell(v).kwonlyargcount) })
        b.getset("co_stacksize", get: { (t, v) throws(Raised) in t.int(CodeCell(v).stacksize) })
        b.getset("co_flags", get: { (t, v) throws(Raised) in t.int(CodeCell(v).flags) })
        b.getset("co_firstlineno", get: { (t, v) throws(Raised) in t.int(CodeCell(v).firstlineno) })
        b.getset("co_nlocals", get: { (t, v) throws(Raised) in t.int(TupleObject(try t.localNames(CodeCell(v), 0x20)).count) })
        b.method("co_positions", "($self, /)", "Iterator over the source position of each code unit.") { (t, a) throws(Raised) in
            let list = try t.newList()
            try t.forEachLocation(CodeCell(a[0])) { (range, units) throws(Raised) in
                let position = try t.newTuple(4)
                position[0] = range.line < 0 ? .none : t.int(Int(range.line))
                position[1] = range.endLine < 0 ? .none : t.int(Int(range.endLine))
                position[2] = range.column < 0 ? .none : t.int(Int(range.column))
                position[3] = range.endColumn < 0 ? .none : t.int(Int(range.endColumn))
                for _ in 0..<max(units, 0) { try t.append(list, position.value) }
            }
            return try t.iter(list.value)
        }
        b.method("co_lines", "($self, /)", "Iterator over (start, end, line) of the code.") { (t, a) throws(Raised) in
            let list = try t.newList()
            var at = 0
            var last = -2
            var start = 0
            try t.forEachLocation(CodeCell(a[0])) { (range, units) throws(Raised) in
                if Int(range.line) != last {
                    if last != -2 { try t.append(list, try t.tuple(t.int(start), t.int(at), last < 0 ? .none : t.int(last))) }
                    start = at
                    last = Int(range.line)
                }
                at += units * 2
            }
            if last != -2 { try t.append(list, try t.tuple(t.int(start), t.int(at), last < 0 ? .none : t.int(last))) }
            return try t.iter(list.value)
        }
        b.getset("co_varnames", get: { (t, v) throws(Raised) in try t.localNames(CodeCell(v), 0x20) })
        b.getset("co_cellvars", get: { (t, v) throws(Raised) in try t.localNames(CodeCell(v), 0x40) })
        b.getset("co_freevars", get: { (t, v) throws(Raised) in try t.localNames(CodeCell(v), 0x80) })
    }

    /// Calls `body` with each entry of the location table: its source range and how many code units it covers.
    private func forEachLocation(_ code: CodeCell, _ body: (SourceRange, Int) throws(Raised) -> Void) throws(Raised) {
        for entry in LocationTable(Array(BytesObject(code.linetable).buffer), firstLine: code.firstlineno) {
            try body(entry.range, (entry.end - entry.start) / 2)
        }
    }

    /// The names of the local slots of one kind.
    private func localNames(_ code: CodeCell, _ kind: UInt8) throws(Raised) -> Value {
        let names = TupleObject(code.localsplusnames), kinds = BytesObject(code.localspluskinds)
        let list = try newList()
        for i in 0..<names.count where kinds.data[i] & kind != 0 { try append(list, names[i]) }
        return try tupleFrom(list.value).value
    }
}
