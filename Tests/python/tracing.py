# sys.settrace, sys.setprofile, sys.monitoring, and assignment to f_lineno.
import sys

log = []


def record(names):
    def tracer(frame, event, arg):
        code = frame.f_code
        if code.co_name not in names:
            return None
        log.append((code.co_name, event, frame.f_lineno - code.co_firstlineno))
        return tracer
    return tracer


def traced(function, *names):
    log.clear()
    sys.settrace(record(names or (function.__name__,)))
    try:
        return function()
    finally:
        sys.settrace(None)


def plain():
    x = 1
    for i in range(2): x += i
    try:
        raise KeyError(x)
    except KeyError:
        x = 3
    return x


assert traced(plain) == 3
assert log == [('plain', 'call', 0), ('plain', 'line', 1), ('plain', 'line', 2), ('plain', 'line', 2), ('plain', 'line', 2), ('plain', 'line', 3),
               ('plain', 'line', 4), ('plain', 'exception', 4), ('plain', 'line', 5), ('plain', 'line', 6), ('plain', 'line', 7),
               ('plain', 'return', 7)], log


def numbers():
    yield 1
    try:
        yield 2
    finally:
        pass


def consumer():
    it = numbers()
    next(it)
    next(it)
    try:
        it.throw(ValueError)
    except ValueError: return [n for n in numbers()]


assert traced(consumer, 'numbers') == [1, 2]
assert [(event, line) for _, event, line in log] == [
    ('call', 0), ('line', 1), ('return', 1), ('call', 1), ('line', 2), ('line', 3), ('return', 3),
    ('call', 3), ('exception', 3), ('line', 5), ('return', 5),
    ('call', 0), ('line', 1), ('return', 1), ('call', 1), ('line', 2), ('line', 3), ('return', 3), ('call', 3), ('line', 5), ('return', 5)], log


# A frame that runs already is traced once it has a trace function.
def late():
    sys._getframe().f_trace = record(('late',))
    sys.settrace(record(()))
    a = 1
    b = [a, late_callee(a), 2]
    sys.settrace(None)
    return b


def late_callee(x):
    return x + 1


log.clear()
assert late() == [1, 2, 2]
assert [line for _, event, line in log if event == 'line'] == [3, 4, 5], log


# Jumps, and variables changed through f_locals.
def jumper():
    x = 1
    x = 2
    y = x
    return y


def jump_and_set(frame, event, arg):
    if frame.f_code is jumper.__code__ and event == 'line':
        line = frame.f_lineno - frame.f_code.co_firstlineno
        if line == 2:
            frame.f_lineno += 1
        elif line == 4:
            frame.f_locals['y'] = 'set'
    return jump_and_set


import warnings
with warnings.catch_warnings():
    warnings.simplefilter('ignore')
    sys.settrace(jump_and_set)
    result = jumper()
    sys.settrace(None)
assert result == 'set', result

errors = []


def looper():
    x = 0
    for i in (1, 2):
        x = i
    return x


def bad_jump(frame, event, arg):
    if frame.f_code is looper.__code__:
        line = frame.f_lineno - frame.f_code.co_firstlineno
        for target, wanted in ((3, 'line', ), (100, 'line'), (-1, 'line'), (2, 'return'), (2, 'call')):
            if event == wanted and line in (0, 1, 4):
                try:
                    frame.f_lineno = frame.f_code.co_firstlineno + target
                except ValueError as error:
                    errors.append(str(error).replace(str(frame.f_code.co_firstlineno + target), 'N'))
    return bad_jump


sys.settrace(bad_jump)
assert looper() == 2
sys.settrace(None)
into = "can't jump into the body of a for loop"
after, before = 'line N comes after the current code block', 'line N comes before the current code block'
assert errors == ["can't jump from the 'call' trace event of a new frame", into, after, before, into, after, before,
                  "can only jump from a 'line' trace event"], errors


