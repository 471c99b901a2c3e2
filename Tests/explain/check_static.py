"""Check what the explanation says of a source that is not run: python3 check_static.py EXPLAIN_SOURCE [REFERENCE_PYTHON]

Tokens, tree, scopes and bytecode of small programs, of the examples and of some files of the library are compared with what
the interpreter that runs this says through `tokenize`, `ast`, `symtable` and `dis`. With a second argument that interpreter
runs the check; it has to have the language of Python 3.12.
"""
import ast
import dis
import io
import json
import os
import pathlib
import re
import subprocess
import symtable
import sys
import tempfile
import tokenize

try:
    from _testinternalcapi import compiler_codegen
except ImportError:
    compiler_codegen = None
    print("SKIPPED: instructions as generated (no _testinternalcapi)")

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LIBRARY = pathlib.Path(os.__file__).parent
MODULES = """
abc argparse ast bisect bdb calendar code codecs collections/__init__ concurrent/futures/thread configparser contextlib copy
csv dataclasses datetime difflib dis email/message enum fractions functools glob heapq html/parser http/client inspect json/decoder
keyword logging/__init__ os pathlib pickle random re/_parser selectors shlex socket statistics string subprocess tempfile
textwrap threading tokenize traceback types typing unittest/mock urllib/parse uuid zipfile/__init__
""".split()

