// BaseExceptionGroup and ExceptionGroup (PEP 654): several exceptions raised together, and what
// `except*` does with them.

/// View of a group's cell.
public struct ExceptionGroupObject {
    let cell: Cell
    public init(_ value: Value) { cell = value.cell }
    public var message: Value { get { cell[8] } nonmutating set { cell[8] = newValue } }
    /// A tuple of at least one exception.
    public var exceptions: TupleObject { TupleObject(cell[9]) }
    static var fields: Int { 2 }
}

/// What `split` and `subgroup` look for.
private enum GroupMatcher {
    /// An exception class or a tuple of them.
    case type(Value)
    /// A Python function that is asked.
    case predicate(Value)
    /// Those leaves that are in a list.
    case leaves(Value)
}

extension Thread {
    func defineExceptionGroups() {
        defineType(.baseExceptionGroup, "BaseExceptionGroup", base: types.pointee.baseException, flags: TypeFlag.base,
                   .exception(fields: ExceptionGroupObject.fields)) { b in
            b.doc("A combination of multiple unrelated exceptions.")
            b.slots.pointee.new = CallSlot(Thread.groupNew)
            b.slots.pointee.initialize = InitSlot(Thread.baseExceptionInit)
            b.slots.pointee.str = UnarySlot { (t, e) throws(Raised) in
                let group = ExceptionGroupObject(e)
                let n = group.exceptions.count
                return t.str(wtf8: t.wtf8(try t.strOf(group.message)) + Array(" (\(n) sub-exception\(n > 1 ? "s" : ""))".utf8))
            }
            b.member("message", word: 8, "exception message")
            b.member("exceptions", word: 9, "nested exceptions")
            b.classMethod("__class_getitem__", "!($type, object, /)", "See PEP 585") { (t, a) throws(Raised) in try t.newGenericAlias(a[0], a[1]) }
            b.method("derive", "!($self, object, /)") { (t, a) throws(Raised) in
                try t.call(t.types.pointee.baseExceptionGroup, ExceptionGroupObject(a[0]).message, a[1])
            }
            b.method("split", "!($self, object, /)") { (t, a) throws(Raised) in
                let matcher = try t.groupMatcher(a[1])
                let (match, rest) = try t.split(a[0], matcher, wantsRest: true)
                return try t.tuple(Thread.noneIfUnbound(match), Thread.noneIfUnbound(rest))
            }
            b.method("subgroup", "!($self, object, /)") { (t, a) throws(Raised) in
                let matcher = try t.groupMatcher(a[1])
                return Thread.noneIfUnbound(try t.split(a[0], matcher, wantsRest: false).match)
            }
        }
    }

    /// ExceptionGroup has two bases: its mro is written by hand.
    func defineExceptionGroupType() {
        defineType(.exceptionGroup, "ExceptionGroup", base: types.pointee.baseExceptionGroup, flags: TypeFlag.base,
                   .exception(fields: ExceptionGroupObject.fields)) { _ in }
        let type = TypeObject(types.pointee.exceptionGroup)
        guard let bases = try? tuple(types.pointee.baseExceptionGroup, types.pointee.exception), let mro = try? newTuple(5) else { return }
        mro[0] = type.value
        mro[1] = types.pointee.baseExceptionGroup
        mro[2] = types.pointee.exception
        mro[3] = types.pointee.baseException
        mro[4] = types.pointee.object
        type.bases = bases
        type.mro = mro.value
        recordSubclass(TypeObject(types.pointee.exception), type)
        // Found through the mro the initialiser would be Exception's; it is the same function.
    }

    // MARK: Construction

    private static func groupNew(_ t: Thread, _ type: Value, _ a: Arguments) throws(Raised) -> Value {
        if a.count != 2 {
            throw t.raise(.typeError, "BaseExceptionGroup.__new__() takes exactly 2 arguments (\(a.count) given)")
        }
        if !a[0].isKind(.str) {
            throw t.raise(.typeError, "BaseExceptionGroup.__new__() argument 1 must be str, not \(a[0].isNone ? "None" : t.typeName(a[0]))")
        }
        if !t.isSequence(a[1]) { throw t.raise(.typeError, "second argument (exceptions) must be a sequence") }
        let exceptions = try t.tupleFrom(a[1])
        if exceptions.count == 0 { throw t.raise(.valueError, "second argument (exceptions) must be a non-empty sequence") }
        let chosen = try t.groupType(TypeObject(type), exceptions)
        let made = try baseExceptionNew(t, chosen.value, a)
        made.cell[8] = a[0]
        made.cell[9] = exceptions.value
        return made
    }

