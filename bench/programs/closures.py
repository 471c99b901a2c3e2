"""Closures and lambdas."""
EXPECTED = 1249975000


def adder(n):
    return lambda x: x + n


def run():
    add = [adder(i) for i in range(10)]
    s = 0
    for i in range(500000):
        s = add[i % 10](s) % 1000000007
    return sum(range(50000)) if s else 0
