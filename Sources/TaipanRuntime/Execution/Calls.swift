// Calls of Python functions: pushing and leaving frames, binding arguments, instantiation.

import CTaipan

extension Thread {
    // MARK: Frames

    /// Makes `arguments` slot 0 of a frame of `function` and enters it. The first `filled` locals are there already.
    /// - Throws: RecursionError.
    func pushFrame(_ arguments: UnsafeMutablePointer<Value>, _ function: Value, _ lowered: UnsafeMutablePointer<LoweredCode>, filled: Int,
                   caller: UnsafeMutablePointer<Value>?, destination: Int, flags: UInt) throws(Raised) {
        state.pointee.recursionRemaining &-= 1
        if state.pointee.recursionRemaining < 0 || arguments + lowered.pointee.frameSize >= state.pointee.stackLimit {
            state.pointee.recursionRemaining &+= 1
            throw recursionError()
        }
        arguments[FrameHeader.function] = function
        arguments[FrameHeader.lowered] = Value(bits: UInt(bitPattern: lowered))
        arguments[FrameHeader.caller] = Value(bits: UInt(bitPattern: caller))
        arguments[FrameHeader.ip] = Value(bits: UInt(bitPattern: lowered.pointee.words - 1))
        let fromGenerator = caller.map { $0.frameLowered.pointee.isGenerator } ?? false
        arguments[FrameHeader.flags] = Value(bits: UInt(bitPattern: destination) << 16 | flags | (fromGenerator ? FrameFlag.fromGenerator : 0))
        arguments[FrameHeader.object] = .unbound
        arguments[FrameHeader.namespace] = .unbound
        var n = filled
        while n < lowered.pointee.localCount {
            arguments[n] = .unbound
            n &+= 1
        }
        state.pointee.frame = arguments
        state.pointee.stackTop = arguments + lowered.pointee.frameSize
        if state.pointee.breaker != 0 {
            if state.pointee.observation.isActive { try observeFrame(arguments) }
            try safePoint()
        }
    }

    @inline(never) func recursionError() -> Raised {
        // Room for the exception to be made and handled.
        state.pointee.recursionRemaining &+= 50
        let raised = raise(.recursionError, "maximum recursion depth exceeded")
        state.pointee.recursionRemaining &-= 50
        return raised
    }

    /// Takes the running frame off: its frame object, if any, keeps what it needs. Gives the caller, nil for an entry frame.
    func popFrame(_ fp: UnsafeMutablePointer<Value>) -> UnsafeMutablePointer<Value>? {
        let flags = fp.frameFlags
        let caller = fp.frameCaller
        if fp[FrameHeader.object].isBound { detachFrameObject(fp) }
        // The header stays behind in the caller's temporaries, where it must not keep a new instance or a namespace alive.
        fp[FrameHeader.namespace] = .unbound
        state.pointee.recursionRemaining &+= 1
        state.pointee.frame = caller
        if flags & FrameFlag.generator != 0 {
            finishGenerator(fp)
        } else if flags & FrameFlag.entry == 0, let caller {
            let lowered = caller.frameLowered
            state.pointee.stackTop = lowered.pointee.isGenerator ? fp - FrameHeader.size : caller + lowered.pointee.frameSize
        } else {
            state.pointee.stackTop = fp - FrameHeader.size
        }
        return flags & FrameFlag.entry != 0 ? nil : caller
    }

