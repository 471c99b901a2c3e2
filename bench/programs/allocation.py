"""Many short-lived objects and a tree."""
EXPECTED = 131071


class Tree:
    def __init__(self, left, right):
        self.left = left
        self.right = right

    def count(self):
        return 1 + (self.left.count() + self.right.count() if self.left else 0)


def build(depth):
    return Tree(build(depth - 1), build(depth - 1)) if depth else Tree(None, None)


def run():
    return build(16).count()
