"""Small integer arithmetic."""
EXPECTED = 333332833333500000


def run():
    s = 0
    for i in range(1000000):
        s += i * i
    return s