    /// Returns `result` from the running frame: gives the caller's frame, its ip set to go on, or nil when the native `run` is to return.
    func leaveFrame(_ fp: UnsafeMutablePointer<Value>, _ result: Value) throws(Raised) -> UnsafeMutablePointer<Value>? {
        let flags = fp.frameFlags
        if flags & FrameFlag.initialize != 0 && !result.isNone {
            throw raise(.typeError, "__init__() should return None, not '\(typeName(result))'")
        }
        let instance = fp[FrameHeader.namespace]
        let kind = fp.gatheringKind
        // Leaving may allocate, and the loop's copy of the result is no root.
        state.pointee.leaving = kind == 0 ? result : generator(of: fp).gathered
        defer { state.pointee.leaving = .unbound }
        let lowered = fp.frameLowered
        let popped = popFrame(fp)
        if flags & FrameFlag.watched != 0 { frameEnded(fp, lowered, flags & FrameFlag.initialize != 0 ? instance : result) }
        guard let caller = popped else { return nil }
        let destination = Int(bitPattern: flags >> 16)
        var ip = caller.frameIP + (flags & FrameFlag.fromSubscript != 0 ? 1 : 2)
        if flags & FrameFlag.fromForIter != 0 {
            if state.pointee.observation.isActive { state.pointee.returnValue = result }
            ip += Int(truncatingIfNeeded: Int64(bitPattern: (ip - 1).pointee))
        } else if flags & FrameFlag.fromSend != 0 {
            caller[destination] = result
            ip += Int(truncatingIfNeeded: Int64(bitPattern: (ip - 1).pointee))
        } else {
            caller[destination] = kind != 0 ? try gatheringResult(kind, state.pointee.leaving) : flags & FrameFlag.initialize != 0 ? instance : result
        }
        caller[FrameHeader.ip] = Value(bits: UInt(bitPattern: ip - 1))
        return caller
    }

    // MARK: Entering a call from the interpreter

    /// Calls `callee` with `count` positional arguments at `arguments` and the keywords named by constant `keywords - 1`. Gives the new frame when
    /// one was pushed; nil when the call is done and its result is in slot `destination`. With `overlay`, the words below `arguments` may
    /// become the callee's frame header.
    @inline(never)
    func enterCall(_ fp: UnsafeMutablePointer<Value>, _ callee: Value, _ arguments: UnsafeMutablePointer<Value>, _ count: Int, _ keywords: Int,
                   _ destination: Int, overlay: Bool) throws(Raised) -> UnsafeMutablePointer<Value>? {
        let names: Value = keywords == 0 ? .unbound : fp.frameLowered.pointee.constants[keywords - 1]
        if callee.isCell {
            switch callee.cell.layout {
            case .function:
                return try enterFunction(fp, callee, arguments, count, names, destination, overlay)
            case .method:
                // The receiver takes the place of the second of the call's two places.
                let place = arguments - 1
                place.pointee = callee.cell[2]
                return try enterCall(fp, callee.cell[1], place, count + 1, keywords, destination, overlay: overlay)
            case .builtinFunction:
                let native = NativeFunction(callee)
                if native.arity.shortcut != 0 && count == 1 && names.isUnbound {
                    if native.arity.shortcut == Shortcut.length {
                        let length = knownLength(arguments.pointee)
                        if length >= 0 {
                            fp[destination] = Value(smallInt: length)
                            return nil
                        }
                    } else if let entered = try enterGathering(fp, native.arity.shortcut, arguments.pointee, destination) {
                        return entered
                    }
                }
                if native.arity.isDirect(count) && names.isUnbound && (native.owner.isUnbound || native.bound.isUnbound) {
                    fp[destination] = try native.body(self, Arguments(arguments, count))
                    return nil
                }
                fp[destination] = try callBuiltin(NativeFunction(callee), Arguments(arguments, count, names))
                return nil
            case .methodDescriptor where count > 0:
                let native = NativeFunction(callee)
                if native.arity.isDirect(count - 1) && names.isUnbound && type(of: arguments.pointee).value == native.owner {
                    fp[destination] = try native.body(self, Arguments(arguments, count))
                    return nil
                }
                fp[destination] = try callMethodDescriptor(NativeFunction(callee), Arguments(arguments, count, names))
                return nil
            case .type:
                if count == 1 && names.isUnbound && arguments.pointee.hasLayout(.generator) {
                    let kind = gathering(by: callee)
                    if kind != 0, let entered = try enterGathering(fp, kind, arguments.pointee, destination) { return entered }
                }
                if let entered = try enterInstantiation(fp, TypeObject(callee), arguments, count, names, destination, overlay) { return entered }
            default: break
            }
        }
        fp[destination] = try call(callee, Arguments(arguments, count, names))
        return nil
    }

