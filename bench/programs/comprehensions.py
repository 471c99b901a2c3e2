"""List, set and dict comprehensions."""
EXPECTED = (333328333350000, 1000, 2000)


def run():
    squares = [i * i for i in range(100000)]
    kinds = {i % 1000 for i in range(100000)}
    table = {i: -i for i in range(2000)}
    return sum(squares), len(kinds), len(table)