# A trace function that raises is taken off.
def failing(frame, event, arg):
    raise LookupError(event)


sys.settrace(failing)
try:
    plain()
    raise AssertionError
except LookupError as error:
    assert error.args == ('call',)
assert sys.gettrace() is None

# Profiles see native calls.
calls = []


def profiler(frame, event, arg):
    if frame.f_code.co_name in ('profiled', '<lambda>'):
        calls.append((frame.f_code.co_name, event, getattr(arg, '__name__', arg)))


def profiled():
    len('')
    [].append(1)
    try:
        [].pop()
    except IndexError:
        pass
    sorted([1], key=lambda n: n)
    return str(5)


sys.setprofile(profiler)
assert sys.getprofile() is profiler
profiled()
sys.setprofile(None)
assert calls == [('profiled', 'call', None), ('profiled', 'c_call', 'len'), ('profiled', 'c_return', 'len'), ('profiled', 'c_call', 'append'),
                 ('profiled', 'c_return', 'append'), ('profiled', 'c_call', 'pop'), ('profiled', 'c_exception', 'pop'), ('profiled', 'c_call', 'sorted'),
                 ('<lambda>', 'call', None), ('<lambda>', 'return', 1), ('profiled', 'c_return', 'sorted'), ('profiled', 'return', '5')], calls

# sys.monitoring
m = sys.monitoring
E = m.events
m.use_tool_id(3, 'test')
events = []
for name in ('PY_START', 'PY_RETURN', 'LINE', 'CALL', 'C_RETURN', 'JUMP', 'BRANCH', 'RAISE', 'EXCEPTION_HANDLED'):
    def callback(code, *rest, name=name):
        if code in (watched.__code__, plain.__code__):
            events.append((name, code.co_name))
        if name == 'BRANCH':
            return m.DISABLE
    m.register_callback(3, getattr(E, name), callback)


def watched():
    for i in range(3):
        pass
    return len('')


m.set_events(3, E.PY_START | E.PY_RETURN | E.CALL | E.JUMP | E.BRANCH)
watched()
m.set_events(3, 0)
assert [name for name, _ in events] == ['PY_START', 'CALL', 'C_RETURN', 'BRANCH', 'JUMP', 'JUMP', 'JUMP', 'CALL', 'C_RETURN', 'PY_RETURN'], events
m.restart_events()
events.clear()
m.set_local_events(3, plain.__code__, E.PY_START)
watched()
plain()
assert events == [('PY_START', 'plain')]
assert m.get_local_events(3, plain.__code__) == E.PY_START
m.set_local_events(3, plain.__code__, 0)
events.clear()
plain()
assert not events
for name in ('PY_START', 'PY_RETURN', 'LINE', 'CALL', 'C_RETURN', 'JUMP', 'BRANCH', 'RAISE', 'EXCEPTION_HANDLED'):
    m.register_callback(3, getattr(E, name), None)
m.free_tool_id(3)


# What a generator waits for shows while it is suspended, and gets what is thrown in.
def inner():
    try:
        yield 1
    except KeyError:
        yield 2


def outer():
    yield from inner()


g = outer()
assert next(g) == 1 and g.gi_yieldfrom.gi_code is inner.__code__
assert g.throw(KeyError) == 2


# `super().name` makes one call of `super`, which tools of CALL see; the attribute is looked up by its own name.
class Base:
    size = 5


class Derived(Base):
    def implicit(self):
        return super().size

    def explicit(self):
        return super(Derived, self).size


m.use_tool_id(3, 'test')
events = []
m.register_callback(3, E.CALL, lambda code, offset, callee, argument: events.append(callee) if callee is super else None)
m.set_events(3, E.CALL)
sizes = Derived().implicit(), Derived().explicit()
m.set_events(3, 0)
m.free_tool_id(3)
assert sizes == (5, 5) and events == [super, super], (sizes, events)