    private func enterFunction(_ fp: UnsafeMutablePointer<Value>, _ callee: Value, _ arguments: UnsafeMutablePointer<Value>, _ count: Int, _ names: Value,
                               _ destination: Int, _ overlay: Bool) throws(Raised) -> UnsafeMutablePointer<Value> {
        let function = FunctionObject(callee)
        let lowered = try prepareFunction(function)
        var place = arguments
        if !overlay {
            let total = count + (names.isUnbound ? 0 : TupleObject(names).count)
            place = try copyAbove(arguments, total)
        }
        let filled = try bind(function, lowered, place, count, names)
        try pushFrame(place, callee, lowered, filled: filled, caller: fp, destination: destination, flags: 0)
        return place
    }

    /// Copies argument words above the running frame, leaving room for a frame header below them.
    func copyAbove(_ arguments: UnsafeMutablePointer<Value>, _ total: Int) throws(Raised) -> UnsafeMutablePointer<Value> {
        let place = state.pointee.stackTop + FrameHeader.size
        if place + total + 64 >= state.pointee.stackLimit { throw recursionError() }
        for i in 0..<max(total, 0) { place[i] = arguments[i] }
        return place
    }

    /// The lowered code of a function, lowered now if need be.
    func prepareFunction(_ function: FunctionObject) throws(Raised) -> UnsafeMutablePointer<LoweredCode> {
        if let lowered = function.lowered { return lowered }
        let lowered = try Lowering.lower(self, CodeCell(function.code))
        function.lowered = lowered
        return lowered
    }

    /// Instantiation of a Python class whose `__new__` is object's and whose `__init__` is a Python function: the
    /// instance is made here and `__init__` entered as a frame. Nil when the class needs the general way.
    private func enterInstantiation(_ fp: UnsafeMutablePointer<Value>, _ type: TypeObject, _ arguments: UnsafeMutablePointer<Value>, _ count: Int, _ names: Value,
                                    _ destination: Int, _ overlay: Bool) throws(Raised) -> UnsafeMutablePointer<Value>? {
        guard type.has(TypeFlag.heap), !type.has(TypeFlag.abstract), type.nativeBase == .object,
              type.slots.pointee.new.address == TypeObject(types.pointee.object).slots.pointee.new.address else { return nil }
        var initializer = type.cachedInit
        if initializer.isUnbound {
            assignVersion(type)
            initializer = lookup(type, name(.__init__))
            guard initializer.hasLayout(.function) else { return nil }
            type.cachedInit = initializer
        }
        let function = FunctionObject(initializer)
        let lowered = try prepareFunction(function)
        if lowered.pointee.isGenerator { return nil }
        let instance = Value(allocate(type))
        let total = count + (names.isUnbound ? 0 : TupleObject(names).count)
        // In place, the instance takes the place of the type, which lies right before the arguments.
        let place = overlay ? arguments - 1 : try copyAbove(arguments - 1, total + 1)
        place.pointee = instance
        let filled = try bind(function, lowered, place, count + 1, names)
        try pushFrame(place, initializer, lowered, filled: filled, caller: fp, destination: destination, flags: FrameFlag.initialize)
        place[FrameHeader.namespace] = instance
        return place
    }

    /// `callable(*args, **kwargs)` of CALL_FUNCTION_EX.
    @inline(never)
    func callFunctionEx(_ fp: UnsafeMutablePointer<Value>, _ destination: Int, _ callee: Value, _ positional: Value, _ keywords: Value) throws(Raised)
        -> UnsafeMutablePointer<Value>? {
        if keywords.isBound && !keywords.isKind(.dict) { throw malformedCode() }
        let arguments = positional.isKind(.tuple) ? positional : try starArguments(callee, positional)
        let keywordDict = keywords.isBound && DictObject(keywords).count > 0 ? keywords : .unbound
        if callee.hasLayout(.function) && keywordDict.isUnbound {
            let tuple = TupleObject(arguments)
            let place = try copyAbove(tuple.items, tuple.count)
            let lowered = try prepareFunction(FunctionObject(callee))
            let filled = try bind(FunctionObject(callee), lowered, place, tuple.count, .unbound)
            try pushFrame(place, callee, lowered, filled: filled, caller: fp, destination: destination, flags: 0)
            return place
        }
        fp[destination] = try call(callee, tuple: arguments, keywords: keywordDict)
        return nil
    }

