// Builtins about numbers: abs, bin, chr, divmod, hex, oct, ord, pow, round, sum.

extension Thread {
    func defineNumberBuiltins(_ b: ModuleBuilder) {
        b.function("abs", "($module, x, /)", "The absolute value of the argument.") { (t, a) throws(Raised) in
            let slot = t.type(of: a[0]).slots.pointee.absolute
            if slot.isSet { return try slot(t, a[0]) }
            throw t.raise(.typeError, "bad operand type for abs(): '\(t.typeName(a[0]))'")
        }
        b.function("bin", "($module, number, /)", "The binary representation of an integer.\n\n   >>> bin(10)\n   '0b1010'") { (t, a) throws(Raised) in try t.digits(a[0], 1, 0x62) }
        b.function("oct", "($module, number, /)", "The octal representation of an integer.\n\n   >>> oct(64)\n   '0o100'") { (t, a) throws(Raised) in try t.digits(a[0], 3, 0x6F) }
        b.function("hex", "($module, number, /)", "The hexadecimal representation of an integer.\n\n   >>> hex(255)\n   '0xff'") { (t, a) throws(Raised) in try t.digits(a[0], 4, 0x78) }
        b.function("chr", "($module, i, /)", "The one-character string of code point i; 0 <= i <= 0x10ffff.") { (t, a) throws(Raised) in try t.chr(a[0]) }
        b.function("ord", "($module, c, /)", "The code point of a one-character string.") { (t, a) throws(Raised) in try t.ord(a[0]) }
        b.function("divmod", "($module, x, y, /)", "The tuple (x//y, x%y).") { (t, a) throws(Raised) in try t.divmod(a[0], a[1]) }
        b.function("pow", "($module, /, base, exp, mod=None)", "base**exp, or base**exp % mod.") { (t, a) throws(Raised) in
            try t.power(a[0], a[1], a[2].isUnbound ? .none : a[2])
        }
        b.function("round", "($module, /, number, ndigits=None)", "A number rounded to so many decimal digits, to an integer without `ndigits`.") { (t, a) throws(Raised) in
            let rounded = try t.callSpecial(a[0], t.name(.__round__), a[1].isNone ? .unbound : a[1])
            if rounded.isBound { return rounded }
            throw t.raise(.typeError, "type \(t.typeName(a[0])) doesn't define __round__ method")
        }
        b.function("sum", "($module, iterable, /, start=0)", "The start value (0 by default) plus the numbers of an iterable.", shortcut: Shortcut.sum) { (t, a) throws(Raised) in
            try t.sum(a[0], a[1].isUnbound ? Value(smallInt: 0) : a[1])
        }
    }

    /// `bin`, `oct` and `hex`: digits of `bitsPerDigit` bits after `0` and the letter.
    private func digits(_ value: Value, _ bitsPerDigit: Int, _ letter: UInt8) throws(Raised) -> Value {
        let number = try indexValue(value)
        var limbs: [UInt64] = []
        var isNegative = false
        if number.isSmallInt {
            limbs = [UInt64(number.smallInt.magnitude)]
            isNegative = number.smallInt < 0
        } else {
            let n = IntObject(number)
            for i in 0..<n.limbCount { limbs.append(n.limbs[i]) }
            isNegative = n.isNegative
        }
        while limbs.count > 1 && limbs.last == 0 { limbs.removeLast() }
        if limbs.isEmpty { limbs = [0] }
        let bits: Int = limbs.count * 64 - limbs[limbs.count - 1].leadingZeroBitCount
        let count: Int = max(1, (bits + bitsPerDigit - 1) / bitsPerDigit)
        var out: [UInt8] = isNegative ? [0x2D, 0x30, letter] : [0x30, letter]
        let mask: UInt64 = (1 << UInt64(bitsPerDigit)) - 1
        for i in stride(from: count - 1, through: 0, by: -1) {
            let at = i * bitsPerDigit
            var digit = limbs[at >> 6] >> UInt64(at & 63)
            if (at & 63) + bitsPerDigit > 64 && (at >> 6) + 1 < limbs.count { digit |= limbs[(at >> 6) + 1] << UInt64(64 - at & 63) }
            digit &= mask
            out.append(UInt8(digit) + (digit < 10 ? 0x30 : 0x57))
        }
        return str(wtf8: out)
    }

