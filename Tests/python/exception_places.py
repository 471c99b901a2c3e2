"""Where errors say they were: names and objects for suggestions, lines of frames that a handler let go on."""


class A:
    blech = None

    def __getattr__(self, name):
        raise AttributeError()


try:
    A().bluch
except AttributeError as error:
    assert error.name == "bluch" and isinstance(error.obj, A)
else:
    raise AssertionError


def unset():
    print(something)
    something = 1


try:
    unset()
except UnboundLocalError as error:
    assert error.name is None


def lines(function):
    try:
        function()
    except Exception as error:
        entry = error.__traceback__.tb_next
    return entry.tb_frame.f_lineno - function.__code__.co_firstlineno, entry.tb_lineno - function.__code__.co_firstlineno


def other_except():
    try:
        1 / 0
    except TypeError as error:
        pass


def in_try():
    try:
        1 / 0
    finally:
        pass


def in_named_except():
    try:
        1 / 0
    except Exception as error:
        1 / 0
        pass


assert lines(other_except) == (3, 2)
assert lines(in_try) == (4, 2)
assert lines(in_named_except) == (4, 4)


def f(**keywords):
    pass


try:
    eval("f(**{1: 3}, **{1: 5})")
except TypeError as error:
    assert "got multiple values for keyword argument '1'" in str(error), error
try:
    f(**{1: 3})
except TypeError as error:
    assert str(error) == "keywords must be strings", error
try:
    compile("class C(metaclass=type, metaclass=type): pass", "<test>", "exec")
except SyntaxError as error:
    assert error.msg == "keyword argument repeated: metaclass"
else:
    raise AssertionError
