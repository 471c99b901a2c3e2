// `_signal`: Python handlers for signals. The C handler notes a signal; the Python one runs at the next safe point.

import CTaipan
#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import TaipanRuntime

/// The process's signals.
public enum Signals {
    static var count: Int { 65 }

    /// Makes the interpreter the one whose thread handles the process's signals: SIGINT raises KeyboardInterrupt, SIGPIPE and SIGXFSZ are ignored.
    public static func install(_ t: Thread) throws(Raised) {
        try t.prepareSignalHandlers()
        ctaipan_signal_watch(&t.state.pointee.breaker)
        for number in [SIGPIPE, SIGXFSZ] where ctaipan_signal_get(number) == 0 {
            _ = ctaipan_signal_set(number, 1)
            ListObject(t.objects.pointee.signalHandlers)[Int(number)] = Value(smallInt: 1)
        }
        if ctaipan_signal_get(SIGINT) == 0 {
            let module = try t.importModule(t.intern("_signal"), .none, t.objects.pointee.emptyTuple, 0)
            ListObject(t.objects.pointee.signalHandlers)[Int(SIGINT)] = try t.getattr(module, t.intern("default_int_handler"))
            _ = ctaipan_signal_set(SIGINT, 2)
        }
    }

    /// As if the signal had come; without a handler of the program nothing happens.
    static func simulate(_ t: Thread, _ number: Int32) {
        let handlers = t.objects.pointee.signalHandlers
        if handlers.isKind(.list), Int(number) < ListObject(handlers).count, ListObject(handlers)[Int(number)].isSmallInt { return }
        ctaipan_signal_note(number)
    }

    /// Signals that end a process unless it does something about them.
    private static var ending: [Int32] { [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGPROF, SIGXCPU] }

    /// Where somebody watches the run: signals that would end the process on the spot do so at the next safe point, after the observer was told.
    /// The program sees the default handler as before.
    public static func watchEndings() { for number in ending { watchEnding(number) } }

    fileprivate static func watchEnding(_ number: Int32) {
        if ending.contains(number) && ctaipan_signal_get(number) == 0 { _ = ctaipan_signal_set(number, 2) }
    }

    /// Ends the process as the signal's default does.
    fileprivate static func end(_ t: Thread, by number: Int32) {
        t.tell(.processEnds(how: "signal", status: -Int(number)))
        _ = ctaipan_signal_set(number, 0)
        var only = sigset_t()
        sigemptyset(&only)
        sigaddset(&only, number)
        pthread_sigmask(SIG_UNBLOCK, &only, nil)
        raise(number)
    }
}

enum SignalModule {
    static func define(_ b: ModuleBuilder) throws(Raised) {
        b.str("__doc__", "This module provides mechanisms to use signal handlers in Python.")
        try b.t.prepareSignalHandlers()
        for (name, value) in constants { b.int(name, Int(value)) }
        let itimerError = try b.exception("ItimerError", base: b.t.types.pointee.osError)
        try b.t.setattr(itimerError, b.t.intern("__module__"), b.t.intern("signal"))
        try b.t.setattr(itimerError, b.t.intern("__name__"), b.t.intern("itimer_error"))
        defineHandlers(b)
        defineTimers(b)
        defineMasks(b)
    }

