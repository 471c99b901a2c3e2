"""Short-lived objects of every kind go away while the program runs; long chains and cycles go without deep recursion."""

import gc
import sys
import time

MEGABYTES = int(sys.argv[1]) if len(sys.argv) > 1 else 300
LIMIT = 200 << 10  # KiB of resident memory


class Plain:
    def __init__(self, x):
        self.x = x
        self.me = self


class Slots:
    __slots__ = "x"

    def __init__(self, x):
        self.x = x


def closure(x):
    return lambda: x


def generator(x):
    yield x
    yield x


def started(x):
    g = generator(x)
    next(g)
    return g


def failing(x):
    try:
        raise ValueError(x)
    except ValueError as error:
        return error


# kind: (about how many bytes one makes, how it is made)
KINDS = {
    "list": (200, lambda i: [i, i, i, i, [i]]),
    "tuple": (150, lambda i: (i, i, i, (i, i))),
    "string": (150, lambda i: "%d some text that is not interned" % i),
    "big string": (2_000_000, lambda i: "x" * 2_000_000),
    "wide string": (400_000, lambda i: "\u20ac" * 200_000),
    "dict": (400, lambda i: {"a": i, i: i, "c": {}}),
    "set": (400, lambda i: {i, i + 1, "c"}),
    "instance": (200, lambda i: Plain(i)),
    "slots": (100, lambda i: Slots([i])),
    "closure": (200, lambda i: closure(i)),
    "generator": (300, lambda i: started(i)),
    "bytes": (1000, lambda i: bytes(1000)),
    "bytearray": (100_000, lambda i: bytearray(100_000)),
    "big int": (2000, lambda i: 1 << (16_000 + i % 7)),
    "float": (60, lambda i: [i * 1e300]),
    "exception": (500, lambda i: failing(i)),
    "class": (5000, lambda i: type("T", (), {"a": i})),
    "bound method": (200, lambda i: Plain(i).__init__),
    "memoryview": (100_000, lambda i: memoryview(bytearray(100_000))),
    "comprehension": (500, lambda i: [x for x in range(30)]),
    "split": (1000, lambda i: "a b c d e f g h i j k l m".split()),
}


def peak():
    """The most resident memory so far, in KiB; 0 where the system does not say."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except FileNotFoundError:
        return 0


def churn(name):
    size, make = KINDS[name]
    start = time.time()
    count = (MEGABYTES << 20) // size
    if name == "class":
        count = min(count, 20_000)
    for i in range(count):
        make(i)
    resident = peak()
    if len(sys.argv) > 1:
        print(f"{name:15} {count:10} {time.time() - start:7.2f} s {resident >> 10:6} MB", flush=True)
    assert resident < LIMIT, (name, resident)


for name in sys.argv[2:] or KINDS:
    churn(name)


# Long chains, and cycles of all kinds.
def chain(count, link):
    last = None
    for _ in range(count):
        last = link(last)
    return last


def pair(x):
    a = [x]
    b = {"a": a}
    a.append(b)
    return b


COUNT = 5_000_000 if len(sys.argv) > 1 else 200_000
if len(sys.argv) < 3:
    for link in [lambda x: [x], lambda x: (x,), lambda x: {1: x}, Plain, Slots, closure, pair]:
        start = time.time()
        # CPython runs out of its own stack at some of these when they go.
        count = COUNT if "Taipan" in sys.version else min(COUNT, 50_000)
        head = chain(count, link)
        built = time.time()
        del head
        gc.collect()
        if len(sys.argv) > 1:
            print(f"chain {built - start:6.2f} s, gone in {time.time() - built:6.2f} s")
