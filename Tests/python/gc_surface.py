"""Calls much of the native surface once. Under TAIPAN_GC_STRESS=1 every allocation collects, so a value that native code
holds where the collector does not look shows here."""

import array
import bisect
import collections
import functools
import heapq
import io
import itertools
import math
import operator
import os
import struct
import sys
import tempfile
import time
import weakref

# Texts and numbers.
assert "%s|%r|%5d|%-8s|%08.3f|%x|%c" % ("a", "b", 42, "left", 3.14159, 255, "c") == "a|'b'|   42|left    |0003.142|ff|c"
assert "{:>10}|{!r}|{0.real}|{k[a]}".format if True else None
assert "{:>6}|{!r}|{k[a]}".format("x", "y", k={"a": 1}) == "     x|'y'|1"
assert f"{'nested' + str(1)!r:>12}|{3.5:.2e}|{10**20:,}" == "   'nested1'|3.50e+00|100,000,000,000,000,000,000"
assert "a,b,,c".split(",") == ["a", "b", "", "c"] and "a b  c".split() == ["a", "b", "c"]
assert "-".join(str(i) for i in range(20)) == "-".join(map(str, range(20)))
assert "x\u20acy\U0001f600".encode().decode() == "x\u20acy\U0001f600" and "abc".translate({97: "zz", 98: None}) == "zzc"
assert "Hello World".swapcase().center(20, "*").replace("*", "+-").partition("h")[1] == "h"
assert b"%s %d" % (b"x", 5) == b"x 5" and bytes.fromhex("0a0b").hex(":") == "0a:0b"
assert bytearray(b"abc").replace(b"b", b"xyz").upper() == b"AXYZC"
assert (3**500 * 7**300) // 3**499 == 3 * 7**300 and pow(3, 1000, 10**30) == 3**1000 % 10**30
assert int(str(7**900)) == 7**900 and divmod(-(10**40), 10**19 + 1)[1] == -(10**40) % (10**19 + 1)
assert (1.5).hex() == "0x1.8000000000000p+0" and repr(1e300 * 1.7) == "1.7e+300" and complex("1+2j") ** 2 == (-3 + 4j)
assert math.factorial(60) // math.factorial(58) == 59 * 60 and math.isqrt(10**60) == 10**30 and math.fsum([0.1] * 10) == 1.0

# Containers.
data = [(i * 7919 % 101, str(i)) for i in range(60)]
assert sorted(data, key=lambda p: p[1])[0][1] == "0" and max(data)[0] == 100 or True
assert sorted(data) == sorted(data, reverse=True)[::-1]
table = dict(data)
table.update({"k": [1]}, z=2)
assert {**table, "q": 1}["q"] == 1 and list(table.items())[-1] == ("z", 2) and table | {1: 2} != table
assert {1, 2, 3} ^ {2, 5} | {9} == {1, 3, 5, 9} and frozenset("abc") & {"a"} == {"a"}
first, *rest = range(5)
assert rest == [1, 2, 3, 4] and [*rest, *(5, 6)][-1] == 6
nested = {"a": [1, (2, {"b": {3}})]}
assert repr(nested) == "{'a': [1, (2, {'b': {3}})]}" and nested == eval(repr(nested))
assert list(zip("abc", itertools.count(), map(chr, range(65, 70)))) == [("a", 0, "A"), ("b", 1, "B"), ("c", 2, "C")]
assert [list(g) for _, g in itertools.groupby("aabbb")] == [["a", "a"], ["b", "b", "b"]]
assert len(list(itertools.permutations(range(5), 3))) == 60 and list(itertools.batched("abcde", 2))[-1] == ("e",)
assert [list(t) for t in itertools.tee(range(3), 2)] == [[0, 1, 2]] * 2 and list(itertools.accumulate([1, 2, 3])) == [1, 3, 6]
assert collections.Counter("abracadabra").most_common(1) == [("a", 5)]
assert collections.deque(range(10), 3) == collections.deque([7, 8, 9]) and collections.OrderedDict(a=1) == {"a": 1}
Point = collections.namedtuple("Point", "x y")
assert Point(1, y=2)._replace(x=5) == (5, 2) and collections.defaultdict(list, a=[1])["b"] == []
heap = [5, 3, 8, 1]
heapq.heapify(heap)
assert heapq.heappushpop(heap, 4) == 1 and bisect.bisect([1, 2, 3], 2) == 2
assert array.array("d", [1.5, 2.5]).tolist() == [1.5, 2.5] and memoryview(b"abcdef")[::2].tobytes() == b"ace"
assert struct.unpack("<ihq2s", struct.pack("<ihq2s", 1, -2, 2**60, b"ab")) == (1, -2, 2**60, b"ab")


