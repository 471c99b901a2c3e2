"""`_pickle`: bytes of every protocol, framing, hooks, buffers, and what hostile data raises."""
import io
import pickle
import sys
from _pickle import (PickleBuffer, Pickler, PicklingError, Unpickler, UnpicklingError,
                     dumps, loads)


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __eq__(self, other):
        return self.__dict__ == other.__dict__

    class Inner:
        pass


class Slotted:
    __slots__ = "a", "b"


class Reduced:
    def __reduce__(self):
        return Reduced, (), None, iter([1]), iter([("k", 2)])

    def __init__(self):
        self.seen = []

    def append(self, item):
        self.seen.append(item)

    def __setitem__(self, key, value):
        self.seen.append((key, value))


def raises(kind, text, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except kind as error:
        assert type(error) is kind and (text is None or str(error) == text), (type(error), str(error))
    else:
        raise AssertionError(f"{kind.__name__} not raised")


# Bytes.
assert dumps([1, "a", None], 0) == b"(lp0\nI1\naVa\np1\naNa."
assert dumps((1, 2.5), 1) == b"(K\x01G@\x04\x00\x00\x00\x00\x00\x00tq\x00."
assert dumps({"k": -1}, 2) == b"\x80\x02}q\x00X\x01\x00\x00\x00kq\x01J\xff\xff\xff\xffs."
assert dumps(b"ab", 3) == b"\x80\x03C\x02abq\x00."
assert dumps(2**70) == b"\x80\x04\x95\x0c\x00\x00\x00\x00\x00\x00\x00\x8a\x09" + (2**70).to_bytes(9, "little") + b"."
assert dumps({1, }, 4) == b"\x80\x04\x95\x07\x00\x00\x00\x00\x00\x00\x00\x8f\x94(K\x01\x90."
assert dumps(Point.Inner, 2) == (b"\x80\x02c__builtin__\ngetattr\nq\x00c__main__\nPoint\nq\x01X\x05\x00\x00\x00Inner"
                                 b"q\x02\x86q\x03Rq\x04.")
assert dumps("é\n\\\u20ac", 0) == b"V\xe9\\u000a\\u005c\\u20ac\np0\n."

# There and back, every protocol.
recursive = [1]
recursive.append(recursive)
slotted = Slotted()
slotted.b = 5
for protocol in range(6):
    for value in (None, True, -1, 2**31, -2**63, 10**50, 1.5, "", "a\ud800\U0001f600", b"\0\xff", bytearray(b"xy"), (), (1, 2, 3, 4),
                  list(range(2001)), {i: str(i) for i in range(1001)}, set(range(1500)), frozenset("ab"), Point(1, [2]), len,
                  Point.Inner, type(None), ..., NotImplemented, slice(1, 2), 3j, range(4), ValueError("v", 1)):
        for text in (dumps(value, protocol), pickle._dumps(value, protocol)):
            again = loads(text)
            assert type(again) is type(value)
            if not isinstance(value, ValueError):
                assert again == value, (protocol, value)
    again = loads(dumps(recursive, protocol))
    assert again[1] is again
    assert loads(dumps(Reduced(), protocol)).seen == [1, ("k", 2)]
    if protocol >= 2:
        assert loads(dumps(slotted, protocol)).b == 5

# Frames, and large objects between them.
frames = dumps(["x" * 40000, "y" * 40000, b"z" * 70000, 1])
assert frames.count(b"\x95") == 2
stream = io.BytesIO()
pickle.dump(["x" * 40000, "y" * 40000, b"z" * 70000, 1], stream)
assert stream.getvalue() == frames and pickle.load(io.BytesIO(frames))[3] == 1


# Hooks.
class ById(Pickler):
    def persistent_id(self, obj):
        return "p" if isinstance(obj, Point) else None

    def reducer_override(self, obj):
        return (int, ("7",)) if isinstance(obj, Slotted) else NotImplemented


class FromId(Unpickler):
    def persistent_load(self, pid):
        return ["found", pid]

    def find_class(self, module, name):
        return super().find_class(module, name)


for protocol in range(6):
    stream = io.BytesIO()
    pickler = ById(stream, protocol)
    pickler.dump([Point(1, 2), Slotted()])
    first = stream.tell()
    pickler.dump([3])
    stream.seek(0)
    unpickler = FromId(stream)
    assert unpickler.load() == [["found", "p"], 7]
    assert stream.tell() <= first + 1 or protocol
    assert unpickler.load() == [3]
    assert type(pickler.memo.copy()) is dict and len(unpickler.memo.copy()) >= 1

table = Pickler(io.BytesIO())
table.dispatch_table = {Point: lambda p: (str, ("point",))}
table.dump(Point(1, 2))
assert table.fast == 0 and table.bin == 1

# Buffers.
kept = []
data = dumps([PickleBuffer(b"abc"), PickleBuffer(bytearray(b"de"))], 5, buffer_callback=kept.append)
assert [bytes(b.raw()) for b in kept] == [b"abc", b"de"]
assert loads(data, buffers=[b"abc", bytearray(b"de")]) == [b"abc", b"de"]
assert loads(dumps(PickleBuffer(b"abc"), 5)) == b"abc"
raises(UnpicklingError, "pickle stream refers to out-of-band data but no *buffers* argument was given", loads, data)
raises(UnpicklingError, "not enough out-of-band buffers", loads, data, buffers=[])
raises(ValueError, "buffer_callback needs protocol >= 5", dumps, 1, 4, buffer_callback=len)

# What is wrong is said.
raises(EOFError, "Ran out of input", loads, b"")
raises(UnpicklingError, "pickle data was truncated", loads, b"\x80\x04\x95\x0f")
raises(UnpicklingError, "unpickling stack underflow", loads, b".")
raises(UnpicklingError, "unexpected MARK found", loads, b"(.")
raises(UnpicklingError, "could not find MARK", loads, b"t.")
raises(UnpicklingError, "invalid load key, 'y'.", loads, b"y.")
raises(UnpicklingError, "invalid load key, '\\xff'.", loads, b"\xff")
raises(UnpicklingError, "Memo value not found at index 5", loads, b"h\x05.")
raises(UnpicklingError, "odd number of items for SETITEMS", loads, b"}(K\x01u.")
raises(UnpicklingError, "odd number of items for DICT", loads, b"(K\x01d.")
raises(UnpicklingError, "STACK_GLOBAL requires str", loads, b"\x80\x04K\x01K\x02\x93.")
raises(UnpicklingError, "LONG pickle has negative byte count", loads, b"\x8b\xff\xff\xff\xff.")
raises(UnpicklingError, "the STRING opcode argument must be quoted", loads, b"Sabc\n.")
raises(UnpicklingError, "state is not a dictionary", loads, b"c__main__\nPoint\n)\x81K\x01b.")
raises(UnpicklingError, "EXT specifies code <= 0", loads, b"\x82\x00.")
raises(ValueError, "unregistered extension code 240", loads, b"\x82\xf0.")
raises(ValueError, "unsupported pickle protocol: 6", loads, b"\x80\x06.")
raises(ValueError, "could not convert string to float: 'x\n'", loads, b"Fx\n.")
raises(ValueError, "could not convert string to float", loads, b"F1x\n.")
raises(ValueError, "negative PUT argument", loads, b"Np-1\n.")
raises(ValueError, "pickle protocol must be <= 5", dumps, 1, 6)
raises(AttributeError, "Can't get attribute 'nothing' on <module 'sys' (built-in)>", loads, b"\x80\x04\x8c\x03sys\x8c\x07nothing\x93.")
raises(PicklingError, "__reduce__ must return a string or tuple", dumps, type("T", (), {"__reduce__": lambda self: 1})())
raises(TypeError, "file must have a 'write' attribute", Pickler, 1)
raises(TypeError, "file must have 'read' and 'readline' attributes", Unpickler, 1)
raises(PicklingError, "Pickler.__init__() was not called by _pickle.Pickler.__init__()", Pickler.dump, Pickler.__new__(Pickler), 1)

# A huge memo index takes no huge memo (CPython asks for 32 GB); a huge size, no huge object.
try:
    assert loads(b"Nr\xff\xff\xff\x7fj\xff\xff\xff\x7f.") is None
except MemoryError:
    pass
raises(UnpicklingError, "pickle data was truncated", loads, b"B\xff\xff\xff\xff.")

deep = []
for _ in range(3000):
    deep = [deep]
raises(RecursionError, "maximum recursion depth exceeded while pickling an object", dumps, deep)
