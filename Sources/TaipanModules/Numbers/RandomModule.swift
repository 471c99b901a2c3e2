// `_random`: the Mersenne Twister. The generator's cell: word 1 a bytes object with the 625 words of its state.

import TaipanNumbers
import TaipanRuntime

enum RandomModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        try m.type("Random", flags: TypeFlag.base, .values(1)) { b in
            b.doc("Random() -> create a random number generator with its own internal state.")
            b.slots.pointee.new = CallSlot { (t, type, a) throws(Raised) in
                let made = t.allocate(TypeObject(type))
                let state = try t.newBytes(MersenneTwister.words * 4)
                made[1] = state.value
                try t.seed(Value(made), .none)
                return Value(made)
            }
            b.slots.pointee.initialize = InitSlot { (t, v, a) throws(Raised) in
                if a.keywords.isBound && TupleObject(a.keywords).count > 0 { throw t.raise(.typeError, "Random() takes no keyword arguments") }
                if a.count > 1 { throw t.raise(.typeError, "Random() requires 0 or 1 argument") }
                if a.count == 1 { try t.seed(v, a[0]) }
            }
            b.method("random", "($self, /)", "random() -> x in the interval [0, 1).") { (t, a) in t.float(t.twister(a[0]).double()) }
            b.method("seed", "($self, n=None, /)", "Starts over from an int, from another object's hash, or from the system's randomness.") { (t, a) throws(Raised) in
                try t.seed(a[0], a[1])
                return .none
            }
            b.method("getrandbits", "($self, k, /)", "getrandbits(k) -> x.  An int of k random bits.") { (t, a) throws(Raised) in
                let bits = try t.index(a[1])
                if bits < 0 { throw t.raise(.valueError, "number of bits must be non-negative") }
                if bits == 0 { return t.int(0) }
                let made = try t.newInt(limbs: (bits - 1) / 64 + 1)
                _ = t.twister(a[0]).bits(bits, into: made.limbs)
                return t.normalize(made, isNegative: false)
            }
            b.method("getstate", "($self, /)", "getstate() -> tuple containing the current state.") { (t, a) throws(Raised) in
                let made = try t.newTuple(MersenneTwister.words)
                let words = t.twisterWords(a[0])
                for i in 0..<MersenneTwister.words { made[i] = t.int(Int(words[i])) }
                return made.value
            }
            b.method("setstate", "($self, state, /)", "setstate(state) -> None.  Goes back to a state.") { (t, a) throws(Raised) in
                try t.setTwisterState(a[0], a[1])
                return .none
            }
        }
    }
}

extension Thread {
    fileprivate func twisterWords(_ value: Value) -> UnsafeMutablePointer<UInt32> {
        UnsafeMutableRawPointer(BytesObject(value.cell[1]).data).assumingMemoryBound(to: UInt32.self)
    }

    fileprivate func twister(_ value: Value) -> MersenneTwister { MersenneTwister(twisterWords(value)) }

    fileprivate func seed(_ value: Value, _ seed: Value) throws(Raised) {
        if seed.isNoneOrUnbound {
            var generator = SystemRandomNumberGenerator()
            let words = (0..<624).map { _ in generator.next(upperBound: UInt32.max) }
            words.withUnsafeBufferPointer { if let start = $0.baseAddress { twister(value).seed(start, 624) } }
            return
        }
        let number = isInt(seed) ? try intAbsolute(seed) : int(UInt(bitPattern: try hash(seed)))
        try withInt(number) { (n) throws(Raised) in
            let count = max(1, (n.bitLength + 31) / 32)
            var key = [UInt32](repeating: 0, count: count)
            for i in 0..<count where i / 2 < n.count { key[i] = UInt32(truncatingIfNeeded: n.limbs[i / 2] >> (i & 1 == 0 ? 0 : 32)) }
            key.withUnsafeBufferPointer { if let start = $0.baseAddress { twister(value).seed(start, count) } }
        }
    }

    fileprivate func setTwisterState(_ value: Value, _ state: Value) throws(Raised) {
        if !state.isKind(.tuple) { throw raise(.typeError, "state vector must be a tuple") }
        let items = TupleObject(state)
        if items.count != MersenneTwister.words { throw raise(.valueError, "state vector is the wrong size") }
        var words: [UInt32] = []
        for i in 0..<items.count {
            if !isInt(items[i]) { throw raise(.typeError, "an integer is required") }
            guard let n = machineInt(items[i]) else { throw raise(.overflowError, "Python int too large to convert to C unsigned long") }
            if n < 0 { throw raise(.overflowError, "can't convert negative value to unsigned int") }
            words.append(UInt32(truncatingIfNeeded: n))
        }
        if words[624] > 624 { throw raise(.valueError, "invalid state") }
        let target = twisterWords(value)
        for i in words.indices { target[i] = words[i] }
    }
}