# Small programs, one for each thing that a stage has to get right.
PROGRAMS = {
    "empty": b"",
    "comment only": b"# nothing here",
    "sum": b"x = 5\ny = 10\nresult = x + y\nprint(result)\n",
    "folding": b"DAY = 24 * 60 * 60\nNEG = -1\nPAIR = (1, 2, (3, 'x'))\nFLAG = not True\nTEXT = 'a' * 5 + 'b'\nITEM = 'abc'[1]\n"
               b"if x in [1, 2] or y in {3, 4}: pass\nfor i in [1, 2, 3]: print('%s-%r' % (i, i), not i is None, __debug__)\n",
    "function": b"def greet(name, greeting='hello', *rest, key=None, **options):\n    '''Say it.'''\n    return f'{greeting}, {name!r:>{len(rest)}}'\n"
                b"\nprint(greet('you'))\n",
    "closure": b"def counter():\n    n = 0\n    def step():\n        nonlocal n\n        n += 1\n        return n\n    return step\n"
               b"total = 0\ndef add(x):\n    global total\n    total += x\n    return [total * k for k in range(x)]\n",
    "class": b"class Animal:\n    kind = 'animal'\n    def __init__(self, name):\n        super().__init__()\n        self.__name = name\n"
             b"    @property\n    def name(self) -> str:\n        return self.__name\n\nclass Dog(Animal, metaclass=type):\n    def speak(self):\n"
             b"        return __class__.__name__ + self.name\n",
    "errors": b"try:\n    with open('f') as f, open('g'):\n        data = f.read()\nexcept (OSError, ValueError) as e:\n    print(e)\n    raise RuntimeError from e\n"
              b"else:\n    data = None\nfinally:\n    print('done')\ntry:\n    pass\nexcept* TypeError as group:\n    del group\n",
    "loops": b"while True:\n    for a, (b, *c) in items:\n        if a: continue\n        elif b: break\n        else: pass\n    else:\n        x = 1\n        break\nelse:\n    y = a if b else c\n",
    "match": b"match command:\n    case ['go', direction] | {'go': direction}:\n        pass\n    case Point(x=0, y=-1.5 + 2j) as p if p:\n        pass\n"
             b"    case [1, *_, 'end'] | (None | True):\n        pass\n    case {'a': 1, **rest}:\n        pass\n    case _:\n        pass\n",
    "async": b"async def main(source):\n    async with source as s:\n        async for x in s:\n            await x\n            yield x\n    return_ = [y async for y in s if await y]\n"
             b"def gen(n):\n    received = yield n\n    yield from (i for i in range(received))\n",
    "types": b"type Pair[T: int] = tuple[T, T]\ndef first[T, *Ts, **P](items: list[T]) -> T:\n    return items[0]\nclass Box[T]:\n    item: T\n    def get(self) -> T: return self.item\nx: int = 3\ny: str\n",
    "future": b"from __future__ import annotations\ndef f(a: undefined, *args: 'x') -> None:\n    v: list[int] = []\n    return (w := v)\n",
    "strings": b"a = 'x' \"y\" r'\\n' if 0 else b'\\x00' or u'z'\nb = f'{a=} {{}} {a!s} {1 + 1:{4}.{2}f} {\"q\"}' f\"{'nested' + f'{a}'}\"\nc = '''three\nlines'''\nd = f'''{\n  a\n} end'''\n",
    "numbers": b"n = 0x_ff + 0b1010 + 0o17 + 1_000_000 + 1e3 + 1.5j - 0.1 + 10**100 + 2**-1\n",
    "operators": b"a @ b // c << d >> e & f | g ^ ~h\na //= b; a **= c; a @= d; a >>= 1; a <<= 2; a |= a ^ b\nx = a < b <= c != d is not e not in f\ny = a and b or not c\nz = lambda *a, k=1, **kw: (yield)\n",
    "unicode": "größe = 'ü' * 2\ndef ƒ(ｘ): return ｘ + größe  # ☃\n名 = {'é': 1, **größe}\nprint(名[ 'é' ], 1/0)\n".encode(),
    "byte order mark": b"\xef\xbb\xbfx = 1  # \xc3\xa9\n",
    "latin-1": b"# -*- coding: latin-1 -*-\nx = '\xe9'\ny = x\n",
    "cookie on line 2": b"#!/usr/bin/env python3\n# vim: set fileencoding=iso_8859_1 :\nx = 'abc'\n",
    "CRLF": b"if x:\r\n    y = '''a\r\nb'''\r\n\r\n    z = (1,\r\n  2)\r\n",
    "no newline at the end": b"if x:\n    y = 1",
    "continuation": b"x = 1 + \\\n    2\nif a and \\\n   b:\n\ty = [\n  1,  # one\n\n  2]\n\n\n# end\n",
    "tabs": b"if a:\n\tif b:\n\t\tc\n\td\n        # odd\n\te\n",
    "decorators": b"@a.b(1)\n@c\ndef f(x, /, y, *, z=1): pass\n@d\nclass C(B, k=1): \n    'doc'\n    x = [i for i in y if i for j in i]\n    def g(self): return x\n",
    "comprehensions": b"def f(n):\n    k = 2\n    return [x * k for x in range(n)], {x for x in n}, {x: y for x, y in n}, (lambda: k)(), [(lambda: z) for z in n]\nw = [last := i for i in range(3)]\n",
    "long jumps": b"def f(x):\n    while x:\n" + b"        x = g(x, x.a, x.b[x.c], k=x)\n" * 60 + b"        if x: break\n",
    "statements": b"import os.path as p, sys\nfrom . import a\nfrom ..b import (c as d,)\nfrom m import *\nassert x, 'message'\ndel x[0], y.z, w\nraise\nglobal_ = ...\nx[1:2, ::3] = *a, *b\nprint(*a, **b)\n",
}

# Sources with an error, for which the interpreter's own error is the measure.
BROKEN = [
    b"x = (1,\ny = 2\n", b"if x\n    y\n", b"def f():\nreturn 1\n", b"if x:\n    a\n  b\n", b"x = 'abc\n", b"print 'x'\n", b"return 1\n", b"x = 1 +\n",
    b"for i in range(3):\n    nonlocal q\n", b"def f():\n    x = 1\n    global x\n", b"a b\n", b"\xff = 1\n", b"# coding: nonsense\nx = 1\n", b"x = 5\x00\n",
    b"f'{a b}'\n", b"class C:\n  def f(self):\n\treturn 1\n", b"'''never\nclosed\n", b"x = {1: 2, **}\n", b"1 = x\n", b"try:\n    pass\n",
]


