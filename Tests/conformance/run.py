#!/usr/bin/env python3
"""CPython's own regression tests, from the installed library, against the list of those that are known to fail.

    run.py --python PATH [--jobs N] [--out DIR] [--stress N] [--list FILE] [MODULE ...]

passing-3.12.1.txt has the tests that pass on CPython 3.12.1, `[module]` by `[module]`, each name without `test.MODULE.` (or whole,
after `=`). expected-failures.txt has those that do not pass here, under a line `# reason`; a name after `?` may do either.
Fails when a test off that list does not pass, or one on it does: the list tells the truth, both ways. A module with a surprise
runs again, alone, up to twice, before it counts. The last lines are the score and `ok` or what surprised.
--stress N collects at every N-th allocation; --list takes the modules from a file of this folder (stressed.txt: those that take seconds then).
"""
import argparse
import concurrent.futures
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def read_passing(path):
    passing = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            module = line[1:-1]
            passing[module] = set()
        elif line:
            passing[module].add(line[1:] if line.startswith("=") else f"test.{module}.{line}")
    return passing


def read_expected(path):
    """Names that must not pass, and names that may: both by module."""
    failing, either = {}, {}
    reason = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("#"):
            reason = line[1:].strip()
        elif line:
            if not reason:
                sys.exit(f"{path.name}:{number}: a test without a reason")
            module, name = line.lstrip("?").split(" ", 1)
            name = name[1:] if name.startswith("=") else f"test.{module}.{name}"
            (either if line.startswith("?") else failing).setdefault(module, set()).add(name)
    return failing, either


def run_module(options, module):
    """The tests that passed, and how the process ended."""
    with tempfile.TemporaryDirectory(prefix="taipan-suite-") as work:
        result, notes, log = (os.path.join(work, n) for n in ("result", "notes", "log"))
        environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", PYTHONHASHSEED="0")
        if options.stress:
            environment["TAIPAN_GC_STRESS"] = str(options.stress)

        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            # A caller that ignores interrupts (a job in the background of a script) must not teach the tests to.
            signal.signal(signal.SIGINT, signal.SIG_DFL)

        with open(log, "wb") as sink:
            process = subprocess.Popen([options.python, str(HERE / "suite_driver.py"), module, result, notes], stdout=sink,
                                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=work, env=environment,
                                       start_new_session=True, preexec_fn=limit)
            try:
                status = process.wait(options.timeout)
                end = f"exit {status}" if status >= 0 else f"signal {-status}"
            except subprocess.TimeoutExpired:
                end = "time-out"
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except OSError:
                pass
            process.wait()
        seen = {}
        if os.path.exists(result):
            for line in open(result, encoding="utf-8", errors="replace"):
                status, _, name = line.rstrip("\n").partition("\t")
                if status == "done":
                    end = "done"
                elif seen.get(name, "ok") == "ok":
                    seen[name] = status
        if options.out:
            with open(os.path.join(options.out, module + ".log"), "wb") as kept:
                for part in (log, notes):
                    if os.path.exists(part):
                        kept.write(pathlib.Path(part).read_bytes()[-400_000:] + b"\n")
        return {name for name, status in seen.items() if status == "ok"}, end


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True)
    parser.add_argument("--timeout", type=float, default=60, help="seconds a module may take")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", help="folder for what the modules printed")
    parser.add_argument("--stress", type=int, default=0, metavar="N", help="collect at every N-th allocation")
    parser.add_argument("--list", help="file in this folder with the modules to run, one a line")
    parser.add_argument("modules", nargs="*")
    options = parser.parse_args()
    if options.list:
        options.modules += (HERE / options.list).read_text(encoding="utf-8").split()
    options.python = os.path.abspath(options.python)
    if options.out:
        os.makedirs(options.out, exist_ok=True)
    passing = read_passing(HERE / "passing-3.12.1.txt")
    failing, either = read_expected(HERE / "expected-failures.txt")
    modules = options.modules or sorted(passing)
    if unknown := [m for m in modules if m not in passing]:
        sys.exit(f"not in passing-3.12.1.txt: {unknown}")
    good = whole = total = 0
    surprises = []
    for module, names in {**failing, **either}.items():
        surprises += [f"{module}: {name} is on the list, but not a test that CPython passes" for name in sorted(names - passing.get(module, set()))]

    def surprise(module, passed, end):
        listed, free = failing.get(module, set()), either.get(module, set())
        lost = sorted(passing[module] - passed - listed - free)
        found = sorted(listed & passed)
        return [f"{module}: {name} does not pass ({end})" for name in lost] + [f"{module}: {name} passes, but is on the list" for name in found]

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = list(zip(modules, pool.map(lambda module: run_module(options, module), modules)))
    for module, (passed, end) in results:
        for _ in range(2):
            if surprise(module, passed, end):
                passed, end = run_module(options, module)
        surprises += surprise(module, passed, end)
        hit = len(passing[module] & passed)
        good, total, whole = good + hit, total + len(passing[module]), whole + (hit == len(passing[module]))
    for line in surprises:
        print(line)
    print(f"{good} of {total} tests ({100 * good / max(total, 1):.2f}%), {whole} of {len(modules)} modules whole")
    print("ok" if not surprises else f"{len(surprises)} surprises")
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main())
