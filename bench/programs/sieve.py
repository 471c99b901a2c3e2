"""A sieve over a list, with slices."""
EXPECTED = 41538


def run():
    n = 500000
    flags = [True] * (n + 1)
    flags[0] = flags[1] = False
    i = 2
    while i * i <= n:
        if flags[i]:
            flags[i * i::i] = [False] * len(range(i * i, n + 1, i))
        i += 1
    return flags.count(True)
