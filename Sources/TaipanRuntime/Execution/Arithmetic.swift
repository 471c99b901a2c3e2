// Binary and unary operators: what the interpreter does when the inlined cases do not apply.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension TypeSlots {
    /// Word index of the slot of BINARY_OP number `n` (below 13), by CPython's numbering.
    static func binaryWord(_ n: Int) -> Int {
        let offset: Int? = switch n {
        case 0: MemoryLayout<TypeSlots>.offset(of: \.add)
        case 1: MemoryLayout<TypeSlots>.offset(of: \.and)
        case 2: MemoryLayout<TypeSlots>.offset(of: \.floorDivide)
        case 3: MemoryLayout<TypeSlots>.offset(of: \.leftShift)
        case 4: MemoryLayout<TypeSlots>.offset(of: \.matrixMultiply)
        case 5: MemoryLayout<TypeSlots>.offset(of: \.multiply)
        case 6: MemoryLayout<TypeSlots>.offset(of: \.remainder)
        case 7: MemoryLayout<TypeSlots>.offset(of: \.or)
        case 8: MemoryLayout<TypeSlots>.offset(of: \.power)
        case 9: MemoryLayout<TypeSlots>.offset(of: \.rightShift)
        case 10: MemoryLayout<TypeSlots>.offset(of: \.subtract)
        case 11: MemoryLayout<TypeSlots>.offset(of: \.trueDivide)
        case 12: MemoryLayout<TypeSlots>.offset(of: \.xor)
        default: MemoryLayout<TypeSlots>.offset(of: \.divmod)
        }
        return (offset ?? 0) / 8
    }

    static func inPlaceWord(_ n: Int) -> Int {
        let offset: Int? = switch n {
        case 0: MemoryLayout<TypeSlots>.offset(of: \.inPlaceAdd)
        case 1: MemoryLayout<TypeSlots>.offset(of: \.inPlaceAnd)
        case 2: MemoryLayout<TypeSlots>.offset(of: \.inPlaceFloorDivide)
        case 3: MemoryLayout<TypeSlots>.offset(of: \.inPlaceLeftShift)
        case 4: MemoryLayout<TypeSlots>.offset(of: \.inPlaceMatrixMultiply)
        case 5: MemoryLayout<TypeSlots>.offset(of: \.inPlaceMultiply)
        case 6: MemoryLayout<TypeSlots>.offset(of: \.inPlaceRemainder)
        case 7: MemoryLayout<TypeSlots>.offset(of: \.inPlaceOr)
        case 8: MemoryLayout<TypeSlots>.offset(of: \.inPlacePower)
        case 9: MemoryLayout<TypeSlots>.offset(of: \.inPlaceRightShift)
        case 10: MemoryLayout<TypeSlots>.offset(of: \.inPlaceSubtract)
        case 11: MemoryLayout<TypeSlots>.offset(of: \.inPlaceTrueDivide)
        default: MemoryLayout<TypeSlots>.offset(of: \.inPlaceXor)
        }
        return (offset ?? 0) / 8
    }
}

extension Thread {
    /// BINARY_OP number `number` (13 and up are the in-place forms).
    @inline(never)
    func binarySlowly(_ number: Int, _ left: Value, _ right: Value) throws(Raised) -> Value {
        let plain = number >= 13 ? number &- 13 : number
        if left.isSmallInt && right.isSmallInt {
            if let result = intOperation(plain, left.smallInt, right.smallInt) { return result }
        } else if left.isSmallFloat || right.isSmallFloat, let result = floatOperation(plain, left, right) {
            return result
        }
        return number >= 13 ? try inPlace(number - 13, left, right) : try binary(number, left, right)
    }