class Check:
    """Compares the record of one source with the interpreter's modules."""

    def __init__(self, tool, name, path, optimize=0):
        self.name, self.path = name, str(path)
        self.source = pathlib.Path(path).read_bytes()
        self.optimize = optimize
        options = [[], ["-O"], ["-OO"]][optimize]
        done = subprocess.run([tool, "--json", "--limit=10000000", *options, self.path], capture_output=True, check=True)
        self.record = json.loads(done.stdout)

    def same(self, what, found, wanted):
        if found == wanted:
            return
        if isinstance(found, list) and isinstance(wanted, list):
            for i, (a, b) in enumerate(zip(found, wanted)):
                if a != b:
                    sys.exit(f"{self.name}: {what}: item {i} is {a!r} and should be {b!r}")
            sys.exit(f"{self.name}: {what}: {len(found)} and not {len(wanted)} items")
        sys.exit(f"{self.name}: {what} is {found!r} and should be {wanted!r}")

    def run(self):
        self.check_source()
        self.check_tokens()
        tree = ast.parse(self.source, self.path)
        self.same("dump", self.record["tree"]["dump"], ast.dump(tree, indent=2))
        self.check_nodes(tree)
        self.check_scopes()
        self.check_folds()
        code = compile(self.source, self.path, "exec", optimize=self.optimize, dont_inherit=True)
        codes = list(code_objects(code, -1))
        self.same("number of code objects", len(self.record["bytecode"]["codes"]), len(codes))
        for record, (wanted, parent) in zip(self.record["bytecode"]["codes"], numbered(codes)):
            self.check_code(record, wanted, parent)
        if compiler_codegen:
            self.check_raw(tree, self.record["bytecode"]["codes"][0]["raw"])

    def check_raw(self, tree, raw):
        """The instructions of the module as generated, before they are optimized."""
        generated, _ = compiler_codegen(tree, self.path, self.optimize)
        wanted, found = [], []
        for (number, argument, line, *_), item in zip(generated, raw):
            has_argument = number >= dis.HAVE_ARGUMENT and dis.opname[number] != "POP_BLOCK"
            wanted.append([dis.opname[number], argument if has_argument else None, None if line < 0 else line])
            found.append([item["opcode"], item["argument"] if item["target"] is None else item["target"], item["line"]])
        self.same("number of generated instructions", len(raw), len(generated))
        self.same("generated instructions", found, wanted)

    def check_source(self):
        record = self.record["source"]
        encoding, _ = tokenize.detect_encoding(io.BytesIO(self.source).readline)
        self.same("encoding", record["encoding"], encoding.removesuffix("-sig"))
        with open(self.path, encoding=encoding, newline="") as file:
            text = file.read()
        self.same("text", record["text"], text)
        self.same("lines", record["line_count"], len(io.StringIO(text, newline=None).readlines()))
        self.same("bytes", record["byte_count"], len(self.source))

    def check_tokens(self):
        wanted, depth = [], 0
        for token in tokenize.tokenize(io.BytesIO(self.source).readline):
            depth += token.type == tokenize.INDENT
            wanted.append([tokenize.tok_name[token.type], tokenize.tok_name[token.exact_type], token.string, [*token.start, *token.end], depth])
            depth -= token.type == tokenize.DEDENT
        found = [[t["kind"], t["exact"], t["text"], t["span"], t["depth"]] for t in self.record["source"]["tokens"]]
        self.same("tokens", found, wanted)

    def check_nodes(self, tree):
        found = [[n["parent"], n["field"], n["index"], n["type"], n["span"], {f["name"]: f["value"] for f in n["fields"]}]
                 for n in self.record["tree"]["nodes"]]
        self.same("nodes", found, nodes(tree))

    def check_scopes(self):
        wanted = []
        try:
            add_table(symtable.symtable(self.source, self.path, "exec"), -1, wanted)
        except UnicodeDecodeError:
            return
        found = [[s["parent"], s["kind"], s["name"], s["line"], {x["name"]: x["scope"] for x in s["symbols"]}] for s in self.record["tree"]["scopes"]]
        self.same("scopes", found, wanted)
        self.check_reasons()

    def check_reasons(self):
        """Each name has a reason, and something of its name stands on the lines that the reason names."""
        lines = name_lines(ast.parse(self.source, self.path))
        for scope in self.record["tree"]["scopes"]:
            for symbol in scope["symbols"]:
                name, reason = symbol["name"], symbol["reason"]
                if not reason:
                    sys.exit(f"{self.name}: no reason for {name} in {scope['name']}")
                if name.startswith(".") or name in HIDDEN_NAMES:
                    continue
                for act, numbers in re.findall(r"(\w+) on lines? (\d+(?:, \d+)*(?: and \d+\b(?! more))?)", reason):
                    known = lines[SORTS.get(act, "bound")]
                    for line in map(int, re.findall(r"\d+", numbers)):
                        if (re.sub("^_[A-Za-z]+(?=__)", "", name), line) not in known and (name, line) not in known:
                            sys.exit(f"{self.name}: {name} in {scope['name']} is said to be {act} on line {line}")

    def check_folds(self):
        for fold in self.record["tree"]["folds"]:
            before, after = fold["before"], fold["after"]
            if not after or after.startswith(("f'", 'f"')) or " not in " in after or " is not " in after:
                continue
            try:
                value = ast.literal_eval(after) if not after.startswith("frozenset") else eval(after)
            except ValueError:
                continue  # a tuple of names, made of a list
            if before == "__debug__":
                wanted = self.optimize == 0
            else:
                wanted = eval(f"({before}\n)", {"__debug__": self.optimize == 0})
            if isinstance(wanted, (list, set)):
                wanted = tuple(wanted) if isinstance(wanted, list) else frozenset(wanted)
            if repr(wanted) != repr(value) and wanted != value:
                sys.exit(f"{self.name}: {before} is said to become {after}")

    def check_code(self, record, code, parent):
        where = f"code {code.co_qualname}: "
        for key, wanted in {
            "parent": parent, "name": code.co_name, "qualified_name": code.co_qualname, "file": code.co_filename,
            "first_line": code.co_firstlineno, "stack_size": code.co_stacksize, "names": [*code.co_names],
            "local_names": [*code.co_varnames], "cell_names": [*code.co_cellvars], "free_names": [*code.co_freevars],
        }.items():
            self.same(where + key, record[key], wanted)
        self.same(where + "flags", " ".join(sorted(record["flags"])), " ".join(sorted(flags(code.co_flags))))
        self.same(where + "constants", [plain(x) for x in record["constants"]], [plain(repr(x)) for x in code.co_consts])
        entries = dis._parse_exception_table(code)
        self.check_instructions(where, record, code, {e.target for e in entries})
        self.same(where + "handlers", [[h["start"], h["end"], h["target"], h["depth"], h["keeps_instruction"]] for h in record["handlers"]],
                  [[e.start, e.end, e.target, e.depth, e.lasti] for e in entries])
        out = io.StringIO()
        dis.dis(code, file=out, depth=0)
        self.same(where + "listing", plain(record["listing"]).splitlines(), plain(out.getvalue()).splitlines())
        depths = stack_depths(code, entries)
        self.same(where + "depths", [[i["offset"], i["depth"]] for i in record["instructions"]],
                  [[i["offset"], depths.get(i["offset"], -1)] for i in record["instructions"]])
        if max(depths.values()) > code.co_stacksize:
            sys.exit(f"{self.name}: {where}deeper than its stack")
        if not record["raw"]:
            sys.exit(f"{self.name}: {where}nothing of how it was generated")
        for raw in record["raw"]:
            if raw["target"] is not None and not 0 <= raw["target"] < len(record["raw"]):
                sys.exit(f"{self.name}: {where}{raw} jumps out of the list")

    def check_instructions(self, where, record, code, handlers):
        wanted, start, is_target = [], None, False
        for i in dis.get_instructions(code):
            if start is None:
                start, is_target = i.offset, i.is_jump_target or i.offset in handlers
            if i.opname == "EXTENDED_ARG":
                continue
            place = i.positions
            span = [place.lineno, place.col_offset, place.end_lineno, place.end_col_offset]
            if None in span:
                span = None
            target = i.argval if i.opcode in dis.hasjrel or i.opcode in dis.hasjabs else None
            wanted.append([i.offset, start, i.opname, i.arg, plain(i.argrepr), place.lineno, span, target, is_target])
            start = None
        found = [[i["offset"], i["start"], i["opcode"], i["argument"], plain(i["meaning"]), i["line"], i["span"], i["target"], i["is_jump_target"]]
                 for i in record["instructions"]]
        self.same(where + "instructions", found, wanted)


