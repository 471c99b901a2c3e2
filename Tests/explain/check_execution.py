"""Check what `--explain` records of a running program.

    python3 Tests/explain/check_execution.py TAIPAN [REFERENCE]

Output and exit status must be the same with and without `--explain`; the record must be valid and complete however the program ends. With a
reference, a CPython 3.12, the recorded instructions must be those of its `sys.settrace`: each one's place and line, in order, and the counts
by function. Without one, these comparisons are left out, and said to be.
"""
import dis
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TAIPAN = os.path.abspath(sys.argv[1])
REFERENCE = sys.argv[2] if len(sys.argv) > 2 and sys.argv[2] else None
FOLDER = pathlib.Path(tempfile.mkdtemp())
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
failures = []

PROGRAMS = {
    "exceptions": ("""
def risky(n):
    try:
        if n == 0:
            raise ValueError("zero")
        return 10 // (n - 1)
    except ValueError as error:
        return str(error)
    finally:
        print("finally", n)

class Manager:
    def __enter__(self):
        return self
    def __exit__(self, kind, value, traceback):
        return kind is KeyError

for i in range(3):
    try:
        print(risky(i))
    except ZeroDivisionError as error:
        print("caught", error)
with Manager():
    {}["missing"]
try:
    try:
        1 / 0
    except ZeroDivisionError as error:
        raise RuntimeError("second") from error
except RuntimeError as error:
    print(repr(error.__cause__))
try:
    raise ExceptionGroup("many", [ValueError(1), TypeError(2)])
except* ValueError as group:
    print(len(group.exceptions))
except* TypeError:
    print("type")
""", "end of program", 0),
    "generators": ("""
def count(n):
    total = 0
    for i in range(n):
        sent = yield i
        total += sent or 0
    return total

def outer(n):
    result = yield from count(n)
    yield "result", result

g = outer(3)
print(next(g), g.send(5), g.send(6), g.send(7))
print(list(count(2)), sum(x * x for x in range(4)))
h = count(5)
next(h)
try:
    h.throw(KeyError("in"))
except KeyError as error:
    print("out", error)
k = count(2)
next(k)
k.close()

async def double(n):
    return 2 * n

async def main():
    return await double(4) + await double(5)

next(g, None)
c = main()
try:
    c.send(None)
except StopIteration as stop:
    print(stop.value)
""", "end of program", 0),
    "classes": ("""
import sys
class Base:
    registry = []
    def __init_subclass__(cls, **kwargs):
        Base.registry.append(cls.__name__)
    def __init__(self, x):
        self.x = x
    @property
    def twice(self):
        return self.x * 2
    def __eq__(self, other):
        print("eq")
        return self.x == other.x
    __hash__ = None

class Derived(Base):
    __slots__ = ("extra",)
    def __init__(self, x, *rest, key=0, **more):
        super().__init__(x)
        self.extra = (rest, key, more)

d = Derived(3, 4, 5, key=6, other=7)
print(d.twice, d.extra, Base.registry, d == Derived(3))
print(*[1, 2], sep="-", **{"end": "!\\n"})
numbers = {i: [j for j in range(i)] for i in range(3)}
print(numbers, sorted(numbers, key=lambda k: -k))
match [1, {"a": 2}]:
    case [x, {"a": y}]:
        print(x, y)
global_name = lambda a, b=2: a + b
print(global_name(1), sys.intern("x"))
del global_name
""", "end of program", 0),
    "closures": ("""
def counter():
    n = 0
    def step(by=1):
        nonlocal n
        n += by
        return n
    return step
a = counter()
print(a(), a(2), a(3))
def many(x):
    if x > 3:
        del x
        return
    return many(x + 1)
print(many(0))
i = 0
while i < 5:
    i += 1
    if i == 3:
        continue
    if i == 4:
        break
else:
    print("no")
print(i, f"{i:>4}", i if i else None, not i, i and 0 or 2)
""", "end of program", 0),
    "threads": ("""
import threading
lock = threading.Lock()
total = 0
def work(n):
    global total
    for i in range(n):
        with lock:
            total += 1
threads = [threading.Thread(target=work, args=(200,)) for _ in range(3)]
for t in threads: t.start()
for t in threads: t.join()
print(total)
""", "end of program", 0),
    "sys_exit": ("import sys\nprint('before')\nsys.exit(3)\n", "SystemExit", 3),
    "exit_text": ("raise SystemExit('a text')\n", "SystemExit", 1),
    "os_exit": ("import os, sys\nprint('lost?')\nsys.stdout.flush()\nos._exit(7)\n", "os._exit", 7),
    "uncaught": ("def f(x):\n    return 1 / x\nprint('first')\nf(0)\n", "uncaught exception", 1),
    "syntax": ("x = 1\nif x\n    pass\n", "syntax error", 1),
    "recursion": ("def f(n): return f(n + 1)\ntry:\n    f(0)\nexcept RecursionError as error:\n    print(error)\n", "end of program", 0),
    "endless_repr": ("""
class Loop:
    def __repr__(self):
        while True: pass
class Fails:
    def __repr__(self): raise ValueError("no")
    __str__ = __repr__
    def __eq__(self, other): raise TypeError
    def __bool__(self): raise TypeError
    def __len__(self): raise TypeError
    def __getattribute__(self, name): raise AttributeError(name)
a, b = Loop(), Fails()
c = [a, b]
c.append(c)
d = {"self": c}
d["d"] = d
print("done", len(c))
raise Fails.__repr__
""", "uncaught exception", 1),
    "output": ("import sys\nfor i in range(200000): print('line', i, 'x' * 100)\nprint('y' * 3_000_000)\nsys.stderr.write('e')\n", "end of program", 0),
    "atexit": ("""
import atexit, weakref
class Noisy:
    def __del__(self): print("del")
atexit.register(print, "bye")
atexit.register(lambda: print("first"))
n = Noisy()
m = Noisy()
w = weakref.ref(m, lambda r: print("callback"))
del m
print("end")
""", "end of program", 0),
    "exec": ("import os, sys\nprint('before')\nsys.stdout.flush()\nos.execvp('echo', ['echo', 'after'])\n", "exec", None),
    "fork": ("""
import os
print("parent", flush=True)
pid = os.fork()
if pid == 0:
    print("child", flush=True)
    raise SystemExit(4)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
""", "end of program", 0),
    "tracing": ("""
import sys
log = []
def tracer(frame, event, argument):
    log.append((frame.f_code.co_name, event, frame.f_lineno))
    return tracer
def traced(n):
    for i in range(n):
        n += i
    return n
sys.settrace(tracer)
traced(3)
sys.settrace(None)
print(log, sys.gettrace(), sys.getprofile())
events = []
sys.monitoring.use_tool_id(3, "test")
sys.monitoring.register_callback(3, sys.monitoring.events.LINE, lambda code, line: events.append(line))
sys.monitoring.set_events(3, sys.monitoring.events.LINE)
traced(2)
sys.monitoring.set_events(3, 0)
print(events)
""", "end of program", 0),
    "dynamic": ("""
import collections, dataclasses
Point = collections.namedtuple("Point", "x y")
@dataclasses.dataclass
class D:
    a: int
    b: str = "b"
print(Point(1, 2), D(3), eval("1 + 2"))
exec("def made(x): return x * 2")
print(made(4))
for i in range(300): eval(f"{i} + 1")
""", "end of program", 0),
    "deep_stacks": ("""
def f(*a, **k): return len(a) + len(k)
print(eval("f(" + ", ".join(map(str, range(400))) + ")"), eval("f(" + ", ".join(f"k{i}={i}" for i in range(200)) + ")"))
print(eval("[" + ", ".join("'%s'" % ("x" * 90) for _ in range(28)) + "]")[0][:3])
long = "\\u20ac\\U0001f600\\ud800" * 100
nested = [[[[[[long, b"z" * 500, 10 ** 500, -2 ** 200]]]]], {long: {long: [long] * 50}}, {long, 1.5, 2j, None, ...}]
print(len(long), f(long, nested, *nested, long=nested))
""", "end of program", 0),
    "many_codes": ("for i in range(12000): eval(f'{i} + 1')\nprint(i)\n", "end of program", 0),
}

