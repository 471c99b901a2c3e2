# cProfile on `_lsprof`: counts, times by an own timer, callers.
import _lsprof
import cProfile
import io
import pstats
import sys

clock = [0]


def ticks():
    clock[0] += 1
    return clock[0]


def leaf():
    len('')


def work(n):
    leaf()
    if n:
        work(n - 1)
    sorted([2, 1], key=abs)
    try:
        [].pop()
    except IndexError:
        pass


def name(code):
    return code if isinstance(code, str) else code.co_name


def entries(*arguments, **keywords):
    profiler = _lsprof.Profiler(*arguments, **keywords)
    profiler.enable()
    work(2)
    profiler.disable()
    return {name(entry.code): entry for entry in profiler.getstats()}


found = entries(ticks, 0.5)
assert found['work'][1:3] == (3, 2), found['work']
assert found['leaf'][1:3] == (3, 0)
assert found['<built-in method builtins.len>'].callcount == 3
assert found["<method 'pop' of 'list' objects>"].callcount == 3
assert found['leaf'].totaltime == 4.5 and found['leaf'].inlinetime == 3.0, found['leaf']
calls = {name(call.code): call for call in found['work'].calls}
assert calls['work'][1:3] == (2, 1) and calls['leaf'].callcount == 3, calls
assert found['leaf'].calls[0].callcount == 3 and calls['leaf'].totaltime == 4.5

assert set(entries(ticks, 0.5, False, False)) == {'work', 'leaf'}
assert all(entry.calls is None for entry in entries(subcalls=False).values())

first, second = _lsprof.Profiler(), _lsprof.Profiler()
first.enable()
assert sys.monitoring.get_tool(sys.monitoring.PROFILER_ID) == 'cProfile'
try:
    second.enable()
    raise AssertionError
except ValueError as error:
    assert str(error) == 'Another profiling tool is already active'
first.disable()
assert sys.monitoring.get_tool(sys.monitoring.PROFILER_ID) is None
first.clear()
assert first.getstats() == []

profile = cProfile.Profile()
assert profile.runcall(work, 1) is None
text = io.StringIO()
pstats.Stats(profile, stream=text).sort_stats('calls').print_stats()
assert '2/1' in text.getvalue() and '(leaf)' in text.getvalue(), text.getvalue()
