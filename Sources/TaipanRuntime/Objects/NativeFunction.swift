// Native functions: builtin functions, methods of builtin types (method descriptors), class methods.
// One declaration states name, signature, doc and body; arity checks with CPython's messages,
// `__text_signature__` and `__doc__` come from it. The signature is parsed at the first call.

/// The cell. Words 1–5 are values, the rest raw.
@frozen public struct NativeFunction: BitwiseCopyable {
    public let cell: Cell
    public init(_ cell: Cell) { self.cell = cell }
    public init(_ value: Value) { cell = value.cell }
    public var value: Value { Value(cell) }
    public var name: Value { get { cell[1] } nonmutating set { cell[1] = newValue } }
    /// The object a builtin method is bound to, the module of a function, or unbound.
    public var bound: Value { get { cell[2] } nonmutating set { cell[2] = newValue } }
    /// Module name, or unbound.
    public var module: Value { get { cell[3] } nonmutating set { cell[3] = newValue } }
    /// Names of the parameters that may be given by keyword (unbound for positional-only ones), once parsed.
    var parameterNames: Value { get { cell[4] } nonmutating set { cell[4] = newValue } }
    /// The type that defines a method, or unbound.
    public var owner: Value { get { cell[5] } nonmutating set { cell[5] = newValue } }
    public var body: BodySlot {
        get { BodySlot(address: UInt(bitPattern: cell.raw(6))) }
        nonmutating set { cell.setRaw(Int(bitPattern: newValue.address), at: 6) }
    }
    var signature: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: UnsafePointer(bitPattern: cell.raw(7)), count: cell.raw(8)) }
    var doc: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: UnsafePointer(bitPattern: cell.raw(9)), count: cell.raw(10)) }
    var arity: Arity { get { Arity(bits: cell.raw(11)) } nonmutating set { cell.setRaw(newValue.bits, at: 11) } }
    /// Raw functions take their arguments as they come: any count, keywords unchecked.
    static var isRawBit: UInt { CellFlag.typeBit0 }
    static var isStaticBit: UInt { CellFlag.typeBit1 }
    /// `__text_signature__` is None although there is a signature.
    static var isHiddenBit: UInt { CellFlag.typeBit2 }
    var isRaw: Bool { cell.has(NativeFunction.isRawBit) }
    static var bytes: Int { 96 }
}

/// What a parsed signature demands, packed in a word, and the Shortcut of calls.
struct Arity: BitwiseCopyable {
    var bits: Int
    static var parsedBit: Int { 1 << 40 }
    /// Exactly `positional` positional-only arguments, all required: the call needs nothing bound.
    static var simpleBit: Int { 1 << 41 }
    /// The function takes its arguments as they come.
    static var rawBit: Int { 1 << 42 }
    init(bits: Int) { self.bits = bits }
    init(required: Int, positional: Int, positionalOnly: Int, total: Int, hasStar: Bool, hasStarStar: Bool) {
        let isSimple = !hasStar && !hasStarStar && total == positional && positional == positionalOnly && required == positional
        bits = (isSimple ? Arity.simpleBit : 0) | required | positional << 8 | positionalOnly << 16 | total << 24 | (hasStar ? 1 << 32 : 0) | (hasStarStar ? 1 << 33 : 0) | Arity.parsedBit
    }
    var isParsed: Bool { bits & (Arity.parsedBit | Arity.rawBit) != 0 }
    /// What the interpreter may do instead of a call: a Shortcut or 0.
    @inline(__always) var shortcut: Int { bits >> 44 }
    func with(shortcut: Int) -> Arity { Arity(bits: bits | shortcut << 44) }
    /// Positional parameters that must be given, and all positional ones (keyword-only ones not counted).
    var required: Int { bits & 0xFF }
    var positional: Int { (bits >> 8) & 0xFF }
    var positionalOnly: Int { (bits >> 16) & 0xFF }
    /// All named parameters.
    var total: Int { (bits >> 24) & 0xFF }
    var hasStar: Bool { bits & (1 << 32) != 0 }
    var hasStarStar: Bool { bits & (1 << 33) != 0 }
    /// A call with `given` positional arguments may go straight to the body.
    @inline(__always) func isDirect(_ given: Int) -> Bool {
        bits & Arity.rawBit != 0 || bits & Arity.simpleBit != 0 && positional == given
    }
}

