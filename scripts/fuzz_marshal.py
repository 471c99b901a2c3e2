"""Load damaged marshal data: fuzz_marshal.py INTERPRETER SECONDS SEED FOLDER

What `marshal.loads` of INTERPRETER makes of mutated `.pyc` files below FOLDER is looked at in every way but running it; mutated data of
the functions of fuzz_code.py is run as well. Loading may raise, but not end the process, nor take memory out of proportion to the data.
Exit status 1 when it did.
"""
import marshal
import os
import pathlib
import random
import resource
import sys

import fuzz_code

PIECES = [bytes.fromhex(piece) for piece in (
    "a9ff 28ffffff7f 5bffffff7f 3effffff7f 3cffffff7f 6cffffff7f 6c00000080 73ffffff7f 7500000080 7200000000 72ffffffff e3 7b 30 6603316539 "
    "780131 6900000080 490000000000000080 2901 a901 4e 54 53 da0161 fa0161 f303000000").split()]


def damaged(random_, data):
    data = bytearray(data)
    for _ in range(random_.choice([1, 1, 2, 4, 10])):
        at = random_.randrange(len(data) + 1)
        kind = random_.randrange(6)
        if kind == 0 and at < len(data):
            data[at] = random_.randrange(256)
        elif kind == 1 and at < len(data):
            data[at] ^= 1 << random_.randrange(8)
        elif kind == 2:
            piece = random_.choice(PIECES)
            data[at:at + random_.choice([0, len(piece)])] = piece
        elif kind == 3:
            del data[at:at + random_.randrange(20)]
        elif kind == 4 and random_.random() < 0.2:
            del data[at:]
        else:
            other = random_.randrange(len(data) + 1)
            data[at:at] = data[other:other + random_.randrange(40)]
    return bytes(data)


def look(value, depth=0):
    repr(value)
    if hasattr(value, "co_code"):
        hash(value)
        value == value.replace()
        list(value.co_lines()), list(value.co_positions()), value.co_varnames, value.co_cellvars, value.co_freevars
        if depth < 5:
            for constant in value.co_consts:
                look(constant, depth + 1)
    marshal.dumps(value)


def one(seed):
    random_ = random.Random(seed)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    function = random_.choice(fuzz_code.FUNCTIONS) if random_.random() < 0.3 else None
    if function:
        data = damaged(random_, marshal.dumps(function.__code__))
    else:
        with open(random_.choice(FILES), "rb") as file:
            data = damaged(random_, file.read()[16:])
    try:
        value = marshal.loads(data)
        look(value)
        if function and hasattr(value, "co_code"):
            return fuzz_code.timed(lambda: fuzz_code.run(value, function))
        return "loaded"
    except (ValueError, EOFError, TypeError, SystemError, MemoryError, RecursionError, OverflowError) as error:
        return type(error).__name__
    finally:
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        if not function and grown > 128 << 10 and grown > len(data) // 2:
            print("seed %d: %d KB for %d bytes" % (seed, grown, len(data)), file=sys.stderr)
            os._exit(9)


if __name__ == "__main__":
    if sys.argv[1] == "child":
        FILES = sorted(str(path) for path in pathlib.Path(sys.argv[6]).rglob("*.pyc"))
        fuzz_code.child(int(sys.argv[2]), int(sys.argv[3]), one)
    else:
        python, seconds, seed, folder = sys.argv[1:5]
        sys.exit(fuzz_code.supervise(__file__, "marshal", python, float(seconds), int(seed), folder))