def plain(text):
    """A text without addresses; elements of frozen sets, whose order is that of a run, sorted."""
    text = re.sub(r" at 0x[0-9a-fA-F]+(, file)", r"\1", text)
    return re.sub(r"frozenset\(\{(.*)\}\)", lambda m: "frozenset({" + "".join(sorted(m[1])) + "})", text)


# What the compiler adds to scopes by itself.
HIDDEN_NAMES = {"__class__", "__classdict__", "__type_params__"}
SORTS = {"used": "used", "global": "declared", "nonlocal": "declared"}


def name_lines(tree):
    """Where names stand: pairs of name and line, by what happens to the name there."""
    found = {"used": set(), "bound": set(), "declared": set()}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                found["used"].add((name, node.lineno))
            case ast.Name(id=name) | ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found["bound"].add((name, node.lineno))
            case ast.alias(name=name, asname=asname):
                found["bound"].add((asname or name.split(".")[0], node.lineno))
            case ast.ExceptHandler(name=name) | ast.MatchAs(name=name) | ast.MatchStar(name=name) | ast.MatchMapping(rest=name):
                found["bound"].add((name, node.lineno))
            case ast.TypeVar(name=name) | ast.ParamSpec(name=name) | ast.TypeVarTuple(name=name):
                found["bound"].add((name, node.lineno))
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                found["declared"].update((name, node.lineno) for name in names)
    return found


