// Register code as text, one line a word: `add r3 r0 k1`, `jumpLess r0 r4`, `-> 12`. Slots are r, constants k, names in quotes, jumps go to
// word numbers. The words behind an instruction that are no operands show as they were before anything ran: caches.

/// One word of register code.
public struct LoweredWord: Sendable {
    /// Byte offset of the bytecode instruction that it came from; nil for words that only belong to the instruction before.
    public var offset: Int?
    public var text: String
}

/// What the three operands of an instruction are.
private enum OperandForm {
    /// Slots, as many; `constant` makes the last one a constant.
    case slots(Int, constant: Bool)
    /// Slot a, and in bc a constant, a name, or the distance of a jump.
    case wideConstant, constant, wideName, jump, branch
    /// Slots, with a distance, a name or a number in the word behind.
    case distance(Int, constant: Bool), named(Int)
    /// A call: the callable's first place, how many arguments, where the result goes. Items: how many of them from where.
    case call, items
    case plain
}

extension Op {
    fileprivate var form: OperandForm {
        switch self {
        case .loadConst, .storeNone: .wideConstant
        case .returnConst: .constant
        case .move, .storeCellNone, .loadLocalCheck, .swap, .negative, .positive, .invert, .not, .loadCell, .storeCell, .getIter: .slots(2, constant: false)
        case .deleteLocal, .clear, .returnValue, .makeCell, .deleteCell: .slots(1, constant: false)
        case .addK, .subtractK, .multiplyK, .floorDivideK, .remainderK, .andK, .trueDivideK, .binaryK, .subscriptK: .slots(3, constant: true)
        case .add, .subtract, .multiply, .binary, .floorDivide, .remainder, .and, .or, .trueDivide, .less, .lessEqual, .equal, .notEqual,
             .greater, .greaterEqual, .identical, .contains, .subscript_, .storeSubscript: .slots(3, constant: false)
        case .jumpLess, .jumpLessEqual, .jumpEqual, .jumpNotEqual, .jumpGreater, .jumpGreaterEqual, .jumpIdentical: .distance(2, constant: false)
        case .jumpLessK, .jumpLessEqualK, .jumpEqualK, .jumpNotEqualK, .jumpGreaterK, .jumpGreaterEqualK: .distance(2, constant: true)
        case .forIter: .distance(2, constant: false)
        case .send: .distance(3, constant: false)
        case .jump, .jumpBack: .jump
        case .jumpIfTrue, .jumpIfFalse, .jumpIfNone, .jumpIfNotNone: .branch
        case .loadGlobal, .storeGlobal, .deleteGlobal, .loadName, .storeName, .deleteName: .wideName
        case .loadAttr, .storeAttr: .named(2)
        case .deleteAttr: .named(1)
        case .loadMethod: .named(3)
        case .call, .callPlain, .callCopy: .call
        case .buildTuple, .buildList, .buildSet, .buildMap, .buildString: .items
        default: .plain
        }
    }
}

extension Thread {
    /// The words of the ordinary form of `code`, before caches are filled.
    /// - Throws: SystemError for code that no compiler makes.
    public func loweredListing(_ code: CodeCell) throws(Raised) -> [LoweredWord] {
        var lowering = Lowering(self, code)
        lowering.starts = []
        try lowering.walk()
        let made = lowering.finish()
        defer {
            made.pointee.free()
            made.deallocate()
        }
        let starts = lowering.starts ?? [], names = TupleObject(code.names)
        var listing: [LoweredWord] = []
        for (i, start) in starts.enumerated() {
            let end = i + 1 < starts.count ? starts[i + 1] : made.pointee.wordCount
            let word = made.pointee.words[start], op = Op(rawValue: UInt8(truncatingIfNeeded: word)) ?? .unknown
            listing.append(LoweredWord(offset: Int(made.pointee.offsets[start]) * 2, text: "\(op)" + operands(op, word, start, names)))
            for extra in (start + 1)..<max(end, start + 1) { listing.append(LoweredWord(offset: nil, text: text(ofWord: extra, behind: start, op, made, names))) }
        }
        return listing
    }