    private static func defineHandlers(_ b: ModuleBuilder) {
        b.function("default_int_handler", "($module, signalnum, frame, /)", "The default handler for SIGINT: raises KeyboardInterrupt.") { (t, _) throws(Raised) in
            throw t.raise(.keyboardInterrupt)
        }
        b.function("signal", "($module, signalnum, handler, /)", "Set what happens at a signal; gives what happened before.") { (t, a) throws(Raised) in
            if !t.isMainThread { throw t.raise(.valueError, "signal only works in main thread of the main interpreter") }
            let number = try t.signalNumber(a[0])
            let disposition: Int32
            if a[1].isSmallInt && (a[1].smallInt == 0 || a[1].smallInt == 1) {
                disposition = Int32(a[1].smallInt)
            } else if t.isInt(a[1]), try t.equals(a[1], Value(smallInt: 0)) {
                disposition = 0
            } else if t.isInt(a[1]), try t.equals(a[1], Value(smallInt: 1)) {
                disposition = 1
            } else if t.type(of: a[1]).slots.pointee.call.isSet {
                disposition = 2
            } else {
                throw t.raise(.typeError, "signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object")
            }
            try t.checkSignals()
            if ctaipan_signal_set(number, disposition) != 0 { throw t.osError(ctaipan_get_errno()) }
            if disposition == 0 && t.interp.pointee.runObserver != nil { Signals.watchEnding(number) }
            ctaipan_signal_watch(&t.state.pointee.breaker)
            let handlers = ListObject(t.objects.pointee.signalHandlers)
            let old = handlers[Int(number)]
            handlers[Int(number)] = disposition < 2 ? Value(smallInt: Int(disposition)) : a[1]
            return old
        }
        b.function("getsignal", "($module, signalnum, /)", "What happens at a signal.") { (t, a) throws(Raised) in
            ListObject(t.objects.pointee.signalHandlers)[Int(try t.signalNumber(a[0]))]
        }
        b.function("raise_signal", "($module, signalnum, /)", "Send a signal to the process itself.") { (t, a) throws(Raised) in
            if raise(Int32(truncatingIfNeeded: try t.index(a[0], overflow: .overflowError))) != 0 { throw t.osError(ctaipan_get_errno()) }
            try t.checkSignals()
            return .none
        }
        b.function("strsignal", "($module, signalnum, /)", "The system's description of a signal.") { (t, a) throws(Raised) in
            let number = try t.signalNumber(a[0])
            guard let text = strsignal(number) else { return .none }
            let description = String(cString: text)
            return description.hasPrefix("Unknown signal") ? .none : t.str(description)
        }
        b.function("set_wakeup_fd", "!($module, fd, /, *, warn_on_full_buffer=True)", "The descriptor to which a signal's number is written; gives the one before.") { (t, a) throws(Raised) in
            if !t.isMainThread { throw t.raise(.valueError, "set_wakeup_fd only works in main thread of the main interpreter") }
            let descriptor = try t.index(a[0], overflow: .overflowError)
            if descriptor != -1 {
                var status = stat()
                guard let fd = Int32(exactly: descriptor), fstat(fd, &status) == 0 else { throw t.osError(descriptor < 0 ? EBADF : ctaipan_get_errno()) }
                if ctaipan_fcntl(fd, F_GETFL, 0) & O_NONBLOCK == 0 { throw t.raise(.valueError, "the fd \(fd) must be in non-blocking mode") }
            }
            return t.int(Int(ctaipan_signal_set_wakeup(Int32(truncatingIfNeeded: descriptor))))
        }
        b.function("siginterrupt", "($module, signalnum, flag, /)", "Whether system calls are interrupted by a signal.") { (t, a) throws(Raised) in
            let number = try t.signalNumber(a[0])
            if siginterrupt(number, try t.truth(a[1]) ? 1 : 0) != 0 { throw t.osError(ctaipan_get_errno()) }
            return .none
        }
    }

    private static func defineTimers(_ b: ModuleBuilder) {
        b.function("alarm", "($module, seconds, /)", "Have SIGALRM sent in so many seconds.") { (t, a) throws(Raised) in
            t.int(Int(alarm(UInt32(truncatingIfNeeded: try t.index(a[0], overflow: .overflowError)))))
        }
        b.function("pause", "($module, /)", "Wait for a signal.") { (t, _) throws(Raised) in
            _ = t.blocking { pause() }
            try t.checkSignals()
            return .none
        }
        b.function("setitimer", "($module, which, seconds, interval=0.0, /)", "Set an interval timer; gives its old value.") { (t, a) throws(Raised) in
            let which = try t.index(a[0], overflow: .overflowError)
            var new = itimerval(), old = itimerval()
            new.it_value = try t.timerValue(a[1])
            if a[2].isBound { new.it_interval = try t.timerValue(a[2]) }
            if setTimer(which, &new, &old) != 0 { throw try t.timerError() }
            return try t.timerTuple(old)
        }
        b.function("getitimer", "($module, which, /)", "The value of an interval timer.") { (t, a) throws(Raised) in
            var old = itimerval()
            if setTimer(try t.index(a[0], overflow: .overflowError), nil, &old) != 0 { throw try t.timerError() }
            return try t.timerTuple(old)
        }
    }