    /// The class to instantiate: BaseExceptionGroup becomes ExceptionGroup when nothing but Exceptions is inside.
    private func groupType(_ type: TypeObject, _ exceptions: TupleObject) throws(Raised) -> TypeObject {
        var holdsBase = false
        for i in 0..<exceptions.count {
            if !exceptions[i].isKind(.exception) { throw raise(.valueError, "Item \(i) of second argument (exceptions) is not an exception") }
            if !isInstance(exceptions[i], of: types.pointee.exception) { holdsBase = true }
        }
        if type.value == types.pointee.baseExceptionGroup { return holdsBase ? type : TypeObject(types.pointee.exceptionGroup) }
        if !holdsBase { return type }
        if type.value == types.pointee.exceptionGroup { throw raise(.typeError, "Cannot nest BaseExceptions in an ExceptionGroup") }
        if isSubtype(type, of: types.pointee.exception) { throw raise(.typeError, "Cannot nest BaseExceptions in '\(string(type.name))'") }
        return type
    }

    public func isExceptionGroup(_ value: Value) -> Bool {
        value.isKind(.exception) && isInstance(value, of: types.pointee.baseExceptionGroup)
    }

    /// A group of the exceptions in a list or tuple.
    public func newExceptionGroup(_ message: String, _ exceptions: Value) throws(Raised) -> Value {
        try call(types.pointee.baseExceptionGroup, str(message), exceptions)
    }

    // MARK: Splitting

    private func groupMatcher(_ value: Value) throws(Raised) -> GroupMatcher {
        if value.hasLayout(.function) { return .predicate(value) }
        if isExceptionClass(value) { return .type(value) }
        if value.hasLayout(.tuple) {
            let items = TupleObject(value)
            var i = 0
            while i < items.count && isExceptionClass(items[i]) { i += 1 }
            if i == items.count { return .type(value) }
        }
        throw raise(.typeError, "expected a function, exception type or tuple of exception types")
    }

    /// True for BaseException and its subclasses.
    public func isExceptionClass(_ value: Value) -> Bool {
        value.isKind(.type) && isSubtype(TypeObject(value), of: types.pointee.baseException)
    }

    /// `PyErr_GivenExceptionMatches`: is the exception (or exception class) an instance of `type`, a class or a nesting of tuples?
    public func givenExceptionMatches(_ exception: Value, _ type: Value) -> Bool {
        if type.isKind(.tuple) {
            let items = TupleObject(type)
            if Thread.stackAddress() < state.pointee.nativeLimit { return false }
            for i in 0..<items.count where givenExceptionMatches(exception, items[i]) { return true }
            return false
        }
        let given = exception.isKind(.exception) ? self.type(of: exception).value : exception
        if isExceptionClass(given) && isExceptionClass(type) { return isSubtype(TypeObject(given), of: type) }
        return given == type
    }

    private func matches(_ exception: Value, _ matcher: GroupMatcher) throws(Raised) -> Bool {
        switch matcher {
        case .type(let type): return givenExceptionMatches(exception, type)
        case .predicate(let function): return try truth(try call(function, exception))
        case .leaves(let list):
            if isExceptionGroup(exception) { return false }
            let leaves = ListObject(list)
            for i in 0..<leaves.count where leaves[i] == exception { return true }
            return false
        }
    }

    private func split(_ exception: Value, _ matcher: GroupMatcher, wantsRest: Bool) throws(Raised) -> (match: Value, rest: Value) {
        if try matches(exception, matcher) { return (exception, .unbound) }
        if !isExceptionGroup(exception) { return (.unbound, wantsRest ? exception : .unbound) }
        try enterRecursion(" in exceptiongroup_split_recursive")
        defer { leaveRecursion() }
        let matched = try newList(), others = try newList()
        let inner = ExceptionGroupObject(exception).exceptions
        for i in 0..<inner.count {
            let (match, rest) = try split(inner[i], matcher, wantsRest: wantsRest)
            if match.isBound { try append(matched, match) }
            if rest.isBound { try append(others, rest) }
        }
        let match = try subset(exception, matched)
        return (match, wantsRest ? try subset(exception, others) : .unbound)
    }