/// One parameter of a native signature text.
struct SignatureParameter {
    var name: ArraySlice<UInt8>
    var hasDefault = false
    var isKeywordOnly = false
    var isPositionalOnly = false
    var isStar = false
    var isStarStar = false
    var isReceiver = false
}

extension NativeFunction {
    /// Reads a signature such as `($self, iterable=(), /, *, key=None)`.
    static func parse(_ text: UnsafeBufferPointer<UInt8>) -> [SignatureParameter] {
        var parameters: [SignatureParameter] = []
        var keywordOnly = false
        for part in splitSignature(Array(text)) {
            if part == [0x2F] {
                for i in parameters.indices where !parameters[i].isReceiver { parameters[i].isPositionalOnly = true }
                continue
            }
            if part == [0x2A] {
                keywordOnly = true
                continue
            }
            parameters.append(parameter(part, &keywordOnly))
        }
        return parameters
    }

    private static func parameter(_ part: ArraySlice<UInt8>, _ keywordOnly: inout Bool) -> SignatureParameter {
        var rest = part
        var made = SignatureParameter(name: rest)
        if rest.starts(with: [0x2A, 0x2A]) {
            rest = rest.dropFirst(2)
            made.isStarStar = true
        } else if rest.first == 0x2A {
            rest = rest.dropFirst()
            made.isStar = true
            keywordOnly = true
        } else if rest.first == 0x24 {
            rest = rest.dropFirst()
            made.isReceiver = true
        } else {
            made.isKeywordOnly = keywordOnly
        }
        if let equals = rest.firstIndex(of: 0x3D) {
            made.hasDefault = true
            rest = rest[..<equals]
        }
        made.name = rest
        return made
    }

    /// The comma-separated parts between the outer parentheses; brackets and quotes nest.
    private static func splitSignature(_ text: [UInt8]) -> [ArraySlice<UInt8>] {
        var parts: [ArraySlice<UInt8>] = []
        var depth = 0
        var start = 1
        var quote: UInt8 = 0
        for i in text.indices {
            let c = text[i]
            if quote != 0 {
                if c == quote { quote = 0 }
            } else if c == 0x27 || c == 0x22 {
                quote = c
            } else if c == 0x28 || c == 0x5B || c == 0x7B {
                depth += 1
            } else if c == 0x29 || c == 0x5D || c == 0x7D {
                depth -= 1
                if depth == 0 {
                    parts.append(trim(text[start..<i]))
                    break
                }
            } else if c == 0x2C && depth == 1 {
                parts.append(trim(text[start..<i]))
                start = i + 1
            }
        }
        return parts.filter { !$0.isEmpty }
    }

    private static func trim(_ part: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var part = part
        while let c = part.first, c == 0x20 || c == 0x0A { part = part.dropFirst() }
        while let c = part.last, c == 0x20 || c == 0x0A { part = part.dropLast() }
        return part
    }
}

extension Thread {
    /// Parses the function's signature: arity and parameter names.
    @inline(never) func prepare(_ function: NativeFunction) throws(Raised) -> Arity {
        let parameters = NativeFunction.parse(function.signature).filter { !$0.isReceiver || function.cell.has(NativeFunction.isStaticBit) }
        let named = parameters.filter { !$0.isStar && !$0.isStarStar }
        let positional = named.filter { !$0.isKeywordOnly }
        let names = try newTuple(named.count)
        for (i, parameter) in named.enumerated() where !parameter.isPositionalOnly {
            names[i] = parameter.name.withUnsafeBufferPointer { intern(str(utf8: $0)) }
        }
        function.parameterNames = names.value
        let arity = Arity(required: positional.filter { !$0.hasDefault }.count, positional: positional.count,
                          positionalOnly: positional.filter(\.isPositionalOnly).count, total: named.count,
                          hasStar: parameters.contains { $0.isStar }, hasStarStar: parameters.contains { $0.isStarStar })
        function.arity = arity.with(shortcut: function.arity.shortcut)
        return arity
    }