    /// Operators on two small ints whose result is an int word, or a quotient; nil for everything else.
    @inline(__always) private func intOperation(_ number: Int, _ l: Int, _ r: Int) -> Value? {
        switch number {
        case 3:
            guard r >= 0, r < 62 else { return nil }
            let shifted = l << r
            return shifted >> r == l && Value.fitsSmallInt(shifted) ? Value(smallInt: shifted) : nil
        case 9: return r >= 0 ? Value(smallInt: l >> min(r, 63)) : nil
        case 7: return Value(smallInt: l | r)
        case 12: return Value(smallInt: l ^ r)
        case 2, 6:
            if r == 0 { return nil }
            var quotient = l / r, remainder = l % r
            if remainder != 0 && (remainder < 0) != (r < 0) {
                quotient &-= 1
                remainder &+= r
            }
            return int(number == 2 ? quotient : remainder)
        case 8:
            guard r >= 0, r < 64 else { return nil }
            var power = 1
            for _ in 0..<r {
                let (product, overflow) = power.multipliedReportingOverflow(by: l)
                if overflow { return nil }
                power = product
            }
            return int(power)
        case 11:
            // Both are exact doubles, so the quotient is correctly rounded.
            guard r != 0, abs(l) <= 1 << 53, abs(r) <= 1 << 53 else { return nil }
            return float(Double(l) / Double(r))
        default: return nil
        }
    }

    /// Float arithmetic with a small int or float on the other side; nil when it is not that, or raises.
    private func floatOperation(_ number: Int, _ left: Value, _ right: Value) -> Value? {
        let l: Double, r: Double
        if left.isSmallFloat { l = left.smallFloat } else if left.isSmallInt { l = Double(left.smallInt) } else if left.hasLayout(.float) { l = double(left) } else { return nil }
        if right.isSmallFloat { r = right.smallFloat } else if right.isSmallInt { r = Double(right.smallInt) } else if right.hasLayout(.float) { r = double(right) } else { return nil }
        switch number {
        case 0: return float(l + r)
        case 5: return float(l * r)
        case 10: return float(l - r)
        case 11: return r == 0 ? nil : float(l / r)
        case 8:
            // Other bases and exponents have rules of their own.
            guard l > 0, l.isFinite, r.isFinite else { return nil }
            let power = pow(l, r)
            return power.isFinite ? float(power) : nil
        default: return nil
        }
    }

    /// `left OP right` for operator `number` of BINARY_OP (below 13), or 13 for divmod.
    public func binary(_ number: Int, _ left: Value, _ right: Value) throws(Raised) -> Value {
        let result = try binaryOrNotImplemented(number, left, right)
        if !result.isNotImplemented { return result }
        if number == 0 || number == 5 {
            let sequence = try sequenceOperation(number, left, right, inPlace: false)
            if !sequence.isNotImplemented { return sequence }
        }
        throw unsupportedOperands(Thread.operatorText(number), left, right)
    }

    private func slot(_ type: TypeObject, _ number: Int) -> UInt { type.slotWords[TypeSlots.binaryWord(number)] }

    @inline(__always) private func invoke(_ address: UInt, _ number: Int, _ left: Value, _ right: Value) throws(Raised) -> Value {
        if number == 8 {
            var power = TernarySlot()
            power.address = address
            return try power(self, left, right, .none)
        }
        var slot = BinarySlot()
        slot.address = address
        return try slot(self, left, right)
    }

    /// The number protocol: the right operand's type goes first when it is a proper subclass with its own slot.
    public func binaryOrNotImplemented(_ number: Int, _ left: Value, _ right: Value) throws(Raised) -> Value {
        let leftType = type(of: left), rightType = type(of: right)
        let leftSlot = slot(leftType, number)
        var rightSlot: UInt = 0
        if rightType != leftType {
            rightSlot = slot(rightType, number)
            if rightSlot == leftSlot { rightSlot = 0 }
        }
        if leftSlot != 0 {
            if rightSlot != 0 && isSubtype(rightType, of: leftType.value) {
                let result = try invoke(rightSlot, number, left, right)
                if !result.isNotImplemented { return result }
                rightSlot = 0
            }
            let result = try invoke(leftSlot, number, left, right)
            if !result.isNotImplemented { return result }
        }
        return rightSlot != 0 ? try invoke(rightSlot, number, left, right) : .notImplemented
    }

