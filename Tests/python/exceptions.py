"""Exceptions: constructors, texts, groups, what is printed when nobody catches them."""
import errno
import sys


def raises(kind, text, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except kind as e:
        assert type(e) is kind and str(e) == text, (type(e), str(e))
    else:
        assert False, f'{kind.__name__} expected'


assert repr(ValueError('a')) == "ValueError('a')" and repr(ValueError(1, 2)) == 'ValueError(1, 2)'
assert str(KeyError('a')) == "'a'" and str(KeyError('a', 'b')) == "('a', 'b')"
raises(TypeError, 'ValueError() takes no keyword arguments', ValueError, x=1)
raises(TypeError, "'x' is an invalid keyword argument for ImportError()", ImportError, x=1)
error = OSError(errno.ENOENT, 'gone', 'a', None, 'b')
assert type(error) is FileNotFoundError and error.args == (2, 'gone')
assert str(error) == "[Errno 2] gone: 'a' -> 'b'"
assert error.__reduce__() == (FileNotFoundError, (2, 'gone', 'a', None, 'b'))
assert str(SyntaxError('m', ('/a/f.py', 3, 1, 'x'))) == 'm (f.py, line 3)'
assert str(UnicodeEncodeError('ascii', 'a\u1234', 1, 2, 'bad')) == "'ascii' codec can't encode character '\\u1234' in position 1: bad"
assert StopIteration(3).value == 3 and SystemExit(1, 2).code == (1, 2)
raises(TypeError, '__traceback__ must be a traceback or None', ValueError().with_traceback, 3)

group = ExceptionGroup('g', [ValueError(1), ExceptionGroup('h', [TypeError(2), ValueError(3)])])
match, rest = group.split(ValueError)
assert repr(match) == "ExceptionGroup('g', [ValueError(1), ExceptionGroup('h', [ValueError(3)])])"
assert repr(rest) == "ExceptionGroup('g', [ExceptionGroup('h', [TypeError(2)])])"
assert type(BaseExceptionGroup('g', [KeyboardInterrupt()])) is BaseExceptionGroup
raises(TypeError, 'Cannot nest BaseExceptions in an ExceptionGroup', ExceptionGroup, 'g', [KeyboardInterrupt()])
caught = []
try:
    try:
        raise group
    except* ValueError as e:
        caught.append(e)
    except* TypeError as e:
        raise RuntimeError('again')
except RuntimeError as e:
    assert repr(e.__context__) == "ExceptionGroup('g', [ExceptionGroup('h', [TypeError(2)])])"
assert len(caught) == 1 and len(caught[0].exceptions) == 2


class Capture:
    def __init__(self):
        self.text = ''

    def write(self, text):
        self.text += text

    def flush(self):
        pass


def printed(exception):
    old, sys.stderr = sys.stderr, Capture()
    try:
        sys.excepthook(type(exception), exception, exception.__traceback__)
        return sys.stderr.text
    finally:
        sys.stderr = old


def fails(a):
    return (a + 1) // (a - a)


try:
    fails(1)
except ZeroDivisionError as e:
    e.add_note('note\nlines')
    lines = printed(e).splitlines()
    assert lines[0] == 'Traceback (most recent call last):'
    assert [line.strip() for line in lines[-5:]] == ['return (a + 1) // (a - a)', '~~~~~~~~^^~~~~~~~~',
                          'ZeroDivisionError: integer division or modulo by zero', 'note', 'lines'], lines
first, second = ValueError(1), ValueError(2)
first.__context__, second.__context__ = second, first
assert printed(first) == ('ValueError: 2\n\nDuring handling of the above exception, another exception occurred:\n\n'
                          'ValueError: 1\n')
assert printed(SyntaxError('bad', ('f.py', 3, 4, '  abc def\n', 3, 7))) == (
    '  File "f.py", line 3\n    abc def\n     ^^^\nSyntaxError: bad\n')
try:
    prnt(1)
except NameError as e:
    assert printed(e).endswith("NameError: name 'prnt' is not defined. Did you mean: 'print'?\n")
print('ok')
