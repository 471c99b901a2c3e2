"""Building, splitting and searching strings."""
EXPECTED = (1088890, 19999, 199999)


def run():
    parts = []
    for i in range(200000):
        parts.append(str(i))
    text = " ".join(parts)
    words = text.split(" ")
    return sum(map(len, words)), text.count("9 "), text.replace("1", "one").count(" ")