    func starArguments(_ callee: Value, _ iterable: Value) throws(Raised) -> Value {
        let slots = type(of: iterable).slots
        if !slots.pointee.iter.isSet && !isSequence(iterable) {
            throw raise(.typeError, "\(functionText(callee)) argument after * must be an iterable, not \(typeName(iterable))")
        }
        return try tupleFrom(iterable).value
    }

    /// How messages name a callable: `module.qualname()` as CPython's `_PyObject_FunctionStr`.
    func functionText(_ callee: Value) -> String {
        if callee.isUnbound { return "object" }
        do throws(Raised) {
            let qualname = try getattrOrUnbound(callee, name(.__qualname__))
            guard qualname.isKind(.str) else { return string(try strOf(callee)) }
            let module = try getattrOrUnbound(callee, name(.__module__))
            if module.isKind(.str) && string(module) != "builtins" { return string(module) + "." + string(qualname) + "()" }
            return string(qualname) + "()"
        } catch {
            _ = takePending()
            return "object"
        }
    }

    // MARK: Calls from native code

    /// The call slot of functions.
    static func callFunctionObject(_ t: Thread, _ callee: Value, _ arguments: Arguments) throws(Raised) -> Value {
        try t.callFunction(FunctionObject(callee), arguments, namespace: .unbound)
    }

    /// Runs a Python function in a frame of its own, entered from native code.
    func callFunction(_ function: FunctionObject, _ arguments: Arguments, namespace: Value) throws(Raised) -> Value {
        let lowered = try prepareFunction(function)
        let total = arguments.count + (arguments.keywords.isUnbound ? 0 : TupleObject(arguments.keywords).count)
        try enterRecursion("", units: 2)
        defer { leaveRecursion(units: 2) }
        let place = try copyAbove(arguments.base, total)
        return try runFunction(function, lowered, place, arguments.count, arguments.keywords, namespace)
    }

    /// The same for one to four arguments, of which the unbound ones at the end are not given.
    func callFunction(_ function: FunctionObject, _ a: Value, _ b: Value, _ c: Value, _ d: Value) throws(Raised) -> Value {
        let lowered = try prepareFunction(function)
        try enterRecursion("", units: 2)
        defer { leaveRecursion(units: 2) }
        let place = state.pointee.stackTop + FrameHeader.size
        if place + 64 >= state.pointee.stackLimit { throw recursionError() }
        place[0] = a
        place[1] = b
        place[2] = c
        place[3] = d
        return try runFunction(function, lowered, place, b.isUnbound ? 1 : c.isUnbound ? 2 : d.isUnbound ? 3 : 4, .unbound, .unbound)
    }

    /// Runs `function` with the arguments at `place`, which lies above the running frame with room for a header below.
    @inline(__always)
    private func runFunction(_ function: FunctionObject, _ lowered: UnsafeMutablePointer<LoweredCode>, _ place: UnsafeMutablePointer<Value>, _ count: Int,
                             _ names: Value, _ namespace: Value) throws(Raised) -> Value {
        let savedTop = state.pointee.stackTop
        let filled = try bind(function, lowered, place, count, names)
        let caller = state.pointee.frame
        do throws(Raised) {
            try pushFrame(place, function.value, lowered, filled: filled, caller: caller, destination: 0, flags: FrameFlag.entry)
        } catch {
            state.pointee.frame = caller
            state.pointee.stackTop = savedTop
            throw error
        }
        place[FrameHeader.namespace] = namespace
        defer { state.pointee.stackTop = savedTop }
        return try run(place)
    }

    // MARK: Binding

