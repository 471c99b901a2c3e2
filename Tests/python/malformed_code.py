# Code objects made by hand: unknown instructions raise SystemError in every implementation; what would make CPython read wild memory
# raises here too.
import dis
import sys
import types


def raises(error, function, *arguments):
    try:
        function(*arguments)
    except error as caught:
        return str(caught)
    raise AssertionError("nothing raised")


def code_of(*instructions, **changes):
    """The code of `def f(a): …` with these (name, argument) instructions."""
    def f(a):
        pass
    raw = bytearray()
    for name, argument in instructions:
        number = dis.opmap[name] if isinstance(name, str) else name
        raw += bytes([number, argument]) + bytes(2 * dis._inline_cache_entries[number])
    return f.__code__.replace(co_code=bytes(raw), **changes)


def run(code, *arguments):
    return types.FunctionType(code, {})(*arguments)


# Code by hand that is right runs.
assert run(code_of(("RESUME", 0), ("LOAD_FAST", 0), ("BUILD_LIST", 1), ("COPY", 1), ("LIST_EXTEND", 1), ("RETURN_VALUE", 0)), 5) == [5, 5]
swapped = code_of(("RESUME", 0), ("LOAD_FAST", 0), ("LOAD_CONST", 0), ("SWAP", 2), ("BUILD_TUPLE", 2), ("RETURN_VALUE", 0))
assert run(swapped, 1) == (None, 1)
assert "unknown opcode 229" in raises(SystemError, run, code_of((229, 0), ("RETURN_CONST", 0)), 1)

if "Taipan" in sys.version:
    bad = [
        # The end is missing, or the stack runs out.
        [("RESUME", 0)], [("POP_TOP", 0), ("RETURN_CONST", 0)], [("COPY", 1), ("RETURN_VALUE", 0)], [("RETURN_VALUE", 0)],
        [("LOAD_FAST", 0), ("SWAP", 2), ("RETURN_VALUE", 0)], [("WITH_EXCEPT_START", 0), ("RETURN_VALUE", 0)],
        # Operands that are not there.
        [("LOAD_FAST", 7), ("RETURN_VALUE", 0)], [("LOAD_CONST", 9), ("RETURN_VALUE", 0)], [("LOAD_GLOBAL", 9), ("RETURN_VALUE", 0)],
        # Jumps to nowhere, into caches and onto a stack of another depth.
        [("JUMP_FORWARD", 99), ("RETURN_CONST", 0)], [("JUMP_FORWARD", 1), ("LOAD_GLOBAL", 0), ("RETURN_CONST", 0)],
        [("LOAD_FAST", 0), ("LOAD_FAST", 0), ("POP_JUMP_IF_TRUE", 1), ("LOAD_FAST", 0), ("RETURN_VALUE", 0)][:-1] + [("RETURN_VALUE", 0), ("JUMP_BACKWARD", 5)],
        # Objects of the wrong kind.
        [("LOAD_FAST", 0), ("LOAD_FAST", 0), ("LIST_APPEND", 1), ("RETURN_CONST", 0)], [("LOAD_FAST", 0), ("LOAD_FAST", 0), ("SET_ADD", 1), ("RETURN_CONST", 0)],
        [("LOAD_FAST", 0), ("LOAD_FAST", 0), ("LOAD_FAST", 0), ("MAP_ADD", 1), ("RETURN_CONST", 0)], [("LOAD_FAST", 0), ("RERAISE", 0)],
        [("LOAD_FAST", 0), ("PUSH_EXC_INFO", 0), ("RETURN_VALUE", 0)], [("LOAD_FAST", 0), ("MAKE_FUNCTION", 0), ("RETURN_VALUE", 0)],
        [("LOAD_DEREF", 0), ("RETURN_VALUE", 0)], [("STORE_DEREF", 0), ("RETURN_CONST", 0)], [("PUSH_NULL", 0), ("RETURN_VALUE", 0)],
        [("LOAD_FAST", 0), ("BUILD_STRING", 1), ("RETURN_VALUE", 0)], [("LOAD_FAST", 0), ("LOAD_FAST", 0), ("BUILD_CONST_KEY_MAP", 1), ("RETURN_VALUE", 0)],
        # Generators' instructions elsewhere.
        [("RETURN_GENERATOR", 0), ("POP_TOP", 0), ("RETURN_CONST", 0)], [("LOAD_FAST", 0), ("YIELD_VALUE", 0), ("RETURN_VALUE", 0)],
    ]
    for instructions in bad:
        assert "malformed bytecode" in raises(SystemError, run, code_of(*instructions), 1), instructions
    assert "unknown opcode" in raises(SystemError, run, code_of(("CACHE", 0)), 1)
    # An unbound local is told, not read.
    unbound = code_of(("DELETE_FAST", 0), ("LOAD_FAST", 0), ("RETURN_VALUE", 0))
    assert "'a'" in raises(UnboundLocalError, run, unbound, 1)
    # Tables that are no tables.
    def guarded():
        try:
            return 1 // 0
        except ZeroDivisionError:
            return 2
    assert guarded() == 2
    for table in [b"\x80\x05\x7f\x7f\x3f", b"\xff" * 9, b"\x80\x01", b"\x80\x02\x02\x3f"]:
        code = guarded.__code__.replace(co_exceptiontable=table)
        raises((SystemError, ZeroDivisionError), run, code)
    code = guarded.__code__.replace(co_linetable=b"\xf8\xff\x3f" * 5 + b"\xf0")
    assert run(code) == 2 and list(code.co_positions()) and list(code.co_lines()) is not None
    # A closure is missing.
    def outer():
        x = 1
        return lambda: x
    raises((TypeError, SystemError), exec, outer().__code__, {})

print("malformed code: ok")
