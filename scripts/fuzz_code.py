"""Run damaged code objects: fuzz_code.py INTERPRETER [SECONDS [SEED]]

Functions of many kinds get their code objects replaced by mutants (`code.replace` with other bytes, constants, tables, names, flags) and are
called, thousands in one process of INTERPRETER, which has little memory and a timer. Calling them may raise whatever it likes; what
counts is that the process lives. A mutant that kills it is printed as the seed that makes it again. Exit status 1 when there was one.
"""
import opcode
import os
import random
import subprocess
import sys
import time

BATCH = 2000
OPCODES = [n for name, n in opcode.opmap.items() if n < 256]


# MARK: Functions to damage

def plain(a=1, b=2, *rest, key=None, **more):
    total = a + b * 2 - len(rest)
    if total > 3 and key is not None or more:
        total -= 1
    while total < 10:
        total += 3
        if total == 7:
            continue
    return [total, a < b <= 3, not a, -b, a if b else key, f"{a!r:>{4}} {b}"]


def containers(n=4):
    items = [i * 2 for i in range(n) if i != 2]
    table = {k: v for k, v in zip("abc", items)}
    unique = {x % 3 for x in items}
    first, *middle, last = [*items, *unique, 9]
    table.update({"x": 1, **table, "y": (1, 2, *items)})
    del table["x"]
    items[1:2] = [5, 6]
    return items[0], items[::2], table, unique, first, middle, last, {"p": 1, "q": 2, "r": n}


def closures(x=1):
    def inner(y=2, *, z=3):
        nonlocal x
        x += y
        return [x + i for i in range(z)], lambda: x
    result, again = inner()
    del inner
    return result, again()