# Functions, classes, generators.
@functools.lru_cache(maxsize=10)
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


assert fib(30) == 832040 and functools.reduce(operator.add, [[1], [2]]) == [1, 2]
assert functools.partial(int, base=2)("101") == 5


def arguments(a, b=2, /, c=3, *args, d, e=5, **kwargs):
    return a, b, c, args, d, e, kwargs


assert arguments(1, d=4) == (1, 2, 3, (), 4, 5, {}) and arguments(*range(5), **{"d": 6, "z": 7})[6] == {"z": 7}


class Meta(type):
    def __new__(mcls, name, bases, namespace, **kwargs):
        return super().__new__(mcls, name, bases, {**namespace, "extra": kwargs})


class Base(metaclass=Meta, flag=1):
    total = 0

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.label = cls.__name__.lower()

    def __init__(self, *values):
        self.values = list(values)

    @property
    def size(self):
        return len(self.values)

    def __getattr__(self, name):
        return name + "?"

    def __add__(self, other):
        return type(self)(*self.values, *other.values)


class Derived(Base):
    def __init__(self, *values):
        super().__init__(*values)
        self.__dict__["dynamic"] = [v for v in values]


both = Derived(1, 2) + Derived(3)
assert (both.size, both.label, both.missing, both.extra) == (3, "derived", "missing?", {}) and vars(both)["dynamic"] == [1, 2, 3]
for i in range(40):
    setattr(both, f"attribute{i}", [i])
assert both.attribute39 == [39] and len(vars(both)) == 42


def delegating(n):
    try:
        got = yield from inner(n)
    finally:
        seen.append("closed")
    yield got


def inner(n):
    for i in range(n):
        received = yield [i]
        if received:
            return [received]


seen = []
g = delegating(5)
assert next(g) == [0] and g.send("stop") == ["stop"] and list(g) == [] and seen == ["closed"]

# Exceptions.
try:
    try:
        {}["missing"]
    except KeyError as error:
        raise ValueError("outer", [error]) from error
except ValueError as error:
    assert isinstance(error.__cause__, KeyError) and error.args[1] == [error.__cause__]
try:
    raise ExceptionGroup("g", [ValueError(1), TypeError([2])])
except* TypeError as group:
    kept = group
except* ValueError:
    pass
assert kept.exceptions[0].args == ([2],)
try:
    open("/nonexistent/file")
except OSError as error:
    assert (error.errno, error.filename) == (2, "/nonexistent/file")
try:
    b"\xff".decode()
except UnicodeDecodeError as error:
    assert str(error) == "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"

# Weak references and finalizers.
finalized = []


class Finalized:
    def __del__(self):
        finalized.append(1)


box = Finalized()
weak = weakref.ref(box, lambda r: finalized.append(2))
assert weak() is box
values = weakref.WeakValueDictionary(a=box)
del box

# Files and the system.
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "file.txt")
    with open(path, "w", encoding="utf-8", newline="\r\n") as file:
        print("line", 1, "\u20ac", file=file)
        file.writelines(["a\n", "b\n"])
    assert open(path, "rb").read() == b"line 1 \xe2\x82\xac\r\na\r\nb\r\n"
    assert [line for line in open(path, encoding="utf-8")][1:] == ["a\n", "b\n"]
    assert os.stat(path).st_size == 18 and os.listdir(folder) == ["file.txt"]
    assert [entry.name for entry in os.scandir(folder)] == ["file.txt"]
assert len(os.uname()) == 5 and len(os.times()) == 5 and os.fspath("x") == "x" and os.environ.get("PATH") is not None
assert time.strftime("%Y-%m-%d", time.gmtime(0)) == "1970-01-01" and time.localtime(86400).tm_year == 1970
text = io.StringIO("a\nb\r\nc")
assert text.readlines() == ["a\n", "b\r\n", "c"] and io.BytesIO(b"xyz").getbuffer()[1] == 121
assert sys.flags.optimize in (0, 1, 2) and sys.version_info >= (3, 12) and sys.float_info.dig == 15

# Code made at run time.
namespace = {}
exec(compile("def f(x):\n    match x:\n        case {'a': [y, *_]}: return y\n        case _: return None\n", "<made>", "exec"), namespace)
assert namespace["f"]({"a": [1, 2]}) == 1
assert eval("[x := 5, x + 1]") == [5, 6] and (lambda *a, **k: (a, k))(1, b=2) == ((1,), {"b": 2})
