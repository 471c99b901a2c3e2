"""Totals of an order — a small run to look at."""
import math

VAT = 19 / 100
NAMES = {"Bücher": 12.5, "Füller": 8.0, "日本茶": 21.75}


class Order:
    """What one customer takes."""

    def __init__(self, customer):
        self.customer = customer
        self.items = []

    def add(self, name, count=1):
        if name not in NAMES:
            raise KeyError(f"unknown article {name!r}")
        self.items.append((name, count))
        return self

    def total(self):
        net = sum(NAMES[name] * count for name, count in self.items)
        return net * (1 + VAT)


def fibonacci(n):
    if n < 2:
        return n
    return fibonacci(n - 1) + fibonacci(n - 2)


order = Order("Žofie").add("Bücher", 2).add("日本茶")
print(f"{order.customer}: {order.total():.2f}")

for wanted in "Füller", "Stift":
    try:
        order.add(wanted)
    except KeyError as problem:
        print("no:", problem)
    else:
        print("yes:", wanted)

print(*map(fibonacci, range(11)))
print({"total": math.floor(order.total())})
if __name__ == "__main__":
    print("naïve café ☕ </script><!-- & ", 1 + 2)
    order.add("Tinte")