    /// `group.derive(exceptions)` with the group's traceback, cause, context and notes; unbound for no exceptions.
    private func subset(_ group: Value, _ exceptions: ListObject) throws(Raised) -> Value {
        if exceptions.count == 0 { return .unbound }
        let made = try callMethod(group, intern("derive"), exceptions.value)
        if !isExceptionGroup(made) { throw raise(.typeError, "derive must return an instance of BaseExceptionGroup") }
        let old = ExceptionObject(group), new = ExceptionObject(made)
        if old.traceback.isBound { new.traceback = old.traceback }
        new.context = old.context
        new.cause = old.cause
        new.suppressContext = true
        let notes = try getattrOrUnbound(group, name(.__notes__))
        if notes.isBound && isSequence(notes) { try setattr(made, name(.__notes__), try listFrom(notes).value) }
        return made
    }

    // MARK: except*

    /// Splits what an `except*` clause catches from the rest; either may be None.
    /// A naked exception is wrapped in a group of one.
    public func exceptionGroupMatch(_ exception: Value, _ type: Value) throws(Raised) -> (match: Value, rest: Value) {
        if exception.isNone { return (.none, .none) }
        if givenExceptionMatches(exception, type) {
            if isExceptionGroup(exception) { return (exception, .none) }
            return (try newExceptionGroup("", try tuple(exception)), .none)
        }
        if !isExceptionGroup(exception) { return (.none, exception) }
        let pair = try callMethod(exception, intern("split"), type)
        if !pair.isKind(.tuple) {
            throw raise(.typeError, "\(typeName(exception)).split must return a tuple, not \(typeName(pair))")
        }
        let items = TupleObject(pair)
        if items.count < 2 {
            throw raise(.typeError, "\(typeName(exception)).split must return a 2-tuple, got tuple of size \(items.count)")
        }
        return (items[0], items[1])
    }

    /// What is left to raise after the `except*` clauses: `list` holds what they raised and reraised (None for nothing).
    public func prepareReraiseStar(_ original: Value, _ list: Value) throws(Raised) -> Value {
        let results = ListObject(list)
        if results.count == 0 { return .none }
        if !isExceptionGroup(original) { return results[0] }
        let raised = try newList(), kept = try newList()
        for i in 0..<results.count where !results[i].isNone {
            if isReraise(results[i], original) {
                try collectLeaves(results[i], kept)
            } else {
                try append(raised, results[i])
            }
        }
        let projected = kept.count == 0 ? Value.unbound : try split(original, .leaves(kept.value), wantsRest: false).match
        if raised.count == 0 { return Thread.noneIfUnbound(projected) }
        if projected.isBound { try append(raised, projected) }
        return raised.count > 1 ? try newExceptionGroup("", raised.value) : raised[0]
    }

    /// A part of `original` that a clause let through has its very traceback, cause and context.
    private func isReraise(_ exception: Value, _ original: Value) -> Bool {
        if !exception.isKind(.exception) { return false }
        let a = ExceptionObject(exception), b = ExceptionObject(original)
        return a.traceback == b.traceback && a.cause == b.cause && a.context == b.context
    }

    private func collectLeaves(_ exception: Value, _ leaves: ListObject) throws(Raised) {
        if !isExceptionGroup(exception) { return try append(leaves, exception) }
        try enterRecursion(" in collect_exception_group_leaf_ids")
        defer { leaveRecursion() }
        let inner = ExceptionGroupObject(exception).exceptions
        for i in 0..<inner.count { try collectLeaves(inner[i], leaves) }
    }

    /// Raises TypeError when an `except` (or `except*`) clause names something that is no exception class.
    public func checkHandlerType(_ type: Value, isStar: Bool = false) throws(Raised) {
        if type.isKind(.tuple) {
            let items = TupleObject(type)
            for i in 0..<items.count { try checkOneHandlerType(items[i], isStar) }
        } else {
            try checkOneHandlerType(type, isStar)
        }
    }

    private func checkOneHandlerType(_ type: Value, _ isStar: Bool) throws(Raised) {
        if !isExceptionClass(type) { throw raise(.typeError, "catching classes that do not inherit from BaseException is not allowed") }
        if isStar && isSubtype(TypeObject(type), of: types.pointee.baseExceptionGroup) {
            throw raise(.typeError, "catching ExceptionGroup with except* is not allowed. Use except instead.")
        }
    }
}
