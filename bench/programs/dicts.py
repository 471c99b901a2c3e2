"""Dicts with int and str keys."""
EXPECTED = (1000, 300000, 499500)


def run():
    counts = {}
    for i in range(300000):
        k = i % 1000
        counts[k] = counts.get(k, 0) + 1
    named = {str(i): i for i in range(1000)}
    return len(counts), sum(counts.values()), sum(named[str(i)] for i in range(1000))