def flags(bits):
    names = dict(dis.COMPILER_FLAG_NAMES)
    for number, name in enumerate(["DIVISION", "ABSOLUTE_IMPORT", "WITH_STATEMENT", "PRINT_FUNCTION", "UNICODE_LITERALS", "BARRY_AS_BDFL",
                                   "GENERATOR_STOP", "ANNOTATIONS"]):
        names[0x20000 << number] = "FUTURE_" + name
    return [name for bit, name in names.items() if bits & bit]


def code_objects(code, parent):
    yield code, parent
    for inner in code.co_consts:
        if hasattr(inner, "co_code"):
            yield from code_objects(inner, code)


def numbered(codes):
    """Pairs of code and the index of its parent; a parent stands before its children."""
    for i, (code, parent) in enumerate(codes):
        yield code, max((k for k in range(i) if codes[k][0] is parent), default=-1)


def nodes(tree):
    found = []

    def is_plain(value):
        return not isinstance(value, ast.AST) or isinstance(value, (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop))

    def text(value):
        return type(value).__name__ + "()" if isinstance(value, ast.AST) else repr(value)

    def add(node, parent, field, index):
        place = len(found)
        span = [node.lineno, node.col_offset, node.end_lineno, node.end_col_offset] if hasattr(node, "end_lineno") else None
        fields = {}
        found.append([parent, field, index, type(node).__name__, span, fields])
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                if value and all(map(is_plain, value)) and value != [None] * len(value):
                    fields[name] = "[" + ", ".join(map(text, value)) + "]"
                    continue
                for i, item in enumerate(value):
                    if item is not None:
                        add(item, place, name, i)
            elif not is_plain(value):
                add(value, place, name, -1)
            elif value is not None or isinstance(node, (ast.Constant, ast.MatchSingleton)) and name == "value":
                fields[name] = text(value)

    add(tree, -1, "", -1)
    return found