# What the reference runs: every opcode event of the script's code, with place and line, as JSON.
TRACER = """
import json, sys
path = sys.argv[1]
with open(path) as file:
    code = compile(file.read(), path, "exec")
events = []
def tracer(frame, event, argument):
    if frame.f_code.co_filename != path:
        return None
    frame.f_trace_opcodes = True
    if event == "opcode":
        events.append((frame.f_code.co_qualname, frame.f_lasti, frame.f_lineno))
    return tracer
# Opcode events are only asked for when some frame wants them before.
sys._getframe().f_trace_opcodes = True
sys.settrace(tracer)
try:
    exec(code, {"__name__": "__main__", "__builtins__": __builtins__})
finally:
    sys.settrace(None)
    with open(sys.argv[2], "w") as file:
        json.dump(events, file)
"""


def check(condition, *words):
    if not condition:
        failures.append(" ".join(str(word) for word in words))
        print("FAILED:", failures[-1][:600])


def run(*arguments, **more):
    return subprocess.run([TAIPAN, *map(str, arguments)], capture_output=True, stdin=subprocess.DEVNULL, timeout=300, env=ENVIRONMENT, **more)


def explained(path, *options):
    """Runs the program at `path` with a JSON record; gives the finished process and the record."""
    output = FOLDER / "record.json"
    if output.exists():
        output.unlink()
    done = run("--explain=json", "--explain-output=%s" % output, *options, path)
    return done, json.loads(output.read_text())


