"""Subscripts of classes with a Python `__getitem__`: as calls of any other function, in all the places where they can stand."""
import sys
import traceback


class Plain:
    def __getitem__(self, key):
        return key, self


class Counting:
    def __init__(self):
        self.asked = []

    def __getitem__(self, key):
        self.asked.append(key)
        if key > 3:
            raise IndexError(key)
        return key * 2


plain = Plain()
assert plain[1] == (1, plain)
assert plain[1, 2][0] == (1, 2)
assert plain[1:2][0] == slice(1, 2)
assert [plain[i][0] for i in range(3)] == [0, 1, 2]
assert (lambda: plain["x"][0])() == "x"

counting = Counting()
assert list(counting) == [0, 2, 4, 6] and counting.asked == [0, 1, 2, 3, 4]
assert 4 in counting
assert counting[1] + counting[2] * counting[3] == 2 + 4 * 6


# Inside a generator, whose frame is not on the stack.
def walk(box, n):
    for i in range(n):
        yield box[i]


assert list(walk(counting, 4)) == [0, 2, 4, 6]
assert sum(counting[i] for i in range(4)) == 12


# The traceback has the line of the subscript, and the frame of the function.
def failing():
    x = 1
    return counting[
        99]


try:
    failing()
except IndexError as error:
    frames = traceback.extract_tb(error.__traceback__)
    assert [frame.name for frame in frames] == ["<module>", "failing", "__getitem__"], frames
    assert frames[1].lineno == failing.__code__.co_firstlineno + 2
else:
    raise AssertionError


class Lazy:
    def __getitem__(self, key):
        yield key


class Default:
    def __getitem__(self, key, more=5, *rest, **names):
        return key, more, rest, names


class Static:
    @staticmethod
    def __getitem__(key):
        return "static", key


class Meta(type):
    def __getitem__(cls, key):
        return cls.__name__, key


class Named(metaclass=Meta):
    pass


assert list(Lazy()[7]) == [7]
assert Default()[1] == (1, 5, (), {})
assert Static()[2] == ("static", 2)
assert Named[3] == ("Named", 3)


class Overriding(dict):
    def __getitem__(self, key):
        return super().__getitem__(key) + 1


class Inheriting(Overriding):
    pass


assert Overriding(a=1)["a"] == 2 and Inheriting(a=2)["a"] == 3
assert eval("box['a']", {"box": Overriding(a=5)}) == 6


# The class may change under way.
class Changing:
    def __getitem__(self, key):
        type(self).__getitem__ = lambda self, key: "new"
        return "old"


changing = Changing()
assert [changing[0] for _ in range(3)] == ["old", "new", "new"]
del Changing.__getitem__
try:
    changing[0]
except TypeError as error:
    assert str(error) == "'Changing' object is not subscriptable"


# Deep recursion is a RecursionError.
class Deep:
    def __getitem__(self, key):
        return self[key + 1]


try:
    Deep()[0]
except RecursionError:
    pass
else:
    raise AssertionError

# Tracing sees call, lines and return.
events = []


def tracer(frame, event, argument):
    if frame.f_code is Plain.__getitem__.__code__:
        events.append((event, frame.f_back.f_code.co_name))
    return tracer


def traced():
    return plain[5]


sys.settrace(tracer)
try:
    traced()
finally:
    sys.settrace(None)
assert events == [("call", "traced"), ("line", "traced"), ("return", "traced")], events

# An `await` and a `yield` around it.
async def waiting():
    return plain[8][0]

try:
    waiting().send(None)
except StopIteration as stop:
    assert stop.value == 8

# Powers of small numbers, worked out on the spot, and those that are not.
for base in (-3, -2, -1, 0, 1, 2, 3, 7, 10, 2 ** 31, 2.5, 0.0, -2.5, 1e300, float("inf"), float("-inf")):
    for exponent in (0, 1, 2, 3, 10, 40, 63, 64, 65, -1, -2, 0.5, -1.5, float("inf"), float("-inf")):
        try:
            here = base ** exponent
        except (ZeroDivisionError, OverflowError) as error:
            here = type(error)
        try:
            there = pow(base, exponent)
        except (ZeroDivisionError, OverflowError) as error:
            there = type(error)
        assert here == there or here != here, (base, exponent, here, there)
        if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0:
            product = 1
            for _ in range(exponent):
                product *= base
            assert here == product and type(here) is int, (base, exponent)
assert 2 ** 62 == 4611686018427387904 and (-2) ** 63 == -9223372036854775808 and 3 ** 40 == 12157665459056928801
print("ok")
