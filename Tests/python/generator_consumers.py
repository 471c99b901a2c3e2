"""list, tuple, set, sum, any and all over generators: what they give, and what the program can see of them meanwhile."""
import gc
import sys
import traceback


def items(*values):
    for value in values:
        yield value


def counted(log, *values):
    for value in values:
        log.append(value)
        yield value
    log.append("end")


# What they give.
assert list(items(1, "a", None)) == [1, "a", None]
assert tuple(items()) == () and tuple(items(3, 4)) == (3, 4)
assert set(items(1, 1, 2, "x")) == {1, 2, "x"}
assert sum(items()) == 0 and sum(items(1, 2, True)) == 4
assert sum(items(1, 2**70, -2**70)) == 1 and sum(items(2**61, 2**61, 2**61)) == 3 * 2**61
assert repr(sum(items(1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1))) == "2.0"
assert any(items(0, [], 3)) is True and any(items(False, False)) is False and any(items()) is False
assert all(items(True, 1, "x")) is True and all(items(True, False)) is False and all(items()) is True
assert set(items((1, 2), (1, 2), frozenset())) == {(1, 2), frozenset()}

# Items are taken one by one, and no more than needed; what remains can be taken later.
log = []
rest = counted(log, False, True, False)
assert any(rest) and log == [False, True] and list(rest) == [False] and log == [False, True, False, "end"]
log = []
rest = counted(log, True, 0, 5)
assert not all(rest) and log == [True, 0] and next(rest) == 5
rest = items(1, 2, 3)
next(rest)
assert tuple(rest) == (2, 3) and tuple(rest) == ()


# Errors of the consumer: the generator only rests.
class Unhashable:
    __hash__ = None


rest = items(1, Unhashable(), 2)
try:
    set(rest)
except TypeError as error:
    assert str(error) == "unhashable type: 'Unhashable'", error
else:
    raise AssertionError
assert next(rest) == 2
rest = items(1, "a", 2)
try:
    sum(rest)
except TypeError as error:
    assert str(error) == "unsupported operand type(s) for +: 'int' and 'str'", error
else:
    raise AssertionError
assert next(rest) == 2


class Truth:
    def __init__(self, answer):
        self.answer = answer

    def __bool__(self):
        if self.answer is None:
            raise ValueError("no answer")
        return self.answer


for consumer in any, all:
    rest = items(consumer is all, Truth(None), 2)
    try:
        consumer(rest)
    except ValueError:
        pass
    else:
        raise AssertionError
    assert next(rest) == 2
assert any(items(Truth(False), Truth(True))) and not all(items(Truth(True), Truth(False)))


# Errors of the generator: the traceback has the consumer's line and the generator's.
def fails():
    yield 1
    raise KeyError("in the generator")


for consumer in list, tuple, set, sum, all:
    kept = "before"
    generator = fails()
    try:
        kept = consumer(generator)
    except KeyError as error:
        names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        assert names == ["<module>", "fails"], names
    else:
        raise AssertionError
    assert kept == "before" and list(generator) == [] and generator.gi_frame is None

# Frames: above the generator's is its consumer's caller.
def looking():
    yield sys._getframe().f_back.f_code.co_name


def look():
    return [list(looking()), tuple(looking())]


assert look() == [["look"], ("look",)]

# A generator that looks at itself, or is consumed again meanwhile.
def itself():
    yield me.gi_running
    try:
        list(me)
    except ValueError as error:
        yield str(error)


me = itself()
assert list(me) == [True, "generator already executing"] and not me.gi_running


# What a hash does to the generator it comes from.
class Closes:
    def __hash__(self):
        running.close()
        return 1


def closable():
    yield 1
    yield Closes()
    yield 3


running = closable()
assert len(set(running)) == 2

# Exceptions that are being handled around and within.
def handles():
    try:
        raise OSError
    except OSError:
        yield type(sys.exception())
    yield sys.exception() and type(sys.exception())


try:
    raise IndexError
except IndexError:
    assert list(handles()) == [OSError, IndexError]
    assert type(sys.exception()) is IndexError
assert tuple(handles()) == (OSError, None)


# Deep nesting ends as it does for calls.
def nested(depth):
    yield depth
    if depth:
        yield from list(nested(depth - 1))


assert len(list(nested(50))) == 51
def endless():
    yield from list(endless())


try:
    list(endless())
except RecursionError:
    pass
else:
    raise AssertionError


# Subclasses and shadows are called as ever.
class List(list):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.made = True


assert List(items(1)).made and List(items(1)) == [1]


def shadowed():
    sum = list
    return sum(items(1, 2))


assert shadowed() == [1, 2]
for wrong in (lambda: list(items(), items()), lambda: sum(items(), 0, 0), lambda: list(x=items()), lambda: len(items())):
    try:
        wrong()
    except TypeError:
        pass
    else:
        raise AssertionError

# Collections meanwhile, and tracing that starts meanwhile.
def collecting():
    for i in range(5):
        gc.collect()
        yield [i]


assert list(collecting()) == [[0], [1], [2], [3], [4]] and tuple(collecting())[4] == [4]
events = []


def traced(frame, event, argument):
    events.append((event, frame.f_code.co_name, frame.f_lineno - first))
    return traced


def traces():
    yield 1
    sys.settrace(traced)
    sys._getframe().f_trace = traced
    yield 2
    yield 3
    sys.settrace(None)
    yield 4


first = traces.__code__.co_firstlineno
for consumer, result in ((list, [1, 2, 3, 4]), (tuple, (1, 2, 3, 4)), (set, {1, 2, 3, 4}), (sum, 10), (all, True)):
    events.clear()
    assert consumer(traces()) == result
    assert events == [("line", "traces", 4), ("return", "traces", 4), ("call", "traces", 4), ("line", "traces", 5), ("return", "traces", 5),
                      ("call", "traces", 5), ("line", "traces", 6)], (consumer, events)


# len of everything with a length, and of what lies.
class Long(list):
    def __len__(self):
        return 7


assert [len(x) for x in ([1], (1, 2), "abc", {1: 2}, {1, 2}, b"ab", range(3), Long(), frozenset("ab"))] == [1, 2, 3, 1, 2, 2, 3, 7, 2]
print("ok")
