"""Check the example of the README: python3 scripts/check_examples.py FUNCTION-SPANS INTERPRETER

The Swift program in the README is examples/function-spans/main.swift, and what it prints for files of the library is what
the interpreter's `ast` says.
"""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SPANS = """
import ast, sys

def walk(node, path):
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            print(".".join([*path, child.name]),
                  f"{child.lineno}:{child.col_offset}-{child.end_lineno}:{child.end_col_offset}")
        walk(child, [*path, child.name] if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) else path)

walk(ast.parse(open(sys.argv[1], "rb").read()), [])
"""


def main():
    program, interpreter = map(os.path.abspath, sys.argv[1:3])
    text = (ROOT / "examples/function-spans/main.swift").read_text(encoding="utf-8")
    code = text[text.index("import TaipanSyntax"):]
    if f"```swift\n{code}```" not in (ROOT / "README.md").read_text(encoding="utf-8"):
        sys.exit("README.md does not show examples/function-spans/main.swift")
    library = subprocess.run([interpreter, "-c", "import os; print(os.path.dirname(os.__file__))"],
                             capture_output=True, text=True, check=True).stdout.strip()
    for name in ["contextlib.py", "typing.py", "asyncio/tasks.py", "unittest/mock.py"]:
        path = os.path.join(library, name)
        wanted = subprocess.run([interpreter, "-c", SPANS, path], capture_output=True, text=True, check=True).stdout
        with open(path, "rb") as source:
            found = subprocess.run([program], stdin=source, capture_output=True, text=True, check=True).stdout
        if found != wanted:
            sys.exit(f"{name}: other functions than those of ast")


main()
