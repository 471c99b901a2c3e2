// BufferedRWPair: a reader and a writer as one stream. Words: 1 attribute dict, 2 reader, 3 writer.

import TaipanRuntime

extension Thread {
    func defineBufferedRWPair() throws(Raised) {
        defineIOInit(.bufferedRWPairInit, "BufferedRWPair", "($self, reader, writer, buffer_size=DEFAULT_BUFFER_SIZE, /)") { (t, a) throws(Raised) in
            let size = t.int(a[3].isUnbound ? defaultBufferSize : try t.index(a[3]))
            try t.checkCapability(a[1], t.name(.readable), "readable")
            try t.checkCapability(a[2], t.name(.writable), "writable")
            let reader = try t.call(t.io(.bufferedReader), a[1], size)
            a[0].cell[3] = try t.call(t.io(.bufferedWriter), a[2], size)
            a[0].cell[2] = reader
            return .none
        }
        try defineIOType(.bufferedRWPair, "BufferedRWPair", base: .bufferedIOBase, .values(3, dictWord: 1)) { b in
            b.doc("BufferedRWPair(reader, writer, buffer_size=DEFAULT_BUFFER_SIZE, /)\n--\n\nA buffered reader and writer object together.\n\nA buffered reader object and buffered writer object put together to\nform a sequential IO object that can read and write. This is typically\nused with a socket or two-way pipe.\n\nreader and writer are RawIOBase objects that are readable and\nwriteable respectively. If the buffer_size is omitted it defaults to\nDEFAULT_BUFFER_SIZE.")
            b.slots.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in
                if a.keywords.isBound { throw t.raise(.typeError, "BufferedRWPair() takes no keyword arguments") }
                try t.callIOInit(.bufferedRWPairInit, v, a)
            }
            b.rawMethod("read") { (t, a) throws(Raised) in try t.askPair(a, 2, t.name(.read)) }
            b.rawMethod("peek") { (t, a) throws(Raised) in try t.askPair(a, 2, t.intern("peek")) }
            b.rawMethod("read1") { (t, a) throws(Raised) in try t.askPair(a, 2, t.intern("read1")) }
            b.rawMethod("readinto") { (t, a) throws(Raised) in try t.askPair(a, 2, t.name(.readinto)) }
            b.rawMethod("readinto1") { (t, a) throws(Raised) in try t.askPair(a, 2, t.intern("readinto1")) }
            b.rawMethod("readable") { (t, a) throws(Raised) in try t.askPair(a, 2, t.name(.readable)) }
            b.rawMethod("write") { (t, a) throws(Raised) in try t.askPair(a, 3, t.name(.write)) }
            b.rawMethod("flush") { (t, a) throws(Raised) in try t.askPair(a, 3, t.name(.flush)) }
            b.rawMethod("writable") { (t, a) throws(Raised) in try t.askPair(a, 3, t.name(.writable)) }
            b.method("isatty", "!($self, /)") { (t, a) throws(Raised) in
                let answer = try t.askPair(a, 3, t.name(.isatty))
                return answer.isFalse ? try t.askPair(a, 2, t.name(.isatty)) : answer
            }
            b.method("close", "!($self, /)") { (t, a) throws(Raised) in
                var first = Value.unbound
                do throws(Raised) { _ = try t.askPair(a, 3, t.name(.close)) } catch { first = t.takePending() }
                do throws(Raised) {
                    let answer = try t.askPair(a, 2, t.name(.close))
                    if first.isUnbound { return answer }
                } catch {
                    if first.isBound { throw t.chain(first) }
                    throw error
                }
                throw t.restore(first)
            }
            b.method("__getstate__", "($self, /)") { (t, a) throws(Raised) in throw t.cannotPickle(a[0]) }
            b.getset("closed", get: { (t, v) throws(Raised) in
                if v.cell[3].isUnbound { throw t.raise(.runtimeError, "the BufferedRWPair object is being garbage-collected") }
                return try t.getattr(v.cell[3], t.name(.closed))
            })
        }
    }

    /// Calls a method of the reader (word 2) or the writer (word 3) with the same arguments.
    private func askPair(_ a: Arguments, _ word: Int, _ method: Value) throws(Raised) -> Value {
        let stream = a[0].cell[word]
        if stream.isUnbound { throw raise(.valueError, "I/O operation on uninitialized object") }
        return try call(try getattr(stream, method), a.dropFirst)
    }
}
