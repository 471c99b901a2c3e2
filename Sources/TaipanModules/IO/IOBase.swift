// The abstract bases: _IOBase, _RawIOBase, _BufferedIOBase, _TextIOBase. Word 1 of every stream is its attribute dict; being
// closed is recorded there under `__IOBase_closed`, as in CPython.

import TaipanRuntime

extension Thread {
    func defineIOBaseTypes() throws(Raised) {
        let cells = NativeLayout.values(1, dictWord: 1)
        try defineIOType(.ioBase, "_IOBase", base: nil, cells) { b in
            b.doc("The abstract base class for all I/O classes.\n\nThis class provides dummy implementations for many methods that\nderived classes can override selectively; the default implementations\nrepresent a file that cannot be read, written or seeked.\n\nEven though IOBase does not declare read, readinto, or write because\ntheir signatures will vary, implementations and clients should\nconsider those methods part of the interface. Also, implementations\nmay raise UnsupportedOperation when operations they do not support are\ncalled.\n\nThe basic type used for binary data read from or written to a file is\nbytes. Other bytes-like objects are accepted as method arguments too.\nIn some cases (such as readinto), a writable object is required. Text\nI/O classes work with str data.\n\nNote that calling any method (except additional calls to close(),\nwhich are ignored) on a closed stream should raise a ValueError.\n\nIOBase (and its subclasses) support the iterator protocol, meaning\nthat an IOBase object can be iterated over yielding the lines in a\nstream.\n\nIOBase also supports the :keyword:`with` statement. In this example,\nfp is closed after the suite of the with statement is complete:\n\nwith open('spam.txt', 'r') as fp:\n    fp.write('Spam and eggs!')\n")
            let s = b.slots
            s.pointee.new = CallSlot { (t, type, a) throws(Raised) in Value(t.allocate(TypeObject(type))) }
            s.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in }
            s.pointee.iter = UnarySlot { (t, v) throws(Raised) in
                try t.checkStreamClosed(v)
                return v
            }
            s.pointee.next = UnarySlot { (t, v) throws(Raised) in
                let line = try t.callMethod(v, t.name(.readline))
                return try t.length(line) == 0 ? .unbound : line
            }
            s.pointee.finalize = ActionSlot(Thread.finalizeStream)
            defineIOBaseMethods(b)
            defineIOBaseReading(b)
        }
        try defineRawIOBase(cells)
        try defineBufferedIOBase(cells)
        try defineTextIOBase(cells)
    }

    /// Called when a stream dies unclosed: closes it; errors are dropped (or reported in development mode).
    static func finalizeStream(_ t: Thread, _ v: Value) throws(Raised) {
        // Streams of one stack die together, in any order: the outermost closes them, after writing what it holds.
        if t.isExactly(v, .fileIO) && FileIOObject(v).has(FileIOObject.isWrapped) { return }
        if t.isNativeBuffer(v) && BufferedObject(v).has(BufferedObject.isWrapped) { return }
        let pending = t.takePending()
        defer { if pending.isBound { _ = t.restore(pending) } }
        do throws(Raised) {
            let closed = try t.getattrOrUnbound(v, t.name(.closed))
            if closed.isBound, try t.truth(closed) { return }
        } catch { _ = t.takePending() }
        do throws(Raised) {
            try t.setattr(v, t.intern("_finalizing"), .true)
        } catch { _ = t.takePending() }
        do throws(Raised) {
            _ = try t.callMethod(v, t.name(.close))
        } catch {
            if t.interp.pointee.config.devMode { t.reportUnraisable(v) } else { _ = t.takePending() }
        }
    }

    /// The `__IOBase_closed` mark.
    func isMarkedClosed(_ v: Value) throws(Raised) -> Bool {
        try getattrOrUnbound(v, intern("__IOBase_closed")).isBound
    }

    /// Raises ValueError when the stream says that it is closed.
    func checkStreamClosed(_ v: Value) throws(Raised) {
        let closed = try getattrOrUnbound(v, name(.closed))
        if closed.isBound, try truth(closed) { throw raise(.valueError, "I/O operation on closed file.") }
    }

    /// Raises UnsupportedOperation unless `v.method()` is True.
    func checkCapability(_ v: Value, _ method: Value, _ word: String) throws(Raised) {
        let answer = try callMethod(v, method)
        if !answer.isTrue { throw unsupported("File or stream is not \(word).") }
    }

    /// `_IOBase.close`: flushes once, marks the stream as closed even when that fails.
    static func closeIOBase(_ t: Thread, _ v: Value) throws(Raised) {
        if try t.isMarkedClosed(v) { return }
        var first = Value.unbound
        do throws(Raised) {
            _ = try t.callMethod(v, t.name(.flush))
        } catch { first = t.takePending() }
        do throws(Raised) {
            try t.setattr(v, t.intern("__IOBase_closed"), .true)
        } catch {
            if first.isBound { throw t.chain(first) }
            throw error
        }
        if first.isBound { throw t.restore(first) }
    }

    private func defineIOBaseMethods(_ b: TypeBuilder) {
        b.method("seek", "($self, offset, whence=os.SEEK_SET, /)", "Change the stream position to the given byte offset.\n\n  offset\n    The stream position, relative to 'whence'.\n  whence\n    The relative position to seek from.\n\nThe offset is interpreted relative to the position indicated by whence.\nValues for whence are:\n\n* os.SEEK_SET or 0 -- start of stream (the default); offset should be zero or positive\n* os.SEEK_CUR or 1 -- current stream position; offset may be negative\n* os.SEEK_END or 2 -- end of stream; offset is usually negative\n\nReturn the new absolute position.") { (t, a) throws(Raised) in throw t.unsupported("seek") }
        b.method("tell", "($self, /)", "Return current stream position.") { (t, a) throws(Raised) in
            try t.callMethod(a[0], t.name(.seek), Value(smallInt: 0), Value(smallInt: 1))
        }
        b.method("truncate", "($self, size=None, /)", "Truncate file to size bytes.\n\nFile pointer is left unchanged. Size defaults to the current IO position\nas reported by tell(). Return the new size.") { (t, a) throws(Raised) in throw t.unsupported("truncate") }
        b.method("fileno", "($self, /)", "Return underlying file descriptor if one exists.\n\nRaise OSError if the IO object does not use a file descriptor.") { (t, a) throws(Raised) in throw t.unsupported("fileno") }
        b.method("flush", "($self, /)", "Flush write buffers, if applicable.\n\nThis is not implemented for read-only and non-blocking streams.") { (t, a) throws(Raised) in
            if try t.isMarkedClosed(a[0]) { throw t.raise(.valueError, "I/O operation on closed file.") }
            return .none
        }
        b.method("close", "($self, /)", "Flush and close the IO object.\n\nThis method has no effect if the file is already closed.") { (t, a) throws(Raised) in
            try Thread.closeIOBase(t, a[0])
            return .none
        }
        b.getset("closed", get: { (t, v) throws(Raised) in Value(try t.isMarkedClosed(v)) })
        b.getset("__dict__", get: { (t, v) throws(Raised) in try t.attributeDict(v.cell).value }, set: { (t, v, new) throws(Raised) in
            if new.isUnbound || !new.isKind(.dict) { throw t.raise(.typeError, "__dict__ must be set to a dictionary, not a '\(new.isUnbound ? "NULL" : t.typeName(new))'") }
            try t.setAttributeDict(v.cell, new)
        })
        b.method("seekable", "($self, /)", "Return whether object supports random access.\n\nIf False, seek(), tell() and truncate() will raise OSError.\nThis method may need to do a test seek().") { (t, a) throws(Raised) in .false }
        b.method("readable", "($self, /)", "Return whether object was opened for reading.\n\nIf False, read() will raise OSError.") { (t, a) throws(Raised) in .false }
        b.method("writable", "($self, /)", "Return whether object was opened for writing.\n\nIf False, write() will raise OSError.") { (t, a) throws(Raised) in .false }
        b.method("isatty", "($self, /)", "Return whether this is an 'interactive' stream.\n\nReturn False if it can't be determined.") { (t, a) throws(Raised) in
            try t.checkStreamClosed(a[0])
            return .false
        }
        b.rawMethod("_checkClosed") { (t, a) throws(Raised) in
            try t.checkStreamClosed(a[0])
            return .none
        }
        b.rawMethod("_checkSeekable") { (t, a) throws(Raised) in
            try t.checkCapability(a[0], t.name(.seekable), "seekable")
            return .true
        }
        b.rawMethod("_checkReadable") { (t, a) throws(Raised) in
            try t.checkCapability(a[0], t.name(.readable), "readable")
            return .true
        }
        b.rawMethod("_checkWritable") { (t, a) throws(Raised) in
            try t.checkCapability(a[0], t.name(.writable), "writable")
            return .true
        }
        b.method("__enter__", "!($self, /)") { (t, a) throws(Raised) in
            try t.checkStreamClosed(a[0])
            return a[0]
        }
        b.rawMethod("__exit__") { (t, a) throws(Raised) in try t.callMethod(a[0], t.name(.close)) }
    }

    private func defineIOBaseReading(_ b: TypeBuilder) {
        b.method("readline", "($self, size=-1, /)", "Read and return a line from the stream.\n\nIf size is specified, at most size bytes will be read.\n\nThe line terminator is always b'\\n' for binary files; for text\nfiles, the newlines argument to open can be used to select the line\nterminator(s) recognized.") { (t, a) throws(Raised) in
            try t.readLineByPieces(a[0], try t.optionalSize(a[1]))
        }
        b.method("readlines", "($self, hint=-1, /)", "Return a list of lines from the stream.\n\nhint can be specified to control the number of lines read: no more\nlines will be read if the total size (in bytes/characters) of all\nlines so far exceeds hint.") { (t, a) throws(Raised) in
            let hint = try t.optionalSize(a[1])
            let lines = try t.newList()
            let iterator = try t.iter(a[0])
            var total = 0
            while true {
                let line = try t.next(iterator)
                if line.isUnbound { break }
                try t.append(lines, line)
                if hint > 0 {
                    total += try t.length(line)
                    if total > hint { break }
                }
            }
            return lines.value
        }
        b.method("writelines", "($self, lines, /)", "Write a list of lines to stream.\n\nLine separators are not added, so it is usual for each of the\nlines provided to have a line separator at the end.") { (t, a) throws(Raised) in
            try t.checkStreamClosed(a[0])
            let iterator = try t.iter(a[1])
            while true {
                let line = try t.next(iterator)
                if line.isUnbound { return .none }
                _ = try t.callMethod(a[0], t.name(.write), line)
            }
        }
    }

    /// `_IOBase.readline`: by `peek` and `read`, or byte by byte.
    func readLineByPieces(_ v: Value, _ limit: Int) throws(Raised) -> Value {
        let peek = try getattrOrUnbound(v, intern("peek"))
        var line: [UInt8] = []
        while limit < 0 || line.count < limit {
            var wanted = 1
            if peek.isBound {
                let ahead = try call(peek, Value(smallInt: 1))
                if !ahead.isKind(.bytes) { throw raise(.osError, "peek() should have returned a bytes object, not '\(typeName(ahead))'") }
                let bytes = BytesObject(ahead)
                if bytes.count > 0 {
                    wanted = 0
                    while wanted < bytes.count && (limit < 0 || line.count + wanted < limit) {
                        wanted += 1
                        if bytes.data[wanted - 1] == 10 { break }
                    }
                }
            }
            let piece = try callMethod(v, name(.read), Value(smallInt: wanted))
            if !piece.isKind(.bytes) { throw raise(.osError, "read() should have returned a bytes object, not '\(typeName(piece))'") }
            if BytesObject(piece).count == 0 { break }
            line.append(contentsOf: BytesObject(piece).buffer)
            if line.last == 10 { break }
        }
        return try bytes(line)
    }

    private func defineRawIOBase(_ cells: NativeLayout) throws(Raised) {
        try defineIOType(.rawIOBase, "_RawIOBase", base: .ioBase, cells) { b in
            b.doc("Base class for raw binary I/O.")
            b.method("read", "($self, size=-1, /)") { (t, a) throws(Raised) in
                let size = a[1].isUnbound ? -1 : try t.index(a[1])
                if size < 0 { return try t.callMethod(a[0], t.name(.readall)) }
                let area = try t.call(t.types.pointee.bytearray, t.int(size))
                let count = try t.callMethod(a[0], t.name(.readinto), area)
                if count.isNone { return count }
                let n = try t.index(count, overflow: .valueError)
                let view = try t.lend(area)
                defer { t.giveBack(view) }
                return try t.bytes(view.base?.assumingMemoryBound(to: UInt8.self), min(max(n, 0), view.count))
            }
            b.method("readall", "($self, /)", "Read until EOF, using multiple read() call.") { (t, a) throws(Raised) in
                var all: [UInt8] = []
                while true {
                    let piece = try t.retryInterrupted { () throws(Raised) in try t.callMethod(a[0], t.name(.read), Value(smallInt: defaultBufferSize)) }
                    if piece.isNone {
                        if all.isEmpty { return piece }
                        break
                    }
                    if !piece.isKind(.bytes) { throw t.raise(.typeError, "read() should return bytes") }
                    if BytesObject(piece).count == 0 { break }
                    all.append(contentsOf: BytesObject(piece).buffer)
                }
                return try t.bytes(all)
            }
        }
    }

    /// Calls `body` again as long as it raises InterruptedError (EINTR).
    func retryInterrupted(_ body: () throws(Raised) -> Value) throws(Raised) -> Value {
        while true {
            do throws(Raised) {
                return try body()
            } catch {
                if !pendingIs(.interruptedError) { throw error }
                _ = takePending()
                try checkSignals()
            }
        }
    }

    private func defineBufferedIOBase(_ cells: NativeLayout) throws(Raised) {
        try defineIOType(.bufferedIOBase, "_BufferedIOBase", base: .ioBase, cells) { b in
            b.doc("Base class for buffered IO objects.\n\nThe main difference with RawIOBase is that the read() method\nsupports omitting the size argument, and does not have a default\nimplementation that defers to readinto().\n\nIn addition, read(), readinto() and write() may raise\nBlockingIOError if the underlying raw stream is in non-blocking\nmode and not ready; unlike their raw counterparts, they will never\nreturn None.\n\nA typical implementation should not inherit from a RawIOBase\nimplementation, but wrap one.\n")
            b.method("detach", "($self, /)", "Disconnect this buffer from its underlying raw stream and return it.\n\nAfter the raw stream has been detached, the buffer is in an unusable\nstate.") { (t, a) throws(Raised) in throw t.unsupported("detach") }
            b.method("read", "($self, size=-1, /)", "Read and return up to n bytes.\n\nIf the size argument is omitted, None, or negative, read and\nreturn all data until EOF.\n\nIf the size argument is positive, and the underlying raw stream is\nnot 'interactive', multiple raw reads may be issued to satisfy\nthe byte count (unless EOF is reached first).\nHowever, for interactive raw streams (as well as sockets and pipes),\nat most one raw read will be issued, and a short result does not\nimply that EOF is imminent.\n\nReturn an empty bytes object on EOF.\n\nReturn None if the underlying raw stream was open in non-blocking\nmode and no data is available at the moment.") { (t, a) throws(Raised) in throw t.unsupported("read") }
            b.method("read1", "($self, size=-1, /)", "Read and return up to size bytes, with at most one read() call to the underlying raw stream.\n\nReturn an empty bytes object on EOF.\nA short result does not imply that EOF is imminent.") { (t, a) throws(Raised) in throw t.unsupported("read1") }
            b.method("write", "($self, b, /)", "Write buffer b to the IO stream.\n\nReturn the number of bytes written, which is always\nthe length of b in bytes.\n\nRaise BlockingIOError if the buffer is full and the\nunderlying raw stream cannot accept more data at the moment.") { (t, a) throws(Raised) in throw t.unsupported("write") }
            b.method("readinto", "($self, buffer, /)") { (t, a) throws(Raised) in try t.readIntoByReading(a[0], a[1], "read") }
            b.method("readinto1", "($self, buffer, /)") { (t, a) throws(Raised) in try t.readIntoByReading(a[0], a[1], "read1") }
        }
    }

    private func readIntoByReading(_ v: Value, _ target: Value, _ method: StaticString) throws(Raised) -> Value {
        let view = try lendWritable(target, "readinto() argument")
        defer { giveBack(view) }
        let data = try callMethod(v, intern(method), int(view.count))
        if !data.isKind(.bytes) { throw raise(.typeError, "read() should return bytes") }
        let bytes = BytesObject(data)
        if bytes.count > view.count {
            throw raise(.valueError, "read() returned too much data: \(view.count) bytes requested, \(bytes.count) returned")
        }
        if bytes.count > 0 { view.base?.copyMemory(from: bytes.data, byteCount: bytes.count) }
        return int(bytes.count)
    }

    private func defineTextIOBase(_ cells: NativeLayout) throws(Raised) {
        try defineIOType(.textIOBase, "_TextIOBase", base: .ioBase, cells) { b in
            b.doc("Base class for text I/O.\n\nThis class provides a character and line based interface to stream\nI/O. There is no readinto method because Python's character strings\nare immutable.\n")
            b.method("detach", "($self, /)", "Separate the underlying buffer from the TextIOBase and return it.\n\nAfter the underlying buffer has been detached, the TextIO is in an unusable state.") { (t, a) throws(Raised) in throw t.unsupported("detach") }
            b.method("read", "($self, size=-1, /)", "Read at most size characters from stream.\n\nRead from underlying buffer until we have size characters or we hit EOF.\nIf size is negative or omitted, read until EOF.") { (t, a) throws(Raised) in throw t.unsupported("read") }
            b.method("readline", "($self, size=-1, /)", "Read until newline or EOF.\n\nReturn an empty string if EOF is hit immediately.\nIf size is specified, at most size characters will be read.") { (t, a) throws(Raised) in throw t.unsupported("readline") }
            b.method("write", "($self, s, /)", "Write string s to stream.\n\nReturn the number of characters written\n(which is always equal to the length of the string).") { (t, a) throws(Raised) in throw t.unsupported("write") }
            b.getset("encoding", "Encoding of the text stream.\n\nSubclasses should override.", get: { (t, v) throws(Raised) in .none })
            b.getset("newlines", "Line endings translated so far.\n\nOnly line endings translated during reading are considered.\n\nSubclasses should override.", get: { (t, v) throws(Raised) in .none })
            b.getset("errors", "The error setting of the decoder or encoder.\n\nSubclasses should override.", get: { (t, v) throws(Raised) in .none })
        }
    }
}

