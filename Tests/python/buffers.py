"""The buffer protocol: views of any shape, PEP 688, lenders of every kind."""
import array
import gc
import struct
import sys

import _testbuffer as tb
import _testcapi


def raises(kind, message, function, *args, **keywords):
    try:
        function(*args, **keywords)
    except kind as error:
        assert message in str(error), (message, str(error))
    else:
        raise AssertionError("nothing raised: " + message)


def shapes():
    """Views over more than one axis."""
    view = memoryview(bytes(range(24))).cast("B", [2, 3, 4])
    assert view.shape == (2, 3, 4) and view.strides == (12, 4, 1)
    assert view[1, 2, 3] == 23 and view[-1, 0, 0] == 12
    assert view[1:].tolist() == [[[12, 13, 14, 15], [16, 17, 18, 19], [20, 21, 22, 23]]]
    raises(NotImplementedError, "multi-dimensional sub-views are not implemented", lambda: view[0])
    raises(IndexError, "index out of bounds on dimension 3", lambda: view[0, 0, 4])
    flat = memoryview(bytearray(8))
    flat[::2] = b"abcd"
    assert bytes(flat) == b"a\0b\0c\0d\0" and bytes(flat[::-2]) == b"\0\0\0\0" and bytes(flat[6::-2]) == b"dcba"
    assert flat.cast("H").tolist() == [97, 98, 99, 100]
    pointer = memoryview(bytearray(8)).cast("P")
    pointer[0] = -1
    assert pointer[0] == 2**64 - 1


def lenders():
    """Strides, Fortran order, pointers to follow, struct formats."""
    fortran = tb.ndarray(list(range(6)), shape=[2, 3], flags=tb.ND_FORTRAN)
    view = memoryview(fortran)
    assert view.tolist() == [[0, 2, 4], [1, 3, 5]] and view.f_contiguous and not view.c_contiguous
    assert view.tobytes() == b"\0\2\4\1\3\5" and view.tobytes("F") == bytes(range(6)) == view.tobytes("A")
    pil = tb.ndarray(list(range(6)), shape=[2, 3], flags=tb.ND_PIL | tb.ND_WRITABLE)
    view = memoryview(pil)
    assert view.suboffsets == (0, -1) and view.tolist() == [[0, 1, 2], [3, 4, 5]]
    view[1, 2] = 9
    assert pil.tolist() == [[0, 1, 2], [3, 4, 9]] and not view.contiguous
    assert bytes(view) == b"\0\1\2\3\4\x09" and bytes(view[::-1]) == b"\3\4\x09\0\1\2"
    pairs = tb.ndarray([(1, 2.5), (3, 4.5)], shape=[2], format="<hd")
    assert memoryview(pairs) == tb.ndarray([(1, 2.5), (3, 4.5)], shape=[2], format=">hd")
    raises(NotImplementedError, "unsupported format", lambda: memoryview(pairs)[0])
    raises(BufferError, "is not C-contiguous", struct.unpack, "3B", memoryview(b"abcdef")[::2])
    raises(BufferError, "ND_GETBUF_FAIL", memoryview, tb.ndarray([1], [1], flags=tb.ND_GETBUF_FAIL))
    plain = tb.ndarray(b"abc", getbuf=tb.PyBUF_SIMPLE)
    assert (plain.shape, plain.strides, plain.format, plain.obj) == ((), (), "", b"abc")


def classes():
    """`__buffer__` and `__release_buffer__` of Python classes."""
    log = []

    class Lender:
        def __init__(self):
            self.data = bytearray(b"hello")

        def __buffer__(self, flags):
            log.append(flags)
            return memoryview(self.data)

        def __release_buffer__(self, view):
            log.append(view.tobytes())

    lender = Lender()
    with memoryview(lender) as view:
        view[0] = ord("j")
        part = view[1:]
        view.release()
        assert log == [284]
        part.release()
    assert log == [284, b"jello"]
    del log[:]
    assert bytes(lender) == b"jello" and b"".join([lender]) == b"jello"
    assert log == [284, b"jello", 0, b"jello"]

    class Watched(bytearray):
        def __release_buffer__(self, view):
            raises(ValueError, "cannot create new view on restricted memoryview", memoryview, view)
            log.append(bytes(view.tolist()))
            super().__release_buffer__(view)

    del log[:]
    watched = Watched(b"abc")
    with memoryview(watched):
        raises(BufferError, "cannot be re-sized", watched.clear)
    watched.clear()
    assert log == [b"abc"]
    raises(ValueError, "memoryview's buffer is not this object", bytearray().__release_buffer__, memoryview(b""))
    raises(OverflowError, "buffer flags too large", b"".__buffer__, 2**31)
    raises(BufferError, "Object is not writable.", b"".__buffer__, 1)


def test_module():
    """What `_testcapi` offers over the runtime."""
    assert _testcapi.sequence_getitem("abc", -1) == "c" and _testcapi.INT_MAX == 2**31 - 1
    raises(IndexError, "", _testcapi.sequence_getitem, "abc", -4)
    raises(BufferError, "view==NULL", _testcapi.getbuffer_with_null_view, bytearray())
    assert _testcapi.pyobject_vectorcall(dict, (1, 2), ("a", "b")) == {"a": 1, "b": 2}
    assert _testcapi.MethodDescriptorBase.__flags__ >> 11 & 1 and type(len).__flags__ >> 11 & 1
    assert not object.__flags__ >> 14 & 1 and list.__flags__ >> 14 & 1
    assert sys.getsizeof([]) == [].__sizeof__() + 16 and sys.getsizeof(b"") == b"".__sizeof__()
    raises(TypeError, "'module' object is not callable", struct)


def maps():
    """Contexts, and the map that they are made of."""
    import contextvars
    variables = [contextvars.ContextVar(str(i)) for i in range(100)]
    for i, variable in enumerate(variables):
        variable.set(i)
    copy = contextvars.copy_context()
    token = variables[7].set(-7)
    assert copy[variables[7]] == 7 and copy == copy.copy() and copy != contextvars.copy_context()
    variables[7].reset(token)
    assert copy == contextvars.copy_context() and len(copy) == len(copy.items()) == 100
    assert sorted(copy.values()) == list(range(100)) and set(copy) == set(variables)
    whole = _testcapi.hamt()
    for i in range(500):
        whole = whole.set(i * 37, i)
    part = whole
    for i in range(0, 500, 2):
        part = part.delete(i * 37)
    assert len(whole) == 500 and len(part) == 250 and part.get(37) == 1 and part.get(74) is None
    assert part.delete(74) is part and part != whole


shapes()
lenders()
maps()
classes()
test_module()
gc.collect()
array.array("i", memoryview(array.array("i", [1, 2])))
print("buffers ok")