    private func operands(_ op: Op, _ word: UInt64, _ start: Int, _ names: TupleObject) -> String {
        let a = Int(truncatingIfNeeded: (word >> 16) & 0xFFFF), b = Int(truncatingIfNeeded: (word >> 32) & 0xFFFF), c = Int(truncatingIfNeeded: word >> 48)
        let bc = Int(truncatingIfNeeded: word >> 32), distance = Int(Int32(truncatingIfNeeded: Int64(bitPattern: word) >> 32))
        switch op.form {
        case .slots(let count, let constant), .distance(let count, let constant): return slots([a, b, c], count, constant)
        case .named(let count): return slots([a, b, c], count, false)
        case .wideConstant: return " r\(a) k\(bc)"
        case .constant: return " k\(bc)"
        case .wideName: return " r\(a) '\(bc < names.count ? string(names[bc]) : "?")'"
        case .jump: return " -> \(start + 1 + distance)"
        case .branch: return " r\(a) -> \(start + 1 + distance)"
        case .call: return " r\(a), \(b) arguments, to r\(c)"
        case .items: return " r\(a), \(b) items from r\(c)"
        case .plain: return bc == 0 && a == 0 ? "" : " \(a) \(b) \(c)"
        }
    }

    private func slots(_ numbers: [Int], _ count: Int, _ endsInConstant: Bool) -> String {
        var text = ""
        for i in 0..<count { text += (endsInConstant && i == count - 1 ? " k" : " r") + String(numbers[i]) }
        return text
    }

    private func text(ofWord at: Int, behind start: Int, _ op: Op, _ lowered: UnsafeMutablePointer<LoweredCode>, _ names: TupleObject) -> String {
        let word = lowered.pointee.words[at]
        if at == start + 1 {
            switch op.form {
            case .distance: return "-> \(at + 1 + Int(Int64(bitPattern: word)))"
            case .named:
                let index = Int(truncatingIfNeeded: word)
                return index >= 0 && index < names.count ? "'\(string(names[index]))'" : "name \(index)"
            default: return word == 0 ? "0" : String(word)
            }
        }
        return word == 0 ? "cache" : String(word)
    }
}

extension Op {
    /// What an instruction whose cache was filled has become, in words, `whose` being what it looks at; nil for instructions as they were made.
    fileprivate func specialization(of whose: String?) -> String? {
        switch self {
        case .loadGlobalModule: "the module's variable, at its place in the namespace"
        case .loadGlobalBuiltin: "a builtin, as long as no global hides it"
        case .loadAttrSlot, .loadMethodSlot, .storeAttrSlot: "an attribute at its slot in \(whose ?? "instances of one layout")"
        case .loadAttrSlots: "an attribute at its slot in one of up to three layouts, among them \(whose ?? "that of what was met last")"
        case .storeAttrNone: "an attribute at its slot in \(whose ?? "instances of one layout"), which becomes None"
        case .storeAttrAdd: "a new attribute of \(whose ?? "instances of one layout")"
        case .loadAttrType, .loadMethodType: "what the class holds for \(whose ?? "instances of one layout")"
        case .loadAttrProperty: "a property of the class, for \(whose ?? "instances of one layout")"
        case .loadMethodCached: "a method of the class, for \(whose ?? "instances of one layout")"
        case .loadAttrClass, .loadMethodClass: "an attribute of \(whose ?? "one class")"
        case .loadMethodClassBound: "a class method of \(whose ?? "one class")"
        case .loadAttrModule, .loadMethodModule: "an attribute of \(whose ?? "one module")"
        default: nil
        }
    }
}

extension Thread {
    /// Tells the observer that the running instruction became `op`, looking at `object`.
    @inline(never) func tellCacheFilled(_ op: Op, instead before: Op?, _ object: Value) {
        guard let words = op.specialization(of: object.isUnbound ? nil : holderName(object)) else { return }
        tell(.cacheFilled(form: "\(op): \(words)", isAnew: before?.specialization(of: nil) != nil))
    }

    private func holderName(_ object: Value) -> String {
        if object.isKind(.type) { return "class " + qualifiedTypeName(TypeObject(object)) }
        if !object.hasLayout(.module) { return "instances of " + typeName(object) }
        let name = object.cell[1].hasLayout(.dict) ? DictObject(object.cell[1]).findString(self, self.name(.__name__)) : .unbound
        return name.isKind(.str) ? "module " + string(name) : "one module"
    }

    /// The instructions of `code`, by code unit, whose inline caches were filled while the code was watched, and with what.
    public func filledCaches(_ code: CodeCell) -> [(unit: Int, text: String)] {
        guard let observed = code.lowered?.pointee.observed else { return [] }
        let exact = observed.pointee.exact
        var filled: [(unit: Int, text: String)] = []
        for (unit, first) in observed.pointee.unitWords.enumerated() where first >= 0 {
            var word = Int(first)
            while word < exact.pointee.wordCount, UInt8(truncatingIfNeeded: exact.pointee.words[word]) == Op.observe.rawValue { word += 1 }
            if word >= exact.pointee.wordCount { continue }
            if let op = Op(rawValue: UInt8(truncatingIfNeeded: exact.pointee.words[word])), let text = op.specialization(of: nil) { filled.append((unit, "\(op): \(text)")) }
        }
        return filled
    }
}
