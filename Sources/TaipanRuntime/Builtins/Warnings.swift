// Warnings: the filters, the registries of what was shown, and the way to `warnings._showwarnmsg`. The module
// `_warnings` exposes this; native code warns with `Thread.warn`.

/// What the interpreter knows about warnings besides the objects that programs see.
final class WarningsState {
    /// Counts changes of the filters: a registry made under an older number is out of date.
    var filtersVersion = 0
}

/// Where a warning is reported.
struct WarningPlace {
    var filename: Value
    var line: Int
    var module: Value
    /// A dict, or None.
    var registry: Value
}

extension Thread {
    var warningsState: WarningsState {
        if let state = interp.pointee.moduleStates["_warnings"] as? WarningsState { return state }
        let state = WarningsState()
        interp.pointee.moduleStates["_warnings"] = state
        return state
    }

    /// Call after a change of the filters.
    public func warningFiltersMutated() { warningsState.filtersVersion += 1 }

    /// The filters, the registry of "once" and the default action, made on first use.
    public func prepareWarnings() throws(Raised) {
        if objects.pointee.warningsFilters.isBound { return }
        let filters = try newList()
        try addFilter(filters, "default", types.pointee.deprecationWarning, module: intern("__main__"))
        try addFilter(filters, "ignore", types.pointee.deprecationWarning, module: .none)
        try addFilter(filters, "ignore", types.pointee.pendingDeprecationWarning, module: .none)
        try addFilter(filters, "ignore", types.pointee.importWarning, module: .none)
        try addFilter(filters, "ignore", types.pointee.resourceWarning, module: .none)
        objects.pointee.warningsOnceRegistry = newDict().value
        objects.pointee.warningsDefaultAction = intern("default")
        objects.pointee.warningsFilters = filters.value
    }

    private func addFilter(_ filters: ListObject, _ action: StaticString, _ category: Value, module: Value) throws(Raised) {
        let item = try newTuple(5)
        item[0] = intern(action)
        item[1] = .none
        item[2] = category
        item[3] = module
        item[4] = Value(smallInt: 0)
        try append(filters, item.value)
    }

    // MARK: Warning

    /// `warnings.warn(message, category, stackLevel)` from native code; level 1 is the running Python frame.
    /// - Throws: the warning itself when a filter turns it into an error.
    public func warn(category: Value, message: String, stackLevel: Int = 1) throws(Raised) {
        try warn(str(message), category, stackLevel, source: .unbound, skipPrefixes: .unbound)
    }

    /// `warnings.warn`. `category` is checked already; `source` unbound for none; `skipPrefixes` a tuple of str, or unbound.
    public func warn(_ message: Value, _ category: Value, _ stackLevel: Int, source: Value, skipPrefixes: Value) throws(Raised) {
        let place = try warningPlace(stackLevel, skipPrefixes)
        try warnExplicit(category, message, place, sourceLine: .unbound, source: source)
    }

    /// A warning of a builtin category; `source` is the object that a ResourceWarning is about.
    public func warn(_ kind: ExceptionKind, _ message: String, stackLevel: Int = 1, source: Value = .unbound) throws(Raised) {
        try warn(str(message), types[kind], stackLevel, source: source, skipPrefixes: .unbound)
    }

    /// `warnings.warn_explicit` from native code, such as the compiler's SyntaxWarning.
    public func warnExplicitly(_ category: Value, _ message: String, filename: Value, line: Int, module: Value = .unbound, registry: Value = .none) throws(Raised) {
        let place = WarningPlace(filename: filename, line: line, module: module.isUnbound ? moduleOfFile(filename) : module, registry: registry)
        try warnExplicit(category, str(message), place, sourceLine: .unbound, source: .unbound)
    }

    /// The category for a message: its own class when it is a Warning.
    public func warningCategory(_ message: Value, _ category: Value) throws(Raised) -> Value {
        if message.isKind(.exception) && isInstance(message, of: types.pointee.warning) { return type(of: message).value }
        if category.isNoneOrUnbound { return types.pointee.userWarning }
        if category.isKind(.type) && isSubtype(TypeObject(category), of: types.pointee.warning) { return category }
        throw raise(.typeError, "category must be a Warning subclass, not '\(typeName(category))'")
    }