    /// Turns the arguments at `place` (positional ones, then keyword values) into the function's locals. Gives how many locals are filled.
    func bind(_ function: FunctionObject, _ lowered: UnsafeMutablePointer<LoweredCode>, _ place: UnsafeMutablePointer<Value>, _ count: Int,
              _ names: Value) throws(Raised) -> Int {
        if lowered.pointee.simpleArgumentCount == count && names.isUnbound { return count }
        if lowered.pointee.parameterCount >= 0 && bindPlainly(function, lowered, place, count, names) { return lowered.pointee.parameterCount }
        return try bindGenerally(function, CodeCell(function.code), lowered, place, count, names)
    }

    /// Binds a call without star parameters whose keywords are the parameters' own name objects and whose gaps defaults fill;
    /// false, with nothing changed, when the call is not so plain or is wrong.
    private func bindPlainly(_ function: FunctionObject, _ lowered: UnsafeMutablePointer<LoweredCode>, _ place: UnsafeMutablePointer<Value>, _ count: Int,
                             _ names: Value) -> Bool {
        let total = lowered.pointee.parameterCount, positional = lowered.pointee.positionalCount
        if count > positional { return false }
        var keywordCount = 0
        if names.isBound {
            keywordCount = TupleObject(names).count
            if !findKeywords(lowered, place, count, TupleObject(names)) { return false }
        }
        let defaults = function.defaults
        let required = positional &- (defaults.isNoneOrUnbound ? 0 : TupleObject(defaults).count)
        if keywordCount == 0 {
            if count < required || total > positional && function.kwdefaults.isNoneOrUnbound { return false }
            var i = count
            while i < positional {
                place[i] = TupleObject(defaults)[i &- required]
                i &+= 1
            }
            return total == positional || fillKeywordDefaults(function, lowered, place)
        }
        return placeKeywords(function, lowered, place, count, keywordCount, required)
    }

    /// Checks that every keyword is the name of a parameter that no positional argument fills, none twice; notes the parameters' numbers
    /// in the words behind the values.
    private func findKeywords(_ lowered: UnsafeMutablePointer<LoweredCode>, _ place: UnsafeMutablePointer<Value>, _ count: Int, _ names: TupleObject) -> Bool {
        let parameters = TupleObject(CodeCell(lowered.pointee.code).localsplusnames)
        let total = lowered.pointee.parameterCount, first = max(count, lowered.pointee.positionalOnlyCount)
        if total > 64 { return false }
        var seen: UInt64 = 0
        let keywordCount = names.count
        for k in 0..<keywordCount {
            var i = first
            while i < total && parameters[i] != names[k] { i &+= 1 }
            if i == total || seen & (1 << UInt64(i)) != 0 { return false }
            seen |= 1 << UInt64(i)
            place[count &+ keywordCount &+ k] = Value(smallInt: i)
        }
        return true
    }

    private func placeKeywords(_ function: FunctionObject, _ lowered: UnsafeMutablePointer<LoweredCode>, _ place: UnsafeMutablePointer<Value>, _ count: Int,
                               _ keywordCount: Int, _ required: Int) -> Bool {
        let total = lowered.pointee.parameterCount, positional = lowered.pointee.positionalCount
        // Values and numbers move out of the way of the parameters.
        let values = place + (max(total, lowered.pointee.frameSize) &+ count &+ 2 &* keywordCount)
        if values + 2 * keywordCount >= state.pointee.stackLimit { return false }
        var i = 2 &* keywordCount
        while i > 0 {
            i &-= 1
            values[i] = place[count &+ i]
        }
        i = count
        while i < total {
            place[i] = .unbound
            i &+= 1
        }
        for k in 0..<keywordCount { place[values[keywordCount &+ k].smallInt] = values[k] }
        var isComplete = true
        i = count
        while i < positional {
            if place[i].isUnbound {
                if i >= required { place[i] = TupleObject(function.defaults)[i &- required] } else { isComplete = false }
            }
            i &+= 1
        }
        if isComplete && (total == positional || fillKeywordDefaults(function, lowered, place, from: positional)) { return true }
        // Something is missing: the general way starts from the arguments as they were.
        for k in 0..<keywordCount { place[count &+ k] = values[k] }
        return false
    }