def add_table(table, parent, wanted):
    kinds = {"type parameter": "type parameters"}
    scopes = {1: "local", 2: "global explicit", 3: "global implicit", 4: "free", 5: "cell"}
    place = len(wanted)
    symbols = {s.get_name(): scopes[s._Symbol__scope] for s in table.get_symbols()}
    wanted.append([parent, kinds.get(str(table.get_type()), str(table.get_type())), table.get_name(), table.get_lineno(), symbols])
    for child in table.get_children():
        add_table(child, place, wanted)


def stack_depths(code, entries):
    """The depth before each instruction that can be reached, by `dis.stack_effect`."""
    instructions = list(dis.get_instructions(code))
    places = {i.offset: k for k, i in enumerate(instructions)}
    depths, work = {}, [(0, 0)]
    leaving = {"RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE", "JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"}
    while work:
        k, depth = work.pop()
        i = instructions[k]
        if i.offset in depths:
            if depths[i.offset] != depth:
                sys.exit(f"{code.co_qualname}: two depths at {i.offset}")
            continue
        depths[i.offset] = depth
        argument = i.arg if i.opcode >= dis.HAVE_ARGUMENT else None
        if i.opname not in leaving:
            effect = 1 if i.opname == "RETURN_GENERATOR" else dis.stack_effect(i.opcode, argument, jump=False)
            work.append((k + 1, depth + effect))
        if i.opcode in dis.hasjrel:
            work.append((places[i.argval], depth + dis.stack_effect(i.opcode, argument, jump=True)))
        for entry in entries:
            if entry.start <= i.offset < entry.end:
                work.append((places[entry.target], entry.depth + 1 + entry.lasti))
    return depths


def check_text(tool, name, path):
    """The text for the terminal has lines of a hundred characters at most and nothing that moves the cursor."""
    done = subprocess.run([tool, str(path)], capture_output=True, check=True)
    for line in done.stdout.decode().split("\n"):
        if len(line) > 100 or not line.isprintable():
            sys.exit(f"{name}: a line of the text is {line!r}")


def check_broken(tool, source, path):
    """The error is the interpreter's, and what can be said up to it is said."""
    path.write_bytes(source)
    done = subprocess.run([tool, "--json", str(path)], capture_output=True, check=True)
    record = json.loads(done.stdout)
    try:
        compile(source, str(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as e:
        wanted = [type(e).__name__, getattr(e, "msg", str(e)), getattr(e, "lineno", None)]
    else:
        sys.exit(f"{source!r} compiles")
    error = record["bytecode"]["error"]
    found = [error["type"], error["message"], error["span"] and error["span"][0]]
    if found != wanted and not (found[2] is None and found[:2] == wanted[:2] and not wanted[2]):
        sys.exit(f"{source!r}: the error is {found} and should be {wanted}")
    if wanted[1] not in ("'return' outside function", "nonlocal declaration not allowed at module level") and "prior to" not in wanted[1]:
        if not (record["tree"]["error"] or record["source"]["error"]):
            sys.exit(f"{source!r}: neither tokens nor tree have an error")


def main():
    tool = os.path.abspath(sys.argv[1])
    if len(sys.argv) > 2 and os.path.realpath(sys.argv[2]) != os.path.realpath(sys.executable):
        os.execv(sys.argv[2], [sys.argv[2], __file__, tool])
    sys.setrecursionlimit(10_000)
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "program.py")
        for name, source in PROGRAMS.items():
            path.write_bytes(source)
            check_text(tool, name, path)
            for optimize in range(3):
                Check(tool, f"{name} (optimize {optimize})", path, optimize).run()
                count += 1
        for source in BROKEN:
            check_broken(tool, source, path)
            check_text(tool, source, path)
            count += 1
    files = sorted((ROOT / "examples").glob("*.py")) + [LIBRARY / f"{name}.py" for name in MODULES]
    for path in files:
        if path.exists():
            Check(tool, path.name, path).run()
            check_text(tool, path.name, path)
            count += 1
    print(f"{count} sources: tokens, trees, scopes and bytecode agree")


main()