    /// Calls a native function. For a method, `arguments` starts with the receiver, which the signature does not count.
    @inline(never) public func callNative(_ function: NativeFunction, _ arguments: Arguments, receiver: Bool) throws(Raised) -> Value {
        let arity = function.arity
        let given = arguments.count &- (receiver ? 1 : 0)
        if function.isRaw || arity.isDirect(given) && arguments.keywords.isUnbound { return try function.body(self, arguments) }
        return try bindAndCall(function, arguments, receiver)
    }

    /// Binds the arguments to the signature, in fresh words on the VM stack, and calls the body.
    @inline(never) func bindAndCall(_ function: NativeFunction, _ arguments: Arguments, _ receiver: Bool) throws(Raised) -> Value {
        let arity = function.arity.isParsed ? function.arity : try prepare(function)
        let lead = receiver ? 1 : 0
        let given = arguments.count - lead
        let width = lead + arity.total + (arity.hasStar ? 1 : 0) + (arity.hasStarStar ? 1 : 0)
        let base = try pushScratch(width)
        defer { popScratch(base) }
        if receiver { base[0] = arguments[0] }
        let positional = min(given, arity.positional)
        for i in 0..<max(positional, 0) { base[lead + i] = arguments[lead + i] }
        var next = lead + arity.total
        if given > arity.positional && !arity.hasStar { throw tooManyPositional(function, arity, given) }
        if arity.hasStar {
            base[next] = try tuple(arguments.base + lead + positional, given - positional)
            next += 1
        }
        if arity.hasStarStar { base[next] = newDict().value }
        let keywordCount = arguments.keywords.isUnbound ? 0 : TupleObject(arguments.keywords).count
        if keywordCount > 0 {
            if arity.positionalOnly == arity.total && !arity.hasStarStar { throw takesNoKeywords(function) }
            if given + keywordCount > arity.total && !arity.hasStar && !arity.hasStarStar {
                throw raise(.typeError, "\(functionLabel(function))() takes at most \(arity.total) \(given == 0 ? "keyword " : "")argument\(arity.total == 1 ? "" : "s") (\(given + keywordCount) given)")
            }
            for k in 0..<keywordCount {
                try bindKeyword(function, arity, base + lead, TupleObject(arguments.keywords)[k], arguments[arguments.count + k],
                                arity.hasStarStar ? base[next] : .unbound)
            }
        }
        if positional < arity.required { try checkRequired(function, arity, base + lead, given, keywordCount) }
        return try function.body(self, Arguments(base, width))
    }

    private func bindKeyword(_ function: NativeFunction, _ arity: Arity, _ slots: UnsafeMutablePointer<Value>, _ key: Value, _ value: Value,
                             _ rest: Value) throws(Raised) {
        let names = TupleObject(function.parameterNames)
        for i in 0..<names.count where names[i].isBound && (names[i] == key || StrObject(names[i]).equals(StrObject(key))) {
            if slots[i].isBound {
                throw raise(.typeError, "argument for \(functionLabel(function))() given by name ('\(string(key))') and position (\(i + 1))")
            }
            slots[i] = value
            return
        }
        if rest.isBound { return try set(DictObject(rest), key, value) }
        throw raise(.typeError, "'\(string(key))' is an invalid keyword argument for \(functionLabel(function))()")
    }