    /// Defaults of the keyword-only parameters that are still unbound; false when one has none.
    private func fillKeywordDefaults(_ function: FunctionObject, _ lowered: UnsafeMutablePointer<LoweredCode>, _ place: UnsafeMutablePointer<Value>) -> Bool {
        for i in lowered.pointee.positionalCount..<lowered.pointee.parameterCount { place[i] = .unbound }
        return fillKeywordDefaults(function, lowered, place, from: lowered.pointee.positionalCount)
    }

    private func fillKeywordDefaults(_ function: FunctionObject, _ lowered: UnsafeMutablePointer<LoweredCode>, _ place: UnsafeMutablePointer<Value>, from: Int) -> Bool {
        let names = TupleObject(CodeCell(lowered.pointee.code).localsplusnames)
        for i in from..<lowered.pointee.parameterCount where place[i].isUnbound {
            let found: Value = function.kwdefaults.isNoneOrUnbound ? .unbound : DictObject(function.kwdefaults).findString(self, names[i])
            if found.isUnbound { return false }
            place[i] = found
        }
        return true
    }

    @inline(never)
    private func bindGenerally(_ function: FunctionObject, _ code: CodeCell, _ lowered: UnsafeMutablePointer<LoweredCode>, _ place: UnsafeMutablePointer<Value>,
                               _ count: Int, _ names: Value) throws(Raised) -> Int {
        let keywordCount = names.isUnbound ? 0 : TupleObject(names).count
        let parameters = code.parameterCount
        // The values move above, so that the locals can be written without treading on them; and above the caller's frame, whose dead
        // temporaries the collector passes over. Behind them are the places of what is made for star parameters.
        let savedTop = state.pointee.stackTop
        let given = max(place + (max(parameters, lowered.pointee.frameSize) + count + keywordCount), savedTop)
        if given + count + keywordCount + 64 >= state.pointee.stackLimit { throw recursionError() }
        for i in stride(from: count + keywordCount - 1, through: 0, by: -1) { given[i] = place[i] }
        let made = given + (count + keywordCount)
        made[0] = .unbound
        made[1] = .unbound
        state.pointee.stackTop = made + 2
        defer { state.pointee.stackTop = savedTop }
        for i in 0..<max(parameters, 0) { place[i] = .unbound }
        let positional = code.argcount
        for i in 0..<min(count, positional) { place[i] = given[i] }
        var extra = positional + code.kwonlyargcount
        if code.hasVarArguments {
            made[0] = try tuple(given + min(positional, count), max(0, count - positional))
            place[extra] = made[0]
            extra += 1
        }
        if code.hasVarKeywords {
            made[1] = newDict().value
            place[extra] = made[1]
        }
        for i in 0..<max(keywordCount, 0) {
            try bindKeyword(function, code, place, TupleObject(names)[i], given[count + i], code.hasVarKeywords ? place[extra] : .unbound, names)
        }
        if count > positional && !code.hasVarArguments { throw tooManyPositional(function, code, count, place) }
        try fillDefaults(function, code, place, count)
        return parameters
    }

    private func bindKeyword(_ function: FunctionObject, _ code: CodeCell, _ place: UnsafeMutablePointer<Value>, _ key: Value, _ value: Value,
                             _ rest: Value, _ allNames: Value) throws(Raised) {
        if !key.isKind(.str) { throw raise(.typeError, "\(string(function.qualname))() keywords must be strings") }
        let names = TupleObject(code.localsplusnames)
        let total = code.argcount + code.kwonlyargcount
        for i in code.posonlyargcount..<max(total, code.posonlyargcount) where names[i] == key || StrObject(names[i]).equals(StrObject(key)) {
            if place[i].isBound { throw raise(.typeError, "\(string(function.qualname))() got multiple values for argument '\(string(key))'") }
            place[i] = value
            return
        }
        if rest.isBound { return try set(DictObject(rest), key, value) }
        try checkPositionalOnly(function, code, allNames)
        throw unexpectedKeyword(function, code, key)
    }

