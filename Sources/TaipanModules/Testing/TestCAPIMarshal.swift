// `_testcapi`: marshal's functions over C files, here over file objects of `_io`.

import TaipanRuntime

extension TestCAPIModule {
    static func defineMarshal(_ m: ModuleBuilder) {
        m.rawFunction("pymarshal_write_long_to_file", "") { (t, a) throws(Raised) in
            try expect(t, a, 3)
            let n = UInt32(truncatingIfNeeded: try t.index(a[0], overflow: .overflowError))
            try withFile(t, a[1], "wb") { (file) throws(Raised) in
                _ = try t.callMethod(file, t.intern("write"), try t.bytes((0..<4).map { UInt8(truncatingIfNeeded: n >> (8 * $0)) }))
            }
            return .none
        }
        m.rawFunction("pymarshal_write_object_to_file", "") { (t, a) throws(Raised) in
            try expect(t, a, 3)
            let data = try t.bytes(try t.marshal(a[0], version: try t.index(a[2], overflow: .overflowError)))
            try withFile(t, a[1], "wb") { (file) throws(Raised) in _ = try t.callMethod(file, t.intern("write"), data) }
            return .none
        }
        m.rawFunction("pymarshal_read_short_from_file", "") { (t, a) throws(Raised) in try readNumber(t, a, bytes: 2) }
        m.rawFunction("pymarshal_read_long_from_file", "") { (t, a) throws(Raised) in try readNumber(t, a, bytes: 4) }
        for name: StaticString in ["pymarshal_read_last_object_from_file", "pymarshal_read_object_from_file"] {
            m.rawFunction(name, "") { (t, a) throws(Raised) in
                try expect(t, a, 1)
                var answer = Value.none
                try withFile(t, a[0], "rb") { (file) throws(Raised) in
                    let object = try t.unmarshal(file: file)
                    answer = try t.tuple(object, try t.callMethod(file, t.intern("tell")))
                }
                return answer
            }
        }
    }

    private static func expect(_ t: Thread, _ a: Arguments, _ count: Int) throws(Raised) {
        if a.count != count { throw t.raise(.typeError, "function takes exactly \(count) argument\(count == 1 ? "" : "s") (\(a.count) given)") }
    }

    private static func readNumber(_ t: Thread, _ a: Arguments, bytes: Int) throws(Raised) -> Value {
        try expect(t, a, 1)
        var answer = Value.none
        try withFile(t, a[0], "rb") { (file) throws(Raised) in
            let data = BytesObject(try t.callMethod(file, t.intern("read"), t.int(bytes)))
            if data.count < bytes { throw t.raise(.eofError, "EOF read where data expected") }
            var n = 0
            for i in 0..<bytes { n |= Int(data.data[i]) << (8 * i) }
            let signed = bytes == 2 ? Int(Int16(truncatingIfNeeded: n)) : Int(Int32(truncatingIfNeeded: n))
            answer = try t.tuple(t.int(signed), try t.callMethod(file, t.intern("tell")))
        }
        return answer
    }

    /// Opens the file, and closes it whatever `body` does.
    private static func withFile(_ t: Thread, _ path: Value, _ mode: StaticString, _ body: (Value) throws(Raised) -> Void) throws(Raised) {
        let file = try t.call(try t.getattr(try t.importAbsolute("io"), t.intern("open")), path, t.intern(mode))
        do throws(Raised) { try body(file) } catch {
            let pending = t.takePending()
            _ = try t.callMethod(file, t.intern("close"))
            throw t.restore(pending)
        }
        _ = try t.callMethod(file, t.intern("close"))
    }
}
