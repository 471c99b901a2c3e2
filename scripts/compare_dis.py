"""Compare the listings of `dis` under two interpreters: compare_dis.py INTERPRETER REFERENCE LIBRARY [N]

About N files of LIBRARY (300 unless said) are compiled and listed by each interpreter, all code objects in them: plainly, with
caches, and in the adaptive form. Addresses of code objects are left out. Prints `dis: SAME of TOTAL files the same`.
"""
import os
import pathlib
import subprocess
import sys

LISTER = r"""
import dis, hashlib, io, re, sys
for path in sys.stdin.read().split("\n"):
    with open(path, "rb") as file:
        source = file.read()
    try:
        code = compile(source, "<file>", "exec", 0, True)
    except (SyntaxError, ValueError) as error:
        print(path, "error", type(error).__name__)
        continue
    out = io.StringIO()
    dis.dis(code, file=out)
    dis.dis(code, file=out, show_caches=True)
    dis.dis(code, file=out, adaptive=True)
    text = re.sub("at 0x[0-9a-f]+", "at ADDRESS", out.getvalue())
    if len(sys.argv) > 1:
        print(text)
    print(path, text.count("\n"), hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest())
"""


def listings(python, paths, *arguments):
    environment = dict(os.environ, PYTHONHASHSEED="0")
    done = subprocess.run([python, "-W", "ignore", "-c", LISTER, *arguments], input="\n".join(paths), capture_output=True,
                          text=True, errors="backslashreplace", env=environment)
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
    return done.stdout.split("\n")


def first_difference(python, reference, path):
    for here, there in zip(listings(python, [path], "show"), listings(reference, [path], "show")):
        if here != there:
            return "  here:      %s\n  reference: %s" % (here, there)
    return "  one is longer"


def main():
    python, reference, library = sys.argv[1:4]
    wanted = int(sys.argv[4]) if len(sys.argv) > 4 else 300
    files = sorted(str(path) for path in pathlib.Path(library).rglob("*.py"))
    step = max(1, len(files) / wanted)
    files = [files[int(i * step)] for i in range(min(wanted, len(files)))]
    same = 0
    for start in range(0, len(files), 20):
        batch = files[start:start + 20]
        here, there = listings(python, batch), listings(reference, batch)
        for path in batch:
            if [line for line in here if line.startswith(path + " ")] == [line for line in there if line.startswith(path + " ")]:
                same += 1
            else:
                print("%s\n%s" % (path, first_difference(python, reference, path)))
    print("dis: %d of %d files the same" % (same, len(files)))
    return same != len(files)


sys.exit(main())