    private func isInternal(_ frame: Value) -> Bool {
        let text = string(CodeCell(FrameObject(frame).code).filename)
        return text.contains("importlib") && text.contains("_bootstrap")
    }

    private func isSkipped(_ frame: Value, _ prefixes: Value) -> Bool {
        if prefixes.isUnbound { return false }
        let name = wtf8(CodeCell(FrameObject(frame).code).filename)
        let items = TupleObject(prefixes)
        for i in 0..<items.count where items[i].isKind(.str) && name.starts(with: wtf8(items[i])) { return true }
        return false
    }

    /// The frame `level` steps out. Frames of the import machinery do not count, unless the warning comes from there.
    private func warningFrame(_ level: Int, _ prefixes: Value) throws(Raised) -> Value {
        guard let fp = state.pointee.frame else { return .none }
        var frame = try frameObject(fp)
        var level = level
        let countsAll = level <= 0 || isInternal(frame)
        while level > 1 && !frame.isNone {
            frame = try frameBack(FrameObject(frame))
            if !countsAll {
                while !frame.isNone && (isInternal(frame) || isSkipped(frame, prefixes)) { frame = try frameBack(FrameObject(frame)) }
            }
            level -= 1
        }
        return frame
    }

    private func warningPlace(_ level: Int, _ prefixes: Value) throws(Raised) -> WarningPlace {
        let frame = try warningFrame(level, prefixes)
        var globals = objects.pointee.sysDict, filename = intern("sys"), line = 1
        if !frame.isNone {
            let object = FrameObject(frame)
            globals = FunctionObject(object.function).globals
            filename = CodeCell(object.code).filename
            line = frameLine(object)
        }
        if globals.isUnbound { globals = newDict().value }
        let dict = DictObject(globals)
        var registry = dict.findString(self, name(.__warningregistry__))
        if registry.isUnbound {
            registry = newDict().value
            try dict.setString(self, name(.__warningregistry__), registry)
        }
        var module = dict.findString(self, name(.__name__))
        if module.isUnbound || !(module.isNone || module.isKind(.str)) { module = intern("<string>") }
        return WarningPlace(filename: filename, line: line, module: module, registry: registry)
    }

    /// A module's name guessed from its file's.
    public func moduleOfFile(_ filename: Value) -> Value {
        let name = wtf8(filename)
        if name.isEmpty { return intern("<unknown>") }
        return name.suffix(3) == [0x2E, 0x70, 0x79] ? str(wtf8: Array(name.dropLast(3))) : filename
    }

    /// `warnings.warn_explicit` with everything bound: message any object, registry a dict or None, source line and source unbound for none.
    func warnExplicit(_ category: Value, _ message: Value, _ place: WarningPlace, sourceLine: Value, source: Value) throws(Raised) {
        try prepareWarnings()
        if place.module.isNone { return }
        if !place.registry.isNone && !place.registry.isKind(.dict) { throw raise(.typeError, "'registry' must be a dict or None") }
        var category = category, message = message, text = message
        if message.isKind(.exception) && isInstance(message, of: types.pointee.warning) {
            text = try strOf(message)
            category = type(of: message).value
        } else {
            message = try call(category, message)
        }
        let line = int(place.line)
        let key = try tuple(text, category, line)
        if !place.registry.isNone, try alreadyWarned(place.registry, key, marks: false) { return }
        let action = try warningAction(category, text, place)
        let name = StrObject(action)
        if name.equals("error") { throw raise(exception: message) }
        if name.equals("ignore") { return }
        if !name.equals("always"), try isSuppressed(name, place.registry, key, text, category) { return }
        try showWarning(message, category, text, place, line, sourceLine, source)
    }

