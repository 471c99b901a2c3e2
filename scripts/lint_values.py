#!/usr/bin/env python3
"""Checks the one memory rule: no Value where the collector does not look.

Looks, in the targets that hold values, for

* arrays, sets, dictionaries and tuples in them of `Value` or of a wrapper around a cell (`TupleObject`, …);
* stored properties of these types in classes, stored globals and statics;
* array literals and `map`s of `.bits`, the same thing in disguise;
* memory of Values that comes from malloc.

A line that only holds what something else keeps alive says so: `// kept alive: by whom`, on the line or on the one before.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent / "Sources"
TARGETS = ["TaipanRuntime", "TaipanModules", "TaipanExplain", "Taipan"]
EXCUSE = "kept alive:"
# The collector's own memory, and tables that it marks word by word.
OWN_MEMORY = {"Memory/Heap.swift", "Memory/Collector.swift", "Startup/Bootstrap.swift"}


def without_text(source):
    """The source with comments and string literals blanked, lines kept; excuses are found in the original."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    pattern = r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*(?:.|\n)*?\*/'
    return re.sub(pattern, blank, source)


def wrappers(sources):
    """Names of the structs whose only stored property is a cell."""
    names = {"Value", "Cell", "Arguments"}
    pattern = re.compile(r"struct (\w+)[^{\n]*\{\s*(?:public |@usableFromInline )*let cell: Cell\b")
    for text in sources.values():
        names.update(pattern.findall(text))
    return names


def class_bodies(text):
    """Start and end of each class body."""
    for match in re.finditer(r"\bclass (?!func\b|var\b|let\b)\w+[^{\n]*\{", text):
        depth, at = 1, match.end()
        while depth and at < len(text):
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            at += 1
        yield match.end(), at


def is_stored(text, end):
    """Whether the property whose type ends at `end` is stored: no accessor block follows."""
    rest = text[end:end + 40].lstrip(" ")
    return not rest.startswith("{")


def check(path, text, original, names):
    name = "(?:%s)" % "|".join(sorted(names, key=len, reverse=True))
    inner = r"(?:\w+: )?%s\??" % name
    problems = []

    def note(at, what):
        problems.append((text.count("\n", 0, at) + 1, what))

    for match in re.finditer(r"\[\s*%s\s*\]|\[\s*\([^()\[\]]*\b%s\b[^()\[\]]*\)\s*\]|\b(?:Array|Set|ContiguousArray)<\s*%s\s*>" % (inner, name, name), text):
        # `table[Cell]` style subscripts do not occur; a preceding word would be one.
        if match.start() and re.match(r"[\w)\]]", text[match.start() - 1]):
            continue
        note(match.start(), "a collection of values in Swift memory")
    for match in re.finditer(r"\[\s*[\w.]+\s*:\s*%s\??\s*\]|\[\s*%s\s*:\s*[\w.]+\s*\]|Dictionary<[^<>]*\b%s\b[^<>]*>" % (name, name, name), text):
        if match.start() and re.match(r"[\w)\]]", text[match.start() - 1]):
            continue
        note(match.start(), "a dictionary of values in Swift memory")
    for start, end in class_bodies(text):
        depth = 0
        for match in re.finditer(r"[{}]|\b(?:var|let) (\w+)\s*:\s*%s\??(?![\w.<(])" % name, text[start:end]):
            if match.group(0) in "{}":
                depth += 1 if match.group(0) == "{" else -1
            elif depth == 0 and is_stored(text, start + match.end()):
                note(start + match.start(), "a value in a class")
    for match in re.finditer(r"^(?:[ \t]*(?:public |private |fileprivate |nonisolated\(unsafe\) )*static |(?:public |private |fileprivate |nonisolated\(unsafe\) )*)(?:var|let) \w+\s*:\s*%s\??(?![\w.<(])" % name, text, re.M):
        if is_stored(text, match.end()):
            note(match.start(), "a value in a global")
    for match in re.finditer(r"\[[^\[\]\n]*\.bits\s*[,\]]|\.map\s*\{[^{}\n]*\.bits\s*\}|\.append\([^()\n]*\.bits\)", text):
        if match.start() and match.group(0).startswith("[") and re.match(r"[\w)\]]", text[match.start() - 1]):
            continue
        note(match.start(), "bits of values in Swift memory")
    if not any(str(path).endswith(own) for own in OWN_MEMORY):
        for match in re.finditer(r"UnsafeMutablePointer<%s>\s*\.allocate|UnsafeMutableBufferPointer<%s>\s*\.allocate" % (name, name), text):
            note(match.start(), "memory of values from malloc")
    lines = original.split("\n")
    for line, what in sorted(set(problems)):
        near = lines[max(0, line - 2):line]
        if not any(EXCUSE in one for one in near):
            yield f"{path}:{line}: {what}: {lines[line - 1].strip()[:120]}"


def main():
    originals = {path: path.read_text() for target in TARGETS for path in sorted((ROOT / target).rglob("*.swift"))}
    sources = {path: without_text(text) for path, text in originals.items()}
    names = wrappers(sources)
    found = [line for path, text in sources.items() for line in check(path.relative_to(ROOT.parent), text, originals[path], names)]
    for line in found:
        print(line)
    print(f"{len(sources)} files, {len(found)} violations of the memory rule")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
