"""Time the compilation of a library: time_compile.py INTERPRETER REFERENCE LIBRARY [ROUNDS]

Each interpreter reads all files of LIBRARY and compiles them to code objects, in turn, ROUNDS times (3 unless said). What counts is the
user CPU time of the calls of `compile`; the best round of each is printed, and the ratio.
"""
import subprocess
import sys

COMPILER = r"""
import gc, os, resource, sys
sources = []
for folder, folders, files in os.walk(sys.argv[1]):
    for name in sorted(files):
        if name.endswith(".py"):
            with open(os.path.join(folder, name), "rb") as file:
                sources.append(file.read())
before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
compiled = 0
for source in sources:
    try:
        compile(source, "<file>", "exec", 0, True)
        compiled += 1
    except (SyntaxError, ValueError):
        pass
print(compiled, resource.getrusage(resource.RUSAGE_SELF).ru_utime - before)
"""


def seconds(python, library):
    out = subprocess.run([python, "-W", "ignore", "-c", COMPILER, library], capture_output=True, text=True, check=True).stdout
    compiled, time = out.split()
    return int(compiled), float(time)


def main():
    python, reference, library = sys.argv[1:4]
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    here, there = [], []
    for _ in range(rounds):
        here.append(seconds(python, library))
        there.append(seconds(reference, library))
    mine, theirs = min(time for _, time in here), min(time for _, time in there)
    print("compile: %d and %d files, %.2f s here, %.2f s there, ratio %.2f" % (here[0][0], there[0][0], mine, theirs, mine / theirs))
    return here[0][0] != there[0][0]


sys.exit(main())