    /// Concatenation and repetition, which sequences have in slots of their own.
    private func sequenceOperation(_ number: Int, _ left: Value, _ right: Value, inPlace: Bool) throws(Raised) -> Value {
        let leftSlots = type(of: left).slots, rightSlots = type(of: right).slots
        if number == 0 {
            if inPlace && leftSlots.pointee.inPlaceConcatenate.isSet { return try leftSlots.pointee.inPlaceConcatenate(self, left, right) }
            return leftSlots.pointee.concatenate.isSet ? try leftSlots.pointee.concatenate(self, left, right) : .notImplemented
        }
        if inPlace && leftSlots.pointee.inPlaceRepeat.isSet { return try leftSlots.pointee.inPlaceRepeat(self, left, try repeatCount(right)) }
        if leftSlots.pointee.repeat.isSet { return try leftSlots.pointee.repeat(self, left, try repeatCount(right)) }
        if rightSlots.pointee.repeat.isSet { return try rightSlots.pointee.repeat(self, right, try repeatCount(left)) }
        return .notImplemented
    }

    private func repeatCount(_ count: Value) throws(Raised) -> Value {
        if count.isSmallInt { return count }
        if !type(of: count).slots.pointee.index.isSet { throw raise(.typeError, "can't multiply sequence by non-int of type '\(typeName(count))'") }
        return int(try index(count))
    }

    /// `left OP= right`.
    public func inPlace(_ number: Int, _ left: Value, _ right: Value) throws(Raised) -> Value {
        let address = type(of: left).slotWords[TypeSlots.inPlaceWord(number)]
        if address != 0 {
            let result = try invoke(address, number, left, right)
            if !result.isNotImplemented { return result }
        }
        let result = try binaryOrNotImplemented(number, left, right)
        if !result.isNotImplemented { return result }
        if number == 0 || number == 5 {
            let sequence = try sequenceOperation(number, left, right, inPlace: true)
            if !sequence.isNotImplemented { return sequence }
        }
        throw unsupportedOperands(Thread.operatorText(number) + "=", left, right)
    }

    private static func operatorText(_ number: Int) -> String {
        switch number {
        case 0: "+"
        case 1: "&"
        case 2: "//"
        case 3: "<<"
        case 4: "@"
        case 5: "*"
        case 6: "%"
        case 7: "|"
        case 8: "** or pow()"
        case 9: ">>"
        case 10: "-"
        case 11: "/"
        case 12: "^"
        default: "divmod()"
        }
    }

    private func unsupportedOperands(_ text: String, _ left: Value, _ right: Value) -> Raised {
        let text = text == "** or pow()=" ? "**=" : text
        if text == ">>", left.hasLayout(.builtinFunction), StrObject(NativeFunction(left).name).equals("print") {
            return raise(.typeError, "unsupported operand type(s) for \(text): '\(typeName(left))' and '\(typeName(right))'. Did you mean \"print(<message>, file=<output_stream>)\"?")
        }
        return raise(.typeError, "unsupported operand type(s) for \(text): '\(typeName(left))' and '\(typeName(right))'")
    }

    /// `divmod(left, right)`.
    public func divmod(_ left: Value, _ right: Value) throws(Raised) -> Value { try binary(13, left, right) }

    /// `pow(base, exponent, modulus)`; modulus None is the two-argument form.
    public func power(_ base: Value, _ exponent: Value, _ modulus: Value) throws(Raised) -> Value {
        if modulus.isNone { return try binary(8, base, exponent) }
        for i in 0..<3 {
            let slot = type(of: i == 0 ? base : i == 1 ? exponent : modulus).slots.pointee.power
            if !slot.isSet { continue }
            let result = try slot(self, base, exponent, modulus)
            if !result.isNotImplemented { return result }
        }
        throw raise(.typeError, "unsupported operand type(s) for ** or pow(): '\(typeName(base))', '\(typeName(exponent))', '\(typeName(modulus))'")
    }

    @inline(never)
    public func negative(_ value: Value) throws(Raised) -> Value {
        if value.isSmallInt { return int(0 &- value.smallInt) }
        if value.isSmallFloat { return float(-value.smallFloat) }
        let slot = type(of: value).slots.pointee.negative
        if slot.isSet { return try slot(self, value) }
        throw raise(.typeError, "bad operand type for unary -: '\(typeName(value))'")
    }

