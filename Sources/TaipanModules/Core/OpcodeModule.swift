// `_opcode`: the stack effects of instructions, for the library's `opcode` and `dis`.

import TaipanBytecode
import TaipanRuntime

enum OpcodeModule {
    static func define(_ m: ModuleBuilder) throws(Raised) {
        m.function("get_specialization_stats", "($module, /)", "Return the specialization stats") { (_, _) throws(Raised) in .none }
        m.function("stack_effect", "($module, opcode, oparg=None, /, *, jump=None)", "Compute the stack effect of the opcode.") { (t, a) throws(Raised) in
            let number = try t.index(a[0], overflow: .overflowError)
            let opcode = number >= 0 && number < 65536 ? Opcode(rawValue: UInt16(number)) : nil
            let takesArgument = opcode.map { $0.hasArgument } ?? (number >= 90 && number < 256)
            var argument = 0
            if takesArgument {
                if a[1].isNoneOrUnbound { throw t.raise(.valueError, "stack_effect: opcode requires oparg but oparg was not specified") }
                argument = try t.index(a[1], overflow: .overflowError)
            } else if !a[1].isNoneOrUnbound {
                throw t.raise(.valueError, "stack_effect: opcode does not permit oparg but oparg was specified")
            }
            var jump: Bool?
            if !a[2].isNoneOrUnbound {
                guard a[2].isTrue || a[2].isFalse else { throw t.raise(.valueError, "stack_effect: jump must be False, True or None") }
                jump = a[2].isTrue
            }
            guard let opcode else { throw t.raise(.valueError, "invalid opcode or oparg") }
            if let jump { return t.int(opcode.stackEffect(argument, jumping: jump)) }
            return t.int(max(opcode.stackEffect(argument, jumping: false), opcode.stackEffect(argument, jumping: true)))
        }
    }
}
