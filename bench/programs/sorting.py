"""Sorting ints, strings and by a key."""
EXPECTED = (0, 9999, "9999")


def run():
    values = [(i * 7919) % 10007 % 10000 for i in range(10000)]
    a = sorted(set(values) | {0, 9999})
    b = sorted(map(str, a))
    c = sorted(a, key=lambda v: -v)
    return a[0], c[0], b[-1]