    @inline(never)
    public func positive(_ value: Value) throws(Raised) -> Value {
        let slot = type(of: value).slots.pointee.positive
        if slot.isSet { return try slot(self, value) }
        throw raise(.typeError, "bad operand type for unary +: '\(typeName(value))'")
    }

    @inline(never)
    public func invert(_ value: Value) throws(Raised) -> Value {
        if value.isSmallInt { return Value(smallInt: ~value.smallInt) }
        let slot = type(of: value).slots.pointee.invert
        if slot.isSet { return try slot(self, value) }
        throw raise(.typeError, "bad operand type for unary ~: '\(typeName(value))'")
    }

    // MARK: Comparison

    /// COMPARE_OP number `op` as a value.
    @inline(never)
    func compareSlowly(_ op: UInt8, _ left: Value, _ right: Value) throws(Raised) -> Value {
        if let holds = quickCompare(op, left, right) { return Value(holds) }
        return try compare(left, right, CompareOperator(rawValue: Int(op)) ?? .equal)
    }

    /// COMPARE_OP number `op` as a truth value. Bit 1 of `flags`: the operands, and the operator with them, were exchanged.
    @inline(never)
    func compareTruth(_ op: UInt8, _ left: Value, _ right: Value, _ flags: Int) throws(Raised) -> Bool {
        if let holds = quickCompare(op, left, right) { return holds }
        let symbol = CompareOperator(rawValue: Int(op)) ?? .equal
        return try truth(flags & 2 == 0 ? try compare(left, right, symbol) : try compare(right, left, symbol.swapped))
    }

    private func quickCompare(_ op: UInt8, _ left: Value, _ right: Value) -> Bool? {
        if left.hasLayout(.str) && right.hasLayout(.str) {
            if op == 2 { return StrObject(left).equals(StrObject(right)) }
            if op == 3 { return !StrObject(left).equals(StrObject(right)) }
            return CompareOperator(rawValue: Int(op))?.holds(StrObject(left).compare(StrObject(right)))
        }
        let l: Double, r: Double
        if left.isSmallFloat { l = left.smallFloat } else if left.isSmallInt && abs(left.smallInt) < 1 << 53 { l = Double(left.smallInt) } else { return nil }
        if right.isSmallFloat { r = right.smallFloat } else if right.isSmallInt && abs(right.smallInt) < 1 << 53 { r = Double(right.smallInt) } else { return nil }
        switch op {
        case 0: return l < r
        case 1: return l <= r
        case 2: return l == r
        case 3: return l != r
        case 4: return l > r
        default: return l >= r
        }
    }

    // MARK: Subscripts

    /// `container[key]` into slot `destination`. Gives the new frame instead when a Python `__getitem__` was entered.
    @inline(never)
    func enterSubscript(_ fp: UnsafeMutablePointer<Value>, _ container: Value, _ key: Value, _ destination: Int) throws(Raised) -> UnsafeMutablePointer<Value>? {
        if container.hasLayout(.dict) {
            let dict = DictObject(container)
            let i = try dict.findEntry(self, key, try hash(key))
            if i < 0 { throw keyError(key) }
            fp[destination] = dict.entry(i).value
            return nil
        }
        let type = type(of: container)
        if type.has(TypeFlag.heap) {
            let method = lookup(type, name(.__getitem__))
            if method.hasLayout(.function), let lowered = FunctionObject(method).lowered, lowered.pointee.simpleArgumentCount == 2 {
                let place = state.pointee.stackTop + FrameHeader.size
                if place + 64 >= state.pointee.stackLimit { throw recursionError() }
                place[0] = container
                place[1] = key
                try pushFrame(place, method, lowered, filled: 2, caller: fp, destination: destination, flags: FrameFlag.fromSubscript)
                return place
            }
        }
        fp[destination] = try getItem(container, key)
        return nil
    }

    @inline(never)
    func storeSubscriptSlowly(_ container: Value, _ key: Value, _ value: Value) throws(Raised) {
        if container.hasLayout(.dict) { return try set(DictObject(container), key, value) }
        try setItem(container, key, value)
    }
}
