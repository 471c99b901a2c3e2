// Objects that native code reaches without a lookup. Every word is a value: the struct is a root.

public struct WellKnownObjects {
    public var emptyStr = Value.unbound, emptyTuple = Value.unbound, emptyBytes = Value.unbound, emptyFrozenset = Value.unbound
    /// `sys.modules`, and the dicts of `builtins` and `sys`.
    public var modules = Value.unbound, builtins = Value.unbound, sysDict = Value.unbound
    public var builtinsModule = Value.unbound, sysModule = Value.unbound
    public var memoryErrorInstance = Value.unbound
    /// The `__build_class__` and `__import__` that the interpreter calls directly when nobody replaced them.
    public var buildClass = Value.unbound, importFunction = Value.unbound
    /// Registered copies for native modules: a dict from module name to whatever value the module keeps.
    public var moduleObjects = Value.unbound
    public var codecSearchPath = Value.unbound, codecSearchCache = Value.unbound, codecErrorRegistry = Value.unbound
    /// The types of `_io`, and state of other native modules that is needed before (or without) importing them: value buffers.
    public var ioState = Value.unbound, posixState = Value.unbound, timeState = Value.unbound
    public var stdin = Value.unbound, stdout = Value.unbound, stderr = Value.unbound
    public var atexitCallbacks = Value.unbound, signalHandlers = Value.unbound
    /// A tuple, or unbound: no hooks.
    public var auditHooks = Value.unbound
    public var gcCallbacks = Value.unbound, gcGarbage = Value.unbound
    public var warningsFilters = Value.unbound, warningsOnceRegistry = Value.unbound, warningsDefaultAction = Value.unbound
    public var typingModule = Value.unbound, missingSentinel = Value.unbound
    public var mainModule = Value.unbound, importlib = Value.unbound
    /// Callbacks, names and markers of `sys.monitoring`, once it is used.
    public var monitoring = Value.unbound
    public var spare0 = Value.unbound, spare1 = Value.unbound, spare2 = Value.unbound, spare3 = Value.unbound
    public init() {}
}

extension Thread {
    @inlinable public var objects: UnsafeMutablePointer<WellKnownObjects> { interp.pointee.objects }

    /// Keeps a value that the native module `module` reaches by name, such as its types.
    public func keep(_ module: StaticString, _ value: Value) throws(Raised) {
        if objects.pointee.moduleObjects.isUnbound { objects.pointee.moduleObjects = newDict().value }
        try DictObject(objects.pointee.moduleObjects).setString(self, intern(module), value)
    }

    /// What `keep` stored, or unbound.
    public func kept(_ module: StaticString) -> Value {
        objects.pointee.moduleObjects.isUnbound ? .unbound : DictObject(objects.pointee.moduleObjects).findString(self, intern(module))
    }
}
