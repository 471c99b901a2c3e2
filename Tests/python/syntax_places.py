"""Warnings before errors, old feature versions, annotation scopes in classes, bad sources: what CPython 3.12.1 answers."""
import ast
import copyreg
import typing
import warnings


def failure(source, mode="exec", **options):
    try:
        ast.parse(source, mode=mode, **options) if options else compile(source, "<s>", mode)
    except SyntaxError as error:
        return type(error).__name__, error.msg, error.lineno, error.offset
    except (MemoryError, RecursionError, ValueError) as error:
        return type(error).__name__
    return None


# A warning comes before the error that follows it, and once.
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    assert failure("'\\e' $", "eval") == ("SyntaxError", "invalid syntax", 1, 6)
assert [str(w.message) for w in caught] == ["invalid escape sequence '\\e'"]

# Made an error it wins over the parser's, but not over the tokenizer's.
with warnings.catch_warnings():
    warnings.simplefilter("error")
    assert failure("x = '\\e'\n  y = 1\n") == ("SyntaxError", "invalid escape sequence '\\e'", 1, 5)
    assert failure("x is 1") == ("SyntaxError", '"is" with \'int\' literal. Did you mean "=="?', 1, 1)
    try:
        compile("'''\n\\d'''", "<s>", "exec")
    except SyntaxError as error:
        assert (error.end_lineno, error.end_offset, error.text) == (2, 4, "'''")

# `async` and `await` were names before 3.7, except in `async def`.
assert failure("async = 12\nawait = 13\n", feature_version=(3, 6)) is None
assert failure("async = 12\n", feature_version=(3, 7)) == ("SyntaxError", "invalid syntax", 1, 7)
assert failure("async def f():\n  await x\nawait = 1\n", feature_version=(3, 5)) is None
assert failure("a @= b", feature_version=(3, 4))[1] == "The '@' operator is only supported in Python 3.5 and greater"
assert failure("1_000", feature_version=(3, 5))[1].startswith("Underscores in numeric literals")
assert failure("with (a, b): pass", feature_version=(3, 8))[1].startswith("Parenthesized context managers")
assert failure("d[*a]", feature_version=(3, 10)) is None

# Scopes inside an annotation scope of a class.
assert failure("class C:\n type A = lambda: T")[1] == "Cannot use lambda in annotation scope within class scope"
assert failure("class C:\n def f[T](x: [T for _ in y]): pass")[1] == "Cannot use comprehension in annotation scope within class scope"
assert failure("class C:\n def f[T](x=lambda: 1): pass") is None

# Bad input has an answer at once.
assert failure("(" * 100_000) == ("SyntaxError", "too many nested parentheses", 1, 201)
assert failure("-" * 100_000 + "1") == "MemoryError"
assert failure("f'{" * 50_000)[1] == "too many nested f-strings"
assert failure("a=1\0")[:2] == ("SyntaxError", "source code string cannot contain null bytes")
assert failure(b"x = '\xc3")[0] == "SyntaxError"
assert failure("a=1\r\nb=2\rc=3\n") is None
assert failure("if 1: pass") is None

# A plain Generic is an object like any other.
assert isinstance(typing.Generic(), typing.Generic)
assert typing.Generic.__flags__ & 1 << 9 and not typing.Generic.__flags__ & 1 << 8
assert copyreg._reduce_ex(typing.Generic(), 0)[0] is copyreg._reconstructor
print("syntax places: ok")