def same(name, plain, other, stderr=True):
    check(plain.returncode == other.returncode, name, "exit status", plain.returncode, other.returncode, other.stderr[-300:])
    check(plain.stdout == other.stdout, name, "output differs", plain.stdout[-200:], other.stdout[-200:])
    if stderr:
        check(plain.stderr == other.stderr, name, "errors differ", plain.stderr[-300:], other.stderr[-300:])


def check_program(name, path, ending, status):
    plain = run(path)
    done, record = explained(path)
    same(name, plain, done)
    check(record["ending"] == ending, name, "ended by", record["ending"], "not", ending)
    check(record["exit_status"] == status, name, "exit status in the record", record["exit_status"])
    check_shape(name, record)
    text = run("--explain", "--explain-limit=50", path)
    same(name + " as text", plain, text, stderr=False)
    return plain, record


def check_shape(name, record):
    """What holds of every record."""
    if not record.get("execution"):
        return
    execution, codes = record["execution"], record["bytecode"]["codes"]
    last = 0
    for step in execution["steps"]:
        check(step["number"] > last, name, "steps out of order at", last)
        last = step["number"]
        frame = execution["frames"][step["frame"]]
        code = codes[frame["code"]]
        check(any(i["offset"] == step["offset"] for i in code["instructions"]), name, "no instruction at", step["offset"], "of", code["name"])
        for text in step["before"] + (step["after"] or []):
            check(len(text) <= 80, name, "a long value", text)
    check(last <= execution["total"], name, "more steps than instructions")
    check(sum(f["instructions"] for f in execution["functions"]) == execution["total"] or len(execution["functions"]) == 1000, name, "functions do not add up")
    for frame in execution["frames"]:
        check(frame["caller"] < len(execution["frames"]), name, "no such caller")
    for write in record["output"]["writes"]:
        check(write["transfer"] is None or write["transfer"] < len(record["output"]["transfers"]), name, "no such transfer")
    kept = sum(len(w["text"].encode("utf-8", "replace")) for w in record["output"]["writes"])
    check(kept <= 81 << 10, name, "too much output kept:", kept)


