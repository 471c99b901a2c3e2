"""Exchange `.pyc` files between two interpreters: compare_pyc.py INTERPRETER REFERENCE LIBRARY

Each interpreter compiles all of LIBRARY (the folder `lib/python3.12` of a CPython) with `compileall` into a tree of its own. The
trees are compared file by file: the bytes, and where they differ what is left when the reference flags of marshal are taken away
(each reference becomes the object it stands for). Then the sources are removed, and each interpreter runs test modules from the
tree of the other, which must go as from its own. Prints one line for each step.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

MODULES = ["test_grammar", "test_fstring", "test_scope", "test_with", "test_dataclasses", "test_augassign", "test_decorators", "test_opcodes",
           "test_compare", "test_dict"]
FLAG = 0x80


class Marshal:
    """Reads marshal data as nested tuples `(type code, contents…)`, references followed."""

    def __init__(self, data):
        self.data, self.at, self.references = data, 0, []

    def take(self, count):
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self):
        return int.from_bytes(self.take(4), "little", signed=True)

    def read(self):
        head = self.take(1)[0]
        kind = chr(head & ~FLAG)
        if kind == "r":
            return self.references[self.number()]
        place = len(self.references)
        if head & FLAG:
            self.references.append(None)
        made = (kind, *self.contents(kind))
        if head & FLAG:
            self.references[place] = made
        return made

    def contents(self, kind):
        if kind in "0NFTS.":
            return ()
        if kind == "i":
            return (self.take(4),)
        if kind == "g":
            return (self.take(8),)
        if kind == "y":
            return (self.take(16),)
        if kind == "l":
            size = self.number()
            return (size, self.take(2 * abs(size)))
        if kind in "stuaA":
            return (self.take(self.number()),)
        if kind in "zZ":
            return (self.take(self.take(1)[0]),)
        if kind == ")":
            return tuple(self.read() for _ in range(self.take(1)[0]))
        if kind in "(<>[":
            return tuple(self.read() for _ in range(self.number()))
        if kind == "c":
            numbers = self.take(20)
            objects = [self.read() for _ in range(8)]
            return (numbers, *objects, self.take(4), self.read(), self.read())
        raise ValueError("type code %r" % kind)


def compile_tree(python, library, tree):
    """The sources of `library` below `tree` and what `python` makes of them beside."""
    skipped = shutil.ignore_patterns("__pycache__", "lib-dynload", "config-*")
    shutil.copytree(library, tree, ignore=skipped, symlinks=True)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([python, "-W", "ignore", "-m", "compileall", "-b", "-q", "-q", "-f", "--invalidation-mode", "unchecked-hash",
                    "-s", str(tree), "-p", "/library", str(tree)], env=environment, check=False)


def compare(here, there):
    same = normalized = 0
    names = sorted(str(path.relative_to(there)) for path in there.rglob("*.pyc"))
    extra = sorted(set(str(path.relative_to(here)) for path in here.rglob("*.pyc")) ^ set(names))
    for name in names:
        if name in extra:
            continue
        mine, theirs = (here / name).read_bytes(), (there / name).read_bytes()
        if mine == theirs:
            same += 1
        elif mine[:16] == theirs[:16] and Marshal(mine[16:]).read() == Marshal(theirs[16:]).read():
            normalized += 1
        else:
            print("differs: " + name)
    for name in extra:
        print("only in one tree: " + name)
    print("bytes: %d of %d files the same, %d more but for reference flags" % (same, len(names), normalized))
    return same + normalized == len(names) and not extra


def failures(python, tree, extensions, module):
    """The names of the tests that do not pass, or the end of what was printed when there was no run."""
    environment = dict(os.environ, PYTHONHOME="%s:%s" % (tree.parent.parent, extensions), PYTHONDONTWRITEBYTECODE="1")
    command = [python, "-X", "frozen_modules=off", "-S", "-m", "unittest", "-q", "test." + module]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tree)
    failed = sorted(line for line in done.stderr.split("\n") if line.startswith(("FAIL: ", "ERROR: ")))
    return failed if done.returncode == 0 or failed else [done.stderr[-1500:]]


def run_modules(python, own, others, extensions, label):
    """Whether the tests that fail from the other's tree are those that fail from the own one: some look at their sources, which are gone."""
    same = 0
    for module in MODULES:
        here, there = (failures(python, tree, extensions, module) for tree in (own, others))
        if here == there:
            same += 1
        else:
            print("%s: %s: %s\nfrom the own tree: %s" % (label, module, there, here))
        if here:
            print("%s: %s: fails from either tree: %s" % (label, module, ", ".join(line.split()[1] for line in here)))
    print("%s: %d of %d modules as from the own one" % (label, same, len(MODULES)))
    return same == len(MODULES)


def main():
    python, reference, library = sys.argv[1:4]
    python = os.path.abspath(python)
    with tempfile.TemporaryDirectory() as folder:
        here = pathlib.Path(folder, "here/lib/python3.12")
        there = pathlib.Path(folder, "there/lib/python3.12")
        compile_tree(python, library, here)
        compile_tree(reference, library, there)
        fine = compare(here, there)
        for tree in (here, there):
            for source in tree.rglob("*.py"):
                source.unlink()
        extensions = pathlib.Path(library).parent.parent
        fine &= run_modules(reference, there, here, extensions, "the reference from our tree")
        fine &= run_modules(python, here, there, extensions, "we from the reference's tree")
    return not fine


sys.exit(main())