    private func checkRequired(_ function: NativeFunction, _ arity: Arity, _ slots: UnsafeMutablePointer<Value>, _ given: Int, _ keywords: Int) throws(Raised) {
        for i in 0..<arity.required where slots[i].isUnbound {
            if arity.positionalOnly == arity.total { throw tooFewPositional(function, arity, given) }
            let names = TupleObject(function.parameterNames)
            if i < arity.positionalOnly {
                throw raise(.typeError, "\(functionLabel(function))() takes \(arity.required == arity.positional ? "exactly" : "at least") \(arity.required) positional argument\(arity.required == 1 ? "" : "s") (\(given) given)")
            }
            throw raise(.typeError, "\(functionLabel(function))() missing required argument '\(string(names[i]))' (pos \(i + 1))")
        }
    }

    /// The name in messages: `list.append` for methods that take one or no argument, `append` otherwise, as CPython's helpers differ.
    private func functionLabel(_ function: NativeFunction) -> String { string(function.name) }

    private func qualifiedLabel(_ function: NativeFunction) -> String {
        if function.owner.isBound && function.bound.isBound {
            let holder = isType(function.bound) ? TypeObject(function.bound) : type(of: function.bound)
            return string(holder.qualname) + "." + string(function.name)
        }
        return function.owner.isBound && !function.cell.has(NativeFunction.isStaticBit)
            ? string(TypeObject(function.owner).name) + "." + string(function.name) : string(qualifiedNativeName(function))
    }

    /// `__qualname__` of a native function.
    public func qualifiedNativeName(_ function: NativeFunction) -> Value {
        if function.owner.isBound { return str(string(TypeObject(function.owner).qualname) + "." + string(function.name)) }
        if function.module.isBound && string(function.module) != "builtins" { return str(string(function.module) + "." + string(function.name)) }
        return function.name
    }

    private func takesNoKeywords(_ function: NativeFunction) -> Raised { raise(.typeError, "\(qualifiedLabel(function))() takes no keyword arguments") }

    private func tooManyPositional(_ function: NativeFunction, _ arity: Arity, _ given: Int) -> Raised {
        if arity.total == arity.positional && arity.positional == arity.positionalOnly { return tooFewPositional(function, arity, given) }
        let most = arity.positional
        if most == 0 { return raise(.typeError, "\(functionLabel(function))() takes no positional arguments") }
        let word = arity.required == most && arity.total != most ? "exactly" : "at most"
        return raise(.typeError, "\(functionLabel(function))() takes \(word) \(most) \(arity.total == most ? "" : "positional ")argument\(most == 1 ? "" : "s") (\(given) given)")
    }

    /// Wrong count for a function of positional-only parameters.
    private func tooFewPositional(_ function: NativeFunction, _ arity: Arity, _ given: Int) -> Raised {
        if arity.positional == 0 { return raise(.typeError, "\(qualifiedLabel(function))() takes no arguments (\(given) given)") }
        if arity.positional == 1 && arity.required == 1 { return raise(.typeError, "\(qualifiedLabel(function))() takes exactly one argument (\(given) given)") }
        let label = functionLabel(function)
        if arity.required == arity.positional { return raise(.typeError, "\(label) expected \(arity.required) argument\(arity.required == 1 ? "" : "s"), got \(given)") }
        let few = given < arity.required
        let bound = few ? arity.required : arity.positional
        return raise(.typeError, "\(label) expected at \(few ? "least" : "most") \(bound) argument\(bound == 1 ? "" : "s"), got \(given)")
    }

    // MARK: Scratch words on the VM stack

    /// `count` unbound words above the running frame; the collector sees them. Pair with `popScratch`.
    @inline(never) public func pushScratch(_ count: Int) throws(Raised) -> UnsafeMutablePointer<Value> {
        let base = state.pointee.stackTop
        if base + count + 64 > state.pointee.stackLimit { throw raise(.memoryError) }
        for i in 0..<max(count, 0) { base[i] = .unbound }
        state.pointee.stackTop = base + count
        return base
    }

    @inline(__always) public func popScratch(_ base: UnsafeMutablePointer<Value>) { state.pointee.stackTop = base }
}
