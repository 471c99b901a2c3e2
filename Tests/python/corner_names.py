"""Names and lookups in odd places: globals spelt by keys that are no str, builtins that are inherited, descriptors that are builtin
functions, generators that are thrown into before they start, `super` under observation, relative imports without a package."""
import builtins
import inspect
import sys
import unicodedata
import warnings


class Spelt:
    """Equals the name without being a str."""

    def __init__(self, name):
        self.name = name

    def __hash__(self):
        return hash(self.name)

    def __eq__(self, other):
        return other == self.name


namespace = {Spelt("odd"): 7, "__builtins__": builtins}
exec("def f(): return odd", namespace)
assert namespace["f"]() == 7
try:
    eval("even", namespace)
    assert False
except NameError as error:
    assert str(error) == "name 'even' is not defined"

# A function made where `__builtins__` is something else inherits that.
inner = {"type": type, "__builtins__": {"None": None, "len": lambda x: "mine"}}
exec("def f(): pass\ng = type(f)((lambda: len([])).__code__, {})", inner)
assert inner["g"]() == "mine" and inner["g"].__builtins__ is inner["__builtins__"]


# `__get__` is called as it is found on the class, not bound, with three arguments.
class Slicing:
    __get__ = slice


class Static:
    __get__ = staticmethod(lambda descriptor, object, owner: (type(descriptor), object, owner))


class Holder:
    one, two = Slicing(), Static()


holder = Holder()
assert holder.one == slice(Holder.__dict__["one"], holder, Holder) and Holder.one == slice(Holder.__dict__["one"], None, Holder)
assert holder.two == (Static, holder, Holder) and Holder.two == (Static, None, Holder)


# The frame of a generator that has not started is in the traceback of what is thrown in.
def generator():
    yield


try:
    generator().throw(ValueError("x"))
    assert False
except ValueError as error:
    traceback = error.__traceback__
    assert traceback.tb_next.tb_frame.f_code is generator.__code__
    assert traceback.tb_next.tb_lineno == generator.__code__.co_firstlineno


# `super().name` with calls observed, for more names than one.
class Base:
    first = 1

    def second(self):
        return 2

    third = property(lambda self: 3)


class Derived(Base):
    def all(self):
        return super().first, super().second(), super().third, super(Derived, self).second()


calls = []
tool = sys.monitoring.PROFILER_ID
sys.monitoring.use_tool_id(tool, "test")
sys.monitoring.register_callback(tool, sys.monitoring.events.CALL, lambda code, offset, callee, argument: calls.append(callee))
sys.monitoring.set_events(tool, sys.monitoring.events.CALL)
result = Derived().all()
sys.monitoring.set_events(tool, 0)
sys.monitoring.free_tool_id(tool)
assert result == (1, 2, 3, 2) and calls.count(super) == 4, calls


# A trace function that deletes a local leaves None.
def traced():
    x = 1
    y = 2
    return x


def trace(frame, event, argument):
    if event == "line" and frame.f_code is traced.__code__ and "y" in frame.f_locals:
        del frame.f_locals["x"]
        sys.settrace(None)
    return trace


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    sys.settrace(trace)
    assert traced() is None
assert [str(w.message) for w in caught] == ["assigning None to unbound local 'x'"], caught

# `~` of a bool warns, in constants too, and stays an operation where the warning is an error.
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    assert eval("~True") == -2 and eval("~False") == -1
assert [w.category for w in caught] == [DeprecationWarning] * 2
with warnings.catch_warnings():
    warnings.simplefilter("error")
    code = compile("~True", "<test>", "eval")
    try:
        eval(code)
        assert False
    except DeprecationWarning:
        pass

# Relative imports look at __package__, then __spec__, then, with a warning, at the name.
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    try:
        __import__("", {"__package__": None, "__spec__": None, "__name__": "__main__"}, {}, ("foo",), 1)
        assert False
    except ImportError as error:
        assert str(error) == "attempted relative import with no known parent package"
assert [w.category for w in caught] == [ImportWarning]

# Aliases and named sequences are newer than Unicode 3.2.
assert unicodedata.lookup("LATIN SMALL LETTER GHA") == "\u01a3" and unicodedata.lookup("LATIN SMALL LETTER R WITH TILDE") == "r\u0303"
for name in ("LATIN SMALL LETTER GHA", "LATIN SMALL LETTER R WITH TILDE"):
    try:
        unicodedata.ucd_3_2_0.lookup(name)
        assert False
    except KeyError:
        pass
assert unicodedata.ucd_3_2_0.lookup("latin small letter a") == "a"

for name in ("exit", "quit", "copyright", "credits", "license", "help"):
    if hasattr(builtins, name):
        inspect.signature(getattr(builtins, name))