extension Thread {
    // MARK: Lent buffers

    /// The bytes that `value` lends; give them back with `giveBack`.
    /// - Throws: TypeError "a bytes-like object is required, not 'X'".
    func lend(_ value: Value) throws(Raised) -> BufferView {
        if value.isKind(.bytes) {
            let bytes = BytesObject(value)
            return BufferView(base: UnsafeMutableRawPointer(bytes.data), count: bytes.count, isReadOnly: true, owner: .unbound)
        }
        let slot = type(of: value).slots.pointee.buffer
        if !slot.isSet { throw raise(.typeError, "a bytes-like object is required, not '\(typeName(value))'") }
        return try slot(self, value, .simple)
    }

    /// The bytes that `value` lends for writing; `place` begins the message: "readinto() argument must be read-write bytes-like object, not str".
    func lendWritable(_ value: Value, _ place: String) throws(Raised) -> BufferView {
        let slot = type(of: value).slots.pointee.buffer
        if slot.isSet && !value.isKind(.bytes) {
            do throws(Raised) {
                let view = try slot(self, value, .writable)
                if !view.isReadOnly { return view }
                giveBack(view)
            } catch { _ = takePending() }
        }
        throw raise(.typeError, "\(place) must be read-write bytes-like object, not \(argumentTypeName(value))")
    }

    func giveBack(_ view: BufferView) {
        if view.owner.isUnbound { return }
        let slot = type(of: view.owner).slots.pointee.releaseBuffer
        if slot.isSet {
            let pending = takePending()
            do throws(Raised) { try slot(self, view.owner) } catch { _ = takePending() }
            if pending.isBound { _ = restore(pending) }
        }
    }
}
