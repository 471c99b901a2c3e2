// The types of code objects and of frames as programs see them; what code objects can do stands in CodeMethods.

extension Thread {
    func defineCodeTypes() {
        defineType(.code, "code", flags: TypeFlag.hasWeakReferences, NativeLayout(valueWords: CodeCell.valueWords, bytes: CodeCell.bytes)) { b in
            b.doc("code(argcount, posonlyargcount, kwonlyargcount, nlocals, stacksize,\n     flags, codestring, constants, names, varnames, filename, name,\n     qualname, firstlineno, linetable, exceptiontable, freevars=(),\n     cellvars=(), /)\n--\n\nCompiled code, for those who know what they do.")
            b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in
                let code = CodeCell(v)
                return t.str("<code object \(t.string(code.name)) at 0x\(String(v.bits, radix: 16)), file \"\(t.string(code.filename))\", line \(code.firstlineno)>")
            }
            defineCodeFields(b)
            defineCodeBehaviour(b)
        }
        defineType(.frame, "frame", NativeLayout(valueWords: FrameObject.valueWords, bytes: FrameObject.bytes)) { b in
            b.slots.pointee.repr = UnarySlot { (t, v) throws(Raised) in
                let code = CodeCell(FrameObject(v).code)
                return t.str("<frame at 0x\(String(v.bits, radix: 16)), file '\(t.string(code.filename))', line \(t.frameLine(FrameObject(v))), code \(t.string(code.name))>")
            }
            b.getset("f_back", get: { (t, v) throws(Raised) in try t.frameBack(FrameObject(v)) })
            b.getset("f_code", get: { (t, v) throws(Raised) in
                try t.audit("object.__getattr__", v, t.intern("f_code"))
                return v.cell[2]
            })
            b.getset("f_globals", get: { (_, v) throws(Raised) in FunctionObject(FrameObject(v).function).globals })
            b.getset("f_builtins", get: { (_, v) throws(Raised) in FunctionObject(FrameObject(v).function).builtins })
            b.getset("f_locals", get: { (t, v) throws(Raised) in try t.frameLocals(FrameObject(v)) })
            b.getset("f_lineno", get: { (t, v) throws(Raised) in
                let line = t.frameLine(FrameObject(v))
                return line == 0 ? .none : t.int(line)
            }, set: { (t, v, new) throws(Raised) in try t.setFrameLine(FrameObject(v), new) })
            b.getset("f_lasti", get: { (t, v) throws(Raised) in t.int(t.frameUnit(FrameObject(v)) * 2) })
            b.getset("f_trace", get: { (_, v) throws(Raised) in FrameObject(v).trace.isUnbound ? .none : FrameObject(v).trace },
                     set: { (_, v, new) throws(Raised) in FrameObject(v).trace = new.isNone ? .unbound : new })
            b.member("f_trace_lines", get: { (_, v) throws(Raised) in Value(!FrameObject(v).hidesLines) }, set: { (t, v, new) throws(Raised) in
                FrameObject(v).hidesLines = !(try t.traceFlag(new))
            })
            b.getset("f_trace_opcodes", get: { (_, v) throws(Raised) in Value(FrameObject(v).tracesOpcodes) }, set: { (t, v, new) throws(Raised) in
                FrameObject(v).tracesOpcodes = try t.traceFlag(new)
                if FrameObject(v).tracesOpcodes { t.interp.pointee.monitoring.tracesOpcodes = true }
            })
            b.method("clear", "!($self, /)") { (t, a) throws(Raised) in
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

    private func traceFlag(_ value: Value) throws(Raised) -> Bool {
        if value.isUnbound { throw raise(.typeError, "can't delete numeric/char attribute") }
        if !value.isTrue && !value.isFalse { throw raise(.typeError, "attribute value type must be bool") }
        return value.isTrue
    }
}