def instruction_table(record):
    return [{i["offset"]: i for i in code["instructions"]} for code in record["bytecode"]["codes"]]


EFFECTS = {"FOR_ITER": (1, -1), "RETURN_GENERATOR": (1, 0), "YIELD_VALUE": (0,), "END_ASYNC_FOR": (-2,)}


def check_stacks(name, record):
    """Each instruction changes the stack's depth as `dis` says."""
    table = instruction_table(record)
    for step in record["execution"]["steps"]:
        if step["after"] is None or any(e["kind"] in ("raise", "handler") for e in step["events"]):
            continue
        instruction = table[record["execution"]["frames"][step["frame"]]["code"]][step["offset"]]
        opcode = instruction["opcode"]
        number = dis.opmap[opcode]
        argument = instruction["argument"] if number >= dis.HAVE_ARGUMENT else None
        if opcode in EFFECTS:
            allowed = EFFECTS[opcode]
        else:
            allowed = {dis.stack_effect(number, argument, jump=jump) for jump in (True, False)}
        change = len(step["after"]) - len(step["before"])
        check(change in allowed, name, opcode, argument, "at step", step["number"], "changes the stack by", change, "not", allowed)


def check_against_reference(name, path, record):
    """The recorded instructions are the reference's opcode events."""
    tracer = FOLDER / "tracer.py"
    tracer.write_text(TRACER)
    output = FOLDER / "events.json"
    subprocess.run([REFERENCE, str(tracer), str(path), str(output)], capture_output=True, stdin=subprocess.DEVNULL, timeout=300)
    expected = [tuple(event) for event in json.loads(output.read_text())]
    table = instruction_table(record)
    execution, codes = record["execution"], record["bytecode"]["codes"]
    check(len(execution["steps"]) == execution["total"] or any("/lib/python3.12/" in f["file"] for f in execution["functions"]), name, "steps are missing")
    firsts = []
    for instructions in table:
        resumes = [offset for offset, i in sorted(instructions.items()) if i["opcode"] == "RESUME"]
        firsts.append(resumes[0] if resumes else 0)
    found = []
    for step in execution["steps"]:
        code = execution["frames"][step["frame"]]["code"]
        if codes[code]["file"] != str(path):
            continue
        instruction = table[code][step["offset"]]
        if step["offset"] <= firsts[code] or instruction["opcode"] == "RESUME":
            continue
        found.append((codes[code]["qualified_name"], step["offset"], instruction["line"]))
    for i, (mine, other) in enumerate(zip(found, expected)):
        if mine != other and not (mine[:2] == other[:2] and (mine[2] is None or other[2] is None)):
            check(False, name, "instruction", i, "is", mine, "not", other, "behind", expected[max(0, i - 3):i])
            break
    check(len(found) == len(expected), name, len(found), "instructions, not", len(expected))


def check_programs():
    for name, (source, ending, status) in PROGRAMS.items():
        path = FOLDER / (name + ".py")
        path.write_text(source)
        plain, record = check_program(name, path, ending, status)
        if name in ("exceptions", "generators", "classes", "closures", "atexit"):
            _, record = explained(path, "--explain-limit=100000")
            check_stacks(name, record)
            if REFERENCE and name != "atexit":
                check_against_reference(name, path, record)
        if name == "uncaught":
            check("ZeroDivisionError: division by zero" in record["execution"]["uncaught"], name, record["execution"]["uncaught"])
        if name == "syntax":
            check(record["execution"] is None or record["execution"]["total"] == 0, name, "ran")
        if name == "atexit":
            check(len(record["output"]["exit_functions"]) == 2, name, record["output"]["exit_functions"])
            check("__del__" in [f["action"] for f in record["output"]["finalized"]], name, record["output"]["finalized"])
        if name == "threads":
            check({f["thread"] for f in record["execution"]["frames"]} >= {1, 2, 3, 4} or record["execution"]["handovers"], name, "no threads")
        if name == "output":
            check(record["output"]["omitted_bytes"] + sum(len(w["text"]) for w in record["output"]["writes"]) == len(plain.stdout) + len(plain.stderr), name,
                  "bytes do not add up")
    for path in sorted(ROOT.glob("examples/*.py")):
        check_program(path.name, path, "end of program", 0)


