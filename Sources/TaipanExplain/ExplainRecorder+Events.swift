// What happens now and then: start-up, imports, output, collections, finalizers, the end.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

extension ExplainRecorder {
    public func happened(_ t: Thread, _ event: RunEvent) {
        if hasEnded { return }
        switch event {
        case .startedUp(let step, let detail): events.startedUp(step, detail, bytes: t.heap.pointee.bytesInUse)
        case .importBegins(let name): importBegins(name)
        case .importFound(let finding): importFound(finding)
        case .importEnds(let name, let succeeded, let all, let own): importEnds(name, succeeded, all, own)
        case .textWritten(let stream, let text, let byteCount): wrote(t, stream, text, byteCount)
        case .transferred(let descriptor, let byteCount, let reason, let microseconds): transferred(descriptor, byteCount, reason, microseconds)
        case .collected(let reason, let microseconds, let before, let after): collected(reason, microseconds, before, after)
        case .finalizes(let object, let isCallback): finalizes(t, object, isCallback)
        case .exitFunctionRan(let function, let microseconds): exitFunctionRan(t, function, microseconds)
        case .threadStarts(let function): attach(self.event("thread", "starts a thread that runs " + text(t, function)), to: currentStep)
        case .threadEnds: threadEnds(t)
        case .lockTaken: if hasBegun { _ = current(t) }
        case .cacheFilled(let form, let isAnew): cacheFilled(t, form, isAnew)
        case .cachesEmptied: attach(self.event("specialize", "every cache of an attribute is emptied, for a class has changed"), to: currentStep)
        case .startupCode(let begins): startupDepth += begins ? 1 : -1
        case .processEnds(let how, let status): processEnds(t, "\(how)", status)
        case .forked:
            isForked = true
            hasEnded = true
        }
    }

    /// The instruction that is under way, 0 outside recorded ones.
    private var currentStep: Int { thread?.pointee.currentStep ?? 0 }

    private func text(_ t: Thread, _ value: Value) -> String {
        var words = ValueCapture(t, scratch, ExplainRecorder.scratchWords)
        words.add(value)
        var reader = ValueText(t, scratch)
        return reader.next()
    }

    /// A state that comes later at the same address is another thread's.
    private func threadEnds(_ t: Thread) {
        guard let i = threads.firstIndex(where: { $0.pointee.state == t.state }) else { return }
        let one = threads.remove(at: i)
        if thread == one {
            thread = nil
            lineTrack = nil
        }
        one.pointee.free()
        one.deallocate()
    }

    /// Caches of library code belong to no recorded instruction.
    private func cacheFilled(_ t: Thread, _ form: String, _ isAnew: Bool) {
        guard let thread, thread.pointee.state == t.state, thread.pointee.count > 0, thread.pointee.top.pointee.frame.number != 0 else { return }
        attach(event("specialize", (isAnew ? "filled anew, " : "") + form), to: thread.pointee.top.pointee.lastStep)
    }

    // MARK: Imports

    private func importBegins(_ name: String) {
        var made = ImportRecord()
        made.name = name
        made.depth = events.openImports.count
        made.step = hasBegun ? total : 0
        if events.imports.count < EventLog.importLimit { events.imports.append(made) }
        events.openImports.append((events.imports.count <= EventLog.importLimit ? events.imports.count - 1 : -1, currentStep))
    }

    private func importFound(_ finding: ImportFinding) {
        guard let open = events.openImports.last, open.index >= 0 else { return }
        events.imports[open.index].result = finding.result
        events.imports[open.index].reason = finding.reason
        events.imports[open.index].source = finding.source
        events.imports[open.index].cache = finding.cache
    }

    private func importEnds(_ name: String, _ succeeded: Bool, _ all: Double, _ own: Double) {
        guard let open = events.openImports.popLast(), open.index >= 0 else { return }
        events.imports[open.index].microseconds = all
        events.imports[open.index].ownMicroseconds = own
        if !succeeded {
            let found = events.imports[open.index].result
            events.imports[open.index].reason = found == ImportFinding.unusable ? events.imports[open.index].reason
                : found.isEmpty ? "no module of that name" : "its code raised (\(found): \(events.imports[open.index].reason))"
            events.imports[open.index].result = "failed"
        } else if events.imports[open.index].result.isEmpty {
            events.imports[open.index].result = "already there"
            events.imports[open.index].reason = "its parent imported it"
        }
        let record = events.imports[open.index]
        if open.step != 0 { attach(event("import", "\(name): \(record.result), \(record.reason)"), to: open.step) }
    }

