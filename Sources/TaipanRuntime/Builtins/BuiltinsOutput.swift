// print, input, breakpoint, open: what goes through `sys` and `io`.

extension Thread {
    func defineOutputBuiltins(_ b: ModuleBuilder) {
        b.rawFunction("print", "($module, /, *args, sep=' ', end='\\n', file=None, flush=False)",
                      "Print the values to a stream, sys.stdout by default.\n\n  sep\n    string between values, a space by default.\n  end\n    string after the last value, a newline by default.\n  file\n    an object with a write method.\n  flush\n    whether to flush the stream.") { (t, a) throws(Raised) in
            try t.print(a)
        }
        b.function("input", "($module, prompt='', /)", "Read a line from standard input, without its newline.") { (t, a) throws(Raised) in try t.input(a[0]) }
        b.rawFunction("breakpoint", "", "breakpoint(*args, **kws)\n\nCall sys.breakpointhook(*args, **kws).") { (t, a) throws(Raised) in
            let hook = t.sysAttribute(t.name(.breakpointhook))
            if hook.isUnbound { throw t.raise(.runtimeError, "lost sys.breakpointhook") }
            try t.audit("builtins.breakpoint", hook)
            return try t.call(hook, a)
        }
    }

    /// `sys.name`, or unbound when somebody deleted it.
    public func sysAttribute(_ name: Value) -> Value {
        objects.pointee.sysDict.isUnbound ? .unbound : DictObject(objects.pointee.sysDict).findString(self, name)
    }

    private func print(_ a: Arguments) throws(Raised) -> Value {
        var sep = Value.none, end = Value.none, file = Value.none, flush = Value.false
        if a.keywords.isBound {
            let names = TupleObject(a.keywords)
            for i in 0..<names.count {
                let name = StrObject(names[i]), value = a[a.count + i]
                if name.equals("sep") {
                    sep = value
                } else if name.equals("end") {
                    end = value
                } else if name.equals("file") {
                    file = value
                } else if name.equals("flush") {
                    flush = value
                } else {
                    throw raise(.typeError, "'\(string(names[i]))' is an invalid keyword argument for print()")
                }
            }
        }
        let wantsFlush = try truth(flush)
        if file.isNone {
            file = sysAttribute(self.name(.stdout))
            if file.isUnbound { throw raise(.runtimeError, "lost sys.stdout") }
            if file.isNone { return .none }
        }
        if !sep.isNone && !sep.isKind(.str) { throw raise(.typeError, "sep must be None or a string, not \(typeName(sep))") }
        if !end.isNone && !end.isKind(.str) { throw raise(.typeError, "end must be None or a string, not \(typeName(end))") }
        for i in 0..<a.count {
            if i > 0 { try write(sep.isNone ? character(0x20) : sep, to: file) }
            try write(try strOf(a[i]), to: file)
        }
        try write(end.isNone ? character(0x0A) : end, to: file)
        if wantsFlush { _ = try callMethod(file, self.name(.flush)) }
        return .none
    }

    /// `file.write(text)`.
    public func write(_ text: Value, to file: Value) throws(Raised) {
        _ = try callMethod(file, name(.write), text)
    }

    private func input(_ prompt: Value) throws(Raised) -> Value {
        let stdin = sysAttribute(name(.stdin)), stdout = sysAttribute(name(.stdout)), stderr = sysAttribute(name(.stderr))
        if stdin.isNoneOrUnbound { throw raise(.runtimeError, "input(): lost sys.stdin") }
        if stdout.isNoneOrUnbound { throw raise(.runtimeError, "input(): lost sys.stdout") }
        if stderr.isNoneOrUnbound { throw raise(.runtimeError, "input(): lost sys.stderr") }
        try audit("builtins.input", prompt.orNone)
        do throws(Raised) { _ = try callMethod(stderr, name(.flush)) } catch { _ = takePending() }
        if prompt.isBound { try write(try strOf(prompt), to: stdout) }
        do throws(Raised) { _ = try callMethod(stdout, name(.flush)) } catch { _ = takePending() }
        let line = try callMethod(stdin, name(.readline))
        if !line.isKind(.str) { throw raise(.typeError, "object.readline() returned non-string") }
        let s = StrObject(line)
        if s.count == 0 { throw raise(.eofError, "EOF when reading a line") }
        if s[s.count - 1] != 0x0A { return line }
        let made = try newStr(count: s.count - 1, maximum: s.isASCII ? 127 : s.width == 1 ? 255 : s.width == 2 ? 0xFFFF : 0x10FFFF)
        for i in 0..<s.count - 1 { made.store(s[i], at: i) }
        return made.value
    }
}
