"""Tuples packed and unpacked."""
EXPECTED = (832040, 0)


def run():
    a, b = 0, 1
    for _ in range(30 * 10000):
        a, b = b, (a + b) % 1000003
    x, y = 0, 1
    for _ in range(30):
        x, y = y, x + y
    first, *rest = [0, 1, 2]
    return x, first