    private func chr(_ value: Value) throws(Raised) -> Value {
        let number = try indexValue(value)
        guard let n = machineInt(number), Int32(exactly: n) != nil else { throw raise(.overflowError, "Python int too large to convert to C int") }
        if n < 0 || n > 0x10FFFF { throw raise(.valueError, "chr() arg not in range(0x110000)") }
        return character(UInt32(n))
    }

    private func ord(_ value: Value) throws(Raised) -> Value {
        let count: Int
        if value.isKind(.str) {
            count = StrObject(value).count
            if count == 1 { return Value(smallInt: Int(StrObject(value)[0])) }
        } else if value.isKind(.bytes) {
            count = BytesObject(value).count
            if count == 1 { return Value(smallInt: Int(BytesObject(value).data[0])) }
        } else if value.isCell && isInstance(value, of: types.pointee.bytearray) {
            count = try length(value)
            if count == 1 { return try getItem(value, Value(smallInt: 0)) }
        } else {
            throw raise(.typeError, "ord() expected string of length 1, but \(typeName(value)) found")
        }
        throw raise(.typeError, "ord() expected a character, but string of length \(count) found")
    }

    // MARK: sum

    private func sum(_ iterable: Value, _ start: Value) throws(Raised) -> Value {
        if start.isKind(.str) { throw raise(.typeError, "sum() can't sum strings [use ''.join(seq) instead]") }
        if start.isKind(.bytes) { throw raise(.typeError, "sum() can't sum bytes [use b''.join(seq) instead]") }
        if start.isCell && isInstance(start, of: types.pointee.bytearray) { throw raise(.typeError, "sum() can't sum bytearray [use b''.join(seq) instead]") }
        return try sum(of: try iter(iterable), on: start)
    }

    /// Adds what remains of `iterator` to `start`.
    func sum(of iterator: Value, on start: Value) throws(Raised) -> Value {
        var total = start
        while true {
            // Runs of ints and of floats are added without making objects.
            var item: Value
            if total.isSmallInt {
                (total, item) = try sumInts(total.smallInt, iterator)
                if item.isUnbound { return total }
            } else if total.isSmallFloat || total.hasLayout(.float) {
                (total, item) = try sumFloats(double(total), iterator)
                if item.isUnbound { return total }
            } else {
                item = try next(iterator)
                if item.isUnbound { return total }
            }
            total = try binary(0, total, item)
        }
    }

    /// Adds small ints until something else comes, which is the second result.
    private func sumInts(_ start: Int, _ iterator: Value) throws(Raised) -> (Value, Value) {
        var total = start
        while true {
            let item = try next(iterator)
            if item.isSmallInt {
                let (sum, overflow) = total.addingReportingOverflow(item.smallInt)
                if overflow || !Value.fitsSmallInt(sum) { return (int(total), item) }
                total = sum
            } else if item.isBool {
                total = total &+ (item.isTrue ? 1 : 0)
                if !Value.fitsSmallInt(total) { return (int(total), Value(smallInt: 0)) }
            } else {
                return (int(total), item)
            }
        }
    }

    /// Adds floats with Neumaier's compensation, as CPython 3.12 does.
    private func sumFloats(_ start: Double, _ iterator: Value) throws(Raised) -> (Value, Value) {
        var total = start, compensation = 0.0
        while true {
            let item = try next(iterator)
            if item.isSmallFloat || (item.isCell && item.hasLayout(.float)) {
                let x = double(item)
                let sum = total + x
                compensation += total.magnitude >= x.magnitude ? (total - sum) + x : (x - sum) + total
                total = sum
            } else if item.isBound, isInt(item), let n = machineInt(item) {
                total += Double(n)
            } else {
                if compensation != 0 && compensation.isFinite { total += compensation }
                return (float(total), item)
            }
        }
    }
}
