// `sys.monitoring` (PEP 669): tools, what they want, and their callbacks. The values live in one list that the interpreter's objects
// hold: callbacks by tool and event, then the tools' names, then DISABLE and MISSING.

/// An interpreter's part of observation.
struct MonitoringState {
    /// By event: the set of tools that want it everywhere.
    var wanted: [UInt8] = Array(repeating: 0, count: ObservedEvent.allCases.count)
    /// By tool: set of events.
    var events: [Int] = Array(repeating: 0, count: ObservingTool.userCount)
    /// Code objects of which some tool wants events of its own.
    var localCodes = 0
    /// How often `restart_events` was called.
    var restarts = 0
    /// `f_trace_opcodes` was set somewhere: `sys.settrace` asks for opcode events from then on.
    var tracesOpcodes = false
    /// Everything is told to the interpreter's run observer.
    var tellsObserver = false

    /// Some tool of a program wants events.
    var hasTools: Bool { localCodes > 0 || events.contains { $0 != 0 } }
}

extension Thread {
    private static var eventCount: Int { ObservedEvent.allCases.count }
    private static var namesStart: Int { ObservingTool.userCount * eventCount }
    private static var disableIndex: Int { namesStart + ObservingTool.userCount }

    private func monitoringValues() throws(Raised) -> ListObject {
        if objects.pointee.monitoring.isBound { return ListObject(objects.pointee.monitoring) }
        let made = try newList()
        for _ in 0..<Thread.disableIndex { try append(made, .none) }
        for _ in 0..<2 { try append(made, try call(types.pointee.object)) }
        objects.pointee.monitoring = made.value
        return made
    }

    /// What stands for the first argument of a call without arguments.
    func missingArgument() throws(Raised) -> Value { try monitoringValues().items[Thread.disableIndex + 1] }

    func reportToTool(_ tool: Int, _ event: ObservedEvent, _ observed: UnsafeMutablePointer<ObservedCode>, _ unit: Int, _ x: Value, _ y: Value) throws(Raised) {
        let values = try monitoringValues()
        let callback = values.items[tool * Thread.eventCount + event.rawValue]
        if callback.isNone { return }
        let code = observed.pointee.ordinary.pointee.code
        let result: Value
        switch event {
        case .line: result = try call(callback, code, x)
        case .call, .cReturn, .cRaise: result = try call(callback, code, int(unit * 2), x, y)
        default: result = x.isUnbound ? try call(callback, code, int(unit * 2)) : try call(callback, code, int(unit * 2), x)
        }
        if result != values.items[Thread.disableIndex] { return }
        if event.rawValue >= ObservedEvent.localCount {
            values.items[tool * Thread.eventCount + event.rawValue] = .none
            throw raise(.valueError, "Cannot disable \(event.name) events. Callback removed.")
        }
        if observed.pointee.restarts != interp.pointee.monitoring.restarts {
            observed.pointee.disabled = [:]
            observed.pointee.restarts = interp.pointee.monitoring.restarts
        }
        observed.pointee.disabled[unit << 8 | event.rawValue, default: 0] |= 1 << UInt8(tool)
    }

    // MARK: The module

    /// Adds `sys.monitoring`.
    func defineMonitoring(_ sys: ModuleBuilder) throws(Raised) {
        let dict = newDict()
        let b = ModuleBuilder(t: self, module: moduleOver(dict), dict: dict, name: intern("sys.monitoring"))
        b.set("__name__", intern("sys.monitoring"))
        for name in ["__doc__", "__package__", "__loader__", "__spec__"] as [StaticString] { b.set(name, .none) }
        defineToolFunctions(b)
        defineEventFunctions(b)
        let events = newDict()
        for event in ObservedEvent.allCases { try events.setString(self, intern(event.name), int(event.bit)) }
        try events.setString(self, intern("NO_EVENTS"), int(0))
        b.set("events", newSimpleNamespace(events))
        b.int("DEBUGGER_ID", 0)
        b.int("COVERAGE_ID", 1)
        b.int("PROFILER_ID", 2)
        b.int("OPTIMIZER_ID", 5)
        let values = try monitoringValues()
        b.set("DISABLE", values.items[Thread.disableIndex])
        b.set("MISSING", values.items[Thread.disableIndex + 1])
        sys.set("monitoring", b.module)
    }

    private func toolNumber(_ value: Value) throws(Raised) -> Int {
        let n = try index32(value)
        if n < 0 || n >= ObservingTool.userCount { throw raise(.valueError, "invalid tool \(n) (must be between 0 and 5)") }
        return n
    }

    private func checkInUse(_ tool: Int) throws(Raised) {
        if try monitoringValues().items[Thread.namesStart + tool].isNone { throw raise(.valueError, "tool \(tool) is not in use") }
    }

    /// A number that CPython takes for a C int.
    private func index32(_ value: Value) throws(Raised) -> Int {
        let number = isInt(value) ? value : try int(index(value))
        guard let n = machineInt(number), n >= Int(Int32.min), n <= Int(Int32.max) else {
            throw raise(.overflowError, "Python int too large to convert to C int")
        }
        return n
    }

