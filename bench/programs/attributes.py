"""Attributes and methods of instances."""
EXPECTED = 1500000


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def move(self, dx, dy):
        self.x += dx
        self.y += dy


def run():
    p = Point(0, 0)
    for _ in range(500000):
        p.move(1, 2)
    return p.x + p.y
