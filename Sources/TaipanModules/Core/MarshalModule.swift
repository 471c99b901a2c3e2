// `marshal`: objects in CPython's internal format.

import TaipanRuntime

enum MarshalModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        m.int("version", 4)
        m.function("dump", "($module, value, file, version=version, /)", "Write the value on the open file.") { (t, a) throws(Raised) in
            try t.audit("marshal.dumps", a[0], a[2].orInt(4))
            let data = try t.bytes(try t.marshal(a[0], version: a[2].isUnbound ? 4 : try t.index(a[2], overflow: .overflowError)))
            return try t.callMethod(a[1], t.intern("write"), data)
        }
        m.function("dumps", "($module, value, version=version, /)", "Return the bytes object that would be written to a file by dump(value, file).") { (t, a) throws(Raised) in
            try t.audit("marshal.dumps", a[0], a[1].orInt(4))
            return try t.bytes(try t.marshal(a[0], version: a[1].isUnbound ? 4 : try t.index(a[1], overflow: .overflowError)))
        }
        m.function("load", "($module, file, /)", "Read one value from the open file and return it.") { (t, a) throws(Raised) in
            try t.audit("marshal.load")
            return try t.unmarshal(file: a[0])
        }
        m.function("loads", "($module, bytes, /)", "Convert the bytes-like object to a value.") { (t, a) throws(Raised) in
            let view = try t.buffer(of: a[0])
            defer { t.release(view) }
            if t.isAudited { try t.audit("marshal.loads", try t.bytes(Array(view.bytes))) }
            return try t.unmarshal(view.bytes)
        }
    }
}
