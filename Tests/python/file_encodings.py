"""Scripts whose bytes cannot be read: the message of a file that is run line by line, which errors come before it, and what of it is shown."""
import os
import subprocess
import sys
import tempfile


def run(data):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "case.py")
        with open(path, "wb") as file:
            file.write(data)
        done = subprocess.run([sys.executable, path], capture_output=True, stdin=subprocess.DEVNULL)
        return done.returncode, done.stderr.decode("utf-8", "replace").replace(path, "case.py").splitlines()


def undecodable(byte, line):
    return (f"SyntaxError: Non-UTF-8 code starting with '\\x{byte}' in file case.py on line {line}, but no encoding declared; "
            "see https://peps.python.org/pep-0263/ for details")


cases = {
    # A line is looked at up to a null byte in it, and before that byte counts.
    b"x=1\ny='\xe9'\n# \0": [undecodable("e9", 2)],
    b"x=1\n# \xe9 \0\n": [undecodable("e9", 2)],
    b"x=1\n# \0 \xe9\n": ['  File "case.py", line 2', "    # ", "SyntaxError: source code cannot contain null bytes"],
    b"x\r\r# \xe9": [undecodable("e9", 3)],
    # The tokenizer's errors of earlier lines come first, the parser's do not.
    b"x = )\n\n\n'\xe9'\n": ['  File "case.py", line 1', "    x = )", "        ^", "SyntaxError: unmatched ')'"],
    b"x = 1\n  y\n'\xe9'\n": ['  File "case.py", line 2', "    y", "IndentationError: unexpected indent"],
    b"x = 1 2\n\n\n'\xe9'\n": [undecodable("e9", 4)],
    b"x = '''\n'\xe9'\n": [undecodable("e9", 2)],
    b"x = 1\\\n'\xe9'\n": [undecodable("e9", 2)],
    b"x = (\n'\xe9'\n": [undecodable("e9", 2)],
    # Encodings that fail have one message, and no place.
    b"\xef\xbb\xbf# coding: latin-1\nprint(1)\n": ["SyntaxError: encoding problem: iso-8859-1 with BOM"],
    b"# coding: utf-16\nx = 1\n": ["SyntaxError: encoding problem: utf-16"],
    b"# coding: utf-16-le\nx=1\n": ["SyntaxError: encoding problem: utf-16-le"],
    b"# coding: cp1252\nprint(1)\ny='\x81'\n": ["SyntaxError: encoding problem: cp1252"],
    b"# coding: hex\nx = 1\n": ["SyntaxError: encoding problem: hex"],
    b"# coding: nothing\nx = 1\n": ["SyntaxError: encoding problem: nothing"],
    b"\\": ['  File "case.py", line 1', "    \\", "SyntaxError: unexpected EOF while parsing"],
}
for data, expected in cases.items():
    status, lines = run(data)
    assert (status, lines) == (1, expected), (data, status, lines)

# A name is shown up to its 200th byte.
status, lines = run(b"a" * 1000)
assert lines[-1] == "NameError: name '" + "a" * 200 + "' is not defined", lines[-1]

# The text of nested f-strings doubles with each: there is a MemoryError instead of all memory.
if "Taipan" in sys.version:
    source = "from __future__ import annotations\nx: " + "f'{" * 60 + "1" + "}'" * 60
    try:
        compile(source, "case.py", "exec")
    except MemoryError:
        pass
    else:
        raise AssertionError("an annotation of 2 ** 60 bytes")

print("ok")