    private static func setTimer(_ which: Int, _ new: UnsafePointer<itimerval>?, _ old: UnsafeMutablePointer<itimerval>) -> Int32 {
        guard let which = Int32(exactly: which), which >= 0, which <= 2 else {
            ctaipan_set_errno(EINVAL)
            return -1
        }
        #if os(Linux)
        let kind = __itimer_which_t(UInt32(which))
        guard let new else { return getitimer(kind, old) }
        return setitimer(kind, new, old)
        #else
        guard let new else { return getitimer(which, old) }
        return setitimer(which, new, old)
        #endif
    }

    private static func defineMasks(_ b: ModuleBuilder) {
        b.function("pthread_kill", "($module, thread_id, signalnum, /)", "Send a signal to a thread.") { (t, a) throws(Raised) in
            try t.audit("signal.pthread_kill", a[0], a[1])
            let number = try t.index(a[1], overflow: .overflowError)
            let code = ctaipan_thread_signal(try t.index(a[0], overflow: .overflowError), Int32(truncatingIfNeeded: number))
            if code != 0 { throw t.osError(code) }
            try t.checkSignals()
            return .none
        }
        b.function("pthread_sigmask", "($module, how, mask, /)", "Change the signals that are blocked; gives those that were.") { (t, a) throws(Raised) in
            let how = try t.index(a[0], overflow: .overflowError)
            var new = try t.signalSet(a[1]), old = sigset_t()
            let code = pthread_sigmask(Int32(truncatingIfNeeded: how), &new, &old)
            if code != 0 { throw t.osError(code) }
            try t.checkSignals()
            return try t.signalSetValue(&old)
        }
        b.function("sigpending", "($module, /)", "The signals that wait because they are blocked.") { (t, _) throws(Raised) in
            var set = sigset_t()
            if sigpending(&set) != 0 { throw t.osError(ctaipan_get_errno()) }
            return try t.signalSetValue(&set)
        }
        b.function("sigwait", "($module, sigset, /)", "Wait for one of the signals; gives its number.") { (t, a) throws(Raised) in
            var set = try t.signalSet(a[0]), number: Int32 = 0
            let code = t.blocking { sigwait(&set, &number) }
            if code != 0 { throw t.osError(code) }
            return t.int(Int(number))
        }
        b.function("valid_signals", "($module, /)", "The signals that the system knows.") { (t, _) throws(Raised) in
            var set = sigset_t()
            sigfillset(&set)
            return try t.signalSetValue(&set)
        }
    }

    private static var constants: [(StaticString, Int32)] {
        let shared: [(StaticString, Int32)] = [
            ("NSIG", Int32(Signals.count)), ("SIG_DFL", 0), ("SIG_IGN", 1), ("SIG_BLOCK", Int32(SIG_BLOCK)), ("SIG_UNBLOCK", Int32(SIG_UNBLOCK)),
            ("SIG_SETMASK", Int32(SIG_SETMASK)), ("SIGHUP", SIGHUP), ("SIGINT", SIGINT), ("SIGQUIT", SIGQUIT), ("SIGILL", SIGILL), ("SIGTRAP", SIGTRAP),
            ("SIGIOT", SIGABRT), ("SIGABRT", SIGABRT), ("SIGFPE", SIGFPE), ("SIGKILL", SIGKILL), ("SIGBUS", SIGBUS), ("SIGSEGV", SIGSEGV),
            ("SIGSYS", SIGSYS), ("SIGPIPE", SIGPIPE), ("SIGALRM", SIGALRM), ("SIGTERM", SIGTERM), ("SIGUSR1", SIGUSR1), ("SIGUSR2", SIGUSR2),
            ("SIGCHLD", SIGCHLD), ("SIGIO", SIGIO), ("SIGURG", SIGURG), ("SIGWINCH", SIGWINCH), ("SIGSTOP", SIGSTOP), ("SIGTSTP", SIGTSTP),
            ("SIGCONT", SIGCONT), ("SIGTTIN", SIGTTIN), ("SIGTTOU", SIGTTOU), ("SIGVTALRM", SIGVTALRM), ("SIGPROF", SIGPROF), ("SIGXCPU", SIGXCPU),
            ("SIGXFSZ", SIGXFSZ), ("ITIMER_REAL", 0), ("ITIMER_VIRTUAL", 1), ("ITIMER_PROF", 2),
        ]
        #if os(Linux)
        return shared + [("SIGCLD", SIGCHLD), ("SIGPWR", SIGPWR), ("SIGPOLL", SIGPOLL), ("SIGRTMIN", 34), ("SIGRTMAX", 64), ("SIGSTKFLT", SIGSTKFLT)]
        #else
        return shared
        #endif
    }
}

