"""Time and memory of building trees, beside a CPython 3.12 found on PATH.

    python3 scripts/measure_parser.py INTERPRETER [FUNCTION-SPANS]

Time: user CPU of one process that builds the trees of all files of the interpreter's library folder, the best of three runs.
Memory: the peak of a whole process that builds the tree of a 1 MB source (files of the library put together).
FUNCTION-SPANS, the README's Swift example, shows the same for TaipanSyntax alone. Exit status 1 when Taipan takes longer
than CPython, or such a process more than 100 MB.
"""
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
LIMIT = 100e6
BUILD = """
import sys
for path in open(sys.argv[1]).read().splitlines():
    with open(path, "rb") as file:
        source = file.read()
    try:
        compile(source, path, "exec", 0x400)
    except (SyntaxError, ValueError):
        pass
"""
KEEP = """
import sys
with open(sys.argv[1], "rb") as file:
    source = file.read()
tree = compile(source, "source", "exec", 0x400)
"""


def usage_of(command, stdin=None):
    """User seconds and peak memory in bytes of a command (at least that of this process: it is forked from it)."""
    pid = os.fork()
    if pid == 0:
        if stdin:
            os.dup2(os.open(stdin, os.O_RDONLY), 0)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.execv(command[0], command)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        raise SystemExit(f"{command[0]} failed")
    return usage.ru_utime, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def time_of(interpreter, listing):
    return min(usage_of([interpreter, "-W", "ignore", "-c", BUILD, listing])[0] for _ in range(3))


def memory_of(interpreter, path):
    return usage_of([interpreter, "-c", KEEP, path])[1]


def write_megabyte(files, path):
    text, size = [], 0
    for file in files:
        try:
            source = file.read_text(encoding="utf-8")
            compile(source, str(file), "exec", 0x400, dont_inherit=True)
        except (SyntaxError, ValueError):
            continue
        text.append(source if source.endswith("\n") else source + "\n")
        size += len(text[-1].encode())
        if size >= 1_000_000:
            break
    pathlib.Path(path).write_text("".join(text), encoding="utf-8")
    return size


def main():
    interpreter = os.path.abspath(sys.argv[1])
    finder = [sys.executable, str(HERE / "find_reference.py")]
    reference = subprocess.run(finder, capture_output=True, text=True).stdout.strip()
    library = subprocess.run([interpreter, "-c", "import os; print(os.path.dirname(os.__file__))"],
                             capture_output=True, text=True, check=True).stdout.strip()
    files = sorted(pathlib.Path(library).rglob("*.py"))
    good = True
    with tempfile.TemporaryDirectory() as folder:
        listing, megabyte = os.path.join(folder, "files"), os.path.join(folder, "source.py")
        pathlib.Path(listing).write_text("\n".join(map(str, files)))
        size = write_megabyte(files, megabyte)

        mine = time_of(interpreter, listing)
        line = f"trees of {len(files)} files: {mine:.2f} s of user CPU"
        if reference:
            theirs = time_of(reference, listing)
            line += f"; CPython {theirs:.2f} s; ratio {mine / theirs:.2f}"
            good = mine <= theirs
        print(line)

        memory = memory_of(interpreter, megabyte)
        good = good and memory <= LIMIT
        line = f"tree of {size / 1e6:.2f} MB of source: {memory / 1e6:.1f} MB at the peak"
        if reference:
            line += f"; CPython {memory_of(reference, megabyte) / 1e6:.1f} MB"
        print(line)
        if len(sys.argv) > 2:
            program = os.path.abspath(sys.argv[2])
            memory = usage_of([program], megabyte)[1]
            good = good and memory <= LIMIT
            print(f"the same in Swift alone: {memory / 1e6:.1f} MB")
    sys.exit(0 if good else 1)


main()
