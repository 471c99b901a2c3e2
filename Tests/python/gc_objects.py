"""Garbage: linked objects, cycles and many short-lived ones. Passes under CPython 3.12 and Taipan alike."""


class Node:
    def __init__(self, value, link):
        self.value = value
        self.link = link


def chain(length):
    head = None
    for i in range(length):
        head = Node(i, head)
    return head


def total(node):
    s = 0
    while node is not None:
        s += node.value
        node = node.link
    return s


assert total(chain(5000)) == 5000 * 4999 // 2
for _ in range(50):
    a, b = Node(1, None), Node(2, None)
    a.link, b.link = b, a
kept = [chain(10) for _ in range(100)]
garbage = 0
for i in range(20000):
    garbage += len([i, i + 1, str(i)])
assert garbage == 60000
assert sum(total(node) for node in kept) == 4500
text = "".join(str(i) for i in range(1000))
assert len(text) == 2890
d = {str(i): [i] for i in range(1000)}
assert sum(v[0] for v in d.values()) == 499500
print("gc_objects: ok")