    private func defineToolFunctions(_ b: ModuleBuilder) {
        b.function("use_tool_id", "($module, tool_id, name, /)") { (t, a) throws(Raised) in
            let tool = try t.toolNumber(a[0])
            if !a[1].isKind(.str) { throw t.raise(.valueError, "tool name must be a str") }
            let values = try t.monitoringValues()
            if !values.items[Thread.namesStart + tool].isNone { throw t.raise(.valueError, "tool \(tool) is already in use") }
            values.items[Thread.namesStart + tool] = a[1]
            return .none
        }
        b.function("free_tool_id", "($module, tool_id, /)") { (t, a) throws(Raised) in
            try t.monitoringValues().items[Thread.namesStart + (try t.toolNumber(a[0]))] = .none
            return .none
        }
        b.function("get_tool", "($module, tool_id, /)") { (t, a) throws(Raised) in
            try t.monitoringValues().items[Thread.namesStart + (try t.toolNumber(a[0]))]
        }
        b.function("register_callback", "($module, tool_id, event, func, /)") { (t, a) throws(Raised) in
            let tool = try t.toolNumber(a[0]), event = try t.index32(a[1])
            guard event > 0, event.nonzeroBitCount == 1 else { throw t.raise(.valueError, "The callback can only be set for one event at a time") }
            guard event.trailingZeroBitCount < Thread.eventCount else { throw t.raise(.valueError, "invalid event \(event)") }
            try t.audit("sys.monitoring.register_callback", a[2])
            let values = try t.monitoringValues(), i = tool * Thread.eventCount + event.trailingZeroBitCount
            let old = values.items[i]
            values.items[i] = a[2]
            return old
        }
    }

    private func defineEventFunctions(_ b: ModuleBuilder) {
        b.function("get_events", "($module, tool_id, /)") { (t, a) throws(Raised) in t.int(t.interp.pointee.monitoring.events[try t.toolNumber(a[0])]) }
        b.function("set_events", "($module, tool_id, event_set, /)") { (t, a) throws(Raised) in
            let tool = try t.toolNumber(a[0]), given = try t.index32(a[1])
            if given < 0 || given >= 1 << Thread.eventCount { throw t.invalidEvents("event set", given) }
            let events = try t.withoutNativeEvents(given)
            try t.checkInUse(tool)
            t.interp.pointee.monitoring.events[tool] = events
            for event in ObservedEvent.allCases {
                let bit: UInt8 = 1 << UInt8(tool)
                let old = t.interp.pointee.monitoring.wanted[event.rawValue]
                t.interp.pointee.monitoring.wanted[event.rawValue] = events & event.bit != 0 ? old | bit : old & ~bit
            }
            try t.updateObservation()
            return .none
        }
        b.function("get_local_events", "($module, tool_id, code, /)") { (t, a) throws(Raised) in
            if !a[1].hasLayout(.code) { throw t.raise(.typeError, "code must be a code object") }
            let tool = try t.toolNumber(a[0])
            guard let observed = CodeCell(a[1]).lowered?.pointee.observed else { return t.int(0) }
            var events = 0
            for i in 0..<ObservedEvent.localCount where observed.pointee.local[i] & (1 << UInt8(tool)) != 0 { events |= 1 << i }
            return t.int(events)
        }
        b.function("set_local_events", "($module, tool_id, code, event_set, /)") { (t, a) throws(Raised) in
            if !a[1].hasLayout(.code) { throw t.raise(.typeError, "code must be a code object") }
            let tool = try t.toolNumber(a[0]), events = try t.withoutNativeEvents(try t.index32(a[2]))
            if events < 0 || events >= 1 << ObservedEvent.localCount { throw t.invalidEvents("local event set", events) }
            try t.checkInUse(tool)
            try t.setLocalEvents(CodeCell(a[1]), tool, events)
            return .none
        }
        b.function("restart_events", "($module, /)") { (t, _) throws(Raised) in
            t.interp.pointee.monitoring.restarts += 1
            return .none
        }
        b.function("_all_events", "($module, /)") { (t, _) throws(Raised) in
            let made = t.newDict()
            for event in ObservedEvent.allCases {
                var tools = t.interp.pointee.monitoring.wanted[event.rawValue]
                if t.state.pointee.observation.profileEvents & event.bit != 0 { tools |= 1 << ObservingTool.profile }
                if t.state.pointee.observation.traceEvents & event.bit != 0 { tools |= 1 << ObservingTool.trace }
                if tools != 0 { try made.setString(t, t.intern(event.name), t.int(Int(tools))) }
            }
            return made.value
        }
    }

    private func invalidEvents(_ what: String, _ events: Int) -> Raised {
        raise(.valueError, "invalid \(what) 0x\(String(UInt32(truncatingIfNeeded: events), radix: 16))")
    }

    /// C_RETURN and C_RAISE come with CALL, all three together.
    private func withoutNativeEvents(_ events: Int) throws(Raised) -> Int {
        let native = ObservedEvent.cReturn.bit | ObservedEvent.cRaise.bit, all = native | ObservedEvent.call.bit
        if events & native != 0 && events & all != all { throw raise(.valueError, "cannot set C_RETURN or C_RAISE events independently") }
        return events & ~native
    }

    private func setLocalEvents(_ code: CodeCell, _ tool: Int, _ events: Int) throws(Raised) {
        let observed = try observedCode(of: code)
        let had = observed.pointee.local.contains { $0 != 0 }
        let bit: UInt8 = 1 << UInt8(tool)
        for i in 0..<ObservedEvent.localCount {
            let old = observed.pointee.local[i]
            observed.pointee.local[i] = events & (1 << i) != 0 ? old | bit : old & ~bit
        }
        let has = observed.pointee.local.contains { $0 != 0 }
        interp.pointee.monitoring.localCodes += (has ? 1 : 0) - (had ? 1 : 0)
        try updateObservation()
    }
}