extension Thread {
    /// The table of handlers, and the hook that runs them at safe points.
    fileprivate func prepareSignalHandlers() throws(Raised) {
        if objects.pointee.signalHandlers.isBound { return }
        let handlers = try newList(capacity: Signals.count)
        try append(handlers, .none)
        for number in 1..<Signals.count {
            let disposition = ctaipan_signal_get(Int32(number))
            try append(handlers, disposition == 0 || disposition == 1 ? Value(smallInt: Int(disposition)) : .none)
        }
        objects.pointee.signalHandlers = handlers.value
        interp.pointee.signalHandler = { (t) throws(Raised) in
            if !t.isMainThread { return }
            while true {
                let number = ctaipan_signal_take()
                if number == 0 { return }
                try t.runSignalHandler(Int(number))
            }
        }
    }

    private func runSignalHandler(_ number: Int) throws(Raised) {
        let handler = ListObject(objects.pointee.signalHandlers)[number]
        if !type(of: handler).slots.pointee.call.isSet {
            // The default, and yet it was noted: an observer is to hear of it first.
            if handler == Value(smallInt: 0), ctaipan_signal_get(Int32(number)) == 2 { Signals.end(self, by: Int32(number)) }
            return
        }
        let frame: Value = if let fp = state.pointee.frame { try frameObject(fp) } else { .none }
        do throws(Raised) {
            _ = try call(handler, int(number), frame)
        } catch {
            // Signals still waiting get their turn at the next safe point.
            state.pointee.breaker |= 1
            throw error
        }
    }

    fileprivate func signalNumber(_ value: Value) throws(Raised) -> Int32 {
        let number = try index(value, overflow: .overflowError)
        if number < 1 || number >= Signals.count { throw raise(.valueError, "signal number out of range") }
        return Int32(number)
    }

    fileprivate func signalSet(_ iterable: Value) throws(Raised) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        try forEach(iterable) { (item) throws(Raised) in
            let number = try index(item, overflow: .overflowError)
            if number < 1 || number >= Signals.count { throw raise(.valueError, "signal number \(number) out of range [1; \(Signals.count - 1)]") }
            sigaddset(&set, Int32(number))
        }
        return set
    }

    fileprivate func signalSetValue(_ set: UnsafeMutablePointer<sigset_t>) throws(Raised) -> Value {
        let numbers = try newList()
        for number in 1..<Signals.count where sigismember(set, Int32(number)) == 1 { try append(numbers, int(number)) }
        return try call(types.pointee.set, numbers.value)
    }

    fileprivate func timerValue(_ value: Value) throws(Raised) -> timeval {
        let seconds = isFloat(value) ? double(value) : Double(try index(value, overflow: .overflowError))
        if !seconds.isFinite || seconds.magnitude > 1e15 { throw raise(.overflowError, "timestamp out of range for platform time_t") }
        let whole = seconds.rounded(.down)
        var parts = timeval()
        parts.tv_sec = numericCast(Int(whole))
        parts.tv_usec = numericCast(min(Int(((seconds - whole) * 1_000_000).rounded(.up)), 999_999))
        return parts
    }

    fileprivate func timerTuple(_ timer: itimerval) throws(Raised) -> Value {
        func seconds(_ parts: timeval) -> Double { Double(parts.tv_sec) + Double(parts.tv_usec) * 1e-6 }
        return try tuple(float(seconds(timer.it_value)), float(seconds(timer.it_interval)))
    }

    fileprivate func timerError() throws(Raised) -> Raised {
        let code = ctaipan_get_errno()
        let module = try importModule(intern("_signal"), .none, objects.pointee.emptyTuple, 0)
        let type = try getattr(module, intern("ItimerError"))
        return raise(exception: try call(type, int(Int(code)), str(systemErrorText(code))))
    }
}