    private func unexpectedKeyword(_ function: FunctionObject, _ code: CodeCell, _ key: Value) -> Raised {
        raise(.typeError, "\(string(function.qualname))() got an unexpected keyword argument '\(string(key))'")
    }

    private func checkPositionalOnly(_ function: FunctionObject, _ code: CodeCell, _ given: Value) throws(Raised) {
        var wrong: [String] = []
        let names = TupleObject(code.localsplusnames), keys = TupleObject(given)
        for i in 0..<code.posonlyargcount {
            for j in 0..<keys.count where StrObject(names[i]).equals(StrObject(keys[j])) { wrong.append(string(names[i])) }
        }
        if wrong.isEmpty { return }
        throw raise(.typeError, "\(string(function.qualname))() got some positional-only arguments passed as keyword arguments: '\(wrong.joined(separator: ", "))'")
    }

    private func tooManyPositional(_ function: FunctionObject, _ code: CodeCell, _ given: Int, _ place: UnsafeMutablePointer<Value>) -> Raised {
        let defaults = function.defaults.isNoneOrUnbound ? 0 : TupleObject(function.defaults).count
        var keywordOnlyGiven = 0
        for i in 0..<code.kwonlyargcount where place[code.argcount + i].isBound { keywordOnlyGiven += 1 }
        let takes = defaults > 0 ? "from \(code.argcount - defaults) to \(code.argcount)" : "\(code.argcount)"
        let plural = code.argcount != 1 || defaults > 0
        let extra = keywordOnlyGiven > 0
            ? " positional argument\(given != 1 ? "s" : "") (and \(keywordOnlyGiven) keyword-only argument\(keywordOnlyGiven != 1 ? "s" : ""))" : ""
        return raise(.typeError, "\(string(function.qualname))() takes \(takes) positional argument\(plural ? "s" : "") but \(given)\(extra) \(given == 1 && keywordOnlyGiven == 0 ? "was" : "were") given")
    }

    private func fillDefaults(_ function: FunctionObject, _ code: CodeCell, _ place: UnsafeMutablePointer<Value>, _ count: Int) throws(Raised) {
        let defaults = function.defaults.isNoneOrUnbound ? 0 : TupleObject(function.defaults).count
        let required = code.argcount - defaults
        if count < code.argcount {
            for i in 0..<max(required, 0) where place[i].isUnbound { throw missingArguments(function, code, place, 0, required, "positional") }
            for i in max(required, 0)..<code.argcount where place[i].isUnbound { place[i] = TupleObject(function.defaults)[i - required] }
        }
        if code.kwonlyargcount == 0 { return }
        var isMissing = false
        for i in code.argcount..<(code.argcount + code.kwonlyargcount) where place[i].isUnbound {
            let found: Value = function.kwdefaults.isNoneOrUnbound ? .unbound : DictObject(function.kwdefaults).findString(self, TupleObject(code.localsplusnames)[i])
            if found.isBound { place[i] = found } else { isMissing = true }
        }
        if isMissing { throw missingArguments(function, code, place, code.argcount, code.argcount + code.kwonlyargcount, "keyword-only") }
    }

    private func missingArguments(_ function: FunctionObject, _ code: CodeCell, _ place: UnsafeMutablePointer<Value>, _ from: Int, _ to: Int, _ kind: String) -> Raised {
        var missing: [String] = []
        for i in from..<to where place[i].isUnbound { missing.append("'" + string(TupleObject(code.localsplusnames)[i]) + "'") }
        let list: String
        switch missing.count {
        case 1: list = missing[0]
        case 2: list = missing[0] + " and " + missing[1]
        default: list = missing.dropLast().joined(separator: ", ") + ", and " + (missing.last ?? "")
        }
        return raise(.typeError, "\(string(function.qualname))() missing \(missing.count) required \(kind) argument\(missing.count == 1 ? "" : "s"): \(list)")
    }
}
