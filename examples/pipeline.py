"""The stages of `python script.py`, seen from inside a script."""
import sys


def stage(number, text):
    print(f"{number}. {text}")


class Counter:
    def __init__(self, start=0):
        self.value = start

    def step(self, by=1):
        self.value += by
        return self.value


def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        yield a
        a, b = b, a + b


stage(1, f"found an interpreter: {sys.implementation.name}, Python {sys.version_info[0]}.{sys.version_info[1]}")
code = compile("x = 1 + 2", "<example>", "exec")
stage(2, f"compiled 'x = 1 + 2' to {len(code.co_code)} bytes of bytecode with constants {code.co_consts}")
namespace = {}
exec(code, namespace)
stage(3, f"executed it: x is {namespace['x']}")
counter = Counter()
for _ in range(1000):
    counter.step(2)
stage(4, f"called a method 1000 times: {counter.value}")
stage(5, f"ran a generator: {list(fibonacci(10))}")
try:
    {}["missing"]
except KeyError as error:
    stage(6, f"caught {error!r}")
stage(7, "printed all this; cleaning up now")
