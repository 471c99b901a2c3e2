"""Nested lists: a matrix product."""
EXPECTED = 8141543


def run():
    n = 70
    a = [[i + j for j in range(n)] for i in range(n)]
    b = [[(i * j) % 5 for j in range(n)] for i in range(n)]
    c = [[0] * n for _ in range(n)]
    for i in range(n):
        row = a[i]
        for j in range(n):
            s = 0
            for k in range(n):
                s += row[k] * b[k][j]
            c[i][j] = s
    return sum(map(sum, c)) % 10000019