def check_ways_in():
    """-c, -m, standard input, and Ctrl-C."""
    plain, done = run("-c", "print(1 + 1)"), run("--explain=json", "--explain-output=%s" % (FOLDER / "c.json"), "-c", "print(1 + 1)")
    same("-c", plain, done)
    record = json.loads((FOLDER / "c.json").read_text())
    check(record["command"]["mode"] == "command" and record["execution"]["total"] > 5, "-c", record["command"])
    (FOLDER / "modular.py").write_text("import sys\ndef f(): return 5\nprint(f(), __name__, sys.argv[1:])\n")
    plain = run("-m", "modular", "x", cwd=FOLDER)
    done = run("--explain=json", "--explain-output=m.json", "-m", "modular", "x", cwd=FOLDER)
    same("-m", plain, done)
    record = json.loads((FOLDER / "m.json").read_text())
    check(record["bytecode"]["script_code_count"] == 2, "-m", record["bytecode"]["script_code_count"])
    check({record["bytecode"]["codes"][f["code"]]["name"] for f in record["execution"]["frames"]} == {"<module>", "f"}, "-m", "frames")
    done = subprocess.run([TAIPAN, "--explain=json", "--explain-output=%s" % (FOLDER / "stdin.json"), "-"], input=b"print('in')\n", capture_output=True, timeout=60)
    check(done.stdout == b"in\n" and done.returncode == 0, "standard input", done)
    check(json.loads((FOLDER / "stdin.json").read_text())["command"]["mode"] == "stdin", "standard input")
    path = FOLDER / "endless.py"
    path.write_text("import sys\nprint('go', flush=True)\nn = 0\nwhile True:\n    n += 1\n")
    # Whoever runs this in the background may have it ignore Ctrl-C, and what it starts too.
    process = subprocess.Popen([TAIPAN, "--explain=json", "--explain-output=%s" % (FOLDER / "int.json"), str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    process.stdout.readline()
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    errors = process.communicate(timeout=60)[1]
    check(process.returncode == -signal.SIGINT, "Ctrl-C", process.returncode)
    check(b"KeyboardInterrupt" in errors, "Ctrl-C", errors)
    record = json.loads((FOLDER / "int.json").read_text())
    check(record["ending"] == "interrupted" and record["execution"]["total"] > 2200, "Ctrl-C", record["ending"], record["execution"]["total"])
    check(len(record["execution"]["steps"]) == 2200, "Ctrl-C", len(record["execution"]["steps"]))


def check_options():
    done = run("--explain=json,nonsense", "-c", "pass")
    check(done.returncode == 2 and b"nonsense" in done.stderr and b"tokens" in done.stderr, "unknown word", done)
    done = run("--explain-limit=x", "--explain", "-c", "pass")
    check(done.returncode == 2, "bad limit", done)
    done = run("--explain=json", "--explain-output=/no/such/folder/x", "-c", "print(1)")
    check(done.returncode == 0 and done.stdout == b"1\n" and b"No such file" in done.stderr, "bad output", done)
    done = run("--explain=json,execution", "--explain-limit=3", "-c", "x = 1\ny = 2")
    record = json.loads(done.stderr)
    check(record["shell"] is None and record["output"] is None and len(record["execution"]["steps"]) == record["execution"]["total"], "stages", done.stderr[:300])
    path = FOLDER / "look.py"
    path.write_text("class A:\n    x = 1\n    @property\n    def p(self): return 2\na = A()\na.y = 3\na.x; a.p; a.y\nA.x\n")
    record = explained(path, "--explain=json,attributes")[1]
    looks = {e["text"]: e["steps"] for s in record["execution"]["steps"] for e in s["events"] if e["kind"] == "attribute"}
    check(set(looks) == {".x", ".p", ".y"} and "data descriptor" in looks[".p"][-1], "attributes", looks)


def check_imports():
    """An import is compiled the first time and cached the second; a changed source is compiled again."""
    folder = FOLDER / "imports"
    folder.mkdir()
    (folder / "helper.py").write_text("VALUE = 1\n")
    (folder / "main.py").write_text("import helper, math\ntry:\n    import nowhere\nexcept ImportError: pass\nprint(helper.VALUE)\n")

    def imports():
        record = explained(folder / "main.py")[1]
        return {i["name"]: i for i in record["bytecode"]["imports"]}
    first = imports()
    check((first["helper"]["result"], first["helper"]["reason"]) == ("compiled", "no such file"), "imports", first["helper"])
    check(first["math"]["result"] == "built-in" and first["nowhere"]["result"] == "failed", "imports", first)
    check(first["helper"]["cache"].endswith("helper.cpython-312.pyc") and first["helper"]["step"] > 0, "imports", first["helper"])
    check(imports()["helper"]["result"] == "cached", "imports", "not cached")
    (folder / "helper.py").write_text("VALUE = 22\n")
    os.utime(folder / "helper.py", (1, 1))
    check(imports()["helper"]["reason"] == "time differs", "imports", imports()["helper"])
    cache = next((folder / "__pycache__").glob("helper*.pyc"))
    cache.write_bytes(b"\0" * 40)
    check(imports()["helper"]["reason"] == "other magic number", "imports")
    done = run("-X", "importtime", folder / "main.py")
    lines = done.stderr.decode().splitlines()
    check(lines[0] == "import time: self [us] | cumulative | imported package", "importtime", lines[:2])
    check(any(line.endswith("| helper") and line.startswith("import time: ") and line.index("|") == 23 and line.rindex("|") == 36 for line in lines), "importtime", lines)


CACHES = """
import sys
class Point:
    kind = "point"
    def __init__(self, x):
        self.x = x
    def get(self):
        return self.x
    @property
    def twice(self):
        return 2 * self.get()
class Other(Point):
    pass
def use(p):
    return p.twice, p.kind, Point.kind, sys.maxsize, len(p.kind)
for i in range(3):
    use(Point(i))
for i in range(100):
    use(Other(i))
class Late(Point):
    def x(self):
        pass
Point.get = property(lambda self: lambda: 7)
print(use(Point(1)))
"""


def check_caches():
    """Each cache that is filled at the end was filled by an instruction of the trace, the first time that it ran."""
    path = FOLDER / "caches.py"
    path.write_text(CACHES)
    record = explained(path, "--explain-limit=100000")[1]
    execution, table = record["execution"], instruction_table(record)
    filled, ran = {}, {}
    for step in execution["steps"]:
        place = execution["frames"][step["frame"]]["code"], step["offset"]
        ran.setdefault(place, step["number"])
        for event in step["events"]:
            if event["kind"] == "specialize" and ":" in event["text"]:
                filled.setdefault(place, []).append((step["number"], event["text"]))
                check(table[place[0]][place[1]]["opcode"] in ("LOAD_GLOBAL", "LOAD_ATTR", "STORE_ATTR"), "caches", event, table[place[0]][place[1]])
    texts = {text for events in filled.values() for _, text in events}
    for wanted in ("loadGlobalModule: the module's variable", "loadGlobalBuiltin: a builtin", "storeAttrAdd: a new attribute of instances of Point",
                   "loadAttrSlot: an attribute at its slot in instances of Point", "loadMethodCached: a method of the class, for instances of Point",
                   "loadAttrProperty: a property of the class, for instances of Point", "loadAttrType: what the class holds for instances of Point",
                   "loadAttrClass: an attribute of class Point", "loadAttrModule: an attribute of module sys", "filled anew, loadAttrType: what the class holds for instances of Other"):
        check(any(text.startswith(wanted) for text in texts), "caches", "no cache became", wanted, texts)
    for place, events in filled.items():
        check(events[0][0] == ran[place] and not events[0][1].startswith("filled anew"), "caches", "at", place, "first filled at", events[0], "first ran at", ran[place])
    check(execution["specializations"], "caches", "none at the end")
    for entry in execution["specializations"]:
        events = filled.get((entry["code"], entry["offset"]), [])
        form = entry["became"].split(":")[0]
        check(any(text.removeprefix("filled anew, ").startswith(form + ":") for _, text in events), "caches", entry, "was filled by", events)
    emptied = [s for s in execution["steps"] for e in s["events"] if e["kind"] == "specialize" and ":" not in e["text"]]
    check(len(emptied) == 1 and table[execution["frames"][emptied[0]["frame"]]["code"]][emptied[0]["offset"]]["opcode"] == "STORE_ATTR", "caches", "emptied by", emptied)


def check_handovers():
    """The lock goes from who has it; the instruction behind belongs to who took it."""
    path = FOLDER / "handovers.py"
    path.write_text("import _thread, time\ndone = []\ndef work(n):\n    for i in range(20):\n        time.sleep(0.001)\n        done.append(n)\n"
                    "for n in range(3): _thread.start_new_thread(work, (n,))\nwhile len(done) < 60: time.sleep(0.001)\nprint(len(done))\n")
    record = explained(path, "--explain-limit=1000000")[1]
    execution = record["execution"]
    threads = {s["number"]: execution["frames"][s["frame"]]["thread"] for s in execution["steps"]}
    handovers = execution["handovers"]
    check(len(handovers) > 10, "handovers", len(handovers))
    for i, handover in enumerate(handovers):
        follower = handovers[i + 1] if i + 1 < len(handovers) else None
        check(follower is None or (follower["from"] == handover["to"] and follower["step"] >= handover["step"]), "handovers", handover, follower)
        if handover["step"] in threads and not (follower and follower["step"] == handover["step"]):
            check(threads[handover["step"]] == handover["to"], "handovers", handover, "but the instruction is of thread", threads[handover["step"]])
    changes = sum(threads[n] != threads[n - 1] for n in threads if n - 1 in threads)
    check(changes <= len(handovers), "handovers", changes, "changes of the thread, but", len(handovers), "hand-overs")


def check_benchmarks():
    """The benchmark programs: tens of millions of instructions, within the time that is promised for them."""
    folder = ROOT / "bench" / "programs"
    for path in sorted(folder.glob("*.py")):
        code = "import sys; sys.path.insert(0, %r); import %s as m; print(m.run() == m.EXPECTED)" % (str(folder), path.stem)
        start = time.monotonic()
        done = run("--explain=json", "--explain-output=%s" % (FOLDER / "bench.json"), "-c", code)
        taken = time.monotonic() - start
        check(done.stdout == b"True\n" and done.returncode == 0, path.stem, done)
        total = json.loads((FOLDER / "bench.json").read_text())["execution"]["total"]
        check(taken < 2 + 2 * total / 1e6, path.stem, total, "instructions took", taken, "seconds")


check_programs()
check_benchmarks()
check_ways_in()
check_caches()
check_handovers()
check_options()
check_imports()
print("%d failures%s" % (len(failures), "" if REFERENCE else " (no reference: instructions not compared with sys.settrace)"))
sys.exit(bool(failures))
