"""Raising and catching."""
EXPECTED = (100000, 100000)


def check(i):
    if i % 2:
        raise ValueError(i)
    return i


def run():
    caught = fine = 0
    for i in range(200000):
        try:
            check(i)
            fine += 1
        except ValueError:
            caught += 1
    return fine, caught