    /// Marks the warning as shown. True when the action says that it was shown often enough.
    private func isSuppressed(_ action: StrObject, _ registry: Value, _ key: Value, _ text: Value, _ category: Value) throws(Raised) -> Bool {
        if !registry.isNone { try set(DictObject(registry), key, .true) }
        if action.equals("once") {
            let shown = registry.isNone ? try warningsAttribute("onceregistry", objects.pointee.warningsOnceRegistry) : registry
            if !shown.isKind(.dict) { throw raise(.typeError, "_warnings.onceregistry must be a dict, not '\(typeName(shown))'") }
            return try alreadyWarned(shown, try tuple(text, category), marks: true)
        }
        if action.equals("module") { return registry.isNone ? false : try alreadyWarned(registry, try tuple(text, category), marks: true) }
        if action.equals("default") { return false }
        throw raise(.runtimeError, "Unrecognized action (\(try reprText(action.value))) in warnings.filters:\n None")
    }

    /// Whether the registry has the key; a registry from before the last change of the filters starts over.
    private func alreadyWarned(_ registry: Value, _ key: Value, marks: Bool) throws(Raised) -> Bool {
        let dict = DictObject(registry)
        let versionName = intern("version"), version = Value(smallInt: warningsState.filtersVersion)
        if dict.findString(self, versionName) != version {
            dict.clear()
            try dict.setString(self, versionName, version)
        } else {
            let known = try get(dict, key)
            if known.isBound, try truth(known) { return true }
        }
        if marks { try set(dict, key, .true) }
        return false
    }

    // MARK: Filters

    /// Attribute of the module `warnings` when that is imported, else `own`.
    private func warningsAttribute(_ name: StaticString, _ own: Value) throws(Raised) -> Value {
        let found = try importedWarnings(name)
        return found.isBound ? found : own
    }

    private func importedWarnings(_ name: StaticString) throws(Raised) -> Value {
        if objects.pointee.modules.isUnbound || !objects.pointee.modules.isKind(.dict) { return .unbound }
        let module = DictObject(objects.pointee.modules).findString(self, self.name(.warnings))
        return module.isNoneOrUnbound ? .unbound : try getattrOrUnbound(module, intern(name))
    }

    /// The action of the first filter that fits, or the default one.
    private func warningAction(_ category: Value, _ text: Value, _ place: WarningPlace) throws(Raised) -> Value {
        let filters = try warningsAttribute("filters", objects.pointee.warningsFilters)
        objects.pointee.warningsFilters = filters
        if !filters.isKind(.list) { throw raise(.valueError, "_warnings.filters must be a list") }
        var i = 0
        while i < ListObject(filters).count {
            let item = ListObject(filters)[i]
            if !item.isKind(.tuple) || TupleObject(item).count != 5 { throw raise(.valueError, "_warnings.filters item \(i) isn't a 5-tuple") }
            let parts = TupleObject(item)
            if !parts[0].isKind(.str) { throw raise(.typeError, "action must be a string, not '\(typeName(parts[0]))'") }
            if try matches(parts[1], text), try objectIsSubclass(category, parts[2]), try matches(parts[3], place.module) {
                let line = try index(parts[4])
                if line == 0 || line == place.line { return parts[0] }
            }
            i += 1
        }
        let action = try warningsAttribute("defaultaction", objects.pointee.warningsDefaultAction)
        if !action.isKind(.str) { throw raise(.typeError, "_warnings.defaultaction must be a string, not '\(typeName(action))'") }
        objects.pointee.warningsDefaultAction = action
        return action
    }

    /// A filter's pattern: None for anything, a str for exactly this, else a compiled pattern.
    private func matches(_ pattern: Value, _ text: Value) throws(Raised) -> Bool {
        if pattern.isNone { return true }
        if pattern.hasLayout(.str) { return try equals(pattern, text) }
        return try truth(try callMethod(pattern, intern("match"), text))
    }

    // MARK: Coroutines

    /// RuntimeWarning "coroutine 'f' was never awaited", by the Python module, which knows where the coroutine was made; without it, by this one.
    func warnNeverAwaited(_ coroutine: GeneratorObject) {
        if !interp.pointee.isFinalizing { importWarningsQuietly() }
        var isWarned = false
        do throws(Raised) {
            let warn = try importedWarnings("_warn_unawaited_coroutine")
            if warn.isBound {
                _ = try call(warn, coroutine.value)
                isWarned = true
            }
        } catch {
            isWarned = pendingIs(.runtimeWarning)
            reportUnraisable(coroutine.value)
        }
        if isWarned { return }
        do throws(Raised) {
            try warn(category: types.pointee.runtimeWarning, message: "coroutine '\(string(coroutine.qualname))' was never awaited")
        } catch { reportUnraisable(coroutine.value) }
    }

