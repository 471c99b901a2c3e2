"""Check `--explain` where programs, sources and options are unusual.

    python3 Tests/explain/check_edges.py TAIPAN

Output, errors and exit status must be the same with each of the three forms and without; the record must be valid and complete however the
program ends, the page small however large the program is, and what cannot be written must not keep the program from running.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile

TAIPAN = os.path.abspath(sys.argv[1])
FOLDER = pathlib.Path(tempfile.mkdtemp()).resolve()
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
PAGE_LIMIT = 5_000_000
failures = []

# Name: source, exit status, ending.
PROGRAMS = {
    "status 3": ("import sys\nprint(1)\nsys.exit(3)\n", 3, "SystemExit"),
    "status text": ("import sys\nsys.exit('message')\n", 1, "SystemExit"),
    "status large": ("import sys\nsys.exit(2 ** 70)\n", 255, "SystemExit"),
    "os._exit": ("import os\nprint('out', flush=True)\nprint('lost')\nos._exit(7)\n", 7, "os._exit"),
    "os._exit large": ("import os\nos._exit(300)\n", 44, "os._exit"),
    "os._exit in a finalizer": ("import os\nclass A:\n    def __del__(self): os._exit(6)\na = A()\n", 6, "os._exit"),
    "exit functions that fail": ("import atexit, os, sys\n@atexit.register\ndef a(): 1 / 0\n@atexit.register\ndef b(): sys.exit(9)\n@atexit.register\n"
                                 "def c(): print('c'); raise KeyboardInterrupt\natexit.register(print, 'last', 1, sep='-')\nsys.exit(2)\n", 2, "SystemExit"),
    "daemon threads": ("import threading, time\ndef spin():\n    while True: pass\ndef nap():\n    while True: time.sleep(0.001)\n"
                       "for f in (spin, nap, nap): threading.Thread(target=f, daemon=True).start()\ntime.sleep(0.05)\nprint('end')\n", 0, "end of program"),
    **{f"status {value}": (f"import sys\nprint('o')\nsys.exit({value})\n", status, "SystemExit") for value, status in [
        ("None", 0), ("-1", 255), ("True", 1), ("b'b'", 1), ("1.5", 1), ("(1, 2)", 1), ("()", 0), ("'\\ud800'", 1), ("''", 1), ("object", 1)]},
    "status whose text fails": ("class R:\n    def __str__(self): raise ValueError('str')\nraise SystemExit(R())\n", 1, "SystemExit"),
    "objects that watch": ("class E:\n    def __getattribute__(self, n): print('get', n); raise AttributeError(n)\n    @property\n    def __class__(self): print('class'); return int\n"
                           "class D(dict):\n    def __iter__(self): print('iter'); return iter(())\n    def __len__(self): print('len'); return 99\n    def items(self): 1 / 0\n"
                           "def f(*a): return a\ne = E(); d = D(a=1); x = f(e, d, [e, d])\ntry: e.foo\nexcept AttributeError as error: print(error)\n", 0, "end of program"),
    "surrogates": ("x = '\\udcff\\ud800'\nd = {x: x}\nprint(len(x))\nraise ValueError(x)\n", 1, "uncaught exception"),
    "control characters": ("import sys\nsys.stdout.buffer.write(bytes(range(256)) * 10)\nsys.stdout.write('\\x00\\x1b[31m\\u2028</script><!--')\n", 0, "end of program"),
    "frame that jumps": ("import sys\ndef t(f, e, a):\n    if e == 'line' and f.f_lineno == 7: f.f_lineno = 8\n    return t\ndef f():\n    x = 1\n    x = 2\n    return x\n"
                         "sys.settrace(t); r = f(); sys.settrace(None); print(r)\n", 0, "end of program"),
    "another code": ("import marshal, types\ndef f(): return 1\nf.__code__ = f.__code__.replace(co_consts=(None, 5))\n"
                     "print(f(), types.FunctionType(marshal.loads(marshal.dumps(f.__code__)), {})())\n", 0, "end of program"),
    "globals with holes": ("class G(dict):\n    def __missing__(self, k): print('missing', k); return 5\nexec('print(q + 1)', G(__builtins__=__builtins__))\n", 1, "uncaught exception"),
    "excepthook": ("import sys\ndef hook(*a): print('hook', a[0]); raise KeyError\nsys.excepthook = hook\n1 / 0\n", 1, "uncaught exception"),
    "stderr gone": ("import sys\nsys.stderr = None\n1 / 0\n", 1, "uncaught exception"),
    "no main": ("import sys\ndel sys.modules['__main__']\nprint(1)\n", 0, "end of program"),
    "syntax errors at run time": ("for s in ('x = (', '1 2', 'if 1:', 'return'):\n    try: exec(s)\n    except SyntaxError as e: print(e)\n"
                                  "exec(compile('raise KeyError(1)', 'other.py', 'exec'))\n", 1, "uncaught exception"),
    "KOI8-R": ("# coding: koi8-r\nprint(ascii('\u0430'))\n".encode("koi8-r"), 0, "end of program"),
    "no text encoding": (b"# coding: rot13\ncevag('hi')\n", 1, "syntax error"),
    "os._exit on a thread": ("import os, threading, time\nthreading.Thread(target=lambda: os._exit(5)).start()\ntime.sleep(5)\n", 5, "os._exit"),
    "abort": ("import os\nprint('x', flush=True)\nos.abort()\n", -signal.SIGABRT, "os.abort"),
    "SIGTERM": ("import os, signal, time\nprint('x', flush=True)\nos.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(5)\n", -signal.SIGTERM, "signal"),
    "default SIGINT": ("import os, signal\nsignal.signal(2, signal.SIG_DFL)\nos.kill(os.getpid(), 2)\nwhile True: pass\n", -signal.SIGINT, "signal"),
    "alarm while asleep": ("import signal, time\nsignal.setitimer(signal.ITIMER_REAL, 0.05)\ntime.sleep(5)\n", -signal.SIGALRM, "signal"),
    "handlers seen": ("import signal\nprint([signal.getsignal(n) for n in (1, 2, 10, 14, 15)])\n"
                      "signal.signal(15, lambda n, f: print('got', n))\nsignal.raise_signal(15)\n", 0, "end of program"),
    "SIGTERM in a child": ("import os, signal, time\npid = os.fork()\nif not pid:\n    while True: pass\n"
                           "time.sleep(0.05)\nos.kill(pid, 15)\nprint(os.waitpid(pid, 0)[1])\n", 0, "end of program"),
    "interrupt_main": ("import _thread\n_thread.interrupt_main(15)\nfor i in range(1000): pass\nprint('here')\n", 0, "end of program"),
    "folder": ("import os\nos.chdir('/')\nprint(os.getcwd())\n", 0, "end of program"),
    "descriptors closed": ("import os\nprint('a', flush=True)\nos.closerange(3, 2000)\nprint('b')\n", 0, "end of program"),
    "output closed": ("import os\nprint('a', flush=True)\nos.close(1)\nprint('b')\n", 120, "end of program"),
    "streams replaced": ("import io, sys\nold = sys.stdout\nsys.stdout = io.StringIO()\nprint('hidden')\nsys.stdout, text = old, sys.stdout.getvalue()\n"
                         "print(repr(text))\nsys.stdout = None\nprint('nothing')\nsys.__stdout__.write('through dunder\\n')\n", 0, "end of program"),
    "own tools": ("import sys\nseen = []\ndef trace(frame, event, argument):\n    seen.append((frame.f_lineno, event))\n    return trace\n"
                  "def f(x):\n    return x\nsys.settrace(trace)\nf(1)\nsys.settrace(None)\nprint(seen)\n"
                  "sys.setprofile(lambda f, e, a: seen.append(e))\nlen('')\nsys.setprofile(None)\nprint(seen[-3:])\n"
                  "m = sys.monitoring\nm.use_tool_id(1, 't')\nm.register_callback(1, m.events.LINE, lambda c, n: print('line', n))\n"
                  "m.set_events(1, m.events.LINE)\nf(2)\nm.set_events(1, 0)\n", 0, "end of program"),
    "recursion": ("def f(n): return f(n + 1)\ntry: f(0)\nexcept RecursionError as error: print(error)\nf(0)\n", 1, "uncaught exception"),
    "reprs": ("class Raises:\n    def __repr__(self): raise ValueError\nclass Loops:\n    def __repr__(self):\n        while True: pass\n"
              "class Meta(type):\n    def __repr__(cls): print('called'); return 'M'\nclass Meta2(Meta, metaclass=Meta): pass\n"
              "class Text(str):\n    def __repr__(self): print('called')\ndef f(*a): return a\n"
              "x = f(Raises(), Loops(), Meta('C', (), {}), Meta2, Text('abc'), 10 ** 4000, 1 << 100000, 'a' * 10 ** 6)\nprint(len(x))\n", 0, "end of program"),
    "exception without a text": ("class E(Exception):\n    def __str__(self): raise ValueError('no')\nraise E(1)\n", 1, "uncaught exception"),
    "group": ("raise ExceptionGroup('end', [ValueError(1), TypeError('t')])\n", 1, "uncaught exception"),
    "empty": ("", 0, "end of program"),
    "comment": ("# only\n\n#c", 0, "end of program"),
    "form feed": ("\x0cx = 1\n\x0c\nprint(x)\n", 0, "end of program"),
    "CR": ("x = 1\rif x:\r    print(x)\r", 0, "end of program"),
    "BOM": ("\ufeffprint('bom')\n", 0, "end of program"),
    "Latin 1": (b"# coding: latin-1\nprint(len('\xe9\xfc'))\n", 0, "end of program"),
    "UTF-16": ("print(1)\n".encode("utf-16"), 1, "syntax error"),
    "no such codec": (b"# coding: nosuch\nprint(1)\n", 1, "syntax error"),
    "null": (b"x = 1\n\0y = 2\n", 1, "syntax error"),
    **{f"error {i}": (text, 1, "syntax error") for i, text in enumerate([
        "x = (1,\n", "if 1:\nx = 1\n", "if 1:\n    x = 1\n  y = 2\n", "if 1:\n\tx = 1\n        y = 2\n", "'abc\n", "'''abc\n", "return 1\n",
        "f'{x!}'\n", "x = 08\n", "def f():\n    nonlocal x\n", "\\", "class A:\n", "(]\n", "\u00e9 = \u2018a\u2019\n", "'\\N{nope}'\n", "(" * 300 + ")" * 300 + "\n",
    ])},
}

WIDE = {
    "functions": "".join(f"def f{i}(a, b={i}):\n    '''</script> \"{i}\"'''\n    return a + b\n" for i in range(2500)) + "".join(f"f{i}({i})\n" for i in range(2500)),
    "lines": "".join(f"x{i} = {i} + len('a{i}') * [1, 2, 3][{i} % 3]\n" for i in range(3000)),
    "one line": "x = [" + ",".join(f"'a{i}'" for i in range(40_000)) + "]\nprint(len(x))\n",
    "long text": "x = '''" + "</script>\"\\\\' \u2603 <!--" * 100_000 + "'''\nprint(len(x))\n",
    "locals": "def f():\n    s = '</script>' * 50\n    " + "; ".join(f"a{i} = [s, s, {{s: s}}, (s, s)]" for i in range(1200)) + "\nf()\n",
    "names": "def f():\n" + "".join(f"    {'v' * 200}{i} = {i}\n" for i in range(1500)) + "f()\n",
    "frames": "import os, sys\nsys.setrecursionlimit(100000)\ndef f(n):\n    if n: f(n - 1)\n    else: sys.exit(0)\nf(30000)\n",
}


def check(condition, name, *what):
    if not condition:
        failures.append(name)
        print("FAIL", name, *what)


def run(*arguments, **options):
    options.setdefault("env", ENVIRONMENT)
    return subprocess.run([TAIPAN, *map(str, arguments)], capture_output=True, timeout=120, stdin=subprocess.DEVNULL, **options)


def plain(data):
    return re.sub(rb"0x[0-9a-f]{6,}", b"0x", data)


def check_programs():
    for number, (name, (source, status, ending)) in enumerate(PROGRAMS.items()):
        path = FOLDER / f"program{number}.py"
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        alone = run(path, cwd=FOLDER)
        check(alone.returncode == status, name, alone)
        for form in ("text", "json", "html"):
            # A relative path, for programs that change the folder.
            done = run("--explain=" + form, "--explain-output=out." + form, path, cwd=FOLDER)
            same = (done.returncode, plain(done.stdout), plain(done.stderr)) == (alone.returncode, plain(alone.stdout), plain(alone.stderr))
            check(same, name, form, "differs", alone, done)
        record = json.loads((FOLDER / "out.json").read_text())
        check((record["ending"], record["exit_status"]) == (ending, status), name, record["ending"], record["exit_status"])
        check(record["left_out"] == [], name, record["left_out"])
        check((FOLDER / "out.html").read_text().rstrip().endswith("</html>"), name, "the page is not whole")
        text = (FOLDER / "out.text").read_text()
        check("The run ended: " + ending in text, name, text[-300:])
        long = [line for line in text.splitlines() if len(line) > 100]
        check(not long, name, "lines of more than 100 characters:", long[:2])
        if ending == "syntax error":
            check(record["bytecode"]["error"]["type"] in alone.stderr.decode().splitlines()[-1], name, record["bytecode"]["error"])


def check_writes():
    """Bytes that left through a descriptor are those that arrived; what never left says so."""
    path = FOLDER / "writes.py"
    path.write_text("import os, sys\nfor i in range(3000):\n    print('line', i)\nsys.stdout.flush()\nos.write(1, b'raw')\nsys.stderr.write('err')\nprint('lost')\nos._exit(0)\n")
    done = run("--explain=json", "--explain-output=out.json", path, cwd=FOLDER)
    output = json.loads((FOLDER / "out.json").read_text())["output"]
    for descriptor, data in ((1, done.stdout), (2, done.stderr)):
        count = sum(t["byte_count"] for t in output["transfers"] if t["descriptor"] == descriptor)
        check(count == len(data), "writes", descriptor, count, len(data))
    check(output["writes"][-2]["text"] == "lost" and output["writes"][-2]["transfer"] is None, "writes", output["writes"][-2:])
    check({w["line"] for w in output["writes"] if w["text"].startswith("line")} == {3}, "writes", "lines")


def check_sizes():
    """The page of a large program: small, soon there, and it says what it leaves out."""
    for name, source in WIDE.items():
        path = FOLDER / "wide.py"
        path.write_text(source)
        start = time.monotonic()
        done = run("--explain=html", "--explain-output=wide.html", path, cwd=FOLDER)
        taken = time.monotonic() - start
        check(done.returncode == 0, name, done)
        page = (FOLDER / "wide.html").read_text()
        check(len(page.encode()) < PAGE_LIMIT and page.rstrip().endswith("</html>"), name, len(page), "characters")
        check(taken < 20, name, taken, "seconds")
        record = json.loads(re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', page, re.S)[1])
        check(record["left_out"] or name in ("frames", "names"), name, "says nothing of what is left out")
        codes, nodes = record["bytecode"]["codes"], record["tree"]["nodes"]
        check(all(f["code"] < len(codes) for f in record["execution"]["frames"]), name, "frames")
        check(all(c["parent"] < i for i, c in enumerate(codes)), name, "parents of codes")
        check(all(n["parent"] < i for i, n in enumerate(nodes)), name, "parents of nodes")
        check(all(s["frame"] < len(record["execution"]["frames"]) for s in record["execution"]["steps"]), name, "steps")
        text = run("--explain", path, cwd=FOLDER).stderr
        check(len(text) < 2_000_000, name, len(text), "bytes of text")


def check_sources():
    """Where the source has to be decoded by a codec in Python, lies in an archive, is not there, or was compiled somewhere else."""
    folder = FOLDER / "sources"
    (folder / "package").mkdir(parents=True)

    def explain(*arguments):
        alone = run(*arguments, cwd=folder)
        done = run("--explain=json", f"--explain-output={folder / 'out.json'}", *arguments, cwd=folder)
        check((done.returncode, done.stdout, done.stderr) == (alone.returncode, alone.stdout, alone.stderr), "sources", arguments, alone, done)
        return json.loads((folder / "out.json").read_text())

    source = "# coding: koi8-r\nx = '\u0430\u0431'  # \u0432\n"
    (folder / "coded.py").write_bytes(source.encode("koi8-r"))
    record = explain("coded.py")
    check(record["source"]["text"] == source and record["source"]["error"] is None, "sources", record["source"])
    check("'\u0430\u0431'" in [t["text"] for t in record["source"]["tokens"]] and "\u0430\u0431" in record["tree"]["dump"], "sources", "tokens and tree of another encoding")
    check(record["bytecode"]["codes"][0]["raw"], "sources", "nothing of how the code was generated")
    with zipfile.ZipFile(folder / "app.zip", "w") as archive:
        archive.writestr("__main__.py", "import side\nprint(side.X)\n")
        archive.writestr("side.py", "X = 5\n")
    record = explain("app.zip")
    check(record["source"]["text"] == "import side\nprint(side.X)\n" and record["tree"]["folds"] == [], "sources", "archive", record["source"])
    for arguments in (("-m", "nowhere"), ("-m", "package")):
        check(explain(*arguments)["ending"] == "not started", "sources", arguments)
    (folder / "package" / "__init__.py").write_text("")
    (folder / "package" / "__main__.py").write_text("x = 1\ndef f(:\n    pass\n")
    record = explain("-m", "package")
    error = record["bytecode"]["error"]
    check(record["ending"] == "syntax error" and error and error["span"][0] == 2 and record["source"]["file"].endswith("__main__.py"), "sources", "-m", record["ending"], error)
    for typed, status, ending in (("x = 1\nprint(x)\n1 / 0\n", 0, "end of program"), ("import sys\nsys.exit(3)\n", 3, "SystemExit")):
        done = subprocess.run([TAIPAN, "--explain=json", f"--explain-output={folder / 'out.json'}", "-i"], input=typed.encode(), capture_output=True, env=ENVIRONMENT)
        record = json.loads((folder / "out.json").read_text())
        check((done.returncode, record["ending"], record["exit_status"]) == (status, ending, status), "sources", "prompt", done, record["ending"])
    (folder / "gone.py").write_text("print('compiled')\n")
    run("-c", "import py_compile; py_compile.compile('gone.py', cfile='gone.pyc')", cwd=folder)
    (folder / "gone.py").unlink()
    record = explain("gone.pyc")
    check(record["ending"] == "end of program" and record["source"]["error"]["type"] == "FileNotFoundError", "sources", "compiled", record["source"])
    check(len(record["execution"]["steps"]) == record["execution"]["total"] > 4, "sources", "compiled", record["execution"]["total"])


def check_whole():
    """JSON leaves nothing out, and comes in a time that is in proportion; the text says what it leaves out."""
    path = FOLDER / "long.py"
    path.write_text("".join(f"def f{i}(a, b={i}):\n    try: return [x * a for x in range(b)], f'{{a}}'\n    except ValueError: pass\n" for i in range(4000)))
    start = time.monotonic()
    run("--explain=json", "--explain-output=out.json", path, cwd=FOLDER)
    taken = time.monotonic() - start
    record = json.loads((FOLDER / "out.json").read_text())
    check(record["source"]["omitted_tokens"] == 0 and record["tree"]["omitted_nodes"] == 0 and record["left_out"] == [], "whole", record["left_out"])
    check(len(record["source"]["tokens"]) > 150_000 and len(record["bytecode"]["codes"]) >= 4001, "whole", len(record["source"]["tokens"]))
    check(taken < 15, "whole", taken, "seconds")
    text = run("--explain=text", path).stderr.decode()
    for noun in ("token", "node", "scope", "code object"):
        check(re.search(r"\u2026 and [0-9,]+ " + noun + "s more; --explain=json has them", text), "whole", "the text says nothing of what it leaves out:", noun)
    check(len(text) < 2_000_000, "whole", len(text))


def check_output_failures():
    """The program runs, and somebody hears of it."""
    path = FOLDER / "small.py"
    path.write_text("print('ran')\nraise SystemExit(4)\n")
    for place, reason in (("/no/such/folder/x", b"No such file"), (str(FOLDER), b"Is a directory"), ("/dev/full", b"No space left")):
        if not place.startswith("/dev") or os.path.exists(place):
            for form in ("text", "json", "html"):
                done = run("--explain=" + form, "--explain-output=" + place, path)
                check((done.returncode, done.stdout) == (4, b"ran\n") and reason in done.stderr, place, done)
    source = path.read_text()
    done = run("--explain=html", f"--explain-output={path}", path)
    check((done.returncode, done.stdout) == (4, b"ran\n") and path.read_text() == source, "the program as output", done)
    # Where standard error is closed, its number is that of a file of the program's.
    writer = FOLDER / "writer.py"
    writer.write_text(f"import os\nfd = os.open({str(FOLDER / 'own.txt')!r}, os.O_WRONLY | os.O_CREAT)\nos.write(fd, b'own')\nprint(fd)\n")
    done = run("--explain", writer, preexec_fn=lambda: os.close(2))
    check(done.returncode == 0 and (FOLDER / "own.txt").read_bytes() == b"own", "closed standard error", done)
    for name in ("missing.py", "folder"):
        (FOLDER / "folder").mkdir(exist_ok=True)
        alone, done = run(FOLDER / name), run("--explain=json", "--explain-output=out.json", FOLDER / name, cwd=FOLDER)
        check((alone.returncode, alone.stderr) == (done.returncode, done.stderr), name, alone, done)
        check(json.loads((FOLDER / "out.json").read_text())["ending"] == "not started", name)


def check_stages():
    """Stages that were not picked are not recorded, and cost nothing."""
    path = FOLDER / "loop.py"
    path.write_text("n = 0\nfor i in range(2_000_000): n += i\n")
    start = time.monotonic()
    run(path)
    alone = time.monotonic() - start
    start = time.monotonic()
    done = run("--explain=json,startup,tokens,ast,bytecode", path)
    taken = time.monotonic() - start
    record = json.loads(done.stderr)
    check([k for k in ("shell", "execution", "output") if record[k]] == [], "stages", list(record))
    check([t["stage"] for t in record["times"] if t["stage"] in ("tokens", "ast", "bytecode")] == ["tokens", "ast", "bytecode"], "stages", record["times"])
    check(taken < 1.5 * alone + 0.3, "stages", alone, "seconds alone,", taken, "with the stages that need no run")
    record = json.loads(run("--explain=json,execution", "-c", "pass").stderr)
    check(record["execution"]["allocated_bytes"] < 50_000, "allocated", record["execution"]["allocated_bytes"])


def check_startup():
    """Options are those of the command line, variables those of the environment."""
    def startup(*arguments, **variables):
        record = json.loads(run("--explain=json,startup", *arguments, "-c", "pass", env={**ENVIRONMENT, **variables}).stderr)["startup"]
        return {o["name"] for o in record["options"]}, {v["name"]: v["effect"] for v in record["variables"]}
    options, variables = startup("-O", "-X", "pycache_prefix=/x", PYTHONDONTWRITEBYTECODE="1", PYTHONUNBUFFERED="1")
    check(options == {"-O", "-X pycache_prefix"}, "options", options)
    check({"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"} <= set(variables), "variables", variables)
    check("ignored" in startup("-E", PYTHONDONTWRITEBYTECODE="1")[1]["PYTHONDONTWRITEBYTECODE"], "ignored variables")


def check_caches():
    """Every state that a `.pyc` file can be in."""
    folder = FOLDER / "caches"
    folder.mkdir()
    source, cache = folder / "helper.py", folder / "__pycache__" / "helper.cpython-312.pyc"
    (folder / "main.py").write_text("import helper\nprint(helper.x)\n")

    def seen(*options, name="helper", script="main.py"):
        run(*options, "--explain=json,bytecode", f"--explain-output={folder / 'out.json'}", folder / script)
        found = [i for i in json.loads((folder / "out.json").read_text())["bytecode"]["imports"] if i["name"] == name]
        return (found[0]["result"], found[0]["reason"]) if found else None

    def expect(what, *wanted, **options):
        found = seen(**options)
        check(found == wanted, what, found)
    source.write_text("x = 1\n")
    expect("first", "compiled", "no such file")
    expect("second", "cached", "fits: time and size")
    os.utime(source, (1, 1))
    expect("time", "compiled", "time differs")
    source.write_text("x = 12\n")
    os.utime(source, (1, 1))
    expect("size", "compiled", "size differs")
    good = cache.read_bytes()
    cache.write_bytes(b"\1" + good[1:])
    expect("magic", "compiled", "other magic number")
    cache.write_bytes(good[:10])
    expect("short", "compiled", "damaged")
    cache.write_bytes(good[:30])
    expect("damaged", "failed", "its cache is damaged")
    # By hash: flags 3 are "checked", 1 is "not checked".
    cache.unlink()
    seen()
    body = cache.read_bytes()[16:]
    magic = good[:4]
    cache.write_bytes(magic + b"\3\0\0\0" + b"\0" * 8 + body)
    expect("hash", "compiled", "hash differs")
    expect("new hash", "cached", "fits: hash")
    cache.write_bytes(magic + b"\1\0\0\0" + b"\0" * 8 + body)
    expect("unchecked", "cached", "its hash need not be checked")
    source.write_text("x = (\n")
    cache.unlink()
    expect("syntax", "failed", "its source cannot be compiled")
    (folder / "spaces").mkdir()
    (folder / "space.py").write_text("import spaces\n")
    expect("namespace", "namespace", "folders without __init__.py", name="spaces", script="space.py")
    (folder / "raises.py").write_text("raise KeyError\n")
    (folder / "raise.py").write_text("import raises\n")
    expect("raises", "failed", "its code raised (compiled: no such file)", name="raises", script="raise.py")


def check_shell():
    """A script that is executed, an interpreter that a link leads to, a virtual environment; launchers are not started."""
    bin = FOLDER / "env" / "bin"
    bin.mkdir(parents=True)
    (bin / "snake").symlink_to(TAIPAN)
    (FOLDER / "env" / "pyvenv.cfg").write_text("home = /usr/bin\n")
    slow = FOLDER / "launchers"
    slow.mkdir()
    for minor in range(5, 30):
        (slow / f"python3.{minor}").write_text("#!/bin/sh\nsleep 30\n")
        (slow / f"python3.{minor}").chmod(0o755)
    environment = {**ENVIRONMENT, "PATH": f"{slow}:{bin}:{ENVIRONMENT['PATH']}"}
    start = time.monotonic()
    done = subprocess.run(["snake", "--explain=json,shell,startup", "-c", "pass"], capture_output=True, env=environment, executable=str(bin / "snake"))
    check(time.monotonic() - start < 2, "shell", "took too long")
    record = json.loads(done.stderr)
    shell = record["shell"]
    check(shell["hit"] == str(bin / "snake") and shell["links"][0]["to"] == TAIPAN, "shell", shell["hit"], shell["links"])
    check(shell["environment"]["settings"][0]["value"] == "/usr/bin", "shell", shell["environment"])
    check(all("by its name" in p["version"] for p in shell["pythons"] if p["path"].startswith(str(slow))), "shell", shell["pythons"])
    check(sum(s["microseconds"] for s in record["startup"]["steps"]) < 1e6, "shell", "start-up holds the search")
    script = FOLDER / "executed.py"
    script.write_text(f"#!{TAIPAN} --explain=json\nprint('run')\n")
    script.chmod(0o755)
    done = subprocess.run([str(script), "a"], capture_output=True, env={**ENVIRONMENT, "_": str(script)})
    record = json.loads(done.stderr)
    check(done.stdout == b"run\n" and record["shell"]["shebang"]["is_used"], "shebang", done.stdout, record["shell"]["shebang"])


check_programs()
check_writes()
check_sizes()
check_sources()
check_whole()
check_output_failures()
check_stages()
check_startup()
check_caches()
check_shell()
shutil.rmtree(FOLDER)
print(len(failures), "failures")
sys.exit(bool(failures))