    // MARK: Output

    private func wrote(_ t: Thread, _ stream: Int, _ value: Value, _ byteCount: Int) {
        let frame = thread?.pointee.innermostDetailed
        let info = frame.map { codes[$0.pointee.track.pointee.index] }
        let text = StrObject(value)
        if watchesUncaught && stream == 2 && uncaught.utf8.count < 1 << 16 { uncaught += ExplainRecorder.prefix(text, bytes: 1 << 14) }
        events.output.wrote(stream, step: hasBegun ? total : 0, file: info?.file ?? "", line: info?.line(at: frame?.pointee.lineUnit ?? 0) ?? 0, byteCount: byteCount) { most in
            ExplainRecorder.prefix(text, bytes: most)
        }
        attach(event("write", (stream == 1 ? "stdout: " : "stderr: ") + ValueText.cut(ExplainRecorder.prefix(text, bytes: 400))), to: currentStep)
    }

    /// The text as far as it takes no more than so many bytes; lone surrogates show as U+FFFD.
    static func prefix(_ text: StrObject, bytes: Int) -> String {
        var scalars = String.UnicodeScalarView()
        var room = bytes
        for i in 0..<text.count {
            let c = text[i]
            room -= c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4
            if room < 0 { break }
            scalars.append(Unicode.Scalar(UInt32(c)) ?? "\u{FFFD}")
        }
        return String(scalars)
    }

    private func transferred(_ descriptor: Int, _ byteCount: Int, _ reason: StaticString, _ microseconds: Double) {
        var transfer = OutputRecord.Transfer()
        transfer.step = hasBegun ? total : 0
        transfer.descriptor = descriptor
        transfer.byteCount = byteCount
        transfer.reason = "\(reason)"
        transfer.microseconds = microseconds
        events.output.transferred(transfer)
    }

    // MARK: Memory

    private func collected(_ reason: StaticString, _ microseconds: Double, _ before: Int, _ after: Int) {
        events.allocated += max(0, before - events.left)
        events.left = after
        if events.collections.count >= EventLog.collectionLimit { return }
        var collection = ExecutionRecord.Collection()
        collection.step = hasBegun ? total : 0
        collection.reason = "\(reason)"
        collection.microseconds = microseconds
        collection.bytesBefore = before
        collection.bytesAfter = after
        events.collections.append(collection)
        attach(event("collection", "\(reason): \(before) bytes before, \(after) after, \(Int(microseconds.rounded())) µs"), to: currentStep)
    }

    private func finalizes(_ t: Thread, _ object: Value, _ isCallback: Bool) {
        let type = isCallback ? "weakref" : t.typeName(object)
        let isPython = t.type(of: object).has(TypeFlag.heap)
        let isGenerator = object.hasLayout(.generator) || object.hasLayout(.coroutine) || object.hasLayout(.asyncGenerator)
        // Of the others, some give memory back, which nobody notices.
        let isClosed = isGenerator || (!isPython && t.lookup(t.type(of: object), t.name(.close)).isBound)
        if !isCallback && !isPython && !isClosed { return }
        let action = isCallback ? "weak reference callback" : isClosed ? "closed" : "__del__"
        if events.finalized.count < EventLog.finalizedLimit {
            var made = OutputRecord.Finalized()
            made.type = type
            made.action = action
            events.finalized.append(made)
        }
        attach(event("finalize", "\(type): \(action)"), to: currentStep)
    }

    // MARK: The end

    private func exitFunctionRan(_ t: Thread, _ function: Value, _ microseconds: Double) {
        if events.exitFunctions.count >= EventLog.exitLimit { return }
        var made = OutputRecord.ExitFunction()
        made.name = text(t, function)
        made.microseconds = microseconds
        events.exitFunctions.append(made)
    }

    private func processEnds(_ t: Thread, _ how: String, _ status: Int) {
        record.ending = how
        record.exitStatus = how == "exec" ? nil : status
        collectRecord(t)
        onProcessEnd?(how, status)
    }
}
