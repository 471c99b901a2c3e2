"""Time the programs of bench/programs under an interpreter and under a CPython 3.12 found on PATH.

    python3 bench/run.py INTERPRETER [NAME ...]

Each program defines run() and EXPECTED; a result that differs is an error. The best of three runs counts.
"""
import math
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
DRIVER = """
import sys, time
sys.path.insert(0, sys.argv[1])
module = __import__(sys.argv[2])
best = None
for _ in range(3):
    start = time.perf_counter()
    result = module.run()
    taken = time.perf_counter() - start
    if result != module.EXPECTED:
        sys.exit("%s: got %r, expected %r" % (sys.argv[2], result, module.EXPECTED))
    best = taken if best is None or taken < best else best
print("%.6f" % best)
"""


def measure(interpreter, name):
    done = subprocess.run([interpreter, "-c", DRIVER, str(HERE / "programs"), name], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{name} failed under {interpreter}: {done.stderr.strip()[-300:]}")
    return float(done.stdout)


def main():
    interpreter = os.path.abspath(sys.argv[1])
    names = sys.argv[2:] or sorted(p.stem for p in (HERE / "programs").glob("*.py"))
    finder = HERE.parent / "scripts" / "find_reference.py"
    reference = subprocess.run([sys.executable, str(finder)], capture_output=True, text=True).stdout.strip()
    ratios = []
    for name in names:
        mine = measure(interpreter, name)
        if not reference:
            print(f"{name:16} {mine * 1e3:9.2f} ms")
            continue
        theirs = measure(reference, name)
        ratios.append(theirs / mine)
        print(f"{name:16} {mine * 1e3:9.2f} ms   CPython {theirs * 1e3:9.2f} ms   x{theirs / mine:.2f}", flush=True)
    if ratios:
        print(f"geometric mean over {len(ratios)}: x{math.exp(sum(map(math.log, ratios)) / len(ratios)):.2f}")


main()
