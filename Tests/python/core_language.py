"""The core of the language: passes under CPython 3.12 and Taipan alike."""


def arguments(a, b=2, *rest, c, d=4, **more):
    return a, b, rest, c, d, more


assert arguments(1, c=3) == (1, 2, (), 3, 4, {})
assert arguments(1, 5, 6, 7, c=3, e=8) == (1, 5, (6, 7), 3, 4, {"e": 8})
try:
    arguments(1)
except TypeError as error:
    assert str(error) == "arguments() missing 1 required keyword-only argument: 'c'", error
else:
    raise AssertionError


def closures():
    total = 0

    def add(n):
        nonlocal total
        total += n
        return total

    return add


add = closures()
assert [add(i) for i in range(5)] == [0, 1, 3, 6, 10]


class Base:
    registry = []

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        Base.registry.append(cls.__name__)

    def who(self):
        return "base"

    @property
    def doubled(self):
        return self.value * 2


class Derived(Base):
    def __init__(self, value):
        self.value = value

    def who(self):
        return "derived of " + super().who()

    def __eq__(self, other):
        return isinstance(other, Derived) and self.value == other.value

    def __hash__(self):
        return hash(self.value)


assert Base.registry == ["Derived"]
assert Derived(3).who() == "derived of base"
assert Derived(21).doubled == 42
assert Derived(1) == Derived(1) and Derived(1) != Derived(2)


def generator():
    received = []
    try:
        while True:
            received.append((yield len(received)))
    finally:
        received.append("closed")


g = generator()
assert next(g) == 0 and g.send("a") == 1 and g.send("b") == 2
g.close()


def delegating():
    result = yield from inner()
    yield result


def inner():
    yield 1
    return 2


assert list(delegating()) == [1, 2]


def handlers(n):
    try:
        if n == 0:
            return "returned"
        if n == 1:
            raise ValueError("one")
        return [][n]
    except ValueError as error:
        return str(error)
    except (IndexError, KeyError):
        return "lookup"
    finally:
        handlers.finished += 1


handlers.finished = 0
assert [handlers(i) for i in range(3)] == ["returned", "one", "lookup"]
assert handlers.finished == 3

try:
    try:
        1 / 0
    except ZeroDivisionError as error:
        raise RuntimeError("outer") from error
except RuntimeError as error:
    assert isinstance(error.__cause__, ZeroDivisionError)


def match(value):
    match value:
        case 0 | 1:
            return "small"
        case [first, *rest]:
            return first, rest
        case {"key": x}:
            return "mapping", x
        case str() as text if text:
            return text
        case _:
            return None


assert match(1) == "small"
assert match([1, 2, 3]) == (1, [2, 3])
assert match({"key": 5}) == ("mapping", 5)
assert match("text") == "text"
assert match("") is None

assert {k: v for k, v in zip("abc", range(3))} == {"a": 0, "b": 1, "c": 2}
assert sorted({3, 1, 2}, reverse=True) == [3, 2, 1]
assert f"{3.14159:.2f} {'x':>3} {1_000_000:,}" == "3.14   x 1,000,000"
assert 2 ** 100 == 1267650600228229401496703205376
assert (10 ** 40) // 7 % 1000 == 428
assert -7 // 2 == -4 and -7 % 2 == 1
a, (b, *c), d = 1, (2, 3, 4), 5
assert (a, b, c, d) == (1, 2, [3, 4], 5)


def recursive(n):
    return recursive(n + 1)


try:
    recursive(0)
except RecursionError as error:
    assert "maximum recursion depth exceeded" in str(error)
else:
    raise AssertionError


class Manager:
    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        self.kind = kind
        return True


with Manager() as manager:
    raise KeyError("swallowed")
assert manager.kind is KeyError

class _Clash:
    """Hashes like "key" and refuses to be compared."""

    def __hash__(self):
        return hash("key")

    def __eq__(self, other):
        raise ZeroDivisionError


try:
    {_Clash(): 1}["key"]
except ZeroDivisionError:
    pass
else:
    raise AssertionError("an error of __eq__ is lost in a subscript")

print("core_language: ok")
