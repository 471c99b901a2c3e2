"""Big integers: factorials and a power."""
EXPECTED = (2568, 3011)


def run():
    n = 1
    for i in range(1, 1001):
        n *= i
    for _ in range(20):
        digits = len(str(n)), len(str(2 ** 10000))
    return digits