def handlers(n=0):
    out = []
    for i in range(3):
        try:
            try:
                if i == n:
                    raise ValueError(i)
                out.append(1 // i)
            except ZeroDivisionError as error:
                out.append(str(error))
            finally:
                out.append("done")
        except (ValueError, KeyError) as error:
            out.append(error.args)
            continue
        else:
            out.append("fine")
    try:
        raise ExceptionGroup("g", [TypeError(1), ValueError(2)])
    except* TypeError as group:
        out.append(group.exceptions)
    except* ValueError:
        pass
    return out


class Manager:
    def __enter__(self):
        return self

    def __exit__(self, *error):
        return True


def managers():
    with Manager() as one, Manager():
        raise KeyError(one)
    return 5


def classes():
    class Base:
        """A class."""
        field: int = 1

        def __init__(self, value=3):
            self.value = value

        @property
        def double(self):
            return self.value * 2

    class Derived(Base):
        def __init__(self):
            super().__init__(4)
            self.more = __class__.__name__

    d = Derived()
    d.value += 1
    del d.more
    return d.double, Base().field, isinstance(d, Base)


def patterns(subject=(1, {"k": [1, 2]}, 3)):
    match subject:
        case [int(a), {"k": [b, *c], **rest}, 3 | 4]:
            return a, b, c, rest
        case str() as text if text:
            return text
        case range(start=1):
            return 1
        case _:
            return None


def generator(n=3):
    received = 0
    try:
        for i in range(n):
            received = yield i, received
        yield from (i * i for i in range(2))
    except GeneratorExit:
        return 1
    finally:
        received = None
    return received


def use_generator():
    g = generator()
    out = [next(g), g.send(5)]
    g2 = generator(2)
    out += list(g2)
    g.close()
    return out


async def coroutine(n=2):
    async def ticks():
        for i in range(n):
            yield i
    out = [t async for t in ticks()]
    async for t in ticks():
        out.append(t)
    async with AsyncManager():
        out.append(await leaf())
    return out


async def leaf():
    return 7


class AsyncManager:
    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        return False


def imports():
    import math
    from math import sqrt, pi as tau
    global shared
    shared = sqrt(4)
    assert shared == 2.0, "two"
    return math.floor(tau), shared


def generic[T: int, *Ts, **P](x: T, *a: *Ts) -> T:
    type Alias[U] = list[U]
    class Box[V]:
        pass
    return x, Alias, Box


MODULE_CODE = compile("x = 1\nclass C:\n    y = x\n    z = [x for x in range(2)]\nfor i in [1]:\n    x: int = i\ndel i\n", "<module>", "exec")
FUNCTIONS = [plain, containers, closures, handlers, managers, classes, patterns, generator, use_generator, coroutine, imports]


# MARK: Mutants

def random_bytes(random_, data):
    data = bytearray(data)
    for _ in range(random_.choice([1, 1, 2, 3, 8])):
        kind = random_.randrange(8)
        at = random_.randrange(0, max(1, len(data)), 2) if data else 0
        if kind == 0 and data:
            data[random_.randrange(len(data))] = random_.randrange(256)
        elif kind == 1 and data:
            data[at] = random_.choice(OPCODES)
        elif kind == 2:
            data[at:at] = bytes([random_.choice(OPCODES), random_.choice([0, 1, 2, 3, 4, random_.randrange(256)])])
        elif kind == 3:
            del data[at:at + 2 * random_.randrange(1, 4)]
        elif kind == 4 and at + 1 < len(data):
            data[at + 1] = random_.choice([0, 1, 2, 3, data[at + 1] ^ 1, data[at + 1] + 1 & 255, random_.randrange(256)])
        elif kind == 5:
            other = random_.randrange(0, max(1, len(data)), 2)
            data[at:at + 2], data[other:other + 2] = data[other:other + 2], data[at:at + 2]
        elif kind == 6:
            other = random_.randrange(0, max(1, len(data)), 2)
            data[at:at] = data[other:other + 2 * random_.randrange(1, 8)]
        elif kind == 7:
            data[at:at] = bytes([144, random_.randrange(256)])
    return bytes(data[:len(data) & ~1])


def garbage(random_, data):
    data = bytearray(data)
    for _ in range(random_.randrange(1, 6)):
        at = random_.randrange(len(data) + 1)
        data[at:at + random_.randrange(3)] = bytes(random_.randrange(256) for _ in range(random_.randrange(4)))
    return bytes(data)


def shuffled(random_, items):
    items = list(items)
    for _ in range(random_.randrange(1, 4)):
        if items:
            at = random_.randrange(len(items))
            items[at] = random_.choice(CONSTANTS + items)
    if random_.random() < 0.2:
        items = items[:random_.randrange(len(items) + 1)]
    return tuple(items)


CONSTANTS = [None, True, 0, -1, 1 << 70, 1.5, "a", "", b"b", (), (1,), ("a",), ("a", "b"), frozenset([1]), leaf.__code__, range, ...]


def mutant(random_, code):
    changes = {}
    for _ in range(random_.choice([1, 1, 1, 2])):
        kind = random_.randrange(16)
        if kind < 9:
            changes["co_code"] = random_bytes(random_, changes.get("co_code", code.co_code))
        elif kind == 9:
            changes["co_consts"] = shuffled(random_, code.co_consts)
        elif kind == 10:
            changes["co_exceptiontable"] = garbage(random_, code.co_exceptiontable)
        elif kind == 11:
            changes["co_linetable"] = garbage(random_, code.co_linetable)
        elif kind == 12:
            changes["co_flags"] = code.co_flags ^ 1 << random_.randrange(12)
        elif kind == 13:
            changes["co_stacksize"] = random_.choice([0, 1, 2, 100])
            changes["co_firstlineno"] = random_.choice([0, 1, 2 ** 31 - 1])
        elif kind == 14:
            field = random_.choice(["co_argcount", "co_kwonlyargcount", "co_posonlyargcount"])
            changes[field] = random_.randrange(4)
        else:
            names = [n for n in code.co_varnames]
            random_.shuffle(names)
            changes[random_.choice(["co_cellvars", "co_freevars"])] = tuple(names[:2])
    return code.replace(**changes)


def nested(random_, code, depth=0):
    """A mutant of `code` or of a code object somewhere in it."""
    inner = [i for i, constant in enumerate(code.co_consts) if hasattr(constant, "co_code")]
    if inner and random_.random() < 0.5:
        at = random_.choice(inner)
        constants = list(code.co_consts)
        constants[at] = nested(random_, constants[at], depth + 1)
        return code.replace(co_consts=tuple(constants))
    return mutant(random_, code)


def call(function):
    result = function()
    if hasattr(result, "send"):
        steps = 0
        try:
            value = result.send(None)
            while steps < 20:
                steps += 1
                value = result.send(value)
        finally:
            result.close()
    elif hasattr(result, "__anext__"):
        result.__anext__().close()
    return result


def run(code, function):
    """Calls `code` in the place of that of `function`."""
    import types
    global shared
    shared = 0
    if code.co_freevars:
        made = types.FunctionType(code, globals(), "mutant", (), tuple(types.CellType(1) for _ in code.co_freevars))
    else:
        made = types.FunctionType(code, globals(), "mutant", function.__defaults__)
    made.__kwdefaults__ = function.__kwdefaults__
    repr(call(made))
    return "ran"


def one(seed):
    """Makes and calls the mutant of `seed`."""
    random_ = random.Random(seed)
    function = random_.choice(FUNCTIONS + [None])

    def body():
        code = nested(random_, function.__code__ if function else MODULE_CODE)
        if function:
            return run(code, function)
        exec(code, {"__name__": "mutant"})
        return "ran"

    return timed(body)


def timed(body):
    """What became of `body`, which gets a fifth of a second."""
    import signal
    import traceback
    global is_running
    is_running = True
    signal.setitimer(signal.ITIMER_REAL, 0.2, 0.05)
    try:
        return body()
    except BaseException as error:
        try:
            "".join(traceback.format_exception(error))
            str(error)
        except BaseException:
            pass
        return type(error).__name__ if not isinstance(error, SystemError) else "SystemError: " + str(error)[:30]
    finally:
        is_running = False
        signal.setitimer(signal.ITIMER_REAL, 0)


is_running = False


class TooLong(BaseException):
    pass


def child(first, count, one):
    import resource
    import signal

    def alarm(*_):
        if is_running:
            raise TooLong

    signal.signal(signal.SIGALRM, alarm)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Taipan reserves address space by the gigabyte: what is limited is what it uses of it.
    resource.setrlimit(resource.RLIMIT_DATA, (4 << 30, 4 << 30))
    sys.setrecursionlimit(200)
    outcomes = {}
    progress = os.open(sys.argv[5], os.O_WRONLY | os.O_CREAT)
    for seed in range(first, first + count):
        os.pwrite(progress, b"%-20d" % seed, 0)
        try:
            outcome = one(seed)
        except BaseException as error:
            outcome = "late " + type(error).__name__
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    print(outcomes)


def supervise(script, what, python, seconds, seed, *more):
    """Starts children of `script` until the time is over, and goes on behind the case that ended one."""
    progress = "/tmp/taipan-fuzz-%s.%d" % (what, os.getpid())
    end, runs, bad, outcomes = time.time() + seconds, 0, [], {}
    while time.time() < end and len(bad) < 20:
        left = BATCH
        while left > 0 and time.time() < end:
            begin = seed
            command = [python, "-W", "ignore", os.path.abspath(script), "child", str(begin), str(left), "-", progress, *more]
            try:
                done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=max(5, min(end - time.time() + 5, 120)))
                status, output = done.returncode, done.stdout
            except subprocess.TimeoutExpired:
                status, output = "time-out", ""
            if status == 0:
                for outcome, n in eval(output.split("\n")[-2]).items():
                    outcomes[outcome] = outcomes.get(outcome, 0) + n
                seed, runs, left = begin + left, runs + left, 0
                break
            with open(progress) as file:
                last = int(file.read())
            if not (status == "time-out" and time.time() >= end):
                bad.append((last, status))
                print("seed %d: %s" % (last, status), done.stderr[-300:] if status != "time-out" else "")
            runs += last - begin + 1
            left -= last - begin + 1
            seed = last + 1
    if os.path.exists(progress):
        os.unlink(progress)
    print("%s: %d mutants, %d ended the process" % (what, runs, len(bad)))
    for outcome, n in sorted(outcomes.items(), key=lambda pair: -pair[1])[:12]:
        print("  %6d %s" % (n, outcome))
    return bool(bad)


if __name__ == "__main__":
    if sys.argv[1] == "child":
        child(int(sys.argv[2]), int(sys.argv[3]), one)
    elif sys.argv[1] == "one":
        import signal
        signal.signal(signal.SIGALRM, lambda *_: sys.exit("too long"))
        sys.setrecursionlimit(200)
        print(one(int(sys.argv[2])))
    else:
        seconds, seed = (sys.argv[2:] + ["10", "1"][len(sys.argv) - 2:])[:2]
        sys.exit(supervise(__file__, "code", sys.argv[1], float(seconds), int(seed)))
