# Threads of one interpreter: taking turns, locks, queues, thread-local data, exceptions that end a thread, imports at the same time.
import gc
import io
import queue
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor


def run_all(*targets):
    threads = [threading.Thread(target=t) for t in targets]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
        assert not t.is_alive()


# Computing threads take turns; each has its own frames.
sums = []


def add_up():
    total = 0
    for i in range(2000):
        total += i
    sums.append(total)


run_all(*[add_up] * 6)
assert sums == [sum(range(2000))] * 6, sums

# A lock keeps a counter whole while the threads change over often.
lock = threading.Lock()
counter = 0
interval = sys.getswitchinterval()
sys.setswitchinterval(1e-5)


def count():
    global counter
    for _ in range(300):
        with lock:
            seen = counter
            counter = seen + 1


run_all(*[count] * 4)
sys.setswitchinterval(interval)
assert counter == 1200
assert sys.getswitchinterval() == interval

# Queues, events, conditions.
numbers = queue.Queue(maxsize=3)
total = []


def produce():
    for i in range(100):
        numbers.put(i)
    numbers.put(None)


def consume():
    n = 0
    while (x := numbers.get()) is not None:
        n += x
    total.append(n)


run_all(produce, consume)
assert total == [4950]
event = threading.Event()
threading.Timer(0.02, event.set).start()
assert event.wait(30)
assert not threading.Event().wait(0.01)
assert not lock.acquire(blocking=False) if lock.locked() else lock.acquire(timeout=1)
assert not lock.acquire(timeout=0.01)
lock.release()
recursive = threading.RLock()
with recursive, recursive:
    taken = []
    run_all(lambda: taken.append(recursive.acquire(blocking=False)))
    assert taken == [False]

# Thread-local data: each thread sees its own, and `__init__` runs once a thread.


class Local(threading.local):
    made = 0

    def __init__(self, start):
        Local.made += 1
        self.x = start


local = Local(5)
local.x = 1
seen = []


def look():
    before = local.x
    local.x = 7
    seen.append((before, local.x))


run_all(look, look)
assert seen == [(5, 7)] * 2 and local.x == 1 and Local.made == 3

# What a thread raises is told, and ends only the thread.
told = []
threading.excepthook, hook = lambda args: told.append((args.exc_type, str(args.exc_value))), threading.excepthook
run_all(lambda: 1 / 0)
threading.excepthook = hook
assert told == [(ZeroDivisionError, "division by zero")], told

# Objects made by one thread while others collect.


def make():
    kept = [[object() for _ in range(20)] for _ in range(50)]
    gc.collect()
    assert all(len(x) == 20 for x in kept)


run_all(*[make] * 4)
with ThreadPoolExecutor(3) as pool:
    assert list(pool.map(lambda x: x * x, range(30))) == [x * x for x in range(30)]
    assert isinstance(pool.submit(int, "x").exception(), ValueError)

# One module, wanted by several threads at once, is imported once.
modules = []


def import_it():
    import wsgiref.headers
    modules.append(wsgiref.headers.Headers)


run_all(*[import_it] * 4)
assert len(modules) == 4 and len(set(modules)) == 1
assert threading.current_thread() is threading.main_thread() and threading.get_ident() in sys._current_frames()
assert threading.active_count() == 1, threading.enumerate()

# A daemon thread does not keep the program alive.
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
print("threads: ok")
