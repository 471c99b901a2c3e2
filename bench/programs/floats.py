"""Float arithmetic: a logistic map."""
EXPECTED = True


def run():
    x = 0.3
    for _ in range(1000000):
        x = 3.9 * x * (1.0 - x)
    return 0.0 < x < 1.0