    // MARK: Showing

    private func showWarning(_ message: Value, _ category: Value, _ text: Value, _ place: WarningPlace, _ line: Value, _ sourceLine: Value,
                             _ source: Value) throws(Raised) {
        if source.isBound && !source.isNone && !interp.pointee.isFinalizing { importWarningsQuietly() }
        let show = try importedWarnings("_showwarnmsg")
        if show.isUnbound { return try printWarning(category, text, place, sourceLine) }
        if !type(of: show).slots.pointee.call.isSet { throw raise(.typeError, "warnings._showwarnmsg() must be set to a callable") }
        let record = try importedWarnings("WarningMessage")
        if record.isUnbound { throw raise(.runtimeError, "unable to get warnings.WarningMessage") }
        let made = try call(record, message, category, place.filename, line, Value.none, Value.none, Thread.noneIfUnbound(source))
        _ = try call(show, made)
    }

    /// A warning with a source is shown with its allocation trace, which only the Python module does.
    private func importWarningsQuietly() {
        do throws(Raised) { _ = try importModule(name(.warnings), .none, objects.pointee.emptyTuple, 0) } catch { _ = takePending() }
    }

    /// `file:line: Category: text` and the source line, to standard error.
    private func printWarning(_ category: Value, _ text: Value, _ place: WarningPlace, _ sourceLine: Value) throws(Raised) {
        var out = wtf8(place.filename) + Array(":\(place.line): ".utf8)
        out += wtf8(try strOf(try getattr(category, .__name__))) + Array(": ".utf8)
        out += wtf8(try strOf(text)) + [0x0A]
        var line: [UInt8]?
        if sourceLine.isBound && sourceLine.isKind(.str) {
            line = wtf8(sourceLine)
        } else {
            var display = try ExceptionDisplay(self)
            line = display.sourceLine(place.filename, place.line).map { Array($0) }
        }
        if let line { out += [0x20, 0x20] + line.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0C } + [0x0A] }
        writeStandardError(out)
    }

    /// The native side of `_warnings.warn_explicit`, its arguments bound in that function's order.
    public func warnExplicit(arguments a: Arguments) throws(Raised) {
        if !a[2].isKind(.str) { throw raise(.typeError, "warn_explicit() argument 'filename' must be str, not \(a[2].isNone ? "None" : typeName(a[2]))") }
        let line = try index(a[3], overflow: .overflowError)
        var sourceLine = Value.unbound
        if !a[6].isNoneOrUnbound {
            if !a[6].isKind(.dict) { throw raise(.typeError, "module_globals must be a dict, not '\(typeName(a[6]))'") }
            sourceLine = try sourceLineFromLoader(DictObject(a[6]), line)
        }
        let category: Value
        if a[0].isKind(.exception) && isInstance(a[0], of: types.pointee.warning) {
            category = type(of: a[0]).value
        } else {
            category = a[1]
        }
        let place = WarningPlace(filename: a[2], line: line, module: a[4].isUnbound ? moduleOfFile(a[2]) : a[4], registry: Thread.noneIfUnbound(a[5]))
        try warnExplicit(category, a[0], place, sourceLine: sourceLine, source: a[7])
    }

    /// A line of what the module's loader says is its source; unbound when it says nothing.
    private func sourceLineFromLoader(_ globals: DictObject, _ line: Int) throws(Raised) -> Value {
        var loader = globals.findString(self, name(.__loader__))
        let spec = globals.findString(self, name(.__spec__))
        if !spec.isNoneOrUnbound {
            let given = try getattrOrUnbound(spec, name(.loader))
            if !given.isNoneOrUnbound { loader = given }
        }
        let module = globals.findString(self, name(.__name__))
        if loader.isNoneOrUnbound || module.isUnbound { return .unbound }
        let getSource = try getattrOrUnbound(loader, intern("get_source"))
        if getSource.isUnbound { return .unbound }
        let source = try call(getSource, module)
        if source.isNone { return .unbound }
        let lines = try callMethod(source, intern("splitlines"))
        return try getItem(lines, int(line - 1))
    }
}
