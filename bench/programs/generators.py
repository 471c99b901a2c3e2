"""Generators that feed each other."""
EXPECTED = 62500000000


def numbers(n):
    for i in range(n):
        yield i


def odd(values):
    for v in values:
        if v % 2:
            yield v


def run():
    return sum(odd(numbers(500000)))
